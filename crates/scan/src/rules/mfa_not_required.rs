//! # A password alone opens PHI
//!
//! The org does not require multi-factor authentication, or a profile or permission set that reads PHI waives it.
//!
//! ## Why it harms
//! A password is the one factor that is phished. 45 CFR 164.312(d) and 164.308(a)(5)(ii)(D); GDPR Art. 32(1)(b). The Security Rule proposed in 90
//! FR 898 would require multi-factor authentication.
//!
//! ## What to change
//! *Setup > Identity Verification*: require multi-factor authentication for all direct UI logins (`enableMFADirectUILoginOptIn`). Take
//! `BypassMFAForUiLogins` and `SkipIdentityConfirmation` from those who read PHI: the waiver overrides the setting.
//!
//! ## What is not found
//! Single sign-on is not in the source and may ask for a second factor by itself. `SkipIdentityConfirmation` alone spares the check of an unknown
//! device: medium. Containers with `ApiUserOnly` do not log in by the user interface. What level a profile's session needs
//! (`requiredSessionLevel`) asks nothing of a log-in. A permission set that waives and reads no PHI by itself is not found. Where no
//! object with PHI is known, nothing is said.
//!
//! ## Seen in the wild
//! Five of six public projects with the setting have it off. No waiver was found among those who read PHI.

use access::ObjectFlag;
use journal::{Confidence, Persona, Severity};
use sfdx::Value;

use crate::Context;
use crate::grant::{self, Grant};
use crate::rule::{Draft, Meta, Outcome};
use crate::setting::{Flag, flag};

pub(crate) const META: Meta = Meta {
    title: "A password alone opens PHI",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Security,
    controls: &["hipaa-sec-312d", "hipaa-sec-308a5iiD", "nprm-mfa", "gdpr-32-1b", "API2"],
    tags: &["phi", "access", "session"],
    replaces: &[],
    sbs: &["SBS-AUTH-004"],
    needs: &["settings/Security.settings-meta.xml", "profiles and permission sets"],
};

const SETTING: &str = "enableMFADirectUILoginOptIn";
const BYPASS: &str = "BypassMFAForUiLogins";
const SKIP: &str = "SkipIdentityConfirmation";

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    if cx.phi_objects().next().is_none() {
        return;
    }
    match flag(cx, "Security", &[&format!("sessionSettings/{SETTING}")]) {
        Flag::Off(value) => {
            out.judged(1);
            out.found(
                Draft::new(
                    "SecuritySettings:Security",
                    cx.place(&value),
                    "multi-factor authentication is not required of those who log in directly; single sign-on may ask for it by itself",
                    format!("set `<{SETTING}>true</{SETTING}>`"),
                )
                .detail(SETTING),
            );
        }
        Flag::On(_) => out.judged(1),
        Flag::Silent => out.unknown(
            format!("whether multi-factor authentication is required: `{SETTING}` of the Security settings"),
            "retrieve `Settings:Security` at a newer API version, or look at Setup > Identity Verification",
        ),
        Flag::Absent => out.unknown(
            "whether multi-factor authentication is required: the SecuritySettings",
            "retrieve `Settings:Security`, or look at Setup > Identity Verification",
        ),
    }
    for grant in grant::all(cx).iter().filter(|grant| !grant.is_group() && !grant.is_salesforces_own()) {
        out.judged(1);
        waivers(cx, grant, out);
    }
}

fn waivers(cx: &Context<'_>, grant: &Grant<'_, '_>, out: &mut Outcome) {
    let on = grant.containers.iter().flat_map(|file| file.user_permissions());
    let on = on.filter(|one| one.enabled() == Some(true)).filter_map(|one| one.name());
    let names: Vec<Value<'_>> = on.filter(|name| *name == BYPASS || *name == SKIP).collect();
    let Some(first) = names.first() else { return };
    if grant.gives("ApiUserOnly") {
        return;
    }
    let Some(phi) = grant.phi_with(cx, ObjectFlag::Read) else { return };
    let waives = names.iter().any(|name| *name == BYPASS);
    let (severity, what, which) = if waives {
        (Severity::High, "waives multi-factor authentication", BYPASS)
    } else {
        (Severity::Medium, "skips the check of unknown devices at login", SKIP)
    };
    out.found(
        Draft::new(
            grant.component(),
            cx.place(first),
            format!("{} {what} (`{which}`) and reads `{}`, which holds {}", grant.title(), phi.name, phi.holds()),
            format!("set `{which}` to `<enabled>false</enabled>`"),
        )
        .severity(severity)
        .confidence(phi.confidence)
        .detail("waiver"),
    );
}
