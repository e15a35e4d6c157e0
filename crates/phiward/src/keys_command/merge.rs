//! `phiward keys merge`: people became others.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use guard::ring::Standing;
use guard::{Handle, Keeper};
use journal::Subject;

use super::arguments::{Kept, Merge};
use super::reopened::Named;
use super::shred::Bound;
use super::{Word, acted_by, by_lines, listed, org};
use crate::Verdict;

/// A line of the list.
struct Pair {
    line: u64,
    from: Subject,
    into: Subject,
    /// It names somebody by the other record of a person account.
    is_other: bool,
}

impl Pair {
    fn said(&self, what: &str) -> String {
        format!("standard input, line {}: {what}", self.line)
    }
}

/// What is to be printed of a line.
enum Outcome {
    /// The place among those that are merged now.
    Merged(usize),
    /// That of an earlier line.
    AsLine(usize),
    /// The handle of who survives, where they were merged before.
    Before(Handle),
}

pub(super) fn run(merge: &Merge) -> Result<Verdict, String> {
    let (org, policy) = org(&merge.policy, &merge.org)?;
    let mut bound = Bound::of(&policy);
    let by = bound.taken(org, merge.key.as_deref())?;
    let pairs = listed(|line, text| {
        let [from, into] = by.two(line, text)?;
        Ok(Pair { line, from, into, is_other: bound.is_of_another_kind(text, &by) })
    })?;
    let is_one = |pair: &&Pair| pair.from == pair.into;
    let what =
        "both are the same person, and nobody is merged into themselves: name who is gone and who survives";
    none_is_wrong(pairs.iter().filter(is_one).map(|pair| pair.said(what)).collect())?;
    acted_by(Word::of(Some(&policy), &merge.kept)?, &merge.kept, async |keeper| {
        let was: Vec<[Standing; 2]> = pairs
            .iter()
            .map(|pair| [&pair.from, &pair.into].map(|person| keeper.salts().standing(person)))
            .collect();
        none_is_wrong(survivors_gone(&pairs, &was))?;
        none_is_wrong(shredded(keeper, &merge.kept, &pairs)?)?;
        let (outcomes, now) = sorted(keeper, &pairs, &was)?;
        let lines: Vec<u64> = now.iter().map(|pair| pair.line).collect();
        let two: Vec<(Subject, Subject)> =
            now.iter().map(|pair| (pair.from.clone(), pair.into.clone())).collect();
        let done = keeper.merge_all(&two).await.map_err(|error| by_lines(error, &lines))?;
        let mut printed: Vec<String> = Vec::new();
        let mut verdict = Verdict::InOrder;
        for ((pair, outcome), [from, into]) in pairs.iter().zip(outcomes).zip(was) {
            let (word, told) = match outcome {
                Outcome::AsLine(at) => {
                    let line = pairs.get(at).map_or(0, |pair| pair.line);
                    let word = printed.get(at).cloned().unwrap_or_default();
                    (word, Some(pair.said(&format!("it says what line {line} says"))))
                }
                Outcome::Before(survivor) => {
                    let known = keeper.salts().known(&pair.from).map_err(super::text)?;
                    let word = known.map_or_else(
                        || format!("merged {survivor:?}"),
                        |known| format!("{:?}", known.handle()),
                    );
                    (word, Some(pair.said("this was merged before: nothing was to be done")))
                }
                Outcome::Merged(at) => match done.get(at).copied().flatten() {
                    Some((handle, survivor)) => {
                        let told = (into == Standing::Unknown && !merge.new_survivors)
                            .then(|| pair.said(&new_survivor(survivor)));
                        verdict = if told.is_some() { Verdict::Findings } else { verdict };
                        (format!("{handle:?}"), told)
                    }
                    None => {
                        verdict = Verdict::Findings;
                        let (word, what) = nobody(from);
                        let hint = if pair.is_other { bound.hint() } else { String::new() };
                        (word.to_owned(), Some(pair.said(&format!("{what}{hint}"))))
                    }
                },
            };
            println!("{word}");
            told.iter().for_each(|what| eprintln!("phiward: {what}"));
            printed.push(word);
        }
        bound.tell_merged(merge.key.as_deref());
        Ok(verdict)
    })
}

fn none_is_wrong(wrong: Vec<String>) -> Result<(), String> {
    if wrong.is_empty() { Ok(()) } else { Err(format!("{}\nnothing was done", wrong.join("\n"))) }
}

/// Somebody would be merged into whoever was forgotten.
fn survivors_gone(pairs: &[Pair], was: &[[Standing; 2]]) -> Vec<String> {
    let gone = pairs.iter().zip(was).filter(|(_, was)| **was == [Standing::There, Standing::Shredded]);
    let what = "the person who survives was shredded. If they are back, seal their rows with `guard seal --again` first; if \
                not, shred who is gone as well";
    gone.map(|(pair, _)| pair.said(what)).collect()
}

/// What a copy undid is done again first: whoever is merged cannot be shredded any more without who survives.
fn shredded(keeper: &Keeper, kept: &Kept, pairs: &[Pair]) -> Result<Vec<String>, String> {
    let Some(dir) = kept.into.ledger.as_deref().filter(|_| keeper.reopened().is_some()) else {
        return Ok(Vec::new());
    };
    let named = Named::of(dir, (None, kept.into.seen.as_deref()), keeper)?;
    let handle = |person| -> Result<Option<Handle>, String> {
        Ok(keeper.salts().known(person).map_err(super::text)?.map(|salt| salt.handle()))
    };
    let mut wrong = Vec::new();
    for pair in pairs {
        if named.has([handle(&pair.from)?, handle(&pair.into)?]) {
            wrong.push(pair.said(
                "one of them was shredded, and is open again since a copy was put back: shred them first",
            ));
        }
    }
    Ok(wrong)
}

/// What is merged now, and what comes of each line. What an earlier line or run did is no failure.
fn sorted<'p>(
    keeper: &Keeper,
    pairs: &'p [Pair],
    was: &[[Standing; 2]],
) -> Result<(Vec<Outcome>, Vec<&'p Pair>), String> {
    let mut first: BTreeMap<[&[u8]; 2], usize> = BTreeMap::new();
    let (mut outcomes, mut now) = (Vec::new(), Vec::new());
    for (at, (pair, [from, into])) in pairs.iter().zip(was).enumerate() {
        let known = match first.entry([pair.from.bytes(), pair.into.bytes()]) {
            Entry::Occupied(known) => Some(*known.get()),
            Entry::Vacant(new) => {
                new.insert(at);
                None
            }
        };
        let survivor = match into {
            Standing::Merged(survivor) => Some(*survivor),
            _ => keeper.salts().known(&pair.into).map_err(super::text)?.map(|salt| salt.handle()),
        };
        outcomes.push(match (known, from) {
            (Some(at), _) => Outcome::AsLine(at),
            (None, Standing::Merged(before)) if survivor == Some(*before) => Outcome::Before(*before),
            _ => {
                now.push(pair);
                Outcome::Merged(now.len() - 1)
            }
        });
    }
    Ok((outcomes, now))
}

fn new_survivor(survivor: Handle) -> String {
    format!(
        "nothing was sealed until now for the person who survives, who has the handle {survivor:?} from now on: it was merged \
         all the same. If that is right, nothing is to be done (--new-survivors says so beforehand). If the line names \
         somebody else than it should, merge that one into the right one: what was merged follows"
    )
}

/// Why nothing was merged of whoever is gone.
const fn nobody(from: Standing) -> (&'static str, &'static str) {
    match from {
        Standing::Shredded => {
            ("shredded", "the person who is gone was shredded: there is nothing to be merged")
        }
        _ => (
            "unknown",
            "nothing is sealed for the person who is gone, and nothing is remembered of them: what is sealed for them later is \
             theirs and not the survivor's. If they have tokens, look whether this is who they are bound to",
        ),
    }
}
