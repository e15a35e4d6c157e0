//! # A formula shows PHI that is hidden
//!
//! A formula or roll-up over a field of PHI is readable for somebody who may not read the field itself.
//!
//! ## Why it harms
//! A formula is computed without regard to the field-level security of what it reads: the lock on the field is open through another
//! door. 45 CFR 164.312(a)(1) asks that only those have access who were granted it, 164.514(d)(2) that each role sees what it needs;
//! GDPR Art. 25(2).
//!
//! ## What to change
//! Take `<readable>` of the formula away from the profiles and sets that the finding names, or give them the field if they need it. A
//! formula that was looked at and shows too little to matter (the last two digits) is classed in the bundle: `{class: internal}`.
//!
//! ## What is not found
//! Formulas that only ask whether there is a value, and roll-ups by count. A permission set that belongs to a group is judged within
//! it, another by itself: what a user's profile and sets give together is not in the source. Whoever has *View All Data*, *Modify All
//! Data* or *View All Fields* counts as one who may read the field. Where neither source nor profile names the field, whether it is hidden is not known and nothing is found; a
//! formula that nobody in the source reads is unknown. Confidence is medium for permission sets and groups, which come
//! on top of a profile, and where a profile does not mention the field. Fields that are PHI only because they stand on a patient's record do not count.
//!
//! ## Seen in the wild
//! `bcgov/MoH-SAT`: 10 formulas on cases show name, birth date, address and health number of a contact that permission sets for an
//! external committee and a community hide.

use std::collections::{BTreeMap, BTreeSet};

use access::{Answer, PrincipalKind};
use journal::{Confidence, Persona, Place, Severity};
use policy::ClassifiedBy;
use sfdx::Value;
use sfdx::views::Field;

use crate::Context;
use crate::classification::is_of_another_person;
use crate::disclosure::{joined, shown};
use crate::field_path;
use crate::formula;
use crate::grant::{self, Grant};
use crate::rule::{Draft, Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "A formula shows PHI that is hidden",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Developer,
    controls: &["hipaa-sec-312a1", "hipaa-prv-514d2", "gdpr-25-2", "API3"],
    tags: &["phi", "access"],
    replaces: &[],
    sbs: &["SBS-ACS-001"],
    needs: &["profiles and permission sets, retrieved with the objects"],
};

/// Chains of formulas over formulas that are followed.
const DEPTH: usize = 4;

/// A computed field and the PHI that it shows.
struct Computed<'p> {
    field: Field<'p>,
    /// What it is computed from, as written.
    by: Value<'p>,
    /// `Object.Field` of the fields of PHI at the end, and how sure that is.
    phi: BTreeMap<String, Confidence>,
}

/// Somebody who reads the formula and not the field.
struct Reader {
    title: String,
    hidden: BTreeSet<String>,
    place: Option<Place>,
    confidence: Confidence,
}

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    let computed = computed(cx);
    if computed.is_empty() {
        return;
    }
    let grants = judged_alone(cx);
    let profiles: Vec<&Grant<'_, '_>> =
        grants.iter().filter(|grant| grant.kind() == PrincipalKind::Profile).collect();
    let mut unread: Vec<String> = Vec::new();
    for one in &computed {
        out.judged(1);
        let name = one.field.full_name();
        let mut is_read = false;
        let mut readers: Vec<Reader> = Vec::new();
        for grant in &grants {
            if !grant.access.reads_and_edits(name).is_some_and(|(read, _)| read.is_yes()) {
                continue;
            }
            is_read = true;
            readers.extend(reader(cx, one, grant, &profiles));
        }
        if !readers.is_empty() {
            out.found(finding(cx, one, &readers));
        } else if !is_read {
            unread.push(format!("`{name}`"));
        }
    }
    if !unread.is_empty() {
        let more = unread.len().saturating_sub(3);
        unread.truncate(3);
        let more = if more == 0 { String::new() } else { format!(" and {more} more formulas over PHI") };
        out.unknown(
            format!("who reads {}{more}", joined(&unread)),
            "retrieve the profiles and permission sets together with the objects",
        );
    }
}

/// Profiles, groups, and the permission sets that belong to no group of the source.
fn judged_alone<'c, 'p>(cx: &'c Context<'p>) -> Vec<Grant<'c, 'p>> {
    let members: BTreeSet<String> = cx
        .project
        .permission_set_groups()
        .flat_map(|group| group.permission_sets())
        .map(|set| set.to_lowercase())
        .collect();
    let mut grants = grant::all(cx);
    grants.retain(|grant| {
        let is_member =
            grant.kind() == PrincipalKind::PermissionSet && members.contains(&grant.name().to_lowercase());
        !is_member && !grant.is_administrators() && !grant.is_salesforces_own()
    });
    grants
}

/// The computed fields of the source that show PHI and that the bundle does not class as something else.
fn computed<'p>(cx: &Context<'p>) -> Vec<Computed<'p>> {
    let mut found = Vec::new();
    for field in cx.project.objects().flat_map(|object| object.fields()) {
        let Some(by) = field.formula().or_else(|| summarized(field)) else { continue };
        let is_let_be = cx.policy.class_of(field.object_name(), field.name()).is_some_and(|said| {
            said.by != ClassifiedBy::ObjectDefault && said.rules.iter().all(|rule| !rule.class.value.is_phi())
        });
        if is_let_be {
            continue;
        }
        let mut phi = BTreeMap::new();
        let mut seen = BTreeSet::from([field.full_name().to_lowercase()]);
        follow(cx, field, DEPTH, &mut seen, &mut phi);
        if !phi.is_empty() {
            found.push(Computed { field, by, phi });
        }
    }
    found
}

/// The field that a roll-up takes values from.
fn summarized(field: Field<'_>) -> Option<Value<'_>> {
    let counts = field.summary_operation().is_some_and(|operation| operation.eq_ignore_ascii_case("count"));
    field.summarized_field().filter(|_| !counts)
}

fn follow(
    cx: &Context<'_>,
    field: Field<'_>,
    depth: usize,
    seen: &mut BTreeSet<String>,
    phi: &mut BTreeMap<String, Confidence>,
) {
    let mut reads: Vec<field_path::Reached> = Vec::new();
    if let Some(text) = field.formula() {
        let paths = formula::shown(&text).into_iter().filter(|path| {
            !path.starts_with('$') && !is_record_name(path) && !path.rsplit_once('.').is_some_and(|(steps, _)| is_of_another_person(steps))
        });
        reads.extend(paths.map(|path| field_path::follow(cx.project, field.object_name(), path)));
    } else if let Some((object, name)) = summarized(field).as_ref().and_then(|path| path.split_once('.')) {
        reads.push(field_path::follow(cx.project, object, name));
    }
    for reached in reads {
        let name = reached.full_name();
        if field_path::is_reference(cx.project, &reached) || !seen.insert(name.to_lowercase()) {
            continue;
        }
        let inner = cx.project.field(&name).filter(|own| own.formula().is_some() || summarized(*own).is_some());
        match inner {
            Some(inner) if depth > 0 => follow(cx, inner, depth - 1, seen, phi),
            _ => {
                let verdict = cx.classes.field(&reached.object, &reached.field);
                // That a record is a patient's makes each of its fields PHI, and not each one a secret of its own.
                if verdict.is_phi() && !verdict.evidence.is_of_record() {
                    phi.insert(name, verdict.confidence);
                }
            }
        }
    }
}

/// `Provider__r.Name`: no permission hides the name of a record from whoever sees the record.
fn is_record_name(path: &str) -> bool {
    let last = path.rsplit('.').next().unwrap_or(path).trim();
    ["Name", "FirstName", "LastName", "CaseNumber"].iter().any(|name| last.eq_ignore_ascii_case(name))
}

fn reader(
    cx: &Context<'_>,
    computed: &Computed<'_>,
    grant: &Grant<'_, '_>,
    profiles: &[&Grant<'_, '_>],
) -> Option<Reader> {
    if grant.views_all_data() || grant.gives("ViewAllFieldsGlobal") {
        return None;
    }
    let mut hidden = BTreeSet::new();
    let mut confidence = Confidence::Low;
    for (name, sure) in &computed.phi {
        if let Some(own) = hides(cx, grant, name).filter(|_| is_hidden_by_profiles(cx, grant, profiles, name)) {
            hidden.insert(name.clone());
            // A set comes on top of a profile, which may open the field.
            let alone = if grant.kind() == PrincipalKind::Profile { Confidence::High } else { Confidence::Medium };
            confidence = confidence.max(own.min(*sure).min(alone));
        }
    }
    if hidden.is_empty() {
        return None;
    }
    let decision = grant.access.field(computed.field.full_name())?;
    let path = decision.read.by_field.paths.iter().find(|path| path.answer.is_yes());
    Some(Reader {
        title: grant.title(),
        hidden,
        place: path.and_then(access::Path::place).map(grant::place),
        confidence,
    })
}

/// A set comes on top of a profile: whether any profile that it can come on top of hides the field as well. Without
/// profiles in the source nobody knows.
fn is_hidden_by_profiles(
    cx: &Context<'_>,
    grant: &Grant<'_, '_>,
    profiles: &[&Grant<'_, '_>],
    field: &str,
) -> bool {
    if grant.kind() == PrincipalKind::Profile {
        return true;
    }
    let license = |grant: &Grant<'_, '_>| {
        grant.containers.iter().find_map(|file| file.license()).map(|own| own.to_ascii_lowercase())
    };
    let wanted = license(grant);
    let fits = |profile: &&&Grant<'_, '_>| wanted.is_none() || license(profile).is_none_or(|own| Some(own) == wanted);
    let mut below = profiles.iter().filter(fits).peekable();
    below.peek().is_none() || below.any(|profile| hides(cx, profile, field).is_some())
}

/// Whether the field itself is not open to them, and how sure that is.
fn hides(cx: &Context<'_>, grant: &Grant<'_, '_>, field: &str) -> Option<Confidence> {
    let read = grant.access.field(field)?.read;
    match (read.answer, read.by_field.answer, read.by_object.answer) {
        (Answer::Yes, _, _) => None,
        (_, Answer::No, _) | (Answer::No, _, Answer::No) => Some(Confidence::High),
        // A row that is not there adds nothing; but a field of which the source has nothing was not retrieved.
        (_, Answer::Unknown, _) => cx.project.field(field).map(|_| Confidence::Medium),
        (_, Answer::Yes, _) => None,
    }
}

fn finding(cx: &Context<'_>, computed: &Computed<'_>, readers: &[Reader]) -> Draft {
    let name = computed.field.full_name();
    let mut titles: Vec<String> = readers.iter().take(3).map(|reader| reader.title.clone()).collect();
    match readers.len().saturating_sub(titles.len()) {
        0 => {}
        more => titles.push(format!("{more} more")),
    }
    let hidden: BTreeSet<&String> = readers.iter().flat_map(|reader| &reader.hidden).collect();
    let hidden: Vec<String> = hidden.into_iter().cloned().collect();
    let confidence = readers.iter().map(|reader| reader.confidence).max().unwrap_or(Confidence::Medium);
    let draft = Draft::new(
        format!("CustomField:{name}"),
        cx.place(&computed.by),
        format!("`{name}` shows {} to those who may not read it: {}", shown(&hidden), joined(&titles)),
        "take `<readable>` of it away from them, or give them the field; a formula that shows too little to matter is classed in the \
         bundle",
    )
    .confidence(confidence)
    .detail("hidden")
    .field(name)
    .fields(hidden);
    let related = readers.iter().filter_map(|reader| Some((reader.place.clone()?, &reader.title)));
    related
        .take(9)
        .fold(draft, |draft, (place, title)| draft.related(place, format!("{title} reads the formula here")))
}
