//! # PHI in a field that cannot be encrypted
//!
//! The bundle asks for Shield Platform Encryption of a field whose type Shield cannot encrypt: a number, currency,
//! percent, picklist, checkbox, auto-number, time or location, a formula or roll-up summary, or a lookup.
//!
//! ## Why it harms
//! The bundle promises what the org cannot do: the value lies in clear in storage, backups and copies, while the
//! policy and whoever reads it say that it is encrypted. 45 CFR 164.312(a)(2)(iv) asks for a mechanism to encrypt
//! ePHI or for a documented decision with something else in its place; here there is neither. PHI that is not
//! encrypted as HHS describes (74 FR 19006) is unsecured, and its loss must be notified (164.402, 164.404). GDPR Art.
//! 32(1)(a) names encryption.
//!
//! ## What to change
//! Keep the value in a new field of a type that Shield encrypts (text, text area, e-mail, phone, URL, date,
//! date/time), move the values, and delete this one. Where the type must stay (a roll-up, a picklist that drives
//! automation), write `protect: none` in the bundle with the reason, or let the gateway keep a token, and close the
//! field by field-level security. A formula shows what its source fields hold: protect those.
//!
//! ## What is not found
//! Fields that an object's default asks for are one finding. Nothing is said where the bundle does not ask for
//! `platform` or `both`: `gateway` alone needs no Shield. Encryption of the whole database (*Database Encryption*)
//! reaches every type and is not in the source. Which standard fields Shield encrypts is a list of Salesforce's own;
//! standard fields whose file names no type are not judged.
//!
//! ## Seen in the wild
//! No public project has a bundle, so that none asks for Shield and none has the case.

use journal::{Confidence, Persona, Place, Severity};
use policy::ClassifiedBy;
use policy::vocabulary::Class;
use sfdx::Value;
use sfdx::views::Field;

use crate::Context;
use crate::classification::Verdict;
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
    // What an object's default asks is one line of the bundle, and one finding.
    let mut by_default: Vec<(String, Vec<Refused<'_>>)> = Vec::new();
    for PhiField { field, verdict, .. } in encryption::phi_fields(cx) {
        let object = field.object_name();
        let Asked::Shield(wish) = encryption::asked(cx, object, field.name()) else { continue };
        let Some(kind) = field.data_type() else { continue };
        out.judged(1);
        let computed = field.formula().is_some();
        // Classic encryption is another rule's.
        if kind == "EncryptedText" || (is_encryptable(&kind) && !computed) {
            continue;
        }
        let refused = Refused { field, verdict, kind, computed, wish };
        let said = cx.policy.class_of(object, field.name());
        if said.is_some_and(|said| said.by == ClassifiedBy::ObjectDefault) {
            match by_default.last_mut().filter(|(known, _)| known == object) {
                Some((_, all)) => all.push(refused),
                None => by_default.push((object.to_owned(), vec![refused])),
            }
        } else {
            report(cx, &[refused], out);
        }
    }
    for (_, all) in &by_default {
        report(cx, all, out);
    }
    for absent in encryption::absent_fields(cx).iter().filter(|absent| absent.field.contains("__")) {
        let name = absent.full_name();
        out.unknown(
            format!("the type of `{name}`: whether Shield can encrypt it as the bundle asks"),
            format!("retrieve `CustomField:{name}`"),
        );
    }
}

/// A field that the bundle wants encrypted and that cannot be.
struct Refused<'p> {
    field: Field<'p>,
    verdict: Verdict,
    kind: Value<'p>,
    computed: bool,
    wish: Place,
}

/// One finding for fields that one line of the bundle asks for.
fn report(cx: &Context<'_>, all: &[Refused<'_>], out: &mut Outcome) {
    let Some(Refused { field, kind, computed, wish, .. }) = all.first() else { return };
    let name = field.full_name();
    let what = if *computed { "a formula".to_owned() } else { format!("a `{}` field", kind.as_str()) };
    let more = match all.len() - 1 {
        0 => String::new(),
        more => format!(", and on {more} more such fields by the object's default"),
    };
    let fix = if *computed {
        "encrypt the fields that the formula reads and see who may read it; change `protect` in the bundle to what protects \
         the formula itself"
    } else {
        "keep the value in a text, date or other field that Shield encrypts, with an `encryptionScheme`; or change `protect` \
         in the bundle and say what protects it instead"
    };
    let is_sensitive = all.iter().any(|one| one.verdict.class == Class::PhiSensitive);
    let draft = Draft::new(
        format!("CustomField:{name}"),
        encryption::place_of_type(cx, *field),
        format!("the bundle asks for Shield on `{name}`, which is {what} and cannot be encrypted{more}"),
        fix,
    )
    .severity(if is_sensitive { Severity::High } else { Severity::Medium })
    .confidence(all.iter().map(|one| one.verdict.confidence).max().unwrap_or(Confidence::Medium))
    .related(wish.clone(), "the bundle asks for Shield here")
    .detail("type")
    .fields(all.iter().map(|one| one.field.full_name().to_owned()));
    out.found(all.iter().skip(1).take(9).fold(draft, |draft, one| {
        draft.related(encryption::place_of_type(cx, one.field), format!("`{}` too", one.field.full_name()))
    }));
}
