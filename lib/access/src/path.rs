//! The chain of files by which an answer comes about.

use sfdx::completeness::Remedy;
use sfdx::{Element, Value};
use source::{Position, Source};

use crate::Answer;

/// A place in a file of the project, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub struct Place {
    pub path: String,
    pub line: u32,
    pub column: u32,
}

impl Place {
    pub(crate) fn at(source: &Source, offset: u32) -> Self {
        let Position { line, column } = source.position(offset);
        Self { path: source.path().to_owned(), line, column }
    }

    pub(crate) fn of_element(element: Element<'_>) -> Self {
        Self::at(element.source(), element.span().start)
    }

    pub(crate) fn of_value(value: &Value<'_>) -> Self {
        Self::at(value.source(), value.span().start)
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.path, self.line)
    }
}

/// One link of a path, in words, and where it stands; facts have no place.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Step {
    pub words: String,
    pub place: Option<Place>,
}

impl Step {
    pub(crate) fn new(words: impl Into<String>, place: Option<Place>) -> Self {
        Self { words: words.into(), place }
    }
}

/// One way to an answer, from what the principal holds down to the row that says so.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Path {
    /// What this way alone gives. A "no" is a way that is barred, as by muting.
    pub answer: Answer,
    pub steps: Vec<Step>,
}

impl Path {
    pub(crate) fn new(answer: Answer, steps: Vec<Step>) -> Self {
        Self { answer, steps }
    }

    /// Where the path ends in the source: the place for a finding to point at.
    pub fn place(&self) -> Option<&Place> {
        self.steps.iter().rev().find_map(|step| step.place.as_ref())
    }
}

impl std::fmt::Display for Path {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (at, step) in self.steps.iter().enumerate() {
            if at > 0 {
                f.write_str(" > ")?;
            }
            f.write_str(&step.words)?;
            if let Some(place) = &step.place {
                write!(f, " ({place})")?;
            }
        }
        Ok(())
    }
}

/// An answer, how it comes about, and, where it is unknown, what would settle it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Decision {
    pub answer: Answer,
    pub paths: Vec<Path>,
    /// Sorted, each once; empty where the answer is complete.
    pub missing: Vec<Remedy>,
}

impl Decision {
    pub(crate) fn new(answer: Answer, mut paths: Vec<Path>, mut missing: Vec<Remedy>) -> Self {
        paths.sort_by_key(|path| std::cmp::Reverse(path.answer));
        if answer.is_complete() {
            missing.clear();
        }
        missing.sort();
        missing.dedup();
        Self { answer, paths, missing }
    }

    pub fn is_complete(&self) -> bool {
        self.answer.is_complete()
    }
}

pub(crate) fn retrieve(kind: &str, member: &str) -> Remedy {
    Remedy::Retrieve { kind: kind.to_owned(), members: vec![member.to_owned()] }
}
