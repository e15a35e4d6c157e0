//! What lists, maps and records do with what they are given, and what is saved.

use std::sync::Arc;

use apex::ast::{ExprId, ExprKind, Operator};
use apex::{Name, Ref, Ty};
use source::Span;

use crate::body::{Body, Site};
use crate::expr::entry;
use crate::hit::Sink;
use crate::value::{Did, Input, Key, ObjId, Origin, Part, Texts, Value};

impl Body<'_> {
    #[expect(clippy::too_many_arguments, reason = "a call has that many parts")]
    pub(crate) fn collection(
        &mut self,
        id: ExprId,
        class: &str,
        method: &str,
        of: &Value,
        args: &[Value],
        ty: &Ty,
        span: Span,
    ) -> Value {
        let first = args.first().cloned().unwrap_or_default();
        let last = args.last().cloned().unwrap_or_default();
        let is_parameters = |body: &Self, id: &ObjId| {
            body.state.obj(*id).is_some_and(|obj| obj.part(Key::Own(Part::Parameters)).is_some())
        };
        match (class, method) {
            ("list" | "set", "add") | ("list", "set") => {
                let value = self.kept(last, span);
                self.write_part(&of.objs, Key::Element, value);
                Value::default()
            }
            (_, "addall") => {
                let value = self.elements(&first, &Ty::Unknown, span);
                let value = self.kept(value, span);
                self.add_all(&of.objs, &first, value, span);
                Value::default()
            }
            ("map", "put") => {
                if of.objs.iter().any(|id| is_parameters(self, id)) {
                    let labels = self.collect(&last, span);
                    self.emit(Sink::PageAddress, &labels, span, &Texts::of("/?").then(&Texts::default()));
                    return Value::default();
                }
                let keys = self.collect(&first, span);
                let counts = self.depth > 0 && of.objs.iter().any(|id| self.is_of_numbers(*id));
                if !keys.is_empty() {
                    let mut known = self.read_part(of, Key::Own(Part::Keys), &Ty::Text, span);
                    // What is counted in a loop stands for all records that have it in common.
                    let did = if counts { Did::Grouped } else { Did::Kept };
                    known.labels.join(&keys.stepped(self.file_id, span, did));
                    self.write_part(&of.objs, Key::Own(Part::Keys), known);
                }
                // A sum over all of a key, as `SUM` with `GROUP BY`; but for an id, which is one record's.
                let is_sum = counts && self.adds_to_own_entry(id);
                let value = if is_sum { Value::default() } else { self.kept(last, span) };
                self.write_part(&of.objs, entry(&first), value);
                Value::default()
            }
            ("map", "putall") => {
                if of.objs.iter().any(|id| is_parameters(self, id)) {
                    let labels = self.collect(&first, span);
                    self.emit(Sink::PageAddress, &labels, span, &Texts::of("/?").then(&Texts::default()));
                    return Value::default();
                }
                for &from in &first.objs {
                    let Some(from) = self.state.obj(from).map(Arc::clone) else { continue };
                    for (key, part) in &from.parts {
                        self.write_part(&of.objs, *key, part.clone());
                    }
                }
                if first.objs.is_empty() || !first.labels.is_empty() {
                    self.write_anywhere(&of.objs, &Value::of(first.labels));
                }
                Value::default()
            }
            ("map", "get" | "remove") => {
                if of.objs.iter().any(|id| is_parameters(self, id)) {
                    return self.input(Input::Page, span);
                }
                let was_sent = |id: &ObjId| {
                    self.state.obj(*id).is_some_and(|obj| obj.part(Key::Own(Part::Headers)).is_some())
                };
                if of.objs.iter().any(was_sent) && !first.texts.constants().any(|name| is_of_platform(&name))
                {
                    return self.input(Input::Page, span);
                }
                // The description of an object, by its name.
                if matches!(ty, Ty::Platform(class) if self.world.text(*class).ends_with("sobjecttype")) {
                    return Value { texts: first.texts, ..Value::default() };
                }
                let mut value = match entry(&first) {
                    Key::Element => self.elements(of, ty, span),
                    key => self.read_part(of, key, ty, span),
                };
                // The JSON of a record or an object, read as a map.
                let named =
                    first.texts.constants().next().and_then(|text| self.world.program.names.find(&text));
                for &id in &of.objs {
                    let Some(obj) = self.state.obj(id).map(Arc::clone) else { continue };
                    if !matches!(obj.ty, Ty::Record(_) | Ty::Class(_)) {
                        continue;
                    }
                    match named {
                        Some(name) => {
                            let part = self.read_part(&Value::obj(id), Key::Member(name), ty, span);
                            value.join(&part, &mut self.cuts);
                        }
                        None => {
                            let labels = self.collect(&Value::obj(id), span);
                            value.join(&Value::of(labels), &mut self.cuts);
                        }
                    }
                }
                value
            }
            (_, "get" | "remove" | "next") => self.elements(of, ty, span),
            ("map", "values") => {
                let value = self.elements(of, &ty.element(), span);
                let list = self.fresh(Site::Expr(id), ty);
                self.write_part(&[list], Key::Element, value);
                Value { labels: of.labels.clone(), ..Value::obj(list) }
            }
            ("map", "keyset") => {
                let alone = Value { objs: of.objs.clone(), ..Value::default() };
                let keys = self.read_part(&alone, Key::Own(Part::Keys), &Ty::Text, span);
                let set = self.fresh(Site::Expr(id), ty);
                self.write_part(&[set], Key::Element, Value::of(keys.labels));
                Value::obj(set)
            }
            (_, "iterator") => of.clone(),
            (_, "clone" | "deepclone") => self.copied(of, id, method == "deepclone"),
            (_, "tostring") => Value::of(self.collect(of, span)),
            _ => Value::default(),
        }
    }

    fn is_of_numbers(&self, id: ObjId) -> bool {
        matches!(self.state.obj(id).map(|obj| &obj.ty), Some(Ty::Map(of)) if of.1 == Ty::Number)
    }

    /// `sums.put(key, sums.get(key) + value)`, by a key that is no id.
    fn adds_to_own_entry(&self, id: ExprId) -> bool {
        let file = self.file;
        let to = |id: ExprId| self.world.resolution.expr(self.file_id, id).to;
        let ExprKind::Call { receiver: Some(receiver), args, .. } = &file.expr(id).kind else { return false };
        let [key, value] = args.as_slice() else { return false };
        let ExprKind::Binary { first, rest } = &file.expr(*value).kind else { return false };
        let is_own_entry = |part: ExprId| match &file.expr(part).kind {
            ExprKind::Call { receiver: Some(of), name, .. } => {
                self.world.text(name.value) == "get" && to(*of) == to(*receiver) && to(*of) != Ref::None
            }
            _ => false,
        };
        let is_added = rest.iter().all(|(operator, _)| *operator == Operator::Add);
        let mut parts = std::iter::once(*first).chain(rest.iter().map(|(_, part)| *part));
        let is_id = match &file.expr(*key).kind {
            ExprKind::Field { name, .. } => self.world.text(name.value).ends_with("id"),
            _ => false,
        };
        let is_id = is_id || *self.ty(*key) == Ty::Id;
        !is_id && is_added && parts.any(is_own_entry)
    }

    #[expect(clippy::too_many_arguments, reason = "a call has that many parts")]
    pub(crate) fn record(
        &mut self,
        id: ExprId,
        method: &str,
        receiver: Option<ExprId>,
        of: &Value,
        args: &[Value],
        ty: &Ty,
        span: Span,
    ) -> Value {
        let object = receiver.and_then(|receiver| self.ty(receiver).object());
        let of = if receiver.is_some_and(|receiver| matches!(self.ty(receiver), Ty::List(_))) {
            self.elements(of, &Ty::Record(object), span)
        } else {
            of.clone()
        };
        let field = args.first().map(|arg| arg.texts.constants().collect::<Vec<_>>()).unwrap_or_default();
        let named = match field.as_slice() {
            [only] => self.world.program.names.find(only),
            _ => None,
        };
        match method {
            "get" | "getsobject" | "getsobjects" => {
                let own = of.objs.iter().find_map(|id| self.state.obj(*id)?.ty.object());
                match named {
                    Some(name) => self.read_field(&of, object.or(own), name, ty, span),
                    None if field.len() == 1 => Value::default(),
                    None => Value::of(self.collect(&of, span)),
                }
            }
            "put" | "putsobject" => {
                let value = args.get(1).cloned().unwrap_or_default();
                let value = self.stepped(value, span, Did::Stored);
                match named {
                    Some(name) => self.write_part(&of.objs, Key::Member(name), value),
                    None => self.write_anywhere(&of.objs, &value),
                }
                Value::default()
            }
            "clone" => self.copied(&of, id, false),
            "getpopulatedfieldsasmap" => Value::of(self.collect(&of, span)),
            "adderror" => {
                self.shown(args, span);
                self.shown_as_html(id, args, span);
                Value::default()
            }
            "getinstance" | "getall"
                if object.is_some_and(|object| self.world.text(object).ends_with("__mdt")) =>
            {
                let object = object.unwrap_or(Name::FIRST);
                let record = self.metadata(object, field.first().map(String::as_str), Site::Expr(id));
                if method == "getinstance" {
                    return Value::obj(record);
                }
                let all = self.fresh(Site::Part(id, 0), ty);
                self.write_part(&[all], Key::Element, Value::obj(record));
                Value::obj(all)
            }
            "getinstance" | "getvalues" | "getorgdefaults" | "getall" => {
                Value::obj(self.object(Site::Expr(id), Origin::Org, ty))
            }
            _ => Value::default(),
        }
    }

    /// A record of a custom metadata type: the one of this name, or any.
    pub(crate) fn metadata(&mut self, object: Name, record: Option<&str>, site: Site) -> ObjId {
        let id = self.fresh(site, &Ty::Record(Some(object)));
        let world = self.world;
        let own = world.text(object);
        let all = world.metadata.iter().filter(|((of, name), _)| {
            of == own && record.is_none_or(|record| record.eq_ignore_ascii_case(name))
        });
        for (_, fields) in all {
            for (field, text) in fields {
                let Some(name) = world.program.names.find(field) else { continue };
                let mut value = Value::text(text);
                let known = self.state.obj(id).and_then(|obj| obj.part(Key::Member(name))).cloned();
                if let Some(known) = known {
                    value.join(&known, &mut self.cuts);
                }
                self.write_part(&[id], Key::Member(name), value);
            }
        }
        id
    }

    /// Records are written to the org, or published.
    pub(crate) fn saved(&mut self, value: &Value, span: Span) {
        for (id, depth) in value.objs.iter().map(|id| (*id, 0)).collect::<Vec<_>>() {
            self.save(id, span, depth);
        }
    }

    pub(crate) fn save(&mut self, id: ObjId, span: Span, depth: u8) {
        let Some(obj) = self.state.obj(id).map(Arc::clone) else { return };
        if let Origin::Parameter { index, path } = obj.origin {
            self.saves.insert((index, path));
        }
        let is_record = matches!(obj.ty, Ty::Record(_));
        if !is_record && depth < 3 {
            let elements = self.elements(&Value::obj(id), &obj.ty.element(), span);
            for part in elements.objs {
                if part != id {
                    self.save(part, span, depth + 1);
                }
            }
            return;
        }
        let Ty::Record(Some(object)) = obj.ty else { return };
        for (key, part) in &obj.parts {
            let Key::Member(field) = key else { continue };
            // Records below it are no field of it.
            if !part.labels.is_empty() {
                self.emit(self.sink_of(object, *field), &part.labels, span, &Texts::default());
            }
        }
    }

    fn sink_of(&self, object: Name, field: Name) -> Sink {
        match (self.world.text(object), self.world.text(field)) {
            ("contentversion", "versiondata" | "title" | "pathonclient" | "description") => Sink::File,
            ("attachment" | "document" | "staticresource", "body" | "name" | "description") => Sink::File,
            ("feeditem" | "feedcomment" | "feedpost", _) => Sink::Post,
            (own, _) if own.ends_with("__e") => Sink::Event { object, field },
            _ => Sink::Record { object, field },
        }
    }
}

/// Headers of a request that whoever made a link does not choose.
fn is_of_platform(header: &str) -> bool {
    let name = header.to_ascii_lowercase();
    name == "host" || name == "true-client-ip" || name == "cipher-suite" || name.starts_with("x-salesforce")
}
