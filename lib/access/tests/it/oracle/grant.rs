//! Sections 2, 3 and 4: rows, containers, groups, users, objects.

use super::{Crowd, FLAGS, Flag, Item, No, Oracle, Tri, Unknown, Who, Yes, and, flag, known, not, or, same};
use crate::orgs::{Assignment, ContainerFile, ContainerKind, GroupFile, User};

/// 3.9: names of standard profiles and of their files.
const STANDARD_PROFILES: [(&str, &str); 8] = [
    ("System Administrator", "Admin"),
    ("Standard User", "Standard"),
    ("Standard Platform User", "StandardAul"),
    ("Solution Manager", "SolutionManager"),
    ("Marketing User", "MarketingProfile"),
    ("Contract Manager", "ContractManager"),
    ("High Volume Customer Portal", "HighVolumePortal"),
    ("Authenticated Website", "PlatformPortal"),
];

pub(super) fn standard_file(profile: &str) -> &str {
    STANDARD_PROFILES.iter().find(|(name, _)| same(name, profile)).map_or(profile, |(_, file)| file)
}

/// 2.3: one flag brings another.
fn brings(flag: Flag) -> &'static [Flag] {
    match flag {
        Flag::Create | Flag::Edit | Flag::ViewAll => &[Flag::Read],
        Flag::Delete => &[Flag::Read, Flag::Edit],
        Flag::ModifyAll => &[Flag::Read, Flag::Edit, Flag::Delete, Flag::ViewAll],
        Flag::Read | Flag::ViewAllFields => &[],
    }
}

/// 3.6: what an item needs, without which it is muted.
fn needs(item: &Item) -> Vec<Item> {
    match item {
        Item::Object(object, flag) => {
            let flags: &[Flag] = match flag {
                Flag::Create | Flag::Edit | Flag::ViewAll | Flag::ViewAllFields => &[Flag::Read],
                Flag::Delete => &[Flag::Edit, Flag::Read],
                Flag::ModifyAll => &[Flag::ViewAll, Flag::Delete, Flag::Edit, Flag::Read],
                Flag::Read => &[],
            };
            flags.iter().map(|flag| Item::Object(object.clone(), *flag)).collect()
        }
        Item::FieldEdit(field) => vec![Item::FieldRead(field.clone())],
        Item::Permission("ModifyAllData") => vec![Item::Permission("ViewAllData")],
        Item::FieldRead(_) | Item::Permission(_) => vec![],
    }
}

/// What the rows of a container say of an item; nothing where no row speaks of it. `with_all` counts what is
/// brought along.
fn word(files: &[&ContainerFile], item: &Item, with_all: bool) -> Option<bool> {
    match item {
        Item::Object(object, wanted) => {
            let rows = files.iter().flat_map(|file| &file.objects).filter(|row| same(&row.object, object));
            let rows: Vec<_> = rows.collect();
            if rows.is_empty() {
                return None;
            }
            // 2.2, 2.3.
            let said = |at: usize| rows.iter().any(|row| flag(row.flags[at]) == Some(true));
            let given = FLAGS.iter().enumerate().any(|(at, flag)| {
                said(at) && (flag == wanted || (with_all && brings(*flag).contains(wanted)))
            });
            Some(given)
        }
        Item::FieldRead(field) | Item::FieldEdit(field) => {
            let rows = files.iter().flat_map(|file| &file.fields).filter(|row| same(&row.field, field));
            let rows: Vec<_> = rows.collect();
            if rows.is_empty() {
                return None;
            }
            // 2.4.
            let edit = rows.iter().any(|row| flag(row.editable) == Some(true));
            let read = rows.iter().any(|row| match (flag(row.readable), flag(row.hidden)) {
                (Some(readable), _) => readable,
                (None, Some(hidden)) => !hidden,
                (None, None) => false,
            });
            Some(if matches!(item, Item::FieldEdit(_)) { edit } else { read || (with_all && edit) })
        }
        Item::Permission(name) => {
            // 2.5.
            if with_all
                && *name == "ViewAllData"
                && word(files, &Item::Permission("ModifyAllData"), with_all) == Some(true)
            {
                return Some(true);
            }
            let rows = files.iter().flat_map(|file| &file.permissions).filter(|(said, _)| said == name);
            rows.filter_map(|(_, enabled)| flag(*enabled)).max()
        }
    }
}

impl Oracle<'_> {
    /// 2.6 to 2.8: a row that is not there.
    fn silence(self, kind: ContainerKind, files: &[&ContainerFile], item: &Item) -> Tri {
        if files.iter().any(|file| file.broken) {
            return Unknown;
        }
        match (kind, item) {
            (ContainerKind::Profile, Item::Permission(_)) => {
                let says = |file: &ContainerFile| file.permissions.iter().any(|row| flag(row.1).is_some());
                let whole = files.iter().any(|file| file.license.is_some() && says(file));
                if whole { No } else { Unknown }
            }
            (ContainerKind::Profile, _) => Unknown,
            (_, Item::Permission(_)) => No,
            (_, _) => {
                let version = self.org.api.map(|api| api.parse::<f64>().unwrap());
                if version.is_some_and(|version| version < 40.0) { Unknown } else { No }
            }
        }
    }

    /// 3.3; nothing where the source has no file of it.
    fn container_grant(self, kind: ContainerKind, name: &str, item: &Item) -> Option<Tri> {
        let files = self.files(kind, name);
        if files.is_empty() {
            return None;
        }
        Some(word(&files, item, true).map_or_else(|| self.silence(kind, &files, item), known))
    }

    /// 3.6.
    fn muted(self, muting_set: &str, item: &Item) -> Tri {
        let files = self.files(ContainerKind::Muting, muting_set);
        if files.is_empty() {
            return Unknown;
        }
        let mut items = needs(item);
        items.push(item.clone());
        or(items.iter().map(|item| {
            word(&files, item, false).map_or_else(|| self.silence(ContainerKind::Muting, &files, item), known)
        }))
    }

    /// 3.5: by complete facts.
    fn members_by_facts(self, group: &str) -> Option<Vec<String>> {
        let table = self.org.set_group_members.as_ref().filter(|table| !table.cut)?;
        let rows = table.rows.iter().filter(|row| same(&row.group, group));
        Some(rows.map(|row| full_name(row.namespace, row.set)).collect())
    }

    fn any_of(self, sets: &[String], item: &Item) -> Tri {
        or(sets.iter().map(|name| self.container_grant(ContainerKind::Set, name, item).unwrap_or(Unknown)))
    }

    /// 3.4.
    fn group_grant(self, group: &GroupFile, item: &Item) -> Tri {
        let members = self.members_by_facts(group.name).unwrap_or_else(|| group.sets.clone());
        let given = self.any_of(&members, item);
        and(group.muting.iter().map(|name| not(self.muted(name, item))).chain([given]))
    }

    /// Whether muting takes away what the members surely give.
    pub(crate) fn is_taken(self, who: &Who, item: &Item) -> bool {
        let Who::Group(at) = who else {
            return false;
        };
        let bare = GroupFile { muting: Vec::new(), ..self.org.groups[*at].clone() };
        self.group_grant(&bare, item) == Yes && self.grant(who, item) == No
    }

    /// A group that is assigned to a user: 3.4, 3.7, 3.8.
    fn assigned_group_grant(self, name: &str, item: &Item) -> Tri {
        if let Some(group) = self.org.groups.iter().find(|group| same(group.name, name)) {
            return self.group_grant(group, item);
        }
        let members = self.members_by_facts(name).unwrap_or_default();
        if members.is_empty() {
            return Unknown;
        }
        match self.any_of(&members, item) {
            Yes => Unknown,
            other => other,
        }
    }

    /// 3.9: the name of the file of a user's profile.
    pub(super) fn profile_file(self, user: &User) -> Option<String> {
        let name = user.profile?;
        let names = [name, standard_file(name)];
        names.map(str::to_owned).into_iter().find(|name| !self.files(ContainerKind::Profile, name).is_empty())
    }

    /// 3.8.
    fn user_grant(self, user: &User, item: &Item) -> Tri {
        let mut operands = Vec::new();
        let profile = self.profile_file(user);
        let by_profile = profile.and_then(|name| self.container_grant(ContainerKind::Profile, &name, item));
        operands.push(by_profile.unwrap_or(Unknown));
        if self.org.assignments.as_ref().is_none_or(|table| table.cut) {
            operands.push(Unknown);
        }
        for row in self.org.assignments.iter().flat_map(|table| &table.rows) {
            if !is_assigned(row, user) {
                continue;
            }
            // 3.10.
            if let Some(group) = row.group {
                operands.push(self.assigned_group_grant(group, item));
            } else if row.of_profile != Some(true)
                && let Some(set) = row.set
            {
                let name = full_name(row.namespace, set);
                operands.push(self.container_grant(ContainerKind::Set, &name, item).unwrap_or(Unknown));
            }
        }
        or(operands)
    }

    /// 3.2.
    pub(super) fn grant(self, who: &Who, item: &Item) -> Tri {
        match who {
            Who::Profile(name) => self.container_grant(ContainerKind::Profile, name, item).unwrap(),
            Who::Set(name) => self.container_grant(ContainerKind::Set, name, item).unwrap(),
            Who::Group(at) => self.group_grant(&self.org.groups[*at], item),
            Who::User(at) => self.user_grant(self.user(*at), item),
        }
    }

    pub(super) fn user(&self, at: usize) -> &User {
        &self.org.users.as_ref().unwrap().rows[at]
    }

    /// The licence that a container's files name.
    fn file_license(self, kind: ContainerKind, name: &str) -> Option<&'static str> {
        self.files(kind, name).iter().find_map(|file| file.license)
    }

    /// The licence of a principal, where one is known.
    pub(super) fn license(self, who: &Who) -> Option<&'static str> {
        match who {
            Who::Profile(name) => self.file_license(ContainerKind::Profile, name),
            Who::Set(name) => self.file_license(ContainerKind::Set, name),
            Who::Group(_) => None,
            Who::User(at) => {
                let user = self.user(*at);
                let by_file = || self.file_license(ContainerKind::Profile, &self.profile_file(user)?);
                user.license.or_else(by_file)
            }
        }
    }

    /// 3.11.
    pub(crate) fn crowd(self, who: &Who) -> Crowd {
        if let Who::User(at) = who {
            match self.user(*at).kind {
                Some("Guest") => return Crowd::Guest,
                Some("CspLitePortal") => return Crowd::HighVolume,
                Some("PowerPartner" | "PowerCustomerSuccess" | "CustomerSuccess") => return Crowd::External,
                Some(_) => return Crowd::Internal,
                None => {}
            }
        }
        if let Some(license) = self.license(who) {
            return crowd_of_license(license);
        }
        let profile = match who {
            Who::Profile(name) => Some(name.clone()),
            Who::User(at) => self.profile_file(self.user(*at)),
            Who::Set(_) | Who::Group(_) => None,
        };
        if profile.is_some_and(|profile| self.is_guest_profile(&profile)) {
            Crowd::Guest
        } else {
            Crowd::Internal
        }
    }

    fn is_guest_profile(self, profile: &str) -> bool {
        let sites = self.org.sites.iter().map(|site| site.label);
        sites.chain(self.org.networks.iter().copied()).any(|name| same(profile, &format!("{name} Profile")))
    }

    /// 4.1 and 4.2.
    pub(crate) fn object_flag(self, who: &Who, object: &str, flag: Flag) -> Tri {
        let has = |name| self.permission(who, name);
        if same(object, "Activity") {
            return or([self.object_flag(who, "Task", flag), self.object_flag(who, "Event", flag)]);
        }
        if same(object, "Task") || same(object, "Event") {
            let own = if same(object, "Task") { "EditTask" } else { "EditEvent" };
            return match flag {
                Flag::Read => {
                    or([has("ActivitiesAccess"), has("EditTask"), has("EditEvent"), has("ViewAllData")])
                }
                Flag::Create | Flag::Edit | Flag::Delete => or([has(own), has("ModifyAllData")]),
                Flag::ViewAll => has("ViewAllData"),
                Flag::ModifyAll => has("ModifyAllData"),
                Flag::ViewAllFields => has("ViewAllFieldsGlobal"),
            };
        }
        if same(object, "User") {
            return match flag {
                Flag::Read => Yes,
                Flag::Create | Flag::Edit => or([has("ManageUsers"), has("ManageInternalUsers")]),
                Flag::Delete => No,
                Flag::ViewAll => or([has("ViewAllUsers"), has("ViewAllData")]),
                Flag::ModifyAll => has("ManageUsers"),
                Flag::ViewAllFields => has("ViewAllFieldsGlobal"),
            };
        }
        if self.is_metadata_or_setting(object) {
            return Unknown;
        }
        let by_permission = match flag {
            Flag::Read | Flag::ViewAll => or([has("ViewAllData"), has("ModifyAllData")]),
            Flag::Create | Flag::Edit | Flag::Delete | Flag::ModifyAll => has("ModifyAllData"),
            Flag::ViewAllFields => has("ViewAllFieldsGlobal"),
        };
        or([self.grant(who, &Item::Object(object.to_owned(), flag)), by_permission])
    }

    pub(super) fn is_metadata_or_setting(self, object: &str) -> bool {
        object.to_lowercase().ends_with("__mdt") || self.object(object).is_some_and(|object| object.setting)
    }
}

/// 3.10.
fn is_assigned(row: &Assignment, user: &User) -> bool {
    row.id.as_ref().is_some_and(|id| *id == user.id)
        || row.user.as_ref().is_some_and(|name| same(name, &user.name))
}

fn full_name(namespace: Option<&str>, name: &str) -> String {
    namespace.map_or_else(|| name.to_owned(), |namespace| format!("{namespace}__{name}"))
}

/// 3.11.
fn crowd_of_license(license: &str) -> Crowd {
    let license = license.to_lowercase();
    let holds = |words: &[&str]| words.iter().any(|word| license.contains(word));
    if license.starts_with("guest") {
        Crowd::Guest
    } else if holds(&[
        "community",
        "portal",
        "partner",
        "external",
        "authenticated website",
        "channel account",
    ]) {
        let by_name = ["customer community", "customer community login"].contains(&license.as_str());
        if by_name || holds(&["high volume", "authenticated website", "external"]) {
            Crowd::HighVolume
        } else {
            Crowd::External
        }
    } else {
        Crowd::Internal
    }
}
