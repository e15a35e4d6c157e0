//! # An e-mail template puts data about patients into mail
//!
//! A template merges fields of PHI into the subject or body of a mail. There is one finding for each template and
//! field, at its first place.
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
//! Who receives the mail is chosen where the template is used, and so is what `Recipient` stands for. Fields that a Visualforce component or its controller
//! puts in are not followed. Whether the mail's transport is encrypted is a matter of *Setup, Deliverability* and of the
//! receiver.
//!
//! ## Seen in the wild
//! bcgov/MoH-SAT: seven approval letters, each with name, identifier and date of birth of the patient.

use journal::{Confidence, Persona, Severity};
use policy::vocabulary::{Class, Identifier};
use sfdx::views::EmailTemplate;

use crate::Context;
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
        report(template, found, out);
    }
}

fn report(template: EmailTemplate<'_>, found: Vec<Merged>, out: &mut Outcome) {
    let component = format!("EmailTemplate:{}", template.name());
    for Merged { field, verdict, place } in found {
        let grave = verdict.class == Class::PhiSensitive || verdict.identifier == Some(Identifier::Clinical);
        let severity = match template.available() {
            // Nobody can choose it, until somebody ticks a box.
            Some(false) => Severity::Low,
            _ if grave => Severity::High,
            _ => Severity::Medium,
        };
        out.flow(FoundFlow {
            fields: vec![field.clone()],
            to: Destination::Email,
            by: component.clone(),
            place: place.clone(),
            confidence: verdict.confidence,
        });
        out.found(
            Draft::new(
                component.clone(),
                place,
                format!("the e-mail template `{}` puts `{field}` into mail", template.name()),
                "replace the value by a link to the record behind the log-in, as `{!Case.Link}` gives it, and remove the \
                 merge field from the HTML and from the plain text",
            )
            .severity(severity)
            .confidence(verdict.confidence)
            .detail(field.to_lowercase())
            .field(field),
        );
    }
}
