//! What the files say together.

use source::{Problem, Severity, Source};

use super::{MAIN, Singles, tree};
use crate::model::Content;

pub(super) fn own_file(_source: &Source, _tree: &tree::Node, _problems: &mut Vec<Problem>) {}

pub(super) fn singles(content: &Content, singles: &Singles, sources: &[Source], problems: &mut Vec<Problem>) {
    let _ = (content, singles, sources, problems, MAIN, Severity::Error);
}

pub(super) fn all(_content: &mut Content, _problems: &mut Vec<Problem>) {}
