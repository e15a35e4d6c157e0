//! YAML text to a tree whose every node knows its span.
//!
//! A bundle is law that people read line by line, so what makes YAML say something elsewhere than where it
//! stands (aliases, merge keys, tags, several documents in a file) is refused.

use std::collections::BTreeMap;

use granit_parser::{Event, Parser, ScalarStyle};
use source::{Problem, Severity, Source, Span};

/// A YAML value and the bytes it stands on.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) span: Span,
    pub(crate) kind: Kind,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Null,
    /// What was told to be wrong already.
    Refused,
    /// The text as written; `plain` when it was not quoted.
    Scalar {
        text: String,
        plain: bool,
    },
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) text: String,
    pub(crate) span: Span,
}

impl Node {
    pub(crate) fn what(&self) -> &'static str {
        match self.kind {
            Kind::Null | Kind::Refused => "nothing",
            Kind::Scalar { .. } => "a single value",
            Kind::List(_) => "a list",
            Kind::Map(_) => "a mapping",
        }
    }
}

/// Deeper than any bundle needs, and far from the end of the stack.
const DEPTH: usize = 32;
/// More values than any file of a bundle needs.
const NODES: usize = 500_000;

enum Open {
    List(Span, Vec<Node>),
    /// With the keys so far and where each stood first.
    Map(Span, Vec<(Key, Node)>, Option<Key>, BTreeMap<String, u32>),
}

/// The tree of one file, nothing where it is empty or cannot be read; problems name what is wrong.
pub(crate) fn parse(source: &Source, problems: &mut Vec<Problem>) -> Option<Node> {
    let options = granit_parser::options! {
        flow_nesting_limit: DEPTH,
        block_nesting_limit: DEPTH,
        disallow_directives: true,
        // Nobody reads them here, and there may be many before an entry.
        emit_comments: false,
    };
    let mut parser = Parser::new_from_str_with_options(source.text(), options);
    let mut builder = Builder { source, problems, open: Vec::new(), root: None, nodes: 0 };
    loop {
        let (event, span) = match parser.next_event() {
            None => break,
            Some(Ok(next)) => next,
            Some(Err(error)) => {
                let at = offset(source, error.marker());
                let problem = source
                    .problem(Severity::Error, "malformed-yaml", Span::new(at, at), error.info())
                    .with_help("mend the YAML here; the rest of this file was not read");
                builder.problems.push(problem);
                return None;
            }
        };
        let span = Span::new(offset(source, &span.start), offset(source, &span.end));
        if !builder.take(event, span) {
            return None;
        }
    }
    builder.root
}

fn offset(source: &Source, marker: &granit_parser::Marker) -> u32 {
    let limit = source.text().len();
    u32::try_from(marker.byte_offset().unwrap_or(limit).min(limit)).unwrap_or(u32::MAX)
}

struct Builder<'a> {
    source: &'a Source,
    problems: &'a mut Vec<Problem>,
    open: Vec<Open>,
    root: Option<Node>,
    nodes: usize,
}

impl Builder<'_> {
    fn error(&mut self, code: &'static str, span: Span, message: impl Into<String>, help: &str) {
        self.problems.push(self.source.problem(Severity::Error, code, span, message).with_help(help));
    }

    /// False when the rest of the file is not worth reading.
    fn take(&mut self, event: Event<'_>, span: Span) -> bool {
        match event {
            Event::DocumentStart(..) if self.root.is_some() => {
                self.error(
                    "several-documents",
                    span,
                    "a second YAML document begins here",
                    "keep one document in a file; put the second in a file of its own",
                );
                return false;
            }
            Event::Scalar(text, style, _, tag) => {
                if tag.is_some() {
                    self.tag(span);
                }
                let plain = style == ScalarStyle::Plain;
                let kind = match &*text {
                    "" | "~" | "null" if plain => Kind::Null,
                    _ => Kind::Scalar { text: text.into_owned(), plain },
                };
                return self.place(Node { span, kind });
            }
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                self.error(
                    "alias-not-read",
                    span,
                    "an alias makes this line say what another line says",
                    "write the value here as well",
                );
                return self.place(Node { span, kind: Kind::Refused });
            }
            Event::SequenceStart(_, _, tag) => {
                if tag.is_some() {
                    self.tag(span);
                }
                self.open.push(Open::List(span, Vec::new()));
            }
            Event::MappingStart(_, _, tag) => {
                if tag.is_some() {
                    self.tag(span);
                }
                self.open.push(Open::Map(span, Vec::new(), None, BTreeMap::new()));
            }
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(Open::List(start, items)) => {
                    return self.place(Node { span: start.to(span), kind: Kind::List(items) });
                }
                Some(Open::Map(start, entries, ..)) => {
                    let end = entries.last().map_or(span, |(_, value)| value.span.to(start));
                    return self.place(Node { span: start.to(end), kind: Kind::Map(entries) });
                }
                None => return false,
            },
            _ => {}
        }
        true
    }

    fn tag(&mut self, span: Span) {
        self.error("tag-not-read", span, "a YAML tag is not read here", "write the value without its tag");
    }

    fn place(&mut self, node: Node) -> bool {
        self.nodes += 1;
        if self.nodes > NODES {
            self.error(
                "file-too-large",
                node.span,
                format!("more than {NODES} values in one file"),
                "split the file",
            );
            return false;
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return true;
        };
        match open {
            Open::List(_, items) => items.push(node),
            Open::Map(_, entries, pending, keys) => match pending.take() {
                Some(key) => entries.push((key, node)),
                None => match node.kind {
                    Kind::Scalar { text, .. } => {
                        let first = keys.get(&text).copied();
                        let place = first.map(|start| self.source.position(start).line);
                        keys.entry(text.clone()).or_insert(node.span.start);
                        *pending = Some(Key { text: text.clone(), span: node.span });
                        if let Some(line) = place {
                            let message =
                                format!("`{text}` stands twice in this mapping, first on line {line}");
                            self.error("duplicate-key", node.span, message, "keep one of the two");
                        }
                    }
                    _ => {
                        let text = match node.kind {
                            Kind::Null => "null".to_owned(),
                            _ => String::new(),
                        };
                        *pending = Some(Key { text, span: node.span });
                        self.error(
                            "bad-key",
                            node.span,
                            "a key must be a plain word",
                            "quote it, or name it otherwise",
                        );
                    }
                },
            },
        }
        true
    }
}
