//! What a body gives to others than code: clients, systems, the org.

use std::collections::BTreeSet;
use std::sync::Arc;

use apex::Ty;
use apex::ast::ExprId;
use source::Span;

use crate::body::Body;
use crate::hit::{Hit, Sink, Spot};
use crate::value::{Did, Key, Label, Labels, Obj, ObjId, Origin, Texts, Trace, Value, reachable, step};
use crate::world::Exposure;

impl Body<'_> {
    /// What is returned to a client, another system or an agent.
    pub(crate) fn exposed(&mut self, value: &Value, span: Span) {
        let Some(exposure) = self.exposure else { return };
        // A page's script gets all that others may read of an object, a component what is `@AuraEnabled`.
        let is_remote = self.world.is_remote_action(self.id);
        let mut labels = value.labels.clone();
        let mut todo = value.objs.clone();
        let mut seen = BTreeSet::new();
        while let Some(id) = todo.pop() {
            if !seen.insert(id) {
                continue;
            }
            let Some(obj) = self.state.obj(id).map(Arc::clone) else { continue };
            let is_shown = |key: &Key| match (&obj.ty, key) {
                (Ty::Class(class), Key::Member(name)) => {
                    exposure != Exposure::Component
                        || self.world.is_aura_enabled(*class, *name)
                        || is_remote && self.world.is_open(*class, *name)
                }
                _ => true,
            };
            if let Ty::Class(class) = obj.ty {
                for getter in self.world.shown_getters(class) {
                    let value = self.apply_one(getter, &[Value::obj(id)], span, ExprId(u32::MAX), true);
                    labels.join(&value.labels);
                    todo.extend(&value.objs);
                }
            }
            for (_, part) in obj.parts.iter().filter(|(key, _)| is_shown(key)) {
                labels.join(&part.labels);
                todo.extend(&part.objs);
            }
            labels.join(&obj.anywhere.labels);
            // What is left of the object: as it came.
            let bare = Obj { parts: Vec::new(), anywhere: Value::default(), ..obj.as_ref().clone() };
            if !matches!(bare.origin, Origin::New) {
                let alone = self.origin_label(&bare);
                if let Some(own) = alone {
                    let did = if bare.is_checked { Did::Checked } else { Did::Read };
                    labels.add(own, &step(None, self.file_id, span, did));
                }
            }
        }
        self.emit(Sink::Result, &labels, span, &Texts::default());
    }

    /// What is put into the map that OmniStudio hands on to its script: the third argument of `invokeMethod`; of `call` the
    /// second holds it.
    pub(crate) fn put_into_output(&mut self) {
        let output = if self.method.parameters.len() == 2 { 2 } else { 3 };
        let mut todo: Vec<ObjId> = Vec::new();
        let mut labels = Labels::default();
        for obj in self.state.heap.iter().flatten() {
            if matches!(obj.origin, Origin::Parameter { index, .. } if index == output) {
                for part in obj.parts.iter().map(|(_, part)| part).chain([&obj.anywhere]) {
                    labels.join(&part.labels);
                    todo.extend(&part.objs);
                }
            }
        }
        for id in reachable(&self.state, &todo, &mut self.cuts) {
            let Some(obj) = self.state.obj(id) else { continue };
            for part in obj.parts.iter().map(|(_, part)| part).chain([&obj.anywhere]) {
                labels.join(&part.labels);
            }
            if let Some(own) = self.origin_label(obj) {
                let did = if obj.is_checked { Did::Checked } else { Did::Read };
                let made = self.made_at(id).unwrap_or(self.method.span);
                labels.add(own, &step(None, self.file_id, made, did));
            }
        }
        // What came in with the same call is no news to whoever made it.
        labels.retain(|label| !matches!(label, Label::Parameter { index: 1.., .. }));
        for (label, trace) in labels.iter() {
            let span = self.last_step(trace).unwrap_or(self.method.span);
            self.emit(Sink::Result, &Labels::one(*label, Arc::clone(trace)), span, &Texts::default());
        }
    }

    /// The last place in this body that data came by.
    fn last_step(&self, trace: &Trace) -> Option<Span> {
        let body = self.file.stmt(self.method.body?).span;
        let mut at = Some(trace);
        while let Some(one) = at {
            if one.file == self.file_id && body.start <= one.span.start && one.span.end <= body.end {
                return Some(one.span);
            }
            at = one.before.as_ref();
        }
        None
    }

    /// The messages of exceptions that reach whoever called from outside.
    pub(crate) fn thrown_out(&mut self) {
        let thrown = std::mem::take(&mut self.thrown);
        let labels = self.collect(&thrown, self.method.span);
        for (label, trace) in labels.iter() {
            if label.is_symbolic() {
                continue;
            }
            let mut at = Some(trace);
            while let Some(one) = at.filter(|one| one.did != Did::Thrown) {
                at = one.before.as_ref();
            }
            let spot = at.map_or(self.spot(self.method.span), |one| Spot {
                file: one.file,
                span: one.span,
                method: self.id,
            });
            self.hit(Hit {
                sink: Sink::ErrorMessage,
                at: spot,
                label: *label,
                trace: Arc::clone(trace),
                to: Texts::default(),
                put: spot,
                is_own: false,
                place: Some(spot),
                read: None,
                is_handed_in: false,
            });
        }
        self.thrown = thrown;
    }

    /// A generated stub that is given the session will send it where it points.
    pub(crate) fn sessions_in_stubs(&mut self) {
        let Some(endpoint) = self.world.program.names.find("endpoint_x") else { return };
        for at in 0..self.state.heap.len() {
            let id = ObjId(u32::try_from(at).unwrap_or(u32::MAX));
            let to = match self.state.obj(id) {
                Some(obj) if obj.origin == Origin::New => {
                    obj.part(Key::Member(endpoint)).map(|to| to.texts.clone())
                }
                _ => None,
            };
            let Some(to) = to else { continue };
            let mut labels = self.collect(&Value::obj(id), self.method.span);
            labels.retain(|label| label == Label::Session);
            for (_, trace) in labels.clone().iter() {
                let span = if trace.file == self.file_id { trace.span } else { self.method.span };
                self.emit(Sink::CalloutHeader, &labels, span, &to);
            }
        }
    }

    /// What a trigger changes in its records before they are saved is saved with them.
    pub(crate) fn saved_by_trigger(&mut self) {
        let Some(trigger) = &self.file.trigger else { return };
        if !trigger.events.iter().any(|(is_before, _)| *is_before) {
            return;
        }
        for at in 0..self.state.heap.len() {
            let id = ObjId(u32::try_from(at).unwrap_or(u32::MAX));
            let is_own = self.state.obj(id).is_some_and(|obj| {
                obj.origin == Origin::Org && obj.ty == Ty::Record(Some(trigger.object.value))
            });
            if is_own {
                self.save(id, self.method.span, 0);
            }
        }
    }
}
