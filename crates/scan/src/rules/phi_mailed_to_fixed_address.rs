//! # Data about patients is mailed to an address that stands in the source
//!
//! Apex, an alert of a workflow (`<ccEmails>`) or a flow sends PHI by mail to a recipient that is written down as a
//! constant, and whose domain is not one that the organisation itself sends from. High for a mailbox at a public
//! provider, medium for another domain. There is one finding a place that sends.
//!
//! ## Why it harms
//! Whoever has the mailbox gets every such message, also after they have left, after the project ended, and from every
//! sandbox and copy of the org; no log-in, no role and no agreement stands before it, and nobody who reviews access
//! sees it. 45 CFR 164.502(a) and (e), 164.312(e)(1); GDPR Art. 5(1)(f), 28 and 32.
//!
//! ## What to change
//! Send to users, roles or groups of the org (`<recipients>`, `setTargetObjectId`), and a link to the record instead
//! of its values. Where another company has to have it, it is a party of the bundle, with an agreement.
//!
//! ## What is not found
//! Recipients of records (a patient's own address), of settings, custom metadata and labels that code takes apart, and what is
//! computed. Domains of the bundle's parties, and those from which alerts and sites of the source send
//! (`<senderAddress>`, `<emailSenderAddress>`). Whether another domain is the organisation's own nobody says: medium.
//! Lines of a template to which people reply, and links with `mailto:`, send nothing by themselves.
//!
//! ## Seen in the wild
//! `jkeeton8/Jessie-s-Sandbox-Deployments`: a flow mails a client's name to the company that built it.

use std::collections::BTreeSet;

use dataflow::Sink;
use journal::{Confidence, Persona, Severity};
use sfdx::Value;

use crate::Context;
use crate::code;
use crate::disclosure::shown;
use crate::flow_data::FlowData;
use crate::flow_reach;
use crate::mail;
use crate::rule::{Draft, Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "Data about patients is mailed to an address that stands in the source",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Developer,
    controls: &["hipaa-prv-502a", "hipaa-prv-502e", "hipaa-sec-312e1", "gdpr-5-1f"],
    tags: &["phi", "disclosure"],
    replaces: &[],
    sbs: &[],
    needs: &["the Apex classes", "workflows with their alerts, and the templates", "the flows"],
};

const FIX: &str = "send to users or groups of the org, and a link to the record instead of its values";

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    let own = own_domains(cx);
    code::each(
        cx,
        out,
        |sink| sink == Sink::MailTo,
        |code, leak, out| {
            let addresses = leak.to.iter().flat_map(|text| addresses(text));
            let Some((severity, whom)) = outside(cx, &own, addresses) else { return };
            let message = format!("{} mailed to {whom} that the code names", code.what(cx, leak));
            out.found(code::draft(cx, code, leak, message, FIX).severity(severity));
        },
    );
    alerts(cx, &own, out);
    flows(cx, &own, out);
}

fn alerts(cx: &Context<'_>, own: &BTreeSet<String>, out: &mut Outcome) {
    for alert in cx.project.workflow_alerts() {
        let named: Vec<Value<'_>> = alert.cc_emails().collect();
        let Some(first) = named.first() else { continue };
        out.judged(1);
        let addresses = named.iter().flat_map(|value| addresses(value.as_str()));
        let Some((severity, whom)) = outside(cx, own, addresses) else { continue };
        let Some(template) = alert.template() else { continue };
        let Some(used) = cx.project.email_templates().find(|own| own.name().eq_ignore_ascii_case(&template)) else {
            out.unknown(
                format!("what the alerts of `{}` mail to {whom}: a template that is not in the source", alert.object_name()),
                format!("retrieve `EmailTemplate:{}`", template.as_str()),
            );
            continue;
        };
        let Some(merged) = mail::merged_phi(cx, used).filter(|merged| !merged.is_empty()) else { continue };
        let fields: Vec<String> = merged.iter().map(|one| one.field.clone()).collect();
        let name = alert.name().map(Value::into_text).unwrap_or_default();
        let confidence = merged.iter().map(|one| one.verdict.confidence).max().unwrap_or(Confidence::Medium);
        let draft = Draft::new(
            format!("WorkflowAlert:{}.{name}", alert.object_name()),
            cx.place(first),
            format!("the alert `{name}` mails {} to {whom} that it names", shown(&fields)),
            FIX,
        )
        .severity(severity)
        .confidence(confidence)
        .detail("ccEmails")
        .fields(fields);
        out.found(merged.into_iter().fold(draft, |draft, one| {
            let merges = format!("`{}` is merged here", one.field);
            draft.related(one.place, merges)
        }));
    }
}

fn flows(cx: &Context<'_>, own: &BTreeSet<String>, out: &mut Outcome) {
    for flow in cx.project.flows().filter(|flow| flow_reach::runs(cx, *flow)) {
        let mut data = None;
        for call in flow.action_calls().filter(|call| call.action_type().is_some_and(|kind| kind == "emailSimple")) {
            out.judged(1);
            let is_address = |name: &str| {
                ["emailAddresses", "emailAddressesArray", "ccRecipientAddressList", "bccRecipientAddressList"]
                    .iter()
                    .any(|own| own.eq_ignore_ascii_case(name))
            };
            let (to, what): (Vec<_>, Vec<_>) =
                call.inputs().partition(|input| input.name().is_some_and(|name| is_address(&name)));
            let constants: Vec<Value<'_>> = to.iter().filter_map(|input| input.value()?.string()).collect();
            let Some(first) = constants.first() else { continue };
            let addresses = constants.iter().flat_map(|value| addresses(value.as_str()));
            let Some((severity, whom)) = outside(cx, own, addresses) else { continue };
            let data = data.get_or_insert_with(|| FlowData::of(cx, flow));
            let values = what.iter().filter_map(|input| input.value());
            let mut fields: BTreeSet<String> = values.flat_map(|value| data.of_value(cx, value)).collect();
            fields.retain(|field| cx.verdict(field).is_some_and(|verdict| verdict.is_phi()));
            let verdicts = fields.iter().filter_map(|field| cx.verdict(field));
            let Some(confidence) = verdicts.map(|verdict| verdict.confidence).max() else { continue };
            let fields: Vec<String> = fields.into_iter().collect();
            let name = call.name().map(Value::into_text).unwrap_or_default();
            out.found(
                Draft::new(
                    format!("Flow:{}", flow.name()),
                    cx.place(first),
                    format!("the flow `{}` mails {} to {whom} that it names", flow.name(), shown(&fields)),
                    FIX,
                )
                .severity(severity)
                .confidence(confidence)
                .detail(name.into_owned())
                .fields(fields),
            );
        }
    }
}

/// The addresses of a text, which may name several; what is not constant of one is no address.
fn addresses(text: &str) -> impl Iterator<Item = &str> {
    let all = text.split([',', ';', ' ', '\n']).map(str::trim);
    all.filter(|one| !one.contains('\u{0}') && one.matches('@').count() == 1)
}

/// The domain of an address, in lower case.
fn domain(address: &str) -> Option<String> {
    let (name, domain) = address.rsplit_once('@')?;
    let is_domain = domain.contains('.') && !domain.starts_with('.') && !domain.ends_with('.');
    (!name.is_empty() && is_domain).then(|| domain.to_ascii_lowercase())
}

/// Where mailboxes are of whoever asks for one.
const PUBLIC: [&str; 22] = [
    "gmail.com", "googlemail.com", "yahoo.com", "yahoo.co.uk", "ymail.com", "hotmail.com", "hotmail.co.uk", "outlook.com", "live.com",
    "msn.com", "aol.com", "icloud.com", "me.com", "mac.com", "gmx.de", "gmx.net", "web.de", "t-online.de", "proton.me",
    "protonmail.com", "mail.com", "yandex.com",
];

/// How grave it is, and who that is, in words: no address is repeated, since it may be a person's.
fn outside<'a>(
    cx: &Context<'_>,
    own: &BTreeSet<String>,
    addresses: impl Iterator<Item = &'a str>,
) -> Option<(Severity, String)> {
    let is_own = |domain: &String| own.iter().any(|own| domain == own || domain.ends_with(&format!(".{own}")));
    let is_example = |domain: &String| {
        let top = domain.rsplit('.').next().unwrap_or_default();
        ["example", "invalid", "test"].contains(&top)
            || ["example.com", "example.org", "example.net"].contains(&domain.as_str())
    };
    let found: BTreeSet<String> = addresses
        .filter_map(domain)
        .filter(|domain| !is_own(domain) && !is_example(domain) && cx.policy.party_of_host(domain).is_none())
        .collect();
    let public = found.iter().find(|domain| PUBLIC.contains(&domain.as_str()));
    match (public, found.first()) {
        (Some(domain), _) => Some((Severity::High, format!("a mailbox at the public provider `{domain}`"))),
        (None, Some(domain)) => Some((Severity::Medium, format!("an address at `{domain}`"))),
        (None, None) => None,
    }
}

/// The domains from which the source itself sends.
fn own_domains(cx: &Context<'_>) -> BTreeSet<String> {
    let alerts = cx.project.workflow_alerts().filter_map(|alert| alert.sender_address());
    let networks = cx.project.networks().filter_map(|network| network.sender_address());
    let all = alerts.chain(networks).filter_map(|value| domain(value.as_str()));
    all.filter(|domain| !PUBLIC.contains(&domain.as_str())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_what_is_computed() {
        let all = |text: &'static str| addresses(text).filter_map(domain).collect::<Vec<_>>();
        assert_eq!(all("a@b.com; c@D.org,e@f"), ["b.com", "d.org"]);
        assert_eq!(all("\u{0}@b.com"), Vec::<String>::new());
        assert_eq!(all("a@b@c.com @c.com a@.com"), Vec::<String>::new());
    }
}
