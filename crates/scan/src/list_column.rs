//! The columns and filters of list views, by the field that they are about.

use sfdx::Project;
use sfdx::views::ListView;

use crate::field_path::{self, Reached};

/// Salesforce's own names in list views that are about a person: object, column, field.
const COLUMNS: [(&str, &str, &str); 34] = [
    ("Account", "ACCOUNT.NAME", "Name"),
    ("Account", "ACCOUNT.PHONE1", "Phone"),
    ("Account", "ACCOUNT.PHONE2", "Fax"),
    ("Account", "ACCOUNT.ADDRESS1_STREET", "BillingStreet"),
    ("Account", "ACCOUNT.ADDRESS1_CITY", "BillingCity"),
    ("Account", "ACCOUNT.ADDRESS1_ZIP", "BillingPostalCode"),
    ("Account", "ACCOUNT.ADDRESS2_STREET", "ShippingStreet"),
    ("Account", "ACCOUNT.ADDRESS2_CITY", "ShippingCity"),
    ("Account", "ACCOUNT.ADDRESS2_ZIP", "ShippingPostalCode"),
    ("Account", "PC_ADDRESS2_STREET", "PersonMailingStreet"),
    ("Account", "PC_ADDRESS2_CITY", "PersonMailingCity"),
    ("Account", "PC_ADDRESS2_ZIP", "PersonMailingPostalCode"),
    ("Account", "PC_BIRTHDATE", "PersonBirthdate"),
    ("Account", "PC_EMAIL", "PersonEmail"),
    ("Account", "PC_FIRST_NAME", "FirstName"),
    ("Account", "PC_LAST_NAME", "LastName"),
    ("Account", "PC_PHONE3", "PersonMobilePhone"),
    ("Contact", "FULL_NAME", "Name"),
    ("Contact", "NAME", "Name"),
    ("Contact", "CONTACT.FIRST_NAME", "FirstName"),
    ("Contact", "CONTACT.LAST_NAME", "LastName"),
    ("Contact", "CONTACT.EMAIL", "Email"),
    ("Contact", "CONTACT.PHONE1", "Phone"),
    ("Contact", "CONTACT.PHONE3", "MobilePhone"),
    ("Contact", "CONTACT.BIRTHDATE", "Birthdate"),
    ("Contact", "CONTACT.ADDRESS2_STREET", "MailingStreet"),
    ("Lead", "FULL_NAME", "Name"),
    ("Lead", "LEAD.EMAIL", "Email"),
    ("Lead", "LEAD.PHONE", "Phone"),
    ("Case", "CASES.SUBJECT", "Subject"),
    ("Case", "CASES.DESCRIPTION", "Description"),
    ("Case", "NAME", "ContactId"),
    ("Task", "SUBJECT", "Subject"),
    ("Event", "SUBJECT", "Subject"),
];

/// The field that a column or filter of a list view of `object` is about. Nothing where its name does not say.
pub(crate) fn field(project: &Project, object: &str, column: &str) -> Option<Reached> {
    let own = |field: &str| Reached { object: object.to_owned(), field: field.to_owned() };
    let of_salesforce = COLUMNS
        .iter()
        .find(|(of, name, _)| of.eq_ignore_ascii_case(object) && name.eq_ignore_ascii_case(column));
    if let Some((_, _, field)) = of_salesforce {
        return Some(own(field));
    }
    if column == "NAME" {
        return Some(own("Name"));
    }
    let is_shouted = column.chars().all(|c| c.is_ascii_uppercase() || matches!(c, '.' | '_' | '0'..='9'));
    // `CORE.USERS.ALIAS` and the like are of nobody that is meant here.
    if is_shouted {
        return None;
    }
    let path = column.strip_prefix(object).and_then(|rest| rest.strip_prefix('.')).unwrap_or(column);
    Some(field_path::follow(project, object, path))
}

/// Who sees the view, where that is everybody of a kind.
pub(crate) fn everyone(view: ListView<'_>) -> Option<&'static str> {
    let Some(shared) = view.shared_to() else { return Some("everyone who can open the tab") };
    shared.targets().find_map(|(kind, _)| match kind {
        "allInternalUsers" => Some("all internal users"),
        "allPartnerUsers" | "allPrmUsers" => Some("all partner users"),
        "allCustomerPortalUsers" | "allCspUsers" => Some("all customer portal users"),
        "portalRole" | "portalRoleAndSubordinates" => Some("a portal role"),
        "guestUser" => Some("guests"),
        _ => None,
    })
}
