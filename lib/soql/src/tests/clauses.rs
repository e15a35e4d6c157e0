use crate::parse;

#[test]
fn a_query_prints_as_it_was_read() {
    let text = "SELECT Id, Account.Name FROM Contact WHERE (Name = 'x' OR Id IN :ids) AND Age__c > 5 LIMIT 3";
    let parsed = parse(text);
    assert_eq!(parsed.errors, []);
    assert_eq!(parsed.value.to_string(), text);
}
