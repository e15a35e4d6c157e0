//! # A script lives in metadata
//!
//! A button, link, tab or home page component runs JavaScript in the page, an S-control or an Aura bundle without
//! Lightning Locker is still there, a message channel is open to every namespace, or the id of the user's session is
//! put into an address or field.
//!
//! ## Why it harms
//! Such a script runs with its user's rights over every patient, past every review of code and every scanner of code.
//! The id of a session is the user's log-in: whoever has it is the user, until the session ends. Sent to another
//! host, it gives that host the API with all that the user may see; in a formula it stands where others read it. 45
//! CFR 164.312(a)(1), (c)(1) and (d); GDPR Art. 32(1)(b).
//!
//! ## What to change
//! A Lightning action, flow or Lightning web component in place of the script (*Lightning Experience Configuration
//! Converter*); a connected app with OAuth and scopes of its own in place of the session id; `<isExposed>false` for a
//! message channel that only your own components use; `apiVersion` 40.0 or later for an Aura bundle, after a test.
//!
//! ## What is not found
//! A link that no layout or page of the source shows, where there are layouts, is medium. Scripts of Visualforce pages, Aura and Lightning web components and static resources are code. A script that names
//! a field of PHI is `phi-in-link-url`. The address of the session's server is no session. Session ids that an
//! outbound message carries are `phi-in-outbound-message`.
//!
//! ## Seen in the wild
//! `CityofToronto/EDC-Salesforce`: five tabs of a forms package give the session id to its vendor's host.
//! `GSA/SF_WorkSpace`: a link gives it to a document service, and eight more scripts, three of them Aura bundles
//! without Locker. Of seven public projects of organisations five have the case, and packages such as
//! `SalesforceFoundation/NPSP` have Aura bundles without Locker.

use journal::{Confidence, Persona, Severity};
use sfdx::Value;

use crate::Context;
use crate::endpoint::Home;
use crate::link::{self, Merged, Target};
use crate::rule::{Draft, Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "A script lives in metadata",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Developer,
    controls: &["hipaa-sec-312a1", "hipaa-sec-312d", "hipaa-sec-312c1", "gdpr-32-1b"],
    tags: &["script", "session"],
    replaces: &[
        "pmd:AvoidJavaScriptWebLink",
        "pmd:AvoidJavaScriptInUrls",
        "pmd:AvoidJavaScriptHomePageComponent",
        "pmd:AvoidJavaScriptCustomObject",
        "pmd:AvoidSControls",
        "pmd:AvoidApiSessionId",
        "pmd:AvoidLmcIsExposedTrue",
        "pmd:AvoidAuraWithLockerDisabled",
    ],
    sbs: &[],
    needs: &["buttons, links, tabs, home page components, message channels"],
};

/// Lightning Locker holds from this API version on.
const LOCKER: f64 = 40.0;

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    links(cx, out);
    formulas(cx, out);
    for component in cx.project.of_type("HomePageComponent") {
        out.judged(1);
        let Some(body) = component.root().value("body") else { continue };
        let lower = body.to_ascii_lowercase();
        if lower.contains("<script") || lower.contains("javascript:") {
            out.found(script(
                cx,
                format!("HomePageComponent:{}", component.full_name()),
                &body,
                format!("the home page component `{}` runs a script in the page of everybody who sees it", component.name()),
                "make a Lightning web component of it and take the script out",
            ));
        }
    }
    for component in cx.project.of_type("Scontrol") {
        out.judged(1);
        if let Some(source) = component.root().value("contentSource") {
            out.found(script(
                cx,
                format!("Scontrol:{}", component.full_name()),
                &source,
                format!("the S-control `{}` is still there: script from before Visualforce", component.name()),
                "delete it; what it did is a page or component today",
            ));
        }
    }
    for channel in cx.project.of_type("LightningMessageChannel") {
        out.judged(1);
        if let Some(exposed) = channel.root().value("isExposed").filter(|value| value.flag() == Some(true)) {
            out.found(script(
                cx,
                format!("LightningMessageChannel:{}", channel.full_name()),
                &exposed,
                format!("the message channel `{}` is open to components of every namespace", channel.name()),
                "set `<isExposed>false</isExposed>`, unless a package must listen",
            ));
        }
    }
    for bundle in cx.project.of_type("AuraDefinitionBundle") {
        // Events and interfaces run nothing.
        let file = bundle.file().name();
        let runs = [".cmp-meta.xml", ".app-meta.xml"].iter().any(|end| file.ends_with(end));
        let Some(version) = bundle.root().value("apiVersion").filter(|_| runs) else { continue };
        out.judged(1);
        if version.trim().parse::<f64>().is_ok_and(|version| version < LOCKER) {
            out.found(script(
                cx,
                format!("AuraDefinitionBundle:{}", bundle.full_name()),
                &version,
                format!("the Aura bundle `{}` runs without Lightning Locker", bundle.name()),
                "raise its `apiVersion` to 40.0 or later and test it",
            ));
        }
    }
}

fn links(cx: &Context<'_>, out: &mut Outcome) {
    let home = Home::of(cx.project);
    for link in link::of(cx) {
        out.judged(1);
        if link::takes_session(&link.url) {
            let target = link::target(&home, &link.url);
            let is_nowhere = link.is_nowhere(cx);
            let so = if is_nowhere { link::NOWHERE } else { "" };
            let (severity, to) = match (&target, link.is_script) {
                (Target::Host(host), false) => (Severity::High, format!("to `{host}`")),
                (Target::Unknown, false) => {
                    (Severity::High, "to a host that is not known before it is opened".to_owned())
                }
                (Target::Inside, _) | (_, true) => (Severity::Medium, "into the page".to_owned()),
            };
            out.found(
                script(
                    cx,
                    link.component,
                    &link.url,
                    format!("{} gives the id of the user's session {to}{so}", link.title),
                    "let the other side log in by a connected app of its own, with the scopes that it needs, and take the \
                     session id out",
                )
                .severity(if is_nowhere { severity.min(Severity::Medium) } else { severity }),
            );
        } else if link.is_script && Merged::of_text(cx, &link.url).fields.is_empty() {
            out.found(script(
                cx,
                link.component,
                &link.url,
                format!("{} runs a script in the page of whoever clicks it", link.title),
                "make a Lightning action or flow of it",
            ));
        }
    }
}

fn formulas(cx: &Context<'_>, out: &mut Outcome) {
    for object in cx.project.objects() {
        for field in object.fields() {
            let Some(text) = field.formula().filter(|text| link::takes_session(text)) else { continue };
            let name = field.full_name();
            out.found(
                script(
                    cx,
                    format!("CustomField:{name}"),
                    &text,
                    format!("the formula `{name}` shows the id of the session of whoever reads the record"),
                    "take it out of the formula: what calls back should log in by a connected app of its own",
                )
                .severity(Severity::High),
            );
        }
    }
}

fn script(cx: &Context<'_>, component: String, at: &Value<'_>, message: String, fix: &str) -> Draft {
    Draft::new(component, cx.place(at), message, fix).detail("script")
}
