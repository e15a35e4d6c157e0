//! Names near one that was mistyped.

/// How many are told.
const TOLD: usize = 3;

/// The known names nearest to `asked`, as words for the end of a message; empty where none is near.
pub(crate) fn matches<'n>(asked: &str, known: impl Iterator<Item = &'n str>) -> String {
    let asked = asked.to_lowercase();
    let limit = (asked.chars().count() / 4).max(2);
    let mut near: Vec<(usize, &str)> = known
        .filter_map(|name| {
            let other = name.to_lowercase();
            let holds = asked.len() > 3 && (other.contains(&asked) || asked.contains(&other));
            let distance = distance(&asked, &other, limit)?;
            (distance <= limit || holds).then_some((distance, name))
        })
        .collect();
    near.sort();
    near.dedup();
    let names: Vec<String> =
        near.iter().take(TOLD).map(|(_, name)| format!("`{}`", source::plain(name))).collect();
    if names.is_empty() { String::new() } else { format!("; near it: {}", names.join(", ")) }
}

/// That an option's word is no name of the bundle. What may be anything is not repeated; what is near it is told.
pub(crate) fn unknown<'n>(
    option: &str,
    what: &str,
    asked: &str,
    known: impl Iterator<Item = &'n str>,
) -> String {
    format!("`{option}` is no {what} of the bundle{}", matches(asked, known))
}

/// How many letters must be added, taken or changed (Levenshtein); `limit + 1` stands for any larger number. None for
/// names too long to be typed.
fn distance(a: &str, b: &str, limit: usize) -> Option<usize> {
    const LONGEST: usize = 200;
    let b: Vec<char> = b.chars().collect();
    if b.len() > LONGEST || a.len() > 4 * LONGEST {
        return None;
    }
    if a.chars().count().abs_diff(b.len()) > limit {
        return Some(limit + 1);
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (at, letter) in a.chars().enumerate() {
        let mut before = at;
        let mut left = at + 1;
        for (cell, other) in row.iter_mut().skip(1).zip(&b) {
            let changed = before + usize::from(letter != *other);
            before = *cell;
            left = changed.min(*cell + 1).min(left + 1);
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = at + 1;
        }
    }
    row.last().map(|last| (*last).min(limit + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_of_levenshtein() {
        for (a, b, expected) in
            [("", "", 0), ("abc", "abc", 0), ("abc", "abd", 1), ("kitten", "sitting", 3), ("ab", "ba", 2)]
        {
            assert_eq!(distance(a, b, 9), Some(expected), "{a} {b}");
            assert_eq!(distance(b, a, 9), Some(expected), "{b} {a}");
        }
        assert_eq!(distance("a", "abcdef", 2), Some(3), "no more than that it is beyond the limit");
    }

    #[test]
    fn the_nearest_come_first_and_the_far_not_at_all() {
        let known = ["Patient__c.SSN__c", "Patient__c.Name", "Account.Fax", "Patient__c.SNN__c"];
        assert_eq!(
            matches("patient__c.ssn_c", known.into_iter()),
            "; near it: `Patient__c.SSN__c`, `Patient__c.SNN__c`"
        );
        assert_eq!(matches("Zebra", known.into_iter()), "");
    }
}
