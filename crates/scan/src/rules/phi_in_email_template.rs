//! # An e-mail template puts data about patients into mail
//!
//! A template merges fields of PHI into the subject or body of a mail. There is one finding for each template, at the
//! first such field. It is high where an alert or an approval process of the source sends it and a field is clinical.
//!
//! ## Why it harms
//! A mail leaves everything that protects a record: field-level security, sharing, encryption, retention and erasure.
//! It is stored with the receiver's provider and forwarded with one click, and Salesforce's own copy is an
//! `EmailMessage` in clear text beside the encrypted field. 45 CFR 164.312(e)(1) asks to guard PHI in transmission;
//! 164.522(b) and HHS's answer on e-mail let a patient choose plain mail after a warning, which covers mail to that
//! patient only. GDPR Art. 32(1)(a) and 5(1)(c) ask for encryption and for no more than is needed.
//!
//! ## What to change
//! Say that something is new and link to it behind the log-in: `{!Case.Link}` in classic templates, the address of the
//! portal's record page in Lightning ones. Remove the merge field, from the plain-text version too.
//!
//! ## What is not found
//! Mail that alerts send to the record's contact alone is medium: it goes to the patient. Who receives the mail is chosen where the template is used, and so is what `Recipient` stands for. Fields that a Visualforce
//! component or its controller puts in are not followed, nor is Apex that sends a template, or prints it for a fax. Whether the mail's transport is encrypted is a matter of *Setup, Deliverability* and of the
//! receiver.
//!
//! ## Seen in the wild
//! bcgov/MoH-SAT: seven approval letters, each with name, identifier and date of birth of the patient (Apex prints them for a
//! fax gateway).

use journal::{Confidence, Persona, Place, Severity};
use sfdx::Value;
use policy::vocabulary::{Class, Identifier};
use sfdx::views::EmailTemplate;

use crate::Context;
use crate::classification::is_of_another_person;
use crate::classification::Verdict;
use crate::disclosure::shown;
use crate::flow::{Destination, FoundFlow};
use crate::mail::{self, Merged};
use crate::rule::{Draft, Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "An e-mail template puts data about patients into mail",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Developer,
    controls: &["hipaa-sec-312e1", "hipaa-prv-502b", "gdpr-32-1a", "gdpr-5-1c"],
    tags: &["phi", "disclosure"],
    replaces: &[],
    sbs: &[],
    needs: &["the bodies of the templates (`email/`)"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    for template in cx.project.email_templates() {
        out.judged(1);
        let Some(found) = mail::merged_phi(cx, template) else {
            out.unknown(
                format!("the body of the e-mail template `{}`", template.name()),
                format!("retrieve `EmailTemplate:{}` with its `.email` file", template.name()),
            );
            continue;
        };
        report(cx, template, found, out);
    }
}

fn report(cx: &Context<'_>, template: EmailTemplate<'_>, found: Vec<Merged>, out: &mut Outcome) {
    let Some(first) = found.first() else { return };
    let component = format!("EmailTemplate:{}", template.name());
    let is_grave = |verdict: &Verdict| {
        verdict.class == Class::PhiSensitive || verdict.identifier == Some(Identifier::Clinical)
    };
    let sender = sender(cx, template);
    let severity = match template.available() {
        // Nobody can choose it, until somebody ticks a box.
        Some(false) if sender.is_none() => Severity::Low,
        _ if sender.is_some() && goes_to_patients_alone(cx, template) => Severity::Medium,
        _ if sender.is_some() && found.iter().any(|merged| is_grave(&merged.verdict)) => Severity::High,
        _ => Severity::Medium,
    };
    let fields: Vec<String> = found.iter().map(|merged| merged.field.clone()).collect();
    for merged in &found {
        out.flow(FoundFlow {
            fields: vec![merged.field.clone()],
            to: Destination::Email,
            by: component.clone(),
            place: merged.place.clone(),
            confidence: merged.verdict.confidence,
        });
    }
    let confidence = found.iter().map(|merged| merged.verdict.confidence).max().unwrap_or(Confidence::Medium);
    let by = sender.as_ref().map_or(String::new(), |(name, _)| format!(", sent by {name}"));
    let draft = Draft::new(
        component,
        first.place.clone(),
        format!("the e-mail template `{}` puts {} into mail{by}", template.name(), shown(&fields)),
        "replace the values by a link to the record behind the log-in, as `{!Case.Link}` gives it, and remove the merge fields \
         from the HTML and from the plain text",
    )
    .severity(severity)
    .confidence(confidence)
    .detail("merged")
    .fields(fields);
    let draft = found
        .iter()
        .skip(1)
        .fold(draft, |draft, merged| draft.related(merged.place.clone(), format!("`{}` is merged here", merged.field)));
    out.found(sender.into_iter().fold(draft, |draft, (name, place)| draft.related(place, format!("{name} sends it"))));
}

/// Whether all that sends the template are alerts, and these send it to the contact of the record alone: to the patient.
fn goes_to_patients_alone(cx: &Context<'_>, template: EmailTemplate<'_>) -> bool {
    let is_it = |named: &Value<'_>| named.eq_ignore_ascii_case(template.name());
    let is_patient = |alert: sfdx::views::WorkflowAlert<'_>| {
        let mut recipients = alert.recipients().peekable();
        let is_contact = recipients.peek().is_some()
            && recipients.all(|recipient| {
                let is_lookup = recipient.kind().is_some_and(|kind| kind == "contactLookup");
                is_lookup && recipient.field().is_none_or(|field| !is_of_another_person(&field))
            });
        is_contact && alert.cc_emails().next().is_none()
    };
    let mut of_processes = cx.project.approval_processes().filter_map(|process| process.email_template());
    !of_processes.any(|named| is_it(&named))
        && cx
            .project
            .workflow_alerts()
            .filter(|alert| alert.template().is_some_and(|named| is_it(&named)))
            .all(is_patient)
}

/// What of the source sends the template by itself: an alert of a workflow, an approval process.
fn sender(cx: &Context<'_>, template: EmailTemplate<'_>) -> Option<(String, Place)> {
    let is_it = |named: &Value<'_>| named.eq_ignore_ascii_case(template.name());
    let alert = cx.project.workflow_alerts().find_map(|alert| {
        let named = alert.template().filter(is_it)?;
        let name = alert.name().map(|name| name.into_text().into_owned()).unwrap_or_default();
        Some((format!("the alert `{name}` of `{}`", alert.object_name()), cx.place(&named)))
    });
    alert.or_else(|| {
        cx.project.approval_processes().find_map(|process| {
            let named = process.email_template().filter(is_it)?;
            Some((format!("the approval process `{}`", process.name()), cx.place(&named)))
        })
    })
}
