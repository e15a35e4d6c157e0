//! Loads a log for `cargo xtask bench ledger`, and prints figures as `name value`.
//!
//! ```text
//! load many DIR SECONDS TASKS     appends of 500 bytes from many tasks, each waiting for its acknowledgement
//! load one DIR SECONDS            one writer without a thread or runtime between it and the disk
//! load batches DIR SECONDS SIZE   the same, SIZE entries at once
//! load fill DIR ENTRIES           events as an audit trail has them
//! load verify DIR                 everything derived anew
//! load seal DIR                   the same log in one compressed file
//! ```
#![expect(clippy::print_stdout, reason = "its output is the measurement")]
#![expect(clippy::disallowed_methods, reason = "a measurement reads the clock")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a measurement fails by panicking"
)]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use tlog::{Algorithm, Bounds, Clock, Committer, Expected, Folder, Log, Opening, Sealed, SeedSigner, Signer};

const ORIGIN: &str = "load.example/log";

struct Now;

impl Clock for Now {
    fn now(&self) -> Duration {
        SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap()
    }
}

fn signer() -> Arc<dyn Signer> {
    Arc::new(SeedSigner::new(ORIGIN, Algorithm::Ed25519, &[1; 32].into()).unwrap())
}

fn create(folder: &str) -> Log {
    Log::create(&Folder::new(folder), Opening::new(ORIGIN, signer()), Now.now()).unwrap()
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["many", folder, seconds, tasks] => many(folder, seconds.parse().unwrap(), tasks.parse().unwrap()),
        ["one", folder, seconds] => batches(folder, seconds.parse().unwrap(), 1),
        ["batches", folder, seconds, size] => {
            batches(folder, seconds.parse().unwrap(), size.parse().unwrap())
        }
        ["fill", folder, entries] => fill(folder, entries.parse().unwrap()),
        ["verify", folder] => verify(folder),
        ["seal", folder] => seal(folder),
        _ => panic!("many, one, batches, fill, verify or seal"),
    }
}

/// User and system time of this process, in seconds.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
}

fn peak_megabytes() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
}

fn percentile(sorted: &[Duration], of_hundred: usize) -> f64 {
    sorted[(sorted.len() * of_hundred / 100).min(sorted.len() - 1)].as_secs_f64() * 1e3
}

fn told(entries: usize, took: Duration, cpu_seconds: f64, mut waits: Vec<Duration>) {
    waits.sort_unstable();
    println!("appends_per_second {:.0}", entries as f64 / took.as_secs_f64());
    println!("p50_ms {:.3}", percentile(&waits, 50));
    println!("p99_ms {:.3}", percentile(&waits, 99));
    println!("cpu_us_per_append {:.2}", cpu_seconds * 1e6 / entries as f64);
}

fn many(folder: &str, seconds: f64, tasks: usize) {
    let committer = Committer::start(create(folder), Arc::new(Now), Bounds::default()).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    let (start, before) = (Instant::now(), cpu());
    let until = start + Duration::from_secs_f64(seconds);
    let waits: Vec<Duration> = runtime.block_on(async {
        let tasks: Vec<_> = (0..tasks)
            .map(|_| {
                let appender = committer.appender();
                tokio::spawn(async move {
                    let mut waits = Vec::new();
                    while Instant::now() < until {
                        let asked = Instant::now();
                        appender.append(vec![vec![b'e'; 500]]).await.unwrap();
                        waits.push(asked.elapsed());
                    }
                    waits
                })
            })
            .collect();
        let mut waits = Vec::new();
        for task in tasks {
            waits.extend(task.await.unwrap());
        }
        waits
    });
    let (took, spent) = (start.elapsed(), cpu() - before);
    told(waits.len(), took, spent, waits);
    committer.close().unwrap();
}

fn batches(folder: &str, seconds: f64, size: usize) {
    let mut log = create(folder);
    let entries = vec![vec![b'e'; 500]; size];
    let (start, before) = (Instant::now(), cpu());
    let until = start + Duration::from_secs_f64(seconds);
    let mut waits = Vec::new();
    while Instant::now() < until {
        let asked = Instant::now();
        log.append(&entries, Now.now()).unwrap();
        waits.push(asked.elapsed());
        log.tick(Now.now()).unwrap();
    }
    told(waits.len() * size, start.elapsed(), cpu() - before, waits);
    log.close(Now.now()).unwrap();
}

fn bytes_below(folder: &Path) -> u64 {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let metadata = entry.metadata().unwrap();
        bytes += if metadata.is_dir() {
            bytes_below(&entry.path())
        } else {
            std::os::unix::fs::MetadataExt::blocks(&metadata) * 512
        };
    }
    bytes
}

/// Numbers without pattern that follow from a seed (splitmix64).
fn scatter(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// An event of an audit trail: some values of few, some of many, a salt and a pseudonym that are random.
fn event(index: u64) -> String {
    let pick = |salt: u64, of: u64| scatter(index.wrapping_mul(31).wrapping_add(salt << 40)) % of;
    let subject = scatter(pick(1, 40_000) + (1 << 50));
    let record = scatter(pick(2, 120_000) + (1 << 51));
    let user = pick(3, 400);
    let fields = ["Name", "PersonBirthdate", "Diagnosis__c", "PersonMobilePhone", "Medication__c", "MRN__c"];
    let listed: Vec<String> = (0..2 + pick(4, 4))
        .map(|at| format!("\"{}\"", fields[usize::try_from((pick(5, 6) + at) % 6).unwrap()]))
        .collect();
    let objects = ["Account", "HealthCondition", "CareObservation", "ClinicalEncounter"];
    let minute = index / 40;
    format!(
        concat!(
            r#"{{"at":"2026-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z","correlation":"{:016x}","fields":[{}],"ground":"{}","#,
            r#""kind":"access","object":"{}","outcome":"{}","party":"party:{}","policy":"sha256:9c1185a5c5e9fc54612808977ee8f548b2258d31a4cf5d3bd7b0b1d6f6d1b1d0","#,
            r#""purpose":"{}","record":"{}{:012X}","region":"{}","salt":"{:016x}{:016x}","subject":"pseudonym:{:016x}{:016x}","v":1,"who":"user{}@harbor.example"}}"#
        ),
        1 + minute / 40_320 % 12,
        1 + minute / 1440 % 28,
        minute / 60 % 24,
        minute % 60,
        pick(6, 60),
        pick(7, 1000),
        scatter(index ^ (1 << 52)),
        listed.join(","),
        ["treatment-provider", "baa", "individual"][usize::try_from(pick(8, 3)).unwrap()],
        objects[usize::try_from(pick(9, 4)).unwrap()],
        if pick(10, 40) == 0 { "denied" } else { "permitted" },
        ["ehr-sync", "northlab", "portal", "scheduler"][usize::try_from(pick(11, 4)).unwrap()],
        ["treatment", "operations", "payment"][usize::try_from(pick(12, 3)).unwrap()],
        ["001", "0bM", "0jw"][usize::try_from(pick(13, 3)).unwrap()],
        record & 0xffff_ffff_ffff,
        ["us", "eu"][usize::try_from(pick(14, 2)).unwrap()],
        scatter(index ^ (1 << 53)),
        scatter(index ^ (1 << 54)),
        subject,
        scatter(subject),
        user,
    )
}

fn fill(folder: &str, entries: u64) {
    let mut log = create(folder);
    let mut length = 0;
    for first in (0..entries).step_by(1024) {
        let batch: Vec<String> = (first..(first + 1024).min(entries)).map(event).collect();
        length += batch.iter().map(String::len).sum::<usize>();
        log.append(&batch, Now.now()).unwrap();
        log.tick(Now.now()).unwrap();
    }
    log.publish(Now.now()).unwrap();
    println!("bytes_of_an_entry {:.1}", length as f64 / entries as f64);
    println!("live_bytes_per_entry {:.1}", bytes_below(Path::new(folder)) as f64 / entries as f64);
    log.close(Now.now()).unwrap();
    println!("closed_bytes_per_entry {:.1}", bytes_below(Path::new(folder)) as f64 / entries as f64);
}

fn verify(folder: &str) {
    let (start, before) = (Instant::now(), cpu());
    let report = Folder::new(folder).fsck(&Expected::new(ORIGIN, &[signer().key().clone()])).unwrap();
    assert!(report.defects.is_empty(), "{:?}", report.defects);
    let took = start.elapsed();
    println!("entries {}", report.size);
    println!("seconds {:.2}", took.as_secs_f64());
    println!("cpu_seconds {:.2}", cpu() - before);
    println!("seconds_for_ten_million {:.1}", took.as_secs_f64() * 1e7 / report.size as f64);
    println!("peak_megabytes {:.1}", peak_megabytes());
}

fn seal(folder: &str) {
    let (keys, before) = ([signer().key().clone()], cpu());
    let sealed = Sealed::seal(&Folder::new(folder), &Expected::new(ORIGIN, &keys)).unwrap();
    println!("cpu_us_per_entry {:.2}", (cpu() - before) * 1e6 / sealed.size() as f64);
    println!("sealed_bytes_per_entry {:.1}", bytes_below(Path::new(folder)) as f64 / sealed.size() as f64);
    let (start, before) = (Instant::now(), cpu());
    assert_eq!(sealed.fsck(&Expected::new(ORIGIN, &keys)).unwrap().defects, []);
    println!("verify_seconds {:.2}", start.elapsed().as_secs_f64());
    println!("verify_cpu_seconds {:.2}", cpu() - before);
}
