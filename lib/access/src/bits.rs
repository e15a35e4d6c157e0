//! Sets of small numbers, one bit each.

#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Bits {
    words: Vec<u64>,
}

const WORD: usize = u64::BITS as usize;

impl Bits {
    pub(crate) fn empty(length: usize) -> Self {
        Self { words: vec![0; length.div_ceil(WORD)] }
    }

    pub(crate) fn full(length: usize) -> Self {
        Self { words: vec![u64::MAX; length.div_ceil(WORD)] }
    }

    pub(crate) fn has(&self, at: usize) -> bool {
        self.words.get(at / WORD).is_some_and(|word| word >> (at % WORD) & 1 == 1)
    }

    pub(crate) fn add(&mut self, at: usize) {
        if let Some(word) = self.words.get_mut(at / WORD) {
            *word |= 1 << (at % WORD);
        }
    }

    /// Eight bits from `at`, a multiple of eight.
    pub(crate) fn byte(&self, at: usize) -> u8 {
        let word = self.words.get(at / WORD).copied().unwrap_or(0);
        word.to_le_bytes().get(at % WORD / 8).copied().unwrap_or(0)
    }

    /// Adds eight bits at `at`, a multiple of eight.
    pub(crate) fn add_byte(&mut self, at: usize, byte: u8) {
        if let Some(word) = self.words.get_mut(at / WORD) {
            *word |= u64::from(byte) << (at % WORD);
        }
    }

    pub(crate) fn union(&mut self, other: &Bits) {
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            *word |= other;
        }
    }

    pub(crate) fn minus(&mut self, other: &Bits) {
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            *word &= !other;
        }
    }

    pub(crate) fn clear(&mut self) {
        self.words.fill(0);
    }
}

/// For each item, what is surely granted and what may be; `maybe` holds all of `yes`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Grant {
    pub(crate) yes: Bits,
    pub(crate) maybe: Bits,
}

impl Grant {
    pub(crate) fn nothing(length: usize) -> Self {
        Self { yes: Bits::empty(length), maybe: Bits::empty(length) }
    }

    pub(crate) fn unknown(length: usize) -> Self {
        Self { yes: Bits::empty(length), maybe: Bits::full(length) }
    }

    pub(crate) fn at(&self, item: usize) -> crate::Answer {
        crate::Answer::from_bounds(self.yes.has(item), self.maybe.has(item))
    }

    pub(crate) fn or(&mut self, other: &Grant) {
        self.yes.union(&other.yes);
        self.maybe.union(&other.maybe);
    }

    /// Grant and not muted.
    pub(crate) fn mute(&mut self, muted: &Grant) {
        self.yes.minus(&muted.maybe);
        self.maybe.minus(&muted.yes);
    }
}
