//! CPU time and peak memory of whole programs, by the kernel's account of finished children.

use std::process::{Command, Stdio};

use nix::sys::resource::{UsageWho, getrusage};

/// What one run took.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Taken {
    pub(crate) cpu_seconds: f64,
    pub(crate) peak_megabytes: f64,
}

/// Runs a program to its end. The exit code is not judged: findings make it 1.
///
/// The kernel keeps the peak of the largest child only, so a run after a larger one would show the larger
/// one's: each measurement is made in a process of its own (`cargo xtask measured ...`).
pub(crate) fn here(program: &str, arguments: &[String]) -> Result<Taken, String> {
    let status = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .map_err(|error| format!("{program}: {error}"))?;
    if status.code().is_none_or(|code| code > 1) {
        return Err(format!("{program}: {status}"));
    }
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).map_err(|error| error.to_string())?;
    let seconds = |time: nix::sys::time::TimeVal| {
        let micros = i32::try_from(time.tv_usec()).unwrap_or(0);
        let whole = i32::try_from(time.tv_sec()).unwrap_or(i32::MAX);
        f64::from(whole) + f64::from(micros) / 1e6
    };
    let kilobytes = u32::try_from(usage.max_rss()).unwrap_or(u32::MAX);
    Ok(Taken {
        cpu_seconds: seconds(usage.user_time()) + seconds(usage.system_time()),
        peak_megabytes: f64::from(kilobytes) / 1024.0,
    })
}

/// The median of several runs, each measured in a process of its own.
pub(crate) fn median(runs: usize, program: &str, arguments: &[&str]) -> Result<Taken, String> {
    let own = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut cpu = Vec::new();
    let mut peak = Vec::new();
    for _ in 0..runs {
        let output = Command::new(&own)
            .arg("measured")
            .arg(program)
            .args(arguments)
            .output()
            .map_err(|error| error.to_string())?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut numbers = text.split_whitespace().map(str::parse::<f64>);
        let (Some(Ok(seconds)), Some(Ok(megabytes))) = (numbers.next(), numbers.next()) else {
            return Err(format!("{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr)));
        };
        cpu.push(seconds);
        peak.push(megabytes);
    }
    cpu.sort_by(f64::total_cmp);
    peak.sort_by(f64::total_cmp);
    let middle = |sorted: &[f64]| sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN);
    Ok(Taken { cpu_seconds: middle(&cpu), peak_megabytes: middle(&peak) })
}
