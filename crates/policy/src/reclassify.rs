//! What people decided of fields, written into a bundle as a change that others can read and approve.

mod marked;
mod whose;

use std::collections::BTreeMap;

use jiff::civil::Date;
use source::{Edit, Problem, Severity, Source};

use crate::bundle::classification::{FieldRule, ObjectRule};
use crate::file::record::OneOrMany;
use crate::model::Policy;
use crate::vocabulary::{Class, Id, Identifier};

pub use whose::{Answered, EVERY_OBJECT};

/// What somebody decided that a field holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    pub object: String,
    pub field: String,
    pub class: Class,
    pub identifier: DecidedIdentifier,
    /// Where nobody decided it, and somebody took what was proposed.
    pub unseen: Option<Acceptance>,
}

/// Who took what was proposed without looking at it, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acceptance {
    pub by: Id,
    pub on: Date,
}

impl Acceptance {
    /// As the value of `unseen`.
    fn written(&self) -> String {
        format!("{{by: {}, on: {}}}", self.by, self.on)
    }
}

/// What somebody decided that a field says of whom.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DecidedIdentifier {
    /// Nothing was decided: what stands there stays.
    #[default]
    AsItStands,
    /// It identifies nobody.
    Nobody,
    Is(Identifier),
}

impl DecidedIdentifier {
    const fn identifier(self) -> Option<Identifier> {
        match self {
            Self::Is(identifier) => Some(identifier),
            Self::AsItStands | Self::Nobody => None,
        }
    }
}

/// A file of the bundle, before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    pub path: String,
    pub before: String,
    pub after: String,
}

/// The bundle with what was decided.
#[derive(Clone, Debug, Default)]
pub struct Revised {
    /// Only files that change.
    pub files: Vec<Revision>,
    /// What has no one place to be written, and why.
    pub by_hand: Vec<(Decided, &'static str)>,
}

/// Where fields of objects go that the bundle does not have.
const REVIEWED: &str = "classification/reviewed.yaml";

/// Writes what was answered of objects, and then what was decided of fields. The errors are those of [`reclassify`], and
/// answers that have no place in the bundle as it is written.
pub fn revise(
    sources: &[Source],
    policy: &Policy,
    answers: &[Answered],
    decisions: &[Decided],
) -> Result<Revised, Vec<Problem>> {
    let answered = whose::answer(sources, policy, answers).map_err(|problem| vec![problem])?;
    if answered.files.is_empty() {
        return reclassify(sources, policy, decisions);
    }
    // It may be valid only with what was decided of fields.
    let between = with(sources, &answered);
    let (policy, _) = crate::read(between.clone());
    let mut revised = reclassify(&between, &policy, decisions)?;
    for file in answered.files {
        match revised.files.iter_mut().find(|own| own.path == file.path) {
            Some(own) => own.before = file.before,
            None => revised.files.push(file),
        }
    }
    revised.files.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(revised)
}

/// Writes decisions into the lines that they are about. The error is that the bundle would not be valid afterwards:
/// then the problems that it would have.
pub fn reclassify(
    sources: &[Source],
    policy: &Policy,
    decisions: &[Decided],
) -> Result<Revised, Vec<Problem>> {
    let mut revised = Revised::default();
    let mut edits: BTreeMap<&str, Vec<Edit>> = BTreeMap::new();
    let mut new: BTreeMap<String, Vec<&Decided>> = BTreeMap::new();
    for decided in once(decisions, &mut revised) {
        let known = policy.objects().find(|(name, _)| name.value.eq_ignore_ascii_case(&decided.object));
        let is_named = known.is_some_and(|(_, rule)| names(rule, decided));
        let guessed = || sources.iter().find_map(|own| Some((own, marked::decide(own, decided)?)));
        if let Some((source, more)) = (!is_named).then(guessed).flatten() {
            edits.entry(source.path()).or_default().extend(more);
            continue;
        }
        let Some((object, rule)) = known else {
            new.entry(decided.object.to_lowercase()).or_default().push(decided);
            continue;
        };
        let Some(source) = sources.iter().find(|source| source.path() == &*object.place.path) else {
            revised.by_hand.push((decided.clone(), "the file of its object is not at hand"));
            continue;
        };
        // The second new field of an object goes under the `fields:` that the first one opens.
        let opened = edits.get_mut(source.path()).and_then(|edits: &mut Vec<Edit>| {
            let first = beside(source, rule, decided).ok().filter(|_| rule.fields.0.is_empty())?;
            let own = edits.iter_mut().find(|own| own.start == first.start && own.end == first.end)?;
            let line = first.text.rfind('\n').and_then(|at| first.text.get(at..))?;
            own.text.push_str(line);
            Some(())
        });
        if opened.is_some() {
            continue;
        }
        match of_object(source, rule, decided) {
            Ok(more) => edits.entry(source.path()).or_default().extend(more),
            Err(why) => revised.by_hand.push((decided.clone(), why)),
        }
    }
    for source in sources {
        let Some(edits) = edits.remove(source.path()).filter(|edits| !edits.is_empty()) else { continue };
        let before = source.text().to_owned();
        let after = source::apply(&before, edits);
        revised.files.push(Revision { path: source.path().to_owned(), before, after });
    }
    if !new.is_empty() {
        add_objects(sources, &new, &mut revised);
    }
    check(sources, &revised)?;
    Ok(revised)
}

/// Each field once. What is decided of it in two ways is left to people.
fn once<'d>(decisions: &'d [Decided], revised: &mut Revised) -> Vec<&'d Decided> {
    let mut of_field: BTreeMap<(String, String), Vec<&Decided>> = BTreeMap::new();
    let mut order = Vec::new();
    for decided in decisions {
        let key = (decided.object.to_lowercase(), decided.field.to_lowercase());
        let same = of_field.entry(key.clone()).or_default();
        if same.is_empty() {
            order.push(key);
        }
        let says = |one: &&Decided| one.class == decided.class && one.identifier == decided.identifier;
        if !same.iter().any(says) {
            same.push(decided);
        }
    }
    let mut kept = Vec::new();
    for key in order {
        match of_field.remove(&key).as_deref() {
            Some([one]) => kept.push(*one),
            Some(more) => {
                let why = "it is decided in two ways";
                revised.by_hand.extend(more.iter().map(|one| ((*one).clone(), why)));
            }
            None => {}
        }
    }
    kept
}

fn names(rule: &ObjectRule, decided: &Decided) -> bool {
    rule.fields.0.iter().any(|(name, _)| name.value.eq_ignore_ascii_case(&decided.field))
}

fn of_object(source: &Source, rule: &ObjectRule, decided: &Decided) -> Result<Vec<Edit>, &'static str> {
    let named = rule.fields.0.iter().find(|(name, _)| name.value.eq_ignore_ascii_case(&decided.field));
    match named {
        Some((_, OneOrMany(rules))) => match rules.as_slice() {
            [rule] => Ok(of_field(source, rule, decided)),
            _ => Err("the bundle says different things of it by record"),
        },
        None => beside(source, rule, decided).map(|edit| vec![edit]),
    }
}

fn of_field(source: &Source, rule: &FieldRule, decided: &Decided) -> Vec<Edit> {
    let mut edits = Vec::new();
    let mut replace = |place: &crate::place::Place, text: &str| {
        edits.push(Edit {
            start: place.span.start as usize,
            end: place.span.end as usize,
            text: text.to_owned(),
        });
    };
    if rule.class.value != decided.class {
        replace(&rule.class.place, decided.class.as_str());
    }
    match (&rule.identifier, decided.identifier) {
        (Some(own), DecidedIdentifier::Is(identifier)) if own.value != identifier => {
            replace(&own.place, identifier.as_str());
        }
        (Some(own), DecidedIdentifier::Nobody) => {
            edits.extend(without(source, "identifier", &own.place));
        }
        (None, DecidedIdentifier::Is(identifier)) => {
            let end = rule.class.place.span.end as usize;
            let line = line_of(source, rule.class.place.span.start as usize);
            let indent: String = line.chars().take_while(|c| c.is_whitespace()).collect();
            let is_block = line.trim_start().starts_with("class:");
            let text = if is_block {
                format!("\n{indent}identifier: {}", identifier.as_str())
            } else {
                format!(", identifier: {}", identifier.as_str())
            };
            edits.push(Edit { start: end, end, text });
        }
        _ => {}
    }
    // What somebody decides is seen.
    if let (Some(own), None) = (&rule.unseen, &decided.unseen) {
        edits.extend(without(source, "unseen", &own.place));
    }
    edits
}

/// Where a value ends: the reader's span of braces may end before they close, and that of a block at the line after.
fn end_of(source: &Source, value: &crate::place::Place) -> Option<usize> {
    let (start, end) = (value.span.start as usize, value.span.end as usize);
    let text = source.text();
    match text.get(start..)? {
        rest if rest.starts_with('{') => rest.find('}').map(|at| start + at + 1),
        _ => text.get(..end).map(|kept| kept.trim_end().len()),
    }
}

/// Takes a key away whose value stands there: with its line, or with the comma beside it.
fn without(source: &Source, key: &str, value: &crate::place::Place) -> Option<Edit> {
    let (text, end) = (source.text(), end_of(source, value)?);
    let before = text.get(..value.span.start as usize)?;
    let key = before.rfind(key)?;
    let line = text.get(..key)?.rfind('\n').map_or(0, |at| at + 1);
    let rest = text.get(end..)?;
    let is_alone = text.get(line..key)?.trim().is_empty();
    let (start, end) = match text.get(..key)?.trim_end().strip_suffix(',') {
        _ if is_alone => (line, end + rest.find('\n').map_or(rest.len(), |at| at + 1)),
        Some(earlier) => (earlier.len(), end),
        None => (key, end + rest.find(|c: char| c != ',' && c != ' ').unwrap_or(rest.len())),
    };
    Some(Edit { start, end, text: String::new() })
}

/// A new line after the last field of the object, or after its default where it has no fields yet.
fn beside(source: &Source, rule: &ObjectRule, decided: &Decided) -> Result<Edit, &'static str> {
    const NO_PLACE: &str = "its object is written so that a line cannot be put in";
    let (at, end, is_first) = match (rule.fields.0.last(), &rule.default) {
        (Some((name, rules)), _) => {
            let end = rules.0.iter().map(|rule| rule.place.span.end).max();
            (name.place.span.start as usize, end.unwrap_or(name.place.span.end) as usize, false)
        }
        (None, Some(default)) => {
            (default.class.place.span.start as usize, default.place.span.end as usize, true)
        }
        (None, None) => {
            let whose = rule.subject.as_ref().map(|subject| &subject.place);
            let whose = whose.or(rule.patients.as_ref().map(|patients| &patients.place)).ok_or(NO_PLACE)?;
            let unseen = rule.unseen.as_ref().and_then(|unseen| end_of(source, &unseen.place));
            let end = (whose.span.end as usize).max(unseen.unwrap_or_default());
            (whose.span.start as usize, end, true)
        }
    };
    let line = line_of(source, at);
    let indent: String = line.chars().take_while(|c| c.is_whitespace()).collect();
    let written = line.get(indent.len()..).unwrap_or_default();
    let stands_alone = if is_first {
        ["default:", "subject:", "patients:"].iter().any(|key| written.starts_with(key))
    } else {
        column(source, at) == indent.len()
    };
    if !stands_alone {
        return Err(NO_PLACE);
    }
    // The reader's span of a block ends at its last value or at the line after.
    let text = source.text();
    let kept = text.get(..end).ok_or(NO_PLACE)?.trim_end().len();
    let end = text.get(kept..).and_then(|rest| rest.find('\n')).map_or(text.len(), |at| kept + at);
    let line = line_for(decided);
    let text =
        if is_first { format!("\n{indent}fields:\n{indent}  {line}") } else { format!("\n{indent}{line}") };
    Ok(Edit { start: end, end, text })
}

fn column(source: &Source, at: usize) -> usize {
    at - source.text().get(..at).and_then(|before| before.rfind('\n')).map_or(0, |line| line + 1)
}

fn line_for(decided: &Decided) -> String {
    let identifier = decided
        .identifier
        .identifier()
        .map(|identifier| format!(", identifier: {}", identifier.as_str()))
        .unwrap_or_default();
    let unseen =
        decided.unseen.as_ref().map(|one| format!(", unseen: {}", one.written())).unwrap_or_default();
    format!("{}: {{class: {}{identifier}{unseen}}}", decided.field, decided.class.as_str())
}

fn line_of(source: &Source, at: usize) -> &str {
    let text = source.text();
    let start = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
    text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default()
}

fn add_objects(sources: &[Source], new: &BTreeMap<String, Vec<&Decided>>, revised: &mut Revised) {
    let changed = revised.files.iter().position(|revision| revision.path == REVIEWED);
    let changed = changed.map(|at| revised.files.remove(at));
    let before =
        sources.iter().find(|source| source.path() == REVIEWED).map(|source| source.text().to_owned());
    let mut after = changed
        .map(|revision| revision.after)
        .or_else(|| before.clone())
        .unwrap_or_else(|| "objects:\n".to_owned());
    if !after.ends_with('\n') {
        after.push('\n');
    }
    for fields in new.values() {
        let Some(object) = fields.first().map(|decided| &decided.object) else { continue };
        after.push_str(&format!("  {object}:\n    fields:\n"));
        for decided in fields {
            after.push_str(&format!("      {}\n", line_for(decided)));
        }
    }
    revised.files.push(Revision { path: REVIEWED.to_owned(), before: before.unwrap_or_default(), after });
}

impl Revised {
    /// The files as they would be.
    pub fn applied(&self, sources: &[Source]) -> Vec<Source> {
        with(sources, self)
    }
}

/// The files as they would be.
fn with(sources: &[Source], revised: &Revised) -> Vec<Source> {
    let changed = |path: &str| revised.files.iter().find(|revision| revision.path == path);
    let mut after: Vec<Source> = sources
        .iter()
        .map(|source| match changed(source.path()) {
            Some(revision) => Source::new(source.path(), revision.after.clone()),
            None => source.clone(),
        })
        .collect();
    let fresh = revised.files.iter().filter(|one| !sources.iter().any(|own| own.path() == one.path));
    after.extend(fresh.map(|revision| Source::new(revision.path.as_str(), revision.after.clone())));
    after
}

fn check(sources: &[Source], revised: &Revised) -> Result<(), Vec<Problem>> {
    let (_, mut problems) = crate::read(with(sources, revised));
    problems.retain(|problem| problem.severity == Severity::Error);
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::classification::Keeps;

    const BUNDLE: &str = "version: 1\norganisation: {name: X}\nregions: [us]\nobjects:\n  Visit__c:\n    fields:\n      Note__c: {class: pii}    # kept\n      Code__c:\n        class: internal\n      Day__c:\n        - {class: phi, when: A}\n        - {class: internal}\n  Room__c: {fields: {Door__c: {class: internal}}}\n  Site__c:\n    default: {class: public}\n";

    fn decided(object: &str, field: &str, class: Class, identifier: Option<Identifier>) -> Decided {
        let identifier = identifier.map_or_else(DecidedIdentifier::default, DecidedIdentifier::Is);
        Decided { object: object.to_owned(), field: field.to_owned(), class, identifier, unseen: None }
    }

    fn revise(decisions: &[Decided]) -> Revised {
        let sources = vec![Source::new("phiward.yaml", BUNDLE)];
        let (policy, _) = crate::read(sources.clone());
        reclassify(&sources, &policy, decisions).unwrap()
    }

    #[test]
    fn two_new_fields_of_an_object_with_a_default_stand_under_one_key() {
        let revised = revise(&[
            decided("Site__c", "City__c", Class::Pii, None),
            decided("Site__c", "Zip__c", Class::Pii, None),
        ]);
        let expected =
            "{class: public}\n    fields:\n      City__c: {class: pii}\n      Zip__c: {class: pii}\n";
        assert_eq!(revised.files[0].after, BUNDLE.replace("{class: public}\n", expected));
    }

    #[test]
    fn the_file_of_reviewed_objects_changes_once() {
        let sources = vec![
            Source::new("phiward.yaml", "version: 1\norganisation: {name: X}\nregions: [us]\n"),
            Source::new(REVIEWED, "objects:\n  Old__c:\n    fields:\n      A__c: {class: pii}\n"),
        ];
        let (policy, _) = crate::read(sources.clone());
        let decisions =
            [decided("Old__c", "A__c", Class::Phi, None), decided("New__c", "B__c", Class::Pii, None)];
        let revised = reclassify(&sources, &policy, &decisions).unwrap();
        assert_eq!(revised.files.len(), 1);
        let after = &revised.files[0].after;
        assert!(after.contains("A__c: {class: phi}") && after.contains("B__c: {class: pii}"), "{after}");
    }

    #[test]
    fn decisions_stand_in_the_lines_that_they_are_about() {
        let revised = revise(&[
            decided("visit__c", "Note__c", Class::Phi, Some(Identifier::Clinical)),
            decided("Visit__c", "Code__c", Class::PhiSensitive, Some(Identifier::Other)),
            decided("Visit__c", "New__c", Class::Phi, None),
            decided("Site__c", "City__c", Class::Pii, None),
            decided("Claim__c", "Amount__c", Class::Phi, Some(Identifier::Clinical)),
        ]);
        assert_eq!(revised.by_hand, []);
        let expected = BUNDLE
            .replace("{class: pii}    # kept", "{class: phi, identifier: clinical}    # kept")
            .replace("        class: internal\n", "        class: phi-sensitive\n        identifier: other\n")
            .replace(
                "        - {class: internal}\n",
                "        - {class: internal}\n      New__c: {class: phi}\n",
            )
            .replace("{class: public}\n", "{class: public}\n    fields:\n      City__c: {class: pii}\n");
        assert_eq!(revised.files.len(), 2);
        assert_eq!(revised.files[0].after, expected);
        assert_eq!(
            (revised.files[1].path.as_str(), revised.files[1].after.as_str()),
            (
                "classification/reviewed.yaml",
                "objects:\n  Claim__c:\n    fields:\n      Amount__c: {class: phi, identifier: clinical}\n"
            )
        );
    }

    #[test]
    fn who_is_nobody_loses_the_identifier_however_it_is_written() {
        let rules = [
            ("{class: phi, identifier: clinical}    # kept", "{class: internal}    # kept"),
            ("{identifier: clinical, class: phi}", "{class: internal}"),
            ("\n        class: phi\n        identifier: clinical\n", "\n        class: internal\n"),
            ("{class: phi}", "{class: internal}"),
        ];
        for (before, after) in rules {
            let bundle = |rule: &str| {
                format!(
                    "version: 1\norganisation: {{name: X}}\nregions: [us]\nobjects:\n  Visit__c:\n    fields:\n      Note__c: {rule}\n"
                )
            };
            let sources = vec![Source::new("phiward.yaml", bundle(before))];
            let (policy, _) = crate::read(sources.clone());
            let nobody = Decided {
                identifier: DecidedIdentifier::Nobody,
                ..decided("Visit__c", "Note__c", Class::Internal, None)
            };
            let revised = reclassify(&sources, &policy, &[nobody]).unwrap();
            assert_eq!(revised.files[0].after, bundle(after));
        }
    }

    #[test]
    fn what_is_decided_of_fields_makes_an_answer_of_their_object_valid() {
        let sources = vec![
            Source::new("phiward.yaml", "version: 1\norganisation: {name: X}\nregions: [us]\n"),
            Source::new(
                "objects.yaml",
                "objects:\n  Survey__c:\n    fields:\n      Diabetes__c: {class: phi}\n",
            ),
        ];
        let (policy, _) = crate::read(sources.clone());
        let none = Answered {
            object: "Survey__c".to_owned(),
            keeps: Keeps::NoPatients,
            subject: None,
            unseen: None,
        };
        let refused = super::revise(&sources, &policy, std::slice::from_ref(&none), &[]).unwrap_err();
        assert!(refused.iter().any(|problem| problem.message.contains("(Diabetes__c)")), "{refused:?}");
        let field = decided("Survey__c", "Diabetes__c", Class::Internal, None);
        let revised = super::revise(&sources, &policy, &[none], &[field]).unwrap();
        assert_eq!(
            revised.files[0].after,
            "objects:\n  Survey__c:\n    patients: false\n    fields:\n      Diabetes__c: {class: internal}\n"
        );
    }

    #[test]
    fn a_field_in_two_spellings_stands_once() {
        let revised = revise(&[
            decided("Claim__c", "Amount__c", Class::Phi, None),
            decided("claim__c", "amount__C", Class::Phi, None),
            decided("claim__C", "Day__c", Class::Phi, None),
            decided("Site__c", "City__c", Class::Pii, None),
            decided("Site__c", "city__c", Class::Public, None),
        ]);
        assert_eq!(
            revised.files[0].after,
            "objects:\n  Claim__c:\n    fields:\n      Amount__c: {class: phi}\n      Day__c: {class: phi}\n"
        );
        assert_eq!(revised.files.len(), 1);
        assert!(revised.by_hand.iter().all(|(_, why)| *why == "it is decided in two ways"));
        assert_eq!(revised.by_hand.len(), 2);
    }

    #[test]
    fn a_decision_opens_a_file_of_guesses_alone() {
        let guesses = "# check: objects:\n  # check: Visit__c:\n    # check: fields:\n      # check: Note__c: {class: phi}    # kept\n";
        let sources = vec![
            Source::new("phiward.yaml", "version: 1\norganisation: {name: X}\nregions: [us]\n"),
            Source::new("classification/objects.yaml", guesses),
        ];
        let (policy, _) = crate::read(sources.clone());
        let revised =
            reclassify(&sources, &policy, &[decided("Visit__c", "Note__c", Class::Pii, None)]).unwrap();
        assert_eq!(
            revised.files[0].after,
            "objects:\n  Visit__c:\n    fields:\n      Note__c: {class: pii}\n"
        );
    }

    #[test]
    fn a_decision_takes_the_place_of_the_guess() {
        let guesses = "objects:\n  # check: Visit__c:\n    # subject: ...    # Q1\n    # check: fields:\n      # check: Note__c: {class: phi}    # kept\n      # check: Day__c: {class: phi}    # kept\n  Claim__c:\n    fields:\n      Sum__c: {class: phi}    # tagged\n      # check: Kind__c: {class: phi}    # kept\n";
        let sources = vec![
            Source::new("phiward.yaml", "version: 1\norganisation: {name: X}\nregions: [us]\n"),
            Source::new("classification/objects.yaml", guesses),
        ];
        let (policy, _) = crate::read(sources.clone());
        let decisions = [
            decided("Visit__c", "Note__c", Class::PhiSensitive, Some(Identifier::Clinical)),
            decided("Visit__c", "Room__c", Class::Internal, None),
            decided("Claim__c", "Kind__c", Class::Internal, None),
        ];
        let revised = reclassify(&sources, &policy, &decisions).unwrap();
        let expected = guesses
            .replace("# check: Visit__c:", "Visit__c:")
            .replace("# check: fields:\n", "fields:\n      Room__c: {class: internal}\n")
            .replace(
                "# check: Note__c: {class: phi}    # kept",
                "Note__c: {class: phi-sensitive, identifier: clinical}",
            )
            .replace("# check: Kind__c: {class: phi}    # kept", "Kind__c: {class: internal}");
        assert_eq!(revised.files.len(), 1);
        assert_eq!(revised.files[0].after, expected);
        let unmarked = expected.replace("# check: ", "");
        let (_, problems) = crate::read(vec![sources[0].clone(), Source::new("b.yaml", unmarked)]);
        assert!(problems.iter().all(|problem| problem.severity != Severity::Error), "{problems:?}");
    }

    #[test]
    fn what_was_accepted_unseen_says_so_until_somebody_decides() {
        let unseen = Acceptance { by: Id::of("mara-voss").unwrap(), on: Date::constant(2026, 11, 28) };
        let guesses = "# check: objects:\n  # check: Visit__c:\n    # check: patients: true    # Q6\n    # check: fields:\n      # check: Note__c: {class: phi}    # why\n      # check: Day__c: {class: phi}    # why\n";
        let sources = vec![
            Source::new("phiward.yaml", "version: 1\norganisation: {name: X}\nregions: [us]\n"),
            Source::new("classification/objects.yaml", guesses),
        ];
        let (policy, _) = crate::read(sources.clone());
        let visit = Answered {
            object: "Visit__c".to_owned(),
            keeps: Keeps::AboutPatients,
            subject: None,
            unseen: Some(unseen.clone()),
        };
        let of = |field: &str, class: Class, unseen: Option<Acceptance>| Decided {
            unseen,
            ..decided("Visit__c", field, class, Some(Identifier::Clinical))
        };
        let accepted =
            [of("Note__c", Class::Phi, Some(unseen.clone())), of("Day__c", Class::Phi, Some(unseen))];
        let revised = super::revise(&sources, &policy, std::slice::from_ref(&visit), &accepted).unwrap();
        let expected = "objects:\n  Visit__c:\n    patients: true\n    unseen: {by: mara-voss, on: 2026-11-28}\n    fields:\n      Note__c: {class: phi, identifier: clinical, unseen: {by: mara-voss, on: 2026-11-28}}\n      Day__c: {class: phi, identifier: clinical, unseen: {by: mara-voss, on: 2026-11-28}}\n";
        assert_eq!(revised.files[0].after, expected);
        let sources = revised.applied(&sources);
        let (policy, problems) = crate::read(sources.clone());
        let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert!(
            told.iter().any(|told| told.contains(
                "nobody has judged 1 line of objects and 2 lines of fields: accepted unseen by mara-voss on 2026-11-28"
            )),
            "{told:?}"
        );
        assert!(policy.class_of("Visit__c", "Note__c").unwrap().unseen().is_some());
        // What somebody says of the object and of one field takes these words away, and no others.
        let seen = Answered { unseen: None, subject: Some("Who__c".to_owned()), ..visit };
        let revised = super::revise(&sources, &policy, &[seen], &[of("Note__c", Class::Phi, None)]).unwrap();
        let expected = expected
            .replace(
                "    unseen: {by: mara-voss, on: 2026-11-28}\n    fields",
                "    subject: Who__c\n    fields",
            )
            .replace(
                "Note__c: {class: phi, identifier: clinical, unseen: {by: mara-voss, on: 2026-11-28}}",
                "Note__c: {class: phi, identifier: clinical}",
            );
        let lines = |text: &str| {
            let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
            lines.sort();
            lines
        };
        assert_eq!(lines(&revised.files[0].after), lines(&expected));
    }

    #[test]
    fn what_has_no_one_place_is_left_to_people() {
        let revised = revise(&[
            decided("Visit__c", "Day__c", Class::Phi, None),
            decided("Room__c", "Key__c", Class::Internal, None),
            decided("Room__c", "Door__c", Class::Internal, None),
        ]);
        assert_eq!(revised.files, []);
        let left: Vec<&str> = revised.by_hand.iter().map(|(decided, _)| decided.field.as_str()).collect();
        assert_eq!(left, ["Day__c", "Key__c"]);
    }
}
