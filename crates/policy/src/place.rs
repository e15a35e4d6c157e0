use std::fmt;
use std::sync::Arc;

use source::{Position, Severity, Source, Span};

/// Where in the bundle something stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file, below the bundle's folder, with forward slashes.
    pub path: Arc<str>,
    /// Bytes in that file, end excluded.
    pub span: Span,
    /// Line and column of the start of `span`.
    pub position: Position,
}

impl Place {
    pub(crate) fn new(source: &Source, path: &Arc<str>, span: Span) -> Self {
        Self { path: Arc::clone(path), span, position: source.position(span.start) }
    }

    pub(crate) fn problem(
        &self,
        severity: Severity,
        code: &'static str,
        message: impl Into<String>,
    ) -> source::Problem {
        source::Problem::new(severity, code, &*self.path, message).at(self.position)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.path, self.position.line)
    }
}

/// A value and where the bundle says it.
#[derive(Clone, Debug)]
pub struct At<T> {
    pub value: T,
    pub place: Place,
}

impl<T> std::ops::Deref for At<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// Two values are the same wherever they stand: a bundle does not change by a line that moved.
impl<T: PartialEq> PartialEq for At<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Eq> Eq for At<T> {}

impl<T: PartialOrd> PartialOrd for At<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        self.value.partial_cmp(&other.value)
    }
}

impl<T: Ord> Ord for At<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.value.cmp(&other.value)
    }
}

impl<T: fmt::Display> fmt::Display for At<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}
