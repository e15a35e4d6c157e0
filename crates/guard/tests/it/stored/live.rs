//! Keys are rotated and people merged, by their records and by the keys that some of their tokens hang on, while others
//! read, write and search: no read fails, no search misses, no write is lost.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use csv::Row;
use guard::rows::{Columns, Duty, Rows};
use guard::stored::{Put, Task};
use guard::{BlindIndex, KeyState, Keys as _, SealedField};
use journal::sample::Drawn;
use journal::{Rng as _, Subject};
use policy::vocabulary::Class;

use super::memory::{Memory, same};
use super::{RESEAL, Stored, record};
use crate::clinic::{Table, noon, org, permit};

const NAMES: [&str; 7] = ["Id", "Patient__c", "Visit_Key__c", "Note__c", "Code__c", "Kind__c", "Cause__c"];
const RECORDS: u64 = 240;
const PEOPLE: u64 = 60;

fn id(at: u64) -> String {
    record(10_000 + at)
}

fn code(at: u64) -> String {
    format!("99-{:07}", 4_000_000 + at)
}

/// What stands in the field by which a person's causes are bound.
fn key(person: &str) -> String {
    format!("MRN {person}")
}

/// A record as its writer means it: the kind tells the version, so that note and cause can be checked against it.
fn plain(at: u64, person: &str, version: u64) -> Table {
    let (note, cause) =
        (format!("note {at} of version {version}"), format!("cause {at} of version {version}"));
    let cells = [&id(at), person, &key(person), &note, &code(at), &version.to_string(), &cause];
    Table::of(&NAMES, &[&cells])
}

fn below(rng: &mut Drawn, end: u64) -> u64 {
    let mut bytes = [0; 8];
    rng.fill(&mut bytes);
    u64::from_le_bytes(bytes) % end
}

struct Live<'s> {
    stored: &'s Stored,
    memory: Memory,
    over: AtomicBool,
    reads: AtomicU64,
    searches: AtomicU64,
    /// Writes that were acknowledged, by record.
    written: Mutex<Vec<u64>>,
    merges: AtomicU64,
}

impl Live<'_> {
    fn goes_on(&self) -> bool {
        !self.over.load(Ordering::Relaxed)
    }

    fn rows(&self, duty: Duty, names: &[String], seed: u64) -> Rows<'_> {
        let policy = &self.stored.clinic.policy;
        let columns = Columns::of(policy, duty, "Visit__c", names).unwrap();
        Rows::new(columns, org(policy), &self.stored.clinic.ring, Box::new(Drawn::new(seed)))
    }

    fn work(&self, rows: &mut Rows<'_>, row: &Row) -> (Option<Row>, Vec<String>) {
        let permit =
            permit(&self.stored.clinic.policy, rows.columns().duty().actions()[0], rows.columns().asked());
        let batch = rows.work(permit, noon(), std::slice::from_ref(row)).unwrap().release(noon()).unwrap();
        let refused = batch.refused.iter().map(|refused| format!("{}: {}", refused.column, refused.because));
        (batch.rows.first().cloned(), refused.collect())
    }

    fn reads(&self, seed: u64) {
        let mut rng = Drawn::new(seed);
        let names = self.memory.table().names;
        let mut rows = self.rows(Duty::Open, &names, seed);
        while self.goes_on() {
            let at = below(&mut rng, RECORDS);
            self.opens(&mut rows, at);
            self.reads.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// A record opens, and is one that somebody wrote.
    fn opens(&self, rows: &mut Rows<'_>, at: u64) {
        let row = self.memory.get(&id(at)).unwrap();
        let (opened, refused) = self.work(rows, &row);
        assert_eq!(refused, [""; 0], "record {at} of {:?}", rows.columns().names());
        let opened = opened.unwrap();
        let cell =
            |name| opened.get(rows.columns().names_out().position(|own| own == name).unwrap()).unwrap();
        assert_eq!(cell("Note__c"), format!("note {at} of version {}", cell("Kind__c")));
        assert_eq!(cell("Cause__c"), format!("cause {at} of version {}", cell("Kind__c")));
        assert_eq!(cell("Code__c"), code(at));
    }

    fn writes(&self, seed: u64) {
        let mut rng = Drawn::new(seed);
        let names: Vec<String> = NAMES.iter().map(|name| (*name).to_owned()).collect();
        let mut rows = self.rows(Duty::Seal, &names, seed);
        let kind = self.memory.table().names.iter().position(|name| name == "Kind__c").unwrap();
        while self.goes_on() {
            let at = below(&mut rng, RECORDS);
            loop {
                let was = self.memory.get(&id(at)).unwrap();
                let version: u64 = was.get(kind).unwrap().parse().unwrap();
                let table = plain(at, was.get(1).unwrap(), version + 1);
                let (sealed, refused) = self.work(&mut rows, &table.rows[0]);
                assert_eq!(refused, [""; 0]);
                if self.memory.put(&id(at), &was, sealed.unwrap()) == Put::Written {
                    self.written.lock().unwrap()[usize::try_from(at).unwrap()] += 1;
                    break;
                }
            }
        }
    }

    fn searches(&self, seed: u64) {
        let mut rng = Drawn::new(seed);
        let clinic = &self.stored.clinic;
        let field = SealedField::of(&clinic.policy, "Visit__c", "Code__c").unwrap();
        let index = field.index.as_ref().unwrap();
        let column = self.memory.table().names.iter().position(|name| *name == index.field).unwrap();
        while self.goes_on() {
            let at = below(&mut rng, RECORDS);
            let found = loop {
                let alive = || -> Vec<_> {
                    clinic.ring.all(field.class).unwrap().iter().map(|key| key.number()).collect()
                };
                let before = alive();
                let digests: Vec<String> = clinic
                    .ring
                    .all(field.class)
                    .unwrap()
                    .iter()
                    .map(|key| {
                        BlindIndex::new(key, &field.id, index.normaliser.clone(), index.bits, index.values)
                            .and_then(|index| index.digest(&code(at)))
                            .unwrap()
                    })
                    .collect();
                let found = self.memory.found(column, &digests);
                // A search during which another key became active is asked again.
                if before == alive() {
                    break found;
                }
            };
            assert_eq!(found, [id(at)]);
            self.searches.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// People become others, and one after the other their records are moved.
    fn merges(&self, seed: u64) {
        let mut rng = Drawn::new(seed);
        let clinic = &self.stored.clinic;
        let mut people: Vec<u64> = (0..PEOPLE).collect();
        while people.len() > PEOPLE as usize / 3 {
            let from = people.swap_remove(usize::try_from(below(&mut rng, people.len() as u64)).unwrap());
            let into = people[usize::try_from(below(&mut rng, people.len() as u64)).unwrap()];
            clinic.ring.merge(&self.stored.person(&record(from)), &self.stored.person(&record(into)));
            let by_key = |person| {
                Subject::of_key(&org(&clinic.policy), "visit__c.visit_key__c", &key(&record(person)))
            };
            clinic.ring.merge(&by_key(from), &by_key(into));
            self.merges.fetch_add(1, Ordering::Relaxed);
            for at in 0..RECORDS {
                loop {
                    let was = self.memory.get(&id(at)).unwrap();
                    if was.get(1) != Some(&record(from)) {
                        break;
                    }
                    let mut now = Row::default();
                    let into = [record(into), key(&record(into))];
                    let moved = |at: usize| into.get(at.checked_sub(1)?);
                    was.cells()
                        .enumerate()
                        .for_each(|(at, cell)| now.push(moved(at).map_or(cell, String::as_str)));
                    if self.memory.put(&id(at), &was, now) == Put::Written {
                        break;
                    }
                }
                thread::yield_now();
            }
        }
    }
}

#[test]
fn while_keys_are_rotated_and_people_merged_nothing_fails_nothing_is_missed_and_nothing_is_lost() {
    let stored = Stored::new();
    let mut table = Table::of(&NAMES, &[]);
    for at in 0..RECORDS {
        table.rows.extend(plain(at, &record(at % PEOPLE), 0).rows);
    }
    let (sealed, refused) = stored.clinic.work(Duty::Seal, "Visit__c", &table);
    assert_eq!(refused, [""; 0]);
    let live = Live {
        stored: &stored,
        memory: Memory::of(&sealed),
        over: AtomicBool::new(false),
        reads: AtomicU64::new(0),
        searches: AtomicU64::new(0),
        written: Mutex::new(vec![0; usize::try_from(RECORDS).unwrap()]),
        merges: AtomicU64::new(0),
    };
    let ring = &stored.clinic.ring;
    let rebind = || Task::Rebind { pairs: Vec::new() };
    let mut old = Vec::new();
    thread::scope(|scope| {
        // Whoever panics ends it for all.
        struct Ends<'a>(&'a AtomicBool);
        impl Drop for Ends<'_> {
            fn drop(&mut self) {
                self.0.store(true, Ordering::Relaxed);
            }
        }
        let live = &live;
        for seed in 0..2 {
            scope.spawn(move || (Ends(&live.over), live.reads(seed)));
            scope.spawn(move || (Ends(&live.over), live.writes(10 + seed)));
        }
        scope.spawn(move || (Ends(&live.over), live.searches(20)));
        let merging = scope.spawn(move || live.merges(30));
        let _ends = Ends(&live.over);
        let mut round = 0;
        while live.goes_on()
            && (round < 6 || !merging.is_finished() || live.searches.load(Ordering::Relaxed) < 500)
        {
            if round < 6 {
                for class in [Class::Phi, Class::PhiSensitive] {
                    old.push(ring.rotate(class).0);
                }
            }
            stored.job(RESEAL, "Visit__c", &mut live.memory.view());
            stored.job(rebind(), "Visit__c", &mut live.memory.view());
            round += 1;
        }
        merging.join().unwrap();
    });
    // Everybody stopped: what was written behind the last job's back is taken up, and nothing is under any old key.
    stored.job(RESEAL, "Visit__c", &mut live.memory.view());
    let census = stored.census("Visit__c", &mut live.memory.view());
    assert!(old.iter().all(|key| census.is_free_of(*key)) && census.is_in_order(), "{census:#?}");
    assert_eq!((old.len(), census.merged.len()), (12, 0));
    old.iter().for_each(|key| ring.set(*key, KeyState::Disabled));
    let names = live.memory.table().names;
    let mut rows = live.rows(Duty::Open, &names, 99);
    (0..RECORDS).for_each(|at| live.opens(&mut rows, at));
    // Every write that was acknowledged counted one up.
    let written = live.written.lock().unwrap();
    let versions: Vec<u64> =
        live.memory.table().column("Kind__c").iter().map(|kind| kind.parse().unwrap()).collect();
    assert_eq!(*written, versions);
    let (reads, searches) = (live.reads.load(Ordering::Relaxed), live.searches.load(Ordering::Relaxed));
    let writes: u64 = written.iter().sum();
    let merges = live.merges.load(Ordering::Relaxed);
    assert!(
        reads > 1_000 && writes > 1_000 && searches >= 500 && merges == 40,
        "{reads} {writes} {searches} {merges}"
    );
    println!("{reads} reads, {writes} writes, {searches} searches, {merges} merges, {} rotations", old.len());
}

#[test]
fn after_a_shredding_nothing_of_the_person_opens_and_everything_of_the_others_does() {
    let stored = Stored::new();
    let mut table = Table::of(&NAMES, &[]);
    for at in 0..RECORDS {
        table.rows.extend(plain(at, &record(at % PEOPLE), 0).rows);
    }
    let (sealed, _) = stored.clinic.work(Duty::Seal, "Visit__c", &table);
    let memory = Memory::of(&sealed);
    // The person is merged into another, half of it is bound anew, and a key is rotated in between.
    let (gone, survivor) = (stored.person(&record(7)), stored.person(&record(8)));
    stored.clinic.ring.merge(&gone, &survivor);
    stored.clinic.ring.rotate(Class::Phi);
    stored.job(RESEAL, "Visit__c", &mut memory.view());
    let whose =
        |row: &Row| row.get(1).is_some_and(|person| [record(7), record(8)].iter().any(|own| own == person));
    for subject in [&gone, &survivor] {
        stored.clinic.ring.shred(subject);
    }
    for (table, what) in [(sealed, "before"), (memory.table(), "after")] {
        let (opened, refused) = stored.clinic.work(Duty::Open, "Visit__c", &table);
        let theirs = table.rows.iter().filter(|row| whose(row)).count();
        assert_eq!((theirs, refused.len(), opened.rows.len()), (8, 8, 232), "{what}");
        assert!(refused.iter().all(|refused| refused.contains("shredded")), "{what}: {refused:?}");
    }
    // The index and what is left beside the tokens still speak of them, until they are forgotten.
    let column = |name| memory.table().names.iter().position(|own| own == name).unwrap();
    let speaks = |memory: &Memory| {
        let table = memory.table();
        let theirs = table.rows.iter().filter(|row| whose(row));
        let stands = |row: &Row, name| row.get(column(name)).is_some_and(|cell| !cell.is_empty());
        theirs.filter(|row| stands(row, "Code_Digest__c") || stands(row, "Code__c")).count()
    };
    assert_eq!(speaks(&memory), 8);
    let others = memory.table();
    let counts = stored.job(Task::Forget, "Visit__c", &mut memory.view());
    assert_eq!((counts.forgotten, counts.changed, speaks(&memory)), (8, 8, 0));
    let unchanged = memory.table().rows.iter().zip(&others.rows).filter(|(now, was)| same(now, was)).count();
    assert_eq!(unchanged, 232);
}
