//! Records in data files, as far as they tell whether they are about patients: rows of CSV, objects of JSON, and the
//! assignments of a script. What is kept of a value is its kind and its place, never the value.

mod json;

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::classification::{occurs, words};
use crate::patient_value as shape;

/// Longer names of columns and keys, in bytes, are none. Every cell asks for its name's words.
const NAME_LIMIT: usize = 128;

/// What a value in a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Held {
    SocialSecurityNumber,
    MedicareNumber,
    NhsNumber,
    RecordNumber,
    PlanNumber,
    BirthDate,
    Clinical,
    Name,
    Phone,
    Email,
    Address,
}

impl Held {
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Held::SocialSecurityNumber => "social security numbers",
            Held::MedicareNumber => "Medicare numbers",
            Held::NhsNumber => "NHS numbers",
            Held::RecordNumber => "patient or record numbers",
            Held::PlanNumber => "health plan numbers",
            Held::BirthDate => "birth dates",
            Held::Clinical => "clinical details",
            Held::Name => "names",
            Held::Phone => "phone numbers",
            Held::Email => "mail addresses",
            Held::Address => "addresses",
        }
    }

    /// Names a person by itself, whatever stands beside it.
    const fn is_enough(self) -> bool {
        matches!(self, Held::SocialSecurityNumber | Held::MedicareNumber)
    }

    /// Makes a person's record one of health.
    const fn is_of_health(self) -> bool {
        !matches!(self, Held::Name | Held::Phone | Held::Email | Held::Address)
    }
}

/// A value in a record: where it stands and what the file calls it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) at: u32,
    pub(crate) called: Called,
}

/// What may be said of where a value stands: the first line of a table and the keys of JSON may be data themselves.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Called {
    /// A column or key that is surely a name.
    Name(String),
    /// The number of the column, from 1.
    Column(usize),
    Nothing,
}

/// The kinds of value in one record, each with its first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) held: BTreeMap<Held, Found>,
    /// A mark of made-up data stands in it.
    pub(crate) synthetic: bool,
    /// It says that it is about a patient.
    pub(crate) of_patient: bool,
    /// It says that it is about somebody who treats, or about an organisation.
    pub(crate) of_others: bool,
}

/// Words of record types that are not patients'.
const OTHERS: [&str; 10] = [
    "provider",
    "practitioner",
    "physician",
    "doctor",
    "nurse",
    "pharmacist",
    "employee",
    "staff",
    "vendor",
    "supplier",
];

/// A name of a column or key, and the words of its last part.
struct Named<'n> {
    name: Cow<'n, str>,
    words: Vec<String>,
}

impl<'n> Named<'n> {
    fn of(name: impl Into<Cow<'n, str>>) -> Self {
        let name =
            Some(name.into()).filter(|name: &Cow<'_, str>| name.len() <= NAME_LIMIT).unwrap_or_default();
        let words = words(name.rsplit('.').next().unwrap_or_default());
        Self { name, words }
    }
}

impl Record {
    /// Takes in a value under the name that it has in the file, in the column of that number where it is a table.
    pub(crate) fn add(&mut self, name: &str, column: Option<usize>, value: &str, at: u32) {
        if !value.trim().is_empty() {
            self.add_named(&Named::of(name), column, value, at);
        }
    }

    fn add_named(&mut self, named: &Named<'_>, column: Option<usize>, value: &str, at: u32) {
        let value = value.trim();
        if value.is_empty() {
            return;
        }
        let name = named.name.as_ref();
        if let Some(held) = held(&named.words, value) {
            self.held.entry(held).or_insert_with(|| {
                let called = match column {
                    _ if says(name, held) => Called::Name(name.to_owned()),
                    Some(column) => Called::Column(column),
                    None => Called::Nothing,
                };
                Found { at, called }
            });
        }
        self.synthetic |= is_synthetic(&named.words, value);
        let kind = name.eq_ignore_ascii_case("type")
            || name.eq_ignore_ascii_case("resourceType")
            || name.to_ascii_lowercase().starts_with("recordtype");
        if kind {
            let said = words(value);
            self.of_patient |= occurs(&["patient"], &said);
            self.of_others |= OTHERS.iter().any(|word| occurs(&[word], &said));
        }
    }

    /// Whether it looks like a patient's: a number that is one by itself, or who it is beside something of health.
    pub(crate) fn is_patient(&self) -> bool {
        let has = |held: Held| self.held.contains_key(&held);
        let named = has(Held::Name) || has(Held::Email) || has(Held::Phone);
        let number = has(Held::NhsNumber) || has(Held::RecordNumber) || has(Held::PlanNumber);
        let of_health = self.held.keys().filter(|held| held.is_of_health()).count();
        if self.held.keys().any(|held| held.is_enough()) {
            return true;
        }
        // A colleague's record has a name and a birth date as well.
        if self.of_others && !self.of_patient && !number {
            return false;
        }
        (named && of_health > 0 && (has(Held::Name) || of_health > 1))
            || (number && of_health > 1)
            || (self.of_patient && has(Held::Name) && self.held.len() > 1)
    }

    /// The place of what identifies most.
    pub(crate) fn at(&self) -> u32 {
        self.held.values().next().map_or(0, |found| found.at)
    }

    /// Takes in what a part of this record holds.
    fn take(&mut self, part: Record) {
        for (held, found) in part.held {
            self.held.entry(held).or_insert(found);
        }
        self.synthetic |= part.synthetic;
        self.of_patient |= part.of_patient;
        self.of_others |= part.of_others;
    }
}

type Patterns = &'static [&'static [&'static str]];

/// The words of columns that hold a value of a kind.
const fn patterns(held: Held) -> Patterns {
    match held {
        Held::SocialSecurityNumber => &[&["ssn"], &["social", "security"]],
        Held::MedicareNumber => &[&["mbi"], &["medicare"], &["beneficiary"]],
        Held::NhsNumber => &[&["nhs"]],
        Held::RecordNumber => &[
            &["mrn"],
            &["medical", "record"],
            &["patient", "id"],
            &["patient", "identifier"],
            &["patient", "number"],
            &["chart", "number"],
            &["phn"],
            &["health", "number"],
            &["health", "card"],
        ],
        Held::PlanNumber => &[
            &["medicaid"],
            &["member", "id"],
            &["member", "number"],
            &["subscriber", "id"],
            &["insurance", "number"],
            &["insurance", "id"],
            &["health", "plan", "number"],
            &["beneficiary", "id"],
        ],
        Held::BirthDate => &[&["birth*"], &["dob"], &["date", "birth"]],
        Held::Clinical => &[
            &["diagnos*"],
            &["medication*"],
            &["drug", "name"],
            &["allerg*"],
            &["prescription"],
            &["symptom*"],
            &["icd"],
        ],
        Held::Name => &[
            &["first", "name"],
            &["last", "name"],
            &["firstname"],
            &["lastname"],
            &["surname"],
            &["given"],
            &["given", "name"],
            &["family"],
            &["family", "name"],
            &["full", "name"],
            &["patient", "name"],
        ],
        Held::Phone => &[&["phone"], &["mobile"], &["telephone"]],
        Held::Email => &[&["email"], &["mail"]],
        Held::Address => &[&["street"], &["address", "line"]],
    }
}

fn is_any(patterns: &[&[&str]], words: &[String]) -> bool {
    patterns.iter().any(|pattern| occurs(pattern, words))
}

/// Whether a column or key names the kind of its value and can hold nothing else: an API name of Salesforce, or made
/// of words that such names are made of. `Ana Lopez SSN` is a key that names a person too.
fn says(name: &str, held: Held) -> bool {
    const WORDS: [&str; 66] = [
        "account",
        "address",
        "allergen",
        "allergies",
        "allergy",
        "beneficiary",
        "birth",
        "birthdate",
        "birthday",
        "card",
        "chart",
        "city",
        "code",
        "contact",
        "customer",
        "date",
        "description",
        "diagnoses",
        "diagnosis",
        "dob",
        "drug",
        "email",
        "family",
        "first",
        "firstname",
        "full",
        "given",
        "health",
        "home",
        "icd",
        "id",
        "identifier",
        "insurance",
        "last",
        "lastname",
        "line",
        "mail",
        "mailing",
        "mbi",
        "medicaid",
        "medical",
        "medicare",
        "medication",
        "medications",
        "member",
        "mobile",
        "mrn",
        "name",
        "nhs",
        "number",
        "of",
        "patient",
        "person",
        "phn",
        "phone",
        "plan",
        "prescription",
        "primary",
        "record",
        "security",
        "social",
        "ssn",
        "street",
        "subscriber",
        "surname",
        "symptoms",
    ];
    let lower = name.to_ascii_lowercase();
    let own = words(name.rsplit('.').next().unwrap_or(name));
    let is_identifier = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.'))
        && name.chars().filter(char::is_ascii_digit).count() < 4;
    let is_field = is_identifier && ["__c", "__pc"].iter().any(|suffix| lower.ends_with(suffix));
    let is_known = |name: &str| words(name).iter().all(|word| WORDS.contains(&word.as_str()));
    is_any(patterns(held), &own) && (is_field || is_known(name))
}

/// What a value is, by its name and its shape together; by its shape alone where that is telling.
fn held(by_name: &[String], value: &str) -> Option<Held> {
    let named = |held: Held| is_any(patterns(held), by_name);
    let digits = value.chars().filter(char::is_ascii_digit).count();
    if shape::is_social_security_number(value) {
        // The same shape is that of other numbers too: phones and codes have names of their own.
        let others: Patterns = &[&["phone"], &["fax"], &["zip"], &["postal"], &["tax"], &["ein"], &["date"]];
        return (!is_any(others, by_name)).then_some(Held::SocialSecurityNumber);
    }
    let bare: String = value.chars().filter(|c| !matches!(c, '-' | ' ')).collect();
    if named(Held::SocialSecurityNumber) && shape::is_social_security_digits(&bare) {
        return Some(Held::SocialSecurityNumber);
    }
    if (named(Held::MedicareNumber) || value.contains('-'))
        && shape::is_medicare_beneficiary_identifier(value)
    {
        return Some(Held::MedicareNumber);
    }
    if named(Held::NhsNumber) && shape::is_nhs_number(value) {
        return Some(Held::NhsNumber);
    }
    // A reference between records of the file, or to one in an org, is no number of a person.
    if named(Held::RecordNumber) && digits >= 5 && value.len() <= 24 && !is_record_id(value) {
        return Some(Held::RecordNumber);
    }
    if named(Held::PlanNumber) && digits >= 5 && !is_record_id(value) {
        return Some(Held::PlanNumber);
    }
    if named(Held::BirthDate) && shape::is_birth_date(value) {
        return Some(Held::BirthDate);
    }
    if named(Held::Clinical)
        && value.chars().filter(|c| c.is_alphanumeric()).count() >= 3
        && !is_record_id(value)
        && !is_flag(value)
    {
        return Some(Held::Clinical);
    }
    if named(Held::Email) && shape::is_email(value) {
        return Some(Held::Email);
    }
    if named(Held::Phone) && shape::is_phone(value) {
        return Some(Held::Phone);
    }
    if named(Held::Address) && digits > 0 && value.len() > 5 {
        return Some(Held::Address);
    }
    let looks_named =
        value.chars().filter(|c| c.is_alphabetic()).count() >= 2 && digits == 0 && value.len() <= 80;
    (named(Held::Name) && looks_named && !value.contains(['{', '<', '$'])).then_some(Held::Name)
}

fn is_flag(value: &str) -> bool {
    ["true", "false", "yes", "no", "null", "none"].iter().any(|flag| value.eq_ignore_ascii_case(flag))
}

/// `@PatientRef1` of a data plan, or an Id of Salesforce: 15 or 18 characters that begin with a key prefix.
fn is_record_id(value: &str) -> bool {
    value.starts_with('@')
        || (matches!(value.len(), 15 | 18)
            && value.chars().all(|c| c.is_ascii_alphanumeric())
            && value.chars().any(|c| c.is_ascii_alphabetic()))
}

/// The marks by which made-up records are told. Published samples carry none: no list of them is ever complete.
fn is_synthetic(by_name: &[String], value: &str) -> bool {
    let number = occurs(&["ssn"], by_name) || occurs(&["social", "security"], by_name);
    (number && shape::is_social_security_number_of_nobody(value))
        || (value.contains('@') && shape::is_example_email(value))
        || (shape::is_phone(value) && shape::is_fictional_phone(value))
}

/// The rows of a table. The first line is one of names unless a cell of it holds a value of its own, as in a file
/// without names. Rows may run over lines inside quotes.
pub(crate) fn of_table(text: &str) -> Vec<Record> {
    let first = text.lines().next().unwrap_or_default();
    let separator = [',', '\t', ';', '|']
        .into_iter()
        .max_by_key(|separator| first.matches(*separator).count())
        .unwrap_or(',');
    let is_value = |cell: &str| {
        shape::is_social_security_number(cell)
            || shape::is_medicare_beneficiary_identifier(cell)
            || shape::is_birth_date(cell)
            || shape::is_email(cell)
            || shape::is_phone(cell)
    };
    let mut names: Option<Vec<Named<'static>>> = None;
    let mut records = Vec::new();
    rows(text, separator, |row| {
        let names = match &mut names {
            Some(names) => &*names,
            None if row.iter().any(|(cell, _)| is_value(cell.trim())) => &*names.insert(Vec::new()),
            None => {
                names = Some(row.into_iter().map(|(name, _)| Named::of(name)).collect());
                return;
            }
        };
        let mut record = Record::default();
        for (index, (value, at)) in row.iter().enumerate() {
            // A cell beyond the names belongs to none of them.
            match names.get(index) {
                None if !names.is_empty() => {}
                None => record.add("", Some(index + 1), value, *at),
                Some(name) => record.add_named(name, Some(index + 1), value, *at),
            }
        }
        records.push(record);
    });
    records
}

/// Hands on each row that is not empty. RFC 4180, as people write it.
fn rows(text: &str, separator: char, mut each: impl FnMut(Vec<(String, u32)>)) {
    let mut each = |row: Vec<(String, u32)>| {
        if row.iter().any(|(cell, _)| !cell.trim().is_empty()) {
            each(row);
        }
    };
    let mut row = Vec::new();
    let mut cell = String::new();
    let mut start = 0;
    let mut quoted = false;
    let mut characters = text.char_indices().peekable();
    while let Some((at, c)) = characters.next() {
        match c {
            '"' if quoted && characters.peek().is_some_and(|(_, next)| *next == '"') => {
                cell.push('"');
                characters.next();
            }
            '"' if quoted || cell.is_empty() => quoted = !quoted,
            _ if quoted => cell.push(c),
            '\r' => {}
            '\n' => {
                row.push((std::mem::take(&mut cell), start));
                each(std::mem::take(&mut row));
                start = offset(at + 1);
            }
            _ if c == separator => {
                row.push((std::mem::take(&mut cell), start));
                start = offset(at + c.len_utf8());
            }
            _ => cell.push(c),
        }
    }
    if !cell.is_empty() || !row.is_empty() {
        row.push((cell, start));
        each(row);
    }
}

/// The objects of a JSON text, or of one JSON text a line.
pub(crate) fn of_json(text: &str) -> Vec<Record> {
    json::records(text)
}

/// The assignments of a script, `Name = 'value'` and `"name": "value"`, one record for each statement or `new`.
pub(crate) fn of_script(text: &str) -> Vec<Record> {
    let bytes = text.as_bytes();
    let mut records = Vec::new();
    let mut record = Record::default();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\'' | b'"' => {
                let inside = bytes.get(at + 1..).unwrap_or_default();
                let length = inside.iter().position(|b| *b == byte || *b == b'\n').unwrap_or(inside.len());
                let value = text.get(at + 1..at + 1 + length).unwrap_or_default();
                let name = name_before(text.get(..at).unwrap_or_default());
                record.add(name, None, value, offset(at + 1));
                at += length + 2;
            }
            b';' => {
                records.push(std::mem::take(&mut record));
                at += 1;
            }
            b'n' if bytes.get(at..at + 4) == Some(b"new ")
                && at
                    .checked_sub(1)
                    .and_then(|i| bytes.get(i))
                    .is_none_or(|b| !b.is_ascii_alphanumeric()) =>
            {
                // `Date.newInstance` is no new record, and `new` is the word before a type.
                records.push(std::mem::take(&mut record));
                at += 4;
            }
            b'D' if text.get(at..).is_some_and(|rest| rest.starts_with("Date.newInstance(")) => {
                let inner = at + "Date.newInstance(".len();
                let rest = text.get(inner..).unwrap_or_default();
                let length = rest.find(')').unwrap_or(rest.len());
                let parts: Vec<&str> =
                    rest.get(..length).unwrap_or_default().split(',').map(str::trim).collect();
                record.add(
                    name_before(text.get(..at).unwrap_or_default()),
                    None,
                    &parts.join("-"),
                    offset(at),
                );
                at = inner + length;
            }
            _ => at += 1,
        }
    }
    records.push(record);
    records.retain(|record| !record.held.is_empty());
    records
}

/// The name to which a value is assigned: the word before `=`, `:`, `=>`, `==` or an opening parenthesis's own.
fn name_before(before: &str) -> &str {
    let before = last_bytes(before, 2 * NAME_LIMIT);
    let trimmed = before
        .trim_end_matches(|c: char| c.is_whitespace() || matches!(c, '=' | ':' | '>' | '(' | '"' | '\''));
    let trimmed = if trimmed.len() == before.len() { "" } else { trimmed };
    let trimmed =
        trimmed.strip_suffix("Date.valueOf").map_or(trimmed, |rest| rest.trim_end_matches([' ', '=']));
    let start = trimmed.rfind(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).map_or(0, |at| at + 1);
    trimmed.get(start..).unwrap_or_default()
}

/// How far a word that marks a number as made up may stand from it on its line, in bytes.
const BESIDE: usize = 200;

/// At most so many bytes of the beginning.
fn first_bytes(text: &str, limit: usize) -> &str {
    let end = text.floor_char_boundary(limit);
    text.get(..end).unwrap_or(text)
}

/// At most so many bytes of the end.
fn last_bytes(text: &str, limit: usize) -> &str {
    let start = text.ceil_char_boundary(text.len().saturating_sub(limit));
    text.get(start..).unwrap_or(text)
}

/// Numbers in running text that name a person by themselves, a record for each.
pub(crate) fn of_text(text: &str) -> Vec<Record> {
    let mut records = Vec::new();
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let mut at = 0;
    while let Some(rest) = text.get(at..) {
        let Some(begin) = rest.find(is_part) else { break };
        let run = rest.get(begin..).unwrap_or_default();
        let length = run.find(|c| !is_part(c)).unwrap_or(run.len());
        let word = run.get(..length).unwrap_or_default();
        // A longer number, a version or a decimal holds such a run by chance.
        let before = text.get(..at + begin).and_then(|before| before.chars().next_back());
        let after = run.get(length..).and_then(|after| after.chars().next());
        let alone = !matches!(before, Some('.' | '_' | '/' | '#')) && !matches!(after, Some('_' | '/'));
        let is_card = word.contains('-') && shape::is_medicare_beneficiary_identifier(word);
        if alone && (is_card || shape::is_social_security_number(word)) {
            let mut record = Record::default();
            record.add("", None, word, offset(at + begin));
            let before = last_bytes(text.get(..at + begin).unwrap_or_default(), BESIDE);
            let after = first_bytes(run, BESIDE);
            let beside = before.rsplit('\n').next().into_iter().chain(after.lines().next());
            record.synthetic |= beside.into_iter().any(|beside| beside.to_lowercase().contains("fake"));
            records.push(record);
        }
        at += begin + length;
    }
    records
}

fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
