//! The shapes of values that name or number a patient, and the marks by which made-up ones are told.
//!
//! Sources: SSA, *Social Security Number Randomization* (areas 000, 666 and 900 to 999 are never given out; nor
//! group 00 and serial 0000); CMS, *Understanding the Medicare Beneficiary Identifier Format*; NHS Data Dictionary,
//! *NHS Number* (modulus 11); RFC 2606 (example domains); NANPA (555-0100 to 555-0199 for fiction); Ofcom,
//! *Telephone numbers for use in TV and radio drama programmes*.

use policy::vocabulary::Identifier;

/// `ddd-dd-dddd`, dashes or spaces, in the ranges that are given out.
pub(crate) fn is_social_security_number(text: &str) -> bool {
    let parts: Vec<&str> = text.split(['-', ' ']).collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    lengths == [3, 2, 4] && is_social_security_digits(&parts.concat())
}

/// Nine digits in the ranges that are given out.
pub(crate) fn is_social_security_digits(digits: &str) -> bool {
    let bytes = digits.as_bytes();
    if bytes.len() != 9 || !bytes.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or_default();
    let (area, group, serial) = (part(0, 3), part(3, 5), part(5, 9));
    area != "000" && area != "666" && !area.starts_with('9') && group != "00" && serial != "0000"
}

/// Nine digits in a range that is never given out, which people use for made-up numbers: 000, 666 and from 900 up.
pub(crate) fn is_social_security_number_of_nobody(text: &str) -> bool {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let area = digits.get(..3).unwrap_or_default();
    digits.len() == 9 && (area == "000" || area == "666" || area.starts_with('9'))
}

/// A Medicare beneficiary identifier: eleven characters, with or without the dashes of the card.
pub(crate) fn is_medicare_beneficiary_identifier(text: &str) -> bool {
    let bare: Vec<char> = text.chars().filter(|c| *c != '-').collect();
    let letter = |c: char| c.is_ascii_uppercase() && !"SLOIBZ".contains(c);
    let fits = |kind: char, c: char| match kind {
        '1' => matches!(c, '1'..='9'),
        'A' => letter(c),
        'N' => c.is_ascii_digit(),
        _ => c.is_ascii_digit() || letter(c),
    };
    let dashes: Vec<usize> = text.match_indices('-').map(|(at, _)| at).collect();
    (dashes.is_empty() || dashes == [4, 8])
        && bare.len() == 11
        && "1AXNAXNAANN".chars().zip(bare).all(|(kind, c)| fits(kind, c))
}

/// Ten digits whose last is the modulus 11 check of the others.
pub(crate) fn is_nhs_number(text: &str) -> bool {
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(10)).collect();
    let [rest @ .., check] = digits.as_slice() else { return false };
    if rest.len() != 9 || text.chars().any(|c| !c.is_ascii_digit() && c != ' ' && c != '-') {
        return false;
    }
    let sum: u32 = rest.iter().zip((2..=10).rev()).map(|(digit, weight): (&u32, u32)| digit * weight).sum();
    let expected = (11 - sum % 11) % 11;
    expected != 10 && expected == *check
}

/// A calendar day of somebody who may be alive: `1980-02-29`, `2/29/1980`, `29.02.1980`, with or without a time.
pub(crate) fn is_birth_date(text: &str) -> bool {
    let day = text.split(['T', ' ']).next().unwrap_or(text);
    let parts: Vec<&str> = day.split(['-', '/', '.']).collect();
    let [first, second, third] = parts.as_slice() else { return false };
    let number = |part: &str| part.parse::<u32>().ok().filter(|_| part.len() <= 4);
    let (Some(a), Some(b), Some(c)) = (number(first), number(second), number(third)) else { return false };
    let (year, x, y) = if first.len() == 4 { (a, b, c) } else { (c, a, b) };
    let is_year = (1900..=2100).contains(&year) || (first.len() != 4 && third.len() == 2);
    is_year && (1..=31).contains(&x) && (1..=31).contains(&y) && (x <= 12 || y <= 12)
}

pub(crate) fn is_email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty()
            && domain.contains('.')
            && !domain.starts_with('.')
            && domain.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'))
    })
}

/// Domains that belong to nobody: RFC 2606.
pub(crate) fn is_example_email(text: &str) -> bool {
    const NOBODY: [&str; 3] = ["example.com", "example.org", "example.net"];
    let domain = text.split_once('@').map_or("", |(_, domain)| domain).to_ascii_lowercase();
    NOBODY
        .iter()
        .any(|own| domain == *own || domain.strip_suffix(own).is_some_and(|rest| rest.ends_with('.')))
        || [".example", ".test", ".invalid", ".localhost"].iter().any(|own| domain.ends_with(own))
}

pub(crate) fn is_phone(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    (7..=15).contains(&digits)
        && text.chars().all(|c| c.is_ascii_digit() || matches!(c, '+' | '(' | ')' | '-' | '.' | ' ' | 'x'))
}

/// Numbers kept for fiction: 555-0100 to 555-0199 in North America, and Ofcom's ranges in the United Kingdom.
pub(crate) fn is_fictional_phone(text: &str) -> bool {
    const OFCOM: [&str; 20] = [
        "1134960", "1144960", "1154960", "1164960", "1174960", "1184960", "1214960", "1314960", "1414960",
        "1514960", "1614960", "1914980", "1632960", "2079460", "2890180", "2896496", "2920180", "7700900",
        "8081570", "9098790",
    ];
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let tail = digits.len().checked_sub(7).and_then(|at| digits.get(at..)).unwrap_or_default();
    let national = digits.strip_prefix("44").unwrap_or(&digits);
    let national = national.strip_prefix('0').unwrap_or(national);
    tail.starts_with("55501")
        || (national.len() == 10 && OFCOM.iter().any(|range| national.starts_with(range)))
}

/// Whether a filter bounds a period: its date is nobody's.
pub(crate) fn is_bound(kind: Option<Identifier>, operation: Option<&str>) -> bool {
    let is_range = operation.is_some_and(|operation| {
        let operation = operation.to_ascii_lowercase();
        operation.starts_with("greater") || operation.starts_with("less")
    });
    is_range && kind == Some(Identifier::Date)
}

/// Whether a filter's text is a value of one person, and no range, keyword or list of choices.
pub(crate) fn is_of_one_person(field: &str, kind: Option<Identifier>, value: &str) -> bool {
    let value = value.trim();
    let is_birth = ["birth", "dob"].iter().any(|word| field.to_lowercase().contains(word));
    if is_birth && is_birth_date(value) {
        return true;
    }
    let Some(kind) = kind else { return false };
    let digits = value.chars().filter(char::is_ascii_digit).count();
    match kind {
        Identifier::Name => {
            // A name has a letter that is no code: `Smith`, `Ana Lee`; `TEST`, `%` and flags are none.
            let letters = value.chars().filter(|c| c.is_alphabetic()).count();
            letters >= 4
                && digits == 0
                && value.chars().any(char::is_uppercase)
                && value.chars().any(char::is_lowercase)
                && !["test", "demo", "sample", "unknown", "anonymous", "none", "null"]
                    .iter()
                    .any(|word| value.to_lowercase().contains(word))
        }
        Identifier::Email => {
            value.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.'))
        }
        Identifier::Ssn
        | Identifier::Mrn
        | Identifier::HealthPlan
        | Identifier::Account
        | Identifier::Phone
        | Identifier::Fax => digits >= 6,
        Identifier::Date => false,
        Identifier::Geographic => digits >= 1 && value.chars().filter(|c| c.is_alphabetic()).count() >= 5,
        _ => false,
    }
}

/// A social security number or Medicare identifier, whatever field it stands in.
pub(crate) fn is_number_by_shape(value: &str) -> bool {
    let value = value.trim();
    is_social_security_number(value) || (value.contains('-') && is_medicare_beneficiary_identifier(value))
}

#[cfg(test)]
mod tests;
