//! Lines of a bundle that `phiward init` guessed: comments that begin with `# check:` and count when somebody takes the
//! mark away. What is decided takes the place of the guess; beside it, the field would stand twice once the mark goes.

use std::ops::Range;

use source::{Edit, Source};

use super::{Decided, line_for};

const MARK: &str = "# check: ";

/// A line, where its text begins and ends, how far in it begins, and whether it is marked.
struct Line<'s> {
    whole: Range<usize>,
    indent: usize,
    is_marked: bool,
    /// Without indentation and mark.
    text: &'s str,
}

fn lines(source: &Source) -> impl Iterator<Item = Line<'_>> {
    let mut at = 0;
    source.text().split_inclusive('\n').map(move |line| {
        let start = at;
        at += line.len();
        let line = line.trim_end_matches(['\n', '\r']);
        let text = line.trim_start_matches(' ');
        let indent = line.len() - text.len();
        let unmarked = text.strip_prefix(MARK);
        Line {
            whole: start + indent..start + line.len(),
            indent,
            is_marked: unmarked.is_some(),
            text: unmarked.unwrap_or(text).trim_end(),
        }
    })
}

/// The line that opens an object, marked or not, and those below it that are the object's.
fn block<'s>(source: &'s Source, object: &str) -> Option<(Line<'s>, Vec<Line<'s>>)> {
    let opens = |line: &Line<'_>| {
        line.indent > 0 && line.text.strip_suffix(':').is_some_and(|name| name.eq_ignore_ascii_case(object))
    };
    let mut rest = lines(source).skip_while(|line| !opens(line));
    let head = rest.next()?;
    let below = rest.take_while(|line| line.text.is_empty() || line.indent > head.indent).collect();
    Some((head, below))
}

/// The changes that put what was decided in the place of what was guessed; nothing where nothing was guessed of the
/// field or of its object.
pub(super) fn decide(source: &Source, decided: &Decided) -> Option<Vec<Edit>> {
    let (head, below) = block(source, &decided.object)?;
    let is_field = |line: &&Line<'_>| {
        let name = line.text.split_once(": {").map(|(name, _)| name);
        line.is_marked && name.is_some_and(|name| name.eq_ignore_ascii_case(&decided.field))
    };
    let field = below.iter().find(is_field);
    let replace = |range: &Range<usize>, text: String| Edit { start: range.start, end: range.end, text };
    // Where every object is a guess, so is the key of them all.
    let all = lines(source).find(|line| line.indent == 0 && line.is_marked && line.text == "objects:");
    let all = all.map(|line| replace(&line.whole, line.text.to_owned()));
    let Some(fields) = below.iter().find(|line| line.text == "fields:") else {
        // Of an object that keeps nothing to guess about there is its name alone.
        let indent = " ".repeat(head.indent + 2);
        let text = format!("{}\n{indent}fields:\n{indent}  {}", head.text, line_for(decided));
        return head.is_marked.then(|| all.into_iter().chain([replace(&head.whole, text)]).collect());
    };
    // An object that was answered stands, with its fields still guesses.
    if !head.is_marked && !fields.is_marked {
        return field.map(|line| vec![replace(&line.whole, line_for(decided))]);
    }
    let mut edits = Vec::new();
    if head.is_marked {
        edits.push(replace(&head.whole, head.text.to_owned()));
    }
    edits.extend(all);
    if fields.is_marked {
        edits.push(replace(&fields.whole, fields.text.to_owned()));
    }
    edits.push(match field {
        Some(line) => replace(&line.whole, line_for(decided)),
        None => {
            let indent = " ".repeat(fields.indent + 2);
            let end = fields.whole.end;
            Edit { start: end, end, text: format!("\n{indent}{}", line_for(decided)) }
        }
    });
    Some(edits)
}

/// The changes that put what was answered of an object under its name; nothing where the object was not guessed.
pub(super) fn answer(source: &Source, object: &str, keys: &[String]) -> Option<Vec<Edit>> {
    let (head, below) = block(source, object)?;
    if !head.is_marked {
        return None;
    }
    let replace = |range: &Range<usize>, text: String| Edit { start: range.start, end: range.end, text };
    let mut edits = vec![replace(&head.whole, head.text.to_owned())];
    let all = lines(source).find(|line| line.indent == 0 && line.is_marked && line.text == "objects:");
    edits.extend(all.map(|line| replace(&line.whole, line.text.to_owned())));
    let indent = below.iter().find(|line| !line.text.is_empty()).map_or(head.indent + 2, |line| line.indent);
    let joined = keys.join(&format!("\n{}", " ".repeat(indent)));
    edits.push(match below.iter().find(|line| proposes(line)) {
        Some(line) => replace(&line.whole, joined),
        None => {
            let end = head.whole.end;
            Edit { start: end, end, text: format!("\n{}{joined}", " ".repeat(indent)) }
        }
    });
    Some(edits)
}

/// The changes that take away what was proposed of an object that stands: beside an answer it would say it twice once its
/// mark goes.
pub(super) fn answered(source: &Source, object: &str) -> Vec<Edit> {
    let Some((head, below)) = block(source, object) else { return Vec::new() };
    let own = below.iter().filter(|line| !head.is_marked && proposes(line));
    own.map(|line| {
        let start = line.whole.start - line.indent;
        let ends = source.text().get(line.whole.end..).and_then(|rest| rest.find('\n'));
        let end = ends.map_or(line.whole.end, |at| line.whole.end + at + 1);
        Edit { start, end, text: String::new() }
    })
    .collect()
}

/// Whether `init` proposes there whose records an object keeps, or asks for it.
fn proposes(line: &Line<'_>) -> bool {
    let is_key = ["subject:", "patients:"].iter().any(|key| line.text.starts_with(key));
    line.text.starts_with("# subject:") || line.is_marked && is_key
}
