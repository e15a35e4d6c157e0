//! JSON Lines: one record of an object a line, as the REST and Bulk interfaces of Salesforce give and take them.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, Write};

use csv::Row;
use policy::vocabulary::FieldName;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{BATCH, BATCH_BYTES, Came, Desk, Make, PipeError, Tally, Worker, batch, line_of};

/// A line may have so many bytes.
pub const LONGEST_LINE: usize = 32 << 20;
pub(crate) const MOST_FIELDS: usize = 10_000;

/// What Salesforce puts beside the fields: the record's type and address.
const ATTRIBUTES: &str = "attributes";

/// The members of an object, in their order.
struct Members<'j>(Vec<(Cow<'j, str>, &'j RawValue)>);

impl<'de: 'j, 'j> Deserialize<'de> for Members<'j> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members: Vec<(Cow<'de, str>, &'de RawValue)> = Vec::new();
                let mut seen = BTreeSet::new();
                while let Some(key) = map.next_key::<Key<'de>>()? {
                    if members.len() >= MOST_FIELDS || !seen.insert(key.0.to_ascii_lowercase()) {
                        return Err(A::Error::custom("a key stands twice, or there are too many"));
                    }
                    members.push((key.0, map.next_value()?));
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

struct Key<'j>(Cow<'j, str>);

impl<'de: 'j, 'j> Deserialize<'de> for Key<'j> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a text")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// One line, its fields by their names; those of parents by their paths.
struct Line {
    number: u64,
    /// Name, and the JSON that stood there.
    members: Vec<(String, String)>,
    /// The record's type and address, where they are nothing else.
    attributes: Option<String>,
}

/// The fields of all lines so far, and where each stands in a row.
#[derive(Default)]
struct Names {
    all: Vec<String>,
    places: BTreeMap<String, usize>,
}

impl Names {
    fn place(&self, name: &str) -> Option<usize> {
        self.places.get(&name.to_ascii_lowercase()).copied()
    }

    fn add(&mut self, name: &str) {
        self.places.insert(name.to_ascii_lowercase(), self.all.len());
        self.all.push(name.to_owned());
    }
}

/// Type and address as Salesforce writes them; a value has no place there.
fn attributes(json: &str) -> Option<String> {
    let members: Members<'_> = serde_json::from_str(json).ok()?;
    for (name, value) in &members.0 {
        let text: String = serde_json::from_str(value.get()).ok()?;
        let is_type = || FieldName::of(&text).is_some();
        let is_address = || {
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '.');
            text.starts_with("/services/data/v") && text.len() <= 200 && text.chars().all(plain)
        };
        let fits = match &**name {
            "type" => is_type(),
            "url" => is_address(),
            _ => false,
        };
        fits.then_some(())?;
    }
    Some(json.to_owned())
}

/// The text of a scalar, as a cell has it; nothing where it is an object or a list.
fn cell(json: &str) -> Option<Cow<'_, str>> {
    match json.as_bytes().first()? {
        b'"' => serde_json::from_str::<String>(json).ok().map(Cow::Owned),
        b'{' | b'[' => None,
        _ if json == "null" => Some(Cow::Borrowed("")),
        _ => Some(Cow::Borrowed(json)),
    }
}

fn line_from(line: &[u8], number: u64) -> Result<Line, PipeError> {
    let fail = |what| PipeError::Line { line: number, what };
    let text = std::str::from_utf8(line).map_err(|_| fail("it is no UTF-8"))?;
    let members: Members<'_> = serde_json::from_str(text).map_err(|_| fail(NO_OBJECT))?;
    let mut flat = Vec::with_capacity(members.0.len());
    let mut of_record = None;
    for (key, value) in members.0 {
        if key == ATTRIBUTES {
            let found = attributes(value.get());
            of_record =
                Some(found.ok_or_else(|| fail("`attributes` has more than the record's type and address"))?);
            continue;
        }
        if cell(value.get()).is_some() {
            flat.push((key.into_owned(), value.get().to_owned()));
            continue;
        }
        if value.get().starts_with('[') {
            return Err(fail(
                "a list stands where a field's value is needed: related records are tables of their own",
            ));
        }
        let parent: Members<'_> =
            serde_json::from_str(value.get()).map_err(|_| fail("a parent is no object of fields"))?;
        for (name, value) in parent.0 {
            if name == ATTRIBUTES {
                continue;
            }
            if cell(value.get()).is_none() {
                return Err(fail("a list of records, or a parent's parent: export them by themselves"));
            }
            flat.push((format!("{key}.{name}"), value.get().to_owned()));
        }
    }
    let mut seen = BTreeSet::new();
    if !flat.iter().all(|(name, _)| seen.insert(name.to_ascii_lowercase())) {
        return Err(fail("a parent's field stands twice"));
    }
    Ok(Line { number, members: flat, attributes: of_record })
}

const NO_OBJECT: &str = "it is no JSON object of fields, each once: every line is one record \
                         (`jq -c '.result.records[]'` takes them out of what `sf data query --json` gives)";

/// Cells by the names of their fields.
type Cells = Vec<(String, String)>;

/// The cells of the next record by the names of their fields, and how many bytes were read for it; nothing at the end.
pub(crate) fn fields(input: &mut impl BufRead, number: &mut u64) -> Result<Option<(u64, Cells)>, PipeError> {
    let (mut read, mut bytes) = (0, Vec::new());
    loop {
        let Some(fits) = line_of(input, &mut bytes, LONGEST_LINE).map_err(csv::StreamError::Io)? else {
            return Ok(None);
        };
        *number += 1;
        read += bytes.len() as u64 + 1;
        if !fits {
            return Err(PipeError::Line { line: *number, what: TOO_LONG });
        }
        if bytes.trim_ascii().is_empty() {
            continue;
        }
        let members = line_from(&bytes, *number)?.members.into_iter();
        let cells = members.map(|(name, json)| (name, cell(&json).unwrap_or_default().into_owned()));
        return Ok(Some((read, cells.collect())));
    }
}

const TOO_LONG: &str = "it is longer than 32 MiB";

/// Works on lines of JSON. Fields of parents come back by their paths; what was sealed as a number comes back as text.
pub fn json_lines<'k>(
    mut input: impl BufRead,
    mut output: impl Write,
    make: Make<'_, 'k>,
    desk: &mut Desk<'_>,
) -> Result<(Tally, Option<Worker<'k>>), PipeError> {
    let mut tally = Tally::default();
    let mut names = Names::default();
    let mut worker: Option<Worker<'k>> = None;
    let mut number = 0;
    let mut bytes = Vec::new();
    // A line that names fields which those before it do not: it begins the next batch.
    let mut held: Option<Line> = None;
    loop {
        let mut lines: Vec<Line> = Vec::new();
        let mut size = 0;
        let mut is_over = false;
        while lines.len() < BATCH && size < BATCH_BYTES {
            let line = match held.take() {
                Some(line) => line,
                None => {
                    let read = line_of(&mut input, &mut bytes, LONGEST_LINE).map_err(csv::StreamError::Io)?;
                    let Some(fits) = read else {
                        is_over = true;
                        break;
                    };
                    number += 1;
                    tally.bytes += bytes.len() as u64 + 1;
                    if !fits {
                        return Err(PipeError::Line { line: number, what: TOO_LONG });
                    }
                    if bytes.trim_ascii().is_empty() {
                        continue;
                    }
                    line_from(&bytes, number)?
                }
            };
            let is_new = |(name, _): &&(String, String)| names.place(name).is_none();
            let more: Vec<String> =
                line.members.iter().filter(is_new).map(|(name, _)| name.clone()).collect();
            if !more.is_empty() {
                if !lines.is_empty() {
                    held = Some(line);
                    break;
                }
                more.iter().for_each(|name| names.add(name));
                if names.all.len() > MOST_FIELDS {
                    let what = "the lines so far name more than 10,000 fields";
                    return Err(PipeError::Line { line: line.number, what });
                }
                worker = Some(match worker.take() {
                    Some(worker) => worker.wider(&names.all, make)?,
                    None => make(&names.all)?,
                });
            }
            size += bytes.len();
            lines.push(line);
        }
        if let (Some(worker), false) = (&mut worker, lines.is_empty()) {
            let written = worked(worker, &names, &lines, desk, &mut tally)?;
            output.write_all(written.as_bytes()).map_err(PipeError::Output)?;
        }
        (desk.progress)(&tally);
        if is_over {
            output.flush().map_err(PipeError::Output)?;
            return Ok((tally, worker));
        }
    }
}

fn worked(
    worker: &mut Worker<'_>,
    names: &Names,
    lines: &[Line],
    desk: &mut Desk<'_>,
    tally: &mut Tally,
) -> Result<String, PipeError> {
    let by_place = |line: &Line| -> Vec<Option<String>> {
        let mut own = vec![None; names.all.len()];
        for (name, json) in &line.members {
            if let Some(place) = names.place(name).and_then(|place| own.get_mut(place)) {
                *place = Some(json.clone());
            }
        }
        own
    };
    let came: Vec<Vec<Option<String>>> = lines.iter().map(by_place).collect();
    let row = |line: &Vec<Option<String>>| {
        let mut row = Row::default();
        for json in line {
            row.push(&json.as_deref().and_then(cell).unwrap_or_default());
        }
        row
    };
    let rows: Vec<Row> = came.iter().map(row).collect();
    let numbers: Vec<u64> = lines.iter().map(|line| line.number).collect();
    let (out, keeps_attributes) = (worker.names_out(&names.all), worker.columns().is_some());
    let from: Vec<Option<usize>> = out.iter().map(|name| names.place(name)).collect();
    let batch = batch(worker, &Came { names: &names.all, rows: &rows, lines: &numbers }, desk, tally)?;
    let mut written = String::new();
    let mut made = batch.rows.iter();
    for (at, (line, before)) in lines.iter().zip(&came).enumerate() {
        if batch.turned_away.contains(&at) {
            continue;
        }
        let Some(row) = made.next() else { break };
        written.push('{');
        let mut is_first = true;
        let mut member = |name: &str, json: &str| {
            if !std::mem::take(&mut is_first) {
                written.push(',');
            }
            written.push_str(&quoted(name));
            written.push(':');
            written.push_str(json);
        };
        if let Some(attributes) = line.attributes.as_ref().filter(|_| keeps_attributes) {
            member(ATTRIBUTES, attributes);
        }
        for ((name, text), from) in out.iter().zip(row.cells()).zip(&from) {
            let before = from.and_then(|place| before.get(place)?.as_deref());
            match before {
                // What did not change stays as it was written.
                Some(before) if cell(before).is_some_and(|own| own == text) => member(name, before),
                None if text.is_empty() => {}
                Some(_) if text.is_empty() => member(name, "null"),
                _ => member(name, &quoted(text)),
            }
        }
        written.push_str("}\n");
    }
    Ok(written)
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
