//! `phiward keys merge`: people became others.

use guard::ring::Standing;
use journal::Subject;

use super::arguments::Merge;
use super::shred::Bound;
use super::{Word, acted_by, by_lines, lines, org};
use crate::Verdict;

pub(super) fn run(merge: &Merge) -> Result<Verdict, String> {
    let (org, policy) = org(&merge.policy, &merge.org)?;
    let mut bound = Bound::of(&policy);
    let by = bound.taken(org, merge.key.as_deref())?;
    let given = lines(|line| Ok((by.two(line)?, bound.is_of_another_kind(line, &by))))?;
    let pairs: Vec<(Subject, Subject)> =
        given.iter().map(|([from, into], _)| (from.clone(), into.clone())).collect();
    acted_by(Word::of(Some(&policy), &merge.kept)?, &merge.kept, async |keeper| {
        let was: Vec<Standing> = pairs.iter().map(|(from, _)| keeper.salts().standing(from)).collect();
        let done = keeper.merge_all(&pairs).await.map_err(by_lines)?;
        let mut verdict = Verdict::InOrder;
        for ((number, merged), (was, (_, is_other))) in (1..).zip(done).zip(was.into_iter().zip(&given)) {
            let number: u64 = number;
            let Some((handle, _)) = merged else {
                verdict = Verdict::Findings;
                let (word, what) = match was {
                    Standing::Shredded => {
                        ("shredded", "the person who is gone was shredded: there is nothing to be merged")
                    }
                    _ => (
                        "unknown",
                        "nothing is sealed for the person who is gone, and nothing is remembered of them: what is sealed for \
                         them later is theirs and not the survivor's. If they have tokens, look whether this is who they are \
                         bound to",
                    ),
                };
                println!("{word}");
                let hint = if *is_other { bound.hint() } else { String::new() };
                eprintln!("phiward: standard input, line {number}: {what}{hint}");
                continue;
            };
            println!("{handle:?}");
        }
        bound.tell_merged(merge.key.as_deref());
        Ok(verdict)
    })
}
