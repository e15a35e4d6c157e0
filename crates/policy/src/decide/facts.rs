//! What a decision is made of, as Cedar and the tables see it.

use std::net::IpAddr;

use jiff::Timestamp;

use crate::bundle::flow::DeclaredFlow;
use crate::bundle::identity::{Audience, Identity};
use crate::bundle::model::Model;
use crate::bundle::organisation::Org;
use crate::bundle::party::Party;
use crate::vocabulary::{Action, Class, Identifier, Mask, Protect, Purpose, Region, Tag};

/// A closed list of words that rules read.
macro_rules! words {
    (
        $(#[$meta:meta])*
        pub(crate) enum $type:ident { $( $variant:ident = $word:literal ),* $(,)? }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum $type { $( $variant ),* }

        impl $type {
            pub(crate) const fn as_str(self) -> &'static str {
                match self { $( $type::$variant => $word ),* }
            }
        }
    };
}

words! {
    /// A fact that changes from call to call, by its name in a rule's context.
    pub(crate) enum Dimension {
        Proof = "proof",
        Processor = "processor",
        Transfer = "transfer",
        Region = "region",
        Restriction = "restriction",
        Objection = "objection",
        Consent = "consent",
        Block = "block",
        Network = "network",
        Tls = "tls",
        RecordOf = "recordOf",
        ModelState = "modelState",
    }
}

words! {
    /// How a ground or an agreement stands, better before worse.
    pub(crate) enum Proof {
        NotNeeded = "not-needed",
        Proved = "proved",
        Unknown = "unknown",
        Expired = "expired",
        NotYet = "not-yet",
        NotCovering = "not-covering",
        Missing = "missing",
        Unproved = "unproved",
        DirectIdentifier = "direct-identifier",
        AuthorisationMissing = "authorisation-missing",
        BasisMissing = "basis-missing",
    }
}

impl Proof {
    pub(crate) const fn holds(self) -> bool {
        matches!(self, Proof::NotNeeded | Proof::Proved)
    }
}

words! {
    pub(crate) enum TransferState {
        NotNeeded = "not-needed",
        Covered = "covered",
        Uncovered = "uncovered",
        Unknown = "unknown",
    }
}

words! {
    pub(crate) enum RegionState {
        Allowed = "allowed",
        Wrong = "wrong",
        Unlisted = "unlisted",
        Unknown = "unknown",
    }
}

words! {
    pub(crate) enum Restricted {
        None = "none",
        InForce = "restricted",
        Unknown = "unknown",
    }
}

words! {
    pub(crate) enum Objected {
        None = "none",
        InForce = "objected",
        Unknown = "unknown",
    }
}

words! {
    pub(crate) enum Consented {
        NotNeeded = "not-needed",
        Given = "given",
        Missing = "missing",
        Unknown = "unknown",
    }
}

words! {
    pub(crate) enum BlockState {
        None = "none",
        Blocked = "blocked",
        Unknown = "unknown",
    }
}

words! {
    pub(crate) enum NetworkState {
        Allowed = "allowed",
        Outside = "outside",
        Unknown = "unknown",
        NotApplicable = "not-applicable",
    }
}

words! {
    pub(crate) enum TlsState {
        Strong = "strong",
        Weak = "weak",
        None = "none",
        Unknown = "unknown",
        NotApplicable = "not-applicable",
    }
}

words! {
    pub(crate) enum RecordOf {
        Own = "own",
        Others = "others",
        Unknown = "unknown",
        NotApplicable = "not-applicable",
    }
}

words! {
    pub(crate) enum ModelState {
        Approved = "approved",
        Unapproved = "unapproved",
        ClassNotAllowed = "class-not-allowed",
        PurposeNotAllowed = "purpose-not-allowed",
        NotApplicable = "not-applicable",
    }
}

/// Whether a declared flow carries the question, and what keeps the nearest one out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Declared {
    Yes,
    Undeclared,
    OtherCarrier,
    OtherPurpose,
    OtherGround,
    NotNeeded,
}

impl Declared {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Declared::Yes => "declared",
            Declared::Undeclared => "undeclared",
            Declared::OtherCarrier => "other-carrier",
            Declared::OtherPurpose => "other-purpose",
            Declared::OtherGround => "other-ground",
            Declared::NotNeeded => "not-needed",
        }
    }
}

/// The value of each dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) proof: Proof,
    pub(crate) processor: Proof,
    pub(crate) transfer: TransferState,
    pub(crate) region: RegionState,
    pub(crate) restriction: Restricted,
    pub(crate) objection: Objected,
    pub(crate) consent: Consented,
    pub(crate) block: BlockState,
    pub(crate) network: NetworkState,
    pub(crate) tls: TlsState,
    pub(crate) record_of: RecordOf,
    pub(crate) model_state: ModelState,
}

impl Facts {
    /// The word that stands in a rule's context.
    pub(crate) const fn word(&self, dimension: Dimension) -> &'static str {
        match dimension {
            Dimension::Proof => self.proof.as_str(),
            Dimension::Processor => self.processor.as_str(),
            Dimension::Transfer => self.transfer.as_str(),
            Dimension::Region => self.region.as_str(),
            Dimension::Restriction => self.restriction.as_str(),
            Dimension::Objection => self.objection.as_str(),
            Dimension::Consent => self.consent.as_str(),
            Dimension::Block => self.block.as_str(),
            Dimension::Network => self.network.as_str(),
            Dimension::Tls => self.tls.as_str(),
            Dimension::RecordOf => self.record_of.as_str(),
            Dimension::ModelState => self.model_state.as_str(),
        }
    }

    /// The position of the value among those of its dimension.
    pub(crate) const fn position(&self, dimension: Dimension) -> usize {
        match dimension {
            Dimension::Proof => self.proof as usize,
            Dimension::Processor => self.processor as usize,
            Dimension::Transfer => self.transfer as usize,
            Dimension::Region => self.region as usize,
            Dimension::Restriction => self.restriction as usize,
            Dimension::Objection => self.objection as usize,
            Dimension::Consent => self.consent as usize,
            Dimension::Block => self.block as usize,
            Dimension::Network => self.network as usize,
            Dimension::Tls => self.tls as usize,
            Dimension::RecordOf => self.record_of as usize,
            Dimension::ModelState => self.model_state as usize,
        }
    }
}

impl Dimension {
    pub(crate) const ALL: &'static [Dimension] = &[
        Dimension::Proof,
        Dimension::Processor,
        Dimension::Transfer,
        Dimension::Region,
        Dimension::Restriction,
        Dimension::Objection,
        Dimension::Consent,
        Dimension::Block,
        Dimension::Network,
        Dimension::Tls,
        Dimension::RecordOf,
        Dimension::ModelState,
    ];
}

/// Who acts.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Who<'a> {
    Identity(&'a Identity),
    Audience(&'a Audience),
    /// Not known to the asker.
    Unknown,
}

impl<'a> Who<'a> {
    pub(crate) fn id(&self) -> &'a str {
        match self {
            Who::Identity(identity) => identity.id.as_str(),
            Who::Audience(audience) => audience.id.as_str(),
            Who::Unknown => "",
        }
    }

    /// The party on whose behalf it acts, other than the organisation.
    pub(crate) fn party(&self) -> Option<&'a str> {
        match self {
            Who::Identity(identity) => identity.party.as_ref().map(|party| party.as_str()),
            _ => None,
        }
    }
}

/// Who receives.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target<'a> {
    Party(&'a Party),
    /// A model, and the party that runs it.
    Model(&'a Model, Option<&'a Party>),
    Org(&'a Org),
}

impl<'a> Target<'a> {
    pub(crate) fn id(&self) -> &'a str {
        match self {
            Target::Party(party) => party.id.as_str(),
            Target::Model(model, _) => model.id.as_str(),
            Target::Org(org) => org.id.as_str(),
        }
    }

    pub(crate) fn party(&self) -> Option<&'a Party> {
        match self {
            Target::Party(party) => Some(party),
            Target::Model(_, provider) => *provider,
            Target::Org(_) => None,
        }
    }
}

/// A field as the rules see it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// `object.field`, lower case.
    pub(crate) name: String,
    /// Lower case.
    pub(crate) object: String,
    pub(crate) class: Class,
    pub(crate) identifier: Option<Identifier>,
    pub(crate) protect: Protect,
    pub(crate) tags: Vec<Tag>,
    pub(crate) mask: Option<Mask>,
    /// What each of its rules says it holds: more than one where it differs by record type.
    pub(crate) kinds: Vec<Option<Identifier>>,
}

/// One field of one question, with everything that a rule may read.
#[derive(Clone, Debug)]
pub(crate) struct Case<'a> {
    pub(crate) who: Who<'a>,
    pub(crate) action: Action,
    pub(crate) field: &'a Seen,
    pub(crate) target: Option<Target<'a>>,
    /// Who receives, where that is not the organisation itself.
    pub(crate) party: Option<&'a Party>,
    pub(crate) flow: Option<&'a DeclaredFlow>,
    pub(crate) purpose: Option<Purpose>,
    pub(crate) declared: Declared,
    pub(crate) in_minimum_set: bool,
    pub(crate) minimum_is_law: bool,
    pub(crate) purpose_allowed: bool,
    pub(crate) granted: bool,
    pub(crate) facts: Facts,
    pub(crate) at: Timestamp,
    pub(crate) network: Option<IpAddr>,
    pub(crate) subject_region: Option<&'a Region>,
}
