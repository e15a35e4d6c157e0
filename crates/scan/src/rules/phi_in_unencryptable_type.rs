//! # PHI in a field that cannot be encrypted
//!
//! The bundle asks for Shield Platform Encryption of a field whose type Shield cannot encrypt: a number, currency,
//! percent, picklist, checkbox, auto-number, time or location, a formula or roll-up summary, or a lookup.
//!
//! ## Why it harms
//! The bundle promises what the org cannot do: the value lies in clear in storage, backups and copies, while the policy
//! and whoever reads it say that it is encrypted. 45 CFR 164.312(a)(2)(iv) asks for a mechanism to encrypt ePHI or for a
//! documented decision with something else in its place; here there is neither. PHI that is not encrypted as HHS
//! describes (74 FR 19006) is unsecured, and its loss must be notified (164.402, 164.404). GDPR Art. 32(1)(a) names
//! encryption.
//!
//! ## What to change
//! Keep the value in a new field of a type that Shield encrypts (text, text area, e-mail, phone, URL, date, date/time), move the
//! values, and delete this one. Where the type must stay (a roll-up, a picklist that drives automation), write `protect:
//! none` in the bundle with the reason, or let the gateway keep a token, and close the field by field-level security.
//! A formula shows what its source fields hold: protect those.
//!
//! ## What is not found
//! Nothing is said where the bundle does not ask for `platform` or `both`: `gateway` alone needs no Shield. Encryption of
//! the whole database (*Database Encryption*) reaches every type and is not in the source. Which standard fields Shield
//! encrypts is a list of Salesforce's own; standard fields whose file names no type are not judged.
//!
//! ## Seen in the wild
//! No public project has a bundle, so that none asks for Shield and none has the case.

use journal::{Confidence, Persona, Severity};
use policy::vocabulary::Class;

use crate::Context;
use crate::encryption::{self, Asked, PhiField, is_encryptable};
use crate::rule::{Draft, Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "PHI in a field that cannot be encrypted",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Developer,
    controls: &["hipaa-sec-312a2iv", "hipaa-brn-402c", "gdpr-32-1a", "nprm-encrypt"],
    tags: &["phi", "encryption"],
    replaces: &[],
    sbs: &[],
    needs: &["the field's file"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    for PhiField { field, verdict, .. } in encryption::phi_fields(cx) {
        let Asked::Shield(wish) = encryption::asked(cx, field.object_name(), field.name()) else { continue };
        let Some(kind) = field.data_type() else { continue };
        out.judged(1);
        let computed = field.formula().is_some();
        // Classic encryption is another rule's.
        if kind == "EncryptedText" || (is_encryptable(&kind) && !computed) {
            continue;
        }
        let name = field.full_name();
        let what = if computed { "a formula".to_owned() } else { format!("a `{}` field", kind.as_str()) };
        let fix = if computed {
            "encrypt the fields that the formula reads and see who may read it; change `protect` in the bundle to what \
             protects the formula itself"
        } else {
            "keep the value in a text, date or other field that Shield encrypts, with an `encryptionScheme`; or change \
             `protect` in the bundle and say what protects it instead"
        };
        let severity =
            if verdict.class == Class::PhiSensitive { Severity::High } else { Severity::Medium };
        out.found(
            Draft::new(
                format!("CustomField:{name}"),
                encryption::place_of_type(cx, field),
                format!("the bundle asks for Shield on `{name}`, which is {what}: Shield cannot encrypt it"),
                fix,
            )
            .severity(severity)
            .confidence(verdict.confidence)
            .related(wish, "the bundle asks for Shield here")
            .detail("type")
            .field(name),
        );
    }
    for absent in encryption::absent_fields(cx).iter().filter(|absent| absent.field.contains("__")) {
        let name = absent.full_name();
        out.unknown(
            format!("the type of `{name}`: whether Shield can encrypt it as the bundle asks"),
            format!("retrieve `CustomField:{name}`"),
        );
    }
}
