//! # Strangers who register reach PHI
//!
//! A site lets anybody make an account, and its profile reads objects with PHI that no sharing set limits to the
//! person's own records.
//!
//! ## Why it harms
//! Nobody has verified who registers (45 CFR 164.312(d), 164.514(h)), and what the profile may, a stranger may:
//! 164.312(a)(1), 164.502(a); GDPR Art. 32(1)(b). A log-in that one gives oneself is no protection.
//!
//! ## What to change
//! Register into a profile without PHI and give access when identity is proved (an invitation, a code by post, an
//! identity provider); or keep the object private to external users and share by a sharing set with the user's own
//! contact. Take *View All* away from the profile.
//!
//! ## What is not found
//! Where the object is private and a sharing set for the profile gives one's own records of it, there is no finding.
//! Where the source does not say the object's external default, the finding is medium, as it is for a private object
//! without such a set: the next sharing rule opens it. Registration that is off, and permission sets that Apex
//! assigns on registering, are not looked at. A profile that is not in the source is unknown.
//!
//! ## Seen in the wild
//! `vkadagoti-png/Support_POC`: two portals of a city let strangers register into profiles that read contacts and
//! benefits.

use journal::{Confidence, Persona, Severity};
use sfdx::Value;
use sfdx::views::Network;

use crate::Context;
use crate::phi_object::PhiObject;
use crate::reach::{self, Opened};
use crate::rule::{Draft, Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "Strangers who register reach PHI",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Security,
    controls: &["hipaa-sec-312d", "hipaa-prv-514h", "hipaa-sec-312a1", "gdpr-32-1b"],
    tags: &["phi", "portal", "access"],
    replaces: &[],
    sbs: &["SBS-CPORTAL-002"],
    needs: &["`networks/`, the profile of those who register, `sharingSets/`, the objects' external defaults"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    if cx.phi_objects().next().is_none() {
        return;
    }
    for network in cx.project.networks() {
        out.judged(1);
        let root = network.element();
        let headless = root.value("networkAuthApiSettings/isHeadlessUserRegistrationAllowed");
        let ways = [
            ("registers", root.value("selfRegistration"), root.value("selfRegProfile")),
            (
                "registers through the API",
                headless,
                root.value("networkAuthApiSettings/registrationUserDefaultProfile"),
            ),
        ];
        for (who, switch, profile) in ways {
            if switch.and_then(|value| value.flag()) == Some(true) {
                judge(cx, network, who, profile, out);
            }
        }
    }
}

fn judge(cx: &Context<'_>, network: Network<'_>, who: &str, profile: Option<Value<'_>>, out: &mut Outcome) {
    let Some(name) = profile else {
        out.unknown(
            format!("which profile whoever {who} at `{}` gets", network.name()),
            format!("retrieve `Network:{}`, or look in its Administration > Login & Registration", network.name()),
        );
        return;
    };
    let containers = reach::profiles(cx, &name);
    if containers.is_empty() {
        out.unknown(
            format!("what whoever {who} at `{}` may read: the profile `{}`", network.name(), name.as_str()),
            format!("retrieve `Profile:{}` together with the objects", name.as_str()),
        );
        return;
    }
    let mut reached: Vec<(Severity, PhiObject)> = Vec::new();
    for container in containers {
        for opened in reach::opened(cx, container) {
            let known = reached.iter().any(|(_, known)| known.name == opened.phi.name);
            if let Some(severity) = gravity(cx, &opened, &name).filter(|_| !known) {
                reached.push((severity, opened.phi));
            }
        }
    }
    reached.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.name.cmp(&b.1.name)));
    let Some((severity, worst)) = reached.first() else { return };
    let objects = match reached.len() {
        1 => format!("`{}`", worst.name),
        more => format!("`{}` and {} more objects with PHI", worst.name, more - 1),
    };
    out.found(
        Draft::new(
            format!("Network:{}", network.name()),
            cx.place(&name),
            format!(
                "whoever {who} at `{}` gets the profile `{}`, which reads {objects}: `{}` holds {}",
                network.name(),
                name.as_str(),
                worst.name,
                worst.holds()
            ),
            "register into a profile without PHI, or share the object privately, by a sharing set with the user's own contact",
        )
        .severity(*severity)
        .confidence(worst.confidence)
        .detail(name.element().name()),
    );
}

/// How grave it is that a stranger has this object; nothing where one only gets what is one's own.
fn gravity(cx: &Context<'_>, opened: &Opened, profile: &str) -> Option<Severity> {
    let external = cx.project.object(&opened.phi.name).and_then(|object| object.external_sharing_model());
    let is_closed = external.as_ref().map(|model| matches!(model.as_str(), "Private" | "ControlledByParent"));
    if opened.all_records || is_closed == Some(false) {
        return Some(Severity::High);
    }
    let limited = reach::gives_ones_own(cx, &opened.phi.name, profile);
    (!(is_closed == Some(true) && limited)).then_some(Severity::Medium)
}
