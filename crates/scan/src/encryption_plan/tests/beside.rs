//! The fields beside the planned one, and what the bundle would have to say.

use source::Source;

use super::*;

const BUNDLE: &str = "version: 1\norganisation: {name: Clinic, roles: [covered-entity]}\nregions: [us]\n";

/// What is said of sealing a text of eleven characters beside this classification.
fn gateway(object: &str, field: &str, classification: &str) -> Gateway {
    let (kept_on, kept_as) = match field.strip_suffix("__pc") {
        Some(stem) => ("Contact", format!("{stem}__c")),
        None => (object, field.to_owned()),
    };
    let body = SSN.replace("SSN__c", &kept_as);
    let folder = project(&[(&field_file(kept_on, &kept_as), "CustomField", &body)]);
    let sources = [("phiward.yaml", BUNDLE), ("classification/patients.yaml", classification)];
    let (policy, _) = policy::read(sources.map(|(path, text)| Source::new(path, text)).into());
    let by = Question { by: For::Gateway, scheme: None };
    read(folder.path(), &format!("{object}.{field}"), &policy, by).unwrap().gateway.unwrap()
}

/// Where a field is made, what the object calls it, and whether the bundle names it.
fn of(new: Option<&NewField>) -> (String, Option<String>, bool) {
    let new = new.unwrap();
    let object = new.object.as_ref().map(|object| format!("{object}.")).unwrap_or_default();
    (format!("{object}{}", new.name), new.column.clone(), new.declared)
}

#[test]
fn names_of_the_bundle_come_first() {
    let said = "objects:\n  Patient__c:\n    subject: self\n    fields:\n      SSN__c: {class: phi, identifier: ssn, protect: \
                gateway, search: equality, seal: {id: ssn, field: Held__c}, index: {field: Found__c, values: 1000000}}\n";
    let all = gateway("Patient__c", "SSN__c", said);
    assert_eq!(of(all.companion.as_ref()), ("Held__c".to_owned(), None, true));
    assert_eq!(of(all.index.as_ref()), ("Found__c".to_owned(), None, true));
    assert_eq!(all.bundle, None, "it says all of it");
    // Of the same field by its other name, as that object has them.
    let said = said.replace("Patient__c", "Contact");
    let twin = gateway("Account", "SSN__pc", &said);
    let held = ("Contact.Held__c".to_owned(), Some("Held__pc".to_owned()), true);
    assert_eq!((of(twin.companion.as_ref()), twin.bundle), (held, None));
    let said = said.replace("Contact", "Account").replace("__c", "__pc");
    let twin = gateway("Contact", "SSN__c", &said);
    assert_eq!(of(twin.companion.as_ref()), ("Held__c".to_owned(), None, true));
}

#[test]
fn a_person_accounts_fields_stand_on_the_contact() {
    let none = gateway("Account", "SSN__pc", "objects: {}\n");
    let token = ("Contact.SSN_token__c".to_owned(), Some("SSN_token__pc".to_owned()), false);
    let digest = ("Contact.SSN_bix__c".to_owned(), Some("SSN_bix__pc".to_owned()), false);
    assert_eq!((of(none.companion.as_ref()), of(none.index.as_ref())), (token, digest));
    let own = gateway("Account", "SSN__c", "objects: {}\n");
    assert_eq!(of(own.companion.as_ref()), ("SSN_token__c".to_owned(), None, false));
}

#[test]
fn what_the_bundle_would_have_to_say_is_a_bundle() {
    for (object, field) in [("Account", "SSN__pc"), ("Patient__c", "SSN__c")] {
        let proposed = gateway(object, field, "objects: {}\n").bundle.unwrap();
        assert!(proposed.contains("# subject: "), "{proposed}");
        // As somebody fills it in.
        let filled =
            proposed.replace("# subject: the field that leads to the person, or self.", "subject: self #");
        let filled =
            filled.replace("        # search", "        search").replace("        # index", "        index");
        let filled = filled.replace("NUMBER", "1000000");
        let sources = [("phiward.yaml", BUNDLE), ("classification/patients.yaml", filled.as_str())];
        let (policy, problems) = policy::read(sources.map(|(path, text)| Source::new(path, text)).into());
        let of_field = policy.class_of(object, field).unwrap();
        assert!(of_field.seal().is_some() && of_field.index().is_some(), "{filled}");
        let errors: Vec<_> = problems.iter().map(ToString::to_string).collect();
        assert!(!errors.iter().any(|error| error.contains("classification/")), "{errors:?}\n{filled}");
        // Once it says so, nothing is proposed.
        assert_eq!(gateway(object, field, &filled).bundle, None);
    }
    // What it says already stays.
    let said = "objects:\n  Patient__c:\n    subject: self\n    fields:\n      SSN__c: {class: phi, identifier: ssn, protect: \
                gateway, seal: {id: own-name}}\n";
    let proposed = gateway("Patient__c", "SSN__c", said).bundle.unwrap();
    assert!(proposed.contains("seal: {id: own-name, field: SSN_token__c}"), "{proposed}");
    assert!(!proposed.contains("# subject"), "{proposed}");
}
