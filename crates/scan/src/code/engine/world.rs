//! What all bodies share: the program, the fields that are followed, and the summaries so far.

use std::collections::{BTreeMap, BTreeSet};

use apex::ast::{ExprId, ExprKind, Literal, Operator};
use apex::{FileId, MethodId, Name, Program, Ref, Resolution, VariableId};

use super::super::database::runs_as_user;
use super::cap::Cuts;
use super::guard::{Guard, Variants};
use super::hit::Hit;
use super::value::{FieldId, Labels, Obj, Path, Texts, Value};

/// The fields whose data is followed: those that hold PHI, and those that code writes to.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    by_name: BTreeMap<(Name, Name), FieldId>,
    all: Vec<(Name, Name)>,
    /// Objects with at least one field that holds PHI.
    objects: BTreeSet<Name>,
}

impl Fields {
    pub(crate) fn add(&mut self, object: Name, field: Name, is_phi: bool) {
        let id = FieldId(u32::try_from(self.all.len()).unwrap_or(u32::MAX));
        if let std::collections::btree_map::Entry::Vacant(entry) = self.by_name.entry((object, field)) {
            entry.insert(id);
            self.all.push((object, field));
        }
        if is_phi {
            self.objects.insert(object);
        }
    }

    pub(crate) fn find(&self, object: Name, field: Name) -> Option<FieldId> {
        self.by_name.get(&(object, field)).copied()
    }

    pub(crate) fn name(&self, id: FieldId) -> Option<(Name, Name)> {
        self.all.get(id.0 as usize).copied()
    }

    pub(crate) fn is_object(&self, object: Name) -> bool {
        self.objects.contains(&object)
    }

    /// The followed fields of an object.
    pub(crate) fn of(&self, object: Name) -> impl Iterator<Item = FieldId> {
        let from = (object, Name::FIRST);
        self.by_name.range(from..).take_while(move |((own, _), _)| *own == object).map(|(_, id)| *id)
    }
}

/// What calling a method does.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Summary {
    /// Objects that it makes and gives out, or whose parts it changes.
    pub(crate) objs: Vec<Obj>,
    pub(crate) returned: Value,
    pub(crate) thrown: Value,
    /// Ways out that depend on the caller.
    pub(crate) open: Vec<Hit>,
    /// Ways out that are known to their end.
    pub(crate) closed: Vec<Hit>,
    /// Parameters whose records it writes to the org.
    pub(crate) saves: BTreeSet<(u16, Path)>,
    /// What was left out of all this.
    pub(crate) cuts: Cuts,
}

pub(crate) struct World<'w> {
    pub(crate) program: &'w Program,
    pub(crate) resolution: &'w Resolution,
    pub(crate) schema: &'w dyn apex::Schema,
    pub(crate) fields: Fields,
    /// The API version of each file; 0 where nobody says.
    pub(crate) versions: Vec<u32>,
    /// Variables that code which is no test writes to.
    pub(crate) written: BTreeSet<VariableId>,
    /// What is assigned to static texts.
    pub(crate) assigned: BTreeMap<VariableId, Vec<(FileId, ExprId)>>,
    /// Records of custom metadata types: by object and name of the record, then by field; all folded.
    pub(crate) metadata: BTreeMap<(String, String), BTreeMap<String, String>>,
    /// Texts of custom labels, by folded name.
    pub(crate) labels: BTreeMap<String, String>,
    /// Whether a page of the source prints messages as they are.
    pub(crate) prints_messages: bool,
    /// Methods after which data is no longer a patient's, as folded `class.method`.
    pub(crate) sanitisers: BTreeSet<String>,
    pub(crate) summaries: Vec<Option<Summary>>,
    pub(crate) variants: BTreeMap<MethodId, (Guard, Variants)>,
}

impl Summary {
    /// Everything that is in a value that it gives out.
    pub(crate) fn collect(&self, value: &Value) -> Labels {
        let mut labels = value.labels.clone();
        let mut todo = value.objs.clone();
        let mut seen = BTreeSet::new();
        while let Some(id) = todo.pop() {
            let Some(obj) = self.objs.get(id.0 as usize).filter(|_| seen.insert(id)) else { continue };
            for part in obj.parts.iter().map(|(_, part)| part).chain([&obj.anywhere]) {
                labels.join(&part.labels);
                todo.extend(&part.objs);
            }
        }
        labels
    }
}

/// From where code is called other than by code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exposure {
    /// Lightning components and pages: `@AuraEnabled`, `@RemoteAction`.
    Component,
    /// Other systems: REST and SOAP.
    Service,
    /// Flows and agents: `@InvocableMethod`.
    Flow,
}

impl World<'_> {
    pub(crate) fn exposure(&self, id: MethodId) -> Option<Exposure> {
        let modifiers = self.modifiers(id)?;
        let mut names = modifiers.annotations.iter().map(|own| self.text(own.name.value));
        let of = |name: &str| match name {
            "auraenabled" | "remoteaction" => Some(Exposure::Component),
            "httpget" | "httppost" | "httpput" | "httppatch" | "httpdelete" => Some(Exposure::Service),
            "invocablemethod" => Some(Exposure::Flow),
            _ => None,
        };
        names.find_map(of).or(modifiers.is_webservice.then_some(Exposure::Service))
    }

    pub(crate) fn is_future(&self, id: MethodId) -> bool {
        let modifiers = self.modifiers(id);
        modifiers.is_some_and(|own| own.annotations.iter().any(|one| self.text(one.name.value) == "future"))
    }

    pub(crate) fn modifiers(&self, id: MethodId) -> Option<&apex::ast::Modifiers> {
        let method = self.program.method(id)?;
        let decl = self.program.decl_of(self.program.class(method.class?)?)?;
        Some(&decl.methods.get(method.own?)?.modifiers)
    }

    /// Getters that run when a component gets an object of the class.
    pub(crate) fn shown_getters(&self, class: apex::ClassId) -> Vec<MethodId> {
        let own = self.program.class(class).map(|class| &class.variables);
        let all = own.into_iter().flat_map(|own| own.iter());
        all.filter(|(name, _)| self.is_aura_enabled(class, **name))
            .filter_map(|(_, id)| self.program.variable(*id)?.getter)
            .collect()
    }

    /// Whether what a method returns is kept in the platform cache.
    pub(crate) fn loads_cache(&self, method: &apex::Method) -> bool {
        self.text(method.name) == "doload"
            && method.class.is_some_and(|class| self.program.implements(class, "cache.cachebuilder"))
    }

    /// Whether queries of a file run with the user's permissions where they say nothing.
    pub(crate) fn is_user_mode(&self, file: FileId) -> bool {
        runs_as_user(self.program, &self.versions, file)
    }

    /// Whether a component gets this variable of an object that it is returned.
    pub(crate) fn is_aura_enabled(&self, class: apex::ClassId, name: Name) -> bool {
        let Some(variable) = self.program.variable_of(class, name).and_then(|id| self.program.variable(id))
        else {
            return false;
        };
        let decl = self.program.class(variable.class).and_then(|class| self.program.decl_of(class));
        let modifiers = decl.and_then(|decl| Some(&decl.variables.get(variable.own)?.modifiers));
        modifiers
            .is_some_and(|own| own.annotations.iter().any(|one| self.text(one.name.value) == "auraenabled"))
    }

    pub(crate) fn summary(&self, method: MethodId) -> Option<&Summary> {
        self.summaries.get(method.index())?.as_ref()
    }

    pub(crate) fn text(&self, name: Name) -> &str {
        self.program.names.folded(name)
    }

    /// The object that a lookup leads to, by its relationship.
    pub(crate) fn parent_of(&self, object: Name, relation: &str) -> Option<Name> {
        match self.schema.parents(self.text(object), relation).as_slice() {
            [only] => self.program.names.find(only),
            _ => None,
        }
    }

    pub(crate) fn child_of(&self, object: Name, relation: &str) -> Option<Name> {
        self.program.names.find(&self.schema.children(self.text(object), relation)?)
    }

    /// The text of a constant, where it is put together from constants alone.
    pub(crate) fn constant(&self, id: VariableId, depth: u8) -> Texts {
        let Some(variable) = self.program.variable(id) else { return Texts::default() };
        let Some(class) = self.program.class(variable.class) else { return Texts::default() };
        // What is put together of itself is no constant.
        if !variable.is_static || depth >= 4 {
            return Texts::default();
        }
        let mut texts = variable.value.map(|value| self.constant_expr(class.file, value, depth + 1));
        for &(file, value) in self.assigned.get(&id).into_iter().flatten() {
            let own = self.constant_expr(file, value, depth + 1);
            texts = Some(texts.map_or_else(|| own.clone(), |known| known.or(&own)));
        }
        texts.unwrap_or_default()
    }

    fn constant_expr(&self, file: FileId, id: ExprId, depth: u8) -> Texts {
        let Some(source) = self.program.file(file) else { return Texts::default() };
        match &source.expr(id).kind {
            ExprKind::Literal(Literal::Text | Literal::LongText) => {
                Texts::of(&source.literal_text(id).unwrap_or_default())
            }
            ExprKind::Literal(Literal::Null) => Texts::none(),
            ExprKind::Ternary { yes, no, .. } => {
                self.constant_expr(file, *yes, depth).or(&self.constant_expr(file, *no, depth))
            }
            ExprKind::Binary { first, rest }
                if rest.iter().all(|(operator, _)| *operator == Operator::Add) =>
            {
                let mut texts = self.constant_expr(file, *first, depth);
                for (_, value) in rest {
                    texts = texts.then(&self.constant_expr(file, *value, depth));
                }
                texts
            }
            _ => match self.resolution.expr(file, id).to {
                Ref::Variable(variable) => self.constant(variable, depth),
                Ref::Platform(class) => match self.label_text(file, id, class) {
                    texts
                        if texts.0.is_none() && is_own_address(source.source.slice(source.expr(id).span)) =>
                    {
                        Texts::of(super::OWN_ORG)
                    }
                    texts => texts,
                },
                _ => Texts::default(),
            },
        }
    }

    /// `Label.X` and `System.Label.X`
    pub(crate) fn label_text(&self, file: FileId, id: ExprId, class: Name) -> Texts {
        let Some(source) = self.program.file(file) else { return Texts::default() };
        match &source.expr(id).kind {
            ExprKind::Field { name, .. } if self.text(class) == "label" => {
                self.labels.get(self.text(name.value)).map_or_else(Texts::default, |text| Texts::of(text))
            }
            _ => Texts::default(),
        }
    }
}

/// `System.Url.getSalesforceBaseUrl().toExternalForm()`
fn is_own_address(written: &str) -> bool {
    let written = written.to_ascii_lowercase();
    written.contains("getsalesforcebaseurl()") || written.contains("getorgdomainurl()")
}
