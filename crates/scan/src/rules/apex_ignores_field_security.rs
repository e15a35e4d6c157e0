//! # Apex reads or writes without asking what the user may
//!
//! A query or a change of records runs in system mode, in code that users can set off, and nothing on the way to it asks whether the user may: no user mode, no `WITH SECURITY_ENFORCED`, no `Security.stripInaccessible` whose result is used, no describe check of the object whose answer decides. High where a query selects patients' fields, by whatever path, or where a change of records may set them.
//!
//! ## Why it harms
//! Below API version 67.0 Apex sees every object and field, whatever the user's permissions say. `with sharing` decides about records, and not about fields. Whoever may run the class reads and writes what profiles and permission sets were made to withhold (45 CFR 164.312(a)(1), 164.308(a)(4), 164.502(b); GDPR Art. 25(2)).
//!
//! ## What to change
//! Write `WITH USER_MODE`, `insert as user`, `AccessLevel.USER_MODE`. Where system mode must be, strip what is read or written, or ask `isAccessible()`, `isCreateable()`, `isUpdateable()`, `isDeletable()` of the object first, and say why in a comment.
//!
//! ## What is not found
//! Code that no component, page, service, flow or OmniScript calls. A controller's query of which pages alone bind fields is medium: Visualforce withholds
//! those itself; so are a query for records that are the user's own (that he owns or made, his contact, and what hangs on it) or that the same code has just made, sums and counts by groups, and code behind pages that the source gives to administrators alone.
//! So are queries of which nothing is seen to get to the user (what is sent, mailed or put into records is told by the rules for that), that only
//! decide or lead to other records, changes that set no patient's field, what only flows reach that start by themselves, writes of the user's own records, branches for system administrators, and records
//! that are called after others than patients.
//! What `phi-returned-to-client` tells of a query, or of another of the same method with the same fields, is not told again.
//! So is what a class does that the source gives to administrators alone, where other profiles say that they have it not; and what each
//! profile and permission set that gives the class or page, by itself or with the groups that it is made for, lets its holder do with the same fields anyway.
//! So are names of records alone where the class keeps to sharing, and what is added of records that the code makes and fills
//! itself, whatever else its class does; a record that the client hands in may have any field.
//! So are changes of which no caller chooses what they set of a patient: copies from records, and answers that are noted, where all
//! records are looked up by one thing that the caller says.
//! So is a class that does nothing but add records of patients: whoever runs it learns nothing that is stored and changes nothing of it, so that what is at
//! stake is what gets in (164.312(c)(1)) and not who sees it. Not found are queries for Ids and counts, custom metadata and settings, and objects without field security. A check in a helper, or in every caller, counts; one behind the operation, or whose answer nobody looks at, does not.
//!
//! ## Beside other analysers
//! PMD's `ApexCRUDViolation` takes one check in a class for all of its methods (pmd#4589), knows no helper (pmd#1418), and reports code that no user can reach; the graph engine's `ApexFlsViolation` follows paths and gives up on large ones. System mode that is written down (`WITH SYSTEM_MODE`) is accepted by PMD and found here: somebody has to say why.
//!
//! ## Seen in the wild
//! `bcgov/MoH-SAT`: most queries of its Aura controllers.

use journal::{Confidence, Persona, Severity};
use std::collections::{BTreeMap, BTreeSet};

use apex::{ClassId, FileId, MethodId, Ty};
use policy::vocabulary::Identifier;
use apex::ast::{ExprId, ExprKind, File, Operator};
use dataflow::Sink;
use sfdx::views::ObjectKind;
use source::Span;

use crate::Context;
use crate::code::{self, Access, Code, Holders, Leak, Need};
use crate::classification::is_of_another_person;
use crate::field_path;
use crate::disclosure::joined;
use crate::rule::{Draft, Meta, Outcome};
use crate::visualforce;

pub(crate) const META: Meta = Meta {
    title: "Apex reads or writes without asking what the user may",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Developer,
    controls: &["hipaa-sec-312a1", "hipaa-sec-308a4", "hipaa-prv-502b", "gdpr-25-2"],
    tags: &["code", "access"],
    replaces: &["pmd:ApexCRUDViolation", "sfge:ApexFlsViolation"],
    sbs: &[],
    needs: &["the Apex classes with their `-meta.xml`, and the pages that use them"],
};

/// Objects without field security of their own.
const OPEN: [&str; 26] = [
    "contentversion", "contentdocument", "contentdocumentlink", "attachment",
    "emailtemplate", "emailservicesaddress", "orgwideemailaddress", "network", "site", "domain", "folder",
    "queuesobject", "staticresource", "documenttemplate",
    "recordtype", "profile", "group", "groupmember", "permissionset", "permissionsetassignment", "userrole",
    "organization", "apexclass", "asyncapexjob", "crontrigger", "entityparticle",
];

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    let code = cx.code();
    let controllers = visualforce::controllers(&code.program, cx.pages());
    let reached = code.reached(&controllers);
    let callers = code.callers_of(&reached);
    let roots: BTreeSet<MethodId> = code.roots(&controllers);
    let pages = Pages { beyond: code.reached(&BTreeSet::new()), controllers };
    let operations = code.system_operations();
    let is_of_nothing = |operation: &Access| {
        let objects = &operation.objects;
        let is_open = |object: &String| is_open(cx, code, object, operation);
        !objects.is_empty() && objects.iter().all(is_open) || is_plain(cx, operation)
    };
    // A query that is put together asks by what its filter says, though it gives no more than Ids.
    let is_asked_by_text = |operation: &Access| !code.text_of(operation).starts_with('[');
    let holds_patients = |object: &String| !cx.classes.phi_fields(object).is_empty();
    let more_than_adds: BTreeSet<Option<String>> = operations
        .iter()
        .filter(|operation| operation.needs != [Need::Create])
        .filter(|operation| !is_of_nothing(operation) || is_asked_by_text(operation))
        .filter(|operation| operation.objects.is_empty() || operation.objects.iter().any(holds_patients))
        .map(|operation| code.top_class(operation.method))
        .collect();
    let leaving = code.leaving(true);
    let holders = Holders::of(cx, code);
    // What `phi-returned-to-client` tells of a query is mended at the query, by the same words.
    let mut told: BTreeMap<(FileId, Span), Severity> = BTreeMap::new();
    for own in code.returned(cx, &holders) {
        for query in own.leak.queries() {
            let severity = told.entry(query).or_insert(own.severity);
            *severity = own.severity.max(*severity);
        }
    }
    // So is what else the same method reads of the same fields: of several queries one begins the way.
    let mut fields_told: Vec<(MethodId, Severity, BTreeSet<String>)> = Vec::new();
    for operation in &operations {
        if let Some(severity) = told.get(&(operation.file, operation.span)) {
            fields_told.push((operation.method, *severity, selected(cx, code, operation)));
        }
    }
    let is_told_beside = |operation: &Access, severity: Severity| {
        let own = selected(cx, code, operation);
        let is_it = |(method, told, fields): &(MethodId, Severity, BTreeSet<String>)| {
            *method == operation.method && *told >= severity && own.is_subset(fields)
        };
        !own.is_empty() && fields_told.iter().any(is_it)
    };
    // What gets to the user otherwise as well, that rule does not tell.
    let goes_on: BTreeSet<(FileId, Span)> = code
        .leaks
        .iter()
        .filter(|leak| leak.is_shown() && leak.sink != Sink::Result)
        .flat_map(Leak::queries)
        .collect();
    for operation in operations {
        if !reached.contains(&operation.method) {
            continue;
        }
        out.judged(1);
        if is_of_nothing(&operation) {
            continue;
        }
        if code.is_asked(&operation, &callers, &roots) {
            continue;
        }
        let why = if pages.bind_alone(cx, code, &operation) {
            Some("; pages withhold the fields that they bind from whom may not see them, and nothing else asks")
        } else if code.is_on_own_records(&operation) {
            Some(if operation.needs == [Need::Read] {
                ", of records that are the user's own, and nothing asks which of their fields he may see"
            } else {
                ", of records that are the user's own, and nothing asks whether he may do that"
            })
        } else if code.is_for_administrators(operation.method, operation.span) {
            Some(", in a branch for system administrators alone, and nothing asks whether the user may do that")
        } else if operation.needs == [Need::Read] && code.is_of_one_just_made(operation.method, operation.span) {
            Some(", the one that it has just made, and nothing asks which of its fields the user may see")
        } else if operation.is_summed && !names_somebody(cx, &operation) {
            Some(", to sum and to count them, and nothing asks whether the user may do that")
        } else if operation.needs == [Need::Create] && !more_than_adds.contains(&code.top_class(operation.method)) {
            Some(" and its class does nothing else with patients' records; nothing asks whether the user may add them")
        } else if operation.needs == [Need::Create] && code.is_made_there(&operation) {
            Some(", which it makes and fills itself, and nothing asks whether the user may add them")
        } else if !pages.shows(code, &operation) && has_names_alone(cx, code, &operation) {
            Some("; sharing holds, and field security keeps no name from whoever may read the object")
        } else if code.is_of_others(&operation) || code.is_narrowed_to_others(operation.method, operation.span) {
            Some(" that are called after others than patients, and nothing asks whether the user may do that")
        } else if code.is_only_asked(cx, &operation)
            || !pages.shows(code, &operation) && code.stays(cx, &operation, &leaving, &callers)
        {
            Some("; nothing of it is seen to get to the user, and nothing asks whether he may do that")
        } else if code.sets_nothing_of_patients(cx, &operation) {
            Some(", of which it sets no field that holds a patient's data, and nothing asks whether the user may do that")
        } else if code.is_chosen_by_nobody(cx, &operation) {
            Some(", with what it takes from other records or from an answer and not from the user, and nothing asks whether he may do that")
        } else if pages.are_for_administrators(cx, code, &operation) {
            Some(", behind pages that the source gives to administrators alone, and nothing asks whether the user may do that")
        } else {
            holders.nobody_does_more(cx, code, &operation, &callers)
        };
        let is_phi = code.phi_of(cx, &operation).is_some();
        let severity = match (is_phi, why) {
            (true, None) => Severity::High,
            (true, Some(_)) => Severity::Medium,
            (false, _) => Severity::Low,
        };
        let query = (operation.file, operation.span);
        let is_told = told.get(&query).is_some_and(|told| {
            *told >= severity || !goes_on.contains(&query) && !pages.shows(code, &operation)
        });
        if !is_told && !is_told_beside(&operation, severity) {
            found(code, &operation, severity, why, out);
        }
    }
}

/// The fields of patients that a query selects, as `Object.Field`.
fn selected(cx: &Context<'_>, code: &Code, operation: &Access) -> BTreeSet<String> {
    let all = code.phi_selected(cx, operation).unwrap_or_default();
    all.iter().map(|field| field.full_name().to_lowercase()).collect()
}

/// What Visualforce pages do with what their controllers read.
struct Pages {
    controllers: BTreeSet<ClassId>,
    /// Methods that something else than a page reaches.
    beyond: BTreeSet<MethodId>,
}

impl Pages {
    /// Whether a controller reads records of which pages alone show fields: where a page binds a record's field, Visualforce
    /// asks for field security itself. What code takes out of a record, a page prints whoever looks.
    fn bind_alone(&self, cx: &Context<'_>, code: &Code, operation: &Access) -> bool {
        let class = code.program.method(operation.method).and_then(|method| method.class);
        let own = class.is_some_and(|class| self.controllers.contains(&class));
        let names = &code.program.names;
        let of_patients: BTreeSet<String> = match code.phi_selected(cx, operation) {
            Some(all) => all.into_iter().map(|field| field.field.to_lowercase()).collect(),
            None => operation.fields.clone(),
        };
        let type_of = |expr: ExprId| &code.resolution.expr(operation.file, expr).ty;
        let is_taken = |file: &File| {
            let of_query = |expr: ExprId| {
                // Of `x.Doctor__r.Name` the type of `x` says from which query it may come.
                let mut base = expr;
                while let ExprKind::Field { object, .. } = file.expr(base).kind
                    && matches!(type_of(base), Ty::Record(_) | Ty::Unknown)
                    && matches!(type_of(object), Ty::Record(_))
                {
                    base = object;
                }
                let of = match type_of(base) {
                    Ty::List(of) => of.as_ref(),
                    of => of,
                };
                match of {
                    Ty::Record(Some(of)) => operation.objects.iter().any(|object| object == names.folded(*of)),
                    Ty::Class(_) => false,
                    _ => true,
                }
            };
            // What another query is bound to is asked for, and shown to nobody; whether there is something is not what it is,
            // nor are days between two dates a date; and of logs another rule tells.
            let bound: BTreeSet<ExprId> = file.exprs.iter().flat_map(|expr| match &expr.kind {
                ExprKind::Query { binds, .. } => binds.clone(),
                ExprKind::Call { name, receiver, args, .. }
                    if matches!(names.folded(name.value), "daysbetween" | "monthsbetween" | "gettime" | "debug") =>
                {
                    let parts = args.iter().flat_map(|arg| file.parts(*arg));
                    parts.chain(args.iter().copied()).chain(*receiver).collect()
                }
                ExprKind::Binary { first, rest } => {
                    let is_nothing = |part: ExprId| {
                        matches!(file.expr(part).kind, ExprKind::Literal(apex::ast::Literal::Null))
                            || file.literal_text(part).is_some_and(|text| text.is_empty())
                    };
                    match rest.as_slice() {
                        [(Operator::Equal | Operator::NotEqual, second)] if is_nothing(*second) => vec![*first],
                        _ => Vec::new(),
                    }
                }
                _ => Vec::new(),
            }).collect();
            let is_it = |id: ExprId| match &file.expr(id).kind {
                ExprKind::Field { name, object, .. } => {
                    let field = names.folded(name.value);
                    !bound.contains(&id)
                        && of_patients.contains(field)
                        && operation.fields.contains(field)
                        && of_query(*object)
                }
                // A page's parameters have a `get` of their own.
                ExprKind::Call { name, receiver: Some(receiver), .. } => {
                    matches!(names.folded(name.value), "get" | "getpopulatedfieldsasmap")
                        && !matches!(type_of(*receiver), Ty::Map(_))
                }
                _ => false,
            };
            // A class within has no part in what the outer one keeps.
            let mut found = false;
            for method in code.program.methods.iter().filter(|method| method.class == class) {
                if let Some(body) = method.body {
                    file.each_expr(body, |id| found |= is_it(id));
                }
            }
            found
        };
        own && operation.needs == [Need::Read]
            && !operation.fields.is_empty()
            && !self.beyond.contains(&operation.method)
            && code.program.file(operation.file).is_some_and(|file| !is_taken(file))
    }
}

impl Pages {
    /// Whether the class of an operation is one whose variables pages show.
    fn shows(&self, code: &Code, operation: &Access) -> bool {
        let class = code.program.method(operation.method).and_then(|method| method.class);
        class.is_some_and(|class| self.controllers.contains(&class))
    }

    /// Whether nothing but pages for administrators leads to it.
    fn are_for_administrators(&self, cx: &Context<'_>, code: &Code, operation: &Access) -> bool {
        let class = code.program.method(operation.method).and_then(|method| method.class);
        !self.beyond.contains(&operation.method)
            && class.is_some_and(|class| {
                self.controllers.contains(&class) && visualforce::is_for_administrators(cx, &code.program, class)
            })
    }
}

fn is_open(cx: &Context<'_>, code: &Code, object: &str, operation: &Access) -> bool {
    let is_setting = || {
        let own = cx.project.objects().find(|own| own.name().eq_ignore_ascii_case(object));
        own.is_some_and(|own| own.kind() == ObjectKind::CustomSetting)
    };
    let is_self = || {
        let text = code.text_of(operation).to_lowercase();
        object == "user" && text.contains("userinfo.getuserid()")
    };
    OPEN.contains(&object) || object.ends_with("__mdt") || is_setting() || is_self()
}

/// A query that selects no more than which records there are, and which others they hang on: field security has nothing
/// to keep there.
fn is_plain(cx: &Context<'_>, operation: &Access) -> bool {
    const STAMPS: [&str; 4] = ["createddate", "lastmodifieddate", "systemmodstamp", "isdeleted"];
    let is_lookup = |object: &String, field: &String| {
        let kind = cx.project.field(&format!("{object}.{field}")).and_then(|field| field.data_type());
        kind.is_some_and(|kind| matches!(kind.as_str(), "Lookup" | "MasterDetail" | "Hierarchy"))
    };
    let is_plain = |field: &String| {
        STAMPS.contains(&field.as_str())
            || field.ends_with("id") && !field.ends_with("__c")
            || operation.objects.iter().all(|object| is_lookup(object, field))
    };
    operation.needs == [Need::Read]
        && !operation.objects.is_empty()
        && !operation.fields.is_empty()
        && operation.fields.iter().all(is_plain)
}

/// Whether a query selects no field of a patient but names of records, which field security cannot hide, in a class that
/// keeps to sharing.
fn has_names_alone(cx: &Context<'_>, code: &Code, operation: &Access) -> bool {
    code.phi_selected(cx, operation).is_some_and(|all| {
        !all.is_empty() && all.iter().all(|field| code::is_name_of_record(&field.full_name()))
    }) && code.shares(operation.method)
}

/// Whether one of the fields of a query says whose a record is: a group by it is one person.
fn names_somebody(cx: &Context<'_>, operation: &Access) -> bool {
    let is_of_somebody = |object: &String, path: &String| {
        if path.rsplit_once('.').is_some_and(|(before, _)| before.split('.').any(is_of_another_person)) {
            return false;
        }
        let reached = field_path::follow(cx.project, object, path);
        let identifier = cx.classes.field(&reached.object, &reached.field).identifier;
        let names = |own: Identifier| !matches!(own, Identifier::Date | Identifier::Clinical);
        let field = cx.project.field(&reached.full_name());
        let to: Vec<String> =
            field.into_iter().flat_map(|field| field.reference_to()).map(|to| to.to_string()).collect();
        // What a lookup leads to is somebody, but for what has nothing of a patient.
        let is_lookup = field_path::is_reference(cx.project, &reached);
        let is_plain = !to.is_empty() && to.iter().all(|to| cx.classes.phi_fields(to).is_empty());
        is_lookup && !is_plain || !is_lookup && identifier.is_some_and(names)
    };
    if let ([object], false) = (operation.objects.as_slice(), operation.groups.is_empty()) {
        return operation.groups.iter().any(|path| is_of_somebody(object, path));
    }
    operation.objects.iter().flat_map(|object| operation.fields.iter().map(move |field| (object, field))).any(
        |(object, field)| {
            let identifier = cx.classes.field(object, field).identifier;
            let names = |own: Identifier| !matches!(own, Identifier::Date | Identifier::Clinical);
            let kind = cx.project.field(&format!("{object}.{field}")).and_then(|field| field.data_type());
            let is_lookup = kind.is_some_and(|kind| matches!(kind.as_str(), "Lookup" | "MasterDetail"));
            field.ends_with("id") && !field.ends_with("__c") || is_lookup || identifier.is_some_and(names)
        },
    )
}

/// `less` says why it weighs less than it would.
fn found(code: &Code, operation: &Access, severity: Severity, less: Option<&str>, out: &mut Outcome) {
    let spot = code.spot(operation);
    let named: Vec<String> = operation.objects.iter().map(|object| format!("`{}`", code.written(object))).collect();
    let what = if named.is_empty() { "records".to_owned() } else { joined(&named) };
    let does: Vec<&str> = operation.needs.iter().map(|need| need.said()).collect();
    let so = less.unwrap_or(", and nothing asks whether the user may do that");
    let message = format!(
        "`{}` {} {what} in system mode{so}",
        code.program.method_name(operation.method),
        does.join(" or "),
    );
    out.found(
        Draft::new(
            code.component(spot),
            code.place(spot),
            message,
            "write `WITH USER_MODE`, `as user` or `AccessLevel.USER_MODE`; or strip what is inaccessible, or ask the \
             object's description first",
        )
        .severity(severity)
        .detail(format!("{} {} {}", code.program.method_name(operation.method), does.join(","), operation.objects.join(","))),
    );
}
