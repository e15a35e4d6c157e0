//! # PHI goes out on a ground that is not proved
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
//! tree. Where a decision hangs on them alone, the rule reports the flow as unknown. Data that goes to a party
//! without any declared flow is `endpoint-needs-declaration`.
//!
//! ## Seen in the wild
//! No public project carries a bundle yet, so none has the case.

use journal::{Confidence, Persona, Severity};
use policy::Decision;
use policy::vocabulary::Ground;

use crate::Context;
use crate::disclosure::{self, Objection};
use crate::rule::{Draft, Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "PHI is sent on a ground that is not proved",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Security,
    controls: &["hipaa-prv-502e", "hipaa-sec-308b1", "gdpr-28-3", "gdpr-9-2"],
    tags: &["phi", "disclosure"],
    replaces: &[],
    needs: &["the agreements with the party, in `parties.yaml`", "patients' authorisations and consents"],
};

const CODES: [&str; 4] =
    ["ground-unproved", "authorisation-missing", "direct-identifier", "agreement-not-yet-effective"];

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    out.judged(cx.policy.flows().len());
    for objection in disclosure::objections(cx, cx.today) {
        if CODES.contains(&objection.reason.code.as_str()) {
            report(cx, &objection, out);
        }
    }
    for flow in cx.policy.flows() {
        let personal_ground = [Ground::Authorisation, Ground::Individual, Ground::Gdpr6_1A, Ground::Gdpr9_2A];
        let waits = personal_ground.iter().any(|ground| flow.has_ground(*ground));
        if waits && matches!(disclosure::ask(cx, flow, cx.today, None), Decision::Undetermined(_)) {
            out.unknown(
                format!("whether each patient has agreed to the flow `{}`", flow.id),
                "the signed authorisations and consents, asked at the time when the data moves",
            );
        }
    }
}

fn report(cx: &Context<'_>, objection: &Objection<'_>, out: &mut Outcome) {
    let Some(place) = objection.place() else { return };
    let flows = objection.named_flows();
    let party = objection.party(cx.policy).map(|party| party.id.to_string());
    let phi = objection.fields.iter().any(|name| disclosure::is_phi(cx, name));
    let what = if phi { "PHI" } else { "personal data" };
    let verb = if objection.flows.len() == 1 { "sends" } else { "send" };
    let message =
        format!("{flows} {verb} {what}{}, but {}", objection.for_whom(), objection.reason.fact);
    let component = match &party {
        Some(id) => format!("Party:{id}"),
        None => objection.flows.first().map(|flow| format!("DeclaredFlow:{}", flow.id)).unwrap_or_default(),
    };
    let mut draft = Draft::new(component, cx.policy_place(place), message, fix(objection))
        .severity(if phi { Severity::High } else { Severity::Medium })
        .fields(objection.fields.iter().cloned())
        .detail(detail(objection));
    if let Some(id) = party {
        draft = disclosure::with_endpoints(cx, draft, &id).party(id);
    }
    for flow in &objection.flows {
        if flow.id.place != *place {
            draft = draft.related(cx.policy_place(&flow.id.place), format!("the flow `{}`", flow.id));
        }
    }
    out.found(draft);
}

fn detail(objection: &Objection<'_>) -> String {
    // A cause at the party is one whatever flows are added; a cause at a flow is the flow's.
    let of_party = matches!(objection.reason.rule.as_str(), "ground-without-agreement" | "processor-without-agreement");
    let flows = objection.flows.iter().map(|flow| flow.id.as_str()).collect::<Vec<_>>().join(" ");
    format!("{} {}", objection.reason.rule, if of_party { "" } else { &flows })
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
