//! Records that are the running user's own, or that the same code has just made.

use apex::ast::{ExprId, ExprKind, File, Operator, StmtId, StmtKind};
use apex::{FileId, MethodId, Ref, Ty};
use soql::{Condition, Value};
use source::Span;

use super::Code;
use crate::classification::is_of_another_person;

/// How far a name is followed to where it gets its value, and how many values it may have.
const NAMES: u8 = 4;
/// From a list over its loop and its query to a record, each with a name.
const RECORDS: u8 = 8;
const VALUES: usize = 8;

impl Code {
    /// Whether a query wants nothing but records that the running user owns: an owner always has access, so that sharing
    /// would leave none of them out.
    pub(crate) fn is_owned_by_the_user(&self, method: MethodId, span: Span) -> bool {
        self.asker(method).is_some_and(|asker| {
            asker.wants_at(span, &|field, bound| {
                matches!(field, "ownerid" | "owner.id") && asker.is_user(bound, NAMES)
            })
        })
    }

    /// Whether a query wants records of the user who runs it: those that he owns or made, his own contact or account, and
    /// what hangs on these.
    pub(crate) fn is_of_the_user(&self, method: MethodId, span: Span) -> bool {
        self.asker(method)
            .is_some_and(|asker| asker.wants_at(span, &|field, bound| asker.is_own(field, bound, NAMES)))
    }

    /// Whether an operation reads or changes records of the user who runs it, and no others.
    pub(crate) fn is_on_own_records(&self, operation: &super::Access) -> bool {
        if operation.needs == [super::Need::Read] {
            return self.is_of_the_user(operation.method, operation.span);
        }
        let is_change = !operation.needs.contains(&super::Need::Create);
        is_change
            && self.asker(operation.method).is_some_and(|asker| {
                asker.has_owner_tested(operation.value, operation.span)
                    || asker.is_own_record(operation.value, RECORDS)
            })
    }

    /// Whether records that are added are made by the method itself, which sets what is in them, and are not such as a
    /// caller hands in with any of their fields.
    pub(crate) fn is_made_there(&self, operation: &super::Access) -> bool {
        self.asker(operation.method).is_some_and(|asker| {
            asker.is_made_by_itself(operation.value, RECORDS) && self.names_what_it_sets(operation)
        })
    }

    /// Whether what a write takes is called after others than patients: `update provider`.
    pub(crate) fn is_of_others(&self, operation: &super::Access) -> bool {
        let Some(file) = self.program.file(operation.file) else { return false };
        let name = match file.expr(operation.value).kind {
            ExprKind::Name(name) => name,
            ExprKind::Field { name, .. } => name.value,
            _ => return false,
        };
        operation.needs != [super::Need::Read] && is_of_another_person(self.program.names.written(name))
    }

    /// Whether a query asks for records of others than patients by what they are: `Provider_Type__c = 'Physician'`.
    pub(crate) fn is_narrowed_to_others(&self, method: MethodId, span: Span) -> bool {
        self.asker(method).is_some_and(|asker| {
            asker.query_at(span).is_some_and(|(query, _)| {
                query
                    .where_
                    .as_ref()
                    .is_some_and(|filter| dataflow::asks_for_others(filter, &is_of_another_person))
            })
        })
    }

    /// Whether what stands at a place runs only for the profile of system administrators, who see all records anyway.
    pub(crate) fn is_for_administrators(&self, method: MethodId, span: Span) -> bool {
        self.asker(method).is_some_and(|asker| {
            // The profile may be another user's, whom somebody looks up.
            let text =
                asker.method.body.map_or("", |body| asker.file.source.slice(asker.file.stmt(body).span));
            let text = text.to_ascii_lowercase();
            if !["userinfo.getprofileid", "userinfo.getuserid"].iter().any(|own| text.contains(own)) {
                return false;
            }
            let is_text = |expr: ExprId| {
                let text = asker.file.literal_text(expr).unwrap_or_default();
                text.eq_ignore_ascii_case("System Administrator")
            };
            let is_profile = |expr: ExprId| {
                let ExprKind::Field { object, name, .. } = asker.file.expr(expr).kind else { return false };
                let names = &asker.code.program.names;
                let of = asker.code.resolution.expr(asker.file_id, object).ty.object();
                names.folded(name.value) == "name" && of.is_some_and(|of| names.folded(of) == "profile")
            };
            let same = |left: ExprId, right: ExprId| is_profile(left) && is_text(right);
            let asks = |condition: ExprId, holds: bool| asker.says(condition, holds, NAMES, &same);
            asker.runs_only_where(span, &asks)
        })
    }

    /// Whether a query is put together in the method itself, and nothing but Ids, numbers and dates stands before its
    /// `ORDER BY` beside constants.
    pub(crate) fn puts_texts_behind_order(&self, at: dataflow::Spot) -> bool {
        self.asker(at.method).is_some_and(|asker| asker.has_texts_behind_order(at.span))
    }

    /// The method in whose body a place of a file is.
    pub(crate) fn method_at(&self, file: FileId, span: Span) -> Option<MethodId> {
        let mut found: Option<(u32, MethodId)> = None;
        for (id, method) in (0_u32..).map(MethodId).zip(&self.program.methods) {
            let Some(body) = method.body.filter(|_| method.file == file) else { continue };
            let own = self.program.file(file).map(|file| file.stmt(body).span);
            if let Some(own) = own.filter(|own| own.start <= span.start && span.end <= own.end)
                && found.is_none_or(|(length, _)| own.end - own.start < length)
            {
                found = Some((own.end - own.start, id));
            }
        }
        found.map(|(_, id)| id)
    }

    /// What the code that is no test passes to a method where it calls it; none where something else may call it, too.
    pub(super) fn passed(&self, callee: MethodId, at: usize) -> Option<Vec<(MethodId, ExprId)>> {
        if self.exposed.contains_key(&callee) {
            return None;
        }
        let mut found = Vec::new();
        for (caller, own) in (0_u32..).map(MethodId).zip(&self.callees) {
            let Some(method) = self.program.method(caller).filter(|method| !method.is_test) else { continue };
            if !own.contains(&callee) {
                continue;
            }
            // What runs for first values has no body to look at.
            let (Some(file), Some(body)) = (self.program.file(method.file), method.body) else { return None };
            let before = found.len();
            file.each_expr(body, |expr| {
                if let ExprKind::Call { args, .. } = &file.expr(expr).kind
                    && matches!(self.resolution.expr(method.file, expr).to, Ref::Method { method, .. } if method == callee)
                {
                    found.extend(args.get(at).map(|arg| (caller, *arg)));
                }
            });
            // By another name: through an interface, or as a constructor.
            if found.len() == before {
                return None;
            }
        }
        (1..=VALUES).contains(&found.len()).then_some(found)
    }

    /// Whether a query wants one record, by the id that it got when the method inserted it.
    pub(crate) fn is_of_one_just_made(&self, method: MethodId, span: Span) -> bool {
        self.asker(method)
            .is_some_and(|asker| asker.wants_at(span, &|field, bound| field == "id" && asker.is_made(bound)))
    }

    /// Whether a query asks for records by one value in a field, so that whoever asks knows it.
    pub(super) fn is_asked_by(&self, method: MethodId, span: Span, field: &str) -> bool {
        self.asker(method).is_some_and(|asker| {
            asker.wants_at(span, &|named, bound| {
                let Bound::Expr(value) = bound else { return false };
                let ty = &self.resolution.expr(asker.file_id, *value).ty;
                named.eq_ignore_ascii_case(field) && matches!(ty, Ty::Text | Ty::Id | Ty::Number | Ty::Date)
            })
        })
    }

    pub(super) fn asker(&self, id: MethodId) -> Option<Asker<'_>> {
        let method = self.program.method(id)?;
        Some(Asker { code: self, id, file_id: method.file, file: self.program.file(method.file)?, method })
    }
}

/// Whether a query's text goes on behind its own `ORDER BY`, and not that of one for children, or within quotes.
pub(crate) fn orders(text: &str) -> bool {
    let (mut depth, mut is_quoted, mut plain) = (0_u32, false, String::new());
    for letter in text.chars() {
        match letter {
            '\'' => is_quoted = !is_quoted,
            '(' if !is_quoted => depth += 1,
            ')' if !is_quoted => depth = depth.saturating_sub(1),
            _ if depth == 0 && !is_quoted => plain.push(letter.to_ascii_lowercase()),
            _ => {}
        }
    }
    let words: Vec<&str> = plain.split_whitespace().collect();
    let from = words.iter().position(|word| *word == "from");
    let by = words.windows(2).position(|pair| pair == ["order", "by"]);
    depth == 0 && !is_quoted && from.zip(by).is_some_and(|(from, by)| from < by)
}

/// Whether a text is a call that makes a user of whoever registers himself.
fn registers(text: &str) -> bool {
    ["site.createexternaluser(", "site.createportaluser(", "site.createpersonaccountportaluser("]
        .iter()
        .any(|call| text.starts_with(call) || text.starts_with(&format!("system.{call}")))
}

/// A method that asks for records.
pub(super) struct Asker<'c> {
    pub(super) code: &'c Code,
    pub(super) id: MethodId,
    pub(super) file_id: FileId,
    pub(super) file: &'c File,
    pub(super) method: &'c apex::Method,
}

/// What a condition compares with.
enum Bound<'q> {
    Expr(ExprId),
    Query(&'q soql::Query, &'q [ExprId]),
}

/// Whether a field that is equal to something is such a one.
type Such<'s> = &'s dyn Fn(&str, &Bound<'_>) -> bool;

impl Asker<'_> {
    pub(super) fn text(&self, expr: ExprId) -> String {
        let written = self.file.source.slice(self.file.expr(expr).span);
        written.split_whitespace().collect::<String>().to_lowercase()
    }

    /// The query at a place, and what it binds.
    fn query_at(&self, span: Span) -> Option<(soql::Query, &[ExprId])> {
        let mut found = None;
        self.file.each_expr(self.method.body?, |expr| {
            if self.file.expr(expr).span == span {
                found = found.or(Some(expr));
            }
        });
        self.query(found?)
    }

    fn query(&self, expr: ExprId) -> Option<(soql::Query, &[ExprId])> {
        match &self.file.expr(expr).kind {
            ExprKind::Query { text, binds, is_search: false } => {
                Some((soql::parse_query(self.file.source.slice(*text)).value, binds))
            }
            _ => None,
        }
    }

    /// Whether one of the conditions that all hold for what the query at a place gives is such a one.
    fn wants_at(&self, span: Span, is_such: Such<'_>) -> bool {
        self.query_at(span).is_some_and(|query| self.wants_of(&query, is_such))
    }

    fn wants(&self, expr: ExprId, is_such: Such<'_>) -> bool {
        self.query(expr).is_some_and(|query| self.wants_of(&query, is_such))
    }

    fn wants_of(&self, (query, binds): &(soql::Query, &[ExprId]), is_such: Such<'_>) -> bool {
        query.where_.as_ref().is_some_and(|filter| self.has(filter, binds, is_such))
    }

    fn has(&self, filter: &Condition, binds: &[ExprId], is_such: Such<'_>) -> bool {
        match filter {
            Condition::And(all) => all.conditions.iter().any(|one| self.has(one, binds, is_such)),
            // `or` lets others in.
            Condition::Or(all) => all.conditions.iter().all(|one| self.has(one, binds, is_such)),
            Condition::Comparison(one) => {
                let soql::Expression::Field(path) = &one.left else { return false };
                let names: Option<Vec<&str>> = path.names.iter().map(|name| name.known()).collect();
                let Some(field) = names.map(|names| names.join(".").to_lowercase()) else { return false };
                let bound = match (&one.value, one.operator) {
                    (Value::Bind(bind), soql::Operator::Equal | soql::Operator::In) => {
                        let written: String = bind.text.split_whitespace().collect();
                        let own = binds.iter().find(|own| self.text(**own) == written.to_lowercase());
                        own.map(|own| Bound::Expr(*own))
                    }
                    (Value::Query(inner), soql::Operator::In) => Some(Bound::Query(&inner.query, binds)),
                    _ => None,
                };
                bound.is_some_and(|bound| is_such(&field, &bound))
            }
            _ => false,
        }
    }

    /// Whether records with this in a field are the user's own.
    fn is_own(&self, field: &str, bound: &Bound<'_>, depth: u8) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        match bound {
            // The contact or account of the user's own record, or whom a junction puts to these.
            Bound::Query(inner, binds) => {
                let from = inner.from.first().and_then(|from| from.object.last());
                let is_users = from.is_some_and(|name| name.is("user"));
                let is_his = |inner: &str, bound: &Bound<'_>| match (is_users, bound) {
                    (true, _) => inner == "id" && self.is_user(bound, depth),
                    // Of a junction that he made himself he chose who it is.
                    (false, Bound::Expr(expr)) => {
                        matches!(field, "id" | "contactid") && self.is_his_contact(*expr, depth)
                    }
                    (false, Bound::Query(..)) => false,
                };
                inner.where_.as_ref().is_some_and(|filter| self.has(filter, binds, &is_his))
            }
            Bound::Expr(_) if matches!(field, "ownerid" | "owner.id" | "createdbyid" | "createdby.id") => {
                self.is_user(bound, depth)
            }
            // What hangs on a record of his: of his list there the first, or the one.
            Bound::Expr(expr) => {
                // With the account come all of its people.
                field != "accountid" && self.is_his_contact(*expr, depth)
                    || self.of_record(*expr).is_some_and(|record| {
                        let is_his = |value: &ExprId| {
                            self.wants(*value, &|field, bound| self.is_own(field, bound, depth))
                        };
                        self.values(record).is_some_and(|values| values.iter().all(is_his))
                    })
            }
        }
    }

    fn has_texts_behind_order(&self, call: Span) -> bool {
        let Some(body) = self.method.body else { return false };
        let mut argument = None;
        self.file.each_expr(body, |expr| {
            if let ExprKind::Call { args, .. } = &self.file.expr(expr).kind
                && self.file.expr(expr).span == call
            {
                argument = args.first().copied();
            }
        });
        let Some(argument) = argument else { return false };
        let mut todo = match self.file.expr(argument).kind {
            ExprKind::Name(_) => self.values(argument).unwrap_or_default(),
            _ => vec![argument],
        };
        let mut pieces = Vec::new();
        while let Some(piece) = todo.pop() {
            match &self.file.expr(piece).kind {
                ExprKind::Binary { first, rest } => {
                    todo.push(*first);
                    todo.extend(rest.iter().map(|(_, part)| *part));
                }
                // `query = query + more`
                ExprKind::Name(_) if self.to(piece) == self.to(argument) => {}
                _ => pieces.push(piece),
            }
        }
        pieces.sort_by_key(|piece| self.file.expr(*piece).span.start);
        // As far as one text follows the other; where another takes its place, nobody knows.
        let begins = |piece: &ExprId| {
            let text = self.file.literal_text(*piece).unwrap_or_default().trim_start().to_ascii_lowercase();
            text.starts_with("select") || text.starts_with("find")
        };
        let mut known = String::new();
        let end = pieces.iter().position(|piece| {
            known += &self.file.literal_text(*piece).unwrap_or_default();
            orders(&known)
        });
        let Some(end) = end.filter(|_| pieces.iter().filter(|piece| begins(piece)).count() == 1) else {
            return false;
        };
        pieces.iter().take(end).all(|piece| {
            let ty = &self.code.resolution.expr(self.file_id, *piece).ty;
            self.file.literal_text(*piece).is_some() || ty.is_scalar() && !matches!(ty, Ty::Text)
        })
    }

    /// Whether an expression is the id of the contact or account that the running user's own record names.
    fn is_his_contact(&self, expr: ExprId, depth: u8) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        if let ExprKind::Name(_) = self.file.expr(expr).kind {
            return self
                .values(expr)
                .is_some_and(|all| all.iter().all(|value| self.is_his_contact(*value, depth)));
        }
        let ExprKind::Field { object, name, .. } = self.file.expr(expr).kind else { return false };
        let user = match self.file.expr(object).kind {
            ExprKind::Index { list, .. } => list,
            _ => object,
        };
        let by_id = |field: &str, bound: &Bound<'_>| field == "id" && self.is_user(bound, depth);
        let is_his =
            |value: &ExprId| self.text(*value).contains("fromuserwhere") && self.wants(*value, &by_id);
        let is_user = match self.file.expr(user).kind {
            ExprKind::Name(_) => self.values(user).is_some_and(|all| {
                let mut filled = all.iter().filter(|value| !self.is_empty(**value)).peekable();
                filled.peek().is_some() && filled.all(is_his)
            }),
            _ => is_his(&user),
        };
        is_user && matches!(self.code.program.names.folded(name.value), "contactid" | "accountid")
    }

    /// Whether a query asks for the running user's own record.
    fn is_his_user(&self, expr: ExprId) -> bool {
        let by_id = |field: &str, bound: &Bound<'_>| field == "id" && self.is_user(bound, NAMES);
        self.text(expr).contains("fromuserwhere") && self.wants(expr, &by_id)
    }

    /// A list or record in which nothing is.
    fn is_empty(&self, value: ExprId) -> bool {
        match &self.file.expr(value).kind {
            ExprKind::New { args, .. } => args.is_empty(),
            ExprKind::NewList { size: None, elements, .. } => elements.is_empty(),
            _ => false,
        }
    }

    /// Whether an expression is the id of the user who runs the code.
    fn is_user(&self, bound: &Bound<'_>, depth: u8) -> bool {
        let (Bound::Expr(expr), Some(depth)) = (bound, depth.checked_sub(1)) else { return false };
        if self.text(*expr) == "userinfo.getuserid()" {
            return true;
        }
        // Of a user's record his id, and not his manager's.
        let name = self.of_record(*expr).unwrap_or(*expr);
        if let Some(at) = self.parameter(name) {
            let passed = self.code.passed(self.id, at);
            return passed.is_some_and(|all| {
                all.iter().all(|(caller, arg)| {
                    self.code.asker(*caller).is_some_and(|asker| asker.is_user(&Bound::Expr(*arg), depth))
                })
            });
        }
        let is_his = |value: &ExprId| {
            let text = self.text(*value);
            let by_id = |field: &str, bound: &Bound<'_>| field == "id" && self.is_user(bound, depth);
            text == "userinfo.getuserid()"
                || text == "newuser()"
                || registers(&text)
                || text.contains("fromuserwhere") && self.wants(*value, &by_id)
        };
        self.values(name).is_some_and(|values| values.iter().all(is_his))
    }

    /// Whether it is the id of what a variable of the method holds that is given nothing but new records, and inserted.
    fn is_made(&self, bound: &Bound<'_>) -> bool {
        let Bound::Expr(expr) = bound else { return false };
        let Some(record) = self.of_record(*expr) else { return false };
        let (Ref::Local(_), Some(body)) = (self.to(record), self.method.body) else { return false };
        let is_new = |value: &ExprId| matches!(self.file.expr(*value).kind, ExprKind::New { .. });
        let mut is_inserted = false;
        self.file.each_stmt(body, |stmt| {
            if let StmtKind::Dml { operation: apex::ast::Dml::Insert, target, .. } =
                &self.file.stmt(stmt).kind
            {
                is_inserted |= self.to(*target) == self.to(record);
            }
        });
        is_inserted && self.values(record).is_some_and(|values| values.iter().all(is_new))
    }

    fn is_made_by_itself(&self, expr: ExprId, depth: u8) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        match &self.file.expr(expr).kind {
            ExprKind::New { args, .. } => {
                // A list of what is in another, and no record with its fields.
                args.iter().all(|arg| {
                    matches!(self.file.expr(*arg).kind, ExprKind::Assign { .. })
                        || self.is_made_by_itself(*arg, depth)
                })
            }
            ExprKind::NewList { elements, .. } => {
                elements.iter().all(|one| self.is_made_by_itself(*one, depth))
            }
            ExprKind::Name(_) => {
                if let Some(over) = self.each_of(expr) {
                    return self.is_made_by_itself(over, depth);
                }
                if let Some(at) = self.parameter(expr) {
                    return self.code.passed(self.id, at).is_some_and(|all| {
                        all.iter().all(|(caller, arg)| {
                            self.code.asker(*caller).is_some_and(|asker| asker.is_made_by_itself(*arg, depth))
                        })
                    });
                }
                let Some(values) = self.values(expr) else { return false };
                // Whoever is handed a record does not make it another; a list may be filled.
                let is_record = matches!(self.code.resolution.expr(self.file_id, expr).ty, Ty::Record(_));
                let Some(added) = (if is_record { Some(Vec::new()) } else { self.added(expr) }) else {
                    return false;
                };
                let is_null = |value: &ExprId| self.code.resolution.expr(self.file_id, *value).ty == Ty::Null;
                values
                    .iter()
                    .chain(&added)
                    .filter(|value| !is_null(value))
                    .all(|value| self.is_made_by_itself(*value, depth))
            }
            ExprKind::Call { .. } => match self.to(expr) {
                Ref::Method { method, is_virtual: false } => self.returns_made(method, depth),
                Ref::Method { .. } => false,
                _ => self.is_clone_of_known(expr),
            },
            _ => false,
        }
    }

    /// Whether all that a method returns is made by it.
    fn returns_made(&self, method: MethodId, depth: u8) -> bool {
        let Some(asker) = self.code.asker(method) else { return false };
        let all = asker.returns();
        !all.is_empty() && all.iter().all(|value| asker.is_made_by_itself(*value, depth))
    }

    /// What the method returns.
    pub(super) fn returns(&self) -> Vec<ExprId> {
        let mut all = Vec::new();
        if let Some(body) = self.method.body {
            self.file.each_stmt(body, |stmt| {
                if let StmtKind::Return(Some(value)) = self.file.stmt(stmt).kind {
                    all.push(value);
                }
            });
        }
        all
    }

    /// Which parameter a name is that nothing else is given to.
    pub(super) fn parameter(&self, name: ExprId) -> Option<usize> {
        let Ref::Local(slot) = self.to(name) else { return None };
        let body = self.method.body?;
        let mut is_changed = false;
        self.file.each_expr(body, |expr| {
            if let ExprKind::Assign { target, .. } = self.file.expr(expr).kind {
                is_changed |= self.to(target) == Ref::Local(slot);
            }
        });
        let slot = slot as usize;
        (slot < self.method.parameters.len() && !is_changed).then_some(slot)
    }

    /// Whether records are the user's own: what a query for his own gave, one of these, or a list of such, and new ones with
    /// the ids of such.
    fn is_own_record(&self, expr: ExprId, depth: u8) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        let is_his = |field: &str, bound: &Bound<'_>| self.is_own(field, bound, NAMES);
        match &self.file.expr(expr).kind {
            ExprKind::Query { .. } => self.wants(expr, &is_his) || self.is_his_user(expr),
            ExprKind::Index { list, .. } => self.is_own_record(*list, depth),
            // `user.Contact`
            ExprKind::Field { object, name, .. } => {
                matches!(self.code.program.names.folded(name.value), "contact" | "account")
                    && self
                        .values(*object)
                        .is_some_and(|all| all.iter().all(|value| self.is_his_user(*value)))
            }
            ExprKind::New { args, .. } => {
                let id = args.iter().find_map(|arg| match self.file.expr(*arg).kind {
                    ExprKind::Assign { target, value, .. } => (self.text(target) == "id").then_some(value),
                    _ => None,
                });
                id.and_then(|id| self.of_record(id)).is_some_and(|of| self.is_own_record(of, depth))
            }
            ExprKind::Name(_) => {
                if let Some(over) = self.each_of(expr) {
                    return self.is_own_record(over, depth);
                }
                let Some(values) = self.values(expr) else { return false };
                let rest: Vec<ExprId> = values.into_iter().filter(|value| !self.is_empty(*value)).collect();
                let added = self.added(expr);
                let is_filled = !rest.is_empty() || added.as_ref().is_some_and(|all| !all.is_empty());
                is_filled
                    && added.is_some_and(|all| {
                        rest.iter().chain(&all).all(|value| self.is_own_record(*value, depth))
                    })
            }
            _ => false,
        }
    }

    /// Over what the loop goes whose variable a name is.
    pub(super) fn each_of(&self, name: ExprId) -> Option<ExprId> {
        let Ref::Local(slot) = self.to(name) else { return None };
        let mut found = None;
        self.file.each_stmt(self.method.body?, |stmt| {
            if let StmtKind::ForEach { over, .. } = self.file.stmt(stmt).kind
                && self.code.resolution.slot(self.file_id, stmt) == Some(slot)
            {
                found = Some(over);
            }
        });
        found
    }

    /// What is added to a list one by one; none where it is handed to somebody who may add to it.
    pub(super) fn added(&self, list: ExprId) -> Option<Vec<ExprId>> {
        let to = self.to(list);
        let mut found = Vec::new();
        let mut is_handed = false;
        self.file.each_expr(self.method.body?, |expr| {
            let (receiver, name, args) = match &self.file.expr(expr).kind {
                ExprKind::Call { receiver, name, args, .. } => (receiver, name, args),
                // Whoever else has it may fill it.
                ExprKind::New { args, .. } if matches!(self.to(expr), Ref::New { .. }) => {
                    is_handed |= args.iter().any(|arg| self.to(*arg) == to);
                    return;
                }
                ExprKind::Assign { value, .. } => {
                    is_handed |= self.to(*value) == to;
                    return;
                }
                _ => return,
            };
            if receiver.is_some_and(|of| self.to(of) == to) {
                match (self.code.program.names.folded(name.value), args.as_slice()) {
                    ("add", [one]) | ("put", [_, one]) => found.push(*one),
                    ("add" | "addall" | "put" | "putall" | "set", _) => is_handed = true,
                    _ => {}
                }
            } else if matches!(self.to(expr), Ref::Method { .. }) {
                is_handed |= args.iter().any(|arg| self.to(*arg) == to);
            }
        });
        (!is_handed && found.len() <= VALUES).then_some(found)
    }

    /// Whether what stands at a place runs only where the user owns the record of this name: inside of a branch that asks,
    /// or behind one that ends where he does not.
    fn has_owner_tested(&self, record: ExprId, span: Span) -> bool {
        let ExprKind::Name(name) = self.file.expr(record).kind else { return false };
        // What a client hands in says of its owner what the client likes.
        let is_read = |value: &ExprId| matches!(self.file.expr(*value).kind, ExprKind::Query { .. });
        if !self.values(record).is_some_and(|values| !values.is_empty() && values.iter().all(is_read)) {
            return false;
        }
        let name = self.code.program.names.folded(name);
        let asks = |condition: ExprId, holds: bool| self.asks_owner(condition, name, holds, NAMES);
        self.runs_only_where(span, &asks)
    }

    /// Whether a condition has to hold, or not to, for what stands at a place to run.
    pub(super) fn runs_only_where(&self, span: Span, asks: &dyn Fn(ExprId, bool) -> bool) -> bool {
        let Some(body) = self.method.body else { return false };
        let is_within = |stmt: StmtId| {
            let own = self.file.stmt(stmt).span;
            own.start <= span.start && span.end <= own.end
        };
        let mut found = false;
        self.file.each_stmt(body, |stmt| match &self.file.stmt(stmt).kind {
            StmtKind::If { condition, yes, no } => {
                found |= is_within(*yes) && asks(*condition, true)
                    || no.is_some_and(is_within) && asks(*condition, false);
            }
            StmtKind::Block(all) if is_within(stmt) => {
                let before = all.iter().take_while(|one| self.file.stmt(**one).span.end <= span.start);
                found |= before.into_iter().any(|one| match self.file.stmt(*one).kind {
                    StmtKind::If { condition, yes, no: None } => self.is_left(yes) && asks(condition, false),
                    _ => false,
                });
            }
            _ => {}
        });
        found
    }

    fn is_left(&self, stmt: StmtId) -> bool {
        match &self.file.stmt(stmt).kind {
            StmtKind::Block(all) => all.last().is_some_and(|last| self.is_left(*last)),
            StmtKind::Return(_) | StmtKind::Throw(_) => true,
            _ => false,
        }
    }

    /// Whether a condition that holds, or does not, says of the record that the user owns it.
    fn asks_owner(&self, condition: ExprId, record: &str, holds: bool, depth: u8) -> bool {
        self.says(condition, holds, depth, &|left, right| {
            let owner = [format!("{record}.ownerid"), format!("{record}.owner.id")];
            owner.contains(&self.text(left)) && self.is_user(&Bound::Expr(right), NAMES)
        })
    }

    /// Whether a condition that holds, or does not, says that two things are the same.
    fn says(&self, condition: ExprId, holds: bool, depth: u8, same: &dyn Fn(ExprId, ExprId) -> bool) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        match &self.file.expr(condition).kind {
            ExprKind::Unary { value } if self.text(condition).starts_with('!') => {
                self.says(*value, !holds, depth, same)
            }
            ExprKind::Binary { first, rest } => {
                let joins = if holds { Operator::And } else { Operator::Or };
                let wanted = if holds { Operator::Equal } else { Operator::NotEqual };
                match rest.as_slice() {
                    [(operator, second)] if *operator == wanted => {
                        same(*first, *second) || same(*second, *first)
                    }
                    all if all.iter().all(|(operator, _)| *operator == joins) => std::iter::once(*first)
                        .chain(all.iter().map(|(_, part)| *part))
                        .any(|part| self.says(part, holds, depth, same)),
                    _ => false,
                }
            }
            // What the answer was kept as.
            ExprKind::Name(_) => self
                .values(condition)
                .is_some_and(|values| values.iter().all(|value| self.says(*value, holds, depth, same))),
            _ => false,
        }
    }

    pub(super) fn to(&self, expr: ExprId) -> Ref {
        self.code.resolution.expr(self.file_id, expr).to
    }

    /// Of `x.Id` and `x[0].Id` the name of `x`.
    fn of_record(&self, expr: ExprId) -> Option<ExprId> {
        let ExprKind::Field { object, name, .. } = &self.file.expr(expr).kind else { return None };
        let is_id = self.code.program.names.folded(name.value) == "id";
        let record = match self.file.expr(*object).kind {
            ExprKind::Index { list, .. } => list,
            _ => *object,
        };
        (is_id && matches!(self.file.expr(record).kind, ExprKind::Name(_))).then_some(record)
    }

    /// All that a name is given: nothing where others may give it something, as a parameter or what a page sets.
    pub(super) fn values(&self, name: ExprId) -> Option<Vec<ExprId>> {
        let to = self.to(name);
        let mut found = Vec::new();
        match to {
            Ref::Local(slot) => {
                let body = self.method.body?;
                let mut is_declared = false;
                self.file.each_stmt(body, |stmt| {
                    let StmtKind::Local { variables, .. } = &self.file.stmt(stmt).kind else { return };
                    let Some(first) = self.code.resolution.slot(self.file_id, stmt) else { return };
                    for (own, (_, value)) in (first..).zip(variables) {
                        is_declared |= own == slot;
                        found.extend(value.filter(|_| own == slot));
                    }
                });
                is_declared.then_some(())?;
                self.file.each_expr(body, |expr| {
                    let ExprKind::Assign { target, value, .. } = self.file.expr(expr).kind else { return };
                    found.extend(Some(value).filter(|_| self.to(target) == to));
                });
            }
            Ref::Variable(id) => {
                let own = self.code.program.variable(id)?;
                let rest = self.file.source.text().get(own.span.end as usize..)?;
                let is_property = rest.trim_start().starts_with('{');
                let is_here =
                    self.code.program.class(own.class).is_some_and(|class| class.file == self.file_id);
                (is_here && !is_property).then_some(())?;
                found.extend(own.value);
                for expr in &self.file.exprs {
                    let ExprKind::Assign { target, value, .. } = expr.kind else { continue };
                    found.extend(Some(value).filter(|_| self.to(target) == to));
                }
            }
            _ => return None,
        }
        (1..=VALUES).contains(&found.len()).then_some(found)
    }
}
