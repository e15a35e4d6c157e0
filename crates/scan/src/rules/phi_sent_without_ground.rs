//! # PHI is sent on a ground that is not proved
//!
//! A declared flow hands data about patients to another party, and the ground that the flow names does not hold:
//! no agreement of that kind is on file, it has not begun, or the ground's own conditions are not met.
//!
//! ## Why it harms
//! A disclosure of PHI is lawful only as 45 CFR 164.502(a) permits it. To a business associate that takes
//! satisfactory assurances in writing (164.502(e), 164.308(b)(1)); as a limited data set it takes a data use
//! agreement and no direct identifier (164.514(e)); for marketing and psychotherapy notes it takes the person's
//! authorisation (164.508(a)). Where the GDPR holds, it takes a basis of Art. 6(1), for health data an exception
//! of Art. 9(2), and with a processor the contract of Art. 28(3). Without its ground each transmission is an
//! impermissible disclosure, and presumed a breach (164.402).
//!
//! ## What to change
//! Obtain what the ground needs and write it down at the party in `parties.yaml`; or name in `flows.yaml` the
//! ground on which the data really goes; or take the field out of the flow; or stop the flow.
//!
//! ## What is not found
//! The bundle is taken at its word: whether an agreement on file is signed, and says what the bundle says that it
//! says, is for a person to check. Authorisations, consents and restrictions of single patients are not in a source
//! tree. Where a decision hangs on them alone, the rule reports the flow as unknown. To a party that processes for the
//! organisation, without any agreement or flow, the address itself is reported, but where
//! `phi-sent-by-callout` says what code sends there and that no agreement is on file.
//!
//! ## Seen in the wild
//! No public project carries a bundle yet, so none has the case.

use journal::{Confidence, Persona, Severity};
use policy::Decision;
use policy::bundle::flow::DeclaredFlow;
use policy::vocabulary::Ground;

use crate::Context;
use crate::disclosure::{self, Objection};
use super::phi_sent_by_callout;
use crate::rule::{Draft, Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "PHI is sent on a ground that is not proved",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Security,
    controls: &["hipaa-prv-502e", "hipaa-sec-308b1", "gdpr-28-3", "gdpr-9-2"],
    tags: &["phi", "disclosure"],
    replaces: &[],
    sbs: &[],
    needs: &["the agreements with the party, in `parties.yaml`", "patients' authorisations and consents"],
};

const CODES: [&str; 4] =
    ["ground-unproved", "authorisation-missing", "direct-identifier", "agreement-not-yet-effective"];

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    out.judged(cx.policy.flows().len());
    let objections = disclosure::objections(cx, cx.today);
    for flow in cx.policy.flows() {
        for objection in &objections {
            let of_flow = objection.flows.iter().any(|own| own.id == flow.id);
            if of_flow && CODES.contains(&objection.reason.code.as_str()) {
                report(cx, flow, objection, out);
            }
        }
        let personal_ground = [Ground::Authorisation, Ground::Individual, Ground::Gdpr6_1A, Ground::Gdpr9_2A];
        let waits = personal_ground.iter().any(|ground| flow.has_ground(*ground));
        if waits && matches!(disclosure::ask(cx, flow, cx.today, None), Decision::Undetermined(_)) {
            out.unknown(
                format!("whether each patient has agreed to the flow `{}`", flow.id),
                "the signed authorisations and consents, asked at the time when the data moves",
            );
        }
    }
    let told = phi_sent_by_callout::told_parties(cx, cx.code());
    for (party, endpoints) in disclosure::processors_without_flow(cx) {
        out.judged(1);
        let Some(first) = endpoints.first().filter(|_| party.agreements.is_empty()) else { continue };
        let id = party.id.as_str();
        // What code sends there, and that nothing is signed, stands in one finding.
        if told.contains(id) {
            continue;
        }
        let roles: Vec<String> = party.role.iter().map(|role| format!("`{}`", role.value)).collect();
        let draft = Draft::new(
            first.component.clone(),
            first.place.clone(),
            format!(
                "the {} reaches `{id}`, which is {} by the bundle's word, and no agreement with `{id}` is on file",
                first.kind,
                disclosure::joined(&roles)
            ),
            format!(
                "sign the agreement that the role of `{id}` asks for, write it under its `agreements:`, and declare \
                 what is sent in `flows.yaml`; or remove the address"
            ),
        )
        .confidence(Confidence::Medium)
        .cause(format!("Party:{id}"))
        .related(cx.policy_place(&party.id.place), format!("`{id}` is declared here"))
        .detail(id);
        out.found(disclosure::with_endpoints(cx, draft, id).party(id));
    }
}

fn report(cx: &Context<'_>, flow: &DeclaredFlow, objection: &Objection<'_>, out: &mut Outcome) {
    let fields: Vec<String> = objection.fields.iter().filter(|name| disclosure::carries(flow, name)).cloned().collect();
    let party = disclosure::receiver(cx.policy, flow).map(|party| party.id.to_string());
    let phi = fields.iter().any(|name| disclosure::is_phi(cx, name));
    let what = if phi { "PHI" } else { "personal data" };
    let message = format!(
        "the flow `{}` sends {what} to `{}`{}, but {}",
        flow.id,
        flow.to,
        objection.for_whom(),
        objection.reason.fact
    );
    let mut draft = Draft::new(format!("DeclaredFlow:{}", flow.id), cx.policy_place(&flow.place), message, fix(objection))
        .severity(if phi { Severity::High } else { Severity::Medium })
        .fields(fields)
        .detail(objection.reason.rule.clone());
    if objection.reason.rule.ends_with("without-agreement") {
        // One signature mends all flows to the party.
        draft = draft.cause(format!("Party:{}", party.as_deref().unwrap_or_default()));
    }
    if let Some(place) = objection.reason.place.as_ref().filter(|place| **place != flow.place) {
        draft = draft.related(cx.policy_place(place), "it rests on this line");
    }
    if let Some(id) = party {
        draft = disclosure::with_endpoints(cx, draft, &id).party(id);
    }
    out.found(draft);
}

fn fix(objection: &Objection<'_>) -> &'static str {
    match objection.reason.rule.as_str() {
        "ground-without-agreement" => {
            "sign the agreement before anything more is sent, then write it under the party's `agreements:` with \
             kind, effective date and document digest; or change the flow's `ground:` to the one that really \
             applies; or remove the flow and switch its integration off"
        }
        "processor-without-agreement" => {
            "sign a data processing agreement (GDPR Art. 28(3)) and write it under the party's `agreements:` as \
             `kind: dpa`; or keep these people's data out of the flow"
        }
        "basis-missing" => {
            "name in the flow's `ground:` the basis of GDPR Art. 6 and, for health data, the exception of Art. 9 \
             that the organisation relies on, as a list: `[gdpr-6-1-c, gdpr-9-2-h]`"
        }
        "direct-identifier" => {
            "take these fields out of the flow's `from:`, or send them on a ground other than limited-data-set"
        }
        "authorisation-missing" => {
            "name `ground: authorisation` and check each patient's authorisation when the data moves, or take these \
             fields out of the flow's `from:`"
        }
        "agreement-not-yet-effective" | "processor-agreement-not-yet-effective" => {
            "hold the flow until the agreement is effective, or correct its `effective:` date"
        }
        _ => {
            "name in the flow's `ground:` the ground whose conditions are met, and give what it asks for: the \
             party's role, the purpose, or the `law:`"
        }
    }
}
