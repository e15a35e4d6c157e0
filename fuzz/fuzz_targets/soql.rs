//! Any bytes: every span lies in the text, what was read without errors prints and reads back as the same, and what
//! a template knows is handled as well.
#![no_main]

use libfuzzer_sys::fuzz_target;
use soql::{Dialect, Statement, Template, parse, parse_in, parse_template};

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let parsed = parse(&text);
    for error in &parsed.errors {
        assert!(text.get(error.span.start as usize..error.span.end as usize).is_some());
    }
    let queries: Vec<_> = match &parsed.value {
        Statement::Query(query) => vec![query],
        Statement::Search(search) => search.returning.iter().map(|returning| &returning.query).collect(),
    };
    for field in queries.iter().flat_map(|query| query.fields()) {
        let span = field.span();
        assert!(text.get(span.start as usize..span.end as usize).is_some());
    }
    if parsed.is_clean() {
        let printed = parsed.value.to_string();
        let again = parse(&printed);
        assert!(again.is_clean() && again.value == parsed.value);
        assert!(again.value.to_string() == printed);
    }
    let _ = parse_in(&text, Dialect::Request);
    let template = text.split('@').fold(Template::new(), |template, piece| template.text(piece).hole());
    let parsed = parse_template(&template);
    assert!(parsed.holes.len() == template.pieces.len() / 2);
    let _ = parsed.statement.to_string();
});
