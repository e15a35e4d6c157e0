//! Names that strangers wrote to break out of where they stand.

use std::path::Path;

use journal::{Confidence, Gap, Place, Severity};
use scan::{Destination, FoundFlow};

use crate::clinic::{Clinic, finding};

const MARKUP: &str = "</title></style><script>alert(1)</script><img src=x onerror=alert(1)>\"'&";
const FORMULA: &str = "=HYPERLINK(\"https://evil.example\",\"x\")";

fn hostile() -> Clinic {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new(""))).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("sfdx-project.json", "{\"packageDirectories\": [{\"path\": \"force-app\", \"default\": true}]}");
    write(
        "force-app/main/default/objects/Patient__c/fields/SSN__c.field-meta.xml",
        "<?xml version=\"1.0\"?><CustomField xmlns=\"http://soap.sforce.com/2006/04/metadata\"><fullName>SSN__c</fullName>\
         <label>&lt;b&gt;SSN</label><type>Text</type></CustomField>",
    );
    write(
        "force-app/main/default/permissionsets/Evil.permissionset-meta.xml",
        "<?xml version=\"1.0\"?><PermissionSet xmlns=\"http://soap.sforce.com/2006/04/metadata\">\
         <fieldPermissions><editable>true</editable><field>Patient__c.SSN__c</field><readable>true</readable></fieldPermissions>\
         <label>=1+1</label><license>&lt;script&gt;</license></PermissionSet>",
    );
    let mut clinic = Clinic::read(folder.path(), MARKUP);
    let mut bad = finding("phi-field-unprotected", Severity::High, MARKUP, FORMULA, &["hipaa-sec-312a2iv"]);
    bad.message = MARKUP.to_owned();
    bad.fix = FORMULA.to_owned();
    bad.fields = vec![MARKUP.to_owned()];
    bad.party = Some(FORMULA.to_owned());
    clinic.report.findings = vec![bad];
    clinic.report.gaps = vec![Gap {
        rule: "phi-field-unprotected",
        missing: MARKUP.to_owned(),
        complete_with: FORMULA.to_owned(),
    }];
    let to = [
        Destination::Host(MARKUP.into()),
        Destination::Subscribers(FORMULA.into()),
        Destination::Package("a\"]\n click n0 x".into()),
    ];
    clinic.report.flows = to
        .into_iter()
        .map(|to| FoundFlow {
            fields: vec![format!("{MARKUP}.x"), "Patient__c.SSN__c".into()],
            to,
            by: FORMULA.to_owned(),
            place: Place::line(MARKUP, 1),
            confidence: Confidence::High,
        })
        .collect();
    clinic
}

#[test]
fn names_are_never_markup() {
    let clinic = hostile();
    for name in ["index.html", "flows.svg", "flows.mmd"] {
        let text = clinic.text(name);
        assert!(!text.contains("<script") && !text.contains("<img"), "{name}");
        assert!(!text.contains("alert(1)</script>"), "{name}");
    }
    assert_eq!(clinic.text("index.html").matches("<title>").count(), 1);
}

#[test]
fn names_are_never_formulas() {
    let clinic = hostile();
    for document in clinic.documents().iter().filter(|document| document.name.ends_with(".csv")) {
        let text = String::from_utf8(document.bytes.clone()).unwrap();
        let mut inside = false;
        let mut before = ',';
        let mut chars = text.trim_start_matches('\u{feff}').chars().peekable();
        while let Some(c) = chars.next() {
            if c == '"' && inside && chars.peek() == Some(&'"') {
                chars.next();
            } else if c == '"' {
                inside = !inside;
                let next = chars.peek().copied().unwrap_or(' ');
                assert!(
                    !(inside && "=+-@\t\r".contains(next)),
                    "{}: a cell begins with {next:?}",
                    document.name
                );
            } else {
                assert!(
                    inside || matches!(c, ',' | '\r' | '\n'),
                    "{}: {c:?} after {before:?} outside a cell",
                    document.name
                );
            }
            before = c;
        }
        assert!(!inside, "{}", document.name);
        assert!(!text.contains("evil.example") || text.contains("'=HYPERLINK"), "{}", document.name);
    }
}

#[test]
fn names_are_never_syntax_of_a_diagram() {
    let text = hostile().text("flows.mmd");
    for line in text.lines() {
        let known = ["flowchart LR", "  accTitle: ", "  accDescr: ", "  subgraph z", "    n", "  end", "  n"];
        assert!(known.iter().any(|start| line.starts_with(start)), "{line}");
        assert_eq!(line.matches('"').count() % 2, 0, "{line}");
    }
}
