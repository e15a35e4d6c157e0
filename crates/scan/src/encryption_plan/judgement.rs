//! What one use of a field comes to under each way to encrypt it.
//!
//! Where Salesforce's own pages name the use, the judgement is *documented* and names the page; where we conclude from
//! what the use does (it asks the database, or looks at a record in memory), it is *inferred* and should be tried.

use serde::Serialize;

use super::Mode;
use crate::field_use::{Comparison, How};
use crate::formula::Part;

/// What becomes of a use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    Works,
    /// It shows a mask or a token where it showed the value.
    ShowsToken,
    WorksByEqualityOnly,
    /// Only the org, or a person, can tell.
    Unknown,
    Breaks,
}

impl Outcome {
    /// For a reader.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Works => "works",
            Self::ShowsToken => "shows the token",
            Self::WorksByEqualityOnly => "works by equality only",
            Self::Unknown => "unknown: needs the org",
            Self::Breaks => "breaks",
        }
    }
}

/// What becomes of one use under one mode, why, and what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Judgement {
    pub outcome: Outcome,
    pub why: &'static str,
    /// Empty where there is nothing to do.
    pub advice: &'static str,
    /// The page that says so; nothing where it is inferred.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub documented: Option<&'static str>,
}

const GENERAL: &str = "Salesforce Help, General Shield Platform Encryption Considerations";
const COMPATIBILITY: &str = "Salesforce, Fix Compatibility Problems (Shield Platform Encryption)";
const DETERMINISTIC: &str = "Salesforce Help, Filter Encrypted Data with Deterministic Encryption";
const MATCHING: &str = "Salesforce Help, Apply Encryption to Fields Used in Matching Rules";
const CUSTOM_FIELDS: &str = "Salesforce Help, Which Custom Fields Can I Encrypt?";

const fn judged(outcome: Outcome, why: &'static str, advice: &'static str) -> Judgement {
    Judgement { outcome, why, advice, documented: None }
}

const fn documented(
    outcome: Outcome,
    why: &'static str,
    advice: &'static str,
    page: &'static str,
) -> Judgement {
    Judgement { outcome, why, advice, documented: Some(page) }
}

/// What is known of a use when it is judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Used {
    pub(super) how: How,
    pub(super) comparison: Option<Comparison>,
    pub(super) part: Option<Part>,
    /// Whether what is used is a formula that shows the field.
    pub(super) by_formula: bool,
    /// Whether equal values, counted, tell what they are.
    pub(super) few_values: bool,
}

/// Where a use happens, which decides what encryption does to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Nature {
    /// The database compares values.
    Query,
    Order,
    Groups,
    /// Salesforce looks at a record that it has, in memory.
    Memory,
    /// It writes the field.
    Writes,
    /// It reads the value and puts it elsewhere.
    Copies,
    /// It sends the value somewhere.
    Sends,
    /// It shows the value to who may read the field.
    Shows,
    /// It has rules of its own below.
    Special,
}

const fn nature(how: How) -> Nature {
    match how {
        How::ListViewFilter
        | How::ReportFilter
        | How::ReportCrossFilter
        | How::DashboardFilter
        | How::FlowFilter
        | How::LookupFilter
        | How::RollUpFilter
        | How::DuplicateRule
        | How::CodeFilter => Nature::Query,
        How::ReportSort | How::RelatedListSort | How::FlowSort | How::CodeSort => Nature::Order,
        How::ReportGrouping | How::ReportChart | How::CodeGroup => Nature::Groups,
        How::FlowEntry
        | How::FlowCondition
        | How::FlowCollection
        | How::FlowFormula
        | How::ValidationRule
        | How::DefaultValue
        | How::WorkflowCriterion
        | How::WorkflowFormula
        | How::FieldUpdateFormula
        | How::ApprovalCriterion
        | How::AssignmentRule
        | How::EscalationRule
        | How::AutoResponseRule
        | How::PageVisibility
        | How::CodeCondition => Nature::Memory,
        How::FlowWrite
        | How::FieldUpdate
        | How::PredefinedValue
        | How::DataIntegrationRule
        | How::CodeWrite => Nature::Writes,
        How::FlowAssignment | How::FlowText | How::FlowRead | How::CodeRead => Nature::Copies,
        How::FlowAction | How::OutboundMessage | How::EmailTemplate | How::PromptTemplate | How::Link => {
            Nature::Sends
        }
        How::FlowScreen
        | How::ReportColumn
        | How::ListViewColumn
        | How::ReportType
        | How::Layout
        | How::LightningPage
        | How::RelatedListColumn
        | How::QuickAction
        | How::CompactLayout
        | How::SearchLayout
        | How::FieldSet
        | How::PathAssistant
        | How::ApprovalPage => Nature::Shows,
        How::SharingCriterion
        | How::RestrictionFilter
        | How::ScopingFilter
        | How::Unique
        | How::ExternalId
        | How::Index
        | How::IndirectLookup
        | How::MatchingRule
        | How::RollUp
        | How::Formula
        | How::ReportBucket
        | How::ReportSummary
        | How::CodeAggregate
        | How::ChangeFilter
        | How::TimeTrigger
        | How::SharingSet
        | How::AlertRecipient
        | How::ChangeEvent
        | How::EnrichedField
        | How::History
        | How::FeedHistory
        | How::Dashboard
        | How::CustomMetadata
        | How::Named => Nature::Special,
    }
}

/// Whether a formula that shows the field makes this use one of the field: showing a formula is the formula's own matter.
pub(super) const fn follows_formula(how: How) -> bool {
    matches!(nature(how), Nature::Query | Nature::Order | Nature::Groups | Nature::Memory)
        || matches!(
            how,
            How::SharingCriterion
                | How::RestrictionFilter
                | How::ScopingFilter
                | How::MatchingRule
                | How::RollUp
                | How::Formula
                | How::ReportBucket
                | How::ReportSummary
                | How::TimeTrigger
        )
}

/// The judgement of a use under a mode.
pub(super) fn judge(used: Used, mode: Mode) -> Judgement {
    match mode {
        Mode::Probabilistic => probabilistic(used),
        Mode::DeterministicCaseSensitive | Mode::DeterministicCaseInsensitive => deterministic(used),
        Mode::Gateway => gateway(used),
    }
}

const MEND_FILTER: &str =
    "filter on another field (a status, a record type, a region) or take the filter out";

fn probabilistic(used: Used) -> Judgement {
    if let Some(common) = either_scheme(used) {
        return common;
    }
    match (nature(used.how), used.how) {
        (_, How::FlowFilter) => documented(
            Outcome::Breaks,
            "a flow cannot look records up by an encrypted field",
            "look up by another field, and compare the value in a decision after it",
            COMPATIBILITY,
        ),
        (_, How::FlowSort) => documented(
            Outcome::Breaks,
            "a flow cannot sort by an encrypted field",
            "sort by another field, or in the flow with a collection sort",
            COMPATIBILITY,
        ),
        (Nature::Query, How::LookupFilter | How::RollUpFilter | How::DuplicateRule) => judged(
            Outcome::Breaks,
            "the database compares random ciphertext, in which equal values differ",
            MEND_FILTER,
        ),
        (Nature::Query, _) => documented(
            Outcome::Breaks,
            "a field that is encrypted probabilistically cannot be filtered on",
            MEND_FILTER,
            GENERAL,
        ),
        (Nature::Order, _) => documented(
            Outcome::Breaks,
            "random ciphertext has no order: ORDER BY is not allowed",
            "sort by another field",
            COMPATIBILITY,
        ),
        (Nature::Groups, _) => documented(
            Outcome::Breaks,
            "equal values have different ciphertexts: GROUP BY is not allowed",
            "group by another field",
            COMPATIBILITY,
        ),
        (_, How::ReportBucket) => {
            judged(Outcome::Breaks, "a bucket groups rows by the value", "bucket by another field")
        }
        (_, How::ReportSummary | How::RollUp | How::CodeAggregate) => documented(
            Outcome::Breaks,
            "aggregate functions are not allowed on an encrypted field",
            "take the summary out; where a number is needed, keep it in a field of its own",
            COMPATIBILITY,
        ),
        (_, How::Unique | How::ExternalId) => documented(
            Outcome::Breaks,
            "probabilistic encryption does not go with Unique or External ID",
            "use a deterministic scheme, or take the flag off",
            DETERMINISTIC,
        ),
        (_, How::Index) => {
            judged(Outcome::Breaks, "random ciphertext cannot be indexed", "index another field")
        }
        (_, How::MatchingRule) => documented(
            Outcome::Breaks,
            "matching rules do not support probabilistic encryption; Salesforce switches standard ones off by itself",
            "match on other fields, or use a deterministic scheme",
            MATCHING,
        ),
        (_, How::RestrictionFilter | How::ScopingFilter) => judged(
            Outcome::Breaks,
            "the rule is a filter of queries, and the database cannot compare random ciphertext",
            "let the rule look at another field",
        ),
        _ => works(used),
    }
}

fn deterministic(used: Used) -> Judgement {
    if let Some(common) = either_scheme(used) {
        return common;
    }
    if used.by_formula && nature(used.how) != Nature::Memory {
        return judged(
            Outcome::Unknown,
            "a formula over an encrypted field is not promised to be available to queries",
            "run it in the sandbox; use the field itself where that is filtered by equality",
        );
    }
    match (nature(used.how), used.how) {
        (Nature::Query, _) => exact(used),
        (Nature::Order, _) => judged(
            Outcome::Unknown,
            "ciphertext does not keep the order of values, and Salesforce's pages disagree on whether sorting is allowed",
            "sort by another field, or try it in the sandbox and look at the order",
        ),
        (Nature::Groups, _) => judged(
            Outcome::WorksByEqualityOnly,
            "equal values have one ciphertext and fall into one group",
            "check the report in the sandbox; do not rely on the order of the groups",
        ),
        (_, How::ReportBucket | How::ReportSummary | How::CodeAggregate) => judged(
            Outcome::Unknown,
            "Salesforce's pages do not name this use for deterministic encryption",
            "run it in the sandbox",
        ),
        (_, How::RollUp) => documented(
            Outcome::Breaks,
            "no type that can be summed up can be encrypted deterministically",
            "take the roll-up out, or keep the number in a field of its own",
            CUSTOM_FIELDS,
        ),
        (_, How::Unique | How::ExternalId) => documented(
            Outcome::Works,
            "deterministic encryption goes with Unique and External ID",
            "choose the scheme that treats upper and lower case as the flag does",
            DETERMINISTIC,
        ),
        (_, How::Index) => documented(
            Outcome::WorksByEqualityOnly,
            "indexes of one column work; of two columns only where they are unique",
            "check the index with Salesforce Support where it has several columns",
            DETERMINISTIC,
        ),
        (_, How::MatchingRule) => match used.comparison {
            Some(Comparison::Equality) => documented(
                Outcome::WorksByEqualityOnly,
                "matching rules support deterministic encryption",
                "switch the duplicate rule and the matching rule off before, and on after Salesforce's e-mail",
                MATCHING,
            ),
            _ => judged(
                Outcome::Unknown,
                "matching rules support deterministic encryption, and nothing is said of methods that find what is alike",
                "switch the rule off before and on after, and match known duplicates in the sandbox",
            ),
        },
        (_, How::RestrictionFilter | How::ScopingFilter) => judged(
            Outcome::Unknown,
            "the rule is a filter of queries, and Salesforce's pages do not name it",
            "try the rule in the sandbox as a user whom it restricts",
        ),
        _ => works(used),
    }
}

/// A condition that the database compares, under deterministic encryption.
fn exact(used: Used) -> Judgement {
    match used.comparison {
        Some(Comparison::Equality) if used.how == How::FlowFilter => judged(
            Outcome::WorksByEqualityOnly,
            "deterministic encryption allows exact matches; Salesforce's page on flows names no scheme",
            "run the flow in the sandbox",
        ),
        Some(Comparison::Equality) => documented(
            Outcome::WorksByEqualityOnly,
            "deterministic encryption allows exact matches",
            "compare whole values; after a change of keys or scheme, only what was synchronised is found",
            DETERMINISTIC,
        ),
        Some(Comparison::Blank) => judged(
            Outcome::Works,
            "a blank field has no ciphertext and can be asked for",
            "check it in the sandbox",
        ),
        Some(Comparison::Unsaid) | None => judged(
            Outcome::Unknown,
            "the source does not say how it compares; only whole, equal values are found",
            "look at its operator",
        ),
        Some(_) => judged(
            Outcome::Breaks,
            "deterministic encryption finds whole, equal values, no parts and no ranges",
            "compare whole values, or filter on another field",
        ),
    }
}

/// What both schemes of Shield do alike.
fn either_scheme(used: Used) -> Option<Judgement> {
    Some(match used.how {
        How::SharingCriterion => documented(
            Outcome::Breaks,
            "no encrypted field, of whatever scheme, can be a criterion of a sharing rule",
            "share by owner, by group or by another field; Salesforce does not encrypt the field while the rule stands",
            GENERAL,
        ),
        How::IndirectLookup => documented(
            Outcome::Breaks,
            "external lookup relationships cannot go over an encrypted field",
            "relate the objects by another external id",
            GENERAL,
        ),
        How::Formula => match used.part {
            Some(Part::Computed) => documented(
                Outcome::Breaks,
                "a formula may use an encrypted field with no more than BLANKVALUE, CASE, HYPERLINK, IF, IMAGE, ISBLANK, \
                 ISNULL, NULLVALUE and &",
                "rewrite the formula with these, or compute where the value is read",
                COMPATIBILITY,
            ),
            _ => documented(
                Outcome::Works,
                "the formula uses only functions that are allowed on encrypted fields",
                "open a record in Lightning in the sandbox: one page of Salesforce's limits such formulas to Classic",
                COMPATIBILITY,
            ),
        },
        How::ChangeFilter | How::TimeTrigger | How::SharingSet => judged(
            Outcome::Unknown,
            "Salesforce's pages do not name this use",
            "try it in the sandbox with a record that it must find and one that it must not",
        ),
        How::CustomMetadata | How::Named => judged(
            Outcome::Unknown,
            "it names the field and does not say what for",
            "find what reads this component, and judge that",
        ),
        How::Dashboard => judged(Outcome::Unknown, "it shows what its report finds", "mend the report"),
        _ => return None,
    })
}

/// A use that Shield leaves as it is.
fn works(used: Used) -> Judgement {
    match (nature(used.how), used.how) {
        (_, How::ValidationRule | How::WorkflowCriterion | How::WorkflowFormula | How::AssignmentRule) => {
            documented(
                Outcome::Works,
                "such rules look at the record in memory, where the value is plain; the page says so of leads",
                "",
                GENERAL,
            )
        }
        (Nature::Memory, _) => {
            judged(Outcome::Works, "it looks at the record in memory, where the value is plain", "")
        }
        (Nature::Writes, _) => judged(Outcome::Works, "Salesforce encrypts what is written", ""),
        (Nature::Copies, _) => judged(
            Outcome::Works,
            "it reads the plain value",
            "where it puts the value into another field, that field must be encrypted too",
        ),
        (Nature::Sends, _) => judged(
            Outcome::Works,
            "it gets the plain value: Shield protects what is stored, not what is sent",
            "whoever receives it needs a ground in the bundle",
        ),
        (_, How::ChangeEvent | How::EnrichedField) => judged(
            Outcome::Works,
            "events carry the plain value unless the event bus is encrypted too",
            "create a tenant secret of the type Event Bus and turn its encryption on",
        ),
        (_, How::History | How::FeedHistory) => judged(
            Outcome::Works,
            "history is kept, by default under the key that it was written with",
            "turn enableEncryptFieldHistory on before, so that history follows a new key",
        ),
        (_, How::AlertRecipient) => judged(Outcome::Works, "the address is read in memory", ""),
        _ => judged(Outcome::Works, "whoever may read the field sees the value: Shield masks nothing", ""),
    }
}

const BY_INDEX: &str = "only a blind index beside the token can be compared: equal values have equal indexes";
const FEW: &str = "a blind index is refused for a field of few values: it would tell them by counting";

fn gateway(used: Used) -> Judgement {
    if used.by_formula && used.part != Some(Part::Blank) {
        return judged(
            Outcome::Breaks,
            "the formula that it uses has a token to compute with",
            "use the blind index or another field instead of the formula",
        );
    }
    match (nature(used.how), used.how) {
        (Nature::Query, _) | (_, How::SharingCriterion | How::RestrictionFilter | How::ScopingFilter) => {
            by_index(
                used,
                "filter the index field by the index of the value, which only the gateway can compute",
            )
        }
        (_, How::MatchingRule) => by_index(used, "match on the index field, by the method Exact"),
        (_, How::ChangeFilter) => by_index(used, "filter on another field"),
        (Nature::Memory, _) => memory(used),
        (Nature::Order, _) => {
            judged(Outcome::Breaks, "tokens have no order of values", "sort by another field")
        }
        (Nature::Groups, _) if used.few_values => judged(Outcome::Breaks, FEW, "group by another field"),
        (Nature::Groups, _) => judged(
            Outcome::WorksByEqualityOnly,
            "every token is another, so that only the blind index groups equal values; it shows the index, not the value",
            "group by the index field, or by another field",
        ),
        (_, How::ReportBucket | How::ReportSummary | How::RollUp | How::CodeAggregate) => judged(
            Outcome::Breaks,
            "every token is another: counting distinct values, least and greatest say nothing of values",
            "take it out of the report, or report where the gateway opens tokens",
        ),
        (_, How::Unique | How::ExternalId | How::Index) if used.few_values => {
            judged(Outcome::Breaks, FEW, "take the flag off")
        }
        (_, How::Unique | How::ExternalId | How::Index) => judged(
            Outcome::WorksByEqualityOnly,
            "every token is another, so that uniqueness and upserts must stand on the blind index",
            "set the flag on the index field and let integrations upsert through the gateway",
        ),
        (_, How::IndirectLookup | How::TimeTrigger) => {
            judged(Outcome::Breaks, "it needs the value, and Salesforce has a token", "use another field")
        }
        (_, How::AlertRecipient) => judged(
            Outcome::Breaks,
            "no mail can be sent to a token",
            "send from where the gateway opens the address, or keep the address under Shield",
        ),
        (_, How::Formula) => formula(used),
        (Nature::Writes, _) => judged(
            Outcome::Breaks,
            "it writes a plain value past the gateway",
            "let it write through the gateway, or stop it",
        ),
        (Nature::Copies, _) => judged(
            Outcome::ShowsToken,
            "it reads the token",
            "let it carry the token on, or take the field out",
        ),
        (Nature::Sends, _) => judged(
            Outcome::ShowsToken,
            "it sends the token, which the receiver cannot open",
            "take the field out, or send through the gateway",
        ),
        (_, How::ChangeEvent | How::EnrichedField) => judged(
            Outcome::ShowsToken,
            "subscribers get the token",
            "let those that need the value ask the gateway for it",
        ),
        (_, How::History | How::FeedHistory) => judged(
            Outcome::ShowsToken,
            "history keeps tokens from now on, and the plain values from before",
            "turn tracking off, and delete the history of before with the plain values",
        ),
        (_, How::SharingSet | How::CustomMetadata | How::Named) => judged(
            Outcome::Unknown,
            "it names the field and does not say what for",
            "find what reads this component, and judge that",
        ),
        (_, How::Dashboard) => judged(Outcome::Unknown, "it shows what its report finds", "mend the report"),
        (_, How::FlowScreen | How::Layout | How::LightningPage | How::QuickAction) => judged(
            Outcome::ShowsToken,
            "people see the token, and what they type is stored in plain",
            "take the field off the page, or show the value in a component that asks the gateway",
        ),
        _ => judged(
            Outcome::ShowsToken,
            "Salesforce's own pages show the token",
            "take the field out, or read it where the gateway opens tokens",
        ),
    }
}

/// A condition that the database compares, over a token.
fn by_index(used: Used, advice: &'static str) -> Judgement {
    match used.comparison {
        Some(Comparison::Blank) => {
            judged(Outcome::Works, "a field is blank as before: a token stands where a value was", "")
        }
        Some(Comparison::Equality) if used.few_values => {
            judged(Outcome::Breaks, FEW, "filter on another field")
        }
        Some(Comparison::Equality) => judged(Outcome::WorksByEqualityOnly, BY_INDEX, advice),
        Some(Comparison::Unsaid) | None => judged(
            Outcome::Unknown,
            "the source does not say how it compares; a blind index finds whole, equal values only",
            "look at its operator",
        ),
        Some(_) => judged(
            Outcome::Breaks,
            "neither a token nor a blind index has parts or an order",
            "compare whole values, or filter on another field",
        ),
    }
}

/// A condition on a record in memory, over a token.
fn memory(used: Used) -> Judgement {
    match (used.comparison, used.part) {
        (Some(Comparison::Blank), _) | (_, Some(Part::Blank)) => {
            judged(Outcome::Works, "a field is blank as before: a token stands where a value was", "")
        }
        (_, Some(Part::Passed)) => judged(
            Outcome::ShowsToken,
            "it passes the token on",
            "take the field out, or let the reader ask the gateway",
        ),
        (Some(Comparison::Equality), None) if !used.few_values => judged(
            Outcome::WorksByEqualityOnly,
            BY_INDEX,
            "compare the index field with the index of the value, which only the gateway can compute",
        ),
        _ if used.how == How::ValidationRule => judged(
            Outcome::Breaks,
            "the rule judges the token: it refuses what is right or lets pass what is wrong",
            "check the value where it is entered or in the gateway, and switch the rule off",
        ),
        _ => judged(
            Outcome::Breaks,
            "it computes with the token",
            "decide where the gateway opens the token, or by another field",
        ),
    }
}

fn formula(used: Used) -> Judgement {
    match used.part {
        Some(Part::Blank) => {
            judged(Outcome::Works, "a field is blank as before: a token stands where a value was", "")
        }
        Some(Part::Passed) | None => judged(
            Outcome::ShowsToken,
            "the formula shows the token",
            "take the field out of the formula, or show the formula where the gateway opens tokens",
        ),
        Some(Part::Cased | Part::Computed) => judged(
            Outcome::Breaks,
            "the formula computes with the token and gives something else",
            "compute where the value is read",
        ),
    }
}
