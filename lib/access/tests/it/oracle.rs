//! What `semantics.md` says of an org, rule by rule and as slowly as it reads. The numbers are those of its rules.

mod field;
mod grant;
mod records;
mod ways;

use crate::orgs::{ContainerFile, ContainerKind, Org, Written};

pub(crate) use records::is_controlled;
pub(crate) use ways::Way;

/// An answer (1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tri {
    No,
    Unknown,
    Yes,
}

use Tri::{No, Unknown, Yes};

/// 1.2.
pub(crate) fn or(answers: impl IntoIterator<Item = Tri>) -> Tri {
    answers.into_iter().max().unwrap_or(No)
}

/// 1.2.
pub(crate) fn and(answers: impl IntoIterator<Item = Tri>) -> Tri {
    answers.into_iter().min().unwrap_or(Yes)
}

/// 1.2.
fn not(answer: Tri) -> Tri {
    match answer {
        Yes => No,
        Unknown => Unknown,
        No => Yes,
    }
}

fn known(flag: bool) -> Tri {
    if flag { Yes } else { No }
}

/// 1.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reach {
    None,
    Some,
    All,
}

/// 1.3: low and high.
pub(crate) type Range = (Reach, Reach);

/// 1.4.
fn same(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other)
}

/// 1.6.
fn flag(written: Written) -> Option<bool> {
    match written {
        Some("true" | "1") => Some(true),
        Some("false" | "0") => Some(false),
        _ => None,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flag {
    Create,
    Read,
    Edit,
    Delete,
    ViewAll,
    ModifyAll,
    ViewAllFields,
}

pub(crate) const FLAGS: [Flag; 7] =
    [Flag::Create, Flag::Read, Flag::Edit, Flag::Delete, Flag::ViewAll, Flag::ModifyAll, Flag::ViewAllFields];

/// 3.2.
#[derive(Clone, Debug)]
pub(crate) enum Item {
    Object(String, Flag),
    FieldRead(String),
    FieldEdit(String),
    Permission(&'static str),
}

/// 3.1.
#[derive(Clone, Debug)]
pub(crate) enum Who {
    Profile(String),
    Set(String),
    /// Its place in the org's list.
    Group(usize),
    /// Its place in the facts.
    User(usize),
}

/// 3.11.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Crowd {
    Internal,
    External,
    HighVolume,
    Guest,
}

#[derive(Clone, Copy)]
pub(crate) struct Oracle<'o> {
    pub(crate) org: &'o Org,
}

impl<'o> Oracle<'o> {
    /// All files of one kind and name (2.1).
    fn files(self, kind: ContainerKind, name: &str) -> Vec<&'o ContainerFile> {
        self.org.containers.iter().filter(|file| file.kind == kind && same(&file.name, name)).collect()
    }

    /// 3.1, as they are written, in lower case.
    pub(crate) fn principals(self) -> Vec<(String, Who)> {
        let mut all: Vec<(String, Who)> = Vec::new();
        for file in &self.org.containers {
            let name = file.name.to_lowercase();
            match file.kind {
                ContainerKind::Profile => all.push((format!("profile:{name}"), Who::Profile(name))),
                ContainerKind::Set => all.push((format!("permission-set:{name}"), Who::Set(name))),
                ContainerKind::Muting => {}
            }
        }
        for (at, group) in self.org.groups.iter().enumerate() {
            all.push((format!("permission-set-group:{}", group.name.to_lowercase()), Who::Group(at)));
        }
        for (at, user) in self.org.users.iter().flat_map(|table| &table.rows).enumerate() {
            if user.active != Some(false) {
                all.push((format!("user:{}", user.name.to_lowercase()), Who::User(at)));
            }
        }
        all.sort_by(|a, b| a.0.cmp(&b.0));
        all.dedup_by(|a, b| a.0 == b.0);
        all
    }

    /// 1.5, in lower case.
    pub(crate) fn objects(self) -> Vec<String> {
        let described = self.org.objects.iter().map(|object| object.name.clone());
        let rows = self.org.containers.iter().flat_map(|file| &file.objects).map(|row| row.object.clone());
        let facts =
            self.org.sharing_models.iter().flat_map(|table| &table.rows).map(|row| row.object.clone());
        // A field is of an object: who can be asked for the one can be asked for the other.
        let fields = self.fields().into_iter().filter_map(|field| Some(field.split_once('.')?.0.to_owned()));
        sorted(described.chain(rows).chain(facts).chain(fields))
    }

    /// 1.5, in lower case.
    pub(crate) fn fields(self) -> Vec<String> {
        let objects = self.org.objects.iter();
        let described = objects
            .flat_map(|object| object.fields.iter().map(|field| format!("{}.{}", object.name, field.name)));
        let rows = self.org.containers.iter().flat_map(|file| &file.fields).map(|row| row.field.clone());
        sorted(described.chain(rows).chain(self.org.asked.iter().cloned()))
    }

    /// 8.1 and 8.2: all that are not no.
    pub(crate) fn escalations(self, who: &Who) -> Vec<(&'static str, Tri)> {
        const GIVING: [&str; 18] = [
            "AssignPermissionSets",
            "ManageProfilesPermissionsets",
            "ManageUsers",
            "ManageInternalUsers",
            "ManageRoles",
            "ManageSharing",
            "AuthorApex",
            "CustomizeApplication",
            "ModifyMetadata",
            "ModifyAllData",
            "ManageRemoteAccess",
            "ManageAuthProviders",
            "ResetPasswords",
            "ManageLoginAccessPolicies",
            "InstallPackaging",
            "ManageUserAccessPolicies",
            "ManageSessionPermissionSets",
            "ExternalClientAppAdmin",
        ];
        let mut all: Vec<(&str, Tri)> =
            GIVING.iter().map(|name| (*name, self.permission(who, name))).collect();
        let setting = flag(self.org.log_in_as).map_or(Unknown, known);
        let log_in = [self.permission(who, "ModifyAllData"), self.permission(who, "ManageUsers"), setting];
        all.push(("LogInAsAnyUser", and(log_in)));
        all.retain(|(_, answer)| *answer != No);
        all.sort_unstable();
        all
    }

    /// Of a user permission; 8.3 with `ApiEnabled`.
    pub(crate) fn permission(self, who: &Who, name: &'static str) -> Tri {
        self.grant(who, &Item::Permission(name))
    }
}

fn sorted(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut names: Vec<String> = names.map(|name| name.to_lowercase()).collect();
    names.sort_unstable();
    names.dedup();
    names
}
