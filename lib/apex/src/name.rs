//! Names of Apex, which are the same whatever their case.

use indexmap::IndexSet;

/// A name of a [`Names`]; equal names have equal ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(u32);

impl Name {
    /// Before every other.
    pub const FIRST: Name = Name(0);

    pub(crate) const fn new(id: u32) -> Self {
        Self(id)
    }

    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// Every name, by folded text. Ids follow the order in which names are met, so that equal input gives equal ids.
#[derive(Debug)]
pub struct Names {
    folded: IndexSet<Box<str>>,
    written: Vec<Box<str>>,
}

macro_rules! words {
    ($($constant:ident = $text:literal),* $(,)?) => {
        /// Words that the language knows, with ids of their own in every [`Names`].
        pub mod word {
            use super::Name;
            #[expect(non_camel_case_types, clippy::upper_case_acronyms, reason = "counts the words")]
            enum Id { $($constant),* }
            $(pub const $constant: Name = Name::new(Id::$constant as u32);)*
        }
        const WORDS: &[&str] = &[$($text),*];
    };
}

words![
    EMPTY = "",
    ABSTRACT = "abstract",
    AFTER = "after",
    AS = "as",
    BEFORE = "before",
    BREAK = "break",
    CATCH = "catch",
    CLASS = "class",
    CONTINUE = "continue",
    DELETE = "delete",
    DO = "do",
    ELSE = "else",
    ENUM = "enum",
    EXTENDS = "extends",
    FALSE = "false",
    FINAL = "final",
    FINALLY = "finally",
    FIND = "find",
    FOR = "for",
    GET = "get",
    GLOBAL = "global",
    IF = "if",
    IMPLEMENTS = "implements",
    IN = "in",
    INHERITED = "inherited",
    INSERT = "insert",
    INSTANCEOF = "instanceof",
    INTERFACE = "interface",
    MERGE = "merge",
    NEW = "new",
    NULL = "null",
    ON = "on",
    OVERRIDE = "override",
    PRIVATE = "private",
    PROTECTED = "protected",
    PUBLIC = "public",
    RETURN = "return",
    RETURNING = "returning",
    RUN_AS = "runas",
    SELECT = "select",
    SET = "set",
    SHARING = "sharing",
    STATIC = "static",
    SUPER = "super",
    SWITCH = "switch",
    SYSTEM = "system",
    TESTMETHOD = "testmethod",
    THIS = "this",
    THROW = "throw",
    TRANSIENT = "transient",
    TRIGGER = "trigger",
    TRUE = "true",
    TRY = "try",
    UNDELETE = "undelete",
    UPDATE = "update",
    UPSERT = "upsert",
    USER = "user",
    VIRTUAL = "virtual",
    VOID = "void",
    WEBSERVICE = "webservice",
    WHEN = "when",
    WHILE = "while",
    WITH = "with",
    WITHOUT = "without",
    AND = "and",
    OR = "or",
    NOT = "not",
    ORDER = "order",
    LIMIT = "limit",
    GROUP = "group",
    HAVING = "having",
    OFFSET = "offset",
    ALL = "all",
    USING = "using",
    ISTEST = "istest",
    INTEGER = "integer",
    LONG = "long",
    DOUBLE = "double",
    DECIMAL = "decimal",
    STRING = "string",
    BOOLEAN = "boolean",
    OBJECT = "object",
    SOBJECT = "sobject",
    LIST = "list",
    MAP = "map",
    ID = "id",
    DATE = "date",
    DATETIME = "datetime",
    TIME = "time",
    BLOB = "blob",
    ITERABLE = "iterable",
    ITERATOR = "iterator",
    LENGTH = "length",
    ADD = "add",
    PUT = "put",
    VALUES = "values",
    KEY_SET = "keyset",
    SCHEMA = "schema",
    OLD = "old",
    NEW_MAP = "newmap",
    OLD_MAP = "oldmap",
    EXCEPTION = "exception",
    AGGREGATE_RESULT = "aggregateresult",
    CONNECT_API = "connectapi",
    VALUE = "value",
    ROLLBACK = "rollback",
];

impl Default for Names {
    fn default() -> Self {
        let mut names = Self { folded: IndexSet::new(), written: Vec::new() };
        for word in WORDS {
            names.intern(word);
        }
        names
    }
}

/// Apex folds ASCII alone: other letters may not stand in names that a compiler takes.
pub(crate) fn fold(text: &str) -> std::borrow::Cow<'_, str> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        text.to_ascii_lowercase().into()
    } else {
        text.into()
    }
}

impl Names {
    pub fn intern(&mut self, text: &str) -> Name {
        let folded = fold(text);
        if let Some(known) = self.find_folded(&folded) {
            return known;
        }
        let (index, _) = self.folded.insert_full(folded.as_ref().into());
        self.written.push(text.into());
        Name::new(u32::try_from(index).unwrap_or(u32::MAX))
    }

    fn find_folded(&self, folded: &str) -> Option<Name> {
        self.folded.get_index_of(folded).and_then(|index| u32::try_from(index).ok()).map(Name::new)
    }

    /// The name with this text, where it occurs at all.
    pub fn find(&self, text: &str) -> Option<Name> {
        self.find_folded(&fold(text))
    }

    /// In lower case.
    pub fn folded(&self, name: Name) -> &str {
        self.folded.get_index(name.index()).map_or("", AsRef::as_ref)
    }

    /// As it was first written.
    pub fn written(&self, name: Name) -> &str {
        self.written.get(name.index()).map_or("", AsRef::as_ref)
    }

    pub fn all(&self) -> impl Iterator<Item = Name> + use<> {
        (0..u32::try_from(self.written.len()).unwrap_or(u32::MAX)).map(Name::new)
    }

    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        self.written.iter().map(AsRef::as_ref)
    }
}
