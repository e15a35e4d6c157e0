//! # Programs and administrators may log in from anywhere
//!
//! The profile of an integration or an administrator has no login IP range, or one so wide that it is none.
//!
//! ## Why it harms
//! The stolen credential of a program has no second factor, and one of an administrator opens everything. The address is what is left to
//! tell theft from use: 45 CFR 164.312(a)(1) and (d), 164.308(a)(5)(ii)(C); GDPR Art. 32(1)(b).
//!
//! ## What to change
//! Enter the addresses from which it comes in the profile (*Login IP Ranges*, `<loginIpRanges>`): the other party's egress addresses, the
//! clinic's network, the VPN. Declare them as `networks` of the identity, so that the gateway holds it to them as well.
//!
//! ## What is not found
//! Where the bundle names `networks` for the identity, the limit is declared. Trusted ranges of the org (`networkAccess`) spare a second
//! factor and limit nobody. A profile file without licence is a part of a profile, and unknown; so is a program whose profile is not in the source. Several ranges that cover
//! everything together are not added up. A standard profile for programs that reads no object with PHI is left out. A range wider than a /8 is high, because somebody meant to limit and did not.
//!
//! ## Seen in the wild
//! Five of 24 public projects, each with the administrator's profile, and `GSA/SF_WorkSpace` and `bcgov/MoH-SAT` with integrations'.

use std::net::IpAddr;

use access::PrincipalKind;
use journal::{Confidence, Persona, Severity};
use sfdx::Value;
use sfdx::views::IpRange;

use crate::grant::{self, Grant};
use crate::rule::{Draft, Meta, Outcome};
use crate::{Context, container};

pub(crate) const META: Meta = Meta {
    title: "Programs and administrators may log in from anywhere",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Security,
    controls: &["hipaa-sec-312a1", "hipaa-sec-312d", "hipaa-sec-308a5iiC", "gdpr-32-1b", "API2"],
    tags: &["phi", "access", "integration"],
    replaces: &[],
    sbs: &["SBS-AUTH-003", "SBS-ACS-009"],
    needs: &["the profiles of integrations and administrators"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    if cx.phi_objects().next().is_none() {
        return;
    }
    for grant in grant::all(cx).iter().filter(|grant| grant.kind() == PrincipalKind::Profile) {
        let is_idle = grant.is_idle_standard(cx) && !grant.is_administrators() && !grant.gives("ModifyAllData");
        if !grant.is_salesforces_own() && !is_idle {
            judge(cx, grant, out);
        }
    }
    for identity in cx.policy.identities() {
        let Some(names) = identity.salesforce.as_ref().filter(|_| container::is_program(identity) && identity.networks.is_empty()) else {
            continue;
        };
        for name in &names.profiles {
            if !cx.project.profiles().any(|profile| profile.name().eq_ignore_ascii_case(&name.value)) {
                out.unknown(
                    format!("from where identity `{}` logs in: the profile `{}`", identity.id.value, name.value),
                    format!("retrieve `Profile:{}`", name.value),
                );
            }
        }
    }
}

fn judge(cx: &Context<'_>, grant: &Grant<'_, '_>, out: &mut Outcome) {
    let program = grant.containers.iter().find_map(|file| container::for_programs(cx, *file));
    let is_administrators = grant.is_administrators() || grant.gives("ModifyAllData");
    let (whose, confidence) = match &program {
        Some(meant) => (format!("a program's ({})", meant.because), meant.confidence),
        None if is_administrators => ("an administrator's".to_owned(), Confidence::High),
        None => return,
    };
    let declared = grant.containers.iter().filter_map(|file| container::identity(cx, *file));
    if declared.into_iter().any(|identity| !identity.networks.is_empty()) {
        return;
    }
    out.judged(1);
    let ranges: Vec<IpRange<'_>> = grant.containers.iter().flat_map(|file| file.login_ip_ranges()).collect();
    let draft = |place, message, fix| {
        Draft::new(grant.component(), place, message, fix).confidence(confidence).detail("addresses")
    };
    if let Some((start, end)) = ranges.iter().find_map(|range| wide(*range)) {
        out.found(
            draft(
                cx.place(&start),
                format!(
                    "{} is {whose} and limited to {} to {}, which is no limit",
                    grant.title(),
                    start.as_str(),
                    end.as_str()
                ),
                "enter the addresses from which it really comes",
            )
            .severity(Severity::High),
        );
        return;
    }
    if !ranges.is_empty() {
        return;
    }
    if grant.containers.iter().all(|file| file.license().is_none()) {
        out.unknown(
            format!("from where the holder of the profile `{}` logs in: the file is a part of it", grant.name()),
            format!("retrieve `Profile:{}` whole", grant.name()),
        );
        return;
    }
    let Some(place) = grant.start() else { return };
    out.found(draft(
        place,
        format!("{} is {whose} and may log in from every address", grant.title()),
        "add `<loginIpRanges>` with the addresses from which it comes",
    ));
}

/// A range of more than one part in 256 of all addresses: wider than a /8.
fn wide<'p>(range: IpRange<'p>) -> Option<(Value<'p>, Value<'p>)> {
    let (start, end) = (range.start()?, range.end()?);
    let (from, to): (IpAddr, IpAddr) = (start.trim().parse().ok()?, end.trim().parse().ok()?);
    let is_wide = match (from, to) {
        (IpAddr::V4(from), IpAddr::V4(to)) => u32::from(to).saturating_sub(u32::from(from)) >= 1 << 24,
        (IpAddr::V6(from), IpAddr::V6(to)) => u128::from(to).saturating_sub(u128::from(from)) >= 1 << 120,
        _ => false,
    };
    is_wide.then_some((start, end))
}
