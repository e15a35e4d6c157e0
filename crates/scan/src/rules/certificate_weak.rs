//! # A certificate proves too little
//!
//! A certificate of the org has a key shorter than 2048 bits, has expired or will within 60 days, or is self-signed and proves the org to a party
//! that receives PHI.
//!
//! ## Why it harms
//! With a key that can be computed, or an expired certificate that somebody then stops checking, the other side cannot tell the org from a
//! stranger: 45 CFR 164.312(d) and (e)(1); NIST SP 800-57 part 1; GDPR Art. 32(1)(a).
//!
//! ## What to change
//! *Setup > Certificate and Key Management*: make one of 2048 or 4096 bits, have it signed by an authority that the party trusts, put it in the
//! place of the old one and delete that.
//!
//! ## What is not found
//! A self-signed certificate that the party pins may be enough, hence low; for single sign-on it is usual and not found. Elliptic keys have no
//! `keySize` here. That a private key can be exported is the default and not judged. A certificate that a credential names and the source does not
//! hold is unknown. Where no object with PHI is known, nothing is said.
//!
//! ## Seen in the wild
//! `GSA/SF_WorkSpace`: 11 certificates that have expired, one of them in use. `bcgov/MoH-SAT` and `Gvkp38/Production-Gvkp`: one each, of nobody.

use std::collections::BTreeMap;

use journal::{Confidence, Persona, Place, Severity};
use sfdx::Value;
use sfdx::views::Certificate;

use crate::rule::{Draft, Meta, Outcome};
use crate::{Context, account, disclosure};

pub(crate) const META: Meta = Meta {
    title: "A certificate proves too little",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Security,
    controls: &["hipaa-sec-312d", "hipaa-sec-312e1", "gdpr-32-1a"],
    tags: &["phi", "endpoint"],
    replaces: &[],
    sbs: &["SBS-INT-003"],
    needs: &["`certs/`, and what uses them"],
};

const SHORTEST: u64 = 2048;
const SOON: i64 = 60;

/// What uses a certificate.
struct Use {
    what: String,
    place: Place,
    /// The party with PHI to whom it proves the org.
    party: Option<String>,
    /// Whether a credential names it.
    is_credential: bool,
}

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    if cx.phi_objects().next().is_none() {
        return;
    }
    let uses = uses(cx);
    for certificate in cx.project.certificates() {
        out.judged(1);
        let own = uses.get(&certificate.name().to_lowercase()).map(Vec::as_slice).unwrap_or_default();
        judge(cx, certificate, own, out);
    }
    for (name, own) in &uses {
        let is_known = cx.project.certificates().any(|certificate| certificate.name().eq_ignore_ascii_case(name));
        if let Some(first) = own.iter().find(|one| one.is_credential).filter(|_| !is_known) {
            out.unknown(
                format!("the certificate of {}: {}", first.what, first.name()),
                "retrieve `Certificate:*`",
            );
        }
    }
}

impl Use {
    /// The name of the certificate, as it is written.
    fn name(&self) -> &str {
        self.what.rsplit_once(" by ").map_or(self.what.as_str(), |(_, name)| name)
    }
}

fn judge(cx: &Context<'_>, certificate: Certificate<'_>, uses: &[Use], out: &mut Outcome) {
    let name = certificate.name();
    let root = certificate.element();
    let draft = |at: &Value<'_>, message: String, fix: &str, severity: Severity, detail: &str| {
        let draft = Draft::new(format!("Certificate:{name}"), cx.place(at), message, fix).severity(severity).detail(detail);
        uses.iter().take(5).fold(draft, |draft, one| draft.related(one.place.clone(), format!("{} uses it", one.what)))
    };
    if let Some(size) = root.value("keySize").filter(|size| size.number().is_some_and(|bits| bits < SHORTEST)) {
        let message = format!("the key of the certificate `{name}` has {} bits", size.as_str());
        out.found(draft(&size, message, "make one of 2048 or 4096 bits in its place", Severity::Medium, "key"));
    }
    if let Some(expires) = certificate.expires()
        && let Some(day) = account::day(&expires)
    {
        let left = -account::days_since(cx, day);
        if left < 0 {
            let severity = if uses.is_empty() { Severity::Low } else { Severity::Medium };
            let message = format!("the certificate `{name}` expired on {day}");
            out.found(draft(&expires, message, "replace it where it is used, and delete it", severity, "expired"));
        } else if left <= SOON {
            let message = format!("the certificate `{name}` expires on {day}");
            out.found(draft(&expires, message, "replace it where it is used", Severity::Low, "expires"));
        }
    }
    if let Some(signed) = root.value("caSigned").filter(|signed| signed.flag() == Some(false))
        && let Some(party) = uses.iter().find_map(|one| one.party.as_deref())
    {
        let message =
            format!("the certificate `{name}` is self-signed and proves the org to `{party}`, which receives PHI");
        let fix = "have it signed by an authority that the party trusts, or see that the party pins it";
        out.found(draft(&signed, message, fix, Severity::Low, "self-signed").party(party));
    }
}

/// What uses each certificate, by its name in lower case.
fn uses(cx: &Context<'_>) -> BTreeMap<String, Vec<Use>> {
    let mut found: BTreeMap<String, Vec<Use>> = BTreeMap::new();
    let party_of = |credential: &str| {
        let party = disclosure::party_of_credential(cx, credential)?;
        disclosure::receives_phi(cx, party).then(|| party.id.to_string())
    };
    let mut add = |value: Option<Value<'_>>, what: String, party: Option<String>, is_credential: bool| {
        let Some(value) = value.filter(|value| !value.trim().is_empty()) else { return };
        let what = format!("{what} by `{}`", value.as_str());
        let own = Use { what, place: cx.place(&value), party, is_credential };
        found.entry(value.to_lowercase()).or_default().push(own);
    };
    for credential in cx.project.named_credentials() {
        let what = format!("the named credential `{}`", credential.name());
        let party = party_of(credential.name());
        for name in ["certificate", "jwtSigningCertificate"] {
            add(credential.element().value(name), what.clone(), party.clone(), true);
        }
        for parameter in credential.parameters() {
            add(parameter.certificate(), what.clone(), party.clone(), true);
        }
    }
    for credential in cx.project.external_credentials() {
        let users = cx.project.named_credentials().filter(|named| {
            named.external_credential().is_some_and(|name| name.eq_ignore_ascii_case(credential.name()))
        });
        let party = users.into_iter().find_map(|named| party_of(named.name()));
        for parameter in credential.parameters() {
            let what = format!("the external credential `{}`", credential.name());
            add(parameter.certificate(), what, party.clone(), true);
        }
    }
    for config in cx.project.saml_sso_configs() {
        for name in ["requestSigningCertId", "decryptionCertificate"] {
            add(config.element().value(name), format!("single sign-on `{}`", config.name()), None, false);
        }
    }
    for app in cx.project.connected_apps() {
        let certificate = app.oauth().and_then(|oauth| oauth.certificate());
        add(certificate, format!("the connected app `{}`", app.name()), None, false);
    }
    for site in cx.project.sites() {
        for address in site.addresses() {
            add(address.certificate(), format!("the site `{}`", site.name()), None, false);
        }
    }
    found
}
