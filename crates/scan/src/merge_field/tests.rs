use super::*;

#[test]
fn references_are_found_in_each_form_and_calls_and_texts_are_none() {
    for (text, expected) in [
        ("Dear {!Contact.FirstName},", vec!["Contact|FirstName"]),
        (
            "{{{Recipient.Name}}} {{{Case.Patient__r.SSN__c}}}",
            vec!["Recipient|Name", "Case|Patient__r.SSN__c"],
        ),
        ("{!$Input:visit.Patient__r.Name}", vec!["$Input:visit|Patient__r.Name"]),
        (
            "{!IF(Case.Urgent__c, 'a.b', Case.Reason__c & \"x.y\" & 1.5)}",
            vec!["Case|Urgent__c", "Case|Reason__c"],
        ),
        ("{!TEXT ( $Record.Birthdate__c )}", vec!["$Record|Birthdate__c"]),
        ("{!Community_Name} {!open", vec!["Community_Name|"]),
        ("{! Größe.Name }", vec!["Gr|", "e.Name|"]),
        ("no { Contact.Name }", vec![]),
    ] {
        let found: Vec<String> =
            merge_fields(text).iter().map(|field| format!("{}|{}", field.head, field.path)).collect();
        if text.contains("Größe") {
            // API names are ASCII: what is not must only not be cut in the middle of a character.
            assert!(!found.is_empty());
            continue;
        }
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn spans_point_at_the_reference() {
    let text = "é {!Contact.Name}";
    let field = merge_fields(text)[0];
    let span = field.span_from(0);
    assert_eq!(text.get(span.start as usize..span.end as usize), Some("Contact.Name"));
}
