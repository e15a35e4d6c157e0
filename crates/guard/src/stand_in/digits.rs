//! Digits that stand for digits: FF1 of NIST SP 800-38G, by the crate `fpe`.

use aes::Aes256;
use fpe::ff1::{FF1, FlexibleNumeralString};

use crate::error::GuardError;
use crate::key::Secret;

/// With fewer digits there are less than a million values, and trying them all is no work (SP 800-38G, 5.1).
pub const FEWEST_DIGITS: usize = 6;

pub(super) fn encrypt(secret: &Secret, value: &str) -> Result<String, GuardError> {
    with(value, |digits| ff1(secret)?.encrypt(&[], digits).map_err(|_| GuardError::Module))
}

pub(super) fn decrypt(secret: &Secret, stand_in: &str) -> Result<String, GuardError> {
    with(stand_in, |digits| ff1(secret)?.decrypt(&[], digits).map_err(|_| GuardError::Module))
}

fn ff1(secret: &Secret) -> Result<FF1<Aes256>, GuardError> {
    FF1::new(secret.as_slice(), 10).map_err(|_| GuardError::Module)
}

/// The text with other digits in the places of its own; marks between them stay where they are.
fn with(
    text: &str,
    turn: impl FnOnce(&FlexibleNumeralString) -> Result<FlexibleNumeralString, GuardError>,
) -> Result<String, GuardError> {
    if text.chars().any(|c| c.is_alphanumeric() && !c.is_ascii_digit()) {
        return Err(GuardError::NotNormal("it has letters, for which no digits can stand"));
    }
    let digits: Vec<u16> =
        text.bytes().filter(u8::is_ascii_digit).map(|digit| u16::from(digit - b'0')).collect();
    if digits.len() < FEWEST_DIGITS {
        return Err(GuardError::NotNormal("it has too few digits for others to stand for them"));
    }
    let mut turned = Vec::<u16>::from(turn(&FlexibleNumeralString::from(digits))?).into_iter();
    let other = |c: char| match c.is_ascii_digit().then(|| turned.next()).flatten() {
        Some(digit) => char::from_digit(u32::from(digit), 10).unwrap_or(c),
        None => c,
    };
    Ok(text.chars().map(other).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// NIST's samples 7 and 8 of FF1, AES-256, radix 10: without a tweak and with one.
    #[test]
    fn the_samples_of_the_standard_hold() {
        let key: [u8; 32] = [
            0x2B, 0x7E, 0x15, 0x16, 0x28, 0xAE, 0xD2, 0xA6, 0xAB, 0xF7, 0x15, 0x88, 0x09, 0xCF, 0x4F, 0x3C,
            0xEF, 0x43, 0x59, 0xD8, 0xD5, 0x80, 0xAA, 0x4F, 0x7F, 0x03, 0x6D, 0x6F, 0x04, 0xFC, 0x6A, 0x94,
        ];
        let secret = Secret::from(key);
        assert_eq!(encrypt(&secret, "0123456789").unwrap(), "6657667009");
        assert_eq!(decrypt(&secret, "6657667009").unwrap(), "0123456789");
        let tweak = [0x39, 0x38, 0x37, 0x36, 0x35, 0x34, 0x33, 0x32, 0x31, 0x30];
        let plain = FlexibleNumeralString::from((0..10).collect::<Vec<u16>>());
        let turned = ff1(&secret).unwrap().encrypt(&tweak, &plain).unwrap();
        assert_eq!(Vec::<u16>::from(turned), [1, 0, 0, 1, 6, 2, 3, 4, 6, 3]);
    }

    #[test]
    fn what_is_no_digit_stays_and_few_digits_are_refused() {
        let secret = Secret::from([7; 32]);
        let stand_in = encrypt(&secret, "(078) 05-1120").unwrap();
        assert!(stand_in.starts_with('(') && stand_in.get(4..6) == Some(") "), "{stand_in}");
        assert_ne!(stand_in, "(078) 05-1120");
        assert_eq!(decrypt(&secret, &stand_in).unwrap(), "(078) 05-1120");
        for refused in ["12345", "MRN 0780511", "٠٧٨٠٥١١٢٠"] {
            assert!(encrypt(&secret, refused).is_err());
        }
    }
}
