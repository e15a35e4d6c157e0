//! What the gateway is told to seal and to index: whether it can, and whether it stays safe.

use std::collections::BTreeMap;

use super::Check;
use crate::bundle::classification::{FEWEST_INDEXED, FieldRule, Index, ObjectRule, Seal};
use crate::compound;
use crate::model::twin;
use crate::place::{At, Place};
use crate::vocabulary::{Bound, Identifier, IndexForm, Mask, Protect, SealedName, Search, StandIn};

/// Fields that hold what another one's value became, lower case, and which one's.
type Taken<'a> = BTreeMap<String, &'a At<String>>;

pub(super) fn check(check: &mut Check<'_>) {
    let content = check.content;
    let mut ids: BTreeMap<String, (String, String)> = BTreeMap::new();
    for (object_name, object) in &content.objects {
        if let Some(default) = &object.default {
            let places = [
                default.seal.as_ref().map(|seal| &seal.place),
                default.index.as_ref().map(|index| &index.place),
                default.protect.as_ref().filter(|_| by_gateway(default)).map(|protect| &protect.place),
            ];
            if let Some(place) = places.into_iter().flatten().next() {
                let message =
                    format!("the default of `{}` seals fields that nobody named", object_name.value);
                let help =
                    "say it of each field, by its name: a default would seal lookups, and who a row is of";
                check.error(place, "seal-of-default", message, help);
            }
        }
        let mut taken = Taken::new();
        for (field, rules) in &object.fields.0 {
            let shown = format!("{}.{}", object_name.value, field.value);
            let owns = [&object.subject, &object.region].into_iter().flatten();
            let is_owner = field.eq_ignore_ascii_case("Id")
                || owns.map(|path| path.as_str()).any(|path| path.eq_ignore_ascii_case(field))
                || object.fields.0.iter().flat_map(|(_, rules)| rules.iter()).any(|rule| {
                    let key = rule.seal.as_ref().and_then(|seal| seal.key.as_ref());
                    key.is_some_and(|key| key.as_str().eq_ignore_ascii_case(field))
                });
            if is_owner && rules.iter().any(by_gateway) {
                let message = format!("`{shown}` says whose a row is, and is to be sealed");
                check.error(
                    &field.place,
                    "sealed-owner",
                    message,
                    "take `protect` away: what it opens hangs on it",
                );
            }
            if is_compound(&object_name.value, field) && rules.iter().any(by_gateway) {
                let message = format!("`{shown}` is to be sealed, and Salesforce keeps it in parts");
                check.error(
                    &field.place,
                    "sealed-compound",
                    message,
                    "name the parts that are sealed: `MailingStreet`",
                );
            }
            for rule in rules.iter() {
                let sealing = Sealing { object, field, shown: &shown, rule };
                sealing.check(check, &mut taken);
                if let Some(id) = rule.seal.as_ref().and_then(|seal| seal.id.as_ref()) {
                    own_id(check, id, &object_name.value, &field.value, &mut ids);
                }
            }
            if !rules.iter().all(|rule| rules.iter().all(|other| same(rule, other))) {
                let message = format!("the rules of `{shown}` seal it in several ways");
                check.error(
                    &field.place,
                    "ambiguous-seal",
                    message,
                    "give all of them the same `seal` and `index`",
                );
            }
        }
        for (name, by) in &taken {
            let sealed = object
                .fields
                .0
                .iter()
                .find(|(field, rules)| field.eq_ignore_ascii_case(name) && rules.iter().any(by_gateway));
            if let Some((field, _)) = sealed
                && field.value != by.value
            {
                let message =
                    format!("`{}` holds what `{}` became, and is to be sealed itself", field.value, by.value);
                check.error(
                    &field.place,
                    "sealed-companion",
                    message,
                    "take `protect` away: tokens and digests are not sealed again",
                );
            }
        }
    }
}

fn same(rule: &FieldRule, other: &FieldRule) -> bool {
    rule.seal == other.seal && rule.index == other.index
}

pub(super) fn by_gateway(rule: &FieldRule) -> bool {
    matches!(rule.protect.as_ref().map(|own| own.value), Some(Protect::Gateway | Protect::Both))
}

/// Whether the digits of a value are what tells, and others are nobody's to be called.
const fn has_number(kind: Identifier) -> bool {
    matches!(
        kind,
        Identifier::Ssn
            | Identifier::Mrn
            | Identifier::HealthPlan
            | Identifier::Account
            | Identifier::Licence
            | Identifier::Device
    )
}

/// Fields of one id would open each other's tokens, unless they are one field by two names.
fn own_id(
    check: &mut Check<'_>,
    id: &At<SealedName>,
    object: &str,
    field: &str,
    ids: &mut BTreeMap<String, (String, String)>,
) {
    let own = (object.to_ascii_lowercase(), field.to_ascii_lowercase());
    let Some(other) = ids.get(id.as_str()) else {
        ids.insert(id.to_string(), own);
        return;
    };
    let is_twin = twin(&own.0, &own.1).is_some_and(|twin| twin == *other);
    if *other != own && !is_twin {
        let message = format!("`{}` is what tokens call another field already", id.value);
        check.error(
            &id.place,
            "duplicate-id",
            message,
            "each field has an id of its own: one would open the other's tokens",
        );
    }
}

struct Sealing<'a, 'r> {
    object: &'a ObjectRule,
    field: &'a At<String>,
    shown: &'r str,
    rule: &'a FieldRule,
}

/// Whether a field is one that nobody writes as a whole. The name of an account may be a business's, which has no parts.
fn is_compound(object: &str, field: &str) -> bool {
    let (object, field) = (object.to_ascii_lowercase(), field.to_ascii_lowercase());
    let is_business = object == "account" && field == "name";
    !field.ends_with("__c") && !is_business && !compound::parts_of(&object, &field).is_empty()
}

impl<'a> Sealing<'a, '_> {
    fn check(&self, check: &mut Check<'_>, taken: &mut Taken<'a>) {
        let shown = self.shown;
        let places = [
            self.rule.seal.as_ref().map(|seal| &seal.place),
            self.rule.index.as_ref().map(|index| &index.place),
        ];
        if let Some(place) = places.into_iter().flatten().next()
            && !by_gateway(self.rule)
        {
            let message = format!("`{shown}` says how the gateway seals it, and the gateway does not");
            check.error(place, "seal-without-gateway", message, "add `protect: gateway` or `protect: both`");
        }
        if let Some(seal) = &self.rule.seal {
            self.seal(check, seal, taken);
        }
        match &self.rule.index {
            Some(index) => self.index(check, index, taken),
            None if by_gateway(self.rule) => {
                let asked = self.rule.search.as_ref().filter(|search| search.value == Search::Equality);
                if let Some(search) = asked {
                    let message = format!(
                        "`{shown}` is to be found by equality, and nothing says where its index stands"
                    );
                    let help = "add `index: {field: ..., values: ...}`: until then the gateway refuses such searches";
                    check.warn(&search.place, "search-without-index", message, help);
                }
            }
            None => {}
        }
    }

    fn seal(&self, check: &mut Check<'_>, seal: &'a Seal, taken: &mut Taken<'a>) {
        let shown = self.shown;
        match (&seal.bind, &seal.key) {
            (Some(bind), None) if bind.value == Bound::Key => {
                let message =
                    format!("tokens of `{shown}` are bound to a key of the record, and none is named");
                check.error(&bind.place, "missing-key", message, "add `key:` with the external id field");
            }
            (bind, Some(key)) if bind.as_ref().is_none_or(|bind| bind.value != Bound::Key) => {
                let message = format!("`{shown}` names a key that its tokens are not bound to");
                check.error(&key.place, "unused-key", message, "add `bind: key`, or leave `key` out");
            }
            (Some(bind), _) if bind.value == Bound::Subject && self.object.subject.is_none() => {
                let message =
                    format!("tokens of `{shown}` are bound to the person, and nothing says who that is");
                check.error(
                    &bind.place,
                    "missing-subject",
                    message,
                    "add `subject` to the object, or bind to a `key` or the `field`",
                );
            }
            _ => {}
        }
        if let Some(field) = &seal.field {
            self.companion(check, field.as_str(), &field.place, taken);
        }
        let Some(leave) = &seal.leave else { return };
        if seal.field.is_none() {
            let message = format!("`{shown}` says what it is left with, and its token stands in itself");
            check.error(
                &leave.place,
                "stand-in-without-field",
                message,
                "add `field:` with the field that holds the token",
            );
        }
        let kind = self.rule.identifier.as_ref().map(|identifier| identifier.value);
        let mask = self.rule.mask.as_ref().map(|mask| mask.value);
        let fits = match leave.value {
            StandIn::Nothing => true,
            StandIn::Mask => mask.is_some_and(|mask| mask != Mask::None),
            StandIn::Shifted => matches!(kind, Some(Identifier::Date)),
            StandIn::Digits => matches!(kind, Some(kind) if has_number(kind)),
            StandIn::Surrogate => !matches!(kind, None | Some(Identifier::Clinical)),
        };
        if !fits {
            let message = format!("`{shown}` cannot be left with `{}`", leave.value);
            let help = "`shifted` is for `identifier: date`; `digits` for `ssn`, `mrn`, `health-plan`, `account`, `licence` \
                        and `device`; `surrogate` for every identifier but `clinical`; and `mask` needs a `mask` that hides";
            check.error(&leave.place, "stand-in-does-not-fit", message, help);
        }
        let is_made = matches!(leave.value, StandIn::Shifted | StandIn::Digits | StandIn::Surrogate);
        let has_person = match &seal.bind {
            Some(bind) => bind.value != Bound::Field,
            None => self.object.subject.is_some(),
        };
        if is_made && !has_person {
            let message = format!("`{shown}` is left with `{}`, and nothing says whose it is", leave.value);
            let help =
                "without a person all have the same stand-in for the same value: bind it, or leave `nothing`";
            check.error(&leave.place, "stand-in-of-nobody", message, help);
        }
    }

    fn index(&self, check: &mut Check<'_>, index: &'a Index, taken: &mut Taken<'a>) {
        let shown = self.shown;
        if self.rule.search.as_ref().is_none_or(|search| search.value != Search::Equality) {
            let message = format!("`{shown}` has an index and is not to be searched");
            check.error(
                &index.place,
                "index-without-search",
                message,
                "add `search: equality`, or leave `index` out",
            );
        }
        if index.values.value < FEWEST_INDEXED {
            let message =
                format!("`{shown}` has too few different values for an index: fewer than {FEWEST_INDEXED}");
            let help =
                "whoever counts how often each digest stands there knows the values: leave `index` out";
            check.error(&index.values.place, "index-of-few-values", message, help);
        }
        if let Some(bits) = &index.bits
            && !((32..=256).contains(&bits.value) && bits.value.is_multiple_of(4))
        {
            let message = format!("an index of {} bits", bits.value);
            check.error(&bits.place, "bad-bits", message, "write 32 to 256, a multiple of 4");
        }
        let is_phone = match &index.form {
            Some(form) => form.value == IndexForm::Phone,
            None => matches!(
                self.rule.identifier.as_ref().map(|i| i.value),
                Some(Identifier::Phone | Identifier::Fax)
            ),
        };
        if let (Some(country), false) = (&index.country, is_phone) {
            let message = format!("`{shown}` names a calling code and is indexed as no phone number");
            check.error(&country.place, "unused-key", message, "add `form: phone`, or leave `country` out");
        }
        self.companion(check, index.field.as_str(), &index.field.place, taken);
    }

    /// A field that holds what this one became holds nothing else.
    fn companion(&self, check: &mut Check<'_>, name: &str, place: &Place, taken: &mut Taken<'a>) {
        let lower = name.to_ascii_lowercase();
        let other = match taken.get(&lower) {
            _ if self.field.eq_ignore_ascii_case(name) => Some("the field itself".to_owned()),
            Some(other) if !other.eq_ignore_ascii_case(self.field) => {
                Some(format!("what `{}` became", other.value))
            }
            // The same field's other rule names it too; within one rule, token and digest are two fields.
            Some(_) => {
                let seal = self.rule.seal.as_ref().and_then(|seal| seal.field.as_ref());
                let index = self.rule.index.as_ref().map(|index| &index.field);
                let both = seal.zip(index).is_some_and(|(a, b)| a.as_str().eq_ignore_ascii_case(b.as_str()));
                both.then(|| "its own token and digest".to_owned())
            }
            None => None,
        };
        if let Some(other) = other {
            let message = format!("`{name}` already holds {other}");
            check.error(place, "shared-companion", message, "name a text field of its own");
        }
        taken.entry(lower).or_insert(self.field);
    }
}
