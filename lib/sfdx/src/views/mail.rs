use source::{Problem, Source};

use super::object::Condition;
use super::{part, whole};
use crate::{Component, Element, File, Project, Value};

whole! {
    EmailTemplate of "EmailTemplate" by email_templates {
        label: text "name";
        subject: text "subject";
        /// `text`, `html`, `custom`, `visualforce`.
        kind: text "type";
        /// `Aloha` or `SFX`.
        ui_type: text "uiType";
        available: flag "available";
        related_object: text "relatedEntityType";
        /// The plain text beside an HTML body.
        plain_text: text "textOnly";
        description: text "description";
    }
}

impl<'p> EmailTemplate<'p> {
    /// The file of the body.
    pub fn body(self) -> Option<&'p File> {
        self.0.body()
    }

    /// Reads the body. Nothing where the source does not have it.
    pub fn body_text(self, project: &Project) -> Option<Result<(Source, Option<Problem>), Problem>> {
        self.body().map(|body| project.load(body))
    }

    pub fn folder(self) -> Option<&'p str> {
        self.0.parent()
    }
}

/// A part of an object's workflow: in the object's `Workflow` file or in a file of its own.
macro_rules! workflow_part {
    ($(#[$doc:meta])* $name:ident, $tag:literal, $kind:literal, $plural:ident {
        $($(#[$at:meta])* $method:ident: $how:ident $path:literal $($view:ident)?;)*
    }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name<'p> {
            component: Component<'p>,
            element: Element<'p>,
        }

        impl<'p> $name<'p> {
            pub fn component(self) -> Component<'p> {
                self.component
            }

            pub fn element(self) -> Element<'p> {
                self.element
            }

            /// The API name of the object.
            pub fn object_name(self) -> &'p str {
                self.component.parent().unwrap_or(self.component.full_name())
            }

            pub fn name(self) -> Option<Value<'p>> {
                self.element.value("fullName")
            }

            $($crate::views::getter! { $(#[$at])* $method $how $path $($view)? })*
        }

        impl Project {
            /// By object.
            pub fn $plural(&self) -> impl Iterator<Item = $name<'_>> {
                let inside = self.of_type("Workflow").flat_map(|component| {
                    let elements = component.root().children_named($tag);
                    elements.map(move |element| $name { component, element })
                });
                inside.chain(self.of_type($kind).map(|component| $name { component, element: component.root() }))
            }
        }
    };
}

workflow_part! {
    WorkflowRule, "rules", "WorkflowRule", workflow_rules {
        active: flag "active";
        description: text "description";
        formula: text "formula";
        trigger: text "triggerType";
        conditions: each "criteriaItems" Condition;
        actions: each "actions" WorkflowAction;
    }
}

part! {
    WorkflowAction {
        name: text "name";
        /// `Alert`, `FieldUpdate`, `OutboundMessage`, `Task`.
        kind: text "type";
    }
}

workflow_part! {
    WorkflowAlert, "alerts", "WorkflowAlert", workflow_alerts {
        description: text "description";
        /// `Folder/Template`.
        template: text "template";
        sender_type: text "senderType";
        sender_address: text "senderAddress";
        /// Addresses outside the organisation's users.
        cc_emails: texts "ccEmails";
        recipients: each "recipients" AlertRecipient;
    }
}

part! {
    AlertRecipient {
        /// `user`, `email`, `contactLookup`, `owner`, `role`, `group` ...
        kind: text "type";
        field: text "field";
        recipient: text "recipient";
    }
}

workflow_part! {
    WorkflowFieldUpdate, "fieldUpdates", "WorkflowFieldUpdate", workflow_field_updates {
        field: text "field";
        formula: text "formula";
        literal: text "literalValue";
        operation: text "operation";
        target_object: text "targetObject";
    }
}

workflow_part! {
    /// A SOAP message with the named fields to another party.
    OutboundMessage, "outboundMessages", "WorkflowOutboundMessage", outbound_messages {
        label: text "name";
        description: text "description";
        endpoint_url: text "endpointUrl";
        fields: texts "fields";
        includes_session_id: flag "includeSessionId";
        integration_user: text "integrationUser";
        uses_dead_letter_queue: flag "useDeadLetterQueue";
        protected: flag "protected";
    }
}

workflow_part! {
    WorkflowTask, "tasks", "WorkflowTask", workflow_tasks {
        subject: text "subject";
        description: text "description";
        assigned_to: text "assignedTo";
    }
}
