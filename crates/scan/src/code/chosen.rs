//! Who chooses what a change of records sets: whoever calls the code, or the code itself, which takes it from other records
//! or from an answer.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use apex::ast::{ExprId, ExprKind, StmtKind};
use apex::{MethodId, Ref, Ty};

use super::own::Asker;
use super::{Access, Code};
use crate::Context;

/// So many expressions are looked at, from a value over names and methods to where it comes from.
const LOOKS: u32 = 2_000;

/// So far what a method hands on is looked after.
const HELPERS: u8 = 3;

/// Where a value comes from that no caller chooses. Of several the last one stands for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    /// A constant, the user.
    Constant,
    /// When it happens.
    Moment,
    Stored,
    /// What another system or a model said, or what went wrong.
    Answer,
}

/// What a method is called with, where it is looked at for one call.
type Given<'g> = Option<&'g [Option<Source>]>;

/// A search for where the values of one change come from.
#[derive(Default)]
struct Search {
    /// How many expressions were looked at.
    looks: Cell<u32>,
    /// What is being looked at: a value that is made of itself adds nothing.
    open: RefCell<BTreeSet<(MethodId, ExprId)>>,
    /// What callers hand in, by the method to which; without a method members of what they hand in, by their class, and all else
    /// of which it is not known where it comes from.
    handed: RefCell<BTreeSet<(Option<MethodId>, String)>>,
    /// Whether something is handed in that may name several records.
    is_of_several: Cell<bool>,
    /// Within what another system or a model is asked with: there only what callers hand in counts.
    is_question: Cell<bool>,
    /// Within a query that gives one record at most.
    is_of_first: Cell<bool>,
}

impl Search {
    /// Whether whoever calls names no more than one record: with two, he would choose what gets where. Each method has its own
    /// callers; a member of what is handed in is one thing wherever it is read.
    fn is_of_one(&self) -> bool {
        let handed = self.handed.borrow();
        let methods: BTreeSet<Option<MethodId>> = handed.iter().map(|(method, _)| *method).collect();
        let is_mixed = methods.len() > 1 && methods.contains(&None);
        !self.is_of_several.get() && self.looks.get() <= LOOKS && !is_mixed && methods.len() == handed.len()
    }
}

impl Code {
    /// Whether nobody who calls the code chooses what a change sets of patients' data: all of it is copied from records, or it
    /// notes an answer, and all these records are looked up by one thing that he says. A constant alone is a choice: what is
    /// called to cancel something does.
    pub(crate) fn is_chosen_by_nobody(&self, cx: &Context<'_>, operation: &Access) -> bool {
        let Some(written) = self.all_written(operation) else { return false };
        let [object] = operation.objects.as_slice() else { return false };
        let names = &self.program.names;
        let mut sources = Vec::new();
        // Whether all goes from one field of a record to another.
        let mut is_own = true;
        let search = Search::default();
        for value in &written.values {
            let field = names.folded(value.field);
            // Which record it is, and not what stands in it.
            if field == "id" {
                is_own = false;
                self.asker(value.method).and_then(|asker| asker.source(value.value, None, &search));
                continue;
            }
            if self.is_harmless_to_set(cx, object, field, operation.method) {
                continue;
            }
            // What is made new hangs on what it is made for.
            let is_link = || {
                cx.project
                    .field(&format!("{object}.{field}"))
                    .is_some_and(|own| own.reference_to().next().is_some())
            };
            if value.is_new && is_link() {
                is_own = false;
                self.asker(value.method).and_then(|asker| asker.source(value.value, None, &search));
                continue;
            }
            let Some(asker) = self.asker(value.method) else { return false };
            // Of several values who calls may choose one; of one whether it is taken, which he does by calling.
            let is_one_of = written.values.iter().filter(|other| other.field == value.field).count() > 1;
            if is_one_of && asker.depends_on_caller(value.value, None, &search) {
                return false;
            }
            // From one field of a record to another, whichever it is.
            if value.record.is_some_and(|record| asker.is_of_record(value.value, record)) {
                sources.push(Source::Stored);
                continue;
            }
            let Some(source) = asker.source(value.value, None, &search) else { return false };
            is_own = false;
            sources.push(source);
        }
        if let Some(asker) = self.asker(operation.method) {
            asker.source(operation.value, None, &search);
        }
        let is_answer = sources.contains(&Source::Answer);
        !sources.is_empty()
            && (is_own || search.is_of_one())
            && (is_answer || sources.contains(&Source::Stored) && !sources.contains(&Source::Constant))
    }

    /// Whether a method may change what is handed to it as a parameter.
    fn changes_parameter(&self, method: MethodId, at: usize, steps: u8) -> bool {
        let (Some(steps), Some(asker)) = (steps.checked_sub(1), self.asker(method)) else { return true };
        let Some(body) = asker.method.body else { return true };
        let is_it = |expr: ExprId| asker.to(expr) == Ref::Local(u32::try_from(at).unwrap_or(u32::MAX));
        let mut is_changed = false;
        asker.file.each_expr(body, |expr| {
            is_changed |= match &asker.file.expr(expr).kind {
                ExprKind::Assign { target, value, .. } => {
                    let is_part = match asker.file.expr(*target).kind {
                        ExprKind::Field { object, .. } => is_it(object),
                        ExprKind::Index { list, .. } => is_it(list),
                        _ => false,
                    };
                    is_part || is_it(*value)
                }
                ExprKind::Call { receiver, args, name, .. } => match asker.to(expr) {
                    Ref::Method { method, .. } => {
                        receiver.is_some_and(is_it) && !args.is_empty()
                            || args
                                .iter()
                                .enumerate()
                                .any(|(at, arg)| is_it(*arg) && self.changes_parameter(method, at, steps))
                    }
                    _ => {
                        const CHANGES: [&str; 6] = ["add", "addall", "put", "putall", "set", "sort"];
                        receiver.is_some_and(is_it)
                            && CHANGES.contains(&self.program.names.folded(name.value))
                    }
                },
                _ => false,
            };
        });
        is_changed
    }

    /// Whether a method, or one that it calls, asks another system or a model.
    fn asks_others(&self, method: MethodId) -> bool {
        const ASKS: [(&str, &str); 3] = [
            ("http", "send"),
            ("webservicecallout", "invoke"),
            ("connectapi.einsteinllm", "generatemessagesforprompttemplate"),
        ];
        let asks = |asker: &Asker<'_>| {
            let mut found = false;
            let Some(body) = asker.method.body else { return false };
            asker.file.each_expr(body, |expr| {
                if let (ExprKind::Call { name, .. }, Ref::Platform(class)) =
                    (&asker.file.expr(expr).kind, asker.to(expr))
                {
                    let names = &self.program.names;
                    found |= ASKS.contains(&(names.folded(class), names.folded(name.value)));
                }
            });
            found
        };
        let asking = self.asking.get_or_init(|| {
            let all = (0_u32..).map(MethodId).take(self.program.methods.len());
            all.filter(|id| self.asker(*id).is_some_and(|asker| asks(&asker))).collect()
        });
        !asking.is_disjoint(&self.below(method))
    }
}

impl Asker<'_> {
    /// Where a value comes from; none where a caller has a say in it, or where it is not known.
    fn source(&self, value: ExprId, given: Given<'_>, search: &Search) -> Option<Source> {
        search.looks.set(search.looks.get() + 1);
        if search.looks.get() > LOOKS {
            return None;
        }
        if !search.open.borrow_mut().insert((self.id, value)) {
            return Some(Source::Constant);
        }
        let found = self.source_now(value, given, search);
        search.open.borrow_mut().remove(&(self.id, value));
        found
    }

    fn source_now(&self, value: ExprId, given: Given<'_>, search: &Search) -> Option<Source> {
        match &self.file.expr(value).kind {
            ExprKind::Query { binds, text, .. } => {
                let text = self.file.source.slice(*text).to_ascii_lowercase();
                let was = search
                    .is_of_first
                    .replace(text.split_whitespace().collect::<Vec<_>>().ends_with(&["limit", "1"]));
                for bind in binds {
                    self.source(*bind, given, search);
                }
                search.is_of_first.set(was);
                Some(Source::Stored)
            }
            ExprKind::Field { object, name, .. } => match self.to(*object) {
                Ref::Type => self.source_of_name(value, given, search),
                _ => match self.class_of_parameter(*object) {
                    Some(class) => self.source_of_parameter(*object, given, search).or_else(|| {
                        let member = format!("{class}.{}", self.code.program.names.folded(name.value));
                        search.handed.borrow_mut().insert((None, member));
                        None
                    }),
                    None => self.part_of(*object, given, search),
                },
            },
            ExprKind::Index { list, index } => {
                self.source(*index, given, search)?;
                self.part_of(*list, given, search)
            }
            ExprKind::Name(_) => self.source_of_name(value, given, search),
            ExprKind::Call { receiver, args, .. } => match self.to(value) {
                Ref::Method { method, is_virtual: false } => self.returned(method, args, given, search),
                Ref::Method { .. } => self.handed(value, search),
                _ => self.source_of_call(value, *receiver, args, given, search),
            },
            ExprKind::Assign { value, .. } => self.source(*value, given, search),
            // What an object keeps, and what a class makes of what it finds.
            ExprKind::This | ExprKind::Super | ExprKind::Broken => self.handed(value, search),
            ExprKind::New { .. }
                if matches!(self.to(value), Ref::New { .. }) && !self.is_plain_new(value) =>
            {
                self.handed(value, search)
            }
            // What is asked decides, and is no part of it; but who calls may decide.
            ExprKind::Ternary { condition, yes, no } => {
                self.source(*condition, given, search)?;
                self.source_of_all(&[*yes, *no], given, search)
            }
            _ => self.source_of_all(&self.file.parts(value), given, search),
        }
    }

    /// A part of a value: of what callers hand in, one of several.
    fn part_of(&self, whole: ExprId, given: Given<'_>, search: &Search) -> Option<Source> {
        let before = search.handed.borrow().len();
        let found = self.source(whole, given, search);
        let is_stored = match &self.code.resolution.expr(self.file_id, whole).ty {
            Ty::List(of) => matches!(**of, Ty::Record(_)),
            ty => matches!(ty, Ty::Record(_)),
        };
        if !is_stored && found.is_none() && search.handed.borrow().len() > before && !search.is_question.get()
        {
            search.is_of_several.set(true);
        }
        found
    }

    /// Whether an object is made without a constructor that the source writes, so that nothing is in it yet.
    fn is_plain_new(&self, value: ExprId) -> bool {
        let Ref::New { constructor, .. } = self.to(value) else { return false };
        constructor.and_then(|id| self.code.program.method(id)).is_none_or(|own| own.body.is_none())
    }

    /// The class of an object that a parameter is, in lower case.
    fn class_of_parameter(&self, name: ExprId) -> Option<String> {
        let ExprKind::Name(_) = self.file.expr(name).kind else { return None };
        self.parameter(name)?;
        match self.code.resolution.expr(self.file_id, name).ty {
            Ty::Class(class) => Some(self.code.program.class_name(class).to_lowercase()),
            _ => None,
        }
    }

    /// Where an object that is a parameter comes from, looked at by itself.
    fn source_of_parameter(&self, name: ExprId, given: Given<'_>, search: &Search) -> Option<Source> {
        let at = self.parameter(name)?;
        if let Some(given) = given {
            return given.get(at).copied().flatten();
        }
        // What is found out of the whole object says nothing yet of what is handed in.
        let (handed, is_of_several) = (search.handed.borrow().clone(), search.is_of_several.get());
        let found = self.code.passed(self.id, at).and_then(|all| self.source_of_passed(&all, search));
        search.handed.replace(handed);
        search.is_of_several.set(is_of_several);
        found
    }

    /// Where all that callers pass comes from.
    fn source_of_passed(&self, all: &[(MethodId, ExprId)], search: &Search) -> Option<Source> {
        let each = all.iter().map(|(caller, arg)| self.code.asker(*caller)?.source(*arg, None, search));
        // Each is looked at, for what is handed in.
        let each: Vec<Option<Source>> = each.collect();
        each.into_iter().try_fold(Source::Constant, |known, one| Some(known.max(one?)))
    }

    /// Whether a value is a field of the same record that gets it, or of what that hangs on.
    fn is_of_record(&self, value: ExprId, record: ExprId) -> bool {
        let mut base = value;
        while let ExprKind::Field { object, .. } = self.file.expr(base).kind {
            base = object;
        }
        let is_name = |expr: ExprId| matches!(self.file.expr(expr).kind, ExprKind::Name(_));
        base != value && is_name(base) && is_name(record) && self.to(base) == self.to(record)
    }

    /// Whether who calls decides, by a condition around it, whether a value is taken, or which of several a name has.
    fn depends_on_caller(&self, value: ExprId, given: Given<'_>, search: &Search) -> bool {
        let span = self.file.expr(value).span;
        let Some(body) = self.method.body else { return true };
        let mut conditions = Vec::new();
        self.file.each_stmt(body, |stmt| {
            let own = self.file.stmt(stmt);
            if own.span.start > span.start || span.end > own.span.end {
                return;
            }
            match &own.kind {
                StmtKind::If { condition, .. }
                | StmtKind::While { condition, .. }
                | StmtKind::DoWhile { condition, .. } => conditions.push(*condition),
                StmtKind::For { condition, .. } => conditions.extend(*condition),
                StmtKind::Switch { on, .. } => conditions.push(*on),
                _ => {}
            }
        });
        conditions.into_iter().any(|condition| {
            let around = self.file.expr(condition).span;
            let is_within = around.start <= span.start && span.end <= around.end;
            !is_within && self.source(condition, given, search).is_none()
        })
    }

    /// What the caller chooses, or nobody knows who.
    fn handed(&self, value: ExprId, search: &Search) -> Option<Source> {
        if !search.is_question.get() {
            search.handed.borrow_mut().insert((None, self.text(value)));
        }
        None
    }

    fn source_of_all(&self, values: &[ExprId], given: Given<'_>, search: &Search) -> Option<Source> {
        // Each is looked at, for what is handed in.
        let each: Vec<Option<Source>> =
            values.iter().map(|value| self.source(*value, given, search)).collect();
        each.into_iter().try_fold(Source::Constant, |known, one| Some(known.max(one?)))
    }

    fn source_of_name(&self, name: ExprId, given: Given<'_>, search: &Search) -> Option<Source> {
        if let Ty::Platform(class) = &self.code.resolution.expr(self.file_id, name).ty
            && self.code.program.names.folded(*class).ends_with("exception")
        {
            return Some(Source::Answer);
        }
        if let Some(over) = self.each_of(name) {
            return self.source(over, given, search);
        }
        if let Some(at) = self.parameter(name) {
            return match given {
                Some(given) => given.get(at).copied().flatten(),
                None => match self.code.passed(self.id, at) {
                    Some(all) => self.source_of_passed(&all, search),
                    None => self.handed_as(name, at, search),
                },
            };
        }
        if let Ref::Variable(id) = self.to(name)
            && let Some(own) = self.code.program.variable(id)
            && own.is_static
            && own.is_final
            && own.value.is_some()
        {
            return Some(Source::Constant);
        }
        // What an object or a class keeps, anybody may have put there.
        if matches!(self.to(name), Ref::Variable(_)) {
            let is_constant = |value: &ExprId| matches!(self.file.expr(*value).kind, ExprKind::Literal(_));
            let values = self.values(name).filter(|all| all.iter().all(is_constant));
            return if values.is_some() { Some(Source::Constant) } else { self.handed(name, search) };
        }
        let (Some(values), Some(parts)) = (self.values(name), self.put_into(name)) else {
            return self.handed(name, search);
        };
        let all: Vec<ExprId> = values.into_iter().chain(parts).collect();
        if all.len() > 1 && all.iter().any(|value| self.depends_on_caller(*value, given, search)) {
            return None;
        }
        self.source_of_all(&all, given, search)
    }

    /// Of a parameter: what has parts may name several records, unless one alone is asked for.
    fn handed_as(&self, name: ExprId, at: usize, search: &Search) -> Option<Source> {
        let is_one = |ty: &Ty| matches!(ty, Ty::Id | Ty::Text);
        match self.method.parameters.get(at).map(|(_, ty)| ty) {
            Some(Ty::Boolean | Ty::Number | Ty::Date) if search.is_question.get() => return None,
            Some(Ty::Boolean | Ty::Number | Ty::Date) => {}
            Some(Ty::List(of) | Ty::Set(of)) if is_one(of) && search.is_of_first.get() => {}
            Some(ty) if is_one(ty) => {}
            _ => search.is_of_several.set(true),
        }
        search.handed.borrow_mut().insert((Some(self.id), self.text(name)));
        None
    }

    /// What is put into a list, a map or an object that a name holds; none where another method may do that.
    fn put_into(&self, name: ExprId) -> Option<Vec<ExprId>> {
        let to = self.to(name);
        let mut found = Vec::new();
        let mut is_changed = false;
        self.file.each_expr(self.method.body?, |expr| match &self.file.expr(expr).kind {
            ExprKind::Assign { target, value, .. } => {
                let is_part = |of: ExprId| self.to(of) == to;
                match self.file.expr(*target).kind {
                    ExprKind::Field { object, .. } if is_part(object) => found.push(*value),
                    ExprKind::Index { list, .. } if is_part(list) => found.push(*value),
                    _ => {}
                }
            }
            ExprKind::Call { receiver, args, .. } => match self.to(expr) {
                // What else it is called with may be put there.
                Ref::Method { method, .. } => {
                    if receiver.is_some_and(|of| self.to(of) == to) {
                        found.extend(args);
                    }
                    is_changed |= args.iter().enumerate().any(|(at, arg)| {
                        self.to(*arg) == to && self.code.changes_parameter(method, at, HELPERS)
                    });
                }
                _ if receiver.is_some_and(|of| self.to(of) == to) && self.is_collection(name) => {
                    found.extend(args);
                }
                _ => {}
            },
            _ => {}
        });
        (!is_changed).then_some(found)
    }

    fn is_collection(&self, name: ExprId) -> bool {
        matches!(self.code.resolution.expr(self.file_id, name).ty, Ty::List(_) | Ty::Set(_) | Ty::Map(_))
    }

    /// Whether who calls says where the method asks.
    fn is_told_where_to_ask(&self, search: &Search) -> bool {
        let mut addresses = Vec::new();
        if let Some(body) = self.method.body {
            self.file.each_expr(body, |expr| {
                if let ExprKind::Call { name, args, .. } = &self.file.expr(expr).kind
                    && self.code.program.names.folded(name.value) == "setendpoint"
                {
                    addresses.extend(args.first().copied());
                }
            });
        }
        let was = search.is_question.replace(true);
        let is_told = addresses.into_iter().any(|address| self.source(address, None, search).is_none());
        search.is_question.set(was);
        is_told
    }

    /// What a call of a method of the source gives.
    fn returned(
        &self,
        method: MethodId,
        args: &[ExprId],
        given: Given<'_>,
        search: &Search,
    ) -> Option<Source> {
        let asks = self.code.asks_others(method);
        let (was, looks) = (search.is_question.get(), search.looks.get());
        search.is_question.set(was || asks);
        // Of an object that is handed on, what is read of it counts.
        let of_arg = |arg: &ExprId| match self.class_of_parameter(*arg) {
            Some(_) => None,
            None => self.source(*arg, given, search),
        };
        let args: Vec<Option<Source>> = args.iter().map(of_arg).collect();
        search.is_question.set(was);
        if asks {
            // However long the question is.
            search.looks.set(looks);
            let below = self.code.below(method);
            let is_told =
                |id: MethodId| self.code.asker(id).is_some_and(|asker| asker.is_told_where_to_ask(search));
            return (!below.into_iter().any(is_told)).then_some(Source::Answer);
        }
        let asker = self.code.asker(method)?;
        let all = asker.returns();
        (!all.is_empty()).then(|| asker.source_of_all(&all, Some(&args), search))?
    }

    /// What a call of the platform gives: of what it is called on and with.
    fn source_of_call(
        &self,
        call: ExprId,
        receiver: Option<ExprId>,
        args: &[ExprId],
        given: Given<'_>,
        search: &Search,
    ) -> Option<Source> {
        let text = self.text(call);
        let receiver = receiver.filter(|of| self.to(*of) != Ref::Type);
        if receiver.is_none() && args.is_empty() {
            const MOMENTS: [&str; 4] = ["datetime.now(", "date.today(", "system.now(", "system.today("];
            if MOMENTS.iter().any(|own| text.starts_with(own)) {
                return Some(Source::Moment);
            }
            let is_user = text.starts_with("userinfo.get");
            return if is_user { Some(Source::Constant) } else { self.handed(call, search) };
        }
        let said = match (self.to(call), &self.file.expr(call).kind) {
            (Ref::Platform(class), ExprKind::Call { name, .. }) => {
                let names = &self.code.program.names;
                (names.folded(class), names.folded(name.value))
            }
            _ => ("", ""),
        };
        match said {
            ("http", "send") => (!self.is_told_where_to_ask(search)).then_some(Source::Answer),
            ("webservicecallout", "invoke") => Some(Source::Answer),
            ("database", "query" | "querywithbinds") => {
                self.source_of_all(args, given, search);
                Some(Source::Stored)
            }
            _ => {
                let before = search.handed.borrow().len();
                let all: Vec<ExprId> = receiver.into_iter().chain(args.iter().copied()).collect();
                let found = self.source_of_all(&all, given, search);
                // Of a text that is taken apart, one of several.
                if found.is_none() && search.handed.borrow().len() > before && !search.is_question.get() {
                    search.is_of_several.set(true);
                }
                found
            }
        }
    }
}
