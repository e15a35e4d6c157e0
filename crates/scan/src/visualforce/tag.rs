//! Tags of a page, which is no XML: quotes may be missing, and scripts stand between them.

/// An attribute in quotes.
pub(super) struct Attribute<'t> {
    /// In lower case.
    pub(super) name: String,
    pub(super) value: &'t str,
    /// Where the value begins.
    pub(super) at: usize,
}

/// The name with which a tag or an attribute begins; empty where there is none.
pub(super) fn name_of(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, ':' | '_' | '-' | '.')));
    let name = text.get(..end.unwrap_or(text.len())).unwrap_or_default();
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) { name } else { "" }
}

/// The attributes of a tag, where it ends, and whether it is closed at once.
pub(super) fn attributes(text: &str, from: usize) -> (Vec<Attribute<'_>>, usize, bool) {
    let mut found = Vec::new();
    let mut at = from;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let trimmed = rest.trim_start();
        at += rest.len() - trimmed.len();
        if trimmed.is_empty() {
            return (found, text.len(), false);
        }
        if trimmed.starts_with('>') {
            return (found, at + 1, false);
        }
        if trimmed.starts_with("/>") {
            return (found, at + 2, true);
        }
        let name = name_of(trimmed);
        if name.is_empty() {
            at += trimmed.chars().next().map_or(1, char::len_utf8);
            continue;
        }
        at += name.len();
        let after = text.get(at..).unwrap_or_default();
        let Some(value) = after.trim_start().strip_prefix('=') else { continue };
        let value = value.trim_start();
        at = text.len() - value.len();
        let Some(quote) = value.chars().next().filter(|c| matches!(c, '"' | '\'')) else { continue };
        at += 1;
        let inside = text.get(at..).unwrap_or_default();
        let value = inside.get(..inside.find(quote).unwrap_or(inside.len())).unwrap_or_default();
        found.push(Attribute { name: name.to_ascii_lowercase(), value, at });
        at += value.len() + 1;
    }
}
