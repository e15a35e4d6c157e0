//! Against moto, an S3 server from the Python package index: `cargo xtask setup` installs it.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use ledger::archive::{archive, verify_archive};
use ledger::s3::S3;
use ledger::{Expected, Layout, LedgerError, reading, verify};
use tlog::{Bucket, Log, Objects};
use wire::{Call, Client, Credentials, Peer, Plain, Reply};
use zeroize::Zeroizing;

use crate::{Hands, make, opening, samples};

struct Moto {
    child: Child,
    endpoint: String,
    client: Client,
}

impl Moto {
    fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../tools/moto/bin/moto_server");
        let child = Command::new(&program)
            .args(["-H", "127.0.0.1", "-p", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| {
                panic!("{}: {error}: `cargo xtask setup` installs it", program.display())
            });
        let endpoint = format!("http://127.0.0.1:{port}");
        let (peer, _) = Peer::of(&endpoint, Plain::Loopback, 1 << 20, Duration::from_secs(20)).unwrap();
        let moto = Self { child, endpoint, client: Client::start(peer).unwrap() };
        for _ in 0..600 {
            let call = Call { method: "GET", path: "/".to_owned(), headers: Vec::new(), body: Vec::new() };
            if moto.client.ask(call).is_ok() {
                return moto;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("moto does not answer");
    }

    fn raw(&self, method: &'static str, path: &str, headers: &[(&'static str, &str)]) -> Reply {
        let mut headers: Vec<(&str, String)> =
            headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let scope = "20261127/us-east-1/s3/aws4_request";
        headers.push((
            "authorization",
            format!("AWS4-HMAC-SHA256 Credential=id/{scope}, SignedHeaders=host, Signature=0"),
        ));
        self.client.ask(Call { method, path: path.to_owned(), headers, body: Vec::new() }).unwrap()
    }

    fn bucket(&self, name: &str) -> S3 {
        let made = self.raw("PUT", &format!("/{name}"), &[("x-amz-bucket-object-lock-enabled", "true")]);
        assert_eq!(made.status, 200, "{}", String::from_utf8_lossy(&made.body));
        let credentials =
            Credentials { id: "id".to_owned(), secret: Zeroizing::new("secret".to_owned()), token: None };
        let clock = Arc::new(Hands::at("2026-11-27T12:00:00Z"));
        S3::new(&self.endpoint, Plain::Loopback, name, "us-east-1", credentials, clock).unwrap()
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn an_archive_is_locked_by_the_store_and_verifies() {
    let moto = Moto::start();

    // What a log asks of a store.
    let store = moto.bucket("plain");
    assert_eq!(store.get("a b/c+d", 10).unwrap(), None);
    assert!(store.create("a b/c+d", b"one").unwrap() && !store.create("a b/c+d", b"two").unwrap());
    let found = store.get("a b/c+d", 10).unwrap().unwrap();
    assert_eq!(found.bytes, b"one");
    assert!(store.get("a b/c+d", 2).is_err());
    assert!(!store.replace("a b/c+d", b"two", "\"0\"").unwrap());
    assert!(store.replace("a b/c+d", b"two", &found.tag).unwrap());
    store.put("a b/e", b"").unwrap();
    assert_eq!(store.list("a b/").unwrap(), ["a b/c+d", "a b/e"]);
    store.remove("a b/e").unwrap();
    store.remove("a b/e").unwrap();
    assert_eq!(store.list("a").unwrap(), ["a b/c+d"]);

    // A log that lives in the store.
    let folder = tempfile::tempdir().unwrap();
    let clock = Hands::at("2026-11-27T12:00:00Z");
    let ledger = make(folder.path(), Layout::One, &clock);
    let key = ledger.verifier().unwrap().clone();
    let signer =
        Arc::new(opening(folder.path(), &clock, 4).key.signer("test/log", tlog::Algorithm::Ed25519).unwrap());
    let objects: Arc<dyn Objects> = Arc::new(moto.bucket("lives"));
    let bucket = Bucket::new(Arc::clone(&objects), "log/");
    let entries: Vec<Vec<u8>> = samples(300, 1).iter().map(|entry| entry.bytes().unwrap()).collect();
    let second = Duration::from_secs(1);
    let mut log = Log::create(&bucket, tlog::Opening::new("test/log", signer.clone()), second).unwrap();
    log.append(&entries, second).unwrap();
    log.publish(second).unwrap();
    log.append(&entries[..5], second).unwrap();
    drop(log);
    let (log, recovered) = Log::open(&bucket, tlog::Opening::new("test/log", signer), second).unwrap();
    assert_eq!((recovered.size, recovered.unpublished), (305, 5));
    log.close(second).unwrap();
    let expected = Expected { keys: vec![key.clone()], ..Expected::default() };
    let report = verify(&bucket, &expected).unwrap();
    assert_eq!((report.size, report.problems.len()), (305, 0));

    // The archive of a ledger, locked.
    let objects: Arc<dyn Objects> = Arc::new(moto.bucket("archive").locking(2200));
    ledger.append(&samples(600, 2)).unwrap();
    ledger.close().unwrap();
    let held = reading::held(&folder.path().join("D"), &key).unwrap();
    let first = archive(&held[0], &objects, "a/").unwrap();
    assert_eq!((first.size, first.written), (600, 8));
    assert_eq!(archive(&held[0], &objects, "a/").unwrap().written, 0, "what is there is not written again");
    let (ledger, _) = ledger::Ledger::open(opening(folder.path(), &clock, 5)).unwrap();
    ledger.append(&samples(100, 3)).unwrap();
    ledger.close().unwrap();
    assert_eq!(archive(&held[0], &objects, "a/").unwrap().written, 3);
    let report = verify_archive(&held[0], &objects, "a/").unwrap();
    assert_eq!((report.size, report.entries, report.problems), (700, 700, Vec::new()));

    // The store keeps what is full from whoever has the credentials; to take a name away leaves the version.
    let bundle = "/archive/a/tile/entries/000";
    let head = moto.raw("HEAD", bundle, &[]);
    assert_eq!(head.header("x-amz-object-lock-mode"), Some("COMPLIANCE"));
    assert!(head.header("x-amz-object-lock-retain-until-date").unwrap().starts_with("2032-12-05"));
    let version = head.header("x-amz-version-id").unwrap().to_owned();
    let denied = moto.raw("DELETE", &format!("{bundle}?versionId={version}"), &[]);
    assert_eq!(denied.status, 403, "{}", String::from_utf8_lossy(&denied.body));
    assert_eq!(moto.raw("HEAD", bundle, &[]).status, 200);

    // A log that was cut or rewritten does not get past its archive.
    let other = tempfile::tempdir().unwrap();
    let rewritten = make(other.path(), Layout::One, &clock);
    rewritten.append(&samples(650, 9)).unwrap();
    rewritten.close().unwrap();
    let mut held = held[0].clone();
    held.folder = other.path().join("D");
    let refused = archive(&held, &objects, "a/");
    assert!(matches!(&refused, Err(LedgerError::Refused(what)) if what.contains("cut")), "{refused:?}");
    let (rewritten, _) = ledger::Ledger::open(opening(other.path(), &clock, 6)).unwrap();
    rewritten.append(&samples(100, 8)).unwrap();
    rewritten.close().unwrap();
    let refused = archive(&held, &objects, "a/");
    assert!(matches!(&refused, Err(LedgerError::Refused(what)) if what.contains("rewritten")), "{refused:?}");
}
