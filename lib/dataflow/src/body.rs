//! One body, from its first statement to its last: what its variables hold, what it lets out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use apex::ast::{Dml, ExprId, ExprKind, File, Labels as Arms, StmtId, StmtKind};
use apex::{FileId, Method, MethodId, MethodKind, Ref, Ty};
use source::Span;

use crate::asked::longer;
use crate::cap::{Cap, Cuts};
use crate::guard::Assumed;
use crate::hit::{Hit, Sink, Spot};
use crate::summary::summarise;
use crate::value::{
    Did, Input, Key, Label, Labels, Obj, ObjId, Origin, Otherwise, Part, Path, Piece, State, Step, Text,
    Texts, Trace, Value, step,
};
use crate::world::{Exposure, Summary, World};

/// How often a loop is gone through until what it does is known.
const ROUNDS: u32 = 3;

pub(crate) struct Body<'w> {
    pub(crate) world: &'w World<'w>,
    /// What is known so far of methods that call this one and are called by it.
    pub(crate) circle: &'w BTreeMap<MethodId, Summary>,
    assumed: Option<Assumed>,
    pub(crate) id: MethodId,
    pub(crate) method: &'w Method,
    pub(crate) file_id: FileId,
    pub(crate) file: &'w File,
    pub(crate) state: State,
    /// Whether the end of what runs now can be reached.
    live: bool,
    sites: BTreeMap<Site, ObjId>,
    count: u32,
    pub(crate) hits: Vec<Hit>,
    told: BTreeSet<(Sink, Spot, Label, Option<Spot>, Texts)>,
    returned: Value,
    pub(crate) thrown: Value,
    /// Parameters whose records are written to the org here.
    pub(crate) saves: BTreeSet<(u16, Path)>,
    /// Who gets what it returns and throws, where that is not code alone.
    pub(crate) exposure: Option<Exposure>,
    /// States at each `return`.
    ends: Option<State>,
    /// States at `break` and `continue` of the loops around.
    breaks: Vec<Option<State>>,
    continues: Vec<Option<State>>,
    /// Loops around.
    pub(crate) depth: u32,
    /// The variables of the loops over collections around, the outermost first.
    pub(crate) each: Vec<u32>,
    pub(crate) cuts: Cuts,
}

/// What makes an object: the same code makes the same one each time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Site {
    Expr(ExprId),
    /// A part of what an expression makes.
    Part(ExprId, u32),
    /// A part of what a query gives that a called method asks.
    Answer(ExprId, MethodId, u32, u32),
    /// What a called method makes.
    Called(ExprId, MethodId, u32),
    Parameter(u16, Path),
    Below(ObjId, Key),
    /// What an expression copies.
    Copied(ExprId, ObjId),
}

pub(crate) fn run(
    world: &World<'_>,
    circle: &BTreeMap<MethodId, Summary>,
    id: MethodId,
    assumed: Option<Assumed>,
) -> Summary {
    let Some(method) = world.program.method(id) else { return Summary::default() };
    let Some(file) = world.program.file(method.file) else { return Summary::default() };
    let mut body = Body {
        world,
        circle,
        assumed,
        id,
        method,
        file_id: method.file,
        file,
        state: State::default(),
        live: true,
        sites: BTreeMap::new(),
        count: 0,
        hits: Vec::new(),
        told: BTreeSet::new(),
        returned: Value::default(),
        thrown: Value::default(),
        saves: BTreeSet::new(),
        exposure: world.exposure(id),
        ends: None,
        breaks: Vec::new(),
        continues: Vec::new(),
        depth: 0,
        each: Vec::new(),
        cuts: Cuts::new(),
    };
    body.enter();
    body.assume();
    if method.kind == MethodKind::Constructor {
        body.before_constructor();
    }
    if method.kind == MethodKind::StaticInitializer {
        body.before_first_use();
    }
    if method.kind == MethodKind::Job {
        let this = body.this();
        body.batch(&this, method.span, ExprId(u32::MAX));
    }
    if let Some(block) = method.body {
        body.stmt(block);
    }
    body.leave()
}

impl<'w> Body<'w> {
    fn enter(&mut self) {
        let slots = self.world.resolution.frame(self.id).slots as usize;
        self.state.locals = vec![Value::default(); slots.max(self.method.parameters.len())];
        let method = self.method;
        for (slot, (name, ty)) in method.parameters.iter().enumerate() {
            let index = u16::try_from(slot + 1).unwrap_or(u16::MAX);
            let value = self.parameter(index, Path::ROOT, ty, name.span);
            self.state.set_local(u32::try_from(slot).unwrap_or(u32::MAX), value);
        }
    }

    /// What is taken for granted of a parameter is its text.
    fn assume(&mut self) {
        let Some(Assumed { slot, value: Some(text), .. }) = self.assumed.clone() else { return };
        let value = self.state.local(slot);
        self.state.set_local(slot, Value { texts: Texts::of(&text), ..value });
    }

    /// Whether a condition holds, where what is taken for granted says so.
    pub(crate) fn decided(&self, condition: ExprId) -> Option<bool> {
        let assumed = self.assumed.as_ref()?;
        assumed.decides(self.file, self.file_id, self.world.resolution, condition)
    }

    /// A parameter or part of one, as nobody has changed it.
    pub(crate) fn parameter(&mut self, index: u16, path: Path, ty: &Ty, span: Span) -> Value {
        if ty.is_scalar() {
            let label = Label::Parameter { index, path, otherwise: Otherwise::Nothing };
            let trace = step(None, self.file_id, span, Did::Passed);
            let mut value = Value::of(Labels::one(label, trace));
            value.texts = Texts::parameter(index, path);
            return value;
        }
        let id = self.object(Site::Parameter(index, path), Origin::Parameter { index, path }, ty);
        let mut value = Value::obj(id);
        // An access level counts by its name.
        let is_level = matches!(ty, Ty::Platform(class) if self.world.text(*class) == "accesslevel");
        if is_level || matches!(ty, Ty::Any | Ty::Unknown) {
            value.texts = Texts::parameter(index, path);
        }
        value
    }

    pub(crate) fn this(&mut self) -> Value {
        let ty = self.method.class.map_or(Ty::Unknown, Ty::Class);
        self.parameter(0, Path::ROOT, &ty, self.method.span)
    }

    /// The initial values of the object's variables and its initializers.
    fn before_constructor(&mut self) {
        let Some(class_id) = self.method.class else { return };
        let Some(class) = self.world.program.class(class_id) else { return };
        let first = self.method.body.map(|body| &self.file.stmt(body).kind);
        let delegate = first.and_then(|kind| match kind {
            StmtKind::Block(all) => match self.file.stmt(*all.first()?).kind {
                StmtKind::Expr(value) => match self.file.expr(value).kind {
                    ExprKind::Delegate { to_super, .. } => Some(to_super),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        });
        if delegate == Some(false) {
            return;
        }
        if delegate.is_none()
            && let Some(parent) = class.parent
        {
            let found = self.world.program.class(parent).map_or(&[][..], |parent| &parent.constructors);
            let plain = found
                .iter()
                .copied()
                .find(|id| self.world.program.method(*id).is_some_and(|method| method.parameters.is_empty()));
            if let Some(constructor) = plain {
                let this = self.this();
                self.apply_one(constructor, &[this], self.method.span, ExprId(u32::MAX), false);
            }
        }
        let this = self.this();
        for variable in class.variables.values() {
            let Some(variable) = self.world.program.variable(*variable) else { continue };
            if let (false, Some(value)) = (variable.is_static, variable.value) {
                let value = self.expr(value);
                self.write_part(&this.objs, Key::Member(variable.name), value);
            }
        }
        for &initializer in &class.initializers {
            let body = self.world.program.method(initializer).and_then(|method| method.body);
            // Its locals have slots of their own frame, beside those of the constructor.
            let slots = self.world.resolution.frame(initializer).slots as usize;
            if let Some(body) = body {
                let own = std::mem::replace(&mut self.state.locals, vec![Value::default(); slots]);
                self.stmt(body);
                self.state.locals = own;
            }
        }
    }

    /// The first values of the class's static variables, once.
    fn before_first_use(&mut self) {
        let Some(class) = self.method.class.and_then(|class| self.world.program.class(class)) else { return };
        if class.static_initializers.first() != Some(&self.id) {
            return;
        }
        for &id in class.variables.values() {
            let Some(variable) = self.world.program.variable(id) else { continue };
            if let (true, Some(value)) = (variable.is_static, variable.value) {
                let held = self.expr(value);
                let held = self.kept(held, variable.span);
                self.left(id, Some(Path::ROOT), Path::ROOT, &held, variable.span);
            }
        }
    }

    fn leave(mut self) -> Summary {
        if self.live {
            self.end();
        }
        if self.exposure.is_some() {
            self.thrown_out();
        }
        let mut state = self.ends.take().unwrap_or_default();
        self.state = state;
        self.sessions_in_stubs();
        if self.exposure == Some(Exposure::OmniStudio) {
            self.put_into_output();
        }
        state = std::mem::take(&mut self.state);
        if self.method.kind == MethodKind::Trigger {
            self.state = state;
            self.saved_by_trigger();
            state = std::mem::take(&mut self.state);
        }
        summarise(state, self.returned, self.thrown, self.hits, self.saves, self.cuts)
    }

    fn end(&mut self) {
        self.live = false;
        let state = std::mem::take(&mut self.state);
        // What follows is dead, but is looked at all the same.
        self.state = state.clone();
        match self.ends.take() {
            Some(mut known) => {
                self.join(&mut known, &state);
                self.ends = Some(known);
            }
            None => self.ends = Some(state),
        }
    }

    pub(crate) fn spot(&self, span: Span) -> Spot {
        Spot { file: self.file_id, span, method: self.id }
    }

    pub(crate) fn object(&mut self, site: Site, origin: Origin, ty: &Ty) -> ObjId {
        if let Some(&known) = self.sites.get(&site) {
            if self.state.obj(known).is_none() {
                self.state.set_obj(known, Arc::new(Obj::new(origin, ty.clone())));
            }
            return known;
        }
        // What a body makes from there on is one object.
        let id = ObjId(self.count);
        if id.index() < Cap::Made.limit() {
            self.count += 1;
        } else {
            self.cuts.insert(Cap::Made);
        }
        self.sites.insert(site, id);
        self.state.set_obj(id, Arc::new(Obj::new(origin, ty.clone())));
        id
    }

    /// The expression that an object comes from.
    pub(crate) fn made_at(&self, id: ObjId) -> Option<Span> {
        let (site, _) = self.sites.iter().find(|(_, made)| **made == id)?;
        let (Site::Expr(expr)
        | Site::Part(expr, _)
        | Site::Answer(expr, ..)
        | Site::Called(expr, ..)
        | Site::Copied(expr, _)) = site
        else {
            return None;
        };
        Some(self.file.expr(*expr).span)
    }

    /// A new and empty object of this place in the code.
    pub(crate) fn fresh(&mut self, site: Site, ty: &Ty) -> ObjId {
        let id = self.object(site, Origin::New, ty);
        self.state.set_obj(id, Arc::new(Obj::new(Origin::New, ty.clone())));
        id
    }

    /// Says that data with these labels goes out.
    pub(crate) fn emit(&mut self, sink: Sink, labels: &Labels, span: Span, to: &Texts) {
        let begins = |text: &Text| matches!(text.first(), Some(Piece::Text(_)));
        let is_own = !to.all().is_empty() && to.all().iter().all(begins);
        for (label, trace) in labels.iter() {
            if matches!((sink, label), (Sink::Variable(own, path, _), Label::Variable(other, of)) if own == *other && path == *of)
            {
                continue;
            }
            let place = self.put_at(sink, trace, span);
            let is_known = !label.is_symbolic();
            let is_read = matches!(
                label,
                Label::Parameter { otherwise: Otherwise::Field(_) | Otherwise::Record(_), .. }
            );
            self.hit(Hit {
                sink,
                at: self.spot(span),
                label: *label,
                trace: step(Some(trace), self.file_id, span, Did::Passed),
                to: to.clone(),
                put: place,
                is_own,
                place: is_known.then_some(place),
                read: is_read.then_some(place),
                is_handed_in: false,
            });
        }
    }

    pub(crate) fn hit(&mut self, hit: Hit) {
        let key = (hit.sink, hit.at, hit.label, hit.place, hit.to.clone());
        if self.hits.len() < Cap::WaysOut.limit() {
            if self.told.insert(key) {
                self.hits.push(hit);
            }
        } else if !self.told.contains(&key) {
            self.cuts.insert(Cap::WaysOut);
        }
    }

    /// Where data was put into what goes out, if that is in this body; else the call.
    pub(crate) fn put_at(&self, sink: Sink, trace: &Trace, call: Span) -> Spot {
        let mut last = trace;
        while let (Did::Returned, Some(before)) = (last.did, &last.before) {
            last = before;
        }
        let Step { file, span, did, .. } = last.as_ref();
        let own = self.method.body.map_or(self.method.span, |body| self.file.stmt(body).span);
        let is_within = *file == self.file_id && own.start <= span.start && span.end <= own.end;
        let is_put = matches!(
            sink,
            Sink::CalloutAddress
                | Sink::CalloutBody
                | Sink::CalloutHeader
                | Sink::Mail
                | Sink::MailTo
                | Sink::Post
                | Sink::Event { .. }
                | Sink::Record { .. }
                | Sink::File
                | Sink::Model
        );
        if !is_put || *did != Did::Stored {
            return self.spot(call);
        }
        // Where it was read and put in by the same method, that is the place, whoever lets it out.
        let mut at = last.before.as_ref();
        while let Some(one) = at.filter(|one| matches!(one.did, Did::Kept | Did::Converted | Did::Checked)) {
            at = one.before.as_ref();
        }
        let is_read = at.is_none_or(|one| one.file == *file && matches!(one.did, Did::Read | Did::Queried));
        match (is_within, is_read) {
            (true, _) => self.spot(*span),
            (false, true) => Spot { file: *file, ..self.spot(*span) },
            (false, false) => self.spot(call),
        }
    }

    /// Joins what is known on two ways that meet.
    pub(crate) fn join(&mut self, into: &mut State, other: &State) -> bool {
        let mut changed = false;
        for (own, more) in into.locals.iter_mut().zip(&other.locals) {
            changed |= own.join(more, &mut self.cuts);
        }
        for at in 0..other.heap.len() {
            let id = ObjId(u32::try_from(at).unwrap_or(u32::MAX));
            let Some(more) = other.obj(id) else { continue };
            let Some(own) = into.obj(id) else {
                into.set_obj(id, Arc::clone(more));
                changed = true;
                continue;
            };
            if Arc::ptr_eq(own, more) || own == more {
                continue;
            }
            let mut joined = own.as_ref().clone();
            let keys: Vec<_> = own.parts.iter().chain(&more.parts).map(|(key, _)| *key).collect();
            let (own, more) = (Arc::clone(own), Arc::clone(more));
            let mut is_new = joined.anywhere.join(&more.anywhere, &mut self.cuts);
            // What holds on one way alone holds on neither.
            if joined.is_checked && !more.is_checked || joined.asked.is_some() && joined.asked != more.asked {
                joined.is_checked &= more.is_checked;
                joined.asked = joined.asked.filter(|asked| more.asked.as_ref() == Some(asked));
                is_new = true;
            }
            for key in keys {
                // Where one way has not touched it, it is there as it was.
                let left = own.part(key).cloned().unwrap_or_else(|| self.untouched(&own, id, key));
                let right = more.part(key).cloned().unwrap_or_else(|| self.untouched(&more, id, key));
                let mut value = left.clone();
                value.join(&right, &mut self.cuts);
                // Names that are added on one way alone may be among them.
                if key == Key::Own(Part::Joined) {
                    value.texts = longer(&left.texts, &right.texts).unwrap_or(value.texts);
                }
                is_new |= own.part(key) != Some(&value);
                joined.set(key, value);
            }
            if is_new {
                into.set_obj(id, Arc::new(joined));
                changed = true;
            }
        }
        changed
    }

    /// `if`, and each `else if` behind it: a long chain is no deep one.
    fn choice(&mut self, first: StmtId) {
        let file = self.file;
        let was_live = self.live;
        let mut ends: Option<State> = None;
        let mut at = Some(first);
        while let Some(id) = at {
            let StmtKind::If { condition, yes, no } = &file.stmt(id).kind else {
                self.stmt(id);
                break;
            };
            self.expr(*condition);
            let decided = self.decided(*condition);
            if decided == Some(false) {
                at = *no;
                continue;
            }
            let before = self.state.clone();
            self.allow(*condition, true);
            self.stmt(*yes);
            if decided == Some(true) {
                // What comes behind it does not run.
                let after = std::mem::take(&mut self.state);
                match (ends.take(), self.live) {
                    (Some(known), true) => self.state = self.either(Some(known), after),
                    (Some(known), false) => {
                        self.state = known;
                        self.live = true;
                    }
                    (None, _) => self.state = after,
                }
                return;
            }
            if self.live {
                let after = std::mem::take(&mut self.state);
                ends = Some(self.either(ends, after));
            }
            self.state = before;
            self.live = was_live;
            self.allow(*condition, false);
            at = *no;
        }
        if let Some(ends) = ends {
            let last = std::mem::take(&mut self.state);
            self.state = if self.live { self.either(Some(ends), last) } else { ends };
            self.live = true;
        }
    }

    /// What is known where two ways meet.
    fn either(&mut self, known: Option<State>, other: State) -> State {
        match known {
            Some(mut known) => {
                self.join(&mut known, &other);
                known
            }
            None => other,
        }
    }

    fn looped(&mut self, mut once: impl FnMut(&mut Self)) {
        self.breaks.push(None);
        self.continues.push(None);
        self.depth += 1;
        // Inner loops are gone through again with each round of the outer one.
        let rounds = if self.depth > 2 { 1 } else { ROUNDS };
        let was_live = self.live;
        for _ in 0..rounds {
            let before = self.state.clone();
            once(self);
            let mut state = before;
            let mut after = std::mem::take(&mut self.state);
            // What was left early goes on with the next round, too.
            if let Some(early) = self.continues.last_mut().and_then(Option::take) {
                self.join(&mut after, &early);
            }
            let changed = self.join(&mut state, &after);
            self.state = state;
            self.live = was_live;
            if !changed {
                break;
            }
        }
        self.depth -= 1;
        self.continues.pop();
        if let Some(Some(ended)) = self.breaks.pop() {
            let mut state = std::mem::take(&mut self.state);
            self.join(&mut state, &ended);
            self.state = state;
        }
    }

    pub(crate) fn stmt(&mut self, id: StmtId) {
        let file = self.file;
        let stmt = file.stmt(id);
        match &stmt.kind {
            StmtKind::Block(all) => {
                for &one in all {
                    self.stmt(one);
                }
            }
            StmtKind::Local { variables, of } => {
                let ty = self.world.resolution.ty(self.file_id, *of);
                let is_id = matches!(ty, Ty::Id | Ty::Text);
                let first = self.world.resolution.slot(self.file_id, id).unwrap_or(u32::MAX);
                for (offset, (name, value)) in (0_u32..).zip(variables) {
                    let value = match value {
                        Some(value) if is_id && self.is_unknown_id(file.source.slice(name.span), *value) => {
                            self.expr(*value);
                            Value::default()
                        }
                        Some(value) => self.expr(*value),
                        None => Value { texts: Texts::none(), ..Value::default() },
                    };
                    let value = self.as_type(value, &ty, name.span);
                    let value = self.kept(value, name.span);
                    self.state.set_local(first.saturating_add(offset), value);
                }
            }
            StmtKind::Expr(value) => {
                self.expr(*value);
            }
            StmtKind::If { .. } => self.choice(id),
            StmtKind::While { condition, body } | StmtKind::DoWhile { body, condition } => {
                self.looped(|this| {
                    this.expr(*condition);
                    this.stmt(*body);
                });
            }
            StmtKind::For { init, condition, update, body } => {
                for &one in init {
                    self.stmt(one);
                }
                self.looped(|this| {
                    if let Some(condition) = condition {
                        this.expr(*condition);
                    }
                    this.stmt(*body);
                    for &value in update {
                        this.expr(value);
                    }
                });
            }
            StmtKind::ForEach { over, body, of, name } => {
                let slot = self.world.resolution.slot(self.file_id, id).unwrap_or(u32::MAX);
                let all = self.expr(*over);
                let ty = self.world.resolution.ty(self.file_id, *of);
                self.each.push(slot);
                self.looped(|this| {
                    // `for (List<X> batch : [SELECT ...])` has the same records.
                    let value = match ty {
                        Ty::List(_) if matches!(file.expr(*over).kind, ExprKind::Query { .. }) => all.clone(),
                        _ => this.elements(&all, &ty, file.expr(*over).span),
                    };
                    let value = this.kept(value, name.span);
                    this.state.set_local(slot, value);
                    this.stmt(*body);
                });
                self.each.pop();
            }
            StmtKind::Return(value) => {
                if let Some(value) = value {
                    let value = self.expr(*value);
                    let value = self.as_type(value, &self.method.returns, stmt.span);
                    let value = self.stepped(value, stmt.span, Did::Returned);
                    self.exposed(&value, stmt.span);
                    if self.world.loads_cache(self.method) {
                        let labels = self.collect(&value, stmt.span);
                        self.emit(Sink::Cache, &labels, stmt.span, &Texts::default());
                    }
                    if self.returned == Value::default() {
                        self.returned = value;
                    } else {
                        self.returned.join(&value, &mut self.cuts);
                    }
                }
                self.end();
            }
            StmtKind::Throw(value) => self.throw(*value, stmt.span),
            StmtKind::Break | StmtKind::Continue => {
                let state = self.state.clone();
                let is_break = matches!(stmt.kind, StmtKind::Break);
                let ways = if is_break { &mut self.breaks } else { &mut self.continues };
                if let Some(ended) = ways.pop() {
                    let joined = match ended {
                        Some(mut known) => {
                            self.join(&mut known, &state);
                            known
                        }
                        None => state,
                    };
                    let ways = if is_break { &mut self.breaks } else { &mut self.continues };
                    ways.push(Some(joined));
                }
                self.live = false;
            }
            StmtKind::Try { body, catches, finally } => self.tried(*body, catches, *finally),
            StmtKind::Switch { on, arms } => self.switched(*on, arms),
            StmtKind::Dml { operation, target, .. } => {
                let value = self.expr(*target);
                if matches!(operation, Dml::Insert | Dml::Update | Dml::Upsert) {
                    self.saved(&value, stmt.span);
                }
            }
            StmtKind::RunAs { user, body } => {
                self.expr(*user);
                self.stmt(*body);
            }
            StmtKind::Empty => {}
        }
    }

    fn throw(&mut self, id: ExprId, span: Span) {
        let value = self.expr(id);
        let ty = &self.world.resolution.expr(self.file_id, id).ty;
        let is_shown = matches!(ty, Ty::Platform(name) if self.world.text(*name) == "aurahandledexception");
        let labels = self.collect(&value, span);
        if is_shown {
            self.emit(Sink::ErrorMessage, &labels, span, &Texts::default());
        }
        // Told already: what it says comes to nobody else as an error.
        if !is_shown {
            self.thrown.labels.join(&labels.stepped(self.file_id, span, Did::Thrown));
        }
        self.live = false;
    }

    fn tried(&mut self, body: StmtId, catches: &[apex::ast::Catch], finally: Option<StmtId>) {
        let outer = std::mem::take(&mut self.thrown);
        let mut before = self.state.clone();
        let was_live = self.live;
        self.stmt(body);
        let thrown = std::mem::replace(&mut self.thrown, outer);
        if catches.is_empty() {
            self.thrown.join(&thrown, &mut self.cuts);
        }
        let after = self.state.clone();
        let mut is_live = self.live;
        let mut state = after.clone();
        // It may have been left at any point.
        self.join(&mut before, &after);
        for catch in catches {
            self.state = before.clone();
            self.live = was_live;
            if let Some(slot) = self.world.resolution.slot(self.file_id, catch.body) {
                self.state.set_local(slot, thrown.clone());
            }
            self.stmt(catch.body);
            if self.live {
                let caught = std::mem::take(&mut self.state);
                if is_live {
                    self.join(&mut state, &caught);
                } else {
                    state = caught;
                }
                is_live = true;
            }
        }
        self.state = state;
        self.live = is_live;
        if let Some(finally) = finally {
            self.stmt(finally);
        }
    }

    fn switched(&mut self, on: ExprId, arms: &[apex::ast::Arm]) {
        let value = self.expr(on);
        let before = self.state.clone();
        let was_live = self.live;
        let mut end: Option<State> = None;
        let has_else = arms.iter().any(|arm| matches!(arm.labels, Arms::Else));
        for arm in arms {
            self.state = before.clone();
            self.live = was_live;
            if let Arms::Record { of, .. } = arm.labels
                && let Some(slot) = self.world.resolution.slot(self.file_id, arm.body)
            {
                let ty = self.world.resolution.ty(self.file_id, of);
                self.refine(&value, &ty);
                self.state.set_local(slot, value.clone());
            }
            // Only the constants of the labels come here.
            if let (Arms::Values(_), Ref::Local(slot)) =
                (&arm.labels, self.world.resolution.expr(self.file_id, on).to)
            {
                let local = self.state.local(slot);
                let local = Value { labels: local.labels.checked(), ..local };
                self.state.set_local(slot, local);
            }
            self.stmt(arm.body);
            if self.live {
                let state = std::mem::take(&mut self.state);
                end = Some(match end {
                    Some(mut known) => {
                        self.join(&mut known, &state);
                        known
                    }
                    None => state,
                });
            }
        }
        if !has_else {
            end = Some(match end {
                Some(mut known) => {
                    self.join(&mut known, &before);
                    known
                }
                None => before.clone(),
            });
        }
        self.live = was_live && end.is_some();
        self.state = end.unwrap_or(before);
    }

    /// The value with a step more on the way of its data.
    pub(crate) fn stepped(&self, mut value: Value, span: Span, did: Did) -> Value {
        if !value.labels.is_empty() {
            value.labels = value.labels.stepped(self.file_id, span, did);
        }
        value
    }

    pub(crate) fn kept(&self, value: Value, span: Span) -> Value {
        self.stepped(value, span, Did::Kept)
    }

    pub(crate) fn input(&self, input: Input, span: Span) -> Value {
        Value::of(Labels::one(Label::Input(input), step(None, self.file_id, span, Did::Read)))
    }
}
