//! What the bundle says of whose records objects keep, and what follows for fields, siblings, children and questions.

use policy::bundle::classification::Keeps;
use policy::vocabulary::{Class, Identifier};
use scan::{Classification, Likelihood};

/// Object, its label, and its fields with type and target.
type Sample<'s> = (&'s str, &'s str, &'s [(&'s str, &'s str, &'s str)]);

/// Names that tell nothing of patients by themselves.
const OBJECTS: [Sample<'_>; 4] = [
    (
        "Kiru__c",
        "Kiru",
        &[("Vana__c", "LongTextArea", ""), ("Sync_Source__c", "Text", ""), ("Phone__c", "Phone", "")],
    ),
    (
        "Melo__c",
        "Melo",
        &[("Kiru__c", "Lookup", "Kiru__c"), ("Vana__c", "Text", ""), ("Batch_Override__c", "Checkbox", "")],
    ),
    ("Tase__c", "Tase", &[("Melo__c", "MasterDetail", "Melo__c"), ("Vana__c", "Text", "")]),
    ("Truck__c", "Truck", &[("Plate__c", "Text", ""), ("Diagnosis__c", "Text", "")]),
];

fn project(objects: &[Sample<'_>]) -> (tempfile::TempDir, sfdx::Project) {
    let folder = tempfile::tempdir().unwrap();
    for (object, label, fields) in objects {
        let fields: String = fields
            .iter()
            .map(|(name, kind, target)| {
                let target = if target.is_empty() {
                    String::new()
                } else {
                    format!("<referenceTo>{target}</referenceTo>")
                };
                let label = name.trim_end_matches("__c").replace('_', " ");
                format!(
                    "<fields><fullName>{name}</fullName><label>{label}</label><type>{kind}</type>{target}</fields>\n"
                )
            })
            .collect();
        let path = folder.path().join("objects").join(format!("{object}.object"));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let text = format!(
            "<CustomObject xmlns=\"http://soap.sforce.com/2006/04/metadata\">\n{fields}<label>{label}</label>\n</CustomObject>"
        );
        std::fs::write(path, text).unwrap();
    }
    let project = sfdx::read(folder.path(), &sfdx::Options::default()).unwrap();
    (folder, project)
}

fn bundle(objects: &str) -> policy::Policy {
    let text = format!("version: 1\norganisation: {{name: X}}\nregions: [us]\nobjects: {{{objects}}}\n");
    let (policy, problems) = policy::read(vec![source::Source::new("phiward.yaml", text)]);
    assert!(problems.iter().all(|problem| problem.severity != source::Severity::Error), "{problems:?}");
    policy
}

#[test]
fn without_a_word_of_the_bundle_such_names_tell_nothing() {
    let (_folder, project) = project(&OBJECTS);
    let policy = policy::Policy::empty();
    let classes = Classification::of(&project, &policy);
    for field in ["Kiru__c.Vana__c", "Melo__c.Vana__c", "Tase__c.Vana__c", "Melo__c.Kiru__c"] {
        let (object, field) = field.split_once('.').unwrap();
        assert!(!classes.is_phi(object, field), "{object}.{field}");
        assert_eq!(classes.weight(object, field), None);
    }
}

#[test]
fn one_answer_reaches_the_patients_their_records_and_what_hangs_on_these() {
    let (_folder, project) = project(&OBJECTS);
    let policy = bundle("Melo__c: {subject: Kiru__c}");
    let classes = Classification::of(&project, &policy);
    // The record, the lookup, the patient at its end, and the detail.
    for field in
        ["Melo__c.Vana__c", "Melo__c.Kiru__c", "Kiru__c.Vana__c", "Kiru__c.Phone__c", "Tase__c.Vana__c"]
    {
        let (object, field) = field.split_once('.').unwrap();
        assert!(classes.is_phi(object, field), "{object}.{field}: {:?}", classes.field(object, field));
    }
    assert!(classes.is_phi_object("Melo__c") && classes.is_phi_object("Tase__c"));
    assert!(!classes.is_phi("Truck__c", "Plate__c"));
    // What keeps the record in order is none, and says by which words.
    let batch = classes.field("Melo__c", "Batch_Override__c");
    assert_eq!(batch.class, Class::Internal);
    assert!(classes.weight("Melo__c", "Batch_Override__c").unwrap() < 0);
    assert_eq!(classes.weight("Tase__c", "Vana__c"), None, "nobody answered of it");
}

#[test]
fn the_table_raises_what_the_rules_pass_over_and_tells_the_words() {
    // `External` is plumbing to the rules.
    let fields = [
        ("Kiru__c", "Lookup", "Kiru__c"),
        ("External_Diagnosis_Notes__c", "LongTextArea", ""),
        ("Start_Stage__c", "Date", ""),
    ];
    let objects = [OBJECTS[0], ("Melo__c", "Melo", fields.as_slice())];
    let (_folder, project) = project(&objects);
    let policy = bundle("Kiru__c: {subject: self}, Melo__c: {subject: Kiru__c}");
    let table = scan::WordTable::parse(
        "question\tkind\tword\tweight\nfield\tany\t\t-60\nfield\tword\tstage\t120\nfield\tword\tvana\t-127\nfield\tfrom\task\t-10\nfield\tfrom\tphi\t0\nfield\tfrom\tsure\t50\n",
    )
    .unwrap();
    let classes = Classification::by(&project, &policy, &table);
    let stage = classes.field("Melo__c", "Start_Stage__c");
    assert_eq!((stage.class, stage.identifier), (Class::Phi, Some(Identifier::Date)));
    assert_eq!(stage.reason, "in a record about a patient, and `stage` speaks for it");
    // It never lowers: by whose record it is, the field stays PHI, and people may be asked.
    assert!(classes.is_phi("Kiru__c", "Vana__c"));
    assert!(classes.weight("Kiru__c", "Vana__c").unwrap() < 0);
    // What a name says, and a lookup to the patient, are no question of words.
    assert!(classes.is_phi("Melo__c", "External_Diagnosis_Notes__c"));
    assert!(classes.is_phi("Melo__c", "Kiru__c"));
    assert_eq!(classes.weight("Melo__c", "Kiru__c"), None);
}

#[test]
fn no_patients_means_no_phi_and_the_catalogue_is_heard_on_the_person() {
    let objects = [
        OBJECTS[3],
        ("Contact", "Contact", &[("FirstName", "", ""), ("Allergies__c", "Text", "")][..]),
        ("Patient__c", "Patient", &[("MRN__c", "Text", "")][..]),
    ];
    let (_folder, project) = project(&objects);
    let policy = bundle("Truck__c: {patients: false}, Contact: {patients: false}");
    let classes = Classification::of(&project, &policy);
    assert!(!classes.is_phi("Truck__c", "Diagnosis__c") && !classes.is_phi_object("Truck__c"));
    assert_eq!(classes.field("Contact", "FirstName").class, Class::Pii);
    assert_eq!(classes.field("Contact", "Allergies__c").class, Class::Pii);
    assert!(classes.is_phi("Patient__c", "MRN__c"));
}

#[test]
fn an_organisation_without_patients_is_asked_nothing_and_an_object_may_say_otherwise() {
    let objects = [
        ("Patient__c", "Patient", &[("MRN__c", "Text", "")][..]),
        ("Client__c", "Client", &[("Allergies__c", "Text", ""), ("Visit_Date__c", "Date", "")][..]),
    ];
    let (_folder, project) = project(&objects);
    let of = |objects: &str| {
        let text = format!(
            "version: 1\norganisation: {{name: X, roles: [controller], patients: false}}\nregions: [us]\n{objects}"
        );
        policy::read(vec![source::Source::new("phiward.yaml", text)]).0
    };
    let none = of("");
    let classes = Classification::of(&project, &none);
    assert_eq!(classes.all().filter(|(_, _, verdict)| verdict.is_phi()).count(), 0);
    assert!(classes.questions(&project).objects.is_empty());
    let one = of("objects:\n  Client__c:\n    subject: self\n");
    let classes = Classification::of(&project, &one);
    assert!(classes.is_phi("Client__c", "Allergies__c") && !classes.is_phi("Patient__c", "MRN__c"));
}

#[test]
fn an_answer_goes_before_a_name() {
    let objects = [("Patient__c", "Patient", &[("Vana__c", "LongTextArea", "")][..]), OBJECTS[0]];
    let (_folder, project) = project(&objects);
    // A patient of a pump.
    let policy = bundle("Patient__c: {patients: false}, Kiru__c: {subject: self}");
    let classes = Classification::of(&project, &policy);
    assert!(!classes.is_phi("Patient__c", "Vana__c"));
    assert!(classes.is_phi("Kiru__c", "Vana__c"));
}

#[test]
fn objects_are_asked_first_and_then_doubtful_fields_of_those_that_are_answered() {
    let objects = [
        OBJECTS[0],
        OBJECTS[3],
        ("Patient__c", "Patient", &[("Birth_Date__c", "Date", ""), ("Diagnosis__c", "Text", "")][..]),
        (
            "Visit__c",
            "Visit",
            &[("Patient__c", "Lookup", "Patient__c"), ("Notes__c", "LongTextArea", "")][..],
        ),
        ("Limits__mdt", "Limits", &[("Patient__c", "Text", "")][..]),
    ];
    let (_folder, project) = project(&objects);
    let nothing = policy::Policy::empty();
    let questions = Classification::of(&project, &nothing).questions(&project);
    let at = |name: &str| questions.objects.iter().position(|one| one.object == name);
    assert_eq!(at("Patient__c"), Some(0), "{questions:?}");
    assert!(at("Visit__c") < at("Kiru__c") && at("Kiru__c").is_some());
    assert_eq!(at("Limits__mdt"), None);
    let patient = &questions.objects[0];
    assert_eq!(
        (patient.keeps, patient.likelihood, patient.hanging),
        (Keeps::Patients, Likelihood::Likely, 2)
    );
    let visit = &questions.objects[at("Visit__c").unwrap()];
    assert_eq!((visit.keeps, visit.by.as_deref()), (Keeps::AboutPatients, Some("Patient__c")));
    assert_eq!(questions.fields, []);

    let policy =
        bundle("Kiru__c: {subject: self}, Patient__c: {subject: self, fields: {Diagnosis__c: {class: phi}}}");
    let table = scan::WordTable::parse(
        "question\tkind\tword\tweight\nfield\tword\tvana\t10\nfield\tfrom\task\t-60\nfield\tfrom\tphi\t0\nfield\tfrom\tsure\t60\n",
    )
    .unwrap();
    let questions = Classification::by(&project, &policy, &table).questions(&project);
    let fields: Vec<String> =
        questions.fields.iter().map(|one| format!("{}.{}", one.object, one.field)).collect();
    assert_eq!(fields, ["Kiru__c.Sync_Source__c", "Kiru__c.Vana__c"]);
    assert_eq!(questions.fields[1].verdict.class, Class::Phi);
    let names: Vec<&str> = questions.objects.iter().map(|one| one.object.as_str()).collect();
    assert!(!names.contains(&"Kiru__c") && !names.contains(&"Patient__c"), "{names:?}");
}
