//! Signed notes: a text, an empty line, and lines of signatures (c2sp.org/signed-note).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::key::is_name;
use crate::text::Malformed;

const WHAT: &str = "a signed note";
const DASH: &str = "\u{2014} ";
/// The most signatures that are read.
const MAX_SIGNATURES: usize = 64;
/// The longest note that is read, in bytes.
pub const MAX_NOTE: usize = 512 * 1024;

/// One line of signature, by a key that may or may not be known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureLine {
    /// The name of the key.
    pub name: String,
    /// The id of the key.
    pub key_id: u32,
    /// What stands after the id: the signature as the key's type has it.
    pub bytes: Vec<u8>,
}

impl SignatureLine {
    /// Reads a line, its newline taken off.
    pub fn parse(line: &str) -> Result<Self, Malformed> {
        let refuse = |offset, reason| Err(Malformed::new("a signature line", offset, reason));
        let Some(rest) = line.strip_prefix(DASH) else {
            return refuse(0, "it does not start with an em dash and a space");
        };
        let Some((name, base64)) = rest.split_once(' ') else {
            return refuse(DASH.len(), "a name and a signature are wanted");
        };
        if !is_name(name) {
            return refuse(DASH.len(), "not the name of a key");
        }
        let at = DASH.len() + name.len() + 1;
        let Ok(bytes) = STANDARD.decode(base64) else { return refuse(at, "the signature is not base64") };
        match bytes.split_first_chunk::<4>() {
            Some((id, rest)) if !rest.is_empty() => {
                Ok(Self { name: name.to_owned(), key_id: u32::from_be_bytes(*id), bytes: rest.to_owned() })
            }
            _ => refuse(at, "the signature is too short"),
        }
    }
}

impl fmt::Display for SignatureLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&self.key_id.to_be_bytes(), self.bytes.as_slice()].concat();
        writeln!(f, "{DASH}{} {}", self.name, STANDARD.encode(bytes))
    }
}

/// A text with lines of signature, none of them checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<SignatureLine>,
}

impl Note {
    /// A note of a text that ends in a newline and has no control characters but newlines.
    pub fn new(text: String, signatures: Vec<SignatureLine>) -> Result<Self, Malformed> {
        if !text.ends_with('\n') {
            return Err(Malformed::new(WHAT, text.len(), "the text does not end in a newline"));
        }
        no_controls(&text)?;
        Ok(Self { text, signatures })
    }

    /// Reads a note. That it reads says nothing of who signed it.
    pub fn parse(bytes: &[u8]) -> Result<Self, Malformed> {
        if bytes.len() > MAX_NOTE {
            return Err(Malformed::new(WHAT, MAX_NOTE, "longer than any note that is read here"));
        }
        let text = std::str::from_utf8(bytes)
            .map_err(|error| Malformed::new(WHAT, error.valid_up_to(), "not UTF-8"))?;
        no_controls(text)?;
        let Some(split) = text.rfind("\n\n") else {
            return Err(Malformed::new(WHAT, text.len(), "no empty line before signatures"));
        };
        let (body, lines) = text.split_at(split + 1);
        let lines = lines.strip_prefix('\n').unwrap_or_default();
        let mut at = split + 2;
        let mut signatures = Vec::new();
        for line in lines.split_inclusive('\n') {
            let Some(whole) = line.strip_suffix('\n') else {
                return Err(Malformed::new(WHAT, at, "the last line does not end in a newline"));
            };
            if signatures.len() == MAX_SIGNATURES {
                return Err(Malformed::new(WHAT, at, "more signatures than are read here"));
            }
            signatures.push(SignatureLine::parse(whole).map_err(|error| error.after(at))?);
            at += line.len();
        }
        if signatures.is_empty() {
            return Err(Malformed::new(WHAT, text.len(), "no signature"));
        }
        Ok(Self { text: body.to_owned(), signatures })
    }

    /// The text that is signed, its last newline included.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signatures in the order in which they stand.
    pub fn signatures(&self) -> &[SignatureLine] {
        &self.signatures
    }

    /// Adds a signature, in the place of one by the same key where there is one.
    pub fn sign(&mut self, signature: SignatureLine) {
        let same = |own: &&mut SignatureLine| own.name == signature.name && own.key_id == signature.key_id;
        match self.signatures.iter_mut().find(same) {
            Some(own) => *own = signature,
            None => self.signatures.push(signature),
        }
    }
}

fn no_controls(text: &str) -> Result<(), Malformed> {
    match text.bytes().position(|byte| byte < 0x20 && byte != b'\n') {
        Some(at) => Err(Malformed::new(WHAT, at, "a control character")),
        None => Ok(()),
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| write!(f, "{signature}"))
    }
}
