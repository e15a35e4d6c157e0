//! Any text as a share of an escrow, and as the name of a root: nothing panics, and what is read reads again.
#![no_main]

use guard::escrow::Share;
use guard::vault::{self, Lock};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(share) = Share::read(text) {
        let Ok(again) = Share::read(&share.text()) else { panic!("a share does not read again") };
        assert!((again.escrow(), again.place()) == (share.escrow(), share.place()));
    }
    let _ = vault::open(&Lock::None, "label", text);
    let _ = vault::open(&Lock::KeyFile(vec![7; 32].into()), "label", text);
});
