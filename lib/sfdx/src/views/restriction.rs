use super::{part, whole};

whole! {
    /// Hides fields from the users it names.
    FieldRestriction of "FieldRestrictionRule" by field_restrictions {
        label: text "masterLabel";
        active: flag "active";
        object: text "targetEntity";
        /// Which fields, by classification: with `classificationType`.
        classification: text "classification";
        classification_type: text "classificationType";
        enforcement: text "enforcementType";
        record_filter: text "recordFilter";
        user_criteria: text "userCriteria";
    }
}

whole! {
    /// Takes records away from users that sharing would give them.
    Restriction of "RestrictionRule" by restrictions {
        label: text "masterLabel";
        active: flag "active";
        object: text "targetEntity";
        /// `Restrict` or `Scoping`.
        enforcement: text "enforcementType";
        record_filter: text "recordFilter";
        user_criteria: text "userCriteria";
    }
}

whole! {
    TransactionSecurityPolicy of "TransactionSecurityPolicy" by transaction_security_policies {
        label: text "masterLabel";
        description: text "description";
        active: flag "active";
        /// `ApiEvent`, `ReportEvent`, `ListViewEvent`, `LoginEvent`, `BulkApiResultEventStore` ...
        event: text "eventName";
        /// Of legacy policies.
        event_type: text "eventType";
        apex_class: text "apexClass";
        flow: text "flow";
        /// `CustomApexPolicy` or `CustomConditionBuilderPolicy`.
        kind: text "type";
        action: one "action" TransactionSecurityAction;
    }
}

part! {
    TransactionSecurityAction {
        block: flag "block";
        end_session: flag "endSession";
        freeze_user: flag "freezeUser";
        two_factor: flag "twoFactorAuthentication";
        notifications: each "notifications" TransactionSecurityNotification;
    }
}

part! {
    TransactionSecurityNotification {
        email: flag "sendEmail";
        in_app: flag "inApp";
        user: text "user";
    }
}

whole! {
    /// Tells users of likely duplicates, and may show them records that they cannot open.
    DuplicateRule of "DuplicateRule" by duplicate_rules {
        label: text "masterLabel";
        active: flag "isActive";
        alert: text "alertText";
        on_insert: text "actionOnInsert";
        on_update: text "actionOnUpdate";
        /// `EnforceSharingRules` or `BypassSharingRules`.
        security: text "securityOption";
        matches: each "duplicateRuleMatchRules" DuplicateMatch;
    }
}

part! {
    DuplicateMatch {
        object: text "matchRuleSObjectType";
        rule: text "matchingRule";
    }
}

whole! {
    /// The matching rules of one object; the full name is the object's.
    MatchingRules of "MatchingRules" by matching_rules {
        rules: each "matchingRules" MatchingRule;
    }
}

part! {
    MatchingRule {
        name: text "fullName";
        label: text "label";
        status: text "ruleStatus";
        items: each "matchingRuleItems" MatchingItem;
    }
}

part! {
    MatchingItem {
        field: text "fieldName";
        method: text "matchingMethod";
        blank: text "blankValueBehavior";
    }
}
