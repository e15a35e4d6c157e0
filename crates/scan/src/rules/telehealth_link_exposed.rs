//! # The link of a video visit is exposed
//!
//! A field that holds the address of a video visit can be read by guests, stands in a list view for everyone, or is merged into an e-mail.
//!
//! ## Why it harms
//! Such an address is a key: whoever has it can enter the consultation, or wait in its lobby under the patient's name. 45 CFR
//! 164.312(a)(1) and (d), 164.312(e)(1), 164.530(c); GDPR Art. 32(1)(b).
//!
//! ## What to change
//! Take the field from the guest profile and the list view. In mail, send a link to the portal, or one that asks who comes: a waiting room
//! where staff admit, a one-time code.
//!
//! ## What is not found
//! A field is such a link by the words of its name or label (telehealth, video visit, Zoom, with link or URL where the words say too little), and by its type,
//! URL or text. A field that the bundle classes `public` is meant for everybody. Members of a portal read their own visit by sharing, and
//! list views of one's own records (`Mine`) show one's own. Links that code or a flow sends are not followed. A site without its guest profile is unknown.
//!
//! ## Seen in the wild
//! In none of 24 public projects.

use std::collections::BTreeSet;

use access::PrincipalKind;
use journal::{Confidence, Persona, Place, Severity};
use policy::vocabulary::Class;
use sfdx::views::Field;

use crate::classification::{occurs, words};
use crate::rule::{Draft, Meta, Outcome};
use crate::{Context, container, grant, list_column, mail};

pub(crate) const META: Meta = Meta {
    title: "The link of a video visit is exposed",
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    persona: Persona::Developer,
    controls: &["hipaa-sec-312a1", "hipaa-sec-312d", "hipaa-sec-312e1", "hipaa-prv-530c", "gdpr-32-1b"],
    tags: &["phi", "exposure"],
    replaces: &[],
    sbs: &[],
    needs: &["the guest profile of each site", "list views and e-mail templates"],
};

/// Words that speak of a video visit by themselves.
const VISIT: [&[&str]; 11] = [
    &["telehealth"],
    &["telemedicine"],
    &["teleconsultation"],
    &["video", "visit"],
    &["video", "call"],
    &["video", "consultation"],
    &["virtual", "visit"],
    &["virtual", "care"],
    &["virtual", "appointment"],
    &["zoom"],
    &["webex"],
];
/// Words that do so beside a word for an address.
const MEETING: [&str; 4] = ["meeting", "conference", "join", "teams"];

/// Whether a field holds the address of a video visit.
fn is_link(cx: &Context<'_>, field: Field<'_>) -> bool {
    let kind = field.data_type();
    let is_url = kind.as_ref().is_some_and(|kind| *kind == "Url");
    let is_text = kind.as_ref().is_some_and(|kind| matches!(kind.as_str(), "Text" | "TextArea" | "LongTextArea"));
    if !is_url && !is_text {
        return false;
    }
    let label = field.label();
    let spoken = [Some(field.name()), label.as_deref()];
    let says = spoken.into_iter().flatten().any(|text| {
        let words = words(text);
        let any = |wanted: &[&str]| wanted.iter().any(|word| occurs(&[word], &words));
        let is_visit = VISIT.iter().any(|run| occurs(run, &words));
        let is_address = any(&["link", "url", "uri"]);
        (is_visit && (is_url || is_address || any(&["address", "room"]))) || (any(&MEETING) && is_address)
    });
    let class = cx.policy.class_of(field.object_name(), field.name());
    let is_public = class.is_some_and(|said| said.rules.iter().any(|rule| rule.class.value == Class::Public));
    says && !is_public
}

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    if cx.phi_objects().next().is_none() && !cx.has_bundle() {
        return;
    }
    let links: BTreeSet<String> = cx
        .project
        .objects()
        .flat_map(|object| object.fields())
        .filter(|field| is_link(cx, *field))
        .map(|field| field.full_name().to_lowercase())
        .collect();
    if links.is_empty() {
        return;
    }
    out.judged(links.len());
    guests(cx, &links, out);
    lists(cx, &links, out);
    templates(cx, &links, out);
}

fn guests(cx: &Context<'_>, links: &BTreeSet<String>, out: &mut Outcome) {
    for grant in grant::all(cx).iter().filter(|grant| grant.kind() == PrincipalKind::Profile) {
        for file in &grant.containers {
            let Some(meant) = container::for_guests(cx, *file) else { continue };
            for permission in file.field_permissions() {
                let Some(name) = permission.field().filter(|name| links.contains(&name.to_lowercase())) else { continue };
                let readable = permission.element().value("readable").filter(|value| value.flag() == Some(true));
                let is_read = grant.access.reads_and_edits(&name).is_some_and(|(read, _)| read.is_yes());
                if let Some(readable) = readable.filter(|_| is_read) {
                    out.found(
                        Draft::new(
                            container::component(*file),
                            cx.place(&readable),
                            format!(
                                "guests may read `{}`, the link of a video visit, through {} ({})",
                                name.as_str(),
                                container::title(*file),
                                meant.because
                            ),
                            "set `<readable>false</readable>` for it",
                        )
                        .severity(Severity::High)
                        .confidence(META.confidence.min(meant.confidence))
                        .detail(name.to_lowercase())
                        .field(name.as_str()),
                    );
                }
            }
        }
    }
    if let Some((missing, complete_with)) = container::lacking_guest_profiles(cx) {
        out.unknown(missing, complete_with);
    }
}

fn lists(cx: &Context<'_>, links: &BTreeSet<String>, out: &mut Outcome) {
    for object in cx.project.objects() {
        for view in object.list_views() {
            if view.scope().is_some_and(|scope| scope == "Mine") {
                continue;
            }
            let Some(whom) = list_column::everyone(view) else { continue };
            for column in view.columns() {
                let Some(reached) = list_column::field(cx.project, object.name(), &column) else { continue };
                let name = reached.full_name();
                if !links.contains(&name.to_lowercase()) {
                    continue;
                }
                let what = format!("the list view `{}` of `{}` shows `{name}`, the link of a video visit, to {whom}", view.name(), object.name());
                out.found(draft(
                    format!("ListView:{}.{}", object.name(), view.name()),
                    cx.place(&column),
                    what,
                    "take the column out, or share the view with those who work with it",
                    name,
                ));
            }
        }
    }
}

fn templates(cx: &Context<'_>, links: &BTreeSet<String>, out: &mut Outcome) {
    for template in cx.project.email_templates().filter(|template| template.available() != Some(false)) {
        for (reached, place) in mail::merges(cx, template).fields {
            let name = reached.full_name();
            if links.contains(&name.to_lowercase()) {
                out.found(draft(
                    format!("EmailTemplate:{}", template.name()),
                    place,
                    format!("the e-mail template `{}` mails `{name}`, the link of a video visit", template.name()),
                    "mail a link to the portal, or see that the visit asks who comes (waiting room, one-time code)",
                    name,
                ));
            }
        }
    }
}

fn draft(component: String, place: Place, message: String, fix: &str, field: String) -> Draft {
    Draft::new(component, place, message, fix).detail(field.to_lowercase()).field(field)
}
