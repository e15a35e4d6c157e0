use jiff::civil::Date;
use journal::Finding;
use policy::controls::catalogue;

use super::prose::Prose;
use super::{Content, stage_title};
use crate::plan::{STAGES, Step as Planned, Work, citations};
use crate::status::plural;

const PRINTS: usize = 5;
const CITATIONS: usize = 4;

pub(super) struct Stage<'r> {
    pub(super) title: String,
    pub(super) steps: Vec<Step<'r>>,
}

pub(super) struct Step<'r> {
    pub(super) title: String,
    pub(super) severity: &'static str,
    pub(super) who: &'static str,
    pub(super) what: Prose,
    pub(super) rule: Option<&'static str>,
    pub(super) controls: String,
    pub(super) proof: String,
    pub(super) prints: Vec<&'r str>,
    pub(super) prints_more: usize,
}

pub(super) fn stages<'r>(content: &Content<'r>, today: Date) -> Vec<Stage<'r>> {
    (0..STAGES.len())
        .map(|stage| Stage {
            title: stage_title(today, stage),
            steps: content
                .steps
                .iter()
                .filter(|step| step.stage == stage)
                .map(|step| of(step, content))
                .collect(),
        })
        .collect()
}

/// Enough of a fingerprint to find it in findings.csv.
fn short(finding: &Finding) -> &str {
    finding.fingerprint.as_str().get(..12).unwrap_or_default()
}

fn of<'r>(step: &Planned<'r>, content: &Content<'r>) -> Step<'r> {
    let who = step.who.as_str();
    match &step.work {
        Work::Mend { rule, causes, findings, required } => {
            let cited = citations(catalogue(), findings);
            let rest = cited.len().saturating_sub(CITATIONS);
            let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
            let law = if *required {
                "; the first is required"
            } else {
                "; the first is addressable, proposed or guidance"
            };
            let fix = findings.first().map(|finding| finding.fix.as_str()).unwrap_or_default();
            let rest = findings.len().saturating_sub(PRINTS);
            Step {
                title: content.rulebook.title(rule).to_owned(),
                severity: step.severity.as_str(),
                who,
                what: Prose::new(&format!(
                    "{}. {} mended by {}.",
                    fix.trim_end_matches('.'),
                    plural(findings.len(), "finding,", "findings,"),
                    plural(causes.len(), "change", "changes")
                )),
                rule: Some(rule),
                controls: if cited.is_empty() {
                    String::new()
                } else {
                    let shown: Vec<&str> = cited.into_iter().take(CITATIONS).collect();
                    format!("{}{more}{law}", shown.join("; "))
                },
                proof: "the next audit of the deployed source no longer lists these findings, by fingerprint, with a \
                        policy that has not been widened for it"
                    .to_owned(),
                prints: findings.iter().take(PRINTS).map(|finding| short(finding)).collect(),
                prints_more: rest,
            }
        }
        Work::Ask { gaps, absences } => {
            let mut with: Vec<&str> = gaps
                .iter()
                .map(|gap| gap.complete_with.as_str())
                .chain(absences.iter().map(|absence| absence.complete_with.as_str()))
                .collect();
            with.sort_unstable();
            with.dedup();
            Step {
                title: "Ask the org what the source cannot tell".to_owned(),
                severity: "",
                who,
                what: Prose::new(&format!(
                    "Settle {} with {}; both are listed under Method.",
                    plural(gaps.len() + absences.len(), "unknown", "unknowns"),
                    plural(with.len(), "query or file", "queries or files")
                )),
                rule: None,
                controls: String::new(),
                proof: "what can be retrieved is in the source, what the org answers is among the facts (--facts), and the \
                        next audit reports no gap for it; of what neither can hold a named person keeps the answer with \
                        its date".to_owned(),
                prints: Vec::new(),
                prints_more: 0,
            }
        }
        Work::Renew { findings, until } => Step {
            title: "Decide anew on what was accepted".to_owned(),
            severity: step.severity.as_str(),
            who,
            what: Prose::new(&format!(
                "{} accepted in the bundle; the first acceptance ends on {until}. Mend, or accept again with a reason.",
                plural(findings.len(), "finding is", "findings are")
            )),
            rule: None,
            controls: String::new(),
            proof: "the finding is gone, or exceptions.yaml holds a new decision with approver and end"
                .to_owned(),
            prints: findings.iter().take(PRINTS).map(|finding| short(finding)).collect(),
            prints_more: findings.len().saturating_sub(PRINTS),
        },
        Work::Record { open } => Step {
            title: "Complete the record of processing".to_owned(),
            severity: "",
            who,
            what: Prose::new(&format!(
                "Fill in {} of ropa.csv, and declare in the bundle what belongs there.",
                plural(*open, "unknown cell", "unknown cells")
            )),
            rule: None,
            controls: "GDPR Art. 30(1)".to_owned(),
            proof: "no cell of the next ropa.csv reads unknown, and a named person has confirmed the record"
                .to_owned(),
            prints: Vec::new(),
            prints_more: 0,
        },
    }
}
