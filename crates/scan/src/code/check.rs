//! Database operations, in whose mode they run, and what asks for the user's permissions before them.

use std::collections::{BTreeMap, BTreeSet};

use apex::ast::{Dml, ExprId, ExprKind, File, Mode, Operator, StmtId, StmtKind};
use apex::{ClassId, FileId, MethodId, Ref};
use source::Span;

use super::database::{Does, does};
use super::selected::Selected;
use super::{Code, Leak, Way, below};

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

/// A query or a change of records.
#[derive(Debug, Clone)]
pub(crate) struct Access {
    pub(crate) method: MethodId,
    pub(crate) file: FileId,
    pub(crate) span: Span,
    /// The objects, in lower case; empty where the source does not say.
    pub(crate) objects: Vec<String>,
    /// The fields that a query selects, in lower case.
    pub(crate) fields: BTreeSet<String>,
    /// Paths to them, each from its object.
    pub(super) paths: BTreeSet<(String, String)>,
    pub(crate) needs: Vec<Need>,
    /// It gives sums and groups, and no record.
    pub(crate) is_summed: bool,
    /// By what it groups, as paths in lower case; a record's name stands for the record.
    pub(crate) groups: BTreeSet<String>,
    /// The expression that gives the records, or takes them.
    pub(super) value: ExprId,
}

impl Code {
    /// Every operation in system mode of code that is no test.
    pub(crate) fn system_operations(&self) -> Vec<Access> {
        let mut found = Vec::new();
        for (index, method) in self.program.methods.iter().enumerate() {
            let id = MethodId(u32::try_from(index).unwrap_or(u32::MAX));
            let (Some(file), Some(body), false) =
                (self.program.file(method.file), method.body, method.is_test)
            else {
                continue;
            };
            let is_user = self.is_user_mode(method.file);
            let mut scan =
                Scan { code: self, file, file_id: method.file, method: id, is_user, found: &mut found };
            scan.stmts(body);
        }
        found
    }

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
    fn described_in(&self, file: &File, body: StmtId) -> Vec<String> {
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
    fn stripped_object(&self, file: &File, file_id: FileId, body: StmtId) -> Option<String> {
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

struct Scan<'s> {
    code: &'s Code,
    file: &'s File,
    file_id: FileId,
    method: MethodId,
    is_user: bool,
    found: &'s mut Vec<Access>,
}

impl Scan<'_> {
    fn stmts(&mut self, body: StmtId) {
        let file = self.file;
        file.each_stmt(body, |stmt| {
            let stmt = file.stmt(stmt);
            if let StmtKind::Dml { operation, mode, target, .. } = &stmt.kind {
                let is_user = mode.map_or(self.is_user, |mode| mode == Mode::User);
                self.write(*operation, *target, stmt.span, is_user);
            }
        });
        file.each_expr(body, |id| self.expr(id));
    }

    fn write(&mut self, operation: Dml, target: ExprId, span: Span, is_user: bool) {
        if is_user {
            return;
        }
        let needs = match operation {
            Dml::Insert => vec![Need::Create],
            Dml::Update => vec![Need::Edit],
            Dml::Upsert => vec![Need::Create, Need::Edit],
            Dml::Delete | Dml::Merge => vec![Need::Delete],
            Dml::Undelete => return,
        };
        let object = self.code.resolution.expr(self.file_id, target).ty.object();
        let mut objects: Vec<String> =
            object.map(|object| self.code.program.names.folded(object).to_owned()).into_iter().collect();
        let body = self.code.program.method(self.method).and_then(|own| own.body);
        if let (true, Some(body)) = (objects.is_empty(), body) {
            objects.extend(self.code.stripped_object(self.file, self.file_id, body));
            // An Id does not say of what: what the method asks about tells.
            if objects.is_empty() {
                objects = self.code.described_in(self.file, body);
            }
        }
        self.add(span, Selected { objects, ..Selected::default() }, needs, target);
    }

    fn add(&mut self, span: Span, selected: Selected, needs: Vec<Need>, value: ExprId) {
        let Selected { objects, fields, paths } = selected;
        self.found.push(Access {
            method: self.method,
            file: self.file_id,
            span,
            objects,
            fields,
            paths,
            needs,
            is_summed: false,
            groups: BTreeSet::new(),
            value,
        });
    }

    fn expr(&mut self, id: ExprId) {
        let (file, names) = (self.file, &self.code.program.names);
        let expr = file.expr(id);
        match &expr.kind {
            ExprKind::Query { text, is_search, .. } => {
                let text = file.source.slice(*text);
                let mut queries = Vec::new();
                if *is_search {
                    let search = soql::parse_search(text).value;
                    let is_user = search.with.iter().any(|with| match with {
                        soql::SearchWith::Mode(with) => with.mode != soql::Mode::System,
                        _ => false,
                    });
                    if is_user {
                        return;
                    }
                    queries.extend(search.returning.into_iter().map(|own| own.query));
                } else {
                    queries.push(soql::parse_query(text).value);
                }
                for query in queries {
                    self.query(&query, self.is_user, expr.span, id);
                }
            }
            ExprKind::Call { name, args, .. } => {
                let Ref::Platform(class) = self.code.resolution.expr(self.file_id, id).to else { return };
                let (class, method) = (names.folded(class), names.folded(name.value));
                let mode = args.iter().find_map(|arg| {
                    let text = file.source.slice(file.expr(*arg).span).to_ascii_lowercase();
                    match text.rsplit('.').next() {
                        Some("user_mode") => Some(true),
                        Some("system_mode") => Some(false),
                        _ => None,
                    }
                });
                let is_user = mode.unwrap_or(self.is_user);
                let Some(&first) = args.first() else { return };
                match does(class, method) {
                    Some(Does::Write(operation)) => self.write(operation, first, expr.span, is_user),
                    // A count is no field.
                    Some(Does::Read) if method.starts_with("countquery") || self.counts(first) => {}
                    Some(Does::Read)
                        if !is_user
                            && matches!(
                                self.code.resolution.expr(self.file_id, first).ty,
                                apex::Ty::Text
                            ) =>
                    {
                        if let Some(query) = self.begun(first) {
                            self.query(&query, is_user, expr.span, id);
                            return;
                        }
                        let object = self.object_in_texts(first);
                        let objects = object.into_iter().collect();
                        let selected = Selected { objects, ..Selected::default() };
                        self.add(expr.span, selected, vec![Need::Read], id);
                    }
                    _ => {}
                }
            }
            _ => {}
        }
    }

    fn query(&mut self, query: &soql::Query, is_user: bool, span: Span, id: ExprId) {
        let own = query.with.iter().find_map(|with| match with {
            soql::With::Mode(with) => Some(with.mode != soql::Mode::System),
            _ => None,
        });
        if own.unwrap_or(is_user) {
            return;
        }
        let mut selected = Selected::default();
        selected.add(query, None, &self.code.children);
        // Ids and counts are no fields.
        let is_bare = selected.fields.iter().all(|field| field == "id");
        if !is_bare {
            self.add(span, selected, vec![Need::Read], id);
            let groups = query.group_by.as_ref().and_then(|by| groups(&by.expressions)).unwrap_or_default();
            let is_summed = groups.len() == 1 || query.select.iter().all(is_sum);
            if let Some(own) = self.found.last_mut() {
                own.is_summed = is_summed;
                own.groups = groups;
            }
        }
    }

    /// The query with which a text begins, from `SELECT` to its object in one constant; none where another may begin it. Where
    /// a variable has several texts of one object, all that any of them selects.
    fn begun(&self, id: ExprId) -> Option<soql::Query> {
        let mut all = self.beginnings(id)?.into_iter().map(|value| self.begun_by(value, value == id));
        let mut first = all.next()??;
        for other in all {
            let other = other?;
            let from = |query: &soql::Query| {
                let object = query.from.first()?.object.last()?.known()?;
                Some(object.to_lowercase())
            };
            (from(&first).is_some() && from(&first) == from(&other)).then_some(())?;
            first.select.extend(other.select);
        }
        Some(first)
    }

    /// What a text is given, without what is only put behind it.
    fn beginnings(&self, id: ExprId) -> Option<Vec<ExprId>> {
        let file = self.file;
        let ExprKind::Name(name) = file.expr(id).kind else { return Some(vec![id]) };
        let Ref::Local(_) = self.code.resolution.expr(self.file_id, id).to else { return None };
        let body = self.code.program.method(self.method)?.body?;
        let mut values = Vec::new();
        file.each_stmt(body, |stmt| {
            if let StmtKind::Local { variables, .. } = &file.stmt(stmt).kind {
                let own = variables.iter().filter(|(own, _)| own.value == name);
                values.extend(own.filter_map(|(_, value)| *value));
            }
        });
        file.each_expr(body, |expr| {
            if let ExprKind::Assign { target, value, operator: None } = file.expr(expr).kind
                && matches!(file.expr(target).kind, ExprKind::Name(own) if own == name)
            {
                // `text = text + more` goes on with what is there.
                let goes_on = matches!(&file.expr(value).kind, ExprKind::Binary { first, .. }
                    if matches!(file.expr(*first).kind, ExprKind::Name(own) if own == name));
                values.extend((!goes_on).then_some(value));
            }
        });
        // With nothing the variable waits for its text.
        values.retain(|value| file.literal_text(*value).is_none_or(|text| !text.trim().is_empty()));
        Some(values)
    }

    /// Adds the constants with which a text begins; false where more than constants is in it.
    fn add_constants(&self, value: ExprId, text: &mut String) -> bool {
        if let ExprKind::Binary { first, rest } = &self.file.expr(value).kind {
            let is_joined = |operator: Operator| operator == Operator::Add;
            return self.add_constants(*first, text)
                && rest
                    .iter()
                    .all(|(operator, part)| is_joined(*operator) && self.add_constants(*part, text));
        }
        self.file.literal_text(value).is_some_and(|constant| {
            text.push_str(&constant);
            true
        })
    }

    /// `is_alone` where nothing is put behind the value.
    fn begun_by(&self, value: ExprId, is_alone: bool) -> Option<soql::Query> {
        let mut text = String::new();
        let is_constant = self.add_constants(value, &mut text);
        // What comes behind the object is the filter's.
        let words: Vec<&str> = text.split_whitespace().collect();
        // Not the one of a query for children.
        let mut depth = 0_usize;
        let from = words.iter().position(|word| {
            depth += word.matches('(').count();
            let is_own = depth == 0 && word.eq_ignore_ascii_case("from");
            depth = depth.saturating_sub(word.matches(')').count());
            is_own
        })?;
        let is_whole = is_alone && is_constant
            || words.len() > from + 2
            || text.ends_with(char::is_whitespace) && words.len() > from + 1;
        let query = soql::parse_query(&words.get(..=from + 1)?.join(" ")).value;
        (is_whole && query.knows_from() && query.knows_select()).then_some(query)
    }

    /// The constants that a text is put together of, in lower case: in the expression, or where its variable gets them.
    fn texts(&self, id: ExprId) -> Vec<String> {
        let file = self.file;
        let mut values = vec![id];
        let body = self.code.program.method(self.method).and_then(|method| method.body);
        if let (ExprKind::Name(name), Some(body)) = (&file.expr(id).kind, body) {
            file.each_stmt(body, |stmt| {
                let stmt = file.stmt(stmt);
                if let StmtKind::Local { variables, .. } = &stmt.kind {
                    let own = variables.iter().filter(|(own, _)| own.value == *name);
                    values.extend(own.filter_map(|(_, value)| *value));
                }
            });
        }
        let mut texts: Vec<(u32, String)> = Vec::new();
        while let Some(value) = values.pop() {
            if let Some(text) = file.literal_text(value) {
                texts.push((file.expr(value).span.start, text.to_lowercase()));
            }
            values.extend(file.parts(value));
        }
        texts.sort();
        texts.into_iter().map(|(_, text)| text).collect()
    }

    /// Whether a query's text begins with a count and selects nothing else.
    fn counts(&self, id: ExprId) -> bool {
        // What a variable holds may be another text by then.
        if matches!(self.file.expr(id).kind, ExprKind::Name(_)) {
            return false;
        }
        let texts = self.texts(id);
        let begins = |text: &String| text.split_whitespace().collect::<String>().starts_with("selectcount()");
        texts.first().is_some_and(begins)
            && texts.iter().skip(1).all(|text| !text.trim_start().starts_with("select"))
    }

    /// `FROM X` in those constants.
    fn object_in_texts(&self, id: ExprId) -> Option<String> {
        self.texts(id).into_iter().find_map(|text| {
            let (_, rest) = text.split_once(" from ").or_else(|| text.split_once("from "))?;
            let object = rest.split_whitespace().next()?.to_owned();
            (!object.is_empty()).then_some(object)
        })
    }
}

/// What a query groups by, where it says: `Doctor__r.Name` is the same as `Doctor__c`.
fn groups(by: &[soql::Expression]) -> Option<BTreeSet<String>> {
    let group = |one: &soql::Expression| {
        let soql::Expression::Field(path) = one else { return None };
        let names: Option<Vec<&str>> = path.names.iter().map(|name| name.known()).collect();
        let path = names?.join(".").to_lowercase();
        let record = path.strip_suffix(".name").or_else(|| path.strip_suffix(".id"));
        let lookup = record.and_then(|record| record.strip_suffix("__r"));
        Some(lookup.map_or_else(|| path.clone(), |lookup| format!("{lookup}__c")))
    };
    by.iter().map(group).collect()
}

fn is_sum(item: &soql::SelectItem) -> bool {
    const SUMS: [&str; 4] = ["COUNT", "COUNT_DISTINCT", "SUM", "AVG"];
    matches!(item, soql::SelectItem::Call(call, _) if SUMS.iter().any(|sum| call.function.is(sum)))
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
