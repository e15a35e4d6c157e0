//! Records in memory, which many threads read and write, and which fail when they are told to.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Mutex;

use csv::Row;
use guard::stored::{Put, Record, Records, RecordsError};

use crate::clinic::Table;

/// The records of one object, by their ids.
pub(crate) struct Memory {
    names: Vec<String>,
    rows: Mutex<BTreeMap<String, Row>>,
}

pub(crate) fn same(one: &Row, other: &Row) -> bool {
    one.cells().eq(other.cells())
}

impl Memory {
    /// A record's key is what stands in its first column.
    pub(crate) fn of(table: &Table) -> Self {
        let rows = table.rows.iter().map(|row| (row.get(0).unwrap().to_owned(), row.clone()));
        Self { names: table.names.clone(), rows: Mutex::new(rows.collect()) }
    }

    pub(crate) fn table(&self) -> Table {
        Table { names: self.names.clone(), rows: self.rows.lock().unwrap().values().cloned().collect() }
    }

    pub(crate) fn get(&self, key: &str) -> Option<Row> {
        self.rows.lock().unwrap().get(key).cloned()
    }

    pub(crate) fn remove(&self, key: &str) {
        self.rows.lock().unwrap().remove(key);
    }

    /// Compares and sets.
    pub(crate) fn put(&self, key: &str, was: &Row, now: Row) -> Put {
        let mut rows = self.rows.lock().unwrap();
        match rows.get_mut(key) {
            None => Put::Gone,
            Some(own) if !same(own, was) => Put::Changed,
            Some(own) => {
                *own = now;
                Put::Written
            }
        }
    }

    /// Keys of the rows that have one of these in a column, as an org's index finds them: at one moment.
    pub(crate) fn found(&self, column: usize, wanted: &[String]) -> Vec<String> {
        let rows = self.rows.lock().unwrap();
        let is_wanted = |row: &Row| wanted.iter().any(|wanted| row.get(column) == Some(wanted));
        rows.iter().filter(|(_, row)| is_wanted(row)).map(|(key, _)| key.clone()).collect()
    }

    pub(crate) fn view(&self) -> View<'_> {
        View { memory: self, after: None, calls: 0, fails_at: None, before_put: None }
    }
}

/// What somebody does to a record.
type Deed<'m> = Box<dyn FnMut(&Memory, &str) + 'm>;

/// A job's way to the records.
pub(crate) struct View<'m> {
    memory: &'m Memory,
    after: Option<String>,
    calls: usize,
    /// The call that fails, and with it all that follow.
    pub(crate) fails_at: Option<usize>,
    /// What somebody else does before a record is written.
    pub(crate) before_put: Option<Deed<'m>>,
}

impl View<'_> {
    fn called(&mut self) -> Result<(), RecordsError> {
        self.calls += 1;
        if self.fails_at.is_some_and(|at| self.calls > at) {
            return Err(RecordsError::Store("the org does not answer".to_owned()));
        }
        Ok(())
    }
}

impl Records for View<'_> {
    fn names(&self) -> &[String] {
        &self.memory.names
    }

    fn identity(&self) -> &str {
        "memory"
    }

    fn resume(&mut self, cursor: Option<&str>) -> Result<(), RecordsError> {
        self.called()?;
        self.after = cursor.map(str::to_owned);
        Ok(())
    }

    fn next(&mut self, most: usize) -> Result<Vec<Record>, RecordsError> {
        self.called()?;
        let rows = self.memory.rows.lock().unwrap();
        let from = self.after.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
        let found = rows.range::<String, _>((from, Bound::Unbounded)).take(most);
        let found: Vec<Record> =
            found.map(|(key, row)| Record { key: key.clone(), row: row.clone() }).collect();
        drop(rows);
        self.after = found.last().map(|last| last.key.clone()).or(self.after.take());
        Ok(found)
    }

    fn put(&mut self, was: &Record, now: &Row) -> Result<Put, RecordsError> {
        self.called()?;
        if let Some(before) = &mut self.before_put {
            before(self.memory, &was.key);
        }
        Ok(self.memory.put(&was.key, &was.row, now.clone()))
    }

    fn again(&mut self, key: &str) -> Result<Option<Record>, RecordsError> {
        self.called()?;
        Ok(self.memory.get(key).map(|row| Record { key: key.to_owned(), row }))
    }

    fn settle(&mut self) -> Result<String, RecordsError> {
        self.called()?;
        Ok(self.after.clone().unwrap_or_default())
    }

    fn finish(&mut self) -> Result<(), RecordsError> {
        self.called()
    }
}
