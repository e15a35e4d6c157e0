use std::path::Path;

use super::{Facts, read_facts};

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, content) in files {
        std::fs::write(dir.path().join(name), content).unwrap();
    }
    dir
}

fn read(files: &[(&str, &str)]) -> Facts {
    read_facts(folder(files).path()).unwrap()
}

fn codes(facts: &Facts) -> Vec<(&str, &str)> {
    facts.problems().iter().map(|problem| (problem.path.as_str(), problem.code)).collect()
}

const USERS: &str = r#"{"status":0,"result":{"totalSize":2,"done":true,"records":[
  {"attributes":{"type":"User","url":"/x"},"Id":"005A","Username":"a@x.example","IsActive":true,"UserType":"Standard",
   "Profile":{"attributes":{"type":"Profile"},"Name":"Admin","UserLicense":{"Name":"Salesforce"}},"UserRole":null},
  {"Id":"005B","Username":"b@x.example","IsActive":false,"Profile":{"Name":"Portal"}}]},"warnings":[]}"#;

#[test]
fn the_command_line_envelope_is_read() {
    let facts = read(&[("users.json", USERS)]);
    assert_eq!(codes(&facts), []);
    let users: Vec<_> = facts.users().collect();
    assert_eq!(users.len(), 2);
    assert_eq!((users[0].profile(), users[0].license()), (Some("Admin"), Some("Salesforce")));
    assert_eq!((users[0].active(), users[1].active()), (Some(true), Some(false)));
    assert_eq!((users[0].role(), users[1].kind()), (None, None));
    assert!(users[0].row().values().all(|(path, _)| !path.contains("attributes")));
    assert!(facts.has("users") && facts.is_complete("users") && !facts.has("tokens"));
    assert_eq!(facts.paths("users"), ["users.json"]);
    assert!(!format!("{facts:?} {:?}", facts.users().next()).contains("x.example"));
}

#[test]
fn arrays_rest_answers_and_csv_are_read_alike() {
    let facts = read(&[
        ("tokens.json", r#"[{"AppName":"Sync","UserId":"005A","UseCount":7}]"#),
        (
            "packages.json",
            r#"{"totalSize":1,"done":true,"records":[{"SubscriberPackage":{"Name":"P","NamespacePrefix":"p"}}]}"#,
        ),
        (
            "logins.csv",
            "UserId,LoginTime,SourceIp,Application\r\n005A,2026-01-01T00:00:00Z,10.0.0.1,\"A \"\"b\"\", c\nd\"\r\n005B,,10.0.0.2,\n",
        ),
    ]);
    assert_eq!(codes(&facts), []);
    assert_eq!(facts.tokens().next().unwrap().uses(), Some(7));
    assert_eq!(facts.packages().next().unwrap().namespace(), Some("p"));
    let logins: Vec<_> = facts.logins().collect();
    assert_eq!(logins[0].application(), Some("A \"b\", c\nd"));
    assert_eq!((logins[1].time(), logins[1].source_ip()), (None, Some("10.0.0.2")));
}

#[test]
fn subscriptions_of_several_owners_add_up() {
    let one = r#"[{"active":true,"id":"0Au1","name":"N","recordId":"00O1","source":"lightningReportSubscribe",
        "schedule":{"frequency":"daily","details":{"time":3}},"runAs":null,
        "thresholds":[{"actions":[{"type":"sendEmail","configuration":{"recipients":[{"id":"005B","type":"user"},{"id":"00G1"}]}}]}]}]"#;
    let facts = read(&[("report-subscriptions.json", one), ("report-subscriptions.005B.json", "[]")]);
    assert_eq!(codes(&facts), []);
    let subscriptions: Vec<_> = facts.subscriptions().collect();
    assert_eq!(subscriptions.len(), 1);
    assert_eq!((subscriptions[0].frequency(), subscriptions[0].record_id()), (Some("daily"), Some("00O1")));
    assert_eq!(subscriptions[0].recipient_ids().collect::<Vec<_>>(), ["005B", "00G1"]);
    assert_eq!(facts.paths("report-subscriptions").len(), 2);
}

#[test]
fn a_cut_result_is_an_error_and_not_complete() {
    let cut = r#"{"status":0,"result":{"totalSize":3,"done":false,"records":[{"Id":"005A"}]}}"#;
    let short = r#"{"status":0,"result":{"totalSize":3,"done":true,"records":[{"AssigneeId":"005A"}]}}"#;
    let facts = read(&[("users.json", cut), ("permission-set-assignments.json", short)]);
    assert_eq!(
        codes(&facts),
        [("permission-set-assignments.json", "query-cut"), ("users.json", "query-cut")]
    );
    assert_eq!(facts.problems()[1].message, "query result is cut");
    assert!(facts.has("users") && !facts.is_complete("users"));
    assert_eq!(facts.users().count(), 1);
}

#[test]
fn the_count_of_tokens_shows_what_the_query_cannot_return() {
    let count = r#"{"status":0,"result":{"totalSize":2600,"done":true,"records":[]}}"#;
    let facts = read(&[("token-count.json", count), ("tokens.json", r#"[{"AppName":"A"}]"#)]);
    assert_eq!(codes(&facts), [("tokens.json", "query-cut")]);
    assert!(!facts.is_complete("tokens") && facts.is_complete("token-count"));
}

#[test]
fn crafted_outputs_cost_no_more_than_their_size() {
    let long = "k".repeat(200);
    let wide = format!(r#"[{{"{long}":{{"{long}":[{}0]}}}}]"#, "0,".repeat(50_000));
    let many = format!(r#"[{{"A":[{}0]}}]"#, "0,".repeat(50_000));
    let names = format!("{}\n", "A,".repeat(2_000));
    let facts = read(&[
        ("users.json", &wide),
        ("tokens.json", &many),
        ("logins.csv", &names),
        ("packages.json", r#"[{"A":1},null]"#),
        ("organisation.json", r#"{"status":"0","result":7,"records":[{"Name":"a","Name":"b"}]}"#),
    ]);
    let told: Vec<String> = facts.problems().iter().map(|problem| problem.message.clone()).collect();
    assert_eq!(
        told,
        [
            "more than 1000 fields",
            "no list of records",
            "a record is not an object",
            "a record has more than 10000 values",
            "the path of a value is longer than 255 bytes",
        ]
    );
}

#[test]
fn values_have_an_end() {
    let mut cells = super::rows::Cells::new(2);
    let mut row = super::Row::default();
    assert!(cells.put(&mut row, "B", "1") && cells.put(&mut row, "A", "2"));
    assert!(!cells.put(&mut row, "C", "3"));
    assert_eq!(row.sorted().values().collect::<Vec<_>>(), [("A", "2"), ("B", "1")]);
}

#[test]
fn of_a_field_said_twice_the_last_counts() {
    let facts = read(&[("organisation.json", r#"[{"Name":"a","Name":"b"}]"#), ("logins.csv", "A,A\n1,2\n")]);
    assert_eq!(facts.rows("organisation")[0].get("Name"), Some("b"));
    assert_eq!(facts.rows("logins")[0].values().collect::<Vec<_>>(), [("A", "2")]);
}

#[test]
fn bad_outputs_are_problems_without_their_text() {
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let facts = read(&[
        ("users.json", "{\n\"status\": 0, secret-value"),
        ("tokens.json", r#"{"name":"NoOrg","message":"secret-value","status":1}"#),
        ("packages.json", r#"{"result":{}}"#),
        ("organisation.json", "[1]"),
        ("connected-apps.json", &deep),
        ("logins.csv", "A,B\n1\n"),
        ("group-members.csv", "A\n\"open"),
        ("sharing-models.csv", ""),
        ("notes.json", "{}"),
        ("readme.txt", "not read"),
    ]);
    assert_eq!(
        codes(&facts),
        [
            ("connected-apps.json", "bad-facts"),
            ("group-members.csv", "bad-facts"),
            ("logins.csv", "bad-facts"),
            ("notes.json", "unknown-facts"),
            ("organisation.json", "bad-facts"),
            ("packages.json", "bad-facts"),
            ("sharing-models.csv", "bad-facts"),
            ("tokens.json", "bad-facts"),
            ("users.json", "bad-facts"),
        ]
    );
    let told = facts.problems().iter().map(ToString::to_string).collect::<String>();
    assert!(!told.contains("secret-value"), "{told}");
    assert_eq!(facts.problems().last().unwrap().position.unwrap().line, 2);
    assert!(facts.organisation().is_none());
    assert!(read_facts(Path::new("no such folder")).is_err());
}
