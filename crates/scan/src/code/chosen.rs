//! Who chooses what a change of records sets: whoever calls the code, or the code itself, which takes it from other records
//! or from an answer.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;

use apex::ast::{ExprId, ExprKind};
use apex::{MethodId, Ref, Ty};

use super::own::Asker;
use super::{Access, Code};
use crate::Context;

/// So many expressions are looked at, from a value over names and methods to where it comes from.
const LOOKS: u32 = 2_000;

/// Where a value comes from that no caller chooses. Of several the last one stands for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    /// A constant, the time, the user.
    Constant,
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
    /// What callers hand in, by the method to which, and by what records are looked up otherwise.
    handed: RefCell<BTreeSet<(MethodId, String)>>,
    /// Whether something is handed in that may name several records.
    is_of_several: Cell<bool>,
    /// Within what another system or a model is asked with: there only what callers hand in counts.
    is_question: Cell<bool>,
}

impl Search {
    /// Whether whoever calls names no more than one record: with two, he would choose what gets where.
    fn is_of_one(&self) -> bool {
        let handed = self.handed.borrow();
        let methods: BTreeSet<MethodId> = handed.iter().map(|(method, _)| *method).collect();
        !self.is_of_several.get() && methods.len() == handed.len()
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
        let search = Search::default();
        for value in &written.values {
            let field = names.folded(value.field);
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
                continue;
            }
            let asker = self.asker(value.method);
            let Some(source) = asker.and_then(|asker| asker.source(value.value, None, &search)) else {
                return false;
            };
            sources.push(source);
        }
        if let Some(asker) = self.asker(operation.method) {
            asker.source(operation.value, None, &search);
        }
        let is_answer = sources.contains(&Source::Answer);
        !sources.is_empty()
            && search.is_of_one()
            && (is_answer || sources.iter().all(|source| *source == Source::Stored))
    }

    /// Whether a method, or one that it calls, asks another system or a model.
    fn asks_others(&self, method: MethodId) -> bool {
        const ASKS: [(&str, &str); 3] = [
            ("http", "send"),
            ("webservicecallout", "invoke"),
            ("connectapi.einsteinllm", "generatemessagesforprompttemplate"),
        ];
        self.below(method).into_iter().filter_map(|id| self.asker(id)).any(|asker| {
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
        })
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
            ExprKind::Query { binds, .. } => {
                for bind in binds {
                    self.source(*bind, given, search);
                }
                Some(Source::Stored)
            }
            ExprKind::Field { object, .. } => match self.to(*object) {
                Ref::Type => self.source_of_name(value, given, search),
                _ => self.source(*object, given, search),
            },
            ExprKind::Name(_) => self.source_of_name(value, given, search),
            ExprKind::Call { receiver, args, .. } => match self.to(value) {
                Ref::Method { method, is_virtual: false } => self.returned(method, args, given, search),
                Ref::Method { .. } => self.handed(value, search),
                _ => self.source_of_call(value, *receiver, args, given, search),
            },
            ExprKind::Assign { value, .. } => self.source(*value, given, search),
            // What is asked decides, and is no part of it.
            ExprKind::Ternary { yes, no, .. } => self.source_of_all(&[*yes, *no], given, search),
            _ => self.source_of_all(&self.file.parts(value), given, search),
        }
    }

    /// What the caller chooses, or nobody knows who.
    fn handed(&self, value: ExprId, search: &Search) -> Option<Source> {
        if !search.is_question.get() {
            search.handed.borrow_mut().insert((self.id, self.text(value)));
        }
        None
    }

    fn source_of_all(&self, values: &[ExprId], given: Given<'_>, search: &Search) -> Option<Source> {
        let mut known = Source::Constant;
        for value in values {
            known = known.max(self.source(*value, given, search)?);
        }
        Some(known)
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
                    Some(all) => all.iter().try_fold(Source::Constant, |known, (caller, arg)| {
                        Some(known.max(self.code.asker(*caller)?.source(*arg, None, search)?))
                    }),
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
        let (Some(values), Some(parts)) = (self.values(name), self.put_into(name)) else {
            return self.handed(name, search);
        };
        let all: Vec<ExprId> = values.into_iter().chain(parts).collect();
        self.source_of_all(&all, given, search)
    }

    /// Of a parameter: a flag names no record, and what has parts may name several.
    fn handed_as(&self, name: ExprId, at: usize, search: &Search) -> Option<Source> {
        let is_one = |ty: &Ty| matches!(ty, Ty::Id | Ty::Text);
        match self.method.parameters.get(at).map(|(_, ty)| ty) {
            Some(Ty::Boolean | Ty::Number | Ty::Date) => return None,
            Some(Ty::List(of) | Ty::Set(of)) if is_one(of) => {}
            Some(ty) if is_one(ty) => {}
            _ => search.is_of_several.set(true),
        }
        search.handed.borrow_mut().insert((self.id, self.text(name)));
        None
    }

    /// What is put into a list, a map or an object that a name holds.
    fn put_into(&self, name: ExprId) -> Option<Vec<ExprId>> {
        let to = self.to(name);
        let mut found = match self.code.resolution.expr(self.file_id, name).ty {
            Ty::List(_) | Ty::Set(_) | Ty::Map(_) => self.added(name)?,
            _ => Vec::new(),
        };
        self.file.each_expr(self.method.body?, |expr| {
            if let ExprKind::Assign { target, value, .. } = self.file.expr(expr).kind
                && let ExprKind::Field { object, .. } = self.file.expr(target).kind
            {
                found.extend(Some(value).filter(|_| self.to(object) == to));
            }
        });
        Some(found)
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
        let args: Vec<Option<Source>> = args.iter().map(|arg| self.source(*arg, given, search)).collect();
        search.is_question.set(was);
        if asks {
            // However long the question is.
            search.looks.set(looks);
            return Some(Source::Answer);
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
            let is_own = ["datetime.now(", "date.today(", "system.now(", "system.today("]
                .iter()
                .any(|own| text.starts_with(own))
                || text.starts_with("userinfo.get");
            return if is_own { Some(Source::Constant) } else { self.handed(call, search) };
        }
        let said = match (self.to(call), &self.file.expr(call).kind) {
            (Ref::Platform(class), ExprKind::Call { name, .. }) => {
                let names = &self.code.program.names;
                (names.folded(class), names.folded(name.value))
            }
            _ => ("", ""),
        };
        match said {
            ("http", "send") | ("webservicecallout", "invoke") => Some(Source::Answer),
            ("database", "query" | "querywithbinds") => {
                self.source_of_all(args, given, search);
                Some(Source::Stored)
            }
            _ => {
                let all: Vec<ExprId> = receiver.into_iter().chain(args.iter().copied()).collect();
                self.source_of_all(&all, given, search)
            }
        }
    }
}
