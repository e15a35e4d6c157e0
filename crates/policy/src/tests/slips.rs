//! Slips of the pen in the sample, and what is told of each.

/// What is wrong, in which file: the text to change there, what to, and how each problem must begin.
pub(super) struct Case(
    pub(super) &'static str,
    pub(super) &'static str,
    pub(super) &'static str,
    pub(super) &'static [&'static str],
);

const C: &str = "classification/patients.yaml";

pub(super) const SLIPS: &[Case] = &[
    // Form.
    Case(
        "phiward.yaml",
        "version: 1",
        "version: [1",
        &["phiward.yaml:2:13: illegal placement of ':' indicator [malformed-yaml]"],
    ),
    Case(
        "phiward.yaml",
        "version: 1",
        "version: 2",
        &["phiward.yaml:1:10: version 2 of the bundle format is not known [unknown-version]"],
    ),
    Case(
        "phiward.yaml",
        "version: 1",
        "version: one",
        &[
            "phiward.yaml: the bundle does not say its version [missing-key]",
            "phiward.yaml:1:10: a whole number is needed [wrong-kind]",
        ],
    ),
    Case(
        "phiward.yaml",
        "version: 1",
        "verson: 1",
        &[
            "phiward.yaml: the bundle does not say its version [missing-key]",
            "phiward.yaml:1:1: `verson` is not a key of a bundle file [unknown-key]; did you mean `version`?",
        ],
    ),
    Case(
        "phiward.yaml",
        "version: 1",
        "version: 1\nversion: 1",
        &["phiward.yaml:2:1: `version` stands twice in this mapping, first on line 1 [duplicate-key]"],
    ),
    Case(
        "phiward.yaml",
        "version: 1",
        "version: !int 1",
        &["phiward.yaml:1:15: a YAML tag is not read here [tag-not-read]"],
    ),
    Case(
        "phiward.yaml",
        "regions: [us, eu]",
        "regions: &r [us, eu]\naudiences: *r",
        &["phiward.yaml:4:12: an alias makes this line say what another line says [alias-not-read]"],
    ),
    Case(
        "phiward.yaml",
        "regions: [us, eu]",
        "regions: us",
        &[
            "phiward.yaml: the bundle does not say where the people live whose data it is [missing-key]",
            "phiward.yaml:3:10: a single value stands where a list is needed [wrong-kind]",
        ],
    ),
    Case(
        "phiward.yaml",
        "regions: [us, eu]",
        "regions: [us, EU]",
        &["phiward.yaml:3:15: `EU` is not a valid region [bad-value]"],
    ),
    Case(
        "phiward.yaml",
        "regions: [us, eu]",
        "regions: [us, eur]",
        &["phiward.yaml:3:15: `eur` is not a region that the law knows [unknown-region]"],
    ),
    Case(
        "phiward.yaml",
        "{name: Harbor Health, ",
        "{",
        &[
            "phiward.yaml: the bundle does not say whose it is [missing-key]",
            "phiward.yaml:2:15: an organisation needs the key `name` [missing-key]",
        ],
    ),
    Case(
        "phiward.yaml",
        "{name: Harbor Health, ",
        "{name: '', ",
        &[
            "phiward.yaml: the bundle does not say whose it is [missing-key]",
            "phiward.yaml:2:22: an empty text stands where a text is needed [wrong-kind]",
        ],
    ),
    Case(
        "phiward.yaml",
        "covered-entity",
        "covered-entitty",
        &[
            "phiward.yaml:2:45: `covered-entitty` is not a role of an organisation [unknown-word]; did you mean `covered-entity`?",
        ],
    ),
    Case(
        "phiward.yaml",
        "emergency: true",
        "emergency: yes",
        &["phiward.yaml:23:16: neither `true` nor `false` [wrong-kind]"],
    ),
    Case(
        "phiward.yaml",
        "lasting: PT4H",
        "lasting: 4h",
        &["phiward.yaml:21:14: `4h` is not a duration [bad-duration]"],
    ),
    Case(
        "phiward.yaml",
        "id: mara-voss",
        "id: Mara_Voss",
        &[
            "flows.yaml:7:114: the bundle has no approver `mara-voss` [unknown-reference]",
            "phiward.yaml:5:13: whoever writes a bundle cannot approve it: with everyone required, no approver can write one [tight-quorum]",
            "phiward.yaml:7:12: `Mara_Voss` is not a valid id [bad-value]",
        ],
    ),
    // The organisation.
    Case(
        "phiward.yaml",
        "roles: [covered-entity, controller]",
        "roles: []",
        &["phiward.yaml:2:15: the organisation has no role in law [empty-roles]"],
    ),
    Case(
        "phiward.yaml",
        "required: 2",
        "required: 4",
        &["phiward.yaml:5:13: 4 of 3 people cannot approve [impossible-quorum]"],
    ),
    Case(
        "phiward.yaml",
        "required: 2",
        "required: 0",
        &["phiward.yaml:5:13: 0 of 3 people cannot approve [impossible-quorum]"],
    ),
    Case(
        "phiward.yaml",
        "required: 2",
        "required: 3",
        &[
            "phiward.yaml:5:13: whoever writes a bundle cannot approve it: with everyone required, no approver can write one [tight-quorum]",
        ],
    ),
    Case(
        "phiward.yaml",
        "id: sam-ito",
        "id: mara-voss",
        &[
            "phiward.yaml:5:13: whoever writes a bundle cannot approve it: with everyone required, no approver can write one [tight-quorum]",
            "phiward.yaml:8:12: approver `mara-voss` stands twice [duplicate-id]",
        ],
    ),
    Case(
        "phiward.yaml",
        "exception_days: 180",
        "exception_days: 5000",
        &["phiward.yaml:10:52: exceptions of 5000 days [exception-too-long]"],
    ),
    Case(
        "phiward.yaml",
        ", source: {kind: statute, cite: \"45 CFR 164.316(b)(2)(i)\"}",
        "",
        &[
            "phiward.yaml:12:5: the retention of `policy-documents` does not say where it comes from [missing-source]",
        ],
    ),
    Case(
        "phiward.yaml",
        ", cite: \"45 CFR 164.316(b)(2)(i)\"",
        "",
        &[
            "phiward.yaml:12:50: the source of the retention of `policy-documents` is incomplete [missing-source]",
        ],
    ),
    Case(
        "phiward.yaml",
        ", by: security-committee",
        "",
        &["phiward.yaml:14:40: the source of the cryptoperiod of `data` is incomplete [missing-source]"],
    ),
    Case(
        "phiward.yaml",
        "floor: P6Y",
        "floor: P6Y, ceiling: P2Y",
        &[
            "phiward.yaml:12:5: policy documents are kept for less than six years [retention-below-law]",
            "phiward.yaml:12:37: the retention of `policy-documents` is at least P6Y and at most P2Y [floor-above-ceiling]",
        ],
    ),
    Case(
        "phiward.yaml",
        "floor: P6Y, ",
        "",
        &[
            "phiward.yaml:12:5: the retention of `policy-documents` has neither floor nor ceiling [empty-rule]",
        ],
    ),
    Case(
        "phiward.yaml",
        "on: 2026-01-12",
        "on: 2026-02-30",
        &[
            "phiward.yaml:14:40: the source of the cryptoperiod of `data` is incomplete [missing-source]",
            "phiward.yaml:14:83: `2026-02-30` is not a date [bad-date]",
        ],
    ),
    Case(
        "phiward.yaml",
        "who: [nurse]",
        "who: [nurce]",
        &[
            "phiward.yaml:17:11: the bundle has no identity or audience `nurce` [unknown-reference]; did you mean `nurse`?",
        ],
    ),
    Case(
        "phiward.yaml",
        "who: [nurse]",
        "who: []",
        &["phiward.yaml:16:5: the ceiling `emergency` names no who, so no grant fits it [empty-rule]"],
    ),
    // Classification.
    Case(
        C,
        "class: phi, identifier: ssn",
        "class: public, identifier: ssn",
        &[
            "classification/patients.yaml:8:44: `Account.SSN__pc` identifies a person (ssn) and is classed public [class-too-low]",
        ],
    ),
    Case(
        C,
        "protect: both",
        "protect: none",
        &[
            "classification/patients.yaml:8:69: `Account.SSN__pc` says how it is searched while encrypted, and is not encrypted [search-without-encryption]",
            "classification/patients.yaml:8:99: `Account.SSN__pc` says how the gateway seals it, and the gateway does not [seal-without-gateway]",
        ],
    ),
    Case(
        C,
        "mask: last4",
        "mask: zip3",
        &[
            "classification/patients.yaml:8:85: the mask `zip3` does not fit `Account.SSN__pc`, a ssn [mask-does-not-fit]",
        ],
    ),
    Case(
        C,
        "Website: {class: public}",
        "Website: {class: public, tags: [part2]}",
        &[
            "classification/patients.yaml:10:39: `Account.Website` is public and tagged `part2` [tag-without-phi]",
        ],
    ),
    Case(
        C,
        "{class: phi-sensitive, tags: [part2]}",
        "{class: phi, tags: [part2]}",
        &[
            "classification/patients.yaml:17:29: `HealthCondition.Substance__c` is tagged `part2` and classed `phi` only [class-too-low]",
        ],
    ),
    Case(
        C,
        "Website:",
        "personemail:",
        &[
            "classification/patients.yaml:9:7: field `PersonEmail` stands twice, also at classification/patients.yaml:10 [duplicate-id]",
            "classification/patients.yaml:10:7: field `personemail` stands twice, also at classification/patients.yaml:9 [duplicate-id]",
        ],
    ),
    Case(
        C,
        "Website:",
        "Web-site:",
        &["classification/patients.yaml:10:7: `Web-site` is not an API name [bad-name]"],
    ),
    Case(
        C,
        "{class: public}",
        "[]",
        &[
            "classification/patients.yaml:10:7: the field `Account.Website` has an empty list of rules [empty-rule]",
        ],
    ),
    Case(
        C,
        "{class: public}",
        "[{class: public}, {class: internal}]",
        &[
            "classification/patients.yaml:10:7: two rules of `Account.Website` hold for every record [ambiguous-rules]",
        ],
    ),
    Case(
        C,
        "    subject: PatientId\n",
        "",
        &[
            "classification/patients.yaml:11:3: nothing says whose data `HealthCondition` holds [missing-subject]",
        ],
    ),
    Case(
        C,
        "    subject: PatientId\n",
        "    subject: PatientId\n    patients: false\n",
        &[
            "classification/patients.yaml:13:15: `HealthCondition` has PHI (its default, Note__c, Substance__c), and the bundle says that it keeps no patients [no-patients]",
        ],
    ),
    Case(
        C,
        "    subject: PatientId\n",
        "    subject: PatientId\n    unseen: {by: mara-voss, on: 2026-11-28}\n",
        &[
            "classification/patients.yaml:13:13: nobody has judged 1 line of objects and 0 lines of fields: accepted unseen by mara-voss on 2026-11-28 [accepted-unseen]",
        ],
    ),
    Case(
        C,
        "  HealthCondition:",
        "  account:",
        &[
            "classification/patients.yaml:2:3: object `Account` stands twice, also at classification/patients.yaml:11 [duplicate-id]",
            "classification/patients.yaml:11:3: object `account` stands twice, also at classification/patients.yaml:2 [duplicate-id]",
            "flows.yaml:2:30: the bundle does not classify the object `HealthCondition` [unclassified-object]",
            "flows.yaml:3:42: the bundle does not classify the object `HealthCondition` [unclassified-object]",
            "flows.yaml:4:27: the bundle does not classify the object `HealthCondition` [unclassified-object]",
            "flows.yaml:5:26: the bundle does not classify the object `HealthCondition` [unclassified-object]",
        ],
    ),
    // Parties.
    Case(
        "parties.yaml",
        "id: billco",
        "id: northlab",
        &[
            "flows.yaml:3:68: the bundle has no party, model or org `billco` [unknown-reference]",
            "parties.yaml:2:9: party `northlab` stands twice, also at parties.yaml:15 [duplicate-id]",
            "parties.yaml:15:9: party `northlab` stands twice, also at parties.yaml:2 [duplicate-id]",
        ],
    ),
    Case(
        "parties.yaml",
        "role: [provider, controller]\n    regions: [us, eu]",
        "role: [provider, controller]\n    regions: [us, eu]\n    subprocessors: [billko]",
        &["parties.yaml:23:21: the bundle has no party `billko` [unknown-reference]; did you mean `billco`?"],
    ),
    Case(
        "parties.yaml",
        "role: [provider, controller]\n    regions: [us, eu]",
        "role: [provider, controller]\n    regions: [us, eu]\n    subprocessors: [st-mary]",
        &["parties.yaml:23:21: `st-mary` is its own subprocessor [bad-reference]"],
    ),
    Case(
        "parties.yaml",
        "role: [provider, controller]\n    regions: [us, eu]",
        "role: []\n    regions: [us, eu]",
        &[
            "flows.yaml:4:92: the flow `referral` rests on treatment by `st-mary`, which is no provider [ground-cannot-hold]",
            "parties.yaml:20:9: the party `st-mary` has no role [missing-key]",
        ],
    ),
    Case(
        "parties.yaml",
        "- {named_credential: NorthLab}",
        "- {named_credential: NorthLab, host: a.example}",
        &["parties.yaml:7:9: an endpoint is one address [bad-endpoint]"],
    ),
    Case(
        "parties.yaml",
        "\"https://api.northlab.example/v2/*\"",
        "\"http://api.northlab.example/v2/*\"",
        &["parties.yaml:8:15: `http://api.northlab.example/v2/*` is not encrypted [unencrypted-endpoint]"],
    ),
    Case(
        "parties.yaml",
        "\"https://api.northlab.example/v2/*\"",
        "\"https://*.northlab.example/\"",
        &["parties.yaml:8:15: `https://*.northlab.example/` is not a URL that can be matched [bad-value]"],
    ),
    Case(
        "parties.yaml",
        "\"*.northlab.example\"",
        "\"*.example\"",
        &["parties.yaml:9:16: `*.example` is not a host name that can be matched [bad-value]"],
    ),
    Case(
        "parties.yaml",
        "packages: [northlab_ns]",
        "packages: [northlab_ns, NorthLab_NS]",
        &[
            "parties.yaml:10:16: the package namespace `NorthLab_NS` is named again at parties.yaml:10 [duplicate-name]",
            "parties.yaml:10:29: the package namespace `NorthLab_NS` is named twice, first at parties.yaml:10 [duplicate-name]",
        ],
    ),
    Case(
        "parties.yaml",
        "expires: 2027-03-01",
        "expires: 2024-03-01",
        &["parties.yaml:13:53: the baa with `northlab` ends before it begins [bad-dates]"],
    ),
    Case(
        "parties.yaml",
        "classes: [phi, phi-sensitive]",
        "classes: []",
        &[
            "parties.yaml:13:74: the baa with `northlab` covers no classes, so it covers nothing [empty-coverage]",
        ],
    ),
    Case(
        "parties.yaml",
        "purposes: [payment]",
        "objects: [HealthConditon]",
        &[
            "parties.yaml:19:75: the bundle does not classify the object `HealthConditon` [unclassified-object]; did you mean `HealthCondition`?",
        ],
    ),
    Case(
        "parties.yaml",
        "purposes: [payment]",
        "clauses: [504.e.2.i, 504.e.2.ii.Z]",
        &[
            "parties.yaml:19:74: the baa with `billco` has 1 of 10 clauses; missing: 504.e.2.ii.A (no use or disclosure beyond the contract or law, 45 CFR 164.504(",
            "parties.yaml:19:86: `504.e.2.ii.Z` is not a clause of a baa [unknown-clause]; did you mean `504.e.2.ii.A`?",
        ],
    ),
    Case(
        "parties.yaml",
        "transfer: none-needed}",
        "transfer: derogation, clauses: [28.3.a, 28.3.b, 28.3.c, 28.3.d, 28.3.e, 28.3.f, 28.3.h]}",
        &[
            "parties.yaml:14:54: the dpa with `northlab` leans on a derogation [transfer-by-derogation]",
            "parties.yaml:14:75: the dpa with `northlab` has 7 of 8 clauses; missing: 28.3.g (deletion or return at the end, GDPR Art. 28(3)(g)) [missing-clauses]",
        ],
    ),
    Case(
        "parties.yaml",
        "kind: dpa, effective: 2025-03-01, transfer: none-needed",
        "kind: scc, effective: 2025-03-01, clauses: [a]",
        &[
            "parties.yaml:2:9: the processor `northlab` has no dpa on file [no-agreement]",
            "parties.yaml:14:53: no list of clauses is known for a scc [unknown-clause]",
        ],
    ),
    Case(
        "parties.yaml",
        "transfer: none-needed}",
        "document: \"sha256:...\"}",
        &["parties.yaml:14:54: `sha256:...` is not a digest [bad-value]"],
    ),
    Case(
        "parties.yaml",
        "role: [business-associate, processor]",
        "role: [vendor]",
        &[
            "parties.yaml:13:16: `northlab` has a baa and is no business-associate [role-does-not-fit]",
            "parties.yaml:14:16: `northlab` has a dpa and is no processor [role-does-not-fit]",
        ],
    ),
    Case(
        "parties.yaml",
        "    regions: [us]\n    agreements:\n",
        "    agreements:\n",
        &["parties.yaml:15:9: nothing says where `billco` processes [no-regions]"],
    ),
    // Identities.
    Case(
        "identities.yaml",
        "party: northlab",
        "party: northlap",
        &[
            "identities.yaml:4:12: the bundle has no party `northlap` [unknown-reference]; did you mean `northlab`?",
        ],
    ),
    Case(
        "identities.yaml",
        "10.2.0.0/16",
        "10.2.0.1/16",
        &["identities.yaml:6:16: `10.2.0.1/16` is not a network [bad-value]"],
    ),
    Case(
        "identities.yaml",
        "kind: integration, purposes: [payment]",
        "kind: integration",
        &[
            "flows.yaml:3:80: `billing` carries the flow `claims` and is not declared for payment [flow-never-permitted]",
            "identities.yaml:8:10: `billing` has no purpose, so it may not touch personal data [no-purposes]",
        ],
    ),
    Case(
        "identities.yaml",
        "profiles: [Harbor Portal Profile]",
        "profiles: [ehr sync]",
        &[
            "identities.yaml:5:63: the profile `ehr sync` is named again at identities.yaml:11 [duplicate-name]",
            "identities.yaml:11:41: the profile `ehr sync` is named twice, first at identities.yaml:5 [duplicate-name]",
        ],
    ),
    Case(
        "identities.yaml",
        "id: patients",
        "id: nurse",
        &[
            "identities.yaml:9:10: `nurse` names another thing too: the audience at identities.yaml:12 [duplicate-id]",
            "identities.yaml:12:10: `nurse` names another thing too: the identity at identities.yaml:9 [duplicate-id]",
        ],
    ),
    // Flows and models.
    Case(
        "flows.yaml",
        "to: northlab",
        "to: nortlab",
        &[
            "flows.yaml:2:57: the bundle has no party, model or org `nortlab` [unknown-reference]; did you mean `northlab`?",
        ],
    ),
    Case(
        "flows.yaml",
        "by: ehr-sync",
        "by: ehr-snyc",
        &[
            "flows.yaml:2:71: the bundle has no identity or audience `ehr-snyc` [unknown-reference]; did you mean `ehr-sync`?",
        ],
    ),
    Case(
        "flows.yaml",
        "from: [HealthCondition.Code]",
        "from: []",
        &["flows.yaml:2:10: the flow `lab-quality` carries nothing [empty-rule]"],
    ),
    Case(
        "flows.yaml",
        "from: [HealthCondition.Code]",
        "from: [HealthCondition]",
        &[
            "flows.yaml:2:10: the flow `lab-quality` carries nothing [empty-rule]",
            "flows.yaml:2:30: `HealthCondition` is not a field [bad-value]",
        ],
    ),
    Case(
        "flows.yaml",
        "ground: baa",
        "ground: []",
        &["flows.yaml:2:10: the flow `lab-quality` names no ground [missing-key]"],
    ),
    Case(
        "flows.yaml",
        "ground: baa",
        "ground: bba",
        &["flows.yaml:2:110: `bba` is not a ground [unknown-word]; did you mean `baa`?"],
    ),
    Case(
        "flows.yaml",
        "ground: baa, region: same-as-subject",
        "ground: limited-data-set",
        &[
            "flows.yaml:2:110: the flow `lab-quality` rests on a dua with `northlab`, and there is none [ground-cannot-hold]",
        ],
    ),
    Case(
        "flows.yaml",
        "ground: baa, region: same-as-subject",
        "ground: required-by-law",
        &[
            "flows.yaml:2:110: the flow `lab-quality` rests on law (required-by-law) and does not name it [ground-cannot-hold]",
        ],
    ),
    Case(
        "flows.yaml",
        "ground: [treatment-provider, gdpr-6-1-b, gdpr-9-2-h]",
        "ground: [treatment-provider, gdpr-9-2-h]",
        &[
            "flows.yaml:4:112: the flow `referral` names an exception of GDPR Art. 9(2) and no basis of Art. 6(1) [ground-cannot-hold]",
        ],
    ),
    Case(
        "flows.yaml",
        "region: [us]",
        "region: []",
        &["flows.yaml:5:120: the flow `summary` may go nowhere [empty-coverage]"],
    ),
    Case(
        "flows.yaml",
        "region: [us]",
        "region: [usa]",
        &["flows.yaml:5:121: `usa` is not a region that the law knows [unknown-region]"],
    ),
    Case("flows.yaml", "Account.SSN__pc", "Account.SSN__c", &[]),
    Case(
        "flows.yaml",
        "id: visit-summary",
        "id: billco",
        &[
            "flows.yaml:5:53: the bundle has no party, model or org `visit-summary` [unknown-reference]",
            "flows.yaml:7:10: `billco` names another thing too: the party at parties.yaml:15 [duplicate-id]",
            "parties.yaml:15:9: `billco` names another thing too: the model at flows.yaml:7 [duplicate-id]",
        ],
    ),
    Case(
        "flows.yaml",
        "provider: cloudmind",
        "provider: cloudmint",
        &[
            "flows.yaml:7:35: the bundle has no party `cloudmint` [unknown-reference]; did you mean `cloudmind`?",
        ],
    ),
    Case(
        "flows.yaml",
        "by: mara-voss",
        "by: mara",
        &["flows.yaml:7:114: the bundle has no approver `mara` [unknown-reference]"],
    ),
    Case(
        "flows.yaml",
        ", approvals: [{by: mara-voss, on: 2026-02-01}]",
        ", retention: forever, risk: {level: high}",
        &[
            "flows.yaml:7:10: nobody has approved the model `visit-summary`, so it may not see personal data [no-approval]",
            "flows.yaml:7:108: `forever` is neither `none` nor a duration [bad-duration]",
            "flows.yaml:7:123: the model `visit-summary` is of high risk and nobody oversees it [no-oversight]",
        ],
    ),
];

#[test]
fn as_many_comments_as_somebody_likes_stand_before_an_entry() {
    let comments = "      # proposed\n".repeat(300);
    let text = format!(
        "objects:\n  Visit__c:\n    subject: self\n    fields:\n{comments}      Note__c: {{class: phi}}\n"
    );
    let policy = super::sample::with(&[("classification/visits.yaml", &text)]);
    assert!(policy.class_of("Visit__c", "Note__c").unwrap().class.is_phi());
}

#[test]
fn a_file_of_comments_says_nothing_and_hides_nothing() {
    let objects = "objects:\n  Truck__c:\n    patients: false\n    default: {class: phi}\n";
    let main = "version: 1\norganisation: {name: X}\nregions: [us]\n";
    let codes = |more: &[(&str, &str)]| {
        let files = [("phiward.yaml", main), ("objects.yaml", objects)];
        let sources =
            files.iter().chain(more).map(|(path, text)| source::Source::new(*path, *text)).collect();
        crate::read(sources).1.into_iter().map(|problem| problem.code).collect::<Vec<_>>()
    };
    assert!(codes(&[]).contains(&"no-patients"));
    assert_eq!(codes(&[("parties.yaml", "# parties:\n#   lab:\n")]), codes(&[]));
    let none = main.replace("{name: X}", "{name: X, patients: false}");
    let sources = [
        ("phiward.yaml", none.as_str()),
        ("objects.yaml", "objects:\n  Visit__c:\n    default: {class: phi}\n"),
    ];
    let read = crate::read(sources.map(|(path, text)| source::Source::new(path, text)).into());
    assert!(read.1.iter().any(|problem| problem.code == "no-patients"), "{:?}", read.1);
    assert_eq!(codes(&[("parties.yaml", "parties: [\n")]), ["malformed-yaml"]);
}
