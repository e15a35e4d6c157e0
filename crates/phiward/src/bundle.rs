//! Work with a policy bundle.

use std::fmt::Write as _;
use std::path::Path;

use policy::diff::Effect;
use policy::vocabulary::{Action, Ground, Purpose, Region};
use policy::{AskedField, Request, Standing};
use source::Severity;

use crate::arguments::{Bundle, Explain, Policy, Test};
use crate::{Verdict, files, judge, today};

pub(crate) fn run(command: &Policy) -> Result<Verdict, String> {
    match command {
        Policy::Check(bundle) => check(bundle),
        Policy::Explain(question) => explain(question),
        Policy::Digest(bundle) => digest(bundle),
        Policy::Schema => schema(),
        Policy::Test(arguments) => test(arguments),
        Policy::Diff { old, new } => diff(old, new),
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
    // As the bundle's own expectations ask: the bundle alone, with everything else in order.
    request.tls = Some(policy::Tls::V1_3);
    let explanation = policy::explain(&policy, &Standing::known(), &request);
    let assumed = "assumed: TLS 1.3; nobody has restricted, objected, consented or authorised anything, and nobody is blocked\n";
    files::print(format!("{explanation}{assumed}").as_bytes())?;
    Ok(if explanation.answer == "permit" { Verdict::InOrder } else { Verdict::Findings })
}

fn schema() -> Result<Verdict, String> {
    let text = serde_json::to_string_pretty(&policy::schema()).map_err(|error| error.to_string())?;
    files::print((text + "\n").as_bytes())?;
    Ok(Verdict::InOrder)
}

fn test(Test { bundle, on }: &Test) -> Result<Verdict, String> {
    let policy = judge::read_bundle(&bundle.folder)?;
    let tested = policy::expectations::test(&policy, on.unwrap_or_else(today));
    let mut text = String::new();
    for one in &tested {
        match &one.failure {
            None => {
                let _ = writeln!(text, "ok      {}", one.asked);
            }
            Some(failure) => {
                let _ = writeln!(
                    text,
                    "FAILED  {}\n        {}/{}: {failure}",
                    one.asked,
                    bundle.folder.display(),
                    one.place
                );
            }
        }
    }
    let failed = tested.iter().filter(|one| one.failure.is_some()).count();
    let _ = writeln!(text, "{} passed, {failed} failed", tested.len() - failed);
    files::print(text.as_bytes())?;
    Ok(if failed == 0 { Verdict::InOrder } else { Verdict::Findings })
}

/// Exits with 1 where something widens: somebody must look at it.
fn diff(old: &Path, new: &Path) -> Result<Verdict, String> {
    let changes = policy::diff::diff(&judge::read_bundle(old)?, &judge::read_bundle(new)?);
    let mut text = String::new();
    for change in &changes {
        let word = match change.effect {
            Effect::Widens => "widens",
            Effect::Narrows => "narrows",
            Effect::Neutral => "neutral",
        };
        let place = change.place.as_ref().map(|place| format!(" ({place})")).unwrap_or_default();
        let _ = writeln!(text, "{word:<8} {}: {}{place}", change.what, change.how);
    }
    if changes.is_empty() {
        text += "no difference in meaning\n";
    }
    files::print(text.as_bytes())?;
    let widens = changes.iter().any(|change| change.effect == Effect::Widens);
    Ok(if widens { Verdict::Findings } else { Verdict::InOrder })
}
