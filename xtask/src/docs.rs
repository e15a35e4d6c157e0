//! `cargo xtask docs`: pages that are generated from the code, and the check that they are fresh.

use std::path::PathBuf;

use crate::steps::{command, root};

/// Each page and the words that make `phiward` print it.
const PAGES: [(&str, &[&str]); 5] = [
    ("docs/rules.md", &["docs", "rules"]),
    ("docs/commands.md", &["docs", "commands"]),
    ("docs/controls.md", &["docs", "controls"]),
    ("docs/bundle.schema.json", &["policy", "schema"]),
    ("docs/entry.schema.json", &["ledger", "schema"]),
];

fn pages() -> Result<Vec<(PathBuf, String)>, String> {
    PAGES
        .iter()
        .map(|(path, words)| {
            let mut arguments = vec!["run", "--quiet", "--locked", "--package", "phiward", "--"];
            arguments.extend(*words);
            let output = command("cargo", &arguments).output().map_err(|error| format!("cargo: {error}"))?;
            if !output.status.success() {
                return Err(format!("phiward {words:?}: {}", String::from_utf8_lossy(&output.stderr)));
            }
            let text = String::from_utf8(output.stdout).map_err(|error| format!("{path}: {error}"))?;
            Ok((root().join(path), text))
        })
        .collect()
}

pub(crate) fn write() -> Result<(), String> {
    for (path, text) in pages()? {
        if std::fs::read_to_string(&path).ok().as_deref() == Some(&text) {
            continue;
        }
        std::fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
        println!("wrote {}", path.display());
    }
    Ok(())
}

pub(crate) fn check() -> Result<(), String> {
    let stale: Vec<String> = pages()?
        .into_iter()
        .filter(|(path, text)| std::fs::read_to_string(path).ok().as_deref() != Some(text))
        .map(|(path, _)| path.display().to_string())
        .collect();
    if stale.is_empty() {
        Ok(())
    } else {
        Err(format!("stale: {}; run `cargo xtask docs`", stale.join(", ")))
    }
}
