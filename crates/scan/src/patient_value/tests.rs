use super::*;

#[test]
fn numbers_are_told_by_their_ranges_and_check_digits() {
    for (text, expected) in [
        ("536-22-4187", true),
        ("536 22 4187", true),
        ("000-12-3456", false),
        ("666-12-3456", false),
        ("912-12-3456", false),
        ("536-00-4187", false),
        ("536-22-0000", false),
        ("536-224-187", false),
        ("53622-4187", false),
    ] {
        assert_eq!(is_social_security_number(text), expected, "{text}");
    }
    assert!(
        is_social_security_number_of_nobody("900-12-3456")
            && !is_social_security_number_of_nobody("536-00-4187")
    );
    // The sample card of CMS.
    assert!(is_medicare_beneficiary_identifier("1EG4-TE5-MK73"));
    assert!(is_medicare_beneficiary_identifier("1EG4TE5MK73"));
    assert!(!is_medicare_beneficiary_identifier("1SG4-TE5-MK73"));
    assert!(!is_medicare_beneficiary_identifier("1EG-4TE5-MK73"));
    // The example of the NHS Data Dictionary.
    assert!(is_nhs_number("943 476 5919") && is_nhs_number("9434765919"));
    assert!(!is_nhs_number("9434765918") && !is_nhs_number("943"));
}

#[test]
fn dates_addresses_and_names_are_told_from_other_text() {
    for text in ["1980-02-29", "2/29/1980", "29.02.1980", "1994-09-18T14:47:32Z", "02/03/80"] {
        assert!(is_birth_date(text), "{text}");
    }
    for text in ["1980-13-32", "1.2.3.4", "12345", "2.0.1", "-", "1980-02"] {
        assert!(!is_birth_date(text), "{text}");
    }
    assert!(is_email("a.b@clinic.org") && !is_email("@x.y") && !is_email("a@b"));
    assert!(
        is_example_email("a@example.com")
            && is_example_email("a@b.test")
            && !is_example_email("a@clinic.org")
    );
    assert!(is_phone("+1 (415) 864-1234") && !is_phone("12") && !is_phone("call me"));
    assert!(is_fictional_phone("(415) 555-0142") && !is_fictional_phone("415-864-1234"));
    assert!(is_fictional_phone("07700 900123") && is_fictional_phone("+44 (0)20 7946 0958"));
    assert!(!is_fictional_phone("07701 900123") && !is_fictional_phone("020 7947 0958"));
}
