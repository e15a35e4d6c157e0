use std::fmt;

use askama::filters::HtmlSafe;

use crate::escape::xml;

/// A message whose backticks show as code. Everything in it is escaped.
pub(super) struct Prose(String);

/// It writes markup that it escaped itself.
impl HtmlSafe for Prose {}

impl Prose {
    /// The first letter becomes a capital: messages begin in lower case, sentences of a page do not. A name keeps
    /// its spelling.
    pub(super) fn new(text: &str) -> Self {
        let name = text
            .split_whitespace()
            .next()
            .map(|word| word.trim_end_matches([':', ',', '.']))
            .is_some_and(|word| word.contains(['`', '_', '.', '/', ':']));
        let mut chars = text.chars();
        match chars.next() {
            Some(first) if !name => Self(first.to_uppercase().chain(chars).collect()),
            _ => Self(text.to_owned()),
        }
    }
}

impl Prose {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Prose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A lone backtick opens nothing.
        let pairs = self.0.matches('`').count() / 2;
        let parts: Vec<&str> = self.0.splitn(2 * pairs + 1, '`').collect();
        for (at, part) in parts.iter().enumerate() {
            if at % 2 == 1 {
                write!(f, "<code>{}</code>", xml(part))?;
            } else {
                f.write_str(&xml(part))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backticks_show_as_code_and_markup_as_text() {
        let shown = |text: &str| Prose::new(text).to_string();
        assert_eq!(shown("the field `A.b` is <open>"), "The field <code>A.b</code> is &lt;open&gt;");
        assert_eq!(shown("`<b>` stays"), "<code>&lt;b&gt;</code> stays");
        assert_eq!(shown("a lone ` stays"), "A lone ` stays");
        assert_eq!(shown("patient__c is open"), "patient__c is open");
        assert_eq!(shown("missing: the door"), "Missing: the door", "a colon that ends a word is no name's");
        assert_eq!(shown("profile:A is open"), "profile:A is open");
        assert_eq!(shown(""), "");
    }
}
