//! Witnesses that a ledger asks, as they should and should not be.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use guard::vault::Lock;
use journal::sample::Drawn;
use ledger::{Layout, Ledger, Neighbour, SigningKey, Witness};
use tlog::{Algorithm, Signer as _};
use wire::{Answer, Asked, Limits, Listener, Plain, Service};

use crate::{Hands, make, samples};

/// A witness behind which the log grows while it judges, so many times.
struct Growing {
    witness: Witness,
    ledger: Ledger,
    clock: Hands,
    times: Arc<AtomicU64>,
}

impl Service for Growing {
    fn answer(&self, asked: Asked) -> Pin<Box<dyn Future<Output = Answer> + Send + '_>> {
        Box::pin(async move {
            let answer = self.witness.answer(asked).await;
            if answer.status == 200 && self.times.load(Ordering::SeqCst) > 0 {
                let left = self.times.fetch_sub(1, Ordering::SeqCst);
                let (ledger, clock) = (self.ledger.clone(), self.clock.clone());
                let grown = tokio::task::spawn_blocking(move || {
                    ledger.append(&samples(1, 100 + left)).unwrap();
                    // Until it is published, which the clock says.
                    let size = ledger.prover().head().0;
                    clock.set(&format!("2026-11-27T12:{size:02}:00Z"));
                    while ledger.checkpoint().unwrap().checkpoint().size() < size {
                        std::thread::sleep(Duration::from_millis(5));
                    }
                });
                grown.await.unwrap();
            }
            answer
        })
    }
}

/// Says what a terminal should not be told.
struct Hostile;

impl Service for Hostile {
    fn answer(&self, _: Asked) -> Pin<Box<dyn Future<Output = Answer> + Send + '_>> {
        let text = format!("\u{1b}[2Jowned\r\n::error::\u{202e}{}", "x".repeat(5000));
        Box::pin(std::future::ready(Answer::text(418, text)))
    }
}

/// Cosigns, and adds lines under the log's name and under many others.
struct Forging {
    witness: Witness,
    log: tlog::VerifierKey,
}

impl Service for Forging {
    fn answer(&self, asked: Asked) -> Pin<Box<dyn Future<Output = Answer> + Send + '_>> {
        Box::pin(async move {
            let mut answer = self.witness.answer(asked).await;
            if answer.status == 200 {
                let forged = |name: &str, key_id| {
                    tlog::SignatureLine { name: name.to_owned(), key_id, bytes: vec![7; 64] }.to_string()
                };
                answer.body.extend(forged(self.log.name(), self.log.id()).bytes());
                answer.body.extend((0..100).flat_map(|id| forged("nobody", id).into_bytes()));
            }
            answer
        })
    }
}

async fn listening(service: Arc<dyn Service>) -> (String, wire::Stop) {
    let listener = Listener::bind("127.0.0.1:0".parse().unwrap(), Limits::default()).await.unwrap();
    let url = format!("http://{}", listener.address());
    let (stop, stopped) = wire::stop();
    tokio::spawn(async move { listener.run(service, stopped).await });
    (url, stop)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_grows_meanwhile_is_cosigned_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Hands::at("2026-11-27T12:00:00Z");
    let ledger = make(folder.path(), Layout::One, &clock);
    let own =
        SigningKey::create(&folder.path().join("W.key"), "test/witness", &Lock::None, &mut Drawn::new(5));
    let signer = Arc::new(own.unwrap().signer("test/witness", Algorithm::CosignatureEd25519).unwrap());
    let key = signer.key().clone();
    let logs = vec![ledger.verifier().unwrap().clone()];
    let state = folder.path().join("W");
    let witness =
        Witness::open(&state, logs, vec![signer], Arc::new(clock.clone()), Arc::new(|_: &str| {})).unwrap();
    let times = Arc::new(AtomicU64::new(3));
    let growing = Growing { witness, ledger: ledger.clone(), clock, times: Arc::clone(&times) };
    let (url, stop) = listening(Arc::new(growing)).await;
    let neighbour = Neighbour { url, key: key.clone(), plain: Plain::Loopback };
    let first = ledger.clone();
    tokio::task::spawn_blocking(move || first.append(&samples(5, 1)).unwrap()).await.unwrap();
    assert_eq!(ledger.ask(&neighbour, Duration::from_secs(10)).await.unwrap(), 1);
    let served = ledger.checkpoint().unwrap();
    assert_eq!(served.checkpoint().size(), 8);
    served.verify(std::slice::from_ref(&key)).unwrap();
    // Where it grows faster than it is answered that is told.
    times.store(5, Ordering::SeqCst);
    let told = ledger.ask(&neighbour, Duration::from_secs(10)).await.unwrap_err().to_string();
    assert!(told.contains("answered 5 times") && told.contains("not cosigned"), "{told}");
    stop.now();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_a_witness_does_not_know_hides_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Hands::at("2026-11-27T12:00:00Z");
    let ledger = make(folder.path(), Layout::Shards(ledger::Every::Year), &clock);
    let entry = samples(1, 1).remove(0);
    let shard = ledger.place_of(&entry).unwrap();
    let first = ledger.clone();
    tokio::task::spawn_blocking(move || first.append(&[entry]).unwrap()).await.unwrap();
    let list =
        ledger::directory::Directory::read(&folder.path().join("D/directory"), ledger.verifier().unwrap());
    let log = list.unwrap().unwrap().find(&shard).unwrap().key.clone();
    let own =
        SigningKey::create(&folder.path().join("W.key"), "test/witness", &Lock::None, &mut Drawn::new(5));
    let signer = Arc::new(own.unwrap().signer("test/witness", Algorithm::CosignatureEd25519).unwrap());
    let key = signer.key().clone();
    let state = folder.path().join("W");
    let witness =
        Witness::open(&state, vec![log], vec![signer], Arc::new(clock.clone()), Arc::new(|_: &str| {}));
    let witness = witness.unwrap();
    let (url, stop) = listening(Arc::new(witness.clone())).await;
    let neighbour = Neighbour { url, key, plain: Plain::Loopback };
    let told = ledger.ask(&neighbour, Duration::from_secs(10)).await.unwrap_err().to_string();
    assert!(told.contains("answers 404 for `test/log`"), "{told}");
    assert_eq!(witness.last(&format!("test/log/{shard}")).unwrap().size(), 1);
    stop.now();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_witness_says_is_shown_bounded_and_plain() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Hands::at("2026-11-27T12:00:00Z");
    let ledger = make(folder.path(), Layout::One, &clock);
    let key = ledger.verifier().unwrap().clone();
    let (url, stop) = listening(Arc::new(Hostile)).await;
    let told = ledger
        .ask(&Neighbour { url, key, plain: Plain::Loopback }, Duration::from_secs(10))
        .await
        .unwrap_err()
        .to_string();
    assert!(told.contains("answers 418") && told.contains("owned"), "{told}");
    assert!(told.chars().all(|c| c.is_ascii_graphic() || c == ' '), "{told:?}");
    assert!(told.len() < 400, "{}", told.len());
    stop.now();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_witness_adds_its_own_signatures_and_no_others() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Hands::at("2026-11-27T12:00:00Z");
    let ledger = make(folder.path(), Layout::One, &clock);
    let log = ledger.verifier().unwrap().clone();
    let own =
        SigningKey::create(&folder.path().join("W.key"), "test/witness", &Lock::None, &mut Drawn::new(5));
    let signer = Arc::new(own.unwrap().signer("test/witness", Algorithm::CosignatureEd25519).unwrap());
    let key = signer.key().clone();
    let state = folder.path().join("W");
    let witness = Witness::open(
        &state,
        vec![log.clone()],
        vec![signer],
        Arc::new(clock.clone()),
        Arc::new(|_: &str| {}),
    );
    let (url, stop) = listening(Arc::new(Forging { witness: witness.unwrap(), log: log.clone() })).await;
    let neighbour = Neighbour { url, key: key.clone(), plain: Plain::Loopback };
    assert_eq!(ledger.ask(&neighbour, Duration::from_secs(10)).await.unwrap(), 1);
    let served = ledger.checkpoint().unwrap();
    assert_eq!(served.verify(&[log, key]).unwrap().len(), 2);
    assert_eq!(served.note().signatures().len(), 2);
    stop.now();
    tokio::task::spawn_blocking(move || ledger.close().unwrap()).await.unwrap();
    Ledger::open(crate::opening(folder.path(), &clock, 9)).unwrap();
}
