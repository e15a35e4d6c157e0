//! The smallest org that still shows a difference.

use crate::compare::{Coverage, Difference, differences};
use crate::files::files;
use crate::orgs::{Layout, Org, Table};

/// Makes an org of which a change takes something.
type Taking<'t> = dyn FnMut(&dyn Fn(&mut Org)) + 't;

/// Takes away what the difference does not need, and says what is left: files and answers.
pub(crate) fn told(org: &Org, kind: &str) -> String {
    let (org, found) = shrunk(org.clone(), kind);
    let mut text = format!("seed {}, asked {:?}\n", org.seed, org.asked);
    for (path, content) in files(&org) {
        let lines = content.lines().filter(|line| !line.starts_with("<?xml"));
        let content: Vec<&str> = lines.map(str::trim).filter(|line| !line.is_empty()).collect();
        text += &format!("{path}: {}\n", content.concat());
    }
    for difference in found.iter().take(3) {
        let Difference { kind, question, engine, oracle } = difference;
        text += &format!("  {kind}: {question}\n    engine {engine}\n    oracle {oracle}\n");
    }
    text
}

fn shrunk(mut org: Org, kind: &str) -> (Org, Vec<Difference>) {
    let of_kind = |org: &Org| -> Vec<Difference> {
        let all = differences(org, &mut Coverage::new());
        all.into_iter().filter(|difference| difference.kind == kind).collect()
    };
    let mut found = of_kind(&org);
    'again: loop {
        for candidate in smaller(&org) {
            let left = of_kind(&candidate);
            if !left.is_empty() {
                (org, found) = (candidate, left);
                continue 'again;
            }
        }
        return (org, found);
    }
}

/// The org with one thing less, in every way.
fn smaller(org: &Org) -> Vec<Org> {
    let mut all = Vec::new();
    let mut with = |change: &dyn Fn(&mut Org)| {
        let mut less = org.clone();
        change(&mut less);
        all.push(less);
    };
    without_each(org, &mut with, |org| &mut org.containers);
    without_each(org, &mut with, |org| &mut org.objects);
    without_each(org, &mut with, |org| &mut org.groups);
    without_each(org, &mut with, |org| &mut org.rules);
    without_each(org, &mut with, |org| &mut org.rule_files);
    without_each(org, &mut with, |org| &mut org.sharing_sets);
    without_each(org, &mut with, |org| &mut org.queues);
    without_each(org, &mut with, |org| &mut org.public_groups);
    without_each(org, &mut with, |org| &mut org.roles);
    without_each(org, &mut with, |org| &mut org.sites);
    without_each(org, &mut with, |org| &mut org.networks);
    without_each(org, &mut with, |org| &mut org.restrictions);
    without_each(org, &mut with, |org| &mut org.asked);
    without_table(org, &mut with, |org| &mut org.users);
    without_table(org, &mut with, |org| &mut org.assignments);
    without_table(org, &mut with, |org| &mut org.set_group_members);
    without_table(org, &mut with, |org| &mut org.group_members);
    without_table(org, &mut with, |org| &mut org.sharing_models);
    for at in 0..org.containers.len() {
        without_each(org, &mut with, move |org| &mut org.containers[at].objects);
        without_each(org, &mut with, move |org| &mut org.containers[at].fields);
        without_each(org, &mut with, move |org| &mut org.containers[at].permissions);
        if org.containers[at].license.is_some() {
            with(&|org| org.containers[at].license = None);
        }
        if org.containers[at].broken {
            with(&|org| org.containers[at].broken = false);
        }
        for row in 0..org.containers[at].objects.len() {
            for flag in 0..7 {
                if org.containers[at].objects[row].flags[flag].is_some() {
                    with(&|org| org.containers[at].objects[row].flags[flag] = None);
                }
            }
        }
    }
    for at in 0..org.objects.len() {
        without_each(org, &mut with, move |org| &mut org.objects[at].fields);
    }
    for at in 0..org.groups.len() {
        without_each(org, &mut with, move |org| &mut org.groups[at].sets);
        without_each(org, &mut with, move |org| &mut org.groups[at].muting);
    }
    for at in 0..org.sharing_sets.len() {
        without_each(org, &mut with, move |org| &mut org.sharing_sets[at].profiles);
        without_each(org, &mut with, move |org| &mut org.sharing_sets[at].objects);
    }
    for at in 0..org.queues.len() {
        without_each(org, &mut with, move |org| &mut org.queues[at].objects);
        without_each(org, &mut with, move |org| &mut org.queues[at].users);
    }
    if org.layout != Layout::Plain {
        with(&|org| (org.layout, org.api) = (Layout::Plain, None));
    }
    all
}

fn without_each<T>(org: &Org, with: &mut Taking<'_>, list: impl Fn(&mut Org) -> &mut Vec<T>) {
    let count = list(&mut org.clone()).len();
    if count > 1 {
        with(&|org| list(org).clear());
    }
    for at in 0..count {
        with(&|org| drop(list(org).remove(at)));
    }
}

fn without_table<R>(org: &Org, with: &mut Taking<'_>, table: impl Fn(&mut Org) -> &mut Option<Table<R>>) {
    let Some(count) = table(&mut org.clone()).as_ref().map(|table| table.rows.len()) else {
        return;
    };
    with(&|org| *table(org) = None);
    for at in 0..count {
        with(&|org| drop(table(org).as_mut().unwrap().rows.remove(at)));
    }
}
