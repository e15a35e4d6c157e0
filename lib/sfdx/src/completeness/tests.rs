use std::path::Path;

use super::{Item, Remedy, State, manifest, of, queries};
use crate::{Facts, Options, Project, read, read_facts};

fn write(root: &Path, path: &str, content: &str) {
    let path = root.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}

fn open(files: &[(&str, &str)]) -> Project {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "sfdx-project.json", r#"{"packageDirectories":[{"path":"a"}]}"#);
    for (path, content) in files {
        write(dir.path(), path, content);
    }
    read(dir.path(), &Options::default()).unwrap()
}

fn find<'i>(items: &'i [Item], id: &str) -> &'i Item {
    items.iter().find(|item| item.id == id).unwrap()
}

#[test]
fn of_an_empty_project_everything_is_unknown() {
    let items = of(&open(&[("a/readme.txt", "")]), &Facts::default());
    for id in [
        "standard-profiles",
        "profile-contents",
        "sharing-models",
        "settings-security",
        "packages",
        "org-users",
        "external-client-apps",
    ] {
        assert_eq!(find(&items, id).state, State::Absent, "{id}");
    }
    let mut ids: Vec<_> = items.iter().map(|item| &item.id).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), items.len());
    for item in &items {
        assert_eq!(item.state == State::Present, item.remedies.is_empty(), "{}", item.id);
    }
    assert!(queries(&items).contains("tokens") && queries(&items).contains("sharing-models"));
}

#[test]
fn what_the_source_names_and_does_not_have_is_listed() {
    let project = open(&[
        (
            "a/networks/Portal.network-meta.xml",
            "<Network><networkMemberGroups><profile>Patients</profile><permissionSet>Book</permissionSet></networkMemberGroups></Network>",
        ),
        ("a/sites/Portal.site-meta.xml", "<CustomSite><masterLabel>Portal</masterLabel></CustomSite>"),
        (
            "a/profiles/Admin.profile-meta.xml",
            "<Profile><objectPermissions><object>Lead</object></objectPermissions><objectPermissions><object>Log__e</object></objectPermissions></Profile>",
        ),
        (
            "a/permissionsetgroups/Ward.permissionsetgroup-meta.xml",
            "<PermissionSetGroup><permissionSets>Nurse</permissionSets><mutingPermissionSets>Mute</mutingPermissionSets></PermissionSetGroup>",
        ),
        (
            "a/objects/Case/Case.object-meta.xml",
            "<CustomObject><sharingModel>Private</sharingModel></CustomObject>",
        ),
        ("a/objects/Visit__c/fields/X__c.field-meta.xml", "<CustomField/>"),
        ("a/objects/Log__e/Log__e.object-meta.xml", "<CustomObject/>"),
        (
            "a/sharingRules/Case.sharingRules-meta.xml",
            "<SharingRules><sharingOwnerRules><sharedTo><group>Ward</group></sharedTo><sharedFrom><role>CEO</role></sharedFrom></sharingOwnerRules></SharingRules>",
        ),
        (
            "a/namedCredentials/N.namedCredential-meta.xml",
            "<NamedCredential><namedCredentialParameters><externalCredential>Lab</externalCredential></namedCredentialParameters></NamedCredential>",
        ),
        ("a/externalClientApps/Sync.eca-meta.xml", "<ExternalClientApplication/>"),
        ("a/email/F/T.email-meta.xml", "<EmailTemplate/>"),
        ("a/settings/Security.settings-meta.xml", "<SecuritySettings/>"),
        ("b/profiles/Other.profile-meta.xml", "<Profile/>"),
        ("a/flows/Cut.flow-meta.xml", "<Flow>"),
        (".forceignore", "**/roles/**\n"),
        ("a/roles/CEO.role-meta.xml", "<Role/>"),
    ]);
    let items = of(&project, &Facts::default());
    let told = |id: &str| (find(&items, id).state, find(&items, id).lacks.join(","));
    assert_eq!(told("standard-profiles").0, State::Partial);
    assert_eq!(told("profile-contents"), (State::Partial, "Admin".into()));
    assert_eq!(told("guest-profiles"), (State::Absent, "Portal Profile".into()));
    assert_eq!(told("named-profiles"), (State::Absent, "Book,Patients".into()));
    assert_eq!(told("permission-set-group-members"), (State::Absent, "Mute,Nurse".into()));
    assert_eq!(told("sharing-models"), (State::Partial, "Lead,Visit__c".into()));
    assert_eq!(told("sharing-targets"), (State::Absent, "CEO,Ward".into()));
    assert_eq!(told("external-credentials"), (State::Absent, "Lab".into()));
    assert_eq!(told("external-client-apps"), (State::Partial, "Sync".into()));
    assert_eq!(told("email-templates"), (State::Absent, "F/T".into()));
    assert_eq!(told("settings-security").0, State::Present);
    assert_eq!(told("outside-packages"), (State::Partial, "b/profiles".into()));
    assert_eq!(told("unread-files"), (State::Partial, "a/flows/Cut.flow-meta.xml".into()));
    assert_eq!(told("forceignore"), (State::Partial, "a/roles/CEO.role-meta.xml".into()));

    let xml = manifest(&items).to_xml("61.0");
    for member in ["Portal Profile", "Nurse", "Mute", "Lead", "CEO", "Lab"] {
        assert!(xml.contains(&format!("<members>{member}</members>")), "{member}");
    }
    assert!(!xml.contains("<members>Security</members>"));
    let mute = Remedy::Retrieve { kind: "MutingPermissionSet".into(), members: vec!["Mute".into()] };
    assert!(find(&items, "permission-set-group-members").remedies.contains(&mute));
}

#[test]
fn answers_of_the_org_complete_it() {
    let facts = tempfile::tempdir().unwrap();
    write(facts.path(), "users.json", "[]");
    write(facts.path(), "packages.json", "{\"done\":false,\"records\":[]}");
    write(
        facts.path(),
        "sharing-models.json",
        "[{\"QualifiedApiName\":\"Lead\",\"InternalSharingModel\":\"Private\"}]",
    );
    let facts = read_facts(facts.path()).unwrap();
    let project = open(&[(
        "a/profiles/A.profile-meta.xml",
        "<Profile><objectPermissions><object>Lead</object></objectPermissions></Profile>",
    )]);
    let items = of(&project, &facts);
    assert_eq!(find(&items, "org-users").state, State::Present);
    assert_eq!(find(&items, "packages").state, State::Partial);
    assert_eq!(find(&items, "sharing-models").state, State::Present);
    assert!(!queries(&items).contains("users"));
}
