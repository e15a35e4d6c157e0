//! # PHI under classic encryption
//!
//! A field of type `EncryptedText` holds PHI. That is *Classic Encryption*, from before Shield.
//!
//! ## Why it harms
//! It is AES with a 128-bit key that the org does not rotate by policy, holds 175 characters, cannot be searched or
//! filtered, and shows its value to everybody with the permission *View Encrypted Data*, in every field of this type
//! at once. Where the bundle says `platform`, the field counts as protected by Shield and is not; where it says
//! `gateway`, the value should never have come in clear. 45 CFR 164.312(a)(2)(iv) and GDPR Art. 32(1)(a) ask for
//! encryption that fits the risk; most programmes ask for 256 bits and keys that are rotated.
//!
//! ## What to change
//! Make a `Text` field with an `encryptionScheme` (Shield, AES-256), move the values, delete this field and its
//! erased copy: Salesforce cannot convert the type. Take *View Encrypted Data* from those who had it for this field
//! alone. Without Shield: let the gateway keep a token in a text field.
//!
//! ## What is not found
//! With `protect: none` the bundle says that the organisation decided against encryption, and nothing is found. Who
//! has *View Encrypted Data*, and how long the key is in use, is not looked at. Fields of the type that hold
//! something other than PHI are left alone.
//!
//! ## Seen in the wild
//! `SalesforceFoundation/EDA`, a package for schools, has two: social security numbers of `Contact` and `Lead`.
//! `CarePlusHCSB/CarePlus_V2`, an insurer, has three: two social security numbers and a record number.

use journal::{Confidence, Persona, Severity};
use policy::bundle::classification::FieldRule;
use policy::vocabulary::Protect;

use crate::Context;
use crate::disclosure::joined;
use crate::encryption::{self, PhiField};
use crate::rule::{Draft, Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "PHI under classic encryption",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Developer,
    controls: &["hipaa-sec-312a2iv", "gdpr-32-1a", "nprm-encrypt"],
    tags: &["phi", "encryption"],
    replaces: &[],
    sbs: &[],
    needs: &["the field's file"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    for PhiField { field, verdict, .. } in encryption::phi_fields(cx) {
        let Some(kind) = field.data_type() else { continue };
        out.judged(1);
        if kind != "EncryptedText" {
            continue;
        }
        let name = field.full_name();
        let said = cx.policy.class_of(field.object_name(), field.name());
        let of_bundle: Vec<_> = said.iter().flat_map(|said| &said.rules).collect();
        let is_accepted = |rule: &&&FieldRule| {
            rule.protect.as_ref().is_some_and(|protect| protect.value == Protect::None)
        };
        // The organisation's own documented choice.
        if !of_bundle.is_empty() && of_bundle.iter().all(is_accepted) {
            continue;
        }
        let wishes = said.iter().flat_map(|said| said.rules.iter().filter_map(|rule| rule.protect.as_ref()));
        let wishes: Vec<_> = wishes.filter(|wish| wish.value != Protect::None).collect();
        let mut asked: Vec<String> = wishes.iter().map(|wish| format!("`{}`", wish.value)).collect();
        asked.dedup();
        let and_not = if asked.is_empty() {
            String::new()
        } else {
            format!(" and not what the bundle asks for ({})", joined(&asked))
        };
        let draft = Draft::new(
            format!("CustomField:{name}"),
            cx.place(&kind),
            format!("`{name}` holds PHI under classic encryption (`EncryptedText`), which is AES-128{and_not}"),
            "create a `Text` field with an `encryptionScheme` of Shield Platform Encryption (AES-256), move the values and \
             delete this field: Salesforce cannot convert it",
        )
        .confidence(verdict.confidence)
        .detail("type")
        .field(name);
        out.found(wishes.iter().fold(draft, |draft, wish| {
            draft.related(cx.policy_place(&wish.place), "the bundle asks for protection here")
        }));
    }
}
