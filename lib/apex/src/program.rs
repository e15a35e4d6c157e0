//! The files of a project as one program: classes, their members, and who extends whom.

use std::collections::BTreeMap;

use source::Span;

use crate::ast::{Decl, DeclId, DeclKind, ExprId, ExprKind, File, Literal, Sharing, Spanned, StmtId, TypeId};
use crate::name::{Name, Names, word};
use crate::schema::Schema;
use crate::ty::Ty;

macro_rules! ids {
    ($($id:ident),*) => {$(
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $id(pub u32);

        impl $id {
            pub const fn index(self) -> usize {
                self.0 as usize
            }

            pub(crate) fn new(index: usize) -> Self {
                Self(u32::try_from(index).unwrap_or(u32::MAX))
            }
        }
    )*};
}

ids!(FileId, ClassId, MethodId, VariableId);

#[derive(Debug)]
pub struct Class {
    pub file: FileId,
    pub decl: DeclId,
    pub name: Name,
    /// `Outer.Inner`
    pub full_name: Name,
    pub outer: Option<ClassId>,
    /// The class that it extends, where that is in the source.
    pub parent: Option<ClassId>,
    /// What it extends and implements, as far as it is not in the source.
    pub platform: Vec<Name>,
    pub interfaces: Vec<ClassId>,
    /// Those that extend or implement it, directly.
    pub below: Vec<ClassId>,
    pub variables: BTreeMap<Name, VariableId>,
    pub methods: BTreeMap<Name, Vec<MethodId>>,
    pub constructors: Vec<MethodId>,
    pub static_initializers: Vec<MethodId>,
    pub initializers: Vec<MethodId>,
    pub inner: BTreeMap<Name, ClassId>,
    pub is_test: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MethodKind {
    Method,
    Constructor,
    Getter(VariableId),
    Setter(VariableId),
    /// Runs once when the class is first used.
    StaticInitializer,
    /// Runs for each object before its constructor.
    Initializer,
    Trigger,
    Script,
    /// A batch as the platform runs it: `start`, `execute`, `finish`.
    Job,
}

#[derive(Debug)]
pub struct Method {
    pub file: FileId,
    pub class: Option<ClassId>,
    pub kind: MethodKind,
    pub name: Name,
    /// Where its name stands.
    pub span: Span,
    pub parameters: Vec<(Spanned<Name>, Ty)>,
    pub returns: Ty,
    pub body: Option<StmtId>,
    pub is_static: bool,
    pub is_test: bool,
    /// The index among the methods of its declaration, for its modifiers.
    pub own: Option<usize>,
    /// Those of classes below that run in its place, transitively.
    pub overriders: Vec<MethodId>,
}

#[derive(Debug)]
pub struct Variable {
    pub class: ClassId,
    pub name: Name,
    pub span: Span,
    pub ty: Ty,
    pub is_static: bool,
    pub is_final: bool,
    pub value: Option<ExprId>,
    pub getter: Option<MethodId>,
    pub setter: Option<MethodId>,
    /// The index among the variables of its declaration, for its modifiers.
    pub own: usize,
}

#[derive(Debug)]
pub struct Program {
    pub files: Vec<File>,
    pub names: Names,
    pub classes: Vec<Class>,
    pub methods: Vec<Method>,
    pub variables: Vec<Variable>,
    by_name: BTreeMap<Name, ClassId>,
    /// Whether a name is of an object, for every name that the program has.
    objects: Vec<bool>,
}

/// Nobody extends so many classes.
const LINEAGE: usize = 200;

/// The namespaces of Salesforce's own classes, but `System` and `Schema`.
const NAMESPACES: &[&str] = &[
    "aiplatform",
    "apexpages",
    "approval",
    "auth",
    "cache",
    "canvas",
    "chatteranswers",
    "commercepayments",
    "compression",
    "connectapi",
    "database",
    "datasource",
    "datawarehouse",
    "dataweave",
    "dom",
    "einstein",
    "eventbus",
    "externalservice",
    "flow",
    "formulaeval",
    "functions",
    "industriesdigitallending",
    "invocable",
    "kbmanagement",
    "lxscheduler",
    "messaging",
    "metadata",
    "package",
    "pref_center",
    "process",
    "quickaction",
    "reports",
    "richmessaging",
    "search",
    "sfc",
    "sfdc_checkout",
    "site",
    "slack",
    "support",
    "territorymgmt",
    "txnsecurity",
    "usermanagement",
    "userprovisioning",
    "visualeditor",
    "wave",
];

impl Program {
    pub fn file(&self, id: FileId) -> Option<&File> {
        self.files.get(id.index())
    }

    pub fn class(&self, id: ClassId) -> Option<&Class> {
        self.classes.get(id.index())
    }

    pub fn method(&self, id: MethodId) -> Option<&Method> {
        self.methods.get(id.index())
    }

    pub fn variable(&self, id: VariableId) -> Option<&Variable> {
        self.variables.get(id.index())
    }

    pub fn decl_of(&self, class: &Class) -> Option<&Decl> {
        self.file(class.file)?.decl(class.decl)
    }

    pub fn top_class(&self, name: &str) -> Option<ClassId> {
        self.by_name.get(&self.names.find(name)?).copied()
    }

    /// `Outer.Inner` as it is written.
    pub fn class_name(&self, id: ClassId) -> String {
        let Some(class) = self.class(id) else { return String::new() };
        let own = self
            .decl_of(class)
            .map_or("", |decl| self.file(class.file).map_or("", |file| file.source.slice(decl.name.span)));
        match class.outer {
            Some(outer) => format!("{}.{own}", self.class_name(outer)),
            None => own.to_owned(),
        }
    }

    /// `Class.method` as it is written.
    pub fn method_name(&self, id: MethodId) -> String {
        let Some(method) = self.method(id) else { return String::new() };
        let own = self.file(method.file).map_or("", |file| file.source.slice(method.span));
        match (method.class, method.kind) {
            (Some(class), MethodKind::StaticInitializer | MethodKind::Initializer) => self.class_name(class),
            (Some(class), kind) if kind != MethodKind::Trigger => format!("{}.{own}", self.class_name(class)),
            _ => own.to_owned(),
        }
    }

    /// The class, those that it extends, and the interfaces of all, each once.
    pub fn lineage(&self, id: ClassId) -> Vec<ClassId> {
        let mut found = vec![id];
        let mut at = 0;
        while let Some(class) = found.get(at).and_then(|id| self.class(*id)) {
            for next in class.parent.iter().chain(&class.interfaces) {
                if found.len() < LINEAGE && !found.contains(next) {
                    found.push(*next);
                }
            }
            at += 1;
        }
        found
    }

    /// Whether it, or what it extends, implements an interface of Salesforce.
    pub fn implements(&self, id: ClassId, platform: &str) -> bool {
        let Some(wanted) = self.names.find(platform) else { return false };
        self.lineage(id)
            .iter()
            .any(|id| self.class(*id).is_some_and(|class| class.platform.contains(&wanted)))
    }

    /// Methods of this name and number of parameters, of any class that implements an interface of Salesforce.
    pub fn methods_anywhere(&self, name: Name, count: usize) -> Vec<MethodId> {
        let classes = self.classes.iter().filter(|class| !class.platform.is_empty() && !class.is_test);
        let all = classes.filter_map(|class| class.methods.get(&name)).flatten().copied();
        all.filter(|id| self.method(*id).is_some_and(|method| method.parameters.len() == count)).collect()
    }

    pub fn variable_of(&self, class: ClassId, name: Name) -> Option<VariableId> {
        self.lineage(class).iter().find_map(|id| self.class(*id)?.variables.get(&name).copied())
    }

    /// What says how the records that it reads are shared: its own words, else those of the class that it extends;
    /// the class around it says nothing.
    pub fn sharing(&self, id: ClassId) -> Sharing {
        let said = |id: &ClassId| {
            let decl = self.decl_of(self.class(*id)?)?;
            (decl.modifiers.sharing != Sharing::Unsaid).then_some(decl.modifiers.sharing)
        };
        self.lineage(id).iter().find_map(said).unwrap_or_default()
    }

    pub fn is_object(&self, name: Name) -> bool {
        self.objects.get(name.index()).copied().unwrap_or(false)
    }

    /// The class of this name as code of `from` sees it.
    pub fn class_named(&self, name: Name, from: Option<ClassId>) -> Option<ClassId> {
        let mut at = from;
        while let Some(id) = at {
            for above in self.lineage(id) {
                let class = self.class(above)?;
                if let Some(&inner) = class.inner.get(&name) {
                    return Some(inner);
                }
                if class.name == name {
                    return Some(above);
                }
            }
            at = self.class(id)?.outer;
        }
        self.by_name.get(&name).copied()
    }

    /// What a written type means in a class.
    pub fn ty(&self, file: &File, id: TypeId, from: Option<ClassId>) -> Ty {
        let written = file.type_ref(id);
        let mut ty = self.named_ty(file, &written.path, &written.args, from);
        for _ in 0..written.dimensions {
            ty = Ty::list(ty);
        }
        ty
    }

    fn named_ty(&self, file: &File, path: &[Name], args: &[TypeId], from: Option<ClassId>) -> Ty {
        let arg = |index: usize| args.get(index).map_or(Ty::Unknown, |id| self.ty(file, *id, from));
        match path {
            [word::LIST | word::ITERABLE | word::ITERATOR] if !args.is_empty() => Ty::list(arg(0)),
            [word::SET] if !args.is_empty() => Ty::Set(std::sync::Arc::new(arg(0))),
            [word::MAP] if !args.is_empty() => Ty::Map(std::sync::Arc::new((arg(0), arg(1)))),
            [name] => self.simple_ty(*name, from),
            [namespace @ (word::SYSTEM | word::SCHEMA), rest @ ..]
                if self.class_named(*namespace, from).is_none() =>
            {
                match rest {
                    [word::LIST | word::SET | word::MAP | word::ITERABLE | word::ITERATOR]
                        if !args.is_empty() =>
                    {
                        self.named_ty(file, rest, args, None)
                    }
                    [name] => self.platform_ty(*name),
                    _ => self.named_ty(file, rest, args, None),
                }
            }
            [outer, inner] => {
                if let Some(class) = self.class_named(*outer, from)
                    && let Some(inner) = self.inner_of(class, *inner)
                {
                    return Ty::Class(inner);
                }
                let full = format!("{}.{}", self.names.folded(*outer), self.names.folded(*inner));
                self.names.find(&full).map_or(Ty::Unknown, Ty::Platform)
            }
            path => {
                let parts: Vec<&str> = path.iter().map(|name| self.names.folded(*name)).collect();
                self.names.find(&parts.join(".")).map_or(Ty::Unknown, Ty::Platform)
            }
        }
    }

    pub(crate) fn inner_of(&self, class: ClassId, name: Name) -> Option<ClassId> {
        self.lineage(class).iter().find_map(|id| self.class(*id)?.inner.get(&name).copied())
    }

    fn simple_ty(&self, name: Name, from: Option<ClassId>) -> Ty {
        if let Some(class) = self.class_named(name, from) {
            return Ty::Class(class);
        }
        self.platform_ty(name)
    }

    /// What a name means where no class of the source has it.
    pub(crate) fn platform_ty(&self, name: Name) -> Ty {
        match name {
            word::STRING => Ty::Text,
            word::ID => Ty::Id,
            word::INTEGER | word::LONG | word::DOUBLE | word::DECIMAL => Ty::Number,
            word::BOOLEAN => Ty::Boolean,
            word::DATE | word::DATETIME | word::TIME => Ty::Date,
            word::BLOB => Ty::Blob,
            word::OBJECT => Ty::Any,
            word::VOID => Ty::Void,
            word::SOBJECT | word::AGGREGATE_RESULT => Ty::Record(None),
            _ if self.is_object(name) => Ty::Record(Some(name)),
            _ => Ty::Platform(name),
        }
    }

    /// What a name means where no variable has it: a class, an object or a class of Salesforce.
    pub(crate) fn ty_named(&self, name: Name, from: Option<ClassId>) -> Ty {
        match name {
            word::LIST | word::SET | word::MAP => Ty::Platform(name),
            _ => self.simple_ty(name, from),
        }
    }

    pub(crate) fn is_namespace(&self, name: Name) -> bool {
        NAMESPACES.contains(&self.names.folded(name))
    }

    /// The methods of a class by name, its own first, then those that it inherits, and of the classes around it.
    pub(crate) fn methods_named(&self, class: ClassId, name: Name, around: bool) -> Vec<MethodId> {
        let mut found = Vec::new();
        let mut at = Some(class);
        while let Some(id) = at {
            for above in self.lineage(id) {
                let own = self.class(above).and_then(|class| class.methods.get(&name));
                found.extend(own.into_iter().flatten().copied());
            }
            if !around || !found.is_empty() {
                break;
            }
            at = self.class(id).and_then(|class| class.outer);
        }
        found
    }
}

/// Files and names to a program.
pub fn link(files: Vec<File>, names: Names, schema: &dyn Schema) -> Program {
    let mut program = Program {
        files,
        names,
        classes: Vec::new(),
        methods: Vec::new(),
        variables: Vec::new(),
        by_name: BTreeMap::new(),
        objects: Vec::new(),
    };
    program.intern_platform();
    for name in schema.names() {
        program.names.intern(&name);
    }
    program.objects = program.names.texts().map(|text| schema.is_object(text)).collect();
    program.declare();
    program.inherit();
    program.members();
    program.overriders();
    program
}

impl Program {
    /// Names of two words that classes of Salesforce have, so that types can be looked up from many threads.
    fn intern_platform(&mut self) {
        let mut found: Vec<String> = Vec::new();
        for file in &self.files {
            for written in &file.types {
                let path = written.path.strip_prefix(&[word::SYSTEM]).unwrap_or(&written.path);
                if path.len() > 1 {
                    let parts: Vec<&str> = path.iter().map(|name| self.names.folded(*name)).collect();
                    found.push(parts.join("."));
                }
            }
            for expr in &file.exprs {
                if let ExprKind::Field { object, name, .. } = &expr.kind
                    && let Some(outer) = last_name(file, *object)
                    && self.is_namespace(outer)
                {
                    found.push(format!("{}.{}", self.names.folded(outer), self.names.folded(name.value)));
                }
            }
        }
        for name in found {
            self.names.intern(&name);
        }
        self.intern_texts();
        for known in crate::platform::type_names() {
            self.names.intern(known);
        }
    }

    /// Names of fields, relationships and objects that code writes in texts.
    fn intern_texts(&mut self) {
        let mut found: Vec<String> = Vec::new();
        for file in &self.files {
            for expr in &file.exprs {
                let ExprKind::Literal(Literal::Text | Literal::LongText) = expr.kind else { continue };
                let text = file.source.slice(expr.span);
                let inside = text.trim_matches('\'');
                let is_name = inside.len() <= 80
                    && inside.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'.');
                let is_query = inside.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("select "));
                if !is_name && !is_query && !inside.contains("__") {
                    continue;
                }
                let words = inside.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
                found.extend(words.filter(|word| !word.is_empty() && word.len() <= 80).map(str::to_owned));
            }
        }
        for word in found {
            self.names.intern(&word);
        }
    }

    fn declare(&mut self) {
        for (index, file) in self.files.iter().enumerate() {
            let base = self.classes.len();
            for (at, decl) in file.decls.iter().enumerate() {
                let outer = decl.outer.map(|outer| ClassId::new(base + outer.index()));
                let id = ClassId::new(base + at);
                let around_is_test =
                    outer.and_then(|outer| self.classes.get(outer.index())).is_some_and(|c| c.is_test);
                let around_name =
                    outer.and_then(|outer| self.classes.get(outer.index())).map(|around| around.full_name);
                let full_name = match around_name {
                    Some(around) => {
                        let full =
                            format!("{}.{}", self.names.written(around), file.source.slice(decl.name.span));
                        self.names.intern(&full)
                    }
                    None => decl.name.value,
                };
                if let Some(around) = outer.and_then(|outer| self.classes.get_mut(outer.index())) {
                    around.inner.insert(decl.name.value, id);
                }
                self.classes.push(Class {
                    file: FileId::new(index),
                    decl: DeclId(u32::try_from(at).unwrap_or(u32::MAX)),
                    name: decl.name.value,
                    full_name,
                    outer,
                    parent: None,
                    platform: Vec::new(),
                    interfaces: Vec::new(),
                    below: Vec::new(),
                    variables: BTreeMap::new(),
                    methods: BTreeMap::new(),
                    constructors: Vec::new(),
                    static_initializers: Vec::new(),
                    initializers: Vec::new(),
                    inner: BTreeMap::new(),
                    is_test: decl.modifiers.is_test || around_is_test,
                });
                if outer.is_none() && decl.name.value != word::EMPTY {
                    self.by_name.entry(decl.name.value).or_insert(id);
                }
            }
        }
    }

    /// Outer classes first: an inner one may extend what the class around it inherits.
    fn inherit(&mut self) {
        let (outer, inner): (Vec<_>, Vec<_>) = (0..self.classes.len())
            .map(ClassId::new)
            .partition(|id| self.class(*id).is_some_and(|class| class.outer.is_none()));
        self.inherit_of(&outer);
        self.inherit_of(&inner);
    }

    fn inherit_of(&mut self, classes: &[ClassId]) {
        let mut found: Vec<(ClassId, bool, Ty)> = Vec::new();
        for &id in classes {
            let Some(class) = self.class(id) else { continue };
            let (Some(file), Some(decl)) = (self.file(class.file), self.decl_of(class)) else { continue };
            // Names in the head of a class are those of the class around it, and its own inner ones.
            let of = |written: &TypeId| self.ty(file, *written, Some(id));
            let is_class = decl.kind == DeclKind::Class;
            found.extend(decl.extends.iter().map(|written| (id, is_class, of(written))));
            found.extend(decl.implements.iter().map(|written| (id, false, of(written))));
            // `Database.Batchable<SObject>` is a list to no one: its own name counts.
            for written in decl.extends.iter().chain(&decl.implements) {
                let path = &file.type_ref(*written).path;
                if let [word::ITERABLE | word::ITERATOR] = path.as_slice() {
                    found.push((id, false, path.first().map_or(Ty::Unknown, |name| Ty::Platform(*name))));
                }
            }
        }
        for (id, is_class, ty) in found {
            match ty {
                Ty::Class(above) if above != id => {
                    // A circle of parents is no program; the link that would close it is left out.
                    if self.lineage(above).contains(&id) {
                        continue;
                    }
                    if let Some(class) = self.classes.get_mut(id.index()) {
                        if is_class {
                            class.parent = Some(above);
                        } else {
                            class.interfaces.push(above);
                        }
                    }
                    if let Some(class) = self.classes.get_mut(above.index()) {
                        class.below.push(id);
                    }
                }
                Ty::Platform(name) => {
                    if let Some(class) = self.classes.get_mut(id.index()) {
                        class.platform.push(name);
                    }
                }
                _ => {}
            }
        }
    }

    fn members(&mut self) {
        for index in 0..self.classes.len() {
            self.members_of(ClassId::new(index));
        }
        for index in 0..self.files.len() {
            let id = FileId::new(index);
            let Some(file) = self.file(id) else { continue };
            let has_name =
                |class: &Class| self.decl_of(class).is_some_and(|decl| decl.name.value != word::EMPTY);
            let first = self.classes.partition_point(|class| class.file < id);
            let own = self.classes.iter().enumerate().skip(first).take_while(|(_, class)| class.file == id);
            // What a trigger declares beside its statements is in a class without a name.
            let around =
                own.into_iter().find(|(_, class)| !has_name(class)).map(|(index, _)| ClassId::new(index));
            let of = |kind, name, span, body| Method {
                file: id,
                class: around,
                kind,
                name,
                span,
                parameters: Vec::new(),
                returns: Ty::Void,
                body: Some(body),
                is_static: true,
                is_test: false,
                own: None,
                overriders: Vec::new(),
            };
            let trigger = file.trigger.as_ref();
            let found = trigger.map(|own| of(MethodKind::Trigger, own.name.value, own.name.span, own.body));
            self.methods.extend(found);
        }
    }

    fn members_of(&mut self, id: ClassId) {
        let Some(class) = self.class(id) else { return };
        let (file_id, is_test_class) = (class.file, class.is_test);
        let (Some(file), Some(decl)) = (self.file(file_id), self.decl_of(class)) else { return };
        let mut methods: Vec<Method> = Vec::new();
        let mut variables: Vec<Variable> = Vec::new();
        let first_method = self.methods.len();
        let first_variable = self.variables.len();
        let is_interface = decl.kind == DeclKind::Interface;
        let base = Method {
            file: file_id,
            class: Some(id),
            kind: MethodKind::Method,
            name: word::EMPTY,
            span: decl.name.span,
            parameters: Vec::new(),
            returns: Ty::Void,
            body: None,
            is_static: false,
            is_test: is_test_class,
            own: None,
            overriders: Vec::new(),
        };
        for (own, written) in decl.methods.iter().enumerate() {
            let parameters =
                written.parameters.iter().map(|p| (p.name, self.ty(file, p.of, Some(id)))).collect();
            methods.push(Method {
                kind: if written.returns.is_some() { MethodKind::Method } else { MethodKind::Constructor },
                name: written.name.value,
                span: written.name.span,
                parameters,
                returns: written.returns.map_or(Ty::Class(id), |returns| self.ty(file, returns, Some(id))),
                body: written.body,
                is_static: written.modifiers.is_static || written.modifiers.is_webservice && !is_interface,
                is_test: is_test_class || written.modifiers.is_test,
                own: Some(own),
                ..base.clone_head()
            });
        }
        for (own, written) in decl.variables.iter().enumerate() {
            let variable = VariableId::new(first_variable + variables.len());
            let ty = self.ty(file, written.of, Some(id));
            let mut known = Variable {
                class: id,
                name: written.name.value,
                span: written.name.span,
                ty: ty.clone(),
                is_static: written.modifiers.is_static,
                is_final: written.modifiers.is_final,
                value: written.value,
                getter: None,
                setter: None,
                own,
            };
            for accessor in &written.accessors {
                let Some(body) = accessor.body else { continue };
                let method = MethodId::new(first_method + methods.len());
                let value = Spanned { value: word::VALUE, span: written.name.span };
                methods.push(Method {
                    kind: if accessor.is_getter {
                        MethodKind::Getter(variable)
                    } else {
                        MethodKind::Setter(variable)
                    },
                    name: written.name.value,
                    span: written.name.span,
                    parameters: if accessor.is_getter { Vec::new() } else { vec![(value, ty.clone())] },
                    returns: if accessor.is_getter { ty.clone() } else { Ty::Void },
                    body: Some(body),
                    is_static: written.modifiers.is_static,
                    ..base.clone_head()
                });
                if accessor.is_getter {
                    known.getter = Some(method);
                } else {
                    known.setter = Some(method);
                }
            }
            variables.push(known);
        }
        for (is_static, body) in &decl.initializers {
            methods.push(Method {
                kind: if *is_static { MethodKind::StaticInitializer } else { MethodKind::Initializer },
                body: Some(*body),
                is_static: *is_static,
                ..base.clone_head()
            });
        }
        // First values run with the blocks, and by themselves where there is none.
        let is_computed = |own: &Variable| {
            let value = own.value.filter(|_| own.is_static);
            value.is_some_and(|value| !matches!(file.expr(value).kind, ExprKind::Literal(_)))
        };
        if variables.iter().any(is_computed)
            && !methods.iter().any(|method| method.kind == MethodKind::StaticInitializer)
        {
            methods.push(Method {
                kind: MethodKind::StaticInitializer,
                is_static: true,
                ..base.clone_head()
            });
        }
        // The one that every class has that writes none.
        if decl.kind == DeclKind::Class
            && !methods.iter().any(|method| method.kind == MethodKind::Constructor)
        {
            let own = Method { kind: MethodKind::Constructor, returns: Ty::Class(id), ..base.clone_head() };
            methods.push(Method { name: decl.name.value, ..own });
        }
        let batch = self.names.find("database.batchable");
        if batch.is_some_and(|batch| self.class(id).is_some_and(|class| class.platform.contains(&batch))) {
            methods.push(Method { kind: MethodKind::Job, name: decl.name.value, ..base.clone_head() });
        }
        let Some(class) = self.classes.get_mut(id.index()) else { return };
        for (offset, method) in methods.iter().enumerate() {
            let own = MethodId::new(first_method + offset);
            match method.kind {
                MethodKind::Method => class.methods.entry(method.name).or_default().push(own),
                MethodKind::Constructor => class.constructors.push(own),
                MethodKind::StaticInitializer => class.static_initializers.push(own),
                MethodKind::Initializer => class.initializers.push(own),
                _ => {}
            }
        }
        for (offset, variable) in variables.iter().enumerate() {
            class.variables.insert(variable.name, VariableId::new(first_variable + offset));
        }
        self.methods.extend(methods);
        self.variables.extend(variables);
    }

    fn overriders(&mut self) {
        let mut found: Vec<(MethodId, MethodId)> = Vec::new();
        for (index, method) in self.methods.iter().enumerate() {
            let (Some(class), MethodKind::Method, false) = (method.class, method.kind, method.is_static)
            else {
                continue;
            };
            let own = MethodId::new(index);
            for above in self.lineage(class).into_iter().skip(1) {
                let same = self.class(above).and_then(|above| above.methods.get(&method.name));
                for &other in same.into_iter().flatten() {
                    if self.method(other).is_some_and(|other| overrides(method, other)) {
                        found.push((other, own));
                    }
                }
            }
        }
        for (above, own) in found {
            if let Some(method) = self.methods.get_mut(above.index()) {
                method.overriders.push(own);
            }
        }
    }
}

impl Method {
    fn clone_head(&self) -> Method {
        Method { parameters: Vec::new(), returns: Ty::Void, overriders: Vec::new(), ..*self }
    }
}

fn overrides(own: &Method, above: &Method) -> bool {
    !above.is_static
        && own.parameters.len() == above.parameters.len()
        && own.parameters.iter().zip(&above.parameters).all(|((_, a), (_, b))| a.is_same(b))
}

/// The last name of `a`, `a.b` and their like, where it is nothing else.
fn last_name(file: &File, id: ExprId) -> Option<Name> {
    match &file.expr(id).kind {
        ExprKind::Name(name) => Some(*name),
        ExprKind::Field { name, object, .. } => {
            matches!(file.expr(*object).kind, ExprKind::Name(word::SYSTEM)).then_some(name.value)
        }
        _ => None,
    }
}
