//! The clock and the generator of random bytes, which only the binary has.

use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};

/// As AWS's own programs name them.
#[expect(clippy::disallowed_methods, reason = "the binary is where the environment is read")]
pub(crate) fn aws_credentials() -> Result<wire::Credentials, String> {
    let needed = |name: &str| std::env::var(name).map_err(|_| format!("the environment has no `{name}`"));
    Ok(wire::Credentials {
        id: needed("AWS_ACCESS_KEY_ID")?,
        secret: needed("AWS_SECRET_ACCESS_KEY")?.into(),
        token: std::env::var("AWS_SESSION_TOKEN").ok().map(Into::into),
    })
}

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
