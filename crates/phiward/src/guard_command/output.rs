//! The plan for a person, and as JSON.

use std::collections::BTreeMap;

use journal::Place;
use scan::encryption_plan::{
    Comparison, Gateway, How, JudgedUse, Judgement, Mode, Outcome, Plan, Platform, Possible, Reason, Way,
};
use serde_json::json;
use source::{Problem, plain};

/// Uses of one group that are told; JSON has all.
const SHOWN: usize = 12;
const WIDTH: usize = 110;

/// Lines for a terminal, wrapped between words.
#[derive(Default)]
struct Lines(String);

impl Lines {
    fn line(&mut self, indent: usize, text: &str) {
        self.hang(indent, indent, text);
    }

    /// A line whose continuation is indented further.
    fn hang(&mut self, indent: usize, further: usize, text: &str) {
        let text = plain(text);
        let mut line = " ".repeat(indent);
        let mut has_word = false;
        for word in text.split(' ') {
            if has_word && line.chars().count() + 1 + word.chars().count() > WIDTH {
                self.0.push_str(line.trim_end());
                self.0.push('\n');
                line = " ".repeat(further);
                has_word = false;
            }
            if has_word {
                line.push(' ');
            }
            line.push_str(word);
            has_word = true;
        }
        self.0.push_str(line.trim_end());
        self.0.push('\n');
    }

    /// A line that is not wrapped: a path must stay whole.
    fn whole(&mut self, indent: usize, text: &str) {
        self.0.push_str(&" ".repeat(indent));
        self.0.push_str(&plain(text));
        self.0.push('\n');
    }

    fn heading(&mut self, text: &str) {
        self.0.push('\n');
        self.whole(0, text);
    }
}

pub(super) fn human(plan: &Plan, unread: usize) -> String {
    let mut lines = Lines::default();
    subject(&mut lines, plan);
    summary(&mut lines, plan);
    lines.heading("1. Can it be encrypted?");
    if let Some(platform) = &plan.platform {
        shield(&mut lines, platform);
    }
    if let Some(gateway) = &plan.gateway {
        token(&mut lines, gateway);
    }
    lines.heading("2. What uses it, the worst first");
    uses(&mut lines, plan);
    lines.heading("3. Which way follows");
    choice(&mut lines, plan);
    lines.heading("4. The way there");
    for way in &plan.migration {
        steps(&mut lines, way);
    }
    if plan.migration.is_empty() {
        lines.line(2, "there is none: the field cannot be encrypted as it is");
    }
    lines.heading("5. What the source cannot tell");
    unsettled(&mut lines, plan, unread);
    lines.0
}

fn at(place: &Place) -> String {
    format!("{}:{}", place.path, place.start.line)
}

fn subject(lines: &mut Lines, plan: &Plan) {
    let subject = &plan.subject;
    let mut words = Vec::new();
    match (&subject.data_type, subject.length) {
        (Some(kind), Some(length)) => words.push(format!("{kind}({length})")),
        (Some(kind), None) => words.push(kind.clone()),
        (None, _) => words.push("type not in the source".to_owned()),
    }
    words.push(if subject.custom { "custom" } else { "standard" }.to_owned());
    words.extend(subject.unique.then(|| "unique".to_owned()));
    words.extend(subject.external_id.then(|| "external id".to_owned()));
    words.extend(subject.namespace.as_ref().map(|name| format!("of the package {name}")));
    words.extend(subject.scheme.as_ref().map(|scheme| format!("encrypted already: {scheme}")));
    let place = subject.place.as_ref().map_or_else(String::new, |place| format!("  {}", at(place)));
    lines.whole(0, &format!("{}.{}: {}{place}", subject.object, subject.field, words.join(", ")));
    let identifier = subject.identifier.map_or_else(String::new, |kind| format!(", {kind}"));
    let few = subject
        .few_values
        .map_or_else(String::new, |few| format!("; it holds {few}, of which there are few"));
    lines.hang(
        2,
        4,
        &format!(
            "holds {}{identifier} ({} confidence): {}{few}",
            subject.class, subject.confidence, subject.reason
        ),
    );
    match &subject.asked {
        Some(asked) => {
            let search = if asked.search { ", found by equality" } else { "" };
            let place = asked.place.as_ref().map_or_else(String::new, |place| format!("  {}", at(place)));
            lines.whole(2, &format!("the bundle asks for {}{search}{place}", asked.protect));
        }
        None => lines.line(
            2,
            "the bundle asks for nothing; Shield and gateway are planned side by side unless --for says",
        ),
    }
}

/// Modes as a table's head and lines speak of them.
const fn short(mode: Mode) -> &'static str {
    match mode {
        Mode::Probabilistic => "probabilistic",
        Mode::DeterministicCaseSensitive => "deterministic, case-sensitive",
        Mode::DeterministicCaseInsensitive => "deterministic, case-insensitive",
        Mode::Gateway => "gateway token",
    }
}

fn summary(lines: &mut Lines, plan: &Plan) {
    const OUTCOMES: [Outcome; 5] = [
        Outcome::Breaks,
        Outcome::Unknown,
        Outcome::WorksByEqualityOnly,
        Outcome::ShowsToken,
        Outcome::Works,
    ];
    let active = plan.uses.iter().filter(|used| used.active).count();
    let inactive = plan.uses.len() - active;
    let off = if inactive > 0 {
        format!(", and {inactive} that are switched off or drafts")
    } else {
        String::new()
    };
    let uses = if active == 1 { "use" } else { "uses" };
    lines.heading(&format!("{active} {uses} in metadata and Apex{off}"));
    lines.whole(
        2,
        &format!("{:<32}{:>8}{:>9}{:>10}{:>8}{:>8}", "", "breaks", "unknown", "equality", "token", "works"),
    );
    for mode in &plan.modes {
        let counts: Vec<usize> = OUTCOMES.iter().map(|outcome| plan.count(*mode, *outcome)).collect();
        let [breaks, unknown, equality, token, works] = counts.as_slice() else { continue };
        lines.whole(
            2,
            &format!("{:<32}{breaks:>8}{unknown:>9}{equality:>10}{token:>8}{works:>8}", short(*mode)),
        );
    }
}

fn word(possible: Possible) -> &'static str {
    match possible {
        Possible::Yes => "yes",
        Possible::No => "no",
        Possible::Unknown => "unknown",
    }
}

fn reasons(lines: &mut Lines, indent: usize, reasons: &[Reason]) {
    for reason in reasons {
        let place = reason.place.as_ref().map_or_else(String::new, |place| format!("  {}", at(place)));
        let source = reason.source.map_or_else(String::new, |source| format!(" ({source})"));
        lines.hang(indent, indent + 2, &format!("{}{source}{place}", reason.text));
    }
}

fn shield(lines: &mut Lines, platform: &Platform) {
    lines.line(2, &format!("by Shield: {}", word(platform.possible)));
    reasons(lines, 4, &platform.reasons);
    if let Some(limit) = platform.limit {
        lines.hang(
            4,
            6,
            &format!(
                "encrypted, it holds {} bytes: {} ASCII or {} other characters (Salesforce Help, Field Limits with Shield \
                 Platform Encryption)",
                limit.bytes, limit.ascii, limit.non_ascii
            ),
        );
    }
    if let Some(new) = &platform.replacement {
        lines.hang(
            4,
            6,
            &format!(
                "what can be: a field in its place, {} {}({}), of which this tells",
                new.name, new.data_type, new.length
            ),
        );
    } else if platform.possible == Possible::No {
        return;
    }
    for scheme in &platform.schemes {
        lines.line(4, &format!("{}: {}", short(scheme.mode), word(scheme.possible)));
        reasons(lines, 6, &scheme.reasons);
    }
}

fn token(lines: &mut Lines, gateway: &Gateway) {
    lines.line(2, &format!("by the gateway: {}", word(gateway.possible)));
    reasons(lines, 4, &gateway.reasons);
    if let Some(token) = gateway.token {
        let other = if token.any == token.ascii {
            String::new()
        } else {
            format!(", of any other characters {}", token.any)
        };
        lines.hang(
            4,
            6,
            &format!(
                "the token of its longest value ({} characters) has {} characters{other}, with a key id of {}",
                token.value, token.ascii, token.key_id
            ),
        );
    }
    for (what, new) in [("companion", &gateway.companion), ("blind index", &gateway.index)] {
        let Some(new) = new else { continue };
        let object = new.object.as_ref().map(|object| format!("{object}.")).unwrap_or_default();
        let column = new.column.as_ref().map(|column| format!(", here {column}")).unwrap_or_default();
        let said = if new.declared { ", as the bundle says" } else { "" };
        lines.hang(
            4,
            6,
            &format!("{what}: {object}{} {}({}){column}{said}", new.name, new.data_type, new.length),
        );
    }
    if let Some(bundle) = &gateway.bundle {
        lines.line(4, "the bundle would say of it:");
        bundle.lines().for_each(|line| lines.whole(6, line));
    }
    lines.line(
        4,
        "`phiward guard seal` makes these tokens in data jobs; the gateway that makes them for every call is not part \
         of this release",
    );
}

/// Uses of one kind, as one heading tells of them.
#[derive(PartialEq, Eq)]
struct Kind {
    how: How,
    comparison: Option<Comparison>,
    is_through: bool,
}

impl Kind {
    fn words(&self) -> String {
        // `in a formula` says nothing more of a formula.
        let comparison = self.comparison.filter(|one| *one != Comparison::Formula);
        let comparison = comparison.map_or_else(String::new, |one| format!(" ({})", one.words()));
        let by = match (self.is_through, self.how) {
            (false, _) | (_, How::Dashboard) => "",
            _ => ", by a formula that shows it",
        };
        format!("{}{comparison}{by}", self.how.words())
    }
}

/// Uses that fare alike, kind by kind.
struct Fate<'p> {
    active: bool,
    judgements: &'p BTreeMap<Mode, Judgement>,
    kinds: Vec<(Kind, Vec<&'p JudgedUse>)>,
}

fn uses(lines: &mut Lines, plan: &Plan) {
    if plan.uses.is_empty() {
        lines.line(2, "nothing in metadata and Apex of the source uses it");
    }
    let mut fates: Vec<Fate<'_>> = Vec::new();
    for used in &plan.uses {
        let kind = Kind { how: used.how, comparison: used.comparison, is_through: used.through.is_some() };
        let at =
            fates.iter().position(|fate| fate.active == used.active && *fate.judgements == used.judgements);
        let fate = match at.and_then(|at| fates.get_mut(at)) {
            Some(fate) => fate,
            None => {
                fates.push(Fate { active: used.active, judgements: &used.judgements, kinds: Vec::new() });
                let Some(last) = fates.last_mut() else { continue };
                last
            }
        };
        match fate.kinds.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, members)) => members.push(used),
            None => fate.kinds.push((kind, vec![used])),
        }
    }
    for (number, fate) in (1_usize..).zip(&fates) {
        let count: usize = fate.kinds.iter().map(|(_, members)| members.len()).sum();
        let off = if fate.active { "" } else { ", switched off" };
        let uses = if count == 1 { "use" } else { "uses" };
        lines.0.push('\n');
        lines.line(2, &format!("2.{number}  {count} {uses}{off}"));
        judgements(lines, fate.judgements);
        for (kind, members) in &fate.kinds {
            lines.line(4, &format!("{}: {}", kind.words(), members.len()));
            components(lines, members);
        }
    }
}

/// One line for each component, with all its lines.
fn components(lines: &mut Lines, members: &[&JudgedUse]) {
    let mut files: Vec<(&str, Option<&str>, &str, Vec<u32>)> = Vec::new();
    for used in members {
        let (component, through, path) =
            (used.component.as_str(), used.through.as_deref(), used.place.path.as_str());
        let line = used.place.start.line;
        match files.iter_mut().find(|known| (known.0, known.1, known.2) == (component, through, path)) {
            Some((.., at)) if at.contains(&line) => {}
            Some((.., at)) => at.push(line),
            None => files.push((component, through, path, vec![line])),
        }
    }
    for (component, through, path, at) in files.iter().take(SHOWN) {
        let through = through.map_or_else(String::new, |one| format!(" through {one}"));
        let at: Vec<String> = at.iter().map(u32::to_string).collect();
        lines.whole(6, &format!("{component}{through}  {path}:{}", at.join(",")));
    }
    if let Some(more) = files.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        lines.whole(6, &format!("and {more} more (--format json has all)"));
    }
}

/// One line for the modes that judge alike.
fn judgements(lines: &mut Lines, judgements: &BTreeMap<Mode, Judgement>) {
    let mut alike: Vec<(Judgement, Vec<Mode>)> = Vec::new();
    for (mode, judgement) in judgements {
        match alike.iter_mut().find(|(known, _)| known == judgement) {
            Some((_, modes)) => modes.push(*mode),
            None => alike.push((*judgement, vec![*mode])),
        }
    }
    for (judgement, modes) in alike {
        let modes = match modes.as_slice() {
            [Mode::Probabilistic, Mode::DeterministicCaseSensitive, Mode::DeterministicCaseInsensitive] => {
                "Shield"
            }
            [Mode::DeterministicCaseSensitive, Mode::DeterministicCaseInsensitive] => "deterministic",
            [one, ..] => short(*one),
            [] => "",
        };
        let advice =
            if judgement.advice.is_empty() { String::new() } else { format!(". Do: {}", judgement.advice) };
        let basis =
            judgement.documented.map_or_else(|| " (inferred)".to_owned(), |page| format!(" ({page})"));
        lines.hang(
            4,
            6,
            &format!("{modes}: {}: {}{basis}{advice}", judgement.outcome.words(), judgement.why),
        );
    }
}

fn choice(lines: &mut Lines, plan: &Plan) {
    let choice = &plan.choice;
    if plan.platform.is_some() {
        match choice.scheme {
            Some(scheme) => lines.hang(2, 4, &format!("Shield: {}: {}", scheme.as_str(), choice.why_scheme)),
            None => lines.hang(2, 4, &format!("Shield: no scheme: {}", choice.why_scheme)),
        }
    }
    if let Some(protect) = choice.protect {
        lines.hang(2, 4, &format!("on the whole: `protect: {protect}`: {}", choice.why_protect));
    } else if plan.platform.is_some() && plan.gateway.is_some() {
        lines.hang(2, 4, &format!("on the whole: {}", choice.why_protect));
    }
    if plan.platform.is_some() {
        lines.hang(
            2,
            4,
            "what Shield leaves: every user and program that may read the field gets the plain value, and Salesforce derives \
             the keys",
        );
    }
    if plan.gateway.as_ref().is_some_and(|gateway| gateway.possible != Possible::No) {
        lines.hang(2, 4, "what the gateway leaves: a token tells the length of its value");
    }
}

fn steps(lines: &mut Lines, way: &Way) {
    let name = match way.protect {
        policy::vocabulary::Protect::Gateway => "by the gateway",
        _ => "by Shield",
    };
    lines.line(2, name);
    for (number, step) in (1_usize..).zip(&way.steps) {
        lines.hang(4, 8, &format!("{number:>2}. {}: {}", step.who, step.what));
        lines.hang(8, 10, &format!("done when: {}", step.check));
    }
}

fn unsettled(lines: &mut Lines, plan: &Plan, unread: usize) {
    let code = &plan.code;
    if !code.kinds.is_empty() {
        let counts: Vec<String> = code
            .kinds
            .iter()
            .map(|(kind, files)| format!("{kind} {} of {}", files.naming.len(), files.all))
            .collect();
        lines.hang(
            2,
            4,
            &format!(
                "other code than Apex is not judged yet. Files that hold the name `{}`, which is a hint and no more: {}",
                code.name,
                counts.join(", ")
            ),
        );
        let naming: Vec<&String> = code.kinds.values().flat_map(|files| &files.naming).collect();
        for path in naming.iter().take(SHOWN) {
            lines.whole(6, path);
        }
        if let Some(more) = naming.len().checked_sub(SHOWN).filter(|more| *more > 0) {
            lines.whole(6, &format!("and {more} more (--format json has all)"));
        }
    }
    if unread > 0 {
        lines.line(
            2,
            &format!("{unread} files have parts that could not be read: `phiward project` names them"),
        );
    }
    for one in &plan.unsettled {
        lines.hang(2, 4, &format!("{}. To settle it: {}", one.what, one.settle));
    }
}

pub(super) fn json(plan: &Plan, unread: &[Problem]) -> Result<Vec<u8>, String> {
    let mut value = serde_json::to_value(plan).map_err(|error| error.to_string())?;
    if let Some(object) = value.as_object_mut() {
        object.insert("unread".to_owned(), json!(unread));
    }
    let mut bytes = serde_json::to_vec_pretty(&value).map_err(|error| error.to_string())?;
    bytes.push(b'\n');
    Ok(bytes)
}
