use super::sample;
use crate::AskedField;
use crate::flow::{Confidence, Destination, Flow, Receiver, Sides, Site, Via, reconcile};

fn flow(to: Destination, fields: &[&str]) -> Flow {
    let field = |name: &&str| {
        let (object, field) = name.split_once('.').unwrap();
        AskedField::new(object, field)
    };
    Flow {
        from: fields.iter().map(field).collect(),
        to,
        via: Via::Callout,
        site: Site { path: "classes/Sync.cls".into(), position: None },
        confidence: Confidence::High,
    }
}

fn told(found: &[Flow], observed: &[Flow]) -> Vec<String> {
    reconcile(&sample::policy(), found, observed)
        .into_iter()
        .map(|row| {
            let to = match row.receiver {
                Receiver::Named(id) => id,
                Receiver::Undeclared(to) => format!("?{to}"),
            };
            let maybe = match (row.maybe_found, row.maybe_observed) {
                (true, _) => " maybe found",
                (_, true) => " maybe observed",
                _ => "",
            };
            let field = row.field.unwrap_or_else(|| "?".into());
            format!(
                "{to} {field} {:?} {:?} {:?} {:?}{maybe}",
                row.sides, row.declared, row.found, row.observed
            )
        })
        .collect()
}

#[test]
fn three_sides_are_set_against_each_other() {
    let found = [
        flow(
            Destination::NamedCredential("northlab".into()),
            &["HealthCondition.CODE", "HealthCondition.Note__c"],
        ),
        flow(Destination::Url("https://api.northlab.example/v2/x".into()), &["HealthCondition.Code"]),
        flow(Destination::Host("tracker.example".into()), &["Account.PersonEmail"]),
        flow(Destination::Party("st-mary".into()), &[]),
    ];
    let observed = [
        flow(Destination::Party("northlab".into()), &["HealthCondition.Code", "Account.SSN__pc"]),
        flow(Destination::Party("billco".into()), &["HealthCondition.Severity"]),
        flow(Destination::Host("tracker.example".into()), &["Account.PersonEmail"]),
    ];
    insta::assert_snapshot!(told(&found, &observed).join("\n"), @r#"
    billco account.ssn__pc DeclaredOnly ["claims"] [] []
    billco healthcondition.severity DeclaredAndObserved ["claims"] [] [1]
    northlab account.ssn__pc ObservedOnly [] [] [0]
    northlab healthcondition.code All ["lab-quality"] [0, 1] [0]
    northlab healthcondition.note__c FoundOnly [] [0] []
    st-mary ? DeclaredAndFound ["referral"] [3] []
    st-mary healthcondition.code DeclaredOnly ["referral"] [] [] maybe found
    visit-summary healthcondition.code DeclaredOnly ["summary"] [] []
    ?tracker.example account.personemail FoundAndObserved [] [2] [2]
    "#);
}

#[test]
fn a_declared_star_stands_as_itself_until_a_field_is_seen() {
    assert!(told(&[], &[]).contains(&r#"billco healthcondition.* DeclaredOnly ["claims"] [] []"#.to_owned()));
    let seen = [flow(Destination::Party("billco".into()), &["HealthCondition.Code"])];
    let rows = told(&seen, &[]);
    assert!(rows.contains(&r#"billco healthcondition.code DeclaredAndFound ["claims"] [0] []"#.to_owned()));
    assert!(!rows.iter().any(|row| row.contains("healthcondition.*")));
}

#[test]
fn reconciling_loses_and_invents_nothing() {
    let all = [
        flow(Destination::Unknown, &["Account.SSN__pc"]),
        flow(Destination::Public, &[]),
        flow(Destination::Package("other".into()), &["Account.SSN__pc", "account.ssn__PC"]),
        flow(Destination::Model("visit-summary".into()), &["HealthCondition.Code"]),
    ];
    let rows = reconcile(&sample::policy(), &all, &all);
    for at in 0..all.len() {
        assert!(rows.iter().any(|row| row.found.contains(&at) && row.observed.contains(&at)), "{at}");
    }
    let declared: std::collections::BTreeSet<_> = rows.iter().flat_map(|row| row.declared.clone()).collect();
    assert_eq!(declared.len(), sample::policy().flows().len());
    for row in &rows {
        let sides = (!row.declared.is_empty(), !row.found.is_empty(), !row.observed.is_empty());
        let expected = match sides {
            (true, true, true) => Sides::All,
            (true, false, false) => Sides::DeclaredOnly,
            (false, true, true) => Sides::FoundAndObserved,
            other => panic!("{other:?}"),
        };
        assert_eq!(row.sides, expected);
    }
}
