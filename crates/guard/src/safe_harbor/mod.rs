//! De-identification by the Safe Harbor method: 45 CFR 164.514(b)(2).
//!
//! A table of one object's records comes in, as values and not as tokens. What the bundle says is an identifier goes,
//! dates become years, ids become codes that nobody leads back. A cell of the other columns stays only if all of it is
//! known to say nothing of a person: measures, public codes, words of a list that is shipped. The report says of each
//! column what became of it and by which item, and what the method asks of people besides.

mod cell;
mod codes;
mod context;
mod dates;
mod figures;
mod numbers;
mod pieces;
mod words;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use aws_lc_rs::hmac;
use csv::Row;
use jiff::Timestamp;
use jiff::civil::Date;
use journal::Rng;
use journal::names::{Org, RecordId};
use policy::vocabulary::{Action, Class, Identifier, Mask};
use policy::{AskedField, Enforceable, Permit};
use regex::RegexSet;

use crate::data_keys::KeysError;
use crate::error::GuardError;
use crate::field::Owner;
use crate::key::Secret;
use crate::mask::{Masking, PostalPopulation, masked};
use crate::released::{Released, in_force, is_for};
use crate::rows::{Batch, ColumnsError, Refused, check_names, covered, person_of};
use crate::token::Token;

use dates::Whole;
use words::Own;

/// What is done with a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Handling {
    /// Its cells are taken out.
    Removed,
    /// A date becomes its year, an age over 89 becomes `90 or over`.
    Year,
    /// The first three digits of a postal code, where enough people live there.
    Zip3,
    /// An id becomes a code, the same within this run.
    Code,
    /// It stays where all of the cell is known to say nothing of a person.
    LookedAt,
    /// It stays whatever it says: somebody answers for it.
    KeptOnWord,
}

/// What became of one column.
#[derive(Clone, Debug, serde::Serialize)]
pub struct ColumnReport {
    pub column: String,
    pub handling: Handling,
    /// The item of 164.514(b)(2)(i), `A` to `R`, where one is the reason.
    pub item: Option<char>,
    /// Cells that were not empty.
    pub cells: u64,
    pub kept: u64,
    pub generalised: u64,
    pub removed: u64,
    /// Why cells of a column that is looked at were taken out, and how many.
    pub because: BTreeMap<&'static str, u64>,
}

struct Column {
    report: ColumnReport,
    is_name: bool,
}

/// De-identifies the rows of one table.
pub struct SafeHarbor {
    columns: Vec<Column>,
    asked: Vec<AskedField>,
    codes: hmac::Key,
    rows: u64,
    org: Org,
    /// The column that names whose a row is.
    person: Option<(usize, Owner)>,
}

/// What is left of a cell.
enum Left<'c> {
    Same(&'c str),
    Other(String),
    Nothing(&'static str),
}

/// What the report calls a cell by that was taken out. Nothing stays because it is not here.
const SPEAKS: &[(&str, &str)] = &[
    (r"[^\s@]+@[^\s@]+\.[A-Za-z]{2,}", "an e-mail address (F)"),
    (r"(?i)\b(https?|ftp)://|\bwww\.", "an address on the web (N)"),
    (r"\b\d{3}-\d{2}-\d{4}\b", "a social security number (G)"),
    (r"(?:\+|\b)(?:\d[\s().\-/]{0,2}){9,14}\d\b", "a telephone or other long number (D, R)"),
    (r"\b(?:\d{1,3}\.){3}\d{1,3}\b|\b(?:[0-9a-fA-F]{1,4}:){4,7}[0-9a-fA-F]{1,4}\b", "an IP address (O)"),
    (r"\b\d{7,}\b", "a long number (R)"),
    (
        r"(?i)\b\d{4}-\d{1,2}-\d{1,2}\b|\b\d{1,2}[./]\d{1,2}[./]\d{2,4}\b|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s+\d{1,2}\b|\b\d{1,2}\.?\s+(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b",
        "a date (C)",
    ),
    (r"(?i)\b(?:9\d|1[0-4]\d)\s*-?\s*(?:years?|yrs?|y/?o)\b", "an age over 89 (C)"),
    (r"(?i)\b(?:mr|mrs|ms|dr|prof)\.?\s+[A-Z]", "a name (A)"),
];

static PATTERNS: LazyLock<Option<RegexSet>> =
    LazyLock::new(|| RegexSet::new(SPEAKS.iter().map(|(pattern, _)| pattern)).ok());
impl SafeHarbor {
    /// For a table with these columns. Free text stays in those that somebody answers for.
    pub fn of(
        policy: &Enforceable,
        object: &str,
        names: &[String],
        on_word: &[String],
        org: Org,
        rng: &mut dyn Rng,
    ) -> Result<Self, ColumnsError> {
        let rule = policy.object(object).ok_or_else(|| ColumnsError::UnknownObject(object.to_owned()))?;
        let own = person_of(rule);
        let person = own.unwrap_or("Id");
        check_names(policy, object, names, person)?;
        let person_at = names.iter().position(|name| name.eq_ignore_ascii_case(person));
        let mut asked = Vec::new();
        let mut columns = Vec::new();
        for name in names {
            let is_path = name.eq_ignore_ascii_case(person);
            let is_id = is_path || name.eq_ignore_ascii_case("Id");
            let found = policy.class_of(object, name);
            let kind = found.as_ref().and_then(|found| found.identifier);
            let class = found.as_ref().map(|found| found.class);
            let (handling, item) = match (is_id, class, kind) {
                (true, ..) => (Handling::Code, Some('R')),
                (_, Some(Class::Public), _) => (Handling::KeptOnWord, None),
                (_, _, Some(Identifier::Date)) => (Handling::Year, Some('C')),
                (_, _, Some(Identifier::Geographic)) => {
                    let zip = found.as_ref().and_then(|found| found.mask()) == Some(Mask::Zip3);
                    (if zip { Handling::Zip3 } else { Handling::Removed }, Some('B'))
                }
                (_, _, Some(Identifier::Clinical)) | (_, Some(Class::Internal), None) => {
                    (Handling::LookedAt, None)
                }
                (_, _, Some(kind)) => (Handling::Removed, Some(item(kind))),
                // What is a person's, and nobody says of which kind, may be any.
                (_, _, None) => (Handling::Removed, Some('R')),
            };
            let vouched = on_word.iter().any(|own| own.eq_ignore_ascii_case(name));
            let handling = match handling {
                Handling::LookedAt if vouched => Handling::KeptOnWord,
                other => other,
            };
            if !is_id {
                asked.push(AskedField::new(object, name));
            }
            let report = ColumnReport {
                column: name.clone(),
                handling,
                item,
                cells: 0,
                kept: 0,
                generalised: 0,
                removed: 0,
                because: BTreeMap::new(),
            };
            columns.push(Column { report, is_name: kind == Some(Identifier::Name) });
        }
        let mut secret = Secret::default();
        rng.fill(secret.as_mut_slice());
        // The key is gone when this run is: a code says nothing of the id that it stands for (164.514(c)).
        let codes = hmac::Key::new(hmac::HMAC_SHA256, secret.as_slice());
        let named = person_at.zip(own).map(|(at, own)| (at, Owner::Person(own.to_owned())));
        Ok(Self { columns, asked, codes, rows: 0, org, person: named })
    }

    /// The one for more columns that takes its place: with its codes, and with what it counted.
    pub(crate) fn widened(self, wider: Self) -> Self {
        let mut wider = Self { codes: self.codes, rows: self.rows, ..wider };
        for (column, before) in wider.columns.iter_mut().zip(self.columns) {
            column.report = before.report;
        }
        wider
    }

    /// The fields that a permit has to cover.
    pub fn asked(&self) -> &[AskedField] {
        &self.asked
    }

    /// How many rows there were, and what became of each column.
    pub fn report(&self) -> (u64, Vec<&ColumnReport>) {
        (self.rows, self.columns.iter().map(|column| &column.report).collect())
    }

    pub fn work(
        &mut self,
        permit: Permit,
        now: Timestamp,
        rows: &[Row],
    ) -> Result<Released<Batch>, KeysError> {
        in_force(&permit, now)?;
        is_for(&permit, &[Action::Read, Action::Send, Action::Infer, Action::Export])?;
        covered(&permit, &self.asked)?;
        let today = now.to_zoned(jiff::tz::TimeZone::UTC).date();
        let (person, org) = (self.person.clone(), self.org.clone());
        let whose = |row: &Row| {
            let (at, owner) = person.as_ref()?;
            owner.subject(&org, row.get(*at)?)
        };
        let mut batch = Batch::default();
        for (at, row) in rows.iter().enumerate() {
            // Nothing is known of what it says, nor of what was left beside it.
            if let Some(column) = self.sealed(row) {
                batch.refused.push(Refused { at, column, because: GuardError::StillSealed.into() });
                continue;
            }
            batch.people.push(whose(row));
            batch.rows.push(self.row(row, today));
        }
        Ok(Released::new(batch, permit))
    }

    /// The first column in which a token stands.
    fn sealed(&self, row: &Row) -> Option<String> {
        let is_token = |cell: &str| Token::is_one(cell) || Token::is_altered(cell);
        let sealed = |(at, _): &(usize, &Column)| row.get(*at).is_some_and(is_token);
        self.columns.iter().enumerate().find(sealed).map(|(_, column)| column.report.column.clone())
    }

    fn row(&mut self, row: &Row, today: Date) -> Row {
        self.rows += 1;
        let names = self.names(row);
        let mut written = Row::default();
        for (at, column) in self.columns.iter_mut().enumerate() {
            let cell = row.get(at).unwrap_or_default();
            if cell.trim().is_empty() {
                written.push("");
                continue;
            }
            let left = match column.report.handling {
                Handling::Removed => Left::Nothing(""),
                Handling::KeptOnWord => Left::Same(cell),
                Handling::Code => Left::Other(code(&self.codes, cell)),
                Handling::Year => year(cell, today),
                Handling::Zip3 => {
                    let by = Masking { today, population: PostalPopulation::CENSUS_2000 };
                    let area = masked(Mask::Zip3, cell, &by);
                    if area.len() == 3 { Left::Other(area) } else { Left::Nothing("no postal code (B)") }
                }
                Handling::LookedAt => looked_at(cell, &names, today, &self.codes),
            };
            let report = &mut column.report;
            report.cells += 1;
            match left {
                Left::Same(text) => {
                    report.kept += 1;
                    written.push(text);
                }
                Left::Other(text) => {
                    report.generalised += 1;
                    written.push(&text);
                }
                Left::Nothing(reason) => {
                    report.removed += 1;
                    if !reason.is_empty() {
                        *report.because.entry(reason).or_default() += 1;
                    }
                    written.push("");
                }
            }
        }
        written
    }

    fn names(&self, row: &Row) -> Own {
        let cells = self.columns.iter().enumerate().filter(|(_, column)| column.is_name);
        Own::of(cells.filter_map(|(at, _)| row.get(at)))
    }
}

impl std::fmt::Debug for SafeHarbor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SafeHarbor").field("columns", &self.columns.len()).finish_non_exhaustive()
    }
}

/// The item of 164.514(b)(2)(i) that takes a kind out.
const fn item(kind: Identifier) -> char {
    match kind {
        Identifier::Name => 'A',
        Identifier::Geographic => 'B',
        Identifier::Date => 'C',
        Identifier::Phone => 'D',
        Identifier::Fax => 'E',
        Identifier::Email => 'F',
        Identifier::Ssn => 'G',
        Identifier::Mrn => 'H',
        Identifier::HealthPlan => 'I',
        Identifier::Account => 'J',
        Identifier::Licence => 'K',
        Identifier::Vehicle => 'L',
        Identifier::Device => 'M',
        Identifier::Url => 'N',
        Identifier::Ip => 'O',
        Identifier::Biometric => 'P',
        Identifier::Photo => 'Q',
        Identifier::Other | Identifier::Clinical => 'R',
    }
}

fn code(key: &hmac::Key, id: &str) -> String {
    // An id of 15 characters and the same one of 18 are one record.
    let whole = RecordId::of(id.trim()).map_or_else(|_| id.trim().to_owned(), |id| id.as_str().to_owned());
    let tag = hmac::sign(key, whole.as_bytes());
    tag.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn year(cell: &str, today: Date) -> Left<'_> {
    let text = cell.trim();
    if let Ok(age) = text.parse::<u16>() {
        return match age {
            0..=89 => Left::Same(cell),
            90..=149 => Left::Other("90 or over".to_owned()),
            // A bare year.
            _ if i16::try_from(age).is_ok_and(|year| year <= today.year() - 90) => {
                Left::Other(format!("{} or before", today.year() - 90))
            }
            1500..=2999 => Left::Same(cell),
            _ => Left::Nothing("no date (C)"),
        };
    }
    match dates::whole(text, today) {
        Whole::Year(year) => Left::Other(generalised(year, today)),
        Whole::NoYear | Whole::Other => Left::Nothing("a date that is not read (C)"),
    }
}

/// Of people over 89 not even the year.
fn generalised(year: i16, today: Date) -> String {
    let oldest = today.year().saturating_sub(90);
    if year <= oldest { format!("{oldest} or before") } else { year.to_string() }
}

fn looked_at<'c>(cell: &'c str, own: &Own, today: Date, codes: &hmac::Key) -> Left<'c> {
    let text = cell.trim();
    match dates::whole(text, today) {
        Whole::Year(year) => return Left::Other(generalised(year, today)),
        Whole::NoYear => return Left::Nothing("a date (C)"),
        Whole::Other => {}
    }
    if is_record_id(text) {
        return Left::Other(code(codes, text));
    }
    match cell::judged(text, own, today) {
        None => Left::Same(cell),
        Some(reason) => Left::Nothing(plainer(text, reason)),
    }
}

/// Only 18 characters have a checksum: 15 need the form that ids have, with the zeros before a number that was handed
/// out in sequence.
fn is_record_id(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mixed = bytes.iter().any(u8::is_ascii_digit) && bytes.iter().any(u8::is_ascii_alphabetic);
    matches!((text.len(), bytes), (18, _) | (15, [_, _, _, _, _, b'0', b'0', ..]))
        && mixed
        && RecordId::of(text).is_ok()
}

/// Says of what was taken out for want of a word what it is, where its form tells.
fn plainer(text: &str, reason: &'static str) -> &'static str {
    if !matches!(reason, cell::UNKNOWN | cell::SIGNS | cell::LONG | cell::NUMBER) {
        return reason;
    }
    let Some(patterns) = PATTERNS.as_ref() else { return reason };
    patterns.matches(text).iter().next().and_then(|at| SPEAKS.get(at)).map_or(reason, |(_, named)| named)
}
