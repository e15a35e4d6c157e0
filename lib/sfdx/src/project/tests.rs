use std::path::Path;

use super::{Kind, Layout, Options, Project, Standing, read};

fn write(root: &Path, path: &str, content: impl AsRef<[u8]>) {
    let path = root.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}

fn open(path: &Path) -> Project {
    read(path, &Options::default()).unwrap()
}

fn codes(project: &Project) -> Vec<(&str, &str)> {
    project.problems().iter().map(|problem| (problem.path.as_str(), problem.code)).collect()
}

const CLASS: &str =
    "<ApexClass xmlns=\"http://soap.sforce.com/2006/04/metadata\"><apiVersion>61.0</apiVersion></ApexClass>";
const FLOW: &str = "<Flow xmlns=\"http://soap.sforce.com/2006/04/metadata\"><label>F</label></Flow>";

fn project() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    write(
        root,
        "sfdx-project.json",
        r#"{"packageDirectories":[{"path":"./force-app/"},{"path":"pre\\app"}],"sourceApiVersion":"61.0","namespace":""}"#,
    );
    write(root, "force-app/main/default/classes/A.cls", "public class A {}");
    write(root, "force-app/main/default/classes/A.cls-meta.xml", CLASS);
    write(root, "force-app/main/default/flows/B%28x%29.flow-meta.xml", FLOW);
    write(root, "pre/app/flows/A.flow-meta.xml", FLOW);
    write(root, "data/patients.csv", "Name\n");
    write(root, "other/flows/C.flow-meta.xml", FLOW);
    write(root, "node_modules/x/D.flow-meta.xml", FLOW);
    write(root, ".sfdx/E.flow-meta.xml", FLOW);
    dir
}

#[test]
fn a_source_project_is_read_by_its_package_directories() {
    let dir = project();
    let project = open(dir.path());
    assert_eq!(codes(&project), []);
    assert_eq!(project.layout(), Layout::Source);
    assert_eq!(project.package_directories(), ["force-app", "pre/app"]);
    assert_eq!((project.api_version(), project.namespace()), (Some("61.0"), None));
    let flows: Vec<_> = project.of_type("Flow").map(|flow| flow.full_name()).collect();
    assert_eq!(flows, ["A", "B(x)"]);
    assert!(project.find("Flow", "B(x)").is_some() && project.find("Flow", "B").is_none());
    let data = project.file("data/patients.csv").unwrap();
    assert_eq!((data.kind, data.standing, data.bytes), (Kind::Data, Standing::Outside, 5));
    let outside = project.file("other/flows/C.flow-meta.xml").unwrap();
    assert_eq!((outside.kind, outside.standing), (Kind::Metadata, Standing::Outside));
    assert!(
        !project
            .files()
            .iter()
            .any(|file| file.path.contains("node_modules") || file.path.starts_with(".sfdx"))
    );

    let class = project.find("ApexClass", "A").unwrap();
    let body = class.body().unwrap();
    assert_eq!((body.kind, project.load(body).unwrap().0.text()), (Kind::Apex, "public class A {}"));
    assert_eq!(project.types().collect::<Vec<_>>(), ["ApexClass", "Flow"]);
}

#[test]
fn a_folder_or_file_of_a_project_is_read_with_the_project_around_it() {
    let dir = project();
    let project = open(&dir.path().join("force-app/main/default/classes"));
    assert_eq!((project.layout(), project.scope()), (Layout::Source, "force-app/main/default/classes"));
    assert_eq!(project.files().len(), 2);
    assert_eq!(project.files()[0].path, "force-app/main/default/classes/A.cls");

    let project = open(&dir.path().join("force-app/main/default/classes/A.cls"));
    assert_eq!(project.files().len(), 2, "a class comes with what describes it");
    assert_eq!(project.api_version(), Some("61.0"));
    assert!(project.find("ApexClass", "A").unwrap().body().is_some());

    let project = open(&dir.path().join("other"));
    assert_eq!((project.layout(), project.of_type("Flow").count()), (Layout::Plain, 1));
    assert!(read(&dir.path().join("absent"), &Options::default()).is_err());
}

#[test]
fn forceignore_has_gitignore_syntax_and_gitignore_does_not_count() {
    let dir = project();
    let root = dir.path();
    write(
        root,
        ".forceignore",
        "# comment\n**/flows/**\n!**/flows/A.flow-meta.xml\n/data/\nother/**/C.*\n[z-a]\n",
    );
    write(root, ".gitignore", "*.cls\n");
    let project = open(root);
    assert_eq!(project.of_type("Flow").map(|flow| flow.full_name()).collect::<Vec<_>>(), ["A"]);
    assert!(project.file("force-app/main/default/classes/A.cls").is_some());
    assert_eq!(codes(&project), [(".forceignore", "bad-forceignore")]);
    assert_eq!(
        project.ignored(),
        ["data/", "force-app/main/default/flows/B%28x%29.flow-meta.xml", "other/flows/C.flow-meta.xml"]
    );
    let here = open(&root.join("force-app/main/default"));
    assert_eq!(here.of_type("Flow").count(), 0, "patterns start at the project's root");
}

#[test]
fn a_broken_project_file_is_a_problem_and_the_folder_is_read() {
    let dir = project();
    write(dir.path(), "sfdx-project.json", "{\n\"packageDirectories\": [{]}");
    let project = open(dir.path());
    let problem = &project.problems()[0];
    assert_eq!((problem.code, problem.position.unwrap().line), ("bad-project-file", 2));
    assert_eq!(project.of_type("Flow").count(), 3);

    write(dir.path(), "sfdx-project.json", r#"{"packageDirectories":[{"path":"../up"},{"path":"gone"}]}"#);
    let project = open(dir.path());
    assert_eq!(
        codes(&project),
        [
            ("sfdx-project.json", "package-directory-missing"),
            ("sfdx-project.json", "package-directory-outside")
        ]
    );
}

#[test]
fn bodies_and_unpacked_resources_are_not_parsed() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    let resource = "<StaticResource xmlns=\"x\"><contentType>application/zip</contentType></StaticResource>";
    let base = "force-app/";
    write(root, "sfdx-project.json", r#"{"packageDirectories":[{"path":"force-app"}]}"#);
    for (path, content) in [
        ("staticresources/Lib.resource-meta.xml", resource),
        ("staticresources/Lib/a.xml", "<broken"),
        ("staticresources/Lib/objects/X.object-meta.xml", "<broken"),
        ("staticresources/Old.resource", "<broken"),
        ("documents/F/scan.png", "<broken"),
        ("documents/F/scan.document-meta.xml", "<Document/>"),
        ("experiences/Portal1/views/home.json", "{"),
        ("experiences/Portal1.site-meta.xml", "<ExperienceBundle/>"),
        ("contentassets/Logo.asset", "<broken"),
        ("contentassets/Logo.asset-meta.xml", "<ContentAsset/>"),
        ("lwc/c/c.html", "<template>"),
        ("lwc/c/c.js-meta.xml", "<LightningComponentBundle/>"),
        ("readme.md", "<broken"),
        ("notes.rules", "<broken"),
    ] {
        write(root, &format!("{base}{path}"), content);
    }
    let project = open(root);
    assert_eq!(codes(&project), []);
    assert_eq!(project.components().count(), 5);
    assert_eq!(project.find("Document", "F/scan").unwrap().parent(), Some("F"));
    assert_eq!(project.file("force-app/staticresources/Lib/a.xml").unwrap().kind, Kind::StaticResource);
}

#[test]
fn bad_bytes_are_problems_and_the_rest_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    let utf16 = |order: fn(u16) -> [u8; 2], mark: bool| -> Vec<u8> {
        let text = "<?xml version=\"1.0\" encoding=\"UTF-16\"?><Flow><label>é</label></Flow>";
        mark.then_some(0xfeff).into_iter().chain(text.encode_utf16()).flat_map(order).collect()
    };
    write(root, "flows/Utf16Mark.flow-meta.xml", utf16(u16::to_le_bytes, true));
    write(root, "flows/Utf16Little.flow-meta.xml", utf16(u16::to_le_bytes, false));
    write(root, "flows/Utf16Big.flow-meta.xml", utf16(u16::to_be_bytes, false));
    write(
        root,
        "flows/Latin.flow-meta.xml",
        b"<?xml version='1.0' encoding='ISO-8859-1'?><Flow><label>\xe9</label></Flow>",
    );
    write(root, "flows/Invalid.flow-meta.xml", b"<Flow>\n<label>\xff</label></Flow>");
    write(root, "flows/Nul.flow-meta.xml", b"<Flow><label>a\0b</label></Flow>");
    write(root, "flows/Cut.flow-meta.xml", b"<Flow><label>a</label>");
    write(root, "flows/Empty.flow-meta.xml", b"");
    write(root, "flows/Fine.flow", FLOW);
    let project = open(root);
    assert_eq!(
        codes(&project),
        [
            ("flows/Cut.flow-meta.xml", "malformed-xml"),
            ("flows/Empty.flow-meta.xml", "malformed-xml"),
            ("flows/Invalid.flow-meta.xml", "bad-encoding"),
            ("flows/Nul.flow-meta.xml", "bad-character"),
        ]
    );
    for name in ["Utf16Mark", "Utf16Little", "Utf16Big", "Latin"] {
        assert_eq!(project.find("Flow", name).unwrap().root().value("label").unwrap(), "é", "{name}");
    }
    assert_eq!(project.find("Flow", "Cut").unwrap().root().value("label").unwrap(), "a");
    assert_eq!(project.find("Flow", "Fine").unwrap().root().value("label").unwrap(), "F");
    assert_eq!(project.of_type("Flow").count(), 8);
}

#[test]
fn a_huge_file_is_refused_by_its_size_and_not_read() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "flows/Fine.flow-meta.xml", FLOW);
    let huge = std::fs::File::create(dir.path().join("flows/Huge.flow-meta.xml")).unwrap();
    huge.set_len(100 << 20).unwrap();
    let code = std::fs::File::create(dir.path().join("Huge.cls")).unwrap();
    code.set_len(100 << 20).unwrap();
    let project = open(dir.path());
    assert_eq!(codes(&project), [("flows/Huge.flow-meta.xml", "file-too-large")]);
    assert_eq!(project.of_type("Flow").count(), 1);
    let problem = project.load(project.file("Huge.cls").unwrap()).unwrap_err();
    assert_eq!(problem.code, "file-too-large");

    let options = Options { all_xml_bytes: 10, ..Options::default() };
    let project = read(dir.path(), &options).unwrap();
    assert!(codes(&project).iter().any(|(_, code)| *code == "too-much-metadata"));
    let options = Options { files: 1, ..Options::default() };
    let project = read(dir.path(), &options).unwrap();
    assert!(codes(&project).iter().any(|(_, code)| *code == "too-many-files"));
}

#[cfg(unix)]
#[test]
fn links_are_not_followed() {
    let dir = project();
    let outside = tempfile::tempdir().unwrap();
    write(outside.path(), "flows/Secret.flow-meta.xml", FLOW);
    let base = dir.path().join("force-app");
    std::os::unix::fs::symlink(dir.path(), base.join("loop")).unwrap();
    std::os::unix::fs::symlink(outside.path(), base.join("away")).unwrap();
    std::os::unix::fs::symlink(base.join("nowhere"), base.join("dangling")).unwrap();
    let project = open(dir.path());
    assert_eq!(
        codes(&project),
        [
            ("force-app/away", "link-not-followed"),
            ("force-app/dangling", "link-not-followed"),
            ("force-app/loop", "link-not-followed"),
        ]
    );
    assert_eq!(project.of_type("Flow").count(), 2);
}

#[test]
fn folders_deeper_than_the_limit_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let mut path = String::new();
    for _ in 0..20 {
        path.push_str("d/");
    }
    write(dir.path(), &format!("{path}A.flow-meta.xml"), FLOW);
    let options = Options { depth: 10, ..Options::default() };
    let project = read(dir.path(), &options).unwrap();
    assert_eq!(project.problems()[0].code, "folder-too-deep");
    assert_eq!(open(dir.path()).of_type("Flow").count(), 1);
}

#[test]
fn files_of_odd_folders_have_their_kind() {
    for (path, kind) in [
        ("x/classes/A.cls", Kind::Apex),
        ("x/triggers/A.trigger", Kind::Trigger),
        ("x/pages/A.page", Kind::Visualforce),
        ("x/aura/a/a.cmp", Kind::Aura),
        ("x/lwc/a/a.js", Kind::Lwc),
        ("x/email/F/T.email", Kind::Email),
        ("data/plan.json", Kind::Data),
        ("config/project-scratch-def.json", Kind::Other),
        (".vscode/settings.json", Kind::Other),
        ("scripts/apex/a.apex", Kind::Script),
        ("x/customMetadata/A.B.md", Kind::Metadata),
        ("README.md", Kind::Other),
        ("x/profiles/Admin.profile", Kind::Metadata),
        ("x/experiences/P/views/a.json", Kind::Experience),
    ] {
        assert_eq!(Kind::of(path), kind, "{path}");
    }
}

#[test]
fn a_manifest_without_end_is_refused_unread() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["package.xml", ".forceignore"] {
        let file = std::fs::File::create(folder.path().join(name)).unwrap();
        file.set_len(5 << 30).unwrap();
    }
    let project = read(folder.path(), &Options::default()).unwrap();
    let told: Vec<String> = project.problems().iter().map(ToString::to_string).collect();
    for name in ["package.xml", ".forceignore"] {
        assert!(told.iter().any(|line| line.starts_with(name) && line.contains("larger than")), "{told:?}");
    }
}

#[test]
fn a_prefix_hides_nothing() {
    let folder = tempfile::tempdir().unwrap();
    write(
        folder.path(),
        "objects/A__c/A__c.object-meta.xml",
        "<m:CustomObject xmlns:m=\"http://soap.sforce.com/2006/04/metadata\"><m:sharingModel>ReadWrite</m:sharingModel></m:CustomObject>",
    );
    let project = open(folder.path());
    let object = project.object("A__c").unwrap();
    assert_eq!(object.sharing_model().unwrap().as_str(), "ReadWrite");
}

#[test]
fn a_neighbour_hides_no_metadata_and_a_deployment_ignores_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    write(root, "package.xml", "<Package/>");
    write(root, ".forceignore", "profiles/\n");
    write(root, "profiles/A.profile", "<Profile><custom>true</custom></Profile>");
    write(root, "profiles/A.profile-meta.xml", "<Profile/>");
    let project = read(root, &Options::default()).unwrap();
    assert_eq!(project.of_type("Profile").count(), 2);
}
