//! # The org does not prove who it is to a party with PHI
//!
//! A named credential of a party that receives PHI calls without authentication, or its password stands in the source.
//!
//! ## Why it harms
//! An address that takes PHI from anybody gives a forger's data the same faith, and one that answers anybody gives patients away; a password
//! in a repository is everybody's. 45 CFR 164.312(d), (c)(1) and (e)(1), 164.308(a)(5)(ii)(D); GDPR Art. 32(1)(b); OWASP API2.
//!
//! ## What to change
//! Give the credential OAuth, a client certificate or a key in an external credential. Change a password that stood in the source, take the
//! element out, and see that the history of the repository forgets it.
//!
//! ## What is not found
//! Without a bundle nobody is known to receive PHI. A client certificate, a header or parameter of the external credential counts as proof; *Password* and *Basic* over
//! https do, too. Where `generateAuthorizationHeader` is off, Apex sets the header: unknown. A credential whose callouts are disabled is left out. An
//! external credential that is not in the source is unknown. A password that stands for another (`changeme`) is none.
//!
//! ## Seen in the wild
//! No public project has a bundle.

use journal::{Confidence, Persona, Severity};
use sfdx::Value;
use sfdx::views::{ExternalCredential, NamedCredential};

use crate::rule::{Draft, Meta, Outcome};
use crate::{Context, disclosure, secret, sharing};

pub(crate) const META: Meta = Meta {
    title: "The org does not prove who it is to a party with PHI",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Developer,
    controls: &["hipaa-sec-312d", "hipaa-sec-312e1", "hipaa-sec-308a5iiD", "gdpr-32-1b", "API2"],
    tags: &["phi", "endpoint"],
    replaces: &[],
    sbs: &["SBS-INT-003"],
    needs: &["`namedCredentials/`, `externalCredentials/`", "the parties, in `parties.yaml`"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    for credential in cx.project.named_credentials() {
        if credential.callout_status().is_some_and(|status| status == "Disabled") {
            continue;
        }
        let party = disclosure::party_of_credential(cx, credential.name());
        let Some(party) = party.filter(|party| disclosure::receives_phi(cx, party)) else { continue };
        out.judged(1);
        let id = party.id.as_str();
        if let Some(password) = credential.password().filter(|password| !secret::is_placeholder(password)) {
            let message = format!("the password of the named credential `{}` for `{id}` stands in the source", credential.name());
            let fix = "change it with the party, take the element out, and remove it from the history of the repository";
            out.found(draft(cx, credential, &password, message, fix, id).severity(Severity::High).detail("password"));
        }
        judge(cx, credential, id, out);
    }
}

fn draft(cx: &Context<'_>, credential: NamedCredential<'_>, at: &Value<'_>, message: String, fix: &str, party: &str) -> Draft {
    Draft::new(format!("NamedCredential:{}", credential.name()), cx.place(at), message, fix).party(party)
}

/// What an external credential, or its absence, says.
enum Proof<'p> {
    Given,
    /// Nothing, and the element that says so.
    None(Option<Value<'p>>),
    NotInSource(Value<'p>),
}

fn judge(cx: &Context<'_>, credential: NamedCredential<'_>, party: &str, out: &mut Outcome) {
    let certificate = credential.certificate().into_iter().chain(
        credential.parameters().filter_map(|parameter| parameter.certificate()),
    );
    let proves = |kind: &Value<'_>| matches!(kind.as_str(), "ClientCertificate" | "HttpHeader");
    if certificate.into_iter().any(|name| !name.trim().is_empty())
        || credential.parameters().filter_map(|parameter| parameter.kind()).any(|kind| proves(&kind))
    {
        return;
    }
    let proof = match credential.protocol() {
        Some(protocol) if protocol == "NoAuthentication" => Proof::None(Some(protocol)),
        Some(_) => Proof::Given,
        None => proof(cx, credential),
    };
    let name = credential.name();
    match proof {
        Proof::Given => {}
        Proof::NotInSource(external) => out.unknown(
            format!("how the named credential `{name}` for `{party}` proves the org: the external credential `{}`", external.as_str()),
            format!("retrieve `ExternalCredential:{}`", external.as_str()),
        ),
        Proof::None(_) if credential.generates_authorization() == Some(false) => out.unknown(
            format!("which header code sets for the named credential `{name}` of `{party}`"),
            "read the Apex that calls it: `generateAuthorizationHeader` is off",
        ),
        Proof::None(at) => {
            let message = format!("the named credential `{name}` calls `{party}`, which receives PHI, without authentication");
            let fix = "give it OAuth, a client certificate or a key in an external credential";
            let place = at.as_ref().map_or_else(|| sharing::start(credential.element()), |at| cx.place(at));
            out.found(
                Draft::new(format!("NamedCredential:{name}"), place, message, fix).party(party).detail("authentication"),
            );
        }
    }
}

fn proof<'p>(cx: &Context<'p>, credential: NamedCredential<'p>) -> Proof<'p> {
    let Some(name) = credential.external_credential() else {
        // Only the new kind is without a protocol of its own.
        return match credential.kind() {
            Some(kind) if kind != "Legacy" => Proof::None(Some(kind)),
            _ => Proof::Given,
        };
    };
    let external = cx.project.external_credentials().find(|own| own.name().eq_ignore_ascii_case(&name));
    let Some(external) = external else { return Proof::NotInSource(name) };
    match external.protocol() {
        Some(protocol) if protocol == "NoAuthentication" => Proof::None(Some(protocol)),
        Some(protocol) if protocol == "Custom" && !says_more(external) => Proof::None(Some(protocol)),
        _ => Proof::Given,
    }
}

/// Whether a custom external credential has anything that could prove the org. Its principals only hold values.
fn says_more(external: ExternalCredential<'_>) -> bool {
    external
        .parameters()
        .filter_map(|parameter| parameter.kind())
        .any(|kind| !matches!(kind.as_str(), "NamedPrincipal" | "PerUserPrincipal"))
}
