use source::Span;

node! {
    /// One name as written. Salesforce compares names without regard to case: so does [`Name::is`].
    pub struct Name {
        /// In a template, `{0}` stands where the first hole is; a brace cannot stand in a name.
        pub text: Box<str>,
    }
}

impl Name {
    pub fn new(text: &str) -> Self {
        Self { text: text.into(), span: Span::default() }
    }

    pub fn is(&self, name: &str) -> bool {
        self.text.eq_ignore_ascii_case(name)
    }

    /// The name, unless a hole is a part of it.
    pub fn known(&self) -> Option<&str> {
        (!self.text.contains('{')).then_some(&*self.text)
    }
}

node! {
    /// Names with dots between them: `Account.Owner.Name`. Never empty when it comes from a text.
    pub struct Path {
        pub names: Vec<Name>,
    }
}

impl Path {
    /// From a text with dots.
    pub fn new(text: &str) -> Self {
        Self { names: text.split('.').map(Name::new).collect(), span: Span::default() }
    }

    pub fn is(&self, path: &str) -> bool {
        let mut parts = path.split('.');
        self.names.iter().all(|name| parts.next().is_some_and(|part| name.is(part))) && parts.next().is_none()
    }

    pub fn first(&self) -> Option<&Name> {
        self.names.first()
    }

    pub fn last(&self) -> Option<&Name> {
        self.names.last()
    }

    /// Whether no hole is a part of it.
    pub fn is_known(&self) -> bool {
        self.names.iter().all(|name| name.known().is_some())
    }
}

node! {
    /// What a template does not know.
    pub struct Hole {
        /// Which hole, counted from 0.
        pub index: usize,
    }
}

/// A stretch of the statement that was not understood; an error says why.
#[derive(Clone, Default)]
pub struct Unread {
    /// As written.
    pub text: Box<str>,
    pub span: Span,
}

impl PartialEq for Unread {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Unread {}

impl std::fmt::Debug for Unread {
    /// Without the text: it may hold a literal.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Unread").field("span", &self.span).finish_non_exhaustive()
    }
}
