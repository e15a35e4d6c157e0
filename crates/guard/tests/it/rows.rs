//! Rows of records under a permit: sealed, opened, masked, and refused.

use std::collections::BTreeMap;

use csv::Row;
use guard::rows::{Columns, ColumnsError, Duty, Rows};
use guard::{GuardError, KeysError, Token};
use journal::Subject;
use journal::names::RecordId;
use journal::sample::Drawn;
use policy::vocabulary::{Action, Class};

use crate::clinic::{Clinic, Table, noon, org, permit, policy_with};

const GRACE: &str = "001Hs00000000001";
const ADA: &str = "001Hs00000000002";

fn id(text: &str) -> String {
    RecordId::of(text.get(..15).unwrap()).unwrap().as_str().to_owned()
}

fn patients() -> Table {
    let (grace, ada) = (id(GRACE), id("001Hs0000000022"));
    Table::of(
        &["Id", "Name", "SSN__pc", "Card__pc", "PersonBirthdate", "PersonEmail", "Status__pc"],
        &[
            &[&grace, "Grace Hopper", "078-05-1120", "991 2345", "1906-12-09", "grace@navy.example", "in"],
            &[&ada, "Ada Byron", "219-09-9999", "551 2345", "1915-12-10", "ada@engine.example", ""],
        ],
    )
}

#[test]
fn what_is_sealed_opens_again_as_it_was() {
    let clinic = Clinic::new();
    let plain = patients();
    let (sealed, refused) = clinic.work(Duty::Seal, "Account", &plain);
    assert_eq!(refused, [""; 0]);
    assert_eq!(
        sealed.names,
        [
            "Id",
            "Name",
            "SSN__pc",
            "Card__pc",
            "PersonBirthdate",
            "PersonEmail",
            "Status__pc",
            "SSN_Token__pc",
            "SSN_Digest__pc",
            "Card_Token__pc",
            "Birth_Token__pc"
        ]
    );
    for holder in ["Name", "SSN_Token__pc", "Card_Token__pc", "Birth_Token__pc"] {
        assert!(sealed.column(holder).iter().all(|cell| Token::is_one(cell)), "{holder}");
    }
    assert_eq!(sealed.column("SSN__pc"), ["****1120", "****9999"]);
    assert_eq!(sealed.column("PersonEmail"), plain.column("PersonEmail"));
    let card = sealed.cell(0, "Card__pc");
    assert!(card.len() == 8 && card != "991 2345", "{card}");
    assert!(
        sealed.column("PersonBirthdate").iter().zip(plain.column("PersonBirthdate")).all(|(a, b)| **a != *b)
    );
    assert!(sealed.column("SSN_Digest__pc").iter().all(|digest| digest.len() == 32));

    let (opened, refused) = clinic.work(Duty::Open, "Account", &sealed);
    assert_eq!(refused, [""; 0]);
    assert_eq!(opened.names, plain.names);
    for name in &plain.names {
        assert_eq!(opened.column(name), plain.column(name), "{name}");
    }
}

#[test]
fn a_token_in_another_persons_row_does_not_open_and_others_do() {
    let clinic = Clinic::new();
    let (mut sealed, _) = clinic.work(Duty::Seal, "Account", &patients());
    let other = sealed.cell(1, "Name").to_owned();
    let mut moved = Row::default();
    for (at, cell) in sealed.rows[0].cells().enumerate() {
        moved.push(if at == 1 { &other } else { cell });
    }
    sealed.rows[0] = moved;
    let (opened, refused) = clinic.work(Duty::Open, "Account", &sealed);
    assert_eq!(
        refused,
        ["0 Name: the token is not of this tenant, field, subject and key, or it was changed"]
    );
    assert_eq!(opened.column("Name"), ["Ada Byron"]);
}

#[test]
fn of_who_was_shredded_nothing_opens_and_of_others_everything() {
    let clinic = Clinic::new();
    let (sealed, _) = clinic.work(Duty::Seal, "Account", &patients());
    clinic.ring.shred(&Subject::of_record(&org(&clinic.policy), &RecordId::of(&id(GRACE)).unwrap()));
    let (opened, refused) = clinic.work(Duty::Open, "Account", &sealed);
    assert_eq!(refused, ["0 Name: the subject was shredded: nothing of theirs opens any more"]);
    assert_eq!(opened.column("SSN__pc"), ["219-09-9999"]);
}

#[test]
fn nothing_is_sealed_twice_nor_over_something() {
    let clinic = Clinic::new();
    let (sealed, _) = clinic.work(Duty::Seal, "Account", &patients());
    let (_, refused) = clinic.work(Duty::Seal, "Account", &sealed);
    assert_eq!(refused.len(), 2);
    assert!(refused[0].contains("0 Name: the value is a token already"), "{refused:?}");
    let table = Table::of(&["Id", "SSN__pc", "SSN_Token__pc"], &[&[&id(GRACE), "078-05-1120", "something"]]);
    let (_, refused) = clinic.work(Duty::Seal, "Account", &table);
    assert_eq!(
        refused,
        ["0 SSN__pc: `SSN_Token__pc` is to hold what the field becomes, and holds something already"]
    );
}

#[test]
fn empty_fields_stay_empty_and_who_is_nobody_is_refused() {
    let clinic = Clinic::new();
    let table = Table::of(&["Id", "Name", "SSN__pc"], &[&[&id(ADA), "", ""], &["", "Ada Byron", ""]]);
    let (sealed, refused) = clinic.work(Duty::Seal, "Account", &table);
    assert_eq!(sealed.rows.len(), 1);
    assert_eq!((sealed.cell(0, "Name"), sealed.cell(0, "SSN_Digest__pc")), ("", ""));
    assert_eq!(refused, ["1 Name: nothing says whose value it is: `Id` is empty or no record id"]);
}

#[test]
fn values_are_bound_as_the_bundle_says() {
    let clinic = Clinic::new();
    let names = ["Patient__c", "Visit_Key__c", "Note__c", "Cause__c", "Room__c"];
    let grace = id(GRACE);
    let table = Table::of(&names, &[&[&grace, "v-1", "a note", "a cause", "12"]]);
    let (sealed, refused) = clinic.work(Duty::Seal, "Visit__c", &table);
    assert_eq!(refused, [""; 0]);
    let algorithm = |column| Token::parse(sealed.cell(0, column)).unwrap().algorithm();
    assert_eq!(algorithm("Room__c"), guard::Algorithm::Field);
    assert_eq!(algorithm("Cause__c"), guard::Algorithm::Subject);
    // Two classes, two keys.
    let number = |column| Token::parse(sealed.cell(0, column)).unwrap().key();
    assert_ne!(number("Note__c"), number("Cause__c"));
    // The key holds it, and nothing else opens it.
    let with_key = |key: &str| {
        let cells =
            [&grace, key, sealed.cell(0, "Note__c"), sealed.cell(0, "Cause__c"), sealed.cell(0, "Room__c")];
        clinic.work(Duty::Open, "Visit__c", &Table::of(&names, &[&cells]))
    };
    assert_eq!(with_key("v-1").0.cell(0, "Cause__c"), "a cause");
    assert!(with_key("v-2").1[0].contains("Cause__c: the token is not of this"), "{:?}", with_key("v-2").1);
}

#[test]
fn masks_leave_what_the_bundle_says_of_values_and_tokens_alike() {
    let clinic = Clinic::new();
    let plain = patients();
    let (sealed, _) = clinic.work(Duty::Seal, "Account", &plain);
    for table in [&plain, &sealed] {
        let (masked, refused) = clinic.work(Duty::Mask, "Account", table);
        assert_eq!(refused, [""; 0]);
        assert_eq!(masked.names, plain.names);
        assert_eq!(masked.column("Name"), ["G. H.", "A. B."]);
        assert_eq!(masked.column("SSN__pc"), ["****1120", "****9999"]);
        // The bundle has no mask for it.
        assert_eq!(masked.column("Card__pc"), ["****", "****"]);
        // Without the column of tokens nobody knows whether a date is the person's, or one that was moved.
        let is_sealed = table.names.iter().any(|name| name == "Birth_Token__pc");
        let year = if is_sealed { "1936 or before" } else { "****" };
        assert_eq!(masked.column("PersonBirthdate"), [year, year]);
        assert_eq!(masked.column("PersonEmail"), ["****@navy.example", "****@engine.example"]);
        assert_eq!(masked.column("Status__pc"), ["in", ""]);
    }
}

#[test]
fn no_permit_no_rows() {
    let clinic = Clinic::new();
    let table = patients();
    let mut rows = clinic.rows(Duty::Seal, "Account", &table);
    let asked = rows.columns().asked().to_vec();
    let guard_error = |error: KeysError| match error {
        KeysError::Guard(error) => error,
        other => panic!("{other}"),
    };
    let read = permit(&clinic.policy, Action::Read, &asked);
    assert_eq!(guard_error(rows.work(read, noon(), &table.rows).unwrap_err()), GuardError::OtherPermit);
    let fewer = permit(&clinic.policy, Action::Write, &asked[1..]);
    assert_eq!(
        guard_error(rows.work(fewer, noon(), &table.rows).unwrap_err()),
        GuardError::NotPermitted("Account.Name".to_owned())
    );
    let write = permit(&clinic.policy, Action::Write, &asked);
    let late = write.expires();
    assert_eq!(guard_error(rows.work(write, late, &table.rows).unwrap_err()), GuardError::PermitEnded);
    // What was made under it stays where it is, once it has ended.
    let write = permit(&clinic.policy, Action::Write, &asked);
    let released = rows.work(write, noon(), &table.rows).unwrap();
    assert_eq!(released.permit().principal(), "loader");
    assert_eq!(released.release(late).unwrap_err(), GuardError::PermitEnded);
}

#[test]
fn a_table_that_cannot_be_worked_on_says_why() {
    let clinic = Clinic::new();
    let of = |duty, object: &str, names: &[&str]| {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        Columns::of(&clinic.policy, duty, object, &names).map(|_| ()).unwrap_err()
    };
    assert_eq!(of(Duty::Seal, "Nothing__c", &["Id"]), ColumnsError::UnknownObject("Nothing__c".to_owned()));
    // Columns are told by their place: without a header, a row stands in its place.
    assert_eq!(of(Duty::Seal, "Account", &["Id", "Name", "NAME"]), ColumnsError::Twice(3));
    assert_eq!(of(Duty::Seal, "Account", &[GRACE, "Grace Hopper"]), ColumnsError::NoName(1));
    assert_eq!(of(Duty::Seal, "Contact", &["Id"]), ColumnsError::UnknownObject("Contact".to_owned()));
    assert_eq!(
        of(Duty::Open, "Account", &["Name"]),
        ColumnsError::NoOwner { field: "Name".to_owned(), column: "Id".to_owned() }
    );
    let by_key = of(Duty::Seal, "Visit__c", &["Patient__c", "Cause__c"]);
    assert_eq!(
        by_key,
        ColumnsError::NoKey { field: "Cause__c".to_owned(), column: "Visit_Key__c".to_owned() }
    );
    assert!(by_key.to_string().contains("(`seal: {bind: key}`)"), "{by_key}");
    assert_eq!(of(Duty::Mask, "Account", &["PersonEmail"]), ColumnsError::NoPerson("Id".to_owned()));
    assert_eq!(of(Duty::Seal, "Account", &["Id", "Status__pc"]), ColumnsError::NothingSealed);
    assert_eq!(
        of(Duty::Open, "Visit__c", &["Patient__c", "Note__c", "Visit_Key__c", "Patient__r.Name"]),
        ColumnsError::OtherObject(4)
    );
    assert_eq!(of(Duty::Mask, "Chart__c", &["Id", "Grace"]), ColumnsError::Unclassified(2));
}

#[test]
fn a_part_of_what_is_to_be_sealed_does_not_go_out_as_it_is() {
    let text = "objects:\n  Account:\n    subject: self\n    default: {class: internal}\n    fields:\n      \
                SSN__pc: {class: phi, protect: gateway}\n      Home__c: {class: phi, protect: gateway}\n";
    let policy = policy_with(("classification/patients.yaml", text));
    let of = |duty, names: &[&str]| {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        Columns::of(&policy, duty, "Account", &names).map(|_| ())
    };
    assert_eq!(of(Duty::Seal, &["Id", "SSN__pc", "Home__Street__s"]), Err(ColumnsError::OfCompound(3)));
    assert_eq!(of(Duty::Seal, &["Id", "SSN__pc", "Other__Street__s"]), Ok(()));
    // Opening takes nothing's place: what stood in clear stands there, and the permit is asked for it.
    assert_eq!(of(Duty::Open, &["Id", "SSN__pc", "Home__Street__s"]), Ok(()));
}

#[test]
fn what_was_left_in_a_tokens_place_is_not_given_for_the_value() {
    let clinic = Clinic::new();
    let table = Table::of(&["Id", "SSN__pc"], &[&[&id(GRACE), "****1120"], &[&id(ADA), ""]]);
    let (opened, refused) = clinic.work(Duty::Open, "Account", &table);
    assert_eq!(
        refused,
        ["0 SSN__pc: its token stands in `SSN_Token__pc`, and the table has no such column: export it too"]
    );
    assert_eq!(opened.rows.len(), 1);
}

#[test]
fn a_row_of_nobody_is_neither_opened_nor_masked() {
    let clinic = Clinic::new();
    let table =
        Table::of(&["Id", "PersonEmail"], &[&["", "grace@navy.example"], &["Grace", "x@navy.example"]]);
    for duty in [Duty::Open, Duty::Mask] {
        let (left, refused) = clinic.work(duty, "Account", &table);
        assert_eq!((left.rows.len(), refused.len()), (0, 2));
        assert_eq!(refused[0], "0 Id: nothing says whose value it is: `Id` is empty or no record id");
    }
}

#[test]
fn the_other_name_of_a_person_accounts_field_opens_the_same_tokens() {
    let clinic = Clinic::new();
    let field = guard::SealedField::of(&clinic.policy, "Contact", "Card__c").unwrap();
    assert_eq!(field.id, "account.card__pc");
    // There the person is the account still, and what stands beside the field has the other name too.
    assert_eq!(field.owner, guard::Owner::Person("AccountId".to_owned()));
    assert_eq!(field.holder(), "Card_Token__c");
}

#[test]
fn no_value_is_in_what_is_printed_for_programmers() {
    let clinic = Clinic::new();
    let table = patients();
    let (_, released) = clinic.released(Duty::Mask, "Account", &table);
    let rows: Rows<'_> = clinic.rows(Duty::Seal, "Account", &table);
    let printed = format!("{released:?} {rows:?} {:?}", Drawn::new(1));
    for canary in ["Grace", "078", "9912345", "navy"] {
        assert!(!printed.contains(canary), "{canary}: {printed}");
    }
}

#[test]
fn a_key_names_one_person_by_both_objects_of_a_person_account() {
    for (key, of_contact) in [("MRN__c", "MRN__c"), ("MRN__pc", "MRN__c")] {
        let people = format!(
            "objects:\n  Account:\n    subject: self\n    default: {{class: internal}}\n    fields:\n      Note__pc: {{class: phi, \
             protect: gateway, seal: {{bind: key, key: {key}}}}}\n  Contact:\n    default: {{class: internal}}\n"
        );
        let policy = policy_with(("classification/patients.yaml", &people));
        let clinic = Clinic { policy, ..Clinic::new() };
        let (sealed, refused) = clinic.work(
            Duty::Seal,
            "Contact",
            &Table::of(&["Id", of_contact, "Note__c"], &[&[&id(GRACE), "M1", "a note"]]),
        );
        assert_eq!(refused, [""; 0]);
        let token = sealed.cell(0, "Note__c").to_owned();
        let opened = |object: &str, key: &str, field: &str| {
            let (opened, refused) = clinic.work(
                Duty::Open,
                object,
                &Table::of(&["Id", key, field], &[&[&id(GRACE), "M1", &token]]),
            );
            assert_eq!(refused, [""; 0]);
            opened.cell(0, field).to_owned()
        };
        assert_eq!(opened("Contact", of_contact, "Note__c"), "a note");
        assert_eq!(opened("Account", key, "Note__pc"), "a note");
        // The subject is that of the line itself: what it was before there were two names.
        clinic.ring.shred(&Subject::of_key(&org(&clinic.policy), &format!("Account.{key}"), "M1"));
        let table = Table::of(&["Id", of_contact, "Note__c"], &[&[&id(GRACE), "M1", &token]]);
        let (_, refused) = clinic.work(Duty::Open, "Contact", &table);
        assert_eq!(refused.len(), 1);
    }
}

#[test]
fn a_key_that_is_not_what_it_looks_like_names_nobody() {
    let people = "objects:\n  Account:\n    subject: self\n    default: {class: internal}\n    fields:\n      Note__c: {class: \
                  phi, protect: gateway, seal: {bind: key, key: MRN__c}}\n";
    let clinic = Clinic { policy: policy_with(("classification/patients.yaml", people)), ..Clinic::new() };
    let grace = id(GRACE);
    let sealed = |key: &str| {
        let table = Table::of(&["Id", "MRN__c", "Note__c"], &[&[&grace, key, "a note"]]);
        clinic.work(Duty::Seal, "Account", &table)
    };
    for key in ["\u{feff}M1", "M\u{200b}1", "M1\u{200d}", "M\u{ad}1", "M\u{7}1", "M\u{202e}1", "Mu\u{308}1"] {
        let (left, refused) = sealed(key);
        assert_eq!((left.rows.len(), refused.len()), (0, 1), "{key:?}");
        let said = "0 Note__c: nothing says whose value it is: what stands in `MRN__c` has characters that nobody sees";
        assert!(refused[0].starts_with(said) && !refused[0].contains(key), "{refused:?}");
        let token = sealed("M1").0.cell(0, "Note__c").to_owned();
        let table = Table::of(&["Id", "MRN__c", "Note__c"], &[&[&grace, key, &token]]);
        let (_, refused) = clinic.work(Duty::Open, "Account", &table);
        assert!(refused[0].contains("characters that nobody sees"), "{refused:?}");
    }
    for empty in ["", " \u{a0}"] {
        let (_, refused) = sealed(empty);
        let said = "0 Note__c: nothing says whose value it is: the key column `MRN__c` is empty";
        assert_eq!(refused, [said]);
    }
    // Blanks around it do not count, letters of other scripts do, and so does their case.
    let subject = |key: &str| {
        let field = guard::SealedField::of(&clinic.policy, "Account", "Note__c").unwrap();
        field.owner.subject(&org(&clinic.policy), key)
    };
    assert_eq!(subject(" M1\u{a0}"), subject("M1"));
    assert!(subject("M\u{fc}1").is_some() && subject("M1") != subject("m1"));
}

#[test]
fn a_contact_whose_subject_is_the_account_is_opened_by_both() {
    let people = "objects:\n  Account:\n    subject: self\n    default: {class: internal}\n  Contact:\n    subject: AccountId\n    \
                  default: {class: internal}\n    fields:\n      Note__c: {class: phi, protect: gateway}\n";
    let policy = policy_with(("classification/patients.yaml", people));
    let owner = |object, field| guard::SealedField::of(&policy, object, field).unwrap().owner;
    assert_eq!(owner("Contact", "Note__c"), guard::Owner::Person("AccountId".to_owned()));
    assert_eq!(owner("Account", "Note__pc"), guard::Owner::Person("Id".to_owned()));
}

#[test]
fn a_token_that_somebody_altered_is_neither_sealed_nor_taken_for_a_value() {
    let clinic = Clinic::new();
    let (sealed, _) = clinic.work(Duty::Seal, "Account", &patients());
    let token = sealed.cell(0, "Name");
    let grace = id(GRACE);
    for altered in [
        format!(" {token}"),
        format!("\t\u{a0}{token}"),
        format!("\u{feff}{token}"),
        format!("\u{200b} {token}"),
        token.replacen("~e1.", "~E1.", 1),
        token.replacen("~e1.", " ~E9.", 1),
    ] {
        for duty in [Duty::Seal, Duty::Open, Duty::Mask] {
            let (left, refused) =
                clinic.work(duty, "Account", &Table::of(&["Id", "Name"], &[&[&grace, &altered]]));
            assert_eq!((left.rows.len(), refused.len()), (0, 1), "{altered:?}");
            assert!(refused[0].starts_with("0 Name: the value is a token that was altered"), "{refused:?}");
        }
    }
    for value in ["~", "~E", "~E1", "~Ex1.", "~E.", " ~x", "~", "", " e1.", "~ e1.", "\u{200b}"] {
        assert!(!Token::is_altered(value), "{value:?}");
    }
    assert!(!Token::is_altered(token));
}

#[test]
fn tokens_where_nothing_is_sealed_are_counted_by_column() {
    let clinic = Clinic::new();
    let (sealed, _) = clinic.work(Duty::Seal, "Account", &patients());
    let token = sealed.cell(0, "Name");
    let grace = id(GRACE);
    let table = Table::of(
        &["Id", "Status__pc", "Name", "PersonEmail"],
        &[&[&grace, token, token, token], &[&grace, token, "", "x@navy.example"]],
    );
    for duty in [Duty::Open, Duty::Mask] {
        let (_, released) = clinic.released(duty, "Account", &table);
        let batch = released.release(noon()).unwrap();
        assert_eq!(batch.amiss.unopened.into_iter().collect::<Vec<_>>(), [(2, 2), (4, 1)]);
        assert_eq!(batch.turned, 1);
    }
}

#[test]
fn what_stands_beside_a_token_is_counted_where_it_is_not_the_tokens() {
    let clinic = Clinic::new();
    let (sealed, _) = clinic.work(Duty::Seal, "Account", &patients());
    let amiss = |table: &Table| {
        let of = |duty| {
            let (_, released) = clinic.released(duty, "Account", table);
            let batch = released.release(noon()).unwrap();
            assert_eq!(batch.refused.len(), 0);
            batch.amiss
        };
        let (opened, masked) = (of(Duty::Open), of(Duty::Mask));
        assert_eq!(opened, masked);
        let named = |all: BTreeMap<usize, u64>| -> Vec<(String, u64)> {
            all.into_iter().map(|(place, number)| (table.names[place - 1].clone(), number)).collect()
        };
        assert!(opened.unopened.is_empty() && opened.unsealed.is_empty());
        (named(opened.beside), named(opened.digests))
    };
    let written = |table: &Table, row: usize, column: &str, text: &str| {
        let mut table = table.clone();
        let place = table.names.iter().position(|name| name == column).unwrap();
        let mut now = Row::default();
        let cells = table.rows[row].cells().enumerate();
        cells.for_each(|(at, cell)| now.push(if at == place { text } else { cell }));
        table.rows[row] = now;
        table
    };
    let of = |column: &str, number| (column.to_owned(), number);
    assert_eq!(amiss(&sealed), (vec![], vec![]));
    // By a key that sealed before, and with half of it by the new one.
    clinic.ring.rotate(Class::Phi);
    assert_eq!(amiss(&sealed), (vec![], vec![]));
    let (again, _) = clinic.work(Duty::Seal, "Account", &patients());
    for column in ["SSN_Digest__pc", "Card__pc"] {
        let halves = written(&sealed, 0, column, again.cell(0, column));
        assert_ne!(halves.cell(0, column), sealed.cell(0, column), "{column}");
        assert_eq!(amiss(&halves), (vec![], vec![]), "{column}");
    }
    // Nothing is no value, and hides none.
    for column in ["SSN_Digest__pc", "SSN__pc", "Card__pc", "PersonBirthdate"] {
        assert_eq!(amiss(&written(&sealed, 0, column, "")), (vec![], vec![]), "{column}");
    }
    for (column, text) in
        [("SSN__pc", "078-05-1121"), ("Card__pc", "99 7654321"), ("PersonBirthdate", "1906-12-10")]
    {
        assert_eq!(amiss(&written(&sealed, 1, column, text)), (vec![of(column, 1)], vec![]), "{column}");
    }
    let other = sealed.cell(1, "SSN_Digest__pc");
    for text in [other, "078-05-1120"] {
        let table = written(&sealed, 0, "SSN_Digest__pc", text);
        assert_eq!(amiss(&table), (vec![], vec![of("SSN_Digest__pc", 1)]));
    }
}
