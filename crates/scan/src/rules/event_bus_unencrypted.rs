//! # PHI on an event bus that is not encrypted
//!
//! Change events of an object with PHI, or a platform event with PHI of its own, are published while the org's
//! settings have encryption of the event bus off.
//!
//! ## Why it harms
//! Events are stored for up to three days so that subscribers can replay them. Field encryption does not hold there:
//! a value that is encrypted in its record lies in the event as clear text, unless the bus is encrypted too
//! (Salesforce Help, *Encrypt Data at Rest in the Salesforce Event Bus*). 45 CFR 164.312(a)(2)(iv) and GDPR Art.
//! 32(1)(a) ask for encryption of ePHI wherever it is kept, not in one of its places.
//!
//! ## What to change
//! With Shield: make a tenant secret of the type *Event Bus*, then *Setup > Encryption Settings > Encrypt and deliver
//! change data capture events*, which is `<enableEventBusEncryption>true</enableEventBusEncryption>` in
//! `settings/PlatformEncryption.settings-meta.xml`. Without Shield: keep PHI out of events, see
//! `phi-in-change-events`.
//!
//! ## What is not found
//! A setting that the source does not say is unknown. The Metadata API Developer Guide calls the element internal in
//! some versions; orgs write it, and *Setup > Encryption Settings* shows the same. What a subscriber keeps is the
//! subscriber's.
//!
//! ## Seen in the wild
//! Six public projects switch encryption of the bus off; none of them publishes an object with PHI.

use journal::{Confidence, Persona, Place, Severity};
use sfdx::views::ObjectKind;

use crate::Context;
use crate::classification::base_object;
use crate::disclosure::joined;
use crate::rule::{Draft, Meta, Outcome};
use crate::setting::{self, Switch};
use crate::sharing;

pub(crate) const META: Meta = Meta {
    title: "PHI on an event bus that is not encrypted",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Security,
    controls: &["hipaa-sec-312a2iv", "hipaa-brn-402c", "gdpr-32-1a"],
    tags: &["phi", "encryption"],
    replaces: &[],
    sbs: &[],
    needs: &["settings/PlatformEncryption.settings-meta.xml", "`platformEventChannelMembers/`"],
};

const SETTING: &str = "enableEventBusEncryption";

/// What is published, where the source says so, and how sure it is that it has PHI.
struct Published {
    name: String,
    place: Place,
    confidence: Confidence,
}

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    let published = published(cx);
    if published.is_empty() {
        return;
    }
    out.judged(published.len());
    let unknown = (
        format!("`{SETTING}`: whether events with PHI are encrypted while they are kept"),
        "retrieve `Settings:PlatformEncryption`, or look in Setup > Encryption Settings",
    );
    let set = setting::judge(cx, out, ("PlatformEncryption", &[SETTING]), unknown);
    let Some(Switch::Off(value)) = set else { return };
    let mut names: Vec<String> = published.iter().map(|one| format!("`{}`", one.name)).collect();
    names.dedup();
    let more = names.len().saturating_sub(4);
    names.truncate(4);
    if more > 0 {
        names.push(format!("{more} more"));
    }
    let confidence = published.iter().map(|one| one.confidence).max().unwrap_or(Confidence::Medium);
    let draft = Draft::new(
        format!("PlatformEncryptionSettings:PlatformEncryption.{SETTING}"),
        cx.place(&value),
        format!("`{SETTING}` is off: PHI in the events of {} is kept in clear on the event bus", joined(&names)),
        format!(
            "make a tenant secret for the event bus and set `<{SETTING}>true</{SETTING}>`, or keep PHI out of these events"
        ),
    )
    .confidence(confidence)
    .detail(SETTING);
    out.found(published.into_iter().take(9).fold(draft, |draft, one| {
        draft.related(one.place, format!("`{}` is published here", one.name))
    }));
}

fn published(cx: &Context<'_>) -> Vec<Published> {
    let mut found = Vec::new();
    let members = cx.project.event_channel_members().filter_map(|member| member.entity());
    let old = cx.project.event_channels().flat_map(|channel| channel.old_members().collect::<Vec<_>>());
    for entity in members.chain(old.filter_map(|member| member.entity())) {
        let base = base_object(entity.as_str());
        if entity.as_str().ends_with("ChangeEvent") && cx.is_phi_object(&base) {
            let known = cx.classes.phi_fields(&base);
            found.push(Published {
                confidence: known.iter().map(|(_, verdict)| verdict.confidence).max().unwrap_or(Confidence::Medium),
                name: base.into_owned(),
                place: cx.place(&entity),
            });
        }
    }
    for object in cx.project.objects().filter(|object| object.kind() == ObjectKind::PlatformEvent) {
        let verdicts = object.fields().map(|field| cx.classes.field(object.name(), field.name()));
        let surest = verdicts.filter(|verdict| verdict.is_phi()).map(|verdict| verdict.confidence).max();
        if let Some(confidence) = surest {
            found.push(Published {
                name: object.name().to_owned(),
                place: sharing::start(object.component().root()),
                confidence,
            });
        }
    }
    found
}
