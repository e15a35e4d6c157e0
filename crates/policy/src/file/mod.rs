//! Reading: files to a bundle, with every problem that there is.

mod check;
pub(crate) mod record;
pub(crate) mod suggest;
pub(crate) mod tree;

use std::collections::BTreeMap;

use source::{Problem, Severity, Source};

use crate::bundle::{File, Identified};
use crate::model::{Content, Policy};
use crate::place::{At, Place};
use crate::vocabulary::Id;
use record::{Reader, Value};

/// The file that every bundle has.
pub const MAIN: &str = "phiward.yaml";

/// Reads a bundle from its files, paths below the bundle's folder. Files that are neither `.yaml`, `.yml` nor
/// `.cedar` are not part of a bundle and are passed over.
///
/// All problems are told at once, in the order of files and lines. A bundle with an error among them gives a
/// policy that can be looked at but not enforced: see [`Policy::enforceable`].
pub fn read(sources: Vec<Source>) -> (Policy, Vec<Problem>) {
    let mut sources = sources;
    sources.sort_by(|a, b| a.path().cmp(b.path()));
    let mut problems = Vec::new();
    let mut content = Content::default();
    let mut singles = Singles::default();
    let mut whole = true;
    let is_yaml = |source: &&Source| source.path().ends_with(".yaml") || source.path().ends_with(".yml");
    let mut paths: BTreeMap<&str, ()> = BTreeMap::new();
    for source in &sources {
        if paths.insert(source.path(), ()).is_some() {
            let problem =
                Problem::new(Severity::Error, "duplicate-file", source.path(), "the file was given twice");
            problems.push(problem.with_help("give each file once"));
        }
    }
    for source in sources.iter().filter(is_yaml) {
        let told = problems.len();
        let Some(tree) = tree::parse(source, &mut problems) else {
            // A file of comments alone is read, and says nothing.
            whole &= problems.len() == told;
            continue;
        };
        if matches!(tree.kind, tree::Kind::Null) {
            continue;
        }
        let mut reader = Reader::new(source, &mut problems);
        if let Some(file) = File::read(&tree, &mut reader) {
            check::own_file(source, &tree, &mut problems);
            take(file, &mut content, &mut singles, &mut problems);
        }
    }
    let any = sources.iter().any(|source| is_yaml(&source) || source.path().ends_with(".cedar"));
    // What the files say together can be judged where all of them could be read.
    if any && whole {
        check::singles(&content, &singles, &sources, &mut problems);
        check::all(&mut content, &mut problems);
    }
    let policy = Policy::assemble(content, &sources, any, &mut problems);
    problems.sort_by(|a, b| (&a.path, a.position, a.code).cmp(&(&b.path, b.position, b.code)));
    problems.dedup();
    (policy, problems)
}

/// Keys that stand once in a bundle: where they were found.
#[derive(Default)]
pub(crate) struct Singles {
    pub(crate) version: Option<At<u32>>,
}

fn once<T>(
    slot: &mut Option<T>,
    value: Option<T>,
    key: &str,
    place: impl Fn(&T) -> &Place,
    problems: &mut Vec<Problem>,
) {
    match (slot.as_ref(), value) {
        (Some(first), Some(second)) => {
            let message = format!("`{key}` stands twice in the bundle, first at {}", place(first));
            problems.push(
                place(&second)
                    .problem(Severity::Error, "duplicate-key", message)
                    .with_help("keep one of the two"),
            );
        }
        (None, value) => *slot = value,
        (Some(_), None) => {}
    }
}

fn take(file: File, content: &mut Content, singles: &mut Singles, problems: &mut Vec<Problem>) {
    once(&mut singles.version, file.version, "version", |v| &v.place, problems);
    once(&mut content.organisation, file.organisation, "organisation", |o| &o.place, problems);
    once(&mut content.approvers, file.approvers, "approvers", |a| &a.place, problems);
    once(&mut content.defaults, file.defaults, "defaults", |d| &d.place, problems);
    content.regions.extend(file.regions.unwrap_or_default());
    content.retention.extend(file.retention);
    content.cryptoperiods.extend(file.cryptoperiods);
    content.sanitisers.extend(file.sanitisers);
    content.audit.extend(file.audit);
    named(&mut content.ceilings, file.ceilings, "ceiling", problems);
    named(&mut content.orgs, file.orgs, "org", problems);
    named(&mut content.parties, file.parties, "party", problems);
    named(&mut content.identities, file.identities, "identity", problems);
    named(&mut content.audiences, file.audiences, "audience", problems);
    named(&mut content.flows, file.flows, "flow", problems);
    named(&mut content.models, file.models, "model", problems);
    named(&mut content.exceptions, file.exceptions, "exception", problems);
    content.expectations.extend(file.expect);
    for (name, rule) in file.objects.0 {
        content.objects.push((name, rule));
    }
}

/// Adds items whose ids are new; a second one with the same id is a problem at both places.
fn named<T: Identified>(all: &mut Vec<T>, more: Vec<T>, what: &str, problems: &mut Vec<Problem>) {
    let mut seen: BTreeMap<Id, At<Id>> =
        all.iter().map(|item| (item.id().value.clone(), item.id().clone())).collect();
    for item in more {
        match seen.get(&item.id().value) {
            Some(first) => duplicate(first, item.id(), what, problems),
            None => {
                seen.insert(item.id().value.clone(), item.id().clone());
                all.push(item);
            }
        }
    }
}

pub(crate) fn duplicate<T: std::fmt::Display>(
    first: &At<T>,
    second: &At<T>,
    what: &str,
    problems: &mut Vec<Problem>,
) {
    for (here, there) in [(first, second), (second, first)] {
        let message = format!("{what} `{}` stands twice, also at {}", here.value, there.place);
        let problem = here.place.problem(Severity::Error, "duplicate-id", message);
        problems.push(problem.with_help("rename one, or keep only one"));
    }
}
