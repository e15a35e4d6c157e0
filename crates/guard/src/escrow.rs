//! All keys of a tenant in one sealed file, whose key is split among people: for when the root is lost.
//!
//! ```text
//! phiward-escrow/v1
//! escrow <id>
//! tenant <tenant>
//! day <when it was made>
//! shares <shares>, <threshold> open it
//! share <place> <SHA-256 of the share, in hexadecimal>      one line a share
//! ---
//! <nonce, ciphertext and tag>
//! ```
//!
//! The lines are bound to what is sealed, AES-256-GCM under the key that was split. An escrow is older than every
//! shredding that comes after it, and undoes it as long as the file and so many people with their shares exist: the
//! ring of salts remembers each escrow, and says which are to be destroyed.

mod shamir;
mod share;

use std::fmt::{self, Write as _};
use std::path::Path;

use jiff::civil::Date;
use journal::Rng;
use journal::names::KeyId;
use zeroize::Zeroizing;

use crate::GuardError;
use crate::durable;
use crate::key::Secret;
use crate::vault::Cipher;
pub use share::Share;

const MAGIC: &str = "phiward-escrow/v1";
const SEPARATOR: &str = "\n---\n";
/// Two rings and the data keys.
const LONGEST: u64 = 5 << 29;

const DATA: u8 = 1;
const SALTS: u8 = 2;
const TRAIL: u8 = 3;

/// Why an escrow is not made or does not open.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EscrowError {
    #[error("`{path}`: {error}", path = path.display())]
    Io { path: std::path::PathBuf, error: std::io::Error },
    #[error("`{path}`: {what}", path = path.display())]
    Unreadable { path: std::path::PathBuf, what: &'static str },
    #[error("{0}")]
    Refused(&'static str),
    #[error("{}", named(.0))]
    Shares(Vec<(String, String)>),
    #[error("{}, and {needed} open the escrow: nothing was done", given_of(*given))]
    TooFew { given: usize, needed: u8 },
    #[error(transparent)]
    Guard(#[from] GuardError),
}

fn given_of(shares: usize) -> String {
    if shares == 1 { "1 share was given".to_owned() } else { format!("{shares} shares were given") }
}

fn named(wrong: &[(String, String)]) -> String {
    let each: Vec<String> = wrong.iter().map(|(name, what)| format!("share `{name}`: {what}")).collect();
    each.join("\n")
}

/// What the lines of an escrow say: id, tenant, how many shares open it, and the digest of each.
type Lines = (KeyId, String, u8, Vec<(u8, String)>);

/// A ring: its two keys and its file.
pub(crate) type WholeRing = (Zeroizing<[u8; 64]>, Vec<u8>);

/// What an escrow holds.
pub(crate) struct Contents {
    pub(crate) data: Zeroizing<Vec<u8>>,
    pub(crate) salts: WholeRing,
    pub(crate) trail: Option<WholeRing>,
}

impl Contents {
    fn bytes(&self) -> Zeroizing<Vec<u8>> {
        let ring = |(keys, file): &WholeRing| keys.len() + file.len();
        let length = 27 + self.data.len() + ring(&self.salts) + self.trail.as_ref().map_or(0, ring);
        // It does not grow: what grows leaves what it held behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(length));
        let mut part = |kind: u8, parts: &[&[u8]]| {
            bytes.push(kind);
            let length: usize = parts.iter().map(|part| part.len()).sum();
            bytes.extend_from_slice(&(length as u64).to_be_bytes());
            parts.iter().for_each(|part| bytes.extend_from_slice(part));
        };
        part(DATA, &[&self.data]);
        part(SALTS, &[self.salts.0.as_slice(), &self.salts.1]);
        if let Some((keys, file)) = &self.trail {
            part(TRAIL, &[keys.as_slice(), file]);
        }
        bytes
    }

    fn read(mut bytes: &[u8]) -> Option<Self> {
        let (mut data, mut salts, mut trail) = (None, None, None);
        while let Some((kind, rest)) = bytes.split_first() {
            let (length, rest) = rest.split_first_chunk::<8>()?;
            let (part, rest) = rest.split_at_checked(usize::try_from(u64::from_be_bytes(*length)).ok()?)?;
            let ring = || {
                let (keys, file) = part.split_first_chunk::<64>()?;
                Some((Zeroizing::new(*keys), file.to_vec()))
            };
            match *kind {
                DATA => data = Some(Zeroizing::new(part.to_vec())),
                SALTS => salts = Some(ring()?),
                TRAIL => trail = Some(ring()?),
                _ => return None,
            }
            bytes = rest;
        }
        Some(Self { data: data?, salts: salts?, trail })
    }
}

/// How an escrow is made.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    pub id: KeyId,
    pub day: Date,
    /// Shares that open it.
    pub threshold: u8,
    pub shares: u8,
}

impl Terms {
    /// Terms of an escrow that nobody made yet. One person alone must not open it.
    pub fn new(day: Date, threshold: u8, shares: u8, rng: &mut dyn Rng) -> Result<Self, EscrowError> {
        if threshold < 2 || threshold > shares {
            return Err(EscrowError::Refused(
                "two shares at least open an escrow, and no more than there are: --threshold and --shares",
            ));
        }
        Ok(Self { id: KeyId::random(rng), day, threshold, shares })
    }
}

/// The file of an escrow, and its shares.
pub(crate) fn seal(
    contents: &Contents,
    tenant: &str,
    terms: &Terms,
    rng: &mut dyn Rng,
) -> Result<(Vec<u8>, Vec<Share>), EscrowError> {
    let Terms { id, day, threshold, shares } = *terms;
    let mut key = Secret::default();
    rng.fill(key.as_mut_slice());
    let share = |place| Share { escrow: id, day, place, threshold, shares, piece: Secret::default() };
    let mut all: Vec<Share> = (1..=shares).map(share).collect();
    shamir::split(&key, threshold, all.iter_mut().map(|share| (share.place, &mut share.piece)), rng);
    let mut head =
        format!("{MAGIC}\nescrow {id}\ntenant {tenant}\nday {day}\nshares {shares}, {threshold} open it");
    for share in &all {
        // Writing to a string does not fail.
        let _ = write!(head, "\nshare {} {}", share.place, share.digest());
    }
    head.push_str(SEPARATOR);
    let mut file = head.clone().into_bytes();
    file.extend_from_slice(&Cipher::new(&key)?.seal(head.as_bytes(), &contents.bytes(), rng)?);
    Ok((file, all))
}

/// The file of an escrow as it lies there.
pub struct Escrow {
    path: std::path::PathBuf,
    head: String,
    sealed: Vec<u8>,
    id: KeyId,
    tenant: String,
    threshold: u8,
    digests: Vec<(u8, String)>,
}

impl fmt::Debug for Escrow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Escrow").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Escrow {
    pub fn read(path: &Path) -> Result<Self, EscrowError> {
        let io = |error| EscrowError::Io { path: path.to_owned(), error };
        let unreadable = |what| EscrowError::Unreadable { path: path.to_owned(), what };
        let bytes = durable::read(path, LONGEST).map_err(io)?;
        let bytes = bytes.ok_or_else(|| io(std::io::ErrorKind::NotFound.into()))?;
        let start = bytes.get(..bytes.len().min(64 * 1024)).unwrap_or_default();
        let is_end = |five: &[u8]| five == SEPARATOR.as_bytes();
        let end = start.windows(SEPARATOR.len()).position(is_end);
        let end = end.ok_or_else(|| unreadable("it is no escrow of this version"))? + SEPARATOR.len();
        let (head, sealed) = bytes.split_at_checked(end).unwrap_or_default();
        let head = std::str::from_utf8(head).map_err(|_| unreadable("it is no escrow of this version"))?;
        let parsed = Self::parsed(head).ok_or_else(|| unreadable("its lines are not those of an escrow"))?;
        let (id, tenant, threshold, digests) = parsed;
        let (path, head, sealed) = (path.to_owned(), head.to_owned(), sealed.to_vec());
        Ok(Self { path, head, sealed, id, tenant, threshold, digests })
    }

    fn parsed(head: &str) -> Option<Lines> {
        let mut lines = head.strip_suffix(SEPARATOR)?.lines();
        (lines.next()? == MAGIC).then_some(())?;
        let id = KeyId::of(lines.next()?.strip_prefix("escrow ")?).ok()?;
        let tenant = lines.next()?.strip_prefix("tenant ")?.to_owned();
        lines.next()?.strip_prefix("day ")?.parse::<Date>().ok()?;
        let (_, threshold) = lines.next()?.strip_prefix("shares ")?.split_once(", ")?;
        let threshold = threshold.strip_suffix(" open it")?.parse().ok()?;
        let digests = lines.map(|line| {
            let (place, digest) = line.strip_prefix("share ")?.split_once(' ')?;
            Some((place.parse().ok()?, digest.to_owned()))
        });
        Some((id, tenant, threshold, digests.collect::<Option<_>>()?))
    }

    pub const fn id(&self) -> KeyId {
        self.id
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Whose keys they are.
    pub fn tenant(&self) -> &str {
        &self.tenant
    }

    /// Whether these shares open it: asked before anything is made that it is to be put into.
    pub fn opens_by(&self, shares: &[(String, Share)]) -> Result<(), EscrowError> {
        self.open(shares).map(drop)
    }

    /// What it holds, by shares that are named as people know them. Every share that is wrong is told, by its name.
    pub(crate) fn open(&self, shares: &[(String, Share)]) -> Result<Contents, EscrowError> {
        let mut wrong: Vec<(String, String)> = Vec::new();
        let mut pieces: Vec<(u8, &Secret)> = Vec::new();
        for (name, share) in shares {
            let digest = self.digests.iter().find(|(place, _)| *place == share.place);
            let what = if share.escrow != self.id {
                Some(format!("it is of escrow {}, and this is {}", share.escrow, self.id))
            } else if pieces.iter().any(|(place, _)| *place == share.place) {
                Some(format!("share {} was given already", share.place))
            } else if digest.is_none_or(|(_, digest)| *digest != share.digest()) {
                Some(format!("it is not share {} as it was given out: it was changed", share.place))
            } else {
                pieces.push((share.place, &share.piece));
                None
            };
            wrong.extend(what.map(|what| (name.clone(), what)));
        }
        if !wrong.is_empty() {
            return Err(EscrowError::Shares(wrong));
        }
        if pieces.len() < usize::from(self.threshold) || pieces.len() < 2 {
            return Err(EscrowError::TooFew { given: pieces.len(), needed: self.threshold.max(2) });
        }
        let unreadable = |what| EscrowError::Unreadable { path: self.path.clone(), what };
        let plain = Cipher::new(&shamir::joined(&pieces))?.open(self.head.as_bytes(), &self.sealed);
        let plain =
            plain.ok_or_else(|| unreadable("the shares are right, and the file was changed or cut off"))?;
        Contents::read(&plain).ok_or_else(|| unreadable("it holds no keys of this version"))
    }
}
