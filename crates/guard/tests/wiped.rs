//! No secret stays on the heap or among the statics of the process once what held it is gone. What a move leaves on the
//! stack nobody without `unsafe` can wipe; it is told and not judged. Alone in its program: it looks through all memory
//! that the process can write.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fs::File;
use std::future::Future;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use guard::escrow::{Escrow, Share, Terms};
use guard::keeper::{Places, Tools, TrailPlace};
use guard::ring::Keyring;
use guard::root::FileRoot;
use guard::vault::{self, Lock};
use guard::{Binding, FieldCipher, Keeper, Sealer, SubjectSalt};
use jiff::civil::date;
use journal::names::{Org, RecordId};
use journal::{Clock, Pseudonymiser as _, Rng, Subject};
use policy::vocabulary::Class;
use source::Source;
use zeroize::Zeroizing;

const MASK: u8 = 0xa5;

/// What was drawn, as something else.
static MASKED: Mutex<Vec<[u8; 32]>> = Mutex::new(Vec::new());

/// Draws, and remembers what it drew.
struct Remembering;

impl Rng for Remembering {
    fn fill(&mut self, bytes: &mut [u8]) {
        aws_lc_rs::rand::fill(bytes).unwrap();
        if bytes.len() == 32 {
            MASKED.lock().unwrap().push(std::array::from_fn(|at| bytes[at] ^ MASK));
        }
    }
}

struct Noon;

impl Clock for Noon {
    fn now(&self) -> jiff::Timestamp {
        "2026-11-27T12:00:00Z".parse().unwrap()
    }
}

fn ready<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("it waits"),
    }
}

fn person(number: u64) -> Subject {
    let (policy, _) =
        policy::read(vec![Source::new("phiward.yaml", "orgs:\n  - {id: production, kind: production}\n")]);
    let record = RecordId::of(&format!("001Hs0{number:09}")).unwrap();
    Subject::of_record(&Org::declared(&policy, "production").unwrap(), &record)
}

fn tools(root: &Path) -> Tools {
    let lock = Lock::KeyFile(vec![9; 32].into());
    let root = FileRoot::create(root, lock, Box::new(Remembering)).unwrap();
    Tools {
        root: Arc::new(root),
        recorder: None,
        policy: None,
        who: None,
        clock: Arc::new(Noon),
        rng: || Box::new(Remembering),
    }
}

fn places(folder: &Path) -> Places {
    std::fs::create_dir_all(folder).unwrap();
    Places::of(folder, &folder.join("seen"))
}

/// What processes do with keys in their lives, but for ending.
fn life(folder: &Path) -> (Keeper, Vec<SubjectSalt>, Keyring, Keeper) {
    let lock = Lock::KeyFile(vec![9; 32].into());
    let keys = places(&folder.join("keys"));
    let mut keeper = ready(Keeper::create(keys, "harbor-clinic", &[], tools(&folder.join("root")))).unwrap();
    let number = ready(keeper.make(Class::Phi, date(2026, 11, 27))).unwrap();
    ready(keeper.activate(number)).unwrap();
    ready(keeper.rewrap()).unwrap();
    let people: Vec<Subject> = (0..20).map(person).collect();
    let mut sealer = Sealer::new(Box::new(Remembering));
    let key = keeper.active(Class::Phi).unwrap();
    let salts = keeper.salts().salts(&people).unwrap();
    for (salt, person) in salts.iter().zip(&people) {
        let cipher = FieldCipher::of_subject(&key, salt).unwrap();
        let bound = Binding { tenant: "harbor-clinic", field: "ssn", subject: Some(person) };
        sealer.seal(&cipher, &bound, "123-45-6789", &mut String::new()).unwrap();
    }
    ready(keeper.shred(&people[..3], Some(&folder.join("backups")))).unwrap();
    let trail = Keyring::create(&folder.join("trail"), &lock, Box::new(Remembering)).unwrap();
    trail.pseudonyms(&people).unwrap();
    let terms = Terms::new(date(2026, 11, 27), 2, 3, &mut Remembering).unwrap();
    let shares = ready(keeper.escrow(&terms, Some(&trail), &folder.join("escrow"), Ok)).unwrap();
    for share in &shares {
        let text = share.text();
        remember(text.lines().nth(4).unwrap().strip_prefix("piece ").unwrap());
    }
    let mut secret = Zeroizing::new([0; 32]);
    Remembering.fill(secret.as_mut_slice());
    let open = vault::seal(&Lock::None, "nothing", secret.as_slice(), &mut Remembering).unwrap();
    remember(open.lines().nth(2).unwrap());
    assert_eq!(*vault::open(&Lock::None, "nothing", &open).unwrap(), *secret);
    let shares: Vec<(String, Share)> =
        shares.iter().map(|share| (String::new(), Share::read(&share.text()).unwrap())).take(2).collect();
    let escrow = Escrow::read(&folder.join("escrow")).unwrap();
    assert!(ready(keeper.drill_escrow(&escrow, &shares, Some(&trail))).unwrap().is_good());
    let tools = tools(&folder.join("other-root"));
    let (to, seen) = (folder.join("other-trail"), folder.join("other-trail.seen"));
    let place = TrailPlace { ring: &to, lock: &lock, seen: &seen };
    let restored =
        Keeper::restore_escrow(&escrow, &shares, Some(place), places(&folder.join("other")), tools);
    let (other, _) = ready(restored).unwrap();
    (keeper, salts, trail, other)
}

/// Characters of 32 bytes in base64, but for the last.
const TEXT: usize = 43;

/// What is text where it is not locked, as something else: pieces of shares, and a secret without a lock.
static TEXTS: Mutex<Vec<[u8; TEXT]>> = Mutex::new(Vec::new());

fn remember(text: &str) {
    TEXTS.lock().unwrap().push(std::array::from_fn(|at| text.as_bytes()[at] ^ MASK));
}

/// How many of these secrets, which are masked, stand in memory: on this thread's stack, and elsewhere.
fn found<const N: usize>(masked: &[[u8; N]]) -> (usize, usize) {
    let by_start: BTreeMap<[u8; 8], &[u8; N]> =
        masked.iter().map(|secret| (*secret.first_chunk().unwrap(), secret)).collect();
    // Most places are told from a secret by their first two bytes.
    let mut starts = vec![false; 1 << 16];
    masked.iter().for_each(|secret| starts[usize::from(u16::from_le_bytes([secret[0], secret[1]]))] = true);
    let mut memory = File::open("/proc/self/mem").unwrap();
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let here = std::ptr::from_ref(&maps).addr() as u64;
    let (mut on_stack, mut elsewhere) = (0, 0);
    // One buffer, wiped: it would be found itself.
    let mut buffer = vec![0; 1 << 20];
    for line in maps.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (range, rights) = (words[0], words[1]);
        if !rights.starts_with("rw") {
            continue;
        }
        let (from, to) = range.split_once('-').unwrap();
        let [mut at, to] = [from, to].map(|text| u64::from_str_radix(text, 16).unwrap());
        let is_stack = (at..to).contains(&here);
        while at < to {
            let length = usize::try_from(to - at).unwrap_or(usize::MAX).min(buffer.len());
            let read =
                memory.seek(SeekFrom::Start(at)).and_then(|_| memory.read_exact(&mut buffer[..length]));
            if read.is_ok() {
                for place in buffer[..length].windows(N) {
                    let start = u16::from_le_bytes([place[0] ^ MASK, place[1] ^ MASK]);
                    if !starts[usize::from(start)] {
                        continue;
                    }
                    let start: [u8; 8] = std::array::from_fn(|at| place[at] ^ MASK);
                    let secret = by_start.get(&start);
                    if secret.is_some_and(|secret| secret.iter().zip(place).all(|(a, b)| a ^ b == MASK)) {
                        *(if is_stack { &mut on_stack } else { &mut elsewhere }) += 1;
                    }
                }
            }
            // A secret that lies across two runs is found in the second.
            at += (length as u64).saturating_sub(N as u64 - 1).max(1);
            if length < N || at + N as u64 > to {
                break;
            }
        }
        buffer.fill(0);
    }
    (on_stack, elsewhere)
}

#[test]
fn no_key_outlives_what_held_it() {
    let folder = tempfile::tempdir().unwrap();
    let held = life(folder.path());
    let mut masked: Vec<[u8; 32]> = MASKED.lock().unwrap().clone();
    // What makes a key of a lock is drawn too, stands in the head of what is locked, and is no secret.
    for locked in ["root", "other-root", "trail", "other-trail"] {
        let file = std::fs::read(folder.path().join(locked)).unwrap();
        let head = String::from_utf8_lossy(&file).lines().nth(1).unwrap().to_owned();
        let salt = STANDARD.decode(head.strip_prefix("keyfile ").unwrap()).unwrap();
        let before = masked.len();
        masked.retain(|masked| !masked.iter().zip(&salt).all(|(masked, salt)| masked ^ MASK == *salt));
        assert_eq!(masked.len(), before - 1, "{locked}");
    }
    assert!(masked.len() > 45, "{} secrets", masked.len());
    // The looking finds what is there: wrapping keys and the key of a data key are in memory now.
    let (_, before) = found(&masked);
    assert!(before > 4, "{before}");
    drop(held);
    let (on_stack, after) = found(&masked);
    assert_eq!(after, 0, "{before} before, {after} after, {on_stack} on the stack");
    // As text.
    let (_, after) = found(&TEXTS.lock().unwrap());
    assert_eq!(after, 0, "{after} in base64");
}
