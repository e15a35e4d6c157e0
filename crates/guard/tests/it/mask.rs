//! What masks leave.

use guard::{Masking, PostalPopulation, masked};
use jiff::civil::date;
use policy::vocabulary::Mask;

fn left(mask: Mask, value: &str) -> String {
    masked(mask, value, &Masking { today: date(2026, 11, 27), population: PostalPopulation::CENSUS_2000 })
}

#[test]
fn masks_leave_what_their_name_says() {
    for (mask, value, wanted) in [
        (Mask::None, "123-45-6789", "123-45-6789"),
        (Mask::Last4, "123-45-6789", "****6789"),
        (Mask::Last4, "MRN 00 12 34 5Z", "****345Z"),
        (Mask::Last4, "+1 (555) 010-4477", "****4477"),
        (Mask::Initials, "Zoë van der Berg", "Z. V. D. B."),
        (Mask::Initials, " \"ángel\" o'brien ", "Á. O."),
        (Mask::Year, "1975-02-28", "1975"),
        (Mask::Year, "1975-02-28T23:59:00Z", "1975"),
        (Mask::Year, "1937-01-01", "1937"),
        (Mask::Year, "1936-12-31", "1936 or before"),
        (Mask::Year, "1901-06-01", "1936 or before"),
        (Mask::Zip3, "94110", "941"),
        (Mask::Zip3, " 94110-1234 ", "941"),
        (Mask::Zip3, "03601", "000"),
        (Mask::Zip3, "89312-0001", "000"),
        (Mask::EmailDomain, "jane.roe@Clinic.Example", "****@clinic.example"),
        (Mask::EmailDomain, "\"a@b\"@clinic.example", "****@clinic.example"),
    ] {
        assert_eq!(left(mask, value), wanted, "{mask} of `{value}`");
    }
}

#[test]
fn what_has_not_the_form_is_hidden_whole() {
    for (mask, values) in [
        (Mask::Last4, &["", "4711", "123456", "ab-cd-ef"][..]),
        (Mask::Initials, &["", "  ", "1234"]),
        (Mask::Year, &["", "1975", "28.02.1975", "1975-02-30", "1975-02-281", "born 1975-02-28"]),
        (Mask::Zip3, &["", "941", "9411O", "941101234", "SW1A 1AA", "94110-12", "٩٤١١٠"]),
        (Mask::EmailDomain, &["", "jane", "@clinic.example", "jane@localhost", "jane@a b.example"]),
    ] {
        for value in values {
            assert_eq!(left(mask, value), "****", "{mask} of `{value}`");
        }
    }
}
