//! Shamir's sharing of a key of 32 bytes over GF(256), with AES's polynomial.
//!
//! Of our own, because it is forty lines: `sharks` and what came of it look products up in tables at places that the
//! secret decides, and `vsss-rs` brings the arithmetic of curves. Here nothing branches on a byte of a secret or looks
//! anything up by it.

use journal::Rng;
use zeroize::Zeroizing;

use crate::key::{LEN, Secret};

/// The product, in as many steps for all bytes.
const fn times(a: u8, b: u8) -> u8 {
    let (mut a, mut b, mut product, mut step) = (a, b, 0, 0);
    while step < 8 {
        product ^= a & (b & 1).wrapping_neg();
        a = (a << 1) ^ (0x1b & (a >> 7).wrapping_neg());
        b >>= 1;
        step += 1;
    }
    product
}

/// The inverse: a to the power of 254.
const fn inverse(a: u8) -> u8 {
    let (mut power, mut square, mut step) = (1, a, 0);
    while step < 7 {
        square = times(square, square);
        power = times(power, square);
        step += 1;
    }
    power
}

/// Writes pieces for places that are none of them zero, of which any `threshold` give the secret and fewer say nothing
/// of it. They are written where they stay: what moves leaves itself behind.
pub(super) fn split<'p>(
    secret: &Secret,
    threshold: u8,
    pieces: impl Iterator<Item = (u8, &'p mut Secret)>,
    rng: &mut dyn Rng,
) {
    // The coefficients are any bytes, zero too: otherwise a piece would say what the secret is not.
    let mut coefficients = Zeroizing::new(vec![0; usize::from(threshold.saturating_sub(1)) * LEN]);
    rng.fill(&mut coefficients);
    for (place, piece) in pieces {
        // From the highest power down.
        for row in coefficients.chunks_exact(LEN) {
            piece.iter_mut().zip(row).for_each(|(sum, byte)| *sum = times(*sum, place) ^ byte);
        }
        piece.iter_mut().zip(secret.iter()).for_each(|(sum, byte)| *sum = times(*sum, place) ^ byte);
    }
}

/// The secret of pieces at different places, none of them zero.
pub(super) fn joined(pieces: &[(u8, &Secret)]) -> Secret {
    let mut secret = Secret::default();
    for (place, piece) in pieces {
        // Lagrange's basis at zero. Places are no secret.
        let others = pieces.iter().filter(|(other, _)| other != place);
        let weight =
            others.fold(1, |weight, (other, _)| times(weight, times(*other, inverse(*other ^ *place))));
        secret.iter_mut().zip(piece.iter()).for_each(|(sum, byte)| *sum ^= times(weight, *byte));
    }
    secret
}

#[cfg(test)]
mod tests {
    use journal::sample::Drawn;

    use super::*;

    #[test]
    fn bytes_multiply_as_in_aes() {
        // FIPS 197, 4.2 and 4.2.1.
        assert_eq!((times(0x57, 0x83), times(0x57, 0x13), times(0x53, 0xca)), (0xc1, 0xfe, 0x01));
        for a in 1..=255 {
            assert_eq!(times(a, inverse(a)), 1, "{a}");
        }
        assert_eq!((times(0, 7), inverse(0)), (0, 0));
    }

    #[test]
    fn as_many_as_are_needed_give_the_secret_and_fewer_do_not() {
        let secret: Secret =
            Zeroizing::new(std::array::from_fn(|at| u8::try_from(at * 7 % 256).unwrap_or(0)));
        for (threshold, shares) in [(1, 1), (2, 3), (3, 5), (5, 5), (2, 255)] {
            let mut pieces = vec![Secret::default(); usize::from(shares)];
            let places = (1..=shares).zip(&mut pieces);
            split(&secret, threshold, places, &mut Drawn::new(u64::from(shares)));
            let placed: Vec<(u8, &Secret)> = (1..=shares).zip(&pieces).collect();
            for start in 0..placed.len() - usize::from(threshold) + 1 {
                let some: Vec<(u8, &Secret)> =
                    placed.iter().skip(start).take(threshold.into()).copied().collect();
                assert_eq!(joined(&some), secret, "{threshold} of {shares}");
                if let Some((_, fewer)) = some.split_first().filter(|(_, fewer)| !fewer.is_empty()) {
                    assert_ne!(joined(fewer), secret);
                }
            }
            // All of them as well.
            assert_eq!(joined(&placed), secret);
        }
    }

    #[test]
    fn fewer_pieces_go_with_every_secret() {
        // Of two that are needed, one piece stands beside each byte that the secret could have.
        let mut beside = [false; 256];
        for byte in 0..=255_u8 {
            let coefficient = times(0x42 ^ byte, inverse(3));
            beside[usize::from(coefficient)] = true;
        }
        assert!(beside.iter().all(|met| *met));
    }
}
