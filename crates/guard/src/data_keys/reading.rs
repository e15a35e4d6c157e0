//! The file of data keys, read and not changed.

use std::collections::BTreeMap;
use std::path::Path;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use journal::names::KeyId;
use policy::vocabulary::Class;

use super::{Kept, KeysError, LONGEST, MAGIC, NEXT, io, is_tenant, label};
use crate::durable;
use crate::key::{KeyState, Secret};
use crate::root::{Root, WrappingKey};
use crate::token::KeyNumber;

/// A file as it is; of its keys none is unwrapped but its own.
pub(super) struct Found {
    pub(super) tenant: String,
    pub(super) wrapping: WrappingKey,
    pub(super) retiring: Option<WrappingKey>,
    pub(super) ring: Option<KeyId>,
    /// Numbers below it were given.
    pub(super) given: u32,
    pub(super) own: Secret,
    pub(super) own_wrapped: Vec<u8>,
    pub(super) written: u64,
    pub(super) keys: BTreeMap<KeyNumber, Kept>,
}

pub(super) fn whole(path: &Path) -> Result<Vec<u8>, KeysError> {
    let bytes = durable::read(path, LONGEST).map_err(io(path))?;
    bytes.ok_or_else(|| io(path)(std::io::ErrorKind::NotFound.into()))
}

impl Found {
    pub(super) fn read(path: &Path, bytes: &[u8], root: &dyn Root) -> Result<Self, KeysError> {
        let unreadable = |line, what| KeysError::Unreadable { path: path.to_owned(), line, what };
        let text = std::str::from_utf8(bytes).map_err(|_| unreadable(1, "it is no text"))?;
        let mut lines = text.split_inclusive('\n').zip(1..);
        let mut next = |what| {
            let (line, number) = lines.next().unwrap_or(("", 0));
            line.strip_suffix('\n').ok_or_else(|| unreadable(number, what))
        };
        if next("it is empty")? != MAGIC {
            return Err(unreadable(1, "it holds no data keys of this version"));
        }
        let tenant = next("the tenant is missing")?.strip_prefix("tenant ");
        let tenant =
            tenant.filter(|name| is_tenant(name)).ok_or_else(|| unreadable(2, "no tenant"))?.to_owned();
        let wrapped = next("the wrapping key is missing")?.strip_prefix("wrapped by ");
        let (wrapping, own_wrapped) = wrapped
            .and_then(|line| line.split_once(", "))
            .and_then(|(key, own)| Some((WrappingKey::parse(key)?, STANDARD.decode(own).ok()?)))
            .ok_or_else(|| unreadable(3, "no wrapping key"))?;
        let own = root.unwrap(wrapping, &label(&tenant, None, None), &own_wrapped)?;
        let end = text.trim_end_matches('\n').rfind('\n').map_or(0, |at| at + 1);
        let (lines, sum) = text.split_at_checked(end).unwrap_or((text, ""));
        let sum = sum.strip_prefix("sum ").and_then(|sum| STANDARD.decode(sum.strip_suffix('\n')?).ok());
        let own_key = hmac::Key::new(hmac::HMAC_SHA256, own.as_slice());
        let holds = sum.is_some_and(|sum| hmac::verify(&own_key, lines.as_bytes(), &sum).is_ok());
        if !holds {
            let line = lines.lines().count() + 1;
            return Err(unreadable(
                line,
                "the sum is not that of the lines: the file was changed or cut off",
            ));
        }
        // A file may say none of these: the first that were made do not count.
        let mut rest = lines.lines().zip(1..).skip(3).peekable();
        let mut said = |word: &str| {
            let said = rest.peek().and_then(|(line, _)| line.strip_prefix(word));
            said.inspect(|_| {
                rest.next();
            })
        };
        let written = said("written ").map_or(Some(0), |number| number.parse().ok());
        let written = written.ok_or_else(|| unreadable(4, "no generation"))?;
        let retiring = said("retiring ").and_then(WrappingKey::parse);
        let ring = match said("ring ").map(KeyId::of) {
            Some(Err(_)) => return Err(unreadable(5, "it names no ring of salts")),
            ring => ring.and_then(Result::ok),
        };
        let given = said(NEXT).map_or(Some(0), |number| number.parse().ok());
        let given = given.ok_or_else(|| unreadable(6, "no number of the next key"))?;
        let mut keys = BTreeMap::new();
        for (line, number) in rest {
            let (key, kept) = parsed(line).ok_or_else(|| unreadable(number, "it is no data key"))?;
            if keys.insert(key, kept).is_some() {
                return Err(unreadable(number, "a number stands twice"));
            }
        }
        Ok(Self { tenant, wrapping, retiring, ring, given, own, own_wrapped, written, keys })
    }

    /// A key that is there, unwrapped whatever its state.
    pub(super) fn secret(&self, root: &dyn Root, number: KeyNumber) -> Result<Option<Secret>, KeysError> {
        match self.keys.get(&number) {
            Some(Kept { class, wrapped: Some(wrapped), .. }) => {
                let label = label(&self.tenant, Some(number), Some(*class));
                Ok(Some(root.unwrap(self.wrapping, &label, wrapped)?))
            }
            _ => Ok(None),
        }
    }
}

/// A line of a key: number, class, state, day, seals, and what is wrapped.
pub(super) fn parsed(line: &str) -> Option<(KeyNumber, Kept)> {
    let mut words = line.split(' ');
    let mut next = || words.next();
    let number = KeyNumber::parse(next()?.as_bytes())?;
    let class = Class::of(next()?)?;
    let state = next()?;
    let state = KeyState::ALL.into_iter().find(|known| known.as_str() == state)?;
    let day = next()?.parse().ok()?;
    let seals = next()?.parse().ok()?;
    let wrapped = match next()? {
        "-" => None,
        wrapped => Some(STANDARD.decode(wrapped).ok()?),
    };
    let is_whole = words.next().is_none() && (state == KeyState::Destroyed) == wrapped.is_none();
    is_whole.then_some((number, Kept { class, state, day, seals, wrapped, key: None }))
}
