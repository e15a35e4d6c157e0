use super::{part, whole};
use crate::{Component, Element, Project, Value};

whole! {
    /// A report. Joined reports hold their columns in blocks: [`Report::all_columns`] gives both.
    Report of "Report" by reports {
        label: text "name";
        description: text "description";
        /// The report type: `AccountList`, `CustomEntity$Patient__c`, `Visits__c`.
        report_type: text "reportType";
        /// `Tabular`, `Summary`, `Matrix`, `MultiBlock`.
        format: text "format";
        /// Whose records: `organization`, `user`, `team`.
        scope: text "scope";
        shows_details: flag "showDetails";
        columns: each "columns" ReportColumn;
        blocks: each "block" ReportBlock;
        groupings_down: each "groupingsDown" ReportGrouping;
        groupings_across: each "groupingsAcross" ReportGrouping;
        formulas: each "customDetailFormulas" ReportFormula;
        buckets: each "buckets" ReportBucket;
        cross_filters: each "crossFilters" ReportCrossFilter;
        row_limit: number "rowLimit";
    }
}

impl<'p> Report<'p> {
    /// The report's columns and those of its blocks.
    pub fn all_columns(self) -> impl Iterator<Item = ReportColumn<'p>> + use<'p> {
        self.columns().chain(self.blocks().flat_map(ReportBlock::columns))
    }

    /// The report's filters and those of its blocks.
    pub fn filters(self) -> impl Iterator<Item = ReportFilter<'p>> + use<'p> {
        let own = self.element().children_named("filter");
        let of_blocks =
            self.element().children_named("block").flat_map(|block| block.children_named("filter"));
        own.chain(of_blocks).flat_map(|filter| filter.children_named("criteriaItems")).map(ReportFilter)
    }

    /// The folder's name, with `/` between folders.
    pub fn folder(self) -> Option<&'p str> {
        self.0.parent()
    }
}

part! {
    ReportColumn {
        /// `Account.Name`, `FK_NAME`, `Patient__c.SSN__c`, `Case$Patient__c`.
        field: text "field";
        aggregates: texts "aggregateTypes";
    }
}

part! {
    ReportBlock {
        label: text "name";
        report_type: text "reportType";
        columns: each "columns" ReportColumn;
    }
}

part! {
    ReportGrouping {
        field: text "field";
        date_granularity: text "dateGranularity";
    }
}

part! {
    ReportFilter {
        column: text "column";
        operator: text "operator";
        /// May hold a patient's data.
        value: text "value";
        column_to_column: flag "columnToColumn";
    }
}

part! {
    ReportFormula {
        name: text "developerName";
        formula: text "calculatedFormula";
        data_type: text "dataType";
    }
}

part! {
    ReportBucket {
        name: text "developerName";
        source_column: text "sourceColumnName";
    }
}

part! {
    ReportCrossFilter {
        table: text "primaryTableColumn";
        related_table: text "relatedTable";
        related_column: text "relatedTableJoinColumn";
        operation: text "operation";
    }
}

whole! {
    ReportType of "ReportType" by report_types {
        label: text "label";
        base_object: text "baseObject";
        deployed: flag "deployed";
    }
}

impl<'p> ReportType<'p> {
    /// The fields that reports of this type can show, with the path of their object.
    pub fn columns(self) -> impl Iterator<Item = ReportTypeColumn<'p>> + use<'p> {
        let sections = self.element().children_named("sections");
        sections.flat_map(|section| section.children_named("columns")).map(ReportTypeColumn)
    }
}

part! {
    ReportTypeColumn {
        field: text "field";
        table: text "table";
        default: flag "checkedByDefault";
    }
}

whole! {
    Dashboard of "Dashboard" by dashboards {
        label: text "title";
        description: text "description";
        /// `SpecifiedUser`, `LoggedInUser`, `MyTeamUser`: whose eyes it sees with.
        kind: text "dashboardType";
        running_user: text "runningUser";
    }
}

impl<'p> Dashboard<'p> {
    /// The reports that it shows, by full name.
    pub fn report_names(self) -> impl Iterator<Item = Value<'p>> + use<'p> {
        self.element()
            .descendants()
            .filter(|element| element.name() == "report")
            .filter_map(Element::own_value)
    }

    pub fn folder(self) -> Option<&'p str> {
        self.0.parent()
    }
}

/// What a folder holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FolderKind {
    Reports,
    Dashboards,
    Emails,
    Documents,
}

/// A folder of reports, dashboards, e-mail templates or documents, and who can open it.
#[derive(Clone, Copy, Debug)]
pub struct Folder<'p> {
    component: Component<'p>,
    kind: FolderKind,
}

impl<'p> Folder<'p> {
    pub fn component(self) -> Component<'p> {
        self.component
    }

    pub fn element(self) -> Element<'p> {
        self.component.root()
    }

    pub fn kind(self) -> FolderKind {
        self.kind
    }

    /// The full name, with `/` between folders.
    pub fn name(self) -> &'p str {
        self.component.full_name()
    }

    pub fn label(self) -> Option<Value<'p>> {
        self.element().value("name")
    }

    /// `Public`, `Hidden`, `Shared`, `PublicInternal`; report and dashboard folders use shares instead.
    pub fn access_type(self) -> Option<Value<'p>> {
        self.element().value("accessType")
    }

    /// `ReadOnly` or `ReadWrite`.
    pub fn public_access(self) -> Option<Value<'p>> {
        self.element().value("publicFolderAccess")
    }

    pub fn shares(self) -> impl Iterator<Item = FolderShare<'p>> + use<'p> {
        self.element().children_named("folderShares").map(FolderShare)
    }
}

part! {
    FolderShare {
        /// `View`, `EditAllContents`, `Manage`.
        access_level: text "accessLevel";
        shared_to: text "sharedTo";
        /// `Group`, `Role`, `RoleAndSubordinates`, `User`, `Organization`, `AllPrmUsers` ...
        kind: text "sharedToType";
    }
}

impl Project {
    /// By kind, then full name.
    pub fn folders(&self) -> impl Iterator<Item = Folder<'_>> {
        const KINDS: [(&str, FolderKind); 4] = [
            ("ReportFolder", FolderKind::Reports),
            ("DashboardFolder", FolderKind::Dashboards),
            ("EmailFolder", FolderKind::Emails),
            ("DocumentFolder", FolderKind::Documents),
        ];
        KINDS
            .into_iter()
            .flat_map(|(name, kind)| self.of_type(name).map(move |component| Folder { component, kind }))
    }
}
