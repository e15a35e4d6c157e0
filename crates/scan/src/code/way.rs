//! From the field of a patient to where it gets out.

use apex::FileId;
use dataflow::{Did, Harmless, Sink, Trace, has_step};
use source::Span;

/// Ways one after the other, the first from the field.
#[derive(Debug, Clone)]
pub(crate) struct Way(pub(crate) Vec<Trace>);

impl Way {
    /// Whether something was done with the data on its way.
    pub(crate) fn has_step(&self, wanted: Did) -> bool {
        self.0.iter().any(|trace| has_step(trace, wanted))
    }

    /// The places by which it comes.
    pub(crate) fn places(&self) -> impl Iterator<Item = (FileId, Span)> {
        self.steps().into_iter().map(|step| (step.file, step.span))
    }

    /// How many steps it has.
    pub(crate) fn length(&self) -> usize {
        self.steps().len()
    }

    /// What happened to it, first to last.
    pub(super) fn steps(&self) -> Vec<&Trace> {
        let mut steps: Vec<&Trace> = Vec::new();
        for trace in self.0.iter().rev() {
            steps.extend(std::iter::successors(Some(trace), |step| step.before.as_ref()));
        }
        steps.reverse();
        steps
    }

    /// The query with which it begins.
    pub(super) fn begin(&self) -> Option<(FileId, Span)> {
        let first = beginning(self.0.first()?);
        matches!(first.did, Did::Queried | Did::Checked).then_some((first.file, first.span))
    }

    /// Where the text at its end does no harm.
    pub(crate) fn harmless(&self) -> Harmless {
        self.0.iter().fold(Harmless::NOWHERE, |known, trace| known.and(trace.harmless))
    }
}

pub(super) fn beginning(way: &Trace) -> &Trace {
    let mut first = way;
    while let Some(before) = &first.before {
        first = before;
    }
    first
}

/// What happened to data on its way that is told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Standing {
    is_checked: bool,
    /// Nobody's permissions say who may see an answer.
    is_answer: bool,
    /// It was in another record before: it weighs less where it is returned.
    is_reread: bool,
    /// It stood in a variable of another call before.
    is_forgotten: bool,
}

impl Standing {
    pub(super) fn of(sink: Sink, way: &Way) -> Self {
        let is_result = sink == Sink::Result;
        Self {
            // Who was allowed to read it is asked where it is returned; what is sent is sent.
            is_checked: sink != Sink::Mail && way.has_step(Did::Checked),
            is_answer: is_result && way.has_step(Did::Answered),
            is_reread: is_result && way.has_step(Did::Reread),
            is_forgotten: is_result && way.has_step(Did::Forgotten),
        }
    }
}
