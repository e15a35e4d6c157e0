//! # PHI field without field encryption
//!
//! A field that holds PHI is not encrypted as the policy bundle asks; or, where the bundle says nothing of it, a
//! custom PHI field that Shield Platform Encryption could encrypt is not.
//!
//! ## Why it harms
//! Whoever gets at stored data outside the permissions of the org, in a backup, an export of the database or a
//! copy of it, reads what is not encrypted. 45 CFR 164.312(a)(2)(iv) asks for a mechanism to encrypt ePHI; it is
//! addressable, so that a decision against it must be documented with what is done instead. PHI that is not
//! encrypted as HHS describes (74 FR 19006, after NIST SP 800-111) is *unsecured*: its loss must be notified under
//! 45 CFR 164.404, that of encrypted PHI whose key was not lost need not. GDPR Art. 32(1)(a) names encryption.
//!
//! `EncryptedText` is classic encryption: AES with 128-bit keys that the org does not rotate by policy, 175
//! characters, no filter and no search. It is not what a bundle means by `platform`.
//!
//! ## What to change
//! With Shield: *Setup > Encryption Policy > Encrypt Fields*, or `<encryptionScheme>` in the field's file:
//! `ProbabilisticEncryption`, or `CaseSensitiveDeterministicEncryption` where the field is unique, an external id or
//! filtered on. Encrypted fields cannot be used in criteria-based sharing rules, probabilistic ones not in `WHERE`,
//! `ORDER BY` or `GROUP BY` (Salesforce Help, *Which Standard Fields and Data Elements Can I Encrypt?* and *Tradeoffs
//! and Limitations of Shield Platform Encryption*). Values that exist are encrypted by *Encryption Statistics > Sync*.
//! Without Shield: say in the bundle what protects the field: `protect: gateway`, or `protect: none` and why.
//!
//! ## What is not found
//! Shield turned on for the whole database (*Database Encryption*) and transparent encryption below the org are not
//! in the source. A field that the bundle names and the source does not hold is unknown: its file settles it, or *Setup >
//! Encryption Policy > Encrypt Fields*. Orgs with Security Center (API 61.0 or later) can query `SELECT ObjectName, FieldName,
//! EncryptionType FROM TenantSecurityEncryptedField`. Types that Shield cannot encrypt
//! (picklist, number, checkbox, formula) are found only where the bundle asks for it. Platform events, external
//! objects, big objects, custom settings and custom metadata types are left out: field encryption does not reach them.
//!
//! ## Seen in the wild
//! `bcgov/MoH-SAT`, a public health project: 16 fields, among them `Case.PHN_Global_Search__c` and `Contact.Patient_Identifier__c`;
//! 3 of medium confidence stand in catalogues of medicines. `CityofToronto/EDC-Salesforce` has 4,
//! `Gvkp38/Production-Gvkp` 3, `jperram92/LifesciencesPOC` 5. None has a bundle, so that none asks for Shield.

use journal::{Confidence, Persona, Place, Severity};
use policy::vocabulary::Protect;
use sfdx::views::{Field, ObjectKind};

use crate::classification::Verdict;
use crate::rule::{Draft, Meta, Outcome};
use crate::{Context, sharing};

pub(crate) const META: Meta = Meta {
    title: "PHI field without field encryption",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Developer,
    controls: &["hipaa-sec-312a2iv", "hipaa-brn-402c", "gdpr-32-1a", "nprm-encrypt"],
    tags: &["phi", "encryption"],
    replaces: &[],
    sbs: &[],
    needs: &["the field's file", "Setup > Encryption Policy > Encrypt Fields"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    for object in cx.project.objects().filter(|object| stores(object.kind())) {
        for field in object.fields() {
            let verdict = cx.classes.field(object.name(), field.name());
            if verdict.is_phi() {
                judge(cx, out, field, &verdict);
            }
        }
    }
    asked_of_absent_fields(cx, out);
}

/// Whether field encryption can reach records of such an object.
fn stores(kind: ObjectKind) -> bool {
    matches!(kind, ObjectKind::Standard | ObjectKind::Custom)
}

/// What the bundle asks for a field.
enum Asked {
    /// Nothing is said.
    Nothing,
    /// Something other than Shield.
    Otherwise,
    Shield(Place),
}

fn asked(cx: &Context<'_>, field: Field<'_>) -> Asked {
    let Some(said) = cx.policy.class_of(field.object_name(), field.name()) else { return Asked::Nothing };
    let mut said = said.rules.iter().filter_map(|rule| rule.protect.as_ref()).peekable();
    if said.peek().is_none() {
        return Asked::Nothing;
    }
    let shield = said.find(|protect| matches!(protect.value, Protect::Platform | Protect::Both));
    shield.map_or(Asked::Otherwise, |protect| Asked::Shield(cx.policy_place(&protect.place)))
}

/// Whether a type can be encrypted, after *Salesforce Help, Which Custom Fields Can I Encrypt*.
fn is_encryptable(data_type: &str) -> bool {
    matches!(
        data_type,
        "Email" | "Phone" | "Text" | "TextArea" | "LongTextArea" | "Html" | "Url" | "Date" | "DateTime"
    )
}

fn judge(cx: &Context<'_>, out: &mut Outcome, field: Field<'_>, verdict: &Verdict) {
    let computed = field.formula().is_some();
    let data_type = field.data_type();
    let kind = data_type.as_deref().unwrap_or_default();
    if computed || matches!(kind, "Summary" | "AutoNumber" | "Lookup" | "MasterDetail") {
        return;
    }
    out.judged(1);
    let asked = asked(cx, field);
    let (wanted, place_of_wish) = match &asked {
        Asked::Otherwise => return,
        Asked::Nothing => (false, None),
        Asked::Shield(place) => (true, Some(place.clone())),
    };
    let name = field.full_name();
    let at_type = data_type.as_ref().map(|value| cx.place(value));
    let draft = |place: Place, message: String, fix: String, severity: Severity| {
        let draft = Draft::new(format!("CustomField:{name}"), place, message, fix)
            .severity(severity)
            .confidence(verdict.confidence)
            .field(name);
        match &place_of_wish {
            Some(wish) => draft.related(wish.clone(), "the bundle asks for Shield here"),
            None => draft,
        }
    };
    if kind == "EncryptedText" {
        let message = format!(
            "`{name}` holds PHI under classic encryption (`EncryptedText`), which is AES-128{}",
            if wanted { " and not Shield, which the bundle asks for" } else { "" }
        );
        let fix = "create a `Text` field with an `encryptionScheme` of Shield Platform Encryption (AES-256), move the \
                   values and delete this field: Salesforce cannot convert it"
            .to_owned();
        let severity = if wanted { Severity::Medium } else { Severity::Low };
        out.found(draft(at_type.unwrap_or_else(|| place(cx, field)), message, fix, severity));
        return;
    }
    if crate::context::is_encrypted(field) {
        return;
    }
    if !kind.is_empty() && !is_encryptable(kind) {
        if wanted {
            let message = format!("the bundle asks for Shield on `{name}`, which cannot encrypt a `{kind}` field");
            let fix = "keep the value in a `Text` field with an `encryptionScheme`, or change `protect` in the bundle \
                       and say what protects it instead"
                .to_owned();
            out.found(draft(place(cx, field), message, fix, Severity::High));
        }
        return;
    }
    if !wanted && (!field.is_custom() || kind.is_empty()) {
        return;
    }
    let message = if wanted {
        format!("`{name}` is not encrypted, and the bundle asks for Shield")
    } else {
        format!("`{name}` holds PHI ({}) and is not encrypted", verdict.reason)
    };
    let severity = if wanted { Severity::High } else { Severity::Medium };
    out.found(draft(place(cx, field), message, fix(field, kind, wanted), severity));
}

fn fix(field: Field<'_>, kind: &str, wanted: bool) -> String {
    let keyed = field.unique() == Some(true) || field.external_id() == Some(true);
    let dated = matches!(kind, "Date" | "DateTime" | "LongTextArea" | "Html");
    let scheme = match (keyed, dated) {
        (true, false) => "`<encryptionScheme>CaseSensitiveDeterministicEncryption</encryptionScheme>` (it is unique or \
                          an external id, which probabilistic encryption does not allow)",
        _ => "`<encryptionScheme>ProbabilisticEncryption</encryptionScheme>`",
    };
    let otherwise = if wanted {
        ""
    } else {
        "; without Shield, say in the bundle what protects it (`protect: gateway`, or `protect: none`)"
    };
    format!("set {scheme}, or Setup > Encryption Policy > Encrypt Fields{otherwise}")
}

/// The line to change: the scheme if it is written, else the field's name.
fn place(cx: &Context<'_>, field: Field<'_>) -> Place {
    let written = field.encryption_scheme().or_else(|| field.value("fullName"));
    written.map_or_else(|| sharing::start(field.component().root()), |value| cx.place(&value))
}

/// A field that the bundle wants encrypted and the source does not hold may be encrypted or not.
fn asked_of_absent_fields(cx: &Context<'_>, out: &mut Outcome) {
    for (object, rule) in cx.policy.objects() {
        for (field, rules) in &rule.fields.0 {
            let wanted = rules.iter().any(|rule| {
                let protect = rule.protect.as_ref().map(|protect| protect.value);
                rule.class.value.is_phi() && matches!(protect, Some(Protect::Platform | Protect::Both))
            });
            let name = format!("{}.{}", object.value, field.value);
            if wanted && cx.described(&object.value, &field.value).is_none() {
                out.unknown(
                    format!("the file of `{name}`: whether it is encrypted as the bundle asks"),
                    format!("retrieve `CustomField:{name}`, or look at Setup > Encryption Policy > Encrypt Fields"),
                );
            }
        }
    }
}
