//! Who holds access: profiles, permission sets, their groups, and users. Section 3 of `semantics.md`.

use std::collections::{BTreeMap, BTreeSet};

use sfdx::completeness::Remedy;
use sfdx::views::ContainerKind;
use sfdx::{Facts, Project};

use crate::bits::Grant;
use crate::container::Container;
use crate::path::{Place, retrieve};
use crate::universe::Universe;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PrincipalKind {
    Profile,
    PermissionSet,
    PermissionSetGroup,
    User,
}

impl PrincipalKind {
    pub const fn as_str(self) -> &'static str {
        match self {
            PrincipalKind::Profile => "profile",
            PrincipalKind::PermissionSet => "permission-set",
            PrincipalKind::PermissionSetGroup => "permission-set-group",
            PrincipalKind::User => "user",
        }
    }
}

/// Which side of the organisation's defaults one stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Crowd {
    Internal,
    External,
    /// External without a role: only sharing sets and defaults open records.
    HighVolume,
    Guest,
}

impl Crowd {
    pub const fn as_str(self) -> &'static str {
        match self {
            Crowd::Internal => "internal",
            Crowd::External => "external",
            Crowd::HighVolume => "high-volume",
            Crowd::Guest => "guest",
        }
    }
}

/// One of a model's principals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PrincipalId(pub(crate) u32);

/// Someone or something that holds access.
pub struct Principal {
    pub(crate) kind: PrincipalKind,
    pub(crate) name: String,
    pub(crate) crowd: Crowd,
    /// In lower case, where it is known.
    pub(crate) licence: Option<String>,
    pub(crate) parts: Vec<Part>,
    /// The name of the file of its profile, or the profile's in the facts.
    pub(crate) profile: Option<String>,
    pub(crate) user: Option<UserFacts>,
    pub(crate) place: Option<Place>,
}

/// What sharing asks of a user.
#[derive(Clone)]
pub(crate) struct UserFacts {
    pub(crate) id: Option<String>,
    pub(crate) role: Option<String>,
}

/// What a principal's grants are put together from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    Container(usize),
    Group(usize),
    /// Something that would add to them is not known.
    Lacking(Remedy),
}

impl Principal {
    pub fn kind(&self) -> PrincipalKind {
        self.kind
    }

    /// Of a profile or set its API name, of a user the user name.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn crowd(&self) -> Crowd {
        self.crowd
    }

    /// The file that describes it; users have none.
    pub fn place(&self) -> Option<&Place> {
        self.place.as_ref()
    }
}

impl std::fmt::Debug for Principal {
    /// Without the name: a user's names a person.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("Principal");
        shown.field("kind", &self.kind).field("crowd", &self.crowd).finish_non_exhaustive()
    }
}

impl std::fmt::Display for Principal {
    /// `permission-set:Nurses`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&format!("{}:{}", self.kind.as_str(), self.name))
    }
}

/// A permission set group, with what it grants after muting.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) name: String,
    /// None where only facts name it: its muting is not known then.
    pub(crate) place: Option<Place>,
    pub(crate) members: Vec<Member>,
    pub(crate) mutings: Vec<Member>,
    pub(crate) grant: Grant,
}

#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) container: Option<usize>,
    pub(crate) place: Option<Place>,
}

/// Containers by kind and name in lower case.
pub(crate) type Directory = BTreeMap<(ContainerKind, String), usize>;

pub(crate) fn directory(containers: &[Container]) -> Directory {
    let keys = containers.iter().map(|container| (container.kind, container.name.to_lowercase()));
    keys.zip(0..).collect()
}

/// Groups of the source, then those that only facts name.
pub(crate) fn groups(
    project: &Project,
    facts: &Facts,
    containers: &[Container],
    directory: &Directory,
    universe: &Universe,
) -> Vec<Group> {
    const QUERY: &str = "permission-set-group-members";
    let mut told: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut shown: BTreeMap<String, String> = BTreeMap::new();
    let complete = facts.is_complete(QUERY);
    if complete {
        for row in facts.rows(QUERY) {
            let (Some(group), Some(set)) =
                (row.get("PermissionSetGroup.DeveloperName"), row.get("PermissionSet.Name"))
            else {
                continue;
            };
            let set = namespaced(row.get("PermissionSet.NamespacePrefix"), set);
            told.entry(group.to_lowercase()).or_default().push(set);
            shown.entry(group.to_lowercase()).or_insert_with(|| group.to_owned());
        }
    }
    let member = |kind: ContainerKind, name: &str, place: Option<Place>| Member {
        name: name.to_owned(),
        container: directory.get(&(kind, name.to_lowercase())).copied(),
        place,
    };
    let mut groups: BTreeMap<String, Group> = BTreeMap::new();
    for view in project.permission_set_groups() {
        let key = view.name().to_lowercase();
        let own = groups.entry(key).or_insert_with(|| Group {
            name: view.name().to_owned(),
            place: Some(Place::of_element(view.element())),
            members: Vec::new(),
            mutings: Vec::new(),
            grant: Grant::nothing(universe.len()),
        });
        if !complete {
            let sets = view.permission_sets();
            own.members.extend(
                sets.map(|set| {
                    member(ContainerKind::PermissionSet, set.as_str(), Some(Place::of_value(&set)))
                }),
            );
        }
        let sets = view.muting_permission_sets();
        own.mutings.extend(sets.map(|set| {
            member(ContainerKind::MutingPermissionSet, set.as_str(), Some(Place::of_value(&set)))
        }));
    }
    for (key, sets) in told {
        let name = shown.remove(&key).unwrap_or_default();
        let own = groups.entry(key).or_insert_with(|| Group {
            name,
            place: None,
            members: Vec::new(),
            mutings: Vec::new(),
            grant: Grant::nothing(universe.len()),
        });
        own.members.extend(sets.iter().map(|set| member(ContainerKind::PermissionSet, set, None)));
    }
    let mut groups: Vec<Group> = groups.into_values().collect();
    groups.sort_by_key(|group| group.place.is_none());
    for group in &mut groups {
        let unknown = Grant::unknown(universe.len());
        let granted = |member: &Member| {
            let container = member.container.and_then(|at| containers.get(at));
            container.map_or(&unknown, |container| &container.grant)
        };
        let mut grant = Grant::nothing(universe.len());
        for member in &group.members {
            grant.or(granted(member));
        }
        for muting in &group.mutings {
            grant.mute(granted(muting));
        }
        if group.place.is_none() {
            grant.yes.clear();
        }
        group.grant = grant;
    }
    groups
}

fn namespaced(prefix: Option<&str>, name: &str) -> String {
    match prefix.filter(|prefix| !prefix.is_empty()) {
        Some(prefix) => format!("{prefix}__{name}"),
        None => name.to_owned(),
    }
}

/// Profiles, permission sets, groups, users: each sorted as the project or the facts have them.
pub(crate) fn principals(
    project: &Project,
    facts: &Facts,
    containers: &[Container],
    directory: &Directory,
    groups: &[Group],
) -> Vec<Principal> {
    let guests = guest_profiles(project);
    let mut all = Vec::new();
    for (at, container) in containers.iter().enumerate() {
        let kind = match container.kind {
            ContainerKind::Profile => PrincipalKind::Profile,
            ContainerKind::PermissionSet => PrincipalKind::PermissionSet,
            ContainerKind::MutingPermissionSet => continue,
        };
        all.push(Principal {
            kind,
            name: container.name.clone(),
            crowd: crowd_of_container(container, &guests),
            licence: container.licence.as_ref().map(|licence| licence.to_lowercase()),
            parts: vec![Part::Container(at)],
            profile: (kind == PrincipalKind::Profile).then(|| container.name.clone()),
            user: None,
            place: container.place(),
        });
    }
    for (at, group) in groups.iter().enumerate().filter(|(_, group)| group.place.is_some()) {
        all.push(Principal {
            kind: PrincipalKind::PermissionSetGroup,
            name: group.name.clone(),
            crowd: Crowd::Internal,
            licence: None,
            parts: vec![Part::Group(at)],
            profile: None,
            user: None,
            place: group.place.clone(),
        });
    }
    users(facts, containers, directory, groups, &guests, &mut all);
    all
}

fn users(
    facts: &Facts,
    containers: &[Container],
    directory: &Directory,
    groups: &[Group],
    guests: &BTreeSet<String>,
    all: &mut Vec<Principal>,
) {
    const ASSIGNMENTS: &str = "permission-set-assignments";
    let group_at: BTreeMap<String, usize> =
        groups.iter().map(|group| group.name.to_lowercase()).zip(0..).collect();
    let mut by_id: BTreeMap<&str, Vec<Part>> = BTreeMap::new();
    let mut by_name: BTreeMap<String, Vec<Part>> = BTreeMap::new();
    for assignment in facts.assignments() {
        let part = if let Some(group) = assignment.group() {
            match group_at.get(&group.to_lowercase()) {
                Some(&at) => Part::Group(at),
                None => Part::Lacking(retrieve("PermissionSetGroup", group)),
            }
        } else if assignment.of_profile() == Some(true) {
            continue;
        } else if let Some(set) = assignment.permission_set() {
            let name = namespaced(assignment.namespace(), set);
            match directory.get(&(ContainerKind::PermissionSet, name.to_lowercase())) {
                Some(&at) => Part::Container(at),
                None => Part::Lacking(retrieve("PermissionSet", &name)),
            }
        } else {
            continue;
        };
        if let Some(id) = assignment.user_id() {
            by_id.entry(id).or_default().push(part.clone());
        }
        if let Some(name) = assignment.username() {
            by_name.entry(name.to_lowercase()).or_default().push(part);
        }
    }
    for user in facts.users().filter(|user| user.active() != Some(false)) {
        let Some(name) = user.username() else { continue };
        let profile = user.profile().map(|profile| profile_file(profile, directory));
        let at = profile
            .as_ref()
            .and_then(|name| directory.get(&(ContainerKind::Profile, name.to_lowercase())).copied());
        let mut parts = vec![match (at, &profile) {
            (Some(at), _) => Part::Container(at),
            (None, Some(name)) => Part::Lacking(retrieve("Profile", name)),
            (None, None) => Part::Lacking(Remedy::Query("users")),
        }];
        parts.extend(user.id().and_then(|id| by_id.get(id)).into_iter().flatten().cloned());
        parts.extend(by_name.get(&name.to_lowercase()).into_iter().flatten().cloned());
        if !facts.is_complete(ASSIGNMENTS) {
            parts.push(Part::Lacking(Remedy::Query(ASSIGNMENTS)));
        }
        parts.sort();
        parts.dedup();
        let own = at.and_then(|at| containers.get(at));
        let licence = user.license().map(str::to_lowercase);
        let licence = licence.or_else(|| own?.licence.as_ref().map(|licence| licence.to_lowercase()));
        let crowd = match user.kind() {
            Some("Guest") => Crowd::Guest,
            Some("CspLitePortal") => Crowd::HighVolume,
            Some("PowerPartner" | "PowerCustomerSuccess" | "CustomerSuccess") => Crowd::External,
            Some(_) => Crowd::Internal,
            None => match (user.license(), own) {
                (Some(licence), _) => crowd_of_licence(licence),
                (None, Some(own)) => crowd_of_container(own, guests),
                (None, None) => Crowd::Internal,
            },
        };
        all.push(Principal {
            kind: PrincipalKind::User,
            name: name.to_owned(),
            crowd,
            licence,
            parts,
            profile,
            user: Some(UserFacts { id: user.id().map(str::to_owned), role: user.role().map(str::to_owned) }),
            place: None,
        });
    }
}

/// The names of standard profiles in the org, and of their files.
const STANDARD_PROFILES: [(&str, &str); 8] = [
    ("system administrator", "Admin"),
    ("standard user", "Standard"),
    ("standard platform user", "StandardAul"),
    ("solution manager", "SolutionManager"),
    ("marketing user", "MarketingProfile"),
    ("contract manager", "ContractManager"),
    ("high volume customer portal", "HighVolumePortal"),
    ("authenticated website", "PlatformPortal"),
];

fn profile_file(name: &str, directory: &Directory) -> String {
    let key = name.to_lowercase();
    if directory.contains_key(&(ContainerKind::Profile, key.clone())) {
        return name.to_owned();
    }
    let standard = STANDARD_PROFILES.iter().find(|(shown, _)| *shown == key);
    standard.map_or(name, |(_, file)| file).to_owned()
}

/// Profiles that sites and networks call their guests', in lower case.
fn guest_profiles(project: &Project) -> BTreeSet<String> {
    let of_sites = project.sites().filter_map(|site| site.guest_profile_name());
    let networks = project.networks().filter(|network| !network.name().is_empty());
    let of_networks = networks.map(|network| format!("{} Profile", network.name()));
    of_sites.chain(of_networks).map(|name| name.to_lowercase()).collect()
}

fn crowd_of_container(container: &Container, guests: &BTreeSet<String>) -> Crowd {
    match &container.licence {
        Some(licence) => crowd_of_licence(licence),
        None if container.kind == ContainerKind::Profile
            && guests.contains(&container.name.to_lowercase()) =>
        {
            Crowd::Guest
        }
        None => Crowd::Internal,
    }
}

fn crowd_of_licence(licence: &str) -> Crowd {
    const EXTERNAL: [&str; 6] =
        ["community", "portal", "partner", "external", "authenticated website", "channel account"];
    const HIGH_VOLUME: [&str; 3] = ["high volume", "authenticated website", "external"];
    let licence = licence.to_lowercase();
    let holds = |words: &[&str]| words.iter().any(|word| licence.contains(word));
    if licence.starts_with("guest") {
        Crowd::Guest
    } else if !holds(&EXTERNAL) {
        Crowd::Internal
    } else if holds(&HIGH_VOLUME) || ["customer community", "customer community login"].contains(&&*licence) {
        Crowd::HighVolume
    } else {
        Crowd::External
    }
}
