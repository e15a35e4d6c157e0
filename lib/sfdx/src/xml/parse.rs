use quick_xml::Reader;
use quick_xml::errors::{Error, SyntaxError};
use quick_xml::events::{BytesStart, Event};
use source::{Problem, Severity, Source, Span};

use super::{DEPTH_LIMIT, ELEMENT_LIMIT, Node, Tree, decode};

/// A file that is broken throughout says so this often.
const PROBLEM_LIMIT: usize = 8;

pub(super) fn parse(source: Source) -> (Tree, Vec<Problem>) {
    let text = source.text();
    // The reader would drop a mark without counting it, whatever stands before it.
    let body = text.trim_start_matches('\u{feff}');
    let base = offset((text.len() - body.len()) as u64);
    let mut reader = Reader::from_str(body);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;

    let mut builder = Builder {
        source: &source,
        nodes: Vec::with_capacity(body.len() / 48),
        comments: Vec::new(),
        open: Vec::new(),
        unread: 0,
        problems: Vec::new(),
    };
    let forbidden = |byte: &u8| *byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r');
    if let Some(at) = text.as_bytes().iter().position(forbidden) {
        let at = offset(at as u64);
        let help = "XML cannot hold it: save the file as UTF-8 text; the rest of it was read";
        let message = "a control character in the text".to_owned();
        builder.report("bad-character", Span::new(at, at), message, help);
    }
    loop {
        let start = base.saturating_add(offset(reader.buffer_position()));
        let event = reader.read_event();
        let end = base.saturating_add(offset(reader.buffer_position()));
        match event {
            Ok(Event::Start(tag)) => builder.open(&tag, start, end),
            Ok(Event::Empty(tag)) => builder.empty(&tag, start, end),
            Ok(Event::End(tag)) => builder.close(tag.name().as_ref(), start, end),
            Ok(Event::Text(text)) => builder.text(&text, start),
            Ok(Event::CData(_)) => builder.outside(start),
            Ok(Event::Comment(_)) => builder.comments.push(Span::new(start, end)),
            Ok(Event::GeneralRef(name)) => builder.reference(&name, start),
            Ok(Event::DocType(_)) => builder.report(
                "doctype-refused",
                Span::new(start, end),
                "a document type declaration is not read".to_owned(),
                "Salesforce metadata has none: take it out; no entity is expanded",
            ),
            Ok(Event::Decl(_) | Event::PI(_)) => {}
            Ok(Event::Eof) => break,
            Err(error) => {
                let at = base.saturating_add(offset(reader.error_position()));
                builder.syntax(&error, at);
                if !matches!(error, Error::IllFormed(_)) {
                    break;
                }
            }
        }
    }
    let end = offset(text.len() as u64);
    builder.finish(end);
    let Builder { mut nodes, comments, problems, .. } = builder;
    nodes.shrink_to_fit();
    (Tree { source, nodes, comments }, problems)
}

fn offset(at: u64) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

struct Builder<'s> {
    source: &'s Source,
    nodes: Vec<Node>,
    comments: Vec<Span>,
    /// The indices of the elements not closed yet.
    open: Vec<u32>,
    /// How deep the reader is in elements that are left out of the tree.
    unread: u64,
    problems: Vec<Problem>,
}

impl Builder<'_> {
    fn report(&mut self, code: &'static str, at: Span, message: String, help: &str) {
        if self.problems.len() < PROBLEM_LIMIT {
            self.problems.push(self.source.problem(Severity::Error, code, at, message).with_help(help));
        }
    }

    fn malformed(&mut self, at: Span, message: String) {
        self.report("malformed-xml", at, message, "mend the element; what could be read was kept");
    }

    /// Whether the next element has a place in the tree.
    fn admits(&mut self, start: u32) -> bool {
        if self.open.is_empty() && !self.nodes.is_empty() {
            self.malformed(Span::new(start, start), "a second outermost element".to_owned());
            return false;
        }
        if self.open.len() >= DEPTH_LIMIT {
            self.report(
                "xml-too-deep",
                Span::new(start, start),
                format!("elements nest deeper than {DEPTH_LIMIT}"),
                "nothing deeper was read; check what wrote this file",
            );
            return false;
        }
        if self.nodes.len() >= ELEMENT_LIMIT {
            self.report(
                "xml-too-large",
                Span::new(start, start),
                format!("more than {ELEMENT_LIMIT} elements"),
                "nothing that follows was read; split the file",
            );
            return false;
        }
        true
    }

    fn push(&mut self, tag: &BytesStart<'_>, start: u32, end: u32) -> u32 {
        if tag.attributes_raw().bytes().any(|byte| !byte.is_ascii_whitespace())
            && tag.attributes().any(|attribute| attribute.is_err())
        {
            // Salesforce itself writes `xsi:nil` without a value, and nothing is lost by it.
            let message = format!("an attribute of `<{}>` is not well-formed", shown(tag.name().as_ref()));
            let problem =
                self.source.problem(Severity::Warning, "malformed-xml", Span::new(start, end), message);
            if self.problems.len() < PROBLEM_LIMIT {
                self.problems.push(problem.with_help("write it as name=\"value\""));
            }
        }
        let index = offset(self.nodes.len() as u64);
        let name = offset(tag.name().as_ref().len() as u64);
        self.nodes.push(Node {
            start,
            name_end: start.saturating_add(1).saturating_add(name).min(end),
            inner_start: end,
            inner_end: end,
            end,
            next: index + 1,
            parent: self.open.last().copied().unwrap_or(index),
        });
        index
    }

    fn open(&mut self, tag: &BytesStart<'_>, start: u32, end: u32) {
        if self.unread > 0 || !self.admits(start) {
            self.unread += 1;
            return;
        }
        let index = self.push(tag, start, end);
        self.open.push(index);
    }

    fn empty(&mut self, tag: &BytesStart<'_>, start: u32, end: u32) {
        if self.unread == 0 && self.admits(start) {
            self.push(tag, start, end);
        }
    }

    fn close(&mut self, name: &str, start: u32, end: u32) {
        if self.unread > 0 {
            self.unread -= 1;
            return;
        }
        let fits = self.open.iter().rposition(|&index| self.name(index) == name);
        let Some(depth) = fits else {
            self.malformed(Span::new(start, end), format!("`</{}>` closes nothing", shown(name)));
            return;
        };
        while self.open.len() > depth + 1 {
            if let Some(index) = self.open.pop() {
                let message = format!("`<{}>` is not closed before `</{}>`", self.shown(index), shown(name));
                self.malformed(Span::new(self.start(index), start), message);
                self.seal(index, start, start);
            }
        }
        if let Some(index) = self.open.pop() {
            self.seal(index, start, end);
        }
    }

    fn seal(&mut self, index: u32, inner_end: u32, end: u32) {
        let next = offset(self.nodes.len() as u64);
        if let Some(node) = self.nodes.get_mut(index as usize) {
            node.inner_end = inner_end;
            node.end = end;
            node.next = next;
        }
    }

    fn text(&mut self, text: &str, start: u32) {
        if self.open.is_empty() && self.unread == 0 && !decode::trim(text).is_empty() {
            self.outside(start);
        } else if text.starts_with('&') {
            self.malformed(Span::new(start, start), "`&` must be written `&amp;`".to_owned());
        }
    }

    fn outside(&mut self, start: u32) {
        if self.open.is_empty() && self.unread == 0 {
            self.malformed(Span::new(start, start), "text outside the outermost element".to_owned());
        }
    }

    fn reference(&mut self, name: &str, start: u32) {
        if decode::resolve(name).is_none() {
            self.report(
                "unknown-entity",
                Span::new(start, start),
                format!("the entity `&{};` is not one of XML's own", shown(name)),
                "write the character itself or its number; no entity is expanded",
            );
        }
        self.outside(start);
    }

    fn syntax(&mut self, error: &Error, at: u32) {
        let message = match error {
            Error::Syntax(SyntaxError::InvalidBangMarkup) => "unknown markup after `<!`",
            Error::Syntax(SyntaxError::UnclosedComment) => "the file ends inside a comment",
            Error::Syntax(SyntaxError::UnclosedCData) => "the file ends inside a CDATA section",
            Error::Syntax(SyntaxError::UnclosedDoctype) => "the file ends inside a document type declaration",
            Error::Syntax(SyntaxError::UnclosedPI | SyntaxError::UnclosedXmlDecl) => {
                "the file ends inside `<?`"
            }
            Error::Syntax(
                SyntaxError::UnclosedTag
                | SyntaxError::UnclosedSingleQuotedAttributeValue
                | SyntaxError::UnclosedDoubleQuotedAttributeValue,
            ) => "the file ends inside a tag",
            _ => "not well-formed",
        };
        self.malformed(Span::new(at, at), message.to_owned());
    }

    fn finish(&mut self, end: u32) {
        let root = self.open.first().copied();
        if let Some(&innermost) = self.open.last()
            && self.problems.len() < PROBLEM_LIMIT
        {
            let opened = self.source.position(self.start(innermost)).line;
            let message = format!("the file ends inside `<{}>` of line {opened}", self.shown(innermost));
            let problem = self.source.problem(Severity::Error, "malformed-xml", Span::new(end, end), message);
            self.problems.push(problem.with_help("fetch the file again; what comes before was read"));
        }
        while let Some(index) = self.open.pop() {
            self.seal(index, end, end);
        }
        if root.is_none() && self.nodes.is_empty() && self.problems.is_empty() {
            self.malformed(Span::new(0, 0), "no element in the file".to_owned());
        }
    }

    fn start(&self, index: u32) -> u32 {
        self.nodes.get(index as usize).map_or(0, |node| node.start)
    }

    fn name(&self, index: u32) -> &str {
        let node = self.nodes.get(index as usize);
        node.map_or("", |node| self.source.slice(Span::new(node.start.saturating_add(1), node.name_end)))
    }

    fn shown(&self, index: u32) -> String {
        shown(self.name(index))
    }
}

/// A name as a message can hold it: a stranger's "name" may be the rest of the file, values and all. What the
/// Metadata API names is letters, in some files with digits and underscores.
fn shown(name: &str) -> String {
    let is_name = name.len() <= 40
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | ':'))
        && name.chars().filter(char::is_ascii_digit).count() < 4;
    if is_name { name.to_owned() } else { "...".to_owned() }
}
