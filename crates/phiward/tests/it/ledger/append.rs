use journal::entry::Part;
use journal::names::{Salt, Uid};
use journal::sample::Drawn;
use journal::{Entry, Number};

use super::{Place, sample, stored};
use crate::{code, example, text};

#[test]
fn a_bad_line_is_named_and_loses_no_other() {
    let place = Place::new();
    let good = sample(3, 1);
    let mut lines: Vec<Vec<u8>> = good.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    lines.insert(1, b"{\"who\":\"Jane Canary, 536-22-8716\",\"v\":1}\n".to_vec());
    lines.insert(3, [b"x".repeat(20_000), b"\n".to_vec()].concat());
    lines.push(b"\n".to_vec());
    let output = place.input(&["append", "--dir", "D"], &lines.concat());
    assert_eq!(code(&output), 1);
    assert_eq!(
        text(&output.stdout).lines().collect::<Vec<_>>(),
        ["0", "refused", "1", "refused", "2", "refused"]
    );
    let said = text(&output.stderr);
    for place in ["line 2, byte ", "line 4: longer", "line 6, byte 0"] {
        assert!(said.contains(place), "{said}");
    }
    assert!(!said.contains("Canary") && !said.contains("536"), "{said}");
    assert_eq!(stored(&place.path("D")).len(), 3);
}

/// Entries of nearly 16 KiB.
fn large(number: u64) -> Vec<Entry> {
    let mut entry = journal::sample::sample(60, 1).find(|entry| entry.act.key() == "field-access").unwrap();
    let touched = entry.data[0].touched[0].clone();
    while entry.bytes().is_ok() {
        entry.data[0].touched.push(touched.clone());
    }
    let fit = entry.data[0].touched.len() - 3;
    entry.data[0].touched.truncate(fit);
    let salted = |seed| {
        let salt = Salt::random(&mut Drawn::new(seed));
        Entry { salt, ..entry.clone() }
    };
    (0..number).map(salted).collect()
}

#[test]
fn more_than_is_taken_together_is_taken_in_turn_and_a_call_of_more_is_refused() {
    let lines = |entries: &[Entry]| -> Vec<u8> {
        entries.iter().flat_map(|entry| [entry.bytes().unwrap(), b"\n".to_vec()].concat()).collect()
    };
    let call = |parts: u64| -> Vec<Entry> {
        let of = Uid::random(&mut Drawn::new(parts));
        let part = |(entry, k)| {
            let (k, n) = (Number::of(k), Number::of(parts));
            Entry { part: Some(Part { of, k, n }), ..entry }
        };
        large(parts).into_iter().zip(1..).map(part).collect()
    };
    let place = Place::new();
    // A call of nearly 8 MiB, ready at once with what follows it.
    let input = [lines(&large(200)), lines(&call(500)), lines(&large(400))].concat();
    assert_eq!(place.append(&[], &input).len(), 1100);
    // One call of more, between two others.
    let input = [sample(1, 8), lines(&call(600)), sample(1, 9)].concat();
    let output = place.input(&["append", "--dir", "D"], &input);
    assert_eq!(code(&output), 1, "{}", text(&output.stderr));
    let told: Vec<String> = text(&output.stdout).lines().map(str::to_owned).collect();
    assert_eq!((told.len(), told[0].as_str(), told[601].as_str()), (602, "1100", "1101"));
    assert!(told[1..601].iter().all(|line| line == "refused"));
    assert!(
        text(&output.stderr).contains("have more than 8388608 bytes together"),
        "{}",
        text(&output.stderr)
    );
    place.ok(&["verify", "--dir", "D"]);
}

#[test]
fn what_the_ledger_says_of_itself_nobody_else_says() {
    let place = Place::new();
    place.append(&[], &sample(1, 1));
    place.ok(&["retain", "--dir", "D", "--hold", "--class", "access-log"]);
    let own = stored(&place.path("D")).into_values().next_back().unwrap();
    assert!(text(&own).contains(r#""room":"ledger""#), "{}", text(&own));
    let output = place.input(&["append", "--dir", "D"], &[own, b"\n".to_vec()].concat());
    assert_eq!(code(&output), 1);
    let told = text(&output.stdout) + &text(&output.stderr);
    assert!(told.contains("written by the ledger alone"), "{told}");
}

#[test]
fn names_that_the_bundle_does_not_give_are_refused() {
    let place = Place::new();
    let bundle = example("mended").join("phiward").display().to_string();
    let whole = sample(600, 5);
    let output = place.input(&["append", "--dir", "D", "--policy", &bundle], &whole);
    // The sample's grants name a ceiling that the example has not.
    let grants = journal::sample::sample(600, 5).filter(|entry| entry.act.key() == "grant").count();
    assert!(grants > 0);
    assert_eq!(text(&output.stdout).lines().filter(|line| *line == "refused").count(), grants);
    let line = text(&whole).replace("\"party\":\"northlab\"", "\"party\":\"jane-doe\"");
    let output = place.input(&["append", "--dir", "D", "--policy", &bundle], line.as_bytes());
    assert!(text(&output.stderr).contains("does not declare what stands at `party`"));
    assert!(!text(&output.stderr).contains("jane"));
    // Names of objects and fields, and what follows a region, are no place for a person's name either.
    for (key, from, to) in [
        ("data", "\"object\":\"HealthCondition\"", "\"object\":\"JaneDoe\""),
        ("act", "\"object\":\"HealthCondition\"", "\"object\":\"JaneDoe\""),
        ("region", "\"region\":\"us\"", "\"region\":\"us-jane-doe\""),
    ] {
        let line = text(&whole).replace(from, to);
        let output = place.input(&["append", "--dir", "D", "--policy", &bundle], line.as_bytes());
        let said = text(&output.stderr);
        assert!(said.contains(&format!("`{key}`")), "{key}: {said}");
        assert!(!said.to_lowercase().contains("jane"), "{said}");
    }
}
