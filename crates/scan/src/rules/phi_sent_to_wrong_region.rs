//! # Data about patients goes to a region where it may not be
//!
//! A declared flow sends data about patients to a party that processes it where the flow may not go: outside the
//! law that protects the person, with no transfer instrument in force, or outside the regions that the flow names.
//!
//! ## Why it harms
//! Personal data of people in the European Union may go to a third country only under Chapter V of the GDPR (Art.
//! 44): an adequacy decision, standard contractual clauses or another instrument. A party's remote access from
//! there is a transfer too. HIPAA sets no region, but a contract or the organisation's own rule may, and the
//! bundle then says so.
//!
//! ## What to change
//! Use the party's endpoint in the person's own region and say so in the party's `regions:`; or sign a transfer
//! instrument and write it as `transfer:` of an agreement (or `kind: scc`), and name the receiver's region in
//! the flow's `region:`; or keep these people's records out of the flow.
//!
//! ## What is not found
//! Where a host really stands is not in its name: the party's `regions:` are taken at their word, and a party
//! without any is reported as unknown. A filter in code that keeps one region's people out of a flow is not
//! seen; declare one flow for each region then.
//!
//! ## Seen in the wild
//! No public project carries a bundle yet, so none has the case.

use std::collections::BTreeMap;

use journal::{Confidence, Persona, Severity};
use policy::Decision;

use crate::Context;
use crate::disclosure::{self, Objection};
use crate::rule::{Draft, Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "Data about patients is sent to a region where it may not be",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Security,
    controls: &["gdpr-44", "gdpr-46", "gdpr-28-3a"],
    tags: &["phi", "region"],
    replaces: &[],
    needs: &["where the party processes, in its `regions:`", "the legal regions of the org's patients"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    out.judged(cx.policy.flows().len());
    let objections: Vec<Objection<'_>> = disclosure::objections(cx, cx.today)
        .into_iter()
        .filter(|objection| matches!(objection.reason.code.as_str(), "wrong-region" | "unknown-region"))
        .collect();
    // The law on transfers and the flow's own rule mostly speak of the same thing: one finding for each flow.
    let mut by_flow: BTreeMap<String, (&Objection<'_>, Option<&Objection<'_>>)> = BTreeMap::new();
    for objection in &objections {
        let by_law = objection.reason.rule == "transfer-unproved";
        for flow in &objection.flows {
            let own = by_flow.entry(flow.id.to_string()).or_insert((objection, None));
            if by_law {
                own.1 = Some(objection);
            } else {
                own.0 = objection;
            }
        }
    }
    for (id, (objection, law)) in by_flow {
        report(cx, &id, objection, law, out);
    }
    for flow in cx.policy.flows() {
        let regions = disclosure::subject_regions(cx.policy);
        let asked = regions.iter().map(Some).chain(regions.is_empty().then_some(None));
        let open = asked.filter_map(|region| match disclosure::ask(cx, flow, cx.today, region) {
            Decision::Undetermined(open) => Some(open.missing),
            _ => None,
        });
        for missing in open.flatten() {
            match missing.as_str() {
                "receiver-region" => out.unknown(
                    format!("where `{}`, the receiver of the flow `{}`, processes", flow.to, flow.id),
                    format!("`regions:` of `{}` in the bundle", flow.to),
                ),
                "subject-region" => out.unknown(
                    format!("whose data the flow `{}` carries, in law", flow.id),
                    "`subjects:` of the org, or `regions:` of the bundle",
                ),
                _ => {}
            }
        }
    }
}

fn report(cx: &Context<'_>, id: &str, objection: &Objection<'_>, law: Option<&Objection<'_>>, out: &mut Outcome) {
    let Some(flow) = cx.policy.flow(id) else { return };
    let cause = law.unwrap_or(objection);
    let place = match (&flow.region, cause.place()) {
        (Some(rule), _) => &rule.place,
        (None, Some(place)) if law.is_none() => place,
        _ => &flow.id.place,
    };
    let receiver = disclosure::receiver(cx.policy, flow);
    let regions: Vec<String> = receiver
        .iter()
        .flat_map(|party| &party.regions)
        .map(|region| format!("`{region}`"))
        .collect();
    let stands = if regions.is_empty() {
        String::new()
    } else {
        format!(", which processes in {}", disclosure::joined(&regions))
    };
    let why = match law {
        Some(_) => "and no transfer instrument is in force",
        None => "where the flow's own `region:` does not let it go",
    };
    let whose = match cause.for_whom() {
        empty if empty.is_empty() => String::new(),
        whom => format!(" data{whom}"),
    };
    let what = if whose.is_empty() { " patients' data".to_owned() } else { whose };
    let message = format!("the flow `{id}` sends{what} to `{}`{stands}, {why}", flow.to);
    let fix = match law {
        Some(_) => format!(
            "send to an endpoint of `{to}` in the person's region and correct its `regions:`; or sign standard \
             contractual clauses, write them as `transfer: scc` of the agreement with `{to}`, and name the \
             receiver's region in the flow's `region:`; or keep these people's records out of the flow",
            to = flow.to
        ),
        None => format!(
            "send to an endpoint of `{}` in a region that the flow allows; or, if the organisation decides that it \
             may go there, name that region in the flow's `region:`",
            flow.to
        ),
    };
    let mut draft = Draft::new(format!("DeclaredFlow:{id}"), cx.policy_place(place), message, fix)
        // Without a law behind it, it is the organisation's own rule that is not kept.
        .severity(if law.is_some() { Severity::High } else { Severity::Medium })
        .fields(cause.fields.iter().cloned());
    if let Some(party) = receiver {
        draft = draft.related(cx.policy_place(&party.id.place), format!("`{}` is declared here", party.id));
        draft = disclosure::with_endpoints(cx, draft, party.id.as_str()).party(party.id.to_string());
    }
    out.found(draft);
}
