//! What the field's own type and object allow, and what follows for the plan as a whole.

use super::*;

#[test]
fn a_field_of_few_values_gets_no_blind_index() {
    let gender = "<fullName>Gender__c</fullName><label>Gender</label><length>20</length><type>Text</type>";
    let view = condition("filters", "Gender__c", "equals", "x");
    let plan = plan_of(
        &[
            (&field_file("Patient__c", "Gender__c"), "CustomField", gender),
            ("objects/Patient__c/listViews/A.listView-meta.xml", "ListView", &view),
        ],
        "Patient__c.Gender__c",
    );
    assert_eq!(outcomes(&plan.uses[0]), [Breaks, Equal, Equal, Breaks]);
    assert_eq!(plan.choice.scheme, Some(P), "counting would tell the values: {}", plan.choice.why_scheme);
    assert_eq!(plan.gateway.unwrap().index, None);
}

/// Type, then whether Shield can: at all, randomly, deterministically.
#[test]
fn types_that_can_be_encrypted() {
    use Possible::{No, Yes};
    for (kind, expected) in [
        ("<length>20</length><type>Text</type>", [Yes, Yes, Yes]),
        ("<type>Email</type>", [Yes, Yes, Yes]),
        ("<type>Phone</type>", [Yes, Yes, Yes]),
        ("<type>Url</type>", [Yes, Yes, Yes]),
        ("<type>TextArea</type>", [Yes, Yes, Yes]),
        ("<length>32768</length><type>LongTextArea</type>", [Yes, Yes, No]),
        ("<length>32768</length><type>Html</type>", [Yes, Yes, No]),
        ("<type>Date</type>", [Yes, Yes, No]),
        ("<type>DateTime</type>", [Yes, Yes, No]),
        ("<length>20</length><unique>true</unique><type>Text</type>", [Yes, No, Yes]),
        ("<externalId>true</externalId><type>Email</type>", [Yes, No, Yes]),
        // A text field may take the place of these; the field as it is cannot be encrypted.
        ("<type>Picklist</type>", [No, Yes, Yes]),
        ("<type>Number</type>", [No, Yes, Yes]),
        ("<length>11</length><type>EncryptedText</type>", [No, Yes, Yes]),
        ("<type>Checkbox</type>", [No, No, No]),
        ("<type>AutoNumber</type>", [No, No, No]),
        ("<referenceTo>Clinic__c</referenceTo><type>Lookup</type>", [No, No, No]),
        ("<formula>Name</formula><type>Text</type>", [No, No, No]),
    ] {
        let body = format!("<fullName>X__c</fullName><label>Number</label>{kind}");
        let plan = plan_of(&[(&field_file("Patient__c", "X__c"), "CustomField", &body)], "Patient__c.X__c");
        let platform = plan.platform.unwrap();
        let of = |mode| platform.schemes.iter().find(|scheme| scheme.mode == mode).unwrap().possible;
        assert_eq!([platform.possible, of(P), of(D)], expected, "{kind}");
        let replaced = expected[0] == No && expected[1] == Yes;
        assert_eq!(platform.replacement.is_some(), replaced, "{kind}");
        assert_eq!(
            plan.migration.iter().any(|way| way.protect == Protect::Platform),
            expected[1] == Yes || expected[2] == Yes,
            "{kind}"
        );
    }
}

#[test]
fn objects_that_field_encryption_does_not_reach() {
    let field = "<fullName>X__c</fullName><length>20</length><type>Text</type>";
    for object in ["Told__e", "Map__mdt", "Order__x", "Trail__b"] {
        let plan = plan_of(&[(&field_file(object, "X__c"), "CustomField", field)], &format!("{object}.X__c"));
        assert_eq!(plan.platform.unwrap().possible, Possible::No, "{object}");
    }
}

#[test]
fn standard_fields_are_what_salesforce_says_or_unknown() {
    let case = |field: &str| {
        plan_of(&[(&field_file("Patient__c", "SSN__c"), "CustomField", SSN)], field).platform.unwrap()
    };
    let email = case("Contact.Email");
    assert_eq!(email.possible, Possible::Yes);
    let limit = email.limit.unwrap();
    assert_eq!((limit.bytes, limit.ascii, limit.non_ascii), (240, 80, 70));
    assert_eq!(case("Contact.FirstName").limit.unwrap().ascii, 40);
    assert_eq!(case("Contact.Birthdate").possible, Possible::Unknown);
    let person = case("Account.PersonEmail");
    assert!(person.reasons.iter().any(|reason| reason.text.contains("under Contact")));
}

#[test]
fn a_person_account_and_its_contact_are_one() {
    let view = condition("filters", "SSN__pc", "equals", "1");
    let plan = plan_of(
        &[
            (&field_file("Contact", "SSN__c"), "CustomField", SSN),
            ("objects/Account/listViews/A.listView-meta.xml", "ListView", &view),
        ],
        "Contact.SSN__c",
    );
    assert_eq!(plan.uses.len(), 1);
    let names = "<columns>NAME</columns>";
    let plan = plan_of(
        &[
            (&field_file("Contact", "SSN__c"), "CustomField", SSN),
            ("objects/Contact/listViews/A.listView-meta.xml", "ListView", names),
        ],
        "Contact.LastName",
    );
    assert_eq!(plan.uses.len(), 1, "the name is made of it");
}

#[test]
fn the_scheme_follows_from_the_uses() {
    let view = condition("filters", "SSN__c", "equals", "1");
    let view = ("objects/Patient__c/listViews/A.listView-meta.xml", "ListView", view.as_str());
    let scheme = |body: &str, more: &[(&str, &str, &str)]| {
        let path = field_file("Patient__c", "SSN__c");
        let files: Vec<_> =
            [(path.as_str(), "CustomField", body)].into_iter().chain(more.iter().copied()).collect();
        plan_of(&files, "Patient__c.SSN__c").choice.scheme
    };
    assert_eq!(scheme(SSN, &[]), Some(P), "nothing needs more");
    assert_eq!(scheme(SSN, &[view]), Some(D), "digits have no case");
    let name = SSN.replace("<label>SSN</label>", "<label>Number</label>");
    let with = |flags: &str| format!("{name}{flags}");
    assert_eq!(scheme(&with("<unique>true</unique><caseSensitive>false</caseSensitive>"), &[]), Some(I));
    assert_eq!(scheme(&with("<unique>true</unique><caseSensitive>true</caseSensitive>"), &[]), Some(D));
    let long = "<fullName>SSN__c</fullName><length>32768</length><type>LongTextArea</type>";
    assert_eq!(scheme(long, &[view]), Some(P), "no other is possible");
    let partial = condition("filters", "SSN__c", "contains", "1");
    let partial = ("objects/Patient__c/listViews/A.listView-meta.xml", "ListView", partial.as_str());
    assert_eq!(scheme(SSN, &[partial]), Some(P), "a deterministic scheme would not save it");
}

#[test]
fn the_bundle_says_for_what_the_plan_is() {
    let bundle = |protect: &str| {
        let main = "version: 1\norganisation: {name: Clinic, roles: [covered-entity]}\nregions: [us]\n";
        let classes = format!(
            "objects:\n  Patient__c:\n    fields:\n      SSN__c: {{class: phi, identifier: ssn, protect: {protect}, search: equality}}\n"
        );
        let source = |path: &str, text: String| source::Source::decode(path, text.into_bytes(), None).0;
        let (policy, problems) = policy::read(vec![
            source("phiward.yaml", main.to_owned()),
            source("classification/patients.yaml", classes),
        ]);
        assert!(problems.iter().all(|problem| problem.severity != source::Severity::Error), "{problems:?}");
        policy
    };
    let folder = project(&[(&field_file("Patient__c", "SSN__c"), "CustomField", SSN)]);
    let of = |protect: &str, question| {
        read(folder.path(), "patient__C.ssn__c", &bundle(protect), question).unwrap()
    };
    let shield = of("platform", Question::default());
    assert_eq!(shield.modes, [P, D, I]);
    assert_eq!(shield.choice.scheme, Some(D), "the bundle asks for a search: {}", shield.choice.why_scheme);
    assert!(shield.gateway.is_none());
    assert_eq!(shield.subject.asked.as_ref().unwrap().place.as_ref().unwrap().start.line, 4);
    assert_eq!(of("gateway", Question::default()).modes, [G]);
    assert_eq!(of("both", Question::default()).modes, [P, D, I, G]);
    assert_eq!(of("gateway", Question { by: For::Platform, scheme: Some(I) }).modes, [I]);
}

#[test]
fn steps_fit_what_the_source_says() {
    let says = |plan: &Plan, protect: Protect, words: &str| {
        let way = plan.migration.iter().find(|way| way.protect == protect).unwrap();
        way.steps.iter().any(|step| step.what.contains(words))
    };
    let tracked = format!("{SSN}<trackHistory>true</trackHistory><unique>true</unique>");
    let setting = |flag: &str| {
        format!(
            "<enableEncryptFieldHistory>{flag}</enableEncryptFieldHistory><enableDeterministicEncryption>{flag}</enableDeterministicEncryption>"
        )
    };
    let plan_with = |flag: &str| {
        plan_of(
            &[
                (&field_file("Patient__c", "SSN__c"), "CustomField", &tracked),
                (
                    "settings/PlatformEncryption.settings-meta.xml",
                    "PlatformEncryptionSettings",
                    &setting(flag),
                ),
            ],
            "Patient__c.SSN__c",
        )
    };
    let (off, on) = (plan_with("false"), plan_with("true"));
    for words in ["encryption of field history", "switch deterministic encryption on"] {
        assert!(says(&off, Protect::Platform, words) && !says(&on, Protect::Platform, words), "{words}");
    }
    assert!(says(&on, Protect::Platform, "Fields (Deterministic)"), "a unique field");
    assert!(says(&on, Protect::Platform, "DeterministicEncryption</encryptionScheme>"));
    assert!(says(&on, Protect::Gateway, "`SSN_token__c` (Text, 255 characters) and `SSN_bix__c`"));
    let plain = plan_of(&[(&field_file("Patient__c", "SSN__c"), "CustomField", SSN)], "Patient__c.SSN__c");
    assert!(says(&plain, Protect::Platform, "Fields and Files (Probabilistic)"));
    assert!(!says(&plain, Protect::Platform, "encryption of field history"));
    assert!(!says(&plain, Protect::Platform, "matching rules"));
}

#[test]
fn apex_is_judged_and_other_code_is_counted() {
    let folder = project(&[(&field_file("Patient__c", "SSN__c"), "CustomField", SSN)]);
    let put = |path: &str, text: &str| {
        let full = folder.path().join("force-app").join(path);
        std::fs::create_dir_all(full.parent().unwrap()).unwrap();
        std::fs::write(full, text).unwrap();
    };
    put("classes/A.cls", "class A { Object a = [SELECT ssn__C FROM Patient__c]; }");
    put("classes/B.cls", "class B { String Other_SSN__c; String SSN__c_Note; }");
    put("lwc/card/note.js", "// SSN__c_Note");
    put("lwc/card/card.js", "import SSN from '@salesforce/schema/Patient__c.SSN__c';");
    let plan = read(folder.path(), "Patient__c.SSN__c", &policy::Policy::empty(), both()).unwrap();
    assert_eq!(plan.code.standing, "not-judged-yet");
    let components = &plan.code.kinds["Lightning web components"];
    let naming = ["force-app/lwc/card/card.js".to_owned()];
    assert_eq!((components.all, components.naming.as_slice()), (2, naming.as_slice()));
    let uses: Vec<(How, &str)> = plan.uses.iter().map(|used| (used.how, used.component.as_str())).collect();
    assert_eq!(uses, [(How::CodeRead, "Apex:A")], "a hint is no use");
}

#[test]
fn an_unknown_field_is_told_with_those_that_are_known() {
    let folder = project(&[(&field_file("Patient__c", "SSN__c"), "CustomField", SSN)]);
    for wrong in ["Patient__c.SNN__c", "SSN__c", "", ".", "Patient__c.", "Ward__c.SSN__c"] {
        let unknown = read(folder.path(), wrong, &policy::Policy::empty(), both()).err().unwrap();
        assert!(unknown.known.iter().any(|name| name == "Patient__c.SSN__c"), "{wrong}");
    }
}
