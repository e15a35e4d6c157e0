//! One lossless XML tree for all metadata.
//!
//! A [`Tree`] keeps the text it was read from and, for each element, only the offsets of its parts: 28 bytes
//! an element. Names and values are slices of the text, decoded when asked for. Reading needs no recursion,
//! expands no entity and stops at no error: what was read before an error stays.

mod decode;
pub mod edit;
mod element;
mod parse;

pub use element::{Ancestors, Children, Comment, Descendants, Element, Named, Value};

use source::{Problem, Source, Span};

/// Elements below this depth are reported and left out; metadata seldom nests deeper than ten.
pub const DEPTH_LIMIT: usize = 256;

/// Elements beyond this number are reported and left out. A profile of 64 MiB has some 1.5 million.
pub const ELEMENT_LIMIT: usize = 4_000_000;

/// An XML document whose every element has a place in its text.
pub struct Tree {
    source: Source,
    /// In document order, so that an element's subtree is the run up to its `next`.
    nodes: Vec<Node>,
    /// Whole comments, with their marks, in document order.
    comments: Vec<Span>,
}

#[derive(Clone, Copy)]
struct Node {
    /// Of the `<`; the name begins one byte later.
    start: u32,
    name_end: u32,
    inner_start: u32,
    inner_end: u32,
    end: u32,
    /// The index after the last descendant.
    next: u32,
    /// The node's own index for the root.
    parent: u32,
}

impl Tree {
    /// Reads `source`. Always gives a tree, if need be without a root; the problems say what is not in it.
    pub fn parse(source: Source) -> (Self, Vec<Problem>) {
        parse::parse(source)
    }

    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The outermost element, unless the text has none.
    pub fn root(&self) -> Option<Element<'_>> {
        self.element(0)
    }

    /// The element at a place in document order, as [`Element::index`] tells it.
    pub fn element(&self, index: u32) -> Option<Element<'_>> {
        self.nodes.get(index as usize).map(|_| Element::new(self, index))
    }

    /// The number of elements.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    pub fn comments(&self) -> impl ExactSizeIterator<Item = Comment<'_>> {
        self.comments.iter().map(|&span| Comment::new(self, span))
    }

    /// The innermost element that holds the byte at `offset`.
    pub fn element_at(&self, offset: u32) -> Option<Element<'_>> {
        let mut at = self.root().filter(|root| root.holds(offset))?;
        while let Some(inner) = at.children().find(|child| child.holds(offset)) {
            at = inner;
        }
        Some(at)
    }

    /// Writes the document again from its elements and what stands between them: the text, byte for byte.
    pub fn print(&self) -> String {
        let mut out = String::with_capacity(self.source.text().len());
        let mut at = 0;
        let mut open: Vec<Node> = Vec::new();
        let mut copy = |until: u32, at: &mut u32| {
            out.push_str(self.source.slice(Span::new(*at, until)));
            *at = until;
        };
        for node in &self.nodes {
            while let Some(outer) = open.pop_if(|outer| outer.end <= node.start) {
                copy(outer.inner_end, &mut at);
                copy(outer.end, &mut at);
            }
            copy(node.start, &mut at);
            copy(node.name_end, &mut at);
            copy(node.inner_start, &mut at);
            open.push(*node);
        }
        while let Some(outer) = open.pop() {
            copy(outer.inner_end, &mut at);
            copy(outer.end, &mut at);
        }
        let end = u32::try_from(self.source.text().len()).unwrap_or(u32::MAX);
        copy(end, &mut at);
        out
    }

    fn node(&self, index: u32) -> Option<&Node> {
        self.nodes.get(index as usize)
    }
}

impl std::fmt::Debug for Tree {
    /// Without the text: metadata can quote what must not be logged.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tree")
            .field("source", &self.source)
            .field("elements", &self.nodes.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
