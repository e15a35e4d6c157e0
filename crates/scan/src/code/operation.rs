//! What methods do to the database and whom they call, without following data.

use std::collections::BTreeSet;

use apex::ast::{Dml, ExprId, ExprKind, Mode, Sharing, StmtKind};
use apex::{ClassId, FileId, MethodId, MethodKind, Ref, Ty};
use sfdx::views::ObjectKind;
use source::Span;

use super::Code;
use super::database::{Does, does};
use super::look::{Look, Site};

/// A query or write of one method.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    pub(crate) file: FileId,
    pub(crate) span: Span,
    pub(crate) writes: bool,
    /// It adds records that give nobody access to others: sharing decides about those that are there.
    pub(crate) adds: bool,
    pub(crate) deletes: bool,
    /// In lower case, where the code says it.
    pub(crate) object: Option<String>,
    /// The text of a query that is put together at run time, whose object is not said where it stands.
    pub(crate) text: Option<ExprId>,
    /// In user mode the sharing rules hold whatever the class says.
    pub(crate) is_user_mode: bool,
}

impl Operation {
    /// Whether it is a query that selects nothing but Ids.
    pub(crate) fn selects_ids(&self, code: &Code) -> bool {
        let text = code.program.file(self.file).map_or("", |file| file.source.slice(self.span));
        let Some(inner) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) else {
            return false;
        };
        let query = soql::parse_query(inner).value;
        let is_id = |item: &soql::SelectItem| match item {
            soql::SelectItem::Field(field) => match field.path.names.as_slice() {
                [only] => only.known().is_some_and(|name| name.to_ascii_lowercase().ends_with("id")),
                _ => false,
            },
            _ => false,
        };
        !query.select.is_empty() && query.select.iter().all(is_id)
    }

    /// Whether it adds records that give somebody access to others.
    pub(crate) fn gives_access(&self) -> bool {
        self.writes && self.object.as_deref().is_some_and(|object| !is_no_grant(object))
    }
}

impl Code {
    /// Queries and writes of a method's own body.
    pub(crate) fn operations(&self, id: MethodId) -> Vec<Operation> {
        let Some(method) = self.program.method(id).filter(|method| !method.is_test) else {
            return Vec::new();
        };
        let (Some(file), Some(body)) = (self.program.file(method.file), method.body) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        file.each_stmt(body, |stmt| {
            if let StmtKind::Dml { operation, mode, target, .. } = &file.stmt(stmt).kind {
                let is_user_mode = match mode {
                    Some(mode) => *mode == Mode::User,
                    None => self.is_user_mode(method.file),
                };
                let span = file.stmt(stmt).span;
                let object = self.object_of(method.file, *target);
                found.push(Operation {
                    file: method.file,
                    span,
                    writes: true,
                    adds: *operation == Dml::Insert && object.as_deref().is_some_and(is_no_grant),
                    deletes: matches!(operation, Dml::Delete | Dml::Merge),
                    object,
                    text: None,
                    is_user_mode,
                });
            }
        });
        file.each_expr(body, |expr| found.extend(self.operation(method.file, expr)));
        found.sort_by_key(|one| one.span.start);
        found
    }

    /// Whether operations of a file run as the user where they say nothing.
    pub(super) fn is_user_mode(&self, file: FileId) -> bool {
        let version = self.versions.get(file.index()).copied().unwrap_or_default();
        self.program.file(file).is_some_and(|own| own.runs_as_user(version))
    }

    /// The query or write that an expression is.
    pub(crate) fn operation(&self, id: FileId, expr: ExprId) -> Option<Operation> {
        let file = self.program.file(id)?;
        let span = file.expr(expr).span;
        match &file.expr(expr).kind {
            ExprKind::Query { text, .. } => {
                let is_user_mode = mode_of(file.source.slice(*text)).unwrap_or_else(|| self.is_user_mode(id));
                let object = from(file.source.slice(*text));
                Some(Operation {
                    file: id,
                    span,
                    writes: false,
                    adds: false,
                    deletes: false,
                    object,
                    text: None,
                    is_user_mode,
                })
            }
            ExprKind::Call { name, args, .. } => {
                let Ref::Platform(class) = self.resolution.expr(id, expr).to else { return None };
                let (class, name) = (self.program.names.folded(class), self.program.names.folded(name.value));
                let does = does(class, name)?;
                let writes = does != Does::Read;
                let deletes = matches!(does, Does::Write(Dml::Delete | Dml::Merge) | Does::Change);
                let asked = args.iter().find_map(|arg| {
                    let written = file.source.slice(file.expr(*arg).span);
                    let is_level = matches!(file.expr(*arg).kind, ExprKind::Field { .. });
                    match written.rsplit('.').next().map(str::to_ascii_lowercase).as_deref() {
                        Some("user_mode") if is_level => Some(true),
                        Some("system_mode") if is_level => Some(false),
                        _ => file.literal_text(*arg).as_deref().and_then(mode_of),
                    }
                });
                let is_user_mode = asked.unwrap_or_else(|| self.is_user_mode(id));
                let first = args.first().copied();
                let object = match first {
                    Some(first) if writes => self.object_of(id, first),
                    Some(first) => literals_below(file, first).as_deref().and_then(from),
                    None => None,
                };
                let adds = does == Does::Write(Dml::Insert) && object.as_deref().is_some_and(is_no_grant);
                let text = first.filter(|_| !writes && object.is_none());
                Some(Operation { file: id, span, writes, adds, deletes, object, text, is_user_mode })
            }
            _ => None,
        }
    }

    fn object_of(&self, file: FileId, expr: ExprId) -> Option<String> {
        let object = self.resolution.expr(file, expr).ty.object()?;
        Some(self.program.names.folded(object).to_owned())
    }

    /// The objects whose defaults or values the code takes as of custom settings, in lower case.
    fn settings(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for (id, file) in self.files() {
            for expr in &file.exprs {
                let ExprKind::Call { receiver: Some(receiver), name, .. } = &expr.kind else { continue };
                let of = self.resolution.expr(id, *receiver);
                if let (Ref::Type, Ty::Record(Some(object))) = (of.to, &of.ty)
                    && matches!(
                        self.program.names.folded(name.value),
                        "getinstance" | "getorgdefaults" | "getvalues" | "getall"
                    )
                {
                    found.insert(self.program.names.folded(*object).to_owned());
                }
            }
        }
        found
    }

    /// The objects whose records have no sharing and are no patient's.
    pub(crate) fn unshared(&self, project: &sfdx::Project) -> Unshared {
        let mut settings = self.settings();
        let own = project.objects().filter(|object| object.kind() == ObjectKind::CustomSetting);
        settings.extend(own.map(|object| object.name().to_lowercase()));
        Unshared { settings }
    }

    /// The methods that run because of a method's own body: called, made, read and written. Of a constructor, not
    /// what the initialisers do.
    pub(crate) fn calls(&self, id: MethodId) -> BTreeSet<MethodId> {
        let mut found = BTreeSet::new();
        let Some(method) = self.program.method(id).filter(|method| !method.is_test) else { return found };
        let Some(file) = self.program.file(method.file) else { return found };
        if let Some(body) = method.body {
            file.each_expr(body, |expr| self.called(method.file, expr, &mut found));
        }
        // What the body does not say: the constructor of the class above.
        if method.kind == MethodKind::Constructor
            && let Some(class) = method.class.and_then(|class| self.program.class(class))
            && let Some(parent) = class.parent.and_then(|parent| self.program.class(parent))
        {
            let own = parent.constructors.iter().copied();
            found.extend(
                own.filter(|id| self.program.method(*id).is_some_and(|own| own.parameters.is_empty())),
            );
        }
        found
    }

    /// The methods that run because of an expression itself, without its parts.
    pub(crate) fn called(&self, file: FileId, expr: ExprId, found: &mut BTreeSet<MethodId>) {
        let program = &self.program;
        match self.resolution.expr(file, expr).to {
            Ref::Method { method, is_virtual } => {
                found.insert(method);
                if is_virtual {
                    found.extend(program.method(method).into_iter().flat_map(|own| &own.overriders));
                }
            }
            Ref::New { constructor, .. } => found.extend(constructor),
            Ref::Variable(variable) => {
                let own = program.variable(variable);
                found.extend(own.into_iter().flat_map(|own| own.getter.into_iter().chain(own.setter)));
            }
            _ => {}
        }
        found.retain(|id| program.method(*id).is_some_and(|own| !own.is_test));
    }
}

/// Whether adding records of an object, named in lower case, gives nobody access to others.
fn is_no_grant(object: &str) -> bool {
    const GRANTS: [&str; 5] = [
        "contentdocumentlink",
        "groupmember",
        "permissionsetassignment",
        "collaborationgroupmember",
        "queuesobject",
    ];
    !GRANTS.contains(&object) && !object.ends_with("share") && !object.ends_with("teammember")
}

/// Objects without sharing: settings, metadata, and what Salesforce keeps of the org itself.
#[derive(Debug)]
pub(crate) struct Unshared {
    settings: BTreeSet<String>,
}

/// Objects of the org's own set-up, jobs and metadata, which everybody reads or nobody shares.
const SETUP: &[&str] = &[
    "apexclass",
    "apexcomponent",
    "apexpage",
    "apextrigger",
    "asyncapexjob",
    "authprovider",
    "brandtemplate",
    "businesshours",
    "cronjobdetail",
    "crontrigger",
    "currencytype",
    "custompermission",
    "datedconversionrate",
    "domain",
    "emailtemplate",
    "entitydefinition",
    "entityparticle",
    "fieldpermissions",
    "fielddefinition",
    "fiscalyearsettings",
    "flowdefinitionview",
    "flowversionview",
    "flowinterview",
    "group",
    "groupmember",
    "holiday",
    "namedcredential",
    "network",
    "objectpermissions",
    "organization",
    "orgwideemailaddress",
    "period",
    "permissionset",
    "permissionsetassignment",
    "permissionsetgroup",
    "profile",
    "queuesobject",
    "recordtype",
    "setupentityaccess",
    "site",
    "staticresource",
    "userlicense",
    "userrecordaccess",
    "userrole",
    "apexemailnotification",
    "packagelicense",
    "relationshipdomain",
    "publisher",
    "customobjectuserlicensemetrics",
];

impl Code {
    /// What a class says of sharing: itself, or the nearest of its parents that says something.
    pub(crate) fn said_of_sharing(&self, class: ClassId) -> Sharing {
        let mut at = Some(class);
        while let Some(id) = at {
            match self.program.sharing(id) {
                Sharing::Unsaid => at = self.program.class(id).and_then(|class| class.parent),
                said => return said,
            }
        }
        Sharing::Unsaid
    }

    /// Whether Lightning components call a method.
    pub(crate) fn is_aura_enabled(&self, id: MethodId) -> bool {
        let own = || {
            let method = self.program.method(id)?;
            let decl = self.program.decl_of(self.program.class(method.class?)?)?;
            Some(&decl.methods.get(method.own?)?.modifiers)
        };
        let names = &self.program.names;
        own().is_some_and(|own| {
            own.annotations.iter().any(|one| names.folded(one.name.value) == "auraenabled")
        })
    }

    /// Whether the class of a method keeps to sharing: by its word, or because Lightning components call the method itself and
    /// it says nothing (*Use with sharing for @AuraEnabled Apex Controllers with Implicit Sharing*, Spring '21).
    pub(crate) fn shares(&self, method: MethodId) -> bool {
        let class = self.program.method(method).and_then(|method| method.class);
        class.is_some_and(|class| match self.said_of_sharing(class) {
            Sharing::With => true,
            Sharing::Unsaid => self.is_aura_enabled(method),
            _ => false,
        })
    }
}

impl Unshared {
    /// Whether an operation of a method is on such an object, as its type, its text or the variable with its text says.
    pub(crate) fn has(&self, look: &Look<'_>, class: ClassId, method: MethodId, own: &Operation) -> bool {
        let Some(expr) = own.text else {
            return own.object.as_deref().is_some_and(|object| self.has_object(object, own.writes));
        };
        let values = look.values(Site { file: own.file, class: Some(class), method: Some(method), expr });
        let objects = values
            .iter()
            .filter_map(|value| literals_below(look.file(*value)?, value.expr).as_deref().and_then(from));
        let objects: Vec<String> = objects.collect();
        !objects.is_empty() && objects.iter().all(|object| self.has_object(object, own.writes))
    }

    fn has_object(&self, object: &str, writes: bool) -> bool {
        !ObjectKind::of_name(object).is_shared()
            || SETUP.contains(&object)
            || self.settings.contains(object)
            // Users see each other as names.
            || object == "user" && !writes
    }

    /// Whether it writes the defaults of a custom setting.
    pub(crate) fn is_setting(&self, own: &Operation) -> bool {
        own.object.as_deref().is_some_and(|object| self.settings.contains(object))
    }
}

/// The object of a query's text, in lower case.
fn from(text: &str) -> Option<String> {
    if !text.trim_start().get(..6).is_some_and(|start| start.eq_ignore_ascii_case("select")) {
        return None;
    }
    let parsed = soql::parse_query(text);
    let object = parsed.value.from.first()?.object.last()?.known()?;
    Some(object.to_lowercase())
}

/// The literals of an expression one after the other, as far as there are any.
fn literals_below(file: &apex::ast::File, expr: ExprId) -> Option<String> {
    let mut todo = vec![expr];
    let mut found: Vec<String> = Vec::new();
    while let Some(expr) = todo.pop() {
        found.extend(file.literal_text(expr));
        todo.extend(file.parts(expr).into_iter().rev());
    }
    (!found.is_empty()).then(|| found.concat())
}

/// Whether a query says that it runs as the user, or as the system.
fn mode_of(text: &str) -> Option<bool> {
    let words: Vec<String> = text.split_ascii_whitespace().map(str::to_ascii_lowercase).collect();
    words.windows(2).find_map(|pair| match pair {
        [with, mode] if with == "with" => match mode.trim_end_matches(|c: char| !c.is_alphanumeric()) {
            "user_mode" => Some(true),
            "system_mode" => Some(false),
            _ => None,
        },
        _ => None,
    })
}
