//! # Nothing stops a mass export
//!
//! Transaction security is switched off, or the policy for reports, API, bulk results or list views is off or only notifies.
//!
//! ## Why it harms
//! A report of all patients leaves in one click, and the log shows it when it is gone: 45 CFR 164.308(a)(1)(ii)(D), 164.308(a)(6)(ii),
//! 164.312(a)(1) and (b); GDPR Art. 32(1)(b).
//!
//! ## What to change
//! Switch the policy on (`<active>true</active>`), and let it block or ask for a second factor (`<block>`, `<twoFactorAuthentication>`).
//! *Setup > Transaction Security Policies*; the switch for all is `enableTransactionSecurityPolicies` of the Event settings.
//!
//! ## What is not found
//! An event that one active policy with an action covers is covered. Policies of other events are neither good nor bad here. A condition so narrow that
//! it never holds is not seen. The feature needs Shield or Event Monitoring, and whether that is bought is not in the source: without a policy for these events,
//! whether there is one is unknown. Where no object with PHI is known, nothing is judged.
//!
//! ## Seen in the wild
//! Switched off in four public projects with `Event.settings`; none has a policy in its source. Whether they have bought the feature is not known, so that the
//! confidence is medium.

use journal::{Confidence, Persona, Severity};
use sfdx::Component;

use crate::Context;
use crate::rule::{Draft, Meta, Outcome};
use crate::setting::{Flag, flag};
use crate::sharing;

pub(crate) const META: Meta = Meta {
    title: "Nothing stops a mass export",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Security,
    controls: &["hipaa-sec-308a1iiD", "hipaa-sec-308a6ii", "hipaa-sec-312b", "gdpr-32-1b"],
    tags: &["phi", "log"],
    replaces: &[],
    sbs: &[],
    needs: &["transactionSecurityPolicies", "settings/Event.settings-meta.xml"],
};

const EVENTS: [(&str, &str); 4] = [
    ("ReportEvent", "reports that are run or exported"),
    ("ApiEvent", "queries by the API"),
    ("BulkApiResultEventStore", "results of the Bulk API"),
    ("ListViewEvent", "list views"),
];
const SWITCH: &str = "enableTransactionSecurityPolicies";

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    if cx.phi_objects().next().is_none() {
        return;
    }
    if let Flag::Off(value) = flag(cx, "Event", &[SWITCH]) {
        out.judged(1);
        out.found(
            Draft::new(
                "EventSettings:Event",
                cx.place(&value),
                "transaction security is switched off: no policy stops a mass export",
                format!("set `<{SWITCH}>true</{SWITCH}>`"),
            )
            // Without Shield or Event Monitoring there is nothing to switch on.
            .confidence(Confidence::Medium)
            .detail(SWITCH),
        );
        return;
    }
    let policies: Vec<Component<'_>> = cx.project.of_type("TransactionSecurityPolicy").collect();
    let mut without: Vec<&str> = Vec::new();
    for (event, what) in EVENTS {
        let own: Vec<Component<'_>> = policies
            .iter()
            .copied()
            .filter(|policy| policy.root().value("eventName").is_some_and(|name| name.eq_ignore_ascii_case(event)))
            .collect();
        if own.is_empty() {
            without.push(what);
        }
        out.judged(own.len());
        if own.iter().any(|policy| is_active(*policy) && acts(*policy)) {
            continue;
        }
        let active: Vec<Component<'_>> = own.iter().copied().filter(|policy| is_active(*policy)).collect();
        let (asked, is_off) = if active.is_empty() { (own, true) } else { (active, false) };
        for policy in asked {
            report(cx, policy, what, is_off, out);
        }
    }
    if !without.is_empty() {
        out.unknown(
            format!("whether a TransactionSecurityPolicy stops mass exports by {}", without.join(", ")),
            "retrieve `TransactionSecurityPolicy:*`, or look at Setup > Transaction Security Policies",
        );
    }
}

fn is_active(policy: Component<'_>) -> bool {
    policy.root().flag("active") != Some(false)
}

fn acts(policy: Component<'_>) -> bool {
    ["block", "twoFactorAuthentication", "endSession", "freezeUser"]
        .iter()
        .any(|action| policy.root().flag(&format!("action/{action}")) == Some(true))
}

fn report(cx: &Context<'_>, policy: Component<'_>, what: &str, is_off: bool, out: &mut Outcome) {
    let at = policy.root().value(if is_off { "active" } else { "action/block" });
    let place = at.map_or_else(|| sharing::start(policy.root()), |value| cx.place(&value));
    let name = policy.full_name();
    let (severity, message, fix) = if is_off {
        (Severity::Medium, format!("the policy `{name}` over {what} is off"), "set `<active>true</active>`")
    } else {
        (
            Severity::Low,
            format!("the policy `{name}` over {what} only notifies"),
            "set `<block>` or `<twoFactorAuthentication>` to `true`",
        )
    };
    out.found(
        Draft::new(format!("TransactionSecurityPolicy:{name}"), place, message, fix)
            .severity(severity)
            .detail("policy"),
    );
}
