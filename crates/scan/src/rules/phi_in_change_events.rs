//! # Change events or platform events carry data about patients
//!
//! Change Data Capture is switched on for an object of PHI, or a platform event has fields of PHI. There is one finding
//! for each channel member and for each field of an event.
//!
//! ## Why it harms
//! Change events pass over sharing: a subscriber with *View All* on the object gets the changes of every record, with
//! every field that its user may read, and hands them to whatever stands behind it (*Change Data Capture Developer
//! Guide*: *Required Permissions for Change Events*, *Field-Level Security*). Encrypted fields arrive in clear, and events
//! stay in the bus for three days. Erasing the record does not reach what subscribers have stored. 45 CFR 164.502(b),
//! GDPR Art. 5(1)(c) and 17.
//!
//! ## What to change
//! Take the object from the channel (*Setup, Change Data Capture*) where no subscriber needs it; put a custom channel
//! with a filter in place of the standard one; take PHI out of the enriched fields. Let a platform event carry the
//! record's Id, and its subscriber read what it may see.
//!
//! ## What is not found
//! Who subscribes is not in the source: `EventBusSubscriber` in the org names Apex, flows and Pub/Sub clients. What
//! Apex puts into an event's field of a neutral name (`Payload__c`) is not followed. A source without any member of a channel
//! leaves unknown which objects publish changes.
//!
//! ## Seen in the wild
//! None of the public projects that were looked at puts an object of PHI on a channel, or a field of PHI into a platform
//! event.

use journal::{Confidence, Persona, Place, Severity};
use sfdx::views::{EventChannelMember, ObjectKind};

use crate::Context;
use crate::classification::{Verdict, base_object};
use crate::disclosure::shown;
use crate::field_path;
use crate::flow::{Destination, FoundFlow};
use crate::rule::{Draft, Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "Change events or platform events carry data about patients",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Developer,
    controls: &["hipaa-prv-502b", "hipaa-sec-312a1", "gdpr-5-1c"],
    tags: &["phi", "disclosure"],
    replaces: &[],
    sbs: &[],
    needs: &["`platformEventChannelMembers/`", "the subscribers (`EventBusSubscriber`)"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    for member in cx.project.event_channel_members() {
        out.judged(1);
        channel_member(cx, member, out);
    }
    let has_members = cx.project.event_channel_members().next().is_some()
        || cx.project.event_channels().any(|channel| channel.old_members().next().is_some());
    if !has_members && cx.phi_objects().next().is_some() {
        out.unknown(
            "which objects publish change events: the source has no member of a channel",
            "retrieve `PlatformEventChannelMember:*` and `PlatformEventChannel:*`",
        );
    }
    // The form of API versions 45.0 and 46.0 keeps its members inside the channel.
    for channel in cx.project.event_channels() {
        for old in channel.old_members() {
            out.judged(1);
            let Some(entity) = old.entity() else { continue };
            let component = format!("PlatformEventChannel:{}", channel.name());
            let place = cx.place(&entity);
            change_event(cx, entity.as_str(), component, place, channel.name(), &[], out);
        }
    }
    for object in cx.project.objects().filter(|object| object.kind() == ObjectKind::PlatformEvent) {
        out.judged(1);
        platform_event(cx, object, out);
    }
}

fn channel_member(cx: &Context<'_>, member: EventChannelMember<'_>, out: &mut Outcome) {
    let Some(entity) = member.entity() else { return };
    let base = base_object(entity.as_str()).into_owned();
    let enriched: Vec<(String, Place)> = member
        .enriched_fields()
        .filter_map(|field| field.name())
        .filter_map(|name| {
            let reached = field_path::follow(cx.project, &base, name.as_str());
            cx.classes.is_phi(&reached.object, &reached.field).then(|| (reached.full_name(), cx.place(&name)))
        })
        .collect();
    let component = format!("PlatformEventChannelMember:{}", member.name());
    let channel = member.channel().map_or_else(|| "ChangeEvents".to_owned(), |name| name.into_text().into_owned());
    change_event(cx, entity.as_str(), component, cx.place(&entity), &channel, &enriched, out);
}

fn change_event(
    cx: &Context<'_>,
    entity: &str,
    component: String,
    place: Place,
    channel: &str,
    enriched: &[(String, Place)],
    out: &mut Outcome,
) {
    if !entity.ends_with("ChangeEvent") {
        // A platform event on a channel: the event itself is judged.
        return;
    }
    let base = base_object(entity).into_owned();
    let fields = cx.classes.phi_fields(&base);
    if !cx.is_phi_object(&base) && enriched.is_empty() {
        return;
    }
    let names: Vec<String> = fields.iter().map(|(field, _)| format!("{base}.{field}")).collect();
    let confidence = strongest(&fields);
    let mut message = format!("every change of `{base}` goes to all subscribers of `{channel}` with its PHI");
    if !names.is_empty() {
        message.push_str(&format!(": {}", shown(&names)));
    }
    if !enriched.is_empty() {
        let added: Vec<String> = enriched.iter().map(|(name, _)| name.clone()).collect();
        message.push_str(&format!("; {} even when unchanged, as enriched fields", shown(&added)));
    }
    let fix = if enriched.is_empty() {
        "take the object from the channel where no subscriber needs its PHI, or filter a custom channel by \
         `filterExpression`; let subscribers read the record by its Id"
    } else {
        "remove the enriched fields of PHI, and the object from the channel where no subscriber needs its PHI"
    };
    out.flow(FoundFlow {
        fields: names.clone(),
        to: Destination::Subscribers(channel.to_owned()),
        by: component.clone(),
        place: place.clone(),
        confidence,
    });
    let draft = Draft::new(component, place, message, fix).confidence(confidence).fields(names).detail(entity);
    let draft = enriched
        .iter()
        .fold(draft, |draft, (name, place)| draft.related(place.clone(), format!("`{name}` is enriched here")));
    out.found(draft);
}

fn platform_event(cx: &Context<'_>, object: sfdx::views::Object<'_>, out: &mut Outcome) {
    for field in object.fields() {
        let verdict = cx.classes.field(object.name(), field.name());
        if !verdict.is_phi() {
            continue;
        }
        let root = field.component().root();
        let place = match root.value("fullName") {
            Some(name) => cx.place(&name),
            None => Place::of(root.source(), root.start_tag_span()),
        };
        let component = format!("CustomField:{}", field.full_name());
        out.flow(FoundFlow {
            fields: vec![field.full_name().to_owned()],
            to: Destination::Subscribers(object.name().to_owned()),
            by: component.clone(),
            place: place.clone(),
            confidence: verdict.confidence,
        });
        out.found(
            Draft::new(
                component,
                place,
                format!("the platform event `{}` carries `{}` to all its subscribers", object.name(), field.full_name()),
                "put the record's Id in the event and let each subscriber read what it may see; remove this field",
            )
            .confidence(verdict.confidence)
            .cause(format!("CustomObject:{}", object.name()))
            .detail("event")
            .field(field.full_name()),
        );
    }
}

fn strongest(fields: &[(String, Verdict)]) -> Confidence {
    fields.iter().map(|(_, verdict)| verdict.confidence).max().unwrap_or(Confidence::Medium)
}
