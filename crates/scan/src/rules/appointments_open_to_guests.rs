//! # Appointments are open to guests
//!
//! A guest profile may read, create or edit the objects of a calendar: bookings, shifts, who works when.
//!
//! ## Why it harms
//! Who comes when to which doctor is PHI even without a diagnosis (45 CFR 160.103). A stranger who reads slots and bookings can watch a
//! practice, and one who writes can fill or empty it: 164.312(a)(1), (c)(1) and (d), 164.502(a); GDPR Art. 32(1)(b).
//!
//! ## What to change
//! Set the object's permissions of the guest profile to `false`, and let a flow or class show free times alone and take a booking without
//! giving the record back.
//!
//! ## What is not found
//! An object that holds PHI and may be read is `guest-can-read-phi`. What a clinic offers and where (`WorkType`, `ServiceTerritory`,
//! `OperatingHours`) must be shown by a booking page. A custom object is one of appointments by a word of its name or label: appointment,
//! booking, visit, slot, reservation. A booking flow in system mode is `guest-can-run-code-on-phi`. A site without its guest profile is
//! unknown. Where no object with PHI is known, nothing is judged.
//!
//! ## Seen in the wild
//! In none of 24 public projects; most have no guest profile in the source.

use journal::{Confidence, Persona, Severity};
use sfdx::Element;
use sfdx::views::{Container, ObjectPermission};

use crate::Context;
use crate::classification::{occurs, words};
use crate::container::{self, Meant};
use crate::rule::{Draft, Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "Appointments are open to guests",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Developer,
    controls: &["hipaa-sec-312a1", "hipaa-sec-312c1", "hipaa-sec-312d", "hipaa-prv-502a", "gdpr-32-1b", "API6"],
    tags: &["phi", "access", "guest"],
    replaces: &[],
    sbs: &["SBS-CPORTAL-002"],
    needs: &["the guest profile of each site"],
};

const CALENDAR: [&str; 9] = [
    "ServiceAppointment",
    "AssignedResource",
    "AppointmentInvitation",
    "AppointmentInvitee",
    "WaitlistParticipant",
    "Shift",
    "ServiceResource",
    "ResourceAbsence",
    "TimeSlot",
];

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    if cx.phi_objects().next().is_none() {
        return;
    }
    for profile in cx.project.profiles() {
        let Some(meant) = container::for_guests(cx, profile) else { continue };
        out.judged(1);
        for permission in profile.object_permissions() {
            if let Some(draft) = judge(cx, profile, &meant, permission) {
                out.found(draft);
            }
        }
    }
    if let Some((missing, complete_with)) = container::lacking_guest_profiles(cx) {
        out.unknown(missing, complete_with);
    }
}

fn judge(cx: &Context<'_>, profile: Container<'_>, meant: &Meant, permission: ObjectPermission<'_>) -> Option<Draft> {
    let object = permission.object()?;
    let confidence = of_calendar(cx, &object)?;
    if permission.read() == Some(true) && cx.is_phi_object(&object) {
        return None;
    }
    let on: Vec<_> = permission
        .element()
        .children()
        .filter(|flag| matches!(flag.name(), "allowCreate" | "allowEdit" | "allowRead"))
        .filter_map(Element::own_value)
        .filter(|flag| flag.flag() == Some(true))
        .collect();
    let first = on.first()?;
    let may: Vec<&str> = on
        .iter()
        .map(|flag| match flag.element().name() {
            "allowCreate" => "create",
            "allowEdit" => "edit",
            _ => "read",
        })
        .collect();
    Some(
        Draft::new(
            container::component(profile),
            cx.place(first),
            format!(
                "guests may {} `{}` through {} ({})",
                may.join(" and "),
                object.as_str(),
                container::title(profile),
                meant.because
            ),
            format!("set them to `false` for `{}` and let a flow or class show free times and take bookings", object.as_str()),
        )
        .confidence(confidence.min(meant.confidence))
        .detail(object.to_lowercase()),
    )
}

/// How sure it is that an object is one of appointments.
fn of_calendar(cx: &Context<'_>, object: &str) -> Option<Confidence> {
    const WORDS: [&str; 5] = ["appointment", "booking", "visit", "slot", "reservation"];
    if CALENDAR.iter().any(|name| name.eq_ignore_ascii_case(object)) {
        return Some(Confidence::High);
    }
    if !object.to_ascii_lowercase().ends_with("__c") {
        return None;
    }
    let label = cx.project.object(object).and_then(|object| object.label());
    let spoken = [Some(object), label.as_deref()];
    let says = |text: &str| {
        let words = words(text);
        WORDS.iter().any(|word| occurs(&[word], &words))
    };
    spoken.into_iter().flatten().any(says).then_some(Confidence::Medium)
}
