//! The escrows that hold a ring, as lines of its head: `escrow <id> <day> <shares that open> <shares> <state>`.

use std::fmt::Write as _;

use jiff::civil::Date;
use journal::names::KeyId;

/// What an escrow is worth to whoever wants to undo a shredding. None goes back to one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EscrowState {
    /// Nobody was shredded and no data key was destroyed since.
    Kept,
    /// It brings back who was shredded since, or a data key that was destroyed: it must be destroyed.
    Undoes,
    /// Two people said that it is destroyed.
    Destroyed,
}

impl EscrowState {
    const ALL: [Self; 3] = [Self::Kept, Self::Undoes, Self::Destroyed];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Undoes => "undoes",
            Self::Destroyed => "destroyed",
        }
    }
}

/// An escrow that was made of the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Escrowed {
    pub id: KeyId,
    pub day: Date,
    /// Shares that open it.
    pub threshold: u8,
    pub shares: u8,
    pub state: EscrowState,
}

impl Escrowed {
    /// One of a line, without its first word.
    pub(super) fn of(line: &str) -> Option<Self> {
        let words: Vec<&str> = line.split(' ').collect();
        let [id, day, threshold, shares, state] = words.as_slice() else { return None };
        Some(Self {
            id: KeyId::of(id).ok()?,
            day: day.parse().ok()?,
            threshold: threshold.parse().ok()?,
            shares: shares.parse().ok()?,
            state: EscrowState::ALL.into_iter().find(|known| known.as_str() == *state)?,
        })
    }
}

pub(super) fn lines(escrows: &[Escrowed]) -> String {
    let mut text = String::new();
    for Escrowed { id, day, threshold, shares, state } in escrows {
        // Writing to a string does not fail.
        let _ = writeln!(text, "escrow {id} {day} {threshold} {shares} {}", state.as_str());
    }
    text
}

/// Adds what lines say that were kept elsewhere.
pub(super) fn take_over(escrows: &mut Vec<Escrowed>, lines: &str) {
    for other in lines.lines().filter_map(|line| Escrowed::of(line.strip_prefix("escrow ")?)) {
        match escrows.iter_mut().find(|known| known.id == other.id) {
            Some(known) => known.state = known.state.max(other.state),
            None => escrows.push(other),
        }
    }
}

/// What these hold is to be destroyed.
pub(super) fn doom(escrows: &mut [Escrowed]) {
    let kept = escrows.iter_mut().filter(|escrow| escrow.state == EscrowState::Kept);
    kept.for_each(|escrow| escrow.state = EscrowState::Undoes);
}

/// One is destroyed. Tells whether it is among them.
pub(super) fn destroyed(escrows: &mut [Escrowed], id: KeyId) -> bool {
    let found = escrows.iter_mut().find(|escrow| escrow.id == id);
    found.map(|escrow| escrow.state = EscrowState::Destroyed).is_some()
}
