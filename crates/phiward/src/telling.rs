//! Words for whoever looks on. What cannot be written is no reason to end in the middle of an act: the exit code tells it.

use std::fmt::Arguments;
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};

static LOST: AtomicBool = AtomicBool::new(false);

/// On standard output: what was asked for.
pub(crate) fn out(words: Arguments<'_>) {
    if std::io::stdout().lock().write_fmt(words).is_err() {
        LOST.store(true, Ordering::Relaxed);
    }
}

/// On standard error. Where nobody can be told, that cannot be told either.
pub(crate) fn aside(words: Arguments<'_>) {
    let _ = std::io::stderr().lock().write_fmt(words);
}

/// Whether something that was asked for could not be written.
pub(crate) fn is_lost() -> bool {
    std::io::stdout().lock().flush().is_err() || LOST.load(Ordering::Relaxed)
}

/// A number of things, as one says it.
pub(crate) fn counted(number: u64, one: &str, many: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {many}") }
}
