//! What is copied, held against what was signed; in a store that lies in memory.

use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use ledger::archive::{archive, verify_archive};
use ledger::reading::{self, Held};
use ledger::s3::S3;
use ledger::{Layout, LedgerError};
use tlog::{Object, Objects};
use wire::{Answer, Asked, Credentials, Limits, Listener, Plain, Service};
use zeroize::Zeroizing;

use crate::{Hands, make, samples};

#[derive(Debug, Default)]
struct Shelf(Mutex<BTreeMap<String, Vec<u8>>>);

impl Objects for Shelf {
    fn get(&self, key: &str, limit: usize) -> io::Result<Option<Object>> {
        let all = self.0.lock().unwrap();
        match all.get(key) {
            Some(bytes) if bytes.len() > limit => Err(io::ErrorKind::FileTooLarge.into()),
            found => Ok(found.map(|bytes| Object { bytes: bytes.clone(), tag: String::new() })),
        }
    }

    fn create(&self, key: &str, bytes: &[u8]) -> io::Result<bool> {
        let mut all = self.0.lock().unwrap();
        let is_new = !all.contains_key(key);
        all.entry(key.to_owned()).or_insert_with(|| bytes.to_vec());
        Ok(is_new)
    }

    fn replace(&self, _: &str, _: &[u8], _: &str) -> io::Result<bool> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn put(&self, key: &str, bytes: &[u8]) -> io::Result<()> {
        self.0.lock().unwrap().insert(key.to_owned(), bytes.to_vec());
        Ok(())
    }

    fn list(&self, prefix: &str) -> io::Result<Vec<String>> {
        Ok(self.0.lock().unwrap().keys().filter(|key| key.starts_with(prefix)).cloned().collect())
    }

    fn remove(&self, key: &str) -> io::Result<()> {
        self.0.lock().unwrap().remove(key);
        Ok(())
    }
}

struct Copied {
    folder: tempfile::TempDir,
    log: Held,
    shelf: Arc<Shelf>,
}

impl Copied {
    fn of(entries: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Hands::at("2026-11-27T12:00:00Z");
        let ledger = make(folder.path(), Layout::One, &clock);
        let key = ledger.verifier().unwrap().clone();
        ledger.append(&samples(entries, 1)).unwrap();
        ledger.close().unwrap();
        let log = reading::held(&folder.path().join("D"), &key).unwrap().remove(0);
        Self { folder, log, shelf: Arc::default() }
    }

    fn objects(&self) -> Arc<dyn Objects> {
        Arc::clone(&self.shelf) as Arc<dyn Objects>
    }

    fn copy(&self) -> Result<u64, LedgerError> {
        archive(&self.log, &self.objects(), "a/").map(|done| done.written)
    }

    fn refused(&self) -> String {
        self.copy().unwrap_err().to_string()
    }
}

#[test]
fn nothing_is_copied_that_does_not_lead_to_the_root() {
    let copied = Copied::of(700);
    let file = |name: &str| copied.folder.path().join("D").join(name);
    for name in [
        "tile/0/000",
        "tile/0/001",
        "tile/0/002.p/188",
        "tile/1/000.p/2",
        "tile/entries/001",
        "tile/entries/002.p/188",
    ] {
        let whole = std::fs::read(file(name)).unwrap();
        let mut changed = whole.clone();
        *changed.last_mut().unwrap() ^= 1;
        std::fs::write(file(name), changed).unwrap();
        let said = copied.refused();
        assert!(said.contains("test/log") && said.contains("fsck"), "{name}: {said}");
        assert!(!copied.shelf.0.lock().unwrap().contains_key(&format!("a/{name}")), "{name}");
        // What is gone without a word is no less wrong.
        std::fs::remove_file(file(name)).unwrap();
        let said = copied.refused();
        assert!(said.contains("missing"), "{name}: {said}");
        assert!(!copied.shelf.0.lock().unwrap().contains_key("a/checkpoint"));
        std::fs::write(file(name), whole).unwrap();
    }
    copied.copy().unwrap();
    let report = verify_archive(&copied.log, &copied.objects(), "a/").unwrap();
    assert_eq!((report.size, report.entries, report.problems), (700, 700, Vec::new()));
}

#[test]
fn what_the_archive_has_is_the_same_and_what_it_lost_comes_again() {
    let copied = Copied::of(700);
    // Somebody was there first, with something else: as long, or longer.
    let whole = std::fs::read(copied.folder.path().join("D/tile/entries/001")).unwrap();
    for other in [vec![7; whole.len()], vec![7; whole.len() + 1], Vec::new()] {
        copied.shelf.0.lock().unwrap().insert("a/tile/entries/001".to_owned(), other);
        assert!(copied.refused().contains("a/tile/entries/001"));
        assert!(!copied.shelf.0.lock().unwrap().contains_key("a/checkpoint"));
    }
    copied.shelf.0.lock().unwrap().clear();
    assert_eq!(copied.copy().unwrap(), 8);
    assert_eq!(copied.copy().unwrap(), 0);
    for lost in ["a/tile/entries/000", "a/tile/0/001", "a/tile/0/002.p/188"] {
        copied.shelf.0.lock().unwrap().remove(lost);
        assert_eq!(copied.copy().unwrap(), 1, "{lost}");
    }
    let report = verify_archive(&copied.log, &copied.objects(), "a/").unwrap();
    assert_eq!(report.problems, Vec::<String>::new());
}

/// Keeps the path that it was asked for.
#[derive(Default)]
struct Paths(Mutex<Vec<String>>);

impl Service for Paths {
    fn answer(&self, asked: Asked) -> Pin<Box<dyn Future<Output = Answer> + Send + '_>> {
        self.0.lock().unwrap().push(asked.path);
        Box::pin(std::future::ready(Answer::text(404, "<Code>NoSuchKey</Code>")))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_below_a_path_is_asked_there_and_none_elsewhere_over_plain_http() {
    let paths = Arc::new(Paths::default());
    let listener = Listener::bind("127.0.0.1:0".parse().unwrap(), Limits::default()).await.unwrap();
    let address = listener.address();
    let (stop, stopped) = wire::stop();
    let service: Arc<dyn Service> = Arc::<Paths>::clone(&paths);
    tokio::spawn(async move { listener.run(service, stopped).await });
    let store = |endpoint: &str, plain| {
        let (id, secret) = ("id".to_owned(), Zeroizing::new("secret".to_owned()));
        let clock = Arc::new(Hands::at("2026-11-27T12:00:00Z"));
        S3::new(endpoint, plain, "trail", "us-east-1", Credentials { id, secret, token: None }, clock)
    };
    for (endpoint, path) in [("", "/trail/k"), ("/", "/trail/k"), ("/minio/store/", "/minio/store/trail/k")] {
        let store = store(&format!("http://{address}{endpoint}"), Plain::Loopback).unwrap();
        let found = tokio::task::spawn_blocking(move || store.get("k", 9).unwrap()).await.unwrap();
        assert_eq!(found, None);
        assert_eq!(paths.0.lock().unwrap().last().unwrap(), path);
    }
    for bad in ["/a b", "/a?b", "/../a", "/a%2f"] {
        assert!(store(&format!("http://{address}{bad}"), Plain::Loopback).is_err(), "{bad}");
    }
    let refused = store("http://store.example", Plain::Loopback).unwrap_err().to_string();
    assert!(refused.contains("--plain-http"), "{refused}");
    store("http://store.example", Plain::Anybody).unwrap();
    stop.now();
}

/// A list that goes on for ever, always with another place to go on from.
#[derive(Default)]
struct Endless(Mutex<u64>);

impl Service for Endless {
    fn answer(&self, _: Asked) -> Pin<Box<dyn Future<Output = Answer> + Send + '_>> {
        let mut pages = self.0.lock().unwrap();
        *pages += 1;
        let page = format!(
            "<ListBucketResult><Key>a</Key><Key>b</Key><NextContinuationToken>{pages}</NextContinuationToken>\
             </ListBucketResult>"
        );
        Box::pin(std::future::ready(Answer::text(200, page)))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_without_an_end_is_refused() {
    let listener = Listener::bind("127.0.0.1:0".parse().unwrap(), Limits::default()).await.unwrap();
    let endpoint = format!("http://{}", listener.address());
    let (stop, stopped) = wire::stop();
    let endless: Arc<Endless> = Arc::default();
    let service: Arc<dyn Service> = Arc::<Endless>::clone(&endless);
    tokio::spawn(async move { listener.run(service, stopped).await });
    let (id, secret) = ("id".to_owned(), Zeroizing::new("secret".to_owned()));
    let clock = Arc::new(Hands::at("2026-11-27T12:00:00Z"));
    let credentials = Credentials { id, secret, token: None };
    let store = S3::new(&endpoint, Plain::Loopback, "trail", "us-east-1", credentials, clock).unwrap();
    let listing = tokio::task::spawn_blocking(move || store.list(""));
    let refused = tokio::time::timeout(std::time::Duration::from_secs(20), listing).await.unwrap();
    assert!(refused.unwrap().unwrap_err().to_string().contains("no end or no order"));
    assert_eq!(*endless.0.lock().unwrap(), 2);
    stop.now();
}

#[test]
fn a_lock_for_longer_than_there_is_time_ends_with_time() {
    let (id, secret) = ("id".to_owned(), Zeroizing::new("secret".to_owned()));
    let clock = Arc::new(Hands::at("2026-11-27T12:00:00Z"));
    let credentials = Credentials { id, secret, token: None };
    // Nobody listens there: it fails, and does not panic.
    let store = S3::new("http://127.0.0.1:1", Plain::Loopback, "trail", "us-east-1", credentials, clock);
    let store = store.unwrap().locking(u32::MAX);
    assert!(store.create("tile/entries/000", b"x").is_err());
}
