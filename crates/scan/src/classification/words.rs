//! Names as people read them: `Birth_Date__pc` and `PersonBirthdate` become words.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The words of an API name or label, in lower case: split at whatever is no letter or digit, where the case
/// changes (`MRNNumber` is `mrn`, `number`) and between letters and digits. The suffixes that Salesforce adds
/// (`__c`, `__pc`) and a package's namespace are no words. Letters lose their accents.
pub(crate) fn words(name: &str) -> Vec<String> {
    let name = strip_affixes(name);
    let unaccented = name.nfd().filter(|c| !is_combining_mark(*c)).collect::<String>().replace('ß', "ss");
    let characters: Vec<char> = unaccented.chars().collect();
    let mut words = Vec::new();
    let mut word = String::new();
    for (index, &c) in characters.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|i| characters.get(i)).copied();
        let after = characters.get(index + 1).copied();
        let starts = match before {
            None => true,
            Some(before) => {
                (before.is_lowercase() && c.is_uppercase())
                    || (before.is_uppercase() && c.is_uppercase() && after.is_some_and(char::is_lowercase))
                    || (before.is_alphabetic() && c.is_numeric())
                    || (before.is_numeric() && c.is_alphabetic())
            }
        };
        if starts || !c.is_alphanumeric() {
            if !word.is_empty() {
                words.push(std::mem::take(&mut word));
            }
            if !c.is_alphanumeric() {
                continue;
            }
        }
        word.extend(c.to_lowercase());
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

fn strip_affixes(name: &str) -> &str {
    const SUFFIXES: [&str; 10] =
        ["__c", "__pc", "__r", "__pr", "__e", "__x", "__mdt", "__b", "__latitude__s", "__longitude__s"];
    let lower = name.to_ascii_lowercase();
    let kept =
        SUFFIXES.iter().find_map(|suffix| lower.strip_suffix(suffix).map(str::len)).unwrap_or(name.len());
    let bare = name.get(..kept).unwrap_or(name);
    // A namespace is up to 15 characters before a double underscore.
    match bare.split_once("__") {
        Some((namespace, rest)) if namespace.len() <= 15 && !rest.is_empty() => rest,
        _ => bare,
    }
}

/// Whether `pattern` occurs in `words` as a run; a word that ends in `*` matches its beginning. Words written
/// together in a name count too: `date birth` is found in `datebirth`.
pub(crate) fn occurs(pattern: &[&str], words: &[String]) -> bool {
    if pattern.is_empty() {
        return false;
    }
    let length: usize = pattern.iter().map(|wanted| wanted.len()).sum();
    words.iter().any(|word| pattern.len() > 1 && word.len() == length && is_together(word, pattern))
        || words
            .windows(pattern.len())
            .any(|window| window.iter().zip(pattern).all(|(word, wanted)| fits(word, wanted)))
}

/// Whether a word is the words of a pattern one behind the other.
fn is_together(word: &str, pattern: &[&str]) -> bool {
    pattern.iter().try_fold(word, |rest, wanted| rest.strip_prefix(wanted)) == Some("")
}

/// By bytes: every field of an org is held against every pattern.
fn fits(word: &str, wanted: &str) -> bool {
    let word = word.as_bytes();
    match wanted.as_bytes() {
        [beginning @ .., b'*'] => word.starts_with(beginning),
        wanted => word == wanted || matches!(word, [stem @ .., b's'] if stem == wanted),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_split_into_words() {
        for (name, expected) in [
            ("Birth_Date__pc", "birth date"),
            ("PersonBirthdate", "person birthdate"),
            ("MRNNumber__c", "mrn number"),
            ("ns__Icd10Code__c", "icd 10 code"),
            ("Date of Birth (DOB)", "date of birth dob"),
            ("SSN", "ssn"),
            ("Home__Latitude__s", "home"),
            ("Home__Longitude__s", "home"),
            ("Größe_cm__c", "grosse cm"),
        ] {
            assert_eq!(words(name).join(" "), expected, "{name}");
        }
    }

    #[test]
    fn patterns_match_runs_of_words() {
        let name = words("Patient_Date_Birth__c");
        assert!(occurs(&["date", "birth"], &name));
        assert!(!occurs(&["birth", "date"], &name));
        assert!(occurs(&["date", "birth"], &words("datebirth__c")));
        assert!(occurs(&["diagnos*"], &words("Diagnoses__c")));
        assert!(occurs(&["allergy", "code"], &words("AllergyCodes__c")));
        assert!(!occurs(&["ip"], &words("Zip__c")));
    }
}
