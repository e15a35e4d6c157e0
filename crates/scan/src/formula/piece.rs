//! The pieces of a formula or of the inside of a merge expression. Everything that looks into one reads it through this.

/// A piece of a formula.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// `Patient__r.SSN__c`, `$User.Id`; of prompts also `$Input:Patient.Name`.
    Reference(&'a str),
    Function(&'a str),
    Open,
    Close,
    Comma,
    /// `&` is the one operator that works on encrypted fields.
    Join,
    Operator,
    /// A text without its quotes, or a number.
    Literal(&'a str),
}

/// The pieces of `text` between two of its bytes, each with where it begins. Blanks and comments are none.
pub(crate) fn pieces(text: &str, from: usize, to: usize) -> Vec<(usize, Piece<'_>)> {
    let bytes = text.as_bytes();
    let bytes = bytes.get(..to).unwrap_or(bytes);
    let mut found = Vec::new();
    let mut at = from;
    while let Some(&byte) = bytes.get(at) {
        let rest = bytes.get(at..).unwrap_or_default();
        let until = |ends: fn(&u8) -> bool| rest.iter().position(ends).unwrap_or(rest.len());
        let (piece, length) = match byte {
            b'"' | b'\'' => {
                let length = literal_length(rest);
                let text = text.get(at + 1..at + length).unwrap_or_default();
                (Some(Piece::Literal(text.trim_end_matches(byte as char))), length)
            }
            b'/' if rest.starts_with(b"/*") => {
                (None, rest.windows(2).skip(2).position(|two| two == b"*/").map_or(rest.len(), |end| end + 4))
            }
            b'(' => (Some(Piece::Open), 1),
            b')' => (Some(Piece::Close), 1),
            b',' => (Some(Piece::Comma), 1),
            b'&' if rest.starts_with(b"&&") => (Some(Piece::Operator), 2),
            b'&' => (Some(Piece::Join), 1),
            b'=' | b'<' | b'>' | b'!' | b'+' | b'-' | b'*' | b'/' | b'^' | b'|' => (Some(Piece::Operator), 1),
            // A number such as `1.5` is no reference.
            b'0'..=b'9' => {
                let length = until(|b| !(b.is_ascii_alphanumeric() || *b == b'.'));
                (text.get(at..at + length).map(Piece::Literal), length)
            }
            b'A'..=b'Z' | b'a'..=b'z' | b'$' | b'_' => {
                let length =
                    until(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'$' | b':')));
                let name = text.get(at..at + length).unwrap_or_default().trim_end_matches('.');
                let is_call =
                    rest.get(length..).unwrap_or_default().trim_ascii_start().first() == Some(&b'(');
                (Some(if is_call { Piece::Function(name) } else { Piece::Reference(name) }), length)
            }
            _ => (None, 1),
        };
        found.extend(piece.map(|piece| (at, piece)));
        at += length.max(1);
    }
    found
}

/// How far a text in quotes reaches, with its quotes; a backslash takes the letter after it as it is.
fn literal_length(rest: &[u8]) -> usize {
    let Some(quote) = rest.first() else { return 0 };
    let mut at = 1;
    while let Some(byte) = rest.get(at) {
        match byte {
            b'\\' => at += 2,
            byte if byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::{Piece, pieces};

    #[test]
    fn names_are_told_from_calls_texts_and_comments() {
        let formula = "IF (ISBLANK( Patient__r.SSN__c ), \"SSN \\\"x\\\" Name\", 'Other__c' & Code__c) /* Gone__c */ + a.";
        let names: Vec<&str> = pieces(formula, 0, formula.len())
            .into_iter()
            .filter_map(|(at, piece)| match piece {
                Piece::Reference(name) => {
                    assert_eq!(formula.get(at..at + name.len()), Some(name));
                    Some(name)
                }
                _ => None,
            })
            .collect();
        assert_eq!(names, ["Patient__r.SSN__c", "Code__c", "a"]);
    }

    #[test]
    fn what_is_open_ends_with_the_text() {
        assert_eq!(pieces("\"open", 0, 5), [(0, Piece::Literal("open"))]);
        assert_eq!(pieces("/* open", 0, 7), []);
        assert_eq!(pieces("{!a} \"b", 2, 3), [(2, Piece::Reference("a"))]);
        assert_eq!(pieces("ä1.5", 0, 5), [(2, Piece::Literal("1.5"))]);
    }
}
