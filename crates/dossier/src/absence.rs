//! What the source does not hold, or holds and could not be read, as far as the state of a control rests on it.
//!
//! A rule reports a gap where it misses something it asked for. It cannot miss what nothing names: a profile that
//! nobody retrieved gives its access all the same, and the rest of a broken file may hold what a rule looks for.

use std::collections::{BTreeMap, BTreeSet};

use scan::Report;
use serde::Serialize;
use sfdx::completeness::{Item, Remedy, State};
use sfdx::{Facts, Kind, Project};
use source::Severity;

/// Names that one reason spells out.
const NAMED: usize = 4;

/// Something that is not known, for every rule that it bears on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Absence {
    pub(crate) missing: String,
    /// The same without names, for where many stand together.
    #[serde(skip)]
    pub(crate) short: &'static str,
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
    /// Rules with one of these tags.
    AnyOf(&'static [&'static str]),
}

impl Bearing {
    pub(crate) fn on(self, tags: &[&str]) -> bool {
        match self {
            Bearing::Every => true,
            Bearing::Tag(tag) => tags.contains(&tag),
            Bearing::AnyOf(any) => tags.iter().any(|tag| any.contains(tag)),
        }
    }
}

/// Rules about who may see what.
pub(crate) const ACCESS: &str = "access";
/// Rules about files of records.
const DATA: &str = "data";

const UNREAD: &str = "what stands in files that could not be read in full";
const CODE: &str = "what code does with the data";
const ABSENT_PROFILES: &str = "profiles of the org that are not in the source";

/// Profiles that an org has or that the source names.
const PROFILES: [&str; 3] = ["standard-profiles", "guest-profiles", "named-profiles"];
/// What else opens data to people and is often kept out of a source tree, in the words of a reason.
const OPENINGS: [(&str, &str); 7] = [
    ("profile-contents", "profiles retrieved without object or field permissions"),
    ("permission-set-group-members", "permission sets that groups name and the source does not hold"),
    ("type-permissionset", "permission sets: none is in the source"),
    ("settings-sharing", "the sharing settings of the org"),
    ("settings-communities", "the settings that say whether sites exist"),
    (FORCEIGNORE, "metadata that `.forceignore` leaves out"),
    ("outside-packages", "metadata outside the package directories"),
];
/// Items that name paths.
const PATHS: [&str; 2] = [FORCEIGNORE, "outside-packages"];
const FORCEIGNORE: &str = "forceignore";
/// The folder of the bundle, which no deployment takes along and no org has.
const BUNDLE: &str = "phiward/";

/// What is known of what an audit wants to know.
pub(crate) fn completeness(project: &Project, facts: &Facts) -> Vec<Item> {
    let mut items = sfdx::completeness::of(project, facts);
    for item in items.iter_mut().filter(|item| item.id == FORCEIGNORE) {
        item.lacks.retain(|path| path != BUNDLE);
        if item.lacks.is_empty() {
            item.state = State::Present;
        }
    }
    items
}

pub(crate) fn of(project: &Project, report: &Report, items: &[Item]) -> Vec<Absence> {
    let mut all = unread(project, report);
    all.extend(code(report));
    all.extend(profiles(items));
    all.extend(OPENINGS.iter().filter_map(|(id, words)| open(items, id).map(|item| (item, words))).map(
        |(item, words)| Absence {
            missing: match item.lacks.as_slice() {
                _ if names_itself(item) => (*words).to_owned(),
                // Paths are long, and one shows what kind of thing it is.
                [first, rest @ ..] if PATHS.contains(&item.id.as_str()) && !rest.is_empty() => {
                    format!("{words}: {} paths, among them `{first}`", item.lacks.len())
                }
                names => with_names(words, names),
            },
            short: words,
            complete_with: remedies(item).join(", or "),
            bears_on: Bearing::Tag(ACCESS),
        },
    ));
    all
}

/// Settings lack themselves: to name them twice says nothing.
pub(crate) fn names_itself(item: &Item) -> bool {
    item.state == State::Absent && item.lacks.len() == 1
}

/// Code can read past every permission and send to every address, and no rule of this release judges it.
fn code(report: &Report) -> Option<Absence> {
    let kinds: Vec<String> =
        report.unjudged.iter().map(|(kind, files)| format!("{files} of {kind}")).collect();
    (!kinds.is_empty()).then(|| Absence {
        missing: format!("{CODE}: {}", kinds.join(", ")),
        short: CODE,
        complete_with: "have the code reviewed: this release reads it for addresses only".to_owned(),
        bears_on: Bearing::AnyOf(&[ACCESS, "disclosure", "exposure", "ai"]),
    })
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
                missing: with_names(UNREAD, &paths),
                short: UNREAD,
                complete_with: "mend these files, or retrieve them again".to_owned(),
                bears_on,
            }
        })
        .collect()
}

fn profiles(items: &[Item]) -> Option<Absence> {
    let lacking: Vec<&Item> = PROFILES.iter().filter_map(|id| open(items, id)).collect();
    // Names of profiles do not differ by case alone, and sites write them as they like.
    let names: BTreeMap<String, String> = lacking
        .iter()
        .rev()
        .flat_map(|item| &item.lacks)
        .map(|name| (name.to_lowercase(), name.clone()))
        .collect();
    let names: Vec<String> = names.into_values().collect();
    (!lacking.is_empty()).then(|| Absence {
        missing: with_names(ABSENT_PROFILES, &names),
        short: ABSENT_PROFILES,
        complete_with: "retrieve them together with the objects".to_owned(),
        bears_on: Bearing::Tag(ACCESS),
    })
}

fn open<'i>(items: &'i [Item], id: &str) -> Option<&'i Item> {
    items.iter().find(|item| item.id == id && item.state != State::Present)
}

/// What completes an item, as orders with names in backticks.
pub(crate) fn remedies(item: &Item) -> Vec<String> {
    item.remedies
        .iter()
        .map(|remedy| match remedy {
            Remedy::Retrieve { kind, members } if members.iter().any(|member| member == "*") => {
                format!("retrieve all of `{kind}`")
            }
            Remedy::Retrieve { kind, members } => match members.as_slice() {
                [one] => format!("retrieve `{kind}:{one}`"),
                _ if *members == item.lacks => format!("retrieve them (`{kind}`)"),
                many => with_names(&format!("retrieve `{kind}`"), many),
            },
            Remedy::Query(name) => format!("run the query `{name}`"),
            Remedy::Do(what) => (*what).to_owned(),
        })
        .collect()
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
