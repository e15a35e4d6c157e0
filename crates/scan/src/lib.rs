//! Judges a Salesforce project by the policy.
//!
//! In come a [`sfdx::Project`], a [`policy::Policy`] (empty where there is no bundle yet) and the day; out comes
//! a [`Report`] of findings, of what could not be judged, and of what each field holds. [`run`] is a pure
//! function of these. What never happens here: nothing absent from the source is judged, nothing is fetched,
//! and no value from a data file is repeated.

mod account;
mod baseline;
pub mod benchmark;
mod classification;
mod code;
mod config;
mod container;
mod context;
mod data_record;
mod disclosure;
mod encryption;
pub mod encryption_plan;
mod endpoint;
mod few_values;
mod field_path;
mod field_use;
mod flow;
mod flow_data;
mod flow_reach;
mod folder;
mod formula;
mod grant;
mod guess;
pub mod impact;
mod known_field;
mod link;
mod list_column;
mod literal;
mod mail;
mod merge_field;
mod named_in_code;
mod oauth_app;
pub mod output;
mod patient_value;
mod phi_object;
mod prompt;
mod proposal;
mod reach;
mod record_number;
mod registry;
mod report;
mod report_column;
mod rule;
mod secret;
mod setting;
mod sharing;
mod static_resource;
mod suppress;
mod visualforce;

pub use baseline::{Baseline, BaselineError};
pub use classification::{
    Classification, Clue, Evidence, FieldQuestion, Likelihood, ObjectQuestion, Questions, Thresholds,
    Verdict, WordTable,
};
pub use config::Config;
pub use context::{Context, Input};
pub use endpoint::{Endpoint, EndpointKind};
pub use flow::{Destination, FoundFlow};
pub use known_field::{KnownField, known_fields, phi_fields};
pub use named_in_code::{NamedField, NamedInCode, NamedObject, custom_names};
pub use proposal::{Proposed, propose};
pub use registry::rule;
pub use report::{ClassifiedField, Report, Totals};
pub use rule::{Meta, Rule};

registry::rules![
    phi_field_unprotected = "phi-field-unprotected",
    phi_in_unencryptable_type = "phi-in-unencryptable-type",
    phi_in_classic_encrypted_text = "phi-in-classic-encrypted-text",
    phi_deterministic_low_entropy = "phi-deterministic-low-entropy",
    encrypted_field_used_in_filter = "encrypted-field-used-in-filter",
    encrypted_history_keeps_old_key = "encrypted-history-keeps-old-key",
    event_bus_unencrypted = "event-bus-unencrypted",
    encryption_settings_disagree = "encryption-settings-disagree",
    phi_field_history_tracked = "phi-field-history-tracked",
    phi_object_open_by_default = "phi-object-open-by-default",
    phi_shared_with_guests = "phi-shared-with-guests",
    phi_shared_widely = "phi-shared-widely",
    guest_can_read_phi = "guest-can-read-phi",
    guest_can_run_code_on_phi = "guest-can-run-code-on-phi",
    appointments_open_to_guests = "appointments-open-to-guests",
    telehealth_link_exposed = "telehealth-link-exposed",
    self_registration_reaches_phi = "self-registration-reaches-phi",
    portal_members_see_each_other = "portal-members-see-each-other",
    portal_profile_reads_phi = "portal-profile-reads-phi",
    site_protection_weak = "site-protection-weak",
    public_file_links = "public-file-links",
    web_form_takes_phi = "web-form-takes-phi",
    broad_permission_on_phi = "broad-permission-on-phi",
    can_grant_themselves_access = "can-grant-themselves-access",
    toxic_permission_combination = "toxic-permission-combination",
    encryption_duties_not_separated = "encryption-duties-not-separated",
    formula_shows_hidden_phi = "formula-shows-hidden-phi",
    integration_over_privileged = "integration-over-privileged",
    integration_can_log_in_as_a_person = "integration-can-log-in-as-a-person",
    integration_from_anywhere = "integration-from-anywhere",
    integration_account_shared = "integration-account-shared",
    user_with_access_inactive = "user-with-access-inactive",
    oauth_scope_too_broad = "oauth-scope-too-broad",
    oauth_app_self_authorised = "oauth-app-self-authorised",
    oauth_token_unused = "oauth-token-unused",
    oauth_policy_weak = "oauth-policy-weak",
    session_setting_weak = "session-setting-weak",
    password_policy_weak = "password-policy-weak",
    mfa_not_required = "mfa-not-required",
    password_never_expires = "password-never-expires",
    login_hours_open = "login-hours-open",
    log_in_as_any_user = "log-in-as-any-user",
    transaction_security_missing = "transaction-security-missing",
    access_not_logged = "access-not-logged",
    script_in_metadata = "script-in-metadata",
    endpoint_insecure = "endpoint-insecure",
    endpoint_without_authentication = "endpoint-without-authentication",
    certificate_weak = "certificate-weak",
    endpoint_needs_declaration = "endpoint-needs-declaration",
    phi_sent_without_ground = "phi-sent-without-ground",
    agreement_expired = "agreement-expired",
    agreement_not_covering = "agreement-not-covering",
    phi_sent_to_wrong_region = "phi-sent-to-wrong-region",
    region_field_missing = "region-field-missing",
    bundle_names_no_field = "bundle-names-no-field",
    eu_subjects_in_global_org = "eu-subjects-in-global-org",
    support_access_outside_region = "support-access-outside-region",
    feature_outside_agreement = "feature-outside-agreement",
    phi_in_sandbox = "phi-in-sandbox",
    package_without_agreement = "package-without-agreement",
    phi_in_report = "phi-in-report",
    phi_in_dashboard = "phi-in-dashboard",
    phi_in_list_view = "phi-in-list-view",
    duplicate_rule_shows_hidden_records = "duplicate-rule-shows-hidden-records",
    phi_in_link_url = "phi-in-link-url",
    phi_in_email_template = "phi-in-email-template",
    mail_without_transport_security = "mail-without-transport-security",
    report_subscription_mails_phi = "report-subscription-mails-phi",
    phi_in_outbound_message = "phi-in-outbound-message",
    phi_in_change_events = "phi-in-change-events",
    flow_sends_phi_in_system_mode = "flow-sends-phi-in-system-mode",
    phi_copied_to_unclassified_field = "phi-copied-to-unclassified-field",
    phi_sent_by_callout = "phi-sent-by-callout",
    phi_in_callout_url = "phi-in-callout-url",
    phi_sent_to_model = "phi-sent-to-model",
    phi_mailed_by_code = "phi-mailed-by-code",
    phi_mailed_to_fixed_address = "phi-mailed-to-fixed-address",
    phi_posted_to_people = "phi-posted-to-people",
    phi_in_platform_event = "phi-in-platform-event",
    phi_in_shared_file = "phi-in-shared-file",
    phi_in_cache = "phi-in-cache",
    phi_in_page_address = "phi-in-page-address",
    phi_in_debug_log = "phi-in-debug-log",
    phi_in_error_message = "phi-in-error-message",
    phi_returned_to_client = "phi-returned-to-client",
    apex_ignores_field_security = "apex-ignores-field-security",
    soql_injection = "soql-injection",
    open_redirect = "open-redirect",
    script_injection_from_code = "script-injection-from-code",
    stored_script_on_page = "stored-script-on-page",
    session_id_in_code = "session-id-in-code",
    phi_in_prompt_template = "phi-in-prompt-template",
    agent_reaches_phi = "agent-reaches-phi",
    model_not_registered = "model-not-registered",
    phi_in_configuration = "phi-in-configuration",
    phi_in_repository = "phi-in-repository",
    secret_in_code = "secret-in-code",
    secret_in_flow_or_page = "secret-in-flow-or-page",
    weak_crypto_in_code = "weak-crypto-in-code",
    dangerous_method_in_code = "dangerous-method-in-code",
    state_changed_on_page_load = "state-changed-on-page-load",
    apex_ignores_sharing = "apex-ignores-sharing",
    guest_can_call_code = "guest-can-call-code",
    phi_access_not_recorded = "phi-access-not-recorded",
    trigger_bypasses_field_security = "trigger-bypasses-field-security",
];

use journal::Finding;
use rayon::prelude::*;
use rule::Outcome;

/// Judges the project by every rule that the configuration asks for.
pub fn run(input: &Input<'_>, config: &Config) -> Report {
    let context = Context::new(input);
    let asked = |rule: &&Rule| {
        (config.only.is_empty() || config.only.iter().any(|id| id == rule.id))
            && !config.skip.iter().any(|id| id == rule.id)
    };
    let rules: Vec<&'static Rule> = RULES.iter().filter(asked).collect();
    let outcomes: Vec<(&'static Rule, Outcome)> = rules
        .into_par_iter()
        .map(|rule| {
            let mut outcome = Outcome::new(rule, context.project.package_directories());
            (rule.check)(&context, &mut outcome);
            (rule, outcome)
        })
        .collect();

    let mut report = Report {
        problems: [input.project.problems(), input.facts.problems()].concat(),
        fields: context.classified_fields(),
        endpoints: context.endpoints().to_vec(),
        totals: context.totals(),
        unjudged: context.unjudged(),
        source_digest: context.source_digest(),
        policy_digest: input.policy.is_present().then(|| input.policy.digest().to_string()),
        ..Report::default()
    };
    for (rule, outcome) in outcomes {
        report.judged.insert(rule.id, outcome.judged);
        report.gaps.extend(outcome.gaps);
        report.flows.extend(outcome.flows);
        let wanted = |finding: &Finding| {
            finding.confidence >= config.min_confidence && config.persona.wants(finding.persona)
        };
        let findings = outcome.findings.into_iter().filter(wanted);
        report.findings.extend(findings.map(|finding| guess::weighed(&context, finding)));
    }
    report.problems.extend(context.code_problems().iter().cloned());
    suppress::apply(&context, &mut report);
    report.sort();
    report
}
