//! Any bytes as the output of a query, JSON and CSV: read or refused, never a panic, and no row without its limits.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sfdx::Facts;
use source::Source;

fuzz_target!(|bytes: &[u8]| {
    for name in ["users.json", "logins.csv"] {
        let (source, _) = Source::decode(name.to_owned(), bytes.to_vec(), None);
        let facts = Facts::of(vec![source]);
        let stem = name.split('.').next().unwrap_or_default();
        for row in facts.rows(stem) {
            assert!(row.values().count() <= 10_000);
            assert!(row.values().all(|(path, _)| row.get(path).is_some()));
        }
    }
});
