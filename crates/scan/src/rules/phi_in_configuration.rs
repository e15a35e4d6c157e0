//! # PHI or a secret in the org's configuration
//!
//! A custom setting or custom metadata type has fields of PHI; or a record of custom metadata, or a custom label,
//! holds a value in the shape of a patient's number or of a secret; or a custom setting or the user has a text field
//! that is made to keep a token or password.
//!
//! ## Why it harms
//! Configuration is read by all code without sharing and, for Apex, without field-level security; it goes into every
//! sandbox, scratch org and package, and its values stand in the source (Apex Developer Guide, *Custom Settings*;
//! *Custom Metadata Types*). 45 CFR 164.312(a)(1), 164.502(b), 164.514(a); GDPR Art. 25(2) and 32. A secret there
//! opens what it opens to everyone who may read metadata (164.312(d)).
//!
//! ## What to change
//! Keep patients' data in objects with sharing; in examples use numbers that nobody has (an SSN from 900 up). Keep
//! secrets in external and named credentials; change a secret that was in the source, and remove it from the history
//! of the repository.
//!
//! ## What is not found
//! Contact data of the organisation and tables of codes are what configuration is for: a phone, e-mail, address, name
//! or diagnosis counts where its `complianceGroup` or the bundle says that it is PHI. Records of custom settings are
//! data and not in the source. A secret is told by the name of its field and the look of its value; one in another
//! field is not found. That a type is *Protected* changes nothing within the org.
//!
//! ## Seen in the wild
//! `GSA/SF_WorkSpace`: six custom metadata records hold what looks like passwords and client secrets, two of them
//! named as test data. No public project that was looked at has PHI in configuration.

use journal::{Confidence, Persona, Severity};
use policy::vocabulary::Identifier;
use sfdx::views::ObjectKind;
use sfdx::{Component, Value};

use crate::Context;
use crate::classification::{Evidence, Verdict, occurs, words};
use crate::encryption;
use crate::patient_value::{is_medicare_beneficiary_identifier, is_nhs_number, is_social_security_number};
use crate::rule::{Draft, Meta, Outcome};
use crate::secret;

pub(crate) const META: Meta = Meta {
    title: "PHI or a secret in the org's configuration",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Developer,
    controls: &["hipaa-sec-312a1", "hipaa-prv-502b", "hipaa-sec-312d", "gdpr-25-2"],
    tags: &["phi", "secret", "exposure"],
    replaces: &[],
    sbs: &["SBS-DEP-005"],
    needs: &["`customMetadata/`, `labels/`, and the fields of custom settings and custom metadata types"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    fields(cx, out);
    secrets_as_data(cx, out);
    for record in cx.project.of_type("CustomMetadata") {
        for entry in record.root().children_named("values") {
            let (Some(field), Some(value)) = (entry.value("field"), entry.value("value")) else { continue };
            out.judged(1);
            let component = format!("CustomMetadata:{}", record.full_name());
            let what = format!("the custom metadata record `{}` holds in `{}`", record.full_name(), field.as_str());
            if let Some(number) = number(&field, &value) {
                out.found(patients(cx, component, &what, &field, &value, number));
            } else if is_secret(&field, &value) {
                out.found(kept(cx, component, &what, &field, &value));
            }
        }
    }
    let inside = cx.project.of_type("CustomLabels").flat_map(|file| {
        let labels = file.root().children_named("labels");
        labels.map(|label| (label.value("fullName").map(Value::into_text).unwrap_or_default(), label)).collect::<Vec<_>>()
    });
    let split = cx.project.of_type("CustomLabel").map(|label: Component<'_>| (label.full_name().into(), label.root()));
    for (name, label) in inside.chain(split) {
        let Some(value) = label.value("value") else { continue };
        out.judged(1);
        let component = format!("CustomLabel:{name}");
        let what = format!("the custom label `{name}` holds");
        if let Some(number) = number("", &value) {
            out.found(patients(cx, component, &what, &name, &value, number));
        } else if is_private_key(&value) {
            out.found(kept(cx, component, &what, &name, &value));
        }
    }
}

fn fields(cx: &Context<'_>, out: &mut Outcome) {
    for object in cx.project.objects() {
        let kind = match object.kind() {
            ObjectKind::CustomSetting => "custom setting",
            ObjectKind::CustomMetadata => "custom metadata type",
            _ => continue,
        };
        for field in object.fields() {
            out.judged(1);
            let verdict = cx.classes.field(object.name(), field.name());
            if !verdict.is_phi() || !is_said(&verdict) {
                continue;
            }
            let name = field.full_name();
            out.found(
                Draft::new(
                    format!("CustomField:{name}"),
                    encryption::place(cx, field),
                    format!("the {kind} `{}` has a field of PHI, `{name}`, which all code may read", object.name()),
                    "keep it in an object with sharing and field-level security, and let the configuration name that",
                )
                .confidence(verdict.confidence)
                .cause(format!("CustomObject:{}", object.name()))
                .detail("field")
                .field(name),
            );
        }
    }
}

/// Fields that are made to keep tokens and passwords as data: of custom settings, which all code and whoever may customise the
/// application reads, and of users, whom everybody reads.
fn secrets_as_data(cx: &Context<'_>, out: &mut Outcome) {
    for object in cx.project.objects() {
        let is_setting = object.kind() == ObjectKind::CustomSetting;
        let is_protected = object.value("visibility").is_some_and(|visibility| visibility == "Protected");
        if !(is_setting && !is_protected || object.name().eq_ignore_ascii_case("User")) {
            continue;
        }
        for field in object.fields().filter(|field| field.is_custom()) {
            let is_text = field
                .data_type()
                .is_some_and(|kind| matches!(kind.as_str(), "Text" | "TextArea" | "LongTextArea"));
            if !is_text || !secret::is_named(field.name().trim_end_matches("__c")) {
                continue;
            }
            let name = field.full_name();
            out.found(
                Draft::new(
                    format!("CustomField:{name}"),
                    encryption::place(cx, field),
                    format!("`{name}` is made to keep a secret as data, in clear"),
                    "let a named credential keep it, or a protected custom setting of a package",
                )
                .severity(Severity::Medium)
                .confidence(Confidence::Medium)
                .cause(format!("CustomObject:{}", object.name()))
                .detail("secret as data"),
            );
        }
    }
}

/// Configuration has phones, names and codes that are about nobody: there somebody must have said that it is PHI.
fn is_said(verdict: &Verdict) -> bool {
    matches!(verdict.evidence, Evidence::Bundle | Evidence::Tag)
        || matches!(verdict.identifier, Some(Identifier::Ssn | Identifier::Mrn | Identifier::HealthPlan))
}

fn patients(cx: &Context<'_>, component: String, what: &str, name: &str, at: &Value<'_>, number: &str) -> Draft {
    Draft::new(
        component,
        cx.place(at),
        format!("{what} what looks like {number}"),
        "put a number there that nobody has, and remove the value from the history of the repository",
    )
    .confidence(Confidence::Medium)
    .detail(format!("value {name}"))
}

fn kept(cx: &Context<'_>, component: String, what: &str, name: &str, at: &Value<'_>) -> Draft {
    Draft::new(
        component,
        cx.place(at),
        format!("{what} what looks like a secret"),
        "keep it in an external or named credential, change it on the other side, and remove it from the history of the repository",
    )
    .confidence(Confidence::Medium)
    .detail(format!("secret {name}"))
}

/// The kind of a patient's number in a text, in words.
fn number(field: &str, text: &str) -> Option<&'static str> {
    let bare = |word: &str| word.trim_matches(|c: char| !c.is_ascii_alphanumeric()).to_owned();
    let found = text.split_whitespace().map(bare).find_map(|word| match word.as_str() {
        word if is_social_security_number(word) => Some("a social security number"),
        word if word.contains('-') && is_medicare_beneficiary_identifier(word) => Some("a Medicare identifier"),
        _ => None,
    });
    // Ten digits are a telephone number as often as not.
    let by_name = || occurs(&["nhs"], &words(field)) && is_nhs_number(text.trim());
    found.or_else(|| by_name().then_some("an NHS number"))
}

fn is_private_key(value: &str) -> bool {
    value.contains("-----BEGIN") && value.contains("PRIVATE KEY-----")
}

fn is_secret(field: &str, value: &str) -> bool {
    const SECRET: [&[&str]; 5] =
        [&["secret"], &["password"], &["token"], &["api", "key"], &["private", "key"]];
    const OTHER: [&str; 16] = [
        "url", "uri", "host", "endpoint", "path", "name", "label", "type", "header", "expiry", "length", "policy", "class",
        "id", "credential", "scope",
    ];
    const PLACEHOLDER: [&str; 10] = [
        "change", "todo", "xxx", "dummy", "example", "placeholder", "replace", "your", "secret", "password",
    ];
    if is_private_key(value) {
        return true;
    }
    let own = words(field);
    let is_named = SECRET.iter().any(|pattern| occurs(pattern, &own))
        && !OTHER.iter().any(|word| occurs(&[word], &own));
    let value = value.trim();
    let lower = value.to_ascii_lowercase();
    let is_mixed = value.chars().any(|c| c.is_ascii_digit()) && value.chars().any(|c| c.is_ascii_alphabetic());
    is_named
        && value.len() > 7
        && is_mixed
        && !value.contains(char::is_whitespace)
        && !value.contains("://")
        && !value.starts_with(['{', '$', '<', '%'])
        && !lower.starts_with("callout:")
        && !PLACEHOLDER.iter().any(|word| lower.contains(word))
}

#[cfg(test)]
mod tests {
    use super::is_secret;

    #[test]
    fn secrets_are_told_by_name_and_look() {
        for (field, value, expected) in [
            ("Client_Secret__c", "q7Zt2mVb9LxR4", true),
            ("API_Key__c", "a1b2c3d4e5", true),
            ("Token_URL__c", "https://a.example/t0ken", false),
            ("Token__c", "CHANGE_ME_1", false),
            ("Token__c", "bearer", false),
            ("Password_Policy__c", "Complex88x", false),
            ("Key__c", "a1b2c3d4e5", false),
            ("Notes__c", "-----BEGIN RSA PRIVATE KEY-----", true),
        ] {
            assert_eq!(is_secret(field, value), expected, "{field} {value}");
        }
    }
}
