//! Records that are the running user's own, or that the same code has just made.

use apex::ast::{ExprId, ExprKind, File, StmtKind};
use apex::{FileId, MethodId, Ref};
use soql::{Condition, Operator, Value};
use source::Span;

use super::Code;

/// How far a name is followed to where it gets its value, and how many values it may have.
const NAMES: u8 = 4;
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

    /// Whether a query wants one record, by the id that it got when the method inserted it.
    pub(crate) fn is_of_one_just_made(&self, method: MethodId, span: Span) -> bool {
        self.asker(method)
            .is_some_and(|asker| asker.wants_at(span, &|field, bound| field == "id" && asker.is_made(bound)))
    }

    fn asker(&self, id: MethodId) -> Option<Asker<'_>> {
        let method = self.program.method(id)?;
        Some(Asker { code: self, file_id: method.file, file: self.program.file(method.file)?, method })
    }
}

/// A method that asks for records.
struct Asker<'c> {
    code: &'c Code,
    file_id: FileId,
    file: &'c File,
    method: &'c apex::Method,
}

/// What a condition compares with.
enum Bound<'q> {
    Expr(ExprId),
    Query(&'q soql::Query, &'q [ExprId]),
}

/// Whether a field that is equal to something is such a one.
type Such<'s> = &'s dyn Fn(&str, &Bound<'_>) -> bool;

impl Asker<'_> {
    fn text(&self, expr: ExprId) -> String {
        let written = self.file.source.slice(self.file.expr(expr).span);
        written.split_whitespace().collect::<String>().to_lowercase()
    }

    /// Whether one of the conditions that all hold for what the query at a place gives is such a one.
    fn wants_at(&self, span: Span, is_such: Such<'_>) -> bool {
        let Some(body) = self.method.body else { return false };
        let mut found = None;
        self.file.each_expr(body, |expr| {
            if self.file.expr(expr).span == span {
                found = found.or(Some(expr));
            }
        });
        found.is_some_and(|expr| self.wants(expr, is_such))
    }

    fn wants(&self, expr: ExprId, is_such: Such<'_>) -> bool {
        let ExprKind::Query { text, binds, is_search: false } = &self.file.expr(expr).kind else {
            return false;
        };
        let parsed = soql::parse_query(self.file.source.slice(*text));
        parsed.value.where_.as_ref().is_some_and(|filter| self.has(filter, binds, is_such))
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
                    (Value::Bind(bind), Operator::Equal | Operator::In) => {
                        let written: String = bind.text.split_whitespace().collect();
                        let own = binds.iter().find(|own| self.text(**own) == written.to_lowercase());
                        own.map(|own| Bound::Expr(*own))
                    }
                    (Value::Query(inner), Operator::In) => Some(Bound::Query(&inner.query, binds)),
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
            // The contact or account of the user's own record.
            Bound::Query(inner, binds) => {
                let from = inner.from.first().and_then(|from| from.object.last());
                let filter = inner.where_.as_ref().filter(|_| from.is_some_and(|name| name.is("user")));
                let is_his = |field: &str, bound: &Bound<'_>| field == "id" && self.is_user(bound, depth);
                filter.is_some_and(|filter| self.has(filter, binds, &is_his))
            }
            Bound::Expr(_) if matches!(field, "ownerid" | "owner.id" | "createdbyid" | "createdby.id") => {
                self.is_user(bound, depth)
            }
            // What hangs on a record of his: of his list there the first, or the one.
            Bound::Expr(expr) => self.of_record(*expr).is_some_and(|record| {
                let is_his =
                    |value: &ExprId| self.wants(*value, &|field, bound| self.is_own(field, bound, depth));
                self.values(record).is_some_and(|values| values.iter().all(is_his))
            }),
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
        let is_his = |value: &ExprId| {
            let text = self.text(*value);
            let by_id = |field: &str, bound: &Bound<'_>| field == "id" && self.is_user(bound, depth);
            text == "userinfo.getuserid()"
                || text == "newuser()"
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

    fn to(&self, expr: ExprId) -> Ref {
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
    fn values(&self, name: ExprId) -> Option<Vec<ExprId>> {
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
