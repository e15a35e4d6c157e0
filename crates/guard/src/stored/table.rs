//! Records of an export, a table of comma-separated values or JSON Lines, and the table that is written beside it.
//!
//! The file has the name `OUT.part` until all is done. What was settled of it stays; what a crash left behind that is
//! cut off.

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{Context, SHA256};
use csv::{Row, StreamError, write_row};

use super::job::same;
use super::lines::Rows;
use super::{Put, Record, Records, RecordsError};
use crate::durable;

/// What is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// Nothing: the records are only read.
    Nothing,
    /// Every row, with all columns.
    Whole,
    /// Rows that changed, with `Id` and these columns: what a bulk update takes. A field that became empty is `#N/A`.
    Changes(Vec<String>),
}

/// How Salesforce's bulk interface writes a field that is to be emptied.
const EMPTIED: &str = "#N/A";

struct Out {
    path: PathBuf,
    /// The path from the root on.
    whole: String,
    part: PathBuf,
    /// Nothing where it is finished.
    file: Option<File>,
    /// Bytes that were settled.
    length: u64,
}

/// Rows that were read and are not settled.
struct Pending {
    was: Row,
    now: Option<Row>,
}

/// A table, and what becomes of it.
pub struct Table {
    path: PathBuf,
    names: Vec<String>,
    identity: String,
    /// Places of the columns that are written where only changes are.
    changes: Vec<usize>,
    is_whole: bool,
    out: Option<Out>,
    stream: Rows,
    pending: Vec<Pending>,
    /// Rows before those that are pending.
    before: u64,
}

impl std::fmt::Debug for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Table").field("path", &self.path).field("names", &self.names).finish_non_exhaustive()
    }
}

pub(super) fn io(path: &Path) -> impl Fn(std::io::Error) -> RecordsError {
    move |error| RecordsError::Io { path: path.to_owned(), error }
}

pub(super) fn unread(path: &Path) -> impl Fn(StreamError) -> RecordsError {
    move |error| RecordsError::Table { path: path.to_owned(), error }
}

/// The length and a digest of all: what stands in the middle was counted too.
fn identity(path: &Path, file: &mut File) -> std::io::Result<String> {
    let (mut length, mut context, mut piece) = (0, Context::new(&SHA256), vec![0; 1 << 16]);
    loop {
        let read = file.read(&mut piece)?;
        if read == 0 {
            break;
        }
        length += read;
        context.update(piece.get(..read).unwrap_or_default());
    }
    file.rewind()?;
    let digest = context.finish();
    let digest: String = digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Ok(format!("table {name}, {length} bytes, {digest}"))
}

impl Table {
    /// A table that is read, and where it goes.
    pub fn open(path: &Path, out: Option<&Path>, form: &Form) -> Result<Self, RecordsError> {
        let mut file = File::open(path).map_err(io(path))?;
        let mut identity = identity(path, &mut file).map_err(io(path))?;
        let (stream, names) = Rows::begin(path, file)?;
        let place = |name: &String| names.iter().position(|own| own.eq_ignore_ascii_case(name));
        let mut changes = Vec::new();
        if let Form::Changes(columns) = form {
            changes.push(place(&"Id".to_owned()).ok_or(RecordsError::NoId)?);
            changes.extend(columns.iter().filter_map(place));
            changes.dedup();
            identity.push_str(", changes only");
        }
        let out = match (out, form) {
            (None, _) | (_, Form::Nothing) => None,
            (Some(out), _) => {
                let name = out.file_name().ok_or_else(|| io(out)(std::io::ErrorKind::InvalidInput.into()))?;
                let part = out.with_file_name(format!("{}.part", name.to_string_lossy()));
                let whole = |path: &Path| fs::canonicalize(path).ok();
                let input = whole(path);
                if input.is_some() && (whole(out) == input || whole(&part) == input) {
                    return Err(RecordsError::Same { path: path.to_owned() });
                }
                let whole = std::path::absolute(out).map_err(io(out))?.to_string_lossy().into_owned();
                Some(Out { path: out.to_owned(), whole, part, file: None, length: 0 })
            }
        };
        Ok(Self {
            path: path.to_owned(),
            names,
            identity,
            changes,
            is_whole: *form == Form::Whole,
            out,
            stream,
            pending: Vec::new(),
            before: 0,
        })
    }

    fn header(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let all = self.names.iter().map(String::as_str);
        if self.is_whole {
            write_row(all, &mut bytes);
        } else {
            let changes = self.changes.iter().filter_map(|at| self.names.get(*at));
            write_row(changes.map(String::as_str), &mut bytes);
        }
        bytes
    }

    /// The rows that are to be written of those that are pending.
    fn written(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for Pending { was, now } in &self.pending {
            match now {
                _ if self.is_whole => write_row(now.as_ref().unwrap_or(was).cells(), &mut bytes),
                Some(now) => {
                    let cells = self.changes.iter().map(|at| {
                        let (was, now) = (was.get(*at).unwrap_or_default(), now.get(*at).unwrap_or_default());
                        if now.is_empty() && !was.is_empty() { EMPTIED } else { now }
                    });
                    write_row(cells, &mut bytes);
                }
                None => {}
            }
        }
        bytes
    }

    fn begin(&mut self) -> Result<(), RecordsError> {
        let header = self.header();
        let Some(out) = &mut self.out else { return Ok(()) };
        if out.path.exists() {
            return Err(RecordsError::Exists { path: out.path.clone() });
        }
        let mut options = OpenOptions::new();
        // Columns that are not sealed may be a patient's too.
        let file = options.read(true).write(true).create(true).truncate(true).mode(0o600).open(&out.part);
        out.file = Some(file.map_err(io(&out.part))?);
        // A state says that rows of it are durable: so is its name.
        durable::sync_folder(&out.part).map_err(io(&out.part))?;
        out.append(&header)
    }

    fn go_on(&mut self, (rows, position, line, length): (u64, u64, u64, u64)) -> Result<(), RecordsError> {
        let mut file = File::open(&self.path).map_err(io(&self.path))?;
        file.seek(SeekFrom::Start(position)).map_err(io(&self.path))?;
        self.stream = self.stream.resumed(file, self.names.len(), position, line);
        self.before = rows;
        let Some(out) = &mut self.out else { return Ok(()) };
        out.length = length;
        let other = |path: &Path| RecordsError::Other { path: path.to_owned() };
        match OpenOptions::new().read(true).write(true).open(&out.part) {
            Ok(file) => {
                let found = file.metadata().map_err(io(&out.part))?.len();
                if found < length {
                    return Err(other(&out.part));
                }
                file.set_len(length).map_err(io(&out.part))?;
                out.file = Some(file);
                Ok(())
            }
            // It was given its name, and the state does not say so yet.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => match fs::metadata(&out.path) {
                Ok(found) if found.len() == length => Ok(()),
                _ => Err(other(&out.path)),
            },
            Err(error) => Err(io(&out.part)(error)),
        }
    }

    fn place(&self, key: &str) -> Option<usize> {
        let number: u64 = key.parse().ok()?;
        usize::try_from(number.checked_sub(self.before)?).ok()
    }
}

impl Out {
    /// Writes behind what is settled, makes it durable, and reads it back.
    fn append(&mut self, bytes: &[u8]) -> Result<(), RecordsError> {
        if bytes.is_empty() {
            return Ok(());
        }
        let io = io(&self.part);
        let file = self.file.as_mut().ok_or_else(|| RecordsError::Other { path: self.path.clone() })?;
        let mut read = Vec::with_capacity(bytes.len());
        file.seek(SeekFrom::Start(self.length))
            .and_then(|_| file.write_all(bytes))
            .and_then(|()| file.sync_data())
            .and_then(|()| file.seek(SeekFrom::Start(self.length)))
            .and_then(|_| file.read_to_end(&mut read))
            .map_err(io)?;
        if read != bytes {
            return Err(RecordsError::ReadBack { path: self.part.clone() });
        }
        self.length += bytes.len() as u64;
        Ok(())
    }
}

/// Rows, where the next one begins and on which line, and how long what is written is.
fn cursor(text: &str) -> Option<(u64, u64, u64, u64)> {
    let mut numbers = text.split(' ').map(str::parse);
    let mut next = || numbers.next()?.ok();
    let cursor = (next()?, next()?, next()?, next()?);
    numbers.next().is_none().then_some(cursor)
}

impl Records for Table {
    fn names(&self) -> &[String] {
        &self.names
    }

    fn identity(&self) -> &str {
        &self.identity
    }

    fn goes_to(&self) -> Option<&str> {
        self.out.as_ref().map(|out| out.whole.as_str())
    }

    fn resume(&mut self, at: Option<&str>) -> Result<(), RecordsError> {
        match at {
            None => self.begin(),
            Some(text) => self.go_on(cursor(text).ok_or(RecordsError::Cursor)?),
        }
    }

    fn next(&mut self, most: usize) -> Result<Vec<Record>, RecordsError> {
        self.before += self.pending.len() as u64;
        self.pending.clear();
        let mut records = Vec::new();
        let mut row = Row::default();
        while records.len() < most && self.stream.next(&self.path, &mut row)? {
            let key = (self.before + records.len() as u64).to_string();
            self.pending.push(Pending { was: row.clone(), now: None });
            records.push(Record { key, row: row.clone() });
        }
        Ok(records)
    }

    fn put(&mut self, was: &Record, now: &Row) -> Result<Put, RecordsError> {
        let Some(pending) = self.place(&was.key).and_then(|place| self.pending.get_mut(place)) else {
            return Ok(Put::Gone);
        };
        if !same(pending.now.as_ref().unwrap_or(&pending.was), &was.row) {
            return Ok(Put::Changed);
        }
        pending.now = Some(now.clone());
        Ok(Put::Written)
    }

    fn again(&mut self, key: &str) -> Result<Option<Record>, RecordsError> {
        let pending = self.place(key).and_then(|place| self.pending.get(place));
        let row = pending.map(|pending| pending.now.as_ref().unwrap_or(&pending.was).clone());
        Ok(row.map(|row| Record { key: key.to_owned(), row }))
    }

    fn settle(&mut self) -> Result<String, RecordsError> {
        let bytes = self.written();
        let mut length = 0;
        if let Some(out) = &mut self.out {
            out.append(&bytes)?;
            length = out.length;
        }
        self.before += self.pending.len() as u64;
        self.pending.clear();
        let (position, line) = self.stream.position();
        Ok(format!("{} {position} {line} {length}", self.before))
    }

    fn finish(&mut self) -> Result<(), RecordsError> {
        let Some(out) = &mut self.out else { return Ok(()) };
        if let Some(file) = out.file.take() {
            file.sync_all().map_err(io(&out.part))?;
            fs::rename(&out.part, &out.path).map_err(io(&out.part))?;
            durable::sync_folder(&out.path).map_err(io(&out.path))?;
        }
        Ok(())
    }
}
