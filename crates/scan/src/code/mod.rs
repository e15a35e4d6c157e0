//! What Apex does with patients' data: where it comes from, by which way, and where it gets out.

mod access;
mod check;
mod chosen;
mod database;
mod guessable;
mod holder;
mod idle;
mod leak;
mod look;
mod omnistudio;
mod once;
mod only_asked;
mod operation;
mod organisation;
mod own;
mod printed;
mod public_link;
mod recorded;
mod request;
mod returned;
mod schema;
mod selected;
mod stored;
mod telling;
mod way;
mod written;

use std::collections::{BTreeMap, BTreeSet};

use apex::ast::ExprKind;
use apex::{Name, Program, Ref, Resolution};
use dataflow::{Cap, Cuts, Did, Exposure, Fields, Given, Graph, Spot, Trace};
use journal::Place;
use policy::vocabulary::Identifier;

pub(crate) use access::Access;
pub(crate) use check::{Need, is_name_of_record};
pub(crate) use database::{Does, does};
pub(crate) use guessable::{Guesses, Part};
pub(crate) use holder::Holders;
pub(crate) use leak::{Intake, Leak, Outside};
pub(crate) use look::{Call, Constant, Look, Site};
pub(crate) use operation::{Operation, Unshared};
pub(crate) use own::orders;
pub(crate) use printed::Printed;
pub(crate) use public_link::PublicLink;
pub(crate) use recorded::Recorded;
pub(crate) use stored::Stored;
pub(crate) use telling::{
    Receiver, draft, draft_at, each, followed, kept, lacks_only_agreement, model_refusals, receivers,
    refusals, said_of, tell,
};
pub(crate) use way::Way;

use crate::Context;
use crate::classification::is_of_another_person;
use crate::few_values;
use crate::field_path;
use crate::record_number::is_record_number;
use crate::visualforce;

/// Deep code needs a deep stack; what is not used costs nothing.
const STACK: usize = 128 << 20;

/// The Apex of a project, followed to its end.
pub(crate) struct Code {
    pub(crate) program: Program,
    pub(crate) resolution: Resolution,
    /// The API version of each file; 0 where nobody says.
    pub(crate) versions: Vec<u32>,
    pub(crate) leaks: Vec<Leak>,
    pub(crate) intakes: Vec<Intake>,
    /// What somebody put into what pages print.
    pub(crate) printed: Vec<Printed>,
    /// What was left out, by the method in which.
    cuts: BTreeMap<apex::MethodId, Cuts>,
    /// What could not be read of it.
    pub(crate) problems: Vec<source::Problem>,
    exposed: BTreeMap<apex::MethodId, Exposure>,
    /// Objects by parent and name of the relationship to them, in lower case.
    children: BTreeMap<(String, String), String>,
    callees: Vec<Vec<apex::MethodId>>,
    /// Relationships that lead to organisations, in lower case.
    organisations: BTreeSet<String>,
    /// Methods that ask another system or a model, once somebody wants to know.
    asking: std::sync::OnceLock<BTreeSet<apex::MethodId>>,
    /// How many bodies were looked at.
    pub(crate) bodies: usize,
}

impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Code")
            .field("files", &self.program.files.len())
            .field("leaks", &self.leaks.len())
            .finish()
    }
}

impl Code {
    /// With threads whose stacks hold what the parser lets through.
    pub(crate) fn of(cx: &Context<'_>) -> Self {
        // Rules wait for this one: a thread of their pool that went on with another rule here would wait for itself.
        std::thread::scope(|scope| {
            let own = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, || {
                let pool = rayon::ThreadPoolBuilder::new().stack_size(STACK).build();
                pool.map_or_else(|_| Self::followed(cx), |pool| pool.install(|| Self::followed(cx)))
            });
            own.ok().and_then(|thread| thread.join().ok())
        })
        .unwrap_or_else(|| Self::followed(cx))
    }

    fn followed(cx: &Context<'_>) -> Self {
        let files = cx.project.files().iter();
        let files = files.filter(|file| matches!(file.kind, sfdx::Kind::Apex | sfdx::Kind::Trigger));
        let mut problems = Vec::new();
        let mut sources = Vec::new();
        for file in files {
            match cx.project.load(file) {
                Ok((source, _)) => sources.push(source),
                Err(problem) => problems.push(problem),
            }
        }
        let org = schema::Org::of(cx.project, cx.policy, &cx.classes);
        let (files, names) = apex::parse(sources);
        for file in &files {
            let own = file.problems.iter().map(|(span, message)| {
                file.source
                    .problem(source::Severity::Warning, "code-not-read", *span, message.clone())
                    .with_help("what stands there is not judged")
            });
            problems.extend(own);
        }
        let program = apex::link(files, names, &org);
        let resolution = apex::resolve(&program, &org);
        let fields = fields(cx, &program, &resolution);
        let labels = labels(cx.project);
        let pages = pages(cx, &program, &org.children, &fields.followed);
        let versions: Vec<u32> =
            program.files.iter().map(|file| version(cx.project, file.source.path())).collect();
        let organisations = organisation::relationships(cx.project);
        let leads_to_others =
            |step: &str| is_of_another_person(step) || organisations.contains(&step.to_lowercase());
        let given = Given {
            program: &program,
            resolution: &resolution,
            schema: &org,
            fields: fields.followed,
            labels,
            pages,
            versions: versions.clone(),
            metadata: metadata(cx.project),
            prints_messages: cx.pages().iter().any(|page| page.messages.is_some()),
            sanitisers: cx.policy.sanitisers().iter().map(|own| own.method.value.to_lowercase()).collect(),
            leads_to_others: &leads_to_others,
            by_omnistudio: omnistudio::called(cx.project, &program),
        };
        let graph = Graph::of(&program, &resolution);
        let world = dataflow::follow(given, &graph);
        let controllers = visualforce::controllers(&program, cx.pages());
        let of_pages = leak::OfPages {
            settable: settable(&program, &controllers),
            controllers,
            prints: printed::prints(&program, cx.pages()),
            with_texts: stored::classes_with_texts(&program, cx.pages()),
            opened: printed::opened(&program, cx.pages()),
        };
        let naming = naming(cx, &program, &fields.phi);
        let found = leak::of(&world, &graph, (&fields.phi, &naming), &of_pages);
        let mut cuts = found.cuts;
        for (method, own) in world.cuts() {
            cuts.entry(method).or_default().extend(own);
        }
        cuts.retain(|_, own| !own.is_empty());
        let bodies = program.methods.iter().filter(|method| method.body.is_some() && !method.is_test).count();
        let all =
            (0..program.methods.len()).map(|index| apex::MethodId(u32::try_from(index).unwrap_or(u32::MAX)));
        let exposed = all.filter_map(|id| Some((id, world.exposure(id)?))).collect();
        let callees = graph.callees;
        let mut printed = found.printed;
        printed.extend(printed::messages(&program, &callees, cx.pages(), &found.intakes));
        let children = org.children.clone();
        Self {
            leaks: found.leaks,
            intakes: found.intakes,
            printed,
            cuts,
            problems,
            children,
            organisations,
            asking: std::sync::OnceLock::new(),
            exposed,
            callees,
            resolution,
            versions,
            bodies,
            program,
        }
    }

    /// The files that are judged: not those whose class is a test.
    pub(crate) fn files(&self) -> impl Iterator<Item = (apex::FileId, &apex::ast::File)> {
        (0_u32..).map(apex::FileId).zip(&self.program.files).filter(move |(_, file)| !file.is_test())
    }

    /// Methods that something else than code calls by what they say of themselves: annotations, interfaces.
    pub(crate) fn called_from_outside(&self) -> impl Iterator<Item = apex::MethodId> {
        self.exposed.keys().copied()
    }

    pub(crate) fn methods_of(&self, kind: apex::MethodKind) -> impl Iterator<Item = apex::MethodId> {
        let all = (0_u32..).map(apex::MethodId).zip(&self.program.methods);
        all.filter(move |(_, method)| method.kind == kind && !method.is_test).map(|(id, _)| id)
    }

    /// What was left out of the code, by the cap that cut it and the methods in which; nothing where all was followed.
    fn left_out(&self) -> Option<String> {
        // So many methods of a cap are named.
        const NAMED: usize = 10;
        let mut by_cap: BTreeMap<Cap, BTreeSet<String>> = BTreeMap::new();
        for (method, cuts) in &self.cuts {
            for cap in cuts {
                by_cap.entry(*cap).or_default().insert(self.program.method_name(*method));
            }
        }
        let each = |(cap, methods): (&Cap, &BTreeSet<String>)| {
            let named: Vec<String> = methods.iter().take(NAMED).map(|name| format!("`{name}`")).collect();
            let more = match methods.len().saturating_sub(NAMED) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            format!("{} in {}{more}", cap.said(), named.join(", "))
        };
        let all: Vec<String> = by_cap.iter().map(each).collect();
        (!all.is_empty())
            .then(|| format!("where data goes in Apex beyond what is followed: {}", all.join("; ")))
    }

    /// What a method calls itself.
    pub(crate) fn called_by(&self, method: apex::MethodId) -> &[apex::MethodId] {
        self.callees.get(method.index()).map_or(&[], Vec::as_slice)
    }

    /// A method and all that it calls.
    pub(crate) fn below(&self, method: apex::MethodId) -> BTreeSet<apex::MethodId> {
        below(&self.callees, [method])
    }

    /// The class that is enabled or not, of a method of it or of one within.
    pub(crate) fn top_class(&self, method: apex::MethodId) -> Option<String> {
        let class = self.program.method(method)?.class?;
        self.program.class_name(class).split('.').next().map(str::to_owned)
    }

    /// The object that a relationship to children leads to.
    pub(crate) fn child_of(&self, object: &str, relation: &str) -> Option<String> {
        self.children.get(&(object.to_lowercase(), relation.to_lowercase())).cloned()
    }

    /// Whether code has variables of an object's type, or queries it.
    pub(crate) fn uses_object(&self, object: &str) -> bool {
        let Some(name) = self.program.names.find(object) else { return false };
        let begins = format!("from {}", object.to_ascii_lowercase());
        self.program.files.iter().any(|file| {
            file.types.iter().any(|of| of.path.last() == Some(&name))
                || file.exprs.iter().any(|expr| {
                    matches!(expr.kind, ExprKind::Query { .. })
                        && file.source.slice(expr.span).to_ascii_lowercase().contains(&begins)
                })
        })
    }

    /// Methods that something else than code calls.
    pub(crate) fn roots(&self, controllers: &BTreeSet<apex::ClassId>) -> BTreeSet<apex::MethodId> {
        let of_controller =
            |method: &apex::Method| method.class.is_some_and(|class| controllers.contains(&class));
        let all = (0_u32..).map(apex::MethodId).zip(&self.program.methods);
        let found = all.filter(|(id, method)| self.exposed.contains_key(id) || of_controller(method));
        found.map(|(id, _)| id).collect()
    }

    pub(crate) fn spot(&self, operation: &Access) -> Spot {
        Spot { file: operation.file, span: operation.span, method: operation.method }
    }

    pub(crate) fn text_of(&self, operation: &Access) -> &str {
        self.program.file(operation.file).map_or("", |file| file.source.slice(operation.span))
    }

    /// Whether a call is told to run with the user's permissions.
    pub(crate) fn asks_as_user(&self, at: Spot) -> bool {
        let text = self.text_at(at).to_ascii_lowercase();
        text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == "user_mode")
    }

    pub(crate) fn text_at(&self, spot: Spot) -> &str {
        self.program.file(spot.file).map_or("", |file| file.source.slice(spot.span))
    }

    /// A name as code writes it.
    pub(crate) fn written(&self, name: &str) -> String {
        let found = self.program.names.find(name);
        found.map_or_else(|| name.to_owned(), |name| self.program.names.written(name).to_owned())
    }

    /// `Object.Field` as code writes it.
    pub(crate) fn written_path(&self, path: &str) -> String {
        path.split('.').map(|name| self.written(name)).collect::<Vec<_>>().join(".")
    }

    /// From where a method is called other than by code.
    pub(crate) fn exposure(&self, method: apex::MethodId) -> Option<Exposure> {
        self.exposed.get(&method).copied()
    }

    /// Who calls a method from outside, in words.
    pub(crate) fn callers(&self, method: apex::MethodId) -> &'static str {
        match self.exposed.get(&method) {
            Some(Exposure::Component) => "components and pages",
            Some(Exposure::Service) => "other systems",
            Some(Exposure::Flow) => "flows and agents",
            Some(Exposure::OmniStudio) => "OmniScripts and integration procedures",
            None => "callers",
        }
    }

    /// Whether what flows was read with the user's permissions, or checked on its way.
    pub(crate) fn is_checked(&self, leak: &Leak) -> bool {
        if self.describes(leak) {
            return true;
        }
        leak.has_step(Did::Checked)
    }

    /// Whether the method asks for each field whether the user may read it.
    fn describes(&self, leak: &Leak) -> bool {
        leak.data.values().all(|fields| !fields.is_empty()) && self.without_asked(leak).data.is_empty()
    }

    /// What is left of a flow without the fields for which the method asks whether the user may read them.
    pub(crate) fn without_asked(&self, leak: &Leak) -> Leak {
        let names = &self.program.names;
        let Some(wanted) = names.find("isaccessible") else { return leak.clone() };
        let Some(own_file) = self.program.file(leak.place.file) else { return leak.clone() };
        // In the method itself, or in what it asks.
        let mut methods = vec![leak.place.method];
        methods.extend(self.callees.get(leak.place.method.index()).into_iter().flatten());
        let mut asked: Vec<String> = Vec::new();
        for method in methods.into_iter().filter_map(|id| self.program.method(id)) {
            let (Some(file), Some(body)) = (self.program.file(method.file), method.body) else { continue };
            file.each_expr(body, |id| {
                let expr = file.expr(id);
                // In the method itself, before the data goes.
                let is_late = std::ptr::eq(file, own_file) && expr.span.start > leak.place.span.start;
                if !is_late && matches!(&expr.kind, ExprKind::Call { name, .. } if name.value == wanted) {
                    asked.push(file.source.slice(expr.span).to_lowercase());
                }
            });
        }
        asked.extend(self.fields_asked_by_text(leak.place.method, leak.place.span.start));
        let is_asked = |field: &Name| {
            let field = names.folded(*field);
            asked
                .iter()
                .any(|text| text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == field))
                || leak.ways.iter().all(|way| self.is_asked_on(way, leak, field))
        };
        let mut rest = leak.clone();
        rest.data.retain(|_, fields| {
            let was_empty = fields.is_empty();
            fields.retain(|field| !is_asked(field));
            was_empty || !fields.is_empty()
        });
        rest
    }

    pub(crate) fn place(&self, spot: Spot) -> Place {
        match self.program.file(spot.file) {
            Some(file) => Place::of(&file.source, spot.span),
            None => Place::line(String::new(), 1),
        }
    }

    /// The component of a place: `Apex:Name`.
    pub(crate) fn component(&self, spot: Spot) -> String {
        let name = self.program.method(spot.method).map_or_else(String::new, |method| match method.class {
            Some(class) => self.program.class_name(class),
            None => self.program.method_name(spot.method),
        });
        format!("Apex:{}", name.split('.').next().unwrap_or_default())
    }

    /// The steps of a way, first to last, each with what happened.
    pub(crate) fn steps(&self, way: &Way) -> Vec<(Place, &'static str)> {
        let mut steps = Vec::new();
        for trace in &way.0 {
            let mut part = Vec::new();
            let mut at: Option<&Trace> = Some(trace);
            while let Some(one) = at {
                let file = self.program.file(one.file);
                part.extend(file.map(|file| (Place::of(&file.source, one.span), said(one.did))));
                at = one.before.as_ref();
            }
            steps.extend(part.into_iter().rev());
        }
        steps.dedup_by(|a, b| a.0 == b.0);
        steps
    }
}

/// Methods and all that they call.
fn below(
    callees: &[Vec<apex::MethodId>],
    from: impl IntoIterator<Item = apex::MethodId>,
) -> BTreeSet<apex::MethodId> {
    let mut todo: Vec<apex::MethodId> = from.into_iter().collect();
    let mut seen = BTreeSet::new();
    while let Some(id) = todo.pop() {
        if seen.insert(id) {
            todo.extend(callees.get(id.index()).into_iter().flatten());
        }
    }
    seen
}

fn said(did: Did) -> &'static str {
    match did {
        Did::Queried => "read by a query",
        Did::Checked => "read or passed on with the user's permissions",
        Did::Grouped => "what the records of a group have in common",
        Did::Read => "read here",
        Did::Kept => "kept here",
        Did::Stored => "put in here",
        Did::Passed => "handed on here",
        Did::Returned => "returned",
        Did::Thrown => "thrown",
        Did::Converted => "converted",
        Did::Answered => "asked about, and answered",
        Did::Counted => "a number of the answer",
        Did::Rendered => "printed by the page that is rendered here",
        Did::Forgotten => "kept for one call, which is not this one",
        Did::Reread => "read again from the records that it was put into",
    }
}

/// Texts of controllers that a page can set.
fn settable(program: &Program, controllers: &BTreeSet<apex::ClassId>) -> Vec<apex::VariableId> {
    let mut found = Vec::new();
    for class in controllers.iter().filter_map(|id| program.class(*id)) {
        let Some(decl) = program.decl_of(class) else { continue };
        for &id in class.variables.values() {
            let Some(variable) = program.variable(id) else { continue };
            let Some(written) = decl.variables.get(variable.own) else { continue };
            let sets = written.accessors.iter().any(|accessor| {
                !accessor.is_getter && accessor.modifiers.visibility != apex::ast::Visibility::Private
            });
            let is_public = written.modifiers.visibility >= apex::ast::Visibility::Public;
            if is_public && sets && matches!(variable.ty, apex::Ty::Text) && variable.setter.is_none() {
                found.push(id);
            }
        }
    }
    found
}

/// The API version of a class or trigger, as its description says it.
fn version(project: &sfdx::Project, path: &str) -> u32 {
    let file = path.rsplit('/').next().unwrap_or(path);
    let (name, kind) = match file.rsplit_once('.') {
        Some((name, "trigger")) => (name, "ApexTrigger"),
        Some((name, _)) => (name, "ApexClass"),
        None => return 0,
    };
    let own = project.find(kind, name).and_then(|component| component.root().value("apiVersion"));
    let number = |text: &str| text.split('.').next().and_then(|whole| whole.trim().parse().ok());
    own.and_then(|value| number(value.as_str())).unwrap_or_default()
}

/// Records of custom metadata types, as the source has them.
fn metadata(project: &sfdx::Project) -> BTreeMap<(String, String), BTreeMap<String, String>> {
    let mut found: BTreeMap<(String, String), BTreeMap<String, String>> = BTreeMap::new();
    for record in project.of_type("CustomMetadata") {
        let Some((object, name)) = record.full_name().split_once('.') else { continue };
        let object = format!("{}__mdt", object.trim_end_matches("__mdt")).to_lowercase();
        let own = found.entry((object, name.to_lowercase())).or_default();
        for value in record.root().children_named("values") {
            if let (Some(field), Some(text)) = (value.value("field"), value.value("value")) {
                own.insert(field.to_lowercase(), text.to_string());
            }
        }
    }
    found
}

/// The fields with patients' data that pages print, by the page's name in lower case.
fn pages(
    cx: &Context<'_>,
    program: &Program,
    children: &BTreeMap<(String, String), String>,
    fields: &Fields,
) -> BTreeMap<String, BTreeSet<dataflow::FieldId>> {
    let all = stored::fields_of_pages(cx, program, children).into_iter().map(|(page, printed)| {
        let id = |field: field_path::Reached| {
            let is_data = cx.classes.is_phi(&field.object, &field.field);
            let names = (program.names.find(&field.object)?, program.names.find(&field.field)?);
            fields.find(names.0, names.1).filter(|_| is_data)
        };
        (page, printed.into_iter().filter_map(id).collect())
    });
    all.collect()
}

/// The texts of custom labels, by name in lower case.
fn labels(project: &sfdx::Project) -> BTreeMap<String, String> {
    let inside = project.of_type("CustomLabels").flat_map(|file| {
        let labels = file.root().children_named("labels").collect::<Vec<_>>();
        labels.into_iter().filter_map(|label| Some((label.value("fullName")?.to_string(), label)))
    });
    let split = project.of_type("CustomLabel").map(|label| (label.full_name().to_owned(), label.root()));
    let all = inside.chain(split);
    all.filter_map(|(name, label)| Some((name.to_lowercase(), label.value("value")?.to_string()))).collect()
}

struct Followed {
    followed: Fields,
    phi: BTreeSet<(Name, Name)>,
}

/// The fields that hold PHI, and those that code writes to.
fn fields(cx: &Context<'_>, program: &Program, resolution: &Resolution) -> Followed {
    let names = &program.names;
    let mut phi: BTreeSet<(Name, Name)> = BTreeSet::new();
    let mut written: BTreeSet<(Name, Name)> = BTreeSet::new();
    let mut seen: BTreeSet<(Name, Name)> = BTreeSet::new();
    let mut shows_html = false;
    // What classes read of which pages print texts.
    let shown = stored::classes_with_texts(program, cx.pages());
    let shown: BTreeSet<apex::FileId> =
        shown.into_iter().filter_map(|id| Some(program.class(id)?.file)).collect();
    let mut seen_there: BTreeSet<(Name, Name)> = BTreeSet::new();
    for name in names.all().filter(|name| program.is_object(*name)) {
        let object = names.written(name);
        for (field, _) in cx.classes.phi_fields(object) {
            if let Some(field) = names.find(&field)
                && is_data(cx, object, names.written(field))
            {
                phi.insert((name, field));
            }
        }
    }
    for (index, file) in program.files.iter().enumerate() {
        let id = apex::FileId(u32::try_from(index).unwrap_or(u32::MAX));
        for (at, expr) in file.exprs.iter().enumerate() {
            let at = apex::ast::ExprId(u32::try_from(at).unwrap_or(u32::MAX));
            match &expr.kind {
                ExprKind::Field { object, .. } => {
                    let Ref::RecordField(field) = resolution.expr(id, at).to else { continue };
                    let Some(object) = resolution.expr(id, *object).ty.object() else { continue };
                    seen.insert((object, field));
                    if shown.contains(&id) {
                        seen_there.insert((object, field));
                    }
                }
                ExprKind::Assign { target, .. } => {
                    let ExprKind::Field { object, .. } = &file.expr(*target).kind else { continue };
                    let Ref::RecordField(field) = resolution.expr(id, *target).to else { continue };
                    if let Some(object) = resolution.expr(id, *object).ty.object() {
                        written.insert((object, field));
                    }
                }
                ExprKind::Call { name, args, .. } => {
                    shows_html |=
                        names.folded(name.value) == "adderror" && dataflow::is_shown_as_html(file, args);
                }
                ExprKind::New { args, .. } => {
                    let Some(object) = resolution.expr(id, at).ty.object() else { continue };
                    for &arg in args {
                        if let ExprKind::Assign { target, .. } = &file.expr(arg).kind
                            && let ExprKind::Name(field) = file.expr(*target).kind
                        {
                            written.insert((object, field));
                        }
                    }
                }
                _ => {}
            }
        }
    }
    for &(object, field) in seen.iter().chain(&written) {
        let (object_name, field_name) = (names.written(object), names.written(field));
        if cx.classes.is_phi(object_name, field_name) && is_data(cx, object_name, field_name) {
            phi.insert((object, field));
        }
    }
    of_classes(cx, program, &mut phi);
    let mut followed = Fields::default();
    for &(object, field) in &phi {
        followed.add(object, field, true);
    }
    for &(object, field) in written.difference(&phi) {
        followed.add(object, field, false);
    }
    // What anybody wrote into any field may be HTML.
    let stored = if shows_html { seen } else { seen_there };
    for &(object, field) in stored.difference(&phi) {
        followed.add(object, field, false);
    }
    Followed { followed, phi }
}

/// Of fields with PHI those whose values name one person.
fn naming(cx: &Context<'_>, program: &Program, phi: &BTreeSet<(Name, Name)>) -> BTreeSet<(Name, Name)> {
    let identifier = |&(object, field): &(Name, Name)| {
        cx.classes.field(program.names.written(object), program.names.written(field)).identifier
    };
    // One of a list, or of few values, is many people's.
    let is_choice = |&(object, field): &(Name, Name)| {
        let full = format!("{}.{}", program.names.written(object), program.names.written(field));
        let kind = cx.project.field(&full).and_then(|field| field.data_type());
        let is_choice = |kind: &str| matches!(kind, "Picklist" | "MultiselectPicklist" | "Checkbox");
        kind.is_some_and(|kind| is_choice(kind.as_str()))
            || few_values::by_name(program.names.written(field)).is_some()
    };
    let names_one = |field: &&(Name, Name)| {
        identifier(field).is_some_and(|own| !matches!(own, Identifier::Date | Identifier::Clinical))
            && !is_choice(field)
    };
    phi.iter().filter(names_one).copied().collect()
}

/// Members of classes and arguments from outside that are named, or classified in the bundle, as a patient's.
fn of_classes(cx: &Context<'_>, program: &Program, phi: &mut BTreeSet<(Name, Name)>) {
    let names = &program.names;
    for class in program.classes.iter().filter(|class| !class.is_test) {
        let Some(decl) = program.decl_of(class) else { continue };
        let full_name = names.written(class.full_name);
        for (&name, &variable) in &class.variables {
            let Some(variable) = program.variable(variable) else { continue };
            let is_text = matches!(variable.ty, apex::Ty::Text | apex::Ty::Date | apex::Ty::Any);
            let written = decl.variables.get(variable.own).map(|own| own.name.span);
            let file = program.file(class.file);
            let written = written.and_then(|span| Some(file?.source.slice(span))).unwrap_or_default();
            if is_text && !variable.is_static && cx.classes.is_phi_named(full_name, written) {
                phi.insert((class.full_name, name));
            }
        }
        for method in &decl.methods {
            for parameter in &method.parameters {
                let file = program.file(class.file);
                let written = file.map_or("", |file| file.source.slice(parameter.name.span));
                let ty = file.map_or(apex::Ty::Unknown, |file| {
                    program.ty(file, parameter.of, program.class_named(class.name, None))
                });
                let is_text = matches!(ty, apex::Ty::Text | apex::Ty::Date | apex::Ty::Any);
                if is_text && cx.classes.is_phi_named(full_name, written) {
                    phi.insert((class.full_name, parameter.name.value));
                }
            }
        }
    }
}

/// Whether a field is the number that the org counts for a record, and the bundle has no line of its own for it: it says
/// which record it is, as an id does.
fn is_only_a_number(cx: &Context<'_>, object: &str, field: &str) -> bool {
    let is_said = |rule: &policy::bundle::classification::ObjectRule| {
        rule.default.as_ref().is_some_and(|rule| rule.identifier.is_some())
            || rule.fields.0.iter().any(|(name, _)| name.value.eq_ignore_ascii_case(field))
    };
    let label = cx
        .project
        .object(object)
        .and_then(|object| object.name_field())
        .and_then(|name| name.element().value("label"));
    let is_of_patient = label.is_some_and(|label| {
        let label = label.to_lowercase();
        ["mrn", "medical record", "patient", "chart", "member", "health"]
            .iter()
            .any(|word| label.contains(word))
    });
    !field.ends_with("__c")
        && is_record_number(cx, &format!("{object}.{field}"))
        && !is_of_patient
        && !cx.policy.object(object).is_some_and(is_said)
}

/// Whether a field holds more than the Id of a record.
fn is_data(cx: &Context<'_>, object: &str, field: &str) -> bool {
    let reached = field_path::Reached { object: object.to_owned(), field: field.to_owned() };
    !field.eq_ignore_ascii_case("Id")
        && !field.ends_with("__r")
        && !is_only_a_number(cx, object, field)
        && !field_path::is_reference(cx.project, &reached)
}
