//! # Data about patients is sent to a region where it may not be
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
//! without any is reported as unknown. `region: same-as-subject` is a promise to leave out whoever is elsewhere: it is
//! believed, and reported as unknown, where the receiver shares a region with any of the people.
//!
//! ## Seen in the wild
//! No public project carries a bundle yet, so none has the case.

use std::collections::BTreeSet;

use journal::{Confidence, Persona, Severity};
use policy::Decision;
use policy::bundle::flow::{DeclaredFlow, RegionRule};
use policy::vocabulary::{Action, Region};

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
    sbs: &[],
    needs: &["where the party processes, in its `regions:`", "the legal regions of the org's patients"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    out.judged(cx.policy.flows().len());
    for objection in by_flow(cx) {
        if promise_can_be_kept(cx, objection.flow) {
            if !objection.law.is_empty() {
                out.unknown(
                    format!(
                        "whether the flow `{}` leaves out the people whom `same-as-subject` keeps from `{}`",
                        objection.flow.id, objection.flow.to
                    ),
                    "the filter of the integration, or a flow of its own for each region",
                );
            }
            continue;
        }
        report(cx, &objection, out);
    }
    let mut spread: BTreeSet<String> = BTreeSet::new();
    for flow in cx.policy.flows() {
        open_questions(cx, flow, &mut spread, out);
    }
    if !spread.is_empty() {
        let flows: Vec<String> = spread.into_iter().collect();
        out.unknown(
            format!(
                "to which of the receiver's regions each person's data goes, in {} {}",
                if flows.len() == 1 { "the flow" } else { "the flows" },
                disclosure::joined(&flows)
            ),
            "a party for each region with its own `endpoints:` and `regions:`, or the gateway's record",
        );
    }
    endpoints(cx, out);
}

/// What stands against the region of one flow.
#[derive(Debug)]
struct Wrong<'p> {
    flow: &'p DeclaredFlow,
    /// The flow's own `region:` is not kept.
    rule: Option<Objection<'p>>,
    /// The law on transfers is not kept, for these people.
    law: BTreeSet<String>,
    fields: BTreeSet<String>,
    whom: String,
}

/// The law on transfers and the flow's own rule mostly speak of the same thing: one entry for each flow.
fn by_flow<'p>(cx: &Context<'p>) -> Vec<Wrong<'p>> {
    let objections: Vec<Objection<'p>> = disclosure::objections(cx, cx.today)
        .into_iter()
        .filter(|objection| matches!(objection.reason.code.as_str(), "wrong-region" | "unknown-region"))
        .collect();
    let mut found: Vec<Wrong<'p>> = Vec::new();
    for flow in cx.policy.flows() {
        let mut wrong = Wrong { flow, rule: None, law: BTreeSet::new(), fields: BTreeSet::new(), whom: String::new() };
        for objection in objections.iter().filter(|one| one.flows.iter().any(|own| own.id == flow.id)) {
            wrong.fields.extend(objection.fields.iter().filter(|name| disclosure::carries(flow, name)).cloned());
            if objection.reason.rule == "transfer-unproved" {
                wrong.law.extend(objection.regions.get(flow.id.as_str()).into_iter().flatten().cloned());
                wrong.whom = objection.for_whom_of(flow.id.as_str());
            } else {
                if wrong.law.is_empty() {
                    wrong.whom = objection.for_whom_of(flow.id.as_str());
                }
                wrong.rule = Some(objection.clone());
            }
        }
        if wrong.rule.is_some() || !wrong.law.is_empty() {
            found.push(wrong);
        }
    }
    found
}

/// `region: same-as-subject` promises to leave out whoever is elsewhere: it can be kept where the receiver shares a
/// region with any of the people.
fn promise_can_be_kept(cx: &Context<'_>, flow: &DeclaredFlow) -> bool {
    let promised = flow.region.as_ref().is_none_or(|rule| rule.value == RegionRule::SameAsSubject);
    let receivers = receiver_regions(cx, flow);
    promised
        && disclosure::subject_regions(cx.policy).iter().any(|subject| {
            receivers.iter().any(|receiver| {
                let decision = disclosure::ask_at(cx, flow, cx.today, Some(subject), Some(receiver));
                !decision.because("wrong-region") && !decision.because("unknown-region")
            })
        })
}

fn receiver_regions(cx: &Context<'_>, flow: &DeclaredFlow) -> Vec<Region> {
    let of_model = cx.policy.model(flow.to.as_str()).and_then(|model| model.region.as_ref());
    let of_org = cx.policy.org(flow.to.as_str()).and_then(|org| org.region.as_ref());
    match of_model.or(of_org) {
        Some(region) => vec![region.value.clone()],
        None => disclosure::receiver(cx.policy, flow)
            .iter()
            .flat_map(|party| &party.regions)
            .map(|region| region.value.clone())
            .collect(),
    }
}

fn open_questions(
    cx: &Context<'_>,
    flow: &DeclaredFlow,
    spread: &mut BTreeSet<String>,
    out: &mut Outcome,
) {
    let regions = disclosure::subject_regions(cx.policy);
    let asked = regions.iter().map(Some).chain(regions.is_empty().then_some(None));
    let open = asked.filter_map(|region| match disclosure::ask(cx, flow, cx.today, region) {
        Decision::Undetermined(open) => Some(open.missing),
        _ => None,
    });
    for missing in open.flatten() {
        match missing.as_str() {
            "receiver-region" if receiver_regions(cx, flow).len() > 1 => {
                spread.insert(format!("`{}`", flow.id));
            }
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

/// A party that processes for the organisation, whom no flow names: asked for any field of PHI.
fn endpoints(cx: &Context<'_>, out: &mut Outcome) {
    let any = cx.phi_objects().find_map(|object| {
        let (field, _) = cx.classes.phi_fields(object).into_iter().next()?;
        Some(format!("{object}.{field}"))
    });
    // Where the source shows no field yet, the party's role still says what goes there.
    let any = any.unwrap_or_else(|| "Account.HealthCloudGA__MedicalRecordNumber__pc".to_owned());
    for (party, endpoints) in disclosure::processors_without_flow(cx) {
        out.judged(1);
        let id = party.id.as_str();
        let decisions = disclosure::ask_sent(cx, Action::Send, id, std::slice::from_ref(&any));
        let wrong = decisions.iter().flat_map(Decision::reasons).find(|reason| reason.rule == "transfer-unproved");
        let (Some(reason), Some(first)) = (wrong, endpoints.first()) else { continue };
        let draft = Draft::new(
            first.component.clone(),
            first.place.clone(),
            format!("the {} reaches `{id}`, and {}", first.kind, reason.fact),
            format!(
                "use an endpoint of `{id}` in the person's region and correct its `regions:`; or write the transfer \
                 instrument that is in force as `transfer:` of an agreement with `{id}`; and declare what is sent in \
                 `flows.yaml`"
            ),
        )
        .confidence(Confidence::Medium)
        .cause(format!("Party:{id}"))
        .related(cx.policy_place(&party.id.place), format!("`{id}` is declared here"))
        .detail(id);
        out.found(disclosure::with_endpoints(cx, draft, id).party(id));
    }
}

fn report(cx: &Context<'_>, wrong: &Wrong<'_>, out: &mut Outcome) {
    let Wrong { flow, law, fields, whom, .. } = wrong;
    let by_law = !law.is_empty();
    let regions: Vec<String> = receiver_regions(cx, flow).iter().map(|region| format!("`{region}`")).collect();
    let stands = if regions.is_empty() {
        String::new()
    } else {
        format!(", which processes in {}", disclosure::joined(&regions))
    };
    let what = if whom.is_empty() { " patients' data".to_owned() } else { whom.replacen(" for people", " data about people", 1) };
    let why = if by_law {
        "and no transfer instrument is in force"
    } else {
        "where the flow's own `region:` does not let it go"
    };
    let fix = if by_law {
        format!(
            "send to an endpoint of `{to}` in the person's region and correct its `regions:`; or sign standard \
             contractual clauses, write them as `transfer: scc` of the agreement with `{to}`, and name the \
             receiver's region in the flow's `region:`; or keep these people's records out of the flow",
            to = flow.to
        )
    } else {
        format!(
            "send to an endpoint of `{}` in a region that the flow allows; or, if the organisation decides that it \
             may go there, name that region in the flow's `region:`",
            flow.to
        )
    };
    let mut draft = Draft::new(
        format!("DeclaredFlow:{}", flow.id),
        cx.policy_place(&flow.place),
        format!("the flow `{}` sends{what} to `{}`{stands}, {why}", flow.id, flow.to),
        fix,
    )
    // Without a law behind it, it is the organisation's own rule that is not kept.
    .severity(if by_law { Severity::High } else { Severity::Medium })
    .fields(fields.iter().cloned());
    if let Some(party) = disclosure::receiver(cx.policy, flow) {
        draft = draft.related(cx.policy_place(&party.id.place), format!("`{}` is declared here", party.id));
        draft = disclosure::with_endpoints(cx, draft, party.id.as_str()).party(party.id.to_string());
    }
    out.found(draft);
}
