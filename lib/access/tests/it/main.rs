//! The engine against an oracle that was written from `semantics.md` alone, on small orgs made by chance.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test fails by panicking, and tells of what"
)]

mod compare;
mod coverage;
mod files;
mod oracle;
mod orgs;
mod smaller;

#[test]
fn engine_and_oracle_agree_on_three_hundred_orgs() {
    agree(300);
}

#[test]
#[ignore = "minutes: `cargo xtask prove access`"]
fn engine_and_oracle_agree_on_ten_thousand_orgs() {
    agree(10_000);
}

/// Every answer must be the same, and every kind of answer must occur.
fn agree(orgs: u64) {
    let workers = 4;
    let parts: Vec<(compare::Coverage, Vec<(u64, &str)>)> = std::thread::scope(|scope| {
        let running: Vec<_> =
            (0..workers).map(|worker| scope.spawn(move || judge(worker, workers, orgs))).collect();
        running.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let mut counts = compare::Coverage::new();
    let mut differences = Vec::new();
    for (part, more) in parts {
        differences.extend(more);
        part.into_iter().for_each(|(what, count)| *counts.entry(what).or_default() += count);
    }
    differences.sort_unstable();
    differences.dedup();
    println!("{orgs} orgs, {} answers", counts.values().sum::<usize>());
    for (what, count) in &counts {
        println!("{count:>9}  {what}");
    }
    // The first two of each kind are told: the others mostly say the same.
    let mut told: Vec<&str> = Vec::new();
    for (seed, kind) in &differences {
        if told.iter().filter(|other| *other == kind).count() < 2 {
            told.push(kind);
            eprintln!("{}", smaller::told(&orgs::Org::new(*seed), kind));
        }
    }
    assert!(differences.is_empty(), "{} differences, by seed: {differences:?}", differences.len());
    let lacking = coverage::lacking(&counts);
    assert!(lacking.is_empty(), "answers that never occurred: {lacking:#?}");
}

/// Every `workers`-th org: what was answered, and in which orgs what kind of question is answered otherwise.
fn judge(worker: u64, workers: u64, orgs: u64) -> (compare::Coverage, Vec<(u64, &'static str)>) {
    let mut counts = compare::Coverage::new();
    let mut found = Vec::new();
    for seed in (0..orgs).filter(|seed| seed % workers == worker) {
        let differences = compare::differences(&orgs::Org::new(seed), &mut counts);
        found.extend(differences.iter().map(|difference| (seed, difference.kind)));
    }
    (counts, found)
}
