//! What a data job costs: `pipe [ROWS [NAME]]`, a table of 20 columns of which five are sealed and one of these is found
//! by a digest, on one thread. `cargo xtask bench guard` runs it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a program that measures and prints"
)]

mod clinic;

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write as _};

use clinic::{Clinic, System, permit};
use guard::InUse;
use guard::pipe::{self, Tally, Worker};
use guard::rows::{Columns, Duty, Rows};
use journal::names::RecordId;
use policy::vocabulary::Action;

/// Of each duty; the first of all is for people who are new.
const ROUNDS: u32 = 3;

const HEADER: &str = "Id,Name,SSN__pc,LastActivityDate__c,Phone,PersonEmail,MailingStreet__c,MailingCity__c,\
                      MailingState__c,MailingPostalCode__c,OwnerId,RecordTypeId,CreatedDate,LastModifiedDate,\
                      Status__c,Language__c,Source__c,Segment__c,IsActive__c,Description\n";

/// Seconds of processor time of this process.
fn spent() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    let (seconds, nanoseconds) = (u32::try_from(time.tv_sec).unwrap(), u32::try_from(time.tv_nsec).unwrap());
    f64::from(seconds) + f64::from(nanoseconds) / 1e9
}

fn table(rows: u32) -> String {
    let mut table = HEADER.to_owned();
    for at in 0..rows {
        let id = RecordId::of(&format!("001Hs{at:010}")).unwrap();
        let (month, day) = (at % 12 + 1, at % 28 + 1);
        let _ = writeln!(
            table,
            "{},Grace Hopper {at},{:09},19{:02}-{month:02}-{day:02},+1 617 555 {:04},grace.hopper.{at}@mail.example,\
             {} Commonwealth Avenue,Boston,MA,021{:02},005Hs00000B4xQzIAJ,012Hs000000cVbNIAU,\
             2026-{month:02}-{day:02}T08:15:30.000Z,2026-11-{day:02}T17:42:05.000Z,Enrolled,en_US,Referral,\
             Cardiology,true,\"Prefers mornings, and a call before.\"",
            id.as_str(),
            100_000_000 + at,
            at % 90 + 10,
            at % 10_000,
            at % 900 + 1,
            at % 40,
        );
    }
    table
}

fn main() {
    let rows: u32 = std::env::args().nth(1).map_or(100_000, |number| number.parse().unwrap());
    let (clinic, keeper) = Clinic::new();
    let keys = InUse::of(keeper);
    let run = |name: &str, duty: Duty, from: &str, to: &str| {
        let action = if duty == Duty::Seal { Action::Write } else { Action::Read };
        let mut make = |names: &[String]| {
            let columns = Columns::of(&clinic.policy, duty, "Account", names)?;
            Ok(Worker::Rows(Box::new(Rows::new(columns, clinic.org(), &keys, Box::new(System)))))
        };
        let mut desk = pipe::Desk {
            clock: &System,
            permit: &mut |asked| permit(&clinic.policy, action, asked),
            record: &mut |_| Ok(()),
            refused: &mut |turned| panic!("{}", turned.because),
            progress: &mut |_| {},
        };
        let (input, output) =
            (File::open(clinic.path(from)).unwrap(), File::create(clinic.path(to)).unwrap());
        let start = spent();
        let (Tally { bytes, .. }, _) =
            pipe::table(input, BufWriter::new(output), &mut make, &mut desk).unwrap();
        let seconds = spent() - start;
        println!("{name} {:.0}", bytes as f64 / 1e6 / seconds);
    };
    let plain = table(rows);
    File::create(clinic.path("plain.csv")).unwrap().write_all(plain.as_bytes()).unwrap();
    println!("bytes-of-a-row {}", plain.len() / rows as usize);
    drop(plain);
    let only = std::env::args().nth(2);
    let several = |name: &str, duty: Duty, from: &str| {
        for _ in 0..ROUNDS {
            if only.as_ref().is_none_or(|only| only == name) {
                run(name, duty, from, "out.csv");
            }
        }
    };
    run("seal-of-new-people", Duty::Seal, "plain.csv", "sealed.csv");
    several("seal", Duty::Seal, "plain.csv");
    several("open", Duty::Open, "sealed.csv");
    several("mask", Duty::Mask, "sealed.csv");
}
