//! Database operations of methods that run in system mode, with what they read or change.

use std::collections::BTreeSet;

use apex::ast::{Dml, ExprId, ExprKind, File, Mode, Operator, StmtId, StmtKind};
use apex::{FileId, MethodId, Ref};
use source::Span;

use super::database::{Does, does};
use super::selected::Selected;
use super::{Code, Need};

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
