//! Tokens to a [`File`]: by recursive descent, with a limit to the depth, and going on after what cannot be read.

mod declaration;
mod expression;
mod statement;
mod type_ref;

use source::Span;

use crate::ast::{Expr, ExprId, ExprKind, File, Spanned, Stmt, StmtId, StmtKind, TypeId, TypeRef};
use crate::lexer::{Kind, Sign, Token, Tokens};
use crate::name::{Name, word};

/// Deeper nesting is written by no person.
const DEPTH: u32 = 180;
/// Types and annotations of more tokens are written by no person, and to look ahead for them would cost their square.
const LONGEST: usize = 500;
/// So many problems of one file tell enough.
const PROBLEMS: usize = 50;

pub(crate) fn parse(tokens: Tokens, global: &[Name]) -> File {
    let Tokens { source, all, comments, problems } = tokens;
    let count = all.len();
    let mut parser = Parser {
        tokens: &all,
        global,
        at: 0,
        depth: 0,
        in_query: false,
        file: File {
            source,
            exprs: Vec::with_capacity(count / 3),
            stmts: Vec::with_capacity(count / 10),
            types: Vec::new(),
            decls: Vec::new(),
            top: Vec::new(),
            trigger: None,
            script: Vec::new(),
            comments,
            problems,
        },
    };
    parser.file();
    let mut file = parser.file;
    file.problems.sort_by_key(|(span, _)| *span);
    file
}

/// Why a part could not be read: said already.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stop;

type Read<T> = Result<T, Stop>;

pub(crate) struct Parser<'t> {
    tokens: &'t [Token],
    /// The ids of the whole program for the file's own.
    global: &'t [Name],
    at: usize,
    depth: u32,
    /// Within the brackets of a query, where its words end an expression.
    in_query: bool,
    pub(crate) file: File,
}

const END: Token = Token { kind: Kind::End, span: Span::new(0, 0) };

impl Parser<'_> {
    fn token(&self, ahead: usize) -> Token {
        self.tokens.get(self.at + ahead).or_else(|| self.tokens.last()).copied().unwrap_or(END)
    }

    fn kind(&self) -> Kind {
        self.token(0).kind
    }

    fn start(&self) -> u32 {
        self.token(0).span.start
    }

    /// From `start` to the end of what was read last.
    fn since(&self, start: u32) -> Span {
        let end = self.at.checked_sub(1).and_then(|last| self.tokens.get(last)).map_or(start, |t| t.span.end);
        Span::new(start, end.max(start))
    }

    fn global(&self, name: Name) -> Name {
        self.global.get(name.index()).copied().unwrap_or(word::EMPTY)
    }

    fn word_at(&self, ahead: usize) -> Option<Name> {
        match self.token(ahead).kind {
            Kind::Word(name) => Some(self.global(name)),
            _ => None,
        }
    }

    fn is_word(&self, wanted: Name) -> bool {
        self.word_at(0) == Some(wanted)
    }

    fn is_sign_at(&self, ahead: usize, sign: Sign) -> bool {
        self.token(ahead).kind == Kind::Sign(sign)
    }

    fn is_sign(&self, sign: Sign) -> bool {
        self.is_sign_at(0, sign)
    }

    fn is_end(&self) -> bool {
        self.kind() == Kind::End
    }

    fn bump(&mut self) -> Token {
        let token = self.token(0);
        if !self.is_end() {
            self.at += 1;
        }
        token
    }

    fn take_sign(&mut self, sign: Sign) -> bool {
        let taken = self.is_sign(sign);
        if taken {
            self.bump();
        }
        taken
    }

    fn take_word(&mut self, wanted: Name) -> bool {
        let taken = self.is_word(wanted);
        if taken {
            self.bump();
        }
        taken
    }

    fn sign(&mut self, sign: Sign) -> Read<()> {
        if self.take_sign(sign) { Ok(()) } else { self.stop(&format!("`{}`", sign.text())) }
    }

    fn name(&mut self) -> Read<Spanned<Name>> {
        match self.word_at(0) {
            Some(value) => Ok(Spanned { value, span: self.bump().span }),
            None => self.stop("a name"),
        }
    }

    /// Never repeats what stands there: it may be somebody's data.
    fn stop<T>(&mut self, wanted: &str) -> Read<T> {
        let span = self.token(0).span;
        if self.is_end() && self.file.problems.last().is_some_and(|(last, _)| *last == span) {
            return Err(Stop);
        }
        let message = if self.is_end() {
            format!("the file ends where {wanted} is expected")
        } else {
            format!("{wanted} is expected here")
        };
        self.problem(span, message);
        Err(Stop)
    }

    fn problem(&mut self, span: Span, message: String) {
        if self.file.problems.len() < PROBLEMS {
            self.file.problems.push((span, message));
        }
    }

    /// Goes one level deeper while `read` runs.
    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<T> {
        if self.depth >= DEPTH {
            let span = self.token(0).span;
            self.problem(span, format!("this is nested more than {DEPTH} levels deep and was not read"));
            return Err(Stop);
        }
        self.depth += 1;
        let read = read(self);
        self.depth -= 1;
        read
    }

    fn expr(&mut self, kind: ExprKind, span: Span) -> ExprId {
        let id = ExprId(u32::try_from(self.file.exprs.len()).unwrap_or(u32::MAX));
        self.file.exprs.push(Expr { kind, span });
        id
    }

    fn stmt(&mut self, kind: StmtKind, span: Span) -> StmtId {
        let id = StmtId(u32::try_from(self.file.stmts.len()).unwrap_or(u32::MAX));
        self.file.stmts.push(Stmt { kind, span });
        id
    }

    fn type_id(&mut self, of: TypeRef) -> TypeId {
        let id = TypeId(u32::try_from(self.file.types.len()).unwrap_or(u32::MAX));
        self.file.types.push(of);
        id
    }

    /// Skips what is left of a part that began at the token `from`: to behind the next `;` or closed block of its
    /// level, or before the `}` that closes that.
    fn recover(&mut self, from: usize) {
        let read = self.tokens.get(from..self.at).unwrap_or_default();
        let mut open = read.iter().fold(0_u32, |open, token| match token.kind {
            Kind::Sign(Sign::BraceOpen) => open + 1,
            Kind::Sign(Sign::BraceClose) => open.saturating_sub(1),
            _ => open,
        });
        loop {
            match self.kind() {
                Kind::End => return,
                Kind::Sign(Sign::BraceOpen) => open += 1,
                Kind::Sign(Sign::BraceClose) => {
                    if open == 0 {
                        return;
                    }
                    open -= 1;
                    if open == 0 {
                        self.bump();
                        return;
                    }
                }
                Kind::Sign(Sign::Semicolon) if open == 0 => {
                    self.bump();
                    return;
                }
                _ => {}
            }
            self.bump();
        }
    }
}
