//! Where data gets out, as a body sees it.

use apex::{FileId, MethodId, Name, VariableId};
use source::Span;

use crate::value::{Label, Path, Texts, Trace};

/// A kind of way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sink {
    CalloutBody,
    CalloutAddress,
    CalloutHeader,
    Log,
    Mail,
    /// A mail to addresses that the code names.
    MailTo,
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
pub struct Spot {
    pub file: FileId,
    pub span: Span,
    pub method: MethodId,
}

/// One label at one way out.
#[derive(Debug, Clone)]
pub struct Hit {
    pub sink: Sink,
    /// The call that lets it out.
    pub at: Spot,
    pub label: Label,
    pub trace: Trace,
    /// Where it goes, as far as the code says it.
    pub to: Texts,
    /// Where the body that lets it out puts it in.
    pub put: Spot,
    /// Whether that body makes the address itself, so that there is what to mend, whoever passes the data.
    pub is_own: bool,
    /// Where data and way out came together, once they have.
    pub place: Option<Spot>,
    /// The same, should no caller have changed the field that is read.
    pub read: Option<Spot>,
    /// Whether a caller from outside handed it in.
    pub is_handed_in: bool,
}

impl PartialEq for Hit {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Hit {
    pub(crate) fn key(&self) -> (Sink, Spot, Label, Option<Spot>, &[crate::value::Text]) {
        (self.sink, self.at, self.label, self.place, self.to.all())
    }

    pub(crate) fn is_open(&self) -> bool {
        self.label.is_symbolic() || self.to.is_symbolic()
    }
}
