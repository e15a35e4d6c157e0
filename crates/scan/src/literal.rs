//! String literals of Apex: enough of the language to tell text from comments.

use source::{Source, Span};

/// The string literals of an Apex source, without their quotes, in order.
pub(crate) fn literals(source: &Source) -> Vec<Span> {
    let bytes = source.text().as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        match passage(bytes, at) {
            Passage::Code => at += 1,
            Passage::Comment { end } => at = end,
            Passage::Literal { inner, end } => {
                push(&mut found, inner.0, inner.1);
                at = end;
            }
        }
    }
    found
}

/// Whether an Apex source is a test class: `@IsTest` in any case, outside comments and literals, on the class
/// itself and not inside it.
pub(crate) fn is_test_class(source: &Source) -> bool {
    const MARK: &[u8] = b"istest";
    let bytes = source.text().as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match passage(bytes, at) {
            Passage::Comment { end } | Passage::Literal { end, .. } => at = end,
            Passage::Code if byte == b'{' => return false,
            Passage::Code if byte == b'@' => {
                let from = at + 1 + blanks(bytes, at + 1);
                let name = bytes.get(from..from + MARK.len()).unwrap_or_default();
                let ends = bytes
                    .get(from + MARK.len())
                    .is_none_or(|after| !after.is_ascii_alphanumeric() && *after != b'_');
                if ends && name.eq_ignore_ascii_case(MARK) {
                    return true;
                }
                at += 1;
            }
            Passage::Code => at += 1,
        }
    }
    false
}

fn blanks(bytes: &[u8], from: usize) -> usize {
    bytes.get(from..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_whitespace()).count()
}

/// What begins at a place; ends are those of the whole passage.
enum Passage {
    Code,
    Comment { end: usize },
    Literal { inner: (usize, usize), end: usize },
}

fn passage(bytes: &[u8], at: usize) -> Passage {
    let starts = |mark: &[u8]| bytes.get(at..at + mark.len()) == Some(mark);
    if starts(b"//") {
        Passage::Comment { end: end_of(bytes, at, b"\n") }
    } else if starts(b"/*") {
        Passage::Comment { end: end_of(bytes, at + 2, b"*/") }
    } else if starts(b"'''") {
        let end = end_of(bytes, at + 3, b"'''");
        Passage::Literal { inner: (at + 3, end.saturating_sub(3)), end }
    } else if starts(b"'") {
        let mut end = at + 1;
        while let Some(&byte) = bytes.get(end) {
            match byte {
                b'\\' => end += 2,
                // A literal does not cross a line: what follows an unclosed one is code again.
                b'\'' | b'\n' => break,
                _ => end += 1,
            }
        }
        Passage::Literal { inner: (at + 1, end.min(bytes.len())), end: end + 1 }
    } else {
        Passage::Code
    }
}

fn end_of(bytes: &[u8], from: usize, mark: &[u8]) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    rest.windows(mark.len())
        .position(|window| window == mark)
        .map_or(bytes.len(), |at| from + at + mark.len())
}

fn push(found: &mut Vec<Span>, start: usize, end: usize) {
    if let (Ok(start), Ok(end)) = (u32::try_from(start), u32::try_from(end))
        && start <= end
    {
        found.push(Span::new(start, end));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(apex: &str) -> Vec<String> {
        let source = Source::new("A.cls", apex);
        literals(&source).into_iter().map(|span| source.slice(span).to_owned()).collect()
    }

    #[test]
    fn literals_are_told_from_comments() {
        assert_eq!(
            texts("String a = 'callout:X/y'; // 'no'\n/* 'no' */ b = 'it\\'s'; c = '''more\nlines''';"),
            ["callout:X/y", "it\\'s", "more\nlines"]
        );
        assert_eq!(texts("a = 'open\nb = 'shut';"), ["open", "shut"]);
        assert_eq!(texts("'"), [""]);
        assert_eq!(texts("/* 'never closed"), Vec::<String>::new());
        assert_eq!(texts("'\\"), ["\\"]);
    }

    #[test]
    fn test_classes_are_told_by_their_annotation() {
        for (apex, expected) in [
            ("@isTest private class A {}", true),
            ("@ISTEST(SeeAllData=false)\nclass A {}", true),
            ("/* a */ @\n IsTest class A {}", true),
            ("// @isTest\npublic class A {}", false),
            ("/** see @isTest */ public class A { String s = '@IsTest'; }", false),
            ("@SuppressWarnings('@isTest') public class A {}", false),
            ("@isTesting class A {}", false),
            ("public class A { @isTest static void b() {} }", false),
            ("", false),
            ("@", false),
        ] {
            assert_eq!(is_test_class(&Source::new("A.cls", apex)), expected, "{apex}");
        }
    }
}
