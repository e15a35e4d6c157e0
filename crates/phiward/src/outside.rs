//! The clock and the generator of random bytes, which only the binary has.

use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};

pub(crate) struct SystemClock;

impl journal::Clock for SystemClock {
    fn now(&self) -> jiff::Timestamp {
        crate::now()
    }
}

pub(crate) struct SystemRng(SystemRandom);

impl SystemRng {
    pub(crate) fn new() -> Self {
        Self(SystemRandom::new())
    }
}

impl journal::Rng for SystemRng {
    fn fill(&mut self, bytes: &mut [u8]) {
        if self.0.fill(bytes).is_err() {
            // Without random bytes no key and no entry may come into being.
            eprintln!("phiward: the operating system gives no random bytes");
            std::process::abort();
        }
    }
}
