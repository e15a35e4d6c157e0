use super::*;

#[test]
fn regions_are_said_of_each_flow() {
    let objection = |regions: &[(&str, &[&str])]| Objection {
        reason: Reason {
            code: String::new(),
            rule: String::new(),
            fact: String::new(),
            place: None,
            controls: Vec::new(),
            fields: Vec::new(),
        },
        flows: Vec::new(),
        regions: regions
            .iter()
            .map(|(flow, all)| ((*flow).to_owned(), all.iter().map(|one| (*one).to_owned()).collect()))
            .collect(),
        asked: 2,
        fields: BTreeSet::new(),
    };
    assert_eq!(objection(&[("a", &["eu", "us"])]).for_whom(), "");
    assert_eq!(objection(&[("a", &[])]).for_whom(), "");
    assert_eq!(objection(&[("a", &["eu"]), ("b", &["eu"])]).for_whom(), " for people of `eu`");
    // Pooled, these two would be everywhere.
    assert_eq!(
        objection(&[("a", &["eu"]), ("b", &["us"])]).for_whom(),
        " (`a` for people of `eu`, `b` for people of `us`)"
    );
    assert_eq!(
        objection(&[("a", &["eu", "us"]), ("b", &["us"])]).for_whom(),
        " (`a` for everyone, `b` for people of `us`)"
    );
}
