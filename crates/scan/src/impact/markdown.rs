//! The impact as a comment of a pull request. All that comes from a project is escaped: whoever writes a change must
//! not write the comment on it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{self, Write};

use journal::Severity;
use source::plain;

use super::approval::Needed;
use super::human::{effect_words, files, totals};
use super::shown::{Told, citation, listed, merged};
use super::{Change, Data, Effect, Heading, Impact, Kind};

/// What GitHub takes as a comment, in characters. The text is kept below it in bytes, which are more.
pub const LIMIT: usize = 65_536;

/// Changes of one group that are shown, by how much room there is.
const STEPS: [usize; 7] = [500, 100, 40, 15, 6, 3, 1];
/// The longest line of a list, in characters.
const LINE: usize = 700;

/// Writes what fits: with fewer changes shown where there are many, and all of them counted.
pub fn write(impact: &Impact, heading: &Heading<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut text = String::new();
    for most in STEPS {
        text = page(impact, heading, most).map_err(io::Error::other)?;
        if text.len() <= LIMIT {
            return out.write_all(text.as_bytes());
        }
    }
    // Not even one of each group fits: the summary alone, cut where a line ends.
    let note = "\nThe rest is left out: it is longer than a comment may be. `--format json` holds all.\n";
    let mut cut = String::new();
    for line in summary(impact, heading).map_err(io::Error::other)?.lines() {
        if cut.len() + line.len() + note.len() + 1 > LIMIT {
            break;
        }
        cut += line;
        cut.push('\n');
    }
    drop(text);
    out.write_all((cut + note).as_bytes())
}

fn page(impact: &Impact, heading: &Heading<'_>, most: usize) -> Result<String, std::fmt::Error> {
    let mut text = summary(impact, heading)?;
    for effect in Effect::ALL {
        let count = impact.count(effect);
        if count == 0 {
            continue;
        }
        // What narrows asks for nobody's decision: it is folded, and gives way first.
        let first = matches!(effect, Effect::Widens | Effect::Unknown);
        let (open, most) = if first { (" open", most) } else { ("", (most / 8).max(1)) };
        let title = capitalised(effect_words(effect));
        writeln!(text, "\n<details{open}><summary><b>{title} ({count})</b></summary>\n")?;
        for kind in Kind::ALL {
            for (title, group) in groups(impact.of(effect).filter(|change| change.kind == kind)) {
                list(&mut text, &title, &merged(group.into_iter()), most)?;
            }
        }
        writeln!(text, "</details>")?;
    }
    not_judged(&mut text, impact, most)?;
    touched(&mut text, impact)?;
    Ok(text)
}

fn summary(impact: &Impact, heading: &Heading<'_>) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    writeln!(text, "## PHI impact: {}\n", totals(impact))?;
    writeln!(
        text,
        "{} → {}, judged as of {}. {}.",
        code(&heading.base.to_string()),
        code(&heading.head.to_string()),
        heading.on,
        capitalised(&files(impact))
    )?;
    if !impact.changes.is_empty() {
        writeln!(text, "\n| | widens | now unknown | narrows | neutral |\n|---|---|---|---|---|")?;
        for kind in Kind::ALL {
            let of = |effect| {
                let changes: Vec<&Change> = impact.of(effect).filter(|change| change.kind == kind).collect();
                count(&changes)
            };
            let cells = Effect::ALL.map(of);
            if cells.iter().any(|cell| !cell.is_empty()) {
                writeln!(text, "| {} | {} |", kind.heading(), cells.join(" | "))?;
            }
        }
    }
    writeln!(text, "\n**Who must approve.**")?;
    for sentence in impact.approval.sentences() {
        writeln!(text, "- {}", escaped(&capitalised(&sentence)))?;
    }
    whose(&mut text, impact)?;
    Ok(text)
}

/// `3 (1 critical, 2 high)`.
fn count(changes: &[&Change]) -> String {
    if changes.is_empty() {
        return String::new();
    }
    let severities = Severity::ALL.map(|severity| {
        (severity, changes.iter().filter(|change| change.severity == Some(severity)).count())
    });
    let some: Vec<String> = severities
        .into_iter()
        .filter(|(_, count)| *count > 0)
        .map(|(severity, count)| format!("{count} {severity}"))
        .collect();
    if some.is_empty() {
        changes.len().to_string()
    } else {
        format!("{} ({})", changes.len(), some.join(", "))
    }
}

/// The persons and fields behind what widens or became unknown, object by object.
fn whose(text: &mut String, impact: &Impact) -> std::fmt::Result {
    const OBJECTS: usize = 20;
    const FIELDS: usize = 8;
    /// An object, and its fields with what they hold.
    type Concerned<'d> = (&'d Data, BTreeSet<(&'d str, String)>);
    let mut objects: BTreeMap<&str, Concerned<'_>> = BTreeMap::new();
    for change in impact.of(Effect::Widens).chain(impact.of(Effect::Unknown)) {
        for data in &change.data {
            let own = objects.entry(&data.object).or_insert_with(|| (data, BTreeSet::new()));
            for field in &data.fields {
                let holds: Vec<&str> =
                    [field.class.as_deref(), field.identifier.as_deref()].into_iter().flatten().collect();
                own.1.insert((&field.field, holds.join(", ")));
            }
        }
    }
    if objects.is_empty() {
        return Ok(());
    }
    writeln!(text, "\n**Whose data** is behind what widens or is now unknown:\n")?;
    writeln!(text, "| object | the person | legal region | fields |\n|---|---|---|---|")?;
    for (object, (data, fields)) in objects.iter().take(OBJECTS) {
        let person = match data.subject.as_deref() {
            Some("self") => "the record itself".to_owned(),
            Some(path) => format!("at {}", code(path)),
            None => "the bundle does not say".to_owned(),
        };
        let region = data
            .region
            .as_deref()
            .map_or_else(|| "the bundle does not say".to_owned(), |path| format!("at {}", code(path)));
        let shown = fields.iter().map(|(field, holds)| match holds.as_str() {
            "" => format!("{} (class unknown)", code(field)),
            holds => format!("{} ({holds})", code(field)),
        });
        let shown = if fields.is_empty() { "its records".to_owned() } else { listed(shown, FIELDS) };
        writeln!(text, "| {} | {person} | {region} | {shown} |", code(object))?;
    }
    if objects.len() > OBJECTS {
        writeln!(text, "\n... and {} more objects.", objects.len() - OBJECTS)?;
    }
    Ok(())
}

/// Findings by rule, the worst first; other changes by kind.
fn groups<'c>(changes: impl Iterator<Item = &'c Change>) -> Vec<(String, Vec<&'c Change>)> {
    let mut groups: Vec<(String, Vec<&Change>)> = Vec::new();
    for change in changes {
        let title = match (change.kind, &change.rule) {
            (Kind::Finding | Kind::Acceptance, Some(rule)) => {
                let severity = change.severity.map_or("", Severity::as_str);
                let accepted = if change.kind == Kind::Acceptance { "accepted, " } else { "" };
                let known = crate::rule(rule).map_or("", |rule| rule.meta.title);
                format!("{accepted}{severity}: {} {}", code(rule), escaped(known))
            }
            _ => change.kind.heading().to_owned(),
        };
        match groups.iter_mut().find(|(known, _)| *known == title) {
            Some((_, group)) => group.push(change),
            None => groups.push((title, vec![change])),
        }
    }
    groups
}

fn list(text: &mut String, title: &str, told: &[Told<'_>], most: usize) -> std::fmt::Result {
    let signed = told.iter().any(|one| one.first.approval == Needed::Bundle);
    let note = if signed { " (each needs approval by the base's bundle)" } else { "" };
    writeln!(text, "**{}**{note}\n", capitalised(title))?;
    for one in told.iter().take(most) {
        let change = one.first;
        let place =
            change.place.as_ref().map(|site| format!(" ({})", code(&format!("{}:{}", site.path, site.line))));
        let joint = if change.rule.is_some() { "; " } else { " " };
        let line = format!("{}{joint}{}", one.what(), change.how);
        writeln!(text, "- {}{}", escaped(&cut(&line)), place.unwrap_or_default())?;
        for path in &change.by {
            writeln!(text, "  - by {}", escaped(&cut(path)))?;
        }
        let pressing = matches!(change.effect, Effect::Widens | Effect::Unknown);
        for data in change.data.iter().filter(|_| pressing) {
            writeln!(text, "  - whose data: {}", escaped(&cut(&data.words(6))))?;
        }
        if let Some(fix) = change.fix.as_ref().filter(|_| change.effect == Effect::Widens) {
            writeln!(text, "  - to do: {}", escaped(&cut(fix)))?;
        }
    }
    if told.len() > most {
        writeln!(text, "- ... and {} more; `--format json` holds all", told.len() - most)?;
    }
    let cited: BTreeSet<String> =
        told.iter().flat_map(|one| &one.first.controls).map(|control| citation(control)).collect();
    if !cited.is_empty() {
        writeln!(text, "\n<sub>touches {}</sub>\n", escaped(&listed(cited.into_iter(), 8)))?;
    } else {
        writeln!(text)?;
    }
    Ok(())
}

fn not_judged(text: &mut String, impact: &Impact, most: usize) -> std::fmt::Result {
    if impact.not_judged.is_empty() {
        return Ok(());
    }
    let count: usize = impact.not_judged.values().map(Vec::len).sum();
    writeln!(text, "\n<details open><summary><b>Changed and not judged ({count})</b></summary>\n")?;
    writeln!(
        text,
        "No rule of this release judges what this code does with patient data. Its addresses were read.\n"
    )?;
    for (kind, paths) in &impact.not_judged {
        let shown = listed(paths.iter().map(|path| code(path)), most.min(30));
        writeln!(text, "- {} of {kind}: {shown}", paths.len())?;
    }
    writeln!(text, "\n</details>")
}

fn touched(text: &mut String, impact: &Impact) -> std::fmt::Result {
    let catalogue = policy::controls::catalogue();
    let mut frameworks: BTreeMap<&str, BTreeMap<&str, &str>> = BTreeMap::new();
    let changes = impact.of(Effect::Widens).chain(impact.of(Effect::Unknown));
    for control in changes.flat_map(|change| &change.controls) {
        if let (Some(framework), Some(control)) =
            (catalogue.framework_of(control), catalogue.control(control))
        {
            frameworks.entry(&framework.name).or_default().insert(&control.citation, &control.title);
        }
    }
    if frameworks.is_empty() {
        return Ok(());
    }
    writeln!(text, "\n<details><summary><b>Controls behind what widens or is now unknown</b></summary>\n")?;
    for (framework, controls) in frameworks {
        writeln!(text, "**{}**\n", escaped(framework))?;
        for (citation, title) in controls {
            writeln!(text, "- {}: {}", escaped(citation), escaped(title))?;
        }
        writeln!(text)?;
    }
    writeln!(text, "</details>")
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn cut(text: &str) -> String {
    if text.chars().count() <= LINE {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(LINE).collect();
    short.push('…');
    short
}

/// As code: nothing in it is read as Markdown, HTML or a mention.
fn code(text: &str) -> String {
    let text = plain(text).replace('|', "\\|");
    // A fence ends at a run of its own length, so it is longer than any run within.
    let longest = text.split(|letter| letter != '`').map(str::len).max().unwrap_or(0);
    let (fence, space) = ("`".repeat(longest + 1), if longest > 0 { " " } else { "" });
    format!("{fence}{space}{text}{space}{fence}")
}

fn single(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let mut run = 1;
        while letter == '`' && letters.next_if_eq(&'`').is_some() {
            run += 1;
        }
        kept.extend(std::iter::repeat_n(if run > 1 { '\'' } else { letter }, run));
    }
    kept
}

/// Text whose names stand in backticks. Between them stays code; the rest cannot become markup, a link or a mention.
fn escaped(text: &str) -> String {
    // A longer run of marks would open code of its own, past the one that a name stands in.
    let text = single(&plain(text));
    let parts: Vec<&str> = text.split('`').collect();
    // An odd mark left over would open code that nobody closes.
    let paired = parts.len() % 2 == 1;
    let mut safe = String::new();
    for (at, part) in parts.iter().enumerate() {
        if at > 0 {
            safe.push_str(if paired { "`" } else { "'" });
        }
        if paired && at % 2 == 1 {
            safe += &part.replace('|', "\\|");
        } else {
            safe += &words(part);
        }
    }
    safe
}

fn words(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '\\' | '*' | '_' | '[' | ']' | '!' | '|' | '~' => {
                safe.push('\\');
                safe.push(c);
            }
            // A comment between the parts keeps GitHub from making them a mention, a number of an issue or a link.
            '@' | '#' => {
                safe.push(c);
                safe.push_str("<!-- -->");
            }
            _ => safe.push(c),
        }
    }
    safe.replace("://", ":<!-- -->//").replace("www.", "www<!-- -->.")
}

#[cfg(test)]
mod escaping {
    use super::{code, escaped};

    #[test]
    fn names_of_strangers_are_no_markup() {
        assert_eq!(
            escaped("`a|b` <img> @all #1 http://x www.y.z"),
            "`a\\|b` &lt;img&gt; @<!-- -->all #<!-- -->1 http:<!-- -->//x www<!-- -->.y.z"
        );
        assert_eq!(escaped("a ` b"), "a ' b");
        assert_eq!(code("a`b"), "`` a`b ``");
        assert_eq!(code("a``![x](y) ```b"), "```` a``![x](y) ```b ````");
        let name = escaped("permission set ```<img src=x> **fine** @acme` gives");
        assert!(!name.contains("<img") && !name.contains("@acme") && !name.contains("``"), "{name}");
        assert!(!escaped("`a`![x](http://y)`b`").contains("![x]"));
    }
}
