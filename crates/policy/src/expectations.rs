//! The bundle's own tests.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::bundle::expectation::{Expectation, Question};
use crate::decide::{AskedField, Decision, Request, Standing, Tls, decide};
use crate::model::Policy;
use crate::place::Place;
use crate::vocabulary::Action;

/// How one expectation came out.
#[derive(Debug)]
pub struct Tested {
    pub place: Place,
    /// `deny ehr-sync send HealthCondition.Note__c to northlab`.
    pub asked: String,
    pub answer: Decision,
    /// Nothing where the bundle answers as expected.
    pub failure: Option<String>,
}

/// Puts every expectation of the bundle to it.
///
/// An expectation asks the bundle alone, so everything else is in order: no person has restricted, objected,
/// consented or authorised anything, nobody is blocked, calls come from the identity's own network over
/// TLS 1.3. A question for a portal is about the viewer's own record. `today` stands where a question names
/// no day.
pub fn test(policy: &Policy, today: Date) -> Vec<Tested> {
    policy.expectations().iter().flat_map(|one| outcomes(policy, one, today)).collect()
}

fn outcomes(policy: &Policy, one: &Expectation, today: Date) -> Vec<Tested> {
    let all = [("permit", &one.permit), ("deny", &one.deny), ("undetermined", &one.undetermined)];
    let mut outcomes = Vec::new();
    for (expected, question) in all {
        let Some(question) = question else { continue };
        for (action, pattern) in question.asked() {
            let (object, field) = pattern.value.parts();
            let mut request = request(policy, question, action, today);
            request.fields.push(AskedField::new(object, field));
            let answer = decide(policy, &Standing::known(), &request);
            let to = question.to.as_ref().map(|to| format!(" to {}", to.value)).unwrap_or_default();
            outcomes.push(Tested {
                place: one.place.clone(),
                asked: format!("{expected} {} {action} {}{to}", question.who.value, pattern.value),
                failure: failure(one, expected, &answer),
                answer,
            });
        }
    }
    outcomes
}

fn request(policy: &Policy, question: &Question, action: Action, today: Date) -> Request {
    let on = question.at.as_ref().map_or(today, |day| day.value);
    // Noon, so that no time zone moves the day.
    let noon = on.at(12, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).map(|zoned| zoned.timestamp());
    let mut request = Request::new(action, Vec::new(), noon.unwrap_or(Timestamp::UNIX_EPOCH));
    request.who = Some(question.who.to_string());
    request.to = question.to.as_ref().map(|to| to.to_string());
    request.purpose = question.purpose.as_ref().map(|purpose| purpose.value);
    request.ground = question.ground.as_ref().map(|ground| ground.value);
    request.subject.region = question.subject_region.as_ref().map(|region| region.value.clone());
    request.subject.pseudonym = Some("expectation".to_owned());
    request.subject.is_receiver = policy.audience(question.who.as_str()).map(|_| true);
    request.tls = Some(Tls::V1_3);
    request.network = policy
        .identity(question.who.as_str())
        .and_then(|identity| identity.networks.first())
        .map(|network| network.value.address());
    request
}

fn failure(one: &Expectation, expected: &str, answer: &Decision) -> Option<String> {
    let got = match answer {
        Decision::Permit(_) => "permit",
        Decision::Denial(_) => "deny",
        Decision::Undetermined(_) => "undetermined",
    };
    let mut codes: Vec<&str> = answer.reasons().iter().map(|reason| reason.code.as_str()).collect();
    codes.dedup();
    let because = if codes.is_empty() { String::new() } else { format!(" because {}", codes.join(", ")) };
    if got != expected {
        return Some(format!("expected {expected}, the bundle says {got}{because}"));
    }
    let wanted = one.because.as_ref()?;
    (!answer.because(wanted.as_str()))
        .then(|| format!("expected because {}, the bundle says {got}{because}", wanted.value))
}
