//! A person account is an Account and a Contact of one person: whether their fields are sealed as the same data.

use super::Check;
use super::sealing::by_gateway;
use crate::bundle::classification::{FieldRule, ObjectRule};
use crate::model::twin;
use crate::place::At;
use crate::vocabulary::Bound;

const TWO_SUBJECTS: &str = "two-subjects";

pub(super) fn check(check: &mut Check<'_>) {
    let content = check.content;
    let object = |name: &str| content.objects.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
    if let Some((account, _)) = object("Account").filter(|(_, rule)| is_self(rule) && sealed(rule)) {
        hung_on_contacts(check, account);
    }
    let (Some((account, of_account)), Some((contact, of_contact))) = (object("Account"), object("Contact"))
    else {
        return;
    };
    let both_self = [of_account, of_contact].into_iter().all(is_self);
    let mut is_told = false;
    for (field, rules) in &of_account.fields.0 {
        let Some((_, name)) = twin("Account", field) else { continue };
        let other = of_contact.fields.0.iter().find(|(own, _)| own.eq_ignore_ascii_case(&name));
        let Some((other, others)) = other else { continue };
        let shown = format!("{}.{}", account.value, field.value);
        let other_shown = format!("{}.{}", contact.value, other.value);
        match (rules.iter().any(by_gateway), others.iter().any(by_gateway)) {
            (true, false) => half_sealed(check, &other_shown, other, &shown),
            (false, true) => half_sealed(check, &shown, field, &other_shown),
            (true, true) if rules.iter().any(of_key) && others.iter().any(of_key) => {
                let message = format!(
                    "`{other_shown}` and `{shown}` are the same data of a person account, each sealed for whom a key of its own object names: one person is two"
                );
                let help = format!(
                    "one of the two would outlive `keys shred --key`: leave `{other_shown}` out, then `{shown}` and its key hold for both"
                );
                check.error(&other.place, TWO_SUBJECTS, message, help);
            }
            (true, true) if both_self && rules.iter().any(of_person) && others.iter().any(of_person) => {
                is_told = true;
                let message = format!(
                    "`{other_shown}` and `{shown}` are the same data of a person account, sealed for the contact here and for the account there"
                );
                let help = format!(
                    "one of the two would outlive `keys shred`: leave `{other_shown}` out, then `{shown}` holds for both, or give `{}` `subject: AccountId`, or `{}` `subject: PersonContactId`",
                    contact.value, account.value
                );
                check.error(&other.place, TWO_SUBJECTS, message, help);
            }
            _ => {}
        }
    }
    // Other fields of the same people, some sealed for the account and some for the contact.
    if both_self && !is_told && sealed(of_account) && sealed(of_contact) {
        let message = format!(
            "fields of `{}` are sealed for the contact and fields of `{}` for the account, who are one person in a person account",
            contact.value, account.value
        );
        let help = format!(
            "give `{}` `subject: AccountId` if its records are person accounts; otherwise `keys shred` needs both ids",
            contact.value
        );
        check.warn(&contact.place, TWO_SUBJECTS, message, help);
    }
}

/// Objects whose records are sealed for the contact at the end of a look-up, where people are sealed as accounts.
fn hung_on_contacts(check: &mut Check<'_>, account: &At<String>) {
    let content = check.content;
    for (name, rule) in content.objects.iter().filter(|(_, rule)| sealed(rule)) {
        let Some(subject) = &rule.subject else { continue };
        let last = subject.as_str().rsplit('.').next().unwrap_or_default().to_ascii_lowercase();
        if !matches!(last.as_str(), "contactid" | "contact__c" | "personcontactid") {
            continue;
        }
        let message = format!(
            "`{}` is sealed for the contact that `{}` leads to, and `{}` for the account: one person of a person account is two",
            name.value,
            subject.as_str(),
            account.value
        );
        let help = format!(
            "what hangs on the contact would outlive `keys shred`: lead on to the account, as `Contact.AccountId` or `Contact__r.AccountId` does, or give `{}` `subject: PersonContactId`",
            account.value
        );
        check.warn(&name.place, TWO_SUBJECTS, message, help);
    }
}

/// Whether fields of an object are sealed for a person.
fn sealed(object: &ObjectRule) -> bool {
    object.fields.0.iter().any(|(_, rules)| rules.iter().any(|rule| by_gateway(rule) && of_person(rule)))
}

fn is_self(object: &ObjectRule) -> bool {
    object.subject.as_ref().is_some_and(|subject| subject.as_str() == "self")
}

/// Whether tokens are bound to whom a key names.
fn of_key(rule: &FieldRule) -> bool {
    let bind = rule.seal.as_ref().and_then(|seal| seal.bind.as_ref());
    by_gateway(rule) && bind.is_some_and(|bind| bind.value == Bound::Key)
}

/// Whether tokens are bound to the person, in an object that has one.
fn of_person(rule: &FieldRule) -> bool {
    let bind = rule.seal.as_ref().and_then(|seal| seal.bind.as_ref());
    bind.is_none_or(|bind| bind.value == Bound::Subject)
}

/// A line of its own takes a field away from what its twin's says.
fn half_sealed(check: &mut Check<'_>, shown: &str, field: &At<String>, sealed: &str) {
    let message = format!(
        "`{shown}` is the same data of a person account as `{sealed}`, and the gateway seals that one alone"
    );
    let help = format!(
        "leave `{shown}` out, then `{sealed}` holds for both, or seal both by one `seal: {{id: ...}}`"
    );
    check.error(&field.place, "half-sealed", message, help);
}
