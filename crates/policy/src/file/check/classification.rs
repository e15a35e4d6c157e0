use std::collections::BTreeMap;

use super::Check;
use crate::bundle::classification::FieldRule;
use crate::file::record::clipped;
use crate::place::{At, Place};
use crate::vocabulary::{Identifier, Mask, Protect, Search, Tag};

pub(super) fn check(check: &mut Check<'_>) {
    let content = check.content;
    let mut seen: BTreeMap<String, &At<String>> = BTreeMap::new();
    for (name, object) in &content.objects {
        match seen.get(&name.to_ascii_lowercase()) {
            Some(first) => super::super::duplicate(first, name, "object", check.problems),
            None => {
                seen.insert(name.to_ascii_lowercase(), name);
            }
        }
        api_name(check, name);
        let says_whose = object.subject.is_some() || object.patients.is_some();
        if object.default.is_none() && object.fields.0.is_empty() && !says_whose {
            let message = format!("the object `{}` has neither fields nor a default", name.value);
            check.error(&object.place, "empty-rule", message, "add `fields`, `default` or both");
        }
        if let Some(default) = &object.default {
            field(check, name, "the default", default);
        }
        let mut fields: BTreeMap<String, &At<String>> = BTreeMap::new();
        for (field_name, rules) in &object.fields.0 {
            match fields.get(&field_name.to_ascii_lowercase()) {
                // The same spelling is a duplicate key of the YAML, told there.
                Some(first) if first.value == field_name.value => {}
                Some(first) => super::super::duplicate(first, field_name, "field", check.problems),
                None => {
                    fields.insert(field_name.to_ascii_lowercase(), field_name);
                }
            }
            api_name(check, field_name);
            if rules.0.is_empty() {
                let message =
                    format!("the field `{}.{}` has an empty list of rules", name.value, field_name.value);
                check.error(&field_name.place, "empty-rule", message, "give it at least a class");
            }
            let open = rules.iter().filter(|rule| rule.when.is_none()).count();
            if rules.0.len() > 1 && open > 1 {
                let message =
                    format!("two rules of `{}.{}` hold for every record", name.value, field_name.value);
                check.error(
                    &field_name.place,
                    "ambiguous-rules",
                    message,
                    "give all but one of them a `when`",
                );
            }
            for rule in rules.iter() {
                field(check, name, &field_name.value, rule);
            }
        }
        let fields = object.fields.0.iter().flat_map(|(field, rules)| {
            rules.iter().map(move |rule| (field.value.as_str(), rule.class.value))
        });
        let default = object.default.iter().map(|default| ("its default", default.class.value));
        let phi: Vec<&str> =
            default.chain(fields).filter(|(_, class)| class.is_phi()).map(|(named, _)| named).collect();
        let has_phi = !phi.is_empty();
        if let Some(patients) = object.patients.as_ref().filter(|patients| !patients.value && has_phi) {
            let named = several(&phi);
            let message =
                format!("`{}` has PHI ({named}), and the bundle says that it keeps no patients", name.value);
            let help = "take `patients: false` away, or class what is named `pii` or `internal`";
            check.error(&patients.place, "no-patients", message, help);
        }
        let of_all = content.organisation.as_ref().and_then(|organisation| organisation.patients.as_ref());
        if has_phi
            && object.patients.is_none()
            && object.subject.is_none()
            && of_all.is_some_and(|patients| !patients.value)
        {
            let named = several(&phi);
            let message = format!(
                "`{}` has PHI ({named}), and the bundle says that the organisation keeps no patients",
                name.value
            );
            let help = "say `patients: true` of the object, or class what is named `pii` or `internal`";
            check.error(&name.place, "no-patients", message, help);
        }
        let is_told = object.patients.as_ref().is_some_and(|patients| patients.value);
        if object.subject.is_none() && has_phi && !is_told {
            let message = format!("nothing says whose data `{}` holds", name.value);
            let help = "add `subject`: the field path to the person, `self`, or `patients: true` where no field leads there";
            check.warn(&name.place, "missing-subject", message, help);
        }
    }
    unseen(check);
}

/// What somebody took as it was proposed: one warning for whoever did it, and when, at the first line of it.
fn unseen(check: &mut Check<'_>) {
    let content = check.content;
    let mut taken: BTreeMap<String, (&Place, usize, usize)> = BTreeMap::new();
    for (_, object) in &content.objects {
        let fields = object.fields.0.iter().flat_map(|(_, rules)| rules.iter()).chain(&object.default);
        let fields = fields.filter_map(|rule| rule.unseen.as_ref()).map(|unseen| (unseen, 0, 1));
        for (unseen, objects, fields) in object.unseen.iter().map(|unseen| (unseen, 1, 0)).chain(fields) {
            let own = taken.entry(unseen.value.to_string()).or_insert((&unseen.place, 0, 0));
            own.1 += objects;
            own.2 += fields;
        }
    }
    for (how, (place, objects, fields)) in taken {
        let message = format!(
            "nobody has judged {} of objects and {} of fields: {how}",
            counted(objects),
            counted(fields)
        );
        let help = "look at each and take `unseen` away, or decide it in a sheet of `phiward classify` and bring it back by `--from`";
        check.warn(place, "accepted-unseen", message, help);
    }
}

fn counted(lines: usize) -> String {
    if lines == 1 { "1 line".to_owned() } else { format!("{lines} lines") }
}

/// The first of them, and how many more there are.
fn several(names: &[&str]) -> String {
    const SHOWN: usize = 3;
    let shown: Vec<String> = names.iter().take(SHOWN).map(|name| clipped(name)).collect();
    match names.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn api_name(check: &mut Check<'_>, name: &At<String>) {
    let valid = name.len() <= 80
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !valid {
        let shown = clipped(&name.value);
        let message = format!("`{shown}` is not an API name");
        check.error(&name.place, "bad-name", message, "write the API name: letters, digits, underscores");
    }
}

fn field(check: &mut Check<'_>, object: &At<String>, name: &str, rule: &FieldRule) {
    let class = rule.class.value;
    let shown = format!("{}.{name}", object.value);
    if let (false, Some(tag)) = (class.is_phi(), rule.tags.first()) {
        let message = format!("`{shown}` is {class} and tagged `{}`", tag.value);
        check.error(&tag.place, "tag-without-phi", message, "tags are for `phi` and `phi-sensitive`");
    }
    let needs_sensitive = rule.tags.iter().find(|tag| matches!(tag.value, Tag::Part2 | Tag::Psychotherapy));
    if let (crate::vocabulary::Class::Phi, Some(tag)) = (class, needs_sensitive) {
        let message = format!("`{shown}` is tagged `{}` and classed `phi` only", tag.value);
        check.warn(
            &rule.class.place,
            "class-too-low",
            message,
            "make it `phi-sensitive`: law of its own holds",
        );
    }
    if let (false, Some(identifier)) = (class.is_personal(), &rule.identifier)
        && identifier.value != Identifier::Url
    {
        let message = format!("`{shown}` identifies a person ({}) and is classed {class}", identifier.value);
        check.error(&identifier.place, "class-too-low", message, "make it `pii` or `phi`");
    }
    let protect = rule.protect.as_ref().map_or(Protect::None, |protect| protect.value);
    if let Some(search) = &rule.search
        && search.value == Search::Equality
        && protect == Protect::None
    {
        let message = format!("`{shown}` says how it is searched while encrypted, and is not encrypted");
        let help = "leave `search` out, or protect it: by the platform's deterministic scheme or by the gateway's index";
        check.error(&search.place, "search-without-encryption", message, help);
    }
    if let Some(mask) = &rule.mask {
        let fits = match mask.value {
            Mask::None | Mask::Last4 => true,
            Mask::Initials => {
                matches!(rule.identifier.as_ref().map(|i| i.value), None | Some(Identifier::Name))
            }
            Mask::Year => matches!(rule.identifier.as_ref().map(|i| i.value), None | Some(Identifier::Date)),
            Mask::Zip3 => {
                matches!(rule.identifier.as_ref().map(|i| i.value), None | Some(Identifier::Geographic))
            }
            Mask::EmailDomain => {
                matches!(rule.identifier.as_ref().map(|i| i.value), None | Some(Identifier::Email))
            }
        };
        if !fits {
            let kind = rule.identifier.as_ref().map_or("", |identifier| identifier.value.as_str());
            let message = format!("the mask `{}` does not fit `{shown}`, a {kind}", mask.value);
            check.error(&mask.place, "mask-does-not-fit", message, "use a mask made for it, or last4");
        }
    }
}
