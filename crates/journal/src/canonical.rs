//! The one sequence of bytes of a value: canonical JSON after RFC 8785, restricted to what every reader
//! agrees on: no fractions, and integers within 2^53 (RFC 8785, appendix D; RFC 7493, section 2.2).

use serde::Serialize;
use serde_json::Value;

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

/// Canonical bytes of anything that serialises.
pub fn bytes<T: Serialize>(value: &T) -> Result<Vec<u8>, CanonicalError> {
    let value = serde_json::to_value(value)?;
    let mut out = Vec::new();
    write(&value, &mut Vec::new(), &mut out)?;
    Ok(out)
}

fn write(value: &Value, at: &mut Vec<String>, out: &mut Vec<u8>) -> Result<(), CanonicalError> {
    match value {
        Value::Number(number) => {
            let within = number.as_u64().is_some_and(|n| n <= LARGEST)
                || number.as_i64().is_some_and(|n| n.unsigned_abs() <= LARGEST);
            if !within {
                return Err(CanonicalError::Number { at: at.join("/") });
            }
            out.extend_from_slice(number.to_string().as_bytes());
        }
        Value::Array(items) => {
            out.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                at.push(index.to_string());
                write(item, at, out)?;
                at.pop();
            }
            out.push(b']');
        }
        Value::Object(members) => {
            // RFC 8785, 3.2.3: by UTF-16 code units, which is not the order of UTF-8 bytes.
            let mut names: Vec<&String> = members.keys().collect();
            names.sort_by(|a, b| a.encode_utf16().cmp(b.encode_utf16()));
            out.push(b'{');
            for (index, name) in names.into_iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                serde_json::to_writer(&mut *out, name)?;
                out.push(b':');
                at.push(name.clone());
                write(members.get(name).unwrap_or(&Value::Null), at, out)?;
                at.pop();
            }
            out.push(b'}');
        }
        // serde_json escapes strings as RFC 8785, 3.2.2.2 asks: short forms, then \u00xx in lower case.
        Value::Null | Value::Bool(_) | Value::String(_) => serde_json::to_writer(&mut *out, value)?,
    }
    Ok(())
}
