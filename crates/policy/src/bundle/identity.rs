use super::Identified;
use crate::address::Network;
use crate::file::record::record;
use crate::place::At;
use crate::vocabulary::{AudienceKind, Id, IdentityKind, Purpose};

record! {
    /// Who acts: an integration user, an OAuth client, a role of the workforce, a person.
    pub struct Identity = "identity" {
        id: At<Id>,
        kind: At<IdentityKind>,
        /// On whose behalf; the own workforce where left out.
        party: Option<At<Id>>,
        salesforce: Option<SalesforceNames>,
        /// Where its calls come from; anywhere where left out.
        networks: Vec<At<Network>>,
        /// OAuth scopes that it needs.
        scopes: Vec<At<String>>,
        purposes: Vec<At<Purpose>>,
    }
}

record! {
    /// How Salesforce names an identity.
    pub struct SalesforceNames = "set of Salesforce names" {
        users: Vec<At<String>>,
        profiles: Vec<At<String>>,
        permission_sets: Vec<At<String>>,
        connected_apps: Vec<At<String>>,
    }
}

record! {
    /// Who looks through Salesforce's own pages.
    pub struct Audience = "audience" {
        id: At<Id>,
        kind: At<AudienceKind>,
        profiles: Vec<At<String>>,
    }
}

impl Identified for Identity {
    fn id(&self) -> &At<Id> {
        &self.id
    }
}

impl Identified for Audience {
    fn id(&self) -> &At<Id> {
        &self.id
    }
}
