//! What encrypting one field would break, by Shield or by the gateway, and how to get there.
//!
//! In come project, bundle and the name of a field; out comes a [`Plan`]: whether it can be encrypted, every use in the
//! source with what becomes of it, the scheme that follows, the steps, and what the source cannot tell. Nothing is changed
//! and no key is touched. Of code Apex is judged; the rest is counted.

mod beside;
mod choice;
mod eligibility;
mod judgement;
mod migration;
mod named;
mod subject;
mod token;

use std::collections::{BTreeMap, BTreeSet};

use journal::Place;
use policy::vocabulary::Protect;
use serde::Serialize;

pub use choice::Choice;
pub use eligibility::{Gateway, Limit, Platform, Possible, Reason, SchemeAnswer};
pub use judgement::{Judgement, Outcome};
pub use migration::{Step, Way};
pub use named::{Code, CodeFiles};
pub use subject::{Asked, Subject, UnknownField};
pub use token::{NewField, TokenLength};

use crate::field_use::{self, FieldUse};
pub use crate::field_use::{Comparison, How};
use crate::formula::Part;
use crate::{Context, Input, encryption};
use judgement::Used;
use subject::Known;

/// One way to encrypt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Shield: the same value gives another ciphertext each time.
    Probabilistic,
    /// Shield: the same value gives the same ciphertext.
    DeterministicCaseSensitive,
    /// Shield: so do values that differ in upper and lower case only.
    DeterministicCaseInsensitive,
    /// A token that only the gateway opens.
    Gateway,
}

impl Mode {
    pub const ALL: [Mode; 4] = [
        Mode::Probabilistic,
        Mode::DeterministicCaseSensitive,
        Mode::DeterministicCaseInsensitive,
        Mode::Gateway,
    ];

    /// As the command line and JSON write it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Probabilistic => "probabilistic",
            Self::DeterministicCaseSensitive => "deterministic-case-sensitive",
            Self::DeterministicCaseInsensitive => "deterministic-case-insensitive",
            Self::Gateway => "gateway",
        }
    }

    /// As `encryptionScheme` of a field's file writes it; nothing for the gateway.
    pub const fn scheme(self) -> Option<&'static str> {
        match self {
            Self::Probabilistic => Some("ProbabilisticEncryption"),
            Self::DeterministicCaseSensitive => Some("CaseSensitiveDeterministicEncryption"),
            Self::DeterministicCaseInsensitive => Some("CaseInsensitiveDeterministicEncryption"),
            Self::Gateway => None,
        }
    }
}

/// Whom the plan is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum For {
    /// What the bundle asks for; both where it asks for nothing.
    #[default]
    Bundle,
    Platform,
    Gateway,
    Both,
}

/// What is asked.
#[derive(Debug, Clone, Copy, Default)]
pub struct Question {
    pub by: For,
    /// One of Shield's schemes, where that is settled.
    pub scheme: Option<Mode>,
}

/// A use of the field with what becomes of it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct JudgedUse {
    /// What is done with the field.
    #[serde(rename = "use")]
    pub how: How,
    pub component: String,
    pub place: Place,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comparison: Option<Comparison>,
    /// The component by which the field gets here: a formula that shows it, the report of a dashboard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub through: Option<String>,
    /// False for rules that are switched off and for drafts of flows.
    pub active: bool,
    pub judgements: BTreeMap<Mode, Judgement>,
    #[serde(skip)]
    part: Option<Part>,
}

/// Something that the source cannot tell, and what would.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unsettled {
    pub what: String,
    pub settle: String,
}

/// All that is known of encrypting one field.
#[derive(Debug, Clone, Serialize)]
pub struct Plan {
    /// Of this form; a field more does not change it.
    pub format: u32,
    pub subject: Subject,
    /// The modes that are judged, Shield's first.
    pub modes: Vec<Mode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway: Option<Gateway>,
    /// The worst first.
    pub uses: Vec<JudgedUse>,
    pub choice: Choice,
    pub migration: Vec<Way>,
    pub unsettled: Vec<Unsettled>,
    pub code: Code,
}

impl Plan {
    /// Uses that are switched on and come to this under a mode.
    pub fn count(&self, mode: Mode, outcome: Outcome) -> usize {
        choice::count(&self.uses, mode, outcome)
    }
}

/// The plan for `Object.Field`, in any case.
pub fn plan(input: &Input<'_>, full_name: &str, question: Question) -> Result<Plan, UnknownField> {
    let cx = Context::new(input);
    let known = Known::find(&cx, full_name)?;
    let (for_platform, for_gateway) = wanted(&known, question);
    let mut modes: Vec<Mode> = Vec::new();
    if for_platform {
        match question.scheme {
            Some(scheme) => modes.push(scheme),
            None => modes.extend(Mode::ALL.into_iter().filter(|mode| *mode != Mode::Gateway)),
        }
    }
    if for_gateway {
        modes.push(Mode::Gateway);
    }
    let platform = for_platform.then(|| {
        let mut platform = eligibility::platform(&cx, &known);
        platform.schemes.retain(|scheme| modes.contains(&scheme.mode));
        platform
    });
    let gateway = for_gateway.then(|| eligibility::gateway(&cx, &known));
    let found = uses(&cx, &known);
    // The choice of a scheme compares all of them, whichever are told.
    let all = judged(&known, found, &Mode::ALL);
    let (scheme, why_scheme) = match (&platform, question.scheme) {
        (Some(platform), Some(scheme)) if platform.allows(scheme) => {
            (Some(scheme), "it was asked for".to_owned())
        }
        (Some(_), Some(scheme)) => (None, format!("`{}` was asked for and is not possible", scheme.as_str())),
        (Some(platform), None) => choice::scheme(&known, platform, &all),
        (None, _) => (None, "Shield was not asked for".to_owned()),
    };
    let mut plan = Plan {
        format: 1,
        choice: Choice {
            scheme,
            why_scheme,
            protect: None,
            why_protect: String::new(),
            breaks: modes.iter().map(|mode| (*mode, choice::count(&all, *mode, Outcome::Breaks))).collect(),
        },
        uses: all,
        subject: known.subject.clone(),
        unsettled: unsettled(&cx, &known),
        code: named::code(&cx, &known.subject),
        modes,
        platform,
        gateway,
        migration: Vec::new(),
    };
    (plan.choice.protect, plan.choice.why_protect) = match (for_platform, for_gateway) {
        (true, true) => choice::protection(&plan, scheme),
        (true, false) => (None, "only Shield was asked for".to_owned()),
        _ => (None, "only the gateway was asked for".to_owned()),
    };
    for used in &mut plan.uses {
        used.judgements.retain(|mode, _| plan.modes.contains(mode));
    }
    plan.uses.sort_by_cached_key(|used| {
        let worst = used.judgements.values().map(|judgement| judgement.outcome).max();
        (!used.active, std::cmp::Reverse(worst), used.how, used.component.clone(), used.place.clone())
    });
    plan.migration = migration::ways(&cx, &known, &plan);
    Ok(plan)
}

/// Whether the plan is for Shield, and whether it is for the gateway.
fn wanted(known: &Known<'_>, question: Question) -> (bool, bool) {
    let asked = known.subject.asked.as_ref().map(|asked| asked.protect);
    match (question.by, asked) {
        (For::Platform, _) | (For::Bundle, Some(Protect::Platform)) => (true, false),
        (For::Gateway, _) | (For::Bundle, Some(Protect::Gateway)) => (false, true),
        (For::Both, _) | (For::Bundle, _) => (true, true),
    }
}

/// Formulas over formulas that are followed.
const DEPTH: usize = 4;

/// Every use of the field, and of formulas that show it.
fn uses(cx: &Context<'_>, known: &Known<'_>) -> Vec<(FieldUse, bool)> {
    let mut found: Vec<(FieldUse, bool)> =
        field_use::of(cx, &|reached| known.is(reached)).into_iter().map(|used| (used, false)).collect();
    found.extend(named::uses(cx, &known.subject).into_iter().map(|used| (used, false)));
    let mut followed: BTreeSet<String> = BTreeSet::new();
    for _ in 0..DEPTH {
        let formulas: BTreeMap<String, String> = found
            .iter()
            .filter(|(used, _)| used.how == How::Formula && used.part != Some(Part::Blank))
            .map(|(used, _)| (used.name().to_lowercase(), used.component.clone()))
            .filter(|(name, _)| !followed.contains(name))
            .collect();
        if formulas.is_empty() {
            break;
        }
        let wanted =
            |reached: &crate::field_path::Reached| formulas.contains_key(&reached.full_name().to_lowercase());
        for mut used in field_use::of(cx, &wanted) {
            let name = used.reached.full_name().to_lowercase();
            let is_known =
                found.iter().any(|(one, _)| one.component == used.component && one.place == used.place);
            if judgement::follows_formula(used.how) && !is_known {
                used.through = formulas.get(&name).cloned();
                found.push((used, true));
            }
        }
        followed.extend(formulas.into_keys());
    }
    found
}

fn judged(known: &Known<'_>, found: Vec<(FieldUse, bool)>, modes: &[Mode]) -> Vec<JudgedUse> {
    let few_values = known.subject.few_values.is_some();
    let mut uses: Vec<JudgedUse> = Vec::new();
    for (used, by_formula) in found {
        let facts =
            Used { how: used.how, comparison: used.comparison, part: used.part, by_formula, few_values };
        let is_known = uses.iter().any(|one| {
            one.how == used.how
                && one.component == used.component
                && one.place == used.place
                && one.part == used.part
        });
        if is_known {
            continue;
        }
        uses.push(JudgedUse {
            how: used.how,
            component: used.component,
            place: used.place,
            comparison: used.comparison,
            through: used.through,
            active: used.is_active,
            judgements: modes.iter().map(|mode| (*mode, judgement::judge(facts, *mode))).collect(),
            part: used.part,
        });
    }
    follow_reports(&mut uses);
    uses
}

/// A dashboard fares as its report does.
fn follow_reports(uses: &mut [JudgedUse]) {
    let mut reports: BTreeMap<(String, Mode), Outcome> = BTreeMap::new();
    for used in uses.iter().filter(|used| used.component.starts_with("Report:")) {
        for (mode, judgement) in &used.judgements {
            let worst = reports.entry((used.component.clone(), *mode)).or_insert(judgement.outcome);
            *worst = judgement.outcome.max(*worst);
        }
    }
    for used in uses.iter_mut().filter(|used| used.how == How::Dashboard) {
        let Some(report) = used.through.clone() else { continue };
        for (mode, judgement) in &mut used.judgements {
            if let Some(outcome) = reports.get(&(report.clone(), *mode)) {
                judgement.outcome = *outcome;
                judgement.advice = if *outcome == Outcome::Works { "" } else { judgement.advice };
            }
        }
    }
}

/// What no source tells, and what would.
fn unsettled(cx: &Context<'_>, known: &Known<'_>) -> Vec<Unsettled> {
    let Subject { object, field, .. } = &known.subject;
    let mut found = Vec::new();
    let mut add = |what: String, settle: String| found.push(Unsettled { what, settle });
    let retrieve = |kinds: &str| format!("retrieve {kinds}");
    if known.field.is_none() {
        add(
            format!("the type, length and flags of `{object}.{field}`: the source does not describe it"),
            format!("retrieve `CustomField:{object}.{field}`"),
        );
    }
    // A type of which the source has nothing may well be in the org.
    const TYPES: [(&str, &str); 12] = [
        ("Report", "reports"),
        ("Dashboard", "dashboards"),
        ("Flow", "flows"),
        ("Layout", "page layouts"),
        ("MatchingRules", "matching rules"),
        ("DuplicateRule", "duplicate rules"),
        ("SharingRules", "sharing rules"),
        ("EmailTemplate", "e-mail templates"),
        ("RestrictionRule", "restriction and scoping rules"),
        ("ApprovalProcess", "approval processes"),
        ("PlatformEventChannelMember", "channels of change events"),
        ("GenAiPromptTemplate", "prompt templates"),
    ];
    let absent: Vec<(&str, &str)> =
        TYPES.into_iter().filter(|(kind, _)| cx.project.of_type(kind).next().is_none()).collect();
    if !absent.is_empty() {
        let words: Vec<&str> = absent.iter().map(|(_, words)| *words).collect();
        let kinds: Vec<String> = absent.iter().map(|(kind, _)| format!("`{kind}:*`")).collect();
        add(
            format!("what the org has of these, of which the source has none: {}", words.join(", ")),
            retrieve(&kinds.join(", ")),
        );
    }
    add(
        "reports, list views and dashboards in private folders, and reports that people filter by hand".to_owned(),
        "ask the org: they are not retrieved with metadata; look at Setup > Encryption Statistics and ask the report owners"
            .to_owned(),
    );
    let packages: Vec<&str> = cx.project.installed_packages().map(|package| package.name()).collect();
    let packages = match packages.as_slice() {
        [] => "managed packages: the source names none".to_owned(),
        names => format!("what {} managed packages do with the field: {}", names.len(), names.join(", ")),
    };
    add(
        packages,
        "ask each publisher whether the package works with the encryption of this field".to_owned(),
    );
    add(
        "integrations that filter, sort or upsert by the field over the API, and data loads".to_owned(),
        "look through the API event logs (EventLogFile) and ask the owners of the connected apps".to_owned(),
    );
    if encryption::reaches(known.kind) {
        add(
            "how its values are spread, how long they are, and which are beyond ASCII".to_owned(),
            format!("ask the org for the longest and the commonest values of `{object}.{field}`"),
        );
    }
    found
}

#[cfg(test)]
mod tests;
