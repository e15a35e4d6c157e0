//! Whose records objects keep, as people answered, written into the bundle.

use source::{Edit, Problem, Severity, Source, Span};

use super::{Acceptance, REVIEWED, Revised, Revision, end_of, line_of, marked, without};
use crate::bundle::classification::{Keeps, ObjectRule};
use crate::file::record::clipped;
use crate::model::Policy;
use crate::place::{At, Place};

/// What somebody answered of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    pub object: String,
    pub keeps: Keeps,
    /// The path to the patient, where records are about one and a field leads there.
    pub subject: Option<String>,
    /// Where nobody answered it, and somebody took what was proposed.
    pub unseen: Option<Acceptance>,
}

impl Answered {
    /// The keys that say it, and their values.
    fn keys(&self, rule: Option<&ObjectRule>) -> Vec<(&'static str, String)> {
        let patients = |says: bool| ("patients", says.to_string());
        let told = rule.is_some_and(|rule| rule.patients.is_some());
        let mut keys = match (self.keeps, &self.subject) {
            (Keeps::NoPatients, _) => vec![patients(false)],
            (Keeps::AboutPatients, None) => vec![patients(true)],
            (Keeps::Patients, _) => {
                [("subject", "self".to_owned())].into_iter().chain(told.then(|| patients(true))).collect()
            }
            (Keeps::AboutPatients, Some(path)) => {
                [("subject", path.clone())].into_iter().chain(told.then(|| patients(true))).collect()
            }
        };
        keys.extend(self.unseen.as_ref().map(|unseen| ("unseen", unseen.written())));
        keys
    }
}

/// What people write for an answer of the whole organisation.
pub const EVERY_OBJECT: &str = "*";

/// That the organisation keeps no patients, beside what else is said of it.
fn of_organisation(sources: &[Source], policy: &Policy) -> Result<Option<(String, Edit)>, Problem> {
    const SAID: &str = "patients: false";
    let Some(organisation) = policy.organisation() else { return Ok(None) };
    let Some(source) = sources.iter().find(|source| source.path() == &*organisation.place.path) else {
        return Ok(None);
    };
    if let Some(said) = &organisation.patients {
        let (start, end) = (said.place.span.start as usize, said.place.span.end as usize);
        return Ok(Some((source.path().to_owned(), Edit { start, end, text: "false".to_owned() })));
    }
    let no_place = || {
        let message = "the organisation is written so that no line can be put in".to_owned();
        source
            .problem(Severity::Error, "no-place", organisation.place.span, message)
            .with_help(format!("add `{SAID}` by hand"))
    };
    let before = source.text().get(..organisation.place.span.start as usize);
    let key = before.and_then(|before| before.rfind("organisation")).ok_or_else(no_place)?;
    let span = Span::new(start_of(key), start_of(key + "organisation".len()));
    let place = Place { span, ..organisation.place.clone() };
    let key = At { value: "organisation".to_owned(), place };
    let edit = inserted(source, &key, &[SAID.to_owned()]).ok_or_else(no_place)?;
    Ok(Some((source.path().to_owned(), edit)))
}

fn start_of(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// The files with what was answered; only those that change.
pub(super) fn answer(sources: &[Source], policy: &Policy, answers: &[Answered]) -> Result<Revised, Problem> {
    let mut revised = Revised::default();
    let mut edits: Vec<(&str, Edit)> = Vec::new();
    let mut fresh = String::new();
    if answers.iter().any(|answered| answered.object == EVERY_OBJECT)
        && let Some((path, edit)) = of_organisation(sources, policy)?
        && let Some(source) = sources.iter().find(|source| source.path() == path)
    {
        edits.push((source.path(), edit));
    }
    for answered in answers.iter().filter(|answered| answered.object != EVERY_OBJECT) {
        let known = policy.objects().find(|(name, _)| name.value.eq_ignore_ascii_case(&answered.object));
        let keys = answered.keys(known.map(|(_, rule)| rule));
        let guessed = || {
            let lines: Vec<String> = keys.iter().map(|(key, value)| format!("{key}: {value}")).collect();
            sources.iter().find_map(|own| Some((own, marked::answer(own, &answered.object, &lines)?)))
        };
        match known {
            Some((name, rule)) => {
                let Some(source) = sources.iter().find(|source| source.path() == &*name.place.path) else {
                    let absent = Source::new(&*name.place.path, String::new());
                    let message = format!("the file of `{}` is not at hand", clipped(&name.value));
                    return Err(absent.problem(Severity::Error, "no-place", Span::new(0, 0), message));
                };
                let guesses = marked::answered(source, &answered.object);
                for edit in of_object(source, name, rule, &keys)?.into_iter().chain(guesses) {
                    edits.push((source.path(), edit));
                }
            }
            None => match guessed() {
                Some((source, more)) => {
                    edits.extend(more.into_iter().map(|edit| (source.path(), edit)));
                }
                None => {
                    fresh.push_str(&format!("  {}:\n", answered.object));
                    for (key, value) in keys {
                        fresh.push_str(&format!("    {key}: {value}\n"));
                    }
                }
            },
        }
    }
    let reviewed = sources.iter().any(|source| source.path() == REVIEWED);
    let added = (!reviewed && !fresh.is_empty()).then(|| Source::new(REVIEWED, String::new()));
    for source in sources.iter().chain(&added) {
        let own: Vec<Edit> =
            edits.iter().filter(|(path, _)| *path == source.path()).map(|(_, edit)| edit.clone()).collect();
        let is_reviewed = source.path() == REVIEWED && !fresh.is_empty();
        if own.is_empty() && !is_reviewed {
            continue;
        }
        let before = source.text().to_owned();
        let mut after = source::apply(&before, own);
        if is_reviewed {
            if after.is_empty() {
                after.push_str("objects:\n");
            }
            if !after.ends_with('\n') {
                after.push('\n');
            }
            after.push_str(&fresh);
        }
        revised.files.push(Revision { path: source.path().to_owned(), before, after });
    }
    Ok(revised)
}

fn of_object(
    source: &Source,
    name: &At<String>,
    rule: &ObjectRule,
    keys: &[(&'static str, String)],
) -> Result<Vec<Edit>, Problem> {
    let replace = |place: &Place, text: &str| Edit {
        start: place.span.start as usize,
        end: place.span.end as usize,
        text: text.to_owned(),
    };
    let mut edits = Vec::new();
    let mut new = Vec::new();
    for (key, value) in keys {
        match (*key, &rule.subject, &rule.patients, &rule.unseen) {
            ("subject", Some(own), ..) => edits.push(replace(&own.place, value)),
            ("patients", _, Some(own), _) => edits.push(replace(&own.place, value)),
            ("unseen", .., Some(own)) => {
                let end = end_of(source, &own.place).unwrap_or(own.place.span.end as usize);
                edits.push(Edit { end, ..replace(&own.place, value) });
            }
            _ => new.push(format!("{key}: {value}")),
        }
    }
    // What somebody answers is seen.
    if let Some(own) = rule.unseen.as_ref().filter(|_| !keys.iter().any(|(key, _)| *key == "unseen")) {
        edits.extend(without(source, "unseen", &own.place));
    }
    if !new.is_empty() {
        let no_place = || {
            let message =
                format!("the object `{}` is written so that no line can be put in", clipped(&name.value));
            let help = format!("add `{}` by hand", new.join(", "));
            source.problem(Severity::Error, "no-place", name.place.span, message).with_help(help)
        };
        edits.push(inserted(source, name, &new).ok_or_else(no_place)?);
    }
    Ok(edits)
}

/// A line below the object's own, or a pair in its braces.
fn inserted(source: &Source, name: &At<String>, new: &[String]) -> Option<Edit> {
    let text = source.text();
    let line = line_of(source, name.place.span.start as usize);
    let after = text.get(name.place.span.end as usize..)?;
    let colon = name.place.span.end as usize + after.find(':')? + 1;
    let rest = text.get(colon..)?;
    let value = rest.trim_start_matches(' ');
    if value.starts_with('{') {
        let at = colon + (rest.len() - value.len()) + 1;
        return Some(Edit { start: at, end: at, text: format!("{}, ", new.join(", ")) });
    }
    let is_alone = line.trim_start().starts_with(name.value.as_str())
        && (value.starts_with(['\n', '\r', '#']) || value.is_empty());
    let end = colon + rest.find('\n')?;
    let below = text.get(end + 1..)?.lines().find(|line| {
        let text = line.trim_start();
        !text.is_empty() && !text.starts_with('#')
    })?;
    let indent: String = below.chars().take_while(|c| *c == ' ').collect();
    if !is_alone || indent.is_empty() || below.trim_start().starts_with('{') {
        return None;
    }
    let text = new.iter().map(|key| format!("\n{indent}{key}")).collect();
    // A line that ends in a carriage return keeps it.
    let end = text_end(source.text(), end);
    Some(Edit { start: end, end, text })
}

fn text_end(text: &str, end: usize) -> usize {
    end - usize::from(text.get(..end).is_some_and(|before| before.ends_with('\r')))
}

#[cfg(test)]
mod tests {
    use super::super::revise;
    use super::*;
    use crate::reclassify::{Decided, DecidedIdentifier};
    use crate::vocabulary::Class;

    const HEAD: &str = "version: 1\norganisation: {name: X}\nregions: [us]\n";

    fn answered(object: &str, keeps: Keeps, subject: Option<&str>) -> Answered {
        Answered { object: object.to_owned(), keeps, subject: subject.map(str::to_owned), unseen: None }
    }

    fn after(text: &str, answers: &[Answered], decisions: &[Decided]) -> Vec<(String, String)> {
        let sources =
            vec![Source::new("phiward.yaml", HEAD), Source::new("classification/objects.yaml", text)];
        let (policy, _) = crate::read(sources.clone());
        let revised = revise(&sources, &policy, answers, decisions).unwrap();
        assert_eq!(revised.by_hand, []);
        revised.files.into_iter().map(|file| (file.path, file.after)).collect()
    }

    #[test]
    fn an_answer_stands_first_below_its_object() {
        let text = "objects:\n  Visit__c:   # the day\n    fields:\n      Note__c: {class: phi}\n  Room__c: {default: {class: internal}}\n  Case:\n    subject: OwnerId\n    default: {class: phi}\n";
        let files = after(
            text,
            &[
                answered("visit__c", Keeps::AboutPatients, Some("Patient__c")),
                answered("Room__c", Keeps::AboutPatients, None),
                answered("Case", Keeps::AboutPatients, Some("ContactId")),
            ],
            &[],
        );
        let expected = text
            .replace("# the day\n", "# the day\n    subject: Patient__c\n")
            .replace("{default:", "{patients: true, default:")
            .replace("subject: OwnerId", "subject: ContactId");
        assert_eq!(files, [("classification/objects.yaml".to_owned(), expected)]);
    }

    #[test]
    fn objects_that_the_bundle_does_not_have_and_their_fields_go_to_one_file() {
        let files = after(
            "objects: {}\n",
            &[answered("Patient__c", Keeps::Patients, None), answered("Truck__c", Keeps::NoPatients, None)],
            &[Decided {
                object: "Patient__c".to_owned(),
                field: "Alias__c".to_owned(),
                class: Class::Phi,
                identifier: DecidedIdentifier::AsItStands,
                unseen: None,
            }],
        );
        let expected = "objects:\n  Patient__c:\n    subject: self\n    fields:\n      Alias__c: {class: phi}\n  Truck__c:\n    patients: false\n";
        assert_eq!(files, [(REVIEWED.to_owned(), expected.to_owned())]);
    }

    #[test]
    fn that_the_organisation_keeps_no_patients_stands_with_it() {
        let none = [answered(EVERY_OBJECT, Keeps::NoPatients, None)];
        let heads = [
            ("organisation: {name: X}\n", "organisation: {patients: false, name: X}\n"),
            (
                "organisation:\n  name: X\n  roles: [controller]\n",
                "organisation:\n  patients: false\n  name: X\n  roles: [controller]\n",
            ),
            ("organisation: {name: X, patients: true}\n", "organisation: {name: X, patients: false}\n"),
        ];
        for (before, after) in heads {
            let sources = vec![Source::new("phiward.yaml", format!("version: 1\n{before}regions: [us]\n"))];
            let (policy, _) = crate::read(sources.clone());
            let revised = revise(&sources, &policy, &none, &[]).unwrap();
            assert_eq!(revised.files[0].after, format!("version: 1\n{after}regions: [us]\n"));
        }
    }

    #[test]
    fn an_answer_takes_the_mark_off_its_object_and_leaves_the_guesses_about_fields() {
        let text = "# check: objects:\n  # check: Visit__c:\n    # subject: ...    # Q6\n    # check: fields:\n      # check: Note__c: {class: phi}    # why\n      # check: Day__c: {class: phi}    # why\n";
        let visit = [answered("Visit__c", Keeps::AboutPatients, Some("Patient__c"))];
        let expected = "objects:\n  Visit__c:\n    subject: Patient__c\n    # check: fields:\n      # check: Note__c: {class: phi}    # why\n      # check: Day__c: {class: phi}    # why\n";
        assert_eq!(after(text, &visit, &[])[0].1, expected);
        let note = Decided {
            object: "Visit__c".to_owned(),
            field: "Note__c".to_owned(),
            class: Class::Internal,
            identifier: DecidedIdentifier::AsItStands,
            unseen: None,
        };
        let expected = "objects:\n  Visit__c:\n    subject: Patient__c\n    fields:\n      Note__c: {class: internal}\n      # check: Day__c: {class: phi}    # why\n";
        assert_eq!(after(text, &visit, &[note])[0].1, expected);
    }

    #[test]
    fn an_answer_takes_the_place_of_what_was_proposed() {
        let text = "objects:\n  Visit__c:\n    # check: subject: Doctor__c    # Q6\n    fields:\n      Note__c: {class: phi}\n  # check: Room__c:\n    # check: patients: false    # Q6\n";
        let visit = answered("Visit__c", Keeps::AboutPatients, Some("Patient__c"));
        let room = answered("Room__c", Keeps::AboutPatients, None);
        let expected = "objects:\n  Visit__c:\n    subject: Patient__c\n    fields:\n      Note__c: {class: phi}\n  Room__c:\n    patients: true\n";
        assert_eq!(after(text, &[visit.clone(), room], &[])[0].1, expected);
        let name = Decided {
            object: "Room__c".to_owned(),
            field: "Guest__c".to_owned(),
            class: Class::Phi,
            identifier: DecidedIdentifier::AsItStands,
            unseen: None,
        };
        let expected = "objects:\n  Visit__c:\n    subject: Patient__c\n    fields:\n      Note__c: {class: phi}\n  Room__c:\n    fields:\n      Guest__c: {class: phi}\n    # check: patients: false    # Q6\n";
        assert_eq!(after(text, &[visit], &[name])[0].1, expected);
    }

    #[test]
    fn an_answer_without_a_place_is_told_where_it_belongs() {
        let text = "objects:\n  Room__c:\n    {default: {class: internal}}\n";
        let sources = vec![Source::new("phiward.yaml", HEAD), Source::new("objects.yaml", text)];
        let (policy, _) = crate::read(sources.clone());
        let answers = [answered("Room__c", Keeps::NoPatients, None)];
        let problems = revise(&sources, &policy, &answers, &[]).unwrap_err();
        assert_eq!(problems[0].code, "no-place");
        assert!(problems[0].to_string().starts_with("objects.yaml:2:3:"), "{}", problems[0]);
    }
}
