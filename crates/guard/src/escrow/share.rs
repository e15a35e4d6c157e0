//! A share of an escrow's key, as text that somebody keeps.
//!
//! ```text
//! phiward-escrow-share/v1
//! escrow <id>
//! day <when it was made>
//! share <place> of <shares>, <threshold> open it
//! piece <base64 of 32 bytes>
//! check <first 8 bytes of SHA-256 of the lines before, in hexadecimal>
//! ```

use std::fmt::{self, Write as _};

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::civil::Date;
use journal::names::KeyId;
use zeroize::Zeroizing;

use crate::key::Secret;

const MAGIC: &str = "phiward-escrow-share/v1";
/// More bytes than the text of a share has.
const LONGEST: usize = 256;

/// A share of the key of one escrow.
#[derive(Clone)]
pub struct Share {
    pub(super) escrow: KeyId,
    pub(super) day: Date,
    pub(super) place: u8,
    pub(super) threshold: u8,
    pub(super) shares: u8,
    pub(super) piece: Secret,
}

fn check(lines: &str) -> String {
    let sum = digest::digest(&digest::SHA256, lines.as_bytes());
    sum.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

impl Share {
    /// The escrow that it is of.
    pub const fn escrow(&self) -> KeyId {
        self.escrow
    }

    /// Which of the shares it is, from 1.
    pub const fn place(&self) -> u8 {
        self.place
    }

    pub fn text(&self) -> Zeroizing<String> {
        let Self { escrow, day, place, threshold, shares, piece } = self;
        let piece = Zeroizing::new(STANDARD.encode(piece.as_slice()));
        // It does not grow: what grows leaves what it held behind.
        let mut text = Zeroizing::new(String::with_capacity(LONGEST));
        // Writing to a string does not fail.
        let _ = write!(
            text,
            "{MAGIC}\nescrow {escrow}\nday {day}\nshare {place} of {shares}, {threshold} open it\npiece {}\n",
            *piece
        );
        let check = check(&text);
        let _ = writeln!(text, "check {check}");
        text
    }

    /// A share as somebody kept it, or what is wrong with it. Blanks and line ends around lines do not matter: people
    /// copy them.
    pub fn read(text: &str) -> Result<Self, &'static str> {
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let mut next = |word: &str| lines.next().and_then(|line| line.strip_prefix(word)).map(str::trim);
        if next(MAGIC) != Some("") {
            return Err("it is no share of this version");
        }
        let escrow = next("escrow ").and_then(|id| KeyId::of(id).ok());
        let day = next("day ").and_then(|day| day.parse().ok());
        let numbers = next("share ").and_then(|line| {
            let (place, rest) = line.split_once(" of ")?;
            let (shares, rest) = rest.split_once(", ")?;
            Some((place.parse().ok()?, shares.parse().ok()?, rest.strip_suffix(" open it")?.parse().ok()?))
        });
        let piece = next("piece ").and_then(|piece| STANDARD.decode(piece).ok()).map(Zeroizing::new);
        let piece =
            piece.and_then(|piece| Some(Zeroizing::new(<[u8; 32]>::try_from(piece.as_slice()).ok()?)));
        let given = next("check ");
        let (Some(escrow), Some(day), Some((place, shares, threshold)), Some(piece), Some(given)) =
            (escrow, day, numbers, piece, given)
        else {
            return Err("a line of it is missing or was mistyped");
        };
        let share = Self { escrow, day, place, threshold, shares, piece };
        let whole = share.text();
        let own = whole.trim_end().rsplit(' ').next();
        if own != Some(given) {
            return Err("its check is another: a character of it was mistyped or changed");
        }
        if place == 0 || place > shares || threshold == 0 || threshold > shares {
            return Err("its numbers contradict each other");
        }
        Ok(share)
    }

    /// What the escrow's file says of the piece, so that a wrong one is known by itself.
    pub(super) fn digest(&self) -> String {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(b"phiward-escrow-share-1\0");
        context.update(self.escrow.bytes());
        context.update(&[self.place]);
        context.update(self.piece.as_slice());
        context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl fmt::Debug for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Share")
            .field("escrow", &self.escrow)
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}
