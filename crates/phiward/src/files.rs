//! Writing what was asked for, where it was asked for, and nowhere else; and reading lists.

use std::fs::OpenOptions;
use std::io::BufRead as _;
use std::io::{self, Write};
use std::path::Path;

/// Writes a file that the user named. An existing plain file is replaced whole or not at all.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    let failed = |error: io::Error| format!("`{}` cannot be written: {error}", path.display());
    let plain = std::fs::symlink_metadata(path).map_or(true, |metadata| metadata.is_file());
    if !plain {
        // A device or a link that the user named: their word.
        return std::fs::write(path, bytes).map_err(failed);
    }
    replace(path, bytes).map_err(failed)
}

/// Writes one file of a folder that we fill. What is there already may be ours from the last run, so a plain
/// file is replaced; a link is not followed.
pub(crate) fn write_below(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), String> {
    let path = folder.join(name);
    let failed = |error: io::Error| format!("`{}` cannot be written: {error}", path.display());
    let one_name = !name.is_empty() && !name.contains(['/', '\\']) && name != "." && name != "..";
    if !one_name {
        return Err(format!("`{name}` is not the name of a file"));
    }
    match std::fs::symlink_metadata(&path) {
        Ok(metadata) if !metadata.is_file() => Err(format!(
            "`{}` is there already and is no plain file; remove it or name another folder",
            path.display()
        )),
        _ => replace(&path, bytes).map_err(failed),
    }
}

/// Makes the folder that `--out` names, and refuses what is something else.
pub(crate) fn folder(path: &Path) -> Result<(), String> {
    std::fs::create_dir_all(path)
        .map_err(|error| format!("`{}` cannot be made a folder: {error}", path.display()))
}

/// By a new file beside it and a rename, so that nobody reads half of it.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?.to_string_lossy().into_owned();
    let beside = path.with_file_name(format!(".{name}.phiward-{}", std::process::id()));
    let mut file = OpenOptions::new().write(true).create_new(true).open(&beside)?;
    let written = file.write_all(bytes).and_then(|()| std::fs::rename(&beside, path));
    if written.is_err() {
        // Best effort: the error that matters is the first.
        let _ = std::fs::remove_file(&beside);
    }
    written
}

/// To the terminal. A reader who closed the pipe has what they wanted.
pub(crate) fn print(bytes: &[u8]) -> Result<(), String> {
    match io::stdout().lock().write_all(bytes) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(format!("nothing can be printed: {error}"))
        }
        _ => Ok(()),
    }
}

/// Lines of standard input by their numbers, without blanks around them, and without the byte order mark that spreadsheets
/// begin with: it would be part of the first.
pub(crate) fn listed() -> impl Iterator<Item = Result<(u64, String), String>> {
    (1..).zip(io::stdin().lock().lines()).map(|(number, line)| {
        let line = line.map_err(|error| format!("line {number}: {error}"))?;
        let line = line.strip_prefix('\u{feff}').filter(|_| number == 1).unwrap_or(&line);
        Ok((number, line.trim().to_owned()))
    })
}
