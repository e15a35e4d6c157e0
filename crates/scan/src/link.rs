//! Buttons, links and tabs: the addresses that a click opens, with what is merged into them.

use journal::Confidence;
use policy::ClassifiedBy;
use sfdx::Value;

use crate::Context;
use crate::classification::Catalogue;
use crate::endpoint::{Home, host_of, is_salesforce};
use crate::field_path::{self, Reached};
use crate::merge_field::merge_fields;

/// An address that a component opens.
pub(crate) struct Link<'p> {
    /// `WebLink:Patient__c.Search`
    pub(crate) component: String,
    /// In words: `` the link `Search` of `Patient__c` ``.
    pub(crate) title: String,
    pub(crate) url: Value<'p>,
    /// Whether what it opens is a script that runs in the page.
    pub(crate) is_script: bool,
}

/// Where an address leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    Inside,
    Host(String),
    /// The host is put together when the link is opened.
    Unknown,
}

/// All buttons, links and tabs with an address, by type and name.
pub(crate) fn of<'p>(cx: &Context<'p>) -> Vec<Link<'p>> {
    let mut found = Vec::new();
    for (kind, what) in [("WebLink", "link"), ("CustomPageWebLink", "link"), ("CustomTab", "tab")] {
        for component in cx.project.of_type(kind) {
            let root = component.root();
            let Some(url) = root.value("url") else { continue };
            let by_type = root.value("linkType").is_some_and(|kind| kind == "javascript")
                || root.value("openType").is_some_and(|kind| kind == "onClickJavaScript");
            let lower = url.to_ascii_lowercase();
            let is_script =
                by_type || lower.trim_start().starts_with("javascript:") || lower.contains("{!requirescript");
            let of_object = component.parent().map(|object| format!(" of `{object}`")).unwrap_or_default();
            found.push(Link {
                component: format!("{kind}:{}", component.full_name()),
                title: format!("the {what} `{}`{of_object}", component.name()),
                url,
                is_script,
            });
        }
    }
    found
}

impl Link<'_> {
    /// Whether the source has page layouts of its object, and neither one of these nor anything else shows it.
    pub(crate) fn is_nowhere(&self, cx: &Context<'_>) -> bool {
        let full = self.component.rsplit(':').next().unwrap_or_default();
        let Some((object, name)) = full.rsplit_once('.') else { return false };
        let of_object = format!("{object}-");
        let has_layouts =
            cx.project.of_type("Layout").any(|layout| layout.full_name().starts_with(&of_object));
        let places = ["Layout", "FlexiPage", "CustomObject", "ListView"];
        let shows =
            |text: &str| [format!(">{name}<"), format!(".{name}<")].iter().any(|shown| text.contains(shown));
        has_layouts
            && !places
                .iter()
                .flat_map(|kind| cx.project.of_type(kind))
                .any(|component| shows(component.root().source().text()))
    }
}

/// What is said of one.
pub(crate) const NOWHERE: &str = "; no page layout of the source shows it";

/// Where an address with merge fields leads; `url` is all of it, or as much as is written before the first field.
pub(crate) fn target(home: &Home, url: &str) -> Target {
    // A link may be written over several lines, of which Salesforce makes one.
    let url: String = url.lines().map(str::trim).collect();
    let url = url.as_str();
    let written = url.split("{!").next().unwrap_or(url);
    if written.is_empty() {
        let begins_inside = url.to_ascii_lowercase().starts_with("{!urlfor(") || url.is_empty();
        return if begins_inside { Target::Inside } else { Target::Unknown };
    }
    let absolute = match written.strip_prefix("//") {
        Some(rest) => format!("https://{rest}"),
        None => written.to_owned(),
    };
    let Some((_, rest)) = absolute.split_once("://") else { return Target::Inside };
    let ends = rest.contains(['/', '?', '#']) || written.len() == url.len();
    match host_of(&absolute).filter(|_| ends) {
        Some(host) if home.stays(&host) || is_salesforce(&host) => Target::Inside,
        Some(host) => Target::Host(host),
        None => Target::Unknown,
    }
}

/// Whether a text takes the id of the user's session.
pub(crate) fn takes_session(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    lower.contains("api.session_id") || lower.contains("getsessionid")
}

/// The PHI that an address or script merges, and how sure that is.
#[derive(Debug, Default)]
pub(crate) struct Merged {
    pub(crate) fields: Vec<String>,
    pub(crate) confidence: Option<Confidence>,
}

/// Whether somebody knows a field by this name: the source, the bundle or the catalogue.
fn is_known(cx: &Context<'_>, (object, field): (&str, &str)) -> bool {
    let said = cx.policy.class_of(object, field);
    said.is_some_and(|said| said.by != ClassifiedBy::ObjectDefault)
        || cx.project.field(&format!("{object}.{field}")).is_some()
        || Catalogue::shipped().field(object, field).is_some()
}

impl Merged {
    /// By the merge fields of a text.
    pub(crate) fn of_text(cx: &Context<'_>, text: &str) -> Self {
        let mut merged = Self::default();
        for field in merge_fields(text) {
            let (object, path) = match field.path {
                // The links that Salesforce ships write `{!Contact_FirstName}`, and custom fields by their labels.
                "" => {
                    let split = field.head.split_once('_').unwrap_or_default();
                    if is_known(cx, split) { split } else { Default::default() }
                }
                path => (field.head, path),
            };
            if !object.starts_with('$') && !path.is_empty() {
                merged.add(cx, &field_path::follow(cx.project, object, path));
            }
        }
        merged
    }

    pub(crate) fn add(&mut self, cx: &Context<'_>, reached: &Reached) {
        let verdict = cx.classes.field(&reached.object, &reached.field);
        if !verdict.is_phi() || field_path::is_reference(cx.project, reached) {
            return;
        }
        let name = reached.full_name();
        if !self.fields.contains(&name) {
            self.fields.push(name);
        }
        self.confidence = self.confidence.max(Some(verdict.confidence));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_leads_where_it_is_written_to_lead() {
        let folder = tempfile::tempdir().unwrap();
        let project = sfdx::read(folder.path(), &sfdx::Options::default()).unwrap();
        let home = Home::of(&project);
        let host = |name: &str| Target::Host(name.to_owned());
        for (url, expected) in [
            ("https://a.example/q?x={!Account.Name}", host("a.example")),
            ("HTTPS://A.example?x={!Account.Name}", host("a.example")),
            ("//a.example/q", host("a.example")),
            ("https://a.example{!Account.Name}", Target::Unknown),
            ("https://{!$Setup.Clinic__c.Host__c}/q", Target::Unknown),
            ("{!Account.Website}", Target::Unknown),
            ("{!URLFOR($Action.Account.Tab)}", Target::Inside),
            ("/apex/Chart?id={!Account.Id}", Target::Inside),
            ("https://login.salesforce.com/x", Target::Inside),
            ("https://harbor.my.salesforce.com/{!Account.Id}", Target::Inside),
            ("", Target::Inside),
        ] {
            assert_eq!(target(&home, url), expected, "{url}");
        }
    }

    #[test]
    fn the_server_of_a_session_is_no_session() {
        for (text, expected) in [
            ("/x?sid={!$Api.Session_ID}", true),
            ("/x?sid={!API.SESSION_ID}", true),
            ("{!GETSESSIONID()}", true),
            ("/x?server={!API.Partner_Server_URL_260}", false),
            ("/sessions", false),
        ] {
            assert_eq!(takes_session(text), expected, "{text}");
        }
    }
}
