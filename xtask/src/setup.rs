//! `cargo xtask setup`: what the tests need beyond Rust, from the package registries only.

use std::path::PathBuf;

use crate::steps::{answers, run, run_command, target};

/// The accessibility engine that judges our pages, pinned.
const AXE: &str = "axe-core@4.10.3";

pub(crate) fn run_setup() -> Result<(), String> {
    chromium()?;
    axe()
}

pub(crate) use run_setup as run;

fn chromium() -> Result<(), String> {
    if answers("chromium", &["--version"]) {
        return Ok(());
    }
    println!("installing chromium");
    let root = answers("sh", &["-c", "test \"$(id -u)\" = 0"]);
    let prefix: &[&str] = if root { &[] } else { &["sudo"] };
    for words in [
        &["apt-get", "update", "-qq"][..],
        &["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"][..],
    ] {
        let words: Vec<&str> = prefix.iter().chain(words).copied().collect();
        let (program, arguments) = words.split_first().ok_or("nothing to run")?;
        run(program, arguments)?;
    }
    Ok(())
}

/// Where axe-core lies: below the build folder, so that a kept build folder keeps it.
pub(crate) fn tools() -> PathBuf {
    target().join("tools")
}

fn axe() -> Result<(), String> {
    let folder = tools();
    if folder.join("node_modules/axe-core/axe.min.js").is_file() {
        return Ok(());
    }
    println!("installing {AXE}");
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut npm = std::process::Command::new("npm");
    npm.args(["install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--no-save", "--prefix"])
        .arg(&folder)
        .arg(AXE);
    run_command(npm)
}
