//! People, and what stands for them in entries.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::clock::{Rng, draw};
use crate::form::{self, Fault, Form, Shape, Wrong};
use crate::json::Node;
use crate::names::{Org, RecordId};

/// A person as a system names them. It lives in memory only: it can be neither written nor printed, and goes into an
/// entry only by way of a [`Pseudonymiser`].
#[derive(Clone, PartialEq, Eq)]
pub struct Subject {
    name: Zeroizing<Vec<u8>>,
}

impl Subject {
    /// The record that stands for the person: their account or contact.
    pub fn of_record(org: &Org, record: &RecordId) -> Self {
        Self::of("salesforce", org.as_str(), record.as_str())
    }

    /// As another system numbers them, in a form that the system itself fixes.
    pub fn of_system(system: &crate::names::Party, number: &str) -> Self {
        Self::of("party", system.as_str(), number)
    }

    /// By a key that the record has before its system numbers it: the field, as `Object.Field`, and what stands there.
    pub fn of_key(org: &Org, field: &str, key: &str) -> Self {
        Self::of("key", &format!("{}/{}", org.as_str(), field.to_ascii_lowercase()), key)
    }

    fn of(kind: &str, system: &str, number: &str) -> Self {
        // It does not grow: what grows leaves a name behind.
        let parts = [kind, system, number];
        let length = parts.iter().map(|part| size_of::<u64>() + part.len()).sum();
        let mut name = Zeroizing::new(Vec::with_capacity(length));
        for part in parts {
            name.extend_from_slice(&(part.len() as u64).to_be_bytes());
            name.extend_from_slice(part.as_bytes());
        }
        Self { name }
    }

    /// As a keyring kept it, sealed.
    pub const fn kept(name: Zeroizing<Vec<u8>>) -> Self {
        Self { name }
    }

    /// What a keyring looks a person up by: these bytes under a key of its own.
    pub fn bytes(&self) -> &[u8] {
        &self.name
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Subject(..)")
    }
}

/// The key of one person's pseudonym. It is no data key: it has no use but [`TrailKey::pseudonym`], no room that
/// encrypts takes one, and guard's keys are another type.
pub struct TrailKey {
    bytes: Zeroizing<[u8; 32]>,
    /// It has taken the key in. It wipes itself.
    mac: Hmac<Sha256>,
}

impl TrailKey {
    pub fn random(rng: &mut dyn Rng) -> Self {
        Self::of(draw(rng))
    }

    /// As a keyring kept it.
    pub fn of(bytes: [u8; 32]) -> Self {
        let bytes = Zeroizing::new(bytes);
        // A key that is shorter than a block is filled up with zeroes.
        let mut block = Zeroizing::new([0; 64]);
        block.iter_mut().zip(*bytes).for_each(|(to, from)| *to = from);
        Self { mac: Hmac::new((&*block).into()), bytes }
    }

    /// For a keyring to keep: nobody else needs it.
    pub fn expose(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// HMAC-SHA-256 over `phiward-pseudonym-1`, a zero byte and the subject, its first 16 bytes.
    pub fn pseudonym(&self, subject: &Subject) -> Pseudonym {
        let mac = self.mac.clone().chain_update(b"phiward-pseudonym-1\0").chain_update(subject.bytes());
        let mac = mac.finalize().into_bytes();
        Pseudonym(std::array::from_fn(|at| mac.get(at).copied().unwrap_or(0)))
    }
}

impl fmt::Debug for TrailKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TrailKey(..)")
    }
}

/// Stands for a person, the same in every entry. Without the person's key nobody can tell who it is, nor find the
/// entries of a person; with the key destroyed, nobody can any more.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pseudonym([u8; 16]);

impl fmt::Display for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::names::hexadecimal(&self.0, f)
    }
}

impl fmt::Debug for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl serde::Serialize for Pseudonym {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Form for Pseudonym {
    fn shape() -> Shape {
        Shape::Text { doc: "a pseudonym of 32 lower-case hexadecimal digits", pattern: "^[0-9a-f]{32}$" }
    }

    fn read(node: &Node<'_>) -> Result<Self, Fault> {
        crate::names::Uid::of(form::text(node)?)
            .map(|id| Self(*id.bytes()))
            .map_err(|_| Fault::at(node.at, Wrong::NotA("a pseudonym of 32 lower-case hexadecimal digits")))
    }
}

/// Gives people their pseudonyms. Who holds the keys also has the duty to keep them: with the keys lost, nobody can
/// answer who saw a person's data in all the years that they cover.
pub trait Pseudonymiser: Send + Sync {
    /// The pseudonyms of these people, in order. A person who had no key has one now, and it is durable.
    fn pseudonyms(&self, subjects: &[Subject]) -> Result<Vec<Pseudonym>, PseudonymError>;

    /// The pseudonym of a person who has one: for questions, which make no keys.
    fn known(&self, subject: &Subject) -> Result<Option<Pseudonym>, PseudonymError>;
}

/// Why there is no pseudonym: what is to be recorded of the person must wait, and so must the act.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PseudonymError {
    #[error("the keyring cannot be used: {0}")]
    Keyring(String),
}
