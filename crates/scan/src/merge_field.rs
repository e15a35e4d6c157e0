//! Merge fields in templates, prompts and flows: `{!Contact.Birthdate}`, `{{{Recipient.Name}}}`,
//! `{!IF(Case.Urgent__c, Case.Reason__c, "")}`.

use source::Span;

use crate::formula::piece::{Piece, pieces};

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

fn references<'a>(text: &'a str, from: usize, to: usize, found: &mut Vec<MergeField<'a>>) {
    for (at, piece) in pieces(text, from, to) {
        let Piece::Reference(whole) = piece else { continue };
        let (head, path) = whole.split_once('.').unwrap_or((whole, ""));
        found.push(MergeField { head, path, span: Span::new(offset(at), offset(at + whole.len())) });
    }
}

fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
