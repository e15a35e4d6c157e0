/// Why a value was not sealed, opened, masked or looked up. It holds no value and no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GuardError {
    #[error("this is no token: {0}")]
    Token(&'static str),
    #[error("the value is a token already: it was not sealed a second time")]
    SealedAlready,
    #[error(
        "the value is a token that was altered: blanks before it, or a capital in `~e`. It was neither opened nor sealed a \
         second time: put back what the gateway wrote"
    )]
    Altered,
    #[error(
        "the value is a token, and what is sealed is not de-identified: open the table first (`guard open`), or leave the \
         column out"
    )]
    StillSealed,
    #[error("a value of {length} bytes was not sealed: the limit is {limit}")]
    TooLong { length: usize, limit: usize },
    #[error(
        "key {0} is not known here: the token is of another tenant, or of a keyring that was not restored"
    )]
    UnknownKey(crate::KeyNumber),
    #[error("key {0} is {1} and does not seal")]
    DoesNotSeal(crate::KeyNumber, crate::KeyState),
    #[error("key {0} is {1} and does not open")]
    DoesNotOpen(crate::KeyNumber, crate::KeyState),
    #[error("key {0} has sealed as often as it may (2^32, NIST SP 800-38D): rotate it")]
    Worn(crate::KeyNumber),
    #[error("key {0} has sealed as often as was reserved for it: ask for the active key again")]
    NotReserved(crate::KeyNumber),
    #[error("there is no active key for the class `{0}`: `phiward keys make --class {0} --activate`")]
    NoActiveKey(policy::vocabulary::Class),
    #[error("the subject was shredded: nothing of theirs opens any more")]
    Shredded,
    #[error(
        "the person was shredded, and what is theirs is not sealed again: leave the row out, or say with --again that \
         they are back"
    )]
    Forgotten,
    #[error(
        "the subject's salt is not here: the ring of salts is another one or was not restored whole, or the token is of a \
         person who was merged into another and was not bound anew before their handle was retired"
    )]
    NoSubject,
    #[error("the token is not of this tenant, field, subject and key, or it was changed")]
    Refused,
    #[error("the opened value is not text")]
    NotText,
    #[error("the field has too few different values for a blind index: {0}")]
    LowEntropy(&'static str),
    #[error(
        "the value has no form that can be looked up: {0}; correct it, empty it, or index the field as `form: exact`"
    )]
    NotNormal(&'static str),
    #[error("the permit has ended, or not begun: ask for another")]
    PermitEnded,
    #[error("the permit is for another act")]
    OtherPermit,
    #[error("the permit does not cover `{0}`")]
    NotPermitted(String),
    #[error("nothing says whose value it is: `{0}` is empty or no record id")]
    NoOwner(String),
    #[error(
        "nothing says whose value it is: what stands in `{0}` has characters that nobody sees (control characters, zero-width \
         ones) or letters and marks apart that Unicode writes as one (NFC): it would name another person than the key that \
         it looks like. Correct it"
    )]
    UnplainKey(String),
    #[error("nothing says whose value it is: the key column `{0}` is empty")]
    EmptyKey(String),
    #[error("its token stands in `{0}`, and the table has no such column: export it too")]
    NoToken(String),
    #[error("`{0}` is to hold what the field becomes, and holds something already")]
    Occupied(String),
    #[error("the cryptographic module refused")]
    Module,
}
