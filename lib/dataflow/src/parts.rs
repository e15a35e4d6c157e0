//! Reading and writing parts of objects, and everything that a value holds.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use apex::ast::ExprId;
use apex::{Name, Ty, VariableId};
use source::Span;

use crate::body::{Body, Site};
use crate::cap::Cap;
use crate::expr::hash;
use crate::hit::Sink;
use crate::value::{
    Did, Key, Label, Labels, Obj, ObjId, Origin, Otherwise, Part, Path, Texts, Value, has_step, reachable,
    step,
};

/// Members of an answer that tell how the request went. `code` and `status` are none: a diagnosis has both.
const ERRORS: [&str; 11] = [
    "error",
    "error_description",
    "errorcode",
    "errordescription",
    "errormessage",
    "errors",
    "faultcode",
    "faultstring",
    "statuscode",
    "statusmessage",
    "statustext",
];

impl Body<'_> {
    /// What a part of an object holds that nobody has touched.
    pub(crate) fn untouched(&mut self, obj: &Obj, id: ObjId, key: Key) -> Value {
        let ty = self.type_of_part(&obj.ty, key);
        self.untouched_as(obj, id, key, &ty, Span::default())
    }

    pub(crate) fn type_of_part(&self, ty: &Ty, key: Key) -> Ty {
        match (ty, key) {
            (_, Key::Element | Key::Entry(_)) => ty.element(),
            (Ty::Class(class), Key::Member(name)) => {
                let variable = self.world.program.variable_of(*class, name);
                variable
                    .and_then(|id| self.world.program.variable(id))
                    .map_or(Ty::Unknown, |own| own.ty.clone())
            }
            (Ty::Record(Some(object)), Key::Member(name))
                if self.world.fields.find(*object, name).is_some() =>
            {
                Ty::Text
            }
            (_, Key::Own(_)) => Ty::Text,
            _ => Ty::Unknown,
        }
    }

    fn field_of(&self, ty: &Ty, key: Key) -> Option<crate::value::FieldId> {
        match (ty, key) {
            (Ty::Record(Some(object)), Key::Member(name)) => self.world.fields.find(*object, name),
            (Ty::Class(class), Key::Member(name)) => {
                self.world.fields.find(self.world.program.class(*class)?.full_name, name)
            }
            _ => None,
        }
    }

    fn untouched_as(&mut self, obj: &Obj, id: ObjId, key: Key, ty: &Ty, span: Span) -> Value {
        let value = self.as_it_came(obj, id, key, ty, span);
        if !obj.is_checked {
            return value;
        }
        // What lies below a checked object was checked with it.
        for part in &value.objs {
            if let Some(own) = self.state.obj(*part).filter(|own| !own.is_checked) {
                let checked = Obj { is_checked: true, ..own.as_ref().clone() };
                self.state.set_obj(*part, Arc::new(checked));
            }
        }
        self.stepped(value, self.method.span, Did::Checked)
    }

    fn as_it_came(&mut self, obj: &Obj, id: ObjId, key: Key, ty: &Ty, span: Span) -> Value {
        let span = if span.is_empty() { self.method.span } else { span };
        // `Provider__r`, of a record about somebody whose data is followed.
        if let (Ty::Record(_), Key::Member(name)) = (&obj.ty, key)
            && self.world.text(name).ends_with("__r")
            && (self.world.leads_to_others)(self.world.text(name))
        {
            return Value::default();
        }
        let field = self.field_of(&obj.ty, key);
        let ty = if field.is_some() && matches!(ty, Ty::Unknown | Ty::Any) { &Ty::Text } else { ty };
        match obj.origin {
            Origin::New => Value::default(),
            Origin::Parameter { index, path } => match path.then(key) {
                Some(path) => {
                    let mut value = self.parameter(index, path, ty, span);
                    if let Some(field) = field {
                        let label = Label::Parameter { index, path, otherwise: Otherwise::Field(field) };
                        value.labels = Labels::one(label, step(None, self.file_id, span, Did::Read));
                    }
                    value
                }
                // So deep nobody tells one part from the other: a field is what it is called, and the rest is not
                // followed.
                None => match field {
                    Some(field) => {
                        Value::of(Labels::one(Label::Field(field), step(None, self.file_id, span, Did::Read)))
                    }
                    // Of lists in lists one element tells as much as the other.
                    None if ty.is_scalar() && path.keys().len() < Path::LIMIT => {
                        self.parameter(index, path, ty, span)
                    }
                    None if ty.is_scalar() => {
                        self.cuts.insert(Cap::Steps);
                        Value::default()
                    }
                    None => Value::obj(id),
                },
            },
            Origin::Variable(variable, path) => {
                let path = path.then(key).unwrap_or(path);
                if ty.is_scalar() {
                    let mut labels = Labels::one(
                        Label::Variable(variable, path),
                        step(None, self.file_id, span, Did::Read),
                    );
                    if let Some(field) = field {
                        labels.add(Label::Field(field), &step(None, self.file_id, span, Did::Read));
                    }
                    return Value::of(labels);
                }
                Value::obj(self.object(Site::Below(id, key), Origin::Variable(variable, path), ty))
            }
            Origin::Org => match field {
                Some(field) => {
                    Value::of(Labels::one(Label::Field(field), step(None, self.file_id, span, Did::Read)))
                }
                None if ty.is_scalar() => Value::default(),
                None => {
                    let below = self.object(Site::Below(id, key), Origin::Org, ty);
                    self.note_below(obj, key, below);
                    Value::obj(below)
                }
            },
        }
    }

    /// A list stands for its record where a record is wanted.
    pub(crate) fn as_type(&mut self, value: Value, ty: &Ty, span: Span) -> Value {
        let is_list = |body: &Self| {
            value.objs.iter().any(|id| body.state.obj(*id).is_some_and(|obj| matches!(obj.ty, Ty::List(_))))
        };
        match ty {
            Ty::Record(_) if is_list(self) => self.elements(&value, ty, span),
            // Numbers, dates and Ids are what they say, whoever put them in.
            Ty::Number | Ty::Boolean | Ty::Date | Ty::Id => Value { labels: value.labels.checked(), ..value },
            _ => value,
        }
    }

    /// A part of what a value may be.
    pub(crate) fn read_part(&mut self, of: &Value, key: Key, ty: &Ty, span: Span) -> Value {
        let mut found: Option<Value> = None;
        for &id in &of.objs {
            let Some(obj) = self.state.obj(id).map(Arc::clone) else { continue };
            let mut value = match obj.part(key) {
                Some(value) => value.clone(),
                None => self.untouched_as(&obj, id, key, ty, span),
            };
            if !obj.anywhere.is_nothing() {
                value.join(&obj.anywhere, &mut self.cuts);
            }
            // What was put under a key that is not constant may be under this one.
            if let (Key::Entry(_), Some(any)) = (key, obj.part(Key::Element)) {
                value.join(any, &mut self.cuts);
            }
            match &mut found {
                Some(known) => drop(known.join(&value, &mut self.cuts)),
                None => found = Some(value),
            }
        }
        let mut value = found.unwrap_or_default();
        value.labels.join(&of.labels);
        if self.tells_of_errors(key) {
            value.labels.retain_ways(|way| !has_step(way, Did::Answered));
        }
        if matches!(ty, Ty::Number | Ty::Boolean) {
            value.labels = value.labels.counted(self.file_id, span);
        }
        value
    }

    /// What a server says of a request that failed is no data, though it was asked with some.
    fn tells_of_errors(&self, key: Key) -> bool {
        match key {
            Key::Member(name) => ERRORS.contains(&self.world.text(name)),
            Key::Entry(own) => ERRORS.iter().any(|name| hash(name) == own),
            _ => false,
        }
    }

    /// A field of a record: what was put in, else what the org has.
    pub(crate) fn read_field(
        &mut self,
        of: &Value,
        object: Option<Name>,
        name: Name,
        ty: &Ty,
        span: Span,
    ) -> Value {
        let mut value = self.read_part(of, Key::Member(name), ty, span);
        let field = object.and_then(|object| self.world.fields.find(object, name));
        if of.objs.is_empty()
            && let Some(field) = field
        {
            value.labels.add(Label::Field(field), &step(None, self.file_id, span, Did::Read));
        }
        self.stepped(value, span, Did::Read)
    }

    /// What is in a collection, whatever the place.
    pub(crate) fn elements(&mut self, of: &Value, ty: &Ty, span: Span) -> Value {
        let mut value = self.read_part(of, Key::Element, ty, span);
        for &id in &of.objs {
            let Some(obj) = self.state.obj(id).map(Arc::clone) else { continue };
            for (key, part) in &obj.parts {
                if matches!(key, Key::Entry(_)) {
                    value.join(part, &mut self.cuts);
                }
            }
        }
        value
    }

    pub(crate) fn write_part(&mut self, to: &[ObjId], key: Key, value: Value) {
        let is_one = to.len() == 1 && key != Key::Element;
        for &id in to {
            let Some(obj) = self.state.obj(id).map(Arc::clone) else { continue };
            if let Origin::Variable(variable, path) = obj.origin {
                self.left(variable, path.then(key), path, &value, self.method.span);
            }
            let joined = self.joined_with(id, key, &value.texts);
            let new = if is_one {
                value.clone()
            } else {
                let known = match obj.part(key) {
                    Some(known) => known.clone(),
                    // A collection has what it had; a part of one of several objects may be as it was.
                    None if matches!(obj.origin, Origin::New) => Value::default(),
                    None => self.untouched(&obj, id, key),
                };
                if known.is_nothing() {
                    value.clone()
                } else {
                    let mut joined = known;
                    joined.join(&value, &mut self.cuts);
                    joined
                }
            };
            // An object that nobody else holds is not copied.
            drop(obj);
            if let Some(own) = self.state.obj_mut(id) {
                own.set(key, new);
                if let Some(texts) = joined {
                    own.set(Key::Own(Part::Joined), Value { texts, ..Value::default() });
                }
            }
        }
    }

    /// Puts a value into objects at a place that is not known.
    pub(crate) fn write_anywhere(&mut self, to: &[ObjId], value: &Value) {
        if value.is_nothing() {
            return;
        }
        for &id in to {
            let Some(obj) = self.state.obj(id).map(Arc::clone) else { continue };
            if let Origin::Variable(variable, path) = obj.origin {
                self.left(variable, None, path, value, self.method.span);
            }
            drop(obj);
            if let Some(own) = self.state.obj_mut(id) {
                own.anywhere.join(value, &mut self.cuts);
            }
        }
    }

    /// What is left in a part of a class's variable, for whoever reads it: part by part, as far as they are known.
    pub(crate) fn left(
        &mut self,
        variable: VariableId,
        at: Option<Path>,
        above: Path,
        value: &Value,
        span: Span,
    ) {
        let Some(at) = at else {
            let labels = self.collect(value, span);
            self.emit(Sink::Variable(variable, above, true), &labels, span, &Texts::default());
            return;
        };
        let is_vague = |path: &Path| path.keys().last() == Some(&Key::Element);
        self.emit(Sink::Variable(variable, at, is_vague(&at)), &value.labels, span, &Texts::default());
        let mut seen = BTreeSet::new();
        let mut todo: Vec<(Path, ObjId)> = value.objs.iter().map(|id| (at, *id)).collect();
        while let Some((path, id)) = todo.pop() {
            if !seen.insert((path, id)) {
                continue;
            }
            if seen.len() > Cap::Parts.limit() {
                self.cuts.insert(Cap::Parts);
                break;
            }
            let Some(obj) = self.state.obj(id).map(Arc::clone) else { continue };
            // The fields of a record are what they are called; of other things that came from elsewhere anything is.
            if let Some(label) = self.origin_label(&obj) {
                let is_deep = !matches!(obj.ty, Ty::Record(_));
                let labels = Labels::one(label, step(None, self.file_id, span, Did::Read));
                self.emit(Sink::Variable(variable, path, is_deep), &labels, span, &Texts::default());
            }
            self.emit(Sink::Variable(variable, path, true), &obj.anywhere.labels, span, &Texts::default());
            for (key, part) in &obj.parts {
                let Some(below) = path.then(*key) else {
                    let labels = self.collect(part, span);
                    self.emit(Sink::Variable(variable, path, true), &labels, span, &Texts::default());
                    continue;
                };
                let sink = Sink::Variable(variable, below, is_vague(&below) && part.objs.is_empty());
                self.emit(sink, &part.labels, span, &Texts::default());
                todo.extend(part.objs.iter().map(|id| (below, *id)));
            }
            todo.extend(obj.anywhere.objs.iter().map(|id| (path, *id)));
        }
    }

    /// Everything that is in a value.
    pub(crate) fn collect(&mut self, value: &Value, span: Span) -> Labels {
        let mut labels = value.labels.clone();
        for id in reachable(&self.state, &value.objs, &mut self.cuts) {
            let Some(obj) = self.state.obj(id) else { continue };
            for (_, part) in &obj.parts {
                labels.join(&part.labels);
            }
            labels.join(&obj.anywhere.labels);
            if let Some(own) = self.origin_label(obj) {
                let did = if obj.is_checked { Did::Checked } else { Did::Read };
                labels.add(own, &step(None, self.file_id, span, did));
            }
        }
        labels
    }

    /// The same things once more, so that who changes one does not change the other: all that is below them, or
    /// themselves alone.
    pub(crate) fn copied(&mut self, value: &Value, site: ExprId, is_deep: bool) -> Value {
        let all =
            if is_deep { reachable(&self.state, &value.objs, &mut self.cuts) } else { value.objs.clone() };
        let mut copies = BTreeMap::new();
        for &id in &all {
            let Some(obj) = self.state.obj(id).map(Arc::clone) else { continue };
            let copy = self.object(Site::Copied(site, id), obj.origin.clone(), &obj.ty);
            copies.insert(id, (copy, obj));
        }
        let renamed = |value: &Value| {
            let objs = value.objs.iter().map(|id| copies.get(id).map_or(*id, |(copy, _)| *copy));
            let mut objs: Vec<ObjId> = objs.collect();
            objs.sort();
            objs.dedup();
            Value { labels: value.labels.clone(), objs, texts: value.texts.clone() }
        };
        let mut changed = Vec::new();
        for (copy, obj) in copies.values() {
            let parts = obj.parts.iter().map(|(key, part)| (*key, renamed(part))).collect();
            let anywhere = renamed(&obj.anywhere);
            changed.push((*copy, Obj { parts, anywhere, ..obj.as_ref().clone() }));
        }
        let result = renamed(value);
        for (copy, obj) in changed {
            self.state.set_obj(copy, Arc::new(obj));
        }
        result
    }

    /// Says of everything in a value that it was checked against the user's permissions.
    pub(crate) fn check_all(&mut self, value: &Value, span: Span) {
        for id in reachable(&self.state, &value.objs, &mut self.cuts) {
            let Some(obj) = self.state.obj(id).map(Arc::clone) else { continue };
            let mut changed = obj.as_ref().clone();
            changed.is_checked = true;
            for (_, part) in &mut changed.parts {
                part.labels = std::mem::take(&mut part.labels).stepped(self.file_id, span, Did::Checked);
            }
            self.state.set_obj(id, Arc::new(changed));
        }
    }

    /// What an object holds by where it comes from.
    pub(crate) fn origin_label(&self, obj: &Obj) -> Option<Label> {
        let class = match &obj.ty {
            Ty::Class(class) => self.world.program.class(*class).map(|class| class.full_name),
            _ => None,
        };
        let record = obj.ty.object().or(class).filter(|object| self.world.fields.is_object(*object));
        match obj.origin {
            Origin::New => None,
            Origin::Parameter { index, path } => {
                let otherwise = record.map_or(Otherwise::Nothing, Otherwise::Record);
                Some(Label::Parameter { index, path, otherwise })
            }
            Origin::Variable(variable, path) => Some(Label::Variable(variable, path)),
            Origin::Org => record.map(Label::Record),
        }
    }

    /// The value at a path from an argument, and whether all on the way was known.
    pub(crate) fn at_path(&mut self, args: &[Value], index: u16, path: Path, span: Span) -> (Value, bool) {
        let Some(value) = args.get(usize::from(index)) else { return (Value::default(), false) };
        let mut value = value.clone();
        let mut is_known = !value.is_nothing();
        for &key in path.keys() {
            is_known = !value.objs.is_empty() || !value.labels.is_empty();
            let ty = value.objs.first().and_then(|id| self.state.obj(*id)).map(|obj| obj.ty.clone());
            let ty = ty.map_or(Ty::Unknown, |ty| self.type_of_part(&ty, key));
            value = match key {
                Key::Element => self.elements(&value, &ty, span),
                _ => self.read_part(&value, key, &ty, span),
            };
        }
        (value, is_known)
    }
}
