//! What the files say together: references, dates, coverage, and what law asks of them.

mod agreements;
mod classification;
mod flows;
mod organisation;
mod parties;
mod sealing;
mod twins;

use std::collections::BTreeMap;

use source::{Problem, Severity, Source};

use super::{MAIN, Singles, suggest, tree};
use crate::bundle::Identified;
use crate::model::Content;
use crate::place::{At, Place};
use crate::vocabulary::Id;

/// Keys that stand in one file only, so that nobody has to look for them.
const HOMES: &[(&str, &[&str])] = &[
    ("exceptions", &["exceptions.yaml", "exceptions.yml"]),
    ("expect", &["expectations.yaml", "expectations.yml"]),
];

pub(super) fn own_file(source: &Source, tree: &tree::Node, problems: &mut Vec<Problem>) {
    let tree::Kind::Map(entries) = &tree.kind else { return };
    for (key, _) in entries {
        let home = HOMES.iter().find(|(name, _)| *name == key.text);
        if let Some((name, files)) = home
            && !files.contains(&source.path())
        {
            let home = files.first().copied().unwrap_or_default();
            let message = format!("`{name}` stands in `{home}` only");
            problems.push(
                source
                    .problem(Severity::Error, "misplaced-key", key.span, message)
                    .with_help(format!("move it to `{home}`")),
            );
        }
    }
}

pub(super) fn singles(content: &Content, singles: &Singles, sources: &[Source], problems: &mut Vec<Problem>) {
    let missing = |message: &str, help: &str| {
        Problem::new(Severity::Error, "missing-key", MAIN, message).with_help(help)
    };
    let main = sources.iter().any(|source| matches!(source.path(), MAIN | "phiward.yml"));
    if !main {
        let problem =
            Problem::new(Severity::Error, "missing-file", MAIN, format!("the bundle has no `{MAIN}`"));
        problems.push(problem.with_help("add it with `version: 1`, `organisation` and `regions`"));
    }
    match &singles.version {
        Some(version) if version.value != 1 => {
            let message = format!("version {} of the bundle format is not known", version.value);
            let problem = version.place.problem(Severity::Error, "unknown-version", message);
            problems.push(problem.with_help("this release reads version 1"));
        }
        None if main => problems.push(missing("the bundle does not say its version", "add `version: 1`")),
        _ => {}
    }
    if main && content.organisation.is_none() {
        let help = "add `organisation: {name: ..., roles: [...]}`";
        problems.push(missing("the bundle does not say whose it is", help));
    }
    if main && content.regions.is_empty() {
        // Not an error: a bundle that somebody has just begun judges already what it can.
        let message = "the bundle does not say where the people live whose data it is";
        let help =
            "add `regions: [us]`, or what fits; until then what depends on a person's region is undetermined";
        problems.push(Problem { severity: Severity::Warning, ..missing(message, help) });
    }
}

pub(super) fn all(content: &mut Content, problems: &mut Vec<Problem>) {
    let mut check = Check { content, problems };
    check.shared_ids();
    organisation::check(&mut check);
    classification::check(&mut check);
    sealing::check(&mut check);
    twins::check(&mut check);
    parties::check(&mut check);
    flows::check(&mut check);
    flows::expectations(&mut check);
}

struct Check<'a> {
    content: &'a Content,
    problems: &'a mut Vec<Problem>,
}

impl<'a> Check<'a> {
    fn tell(
        &mut self,
        severity: Severity,
        place: &Place,
        code: &'static str,
        message: String,
        help: impl Into<String>,
    ) {
        self.problems.push(place.problem(severity, code, message).with_help(help));
    }

    fn error(&mut self, place: &Place, code: &'static str, message: String, help: impl Into<String>) {
        self.tell(Severity::Error, place, code, message, help);
    }

    fn warn(&mut self, place: &Place, code: &'static str, message: String, help: impl Into<String>) {
        self.tell(Severity::Warning, place, code, message, help);
    }

    /// A reference that must name one of `ids`.
    fn reference(&mut self, at: &At<Id>, what: &str, ids: &[&'a str]) -> bool {
        let known = ids.contains(&at.as_str());
        if !known {
            let message = format!("the bundle has no {what} `{}`", at.value);
            let help = suggest::help(at.as_str(), ids.iter().copied());
            self.error(&at.place, "unknown-reference", message, help);
        }
        known
    }

    /// Ids that a reference cannot tell apart must differ: a flow goes to a party, a model or an org by its
    /// id alone, and a question comes from an identity or an audience.
    fn shared_ids(&mut self) {
        let content = self.content;
        let receivers = ids_of(&content.parties, "party")
            .chain(ids_of(&content.models, "model"))
            .chain(ids_of(&content.orgs, "org"));
        let actors = ids_of(&content.identities, "identity").chain(ids_of(&content.audiences, "audience"));
        self.distinct(receivers.collect());
        self.distinct(actors.collect());
    }

    fn distinct(&mut self, all: Vec<(&'static str, &'a At<Id>)>) {
        let mut seen: BTreeMap<&Id, (&'static str, &At<Id>)> = BTreeMap::new();
        for (what, id) in all {
            match seen.get(&id.value) {
                Some((other, first)) if *other != what => {
                    for (here, there, other) in [(*first, id, what), (id, *first, *other)] {
                        let message =
                            format!("`{}` names another thing too: the {other} at {}", id.value, there.place);
                        self.error(&here.place, "duplicate-id", message, "rename one of the two");
                    }
                }
                Some(_) => {}
                None => {
                    seen.insert(&id.value, (what, id));
                }
            }
        }
    }

    /// A list that names the same thing twice, in any case.
    fn twice(&mut self, list: impl IntoIterator<Item = &'a At<String>>, what: &str) {
        let mut seen: BTreeMap<String, &At<String>> = BTreeMap::new();
        for name in list {
            match seen.get(&name.to_ascii_lowercase()) {
                Some(first) => {
                    let message =
                        format!("the {what} `{}` is named twice, first at {}", name.value, first.place);
                    let other = first.place.clone();
                    self.error(&name.place, "duplicate-name", message, "name it once");
                    let message = format!("the {what} `{}` is named again at {}", name.value, name.place);
                    self.error(&other, "duplicate-name", message, "name it once");
                }
                None => {
                    seen.insert(name.to_ascii_lowercase(), name);
                }
            }
        }
    }
}

fn ids_of<'a, T: Identified + 'a>(
    all: &'a [T],
    what: &'static str,
) -> impl Iterator<Item = (&'static str, &'a At<Id>)> {
    all.iter().map(move |item| (what, item.id()))
}

/// The ids of a list, as references name them.
fn names<T: Identified>(all: &[T]) -> Vec<&str> {
    all.iter().map(|item| item.id().as_str()).collect()
}
