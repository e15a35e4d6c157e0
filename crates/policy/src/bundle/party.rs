use super::Identified;
use crate::address::{HostPattern, UrlPattern};
use crate::bundle::agreement::Agreement;
use crate::file::record::record;
use crate::place::At;
use crate::vocabulary::{Id, PartyRole, Pin, Region};

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

impl Identified for Party {
    fn id(&self) -> &At<Id> {
        &self.id
    }
}
