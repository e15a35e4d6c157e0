//! Merge fields in templates, prompts and flows: `{!Contact.Birthdate}`, `{{{Recipient.Name}}}`,
//! `{!IF(Case.Urgent__c, Case.Reason__c, "")}`.

use source::Span;

/// A reference inside a merge expression, and where in the text it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MergeField<'a> {
    /// Up to the first dot: `Contact`, `$Record`, `$Input:Patient`.
    pub(crate) head: &'a str,
    /// What follows the first dot; empty where there is none.
    pub(crate) path: &'a str,
    pub(crate) span: Span,
}

impl MergeField<'_> {
    /// The place of it in a file, where `base` is the offset of the text.
    pub(crate) fn span_from(&self, base: u32) -> Span {
        Span::new(base.saturating_add(self.span.start), base.saturating_add(self.span.end))
    }
}

/// Every reference of every merge expression, in order.
pub(crate) fn merge_fields(text: &str) -> Vec<MergeField<'_>> {
    const FORMS: [(&str, &str); 2] = [("{!", "}"), ("{{{", "}}}")];
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..) {
        let next = FORMS
            .iter()
            .filter_map(|(open, close)| Some((rest.find(open)?, *open, *close)))
            .min_by_key(|(begin, _, _)| *begin);
        let Some((begin, open, close)) = next else { break };
        let inner = at + begin + open.len();
        let Some(length) = text.get(inner..).and_then(|rest| rest.find(close)) else { break };
        references(text, inner, inner + length, &mut found);
        at = inner + length + close.len();
    }
    found
}

/// The references of an expression without braces, as formulas have it.
pub(crate) fn formula_fields(text: &str) -> Vec<MergeField<'_>> {
    let mut found = Vec::new();
    references(text, 0, text.len(), &mut found);
    found
}

/// How far a text in quotes reaches, with its quotes; a backslash takes the letter after it as it is.
pub(crate) fn literal_length(rest: &[u8]) -> usize {
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

fn references<'a>(text: &'a str, from: usize, to: usize, found: &mut Vec<MergeField<'a>>) {
    let bytes = text.as_bytes();
    let mut at = from;
    while at < to {
        let Some(&byte) = bytes.get(at) else { break };
        match byte {
            b'"' | b'\'' => {
                at += literal_length(bytes.get(at..to).unwrap_or_default());
            }
            b'/' if bytes.get(at..to).is_some_and(|rest| rest.starts_with(b"/*")) => {
                let rest = bytes.get(at..to).unwrap_or_default();
                at += rest.windows(2).skip(2).position(|two| two == b"*/").map_or(rest.len(), |end| end + 4);
            }
            b'A'..=b'Z' | b'a'..=b'z' | b'$' | b'_' => {
                let name = bytes.get(at..to).unwrap_or_default();
                let length = name
                    .iter()
                    .position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'$' | b':')))
                    .unwrap_or(name.len());
                let end = at + length;
                let is_call =
                    bytes.get(end..to).unwrap_or_default().trim_ascii_start().first() == Some(&b'(');
                let whole = text.get(at..end).unwrap_or_default().trim_end_matches('.');
                if !is_call && !whole.is_empty() {
                    let (head, path) = whole.split_once('.').unwrap_or((whole, ""));
                    let span = Span::new(offset(at), offset(at + whole.len()));
                    found.push(MergeField { head, path, span });
                }
                at = end.max(at + 1);
            }
            // A number such as `1.5` is no reference.
            b'0'..=b'9' => {
                let digits = bytes.get(at..to).unwrap_or_default();
                at += digits
                    .iter()
                    .position(|b| !(b.is_ascii_alphanumeric() || *b == b'.'))
                    .unwrap_or(digits.len())
                    .max(1);
            }
            _ => at += 1,
        }
    }
}

fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
