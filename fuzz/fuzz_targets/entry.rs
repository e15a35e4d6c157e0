//! Any bytes as an entry: read or refused, never a panic; what is read has these bytes and no others.
#![no_main]

use journal::Entry;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    match Entry::read(bytes) {
        Ok(entry) => assert_eq!(entry.bytes().as_deref(), Ok(bytes)),
        Err(fault) => {
            assert!(fault.offset() <= bytes.len());
            assert!(fault.to_string().is_ascii());
        }
    }
});
