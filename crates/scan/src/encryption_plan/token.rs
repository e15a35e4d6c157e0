//! How long the gateway's token of a value is, and which field can hold it.

use serde::Serialize;

/// Characters of a key id that are left room for.
const KEY_ID: u64 = 4;
/// `~e1.`, the key id, `.`, the algorithm, `.`
const PREFIX: u64 = 4 + KEY_ID + 1 + 1 + 1;
/// Nonce, tag, and the handle of the subject's key.
const AROUND: u64 = 12 + 16 + 8;
/// Of one character in UTF-8, as Salesforce counts characters.
const BYTES: u64 = 3;
/// The longest text field that can be indexed and filtered.
pub(super) const LONGEST_TEXT: u64 = 255;
/// The longest long text area.
const LONGEST_AREA: u64 = 131_072;

/// Characters of the token of so many bytes.
pub(super) const fn characters(bytes: u64) -> u64 {
    let sealed = bytes.saturating_add(AROUND);
    // Four letters for three bytes, without padding.
    PREFIX + sealed.saturating_mul(4).div_ceil(3)
}

/// The longest value, in bytes, whose token fits into so many characters.
pub(super) const fn capacity(length: u64) -> Option<u64> {
    match (length.saturating_sub(PREFIX) * 3 / 4).checked_sub(AROUND) {
        Some(0) | None => None,
        bytes => bytes,
    }
}

/// The lengths of the longest token of a field, in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenLength {
    /// The longest value, in characters.
    pub value: u64,
    /// Where all characters of the value are ASCII.
    pub ascii: u64,
    /// Whatever the characters are.
    pub any: u64,
    /// Characters of a key id that are counted in.
    pub key_id: u64,
}

impl TokenLength {
    /// Of a text of so many characters.
    pub(super) const fn of_text(characters_of_value: u64) -> Self {
        Self {
            value: characters_of_value,
            ascii: characters(characters_of_value),
            any: characters(characters_of_value.saturating_mul(BYTES)),
            key_id: KEY_ID,
        }
    }

    /// Of a value that is written in ASCII: a date, a number.
    pub(super) const fn of_ascii(characters_of_value: u64) -> Self {
        let length = characters(characters_of_value);
        Self { value: characters_of_value, ascii: length, any: length, key_id: KEY_ID }
    }
}

/// A field to create.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewField {
    pub name: String,
    #[serde(rename = "type")]
    pub data_type: &'static str,
    pub length: u64,
    /// The object that it is made on, where that is another than the planned field's: a person account's fields stand on
    /// the contact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// What the planned field's object calls it then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// The bundle names it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub declared: bool,
}

impl NewField {
    pub(super) const fn new(name: String, data_type: &'static str, length: u64) -> Self {
        Self { name, data_type, length, object: None, column: None, declared: false }
    }
}

/// A field that holds tokens of this length; nothing where none is long enough.
pub(super) fn companion(name: String, length: u64) -> Option<NewField> {
    if length <= LONGEST_TEXT {
        Some(NewField::new(name, "Text", LONGEST_TEXT))
    } else if length <= LONGEST_AREA {
        // The least that the type allows is 256.
        Some(NewField::new(name, "LongTextArea", length))
    } else {
        None
    }
}

/// The name of a field beside another: `SSN_bix__c`. A developer name has 40 characters at most.
pub(super) fn beside(name: &str, suffix: &str) -> String {
    const LONGEST: usize = 40;
    let stem = name.strip_suffix("__pc").or(name.strip_suffix("__c")).unwrap_or(name);
    // A package's namespace is not ours to use.
    let stem = stem.split_once("__").map_or(stem, |(_, own)| own);
    let room = LONGEST.saturating_sub(suffix.len() + 1);
    let stem: String = stem.chars().take(room).collect();
    format!("{}_{suffix}__c", stem.trim_end_matches('_'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_as_long_as_its_parts() {
        // Written out: 36 bytes around an empty value are 48 letters, behind `~e1.kkkk.g.`.
        assert_eq!(characters(0), 11 + 48);
        for bytes in 0..2000_u64 {
            let sealed = vec![0_u8; usize::try_from(bytes).unwrap() + 12 + 16 + 8];
            let letters = sealed.chunks(3).map(|chunk| [2, 3, 4][chunk.len() - 1]).sum::<u64>();
            assert_eq!(characters(bytes), "~e1.kkkk.g.".len() as u64 + letters, "{bytes}");
        }
    }

    #[test]
    fn the_longest_value_of_a_text_field_is_147_bytes() {
        assert_eq!(companion("x".to_owned(), characters(147)).unwrap().data_type, "Text");
        assert_eq!(companion("x".to_owned(), characters(148)).unwrap().data_type, "LongTextArea");
        assert_eq!(companion("x".to_owned(), characters(131_072)), None);
        assert_eq!(capacity(255), Some(147));
        assert_eq!(capacity(59), None);
        for length in 0..1000 {
            let fits = |bytes| characters(bytes) <= length;
            match capacity(length) {
                Some(bytes) => assert!(fits(bytes) && !fits(bytes + 1), "{length}"),
                None => assert!(!fits(1), "{length}"),
            }
        }
    }

    #[test]
    fn names_beside_a_field_fit() {
        assert_eq!(beside("SSN__c", "bix"), "SSN_bix__c");
        assert_eq!(beside("SSN__pc", "token"), "SSN_token__c");
        assert_eq!(beside("ns__SSN__c", "bix"), "SSN_bix__c");
        assert_eq!(beside("Email", "bix"), "Email_bix__c");
        let long = beside(&format!("{}__c", "a".repeat(40)), "token");
        assert_eq!(long.len(), 43, "{long}");
    }
}
