//! What is asked of whole bundles: digest, schema, expectations, approval, difference, explanation.

use std::collections::BTreeSet;

use serde_json::Value;
use source::Source;

use super::sample;
use crate::approval::{Approval, Refusal, Verifier, approve, message, pinned};
use crate::diff::{Effect, diff};
use crate::digest::{self, Digest};
use crate::vocabulary::{Action, ApproverKey, Purpose};
use crate::{AskedField, Policy, Request, Standing, expectations, explain, read, schema};

/// The sample with `old` in `path` made `new`, errors or not.
fn changed(path: &str, old: &str, new: &str) -> Policy {
    let files = sample::FILES.iter().map(|(own, text)| {
        let text = if *own == path {
            assert!(text.contains(old), "`{old}` is not in {path}");
            text.replacen(old, new, 1)
        } else {
            (*text).to_owned()
        };
        Source::new(*own, text)
    });
    read(files.collect()).0
}

#[test]
fn the_digest_is_of_paths_and_texts_whatever_their_order_and_line_ends() {
    let own = digest::of(&sample::files(sample::FILES));
    let mut files = sample::files(sample::FILES);
    files.reverse();
    files.push(Source::new("README.md", "not part of it"));
    assert_eq!(digest::of(&files), own);
    let crlf = sample::FILES.iter().map(|(path, text)| Source::new(*path, text.replace('\n', "\r\n")));
    assert_eq!(digest::of(&crlf.collect::<Vec<_>>()), own);
    let mut all = BTreeSet::from([own]);
    for (at, (path, text)) in sample::FILES.iter().enumerate() {
        for (path, text) in
            [(format!("a/{path}"), (*text).to_owned()), ((*path).to_owned(), format!("{text} "))]
        {
            let mut files = sample::files(sample::FILES);
            files[at] = Source::new(path, text);
            assert!(all.insert(digest::of(&files)));
        }
    }
    assert_eq!(Digest::of(&own.to_string()), Some(own));
    for bad in ["", "sha256:", "sha256:00", &own.to_string().to_uppercase()] {
        assert_eq!(Digest::of(bad), None);
    }
}

#[test]
fn the_digest_is_of_the_bytes_that_are_written_down() {
    use sha2::Digest as _;
    let mut bytes = b"phiward-policy-digest-v1\nfile 12 phiward.yaml 11\nversion: 1\n\n".to_vec();
    for (path, text) in crate::rules::SHIPPED {
        bytes.extend(format!("shipped {} {path} {}\n{text}\n", path.len(), text.len()).bytes());
    }
    bytes.extend(b"catalogue 3\n");
    let own = digest::of(&[Source::new("phiward.yaml", "version: 1\n")]);
    assert_eq!(own.bytes()[..], sha2::Sha256::digest(&bytes)[..]);
}

const EXPECT: &str = "\
expect:
  - {deny: {who: ehr-sync, send: HealthCondition.Note__c, to: northlab, purpose: operations}, because: not-in-minimum-set}
  - {permit: {who: ehr-sync, send: HealthCondition.Code, to: northlab, purpose: operations, subject_region: eu, at: 2026-11-21}}
  - {undetermined: {who: ehr-sync, send: HealthCondition.Code, to: northlab, purpose: operations}}
  - {permit: {who: patients, read: HealthCondition.Code}}
  - {permit: {who: guest, read: HealthCondition.Code}}
  - {deny: {who: guest, read: HealthCondition.Code}, because: blocked}
  - {deny: {who: billing, send: Account.SSN__pc, to: nobody}, because: unknown-party}
";

#[test]
fn expectations_are_put_to_the_bundle() {
    let policy = sample::with(&[("expectations.yaml", EXPECT)]);
    let told = expectations::test(&policy, "2026-11-21".parse().unwrap());
    let lines: Vec<String> = told
        .iter()
        .map(|one| format!("{} {}: {}", one.place, one.asked, one.failure.as_deref().unwrap_or("ok")))
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    expectations.yaml:2 deny ehr-sync send HealthCondition.Note__c to northlab: ok
    expectations.yaml:3 permit ehr-sync send HealthCondition.Code to northlab: ok
    expectations.yaml:4 undetermined ehr-sync send HealthCondition.Code to northlab: ok
    expectations.yaml:5 permit patients read HealthCondition.Code: ok
    expectations.yaml:6 permit guest read HealthCondition.Code: expected permit, the bundle says deny because guest-sees-personal-data
    expectations.yaml:7 deny guest read HealthCondition.Code: expected because blocked, the bundle says deny because guest-sees-personal-data
    expectations.yaml:8 deny billing send Account.SSN__pc to nobody: ok
    ");
}

#[test]
fn an_explanation_names_rule_fact_place_and_control() {
    let policy = sample::policy();
    let fields = vec![AskedField::new("Account", "SSN__pc"), AskedField::new("HealthCondition", "Code")];
    let mut request = Request::new(Action::Send, fields, "2026-11-21T10:00:00Z".parse().unwrap());
    request.who = Some("billing".to_owned());
    request.to = Some("billco".to_owned());
    request.purpose = Some(Purpose::Payment);
    request.subject.region = crate::vocabulary::Region::of("us");
    let told = explain(&policy, &Standing::known(), &request);
    assert_eq!(told.answer, "deny");
    insta::assert_snapshot!(told, @r"
    deny
    agreement-expired: the business associate agreement with `billco` expired on 2026-01-31
      fields: Account.SSN__pc, HealthCondition.Code
      at parties.yaml:19
      controls: hipaa-sec-308b1, hipaa-prv-502e
    Account.SSN__pc is phi, by a line for the field (classification/patients.yaml:8)
    HealthCondition.Code is phi, by the object's default (classification/patients.yaml:14)
    flow claims: deny because agreement-expired
    ");
}

/// Signatures that any key makes by writing its own name before the message.
struct Echo;

impl Verifier for Echo {
    fn verify(&self, key: &ApproverKey, message: &[u8], signature: &[u8]) -> bool {
        signature == sign(key.as_str(), message)
    }
}

fn sign(key: &str, message: &[u8]) -> Vec<u8> {
    [key.as_bytes(), message].concat()
}

fn key(letter: char) -> String {
    format!("ed25519:{}=", String::from(letter).repeat(43))
}

#[test]
fn the_enforced_bundle_names_who_approves_the_next() {
    let with_keys = sample::PHIWARD
        .replace("role: privacy-officer}", &format!("role: privacy-officer, key: \"{}\"}}", key('A')))
        .replace("role: security-officer}", &format!("role: security-officer, key: \"{}\"}}", key('B')));
    let enforced = changed("phiward.yaml", sample::PHIWARD, &with_keys);
    assert!(enforced.enforceable().is_some());
    let next = sample::with(&[("more.yaml", "regions: [uk]\n")]);
    let now = "2026-11-21T10:00:00Z".parse().unwrap();
    let approval = |by: &str, letter: char, at: &str| {
        let at = at.parse().unwrap();
        let signed = message(enforced.digest(), next.digest(), by, at);
        Approval { by: by.to_owned(), at, signature: sign(&key(letter), &signed) }
    };
    let mara = approval("mara-voss", 'A', "2026-11-20T10:00:00Z");
    let sam = approval("sam-ito", 'B', "2026-11-21T09:00:00Z");
    let judge = |author: &str, all: &[Approval]| approve(&enforced, &next, author, all, now, &Echo);
    let approved = judge("dev", &[sam.clone(), mara.clone()]).unwrap();
    assert_eq!(approved.digest(), next.digest());
    assert_eq!(
        (approved.after(), approved.by()),
        (Some(enforced.digest()), ["mara-voss".to_owned(), "sam-ito".to_owned()].as_slice())
    );
    let few = Refusal::TooFew { good: 1, required: 2 };
    let refused = |author: &str, other: Approval| judge(author, &[mara.clone(), other]).unwrap_err();
    let by = |name: &str| name.to_owned();
    assert_eq!(refused("sam-ito", sam.clone()), [Refusal::OwnWork { by: by("sam-ito") }, few.clone()]);
    assert_eq!(refused("dev", mara.clone()), [Refusal::Again { by: by("mara-voss") }, few.clone()]);
    let late = approval("sam-ito", 'B', "2026-10-01T09:00:00Z");
    assert_eq!(refused("dev", late), [Refusal::Expired { by: by("sam-ito") }, few.clone()]);
    let early = approval("sam-ito", 'B', "2026-11-21T10:00:01Z");
    assert_eq!(refused("dev", early), [Refusal::Future { by: by("sam-ito") }, few.clone()]);
    let forged = approval("sam-ito", 'A', "2026-11-21T09:00:00Z");
    assert_eq!(refused("dev", forged), [Refusal::BadSignature { by: by("sam-ito") }, few.clone()]);
    let mut moved = sam.clone();
    moved.at = "2026-11-21T09:30:00Z".parse().unwrap();
    assert_eq!(refused("dev", moved), [Refusal::BadSignature { by: by("sam-ito") }, few.clone()]);
    let keyless = approval("lena-roth", 'C', "2026-11-21T09:00:00Z");
    assert_eq!(refused("dev", keyless), [Refusal::NoKey { by: by("lena-roth") }, few.clone()]);
    let stranger = approval("eve", 'E', "2026-11-21T09:00:00Z");
    assert_eq!(refused("dev", stranger), [Refusal::NotAnApprover { by: by("eve") }, few]);
    // The same approvals are no good for another bundle, nor a bundle with errors for anyone.
    let other = approve(&enforced, &enforced, "dev", &[mara.clone(), sam.clone()], now, &Echo);
    assert_eq!(other.unwrap_err().len(), 3);
    let broken = changed("phiward.yaml", "version: 1", "version: 2");
    let refused = approve(&enforced, &broken, "dev", &[], now, &Echo).unwrap_err();
    assert_eq!(refused[0], Refusal::NotEnforceable);
    assert!(pinned(&next, next.digest()).is_ok());
    assert!(matches!(pinned(&next, enforced.digest()), Err(Refusal::NotPinned { .. })));
    assert_eq!(pinned(&Policy::empty(), Policy::empty().digest()).unwrap_err(), Refusal::NotEnforceable);
}

#[test]
fn a_difference_says_what_widens() {
    let cases: &[(&str, &str, &str, &[&str])] = &[
        (
            "parties.yaml",
            "regions: [eu]",
            "regions: [eu, in]",
            &["Widens party northlab: gains the region `in`"],
        ),
        (
            "parties.yaml",
            "expires: 2027-03-01",
            "expires: 2028-03-01",
            &["Widens party northlab: end of the baa of 2025-03-01: 2027-03-01 becomes 2028-03-01"],
        ),
        (
            "parties.yaml",
            "purposes: [operations]",
            "purposes: []",
            &["Narrows party northlab: loses the purpose `operations`"],
        ),
        ("parties.yaml", ", purposes: [operations]", "", &["Widens party northlab: covers every purpose"]),
        (
            "parties.yaml",
            "      - {kind: dpa, effective: 2025-03-01, transfer: none-needed}\n",
            "",
            &["Narrows party northlab: has no dpa from 2025-03-01 any more"],
        ),
        (
            "flows.yaml",
            "from: [HealthCondition.Code]",
            "from: [HealthCondition.Code, HealthCondition.X]",
            &["Widens flow lab-quality: gains the field `HealthCondition.X`"],
        ),
        ("flows.yaml", ", by: ehr-sync", "", &["Widens flow lab-quality: may be carried by any identity"]),
        (
            "flows.yaml",
            "region: any",
            "region: same-as-subject",
            &["Narrows flow claims: region: `any` becomes `same-as-subject`"],
        ),
        (
            "flows.yaml",
            "ground: baa",
            "ground: authorisation",
            &[
                "Widens flow lab-quality: gains the ground `authorisation`",
                "Narrows flow lab-quality: loses the ground `baa`",
            ],
        ),
        // What the law asked for goes with a ground, a role or a region.
        (
            "flows.yaml",
            "ground: [treatment-provider, gdpr-6-1-b, gdpr-9-2-h]",
            "ground: [treatment-provider, gdpr-6-1-b]",
            &["Widens flow referral: loses the ground `gdpr-9-2-h`"],
        ),
        (
            "flows.yaml",
            "ground: [treatment-provider, gdpr-6-1-b, gdpr-9-2-h]",
            "ground: [gdpr-6-1-b, gdpr-9-2-h]",
            &["Widens flow referral: loses the ground `treatment-provider`"],
        ),
        (
            "flows.yaml",
            "region: [us]",
            "region: same-as-subject",
            &["Widens flow summary: region: `us` becomes `same-as-subject`"],
        ),
        (
            "parties.yaml",
            "role: [business-associate, processor]",
            "role: [business-associate]",
            &["Widens party northlab: loses the role `processor`"],
        ),
        (
            "parties.yaml",
            "regions: [us, eu]",
            "regions: [us]",
            &["Widens party st-mary: loses the region `eu`"],
        ),
        (
            "phiward.yaml",
            "regions: [us, eu]",
            "regions: [us]",
            &["Widens organisation: loses the region `eu`"],
        ),
        (
            "classification/patients.yaml",
            "      Note__c:",
            "      Code: {class: internal}\n      Note__c:",
            &["Widens field HealthCondition.Code: is now classed internal"],
        ),
        (
            "classification/patients.yaml",
            "{class: pii, identifier: email}",
            "{class: internal}",
            &[
                "Widens field Account.PersonEmail: class: pii becomes internal",
                "Widens field Account.PersonEmail: identifier: `email` becomes none",
            ],
        ),
        (
            "classification/patients.yaml",
            "protect: both",
            "protect: none",
            &["Widens field Account.SSN__pc: protection: `both` becomes `none`"],
        ),
        (
            "classification/patients.yaml",
            "      Website: {class: public}\n",
            "",
            &["Widens field Account.Website: is no longer classed public"],
        ),
        (
            "identities.yaml",
            "networks: [10.2.0.0/16]",
            "networks: []",
            &["Widens identity ehr-sync: may call from anywhere"],
        ),
        ("phiward.yaml", "required: 2", "required: 1", &["Widens approvers: required: 2 becomes 1"]),
        (
            "phiward.yaml",
            "unclassified: internal",
            "unclassified: public",
            &["Widens organisation: fields that no line names: internal becomes public"],
        ),
        (
            "phiward.yaml",
            "lasting: PT4H",
            "lasting: PT1H",
            &["Narrows ceiling emergency: longest grant: PT4H becomes PT1H"],
        ),
        ("phiward.yaml", "regions: [us, eu]", "# moved\nregions: [us, eu]", &[]),
    ];
    let old = sample::policy();
    for (path, before, after, expected) in cases {
        let told: Vec<String> = diff(&old, &changed(path, before, after))
            .iter()
            .map(|change| format!("{:?} {}: {}", change.effect, change.what, change.how))
            .collect();
        assert_eq!(&told, expected, "{path}: {after}");
    }
    let rule = "@id(\"x\") forbid (principal, action, resource);\n";
    let ruled = sample::with(&[("access/x.cedar", rule)]);
    assert_eq!(diff(&old, &ruled)[0].effect, Effect::Narrows);
    assert_eq!(diff(&ruled, &old)[0].effect, Effect::Widens);
    assert_eq!(
        diff(&ruled, &sample::with(&[("access/x.cedar", &rule.replace(") forbid", ")\nforbid"))])),
        []
    );
    let whole = diff(&Policy::empty(), &old);
    assert!(whole.iter().any(|change| change.what == "flow lab-quality" && change.effect == Effect::Widens));
}

/// As much of JSON Schema as the schema uses.
fn valid(value: &Value, schema: &Value, root: &Value) -> bool {
    if let Some(path) = schema["$ref"].as_str() {
        let name = path.rsplit('/').next().unwrap();
        if !valid(value, &root["$defs"][name], root) {
            return false;
        }
    }
    let is = |kind: &str| match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_u64(),
        "boolean" => value.is_boolean(),
        other => panic!("{other}"),
    };
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let pattern = |text: &str| {
        schema["pattern"].as_str().is_none_or(|pattern| regex::Regex::new(pattern).unwrap().is_match(text))
    };
    let properties = |map: &serde_json::Map<String, Value>| {
        map.iter().all(|(key, value)| match (&schema["properties"][key], &schema["additionalProperties"]) {
            (Value::Null, Value::Bool(false)) => false,
            (Value::Null, Value::Null) => true,
            (Value::Null, other) => valid(value, other, root),
            (known, _) => valid(value, known, root),
        })
    };
    let required = |map: &serde_json::Map<String, Value>| {
        schema["required"]
            .as_array()
            .is_none_or(|all| all.iter().all(|key| map.contains_key(key.as_str().unwrap())))
    };
    (kinds.is_empty() || kinds.into_iter().any(is))
        && schema["enum"].as_array().is_none_or(|all| all.contains(value))
        && schema["anyOf"].as_array().is_none_or(|all| all.iter().any(|one| valid(value, one, root)))
        && value.as_str().is_none_or(pattern)
        && value.as_object().is_none_or(|map| properties(map) && required(map))
        && match (&schema["items"], value) {
            (Value::Null, _) | (_, Value::Object(_)) => true,
            (items, Value::Array(all)) => all.iter().all(|one| valid(one, items, root)),
            _ => true,
        }
}

fn json(node: &crate::file::tree::Node) -> Value {
    use crate::file::tree::Kind;
    match &node.kind {
        Kind::Null | Kind::Refused => Value::Null,
        Kind::Scalar { text, plain: true } if text == "true" || text == "false" => {
            Value::Bool(text == "true")
        }
        Kind::Scalar { text, plain: true } if text.bytes().all(|b| b.is_ascii_digit()) => {
            text.parse::<u64>().map_or_else(|_| Value::String(text.clone()), Value::from)
        }
        Kind::Scalar { text, .. } => Value::String(text.clone()),
        Kind::List(items) => items.iter().map(json).collect(),
        Kind::Map(entries) => entries.iter().map(|(key, value)| (key.text.clone(), json(value))).collect(),
    }
}

/// Codes of problems that are about form alone: those a schema can see.
const FORM: &[&str] = &["unknown-key", "missing-key", "wrong-kind", "unknown-word"];

fn compare(text: &str) {
    let root = schema();
    let source = Source::new("parties.yaml", text);
    let mut problems = Vec::new();
    let Some(tree) = crate::file::tree::parse(&source, &mut problems) else { return };
    if !problems.is_empty() {
        return;
    }
    let mut reader = crate::file::record::Reader::new(&source, &mut problems);
    let _ = <crate::bundle::File as crate::file::record::Value>::read(&tree, &mut reader);
    let accepts = valid(&json(&tree), &root, &root);
    let form = problems.iter().any(|problem| FORM.contains(&problem.code));
    assert!(accepts || !problems.is_empty(), "the schema refuses what the reader takes:\n{text}");
    // An empty text is not seen by the schema.
    let empty = problems.iter().any(|problem| problem.message.starts_with("an empty text"));
    assert!(!(accepts && form && !empty), "the schema takes what the reader refuses:\n{text}\n{problems:#?}");
}

#[test]
fn the_schema_takes_the_sample() {
    let root = schema();
    for (path, text) in sample::FILES.iter().chain(&[("expectations.yaml", EXPECT)]) {
        let source = Source::new(*path, *text);
        let tree = crate::file::tree::parse(&source, &mut Vec::new()).unwrap();
        assert!(valid(&json(&tree), &root, &root), "{path}");
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(400))]

    /// Words of the sample swapped, dropped and doubled: reader and schema refuse the same.
    #[test]
    fn reader_and_schema_agree_on_form(file in 0..5_usize, at in 0..400_usize, other in 0..400_usize, how in 0..4_u8) {
        let text = sample::FILES[file].1;
        let mut words: Vec<&str> = text.split_inclusive([' ', ',', '\n', '{', '}', '[', ']', ':']).collect();
        let (at, other) = (at % words.len(), other % words.len());
        match how {
            0 => words.swap(at, other),
            1 => { words.remove(at); }
            2 => words.insert(at, words[other]),
            _ => words[at] = words[other],
        }
        compare(&words.concat());
    }

    /// Any text at all is read without a panic, and every problem has a place in it.
    #[test]
    fn any_text_is_read(text in "[-a-z0-9:{}\\[\\],&*!|>'\"#%@` \n\t\\\\]{0,200}") {
        let lines = text.lines().count() as u32 + 1;
        for path in ["phiward.yaml", "access/x.cedar"] {
            let (_, problems) = read(vec![Source::new(path, text.clone())]);
            for problem in problems {
                proptest::prop_assert!(problem.position.is_none_or(|at| at.line <= lines), "{problem}");
            }
        }
    }
}

const PAGE: &str = include_str!("../../../../docs/policy.md");

/// The code blocks of the page, with the heading that each stands under.
fn blocks(language: &str) -> Vec<(String, String)> {
    let (mut all, mut heading, mut open) = (Vec::new(), String::new(), None::<String>);
    for line in PAGE.lines() {
        match &mut open {
            Some(text) if line == "```" => {
                all.push((heading.clone(), std::mem::take(text)));
                open = None;
            }
            Some(text) => text.push_str(&format!("{line}\n")),
            None if line == format!("```{language}") => open = Some(String::new()),
            None => {
                if let Some(title) = line.strip_prefix("## ") {
                    title.replace('*', "page").clone_into(&mut heading);
                }
            }
        }
    }
    all
}

#[test]
fn the_samples_of_the_page_are_read_together_without_a_slip_of_form() {
    let yaml = blocks("yaml");
    assert_eq!(yaml.len(), 9);
    let mut files: Vec<Source> = yaml.into_iter().map(|(path, text)| Source::new(path, text)).collect();
    // What the samples speak of and the page does not show.
    let more = "parties: [{id: labcloud, role: [subprocessor], regions: [eu]}, {id: cloudmind, role: [business-associate], regions: [us]}]\n\
                identities: [{id: billing, kind: role, purposes: [payment]}, {id: nurse, kind: role, purposes: [treatment]}]\n";
    files.push(Source::new("more.yaml", more));
    files.extend(blocks("cedar").into_iter().map(|(path, text)| Source::new(path, text)));
    let (policy, problems) = read(files);
    let errors: Vec<_> =
        problems.iter().filter(|p| p.severity == source::Severity::Error).map(ToString::to_string).collect();
    assert_eq!(errors, Vec::<String>::new());
    assert_eq!(policy.rules().rules.iter().filter(|rule| rule.place.is_some()).count(), 1);
}

#[test]
fn the_page_has_every_key_word_clause_and_code() {
    let mut missing = BTreeSet::new();
    let mut need = |word: &str| {
        if !PAGE.contains(word) {
            missing.insert(word.to_owned());
        }
    };
    let policy = Policy::empty();
    for code in policy.rules().codes() {
        let open = policy.rules().rules.iter().any(|rule| rule.code == code && rule.missing.is_some());
        if !open && !code.ends_with("-unknown") {
            need(&format!("`{code}`"));
        }
    }
    for clause in crate::bundle::clause::BAA.iter().chain(crate::bundle::clause::DPA) {
        need(clause.id);
        need(clause.name);
    }
    fn walk(shape: &crate::file::record::Shape, need: &mut dyn FnMut(&str)) {
        use crate::file::record::Shape;
        match shape {
            Shape::Record { keys, .. } => {
                for key in keys {
                    need(key.key);
                    walk(&key.shape, need);
                }
            }
            Shape::Choice { words, .. } if words.len() < 16 => words.iter().for_each(|(word, _)| need(word)),
            Shape::List(inner) | Shape::OneOrMany(inner) | Shape::Named(inner) => walk(inner, need),
            _ => {}
        }
    }
    walk(&<crate::bundle::File as crate::file::record::Value>::shape(), &mut need);
    assert_eq!(missing, BTreeSet::new());
}

#[test]
fn a_first_class_makes_permitted_what_was_undetermined() {
    let bundle = |more: &str| {
        let text = format!("version: 1\norganisation: {{name: X}}\nregions: [us]\n{more}");
        read(vec![Source::new("phiward.yaml", text)]).0
    };
    let classed = "objects: {Visit__c: {fields: {Note__c: {class: phi}}}}\n";
    let told = |old: &str| -> Vec<String> {
        diff(&bundle(old), &bundle(&format!("{old}{classed}")))
            .iter()
            .map(|change| format!("{:?} {}: {}", change.effect, change.what, change.how))
            .filter(|told| told.contains("Note__c"))
            .collect()
    };
    assert_eq!(told(""), ["Widens field Visit__c.Note__c: is now classed phi"]);
    let by_default = "defaults: {unclassified: internal}\n";
    assert_eq!(told(by_default), ["Narrows field Visit__c.Note__c: is now classed phi"]);
}
