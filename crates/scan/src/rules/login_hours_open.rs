//! # Staff may log in at any hour
//!
//! Profiles of staff that read PHI have no login hours. For auditors, once for a project.
//!
//! ## Why it harms
//! A log-in at three in the morning is then as good as one at ten. Clinics work at night, so that this is no fault by itself; hours limit what
//! a stolen password is worth and make the rest stand out: 45 CFR 164.312(a)(1), 164.308(a)(5)(ii)(C); GDPR Art. 32(1)(b).
//!
//! ## What to change
//! Enter hours in the profiles of those who do not work at night (*Login Hours*, `<loginHours>`), or write down why not.
//!
//! ## What is not found
//! Hours of any kind count as considered. Programs, administrators, members of portals and guests are left out. A profile file without licence is
//! a part of a profile, and unknown.
//!
//! ## Seen in the wild
//! `Gvkp38/Production-Gvkp`: 14 profiles, `vkadagoti-png/Support_POC`: 8, `sivakumarSfdc/EntireDevOrgCode`: 5.

use access::{Crowd, ObjectFlag, PrincipalKind};
use journal::{Confidence, Persona, Severity};

use crate::Context;
use crate::disclosure::joined;
use crate::grant::{self, Grant};
use crate::rule::{Draft, Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "Staff may log in at any hour",
    severity: Severity::Info,
    confidence: Confidence::High,
    persona: Persona::Auditor,
    controls: &["hipaa-sec-308a5iiC", "hipaa-sec-312a1", "gdpr-32-1b"],
    tags: &["phi", "access"],
    replaces: &[],
    sbs: &["SBS-ACS-012"],
    needs: &["the profiles of staff"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    let grants = grant::all(cx);
    let mut open: Vec<&Grant<'_, '_>> = Vec::new();
    let mut parts: Vec<String> = Vec::new();
    for grant in grants.iter().filter(|grant| grant.kind() == PrincipalKind::Profile) {
        let is_staff = grant.access.principal().crowd() == Crowd::Internal
            && !grant.is_administrators()
            && !grant.is_salesforces_own()
            && !grant.gives("ModifyAllData")
            && !grant.for_programs(cx);
        if !is_staff || grant.phi_with(cx, ObjectFlag::Read).is_none() {
            continue;
        }
        if grant.containers.iter().all(|file| file.license().is_none()) {
            parts.push(format!("`{}`", grant.name()));
            continue;
        }
        out.judged(1);
        let has_hours = grant
            .containers
            .iter()
            .filter_map(|file| file.login_hours())
            .any(|hours| hours.bounds().next().is_some());
        if !has_hours {
            open.push(grant);
        }
    }
    open.sort_by_key(|grant| grant.start().map(|place| place.path));
    if let Some((first, place)) = open.first().and_then(|first| Some((first, first.start()?))) {
        let who = match open.len() {
            1 => format!("the {} reads PHI and has", first.title()),
            many => format!("{many} profiles of staff that read PHI, `{}` first, have", first.name()),
        };
        let draft = Draft::new(
            "Profiles:staff",
            place,
            format!("{who} no login hours"),
            "add `<loginHours>` for those who do not work at night, or write down why not",
        )
        .detail("hours");
        let others = open.iter().skip(1).take(9).filter_map(|grant| Some((grant.start()?, grant.title())));
        out.found(others.fold(draft, |draft, (place, title)| draft.related(place, format!("the {title}"))));
    }
    if !parts.is_empty() {
        let more = parts.len().saturating_sub(3);
        parts.truncate(3);
        let more = if more == 0 { String::new() } else { format!(" and {more} more profiles") };
        out.unknown(
            format!("when the holders of {}{more} may log in: the files are parts of the profiles", joined(&parts)),
            "retrieve the profiles whole",
        );
    }
}
