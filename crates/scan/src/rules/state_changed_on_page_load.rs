//! # Opening a page writes records
//!
//! The constructor or an initialiser of a Visualforce page's controller or extension, or the method that the page
//! runs when it is opened, inserts, changes or deletes records, by itself or through what it calls.
//!
//! ## Why it harms
//! A page is opened by a link in an e-mail or by an image on another site, with the rights of whoever is logged in
//! and without asking: cross-site request forgery. Records of patients are then changed by people who did not mean
//! to, and the log says that they did: 45 CFR 164.312(c)(1) and (a)(1); GDPR Art. 32(1)(b). Salesforce refuses some
//! writes of constructors ("DML currently not allowed"); then the page fails.
//!
//! ## What to change
//! Write when the user clicks: in the method of a button, which Salesforce guards with a token. Where a page must
//! write when it is opened, set *Require CSRF protection on GET requests* (`<confirmationTokenRequired>true`) and
//! link to it by `URLFOR`.
//!
//! ## What is not found
//! Writes behind buttons, links and remote actions, pages that ask for a token, what jobs and triggers write later,
//! published events, custom settings (a page that writes the defaults that it lacks), and classes that no page of
//! the source uses. Controllers of custom components are not judged. PMD's `ApexCSRF` looks at constructors and
//! methods called `init` of every class, page or not, and at their own lines alone: here the pages say what runs,
//! calls are followed, `System.Database` counts (pmd#4526), and the method of `action` counts whatever its name.
//! The finding is on the same declaration.
//!
//! ## Seen in the wild
//! `sumit-rsystems/Transcend-Project-ISPY`, a clinical trial: 23 actions of pages, most of which insert the form of a
//! patient when the page is opened, and one of which deletes. `SalesforceFoundation/NPSP`: seven, most of them pages
//! behind buttons.

use std::collections::{BTreeMap, BTreeSet};

use apex::{ClassId, MethodId, MethodKind};
use journal::{Confidence, Persona, Place, Severity};

use crate::Context;
use crate::code::{Code, Operation, Unshared};
use crate::rule::{Draft, Meta, Outcome};
use crate::visualforce::Page;

pub(crate) const META: Meta = Meta {
    title: "Opening a page writes records",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Developer,
    controls: &["hipaa-sec-312c1", "hipaa-sec-312a1", "gdpr-32-1b"],
    tags: &["visualforce", "integrity"],
    replaces: &["pmd:ApexCSRF"],
    sbs: &[],
    needs: &["the Visualforce pages and the Apex classes that they name"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    let pages: Vec<&Page> = cx.pages().iter().filter(|page| !page.is_component).collect();
    out.judged(pages.len());
    if pages.iter().all(|page| page.classes.is_empty()) {
        return;
    }
    let code = cx.code();
    let unshared = code.unshared(cx.project);
    let mut found: BTreeMap<Declaration, Vec<&Page>> = BTreeMap::new();
    for &page in pages.iter().filter(|page| !page.needs_token) {
        for declared in run_on_load(code, page) {
            found.entry(declared).or_default().push(page);
        }
    }
    for (declared, pages) in found {
        let Some((place, name, way)) = declared.written(code, &unshared) else { continue };
        let Some(page) = pages.first() else { continue };
        let names: BTreeSet<String> = pages.iter().map(|page| format!("`{}`", page.name)).collect();
        let names: Vec<String> = names.into_iter().collect();
        let which = match names.as_slice() {
            [only] => format!("the page {only} is opened"),
            [first, rest @ ..] => format!("the page {first} or {} more are opened", rest.len()),
            [] => continue,
        };
        let what = declared.what(&name);
        let component = format!("Apex:{}", name.split('.').next().unwrap_or_default());
        let at = cx.project.file(&page.path).and_then(|file| cx.project.load(file).ok());
        let mut draft = Draft::new(
            component,
            place,
            format!("{what} writes records when {which}: a link elsewhere is enough to make a user do it"),
            "write in the method of a button, or let the page ask for a token (`confirmationTokenRequired`)",
        )
        .detail(format!("{name} {}", declared.key()))
        .ways([way]);
        if let Some((source, _)) = at {
            draft = draft.related(Place::of(&source, page.tag), "the page");
        }
        out.found(draft);
    }
}

/// Steps to a write.
type Way = Vec<(Place, &'static str)>;

/// What runs when a page is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Declaration {
    Method(MethodId),
    /// The value with which a variable begins.
    Variable(apex::VariableId),
}

impl Declaration {
    fn key(self) -> &'static str {
        match self {
            Self::Method(_) => "method",
            Self::Variable(_) => "value",
        }
    }

    fn what(self, name: &str) -> String {
        match self {
            Self::Method(_) => format!("`{name}`"),
            Self::Variable(_) => format!("the first value of `{name}`"),
        }
    }

    /// Where it stands, its name, and the way to the write that it leads to, where there is one.
    fn written(self, code: &Code, unshared: &Unshared) -> Option<(Place, String, Way)> {
        let program = &code.program;
        let (file, span, name, way) = match self {
            Self::Method(id) => {
                let method = program.method(id)?;
                let file = program.file(method.file)?;
                let is_block = matches!(method.kind, MethodKind::Initializer | MethodKind::StaticInitializer);
                let start = method.body.map(|body| file.stmt(body).span).filter(|_| is_block);
                let span = start.map_or(method.span, |body| source::Span::new(body.start, body.start + 1));
                (file, span, program.method_name(id), way_to_write(code, unshared, BTreeSet::from([id]))?)
            }
            Self::Variable(id) => {
                let variable = program.variable(id)?;
                let class = program.class(variable.class)?;
                let file = program.file(class.file)?;
                let mut called = BTreeSet::new();
                let mut direct = None;
                let mut todo = vec![variable.value?];
                while let Some(expr) = todo.pop() {
                    code.called(class.file, expr, &mut called);
                    direct = direct.or(code
                        .operation(class.file, expr)
                        .filter(|own| own.writes && !unshared.is_setting(own)));
                    todo.extend(file.parts(expr));
                }
                let way = match direct {
                    Some(own) => vec![step(code, &own)?],
                    None => way_to_write(code, unshared, called)?,
                };
                let name =
                    format!("{}.{}", program.class_name(variable.class), file.source.slice(variable.span));
                (file, variable.span, name, way)
            }
        };
        Some((Place::of(&file.source, span), name, way))
    }
}

fn step(code: &Code, own: &Operation) -> Option<(Place, &'static str)> {
    Some((Place::of(&code.program.file(own.file)?.source, own.span), "written here"))
}

/// The shortest way from methods to a write.
fn way_to_write(code: &Code, unshared: &Unshared, from: BTreeSet<MethodId>) -> Option<Way> {
    let mut before: BTreeMap<MethodId, Option<MethodId>> = from.iter().map(|id| (*id, None)).collect();
    let mut todo: std::collections::VecDeque<MethodId> = from.into_iter().collect();
    while let Some(id) = todo.pop_front() {
        if let Some(write) =
            code.operations(id).into_iter().find(|own| own.writes && !unshared.is_setting(own))
        {
            let mut way = vec![step(code, &write)?];
            let mut at = id;
            while let Some(Some(caller)) = before.get(&at).copied() {
                let method = code.program.method(at)?;
                way.push((
                    Place::of(&code.program.file(method.file)?.source, method.span),
                    "called on the way",
                ));
                at = caller;
            }
            way.reverse();
            return Some(way);
        }
        for callee in code.calls(id) {
            if let std::collections::btree_map::Entry::Vacant(entry) = before.entry(callee) {
                entry.insert(Some(id));
                todo.push_back(callee);
            }
        }
    }
    None
}

/// Constructors, initialisers and the action of a page.
fn run_on_load(code: &Code, page: &Page) -> BTreeSet<Declaration> {
    let program = &code.program;
    let mut found = BTreeSet::new();
    let classes: Vec<ClassId> = page.own_classes(program);
    for &class in &classes {
        let mut at = Some(class);
        while let Some(own) = at.and_then(|id| program.class(id)).filter(|own| !own.is_test) {
            let made = own.constructors.iter().chain(&own.initializers).chain(&own.static_initializers);
            let takes = |id: &MethodId| {
                program.method(*id).is_some_and(|own| own.parameters.len() <= 1 && own.body.is_some())
            };
            found.extend(made.copied().filter(takes).map(Declaration::Method));
            found.extend(own.variables.values().copied().map(Declaration::Variable));
            at = own.parent;
        }
    }
    let action = page.action.as_deref().and_then(|name| program.names.find(name));
    if let Some(action) = action {
        let of = |class: &ClassId| {
            program.lineage(*class).into_iter().find_map(|above| {
                let own = program.class(above)?.methods.get(&action)?;
                own.iter()
                    .copied()
                    .find(|id| program.method(*id).is_some_and(|own| own.parameters.is_empty()))
            })
        };
        found.extend(classes.iter().find_map(of).map(Declaration::Method));
    }
    found
}
