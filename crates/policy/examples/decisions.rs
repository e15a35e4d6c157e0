//! How long a decision takes, asked of Cedar and looked up: `cargo run --release -p phiward-policy --example
//! decisions`. Prints microseconds per decision for one field and for a record of 25 fields.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a program that measures"
)]

use std::fmt::Write as _;
use std::time::Instant;

use policy::vocabulary::{Action, Purpose, Region};
use policy::{AskedField, Policy, Request, Standing, Tls, decide, decide_raw};
use source::Source;

fn bundle(rules: usize) -> Policy {
    let mut fields = String::new();
    for at in 0..25 {
        writeln!(fields, "      F{at}__c: {{class: phi, identifier: clinical}}").unwrap();
    }
    let phiward = format!(
        "version: 1\n\
         organisation: {{name: Bench, roles: [covered-entity, controller]}}\n\
         regions: [us, eu]\n\
         objects:\n  Patient__c:\n    subject: self\n    fields:\n{fields}\
         parties:\n  - id: lab\n    role: [business-associate, processor]\n    regions: [eu]\n    agreements:\n      \
         - {{kind: baa, effective: 2025-01-01}}\n      - {{kind: dpa, effective: 2025-01-01}}\n\
         identities:\n  - {{id: sync, kind: integration, purposes: [operations]}}\n\
         flows:\n  - {{id: f, from: [\"Patient__c.*\"], to: lab, by: sync, purpose: operations, ground: baa}}\n"
    );
    let mut own = String::new();
    for at in 0..rules {
        writeln!(
            own,
            "@id(\"own-{at}\") forbid (principal, action == Action::\"send\", resource) \
             when {{ resource.identifier == \"x{at}\" && context.purpose == \"research\" }};"
        )
        .unwrap();
    }
    let files = vec![Source::new("phiward.yaml", phiward), Source::new("access/own.cedar", own)];
    let (policy, problems) = policy::read(files);
    assert!(policy.enforceable().is_some(), "{problems:?}");
    policy
}

fn main() {
    for rules in [0, 50, 200] {
        let policy = bundle(rules);
        for count in [1, 25] {
            let fields = (0..count).map(|at| AskedField::new("Patient__c", format!("F{at}__c"))).collect();
            let mut request = Request::new(Action::Send, fields, "2026-11-21T10:00:00Z".parse().unwrap());
            request.who = Some("sync".to_owned());
            request.to = Some("lab".to_owned());
            request.purpose = Some(Purpose::Operations);
            request.subject.region = Region::of("eu");
            request.subject.pseudonym = Some("p".to_owned());
            request.tls = Some(Tls::V1_3);
            let standing = Standing::known();
            for (name, ask) in [("cedar", decide_raw as fn(&_, &_, &_) -> _), ("tables", decide)] {
                assert!(ask(&policy, &standing, &request).is_permit());
                let times = if name == "cedar" { 2_000 / count } else { 100_000 / count };
                let start = Instant::now();
                for _ in 0..times {
                    let _ = std::hint::black_box(ask(&policy, &standing, std::hint::black_box(&request)));
                }
                let each = start.elapsed().as_secs_f64() * 1e6 / f64::from(u32::try_from(times).unwrap());
                println!("{rules:>4} own rules, {count:>2} fields, {name:>6}: {each:8.2} us");
            }
        }
    }
}
