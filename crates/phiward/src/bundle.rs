//! Work with a policy bundle.

use std::fmt::Write as _;
use std::path::Path;

use policy::vocabulary::{Action, Ground, Purpose, Region};
use policy::{AskedField, Decision, Request, Standing};
use source::Severity;

use crate::arguments::{Bundle, Explain, Policy};
use crate::{Verdict, files, judge, today};

pub(crate) fn run(command: &Policy) -> Result<Verdict, String> {
    match command {
        Policy::Check(bundle) => check(bundle),
        Policy::Explain(question) => explain(question),
        Policy::Digest(bundle) => digest(bundle),
    }
}

fn check(Bundle { folder }: &Bundle) -> Result<Verdict, String> {
    let (policy, problems) = judge::read_bundle_with_problems(folder)?;
    let mut text = String::new();
    for problem in &problems {
        let word = match problem.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let _ = writeln!(text, "{word}: {}/{problem}", folder.display());
    }
    let errors = problems.iter().filter(|problem| problem.severity == Severity::Error).count();
    let _ = writeln!(
        text,
        "{} parties, {} flows, {} objects classified, {} identities, {} models; {errors} errors, {} warnings",
        policy.parties().len(),
        policy.flows().len(),
        policy.objects().count(),
        policy.identities().len(),
        policy.models().len(),
        problems.len() - errors,
    );
    files::print(text.as_bytes())?;
    Ok(if errors == 0 { Verdict::InOrder } else { Verdict::Findings })
}

fn digest(Bundle { folder }: &Bundle) -> Result<Verdict, String> {
    let policy = judge::read_bundle(folder)?;
    println!("{}", policy.digest());
    Ok(Verdict::InOrder)
}

/// A word of the bundle's vocabulary, or an error that lists them.
fn word<T: Copy + std::fmt::Display>(
    option: &str,
    text: &str,
    all: &[T],
    of: impl Fn(&str) -> Option<T>,
) -> Result<T, String> {
    of(text).ok_or_else(|| {
        let words: Vec<String> = all.iter().map(T::to_string).collect();
        format!("`{text}` is not for {option}: {}", words.join(", "))
    })
}

fn explain(question: &Explain) -> Result<Verdict, String> {
    let policy = judge::read_bundle(&question.bundle.folder)?;
    let action = word("--action", &question.action, Action::ALL, Action::of)?;
    let fields: Vec<AskedField> = question
        .fields
        .iter()
        .map(|field| match field.split_once('.') {
            Some((object, field)) => Ok(AskedField::new(object, field)),
            None => Err(format!("`{field}` is not of the form Object.Field")),
        })
        .collect::<Result<_, _>>()?;
    let day = question.on.unwrap_or_else(today);
    let at = day.to_zoned(jiff::tz::TimeZone::UTC).map_err(|error| error.to_string())?.timestamp();
    let mut request = Request::new(action, fields, at);
    request.who = Some(question.who.clone());
    request.to.clone_from(&question.to);
    let purpose = question.purpose.as_deref();
    request.purpose = purpose.map(|text| word("--purpose", text, Purpose::ALL, Purpose::of)).transpose()?;
    let ground = question.ground.as_deref();
    request.ground = ground.map(|text| word("--ground", text, Ground::ALL, Ground::of)).transpose()?;
    request.subject.region = match &question.subject_region {
        Some(text) => Some(Region::of(text).ok_or_else(|| format!("`{text}` is not a region"))?),
        None => None,
    };
    let decision = policy::decide(&policy, &Standing::unknown(), &request);
    files::print(told(&decision, &question.bundle.folder).as_bytes())?;
    Ok(if decision.is_permit() { Verdict::InOrder } else { Verdict::Findings })
}

fn told(decision: &Decision, folder: &Path) -> String {
    let mut text = match decision {
        Decision::Permit(permit) => {
            let grounds: Vec<String> = permit.grounds().iter().map(ToString::to_string).collect();
            let flow = permit.flow().map(|flow| format!(" by the flow `{flow}`")).unwrap_or_default();
            let grounds = if grounds.is_empty() {
                String::new()
            } else {
                format!(", on the ground {}", grounds.join(" and "))
            };
            format!("permitted{flow}{grounds}, until {}\n", permit.expires())
        }
        Decision::Denial(_) => "denied\n".to_owned(),
        Decision::Undetermined(open) => {
            format!("undetermined; what would settle it: {}\n", open.missing.join(", "))
        }
    };
    let catalogue = policy::controls::catalogue();
    for reason in decision.reasons() {
        let _ = writeln!(text, "  {}: {}", reason.code, reason.fact);
        if !reason.fields.is_empty() {
            let _ = writeln!(text, "    fields: {}", reason.fields.join(", "));
        }
        let _ = writeln!(text, "    rule: {}", reason.rule);
        if let Some(place) = &reason.place {
            let _ = writeln!(text, "    line: {}/{place}", folder.display());
        }
        let cited: Vec<&str> = reason
            .controls
            .iter()
            .map(|id| catalogue.control(id).map_or(id.as_str(), |control| control.citation.as_str()))
            .collect();
        if !cited.is_empty() {
            let _ = writeln!(text, "    controls: {}", cited.join(", "));
        }
    }
    text
}
