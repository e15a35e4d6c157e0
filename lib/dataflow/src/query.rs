//! What a query gives: records with the fields that it selects.

use std::collections::BTreeSet;
use std::sync::Arc;

use apex::ast::ExprId;
use apex::{Name, Ty};
use soql::{Condition, FieldGroup, Mode, Query, SelectItem, Statement};
use source::Span;

use crate::asked::{Asked, At, parsed};
use crate::body::{Body, Site};
use crate::value::{Did, Key, Label, Labels, ObjId, Origin, Text, Value, step};

impl Body<'_> {
    pub(crate) fn query(&mut self, text: &str, is_search: bool, id: ExprId, span: Span) -> Value {
        if matches!(self.ty(id), Ty::Number) {
            return Value::default();
        }
        if is_search {
            let searched = soql::parse_search(text);
            let lists = self.fresh(Site::Expr(id), &Ty::list(Ty::list(Ty::Record(None))));
            let mut count = 1;
            for returning in &searched.value.returning {
                let rows = self.rows(&returning.query, None, None, At::from(id), &mut count, span);
                self.write_part(&[lists], Key::Element, Value::obj(rows));
            }
            return Value::obj(lists);
        }
        let query = soql::parse_query(text);
        Value::obj(self.rows(&query.value, None, None, At::from(id), &mut 0, span))
    }

    /// The records of a query whose text is put together at run time, as far as it is constant.
    pub(crate) fn dynamic_query(&mut self, asked: &Asked, at: At, span: Span) -> Option<Value> {
        let mut found: Option<Value> = None;
        let mut count = 0;
        let all: Vec<(&Text, Statement)> =
            asked.texts.all().iter().map(|text| (text, parsed(text))).collect();
        // Whichever of its texts it is: where one is not checked, no field is for sure.
        let modes = all.iter().filter_map(|(_, one)| match one {
            Statement::Query(query) => Some(self.did(query, asked.mode())),
            _ => None,
        });
        let is_mixed = asked.is_mixed || modes.collect::<BTreeSet<_>>().len() > 1;
        let asks = if is_mixed { Some(Mode::System) } else { asked.mode() };
        for (text, mut one) in all {
            let rows = match &mut one {
                Statement::Query(query) if query.knows_from() => {
                    if is_mixed {
                        query.with.retain(|with| !matches!(with, soql::With::Mode(_)));
                    }
                    let rows = self.rows(query, None, asks, at, &mut count, span);
                    if !query.knows_select() {
                        self.note_rows(rows, &Asked { is_mixed, ..asked.alone(text) });
                    }
                    Value::obj(rows)
                }
                // Each object of a search has a list of its own.
                Statement::Search(search)
                    if !search.returning.is_empty()
                        && search.returning.iter().all(|one| one.query.knows_from()) =>
                {
                    count += 1;
                    let lists = self.fresh(at.part(count), &Ty::list(Ty::list(Ty::Record(None))));
                    for returning in &search.returning {
                        let rows = self.rows(&returning.query, None, asks, at, &mut count, span);
                        self.write_part(&[lists], Key::Element, Value::obj(rows));
                    }
                    Value::obj(lists)
                }
                _ => continue,
            };
            match &mut found {
                Some(known) => drop(known.join(&rows, &mut self.cuts)),
                None => found = Some(rows),
            }
        }
        found
    }

    /// What a query gives of which nobody knows the object; with the user's permissions where its text asks for that.
    pub(crate) fn any_records(&mut self, asked: Asked, id: ExprId) -> Value {
        let list = self.object(Site::Expr(id), Origin::Org, &Ty::list(Ty::Record(None)));
        self.checked(list, asked.is_of_user());
        self.note(list, asked);
        Value::obj(list)
    }

    pub(crate) fn checked(&mut self, id: ObjId, is_checked: bool) {
        if let Some(obj) = self.state.obj(id).filter(|_| is_checked) {
            let changed = crate::value::Obj { is_checked, ..obj.as_ref().clone() };
            self.state.set_obj(id, Arc::new(changed));
        }
    }

    /// A list with one record that stands for all.
    fn rows(
        &mut self,
        query: &Query,
        child_of: Option<Name>,
        asks: Option<Mode>,
        at: At,
        count: &mut u32,
        span: Span,
    ) -> ObjId {
        let names = &self.world.program.names;
        let did = self.did(query, asks);
        let from = query.from.first();
        let written = from.and_then(|from| from.object.last()).and_then(|name| name.known());
        let object = match child_of {
            Some(parent) => written.and_then(|name| self.world.child_of(parent, name)),
            None => written.and_then(|name| names.find(name)),
        };
        let aliases: Vec<&str> = query.from.iter().filter_map(|from| from.alias.as_ref()?.known()).collect();
        let ty = Ty::Record(object);
        // Where the list of fields is not known to its end, the record may have any.
        let origin = if query.knows_select() { Origin::New } else { Origin::Org };
        *count += 1;
        let record = self.object(at.part(*count), origin.clone(), &ty);
        self.state.set_obj(record, Arc::new(crate::value::Obj::new(origin, ty.clone())));
        self.checked(record, did == Did::Checked);
        if let Some(object) = object.filter(|object| self.world.text(*object).ends_with("__mdt")) {
            let one = self.metadata(object, None, at.part(*count));
            debug_assert_eq!(one, record, "the same place makes the same object");
        }
        for item in &query.select {
            match item {
                SelectItem::Field(item) => {
                    let path: Vec<&str> = item.path.names.iter().filter_map(|name| name.known()).collect();
                    let path = match path.as_slice() {
                        [first, rest @ ..]
                            if !rest.is_empty()
                                && aliases.iter().any(|alias| alias.eq_ignore_ascii_case(first)) =>
                        {
                            rest
                        }
                        all => all,
                    };
                    let alias = item.alias.as_ref().and_then(|name| name.known());
                    self.selected(record, object, path, alias, at, count, (span, did));
                }
                SelectItem::Call(call, alias) => {
                    self.computed(record, object, call, alias.as_ref(), (span, did))
                }
                SelectItem::Query(inner) => {
                    let Some(parent) = object else { continue };
                    let from = inner.query.from.first().and_then(|from| from.object.last());
                    let Some(name) = from.and_then(|name| name.known()) else { continue };
                    let rows = self.rows(
                        &inner.query,
                        Some(parent),
                        Some(if did == Did::Checked { Mode::User } else { Mode::System }),
                        at,
                        count,
                        span,
                    );
                    if let Some(name) = names.find(name) {
                        self.write_part(&[record], Key::Member(name), Value::obj(rows));
                    }
                }
                SelectItem::Fields(fields) => {
                    let Some(object) = object else { continue };
                    let all: Vec<_> = self.world.fields.of(object).collect();
                    for field in all {
                        let Some((_, name)) = self.world.fields.name(field) else { continue };
                        let is_custom = self.world.text(name).ends_with("__c");
                        let is_asked = match fields.group {
                            FieldGroup::All => true,
                            FieldGroup::Custom => is_custom,
                            FieldGroup::Standard => !is_custom,
                        };
                        if is_asked {
                            let labels = self.queried(field, (span, did));
                            self.write_part(&[record], Key::Member(name), Value::of(labels));
                        }
                    }
                }
                SelectItem::TypeOf(branches) => {
                    let Some(relation) = branches.path.last().and_then(|name| name.known()) else { continue };
                    let Some(relation) = names.find(relation) else { continue };
                    *count += 1;
                    let part = self.fresh(at.part(*count), &Ty::Record(None));
                    for branch in &branches.branches {
                        let of = branch.object.known().and_then(|name| names.find(name));
                        for path in &branch.fields {
                            let path: Vec<&str> = path.names.iter().filter_map(|name| name.known()).collect();
                            self.selected(part, of, &path, None, at, count, (span, did));
                        }
                    }
                    self.write_part(&[record], Key::Member(relation), Value::obj(part));
                }
                SelectItem::Hole(_) | SelectItem::Unread(_) => {}
            }
        }
        // Others, though those whose data is followed are kept in the same object.
        if query.where_.as_ref().is_some_and(|filter| asks_for_others(filter, self.world.leads_to_others)) {
            self.each_part(record, |_| Labels::default());
            // Who has a role in a relation is the one to whom it leads.
            if query.where_.as_ref().is_some_and(asks_for_role) {
                let parts = self.state.obj(record).map(|obj| obj.parts.clone()).unwrap_or_default();
                for id in parts.iter().flat_map(|(_, part)| &part.objs) {
                    self.each_part(*id, |_| Labels::default());
                }
            }
        }
        // By one column: a group by several is soon one person, and so is one by ids.
        let is_group = query.group_by.as_ref().is_some_and(|by| match by.expressions.as_slice() {
            [soql::Expression::Field(path)] => {
                path.last().and_then(|name| name.known()).is_some_and(|name| {
                    let ty =
                        object.and_then(|object| self.world.schema.field_type(self.world.text(object), name));
                    !name.to_ascii_lowercase().ends_with("id")
                        && !ty.is_some_and(|ty| matches!(ty.as_str(), "Lookup" | "MasterDetail"))
                })
            }
            _ => false,
        });
        if is_group {
            let file = self.file_id;
            self.each_part(record, |labels| labels.stepped(file, span, Did::Grouped));
        }
        *count += 1;
        let list = self.fresh(at.part(*count), &Ty::list(ty));
        self.write_part(&[list], Key::Element, Value::obj(record));
        list
    }

    fn each_part(&mut self, record: ObjId, change: impl Fn(Labels) -> Labels) {
        let Some(obj) = self.state.obj(record).map(Arc::clone) else { return };
        let mut changed = obj.as_ref().clone();
        for (_, part) in &mut changed.parts {
            part.labels = change(std::mem::take(&mut part.labels));
        }
        self.state.set_obj(record, Arc::new(changed));
    }

    fn queried(&self, field: crate::value::FieldId, (span, did): (Span, Did)) -> Labels {
        Labels::one(Label::Field(field), step(None, self.file_id, span, did))
    }

    /// With whose permissions a query reads: its own words, else those of the call, else the file's version.
    fn did(&self, query: &Query, asks: Option<Mode>) -> Did {
        let own = query.with.iter().find_map(|with| match with {
            soql::With::Mode(with) => Some(with.mode),
            _ => None,
        });
        match own.or(asks) {
            Some(Mode::User | Mode::SecurityEnforced) => Did::Checked,
            Some(Mode::System) => Did::Queried,
            None if self.world.is_user_mode(self.file_id) => Did::Checked,
            None => Did::Queried,
        }
    }

    /// A field that a query selects, by its path from the record.
    #[expect(clippy::too_many_arguments, reason = "a step of a recursion")]
    fn selected(
        &mut self,
        record: ObjId,
        object: Option<Name>,
        path: &[&str],
        alias: Option<&str>,
        site: At,
        count: &mut u32,
        at: (Span, Did),
    ) {
        let names = &self.world.program.names;
        match path {
            [] => {}
            [field] => {
                let Some(name) = names.find(field) else { return };
                let found = object.and_then(|object| self.world.fields.find(object, name));
                let mut value = found.map_or_else(Value::default, |field| Value::of(self.queried(field, at)));
                let known = self.state.obj(record).and_then(|obj| obj.part(Key::Member(name)));
                value.texts = known.map(|known| known.texts.clone()).unwrap_or_default();
                self.write_part(&[record], Key::Member(name), value.clone());
                if let Some(alias) = alias.and_then(|alias| names.find(alias)) {
                    self.write_part(&[record], Key::Member(alias), value);
                }
            }
            [relation, rest @ ..] => {
                let Some(name) = names.find(relation) else { return };
                let parent = object.and_then(|object| self.world.parent_of(object, relation));
                let known = self.state.obj(record).and_then(|obj| obj.part(Key::Member(name))).cloned();
                let part = match known.as_ref().and_then(|value| value.objs.first()) {
                    Some(&part) => part,
                    None => {
                        *count += 1;
                        let part = self.fresh(site.part(*count), &Ty::Record(parent));
                        self.write_part(&[record], Key::Member(name), Value::obj(part));
                        part
                    }
                };
                if (self.world.leads_to_others)(relation) {
                    return;
                }
                self.selected(part, parent, rest, alias, site, count, at);
            }
        }
    }

    /// A function: counts tell nothing, the greatest and the least are values.
    fn computed(
        &mut self,
        record: ObjId,
        object: Option<Name>,
        call: &soql::Call,
        alias: Option<&soql::Name>,
        at: (Span, Did),
    ) {
        if call.function.is("COUNT") || call.function.is("COUNT_DISTINCT") || call.function.is("GROUPING") {
            return;
        }
        let names = &self.world.program.names;
        for path in call.arguments.iter().filter_map(|argument| match argument {
            soql::Expression::Field(path) => Some(path),
            _ => None,
        }) {
            let Some(name) = path.last().and_then(|name| name.known()).and_then(|name| names.find(name))
            else {
                continue;
            };
            let of = match path.names.as_slice() {
                [relation, _] => relation.known().and_then(|r| self.world.parent_of(object?, r)),
                _ => object,
            };
            let Some(field) = of.and_then(|of| self.world.fields.find(of, name)) else { continue };
            if call.function.is("SUM") || call.function.is("AVG") {
                continue;
            }
            let value = Value::of(self.queried(field, at));
            let key =
                alias.and_then(|alias| alias.known()).and_then(|alias| names.find(alias)).unwrap_or(name);
            self.write_part(&[record], Key::Member(key), value);
        }
    }
}

/// Whether a filter wants records whose type or kind is called after others than those whose data is followed:
/// `RecordType.Name = 'Provider'`.
pub fn asks_for_others(filter: &Condition, is_other: &dyn Fn(&str) -> bool) -> bool {
    let is_named_other = |value: &soql::Value| matches!(value, soql::Value::Literal(literal) if is_other(&literal.text.replace(' ', "_")));
    match filter {
        Condition::And(all) => all.conditions.iter().any(|one| asks_for_others(one, is_other)),
        Condition::Comparison(one) => {
            let is_kind =
                matches!(one.operator, soql::Operator::Equal | soql::Operator::In | soql::Operator::Includes);
            let is_named = match &one.value {
                soql::Value::List(list) => list.values.iter().all(is_named_other),
                value => is_named_other(value),
            };
            // `Referral_Source__c = 'Physician'` says nothing of whose the record is.
            let says_what = match &one.left {
                soql::Expression::Field(path) => {
                    path.names.iter().filter_map(|name| name.known()).any(|name| {
                        let name = name.to_ascii_lowercase();
                        ["type", "kind", "role"].iter().any(|word| name.contains(word))
                    })
                }
                _ => false,
            };
            is_kind && is_named && says_what
        }
        _ => false,
    }
}

/// Whether a filter asks what somebody's role is: `Roles INCLUDES ('Staff')`.
fn asks_for_role(filter: &Condition) -> bool {
    match filter {
        Condition::And(all) => all.conditions.iter().any(asks_for_role),
        Condition::Comparison(one) => match &one.left {
            soql::Expression::Field(path) => {
                let name = path.last().and_then(|name| name.known()).unwrap_or_default().to_ascii_lowercase();
                name.starts_with("role")
            }
            _ => false,
        },
        _ => false,
    }
}
