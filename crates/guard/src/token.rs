//! The text of a token: `~e1.<key>.<algorithm>.<body>`. What it means and how it opens: `docs/formats/field-token.md`.

use std::fmt;

use base64_simd::URL_SAFE_NO_PAD;

use crate::error::GuardError;
use crate::field::is_unseen;

/// What every token of this version begins with.
pub const PREFIX: &str = "~e1.";

/// The most bytes of a value that is sealed: what a long text area of Salesforce holds, in UTF-8.
pub const LONGEST: usize = 131_072 * 4;

pub(crate) const NONCE: usize = 12;
pub(crate) const TAG: usize = 16;

/// Which version of a data key: a number, written in base 36.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyNumber(u32);

impl KeyNumber {
    /// The last one: four digits.
    pub const LAST: Self = Self(36 * 36 * 36 * 36 - 1);

    pub fn of(number: u32) -> Option<Self> {
        (number <= Self::LAST.0).then_some(Self(number))
    }

    pub const fn get(self) -> u32 {
        self.0
    }

    /// As it is written: one to four digits of base 36.
    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        let canonical = (1..=4).contains(&text.len()) && (text.len() == 1 || text.first() != Some(&b'0'));
        canonical.then_some(())?;
        text.iter()
            .try_fold(0, |number, digit| {
                let digit = match digit {
                    b'0'..=b'9' => digit - b'0',
                    b'a'..=b'z' => digit - b'a' + 10,
                    _ => return None,
                };
                Some(number * 36 + u32::from(digit))
            })
            .map(Self)
    }
}

impl KeyNumber {
    /// Appends its digits.
    pub(crate) fn write(self, into: &mut String) {
        let mut place = 36 * 36 * 36;
        let mut is_begun = false;
        while place > 0 {
            let digit = u8::try_from(self.0 / place % 36).unwrap_or(0);
            is_begun |= digit > 0 || place == 1;
            if is_begun {
                into.push(char::from(if digit < 10 { b'0' + digit } else { b'a' + digit - 10 }));
            }
            place /= 36;
        }
    }

    const fn digits(self) -> usize {
        match self.0 {
            0..36 => 1,
            36..1296 => 2,
            1296..46656 => 3,
            _ => 4,
        }
    }
}

impl fmt::Display for KeyNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::with_capacity(4);
        self.write(&mut text);
        f.write_str(&text)
    }
}

/// Names the record of a subject's key without naming the subject.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Handle([u8; Handle::LEN]);

impl Handle {
    pub(crate) const LEN: usize = 8;

    pub const fn of(bytes: [u8; Handle::LEN]) -> Self {
        Self(bytes)
    }

    pub const fn bytes(&self) -> &[u8; Handle::LEN] {
        &self.0
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// How a token was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// AES-256-GCM under a key of the subject.
    Subject,
    /// AES-256-GCM under a key of the field, where nobody knows whose value it is.
    Field,
}

impl Algorithm {
    pub(crate) const fn letter(self) -> u8 {
        match self {
            Self::Subject => b'g',
            Self::Field => b'n',
        }
    }

    /// What a token begins with, up to its body.
    pub(crate) fn head_of_token(self, key: KeyNumber) -> String {
        format!("{PREFIX}{key}.{}.", char::from(self.letter()))
    }

    /// Bytes of the body before the ciphertext.
    const fn head(self) -> usize {
        match self {
            Self::Subject => Handle::LEN + NONCE,
            Self::Field => NONCE,
        }
    }
}

/// A token taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    key: KeyNumber,
    algorithm: Algorithm,
    /// The subject's handle where there is one, the nonce, ciphertext and tag: never less than all of them.
    body: Vec<u8>,
}

impl Token {
    /// Reads a token: there is one spelling of each.
    pub fn parse(text: &str) -> Result<Self, GuardError> {
        let refuse = |what| Err(GuardError::Token(what));
        let Some(rest) = text.as_bytes().strip_prefix(PREFIX.as_bytes()) else {
            return refuse("it does not begin as a token of version 1");
        };
        // A key has four digits at most, an algorithm is one letter.
        let end = rest.iter().take(5).position(|byte| *byte == b'.');
        let Some((key, [b'.', algorithm, b'.', body @ ..])) = end.and_then(|end| rest.split_at_checked(end))
        else {
            return refuse("it has not the three parts of a token");
        };
        let Some(key) = KeyNumber::parse(key) else {
            return refuse("its key is not a number in base 36");
        };
        let algorithm = match algorithm {
            b'g' => Algorithm::Subject,
            b'n' => Algorithm::Field,
            _ => return refuse("its algorithm is none that this release knows"),
        };
        if body.len() > (LONGEST + Handle::LEN + NONCE + TAG).div_ceil(3) * 4 {
            return refuse("it is longer than any token");
        }
        let Ok(body) = URL_SAFE_NO_PAD.decode_to_vec(body) else {
            return refuse("its body is not base64url without padding");
        };
        if body.len() < algorithm.head() + TAG {
            return refuse("it is cut off");
        }
        Ok(Self { key, algorithm, body })
    }

    /// Whether a text is a token of any version, by its beginning: no patient's value begins so.
    pub fn is_one(text: &str) -> bool {
        let after = text.strip_prefix("~e").map(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()));
        text.as_bytes().get(2).is_some_and(u8::is_ascii_digit)
            && after.is_some_and(|rest| rest.starts_with('.'))
    }

    /// Whether a text was a token before somebody altered its beginning: blanks before it, or a capital.
    pub fn is_altered(text: &str) -> bool {
        // Most texts begin with a letter or a digit.
        if text.as_bytes().first().is_none_or(u8::is_ascii_alphanumeric) || Self::is_one(text) {
            return false;
        }
        let text = text.trim_start_matches(|sign: char| sign.is_whitespace() || is_unseen(sign));
        match text.strip_prefix("~E") {
            Some(rest) => {
                let after = rest.trim_start_matches(|sign: char| sign.is_ascii_digit());
                after.len() < rest.len() && after.starts_with('.')
            }
            None => Self::is_one(text),
        }
    }

    pub const fn key(&self) -> KeyNumber {
        self.key
    }

    /// The record of the subject's key; nothing where the token belongs to the field alone.
    pub fn handle(&self) -> Option<Handle> {
        match self.algorithm {
            Algorithm::Subject => self.body.first_chunk().copied().map(Handle),
            Algorithm::Field => None,
        }
    }

    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Nonce, ciphertext and tag.
    pub(crate) fn parts(&self) -> Option<([u8; NONCE], &[u8], &[u8; TAG])> {
        let (head, rest) = self.body.split_at_checked(self.algorithm.head())?;
        let (sealed, tag) = rest.split_last_chunk()?;
        Some((*head.last_chunk()?, sealed, tag))
    }

    /// How many characters the token of so many bytes has.
    pub fn length(algorithm: Algorithm, key: KeyNumber, bytes: usize) -> usize {
        let body = algorithm.head() + bytes + TAG;
        PREFIX.len() + key.digits() + 3 + (body * 4).div_ceil(3)
    }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let body = URL_SAFE_NO_PAD.encode_to_string(&self.body);
        write!(f, "{}{body}", self.algorithm.head_of_token(self.key))
    }
}
