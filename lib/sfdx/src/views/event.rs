use super::{part, whole};

whole! {
    /// A channel that others subscribe to for change events or platform events.
    EventChannel of "PlatformEventChannel" by event_channels {
        label: text "label";
        /// `data` (Change Data Capture) or `event`.
        kind: text "channelType";
        event_type: text "eventType";
        /// Only in API versions 45.0 and 46.0.
        old_members: each "channelMembers" OldChannelMember;
    }
}

part! {
    OldChannelMember {
        entity: text "selectedEntity";
    }
}

whole! {
    /// An object or event whose changes go to a channel.
    EventChannelMember of "PlatformEventChannelMember" by event_channel_members {
        /// `ChangeEvents` for the standard channel.
        channel: text "eventChannel";
        /// `AccountChangeEvent`, `Patient__ChangeEvent`, `Visit__e`.
        entity: text "selectedEntity";
        filter: text "filterExpression";
        enriched_fields: each "enrichedFields" EnrichedField;
    }
}

part! {
    /// A field that goes with every change.
    EnrichedField {
        name: text "name";
    }
}

whole! {
    EventRelay of "EventRelayConfig" by event_relays {
        label: text "label";
        channel: text "eventChannel";
        destination: text "destinationResourceName";
        state: text "state";
    }
}

whole! {
    /// Who runs a trigger on platform events.
    EventSubscriber of "PlatformEventSubscriberConfig" by event_subscribers {
        label: text "masterLabel";
        consumer: text "platformEventConsumer";
        user: text "user";
        batch_size: number "batchSize";
    }
}
