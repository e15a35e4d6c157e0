//! Where data can leave to: every address outside Salesforce that the source names.

use std::fmt;

use journal::Place;
use policy::Policy;
use serde::Serialize;
use sfdx::{Kind, Project, Value};
use source::Span;

use crate::literal::literals;

/// An address that the source names.
#[derive(Debug, Clone, Serialize)]
pub struct Endpoint {
    pub kind: EndpointKind,
    /// The component that names it, as `Type:FullName`.
    pub component: String,
    /// As it is written; without its query, which may hold a secret.
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

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
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
    let mut add = |kind: EndpointKind, component: String, name: &str, value: &Value<'_>, active: bool| {
        if let Some(endpoint) = endpoint(policy, kind, component, name, value.as_str(), active) {
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
    in_apex(project, policy, &mut found);
    found.sort_by(|a, b| (&a.place, a.kind).cmp(&(&b.place, b.kind)));
    found
}

fn in_apex(project: &Project, policy: &Policy, found: &mut Vec<Endpoint>) {
    for file in project.files().iter().filter(|file| matches!(file.kind, Kind::Apex | Kind::Trigger)) {
        let Ok((source, _)) = project.load(file) else { continue };
        let is_test = {
            let text = source.text();
            text.contains("@isTest") || text.contains("@IsTest") || text.contains("@istest")
        };
        // What a test calls is answered by a mock: a platform without callouts in tests sends nothing.
        if is_test {
            continue;
        }
        for span in literals(&source) {
            let text = source.slice(span);
            if !text.starts_with("https://") && !text.starts_with("http://") {
                continue;
            }
            let url = text.split(['\\', ' ', '"', '<']).next().unwrap_or(text);
            let name = format!("Apex:{}", file.name().split('.').next().unwrap_or_default());
            if let Some(endpoint) = endpoint(policy, EndpointKind::ApexLiteral, name, "", url, true) {
                let end = span.start.saturating_add(u32::try_from(url.len()).unwrap_or(0));
                found.push(Endpoint { place: Place::of(&source, Span::new(span.start, end)), ..endpoint });
            }
        }
    }
}

fn endpoint(
    policy: &Policy,
    kind: EndpointKind,
    component: String,
    credential: &str,
    url: &str,
    active: bool,
) -> Option<Endpoint> {
    let url = url.split(['?', '#']).next().unwrap_or(url).trim();
    let host = host_of(url)?;
    if is_salesforce(&host) || is_vocabulary(&host) {
        return None;
    }
    let by_name = (!credential.is_empty()).then(|| policy.party_of_named_credential(credential)).flatten();
    let party = by_name.or_else(|| policy.party_of_url(url)).or_else(|| policy.party_of_host(&host));
    let model = (!credential.is_empty()).then(|| policy.model_of_named_credential(credential)).flatten();
    Some(Endpoint {
        kind,
        component,
        url: url.to_owned(),
        host,
        place: Place::file(""),
        active,
        party: party.map(|party| party.id.value.to_string()),
        model: model.map(|model| model.id.value.to_string()),
    })
}

/// The host of a URL or origin, lower case, without port or user. Nothing where there is none to be named:
/// a merge field, a relative address.
pub(crate) fn host_of(url: &str) -> Option<String> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?.split(':').next()?.trim_end_matches('.').to_ascii_lowercase();
    let named =
        host.contains('.') && host.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '*' | '_'));
    named.then_some(host)
}

/// Salesforce's own hosts: what stays there does not leave.
pub(crate) fn is_salesforce(host: &str) -> bool {
    const OWN: [&str; 10] = [
        "salesforce.com",
        "salesforce.org",
        "force.com",
        "my.site.com",
        "salesforce-sites.com",
        "salesforceliveagent.com",
        "salesforce-scrt.com",
        "documentforce.com",
        "visualforce.com",
        "sfdcstatic.com",
    ];
    OWN.iter().any(|own| host == *own || host.strip_suffix(own).is_some_and(|rest| rest.ends_with('.')))
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
mod tests {
    use super::*;

    #[test]
    fn hosts_are_found_in_urls_and_origins() {
        for (url, host) in [
            ("https://api.northlab.example/v1?key=1", Some("api.northlab.example")),
            ("https://user:secret@Host.Example:8443/x", Some("host.example")),
            ("*.vendor.example", Some("*.vendor.example")),
            ("{!$Credential.Url}", None),
            ("https://{!host}/x", None),
            ("localhost", None),
        ] {
            assert_eq!(host_of(url).as_deref(), host, "{url}");
        }
    }

    #[test]
    fn salesforces_own_hosts_are_not_outside() {
        assert!(is_salesforce("harbor.my.salesforce.com"));
        assert!(is_salesforce("force.com"));
        assert!(!is_salesforce("evilforce.com"));
    }
}
