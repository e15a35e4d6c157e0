//! # The bundle names a field that the source does not have
//!
//! A line of `classification/` speaks of a custom field, of a companion or of the path to a person that an object of the
//! source does not have.
//!
//! ## Why it harms
//! What is misspelt protects nothing: the field that was meant keeps the class that its object or the bundle gives to
//! fields without a line, goes out in clear where it should be sealed, and nobody is told. A renamed or deleted field leaves
//! a line behind that an auditor takes for a measure. 45 CFR 164.316(b)(2)(iii), documentation is kept up to date; GDPR
//! Art. 24(1) and 25(1).
//!
//! ## What to change
//! Write the name as the source does, or take the line away where the field is gone; retrieve the field where it lives in the
//! org alone.
//!
//! ## What is not found
//! Standard fields, which the source need not describe; fields of packages; objects whose own file is not in the source, and
//! objects that the source does not have at all: `phiward classify` says which lines are about what neither metadata nor
//! code has. A longer path is followed to its first field.
//!
//! ## Seen in the wild
//! No public project has a bundle.

use std::borrow::Cow;

use journal::{Confidence, Persona, Severity};
use policy::bundle::classification::{FieldRule, ObjectRule};
use policy::vocabulary::Protect;
use policy::{Place, nearest};
use sfdx::views::Object;

use crate::Context;
use crate::rule::{Draft, Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "The bundle names a field that the source does not have",
    severity: Severity::Medium,
    confidence: Confidence::Medium,
    persona: Persona::Security,
    controls: &["hipaa-sec-316b2iii", "gdpr-25-1"],
    tags: &["phi"],
    replaces: &[],
    sbs: &[],
    needs: &["the objects that the bundle names"],
};

/// A name, what it is there for, and whether it is to protect patients' data.
struct Named<'b> {
    field: Cow<'b, str>,
    place: &'b Place,
    what: &'static str,
    protects: bool,
}

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    for (name, rule) in cx.policy.objects() {
        let Some(object) = cx.project.object(&name.value).filter(|object| object.wholes().next().is_some()) else {
            continue;
        };
        for named in names(rule).filter(|named| is_of_the_org(cx, &named.field)) {
            out.judged(1);
            if cx.described(object.name(), &named.field).is_none() {
                told(cx, object, rule, &named, out);
            }
        }
    }
}

fn names(rule: &ObjectRule) -> impl Iterator<Item = Named<'_>> {
    let fields = rule.fields.0.iter().flat_map(|(name, rules)| {
        let own = Named { field: Cow::Borrowed(&name.value), place: &name.place, what: "a field", protects: rules.iter().any(protects) };
        std::iter::once(own).chain(rules.iter().flat_map(companions))
    });
    let subject = rule.subject.as_ref().map(|subject| {
        let first = subject.value.as_str().split('.').next().unwrap_or_default();
        // A lookup has another name in a path.
        let field = first.strip_suffix("__r").map_or(Cow::Borrowed(first), |stem| Cow::Owned(format!("{stem}__c")));
        Named { field, place: &subject.place, what: "the way to the person", protects: true }
    });
    fields.chain(subject)
}

/// Fields beside it that hold its token, its digest, or the key that it hangs on.
fn companions(rule: &FieldRule) -> impl Iterator<Item = Named<'_>> {
    let seal = rule.seal.as_ref();
    let token = seal.and_then(|seal| seal.field.as_ref()).map(|field| (field, "the field of a token"));
    let key = seal.and_then(|seal| seal.key.as_ref()).map(|field| (field, "the key that a field is bound to"));
    let digest = rule.index.as_ref().map(|index| (&index.field, "the field of a digest"));
    token.into_iter().chain(key).chain(digest).map(|(field, what)| Named {
        field: Cow::Borrowed(field.value.as_str()),
        place: &field.place,
        what,
        protects: true,
    })
}

fn protects(rule: &FieldRule) -> bool {
    let is_encrypted = rule.protect.as_ref().is_some_and(|protect| protect.value != Protect::None);
    rule.class.value.is_phi() && (is_encrypted || rule.seal.is_some())
}

/// A custom field that no package brings.
fn is_of_the_org(cx: &Context<'_>, field: &str) -> bool {
    let Some(stem) = field.strip_suffix("__c").or_else(|| field.strip_suffix("__pc")) else { return false };
    let namespace = stem.split_once("__").map(|(namespace, _)| namespace);
    namespace.is_none_or(|namespace| cx.project.namespace().is_some_and(|own| own.eq_ignore_ascii_case(namespace)))
}

fn told(cx: &Context<'_>, object: Object<'_>, rule: &ObjectRule, named: &Named<'_>, out: &mut Outcome) {
    let has_line = |field: &str| rule.fields.0.iter().any(|(name, _)| name.value.eq_ignore_ascii_case(field));
    let own: Vec<&str> = object.fields().map(|field| field.name()).filter(|field| !has_line(field)).collect();
    let near = nearest(&named.field, own.iter().copied());
    let fix = match near {
        Some(near) => format!("`{near}` of the source has no line: write that, if it is meant"),
        None => "write the name as the source does, take the line away, or retrieve the field".to_owned(),
    };
    let severity = if named.protects && near.is_some() { Severity::High } else { Severity::Medium };
    out.found(
        Draft::new(
            format!("Object:{}", object.name()),
            cx.policy_place(named.place),
            format!("`{}` has no field `{}`, which the bundle names as {}", object.name(), named.field, named.what),
            fix,
        )
        .severity(severity)
        .confidence(if near.is_some() { Confidence::High } else { Confidence::Medium })
        .detail(named.field.to_lowercase()),
    );
}
