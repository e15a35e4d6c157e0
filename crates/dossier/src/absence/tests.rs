use std::path::Path;

use source::Problem;

use super::*;

const SET: &str =
    "<PermissionSet xmlns=\"http://soap.sforce.com/2006/04/metadata\"><label>Ward</label></PermissionSet>";

/// A project of these files, by path below the package folder.
fn project(files: &[(&str, &str)], ignore: &str) -> (tempfile::TempDir, Project) {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new(""))).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("sfdx-project.json", "{\"packageDirectories\": [{\"path\": \"force-app\", \"default\": true}]}");
    write(".forceignore", ignore);
    for (path, text) in files {
        write(path, text);
    }
    let project = sfdx::read(folder.path(), &sfdx::Options::default()).unwrap();
    (folder, project)
}

fn absences(files: &[(&str, &str)], ignore: &str) -> Vec<Absence> {
    let (_folder, project) = project(files, ignore);
    let report = Report { problems: project.problems().to_vec(), ..Report::default() };
    of(&project, &report, &completeness(&project, &Facts::default()))
}

fn bearing_on(tags: &[&str], absences: &[Absence]) -> String {
    let own = absences.iter().filter(|absence| absence.bears_on.on(tags));
    own.map(|absence| absence.missing.as_str()).collect::<Vec<_>>().join("; ")
}

#[test]
fn a_broken_file_bears_on_every_rule_and_is_named() {
    let broken = [("force-app/objects/Visit__c/Visit__c.object-meta.xml", "<CustomObject><label>Vis")];
    let all = absences(&broken, "");
    let on_encryption = bearing_on(&["phi", "encryption"], &all);
    assert_eq!(
        on_encryption,
        "what stands in files that could not be read in full: `force-app/objects/Visit__c/Visit__c.object-meta.xml`"
    );
    assert_eq!(
        bearing_on(&["phi", "encryption"], &absences(&[("force-app/a.permissionset-meta.xml", SET)], "")),
        ""
    );
}

#[test]
fn a_warning_takes_nothing_away_and_a_file_of_records_only_what_reads_records() {
    let (_folder, project) = project(&[("data/visits.csv", "a,b")], "");
    let of_problem = |severity| {
        let problem = Problem::new(severity, "file-too-large", "data/visits.csv", "the file is large");
        let report = Report { problems: vec![problem], ..Report::default() };
        of(&project, &report, &[])
    };
    assert_eq!(of_problem(Severity::Warning), []);
    let all = of_problem(Severity::Error);
    assert_eq!(bearing_on(&["phi", "encryption"], &all), "");
    assert!(bearing_on(&["phi", "data"], &all).contains("`data/visits.csv`"));
}

#[test]
fn profiles_that_nobody_retrieved_bear_on_access() {
    let all = absences(&[("force-app/permissionsets/Ward.permissionset-meta.xml", SET)], "");
    let on_access = bearing_on(&["phi", "access"], &all);
    assert!(on_access.contains("profiles of the org that are not in the source: `Admin`, "), "{on_access}");
    assert!(on_access.contains("the sharing settings of the org"), "{on_access}");
    assert_eq!(bearing_on(&["phi", "session"], &all), "");
}

#[test]
fn what_is_ignored_or_outside_bears_on_access() {
    let files = [
        ("force-app/profiles/Risky.profile-meta.xml", "<Profile/>"),
        ("legacy/permissionsets/Old.permissionset-meta.xml", SET),
    ];
    let all = bearing_on(&["access"], &absences(&files, "**/profiles/Risky.profile-meta.xml"));
    assert!(
        all.contains("metadata that `.forceignore` leaves out: `force-app/profiles/Risky.profile-meta.xml`"),
        "{all}"
    );
    assert!(all.contains("metadata outside the package directories: `legacy/permissionsets`"), "{all}");
}

#[test]
fn the_bundle_is_no_metadata_and_a_name_stands_once() {
    let site = "<ConnectedApp><profileName>admin</profileName></ConnectedApp>";
    let files =
        [("phiward/phiward.yaml", "version: 1"), ("force-app/connectedApps/A.connectedApp-meta.xml", site)];
    let all = bearing_on(&["access"], &absences(&files, "phiward/"));
    assert!(!all.contains("leaves out"), "{all}");
    assert!(all.contains("`Admin`") && !all.contains("`admin`"), "{all}");
}

#[test]
fn many_names_are_counted() {
    let names: Vec<String> = (0..7).map(|at| format!("P{at}")).collect();
    assert_eq!(with_names("profiles", &names), "profiles: `P0`, `P1`, `P2`, `P3` and 3 more");
}
