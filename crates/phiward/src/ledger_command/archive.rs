use std::sync::Arc;

use journal::Retained;
use ledger::archive::{archive, verify_archive};
use ledger::reading::is_gone;
use ledger::retention::Rules;
use ledger::s3::S3;
use tlog::{Objects, entries};
use wire::Credentials;
use zeroize::Zeroizing;

use super::arguments::Archive;
use super::{logs, plain, text};
use crate::outside::SystemClock;
use crate::telling::counted;
use crate::{Verdict, judge};

pub(crate) fn run(arguments: &Archive) -> Result<Verdict, String> {
    let policy = arguments.policy.as_deref().map(judge::read_bundle).transpose()?;
    if let Some(days) = arguments.lock_days {
        let rules = Rules::of(policy.as_ref());
        Retained::ALL.iter().try_for_each(|class| rules.may_be_set(*class, days))?;
    }
    let objects = store(arguments)?;
    let mut in_order = true;
    for log in logs(&arguments.reading)? {
        if !arguments.check {
            let done = archive(&log, &objects, &arguments.prefix).map_err(text)?;
            let written = counted(done.written, "object", "objects");
            println!("{}: {}, {written} written", log.name, entries(done.size));
            continue;
        }
        if is_gone(&log) {
            println!("{}: deleted here", log.name);
            continue;
        }
        let report = verify_archive(&log, &objects, &arguments.prefix).map_err(text)?;
        for problem in &report.problems {
            println!("{}: {problem}", log.name);
        }
        in_order &= report.problems.is_empty();
        let word = if report.problems.is_empty() { "in order" } else { "not in order" };
        println!(
            "{}: {}, {} read, root {}: {word}",
            log.name,
            entries(report.size),
            report.entries,
            report.root
        );
    }
    Ok(if in_order { Verdict::InOrder } else { Verdict::Findings })
}

#[expect(clippy::disallowed_methods, reason = "the binary is where the environment is read")]
fn store(arguments: &Archive) -> Result<Arc<dyn Objects>, String> {
    let needed = |name: &str| std::env::var(name).map_err(|_| format!("the environment has no `{name}`"));
    let credentials = Credentials {
        id: needed(&arguments.access_key_env)?,
        secret: Zeroizing::new(needed(&arguments.secret_env)?),
        token: std::env::var(&arguments.token_env).ok().map(Zeroizing::new),
    };
    if !arguments.prefix.is_empty() && !arguments.prefix.ends_with('/') {
        return Err("`--prefix` ends in a slash".to_owned());
    }
    let (bucket, region) = (&arguments.bucket, &arguments.store_region);
    let store = S3::new(
        &arguments.endpoint,
        plain(arguments.plain_http),
        bucket,
        region,
        credentials,
        Arc::new(SystemClock),
    )
    .map_err(text)?;
    Ok(Arc::new(match arguments.lock_days {
        Some(days) => store.locking(days),
        None => store,
    }))
}
