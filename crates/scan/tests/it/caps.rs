//! Code of which something is left out says so, once a rule and by its methods; code that is followed to its end says
//! nothing.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

const TODAY: jiff::civil::Date = jiff::civil::date(2026, 11, 21);

fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

/// A scan of these classes, beside a patient with a number.
fn scan(classes: &[(String, String)]) -> scan::Report {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        "sfdx-project.json",
        r#"{"packageDirectories": [{"path": "force-app", "default": true}], "sourceApiVersion": "62.0"}"#,
    );
    write(
        folder.path(),
        "force-app/main/default/objects/Patient__c/fields/SSN__c.field-meta.xml",
        "<CustomField xmlns=\"http://soap.sforce.com/2006/04/metadata\"><fullName>SSN__c</fullName>\
         <label>SSN</label><length>11</length><type>Text</type></CustomField>",
    );
    for (name, text) in classes {
        write(folder.path(), &format!("force-app/main/default/classes/{name}.cls"), text);
    }
    let project = sfdx::read(folder.path(), &sfdx::Options::default()).unwrap();
    let policy = policy::Policy::empty();
    let facts = sfdx::Facts::of(Vec::new());
    let input =
        scan::Input { project: &project, policy: &policy, bundle: "phiward", facts: &facts, today: TODAY };
    scan::run(&input, &scan::Config::default())
}

/// What is said to be left out: the same for each rule that follows data.
fn left_out(report: &scan::Report) -> Option<String> {
    let mut told = report.gaps.iter().filter(|gap| gap.missing.starts_with("where data goes in Apex"));
    let first = told.next()?;
    let rules: Vec<&str> = told
        .map(|gap| {
            assert_eq!(gap.missing, first.missing);
            gap.rule
        })
        .collect();
    assert!(rules.contains(&"soql-injection") && !rules.contains(&"secret-in-code"), "{rules:?}");
    let once: BTreeSet<&str> = rules.iter().copied().collect();
    assert_eq!(once.len(), rules.len(), "one a rule: {rules:?}");
    Some(first.missing.clone())
}

fn logged(report: &scan::Report) -> usize {
    report.findings.iter().filter(|finding| finding.rule == "phi-in-debug-log").count()
}

/// A number that goes through so many variables before it is logged.
fn chain(length: usize) -> Vec<(String, String)> {
    let first = "public class Begin { public static void run() { Hop0.v = [SELECT SSN__c FROM Patient__c LIMIT 1].SSN__c; } }";
    let mut classes = vec![("Begin".to_owned(), first.to_owned())];
    for at in 0..length {
        let to = if at + 1 < length { format!("Hop{}.v = v", at + 1) } else { "System.debug(v)".to_owned() };
        let text =
            format!("public class Hop{at} {{ public static String v; public static void go() {{ {to}; }} }}");
        classes.push((format!("Hop{at}"), text));
    }
    classes
}

#[test]
fn a_way_through_many_variables() {
    let short = scan(&chain(12));
    assert_eq!((logged(&short), left_out(&short)), (1, None));
    let long = scan(&chain(20));
    assert_eq!(logged(&long), 0);
    let told = left_out(&long).unwrap();
    assert!(told.ends_with(": more than 12 variables and fields on one way in `Hop12.go`"), "{told}");
    assert_eq!(Some(told), left_out(&scan(&chain(20))));
}

#[test]
fn many_ways_out_of_one_method() {
    let class = |count: usize| {
        let mut text = "public class Log { public static void write(Patient__c p) {\n".to_owned();
        for _ in 0..count {
            text += "System.debug(p.SSN__c);\n";
        }
        text += "} public static void run() { write([SELECT SSN__c FROM Patient__c LIMIT 1]); } }";
        vec![("Log".to_owned(), text)]
    };
    let few = scan(&class(1_500));
    assert_eq!((logged(&few), left_out(&few)), (1_500, None));
    let many = scan(&class(1_501));
    assert_eq!(logged(&many), 1_500);
    let told = left_out(&many).unwrap();
    assert!(told.ends_with(": more than 1500 ways out of a method in `Log.write`"), "{told}");
}

#[test]
fn many_objects_of_one_value_and_of_one_method() {
    let class = |count: usize| {
        let mut text = "public class Maker { public static List<Patient__c> make() {\n\
                        List<Patient__c> all = new List<Patient__c>();\n"
            .to_owned();
        for at in 0..count {
            writeln!(text, "all.add(new Patient__c(SSN__c = 'A{at}'));").unwrap();
        }
        text += "return all; } }";
        vec![("Maker".to_owned(), text)]
    };
    assert_eq!(left_out(&scan(&class(119))), None);
    let told = left_out(&scan(&class(120))).unwrap();
    assert!(told.ends_with(": more than 120 objects that a method gives out in `Maker.make`"), "{told}");
    let told = left_out(&scan(&class(201))).unwrap();
    assert!(
        told.ends_with(
            ": more than 200 objects that a value may be in `Maker.make`; \
             more than 120 objects that a method gives out in `Maker.make`"
        ),
        "{told}"
    );
}
