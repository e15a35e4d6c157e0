//! Why an answer is what it is: for people.

use std::fmt;

use crate::decide::{Decision, Reason, Request, Standing, decide};
use crate::model::{ClassifiedBy, Policy};
use crate::place::Place;
use crate::vocabulary::Class;

/// An answer with everything that it rests on.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Explanation {
    /// `permit`, `deny` or `undetermined`.
    pub answer: &'static str,
    /// What would settle it.
    pub missing: Vec<String>,
    pub reasons: Vec<Reason>,
    pub fields: Vec<ExplainedField>,
    /// The declared flows to the receiver, and how each answers.
    pub flows: Vec<ExplainedFlow>,
}

/// How a field is classified, and by which line.
#[derive(Clone, Debug, serde::Serialize)]
pub struct ExplainedField {
    pub name: String,
    pub class: Option<Class>,
    /// In plain words.
    pub by: &'static str,
    #[serde(serialize_with = "shown")]
    pub place: Option<Place>,
}

/// How a declared flow answers the question by itself.
#[derive(Clone, Debug, serde::Serialize)]
pub struct ExplainedFlow {
    pub id: String,
    #[serde(serialize_with = "shown")]
    pub place: Option<Place>,
    pub answer: &'static str,
    /// Codes of its reasons.
    pub codes: Vec<String>,
}

fn shown<S: serde::Serializer>(place: &Option<Place>, serializer: S) -> Result<S::Ok, S::Error> {
    match place {
        Some(place) => serializer.collect_str(place),
        None => serializer.serialize_none(),
    }
}

fn word(decision: &Decision) -> &'static str {
    match decision {
        Decision::Permit(_) => "permit",
        Decision::Denial(_) => "deny",
        Decision::Undetermined(_) => "undetermined",
    }
}

/// Decides and tells why: rule, fact, place and control of every reason, the line that classifies each field,
/// and how each declared flow to the receiver would answer.
pub fn explain(policy: &Policy, standing: &Standing, request: &Request) -> Explanation {
    let decision = decide(policy, standing, request);
    let fields = request.fields.iter().map(|asked| {
        let found = policy.class_of(&asked.object, &asked.field);
        let by = match found.as_ref().map(|found| found.by) {
            Some(ClassifiedBy::Field) => "a line for the field",
            Some(ClassifiedBy::PersonAccount) => "the line of the same field of the person account",
            Some(ClassifiedBy::Compound) => "the line of the compound field, or of its parts",
            Some(ClassifiedBy::ObjectDefault) => "the object's default",
            None if asked.presumed.is_some() => "the asker",
            None if policy.unclassified().is_some() => "the bundle's default",
            None => "nobody",
        };
        let class = found.as_ref().map(|found| found.class).or(asked.presumed).or(policy.unclassified());
        ExplainedField { name: asked.to_string(), class, by, place: found.and_then(|found| found.place) }
    });
    let fields = fields.collect();
    let flows = request.to.iter().flat_map(|to| policy.flows_to(to)).map(|flow| {
        let alone = Request { flow: Some(flow.id.to_string()), ..request.clone() };
        let decision = decide(policy, standing, &alone);
        let mut codes: Vec<String> = decision.reasons().iter().map(|reason| reason.code.clone()).collect();
        codes.sort_unstable();
        codes.dedup();
        ExplainedFlow {
            id: flow.id.to_string(),
            place: Some(flow.place.clone()),
            answer: word(&decision),
            codes,
        }
    });
    let flows = flows.collect();
    Explanation {
        answer: word(&decision),
        missing: match &decision {
            Decision::Undetermined(open) => open.missing.clone(),
            _ => Vec::new(),
        },
        reasons: decision.reasons().to_vec(),
        fields,
        flows,
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.answer)?;
        if !self.missing.is_empty() {
            writeln!(f, "missing: {}", self.missing.join(", "))?;
        }
        for reason in &self.reasons {
            writeln!(f, "{}: {}", reason.code, reason.fact)?;
            if !reason.fields.is_empty() {
                writeln!(f, "  fields: {}", reason.fields.join(", "))?;
            }
            if let Some(place) = &reason.place {
                writeln!(f, "  at {place}")?;
            }
            let rule = if reason.rule == reason.code { "" } else { &reason.rule };
            if !rule.is_empty() {
                writeln!(f, "  rule: {rule}")?;
            }
            if !reason.controls.is_empty() {
                writeln!(f, "  controls: {}", reason.controls.join(", "))?;
            }
        }
        for field in &self.fields {
            let class = field.class.map_or("of no known class", Class::as_str);
            write!(f, "{} is {class}, by {}", field.name, field.by)?;
            match &field.place {
                Some(place) => writeln!(f, " ({place})")?,
                None => writeln!(f)?,
            }
        }
        for flow in &self.flows {
            write!(f, "flow {}: {}", flow.id, flow.answer)?;
            if !flow.codes.is_empty() {
                write!(f, " because {}", flow.codes.join(", "))?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}
