use super::{part, whole};
use crate::{Component, Element, Project, Value};

/// What kind of thing carries permissions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ContainerKind {
    Profile,
    PermissionSet,
    /// Takes away, inside its permission set group, what it names.
    MutingPermissionSet,
}

/// A profile, permission set or muting permission set: they hold the same things.
///
/// What a file does not name is unknown, not refused: a retrieve writes only what it was asked for.
#[derive(Clone, Copy, Debug)]
pub struct Container<'p> {
    component: Component<'p>,
    kind: ContainerKind,
}

impl<'p> Container<'p> {
    fn new(component: Component<'p>, kind: ContainerKind) -> Self {
        Self { component, kind }
    }

    pub fn component(self) -> Component<'p> {
        self.component
    }

    pub fn element(self) -> Element<'p> {
        self.component.root()
    }

    pub fn kind(self) -> ContainerKind {
        self.kind
    }

    /// The full name: of a standard profile the API's own, such as `Admin`.
    pub fn name(self) -> &'p str {
        self.component.full_name()
    }

    pub fn label(self) -> Option<Value<'p>> {
        self.element().value("label")
    }

    pub fn description(self) -> Option<Value<'p>> {
        self.element().value("description")
    }

    /// A profile's user licence, or the one that a permission set is tied to.
    pub fn license(self) -> Option<Value<'p>> {
        self.element().value("userLicense").or_else(|| self.element().value("license"))
    }

    /// Whether a profile is custom; permission sets do not say.
    pub fn is_custom(self) -> Option<bool> {
        self.element().flag("custom")
    }

    /// Whether a permission set works only in a session that activates it.
    pub fn needs_activation(self) -> Option<bool> {
        self.element().flag("hasActivationRequired")
    }

    fn named<'n>(self, name: &'n str) -> impl Iterator<Item = Element<'p>> + use<'p, 'n> {
        self.element().children_named(name)
    }

    pub fn user_permissions(self) -> impl Iterator<Item = UserPermission<'p>> + use<'p> {
        self.named("userPermissions").map(UserPermission)
    }

    /// Whether the file gives or refuses a user permission, such as `ModifyAllData`.
    pub fn user_permission(self, name: &str) -> Option<UserPermission<'p>> {
        self.user_permissions().find(|permission| permission.name().is_some_and(|found| found == name))
    }

    pub fn object_permissions(self) -> impl Iterator<Item = ObjectPermission<'p>> + use<'p> {
        self.named("objectPermissions").map(ObjectPermission)
    }

    pub fn field_permissions(self) -> impl Iterator<Item = FieldPermission<'p>> + use<'p> {
        self.named("fieldPermissions").map(FieldPermission)
    }

    pub fn class_accesses(self) -> impl Iterator<Item = ClassAccess<'p>> + use<'p> {
        self.named("classAccesses").map(ClassAccess)
    }

    pub fn page_accesses(self) -> impl Iterator<Item = PageAccess<'p>> + use<'p> {
        self.named("pageAccesses").map(PageAccess)
    }

    pub fn flow_accesses(self) -> impl Iterator<Item = FlowAccess<'p>> + use<'p> {
        self.named("flowAccesses").map(FlowAccess)
    }

    pub fn agent_accesses(self) -> impl Iterator<Item = AgentAccess<'p>> + use<'p> {
        self.named("agentAccesses").map(AgentAccess)
    }

    pub fn custom_permissions(self) -> impl Iterator<Item = NamedAccess<'p>> + use<'p> {
        self.named("customPermissions").map(NamedAccess)
    }

    pub fn custom_metadata_accesses(self) -> impl Iterator<Item = NamedAccess<'p>> + use<'p> {
        self.named("customMetadataTypeAccesses").map(NamedAccess)
    }

    pub fn custom_setting_accesses(self) -> impl Iterator<Item = NamedAccess<'p>> + use<'p> {
        self.named("customSettingAccesses").map(NamedAccess)
    }

    pub fn external_data_source_accesses(self) -> impl Iterator<Item = DataSourceAccess<'p>> + use<'p> {
        self.named("externalDataSourceAccesses").map(DataSourceAccess)
    }

    pub fn credential_accesses(self) -> impl Iterator<Item = CredentialAccess<'p>> + use<'p> {
        self.named("externalCredentialPrincipalAccesses").map(CredentialAccess)
    }

    pub fn applications(self) -> impl Iterator<Item = ApplicationVisibility<'p>> + use<'p> {
        self.named("applicationVisibilities").map(ApplicationVisibility)
    }

    /// A profile's `tabVisibilities` and a permission set's `tabSettings`.
    pub fn tabs(self) -> impl Iterator<Item = TabVisibility<'p>> + use<'p> {
        self.named("tabVisibilities").chain(self.named("tabSettings")).map(TabVisibility)
    }

    pub fn record_types(self) -> impl Iterator<Item = RecordTypeVisibility<'p>> + use<'p> {
        self.named("recordTypeVisibilities").map(RecordTypeVisibility)
    }

    pub fn layouts(self) -> impl Iterator<Item = LayoutAssignment<'p>> + use<'p> {
        self.named("layoutAssignments").map(LayoutAssignment)
    }

    /// A profile's hours, if it says; an empty element allows all hours.
    pub fn login_hours(self) -> Option<LoginHours<'p>> {
        self.element().child("loginHours").map(LoginHours)
    }

    pub fn login_ip_ranges(self) -> impl Iterator<Item = IpRange<'p>> + use<'p> {
        self.named("loginIpRanges").map(IpRange)
    }
}

impl Project {
    /// Profiles, then permission sets, then muting permission sets, each sorted by name and path. One that
    /// lies in several package directories, or that is split into files, comes once for each file: what
    /// counts is all of them together.
    pub fn containers(&self) -> impl Iterator<Item = Container<'_>> {
        let of = |kind, role| self.of_type(kind).map(move |component| Container::new(component, role));
        of("Profile", ContainerKind::Profile)
            .chain(of("PermissionSet", ContainerKind::PermissionSet))
            .chain(of("MutingPermissionSet", ContainerKind::MutingPermissionSet))
    }

    pub fn profiles(&self) -> impl Iterator<Item = Container<'_>> {
        self.containers().filter(|container| container.kind == ContainerKind::Profile)
    }

    pub fn permission_sets(&self) -> impl Iterator<Item = Container<'_>> {
        self.containers().filter(|container| container.kind == ContainerKind::PermissionSet)
    }
}

part! {
    UserPermission {
        name: text "name";
        enabled: flag "enabled";
    }
}

part! {
    ObjectPermission {
        object: text "object";
        create: flag "allowCreate";
        read: flag "allowRead";
        edit: flag "allowEdit";
        delete: flag "allowDelete";
        view_all_records: flag "viewAllRecords";
        modify_all_records: flag "modifyAllRecords";
        view_all_fields: flag "viewAllFields";
    }
}

part! {
    FieldPermission {
        /// `Object.Field`.
        field: text "field";
        readable: flag "readable";
        editable: flag "editable";
        /// Written by old API versions instead of `readable`.
        hidden: flag "hidden";
    }
}

part! {
    ClassAccess {
        class: text "apexClass";
        enabled: flag "enabled";
    }
}

part! {
    PageAccess {
        page: text "apexPage";
        enabled: flag "enabled";
    }
}

part! {
    FlowAccess {
        flow: text "flow";
        enabled: flag "enabled";
    }
}

part! {
    AgentAccess {
        agent: text "agentName";
        enabled: flag "enabled";
    }
}

part! {
    /// Access to a custom permission, custom metadata type or custom setting.
    NamedAccess {
        name: text "name";
        enabled: flag "enabled";
    }
}

part! {
    DataSourceAccess {
        data_source: text "externalDataSource";
        enabled: flag "enabled";
    }
}

part! {
    CredentialAccess {
        /// `Credential - Principal`.
        principal: text "externalCredentialPrincipal";
        enabled: flag "enabled";
    }
}

part! {
    ApplicationVisibility {
        application: text "application";
        default: flag "default";
        visible: flag "visible";
    }
}

part! {
    TabVisibility {
        tab: text "tab";
        /// `DefaultOn`, `DefaultOff`, `Hidden`; in permission sets `Visible`, `Available`, `None`.
        visibility: text "visibility";
    }
}

part! {
    RecordTypeVisibility {
        /// `Object.RecordType`.
        record_type: text "recordType";
        visible: flag "visible";
        default: flag "default";
    }
}

part! {
    LayoutAssignment {
        layout: text "layout";
        record_type: text "recordType";
    }
}

part! {
    /// Minutes of the day, as `mondayStart` and `mondayEnd`.
    LoginHours {}
}

impl<'p> LoginHours<'p> {
    /// The element's name (`mondayStart`) and its minute of the day.
    pub fn bounds(self) -> impl Iterator<Item = (&'p str, Value<'p>)> + use<'p> {
        self.0.children().filter_map(|child| child.own_value().map(|value| (child.name(), value)))
    }
}

part! {
    IpRange {
        start: text "startAddress";
        end: text "endAddress";
        description: text "description";
    }
}

whole! {
    PermissionSetGroup of "PermissionSetGroup" by permission_set_groups {
        label: text "label";
        description: text "description";
        needs_activation: flag "hasActivationRequired";
        permission_sets: texts "permissionSets";
        muting_permission_sets: texts "mutingPermissionSets";
        /// `Updated`, `Outdated`, `Updating`, `Failed`.
        status: text "status";
    }
}

whole! {
    CustomPermission of "CustomPermission" by custom_permission_definitions {
        label: text "label";
        description: text "description";
        is_licensed: flag "isLicensed";
    }
}

part! {
    UserAccessAction {
        /// `Grant` or `Revoke`.
        action: text "action";
        target: text "target";
        kind: text "type";
    }
}

whole! {
    /// Gives or takes permissions by the attributes of a user.
    UserAccessPolicy of "UserAccessPolicy" by user_access_policies {
        label: text "masterLabel";
        status: text "status";
        trigger: text "triggerType";
        actions: each "userAccessPolicyActions" UserAccessAction;
    }
}
