use jiff::civil::date;
use journal::act::{ConfigurationChange, Room, Setting};
use journal::names::Uid;
use journal::sample::Drawn;
use journal::{Clock as _, Entry, Moment, RecordError, Recorder, Retained};
use ledger::retain::{delete, plan};
use ledger::retention::Rules;
use ledger::{Every, Expected, Layout, Ledger, LedgerError, reading};

use crate::{Hands, make, opening, samples};

#[tokio::test(flavor = "multi_thread")]
async fn many_record_at_once_and_each_has_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Hands::at("2026-11-27T12:00:00Z");
    let ledger = make(folder.path(), Layout::One, &clock);
    let key = ledger.verifier().unwrap().clone();
    let mut tasks = Vec::new();
    for seed in 0..50 {
        let ledger = ledger.clone();
        tasks.push(tokio::spawn(async move { ledger.record(samples(4, seed)).await.unwrap() }));
    }
    let mut places = Vec::new();
    for task in tasks {
        let receipts = task.await.unwrap();
        assert!(receipts.windows(2).all(|two| two[0].index + 1 == two[1].index), "together");
        places.extend(receipts.into_iter().map(|receipt| receipt.index));
    }
    places.sort_unstable();
    assert_eq!(places, (0..200).collect::<Vec<_>>());
    tokio::task::spawn_blocking(move || ledger.close()).await.unwrap().unwrap();
    let held = reading::held(&folder.path().join("D"), &key).unwrap();
    let report = reading::verify_held(&held[0], Expected::default()).unwrap();
    assert_eq!((report.size, report.problems), (200, Vec::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_go_to_the_log_of_their_region_class_and_period() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Hands::at("2026-11-27T12:00:00Z");
    let ledger = make(folder.path(), Layout::Shards(Every::Month), &clock);
    let access = samples(60, 1).into_iter().find(|entry| entry.region.is_some()).unwrap();
    let receipt = ledger.record(vec![access.clone()]).await.unwrap();
    assert!(receipt[0].log.contains("/main/access-log/2026-11"), "{}", receipt[0].log);
    let other = samples(900, 1).into_iter().find(|entry| entry.region.is_none()).unwrap();
    let mixed = ledger.record(vec![access.clone(), other]).await.unwrap_err();
    assert!(matches!(mixed, RecordError::Entry(_)), "{mixed}");
    // The month ends: a new log, and the old one is sealed.
    assert!(ledger.seal().unwrap().is_empty());
    clock.set("2026-12-01T00:00:00Z");
    let receipt = ledger.record(vec![access.clone()]).await.unwrap();
    assert!(receipt[0].log.ends_with("/2026-12"));
    let sealed = ledger.seal().unwrap();
    assert_eq!(sealed.len(), 1);
    // A clock that goes back is told, and leads into no log that is sealed.
    clock.set("2026-11-30T23:00:00Z");
    let receipt = ledger.record(vec![access]).await.unwrap();
    assert!(receipt[0].log.ends_with("/2026-12") && receipt[0].index == 1, "{receipt:?}");
    let key = ledger.verifier().unwrap().clone();
    tokio::task::spawn_blocking(move || ledger.close()).await.unwrap().unwrap();
    let held = reading::held(&folder.path().join("D"), &key).unwrap();
    assert_eq!(held.len(), 3);
    let mut clocks = 0;
    for log in &held {
        let report = reading::verify_held(log, Expected::default()).unwrap();
        assert_eq!(report.problems, Vec::<String>::new());
        if log.shard.is_none() {
            let (bytes, _) = reading::prove(log, report.size - 1).unwrap();
            clocks += usize::from(String::from_utf8(bytes.unwrap()).unwrap().contains("clock-went-back"));
        }
    }
    assert_eq!(clocks, 1);
    // What was sealed is one file, and all of it reads as before; gone, it is gone with a word only.
    let november = held.iter().find(|log| log.sealed.is_some()).unwrap();
    assert!(november.folder.join("sealed").is_file() && !november.folder.join("tile").exists());
    assert!(reading::prove(november, 0).unwrap().0.is_some());
    let mut deleted = november.clone();
    deleted.folder = folder.path().join("elsewhere");
    std::fs::create_dir(&deleted.folder).unwrap();
    std::fs::copy(november.folder.join("checkpoint"), deleted.folder.join("checkpoint")).unwrap();
    let unsaid = reading::verify_held(&deleted, Expected::default()).unwrap();
    assert!(!unsaid.problems.is_empty());
    deleted.deleted.push(0..1);
    let said = reading::verify_held(&deleted, Expected::default()).unwrap();
    assert_eq!((said.problems.len(), said.size, said.entries), (0, 1, 0));
    // A sealed log that grew or shrank is not the one that was sealed.
    let sealed = held.iter().find(|log| log.sealed.is_some()).unwrap();
    let mut tampered = sealed.clone();
    tampered.sealed = sealed.sealed.map(|(size, root)| (size + 1, root));
    let report = reading::verify_held(&tampered, Expected::default()).unwrap();
    assert!(report.problems[0].contains("sealed"));
}

#[test]
fn a_crash_between_the_entry_and_the_list_is_mended() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Hands::at("2026-11-27T12:00:00Z");
    let ledger = make(folder.path(), Layout::Shards(Every::Year), &clock);
    let list = folder.path().join("D/directory");
    let before = std::fs::read(&list).unwrap();
    let entry = samples(60, 1).into_iter().find(|entry| entry.region.is_some()).unwrap();
    ledger.append(std::slice::from_ref(&entry)).unwrap();
    ledger.close().unwrap();
    // As a crash leaves it: the new list beside, the entry written, the old list in place.
    let after = std::fs::read(&list).unwrap();
    std::fs::write(folder.path().join("D/directory.next"), &after).unwrap();
    std::fs::write(&list, &before).unwrap();
    let (ledger, _) = Ledger::open(opening(folder.path(), &clock, 9)).unwrap();
    assert_eq!(std::fs::read(&list).unwrap(), after);
    assert_eq!(ledger.append(&[entry]).unwrap()[0].index, 1);
    ledger.close().unwrap();
    // A list beside that no entry speaks of is nothing.
    std::fs::write(folder.path().join("D/directory.next"), &before).unwrap();
    Ledger::open(opening(folder.path(), &clock, 10)).unwrap().0.close().unwrap();
    assert_eq!(std::fs::read(&list).unwrap(), after);
}

#[test]
fn one_process_writes() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Hands::at("2026-11-27T12:00:00Z");
    let ledger = make(folder.path(), Layout::One, &clock);
    let second = Ledger::open(opening(folder.path(), &clock, 4));
    assert!(matches!(second, Err(LedgerError::Log(tlog::Error::Locked { .. }))));
    ledger.close().unwrap();
}

/// 300 entries that stand in one log.
fn of_one_log() -> Vec<Entry> {
    samples(2000, 1)
        .into_iter()
        .filter(|entry| entry.region.as_ref().is_some_and(|region| region.as_str() == "us"))
        .filter(|entry| entry.act.retained() == Retained::AccessLog)
        .take(300)
        .collect()
}

#[test]
fn a_compressed_log_goes_whole_once_all_of_it_may() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Hands::at("2016-03-01T12:00:00Z");
    let ledger = make(folder.path(), Layout::Shards(Every::Year), &clock);
    let key = ledger.verifier().unwrap().clone();
    let mut entries = of_one_log();
    entries.iter_mut().for_each(|entry| entry.at = Moment::of(clock.now()));
    // One of them happened later than its neighbours.
    entries[299].at = Moment::of("2018-01-01T00:00:00Z".parse().unwrap());
    ledger.append(&entries).unwrap();
    clock.set("2023-01-01T00:00:00Z");
    assert_eq!(ledger.seal().unwrap().len(), 1);
    let dir = folder.path().join("D");
    let planned = |today| {
        let held = reading::held(&dir, &key).unwrap();
        let log = held.into_iter().find(|log| log.sealed.is_some()).unwrap();
        (plan(&log.folder, 300, false, &Rules::of(None), &[], today).unwrap(), log)
    };
    assert_eq!(planned(date(2023, 1, 1)).0.may, []);
    let (plan, log) = planned(date(2024, 1, 1));
    assert_eq!((plan.may.len(), plan.leaves()), (1, 300));
    delete(&ledger, &log.folder, log.shard.as_ref(), &plan.may).unwrap();
    ledger.close().unwrap();
    assert!(!log.folder.join("sealed").exists());
    for log in reading::held(&dir, &key).unwrap() {
        let report = reading::verify_held(&log, Expected::default()).unwrap();
        assert_eq!(report.problems, Vec::<String>::new(), "{}", log.name);
    }
}

#[test]
fn what_was_deleted_of_an_open_log_stays_told_when_it_is_sealed() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Hands::at("2016-03-01T12:00:00Z");
    let ledger = make(folder.path(), Layout::Shards(Every::Year), &clock);
    let key = ledger.verifier().unwrap().clone();
    let mut entries = of_one_log();
    entries.iter_mut().for_each(|entry| entry.at = Moment::of("2001-01-01T00:00:00Z".parse().unwrap()));
    ledger.append(&entries).unwrap();
    ledger.close().unwrap();
    let dir = folder.path().join("D");
    let log = || reading::held(&dir, &key).unwrap().into_iter().find(|log| log.shard.is_some()).unwrap();
    // A partial file of an earlier checkpoint.
    let partial = log().folder.join("tile/entries/000.p");
    std::fs::create_dir(&partial).unwrap();
    std::fs::write(partial.join("9"), "left").unwrap();
    let checked = |read: u64| {
        let log = log();
        assert_eq!(reading::fsck(&log).unwrap().defects, []);
        let report = reading::verify_held(&log, Expected::default()).unwrap();
        assert_eq!((report.problems, report.size, report.entries), (Vec::new(), 300, read));
    };
    let today = date(2016, 3, 1);
    let (ledger, _) = Ledger::open(opening(folder.path(), &clock, 5)).unwrap();
    let first = plan(&log().folder, 300, true, &Rules::of(None), &[], today).unwrap();
    assert_eq!(first.may, std::slice::from_ref(&(0..256)));
    delete(&ledger, &log().folder, log().shard.as_ref(), &first.may).unwrap();
    assert!(!partial.exists());
    ledger.close().unwrap();
    checked(44);
    clock.set("2017-01-01T00:00:00Z");
    let (ledger, _) = Ledger::open(opening(folder.path(), &clock, 6)).unwrap();
    assert_eq!(ledger.seal().unwrap().len(), 1);
    assert!(log().folder.join("sealed").exists());
    let rest = plan(&log().folder, 300, false, &Rules::of(None), &[], today).unwrap();
    assert_eq!(rest.may, std::slice::from_ref(&(256..300)));
    ledger.close().unwrap();
    checked(44);
    let (ledger, _) = Ledger::open(opening(folder.path(), &clock, 7)).unwrap();
    delete(&ledger, &log().folder, log().shard.as_ref(), &rest.may).unwrap();
    ledger.close().unwrap();
    assert!(reading::is_gone(&log()));
    let report = reading::verify_held(&log(), Expected::default()).unwrap();
    assert_eq!((report.problems, report.entries), (Vec::new(), 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_of_a_call_are_recorded_together_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Hands::at("2026-11-27T12:00:00Z");
    let ledger = make(folder.path(), Layout::One, &clock);
    let mut entry = samples(60, 1).into_iter().find(|entry| entry.act.key() == "field-access").unwrap();
    entry.data[0].touched = (0..600).flat_map(|_| entry.data[0].touched[..1].to_vec()).collect();
    let parts = journal::parts::parted(entry, &mut Drawn::new(3)).unwrap();
    assert!(parts.len() > 2);
    assert!(ledger.record(parts[1..].to_vec()).await.is_err());
    assert!(ledger.record(parts[..1].to_vec()).await.is_err());
    assert_eq!(ledger.record(parts.clone()).await.unwrap().len(), parts.len());
    assert_eq!(ledger.prover().head().0, parts.len() as u64);
}

#[test]
fn what_somebody_took_from_the_home_log_is_not_taken_for_silence() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Hands::at("2026-11-27T12:00:00Z");
    let ledger = make(folder.path(), Layout::One, &clock);
    let act = |setting| ConfigurationChange {
        id: Some(Uid::random(&mut Drawn::new(1))),
        ..ConfigurationChange::new(Room::Ledger, setting)
    };
    ledger.append(&samples(100, 1)).unwrap();
    ledger.act(act(Setting::HoldSet)).unwrap();
    ledger.append(&samples(154, 2)).unwrap();
    assert_eq!(ledger.seal().unwrap().len(), 1);
    ledger.close().unwrap();
    let home = tlog::Folder::new(folder.path().join("D"));
    let state = ledger::State::read(&home, 256).unwrap();
    assert_eq!((state.holds.len(), state.sealed), (1, true));
    state.is_whole().unwrap();
    let bundle = folder.path().join("D/tile/entries/000");
    let bytes = std::fs::read(&bundle).unwrap();
    std::fs::remove_file(&bundle).unwrap();
    let state = ledger::State::read(&home, 256).unwrap();
    let refused = state.is_whole().unwrap_err().to_string();
    assert!(refused.contains("entries 0 to 255 are not there"), "{refused}");
    // Nor is a log that was sealed written to again.
    let refused = Ledger::open(opening(folder.path(), &clock, 4)).unwrap_err().to_string();
    assert!(refused.contains("entries 0 to 255 are not there"), "{refused}");
    std::fs::write(&bundle, bytes).unwrap();
    let (ledger, _) = Ledger::open(opening(folder.path(), &clock, 5)).unwrap();
    assert!(ledger.append(&samples(1, 3)).is_err());
    ledger.close().unwrap();
}

#[test]
fn a_sender_of_regions_opens_so_many_logs_and_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Hands::at("2026-11-27T12:00:00Z");
    let ledger = make(folder.path(), Layout::Shards(Every::Year), &clock);
    let mut entry = samples(1, 1).remove(0);
    let mut take = |number: u32| {
        let letter = |at: u32| char::from(b'a' + u8::try_from(number / 26_u32.pow(at) % 26).unwrap());
        let region = format!("us-{}{}{}", letter(0), letter(1), letter(2));
        let region = policy::vocabulary::Region::of(&region).unwrap();
        entry.region = Some(journal::names::Region::of(&region).unwrap());
        ledger.append(std::slice::from_ref(&entry))
    };
    for number in 0..256 {
        take(number).unwrap();
    }
    let refused = take(256).unwrap_err().to_string();
    assert!(refused.contains("256 logs are open") && refused.contains("--policy"), "{refused}");
    take(0).unwrap();
    ledger.close().unwrap();
    Ledger::open(opening(folder.path(), &clock, 5)).unwrap().0.close().unwrap();
}

#[test]
fn a_disk_full_of_garbage_is_told_in_a_thousand_lines() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Hands::at("2026-11-27T12:00:00Z");
    let ledger = make(folder.path(), Layout::One, &clock);
    let key = ledger.verifier().unwrap().clone();
    for seed in 0..6 {
        ledger.append(&samples(256, seed)).unwrap();
    }
    ledger.close().unwrap();
    for bundle in 0..6 {
        let garbage = [0, 1, b'x'].repeat(256);
        std::fs::write(folder.path().join(format!("D/tile/entries/{bundle:03}")), garbage).unwrap();
    }
    let held = reading::held(&folder.path().join("D"), &key).unwrap();
    let report = reading::verify_held(&held[0], Expected::default()).unwrap();
    assert!(report.problems[0].contains("entry 0"), "{}", report.problems[0]);
    assert_eq!(report.problems.len(), 1001);
    assert!(report.problems[1000].starts_with("and more"), "{}", report.problems[1000]);
}
