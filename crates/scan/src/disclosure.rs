//! What the policy answers of the declared flows: every question goes to [`policy::decide`], and this module
//! only sorts its reasons by the line of the bundle that would have to change.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use policy::bundle::flow::DeclaredFlow;
use policy::bundle::party::Party;
use policy::vocabulary::{Action, Class, PartyRole, Region};
use policy::{AskedField, Decision, Place, Policy, Reason, Request, Standing, Tls};

use crate::rule::Draft;
use crate::{Context, Endpoint};

/// A reason of `decide` against declared flows, with everything that it was given for.
#[derive(Debug, Clone)]
pub(crate) struct Objection<'p> {
    pub(crate) reason: Reason,
    /// The flows that it stops, in the order of the bundle.
    pub(crate) flows: Vec<&'p DeclaredFlow>,
    /// For each flow, by its id, the legal regions of the people for whom it holds.
    pub(crate) regions: BTreeMap<String, BTreeSet<String>>,
    /// How many regions the people come from whose data the org holds.
    asked: usize,
    /// As `Object.Field`.
    pub(crate) fields: BTreeSet<String>,
}

impl<'p> Objection<'p> {
    /// The line that the reason rests on, else the first flow's.
    pub(crate) fn place(&self) -> Option<&Place> {
        self.reason.place.as_ref().or_else(|| self.flows.first().map(|flow| &flow.id.place))
    }

    /// `` the flow `a` `` or `` the flows `a` and `b` ``.
    pub(crate) fn named_flows(&self) -> String {
        let ids: Vec<String> = self.flows.iter().map(|flow| format!("`{}`", flow.id)).collect();
        match ids.as_slice() {
            [only] => format!("the flow {only}"),
            _ => format!("the flows {}", joined(&ids)),
        }
    }

    /// Empty where it holds for everyone; flow by flow where these differ.
    pub(crate) fn for_whom(&self) -> String {
        let each: Vec<(&String, String)> =
            self.regions.keys().map(|flow| (flow, self.for_whom_of(flow))).collect();
        let different: BTreeSet<&String> = each.iter().map(|(_, whom)| whom).collect();
        if different.len() > 1 {
            let said =
                |whom: &str| if whom.is_empty() { " for everyone".to_owned() } else { whom.to_owned() };
            let each: Vec<String> =
                each.iter().map(|(flow, whom)| format!("`{flow}`{}", said(whom))).collect();
            return format!(" ({})", each.join(", "));
        }
        each.into_iter().next().map(|(_, whom)| whom).unwrap_or_default()
    }

    /// The same for one flow.
    pub(crate) fn for_whom_of(&self, flow: &str) -> String {
        let named: Vec<String> =
            self.regions.get(flow).into_iter().flatten().map(|region| format!("`{region}`")).collect();
        if named.is_empty() || named.len() >= self.asked {
            return String::new();
        }
        format!(" for people of {}", joined(&named))
    }

    pub(crate) fn party(&self, policy: &'p Policy) -> Option<&'p Party> {
        let flow = self.flows.first()?;
        receiver(policy, flow)
    }
}

/// `a`, `a and b`, `a, b and c`.
pub(crate) fn joined(all: &[String]) -> String {
    match all {
        [] => String::new(),
        [only] => only.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}

/// The party that a flow goes to, or that runs the model that it goes to.
pub(crate) fn receiver<'p>(policy: &'p Policy, flow: &DeclaredFlow) -> Option<&'p Party> {
    let to = flow.to.as_str();
    let provider = || policy.model(to)?.provider.as_ref().and_then(|party| policy.party(party.as_str()));
    policy.party(to).or_else(provider)
}

/// The legal regions of the people whose data this source's org holds: what the org says, else the bundle.
pub(crate) fn subject_regions(policy: &Policy) -> Vec<Region> {
    let of_org = policy.default_org().and_then(|org| org.subjects.as_ref());
    let all = of_org.map_or(policy.regions(), Vec::as_slice);
    all.iter().map(|region| region.value.clone()).collect()
}

/// What `decide` holds against the declared flows on a day, one entry for each line and cause.
pub(crate) fn objections<'p>(cx: &Context<'p>, on: Date) -> Vec<Objection<'p>> {
    let regions = subject_regions(cx.policy);
    let mut found: BTreeMap<(String, String, Option<Place>), Objection<'p>> = BTreeMap::new();
    for flow in cx.policy.flows() {
        let asked: Vec<Option<&Region>> =
            if regions.is_empty() { vec![None] } else { regions.iter().map(Some).collect() };
        for region in &asked {
            let Decision::Denial(denial) = ask(cx, flow, on, *region) else { continue };
            for reason in denial.reasons {
                let key = (reason.rule.clone(), cause(&reason), reason.place.clone());
                let own = found.entry(key).or_insert_with(|| Objection {
                    reason: reason.clone(),
                    flows: Vec::new(),
                    regions: BTreeMap::new(),
                    asked: regions.len(),
                    fields: BTreeSet::new(),
                });
                if !own.flows.iter().any(|known| known.id == flow.id) {
                    own.flows.push(flow);
                }
                let of_flow = own.regions.entry(flow.id.to_string()).or_default();
                of_flow.extend(region.map(|region| region.to_string()));
                own.fields.extend(reason.fields);
            }
        }
    }
    found.into_values().collect()
}

/// The same line of the bundle, the same cause: reasons that say it for several objects are one.
fn cause(reason: &Reason) -> String {
    if reason.place.is_some() { String::new() } else { reason.fact.clone() }
}

/// What `decide` says of a declared flow with all that the bundle says of it, on a day, for people of a region.
pub(crate) fn ask(cx: &Context<'_>, flow: &DeclaredFlow, on: Date, region: Option<&Region>) -> Decision {
    ask_at(cx, flow, on, region, None)
}

/// As [`ask`], where the receiver is known to process in one of its regions.
pub(crate) fn ask_at(
    cx: &Context<'_>,
    flow: &DeclaredFlow,
    on: Date,
    region: Option<&Region>,
    receiver: Option<&Region>,
) -> Decision {
    let action = if cx.policy.model(flow.to.as_str()).is_some() { Action::Infer } else { Action::Send };
    let fields = flow.from.iter().map(|pattern| pattern.parts()).collect::<Vec<_>>();
    let mut request = request(cx, action, fields, on);
    request.who = flow.by.as_ref().map(|by| by.to_string());
    request.to = Some(flow.to.to_string());
    request.purpose = Some(flow.purpose.value);
    request.flow = Some(flow.id.to_string());
    request.subject.region = region.cloned();
    request.region = receiver.cloned();
    policy::decide(cx.policy, &Standing::unknown(), &request)
}

/// What `decide` says of fields that the source sends to a party, model or org of the bundle.
pub(crate) fn ask_sent(cx: &Context<'_>, action: Action, to: &str, fields: &[String]) -> Vec<Decision> {
    // A member of an inner class is `Outer.Inner.member`.
    let fields: Vec<(&str, &str)> = fields.iter().filter_map(|name| name.rsplit_once('.')).collect();
    let regions = subject_regions(cx.policy);
    let asked: Vec<Option<&Region>> =
        if regions.is_empty() { vec![None] } else { regions.iter().map(Some).collect() };
    asked
        .into_iter()
        .map(|region| {
            let mut request = request(cx, action, fields.clone(), cx.today);
            request.to = Some(to.to_owned());
            request.subject.region = region.cloned();
            policy::decide(cx.policy, &Standing::unknown(), &request)
        })
        .collect()
}

fn request(cx: &Context<'_>, action: Action, fields: Vec<(&str, &str)>, on: Date) -> Request {
    let asked = fields.into_iter().map(|(object, field)| {
        // The policy knows names as Salesforce's API has them: of an inner class that is no point.
        let mut asked = AskedField::new(object.replace('.', "_"), field);
        asked.presumed = Some(match field {
            // The bundle opens `*` to the fields that it names; of the others, the worst counts.
            "*" => {
                let known = cx.classes.phi_fields(object).into_iter().map(|(_, verdict)| verdict.class);
                known.max().unwrap_or(Class::Internal)
            }
            _ if cx.classes.is_phi_named(object, field) => {
                cx.classes.field(object, field).class.max(Class::Phi)
            }
            _ => cx.classes.field(object, field).class,
        });
        asked
    });
    let noon = on.at(12, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC);
    let at = noon.map_or(jiff::Timestamp::UNIX_EPOCH, |noon| noon.timestamp());
    let mut request = Request::new(action, asked.collect(), at);
    // How a connection is protected is another rule's business.
    request.tls = Some(Tls::V1_3);
    request
}

/// Adds where the source reaches the party, so that whoever mends the bundle sees the code that is concerned.
pub(crate) fn with_endpoints(cx: &Context<'_>, draft: Draft, party: &str) -> Draft {
    const SHOWN: usize = 5;
    let own = cx.endpoints().iter().filter(|endpoint| endpoint.party.as_deref() == Some(party));
    own.take(SHOWN).fold(draft, |draft, endpoint| {
        draft.related(endpoint.place.clone(), format!("the source reaches `{party}` here: {}", endpoint.kind))
    })
}

/// Up to three names, and how many more.
pub(crate) fn shown(names: &[String]) -> String {
    const SHOWN: usize = 3;
    let mut all: Vec<String> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    if let Some(more) = names.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        all.push(if more == 1 { "1 more field".to_owned() } else { format!("{more} more fields") });
    }
    joined(&all)
}

/// Whether a party receives PHI by what it is or by a declared flow.
pub(crate) fn receives_phi(cx: &Context<'_>, party: &Party) -> bool {
    let by_role =
        [PartyRole::BusinessAssociate, PartyRole::Processor].iter().any(|role| party.has_role(*role));
    by_role
        || cx.policy.flows().iter().any(|flow| {
            receiver(cx.policy, flow).is_some_and(|to| to.id == party.id)
                && flow.from.iter().any(|pattern| is_phi(cx, pattern.as_str()))
        })
}

/// The party of the bundle that a named credential leads to: by its name, else by its address.
pub(crate) fn party_of_credential<'p>(cx: &Context<'p>, credential: &str) -> Option<&'p Party> {
    cx.policy.party_of_named_credential(credential).or_else(|| {
        let component = format!("NamedCredential:{credential}");
        let own = cx.endpoints().iter().filter(|endpoint| endpoint.component == component);
        own.filter_map(|endpoint| endpoint.party.as_deref()).find_map(|party| cx.policy.party(party))
    })
}

/// Whether `Object.Field` is PHI, or `Object.*` holds any.
pub(crate) fn is_phi(cx: &Context<'_>, full_name: &str) -> bool {
    match full_name.split_once('.') {
        Some((object, "*")) => cx.is_phi_object(object),
        Some((object, field)) => cx.classes.is_phi(object, field),
        None => false,
    }
}

/// Parties that process for the organisation and whom no flow names: their role says that data goes there, with the
/// addresses by which the source sends to them.
pub(crate) fn processors_without_flow<'c, 'p>(cx: &'c Context<'p>) -> Vec<(&'p Party, Vec<&'c Endpoint>)> {
    let roles = [PartyRole::BusinessAssociate, PartyRole::Processor, PartyRole::Subprocessor];
    let mut found = Vec::new();
    for party in cx.policy.parties() {
        let has_flow = cx.policy.flows().iter().any(|flow| {
            flow.to.as_str() == party.id.as_str()
                || receiver(cx.policy, flow).is_some_and(|to| to.id == party.id)
        });
        if has_flow || !roles.iter().any(|role| party.has_role(*role)) {
            continue;
        }
        let sends = |endpoint: &&Endpoint| {
            endpoint.active && endpoint.kind.sends() && endpoint.party.as_deref() == Some(party.id.as_str())
        };
        let endpoints: Vec<&Endpoint> = cx.endpoints().iter().filter(sends).collect();
        if !endpoints.is_empty() {
            found.push((party, endpoints));
        }
    }
    found
}

/// Those of them with whom no agreement is on file.
pub(crate) fn unsigned_processors(cx: &Context<'_>) -> BTreeSet<String> {
    let unsigned = processors_without_flow(cx).into_iter().filter(|(party, _)| party.agreements.is_empty());
    unsigned.map(|(party, _)| party.id.to_string()).collect()
}

/// Whether a flow has the field, or all fields of its object, in its minimum set.
pub(crate) fn carries(flow: &DeclaredFlow, full_name: &str) -> bool {
    let (object, field) = full_name.split_once('.').unwrap_or((full_name, "*"));
    flow.carries(object, field) || (field == "*" && flow.carries(object, "*"))
}

#[cfg(test)]
mod tests;
