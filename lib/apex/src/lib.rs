//! Apex: what a file says, what its names mean, and which code a call reaches.
//!
//! In come sources; out comes a [`Program`] of files, classes and methods. Code that cannot be read costs its
//! statement, with a problem that names the line. Nothing here knows why anybody asks, and nothing recurses as deep
//! as a file wants.

pub mod ast;
mod lexer;
mod name;
mod parser;
mod platform;
mod program;
mod resolve;
mod schema;
mod ty;
mod walk;

pub use name::{Name, Names, word};
pub use program::{
    Class, ClassId, FileId, Method, MethodId, MethodKind, Program, Variable, VariableId, link,
};
pub use resolve::{Frame, Meanings, Ref, Resolution, Resolved, resolve};
pub use schema::{NoSchema, Schema, is_custom_object};
pub use ty::Ty;

use rayon::prelude::*;
use source::Source;

/// Reads files, in parallel and with one set of names.
pub fn parse(sources: Vec<Source>) -> (Vec<ast::File>, Names) {
    let lexed: Vec<(lexer::Tokens, Names)> = sources
        .into_par_iter()
        .map(|source| {
            let mut own = Names::default();
            (lexer::lex(source, &mut own), own)
        })
        .collect();
    let mut names = Names::default();
    let with_ids: Vec<(lexer::Tokens, Vec<Name>)> = lexed
        .into_iter()
        .map(|(tokens, own)| {
            let ids = own.texts().map(|text| names.intern(text)).collect();
            (tokens, ids)
        })
        .collect();
    let files = with_ids.into_par_iter().map(|(tokens, ids)| parser::parse(tokens, &ids)).collect();
    (files, names)
}

#[cfg(test)]
mod tests;
