//! `cargo xtask bench NAME [DIR]`: figures for `docs/benchmarks.md`.

use std::path::{Path, PathBuf};

use crate::measure::{Taken, median};
use crate::steps::{self, root, target};

const RUNS: usize = 5;

pub(crate) fn run(words: &[&str]) -> Result<(), String> {
    match words {
        ["scan"] => scan(None),
        ["scan", folder] => scan(Some(Path::new(folder))),
        _ => Err("name a benchmark: scan [DIR]".to_owned()),
    }
}

/// The scanner on the example and on a project as large as the largest public profiles: `DIR`, or one that is
/// generated in their shape.
fn scan(folder: Option<&Path>) -> Result<(), String> {
    steps::call("cargo", &["build", "--release", "--quiet", "--package", "phiward"])?;
    let phiward = target().join("release/phiward").display().to_string();
    let small = generate("ten-files", 1, 4)?;
    let large = match folder {
        Some(folder) => folder.to_path_buf(),
        None => generate("profiles", 31, 5_400)?,
    };
    println!("{:<44} {:>9} {:>9}", "", "CPU s", "peak MB");
    for (name, path) in [
        ("ten files", small),
        ("harbor-health, flawed", root().join("examples/harbor-health/flawed")),
        ("large profiles", large),
    ] {
        let path = path.display().to_string();
        let taken = median(RUNS, &phiward, &["scan", &path, "--format", "json", "--output", "/dev/null"])?;
        print(name, taken);
    }
    Ok(())
}

fn print(name: &str, Taken { cpu_seconds, peak_megabytes }: Taken) {
    println!("{name:<44} {cpu_seconds:>9.3} {peak_megabytes:>9.1}");
}

/// A project of `profiles` profiles that each grant all of `fields` fields.
fn generate(name: &str, profiles: usize, fields: usize) -> Result<PathBuf, String> {
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
    Ok(folder)
}
