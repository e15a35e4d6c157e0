//! Expressions.

use std::sync::Arc;

use apex::ast::{ExprId, ExprKind, Literal, Operator, StmtKind};
use apex::{MethodKind, Ref, Ty, VariableId};
use source::Span;

use crate::body::{Body, Site};
use crate::call::refined;
use crate::cap::Cuts;
use crate::refusal::is_safely_asked;
use crate::value::{Did, Key, Label, Labels, Origin, Path, Texts, Value, step};

impl Body<'_> {
    pub(crate) fn ty(&self, id: ExprId) -> &Ty {
        &self.world.resolution.expr(self.file_id, id).ty
    }

    fn to(&self, id: ExprId) -> Ref {
        self.world.resolution.expr(self.file_id, id).to
    }

    pub(crate) fn expr(&mut self, id: ExprId) -> Value {
        let value = self.value_of(id);
        if matches!(self.ty(id), Ty::Number | Ty::Boolean | Ty::Date | Ty::Id) && !value.labels.is_empty() {
            return Value { labels: value.labels.checked(), ..value };
        }
        value
    }

    fn value_of(&mut self, id: ExprId) -> Value {
        let file = self.file;
        let expr = file.expr(id);
        let span = expr.span;
        match &expr.kind {
            ExprKind::Literal(Literal::Text | Literal::LongText) => {
                Value::text(&file.literal_text(id).unwrap_or_default())
            }
            ExprKind::Literal(Literal::Null) => Value { texts: Texts::none(), ..Value::default() },
            ExprKind::Literal(Literal::Integer | Literal::Long | Literal::True | Literal::False) => {
                Value::text(file.source.slice(span))
            }
            ExprKind::Literal(_) | ExprKind::Broken | ExprKind::InstanceOf { .. } => {
                for part in file.parts(id) {
                    self.expr(part);
                }
                Value::default()
            }
            ExprKind::Name(_) => match self.to(id) {
                Ref::Local(slot) => self.state.local(slot),
                Ref::Variable(variable) => self.read_variable(variable, None, span, id),
                _ => Value::default(),
            },
            ExprKind::This | ExprKind::Super => self.this(),
            ExprKind::Field { object, .. } => self.field(id, *object, span),
            ExprKind::Index { list, index } => {
                let of = self.expr(*list);
                self.expr(*index);
                let ty = self.ty(id).clone();
                self.elements(&of, &ty, span)
            }
            ExprKind::Call { receiver, name, args, .. } => {
                let value = self.call(id, *receiver, name.value, args, span);
                self.check(&self.refused(id));
                value
            }
            ExprKind::Delegate { args, .. } => {
                let this = self.this();
                let args = self.all(args);
                if let Ref::Method { method, .. } = self.to(id) {
                    self.apply_one(method, &with(this, args), span, id, true);
                }
                Value::default()
            }
            ExprKind::New { args, .. } => self.new_object(id, args, span),
            ExprKind::NewList { size, elements, .. } => {
                if let Some(size) = size {
                    self.expr(*size);
                }
                let ty = self.ty(id).clone();
                let values = self.all(elements);
                let list = self.fresh(Site::Expr(id), &ty);
                self.empty(list);
                for value in values {
                    let value = self.kept(value, span);
                    self.write_part(&[list], Key::Element, value);
                }
                Value::obj(list)
            }
            ExprKind::NewMap { entries, .. } => {
                let ty = self.ty(id).clone();
                let mut pairs = Vec::new();
                for (key, value) in entries {
                    pairs.push((self.expr(*key), self.expr(*value), file.expr(*value).span));
                }
                let map = self.fresh(Site::Expr(id), &ty);
                for (key, value, at) in pairs {
                    let value = self.kept(value, at);
                    self.write_part(&[map], entry(&key), value);
                }
                Value::obj(map)
            }
            ExprKind::ClassOf(of) => {
                let Ty::Class(class) = self.world.resolution.ty(self.file_id, *of) else {
                    return Value::default();
                };
                Value::text(&self.world.program.class_name(class))
            }
            ExprKind::Cast { value, .. } => {
                let value = self.expr(*value);
                let ty = self.ty(id).clone();
                self.refine(&value, &ty);
                self.as_type(value, &ty, span)
            }
            ExprKind::Unary { value } | ExprKind::Step { value } => {
                let value = self.expr(*value);
                // A plus before a text, where an operand was taken out between two.
                if matches!(self.ty(id), Ty::Text) {
                    return value;
                }
                if matches!(self.ty(id), Ty::Boolean) { Value::default() } else { Value::of(value.labels) }
            }
            ExprKind::Binary { first, rest } => self.binary(*first, rest, span),
            ExprKind::Ternary { condition, yes, no } => {
                self.expr(*condition);
                if let Some(holds) = self.decided(*condition) {
                    self.allow(*condition, holds);
                    return self.expr(if holds { *yes } else { *no });
                }
                let before = self.state.clone();
                self.allow(*condition, true);
                let mut value = self.expr(*yes);
                let after = std::mem::replace(&mut self.state, before);
                self.allow(*condition, false);
                let other = self.expr(*no);
                let mut state = std::mem::take(&mut self.state);
                self.join(&mut state, &after);
                self.state = state;
                value.join(&other, &mut self.cuts);
                value
            }
            ExprKind::Assign { target, operator, value } => self.assign(*target, *operator, *value, span),
            ExprKind::Query { text, binds, is_search } => {
                for &bind in binds {
                    self.expr(bind);
                }
                self.query(file.source.slice(*text), *is_search, id, span)
            }
        }
    }

    /// Where a condition says of a variable that it is one of what is allowed, nobody's input is left in it.
    pub(crate) fn allow(&mut self, condition: ExprId, holds: bool) {
        self.check(&self.allowed(condition, holds));
    }

    /// Nobody's input is left in these names.
    fn check(&mut self, names: &[ExprId]) {
        for &name in names {
            match self.to(name) {
                Ref::Local(slot) => {
                    let value = self.state.local(slot);
                    let value = Value { labels: value.labels.checked(), ..value };
                    self.state.set_local(slot, value);
                }
                Ref::Variable(variable) => {
                    let Some(own) = self.world.program.variable(variable) else { continue };
                    if own.is_static || own.setter.is_some() {
                        continue;
                    }
                    let (member, ty) = (own.name, own.ty.clone());
                    let this = self.this();
                    let value = self.read_part(&this, Key::Member(member), &ty, self.method.span);
                    let value = Value { labels: value.labels.checked(), ..value };
                    self.write_part(&this.objs, Key::Member(member), value);
                }
                _ => {}
            }
        }
    }

    /// The names that a condition compares with what is constant, where it holds or does not.
    fn allowed(&self, condition: ExprId, holds: bool) -> Vec<ExprId> {
        let file = self.file;
        match &file.expr(condition).kind {
            ExprKind::Unary { value } if file.source.slice(file.expr(condition).span).starts_with('!') => {
                self.allowed(*value, !holds)
            }
            ExprKind::Binary { first, rest } => {
                let joins = if holds { Operator::And } else { Operator::Or };
                if rest.iter().all(|(operator, _)| *operator == joins) {
                    let mut found = self.allowed(*first, holds);
                    for (_, value) in rest {
                        found.extend(self.allowed(*value, holds));
                    }
                    return found;
                }
                // Where either may hold, what is one of them in each case.
                let splits = if holds { Operator::Or } else { Operator::And };
                if rest.iter().all(|(operator, _)| *operator == splits) {
                    let mut found = self.allowed(*first, holds);
                    for (_, value) in rest {
                        let other = self.allowed(*value, holds);
                        found.retain(|own| other.iter().any(|other| self.to(*own) == self.to(*other)));
                    }
                    return found;
                }
                let wanted = if holds {
                    [Operator::Equal, Operator::Identical]
                } else {
                    [Operator::NotEqual, Operator::NotIdentical]
                };
                match rest.as_slice() {
                    [(operator, value)] if wanted.contains(operator) => {
                        let constant = |id: ExprId| self.is_constant(id);
                        if constant(*value) {
                            vec![*first]
                        } else if constant(*first) {
                            vec![*value]
                        } else {
                            Vec::new()
                        }
                    }
                    [(Operator::NotEqual | Operator::Equal, value)] => {
                        let is_null =
                            |id: ExprId| matches!(file.expr(id).kind, ExprKind::Literal(Literal::Null));
                        let found = if is_null(*value) { Some(*first) } else { None };
                        let found = found.or(is_null(*first).then_some(*value));
                        found.and_then(|found| self.looked_up(found)).into_iter().collect()
                    }
                    _ => Vec::new(),
                }
            }
            // What does not begin with two slashes names no host.
            ExprKind::Call { receiver: Some(receiver), name, args, .. } if !holds => {
                let prefix = args.first().and_then(|arg| file.literal_text(*arg));
                let is_host = self.world.text(name.value) == "startswith" && prefix.as_deref() == Some("//");
                if is_host { vec![*receiver] } else { Vec::new() }
            }
            ExprKind::Call { receiver: Some(receiver), name, args, .. } => {
                let called = self.world.text(name.value);
                match (called, args.as_slice()) {
                    // Of a text, `contains` asks for a part.
                    ("contains" | "containskey", [arg]) if !matches!(self.ty(*receiver), Ty::Text) => {
                        if self.is_list_of_constants(*receiver) { vec![*arg] } else { Vec::new() }
                    }
                    ("equals" | "equalsignorecase", [arg]) => {
                        if self.is_constant(*arg) {
                            vec![*receiver]
                        } else if self.is_constant(*receiver) {
                            vec![*arg]
                        } else {
                            Vec::new()
                        }
                    }
                    _ => Vec::new(),
                }
            }
            _ => Vec::new(),
        }
    }

    /// By what a thing was looked up among the org's own objects or fields: where something is found there, it is called
    /// so.
    fn looked_up(&self, id: ExprId) -> Option<ExprId> {
        let file = self.file;
        match &file.expr(id).kind {
            ExprKind::Call { receiver: Some(receiver), name, args, .. } => match args.as_slice() {
                [arg] if self.world.text(name.value) == "get" && self.is_described(*receiver) => Some(*arg),
                // `described.get(name)?.getDescribe()`
                [] if self.world.text(name.value) == "getdescribe" => self.looked_up(*receiver),
                _ => None,
            },
            ExprKind::Name(_) => {
                let Ref::Local(slot) = self.to(id) else { return None };
                let body = self.method.body?;
                let mut value = None;
                file.each_stmt(body, |stmt| {
                    let StmtKind::Local { variables, .. } = &file.stmt(stmt).kind else { return };
                    let Some(first) = self.world.resolution.slot(self.file_id, stmt) else { return };
                    let own = (first..).zip(variables).find(|(own, _)| *own == slot);
                    value = value.or(own.and_then(|(_, (_, value))| *value));
                });
                // Neither what was found is another one by then, nor by what it was looked up: that may have been put
                // together before.
                let value = value?;
                let key = self.looked_up(value)?;
                let found_at = file.expr(value).span.start;
                let mut is_changed = false;
                file.each_expr(body, |expr| {
                    let ExprKind::Assign { target, .. } = file.expr(expr).kind else { return };
                    let is_later = file.expr(expr).span.start > found_at || self.depth > 0;
                    is_changed |=
                        self.to(target) == Ref::Local(slot) || is_later && self.to(target) == self.to(key);
                });
                (!is_changed).then_some(key)
            }
            _ => None,
        }
    }

    /// The names that a call leaves checked: what is asked of the description under a name fails where there is none, and
    /// so does a helper that refuses such names.
    fn refused(&self, id: ExprId) -> Vec<ExprId> {
        let ExprKind::Call { receiver, args, .. } = &self.file.expr(id).kind else { return Vec::new() };
        let is_name = |id: &ExprId| matches!(self.file.expr(*id).kind, ExprKind::Name(_));
        if let Ref::Method { method, .. } = self.to(id) {
            let refused = self.world.refused.get(&method);
            let all = args.iter().enumerate().filter(|(at, _)| refused.is_some_and(|own| own.contains(at)));
            return all.map(|(_, arg)| *arg).filter(is_name).collect();
        }
        // `Decimal.valueOf(text)` fails for what is no number.
        if let ([arg], Some(of)) = (args.as_slice(), receiver)
            && matches!(self.ty(id), Ty::Number | Ty::Id)
            && self.to(*of) == Ref::Type
            && self.is_called(id, "valueof")
        {
            return Some(*arg).filter(is_name).into_iter().collect();
        }
        let of = receiver.filter(|of| !is_safely_asked(self.file, *of));
        let key = of.filter(|of| !is_name(of)).and_then(|of| self.looked_up(of));
        key.filter(is_name).into_iter().collect()
    }

    fn is_called(&self, id: ExprId, wanted: &str) -> bool {
        matches!(&self.file.expr(id).kind, ExprKind::Call { name, .. } if self.world.text(name.value) == wanted)
    }

    /// Whether a method that is not in the source gives what is kept under the name of an Id: which record it is, and no
    /// more of what went in.
    pub(crate) fn is_unknown_id(&self, name: &str, value: ExprId) -> bool {
        let called = match self.file.expr(value).kind {
            ExprKind::Cast { value, .. } => value,
            _ => value,
        };
        // No class of Salesforce's own has an underscore in its name.
        let is_unknown = match self.to(called) {
            Ref::None => true,
            Ref::Platform(class) => self.world.text(class).contains('_'),
            _ => false,
        };
        is_unknown
            && matches!(self.file.expr(called).kind, ExprKind::Call { .. })
            && (name.ends_with("Id") || name.eq_ignore_ascii_case("id"))
    }

    fn is_described(&self, id: ExprId) -> bool {
        self.world.is_described(self.file_id, self.file, id)
    }

    fn is_constant(&self, id: ExprId) -> bool {
        match self.file.expr(id).kind {
            ExprKind::Literal(Literal::Text | Literal::LongText) => true,
            _ => match self.to(id) {
                Ref::Variable(variable) => {
                    self.world.program.variable(variable).is_some_and(|own| own.is_static && own.is_final)
                }
                Ref::Constant => true,
                _ => false,
            },
        }
    }

    /// Whether nobody from outside says what is in a collection.
    fn is_list_of_constants(&self, id: ExprId) -> bool {
        match self.to(id) {
            Ref::Local(slot) => {
                let value = self.state.local(slot);
                let mut cuts = Cuts::new();
                let reached = crate::value::reachable(&self.state, &value.objs, &mut cuts);
                value.labels.is_empty()
                    && cuts.is_empty()
                    && !reached.is_empty()
                    && reached.into_iter().all(|id| {
                        self.state.obj(id).is_some_and(|obj| {
                            obj.origin == Origin::New
                                && obj.parts.iter().all(|(_, part)| part.labels.is_empty())
                        })
                    })
            }
            Ref::Variable(variable) => self.world.program.variable(variable).is_some_and(|own| own.is_static),
            // `Schema.getGlobalDescribe()`, `fields.getMap()`, a literal.
            _ => true,
        }
    }

    /// A cast or a case says more of what an object is.
    pub(crate) fn refine(&mut self, value: &Value, ty: &Ty) {
        for &obj in &value.objs {
            let refined = self.state.obj(obj).and_then(|own| refined(own, ty));
            if let Some(refined) = refined {
                self.state.set_obj(obj, Arc::new(refined));
            }
        }
    }

    /// What a value is as a text: what its class prints, where it says so.
    pub(crate) fn as_text(&mut self, value: &Value, span: Span) -> Labels {
        let mut labels = value.labels.clone();
        let mut rest = Value::default();
        for &id in &value.objs {
            let ty = self.state.obj(id).map(|obj| obj.ty.clone()).unwrap_or_default();
            let own = self.methods_of(&Value::default(), &ty, "tostring", 0);
            if own.is_empty() {
                rest.objs.push(id);
                continue;
            }
            let text = self.apply(&own, &[Value::obj(id)], span, ExprId(u32::MAX));
            let printed = self.collect(&text, span);
            labels.join(&printed);
        }
        let more = self.collect(&rest, span);
        labels.join(&more);
        labels
    }

    /// As a field of a record, a request or a message keeps it: put in here.
    pub(crate) fn stored(&mut self, value: Value, span: Span) -> Value {
        let reached = crate::value::reachable(&self.state, &value.objs, &mut self.cuts);
        let is_whole = reached.into_iter().any(|id| {
            let ty = self.state.obj(id).map(|obj| &obj.ty);
            let Some(Ty::Platform(class)) =
                ty.map(|ty| if matches!(ty, Ty::Platform(_)) { ty.clone() } else { ty.element() })
            else {
                return false;
            };
            ["messaging.", "connectapi.", "aiplatform."]
                .iter()
                .any(|start| self.world.text(class).starts_with(start))
        });
        let labels = if is_whole { value.labels } else { self.collect(&value, span) };
        let objs = if is_whole { value.objs } else { Vec::new() };
        Value { labels: labels.stepped(self.file_id, span, Did::Stored), objs, texts: value.texts }
    }

    pub(crate) fn all(&mut self, ids: &[ExprId]) -> Vec<Value> {
        ids.iter().map(|id| self.expr(*id)).collect()
    }

    fn binary(&mut self, first: ExprId, rest: &[(Operator, ExprId)], span: Span) -> Value {
        let mut value = self.expr(first);
        for (operator, right) in rest {
            let right = self.expr(*right);
            if operator.is_test() {
                value = Value::default();
                continue;
            }
            match operator {
                Operator::Coalesce => drop(value.join(&right, &mut self.cuts)),
                Operator::Add => {
                    let texts = value.texts.then(&right.texts);
                    let mut labels = self.as_text(&value, span);
                    let mut more = self.as_text(&right, span);
                    // What is escaped and put behind an open quote does no harm, whatever comes around it.
                    if crate::library::is_within_quotes(value.texts.all()) {
                        more = more.quoted();
                    }
                    if value.texts.begin_with_text() {
                        more = more.behind_text();
                    }
                    labels.join(&more);
                    value = Value { labels, objs: Vec::new(), texts };
                }
                _ => {
                    let mut labels = value.labels;
                    labels.join(&right.labels);
                    value = Value::of(labels.counted(self.file_id, span));
                }
            }
        }
        value
    }

    fn field(&mut self, id: ExprId, object: ExprId, span: Span) -> Value {
        let ExprKind::Field { name, .. } = &self.file.expr(id).kind else { return Value::default() };
        let name = name.value;
        match self.to(id) {
            Ref::Variable(variable) => {
                let is_value = self.to(object) != Ref::Type;
                let of = is_value.then(|| self.expr(object));
                self.read_variable(variable, of, span, id)
            }
            Ref::RecordField(_) => {
                let of = self.expr(object);
                // `record.Provider__r.Name`, whoever passed the record.
                if let ExprKind::Field { name: step, .. } = &self.file.expr(object).kind {
                    let step = self.world.text(step.value);
                    if step.ends_with("__r") && (self.world.leads_to_others)(step) {
                        return Value::default();
                    }
                }
                let (object, ty) = (self.ty(object).object(), self.ty(id).clone());
                // A query or list with one record stands for it.
                let of = if matches!(self.ty_of_object(id), Some(Ty::List(_))) {
                    self.elements(&of, &Ty::Record(object), span)
                } else {
                    of
                };
                self.read_field(&of, object, name, &ty, span)
            }
            Ref::Platform(class) => {
                let of = if self.to(object) == Ref::Type { None } else { Some(self.expr(object)) };
                self.platform_member(id, class, name, of, span)
            }
            Ref::Type | Ref::Constant => Value::default(),
            // `Account.SObjectType`
            Ref::None if self.to(object) == Ref::Type && self.world.text(name) == "sobjecttype" => {
                let named = self.ty(object).object().map(|object| self.world.text(object).to_owned());
                named.map_or_else(Value::default, |named| Value::text(&named))
            }
            _ => {
                let of = self.expr(object);
                Value::of(of.labels)
            }
        }
    }

    fn ty_of_object(&self, id: ExprId) -> Option<&Ty> {
        match &self.file.expr(id).kind {
            ExprKind::Field { object, .. } => Some(self.ty(*object)),
            _ => None,
        }
    }

    /// A variable of a class: of `of`, or of `this`, or static.
    fn read_variable(&mut self, id: VariableId, of: Option<Value>, span: Span, site: ExprId) -> Value {
        let Some(variable) = self.world.program.variable(id) else { return Value::default() };
        let is_within =
            matches!(self.method.kind, MethodKind::Getter(own) | MethodKind::Setter(own) if own == id);
        if let Some(getter) = variable.getter.filter(|_| !is_within) {
            let this = match of {
                Some(of) => of,
                None if variable.is_static => Value::default(),
                None => self.this(),
            };
            return self.apply(&[getter], &[this], span, site);
        }
        if variable.is_static {
            let texts = self.world.constant(id, 0);
            if texts.0.is_some() && texts.constants().count() == texts.all().len() {
                return Value { texts, ..Value::default() };
            }
            // What only tests set is nothing.
            if !self.world.written.contains(&id) && variable.value.is_none() {
                return Value::default();
            }
            if variable.ty.is_scalar() {
                let label = Label::Variable(id, Path::ROOT);
                let labels = Labels::one(label, step(None, self.file_id, span, Did::Read));
                return Value { labels, texts, ..Value::default() };
            }
            let key = Site::Called(ExprId(u32::MAX), self.id, id.0);
            return Value::obj(self.object(key, Origin::Variable(id, Path::ROOT), &variable.ty));
        }
        let of = of.unwrap_or_else(|| self.this());
        self.read_part(&of, Key::Member(variable.name), &variable.ty, span)
    }

    /// Whether a variable was there before the loop over a collection: what is added to it there is a sum over many, as
    /// `SUM` of a query is.
    fn is_over_all(&self, target: ExprId) -> bool {
        let Ref::Local(slot) = self.to(target) else { return false };
        self.each.last().is_some_and(|each| slot < *each)
    }

    fn assign(&mut self, target: ExprId, operator: Option<Operator>, value: ExprId, span: Span) -> Value {
        let mut new = self.expr(value);
        if let Some(operator) = operator {
            let old = self.expr(target);
            let mut labels = self.collect(&old, span);
            let more = self.collect(&new, span);
            labels.join(&more);
            let texts = if operator == Operator::Add { old.texts.then(&new.texts) } else { Texts::default() };
            new = Value { labels, objs: Vec::new(), texts };
        }
        let ty = self.ty(target).clone();
        if operator == Some(Operator::Add) && matches!(ty, Ty::Number) && self.is_over_all(target) {
            new.labels = Labels::default();
        }
        new = self.as_type(new, &ty, span);
        match &self.file.expr(target).kind {
            ExprKind::Name(_) => match self.to(target) {
                Ref::Local(slot) => {
                    let new = self.kept(new.clone(), span);
                    self.state.set_local(slot, new);
                }
                Ref::Variable(variable) => self.write_variable(variable, None, new.clone(), span, target),
                _ => {}
            },
            ExprKind::Field { object, name, .. } => {
                let (object, name) = (*object, name.value);
                match self.to(target) {
                    Ref::Variable(variable) => {
                        let of = (self.to(object) != Ref::Type).then(|| self.expr(object));
                        self.write_variable(variable, of, new.clone(), span, target);
                    }
                    Ref::RecordField(_) => {
                        let mut of = self.expr(object);
                        if matches!(self.ty(object), Ty::List(_)) {
                            of = self.elements(&of, &Ty::Record(self.ty(object).object()), span);
                        }
                        let new = self.stored(new.clone(), span);
                        self.write_part(&of.objs, Key::Member(name), new);
                    }
                    Ref::Platform(class) => {
                        let of = self.expr(object);
                        self.set_platform_member(class, name, &of, new.clone(), span);
                    }
                    _ => {
                        let of = self.expr(object);
                        self.write_anywhere(&of.objs, &new);
                    }
                }
            }
            ExprKind::Index { list, index } => {
                let of = self.expr(*list);
                self.expr(*index);
                let new = self.kept(new.clone(), span);
                self.write_part(&of.objs, Key::Element, new);
            }
            _ => {}
        }
        new
    }

    fn write_variable(&mut self, id: VariableId, of: Option<Value>, value: Value, span: Span, site: ExprId) {
        let Some(variable) = self.world.program.variable(id) else { return };
        let is_within =
            matches!(self.method.kind, MethodKind::Getter(own) | MethodKind::Setter(own) if own == id);
        let value = self.kept(value, span);
        if let Some(setter) = variable.setter.filter(|_| !is_within) {
            let this = match of {
                Some(of) => of,
                None if variable.is_static => Value::default(),
                None => self.this(),
            };
            self.apply(&[setter], &[this, value], span, site);
            return;
        }
        if variable.is_static {
            self.left(id, Some(Path::ROOT), Path::ROOT, &value, span);
            return;
        }
        let of = of.unwrap_or_else(|| self.this());
        self.write_part(&of.objs, Key::Member(variable.name), value);
    }

    fn new_object(&mut self, id: ExprId, args: &[ExprId], span: Span) -> Value {
        let ty = self.ty(id).clone();
        match &ty {
            Ty::Record(_) => {
                let mut parts = Vec::new();
                for &arg in args {
                    let ExprKind::Assign { target, value, .. } = &self.file.expr(arg).kind else {
                        self.expr(arg);
                        continue;
                    };
                    let value = self.expr(*value);
                    if let ExprKind::Name(name) = self.file.expr(*target).kind {
                        parts.push((name, value, self.file.expr(arg).span));
                    }
                }
                let record = self.fresh(Site::Expr(id), &ty);
                for (name, value, at) in parts {
                    let value = self.stored(value, at);
                    self.write_part(&[record], Key::Member(name), value);
                }
                Value::obj(record)
            }
            Ty::Class(_) => {
                let args = self.all(args);
                let obj = self.fresh(Site::Expr(id), &ty);
                match self.to(id) {
                    Ref::New { constructor: Some(constructor), .. }
                        if self
                            .world
                            .program
                            .method(constructor)
                            .is_some_and(|own| own.parameters.len() == args.len()) =>
                    {
                        self.apply(&[constructor], &with(Value::obj(obj), args), span, id);
                    }
                    // What a class of Salesforce above it takes: the message of an exception.
                    _ => {
                        for value in args {
                            let value = self.kept(value, span);
                            self.says(obj, value, span);
                        }
                    }
                }
                Value::obj(obj)
            }
            Ty::List(_) | Ty::Set(_) | Ty::Map(_) => {
                let args = self.all(args);
                let list = self.fresh(Site::Expr(id), &ty);
                self.empty(list);
                for value in args {
                    let elements = self.elements(&value, &ty.element(), span);
                    self.add_all(&[list], &value, elements, span);
                }
                Value::obj(list)
            }
            Ty::Platform(class) => {
                let class = *class;
                let args = self.all(args);
                self.new_platform(id, class, args, span)
            }
            _ => {
                let args = self.all(args);
                self.unknown(&args, &ty, span, id)
            }
        }
    }

    fn call(
        &mut self,
        id: ExprId,
        receiver: Option<ExprId>,
        name: apex::Name,
        args: &[ExprId],
        span: Span,
    ) -> Value {
        match self.to(id) {
            Ref::Method { method, is_virtual } => {
                let is_static = self.world.program.method(method).is_some_and(|method| method.is_static);
                let this = match receiver {
                    _ if is_static => Value::default(),
                    Some(receiver) => self.expr(receiver),
                    None => self.this(),
                };
                let args = self.all(args);
                let methods = self.implementations(method, is_virtual, &this);
                if methods
                    .iter()
                    .all(|id| self.world.program.method(*id).is_none_or(|method| method.body.is_none()))
                {
                    let ty = self.ty(id).clone();
                    return self.unknown(&with(this, args), &ty, span, id);
                }
                self.apply(&methods, &with(this, args), span, id)
            }
            Ref::Platform(class) => {
                let of = receiver.filter(|receiver| self.to(*receiver) != Ref::Type).map(|of| self.expr(of));
                self.platform_call(id, class, name, receiver, of, args, span)
            }
            _ => {
                let mut values = Vec::new();
                if let Some(receiver) = receiver {
                    values.push(self.expr(receiver));
                }
                values.extend(self.all(args));
                if self.is_logger(receiver) {
                    self.log(&values, span);
                    return values.into_iter().next().unwrap_or_default();
                }
                let ty = self.ty(id).clone();
                self.unknown(&values, &ty, span, id)
            }
        }
    }
}

/// The entry of a map under a key, where the key is constant.
pub(crate) fn entry(key: &Value) -> Key {
    let mut constants = key.texts.constants();
    match (constants.next(), constants.next()) {
        (Some(only), None) if key.texts.all().len() == 1 => Key::Entry(hash(&only)),
        _ => Key::Element,
    }
}

/// FNV-1a: the same on every machine.
pub(crate) fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

pub(crate) fn with(first: Value, rest: Vec<Value>) -> Vec<Value> {
    std::iter::once(first).chain(rest).collect()
}
