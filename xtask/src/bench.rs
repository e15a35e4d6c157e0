//! `cargo xtask bench NAME [DIR]`: figures for `docs/benchmarks.md`.

mod code;
mod guard;
mod ledger;
mod org;

use std::path::{Path, PathBuf};

use crate::measure::{Taken, median};
use crate::steps::{self, root, target};

const RUNS: usize = 5;
const PEER_RUNS: usize = 3;

pub(crate) fn run(words: &[&str]) -> Result<(), String> {
    match words {
        ["scan"] => scan(None),
        ["scan", folder] => scan(Some(Path::new(folder))),
        ["impact"] => impact(None),
        ["impact", folder] => impact(Some(Path::new(folder))),
        ["access"] => access(),
        ["growth"] => growth(),
        ["guard"] => guard::run(),
        ["ledger"] => ledger::run("1000000"),
        ["ledger", entries] => ledger::run(entries),
        _ => {
            Err("name a benchmark: scan [DIR], impact [DIR], access, growth, guard, ledger [ENTRIES]"
                .to_owned())
        }
    }
}

/// The impact of the last commit of a repository (`DIR`, the project at its root; or one that is generated and
/// changed in one profile), with both states read anew and with the base from a cache, beside one scan.
fn impact(folder: Option<&Path>) -> Result<(), String> {
    steps::call("cargo", &["build", "--release", "--quiet", "--package", "phiward"])?;
    let phiward = target().join("release/phiward").display().to_string();
    let folder = match folder {
        Some(folder) => folder.to_path_buf(),
        None => committed(&generate("impact", 31, 5_400, 50)?)?,
    };
    let cache = target().join("bench/impact-cache");
    let _ = std::fs::remove_dir_all(&cache);
    let (path, cache) = (folder.display().to_string(), cache.display().to_string());
    let impact = |head: &[&str], more: &[&str]| {
        let words = [
            &["impact", "HEAD~1"],
            head,
            &["--path", &path, "--format", "json", "--output", "/dev/null"],
            more,
        ];
        median(RUNS, &phiward, &words.concat())
    };
    println!("{:<40} {:>10} {:>10}", "", "CPU s", "peak MB");
    let scan = median(RUNS, &phiward, &["scan", &path, "--format", "json", "--output", "/dev/null"])?;
    print("one scan", scan, None);
    print("two revisions, cold", impact(&["HEAD"], &[])?, None);
    print("a revision and the working tree, cold", impact(&[], &[])?, None);
    impact(&[], &["--cache", &cache])?;
    print("the same with the base from a cache", impact(&[], &["--cache", &cache])?, None);
    Ok(())
}

/// Commits a generated project twice, with one field permission turned between.
fn committed(folder: &Path) -> Result<PathBuf, String> {
    let git = |words: &[&str]| {
        let mut git = std::process::Command::new("git");
        git.arg("-C").arg(folder);
        git.args(["-c", "user.name=Bench", "-c", "user.email=bench@harbor.example", "-c", "gc.auto=0"])
            .args(words);
        steps::call_command(git)
    };
    let _ = std::fs::remove_dir_all(folder.join(".git"));
    git(&["init", "--quiet"])?;
    git(&["add", "."])?;
    git(&["commit", "--quiet", "--message", "before"])?;
    let profile = folder.join("force-app/main/default/profiles/Profile 0.profile-meta.xml");
    let failed = |error: std::io::Error| format!("{}: {error}", profile.display());
    let text = std::fs::read_to_string(&profile).map_err(failed)?;
    let turned = text.replacen("<readable>true</readable>", "<readable>false</readable>", 1);
    std::fs::write(&profile, turned).map_err(failed)?;
    git(&["commit", "--quiet", "--all", "--message", "after"])?;
    Ok(folder.to_owned())
}

/// The scanner on three projects, each beside Salesforce Code Analyzer's PMD security rules where node and java
/// are there: ten files, the example, and one as large as the largest public profiles (`DIR`, or one that is
/// generated in their shape).
fn scan(folder: Option<&Path>) -> Result<(), String> {
    steps::call("cargo", &["build", "--release", "--quiet", "--package", "phiward"])?;
    let phiward = target().join("release/phiward").display().to_string();
    let peer = peer()?;
    let small = generate("ten-files", 1, 4, 3)?;
    let large = match folder {
        Some(folder) => folder.to_path_buf(),
        None => generate("profiles", 31, 5_400, 50)?,
    };
    println!(
        "{:<28} {:>10} {:>10} {:>12} {:>12} {:>9} {:>9}",
        "", "CPU s", "peak MB", "peer CPU s", "peer peak MB", "CPU ratio", "MB ratio"
    );
    for (name, path) in [
        ("ten files", small),
        ("harbor-health, flawed", root().join("examples/harbor-health/flawed")),
        ("large profiles", large),
    ] {
        let path = path.display().to_string();
        let own = median(RUNS, &phiward, &["scan", &path, "--format", "json", "--output", "/dev/null"])?;
        let beside = match &peer {
            Some(driver) => Some(median(PEER_RUNS, "node", &[driver, &path])?),
            None => None,
        };
        print(name, own, beside);
    }
    Ok(())
}

/// Ten times the code, and what it costs.
fn growth() -> Result<(), String> {
    steps::call("cargo", &["build", "--release", "--quiet", "--package", "phiward"])?;
    let phiward = target().join("release/phiward").display().to_string();
    println!("{:<28} {:>10} {:>10}", "", "CPU s", "peak MB");
    let mut costs = Vec::new();
    for classes in [100, 1_000] {
        let path = code::write(classes)?.display().to_string();
        let taken = median(RUNS, &phiward, &["scan", &path, "--format", "json", "--output", "/dev/null"])?;
        print(&format!("{classes} chains of 50 methods"), taken, None);
        costs.push(taken.cpu_seconds);
    }
    if let [few, many] = costs[..] {
        println!("ten times the code at {:.1} times the cost", many / few);
    }
    Ok(())
}

/// Who reaches what in an org of 5,000 users and 500 fields with patient data, after a run over the same files without
/// users: the difference is what users cost. No peer computes this from files.
fn access() -> Result<(), String> {
    steps::call("cargo", &["build", "--release", "--quiet", "--package", "phiward"])?;
    let phiward = target().join("release/phiward").display().to_string();
    let folder = org::write(&org::Size { users: 5_000, objects: 10, fields_per_object: 50 })?;
    let (path, facts) = (folder.display().to_string(), folder.join("facts").display().to_string());
    println!("{:<28} {:>10} {:>10}", "", "CPU s", "peak MB");
    let csv = ["--format", "csv", "--output", "/dev/null"];
    let without = [&["access", path.as_str()][..], &csv].concat();
    print("500 fields, no users", median(RUNS, &phiward, &without)?, None);
    let with = [&["access", path.as_str(), "--facts", facts.as_str()][..], &csv].concat();
    print("500 fields, 5,000 users", median(RUNS, &phiward, &with)?, None);
    let one = [&with[..], &["--principal", "user:user4999@org.example"]].concat();
    print("one user of 5,000", median(RUNS, &phiward, &one)?, None);
    Ok(())
}

/// The peer's engine and its security rules, run as its own command runs them.
const DRIVER: &str = r#"
const { CodeAnalyzer, CodeAnalyzerConfig } = require('@salesforce/code-analyzer-core');
const { createEnginePlugin } = require('@salesforce/code-analyzer-pmd-engine');
(async () => {
    const analyzer = new CodeAnalyzer(CodeAnalyzerConfig.withDefaults());
    await analyzer.addEnginePlugin(createEnginePlugin());
    const workspace = await analyzer.createWorkspace([process.argv[2]]);
    const rules = await analyzer.selectRules(['pmd:Security'], { workspace });
    await analyzer.run(rules, { workspace });
})();
"#;
const PEER: [&str; 2] =
    ["@salesforce/code-analyzer-core@0.52.0", "@salesforce/code-analyzer-pmd-engine@0.46.0"];

/// Installs the peer and gives its driver; nothing where it cannot run here.
fn peer() -> Result<Option<String>, String> {
    if !steps::answers("node", &["--version"]) || !steps::answers("java", &["-version"]) {
        println!("the peer is left out: it needs node and java");
        return Ok(None);
    }
    let folder = target().join("tools/peer");
    let driver = folder.join("drive.js");
    if !folder.join("node_modules/@salesforce/code-analyzer-pmd-engine").is_dir() {
        std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        let mut npm = std::process::Command::new("npm");
        npm.args([
            "install",
            "--silent",
            "--no-audit",
            "--no-fund",
            "--ignore-scripts",
            "--no-save",
            "--prefix",
        ]);
        npm.arg(&folder).args(PEER);
        steps::call_command(npm)?;
    }
    std::fs::write(&driver, DRIVER).map_err(|error| format!("{}: {error}", driver.display()))?;
    Ok(Some(driver.display().to_string()))
}

fn print(name: &str, own: Taken, beside: Option<Taken>) {
    let width = if beside.is_some() { 28 } else { 40 };
    print!("{name:<width$} {:>10.3} {:>10.1}", own.cpu_seconds, own.peak_megabytes);
    if let Some(peer) = beside {
        let cpu = peer.cpu_seconds / own.cpu_seconds.max(0.001);
        let memory = peer.peak_megabytes / own.peak_megabytes;
        print!(" {:>12.2} {:>12.1} {cpu:>9.0} {memory:>9.1}", peer.cpu_seconds, peer.peak_megabytes);
    }
    println!();
}

/// A project of `profiles` profiles that each grant all of `fields` fields, and some classes.
fn generate(name: &str, profiles: usize, fields: usize, classes: usize) -> Result<PathBuf, String> {
    let folder = target().join("bench").join(name);
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    let write = |path: String, text: String| {
        let path = folder.join(path);
        path.parent()
            .map_or(Ok(()), std::fs::create_dir_all)
            .and_then(|()| std::fs::write(&path, text))
            .map_err(failed)
    };
    write(
        "sfdx-project.json".into(),
        r#"{"packageDirectories":[{"path":"force-app"}],"sourceApiVersion":"66.0"}"#.into(),
    )?;
    const XMLNS: &str = r#"xmlns="http://soap.sforce.com/2006/04/metadata""#;
    const NAMES: [&str; 6] = ["Diagnosis", "Phone", "Status", "Birth_Date", "Amount", "Notes"];
    let base = "force-app/main/default";
    let objects = fields.div_ceil(50);
    let mut permissions = String::new();
    for object in 0..objects {
        let object_name = format!("Record_{object}__c");
        permissions += &format!(
            "    <objectPermissions>\n        <allowCreate>true</allowCreate>\n        <allowRead>true</allowRead>\n        <object>{object_name}</object>\n        <viewAllRecords>false</viewAllRecords>\n    </objectPermissions>\n"
        );
        write(
            format!("{base}/objects/{object_name}/{object_name}.object-meta.xml"),
            format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<CustomObject {XMLNS}>\n    <label>Record {object}</label>\n    <sharingModel>Private</sharingModel>\n</CustomObject>\n"
            ),
        )?;
        for field in (0..fields.saturating_sub(object * 50).min(50)).map(|field| {
            let kind = NAMES.get(field % NAMES.len()).copied().unwrap_or("Field");
            format!("{kind}_{field}__c")
        }) {
            permissions += &format!(
                "    <fieldPermissions>\n        <editable>true</editable>\n        <field>{object_name}.{field}</field>\n        <readable>true</readable>\n    </fieldPermissions>\n"
            );
            write(
                format!("{base}/objects/{object_name}/fields/{field}.field-meta.xml"),
                format!(
                    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<CustomField {XMLNS}>\n    <fullName>{field}</fullName>\n    <label>{field}</label>\n    <type>Text</type>\n</CustomField>\n"
                ),
            )?;
        }
    }
    for profile in 0..profiles {
        write(
            format!("{base}/profiles/Profile {profile}.profile-meta.xml"),
            format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Profile {XMLNS}>\n{permissions}    <userLicense>Salesforce</userLicense>\n</Profile>\n"
            ),
        )?;
    }
    for class in 0..classes {
        let apex = format!(
            "public with sharing class Service{class} {{\n    public List<Record_0__c> read(String id) {{\n        return [SELECT Id FROM Record_0__c WHERE Id = :id WITH USER_MODE];\n    }}\n}}\n"
        );
        write(format!("{base}/classes/Service{class}.cls"), apex)?;
    }
    Ok(folder)
}
