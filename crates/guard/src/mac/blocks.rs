//! On the hash of blocks: RFC 2104 over FIPS 180-4. What a library keeps between the parts of a message costs as much
//! again as hashing a short one does, and all that is keyed here is short.

use sha2::block_api::compress256;
use zeroize::{Zeroize as _, Zeroizing};

use super::LEN;
use crate::error::GuardError;

/// Between two blocks.
type State = Zeroizing<[u32; 8]>;

/// FIPS 180-4, 5.3.3.
const FIRST: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

const BLOCK: usize = 64;

/// It has taken its key in, and wipes itself.
pub(crate) struct Mac {
    /// After the block of the key that comes before a message.
    inner: State,
    /// And after the one that comes before the hash of that.
    outer: State,
}

impl Mac {
    pub(crate) fn new(key: &[u8; LEN]) -> Self {
        let after = |pad| {
            // A key that is shorter than a block is filled up with zeroes.
            let mut block = Zeroizing::new([pad; BLOCK]);
            block.iter_mut().zip(key).for_each(|(to, from)| *to ^= *from);
            let mut state = Zeroizing::new(FIRST);
            compress256(&mut state, std::slice::from_ref(&*block));
            state
        };
        Self { inner: after(0x36), outer: after(0x5c) }
    }

    /// A key from this one: NIST SP 800-108r1, 4.1, counter mode with the counter in 32 bits before what is fixed, which
    /// comes in parts.
    pub(crate) fn derive<'p>(
        &self,
        fixed: impl Iterator<Item = &'p [u8]> + Clone,
        into: &mut [u8],
    ) -> Result<(), GuardError> {
        for (counter, piece) in (1..=u32::MAX).zip(into.chunks_mut(LEN)) {
            let counter: [u8; 4] = counter.to_be_bytes();
            self.write(
                [counter.as_slice()].into_iter().chain(fixed.clone().map(|part| -> &[u8] { part })),
                piece,
            );
        }
        Ok(())
    }

    /// Of a message that comes in parts.
    pub(crate) fn of(&self, message: &[&[u8]]) -> [u8; LEN] {
        let mut made = [0; LEN];
        self.write(message.iter().copied(), &mut made);
        made
    }

    /// As much of it as there is room for.
    fn write<'p>(&self, message: impl Iterator<Item = &'p [u8]>, into: &mut [u8]) {
        let mut inner = Zeroizing::new([0; LEN]);
        write(&hashed(&self.inner, message), inner.as_mut_slice());
        write(&hashed(&self.outer, [inner.as_slice()].into_iter()), into);
    }
}

fn write(state: &State, into: &mut [u8]) {
    let (words, rest) = into.as_chunks_mut();
    let mut from = state.iter().map(|word| word.to_be_bytes());
    words.iter_mut().zip(&mut from).for_each(|(to, from)| *to = from);
    rest.iter_mut().zip(from.next().into_iter().flatten()).for_each(|(to, from)| *to = from);
}

/// Most messages and their end have room in two blocks: these are hashed at once.
struct Room([[u8; BLOCK]; 2]);

impl Room {
    fn from(&mut self, at: usize) -> &mut [u8] {
        self.0.as_flattened_mut().get_mut(at..).unwrap_or_default()
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        // As a slice: an array is wiped byte by byte.
        self.0.as_flattened_mut().zeroize();
    }
}

/// The state after a block that was hashed before, a message and its end.
fn hashed<'p>(before: &State, message: impl Iterator<Item = &'p [u8]>) -> State {
    let mut state = before.clone();
    let mut room = Room([[0; BLOCK]; 2]);
    let (mut filled, mut length) = (0, BLOCK as u64);
    for mut part in message {
        length += part.len() as u64;
        while !part.is_empty() {
            let to = room.from(filled);
            let (to, _) = to.split_at_mut(to.len().min(part.len()));
            let (now, later) = part.split_at(to.len());
            to.copy_from_slice(now);
            (filled, part) = (filled + now.len(), later);
            if filled == room.0.as_flattened().len() {
                compress256(&mut state, &room.0);
                filled = 0;
            }
        }
    }
    // FIPS 180-4, 5.1.1: a bit, zeroes, and the length in bits at the end of a block.
    if let Some((bit, zeroes)) = room.from(filled).split_first_mut() {
        *bit = 0x80;
        zeroes.fill(0);
    }
    let mut blocks = (filled + 1 + size_of::<u64>()).div_ceil(BLOCK);
    if blocks > room.0.len() {
        compress256(&mut state, &room.0);
        room.from(0).fill(0);
        blocks = 1;
    }
    let last = room.0.get_mut(..blocks).unwrap_or_default();
    if let Some(end) = last.as_flattened_mut().last_chunk_mut() {
        *end = (8 * length).to_be_bytes();
    }
    compress256(&mut state, last);
    state
}

#[cfg(test)]
mod tests {
    use hmac::{KeyInit as _, Mac as _};

    use super::*;

    /// Beside a library: every length around the ends of blocks, cut into parts at every place.
    #[test]
    fn it_is_the_same_in_whatever_parts_a_message_comes() {
        let message: Vec<u8> = (0..=u8::MAX).cycle().take(300).collect();
        let key = [0xa5; LEN];
        let own = Mac::new(&key);
        for length in 0..message.len() {
            let (message, _) = message.split_at(length);
            let mut library = hmac::Hmac::<sha2::Sha256>::new_from_slice(&key).unwrap();
            library.update(message);
            let made: [u8; LEN] = library.finalize().into_bytes().into();
            for at in 0..=length {
                let (one, other) = message.split_at(at);
                assert_eq!(own.of(&[one, other]), made, "{length} {at}");
            }
        }
    }
}
