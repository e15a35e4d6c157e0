//! Where rows go: a file that is there whole or not at all, or the terminal.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use guard::pipe::{PipeError, Turned};

use crate::ledger_command::text;

const ROOM: usize = 1 << 18;

pub(super) enum Output {
    Terminal(BufWriter<io::StdoutLock<'static>>),
    File(BufWriter<Unfinished>, PathBuf),
}

impl Output {
    pub(super) fn to(path: Option<&Path>) -> Result<Self, String> {
        let Some(path) = path else {
            return Ok(Self::Terminal(BufWriter::with_capacity(ROOM, io::stdout().lock())));
        };
        if path.exists() {
            return Err(format!("`{}` is there already: name another file", path.display()));
        }
        let file = Unfinished::beside(path).map_err(|error| format!("`{}`: {error}", path.display()))?;
        Ok(Self::File(BufWriter::with_capacity(ROOM, file), path.to_owned()))
    }

    pub(super) fn writer(&mut self) -> &mut dyn io::Write {
        match self {
            Output::Terminal(writer) => writer,
            Output::File(writer, _) => writer,
        }
    }

    pub(super) fn keep(self) -> Result<(), String> {
        match self {
            Output::Terminal(mut writer) => writer.flush().map_err(text),
            Output::File(writer, path) => {
                let named = |error: io::Error| format!("`{}`: {error}", path.display());
                let file = writer.into_inner().map_err(|error| named(error.into_error()))?;
                file.keep(&path).map_err(named)
            }
        }
    }
}

/// A file that its owner alone reads, and that goes where the job does not come to its end.
pub(super) enum Unfinished {
    /// It has no name: nothing is left of it, whatever ends the process.
    Nameless(File),
    /// Where the file system has no files without names.
    Named(tempfile::NamedTempFile),
}

impl Unfinished {
    fn beside(path: &Path) -> io::Result<Self> {
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        if let Some(file) = nameless(folder) {
            return Ok(Self::Nameless(file));
        }
        // By its name somebody can tell whose it is, where the process was killed.
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let prefix = format!(".{name}.");
        tempfile::Builder::new().prefix(&prefix).suffix(".part").tempfile_in(folder).map(Self::Named)
    }

    /// Gives it its name, if no other file has it.
    fn keep(self, path: &Path) -> io::Result<()> {
        match self {
            Unfinished::Nameless(file) => {
                file.sync_all()?;
                name(&file, path)
            }
            Unfinished::Named(file) => {
                file.as_file().sync_all()?;
                file.persist_noclobber(path).map(|_| ()).map_err(|error| error.error)
            }
        }
    }
}

impl io::Write for Unfinished {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Unfinished::Nameless(file) => file.write(bytes),
            Unfinished::Named(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(target_os = "linux")]
fn nameless(folder: &Path) -> Option<File> {
    use rustix::fs::{Mode, OFlags};
    let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    rustix::fs::open(folder, flags, Mode::RUSR | Mode::WUSR).ok().map(File::from)
}

#[cfg(target_os = "linux")]
fn name(file: &File, path: &Path) -> io::Result<()> {
    use std::os::fd::AsRawFd as _;

    use rustix::fs::{AtFlags, CWD};
    let own = format!("/proc/self/fd/{}", file.as_raw_fd());
    Ok(rustix::fs::linkat(CWD, own, CWD, path, AtFlags::SYMLINK_FOLLOW)?)
}

#[cfg(not(target_os = "linux"))]
fn nameless(_: &Path) -> Option<File> {
    None
}

#[cfg(not(target_os = "linux"))]
fn name(_: &File, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Rows that were refused, as a table: as they came, and why.
pub(super) struct Refused {
    output: Output,
    has_header: bool,
}

impl Refused {
    pub(super) fn to(path: &Path) -> Result<Self, String> {
        Ok(Self { output: Output::to(Some(path))?, has_header: false })
    }

    pub(super) fn take(&mut self, turned: &Turned<'_>) -> Result<(), PipeError> {
        let mut written = Vec::new();
        if !std::mem::replace(&mut self.has_header, true) {
            let header =
                ["Line", "Column", "Reason"].into_iter().chain(turned.names.iter().map(String::as_str));
            csv::write_row(header, &mut written);
        }
        let (line, reason) = (turned.line.to_string(), turned.because.to_string());
        let why = [line.as_str(), turned.column.as_str(), reason.as_str()];
        csv::write_row(why.into_iter().chain(turned.row.cells()), &mut written);
        self.output.writer().write_all(&written).map_err(PipeError::Output)
    }

    pub(super) fn keep(self) -> Result<(), String> {
        self.output.keep()
    }
}
