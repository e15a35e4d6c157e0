//! Calls of methods of the source: what their summaries mean here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use apex::ast::ExprId;
use apex::{MethodId, MethodKind, Name, Ty};
use source::Span;

use crate::asked::{Asked, At};
use crate::body::{Body, Site};
use crate::cap::Cap;
use crate::hit::Hit;
use crate::value::{
    Did, Input, Label, Labels, Obj, Origin, Otherwise, Piece, Text, Texts, Trace, Value, encoded, step,
};
use crate::world::Summary;

/// Of the way within a called method so many steps are told.
const STEPS_WITHIN: usize = 10;

/// One application of a summary.
struct Call<'c> {
    args: &'c [Value],
    span: Span,
    is_one: bool,
    /// What each object of the summary is here.
    objs: Vec<Value>,
    known: BTreeMap<Label, (Labels, bool)>,
    /// What queries give whose text is known here.
    answers: Vec<(Asked, bool, Value)>,
    /// The objects of the summary that are such.
    answered: BTreeSet<usize>,
}

impl<'w> Body<'w> {
    /// The code that a call may run.
    pub(crate) fn implementations(
        &mut self,
        method: MethodId,
        is_virtual: bool,
        receiver: &Value,
    ) -> Vec<MethodId> {
        let Some(named) = self.world.program.method(method) else { return Vec::new() };
        if !is_virtual {
            return vec![method];
        }
        let mut classes = Vec::new();
        for id in &receiver.objs {
            match self.state.obj(*id).map(|obj| (&obj.origin, &obj.ty)) {
                Some((Origin::New, Ty::Class(class))) => classes.push(*class),
                _ => {
                    classes.clear();
                    break;
                }
            }
        }
        let mut all = vec![method];
        all.extend(&named.overriders);
        if !classes.is_empty() {
            let mut found: Vec<MethodId> = Vec::new();
            for class in classes {
                let lineage = self.world.program.lineage(class);
                let own = lineage.iter().find_map(|above| {
                    all.iter()
                        .copied()
                        .find(|id| self.world.program.method(*id).and_then(|m| m.class) == Some(*above))
                });
                found.extend(own);
            }
            found.sort();
            found.dedup();
            if !found.is_empty() {
                return found;
            }
        }
        all.retain(|id| self.world.program.method(*id).is_some_and(|method| method.body.is_some()));
        if all.len() > Cap::Implementations.limit() {
            all.truncate(Cap::Implementations.limit());
            self.cuts.insert(Cap::Implementations);
        }
        all
    }

    /// The methods of this name of the classes that a value may be of.
    pub(crate) fn methods_of(&self, value: &Value, ty: &Ty, name: &str, count: usize) -> Vec<MethodId> {
        let Some(name) = self.world.program.names.find(name) else { return Vec::new() };
        let types = value.objs.iter().filter_map(|id| self.state.obj(*id)).map(|obj| obj.ty.clone());
        let mut found: Vec<MethodId> = Vec::new();
        for ty in types.chain(std::iter::once(ty.clone())) {
            let Ty::Class(class) = ty else { continue };
            found.extend(self.method_of_class(class, name, count));
        }
        found.sort();
        found.dedup();
        found
    }

    pub(crate) fn method_of_class(&self, class: apex::ClassId, name: Name, count: usize) -> Option<MethodId> {
        self.world.program.lineage(class).iter().find_map(|id| {
            let all = self.world.program.class(*id)?.methods.get(&name)?;
            all.iter().copied().find(|id| {
                self.world
                    .program
                    .method(*id)
                    .is_some_and(|m| m.parameters.len() == count && m.body.is_some())
            })
        })
    }

    /// Calls one of several methods; `args` begins with the receiver.
    pub(crate) fn apply(&mut self, methods: &[MethodId], args: &[Value], span: Span, site: ExprId) -> Value {
        let mut result: Option<Value> = None;
        for &method in methods {
            let value = self.apply_one(method, args, span, site, methods.len() == 1);
            match &mut result {
                Some(known) => drop(known.join(&value, &mut self.cuts)),
                None => result = Some(value),
            }
        }
        result.unwrap_or_default()
    }

    pub(crate) fn apply_one(
        &mut self,
        callee: MethodId,
        args: &[Value],
        span: Span,
        site: ExprId,
        is_one: bool,
    ) -> Value {
        let world = self.world;
        if self.is_sanitiser(callee) {
            return Value::default();
        }
        let mut given = args.to_vec();
        let parameters = world.program.method(callee).map_or(&[][..], |method| &method.parameters);
        for (arg, (_, ty)) in given.iter_mut().skip(1).zip(parameters) {
            *arg = self.as_type(std::mem::take(arg), ty, span);
        }
        let args = given.as_slice();
        let chosen =
            self.circle.get(&callee).or_else(|| self.variant(callee, args)).or_else(|| world.summary(callee));
        let Some(summary) = chosen else { return Value::default() };
        let mut call = Call {
            args,
            span,
            is_one,
            objs: Vec::new(),
            known: BTreeMap::new(),
            answers: Vec::new(),
            answered: BTreeSet::new(),
        };
        for (index, obj) in (0_u32..).zip(&summary.objs) {
            let own = match obj.origin {
                Origin::Parameter { index, path } => self.at_path(args, index, path, span).0,
                Origin::New => Value::obj(self.fresh(Site::Called(site, callee, index), &obj.ty)),
                ref origin => {
                    let at = At { expr: site, called: Some((callee, index)) };
                    match obj.asked.as_ref().and_then(|asked| self.answer(asked, obj, at, &mut call)) {
                        Some(answer) => answer,
                        None => {
                            let id = self.object(Site::Called(site, callee, index), origin.clone(), &obj.ty);
                            self.checked(id, obj.is_checked);
                            Value::obj(id)
                        }
                    }
                }
            };
            call.objs.push(own);
        }
        for hit in &summary.open {
            self.take_hit(hit, &mut call);
        }
        // All of it is said in terms of what was there at the call: nothing is written before everything is read.
        let thrown = self.value(&summary.thrown, &mut call);
        let returned = self.value(&summary.returned, &mut call);
        let mut changes = Vec::new();
        for (index, obj) in summary.objs.iter().enumerate().filter(|(_, obj)| obj.is_touched()) {
            let targets = call.objs.get(index).map(|own| own.objs.clone()).unwrap_or_default();
            let is_sure = call.is_one || matches!(obj.origin, Origin::New);
            let made = obj.asked.as_ref().filter(|_| call.answered.contains(&index)).map(|asked| &asked.made);
            for (key, part) in &obj.parts {
                // What the query gives is known already.
                if made.is_some_and(|made| made.iter().any(|(known, _)| known == key)) {
                    continue;
                }
                changes.push((targets.clone(), Some(*key), self.value(part, &mut call), is_sure));
            }
            changes.push((targets, None, self.value(&obj.anywhere, &mut call), is_sure));
        }
        for (targets, key, value, is_sure) in changes {
            match key {
                Some(key) if is_sure => self.write_part(&targets, key, value),
                Some(key) => {
                    // One of several methods runs: what was there may stay.
                    let own = Value { objs: targets.clone(), ..Value::default() };
                    let mut joined = self.read_part(&own, key, &Ty::Unknown, span);
                    joined.join(&value, &mut self.cuts);
                    self.write_part(&targets, key, joined);
                }
                None => self.write_anywhere(&targets, &value),
            }
        }
        for (index, path) in &summary.saves {
            let (value, _) = self.at_path(args, *index, *path, span);
            self.saved(&value, span);
        }
        // What runs later throws to nobody here.
        if !world.is_future(callee) {
            self.thrown.join(&thrown, &mut self.cuts);
        }
        returned
    }

    /// What the query of a called method gives, where its text is known here; else it stays what it was, and whoever calls
    /// this method may know more.
    fn answer(&mut self, asked: &Asked, obj: &Obj, at: At, call: &mut Call<'_>) -> Option<Value> {
        let (texts, asks) = (self.texts(&asked.texts, call), self.texts(&asked.asks, call));
        let here = Asked { texts, asks, ..asked.clone() };
        let (callee, index) = at.called?;
        if here.is_known() {
            call.answered.insert(index as usize);
            let whole = Asked { is_record: false, made: Vec::new(), ..here };
            let is_it = |one: &&(Asked, bool, Value)| one.0 == whole && one.1 == obj.is_checked;
            let known = call.answers.iter().find(is_it).map(|(_, _, rows)| rows.clone());
            let rows = match known {
                Some(rows) => rows,
                None => {
                    let mut rows = self.dynamic_query(&whole, at, call.span)?;
                    rows.objs.sort();
                    if obj.is_checked {
                        self.check_all(&rows, call.span);
                    }
                    call.answers.push((whole, obj.is_checked, rows.clone()));
                    rows
                }
            };
            return Some(if asked.is_record { self.elements(&rows, &Ty::Unknown, call.span) } else { rows });
        }
        let id = self.object(Site::Called(at.expr, callee, index), obj.origin.clone(), &obj.ty);
        self.checked(id, obj.is_checked || here.is_of_user());
        self.note(id, here);
        Some(Value::obj(id))
    }

    /// What a method does for the constant that it is passed.
    fn variant(&self, callee: MethodId, args: &[Value]) -> Option<&'w Summary> {
        let (guard, variants) = self.world.variants.get(&callee)?;
        let texts = &args.get(usize::from(guard.index))?.texts;
        let mut constants = texts.constants();
        let only = constants.next().filter(|_| texts.all().len() == 1)?.to_lowercase();
        let key = guard.constants.contains(&only).then_some(only);
        variants.by_constant.get(&key)
    }

    fn is_sanitiser(&self, method: MethodId) -> bool {
        !self.world.sanitisers.is_empty()
            && self.world.sanitisers.contains(&self.world.program.method_name(method).to_lowercase())
    }

    /// What a value of the callee is here.
    fn value(&mut self, of: &Value, call: &mut Call<'_>) -> Value {
        let mut value = Value { labels: self.labels(&of.labels, call), ..Value::default() };
        for id in &of.objs {
            // What was handed on as an object may be a text here.
            let Some(own) = call.objs.get(id.0 as usize) else { continue };
            value.objs.extend(&own.objs);
            if !own.labels.is_empty() {
                let labels = own.labels.clone().stepped(self.file_id, call.span, Did::Passed);
                value.labels.join(&labels);
            }
        }
        value.objs.sort();
        value.objs.dedup();
        value.texts = self.texts(&of.texts, call);
        value
    }

    fn labels(&mut self, of: &Labels, call: &mut Call<'_>) -> Labels {
        let mut found = Labels::default();
        for (label, trace) in of.iter() {
            if !label.is_symbolic() {
                let trace = step(Some(trace), self.file_id, call.span, Did::Returned);
                found.add(*label, &trace);
                continue;
            }
            let (own, _) = self.resolved(*label, call);
            for (label, before) in own.iter() {
                if !found.has(*label) {
                    found.add(*label, &self.through(before, trace, call));
                }
            }
        }
        found
    }

    /// What a parameter of the callee holds here, and whether that is only what the org has.
    fn resolved(&mut self, label: Label, call: &mut Call<'_>) -> (Labels, bool) {
        if let Some(known) = call.known.get(&label) {
            return known.clone();
        }
        let Label::Parameter { index, path, otherwise } = label else { return Default::default() };
        let (value, is_known) = self.at_path(call.args, index, path, call.span);
        let mut labels = Labels::default();
        let mut is_otherwise = false;
        for (label, trace) in self.collect(&value, call.span).iter() {
            let label = match *label {
                Label::Input(_) if otherwise == Otherwise::Checked => continue,
                Label::Input(_) if otherwise == Otherwise::Escaped => Label::Input(Input::Escaped),
                Label::Parameter { index, path, otherwise: Otherwise::Nothing } => {
                    Label::Parameter { index, path, otherwise }
                }
                known => known,
            };
            labels.add(label, trace);
        }
        if labels.is_empty() && !is_known {
            let concrete = match otherwise {
                Otherwise::Nothing | Otherwise::Checked | Otherwise::Escaped => None,
                Otherwise::Field(field) => Some(Label::Field(field)),
                Otherwise::Record(object) => Some(Label::Record(object)),
            };
            if let Some(label) = concrete {
                is_otherwise = true;
                labels.add(label, &step(None, self.file_id, call.span, Did::Passed));
            }
        }
        call.known.insert(label, (labels.clone(), is_otherwise));
        (labels, is_otherwise)
    }

    /// The way to here, the call, and the way within.
    fn through(&self, before: &Trace, within: &Trace, call: &Call<'_>) -> Trace {
        let mut steps = Vec::new();
        let mut at = Some(within);
        while let Some(one) = at {
            steps.push(one);
            at = one.before.as_ref();
        }
        // The first of them is the parameter, where it is named; or the field of it that is read.
        if steps.last().is_some_and(|first| first.did != Did::Read) {
            steps.pop();
        }
        steps.reverse();
        let skipped = steps.len().saturating_sub(STEPS_WITHIN);
        let mut trace = step(Some(before), self.file_id, call.span, Did::Passed);
        for (at, one) in steps.into_iter().enumerate() {
            if at >= skipped || one.did.is_change() {
                trace = step(Some(&trace), one.file, one.span, one.did);
            }
        }
        encoded(&trace, before.harmless.and(within.harmless))
    }

    fn texts(&mut self, of: &Texts, call: &mut Call<'_>) -> Texts {
        if !of.is_symbolic() {
            return of.clone();
        }
        let mut all: Vec<Text> = Vec::new();
        for text in of.all() {
            let mut built = Texts::of("");
            for piece in text {
                let next = match piece {
                    Piece::Parameter { index, path } => {
                        let (value, _) = self.at_path(call.args, *index, *path, call.span);
                        value.texts
                    }
                    other => Texts(Some(Arc::new(vec![vec![other.clone()]]))),
                };
                built = built.then(&next);
            }
            if built.0.is_none() {
                return Texts::default();
            }
            all.extend(built.all().iter().cloned());
        }
        Texts::from_all(all)
    }

    fn take_hit(&mut self, hit: &Hit, call: &mut Call<'_>) {
        let to = self.texts(&hit.to, call);
        if !hit.label.is_symbolic() {
            self.hit(Hit { to, ..hit.clone() });
            return;
        }
        let (labels, is_otherwise) = self.resolved(hit.label, call);
        for (label, before) in labels.iter() {
            // A job is no code: its parts are.
            let is_job = self.method.kind == MethodKind::Job;
            let here = if is_job { hit.put } else { self.put_at(hit.sink, before, call.span) };
            let was_read = reads(hit.label);
            let is_read = reads(*label);
            let read = if was_read { hit.read } else { is_read.then_some(here) };
            let place = match (label.is_symbolic(), is_otherwise) {
                (true, _) => None,
                (false, true) => Some(hit.read.unwrap_or(here)),
                // A field that is read within is let out within, whoever passes the record.
                (false, false) => Some(match (hit.read, label) {
                    (Some(read), Label::Field(field)) if is_same(hit.label, *field) => read,
                    _ => here,
                }),
            };
            let trace = self.through(before, &hit.trace, call);
            self.hit(Hit {
                sink: hit.sink,
                at: hit.at,
                label: *label,
                trace,
                to: to.clone(),
                put: hit.put,
                is_own: hit.is_own,
                place,
                read,
                is_handed_in: false,
            });
        }
    }

    /// What a method gives that is not in the source.
    pub(crate) fn unknown(&mut self, args: &[Value], ty: &Ty, span: Span, site: ExprId) -> Value {
        let mut labels = Labels::default();
        for arg in args {
            let own = self.collect(arg, span);
            labels.join(&own);
        }
        if matches!(ty, Ty::Boolean | Ty::Void) {
            labels = Labels::default();
        }
        let mut value = Value::of(labels.stepped(self.file_id, span, Did::Converted));
        if !ty.is_scalar() {
            value.objs.push(self.object(Site::Expr(site), Origin::Org, ty));
        }
        value
    }
}

/// Whether a label is of a record's field, whoever passes the record.
fn reads(label: Label) -> bool {
    !matches!(
        label,
        Label::Parameter { otherwise: Otherwise::Nothing | Otherwise::Checked | Otherwise::Escaped, .. }
    )
}

fn is_same(label: Label, field: crate::value::FieldId) -> bool {
    matches!(label, Label::Parameter { otherwise: Otherwise::Field(own), .. } if own == field)
}

/// Objects of a type of their own, where a cast says more of them.
pub(crate) fn refined(obj: &Obj, ty: &Ty) -> Option<Obj> {
    let is_vague = match &obj.ty {
        Ty::Unknown | Ty::Any | Ty::Record(None) => true,
        Ty::List(of) | Ty::Set(of) => matches!(of.as_ref(), Ty::Unknown | Ty::Any | Ty::Record(None)),
        Ty::Map(of) => matches!(of.1, Ty::Unknown | Ty::Any | Ty::Record(None)),
        _ => false,
    };
    let says = !matches!(ty, Ty::Unknown | Ty::Any | Ty::Record(None));
    (is_vague && says).then(|| Obj { ty: ty.clone(), ..obj.clone() })
}
