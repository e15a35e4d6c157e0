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
//! `ProbabilisticEncryption`, or a deterministic scheme where the field is unique, an external id or filtered on:
//! `CaseInsensitiveDeterministicEncryption`, unless its values are digits or its uniqueness tells upper and lower case
//! apart. `phiward guard plan` chooses by the uses. Encrypted fields cannot be used in criteria-based sharing rules, probabilistic ones not in `WHERE`,
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
//! `bcgov/MoH-SAT`, a public health project: on cases, contacts, prescriptions and the requests about them.
//! `geekvi/hcSampleMD`, `Gvkp38/Production-Gvkp` and `sivakumarSfdc/EntireDevOrgCode` on patients and what hangs on
//! them. None has a bundle, so that none asks for Shield, and more than three fields of an object are one finding.

use std::collections::BTreeMap;

use journal::{Confidence, Persona, Place, Severity};
use sfdx::views::Field;

use crate::classification::Verdict;
use crate::disclosure::shown;
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
    let mut silent: BTreeMap<&str, Vec<(Field<'_>, Verdict)>> = BTreeMap::new();
    for PhiField { field, verdict, .. } in encryption::phi_fields(cx) {
        if let Some(verdict) = judge(cx, out, field, verdict) {
            silent.entry(field.object_name()).or_default().push((field, verdict));
        }
    }
    for (object, fields) in silent {
        if fields.len() > TOGETHER {
            out.found(of_object(cx, object, &fields));
        } else {
            for (field, verdict) in &fields {
                out.found(of_field(cx, *field, verdict, None));
            }
        }
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

/// Gives back a field that is not encrypted and of which the bundle says nothing.
fn judge(cx: &Context<'_>, out: &mut Outcome, field: Field<'_>, verdict: Verdict) -> Option<Verdict> {
    let computed = field.formula().is_some();
    let data_type = field.data_type();
    let kind = data_type.as_deref().unwrap_or_default();
    if computed || matches!(kind, "Summary" | "AutoNumber" | "Lookup" | "MasterDetail") {
        return None;
    }
    out.judged(1);
    let wish = match encryption::asked(cx, field.object_name(), field.name()) {
        Asked::Otherwise => return None,
        Asked::Nothing => None,
        Asked::Shield(place) => Some(place),
    };
    // Types that Shield cannot encrypt, and classic encryption, are rules of their own.
    let cannot = !kind.is_empty() && !is_encryptable(kind);
    let is_silent = wish.is_none();
    if crate::context::is_encrypted(field) || cannot || (is_silent && (!field.is_custom() || kind.is_empty())) {
        return None;
    }
    if is_silent {
        return Some(verdict);
    }
    out.found(of_field(cx, field, &verdict, wish));
    None
}

fn of_field(cx: &Context<'_>, field: Field<'_>, verdict: &Verdict, wish: Option<Place>) -> Draft {
    let name = field.full_name();
    let message = match &wish {
        Some(_) => format!("`{name}` is not encrypted, and the bundle asks for Shield"),
        None => format!("`{name}` holds PHI ({}) and is not encrypted", verdict.reason),
    };
    let severity = if wish.is_some() { Severity::High } else { Severity::Medium };
    let kind = field.data_type();
    let fix = fix(field, verdict, kind.as_deref().unwrap_or_default(), wish.is_some());
    let draft = Draft::new(format!("CustomField:{name}"), place(cx, field), message, fix)
        .severity(severity)
        .confidence(verdict.confidence)
        .field(name);
    match wish {
        Some(wish) => draft.related(wish, "the bundle asks for Shield here"),
        None => draft,
    }
}

/// More fields of one object, of which the bundle says nothing, are told together: whether to encrypt the object's
/// records is one decision.
const TOGETHER: usize = 3;
/// Of these, so many have their place told.
const PLACES: usize = 20;

fn of_object(cx: &Context<'_>, object: &str, fields: &[(Field<'_>, Verdict)]) -> Draft {
    let names: Vec<String> = fields.iter().map(|(field, _)| field.full_name().to_owned()).collect();
    let confidence = fields.iter().map(|(_, verdict)| verdict.confidence).max().unwrap_or(Confidence::Medium);
    // Where only the record tells that a field is PHI, somebody should first say which of them matter.
    let is_told = fields.iter().any(|(_, verdict)| !verdict.evidence.is_of_record());
    let severity = if is_told { Severity::Medium } else { Severity::Low };
    let message = format!("{} fields of `{object}` hold PHI and are not encrypted: {}", names.len(), shown(&names));
    let first = fields.first().map(|(field, _)| *field);
    let at = first.map_or_else(|| Place::file(object), |field| place(cx, field));
    let fix = "say in the bundle which of them are protected and how (`protect: platform`, `gateway` or `none`), and \
               set `encryptionScheme` on those for `platform`; `phiward guard plan` tells what that would break";
    let draft = Draft::new(format!("CustomObject:{object}"), at, message, fix)
        .severity(severity)
        .confidence(confidence)
        .detail(names.join(","))
        .fields(names);
    let others = fields.iter().skip(1).take(PLACES);
    others.fold(draft, |draft, (field, _)| {
        draft.related(place(cx, *field), format!("`{}` is not encrypted", field.full_name()))
    })
}

fn fix(field: Field<'_>, verdict: &Verdict, kind: &str, wanted: bool) -> String {
    let keyed = field.unique() == Some(true) || field.external_id() == Some(true);
    let dated = matches!(kind, "Date" | "DateTime" | "LongTextArea" | "Html");
    let scheme = match (keyed, dated) {
        (true, false) => {
            let (scheme, why) = encryption::deterministic_of(field, verdict);
            format!(
                "`<encryptionScheme>{scheme}</encryptionScheme>` (it is unique or an external id, which probabilistic \
                 encryption does not allow; {why})"
            )
        }
        _ => "`<encryptionScheme>ProbabilisticEncryption</encryptionScheme>`".to_owned(),
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
