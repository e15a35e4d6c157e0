//! # Administrators log in as anybody
//!
//! Administrators, or a delegated group, may log in as other users without being let in by them.
//!
//! ## Why it harms
//! Who reads a patient then reads under another's name: field history, `LastModifiedBy` and event logs show the nurse, and the set-up audit
//! trail alone knows who it was. 45 CFR 164.312(a)(2)(i), 164.312(b) and (d); GDPR Art. 5(2).
//!
//! ## What to change
//! *Setup > Login Access Policies*: switch *Administrators Can Log in as Any User* off (`enableAdminLoginAsAnyUser`), and let users grant
//! access for a time. In a delegated group switch *Enable Group for Login Access* off.
//!
//! ## What is not found
//! Access that users grant themselves is the wanted way. The way back to the administrator's session (`forceRelogin`) is
//! `session-setting-weak`. Where the file does not say, it is unknown, although the guide names a default. Where no object with PHI is known,
//! nothing is said.
//!
//! ## Seen in the wild
//! In each of six public projects with the setting where PHI is known.

use journal::{Confidence, Persona, Severity};

use crate::Context;
use crate::rule::{Draft, Meta, Outcome};
use crate::setting::{self, Switch};

pub(crate) const META: Meta = Meta {
    title: "Administrators log in as anybody",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Security,
    controls: &["hipaa-sec-312a2i", "hipaa-sec-312b", "hipaa-sec-312d", "gdpr-5-2"],
    tags: &["phi", "access", "log"],
    replaces: &[],
    sbs: &["SBS-SECCONF-002"],
    needs: &["settings/Security.settings-meta.xml", "delegateGroups"],
};

const SETTING: &str = "enableAdminLoginAsAnyUser";

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    if cx.phi_objects().next().is_none() {
        return;
    }
    let unknown = (
        format!("whether administrators may log in as any user: `{SETTING}` of the Security settings"),
        "retrieve `Settings:Security`, or look at Setup > Login Access Policies",
    );
    if let Some(set) = setting::judge(cx, out, ("Security", &[SETTING]), unknown) {
        out.judged(1);
        if let Switch::On(value) = set {
            out.found(
                Draft::new(
                    "SecuritySettings:Security",
                    cx.place(&value),
                    "administrators may log in as any user, and what they then read stands under that user's name",
                    format!("set `<{SETTING}>false</{SETTING}>` and let users grant access for a time"),
                )
                .detail(SETTING),
            );
        }
    }
    for group in cx.project.of_type("DelegateGroup") {
        out.judged(1);
        let Some(access) = group.root().value("loginAccess").filter(|access| access.flag() == Some(true)) else { continue };
        out.found(
            Draft::new(
                format!("DelegateGroup:{}", group.full_name()),
                cx.place(&access),
                format!(
                    "the delegated administrators of `{}` may log in as the users they look after, and what they then read stands under \
                     those users' names",
                    group.full_name()
                ),
                "set `<loginAccess>false</loginAccess>`",
            )
            .detail("loginAccess"),
        );
    }
}
