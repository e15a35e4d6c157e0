//! The one sequence of bytes of a value: canonical JSON after RFC 8785, restricted to what every reader
//! agrees on: no fractions, and integers within 2^53 (RFC 8785, appendix D; RFC 7493, section 2.2).

use std::io;

use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{CompactFormatter, Formatter, Serializer};

/// Why a value has no canonical bytes.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CanonicalError {
    #[error("the value cannot be written as JSON")]
    NotJson(#[from] serde_json::Error),
    #[error("a number at `{at}` is not an integer within 2^53")]
    Number { at: String },
}

/// RFC 7493, section 2.2.
pub(crate) const LARGEST: u64 = (1 << 53) - 1;

/// Room for most entries of the journal.
const USUAL: usize = 1024;

/// Canonical bytes of anything that serialises.
pub fn bytes<T: Serialize>(value: &T) -> Result<Vec<u8>, CanonicalError> {
    let mut canonical = Canonical { out: Vec::with_capacity(USUAL), ..Canonical::default() };
    let written = value.serialize(&mut Serializer::with_formatter(io::sink(), &mut canonical));
    match written {
        Ok(()) => Ok(canonical.out),
        Err(error) => match odd_number(&serde_json::to_value(value)?, &mut Vec::new()) {
            Some(at) => Err(CanonicalError::Number { at }),
            None => Err(CanonicalError::NotJson(error)),
        },
    }
}

fn is_within(number: &serde_json::Number) -> bool {
    number.as_u64().is_some_and(|number| number <= LARGEST)
        || number.as_i64().is_some_and(|number| number.unsigned_abs() <= LARGEST)
}

/// Where the first number stands that has no canonical form.
fn odd_number(value: &Value, at: &mut Vec<String>) -> Option<String> {
    let mut below = |step: String, value: &Value| {
        at.push(step);
        let odd = odd_number(value, at);
        at.pop();
        odd
    };
    match value {
        Value::Number(number) => (!is_within(number)).then(|| at.join("/")),
        Value::Array(items) => {
            items.iter().enumerate().find_map(|(index, item)| below(index.to_string(), item))
        }
        Value::Object(members) => members.iter().find_map(|(name, member)| below(name.clone(), member)),
        Value::Null | Value::Bool(_) | Value::String(_) => None,
    }
}

/// Takes what a serialiser writes, and puts the members of each object in order when it ends. The serialiser's own
/// writer gets nothing.
#[derive(Default)]
struct Canonical {
    out: Vec<u8>,
    /// Members of the objects that are open, outermost first.
    members: Vec<Member>,
    /// For each of these objects, where its members begin in the list.
    objects: Vec<usize>,
    /// Members in order, before they take the place of those as they came.
    sorted: Vec<u8>,
}

/// Where a member stands in what was written.
#[derive(Clone, Copy)]
struct Member {
    start: usize,
    /// Where the quote behind its name stands.
    name_end: usize,
    end: usize,
}

impl Canonical {
    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.extend_from_slice(bytes);
        Ok(())
    }

    fn number(&mut self, number: u64, is_negative: bool) -> io::Result<()> {
        if number > LARGEST {
            return Err(io::ErrorKind::InvalidData.into());
        }
        if is_negative {
            self.out.push(b'-');
        }
        CompactFormatter.write_u64(&mut self.out, number)
    }

    fn close(&mut self) -> io::Result<()> {
        let from = self.objects.pop().unwrap_or_default();
        let members = self.members.get_mut(from..).unwrap_or_default();
        let start = members.first().map_or(self.out.len(), |first| first.start);
        let name = |member: &Member| self.out.get(member.start + 1..member.name_end).unwrap_or_default();
        let in_order = members.is_sorted_by(|one, next| name(one) < name(next));
        let is_plain = members.iter().all(|member| name(member).is_ascii() && !name(member).contains(&b'\\'));
        if !(in_order && is_plain) {
            if is_plain {
                members.sort_by(|one, other| name(one).cmp(name(other)));
            } else {
                // RFC 8785, 3.2.3: by UTF-16 code units, which is not the order of UTF-8 bytes.
                members.sort_by_cached_key(|member| units(name(member)));
            }
            if members.windows(2).any(|two| matches!(two, [one, next] if name(one) == name(next))) {
                return Err(io::ErrorKind::InvalidData.into());
            }
            self.sorted.clear();
            for member in &*members {
                self.sorted.extend_from_slice(self.out.get(member.start..member.end).unwrap_or_default());
                self.sorted.push(b',');
            }
            self.sorted.pop();
            self.out.truncate(start);
            self.out.extend_from_slice(&self.sorted);
        }
        self.members.truncate(from);
        self.put(b"}")
    }
}

/// UTF-16 code units of a name as it is written between its quotes.
fn units(name: &[u8]) -> Vec<u16> {
    let quoted = [b"\"".as_slice(), name, b"\""].concat();
    let text: String = serde_json::from_slice(&quoted).unwrap_or_default();
    text.encode_utf16().collect()
}

/// Fractions and large numbers are refused; all else is written as serde_json writes it: it escapes strings as
/// RFC 8785, 3.2.2.2 asks, in short forms, then as \u00xx in lower case.
impl Formatter for &mut Canonical {
    fn write_null<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.put(b"null")
    }

    fn write_bool<W: ?Sized + io::Write>(&mut self, _: &mut W, value: bool) -> io::Result<()> {
        self.put(if value { b"true" } else { b"false" })
    }

    fn write_i8<W: ?Sized + io::Write>(&mut self, _: &mut W, value: i8) -> io::Result<()> {
        self.number(value.unsigned_abs().into(), value < 0)
    }

    fn write_i16<W: ?Sized + io::Write>(&mut self, _: &mut W, value: i16) -> io::Result<()> {
        self.number(value.unsigned_abs().into(), value < 0)
    }

    fn write_i32<W: ?Sized + io::Write>(&mut self, _: &mut W, value: i32) -> io::Result<()> {
        self.number(value.unsigned_abs().into(), value < 0)
    }

    fn write_i64<W: ?Sized + io::Write>(&mut self, _: &mut W, value: i64) -> io::Result<()> {
        self.number(value.unsigned_abs(), value < 0)
    }

    fn write_i128<W: ?Sized + io::Write>(&mut self, _: &mut W, value: i128) -> io::Result<()> {
        self.number(u64::try_from(value.unsigned_abs()).unwrap_or(u64::MAX), value < 0)
    }

    fn write_u8<W: ?Sized + io::Write>(&mut self, _: &mut W, value: u8) -> io::Result<()> {
        self.number(value.into(), false)
    }

    fn write_u16<W: ?Sized + io::Write>(&mut self, _: &mut W, value: u16) -> io::Result<()> {
        self.number(value.into(), false)
    }

    fn write_u32<W: ?Sized + io::Write>(&mut self, _: &mut W, value: u32) -> io::Result<()> {
        self.number(value.into(), false)
    }

    fn write_u64<W: ?Sized + io::Write>(&mut self, _: &mut W, value: u64) -> io::Result<()> {
        self.number(value, false)
    }

    fn write_u128<W: ?Sized + io::Write>(&mut self, _: &mut W, value: u128) -> io::Result<()> {
        self.number(u64::try_from(value).unwrap_or(u64::MAX), false)
    }

    fn write_f32<W: ?Sized + io::Write>(&mut self, _: &mut W, _: f32) -> io::Result<()> {
        Err(io::ErrorKind::InvalidData.into())
    }

    fn write_f64<W: ?Sized + io::Write>(&mut self, _: &mut W, _: f64) -> io::Result<()> {
        Err(io::ErrorKind::InvalidData.into())
    }

    fn write_number_str<W: ?Sized + io::Write>(&mut self, _: &mut W, _: &str) -> io::Result<()> {
        Err(io::ErrorKind::InvalidData.into())
    }

    fn begin_string<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.put(b"\"")
    }

    fn end_string<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.put(b"\"")
    }

    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, _: &mut W, text: &str) -> io::Result<()> {
        self.put(text.as_bytes())
    }

    fn write_char_escape<W: ?Sized + io::Write>(
        &mut self,
        _: &mut W,
        escape: serde_json::ser::CharEscape,
    ) -> io::Result<()> {
        CompactFormatter.write_char_escape(&mut self.out, escape)
    }

    fn write_byte_array<W: ?Sized + io::Write>(&mut self, _: &mut W, bytes: &[u8]) -> io::Result<()> {
        CompactFormatter.write_byte_array(&mut self.out, bytes)
    }

    fn begin_array<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.put(b"[")
    }

    fn end_array<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.put(b"]")
    }

    fn begin_array_value<W: ?Sized + io::Write>(&mut self, _: &mut W, is_first: bool) -> io::Result<()> {
        if is_first { Ok(()) } else { self.put(b",") }
    }

    fn begin_object<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.objects.push(self.members.len());
        self.put(b"{")
    }

    fn end_object<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.close()
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, _: &mut W, is_first: bool) -> io::Result<()> {
        if !is_first {
            self.out.push(b',');
        }
        let start = self.out.len();
        self.members.push(Member { start, name_end: start, end: start });
        Ok(())
    }

    fn end_object_key<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        if let Some(member) = self.members.last_mut() {
            member.name_end = self.out.len() - 1;
        }
        Ok(())
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        self.put(b":")
    }

    fn end_object_value<W: ?Sized + io::Write>(&mut self, _: &mut W) -> io::Result<()> {
        if let Some(member) = self.members.last_mut() {
            member.end = self.out.len();
        }
        Ok(())
    }

    fn write_raw_fragment<W: ?Sized + io::Write>(&mut self, _: &mut W, _: &str) -> io::Result<()> {
        Err(io::ErrorKind::InvalidData.into())
    }
}
