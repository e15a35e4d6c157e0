//! The org as access sees it, read once and compact.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::OnceLock;

use sfdx::views::ObjectKind;
use sfdx::{Facts, Project};

use crate::bits::Grant;
use crate::container::{self, Container};
use crate::escalation;
use crate::field::{self, FieldTraits};
use crate::granted::{self, Access};
use crate::path::Place;
use crate::principal::{self, Group, Part, Principal, PrincipalId, PrincipalKind};
use crate::sharing::{self, Sharing};
use crate::universe::Universe;

/// Who holds what, and what opens the records.
pub struct Model {
    pub(crate) universe: Universe,
    pub(crate) containers: Vec<Container>,
    pub(crate) groups: Vec<Group>,
    principals: Vec<Principal>,
    /// What profiles, sets and groups hold, put together when first asked. Users, of whom there may be very many, are last
    /// among the principals and not kept.
    held: Vec<OnceLock<Grant>>,
    by_name: BTreeMap<(PrincipalKind, String), PrincipalId>,
    pub(crate) fields: Vec<FieldTraits>,
    pub(crate) special: Vec<Special>,
    pub(crate) sharing: Sharing,
    pub(crate) log_in_as: (Option<bool>, Option<Place>),
}

/// Objects that object permissions do not govern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Special {
    None,
    Task,
    Event,
    Activity,
    User,
    /// Custom metadata and settings have accesses of their own.
    Ungoverned,
}

impl Model {
    /// Reads what the project and the facts say of access. Pass `Facts::default()` where the org was not asked.
    pub fn of(project: &Project, facts: &Facts) -> Self {
        Self::with_fields(project, facts, [])
    }

    /// As [`Model::of`], for questions about fields, `Object.Field`, that neither may name.
    pub fn with_fields<'n>(
        project: &Project,
        facts: &Facts,
        more: impl IntoIterator<Item = &'n str>,
    ) -> Self {
        let mut universe = Universe::default();
        for object in project.objects() {
            universe.objects.add(object.name());
            for field in object.fields() {
                universe.add_field(field.full_name());
            }
        }
        for name in escalation::PERMISSIONS_ASKED {
            universe.add_permission(name);
        }
        let mut containers = container::read(project, &mut universe);
        for object in facts.sharing_models().filter_map(|model| model.object()) {
            universe.objects.add(object);
        }
        for name in more {
            universe.add_field(name);
        }
        field::add_wholes(&mut universe);
        sharing::add_parents(project, &mut universe);
        container::settle(&mut containers, &universe);
        let directory = principal::directory(&containers);
        let groups = principal::groups(project, facts, &containers, &directory, &universe);
        let principals = principal::principals(project, facts, &containers, &directory, &groups);
        let keys = principals.iter().map(|one| (one.kind, one.name.to_lowercase()));
        let by_name = keys.zip((0..).map(PrincipalId)).collect();
        let kept = principals.iter().take_while(|one| one.kind != PrincipalKind::User).count();
        let security = project.settings("Security").map(|settings| settings.component().root());
        let log_in_as = security.and_then(|root| root.value("enableAdminLoginAsAnyUser"));
        Model {
            fields: field::traits(project, &universe),
            special: (0_u32..)
                .take(universe.objects.len())
                .map(|object| special(project, universe.objects.shown(object)))
                .collect(),
            sharing: Sharing::read(project, facts, &universe),
            log_in_as: (
                log_in_as.as_ref().and_then(|value| value.flag()),
                log_in_as.as_ref().map(Place::of_value),
            ),
            universe,
            containers,
            groups,
            held: (0..kept).map(|_| OnceLock::new()).collect(),
            principals,
            by_name,
        }
    }

    /// Profiles, permission sets, permission set groups and users, each by name.
    pub fn principals(&self) -> impl Iterator<Item = (PrincipalId, &Principal)> {
        (0..).map(PrincipalId).zip(&self.principals)
    }

    pub fn find(&self, kind: PrincipalKind, name: &str) -> Option<PrincipalId> {
        self.by_name.get(&(kind, name.to_lowercase())).copied()
    }

    /// As [`Principal`] is written: `profile:Admin`, `user:a@b.example`.
    pub fn principal_named(&self, written: &str) -> Option<PrincipalId> {
        let (kind, name) = written.split_once(':')?;
        let kinds = [
            PrincipalKind::Profile,
            PrincipalKind::PermissionSet,
            PrincipalKind::PermissionSetGroup,
            PrincipalKind::User,
        ];
        self.find(kinds.into_iter().find(|known| known.as_str() == kind)?, name)
    }

    /// All that can be asked for, sorted.
    pub fn objects(&self) -> impl Iterator<Item = &str> {
        self.universe.objects.sorted().map(|(_, name)| name)
    }

    /// `Object.Field`, all that can be asked for, sorted.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        self.universe.fields.sorted().map(|(_, name)| name)
    }

    /// All that one principal holds, put together for many questions.
    pub fn access(&self, principal: PrincipalId) -> Option<Access<'_>> {
        let at = principal.0 as usize;
        let principal = self.principals.get(at)?;
        let put_together = || granted::union(self, &principal.parts);
        let grant = match self.held.get(at) {
            Some(held) => Cow::Borrowed(held.get_or_init(put_together)),
            None => Cow::Owned(put_together()),
        };
        Some(Access::new(self, principal, grant))
    }

    pub(crate) fn principal(&self, id: PrincipalId) -> Option<&Principal> {
        self.principals.get(id.0 as usize)
    }

    pub(crate) fn parts_of(&self, id: PrincipalId) -> &[Part] {
        self.principal(id).map_or(&[], |principal| &principal.parts)
    }
}

impl std::fmt::Debug for Model {
    /// Counts: names of users name people.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Model")
            .field("objects", &self.universe.objects.len())
            .field("fields", &self.universe.fields.len())
            .field("principals", &self.principals.len())
            .finish_non_exhaustive()
    }
}

fn special(project: &Project, name: &str) -> Special {
    match name.to_lowercase().as_str() {
        "task" => Special::Task,
        "event" => Special::Event,
        "activity" => Special::Activity,
        "user" => Special::User,
        _ => match sharing::kind_of(project, name) {
            ObjectKind::CustomMetadata | ObjectKind::CustomSetting => Special::Ungoverned,
            _ => Special::None,
        },
    }
}
