//! Copies of data keys: backups under the same root, and what an escrow holds.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use journal::Rng;
use zeroize::{Zeroize as _, Zeroizing};

use super::reading::{Found, parsed, whole};
use super::{DataKeys, Kept, KeysError, io, is_tenant, label, seen_by};
use crate::durable::{self, Access, Own};
use crate::key::Secret;
use crate::ring::Drill;
use crate::root::{self, Root, RootError, WrappingKey};
use crate::seen::Seen;
use crate::token::KeyNumber;

/// Data keys as an escrow holds them, in clear: `tenant`, the file's own key, its generation and, where more were given
/// than stand there, the number of the next key; and a line a key.
const CLEAR: &str = "phiward-data-keys-in-clear/v1";

struct Clear {
    tenant: String,
    own: Secret,
    written: u64,
    /// Numbers below it were given.
    given: u32,
    /// The keys in the place of what wraps them.
    keys: BTreeMap<KeyNumber, Kept>,
}

impl Drop for Clear {
    fn drop(&mut self) {
        self.keys.values_mut().for_each(|kept| kept.wrapped.zeroize());
    }
}

impl Clear {
    fn read(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        let mut lines = text.lines();
        (lines.next()? == CLEAR).then_some(())?;
        let tenant = lines.next()?.strip_prefix("tenant ").filter(|name| is_tenant(name))?.to_owned();
        let (own, written) = lines.next()?.strip_prefix("own ")?.split_once(" written ")?;
        let (written, given) = written.split_once(" next ").unwrap_or((written, "0"));
        let (written, given) = (written.parse().ok()?, given.parse().ok()?);
        let own = Zeroizing::new(STANDARD.decode(own).ok()?);
        let own = Zeroizing::new(*own.first_chunk::<32>().filter(|_| own.len() == 32)?);
        let mut clear = Self { tenant, own, written, given, keys: BTreeMap::new() };
        for line in lines {
            let (number, kept) = parsed(line)?;
            clear.keys.insert(number, kept);
        }
        Some(clear)
    }

    /// Under a wrapping key. How often a key sealed since is not known: none seals any more.
    fn wrapped_by(&self, root: &dyn Root, wrapping: WrappingKey) -> Result<Found, KeysError> {
        let tenant = self.tenant.clone();
        let own_wrapped = root.wrap(wrapping, &label(&tenant, None, None), &self.own)?;
        let mut keys = BTreeMap::new();
        for (number, kept) in &self.keys {
            let Kept { class, state, day, seals, .. } = *kept;
            let mut kept = Kept { class, state, day, seals, wrapped: None, key: None };
            if let Some(secret) = self.secret(*number) {
                let label = label(&tenant, Some(*number), Some(class));
                kept.wrapped = Some(root.wrap(wrapping, &label, &secret)?);
            }
            kept.seal_no_more();
            keys.insert(*number, kept);
        }
        let (own, written, given) = (self.own.clone(), self.written + 1, self.given);
        Ok(Found { tenant, wrapping, retiring: None, ring: None, given, own, own_wrapped, written, keys })
    }

    fn secret(&self, number: KeyNumber) -> Option<Secret> {
        let secret = self.keys.get(&number)?.wrapped.as_ref()?;
        Some(Zeroizing::new(*secret.first_chunk::<32>().filter(|_| secret.len() == 32)?))
    }
}

impl DataKeys {
    /// Writes a copy to a new file. It opens by the same root, until the keys are wrapped anew.
    pub fn back_up(&self, to: &Path) -> Result<u64, KeysError> {
        durable::create(to, self.text()?.as_bytes(), Access::Owner).map_err(io(to))?;
        Ok(self.held())
    }

    /// Keys that are there: all but the destroyed.
    pub(crate) fn held(&self) -> u64 {
        self.keys.values().filter(|kept| kept.wrapped.is_some()).count() as u64
    }

    /// Opens every key of a backup and compares it; nothing where it opens no more, because the keys were wrapped anew.
    pub fn drill(&self, backup: &Path) -> Result<Option<Drill>, KeysError> {
        let found = match Found::read(backup, &whole(backup)?, &*self.root) {
            Err(KeysError::Root(RootError::Missing(_))) => return Ok(None),
            found => found?,
        };
        if found.own != self.own {
            return Err(KeysError::Refused("it is a backup of other data keys"));
        }
        self.compared(&found.keys, |number| found.secret(&*self.root, number)).map(Some)
    }

    fn compared(
        &self,
        theirs: &BTreeMap<KeyNumber, Kept>,
        secret: impl Fn(KeyNumber) -> Result<Option<Secret>, KeysError>,
    ) -> Result<Drill, KeysError> {
        let mut drill = Drill::default();
        for (number, kept) in &self.keys {
            match (&kept.wrapped, secret(*number)?) {
                (Some(_), None) => drill.missing += 1,
                (Some(wrapped), Some(other)) => {
                    let label = label(&self.tenant, Some(*number), Some(kept.class));
                    let equal = self.root.unwrap(self.wrapping, &label, wrapped)? == other;
                    *(if equal { &mut drill.same } else { &mut drill.different }) += 1;
                }
                (None, Some(_)) => drill.undead += 1,
                (None, None) => {}
            }
        }
        drill.lost = theirs.keys().filter(|number| !self.keys.contains_key(number)).count() as u64;
        Ok(drill)
    }

    /// Puts a backup where no keys are, after opening every key of it. Unless what was seen says that it is the newest,
    /// nobody knows how often a key sealed since: none seals any more. Tells whether they do.
    pub(crate) fn restore(
        backup: &Path,
        root: Arc<dyn Root>,
        (to, seen): (&Path, &Path),
        rng: Box<dyn Rng>,
    ) -> Result<(Self, bool), KeysError> {
        let mut found = Found::read(backup, &whole(backup)?, &*root)?;
        found.keys.keys().try_for_each(|number| found.secret(&*root, *number).map(|_| ()))?;
        let is_newest = Seen::is_newest(seen, "data-keys", seen_by(&found.own), (found.written, 0))?;
        if !is_newest {
            found.keys.values_mut().for_each(Kept::seal_no_more);
        }
        let file = Own::of(to).map_err(io(to))?;
        Ok((Self::of(found, file, root, rng)?.placed()?, is_newest))
    }

    /// The keys for an escrow, in clear.
    pub(crate) fn whole(&self) -> Result<Zeroizing<Vec<u8>>, KeysError> {
        let longest = 256 + 128 * self.keys.len();
        // It does not grow: what grows leaves what it held behind.
        let mut text = Zeroizing::new(String::with_capacity(longest));
        let encoded = |secret: &Secret| Zeroizing::new(STANDARD.encode(secret.as_slice()));
        // Writing to a string does not fail.
        let _ = writeln!(text, "{CLEAR}\ntenant {}", self.tenant);
        let _ = write!(text, "own {} written {}", *encoded(&self.own), self.written);
        let _ = match self.given > self.after_last() {
            true => writeln!(text, " next {}", self.given),
            false => writeln!(text),
        };
        for (number, kept) in &self.keys {
            let Kept { class, state, day, seals, wrapped, .. } = kept;
            let state = state.as_str();
            let _ = write!(text, "{number} {class} {state} {day} {seals} ");
            let _ = match wrapped {
                Some(wrapped) => {
                    let label = label(&self.tenant, Some(*number), Some(*class));
                    let secret = self.root.unwrap(self.wrapping, &label, wrapped)?;
                    writeln!(text, "{}", *encoded(&secret))
                }
                None => writeln!(text, "-"),
            };
        }
        Ok(Zeroizing::new(std::mem::take(&mut *text).into_bytes()))
    }

    /// [`DataKeys::drill`] of what an escrow holds.
    pub(crate) fn drill_whole(&self, text: &[u8]) -> Result<Drill, KeysError> {
        let clear = Clear::read(text).ok_or(KeysError::Refused(NOT_CLEAR))?;
        if clear.own != self.own {
            return Err(KeysError::Refused("it is an escrow of other data keys"));
        }
        self.compared(&clear.keys, |number| Ok(clear.secret(number)))
    }

    /// What an escrow holds, where no keys are: under a new wrapping key of another root. Nobody knows how often a key
    /// sealed since: those that were active open and seal no more, until somebody makes one active.
    pub(crate) fn of_whole(
        text: &[u8],
        to: &Path,
        root: Arc<dyn Root>,
        rng: Box<dyn Rng>,
    ) -> Result<Self, KeysError> {
        let clear = Clear::read(text).ok_or(KeysError::Refused(NOT_CLEAR))?;
        let file = Own::of(to).map_err(io(to))?;
        if to.exists() {
            return Err(io(to)(std::io::ErrorKind::AlreadyExists.into()));
        }
        root::under_new(&*Arc::clone(&root), |wrapping| {
            let found = clear.wrapped_by(&*root, wrapping)?;
            Self::of(found, file, root, rng)?.placed()
        })
    }
}

const NOT_CLEAR: &str = "the escrow holds no data keys of this version";
