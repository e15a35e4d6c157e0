//! Who sees what, by Salesforce's own access semantics ([`access`]).
//!
//! Who is assigned what is in no source tree, so the page speaks of profiles, permission sets and groups; of people it
//! says how many, where the org was asked. What would settle an unknown is told with the gaps.

use std::collections::{BTreeMap, BTreeSet};

use access::{Answer, Model, ObjectFlag, Principal, PrincipalId, PrincipalKind, Range, Reach};
use policy::Policy;
use policy::vocabulary::AudienceKind;
use scan::KnownField;
use sfdx::views::ContainerKind;
use sfdx::{Facts, Project};

/// For whom a container is, as far as its licence or the bundle says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Crowd {
    Guests,
    Portal,
    Staff,
}

impl Crowd {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Crowd::Guests => "guests",
            Crowd::Portal => "portal",
            Crowd::Staff => "staff",
        }
    }
}

/// How one profile, permission set or group reaches one field.
#[derive(Debug, Clone)]
pub(crate) struct Access {
    pub(crate) holder: String,
    pub(crate) kind: &'static str,
    pub(crate) licence: String,
    pub(crate) crowd: Crowd,
    pub(crate) read: Answer,
    pub(crate) edit: Answer,
    /// How far into the records it reads, at least and at most.
    pub(crate) records: Range,
    /// The row that gives it, or the file of the holder.
    pub(crate) place: Option<access::Place>,
}

impl Access {
    pub(crate) fn reads(&self) -> bool {
        self.read.is_yes()
    }

    pub(crate) fn edits(&self) -> bool {
        self.edit.is_yes()
    }
}

/// A field, who reaches it, and how many people that are.
#[derive(Debug, Clone)]
pub(crate) struct Exposed {
    pub(crate) field: KnownField,
    /// Those that read or edit it, or may.
    pub(crate) by: Vec<Access>,
    /// How many users read it, where the org was asked who they are.
    pub(crate) users: Option<usize>,
}

/// A profile, permission set or group that reaches all records or all fields.
#[derive(Debug, Clone)]
pub(crate) struct Wide {
    pub(crate) holder: String,
    pub(crate) kind: &'static str,
    pub(crate) licence: String,
    /// `ViewAllData` and the like.
    pub(crate) org: Vec<&'static str>,
    pub(crate) view: Vec<String>,
    pub(crate) modify: Vec<String>,
    pub(crate) fields: Vec<String>,
}

#[derive(Debug, Default)]
pub(crate) struct Exposure {
    /// Every field with patient data and who reaches it, the most exposed first.
    pub(crate) fields: Vec<Exposed>,
    pub(crate) wide: Vec<Wide>,
    /// How many profiles, permission sets and groups the source holds.
    pub(crate) holders: usize,
}

/// What the whole org is opened by: Salesforce, "User Permissions" of `PermissionSet`.
const WHOLE_ORG: [(&str, &str); 3] = [
    ("ModifyAllData", "modifies all data"),
    ("ViewAllData", "views all data"),
    ("ViewAllFieldsGlobal", "views all fields"),
];

pub(crate) fn of(
    project: &Project,
    facts: &Facts,
    policy: &Policy,
    fields: &BTreeMap<String, KnownField>,
) -> Exposure {
    let names: Vec<String> = fields.values().map(KnownField::name).collect();
    let model = Model::with_fields(project, facts, names.iter().map(String::as_str));
    let objects: BTreeSet<&str> = fields.values().map(|field| field.object.as_str()).collect();
    let mut exposure = Exposure {
        fields: fields
            .values()
            .map(|field| Exposed { field: field.clone(), by: Vec::new(), users: None })
            .collect(),
        ..Exposure::default()
    };
    let is_user = |principal: &Principal| principal.kind() == PrincipalKind::User;
    for (id, principal) in model.principals().filter(|(_, principal)| !is_user(principal)) {
        let Some(access) = model.access(id) else { continue };
        exposure.holders += usize::from(principal.place().is_some());
        let licence = licence_of(project, principal);
        let crowd = crowd_of(project, principal, &licence, policy);
        let wide = wide(&access, &objects, &licence);
        if !(wide.org.is_empty() && wide.view.is_empty() && wide.modify.is_empty() && wide.fields.is_empty())
        {
            exposure.wide.push(wide);
        }
        for exposed in &mut exposure.fields {
            let name = exposed.field.name();
            let Some((read, edit)) = access.reads_and_edits(&name) else { continue };
            if read == Answer::No && edit == Answer::No {
                continue;
            }
            let given = if read.is_yes() || edit.is_yes() { given_at(&access, &name) } else { None };
            exposed.by.push(Access {
                holder: principal.name().to_owned(),
                kind: kind_words(principal.kind()),
                licence: licence.clone(),
                crowd,
                read,
                edit,
                records: access
                    .reach(&exposed.field.object)
                    .map_or(Range { low: Reach::None, high: Reach::All }, |(read, _)| read),
                place: given.or_else(|| principal.place().cloned()),
            });
        }
    }
    count_users(&model, &names, &mut exposure);
    exposure.fields.sort_by_key(|exposed| {
        let guests = exposed.by.iter().any(|access| access.crowd == Crowd::Guests && access.reads());
        let readers = exposed.by.iter().filter(|access| access.reads()).count();
        let editors = exposed.by.iter().filter(|access| access.edits()).count();
        (std::cmp::Reverse((guests, readers, editors, exposed.field.class)), exposed.field.name())
    });
    exposure.wide.sort_by_key(|wide| {
        let reach = wide.view.len() + 2 * wide.modify.len() + wide.fields.len();
        (std::cmp::Reverse((wide.org.len(), reach)), wide.kind, wide.holder.clone())
    });
    exposure
}

/// Where the row stands that gives a field.
fn given_at(access: &access::Access<'_>, field: &str) -> Option<access::Place> {
    let read = access.field(field)?.read;
    let mut paths = read.by_field.paths.iter().chain(&read.by_object.paths);
    paths.find(|path| path.answer.is_yes())?.place().cloned()
}

fn count_users(model: &Model, names: &[String], exposure: &mut Exposure) {
    let users: Vec<PrincipalId> = model
        .principals()
        .filter(|(_, principal)| principal.kind() == PrincipalKind::User)
        .map(|(id, _)| id)
        .collect();
    if users.is_empty() {
        return;
    }
    let matrix = model.matrix(names.iter().map(String::as_str));
    let counts: BTreeMap<String, usize> = matrix
        .fields()
        .enumerate()
        .map(|(at, name)| {
            (name.to_lowercase(), users.iter().filter(|user| matrix.read(**user, at).is_yes()).count())
        })
        .collect();
    for exposed in &mut exposure.fields {
        exposed.users = counts.get(&exposed.field.name().to_lowercase()).copied();
    }
}

/// What reaches past sharing and field-level security, the whole org's permissions first: what they give already is
/// not told of each object again.
fn wide(access: &access::Access<'_>, objects: &BTreeSet<&str>, licence: &str) -> Wide {
    let has = |permission: &str| access.has(permission).is_yes();
    let org: Vec<&str> =
        WHOLE_ORG.into_iter().filter(|(name, _)| has(name)).map(|(_, words)| words).collect();
    let (modifies, views) = (has("ModifyAllData"), has("ViewAllData") || has("ModifyAllData"));
    let is_on = |object: &str, flag: ObjectFlag| access.flag(object, flag) == Some(Answer::Yes);
    let named = |wanted: &dyn Fn(&str) -> bool| -> Vec<String> {
        objects.iter().filter(|object| wanted(object)).map(|object| (*object).to_owned()).collect()
    };
    Wide {
        holder: access.principal().name().to_owned(),
        kind: kind_words(access.principal().kind()),
        licence: licence.to_owned(),
        view: named(&|object| {
            !views && is_on(object, ObjectFlag::ViewAll) && !is_on(object, ObjectFlag::ModifyAll)
        }),
        modify: named(&|object| !modifies && is_on(object, ObjectFlag::ModifyAll)),
        fields: named(&|object| !has("ViewAllFieldsGlobal") && is_on(object, ObjectFlag::ViewAllFields)),
        org,
    }
}

impl Exposure {
    /// The objects of which a crowd reads a field, by the holders that say so.
    pub(crate) fn read_by(&self, crowd: Crowd) -> (BTreeSet<&str>, BTreeSet<&str>) {
        let (mut objects, mut holders) = (BTreeSet::new(), BTreeSet::new());
        for exposed in &self.fields {
            for access in exposed.by.iter().filter(|access| access.crowd == crowd && access.reads()) {
                objects.insert(exposed.field.object.as_str());
                holders.insert(access.holder.as_str());
            }
        }
        (objects, holders)
    }
}

const fn kind_words(kind: PrincipalKind) -> &'static str {
    match kind {
        PrincipalKind::Profile => "profile",
        PrincipalKind::PermissionSet => "permission set",
        PrincipalKind::PermissionSetGroup => "permission set group",
        PrincipalKind::User => "user",
    }
}

fn licence_of(project: &Project, principal: &Principal) -> String {
    let kind = match principal.kind() {
        PrincipalKind::Profile => ContainerKind::Profile,
        PrincipalKind::PermissionSet => ContainerKind::PermissionSet,
        PrincipalKind::PermissionSetGroup | PrincipalKind::User => return String::new(),
    };
    let mut own = project.containers().filter(|one| one.kind() == kind && one.name() == principal.name());
    own.find_map(|one| one.license()).map(|licence| licence.to_string()).unwrap_or_default()
}

fn crowd_of(project: &Project, principal: &Principal, licence: &str, policy: &Policy) -> Crowd {
    let is_profile = principal.kind() == PrincipalKind::Profile;
    if is_profile && let Some(audience) = policy.audience_of_profile(principal.name()) {
        return match audience.kind.value {
            AudienceKind::Guest => Crowd::Guests,
            AudienceKind::Portal => Crowd::Portal,
            AudienceKind::Internal => Crowd::Staff,
        };
    }
    match principal.crowd() {
        access::Crowd::Guest => Crowd::Guests,
        access::Crowd::External | access::Crowd::HighVolume => Crowd::Portal,
        access::Crowd::Internal
            if is_profile && licence.is_empty() && is_named_for_guests(project, principal.name()) =>
        {
            Crowd::Guests
        }
        access::Crowd::Internal => Crowd::Staff,
    }
}

/// Whether a site or network calls its guest profile so. The rules take a profile without licence for that of guests
/// by the same name, and the page must not count it as staff.
fn is_named_for_guests(project: &Project, name: &str) -> bool {
    let of_sites = project.sites().filter_map(|site| site.guest_profile_name());
    let of_networks = project
        .networks()
        .filter(|network| !network.name().is_empty())
        .map(|network| format!("{} Profile", network.name()));
    of_sites.chain(of_networks).any(|own| own.to_lowercase() == name.to_lowercase())
}

#[cfg(test)]
mod tests;
