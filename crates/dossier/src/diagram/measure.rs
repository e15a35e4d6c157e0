//! How wide a text is drawn, and where it breaks.

/// An upper guess of the width of `text` in pixels at a font size: the fonts of the reader's system are not known
/// here, so each letter counts as in the widest of the usual sans-serif faces.
pub(crate) fn width(text: &str, size: i32, bold: bool) -> i32 {
    let hundredths: i32 = text.chars().map(advance).sum();
    let hundredths = if bold { hundredths + hundredths / 12 } else { hundredths };
    (hundredths * size + 99) / 100
}

/// Hundredths of the font size.
const fn advance(c: char) -> i32 {
    match c {
        'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' => 31,
        'f' | 't' | 'r' | 'I' | ' ' | '(' | ')' | '[' | ']' | '/' | '-' => 42,
        'm' | 'w' | 'M' | 'W' | '@' | '%' => 98,
        'A'..='Z' | '_' | '&' | '+' | '=' | '<' | '>' | '#' => 73,
        ' '..='~' => 62,
        // Other alphabets vary; ideographs and emoji fill their square.
        '\u{a0}'..='\u{24f}' => 68,
        _ => 105,
    }
}

/// Breaks a text into lines of at most `limit` pixels: at spaces, then after the joints of a name, then anywhere.
/// More than `most` lines end in an ellipsis; the table beside the diagram has the whole.
pub(crate) fn wrap(text: &str, limit: i32, size: i32, bold: bool, most: usize) -> Vec<String> {
    let fits = |line: &str| width(line, size, bold) <= limit;
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()) {
        let joined = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
        if fits(&joined) {
            line = joined;
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        for piece in pieces(word) {
            let joined = format!("{line}{piece}");
            if fits(&joined) {
                line = joined;
                continue;
            }
            if !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            for c in piece.chars() {
                if !line.is_empty() && !fits(&format!("{line}{c}")) {
                    lines.push(std::mem::take(&mut line));
                }
                line.push(c);
            }
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    if lines.len() > most {
        lines.truncate(most);
        if let Some(last) = lines.last_mut() {
            while !last.is_empty() && !fits(&format!("{last}…")) {
                last.pop();
            }
            last.push('…');
        }
    }
    lines
}

/// The parts of a name, each with the joint that ends it: `Patient__c.`, `Birth`, `Date`.
fn pieces(word: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    let mut piece = String::new();
    let mut before = ' ';
    for c in word.chars() {
        let joint =
            matches!(before, '_' | '.' | '/' | '-' | ':' | '@') && !matches!(c, '_' | '.' | '/' | '-');
        let hump = before.is_lowercase() && c.is_uppercase();
        if (joint || hump) && !piece.is_empty() {
            pieces.push(std::mem::take(&mut piece));
        }
        piece.push(c);
        before = c;
    }
    if !piece.is_empty() {
        pieces.push(piece);
    }
    pieces
}
