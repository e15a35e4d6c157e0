//! What a token is bound to: it opens nowhere else.

use journal::Subject;

use crate::token::{Algorithm, KeyNumber};

/// Whose value in which field of which tenant.
#[derive(Debug, Clone, Copy)]
pub struct Binding<'a> {
    /// The organisation whose keys they are.
    pub tenant: &'a str,
    /// The field's id in the bundle, which a rename does not change.
    pub field: &'a str,
    /// The person, or the record's external key where the person is not known when it is written. Nothing where the
    /// bundle binds to the field alone.
    pub subject: Option<&'a Subject>,
}

const LABEL: &[u8] = b"phiward-token-1\0";

impl Binding<'_> {
    /// The additional data that is authenticated and not stored: each part behind its length, then the key's number
    /// and the algorithm.
    pub(crate) fn write(&self, key: KeyNumber, algorithm: Algorithm, into: &mut Vec<u8>) {
        into.clear();
        into.extend_from_slice(LABEL);
        let subject = self.subject.map_or(&[][..], Subject::bytes);
        for part in [self.tenant.as_bytes(), self.field.as_bytes(), subject] {
            // Parts that are longer than 4 GiB do not fit a machine's memory beside a token.
            into.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
            into.extend_from_slice(part);
        }
        into.extend_from_slice(&key.get().to_be_bytes());
        into.push(algorithm.letter());
    }
}
