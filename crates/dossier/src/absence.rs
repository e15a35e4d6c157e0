//! What the source does not hold, or holds and could not be read, as far as the state of a control rests on it.
//!
//! A rule reports a gap where it misses something it asked for. It cannot miss what nothing names: a profile that
//! nobody retrieved gives its access all the same, and the rest of a broken file may hold what a rule looks for.

use std::collections::BTreeSet;

use scan::Report;
use serde::Serialize;
use sfdx::completeness::{Item, Remedy, State};
use sfdx::{Kind, Project};
use source::Severity;

/// Names that one reason spells out.
const NAMED: usize = 5;

/// Something that is not known, for every rule that it bears on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Absence {
    pub(crate) missing: String,
    pub(crate) complete_with: String,
    #[serde(skip)]
    pub(crate) bears_on: Bearing,
}

/// Which rules cannot give a clean bill without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Bearing {
    /// Metadata says what fields, permissions and addresses there are, and every rule judges by these.
    Every,
    /// Rules with this tag.
    Tag(&'static str),
}

impl Bearing {
    pub(crate) fn on(self, tags: &[&str]) -> bool {
        match self {
            Bearing::Every => true,
            Bearing::Tag(tag) => tags.contains(&tag),
        }
    }
}

/// Rules about who may see what.
pub(crate) const ACCESS: &str = "access";
/// Rules about files of records.
const DATA: &str = "data";

/// Profiles that an org has or that the source names.
const PROFILES: [&str; 3] = ["standard-profiles", "guest-profiles", "named-profiles"];
/// What else opens data to people and is often kept out of a source tree.
const OPENINGS: [&str; 7] = [
    "profile-contents",
    "permission-set-group-members",
    "type-permissionset",
    "settings-sharing",
    "settings-communities",
    "forceignore",
    "outside-packages",
];

pub(crate) fn of(project: &Project, report: &Report, items: &[Item]) -> Vec<Absence> {
    let mut all = unread(project, report);
    all.extend(profiles(items));
    all.extend(OPENINGS.iter().filter_map(|id| open(items, id)).map(|item| Absence {
        missing: with_names(&item.what, &item.lacks),
        complete_with: item.remedies.iter().map(remedy_words).collect::<Vec<_>>().join(", or "),
        bears_on: Bearing::Tag(ACCESS),
    }));
    all
}

/// Files that broke while they were read, by what rests on them.
fn unread(project: &Project, report: &Report) -> Vec<Absence> {
    let (mut metadata, mut data) = (BTreeSet::new(), BTreeSet::new());
    for problem in report.problems.iter().filter(|problem| problem.severity == Severity::Error) {
        let only_data = project
            .file(&problem.path)
            .is_some_and(|file| matches!(file.kind, Kind::Data | Kind::Document | Kind::StaticResource));
        let paths = if only_data { &mut data } else { &mut metadata };
        paths.insert(problem.path.clone());
    }
    [(metadata, Bearing::Every), (data, Bearing::Tag(DATA))]
        .into_iter()
        .filter(|(paths, _)| !paths.is_empty())
        .map(|(paths, bears_on)| {
            let paths: Vec<String> = paths.into_iter().collect();
            Absence {
                missing: with_names("what stands in files that could not be read in full", &paths),
                complete_with: "mend these files, or retrieve them again".to_owned(),
                bears_on,
            }
        })
        .collect()
}

fn profiles(items: &[Item]) -> Option<Absence> {
    let lacking: Vec<&Item> = PROFILES.iter().filter_map(|id| open(items, id)).collect();
    let names: BTreeSet<String> = lacking.iter().flat_map(|item| &item.lacks).cloned().collect();
    let names: Vec<String> = names.into_iter().collect();
    (!lacking.is_empty()).then(|| Absence {
        missing: with_names("profiles of the org that are not in the source", &names),
        complete_with: "retrieve them together with the objects".to_owned(),
        bears_on: Bearing::Tag(ACCESS),
    })
}

fn open<'i>(items: &'i [Item], id: &str) -> Option<&'i Item> {
    items.iter().find(|item| item.id == id && item.state != State::Present)
}

/// A remedy as an order, with names in backticks.
pub(crate) fn remedy_words(remedy: &Remedy) -> String {
    match remedy {
        Remedy::Retrieve { kind, members } => {
            let all = members.iter().any(|member| member == "*");
            if all {
                format!("retrieve all of `{kind}`")
            } else {
                with_names(&format!("retrieve `{kind}`"), members)
            }
        }
        Remedy::Query(name) => format!("run the query `{name}`"),
        Remedy::Do(what) => (*what).to_owned(),
    }
}

/// `what: `a`, `b` and 3 more`.
fn with_names(what: &str, names: &[String]) -> String {
    if names.is_empty() {
        return what.to_owned();
    }
    let shown: Vec<String> = names.iter().take(NAMED).map(|name| format!("`{name}`")).collect();
    let more = match names.len().saturating_sub(NAMED) {
        0 => String::new(),
        rest => format!(" and {rest} more"),
    };
    format!("{what}: {}{more}", shown.join(", "))
}

#[cfg(test)]
mod tests;
