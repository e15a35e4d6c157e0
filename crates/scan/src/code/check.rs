//! What asks for the user's permissions before a database operation.

use std::collections::{BTreeMap, BTreeSet};

use apex::ast::{ExprId, ExprKind, File, Operator, StmtId, StmtKind};
use apex::{ClassId, FileId, MethodId, Ref};

use super::{Access, Code, Leak, Way, below};

/// Helpers of helpers that are looked into.
const HELPERS: u8 = 4;

/// What an operation needs permission for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Need {
    Read,
    Create,
    Edit,
    Delete,
}

impl Need {
    /// The method of a description that answers it.
    fn asked_by(self, method: &str) -> bool {
        match self {
            Need::Read => matches!(method, "isaccessible" | "isqueryable"),
            Need::Create => method == "iscreateable",
            Need::Edit => method == "isupdateable",
            Need::Delete => method == "isdeletable",
        }
    }

    pub(crate) fn said(self) -> &'static str {
        match self {
            Need::Read => "reads",
            Need::Create => "creates",
            Need::Edit => "changes",
            Need::Delete => "deletes",
        }
    }
}

impl Code {
    /// Whether wherever a flow's methods read a field they do it in a branch that runs only where the user may read it.
    pub(super) fn is_asked_on(&self, way: &Way, leak: &Leak, field: &str) -> bool {
        let names = &self.program.names;
        let objects: Vec<&str> = leak.data.keys().map(|object| names.folded(*object)).collect();
        let [object] = objects.as_slice() else { return false };
        let methods: BTreeSet<MethodId> =
            way.places().filter_map(|(file, span)| self.method_at(file, span)).collect();
        let mut is_read = false;
        let mut is_asked = true;
        for asker in methods.into_iter().filter_map(|id| self.asker(id)) {
            let Some(body) = asker.method.body else { return false };
            asker.file.each_expr(body, |expr| {
                let ExprKind::Field { name, object: of, .. } = asker.file.expr(expr).kind else { return };
                let is_of_record = matches!(self.resolution.expr(asker.file_id, of).ty, apex::Ty::Record(_));
                if names.folded(name.value) == field && is_of_record {
                    let span = asker.file.expr(expr).span;
                    is_read = true;
                    is_asked &= asker.runs_only_where(span, &|condition, holds| {
                        holds && asker.asks_for(condition, object, field, HELPERS)
                    });
                }
            });
        }
        is_read && is_asked
    }
}

impl super::own::Asker<'_> {
    /// Whether a condition that holds says that the user may read a field: `fields.SSN__c.isAccessible()`, alone or with others.
    fn asks_for(&self, condition: ExprId, object: &str, field: &str, depth: u8) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        match &self.file.expr(condition).kind {
            ExprKind::Binary { first, rest }
                if rest.iter().all(|(operator, _)| *operator == Operator::And) =>
            {
                std::iter::once(*first)
                    .chain(rest.iter().map(|(_, part)| *part))
                    .any(|part| self.asks_for(part, object, field, depth))
            }
            ExprKind::Call { receiver: Some(of), name, .. } => {
                let asked = self.text(*of);
                let mut named = asked.trim_end_matches(".getdescribe()").split('.');
                self.code.program.names.folded(name.value) == "isaccessible"
                    && named.next_back() == Some(field)
                    && named.any(|name| name == object)
            }
            _ => false,
        }
    }
}

/// Whether a field, with its object, is the name by which a record is called.
pub(crate) fn is_name_of_record(full: &str) -> bool {
    const NAMES: [&str; 3] = ["Name", "FirstName", "LastName"];
    let Some((object, field)) = full.split_once('.') else { return false };
    let is_person = ["Contact", "Lead", "Account"].iter().any(|own| object.eq_ignore_ascii_case(own));
    let names = if is_person { &NAMES[..] } else { &NAMES[..1] };
    names.iter().any(|name| field.eq_ignore_ascii_case(name))
}

impl Code {
    /// Methods that users can set off, and all that these call.
    pub(crate) fn reached(&self, controllers: &BTreeSet<ClassId>) -> BTreeSet<MethodId> {
        let mut todo: Vec<MethodId> = self.exposed.keys().copied().collect();
        for (index, method) in self.program.methods.iter().enumerate() {
            let is_controller = method.class.is_some_and(|class| controllers.contains(&class));
            if is_controller && !method.is_test {
                todo.push(MethodId(u32::try_from(index).unwrap_or(u32::MAX)));
            }
        }
        below(&self.callees, todo)
    }

    /// Who calls whom, the other way round, among methods that users can set off.
    pub(crate) fn callers_of(&self, reached: &BTreeSet<MethodId>) -> BTreeMap<MethodId, Vec<MethodId>> {
        let mut callers: BTreeMap<MethodId, Vec<MethodId>> = BTreeMap::new();
        for &caller in reached {
            for &callee in self.callees.get(caller.index()).into_iter().flatten() {
                callers.entry(callee).or_default().push(caller);
            }
        }
        callers
    }

    /// Whether something asks, before the operation, whether the user may do it.
    pub(crate) fn is_asked(
        &self,
        operation: &Access,
        callers: &BTreeMap<MethodId, Vec<MethodId>>,
        roots: &BTreeSet<MethodId>,
    ) -> bool {
        operation.needs.iter().all(|need| {
            let objects = &operation.objects;
            let asks = |object: Option<&String>| {
                let wanted = Wanted { need: *need, object: object.map(String::as_str) };
                self.asks_in(operation.method, operation.span.start, wanted)
                    || self.all_callers_ask(operation.method, wanted, callers, roots, 0)
            };
            if objects.is_empty() { asks(None) } else { objects.iter().all(|object| asks(Some(object))) }
        }) || self.is_stripped(operation)
    }

    /// Whether a method asks before a place: itself, or a helper that it calls there.
    fn asks_in(&self, method: MethodId, before: u32, wanted: Wanted<'_>) -> bool {
        let Some(own) = self.program.method(method) else { return false };
        let (Some(file), Some(body)) = (self.program.file(own.file), own.body) else { return false };
        let mut idle: BTreeSet<ExprId> = BTreeSet::new();
        idle_calls(file, body, &mut idle);
        let mut asked = false;
        file.each_expr(body, |id| {
            let expr = file.expr(id);
            if expr.span.start >= before || asked {
                return;
            }
            let is_idle = idle.contains(&id);
            asked |= !is_idle && self.describes_object(file, id, wanted);
            if let Ref::Method { method: helper, .. } = self.resolution.expr(own.file, id).to {
                let text = file.source.slice(expr.span).to_lowercase();
                asked |= self.is_about(&text, wanted.object) && self.helper_asks(helper, wanted, is_idle);
            }
        });
        asked
    }

    /// Whether a helper asks and says so: by what it returns, or by what it throws.
    fn helper_asks(&self, helper: MethodId, wanted: Wanted<'_>, is_idle: bool) -> bool {
        let Some(own) = self.program.method(helper) else { return false };
        let (Some(file), Some(body)) = (self.program.file(own.file), own.body) else { return false };
        if is_idle && !self.may_throw(helper, HELPERS) {
            return false;
        }
        let mut asked = false;
        file.each_expr(body, |id| asked |= self.describes_object(file, id, wanted));
        // The object is named where the helper is called; within, only texts may be.
        asked || self.takes_text(helper) && self.asks_of_any(helper, wanted.need, HELPERS)
    }

    fn takes_text(&self, method: MethodId) -> bool {
        let own = self.program.method(method);
        own.is_some_and(|own| own.parameters.iter().any(|(_, ty)| *ty == apex::Ty::Text))
    }

    /// Whether a helper, or what it calls, asks for a permission on an object that the source does not name.
    fn asks_of_any(&self, helper: MethodId, need: Need, depth: u8) -> bool {
        let asks = |own: &apex::Method| {
            let (Some(file), Some(body)) = (self.program.file(own.file), own.body) else { return false };
            let mut asked = false;
            file.each_expr(body, |id| {
                asked |= self.describes_object(file, id, Wanted { need, object: None })
            });
            asked && self.described_in(file, body).is_empty()
        };
        self.within(helper, depth).into_iter().filter_map(|id| self.program.method(id)).any(asks)
    }

    fn may_throw(&self, helper: MethodId, depth: u8) -> bool {
        let throws_itself = |own: &apex::Method| {
            let (Some(file), Some(body)) = (self.program.file(own.file), own.body) else { return false };
            throws(file, body)
        };
        self.within(helper, depth).into_iter().filter_map(|id| self.program.method(id)).any(throws_itself)
    }

    /// A method and what it calls, so many calls deep; each once.
    fn within(&self, method: MethodId, depth: u8) -> BTreeSet<MethodId> {
        let mut seen = BTreeSet::from([method]);
        let mut last = vec![method];
        for _ in 0..depth {
            let callees = |id: &MethodId| self.callees.get(id.index()).into_iter().flatten().copied();
            last = last.iter().flat_map(callees).filter(|callee| seen.insert(*callee)).collect();
        }
        seen
    }

    /// The texts of calls by which a method has a helper ask whether fields may be read, up to a place.
    pub(super) fn fields_asked_by_text(&self, method: MethodId, before: u32) -> Vec<String> {
        let mut found = Vec::new();
        let Some(own) = self.program.method(method) else { return found };
        let (Some(file), Some(body)) = (self.program.file(own.file), own.body) else { return found };
        file.each_expr(body, |id| {
            if let Ref::Method { method: helper, .. } = self.resolution.expr(own.file, id).to
                && file.expr(id).span.start < before
                && self.takes_text(helper)
                && self.asks_of_any(helper, Need::Read, HELPERS)
            {
                found.push(file.source.slice(file.expr(id).span).to_lowercase());
            }
        });
        found
    }

    fn describes_object(&self, file: &File, id: ExprId, wanted: Wanted<'_>) -> bool {
        let ExprKind::Call { name, receiver: Some(receiver), .. } = &file.expr(id).kind else { return false };
        if !wanted.need.asked_by(self.program.names.folded(name.value)) {
            return false;
        }
        let text = file.source.slice(file.expr(*receiver).span).to_lowercase();
        self.is_about(&text, wanted.object)
    }

    /// Whether a text names an object, or none: a variable that holds a description does not say whose it is.
    fn is_about(&self, text: &str, object: Option<&str>) -> bool {
        let Some(object) = object else { return true };
        let names = &self.program.names;
        let words = || text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
        let is_object = |word: &str| names.find(word).is_some_and(|name| self.program.is_object(name));
        words().any(|word| word == object) || !words().any(is_object)
    }

    /// Objects whose description a method looks at.
    pub(super) fn described_in(&self, file: &File, body: StmtId) -> Vec<String> {
        let names = &self.program.names;
        let mut found: Vec<String> = Vec::new();
        file.each_expr(body, |id| {
            let ExprKind::Call { name, receiver: Some(receiver), .. } = &file.expr(id).kind else { return };
            if !matches!(
                names.folded(name.value),
                "isaccessible" | "iscreateable" | "isupdateable" | "isdeletable"
            ) {
                return;
            }
            let text = file.source.slice(file.expr(*receiver).span).to_lowercase();
            let words = text.split(|c: char| !c.is_alphanumeric() && c != '_').map(str::to_owned);
            let is_object = |word: &String| names.find(word).is_some_and(|name| self.program.is_object(name));
            found.extend(words.filter(is_object));
        });
        found.sort();
        found.dedup();
        found
    }

    /// The object of the records that a method strips.
    pub(super) fn stripped_object(&self, file: &File, file_id: FileId, body: StmtId) -> Option<String> {
        let names = &self.program.names;
        let mut found = None;
        file.each_expr(body, |id| {
            if let ExprKind::Call { name, args, .. } = &file.expr(id).kind
                && names.folded(name.value) == "stripinaccessible"
                && let Some(&records) = args.get(1)
            {
                let object = self.resolution.expr(file_id, records).ty.object();
                found = found.take().or(object.map(|object| names.folded(object).to_owned()));
            }
        });
        found
    }

    fn all_callers_ask(
        &self,
        method: MethodId,
        wanted: Wanted<'_>,
        callers: &BTreeMap<MethodId, Vec<MethodId>>,
        roots: &BTreeSet<MethodId>,
        depth: u8,
    ) -> bool {
        let Some(all) = callers.get(&method).filter(|all| !all.is_empty()) else { return false };
        depth < 4
            && !roots.contains(&method)
            && all.iter().all(|caller| {
                let at = self.calls_at(*caller, method);
                at.is_some_and(|at| self.asks_in(*caller, at, wanted))
                    || self.all_callers_ask(*caller, wanted, callers, roots, depth + 1)
            })
    }

    /// Where a method calls another first.
    fn calls_at(&self, caller: MethodId, callee: MethodId) -> Option<u32> {
        let own = self.program.method(caller)?;
        let (file, body) = (self.program.file(own.file)?, own.body?);
        let mut at: Option<u32> = None;
        file.each_expr(body, |id| {
            let is_it = match self.resolution.expr(own.file, id).to {
                Ref::Method { method, .. } => {
                    method == callee
                        || self.program.method(method).is_some_and(|own| own.overriders.contains(&callee))
                }
                Ref::New { constructor, .. } => constructor == Some(callee),
                _ => false,
            };
            if is_it {
                let start = file.expr(id).span.start;
                at = Some(at.map_or(start, |known| known.min(start)));
            }
        });
        at
    }

    /// Whether the records go through `Security.stripInaccessible` of the fitting kind, and what it leaves is used.
    fn is_stripped(&self, operation: &Access) -> bool {
        let Some(own) = self.program.method(operation.method) else { return false };
        let (Some(file), Some(body)) = (self.program.file(own.file), own.body) else { return false };
        let kind = match operation.needs.as_slice() {
            [Need::Read] => "readable",
            [Need::Create] => "creatable",
            [Need::Edit] => "updatable",
            [Need::Create, Need::Edit] => "upsertable",
            _ => return false,
        };
        let names = &self.program.names;
        let mut strips: Vec<ExprId> = Vec::new();
        file.each_expr(body, |id| {
            if let ExprKind::Call { name, args, .. } = &file.expr(id).kind
                && names.folded(name.value) == "stripinaccessible"
                && args.first().is_some_and(|first| {
                    file.source.slice(file.expr(*first).span).to_ascii_lowercase().ends_with(kind)
                })
            {
                strips.push(id);
            }
        });
        let mut uses = false;
        file.each_expr(body, |id| {
            if let ExprKind::Call { name, .. } = &file.expr(id).kind {
                uses |= names.folded(name.value) == "getrecords";
            }
        });
        let is_write = operation.needs != [Need::Read];
        let inside = |strip: &ExprId| {
            let span = file.expr(*strip).span;
            if is_write {
                // What is written is what the strip has left.
                let written = file.source.slice(file.expr(operation.value).span).to_lowercase();
                written.contains("getrecords") || self.comes_from_strip(file, body, operation.value)
            } else {
                let within = span.start <= operation.span.start && operation.span.end <= span.end;
                within || self.is_handed(file, body, operation, *strip)
            }
        };
        uses && strips.iter().any(inside)
    }

    /// Whether a variable is given `x.getRecords()`.
    fn comes_from_strip(&self, file: &File, body: StmtId, value: ExprId) -> bool {
        let ExprKind::Name(name) = file.expr(value).kind else { return false };
        let is_left = |value: ExprId| {
            file.source.slice(file.expr(value).span).to_ascii_lowercase().contains("getrecords")
        };
        let mut found = false;
        file.each_stmt(body, |stmt| {
            if let StmtKind::Local { variables, .. } = &file.stmt(stmt).kind {
                found |= variables.iter().any(|(own, value)| own.value == name && value.is_some_and(is_left));
            }
        });
        file.each_expr(body, |id| {
            if let ExprKind::Assign { target, value, operator: None } = file.expr(id).kind {
                let is_own = matches!(file.expr(target).kind, ExprKind::Name(own) if own == name);
                found |= is_own && is_left(value);
            }
        });
        found
    }

    /// Whether the variable that a query fills is what a strip gets.
    fn is_handed(&self, file: &File, body: StmtId, operation: &Access, strip: ExprId) -> bool {
        let ExprKind::Call { args, .. } = &file.expr(strip).kind else { return false };
        let Some(ExprKind::Name(given)) = args.get(1).map(|arg| &file.expr(*arg).kind) else { return false };
        let mut found = false;
        file.each_stmt(body, |stmt| {
            let stmt = file.stmt(stmt);
            if let StmtKind::Local { variables, .. } = &stmt.kind {
                found |= variables.iter().any(|(own, value)| {
                    let span = value.map(|value| file.expr(value).span);
                    own.value == *given
                        && span.is_some_and(|span| {
                            span.start <= operation.span.start && operation.span.end <= span.end
                        })
                });
            }
        });
        found
    }
}

#[derive(Debug, Clone, Copy)]
struct Wanted<'o> {
    need: Need,
    object: Option<&'o str>,
}

/// Calls whose answer decides nothing: of statements of their own, and of variables that no condition looks at.
fn idle_calls(file: &File, body: StmtId, found: &mut BTreeSet<ExprId>) {
    let mut decides = String::new();
    file.each_stmt(body, |stmt| {
        let stmt = file.stmt(stmt);
        let condition = match &stmt.kind {
            StmtKind::If { condition, .. } | StmtKind::While { condition, .. } => Some(*condition),
            StmtKind::Return(value) => *value,
            StmtKind::Switch { on, .. } => Some(*on),
            _ => None,
        };
        if let Some(condition) = condition {
            decides.push_str(file.source.slice(file.expr(condition).span));
            decides.push(' ');
        }
    });
    let decides = decides.to_lowercase();
    let is_looked_at = |name: &str| {
        decides.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == name.to_lowercase())
    };
    file.each_stmt(body, |stmt| {
        let stmt = file.stmt(stmt);
        if let StmtKind::Local { variables, .. } = &stmt.kind {
            for (name, value) in variables {
                if let Some(value) = value.filter(|_| !is_looked_at(file.source.slice(name.span))) {
                    found.insert(value);
                }
            }
        }
        if let StmtKind::Expr(value) = stmt.kind
            && matches!(file.expr(value).kind, ExprKind::Call { .. })
        {
            found.insert(value);
        }
    });
}

fn throws(file: &File, body: StmtId) -> bool {
    let mut found = false;
    file.each_stmt(body, |stmt| found |= matches!(file.stmt(stmt).kind, StmtKind::Throw(_)));
    found
}
