//! The page in a browser, judged by axe-core: in both colour schemes, and where it is 320 pixels wide.

use std::path::Path;
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

/// How a page is looked at.
#[derive(Clone, Copy)]
struct View {
    /// Those of `axe.run`.
    options: &'static str,
    /// In a frame of so many pixels: a window has a least width, a frame has none.
    frame: Option<u32>,
    dark: bool,
}

/// What axe-core says of a page, one line a node.
#[derive(Debug, serde::Deserialize)]
struct Judgement {
    violations: Vec<String>,
    /// What it cannot tell.
    untold: Vec<String>,
    /// Rules that found something in order.
    passes: usize,
    /// Of the page and of the window, in pixels.
    width: u32,
    view: u32,
}

const JUDGE: &str = r#"
addEventListener("load", () => axe.run(document, OPTIONS).then(result => {
  const line = v => v.nodes.map(n => v.id + " | " + n.target + " | " + n.failureSummary.replaceAll("\n", " "));
  parent.postMessage(JSON.stringify({
    violations: result.violations.flatMap(line),
    untold: result.incomplete.flatMap(line),
    passes: result.passes.length,
    width: document.documentElement.scrollWidth,
    view: innerWidth,
  }), "*");
}));"#;

/// Writes down what a page, or the page in a frame, has posted.
const LISTEN: &str = r#"
addEventListener("message", event => {
  const out = document.createElement("pre");
  out.id = "judgement";
  out.textContent = event.data;
  document.body.append(out);
});"#;

fn judge(page: &str, view: View) -> Judgement {
    let folder = tempfile::tempdir().unwrap();
    // The policy forbids scripts, which is its purpose; this copy goes without it.
    let start = page.find("<meta http-equiv=\"Content-Security-Policy\"").unwrap();
    let end = start + page[start..].find('>').unwrap() + 1;
    let judge = JUDGE.replace("OPTIONS", view.options);
    let listen = if view.frame.is_none() { LISTEN } else { "" };
    let scripts = format!("<script>{}</script><script>{listen}{judge}</script>", engine());
    let copy = format!("{}{scripts}{}", &page[..start], &page[end..]);
    write(folder.path(), "page.html", &copy);
    let opened = match view.frame {
        None => "page.html",
        Some(width) => {
            let frame = format!("<iframe width={width} height=900 src=page.html></iframe>");
            let text = format!("<!DOCTYPE html><body><script>{LISTEN}</script>{frame}");
            write(folder.path(), "frame.html", &text);
            "frame.html"
        }
    };
    let scheme = u8::from(!view.dark);
    let output = Command::new("chromium")
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"])
        .args(["--no-first-run", "--virtual-time-budget=20000", "--dump-dom", "--window-size=1800,1600"])
        .arg(format!("--blink-settings=preferredColorScheme={scheme}"))
        .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
        .arg(format!("file://{}", folder.path().join(opened).display()))
        .output()
        .unwrap_or_else(|error| panic!("chromium does not start ({error}): {SETUP}"));
    let dom = String::from_utf8_lossy(&output.stdout);
    let (_, rest) = dom
        .split_once("<pre id=\"judgement\">")
        .unwrap_or_else(|| panic!("axe-core gave no answer: {}", String::from_utf8_lossy(&output.stderr)));
    let (text, _) = rest.split_once("</pre>").unwrap();
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&");
    serde_json::from_str(&text).unwrap()
}

fn write(folder: &Path, name: &str, text: &str) {
    std::fs::write(folder.join(name), text).unwrap();
}

const ALL: &str = "{}";
/// The colours, which are all that changes with the scheme.
const COLOURS: &str = "{runOnly: ['color-contrast', 'link-in-text-block']}";
/// All but the colours, which do not change with the width.
const SHAPE: &str = "{rules: {'color-contrast': {enabled: false}}}";

fn check(clinic: &Clinic, view: View) -> Judgement {
    let judgement = judge(&clinic.text("index.html"), view);
    assert_eq!(judgement.violations, Vec::<String>::new());
    // Marks beside their words are no text. What lies under a label of the picture is not told: its palette has a
    // test of its own.
    let expected = |line: &str| {
        line.contains("only non-text characters") || line.contains("[y=") || line.contains("[x=")
    };
    let untold: Vec<&String> = judgement.untold.iter().filter(|line| !expected(line)).collect();
    assert_eq!(untold, Vec::<&String>::new());
    assert!(judgement.width <= judgement.view, "the page scrolls sideways: {judgement:?}");
    judgement
}

#[test]
fn the_page_has_no_violation_in_light() {
    assert!(check(&flawed(), View { options: ALL, frame: None, dark: false }).passes > 25);
}

#[test]
fn the_page_has_no_violation_in_dark() {
    assert!(check(&flawed(), View { options: COLOURS, frame: None, dark: true }).passes > 0);
}

#[test]
fn the_page_has_no_violation_where_it_is_narrow_and_reflows() {
    let judgement = check(&flawed(), View { options: SHAPE, frame: Some(320), dark: false });
    assert_eq!(judgement.view, 320);
    assert!(judgement.passes > 20);
}

#[test]
fn the_page_without_a_bundle_has_no_violation() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("force-app")).unwrap();
    std::fs::copy(example("flawed").join("sfdx-project.json"), folder.path().join("sfdx-project.json"))
        .unwrap();
    check(&Clinic::read(folder.path(), "empty"), View { options: ALL, frame: None, dark: false });
}

/// A test of the test: what is wrong is seen, in the dark and in a frame too.
#[test]
fn what_is_wrong_is_seen() {
    let page = "<html><head><meta http-equiv=\"Content-Security-Policy\"><title>t</title><style>
        p{color:#000;background:#fff}@media (prefers-color-scheme:dark){p{color:#222;background:#111}}</style></head>
        <body><main><h1>One</h1><p style='width:700px'>faint</p></main></body></html>";
    let judgement = judge(page, View { options: ALL, frame: Some(320), dark: true });
    assert!(judgement.violations.iter().any(|line| line.starts_with("html-has-lang")), "{judgement:?}");
    let contrast = judgement.violations.iter().find(|line| line.starts_with("color-contrast"));
    assert!(
        contrast.is_some_and(|line| line.contains("#222222")),
        "the dark scheme is judged: {judgement:?}"
    );
    assert!(judgement.width > judgement.view, "what does not reflow is seen: {judgement:?}");
}
