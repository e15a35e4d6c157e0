//! # Apex shows or changes records that are not shared with the user
//!
//! A class that users reach, by a component, page, service, flow or OmniScript, queries or writes records, and runs without the
//! sharing rules: it says `without sharing`, or says nothing and nobody says it for it.
//!
//! ## Why it harms
//! Sharing decides whose patients a user sees. Code that runs without it gives everybody who may run it the records
//! of everybody, to read and to change: 45 CFR 164.312(a)(1), 164.502(b) and 164.308(a)(4); GDPR Art. 5(1)(f),
//! 25(2) and 32(1)(b).
//!
//! ## What to change
//! Say `with sharing`, or `inherited sharing` in a helper. Where one query needs more, put it alone into an inner
//! class `without sharing` that checks what it is asked for and gives back as little as can be, and have an
//! exception approved. Or let the operation run as the user (`WITH USER_MODE`, `as user`), which keeps to sharing
//! whatever the class says.
//!
//! ## What is not found
//! Classes `with sharing` and `inherited sharing`; classes that say nothing from API version 67.0, or with a parent
//! that says it; classes that say nothing and are called by classes with sharing alone; an `@AuraEnabled` method of
//! a class that says nothing, which runs with sharing in every version (*Apex Developer Guide*, Apex Security and
//! Sharing Model); classes whose operations all run in user mode; custom metadata, custom settings, events and the
//! org's own set-up (users' profiles, jobs, record types), which have no sharing; jobs and triggers, which have no
//! user to share with, unless a user's method calls them as methods; classes with public methods that nothing of
//! the source uses; queries for records that the running user owns, whom sharing never keeps out. Severity is high where
//! the class names fields with patients' data, but for pages that the source gives to administrators alone, and for objects whose
//! default lets everybody inside do the same where the source has no site (`phi-object-open-by-default` says that). Medium too is a
//! class all of whose operations are on the user's own records, select Ids alone, or let nothing of a patient get to the user; and one
//! that only an action runs which no flow of the source calls, where it copies between records and shows nothing. Adding records is no
//! matter of sharing.
//!
//! PMD's `ApexSharingViolations` asks only that something is said, and is content with `without sharing`
//! (pmd#5074); here what it means is judged, and who reaches it. Getters and setters count (pmd#4019, pmd#5463),
//! `Database.query` (pmd#5792) and `System.Database` (pmd#4526). The graph engine's
//! `DatabaseOperationsMustUseWithSharing` finds each operation on each path; here one finding stands for a class.
//! PMD's `AvoidWithoutSharingInRestApiController` is a part of this.
//!
//! ## Seen in the wild
//! `bcgov/MoH-SAT`: eight classes `without sharing`, seven of them with fields of patients' drug requests.
//! `SalesforceFoundation/NPSP`: 24, most of them helpers that a page or component reaches.
//! `Gvkp38/Production-Gvkp`: eight that say nothing, one a REST service. `ItaDeloitte/AsutaAshdod`, a hospital: 49.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use dataflow::{Exposure, Sink};
use apex::ast::{ExprKind, Sharing, Visibility};
use apex::{ClassId, MethodId, MethodKind, Ref, Ty};
use journal::{Confidence, Persona, Place, Severity};

use crate::Context;
use sfdx::views::{Field, Object};

use crate::field_path::{self, Reached};
use crate::code::{Code, Leak, Look, Need, Operation};
use crate::rule::{Draft, Meta, Outcome};
use crate::visualforce;

pub(crate) const META: Meta = Meta {
    title: "Apex shows or changes records that are not shared with the user",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Developer,
    controls: &["hipaa-sec-312a1", "hipaa-prv-502b", "hipaa-sec-308a4", "gdpr-25-2", "gdpr-32-1b", "API1"],
    tags: &["phi", "access", "sharing"],
    replaces: &[
        "pmd:ApexSharingViolations",
        "pmd:AvoidWithoutSharingInRestApiController",
        "sfge:DatabaseOperationsMustUseWithSharing",
    ],
    sbs: &["SBS-CPORTAL-001"],
    needs: &["the Apex classes with their `-meta.xml`, the triggers and the Visualforce pages"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    let code = cx.code();
    out.judged(code.bodies);
    let reached = reached(cx, code);
    let unshared = code.unshared(cx.project);
    let look = Look::of(code);
    let system = code.system_operations();
    let own_records: BTreeSet<(MethodId, source::Span)> = system
        .iter()
        .filter(|operation| code.is_on_own_records(operation))
        .map(|operation| (operation.method, operation.span))
        .collect();
    let controllers = visualforce::controllers(&code.program, cx.pages());
    let callers = code.callers_of(&code.reached(&controllers));
    // Who may see a field is another question than whose record it is.
    let leaving = code.leaving(false);
    // Operations that are known to hand on and to change nothing of patients'.
    let staying: BTreeSet<(MethodId, source::Span)> = system
        .iter()
        .filter(|operation| {
            let is_of_patients = operation.objects.is_empty() || code.phi_of(cx, operation).is_some();
            let class = code.program.method(operation.method).and_then(|method| method.class);
            let is_shown = class.is_some_and(|class| controllers.contains(&class));
            let stays = || {
                code.stays(cx, operation, &leaving, &callers)
                    || operation.needs == [Need::Read] && code.is_of_one_just_made(operation.method, operation.span)
            };
            !is_of_patients || !is_shown && stays()
        })
        .map(|operation| (operation.method, operation.span))
        .collect();
    let chosen_by_nobody: BTreeSet<(MethodId, source::Span)> = system
        .iter()
        .filter(|operation| operation.needs != [Need::Read] && code.is_chosen_by_nobody(cx, operation))
        .map(|operation| (operation.method, operation.span))
        .collect();
    // What is put into other records may be somebody's own, who then reads it there.
    let copied: BTreeSet<(apex::FileId, source::Span)> = code
        .leaks
        .iter()
        .filter(|leak| matches!(leak.sink, Sink::Record { .. } | Sink::Event { .. }))
        .flat_map(Leak::queries)
        .collect();
    // Helpers that say *inherited sharing* and do more than that run as the class that calls them.
    let goes_on: BTreeSet<MethodId> = inherited(code, &reached, |id, one| {
        one.is_user_mode || one.adds || staying.contains(&(id, one.span)) || own_records.contains(&(id, one.span))
    });
    let mut found: BTreeMap<ClassId, Found> = BTreeMap::new();
    for (&(id, is_without), from) in &reached {
        let Some(class) = code.program.method(id).and_then(|method| method.class) else { continue };
        if !is_without || code.said_of_sharing(class) == Sharing::Inherited {
            continue;
        }
        let operations = operations(code, id);
        let is_outside = |one: &Operation| {
            !one.is_user_mode
                && !one.adds
                && !unshared.has(&look, class, id, one)
                && (one.writes || !code.is_owned_by_the_user(id, one.span))
        };
        let outside: Vec<Operation> = operations.into_iter().filter(is_outside).collect();
        let Some(first) = outside.first() else { continue };
        let own = found.entry(class).or_insert_with(|| Found {
            first: first.clone(),
            method: id,
            from: *from,
            writes: false,
            deletes: false,
            is_own: true,
            stays: true,
            copies: true,
        });
        own.is_own &= outside.iter().all(|one| own_records.contains(&(id, one.span)));
        let stays = |one: &Operation| {
            let at = (id, one.span);
            let is_kept = staying.contains(&at) || own_records.contains(&at) || one.selects_ids(code);
            is_kept && !one.gives_access()
        };
        let leads_on = code.called_by(id).iter().any(|callee| goes_on.contains(callee));
        own.stays &= !leads_on && outside.iter().all(|one| stays(one) && !copied.contains(&(one.file, one.span)));
        own.copies &= !leads_on
            && is_by_idle_action(cx, code, &reached, (id, true))
            && outside.iter().all(|one| stays(one) || chosen_by_nobody.contains(&(id, one.span)));
        own.writes |= outside.iter().any(|one| one.writes);
        own.deletes |= outside.iter().any(|one| one.deletes);
    }
    let without: BTreeSet<MethodId> = reached.keys().filter(|(_, is_without)| *is_without).map(|(id, _)| *id).collect();
    let mut fields = fields_by_class(cx, &look, &found, &without);
    // What stands behind a relationship to children, and what nobody lists.
    for operation in system.iter().filter(|own| own.needs == [Need::Read] && without.contains(&own.method)) {
        let class = code.program.method(operation.method).and_then(|method| method.class);
        let Some(class) = class.filter(|class| found.contains_key(class)) else { continue };
        let selected = code.phi_selected(cx, operation).unwrap_or_default().into_iter();
        let mut all: Vec<String> = selected.map(|field| field.full_name()).collect();
        if operation.fields.contains("*") {
            for object in &operation.objects {
                let known = cx.classes.phi_fields(object).into_iter();
                all.extend(known.map(|(field, _)| format!("{}.{field}", code.written(object))));
            }
        }
        let own = fields.entry(class).or_default();
        for field in all {
            if !own.iter().any(|known| known.eq_ignore_ascii_case(&field)) {
                own.insert(code.written_path(&field));
            }
        }
    }
    for (class, own) in &found {
        out.found(draft(cx, code, *class, own, &reached, fields.get(class).cloned().unwrap_or_default()));
    }
}

/// Methods of classes that inherit sharing which do what is not harmless, or call such, where they run without it.
fn inherited(
    code: &Code,
    reached: &BTreeMap<State, Option<State>>,
    is_harmless: impl Fn(MethodId, &Operation) -> bool,
) -> BTreeSet<MethodId> {
    let is_inherited = |id: &MethodId| {
        let class = code.program.method(*id).and_then(|method| method.class);
        class.is_some_and(|class| code.said_of_sharing(class) == Sharing::Inherited)
    };
    let all: Vec<MethodId> =
        reached.keys().filter(|(id, is_without)| *is_without && is_inherited(id)).map(|(id, _)| *id).collect();
    let mut found: BTreeSet<MethodId> = all
        .iter()
        .copied()
        .filter(|id| operations(code, *id).iter().any(|one| !is_harmless(*id, one)))
        .collect();
    loop {
        let more: Vec<MethodId> = all
            .iter()
            .copied()
            .filter(|id| !found.contains(id) && code.called_by(*id).iter().any(|own| found.contains(own)))
            .collect();
        if more.is_empty() {
            return found;
        }
        found.extend(more);
    }
}

struct Found {
    first: Operation,
    method: MethodId,
    from: Option<(MethodId, bool)>,
    writes: bool,
    deletes: bool,
    /// Of the user who runs it are all the records that it reads and changes.
    is_own: bool,
    /// Nothing of others' patients' data that it reads is seen to leave, and it changes none.
    stays: bool,
    /// What it changes of these it takes from other records or from an answer, and not from a caller.
    copies: bool,
}

/// Details of details that are asked for their masters.
const PARENTS: u8 = 3;

/// How a method is reached: the method, and whether it then runs without sharing.
type State = (MethodId, bool);

fn draft(
    cx: &Context<'_>,
    code: &Code,
    class: ClassId,
    own: &Found,
    reached: &BTreeMap<State, Option<State>>,
    fields: BTreeSet<String>,
) -> Draft {
    let program = &code.program;
    let name = program.class_name(class);
    let place = program.class(class).and_then(|class| {
        let file = program.file(class.file)?;
        Some(Place::of(&file.source, file.decl(class.decl)?.name.span))
    });
    let mut way = Vec::new();
    let at = |id: MethodId| {
        let method = program.method(id)?;
        Some(Place::of(&program.file(method.file)?.source, method.span))
    };
    let mut state = Some((own.method, true));
    let mut entry = own.method;
    let mut next = own.from;
    while let Some((method, _)) = state {
        way.extend(at(method).map(|place| (place, "called")));
        entry = method;
        state = next;
        next = state.and_then(|state| reached.get(&state).copied().flatten());
    }
    way.reverse();
    if let Some(first) = way.first_mut() {
        first.1 = "reached from outside";
    }
    if let Some(file) = program.file(own.first.file) {
        let did = if own.first.writes { "written without sharing" } else { "queried without sharing" };
        way.push((Place::of(&file.source, own.first.span), did));
    }
    let says = match code.said_of_sharing(class) {
        Sharing::Without => "says `without sharing`",
        _ => "says nothing of sharing",
    };
    let does = if own.writes { "writes records without asking" } else { "reads records without asking" };
    let through = program.method_name(entry);
    let through = if entry == own.method { String::new() } else { format!(" through `{through}`") };
    let is_idle = is_idle_action(cx, code, entry);
    let reach = match code.exposure(entry) {
        Some(_) if is_idle => {
            format!("flows and agents may reach it{through}, though none in the source does")
        }
        Some(_) => format!("{} reach it{through}", code.callers(entry)),
        None => format!("pages reach it{through}"),
    };
    let what = match fields.first() {
        Some(first) if fields.len() > 1 => format!(" (`{first}` and {} more)", fields.len() - 1),
        Some(first) => format!(" (`{first}`)"),
        None => String::new(),
    };
    let renders = match renders_templates(code, class) {
        true => ", and lets a template of mail be rendered for a record, which shows whatever it merges of it",
        false => "",
    };
    let class_of_entry = program.method(entry).and_then(|method| method.class);
    let is_administrators = code.exposure(entry).is_none()
        && class_of_entry.is_some_and(|class| visualforce::is_for_administrators(cx, program, class));
    let so = if is_administrators { ", which the source gives to administrators alone" } else { "" };
    let is_kept = fields.iter().any(|field| !is_for_everybody(cx, field, own.writes, own.deletes));
    let so = if fields.is_empty() || is_kept {
        so
    } else {
        ", and today the default of these objects lets everybody inside do that"
    };
    let so = if own.is_own { ", and all of these records are the user's own" } else { so };
    let stays = own.stays && !own.is_own && is_kept;
    let so = if stays { ", and nothing of patients' data in them is seen to get to the user" } else { so };
    let copies = own.copies && !own.stays && is_idle && is_kept;
    let so = if copies { ", shows nothing of them and changes nothing but copies, which no caller chooses" } else { so };
    let is_less = !is_kept || is_administrators || own.is_own || stays || copies;
    let severity = if is_less { Severity::Medium } else { Severity::High };
    let top = name.split('.').next().unwrap_or_default().to_owned();
    Draft::new(
        format!("Apex:{top}"),
        place.unwrap_or_else(|| Place::line(String::new(), 1)),
        format!(
            "`{name}` {says} and {does} whether they are shared with the user{what}{renders}; {reach}{so}"
        ),
        "say `with sharing` (or `inherited sharing` in a helper), or let the operations run in user mode",
    )
    .severity(severity)
    .fields(fields)
    .ways([way])
    .detail(name)
}

/// Whether a class has templates filled with records: what they merge is in no query.
fn renders_templates(code: &Code, class: ClassId) -> bool {
    let Some(own) = code.program.class(class) else { return false };
    let Some(file) = code.program.file(own.file) else { return false };
    let names = &code.program.names;
    file.exprs.iter().any(|expr| match &expr.kind {
        ExprKind::Call { name, .. } => {
            matches!(names.folded(name.value), "renderstoredemailtemplate" | "renderemailtemplate")
        }
        _ => false,
    })
}

/// Whether an object's default shares its records with everybody, in an org without sites: then sharing keeps out nobody.
fn is_for_everybody(cx: &Context<'_>, field: &str, writes: bool, deletes: bool) -> bool {
    let object = field.split('.').next().and_then(|object| cx.project.object(object));
    let is_open = object.is_some_and(|object| is_open_object(cx, object, writes, deletes, PARENTS));
    let has_sites = ["Network", "CustomSite", "ExperienceBundle", "DigitalExperienceBundle"]
        .iter()
        .any(|kind| cx.project.of_type(kind).next().is_some());
    is_open && !has_sites
}

/// Whether an object's default lets everybody inside read, write or delete its records; of details what their masters say.
fn is_open_object(cx: &Context<'_>, object: Object<'_>, writes: bool, deletes: bool, depth: u8) -> bool {
    object.sharing_model().is_some_and(|model| match model.as_str() {
        "Read" => !writes,
        // Who owns a record, and who stands above him, deletes it.
        "ReadWrite" | "ReadWriteTransfer" => !deletes,
        "ControlledByParent" => {
            let is_master =
                |field: &Field<'_>| field.data_type().is_some_and(|kind| kind.as_str() == "MasterDetail");
            let masters: Vec<_> = object.fields().filter(is_master).flat_map(Field::reference_to).collect();
            let Some(depth) = depth.checked_sub(1) else { return false };
            !masters.is_empty()
                && masters.iter().all(|master| {
                    let own = cx.project.object(master.as_str());
                    own.is_some_and(|own| is_open_object(cx, own, writes, deletes, depth))
                })
        }
        model => model == "FullAccess",
    })
}

/// Queries and writes that run with a method: its own, and for a constructor those of the initialisers and first values.
fn operations(code: &Code, id: MethodId) -> Vec<Operation> {
    let program = &code.program;
    let mut found = code.operations(id);
    let Some(method) = program.method(id) else { return found };
    let Some(class) = method.class.and_then(|class| program.class(class)) else { return found };
    let Some(file) = program.file(class.file) else { return found };
    let is_made = method.kind == MethodKind::Constructor;
    for variable in class.variables.values().filter_map(|id| program.variable(*id)) {
        let mut todo: Vec<_> = variable.value.into_iter().filter(|_| is_made || variable.is_static).collect();
        while let Some(expr) = todo.pop() {
            found.extend(code.operation(class.file, expr));
            todo.extend(file.parts(expr));
        }
    }
    for block in class.initializers.iter().filter(|_| is_made).chain(&class.static_initializers) {
        found.extend(code.operations(*block));
    }
    found
}

/// Whether a class, or one that it extends, is of a version that shares where nothing is said.
fn shares_by_version(code: &Code, class: ClassId) -> bool {
    code.program.lineage(class).into_iter().any(|id| {
        let file = code.program.class(id).map(|class| class.file);
        file.and_then(|file| code.versions.get(file.index())).is_some_and(|version| *version >= 67)
    })
}

/// Whether a class runs without sharing, called by code that does or does not.
fn is_without(code: &Code, class: ClassId, caller: bool) -> bool {
    match code.said_of_sharing(class) {
        Sharing::With => false,
        Sharing::Without => true,
        Sharing::Inherited => caller,
        Sharing::Unsaid => caller && !shares_by_version(code, class),
    }
}

/// Every method that a user's way leads to, by whether it then runs without sharing, with the state before it.
fn reached(cx: &Context<'_>, code: &Code) -> BTreeMap<State, Option<State>> {
    let program = &code.program;
    let mut found: BTreeMap<State, Option<State>> = BTreeMap::new();
    let mut todo: VecDeque<State> = VecDeque::new();
    // Ways that something surely takes come before those by actions that nothing in the source uses.
    let (unsure, sure): (Vec<_>, Vec<_>) = entries(cx, code)
        .into_iter()
        .partition(|(id, _)| code.exposure(*id) == Some(Exposure::Flow) && !code.is_invoked(cx, *id));
    for entries in [sure, unsure] {
        for (id, is_aura) in entries {
            let Some(class) = program.method(id).and_then(|method| method.class) else { continue };
            let without = match code.said_of_sharing(class) {
                // Called from outside, `inherited sharing` shares, and so do components.
                Sharing::Inherited => false,
                Sharing::Unsaid => !is_aura && !shares_by_version(code, class),
                _ => is_without(code, class, true),
            };
            if let Entry::Vacant(entry) = found.entry((id, without)) {
                entry.insert(None);
                todo.push_back((id, without));
            }
        }
        while let Some(state) = todo.pop_front() {
            let own = program.method(state.0).and_then(|method| method.class);
            let first_values = own.map(|class| of_first_values(code, class)).unwrap_or_default();
            for callee in code.calls(state.0).into_iter().chain(first_values) {
                let class = program.method(callee).and_then(|method| method.class);
                let without = class.is_some_and(|class| is_without(code, class, state.1));
                let next = (callee, without);
                if let Entry::Vacant(entry) = found.entry(next) {
                    entry.insert(Some(state));
                    todo.push_back(next);
                }
            }
        }
    }
    found
}

/// Whether a method is an action that no flow and no agent of the source uses.
fn is_idle_action(cx: &Context<'_>, code: &Code, method: MethodId) -> bool {
    code.exposure(method) == Some(Exposure::Flow) && !code.is_invoked(cx, method)
}

/// Whether such an action is what leads to a method: ways that something surely takes were looked for first.
fn is_by_idle_action(
    cx: &Context<'_>,
    code: &Code,
    reached: &BTreeMap<State, Option<State>>,
    state: State,
) -> bool {
    let mut at = state;
    while let Some(before) = reached.get(&at).copied().flatten() {
        at = before;
    }
    is_idle_action(cx, code, at.0)
}

/// The methods that run when a class is first used, for the first values of its variables.
fn of_first_values(code: &Code, class: ClassId) -> BTreeSet<MethodId> {
    let mut found = BTreeSet::new();
    let Some(own) = code.program.class(class) else { return found };
    let Some(file) = code.program.file(own.file) else { return found };
    for variable in own.variables.values().filter_map(|id| code.program.variable(*id)) {
        let mut todo: Vec<_> = variable.value.into_iter().filter(|_| variable.is_static).collect();
        while let Some(expr) = todo.pop() {
            code.called(own.file, expr, &mut found);
            todo.extend(file.parts(expr));
        }
    }
    found
}

/// The methods that are called from outside, and whether components call them.
fn entries(cx: &Context<'_>, code: &Code) -> BTreeMap<MethodId, bool> {
    let program = &code.program;
    let mut found = BTreeMap::new();
    for (index, _) in program.methods.iter().enumerate().filter(|(_, method)| !method.is_test) {
        let id = MethodId(u32::try_from(index).unwrap_or(u32::MAX));
        let Some(exposure) = code.exposure(id) else { continue };
        found.insert(id, exposure == Exposure::Component && code.is_aura_enabled(id));
    }
    for page in cx.pages() {
        for class in page.own_classes(program) {
            for above in program.lineage(class).into_iter().filter_map(|id| program.class(id)) {
                let methods = above.methods.values().flatten().chain(&above.constructors);
                for id in methods.copied().filter(|id| is_open(code, *id)) {
                    found.insert(id, false);
                }
                let variables = above.variables.values().filter_map(|id| program.variable(*id));
                for id in variables.flat_map(|own| own.getter.into_iter().chain(own.setter)) {
                    found.insert(id, false);
                }
            }
        }
    }
    found
}

fn modifiers<'c>(code: &'c Code, method: &apex::Method) -> Option<&'c apex::ast::Modifiers> {
    let decl = code.program.decl_of(code.program.class(method.class?)?)?;
    Some(&decl.methods.get(method.own?)?.modifiers)
}

/// Whether a page may call it.
fn is_open(code: &Code, id: MethodId) -> bool {
    let Some(method) = code.program.method(id) else { return false };
    match method.own {
        Some(_) => modifiers(code, method).is_some_and(|own| own.visibility >= Visibility::Public),
        None => true,
    }
}

/// The fields with patients' data that the found classes name, in code and in queries.
fn fields_by_class(
    cx: &Context<'_>,
    look: &Look<'_>,
    found: &BTreeMap<ClassId, Found>,
    without: &BTreeSet<MethodId>,
) -> BTreeMap<ClassId, BTreeSet<String>> {
    let mut fields: BTreeMap<ClassId, BTreeSet<String>> = BTreeMap::new();
    if found.is_empty() {
        return fields;
    }
    let code = look.code;
    let names = &code.program.names;
    for &site in &look.sites {
        let Some(class) = site.class.filter(|class| found.contains_key(class)) else { continue };
        // Others of its methods may run with sharing.
        if site.method.is_some_and(|method| !without.contains(&method)) {
            continue;
        }
        let Some(file) = look.file(site) else { continue };
        let mut named: Vec<(String, String)> = Vec::new();
        match &file.expr(site.expr).kind {
            ExprKind::Field { object, .. } => {
                if let Ref::RecordField(field) = code.resolution.expr(site.file, site.expr).to
                    && let Some(object) = code.resolution.expr(site.file, *object).ty.object()
                {
                    named.push((names.written(object).to_owned(), names.written(field).to_owned()));
                }
            }
            ExprKind::New { args, .. } => {
                if let Ty::Record(Some(object)) = code.resolution.expr(site.file, site.expr).ty {
                    for &arg in args {
                        if let ExprKind::Assign { target, .. } = &file.expr(arg).kind
                            && let ExprKind::Name(field) = file.expr(*target).kind
                        {
                            named.push((names.written(object).to_owned(), names.written(field).to_owned()));
                        }
                    }
                }
            }
            ExprKind::Query { text, is_search: false, .. } => of_query(file.source.slice(*text), &mut named),
            ExprKind::Query { text, .. } => {
                for returning in &soql::parse_search(file.source.slice(*text)).value.returning {
                    of_parsed(&returning.query, &mut named);
                }
            }
            ExprKind::Call { args, .. } if code.operation(site.file, site.expr).is_some() => {
                for arg in args {
                    for text in look.constants(crate::code::Site { expr: *arg, ..site }) {
                        of_query(&text.text, &mut named);
                    }
                }
            }
            _ => {}
        }
        for (object, field) in named {
            let reached = Reached { object: object.clone(), field: field.clone() };
            // A link says which record it is, and not what stands there.
            let is_link = field.to_ascii_lowercase().ends_with("__r") || field_path::is_reference(cx.project, &reached);
            if cx.classes.is_phi(&object, &field) && !is_link {
                let shown = format!("{object}.{}", cx.classes.written(&object, &field));
                fields.entry(class).or_default().insert(shown);
            }
        }
    }
    fields
}

fn of_query(text: &str, named: &mut Vec<(String, String)>) {
    if text.trim_start().get(..6).is_some_and(|start| start.eq_ignore_ascii_case("select")) {
        of_parsed(&soql::parse_query(text).value, named);
    }
}

fn of_parsed(query: &soql::Query, named: &mut Vec<(String, String)>) {
    for field in query.fields() {
        // What stands behind a relationship is named where it is used.
        let soql::Used::Path(path) = field.used else { continue };
        let object = field.query().and_then(|query| query.from.first()?.object.last()?.known());
        if let (Some(object), [only]) = (object, path.names.as_slice())
            && let Some(only) = only.known()
            && field.levels.len() == 1
        {
            named.push((object.to_owned(), only.to_owned()));
        }
    }
}
