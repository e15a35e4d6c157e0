use crate::{Position, plain};

/// How much a problem takes away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Read in full, though something is odd.
    Warning,
    /// Part of the file could not be read or is not valid.
    Error,
}

/// Something in a file that could not be read as it should, told so that its reader can mend it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Problem {
    pub path: String,
    pub position: Option<Position>,
    pub severity: Severity,
    /// Stable, for scripts: `malformed-xml`, `bad-encoding` ...
    pub code: &'static str,
    /// Lower case, no full stop; never a value from a data file.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

impl Problem {
    pub fn new(
        severity: Severity,
        code: &'static str,
        path: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self { path: path.into(), position: None, severity, code, message: message.into(), help: None }
    }

    #[must_use]
    pub fn at(mut self, position: Position) -> Self {
        self.position = Some(position);
        self
    }

    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl std::fmt::Display for Problem {
    /// On one line: names come from strangers, and a control character in one could steer a terminal.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { path, message, .. } = self;
        let (path, message) = (plain(path), plain(message));
        write!(f, "{path}")?;
        if let Some(Position { line, column }) = self.position {
            write!(f, ":{line}:{column}")?;
        }
        write!(f, ": {message} [{}]", self.code)?;
        if let Some(help) = &self.help {
            write!(f, "; {help}")?;
        }
        Ok(())
    }
}
