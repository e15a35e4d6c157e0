//! Codes of public catalogues, by their shape and, where they have one, their check digit.

use std::sync::LazyLock;

use regex::RegexSet;

use super::words::is_category;

/// What is no number of anybody, whole as it stands.
const SHAPES: &[&str] = &[
    // ATC, dbSNP, HPO, Mondo, Orphanet.
    r"^[A-DGHJL-NPR-SV]\d\d[A-Z]{2}\d\d$",
    r"^rs\d{3,9}$",
    r"^(HP|MONDO|ORPHA|OMIM|DOID):\d{3,7}$",
    // HGVS, with a transcript or without, and the protein in brackets.
    r"^((N[CGMPR]_\d{6}|ENST\d{11}|LRG_\d{1,4}t?\d?)(\.\d{1,2})?(\([A-Z0-9]{2,8}\))?:)?[cgmn]\.[*-]?\d{1,6}([+-]\d{1,5})?(_[*-]?\d{1,6}([+-]\d{1,5})?)?([ACGT]>[ACGT]|(del|dup|ins|inv|delins)[ACGT]{0,20})$",
    r"^p\.\(?([A-Z][a-z]{2}|[A-Z])\d{1,5}([A-Z][a-z]{2}|[A-Z]|\*|=|Ter)?(fs(\*|Ter)?\d{0,3}|del|dup)?\)?$",
    // HLA, cytochromes, star alleles, clusters of differentiation, karyotypes, genotypes of one base.
    r"^(HLA-)?(A|B|C|DRB[1345]|DQA1|DQB1|DPA1|DPB1)\*\d{2,3}(:\d{2,3}){0,3}[A-Z]?$",
    r"^CYP\d[A-Z]\d{1,2}(\*\d{1,2})?$",
    r"^\*\d{1,2}[A-Z]?(/\*\d{1,2}[A-Z]?)?$",
    r"^CD\d{1,3}[a-e]?[+-]?$",
    r"^4[4-9],[XY]{1,4}(,[+-](\d{1,2}|[XY]))?$",
    r"^[ACGT]/[ACGT]$",
    // Levels of the spine, stages of tumours, obstetric history, schedules, years of a budget, versions, chemistry.
    r"^[CTLS]\d{1,2}([-/][CTLS]?\d{1,2})?$",
    r"^(yp|[pcr])?(T([0-4]|is|x|X)[a-d]?)?(N([0-3]|x|X)[a-c]?)?(M([01]|x|X)[a-c]?)?$",
    r"^(I{1,3}|IV|V)([A-D]\d?)?$",
    r"^(G\d{1,2})?(P\d{1,2}([-+]\d){0,3})?(A\d)?$",
    r"^(x\d{1,3}|[qQ]\d{1,2}[hHdD]|[qQ]\d-\d[hH])$",
    r"^FY\d{2}(\d{2})?(/\d{2})?$",
    r"^v\d{1,3}(\.\d{1,4}){0,3}$",
    r#"^\d'\d{1,2}"?$"#,
    // A range of lineages and strains.
    r"^(B[A-Z]|X[A-Z]{1,2})(\.\d{1,3}){1,4}$",
    // Powers of ten.
    r"^[x×]?10[\^*]\d{1,2}(/[A-Za-zµμ]{1,3})?$",
];

/// Catalogues whose codes are told from other numbers only by their name before them, and the shapes of the codes.
const LABELLED: &[(&[&str], &str)] = &[
    (
        &["icd", "icd-9", "icd-9-cm", "icd-10", "icd-10-cm", "icd-11", "icd10", "icd9"],
        r"^[A-Z0-9]{2,4}(\.[A-Z0-9]{1,4})?$",
    ),
    (&["icd-o", "icd-o-3"], r"^(\d{4}/\d|C\d\d\.\d)$"),
    (&["dsm", "dsm-5", "dsm-iv", "dsm-5-tr"], r"^[A-Z]?\d{2,3}(\.\d{1,3})?$"),
    (&["cpt"], r"^\d{4}[0-9FTU](-[A-Z0-9]{2})?$"),
    (&["hcpcs"], r"^[A-Z]\d{4}(-[A-Z0-9]{2})?$"),
    (&["drg", "ms-drg", "apr-drg"], r"^\d{1,3}$"),
    (&["ndc"], r"^(\d{4}-\d{4}-\d{2}|\d{5}-\d{3}-\d{2}|\d{5}-\d{4}-\d{1,2}|\d{11})$"),
    (&["rxcui", "rxnorm"], r"^\d{2,7}$"),
    (&["omim", "mim"], r"^#?\d{6}$"),
    (&["atc"], r"^[A-V](\d\d([A-Z]([A-Z](\d\d)?)?)?)?$"),
    (&["cvx"], r"^\d{1,3}$"),
    (&["snomed", "sctid", "snomed-ct"], r"^\d{6,18}$"),
    (&["loinc"], r"^\d{1,6}-\d$"),
    // Antigens of tumours.
    (&["ca"], r"^(19-9|125|15-3|72-4|27\.29)$"),
];

static WHOLE: LazyLock<Option<RegexSet>> =
    LazyLock::new(|| RegexSet::new(SHAPES.iter().map(|s| ascii(s))).ok());
static AFTER: LazyLock<Option<RegexSet>> =
    LazyLock::new(|| RegexSet::new(LABELLED.iter().map(|(_, shape)| ascii(shape))).ok());

/// Digits of other scripts are no code.
fn ascii(shape: &str) -> String {
    shape.replace(r"\d", "[0-9]")
}

pub(super) fn is_code(text: &str) -> bool {
    if text.len() > 60
        || !text.bytes().any(|byte| byte.is_ascii_digit() || byte == b'/' || byte.is_ascii_uppercase())
    {
        return false;
    }
    is_icd(text)
        || is_snomed(text)
        || is_loinc(text)
        || WHOLE.as_ref().is_some_and(|shapes| shapes.is_match(text))
}

pub(super) fn is_label(lower: &str) -> bool {
    LABELLED.iter().any(|(labels, _)| labels.contains(&lower))
}

/// A code that stands after the name of its catalogue.
pub(super) fn is_code_of(lower: &str, text: &str) -> bool {
    let Some(shapes) = AFTER.as_ref().filter(|_| text.len() <= 20) else { return false };
    let mut of = LABELLED.iter().enumerate().filter(|(_, (labels, _))| labels.contains(&lower));
    of.any(|(at, _)| shapes.matches(text).matched(at))
}

/// `V600E`, after its gene.
pub(super) fn is_change(text: &str) -> bool {
    let amino = |byte: &u8| byte.is_ascii_uppercase() && !b"BJOUXZ".contains(byte);
    match text.as_bytes() {
        [first, middle @ .., last] => {
            amino(first)
                && amino(last)
                && (1..=4).contains(&middle.len())
                && middle.iter().all(u8::is_ascii_digit)
        }
        _ => false,
    }
}

/// `E11.9`, `S72.001A`, `I10`: the category has to be one, and what follows to stand after a point.
fn is_icd(text: &str) -> bool {
    let (category, rest) = text.split_once('.').unwrap_or((text, "0"));
    category.len() == 3
        && (1..=4).contains(&rest.len())
        && rest.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
        && is_category(category)
}

/// A concept of SNOMED CT: seven digits or more, for six may be a postal code; no leading zero, the partition of concepts, the check digit of Verhoeff.
fn is_snomed(text: &str) -> bool {
    let bytes = text.as_bytes();
    let partition = text.len().checked_sub(3).and_then(|at| text.get(at..text.len() - 1));
    (7..=18).contains(&bytes.len())
        && bytes.iter().all(u8::is_ascii_digit)
        && !text.starts_with('0')
        && matches!((partition, bytes.len()), (Some("00"), _) | (Some("10"), 11..))
        && verhoeff(text)
}

fn verhoeff(digits: &str) -> bool {
    // The dihedral group of ten, and its permutation.
    let times = |a: u8, b: u8| match (a < 5, b < 5) {
        (true, true) => (a + b) % 5,
        (true, false) => (a + b) % 5 + 5,
        (false, true) => (a + 5 - b) % 5 + 5,
        (false, false) => (a + 5 - b) % 5,
    };
    const STEP: [u8; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
    let mut check = 0;
    for (place, byte) in digits.bytes().rev().enumerate() {
        let mut digit = byte.wrapping_sub(b'0');
        for _ in 0..place % 8 {
            digit = STEP.get(usize::from(digit)).copied().unwrap_or_default();
        }
        check = times(check, digit);
    }
    check == 0
}

/// `4548-4`: the check digit of LOINC is mod 10 (Luhn).
fn is_loinc(text: &str) -> bool {
    let Some((number, check)) = text.split_once('-') else { return false };
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if !(3..=6).contains(&number.len())
        || check.len() != 1
        || !is_digits(number)
        || !is_digits(check)
        || number.starts_with('0')
    {
        return false;
    }
    let mut sum = 0;
    for (place, byte) in number.bytes().rev().enumerate() {
        let digit = u32::from(byte - b'0');
        sum += if place % 2 == 0 { digit * 2 / 10 + digit * 2 % 10 } else { digit };
    }
    check.parse::<u32>().is_ok_and(|check| (sum + check) % 10 == 0)
}

#[cfg(test)]
mod tests {
    use super::{is_code, is_code_of};

    #[test]
    fn codes_of_catalogues_are_known_and_numbers_of_people_are_not() {
        for code in [
            "E11.9",
            "S72.001A",
            "I10",
            "44054006",
            "38341003",
            "4548-4",
            "718-7",
            "C09AA03",
            "rs1801133",
            "NM_007294.4:c.5266dup",
            "c.68_69del",
            "p.Glu23fs",
            "(p.Glu23fs)",
            "HLA-DRB1*15:01:01:01",
            "47,XY,+21",
            "L4-L5",
            "T2",
            "IB2",
            "q8h",
            "v3.2.1",
        ] {
            let code = code.trim_matches(['(', ')']);
            assert!(is_code(code), "{code}");
        }
        for other in [
            "44054007",
            "4548-5",
            "00482913",
            "KA-01-HH-1234",
            "7ABC123",
            "D1234567",
            "SW1A",
            "FP-88213-A",
            "",
        ] {
            assert!(!is_code(other), "{other}");
        }
        assert!(
            is_code_of("cpt", "99213")
                && is_code_of("ndc", "0093-1048-01")
                && !is_code_of("cpt", "94110-4307")
        );
    }
}
