//! # PHI in the address of a link
//!
//! A button, link, tab or `HYPERLINK` formula merges a field of PHI into a URL, or a button's script names one.
//!
//! ## Why it harms
//! A URL is kept where no permission reaches: in the browser's history, in the logs of proxies and servers, in the
//! `Referer` header of what the page loads, in bookmarks and chats (RFC 9110, 17.9, *Disclosure of Sensitive
//! Information in URIs*). The operator of the host is handed the value by the click. 45 CFR 164.312(e)(1),
//! 164.502(b); GDPR Art. 5(1)(c) and (f).
//!
//! ## What to change
//! Pass the record's Id and let the page or party fetch what it may see; where another system needs a number, open it
//! by a form that posts, or by a single sign-on with context. Make a Lightning action of a script.
//!
//! ## What is not found
//! A link that no layout or page of the source shows, where there are layouts, is medium. Ids of records say nothing to whoever cannot log in. The label of a `HYPERLINK` is shown on the page and sent
//! nowhere. URLs that Apex, Visualforce and Lightning components make are code. A host of Salesforce or of a party of
//! the bundle is medium, any other high, and so is one that is put together when the link is opened.
//!
//! ## Seen in the wild
//! No public project that was looked at merges PHI into a link. Links that Salesforce ships (maps, news) merge names
//! and addresses of accounts and contacts; they are found where these are patients.

use journal::{Confidence, Persona, Place, Severity};
use policy::vocabulary::Identifier;
use sfdx::Value;

use crate::Context;
use crate::disclosure::shown;
use crate::endpoint::Home;
use crate::field_path;
use crate::flow::{Destination, FoundFlow};
use crate::formula;
use crate::link::{self, Merged, Target};
use crate::rule::{Draft, Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "PHI in the address of a link",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Developer,
    controls: &["hipaa-sec-312e1", "hipaa-prv-502b", "gdpr-5-1c", "gdpr-5-1f"],
    tags: &["phi", "disclosure"],
    replaces: &["pmd:AvoidJavaScriptWebLink"],
    sbs: &[],
    needs: &["the buttons and links (`objects/*/webLinks/`)"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    let home = Home::of(cx.project);
    for link in link::of(cx) {
        out.judged(1);
        let merged = Merged::of_text(cx, &link.url);
        if merged.fields.is_empty() || is_idle_standard(cx, &link) {
            continue;
        }
        let target = (!link.is_script).then(|| link::target(&home, &link.url));
        let is_nowhere = link.is_nowhere(cx);
        found(cx, &link.component, &link.title, &link.url, target, (merged, is_nowhere), out);
    }
    for object in cx.project.objects() {
        for field in object.fields() {
            let Some(text) = field.formula() else { continue };
            // One finding for a formula: the worst of its addresses.
            let mut worst: Option<(Target, Merged)> = None;
            for address in formula::addresses(&text) {
                let mut merged = Merged::default();
                for reference in address.references {
                    merged.add(cx, &field_path::follow(cx.project, object.name(), reference));
                }
                if merged.fields.is_empty() {
                    continue;
                }
                let target = match address.begins {
                    // More follows what is written.
                    Some(begins) => link::target(&home, &format!("{begins}{{!")),
                    None => Target::Unknown,
                };
                if worst.as_ref().is_none_or(|(known, _)| *known == Target::Inside) {
                    worst = Some((target, merged));
                }
            }
            if let Some((target, merged)) = worst {
                let name = field.full_name();
                let title = format!("the formula `{name}`");
                found(cx, &format!("CustomField:{name}"), &title, &text, Some(target), (merged, false), out);
            }
        }
    }
}

/// A link that Salesforce puts into every org, and that stands on no page layout of its object in the source.
fn is_idle_standard(cx: &Context<'_>, link: &link::Link<'_>) -> bool {
    const SHIPPED: [&str; 7] =
        ["AltavistaNews", "GoogleMaps", "GoogleNews", "GoogleSearch", "HooversProfile", "YahooMaps", "YahooWeather"];
    let full = link.component.rsplit(':').next().unwrap_or_default();
    let (object, name) = full.rsplit_once('.').unwrap_or(("", full));
    let of_object = format!("{object}-");
    let layouts = cx.project.of_type("Layout").filter(|layout| layout.full_name().starts_with(&of_object));
    let mut layouts = layouts.peekable();
    SHIPPED.contains(&name)
        && layouts.peek().is_some()
        && !layouts.any(|layout| layout.root().source().text().contains(&format!(">{name}<")))
}

/// A name or an address: what a user sends by a click of their own, as they would type it.
fn tells_who_and_where(cx: &Context<'_>, field: &str) -> bool {
    cx.verdict(field).is_some_and(|verdict| {
        matches!(verdict.identifier, Some(Identifier::Name | Identifier::Geographic))
    })
}

/// One finding; `target` is nothing for a script.
fn found(
    cx: &Context<'_>,
    component: &str,
    title: &str,
    at: &Value<'_>,
    target: Option<Target>,
    (merged, is_nowhere): (Merged, bool),
    out: &mut Outcome,
) {
    let confidence = merged.confidence.unwrap_or(Confidence::Medium);
    let fields = shown(&merged.fields);
    let party = match &target {
        Some(Target::Host(host)) => cx.policy.party_of_url(at).or_else(|| cx.policy.party_of_host(host)),
        _ => None,
    };
    let (severity, what) = match (&target, party) {
        (None, _) => (Severity::Medium, format!("{title} runs a script in the page with {fields}")),
        (Some(Target::Inside), _) => {
            (Severity::Medium, format!("{title} puts {fields} into an address inside Salesforce"))
        }
        (Some(Target::Host(host)), Some(party)) => {
            (Severity::Medium, format!("{title} puts {fields} into an address of `{}` (`{host}`)", party.id))
        }
        (Some(Target::Host(host)), None) => {
            let is_address = merged.fields.iter().all(|field| tells_who_and_where(cx, field));
            (if is_address { Severity::Medium } else { Severity::High }, format!("{title} puts {fields} into an address at `{host}`"))
        }
        (Some(Target::Unknown), _) => (
            Severity::High,
            format!("{title} puts {fields} into an address whose host is not known before it is opened"),
        ),
    };
    let (severity, what) = match is_nowhere {
        true => (severity.min(Severity::Medium), what + link::NOWHERE),
        false => (severity, what),
    };
    let place: Place = cx.place(at);
    if let Some(Target::Host(host)) = &target {
        out.flow(FoundFlow {
            fields: merged.fields.clone(),
            to: match party {
                Some(party) => Destination::Party(party.id.to_string()),
                None => Destination::Host(host.clone()),
            },
            by: component.to_owned(),
            place: place.clone(),
            confidence,
        });
    }
    let fix = if target.is_none() {
        "make a Lightning action of the script, which gets the record's Id and reads with the user's own rights"
    } else {
        "pass the record's Id instead, and let what opens fetch what it may see"
    };
    let mut draft = Draft::new(component, place, what, fix)
        .severity(severity)
        .confidence(confidence)
        .detail("url")
        .fields(merged.fields);
    if let Some(party) = party {
        draft = draft.party(party.id.to_string());
    }
    out.found(draft);
}
