//! `phiward keys merge`: people became others.

use journal::Subject;

use super::arguments::Merge;
use super::shred::Bound;
use super::{Word, acted_by, by_lines, lines, org};
use crate::Verdict;

pub(super) fn run(merge: &Merge) -> Result<Verdict, String> {
    let (org, policy) = org(&merge.policy, &merge.org)?;
    let mut bound = Bound::of(&policy);
    let by = bound.taken(org, merge.key.as_deref())?;
    let pairs = lines(|line| by.two(line))?;
    let pairs: Vec<(Subject, Subject)> = pairs.into_iter().map(|[from, into]| (from, into)).collect();
    acted_by(Word::of(Some(&policy), &merge.kept)?, &merge.kept, async |keeper| {
        for merged in keeper.merge_all(&pairs).await.map_err(by_lines)? {
            match merged {
                Some((handle, _)) => println!("{handle:?}"),
                None => println!("unknown"),
            }
        }
        bound.tell_merged(merge.key.as_deref());
        Ok(Verdict::InOrder)
    })
}
