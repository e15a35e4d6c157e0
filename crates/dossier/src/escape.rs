//! Strangers' names inside markup.

/// Text for XML and HTML, in an element or in a quoted attribute. What XML 1.0 cannot hold at all becomes U+FFFD,
/// and what turns the direction of the text around it is dropped.
pub(crate) fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' | '\n' | '\r' => out.push(' '),
            c if turns(c) => {}
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// Text inside the double quotes of a Mermaid label, which knows entities with `#` for `&`.
pub(crate) fn mermaid(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '"' => out.push_str("#quot;"),
            '#' | '&' | '<' | '>' | '`' | '\\' | '|' | ';' | '{' | '}' | '%' => {
                out.push('#');
                out.push_str(&u32::from(c).to_string());
                out.push(';');
            }
            c if turns(c) => {}
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// A message for a place that shows no code: without the backticks around names.
pub(crate) fn plain(text: &str) -> String {
    text.replace('`', "")
}

/// Bidirectional controls: with them a name can show as another (CVE-2021-42574).
pub(crate) const fn turns(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{61c}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_text() {
        assert_eq!(xml("</title><script>alert('1')</script>\u{0}"), {
            "&lt;/title&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;\u{fffd}"
        });
        assert_eq!(xml("a\u{202e}b\nc"), "ab c");
        assert_eq!(mermaid("\"]; click n0 \"x\""), "#quot;]#59; click n0 #quot;x#quot;");
        assert_eq!(plain("the field `A.b` is open"), "the field A.b is open");
        assert_eq!(mermaid("#35;<b>"), "#35;35#59;#60;b#62;");
    }
}
