//! Texts that are put together of what others know of a person.

use std::collections::{BTreeMap, BTreeSet};

use apex::ast::{ExprId, ExprKind, Literal, StmtKind};
use apex::{MethodId, Ref, VariableId};

use super::{Look, Site};
use crate::Context;
use crate::classification::words::words;
use crate::secret;

/// How far a value is followed through variables and methods.
const DEPTH: u8 = 12;
/// So many expressions are looked at for one answer.
const STEPS: usize = 400;

/// What a text is made of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    /// A field of a person's record, or a variable that is named after such: what it is called.
    OfPerson(String),
    /// The day on which it is made.
    Day,
    /// What the code says itself.
    Written,
}

/// A search for what passwords are made of.
pub(crate) struct Guesses<'l, 'c> {
    cx: &'l Context<'c>,
    look: &'l Look<'c>,
    /// What variables are made longer by: `x += y`.
    added: BTreeMap<Held, Vec<Site>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Held {
    Local(MethodId, u32),
    Variable(VariableId),
}

impl<'l, 'c> Guesses<'l, 'c> {
    pub(crate) fn of(cx: &'l Context<'c>, look: &'l Look<'c>) -> Self {
        let mut guesses = Self { cx, look, added: BTreeMap::new() };
        for &site in &look.sites {
            let Some(file) = look.file(site) else { continue };
            if let ExprKind::Assign { target, value, operator: Some(_) } = file.expr(site.expr).kind
                && let Some(held) = guesses.held(Site { expr: target, ..site })
            {
                guesses.added.entry(held).or_default().push(Site { expr: value, ..site });
            }
        }
        guesses
    }

    /// All that a value is made of; nothing where any of it is not known, was typed or drawn.
    pub(crate) fn parts(&self, site: Site) -> Option<BTreeSet<Part>> {
        let mut parts = BTreeSet::new();
        let mut seen = BTreeSet::new();
        self.add(site, DEPTH, &mut seen, &mut parts)?;
        Some(parts)
    }

    fn held(&self, site: Site) -> Option<Held> {
        match (self.look.code.resolution.expr(site.file, site.expr).to, site.method) {
            (Ref::Variable(variable), _) => Some(Held::Variable(variable)),
            (Ref::Local(slot), Some(method)) => Some(Held::Local(method, slot)),
            _ => None,
        }
    }

    fn add(
        &self,
        site: Site,
        depth: u8,
        seen: &mut BTreeSet<Site>,
        parts: &mut BTreeSet<Part>,
    ) -> Option<()> {
        // What leads round adds nothing more.
        if !seen.insert(site) {
            return Some(());
        }
        let depth = depth.checked_sub(1).filter(|_| seen.len() < STEPS)?;
        let file = self.look.file(site)?;
        let mut each = |all: &[ExprId]| {
            all.iter().try_for_each(|expr| self.add(Site { expr: *expr, ..site }, depth, seen, parts))
        };
        match &file.expr(site.expr).kind {
            ExprKind::Literal(Literal::Null) => Some(()),
            ExprKind::Literal(Literal::Text | Literal::LongText) => {
                if !file.literal_text(site.expr).unwrap_or_default().is_empty() {
                    parts.insert(Part::Written);
                }
                Some(())
            }
            ExprKind::Literal(_) => {
                parts.insert(Part::Written);
                Some(())
            }
            ExprKind::Binary { first, rest } => {
                each(&[*first])?;
                rest.iter().try_for_each(|(_, part)| each(&[*part]))
            }
            ExprKind::Ternary { yes, no, .. } => each(&[*yes, *no]),
            ExprKind::Cast { value, .. } => each(&[*value]),
            ExprKind::Name(_) | ExprKind::Field { .. } => self.add_named(site, depth, seen, parts),
            ExprKind::Call { receiver, .. } => {
                let call = self.look.call(site)?;
                match (call.class, call.name, call.args) {
                    ("date" | "datetime" | "system", "today" | "now", []) => {
                        parts.insert(Part::Day);
                        Some(())
                    }
                    (
                        "userinfo",
                        "getname" | "getfirstname" | "getlastname" | "getusername" | "getuseremail"
                        | "getorganizationname",
                        [],
                    ) => {
                        parts.insert(Part::OfPerson(format!("UserInfo.{}", self.look.text(site).rsplit('.').next()?)));
                        Some(())
                    }
                    ("string" | "blob" | "integer" | "long", "valueof" | "valueofgmt", [only])
                    | ("encodingutil", "base64encode" | "converttohex", [only])
                    | ("encodingutil", "urlencode", [only, _])
                    // A digest of what is known is known.
                    | ("crypto", "generatedigest", [_, only]) => each(&[*only]),
                    _ if matches!(self.look.code.resolution.expr(site.file, site.expr).to, Ref::Method { .. }) => {
                        self.add_returned(site, depth, seen, parts)
                    }
                    // A part of a text, a date or a number, or another form of it.
                    (_, name, args) if is_form(name) => {
                        each(&[(*receiver)?])?;
                        // A letter at a place that was drawn is drawn.
                        let mut of_args = BTreeSet::new();
                        args.iter().try_for_each(|arg| {
                            self.add(Site { expr: *arg, ..site }, depth, seen, &mut of_args)
                        })
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// What a variable holds, or what a field is.
    fn add_named(
        &self,
        site: Site,
        depth: u8,
        seen: &mut BTreeSet<Site>,
        parts: &mut BTreeSet<Part>,
    ) -> Option<()> {
        let code = self.look.code;
        let file = self.look.file(site)?;
        let written = self.look.text(site);
        let name = written.rsplit('.').next().unwrap_or(written);
        if let (Ref::RecordField(field), ExprKind::Field { object, .. }) =
            (code.resolution.expr(site.file, site.expr).to, &file.expr(site.expr).kind)
        {
            let object = code.resolution.expr(site.file, *object).ty.object()?;
            let (object, field) = (code.program.names.written(object), code.program.names.written(field));
            let is_of_person =
                !secret::is_named(field) && (is_personal(field) || self.cx.classes.is_phi(object, field));
            if !is_of_person {
                return None;
            }
            parts.insert(Part::OfPerson(format!("{object}.{}", self.cx.classes.written(object, field))));
            return Some(());
        }
        let held = self.held(site)?;
        let is_given = match held {
            Held::Local(method, slot) => {
                let own = code.program.method(method)?;
                (slot as usize) < own.parameters.len()
            }
            // What a page or component sets.
            Held::Variable(variable) => {
                let own = code.program.variable(variable)?;
                let decl = code.program.decl_of(code.program.class(own.class)?)?;
                decl.variables.get(own.own).is_some_and(|own| !own.accessors.is_empty())
            }
        };
        let values: Vec<Site> = self.look.values(site).into_iter().filter(|value| *value != site).collect();
        let is_known = !is_given && !values.is_empty();
        if !is_known {
            if !is_personal(name) || secret::is_named(name) {
                return None;
            }
            parts.insert(Part::OfPerson(name.to_owned()));
            return Some(());
        }
        let added = self.added.get(&held).into_iter().flatten().copied();
        values.into_iter().chain(added).try_for_each(|value| self.add(value, depth, seen, parts))
    }

    /// What a method of the source returns.
    fn add_returned(
        &self,
        site: Site,
        depth: u8,
        seen: &mut BTreeSet<Site>,
        parts: &mut BTreeSet<Part>,
    ) -> Option<()> {
        let code = self.look.code;
        let Ref::Method { method, is_virtual: false } = code.resolution.expr(site.file, site.expr).to else {
            return None;
        };
        let own = code.program.method(method)?;
        let (file, body) = (code.program.file(own.file)?, own.body?);
        let mut returned = Vec::new();
        file.each_stmt(body, |stmt| {
            if let StmtKind::Return(Some(value)) = file.stmt(stmt).kind {
                returned.push(Site { file: own.file, class: own.class, method: Some(method), expr: value });
            }
        });
        if returned.is_empty() {
            return None;
        }
        returned.into_iter().try_for_each(|value| self.add(value, depth, seen, parts))
    }
}

/// Methods of a text, date or number that give a part of it or write it otherwise.
fn is_form(name: &str) -> bool {
    [
        "tolowercase",
        "touppercase",
        "trim",
        "substring",
        "left",
        "right",
        "mid",
        "replace",
        "replaceall",
        "remove",
        "removeend",
        "removestart",
        "capitalize",
        "uncapitalize",
        "deletewhitespace",
        "reverse",
        "substringbefore",
        "substringafter",
        "substringbeforelast",
        "substringafterlast",
        "format",
        "year",
        "month",
        "day",
        "tostring",
        "date",
        "normalizespace",
        "abbreviate",
        "repeat",
        "leftpad",
        "rightpad",
        "formatgmt",
        "dategmt",
        "intvalue",
        "stripaccents",
    ]
    .contains(&name)
}

/// Whether a field or variable of this name holds what others know of somebody.
fn is_personal(name: &str) -> bool {
    let all = words(name);
    let has = |wanted: &[&str]| all.iter().any(|word| wanted.contains(&word.as_str()));
    let last = all.iter().rev().find(|word| !matches!(word.as_str(), "c" | "pc")).map_or("", String::as_str);
    has(&[
        "firstname",
        "lastname",
        "surname",
        "birthdate",
        "birthday",
        "birth",
        "dob",
        "username",
        "nickname",
        "ssn",
    ]) || matches!(last, "email" | "phone" | "mobile" | "alias" | "zip" | "postcode")
        || last == "name"
            && has(&[
                "first", "last", "given", "family", "full", "user", "middle", "maiden", "patient", "contact",
            ])
        || all.len() == 1 && last == "name"
}
