//! Wrapping keys in an HSM, by PKCS#11.
//!
//! A key is made in the token and cannot leave it: sensitive, not extractable, AES with 256 bits, its `CKA_ID` the
//! eight bytes of its name. What is wrapped is nonce, ciphertext and tag of AES-GCM with the label as associated data.
//! One thread has the session, since a session is one caller's, and opens it again where the token has dropped it.

use std::fmt;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Function, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::aead::GcmParams;
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, SessionState, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::RawAuthPin;
use journal::Rng;
use zeroize::Zeroizing;

use super::{Pkcs11Place, Root, RootError, WrappingKey};

const NONCE: usize = 12;
/// Of a token that draws its own.
const LONGEST_NONCE: usize = 16;
const TAG: usize = 16;
const KEY: usize = 32;
const TAG_BITS: u64 = 8 * TAG as u64;
/// What is waited for a token, keys of others before one's own included.
const WITHIN: Duration = Duration::from_secs(60);
/// What is waited for its session to end.
const ENDING: Duration = Duration::from_secs(5);

type Work = Box<dyn FnOnce(&mut Worker) + Send>;

/// A token that its thread has a session with.
pub struct Pkcs11Root {
    place: Pkcs11Place,
    work: mpsc::Sender<Work>,
    ended: Mutex<mpsc::Receiver<()>>,
}

impl Drop for Pkcs11Root {
    fn drop(&mut self) {
        // Libraries take themselves apart when the process ends: a session that still lives then reads what is gone.
        let (nobody, _) = mpsc::channel();
        drop(std::mem::replace(&mut self.work, nobody));
        let ended = self.ended.get_mut().unwrap_or_else(PoisonError::into_inner);
        let _ = ended.recv_timeout(ENDING);
    }
}

impl Pkcs11Root {
    /// Opens a token by the PIN of its user.
    pub fn open(place: &Pkcs11Place, pin: Zeroizing<Vec<u8>>, rng: Box<dyn Rng>) -> Result<Self, RootError> {
        let (work, asked) = mpsc::channel::<Work>();
        let (ending, ended) = mpsc::channel();
        let own = place.clone();
        std::thread::Builder::new()
            .name("pkcs11".to_owned())
            .spawn(move || {
                let mut worker = Worker { place: own, pin, rng, library: None, session: None, refused: None };
                asked.iter().for_each(|work| work(&mut worker));
                drop(worker);
                drop(ending);
            })
            .map_err(|error| RootError::Unavailable { place: place.to_string(), what: error.to_string() })?;
        let root = Self { place: place.clone(), work, ended: Mutex::new(ended) };
        root.run(|worker| worker.over(|_| Ok(())))?;
        Ok(root)
    }

    /// Has the thread do something, and waits for it.
    fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Worker) -> Result<T, RootError> + Send + 'static,
    ) -> Result<T, RootError> {
        let (done, outcome) = mpsc::channel();
        // Who asked may have gone.
        let work: Work = Box::new(move |worker| drop(done.send(work(worker))));
        let unavailable =
            |what: &str| RootError::Unavailable { place: self.place.to_string(), what: what.to_owned() };
        self.work.send(work).map_err(|_| unavailable("its thread has ended: open it again"))?;
        outcome.recv_timeout(WITHIN).unwrap_or_else(|error| {
            Err(unavailable(match error {
                RecvTimeoutError::Timeout => "the token does not answer: look at the HSM and its network",
                RecvTimeoutError::Disconnected => "its thread has ended: open it again",
            }))
        })
    }
}

impl Root for Pkcs11Root {
    fn make(&self) -> Result<WrappingKey, RootError> {
        self.run(|worker| {
            let key = WrappingKey::random(&mut *worker.rng);
            worker.over(|session| make(session, key))?;
            Ok(key)
        })
    }

    fn wrap(&self, key: WrappingKey, label: &[u8], secret: &[u8; 32]) -> Result<Vec<u8>, RootError> {
        let (label, secret) = (label.to_vec(), Zeroizing::new(*secret));
        self.run(move |worker| {
            let mut nonce = [0; NONCE];
            if !worker.place.token_draws {
                worker.rng.fill(&mut nonce);
            }
            worker.over(|session| wrap(session, key, &label, &secret, nonce))
        })
    }

    fn unwrap(
        &self,
        key: WrappingKey,
        label: &[u8],
        wrapped: &[u8],
    ) -> Result<Zeroizing<[u8; 32]>, RootError> {
        let (label, wrapped) = (label.to_vec(), wrapped.to_vec());
        self.run(move |worker| worker.over(|session| unwrap(session, key, &label, &wrapped)))
    }

    fn destroy(&self, key: WrappingKey) -> Result<(), RootError> {
        self.run(move |worker| worker.over(|session| destroy(session, key)))
    }
}

impl fmt::Debug for Pkcs11Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pkcs11Root").field("place", &self.place).finish_non_exhaustive()
    }
}

/// Why something was not done in a session.
enum Failure {
    /// The token or its library says so.
    Token(Error),
    /// The word is ours, and the session holds.
    Told(RootError),
    /// The token is not fit to keep keys.
    Unfit(String),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Token(error)
    }
}

/// What the thread has.
struct Worker {
    place: Pkcs11Place,
    pin: Zeroizing<Vec<u8>>,
    rng: Box<dyn Rng>,
    library: Option<Pkcs11>,
    session: Option<Session>,
    /// A PIN that was refused is not tried again: tokens lock after few tries.
    refused: Option<String>,
}

impl Worker {
    fn unavailable(&self, what: impl Into<String>) -> RootError {
        RootError::Unavailable { place: self.place.to_string(), what: what.into() }
    }

    fn denied(&self, what: impl Into<String>) -> RootError {
        RootError::Denied { place: self.place.to_string(), what: what.into() }
    }

    /// Does something in a session; once more in a new one where the token had dropped it, so that nothing was done.
    fn over<T>(&mut self, work: impl Fn(&Session) -> Result<T, Failure>) -> Result<T, RootError> {
        let mut again = true;
        loop {
            let session = match self.session.take() {
                Some(session) => session,
                None => self.connect()?,
            };
            match work(&session) {
                Ok(done) => {
                    self.session = Some(session);
                    return Ok(done);
                }
                Err(Failure::Told(error)) => {
                    self.session = Some(session);
                    return Err(error);
                }
                Err(Failure::Unfit(what)) => {
                    self.session = Some(session);
                    return Err(self.denied(what));
                }
                Err(Failure::Token(error)) if again && is_lost(&error) => again = false,
                // The next request opens a session of its own.
                Err(Failure::Token(error)) => return Err(self.meant(&error)),
            }
        }
    }

    /// What the token's word means to whoever runs it.
    fn meant(&self, error: &Error) -> RootError {
        let Error::Pkcs11(code, _) = error else { return self.unavailable(error.to_string()) };
        let what = match code {
            RvError::TokenNotPresent | RvError::DeviceRemoved | RvError::SlotIdInvalid => {
                return self.unavailable("the token is not there: is the HSM connected?");
            }
            RvError::DeviceMemory | RvError::SessionCount => {
                "the token is full: take away what is not used, or let it hold more sessions and objects"
            }
            RvError::TokenWriteProtected | RvError::SessionReadOnly => {
                "the token is write-protected: keys are made and destroyed by one that is not"
            }
            RvError::TemplateInconsistent
            | RvError::AttributeValueInvalid
            | RvError::AttributeTypeInvalid => {
                "the token makes no AES key of 256 bits that is sensitive and not extractable"
            }
            RvError::MechanismInvalid | RvError::FunctionNotSupported => {
                "the token has no AES-GCM (CKM_AES_GCM): name one that has"
            }
            RvError::MechanismParamInvalid => {
                "the token does not take a nonce that it did not draw: add `iv=token`, or leave it out if it stands there"
            }
            RvError::ActionProhibited => "the token does not let the key be destroyed: its officer has to",
            _ => return self.unavailable(error.to_string()),
        };
        self.denied(what)
    }

    /// A session that is signed in.
    fn connect(&mut self) -> Result<Session, RootError> {
        if let Some(refused) = &self.refused {
            return Err(self.denied(refused.clone()));
        }
        let library = match &self.library {
            Some(library) => library.clone(),
            None => {
                let loaded = Pkcs11::new(&self.place.module);
                let loaded =
                    loaded.map_err(|error| self.denied(format!("the library does not load: {error}")))?;
                // It is never unloaded: such libraries have threads and others in this process may use it.
                std::mem::forget(loaded.clone());
                self.library.insert(loaded).clone()
            }
        };
        match library.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
            Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
            Err(error) => return Err(self.denied(format!("the library does not start: {error}"))),
        }
        let slot = self.slot(&library)?;
        let mechanisms = library.get_mechanism_list(slot).map_err(|error| self.meant(&error))?;
        for (needed, name) in
            [(MechanismType::AES_KEY_GEN, "CKM_AES_KEY_GEN"), (MechanismType::AES_GCM, "CKM_AES_GCM")]
        {
            if !mechanisms.contains(&needed) {
                return Err(self.denied(format!("the token has no {name}: name one that has")));
            }
        }
        let session = library.open_rw_session(slot).map_err(|error| self.meant(&error))?;
        let pin = RawAuthPin::new(Box::new(self.pin.to_vec()));
        let Err(error) = session.login_with_raw(UserType::User, &pin) else { return Ok(session) };
        let what = match &error {
            // Another session of this process is, and with it all.
            Error::Pkcs11(RvError::UserAlreadyLoggedIn, _) => return Ok(session),
            Error::Pkcs11(RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange, _) => {
                "the PIN is wrong, and is not tried again: correct the file that `pin-source` names and start anew"
            }
            Error::Pkcs11(RvError::PinLocked, _) => {
                "the PIN is locked after too many tries: the token's officer unlocks it"
            }
            Error::Pkcs11(RvError::PinExpired, _) => "the PIN has expired: set another",
            Error::Pkcs11(RvError::UserPinNotInitialized, _) => {
                "the token has no user's PIN yet: its officer sets one"
            }
            Error::Pkcs11(RvError::UserAnotherAlreadyLoggedIn, _) => {
                return Err(self.denied("another user of the token is signed in in this process"));
            }
            _ => return Err(self.meant(&error)),
        };
        self.refused = Some(what.to_owned());
        Err(self.denied(what))
    }

    /// The one slot that has the token.
    fn slot(&self, library: &Pkcs11) -> Result<Slot, RootError> {
        let slots = library.get_slots_with_token().map_err(|error| self.meant(&error))?;
        let asked =
            |asked: &Option<String>, has: &str| asked.as_deref().is_none_or(|asked| asked == has.trim_end());
        let mut found = slots.into_iter().filter(|slot| {
            library.get_token_info(*slot).is_ok_and(|token| {
                asked(&self.place.token, token.label()) && asked(&self.place.serial, token.serial_number())
            })
        });
        match (found.next(), found.next()) {
            (Some(slot), None) => Ok(slot),
            (None, _) => Err(self.unavailable(
                "no slot has this token: is it connected, is its label or serial number another, and does the \
                 library find its configuration?",
            )),
            (Some(_), Some(_)) => {
                Err(self.denied("more than one slot has such a token: name the one by `serial` as well"))
            }
        }
    }
}

/// Whether the session was gone before anything was done in it.
const fn is_lost(error: &Error) -> bool {
    matches!(
        error,
        Error::Pkcs11(
            RvError::SessionHandleInvalid
                | RvError::SessionClosed
                | RvError::DeviceRemoved
                | RvError::TokenNotPresent
                | RvError::UserNotLoggedIn
                | RvError::OperationActive
                | RvError::CryptokiNotInitialized,
            _
        )
    )
}

fn named(key: WrappingKey) -> Vec<Attribute> {
    vec![Attribute::Class(ObjectClass::SECRET_KEY), Attribute::Token(true), Attribute::Id(key.0.to_vec())]
}

/// The objects of a key. To who is not signed in a token shows none, and that is no word on whether they are there.
fn objects(session: &Session, key: WrappingKey) -> Result<Vec<ObjectHandle>, Failure> {
    let found = session.find_objects(&named(key))?;
    match session.get_session_info()?.session_state() {
        SessionState::RwUser => Ok(found),
        _ => Err(Failure::Token(Error::Pkcs11(RvError::UserNotLoggedIn, Function::FindObjects))),
    }
}

/// The one object of a key, which cannot leave.
fn find(session: &Session, key: WrappingKey) -> Result<ObjectHandle, Failure> {
    let found = objects(session, key)?;
    let [object] = found.as_slice() else {
        return Err(if found.is_empty() {
            Failure::Told(RootError::Missing(key))
        } else {
            Failure::Unfit(format!(
                "two objects have the id of wrapping key {key}: take away the one that is none"
            ))
        });
    };
    let asked = [AttributeType::Sensitive, AttributeType::Extractable];
    let told = session.get_attributes(*object, &asked)?;
    let is_kept = [Attribute::Sensitive(true), Attribute::Extractable(false)];
    if is_kept.iter().all(|needed| told.contains(needed)) {
        Ok(*object)
    } else {
        Err(Failure::Unfit(format!("wrapping key {key} could leave the token: it was not made here")))
    }
}

fn make(session: &Session, key: WrappingKey) -> Result<(), Failure> {
    let mut template = named(key);
    template.extend([
        Attribute::KeyType(KeyType::AES),
        Attribute::ValueLen((KEY as u64).into()),
        Attribute::Label(format!("phiward root key {key}").into_bytes()),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Encrypt(true),
        Attribute::Decrypt(true),
        Attribute::Wrap(false),
        Attribute::Unwrap(false),
    ]);
    let made = session.generate_key(&Mechanism::AesKeyGen, &template)?;
    find(session, key).map(|_| ()).inspect_err(|_| {
        // The error that matters is the first.
        let _ = session.destroy_object(made);
    })
}

fn wrap(
    session: &Session,
    key: WrappingKey,
    label: &[u8],
    secret: &[u8; KEY],
    mut nonce: [u8; NONCE],
) -> Result<Vec<u8>, Failure> {
    let object = find(session, key)?;
    let sealed = {
        let params = GcmParams::new(&mut nonce, label, TAG_BITS.into())?;
        session.encrypt(&Mechanism::AesGcm(params), object, secret)?
    };
    let wrapped = joined(&nonce, &sealed).map_err(|what| Failure::Unfit(what.to_owned()))?;
    // Tokens differ in what they make of a nonce: what does not come back was not wrapped.
    match opened(session, object, label, &wrapped) {
        Ok(Some(opened)) if opened.as_slice() == secret => Ok(wrapped),
        Err(error) if is_lost(&error) => Err(Failure::Token(error)),
        _ => Err(Failure::Unfit(
            "what its AES-GCM makes does not open again: another token is needed".to_owned(),
        )),
    }
}

/// Nonce, ciphertext and tag of what a token made. One that drew the nonce itself has put it in the place of ours, or
/// of its own length after the tag.
fn joined(nonce: &[u8; NONCE], sealed: &[u8]) -> Result<Vec<u8>, &'static str> {
    let (sealed, after) = sealed.split_at_checked(KEY + TAG).ok_or("its AES-GCM makes no tag of 128 bits")?;
    let nonce = match after.len() {
        0 => nonce.as_slice(),
        NONCE..=LONGEST_NONCE => after,
        _ => return Err("its AES-GCM makes more than ciphertext, tag and nonce"),
    };
    if nonce.iter().all(|byte| *byte == 0) {
        return Err("the token drew no nonce: leave `iv=token` out");
    }
    Ok([nonce, sealed].concat())
}

/// What opens, where the token does not say that it does not.
fn opened(
    session: &Session,
    object: ObjectHandle,
    label: &[u8],
    wrapped: &[u8],
) -> Result<Option<Zeroizing<Vec<u8>>>, Error> {
    let length = wrapped.len().saturating_sub(KEY + TAG);
    let Some((nonce, sealed)) =
        wrapped.split_at_checked(length).filter(|_| (NONCE..=LONGEST_NONCE).contains(&length))
    else {
        return Ok(None);
    };
    let mut nonce = nonce.to_vec();
    let params = GcmParams::new(&mut nonce, label, TAG_BITS.into())?;
    session.decrypt(&Mechanism::AesGcm(params), object, sealed).map(Zeroizing::new).map(Some)
}

fn unwrap(
    session: &Session,
    key: WrappingKey,
    label: &[u8],
    wrapped: &[u8],
) -> Result<Zeroizing<[u8; KEY]>, Failure> {
    let object = find(session, key)?;
    let secret = match opened(session, object, label, wrapped) {
        Ok(opened) => opened.and_then(|opened| opened.as_slice().try_into().ok()),
        Err(error) if is_lost(&error) => return Err(Failure::Token(error)),
        // Tokens say all sorts of things where a tag is wrong, horrible and unrecoverable errors among them.
        Err(_) => None,
    };
    secret.map(Zeroizing::new).ok_or(Failure::Told(RootError::Refused(key)))
}

fn destroy(session: &Session, key: WrappingKey) -> Result<(), Failure> {
    for object in objects(session, key)? {
        session.destroy_object(object)?;
    }
    if objects(session, key)?.is_empty() {
        Ok(())
    } else {
        Err(Failure::Unfit(format!(
            "wrapping key {key} is still there: the token's officer has to destroy it"
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nonce_is_the_one_that_the_token_used() {
        let (ours, none, sealed) = ([1; NONCE], [0; NONCE], [7; KEY + TAG]);
        assert_eq!(joined(&ours, &sealed).unwrap(), [&ours[..], &sealed].concat());
        for length in NONCE..=LONGEST_NONCE {
            let own = vec![9; length];
            let told = [&sealed[..], &own].concat();
            assert_eq!(joined(&none, &told).unwrap(), [own.as_slice(), &sealed].concat());
        }
        assert!(joined(&none, &sealed).unwrap_err().contains("drew no nonce"));
        assert!(joined(&ours, &[7; KEY + TAG - 1]).is_err());
        assert!(joined(&ours, &[7; KEY + TAG + NONCE - 1]).is_err());
        assert!(joined(&ours, &[7; KEY + TAG + LONGEST_NONCE + 1]).is_err());
    }
}
