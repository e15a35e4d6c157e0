//! Where the source uses a field, and what is done with it there: the one place that knows.

mod access;
mod automation;
pub(crate) mod code;
mod flow;
mod object;
mod page;
mod report;
mod words;

use journal::Place;
use serde::Serialize;
use sfdx::Value;
use source::{Source, Span};

use crate::Context;
use crate::field_path::{self, Reached};
use crate::formula::{self, Part};

/// Stands for every field of an object, in what uses a record as a whole.
pub(crate) const EVERY: &str = "*";

/// What is done with a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    SharingCriterion,
    RestrictionFilter,
    ScopingFilter,
    Unique,
    ExternalId,
    Index,
    IndirectLookup,
    MatchingRule,
    DuplicateRule,
    LookupFilter,
    RollUp,
    RollUpFilter,
    Formula,
    ListViewFilter,
    ReportFilter,
    ReportCrossFilter,
    ReportGrouping,
    ReportSort,
    ReportBucket,
    ReportSummary,
    ReportChart,
    RelatedListSort,
    DashboardFilter,
    FlowFilter,
    FlowSort,
    ChangeFilter,
    FlowEntry,
    FlowCondition,
    FlowFormula,
    FlowCollection,
    ValidationRule,
    DefaultValue,
    WorkflowCriterion,
    WorkflowFormula,
    TimeTrigger,
    FieldUpdateFormula,
    ApprovalCriterion,
    AssignmentRule,
    EscalationRule,
    AutoResponseRule,
    PageVisibility,
    PredefinedValue,
    SharingSet,
    DataIntegrationRule,
    FlowAssignment,
    FlowText,
    FlowAction,
    FlowRead,
    FlowScreen,
    FlowWrite,
    FieldUpdate,
    OutboundMessage,
    AlertRecipient,
    EmailTemplate,
    PromptTemplate,
    Link,
    ChangeEvent,
    EnrichedField,
    History,
    FeedHistory,
    Dashboard,
    ReportColumn,
    ListViewColumn,
    ReportType,
    Layout,
    LightningPage,
    RelatedListColumn,
    QuickAction,
    CompactLayout,
    SearchLayout,
    FieldSet,
    PathAssistant,
    ApprovalPage,
    CodeFilter,
    CodeSort,
    CodeGroup,
    CodeAggregate,
    CodeCondition,
    CodeRead,
    CodeWrite,
    CustomMetadata,
    Named,
}

/// How a condition compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Comparison {
    /// With whole values: equal, or not.
    Equality,
    /// With nothing: blank, or not.
    Blank,
    /// With a part of a value: contains, starts with.
    Partial,
    /// With an order: less, greater, within.
    Range,
    /// By a method that finds what is alike.
    Fuzzy,
    /// By a formula.
    Formula,
    /// The source does not say.
    Unsaid,
}

impl Comparison {
    /// Of an operator as list views, reports, rules and flows write it.
    fn of(operator: Option<&str>, value: Option<&str>) -> Self {
        let Some(operator) = operator else { return Self::Unsaid };
        let nothing = value.is_some_and(|value| value.trim().is_empty());
        match operator.to_ascii_lowercase().as_str() {
            "isnull" | "isblank" | "isempty" | "wasset" => Self::Blank,
            "equals" | "notequal" | "notequals" | "equalto" | "notequalto" | "equal" | "eq" | "ne"
                if nothing =>
            {
                Self::Blank
            }
            "equals" | "notequal" | "notequals" | "equalto" | "notequalto" | "equal" | "eq" | "ne" | "in"
            | "notin" => Self::Equality,
            "contains" | "notcontain" | "doesnotcontain" | "startswith" | "endswith" | "includes"
            | "excludes" => Self::Partial,
            "lessthan"
            | "greaterthan"
            | "lessorequal"
            | "greaterorequal"
            | "lessthanorequalto"
            | "greaterthanorequalto"
            | "within"
            | "lt"
            | "gt"
            | "le"
            | "ge" => Self::Range,
            _ => Self::Unsaid,
        }
    }
}

/// One use of a field.
#[derive(Debug, Clone)]
pub(crate) struct FieldUse {
    pub(crate) how: How,
    /// `ListView:Account.Mine`.
    pub(crate) component: String,
    pub(crate) reached: Reached,
    pub(crate) place: Place,
    pub(crate) comparison: Option<Comparison>,
    /// What a formula does with it.
    pub(crate) part: Option<Part>,
    /// Whether it is switched on; a draft of a flow is not.
    pub(crate) is_active: bool,
    /// The component that passes the field on to this one: a dashboard's report.
    pub(crate) through: Option<String>,
}

impl FieldUse {
    /// The component's name without its type.
    pub(crate) fn name(&self) -> &str {
        self.component.split_once(':').map_or(&self.component, |(_, name)| name)
    }
}

/// Every use of the fields that are wanted, file by file in the order in which the source has them.
pub(crate) fn of(cx: &Context<'_>, wanted: &dyn Fn(&Reached) -> bool) -> Vec<FieldUse> {
    let mut uses = Uses { cx, wanted, found: Vec::new() };
    object::visit(&mut uses);
    report::visit(&mut uses);
    flow::visit(&mut uses);
    automation::visit(&mut uses);
    access::visit(&mut uses);
    page::visit(&mut uses);
    code::visit(&mut uses);
    uses.found
}

/// What collects the uses.
struct Uses<'c, 'p> {
    cx: &'c Context<'p>,
    wanted: &'c dyn Fn(&Reached) -> bool,
    found: Vec<FieldUse>,
}

/// The component that uses, and what it does.
#[derive(Clone, Copy)]
struct By<'a> {
    how: How,
    kind: &'a str,
    name: &'a str,
    is_active: bool,
}

impl<'a> By<'a> {
    const fn new(how: How, kind: &'a str, name: &'a str) -> Self {
        Self { how, kind, name, is_active: true }
    }

    const fn active(self, is_active: bool) -> Self {
        Self { is_active, ..self }
    }

    const fn with(self, how: How) -> Self {
        Self { how, ..self }
    }
}

impl Uses<'_, '_> {
    /// A field at a value of a file.
    fn add(&mut self, by: By<'_>, reached: Reached, at: &Value<'_>) {
        self.put(by, reached, None, None, || Place::of(at.source(), at.span()));
    }

    /// A condition on a field.
    fn compare(&mut self, by: By<'_>, reached: Reached, at: &Value<'_>, comparison: Comparison) {
        self.put(by, reached, Some(comparison), None, || Place::of(at.source(), at.span()));
    }

    fn at(&mut self, by: By<'_>, reached: Reached, place: &Place) {
        self.put(by, reached, None, None, || place.clone());
    }

    /// The references of a formula on records of `object`.
    fn formula(&mut self, by: By<'_>, object: &str, text: &Value<'_>) {
        for (reference, part) in formula::parts(text) {
            let Some(reached) = self.referred(object, reference) else { continue };
            let comparison = if part == Part::Blank { Comparison::Blank } else { Comparison::Formula };
            self.put(by, reached, Some(comparison), Some(part), || within(text, reference));
        }
    }

    fn put(
        &mut self,
        by: By<'_>,
        reached: Reached,
        comparison: Option<Comparison>,
        part: Option<Part>,
        place: impl FnOnce() -> Place,
    ) {
        if !(self.wanted)(&reached) {
            return;
        }
        let By { how, kind, name, is_active } = by;
        let component = format!("{kind}:{name}");
        let place = place();
        let through = None;
        self.found.push(FieldUse { how, component, reached, place, comparison, part, is_active, through });
    }

    /// The field that a reference of a formula means. The values of settings and labels are no fields of records.
    fn referred(&self, object: &str, reference: &str) -> Option<Reached> {
        let follow = |object: &str, path: &str| Some(field_path::follow(self.cx.project, object, path));
        let Some((head, path)) = reference.split_once('.') else { return follow(object, reference) };
        match head.to_ascii_lowercase().as_str() {
            "$record" | "$record__prior" | "$source" => follow(object, path),
            "$user" => follow("User", path),
            _ if head.starts_with('$') => None,
            _ => follow(object, reference),
        }
    }

    /// The field that a criterion names: `Case.Priority`, `Account.SLA__c` of a case's account, `Priority`.
    fn named(&self, object: &str, name: &str) -> Reached {
        let project = self.cx.project;
        match name.split_once('.') {
            Some((head, path)) if head.eq_ignore_ascii_case(object) => {
                field_path::follow(project, object, path)
            }
            Some(("$Source", path)) => field_path::follow(project, object, path),
            Some(("$User", path)) => field_path::follow(project, "User", path),
            // A relationship of the object, or another object's name.
            Some((head, path)) => {
                let is_path = head.to_ascii_lowercase().ends_with("__r");
                let (from, path) = if is_path { (object, name) } else { (head, path) };
                field_path::follow(project, from, path)
            }
            None => field_path::follow(project, object, name),
        }
    }
}

/// The place of a word in a value that may have many lines; the whole value where its text is not found as it is.
fn within(value: &Value<'_>, word: &str) -> Place {
    let (source, span) = (value.source(), value.span());
    let found = word_in(source, span, word);
    Place::of(source, found.unwrap_or(span))
}

fn word_in(source: &Source, span: Span, word: &str) -> Option<Span> {
    let at = whole_word(source.slice(span), word)?;
    let start = span.start.saturating_add(u32::try_from(at).ok()?);
    Some(Span::new(start, start.saturating_add(u32::try_from(word.len()).ok()?)))
}

/// Where a name stands in a text as a word of its own, in any case.
pub(crate) fn whole_word(text: &str, word: &str) -> Option<usize> {
    let (text, word) = (text.as_bytes(), word.as_bytes());
    let first = word.first()?;
    let is_part = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let (lower, upper) = (first.to_ascii_lowercase(), first.to_ascii_uppercase());
    memchr::memchr2_iter(lower, upper, text).find(|&at| {
        let end = at + word.len();
        text.get(at..end).is_some_and(|found| found.eq_ignore_ascii_case(word))
            && !is_part(at.checked_sub(1).and_then(|before| text.get(before)))
            && !is_part(text.get(end))
    })
}

#[cfg(test)]
mod tests;
