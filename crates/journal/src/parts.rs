//! Calls that touch more than an entry can hold.

use crate::clock::{Number, Rng};
use crate::entry::{Data, Entry, EntryError, LONGEST, MOST_ITEMS, Part};
use crate::names::{Salt, Uid};

/// Records a part begins with; halved until the part fits.
const RECORDS: usize = 200;

/// The entry itself where it fits; else as many as it takes, equal in all but their records, salts and numbers, to be
/// appended next to each other or not at all.
pub fn parted(entry: Entry, rng: &mut dyn Rng) -> Result<Vec<Entry>, EntryError> {
    match entry.bytes() {
        Ok(_) => return Ok(vec![entry]),
        Err(EntryError::TooLong | EntryError::TooMany) => {}
        Err(other) => return Err(other),
    }
    let whole = Entry { data: Vec::new(), ..entry.clone() };
    let of = Uid::random(rng);
    // A part has the number of parts in it, which is not known yet: the widest that it can be.
    let widest = Part { of, k: Number::of(u64::MAX), n: Number::of(u64::MAX) };
    let fits = |data: &[Data]| {
        let part = Entry { data: data.to_vec(), part: Some(widest.clone()), ..whole.clone() };
        !data.is_empty() && crate::canonical::bytes(&part).is_ok_and(|bytes| bytes.len() <= LONGEST)
    };
    let mut groups: Vec<Vec<Data>> = Vec::new();
    for data in entry.data {
        for piece in pieces(data, &fits)? {
            match groups.last_mut() {
                Some(group)
                    if group.len() < MOST_ITEMS
                        && fits(&[group.as_slice(), std::slice::from_ref(&piece)].concat()) =>
                {
                    group.push(piece);
                }
                _ => groups.push(vec![piece]),
            }
        }
    }
    let n = Number::of(groups.len() as u64);
    if n.get() < 2 {
        return Err(EntryError::CannotBeParted);
    }
    let parts = groups.into_iter().zip(1..).map(|(data, k)| Entry {
        data,
        salt: Salt::random(rng),
        part: Some(Part { of, k: Number::of(k), n }),
        ..whole.clone()
    });
    let parts: Vec<Entry> = parts.collect();
    for part in &parts {
        part.bytes()?;
    }
    Ok(parts)
}

/// Whether all parts of each call are among these entries, next to each other.
pub fn are_whole(entries: &[Entry]) -> Result<(), EntryError> {
    let mut open: Option<(Uid, u64, u64)> = None;
    for entry in entries {
        let part = entry.part.as_ref().map(|part| (part.of, part.k.get(), part.n.get()));
        open = match (open, part) {
            (None, None) => None,
            (None, Some((of, 1, n))) => Some((of, 1, n)),
            (Some((of, k, n)), Some((own, next, all))) if own == of && next == k + 1 && all == n => {
                (next < n).then_some((of, next, n))
            }
            _ => return Err(EntryError::Contradiction("the parts of a call are not all here, in order")),
        };
    }
    match open {
        None => Ok(()),
        Some(_) => Err(EntryError::Contradiction("the last parts of a call are missing")),
    }
}

/// The same fields, the records shared out.
fn pieces(data: Data, fits: &dyn Fn(&[Data]) -> bool) -> Result<Vec<Data>, EntryError> {
    if data.touched.len() <= MOST_ITEMS && fits(std::slice::from_ref(&data)) {
        return Ok(vec![data]);
    }
    let mut size = RECORDS.min(data.touched.len());
    let with = |touched: &[crate::entry::Touched]| Data { touched: touched.to_vec(), ..data.clone() };
    while size > 0 {
        let all: Vec<Data> = data.touched.chunks(size).map(with).collect();
        if all.iter().all(|piece| fits(std::slice::from_ref(piece))) {
            return Ok(all);
        }
        size /= 2;
    }
    Err(EntryError::CannotBeParted)
}
