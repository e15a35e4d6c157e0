//! Where data can leave to: every address outside Salesforce that the source names.

use std::collections::BTreeMap;
use std::fmt;

use journal::Place;
use policy::Policy;
use policy::address::{Address, HostPattern};
use policy::bundle::model::Model;
use serde::{Deserialize, Serialize};
use sfdx::{Kind, Project, Value};
use source::Span;

use crate::literal::{is_test_class, literals};

mod salesforce;

pub(crate) use salesforce::{Home, is_salesforce};

/// An address that the source names.
#[derive(Debug, Clone, Serialize)]
pub struct Endpoint {
    pub kind: EndpointKind,
    /// The component that names it, as `Type:FullName`.
    pub component: String,
    /// As it is written; without query and user, which may hold a secret.
    pub url: String,
    pub host: String,
    pub place: Place,
    /// Whether the component is switched on.
    pub active: bool,
    /// The party or model of the bundle that has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub party: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EndpointKind {
    NamedCredential,
    RemoteSite,
    TrustedUrl,
    CorsOrigin,
    OutboundMessage,
    ExternalDataSource,
    AuthProvider,
    ApexLiteral,
}

impl EndpointKind {
    /// Whether code or configuration can send to it, as against letting it call or be shown.
    pub const fn sends(self) -> bool {
        !matches!(self, EndpointKind::CorsOrigin | EndpointKind::AuthProvider)
    }
}

impl fmt::Display for EndpointKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            EndpointKind::NamedCredential => "named credential",
            EndpointKind::RemoteSite => "remote site",
            EndpointKind::TrustedUrl => "trusted URL",
            EndpointKind::CorsOrigin => "CORS origin",
            EndpointKind::OutboundMessage => "outbound message",
            EndpointKind::ExternalDataSource => "external data source",
            EndpointKind::AuthProvider => "token address",
            EndpointKind::ApexLiteral => "address in Apex",
        })
    }
}

/// Every address of the project, in order of place.
pub(crate) fn of(project: &Project, policy: &Policy) -> Vec<Endpoint> {
    let mut found = Vec::new();
    let home = Home::of(project);
    let mut add = |kind: EndpointKind, component: String, name: &str, value: &Value<'_>, active: bool| {
        if let Some(endpoint) = endpoint(policy, &home, kind, component, name, value.as_str(), active) {
            found.push(Endpoint { place: Place::of(value.source(), value.span()), ..endpoint });
        }
    };
    for component in project.of_type("NamedCredential") {
        let root = component.root();
        let name = format!("NamedCredential:{}", component.full_name());
        if let Some(url) = root.value("endpoint") {
            add(EndpointKind::NamedCredential, name.clone(), component.full_name(), &url, true);
        }
        for parameter in root.children_named("namedCredentialParameters") {
            let is_url = parameter.value("parameterType").is_some_and(|kind| kind.as_str() == "Url");
            if let Some(url) = parameter.value("parameterValue").filter(|_| is_url) {
                add(EndpointKind::NamedCredential, name.clone(), component.full_name(), &url, true);
            }
        }
    }
    for credential in project.external_credentials() {
        let name = format!("ExternalCredential:{}", credential.name());
        for parameter in credential.parameters() {
            let is_url = parameter.kind().is_some_and(|kind| kind == "AuthProviderUrl");
            if let Some(url) = parameter.value().filter(|_| is_url) {
                add(EndpointKind::AuthProvider, name.clone(), "", &url, true);
            }
        }
    }
    for (kind, metadata, element) in [
        (EndpointKind::RemoteSite, "RemoteSiteSetting", "url"),
        (EndpointKind::TrustedUrl, "CspTrustedSite", "endpointUrl"),
        (EndpointKind::CorsOrigin, "CorsWhitelistOrigin", "urlPattern"),
        (EndpointKind::ExternalDataSource, "ExternalDataSource", "endpoint"),
        (EndpointKind::AuthProvider, "AuthProvider", "tokenUrl"),
    ] {
        for component in project.of_type(metadata) {
            let root = component.root();
            if let Some(url) = root.value(element) {
                let active = root.flag("isActive").unwrap_or(true);
                add(kind, format!("{metadata}:{}", component.full_name()), "", &url, active);
            }
        }
    }
    for component in project.of_type("Workflow") {
        for message in component.root().children_named("outboundMessages") {
            if let (Some(url), Some(name)) = (message.value("endpointUrl"), message.value("fullName")) {
                let name = format!("WorkflowOutboundMessage:{}.{}", component.full_name(), name.as_str());
                add(EndpointKind::OutboundMessage, name, "", &url, true);
            }
        }
    }
    in_apex(project, policy, &home, &mut found);
    found.sort_by(|a, b| (&a.place, a.kind).cmp(&(&b.place, b.kind)));
    found
}

fn in_apex(project: &Project, policy: &Policy, home: &Home, found: &mut Vec<Endpoint>) {
    for file in project.files().iter().filter(|file| matches!(file.kind, Kind::Apex | Kind::Trigger)) {
        let Ok((source, _)) = project.load(file) else { continue };
        // What a test calls is answered by a mock: a platform without callouts in tests sends nothing.
        if is_test_class(&source) {
            continue;
        }
        for span in literals(&source) {
            let text = source.slice(span);
            if !text.starts_with("https://") && !text.starts_with("http://") {
                continue;
            }
            let url = text.split(['\\', ' ', '"', '<']).next().unwrap_or(text);
            let name = format!("Apex:{}", file.name().split('.').next().unwrap_or_default());
            if let Some(endpoint) = endpoint(policy, home, EndpointKind::ApexLiteral, name, "", url, true) {
                let end = span.start.saturating_add(u32::try_from(url.len()).unwrap_or(0));
                found.push(Endpoint { place: Place::of(&source, Span::new(span.start, end)), ..endpoint });
            }
        }
    }
}

/// A named credential that Apex calls out through and the source does not have.
#[derive(Debug)]
pub(crate) struct CalledCredential {
    pub(crate) name: String,
    /// The components that do it, with the places.
    pub(crate) places: Vec<(String, Place)>,
}

/// `callout:Name` in Apex, where the named credential is not in the source; by name.
pub(crate) fn called_credentials(project: &Project) -> Vec<CalledCredential> {
    const SCHEME: &str = "callout:";
    let known: Vec<String> =
        project.named_credentials().map(|credential| credential.name().to_ascii_lowercase()).collect();
    let mut missing: BTreeMap<String, CalledCredential> = BTreeMap::new();
    let code = project.files().iter().filter(|file| matches!(file.kind, Kind::Apex | Kind::Trigger));
    for file in code {
        let Ok((source, _)) = project.load(file) else { continue };
        if !source.text().contains(SCHEME) || is_test_class(&source) {
            continue;
        }
        for span in literals(&source) {
            let text = source.slice(span);
            let Some(rest) = text.strip_prefix(SCHEME) else { continue };
            let name: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            let key = name.to_ascii_lowercase();
            if name.is_empty() || known.contains(&key) {
                continue;
            }
            let end = span.start.saturating_add(u32::try_from(SCHEME.len() + name.len()).unwrap_or(0));
            let component = format!("Apex:{}", file.name().split('.').next().unwrap_or_default());
            let place = Place::of(&source, Span::new(span.start, end));
            let called = missing.entry(key).or_insert(CalledCredential { name, places: Vec::new() });
            called.places.push((component, place));
        }
    }
    missing.into_values().collect()
}

fn endpoint(
    policy: &Policy,
    home: &Home,
    kind: EndpointKind,
    component: String,
    credential: &str,
    url: &str,
    active: bool,
) -> Option<Endpoint> {
    let url = without_user(url.split(['?', '#']).next().unwrap_or(url).trim());
    let host = host_of(&url)?;
    // A host of one word in code is the beginning of one that is put together.
    let is_begun = kind == EndpointKind::ApexLiteral && !host.contains(['.', '[']);
    if is_begun || is_loopback(&host) || home.stays(&host) || is_vocabulary(&host) {
        return None;
    }
    let by_name = (!credential.is_empty()).then(|| policy.party_of_named_credential(credential)).flatten();
    let party = by_name.or_else(|| policy.party_of_url(&url)).or_else(|| policy.party_of_host(&host));
    let by_name = (!credential.is_empty()).then(|| policy.model_of_named_credential(credential)).flatten();
    let model = by_name.or_else(|| policy.model_of_url(&url)).or_else(|| model_of_host(policy, &host));
    Some(Endpoint {
        kind,
        component,
        host,
        place: Place::file(""),
        active,
        party: party.map(|party| party.id.value.to_string()),
        model: model.map(|model| model.id.value.to_string()),
        // A path may name a patient.
        url: crate::output::redact(&url).into_owned(),
    })
}

/// The model that a remote site or origin leads to, which name a host and no path.
fn model_of_host<'p>(policy: &'p Policy, host: &str) -> Option<&'p Model> {
    policy.models().iter().find(|model| {
        model.endpoint.as_ref().is_some_and(|endpoint| {
            endpoint.host.as_ref().is_some_and(|pattern| pattern.matches(host))
                || endpoint.url.as_ref().is_some_and(|url| url.address().host == host)
        })
    })
}

/// A URL without the user and password before its host.
fn without_user(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end).unwrap_or((rest, ""));
    let host = authority.rsplit('@').next().unwrap_or(authority);
    format!("{scheme}://{host}{path}")
}

/// A URL taken apart as the policy does it; one with a user as its rest.
pub(crate) fn address_of(url: &str) -> Option<Address> {
    Address::of(&without_user(url.trim()))
}

/// The host of a URL or origin, lower case, without port or user. Nothing where there is none to be named:
/// a merge field, a relative address.
pub(crate) fn host_of(url: &str) -> Option<String> {
    let is_url = url.contains("://");
    let address = if is_url { address_of(url) } else { address_of(&format!("https://{url}")) };
    let host = address?.host;
    let plain = host.starts_with('[')
        || host.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '*' | '_'));
    let named = host.contains(char::is_alphanumeric) && (is_url || host.contains('.'));
    (plain && named).then_some(host)
}

/// Plain http that crosses a network; RFC 8252, 7.3: what goes to the same machine does not.
pub(crate) fn is_plain_http(url: &str) -> bool {
    address_of(url).is_some_and(|address| address.scheme == "http" && !is_loopback(&address.host))
}

/// The machine itself: RFC 6761, 6.3, RFC 1122, 3.2.1.3 and RFC 4291, 2.5.3.
fn is_loopback(host: &str) -> bool {
    let address: Option<std::net::IpAddr> = host.trim_matches(['[', ']']).parse().ok();
    host == "localhost"
        || host.ends_with(".localhost")
        || address.is_some_and(|own| own.to_canonical().is_loopback())
}

impl Endpoint {
    /// How a bundle names it: `host: "api.example.com"`, or a URL where the host is none that `host:` takes.
    pub(crate) fn declaration(&self) -> String {
        let quoted = |text: &str| serde_json::Value::String(text.to_owned()).to_string();
        match address_of(&self.url).filter(|_| HostPattern::of(&self.host).is_none()) {
            None => format!("host: {}", quoted(&self.host)),
            Some(own) => {
                let usual = matches!(
                    (own.scheme.as_str(), own.port),
                    ("https" | "wss", 443) | ("http" | "ws", 80) | (_, 0)
                );
                let port = if usual { String::new() } else { format!(":{}", own.port) };
                format!("url: {}", quoted(&format!("{}://{}{port}/*", own.scheme, own.host)))
            }
        }
    }
}

/// Names of XML vocabularies look like addresses and are none; examples and tests of the standards neither.
fn is_vocabulary(host: &str) -> bool {
    const NAMES: [&str; 7] = [
        "www.w3.org",
        "schemas.xmlsoap.org",
        "schemas.microsoft.com",
        "hl7.org",
        "terminology.hl7.org",
        "loinc.org",
        "snomed.info",
    ];
    NAMES.contains(&host)
}

#[cfg(test)]
mod tests;
