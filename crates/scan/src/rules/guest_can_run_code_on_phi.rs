//! # Guests can run code over PHI
//!
//! A guest profile may run a flow that reads an object with PHI in system mode (high), or Apex classes (low, one finding for all of them).
//!
//! ## Why it harms
//! In system mode neither object permissions nor field-level security hold. A site that shows nothing by its profile then shows a record by
//! its flow, to anybody on the internet: 45 CFR 164.312(a)(1) and (d), 164.502(a); GDPR Art. 32(1)(b).
//!
//! ## What to change
//! Let the flow run as the guest (`<runInMode>DefaultMode</runInMode>`) and give the guest what the page needs, or prove who asks before a record
//! is looked up. Take classes away that no public page calls.
//!
//! ## What is not found
//! What an Apex class does is the code engine's to say: that guests may run it is a low finding. Flows that only create records are how a
//! public form works. A flow in default mode runs as the guest; one that a record or a schedule starts is not opened by this access. What a
//! subflow reads is not followed. A flow that is not in the source is unknown, and so is a site without its guest profile.
//!
//! ## Seen in the wild
//! `vkadagoti-png/Support_POC`: two guest profiles may run classes, `sivakumarSfdc/EntireDevOrgCode`: one. No guest may run a flow over PHI in the
//! projects that were looked at.

use journal::{Confidence, Persona, Severity};
use sfdx::Value;
use sfdx::views::{Container, Flow};

use crate::container::{self, Meant};
use crate::disclosure::joined;
use crate::phi_object::PhiObject;
use crate::rule::{Draft, Meta, Outcome};
use crate::{Context, flow_reach, reach};

pub(crate) const META: Meta = Meta {
    title: "Guests can run code over PHI",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Security,
    controls: &["hipaa-sec-312a1", "hipaa-sec-312d", "hipaa-prv-502a", "gdpr-32-1b", "API5"],
    tags: &["phi", "access", "guest"],
    replaces: &[],
    sbs: &["SBS-CPORTAL-003", "SBS-CPORTAL-004"],
    needs: &["the guest profile of each site", "the flows (`flows/`)"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    if cx.phi_objects().next().is_none() {
        return;
    }
    for profile in cx.project.profiles() {
        if let Some(meant) = container::for_guests(cx, profile) {
            out.judged(1);
            flows(cx, profile, &meant, out);
            classes(cx, profile, &meant, out);
        }
    }
    if let Some((missing, complete_with)) = container::lacking_guest_profiles(cx) {
        out.unknown(missing, complete_with);
    }
}

/// The object with PHI that a flow reads past the guest's rights.
fn reads(cx: &Context<'_>, flow: Flow<'_>) -> Option<PhiObject> {
    let is_system = flow
        .run_in_mode()
        .is_some_and(|mode| matches!(mode.as_str(), "SystemModeWithSharing" | "SystemModeWithoutSharing"));
    let is_started_by_others = flow.start().and_then(|start| start.trigger()).is_some();
    if !is_system || is_started_by_others || !flow_reach::runs(cx, flow) {
        return None;
    }
    flow_reach::looked_up(cx, flow)
}

fn flows(cx: &Context<'_>, profile: Container<'_>, meant: &Meant, out: &mut Outcome) {
    if let Some(all) = reach::has(profile, "RunFlow") {
        let found: Vec<(&str, PhiObject)> =
            cx.project.flows().filter_map(|flow| Some((flow.name(), reads(cx, flow)?))).collect();
        if let Some((_, phi)) = found.first() {
            let mut names: Vec<String> = found.iter().take(3).map(|(name, _)| format!("`{name}`")).collect();
            match found.len().saturating_sub(names.len()) {
                0 => {}
                more => names.push(format!("{more} more")),
            }
            let what = format!("every flow, among them {} in system mode", joined(&names));
            out.found(finding(cx, profile, meant, &all, &what, phi).detail("every flow"));
        }
        return;
    }
    for access in profile.flow_accesses().filter(|access| access.enabled() == Some(true)) {
        let Some(name) = access.flow() else { continue };
        match flow_reach::named(cx, &name) {
            Some(flow) => {
                if let Some(phi) = reads(cx, flow) {
                    let what = format!("the flow `{}` in system mode", flow.name());
                    out.found(finding(cx, profile, meant, &name, &what, &phi).detail(format!("flow {}", flow.name())));
                }
            }
            None => out.unknown(
                format!("what the flow `{}` reads, which guests may run", name.as_str()),
                format!("retrieve `Flow:{}`", name.as_str()),
            ),
        }
    }
}

fn finding(
    cx: &Context<'_>,
    profile: Container<'_>,
    meant: &Meant,
    at: &Value<'_>,
    what: &str,
    phi: &PhiObject,
) -> Draft {
    Draft::new(
        container::component(profile),
        cx.place(at),
        format!(
            "guests may run {what} through {}: it reads `{}`, which holds {} ({})",
            container::title(profile),
            phi.name,
            phi.holds(),
            meant.because
        ),
        "let the flow run as the guest (`<runInMode>DefaultMode</runInMode>`), or take the access away",
    )
    .confidence(phi.confidence.min(meant.confidence))
    .fields(phi.fields.clone())
}

fn classes(cx: &Context<'_>, profile: Container<'_>, meant: &Meant, out: &mut Outcome) {
    let open = profile.class_accesses().filter(|access| access.enabled() == Some(true));
    let classes: Vec<Value<'_>> = open.filter_map(|access| access.class()).collect();
    let Some(first) = classes.first() else { return };
    let (count, they) = match classes.len() {
        1 => (format!("the Apex class `{}`", first.as_str()), "it reads"),
        many => (format!("{many} Apex classes (`{}` first)", first.as_str()), "they read"),
    };
    out.found(
        Draft::new(
            container::component(profile),
            cx.place(first),
            format!(
                "guests may run {count} through {}; what {they} is not judged here ({})",
                container::title(profile),
                meant.because
            ),
            "take away the classes that no public page calls, and see that the others check who asks",
        )
        .severity(Severity::Low)
        .confidence(meant.confidence)
        .detail("classes"),
    );
}
