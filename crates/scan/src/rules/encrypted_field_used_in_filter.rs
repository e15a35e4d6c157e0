//! # An encrypted field is used where it cannot be
//!
//! A PHI field with probabilistic encryption is filtered, sorted or grouped by, matched on, unique or an external id,
//! or used in a formula in a way that encryption does not allow; or a field with any scheme is a criterion of a
//! sharing rule. There is one finding for each component that uses it so.
//!
//! ## Why it harms
//! Salesforce refuses such a use, or drops it in silence: a filter that is gone shows more records than it was meant
//! to, a sharing rule that cannot be evaluated shares nothing or what it shared before, a duplicate is not found.
//! What people then do is to switch the encryption off (Salesforce Help, *Tradeoffs and Limitations of Shield
//! Platform Encryption* and *Field Limits with Shield Platform Encryption*). 45 CFR 164.312(a)(2)(iv) and GDPR Art.
//! 32(1)(a) ask that the encryption last; 164.312(c)(1) that data stay right.
//!
//! ## What to change
//! Filter, group or match on another field (a status, a record type, a region); give a field of many values, such as
//! a record number, a deterministic scheme, which can be filtered on by equality; share by owner, group or a field
//! that is no PHI. In formulas only `BLANKVALUE`, `CASE`, `HYPERLINK`, `IF`, `IMAGE`, `ISBLANK`, `ISNULL`,
//! `NULLVALUE` and `&` work on an encrypted field.
//!
//! ## What is not found
//! Queries in Apex (`WHERE`, `ORDER BY`, `GROUP BY`) are code, which no rule reads yet. Conditions of a flow that
//! look at a record which the flow already has are evaluated in memory and work. Fields that the source does not show
//! as encrypted may be so in the org.
//!
//! ## Seen in the wild
//! No public project has a PHI field with an encryption scheme: the only schemes seen are on fields of
//! `SalesforceFoundation/NPSP` that hold no PHI.

use std::collections::BTreeMap;

use journal::{Confidence, Persona, Place, Severity};
use sfdx::Value;
use sfdx::views::Field;

use crate::Context;
use crate::disclosure::shown;
use crate::encryption::{self, Scheme};
use crate::field_path::Reached;
use crate::field_use::{self, FieldUse, How};
use crate::formula::Part;
use crate::rule::{Draft, Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "An encrypted field is used where it cannot be",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Developer,
    controls: &["hipaa-sec-312a2iv", "hipaa-sec-312c1", "gdpr-32-1a"],
    tags: &["phi", "encryption"],
    replaces: &[],
    sbs: &[],
    needs: &["the fields' files, with their `encryptionScheme`"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    let encrypted = Encrypted::of(cx);
    if encrypted.fields.is_empty() && encrypted.absent.is_empty() {
        return;
    }
    out.judged(encrypted.fields.len());
    keys(cx, out);
    let wanted = |reached: &Reached| {
        let key = reached.full_name().to_lowercase();
        encrypted.fields.contains_key(&key) || encrypted.absent.contains_key(&key)
    };
    let mut by_component: BTreeMap<(Kind, String), Vec<FieldUse>> = BTreeMap::new();
    for used in field_use::of(cx, &wanted).into_iter().filter(|used| used.is_active) {
        if let Some(kind) = Kind::of(&used) {
            by_component.entry((kind, used.component.clone())).or_default().push(used);
        }
    }
    for ((kind, component), uses) in by_component {
        report(&encrypted, component, kind, &uses, out);
    }
}

/// What uses fields in a way that encryption does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    ListView,
    Report,
    Flow,
    SharingRule,
    MatchingRule,
    DuplicateRule,
    Formula,
}

impl Kind {
    fn of(used: &FieldUse) -> Option<Self> {
        match used.how {
            How::ListViewFilter => Some(Self::ListView),
            How::ReportFilter | How::ReportGrouping | How::ReportSort | How::ReportBucket => Some(Self::Report),
            How::FlowFilter | How::FlowSort => Some(Self::Flow),
            How::SharingCriterion => Some(Self::SharingRule),
            How::MatchingRule => Some(Self::MatchingRule),
            How::DuplicateRule => Some(Self::DuplicateRule),
            How::Formula => (used.part == Some(Part::Computed)).then_some(Self::Formula),
            _ => None,
        }
    }

    /// What it does, up to the fields.
    fn does(self, name: &str) -> String {
        let of = || name.split_once('.').unwrap_or(("", name));
        match self {
            Self::ListView => format!("the list view `{name}` is filtered by"),
            Self::Report => format!("the report `{name}` is filtered, sorted or grouped by"),
            Self::Flow => format!("the flow `{name}` looks records up by"),
            Self::SharingRule => format!("the sharing rule `{}` of `{}` has as a criterion", of().1, of().0),
            Self::MatchingRule => format!("the matching rule `{}` of `{}` compares", of().1, of().0),
            Self::DuplicateRule => format!("the duplicate rule `{name}` is filtered by"),
            Self::Formula => format!("the formula `{name}` computes with"),
        }
    }

    fn fix(self) -> &'static str {
        match self {
            Self::ListView | Self::Report | Self::Flow => {
                "filter, sort and group by a field that is no PHI; or give a field of many values a deterministic \
                 scheme, which can be filtered on by equality"
            }
            Self::SharingRule => {
                "share by owner, by a group, or by a field that is no PHI: an encrypted field of any scheme cannot be a \
                 criterion"
            }
            Self::MatchingRule | Self::DuplicateRule => {
                "match on a field with a deterministic scheme, or on one that is not encrypted"
            }
            Self::Formula => {
                "use the field with no other functions than `BLANKVALUE`, `CASE`, `HYPERLINK`, `IF`, `IMAGE`, `ISBLANK`, \
                 `ISNULL`, `NULLVALUE` and `&`, or compute where the value is read"
            }
        }
    }
}

/// PHI fields that are encrypted, by `Object.Field` in lower case.
struct Encrypted<'p> {
    fields: BTreeMap<String, Own<'p>>,
    /// Those that the bundle wants encrypted and the source does not hold, as the bundle writes them.
    absent: BTreeMap<String, String>,
}

/// A field that the source encrypts.
struct Own<'p> {
    field: Field<'p>,
    scheme: Scheme,
    written: Value<'p>,
    confidence: Confidence,
}

impl<'p> Encrypted<'p> {
    fn of(cx: &Context<'p>) -> Self {
        let fields = encryption::phi_fields(cx).into_iter().filter_map(|one| {
            let (scheme, written) = encryption::scheme(one.field)?;
            let own = Own { field: one.field, scheme, written, confidence: one.verdict.confidence };
            Some((one.field.full_name().to_lowercase(), own))
        });
        let absent = encryption::absent_fields(cx).into_iter().filter(|field| field.field.contains("__"));
        let absent = absent.map(|field| (field.full_name().to_lowercase(), field.full_name())).collect();
        Self { fields: fields.collect(), absent }
    }
}

/// One finding for what one component does with encrypted fields.
fn report(encrypted: &Encrypted<'_>, component: String, kind: Kind, uses: &[FieldUse], out: &mut Outcome) {
    let Some(first) = uses.first() else { return };
    let does = kind.does(first.name());
    let mut used: Vec<(&Own<'_>, Place)> = Vec::new();
    for one in uses {
        let key = one.reached.full_name().to_lowercase();
        match encrypted.fields.get(&key) {
            Some(own) if kind == Kind::SharingRule || own.scheme == Scheme::Probabilistic => {
                used.push((own, one.place.clone()));
            }
            Some(_) => {}
            None => {
                if let Some(name) = encrypted.absent.get(&key) {
                    out.unknown(
                        format!("the scheme of `{name}`, which the bundle wants encrypted: {does} it"),
                        format!("retrieve `CustomField:{name}`, or look at Setup > Encryption Policy > Encrypt Fields"),
                    );
                }
            }
        }
    }
    let Some((first, at)) = used.first() else { return };
    let mut fields: Vec<String> = Vec::new();
    for (own, _) in &used {
        if !fields.iter().any(|known| known == own.field.full_name()) {
            fields.push(own.field.full_name().to_owned());
        }
    }
    let are = if fields.len() > 1 { "which are" } else { "which is" };
    let message = format!("{does} {}, {are} encrypted: that does not work", shown(&fields));
    let scheme = Place::of(first.written.source(), first.written.span());
    let mut draft = Draft::new(component, at.clone(), message, kind.fix())
        .confidence(used.iter().map(|(own, _)| own.confidence).max().unwrap_or(Confidence::Medium))
        .related(scheme, "the scheme")
        .detail("use");
    for (own, at) in used.iter().skip(1).take(9) {
        draft = draft.related(at.clone(), format!("`{}` is used here too", own.field.full_name()));
    }
    out.found(draft.fields(fields));
}

/// Probabilistic encryption cannot keep values apart.
fn keys(cx: &Context<'_>, out: &mut Outcome) {
    for one in encryption::phi_fields(cx) {
        let Some((Scheme::Probabilistic, written)) = encryption::scheme(one.field) else { continue };
        let on = |path: &str| one.field.value(path).filter(|flag| flag.flag() == Some(true));
        let (unique, external) = (on("unique"), on("externalId"));
        let what = match (&unique, &external) {
            (Some(_), Some(_)) => "unique and an external id",
            (Some(_), None) => "unique",
            (None, Some(_)) => "an external id",
            (None, None) => continue,
        };
        let Some(at) = external.or(unique) else { continue };
        let name = one.field.full_name();
        let (scheme, why) = encryption::deterministic_of(one.field, &one.verdict);
        out.found(
            Draft::new(
                format!("CustomField:{name}"),
                cx.place(&at),
                format!("`{name}` is {what} and encrypted probabilistically, which does not go together"),
                format!("set `<encryptionScheme>{scheme}</encryptionScheme>` ({why}), or take the flag off"),
            )
            .confidence(one.verdict.confidence)
            .related(cx.place(&written), "the scheme")
            .detail("key")
            .field(name),
        );
    }
}
