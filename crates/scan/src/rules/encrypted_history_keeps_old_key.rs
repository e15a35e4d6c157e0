//! # History of encrypted fields keeps the old key
//!
//! A PHI field is encrypted and its history or feed is tracked, and the org's settings leave history and feed out
//! when data is encrypted again under a new key.
//!
//! ## Why it harms
//! Field history and feed hold the old and new value of each change. With `enableEncryptFieldHistory` off, the
//! background process that follows a key rotation passes them by (Metadata API Developer Guide,
//! *PlatformEncryptionSettings*): they stay under the old key, or in clear if they are older than the encryption. A
//! key that was rotated because it may have been seen still opens them. NIST SP 800-57 Part 1, 5.3.5 asks that data
//! which outlives its key be protected again; HHS's guidance (74 FR 19006) counts encryption only while the key has
//! not been breached. 45 CFR 164.312(a)(2)(iv), GDPR Art. 32(1)(a).
//!
//! ## What to change
//! `<enableEncryptFieldHistory>true</enableEncryptFieldHistory>` in `settings/PlatformEncryption.settings-meta.xml`
//! (*Setup > Encryption Settings > Encrypt Field History and Feed Tracking Values*), then *Encryption Statistics >
//! Sync*. Better still, do not track PHI fields: see `phi-field-history-tracked`.
//!
//! ## What is not found
//! A setting that the source does not say is unknown. Whether a key was ever rotated is in the org (`TenantSecret`).
//! Fields that are tracked and not encrypted are other rules' business.
//!
//! ## Seen in the wild
//! No public project with a `PlatformEncryption` settings file has a PHI field with an encryption scheme.

use journal::{Confidence, Persona, Severity};
use policy::vocabulary::Class;
use sfdx::Value;

use crate::Context;
use crate::disclosure::shown;
use crate::encryption::{self, PhiField};
use crate::rule::{Draft, Meta, Outcome};
use crate::setting::{self, Switch};

pub(crate) const META: Meta = Meta {
    title: "History of encrypted fields keeps the old key",
    severity: Severity::Low,
    confidence: Confidence::High,
    persona: Persona::Security,
    controls: &["hipaa-sec-312a2iv", "hipaa-brn-402c", "gdpr-32-1a"],
    tags: &["phi", "encryption"],
    replaces: &[],
    sbs: &[],
    needs: &["settings/PlatformEncryption.settings-meta.xml", "the files of encrypted fields"],
};

const SETTING: &str = "enableEncryptFieldHistory";

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    let tracked: Vec<(PhiField<'_>, Value<'_>)> = encryption::phi_fields(cx)
        .into_iter()
        .filter(|one| encryption::scheme(one.field).is_some())
        .filter_map(|one| {
            let history = one.field.value("trackHistory").filter(|flag| flag.flag() == Some(true));
            let history = history.filter(|_| one.object.history() != Some(false));
            let feed = one.field.value("trackFeedHistory").filter(|flag| flag.flag() == Some(true));
            let feed = feed.filter(|_| one.object.feeds() != Some(false));
            history.or(feed).map(|flag| (one, flag))
        })
        .collect();
    if tracked.is_empty() {
        return;
    }
    out.judged(tracked.len());
    let unknown = (
        format!("`{SETTING}`: whether history of encrypted fields follows a new key"),
        "retrieve `Settings:PlatformEncryption`, or look in Setup > Encryption Settings",
    );
    let set = setting::judge(cx, out, ("PlatformEncryption", &[SETTING]), unknown);
    let Some(Switch::Off(value)) = set else { return };
    let fields: Vec<String> = tracked.iter().map(|(one, _)| one.field.full_name().to_owned()).collect();
    let is_sensitive = tracked.iter().any(|(one, _)| one.verdict.class == Class::PhiSensitive);
    let confidence = tracked.iter().map(|(one, _)| one.verdict.confidence).max();
    let draft = Draft::new(
        format!("PlatformEncryptionSettings:PlatformEncryption.{SETTING}"),
        cx.place(&value),
        format!(
            "`{SETTING}` is off: the tracked history of {} stays under the old key when the key is rotated",
            shown(&fields)
        ),
        format!(
            "set `<{SETTING}>true</{SETTING}>` and sync in Setup > Encryption Statistics, or turn history and feed \
             tracking of these fields off"
        ),
    )
    .severity(if is_sensitive { Severity::Medium } else { Severity::Low })
    .confidence(confidence.unwrap_or(Confidence::Medium))
    .detail(SETTING);
    let draft = tracked
        .iter()
        .take(9)
        .fold(draft, |draft, (one, flag)| draft.related(cx.place(flag), format!("`{}` is tracked", one.field.full_name())));
    out.found(draft.fields(fields));
}
