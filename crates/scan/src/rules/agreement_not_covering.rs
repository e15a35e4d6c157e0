//! # An agreement does not cover the data that is sent
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
use policy::bundle::flow::DeclaredFlow;
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
    sbs: &[],
    needs: &["the agreements with the party, in `parties.yaml`"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    out.judged(cx.policy.agreements().count());
    let mut short: BTreeMap<String, Short<'_>> = BTreeMap::new();
    for objection in disclosure::objections(cx, cx.today) {
        if objection.reason.code == "agreement-not-covering" {
            for flow in &objection.flows {
                uncovered(cx, &objection, flow, &mut short);
            }
        }
    }
    for short in short.into_values() {
        let Short { party, flow, kinds, what, lists, fields } = short;
        let id = party.id.as_str();
        let kinds: Vec<String> = kinds.into_iter().map(str::to_owned).collect();
        let what = joined(&what.into_iter().collect::<Vec<_>>());
        let message =
            format!("the flow `{}` goes beyond the {} with `{id}`, which does not cover {what}", flow.id, joined(&kinds));
        let fix = "narrow the flow to what the agreement covers; or have the agreement extended, then widen its list in \
                   `parties.yaml`";
        let mut draft = Draft::new(format!("DeclaredFlow:{}", flow.id), cx.policy_place(&flow.place), message, fix)
            .fields(fields)
            .party(id);
        for place in lists {
            draft = draft.related(cx.policy_place(&place), "this list is too short");
        }
        out.found(disclosure::with_endpoints(cx, draft, id));
    }
}

/// What a flow sends beyond its agreement.
#[derive(Debug)]
struct Short<'p> {
    party: &'p Party,
    flow: &'p DeclaredFlow,
    kinds: BTreeSet<&'static str>,
    what: BTreeSet<String>,
    lists: BTreeSet<Place>,
    fields: BTreeSet<String>,
}

/// `decide` says that the agreement does not cover the fields; the agreement says by which of its lists.
fn uncovered<'p>(
    cx: &Context<'p>,
    objection: &Objection<'p>,
    flow: &'p DeclaredFlow,
    short: &mut BTreeMap<String, Short<'p>>,
) {
    let Some(party) = disclosure::receiver(cx.policy, flow) else { return };
    let agreement = party.agreements.iter().find(|one| objection.reason.place.as_ref() == Some(&one.place));
    let Some(agreement) = agreement else { return };
    let own = short.entry(flow.id.to_string()).or_insert_with(|| Short {
        party,
        flow,
        kinds: BTreeSet::new(),
        what: BTreeSet::new(),
        lists: BTreeSet::new(),
        fields: BTreeSet::new(),
    });
    own.kinds.insert(agreement.kind.value.as_str());
    let purpose = flow.purpose.value;
    if let Some(list) = &agreement.purposes
        && !agreement.covers_purpose(purpose)
    {
        own.what.insert(format!("the purpose `{purpose}`"));
        own.lists.insert(list.place.clone());
    }
    for name in objection.fields.iter().filter(|name| disclosure::carries(flow, name)) {
        let (object, field) = name.split_once('.').unwrap_or((name, "*"));
        own.fields.insert(name.clone());
        let class = cx.classes.field(object, field).class;
        if let Some(list) = &agreement.classes
            && !agreement.covers_class(class)
        {
            own.what.insert(format!("the class `{class}`"));
            own.lists.insert(list.place.clone());
        }
        let list = agreement.fields.as_ref().map(|list| &list.place);
        if let Some(place) = list.or(agreement.objects.as_ref().map(|list| &list.place))
            && !agreement.covers_field(object, field)
        {
            own.what.insert(format!("`{name}`"));
            own.lists.insert(place.clone());
        }
    }
    if own.what.is_empty() {
        // A class by record type: `decide` saw one that the strongest class alone does not show.
        own.what.insert("this data".to_owned());
    }
}
