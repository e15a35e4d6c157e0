use std::borrow::Cow;

use source::{Problem, Severity, Source, Span};

/// A place of the statement that was not understood, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// Bytes of the text that was parsed.
    pub span: Span,
    /// Stable, for scripts: `malformed-query`, `query-too-deep` ...
    pub code: &'static str,
    /// Lower case, no full stop; never a part of the statement that could be a literal.
    pub message: Cow<'static, str>,
    /// What to do.
    pub help: Option<&'static str>,
}

impl Error {
    /// As a problem of the file that the statement stands in, from the byte `base` on.
    pub fn problem(&self, source: &Source, base: u32) -> Problem {
        let at = |offset: u32| base.saturating_add(offset);
        let span = Span::new(at(self.span.start), at(self.span.end));
        let problem = source.problem(Severity::Error, self.code, span, self.message.clone());
        match self.help {
            Some(help) => problem.with_help(help),
            None => problem,
        }
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}..{}: {}", self.span.start, self.span.end, self.message)?;
        match self.help {
            Some(help) => write!(f, "; {help}"),
            None => Ok(()),
        }
    }
}
