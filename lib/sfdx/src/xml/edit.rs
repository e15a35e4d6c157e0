//! Changes to a text that leave everything else as it was written.

use source::Edit;

use super::Element;

/// Gives a child of that name that text: its own is replaced; a new one stands where the Salesforce command would
/// write it, after `fullName` and by name, as far in as its neighbours. Nothing where the element has no children to
/// stand beside, or where it says so already.
pub fn set_child(parent: Element<'_>, name: &str, text: &str) -> Option<Edit> {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    if let Some(child) = parent.child(name) {
        let inner = child.inner_span();
        let (start, end) = (inner.start as usize, inner.end as usize);
        if child.text() == text {
            return None;
        }
        let span = child.span();
        // `<name/>` has no inside to put it in.
        if parent.source().slice(span).ends_with("/>") {
            let (start, end) = (span.start as usize, span.end as usize);
            return Some(Edit { start, end, text: format!("<{name}>{escaped}</{name}>") });
        }
        return Some(Edit { start, end, text: escaped });
    }
    let before = parent
        .children()
        .filter(|child| child.name() == "fullName" || child.name() < name)
        .last()
        .or_else(|| parent.children().next())?;
    let source = parent.source().text();
    let start = before.span().start as usize;
    let line = source.get(..start)?.rfind('\n').map_or(0, |at| at + 1);
    let indent = source.get(line..start)?;
    let end = before.span().end as usize;
    let (newline, indent) = if indent.chars().all(char::is_whitespace) && line > 0 {
        (if source.get(..line)?.ends_with("\r\n") { "\r\n" } else { "\n" }, indent)
    } else {
        ("", "")
    };
    Some(Edit { start: end, end, text: format!("{newline}{indent}<{name}>{escaped}</{name}>") })
}

#[cfg(test)]
mod tests {
    use source::{Source, apply};

    use super::*;
    use crate::xml::Tree;

    fn set(text: &str, children: &[(&str, &str)]) -> String {
        let (tree, _) = Tree::parse(Source::new("a.xml", text));
        let root = tree.root().unwrap();
        let edits = children.iter().filter_map(|(name, text)| set_child(root, name, text)).collect();
        apply(text, edits)
    }

    #[test]
    fn a_child_stands_by_name_and_as_far_in_as_its_neighbours() {
        let text = "<CustomField>\r\n    <fullName>A__c</fullName>\r\n    <label>A &amp; B</label>\r\n    <type>Text</type>\r\n</CustomField>";
        assert_eq!(
            set(text, &[("complianceGroup", "HIPAA;PII"), ("securityClassification", "Restricted")]),
            text.replace("</fullName>", "</fullName>\r\n    <complianceGroup>HIPAA;PII</complianceGroup>")
                .replace(
                    "</label>",
                    "</label>\r\n    <securityClassification>Restricted</securityClassification>"
                )
        );
        assert_eq!(set("<f><b>1</b></f>", &[("a", "x<y")]), "<f><b>1</b><a>x&lt;y</a></f>");
    }

    #[test]
    fn what_is_said_is_replaced_and_what_stands_is_left() {
        assert_eq!(set("<f>\n <a>1</a>\n</f>", &[("a", "2")]), "<f>\n <a>2</a>\n</f>");
        assert_eq!(set("<f>\n <a>1</a>\n</f>", &[("a", "1")]), "<f>\n <a>1</a>\n</f>");
        assert_eq!(set("<f/>", &[("a", "1")]), "<f/>");
        assert_eq!(set("<f><a></a></f>", &[("a", "1")]), "<f><a>1</a></f>");
        assert_eq!(set("<f><a/></f>", &[("a", "1")]), "<f><a>1</a></f>");
    }
}
