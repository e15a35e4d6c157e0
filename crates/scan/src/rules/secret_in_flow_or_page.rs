//! # A secret stands in a flow, a page, a component or a static resource
//!
//! A password, token, key or authorisation header stands as a text in a flow, a Visualforce page, an Aura or a Lightning
//! web component; or a static resource is a key, or holds a secret in JSON.
//!
//! ## Why it harms
//! Whoever may read the source, the package or a sandbox has it, nobody can change it without a deployment, and what
//! stands in a page or a component is sent to every browser that opens it, a guest's too, and so is a static resource:
//! 45 CFR 164.312(d), 164.308(a)(5)(ii)(D); GDPR Art. 32(1)(b).
//!
//! ## What to change
//! Change the secret on the other side first: what stood in a repository is known. Then let a named credential log in,
//! and call it from an external service or from Apex. A page asks the org, and never holds the key itself.
//!
//! ## What is not found
//! Placeholders, empty texts, merge fields, names of credentials, settings, labels and fields, `callout:` addresses,
//! comments and the tests of components. Scripts of static resources, files of them over a megabyte, archives and
//! certificates. Custom metadata and labels are
//! `phi-in-configuration`, Apex is `secret-in-code`. Neither message nor excerpt shows the secret.
//!
//! ## Seen in the wild
//! A clinic's public production project has the bearer key of its claims service in three flows, in a component and in
//! a page that guests may open; a hospital's has one key in seven components. `aanchalcorepshere/careforms` keeps its
//! key for AES in two static resources, `Tinsae/Project2` the key of a service for symptoms in one.

use std::sync::LazyLock;

use journal::{Confidence, Persona, Place, Severity};
use regex::{Captures, Regex};
use sfdx::{Element, Kind, Value};
use source::{Source, Span};

use crate::Context;
use crate::rule::{Draft, Meta, Outcome};
use crate::secret;
use crate::static_resource;

pub(crate) const META: Meta = Meta {
    title: "A secret stands in a flow, a page, a component or a static resource",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Developer,
    controls: &["hipaa-sec-312d", "hipaa-sec-308a5iiD", "gdpr-32-1b", "API2"],
    // `secret` keeps literals out of excerpts.
    tags: &["secret", "exposure"],
    replaces: &[],
    sbs: &["SBS-DEP-005"],
    needs: &["the flows, Visualforce pages, Aura and Lightning web components, and the static resources"],
};

const FIX: &str = "change the secret, then let a named credential log in (`callout:Name`); a page or component asks Apex, \
                   and never holds the key";

const RESOURCE_FIX: &str = "change it: whoever knows the resource's name can load it; keep a secret in a named credential, and a key in \
                            a protected setting";

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    for flow in cx.project.of_type("Flow") {
        out.judged(1);
        in_flow(cx, flow.full_name(), flow.root(), out);
    }
    for file in cx.project.files() {
        let what = match file.kind {
            Kind::Visualforce => "the page",
            Kind::Aura | Kind::Lwc => "the component",
            _ => continue,
        };
        let is_read = [".js", ".html", ".page", ".component", ".cmp", ".app"].iter().any(|end| file.path.ends_with(end));
        if !is_read || file.path.contains("/__tests__/") || file.path.contains("/__mocks__/") {
            continue;
        }
        let Ok((source, _)) = cx.project.load(file) else { continue };
        out.judged(1);
        in_text(what, &source, out);
    }
    let (judged, held) = static_resource::secrets(cx);
    out.judged(judged);
    for one in held {
        let message = format!("the static resource `{}` holds {}", one.resource, one.what);
        let component = format!("StaticResource:{}", one.resource);
        out.found(Draft::new(component, one.place, message, RESOURCE_FIX).severity(one.severity).detail(one.detail));
    }
}

/// Constants, variables and inputs: by their name, or because the value is a header's.
fn in_flow(cx: &Context<'_>, flow: &str, root: Element<'_>, out: &mut Outcome) {
    let mut todo: Vec<Element<'_>> = root.children().collect();
    while let Some(element) = todo.pop() {
        todo.extend(element.children());
        let text = match element.name() {
            "value" => element.value("stringValue"),
            _ => None,
        };
        let Some(text) = text else { continue };
        let named = element.parent().and_then(|parent| parent.value("name").or_else(|| parent.value("field")));
        let name = named.as_ref().map_or("", Value::as_str);
        let by_name = (secret::is_named(name) || secret::is_header(name)) && secret::is_value(&text);
        let Some(what) = (by_name.then_some("a secret")).or_else(|| secret::within(&text)) else { continue };
        out.found(
            Draft::new(
                format!("Flow:{flow}"),
                cx.place(&text),
                format!("the flow `{flow}` holds in `{name}` {what}"),
                FIX,
            )
            .detail(name.to_owned()),
        );
    }
}

/// `apiKey: '...'`, `const token = "..."`, `headers['X-Api-Key'] = '...'`
static GIVEN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?P<name>[A-Za-z_$][\w$-]*)["'\])]*\s*(?:=|:|,)\s*["'`](?P<value>[^"'`\r\n]{6,})["'`]"#).ok()
});
/// Any text in quotes.
static QUOTED: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"["'`](?P<value>[^"'`\r\n]{8,})["'`]"#).ok());

/// Longer texts are programs. No bound of the expression: it would have as many states.
const VALUE: usize = 4_096;

/// What an expression finds, one behind the other, but for values that are too long.
fn each<'t>(regex: &'t Regex, text: &'t str) -> impl Iterator<Item = Captures<'t>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let found = regex.captures_at(text, at)?;
            let value = found.name("value")?;
            if value.len() <= VALUE || value.as_str().chars().nth(VALUE).is_none() {
                at = found.get(0)?.end();
                return Some(found);
            }
            // What stands in it may be the name of the next, and the quote that ends it begin another.
            at = value.start();
        }
    })
}

fn in_text(what: &str, source: &Source, out: &mut Outcome) {
    let (Some(given), Some(quoted)) = (GIVEN.as_ref(), QUOTED.as_ref()) else { return };
    let text = source.text();
    let name_of_file = source.path().rsplit('/').next().unwrap_or_default();
    let bundle = bundle_of(source.path()).unwrap_or_else(|| name_of_file.split('.').next().unwrap_or_default());
    let mut told: Vec<usize> = Vec::new();
    let mut tell = |start: usize, length: usize, name: &str, holds: &str, out: &mut Outcome| {
        if told.contains(&start) || is_comment(text, start) {
            return;
        }
        told.push(start);
        let (Ok(from), Ok(to)) = (u32::try_from(start), u32::try_from(start + length)) else { return };
        let place = Place::of(source, Span::new(from, to));
        let held = if name.is_empty() { String::new() } else { format!(" in `{name}`") };
        let detail = format!("{name_of_file} {name}");
        let (severity, so) = if secret::is_for_tests(text, start) {
            (Severity::Medium, "; what stands beside it says that it is for an environment of tests")
        } else {
            (META.severity, "")
        };
        let message = format!("{what} `{bundle}` holds{held} {holds}{so}");
        let draft = Draft::new(component(source.path(), bundle), place, message, FIX);
        out.found(draft.severity(severity).detail(detail));
    };
    for found in each(given, text) {
        let (Some(name), Some(value)) = (found.name("name"), found.name("value")) else { continue };
        let is_named = secret::is_named(name.as_str()) || secret::is_header(name.as_str());
        if is_named && is_reactive(source.path(), text, value.as_str()) {
            continue;
        }
        if is_named && (secret::is_value(value.as_str()) || secret::within(value.as_str()).is_some()) {
            tell(value.start(), value.len(), name.as_str(), "a secret", out);
        }
    }
    for found in each(quoted, text) {
        let Some(value) = found.name("value") else { continue };
        if let Some(holds) = secret::within(value.as_str()) {
            tell(value.start(), value.len(), "", holds, out);
        }
    }
}

/// Whether a component's wire follows one of its own variables by it: `'$pageToken'`.
fn is_reactive(path: &str, text: &str, value: &str) -> bool {
    let Some(name) = value.strip_prefix('$').and_then(|name| name.split('.').next()) else { return false };
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
    path.contains("/lwc/")
        && !name.is_empty()
        && name.chars().all(is_part)
        && text.match_indices(name).any(|(at, _)| {
            let before = text.get(..at).and_then(|before| before.chars().next_back());
            let after = text.get(at + name.len()..).and_then(|after| after.chars().next());
            !before.is_some_and(is_part) && !after.is_some_and(|c| is_part(c) || c == ':')
        })
}

/// The folder of a component, which names it: a bundle of Aura has files of other names (`ClaimController.js`).
fn bundle_of(path: &str) -> Option<&str> {
    let below = ["/aura/", "/lwc/"].iter().find_map(|folder| path.split_once(folder))?.1;
    below.split_once('/').map(|(bundle, _)| bundle)
}

/// Whether a line is a comment up to there.
fn is_comment(text: &str, at: usize) -> bool {
    let line = text.get(..at).and_then(|before| before.rsplit('\n').next()).unwrap_or_default().trim_start();
    line.starts_with("//") || line.starts_with('*') || line.starts_with("<!--")
}

fn component(path: &str, bundle: &str) -> String {
    let kind = if path.contains("/lwc/") {
        "LightningComponentBundle"
    } else if path.contains("/aura/") {
        "AuraDefinitionBundle"
    } else if path.ends_with(".component") {
        "ApexComponent"
    } else {
        "ApexPage"
    };
    format!("{kind}:{bundle}")
}
