//! # The agreement with a party does not cover what is sent
//!
//! An agreement with the party exists, and what a declared flow sends lies outside it: another class of data,
//! another purpose, or fields that it does not name.
//!
//! ## Why it harms
//! A business associate may use PHI only as its contract permits (45 CFR 164.502(a)(3), 164.504(e)(2)(i)), and a
//! processor only on documented instructions (GDPR Art. 28(3)(a)). What is sent beyond that is sent without a
//! ground, however good the agreement is for the rest.
//!
//! ## What to change
//! Extend the agreement, then the list in `parties.yaml`; or narrow the flow to what the agreement covers.
//!
//! ## What is not found
//! A list that an agreement leaves out (`classes`, `objects`, `fields`, `purposes`) counts as covering everything.
//! Whether the document says so is for a person to check.
//!
//! ## Seen in the wild
//! No public project carries a bundle yet, so none has the case.

use std::collections::{BTreeMap, BTreeSet};

use journal::{Confidence, Persona, Severity};
use policy::Place;
use policy::bundle::agreement::Agreement;
use policy::bundle::party::Party;

use crate::Context;
use crate::disclosure::{self, Objection, joined};
use crate::rule::{Draft, Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "An agreement does not cover the data that is sent",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Security,
    controls: &["hipaa-prv-504e2i", "hipaa-prv-502a", "gdpr-28-3a"],
    tags: &["phi", "disclosure"],
    replaces: &[],
    needs: &["the agreements with the party, in `parties.yaml`"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    out.judged(cx.policy.agreements().count());
    // By the line whose list is too short.
    let mut short: BTreeMap<Place, Short<'_>> = BTreeMap::new();
    for objection in disclosure::objections(cx, cx.today) {
        if objection.reason.code == "agreement-not-covering"
            && let Some(party) = objection.party(cx.policy)
        {
            uncovered(cx, &objection, party, &mut short);
        }
    }
    for (place, short) in short {
        let Short { party, kind, what, flows, fields } = short;
        let id = party.id.as_str();
        let what = joined(&what.into_iter().collect::<Vec<_>>());
        let flows: Vec<String> = flows.iter().map(|flow| format!("`{flow}`")).collect();
        let (noun, verb) = if flows.len() == 1 { ("flow", "sends") } else { ("flows", "send") };
        let message =
            format!("the {kind} with `{id}` does not cover {what}, which the {noun} {} {verb}", joined(&flows));
        let fix = format!(
            "have the agreement extended and widen this list, or narrow the {noun} to what the agreement covers"
        );
        let draft = Draft::new(format!("Party:{id}"), cx.policy_place(&place), message, fix)
            .fields(fields)
            .detail(format!("{kind} {what}"));
        out.found(disclosure::with_endpoints(cx, draft, id).party(id));
    }
}

#[derive(Debug)]
struct Short<'p> {
    party: &'p Party,
    kind: &'static str,
    what: BTreeSet<String>,
    flows: BTreeSet<String>,
    fields: BTreeSet<String>,
}

/// `decide` says that the agreement does not cover the fields; the agreement says by which of its lists.
fn uncovered<'p>(cx: &Context<'p>, objection: &Objection<'p>, party: &'p Party, lists: &mut BTreeMap<Place, Short<'p>>) {
    let Some(agreement) = party
        .agreements
        .iter()
        .find(|one| objection.reason.place.as_ref().is_some_and(|place| within(place, one)))
    else {
        return;
    };
    let mut said = false;
    let mut add = |place: &Place, what: String, flow: &str, field: &str| {
        said = true;
        let own = lists.entry(place.clone()).or_insert_with(|| Short {
            party,
            kind: agreement.kind.value.as_str(),
            what: BTreeSet::new(),
            flows: BTreeSet::new(),
            fields: BTreeSet::new(),
        });
        own.what.insert(what);
        own.flows.insert(flow.to_owned());
        own.fields.insert(field.to_owned());
    };
    for flow in &objection.flows {
        for name in &objection.fields {
            let (object, field) = name.split_once('.').unwrap_or((name, "*"));
            if !flow.carries(object, field) && !flow.carries(object, "*") {
                continue;
            }
            let purpose = flow.purpose.value;
            if let Some(list) = &agreement.purposes
                && !agreement.covers_purpose(purpose)
            {
                add(&list.place, format!("the purpose `{purpose}`"), flow.id.as_str(), name);
            }
            let class = cx.classes.field(object, field).class;
            if let Some(list) = &agreement.classes
                && !agreement.covers_class(class)
            {
                add(&list.place, format!("the class `{class}`"), flow.id.as_str(), name);
            }
            let list = agreement.fields.as_ref().map(|list| &list.place);
            if let Some(place) = list.or(agreement.objects.as_ref().map(|list| &list.place))
                && !agreement.covers_field(object, field)
            {
                add(place, format!("`{name}`"), flow.id.as_str(), name);
            }
        }
    }
    if !said && let Some(flow) = objection.flows.first() {
        // Classes by record type: `decide` saw one that the strongest class alone does not show.
        let short = Short {
            party,
            kind: agreement.kind.value.as_str(),
            what: BTreeSet::from(["this data".to_owned()]),
            flows: BTreeSet::from([flow.id.to_string()]),
            fields: objection.fields.clone(),
        };
        lists.insert(agreement.place.clone(), short);
    }
}

fn within(place: &Place, agreement: &Agreement) -> bool {
    agreement.place == *place
}
