//! `phiward ledger`.

mod append;
mod archive;
pub(crate) mod arguments;
pub(crate) mod keyring;
mod network;
mod retain;
mod show;
pub(crate) mod shredded;

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use guard::vault::Lock;
use journal::names::Writer;
use ledger::reading::{self, Held};
use ledger::{Every, Expected, Layout, LedgerError, Opening, Settings, SigningKey};
use tlog::{VerifierKey, entries};
use wire::Plain;
use zeroize::Zeroizing;

use crate::outside::{SystemClock, SystemRng};
use crate::telling::counted;
use crate::{Verdict, files};
use arguments::{
    Init, Ledger, OneLog, Period, Prove, Reading, Reconcile, Recorded, Sample, Unlock, Verify, Writing,
};

pub(crate) fn run(command: &Ledger) -> Result<Verdict, String> {
    match command {
        Ledger::Init(init) => make(init),
        Ledger::Append(append) => append::run(append),
        Ledger::Sample(sample) => print_sample(sample),
        Ledger::Checkpoint(log) => checkpoint(log),
        Ledger::Prove(prove) => print_proof(prove),
        Ledger::Verify(verify) => verify_all(verify),
        Ledger::Fsck(reading) => fsck(reading),
        Ledger::Show(show) => show::run(show),
        Ledger::Shredded(shredded) => shredded::run(shredded),
        Ledger::Serve(serve) => network::serve(serve),
        Ledger::Witness(witness) => network::witness(witness),
        Ledger::Seal(writing) => seal(writing),
        Ledger::Retain(retain) => retain::run(retain),
        Ledger::Archive(archive) => archive::run(archive),
        Ledger::Reconcile(reconcile) => bring(reconcile),
        Ledger::Keyring(command) => keyring::run(command),
        Ledger::Schema => {
            let schema =
                serde_json::to_string_pretty(&journal::schema()).map_err(|error| error.to_string())?;
            files::print(format!("{schema}\n").as_bytes())?;
            Ok(Verdict::InOrder)
        }
    }
}

pub(crate) fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// Whom one may ask over plain http.
pub(super) fn plain(allowed: bool) -> Plain {
    if allowed { Plain::Anybody } else { Plain::Loopback }
}

/// A file beside a folder, named after it.
pub(crate) fn beside(dir: &Path, ending: &str) -> Result<PathBuf, String> {
    let whole = std::path::absolute(dir).map_err(|error| format!("`{}`: {error}", dir.display()))?;
    match whole.file_name() {
        Some(name) => Ok(whole.with_file_name(format!("{}.{ending}", name.to_string_lossy()))),
        None => Err(format!("`{}` has no name: name the ledger's folder", dir.display())),
    }
}

#[expect(clippy::disallowed_methods, reason = "the binary is where the environment is read")]
pub(crate) fn lock(unlock: &Unlock) -> Result<Lock, String> {
    const LONGEST: u64 = 64 * 1024;
    let read = |path: &Path| -> Result<Zeroizing<Vec<u8>>, String> {
        let length = std::fs::metadata(path).map_err(|error| format!("`{}`: {error}", path.display()))?.len();
        if length > LONGEST {
            return Err(format!("`{}` is longer than any passphrase or key", path.display()));
        }
        if guard::durable::is_open_to_others(path)
            .map_err(|error| format!("`{}`: {error}", path.display()))?
        {
            return Err(format!(
                "`{0}` can be read by others than its owner: `chmod 600 {0}`, and change what it holds if others may have \
                 read it",
                path.display()
            ));
        }
        std::fs::read(path).map(Zeroizing::new).map_err(|error| format!("`{}`: {error}", path.display()))
    };
    if let Some(path) = &unlock.passphrase_file {
        let bytes = read(path)?;
        let line = bytes.split(|byte| *byte == b'\n' || *byte == b'\r').next().unwrap_or_default();
        is_long_enough(line, || format!("the first line of `{}`", path.display()))?;
        return Ok(Lock::Passphrase(Zeroizing::new(line.to_vec())));
    }
    if let Some(name) = &unlock.passphrase_env {
        let value = std::env::var(name).map_err(|_| format!("the environment has no `{name}`"))?;
        let value = Zeroizing::new(value.into_bytes());
        is_long_enough(&value, || format!("`{name}`"))?;
        return Ok(Lock::Passphrase(value));
    }
    if let Some(path) = &unlock.unlock_file {
        let bytes = read(path)?;
        if bytes.len() < 32 {
            let length = bytes.len();
            return Err(format!("`{}` has {length} bytes, and a key file has 32 at least", path.display()));
        }
        return Ok(Lock::KeyFile(bytes));
    }
    Ok(Lock::None)
}

/// Bytes of the shortest passphrase that is taken.
const SHORTEST: usize = 8;

fn is_long_enough(passphrase: &[u8], named: impl Fn() -> String) -> Result<(), String> {
    match passphrase.len() {
        0 => Err(format!("{} is empty: a passphrase has {SHORTEST} bytes at least", named())),
        length if length < SHORTEST => {
            let named = named();
            Err(format!(
                "{named} has {length} bytes, and a passphrase has {SHORTEST} at least: take a longer one"
            ))
        }
        _ => Ok(()),
    }
}

fn signing_key(writing: &Writing) -> Result<PathBuf, String> {
    match &writing.signing_key {
        Some(path) => Ok(path.clone()),
        None => beside(&writing.dir, "key"),
    }
}

fn seen(writing: &Writing) -> Result<PathBuf, String> {
    match &writing.seen {
        Some(path) => Ok(path.clone()),
        None => beside(&writing.dir, "seen"),
    }
}

pub(super) fn opening(writing: &Writing) -> Result<Opening, String> {
    let key = SigningKey::open(&signing_key(writing)?, &lock(&writing.unlock)?).map_err(text)?;
    opened_with(writing, key)
}

fn opened_with(writing: &Writing, key: SigningKey) -> Result<Opening, String> {
    Ok(Opening {
        folder: writing.dir.clone(),
        anchor: seen(writing)?,
        key,
        clock: Arc::new(SystemClock),
        rng: Box::new(SystemRng::new()),
        unseen: writing.unseen,
    })
}

/// The ledger that is to say what was done. Its key has a lock of its own that is named, or that of what is worked on, or
/// none.
pub(crate) fn recording(into: &Recorded, unlock: &Unlock) -> Result<Option<ledger::Ledger>, String> {
    let Some(dir) = &into.ledger else { return Ok(None) };
    let (signing_key, seen) = (into.signing_key.clone(), into.seen.clone());
    let writing = Writing { dir: dir.clone(), signing_key, seen, unseen: false, unlock: unlock.clone() };
    let own = Unlock {
        passphrase_file: into.ledger_passphrase_file.clone(),
        passphrase_env: into.ledger_passphrase_env.clone(),
        unlock_file: into.ledger_unlock_file.clone(),
    };
    let path = self::signing_key(&writing)?;
    let key = match lock(&own)? {
        Lock::None => SigningKey::open(&path, &Lock::None).or_else(|error| match lock(unlock) {
            Ok(Lock::None) | Err(_) => Err(error),
            Ok(lock) => SigningKey::open(&path, &lock),
        }),
        lock => SigningKey::open(&path, &lock),
    };
    let key = key.map_err(|error| {
        let is_lock = matches!(&error, LedgerError::WrongKey { .. } | LedgerError::Unreadable { .. });
        let how = "\nwhere the ledger's key has a lock of its own, name it: --ledger-passphrase-file, --ledger-passphrase-env \
                   or --ledger-unlock-file";
        format!("{error}{}", if is_lock { how } else { "" })
    })?;
    running(opened_with(&writing, key)?).map(Some).map_err(|error| match error {
        LedgerError::Unseen { path } => {
            let (path, dir) = (path.display(), dir.display());
            format!(
                "`{path}` is not there, where it is kept how far the ledger `{dir}` came: nobody can tell whether it is an \
                 older copy, and nothing is done. Put the file back, or say with --seen where it lies. If it is lost, compare \
                 the ledger with a checkpoint that somebody kept, then open it once by itself, which an entry tells: \
                 `phiward ledger append --dir {dir} --unseen < /dev/null`"
            )
        }
        other => other.to_string(),
    })
}

pub(super) fn open(writing: &Writing) -> Result<ledger::Ledger, String> {
    running(opening(writing)?).map_err(text)
}

fn running(opening: Opening) -> Result<ledger::Ledger, LedgerError> {
    let (ledger, found) = ledger::Ledger::open(opening)?;
    for cut in &found.cut {
        eprintln!("phiward: {cut}; nobody was told of it");
    }
    if found.unpublished > 0 {
        let were = counted(found.unpublished, "entry was", "entries were");
        eprintln!("phiward: {were} durable and not published: published now");
    }
    Ok(ledger)
}

/// More bytes than any verifier key has.
const LONGEST_KEY: u64 = 64 * 1024;

/// A key as it stands, or as a file holds it.
pub(super) fn vkey(text: &str) -> Result<VerifierKey, String> {
    if let Ok(key) = text.parse() {
        return Ok(key);
    }
    let mut read = String::new();
    let bytes = std::fs::File::open(text).and_then(|file| file.take(LONGEST_KEY).read_to_string(&mut read));
    bytes.map_err(|error| format!("`{text}` is neither a verifier key nor a file: {error}"))?;
    read.trim().parse().map_err(|error| format!("`{text}`: {error}"))
}

pub(super) fn verifier(reading: &Reading) -> Result<VerifierKey, String> {
    match &reading.verifier {
        Some(text) => vkey(text),
        None => vkey(&beside(&reading.dir, "vkey")?.display().to_string()),
    }
}

fn make(init: &Init) -> Result<Verdict, String> {
    let writing = &init.writing;
    let lock = lock(&writing.unlock)?;
    let writer = Writer::of(&init.writer).map_err(|error| format!("`--writer`: {error}"))?;
    let name = match &init.name {
        Some(name) => name.clone(),
        None => {
            let folder = beside(&writing.dir, "")?;
            let folder = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
            let folder: String = folder.trim_end_matches('.').chars().map(plain).collect();
            format!("phiward/{folder}-{}", digits())
        }
    };
    let layout = match init.shards {
        None => Layout::One,
        Some(Period::Year) => Layout::Shards(Every::Year),
        Some(Period::Month) => Layout::Shards(Every::Month),
    };
    if writing.dir.join("checkpoint").exists() {
        return Err(format!("a log lies in `{}` already", writing.dir.display()));
    }
    let anchor = seen(writing)?;
    let (key_file, public) = (signing_key(writing)?, beside(&writing.dir, "vkey")?);
    for path in [&anchor, &public] {
        if path.exists() {
            return Err(format!("`{}` is there already, of another ledger", path.display()));
        }
    }
    if let Some(above) = std::path::absolute(&writing.dir).map_err(text)?.parent() {
        files::folder(above)?;
    }
    let key = SigningKey::create(&key_file, &name, &lock, &mut SystemRng::new()).map_err(text)?;
    let opening = Opening {
        folder: writing.dir.clone(),
        anchor,
        key,
        clock: Arc::new(SystemClock),
        rng: Box::new(SystemRng::new()),
        unseen: false,
    };
    let verifier = ledger::Ledger::create(&opening, &Settings { name, writer, layout }).map_err(|error| {
        // A key of no log, which was made above: the same command is to work once the folder can be written. Where a
        // log came to be, its key stays.
        if !writing.dir.join("checkpoint").exists() {
            let _ = std::fs::remove_file(&key_file);
        }
        error.to_string()
    })?;
    println!("{verifier}");
    files::write(&public, format!("{verifier}\n").as_bytes())?;
    if matches!(lock, Lock::None) {
        let shown = key_file.display();
        eprintln!(
            "phiward: `{shown}` is protected by its mode alone; --passphrase-file or --unlock-file lock it"
        );
    }
    Ok(Verdict::InOrder)
}

/// Eight hexadecimal digits.
pub(super) fn digits() -> String {
    let mut bytes = [0; 4];
    journal::Rng::fill(&mut SystemRng::new(), &mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn print_sample(sample: &Sample) -> Result<Verdict, String> {
    let mut lines = Vec::new();
    for entry in journal::sample::sample(sample.number, sample.seed) {
        lines.extend_from_slice(&entry.bytes().map_err(text)?);
        lines.push(b'\n');
        if lines.len() > 1 << 20 {
            files::print(&lines)?;
            lines.clear();
        }
    }
    files::print(&lines)?;
    Ok(Verdict::InOrder)
}

/// The logs of a ledger, with the home log's own word on what is deleted.
fn logs(reading: &Reading) -> Result<Vec<Held>, String> {
    reading::held(&reading.dir, &verifier(reading)?).map_err(text)
}

fn one(log: &OneLog) -> Result<Held, String> {
    let all = logs(&log.reading)?;
    let wanted = |held: &&Held| match (&log.log, &held.shard) {
        (None, None) => true,
        (Some(name), Some(shard)) => shard.to_string() == *name,
        _ => false,
    };
    all.iter().find(wanted).cloned().ok_or_else(|| {
        let names: Vec<String> =
            all.iter().filter_map(|held| held.shard.as_ref()).map(|shard| format!("\n  {shard}")).collect();
        format!("the ledger has no such log; it has the home log and:{}", names.concat())
    })
}

fn checkpoint(log: &OneLog) -> Result<Verdict, String> {
    let signed = reading::checkpoint(&one(log)?).map_err(text)?;
    files::print(signed.to_string().as_bytes())?;
    Ok(Verdict::InOrder)
}

fn print_proof(prove: &Prove) -> Result<Verdict, String> {
    let (bytes, proof) = reading::prove(&one(&prove.log)?, prove.index).map_err(text)?;
    if let Some(path) = &prove.entry {
        let bytes = bytes.ok_or("the entry was deleted; its place in the tree is proved all the same")?;
        files::write(path, &bytes)?;
    }
    match &prove.output {
        Some(path) => files::write(path, proof.to_string().as_bytes())?,
        None => files::print(proof.to_string().as_bytes())?,
    }
    Ok(Verdict::InOrder)
}

fn verify_all(verify: &Verify) -> Result<Verdict, String> {
    let kept = verify.kept.iter().map(|path| ledger::kept_checkpoint(path).map_err(text));
    let kept = kept.collect::<Result<Vec<_>, _>>()?;
    let witnesses = verify.cosigned_by.iter().map(|key| vkey(key)).collect::<Result<Vec<_>, _>>()?;
    let all = logs(&verify.reading)?;
    for checkpoint in &kept {
        let origin = checkpoint.checkpoint().origin();
        if !all.iter().any(|log| log.name == origin) {
            return Err(format!("a kept checkpoint is of `{origin}`, which this ledger does not have"));
        }
    }
    let mut in_order = settings_hold(&verify.reading)?;
    for log in &all {
        let mut older: Vec<_> =
            kept.iter().filter(|kept| kept.checkpoint().origin() == log.name).cloned().collect();
        if let Some(seen) = verify.seen.as_ref().filter(|_| !reading::is_gone(log)) {
            // Before the log is read: what was seen then, it has.
            match reading::seen(log, seen) {
                Ok(seen) => older.extend(seen),
                Err(error) => {
                    println!("{}: what was seen of it cannot be told: {error}: not in order", log.name);
                    in_order = false;
                }
            }
        }
        let expected = Expected { keys: witnesses.clone(), older, deleted: Vec::new() };
        let report = match reading::verify_held(log, expected) {
            Ok(report) => report,
            // What became of one log hides nothing of the others.
            Err(error) => {
                println!("{}: {error}: not in order", log.name);
                in_order = false;
                continue;
            }
        };
        for problem in &report.problems {
            println!("{}: {problem}", log.name);
        }
        in_order &= report.problems.is_empty();
        let gone: u64 = report.deleted.iter().map(|run| run.end - run.start).sum();
        println!(
            "{}: {}, {} read, {gone} deleted, root {}, signed by {}: {}",
            report.origin,
            entries(report.size),
            report.entries,
            report.root,
            report.signed_by.join(", "),
            if report.problems.is_empty() { "in order" } else { "not in order" }
        );
    }
    Ok(if in_order { Verdict::InOrder } else { Verdict::Findings })
}

/// Whether the settings in the folder are those that the ledger signed; tells where they are not.
fn settings_hold(reading: &Reading) -> Result<bool, String> {
    let fault = ledger::settings_fault(&reading.dir, &verifier(reading)?);
    if let Some(fault) = &fault {
        println!("{fault}");
    }
    Ok(fault.is_none())
}

fn fsck(reading: &Reading) -> Result<Verdict, String> {
    let key = verifier(reading)?;
    // A directory or home log that does not read hides no damage: the home log alone is looked at then.
    let all = reading::held(&reading.dir, &key).unwrap_or_else(|error| {
        println!("{}: {error}", key.name());
        Vec::new()
    });
    let mut in_order = !all.is_empty() && settings_hold(reading)?;
    let home = Held {
        name: key.name().to_owned(),
        folder: reading.dir.clone(),
        key,
        shard: None,
        sealed: None,
        deleted: Vec::new(),
    };
    for log in if all.is_empty() { vec![home] } else { all } {
        if reading::is_gone(&log) {
            println!("{}: deleted", log.name);
            continue;
        }
        let report = match reading::fsck(&log) {
            Ok(report) => report,
            Err(error) => {
                println!("{}: {error}", log.name);
                in_order = false;
                continue;
            }
        };
        for defect in &report.defects {
            println!("{}: {}, byte {}: {}", log.name, defect.file, defect.offset, defect.reason);
            if let Some(expected) = &defect.expected {
                println!("  {expected} should stand there");
            }
        }
        if report.more {
            println!("{}: and more", log.name);
        }
        for cut in &report.cut {
            println!(
                "{}: {}, byte {}: {}; nobody was told of it",
                log.name, cut.file, cut.offset, cut.reason
            );
        }
        let ours = ["ledger.json", "directory", "logs"];
        for stray in report.strays.iter().filter(|stray| !ours.iter().any(|own| stray.starts_with(own))) {
            // Whoever has the disk names files.
            println!("{}: `{}` is none of the log's files", log.name, stray.escape_debug());
        }
        println!(
            "{}: {}, {} of them durable and not published, root {}: {}",
            log.name,
            entries(report.size),
            report.unpublished,
            report.root,
            if report.defects.is_empty() { "whole" } else { "damaged" }
        );
        in_order &= report.defects.is_empty();
    }
    Ok(if in_order { Verdict::InOrder } else { Verdict::Findings })
}

fn seal(writing: &Writing) -> Result<Verdict, String> {
    let ledger = open(writing)?;
    let sealed = ledger.seal();
    ledger.close().map_err(text)?;
    let sealed = sealed.map_err(text)?;
    for name in &sealed {
        println!("{name}");
    }
    if sealed.is_empty() {
        eprintln!("phiward: no log's period is over");
    }
    Ok(Verdict::InOrder)
}

fn bring(reconcile: &Reconcile) -> Result<Verdict, String> {
    let writing = &reconcile.writing;
    let lock = lock(&writing.unlock)?;
    let space = ledger::spool::Space::default();
    let spool = ledger::spool::Spool::open(&reconcile.spool, &lock, Box::new(SystemRng::new()), space);
    let spool = spool.map_err(text)?;
    let ledger = open(writing)?;
    let done = spool.reconcile(&ledger, &writing.dir);
    ledger.close().map_err(text)?;
    let done = done.map_err(text)?;
    println!(
        "{} brought over, {} of {} there already",
        entries(done.entries),
        done.already,
        counted(done.files, "file was", "files were")
    );
    for (path, why) in &done.aside {
        eprintln!("phiward: ALARM: set aside as `{}`: {why}", path.display());
    }
    for gone in &done.missing {
        eprintln!(
            "phiward: ALARM: files {} to {} of the spool are missing: what they held is lost",
            gone.start,
            gone.end - 1
        );
    }
    if done.looked_through {
        eprintln!(
            "phiward: ALARM: the spool's record of the last try was changed; every log was looked through for what it may \
             have brought"
        );
    }
    let whole = done.aside.is_empty() && done.missing.is_empty() && !done.looked_through;
    Ok(if whole { Verdict::InOrder } else { Verdict::Findings })
}
