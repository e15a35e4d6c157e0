//! What a rule is: a judgement of the project by the policy, with its page, its controls and its harm.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use journal::{Confidence, Finding, Fingerprint, Gap, Persona, Place, Related, Severity};

use crate::Context;

/// What is true of every finding of a rule.
#[derive(Debug)]
pub struct Meta {
    /// The harm in a few words, as a heading.
    pub title: &'static str,
    pub severity: Severity,
    pub confidence: Confidence,
    pub persona: Persona,
    /// Ids of the control catalogue, the nearest first.
    pub controls: &'static [&'static str],
    /// `phi` where patients' data is concerned, then the family.
    pub tags: &'static [&'static str],
    /// Rules of other analysers that this one takes the place of, as `pmd:RuleName`.
    pub replaces: &'static [&'static str],
    /// Ids of the Security Benchmark for Salesforce that this rule helps to meet: see [`crate::benchmark`].
    pub sbs: &'static [&'static str],
    /// What settles a gap of this rule, in general.
    pub needs: &'static [&'static str],
}

/// A rule as the registry lists it.
#[derive(Debug)]
pub struct Rule {
    /// Names the harm; also the file name, the page and the anchor.
    pub id: &'static str,
    pub meta: &'static Meta,
    pub(crate) check: fn(&Context<'_>, &mut Outcome),
    pub(crate) source: &'static str,
}

impl Rule {
    /// The page of the rule: its module's documentation, as Markdown.
    pub fn page(&self) -> String {
        self.source
            .lines()
            .map_while(|line| line.strip_prefix("//!"))
            .map(|line| line.strip_prefix(' ').unwrap_or(line))
            .fold(String::new(), |page, line| page + line + "\n")
    }

    /// The first paragraph of the page.
    pub fn summary(&self) -> String {
        let page = self.page();
        let paragraph =
            page.split("\n\n").find(|part| !part.trim_start().starts_with('#') && !part.trim().is_empty());
        paragraph.unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// What one rule says of one project.
#[derive(Debug)]
pub(crate) struct Outcome {
    rule: &'static Rule,
    /// The project's package directories.
    packages: Vec<String>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) gaps: Vec<Gap>,
    pub(crate) flows: Vec<crate::FoundFlow>,
    pub(crate) judged: usize,
    /// Where in `findings` each anchor stands, so that equal ones are told apart.
    anchors: BTreeMap<String, Vec<usize>>,
    told: BTreeSet<(Place, String)>,
}

impl Outcome {
    pub(crate) fn new(rule: &'static Rule, packages: &[String]) -> Self {
        Self {
            rule,
            packages: packages.to_vec(),
            findings: Vec::new(),
            gaps: Vec::new(),
            flows: Vec::new(),
            judged: 0,
            anchors: BTreeMap::new(),
            told: BTreeSet::new(),
        }
    }

    /// Says that a thing was looked at, whatever came of it: a control with nothing judged is unknown.
    pub(crate) fn judged(&mut self, things: usize) {
        self.judged += things;
    }

    /// Says that something absent from the source keeps the rule from judging.
    pub(crate) fn unknown(&mut self, missing: impl Into<String>, complete_with: impl Into<String>) {
        self.gaps.push(Gap {
            rule: self.rule.id,
            missing: missing.into(),
            complete_with: complete_with.into(),
        });
    }

    /// Says that data goes somewhere, for reconciliation with what the bundle declares.
    pub(crate) fn flow(&mut self, flow: crate::FoundFlow) {
        self.flows.push(flow);
    }

    pub(crate) fn found(&mut self, draft: Draft) {
        let Draft {
            component,
            place,
            message,
            fix,
            severity,
            confidence,
            fields,
            party,
            related,
            ways,
            cause,
            detail,
        } = draft;
        // What belongs to two copies of an object is judged with each.
        if !self.told.insert((place.clone(), format!("{component}\u{1f}{message}"))) {
            return;
        }
        let meta = self.rule.meta;
        let anchor = format!("{component}\u{1f}{detail}");
        let same = self.anchors.entry(anchor.clone()).or_default();
        // A component that lies in two package directories is one cause in two places.
        if !detail.is_empty()
            && let Some(first) = same.first().and_then(|&at| self.findings.get_mut(at))
            && first.place.path != place.path
        {
            let is_inside = |place: &Place| {
                self.packages
                    .iter()
                    .any(|package| place.path.strip_prefix(package).is_some_and(|rest| rest.starts_with('/')))
            };
            // Of two copies the one that is deployed is mended.
            let mut other = place;
            if is_inside(&other) && !is_inside(&first.place) {
                std::mem::swap(&mut first.place, &mut other);
                (first.message, first.ways) = (message, ways);
            }
            // What the two copies say may differ; neither is lost.
            first.severity = first.severity.max(severity.unwrap_or(meta.severity));
            first.fields.extend(fields);
            first.fields.sort_unstable();
            first.fields.dedup();
            first.related.push(Related { place: other, message: "the same in this file".to_owned() });
            return;
        }
        let ordinal = same.len();
        same.push(self.findings.len());
        self.findings.push(Finding {
            rule: self.rule.id,
            severity: severity.unwrap_or(meta.severity),
            confidence: confidence.unwrap_or(meta.confidence),
            persona: meta.persona,
            message,
            fix,
            place,
            related,
            ways,
            cause: if cause.is_empty() { component.clone() } else { cause },
            component,
            fields,
            party,
            controls: Cow::Borrowed(meta.controls),
            tags: Cow::Borrowed(meta.tags),
            fingerprint: Fingerprint::new(self.rule.id, &anchor, ordinal),
            suppressed: None,
        });
    }
}

/// So many ways of one finding are told.
const WAYS: usize = 8;

/// A finding as a rule writes it down; the engine adds what is the rule's own.
#[derive(Debug)]
pub(crate) struct Draft {
    component: String,
    place: Place,
    message: String,
    fix: String,
    severity: Option<Severity>,
    confidence: Option<Confidence>,
    fields: Vec<String>,
    party: Option<String>,
    related: Vec<Related>,
    ways: Vec<Vec<Related>>,
    cause: String,
    detail: String,
}

impl Draft {
    /// `component` is `Type:FullName`. Neither `message` nor `fix` ever repeats a value from a data file.
    pub(crate) fn new(
        component: impl Into<String>,
        place: Place,
        message: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self {
            component: component.into(),
            place,
            message: message.into(),
            fix: fix.into(),
            severity: None,
            confidence: None,
            fields: Vec::new(),
            party: None,
            related: Vec::new(),
            ways: Vec::new(),
            cause: String::new(),
            detail: String::new(),
        }
    }

    pub(crate) fn severity(mut self, severity: Severity) -> Self {
        self.severity = Some(severity);
        self
    }

    pub(crate) fn confidence(mut self, confidence: Confidence) -> Self {
        self.confidence = Some(confidence);
        self
    }

    pub(crate) fn field(mut self, field: impl Into<String>) -> Self {
        self.fields.push(field.into());
        self
    }

    pub(crate) fn fields(mut self, fields: impl IntoIterator<Item = String>) -> Self {
        self.fields.extend(fields);
        self
    }

    pub(crate) fn party(mut self, party: impl Into<String>) -> Self {
        self.party = Some(party.into());
        self
    }

    pub(crate) fn related(mut self, place: Place, message: impl Into<String>) -> Self {
        self.related.push(Related { place, message: message.into() });
        self
    }

    /// Ways of the data, each with its first step first.
    pub(crate) fn ways<'s>(mut self, ways: impl IntoIterator<Item = Vec<(Place, &'s str)>>) -> Self {
        let related = |(place, did): (Place, &str)| Related { place, message: did.to_owned() };
        self.ways.extend(ways.into_iter().take(WAYS).map(|way| way.into_iter().map(related).collect()));
        self
    }

    /// What one change would mend, where it is more than this component.
    pub(crate) fn cause(mut self, cause: impl Into<String>) -> Self {
        self.cause = cause.into();
        self
    }

    /// Tells two findings of this rule on one component apart, for as long as both live.
    pub(crate) fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }
}
