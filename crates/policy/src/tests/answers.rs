use jiff::Timestamp;

use super::sample;
use crate::vocabulary::{Action, Purpose, Region};
use crate::{AskedField, Decision, Policy, Request, Standing, Tls, decide};

fn at() -> Timestamp {
    "2026-11-21T10:00:00Z".parse().unwrap()
}

/// Everything known and in order: the bundle alone decides.
fn send(who: &str, field: &str, to: &str, purpose: Purpose) -> Request {
    let (object, field) = field.split_once('.').unwrap();
    let mut request = Request::new(Action::Send, vec![AskedField::new(object, field)], at());
    request.who = Some(who.to_owned());
    request.to = Some(to.to_owned());
    request.purpose = Some(purpose);
    request.subject.pseudonym = Some("p1".to_owned());
    request.subject.region = Region::of("eu");
    request.network = "10.2.3.4".parse().ok();
    request.tls = Some(Tls::V1_3);
    request
}

fn codes(policy: &Policy, request: &Request) -> Vec<String> {
    let decision = decide(policy, &Standing::known(), request);
    match decision {
        Decision::Permit(_) => vec!["permit".to_owned()],
        Decision::Denial(denial) => {
            assert!(denial.reasons.iter().all(|reason| policy.gives_reason(&reason.code)));
            denial.reasons.into_iter().map(|reason| reason.code).collect()
        }
        Decision::Undetermined(open) => {
            assert!(open.missing.iter().all(|fact| policy.can_miss(fact)), "{:?}", open.missing);
            assert!(open.reasons.iter().all(|reason| policy.gives_reason(&reason.code)));
            open.missing
        }
    }
}

#[test]
fn a_declared_flow_with_its_ground_is_permitted() {
    let policy = sample::policy();
    let request = send("ehr-sync", "HealthCondition.Code", "northlab", Purpose::Operations);
    let Decision::Permit(permit) = decide(&policy, &Standing::known(), &request) else {
        panic!("{:?}", codes(&policy, &request));
    };
    assert_eq!(permit.bundle(), policy.digest());
    assert_eq!(
        (permit.principal(), permit.party(), permit.flow()),
        ("ehr-sync", Some("northlab"), Some("lab-quality"))
    );
    assert!(permit.covers("healthcondition", "CODE"));
    assert_eq!(permit.expires().duration_since(permit.decided()).as_secs(), 300);
}

#[test]
fn a_field_outside_the_minimum_set_is_denied_and_the_flow_is_named() {
    let policy = sample::policy();
    let request = send("ehr-sync", "HealthCondition.Note__c", "northlab", Purpose::Operations);
    let decision = decide(&policy, &Standing::known(), &request);
    assert!(decision.because("not-in-minimum-set"), "{decision:?}");
    let reason = decision.reasons().iter().find(|reason| reason.code == "not-in-minimum-set").unwrap();
    assert_eq!(reason.place.as_ref().unwrap().to_string(), "flows.yaml:2");
}

fn agreed(codes: &[&str], policy: &Policy, request: &Request) {
    assert_eq!(super::answers::codes(policy, request), codes, "{request:?}");
}

#[test]
fn what_the_bundle_does_not_have_is_denied() {
    let policy = sample::policy();
    let request = send("ehr-sync", "HealthCondition.Code", "northlab", Purpose::Operations);
    let with = |change: &dyn Fn(&mut Request)| {
        let mut request = request.clone();
        change(&mut request);
        codes(&policy, &request)
    };
    assert_eq!(with(&|_| {}), ["permit"]);
    assert_eq!(with(&|r| r.who = Some("nobody".into())), ["unknown-identity"]);
    assert_eq!(with(&|r| r.to = Some("nowhere".into())), ["unknown-party"]);
    assert_eq!(with(&|r| r.to = Some("st-mary".into())), ["purpose-not-allowed", "wrong-region"]);
    assert_eq!(with(&|r| r.who = Some("billing".into())), ["needs-declaration", "purpose-not-allowed"]);
    assert_eq!(with(&|r| r.purpose = Some(Purpose::Research)), ["purpose-not-allowed"; 2]);
    assert_eq!(with(&|r| r.ground = crate::vocabulary::Ground::of("authorisation")), ["ground-unproved"]);
    assert_eq!(with(&|r| r.flow = Some("claims".into())), ["needs-declaration"]);
    assert_eq!(with(&|r| r.subject.region = Region::of("us")), ["wrong-region"]);
    assert_eq!(with(&|r| r.subject.region = Region::of("in")), ["unknown-region"]);
    assert_eq!(with(&|r| r.network = "10.3.0.1".parse().ok()), ["network-not-allowed"]);
    assert_eq!(with(&|r| r.network = "::ffff:10.2.0.1".parse().ok()), ["permit"]);
    assert_eq!(with(&|r| r.tls = Some(Tls::Old)), ["tls-too-old"]);
    assert_eq!(with(&|r| r.tls = Some(Tls::Plain)), ["not-encrypted-in-transit"]);
    assert_eq!(with(&|r| r.at = "2027-03-01T23:59:59Z".parse().unwrap()), ["permit"]);
    assert_eq!(with(&|r| r.at = "2027-03-02T00:00:00Z".parse().unwrap()), ["agreement-expired"]);
    let before = with(&|r| r.at = "2025-02-28T12:00:00Z".parse().unwrap());
    assert_eq!(before, ["agreement-not-yet-effective"; 2]);
    assert_eq!(with(&|r| r.region = Region::of("us")), ["wrong-region"; 2]);
}

#[test]
fn a_static_question_names_what_is_missing_and_still_denies_what_is_certain() {
    let policy = sample::policy();
    let mut request = Request::new(Action::Send, vec![AskedField::new("HealthCondition", "Code")], at());
    request.to = Some("northlab".to_owned());
    let Decision::Undetermined(open) = decide(&policy, &Standing::unknown(), &request) else { panic!() };
    assert_eq!(open.missing, ["blocks", "restrictions", "subject-region", "tls", "who"]);
    request.fields.push(AskedField::new("HealthCondition", "Note__c"));
    assert!(decide(&policy, &Standing::unknown(), &request).because("not-in-minimum-set"));
    request.to = Some("billco".to_owned());
    request.fields.truncate(1);
    assert!(decide(&policy, &Standing::unknown(), &request).because("agreement-expired"));
    request.to = None;
    let Decision::Undetermined(open) = decide(&policy, &Standing::unknown(), &request) else { panic!() };
    assert_eq!(open.missing, ["receiver"]);
}

#[test]
fn treatment_by_a_provider_needs_no_agreement() {
    let policy = sample::policy();
    let mut request = send("nurse", "HealthCondition.Code", "st-mary", Purpose::Treatment);
    request.region = Region::of("eu");
    agreed(&["permit"], &policy, &request);
    request.subject.region = Region::of("us");
    agreed(&["wrong-region"], &policy, &request);
    request.region = Region::of("us");
    agreed(&["permit"], &policy, &request);
}

#[test]
fn psychotherapy_notes_go_out_by_authorisation_only() {
    let more = "flows:\n  - {id: notes, from: [HealthCondition.Note__c], to: cloudmind, by: nurse, purpose: treatment, ground: baa, region: [us]}\n  \
                - {id: signed, from: [HealthCondition.Note__c], to: st-mary, by: nurse, purpose: treatment, ground: authorisation, region: any}\n";
    let policy = sample::with(&[("flows/notes.yaml", more)]);
    let mut request = send("nurse", "HealthCondition.Note__c", "cloudmind", Purpose::Treatment);
    request.subject.region = Region::of("us");
    agreed(&["authorisation-missing"], &policy, &request);
    request.to = Some("st-mary".to_owned());
    request.flow = Some("signed".to_owned());
    agreed(&["authorisation-missing"], &policy, &request);
    let mut standing = Standing::known();
    standing.authorisations.push(crate::Authorisation {
        id: "journal-7".into(),
        subject: "p1".into(),
        scope: crate::Scope { parties: Some(vec!["st-mary".into()]), ..crate::Scope::default() },
        days: crate::Days { from: "2026-01-01".parse().unwrap(), until: "2026-11-21".parse().ok() },
        revoked: None,
    });
    let Decision::Permit(permit) = decide(&policy, &standing, &request) else { panic!() };
    assert_eq!(permit.facts(), ["journal-7"]);
    // Whatever it rests on ends first.
    request.at = "2026-11-21T23:58:00Z".parse().unwrap();
    let Decision::Permit(permit) = decide(&policy, &standing, &request) else { panic!() };
    assert_eq!(permit.expires().to_string(), "2026-11-22T00:00:00Z");
    standing.authorisations[0].revoked = "2026-11-20".parse().ok();
    assert!(decide(&policy, &standing, &request).because("authorisation-missing"));
}

#[test]
fn a_restriction_stops_treatment_and_an_emergency_grant_within_its_ceiling_lifts_it() {
    let policy = sample::policy();
    let mut request = Request::new(Action::Read, vec![AskedField::new("HealthCondition", "Code")], at());
    request.who = Some("nurse".to_owned());
    request.purpose = Some(Purpose::Treatment);
    request.subject.pseudonym = Some("p1".to_owned());
    request.tls = Some(Tls::V1_3);
    let mut standing = Standing::known();
    assert!(decide(&policy, &standing, &request).is_permit());
    standing.restrictions.push(crate::Restriction {
        id: "journal-1".into(),
        subject: "p1".into(),
        scope: crate::Scope::default(),
        days: crate::Days { from: "2026-01-01".parse().unwrap(), until: None },
    });
    assert!(decide(&policy, &standing, &request).because("restricted-by-patient"));
    request.subject.pseudonym = None;
    let Decision::Undetermined(open) = decide(&policy, &standing, &request) else { panic!() };
    assert_eq!(open.missing, ["restrictions"]);
    request.subject.pseudonym = Some("p1".to_owned());
    let grant = crate::Grant {
        id: "journal-2".into(),
        ceiling: "emergency".into(),
        who: "nurse".into(),
        purpose: Purpose::Treatment,
        subject: Some("p1".into()),
        from: "2026-11-21T09:00:00Z".parse().unwrap(),
        until: "2026-11-21T10:01:00Z".parse().unwrap(),
        approved_by: vec!["nurse".into(), "mara-voss".into()],
    };
    standing.grants.push(grant.clone());
    let Decision::Permit(permit) = decide(&policy, &standing, &request) else { panic!() };
    assert_eq!(permit.expires(), grant.until);
    assert_eq!(permit.facts(), ["journal-2"]);
    let too_wide: [&dyn Fn(&mut crate::Grant); 6] = [
        &|g| g.approved_by = vec!["nurse".into()],
        &|g| g.from = "2026-11-21T05:00:00Z".parse().unwrap(),
        &|g| g.until = "2026-11-21T10:00:00Z".parse().unwrap(),
        &|g| g.ceiling = "other".into(),
        &|g| g.subject = Some("p2".into()),
        &|g| g.purpose = Purpose::Research,
    ];
    for change in too_wide {
        let mut other = grant.clone();
        change(&mut other);
        standing.grants = vec![other.clone()];
        assert!(decide(&policy, &standing, &request).because("restricted-by-patient"), "{other:?}");
    }
}

#[test]
fn blocks_stop_at_once() {
    let policy = sample::policy();
    let request = send("ehr-sync", "HealthCondition.Code", "northlab", Purpose::Operations);
    for what in [
        crate::Blocked::Who("ehr-sync".into()),
        crate::Blocked::Party("northlab".into()),
        crate::Blocked::Flow("lab-quality".into()),
    ] {
        let mut standing = Standing::known();
        let days = crate::Days { from: "2026-11-21".parse().unwrap(), until: None };
        standing.blocks.push(crate::Block { id: "j".into(), what, days });
        assert!(decide(&policy, &standing, &request).because("blocked"));
        standing.blocks[0].days.from = "2026-11-22".parse().unwrap();
        assert!(decide(&policy, &standing, &request).is_permit());
    }
}

#[test]
fn models_are_judged_by_class_purpose_approval_and_provider() {
    let policy = sample::policy();
    let mut request = send("nurse", "HealthCondition.Code", "visit-summary", Purpose::Treatment);
    request.action = Action::Infer;
    request.subject.region = Region::of("us");
    agreed(&["permit"], &policy, &request);
    let mut early = request.clone();
    early.at = "2026-01-31T10:00:00Z".parse().unwrap();
    agreed(&["model-not-approved"], &policy, &early);
    let mut standing = Standing::known();
    let from = "2026-11-01".parse().unwrap();
    standing.withdrawals.push(crate::Withdrawal { id: "j".into(), model: "visit-summary".into(), from });
    assert!(decide(&policy, &standing, &request).because("model-not-approved"));
    request.to = Some("northlab".to_owned());
    agreed(&["unknown-model"], &policy, &request);
    request.to = Some("gpt".to_owned());
    agreed(&["unknown-model"], &policy, &request);
    let sensitive =
        sample::FLOWS.replace("[HealthCondition.Code], to: visit", "[\"HealthCondition.*\"], to: visit");
    let mut files = sample::files(sample::FILES);
    files.retain(|file| file.path() != "flows.yaml");
    files.push(source::Source::new("flows.yaml", sensitive));
    let (policy, _) = crate::read(files);
    request.to = Some("visit-summary".to_owned());
    request.fields = vec![AskedField::new("HealthCondition", "Substance__c")];
    agreed(&["model-class-not-allowed"], &policy, &request);
}

#[test]
fn guests_see_nothing_personal_and_a_portal_shows_ones_own() {
    let policy = sample::policy();
    let mut request = Request::new(Action::Read, vec![AskedField::new("Account", "PersonEmail")], at());
    request.who = Some("guest".to_owned());
    request.subject.pseudonym = Some("p1".to_owned());
    request.tls = Some(Tls::V1_3);
    agreed(&["guest-sees-personal-data"], &policy, &request);
    request.fields = vec![AskedField::new("Account", "Website")];
    agreed(&["permit"], &policy, &request);
    request.fields = vec![AskedField::new("Account", "Industry")];
    agreed(&["no-rule-permits"], &policy, &request);
    request.who = Some("patients".to_owned());
    request.fields = vec![AskedField::new("HealthCondition", "Code")];
    agreed(&["whose-record"], &policy, &request);
    request.purpose = Some(Purpose::IndividualAccess);
    agreed(&["whose-record"], &policy, &request);
    request.subject.is_receiver = Some(false);
    agreed(&["not-own-record"], &policy, &request);
    request.subject.is_receiver = Some(true);
    agreed(&["permit"], &policy, &request);
}

#[test]
fn reading_for_another_party_is_a_disclosure_to_it() {
    let policy = sample::policy();
    let mut request = send("ehr-sync", "HealthCondition.Code", "northlab", Purpose::Operations);
    request.action = Action::Read;
    request.to = None;
    agreed(&["permit"], &policy, &request);
    request.fields = vec![AskedField::new("Account", "SSN__pc")];
    agreed(&["not-in-minimum-set"], &policy, &request);
    request.purpose = Some(Purpose::Treatment);
    agreed(&["purpose-not-allowed"], &policy, &request);
}

#[test]
fn a_request_is_permitted_for_all_its_fields_or_for_none() {
    let policy = sample::policy();
    let mut request = send("ehr-sync", "HealthCondition.Code", "northlab", Purpose::Operations);
    request.fields.push(AskedField::new("HealthCondition", "Severity"));
    request.fields.push(AskedField::new("HealthCondition", "Note__c"));
    let decision = decide(&policy, &Standing::known(), &request);
    assert_eq!(decision.reasons().len(), 1);
    assert_eq!(decision.reasons()[0].fields, ["HealthCondition.Severity", "HealthCondition.Note__c"]);
    // A star is every field that the bundle knows of the object.
    request.fields = vec![AskedField::new("HealthCondition", "*")];
    let decision = decide(&policy, &Standing::known(), &request);
    let fields = &decision.reasons()[0].fields;
    assert_eq!(fields, &["HealthCondition.Note__c", "HealthCondition.Substance__c", "HealthCondition.*"]);
}

#[test]
fn a_bundle_with_an_error_permits_nothing() {
    let mut files = sample::files(sample::FILES);
    files.push(source::Source::new("more.yaml", "colour: red\n"));
    let (policy, problems) = crate::read(files);
    assert_eq!(problems.len(), 1);
    let request = send("ehr-sync", "HealthCondition.Code", "northlab", Purpose::Operations);
    agreed(&["bundle-has-errors"], &policy, &request);
    let request = send("ehr-sync", "HealthCondition.Note__c", "northlab", Purpose::Operations);
    agreed(&["not-in-minimum-set"], &policy, &request);
    agreed(&["unknown-identity", "unknown-party"], &Policy::empty(), &request);
}

#[test]
fn what_nobody_classifies_is_left_open() {
    let bare = "version: 1\norganisation: {name: X, roles: [covered-entity]}\nregions: [us]\naudiences: [{id: g, kind: guest}]\n";
    let (policy, _) = crate::read(sample::files(&[("phiward.yaml", bare)]));
    let mut request = Request::new(Action::Read, vec![AskedField::new("Case", "Notes__c")], at());
    request.who = Some("g".to_owned());
    request.tls = Some(Tls::V1_3);
    agreed(&["class"], &policy, &request);
    request.fields[0].presumed = Some(crate::vocabulary::Class::Phi);
    agreed(&["guest-sees-personal-data"], &policy, &request);
}

#[test]
fn every_guardrail_reads_one_fact_at_most_and_cites_a_control_or_names_what_is_missing() {
    let policy = Policy::empty();
    let rules = &policy.rules().rules;
    let shipped = crate::rules::SHIPPED.iter().filter(|(path, _)| path.ends_with(".cedar"));
    assert_eq!(rules.len(), shipped.map(|(_, text)| text.matches("@id(").count()).sum::<usize>());
    for rule in rules {
        assert!(!rule.reads_more(), "{rule:?}");
        assert!(rule.permits || rule.missing.is_some() == rule.controls.is_empty(), "{rule:?}");
    }
}

#[test]
fn shipped_rules_are_valid_and_every_unknown_value_has_a_rule_that_names_it() {
    let schema = crate::rules::schema().unwrap().clone();
    let mut set = cedar_policy::PolicySet::new();
    for (path, text) in crate::rules::SHIPPED.iter().filter(|(path, _)| path.ends_with(".cedar")) {
        let own: cedar_policy::PolicySet = text.parse().unwrap();
        for policy in own.policies() {
            let id = cedar_policy::PolicyId::new(policy.annotation("id").unwrap());
            set.add(policy.new_id(id)).unwrap_or_else(|error| panic!("{path}: {error}"));
        }
    }
    let result = cedar_policy::Validator::new(schema).validate(&set, cedar_policy::ValidationMode::Strict);
    let errors: Vec<_> = result.validation_errors().map(ToString::to_string).collect();
    assert_eq!(errors, Vec::<String>::new());
    let facts = include_str!("../decide/facts.rs");
    let unknown = facts.matches("Unknown = \"unknown\"").count();
    let rules = &Policy::empty();
    // `Proof` is the value of two facts.
    assert_eq!(rules.rules().rules.iter().filter(|rule| rule.missing.is_some()).count(), unknown + 1);
}

#[test]
fn controls_are_cited_by_their_ids() {
    let controls = crate::cited_controls();
    assert!(controls.contains("hipaa-sec-308b1") && controls.contains("gdpr-28-3h"));
    for id in controls {
        let plain = id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.');
        assert!(plain && id.len() > 3, "{id}");
    }
}

#[test]
fn no_agreement_stands_in_for_the_authorisation_that_notes_and_marketing_need() {
    let more = "flows:\n  \
        - {id: pair, from: [HealthCondition.Note__c], to: cloudmind, by: nurse, purpose: treatment, ground: [baa, authorisation], region: [us]}\n  \
        - {id: self, from: [HealthCondition.Note__c], to: cloudmind, by: nurse, purpose: treatment, ground: [baa, individual], region: [us]}\n  \
        - {id: health, from: [HealthCondition.Note__c], to: cloudmind, by: inspector, purpose: public-health, ground: [required-by-law], law: x, region: [us]}\n  \
        - {id: ads, from: [HealthCondition.Code], to: cloudmind, by: inspector, purpose: marketing, ground: [baa, authorisation], region: [us]}\n\
        identities: [{id: inspector, kind: role, purposes: [public-health, marketing]}]\n";
    let policy = sample::with(&[("flows/notes.yaml", more)]);
    let ask = |who: &str, field: &str, flow: &str, purpose: Purpose| {
        let mut request = send(who, field, "cloudmind", purpose);
        request.subject.region = Region::of("us");
        request.subject.is_receiver = Some(false);
        request.flow = Some(flow.to_owned());
        codes(&policy, &request)
    };
    let note = "HealthCondition.Note__c";
    assert_eq!(ask("nurse", note, "pair", Purpose::Treatment), ["authorisation-missing"]);
    assert_eq!(ask("nurse", note, "self", Purpose::Treatment), ["ground-unproved"]);
    assert_eq!(ask("inspector", note, "health", Purpose::PublicHealth), ["authorisation-missing"]);
    assert_eq!(
        ask("inspector", "HealthCondition.Code", "ads", Purpose::Marketing),
        ["authorisation-missing"]
    );
}

#[test]
fn rules_know_the_party_for_which_an_identity_reads() {
    let own = "@id(\"not-northlab\") forbid (principal, action, resource) \
               when { context has party && context.party == Party::\"northlab\" };\n";
    let policy = sample::with(&[("access/own.cedar", own)]);
    let mut request = send("ehr-sync", "HealthCondition.Code", "northlab", Purpose::Operations);
    request.action = Action::Read;
    request.to = None;
    agreed(&["not-northlab"], &policy, &request);
}

#[test]
fn a_partys_user_reads_for_the_party_and_for_nobody_else() {
    let more = "flows:\n  - {id: onward, from: [\"HealthCondition.*\"], to: st-mary, purpose: treatment, ground: treatment-provider, region: any}\n";
    let policy = sample::with(&[("flows/onward.yaml", more)]);
    let mut request = send("ehr-sync", "HealthCondition.Severity", "st-mary", Purpose::Treatment);
    request.subject.region = Region::of("us");
    request.action = Action::Read;
    agreed(&["reads-for-another"], &policy, &request);
    request.who = Some("nurse".to_owned());
    agreed(&["permit"], &policy, &request);
    let mut own = send("ehr-sync", "HealthCondition.Code", "northlab", Purpose::Operations);
    own.action = Action::Read;
    agreed(&["permit"], &policy, &own);
}

#[test]
fn a_region_that_the_bundle_does_not_give_the_receiver_is_wrong() {
    let policy = sample::policy();
    // A receiver in the United States does not come to stand in the Union by saying so.
    let more = "flows:\n  - {id: any, from: [HealthCondition.Code], to: cloudmind, by: nurse, purpose: treatment, ground: [baa, gdpr-6-1-b, gdpr-9-2-h], region: any}\n";
    let any = sample::with(&[("flows/any.yaml", more)]);
    let mut request = send("nurse", "HealthCondition.Code", "cloudmind", Purpose::Treatment);
    request.flow = Some("any".to_owned());
    request.region = Region::of("eu");
    agreed(&["wrong-region"; 2], &any, &request);
    let mut request = send("ehr-sync", "HealthCondition.Code", "northlab", Purpose::Operations);
    request.region = Region::of("de");
    agreed(&["permit"], &policy, &request);
}

#[test]
fn a_limited_data_set_holds_no_field_that_identifies_in_any_of_its_records() {
    let rules = |rules: &str| {
        let more = format!(
            "objects: {{Study__c: {{subject: self, fields: {{X__c: {rules}}}}}}}\n\
             parties: [{{id: lab, role: [researcher], regions: [us], agreements: [{{kind: dua, effective: 2025-01-01}}]}}]\n\
             identities: [{{id: sender, kind: role, purposes: [research]}}]\n\
             flows: [{{id: study, from: [Study__c.X__c], to: lab, by: sender, purpose: research, ground: limited-data-set}}]\n"
        );
        let policy = sample::with(&[("study.yaml", &more)]);
        let mut request = send("sender", "Study__c.X__c", "lab", Purpose::Research);
        request.subject.region = Region::of("us");
        codes(&policy, &request)
    };
    let ssn = "{class: phi, identifier: ssn, when: A}";
    let clinical = "{class: phi, identifier: clinical, when: B}";
    let bare = "{class: phi, when: C}";
    assert_eq!(rules(&format!("[{ssn}, {clinical}]")), ["direct-identifier"]);
    assert_eq!(rules(&format!("[{clinical}, {ssn}]")), ["direct-identifier"]);
    assert_eq!(rules(&format!("[{bare}, {clinical}]")), ["direct-identifier"]);
    assert_eq!(rules(&format!("[{clinical}, {{class: internal}}]")), ["permit"]);
    assert_eq!(
        rules("[{class: pii, identifier: ssn, when: A}, {class: phi, identifier: clinical}]"),
        ["direct-identifier"]
    );
}

#[test]
fn a_permit_rests_on_nothing_that_was_taken_back() {
    let more = "flows:\n  - {id: signed, from: [HealthCondition.Code], to: st-mary, by: nurse, purpose: treatment, ground: [treatment-provider, authorisation], region: any}\n";
    let policy = sample::with(&[("flows/signed.yaml", more)]);
    let mut request = send("nurse", "HealthCondition.Code", "st-mary", Purpose::Treatment);
    request.subject.region = Region::of("us");
    request.flow = Some("signed".to_owned());
    let days = crate::Days { from: "2026-01-01".parse().unwrap(), until: None };
    let facts = |day: &str| {
        let mut standing = Standing::known();
        standing.authorisations.push(crate::Authorisation {
            id: "j1".into(),
            subject: "p1".into(),
            scope: crate::Scope::default(),
            days,
            revoked: day.parse().ok(),
        });
        standing.consents.push(crate::Consent {
            id: "j2".into(),
            subject: "p1".into(),
            scope: crate::Scope::default(),
            days,
            withdrawn: day.parse().ok(),
        });
        let Decision::Permit(permit) = decide(&policy, &standing, &request) else { panic!() };
        permit.facts().to_vec()
    };
    assert_eq!(facts("2026-11-21"), Vec::<String>::new());
    assert_eq!(facts("2026-11-22"), ["j1", "j2"]);
}

#[test]
fn the_day_that_is_told_is_that_of_an_agreement_which_would_cover() {
    let more = "parties: [{id: lab, role: [business-associate], regions: [us], agreements: [\
                {kind: baa, effective: 2020-01-01, expires: 2024-12-31}, \
                {kind: baa, effective: 2020-01-01, expires: 2025-12-31}, \
                {kind: baa, effective: 2020-01-01, expires: 2027-12-31, purposes: [payment]}]}]\n\
                flows: [{id: lab, from: [HealthCondition.Code], to: lab, by: nurse, purpose: treatment, ground: baa}]\n";
    let policy = sample::with(&[("lab.yaml", more)]);
    let mut request = send("nurse", "HealthCondition.Code", "lab", Purpose::Treatment);
    request.subject.region = Region::of("us");
    let decision = decide(&policy, &Standing::known(), &request);
    assert_eq!(
        decision.reasons()[0].fact,
        "the business associate agreement with `lab` expired on 2025-12-31"
    );
}

#[test]
fn a_model_is_given_nothing_but_what_is_public_before_it_is_approved() {
    let more = "models: [{id: new, purposes: [treatment], classes: [phi]}]\n\
                flows: [{id: new, from: [\"Account.*\"], to: new, by: nurse, purpose: treatment, ground: baa}]\n";
    let policy = sample::with(&[("new.yaml", more)]);
    let mut request = send("nurse", "Account.Industry", "new", Purpose::Treatment);
    request.action = Action::Infer;
    agreed(&["model-not-approved"], &policy, &request);
    request.fields = vec![AskedField::new("Account", "Website")];
    agreed(&["permit"], &policy, &request);
    request.to = Some("visit-summary".to_owned());
    request.flow = Some("summary".to_owned());
    request.subject.region = Region::of("us");
    let more = "flows: [{id: wide, from: [\"Account.*\"], to: visit-summary, by: nurse, purpose: treatment, ground: baa, region: any}]\n";
    let policy = sample::with(&[("wide.yaml", more)]);
    request.flow = Some("wide".to_owned());
    request.fields = vec![AskedField::new("Account", "Industry")];
    agreed(&["model-class-not-allowed"], &policy, &request);
}

#[test]
fn an_objection_stops_what_can_be_objected_to_and_a_restriction_nobodys_own_look() {
    let policy = sample::policy();
    let days = crate::Days { from: "2026-01-01".parse().unwrap(), until: None };
    let objection = |purposes: Option<Vec<Purpose>>| {
        let mut standing = Standing::known();
        let scope = crate::Scope { purposes, ..crate::Scope::default() };
        standing.objections.push(crate::Objection { id: "j".into(), subject: "p1".into(), scope, days });
        standing
    };
    let mut treat = send("nurse", "HealthCondition.Code", "st-mary", Purpose::Treatment);
    treat.region = Region::of("eu");
    assert!(decide(&policy, &objection(None), &treat).is_permit());
    let named = objection(Some(vec![Purpose::Treatment]));
    assert!(decide(&policy, &named, &treat).because("objected-by-patient"));
    treat.action = Action::Read;
    treat.to = None;
    assert!(decide(&policy, &objection(None), &treat).is_permit());
    let more = "identities: [{id: analyst, kind: role, purposes: [analytics]}]\n";
    let analysts = sample::with(&[("more.yaml", more)]);
    let mut analyse = treat.clone();
    analyse.who = Some("analyst".to_owned());
    analyse.purpose = Some(Purpose::Analytics);
    assert!(decide(&analysts, &objection(None), &analyse).because("objected-by-patient"));

    let mut standing = objection(None);
    let scope = crate::Scope::default();
    standing.restrictions.push(crate::Restriction { id: "j".into(), subject: "p1".into(), scope, days });
    let mut own = Request::new(Action::Read, vec![AskedField::new("HealthCondition", "Code")], at());
    own.who = Some("patients".to_owned());
    own.subject.pseudonym = Some("p1".to_owned());
    own.subject.is_receiver = Some(true);
    own.tls = Some(Tls::V1_3);
    assert!(decide(&policy, &standing, &own).is_permit());
    own.subject.is_receiver = Some(false);
    assert!(decide(&policy, &standing, &own).because("restricted-by-patient"));
}

#[test]
fn a_restriction_does_not_stop_public_health() {
    let more = "identities: [{id: reporter, kind: role, purposes: [public-health]}]\n";
    let policy = sample::with(&[("more.yaml", more)]);
    let mut request = Request::new(Action::Read, vec![AskedField::new("HealthCondition", "Code")], at());
    request.who = Some("reporter".to_owned());
    request.purpose = Some(Purpose::PublicHealth);
    request.subject.pseudonym = Some("p1".to_owned());
    request.tls = Some(Tls::V1_3);
    let mut standing = Standing::known();
    let days = crate::Days { from: "2026-01-01".parse().unwrap(), until: None };
    let scope = crate::Scope::default();
    standing.restrictions.push(crate::Restriction { id: "j".into(), subject: "p1".into(), scope, days });
    assert!(decide(&policy, &standing, &request).is_permit());
}

#[test]
fn a_reason_says_that_law_asks_for_the_minimum_where_it_does() {
    let more = "parties: [{id: clinic, role: [provider], regions: [us]}]\n\
                identities: [{id: clerk, kind: role, purposes: [payment, treatment, public-health, required-by-law]}]\nflows:\n  \
                - {id: pay, from: [HealthCondition.Code], to: clinic, by: clerk, purpose: payment, ground: treatment-provider}\n  \
                - {id: treat, from: [HealthCondition.Code], to: clinic, by: clerk, purpose: treatment, ground: treatment-provider}\n  \
                - {id: health, from: [HealthCondition.Code], to: clinic, by: clerk, purpose: public-health, ground: required-by-law, law: x}\n  \
                - {id: law, from: [HealthCondition.Code], to: clinic, by: clerk, purpose: required-by-law, ground: required-by-law, law: x}\n";
    let policy = sample::with(&[("more.yaml", more)]);
    for (purpose, law) in [
        (Purpose::Payment, true),
        (Purpose::Treatment, false),
        (Purpose::PublicHealth, true),
        (Purpose::RequiredByLaw, false),
    ] {
        let mut request = send("clerk", "HealthCondition.Severity", "clinic", purpose);
        request.subject.region = Region::of("us");
        let decision = decide(&policy, &Standing::known(), &request);
        let reason = decision.reasons().iter().find(|reason| reason.code == "not-in-minimum-set").unwrap();
        assert_eq!(reason.fact.contains("45 CFR 164.502(b)"), law, "{purpose}: {}", reason.fact);
    }
}

/// A path, a blank or a letter of another script would else be an unnamed field with its object's default.
#[test]
fn what_is_no_api_name_is_never_permitted() {
    let policy = sample::policy();
    let right = send("ehr-sync", "HealthCondition.Code", "northlab", Purpose::Operations);
    assert_eq!(codes(&policy, &right), ["permit"]);
    for field in ["Code ", "Patient__r.MRN__c", "C\u{43e}de", "", "*.*", "Code\n"] {
        let mut request = right.clone();
        request.fields = vec![AskedField::new("HealthCondition", field)];
        assert_ne!(codes(&policy, &request), ["permit"], "{field:?}");
    }
}

#[test]
fn all_fields_of_an_object_are_more_than_those_that_are_named() {
    let files = [
        ("phiward.yaml", "version: 1\norganisation: {name: A, roles: [covered-entity]}\nregions: [us]\n"),
        ("classification/a.yaml", "objects:\n  Place__c:\n    fields:\n      Name__c: {class: public}\n"),
        ("identities.yaml", "identities:\n  - {id: staff, kind: role, purposes: [operations]}\n"),
    ];
    let (policy, problems) = crate::read(sample::files(&files));
    assert!(problems.iter().all(|problem| problem.severity != source::Severity::Error), "{problems:?}");
    let asked = |field: &str| {
        let mut request = Request::new(Action::Read, vec![AskedField::new("Place__c", field)], at());
        request.who = Some("staff".to_owned());
        request.purpose = Some(Purpose::Operations);
        request.network = "10.2.3.4".parse().ok();
        request.tls = Some(Tls::V1_3);
        codes(&policy, &request)
    };
    assert_eq!(asked("Name__c"), ["permit"]);
    assert_eq!(asked("*"), ["class"]);
}

#[test]
fn a_rule_whose_id_needs_escapes_is_checked_like_any_other() {
    let rule = "@id(\"x\\\\ny\") forbid(principal, action, resource) when { context.proof == 1 };\n";
    let (policy, problems) = crate::read(sample::files(&[("access/x.cedar", rule)]));
    assert!(problems.iter().any(|problem| problem.code == "invalid-rule"), "{problems:?}");
    assert!(policy.enforceable().is_none());
}
