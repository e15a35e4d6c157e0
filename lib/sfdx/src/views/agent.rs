use super::{part, whole};
use crate::{Component, Element, Project, Value};

whole! {
    /// A prompt with the data that is merged into it, and the model that gets it.
    PromptTemplate of "GenAiPromptTemplate" by prompt_templates {
        label: text "masterLabel";
        description: text "description";
        kind: text "type";
        visibility: text "visibility";
        related_object: text "relatedEntity";
        related_field: text "relatedField";
        active_version: text "activeVersionIdentifier";
        versions: each "templateVersions" PromptVersion;
    }
}

part! {
    PromptVersion {
        identifier: text "versionIdentifier";
        /// With merge fields such as `{!$Input:Patient.SSN__c}`.
        content: text "content";
        /// `sfdc_ai__DefaultOpenAIGPT4OmniMini` or a configured model.
        model: text "primaryModel";
        status: text "status";
        inputs: each "inputs" PromptInput;
        data_providers: each "templateDataProviders" PromptDataProvider;
    }
}

part! {
    PromptInput {
        name: text "apiName";
        /// `SOBJECT://Account`, `primitive://String`.
        definition: text "definition";
        reference: text "referenceName";
        required: flag "required";
    }
}

part! {
    PromptDataProvider {
        /// `invocable://getRelatedList`, `apex://Class`, `flow://Flow`.
        definition: text "definition";
        reference: text "referenceName";
    }
}

whole! {
    /// A topic of an agent: when it applies and which actions it may take.
    AgentTopic of "GenAiPlugin" by agent_topics {
        label: text "masterLabel";
        description: text "description";
        scope: text "scope";
        kind: text "pluginType";
        can_escalate: flag "canEscalate";
        instructions: each "genAiPluginInstructions" AgentInstruction;
    }
}

impl<'p> AgentTopic<'p> {
    pub fn action_names(self) -> impl Iterator<Item = Value<'p>> + use<'p> {
        let functions = self.element().children_named("genAiFunctions");
        functions.filter_map(|function| function.value("functionName"))
    }
}

part! {
    AgentInstruction {
        text: text "description";
        name: text "developerName";
    }
}

whole! {
    /// An action that an agent may take.
    AgentAction of "GenAiFunction" by agent_actions {
        label: text "masterLabel";
        description: text "description";
        /// The flow, class or prompt template.
        target: text "invocationTarget";
        /// `flow`, `apex`, `generatePromptResponse`, `standardInvocableAction`, `externalService`.
        target_kind: text "invocationTargetType";
        needs_confirmation: flag "isConfirmationRequired";
    }
}

/// The plan of an agent: its topics and actions.
#[derive(Clone, Copy, Debug)]
pub struct AgentPlanner<'p>(Component<'p>);

impl<'p> AgentPlanner<'p> {
    pub fn component(self) -> Component<'p> {
        self.0
    }

    pub fn name(self) -> &'p str {
        self.0.full_name()
    }

    pub fn element(self) -> Element<'p> {
        self.0.root()
    }

    pub fn description(self) -> Option<Value<'p>> {
        self.element().value("description")
    }

    /// By name, those that the bundle holds itself as well.
    pub fn topic_names(self) -> impl Iterator<Item = Value<'p>> + use<'p> {
        let plugins = self.element().children_named("genAiPlugins");
        let named = plugins.filter_map(|plugin| plugin.value("genAiPluginName"));
        named.chain(self.element().children_named("localTopics").filter_map(|topic| topic.value("fullName")))
    }

    /// Actions outside a topic, and those of the bundle's own topics.
    pub fn action_names(self) -> impl Iterator<Item = Value<'p>> + use<'p> {
        let inside = |element: Element<'_>| matches!(element.name(), "genAiFunctionName" | "functionName");
        self.element().descendants().filter(move |element| inside(*element)).filter_map(Element::own_value)
    }
}

impl Project {
    /// Planners and planner bundles, by type and name.
    pub fn agent_planners(&self) -> impl Iterator<Item = AgentPlanner<'_>> {
        self.of_type("GenAiPlanner").chain(self.of_type("GenAiPlannerBundle")).map(AgentPlanner)
    }
}

whole! {
    Bot of "Bot" by bots {
        label: text "label";
        description: text "description";
        kind: text "type";
        agent_kind: text "agentType";
        /// The user that the agent runs as.
        user: text "botUser";
        logs_private_conversations: flag "logPrivateConversationData";
        rich_content: flag "richContentEnabled";
        variables: each "contextVariables" BotVariable;
    }
}

part! {
    BotVariable {
        name: text "developerName";
        data_type: text "dataType";
        included_in_prompt: flag "includeInPrompt";
        mappings: each "contextVariableMappings" BotVariableMapping;
    }
}

part! {
    BotVariableMapping {
        object: text "SObjectType";
        field: text "fieldName";
        channel: text "messageType";
    }
}

whole! {
    BotVersion of "BotVersion" by bot_versions {
        company: text "company";
        role: text "role";
        variables: each "conversationVariables" BotVariable;
    }
}
