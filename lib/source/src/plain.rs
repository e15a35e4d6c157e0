/// A stranger's text on one line, as it may be shown: control characters could steer a terminal, and the marks of
/// writing direction could make a line read as another (Unicode Technical Report 36, 3.4).
pub fn plain(text: &str) -> String {
    let steers = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|c| if steers(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}
