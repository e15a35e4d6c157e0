//! What each name of a body means and which code each call reaches.

mod call;
mod query;

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::ast::{ExprId, ExprKind, File, Labels, Literal, Operator, StmtId, StmtKind, TypeId};
use crate::name::{Name, word};
use crate::platform;
use crate::program::{ClassId, FileId, Method, MethodId, Program, VariableId};
use crate::schema::Schema;
use crate::ty::Ty;

/// What an expression refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Ref {
    #[default]
    None,
    /// A parameter or local variable, by its slot.
    Local(u32),
    Variable(VariableId),
    /// A field of a record, or a relationship of it.
    RecordField(Name),
    /// The name of a type, not a value.
    Type,
    Constant,
    /// The method that the types name; of a virtual call, its overriders may run.
    Method {
        method: MethodId,
        is_virtual: bool,
    },
    /// A new object, and the constructor where it has one of its own.
    New {
        class: ClassId,
        constructor: Option<MethodId>,
    },
    /// A method or member of a class of Salesforce.
    Platform(Name),
}

#[derive(Debug, Clone, Default)]
pub struct Resolved {
    pub ty: Ty,
    pub to: Ref,
}

/// Of one file, by the indices of its expressions and statements.
#[derive(Debug, Default)]
pub struct Meanings {
    exprs: Vec<Resolved>,
    /// The first slot of what a statement declares.
    slots: BTreeMap<StmtId, u32>,
}

/// Of one method.
#[derive(Debug, Clone, Copy, Default)]
pub struct Frame {
    pub slots: u32,
}

#[derive(Debug)]
pub struct Resolution {
    files: Vec<Meanings>,
    frames: Vec<Frame>,
    types: Vec<BTreeMap<TypeId, Ty>>,
    nothing: Resolved,
}

impl Resolution {
    pub fn expr(&self, file: FileId, id: ExprId) -> &Resolved {
        self.files.get(file.index()).and_then(|file| file.exprs.get(id.index())).unwrap_or(&self.nothing)
    }

    pub fn slot(&self, file: FileId, id: StmtId) -> Option<u32> {
        self.files.get(file.index())?.slots.get(&id).copied()
    }

    pub fn frame(&self, method: MethodId) -> Frame {
        self.frames.get(method.index()).copied().unwrap_or_default()
    }

    /// What a type that a body mentions is.
    pub fn ty(&self, file: FileId, id: TypeId) -> Ty {
        self.types.get(file.index()).and_then(|types| types.get(&id)).cloned().unwrap_or_default()
    }
}

/// Resolves every body but those of tests.
pub fn resolve(program: &Program, schema: &dyn Schema) -> Resolution {
    let mut by_file: Vec<Vec<MethodId>> = vec![Vec::new(); program.files.len()];
    for (index, method) in program.methods.iter().enumerate() {
        if !method.is_test
            && let Some(own) = by_file.get_mut(method.file.index())
        {
            own.push(MethodId::new(index));
        }
    }
    let mut files = Vec::new();
    let mut types = Vec::new();
    let mut frames = vec![Frame::default(); program.methods.len()];
    let resolved: Vec<_> = by_file
        .into_par_iter()
        .enumerate()
        .map(|(index, methods)| file_of(program, schema, FileId::new(index), &methods))
        .collect();
    for (meanings, own_types, own_frames) in resolved {
        files.push(meanings);
        types.push(own_types);
        for (method, frame) in own_frames {
            if let Some(known) = frames.get_mut(method.index()) {
                *known = frame;
            }
        }
    }
    Resolution { files, frames, types, nothing: Resolved::default() }
}

type OfFile = (Meanings, BTreeMap<TypeId, Ty>, Vec<(MethodId, Frame)>);

fn file_of(program: &Program, schema: &dyn Schema, id: FileId, methods: &[MethodId]) -> OfFile {
    let Some(file) = program.file(id) else { return OfFile::default() };
    let is_needed = !methods.is_empty() || !file.script.is_empty();
    let mut resolver = Resolver {
        program,
        schema,
        file,
        class: None,
        is_static: true,
        object: file.trigger.as_ref().map(|trigger| trigger.object.value),
        scopes: Vec::new(),
        slots: 0,
        slot_types: Vec::new(),
        out: Meanings {
            exprs: if is_needed { vec![Resolved::default(); file.exprs.len()] } else { Vec::new() },
            slots: BTreeMap::new(),
        },
        types: BTreeMap::new(),
    };
    let mut frames = Vec::new();
    for &id in methods {
        let Some(method) = program.method(id) else { continue };
        frames.push((id, resolver.method(method)));
    }
    // Initial values of variables have no frame of their own.
    for (at, _) in file.decls.iter().enumerate() {
        resolver.initial_values(id, at);
    }
    (resolver.out, resolver.types, frames)
}

struct Resolver<'p> {
    program: &'p Program,
    schema: &'p dyn Schema,
    file: &'p File,
    class: Option<ClassId>,
    is_static: bool,
    /// Of the trigger, whose records it sees.
    object: Option<Name>,
    scopes: Vec<(Name, u32)>,
    slots: u32,
    slot_types: Vec<Ty>,
    out: Meanings,
    types: BTreeMap<TypeId, Ty>,
}

impl Resolver<'_> {
    fn method(&mut self, method: &Method) -> Frame {
        self.class = method.class;
        self.is_static = method.is_static;
        self.scopes.clear();
        self.slots = 0;
        self.slot_types.clear();
        for (name, ty) in &method.parameters {
            self.declare(name.value, ty.clone());
        }
        if let Some(body) = method.body {
            self.stmt(body);
        }
        Frame { slots: self.slots }
    }

    fn initial_values(&mut self, file: FileId, decl: usize) {
        // Classes stand in the order of files and of their declarations.
        let index = self.program.classes.partition_point(|c| (c.file, c.decl.index()) < (file, decl));
        let class = ClassId::new(index);
        let is_own = |c: &crate::program::Class| c.file == file && c.decl.index() == decl && !c.is_test;
        if !self.program.class(class).is_some_and(is_own) {
            return;
        }
        self.class = Some(class);
        self.is_static = false;
        self.scopes.clear();
        let values = self.file.decls.get(decl).into_iter().flat_map(|decl| &decl.variables);
        for value in values.filter_map(|variable| variable.value).collect::<Vec<_>>() {
            self.expr(value);
        }
    }

    fn declare(&mut self, name: Name, ty: Ty) -> u32 {
        let slot = self.slots;
        self.slots += 1;
        self.slot_types.push(ty);
        self.scopes.push((name, slot));
        slot
    }

    fn written(&mut self, id: TypeId) -> Ty {
        if let Some(known) = self.types.get(&id) {
            return known.clone();
        }
        let ty = self.program.ty(self.file, id, self.class);
        self.types.insert(id, ty.clone());
        ty
    }

    fn stmt(&mut self, id: StmtId) {
        let scope = self.scopes.len();
        match &self.file.stmt(id).kind {
            StmtKind::Block(all) => {
                for &one in all {
                    self.stmt(one);
                }
                self.scopes.truncate(scope);
            }
            StmtKind::Local { of, variables } => {
                let ty = self.written(*of);
                let mut first = None;
                for (name, value) in variables {
                    if let Some(value) = value {
                        self.expr(*value);
                    }
                    let slot = self.declare(name.value, ty.clone());
                    first = first.or(Some(slot));
                }
                self.out.slots.extend(first.map(|slot| (id, slot)));
            }
            StmtKind::Expr(value) | StmtKind::Throw(value) => {
                self.expr(*value);
            }
            StmtKind::If { .. } => {
                // A chain of `else if` is as long as it likes.
                let mut next = Some(id);
                while let Some(own) = next {
                    let StmtKind::If { condition, yes, no } = &self.file.stmt(own).kind else {
                        self.scoped(own);
                        break;
                    };
                    self.expr(*condition);
                    self.scoped(*yes);
                    next = *no;
                }
            }
            StmtKind::While { condition, body } | StmtKind::DoWhile { body, condition } => {
                self.expr(*condition);
                self.scoped(*body);
            }
            StmtKind::For { init, condition, update, body } => {
                for &one in init {
                    self.stmt(one);
                }
                for value in condition.iter().chain(update) {
                    self.expr(*value);
                }
                self.scoped(*body);
                self.scopes.truncate(scope);
            }
            StmtKind::ForEach { of, name, over, body } => {
                self.expr(*over);
                let ty = self.written(*of);
                let slot = self.declare(name.value, ty);
                self.out.slots.insert(id, slot);
                self.scoped(*body);
                self.scopes.truncate(scope);
            }
            StmtKind::Return(value) => {
                if let Some(value) = value {
                    self.expr(*value);
                }
            }
            StmtKind::Try { body, catches, finally } => {
                self.scoped(*body);
                for catch in catches {
                    let ty = self.written(catch.of);
                    let slot = self.declare(catch.name.value, ty);
                    self.out.slots.insert(catch.body, slot);
                    self.scoped(catch.body);
                    self.scopes.truncate(scope);
                }
                if let Some(finally) = finally {
                    self.scoped(*finally);
                }
            }
            StmtKind::Switch { on, arms } => {
                self.expr(*on);
                for arm in arms {
                    match &arm.labels {
                        Labels::Values(values) => {
                            for value in values {
                                self.expr(*value);
                            }
                        }
                        Labels::Record { of, name } => {
                            let ty = self.written(*of);
                            let slot = self.declare(name.value, ty);
                            self.out.slots.insert(arm.body, slot);
                        }
                        Labels::Else => {}
                    }
                    self.scoped(arm.body);
                    self.scopes.truncate(scope);
                }
            }
            StmtKind::Dml { target, with, .. } => {
                self.expr(*target);
                if let Some(with) = with {
                    self.expr(*with);
                }
            }
            StmtKind::RunAs { user, body } => {
                self.expr(*user);
                self.scoped(*body);
            }
            StmtKind::Break | StmtKind::Continue | StmtKind::Empty => {}
        }
    }

    fn scoped(&mut self, id: StmtId) {
        let scope = self.scopes.len();
        self.stmt(id);
        self.scopes.truncate(scope);
    }

    fn expr(&mut self, id: ExprId) -> Ty {
        let resolved = self.meaning(id);
        let ty = resolved.ty.clone();
        if let Some(own) = self.out.exprs.get_mut(id.index()) {
            *own = resolved;
        }
        ty
    }

    fn all(&mut self, ids: &[ExprId]) -> Vec<Ty> {
        ids.iter().map(|id| self.expr(*id)).collect()
    }

    fn is_type(&self, id: ExprId) -> bool {
        self.out.exprs.get(id.index()).is_some_and(|own| own.to == Ref::Type)
    }

    fn meaning(&mut self, id: ExprId) -> Resolved {
        let plain = |ty| Resolved { ty, to: Ref::None };
        let file = self.file;
        match &file.expr(id).kind {
            ExprKind::Literal(literal) => plain(match literal {
                Literal::Null => Ty::Null,
                Literal::True | Literal::False => Ty::Boolean,
                Literal::Integer | Literal::Long | Literal::Decimal => Ty::Number,
                Literal::Text | Literal::LongText => Ty::Text,
            }),
            ExprKind::Name(name) => self.name(*name),
            ExprKind::This => plain(self.class.map_or(Ty::Unknown, Ty::Class)),
            ExprKind::Super => {
                let above = self.class.and_then(|class| self.program.class(class)?.parent);
                plain(above.map_or(Ty::Unknown, Ty::Class))
            }
            ExprKind::Field { object, name, .. } => {
                let ty = self.expr(*object);
                self.field(*object, &ty, name.value)
            }
            ExprKind::Index { list, index } => {
                let ty = self.expr(*list);
                self.expr(*index);
                plain(ty.element())
            }
            ExprKind::Call { receiver, name, args, .. } => {
                let of = receiver.map(|receiver| self.expr(receiver));
                let args = self.all(args);
                self.call(*receiver, of, name.value, &args)
            }
            ExprKind::Delegate { to_super, args } => {
                let args = self.all(args);
                let class = self.class.and_then(|class| {
                    if *to_super { self.program.class(class)?.parent } else { Some(class) }
                });
                let Some(class) = class else { return plain(Ty::Void) };
                let found = self.program.class(class).map_or(&[][..], |class| &class.constructors);
                let to = match self.best(found, &args) {
                    Some(method) => Ref::Method { method, is_virtual: false },
                    None => Ref::None,
                };
                Resolved { ty: Ty::Void, to }
            }
            ExprKind::New { of, args } => {
                let ty = self.written(*of);
                if let Ty::Record(_) = ty {
                    // The names on the left are fields.
                    for &arg in args {
                        match &file.expr(arg).kind {
                            ExprKind::Assign { value, .. } => drop(self.expr(*value)),
                            _ => drop(self.expr(arg)),
                        }
                    }
                    return plain(ty);
                }
                let args = self.all(args);
                let Ty::Class(class) = ty else { return plain(ty) };
                let found = self.program.class(class).map_or(&[][..], |class| &class.constructors);
                let constructor = self.best(found, &args);
                Resolved { ty, to: Ref::New { class, constructor } }
            }
            ExprKind::NewList { of, size, elements } => {
                if let Some(size) = size {
                    self.expr(*size);
                }
                self.all(elements);
                plain(self.written(*of))
            }
            ExprKind::NewMap { of, entries } => {
                for (key, value) in entries {
                    self.expr(*key);
                    self.expr(*value);
                }
                plain(self.written(*of))
            }
            ExprKind::ClassOf(of) => {
                self.written(*of);
                plain(self.program.names.find("type").map_or(Ty::Unknown, Ty::Platform))
            }
            ExprKind::Cast { to, value } => {
                let own = self.expr(*value);
                let ty = self.written(*to);
                // A cast to `SObject` forgets what is known.
                plain(if ty == Ty::Record(None) && own.object().is_some() { own } else { ty })
            }
            ExprKind::InstanceOf { value, of } => {
                self.expr(*value);
                self.written(*of);
                plain(Ty::Boolean)
            }
            ExprKind::Unary { value } | ExprKind::Step { value } => plain(self.expr(*value)),
            ExprKind::Binary { first, rest } => {
                let mut ty = self.expr(*first);
                for (operator, value) in rest {
                    let right = self.expr(*value);
                    ty = joined(&ty, *operator, &right);
                }
                plain(ty)
            }
            ExprKind::Ternary { condition, yes, no } => {
                self.expr(*condition);
                let (yes, no) = (self.expr(*yes), self.expr(*no));
                plain(if matches!(yes, Ty::Null | Ty::Unknown) { no } else { yes })
            }
            ExprKind::Assign { target, value, .. } => {
                let ty = self.expr(*target);
                self.expr(*value);
                plain(ty)
            }
            ExprKind::Query { text, binds, is_search } => {
                for bind in binds {
                    self.expr(*bind);
                }
                plain(self.query(file.source.slice(*text), *is_search))
            }
            ExprKind::Broken => plain(Ty::Unknown),
        }
    }

    fn name(&self, name: Name) -> Resolved {
        if let Some((_, slot)) = self.scopes.iter().rev().find(|(known, _)| *known == name) {
            let ty = self.slot_types.get(*slot as usize).cloned().unwrap_or_default();
            return Resolved { ty, to: Ref::Local(*slot) };
        }
        let mut at = self.class;
        while let Some(class) = at {
            if let Some(id) = self.program.variable_of(class, name)
                && let Some(variable) = self.program.variable(id)
            {
                return Resolved { ty: variable.ty.clone(), to: Ref::Variable(id) };
            }
            at = self.program.class(class).and_then(|class| class.outer);
        }
        Resolved { ty: self.program.ty_named(name, self.class), to: Ref::Type }
    }

    fn field(&self, object: ExprId, ty: &Ty, name: Name) -> Resolved {
        let of_type = self.is_type(object);
        let names = &self.program.names;
        match ty {
            Ty::Class(class) => {
                if let Some(id) = self.program.variable_of(*class, name)
                    && let Some(variable) = self.program.variable(id)
                {
                    return Resolved { ty: variable.ty.clone(), to: Ref::Variable(id) };
                }
                if of_type && let Some(inner) = self.program.inner_of(*class, name) {
                    return Resolved { ty: Ty::Class(inner), to: Ref::Type };
                }
                let decl = self.program.class(*class).and_then(|class| self.program.decl_of(class));
                let is_constant = decl.is_some_and(|decl| decl.constants.iter().any(|own| own.value == name));
                Resolved { ty: ty.clone(), to: if is_constant { Ref::Constant } else { Ref::None } }
            }
            Ty::Record(_) if of_type => {
                // `Account.Name`, `Account.SObjectType`: descriptions, not values.
                let kind = if names.folded(name) == "sobjecttype" { "sobjecttype" } else { "sobjectfield" };
                Resolved { ty: names.find(kind).map_or(Ty::Unknown, Ty::Platform), to: Ref::None }
            }
            Ty::Record(object) => {
                let ty = object.map_or(Ty::Unknown, |object| self.record_field(object, name));
                Resolved { ty, to: Ref::RecordField(name) }
            }
            // A query with one record may stand for it.
            Ty::List(of) if matches!(of.as_ref(), Ty::Record(_)) && !of_type => self.field(object, of, name),
            Ty::Platform(class) => self.platform_field(*class, name, of_type),
            Ty::Unknown | Ty::Any if !of_type => Resolved { ty: Ty::Unknown, to: Ref::RecordField(name) },
            _ => Resolved::default(),
        }
    }

    fn platform_field(&self, class: Name, name: Name, of_type: bool) -> Resolved {
        let names = &self.program.names;
        let platform = |ty| Resolved { ty, to: Ref::Platform(class) };
        match class {
            word::TRIGGER if of_type => {
                let record = Ty::Record(self.object);
                match name {
                    word::NEW | word::OLD => return platform(Ty::list(record)),
                    word::NEW_MAP | word::OLD_MAP => {
                        return platform(Ty::Map(std::sync::Arc::new((Ty::Id, record))));
                    }
                    _ => {}
                }
            }
            word::SYSTEM | word::SCHEMA if of_type => {
                return Resolved { ty: self.program.platform_ty(name), to: Ref::Type };
            }
            _ => {}
        }
        if of_type && self.program.is_namespace(class) {
            let full = format!("{}.{}", names.folded(class), names.folded(name));
            // `ApexPages.severity`, `Database.query` and the like are of a class that is a namespace, too.
            if let Some(known) = names.find(&full) {
                return Resolved { ty: Ty::Platform(known), to: Ref::Type };
            }
        }
        platform(platform::member(names, names.folded(class), names.folded(name)).unwrap_or_default())
    }

    fn record_field(&self, object: Name, name: Name) -> Ty {
        let names = &self.program.names;
        let (object, field) = (names.folded(object), names.folded(name));
        if let Some(kind) = self.schema.field_type(object, field) {
            return match kind.as_str() {
                "Checkbox" => Ty::Boolean,
                "Number" | "Currency" | "Percent" => Ty::Number,
                "Date" | "DateTime" | "Time" => Ty::Date,
                "Lookup" | "MasterDetail" | "Hierarchy" | "MetadataRelationship" | "Id" => Ty::Id,
                _ => Ty::Text,
            };
        }
        if let Some(child) = self.schema.children(object, field) {
            return Ty::list(Ty::Record(names.find(&child)));
        }
        match self.schema.parents(object, field).as_slice() {
            [] if field.ends_with("__r") => Ty::Record(None),
            [] => Ty::Text,
            [only] => Ty::Record(names.find(only)),
            _ => Ty::Record(None),
        }
    }
}

fn joined(left: &Ty, operator: Operator, right: &Ty) -> Ty {
    if operator.is_test() {
        return Ty::Boolean;
    }
    match operator {
        Operator::Coalesce => {
            if matches!(left, Ty::Null | Ty::Unknown) {
                right.clone()
            } else {
                left.clone()
            }
        }
        Operator::Add if matches!(left, Ty::Text) || matches!(right, Ty::Text) => Ty::Text,
        Operator::Add | Operator::Subtract if matches!(left, Ty::Date) => Ty::Date,
        Operator::Add if !matches!((left, right), (Ty::Number, _) | (_, Ty::Number)) => Ty::Text,
        _ => Ty::Number,
    }
}
