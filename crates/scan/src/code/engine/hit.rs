//! Where data gets out, as a body sees it.

use apex::{FileId, MethodId, Name, VariableId};
use source::Span;

use super::value::{Label, Path, Texts, Trace};

/// A kind of way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Sink {
    CalloutBody,
    CalloutAddress,
    CalloutHeader,
    Log,
    Mail,
    Post,
    Event {
        object: Name,
        field: Name,
    },
    Record {
        object: Name,
        field: Name,
    },
    File,
    Cache,
    PageAddress,
    ErrorMessage,
    Result,
    Model,
    /// A part of a variable of a class, for others to read; all below it, where nobody knows what that is.
    Variable(VariableId, Path, bool),
    /// The text of a query that is put together.
    Query,
    /// A message that is shown as HTML.
    Markup,
    /// A message for the page, which shows it as it decides.
    PageMessage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Spot {
    pub(crate) file: FileId,
    pub(crate) span: Span,
    pub(crate) method: MethodId,
}

/// One label at one way out.
#[derive(Debug, Clone)]
pub(crate) struct Hit {
    pub(crate) sink: Sink,
    /// The call that lets it out.
    pub(crate) at: Spot,
    pub(crate) label: Label,
    pub(crate) trace: Trace,
    /// Where it goes, as far as the code says it.
    pub(crate) to: Texts,
    /// Where the body that lets it out puts it in.
    pub(crate) put: Spot,
    /// Whether that body makes the address itself, so that there is what to mend, whoever passes the data.
    pub(crate) is_own: bool,
    /// Where data and way out came together, once they have.
    pub(crate) place: Option<Spot>,
    /// The same, should no caller have changed the field that is read.
    pub(crate) read: Option<Spot>,
}

impl PartialEq for Hit {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Hit {
    pub(crate) fn key(&self) -> (Sink, Spot, Label, Option<Spot>, &[super::value::Text]) {
        (self.sink, self.at, self.label, self.place, self.to.all())
    }

    pub(crate) fn is_open(&self) -> bool {
        self.label.is_symbolic() || self.to.is_symbolic()
    }
}
