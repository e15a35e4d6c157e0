//! What a page prints without escaping it, or where escaping for HTML is not enough.

use std::collections::BTreeMap;

use source::Span;

use crate::code::Harmless;
use crate::formula::piece::{Piece, pieces};

/// What stands around a merge field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Around {
    /// The markup of the page, where a component has `escape="false"`, or a style.
    Markup,
    /// A script of the page, which Salesforce escapes nothing in.
    Script,
    /// The script of an attribute such as `onclick`: what Salesforce escapes the browser takes back.
    Handler,
    /// The beginning of an address that is opened: `javascript:` is one.
    Address,
}

impl Around {
    /// What does no harm there.
    pub(crate) fn needs(self) -> Harmless {
        match self {
            Self::Markup => Harmless::MARKUP,
            Self::Script | Self::Handler => Harmless::SCRIPT,
            Self::Address => Harmless::ADDRESS,
        }
    }

    /// What the text becomes, in words.
    pub(crate) fn said(self) -> &'static str {
        match self {
            Self::Markup => "HTML",
            Self::Script | Self::Handler => "part of a script",
            Self::Address => "an address that is opened",
        }
    }
}

/// A reference whose text gets into a page.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Print {
    pub(crate) span: Span,
    pub(crate) around: Around,
    /// Where the functions of the page make it harmless.
    pub(crate) harmless: Harmless,
    /// In lower case, one a step; [`ELEMENT`] for one of a list.
    pub(crate) names: Vec<String>,
}

impl Print {
    pub(crate) fn is_harmless(&self) -> bool {
        self.harmless.covers(self.around.needs())
    }
}

/// A step to one of a list.
pub(crate) const ELEMENT: &str = "[]";

/// What a page hands to an attribute of a component of the source.
#[derive(Debug)]
pub(super) struct Handed {
    component: String,
    attribute: String,
    print: Print,
}

/// Markup, as far as it says what is printed.
#[derive(Debug, Default)]
pub(super) struct Markup {
    pub(super) prints: Vec<Print>,
    pub(super) handed: Vec<Handed>,
    /// The attributes that a component has, in lower case.
    pub(super) attributes: Vec<String>,
    /// Variables of `<apex:repeat>` and its like.
    bound: Vec<(String, Vec<String>)>,
    /// Tags around with `escape="false"`.
    unescaped: Vec<String>,
}

struct Attribute<'t> {
    name: String,
    value: &'t str,
    at: usize,
}

impl Markup {
    pub(super) fn of(text: &str) -> Self {
        let mut this = Self::default();
        // `script` or `style`, while within it.
        let mut raw: Option<&'static str> = None;
        let mut at = 0;
        while let Some(next) = text.get(at..).and_then(|rest| rest.find(['<', '{'])).map(|next| at + next) {
            let rest = text.get(next..).unwrap_or_default();
            at = next + 1;
            if rest.starts_with("{!") {
                let end = end_of_merge(text, next + 2);
                let around = match raw {
                    Some("script") => Some(Around::Script),
                    Some(_) => Some(Around::Markup),
                    None => None,
                };
                if let Some(around) = around {
                    this.merged(text, next + 2, end, around);
                }
                at = end;
            } else if raw.is_none() && rest.starts_with("<!--") {
                at = rest.find("-->").map_or(text.len(), |end| next + end + 3);
            } else if let Some(closing) = rest.strip_prefix("</") {
                let name = name_of(closing).to_ascii_lowercase();
                if raw == Some(name.as_str()) {
                    raw = None;
                }
                if this.unescaped.last() == Some(&name) {
                    this.unescaped.pop();
                }
            } else if let Some(opening) = rest.strip_prefix('<') {
                let name = name_of(opening);
                // In a script only Salesforce's own tags are tags.
                if name.is_empty() || raw.is_some() && !name.contains(':') {
                    continue;
                }
                let name = name.to_ascii_lowercase();
                let (attributes, end, is_closed) = attributes(text, next + 1 + name.len());
                this.tag(text, &name, &attributes, is_closed);
                raw = match name.as_str() {
                    "script" if !is_closed => Some("script"),
                    "style" if !is_closed => Some("style"),
                    _ => raw,
                };
                at = end;
            }
        }
        this
    }

    fn tag(&mut self, text: &str, name: &str, attributes: &[Attribute<'_>], is_closed: bool) {
        let get = |wanted: &str| attributes.iter().find(|one| one.name == wanted);
        if name == "apex:attribute" {
            self.attributes.extend(get("name").map(|name| name.value.trim().to_lowercase()));
            return;
        }
        let is_unescaped = get("escape").is_some_and(|own| own.value.trim().eq_ignore_ascii_case("false"));
        let address = match name {
            "a" | "area" => "href",
            "iframe" | "script" | "apex:iframe" | "embed" => "src",
            "form" => "action",
            "apex:outputlink" | "apex:includescript" => "value",
            _ => "",
        };
        let is_within = name == "apex:param" && !self.unescaped.is_empty();
        for one in attributes {
            let (from, to) = (one.at, one.at + one.value.len());
            let is_shown = matches!(one.name.as_str(), "value" | "summary" | "detail" | "title");
            if one.name.len() > 2 && one.name.starts_with("on") {
                self.merges(text, from, to, Around::Handler);
            } else if is_unescaped && is_shown || is_within && one.name == "value" {
                self.merges(text, from, to, Around::Markup);
            } else if one.name == address && one.value.trim_start().starts_with("{!") {
                let begin = from + one.value.len() - one.value.trim_start().len();
                self.merged(text, begin + 2, end_of_merge(text, begin + 2).min(to), Around::Address);
            } else if name.contains(':') && !name.starts_with("apex:") {
                let component = name.rsplit(':').next().unwrap_or_default();
                for (names, span, harmless) in self.references(text, from, to, false) {
                    let print = Print { span, around: Around::Markup, harmless, names };
                    let (component, attribute) = (component.to_owned(), one.name.clone());
                    self.handed.push(Handed { component, attribute, print });
                }
            }
        }
        if let (Some(variable), Some(value)) = (get("var"), get("value")) {
            let all = self.references(text, value.at, value.at + value.value.len(), false);
            if let Some((mut names, ..)) = all.into_iter().next() {
                names.push(ELEMENT.to_owned());
                self.bound.push((variable.value.trim().to_lowercase(), names));
            }
        }
        if is_unescaped && !is_closed {
            self.unescaped.push(name.to_owned());
        }
    }

    /// Every merge field of an attribute.
    fn merges(&mut self, text: &str, from: usize, to: usize, around: Around) {
        let mut at = from;
        while let Some(begin) = text.get(at..to).and_then(|rest| rest.find("{!")) {
            let inner = at + begin + 2;
            at = end_of_merge(text, inner).min(to);
            self.merged(text, inner, at, around);
        }
    }

    fn merged(&mut self, text: &str, from: usize, to: usize, around: Around) {
        let is_quoted = around == Around::Script && is_within_quotes(text, from.saturating_sub(2));
        for (names, span, harmless) in self.expression(text, from, to, is_quoted) {
            self.prints.push(Print { span, around, harmless, names });
        }
    }

    fn references(&self, text: &str, from: usize, to: usize, is_quoted: bool) -> Vec<Reference> {
        let mut found = Vec::new();
        let mut at = from;
        while let Some(begin) = text.get(at..to).and_then(|rest| rest.find("{!")) {
            let inner = at + begin + 2;
            at = end_of_merge(text, inner).min(to);
            found.extend(self.expression(text, inner, at, is_quoted));
        }
        found
    }

    fn expression(&self, text: &str, from: usize, to: usize, is_quoted: bool) -> Vec<Reference> {
        let mut found = printed(text, from, to, is_quoted);
        for (names, ..) in &mut found {
            let bound = self.bound.iter().rev().find(|(own, _)| names.first() == Some(own));
            if let Some((_, of)) = bound {
                names.splice(..1, of.iter().cloned());
            }
        }
        found
    }
}

/// Puts what components print of their attributes where pages hand it to them. Each markup comes with its component's
/// name in lower case, empty for a page.
pub(super) fn through_components(all: &mut [(String, Markup)]) {
    // Components within components within components: so many deep.
    const DEPTH: usize = 4;
    for _ in 0..DEPTH {
        let mut shown: BTreeMap<(String, String), Vec<(Around, Harmless)>> = BTreeMap::new();
        for (component, markup) in all.iter().filter(|(component, _)| !component.is_empty()) {
            for print in &markup.prints {
                if let [only] = print.names.as_slice()
                    && markup.attributes.contains(only)
                {
                    let key = (component.clone(), only.clone());
                    shown.entry(key).or_default().push((print.around, print.harmless));
                }
            }
        }
        let mut changed = false;
        for (_, markup) in all.iter_mut() {
            for handed in &markup.handed {
                let key = (handed.component.clone(), handed.attribute.clone());
                for (around, harmless) in shown.get(&key).into_iter().flatten() {
                    let harmless = handed.print.harmless.and(*harmless);
                    let print = Print { around: *around, harmless, ..handed.print.clone() };
                    if !markup.prints.contains(&print) {
                        markup.prints.push(print);
                        changed = true;
                    }
                }
            }
        }
        if !changed {
            break;
        }
    }
}

type Reference = (Vec<String>, Span, Harmless);

/// A call within an expression, or the expression itself.
#[derive(Default)]
struct Frame {
    function: String,
    /// Of each argument that is complete, what it gives.
    arguments: Vec<Vec<Reference>>,
    current: Vec<Reference>,
    /// Whether the argument is a comparison or a number.
    is_no_text: bool,
}

impl Frame {
    fn next(&mut self) {
        let own = std::mem::take(&mut self.current);
        self.arguments.push(if self.is_no_text { Vec::new() } else { own });
        self.is_no_text = false;
    }

    /// What of its arguments is in what a function gives.
    fn result(mut self, is_quoted: bool) -> Vec<Reference> {
        self.next();
        let count = self.arguments.len();
        let is_given = |at: usize| match self.function.as_str() {
            "if" => at > 0,
            "case" => at + 1 == count || at > 0 && at.is_multiple_of(2),
            "and" | "or" | "not" | "isblank" | "isnull" | "ispickval" | "isnumber" | "ischanged"
            | "isnew" | "contains" | "begins" | "includes" | "regex" | "len" | "find" | "value" | "year"
            | "month" | "day" | "date" | "datevalue" | "datetimevalue" | "today" | "now" | "round"
            | "floor" | "ceiling" | "max" | "min" | "abs" | "mod" | "sqrt" | "casesafeid" | "urlfor" => false,
            _ => true,
        };
        let encodes = match self.function.as_str() {
            // Between quotes of a script, no quote is left.
            "htmlencode" if is_quoted => Harmless::MARKUP.and(Harmless::SCRIPT),
            "htmlencode" => Harmless::MARKUP,
            "jsencode" => Harmless::SCRIPT,
            "jsinhtmlencode" => Harmless::MARKUP.and(Harmless::SCRIPT),
            "urlencode" => Harmless::ANYWHERE,
            _ => Harmless::NOWHERE,
        };
        let kept = self.arguments.into_iter().enumerate().filter(|(at, _)| is_given(*at));
        let all = kept.flat_map(|(_, own)| own);
        all.map(|(names, span, harmless)| (names, span, harmless.and(encodes))).collect()
    }
}

/// The references whose text an expression gives.
fn printed(text: &str, from: usize, to: usize, is_quoted: bool) -> Vec<Reference> {
    let mut frames = vec![Frame::default()];
    let mut function = String::new();
    for (at, piece) in pieces(text, from, to) {
        let Some(top) = frames.last_mut() else { break };
        match piece {
            Piece::Function(name) => function = name.to_lowercase(),
            Piece::Open => {
                frames.push(Frame { function: std::mem::take(&mut function), ..Frame::default() });
            }
            Piece::Close => {
                if frames.len() > 1
                    && let Some(inner) = frames.pop()
                    && let Some(outer) = frames.last_mut()
                {
                    outer.current.extend(inner.result(is_quoted));
                }
            }
            Piece::Comma => top.next(),
            Piece::Operator => top.is_no_text |= text.as_bytes().get(at) != Some(&b'+'),
            Piece::Reference(whole) => {
                let before = text.get(from..at).unwrap_or_default();
                let names = whole.split('.').map(str::to_lowercase);
                if before.matches('[').count() > before.matches(']').count() {
                    // Which of a list is no part of its text.
                } else if let (true, Some((known, ..))) = (before.ends_with("]."), top.current.last_mut()) {
                    known.push(ELEMENT.to_owned());
                    known.extend(names);
                } else {
                    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
                    let span = Span::new(offset(at), offset(at + whole.len()));
                    top.current.push((names.collect(), span, Harmless::NOWHERE));
                }
            }
            Piece::Literal(_) | Piece::Join => {}
        }
    }
    // What is not closed was cut off.
    while frames.len() > 1 {
        if let (Some(inner), Some(outer)) = (frames.pop(), frames.last_mut()) {
            outer.current.extend(inner.result(is_quoted));
        }
    }
    frames.pop().map(|whole| whole.result(is_quoted)).unwrap_or_default()
}

fn name_of(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, ':' | '_' | '-' | '.')));
    let name = text.get(..end.unwrap_or(text.len())).unwrap_or_default();
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) { name } else { "" }
}

/// The attributes of a tag, where it ends, and whether it is closed at once.
fn attributes(text: &str, from: usize) -> (Vec<Attribute<'_>>, usize, bool) {
    let mut found = Vec::new();
    let mut at = from;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let trimmed = rest.trim_start();
        at += rest.len() - trimmed.len();
        if trimmed.is_empty() {
            return (found, text.len(), false);
        }
        if trimmed.starts_with('>') {
            return (found, at + 1, false);
        }
        if trimmed.starts_with("/>") {
            return (found, at + 2, true);
        }
        let name = name_of(trimmed);
        if name.is_empty() {
            at += trimmed.chars().next().map_or(1, char::len_utf8);
            continue;
        }
        at += name.len();
        let after = text.get(at..).unwrap_or_default();
        let Some(value) = after.trim_start().strip_prefix('=') else { continue };
        let value = value.trim_start();
        at = text.len() - value.len();
        let Some(quote) = value.chars().next().filter(|c| matches!(c, '"' | '\'')) else { continue };
        at += 1;
        let inside = text.get(at..).unwrap_or_default();
        let value = inside.get(..inside.find(quote).unwrap_or(inside.len())).unwrap_or_default();
        found.push(Attribute { name: name.to_ascii_lowercase(), value, at });
        at += value.len() + 1;
    }
}

/// Behind the brace that ends a merge field which begins here.
fn end_of_merge(text: &str, from: usize) -> usize {
    let mut quote = None;
    for (at, letter) in text.get(from..).unwrap_or_default().char_indices() {
        match (quote, letter) {
            (None, '}') => return from + at,
            (None, '"' | '\'') => quote = Some(letter),
            (Some(open), _) if open == letter => quote = None,
            // A quote that nothing closes is no text.
            (Some(_), '\n') => break,
            _ => {}
        }
    }
    let plain = text.get(from..).and_then(|rest| rest.find('}'));
    plain.map_or(text.len(), |end| from + end)
}

/// Whether a place of a script stands between quotes that begin on its line.
fn is_within_quotes(text: &str, at: usize) -> bool {
    let line = text.get(..at).and_then(|before| before.rsplit('\n').next()).unwrap_or_default();
    let mut quote = None;
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (_, '\\') => drop(letters.next()),
            (None, '"' | '\'') => quote = Some(letter),
            (Some(open), _) if open == letter => quote = None,
            _ => {}
        }
    }
    quote.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prints(text: &str) -> Vec<(Around, String, bool)> {
        let all = Markup::of(text).prints;
        all.into_iter().map(|print| (print.around, print.names.join("."), print.is_harmless())).collect()
    }

    #[test]
    fn what_a_page_escapes_is_not_printed() {
        let text = "<apex:page><p>{!a}</p><apex:outputText value=\"{!b}\"/><!-- <script>{!c}</script> -->\
                    <input value='{!d}' title=\"{!e}\"/></apex:page>";
        assert_eq!(prints(text), []);
    }

    #[test]
    fn what_a_page_prints_as_it_is() {
        let text = "<apex:outputText escape=\"FALSE\" value=\"{!IF(a = b, c.d, HTMLENCODE(e))} {0}\">\
                    <apex:param value=\"{!f}\"/></apex:outputText><apex:param value=\"{!g}\"/>";
        let markup = |name: &str, harmless| (Around::Markup, name.to_owned(), harmless);
        assert_eq!(prints(text), [markup("c.d", false), markup("e", true), markup("f", false)]);
    }

    #[test]
    fn scripts_handlers_styles_and_addresses() {
        let text = "<script>var a = '{!a}', b = '{!JSENCODE(b)}', c = '{!HTMLENCODE(c)}', d = {!HTMLENCODE(d)};\n\
                    if (1 < 2) { x = '<apex:outputText value=\"{!e}\"/>'; }</script>{!f}\
                    <style>p { color: {!g} }</style><a href=\"{!h}?x={!i}\" onclick=\"go('{!j}')\">x</a>\
                    <a href='/x?{!k}'/><apex:outputLink value=\"{!URLENCODE(l)}\"/>";
        let found = prints(text);
        let one = |around, name: &str, harmless| (around, name.to_owned(), harmless);
        assert_eq!(
            found,
            [
                one(Around::Script, "a", false),
                one(Around::Script, "b", true),
                one(Around::Script, "c", true),
                one(Around::Script, "d", false),
                one(Around::Markup, "g", false),
                one(Around::Address, "h", false),
                one(Around::Handler, "j", false),
                one(Around::Address, "l", true),
            ]
        );
    }

    #[test]
    fn one_of_a_list_and_what_is_compared() {
        let text = "<apex:repeat value=\"{!rows}\" var=\"row\"><script>f('{!row.name}', '{!list[at].x}', {!CASE(a, b, c, d)},\
                    {!n * 2}, {!NOT(o)}, {!p & q})</script></apex:repeat>";
        let names: Vec<String> = prints(text).into_iter().map(|(_, name, _)| name).collect();
        assert_eq!(names, ["rows.[].name", "list.[].x", "c", "d", "p", "q"]);
    }

    #[test]
    fn what_a_component_prints_of_its_attributes() {
        let component = "<apex:component><apex:attribute name=\"Text\" type=\"String\"/>\
                         <apex:outputText value=\"{!text}\" escape=\"false\"/></apex:component>";
        let outer = "<apex:component><apex:attribute name=\"t\"/><c:Inner text=\"{!t}\"/></apex:component>";
        let page = "<apex:page><c:Outer t=\"{!html}\"/><c:Other t=\"{!no}\"/></apex:page>";
        let mut all = [("inner", component), ("outer", outer), ("", page)]
            .map(|(name, text)| (name.to_owned(), Markup::of(text)));
        through_components(&mut all);
        let names: Vec<&Vec<String>> = all[2].1.prints.iter().map(|print| &print.names).collect();
        assert_eq!(names, [&vec!["html".to_owned()]]);
    }

    #[test]
    fn what_is_cut_off_ends() {
        for text in [
            "<script>{!a",
            "<a href=\"{!",
            "<",
            "<apex:outputText escape=\"false\" value=\"{!f(a",
            "{!",
            "<!--",
            "<a b=c",
        ] {
            Markup::of(text);
        }
    }
}
