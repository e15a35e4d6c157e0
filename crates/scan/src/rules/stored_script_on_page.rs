//! # What is stored in a record becomes HTML or script on a page
//!
//! A Visualforce page prints the text of a record's field with `escape="false"`, in a script, in a handler such as
//! `onclick` or as an address that is opened: by the record of its standard controller, by one that its controller
//! holds, or by a property or getter into which code puts the text. There is one finding a page.
//!
//! ## Why it harms
//! A script that somebody once wrote into the field runs in the page of everybody who opens the record afterwards, with
//! the rights of each: it reads what they see of patients, changes it and sends it away, and the log says that they
//! did. High where guests or members of a portal may write records of the object, medium where users of the org alone
//! may. 45 CFR 164.312(a)(1) and (c)(1), 164.308(a)(5)(ii)(B); GDPR Art. 32(1)(b).
//!
//! ## What to change
//! Leave `escape="false"` away, or encode on the page: `HTMLENCODE`, in scripts and handlers `JSENCODE`
//! (`JSINHTMLENCODE` where the script writes HTML). Where there must be HTML, make the field one of rich text, from
//! which Salesforce takes scripts when it is kept.
//!
//! ## What is not found
//! Numbers, dates, Ids, values of lists, addresses of mail and telephone numbers; rich text between tags; text that was
//! encoded for its place; formulas; what only administrators name, such as record types. Pages that are rendered as
//! PDF or have another content type than HTML run no script. What Lightning components print is theirs. Parameters of
//! a page and messages of `addError` are `script-injection-from-code`.
//!
//! ## Beside other analysers
//! PMD's `VfUnescapeEl` reports every expression that is not escaped, whatever it is, and `VfHtmlStyleTagXss` looks at
//! styles alone: here a number or an Id is no finding, and what a getter brings is one.
//!
//! ## Seen in the wild
//! `CarePlusHCSB/CarePlus_V2`: a page of care plans prints problems and goals, which members of a portal may write.
//! `SalesforceFoundation/NPSP`: the address of a payment service's script comes from a record, by three classes.

use std::collections::{BTreeMap, BTreeSet};

use journal::{Confidence, Persona, Place, Severity};

use crate::Context;
use crate::code::{self, Stored};
use crate::container;
use crate::disclosure::shown;
use crate::rule::{Draft, Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "What is stored in a record becomes HTML or script on a page",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Developer,
    controls: &["hipaa-sec-312a1", "hipaa-sec-312c1", "hipaa-sec-308a5iiB", "gdpr-32-1b"],
    tags: &["code", "injection", "visualforce"],
    replaces: &["pmd:VfUnescapeEl"],
    sbs: &[],
    needs: &["the Visualforce pages and components", "their controllers", "the objects' fields with their types"],
};

/// So many more places of a page are told.
const PLACES: usize = 8;

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    let code = code::followed(cx, out);
    out.judged(cx.pages().len());
    let mut by_page: BTreeMap<usize, Vec<Stored>> = BTreeMap::new();
    for one in code.stored(cx) {
        by_page.entry(one.page).or_default().push(one);
    }
    for (at, all) in by_page {
        let Some(page) = cx.pages().get(at) else { continue };
        let Some((source, _)) = cx.project.file(&page.path).and_then(|file| cx.project.load(file).ok()) else {
            continue;
        };
        let place = |one: &Stored| Place::of(&source, one.span);
        let Some(first) = all.first() else { continue };
        let fields: BTreeSet<String> = all.iter().map(|one| one.field.full_name()).collect();
        let fields: Vec<String> = fields.into_iter().collect();
        let mut becomes: Vec<&str> = Vec::new();
        for one in &all {
            if !becomes.contains(&one.around.said()) {
                becomes.push(one.around.said());
            }
        }
        let objects: BTreeSet<&str> = all.iter().map(|one| one.field.object.as_str()).collect();
        let writer = objects.into_iter().find_map(|object| outsider_who_writes(cx, object));
        let (severity, who) = match &writer {
            Some(who) => (Severity::High, format!("; {who} may write there")),
            None => (META.severity, String::new()),
        };
        let kind = if page.is_component { "ApexComponent" } else { "ApexPage" };
        let mut draft = Draft::new(
            format!("{kind}:{}", page.name),
            place(first),
            format!("what is stored in {} becomes {} on `{}`{who}", shown(&fields), becomes.join(" and "), page.name),
            "let the page escape it, or encode it for its place (`HTMLENCODE`, in scripts `JSENCODE`)",
        )
        .severity(severity)
        .detail("printed")
        .fields(fields)
        .ways(all.iter().filter_map(|one| one.way.as_ref()).map(|way| code.steps(way)));
        let mut told = BTreeSet::from([first.span]);
        for one in all.iter().filter(|one| told.insert(one.span)).take(PLACES) {
            draft = draft.related(place(one), format!("`{}` is printed here", one.field.full_name()));
        }
        out.found(draft);
    }
}

/// Who from outside may make or change records of an object, in words.
fn outsider_who_writes(cx: &Context<'_>, object: &str) -> Option<String> {
    cx.project.containers().find_map(|holder| {
        let writes = holder.object_permissions().any(|permission| {
            permission.object().is_some_and(|own| own.eq_ignore_ascii_case(object))
                && (permission.create() == Some(true) || permission.edit() == Some(true))
        });
        let who = if container::for_guests(cx, holder).is_some() {
            "guests by the"
        } else if container::for_members(cx, holder).is_some() {
            "members of a portal by the"
        } else {
            return None;
        };
        writes.then(|| format!("{who} {}", container::title(holder)))
    })
}
