//! The engine against an oracle that was written from `semantics.md` alone.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test fails by panicking, and tells on what"
)]

mod compare;
mod files;
mod oracle;
mod orgs;
mod smaller;

use std::collections::BTreeMap;

use compare::{Coverage, differences};
use orgs::Org;

#[test]
fn peek() {
    let mut coverage = Coverage::new();
    let mut kinds: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for seed in 0..300 {
        let org = Org::new(seed);
        for difference in differences(&org, &mut coverage) {
            kinds.entry(difference.kind).or_default().push(seed);
        }
    }
    println!("{coverage:#?}");
    for (kind, seeds) in kinds {
        println!("######## {kind}: {}", seeds.len());
        let mut seeds = seeds;
        seeds.dedup();
        for seed in seeds.into_iter().take(4) {
            println!("{}", smaller::told(&Org::new(seed), kind));
        }
    }
}
