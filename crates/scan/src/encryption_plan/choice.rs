//! Which way follows from the uses: the one that breaks least, and of equals the one that protects most.

use std::collections::BTreeMap;

use policy::vocabulary::Protect;
use serde::Serialize;

use super::eligibility::{Gateway, Platform, Possible};
use super::judgement::Outcome;
use super::subject::Known;
use super::{JudgedUse, Mode, Plan};
use crate::encryption;
use crate::field_use::{Comparison, How};

/// The way that follows.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Choice {
    /// Of Shield's schemes; nothing where none is possible.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scheme: Option<Mode>,
    pub why_scheme: String,
    /// What to do on the whole; nothing where one way was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protect: Option<Protect>,
    pub why_protect: String,
    /// Uses that break, by mode.
    pub breaks: BTreeMap<Mode, usize>,
}

/// Uses that are switched on and come to this.
pub(super) fn count(uses: &[JudgedUse], mode: Mode, outcome: Outcome) -> usize {
    let own = |used: &&JudgedUse| {
        used.active && used.judgements.get(&mode).is_some_and(|one| one.outcome == outcome)
    };
    uses.iter().filter(own).count()
}

/// Whether something finds records by whole values, which only a deterministic scheme leaves possible.
fn needs_equality(known: &Known<'_>, uses: &[JudgedUse]) -> Option<String> {
    let subject = &known.subject;
    if subject.unique || subject.external_id {
        return Some("the field is a key".to_owned());
    }
    let equal = |used: &&JudgedUse| {
        used.active
            && used.through.is_none()
            && matches!(
                used.how,
                How::ListViewFilter
                    | How::ReportFilter
                    | How::ReportCrossFilter
                    | How::FlowFilter
                    | How::LookupFilter
                    | How::MatchingRule
                    | How::DuplicateRule
            )
            && matches!(used.comparison, Some(Comparison::Equality))
    };
    let count = uses.iter().filter(equal).count();
    if count > 0 {
        let uses = if count == 1 { "use finds" } else { "uses find" };
        return Some(format!("{count} {uses} records by its whole value"));
    }
    let is_asked = subject.asked.as_ref().is_some_and(|asked| asked.search);
    is_asked.then(|| "the bundle asks for a search by equality".to_owned())
}

/// The scheme, and why.
pub(super) fn scheme(known: &Known<'_>, platform: &Platform, uses: &[JudgedUse]) -> (Option<Mode>, String) {
    let none = || (None, "Shield cannot encrypt the field as it is".to_owned());
    if platform.possible == Possible::No && platform.replacement.is_none() {
        return none();
    }
    let random = platform.allows(Mode::Probabilistic);
    let subject = &known.subject;
    let (cased, why_case) =
        encryption::deterministic(subject.unique, known.case_sensitive, subject.identifier);
    let exact = platform.allows(cased);
    let fewer = count(uses, cased, Outcome::Breaks) < count(uses, Mode::Probabilistic, Outcome::Breaks);
    match (needs_equality(known, uses), exact, known.subject.few_values) {
        (Some(need), true, None)
            if fewer || !random || known.subject.asked.as_ref().is_some_and(|asked| asked.search) =>
        {
            (Some(cased), format!("{need}, its values are many, and {why_case}"))
        }
        (Some(need), true, Some(few)) if random => (
            Some(Mode::Probabilistic),
            format!(
                "{need}, and it holds {few}: deterministic encryption would tell them by counting, so mend the uses"
            ),
        ),
        (_, true, Some(few)) if !random => (
            Some(cased),
            format!(
                "only a deterministic scheme goes with its flags; it holds {few}, which counting tells: take the flag off"
            ),
        ),
        (Some(need), false, _) if random => (
            Some(Mode::Probabilistic),
            format!("{need}, and no deterministic scheme is possible: mend the uses"),
        ),
        (None, _, _) if random => (
            Some(Mode::Probabilistic),
            "nothing finds records by its whole value, and random ciphertext tells nothing".to_owned(),
        ),
        (_, true, _) => (Some(cased), format!("probabilistic encryption is not possible; {why_case}")),
        (_, false, _) if random => {
            (Some(Mode::Probabilistic), "it is the one scheme that is possible".to_owned())
        }
        _ => none(),
    }
}

/// What to do on the whole, where nobody has said.
pub(super) fn protection(plan: &Plan, scheme: Option<Mode>) -> (Option<Protect>, String) {
    if let Some(asked) = &plan.subject.asked
        && asked.protect != Protect::None
    {
        return (Some(asked.protect), "the bundle asks for it".to_owned());
    }
    let can = |gateway: &Gateway| gateway.possible == Possible::Yes;
    let gateway = plan.gateway.as_ref().is_some_and(can);
    let may = |possible| plan.gateway.as_ref().is_some_and(|gateway| gateway.possible == possible);
    let breaks = |mode| count(&plan.uses, mode, Outcome::Breaks);
    match (scheme, gateway) {
        (Some(scheme), true) => {
            let (shield, tokens) = (breaks(scheme), breaks(Mode::Gateway));
            if shield <= tokens {
                (
                    Some(Protect::Platform),
                    format!(
                        "Shield breaks {shield} of the uses and a token {tokens}; Shield gives the plain value to every user and \
                     program that may read the field, so choose the gateway where that is too much"
                    ),
                )
            } else {
                (Some(Protect::Gateway), format!("a token breaks {tokens} of the uses and Shield {shield}"))
            }
        }
        (Some(_), false) if may(Possible::Unknown) => (
            Some(Protect::Platform),
            "whether the gateway can keep a token of it is not known from the source".to_owned(),
        ),
        (Some(_), false) => (Some(Protect::Platform), "the gateway cannot keep a token of it".to_owned()),
        (None, true) => (Some(Protect::Gateway), "Shield cannot encrypt the field as it is".to_owned()),
        (None, false) => (None, "neither Shield nor the gateway can encrypt the field as it is".to_owned()),
    }
}
