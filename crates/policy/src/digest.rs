//! The digest that names a bundle.
//!
//! SHA-256 over these bytes, in this order:
//! 1. `phiward-policy-digest-v1`, a line feed;
//! 2. for every `.yaml`, `.yml` and `.cedar` file of the bundle, sorted by the bytes of its path (below the
//!    bundle's folder, forward slashes): `file `, the length of the path in bytes, a space, the path, a space,
//!    the length of the text in bytes, a line feed, the text, a line feed. The text is UTF-8 without a byte
//!    order mark, each CR LF and each lone CR turned into LF;
//! 3. the same for every shipped guardrail file and the Cedar schema, with `shipped ` in place of `file `;
//! 4. `catalogue `, the version of the control catalogue in decimal, a line feed.
//!
//! So the digest changes with every file, with an upgrade that ships other guardrails, and with the catalogue
//! that gives control ids their meaning; it does not change with the checkout's line ends.

use std::borrow::Cow;
use std::fmt;

use sha2::{Digest as _, Sha256};
use source::Source;

use crate::rules;

/// The version of the control catalogue whose ids this crate cites.
pub const CATALOGUE_VERSION: u32 = 3;

/// SHA-256 of a bundle.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads what [`fmt::Display`] writes: `sha256:` and 64 hexadecimal digits.
    pub fn of(text: &str) -> Option<Self> {
        let hex = text.strip_prefix("sha256:").filter(|hex| hex.len() == 64 && hex.is_ascii())?;
        let mut bytes = [0; 32];
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(hex.get(at * 2..at * 2 + 2)?, 16).ok()?;
        }
        let digest = Self(bytes);
        (digest.to_string() == text).then_some(digest)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sha256:")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl serde::Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Whether a file is part of a bundle.
pub fn is_bundle_file(path: &str) -> bool {
    [".yaml", ".yml", ".cedar"].iter().any(|extension| path.ends_with(extension))
}

/// The digest of a bundle's files; files of other kinds are passed over.
pub fn of(sources: &[Source]) -> Digest {
    let mut hash = Sha256::new();
    hash.update(b"phiward-policy-digest-v1\n");
    let mut files: Vec<&Source> = sources.iter().filter(|source| is_bundle_file(source.path())).collect();
    files.sort_by(|a, b| (a.path(), a.text()).cmp(&(b.path(), b.text())));
    for source in files {
        add(&mut hash, "file", source.path(), source.text());
    }
    for (path, text) in rules::SHIPPED {
        add(&mut hash, "shipped", path, text);
    }
    hash.update(format!("catalogue {CATALOGUE_VERSION}\n"));
    Digest(hash.finalize().into())
}

fn add(hash: &mut Sha256, kind: &str, path: &str, text: &str) {
    let text = with_line_feeds(text.strip_prefix('\u{feff}').unwrap_or(text));
    hash.update(format!("{kind} {} {path} {}\n", path.len(), text.len()));
    hash.update(text.as_bytes());
    hash.update(b"\n");
}

fn with_line_feeds(text: &str) -> Cow<'_, str> {
    if text.contains('\r') {
        Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        Cow::Borrowed(text)
    }
}
