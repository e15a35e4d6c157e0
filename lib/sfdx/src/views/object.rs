use std::collections::BTreeMap;

use super::sharing::SharedTo;
use super::{getter, part};
use crate::{Component, Element, Project, Value};

/// What an object's name and file say that it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ObjectKind {
    Standard,
    /// `__c`
    Custom,
    /// `__c` with a `customSettingsType`.
    CustomSetting,
    /// `__e`
    PlatformEvent,
    /// `__mdt`
    CustomMetadata,
    /// `__x`
    External,
    /// `__b`
    BigObject,
    /// `__kav`
    Article,
    /// `__dlm` and `__dll` of Data Cloud.
    DataModel,
    /// `__ChangeEvent` and `ChangeEvent`
    ChangeEvent,
}

impl ObjectKind {
    /// What the API name alone says: a custom setting looks like any custom object.
    pub fn of_name(name: &str) -> Self {
        match name.rsplit_once("__").map(|(_, suffix)| suffix) {
            Some("c") => ObjectKind::Custom,
            Some("e") => ObjectKind::PlatformEvent,
            Some("mdt") => ObjectKind::CustomMetadata,
            Some("x") => ObjectKind::External,
            Some("b") => ObjectKind::BigObject,
            Some("kav") => ObjectKind::Article,
            Some("dlm" | "dll") => ObjectKind::DataModel,
            _ if name.ends_with("ChangeEvent") => ObjectKind::ChangeEvent,
            _ => ObjectKind::Standard,
        }
    }

    /// Whether records of it have an owner or parent that decides who sees them.
    pub fn is_shared(self) -> bool {
        matches!(self, ObjectKind::Standard | ObjectKind::Custom | ObjectKind::External | ObjectKind::Article)
    }
}

/// One object, put together from all files that describe it.
#[derive(Clone, Copy)]
pub struct Object<'p> {
    project: &'p Project,
    wholes: &'p [u32],
    parts: &'p [u32],
    first: Component<'p>,
}

impl<'p> Object<'p> {
    fn new(project: &'p Project, wholes: &'p [u32], parts: &'p [u32]) -> Option<Self> {
        let first = wholes.first().or(parts.first())?;
        Some(Self { project, wholes, parts, first: project.component(*first)? })
    }

    /// The API name.
    pub fn name(self) -> &'p str {
        self.first.parent().unwrap_or(self.first.full_name())
    }

    pub fn kind(self) -> ObjectKind {
        match ObjectKind::of_name(self.name()) {
            ObjectKind::Custom if self.value("customSettingsType").is_some() => ObjectKind::CustomSetting,
            kind => kind,
        }
    }

    /// The files that describe the object itself. None where the source has only some of its fields.
    pub fn wholes(self) -> impl Iterator<Item = Component<'p>> + use<'p> {
        self.wholes.iter().filter_map(move |&at| self.project.component(at))
    }

    /// The place to point at: the object's own file, or that of its first part.
    pub fn component(self) -> Component<'p> {
        self.first
    }

    /// The first file's value at a path of `CustomObject`.
    pub fn value(self, path: &str) -> Option<Value<'p>> {
        self.wholes().find_map(|whole| whole.root().value(path))
    }

    /// Of files that contradict each other, the one that opens the object counts: which of them is deployed last, the
    /// source does not say.
    fn widest(self, path: &str) -> Option<Value<'p>> {
        let opens = |value: &Value<'_>| {
            let value = value.to_ascii_lowercase();
            value != "private" && !value.starts_with("controlledby")
        };
        let mut values = self.wholes().filter_map(|whole| whole.root().value(path));
        values.find(opens).or_else(|| self.value(path))
    }

    pub fn flag(self, path: &str) -> Option<bool> {
        self.value(path).and_then(|value| value.flag())
    }

    pub fn label(self) -> Option<Value<'p>> {
        self.value("label")
    }

    pub fn description(self) -> Option<Value<'p>> {
        self.value("description")
    }

    /// The organisation-wide default for people inside: `Private`, `Read`, `ReadWrite`,
    /// `ReadWriteTransfer`, `FullAccess`, `ControlledByParent` ...
    pub fn sharing_model(self) -> Option<Value<'p>> {
        self.widest("sharingModel")
    }

    /// The organisation-wide default for portal users and guests.
    pub fn external_sharing_model(self) -> Option<Value<'p>> {
        self.widest("externalSharingModel")
    }

    /// Whether field history tracking is on; the fields say which are tracked.
    pub fn history(self) -> Option<bool> {
        self.flag("enableHistory")
    }

    pub fn feeds(self) -> Option<bool> {
        self.flag("enableFeeds")
    }

    /// How long field history is kept in the archive, in months and years: `historyRetentionPolicy`.
    pub fn history_retention(self) -> Option<HistoryRetention<'p>> {
        self.wholes().find_map(|whole| whole.root().child("historyRetentionPolicy")).map(HistoryRetention)
    }

    /// The name field of a custom object.
    pub fn name_field(self) -> Option<NameField<'p>> {
        self.wholes().find_map(|whole| whole.root().child("nameField")).map(NameField)
    }

    /// All fields that the source describes, sorted by name. One that several files describe is one field, unless
    /// they contradict each other: then each copy comes by itself.
    pub fn fields(self) -> impl Iterator<Item = Field<'p>> + use<'p> {
        let project = self.project;
        project
            .fields_of(self.name())
            .flat_map(move |ats| copies(project, ats))
            .filter_map(move |ats| Field::new(project, ats))
    }

    /// By the field's API name, in any case.
    pub fn field(self, name: &str) -> Option<Field<'p>> {
        self.project.field(&format!("{}.{name}", self.name()))
    }

    fn of_kind(self, kind: &'static str) -> impl Iterator<Item = Component<'p>> + use<'p> {
        let parts = self.parts.iter().filter_map(move |&at| self.project.component(at));
        parts.filter(move |part| part.kind() == kind)
    }

    pub fn list_views(self) -> impl Iterator<Item = ListView<'p>> + use<'p> {
        self.of_kind("ListView").map(ListView)
    }

    pub fn record_types(self) -> impl Iterator<Item = RecordType<'p>> + use<'p> {
        self.of_kind("RecordType").map(RecordType)
    }

    pub fn validation_rules(self) -> impl Iterator<Item = ValidationRule<'p>> + use<'p> {
        self.of_kind("ValidationRule").map(ValidationRule)
    }

    pub fn field_sets(self) -> impl Iterator<Item = FieldSet<'p>> + use<'p> {
        self.of_kind("FieldSet").map(FieldSet)
    }

    pub fn compact_layouts(self) -> impl Iterator<Item = CompactLayout<'p>> + use<'p> {
        self.of_kind("CompactLayout").map(CompactLayout)
    }

    pub fn web_links(self) -> impl Iterator<Item = WebLink<'p>> + use<'p> {
        self.of_kind("WebLink").map(WebLink)
    }

    /// What search results, lookups and list heads show, by field name: a way for PHI to be seen.
    pub fn search_fields(self) -> impl Iterator<Item = Value<'p>> + use<'p> {
        let layouts = self.wholes().flat_map(|whole| whole.root().children_named("searchLayouts"));
        let shown = layouts.flat_map(Element::children);
        shown
            .filter(|child| !child.name().to_ascii_lowercase().contains("button"))
            .filter_map(Element::own_value)
    }
}

impl PartialEq for Object<'_> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.wholes, other.wholes) && std::ptr::eq(self.parts, other.parts)
    }
}

impl Eq for Object<'_> {}

impl std::fmt::Debug for Object<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "object {}", self.name())
    }
}

impl Project {
    /// All objects of which the source describes anything, sorted by name. One that lies in several package
    /// directories is one object, unless its files contradict each other: which of them the org got last, the
    /// source does not tell, so that each copy comes by itself.
    pub fn objects(&self) -> impl Iterator<Item = Object<'_>> {
        self.object_parts()
            .flat_map(move |parts| copies(self, &parts.wholes).map(move |wholes| (wholes, parts)))
            .filter_map(move |(wholes, parts)| Object::new(self, wholes, &parts.parts))
    }

    /// By API name, in any case; of copies that contradict each other, the first speaks.
    pub fn object(&self, name: &str) -> Option<Object<'_>> {
        self.parts_of(name).and_then(|parts| Object::new(self, &parts.wholes, &parts.parts))
    }

    /// By `Object.Field`, in any case; of copies that contradict each other, the first speaks.
    pub fn field(&self, full_name: &str) -> Option<Field<'_>> {
        self.field_entries(full_name).and_then(|ats| Field::new(self, ats))
    }
}

/// The files of one component as one, or one by one where they contradict each other.
fn copies<'p>(project: &'p Project, ats: &'p [u32]) -> impl Iterator<Item = &'p [u32]> + use<'p> {
    let mut said: BTreeMap<&str, String> = BTreeMap::new();
    let contradicts = |copy: Component<'p>| {
        let root = copy.root();
        // A field that says nothing of encryption is not encrypted.
        let scheme =
            root.value("encryptionScheme").map_or_else(|| "None".to_owned(), |scheme| scheme.to_string());
        if *said.entry("encryptionScheme").or_insert_with(|| scheme.clone()) != scheme {
            return true;
        }
        root.children().map(Element::name).filter(|name| !TEXTS.contains(name)).any(|name| {
            // Of a list, its first speaks.
            let Some(value) = root.value(name) else { return false };
            let first = said.entry(name).or_insert_with(|| value.to_string());
            *first != *value
        })
    };
    let contradict = ats.len() > 1
        && project.contradicts(ats, || ats.iter().filter_map(|&at| project.component(at)).any(contradicts));
    let (whole, each) = if contradict { (None, ats) } else { (Some(ats), [].as_slice()) };
    whole.into_iter().chain(each.chunks(1))
}

/// What people read: copies that differ in these alone do not contradict each other.
const TEXTS: [&str; 5] = ["label", "pluralLabel", "description", "inlineHelpText", "fullName"];

/// One field, put together from all files that describe it.
#[derive(Clone, Copy)]
pub struct Field<'p> {
    project: &'p Project,
    ats: &'p [u32],
    first: Component<'p>,
}

macro_rules! field_getters {
    ($($(#[$at:meta])* $method:ident: $how:ident $path:literal -> $answer:ty;)*) => {
        impl<'p> Field<'p> {
            $($(#[$at])* pub fn $method(self) -> Option<$answer> { self.$how($path) })*
        }
    };
}

field_getters! {
    label: value "label" -> Value<'p>;
    description: value "description" -> Value<'p>;
    help_text: value "inlineHelpText" -> Value<'p>;
    /// `Text`, `Date`, `Lookup`, `EncryptedText` ...; standard fields often do not say.
    data_type: value "type" -> Value<'p>;
    formula: value "formula" -> Value<'p>;
    length: number "length" -> u64;
    /// `Public`, `Internal`, `Confidential`, `Restricted`, `MissionCritical`.
    security_classification: value "securityClassification" -> Value<'p>;
    business_status: value "businessStatus" -> Value<'p>;
    business_owner: value "businessOwnerUser" -> Value<'p>;
    /// `None`, `ProbabilisticEncryption`, `CaseSensitiveDeterministicEncryption`,
    /// `CaseInsensitiveDeterministicEncryption`.
    encryption_scheme: value "encryptionScheme" -> Value<'p>;
    mask_type: value "maskType" -> Value<'p>;
    mask_char: value "maskChar" -> Value<'p>;
    track_history: flag "trackHistory" -> bool;
    track_feed_history: flag "trackFeedHistory" -> bool;
    relationship_name: value "relationshipName" -> Value<'p>;
    delete_constraint: value "deleteConstraint" -> Value<'p>;
    required: flag "required" -> bool;
    unique: flag "unique" -> bool;
    external_id: flag "externalId" -> bool;
    case_sensitive: flag "caseSensitive" -> bool;
    default_value: value "defaultValue" -> Value<'p>;
    /// Of a roll-up summary: `Child__c.Field__c`.
    summarized_field: value "summarizedField" -> Value<'p>;
    /// Of a roll-up summary: the child's field that points here.
    summary_foreign_key: value "summaryForeignKey" -> Value<'p>;
    summary_operation: value "summaryOperation" -> Value<'p>;
}

impl<'p> Field<'p> {
    fn new(project: &'p Project, ats: &'p [u32]) -> Option<Self> {
        Some(Self { project, ats, first: project.component(*ats.first()?)? })
    }

    /// The files or parts of files that describe it.
    pub fn components(self) -> impl Iterator<Item = Component<'p>> + use<'p> {
        self.ats.iter().filter_map(move |&at| self.project.component(at))
    }

    /// The place to point at.
    pub fn component(self) -> Component<'p> {
        self.first
    }

    /// `Object.Field`.
    pub fn full_name(self) -> &'p str {
        self.first.full_name()
    }

    /// The API name.
    pub fn name(self) -> &'p str {
        self.first.name()
    }

    /// The API name of the object.
    pub fn object_name(self) -> &'p str {
        self.first.parent().unwrap_or_default()
    }

    pub fn is_custom(self) -> bool {
        self.name().contains("__")
    }

    pub fn value(self, path: &str) -> Option<Value<'p>> {
        self.components().find_map(|part| part.root().value(path))
    }

    pub fn flag(self, path: &str) -> Option<bool> {
        self.value(path).and_then(|value| value.flag())
    }

    fn number(self, path: &str) -> Option<u64> {
        self.value(path).and_then(|value| value.number())
    }

    /// The regulations that the field falls under: `HIPAA`, `PII`, `GDPR`. The file joins them by `;`; the
    /// value is that of the whole element.
    pub fn compliance_group(self) -> Option<Value<'p>> {
        self.value("complianceGroup")
    }

    /// The names in [`Field::compliance_group`].
    pub fn compliance_groups(self) -> Vec<String> {
        let groups = self.compliance_group();
        let text = groups.as_deref().unwrap_or_default();
        text.split(';').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
    }

    /// The objects that a lookup may point at.
    pub fn reference_to(self) -> impl Iterator<Item = Value<'p>> + use<'p> {
        let with = self.components().find(|part| part.root().child("referenceTo").is_some());
        with.into_iter().flat_map(|part| part.root().values("referenceTo"))
    }

    /// The labels and names of a picklist's values.
    pub fn picklist_values(self) -> impl Iterator<Item = Value<'p>> + use<'p> {
        let sets = self.components().filter_map(|part| part.root().path("valueSet/valueSetDefinition"));
        sets.flat_map(|set| set.children_named("value")).filter_map(|value| value.value("fullName"))
    }
}

impl PartialEq for Field<'_> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.ats, other.ats)
    }
}

impl Eq for Field<'_> {}

impl std::fmt::Debug for Field<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "field {}", self.full_name())
    }
}

part! {
    /// Field Audit Trail's policy for one object.
    HistoryRetention {
        archive_after_months: number "archiveAfterMonths";
        archive_years: number "archiveRetentionYears";
        description: text "description";
    }
}

part! {
    /// The `nameField` of a custom object.
    NameField {
        label: text "label";
        /// `Text` or `AutoNumber`.
        data_type: text "type";
        track_history: flag "trackHistory";
        track_feed_history: flag "trackFeedHistory";
        encryption_scheme: text "encryptionScheme";
    }
}

part! {
    /// A condition on a field, as list views, sharing rules, workflow rules and summaries write it.
    Condition {
        field: text "field";
        operation: text "operation";
        value: text "value";
        value_field: text "valueField";
    }
}

/// A part of an object that stands in the object's file or in one of its own.
macro_rules! object_part {
    ($(#[$doc:meta])* $name:ident {
        $($(#[$at:meta])* $method:ident: $how:ident $path:literal $($view:ident)?;)*
    }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name<'p>(Component<'p>);

        impl<'p> $name<'p> {
            pub fn component(self) -> Component<'p> {
                self.0
            }

            /// The name without the object's.
            pub fn name(self) -> &'p str {
                self.0.name()
            }

            pub fn object_name(self) -> &'p str {
                self.0.parent().unwrap_or_default()
            }

            pub fn element(self) -> Element<'p> {
                self.0.root()
            }

            $(getter! { $(#[$at])* $method $how $path $($view)? })*
        }
    };
}

object_part! {
    ListView {
        label: text "label";
        /// `Everything`, `Mine`, `Queue` ...
        scope: text "filterScope";
        columns: texts "columns";
        filters: each "filters" Condition;
        boolean_filter: text "booleanFilter";
        /// Who sees it; without it, the one who made it, or everyone.
        shared_to: one "sharedTo" SharedTo;
    }
}

object_part! {
    RecordType {
        label: text "label";
        active: flag "active";
        description: text "description";
        business_process: text "businessProcess";
    }
}

object_part! {
    ValidationRule {
        active: flag "active";
        description: text "description";
        formula: text "errorConditionFormula";
        message: text "errorMessage";
        display_field: text "errorDisplayField";
    }
}

part! {
    FieldSetItem {
        field: text "field";
        required: flag "isRequired";
    }
}

object_part! {
    FieldSet {
        label: text "label";
        displayed: each "displayedFields" FieldSetItem;
        available: each "availableFields" FieldSetItem;
    }
}

object_part! {
    CompactLayout {
        label: text "label";
        fields: texts "fields";
    }
}

object_part! {
    /// A button or link: its URL can carry merge fields to another party.
    WebLink {
        label: text "masterLabel";
        link_type: text "linkType";
        url: text "url";
        page: text "page";
        open_type: text "openType";
        protected: flag "protected";
    }
}
