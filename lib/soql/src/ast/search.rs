use super::{
    Bind, DataCategory, Hole, Literal, Name, Operator, Parameters, Query, Unread, Update, Value, WithMode,
};

node! {
    /// A search. The clauses stand as they are printed.
    pub struct Search {
        pub find: SearchText,
        pub within: Option<SearchGroup>,
        pub returning: Vec<Returning>,
        pub with: Vec<SearchWith>,
        /// `USING ... SEARCH`.
        pub kind: Option<SearchKind>,
        pub limit: Option<Value>,
        pub update: Vec<Update>,
        /// Holes of a template between the clauses.
        pub holes: Vec<Hole>,
        /// What stood between the clauses and was not understood.
        pub unread: Vec<Unread>,
    }
}

/// What is searched for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SearchText {
    /// It was missing; an error says so.
    #[default]
    Missing,
    /// `{text}`, as requests write it. The text has its braces.
    Braced(Literal),
    /// `'text'`, as Apex writes it.
    Quoted(Literal),
    Bind(Bind),
    Hole(Hole),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SearchKind {
    Phrase,
    Advanced,
}

/// `IN ... FIELDS`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SearchGroup {
    All,
    Name,
    Email,
    Phone,
    Sidebar,
    Hole(Hole),
}

node! {
    /// `Contact(Id, Name WHERE ... USING ListView = Mine ORDER BY ... LIMIT 5)`.
    pub struct Returning {
        /// The object is its one `from`; without parentheses nothing is selected, and Salesforce gives ids.
        pub query: Query,
        pub list_view: Option<Name>,
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SearchWith {
    Mode(WithMode),
    DataCategory(DataCategory),
    Highlight,
    /// `SNIPPET` or `SNIPPET (target_length = 120)`.
    Snippet(Option<Parameters>),
    /// `DIVISION`, `METADATA`, `NETWORK`, `PricebookId`, `SPELL_CORRECTION` and their value.
    Setting(WithSetting),
    Hole(Hole),
    Unread(Unread),
}

/// `NETWORK IN ('a', 'b')`.
#[derive(Clone, Debug)]
pub struct WithSetting {
    pub name: Name,
    pub operator: Operator,
    pub value: Value,
    pub span: source::Span,
}

impl PartialEq for WithSetting {
    fn eq(&self, other: &Self) -> bool {
        (&self.name, self.operator, &self.value) == (&other.name, other.operator, &other.value)
    }
}

impl Eq for WithSetting {}
