use std::io::{self, Write};

use journal::Severity;
use serde::Serialize;

use super::approval::{Approver, BundleChange};
use super::{Change, Effect, Files, Heading, Impact, Label, State};

/// `format` grows when members change their meaning; members may be added within one. `docs/impact.md` tells them.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    format: u32,
    tool: &'static str,
    version: &'a str,
    /// The day by which agreements and exceptions were judged.
    on: jiff::civil::Date,
    base: Named<'a>,
    head: Named<'a>,
    summary: Summary,
    approval: Approved<'a>,
    files: Files,
    not_judged: &'a std::collections::BTreeMap<String, Vec<String>>,
    changes: &'a [Change],
}

#[derive(Serialize)]
struct Named<'a> {
    #[serde(flatten)]
    label: &'a Label,
    #[serde(flatten)]
    state: &'a State,
}

#[derive(Serialize)]
struct Summary {
    widens: usize,
    unknown: usize,
    narrows: usize,
    neutral: usize,
    /// The worst of what is new and counts.
    worst: Option<Severity>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Approved<'a> {
    bundle: BundleChange,
    required: Option<u32>,
    people: &'a [Approver],
    not_yet: &'a [Approver],
    says: Vec<String>,
}

pub fn write(impact: &Impact, heading: &Heading<'_>, out: &mut dyn Write) -> io::Result<()> {
    let document = Document {
        format: 1,
        tool: "phiward",
        version: heading.version,
        on: heading.on,
        base: Named { label: heading.base, state: &impact.base },
        head: Named { label: heading.head, state: &impact.head },
        summary: Summary {
            widens: impact.count(Effect::Widens),
            unknown: impact.count(Effect::Unknown),
            narrows: impact.count(Effect::Narrows),
            neutral: impact.count(Effect::Neutral),
            worst: impact.worst(),
        },
        approval: Approved {
            bundle: impact.approval.bundle,
            required: impact.approval.required,
            people: &impact.approval.people,
            not_yet: &impact.approval.not_yet,
            says: impact.approval.sentences(),
        },
        files: impact.files,
        not_judged: &impact.not_judged,
        changes: &impact.changes,
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}
