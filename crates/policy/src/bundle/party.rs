use jiff::civil::Date;

use super::Identified;
use super::agreement::{self, AgreementState, Coverage};
use crate::address::{Address, Called, HostPattern, UrlPattern};
use crate::bundle::agreement::Agreement;
use crate::file::record::record;
use crate::place::At;
use crate::vocabulary::{AgreementKind, Id, PartyRole, Pin, Region};

record! {
    /// Someone who receives data.
    pub struct Party = "party" {
        id: At<Id>,
        name: Option<String>,
        role: Vec<At<PartyRole>>,
        /// Where it processes, remote access included.
        regions: Vec<At<Region>>,
        endpoints: Vec<Endpoint>,
        /// Namespaces of its installed packages.
        packages: Vec<At<String>>,
        /// Names of its connected apps and external client apps.
        connected_apps: Vec<At<String>>,
        /// Other parties that work for it.
        subprocessors: Vec<At<Id>>,
        agreements: Vec<Agreement>,
    }
}

impl Party {
    pub fn has_role(&self, role: PartyRole) -> bool {
        self.role.iter().any(|own| own.value == role)
    }

    /// How its agreements of a kind stand on a day; [`Ground::agreement`] says which kind a ground needs.
    ///
    /// [`Ground::agreement`]: crate::vocabulary::Ground::agreement
    pub fn agreement_state(&self, kind: AgreementKind, asked: &Coverage<'_>, on: Date) -> AgreementState<'_> {
        AgreementState::of(&self.agreements, kind, asked, on)
    }

    /// The agreement with it by which data may go to a third country on a day.
    pub fn transfer_instrument(&self, on: Date) -> Option<&Agreement> {
        agreement::transfer_instrument(&self.agreements, on)
    }
}

record! {
    /// Where a party or model is reached: one of named credential, URL or host.
    pub struct Endpoint = "endpoint" {
        named_credential: Option<At<String>>,
        url: Option<At<UrlPattern>>,
        host: Option<At<HostPattern>>,
        /// Pins of the public keys it answers with.
        pins: Vec<At<Pin>>,
    }
}

/// How near an endpoint comes to what was called, the nearer the higher.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fit {
    /// A host of which it is one of the names below.
    Below(usize),
    /// A URL on the host, where only the host is known.
    OnHost,
    Host,
    /// A URL, by the length of its path.
    Url(usize),
    Name,
}

impl Endpoint {
    pub(crate) fn fit(&self, called: Called<'_>) -> Option<Fit> {
        let by_host = |host: &str| {
            let own = self.host.as_ref().filter(|own| own.matches(host))?;
            Some(if own.is_open() { Fit::Below(own.as_str().len()) } else { Fit::Host })
        };
        match called {
            Called::NamedCredential(name) => {
                let own = self.named_credential.as_ref()?;
                own.eq_ignore_ascii_case(name).then_some(Fit::Name)
            }
            Called::Url(url) => {
                let address = Address::of(url)?;
                let by_url = self.url.as_ref().filter(|own| own.matches(&address));
                by_url.map(|own| Fit::Url(own.nearness())).or_else(|| by_host(&address.host))
            }
            Called::Host(host) => {
                let host = host.trim_end_matches('.');
                let on_host = |own: &At<UrlPattern>| own.address().host.eq_ignore_ascii_case(host);
                let by_url = self.url.as_ref().filter(|own| on_host(own)).map(|_| Fit::OnHost);
                by_host(host).or(by_url)
            }
        }
    }
}

impl Identified for Party {
    fn id(&self) -> &At<Id> {
        &self.id
    }
}
