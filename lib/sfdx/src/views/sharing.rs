use super::object::Condition;
use super::{part, whole};
use crate::{Component, Element, Project, Value};

part! {
    /// Whom something is shared with or from: one child each, named by kind.
    SharedTo {}
}

impl<'p> SharedTo<'p> {
    /// Kind and name: `("group", Some(Nurses))`, `("role", ..)`, `("guestUser", ..)`,
    /// `("allInternalUsers", None)`.
    pub fn targets(self) -> impl Iterator<Item = (&'p str, Option<Value<'p>>)> + use<'p> {
        self.0.children().map(|child| {
            let name = child.own_value().filter(|name| !name.is_empty());
            (child.name(), name)
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SharingKind {
    Owner,
    Criteria,
    Guest,
    Territory,
}

/// One sharing rule of an object.
#[derive(Clone, Copy, Debug)]
pub struct SharingRule<'p> {
    component: Component<'p>,
    element: Element<'p>,
    kind: SharingKind,
}

impl<'p> SharingRule<'p> {
    pub fn component(self) -> Component<'p> {
        self.component
    }

    pub fn element(self) -> Element<'p> {
        self.element
    }

    pub fn kind(self) -> SharingKind {
        self.kind
    }

    /// The API name of the object whose records are shared.
    pub fn object_name(self) -> &'p str {
        self.component.parent().unwrap_or(self.component.full_name())
    }

    pub fn name(self) -> Option<Value<'p>> {
        self.element.value("fullName")
    }

    /// `Read`, `Edit`, `All`.
    pub fn access_level(self) -> Option<Value<'p>> {
        self.element.value("accessLevel")
    }

    /// What an account rule gives on cases, contacts and opportunities of the account.
    pub fn account_access(self) -> impl Iterator<Item = Value<'p>> + use<'p> {
        self.element
            .child("accountSettings")
            .into_iter()
            .flat_map(Element::children)
            .filter_map(Element::own_value)
    }

    pub fn shared_to(self) -> Option<SharedTo<'p>> {
        self.element.child("sharedTo").map(SharedTo)
    }

    /// Whose records an owner rule shares.
    pub fn shared_from(self) -> Option<SharedTo<'p>> {
        self.element.child("sharedFrom").map(SharedTo)
    }

    pub fn conditions(self) -> impl Iterator<Item = Condition<'p>> + use<'p> {
        self.element.children_named("criteriaItems").map(Condition)
    }

    /// Whether a guest rule also shares records of high-volume portal users.
    pub fn includes_portal_owned(self) -> Option<bool> {
        self.element.flag("includeHVUOwnedRecords")
    }
}

impl Project {
    /// All sharing rules, by object.
    pub fn sharing_rules(&self) -> impl Iterator<Item = SharingRule<'_>> {
        const KINDS: [(&str, &str, SharingKind); 4] = [
            ("sharingOwnerRules", "SharingOwnerRule", SharingKind::Owner),
            ("sharingCriteriaRules", "SharingCriteriaRule", SharingKind::Criteria),
            ("sharingGuestRules", "SharingGuestRule", SharingKind::Guest),
            ("sharingTerritoryRules", "SharingTerritoryRule", SharingKind::Territory),
        ];
        let inside = self.of_type("SharingRules").flat_map(|component| {
            component.root().children().filter_map(move |element| {
                let (_, _, kind) = KINDS.iter().find(|(tag, _, _)| *tag == element.name())?;
                Some(SharingRule { component, element, kind: *kind })
            })
        });
        let split = KINDS.into_iter().flat_map(|(_, name, kind)| {
            self.of_type(name).map(move |component| SharingRule {
                component,
                element: component.root(),
                kind,
            })
        });
        inside.chain(split)
    }
}

part! {
    AccessMapping {
        /// `Read` or `Edit`.
        access_level: text "accessLevel";
        object: text "object";
        /// The record's field that must match the user's.
        object_field: text "objectField";
        user_field: text "userField";
    }
}

whole! {
    /// Gives portal users the records that belong to their account or contact.
    SharingSet of "SharingSet" by sharing_sets {
        label: text "name";
        profiles: texts "profiles";
        mappings: each "accessMappings" AccessMapping;
    }
}

whole! {
    Group of "Group" by groups {
        label: text "name";
        does_include_bosses: flag "doesIncludeBosses";
    }
}

whole! {
    Role of "Role" by roles {
        label: text "name";
        parent: text "parentRole";
        case_access: text "caseAccessLevel";
        contact_access: text "contactAccessLevel";
        opportunity_access: text "opportunityAccessLevel";
        may_forecast_manager_share: flag "mayForecastManagerShare";
    }
}

part! {
    QueueObject {
        object: text "sobjectType";
    }
}

part! {
    QueueMembers {
        users: one "users" Names;
        groups: one "publicGroups" Names;
        roles: one "roles" Names;
        roles_and_subordinates: one "roleAndSubordinates" Names;
        roles_and_subordinates_internal: one "roleAndSubordinatesInternal" Names;
    }
}

part! {
    /// A list whose children each hold one name.
    Names {}
}

impl<'p> Names<'p> {
    pub fn names(self) -> impl Iterator<Item = Value<'p>> + use<'p> {
        self.0.children().filter_map(Element::own_value)
    }
}

whole! {
    Queue of "Queue" by queues {
        label: text "name";
        email: text "email";
        sends_email_to_members: flag "doesSendEmailToMembers";
        objects: each "queueSobject" QueueObject;
        members: one "queueMembers" QueueMembers;
    }
}
