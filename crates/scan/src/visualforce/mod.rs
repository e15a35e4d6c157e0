//! What a Visualforce page says of itself: its controller, its extensions, what runs when it is opened, and what it
//! prints as it is.

mod print;

use source::Span;

pub(crate) use print::{Around, ELEMENT, Print};

use crate::Context;

/// A page, by the attributes of `<apex:page>`.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) path: String,
    pub(crate) name: String,
    /// The controller and the extensions, as they are written, the extensions first: they win.
    pub(crate) classes: Vec<String>,
    /// The method of `action="{!method}"`.
    pub(crate) action: Option<String>,
    /// Whether Salesforce opens it by a link with a token alone.
    pub(crate) needs_token: bool,
    pub(crate) is_component: bool,
    pub(crate) tag: Span,
    pub(crate) prints: Vec<Print>,
}

impl Page {
    /// Its controller and extensions, where the source has them: `Class` or `namespace.Class`.
    pub(crate) fn own_classes(&self, program: &apex::Program) -> Vec<apex::ClassId> {
        let class_of =
            |name: &String| program.top_class(name).or_else(|| program.top_class(name.rsplit('.').next()?));
        self.classes.iter().filter_map(class_of).collect()
    }
}

/// The pages and components of the source.
pub(crate) fn pages(cx: &Context<'_>) -> Vec<Page> {
    let mut found = Vec::new();
    let mut markups = Vec::new();
    for file in cx.project.files().iter().filter(|file| file.kind == sfdx::Kind::Visualforce) {
        let Some((name, end)) = file.name().rsplit_once('.') else { continue };
        let is_component = end.eq_ignore_ascii_case("component");
        let Ok((source, _)) = cx.project.load(file) else { continue };
        let tag = if is_component { "<apex:component" } else { "<apex:page" };
        let Some((span, attributes)) = attributes(source.text(), tag) else { continue };
        let get = |wanted: &str| {
            let own = attributes.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
            own.map(|(_, value)| value.as_str())
        };
        let extensions = get("extensions").unwrap_or_default().split(',').map(str::trim);
        let classes = extensions.chain(get("controller").map(str::trim)).filter(|name| !name.is_empty());
        let described = cx.project.find("ApexPage", name);
        let token = described.and_then(|page| page.root().value("confirmationTokenRequired"));
        found.push(Page {
            path: file.path.clone(),
            name: name.to_owned(),
            classes: classes.map(str::to_owned).collect(),
            action: get("action").and_then(method_of),
            needs_token: token.is_some_and(|value| value.flag() == Some(true)),
            is_component,
            tag: span,
            prints: Vec::new(),
        });
        let component = if is_component { name.to_lowercase() } else { String::new() };
        markups.push((component, print::Markup::of(source.text())));
    }
    print::through_components(&mut markups);
    for (page, (_, markup)) in found.iter_mut().zip(markups) {
        page.prints = markup.prints;
    }
    found
}

/// `{!method}`
fn method_of(value: &str) -> Option<String> {
    let inside = value.trim().strip_prefix("{!")?.strip_suffix('}')?.trim();
    let is_name = !inside.is_empty() && inside.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    is_name.then(|| inside.to_owned())
}

/// The attributes of the first tag of a name, in any case and outside of comments, and where the tag's name stands.
fn attributes(text: &str, tag: &str) -> Option<(Span, Vec<(String, String)>)> {
    let lower = text.to_ascii_lowercase();
    let mut from = 0;
    let start = loop {
        let rest = lower.get(from..)?;
        let next = rest.find(tag)?;
        match rest.find("<!--") {
            Some(comment) if comment < next => from += comment + rest.get(comment..)?.find("-->")? + 3,
            _ => break from + next,
        }
    };
    let mut found = Vec::new();
    let mut rest = text.get(start + tag.len()..)?;
    loop {
        rest = rest.trim_start();
        if rest.is_empty() || rest.starts_with(['>', '/']) {
            break;
        }
        let Some(equals) = rest.find(['=', '>']).filter(|at| rest.get(*at..*at + 1) == Some("=")) else {
            break;
        };
        let name = rest.get(..equals)?.trim().to_owned();
        let after = rest.get(equals + 1..)?.trim_start();
        let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let value = after.get(1..)?;
        let end = value.find(quote)?;
        found.push((name, value.get(..end)?.to_owned()));
        rest = value.get(end + 1..)?;
    }
    let at = u32::try_from(start).ok()?;
    Some((Span::new(at, at + u32::try_from(tag.len()).ok()?), found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_names_its_classes_and_what_it_runs() {
        let text = "<!-- <apex:page controller=\"Old\"> -->\n<apex:PAGE\n  Controller='A' extensions=\"B, C\"\n action=\"{! start }\" sidebar=\"false\">x</apex:page>";
        let (_, found) = attributes(text, "<apex:page").unwrap();
        let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["Controller", "extensions", "action", "sidebar"]);
        assert_eq!(found.first().unwrap().1, "A");
        assert_eq!(method_of("{! start }").as_deref(), Some("start"));
        assert_eq!(method_of("{!URLFOR($Page.A)}"), None);
        assert!(attributes("<apex:page", "<apex:page").is_some_and(|(_, found)| found.is_empty()));
        assert!(attributes("<apex:page a=\"", "<apex:page").is_none());
        assert!(attributes("no page", "<apex:page").is_none());
    }
}
