//! What a profile, a permission set or a group of sets gives as a whole, after muting, and where the source says so.

use std::collections::{BTreeMap, BTreeSet};

use access::{Access, Answer, ObjectFlag, PrincipalKind};
use journal::Place;
use sfdx::Value;
use sfdx::views::{Container, ContainerKind, PermissionSetGroup};
use source::Position;

use crate::phi_object::PhiObject;
use crate::{Context, container, reach, sharing};

/// An effective grant of the source: everything that its holder has by it alone.
pub(crate) struct Grant<'c, 'p> {
    pub(crate) access: Access<'c>,
    /// The files of the profile or set; of a group those of its members.
    pub(crate) containers: Vec<Container<'p>>,
    /// Of a group, its files.
    pub(crate) groups: Vec<PermissionSetGroup<'p>>,
}

/// All grants of the source: profiles, permission sets, groups. The access model keeps what each holds, so that asking
/// again costs little.
pub(crate) fn all<'c, 'p>(cx: &'c Context<'p>) -> Vec<Grant<'c, 'p>> {
    let mut files: BTreeMap<(ContainerKind, String), Vec<Container<'p>>> = BTreeMap::new();
    for container in cx.project.containers() {
        files.entry((container.kind(), container.name().to_lowercase())).or_default().push(container);
    }
    let of = |kind, name: &str| files.get(&(kind, name.to_lowercase())).cloned().unwrap_or_default();
    let mut groups: BTreeMap<String, Vec<PermissionSetGroup<'p>>> = BTreeMap::new();
    for group in cx.project.permission_set_groups() {
        groups.entry(group.name().to_lowercase()).or_default().push(group);
    }
    let model = cx.access();
    let principals = model.principals().filter_map(|(id, principal)| {
        let (containers, groups) = match principal.kind() {
            PrincipalKind::Profile => (of(ContainerKind::Profile, principal.name()), Vec::new()),
            PrincipalKind::PermissionSet => (of(ContainerKind::PermissionSet, principal.name()), Vec::new()),
            PrincipalKind::PermissionSetGroup => {
                let own = groups.get(&principal.name().to_lowercase()).cloned().unwrap_or_default();
                let members = own.iter().flat_map(|group| group.permission_sets());
                (members.flat_map(|set| of(ContainerKind::PermissionSet, &set)).collect(), own)
            }
            PrincipalKind::User => return None,
        };
        Some(Grant { access: model.access(id)?, containers, groups })
    });
    principals.collect()
}

impl<'p> Grant<'_, 'p> {
    pub(crate) fn kind(&self) -> PrincipalKind {
        self.access.principal().kind()
    }

    pub(crate) fn name(&self) -> &str {
        self.access.principal().name()
    }

    pub(crate) fn is_group(&self) -> bool {
        self.kind() == PrincipalKind::PermissionSetGroup
    }

    /// `Profile:Clerk`.
    pub(crate) fn component(&self) -> String {
        let kind = match self.kind() {
            PrincipalKind::Profile => "Profile",
            PrincipalKind::PermissionSet => "PermissionSet",
            PrincipalKind::PermissionSetGroup => "PermissionSetGroup",
            PrincipalKind::User => "User",
        };
        format!("{kind}:{}", self.name())
    }

    /// ``profile `Clerk` ``, without the blank.
    pub(crate) fn title(&self) -> String {
        let kind = match self.kind() {
            PrincipalKind::Profile => "profile",
            PrincipalKind::PermissionSet => "permission set",
            PrincipalKind::PermissionSetGroup => "permission set group",
            PrincipalKind::User => "user",
        };
        format!("{kind} `{}`", self.name())
    }

    /// Whether its user permission is surely on.
    pub(crate) fn gives(&self, permission: &str) -> bool {
        self.access.has(permission).is_yes()
    }

    /// Whether it surely opens every record to read.
    pub(crate) fn views_all_data(&self) -> bool {
        self.gives("ViewAllData") || self.gives("ModifyAllData")
    }

    /// The most telling object with PHI on which a flag is surely given.
    pub(crate) fn phi_with<'x>(&self, cx: &'x Context<'_>, flag: ObjectFlag) -> Option<&'x PhiObject> {
        phi_with(cx, &self.access, flag)
    }

    /// The system administrator's profile, or one of Salesforce's own that nobody can edit.
    pub(crate) fn is_administrators(&self) -> bool {
        self.kind() == PrincipalKind::Profile
            && self.containers.iter().any(|file| container::is_system_administrator(*file))
    }

    pub(crate) fn is_salesforces_own(&self) -> bool {
        self.kind() == PrincipalKind::Profile
            && self.containers.iter().any(|file| container::is_salesforces_own(*file))
    }

    /// Whether people from outside hold it: guests, members of a site, partners.
    pub(crate) fn is_external(&self) -> bool {
        let mut licenses = self.containers.iter().filter_map(|file| file.license());
        licenses.any(|license| container::is_external_license(&license))
    }

    /// Whether programs use it. A group is for programs where one of its members is.
    pub(crate) fn for_programs(&self, cx: &Context<'_>) -> bool {
        self.containers.iter().any(|file| container::for_programs(cx, *file).is_some())
    }

    /// A standard profile for programs that every org comes with and that reads no PHI here.
    pub(crate) fn is_idle_standard(&self, cx: &Context<'_>) -> bool {
        self.containers.iter().all(|file| file.is_custom() == Some(false))
            && self.containers.iter().all(|file| container::identity(cx, *file).is_none())
            && self.phi_with(cx, ObjectFlag::Read).is_none()
    }

    /// Where a user permission is switched on; of a group, where it names the first member that does.
    pub(crate) fn place_of(&self, cx: &Context<'p>, permission: &str) -> Option<Place> {
        if self.is_group() {
            let gives = |set: &Value<'p>| {
                let own = self.containers.iter().filter(|file| file.name().eq_ignore_ascii_case(set));
                own.into_iter().any(|file| reach::has(*file, permission).is_some())
            };
            let named = self.groups.iter().flat_map(|group| group.permission_sets()).find(gives)?;
            return Some(cx.place(&named));
        }
        self.containers.iter().find_map(|file| reach::has(*file, permission)).map(|name| cx.place(&name))
    }

    /// The start of its file.
    pub(crate) fn start(&self) -> Option<Place> {
        let of_group = self.groups.first().map(|group| group.element());
        let element = of_group.or_else(|| self.containers.first().map(|file| file.element()))?;
        Some(sharing::start(element))
    }

    /// Members of a group of which the source has no file.
    pub(crate) fn absent_members(&self) -> BTreeSet<String> {
        let named = self.groups.iter().flat_map(|group| group.permission_sets());
        named
            .filter(|set| !self.containers.iter().any(|file| file.name().eq_ignore_ascii_case(set)))
            .map(|set| set.into_text().into_owned())
            .collect()
    }
}

/// The most telling object with PHI on which a flag is surely given.
pub(crate) fn phi_with<'x>(
    cx: &'x Context<'_>,
    access: &Access<'_>,
    flag: ObjectFlag,
) -> Option<&'x PhiObject> {
    cx.telling_objects().iter().find(|object| access.flag(&object.name, flag) == Some(Answer::Yes))
}

/// Whether anybody but administrators may read an object by what the source gives; nothing where it does not say.
pub(crate) fn is_read(
    grants: &[Grant<'_, '_>],
    object: &str,
    is_wanted: impl Fn(&Grant<'_, '_>) -> bool,
) -> Option<bool> {
    given(grants, object, (ObjectFlag::Read, "ViewAllData"), is_wanted).map(|answer| answer != Answer::No)
}

/// Whether anybody but administrators may change records that they do not own because the object's default lets them:
/// whoever may modify all records needs no default for it.
pub(crate) fn edits(
    grants: &[Grant<'_, '_>],
    object: &str,
    is_wanted: impl Fn(&Grant<'_, '_>) -> bool,
) -> Answer {
    let needs_default = |grant: &Grant<'_, '_>| {
        !grant.gives("ModifyAllData")
            && grant.access.flag(object, ObjectFlag::ModifyAll) != Some(Answer::Yes)
            && is_wanted(grant)
    };
    given(grants, object, (ObjectFlag::Edit, "ModifyAllData"), needs_default).unwrap_or(Answer::Unknown)
}

fn given(
    grants: &[Grant<'_, '_>],
    object: &str,
    (flag, on_all): (ObjectFlag, &str),
    is_wanted: impl Fn(&Grant<'_, '_>) -> bool,
) -> Option<Answer> {
    let is_people = |grant: &&Grant<'_, '_>| {
        !grant.is_administrators() && !grant.is_salesforces_own() && is_wanted(grant)
    };
    let says = |grant: &&Grant<'_, '_>| {
        grant.containers.iter().any(|file| file.object_permissions().next().is_some())
    };
    let known: Vec<_> = grants.iter().filter(is_people).filter(says).collect();
    let answers = known.iter().map(|grant| {
        if grant.gives(on_all) { Answer::Yes } else { grant.access.flag(object, flag).unwrap_or(Answer::No) }
    });
    answers.reduce(Answer::or)
}

/// Where a permission set group's grant hangs on sets that the source does not hold: what is missing, and what completes it.
pub(crate) fn absent_of_groups(grants: &[Grant<'_, '_>]) -> Option<(String, String)> {
    let absent: BTreeSet<String> = grants.iter().flat_map(Grant::absent_members).collect();
    let named = |prefix: &str| {
        let names: Vec<String> = absent.iter().take(3).map(|name| format!("`{prefix}{name}`")).collect();
        let more = match absent.len().saturating_sub(3) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        format!("{}{more}", names.join(", "))
    };
    (!absent.is_empty()).then(|| {
        let missing =
            format!("what permission sets give that groups name and the source lacks: {}", named(""));
        (missing, format!("retrieve {}", named("PermissionSet:")))
    })
}

/// A place of the access model as findings write it.
pub(crate) fn place(of: &access::Place) -> Place {
    let start = Position { line: of.line, column: of.column };
    Place { path: of.path.clone(), start, end: start }
}

impl std::fmt::Debug for Grant<'_, '_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.title())
    }
}
