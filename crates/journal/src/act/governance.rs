use policy::Policy;
use policy::vocabulary::{Class, Purpose};

use crate::clock::{Day, Moment, Number};
use crate::finding::Severity;
use crate::form::{choice, one_of, record};
use crate::names::{
    ApiName, Approver, Blinded, Ceiling, ControlId, Digest, Flow, Identity, Model, Party, RecordId, Uid,
    Version,
};
use crate::subject::Pseudonym;

use super::upkeep::Room;

record! {
    /// What a person wrote, kept elsewhere: the entry has what proves that it was this.
    pub struct Statement {
        /// Under which it is kept.
        id: Uid,
        text: Blinded,
    }
}

one_of! {
    /// A person of the organisation.
    pub enum Person {
        /// As the bundle names them.
        Approver(Approver) = "approver",
        Identity(Identity) = "identity",
        /// A user of Salesforce.
        User(RecordId) = "user",
    }
}

impl Person {
    pub(super) fn is_declared(&self, policy: &Policy) -> bool {
        match self {
            Self::Approver(name) => name.is_declared(policy),
            Self::Identity(name) => name.is_declared(policy),
            Self::User(_) => true,
        }
    }
}

record! {
    /// Another bundle took force. The entry's `policy` is the one that is in force now.
    pub struct PolicyChange {
        /// The one before; none for the first.
        before: Option<Digest>,
        approvers: Vec<Approver>,
        /// Whether the change gives anybody more.
        widens: Option<Number>,
    }
}

choice! {
    pub enum ApprovalWord = "a word of approval" {
        Approved = "approved",
        Refused = "refused",
        Withdrawn = "withdrawn",
    }
}

record! {
    pub struct Approval {
        by: Approver,
        /// What it is about: a bundle, a grant's request, a model.
        what: Digest,
        word: ApprovalWord,
        until: Option<Moment>,
        statement: Option<Statement>,
    }
}

record! {
    /// Access for a time, within a ceiling of the bundle.
    pub struct Grant {
        id: Uid,
        ceiling: Ceiling,
        to: Identity,
        purpose: Purpose,
        /// The person whose data it opens; everyone's where left out.
        subject: Option<Pseudonym>,
        from: Moment,
        until: Moment,
        approvers: Vec<Approver>,
        /// The moment from which it no longer holds, where it was taken back.
        revoked: Option<Moment>,
        statement: Option<Statement>,
    }
}

one_of! {
    pub enum Blocked {
        Identity(Identity) = "identity",
        Party(Party) = "party",
        Model(Model) = "model",
        Flow(Flow) = "flow",
    }
}

record! {
    pub struct Block {
        id: Uid,
        what: Blocked,
        from: Day,
        until: Option<Day>,
        by: Option<Person>,
        statement: Option<Statement>,
    }
}

impl Block {
    pub(super) fn days_end_first(&self) -> Option<&'static str> {
        self.until.is_some_and(|until| until < self.from).then_some("the days end before they begin")
    }
}

choice! {
    /// What a person may say about their data.
    pub enum StandingKind = "a kind of standing fact" {
        /// 45 CFR 164.508.
        Authorisation = "authorisation",
        /// 45 CFR 164.522(a), GDPR Art. 18.
        Restriction = "restriction",
        /// GDPR Art. 21.
        Objection = "objection",
        /// GDPR Art. 6(1)(a) and 9(2)(a), 42 CFR 2.31.
        Consent = "consent",
    }
}

choice! {
    pub enum StandingWord = "a word on a standing fact" {
        Given = "given",
        TakenBack = "taken-back",
    }
}

record! {
    /// What a standing fact is about: every list that is left out means all.
    pub struct Scope {
        parties: Vec<Party>,
        purposes: Vec<Purpose>,
        classes: Vec<Class>,
    }
}

record! {
    pub struct StandingFact {
        id: Uid,
        kind: StandingKind,
        word: StandingWord,
        subject: Pseudonym,
        scope: Option<Scope>,
        from: Day,
        until: Option<Day>,
        /// The signed document.
        document: Option<Blinded>,
    }
}

impl StandingFact {
    pub(super) fn days_end_first(&self) -> Option<&'static str> {
        self.until.is_some_and(|until| until < self.from).then_some("the days end before they begin")
    }
}

choice! {
    pub enum ReviewWord = "a reviewer's word" {
        Certify = "certify",
        Reduce = "reduce",
        Revoke = "revoke",
        Except = "except",
        Reassign = "reassign",
    }
}

record! {
    /// A reviewer judged somebody's access to an object or field.
    pub struct ReviewDecision {
        campaign: Uid,
        /// The frozen roster that the item stands in.
        roster: Digest,
        of: Person,
        object: ApiName,
        field: Option<ApiName>,
        by: Person,
        word: ReviewWord,
        until: Option<Day>,
        statement: Option<Statement>,
    }
}

record! {
    /// How many findings there are of one severity.
    pub struct Tally {
        severity: Severity,
        counted: Number,
        /// Accepted by a named person until a day.
        accepted: Number,
    }
}

record! {
    pub struct FindingSnapshot {
        /// The report.
        report: Digest,
        /// What was read.
        source: Digest,
        version: Version,
        tallies: Vec<Tally>,
        /// Things that could not be judged.
        gaps: Number,
    }
}

record! {
    pub struct FlowSnapshot {
        report: Digest,
        from: Moment,
        to: Moment,
        declared: Number,
        found: Number,
        observed: Number,
        /// Found or observed, and not declared.
        undeclared: Number,
        /// Declared, and neither found nor observed.
        unused: Number,
    }
}

choice! {
    /// What evidence speaks of.
    pub enum Examined = "a thing that is examined" {
        SourceScan = "source-scan",
        AccessReview = "access-review",
        ActivityReview = "activity-review",
        LedgerCheck = "ledger-check",
        KeyringDrill = "keyring-drill",
        RestoreDrill = "restore-drill",
        RotationTest = "rotation-test",
        GatewayTest = "gateway-test",
        PageTest = "page-test",
        ModelEvaluation = "model-evaluation",
        OrgQuery = "org-query",
    }
}

choice! {
    pub enum EvidenceOutcome = "an outcome of evidence" {
        InOrder = "in-order",
        Findings = "findings",
        Accepted = "accepted",
        Unknown = "unknown",
    }
}

record! {
    /// A dated statement of what was looked at; the document itself lies elsewhere.
    pub struct EvidenceRecord {
        of: Examined,
        controls: Vec<ControlId>,
        collector: Room,
        version: Version,
        /// What was read.
        source: Digest,
        /// What was written about it.
        document: Digest,
        from: Moment,
        to: Moment,
        seen: Number,
        result: EvidenceOutcome,
    }
}

choice! {
    /// A step in the handling of an incident.
    pub enum IncidentStep = "a step in an incident" {
        Opened = "opened",
        /// The day from which 45 CFR 164.404(b) counts.
        Discovered = "discovered",
        /// The moment from which GDPR Art. 33(1) counts.
        Aware = "aware",
        Assessed = "assessed",
        NotABreach = "not-a-breach",
        Breach = "breach",
        DelayAsked = "delay-asked",
        AuthorityTold = "authority-told",
        PeopleTold = "people-told",
        MediaTold = "media-told",
        CustomerTold = "customer-told",
        Mended = "mended",
        Closed = "closed",
    }
}

record! {
    pub struct IncidentAct {
        id: Uid,
        step: IncidentStep,
        /// When it happened, where that is not when it was recorded.
        at: Option<Moment>,
        /// People concerned, as far as known.
        people: Option<Number>,
        statement: Option<Statement>,
    }
}
