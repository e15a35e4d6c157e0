use super::sample;
use crate::address::{Address, HostPattern, Network, UrlPattern};
use crate::vocabulary::{Class, Region, Tag};
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
    assert!(policy.class_of("Case", "Subject").is_none());
    assert_eq!(policy.class_of("HealthCondition", "Note__c").unwrap().tags, [Tag::Psychotherapy]);
    assert_eq!(policy.unclassified(), Some(Class::Internal));
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
