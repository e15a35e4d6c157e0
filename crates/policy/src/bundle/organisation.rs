use jiff::civil::Date;

use super::agreement::{self, Agreement, AgreementState, Coverage};
use super::{Citation, Identified};
use crate::file::record::record;
use crate::period::Period;
use crate::place::At;
use crate::vocabulary::{
    Action, AgreementKind, ApproverKey, Class, Id, OrgKind, OrganisationRole, Purpose, Region, Sanitised,
};

record! {
    /// Whose bundle it is.
    pub struct Organisation = "organisation" {
        name: String,
        /// What it is in law.
        roles: Vec<At<OrganisationRole>>,
        /// `false`: none of its objects keeps patients, unless the object itself says otherwise.
        patients: Option<At<bool>>,
    }
}

record! {
    /// Who approves the bundle that comes after this one.
    pub struct Approvers = "list of approvers" {
        /// How many different people must approve.
        required: At<u32>,
        people: Vec<Approver>,
        /// How long an approval holds until the bundle takes effect; 30 days unless said.
        valid: Option<Period>,
    }
}

record! {
    pub struct Approver = "approver" {
        id: At<Id>,
        name: String,
        role: Option<String>,
        /// Their own public key; needed once a gateway enforces the bundle.
        key: Option<ApproverKey>,
    }
}

record! {
    pub struct Defaults = "set of defaults" {
        /// The class of a field that no line names.
        unclassified: Option<At<Class>>,
        /// The longest that an exception may last, in days; 180 unless said.
        exception_days: Option<At<u32>>,
        /// Whether `// NOPMD` and `@SuppressWarnings('PMD...')` in Apex take findings out of the count where a rule
        /// takes the place of one of PMD's. Nobody approves these.
        honour_pmd: bool = false,
    }
}

record! {
    /// How long something is kept: at least, at most, or both.
    pub struct Retention = "retention rule" {
        /// `access-log`, `policy-documents`, ...
        what: At<Id>,
        /// Kept at least this long.
        floor: Option<At<Period>>,
        /// Kept at most this long.
        ceiling: Option<At<Period>>,
        source: Option<Citation>,
    }
}

record! {
    /// A method of Apex whose result is no patient's data any more, as the organisation accepts it.
    pub struct Sanitiser = "sanitiser" {
        /// `Class.method`, in any case.
        method: At<String>,
        /// What it makes of it.
        kind: At<Sanitised>,
    }
}

record! {
    /// A method of Apex that records an access, as the organisation accepts it.
    pub struct AuditMethod = "audit method" {
        /// `Class.method` or `Namespace.Class.method`, in any case.
        method: At<String>,
    }
}

record! {
    /// How long a kind of key is used.
    pub struct Cryptoperiod = "cryptoperiod" {
        /// The kind of key: `data`, `trail`, `transport`, ...
        keys: At<Id>,
        ceiling: At<Period>,
        source: Option<Citation>,
    }
}

record! {
    /// How far a grant (emergency access, a temporary task) may lift a limit of the organisation's own.
    pub struct Ceiling = "ceiling" {
        id: At<Id>,
        /// The identities or audiences that a grant may name.
        who: Vec<At<Id>>,
        actions: Vec<At<Action>>,
        classes: Vec<At<Class>>,
        purposes: Vec<At<Purpose>>,
        /// The longest that one grant may last.
        lasting: At<Period>,
        /// How many different people must have approved the grant.
        approvals: At<u32> = AtZero::zero(),
        /// Whether it lifts a patient's restriction in an emergency: 45 CFR 164.522(a)(1)(iii).
        emergency: bool = false,
    }
}

/// Zero, said by nobody.
struct AtZero;

impl AtZero {
    fn zero() -> At<u32> {
        let position = source::Position::START;
        let place = crate::place::Place { path: "".into(), span: source::Span::default(), position };
        At { value: 0, place }
    }
}

record! {
    /// A Salesforce org.
    pub struct Org = "org" {
        id: At<Id>,
        kind: At<OrgKind>,
        /// Salesforce's name of the instance.
        instance: Option<String>,
        /// Where the instance stands.
        region: Option<At<Region>>,
        /// Legal regions of the people whose data it holds.
        subjects: Option<Vec<At<Region>>>,
        /// Agreements with Salesforce.
        agreements: Vec<Agreement>,
        /// Services that the agreement with Salesforce covers; not known where left out.
        covered_services: Option<Vec<At<Id>>>,
        support_access: Option<SupportAccess>,
        /// In a sandbox: whether the data is masked.
        masked: Option<At<bool>>,
        /// Whether this source tree deploys to it.
        default: bool = false,
    }
}

record! {
    /// From where Salesforce's support may look in.
    pub struct SupportAccess = "support access" {
        regions: Vec<At<Region>>,
    }
}

impl Org {
    /// How the agreements with Salesforce of a kind stand for this org on a day.
    pub fn agreement_state(&self, kind: AgreementKind, asked: &Coverage<'_>, on: Date) -> AgreementState<'_> {
        AgreementState::of(&self.agreements, kind, asked, on)
    }

    /// The agreement with Salesforce by which data may go to a third country on a day.
    pub fn transfer_instrument(&self, on: Date) -> Option<&Agreement> {
        agreement::transfer_instrument(&self.agreements, on)
    }
}

impl Identified for Org {
    fn id(&self) -> &At<Id> {
        &self.id
    }
}

impl Identified for Approver {
    fn id(&self) -> &At<Id> {
        &self.id
    }
}

impl Identified for Ceiling {
    fn id(&self) -> &At<Id> {
        &self.id
    }
}
