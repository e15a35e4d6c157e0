use std::collections::BTreeMap;
use std::fmt::Write;

use super::{Chart, Standing};
use crate::escape::mermaid as escape;

/// The chart as a Mermaid flowchart. Names are numbered, so that no name of a stranger is ever syntax.
pub(crate) fn mermaid(chart: &Chart) -> String {
    let mut out = String::from("flowchart LR\n");
    let _ = writeln!(out, "  accTitle: {}", escape(&chart.title));
    let _ = writeln!(out, "  accDescr: {}", escape(&chart.description));
    let mut ids: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, zone) in chart.zones.iter().enumerate() {
        let _ =
            writeln!(out, "  subgraph z{at}[\"{}\"]", label(&zone.title, std::slice::from_ref(&zone.note)));
        for node in &zone.nodes {
            let id = ids.len();
            let id = *ids.entry(&node.id).or_insert(id);
            let _ = writeln!(out, "    n{id}[\"{}\"]", label(&node.title, &node.lines));
        }
        out.push_str("  end\n");
    }
    for card in &chart.cards {
        let arrow = match card.standing {
            Standing::Both | Standing::Reached | Standing::Found | Standing::Sees => "-->",
            Standing::Declared | Standing::Address => "-.->",
            Standing::Undeclared => "==>",
        };
        let mut lines = card.lines.clone();
        if card.standing != Standing::Sees {
            lines.push(format!("[{}]", card.standing.as_str()));
        }
        let text = label(&card.title, &lines);
        for from in card.from.iter().filter_map(|id| ids.get(id.as_str())) {
            for to in card.to.iter().filter_map(|id| ids.get(id.as_str())) {
                let _ = writeln!(out, "  n{from} {arrow}|\"{text}\"| n{to}");
            }
        }
    }
    out
}

fn label(title: &str, lines: &[String]) -> String {
    let lines = lines.iter().filter(|line| !line.is_empty()).map(|line| escape(line));
    std::iter::once(escape(title)).chain(lines).collect::<Vec<_>>().join("<br/>")
}
