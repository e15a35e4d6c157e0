//! What a page prints without escaping it, or where escaping for HTML is not enough.

use std::collections::{BTreeMap, BTreeSet};

use dataflow::Harmless;
use source::Span;

use super::tag::{Attribute, attributes, name_of};
use crate::formula::LONGEST;
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

/// The tag that makes a page or a component.
#[derive(Debug)]
pub(super) struct Root {
    /// Where its name stands.
    pub(super) span: Span,
    /// By name in lower case.
    pub(super) attributes: BTreeMap<String, String>,
}

/// Markup, as far as it says what is printed.
#[derive(Debug, Default)]
pub(super) struct Markup {
    pub(super) root: Option<Root>,
    pub(super) prints: Vec<Print>,
    /// What it shows of its classes and record otherwise, as text.
    pub(super) shown: BTreeSet<Vec<String>>,
    pub(super) handed: Vec<Handed>,
    /// The components of the source that it has, in lower case, and where.
    used: Vec<(String, Span)>,
    /// Where it prints the messages of its controllers as they are.
    pub(super) messages: Option<Span>,
    /// The attributes that a component has, in lower case.
    pub(super) attributes: BTreeSet<String>,
    /// Variables of `<apex:repeat>` and its like.
    bound: BTreeMap<String, Vec<String>>,
    /// Tags around with `escape="false"`.
    unescaped: Vec<String>,
    quotes: Quotes,
}

/// The quote of a script that is open at a place.
#[derive(Debug, Default)]
struct Quotes {
    at: usize,
    open: Option<char>,
}

impl Quotes {
    /// Goes on to a place behind, and says whether that stands between quotes. They end with their line.
    fn reach(&mut self, text: &str, at: usize) -> bool {
        let mut letters = text.get(self.at..at).unwrap_or_default().chars();
        while let Some(letter) = letters.next() {
            match (self.open, letter) {
                (_, '\n') => self.open = None,
                (_, '\\') => drop(letters.next()),
                (None, '"' | '\'') => self.open = Some(letter),
                (Some(open), _) if open == letter => self.open = None,
                _ => {}
            }
        }
        self.at = self.at.max(at);
        self.open.is_some()
    }
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
                let is_quoted = raw == Some("script") && this.quotes.reach(text, next);
                match around {
                    Some(around) => this.merged(text, (next + 2, end), around, is_quoted),
                    None => {
                        let shown = this.expression(text, (next + 2, end), false);
                        this.shown.extend(shown.into_iter().map(|(names, ..)| names));
                    }
                }
                this.quotes.at = end;
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
                if this.root.is_none() && matches!(name.as_str(), "apex:page" | "apex:component") {
                    let of = |one: &Attribute<'_>| (one.name.clone(), one.value.to_owned());
                    let attributes = attributes.iter().rev().map(of).collect();
                    this.root = Some(Root { span: span(next, next + 1 + name.len()), attributes });
                }
                this.tag(text, (next, &name), &attributes, is_closed);
                if raw.is_none() {
                    this.quotes = Quotes { at: end, open: None };
                }
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

    fn tag(&mut self, text: &str, (at, name): (usize, &str), attributes: &[Attribute<'_>], is_closed: bool) {
        let get = |wanted: &str| attributes.iter().find(|one| one.name == wanted);
        if name == "apex:attribute" {
            self.attributes.extend(get("name").map(|name| name.value.trim().to_lowercase()));
            return;
        }
        let is_unescaped = get("escape").is_some_and(|own| own.value.trim().eq_ignore_ascii_case("false"));
        let is_component = name.contains(':') && !name.starts_with("apex:");
        let component = || name.rsplit(':').next().unwrap_or_default().to_owned();
        let own = span(at, at + 1 + name.len());
        if is_component {
            self.used.push((component(), own));
        }
        if is_unescaped && matches!(name, "apex:pagemessages" | "apex:messages" | "apex:message") {
            self.messages.get_or_insert(own);
        }
        let address = match name {
            "a" | "area" => "href",
            "iframe" | "script" | "apex:iframe" | "embed" => "src",
            "form" => "action",
            "apex:outputlink" | "apex:includescript" => "value",
            _ => "",
        };
        let is_within = name == "apex:param" && !self.unescaped.is_empty();
        for one in attributes {
            let within = (one.at, one.at + one.value.len());
            if one.name == "value" {
                let shown = self.references(text, within);
                self.shown.extend(shown.into_iter().map(|(names, ..)| names));
            }
            let is_shown = matches!(one.name.as_str(), "value" | "summary" | "detail" | "title");
            let around = if one.name.len() > 2 && one.name.starts_with("on") {
                Around::Handler
            } else if is_unescaped && is_shown || is_within && one.name == "value" {
                Around::Markup
            } else if one.name == address && one.value.trim_start().starts_with("{!") {
                let first = merges(text, within).into_iter().take(1);
                first.for_each(|merge| self.merged(text, merge, Around::Address, false));
                continue;
            } else if is_component {
                for (names, span, harmless) in self.references(text, within) {
                    let print = Print { span, around: Around::Markup, harmless, names };
                    let (component, attribute) = (component(), one.name.clone());
                    self.handed.push(Handed { component, attribute, print });
                }
                continue;
            } else {
                continue;
            };
            for merge in merges(text, within) {
                self.merged(text, merge, around, false);
            }
        }
        if let (Some(variable), Some(value)) = (get("var"), get("value")) {
            let all = self.references(text, (value.at, value.at + value.value.len()));
            if let Some((mut names, ..)) = all.into_iter().next() {
                names.push(ELEMENT.to_owned());
                self.bound.insert(variable.value.trim().to_lowercase(), names);
            }
        }
        if is_unescaped && !is_closed {
            self.unescaped.push(name.to_owned());
        }
    }

    fn merged(&mut self, text: &str, merge: Stretch, around: Around, is_quoted: bool) {
        for (names, span, harmless) in self.expression(text, merge, is_quoted) {
            self.prints.push(Print { span, around, harmless, names });
        }
    }

    /// What the merge fields of an attribute give.
    fn references(&self, text: &str, within: Stretch) -> Vec<Reference> {
        merges(text, within).into_iter().flat_map(|merge| self.expression(text, merge, false)).collect()
    }

    fn expression(&self, text: &str, merge: Stretch, is_quoted: bool) -> Vec<Reference> {
        let mut found = printed(text, merge, is_quoted);
        for (names, ..) in &mut found {
            if let Some(of) = names.first().and_then(|first| self.bound.get(first)) {
                names.splice(..1, of.iter().cloned());
            }
            names.truncate(STEPS);
        }
        found
    }
}

/// Longer names mean all below: so deep nobody tells one part from the other.
const STEPS: usize = 16;

/// Where something begins, and where it ends.
type Stretch = (usize, usize);

fn span(from: usize, to: usize) -> Span {
    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Span::new(offset(from), offset(to))
}

/// The insides of the merge fields of a stretch.
fn merges(text: &str, (from, to): Stretch) -> Vec<Stretch> {
    let mut found = Vec::new();
    let mut at = from;
    while let Some(begin) = text.get(at..to).and_then(|rest| rest.find("{!")) {
        let inner = at + begin + 2;
        at = end_of_merge(text, inner).min(to);
        found.push((inner, at));
    }
    found
}

/// Puts what components print, messages and their attributes, where pages have them. Each markup comes with its
/// component's name in lower case, empty for a page.
pub(super) fn through_components(all: &mut [(String, Markup)]) {
    // Components within components within components: so many deep.
    const DEPTH: usize = 4;
    for _ in 0..DEPTH {
        let mut shown: BTreeMap<(String, String), BTreeSet<(Around, Harmless)>> = BTreeMap::new();
        for (component, markup) in all.iter().filter(|(component, _)| !component.is_empty()) {
            for print in &markup.prints {
                if let [only] = print.names.as_slice()
                    && markup.attributes.contains(only)
                {
                    let key = (component.clone(), only.clone());
                    shown.entry(key).or_default().insert((print.around, print.harmless));
                }
            }
        }
        let with_messages: BTreeSet<String> = all
            .iter()
            .filter(|(component, markup)| !component.is_empty() && markup.messages.is_some())
            .map(|(component, _)| component.clone())
            .collect();
        let mut changed = false;
        for (_, markup) in all.iter_mut().filter(|(_, markup)| !markup.used.is_empty()) {
            if markup.messages.is_none() {
                let own = markup.used.iter().find(|(component, _)| with_messages.contains(component));
                markup.messages = own.map(|(_, at)| *at);
                changed |= markup.messages.is_some();
            }
            let mut known: BTreeSet<Print> = markup.prints.iter().cloned().collect();
            for handed in &markup.handed {
                let key = (handed.component.clone(), handed.attribute.clone());
                for (around, harmless) in shown.get(&key).into_iter().flatten() {
                    let harmless = handed.print.harmless.and(*harmless);
                    let print = Print { around: *around, harmless, ..handed.print.clone() };
                    if known.insert(print.clone()) {
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
fn printed(text: &str, (from, to): Stretch, is_quoted: bool) -> Vec<Reference> {
    // Calls within calls: so many deep.
    const DEPTH: usize = 64;
    if to.saturating_sub(from) > LONGEST {
        return Vec::new();
    }
    let mut frames = vec![Frame::default()];
    let mut function = String::new();
    // Parentheses that are too deep for a frame of their own.
    let mut deeper = 0_usize;
    // Brackets that are open where a piece begins.
    let (mut seen, mut brackets) = (from, 0_usize);
    for (at, piece) in pieces(text, from, to) {
        for letter in text.get(seen..at).unwrap_or_default().bytes() {
            match letter {
                b'[' => brackets += 1,
                b']' => brackets = brackets.saturating_sub(1),
                _ => {}
            }
        }
        seen = at;
        let depth = frames.len();
        let Some(top) = frames.last_mut() else { break };
        match piece {
            Piece::Function(name) => function = name.to_lowercase(),
            Piece::Open if depth > DEPTH => deeper += 1,
            Piece::Close if deeper > 0 => deeper -= 1,
            Piece::Open => {
                frames.push(Frame { function: std::mem::take(&mut function), ..Frame::default() });
            }
            Piece::Close => {
                if depth > 1
                    && let Some(inner) = frames.pop()
                    && let Some(outer) = frames.last_mut()
                {
                    outer.current.extend(inner.result(is_quoted));
                }
            }
            Piece::Comma => top.next(),
            Piece::Operator => top.is_no_text |= text.as_bytes().get(at) != Some(&b'+'),
            Piece::Reference(whole) => {
                let names = whole.split('.').map(str::to_lowercase);
                let is_element = text.get(from..at).is_some_and(|before| before.ends_with("]."));
                if brackets > 0 {
                    // Which of a list is no part of its text.
                } else if let (true, Some((known, ..))) = (is_element, top.current.last_mut()) {
                    known.push(ELEMENT.to_owned());
                    known.extend(names);
                } else {
                    let span = span(at, at + whole.len());
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
    fn messages_are_printed_where_a_component_prints_them() {
        let component = "<apex:component><apex:pageMessages escape=\"false\"/></apex:component>";
        let outer = "<apex:component><c:Told/></apex:component>";
        let (page, other) =
            ("<apex:page><c:Outer/></apex:page>", "<apex:page><apex:pageMessages/></apex:page>");
        let mut all = [("told", component), ("outer", outer), ("", page), ("", other)]
            .map(|(name, text)| (name.to_owned(), Markup::of(text)));
        through_components(&mut all);
        let at: Vec<Option<Span>> = all.iter().map(|(_, markup)| markup.messages).collect();
        assert_eq!(at, [Some(span(16, 34)), Some(span(16, 23)), Some(span(11, 19)), None]);
    }

    #[test]
    fn quotes_of_a_script_begin_with_it_and_end_with_their_line() {
        let text = "<p title=\"don't\"><script>a = '{!HTMLENCODE(a)}' + {!HTMLENCODE(b)}; // don't\n\
                    c = {!HTMLENCODE(c)} + '{!IF(x, \"it's\", HTMLENCODE(d))}'</script>";
        let harmless: Vec<bool> = prints(text).into_iter().map(|(_, _, is_harmless)| is_harmless).collect();
        assert_eq!(harmless, [true, false, false, true]);
    }

    #[test]
    fn no_page_is_read_twice() {
        const MANY: usize = 50_000;
        let line = format!("<script>{}</script>", "f('{!a}');".repeat(MANY));
        assert_eq!(prints(&line).len(), MANY);
        let variable =
            |at: usize| format!("<apex:repeat var=\"v{at}\" value=\"{{!v{}.x}}\">", at.wrapping_sub(1));
        let nested: String = (0..MANY).map(variable).collect();
        let bound = Markup::of(&nested).bound;
        assert!(bound.len() == MANY && bound.values().all(|names| names.len() <= STEPS + 1));
        let deep = format!("<script>{{!{}a{}}}</script>", "(".repeat(8_000), ")".repeat(8_000));
        assert_eq!(prints(&deep).len(), 1);
        let long = format!("<script>{{!{}a}}</script>", "a & ".repeat(MANY));
        assert_eq!(prints(&long), []);
        let mut all = [
            "<apex:component><apex:attribute name=\"t\"/>".to_owned() + &"<script>{!t}</script>".repeat(MANY),
            "<c:One t=\"{!h}\"/>".repeat(MANY),
        ]
        .map(|text| {
            (if text.starts_with("<apex") { "one".to_owned() } else { String::new() }, Markup::of(&text))
        });
        through_components(&mut all);
        assert_eq!(all[1].1.prints.len(), MANY);
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
