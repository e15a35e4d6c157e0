//! Fields of records that pages print as they are: what somebody wrote into one is part of the page of whoever looks.

use std::collections::{BTreeMap, BTreeSet};

use apex::ast::Visibility;
use apex::{ClassId, MethodId, Name, Program, Ty};
use dataflow::{FieldId, World};
use source::Span;

use super::{Code, Outside};
use crate::Context;
use crate::field_path::{self, Reached};
use crate::visualforce::{Around, ELEMENT, Page};

/// A field whose text a page prints as it is.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) field: Reached,
    pub(crate) around: Around,
    /// A page, as number of [`crate::Context::pages`], and where on it.
    pub(crate) page: usize,
    pub(crate) span: Span,
    /// The code that brings it there, where the page does not name the record itself.
    pub(crate) way: Option<super::Way>,
}

impl Code {
    /// What pages print of records, each field once a place.
    pub(crate) fn stored(&self, cx: &Context<'_>) -> Vec<Stored> {
        let mut found: BTreeMap<(usize, Span, Around, Reached), Option<super::Way>> = BTreeMap::new();
        for (page, own) in cx.pages().iter().enumerate().filter(|(_, page)| page.runs_scripts) {
            for print in own.prints.iter().filter(|print| !print.is_harmless()) {
                let Some(field) = named(cx, &self.program, &self.children, own, &print.names) else {
                    continue;
                };
                if is_shown_as_written(cx, &field, print.around) {
                    found.insert((page, print.span, print.around, field), None);
                }
            }
        }
        for one in &self.printed {
            let Outside::Field(object, Some(field)) = one.intake.from else { continue };
            if !cx.pages().get(one.page).is_some_and(|page| page.runs_scripts) {
                continue;
            }
            let names = &self.program.names;
            let object = names.written(object);
            let field = cx.classes.written(object, names.written(field));
            let field = Reached { object: object.to_owned(), field: field.to_owned() };
            if is_shown_as_written(cx, &field, one.around) {
                let way = || Some(one.intake.way.clone());
                found.entry((one.page, one.span, one.around, field)).or_insert_with(way);
            }
        }
        let all = found.into_iter();
        all.map(|((page, span, around, field), way)| Stored { field, around, page, span, way }).collect()
    }
}

/// Objects by parent and name of the relationship to them, in lower case.
type Children = BTreeMap<(String, String), String>;

/// The fields of records that each page prints, by its name in lower case.
pub(super) fn fields_of_pages(
    cx: &Context<'_>,
    program: &Program,
    children: &Children,
) -> BTreeMap<String, BTreeSet<Reached>> {
    let mut found: BTreeMap<String, BTreeSet<Reached>> = BTreeMap::new();
    for page in cx.pages().iter().filter(|page| !page.is_component) {
        let names = page.prints.iter().map(|print| &print.names).chain(&page.shown);
        let fields = names.filter_map(|names| named(cx, program, children, page, names));
        found.entry(page.name.to_lowercase()).or_default().extend(fields);
    }
    found
}

/// The field that a page names by a record: that of its standard controller, or one of its classes' own.
fn named(
    cx: &Context<'_>,
    program: &Program,
    children: &Children,
    page: &Page,
    names: &[String],
) -> Option<Reached> {
    let (head, rest) = names.split_first()?;
    let classes = page.own_classes(program);
    let own = classes.iter().find_map(|class| member(program, *class, head));
    let of_page = || page.object.clone().filter(|object| object.eq_ignore_ascii_case(head));
    match own {
        Some(ty) => match walk(program, ty, rest)? {
            (Ty::Record(Some(object)), rest) => {
                of_record(cx, children, program.names.written(object).to_owned(), rest)
            }
            _ => None,
        },
        None => of_record(cx, children, of_page()?, rest),
    }
}

/// From a record over its relationships to a field.
fn of_record(
    cx: &Context<'_>,
    children: &Children,
    mut object: String,
    mut rest: &[String],
) -> Option<Reached> {
    while let [relation, element, below @ ..] = rest
        && element == ELEMENT
    {
        object = children.get(&(object.to_lowercase(), relation.to_lowercase())).cloned()?;
        rest = below;
    }
    if rest.is_empty() || rest.iter().any(|name| name == ELEMENT) {
        return None;
    }
    let reached = field_path::follow(cx.project, &object, &rest.join("."));
    let described = cx.project.field(&reached.full_name());
    let written = described.map(|field| (field.object_name().to_owned(), field.name().to_owned()));
    Some(match written {
        Some((object, field)) => Reached { object, field },
        None => reached,
    })
}

/// The classes, and those above them, of which pages that run scripts print texts as they are.
pub(super) fn classes_with_texts(program: &Program, pages: &[Page]) -> BTreeSet<ClassId> {
    let mut found = BTreeSet::new();
    for page in pages.iter().filter(|page| page.runs_scripts) {
        let classes = page.own_classes(program);
        for print in page.prints.iter().filter(|print| !print.is_harmless()) {
            let Some((head, rest)) = print.names.split_first() else { continue };
            let own = classes.iter().find_map(|class| Some((*class, member(program, *class, head)?)));
            let Some((class, ty)) = own else { continue };
            if let Some((Ty::Text, [])) = walk(program, ty, rest) {
                found.extend(program.lineage(class));
            }
        }
    }
    found
}

/// As deep into what a value is made of as classes lead: to a record, or to the end.
fn walk<'n>(program: &Program, mut ty: Ty, mut rest: &'n [String]) -> Option<(Ty, &'n [String])> {
    while let Some((next, below)) = rest.split_first() {
        ty = match &ty {
            Ty::Record(_) => break,
            Ty::List(_) | Ty::Set(_) if next != ELEMENT => return None,
            // Maps are read by a key: one of what is in them.
            Ty::List(_) | Ty::Set(_) | Ty::Map(_) => ty.element(),
            Ty::Class(class) => member(program, *class, next)?,
            _ => return None,
        };
        rest = below;
    }
    Some((ty, rest))
}

/// What a page means by a name of a class or those above it: a property, variable or `getX`.
fn member(program: &Program, class: ClassId, name: &str) -> Option<Ty> {
    if let Some(variable) = program.names.find(name).and_then(|name| program.variable_of(class, name)) {
        return program.variable(variable).map(|own| own.ty.clone());
    }
    let getter = program.names.find(&format!("get{name}"))?;
    let is_getter = |id: &MethodId| {
        program.method(*id).is_some_and(|own| {
            let decl = own.class.and_then(|class| program.decl_of(program.class(class)?));
            let modifiers = own.own.and_then(|at| Some(&decl?.methods.get(at)?.modifiers));
            own.parameters.is_empty() && modifiers.is_some_and(|own| own.visibility >= Visibility::Public)
        })
    };
    program.lineage(class).into_iter().find_map(|above| {
        let all = program.class(above)?.methods.get(&getter)?;
        Some(program.method(*all.iter().find(|id| is_getter(id))?)?.returns.clone())
    })
}

/// Whether a field can hold a script there. Of rich text Salesforce takes the scripts out when it is kept.
fn is_shown_as_written(cx: &Context<'_>, field: &Reached, around: Around) -> bool {
    let described = cx.project.field(&field.full_name());
    // A formula shows what stands in other fields, and is judged where these are printed.
    if described.is_some_and(|own| own.formula().is_some()) {
        return false;
    }
    match described.and_then(|own| own.data_type()) {
        Some(kind) => match kind.as_str() {
            "Html" => around != Around::Markup,
            "Text" | "TextArea" | "LongTextArea" | "EncryptedText" => true,
            "Url" => around == Around::Address,
            _ => false,
        },
        None => is_free_text(field),
    }
}

/// Salesforce's own fields in which anything can be written.
fn is_free_text(field: &Reached) -> bool {
    const FREE: [&str; 18] = [
        "name",
        "firstname",
        "lastname",
        "middlename",
        "description",
        "subject",
        "title",
        "comments",
        "commentbody",
        "body",
        "suppliedname",
        "suppliedcompany",
        "company",
        "department",
        "mailingstreet",
        "otherstreet",
        "billingstreet",
        "shippingstreet",
    ];
    let name = field.field.to_ascii_lowercase();
    // Users, record types and what an administrator makes are named by those who may do anything.
    let of_setup =
        ["User", "RecordType", "Profile", "Organization", "Group", "EmailTemplate", "StaticResource"];
    let is_setup = of_setup.iter().any(|object| object.eq_ignore_ascii_case(&field.object))
        || field.object.to_ascii_lowercase().ends_with("__mdt");
    FREE.contains(&name.as_str()) && !is_setup
}

/// What somebody may have written into a field.
pub(super) fn stored_in(world: &World<'_>, field: FieldId) -> Option<Outside> {
    let (object, field) = world.fields.name(field)?;
    is_text(world, object, field).then_some(Outside::Field(object, Some(field)))
}

/// Whether anything can be written into a field: no number, date, Id or value of a list.
fn is_text(world: &World<'_>, object: Name, field: Name) -> bool {
    let field_name = world.text(field);
    match world.schema.field_type(world.text(object), field_name).as_deref() {
        Some(kind) => {
            matches!(kind, "Text" | "TextArea" | "LongTextArea" | "Html" | "Url" | "Phone" | "EncryptedText")
        }
        // Salesforce's own fields, and those of packages, by what they are called.
        None => {
            let stem = field_name.trim_end_matches("__c");
            let ends =
                ["id", "date", "datetime", "amount", "email", "status", "type", "source", "number", "stamp"];
            let begins = ["is", "has", "number", "total"];
            let other = ["probability", "stagename", "priority", "origin", "annualrevenue", "quantity"];
            !ends.iter().any(|end| stem.ends_with(end))
                && !begins.iter().any(|begin| stem.starts_with(begin))
                && !other.contains(&stem)
        }
    }
}
