#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod archive;
mod cosigning;
mod emergency;
mod golden;
mod recording;
mod signed;
mod store;
mod witness;

use std::path::Path;
use std::sync::{Arc, Mutex};

use guard::vault::Lock;
use jiff::Timestamp;
use journal::sample::Drawn;
use journal::{Clock, Entry};
use ledger::{Layout, Ledger, Opening, Settings, SigningKey};

/// A clock that a test moves.
#[derive(Clone)]
struct Hands(Arc<Mutex<Timestamp>>);

impl Hands {
    fn at(text: &str) -> Self {
        Self(Arc::new(Mutex::new(text.parse().unwrap())))
    }

    fn set(&self, text: &str) {
        *self.0.lock().unwrap() = text.parse().unwrap();
    }
}

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

fn opening(folder: &Path, clock: &Hands, seed: u64) -> Opening {
    let key = SigningKey::open(&folder.join("key"), &Lock::None).unwrap();
    Opening {
        folder: folder.join("D"),
        anchor: folder.join("seen"),
        key,
        clock: Arc::new(clock.clone()),
        rng: Box::new(Drawn::new(seed)),
        unseen: false,
    }
}

/// A new ledger, open.
fn make(folder: &Path, layout: Layout, clock: &Hands) -> Ledger {
    let key = SigningKey::create(&folder.join("key"), "test/log", &Lock::None, &mut Drawn::new(1)).unwrap();
    assert_eq!(key.name(), "test/log");
    let settings =
        Settings { name: "test/log".to_owned(), writer: journal::names::Writer::of("main").unwrap(), layout };
    Ledger::create(&opening(folder, clock, 2), &settings).unwrap();
    Ledger::open(opening(folder, clock, 3)).unwrap().0
}

fn samples(number: u64, seed: u64) -> Vec<Entry> {
    journal::sample::sample(number, seed).collect()
}
