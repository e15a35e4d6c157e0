use journal::Severity;
use scan::{RULES, Rule};
use serde_json::{Value, json};

use crate::arguments::{Plain, Rules};
use crate::{Verdict, files};

pub(crate) fn run(arguments: &Rules) -> Result<Verdict, String> {
    let rules: Vec<&Rule> =
        RULES.iter().filter(|rule| arguments.id.as_ref().is_none_or(|id| id == rule.id)).collect();
    let text = match (arguments.format, &arguments.id, rules.as_slice()) {
        (Plain::Json, ..) => {
            let listed: Vec<Value> = rules.iter().map(|rule| described(rule)).collect();
            serde_json::to_string_pretty(&listed).map_err(|error| error.to_string())? + "\n"
        }
        (Plain::Human, Some(_), [rule]) => page(rule),
        (Plain::Human, ..) => rules.iter().map(|rule| line(rule)).chain(meanings()).collect(),
    };
    files::print(text.as_bytes())?;
    Ok(Verdict::InOrder)
}

fn line(rule: &Rule) -> String {
    let meta = rule.meta;
    format!("{:<36} {:<9} {:<10} {}\n", rule.id, meta.severity, meta.persona, meta.title)
}

/// What severities mean, for people.
fn meanings() -> impl Iterator<Item = String> {
    let each = Severity::ALL.into_iter().map(|severity| format!("{severity:<9} {}\n", severity.meaning()));
    std::iter::once("\n".to_owned()).chain(each)
}

fn page(rule: &Rule) -> String {
    let catalogue = policy::controls::catalogue();
    let controls: String = rule
        .meta
        .controls
        .iter()
        .filter_map(|id| catalogue.control(id))
        .map(|control| format!("- {} ({}): {}\n", control.citation, control.id, control.title))
        .collect();
    let benchmark: String = rule
        .meta
        .sbs
        .iter()
        .map(|id| {
            let title = scan::benchmark::title(id).unwrap_or_default();
            format!("- Security Benchmark for Salesforce ({id}): {title}\n")
        })
        .collect();
    format!(
        "{}\nRule `{}`, severity {}, confidence {}, for the {}\n\n{controls}{benchmark}",
        rule.page(),
        rule.id,
        rule.meta.severity,
        rule.meta.confidence,
        rule.meta.persona
    )
}

fn described(rule: &Rule) -> Value {
    let meta = rule.meta;
    json!({
        "id": rule.id,
        "title": meta.title,
        "summary": rule.summary(),
        "severity": meta.severity,
        "confidence": meta.confidence,
        "persona": meta.persona,
        "tags": meta.tags,
        "controls": meta.controls,
        "replaces": meta.replaces,
        "sbs": meta.sbs,
        "needs": meta.needs,
    })
}
