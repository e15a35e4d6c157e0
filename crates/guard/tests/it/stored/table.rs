//! An export in, and a file out: whole or what changed, killed between any two calls, and refused.

use std::path::{Path, PathBuf};

use csv::{Row, Stream, write_row};
use guard::rows::Duty;
use guard::stored::{Form, Put, Record, Records, RecordsError, Table as Export};
use policy::vocabulary::Class;

use super::memory::same;
use super::{RESEAL, Stored, patients, record};
use crate::clinic::Table;

fn text(table: &Table) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_row(table.names.iter().map(String::as_str), &mut bytes);
    table.rows.iter().for_each(|row| write_row(row.cells(), &mut bytes));
    bytes
}

fn read(bytes: &[u8]) -> Table {
    let mut stream = Stream::new(bytes);
    let names = stream.header().unwrap();
    let (mut rows, mut row) = (Vec::new(), Row::default());
    while stream.next(&mut row).unwrap() {
        rows.push(row.clone());
    }
    Table { names, rows }
}

/// A sealed export of patients after a rotation.
fn exported(stored: &Stored, count: u64) -> (Table, Table, PathBuf) {
    let plain = patients(count);
    let (sealed, _) = stored.clinic.work(Duty::Seal, "Account", &plain);
    let path = stored.path("in.csv");
    std::fs::write(&path, text(&sealed)).unwrap();
    stored.clinic.ring.rotate(Class::Phi);
    (plain, sealed, path)
}

/// A store that stops at some call, as a process that is killed does: before it or after it.
struct Killed<'t> {
    inner: &'t mut Export,
    calls: usize,
    at: usize,
    after: bool,
}

impl Killed<'_> {
    fn call<T>(
        &mut self,
        call: impl FnOnce(&mut Export) -> Result<T, RecordsError>,
    ) -> Result<T, RecordsError> {
        self.calls += 1;
        let killed = || RecordsError::Store("killed".to_owned());
        if self.calls < self.at {
            return call(self.inner);
        }
        if self.after && self.calls == self.at {
            call(self.inner)?;
        }
        Err(killed())
    }
}

impl Records for Killed<'_> {
    fn names(&self) -> &[String] {
        self.inner.names()
    }

    fn identity(&self) -> &str {
        self.inner.identity()
    }

    fn goes_to(&self) -> Option<&str> {
        self.inner.goes_to()
    }

    fn resume(&mut self, cursor: Option<&str>) -> Result<(), RecordsError> {
        self.call(|inner| inner.resume(cursor))
    }

    fn next(&mut self, most: usize) -> Result<Vec<Record>, RecordsError> {
        self.call(|inner| inner.next(most))
    }

    fn put(&mut self, was: &Record, now: &Row) -> Result<Put, RecordsError> {
        self.call(|inner| inner.put(was, now))
    }

    fn again(&mut self, key: &str) -> Result<Option<Record>, RecordsError> {
        self.call(|inner| inner.again(key))
    }

    fn settle(&mut self) -> Result<String, RecordsError> {
        self.call(Records::settle)
    }

    fn finish(&mut self) -> Result<(), RecordsError> {
        self.call(Records::finish)
    }
}

/// The rows as JSON Lines: what is empty is null, or not there at all.
fn lines(table: &Table) -> String {
    let line = |(number, row): (usize, &Row)| {
        let members = table.names.iter().zip(row.cells()).filter_map(|(name, cell)| match cell {
            "" if number % 2 == 0 => None,
            "" => Some((name.clone(), serde_json::Value::Null)),
            cell => Some((name.clone(), cell.into())),
        });
        let line: serde_json::Map<String, serde_json::Value> = members.collect();
        format!("{}\n", serde_json::Value::from(line))
    };
    // The last has no end, and one is empty.
    let all: String = table.rows.iter().enumerate().map(line).collect();
    format!("\n{}", all.trim_end())
}

#[test]
fn a_table_that_was_killed_at_any_call_comes_out_whole_and_each_row_once() {
    let stored = Stored::new();
    let (plain, _, path) = exported(&stored, 7);
    killed_at_any_call(&stored, &plain, &path);
}

#[test]
fn lines_that_were_killed_at_any_call_come_out_whole_and_each_once() {
    let stored = Stored::new();
    let (plain, sealed, _) = exported(&stored, 7);
    let path = stored.path("in.jsonl");
    std::fs::write(&path, lines(&sealed)).unwrap();
    killed_at_any_call(&stored, &plain, &path);
    std::fs::write(&path, format!("{}\n[1]\n", lines(&sealed))).unwrap();
    let refused = Export::open(&path, None, &Form::Nothing).unwrap_err().to_string();
    assert!(refused.contains("in.jsonl`: line 9: "), "{refused}");
}

fn killed_at_any_call(stored: &Stored, plain: &Table, path: &Path) {
    for after in [false, true] {
        for at in 1.. {
            let name = format!("{at}-{after}");
            let (out, state) = (stored.path(&format!("out-{name}")), stored.path(&format!("state-{name}")));
            let open = || Export::open(path, Some(&out), &Form::Whole).unwrap();
            let mut export = open();
            let mut killed = Killed { inner: &mut export, calls: 0, at, after };
            let (first, _) = stored.tried(RESEAL, "Account", &mut killed, &state, 2);
            if first.is_err() {
                // What was torn of the next batch lies there too.
                let part = stored.path(&format!("out-{name}.part"));
                if part.exists() && state.exists() {
                    let mut torn = std::fs::read(&part).unwrap();
                    torn.extend_from_slice(b"001Hs0,\"half a ro");
                    std::fs::write(&part, torn).unwrap();
                }
                let (second, _) = stored.tried(RESEAL, "Account", &mut open(), &state, 2);
                let counts = second.unwrap();
                assert_eq!((counts.rows, counts.resealed, counts.changed), (7, 28, 7), "{name}");
            }
            let whole = read(&std::fs::read(&out).unwrap());
            assert_eq!(whole.column("Id"), plain.column("Id"), "{name}");
            assert_eq!(stored.opened("Account", &whole).column("SSN__pc"), plain.column("SSN__pc"));
            if first.is_ok() {
                assert!(at > 20);
                break;
            }
        }
    }
}

#[test]
fn a_bulk_update_gets_ids_and_what_changed() {
    let stored = Stored::new();
    let (_, sealed, path) = exported(&stored, 5);
    let out = stored.path("changes.csv");
    let columns = ["SSN_Token__pc", "SSN_Digest__pc", "SSN__pc"].map(str::to_owned).to_vec();
    let mut changes = Export::open(&path, Some(&out), &Form::Changes(columns)).unwrap();
    stored.clinic.ring.shred(&stored.person(&record(3)));
    let counts = stored.job(guard::stored::Task::Forget, "Account", &mut changes);
    assert_eq!(counts.changed, 1);
    let changed = read(&std::fs::read(&out).unwrap());
    assert_eq!(changed.names, ["Id", "SSN_Token__pc", "SSN_Digest__pc", "SSN__pc"]);
    let token = sealed.cell(3, "SSN_Token__pc");
    // An empty cell would leave the field as it is.
    assert_eq!(changed.rows[0].cells().collect::<Vec<_>>(), [&record(3), token, "#N/A", "#N/A"]);
    assert_eq!(changed.rows.len(), 1);
}

#[test]
fn a_census_reads_and_writes_nothing() {
    let stored = Stored::new();
    let (_, _, path) = exported(&stored, 5);
    let mut export = Export::open(&path, None, &Form::Nothing).unwrap();
    let census = stored.census("Account", &mut export);
    assert_eq!((census.rows, census.is_in_order()), (5, true));
    let text = serde_json::to_string(&census).unwrap();
    assert_eq!(serde_json::from_str::<guard::stored::Census>(&text).unwrap(), census);
    assert_eq!(std::fs::read_dir(stored.folder.path()).unwrap().count(), 1);
}

#[test]
fn what_a_table_cannot_do_it_says() {
    let stored = Stored::new();
    let (_, sealed, path) = exported(&stored, 5);
    let open = |out: &str, form| Export::open(&path, Some(&stored.path(out)), &form);
    let said = |error: RecordsError| error.to_string();
    assert!(matches!(open("in.csv", Form::Whole), Err(RecordsError::Same { .. })));
    std::fs::write(stored.path("there"), "x").unwrap();
    let there = open("there", Form::Whole).unwrap().resume(None).unwrap_err();
    assert!(said(there).contains("is there already"));
    let nowhere = open("no/folder/out", Form::Whole).unwrap().resume(None).unwrap_err();
    assert!(matches!(nowhere, RecordsError::Io { .. }));
    assert!(matches!(open("out", Form::Whole).unwrap().resume(Some("1 2")), Err(RecordsError::Cursor)));
    // The state says more than what is there.
    let gone = open("out", Form::Whole).unwrap().resume(Some("2 10 2 400")).unwrap_err();
    assert!(matches!(gone, RecordsError::Other { .. }), "{gone}");
    std::fs::write(stored.path("out.part"), "short").unwrap();
    let short = open("out", Form::Whole).unwrap().resume(Some("2 10 2 400")).unwrap_err();
    assert!(matches!(short, RecordsError::Other { .. }), "{short}");
    // A row that is none stops it, and its line is named.
    let torn = [&text(&sealed)[..], b"one,cell\n"].concat();
    std::fs::write(stored.path("torn.csv"), torn).unwrap();
    let mut export =
        Export::open(&stored.path("torn.csv"), Some(&stored.path("torn-out")), &Form::Whole).unwrap();
    let state = stored.path("state");
    let (done, _) = stored.tried(RESEAL, "Account", &mut export, &state, 2);
    let error = done.unwrap_err().to_string();
    assert!(error.contains("line 7: the row has 2 cells"), "{error}");
    assert!(!stored.path("torn-out").exists());
    let no_id = Table::of(&["Name"], &[&["x"]]);
    std::fs::write(stored.path("no-id.csv"), text(&no_id)).unwrap();
    let no_id = Export::open(&stored.path("no-id.csv"), None, &Form::Changes(Vec::new()));
    assert!(matches!(no_id, Err(RecordsError::NoId)));
    assert!(matches!(
        Export::open(&stored.path("no.csv"), None, &Form::Nothing),
        Err(RecordsError::Io { .. })
    ));
    std::fs::write(stored.path("empty.csv"), "").unwrap();
    assert!(matches!(
        Export::open(&stored.path("empty.csv"), None, &Form::Nothing),
        Err(RecordsError::Table { .. })
    ));
    // A record that is not of the batch, and one that is not what was read.
    let mut export = open("out-2", Form::Whole).unwrap();
    export.resume(None).unwrap();
    let records = export.next(2).unwrap();
    let mut other = Record { key: "7".to_owned(), row: records[0].row.clone() };
    assert_eq!(export.put(&other, &records[0].row).unwrap(), Put::Gone);
    assert!(export.again("7").unwrap().is_none());
    other.key = records[1].key.clone();
    assert_eq!(export.put(&other, &records[0].row).unwrap(), Put::Changed);
    assert!(same(&export.again(&records[1].key).unwrap().unwrap().row, &records[1].row));
    let debug = format!("{export:?} {records:?}");
    assert!(!debug.contains("~e1") && !debug.contains("Grace"), "{debug}");
    // Another table is another store.
    let one = open("a", Form::Whole).unwrap().identity().to_owned();
    std::fs::write(&path, [&text(&sealed)[..], b"\n"].concat()).unwrap();
    assert_ne!(one, open("a", Form::Whole).unwrap().identity());
}
