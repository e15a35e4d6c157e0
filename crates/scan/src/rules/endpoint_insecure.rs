//! # An address outside Salesforce is reached without protection
//!
//! A remote site, named or external credential, external data source, trusted URL or CORS origin uses plain `http`, lets
//! code on https call plain http, or trusts every host below a domain with what a user's token may read.
//!
//! ## Why it harms
//! What goes over http can be read and changed by everyone on the way: 45 CFR 164.312(e)(1) asks to guard PHI in
//! transmission, GDPR Art. 32(1)(a) for encryption as the risk calls for it. A credential sent that way is lost too.
//! A CORS origin tells Salesforce to answer scripts of that origin that have a user's token (*Salesforce CORS
//! allowlist*; cookies do not serve): `https://*.herokuapp.com` invites everyone who can open an account there.
//!
//! ## What to change
//! Write `https://` in the address (the party must serve it); set `disableProtocolSecurity` to `false`; name the one
//! host that is needed instead of a wildcard; or delete the entry. *Setup: Remote Site Settings, Named Credentials,
//! Trusted URLs, CORS.*
//!
//! ## What is not found
//! Which TLS version and certificate the other side has cannot be seen in the source. An inactive entry has no
//! effect and is passed over, and so is the machine itself (`localhost`, 127.0.0.1, ::1); a host of one word (`ehr`) is another
//! machine. A wildcard origin that a party of the bundle has word for word is meant. Addresses in Apex are not judged here: without a remote
//! site or named credential Salesforce does not call them. Of which kinds of entry the source has none at all is said as unknown. Outbound messages are `phi-in-outbound-message`.
//!
//! ## Seen in the wild
//! GSA/SF_WorkSpace: five active remote sites over plain http, one of them with protocol security lifted.
//! Gvkp38/Production-Gvkp: two. None of the public projects has a CORS origin with a wildcard over PHI.

use journal::{Confidence, Persona, Place, Severity};
use sfdx::Value;

use crate::Context;
use crate::endpoint::{address_of, host_of, is_plain_http, is_salesforce};
use crate::disclosure::joined;
use crate::rule::{Draft, Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "An address outside Salesforce is reached without protection",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Developer,
    controls: &["hipaa-sec-312e1", "hipaa-sec-312e2ii", "gdpr-32-1a", "API8"],
    tags: &["phi", "endpoint"],
    replaces: &[
        "pmd:ApexInsecureEndpoint",
        "pmd:AvoidInsecureHttpRemoteSiteSetting",
        "pmd:AvoidDisableProtocolSecurity",
    ],
    sbs: &["SBS-INT-002", "SBS-INT-003"],
    needs: &["`remoteSiteSettings/`, `namedCredentials/`, `cspTrustedSites/`, `corsWhitelistOrigins/`"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    for site in cx.project.remote_sites() {
        out.judged(1);
        if site.active() == Some(false) {
            continue;
        }
        let component = format!("RemoteSiteSetting:{}", site.name());
        let lifted = site.disables_protocol_security() == Some(true);
        if let Some(url) = site.url().filter(is_plain) {
            let severity = severity(cx, &url, Severity::Medium);
            plain(cx, &component, "remote site", &url, severity, out);
        }
        if lifted && let Some(value) = site.element().value("disableProtocolSecurity") {
            let message = format!(
                "the remote site `{}` lets code on https call plain http (`disableProtocolSecurity`)",
                site.name()
            );
            let fix = "set `disableProtocolSecurity` to `false`";
            out.found(Draft::new(&component, cx.place(&value), message, fix).detail("protocol"));
        }
    }
    for credential in cx.project.named_credentials() {
        out.judged(1);
        let urls = credential.parameters().filter(|one| one.kind().is_some_and(|kind| kind == "Url"));
        let all: Vec<Value<'_>> =
            credential.endpoint().into_iter().chain(urls.filter_map(|one| one.value())).collect();
        for url in all.iter().filter(|url| is_plain(url)) {
            // The credential itself goes over the line as well.
            let component = format!("NamedCredential:{}", credential.name());
            plain(cx, &component, "named credential", url, Severity::High, out);
        }
    }
    for credential in cx.project.external_credentials() {
        for parameter in credential.parameters() {
            let Some(url) = parameter.value().filter(is_plain) else { continue };
            out.judged(1);
            let component = format!("ExternalCredential:{}", credential.name());
            plain(cx, &component, "external credential", &url, Severity::High, out);
        }
    }
    for source in cx.project.external_data_sources() {
        out.judged(1);
        if let Some(url) = source.endpoint().filter(is_plain) {
            let component = format!("ExternalDataSource:{}", source.name());
            plain(cx, &component, "external data source", &url, Severity::High, out);
        }
    }
    for site in cx.project.csp_sites() {
        out.judged(1);
        if site.active() == Some(false) {
            continue;
        }
        if let Some(url) = site.url().filter(is_plain) {
            let component = format!("CspTrustedSite:{}", site.name());
            // Pages can send data only where they may connect; pictures and styles are loaded. Pages are https, so that
            // browsers refuse or lift most of what goes over http: the entry permits, and carries nothing.
            let severity = if site.connect() == Some(false) { Severity::Low } else { Severity::Medium };
            plain(cx, &component, "trusted URL", &url, severity, out);
        }
    }
    origins(cx, out);
    absent_types(cx, out);
}

/// Settings of which the source has none may still be in the org.
fn absent_types(cx: &Context<'_>, out: &mut Outcome) {
    const TYPES: [(&str, &str); 4] = [
        ("RemoteSiteSetting", "remote sites"),
        ("NamedCredential", "named credentials"),
        ("CspTrustedSite", "trusted URLs"),
        ("CorsWhitelistOrigin", "CORS origins"),
    ];
    let absent: Vec<&(&str, &str)> =
        TYPES.iter().filter(|(kind, _)| cx.project.of_type(kind).next().is_none()).collect();
    if absent.is_empty() {
        return;
    }
    let what: Vec<String> = absent.iter().map(|(_, what)| (*what).to_owned()).collect();
    let kinds: Vec<String> = absent.iter().map(|(kind, _)| format!("`{kind}:*`")).collect();
    out.unknown(
        format!("whether the org has {}: the source has none", joined(&what)),
        format!("retrieve {}", kinds.join(", ")),
    );
}

fn origins(cx: &Context<'_>, out: &mut Outcome) {
    for origin in cx.project.cors_origins() {
        out.judged(1);
        let Some(pattern) = origin.pattern() else { continue };
        let component = format!("CorsWhitelistOrigin:{}", origin.name());
        if is_plain(&pattern) {
            plain(cx, &component, "CORS origin", &pattern, severity(cx, &pattern, Severity::Medium), out);
            continue;
        }
        let whole = if pattern.contains("://") { pattern.as_str().to_owned() } else { format!("https://{}", pattern.as_str()) };
        let Some(host) = address_of(&whole).map(|address| address.host) else { continue };
        let Some(domain) = host.strip_prefix('*').map(|rest| rest.trim_start_matches('.')) else { continue };
        // A pattern that the bundle has word for word is meant.
        let meant = cx.policy.parties().iter().any(|party| {
            party.endpoints.iter().any(|own| {
                own.host.as_ref().is_some_and(|own| own.as_str().eq_ignore_ascii_case(&host))
            })
        });
        if meant || cx.phi_objects().next().is_none() {
            continue;
        }
        // Salesforce gives a host to every customer, too.
        let open = domain.is_empty() || !domain.contains('.') || is_shared(domain) || is_salesforce(domain);
        let (message, severity) = if open {
            (
                format!(
                    "the CORS origin `{}` trusts every host of `{host}`, where anybody can have one: with a token of a \
                     user their scripts may read what he may, PHI too",
                    origin.name()
                ),
                Severity::Medium,
            )
        } else {
            (
                format!(
                    "the CORS origin `{}` trusts every host below `{domain}` with what a user's token may read, PHI too",
                    origin.name()
                ),
                Severity::Low,
            )
        };
        let fix = "name the one host that needs it: `https://app.example.com`";
        out.found(Draft::new(component, cx.place(&pattern), message, fix).severity(severity).detail("wildcard"));
    }
}

fn plain(
    cx: &Context<'_>,
    component: &str,
    what: &str,
    url: &Value<'_>,
    severity: Severity,
    out: &mut Outcome,
) {
    let name = component.split_once(':').map_or(component, |(_, name)| name);
    let place: Place = cx.place(url);
    let host = host_of(url).or_else(|| Some(address_of(url)?.host)).unwrap_or_default();
    let does = if what == "trusted URL" { "permits" } else { "reaches" };
    let message = match cx.policy.party_of_host(&host) {
        Some(party) => format!("the {what} `{name}` {does} `{}` (`{host}`) over plain http", party.id),
        None => format!("the {what} `{name}` {does} `{host}` over plain http"),
    };
    let fix = "write `https://` and, for a remote site, leave `disableProtocolSecurity` at `false`; delete the entry \
               if nothing uses it";
    let mut draft = Draft::new(component, place, message, fix).severity(severity).detail("http");
    if let Some(party) = cx.policy.party_of_host(&host) {
        draft = draft.party(party.id.to_string());
    }
    out.found(draft);
}

/// High where the bundle says that patients' data goes there.
fn severity(cx: &Context<'_>, url: &Value<'_>, otherwise: Severity) -> Severity {
    let Some(party) = host_of(url).and_then(|host| cx.policy.party_of_host(&host)) else { return otherwise };
    let carries_phi = cx.policy.flows_to(party.id.as_str()).any(|flow| {
        flow.from.iter().any(|pattern| match pattern.parts() {
            (object, "*") => cx.is_phi_object(object),
            (object, field) => cx.classes.is_phi(object, field),
        })
    });
    if carries_phi { Severity::High } else { otherwise }
}

fn is_plain(url: &Value<'_>) -> bool {
    is_plain_http(url)
}

/// Domains below which anybody can have a host.
fn is_shared(domain: &str) -> bool {
    const SHARED: [&str; 26] = [
        "amazonaws.com", "appspot.com", "azureedge.net", "azurewebsites.net", "blob.core.windows.net",
        "cloudfront.net", "cloudfunctions.net", "firebaseapp.com", "fly.dev", "github.dev", "github.io",
        "gitlab.io", "glitch.me", "googleusercontent.com", "herokuapp.com", "loca.lt", "netlify.app", "ngrok.app",
        "ngrok.io", "ngrok-free.app", "onrender.com", "pages.dev", "repl.co", "vercel.app", "web.app", "workers.dev",
    ];
    SHARED.iter().any(|shared| domain == *shared || domain.strip_suffix(shared).is_some_and(|rest| rest.ends_with('.')))
}
