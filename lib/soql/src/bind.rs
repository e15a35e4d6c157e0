//! Where an expression of Apex ends that a query holds after a colon.

use crate::lex::{Lexer, in_word};

/// The end of the expression that starts at or after `lexer.at`, and what is wrong with it.
pub(crate) struct Extent {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) wrong: Option<&'static str>,
}

/// Words that can follow an expression, and are names of nothing in Apex.
const AFTER: [&str; 23] = [
    "AND",
    "OR",
    "ORDER",
    "LIMIT",
    "GROUP",
    "HAVING",
    "WITH",
    "FOR",
    "ALL",
    "OFFSET",
    "UPDATE",
    "USING",
    "ASC",
    "DESC",
    "NULLS",
    "IN",
    "RETURNING",
    "WHERE",
    "FROM",
    "LIKE",
    "NOT",
    "INCLUDES",
    "EXCLUDES",
];

fn may_follow(word: &str) -> bool {
    AFTER.iter().any(|after| word.eq_ignore_ascii_case(after))
}

/// Reads operands and operators in turn: after a whole operand only an operator goes on. Groups are balanced, not
/// read. Linear, without recursion.
pub(crate) fn extent(mut lexer: Lexer<'_>) -> Extent {
    lexer.skip_space();
    let start = lexer.at;
    let mut end = start;
    let mut operand = true;
    // Behind a point every word is a member: `Trigger.new`.
    let mut member = false;
    let mut choices = 0usize;
    let mut wrong = None;
    loop {
        lexer.skip_space();
        let at = lexer.at;
        let byte = lexer.byte(at);
        let second = lexer.byte(at + 1);
        if operand {
            match byte {
                b'-' | b'+' | b'!' | b'~' => {
                    lexer.at = at + 1;
                    continue;
                }
                b'\'' => match lexer.end_of_string(at) {
                    Some(past) => lexer.at = past,
                    None => wrong = Some("a string in the bind expression has no end"),
                },
                b'(' | b'[' => {
                    wrong = group(&mut lexer);
                    if byte == b'(' && wrong.is_none() && casts(lexer, at) {
                        continue;
                    }
                }
                b'.' if second.is_ascii_digit() => lexer.at = past_number(&lexer, at),
                b'0'..=b'9' => lexer.at = past_number(&lexer, at),
                _ => {
                    let past = past_word(&lexer, at);
                    let word = lexer.text.get(at..past).unwrap_or_default();
                    if past == at || !member && may_follow(word) {
                        wrong = Some("an expression of Apex is expected after `:`");
                    } else {
                        lexer.at = past;
                        if !member && word.eq_ignore_ascii_case("new") {
                            wrong = creation(&mut lexer);
                        }
                    }
                }
            }
            if wrong.is_some() {
                break;
            }
            operand = false;
            member = false;
            end = lexer.at;
            continue;
        }
        match byte {
            b'(' | b'[' => {
                wrong = group(&mut lexer);
                if wrong.is_some() {
                    break;
                }
                end = lexer.at;
                continue;
            }
            b'+' | b'-' if second == byte => {
                lexer.at = at + 2;
                end = lexer.at;
                continue;
            }
            b'.' => {
                member = true;
                lexer.at = at + 1;
            }
            b'?' if second == b'.' || second == b'?' => {
                member = second == b'.';
                lexer.at = at + 2;
            }
            b'?' => {
                choices += 1;
                lexer.at = at + 1;
            }
            b':' if choices > 0 => {
                choices -= 1;
                lexer.at = at + 1;
            }
            b'+' | b'-' | b'*' | b'/' | b'%' | b'&' | b'|' | b'^' | b'=' | b'!' | b'<' | b'>' => {
                let more = |byte| matches!(byte, b'=' | b'&' | b'|' | b'<' | b'>');
                lexer.at = at + 1;
                while more(lexer.byte(lexer.at)) {
                    lexer.at += 1;
                }
            }
            _ => {
                let past = past_word(&lexer, at);
                let word = lexer.text.get(at..past).unwrap_or_default();
                if !word.eq_ignore_ascii_case("instanceof") {
                    break;
                }
                lexer.at = past;
            }
        }
        operand = true;
    }
    if wrong.is_some() {
        end = end.max(lexer.at);
    }
    Extent { start, end, wrong }
}

/// Past a name, with the holes that are a part of it. A hole right behind a whole name is rather what follows.
fn past_word(lexer: &Lexer<'_>, start: usize) -> usize {
    let mut at = start;
    loop {
        let byte = lexer.byte(at);
        if in_word(byte) || byte == b'$' {
            at += 1;
        } else if lexer.hole(at).is_some() {
            let begins = at == start || lexer.byte(at - 1) == b'_';
            let next = lexer.byte(at + 1);
            if !begins && !in_word(next) && lexer.hole(at + 1).is_none() {
                return at;
            }
            at += 1;
        } else {
            return at;
        }
    }
}

fn past_number(lexer: &Lexer<'_>, start: usize) -> usize {
    let mut at = start;
    // A point ends the number when a method of it is called, which Apex writes for no literal but a string.
    while in_word(lexer.byte(at)) || lexer.byte(at) == b'.' {
        at += 1;
    }
    at
}

/// Past the bracket that closes the one at `lexer.at`.
fn group(lexer: &mut Lexer<'_>) -> Option<&'static str> {
    let mut closers = Vec::new();
    loop {
        lexer.skip_space();
        let byte = lexer.byte(lexer.at);
        if lexer.at >= lexer.text.len() {
            return Some("a bracket in the bind expression is not closed");
        }
        let closer = match byte {
            b'(' => Some(b')'),
            b'[' => Some(b']'),
            b'{' => Some(b'}'),
            _ => None,
        };
        if closer.is_some() {
            closers.extend(closer);
        } else if matches!(byte, b')' | b']' | b'}') {
            if closers.pop() != Some(byte) {
                return Some("a bracket in the bind expression is closed by another kind");
            }
        } else if byte == b'\'' {
            let Some(past) = lexer.end_of_string(lexer.at) else {
                lexer.at = lexer.text.len();
                return Some("a string in the bind expression has no end");
            };
            lexer.at = past;
            continue;
        }
        lexer.at += 1;
        if closers.is_empty() {
            return None;
        }
    }
}

/// Whether the parentheses from `open` to `lexer.at` are a cast: a type is in them, and an operand follows.
fn casts(mut lexer: Lexer<'_>, open: usize) -> bool {
    let inner = lexer.text.get(open + 1..lexer.at.saturating_sub(1)).unwrap_or_default();
    let named = inner.bytes().any(|byte| byte.is_ascii_alphabetic());
    let typed = inner.bytes().all(|byte| {
        in_word(byte) || byte.is_ascii_whitespace() || matches!(byte, b'.' | b'<' | b'>' | b',' | b'[' | b']')
    });
    if !named || !typed {
        return false;
    }
    lexer.skip_space();
    let at = lexer.at;
    match lexer.byte(at) {
        b'\'' | b'(' => true,
        byte if in_word(byte) => {
            let word = lexer.text.get(at..past_word(&lexer, at)).unwrap_or_default();
            !may_follow(word) && !word.eq_ignore_ascii_case("instanceof")
        }
        _ => false,
    }
}

/// What follows `new`: a type, its arguments, its members.
fn creation(lexer: &mut Lexer<'_>) -> Option<&'static str> {
    let mut angles = 0usize;
    let mut groups = false;
    loop {
        let before = lexer.at;
        lexer.skip_space();
        let at = lexer.at;
        let byte = lexer.byte(at);
        match byte {
            b'<' if !groups => angles += 1,
            b'>' if angles > 0 => angles -= 1,
            b'.' | b',' if !groups && (byte == b'.' || angles > 0) => {}
            b'(' | b'{' | b'[' if angles == 0 => {
                // `new Id[]{a}` has two groups; after others comes no second one that is a part of it.
                let square = byte == b'[';
                if groups && byte != b'{' {
                    lexer.at = before;
                    return None;
                }
                if let Some(wrong) = group(lexer) {
                    return Some(wrong);
                }
                if !square {
                    return None;
                }
                groups = true;
                continue;
            }
            b'[' | b']' if angles > 0 => {}
            _ => {
                let past = past_word(lexer, at);
                if past == at || groups {
                    lexer.at = before;
                    return (!groups).then_some("what follows `new` is not a type with its arguments");
                }
                lexer.at = past;
                continue;
            }
        }
        lexer.at = at + 1;
    }
}
