//! # Access is not logged
//!
//! The org's source turns off a log that would show who saw which records, or lets users delete it, or keeps field
//! history for a shorter time than the bundle asks.
//!
//! ## Why it harms
//! Without a record of reads nobody can say who saw a patient, whether a breach was a breach (45 CFR 164.402), or whose
//! records to notify. 45 CFR 164.312(b) asks for mechanisms that record and examine activity in systems with ePHI,
//! 164.308(a)(1)(ii)(D) that the logs be reviewed; GDPR Art. 5(2) that the controller can show what it did. How long a log
//! is kept is the organisation's choice: the six years of 164.316(b)(2)(i) are those of documentation.
//!
//! ## What to change
//! `settings/Event.settings-meta.xml`: `<enableEventLogGeneration>true</enableEventLogGeneration>` (*Setup > Event Monitoring
//! Settings > Generate event log files*; needs Shield or Event Monitoring) and `<enableDeleteMonitoringData>false`.
//! `settings/RealTimeEvent.settings-meta.xml`: turn storage on for the events that show access (*Setup > Event Manager*):
//! `ApiEvent`, `BulkApiResultEventStore`, `FileEventStore`, `ListViewEvent`, `ReportEvent`; and for `LoginEvent`, which shows
//! from where somebody came and no record that was read. Fetch the log before it ends, or let the gateway keep its own.
//!
//! ## What is not found
//! Whether the org has the licence, and whether anybody reads the log. What is not in the source is unknown: the query
//! `SELECT COUNT() FROM EventLogFile` shows whether files are made.
//!
//! ## Seen in the wild
//! `vkadagoti-png/Support_POC` and `vamsireddy2002/smartAgentsCrew` switch event log files off; `GSA/SF_WorkSpace`,
//! `Gvkp38/Production-Gvkp` and `vamsireddy2002/smartAgentsCrew` leave the storage of events that show reads off. No public project sets a
//! history retention policy on an object with PHI.

use journal::{Confidence, Persona, Severity};
use sfdx::Value;

use crate::Context;
use crate::rule::{Draft, Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "Access is not logged",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Security,
    controls: &["hipaa-sec-312b", "hipaa-sec-308a1iiD", "gdpr-5-2"],
    tags: &["phi", "logging"],
    replaces: &[],
    sbs: &[],
    needs: &["settings/Event.settings-meta.xml", "settings/RealTimeEvent.settings-meta.xml", "EventLogFile (SOQL)"],
};

/// Stored events that tell who saw records.
const READS: [&str; 5] = ["ApiEvent", "BulkApiResultEventStore", "FileEventStore", "ListViewEvent", "ReportEvent"];

/// Shows who logged in and from where, and nothing of what was read.
const LOGIN: &str = "LoginEvent";

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    event_log(cx, out);
    stored_events(cx, out);
    field_history(cx, out);
}

fn event_log(cx: &Context<'_>, out: &mut Outcome) {
    let mut is_said = false;
    for settings in cx.project.of_type("EventSettings") {
        let component = format!("EventSettings:{}", settings.full_name());
        let draft = |value: &Value<'_>, message: &str, fix: &str, detail: &str| {
            Draft::new(component.clone(), cx.place(value), message, fix).detail(detail)
        };
        if let Some(value) = settings.root().value("enableEventLogGeneration") {
            is_said = true;
            out.judged(1);
            if value.flag() == Some(false) {
                let message = "`enableEventLogGeneration` is off: no event log files are made that show who saw what";
                let fix = "set `<enableEventLogGeneration>true</enableEventLogGeneration>` (Setup > Event Monitoring \
                           Settings > Generate event log files)";
                out.found(draft(&value, message, fix, "enableEventLogGeneration"));
            }
        }
        if let Some(value) = settings.root().value("enableDeleteMonitoringData") {
            out.judged(1);
            if value.flag() == Some(true) {
                let message = "`enableDeleteMonitoringData` is on: users with the permission can delete event log files";
                let fix = "set `<enableDeleteMonitoringData>false</enableDeleteMonitoringData>`";
                out.found(draft(&value, message, fix, "enableDeleteMonitoringData"));
            }
        }
    }
    if !is_said {
        out.unknown(
            "whether event log files are made (`enableEventLogGeneration` of `EventSettings`)",
            "retrieve `Settings:Event`, or query `SELECT COUNT() FROM EventLogFile`",
        );
    }
}

/// One finding for a file: storage is turned on event by event on one page.
fn stored_events(cx: &Context<'_>, out: &mut Outcome) {
    for settings in cx.project.of_type("RealTimeEventSettings") {
        let mut off: Vec<Value<'_>> = Vec::new();
        for event in settings.root().children_named("realTimeEvents") {
            let Some(name) = event.value("entityName") else { continue };
            if !READS.iter().chain([&LOGIN]).any(|read| name.eq_ignore_ascii_case(read)) {
                continue;
            }
            out.judged(1);
            if event.flag("isEnabled") == Some(false) {
                off.push(name);
            }
        }
        let Some(first) = off.first() else { continue };
        let names: Vec<String> = off.iter().map(|name| format!("`{}`", name.as_str())).collect();
        let names = names.join(", ");
        let is_login = |name: &Value<'_>| name.eq_ignore_ascii_case(LOGIN);
        let shows = match (off.iter().any(is_login), off.iter().all(is_login)) {
            (_, true) => "who logged in and from where",
            (true, false) => "who read records, and who logged in from where",
            (false, _) => "who read records",
        };
        let message = format!("storage is off for {names}, which would show {shows}");
        let fix = format!("set `<isEnabled>true</isEnabled>` for {names} (Setup > Event Manager > Enable Storage)");
        let component = format!("RealTimeEventSettings:{}", settings.full_name());
        out.found(Draft::new(component, cx.place(first), message, fix).severity(Severity::Low).detail("storage"));
    }
}

/// Field Audit Trail: how long the archive of an object with PHI is kept, where the bundle sets a floor.
fn field_history(cx: &Context<'_>, out: &mut Outcome) {
    const SECONDS_A_YEAR: u64 = 12 * 2_629_800;
    let floor = cx.policy.retention_of("field-history").or_else(|| cx.policy.retention_of("access-log"));
    let Some((floor, least)) = floor.and_then(|rule| Some((rule, rule.floor.as_ref()?))) else { return };
    for name in cx.phi_objects() {
        let Some(object) = cx.project.object(name) else { continue };
        let Some(retention) = object.history_retention() else { continue };
        let Some(years) = retention.element().value("archiveRetentionYears") else { continue };
        let Some(kept) = years.number() else { continue };
        out.judged(1);
        if kept.saturating_mul(SECONDS_A_YEAR) < least.value.seconds() {
            let message = format!(
                "`{}` keeps archived field history for {kept} years, less than the bundle's floor for `{}`",
                object.name(),
                floor.what.value
            );
            let fix = "raise `<archiveRetentionYears>` to the floor";
            let component = format!("CustomObject:{}", object.name());
            out.found(
                Draft::new(component, cx.place(&years), message, fix)
                    .detail("archiveRetentionYears")
                    .related(cx.policy_place(&least.place), "the floor"),
            );
        }
    }
}
