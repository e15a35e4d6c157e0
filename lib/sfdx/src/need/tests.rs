use source::Source;

use super::{Manifest, QUERIES, Query, commands};
use crate::xml::Tree;

#[test]
fn queries_are_sorted_named_once_and_ask_for_no_secret() {
    assert!(QUERIES.is_sorted_by(|a, b| a.name < b.name));
    for query in QUERIES {
        assert_eq!(Query::named(query.name), Some(&query));
        let text = format!("{:?}", query.how);
        for secret in ["AccessToken", "DeleteToken", "RequestToken", "Password", "Email", "  ", "SELECT *"] {
            assert!(!text.contains(secret), "{}: {secret}", query.name);
        }
    }
}

#[test]
fn commands_are_one_shell_line_each() {
    insta::assert_snapshot!(commands("pro'd", "61.0").join("\n"));
}

#[test]
fn a_manifest_is_sorted_and_is_xml() {
    let mut manifest = Manifest::new();
    manifest.add("Settings", "Security");
    manifest.add("Profile", "R&D <x>");
    manifest.add("Profile", "Admin");
    manifest.add("Profile", "Admin");
    let xml = manifest.to_xml("61.0");
    let (tree, problems) = Tree::parse(Source::new("package.xml", xml.as_str()));
    assert_eq!(problems, []);
    let root = tree.root().unwrap();
    assert_eq!(root.value("version").unwrap(), "61.0");
    let told: Vec<_> = root
        .children_named("types")
        .map(|types| {
            (
                types.value("name").unwrap().to_string(),
                types.values("members").map(|m| m.to_string()).collect(),
            )
        })
        .collect();
    let wanted: [(String, Vec<String>); 2] = [
        ("Profile".into(), vec!["Admin".into(), "R&D <x>".into()]),
        ("Settings".into(), vec!["Security".into()]),
    ];
    assert_eq!(told, wanted);
}

#[test]
fn the_manifest_for_an_audit_names_standard_objects_and_the_administrators_profile() {
    let manifest = Manifest::for_audit();
    let members = |kind: &str| -> Vec<String> {
        let mut types = manifest.types();
        let found = types.find(|(name, _)| *name == kind).unwrap();
        found.1.map(str::to_owned).collect()
    };
    assert!(members("CustomObject").contains(&"Contact".to_owned()));
    assert!(members("Profile").contains(&"Admin".to_owned()));
    assert_eq!(members("Settings"), ["*"]);
    assert!(!manifest.is_empty() && Manifest::new().is_empty());
}
