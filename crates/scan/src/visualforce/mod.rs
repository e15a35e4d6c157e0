//! What a Visualforce page says of itself: its controller, its extensions, what runs when it is opened, and what it
//! prints as it is.

mod print;
mod tag;

use std::collections::BTreeSet;

use journal::Place;
use sfdx::views::Container;
use source::Span;

pub(crate) use print::{Around, ELEMENT, Print};

use crate::{Context, container};

/// A page, by the attributes of `<apex:page>`.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) path: String,
    pub(crate) name: String,
    /// The controller and the extensions, as they are written, the extensions first: they win.
    pub(crate) classes: Vec<String>,
    /// The object of its standard controller.
    pub(crate) object: Option<String>,
    /// Whether it is HTML that a browser shows: a PDF, a table or a text runs no script.
    pub(crate) runs_scripts: bool,
    /// Whether Salesforce loads its record by the parameter `id`, and so shows it with the id of one alone.
    pub(crate) loads_by_id: bool,
    /// The method of `action="{!method}"`.
    pub(crate) action: Option<String>,
    /// Whether Salesforce opens it by a link with a token alone.
    pub(crate) needs_token: bool,
    pub(crate) is_component: bool,
    pub(crate) tag: Span,
    pub(crate) prints: Vec<Print>,
    /// The names that it shows as text, escaped.
    pub(crate) shown: BTreeSet<Vec<String>>,
    /// Where it prints the messages of its controllers as they are.
    pub(crate) messages: Option<Span>,
}

impl Page {
    /// A place on it, where it can be read again.
    pub(crate) fn place(&self, cx: &Context<'_>, span: Span) -> Option<Place> {
        let (source, _) = cx.project.load(cx.project.file(&self.path)?).ok()?;
        Some(Place::of(&source, span))
    }

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
        let mut markup = print::Markup::of(source.text());
        let Some(root) = markup.root.take() else { continue };
        let get = |wanted: &str| root.attributes.get(wanted).map(String::as_str);
        let extensions = get("extensions").unwrap_or_default().split(',').map(str::trim);
        let classes = extensions.chain(get("controller").map(str::trim)).filter(|name| !name.is_empty());
        let described = cx.project.find("ApexPage", name);
        let token = described.and_then(|page| page.root().value("confirmationTokenRequired"));
        found.push(Page {
            path: file.path.clone(),
            name: name.to_owned(),
            classes: classes.map(str::to_owned).collect(),
            object: get("standardcontroller").map(|name| name.trim().to_owned()),
            runs_scripts: !get("renderas")
                .is_some_and(|kind| kind.trim().to_ascii_lowercase().contains("pdf"))
                && get("contenttype")
                    .is_none_or(|kind| kind.trim().to_ascii_lowercase().starts_with("text/html")),
            loads_by_id: get("standardcontroller").is_some() && get("recordsetvar").is_none(),
            action: get("action").and_then(method_of),
            needs_token: token.is_some_and(|value| value.flag() == Some(true)),
            is_component,
            tag: root.span,
            prints: Vec::new(),
            shown: BTreeSet::new(),
            messages: None,
        });
        let component = if is_component { name.to_lowercase() } else { String::new() };
        markups.push((component, markup));
    }
    print::through_components(&mut markups);
    for (page, (_, markup)) in found.iter_mut().zip(markups) {
        page.prints = markup.prints;
        page.shown = markup.shown;
        page.messages = markup.messages;
    }
    found
}

/// `{!method}`
fn method_of(value: &str) -> Option<String> {
    let inside = value.trim().strip_prefix("{!")?.strip_suffix('}')?.trim();
    let is_name = !inside.is_empty() && inside.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    is_name.then(|| inside.to_owned())
}

/// The classes of the source that pages and components name.
pub(crate) fn controllers(program: &apex::Program, pages: &[Page]) -> BTreeSet<apex::ClassId> {
    pages.iter().flat_map(|page| page.own_classes(program)).collect()
}

/// Whether the source says who may open the pages of a class, and that is nobody but administrators, who may modify all
/// data anyway.
pub(crate) fn is_for_administrators(cx: &Context<'_>, program: &apex::Program, class: apex::ClassId) -> bool {
    let own: Vec<&Page> =
        cx.pages().iter().filter(|page| page.own_classes(program).contains(&class)).collect();
    let may_all = |container: Container<'_>| {
        let modifies = container.user_permissions().any(|permission| {
            permission.enabled() == Some(true)
                && permission.name().is_some_and(|name| name == "ModifyAllData")
        });
        modifies || container::is_system_administrator(container)
    };
    let is_given = |page: &str, container: &Container<'_>| {
        container.page_accesses().any(|access| {
            access.enabled() == Some(true)
                && access.page().is_some_and(|name| name.eq_ignore_ascii_case(page))
        })
    };
    !own.is_empty()
        && own.iter().all(|page| {
            let mut holders = cx.project.containers().filter(|one| is_given(&page.name, one)).peekable();
            !page.is_component && holders.peek().is_some() && holders.all(may_all)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_names_its_classes_and_what_it_runs() {
        let text = "<!-- <apex:page controller=\"Old\"> -->\n<apex:PAGE\n  Controller='A' extensions=\"B, C\"\n action=\"{! start }\" sidebar=\"false\">x</apex:page>";
        let root = print::Markup::of(text).root.unwrap();
        let names: Vec<&str> = root.attributes.keys().map(String::as_str).collect();
        assert_eq!(names, ["action", "controller", "extensions", "sidebar"]);
        assert_eq!(root.attributes.get("controller").map(String::as_str), Some("A"));
        assert_eq!(text.get(root.span.start as usize..root.span.end as usize), Some("<apex:PAGE"));
        assert_eq!(method_of("{! start }").as_deref(), Some("start"));
        assert_eq!(method_of("{!URLFOR($Page.A)}"), None);
        assert!(print::Markup::of("<apex:page").root.is_some_and(|root| root.attributes.is_empty()));
        assert!(print::Markup::of("no page").root.is_none());
    }
}
