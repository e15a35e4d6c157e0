//! # Encryption settings disagree with what is encrypted
//!
//! The org's encryption settings do not let a field be encrypted as its file asks, or leave a protection of its keys
//! off. There is one finding for each setting.
//!
//! ## Why it harms
//! - `enableDeterministicEncryption` off (also written `enableDeterministEncryption`) while a field asks for a
//!   deterministic scheme: the field cannot be deployed as it is written, and somebody will take the scheme off to
//!   make it work.
//! - `enableCacheOnlyKeys` on without `enableReplayDetection`: whoever recorded an answer of the key service can play
//!   it back and have an old key used again.
//! - `canOptOutOfDerivationWithBYOK` on: a key that is brought to the org can be used as it is, so that one leak
//!   opens all that was ever encrypted with it, instead of a key derived from it and Salesforce's own secret.
//!
//! Encryption makes a loss no breach only as long as the key is not lost with it (74 FR 19006; 45 CFR 164.402). 45
//! CFR 164.312(a)(2)(iv), GDPR Art. 32(1)(a) and (b).
//!
//! ## What to change
//! The element named in the finding, in `settings/PlatformEncryption.settings-meta.xml` or
//! `settings/EncryptionKey.settings-meta.xml` (*Setup > Encryption Settings*).
//!
//! ## What is not found
//! A setting that the source does not say is unknown where it matters. Where no PHI field is encrypted in the source
//! and the bundle asks for no Shield, nothing is said. `isUseHighAssuranceKeysRequired` is not judged: the Metadata
//! API Developer Guide calls it internal.
//!
//! ## Seen in the wild
//! Six public projects have these settings; none has a PHI field with an encryption scheme or cache-only keys, so
//! that none has the case.

use journal::{Confidence, Persona, Severity};
use sfdx::Value;

use crate::Context;
use crate::disclosure::shown;
use crate::encryption::{self, Asked, Scheme};
use crate::rule::{Draft, Meta, Outcome};
use crate::setting::{self, Flag, Switch};

pub(crate) const META: Meta = Meta {
    title: "Encryption settings disagree with what is encrypted",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Security,
    controls: &["hipaa-sec-312a2iv", "hipaa-brn-402c", "gdpr-32-1a"],
    tags: &["phi", "encryption"],
    replaces: &[],
    sbs: &[],
    needs: &["settings/PlatformEncryption.settings-meta.xml", "settings/EncryptionKey.settings-meta.xml"],
};

const FIELDS: &str = "PlatformEncryption";
const KEYS: &str = "EncryptionKey";
const DETERMINISTIC: [&str; 2] = ["enableDeterministicEncryption", "enableDeterministEncryption"];

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    let encrypted: Vec<_> = encryption::phi_fields(cx)
        .into_iter()
        .filter_map(|one| Some((one.field.full_name().to_owned(), encryption::scheme(one.field)?)))
        .collect();
    if encrypted.is_empty() && !is_asked(cx) {
        return;
    }
    deterministic(cx, &encrypted, out);
    cache_only(cx, out);
    underived(cx, out);
}

/// Whether the bundle asks for Shield of any PHI.
fn is_asked(cx: &Context<'_>) -> bool {
    !encryption::absent_fields(cx).is_empty()
        || encryption::phi_fields(cx)
            .iter()
            .any(|one| matches!(encryption::asked(cx, one.object.name(), one.field.name()), Asked::Shield(_)))
}

fn deterministic(cx: &Context<'_>, encrypted: &[(String, (Scheme, Value<'_>))], out: &mut Outcome) {
    let asking: Vec<_> = encrypted.iter().filter(|(_, (scheme, _))| *scheme == Scheme::Deterministic).collect();
    let Some((_, (_, first))) = asking.first() else { return };
    out.judged(1);
    let names: Vec<String> = asking.iter().map(|(name, _)| name.clone()).collect();
    let unknown = (
        format!("`{}`: whether the org lets {} be encrypted deterministically", DETERMINISTIC[0], shown(&names)),
        "retrieve `Settings:PlatformEncryption`, or look in Setup > Encryption Settings",
    );
    if let Some(Switch::Off(value)) = setting::judge(cx, out, (FIELDS, &DETERMINISTIC), unknown) {
        out.found(
            finding(
                cx,
                &value,
                &format!("{} cannot be encrypted as its file asks", shown(&names)),
                "set it to `true` and make a tenant secret for deterministic encryption, or give the field another scheme",
            )
            .related(cx.place(first), "a deterministic scheme is asked for here")
            .fields(names),
        );
    }
}

fn cache_only(cx: &Context<'_>, out: &mut Outcome) {
    let unknown = (
        "`enableCacheOnlyKeys`: whether keys come from a service of the org's own, whose answers may be played back",
        "retrieve `Settings:EncryptionKey` with the newest API version, or look in Setup > Encryption Settings",
    );
    let Some(Switch::On(cached)) = setting::judge(cx, out, (KEYS, &["enableCacheOnlyKeys"]), unknown) else { return };
    out.judged(1);
    let unknown = (
        "`enableReplayDetection`: whether answers of the key service can be played back",
        "retrieve `Settings:EncryptionKey` with the newest API version, or look in Setup > Encryption Settings",
    );
    if let Some(Switch::Off(value)) = setting::judge(cx, out, (KEYS, &["enableReplayDetection"]), unknown) {
        out.found(
            finding(
                cx,
                &value,
                "answers of the key service can be recorded and played back, so that an old key is used again",
                "set it to `true`; the key service then has to return the nonce of each request",
            )
            .related(cx.place(&cached), "cache-only keys are on"),
        );
    }
}

/// The element has stood in both files, by the version of the API.
fn underived(cx: &Context<'_>, out: &mut Outcome) {
    const SETTING: [&str; 1] = ["canOptOutOfDerivationWithBYOK"];
    let is_said = |file: &&str| matches!(setting::flag(cx, file, &SETTING), Flag::On(_) | Flag::Off(_));
    let file = [KEYS, FIELDS].into_iter().find(is_said).unwrap_or(KEYS);
    let unknown = (
        format!("`{}`: whether a key that is brought may be used as it is", SETTING[0]),
        "retrieve `Settings:EncryptionKey` with the newest API version, or look in Setup > Encryption Settings",
    );
    let Some(set) = setting::judge(cx, out, (file, &SETTING), unknown) else { return };
    out.judged(1);
    if let Switch::On(value) = set {
        let harm = "a key that is brought may be used as it is, without derivation, so that its loss opens all that it encrypted";
        let fix = "set it to `false`, unless keys must not be derived for a reason that the exceptions file says";
        out.found(finding(cx, &value, harm, fix).severity(Severity::Low));
    }
}

/// A setting that stands against what is encrypted, at its element.
fn finding(cx: &Context<'_>, value: &Value<'_>, harm: &str, fix: &str) -> Draft {
    let element = value.element();
    let name = element.name();
    let state = if value.flag() == Some(true) { "on" } else { "off" };
    let root = element.parent().map(|root| root.name()).unwrap_or_default();
    Draft::new(format!("{root}:{name}"), cx.place(value), format!("`{name}` is {state}: {harm}"), fix).detail(name)
}
