//! Reads a query's JSON while it streams: only what becomes a row is kept, within limits.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use source::{Position, Problem, Severity, Source};

use super::rows::{Cells, Output, Row};

/// Of the dotted path of a value, in bytes.
const PATH_LIMIT: usize = 255;
/// Of values in one record.
const RECORD_LIMIT: usize = 10_000;

const AGAIN: &str = "run the query again";

pub(super) fn read(source: &Source, cells: &mut Cells) -> Result<Output, Problem> {
    let mut answer = Answer { cells, body: Body::default(), result: None, status: None, refused: None };
    let mut reader = serde_json::Deserializer::from_str(source.text());
    let read = Envelope(&mut answer).deserialize(&mut reader).and_then(|()| reader.end());
    let bad = |message: &str, help: &str| {
        Problem::new(Severity::Error, "bad-facts", source.path(), message).with_help(help)
    };
    if let Err(error) = read {
        let position = Position {
            line: u32::try_from(error.line()).unwrap_or(u32::MAX).max(1),
            column: u32::try_from(error.column()).unwrap_or(u32::MAX).max(1),
        };
        let (message, help) = answer.refused.unwrap_or(("not JSON", AGAIN));
        return Err(bad(message, help).at(position));
    }
    if answer.status.is_some_and(|status| status != 0) {
        return Err(bad(
            "the query failed in the org",
            "check the org's name, the user's permissions and the API version, and run it again",
        ));
    }
    let body = answer.result.unwrap_or(answer.body);
    match body.rows {
        Some(rows) => Ok(Output { rows, total: body.total, done: body.done.unwrap_or(true) }),
        None => Err(bad("no list of records", AGAIN)),
    }
}

struct Answer<'c> {
    cells: &'c mut Cells,
    /// What stands at the top: a plain array, or the answer of the REST API.
    body: Body,
    /// What the command-line interface wraps.
    result: Option<Body>,
    status: Option<u64>,
    /// Why reading stopped, where the text is JSON.
    refused: Option<(&'static str, &'static str)>,
}

impl Answer<'_> {
    fn refuse<E: Error>(&mut self, message: &'static str, help: &'static str) -> E {
        self.refused = Some((message, help));
        E::custom(message)
    }
}

#[derive(Default)]
struct Body {
    rows: Option<Vec<Row>>,
    total: Option<u64>,
    done: Option<bool>,
}

/// Visits any value; what is no list and no map is passed over.
macro_rules! passes_over_scalars {
    ($value:expr) => {
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an answer to a query")
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok($value)
        }

        fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
            Ok($value)
        }

        fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
            Ok($value)
        }

        fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
            Ok($value)
        }
    };
}

/// The whole text.
struct Envelope<'a, 'c>(&'a mut Answer<'c>);

impl<'de> DeserializeSeed<'de> for Envelope<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Envelope<'_, '_> {
    type Value = ();

    passes_over_scalars!(());

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<(), A::Error> {
        self.0.body.rows = Some(records(list, self.0)?);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "status" => self.0.status = map.next_value_seed(Scalar)?.number(),
                "result" => self.0.result = Some(map.next_value_seed(Inner(self.0))?),
                _ => {
                    let mut body = std::mem::take(&mut self.0.body);
                    member(&mut map, &key, &mut body, self.0)?;
                    self.0.body = body;
                }
            }
        }
        Ok(())
    }
}

/// What the command-line interface wraps.
struct Inner<'a, 'c>(&'a mut Answer<'c>);

impl<'de> DeserializeSeed<'de> for Inner<'_, '_> {
    type Value = Body;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Body, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Inner<'_, '_> {
    type Value = Body;

    passes_over_scalars!(Body::default());

    fn visit_bool<E>(self, _: bool) -> Result<Body, E> {
        Ok(Body::default())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Body, E> {
        Ok(Body::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Body, A::Error> {
        Ok(Body { rows: Some(records(list, self.0)?), ..Body::default() })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Body, A::Error> {
        let mut body = Body::default();
        while let Some(key) = map.next_key::<String>()? {
            member(&mut map, &key, &mut body, self.0)?;
        }
        Ok(body)
    }
}

fn member<'de, A: MapAccess<'de>>(
    map: &mut A,
    key: &str,
    body: &mut Body,
    answer: &mut Answer<'_>,
) -> Result<(), A::Error> {
    match key {
        "records" => body.rows = map.next_value_seed(Inner(answer))?.rows,
        "totalSize" => body.total = map.next_value_seed(Scalar)?.number(),
        "done" => body.done = map.next_value_seed(Scalar)?.flag(),
        _ => {
            map.next_value::<IgnoredAny>()?;
        }
    }
    Ok(())
}

fn records<'de, A: SeqAccess<'de>>(mut list: A, answer: &mut Answer<'_>) -> Result<Vec<Row>, A::Error> {
    let mut rows = Vec::new();
    loop {
        let mut record = Record { answer, path: String::new(), values: 0, row: Row::default() };
        let Some(()) = list.next_element_seed(Field(&mut record))? else { return Ok(rows) };
        let row = record.row.sorted();
        rows.push(row);
    }
}

struct Record<'a, 'c> {
    answer: &'a mut Answer<'c>,
    /// Of the value that is read now; empty for the record itself.
    path: String,
    values: usize,
    row: Row,
}

impl Record<'_, '_> {
    fn put<E: Error>(&mut self, value: &str) -> Result<(), E> {
        if self.path.is_empty() {
            return Err(self.answer.refuse("a record is not an object", AGAIN));
        }
        self.values += 1;
        if self.values > RECORD_LIMIT {
            return Err(self.answer.refuse("a record has more than 10000 values", "ask for fewer fields"));
        }
        if !self.answer.cells.put(&mut self.row, &self.path, value) {
            return Err(self.answer.refuse(
                "the answers hold more than 20 million values together",
                "ask for the fields that the list of queries names, and no others",
            ));
        }
        Ok(())
    }

    /// Goes on below a key; gives how long the path was.
    fn below<E: Error>(&mut self, key: &str) -> Result<usize, E> {
        let length = self.path.len();
        if length + key.len() >= PATH_LIMIT {
            return Err(self.answer.refuse("the path of a value is longer than 255 bytes", AGAIN));
        }
        if length > 0 {
            self.path.push('.');
        }
        self.path.push_str(key);
        Ok(length)
    }
}

/// A value of a record, or the record itself.
struct Field<'r, 'a, 'c>(&'r mut Record<'a, 'c>);

impl<'de> DeserializeSeed<'de> for Field<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Field<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a record")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        // A null is no value, and no record either.
        if self.0.path.is_empty() { self.0.put("") } else { Ok(()) }
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.0.put(if value { "true" } else { "false" })
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.0.put(&value.to_string())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.0.put(&value.to_string())
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.0.put(&value.to_string())
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        self.0.put(value)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        if self.0.path.is_empty() {
            return self.0.put("");
        }
        for at in 0_usize.. {
            let length = self.0.below(&at.to_string())?;
            let more = list.next_element_seed(Field(self.0))?;
            self.0.path.truncate(length);
            if more.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            if key == "attributes" {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let length = self.0.below(&key)?;
            map.next_value_seed(Field(self.0))?;
            self.0.path.truncate(length);
        }
        Ok(())
    }
}

/// A number or flag of the envelope; anything else is neither.
struct Scalar;

enum Said {
    Number(u64),
    Flag(bool),
    Else,
}

impl Said {
    fn number(self) -> Option<u64> {
        if let Said::Number(number) = self { Some(number) } else { None }
    }

    fn flag(self) -> Option<bool> {
        if let Said::Flag(flag) = self { Some(flag) } else { None }
    }
}

impl<'de> DeserializeSeed<'de> for Scalar {
    type Value = Said;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Said, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Scalar {
    type Value = Said;

    passes_over_scalars!(Said::Else);

    fn visit_bool<E>(self, flag: bool) -> Result<Said, E> {
        Ok(Said::Flag(flag))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Said, E> {
        Ok(Said::Number(number))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Said, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Said::Else)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Said, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Said::Else)
    }
}
