//! The tables that the page shortens, in full, for spreadsheets.

use crate::escape::plain;
use crate::exposure::{Exposed, Exposure};
use crate::route::{Route, join};
use csv::Csv;
use journal::{Finding, SuppressionKind};
use policy::controls::Catalogue;

pub(crate) fn findings(findings: &[Finding], catalogue: &Catalogue) -> Vec<u8> {
    let mut csv = Csv::new(&[
        "Severity",
        "Confidence",
        "Rule",
        "Cause",
        "Component",
        "Place",
        "What",
        "What to change",
        "Fields",
        "Receiver",
        "Controls",
        "For",
        "Counts",
        "Set aside by",
        "Reason",
        "Approver",
        "Until",
        "Fingerprint",
    ]);
    for finding in findings {
        let by = finding.suppressed.as_ref();
        csv.row(&[
            finding.severity.to_string(),
            finding.confidence.to_string(),
            finding.rule.to_owned(),
            finding.cause.clone(),
            finding.component.clone(),
            format!("{}:{}", finding.place.path, finding.place.start.line),
            plain(&finding.message),
            plain(&finding.fix),
            finding.fields.join(", "),
            finding.party.clone().unwrap_or_default(),
            join(finding.controls.iter().map(|id| {
                catalogue.control(id).map_or_else(|| (*id).to_owned(), |control| control.citation.clone())
            })),
            finding.persona.to_string(),
            if finding.counts() { "yes" } else { "no" }.to_owned(),
            by.map(|by| suppression_words(by.kind).to_owned()).unwrap_or_default(),
            by.map(|by| plain(&by.reason)).unwrap_or_default(),
            by.and_then(|by| by.approver.clone()).unwrap_or_default(),
            by.and_then(|by| by.expires).map(|until| until.to_string()).unwrap_or_default(),
            finding.fingerprint.to_string(),
        ]);
    }
    csv.into_bytes()
}

pub(crate) const fn suppression_words(kind: SuppressionKind) -> &'static str {
    match kind {
        SuppressionKind::Inline => "comment beside the line",
        SuppressionKind::Exception => "exception in the bundle",
        SuppressionKind::Baseline => "baseline",
    }
}

pub(crate) fn who_sees_what(exposure: &Exposure) -> Vec<u8> {
    let mut csv = Csv::new(&[
        "Object",
        "Field",
        "Class",
        "Identifier",
        "Kind",
        "Profile, permission set or group",
        "Licence",
        "Crowd",
        "Reads",
        "Edits",
        "Reads records at least",
        "Reads records at most",
        "Users who read it",
        "Place",
    ]);
    for Exposed { field, by, users } in &exposure.fields {
        let identifier = field.identifier.unwrap_or_default();
        let first = [field.object.as_str(), field.field.as_str(), field.class.as_str(), identifier];
        let users = users.map_or_else(|| "unknown".to_owned(), |users| users.to_string());
        if by.is_empty() {
            let none = ["", "", "", "", "none in the source", "none in the source", "", "", &users, ""];
            csv.row(&[first.as_slice(), none.as_slice()].concat());
        }
        for access in by {
            let place = access.place.as_ref().map(ToString::to_string).unwrap_or_default();
            let rest = [
                access.kind,
                &access.holder,
                &access.licence,
                access.crowd.as_str(),
                access.read.as_str(),
                access.edit.as_str(),
                access.records.low.as_str(),
                access.records.high.as_str(),
                &users,
                &place,
            ];
            csv.row(&[first.as_slice(), rest.as_slice()].concat());
        }
    }
    csv.into_bytes()
}

pub(crate) fn flows(routes: &[Route], agreements: impl Fn(&Route) -> Vec<String>) -> Vec<u8> {
    let mut csv = Csv::new(&[
        "Flow",
        "State",
        "Fields",
        "To",
        "Kind of receiver",
        "Regions of receiver",
        "Purpose",
        "Ground",
        "Transport",
        "Carried by",
        "Region asked for",
        "Agreements",
        "Components",
        "Places",
    ]);
    for route in routes {
        csv.row(&[
            route.name.clone(),
            route.standing.as_str().to_owned(),
            if route.fields.is_empty() { "unknown".to_owned() } else { route.fields.join(", ") },
            route.receiver.name.clone(),
            route.receiver.kind.words().to_owned(),
            if route.receiver.regions.is_empty() {
                "unknown".to_owned()
            } else {
                route.receiver.regions.join(", ")
            },
            route.purpose.clone().unwrap_or_else(|| "unknown".to_owned()),
            if route.grounds.is_empty() { "unknown".to_owned() } else { route.grounds.join(", ") },
            route.transport.clone().unwrap_or_else(|| "unknown".to_owned()),
            route.by.clone().unwrap_or_default(),
            route.region.clone().unwrap_or_default(),
            agreements(route).join("; "),
            join(route.seen.iter().map(|(component, _)| component)),
            join(route.seen.iter().map(|(_, place)| place)),
        ]);
    }
    csv.into_bytes()
}
