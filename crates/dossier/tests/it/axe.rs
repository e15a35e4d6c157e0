//! The page in a browser, judged by axe-core: in both colour schemes, and in a window 320 pixels wide.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::clinic::{Clinic, example, flawed};

const SETUP: &str = "run `cargo xtask setup`, which installs it";

/// Below the build folder: this test stands in `<target>/<profile>/deps`.
fn engine() -> String {
    let here = std::env::current_exe().unwrap();
    let target = here.ancestors().nth(3).unwrap();
    let path = target.join("tools/node_modules/axe-core/axe.min.js");
    std::fs::read_to_string(&path)
        .unwrap_or_else(|_| panic!("axe-core is not at {}: {SETUP}", path.display()))
}

/// Judges a page; what it answers is one line a violation, and the width that the page takes.
fn judge(folder: &Path, page: &str, arguments: &[&str]) -> (Vec<String>, u32) {
    let script = r#"
<script>
addEventListener("load", () => axe.run(document, {resultTypes: ["violations", "incomplete"]}).then(result => {
  const line = v => v.nodes.map(n => v.id + " | " + n.target + " | " + n.failureSummary.replaceAll("\n", " "));
  const out = document.createElement("pre");
  out.id = "judgement";
  out.textContent = JSON.stringify({
    violations: result.violations.flatMap(line),
    // Without a script of its own, what axe cannot tell on contrast is told by a look at the palette.
    passes: result.passes.length,
    width: document.documentElement.scrollWidth,
    view: innerWidth,
  });
  document.body.append(out);
}));
</script>"#;
    // The policy forbids scripts, which is its purpose; this copy goes without it.
    let start = page.find("<meta http-equiv=\"Content-Security-Policy\"").unwrap();
    let end = start + page[start..].find('>').unwrap() + 1;
    let copy = format!("{}<script>{}</script>{script}{}", &page[..start], engine(), &page[end..]);
    let path = folder.join("judged.html");
    std::fs::write(&path, copy).unwrap();
    let output = Command::new("chromium")
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"])
        .args(["--no-first-run", "--virtual-time-budget=20000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", folder.join("profile").display()))
        .args(arguments)
        .arg(format!("file://{}", path.display()))
        .output()
        .unwrap_or_else(|error| panic!("chromium does not start ({error}): {SETUP}"));
    let dom = String::from_utf8_lossy(&output.stdout);
    let from = dom
        .find("<pre id=\"judgement\">")
        .unwrap_or_else(|| panic!("axe-core gave no answer: {}", String::from_utf8_lossy(&output.stderr)));
    let text = dom[from..].split('>').nth(1).unwrap().split("</pre").next().unwrap();
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
    let judgement: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert!(judgement["passes"].as_u64().unwrap() > 20, "axe-core looked at the page: {judgement}");
    let lines =
        judgement["violations"].as_array().unwrap().iter().map(|line| line.as_str().unwrap().to_owned());
    let width = u32::try_from(judgement["width"].as_u64().unwrap()).unwrap();
    assert!(
        width <= u32::try_from(judgement["view"].as_u64().unwrap()).unwrap(),
        "the page scrolls sideways: {judgement}"
    );
    (lines.collect(), width)
}

fn check(clinic: &Clinic, arguments: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let (violations, _) = judge(folder.path(), &clinic.text("index.html"), arguments);
    assert_eq!(violations, Vec::<String>::new());
}

#[test]
fn the_page_has_no_violation_in_light() {
    check(&flawed(), &["--window-size=1280,1600", "--blink-settings=preferredColorScheme=1"]);
}

#[test]
fn the_page_has_no_violation_in_dark() {
    check(&flawed(), &["--window-size=1280,1600", "--blink-settings=preferredColorScheme=0"]);
}

#[test]
fn the_page_has_no_violation_where_it_is_narrow_and_reflows() {
    check(&flawed(), &["--window-size=320,900"]);
}

#[test]
fn the_page_without_a_bundle_has_no_violation() {
    let folder = tempfile::tempdir().unwrap();
    let empty: PathBuf = folder.path().join("project");
    std::fs::create_dir_all(empty.join("force-app")).unwrap();
    std::fs::copy(example("flawed").join("sfdx-project.json"), empty.join("sfdx-project.json")).unwrap();
    check(&Clinic::read(&empty, "empty"), &["--window-size=1280,1600"]);
}

/// A test of the test: a page that is wrong is found to be.
#[test]
fn what_is_wrong_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    let page =
        flawed().text("index.html").replace("<html lang=\"en\">", "<html>").replace("scope=\"col\"", "");
    let (violations, _) = judge(folder.path(), &page, &[]);
    assert!(violations.iter().any(|line| line.starts_with("html-has-lang")), "{violations:?}");
}
