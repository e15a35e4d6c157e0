use std::collections::BTreeSet;

use policy::controls::{self, Status};

use super::Content;
use super::prose::Prose;
use crate::status::{Facet as Judgement, Standing, State, plural};

pub(super) struct Framework<'r> {
    pub(super) id: &'r str,
    pub(super) name: &'r str,
    pub(super) source: &'r str,
    pub(super) status: &'static str,
    pub(super) checked: String,
    pub(super) by_text: usize,
    pub(super) by_paraphrase: usize,
    pub(super) unchecked: usize,
    pub(super) total: usize,
    pub(super) not_met: usize,
    pub(super) unknown: usize,
    pub(super) accepted: usize,
    pub(super) met: usize,
    pub(super) bar: Vec<Bar>,
    pub(super) rows: Vec<Control<'r>>,
    pub(super) unserved: Vec<String>,
}

/// A part of a bar that is 1,000 wide.
pub(super) struct Bar {
    pub(super) class: &'static str,
    pub(super) x: usize,
    pub(super) width: usize,
}

pub(super) struct Control<'r> {
    pub(super) id: &'r str,
    pub(super) citation: &'r str,
    pub(super) title: &'r str,
    pub(super) more: String,
    /// The weakest of the three.
    pub(super) whole: State,
    pub(super) facets: [Facet<'r>; 3],
}

pub(super) struct Facet<'r> {
    pub(super) class: &'static str,
    pub(super) mark: &'static str,
    pub(super) words: &'static str,
    pub(super) reasons: Vec<Prose>,
    pub(super) more: usize,
    /// Rules whose findings stand behind it.
    pub(super) links: Vec<&'r str>,
    /// Whether Method says more.
    pub(super) see_method: bool,
}

/// Reasons that a cell shows.
const REASONS: usize = 3;

pub(super) fn frameworks<'r>(content: &Content<'r>) -> Vec<Framework<'r>> {
    let found: BTreeSet<&str> = content.groups.iter().map(|group| group.rule).collect();
    controls::catalogue()
        .frameworks
        .iter()
        .map(|framework| {
            let own: Vec<&'r Standing<'r>> =
                content.standings.iter().filter(|one| one.framework.id == framework.id).collect();
            let (served, unserved): (Vec<_>, Vec<_>) = own.iter().copied().partition(|one| one.is_served());
            of_framework(framework, &served, &unserved, &found)
        })
        .collect()
}

fn of_framework<'r>(
    framework: &'r controls::Framework,
    served: &[&'r Standing<'r>],
    unserved: &[&'r Standing<'r>],
    found: &BTreeSet<&str>,
) -> Framework<'r> {
    let count = |state: State| served.iter().filter(|one| one.code.state == state).count();
    let checked = |how: &str| framework.controls.iter().filter(|control| control.checked == how).count();
    let (by_text, by_paraphrase, unchecked) = (checked("text"), checked("secondary"), checked("unchecked"));
    let mut bar = Vec::new();
    let mut x = 0;
    for state in State::ALL {
        let width = if served.is_empty() { 0 } else { count(state) * 1000 / served.len() };
        if width > 0 && state != State::NotAsked {
            bar.push(Bar { class: state.class(), x, width });
            x += width;
        }
    }
    Framework {
        id: &framework.id,
        name: &framework.name,
        source: &framework.source,
        status: match framework.status {
            Status::Law => "law",
            Status::Proposed => "proposed, not in force",
            Status::Guidance => "guidance, not law",
        },
        checked: match (by_paraphrase, unchecked) {
            (0, 0) => "Every title was checked against the text.".to_owned(),
            (paraphrase, unchecked) => format!(
                "{} checked against a paraphrase only, {} not yet.",
                plural(paraphrase, "title was", "titles were"),
                unchecked
            ),
        },
        by_text,
        by_paraphrase,
        unchecked,
        total: framework.controls.len(),
        not_met: count(State::NotMet),
        unknown: count(State::Unknown),
        accepted: count(State::Accepted),
        met: count(State::MetInSource) + count(State::MetWithFacts),
        bar,
        rows: served.iter().map(|one| of_control(one, found)).collect(),
        unserved: unserved
            .iter()
            .map(|one| format!("{}: {}", one.control.citation, one.control.title))
            .collect(),
    }
}

fn of_control<'r>(one: &'r Standing<'r>, found: &BTreeSet<&str>) -> Control<'r> {
    let mut more: Vec<String> = Vec::new();
    more.extend(one.control.requirement.clone());
    more.extend(one.control.level.as_ref().map(|level| format!("level {level}")));
    if one.control.checked != "text" {
        let how = if one.control.checked == "secondary" { "a paraphrase" } else { "nothing yet" };
        more.push(format!("wording checked against {how}"));
    }
    if !one.rules.is_empty() {
        more.push(format!("{} judged by {}", plural(one.judged, "thing", "things"), one.rules.join(", ")));
    }
    let links: Vec<&str> = match one.code.state {
        State::NotMet => one.rules.iter().copied().filter(|rule| found.contains(rule)).collect(),
        _ => Vec::new(),
    };
    let mut code = facet(&one.code);
    let mut org = facet(&one.org);
    if let [first, rest @ ..] = one.absences.as_slice() {
        // The same stands behind many controls: the page says it once, under Method.
        let and = match rest.len() {
            0 => String::new(),
            rest => format!(", and {}", plural(rest, "more thing", "more things")),
        };
        let missing = format!("missing: {}{and}", first.short);
        shorten(
            &mut code,
            &one.code,
            |said| one.absences.iter().any(|absence| says(said, &absence.missing)),
            &missing,
        );
        let with = "complete with: what Method lists";
        shorten(
            &mut org,
            &one.org,
            |said| one.absences.iter().any(|absence| says(said, &absence.complete_with)),
            with,
        );
    }
    if !links.is_empty() {
        // The links name the rules, so the reason need not.
        code.reasons = vec![Prose::new(&plural(one.findings.len(), "finding:", "findings:"))];
        code.links = links;
    }
    Control {
        id: &one.control.id,
        citation: &one.control.citation,
        title: &one.control.title,
        more: more.join("; "),
        whole: one.state(),
        facets: [code, org, facet(&one.people)],
    }
}

fn facet<'r>(judgement: &'r Judgement) -> Facet<'r> {
    Facet {
        class: judgement.state.class(),
        mark: judgement.state.mark(),
        words: judgement.state.words(),
        reasons: judgement.reasons.iter().take(REASONS).map(|reason| Prose::new(reason)).collect(),
        more: judgement.reasons.len().saturating_sub(REASONS),
        links: Vec::new(),
        see_method: false,
    }
}

/// Whether a reason is a word of what it says, a colon, and this.
fn says(reason: &str, what: &str) -> bool {
    reason.split_once(": ").is_some_and(|(_, said)| said == what)
}

/// Puts one line in the place of all reasons of a kind.
fn shorten(facet: &mut Facet<'_>, judgement: &Judgement, is_one: impl Fn(&str) -> bool, line: &str) {
    let others: Vec<&String> = judgement.reasons.iter().filter(|reason| !is_one(reason)).collect();
    if others.len() == judgement.reasons.len() {
        return;
    }
    facet.reasons = std::iter::once(line)
        .chain(others.iter().take(REASONS - 1).map(|reason| reason.as_str()))
        .map(Prose::new)
        .collect();
    facet.more = (others.len() + 1).saturating_sub(REASONS);
    facet.see_method = true;
}
