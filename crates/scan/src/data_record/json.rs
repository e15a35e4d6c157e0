//! JSON with places, read as far as it goes: a broken file costs its broken part.

use super::{Record, offset};

/// Deeper values are passed over.
const DEPTH: usize = 64;

/// What is open at a place: an object, or an array under a name.
#[derive(Debug, Default)]
struct Open {
    is_object: bool,
    /// The name that it stands under.
    name: String,
    /// The last name read inside.
    key: String,
    record: Record,
}

/// Lists of records: what stands in one belongs to its own record and to no other.
const LISTS: [&str; 8] = ["", "records", "entry", "data", "items", "rows", "results", "patients"];

pub(super) fn records(text: &str) -> Vec<Record> {
    let bytes = text.as_bytes();
    let mut open: Vec<Open> = Vec::new();
    let mut found = Vec::new();
    let mut at = 0;
    let mut skipped = 0_usize;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'{' | b'[' if open.len() >= DEPTH => {
                skipped += 1;
                at += 1;
            }
            b'}' | b']' if skipped > 0 => {
                skipped -= 1;
                at += 1;
            }
            b'{' | b'[' => {
                let name = open
                    .last()
                    .map(|outer| if outer.is_object { outer.key.clone() } else { outer.name.clone() });
                open.push(Open {
                    is_object: byte == b'{',
                    name: name.unwrap_or_default(),
                    ..Open::default()
                });
                at += 1;
            }
            b'}' | b']' => {
                if let Some(closed) = open.pop() {
                    close(closed, open.last_mut(), &mut found);
                }
                at += 1;
            }
            b'"' => {
                let start = at + 1;
                let end = end_of_text(bytes, start);
                let value = text.get(start..end).unwrap_or_default();
                let after =
                    bytes.get(end + 1..).unwrap_or_default().iter().find(|b| !b.is_ascii_whitespace());
                if let Some(inside) = open.last_mut().filter(|_| skipped == 0) {
                    if inside.is_object && after == Some(&b':') {
                        let name = if value.len() > super::NAME_LIMIT { "" } else { value };
                        name.clone_into(&mut inside.key);
                    } else {
                        let name = if inside.is_object { inside.key.clone() } else { inside.name.clone() };
                        inside.record.add(&name, None, value, offset(start));
                    }
                }
                at = end + 1;
            }
            b'-' | b'0'..=b'9' => {
                let rest = bytes.get(at..).unwrap_or_default();
                let length = rest
                    .iter()
                    .position(|b| !b.is_ascii_alphanumeric() && !b"+-.".contains(b))
                    .unwrap_or(rest.len());
                if let Some(inside) = open.last_mut().filter(|inside| inside.is_object && skipped == 0) {
                    let name = inside.key.clone();
                    inside.record.add(&name, None, text.get(at..at + length).unwrap_or_default(), offset(at));
                }
                at += length.max(1);
            }
            _ => at += 1,
        }
    }
    found
}

fn close(closed: Open, outer: Option<&mut Open>, found: &mut Vec<Record>) {
    if closed.is_object && closed.record.is_patient() {
        found.push(closed.record);
        return;
    }
    let Some(outer) = outer else { return };
    // A part of a record: a name, an address, an `attributes` object.
    let is_list = LISTS.iter().any(|list| closed.name.eq_ignore_ascii_case(list));
    if !is_list || (closed.is_object && outer.is_object) {
        outer.record.take(closed.record);
    }
}

fn end_of_text(bytes: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => break,
            _ => at += 1,
        }
    }
    at.min(bytes.len())
}
