//! Records of people who are not, with values that fit what the bundle says of their fields.

use std::io::{Cursor, Read};

use csv::write_row;
use guard::{Normaliser, Owner, SealedField};
use journal::names::RecordId;
use policy::vocabulary::{Identifier, StandIn};

/// A value that fits what the bundle says of its field.
fn made_up(field: &SealedField, number: u64) -> String {
    let form = field.index.as_ref().map(|index| &index.normaliser);
    let letters: String =
        format!("{number:08}").bytes().map(|digit| char::from(digit - b'0' + b'a')).collect();
    let is = |identifier| field.identifier == Some(identifier);
    match form {
        Some(Normaliser::Date) => date(number),
        _ if field.leave == StandIn::Shifted || is(Identifier::Date) => date(number),
        _ if field.leave == StandIn::Digits => format!("{:09}", 100_000_000 + number),
        Some(Normaliser::Phone { .. }) => format!("+1202{number:07}"),
        Some(Normaliser::Email) => format!("test-{number}@example.org"),
        _ if is(Identifier::Email) => format!("test-{number}@example.org"),
        _ if is(Identifier::Name) => format!("Test {letters}"),
        Some(Normaliser::Name) => format!("Test {letters}"),
        _ => format!("T {number:09}"),
    }
}

fn date(number: u64) -> String {
    format!("{}-{:02}-{:02}", 1930 + number % 80, number / 80 % 12 + 1, number / 960 % 28 + 1)
}

/// Made-up records, a row at a time.
pub(super) struct MadeUp<'f> {
    fields: &'f [SealedField],
    names: Vec<String>,
    rows: u64,
    at: u64,
    ready: Cursor<Vec<u8>>,
}

impl<'f> MadeUp<'f> {
    pub(super) fn new(fields: &'f [SealedField], rows: u64) -> Self {
        let mut names = vec!["Id".to_owned()];
        let owners = fields.iter().filter_map(|field| field.owner.column());
        for name in owners.chain(fields.iter().map(|field| field.name.as_str())) {
            if !names.iter().any(|own| own.eq_ignore_ascii_case(name)) {
                names.push(name.to_owned());
            }
        }
        let mut header = Vec::new();
        write_row(names.iter().map(String::as_str), &mut header);
        Self { fields, names, rows, at: 0, ready: Cursor::new(header) }
    }

    fn cell(&self, name: &str) -> String {
        let at = self.at;
        // Four records a person, and as many people as there are records where each is a person.
        let id = |number: u64| RecordId::of(&format!("001T{number:011}")).map(|id| id.as_str().to_owned());
        if name.eq_ignore_ascii_case("Id") {
            return id(at).unwrap_or_default();
        }
        if let Some(field) = self.fields.iter().find(|field| field.name.eq_ignore_ascii_case(name)) {
            return made_up(field, at);
        }
        let owner = self.fields.iter().map(|field| &field.owner).find(|owner| owner.column() == Some(name));
        match owner {
            Some(Owner::Person(_)) => id(at / 4).unwrap_or_default(),
            _ => format!("key-{at}"),
        }
    }
}

impl Read for MadeUp<'_> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        if self.ready.position() >= self.ready.get_ref().len() as u64 && self.at < self.rows {
            let cells: Vec<String> = self.names.iter().map(|name| self.cell(name)).collect();
            let mut row = Vec::new();
            write_row(cells.iter().map(String::as_str), &mut row);
            self.ready = Cursor::new(row);
            self.at += 1;
        }
        self.ready.read(into)
    }
}
