use std::io::Read;
use std::path::Path;

use source::{Problem, Severity, Source};

/// Reads a text that a stranger wrote, unless it is larger than `limit` bytes: then nothing of it is read.
pub(super) fn load(
    root: &Path,
    path: &str,
    bytes: u64,
    limit: u64,
) -> Result<(Source, Option<Problem>), Problem> {
    if bytes > limit {
        return Err(too_large(path, limit));
    }
    let read = || -> std::io::Result<Vec<u8>> {
        let file = std::fs::File::open(root.join(path))?;
        let mut content = Vec::with_capacity(usize::try_from(bytes).unwrap_or(0));
        // It may have grown since it was listed.
        file.take(limit.saturating_add(1)).read_to_end(&mut content)?;
        Ok(content)
    };
    let content = read().map_err(|error| super::walk::unreadable(path, &error))?;
    if content.len() as u64 > limit {
        return Err(too_large(path, limit));
    }
    Ok(decode(path, content))
}

/// The largest file that says what a project is: more is no manifest.
const MANIFEST: u64 = 16 << 20;

/// A file that says what a project is, read before any other. A link is refused as everywhere, and so is what is
/// larger than any manifest.
pub(super) fn manifest(path: &Path) -> std::io::Result<Vec<u8>> {
    let metadata = std::fs::symlink_metadata(path)?;
    if !metadata.is_file() {
        return Err(std::io::Error::other("it is no plain file, and links are not followed"));
    }
    let mut content = Vec::new();
    std::fs::File::open(path)?.take(MANIFEST + 1).read_to_end(&mut content)?;
    if content.len() as u64 > MANIFEST {
        return Err(std::io::Error::other(format!("it is larger than {MANIFEST} bytes")));
    }
    Ok(content)
}

fn too_large(path: &str, limit: u64) -> Problem {
    Problem::new(Severity::Error, "file-too-large", path, format!("the file is larger than {limit} bytes"))
        .with_help("it was not read; split it or raise the limit")
}

/// As [`Source::decode`], and for XML by its own declaration or, without a mark, by the zeros that UTF-16
/// leaves around `<`.
pub(super) fn decode(path: &str, mut content: Vec<u8>) -> (Source, Option<Problem>) {
    let mark: Option<[u8; 2]> = match content.get(..4) {
        Some([b'<', 0, second, 0]) if *second != 0 => Some([0xff, 0xfe]),
        Some([0, b'<', 0, second]) if *second != 0 => Some([0xfe, 0xff]),
        _ => None,
    };
    if let Some(mark) = mark {
        content.splice(0..0, mark);
    }
    let declared = declared_encoding(&content);
    Source::decode(path, content, declared.as_deref())
}

fn declared_encoding(content: &[u8]) -> Option<String> {
    let head = content.get(..content.len().min(200))?;
    let head = String::from_utf8_lossy(head);
    let declaration = head.trim_start().strip_prefix("<?xml")?.split_once("?>")?.0;
    let (_, after) = declaration.split_once("encoding")?;
    let after = after.trim_start().strip_prefix('=')?.trim_start();
    let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let (label, _) = after.get(1..)?.split_once(quote)?;
    Some(label.to_owned())
}

/// Whether the file begins as XML of the Metadata API.
pub(super) fn is_metadata(root: &Path, path: &str) -> bool {
    let mut head = Vec::new();
    let Ok(file) = std::fs::File::open(root.join(path)) else {
        return false;
    };
    if file.take(1024).read_to_end(&mut head).is_err() {
        return false;
    }
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&head).trim_ascii_start();
    let namespace = b"http://soap.sforce.com/2006/04/metadata";
    head.starts_with(b"<") && head.windows(namespace.len()).any(|window| window == namespace)
}
