//! String literals of Apex: enough of the language to tell text from comments.

use source::{Source, Span};

/// The string literals of an Apex source, without their quotes, in order.
pub(crate) fn literals(source: &Source) -> Vec<Span> {
    let bytes = source.text().as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    let starts = |at: usize, mark: &[u8]| bytes.get(at..at + mark.len()) == Some(mark);
    while at < bytes.len() {
        if starts(at, b"//") {
            at = end_of(bytes, at, b"\n");
        } else if starts(at, b"/*") {
            at = end_of(bytes, at + 2, b"*/");
        } else if starts(at, b"'''") {
            let end = end_of(bytes, at + 3, b"'''");
            push(&mut found, at + 3, end.saturating_sub(3));
            at = end;
        } else if starts(at, b"'") {
            let mut end = at + 1;
            while let Some(&byte) = bytes.get(end) {
                match byte {
                    b'\\' => end += 2,
                    // A literal does not cross a line: what follows an unclosed one is code again.
                    b'\'' | b'\n' => break,
                    _ => end += 1,
                }
            }
            push(&mut found, at + 1, end.min(bytes.len()));
            at = end + 1;
        } else {
            at += 1;
        }
    }
    found
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
}
