use super::object::Condition;
use super::{part, whole};
use crate::{Element, Value};

whole! {
    Flow of "Flow" by flows {
        label: text "label";
        description: text "description";
        api_version: text "apiVersion";
        /// `Flow` (screens), `AutoLaunchedFlow`, `Workflow` (process builder), `Survey`, `Orchestrator` ...
        process_type: text "processType";
        /// `Active`, `Draft`, `Obsolete`, `InvalidDraft`.
        status: text "status";
        /// `DefaultMode`, `SystemModeWithSharing`, `SystemModeWithoutSharing`; absent means `DefaultMode`.
        run_in_mode: text "runInMode";
        start: one "start" FlowStart;
        record_lookups: each "recordLookups" RecordLookup;
        record_creates: each "recordCreates" RecordChange;
        record_updates: each "recordUpdates" RecordChange;
        record_deletes: each "recordDeletes" RecordChange;
        action_calls: each "actionCalls" ActionCall;
        apex_calls: each "apexPluginCalls" ApexPluginCall;
        subflows: each "subflows" Subflow;
        screens: each "screens" Screen;
        assignments: each "assignments" Assignment;
        decisions: each "decisions" Decision;
        loops: each "loops" Loop;
        text_templates: each "textTemplates" TextTemplate;
        formulas: each "formulas" FlowFormula;
        variables: each "variables" FlowVariable;
        constants: each "constants" FlowConstant;
    }
}

impl<'p> Flow<'p> {
    /// The nodes and resources of a flow by the name that others refer to them with.
    pub fn named(self, name: &str) -> Option<Element<'p>> {
        self.element().children().find(|child| child.value("name").is_some_and(|found| found == name))
    }
}

part! {
    FlowStart {
        object: text "object";
        /// `Create`, `Update`, `CreateAndUpdate`, `Delete`.
        record_trigger: text "recordTriggerType";
        /// `RecordAfterSave`, `RecordBeforeSave`, `PlatformEvent`, `Scheduled` ...
        trigger: text "triggerType";
        filter_formula: text "filterFormula";
        filters: each "filters" FlowFilter;
        /// `DefaultWorkflow`, `TriggeringUser` ...
        run_as: text "flowRunAsUser";
        connector: text "connector/targetReference";
    }
}

/// A getter that all nodes have.
macro_rules! node {
    ($(#[$doc:meta])* $name:ident {
        $($(#[$at:meta])* $method:ident: $how:ident $path:literal $($view:ident)?;)*
    }) => {
        part! {
            $(#[$doc])*
            $name {
                name: text "name";
                label: text "label";
                description: text "description";
                connector: text "connector/targetReference";
                fault_connector: text "faultConnector/targetReference";
                $($(#[$at])* $method: $how $path $($view)?;)*
            }
        }
    };
}

node! {
    RecordLookup {
        object: text "object";
        /// The fields that are read; without any, and with [`RecordLookup::stores_output`], those in use.
        queried_fields: texts "queriedFields";
        filters: each "filters" FlowFilter;
        filter_logic: text "filterLogic";
        first_only: flag "getFirstRecordOnly";
        stores_output: flag "storeOutputAutomatically";
        output_reference: text "outputReference";
        outputs: each "outputAssignments" FlowOutput;
        related: each "relatedRecords" RelatedRecords;
    }
}

part! {
    RelatedRecords {
        object: text "relatedObject";
        field: text "relationshipField";
        queried_fields: texts "queriedFields";
    }
}

node! {
    /// A node that makes, changes or deletes records.
    RecordChange {
        object: text "object";
        /// The variable whose records are written.
        input_reference: text "inputReference";
        inputs: each "inputAssignments" FlowInput;
        filters: each "filters" FlowFilter;
    }
}

node! {
    ActionCall {
        /// `apex`, `emailAlert`, `emailSimple`, `externalService`, `generatePromptResponse`, `chatterPost`,
        /// `submit`, `flow`, `component` ...
        action_type: text "actionType";
        action_name: text "actionName";
        inputs: each "inputParameters" FlowInput;
        outputs: each "outputParameters" FlowOutput;
        stores_output: flag "storeOutputAutomatically";
    }
}

node! {
    ApexPluginCall {
        class: text "apexClass";
        inputs: each "inputParameters" FlowInput;
    }
}

node! {
    Subflow {
        flow: text "flowName";
        inputs: each "inputAssignments" FlowInput;
        outputs: each "outputAssignments" FlowOutput;
    }
}

node! {
    Screen {
        help_text: text "helpText";
        fields: each "fields" ScreenField;
    }
}

part! {
    ScreenField {
        name: text "name";
        /// `InputField`, `DisplayText`, `ComponentInstance`, `ObjectProvided`, `RegionContainer` ...
        kind: text "fieldType";
        data_type: text "dataType";
        text: text "fieldText";
        /// The component: `flowruntime:fileUpload`, `c:patientCard`.
        component: text "extensionName";
        /// Of an `ObjectProvided` field: `{variable}.Field__c`.
        object_field: text "objectFieldReference";
        inputs: each "inputParameters" FlowInput;
        /// Fields inside a section's column.
        inner: each "fields" ScreenField;
    }
}

node! {
    Assignment {
        items: each "assignmentItems" AssignmentItem;
    }
}

part! {
    AssignmentItem {
        target: text "assignToReference";
        operator: text "operator";
        value: one "value" FlowValue;
    }
}

node! {
    Decision {
        default_connector: text "defaultConnector/targetReference";
        rules: each "rules" DecisionRule;
    }
}

part! {
    DecisionRule {
        name: text "name";
        logic: text "conditionLogic";
        connector: text "connector/targetReference";
        conditions: each "conditions" FlowCondition;
    }
}

part! {
    FlowCondition {
        left: text "leftValueReference";
        operator: text "operator";
        right: one "rightValue" FlowValue;
    }
}

node! {
    Loop {
        collection: text "collectionReference";
        next: text "nextValueConnector/targetReference";
        done: text "noMoreValuesConnector/targetReference";
    }
}

part! {
    FlowFilter {
        field: text "field";
        operator: text "operator";
        value: one "value" FlowValue;
    }
}

part! {
    /// A value put into a record's field or an action's input.
    FlowInput {
        /// The field, where a record is written.
        field: text "field";
        /// The input's name, where something is called.
        name: text "name";
        value: one "value" FlowValue;
    }
}

part! {
    FlowOutput {
        field: text "field";
        name: text "name";
        target: text "assignToReference";
    }
}

part! {
    /// A literal or a reference: one child says which.
    FlowValue {
        /// `$Record.SSN__c`, `GetPatient.Name`, `varText`.
        reference: text "elementReference";
        string: text "stringValue";
        number: text "numberValue";
        boolean: flag "booleanValue";
        date: text "dateValue";
        date_time: text "dateTimeValue";
        formula: text "formulaExpression";
    }
}

impl<'p> FlowValue<'p> {
    /// Whatever the value is written as.
    pub fn any(self) -> Option<Value<'p>> {
        self.0.children().find_map(Element::own_value)
    }
}

part! {
    TextTemplate {
        name: text "name";
        /// With merge fields such as `{!GetPatient.Name}`.
        text: text "text";
        plain: flag "isViewedAsPlainText";
    }
}

part! {
    FlowFormula {
        name: text "name";
        expression: text "expression";
        data_type: text "dataType";
    }
}

part! {
    FlowVariable {
        name: text "name";
        data_type: text "dataType";
        object: text "objectType";
        apex_class: text "apexClass";
        collection: flag "isCollection";
        input: flag "isInput";
        output: flag "isOutput";
        value: one "value" FlowValue;
    }
}

part! {
    FlowConstant {
        name: text "name";
        data_type: text "dataType";
        value: one "value" FlowValue;
    }
}

whole! {
    /// Which version of a flow is active, for flows that say so in a file of their own.
    FlowDefinition of "FlowDefinition" by flow_definitions {
        active_version: number "activeVersionNumber";
    }
}

whole! {
    ApprovalProcess of "ApprovalProcess" by approval_processes {
        label: text "label";
        active: flag "active";
        entry_formula: text "entryCriteria/formula";
        email_template: text "emailTemplate";
        record_edits: text "recordEditability";
        page_fields: one "approvalPageFields" ApprovalPageFields;
    }
}

part! {
    ApprovalPageFields {
        fields: texts "field";
    }
}

whole! {
    /// Routes or escalates cases and leads.
    AssignmentRules of "AssignmentRules" by assignment_rules {
        rules: each "assignmentRule" AssignmentRule;
    }
}

part! {
    AssignmentRule {
        name: text "fullName";
        active: flag "active";
        entries: each "ruleEntry" RuleEntry;
    }
}

part! {
    RuleEntry {
        assigned_to: text "assignedTo";
        kind: text "assignedToType";
        template: text "template";
        formula: text "formula";
        conditions: each "criteriaItems" Condition;
    }
}
