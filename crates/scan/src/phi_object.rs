//! An object whose records hold PHI, as findings speak of it.

use std::collections::BTreeSet;

use journal::Confidence;
use policy::vocabulary::Identifier;

use crate::Context;
use crate::classification::{Evidence, words};

/// What makes an object one of PHI, and how sure that is.
#[derive(Debug, Clone)]
pub(crate) struct PhiObject {
    /// As the source writes it, where it does.
    pub(crate) name: String,
    /// That of its surest PHI field.
    pub(crate) confidence: Confidence,
    /// `Object.Field` of the PHI fields that are known by name, those of the source first.
    pub(crate) fields: Vec<String>,
}

impl PhiObject {
    /// Nothing where records of the object are not known to hold PHI.
    pub(crate) fn of(cx: &Context<'_>, name: &str) -> Option<Self> {
        if !cx.is_phi_object(name) {
            return None;
        }
        let written = cx.project.object(name).map_or(name, |object| object.name());
        let by_default = cx
            .policy
            .object(name)
            .and_then(|object| object.default.as_ref())
            .is_some_and(|rule| rule.class.value.is_phi());
        let mut known = cx.classes.phi_fields(name);
        let full = |field: &str| format!("{written}.{field}");
        let in_source = |field: &str| cx.project.field(&full(field)).is_some();
        known.sort_by_key(|(field, verdict)| (!in_source(field), std::cmp::Reverse(verdict.confidence)));
        // What only the catalogue knows may not be in this org; an object that is about patients as a whole is.
        let whole = cx.classes.is_about_patients(name);
        let surest = known
            .iter()
            .map(|(field, verdict)| {
                let is_known_here = whole || verdict.evidence != Evidence::Catalogue || in_source(field);
                if is_known_here { verdict.confidence } else { verdict.confidence.min(Confidence::Medium) }
            })
            .max();
        Some(Self {
            name: written.to_owned(),
            confidence: if by_default { Confidence::High } else { surest.unwrap_or(Confidence::Medium) },
            fields: known.iter().map(|(field, _)| full(field)).collect(),
        })
    }

    /// Several objects that one change opens or closes, as one; nothing where there is none.
    pub(crate) fn together(objects: Vec<PhiObject>) -> Option<Self> {
        let names: Vec<&str> = objects.iter().map(|object| object.name.as_str()).collect();
        let name = names.join("` and `");
        let confidence = objects.iter().map(|object| object.confidence).max()?;
        Some(Self {
            name,
            confidence,
            fields: objects.into_iter().flat_map(|object| object.fields).collect(),
        })
    }

    /// `` `SSN__c`, `Birth_Date__c` and 4 more``, or words where no field is known by name.
    pub(crate) fn holds(&self) -> String {
        let names = self.fields.iter().map(|field| field.rsplit('.').next().unwrap_or(field));
        let shown: Vec<String> = names.take(3).map(|name| format!("`{name}`")).collect();
        match self.fields.len().saturating_sub(shown.len()) {
            _ if shown.is_empty() => "patients' data, in fields that are not named".to_owned(),
            0 => shown.join(", "),
            more => format!("{} and {more} more", shown.join(", ")),
        }
    }
}

impl PhiObject {
    /// Whether the source describes the object and gives it no field: it holds nothing yet but its name.
    pub(crate) fn is_bare(&self, cx: &Context<'_>) -> bool {
        let described = cx.project.object(&self.name);
        self.name.ends_with("__c")
            && self.fields.is_empty()
            && described.is_some_and(|object| object.fields().next().is_none())
    }

    /// Whether nothing in a record tells whose it is: what it holds is of health alone and short, and nothing leads from it to
    /// a record of somebody. The answers of a questionnaire that a referral points to are such.
    pub(crate) fn is_of_nobody(&self, cx: &Context<'_>) -> bool {
        let known = cx.classes.phi_fields(&self.name);
        let Some(object) =
            cx.project.object(&self.name).filter(|_| self.name.ends_with("__c") && !known.is_empty())
        else {
            return false;
        };
        let is_long = |field: &str| {
            let kind =
                cx.project.field(&format!("{}.{field}", self.name)).and_then(|field| field.data_type());
            kind.is_none_or(|kind| {
                matches!(kind.as_str(), "LongTextArea" | "TextArea" | "Html" | "EncryptedText")
            })
        };
        let is_way = |field: sfdx::views::Field<'_>| {
            let is_reference = field.data_type().is_some_and(|kind| {
                ["Lookup", "MasterDetail", "Hierarchy"].iter().any(|way| kind.contains(way))
            });
            is_reference && !field.reference_to().all(|to| matches!(to.as_str(), "User" | "Group"))
        };
        known
            .iter()
            .all(|(field, verdict)| verdict.identifier == Some(Identifier::Clinical) && !is_long(field))
            && !object.fields().any(is_way)
    }

    /// Whether all that it holds of anybody is money, and the shares, prices and quantities that go with it: an amount of an order
    /// tells nothing of whoever gave it.
    fn is_of_amounts(&self, cx: &Context<'_>) -> bool {
        const OF_MONEY: [&str; 8] =
            ["discount", "price", "percent", "percentage", "quantity", "fee", "tax", "cost"];
        let Some(object) = cx.project.object(&self.name) else { return false };
        let kind = |field: &str| cx.project.field(&format!("{}.{field}", self.name))?.data_type();
        let is_money = |field: &str| kind(field).is_some_and(|kind| kind.as_str() == "Currency");
        let is_beside = |field: &str| {
            kind(field).is_some_and(|kind| matches!(kind.as_str(), "Number" | "Percent"))
                && words(field).iter().all(|word| {
                    OF_MONEY.contains(&word.as_str())
                        || matches!(word.as_str(), "sales" | "marketing" | "total" | "unit")
                })
        };
        let is_personal = |field: &str| cx.classes.field(&self.name, field).class.is_personal();
        let known = cx.classes.phi_fields(&self.name);
        let all = known.iter().map(|(field, _)| field.clone());
        let others = object.fields().map(|field| field.name().to_owned()).filter(|field| is_personal(field));
        known.iter().any(|(field, _)| is_money(field))
            && all.chain(others).all(|field| is_money(&field) || is_beside(&field))
    }

    /// Whether all that it holds of a patient is a number or code that the organisation gave: no name, no date, nothing of
    /// health, and nobody who has not the list behind it knows whose it is.
    pub(crate) fn is_number_alone(&self, cx: &Context<'_>) -> bool {
        const NUMBERS: [&str; 7] = ["number", "no", "nr", "id", "code", "key", "identifier"];
        let known = cx.classes.phi_fields(&self.name);
        let is_number = |field: &str, identifier: Option<Identifier>| {
            let said = words(field);
            identifier == Some(Identifier::Other)
                && said.last().is_some_and(|last| NUMBERS.contains(&last.as_str()))
        };
        !known.is_empty() && known.iter().all(|(field, verdict)| is_number(field, verdict.identifier))
    }
}

/// Whether an object and its details hold amounts alone.
pub(crate) fn are_of_amounts(cx: &Context<'_>, object: &str, details: &BTreeSet<String>) -> bool {
    let own = cx.is_phi_object(object).then_some(object).into_iter();
    let mut all = own.chain(details.iter().map(String::as_str)).peekable();
    all.peek().is_some() && all.all(|name| PhiObject::of(cx, name).is_some_and(|phi| phi.is_of_amounts(cx)))
}

/// Whether it is one of Salesforce's objects that are not made for patients and that this org shows no use of: no field of its own, no line of code, no
/// flow.
pub(crate) fn is_unused(cx: &Context<'_>, name: &str) -> bool {
    const CORE: [&str; 7] = ["Account", "Contact", "Case", "Lead", "Task", "Event", "Opportunity"];
    let has_fields = |object: sfdx::views::Object<'_>| object.fields().any(|field| field.is_custom());
    let in_a_flow = || {
        let said = format!("<object>{name}</object>");
        cx.project.of_type("Flow").any(|flow| flow.root().source().text().contains(&said))
    };
    !name.contains("__")
        && !cx.classes.is_about_patients(name)
        && !CORE.iter().any(|core| core.eq_ignore_ascii_case(name))
        && cx.policy.object(name).is_none()
        && !cx.project.object(name).is_some_and(has_fields)
        && !cx.code().uses_object(name)
        && !in_a_flow()
}
