//! The impact for somebody at a terminal.

use std::collections::BTreeSet;
use std::io::{self, Write};

use source::plain;

use super::approval::Needed;
use super::shown::{Told, citation, counted, listed, merged};
use super::{Effect, Heading, Impact, Kind};

/// Paths of code that was not judged, of one kind.
const PATHS: usize = 5;

/// `most` changes of one kind and effect are shown before the rest is only counted.
pub fn write(impact: &Impact, heading: &Heading<'_>, most: usize, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "PHI impact: {} -> {}",
        plain(&heading.base.to_string()),
        plain(&heading.head.to_string())
    )?;
    writeln!(out, "{}", totals(impact))?;
    for effect in Effect::ALL {
        if impact.count(effect) == 0 {
            continue;
        }
        writeln!(out, "\n{}", effect_words(effect))?;
        for kind in Kind::ALL {
            let told = merged(impact.of(effect).filter(|change| change.kind == kind));
            for one in told.iter().take(most) {
                entry(one, out)?;
            }
            if told.len() > most {
                writeln!(
                    out,
                    "  ... and {} more: {} (--all shows them)",
                    told.len() - most,
                    kind.heading().to_lowercase()
                )?;
            }
        }
    }
    writeln!(out)?;
    for sentence in impact.approval.sentences() {
        writeln!(out, "who approves: {}", plain(&sentence))?;
    }
    writeln!(out, "{}", files(impact))?;
    for (kind, paths) in &impact.not_judged {
        let shown = listed(paths.iter().map(|path| plain(path)), PATHS);
        writeln!(out, "changed and not judged, {} of {kind}: {shown}", paths.len())?;
    }
    Ok(())
}

fn entry(told: &Told<'_>, out: &mut dyn Write) -> io::Result<()> {
    let change = told.first;
    let place =
        change.place.as_ref().map(|site| format!(" ({}:{})", site.path, site.line)).unwrap_or_default();
    let line = match (change.severity, &change.rule) {
        (Some(severity), Some(rule)) => format!("{severity} {rule}: {}; {}{place}", told.what(), change.how),
        (_, Some(rule)) => format!("{rule}: {}; {}{place}", told.what(), change.how),
        _ => format!("{} {}{place}", told.what(), change.how),
    };
    writeln!(out, "  {}", plain(&line))?;
    for path in &change.by {
        writeln!(out, "      by: {}", plain(path))?;
    }
    for data in &change.data {
        writeln!(out, "      whose data: {}", plain(&data.words(6)))?;
    }
    if !change.controls.is_empty() {
        let cited: BTreeSet<String> = change.controls.iter().map(|control| citation(control)).collect();
        writeln!(out, "      touches: {}", cited.into_iter().collect::<Vec<_>>().join(", "))?;
    }
    if let Some(fix) = change.fix.as_ref().filter(|_| change.effect == Effect::Widens) {
        writeln!(out, "      {}", plain(fix))?;
    }
    if change.approval == Needed::Bundle {
        writeln!(out, "      needs approval by the base's bundle")?;
    }
    Ok(())
}

pub(super) fn effect_words(effect: Effect) -> &'static str {
    match effect {
        Effect::Widens => "what widens",
        Effect::Unknown => "what is now unknown",
        Effect::Narrows => "what narrows",
        Effect::Neutral => "what else changed",
    }
}

pub(super) fn totals(impact: &Impact) -> String {
    let some: Vec<String> = [
        (Effect::Widens, "widens", "widen"),
        (Effect::Unknown, "is now unknown", "are now unknown"),
        (Effect::Narrows, "narrows", "narrow"),
        (Effect::Neutral, "neutral", "neutral"),
    ]
    .into_iter()
    .filter(|(effect, _, _)| impact.count(*effect) > 0)
    .map(|(effect, one, more)| counted(impact.count(effect), one, more))
    .collect();
    match (some.is_empty(), impact.not_judged.is_empty()) {
        (false, _) => some.join(", "),
        (true, true) => "no change that concerns patient data".to_owned(),
        (true, false) => "no change in what was judged".to_owned(),
    }
}

pub(super) fn files(impact: &Impact) -> String {
    let files = impact.files;
    format!(
        "{}: {} added, {} removed, {} changed",
        counted(files.all(), "file differs", "files differ"),
        files.added,
        files.removed,
        files.changed
    )
}
