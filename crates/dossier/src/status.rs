//! What stands of each control: computed from what rules judged, never typed.
//!
//! A control is asked in three ways. *Code*: what a rule can decide from the source. *Org*: what only the running
//! org, its queries or its log can show. *People*: what somebody must decide, sign or do. Each has a state of its
//! own, and the control the weakest of them.

use std::collections::{BTreeMap, BTreeSet};

use journal::{Finding, Gap, SuppressionKind};
use policy::Policy;
use policy::bundle::classification::ObjectRule;
use policy::controls::{Catalogue, Control, Framework, Status};
use policy::vocabulary::Tag;
use serde::Serialize;

use crate::absence::Absence;

/// What the scan says of a rule.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RuleFacts<'a> {
    pub(crate) id: &'a str,
    pub(crate) controls: &'a [&'a str],
    pub(crate) tags: &'a [&'a str],
    /// How many things it looked at; nothing where it did not run.
    pub(crate) judged: Option<usize>,
}

/// The tag of rules that judge what the org answered.
const ORG_FACTS: &str = "org-facts";

/// The weakest first, so that the least of several is what stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum State {
    /// A finding that counts cites it.
    NotMet,
    /// Too little was looked at to say.
    Unknown,
    /// Not met, and a named person answers for that until a date.
    Accepted,
    /// Every rule that cites it had something to judge, missed nothing and found nothing.
    MetInSource,
    /// The same, and what the org answered was judged as well.
    MetWithFacts,
    /// It does not ask this.
    NotAsked,
}

impl State {
    pub(crate) const ALL: [State; 6] = [
        State::NotMet,
        State::Unknown,
        State::Accepted,
        State::MetInSource,
        State::MetWithFacts,
        State::NotAsked,
    ];

    pub(crate) const fn words(self) -> &'static str {
        match self {
            State::NotMet => "not met",
            State::Unknown => "unknown",
            State::Accepted => "accepted",
            State::MetInSource => "met in source",
            State::MetWithFacts => "met with org facts",
            State::NotAsked => "not asked",
        }
    }

    /// For the eye, beside the words.
    pub(crate) const fn mark(self) -> &'static str {
        match self {
            State::NotMet => "✕",
            State::Unknown => "?",
            State::Accepted => "◐",
            State::MetInSource | State::MetWithFacts => "✓",
            State::NotAsked => "–",
        }
    }

    pub(crate) const fn class(self) -> &'static str {
        match self {
            State::NotMet => "not-met",
            State::Unknown => "unknown",
            State::Accepted => "accepted",
            State::MetInSource | State::MetWithFacts => "met",
            State::NotAsked => "not-asked",
        }
    }
}

/// One of the three ways, and why it stands so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Facet {
    pub(crate) state: State,
    pub(crate) reasons: Vec<String>,
}

impl Facet {
    fn new(state: State, reason: impl Into<String>) -> Self {
        Self { state, reasons: vec![reason.into()] }
    }

    const fn not_asked() -> Self {
        Self { state: State::NotAsked, reasons: Vec::new() }
    }
}

/// A control and what stands of it.
#[derive(Debug, Clone)]
pub(crate) struct Standing<'c> {
    pub(crate) framework: &'c Framework,
    pub(crate) control: &'c Control,
    /// The rules that cite it.
    pub(crate) rules: Vec<&'c str>,
    /// How many things these rules looked at.
    pub(crate) judged: usize,
    pub(crate) code: Facet,
    pub(crate) org: Facet,
    pub(crate) people: Facet,
    /// Fingerprints.
    pub(crate) findings: Vec<&'c str>,
    pub(crate) set_aside: Vec<&'c str>,
    pub(crate) gaps: Vec<&'c Gap>,
    /// What the source lacks, beside the gaps of its rules.
    pub(crate) absences: Vec<&'c Absence>,
}

impl Standing<'_> {
    pub(crate) fn state(&self) -> State {
        self.code.state.min(self.org.state).min(self.people.state)
    }

    /// Whether any rule looks at it.
    pub(crate) fn is_served(&self) -> bool {
        !self.rules.is_empty() || !self.findings.is_empty() || !self.set_aside.is_empty()
    }
}

/// Every control of the catalogue, in its order.
pub(crate) fn of<'c>(
    catalogue: &'c Catalogue,
    rules: &[RuleFacts<'c>],
    findings: &'c [Finding],
    gaps: &'c [Gap],
    absences: &'c [Absence],
    laws: Laws,
) -> Vec<Standing<'c>> {
    let mut by_control: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
    for finding in findings {
        for control in finding.controls.iter() {
            by_control.entry(control).or_default().push(finding);
        }
    }
    catalogue
        .controls()
        .map(|(framework, control)| {
            let citing: Vec<&RuleFacts<'c>> =
                rules.iter().filter(|rule| rule.controls.contains(&control.id.as_str())).collect();
            let found = by_control.get(control.id.as_str()).map(Vec::as_slice).unwrap_or_default();
            standing(framework, control, &citing, found, &Missing { gaps, absences, laws })
        })
        .collect()
}

/// What is not known, of all rules.
struct Missing<'c> {
    gaps: &'c [Gap],
    absences: &'c [Absence],
    laws: Laws,
}

/// Which frameworks bind the organisation, as far as its bundle says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Laws {
    pub(crate) hipaa: bool,
    /// Whether it holds records of treatment for substance use disorders; nothing where nobody has said.
    pub(crate) part2: Option<bool>,
}

impl Laws {
    /// Without a bundle every law may bind.
    pub(crate) fn of(policy: &Policy) -> Self {
        let is_tagged = |object: &ObjectRule| {
            let named = object.fields.0.iter().flat_map(|(_, rules)| rules.iter());
            object.default.iter().chain(named).any(|rule| rule.tags.iter().any(|tag| tag.value == Tag::Part2))
        };
        Self {
            hipaa: !policy.is_present() || policy.under_hipaa(),
            part2: policy.is_present().then(|| policy.objects().any(|(_, object)| is_tagged(object))),
        }
    }

    /// What stands of every control of a framework that does not bind; nothing where it does.
    fn binds(self, framework: &Framework) -> Option<Facet> {
        let not_asked =
            |reason: &str| Some(Facet { state: State::NotAsked, reasons: vec![reason.to_owned()] });
        match framework.status {
            Status::Proposed => not_asked("proposed, not law: findings that cite it are listed"),
            Status::Law | Status::Guidance if !self.hipaa && framework.id.starts_with("hipaa-") => not_asked(
                "by the bundle the organisation is neither a covered entity nor a business associate",
            ),
            Status::Law if framework.id == "part-2" => match self.part2 {
                Some(true) => None,
                Some(false) => not_asked("no field of the bundle is tagged `part2`"),
                None => Some(Facet::new(
                    State::Unknown,
                    "whether records of a substance use disorder programme are held: a bundle tags them `part2`",
                )),
            },
            Status::Law | Status::Guidance => None,
        }
    }
}

/// What is not known, of the rules that cite a control.
struct Own<'c> {
    gaps: Vec<&'c Gap>,
    absences: Vec<&'c Absence>,
}

impl<'c> Missing<'c> {
    fn of(&self, citing: &[&RuleFacts<'c>]) -> Own<'c> {
        Own {
            gaps: self.gaps.iter().filter(|gap| citing.iter().any(|rule| rule.id == gap.rule)).collect(),
            absences: self
                .absences
                .iter()
                .filter(|absence| citing.iter().any(|rule| absence.bears_on.on(rule.tags)))
                .collect(),
        }
    }
}

impl Own<'_> {
    fn is_empty(&self) -> bool {
        self.gaps.is_empty() && self.absences.is_empty()
    }

    /// What is missing, the widest first: what the source lacks as a whole, then what each rule misses.
    fn reasons(&self) -> Vec<String> {
        let absences = self.absences.iter().map(|absence| absence.missing.as_str());
        once_each("missing", absences, self.gaps.iter().map(|gap| gap.missing.as_str()))
    }

    fn remedies(&self) -> Vec<String> {
        let absences = self.absences.iter().map(|absence| absence.complete_with.as_str());
        once_each("complete with", absences, self.gaps.iter().map(|gap| gap.complete_with.as_str()))
    }
}

fn once_each<'s>(
    what: &str,
    first: impl Iterator<Item = &'s str>,
    then: impl Iterator<Item = &'s str>,
) -> Vec<String> {
    let then: BTreeSet<&str> = then.collect();
    let mut seen = BTreeSet::new();
    first.chain(then).filter(|text| seen.insert(*text)).map(|text| format!("{what}: {text}")).collect()
}

fn standing<'c>(
    framework: &'c Framework,
    control: &'c Control,
    citing: &[&RuleFacts<'c>],
    found: &[&'c Finding],
    missing: &Missing<'c>,
) -> Standing<'c> {
    let own = missing.of(citing);
    let binds = if control.asks() { missing.laws.binds(framework) } else { Some(Facet::not_asked()) };
    let (counting, set_aside): (Vec<&Finding>, Vec<&Finding>) =
        found.iter().copied().partition(|finding| finding.counts());
    let prints =
        |findings: &[&'c Finding]| findings.iter().map(|f| f.fingerprint.as_str()).collect::<Vec<_>>();
    Standing {
        framework,
        control,
        rules: citing.iter().map(|rule| rule.id).collect(),
        judged: citing.iter().filter_map(|rule| rule.judged).sum(),
        code: binds.clone().unwrap_or_else(|| code(control, citing, &counting, &set_aside, &own)),
        org: binds.clone().unwrap_or_else(|| org(control, &own)),
        people: binds.unwrap_or_else(|| people(control, &set_aside)),
        findings: prints(&counting),
        set_aside: prints(&set_aside),
        gaps: own.gaps,
        absences: own.absences,
    }
}

fn asks(control: &Control, rooms: &[&str]) -> bool {
    control.rooms.iter().any(|room| rooms.contains(&room.as_str()))
}

fn code(
    control: &Control,
    citing: &[&RuleFacts<'_>],
    counting: &[&Finding],
    set_aside: &[&Finding],
    missing: &Own<'_>,
) -> Facet {
    if !counting.is_empty() {
        let rules: BTreeSet<&str> = counting.iter().map(|finding| finding.rule).collect();
        let rules: Vec<&str> = rules.into_iter().collect();
        let reason = format!("{} by {}", plural(counting.len(), "finding", "findings"), rules.join(", "));
        return Facet::new(State::NotMet, reason);
    }
    let silenced = set_aside.iter().filter(|finding| !is_accepted(finding)).count();
    if silenced > 0 {
        let silenced = plural(silenced, "finding is", "findings are");
        return Facet::new(
            State::Unknown,
            format!("{silenced} set aside by a comment or a baseline, and nobody answers for that"),
        );
    }
    // Nobody accepts what was not looked at: what was accepted is only what was found.
    let idle: Vec<&str> = citing.iter().filter(|rule| rule.judged.is_none()).map(|rule| rule.id).collect();
    if !idle.is_empty() {
        return Facet::new(State::Unknown, format!("not run: {}", idle.join(", ")));
    }
    if !missing.is_empty() {
        return Facet { state: State::Unknown, reasons: missing.reasons() };
    }
    if !set_aside.is_empty() {
        let reason = format!("{} accepted in the bundle", plural(set_aside.len(), "finding", "findings"));
        return Facet::new(State::Accepted, reason);
    }
    if citing.is_empty() {
        return if asks(control, &["scan", "wcag"]) {
            Facet::new(State::Unknown, "no rule judges this yet")
        } else {
            Facet::not_asked()
        };
    }
    // What is not in the source may be in the org.
    let idle: Vec<&str> = citing.iter().filter(|rule| rule.judged == Some(0)).map(|rule| rule.id).collect();
    if !idle.is_empty() {
        return Facet::new(State::Unknown, format!("nothing to judge in the source for {}", idle.join(", ")));
    }
    let judged: usize = citing.iter().filter_map(|rule| rule.judged).sum();
    let reason = format!("{} judged, no finding", plural(judged, "thing", "things"));
    let by_facts = citing.iter().any(|rule| rule.tags.contains(&ORG_FACTS) && rule.judged > Some(0));
    if by_facts {
        return Facet::new(
            State::MetWithFacts,
            format!("{reason}, in the source and in what the org answered"),
        );
    }
    Facet::new(State::MetInSource, reason)
}

fn is_accepted(finding: &Finding) -> bool {
    finding
        .suppressed
        .as_ref()
        .is_some_and(|by| by.kind == SuppressionKind::Exception && by.approver.is_some())
}

fn org(control: &Control, missing: &Own<'_>) -> Facet {
    if !missing.is_empty() {
        return Facet { state: State::Unknown, reasons: missing.remedies() };
    }
    let shows = [
        ("gateway", "what passes the gateway"),
        ("audit", "the access log"),
        ("sync", "what synchronisation moved"),
        ("ai", "the log of what models were given"),
        ("guard", "what was encrypted, masked and shredded"),
        ("ledger", "the record of what happened"),
    ];
    let wanted: Vec<&str> =
        shows.iter().filter(|(room, _)| asks(control, &[room])).map(|(_, what)| *what).collect();
    if wanted.is_empty() {
        return Facet::not_asked();
    }
    Facet::new(State::Unknown, format!("the source cannot show {}", wanted.join(", ")))
}

fn people(control: &Control, set_aside: &[&Finding]) -> Facet {
    let decided: BTreeSet<String> = set_aside
        .iter()
        .filter(|finding| is_accepted(finding))
        .filter_map(|finding| finding.suppressed.as_ref())
        .map(|by| {
            let approver = by.approver.as_deref().unwrap_or_default();
            match by.expires {
                Some(until) => format!("accepted by {approver} until {until}"),
                None => format!("accepted by {approver}, no end given"),
            }
        })
        .collect();
    if !decided.is_empty() {
        return Facet { state: State::Accepted, reasons: decided.into_iter().collect() };
    }
    if asks(control, &["govern", "people"]) {
        return Facet::new(State::Unknown, "a record made by people is needed, and none was read");
    }
    Facet::not_asked()
}

pub(crate) fn plural(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests;
