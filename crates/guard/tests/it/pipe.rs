//! Tables and lines of JSON through a pipe: whole, in batches, and refused.

use guard::Token;
use guard::pipe::{self, Desk, PipeError, Tally, Worker};
use guard::rows::{Columns, Duty, Rows};
use journal::Clock;
use journal::sample::Drawn;

use crate::clinic::{Clinic, noon, org, permit};

struct Noon;

impl Clock for Noon {
    fn now(&self) -> jiff::Timestamp {
        noon()
    }
}

/// A pipe of the clinic's, and what was told of it.
struct Run<'c> {
    clinic: &'c Clinic,
    duty: Duty,
    object: &'c str,
    goes_on: bool,
    fails_to_record: bool,
    /// Rows of each batch that was recorded.
    recorded: Vec<usize>,
    refused: Vec<String>,
}

impl<'c> Run<'c> {
    fn new(clinic: &'c Clinic, duty: Duty, object: &'c str) -> Self {
        let (recorded, refused) = (Vec::new(), Vec::new());
        Self { clinic, duty, object, goes_on: false, fails_to_record: false, recorded, refused }
    }

    fn of(&mut self, input: &str, is_json: bool) -> (String, Result<Tally, PipeError>) {
        let Self { clinic, duty, object, goes_on, fails_to_record, recorded, refused } = self;
        let (clinic, duty, object): (&'c Clinic, Duty, &str) = (*clinic, *duty, *object);
        let mut make = |names: &[String]| {
            let columns = Columns::of(&clinic.policy, duty, object, names)?;
            let rows = Rows::new(columns, org(&clinic.policy), &clinic.ring, Box::new(Drawn::new(5)));
            Ok(Worker::Rows(Box::new(rows)))
        };
        let mut desk = Desk {
            clock: &Noon,
            permit: &mut |asked| Ok(permit(&clinic.policy, duty.actions()[0], asked)),
            record: &mut |released| {
                recorded.push(released.rows());
                if *fails_to_record { Err("the ledger is not there".to_owned()) } else { Ok(()) }
            },
            refused: &mut |turned| {
                refused.push(format!("{} {}", turned.line, turned.column));
                if *goes_on {
                    return Ok(());
                }
                let (line, column) = (turned.line, turned.column);
                Err(PipeError::Refused { line, column, because: turned.because })
            },
            progress: &mut |_| {},
        };
        let mut out = Vec::new();
        let done = if is_json {
            pipe::json_lines(input.as_bytes(), &mut out, &mut make, &mut desk).map(|(tally, _)| tally)
        } else {
            pipe::table(input.as_bytes(), &mut out, &mut make, &mut desk).map(|(tally, _)| tally)
        };
        (String::from_utf8(out).unwrap(), done)
    }
}

fn record(number: usize) -> String {
    crate::record(number as u64).as_str().to_owned()
}

fn visits(count: usize) -> String {
    let mut table = "\u{feff}Patient__c,Note__c,Kind__c\r\n".to_owned();
    for at in 0..count {
        table += &format!("{},\"note, number \"\"{at}\"\"\nand more\",routine\r\n", record(at % 97));
    }
    table
}

#[test]
fn a_long_table_goes_through_in_batches_and_comes_back_as_it_was() {
    let clinic = Clinic::new();
    let plain = visits(2_500);
    let mut seal = Run::new(&clinic, Duty::Seal, "Visit__c");
    let (sealed, tally) = seal.of(&plain, false);
    let tally = tally.unwrap();
    assert_eq!((tally.rows, tally.turned, tally.refused, tally.bytes), (2_500, 2_500, 0, plain.len() as u64));
    assert_eq!(seal.recorded, [1000, 1000, 500]);
    assert!(!sealed.contains("number"), "a value is left");
    let (opened, tally) = Run::new(&clinic, Duty::Open, "Visit__c").of(&sealed, false);
    assert_eq!(tally.unwrap().turned, 2_500);
    let expected = plain.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    assert_eq!(opened, expected);
}

#[test]
fn what_is_not_recorded_is_not_given_out() {
    let clinic = Clinic::new();
    let (sealed, _) = Run::new(&clinic, Duty::Seal, "Visit__c").of(&visits(3), false);
    let mut open = Run { fails_to_record: true, ..Run::new(&clinic, Duty::Open, "Visit__c") };
    let (out, done) = open.of(&sealed, false);
    assert!(matches!(done, Err(PipeError::NotRecorded(_))));
    assert_eq!(out, "");
}

#[test]
fn a_row_that_is_refused_is_named_by_its_line_and_the_others_go_on_where_that_is_wanted() {
    let clinic = Clinic::new();
    let plain = visits(2) + ",a note of nobody,routine\n" + &format!("{},last,routine\n", record(4));
    let mut stops = Run::new(&clinic, Duty::Seal, "Visit__c");
    let (_, done) = stops.of(&plain, false);
    let error = done.unwrap_err().to_string();
    assert_eq!(
        error,
        "line 6, `Note__c`: nothing says whose value it is: `Patient__c` is empty or no record id"
    );
    let mut goes_on = Run { goes_on: true, ..Run::new(&clinic, Duty::Seal, "Visit__c") };
    let (out, done) = goes_on.of(&plain, false);
    let tally = done.unwrap();
    assert_eq!((tally.rows, tally.refused, goes_on.refused), (3, 1, vec!["6 Note__c".to_owned()]));
    assert_eq!(out.lines().count(), 4);
}

#[test]
fn lines_of_json_keep_what_is_not_sealed_as_it_was_written() {
    let clinic = Clinic::new();
    let (a, b) = (record(1), record(2));
    let plain = [
        format!(r#"{{"attributes":{{"type":"Visit__c","url":"/services/data/v66.0/sobjects/Visit__c/a01"}},"Patient__c":"{a}","Note__c":"Zo\u00eb\n1","Kind__c":"r"}}"#),
        format!(r#"{{"Kind__c":null,"Patient__c":"{b}","Note__c":null,"Zip__c":"10118","Anything__c":1.50}}"#),
        String::new(),
        format!(r#"{{"Patient__c":"{b}","Note__c":"two","Anything__c":true}}"#),
    ]
    .join("\n");
    let mut seal = Run::new(&clinic, Duty::Seal, "Visit__c");
    let (sealed, tally) = seal.of(&plain, true);
    assert_eq!(tally.unwrap().turned, 2);
    let lines: Vec<serde_json::Value> =
        sealed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(Token::is_one(lines[0]["Note__c"].as_str().unwrap()));
    assert_eq!(lines[0]["attributes"]["url"], "/services/data/v66.0/sobjects/Visit__c/a01");
    assert!(lines[1]["Note__c"].is_null() && lines[1]["Kind__c"].is_null());
    assert!(sealed.contains(r#""Anything__c":1.50"#), "{sealed}");
    let (opened, _) = Run::new(&clinic, Duty::Open, "Visit__c").of(&sealed, true);
    let opened: Vec<serde_json::Value> =
        opened.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let expected: Vec<serde_json::Value> = plain
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(opened, expected);
}

#[test]
fn a_line_that_is_no_record_is_named() {
    let clinic = Clinic::new();
    let a = record(1);
    for (line, what) in [
        ("[1]", "it is no JSON object of fields, each once"),
        (r#"{"attributes":{"SSN":"078-05-1120"}}"#, "`attributes` has more than the record's type"),
        (r#"{"attributes":{"type":"Grace Hopper"}}"#, "`attributes` has more than the record's type"),
        (r#"{"Note__c":"a","NOTE__C":"b"}"#, "it is no JSON object of fields, each once"),
        (r#"{"Note__c":"a","Note__c":"b"}"#, "it is no JSON object of fields, each once"),
        (r#"{"Children__r":[1]}"#, "a list stands where a field's value is needed"),
        (r#"{"A__r":{"B__r":{"C__c":1}}}"#, "a list of records, or a parent's parent"),
        ("{", "it is no JSON object of fields, each once"),
    ] {
        let input = format!("{{\"Patient__c\":\"{a}\",\"Note__c\":\"x\"}}\n{line}\n");
        let (_, done) = Run::new(&clinic, Duty::Seal, "Visit__c").of(&input, true);
        let error = done.unwrap_err().to_string();
        assert!(error.starts_with(&format!("line 2: {what}")), "{error}");
    }
}

#[test]
fn fields_that_a_later_line_names_are_asked_for_then() {
    let clinic = Clinic::new();
    let a = record(1);
    let input = format!(
        "{{\"Patient__c\":\"{a}\",\"Note__c\":\"x\"}}\n{{\"Patient__c\":\"{a}\",\"Cause__c\":\"y\",\"Visit_Key__c\":\"k\"}}\n"
    );
    let mut run = Run::new(&clinic, Duty::Seal, "Visit__c");
    let (sealed, tally) = run.of(&input, true);
    assert_eq!(tally.unwrap().turned, 2);
    assert_eq!(run.recorded, [1, 1]);
    assert!(!sealed.contains("\"y\""), "{sealed}");
}
