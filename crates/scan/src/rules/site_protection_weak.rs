//! # A site's pages lack a protection
//!
//! A site lets other sites frame it, lets browsers guess what a file is, sends full addresses on, or a network shows
//! its members or its feeds to guests. There is one finding for each setting and site.
//!
//! ## Why it harms
//! A framed page lets another site click as the patient who is logged in. A file that a browser takes for a page runs
//! with the patient's session. A full referrer carries record ids and tokens to other hosts. The members of a
//! patients' portal are patients, and that they are is PHI (45 CFR 160.103). 45 CFR 164.312(a)(1), (c)(1) and (e)(1),
//! 164.502(a); GDPR Art. 32(1)(b).
//!
//! ## What to change
//! *Setup > Sites* or the element in the site's file: `<clickjackProtectionLevel>SameOriginOnly`,
//! `<contentSniffingProtection>true`, `<referrerPolicyOriginWhenCrossOrigin>true`. In the network (*Workspaces >
//! Administration > Preferences*): `<enableGuestMemberVisibility>false`, `<enableGuestChatter>false`.
//!
//! ## What is not found
//! Medium where the site's guest profile or a member profile of its network reads an object with PHI, low otherwise;
//! whose profiles are not in the source, that is unknown. A site that is switched off serves nothing.
//! `browserXssProtection` sets a header that browsers have dropped, `requireHttps` is ignored since API 52.0,
//! `enableGuestFileAccess` is about asset files: none is judged. Framing by listed hosts is let be.
//!
//! ## Seen in the wild
//! `bcgov/MoH-SAT` shows the members of a support portal to guests; `GSA/SF_WorkSpace` lets any site frame two of its
//! sites.

use journal::{Confidence, Persona, Severity};
use sfdx::Value;
use sfdx::views::{Container, Network};

use crate::Context;
use crate::reach;
use crate::rule::{Draft, Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "A site's pages lack a protection",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Security,
    controls: &["hipaa-sec-312a1", "hipaa-sec-312e1", "gdpr-32-1b", "API8"],
    tags: &["phi", "portal", "session"],
    replaces: &[],
    sbs: &[],
    needs: &["`sites/`, `networks/` and the profiles of guests and members"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    if cx.phi_objects().next().is_none() {
        return;
    }
    for site in cx.project.sites().filter(|site| site.active() != Some(false)) {
        let network = cx.project.networks().find(|network| {
            network.site().is_some_and(|name| name.eq_ignore_ascii_case(site.name()))
                || network.content_site().is_some_and(|name| name.eq_ignore_ascii_case(site.name()))
        });
        let mut weak: Vec<(Value<'_>, &str, &str)> = Vec::new();
        match site.clickjack_protection() {
            Some(level) => {
                out.judged(1);
                if level == "AllowAllFraming" {
                    weak.push((level, "any other site may frame its pages", "SameOriginOnly"));
                }
            }
            None => unsaid("clickjackProtectionLevel", site.name(), out),
        }
        for (name, harm) in [
            ("contentSniffingProtection", "browsers may take a file for a page and run it"),
            ("referrerPolicyOriginWhenCrossOrigin", "full addresses, with ids and tokens, go on to other hosts"),
        ] {
            match site.element().value(name) {
                Some(value) => {
                    out.judged(1);
                    if value.flag() == Some(false) {
                        weak.push((value, harm, "true"));
                    }
                }
                None => unsaid(name, site.name(), out),
            }
        }
        if weak.is_empty() {
            continue;
        }
        let guest = reach::guest_profiles(cx, site);
        let members = network.map(|network| reach::members(cx, network)).unwrap_or_default();
        let touched = touched(cx, &format!("the site `{}`", site.name()), guest.into_iter().chain(members), out);
        for (value, harm, right) in weak {
            let component = format!("CustomSite:{}", site.name());
            out.found(finding(cx, component, site.name(), &value, harm, right, &touched));
        }
    }
    for network in cx.project.networks() {
        of_network(cx, network, out);
    }
}

fn of_network(cx: &Context<'_>, network: Network<'_>, out: &mut Outcome) {
    let weak: Vec<(Value<'_>, &str)> = [
        ("enableGuestChatter", "guests read the feeds of the site"),
        ("enableGuestMemberVisibility", "guests see who the members are"),
    ]
    .into_iter()
    .filter_map(|(name, harm)| Some((network.element().value(name)?, harm)))
    .collect();
    out.judged(weak.len());
    let weak: Vec<_> = weak.into_iter().filter(|(value, _)| value.flag() == Some(true)).collect();
    if weak.is_empty() {
        return;
    }
    let site = network.site();
    let site = cx.project.sites().find(|own| site.as_ref().is_some_and(|name| name.eq_ignore_ascii_case(own.name())));
    let guest = site.map(|site| reach::guest_profiles(cx, site));
    let containers = guest.unwrap_or_default().into_iter().chain(reach::members(cx, network));
    let touched = touched(cx, &format!("the network `{}`", network.name()), containers, out);
    for (value, harm) in weak {
        let component = format!("Network:{}", network.name());
        out.found(finding(cx, component, network.name(), &value, harm, "false", &touched));
    }
}

fn unsaid(name: &str, site: &str, out: &mut Outcome) {
    out.unknown(
        format!("`{name}` of the site `{site}`, which its file does not say"),
        format!("retrieve `CustomSite:{site}` with the newest API version, or look in Setup > Sites"),
    );
}

/// The PHI that the users of a site read, as `` `Patient__c` by profile `X` ``.
fn touched<'p>(
    cx: &Context<'p>,
    what: &str,
    containers: impl Iterator<Item = Container<'p>>,
    out: &mut Outcome,
) -> Option<String> {
    let mut known = false;
    let mut found = None;
    for container in containers {
        known = true;
        let opened = reach::opened(cx, container);
        if let (Some(first), None) = (opened.first(), &found) {
            found = Some(format!("`{}` is read through it by the profile `{}`", first.phi.name, container.name()));
        }
    }
    if !known {
        out.unknown(
            format!("which PHI {what} touches: neither a guest nor a member profile of it is in the source"),
            "retrieve the site's guest profile and the profiles of its members, together with the objects",
        );
    }
    found
}

fn finding(
    cx: &Context<'_>,
    component: String,
    site: &str,
    value: &Value<'_>,
    harm: &str,
    right: &str,
    touched: &Option<String>,
) -> Draft {
    let name = value.element().name();
    let why = touched.as_ref().map(|what| format!("; {what}")).unwrap_or_default();
    Draft::new(
        format!("{component}.{name}"),
        cx.place(value),
        format!("`{name}` of `{site}` is `{}`: {harm}{why}", value.as_str()),
        format!("set `<{name}>{right}</{name}>`"),
    )
    .severity(if touched.is_some() { Severity::Medium } else { Severity::Low })
    .detail(name)
}
