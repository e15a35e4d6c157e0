//! Keys and other secrets in static resources, which whoever knows their name can load.

use journal::{Place, Severity};
use serde_json::Value;
use sfdx::{File, Kind};
use source::{Source, Span};

use crate::Context;
use crate::classification::words::words;
use crate::secret;

/// Larger files are other people's libraries and data.
const LARGEST: u64 = 1 << 20;

/// Lengths of keys: 16, 24 and 32 bytes, as they are, in hexadecimal or in Base64.
const KEYS: [u64; 6] = [16, 24, 32, 44, 48, 64];

/// What a resource holds, and never the secret itself.
pub(crate) struct Held {
    pub(crate) resource: String,
    pub(crate) place: Place,
    /// What tells it from others in the same resource.
    pub(crate) detail: String,
    pub(crate) what: String,
    pub(crate) severity: Severity,
}

/// How many resources were looked at, and what was found in them.
pub(crate) fn secrets(cx: &Context<'_>) -> (usize, Vec<Held>) {
    let mut judged = 0;
    let mut found = Vec::new();
    for file in cx.project.files().iter().filter(|file| file.kind == Kind::StaticResource) {
        let Some(resource) = resource(&file.path) else { continue };
        judged += 1;
        if let Some(what) = key_by_name(file) {
            let place = described(cx, resource).unwrap_or_else(|| Place::line(file.path.clone(), 1));
            found.push(held(resource, place, file.name(), what.to_owned(), Severity::High));
            continue;
        }
        let extension = file.extension().to_ascii_lowercase();
        let is_json = matches!(extension.as_str(), "json" | "resource");
        if file.bytes > LARGEST || !is_json && !is_text(&extension) {
            continue;
        }
        let Ok((source, _)) = cx.project.load(file) else { continue };
        in_pem(resource, file, &source, &mut found);
        if is_json {
            in_json(resource, &source, &mut found);
        }
    }
    (judged, found)
}

fn held(resource: &str, place: Place, detail: &str, what: String, severity: Severity) -> Held {
    let is_for_tests = words(resource).iter().any(|word| {
        matches!(
            word.as_str(),
            "mock" | "mocks" | "test" | "tests" | "stub" | "dummy" | "fake" | "sample" | "response"
        )
    });
    let (severity, so) = match is_for_tests {
        true => (Severity::Medium, "; its name says that it is for tests"),
        false => (severity, ""),
    };
    Held { resource: resource.to_owned(), place, detail: detail.to_owned(), what: what + so, severity }
}

/// The resource that a file is or is a part of.
fn resource(path: &str) -> Option<&str> {
    let (_, below) = path.rsplit_once("staticresources/")?;
    below.split(['/', '.']).next().filter(|name| !name.is_empty())
}

/// The line that describes a resource: an excerpt of a key would be the key.
fn described(cx: &Context<'_>, resource: &str) -> Option<Place> {
    let root = cx.project.find("StaticResource", resource)?.root();
    Some(Place::of(root.source(), root.child("contentType").unwrap_or(root).span()))
}

fn is_text(extension: &str) -> bool {
    matches!(
        extension,
        "txt" | "key" | "pem" | "xml" | "yaml" | "yml" | "env" | "properties" | "conf" | "ini"
    )
}

/// A file that is a key by what it is called and how long it is.
fn key_by_name(file: &File) -> Option<&'static str> {
    const OF: [&str; 12] = [
        "crypto",
        "aes",
        "encryption",
        "encrypt",
        "encrypted",
        "decryption",
        "cipher",
        "hmac",
        "secret",
        "private",
        "signing",
        "symmetric",
    ];
    let extension = file.extension().to_ascii_lowercase();
    match extension.as_str() {
        "p12" | "pfx" | "jks" | "keystore" | "ppk" if file.bytes > 0 => {
            return Some("a file of private keys");
        }
        "bin" | "dat" | "key" | "txt" | "resource" | "" => {}
        _ => return None,
    }
    let stem = file.name().split('.').next().unwrap_or_default();
    let words = words(stem);
    let is_named = words.iter().any(|word| matches!(word.as_str(), "key" | "keys"))
        && words.iter().any(|word| OF.contains(&word.as_str()));
    let is_key = KEYS.contains(&file.bytes) && (is_named || extension == "key");
    is_key.then_some("what by its name and length is a key for encryption")
}

fn in_pem(resource: &str, file: &File, source: &Source, found: &mut Vec<Held>) {
    let text = source.text();
    let Some(at) = text.find("PRIVATE KEY-----") else { return };
    let start = text.get(..at).and_then(|before| before.rfind("-----BEGIN"));
    // The mark alone is what code looks for.
    let is_whole = text.get(at..).is_some_and(|rest| rest.contains("-----END") && rest.len() > 200);
    let span = start.filter(|_| is_whole).and_then(|start| {
        Some(Span::new(u32::try_from(start).ok()?, u32::try_from(at + "PRIVATE KEY-----".len()).ok()?))
    });
    if let Some(span) = span {
        let place = Place::of(source, span);
        found.push(held(resource, place, file.name(), "a private key".to_owned(), Severity::High));
    }
}

/// Members of objects that are called after secrets and have the value of one.
fn in_json(resource: &str, source: &Source, found: &mut Vec<Held>) {
    let Ok(document) = serde_json::from_str::<Value>(source.text()) else { return };
    let mut todo = vec![&document];
    while let Some(value) = todo.pop() {
        match value {
            Value::Array(all) => todo.extend(all),
            Value::Object(members) => {
                for (name, value) in members {
                    let Value::String(text) = value else {
                        todo.push(value);
                        continue;
                    };
                    if !is_secret(name, text) {
                        continue;
                    }
                    let Some(span) = place_of(source, name, text) else { continue };
                    let severity = match secret::is_for_tests(source.text(), span.start as usize) {
                        true => Severity::Medium,
                        false => Severity::High,
                    };
                    let what = format!("a secret in `{name}`");
                    found.push(held(resource, Place::of(source, span), name, what, severity));
                }
            }
            _ => {}
        }
    }
}

fn is_secret(name: &str, text: &str) -> bool {
    // A file may have data for names.
    name.len() <= 64
        && ((secret::is_named(name) || secret::is_header(name))
            && (secret::is_value(text) || secret::within(text).is_some())
            || secret::is_named_as_key(name) && secret::is_drawn(text))
}

/// Where the value of a member stands: behind its name.
fn place_of(source: &Source, name: &str, value: &str) -> Option<Span> {
    let text = source.text();
    let written = Value::from(value).to_string();
    let named = Value::from(name).to_string();
    let mut each = text.match_indices(named.as_str()).filter_map(|(at, _)| {
        let behind = at + named.len();
        let rest = text.get(behind..)?;
        let value = rest.trim_start().strip_prefix(':')?.trim_start();
        let start = text.len() - value.len();
        value.starts_with(&written).then_some((start, start + written.len()))
    });
    // Written with escapes of its own, it stands at least in the file.
    let (start, end) = each.next().unwrap_or_default();
    Some(Span::new(u32::try_from(start).ok()?, u32::try_from(end).ok()?))
}
