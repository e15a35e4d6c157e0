//! One finding for what is mended at one place.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use apex::{FileId, MethodId, Name, Ty};
use dataflow::{Did, Hit, Sink, Spot, Trace, World};
use source::Span;

use super::leak::{Flow, Leak};
use super::way::Standing;

impl Flow {
    fn is_answer(&self) -> bool {
        self.way.has_step(Did::Answered)
    }

    /// Whether at its place nothing is read or put together: a call hands on the object in which the data is kept, or leads
    /// to code that is looked up by name.
    fn is_only_handed_on(&self) -> bool {
        let Spot { file, span: place, .. } = self.place;
        let is_there = |step: &Trace| (step.file, step.span) == (file, place);
        // What is read in an argument of the call.
        let is_within = |step: &&&Trace| {
            step.file == file
                && step.span != place
                && place.start <= step.span.start
                && step.span.end <= place.end
        };
        let steps = self.way.steps();
        let Some(at) = steps.iter().rposition(|step| is_there(step) && step.did == Did::Passed) else {
            return steps.iter().all(|step| step.file != file);
        };
        let before = || steps.iter().take(at);
        let is_put_in = before()
            .enumerate()
            .any(|(nth, step)| is_within(&step) && (step.did == Did::Passed || nth + 1 == at));
        before().any(|step| step.did == Did::Kept && step.file != file) && !is_put_in
    }
}

/// Methods that only write to a log or publish: who calls them says what.
pub(super) fn carriers<'h>(world: &World<'_>, hits: impl Iterator<Item = &'h Hit>) -> BTreeSet<MethodId> {
    let mut found = BTreeSet::new();
    let mut others = BTreeSet::new();
    for hit in hits {
        match hit.sink {
            Sink::Log | Sink::Event { .. } | Sink::Record { .. } | Sink::Variable(..) => {
                found.insert(hit.at.method)
            }
            _ => others.insert(hit.at.method),
        };
    }
    found.retain(|id| {
        world.program.method(*id).is_some_and(|method| matches!(method.returns, Ty::Void))
            && !others.contains(id)
    });
    found
}

pub(super) fn told_once(flows: Vec<Flow>, carriers: &BTreeSet<MethodId>) -> Vec<Leak> {
    let same = same_data(&flows);
    // Where the method that sends puts something in itself, what others hand to it goes with the same mail.
    let sent = |flow: &Flow| (flow.place.method == flow.at.method).then_some(flow.at);
    let senders: BTreeSet<Spot> =
        flows.iter().filter(|flow| flow.sink == Sink::Mail).filter_map(sent).collect();
    let sender = |flow: &Flow| match senders.contains(&flow.at) {
        true => flow.at.method,
        false => flow.place.method,
    };
    let mut mails: BTreeMap<(MethodId, Spot), Spot> = BTreeMap::new();
    for flow in flows.iter().filter(|flow| flow.sink == Sink::Mail) {
        let key = (sender(flow), flow.at);
        if key.0 == flow.place.method {
            let first = mails.entry(key).or_insert(flow.place);
            *first = (*first).min(flow.place);
        }
    }
    // What a request is sent with where it is made, and what the same class hands to that, is one request.
    let to_one = |flow: &Flow| matches!(flow.sink, Sink::CalloutBody | Sink::CalloutHeader | Sink::Model);
    let mut made: BTreeMap<(Sink, Spot, Name, BTreeSet<String>, bool), Spot> = BTreeMap::new();
    for flow in flows.iter().filter(|flow| to_one(flow) && flow.place.method == flow.at.method) {
        let key = (flow.sink, flow.at, flow.object, flow.to.clone(), flow.is_answer());
        let first = made.entry(key).or_insert(flow.place);
        *first = (*first).min(flow.place);
    }
    let mut leaks: BTreeMap<_, Leak> = BTreeMap::new();
    for flow in flows {
        let of_request = made
            .get(&(flow.sink, flow.at, flow.object, flow.to.clone(), flow.is_answer()))
            .filter(|place| flow.place.method != flow.at.method && flow.place.file == place.file)
            .copied();
        let of_request = of_request.or((to_one(&flow) && flow.is_only_handed_on()).then_some(flow.put));
        let is_own = match flow.sink {
            Sink::Log | Sink::Event { .. } => {
                !carriers.contains(&flow.at.method) || same.contains(&(flow.sink, flow.put))
            }
            Sink::Record { .. } => same.contains(&(flow.sink, flow.put)),
            Sink::CalloutAddress => flow.is_own,
            _ => false,
        };
        // Subject, body and attachments are put into one mail.
        let of_mail = mails.get(&(sender(&flow), flow.at)).filter(|_| flow.sink == Sink::Mail).copied();
        let place = of_mail.or(of_request).unwrap_or(if is_own { flow.put } else { flow.place });
        // A number of an answer weighs less in a log.
        let is_counted = flow.way.has_step(Did::Counted);
        // What is read and what was answered about it go with one mail.
        let is_answer = flow.sink != Sink::Mail && flow.is_answer();
        let standing = (Standing::of(flow.sink, &flow.way), is_answer, is_counted);
        let key = (place, flow.sink, flow.to.clone(), standing);
        let leak = leaks.entry(key).or_insert_with(|| Leak {
            sink: flow.sink,
            place,
            at: flow.at,
            data: BTreeMap::new(),
            ways: Vec::new(),
            to: flow.to,
            begins: Some(BTreeSet::new()),
            is_handed_in: true,
        });
        leak.is_handed_in &= flow.is_handed_in;
        leak.begins = leak.begins.take().zip(flow.begins).map(|(all, more)| &all | &more);
        match leak.data.entry(flow.object) {
            Entry::Vacant(entry) => {
                entry.insert(flow.fields);
                leak.ways.push(flow.way);
            }
            Entry::Occupied(mut entry) => {
                // Each caller of a method that sends is a way of its own.
                if flow.sink == Sink::Mail && flow.place.method != place.method {
                    leak.ways.push(flow.way);
                }
                entry.get_mut().extend(flow.fields);
            }
        }
    }
    let mut told: Vec<Leak> = Vec::new();
    for leak in leaks.into_values() {
        let same = (leak.sink == Sink::Mail)
            .then(|| told.iter_mut().find(|known| is_one_mail(known, &leak)))
            .flatten();
        match same {
            Some(known) => known.join(&leak),
            None => told.push(leak),
        }
    }
    told
}

/// Whether two mails say the same, which is put in at one place for both, and are sent by one call.
fn is_one_mail(one: &Leak, other: &Leak) -> bool {
    // Before it is handed on at its place: behind that, each mail is put together alike.
    let put_in = |leak: &Leak| -> BTreeSet<(FileId, Span)> {
        let place = (leak.place.file, leak.place.span);
        let before = leak
            .ways
            .iter()
            .flat_map(|way| way.steps().into_iter().take_while(move |step| (step.file, step.span) != place));
        before.filter(|step| step.did == Did::Stored).map(|step| (step.file, step.span)).collect()
    };
    let is_same =
        |one: &Leak, other: &Leak| (one.at, &one.data, &one.to) == (other.at, &other.data, &other.to);
    one.sink == Sink::Mail
        && other.sink == Sink::Mail
        && is_same(one, other)
        && !put_in(one).is_disjoint(&put_in(other))
}

/// Ways out to which several places bring the same data: not these places decide what goes.
fn same_data(flows: &[Flow]) -> BTreeSet<(Sink, Spot)> {
    let mut brought: BTreeMap<_, BTreeMap<_, BTreeMap<Name, BTreeSet<Name>>>> = BTreeMap::new();
    for flow in flows {
        let places = brought.entry((flow.sink, flow.put)).or_default();
        let data = places.entry((flow.is_answer(), flow.place)).or_default();
        data.entry(flow.object).or_default().extend(&flow.fields);
    }
    let is_same = |places: &BTreeMap<(bool, Spot), BTreeMap<Name, BTreeSet<Name>>>| {
        let all: Vec<_> = places.values().collect();
        all.len() > 1 && all.windows(2).all(|pair| pair.first() == pair.last())
    };
    brought.into_iter().filter(|(_, places)| is_same(places)).map(|(key, _)| key).collect()
}
