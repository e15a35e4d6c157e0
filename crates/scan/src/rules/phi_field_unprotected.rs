//! # PHI field without field encryption
//!
//! A field that holds PHI is not encrypted as the policy bundle asks; or, where the bundle says nothing of it, a
//! custom PHI field that Shield Platform Encryption could encrypt is not.
//!
//! ## Why it harms
//! Whoever gets at stored data outside the permissions of the org, in a backup, an export of the database or a copy
//! of it, reads what is not encrypted. 45 CFR 164.312(a)(2)(iv) asks for a mechanism to encrypt ePHI; it is
//! addressable, so that a decision against it must be documented with what is done instead. PHI that is not encrypted
//! as HHS describes (74 FR 19006, after NIST SP 800-111) is *unsecured*: its loss must be notified under 45 CFR
//! 164.404, that of encrypted PHI whose key was not lost need not. GDPR Art. 32(1)(a) names encryption.
//!
//! ## What to change
//! With Shield: *Setup > Encryption Policy > Encrypt Fields*, or `<encryptionScheme>` in the field's file:
//! `ProbabilisticEncryption`, or `CaseSensitiveDeterministicEncryption` where the field is unique, an external id or
//! filtered on. Encrypted fields cannot be used in criteria-based sharing rules, probabilistic ones not in `WHERE`,
//! `ORDER BY` or `GROUP BY` (Salesforce Help, *Which Standard Fields and Data Elements Can I Encrypt?* and *Tradeoffs
//! and Limitations of Shield Platform Encryption*). Values that exist are encrypted by *Encryption Statistics >
//! Sync*. Without Shield: say in the bundle what protects the field: `protect: gateway`, or `protect: none` and why.
//!
//! ## What is not found
//! Shield turned on for the whole database (*Database Encryption*) and transparent encryption below the org are not
//! in the source. A field that the bundle names and the source does not hold is unknown: its file settles it, or
//! *Setup > Encryption Policy > Encrypt Fields*. Orgs with Security Center (API 61.0 or later) can query `SELECT
//! ObjectName, FieldName, EncryptionType FROM TenantSecurityEncryptedField`. Types that Shield cannot encrypt
//! (picklist, number, checkbox, formula) are `phi-in-unencryptable-type`, and classic encryption is
//! `phi-in-classic-encrypted-text`. Platform events, external objects, big objects, custom settings and custom
//! metadata types are left out: field encryption does not reach them.
//!
//! ## Seen in the wild
//! `bcgov/MoH-SAT`, a public health project: 16 fields, among them `Case.PHN_Global_Search__c` and
//! `Contact.Patient_Identifier__c`; 3 of medium confidence stand in catalogues of medicines.
//! `CityofToronto/EDC-Salesforce` has 4, `Gvkp38/Production-Gvkp` 3, `jperram92/LifesciencesPOC` 5. None has a
//! bundle, so that none asks for Shield.

use journal::{Confidence, Persona, Place, Severity};
use sfdx::views::Field;

use crate::classification::Verdict;
use crate::encryption::{self, Asked, PhiField, is_encryptable};
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
    for PhiField { field, verdict, .. } in encryption::phi_fields(cx) {
        judge(cx, out, field, &verdict);
    }
    // A field that the bundle wants encrypted and the source does not hold may be encrypted or not.
    for absent in encryption::absent_fields(cx) {
        let name = absent.full_name();
        out.unknown(
            format!("the file of `{name}`: whether it is encrypted as the bundle asks"),
            format!("retrieve `CustomField:{name}`, or look at Setup > Encryption Policy > Encrypt Fields"),
        );
    }
}

fn judge(cx: &Context<'_>, out: &mut Outcome, field: Field<'_>, verdict: &Verdict) {
    let computed = field.formula().is_some();
    let data_type = field.data_type();
    let kind = data_type.as_deref().unwrap_or_default();
    if computed || matches!(kind, "Summary" | "AutoNumber" | "Lookup" | "MasterDetail") {
        return;
    }
    out.judged(1);
    let asked = encryption::asked(cx, field.object_name(), field.name());
    let (wanted, place_of_wish) = match &asked {
        Asked::Otherwise => return,
        Asked::Nothing => (false, None),
        Asked::Shield(place) => (true, Some(place.clone())),
    };
    let name = field.full_name();
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
    if crate::context::is_encrypted(field) {
        return;
    }
    // Types that Shield cannot encrypt, and classic encryption, are rules of their own.
    if !kind.is_empty() && !is_encryptable(kind) {
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
