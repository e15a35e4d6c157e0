//! An org of many users for the benchmark of access: metadata and what queries of it would answer.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::steps::target;

pub(super) struct Size {
    pub(super) users: usize,
    pub(super) objects: usize,
    pub(super) fields_per_object: usize,
}

const PROFILES: usize = 20;
const SETS: usize = 150;
const GROUPS: usize = 30;
const MUTINGS: usize = 10;
const XMLNS: &str = r#"xmlns="http://soap.sforce.com/2006/04/metadata""#;
const BASE: &str = "force-app/main/default";

/// Always the same sequence: two runs measure the same org.
struct Sequence(u64);

impl Sequence {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % bound
    }
}

/// Writes the org below the target folder, its facts in `facts`, and gives the folder.
pub(super) fn write(size: &Size) -> Result<PathBuf, String> {
    let folder = target().join("bench/org");
    if folder.exists() {
        std::fs::remove_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    }
    let mut sequence = Sequence(1);
    file(
        &folder,
        "sfdx-project.json",
        r#"{"packageDirectories":[{"path":"force-app"}],"sourceApiVersion":"66.0"}"#,
    )?;
    for object in 0..size.objects {
        let name = format!("Record_{object}__c");
        let model = ["Private", "Read", "ReadWrite"].get(object % 3).copied().unwrap_or("Private");
        metadata(
            &folder,
            &format!("objects/{name}/{name}.object-meta.xml"),
            "CustomObject",
            &format!("<label>Record {object}</label><sharingModel>{model}</sharingModel>"),
        )?;
        for field in 0..size.fields_per_object {
            metadata(
                &folder,
                &format!("objects/{name}/fields/Diagnosis_{field}__c.field-meta.xml"),
                "CustomField",
                &format!(
                    "<fullName>Diagnosis_{field}__c</fullName><label>Diagnosis {field}</label><type>Text</type>"
                ),
            )?;
        }
    }
    for profile in 0..PROFILES {
        let body = grants(size, &mut sequence, size.objects, 10)
            + "<userLicense>Salesforce</userLicense><userPermissions><enabled>true</enabled><name>ApiEnabled</name></userPermissions>";
        metadata(&folder, &format!("profiles/Profile {profile}.profile-meta.xml"), "Profile", &body)?;
    }
    for set in 0..SETS {
        let body = grants(size, &mut sequence, 2, 40);
        metadata(
            &folder,
            &format!("permissionsets/Set_{set}.permissionset-meta.xml"),
            "PermissionSet",
            &body,
        )?;
    }
    for muting in 0..MUTINGS {
        let body = grants(size, &mut sequence, 1, 30);
        let path = format!("mutingpermissionsets/Muting_{muting}.mutingpermissionset-meta.xml");
        metadata(&folder, &path, "MutingPermissionSet", &body)?;
    }
    for group in 0..GROUPS {
        let mut body = format!("<label>Group {group}</label>");
        for _ in 0..5 {
            let _ = write!(body, "<permissionSets>Set_{}</permissionSets>", sequence.below(SETS));
        }
        if group % 3 == 0 {
            let muting = group / 3;
            let _ = write!(body, "<mutingPermissionSets>Muting_{muting}</mutingPermissionSets>");
        }
        let path = format!("permissionsetgroups/Group_{group}.permissionsetgroup-meta.xml");
        metadata(&folder, &path, "PermissionSetGroup", &body)?;
    }
    facts(&folder, size, &mut sequence)?;
    Ok(folder)
}

fn facts(folder: &Path, size: &Size, sequence: &mut Sequence) -> Result<(), String> {
    let (mut users, mut assignments) = (Vec::new(), Vec::new());
    for user in 0..size.users {
        let id = format!("005{user:015}");
        let profile = sequence.below(PROFILES);
        users.push(format!(
            r#"{{"Id":"{id}","Username":"user{user}@org.example","IsActive":true,"UserType":"Standard","Profile":{{"Name":"Profile {profile}"}}}}"#
        ));
        for _ in 0..4 {
            let set = sequence.below(SETS);
            assignments.push(format!(r#"{{"AssigneeId":"{id}","PermissionSet":{{"Name":"Set_{set}"}}}}"#));
        }
        for _ in 0..2 {
            let group = sequence.below(GROUPS);
            assignments.push(format!(
                r#"{{"AssigneeId":"{id}","PermissionSetGroup":{{"DeveloperName":"Group_{group}"}}}}"#
            ));
        }
    }
    file(folder, "facts/users.json", &format!("[{}]", users.join(",\n")))?;
    file(folder, "facts/permission-set-assignments.json", &format!("[{}]", assignments.join(",\n")))
}

/// Rows for some objects, and one in so many hundred of their fields.
fn grants(size: &Size, sequence: &mut Sequence, objects: usize, percent: usize) -> String {
    let mut rows = String::new();
    let first = sequence.below(size.objects);
    for at in 0..objects {
        let object = (first + at) % size.objects;
        let edits = sequence.below(2) == 0;
        let _ = write!(
            rows,
            "<objectPermissions><allowEdit>{edits}</allowEdit><allowRead>true</allowRead><object>Record_{object}__c</object></objectPermissions>"
        );
        for field in 0..size.fields_per_object {
            let readable = sequence.below(100) < percent;
            let editable = readable && edits;
            let _ = write!(
                rows,
                "<fieldPermissions><editable>{editable}</editable><field>Record_{object}__c.Diagnosis_{field}__c</field><readable>{readable}</readable></fieldPermissions>"
            );
        }
    }
    rows
}

fn metadata(folder: &Path, path: &str, tag: &str, body: &str) -> Result<(), String> {
    let text = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{tag} {XMLNS}>\n{body}\n</{tag}>\n");
    file(folder, &format!("{BASE}/{path}"), &text)
}

fn file(folder: &Path, path: &str, text: &str) -> Result<(), String> {
    let path = folder.join(path);
    path.parent()
        .map_or(Ok(()), std::fs::create_dir_all)
        .and_then(|()| std::fs::write(&path, text))
        .map_err(|error| format!("{}: {error}", path.display()))
}
