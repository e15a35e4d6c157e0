use super::sample;
use crate::address::{Address, Called, HostPattern, Network, UrlPattern};
use crate::bundle::agreement::{AgreementState, Coverage};
use crate::vocabulary::{AgreementKind, Class, Ground, Purpose, Region, Tag};
use crate::{ClassifiedBy, Period};

#[test]
fn fields_are_found_in_any_case_and_by_the_objects_default() {
    let policy = sample::policy();
    let ssn = policy.class_of("ACCOUNT", "ssn__PC").unwrap();
    assert_eq!((ssn.class, ssn.by), (Class::Phi, ClassifiedBy::Field));
    assert_eq!(ssn.place.unwrap().to_string(), "classification/patients.yaml:8");
    let other = policy.class_of("healthcondition", "Severity").unwrap();
    assert_eq!((other.class, other.by), (Class::Phi, ClassifiedBy::ObjectDefault));
    // The custom fields of a person account are the contact's.
    let twin = policy.class_of("Contact", "SSN__c").unwrap();
    assert_eq!((twin.class, twin.by), (Class::Phi, ClassifiedBy::PersonAccount));
    assert!(policy.class_of("Contact", "Phone").is_none());
    for (contact, account) in [
        ("SSN__c", Some("ssn__pc")),
        ("Email", Some("personemail")),
        ("MailingPostalCode", Some("personmailingpostalcode")),
        ("LastName", Some("lastname")),
        ("Phone", None),
        ("AccountId", None),
    ] {
        let twin = crate::twin("Contact", contact);
        assert_eq!(twin.as_ref().map(|(_, field)| field.as_str()), account, "{contact}");
        let back = twin.and_then(|(object, field)| crate::twin(&object, &field));
        assert_eq!(back.map(|(_, field)| field), account.map(|_| contact.to_ascii_lowercase()));
        // Spelled as it is given, it comes back as it was.
        let spelled = crate::twin_as_spelled("contact", contact);
        let back = spelled.as_ref().and_then(|(object, field)| crate::twin_as_spelled(object, field));
        assert_eq!(back, account.map(|_| ("Contact", contact.to_owned())));
        assert_eq!(spelled.map(|(_, field)| field.to_ascii_lowercase()).as_deref(), account);
    }
    for (account, contact) in
        [("SSN_Token__pc", "SSN_Token__c"), ("PersonBirthdate", "Birthdate"), ("LASTNAME", "LASTNAME")]
    {
        assert_eq!(crate::twin_as_spelled("Account", account), Some(("Contact", contact.to_owned())));
    }
    assert_eq!(crate::twin_as_spelled("Contact", "SSN_Token__c").unwrap().1, "SSN_Token__pc");
    assert!(crate::twin("Account", "PersonContactId").is_none() && crate::twin("Case", "Email").is_none());
    assert!(policy.class_of("Case", "Subject").is_none());
    assert_eq!(policy.class_of("HealthCondition", "Note__c").unwrap().tags, [Tag::Psychotherapy]);
    assert_eq!(policy.unclassified(), Some(Class::Internal));
}

#[test]
fn a_compound_field_and_its_parts_are_the_same_data() {
    let text = "objects: {Contact: {subject: self, default: {class: internal}, fields: {
        MailingAddress: {class: phi, identifier: geographic}, MailingCountry: {class: internal},
        OtherStreet: {class: phi}, OtherCity: {class: pii}, LastName: {class: phi, identifier: name},
        Home__c: {class: phi-sensitive}}}}\n";
    let policy = sample::with(&[("classification/contact.yaml", text)]);
    let class = |object: &str, field: &str| {
        let found = policy.class_of(object, field).unwrap();
        (found.class, found.by)
    };
    assert_eq!(class("Contact", "MailingStreet"), (Class::Phi, ClassifiedBy::Compound));
    assert_eq!(class("Contact", "MailingCountry"), (Class::Internal, ClassifiedBy::Field));
    assert_eq!(class("Contact", "OtherAddress"), (Class::Phi, ClassifiedBy::Compound));
    assert_eq!(class("Contact", "OtherState"), (Class::Internal, ClassifiedBy::ObjectDefault));
    assert_eq!(class("Contact", "Name"), (Class::Phi, ClassifiedBy::Compound));
    assert_eq!(class("Contact", "Home__City__s"), (Class::PhiSensitive, ClassifiedBy::Compound));
    // Who says that a part is harmless says nothing of the rest.
    let text = "objects: {Lead: {default: {class: phi}, fields: {Salutation: {class: internal}, Name: {class: internal}}},
        Contact: {fields: {Salutation: {class: internal}, Name: {class: phi}}}}\n";
    let other = sample::with(&[("classification/contact.yaml", text)]);
    let of = |object: &str, field: &str| other.class_of(object, field).map(|found| found.class);
    assert_eq!(of("Lead", "LastName"), Some(Class::Phi));
    assert_eq!(of("Lead", "Address"), Some(Class::Phi));
    assert_eq!(of("Contact", "MailingAddress"), None);
    assert_eq!(of("Account", "LastName"), Some(Class::Phi), "Contact.Name is the same person's");
    // By the names that they have on a person account, too.
    assert_eq!(class("Account", "PersonMailingStreet"), (Class::Phi, ClassifiedBy::Compound));
    assert_eq!(class("Account", "PersonOtherAddress"), (Class::Phi, ClassifiedBy::Compound));
}

#[test]
fn a_field_that_differs_by_record_type_has_the_strongest_class() {
    let text = "objects: {Case: {subject: ContactId, fields: {Notes__c: [{class: phi, when: Clinical}, {class: internal, protect: platform}]}}}\n";
    let policy = sample::with(&[("classification/case.yaml", text)]);
    let found = policy.class_of("Case", "Notes__c").unwrap();
    assert_eq!((found.class, found.rules.len()), (Class::Phi, 2));
    assert_eq!(found.protect.as_str(), "platform");
}

#[test]
fn parties_are_found_by_what_the_code_calls_them() {
    let policy = sample::policy();
    let id = |party: Option<&crate::bundle::party::Party>| party.map(|party| party.id.to_string());
    assert_eq!(id(policy.party_of_named_credential("northlab")).as_deref(), Some("northlab"));
    assert_eq!(id(policy.party_of_package("NORTHLAB_NS")).as_deref(), Some("northlab"));
    assert_eq!(id(policy.party_of_connected_app("NorthLab_Connector")).as_deref(), Some("northlab"));
    assert_eq!(id(policy.party_of_host("x.northlab.example")).as_deref(), Some("northlab"));
    assert_eq!(id(policy.party_of_host("northlab.example")), None);
    for (url, found) in [
        ("https://api.northlab.example/v2/a", true),
        ("HTTPS://API.NorthLab.example:443/v2/a?x#y", true),
        ("https://cdn.northlab.example/anything", true),
        ("https://api.northlab.example@evil.example/v2/a", false),
        ("https://evil.example/?https://api.northlab.example/v2/", false),
        ("https://northlab.example.evil.example/", false),
        ("https:\\\\api.northlab.example", false),
        ("callout:NorthLab/x", false),
    ] {
        assert_eq!(policy.party_of_url(url).is_some(), found, "{url}");
    }
    assert_eq!(policy.identity_of_permission_set("ehr_sync").unwrap().id.as_str(), "ehr-sync");
    assert_eq!(policy.identity_of_profile("EHR SYNC").unwrap().id.as_str(), "ehr-sync");
    assert_eq!(policy.identity_of_user("EHR.Sync@harbor.example").unwrap().id.as_str(), "ehr-sync");
    assert_eq!(policy.audience_of_profile("harbor portal profile").unwrap().id.as_str(), "guest");
    assert_eq!(policy.flows_to("northlab").count(), 1);
    assert!(policy.default_org().is_none());
}

#[test]
fn urls_match_by_what_a_server_would_serve() {
    let pattern = UrlPattern::of("https://a.example/v2/*").unwrap();
    let matches = |url: &str| Address::of(url).is_some_and(|address| pattern.matches(&address));
    assert!(matches("https://a.example/v2/x/../y"));
    for url in [
        "https://a.example/v2/../v1/x",
        "https://a.example/v2/%2e%2e/v1",
        "https://a.example/v2\\..\\v1",
        "https://a.example/v1/",
        "http://a.example/v2/x",
        "https://a.example:8443/v2/x",
    ] {
        assert!(!matches(url), "{url}");
    }
    assert!(UrlPattern::of("https://*").is_none() && UrlPattern::of("https://a.example*").is_none());
    assert!(HostPattern::of("*.com").is_none() && HostPattern::of("*").is_none());
    assert!(HostPattern::of("localhost").is_some());
}

#[test]
fn networks_hold_their_addresses() {
    let network = Network::of("10.2.0.0/16").unwrap();
    assert!(network.contains("10.2.255.255".parse().unwrap()));
    assert!(!network.contains("10.3.0.0".parse().unwrap()));
    let all = Network::of("0.0.0.0/0").unwrap();
    assert!(all.contains("8.8.8.8".parse().unwrap()) && !all.contains("2001:db8::1".parse().unwrap()));
    assert!(Network::of("::/0").unwrap().contains("2001:db8::1".parse().unwrap()));
    assert!(Network::of("2001:db8::/32").unwrap().contains("2001:db8:ffff::1".parse().unwrap()));
    for bad in ["10.2.0.0/33", "10.2.0.0/+8", "10.2.0.0/", "10.2.0", "10.2.0.1/24", "::1/129", ""] {
        assert!(Network::of(bad).is_none(), "{bad}");
    }
}

#[test]
fn periods_are_read_compared_and_written() {
    let of = |text: &str| Period::of(text).unwrap();
    assert!(
        of("P6Y") > of("P71M")
            && of("P1Y") > of("P364D")
            && of("P2W") == of("P14D")
            && of("PT24H") > of("PT23H59M")
    );
    for text in ["P6Y", "P1Y6M", "P90D", "PT15M", "P1DT2H3M4S"] {
        assert_eq!(of(text).to_string(), text);
    }
    for bad in ["", "P", "PT", "6Y", "P6", "P-1Y", "P1.5Y", "P1D1Y", "PT0S", "P99999999Y", "P1H", "P6Y "] {
        assert!(Period::of(bad).is_none(), "{bad}");
    }
    let from = "2024-02-29".parse().unwrap();
    assert_eq!(of("P1Y").after(from).unwrap().to_string(), "2025-02-28");
}

#[test]
fn regions_lie_within_each_other() {
    let of = |text: &str| Region::of(text).unwrap();
    for (inner, outer, within) in [
        ("us", "us", true),
        ("us-east", "us", true),
        ("us", "us-east", false),
        ("de", "eu", true),
        ("no", "eu", false),
        ("no", "eea", true),
        ("uk", "eu", false),
        ("eu", "de", false),
    ] {
        assert_eq!(of(inner).within(&of(outer)), within, "{inner} {outer}");
    }
    for bad in ["", "US", "u", "united", "us-", "us-East", "us east"] {
        assert!(Region::of(bad).is_none(), "{bad}");
    }
}

#[test]
fn of_rules_by_record_type_each_counts() {
    let text = "objects: {Case: {subject: ContactId, fields: {X__c: [{class: phi, identifier: ssn, when: A, protect: platform}, {class: phi, identifier: clinical, mask: last4, protect: gateway, when: B}, {class: phi, mask: initials, when: C}]}}}\n";
    let policy = sample::with(&[("classification/case.yaml", text)]);
    let found = policy.class_of("Case", "X__c").unwrap();
    assert_eq!(found.identifier.unwrap().as_str(), "ssn");
    assert_eq!(found.mask().unwrap().as_str(), "initials");
    assert_eq!(found.protect.as_str(), "both");
}

#[test]
fn an_address_belongs_to_the_nearest() {
    let more = "\
parties:
  - {id: wide, role: [vendor], regions: [us], endpoints: [{host: \"*.x.example\"}, {url: \"https://shared.example/*\"}, {named_credential: Wide}]}
  - {id: near, role: [vendor], regions: [us], endpoints: [{host: api.x.example}, {url: \"https://shared.example/near/*\"}, {url: \"https://only.x.example/v1\"}]}
models:
  - {id: reader, provider: wide, region: us, endpoint: {host: llm.x.example}}
  - {id: writer, provider: near, region: us, endpoint: {url: \"https://shared.example/near/model\"}}
  - {id: talker, provider: wide, region: us, endpoint: {named_credential: Wide}}
";
    let policy = sample::with(&[("more.yaml", more)]);
    let owner = |called: Called<'_>| policy.owner_of(called).map_or("nobody", |owner| owner.id());
    for (called, id) in [
        (Called::Host("api.x.example"), "near"),
        (Called::Host("API.x.example."), "near"),
        (Called::Host("www.x.example"), "wide"),
        (Called::Host("only.x.example"), "near"),
        (Called::Host("llm.x.example"), "reader"),
        (Called::Host("y.example"), "nobody"),
        (Called::Url("https://api.x.example/a"), "near"),
        (Called::Url("https://llm.x.example/a"), "reader"),
        (Called::Url("https://shared.example/far/a"), "wide"),
        (Called::Url("https://shared.example/near/a"), "near"),
        (Called::Url("https://shared.example/near/model"), "writer"),
        (Called::Url("no address"), "nobody"),
        (Called::NamedCredential("NORTHLAB"), "northlab"),
        (Called::NamedCredential("wide"), "talker"),
        (Called::NamedCredential("none"), "nobody"),
    ] {
        assert_eq!(owner(called), id, "{called:?}");
    }
    let party = |found: Option<&crate::bundle::party::Party>| found.map(|party| party.id.to_string());
    assert_eq!(party(policy.party_of_host("api.x.example")).as_deref(), Some("near"));
    assert_eq!(party(policy.party_of_url("https://shared.example/near/b")).as_deref(), Some("near"));
    // Who runs the model answers at its address; nobody else does.
    assert_eq!(party(policy.party_of_named_credential("Wide")).as_deref(), Some("wide"));
    assert_eq!(party(policy.party_of_host("llm.x.example")).as_deref(), Some("wide"));
    assert_eq!(policy.model_of_host("llm.x.example").unwrap().id.as_str(), "reader");
    assert!(policy.model_of_url("https://shared.example/near/b").is_none());
}

#[test]
fn agreements_tell_how_they_stand_without_a_flow() {
    let more = "\
parties:
  - id: lab
    role: [business-associate]
    regions: [us]
    agreements:
      - {kind: baa, effective: 2020-01-01, expires: 2022-12-31, purposes: [payment]}
      - {kind: baa, effective: 2020-01-01, expires: 2023-12-31, purposes: [payment]}
      - {kind: baa, effective: 2024-01-01, expires: 2028-12-31, purposes: [operations], classes: [phi]}
      - {kind: baa, effective: 2029-01-01}
      - {kind: dpa, effective: 2024-01-01, expires: 2025-12-31, transfer: scc}
orgs:
  - {id: production, kind: production, region: us, agreements: [{kind: baa, effective: 2024-02-01}, {kind: dpa, effective: 2025-01-01, transfer: bcr}]}
";
    let policy = sample::with(&[("lab.yaml", more)]);
    let lab = policy.party("lab").unwrap();
    let kind = Ground::Baa.agreement().unwrap();
    let told = |purpose: Option<Purpose>, on: &str| {
        let asked = Coverage { purpose, class: Some(Class::Phi), field: None };
        let state = lab.agreement_state(kind, &asked, on.parse().unwrap());
        let word = match state {
            AgreementState::Live(_) => "live",
            AgreementState::Expired(_) => "expired",
            AgreementState::NotYet(_) => "not yet",
            AgreementState::NotCovering(_) => "not covering",
            AgreementState::None => "none",
        };
        let day = state.day().map(|day| format!(" {day}")).unwrap_or_default();
        format!("{word}{day} at {}", state.place().map_or(0, |place| place.position.line))
    };
    assert_eq!(told(Some(Purpose::Operations), "2026-11-21"), "live at 8");
    assert_eq!(told(Some(Purpose::Payment), "2026-11-21"), "expired 2023-12-31 at 7");
    assert_eq!(told(Some(Purpose::Research), "2026-11-21"), "not yet 2029-01-01 at 9");
    assert_eq!(told(None, "2030-01-01"), "live at 9");
    let on = "2026-11-21".parse().unwrap();
    let asked = Coverage { field: Some(("Account", "SSN__pc")), ..Coverage::default() };
    assert!(lab.agreement_state(AgreementKind::Dua, &asked, on).place().is_none());
    let cloud = policy.party("northlab").unwrap();
    let research = Coverage { purpose: Some(Purpose::Research), ..Coverage::default() };
    let state = cloud.agreement_state(kind, &research, on);
    assert!(matches!(state, AgreementState::NotCovering(one) if one.live(on)), "{state:?}");
    assert!(lab.transfer_instrument(on).is_none());
    assert!(lab.transfer_instrument("2025-12-31".parse().unwrap()).is_some());
    let org = policy.org("production").unwrap();
    assert!(org.agreement_state(kind, &Coverage::default(), on).is_live());
    assert!(org.transfer_instrument(on).is_some());
    assert!(org.transfer_instrument("2024-12-31".parse().unwrap()).is_none());
}

#[test]
fn an_object_says_whose_records_it_keeps() {
    use crate::bundle::classification::Keeps::{AboutPatients, NoPatients, Patients};
    for (rule, keeps) in [
        ("subject: self", Some(Patients)),
        ("subject: ContactId", Some(AboutPatients)),
        ("patients: true", Some(AboutPatients)),
        ("patients: false", Some(NoPatients)),
        ("subject: self, patients: false", Some(NoPatients)),
        ("subject: self, fields: {Email: {class: pii}}", Some(NoPatients)),
        ("subject: self, fields: {Email: {class: pii}, Note__c: {class: phi}}", Some(Patients)),
        ("subject: Lead__c, fields: {State__c: {class: internal}}", Some(AboutPatients)),
        ("default: {class: phi}", Some(AboutPatients)),
        ("default: {class: internal}", Some(NoPatients)),
        ("default: {class: internal}, fields: {Note__c: {class: phi}}", None),
        ("fields: {Note__c: {class: phi}}", None),
    ] {
        let text = format!("objects: {{Case: {{{rule}}}}}\n");
        let policy = sample::with(&[("classification/case.yaml", &text)]);
        assert_eq!(policy.object("case").unwrap().keeps(), keeps, "{rule}");
    }
}
