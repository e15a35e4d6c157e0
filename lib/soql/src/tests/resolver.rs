use super::query;
use crate::{Child, FieldGroup, Schema, Targets, parse_search, resolve, resolve_search};

struct Clinic;

impl Schema for Clinic {
    fn relationship(&self, object: &str, name: &str) -> Targets {
        let several = |names: &[&str]| Targets::Several(names.iter().map(|&name| name.to_owned()).collect());
        match (object.to_ascii_lowercase().as_str(), name.to_ascii_lowercase().as_str()) {
            ("contact" | "opportunity", "account") => Targets::One("Account".to_owned()),
            ("visit__c", "patient__r") => Targets::One("Contact".to_owned()),
            ("account", "parent") => Targets::One("Account".to_owned()),
            ("user", "profile") => Targets::One("Profile".to_owned()),
            ("event", "what") => several(&["Account", "Opportunity", "Visit__c"]),
            ("event", "who") => several(&["Contact", "Lead"]),
            _ => Targets::Unknown,
        }
    }

    fn child_relationship(&self, object: &str, name: &str) -> Option<Child> {
        let child =
            |object: &str, field: &str| Some(Child { object: object.to_owned(), field: field.to_owned() });
        match (object.to_ascii_lowercase().as_str(), name.to_ascii_lowercase().as_str()) {
            ("account", "contacts") => child("Contact", "AccountId"),
            ("contact", "visits__r") => child("Visit__c", "Patient__c"),
            ("account" | "contact", "events") => child("Event", "WhatId"),
            _ => None,
        }
    }

    fn fields(&self, object: &str, group: FieldGroup) -> Option<Vec<String>> {
        (object == "Contact" && group == FieldGroup::Custom)
            .then(|| vec!["SSN__c".to_owned(), "MRN__c".to_owned()])
    }
}

/// `Object|Object.Field`, with `?` for what is unknown or not certain.
fn resolved(text: &str) -> Vec<String> {
    let query = query(text);
    resolve(&query, &Clinic)
        .fields
        .iter()
        .map(|read| {
            let objects = if read.objects.is_empty() { "?".to_owned() } else { read.objects.join("|") };
            let sure = if read.certain || read.objects.is_empty() { "" } else { "?" };
            let field = read.field.as_deref().unwrap_or("*");
            let alias = if read.alias { "=" } else { "" };
            format!("{objects}{sure}.{alias}{field}")
        })
        .collect()
}

#[test]
fn paths_go_through_relationships() {
    assert_eq!(
        resolved(
            "SELECT Id, Account.Parent.Name, Owner.Name, CreatedBy.Profile.Name, RecordType.DeveloperName, X__r.Y__c FROM Contact"
        ),
        [
            "Contact.Id",
            "Account.Name",
            "User|Group.Name",
            "Profile.Name",
            "RecordType.DeveloperName",
            "?.Y__c"
        ]
    );
    assert_eq!(
        resolved(
            "SELECT Patient__r.Account.Name FROM Visit__c WHERE patient__R.SSN__c = 'x' ORDER BY Patient__r.Name"
        ),
        ["Account.Name", "Contact.SSN__c", "Contact.Name"]
    );
    // Not all owners have a profile, and the schema does not say which.
    assert_eq!(resolved("SELECT Owner.Profile.Name FROM Contact"), ["Profile?.Name"]);
}

#[test]
fn the_steps_name_the_relationships() {
    let query = query("SELECT Patient__r.Account.Name FROM Visit__c");
    let found = resolve(&query, &Clinic);
    let steps: Vec<_> = found.fields[0]
        .steps
        .iter()
        .map(|step| format!("{}.{}", step.objects.join("|"), step.relationship.as_deref().unwrap()))
        .collect();
    assert_eq!(steps, ["Visit__c.Patient__r", "Contact.Account"]);
}

#[test]
fn aliases_are_replaced() {
    assert_eq!(
        resolved(
            "SELECT a.Name, c.Email, Site FROM Account a, a.Contacts c WHERE A.Parent.Name = 'x' AND C.Account.Name = 'y'"
        ),
        ["Account.Name", "Contact.Email", "Account.Site", "Account.Name", "Account.Name"]
    );
    assert_eq!(
        resolved("SELECT c.Name, a.Name FROM Contact c, c.Account a"),
        ["Contact.Name", "Account.Name"]
    );
    assert_eq!(
        resolved("SELECT Contact.Name, Contact.Account.Name FROM Contact"),
        ["Contact.Name", "Account.Name"]
    );
    assert_eq!(
        resolved("SELECT Name n, MAX(Age__c) oldest FROM Contact GROUP BY Name ORDER BY oldest"),
        ["Contact.Name", "Contact.Age__c", "Contact.Name", "Contact.=oldest"]
    );
}

#[test]
fn inner_queries_start_at_their_own_object() {
    assert_eq!(
        resolved(
            "SELECT Id, (SELECT Email, (SELECT Day__c, Patient__r.Name FROM Visits__r) FROM Contacts), Name FROM Account \
             WHERE Id IN (SELECT AccountId FROM Contact WHERE SSN__c != null)"
        ),
        [
            "Account.Id",
            "Contact.Email",
            "Visit__c.Day__c",
            "Contact.Name",
            "Account.Name",
            "Account.Id",
            "Contact.AccountId",
            "Contact.SSN__c"
        ]
    );
    assert_eq!(
        resolved(
            "SELECT (SELECT x.Email FROM Account.Contacts x), (SELECT Id FROM a.Contacts), (SELECT Id FROM Nobody) FROM Account a"
        ),
        ["Contact.Email", "Contact.Id", "?.Id"]
    );
}

#[test]
fn objects_say_where_they_come_from() {
    let query = query(
        "SELECT (SELECT COUNT() FROM Contacts) FROM Account WHERE Id IN (SELECT AccountId FROM Contact)",
    );
    let found = resolve(&query, &Clinic);
    let shown: Vec<_> = found
        .objects
        .iter()
        .map(|read| {
            format!(
                "{} {:?} {}",
                read.objects.join("|"),
                read.relation,
                read.child_field.as_deref().unwrap_or("-")
            )
        })
        .collect();
    assert_eq!(shown, ["Account Root -", "Contact Child AccountId", "Contact SemiJoin -"]);
}

#[test]
fn polymorphic_relationships() {
    assert_eq!(
        resolved(
            "SELECT What.Name, Who.Name, TYPEOF What WHEN Account THEN Industry, Parent.Site ELSE Name END FROM Event"
        ),
        [
            "Account|Opportunity|Visit__c.Name",
            "Contact|Lead.Name",
            "Account.Industry",
            "Account.Site",
            "Opportunity|Visit__c.Name"
        ]
    );
}

#[test]
fn groups_of_fields_are_spelled_out_where_known() {
    assert_eq!(resolved("SELECT FIELDS(CUSTOM) FROM Contact"), ["Contact.SSN__c", "Contact.MRN__c"]);
    assert_eq!(resolved("SELECT FIELDS(ALL) FROM Contact"), ["Contact.*"]);
    assert_eq!(
        resolved("SELECT (SELECT FIELDS(CUSTOM) FROM Contacts) FROM Account"),
        ["Contact.SSN__c", "Contact.MRN__c"]
    );
}

#[test]
fn a_search_is_resolved_by_what_it_returns() {
    let parsed = parse_search("FIND {x} RETURNING Contact(Account.Name WHERE SSN__c != null), Lead(Name)");
    let found = resolve_search(&parsed.value, &Clinic);
    let fields: Vec<_> =
        found.fields.iter().map(|read| (read.objects[0].as_str(), read.field.as_deref().unwrap())).collect();
    assert_eq!(fields, [("Account", "Name"), ("Contact", "SSN__c"), ("Lead", "Name")]);
    assert_eq!(found.objects.len(), 2);
}
