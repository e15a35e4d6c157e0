//! What each job does to each way in which a value can stand.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use csv::Row;
use guard::rows::Duty;
use guard::stored::{Census, Reason, Records as _, State, StateError, StoredError, Task};
use guard::{Became, Handle, KeyState, Keys as _, Token};
use journal::Subject;
use journal::sample::Drawn;
use policy::vocabulary::{Action, Class};

use super::memory::{Memory, same};
use super::{RESEAL, Stored, number, patients, record, with};
use crate::clinic::{Table, org};

fn key_of(table: &Table, row: usize, column: &str) -> u32 {
    Token::parse(table.cell(row, column)).unwrap().key().get()
}

fn handle_of(table: &Table, row: usize, column: &str) -> Handle {
    Token::parse(table.cell(row, column)).unwrap().handle().unwrap()
}

/// Patients who are sealed, and what they were.
fn sealed(stored: &Stored, count: u64) -> (Table, Table) {
    let plain = patients(count);
    let (sealed, refused) = stored.clinic.work(Duty::Seal, "Account", &plain);
    assert_eq!(refused, [""; 0]);
    (plain, sealed)
}

fn visits(people: &[&str]) -> Table {
    let names = ["Id", "Patient__c", "Note__c", "Code__c", "Kind__c"];
    let mut table = Table::of(&names, &[]);
    for (at, person) in people.iter().enumerate() {
        let note = format!("a note, {at}");
        let code = format!("99-{:07}", 4_000_000 + at);
        table
            .rows
            .extend(Table::of(&names, &[&[&record(500 + at as u64), person, &note, &code, "routine"]]).rows);
    }
    table
}

#[test]
fn everything_comes_under_the_active_key_and_is_what_it_was() {
    let stored = Stored::new();
    let (plain, before) = sealed(&stored, 2_300);
    let memory = Memory::of(&before);
    let (old, new) = stored.clinic.ring.rotate(Class::Phi);
    let census = stored.census("Account", &mut memory.view());
    assert!(!census.is_free_of(old) && !census.is_free_of(new));
    let (counts, told) = stored.tried(RESEAL, "Account", &mut memory.view(), &stored.path("state"), 1000);
    let counts = counts.unwrap();
    assert_eq!((counts.rows, counts.changed, counts.resealed, counts.as_it_was), (2_300, 2_300, 9_200, 0));
    assert!(counts.is_whole());
    assert_eq!(
        (told.recorded, told.people, told.paced),
        (vec![1000, 1000, 300], 2_300, vec![1000, 1000, 300])
    );
    let after = memory.table();
    for (at, name) in after.names.iter().enumerate() {
        let same =
            (0..after.rows.len()).filter(|row| after.rows[*row].get(at) == before.rows[*row].get(at)).count();
        match name.as_str() {
            // A date is moved by the person, whatever the key.
            "Id" | "Status__pc" | "SSN__pc" | "PersonBirthdate" => assert_eq!(same, 2_300, "{name}"),
            // Of a few digits some stay what they are.
            _ => assert!(same < 23, "{name}: {same}"),
        }
    }
    assert_eq!(key_of(&after, 2_299, "SSN_Token__pc"), new.get());
    let opened = stored.opened("Account", &after);
    for name in &plain.names {
        assert_eq!(opened.column(name), plain.column(name), "{name}");
    }
    let census = stored.census("Account", &mut memory.view());
    assert!(census.is_free_of(old) && census.is_in_order(), "{census:#?}");
    // What was done is not done again.
    let again = stored.job(RESEAL, "Account", &mut memory.view());
    assert_eq!((again.changed, again.as_it_was), (0, 9_200));
    assert!(memory.table().rows.iter().zip(&after.rows).all(|(a, b)| same(a, b)));
    // And the old key is not needed for anything.
    stored.clinic.ring.set(old, KeyState::Disabled);
    stored.opened("Account", &after);
}

#[test]
fn halves_of_different_keys_are_mended() {
    let stored = Stored::new();
    let (plain, before) = sealed(&stored, 4);
    let memory = Memory::of(&before);
    let (old, new) = stored.clinic.ring.rotate(Class::Phi);
    stored.job(RESEAL, "Account", &mut memory.view());
    let after = memory.table();
    // The digest and what is left under the old key, the token under the new one; the reverse; a digest of another
    // person; no digest; a digest of nothing.
    let mixed = with(&after, 0, "SSN_Digest__pc", before.cell(0, "SSN_Digest__pc"));
    let mixed = with(&mixed, 0, "Card__pc", before.cell(0, "Card__pc"));
    let mixed = with(&mixed, 1, "SSN_Token__pc", before.cell(1, "SSN_Token__pc"));
    let mixed = with(&mixed, 1, "Birth_Token__pc", before.cell(1, "Birth_Token__pc"));
    let mixed = with(&mixed, 2, "SSN_Digest__pc", after.cell(1, "SSN_Digest__pc"));
    let mixed = with(&with(&mixed, 3, "SSN_Token__pc", ""), 3, "SSN__pc", "");
    let memory = Memory::of(&mixed);
    let census = stored.census("Account", &mut memory.view());
    let ssn = census.fields.iter().find(|field| field.field == "SSN__pc").unwrap();
    assert_eq!(
        (ssn.digests.stale, ssn.empty, ssn.digests.under.get("0"), ssn.under.get("0 g")),
        (2, 0, Some(&1), Some(&1))
    );
    assert!(!census.is_free_of(old) && !census.is_in_order());
    let counts = stored.job(RESEAL, "Account", &mut memory.view());
    assert_eq!((counts.changed, counts.resealed, counts.digests, counts.left), (4, 2, 3, 1), "{counts:?}");
    let mended = memory.table();
    assert_eq!(mended.cell(3, "SSN_Digest__pc"), "");
    assert_eq!(mended.cell(0, "SSN_Digest__pc"), after.cell(0, "SSN_Digest__pc"));
    assert_eq!(mended.cell(0, "Card__pc"), after.cell(0, "Card__pc"));
    assert_eq!(mended.cell(2, "SSN_Digest__pc"), after.cell(2, "SSN_Digest__pc"));
    assert_eq!(key_of(&mended, 1, "SSN_Token__pc"), new.get());
    let opened = stored.opened("Account", &mended);
    assert_eq!(opened.column("SSN__pc")[..3], plain.column("SSN__pc")[..3]);
    assert!(stored.census("Account", &mut memory.view()).is_free_of(old));
}

#[test]
fn what_is_not_sealed_is_sealed_where_that_is_asked() {
    let stored = Stored::new();
    let (plain, sealed) = sealed(&stored, 2);
    let mut bare = with(&sealed, 0, "SSN_Token__pc", "");
    bare = with(&with(&bare, 0, "SSN__pc", plain.cell(0, "SSN__pc")), 0, "SSN_Digest__pc", "");
    bare = with(&bare, 1, "Name", plain.cell(1, "Name"));
    let memory = Memory::of(&bare);
    let counts = stored.job(RESEAL, "Account", &mut memory.view());
    assert_eq!((counts.bare, counts.changed, counts.is_whole()), (2, 0, false));
    let counts = stored.job(Task::Reseal { bare: true }, "Account", &mut memory.view());
    assert_eq!((counts.bare, counts.sealed, counts.changed, counts.is_whole()), (0, 2, 2, true));
    let after = memory.table();
    assert_eq!(after.cell(0, "SSN__pc"), sealed.cell(0, "SSN__pc"));
    assert_eq!(after.cell(0, "SSN_Digest__pc"), sealed.cell(0, "SSN_Digest__pc"));
    assert_eq!(stored.opened("Account", &after).column("Name"), plain.column("Name"));
}

#[test]
fn what_somebody_wrote_beside_a_token_is_left_and_counted() {
    let stored = Stored::new();
    let (_, sealed) = sealed(&stored, 3);
    let edited = with(&sealed, 0, "SSN__pc", "219-09-9999");
    let edited = with(&edited, 1, "PersonBirthdate", "1999-01-01");
    let memory = Memory::of(&edited);
    let (old, _) = stored.clinic.ring.rotate(Class::Phi);
    let counts = stored.job(RESEAL, "Account", &mut memory.view());
    assert_eq!((counts.edited, counts.resealed, counts.is_whole()), (2, 10, false));
    let after = memory.table();
    assert_eq!((after.cell(0, "SSN__pc"), after.cell(1, "PersonBirthdate")), ("219-09-9999", "1999-01-01"));
    let census = stored.census("Account", &mut memory.view());
    assert!(!census.is_free_of(old) && !census.is_in_order());
}

#[test]
fn what_does_not_open_is_counted_by_its_reason_and_the_rest_is_done() {
    let stored = Stored::new();
    let (_, sealed) = sealed(&stored, 8);
    let bad = with(&sealed, 0, "Name", sealed.cell(1, "Name"));
    let bad = with(&bad, 2, "Name", "~e1.0.g.AAAA");
    let bad = with(&bad, 3, "Name", "~e2.0.g.AAAA");
    let bad = with(&bad, 4, "Name", &sealed.cell(4, "Name").replacen("~e1.0.", "~e1.zz.", 1));
    let bad = with(&bad, 5, "Birth_Token__pc", "something");
    let memory = Memory::of(&bad);
    stored.clinic.ring.shred(&stored.person(&record(6)));
    stored.clinic.ring.lose(&stored.person(&record(7)));
    let (old, _) = stored.clinic.ring.rotate(Class::Phi);
    let counts = stored.job(RESEAL, "Account", &mut memory.view());
    let expected = BTreeMap::from([
        (Reason::OtherBinding, 1),
        (Reason::NotAToken, 2),
        (Reason::OtherVersion, 1),
        (Reason::UnknownKey, 1),
        (Reason::Shredded, 4),
        (Reason::NoSubject, 4),
    ]);
    assert_eq!((counts.unreadable, counts.resealed), (expected.clone(), 19));
    let census = stored.census("Account", &mut memory.view());
    let mut unreadable: BTreeMap<Reason, u64> = BTreeMap::new();
    for (reason, number) in census.fields.iter().flat_map(|field| &field.unreadable) {
        *unreadable.entry(*reason).or_default() += number;
    }
    assert_eq!(unreadable, expected);
    // Of whose salt is only not here the old key may still be needed.
    assert!(!census.is_free_of(old));
    let without = Memory::of(&Table { rows: bad.rows[5..7].to_vec(), ..bad.clone() });
    stored.job(RESEAL, "Account", &mut without.view());
    let census = stored.census("Account", &mut without.view());
    assert!(census.is_free_of(old), "who was shredded needs no key: {census:#?}");
}

#[test]
fn who_was_shredded_is_forgotten_by_the_index_too() {
    let stored = Stored::new();
    let (_, sealed) = sealed(&stored, 3);
    let memory = Memory::of(&sealed);
    stored.clinic.ring.shred(&stored.person(&record(1)));
    stored.clinic.ring.lose(&stored.person(&record(2)));
    // The digest of the value still finds the record.
    let digest = sealed.cell(1, "SSN_Digest__pc").to_owned();
    let column = sealed.names.iter().position(|name| name == "SSN_Digest__pc").unwrap();
    assert_eq!(memory.found(column, std::slice::from_ref(&digest)), [record(1)]);
    let counts = stored.job(Task::Forget, "Account", &mut memory.view());
    assert_eq!((counts.forgotten, counts.changed), (3, 1), "{counts:?}");
    let after = memory.table();
    assert_eq!(memory.found(column, &[digest]), [""; 0]);
    for gone in ["SSN__pc", "SSN_Digest__pc", "Card__pc", "PersonBirthdate"] {
        assert_eq!(after.cell(1, gone), "", "{gone}");
    }
    // Whose salt is only not here stays as they are, as does everybody else.
    assert!(same(&after.rows[0], &sealed.rows[0]) && same(&after.rows[2], &sealed.rows[2]));
}

#[test]
fn tokens_of_who_was_merged_away_become_the_survivors_whatever_was_changed_first() {
    let stored = Stored::new();
    let (grace, ada) = (record(1), record(2));
    let plain = visits(&[&grace, &grace, &ada, &grace]);
    let (sealed, refused) = stored.clinic.work(Duty::Seal, "Visit__c", &plain);
    assert_eq!(refused, [""; 0]);
    let gone = stored.clinic.ring.merge(&stored.person(&grace), &stored.person(&ada));
    let survivor = handle_of(&sealed, 2, "Note__c");
    // The first record names the survivor already, the second does not; both open at every step.
    let moved = with(&sealed, 0, "Patient__c", &ada);
    let memory = Memory::of(&moved);
    let opens = |memory: &Memory| {
        let opened = stored.opened("Visit__c", &memory.table());
        for column in ["Note__c", "Code__c"] {
            assert_eq!(opened.column(column), plain.column(column), "{column}");
        }
    };
    opens(&memory);
    let census = stored.census("Visit__c", &mut memory.view());
    assert!(!census.is_free_of_handle(gone));
    assert_eq!(census.merged, BTreeMap::from([(format!("{gone:?}"), 6)]));
    let counts = stored.job(Task::Rebind { pairs: Vec::new() }, "Visit__c", &mut memory.view());
    assert_eq!((counts.rebound, counts.changed, counts.as_it_was), (6, 3, 2));
    opens(&memory);
    let after = memory.table();
    for row in 0..4 {
        assert_eq!(handle_of(&after, row, "Code_Token__c"), survivor);
    }
    assert!(stored.census("Visit__c", &mut memory.view()).is_free_of_handle(gone));
    // A write for whoever is named still is the survivor's.
    let (written, refused) = stored.clinic.work(Duty::Seal, "Visit__c", &visits(&[&grace]));
    assert_eq!((handle_of(&written, 0, "Note__c"), refused.len()), (survivor, 0));
    stored.opened("Visit__c", &written);
    // The old name is the last to go, and then the old salt.
    let all = ["", "", "", ""]
        .iter()
        .enumerate()
        .fold(after, |table, (row, _)| with(&table, row, "Patient__c", &ada));
    let memory = Memory::of(&all);
    stored.clinic.ring.shred_handle(gone);
    opens(&memory);
}

#[test]
fn tokens_in_a_record_that_was_moved_are_bound_anew_by_a_pair_and_no_other_way() {
    let stored = Stored::new();
    let (grace, ada, eve) = (record(1), record(2), record(3));
    let plain = visits(&[&grace, &eve]);
    let (sealed, _) = stored.clinic.work(Duty::Seal, "Visit__c", &plain);
    // Both were moved to Ada, and one of them by nobody who may.
    let moved = with(&with(&sealed, 0, "Patient__c", &ada), 1, "Patient__c", &ada);
    let memory = Memory::of(&moved);
    let none = stored.job(Task::Rebind { pairs: Vec::new() }, "Visit__c", &mut memory.view());
    assert_eq!((none.rebound, none.unreadable.get(&Reason::OtherBinding)), (0, Some(&4)));
    let pairs = vec![Became { from: stored.person(&grace), into: stored.person(&ada) }];
    let done = stored.job(Task::Rebind { pairs }, "Visit__c", &mut memory.view());
    assert_eq!((done.rebound, done.unreadable.get(&Reason::OtherBinding)), (2, Some(&2)));
    let (opened, refused) = stored.clinic.work(Duty::Open, "Visit__c", &memory.table());
    assert_eq!((opened.column("Note__c"), refused.len()), (vec!["a note, 0"], 1));
}

/// Visits whose causes hang on these keys.
fn causes(keys: &[&str]) -> Table {
    let mut table = Table::of(&["Id", "Patient__c", "Visit_Key__c", "Cause__c"], &[]);
    for (at, key) in (0..).zip(keys) {
        let mut row = Row::default();
        [&record(50 + at), &record(1), *key, &format!("a cause, {at}")]
            .iter()
            .for_each(|cell| row.push(cell));
        table.rows.push(row);
    }
    table
}

#[test]
fn tokens_that_hang_on_a_key_become_the_survivors_too() {
    let stored = Stored::new();
    let key = |key| Subject::of_key(&org(&stored.clinic.policy), "visit__c.visit_key__c", key);
    let plain = causes(&["M 1", "M 1", "M 2", "M 3"]);
    let (sealed, _) = stored.clinic.work(Duty::Seal, "Visit__c", &plain);
    let gone = stored.clinic.ring.merge(&key("M 1"), &key("M 2"));
    // One record has the new number already, one the old; one was given another's number without a merge.
    let moved = with(&with(&sealed, 0, "Visit_Key__c", "M 2"), 3, "Visit_Key__c", "M 2");
    let memory = Memory::of(&moved);
    let opens = |memory: &Memory| {
        let (opened, refused) = stored.clinic.work(Duty::Open, "Visit__c", &memory.table());
        assert_eq!((opened.column("Cause__c"), refused.len()), (plain.column("Cause__c")[..3].to_vec(), 1));
    };
    opens(&memory);
    assert!(!stored.census("Visit__c", &mut memory.view()).is_free_of_handle(gone));
    let merged = stored.job(Task::Rebind { pairs: Vec::new() }, "Visit__c", &mut memory.view());
    assert_eq!((merged.rebound, merged.unreadable.get(&Reason::OtherBinding)), (2, Some(&1)));
    opens(&memory);
    assert!(stored.census("Visit__c", &mut memory.view()).is_free_of_handle(gone));
    // The old number is the last to go, and then the old salt. Nothing but a pair moves the record of the third.
    let memory = Memory::of(&with(&memory.table(), 1, "Visit_Key__c", "M 2"));
    stored.clinic.ring.shred_handle(gone);
    opens(&memory);
    let pairs = vec![Became { from: key("M 3"), into: key("M 2") }];
    let done = stored.job(Task::Rebind { pairs }, "Visit__c", &mut memory.view());
    assert_eq!((done.rebound, done.unreadable.len()), (1, 0));
    assert_eq!(stored.opened("Visit__c", &memory.table()).column("Cause__c"), plain.column("Cause__c"));
}

#[test]
fn what_others_write_meanwhile_is_never_written_over() {
    let stored = Stored::new();
    let (_, sealed_now) = sealed(&stored, 6);
    let memory = Memory::of(&sealed_now);
    let (old, _) = stored.clinic.ring.rotate(Class::Phi);
    // One is written once, one is removed, and one is written each time.
    let mut written = 0;
    let mut view = memory.view();
    let status = sealed_now.names.iter().position(|name| name == "Status__pc").unwrap();
    view.before_put = Some(Box::new(move |memory: &Memory, key: &str| {
        if key == record(1) && written > 0 {
            return;
        }
        if [record(1), record(3)].iter().any(|own| own == key) {
            written += 1;
            let was = memory.get(key).unwrap();
            let mut now = Row::default();
            let text = format!("written {written}");
            was.cells().enumerate().for_each(|(at, cell)| now.push(if at == status { &text } else { cell }));
            memory.put(key, &was, now);
        }
        if key == record(2) {
            memory.remove(key);
        }
    }));
    let counts = stored.job(RESEAL, "Account", &mut view);
    assert_eq!((counts.rows, counts.changed, counts.gone, counts.unsettled), (5, 4, 1, 1), "{counts:?}");
    assert!(counts.again >= 2 && !counts.is_whole());
    drop(view);
    let after = memory.table();
    assert_eq!(after.column("Status__pc"), ["in", "written 1", "written 9", "in", "in"]);
    let census = stored.census("Account", &mut memory.view());
    assert!(!census.is_free_of(old));
    // Once they stop, the rest is done.
    stored.job(RESEAL, "Account", &mut memory.view());
    assert!(stored.census("Account", &mut memory.view()).is_free_of(old));
}

#[test]
fn a_census_before_a_key_retired_frees_nothing() {
    let stored = Stored::new();
    let (_, sealed) = sealed(&stored, 2);
    // Nothing stands under the key of what is not there, and yet it seals.
    let nothing = Memory::of(&Table { rows: Vec::new(), ..sealed.clone() });
    let stale = stored.census("Account", &mut nothing.view());
    assert!(!stale.is_free_of(number(0)));
    let memory = Memory::of(&sealed);
    stored.clinic.ring.rotate(Class::Phi);
    assert!(!stale.is_free_of(number(0)), "it seals no more, and the census was before that");
    let now = stored.census("Account", &mut memory.view());
    assert!(!now.is_free_of(number(0)));
}

#[test]
fn whatever_the_store_fails_at_the_job_goes_on_from_there_and_loses_nothing() {
    let stored = Stored::new();
    let (plain, before) = sealed(&stored, 7);
    stored.clinic.ring.rotate(Class::Phi);
    let mut fails_at = 0;
    loop {
        let memory = Memory::of(&before);
        let state = stored.path(&format!("state-{fails_at}"));
        let mut view = memory.view();
        view.fails_at = Some(fails_at);
        let (first, _) = stored.tried(RESEAL, "Account", &mut view, &state, 2);
        // Whatever was written until then opens.
        stored.opened("Account", &memory.table());
        if let Err(error) = &first {
            assert!(matches!(error, StoredError::Records(_)), "{error}");
            assert_eq!(error.to_string(), "the org does not answer");
        }
        let (second, _) = stored.tried(RESEAL, "Account", &mut memory.view(), &state, 2);
        let counts = second.unwrap();
        assert_eq!(counts.rows, 7, "{fails_at}");
        assert!(counts.resealed + counts.as_it_was == 28 && counts.is_whole(), "{counts:?}");
        let opened = stored.opened("Account", &memory.table());
        assert_eq!(opened.column("SSN__pc"), plain.column("SSN__pc"));
        assert!(memory.table().column("Name").iter().all(|token| token.starts_with("~e1.3.")));
        if first.is_ok() {
            break;
        }
        fails_at += 1;
    }
    assert!(fails_at > 15, "{fails_at}");
}

#[test]
fn what_is_not_recorded_is_not_written() {
    let stored = Stored::new();
    let (_, before) = sealed(&stored, 4);
    let memory = Memory::of(&before);
    stored.clinic.ring.rotate(Class::Phi);
    let policy = &stored.clinic.policy;
    let state = State::hold(&stored.path("state")).unwrap();
    let org = org(policy);
    let (done, told) = stored.at_desk(Action::Write, Some(1), |desk| {
        let rng = Box::new(Drawn::new(1));
        let mut view = memory.view();
        let job = guard::stored::Job::new(RESEAL, policy, "Account", &view, org, &stored.clinic.ring, rng)?;
        job.at_a_time(2).run(&mut view, &state, desk)
    });
    assert!(matches!(done, Err(StoredError::NotRecorded(_))));
    assert_eq!(told.recorded, [2]);
    let after = memory.table();
    assert!(same(&after.rows[2], &before.rows[2]) && !same(&after.rows[1], &before.rows[1]));
    // Nor without a permit that is for it.
    drop(state);
    let state = State::hold(&stored.path("other")).unwrap();
    let (done, _) = stored.at_desk(Action::Read, None, |desk| {
        let rng = Box::new(Drawn::new(1));
        let mut view = memory.view();
        let org = crate::clinic::org(policy);
        guard::stored::Job::new(RESEAL, policy, "Account", &view, org, &stored.clinic.ring, rng)?
            .run(&mut view, &state, desk)
    });
    assert_eq!(done.unwrap_err().to_string(), "the permit is for another act");
}

#[test]
fn a_state_of_another_job_is_refused() {
    let stored = Stored::new();
    let (_, before) = sealed(&stored, 4);
    let memory = Memory::of(&before);
    let state = stored.path("state");
    stored.clinic.ring.rotate(Class::Phi);
    let mut view = memory.view();
    view.fails_at = Some(8);
    stored.tried(RESEAL, "Account", &mut view, &state, 2).0.unwrap_err();
    assert!(state.exists());
    let refused = |task, memory: &Memory| {
        let (done, _) = stored.tried(task, "Account", &mut memory.view(), &state, 2);
        let error = done.unwrap_err();
        assert!(matches!(error, StoredError::State(StateError::Other { .. })), "{error}");
        let told = error.to_string();
        told.split_once("another job: ").unwrap().1.split_once(". Name").unwrap().0.to_owned()
    };
    assert!(refused(Task::Forget, &memory).starts_with("it is of another kind"));
    let fewer = Table::of(&["Id", "Name"], &[]);
    assert!(refused(RESEAL, &Memory::of(&fewer)).contains("other columns"));
    stored.clinic.ring.rotate(Class::Phi);
    assert!(refused(RESEAL, &memory).starts_with("another key seals"));
    // One that is no state at all, and one that somebody else holds.
    let torn = stored.path("torn");
    std::fs::write(&torn, "{\"v\":2,").unwrap();
    let (done, _) = stored.tried(RESEAL, "Account", &mut memory.view(), &torn, 2);
    assert!(done.unwrap_err().to_string().contains("is no state of a job by these keys"));
    let _held = State::hold(&torn).unwrap();
    let (done, _) = stored.tried(RESEAL, "Account", &mut memory.view(), &torn, 2);
    assert!(matches!(done, Err(StoredError::State(StateError::InUse { .. }))));
}

#[test]
fn what_somebody_wrote_into_a_state_is_no_state() {
    let stored = Stored::new();
    let (_, before) = sealed(&stored, 4);
    let memory = Memory::of(&before);
    let path = stored.path("state");
    let (policy, ring) = (&stored.clinic.policy, &stored.clinic.ring);
    let take = |memory: &Memory| {
        let state = State::hold(&path).unwrap();
        let mut view = memory.view();
        let rng = Box::new(Drawn::new(78));
        let (census, _) = stored.at_desk(Action::Read, None, |desk| {
            Census::take(policy, "Account", &mut view, org(policy), ring, rng, &state, desk)
        });
        census
    };
    let (retired, _) = ring.rotate(Class::Phi);
    assert_eq!(take(&memory).unwrap().rows, 4);
    // The numbers of one that is finished are counted again, not read.
    let fewer = Table { names: before.names.clone(), rows: before.rows[..2].to_vec() };
    assert_eq!(take(&Memory::of(&fewer)).unwrap().rows, 2);
    // Of one that is not, each byte counts.
    let kept = std::fs::read_to_string(&path).unwrap();
    let begun = kept.replace("\"is_done\": true", "\"is_done\": false");
    let none = kept.replace("\"rows\": 2", "\"rows\": 0");
    let (json, _) = kept.rsplit_once("sum ").unwrap();
    for forged in [begun, none, json.to_owned(), kept.replace("sum ", "sum A")] {
        assert_ne!(forged, kept);
        std::fs::write(&path, &forged).unwrap();
        let refused = take(&memory);
        assert!(matches!(refused, Err(StoredError::State(StateError::Unreadable { .. }))), "{refused:?}");
    }
    // One that was interrupted goes on, unless other keys open than when it began.
    let begun = json.replace("\"is_done\": true", "\"is_done\": false");
    let sum = STANDARD.encode(ring.sum(b"phiward-job-state-1", begun.as_bytes()).unwrap());
    let begun = format!("{begun}sum {sum}\n");
    for is_other in [false, true] {
        std::fs::write(&path, &begun).unwrap();
        if is_other {
            ring.set(retired, KeyState::Disabled);
            let refused = take(&memory);
            assert!(matches!(refused, Err(StoredError::State(StateError::Other { .. }))), "{refused:?}");
        } else {
            assert_eq!(take(&memory).unwrap().rows, 4, "two that were counted, and two behind them");
        }
    }
}

#[test]
fn a_token_that_somebody_altered_is_left_and_counted() {
    let stored = Stored::new();
    let (_, mut before) = sealed(&stored, 2);
    let column = before.names.iter().position(|name| name == "Name").unwrap();
    for (row, sign) in before.rows.iter_mut().zip([" ", "~"]) {
        let cells: Vec<String> = row.cells().map(str::to_owned).collect();
        row.clear();
        for (at, cell) in cells.iter().enumerate() {
            let altered = if sign == " " { format!(" {cell}") } else { cell.replacen("~e", "~E", 1) };
            row.push(if at == column { &altered } else { cell });
        }
    }
    let memory = Memory::of(&before);
    let counts = stored.job(Task::Reseal { bare: true }, "Account", &mut memory.view());
    assert_eq!((counts.unreadable.get(&Reason::NotAToken), counts.sealed), (Some(&2), 0));
    let after = memory.table();
    assert!(after.rows.iter().zip(&before.rows).all(|(one, other)| one.get(column) == other.get(column)));
}

#[test]
fn columns_that_belong_together_have_to_be_there_together() {
    let stored = Stored::new();
    let error = |names: &[&str]| {
        let memory = Memory::of(&Table::of(names, &[]));
        let (done, _) = stored.tried(RESEAL, "Account", &mut memory.view(), &stored.path("state"), 1);
        done.unwrap_err().to_string()
    };
    assert!(error(&["Id", "SSN__pc", "SSN_Token__pc"]).contains("`SSN_Digest__pc`"));
    assert!(
        error(&["Id", "SSN_Token__pc", "SSN_Digest__pc"]).starts_with("`SSN__pc` stands in `SSN__pc` too")
    );
    assert!(error(&["Id", "Card__pc"]).contains("`Card_Token__pc`"));
    assert!(
        error(&["Id", "Status__pc"]).starts_with("no column of the records is one that the gateway seals")
    );
    let memory = Memory::of(&Table::of(&["Name"], &[]));
    assert_eq!(memory.view().names(), ["Name"]);
    assert!(error(&["Name"]).contains("whom `Id` names"));
    assert!(stored.clinic.ring.key(number(9)).is_err());
}

#[test]
fn who_seals_nothing_needs_no_key_that_seals() {
    let stored = Stored::new();
    let (_, sealed) = sealed(&stored, 3);
    let memory = Memory::of(&sealed);
    stored.clinic.ring.set(number(0), KeyState::DecryptOnly);
    let census = stored.census("Account", &mut memory.view());
    assert_eq!((census.rows, census.is_in_order(), census.active.len()), (3, true, 0), "{census:#?}");
    assert_eq!(census.fields[0].under, BTreeMap::from([("0 g".to_owned(), 3)]));
    let forgotten = stored.job(Task::Forget, "Account", &mut memory.view());
    assert_eq!((forgotten.rows, forgotten.changed), (3, 0));
    // One that is disabled opens nothing, and is counted.
    stored.clinic.ring.set(number(0), KeyState::Disabled);
    let census = stored.census("Account", &mut memory.view());
    assert_eq!(census.fields[0].unreadable, BTreeMap::from([(Reason::KeyDoesNotOpen, 3)]));
    // Who seals is refused.
    for task in [RESEAL, Task::Rebind { pairs: Vec::new() }] {
        let state = tempfile::tempdir().unwrap();
        let (done, _) = stored.tried(task, "Account", &mut memory.view(), &state.path().join("s"), 1000);
        let refused = done.unwrap_err().to_string();
        assert!(refused.contains("no active key for the class `phi`"), "{refused}");
    }
}
