/// A text to be put in at a byte of a source, or in place of what stands there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    pub start: usize,
    pub end: usize,
    pub text: String,
}

/// The text with all changes made. Of two that overlap, the first in the text counts.
pub fn apply(text: &str, mut edits: Vec<Edit>) -> String {
    edits.sort_by_key(|edit| (edit.start, edit.end));
    let mut changed =
        String::with_capacity(text.len() + edits.iter().map(|edit| edit.text.len()).sum::<usize>());
    let mut at = 0;
    for edit in edits {
        let Some(kept) = text.get(at..edit.start) else { continue };
        changed.push_str(kept);
        changed.push_str(&edit.text);
        at = edit.end;
    }
    changed.push_str(text.get(at..).unwrap_or_default());
    changed
}
