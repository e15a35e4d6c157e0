//! Lines of source as they may be shown: what could be a patient's value is hidden.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

/// Dates, long numbers, grouped numbers and mail addresses, the shapes that identifiers have. Digits that are
/// part of a name (`Line2__c`, `v60`) or a small number (`<length>18</length>`) stay.
static SHAPES: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?x)
        [\w.+-]+@[\w-]+(?:\.[\w-]+)+            # mail addresses
        | \b\d{4}-\d{2}-\d{2}\b                 # dates
        | \b\d{1,2}[/.]\d{1,2}[/.]\d{2,4}\b
        | \+?\(?\b\d[\d\s().-]{5,}\d\b          # phone numbers, social security numbers, long numbers
        | \b(?:[A-Z]+\d|\d+[A-Z])[A-Z0-9-]{6,}\b # member numbers and the like
        ",
    )
    .ok()
});

/// What people write into metadata in their own words, on one line with its tags: there a name has no shape.
static WORDS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(<(?:value|values|stringValue|defaultValue|description|content|text|body)(?:\s[^<>]*)?>)([^<]*)",
    )
    .ok()
});

/// The line with every value-like part replaced by dots of the same length, so that columns still fit.
pub fn redact(line: &str) -> Cow<'_, str> {
    let (Some(shapes), Some(words)) = (SHAPES.as_ref(), WORDS.as_ref()) else {
        // Without the shapes nothing may be shown.
        return Cow::Owned(dots(line));
    };
    let line = words.replace_all(line, |found: &regex::Captures<'_>| {
        let part = |index| found.get(index).map_or("", |part| part.as_str());
        format!("{}{}", part(1), redact_all(part(2)))
    });
    Cow::Owned(
        shapes
            .replace_all(&line, |found: &regex::Captures<'_>| dots(found.get(0).map_or("", |m| m.as_str())))
            .into_owned(),
    )
}

/// Nothing of a text but how long it is.
pub(crate) fn dots(text: &str) -> String {
    "·".repeat(text.chars().count())
}

/// The line with everything hidden but the marks that give it its form: for data files.
pub(crate) fn redact_all(line: &str) -> String {
    line.chars().map(|c| if c.is_alphanumeric() { '·' } else { c }).collect()
}

/// A line of Apex with everything hidden from its first literal or comment on, and whole where it has neither.
pub(crate) fn redact_literals(line: &str) -> String {
    let first = [line.find('\''), line.find("//"), line.find("/*")].into_iter().flatten().min();
    match first.and_then(|at| Some((line.get(..at)?, line.get(at..)?))) {
        // Within a comment over several lines.
        Some((code, rest)) if !code.trim_start().starts_with('*') => {
            format!("{}{}", redact(code), redact_all(rest))
        }
        _ => redact_all(line),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_hidden_and_metadata_is_not() {
        for (line, shown) in [
            ("<operand>219-09-9999</operand>", "<operand>···········</operand>"),
            ("<operand>1980-02-29</operand>", "<operand>··········</operand>"),
            ("<value>Ana Lee</value>", "<value>··· ···</value>"),
            ("<value xsi:type=\"xsd:string\">hk7Qz</value>", "<value xsi:type=\"xsd:string\">·····</value>"),
            ("mail jo.doe@clinic.example now", "mail ····················· now"),
            ("+1 (415) 555-0100", "·················"),
            (
                "<length>18</length><fullName>Line2__c</fullName>",
                "<length>18</length><fullName>Line2__c</fullName>",
            ),
            ("id 1EG4-TE5-MK73", "id ·············"),
        ] {
            assert_eq!(redact(line), shown);
        }
        assert_eq!(redact_all("Ana,1980"), "···,····");
        for (line, shown) in [
            ("String KEY = 'mK4-77'; // old: abc", "String KEY = '···-··'; // ···: ···"),
            ("a.put('Authorization', 'Basic x=');", "a.put('·············', '····· ·=');"),
            ("    8DyWjb7Q", "    ········"),
            (" * key 'abc'", " * ··· '···'"),
        ] {
            assert_eq!(redact_literals(line), shown);
        }
    }
}
