//! The objects and fields that code names and metadata does not describe, since nobody retrieved them.

use std::collections::{BTreeMap, BTreeSet};

use apex::ast::{ExprId, ExprKind, File, StmtKind};
use apex::{FileId, Ref, Ty};
use journal::Place;
use sfdx::{Kind, Project};
use soql::{FieldGroup, Relation, Targets};

use crate::classification::base_object;
use crate::code::Code;
use crate::field_path;
use crate::field_path::Reached;
use crate::field_use::code::{Org, Statement, each_statement};
use crate::{Context, Input};

/// What the code of a project names beyond its metadata.
#[derive(Debug, Default)]
pub struct NamedInCode {
    /// By name in lower case.
    objects: BTreeMap<String, NamedObject>,
}

/// An object of which code names the object itself or fields.
#[derive(Debug)]
pub struct NamedObject {
    pub name: String,
    /// Whether metadata describes something of it.
    pub is_described: bool,
    /// Whether only the name of a relationship tells of it: `Visit__r` says that there is a `Visit__c`, which may be called
    /// otherwise.
    pub is_by_relationship: bool,
    /// By name in lower case.
    fields: BTreeMap<String, NamedField>,
}

/// A field that code names.
#[derive(Debug)]
pub struct NamedField {
    pub name: String,
    /// The object that it leads to, where code goes through it.
    pub leads_to: Option<String>,
    /// Where code names it first.
    pub place: Place,
}

impl NamedInCode {
    pub fn of(input: &Input<'_>) -> Self {
        Self::in_context(&Context::new(input))
    }

    pub(crate) fn in_context(cx: &Context<'_>) -> Self {
        let code = cx.code();
        let mut search = Search { cx, code, found: Self::default(), children: BTreeSet::new() };
        search.statements();
        search.lists_of_children();
        for (id, file) in code.files() {
            search.types(file);
            search.expressions(id, file);
        }
        search.found
    }

    /// The objects that stand in code alone.
    pub fn objects(&self) -> impl Iterator<Item = &NamedObject> {
        self.objects.values().filter(|object| !object.is_described)
    }

    /// Every object with a field that metadata does not describe.
    pub fn all(&self) -> impl Iterator<Item = &NamedObject> {
        self.objects.values()
    }

    pub fn object(&self, name: &str) -> Option<&NamedObject> {
        self.objects.get(&name.to_lowercase())
    }

    pub fn field(&self, object: &str, field: &str) -> Option<&NamedField> {
        self.object(object)?.fields.get(&field.to_lowercase())
    }
}

impl NamedObject {
    pub fn fields(&self) -> impl Iterator<Item = &NamedField> {
        self.fields.values()
    }
}

impl NamedField {
    /// What its type is called, as far as code tells.
    pub(crate) fn field_type(&self) -> &'static str {
        if self.leads_to.is_some() { "Lookup" } else { "" }
    }
}

/// More relationships than a path of SOQL may go through, which is five.
const STEPS: u8 = 8;

struct Search<'c, 'p> {
    cx: &'c Context<'p>,
    code: &'c Code,
    found: NamedInCode,
    /// Relationships to children, in lower case: these are no fields.
    children: BTreeSet<String>,
}

/// The org as queries ask for it. What an unknown relationship to children leads to, nobody knows.
struct Asked<'c, 'p>(Org<'c, 'p>);

impl soql::Schema for Asked<'_, '_> {
    fn relationship(&self, object: &str, name: &str) -> Targets {
        self.0.relationship(object, name)
    }

    fn child_relationship(&self, object: &str, name: &str) -> Option<soql::Child> {
        let unknown = || soql::Child { object: String::new(), field: String::new() };
        Some(self.0.child_relationship(object, name).unwrap_or_else(unknown))
    }

    fn fields(&self, object: &str, group: FieldGroup) -> Option<Vec<String>> {
        self.0.fields(object, group)
    }
}

impl Search<'_, '_> {
    fn statements(&mut self) {
        let code = self.code;
        each_statement(code, &mut |statement| self.statement(&statement));
    }

    fn statement(&mut self, statement: &Statement<'_>) {
        let asked = Asked(Org { cx: self.cx });
        if statement.is_search {
            let search = soql::parse_search(statement.text);
            self.resolved(&soql::resolve_search(&search.value, &asked), statement);
        } else {
            let query = soql::parse_query(statement.text);
            self.resolved(&soql::resolve(&query.value, &asked), statement);
        }
    }

    fn resolved(&mut self, resolution: &soql::Resolution<'_>, statement: &Statement<'_>) {
        for read in &resolution.objects {
            if read.relation == Relation::Child {
                let name = read.from.object.last().and_then(|name| name.known());
                self.children.extend(name.map(str::to_lowercase));
            }
            for object in &read.objects {
                self.object(object);
            }
        }
        for read in resolution.fields.iter().filter(|read| !read.alias) {
            let place = || (statement.place)(read.usage.span());
            for step in &read.steps {
                let Some(relation) = &step.relationship else { continue };
                for object in &step.objects {
                    self.relationship(object, relation, &place);
                }
            }
            let Some(field) = &read.field else { continue };
            for object in &read.objects {
                self.field(object, field, None, &place);
            }
        }
    }

    /// What is gone through or counted is a list of children.
    fn lists_of_children(&mut self) {
        const OF_LISTS: [&str; 4] = ["size", "isempty", "add", "addall"];
        for (_, file) in self.code.files() {
            let looped = file.stmts.iter().filter_map(|stmt| match stmt.kind {
                StmtKind::ForEach { over, .. } => Some(over),
                _ => None,
            });
            let counted = file.exprs.iter().filter_map(|expr| match &expr.kind {
                ExprKind::Call { receiver, name, .. } => receiver.filter(|_| {
                    OF_LISTS.contains(&file.source.slice(name.span).to_ascii_lowercase().as_str())
                }),
                _ => None,
            });
            let lists: Vec<String> = looped
                .chain(counted)
                .filter_map(|id| match &file.expr(id).kind {
                    ExprKind::Field { name, .. } => Some(file.source.slice(name.span).to_lowercase()),
                    _ => None,
                })
                .collect();
            self.children.extend(lists.into_iter().filter(|name| name.ends_with("__r")));
        }
    }

    fn types(&mut self, file: &File) {
        for id in (0_u32..).map(apex::ast::TypeId).take(file.types.len()) {
            let object = self.code.program.ty(file, id, None).object();
            if let Some(object) = object.filter(|name| self.code.program.is_object(*name)) {
                self.object(self.code.program.names.written(object));
            }
        }
        if let Some(trigger) = &file.trigger {
            self.object(file.source.slice(trigger.object.span));
        }
    }

    fn expressions(&mut self, id: FileId, file: &File) {
        let code = self.code;
        for (at, expr) in (0_u32..).map(ExprId).zip(&file.exprs) {
            match &expr.kind {
                ExprKind::Field { object, name, .. } => {
                    let place = || Place::of(&file.source, name.span);
                    if let Some(reached) = self.reached(id, file, at) {
                        match &code.resolution.expr(id, at).ty {
                            Ty::Record(_) => self.relationship(&reached.object, &reached.field, &place),
                            Ty::List(_) => {}
                            _ => self.field(&reached.object, &reached.field, None, &place),
                        }
                    } else if code.resolution.expr(id, at).to != Ref::Type {
                        // `Visit__c.Note__c` names a field and reads none.
                        let token = match file.expr(*object).kind {
                            ExprKind::Name(name) => Some(name),
                            _ => None,
                        };
                        let of =
                            token.filter(|name| apex::is_custom_object(code.program.names.folded(*name)));
                        let field = file.source.slice(name.span);
                        if let Some(of) = of.filter(|_| field.to_ascii_lowercase().ends_with("__c")) {
                            self.object(code.program.names.written(of));
                            self.field(code.program.names.written(of), field, None, &place);
                        }
                    }
                }
                ExprKind::New { args, .. } => {
                    let Some(object) = code.resolution.expr(id, at).ty.object() else { continue };
                    for &arg in args {
                        let ExprKind::Assign { target, .. } = file.expr(arg).kind else { continue };
                        let span = file.expr(target).span;
                        let place = || Place::of(&file.source, span);
                        let object = code.program.names.written(object);
                        self.field(object, file.source.slice(span), None, &place);
                    }
                }
                _ => {}
            }
        }
    }

    /// The field that an expression reads or sets, where it is known of which object.
    fn reached(&self, id: FileId, file: &File, at: ExprId) -> Option<Reached> {
        let ExprKind::Field { object, name, .. } = &file.expr(at).kind else { return None };
        if !matches!(self.code.resolution.expr(id, at).to, Ref::RecordField(_)) {
            return None;
        }
        let field = file.source.slice(name.span).to_owned();
        Some(Reached { object: self.object_of(id, file, *object, STEPS)?, field })
    }

    /// The object of a record; of one that only a relationship's name tells of, what that is called.
    fn object_of(&self, id: FileId, file: &File, at: ExprId, steps: u8) -> Option<String> {
        if let Some(object) = self.code.resolution.expr(id, at).ty.object() {
            return Some(self.code.program.names.written(object).to_owned());
        }
        let ExprKind::Field { object, name, .. } = &file.expr(at).kind else { return None };
        let relation = file.source.slice(name.span);
        let lower = relation.to_ascii_lowercase();
        if !lower.ends_with("__r") || self.children.contains(&lower) {
            return None;
        }
        let parent = self.object_of(id, file, *object, steps.checked_sub(1)?)?;
        Some(field_path::related(self.cx.project, &parent, relation))
    }

    /// `Visit__r` of an object is its field `Visit__c`, and `Account` its `AccountId`.
    fn relationship(&mut self, object: &str, relation: &str, place: &dyn Fn() -> Place) {
        let lower = relation.to_ascii_lowercase();
        if self.children.contains(&lower) {
            return;
        }
        let field = match (lower.strip_suffix("__r"), lower.strip_suffix("__pr")) {
            (Some(stem), _) => relation.get(..stem.len()).map(|stem| format!("{stem}__c")),
            (_, Some(stem)) => relation.get(..stem.len()).map(|stem| format!("{stem}__pc")),
            _ => Some(format!("{relation}Id")),
        };
        let target = field_path::related(self.cx.project, object, relation);
        if let Some(field) = field.filter(|_| is_name(&target)) {
            self.field(object, &field, Some(&target), place);
        }
    }

    /// An object that code names itself.
    fn object(&mut self, name: &str) {
        if let Some(object) = self.entry(name) {
            object.is_by_relationship = false;
        }
    }

    fn entry(&mut self, name: &str) -> Option<&mut NamedObject> {
        // Histories, feeds and shares repeat what their object says.
        if !is_name(name) || base_object(name) != name {
            return None;
        }
        let described = self.cx.project.object(name);
        let written = described.map_or_else(|| name.to_owned(), |object| object.name().to_owned());
        Some(self.found.objects.entry(name.to_lowercase()).or_insert_with(|| NamedObject {
            name: written,
            is_described: described.is_some(),
            is_by_relationship: true,
            fields: BTreeMap::new(),
        }))
    }

    fn field(&mut self, object: &str, field: &str, leads_to: Option<&str>, place: &dyn Fn() -> Place) {
        let lower = field.to_ascii_lowercase();
        if !is_name(field)
            || lower.ends_with("__r")
            || lower.ends_with("__pr")
            || self.cx.described(object, field).is_some()
        {
            return;
        }
        let Some(object) = self.entry(object) else { return };
        let known = object.fields.entry(lower).or_insert_with(|| NamedField {
            name: field.to_owned(),
            leads_to: None,
            place: place(),
        });
        if known.leads_to.is_none() {
            known.leads_to = leads_to.map(str::to_owned);
        }
    }
}

/// What can be the name of an object or a field.
fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The words of metadata, code and pages that look like names of custom objects or fields, in lower case.
pub fn custom_names(project: &Project) -> BTreeSet<String> {
    let is_source = |kind: Kind| {
        matches!(
            kind,
            Kind::Metadata
                | Kind::Apex
                | Kind::Trigger
                | Kind::Visualforce
                | Kind::Aura
                | Kind::Lwc
                | Kind::Email
                | Kind::Experience
        )
    };
    let mut found = BTreeSet::new();
    for file in project.files().iter().filter(|file| is_source(file.kind)) {
        let Ok((source, _)) = project.load(file) else { continue };
        let words = source.text().split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        found.extend(words.filter(|word| word.contains("__") && is_name(word)).map(str::to_lowercase));
    }
    found
}
