use std::borrow::Cow;

use source::{Problem, Severity, Source, Span};

use super::{Node, Tree, decode};

/// A cursor on one element: two words, freely copied.
#[derive(Clone, Copy)]
pub struct Element<'p> {
    tree: &'p Tree,
    index: u32,
}

impl<'p> Element<'p> {
    pub(super) fn new(tree: &'p Tree, index: u32) -> Self {
        Self { tree, index }
    }

    fn node(self) -> Option<&'p Node> {
        self.tree.node(self.index)
    }

    fn range(self, span: impl Fn(&Node) -> (u32, u32)) -> Span {
        let (start, end) = self.node().map_or((0, 0), span);
        Span::new(start, end)
    }

    pub fn tree(self) -> &'p Tree {
        self.tree
    }

    pub fn source(self) -> &'p Source {
        self.tree.source()
    }

    /// Its place in document order; [`Tree::element`] finds it again.
    pub fn index(self) -> u32 {
        self.index
    }

    /// The local name: metadata has one namespace, and a prefix for it says nothing.
    pub fn name(self) -> &'p str {
        let written = self.source().slice(self.name_span());
        written.split_once(':').map_or(written, |(_, local)| local)
    }

    pub fn name_span(self) -> Span {
        self.range(|node| (node.start.saturating_add(1).min(node.name_end), node.name_end))
    }

    /// From the `<` of its start tag to the `>` of its end tag.
    pub fn span(self) -> Span {
        self.range(|node| (node.start, node.end))
    }

    pub fn start_tag_span(self) -> Span {
        self.range(|node| (node.start, node.inner_start))
    }

    /// What stands between its tags.
    pub fn inner_span(self) -> Span {
        self.range(|node| (node.inner_start, node.inner_end))
    }

    /// What stands between its tags, without white space around it.
    pub fn text_span(self) -> Span {
        let inner = self.inner_span();
        let raw = self.source().slice(inner);
        let trimmed = decode::trim(raw);
        if trimmed.is_empty() {
            return Span::new(inner.start, inner.start);
        }
        let before = raw.len() - raw.trim_start_matches([' ', '\t', '\r', '\n']).len();
        let start = inner.start.saturating_add(u32::try_from(before).unwrap_or(u32::MAX));
        Span::new(start, start.saturating_add(u32::try_from(trimmed.len()).unwrap_or(u32::MAX)))
    }

    /// Its own text, decoded and without white space around it. Text of children is theirs.
    pub fn text(self) -> Cow<'p, str> {
        if self.is_leaf() {
            let raw = decode::trim(self.source().slice(self.inner_span()));
            return match decode::decode(raw) {
                Cow::Borrowed(text) => Cow::Borrowed(text),
                Cow::Owned(text) => Cow::Owned(decode::trim(&text).to_owned()),
            };
        }
        let inner = self.inner_span();
        let mut out = String::new();
        let mut at = inner.start;
        for child in self.children() {
            let span = child.span();
            out.push_str(&decode::decode(self.source().slice(Span::new(at, span.start))));
            at = span.end;
        }
        out.push_str(&decode::decode(self.source().slice(Span::new(at, inner.end))));
        Cow::Owned(decode::trim(&out).to_owned())
    }

    pub fn is_leaf(self) -> bool {
        self.node().is_none_or(|node| node.next == self.index + 1)
    }

    pub fn children(self) -> Children<'p> {
        let end = self.node().map_or(0, |node| node.next);
        Children { tree: self.tree, next: self.index + 1, end }
    }

    pub fn children_named<'n>(self, name: &'n str) -> Named<'p, 'n> {
        Named { children: self.children(), name }
    }

    /// The first child of that name.
    pub fn child(self, name: &str) -> Option<Element<'p>> {
        self.children().find(|child| child.name() == name)
    }

    /// Follows `a/b/c`, the first child of each name.
    pub fn path(self, path: &str) -> Option<Element<'p>> {
        path.split('/').try_fold(self, |at, name| at.child(name))
    }

    /// The first child of that name with its text; `a/b` goes deeper. An element with `xsi:nil` has no value.
    pub fn value(self, path: &str) -> Option<Value<'p>> {
        self.path(path).and_then(Element::own_value)
    }

    /// This element's text as a value.
    pub fn own_value(self) -> Option<Value<'p>> {
        (!self.is_nil()).then(|| Value { text: self.text(), element: self })
    }

    /// The values of all children of that name, in document order.
    pub fn values<'n>(self, name: &'n str) -> impl Iterator<Item = Value<'p>> + use<'p, 'n> {
        self.children_named(name).filter_map(Element::own_value)
    }

    /// `true` or `false` as written; nothing when the element is absent or says something else.
    pub fn flag(self, path: &str) -> Option<bool> {
        self.value(path).and_then(|value| value.flag())
    }

    /// All elements inside, in document order.
    pub fn descendants(self) -> Descendants<'p> {
        let end = self.node().map_or(0, |node| node.next);
        Descendants { tree: self.tree, next: self.index + 1, end }
    }

    pub fn parent(self) -> Option<Element<'p>> {
        let parent = self.node()?.parent;
        (parent != self.index).then(|| Element::new(self.tree, parent))
    }

    /// The elements around this one, innermost first.
    pub fn ancestors(self) -> Ancestors<'p> {
        Ancestors { at: self.parent() }
    }

    /// Comments inside this element, at any depth.
    pub fn comments(self) -> impl Iterator<Item = Comment<'p>> + use<'p> {
        let span = self.span();
        let comments = &self.tree.comments;
        let first = comments.partition_point(|comment| comment.start < span.start);
        let inside = comments.iter().skip(first).take_while(move |comment| comment.end <= span.end);
        inside.map(move |&comment| Comment::new(self.tree, comment))
    }

    /// An attribute of the start tag, decoded: `xsi:nil`, `xsi:type`, `xmlns`.
    pub fn attribute(self, name: &str) -> Option<Cow<'p, str>> {
        let tag = self.range(|node| (node.name_end, node.inner_start));
        let mut rest = self.source().slice(tag);
        loop {
            rest = rest.trim_start_matches([' ', '\t', '\r', '\n']);
            let (key, after) = rest.split_once('=')?;
            let after = after.trim_start_matches([' ', '\t', '\r', '\n']);
            let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''))?;
            let (value, tail) = after.get(1..)?.split_once(quote)?;
            if decode::trim(key) == name {
                return Some(decode::decode(value));
            }
            rest = tail;
        }
    }

    fn is_nil(self) -> bool {
        let start_tag = self.range(|node| (node.name_end, node.inner_start));
        start_tag.end.saturating_sub(start_tag.start) > 2
            && self.attribute("xsi:nil").is_some_and(|nil| nil == "true" || nil == "1")
    }

    pub(super) fn holds(self, offset: u32) -> bool {
        let span = self.span();
        span.start <= offset && offset < span.end
    }

    /// A problem at this element.
    pub fn problem(self, severity: Severity, code: &'static str, message: impl Into<String>) -> Problem {
        self.source().problem(severity, code, self.span(), message)
    }
}

impl PartialEq for Element<'_> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.tree, other.tree) && self.index == other.index
    }
}

impl Eq for Element<'_> {}

impl std::fmt::Debug for Element<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "<{}> at {}:{}", self.name(), self.source().path(), self.span().start)
    }
}

/// A decoded text and the element it stands in.
#[derive(Clone)]
pub struct Value<'p> {
    text: Cow<'p, str>,
    element: Element<'p>,
}

impl<'p> Value<'p> {
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub fn into_text(self) -> Cow<'p, str> {
        self.text
    }

    pub fn element(&self) -> Element<'p> {
        self.element
    }

    /// Of the text, without its tags.
    pub fn span(&self) -> Span {
        self.element.text_span()
    }

    pub fn source(&self) -> &'p Source {
        self.element.source()
    }

    pub fn flag(&self) -> Option<bool> {
        match self.as_str() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        }
    }

    pub fn number(&self) -> Option<u64> {
        self.as_str().parse().ok()
    }
}

impl std::ops::Deref for Value<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for Value<'_> {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl PartialEq<str> for Value<'_> {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Value<'_> {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl std::fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::fmt::Debug for Value<'_> {
    /// Without the text: metadata can quote what must not be logged.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "text of {:?}", self.element)
    }
}

/// A comment and its place.
#[derive(Clone, Copy)]
pub struct Comment<'p> {
    tree: &'p Tree,
    span: Span,
}

impl<'p> Comment<'p> {
    pub(super) fn new(tree: &'p Tree, span: Span) -> Self {
        Self { tree, span }
    }

    /// With `<!--` and `-->`.
    pub fn span(self) -> Span {
        self.span
    }

    /// What stands between the marks, without white space around it.
    pub fn text(self) -> &'p str {
        let raw = self.tree.source().slice(self.span);
        let raw = raw.strip_prefix("<!--").unwrap_or(raw);
        decode::trim(raw.strip_suffix("-->").unwrap_or(raw))
    }

    pub fn source(self) -> &'p Source {
        self.tree.source()
    }

    /// The innermost element around the comment.
    pub fn parent(self) -> Option<Element<'p>> {
        self.tree.element_at(self.span.start)
    }

    /// The first element after the comment, among its siblings.
    pub fn next_element(self) -> Option<Element<'p>> {
        match self.parent() {
            Some(parent) => parent.children().find(|child| child.span().start >= self.span.end),
            None => self.tree.root().filter(|root| root.span().start >= self.span.end),
        }
    }
}

impl std::fmt::Debug for Comment<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "comment at {}:{}", self.source().path(), self.span.start)
    }
}

/// See [`Element::children`].
#[derive(Clone, Debug)]
pub struct Children<'p> {
    tree: &'p Tree,
    next: u32,
    end: u32,
}

impl<'p> Iterator for Children<'p> {
    type Item = Element<'p>;

    fn next(&mut self) -> Option<Element<'p>> {
        if self.next >= self.end {
            return None;
        }
        let child = Element::new(self.tree, self.next);
        self.next = child.node()?.next;
        Some(child)
    }
}

/// See [`Element::children_named`].
#[derive(Clone, Debug)]
pub struct Named<'p, 'n> {
    children: Children<'p>,
    name: &'n str,
}

impl<'p> Iterator for Named<'p, '_> {
    type Item = Element<'p>;

    fn next(&mut self) -> Option<Element<'p>> {
        let name = self.name;
        self.children.find(|child| child.name() == name)
    }
}

/// See [`Element::descendants`].
#[derive(Clone, Debug)]
pub struct Descendants<'p> {
    tree: &'p Tree,
    next: u32,
    end: u32,
}

impl<'p> Iterator for Descendants<'p> {
    type Item = Element<'p>;

    fn next(&mut self) -> Option<Element<'p>> {
        if self.next >= self.end {
            return None;
        }
        let element = Element::new(self.tree, self.next);
        self.next += 1;
        Some(element)
    }
}

/// See [`Element::ancestors`].
#[derive(Clone, Debug)]
pub struct Ancestors<'p> {
    at: Option<Element<'p>>,
}

impl<'p> Iterator for Ancestors<'p> {
    type Item = Element<'p>;

    fn next(&mut self) -> Option<Element<'p>> {
        let at = self.at?;
        self.at = at.parent();
        Some(at)
    }
}
