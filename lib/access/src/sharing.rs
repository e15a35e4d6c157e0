//! What opens the records of an object: defaults, parents, rules, sets and queues, as the source and the facts say.
//! Sections 6 and 7 of `semantics.md` are computed from this in `records`.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use sfdx::views::{ObjectKind, SharingKind};
use sfdx::{Facts, Project};

use crate::path::Place;
use crate::universe::Universe;

/// An organisation-wide default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    Private,
    Read,
    ReadWrite,
    ByParent,
    ByCampaign,
    ByLeadOrContact,
    Unknown,
}

impl Level {
    fn of(text: &str) -> Self {
        match text {
            "Private" => Level::Private,
            "Read" | "ReadSelect" => Level::Read,
            "ReadWrite" | "ReadWriteTransfer" | "FullAccess" => Level::ReadWrite,
            "ControlledByParent" => Level::ByParent,
            "ControlledByCampaign" => Level::ByCampaign,
            "ControlledByLeadOrContact" => Level::ByLeadOrContact,
            _ => Level::Unknown,
        }
    }

    pub(crate) fn is_by_parent(self) -> bool {
        matches!(self, Level::ByParent | Level::ByCampaign | Level::ByLeadOrContact)
    }
}

/// A default with what says so.
#[derive(Clone, Debug)]
pub(crate) struct Default {
    pub(crate) level: Level,
    /// As it is written.
    pub(crate) text: String,
    pub(crate) place: Option<Place>,
}

/// A master whose records decide.
#[derive(Clone, Debug)]
pub(crate) struct Parent {
    pub(crate) object: u32,
    /// Whether reading the master is enough to edit the detail.
    pub(crate) read_is_enough: bool,
}

#[derive(Debug)]
pub(crate) struct Rule {
    pub(crate) kind: SharingKind,
    pub(crate) name: String,
    /// `Read`, `Edit`, `All`.
    pub(crate) access: String,
    /// Element's name and, in lower case, whom.
    pub(crate) targets: Vec<(String, Option<String>)>,
    pub(crate) place: Place,
}

#[derive(Debug)]
pub(crate) struct Set {
    pub(crate) name: String,
    /// In lower case.
    pub(crate) profiles: BTreeSet<String>,
    pub(crate) access: String,
    pub(crate) place: Place,
}

#[derive(Debug)]
pub(crate) struct Queue {
    pub(crate) name: String,
    /// In lower case.
    pub(crate) users: BTreeSet<String>,
    pub(crate) has_others: bool,
    pub(crate) place: Place,
}

/// All about one object's records.
#[derive(Debug)]
pub(crate) struct ObjectSharing {
    pub(crate) kind: ObjectKind,
    pub(crate) internal: Option<Default>,
    pub(crate) external: Option<Default>,
    /// Of its master-detail fields.
    pub(crate) masters: Vec<Parent>,
    pub(crate) restriction: Option<Place>,
    /// Whether the source has sharing rules of it at all.
    pub(crate) has_rules: bool,
    pub(crate) rules: Vec<Rule>,
    pub(crate) sets: Vec<Set>,
    pub(crate) queues: Vec<Queue>,
}

#[derive(Debug)]
pub(crate) struct Role {
    /// In lower case.
    pub(crate) parent: Option<String>,
}

/// Ids of users and of groups within, by their first characters.
type Members = BTreeSet<String>;

#[derive(Debug)]
pub(crate) struct Sharing {
    /// By object.
    pub(crate) objects: Vec<ObjectSharing>,
    pub(crate) roles: BTreeMap<String, Role>,
    /// Public groups of the source: whether they include those above their members.
    pub(crate) groups: BTreeMap<String, Option<bool>>,
    /// Site names in lower case and their guest profile in lower case.
    pub(crate) sites: BTreeMap<String, Option<String>>,
    pub(crate) external_model: Option<bool>,
    pub(crate) members_known: bool,
    /// Public groups by name, groups of any kind by id, queues by name.
    named: BTreeMap<String, Members>,
    by_id: BTreeMap<String, Members>,
    queues: BTreeMap<String, Members>,
}

/// Parents of standard objects that no master-detail field tells.
pub(crate) const STANDARD_PARENTS: [(&str, &str); 4] = [
    ("contact", "Account"),
    ("asset", "Account"),
    ("campaignmember", "Campaign"),
    ("opportunitylineitem", "Opportunity"),
];

/// Adds the objects that are asked for on behalf of others.
pub(crate) fn add_parents(project: &Project, universe: &mut Universe) {
    for object in project.objects() {
        for field in
            object.fields().filter(|field| field.data_type().is_some_and(|kind| kind == "MasterDetail"))
        {
            for parent in field.reference_to() {
                universe.objects.add(parent.as_str());
            }
        }
    }
    for (object, parent) in STANDARD_PARENTS {
        if universe.objects.find(object).is_some() {
            universe.objects.add(parent);
        }
    }
    if universe.objects.find("CampaignMember").is_some() {
        universe.objects.add("Lead");
        universe.objects.add("Contact");
        universe.objects.add("Account");
    }
    if universe.objects.find("Task").or(universe.objects.find("Event")).is_some() {
        universe.objects.add("Activity");
    }
}

impl Sharing {
    pub(crate) fn read(project: &Project, facts: &Facts, universe: &Universe) -> Self {
        let mut objects: Vec<ObjectSharing> =
            (0_u32..).take(universe.objects.len()).map(|object| plain(project, universe, object)).collect();
        let mut at = |name: &str| {
            let number = universe.objects.find(name)? as usize;
            Some(number)
        };
        for model in facts.sharing_models() {
            let Some(object) = model.object().and_then(&mut at).and_then(|at| objects.get_mut(at)) else {
                continue;
            };
            let told = |text: &str| Default { level: Level::of(text), text: text.to_owned(), place: None };
            object.internal = model.internal().map(told).or(object.internal.take());
            object.external = model.external().map(told).or(object.external.take());
        }
        for rule in project.restrictions() {
            let scoping = rule.enforcement().is_some_and(|kind| kind == "Scoping");
            if let Some(object) =
                rule.object().and_then(|object| at(object.as_str())).and_then(|at| objects.get_mut(at))
                && rule.active() != Some(false)
                && !scoping
            {
                object.restriction.get_or_insert_with(|| Place::of_element(rule.element()));
            }
        }
        for component in project.of_type("SharingRules") {
            if let Some(object) = at(component.full_name()).and_then(|at| objects.get_mut(at)) {
                object.has_rules = true;
            }
        }
        for rule in project.sharing_rules() {
            let Some(object) = at(rule.object_name()).and_then(|at| objects.get_mut(at)) else { continue };
            object.has_rules = true;
            let targets = rule.shared_to().into_iter().flat_map(|to| to.targets());
            object.rules.push(Rule {
                kind: rule.kind(),
                name: rule.name().map(|name| name.to_string()).unwrap_or_default(),
                access: rule.access_level().map(|level| level.to_string()).unwrap_or_default(),
                targets: targets
                    .map(|(kind, name)| (kind.to_owned(), name.map(|name| name.to_lowercase())))
                    .collect(),
                place: Place::of_element(rule.element()),
            });
        }
        for set in project.sharing_sets() {
            let profiles: BTreeSet<String> = set.profiles().map(|profile| profile.to_lowercase()).collect();
            for mapping in set.mappings() {
                let Some(object) = mapping
                    .object()
                    .and_then(|object| at(object.as_str()))
                    .and_then(|at| objects.get_mut(at))
                else {
                    continue;
                };
                object.sets.push(Set {
                    name: set.name().to_owned(),
                    profiles: profiles.clone(),
                    access: mapping.access_level().map(|level| level.to_string()).unwrap_or_default(),
                    place: Place::of_element(mapping.element()),
                });
            }
        }
        for queue in project.queues() {
            let members = queue.members();
            let users = members.and_then(|members| members.users());
            let users: BTreeSet<String> =
                users.into_iter().flat_map(|users| users.names()).map(|name| name.to_lowercase()).collect();
            let has_others = members.is_some_and(|members| {
                [members.groups(), members.roles(), members.roles_and_subordinates()]
                    .into_iter()
                    .chain([members.roles_and_subordinates_internal()])
                    .flatten()
                    .any(|names| names.names().next().is_some())
            });
            for object in queue.objects().filter_map(|object| object.object()) {
                if let Some(object) = at(object.as_str()).and_then(|at| objects.get_mut(at)) {
                    object.queues.push(Queue {
                        name: queue.name().to_owned(),
                        users: users.clone(),
                        has_others,
                        place: Place::of_element(queue.element()),
                    });
                }
            }
        }
        let roles = project.roles().map(|role| {
            let parent = role.parent().filter(|parent| !parent.is_empty());
            (role.name().to_lowercase(), Role { parent: parent.map(|parent| parent.to_lowercase()) })
        });
        let sites = project.sites().map(|site| {
            (site.name().to_lowercase(), site.guest_profile_name().map(|name| name.to_lowercase()))
        });
        let (named, by_id, queues) = members(facts);
        Sharing {
            objects,
            roles: roles.collect(),
            groups: project
                .groups()
                .map(|group| (group.name().to_lowercase(), group.does_include_bosses()))
                .collect(),
            sites: sites.collect(),
            external_model: project
                .settings("Sharing")
                .and_then(|settings| settings.component().root().flag("enableExternalSharingModel")),
            members_known: facts.is_complete("group-members"),
            named,
            by_id,
            queues,
        }
    }

    pub(crate) fn object(&self, object: u32) -> Option<&ObjectSharing> {
        self.objects.get(object as usize)
    }

    /// Whether a user stands in a group: surely, surely not, or through something unknown.
    pub(crate) fn is_member(&self, group: &str, user: &str) -> crate::Answer {
        const USER: &str = "005";
        let user = short(user);
        let mut answer = crate::Answer::No;
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        let mut open: Vec<&Members> = self.named.get(group).into_iter().collect();
        while let Some(members) = open.pop() {
            if members.contains(&user) {
                return crate::Answer::Yes;
            }
            let groups = members
                .range::<str, _>((Bound::Unbounded, Bound::Excluded(USER)))
                .chain(members.range::<str, _>((Bound::Included("006"), Bound::Unbounded)))
                .filter(|member| seen.insert(member));
            for inner in groups {
                match self.by_id.get(inner) {
                    Some(members) => open.push(members),
                    None => answer = crate::Answer::Unknown,
                }
            }
        }
        answer
    }

    pub(crate) fn is_in_queue(&self, queue: &str, user: &str) -> bool {
        self.queues.get(&queue.to_lowercase()).is_some_and(|members| members.contains(&short(user)))
    }
}

/// The rows of groups and queues.
fn members(
    facts: &Facts,
) -> (BTreeMap<String, Members>, BTreeMap<String, Members>, BTreeMap<String, Members>) {
    let mut named: BTreeMap<String, Members> = BTreeMap::new();
    let mut by_id: BTreeMap<String, Members> = BTreeMap::new();
    let mut queues: BTreeMap<String, Members> = BTreeMap::new();
    for row in facts.group_members() {
        let Some(member) = row.member_id().map(short) else { continue };
        if let Some(id) = row.row().get("GroupId") {
            by_id.entry(short(id)).or_default().insert(member.clone());
        }
        if let Some(name) = row.group().map(str::to_lowercase) {
            let of_kind = if row.kind() == Some("Queue") { &mut queues } else { &mut named };
            of_kind.entry(name).or_default().insert(member);
        }
    }
    (named, by_id, queues)
}

/// The part of an id that both its forms have.
fn short(id: &str) -> String {
    id.chars().take(15).collect()
}

/// What kind of object a name means, in any case.
pub(crate) fn kind_of(project: &Project, name: &str) -> ObjectKind {
    let key = name.to_lowercase();
    match ObjectKind::of_name(&key) {
        ObjectKind::Custom
            if project.object(name).is_some_and(|object| object.value("customSettingsType").is_some()) =>
        {
            ObjectKind::CustomSetting
        }
        ObjectKind::Standard if key.ends_with("changeevent") => ObjectKind::ChangeEvent,
        kind => kind,
    }
}

/// What the source says of one object, without rules.
fn plain(project: &Project, universe: &Universe, number: u32) -> ObjectSharing {
    let name = universe.objects.shown(number);
    let object = project.object(name);
    let kind = kind_of(project, name);
    let said = |value: sfdx::Value<'_>| Default {
        level: Level::of(value.as_str()),
        text: value.to_string(),
        place: Some(Place::of_value(&value)),
    };
    let mut masters = Vec::new();
    let mut master_place = None;
    for field in object.into_iter().flat_map(|object| object.fields()) {
        if field.data_type().is_none_or(|kind| kind != "MasterDetail") {
            continue;
        }
        master_place.get_or_insert_with(|| Place::of_element(field.component().root()));
        let read_is_enough = field.flag("writeRequiresMasterRead") == Some(true);
        let parents = field.reference_to().filter_map(|parent| universe.objects.find(parent.as_str()));
        masters.extend(parents.map(|object| Parent { object, read_is_enough }));
    }
    let by_master = master_place.map(|place| Default {
        level: Level::ByParent,
        text: "ControlledByParent".to_owned(),
        place: Some(place),
    });
    ObjectSharing {
        kind,
        internal: object.and_then(|object| object.sharing_model()).map(said).or(by_master),
        external: object.and_then(|object| object.external_sharing_model()).map(said),
        masters,
        restriction: None,
        has_rules: false,
        rules: Vec::new(),
        sets: Vec::new(),
        queues: Vec::new(),
    }
}
