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

use journal::{Confidence, Persona, Place, Severity};
use policy::vocabulary::{Class, Identifier};
use sfdx::views::EmailTemplate;
use source::{Source, Span};

use crate::Context;
use crate::classification::Verdict;
use crate::field_path;
use crate::flow::{Destination, FoundFlow};
use crate::merge_field::merge_fields;
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

#[derive(Debug)]
struct Merged {
    field: String,
    verdict: Verdict,
    place: Place,
}

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    for template in cx.project.email_templates() {
        out.judged(1);
        let mut found: Vec<Merged> = Vec::new();
        let body = template.body_text(cx.project).and_then(Result::ok).map(|(source, _)| source);
        let types = Types::of(template, body.as_ref());
        for value in [template.subject(), template.plain_text()].into_iter().flatten() {
            in_text(cx, &types, value.source(), value.span(), &mut found);
        }
        match &body {
            Some(source) => {
                let end = u32::try_from(source.text().len()).unwrap_or(u32::MAX);
                in_text(cx, &types, source, Span::new(0, end), &mut found);
            }
            None if template.plain_text().is_none() => out.unknown(
                format!("the body of the e-mail template `{}`", template.name()),
                format!("retrieve `EmailTemplate:{}` with its `.email` file", template.name()),
            ),
            None => {}
        }
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

/// What the names that stand for records in a template are records of.
#[derive(Debug)]
struct Types {
    related: Option<String>,
    /// Only Visualforce templates say; of others it is whoever is chosen when the mail is sent.
    recipient: Option<String>,
}

impl Types {
    fn of(template: EmailTemplate<'_>, body: Option<&Source>) -> Self {
        let attribute = |name: &str| {
            let (_, after) = body?.text().split_once(name)?;
            let after = after.trim_start().strip_prefix('=')?.trim_start();
            let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''))?;
            Some(after.get(1..)?.split_once(quote)?.0.to_owned())
        };
        Self {
            related: template
                .related_object()
                .map(|value| value.into_text().into_owned())
                .or_else(|| attribute("relatedToType")),
            recipient: attribute("recipientType"),
        }
    }

    fn object<'a>(&'a self, head: &'a str) -> Option<&'a str> {
        match head.to_ascii_lowercase().as_str() {
            "relatedto" => self.related.as_deref(),
            "recipient" => self.recipient.as_deref(),
            "organization" | "sender" | "user" | "receiving_user" | "sending_user" | "community" | "template" => None,
            _ if head.starts_with('$') => None,
            _ => Some(head),
        }
    }
}

fn in_text(cx: &Context<'_>, types: &Types, source: &Source, span: Span, found: &mut Vec<Merged>) {
    for merged in merge_fields(source.slice(span)) {
        let Some(object) = types.object(merged.head).filter(|_| !merged.path.is_empty()) else { continue };
        let reached = field_path::follow(cx.project, object, merged.path);
        let verdict = cx.classes.field(&reached.object, &reached.field);
        // A custom lookup is merged as the name of its record, a standard one as an Id.
        let is_id = !reached.field.contains("__") && field_path::is_reference(cx.project, &reached);
        let field = reached.full_name();
        if verdict.is_phi() && !is_id && !found.iter().any(|one| one.field.eq_ignore_ascii_case(&field)) {
            found.push(Merged { field, verdict, place: Place::of(source, merged.span_from(span.start)) });
        }
    }
}
