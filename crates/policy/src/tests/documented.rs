//! Every code that a decision or a check gives stands in `docs/policy.md`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::Policy;

fn of_crate(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Those of the codes that the page does not have.
fn missing<'c>(codes: impl IntoIterator<Item = &'c str>) -> Vec<&'c str> {
    let page = std::fs::read_to_string(of_crate("../../docs/policy.md")).unwrap();
    codes.into_iter().filter(|code| !page.contains(&format!("`{code}`"))).collect()
}

#[test]
fn what_a_decision_says_stands_in_the_page() {
    let policy = Policy::empty();
    let codes = policy.rules().codes();
    assert!(codes.contains("purpose-unknown") && codes.contains("needs-declaration"));
    assert_eq!(missing(codes), Vec::<&str>::new());
    assert_eq!(missing(policy.rules().missing()), Vec::<&str>::new());
}

/// The code of a problem is the first text of small letters and hyphens that it is made with.
fn code(made: &str) -> Option<&str> {
    let texts = made.split('"').skip(1).step_by(2);
    let is_code = |text: &&str| {
        text.contains('-') && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
    };
    texts.take(3).find(is_code)
}

#[test]
fn what_a_check_says_stands_in_the_page() {
    let (mut folders, mut codes) = (vec![of_crate("src")], BTreeSet::new());
    while let Some(folder) = folders.pop() {
        for one in std::fs::read_dir(folder).unwrap() {
            let path = one.unwrap().path();
            match path.extension() {
                _ if path.ends_with("tests") => {}
                None => folders.push(path),
                Some(_) => {
                    let text = std::fs::read_to_string(&path).unwrap();
                    for how in [".error(", ".warn(", ".problem(", "Problem::error(", "Problem::warning("] {
                        codes.extend(text.split(how).skip(1).filter_map(code).map(str::to_owned));
                    }
                }
            }
        }
    }
    assert!(codes.len() > 80 && codes.contains("stand-in-does-not-fit"), "{codes:?}");
    assert_eq!(missing(codes.iter().map(String::as_str)), Vec::<&str>::new());
}
