//! An org as the files that a retrieve and the queries would leave.

use std::fmt::Write;
use std::path::Path;

use crate::orgs::{
    ContainerFile, ContainerKind, FieldFile, Layout, ObjectFile, Org, RuleKind, Table, Written,
};

/// Path and content; facts lie below `facts/`, the project below `project/`.
pub(crate) fn files(org: &Org) -> Vec<(String, String)> {
    let mut files = Files { org, all: Vec::new() };
    files.manifest();
    for object in &org.objects {
        files.object(object);
    }
    for container in &org.containers {
        files.container(container);
    }
    for group in &org.groups {
        let mut body = tag("label", group.name);
        group.sets.iter().for_each(|name| body += &tag("permissionSets", name));
        group.muting.iter().for_each(|name| body += &tag("mutingPermissionSets", name));
        files.add("permissionsetgroups", group.name, "permissionsetgroup", "PermissionSetGroup", &body);
    }
    files.rules();
    files.sharing();
    files.facts();
    files.all
}

pub(crate) fn write(org: &Org, folder: &Path) {
    for name in ["facts", "project"] {
        std::fs::create_dir(folder.join(name)).unwrap();
    }
    for (path, content) in files(org) {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
}

struct Files<'o> {
    org: &'o Org,
    all: Vec<(String, String)>,
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

fn tag(name: &str, text: &str) -> String {
    format!("  <{name}>{}</{name}>\n", escaped(text))
}

fn maybe(name: &str, text: Written) -> String {
    text.map(|text| tag(name, text)).unwrap_or_default()
}

fn around(name: &str, body: &str) -> String {
    format!("<{name}>\n{body}</{name}>\n")
}

fn whole(kind: &str, body: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{kind} xmlns=\"http://soap.sforce.com/2006/04/metadata\">\n{body}</{kind}>\n"
    )
}

impl Files<'_> {
    fn base(&self, package: usize) -> String {
        let below = match (self.org.layout, package) {
            (Layout::Source, 0) => "force-app/main/default/",
            (Layout::Source, _) => "extra/main/default/",
            (_, 0) => "",
            (_, _) => "extra/",
        };
        format!("project/{below}")
    }

    /// A component's file in the first package.
    fn add(&mut self, folder: &str, name: &str, suffix: &str, kind: &str, body: &str) {
        self.add_to(0, folder, name, suffix, whole(kind, body));
    }

    fn add_to(&mut self, package: usize, folder: &str, name: &str, suffix: &str, content: String) {
        let meta = if self.org.layout == Layout::Source { "-meta.xml" } else { "" };
        let name = name.replace('&', "%26");
        self.all.push((format!("{}{folder}/{name}.{suffix}{meta}", self.base(package)), content));
    }

    fn manifest(&mut self) {
        match self.org.layout {
            Layout::Source => {
                let version =
                    self.org.api.map(|api| format!(", \"sourceApiVersion\": \"{api}\"")).unwrap_or_default();
                let second = if self.org.containers.iter().any(|file| file.package > 0) {
                    ", {\"path\": \"extra\"}"
                } else {
                    ""
                };
                let manifest = format!(
                    "{{\"packageDirectories\": [{{\"path\": \"force-app\", \"default\": true}}{second}]{version}}}"
                );
                self.all.push(("project/sfdx-project.json".to_owned(), manifest));
            }
            Layout::Metadata => {
                let manifest = whole("Package", &maybe("version", self.org.api));
                self.all.push(("project/package.xml".to_owned(), manifest));
            }
            Layout::Plain => {}
        }
    }

    fn object(&mut self, object: &ObjectFile) {
        let mut body = String::new();
        if object.setting {
            body += &tag("customSettingsType", "Hierarchy");
        }
        body += &maybe("externalSharingModel", object.external);
        let split = self.org.layout == Layout::Source;
        if !split {
            object.fields.iter().for_each(|field| body += &around("fields", &described(field)));
        }
        if let Some(kind) = object.name_type {
            body += &around("nameField", &(tag("label", "Name") + &tag("type", kind)));
        }
        body += &maybe("sharingModel", object.sharing);
        // An object of which only fields were retrieved has no file of its own.
        if !split {
            self.add("objects", &object.name, "object", "CustomObject", &body);
            return;
        }
        let folder = format!("objects/{}", object.name);
        if !body.is_empty() || object.fields.is_empty() {
            self.add(&folder, &object.name, "object", "CustomObject", &body);
        }
        for field in &object.fields {
            self.add(&format!("{folder}/fields"), &field.name, "field", "CustomField", &described(field));
        }
    }

    fn container(&mut self, file: &ContainerFile) {
        let mut body = String::new();
        for row in &file.fields {
            let element = if row.old { "fieldLevelSecurities" } else { "fieldPermissions" };
            let row = maybe("editable", row.editable)
                + &tag("field", &row.field)
                + &maybe("hidden", row.hidden)
                + &maybe("readable", row.readable);
            body += &around(element, &row);
        }
        for row in &file.objects {
            const FLAGS: [&str; 7] = [
                "allowCreate",
                "allowRead",
                "allowEdit",
                "allowDelete",
                "viewAllRecords",
                "modifyAllRecords",
                "viewAllFields",
            ];
            let mut said: String =
                FLAGS.iter().zip(row.flags).map(|(name, flag)| maybe(name, flag)).collect();
            said += &tag("object", &row.object);
            body += &around("objectPermissions", &said);
        }
        for (name, enabled) in &file.permissions {
            body += &around("userPermissions", &(maybe("enabled", *enabled) + &tag("name", name)));
        }
        let (folder, suffix, kind, license) = match file.kind {
            ContainerKind::Profile => ("profiles", "profile", "Profile", "userLicense"),
            ContainerKind::Set => ("permissionsets", "permissionset", "PermissionSet", "license"),
            ContainerKind::Muting => {
                ("mutingpermissionsets", "mutingpermissionset", "MutingPermissionSet", "license")
            }
        };
        body += &maybe(license, file.license);
        let mut content = whole(kind, &body);
        if file.broken {
            content = content.replace(&format!("</{kind}>"), "");
        }
        self.add_to(file.package, folder, &file.name, suffix, content);
    }

    fn rules(&mut self) {
        let org = self.org;
        let whole_rules = org.rules.iter().filter(|rule| !rule.split).map(|rule| &rule.object);
        let mut objects: Vec<&String> = org.rule_files.iter().chain(whole_rules).collect();
        objects.sort();
        objects.dedup();
        for object in objects {
            let mut body = String::new();
            for rule in org.rules.iter().filter(|rule| !rule.split && rule.object == *object) {
                let (element, _) = rule_names(rule.kind);
                body += &around(element, &rule_body(rule));
            }
            self.add("sharingRules", object, "sharingRules", "SharingRules", &body);
        }
        for rule in org.rules.iter().filter(|rule| rule.split) {
            let (element, kind) = rule_names(rule.kind);
            let suffix = kind[..1].to_lowercase() + &kind[1..];
            let folder = format!("sharingRules/{}/{element}", rule.object);
            self.add(&folder, &rule.name, &suffix, kind, &rule_body(rule));
        }
    }

    fn sharing(&mut self) {
        let org = self.org;
        for set in &org.sharing_sets {
            let mut body = String::new();
            for object in &set.objects {
                let mapping =
                    tag("accessLevel", "Read") + &tag("object", object) + &tag("objectField", "Account");
                body += &around("accessMappings", &(mapping + &tag("userField", "Account")));
            }
            body += &tag("name", set.name);
            set.profiles.iter().for_each(|name| body += &tag("profiles", name));
            self.add("sharingSets", set.name, "sharingSet", "SharingSet", &body);
        }
        for queue in &org.queues {
            let mut members = String::new();
            if let Some((list, name)) = queue.others {
                let one = match list {
                    "publicGroups" => "publicGroup",
                    "roles" => "role",
                    list => list,
                };
                members += &around(list, &tag(one, name));
            }
            if !queue.users.is_empty() {
                let users: String = queue.users.iter().map(|name| tag("user", name)).collect();
                members += &around("users", &users);
            }
            let mut body = tag("name", queue.name);
            if !members.is_empty() {
                body += &around("queueMembers", &members);
            }
            queue
                .objects
                .iter()
                .for_each(|object| body += &around("queueSobject", &tag("sobjectType", object)));
            self.add("queues", queue.name, "queue", "Queue", &body);
        }
        for group in &org.public_groups {
            let body = maybe("doesIncludeBosses", group.bosses) + &tag("name", group.name);
            self.add("groups", group.name, "group", "Group", &body);
        }
        for role in &org.roles {
            let body = tag("name", role.name) + &maybe("parentRole", role.parent);
            self.add("roles", role.name, "role", "Role", &body);
        }
        for site in &org.sites {
            self.add("sites", site.name, "site", "CustomSite", &tag("masterLabel", site.label));
        }
        for name in &org.networks {
            self.add("networks", name, "network", "Network", &tag("status", "Live"));
        }
        for rule in &org.restrictions {
            let body = maybe("active", rule.active)
                + &maybe("enforcementType", rule.enforcement)
                + &tag("masterLabel", &rule.name)
                + &tag("targetEntity", &rule.object);
            let (folder, kind) = if rule.of_fields {
                ("fieldRestrictionRules", "FieldRestrictionRule")
            } else {
                ("restrictionRules", "RestrictionRule")
            };
            self.add(folder, &rule.name, "rule", kind, &body);
        }
        if let Some(flag) = org.external_model {
            let body = tag("enableExternalSharingModel", flag);
            self.add("settings", "Sharing", "settings", "SharingSettings", &body);
        }
        if let Some(flag) = org.log_in_as {
            let body = tag("enableAdminLoginAsAnyUser", flag);
            self.add("settings", "Security", "settings", "SecuritySettings", &body);
        }
    }

    fn facts(&mut self) {
        let org = self.org;
        self.table("users", &org.users, |user| {
            let license = user.license.map(|name| format!("{{\"Name\":\"{name}\"}}"));
            let profile = format!(
                "{{\"Name\":{},\"UserLicense\":{}}}",
                text(user.profile),
                license.unwrap_or("null".to_owned())
            );
            format!(
                "\"Id\":\"{}\",\"Username\":\"{}\",\"IsActive\":{},\"UserType\":{},\"Profile\":{profile},\"UserRole\":{}",
                user.id,
                user.name,
                user.active.map_or("null", |flag| if flag { "true" } else { "false" }),
                text(user.kind),
                user.role.as_ref().map_or("null".to_owned(), |name| format!("{{\"DeveloperName\":\"{name}\"}}")),
            )
        });
        self.table("permission-set-assignments", &org.assignments, |row| {
            let set = format!(
                "{{\"Name\":{},\"NamespacePrefix\":{},\"IsOwnedByProfile\":{}}}",
                text(row.set),
                text(row.namespace),
                row.of_profile.map_or("null", |flag| if flag { "true" } else { "false" }),
            );
            format!(
                "\"AssigneeId\":{},\"Assignee\":{},\"PermissionSet\":{set},\"PermissionSetGroup\":{}",
                text(row.id.as_deref()),
                row.user.as_ref().map_or("null".to_owned(), |name| format!("{{\"Username\":\"{name}\"}}")),
                row.group.map_or("null".to_owned(), |name| format!("{{\"DeveloperName\":\"{name}\"}}")),
            )
        });
        self.table("permission-set-group-members", &org.set_group_members, |row| {
            format!(
                "\"PermissionSetGroup\":{{\"DeveloperName\":\"{}\"}},\"PermissionSet\":{{\"Name\":\"{}\",\"NamespacePrefix\":{}}}",
                row.group,
                row.set,
                text(row.namespace),
            )
        });
        self.table("group-members", &org.group_members, |row| {
            format!(
                "\"GroupId\":\"{}\",\"Group\":{{\"DeveloperName\":\"{}\",\"Type\":\"{}\"}},\"UserOrGroupId\":\"{}\"",
                row.id, row.group, row.kind, row.member,
            )
        });
        self.table("sharing-models", &org.sharing_models, |row| {
            format!(
                "\"QualifiedApiName\":\"{}\",\"InternalSharingModel\":{},\"ExternalSharingModel\":{}",
                row.object,
                text(row.internal),
                text(row.external),
            )
        });
    }

    fn table<R>(&mut self, name: &str, table: &Option<Table<R>>, row: impl Fn(&R) -> String) {
        let Some(table) = table else { return };
        let rows: Vec<String> = table.rows.iter().map(|one| format!("{{{}}}", row(one))).collect();
        let rows = format!("[{}]", rows.join(",\n"));
        let content = match (table.cut, self.org.seed % 3) {
            (true, 0) => format!("{{\"done\":false,\"records\":{rows}}}"),
            (true, _) => {
                let total = table.rows.len() + 1;
                format!(
                    "{{\"status\":0,\"result\":{{\"totalSize\":{total},\"done\":true,\"records\":{rows}}}}}"
                )
            }
            (false, 0) => rows,
            (false, 1) => format!("{{\"done\":true,\"records\":{rows}}}"),
            (false, _) => {
                let total = table.rows.len();
                format!(
                    "{{\"status\":0,\"result\":{{\"totalSize\":{total},\"done\":true,\"records\":{rows}}}}}"
                )
            }
        };
        self.all.push((format!("facts/{name}.json"), content));
    }
}

fn text(text: Option<&str>) -> String {
    text.map_or("null".to_owned(), |text| format!("\"{text}\""))
}

fn described(field: &FieldFile) -> String {
    let mut body = String::new();
    let _ = write!(body, "{}", tag("fullName", &field.name));
    if field.formula {
        body += &tag("formula", "1 + 1");
    }
    if let Some(parent) = &field.parent {
        body += &tag("referenceTo", parent);
    }
    body + &maybe("reparentableMasterDetail", field.reparentable)
        + &maybe("required", field.required)
        + &maybe("type", field.kind)
        + &maybe("writeRequiresMasterRead", field.reads_master)
}

fn rule_names(kind: RuleKind) -> (&'static str, &'static str) {
    match kind {
        RuleKind::Owner => ("sharingOwnerRules", "SharingOwnerRule"),
        RuleKind::Criteria => ("sharingCriteriaRules", "SharingCriteriaRule"),
        RuleKind::Guest => ("sharingGuestRules", "SharingGuestRule"),
        RuleKind::Territory => ("sharingTerritoryRules", "SharingTerritoryRule"),
    }
}

fn rule_body(rule: &crate::orgs::Rule) -> String {
    let to: String = rule.to.iter().map(|(element, name)| tag(element, name)).collect();
    let to = if rule.to.is_empty() { String::new() } else { around("sharedTo", &to) };
    tag("fullName", &rule.name) + &tag("accessLevel", "Read") + &tag("label", &rule.name) + &to
}
