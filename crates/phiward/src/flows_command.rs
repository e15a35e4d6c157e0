//! Which patient data goes where: what the bundle declares, held against what the source does.

use std::fmt::Write;

use dossier::ToldFlow;
use journal::Severity;

use crate::arguments::{self, Audience, Subject, Tabular};
use crate::{Verdict, files, judge};

/// Of a flow so many places are told at a terminal.
const SHOWN: usize = 6;

pub(crate) fn run(arguments: &arguments::Flows) -> Result<Verdict, String> {
    let subject = Subject {
        path: arguments.path.clone(),
        policy: arguments.policy.clone(),
        facts: arguments.facts.clone(),
        on: arguments.on,
        rules: Vec::new(),
        skip: Vec::new(),
        baseline: None,
        fail_on: Severity::Critical,
    };
    let read = judge::read(&subject)?;
    let report = read.scan(&subject, Audience::ALL)?;
    let flows = dossier::flows(&report, &read.policy, read.today);
    let bytes = match arguments.format {
        Tabular::Table => table(&flows, read.policy.is_present()).into_bytes(),
        Tabular::Json => {
            let mut bytes = serde_json::to_vec_pretty(&flows).map_err(|error| error.to_string())?;
            bytes.push(b'\n');
            bytes
        }
        Tabular::Csv => dossier::flow_table(&report, &read.policy, read.today),
    };
    match &arguments.output {
        Some(path) => files::write(path, &bytes)?,
        None => files::print(&bytes)?,
    }
    let is_undeclared = flows.iter().any(|flow| flow.is_undeclared);
    Ok(if is_undeclared { Verdict::Findings } else { Verdict::InOrder })
}

fn table(flows: &[ToldFlow], has_bundle: bool) -> String {
    let mut out = String::new();
    if flows.is_empty() {
        out.push_str("no flow of data about patients is declared or found\n");
        return out;
    }
    let mut standings: Vec<&str> = Vec::new();
    for flow in flows {
        if !standings.contains(&flow.standing) {
            standings.push(flow.standing);
        }
    }
    for standing in standings {
        let own: Vec<&ToldFlow> = flows.iter().filter(|flow| flow.standing == standing).collect();
        // Writing to a text does not fail.
        let _ = writeln!(out, "{standing}: {}", own.len());
        for flow in own {
            one(&mut out, flow);
        }
        out.push('\n');
    }
    if !has_bundle {
        out.push_str("there is no bundle to hold them against: `phiward init` proposes one\n");
    }
    out
}

fn one(out: &mut String, flow: &ToldFlow) {
    let plain = source::plain;
    let receiver = &flow.receiver;
    let called =
        if receiver.name == receiver.id { String::new() } else { format!(" ({})", plain(&receiver.name)) };
    let _ = writeln!(out, "  {} -> {} `{}`{called}", plain(&flow.name), receiver.kind, plain(&receiver.id));
    let fields = match flow.fields.as_slice() {
        [] => "which fields go is not known".to_owned(),
        fields => fields.iter().map(|field| plain(field)).collect::<Vec<_>>().join(", "),
    };
    let _ = writeln!(out, "    {fields}");
    let said = [
        flow.purpose.as_ref().map(|purpose| format!("purpose {purpose}")),
        (!flow.grounds.is_empty()).then(|| format!("ground {}", flow.grounds.join(", "))),
        flow.region.as_ref().map(|region| format!("region {region}")),
        (!flow.agreements.is_empty()).then(|| flow.agreements.join(", ")),
    ];
    let said: Vec<String> = said.into_iter().flatten().collect();
    if !said.is_empty() {
        let _ = writeln!(out, "    {}", said.join("; "));
    }
    for place in flow.seen.iter().take(SHOWN) {
        let _ = writeln!(out, "    {}  {}", plain(&place.component), plain(&place.place));
    }
    if let Some(more) = flow.seen.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        let _ = writeln!(out, "    and {more} more (--format json has all)");
    }
}
