use std::borrow::Cow;

/// XML's own white space, which is less than Unicode's.
pub(super) fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\r', '\n'])
}

/// The characters that `raw` stands for: references decoded, CDATA opened, comments and instructions left out.
/// A reference that XML does not define stays as it is written.
pub(super) fn decode(raw: &str) -> Cow<'_, str> {
    if memchr::memchr2(b'<', b'&', raw.as_bytes()).is_none() {
        return Cow::Borrowed(raw);
    }
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = memchr::memchr2(b'<', b'&', rest.as_bytes()) {
        let (plain, marked) = rest.split_at_checked(at).unwrap_or((rest, ""));
        out.push_str(plain);
        rest = if marked.starts_with('&') { reference(marked, &mut out) } else { markup(marked, &mut out) };
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn reference<'a>(marked: &'a str, out: &mut String) -> &'a str {
    // The longest reference that can mean something is shorter than this.
    let window = marked.char_indices().take(16).find(|&(_, c)| c == ';');
    if let Some((end, _)) = window
        && let Some(name) = marked.get(1..end)
        && let Some(character) = resolve(name)
    {
        out.push(character);
        return marked.get(end + 1..).unwrap_or_default();
    }
    out.push('&');
    marked.get(1..).unwrap_or_default()
}

/// What `&name;` stands for: the five predefined entities and character references.
pub(super) fn resolve(name: &str) -> Option<char> {
    match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let digits = name.strip_prefix('#')?;
            let code = match digits.strip_prefix('x') {
                Some(hex) if hex.bytes().all(|b| b.is_ascii_hexdigit()) => u32::from_str_radix(hex, 16),
                None if digits.bytes().all(|b| b.is_ascii_digit()) => digits.parse(),
                _ => return None,
            };
            char::from_u32(code.ok()?)
        }
    }
}

fn markup<'a>(marked: &'a str, out: &mut String) -> &'a str {
    let after = |rest: &'a str, end: &str| rest.split_once(end).map_or("", |(_, after)| after);
    if let Some(rest) = marked.strip_prefix("<![CDATA[") {
        let (inside, after) = rest.split_once("]]>").unwrap_or((rest, ""));
        out.push_str(inside);
        after
    } else if let Some(rest) = marked.strip_prefix("<!--") {
        after(rest, "-->")
    } else if let Some(rest) = marked.strip_prefix("<?") {
        after(rest, "?>")
    } else {
        after(marked, ">")
    }
}
