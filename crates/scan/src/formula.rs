//! Formulas, as far as rules look into them: which references stand inside which functions and beside which operators.

pub(crate) mod piece;

use piece::Piece;

/// A formula has 3,900 characters at most; what is much longer is none, and not looked into.
pub(crate) const LONGEST: usize = 16 << 10;

/// What a formula does with a value that it refers to, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    /// It asks whether there is one.
    Blank,
    /// It passes it on as it is.
    Passed,
    /// `CASE` tells its values apart.
    Cased,
    /// It computes with it or compares it: in another function than those that Shield allows on an encrypted field, or beside
    /// another operator than `&`.
    Computed,
}

/// Every reference of a formula, once, with the most that is done with it.
pub(crate) fn parts(text: &str) -> Vec<(&str, Part)> {
    if text.len() > LONGEST {
        return Vec::new();
    }
    let pieces = pieces(text);
    let mut found: Vec<(&str, Part)> = Vec::new();
    for (at, piece) in pieces.iter().enumerate() {
        let Piece::Reference(name) = piece else { continue };
        let part = part(&pieces, at);
        match found.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => *known = part.max(*known),
            None => found.push((name, part)),
        }
    }
    found
}

fn part(pieces: &[Piece<'_>], at: usize) -> Part {
    const PASSED: [&str; 8] =
        ["BLANKVALUE", "CASE", "HYPERLINK", "IF", "IMAGE", "ISBLANK", "ISNULL", "NULLVALUE"];
    // From the reference outwards: what stands beside it, then the function around it, and so on.
    let (mut from, mut to) = (at, at);
    let mut part = Part::Passed;
    loop {
        let before = from.checked_sub(1).and_then(|at| pieces.get(at));
        let after = pieces.get(to + 1);
        if [before, after].into_iter().flatten().any(|piece| *piece == Piece::Operator) {
            return Part::Computed;
        }
        let Some((open, close)) = around(pieces, from, to) else { return part };
        match open.checked_sub(1).and_then(|at| pieces.get(at)) {
            Some(Piece::Function(function)) => {
                let is = |name: &str| name.eq_ignore_ascii_case(function);
                if !PASSED.iter().any(|name| is(name)) {
                    return Part::Computed;
                }
                // Whether it is blank is no longer the value.
                if is("ISBLANK") || is("ISNULL") {
                    return Part::Blank;
                }
                if is("CASE") && before == Some(&Piece::Open) {
                    part = Part::Cased;
                }
                from = open - 1;
            }
            _ => from = open,
        }
        to = close;
    }
}

/// The references whose values a formula may show: not those of which it asks no more than whether they are blank, nor
/// those that only decide which of others is shown.
pub(crate) fn shown(text: &str) -> Vec<&str> {
    if text.len() > LONGEST {
        return Vec::new();
    }
    let pieces = pieces(text);
    let (mut found, mut asked) = (Vec::new(), Vec::new());
    for (at, piece) in pieces.iter().enumerate() {
        let Piece::Reference(name) = piece else { continue };
        let list = match use_of(&pieces, at) {
            Use::Blank => continue,
            Use::Condition => &mut asked,
            Use::Shown => &mut found,
        };
        if !list.contains(name) {
            list.push(*name);
        }
    }
    if found.is_empty() { asked } else { found }
}

/// What a formula does with a value in one place.
enum Use {
    Blank,
    Condition,
    Shown,
}

fn use_of(pieces: &[Piece<'_>], at: usize) -> Use {
    const ASKING: [&str; 3] = ["ISBLANK", "ISNULL", "LEN"];
    let (mut from, mut to) = (at, at);
    let mut found = Use::Shown;
    while let Some((open, close)) = around(pieces, from, to) {
        let before = open.checked_sub(1).and_then(|at| pieces.get(at));
        if let Some(Piece::Function(function)) = before {
            let is = |name: &&str| name.eq_ignore_ascii_case(function);
            if ASKING.iter().any(is) {
                return Use::Blank;
            }
            if is(&"IF") && is_first(pieces, open, from) {
                found = Use::Condition;
            }
        }
        (from, to) = (open, close);
    }
    found
}

/// Whether what begins there stands before the first comma of the call.
fn is_first(pieces: &[Piece<'_>], open: usize, from: usize) -> bool {
    let mut depth = 0_usize;
    !pieces.get(open + 1..from).unwrap_or_default().iter().any(|piece| {
        match piece {
            Piece::Open => depth += 1,
            Piece::Close => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && *piece == Piece::Comma
    })
}

/// An address that a formula makes with `HYPERLINK`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Address<'a> {
    /// The text with which it begins, where that is a literal.
    pub(crate) begins: Option<&'a str>,
    /// The references that are put into it.
    pub(crate) references: Vec<&'a str>,
}

/// The first arguments of all calls of `HYPERLINK`.
pub(crate) fn addresses(text: &str) -> Vec<Address<'_>> {
    if text.len() > LONGEST {
        return Vec::new();
    }
    let pieces = pieces(text);
    let calls = pieces.iter().enumerate().filter(
        |(_, piece)| matches!(piece, Piece::Function(name) if name.eq_ignore_ascii_case("HYPERLINK")),
    );
    calls
        .map(|(at, _)| {
            let mut depth = 0_usize;
            let inside = pieces.iter().skip(at + 1).take_while(|piece| {
                match piece {
                    Piece::Open => depth += 1,
                    Piece::Close => depth = depth.saturating_sub(1),
                    Piece::Comma if depth == 1 => return false,
                    _ => {}
                }
                depth > 0
            });
            let inside: Vec<&Piece<'_>> = inside.filter(|piece| **piece != Piece::Open).collect();
            Address {
                begins: match inside.first() {
                    Some(Piece::Literal(text)) => Some(text),
                    _ => None,
                },
                references: inside
                    .iter()
                    .filter_map(|piece| match piece {
                        Piece::Reference(name) => Some(*name),
                        _ => None,
                    })
                    .collect(),
            }
        })
        .collect()
}

/// The parentheses around a stretch of pieces.
fn around(pieces: &[Piece<'_>], from: usize, to: usize) -> Option<(usize, usize)> {
    let mut depth = 0_usize;
    let open = (0..from).rev().find(|&at| match pieces.get(at) {
        Some(Piece::Close) => {
            depth += 1;
            false
        }
        Some(Piece::Open) if depth == 0 => true,
        Some(Piece::Open) => {
            depth -= 1;
            false
        }
        _ => false,
    })?;
    let mut depth = 0_usize;
    let close = (to + 1..pieces.len()).find(|&at| match pieces.get(at) {
        Some(Piece::Open) => {
            depth += 1;
            false
        }
        Some(Piece::Close) if depth == 0 => true,
        Some(Piece::Close) => {
            depth -= 1;
            false
        }
        _ => false,
    })?;
    Some((open, close))
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    piece::pieces(text, 0, text.len()).into_iter().map(|(_, piece)| piece).collect()
}

#[cfg(test)]
mod tests {
    use super::{Part, addresses, parts, shown};

    #[test]
    fn the_most_that_is_done_with_a_value_counts() {
        let formula = "IF(ISBLANK(A), CASE(B, \"x\", C, D), E & LEFT(A, 2)) ";
        assert_eq!(
            parts(formula),
            [
                ("A", Part::Computed),
                ("B", Part::Cased),
                ("C", Part::Passed),
                ("D", Part::Passed),
                ("E", Part::Passed)
            ]
        );
        assert_eq!(parts("NOT(ISNULL(A.B__c))"), [("A.B__c", Part::Blank)]);
        assert_eq!(
            parts(r#""a \" b)" & A__c /* " B__c */ & C__c"#),
            [("A__c", Part::Passed), ("C__c", Part::Passed)]
        );
    }

    #[test]
    fn whether_it_is_blank_shows_no_value() {
        for (formula, expected) in [
            ("UPPER(SSN__c)", &["SSN__c"][..]),
            ("NOT(ISBLANK(Patient__r.SSN__c))", &[]),
            ("IF(ISNULL(SSN__c), \"none\", \"some\")", &[]),
            ("IF(ISBLANK(SSN__c), Name, RIGHT(SSN__c, 4))", &["Name", "SSN__c"]),
            ("LEN(TRIM(SSN__c)) > 0", &[]),
            ("Diagnosis__c = \"x\"", &["Diagnosis__c"]),
        ] {
            assert_eq!(shown(formula), expected, "{formula}");
        }
    }

    #[test]
    fn the_address_of_a_hyperlink_is_its_first_argument() {
        let found =
            addresses("HYPERLINK(\"https://a.example/?q=\" & MRN__c & LEFT(Name, 2), \"x\" & SSN__c)");
        let [only] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(only.begins, Some("https://a.example/?q="));
        assert_eq!(only.references, ["MRN__c", "Name"]);
        assert_eq!(addresses("HYPERLINK(").len(), 1);
        assert_eq!(addresses("\"HYPERLINK(a)\"").len(), 0);
    }

    #[test]
    fn only_some_functions_work_on_encrypted_fields() {
        for (formula, beyond) in [
            ("SSN__c", &[][..]),
            ("\"a\" & SSN__c & \"b\"", &[]),
            ("IF(ISBLANK(SSN__c), \"none\", SSN__c)", &[]),
            ("IF(Status__c = \"Open\", SSN__c, \"\")", &["Status__c"]),
            ("LEFT(SSN__c, 3)", &["SSN__c"]),
            ("SSN__c = \"x\"", &["SSN__c"]),
            ("BLANKVALUE(SSN__c, \"\") = \"x\"", &["SSN__c"]),
            ("(SSN__c & \"-\") = \"x\"", &["SSN__c"]),
            ("IF(NOT(ISBLANK(SSN__c)), 1, 0)", &[]),
            ("\"LEFT(SSN__c)\"", &[]),
            ("LEFT( Patient__r.SSN__c /* a ) */, 3)", &["Patient__r.SSN__c"]),
            ("LEFT(SSN__c", &[]),
        ] {
            let computed: Vec<&str> = parts(formula)
                .into_iter()
                .filter(|(_, part)| *part == Part::Computed)
                .map(|(name, _)| name)
                .collect();
            assert_eq!(computed, beyond, "{formula}");
        }
    }
}
