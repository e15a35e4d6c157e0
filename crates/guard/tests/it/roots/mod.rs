//! Where wrapping keys are kept, each place by the same contract and against the real thing.

mod answers;
mod file;
mod kms;
mod openbao;
mod pkcs11;
mod place;

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::path::Path;
use std::process::Child;
use std::sync::Arc;
use std::time::Duration;

use guard::root::{FileRoot, Means, Root, RootError, WrappingKey};
use guard::vault::Lock;
use guard::{DataKeys, KeysError};
use jiff::Timestamp;
use journal::sample::Drawn;
use journal::{Clock, Rng};
use policy::vocabulary::Class;
use wire::{Call, Client, Peer, Plain};

use crate::keys::{TODAY, opens, sealed};

/// Names of keys in a server that outlives a root must not come again: drawn, not counted.
struct System;

impl Rng for System {
    fn fill(&mut self, bytes: &mut [u8]) {
        aws_lc_rs::rand::fill(bytes).unwrap();
    }
}

struct Watch;

impl Clock for Watch {
    #[expect(
        clippy::disallowed_methods,
        reason = "a signature is good for some minutes of the server's own clock"
    )]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }
}

fn means() -> Means {
    Means { lock: Lock::None, rng: Box::new(System), clock: Arc::new(Watch), credentials: None }
}

/// A server that goes with its test.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Asks a server by hand.
fn raw(
    address: &str,
    authorities: Option<&[u8]>,
    method: &'static str,
    path: &str,
    headers: &[(&'static str, &str)],
    body: &str,
) -> Option<(u16, String)> {
    let (peer, _) =
        Peer::by(address, Plain::Loopback, 1 << 20, Duration::from_secs(20), authorities).unwrap();
    let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    let call = Call { method, path: path.to_owned(), headers, body: body.as_bytes().to_vec() };
    let reply = Client::start(peer).unwrap().ask(call).ok()?;
    Some((reply.status, String::from_utf8_lossy(&reply.body).into_owned()))
}

/// Waits for something that comes in half a minute or not at all.
fn until<T>(what: &str, mut ready: impl FnMut() -> Option<T>) -> T {
    for _ in 0..600 {
        if let Some(ready) = ready() {
            return ready;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("{what} took too long");
}

/// The name of a key that was made elsewhere.
fn stranger() -> WrappingKey {
    let folder = tempfile::tempdir().unwrap();
    FileRoot::create(&folder.path().join("other"), Lock::None, Box::new(System)).unwrap().make().unwrap()
}

fn is_missing(root: &dyn Root, key: WrappingKey, wrapped: &[u8]) -> bool {
    let is = |error: Option<RootError>| matches!(error, Some(RootError::Missing(missing)) if missing == key);
    is(root.wrap(key, b"label", &[7; 32]).err()) && is(root.unwrap(key, b"label", wrapped).err())
}

/// What every root does. `refuses` says how it puts that a thing is not what was wrapped.
fn contract(open: &dyn Fn() -> Arc<dyn Root>, refuses: &dyn Fn(&RootError) -> bool) {
    let root = open();
    let (first, second) = (root.make().unwrap(), root.make().unwrap());
    assert_ne!(first, second);
    let secret: [u8; 32] = std::array::from_fn(|at| u8::try_from(at * 7).unwrap());
    let wrapped = root.wrap(first, b"label", &secret).unwrap();
    assert_eq!(*root.unwrap(first, b"label", &wrapped).unwrap(), secret);
    assert_ne!(root.wrap(first, b"label", &secret).unwrap(), wrapped, "a nonce came twice");
    assert!(!wrapped.windows(8).any(|part| secret.windows(8).any(|own| own == part)));

    // Labels are bound, whatever they hold.
    let long = [0xa5; 1000];
    let labels: [&[u8]; 5] =
        [b"", b"\0", b"label\n", "phiward data key\nharbor\n0001\nphi\n".as_bytes(), &long];
    for label in labels {
        let wrapped = root.wrap(first, label, &secret).unwrap();
        assert_eq!(*root.unwrap(first, label, &wrapped).unwrap(), secret);
        assert!(root.unwrap(first, b"label", &wrapped).is_err_and(|error| refuses(&error)));
    }
    assert!(root.unwrap(first, b"labem", &wrapped).is_err_and(|error| refuses(&error)));
    assert!(root.unwrap(second, b"label", &wrapped).is_err_and(|error| refuses(&error)));

    // Every bit counts, and so does the length.
    for bit in 0..wrapped.len() * 8 {
        let mut turned = wrapped.clone();
        turned[bit / 8] ^= 1 << (bit % 8);
        let outcome = root.unwrap(first, b"label", &turned);
        assert!(outcome.as_ref().is_err_and(refuses), "bit {bit}: {outcome:?}");
    }
    for length in 0..wrapped.len() {
        let outcome = root.unwrap(first, b"label", &wrapped[..length]);
        assert!(outcome.as_ref().is_err_and(refuses), "cut at {length}: {outcome:?}");
    }
    let longer = [wrapped.as_slice(), &[0]].concat();
    assert!(root.unwrap(first, b"label", &longer).is_err_and(|error| refuses(&error)));
    assert_eq!(*root.unwrap(first, b"label", &wrapped).unwrap(), secret, "after all that was refused");

    // Many at once.
    std::thread::scope(|scope| {
        let (root, wrapped) = (&root, &wrapped);
        let threads: Vec<_> = (0..8)
            .map(|number| {
                scope.spawn(move || {
                    for round in 0..4 {
                        let own = [number * 16 + round; 32];
                        let sealed = root.wrap(second, &[number], &own).unwrap();
                        assert_eq!(*root.unwrap(second, &[number], &sealed).unwrap(), own);
                        assert_eq!(*root.unwrap(first, b"label", wrapped).unwrap(), secret);
                    }
                    root.make().unwrap()
                })
            })
            .collect();
        let made: BTreeSet<WrappingKey> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        assert_eq!(made.len(), 8);
        made.into_iter().for_each(|key| root.destroy(key).unwrap());
    });

    // A key outlives who opened the root, and what is destroyed stays so.
    drop(root);
    let root = open();
    assert_eq!(*root.unwrap(first, b"label", &wrapped).unwrap(), secret);
    root.destroy(first).unwrap();
    for _ in 0..2 {
        assert!(is_missing(&*root, first, &wrapped));
        root.destroy(first).unwrap();
    }
    let unknown = stranger();
    root.destroy(unknown).unwrap();
    assert!(is_missing(&*root, unknown, &wrapped) && is_missing(&*root, unknown, &wrapped));
    drop(root);
    let root = open();
    assert!(is_missing(&*root, first, &wrapped));
    let kept = root.wrap(second, b"label", &secret).unwrap();
    assert_eq!(*root.unwrap(second, b"label", &kept).unwrap(), secret);
    root.destroy(second).unwrap();
    drop(root);
    data_keys(open);
}

/// The life of data keys under a root.
fn data_keys(open: &dyn Fn() -> Arc<dyn Root>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys");
    let reopened = || DataKeys::open(&path, open(), Box::new(Drawn::new(6)));
    let mut keys = DataKeys::create(&path, "harbor-clinic", open(), Box::new(Drawn::new(2))).unwrap();
    let number = keys.make(Class::Phi, TODAY).unwrap();
    keys.activate(number).unwrap();
    let text = sealed(&mut keys, Class::Phi);
    let copy = std::fs::read(&path).unwrap();
    drop(keys);
    let mut keys = reopened().unwrap();
    assert!(opens(&keys, &text));
    keys.rewrap().unwrap();
    assert!(opens(&keys, &text));
    drop(keys);
    assert!(opens(&reopened().unwrap(), &text));
    let rewrapped = std::fs::read(&path).unwrap();
    std::fs::write(&path, copy).unwrap();
    assert!(matches!(reopened(), Err(KeysError::Root(RootError::Missing(_)))));
    std::fs::write(&path, rewrapped).unwrap();
    assert!(opens(&reopened().unwrap(), &text));
}

fn is_refused(error: &RootError) -> bool {
    matches!(error, RootError::Refused(_))
}

/// A file that its owner alone reads.
fn write_secret(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}
