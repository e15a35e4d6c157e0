//! What a source tree, and what was asked of the org, can and cannot tell an audit.
//!
//! Absence is unknown: a profile that is not in the source may give everything. Each item says what is there,
//! why it matters, and what to fetch.

use std::collections::BTreeSet;

use source::Severity;

use crate::facts::Facts;
use crate::need::Manifest;
use crate::project::Kind;
use crate::views::ObjectKind;
use crate::{Project, Standing};

/// How much of something is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    Present,
    /// Some of it: the item's names say what lacks.
    Partial,
    Absent,
}

/// A way to know more.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Remedy {
    /// Retrieve these members of a metadata type.
    Retrieve { kind: String, members: Vec<String> },
    /// Run a query of [`need`](crate::need), by name.
    Query(&'static str),
    /// Something else, in words.
    Do(&'static str),
}

/// One thing that an audit wants to know.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Item {
    /// Stable, for scripts and for rules that depend on it: `standard-profiles`, `settings-security`.
    pub id: String,
    pub what: String,
    pub state: State,
    /// What lacks, by name, sorted.
    pub lacks: Vec<String>,
    pub why: &'static str,
    pub remedies: Vec<Remedy>,
}

/// All items, in a fixed order. Pass `Facts::default()` where the org was not asked.
pub fn of(project: &Project, facts: &Facts) -> Vec<Item> {
    let mut items = vec![
        standard_profiles(project),
        profile_contents(project),
        guest_profiles(project),
        named_profiles(project),
        group_members(project, facts),
        sharing_models(project, facts),
        sharing_targets(project),
    ];
    items.extend(SETTINGS.iter().map(|(name, why)| settings(project, name, why)));
    items.extend(TYPES.iter().map(|(kind, what, why)| of_type(project, kind, what, why)));
    items.push(external_client_apps(project));
    items.push(external_credentials(project));
    items.push(packages(project, facts));
    items.push(mail_bodies(project));
    items.extend(NEVER_IN_SOURCE.iter().map(|(query, what, why)| from_org(facts, query, what, why)));
    items.push(ignored(project));
    items.push(outside(project));
    items.push(unread(project));
    items
}

/// The manifest that would complete what a retrieve can complete.
pub fn manifest(items: &[Item]) -> Manifest {
    let mut manifest = Manifest::new();
    for remedy in items.iter().filter(|item| item.state != State::Present).flat_map(|item| &item.remedies) {
        if let Remedy::Retrieve { kind, members } = remedy {
            for member in members {
                manifest.add(kind, member);
            }
            if kind == "CustomObject" && members.iter().any(|member| member == "*") {
                PEOPLE.iter().for_each(|object| manifest.add(kind, *object));
            }
        }
    }
    manifest
}

/// `*` brings custom objects alone. Of Salesforce's own, these are about people in every org, and permissions come only
/// for what is retrieved with them.
const PEOPLE: [&str; 6] = ["Account", "Case", "Contact", "Event", "Lead", "Task"];

/// The queries that would complete what only the org can tell, by name, each once.
pub fn queries(items: &[Item]) -> BTreeSet<&'static str> {
    let open = items.iter().filter(|item| item.state != State::Present);
    let remedies = open.flat_map(|item| &item.remedies);
    remedies.filter_map(|remedy| if let Remedy::Query(name) = remedy { Some(*name) } else { None }).collect()
}

/// Settings files that a finding or its absence rests on.
const SETTINGS: [(&str, &str); 14] = [
    ("Security", "session timeout, password policy, login ranges and log-in as any user"),
    ("Sharing", "guest access, external sharing and visibility of portal users"),
    ("Event", "event logs and transaction security"),
    ("PlatformEncryption", "which data Shield encrypts beside fields"),
    ("EncryptionKey", "how encryption keys are made and kept"),
    ("Privacy", "consent and data protection records"),
    ("UserManagement", "who may see and manage users"),
    ("MyDomain", "log-in addresses and API access by them"),
    ("ConnectedApp", "whether any user may authorise any app"),
    ("EmailAdministration", "where mail leaves and in whose name"),
    ("FileUploadAndDownloadSecurity", "which file types can be uploaded and opened"),
    ("Communities", "whether sites exist at all"),
    ("Activities", "e-mail tracking and shared activities"),
    ("EinsteinGpt", "which model providers may be used"),
];

/// Types that stand in the source only if someone tracks them.
const TYPES: [(&str, &str, &str); 12] = [
    ("ConnectedApp", "connected apps", "OAuth scopes, callback addresses and policies"),
    ("NamedCredential", "named credentials", "where callouts go and as whom"),
    ("RemoteSiteSetting", "remote sites", "where code may call"),
    ("CspTrustedSite", "trusted URLs", "where pages may load from and send to"),
    ("CorsWhitelistOrigin", "CORS origins", "whose scripts may call the APIs"),
    ("PermissionSet", "permission sets", "most access is given by them"),
    ("PermissionSetGroup", "permission set groups", "sets given together, and muted"),
    ("SharingRules", "sharing rules", "records opened beyond the defaults"),
    ("Role", "roles", "the hierarchy opens records to those above"),
    ("TransactionSecurityPolicy", "transaction security policies", "what blocks or reports bulk reads"),
    ("Report", "reports", "what is shown and mailed"),
    ("Certificate", "certificates", "keys that authenticate and their expiry"),
];

/// What metadata never holds, by the query that tells it.
const NEVER_IN_SOURCE: [(&str, &str, &str); 9] = [
    ("users", "users", "who can log in, and with which profile"),
    ("permission-set-assignments", "permission set assignments", "who has what the sets give"),
    ("group-members", "members of groups and queues", "whom sharing with a group reaches"),
    ("tokens", "OAuth tokens", "which apps hold access now"),
    ("connected-apps", "use of connected apps", "apps that were never deployed from here"),
    ("report-subscriptions", "report subscriptions", "which reports are mailed, to whom"),
    ("dashboard-subscriptions", "dashboard subscriptions", "which dashboards are mailed, to whom"),
    ("logins", "login history", "from where and how people and systems log in"),
    ("organisation", "the organisation", "the instance, its region and edition, and whether it is a sandbox"),
];

/// From what lacks of what is wanted.
fn state(wanted: usize, lacks: usize) -> State {
    match lacks {
        0 => State::Present,
        lacks if lacks < wanted => State::Partial,
        _ => State::Absent,
    }
}

fn item(id: impl Into<String>, what: impl Into<String>, state: State, why: &'static str) -> Item {
    Item { id: id.into(), what: what.into(), state, lacks: Vec::new(), why, remedies: Vec::new() }
}

impl Item {
    /// Sets the names that lack, and how to fetch them as members of a type.
    fn lacking(mut self, kind: &str, lacks: impl IntoIterator<Item = String>) -> Self {
        let lacks: BTreeSet<String> = lacks.into_iter().collect();
        self.lacks = lacks.into_iter().collect();
        if self.state != State::Present && !self.lacks.is_empty() {
            self.remedies.push(Remedy::Retrieve { kind: kind.to_owned(), members: self.lacks.clone() });
        }
        self
    }

    fn by(mut self, remedy: Remedy) -> Self {
        if self.state != State::Present {
            self.remedies.push(remedy);
        }
        self
    }
}

fn profile_names(project: &Project) -> BTreeSet<&str> {
    project.profiles().map(|profile| profile.name()).collect()
}

/// The API names of profiles that every org has.
const STANDARD_PROFILES: [&str; 4] =
    ["Admin", "Guest License User", "Minimum Access - Salesforce", "Standard"];

fn standard_profiles(project: &Project) -> Item {
    let have = profile_names(project);
    let lacks: Vec<String> = STANDARD_PROFILES
        .iter()
        .filter(|name| !have.contains(**name))
        .map(|name| (*name).to_owned())
        .collect();
    let state = state(STANDARD_PROFILES.len(), lacks.len());
    let why = "administrators and users left on a standard profile see what these give";
    item("standard-profiles", "standard profiles", state, why).lacking("Profile", lacks)
}

/// A retrieve writes into a profile only what the manifest names beside it.
fn profile_contents(project: &Project) -> Item {
    let profiles: Vec<_> = project.profiles().collect();
    let thin = profiles.iter().filter(|profile| {
        profile.object_permissions().next().is_none() || profile.field_permissions().next().is_none()
    });
    let lacks: Vec<String> = thin.map(|profile| profile.name().to_owned()).collect();
    let state = if profiles.is_empty() { State::Absent } else { state(profiles.len() + 1, lacks.len()) };
    let why = "a profile file without object or field permissions was retrieved without its objects";
    item("profile-contents", "object and field permissions of profiles", state, why)
        .lacking("Profile", if profiles.is_empty() { vec!["*".to_owned()] } else { lacks })
        .by(Remedy::Retrieve { kind: "CustomObject".to_owned(), members: vec!["*".to_owned()] })
}

fn guest_profiles(project: &Project) -> Item {
    let have = profile_names(project);
    let wanted: BTreeSet<String> = project.sites().filter_map(|site| site.guest_profile_name()).collect();
    let lacks: Vec<String> = wanted.iter().filter(|name| !have.contains(name.as_str())).cloned().collect();
    let why = "anyone on the internet has what the guest profile of a site gives";
    item("guest-profiles", "profiles of sites' guests", state(wanted.len(), lacks.len()), why)
        .lacking("Profile", lacks)
}

/// Profiles and permission sets that sites and apps name.
fn named_profiles(project: &Project) -> Item {
    let have: BTreeSet<String> =
        project.containers().map(|container| container.name().to_lowercase()).collect();
    let mut wanted = BTreeSet::new();
    for network in project.networks() {
        wanted.extend(network.member_profiles().map(|name| ("Profile", name.to_string())));
        wanted.extend(network.member_permission_sets().map(|name| ("PermissionSet", name.to_string())));
        wanted.extend(network.self_registration_profile().map(|name| ("Profile", name.to_string())));
    }
    for app in project.connected_apps() {
        wanted.extend(app.profiles().map(|name| ("Profile", name.to_string())));
        wanted.extend(app.permission_sets().map(|name| ("PermissionSet", name.to_string())));
    }
    for set in project.sharing_sets() {
        wanted.extend(set.profiles().map(|name| ("Profile", name.to_string())));
    }
    let lacks: Vec<_> =
        wanted.iter().filter(|(_, name)| !have.contains(&name.to_lowercase())).cloned().collect();
    let why = "members of sites and users of apps have what these give";
    let names =
        |kind: &str| lacks.iter().filter(|(of, _)| *of == kind).map(|(_, name)| name.clone()).collect();
    let (profiles, sets): (Vec<String>, Vec<String>) = (names("Profile"), names("PermissionSet"));
    let mut item = item(
        "named-profiles",
        "profiles and permission sets that sites and apps name",
        state(wanted.len(), lacks.len()),
        why,
    )
    .lacking("Profile", profiles.clone());
    if !sets.is_empty() {
        item.remedies.push(Remedy::Retrieve { kind: "PermissionSet".to_owned(), members: sets.clone() });
    }
    item.lacks = profiles.into_iter().chain(sets).collect();
    item.lacks.sort();
    item
}

fn group_members(project: &Project, facts: &Facts) -> Item {
    let have: BTreeSet<&str> = project.containers().map(|container| container.name()).collect();
    let mut wanted = BTreeSet::new();
    for group in project.permission_set_groups() {
        wanted.extend(group.permission_sets().map(|name| ("PermissionSet", name.to_string())));
        wanted.extend(group.muting_permission_sets().map(|name| ("MutingPermissionSet", name.to_string())));
    }
    for (_, set) in facts.permission_set_group_members() {
        wanted.insert(("PermissionSet", set.to_owned()));
    }
    let lacks: BTreeSet<_> =
        wanted.iter().filter(|(_, name)| !have.contains(name.as_str())).cloned().collect();
    let why = "a group gives what its sets give, less what is muted";
    let state = state(wanted.len(), lacks.len());
    let mut item = item("permission-set-group-members", "permission sets that groups name", state, why);
    for kind in ["PermissionSet", "MutingPermissionSet"] {
        let members: Vec<String> =
            lacks.iter().filter(|(of, _)| *of == kind).map(|(_, name)| name.clone()).collect();
        if !members.is_empty() {
            item.lacks.extend(members.iter().cloned());
            item.remedies.push(Remedy::Retrieve { kind: kind.to_owned(), members });
        }
    }
    item.lacks.sort();
    item
}

/// Objects that the source describes or gives permissions on, and that have a default of their own.
fn sharing_models(project: &Project, facts: &Facts) -> Item {
    let mut wanted: BTreeSet<String> = BTreeSet::new();
    let shared = project.objects().filter(|object| object.kind().is_shared());
    wanted.extend(shared.map(|object| object.name().to_owned()));
    for container in project.containers() {
        let permissions = container.object_permissions().filter_map(|permission| permission.object());
        let names = permissions.map(|object| object.to_string());
        let settings = |name: &str| project.object(name).is_some_and(|object| !object.kind().is_shared());
        wanted.extend(names.filter(|name| ObjectKind::of_name(name).is_shared() && !settings(name)));
    }
    let asked: BTreeSet<String> = facts
        .sharing_models()
        .filter(|model| model.internal().is_some())
        .filter_map(|model| model.object().map(str::to_lowercase))
        .collect();
    let known = |name: &str| {
        asked.contains(&name.to_lowercase())
            || project.object(name).is_some_and(|object| object.sharing_model().is_some())
    };
    let lacks: Vec<String> = wanted.iter().filter(|name| !known(name)).cloned().collect();
    let state = if wanted.is_empty() { State::Absent } else { state(wanted.len(), lacks.len()) };
    let why = "without the organisation-wide default nobody knows who sees all records";
    item("sharing-models", "organisation-wide defaults", state, why)
        .lacking("CustomObject", lacks)
        .by(Remedy::Query("sharing-models"))
}

/// Groups and roles that sharing rules and folders name.
fn sharing_targets(project: &Project) -> Item {
    let have: BTreeSet<(&str, &str)> = project
        .groups()
        .map(|group| ("Group", group.name()))
        .chain(project.roles().map(|role| ("Role", role.name())))
        .collect();
    let mut wanted = BTreeSet::new();
    for rule in project.sharing_rules() {
        for (kind, name) in
            rule.shared_to().into_iter().chain(rule.shared_from()).flat_map(|side| side.targets())
        {
            let kind = match kind {
                "group" => "Group",
                "role" | "roleAndSubordinates" | "roleAndSubordinatesInternal" => "Role",
                _ => continue,
            };
            wanted.extend(name.map(|name| (kind, name.to_string())));
        }
    }
    let lacks: Vec<_> =
        wanted.iter().filter(|(kind, name)| !have.contains(&(*kind, name.as_str()))).collect();
    let why = "a sharing rule opens records to everyone in these";
    let mut item = item(
        "sharing-targets",
        "groups and roles that sharing rules name",
        state(wanted.len(), lacks.len()),
        why,
    );
    for kind in ["Group", "Role"] {
        let members: Vec<String> =
            lacks.iter().filter(|(of, _)| *of == kind).map(|(_, name)| name.clone()).collect();
        if !members.is_empty() {
            item.lacks.extend(members.iter().cloned());
            item.remedies.push(Remedy::Retrieve { kind: kind.to_owned(), members });
        }
    }
    item.lacks.sort();
    item
}

fn settings(project: &Project, name: &str, why: &'static str) -> Item {
    let state = if project.settings(name).is_some() { State::Present } else { State::Absent };
    let id = format!("settings-{}", name.to_lowercase());
    let lacks = if state == State::Present { Vec::new() } else { vec![name.to_owned()] };
    item(id, format!("{name} settings"), state, why).lacking("Settings", lacks)
}

fn of_type(project: &Project, kind: &str, what: &str, why: &'static str) -> Item {
    let state = if project.of_type(kind).next().is_some() { State::Present } else { State::Absent };
    let id = format!("type-{}", kind.to_lowercase());
    let item = item(id, what, state, why);
    if kind == "Report" {
        return item
            .by(Remedy::Do("list the reports of each folder in the manifest: `*` does not bring them"));
    }
    item.by(Remedy::Retrieve { kind: kind.to_owned(), members: vec!["*".to_owned()] })
}

/// Heads, scopes and policies of external client apps.
fn external_client_apps(project: &Project) -> Item {
    let heads: BTreeSet<&str> = project.external_client_apps().map(|app| app.name()).collect();
    let scopes: BTreeSet<String> = project
        .external_client_app_oauth_settings()
        .filter_map(|part| part.app())
        .map(|app| app.to_string())
        .collect();
    let policies: BTreeSet<String> = project
        .external_client_app_oauth_policies()
        .filter_map(|part| part.app())
        .map(|app| app.to_string())
        .collect();
    let lacks: Vec<String> = heads
        .iter()
        .filter(|name| !scopes.contains(**name) || !policies.contains(**name))
        .map(|name| (*name).to_owned())
        .collect();
    let state = match () {
        () if heads.is_empty() => State::Absent,
        () if lacks.is_empty() => State::Present,
        () => State::Partial,
    };
    let why =
        "new integrations use them instead of connected apps; scopes and policies are files of their own";
    let mut item = item("external-client-apps", "external client apps", state, why);
    item.lacks = lacks;
    for kind in
        ["ExternalClientApplication", "ExtlClntAppOauthConfigurablePolicies", "ExtlClntAppOauthSettings"]
    {
        item = item.by(Remedy::Retrieve { kind: kind.to_owned(), members: vec!["*".to_owned()] });
    }
    item
}

fn external_credentials(project: &Project) -> Item {
    let have: BTreeSet<&str> = project.external_credentials().map(|credential| credential.name()).collect();
    let wanted: BTreeSet<String> = project
        .named_credentials()
        .filter_map(|credential| credential.external_credential())
        .map(|name| name.to_string())
        .collect();
    let lacks: Vec<String> = wanted.iter().filter(|name| !have.contains(name.as_str())).cloned().collect();
    let why = "they say how a named credential authenticates, and as whom";
    item(
        "external-credentials",
        "external credentials that named credentials use",
        state(wanted.len(), lacks.len()),
        why,
    )
    .lacking("ExternalCredential", lacks)
}

fn packages(project: &Project, facts: &Facts) -> Item {
    let state = match () {
        () if facts.is_complete("packages") => State::Present,
        () if facts.has("packages") || project.installed_packages().next().is_some() => State::Partial,
        () => State::Absent,
    };
    let why = "a package's code runs in the org and may send data to its maker";
    item("packages", "installed packages", state, why)
        .by(Remedy::Query("packages"))
        .by(Remedy::Retrieve { kind: "InstalledPackage".to_owned(), members: vec!["*".to_owned()] })
}

fn mail_bodies(project: &Project) -> Item {
    let templates: Vec<_> = project.email_templates().collect();
    let lacks: Vec<String> =
        templates.iter().filter(|mail| mail.body().is_none()).map(|mail| mail.name().to_owned()).collect();
    let state = match () {
        () if templates.is_empty() => State::Absent,
        () => state(templates.len(), lacks.len()),
    };
    let why = "merge fields in a template's text carry data out of the org";
    let item = item("email-templates", "e-mail templates and their text", state, why)
        .lacking("EmailTemplate", lacks);
    if templates.is_empty() {
        return item
            .by(Remedy::Do("list the templates of each folder in the manifest: `*` does not bring them"));
    }
    item
}

fn from_org(facts: &Facts, query: &'static str, what: &str, why: &'static str) -> Item {
    let state = match () {
        () if facts.is_complete(query) => State::Present,
        () if facts.has(query) => State::Partial,
        () => State::Absent,
    };
    item(format!("org-{query}"), what, state, why).by(Remedy::Query(query))
}

fn ignored(project: &Project) -> Item {
    let lacks: Vec<String> = project
        .ignored()
        .iter()
        .filter(|path| match path.strip_suffix('/') {
            // A folder inside a bundle holds no components.
            Some(folder) => Kind::of(&format!("{folder}/any")) == Kind::Other,
            None => Kind::of(path) == Kind::Metadata,
        })
        .cloned()
        .collect();
    let state = if lacks.is_empty() { State::Present } else { State::Partial };
    let mut item = item(
        "forceignore",
        "metadata that .forceignore leaves out",
        state,
        "it is not deployed from here, and the org has its own",
    )
    .by(Remedy::Do("retrieve it to a folder without these patterns and read that"));
    item.lacks = lacks;
    item
}

fn outside(project: &Project) -> Item {
    let files = project.files().iter();
    let outside = files.filter(|file| file.standing == Standing::Outside && file.kind == Kind::Metadata);
    let folders: BTreeSet<String> =
        outside.map(|file| file.path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned()).collect();
    let state = if folders.is_empty() { State::Present } else { State::Partial };
    let why = "other tools may deploy it: it was listed and not read";
    let mut item = item("outside-packages", "metadata outside the package directories", state, why)
        .by(Remedy::Do("read the folder by itself, or name it in packageDirectories"));
    item.lacks = folders.into_iter().collect();
    item
}

fn unread(project: &Project) -> Item {
    let broken = project.problems().iter().filter(|problem| problem.severity == Severity::Error);
    let paths: BTreeSet<String> = broken.map(|problem| problem.path.clone()).collect();
    let state = if paths.is_empty() { State::Present } else { State::Partial };
    let why = "what stands in the broken part of a file is not known";
    let mut item = item("unread-files", "files that could be read in full", state, why)
        .by(Remedy::Do("mend the files that the problems name"));
    item.lacks = paths.into_iter().collect();
    item
}

#[cfg(test)]
mod tests;
