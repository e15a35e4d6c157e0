//! What a ring of salts costs: `ring [PEOPLE]`. Bytes and seconds of the whole, nanoseconds of processor time of one
//! look-up, the least of several rounds.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a program that measures and prints"
)]

use std::hint::black_box;
use std::sync::Arc;

use guard::ring::SaltRing;
use guard::root::FileRoot;
use guard::vault::Lock;
use guard::{DataKey, FieldCipher, Handle, KeyNumber, KeyState};
use journal::names::{Org, RecordId};
use journal::{Rng, Subject};

/// The system's generator, as the product uses it.
struct System;

impl Rng for System {
    fn fill(&mut self, bytes: &mut [u8]) {
        aws_lc_rs::rand::fill(bytes).unwrap();
    }
}

/// Bytes of memory that the process holds.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
}

/// Seconds of processor time of this thread.
fn spent() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    let (seconds, nanoseconds) = (u32::try_from(time.tv_sec).unwrap(), u32::try_from(time.tv_nsec).unwrap());
    f64::from(seconds) + f64::from(nanoseconds) / 1e9
}

fn timed<T>(name: &str, act: impl FnOnce() -> T) -> T {
    let (wall, start) = (std::time::Instant::now(), spent());
    let done = act();
    println!("{name} {:.2} s of processor, {:.2} s", spent() - start, wall.elapsed().as_secs_f64());
    done
}

fn each(name: &str, handles: &[Handle], mut operation: impl FnMut(Handle)) {
    let round = || {
        let start = spent();
        handles.iter().for_each(|handle| operation(*handle));
        let handles = u32::try_from(handles.len()).unwrap();
        (spent() - start) * 1e9 / f64::from(handles)
    };
    let least = std::iter::repeat_with(round).take(5).fold(f64::INFINITY, f64::min);
    println!("{name} {least:.0} ns");
}

fn main() {
    let number: u64 = std::env::args().nth(1).map_or(1_000_000, |number| number.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let lock = Lock::KeyFile(vec![1; 32].into());
    let root = Arc::new(FileRoot::create(&folder.path().join("root"), lock, Box::new(System)).unwrap());
    let bundle = source::Source::new("phiward.yaml", "orgs:\n  - {id: production, kind: production}\n");
    let org = Org::declared(&policy::read(vec![bundle]).0, "production").unwrap();
    let person =
        |number: u64| Subject::of_record(&org, &RecordId::of(&format!("001Hs0{number:09}")).unwrap());
    let path = folder.path().join("salts");
    let ring = SaltRing::create(&path, root.clone(), Box::new(System)).unwrap();
    let mut handles = Vec::new();
    timed("give", || {
        for run in 0..number.div_ceil(10_000) {
            let people: Vec<Subject> = (run * 10_000..number.min((run + 1) * 10_000)).map(person).collect();
            let salts = ring.salts(&people).unwrap();
            if handles.len() < 200_000 {
                handles.extend(salts.iter().map(guard::SubjectSalt::handle));
            }
        }
    });
    drop(ring);
    println!("file {} bytes", std::fs::metadata(&path).unwrap().len());
    let before = resident();
    let ring = timed("open", || SaltRing::open(&path, root.clone(), Box::new(System)).unwrap());
    println!("memory {} bytes a person", resident().saturating_sub(before) / number);
    // As tokens come: in no order.
    handles.sort();
    each("by-handle", &handles, |handle| {
        black_box(ring.by_handle(handle).unwrap().unwrap());
    });
    each("missing", &handles, |handle| {
        let mut bytes = *handle.bytes();
        bytes.reverse();
        black_box(ring.by_handle(Handle::of(bytes)).unwrap());
    });
    let cipher = guard::vault::Cipher::new(&[7; 32]).unwrap();
    let wrapped = cipher.seal(b"label of about the length of one", &[1; 32], &mut System).unwrap();
    each("unwrapping-alone", &handles, |_| {
        black_box(cipher.open(b"label of about the length of one", &wrapped).unwrap());
    });
    let key = KeyNumber::of(41).unwrap();
    let key = DataKey::new(key, KeyState::Active, [3; 32].into(), 0);
    each("by-handle-to-cipher", &handles, |handle| {
        let salt = ring.by_handle(handle).unwrap().unwrap();
        black_box(FieldCipher::of_subject(&key, &salt).unwrap());
    });
    let known = person(number / 2);
    each("by-person", &handles, |_| {
        black_box(ring.known(&known).unwrap());
    });
    let threads = |count: usize| {
        let wall = std::time::Instant::now();
        std::thread::scope(|scope| {
            for _ in 0..count {
                scope.spawn(|| {
                    handles.iter().for_each(|handle| {
                        black_box(ring.by_handle(*handle).unwrap());
                    })
                });
            }
        });
        let looked = u32::try_from(handles.len() * count).unwrap();
        println!("{count} threads {:.0} look-ups a second", f64::from(looked) / wall.elapsed().as_secs_f64());
    };
    threads(1);
    threads(2);
    timed("shred", || ring.shred(&[known]).unwrap());
}
