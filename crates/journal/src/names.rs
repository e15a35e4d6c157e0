//! What entries call things: each name is a type of its own with a closed alphabet, so that a patient's value has
//! no place to stand in. A name of the bundle is made from a bundle that declares it; what one was given by others is
//! drawn at random or is a digest. No error repeats what was refused.

use std::fmt;

use policy::Policy;
use sha2::{Digest as _, Sha256};

use crate::clock::Rng;
use crate::form::{self, Fault, Form, Shape, Wrong};
use crate::json::Node;

/// A text is not what its place asks for. It does not say which text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not {0}")]
pub struct Unfit(&'static str);

impl Unfit {
    pub(crate) const fn new(what: &'static str) -> Self {
        Self(what)
    }
}

/// The value of a lower-case hexadecimal digit.
const fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}

/// Writes bytes in lower-case hexadecimal: entries are full of them, and the formatter takes them one at a time.
pub(crate) fn hexadecimal(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let written = |half: u8| if half < 10 { b'0' + half } else { b'a' + half - 10 };
    let mut text = [0; 64];
    for run in bytes.chunks(text.len() / 2) {
        for (pair, byte) in text.as_chunks_mut::<2>().0.iter_mut().zip(run) {
            *pair = [written(byte >> 4), written(byte & 15)];
        }
        let text = text.get(..2 * run.len()).and_then(|text| std::str::from_utf8(text).ok());
        f.write_str(text.unwrap_or_default())?;
    }
    Ok(())
}

/// Bytes, written in hexadecimal after a prefix.
macro_rules! hexadecimal {
    (
        $(#[doc = $doc:literal])*
        pub struct $type:ident[$length:literal] = $what:literal, $prefix:literal, $pattern:literal
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $type([u8; $length]);

        impl $type {
            pub const fn bytes(&self) -> &[u8; $length] {
                &self.0
            }

            pub(crate) fn shaped(text: &str) -> Option<Self> {
                let (pairs, []) = text.strip_prefix($prefix)?.as_bytes().as_chunks::<2>() else { return None };
                if pairs.len() != $length {
                    return None;
                }
                let mut bytes = [0; $length];
                for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
                    *byte = digit(*high)? << 4 | digit(*low)?;
                }
                Some(Self(bytes))
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str($prefix)?;
                hexadecimal(&self.0, f)
            }
        }

        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl Form for $type {
            fn shape() -> Shape {
                Shape::Text { doc: $what, pattern: $pattern }
            }

            fn read(node: &Node<'_>) -> Result<Self, Fault> {
                Self::shaped(form::text(node)?).ok_or(Fault::at(node.at, Wrong::NotA($what)))
            }
        }
    };
}

hexadecimal! {
    /// Keeps two equal acts from having equal bytes, and a digest of an entry from being guessed.
    pub struct Salt[16] = "a salt of 32 lower-case hexadecimal digits", "", "^[0-9a-f]{32}$"
}

hexadecimal! {
    /// Names an incident, a grant, a campaign, a call: drawn at random, it says nothing by itself.
    pub struct Uid[16] = "an id of 32 lower-case hexadecimal digits", "", "^[0-9a-f]{32}$"
}

hexadecimal! {
    /// Joins entries that come from one call.
    pub struct Correlation[16] = "a correlation id of 32 lower-case hexadecimal digits", "", "^[0-9a-f]{32}$"
}

hexadecimal! {
    /// Names a key without saying anything of it.
    pub struct KeyId[8] = "a key id of 16 lower-case hexadecimal digits", "", "^[0-9a-f]{16}$"
}

hexadecimal! {
    /// SHA-256 of something that is no patient's data: a bundle, a report, a model, a tree.
    pub struct Digest[32] = "a digest, `sha256:` and 64 lower-case hexadecimal digits", "sha256:",
    "^sha256:[0-9a-f]{64}$"
}

hexadecimal! {
    /// What people wrote or a model was given, by a digest that cannot be guessed: see [`Blinded::of`].
    pub struct Blinded[32] = "a blinded digest, `blind:` and 64 lower-case hexadecimal digits", "blind:",
    "^blind:[0-9a-f]{64}$"
}

impl Salt {
    pub fn random(rng: &mut dyn Rng) -> Self {
        Self(crate::clock::draw(rng))
    }
}

impl Uid {
    pub fn random(rng: &mut dyn Rng) -> Self {
        Self(crate::clock::draw(rng))
    }

    /// As people copy it from a page or another entry.
    pub fn of(text: &str) -> Result<Self, Unfit> {
        Self::shaped(text).ok_or(Unfit("an id of 32 lower-case hexadecimal digits"))
    }
}

impl Correlation {
    pub fn random(rng: &mut dyn Rng) -> Self {
        Self(crate::clock::draw(rng))
    }

    /// Of the id that a caller sent along (a trace id, `X-Request-Id`): of its digest, for a caller can write
    /// anything there. 16 bytes of SHA-256 over `phiward-correlation-1`, a zero byte, and the id.
    pub fn of_trace(id: &[u8]) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"phiward-correlation-1\0");
        hash.update(id);
        let mut first = [0; 16];
        first.iter_mut().zip(hash.finalize()).for_each(|(to, from)| *to = from);
        Self(first)
    }
}

impl KeyId {
    pub fn random(rng: &mut dyn Rng) -> Self {
        Self(crate::clock::draw(rng))
    }

    /// As what keeps the key names it.
    pub const fn of_bytes(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }

    pub fn of(text: &str) -> Result<Self, Unfit> {
        Self::shaped(text).ok_or(Unfit("a key id of 16 lower-case hexadecimal digits"))
    }
}

impl Digest {
    /// Of these bytes. Not for a patient's data, whose digest could be guessed: see [`Blinded::of`].
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// The bundle's own.
    pub const fn of_policy(digest: &policy::digest::Digest) -> Self {
        Self(*digest.bytes())
    }

    /// A SHA-256 that was computed already, as the root of a tree.
    pub const fn of_hash(hash: [u8; 32]) -> Self {
        Self(hash)
    }
}

impl From<policy::digest::Digest> for Digest {
    fn from(digest: policy::digest::Digest) -> Self {
        Self(*digest.bytes())
    }
}

impl Blinded {
    /// SHA-256 over `phiward-blinded-1`, a zero byte, the nonce, and the content. Whoever keeps the content keeps
    /// the nonce with it, and can show later that this was it; without the nonce nobody can try words until one
    /// fits.
    pub fn of(nonce: &[u8; 32], content: &[u8]) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"phiward-blinded-1\0");
        hash.update(nonce);
        hash.update(content);
        Self(hash.finalize().into())
    }
}

/// Text that keeps to a form.
macro_rules! name {
    (
        $(#[doc = $doc:literal])*
        pub struct $type:ident = $what:literal, $pattern:expr, $valid:expr
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $type(Box<str>);

        impl $type {
            pub(crate) fn shaped(text: &str) -> Result<Self, Unfit> {
                let valid: fn(&str) -> bool = $valid;
                if valid(text) { Ok(Self(text.into())) } else { Err(Unfit($what)) }
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl Form for $type {
            fn shape() -> Shape {
                Shape::Text { doc: $what, pattern: $pattern }
            }

            fn read(node: &Node<'_>) -> Result<Self, Fault> {
                Self::shaped(form::text(node)?).map_err(|Unfit(what)| Fault::at(node.at, Wrong::NotA(what)))
            }
        }
    };
}

/// A name that a bundle gives, made only of a bundle that gives it.
macro_rules! declared {
    (
        $(#[doc = $doc:literal])*
        pub struct $type:ident = $what:literal, $given:expr
    ) => {
        name! {
            $(#[doc = $doc])*
            pub struct $type = $what, ID_PATTERN, is_id
        }

        impl $type {
            /// The name as the bundle gives it; nothing that it does not give is one.
            pub fn declared(policy: &Policy, id: &str) -> Result<Self, Unfit> {
                let given: fn(&Policy, &str) -> bool = $given;
                if given(policy, id) { Self::shaped(id) } else { Err(Unfit($what)) }
            }

            pub(crate) fn is_declared(&self, policy: &Policy) -> bool {
                let given: fn(&Policy, &str) -> bool = $given;
                given(policy, &self.0)
            }
        }
    };
}

/// Six digits are a year and a month, and fewer than any number of a person: a national number has nine, a
/// telephone number ten, a day of birth eight.
const DIGITS_OF_AN_ID: usize = 6;
/// A day is in the name of many a field (`Import_20260115__c`), nothing longer.
const DIGITS_OF_A_NAME: usize = 8;

const ID_PATTERN: &str = "^(?=.*[a-z])(?!([^0-9]*[0-9]){7})[a-z0-9][a-z0-9-]{0,63}$";
const NAME_PATTERN: &str = "^(?!([^0-9]*[0-9]){9})[A-Za-z][A-Za-z0-9_]{0,79}$";

fn digits(text: &str) -> usize {
    text.bytes().filter(u8::is_ascii_digit).count()
}

fn is_id(text: &str) -> bool {
    let body = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.len() <= 64
        && text.bytes().next().is_some_and(body)
        && text.bytes().all(|byte| body(byte) || byte == b'-')
        && text.bytes().any(|byte| byte.is_ascii_lowercase())
        && digits(text) <= DIGITS_OF_AN_ID
}

fn is_api_name(text: &str) -> bool {
    text.len() <= 80
        && text.bytes().next().is_some_and(|byte| byte.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && digits(text) <= DIGITS_OF_A_NAME
}

fn is_region(text: &str) -> bool {
    text.len() <= 32 && digits(text) <= 3 && policy::vocabulary::Region::of(text).is_some()
}

fn is_version(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    let number = |part: &&str| (1..=4).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    parts.len() == 3 && parts.iter().all(number) && digits(text) <= DIGITS_OF_AN_ID
}

/// Three characters of the object, then the instance and a counter, then a checksum of upper and lower case.
fn is_record_id(text: &str) -> bool {
    let parts = text.as_bytes().split_first_chunk::<15>();
    parts.is_some_and(|(own, sum)| checksum(own).is_some_and(|right| sum == right))
}

fn checksum(text: &[u8; 15]) -> Option<[u8; 3]> {
    const CHECK: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
    let form = text.iter().all(u8::is_ascii_alphanumeric) && text.iter().take(7).any(u8::is_ascii_digit);
    if !form {
        return None;
    }
    let mut sum = [0; 3];
    for (sign, five) in sum.iter_mut().zip(text.as_chunks::<5>().0) {
        let bit = |(at, byte): (usize, &u8)| usize::from(byte.is_ascii_uppercase()) << at;
        *sign = *CHECK.get(five.iter().enumerate().map(bit).sum::<usize>())?;
    }
    Some(sum)
}

name! {
    /// The API name of an object or field of Salesforce, with its namespace and suffix.
    pub struct ApiName = "an API name", NAME_PATTERN, is_api_name
}

impl ApiName {
    pub fn of(text: &str) -> Result<Self, Unfit> {
        Self::shaped(text)
    }
}

name! {
    /// The id of a record of Salesforce, always in the form of 18 characters.
    pub struct RecordId = "a record id of 15 or 18 characters with its checksum",
    "^(?=.{0,6}[0-9])[A-Za-z0-9]{15}[A-Z0-5]{3}$", is_record_id
}

impl RecordId {
    /// Of the 15 characters, or of the 18 where the checksum is right.
    pub fn of(text: &str) -> Result<Self, Unfit> {
        let short: Option<&[u8; 15]> = text.as_bytes().try_into().ok();
        match short.and_then(checksum).as_ref().map(|sum| std::str::from_utf8(sum)) {
            Some(Ok(sum)) => Ok(Self([text, sum].concat().into())),
            _ => Self::shaped(text),
        }
    }
}

name! {
    /// Where data or people are, in law.
    pub struct Region = "a region", "^(?!([^0-9]*[0-9]){4})[a-z]{2,3}(-[a-z0-9-]{1,28})?$", is_region
}

impl Region {
    pub fn of(region: &policy::vocabulary::Region) -> Result<Self, Unfit> {
        Self::shaped(region.as_str())
    }
}

name! {
    /// A program's version: three numbers.
    pub struct Version = "a version of three numbers", "^(?!([^0-9]*[0-9]){7})[0-9]{1,4}([.][0-9]{1,4}){2}$", is_version
}

impl Version {
    pub fn of(text: &str) -> Result<Self, Unfit> {
        Self::shaped(text)
    }
}

name! {
    /// Which process writes: a gateway, a ledger, a console. It names a shard.
    pub struct Writer = "the name of a writer: lower-case letters, digits and hyphens", ID_PATTERN, is_id
}

impl Writer {
    /// As the configuration of the process says.
    pub fn of(text: &str) -> Result<Self, Unfit> {
        Self::shaped(text)
    }
}

name! {
    /// The stable code of a reason that [`policy::decide`] gave.
    pub struct Code = "the code of a reason", ID_PATTERN, is_id
}

impl Code {
    pub fn of(reason: &policy::Reason) -> Result<Self, Unfit> {
        Self::shaped(&reason.code)
    }
}

name! {
    /// What would settle a question that stayed open.
    pub struct Missing = "the name of a missing fact", ID_PATTERN, is_id
}

impl Missing {
    /// Every one that an open answer names.
    pub fn all(open: &policy::Undetermined) -> Result<Vec<Self>, Unfit> {
        open.missing.iter().map(|fact| Self::shaped(fact)).collect()
    }
}

name! {
    /// An item of the control catalogue: the list is closed, and no id ever leaves it.
    pub struct ControlId = "the id of a control", "^[A-Za-z0-9][A-Za-z0-9.-]{0,31}$", |text| {
        policy::controls::catalogue().control(text).is_some()
    }
}

impl ControlId {
    /// An id of the shipped catalogue.
    pub fn of(id: &str) -> Result<Self, Unfit> {
        Self::shaped(id)
    }
}

declared! {
    /// Who acts: an identity or an audience of the bundle.
    pub struct Identity = "an identity or audience of the bundle",
    |policy, id| policy.identity(id).is_some() || policy.audience(id).is_some()
}

declared! {
    /// Who receives.
    pub struct Party = "a party of the bundle", |policy, id| policy.party(id).is_some()
}

declared! {
    pub struct Flow = "a flow of the bundle", |policy, id| policy.flow(id).is_some()
}

declared! {
    pub struct Model = "a model of the bundle", |policy, id| policy.model(id).is_some()
}

declared! {
    /// A Salesforce org.
    pub struct Org = "an org of the bundle", |policy, id| policy.org(id).is_some()
}

declared! {
    /// A limit within which a grant may lift a rule of the organisation's own.
    pub struct Ceiling = "a ceiling of the bundle", |policy, id| policy.ceiling(id).is_some()
}

declared! {
    /// A person who approves.
    pub struct Approver = "an approver of the bundle", |policy, id| {
        policy.approvers().is_some_and(|all| all.people.iter().any(|one| one.id.as_str() == id))
    }
}
