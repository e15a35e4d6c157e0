//! What a file says, in arenas of its own: expressions, statements, types and declarations by index.

use source::{Source, Span};

use crate::name::Name;

macro_rules! ids {
    ($($id:ident),*) => {$(
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $id(pub u32);

        impl $id {
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

ids!(ExprId, StmtId, TypeId, DeclId);

/// One file of Apex.
#[derive(Debug)]
pub struct File {
    pub source: Source,
    pub exprs: Vec<Expr>,
    pub stmts: Vec<Stmt>,
    pub types: Vec<TypeRef>,
    pub decls: Vec<Decl>,
    /// The classes and interfaces at the top; a file has one.
    pub top: Vec<DeclId>,
    pub trigger: Option<Trigger>,
    /// Statements outside of all classes: an anonymous script.
    pub script: Vec<StmtId>,
    pub comments: Vec<Span>,
    pub problems: Vec<(Span, String)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spanned<T> {
    pub value: T,
    pub span: Span,
}

#[derive(Debug)]
pub struct Expr {
    pub kind: ExprKind,
    pub span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Literal {
    Null,
    True,
    False,
    Integer,
    Long,
    Decimal,
    /// The text is between the quotes of the span.
    Text,
    LongText,
}

#[derive(Debug)]
pub enum ExprKind {
    Literal(Literal),
    Name(Name),
    This,
    Super,
    /// `object.name`
    Field {
        object: ExprId,
        name: Spanned<Name>,
        is_safe: bool,
    },
    Index {
        list: ExprId,
        index: ExprId,
    },
    Call {
        receiver: Option<ExprId>,
        name: Spanned<Name>,
        args: Vec<ExprId>,
        is_safe: bool,
    },
    /// `this(...)` or `super(...)`
    Delegate {
        to_super: bool,
        args: Vec<ExprId>,
    },
    /// Of an sObject, the arguments are assignments to names of fields.
    New {
        of: TypeId,
        args: Vec<ExprId>,
    },
    /// `new T[size]`, `new T[]{...}`, `new List<T>{...}`; `of` is the type of the whole.
    NewList {
        of: TypeId,
        size: Option<ExprId>,
        elements: Vec<ExprId>,
    },
    NewMap {
        of: TypeId,
        entries: Vec<(ExprId, ExprId)>,
    },
    ClassOf(TypeId),
    Cast {
        to: TypeId,
        value: ExprId,
    },
    InstanceOf {
        value: ExprId,
        of: TypeId,
    },
    /// `!a`, `-a`, `~a`, `+a`
    Unary {
        value: ExprId,
    },
    /// `a++` and its like
    Step {
        value: ExprId,
    },
    /// A chain of operators of one rank, from the left.
    Binary {
        first: ExprId,
        rest: Vec<(Operator, ExprId)>,
    },
    Ternary {
        condition: ExprId,
        yes: ExprId,
        no: ExprId,
    },
    Assign {
        target: ExprId,
        operator: Option<Operator>,
        value: ExprId,
    },
    /// SOQL or SOSL: the text within the brackets, and the Apex that it binds, in order.
    Query {
        text: Span,
        binds: Vec<ExprId>,
        is_search: bool,
    },
    /// What could not be read.
    Broken,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    Or,
    And,
    BitOr,
    BitXor,
    BitAnd,
    Equal,
    NotEqual,
    Identical,
    NotIdentical,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    ShiftLeft,
    ShiftRight,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    Coalesce,
}

impl Operator {
    /// Whether it answers true or false, whatever it is given.
    pub fn is_test(self) -> bool {
        matches!(
            self,
            Self::Or
                | Self::And
                | Self::Equal
                | Self::NotEqual
                | Self::Identical
                | Self::NotIdentical
                | Self::Less
                | Self::LessEqual
                | Self::Greater
                | Self::GreaterEqual
        )
    }
}

#[derive(Debug)]
pub struct Stmt {
    pub kind: StmtKind,
    pub span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dml {
    Insert,
    Update,
    Upsert,
    Delete,
    Undelete,
    Merge,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    User,
    System,
}

#[derive(Debug)]
pub enum StmtKind {
    Block(Vec<StmtId>),
    Local { of: TypeId, variables: Vec<(Spanned<Name>, Option<ExprId>)> },
    Expr(ExprId),
    If { condition: ExprId, yes: StmtId, no: Option<StmtId> },
    While { condition: ExprId, body: StmtId },
    DoWhile { body: StmtId, condition: ExprId },
    For { init: Vec<StmtId>, condition: Option<ExprId>, update: Vec<ExprId>, body: StmtId },
    ForEach { of: TypeId, name: Spanned<Name>, over: ExprId, body: StmtId },
    Return(Option<ExprId>),
    Throw(ExprId),
    Break,
    Continue,
    Try { body: StmtId, catches: Vec<Catch>, finally: Option<StmtId> },
    Switch { on: ExprId, arms: Vec<Arm> },
    Dml { operation: Dml, mode: Option<Mode>, target: ExprId, with: Option<ExprId> },
    RunAs { user: ExprId, body: StmtId },
    Empty,
}

#[derive(Debug)]
pub struct Catch {
    pub of: TypeId,
    pub name: Spanned<Name>,
    pub body: StmtId,
}

#[derive(Debug)]
pub struct Arm {
    pub labels: Labels,
    pub body: StmtId,
}

#[derive(Debug)]
pub enum Labels {
    Values(Vec<ExprId>),
    Record { of: TypeId, name: Spanned<Name> },
    Else,
}

/// A type as it is written.
#[derive(Debug, Clone)]
pub struct TypeRef {
    /// `Outer.Inner` is two.
    pub path: Vec<Name>,
    pub args: Vec<TypeId>,
    /// How many `[]` follow.
    pub dimensions: u8,
    pub span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Sharing {
    With,
    Without,
    Inherited,
    #[default]
    Unsaid,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Visibility {
    #[default]
    Unsaid,
    Private,
    Protected,
    Public,
    Global,
}

#[derive(Debug, Default)]
pub struct Modifiers {
    pub visibility: Visibility,
    pub sharing: Sharing,
    pub is_static: bool,
    pub is_abstract: bool,
    pub is_virtual: bool,
    pub is_override: bool,
    pub is_final: bool,
    pub is_transient: bool,
    pub is_webservice: bool,
    pub is_test: bool,
    pub annotations: Vec<Annotation>,
}

#[derive(Debug)]
pub struct Annotation {
    pub name: Spanned<Name>,
    pub args: Vec<(Option<Name>, ExprId)>,
}

impl Modifiers {
    pub fn annotation(&self, name: Name) -> Option<&Annotation> {
        self.annotations.iter().find(|one| one.name.value == name)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeclKind {
    Class,
    Interface,
    Enum,
}

/// A class, an interface or an enum.
#[derive(Debug)]
pub struct Decl {
    pub kind: DeclKind,
    pub name: Spanned<Name>,
    pub span: Span,
    pub modifiers: Modifiers,
    pub outer: Option<DeclId>,
    pub parameters: Vec<Name>,
    pub extends: Vec<TypeId>,
    pub implements: Vec<TypeId>,
    pub variables: Vec<Variable>,
    pub methods: Vec<Method>,
    /// Blocks that run when the class or an object is made.
    pub initializers: Vec<(bool, StmtId)>,
    pub constants: Vec<Spanned<Name>>,
}

impl Decl {
    /// A declaration of which no more is known yet.
    pub(crate) fn new(
        kind: DeclKind,
        name: Spanned<Name>,
        modifiers: Modifiers,
        outer: Option<DeclId>,
    ) -> Self {
        Self {
            kind,
            name,
            span: name.span,
            modifiers,
            outer,
            parameters: Vec::new(),
            extends: Vec::new(),
            implements: Vec::new(),
            variables: Vec::new(),
            methods: Vec::new(),
            initializers: Vec::new(),
            constants: Vec::new(),
        }
    }
}

/// A field or a property.
#[derive(Debug)]
pub struct Variable {
    pub name: Spanned<Name>,
    pub of: TypeId,
    pub modifiers: std::sync::Arc<Modifiers>,
    pub value: Option<ExprId>,
    pub accessors: Vec<Accessor>,
}

#[derive(Debug)]
pub struct Accessor {
    pub is_getter: bool,
    pub modifiers: Modifiers,
    pub body: Option<StmtId>,
}

#[derive(Debug)]
pub struct Method {
    pub name: Spanned<Name>,
    /// None of a constructor.
    pub returns: Option<TypeId>,
    pub parameters: Vec<Parameter>,
    pub modifiers: Modifiers,
    pub body: Option<StmtId>,
    pub span: Span,
}

#[derive(Debug)]
pub struct Parameter {
    pub name: Spanned<Name>,
    pub of: TypeId,
}

#[derive(Debug)]
pub struct Trigger {
    pub name: Spanned<Name>,
    pub object: Spanned<Name>,
    /// `before insert` and its like, as `(is before, operation)`.
    pub events: Vec<(bool, Dml)>,
    pub body: StmtId,
    pub span: Span,
}

impl File {
    pub fn expr(&self, id: ExprId) -> &Expr {
        const NOTHING: &Expr = &Expr { kind: ExprKind::Broken, span: Span::new(0, 0) };
        self.exprs.get(id.index()).unwrap_or(NOTHING)
    }

    pub fn stmt(&self, id: StmtId) -> &Stmt {
        const NOTHING: &Stmt = &Stmt { kind: StmtKind::Empty, span: Span::new(0, 0) };
        self.stmts.get(id.index()).unwrap_or(NOTHING)
    }

    pub fn type_ref(&self, id: TypeId) -> &TypeRef {
        const NOTHING: &TypeRef =
            &TypeRef { path: Vec::new(), args: Vec::new(), dimensions: 0, span: Span::new(0, 0) };
        self.types.get(id.index()).unwrap_or(NOTHING)
    }

    pub fn decl(&self, id: DeclId) -> Option<&Decl> {
        self.decls.get(id.index())
    }

    /// Whether its class is a test.
    pub fn is_test(&self) -> bool {
        self.top.iter().filter_map(|id| self.decl(*id)).any(|decl| decl.modifiers.is_test)
    }

    /// Whether operations run as the user where they say nothing: from API version 67.0 on, but for triggers (*Apex
    /// Developer Guide*, Versioned Behavior Changes).
    pub fn runs_as_user(&self, version: u32) -> bool {
        version >= 67 && self.trigger.is_none()
    }

    /// The text of a literal, with its escapes undone.
    pub fn literal_text(&self, id: ExprId) -> Option<String> {
        let Expr { kind: ExprKind::Literal(literal), span } = self.expr(id) else { return None };
        let written = self.source.slice(*span);
        let inside = match literal {
            Literal::Text => written.strip_prefix('\'')?,
            Literal::LongText => {
                let inside = written.strip_prefix("'''")?;
                inside.split_once('\n').map_or(inside, |(_, rest)| rest)
            }
            _ => return None,
        };
        let quotes = if *literal == Literal::Text { "'" } else { "'''" };
        Some(unescaped(inside.strip_suffix(quotes).unwrap_or(inside)))
    }
}

fn unescaped(text: &str) -> String {
    if !text.contains('\\') {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            out.push(letter);
            continue;
        }
        match letters.next() {
            Some('n' | 'N') => out.push('\n'),
            Some('r' | 'R') => out.push('\r'),
            Some('t' | 'T') => out.push('\t'),
            Some('b' | 'B') => out.push('\u{8}'),
            Some('f' | 'F') => out.push('\u{c}'),
            Some('u' | 'U') => {
                let digits: String = letters.by_ref().take(4).collect();
                out.push(
                    u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32).unwrap_or('\u{fffd}'),
                );
            }
            Some(other) => out.push(other),
            None => {}
        }
    }
    out
}
