//! What all bodies share: the program, the fields that are followed, and the summaries so far.

use std::collections::{BTreeMap, BTreeSet};

use apex::ast::{ExprId, ExprKind, Literal, Operator};
use apex::{FileId, MethodId, Name, Program, Ref, Resolution, Ty, VariableId};

use crate::cap::Cuts;
use crate::guard::{Guard, Variants};
use crate::hit::Hit;
use crate::value::{FieldId, Labels, Obj, Path, Texts, Value};

/// The fields whose data is followed.
#[derive(Debug, Default)]
pub struct Fields {
    by_name: BTreeMap<(Name, Name), FieldId>,
    all: Vec<(Name, Name)>,
    /// Objects of which a whole record is followed, too.
    objects: BTreeSet<Name>,
}

impl Fields {
    pub fn add(&mut self, object: Name, field: Name, with_record: bool) {
        let id = FieldId(u32::try_from(self.all.len()).unwrap_or(u32::MAX));
        if let std::collections::btree_map::Entry::Vacant(entry) = self.by_name.entry((object, field)) {
            entry.insert(id);
            self.all.push((object, field));
        }
        if with_record {
            self.objects.insert(object);
        }
    }

    pub fn find(&self, object: Name, field: Name) -> Option<FieldId> {
        self.by_name.get(&(object, field)).copied()
    }

    pub fn name(&self, id: FieldId) -> Option<(Name, Name)> {
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
pub struct Summary {
    /// Objects that it makes and gives out, or whose parts it changes.
    pub objs: Vec<Obj>,
    pub returned: Value,
    pub(crate) thrown: Value,
    /// Ways out that depend on the caller.
    pub open: Vec<Hit>,
    /// Ways out that are known to their end.
    pub closed: Vec<Hit>,
    /// Parameters whose records it writes to the org.
    pub(crate) saves: BTreeSet<(u16, Path)>,
    /// What was left out of all this.
    pub(crate) cuts: Cuts,
}

/// What is followed, and what the org around the code says.
pub struct Given<'w> {
    pub program: &'w Program,
    pub resolution: &'w Resolution,
    pub schema: &'w dyn apex::Schema,
    pub fields: Fields,
    /// The API version of each file; 0 where nobody says.
    pub versions: Vec<u32>,
    /// Records of custom metadata types: by object and name of the record, then by field; all folded.
    pub metadata: BTreeMap<(String, String), BTreeMap<String, String>>,
    /// Texts of custom labels, by folded name.
    pub labels: BTreeMap<String, String>,
    /// The fields of records that pages print, by folded name.
    pub pages: BTreeMap<String, BTreeSet<FieldId>>,
    /// Whether a page prints messages as they are.
    pub prints_messages: bool,
    /// Methods after which data is followed no more, as folded `class.method`.
    pub sanitisers: BTreeSet<String>,
    /// Whether a relationship, or what a record's kind is called, leads to others than those whose data is followed,
    /// though they are kept in the same object.
    pub leads_to_others: &'w (dyn Fn(&str) -> bool + Sync),
    /// Methods that OmniStudio calls by the name of their class.
    pub by_omnistudio: BTreeSet<MethodId>,
}

/// The code as it was followed: what was given, and a summary a method.
pub struct World<'w> {
    pub program: &'w Program,
    pub schema: &'w dyn apex::Schema,
    pub fields: Fields,
    pub(crate) resolution: &'w Resolution,
    pub(crate) versions: Vec<u32>,
    pub(crate) metadata: BTreeMap<(String, String), BTreeMap<String, String>>,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) pages: BTreeMap<String, BTreeSet<FieldId>>,
    pub(crate) prints_messages: bool,
    pub(crate) sanitisers: BTreeSet<String>,
    pub(crate) leads_to_others: &'w (dyn Fn(&str) -> bool + Sync),
    by_omnistudio: BTreeSet<MethodId>,
    /// Variables that code which is no test writes to.
    pub(crate) written: BTreeSet<VariableId>,
    /// What is assigned to static texts.
    pub(crate) assigned: BTreeMap<VariableId, Vec<(FileId, ExprId)>>,
    pub(crate) summaries: Vec<Option<Summary>>,
    pub(crate) variants: BTreeMap<MethodId, (Guard, Variants)>,
    /// Of methods that refuse names which the org does not have: which of their parameters.
    pub(crate) refused: BTreeMap<MethodId, BTreeSet<usize>>,
}

impl std::fmt::Debug for Given<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Given").field("files", &self.program.files.len()).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for World<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World").field("files", &self.program.files.len()).finish_non_exhaustive()
    }
}

impl Summary {
    /// Everything that is in a value that it gives out.
    pub fn collect(&self, value: &Value) -> Labels {
        let mut labels = value.labels.clone();
        let mut todo = value.objs.clone();
        let mut seen = BTreeSet::new();
        while let Some(id) = todo.pop() {
            let Some(obj) = self.objs.get(id.index()).filter(|_| seen.insert(id)) else { continue };
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
pub enum Exposure {
    /// Lightning components and pages: `@AuraEnabled`, `@RemoteAction`.
    Component,
    /// Other systems: REST and SOAP.
    Service,
    /// Flows and agents: `@InvocableMethod`.
    Flow,
    /// OmniScripts and integration procedures: `VlocityOpenInterface`, `Callable`.
    OmniStudio,
}

impl<'w> World<'w> {
    /// Before any method was looked at.
    pub(crate) fn of(given: Given<'w>) -> Self {
        let Given { program, resolution, schema, fields, versions, metadata, labels, pages, .. } = given;
        Self {
            assigned: assigned(program, resolution),
            written: written(program, resolution),
            prints_messages: given.prints_messages,
            sanitisers: given.sanitisers,
            leads_to_others: given.leads_to_others,
            by_omnistudio: given.by_omnistudio,
            summaries: Vec::new(),
            variants: BTreeMap::new(),
            refused: BTreeMap::new(),
            program,
            schema,
            fields,
            resolution,
            versions,
            metadata,
            labels,
            pages,
        }
    }

    /// What was left out of each method, whoever calls it.
    pub fn cuts(&self) -> BTreeMap<MethodId, Cuts> {
        let mut found: BTreeMap<MethodId, Cuts> = BTreeMap::new();
        let alone = (0_u32..).map(MethodId).zip(&self.summaries);
        let alone = alone.filter_map(|(id, summary)| Some((id, summary.as_ref()?)));
        let variants =
            self.variants.iter().flat_map(|(id, (_, all))| all.by_constant.values().map(|own| (*id, own)));
        for (id, summary) in alone.chain(variants) {
            found.entry(id).or_default().extend(&summary.cuts);
        }
        found.retain(|_, cuts| !cuts.is_empty());
        found
    }

    pub fn exposure(&self, id: MethodId) -> Option<Exposure> {
        let modifiers = self.modifiers(id)?;
        let mut names = modifiers.annotations.iter().map(|own| self.text(own.name.value));
        let of = |name: &str| match name {
            "auraenabled" | "remoteaction" => Some(Exposure::Component),
            "httpget" | "httppost" | "httpput" | "httppatch" | "httpdelete" => Some(Exposure::Service),
            "invocablemethod" => Some(Exposure::Flow),
            _ => None,
        };
        let by_class = || self.by_omnistudio.contains(&id).then_some(Exposure::OmniStudio);
        names.find_map(of).or(modifiers.is_webservice.then_some(Exposure::Service)).or_else(by_class)
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
        let version = self.versions.get(file.index()).copied().unwrap_or_default();
        self.program.file(file).is_some_and(|own| own.runs_as_user(version))
    }

    /// Whether the script of a page calls a method.
    pub(crate) fn is_remote_action(&self, id: MethodId) -> bool {
        let annotations = self.modifiers(id).map_or(&[][..], |own| own.annotations.as_slice());
        annotations.iter().any(|own| self.text(own.name.value) == "remoteaction")
    }

    /// Whether other classes may read a variable.
    pub(crate) fn is_open(&self, class: apex::ClassId, name: Name) -> bool {
        let variable = self.program.variable_of(class, name).and_then(|id| self.program.variable(id));
        let decl = variable
            .and_then(|own| self.program.decl_of(self.program.class(own.class)?)?.variables.get(own.own));
        decl.is_some_and(|own| own.modifiers.visibility >= apex::ast::Visibility::Public)
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

    /// What a method does for each constant that it compares a parameter with.
    pub fn variants(&self, id: MethodId) -> impl Iterator<Item = &Summary> {
        self.variants.get(&id).into_iter().flat_map(|(_, all)| all.by_constant.values())
    }

    pub fn summary(&self, method: MethodId) -> Option<&Summary> {
        self.summaries.get(method.index())?.as_ref()
    }

    pub fn text(&self, name: Name) -> &str {
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
                        Texts::of(crate::OWN_ORG)
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

/// What is assigned to static texts anywhere.
fn assigned(program: &Program, resolution: &Resolution) -> BTreeMap<VariableId, Vec<(FileId, ExprId)>> {
    let mut found: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (index, file) in (0_u32..).zip(&program.files) {
        let id = FileId(index);
        for expr in &file.exprs {
            let ExprKind::Assign { target, value, operator } = expr.kind else { continue };
            let Ref::Variable(variable) = resolution.expr(id, target).to else { continue };
            // `x += 'a'` leaves nothing constant.
            let value = if operator.is_some() { ExprId(u32::MAX) } else { value };
            let is_text = program.variable(variable).is_some_and(|own| own.is_static && own.ty == Ty::Text);
            if is_text {
                found.entry(variable).or_default().push((id, value));
            }
        }
    }
    found
}

/// The variables that code which is no test assigns.
fn written(program: &Program, resolution: &Resolution) -> BTreeSet<VariableId> {
    let mut found = BTreeSet::new();
    for (index, file) in (0_u32..).zip(&program.files) {
        let id = FileId(index);
        if file.is_test() {
            continue;
        }
        for expr in &file.exprs {
            if let ExprKind::Assign { target, .. } = expr.kind
                && let Ref::Variable(variable) = resolution.expr(id, target).to
            {
                found.insert(variable);
            }
        }
    }
    found
}
