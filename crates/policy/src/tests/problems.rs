//! Every kind of problem, with the line and column that it names.

use std::collections::BTreeSet;

use source::{Problem, Severity, Source};

use super::sample;
use super::slips::{Case, SLIPS};
use crate::{Enforceable, Policy, read};

/// The sample with `old` in `path` made `new`: the problems that this adds.
fn broken(path: &str, old: &str, new: &str) -> Vec<Problem> {
    let (_, before) = read(sample::files(sample::FILES));
    let files = sample::FILES.iter().map(|(own, text)| {
        if *own == path {
            assert!(text.contains(old), "`{old}` is not in {path}");
            Source::new(*own, text.replacen(old, new, 1))
        } else {
            Source::new(*own, *text)
        }
    });
    let (policy, problems) = read(files.collect());
    check_enforceable(&policy, &problems);
    problems.iter().filter(|problem| !before.contains(problem)).cloned().collect()
}

/// The sample with another file: the problems that this adds.
fn added(path: &str, text: &str) -> Vec<Problem> {
    let (_, before) = read(sample::files(sample::FILES));
    let mut files = sample::files(sample::FILES);
    files.push(Source::new(path, text));
    let (policy, problems) = read(files);
    check_enforceable(&policy, &problems);
    problems.iter().filter(|problem| !before.contains(problem)).cloned().collect()
}

fn check_enforceable(policy: &Policy, problems: &[Problem]) {
    let errors = problems.iter().any(|problem| problem.severity == Severity::Error);
    let enforceable: Option<Enforceable> = policy.enforceable();
    assert_eq!(enforceable.is_some(), !errors);
}

const ADDED: &[(&str, &str, &[&str])] = &[
    (
        "more.yaml",
        "defaults: {}\n",
        &["phiward.yaml:10:11: `defaults` stands twice in the bundle, first at more.yaml:1 [duplicate-key]"],
    ),
    (
        "more.yaml",
        "version: 1\n---\nversion: 1\n",
        &["more.yaml:2:1: a second YAML document begins here [several-documents]"],
    ),
    ("more.yaml", "? [a]\n: b\n", &["more.yaml:1:3: a key must be a plain word [bad-key]"]),
    ("more.yaml", "- a\n", &["more.yaml:1:1: a list stands where a bundle file is needed [wrong-kind]"]),
    (
        "more.yaml",
        "expect: []\n",
        &["more.yaml:1:1: `expect` stands in `expectations.yaml` only [misplaced-key]"],
    ),
    (
        "more.yaml",
        "exceptions: []\n",
        &["more.yaml:1:1: `exceptions` stands in `exceptions.yaml` only [misplaced-key]"],
    ),
    (
        "orgs.yaml",
        "orgs:\n  - {id: prod, kind: production, region: us, subjects: [us, fr, in], masked: true, default: true}\n  - {id: two, kind: sandbox, default: true}\n",
        &[
            "orgs.yaml:2:65: org `prod` holds data of people of `in`, which the bundle does not list [unknown-region]",
            "orgs.yaml:2:78: org `prod` is a production org and said to be masked [masked-production]",
            "orgs.yaml:3:5: two orgs are the default, the first at orgs.yaml:2 [two-defaults]",
        ],
    ),
    (
        "exceptions.yaml",
        "exceptions:\n  - {id: e, rule: r, where: Account.Phone, reason: not on our pages, approver: mara-voss, approved: 2026-09-01, expires: 2027-09-01, kind: risk-acceptance}\n",
        &["exceptions.yaml:2:122: exception `e` lasts longer than 180 days [exception-too-long]"],
    ),
    (
        "exceptions.yaml",
        "exceptions:\n  - {id: e, rule: r, where: Account.Phone, reason: because, approver: mara, approved: 2026-09-01, expires: 2026-08-01, kind: addressable-alternative}\n",
        &[
            "exceptions.yaml:2:5: exception `e` names no alternative [missing-key]",
            "exceptions.yaml:2:52: the reason of exception `e` says nothing [empty-reason]",
            "exceptions.yaml:2:71: the bundle has no approver `mara` [unknown-reference]",
            "exceptions.yaml:2:108: exception `e` expires before it is approved [bad-dates]",
        ],
    ),
    (
        "exceptions.yaml",
        "exceptions:\n  - {id: e, rule: r, where: Account.Phone, reason: not on our pages, approved: 2026-09-01, kind: risk-acceptance}\n",
        &[
            "exceptions.yaml:2:5: an exception needs the key `approver` [missing-key]",
            "exceptions.yaml:2:5: an exception needs the key `expires` [missing-key]",
        ],
    ),
    (
        "exceptions.yaml",
        "exceptions:\n  - {id: e, rule: r, where: A, reason: not on our pages, approver: mara-voss, approved: 2026-09-01, expires: 2026-09-02, kind: risk-acceptance, alternative: x}\n",
        &["exceptions.yaml:2:158: exception `e` accepts a risk and names an alternative [bad-value]"],
    ),
    (
        "expectations.yaml",
        "expect:\n  - {deny: {who: ehr-sink, send: HealthCondition.Code, to: northlab}}\n",
        &[
            "expectations.yaml:2:18: the bundle has no identity or audience `ehr-sink` [unknown-reference]; did you mean `ehr-sync`?",
        ],
    ),
    (
        "expectations.yaml",
        "expect:\n  - {deny: {who: nurse, read: Account.Nothing__c}, because: not-in-minimum-sett}\n",
        &[
            "expectations.yaml:2:61: no rule gives the reason `not-in-minimum-sett` [unknown-reference]; did you mean `not-in-minimum-set`?",
        ],
    ),
    (
        "expectations.yaml",
        "expect:\n  - {deny: {who: nurse, send: Patient.X}, because: blocked}\n  - {because: blocked}\n  - {permit: {who: nurse}, because: blocked}\n",
        &[
            "expectations.yaml:2:12: a question to send that names no receiver [bad-expectation]",
            "expectations.yaml:2:31: the bundle does not classify the object `Patient` [unclassified-object]",
            "expectations.yaml:3:5: an expectation with 0 answers [bad-expectation]",
            "expectations.yaml:4:14: a question with 0 actions [bad-expectation]",
            "expectations.yaml:4:37: a permit has no reason [bad-expectation]",
        ],
    ),
    (
        "access/a.cedar",
        "@id(\"a\") forbid (principal, action, resource == Field::\"account.SSN__pc\");\n",
        &[
            "access/a.cedar:1:1: the rule names Field `account.SSN__pc`, which the bundle does not have [unknown-reference]; did you mean `account.ssn__pc`?",
        ],
    ),
    (
        "access/a.cedar",
        "@id(\"a\") forbid (principal, action, resource == Field::\"account.snn__pc\");\n",
        &[
            "access/a.cedar:1:1: the rule names Field `account.snn__pc`, which the bundle does not have [unknown-reference]; did you mean `account.ssn__pc`? A field that is not named is of the object's default",
        ],
    ),
    (
        "access/a.cedar",
        "@id(\"a\") forbid (principal, action, resource == Field::\"account.*\");\n",
        &[
            "access/a.cedar:1:1: the rule names Field `account.*`, which the bundle does not have [unknown-reference]; for all fields of an object write `resource in Object::\"account\"`",
        ],
    ),
    // A field of the object's default, and the other name of a person account's.
    (
        "access/a.cedar",
        "@id(\"a\") forbid (principal, action, resource) when { [Field::\"account.industry\", Field::\"contact.ssn__c\"].contains(resource) };\n",
        &[],
    ),
    (
        "access/a.cedar",
        "@id(\"a\")\nforbid (principal, action, resource)\nwhen { resource.clas == \"phi\" };\n",
        &[
            "access/a.cedar:3:8: for policy `a`, attribute `clas` on entity type `Field` not found [invalid-rule]; did you mean `class`?",
        ],
    ),
    (
        "access/a.cedar",
        "permit (principal, action resource);\n",
        &["access/a.cedar:1:27: unexpected token `resource` [malformed-cedar]"],
    ),
    (
        "access/a.cedar",
        "\nforbid (principal, action, resource);\n",
        &["access/a.cedar:2:1: the rule has no @id [rule-without-id]"],
    ),
    (
        "access/a.cedar",
        "@id(\"blocked\") forbid (principal, action, resource);\n",
        &["access/a.cedar:1:1: rule `blocked` stands twice, also in the shipped guardrails [duplicate-id]"],
    ),
    (
        "access/a.cedar",
        "@id(\"a\") forbid (principal, action, resource);\n@id(\"a\") forbid (principal, action, resource);\n",
        &[
            "access/a.cedar:1:1: rule `a` stands twice, also in access/a.cedar:2 [duplicate-id]",
            "access/a.cedar:2:1: rule `a` stands twice, also in access/a.cedar:1 [duplicate-id]",
        ],
    ),
    (
        "access/a.cedar",
        "@id(\"a\") forbid (principal == Identity::\"ehr-sink\", action, resource);\n",
        &[
            "access/a.cedar:1:1: the rule names Identity `ehr-sink`, which the bundle does not have [unknown-reference]; did you mean `ehr-sync`?",
        ],
    ),
    (
        "access/a.cedar",
        "@id(\"a\") forbid (principal == ?principal, action, resource);\n",
        &["access/a.cedar:1:1: a template is not read here [cedar-template]"],
    ),
    (
        "access/a.cedar",
        "@id(\"a\") forbid (principal, action, resource) when { (((((((((((((((((((((((((((((((((((((((((true))))))))))))))))))))))))))))))))))))))))) };",
        &["access/a.cedar:1:77: a rule nests deeper, or is longer, than any should [rule-too-large]"],
    ),
    (
        "more.yaml",
        "parties:\n  - {id: other, role: [vendor], regions: [us], endpoints: [{named_credential: northlab}]}\n",
        &[
            "more.yaml:2:79: the named credential `northlab` belongs to `northlab` too, at parties.yaml:7 [shared-endpoint]",
            "parties.yaml:7:28: the named credential `northlab` belongs to `other` too, at more.yaml:2 [shared-endpoint]",
        ],
    ),
    (
        "more.yaml",
        "parties:\n  - {id: modelhost, role: [vendor], regions: [eu], endpoints: [{host: \"*.models.example\"}]}\nmodels:\n  - {id: free, region: eu, endpoint: {url: \"https://eu.models.example/v1/*\"}, purposes: [treatment], classes: [phi], approvals: [{by: mara-voss, on: 2026-02-01}]}\n",
        &[
            "more.yaml:4:38: the model `free` answers at a host of `modelhost`, and does not say who provides it [model-without-provider]",
        ],
    ),
    (
        "more.yaml",
        "objects: {Case: {subject: ContactId, fields: {Notes__c: {class: phi}}}}\nflows:\n  - {id: x, from: [Case.Note__c], to: billco, purpose: payment, ground: baa}\n",
        &[
            "more.yaml:3:20: the bundle does not classify the field `Case.Note__c` [unclassified-field]; did you mean `Notes__c`?",
        ],
    ),
];

/// What differs: an expected problem that is not told, and one told that is not expected, for one slip should
/// give no cascade.
fn differences(told: &[Problem], expected: &[&str], what: &str) -> Vec<String> {
    let told: Vec<String> = told.iter().map(ToString::to_string).collect();
    let missing = expected.iter().filter(|begin| !told.iter().any(|one| one.starts_with(**begin)));
    let more = told.iter().filter(|one| !expected.iter().any(|begin| one.starts_with(begin)));
    let missing = missing.map(|begin| format!("{what}: not told: {begin}"));
    missing.chain(more.map(|one| format!("{what}: not expected: {one}"))).collect()
}

#[test]
fn every_slip_is_told_with_its_line_and_nothing_else_is() {
    let mut all = Vec::new();
    for Case(path, old, new, expected) in SLIPS {
        all.extend(differences(&broken(path, old, new), expected, &format!("{path}: `{new}`")));
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}

#[test]
fn every_bad_file_is_told_with_its_line_and_nothing_else_is() {
    let mut all = Vec::new();
    for (path, text, expected) in ADDED {
        all.extend(differences(&added(path, text), expected, &format!("{path}: {text}")));
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}

#[test]
fn a_file_given_twice_is_told() {
    let told = added("phiward.yaml", "version: 1\n");
    assert!(told.iter().any(|one| one.code == "duplicate-file"), "{told:?}");
}

fn many_rules(count: usize) -> String {
    (0..count).map(|at| format!("@id(\"r{at}\") forbid (principal, action, resource);\n")).collect()
}

#[test]
fn rules_have_an_end() {
    let told = added("access/a.cedar", &many_rules(1_001));
    let told: Vec<String> = told.iter().map(ToString::to_string).collect();
    assert!(
        told.iter().any(|one| one.starts_with("access/a.cedar:1001:1: the bundle has more than 1000 rules")),
        "{told:?}"
    );
    let long = format!("// {}\n", "x".repeat(1 << 20));
    assert!(added("access/a.cedar", &long).iter().any(|one| one.code == "too-many-rules"));
    assert!(!added("access/a.cedar", &many_rules(200)).iter().any(|one| one.code == "too-many-rules"));
}

/// The codes that reading can give, taken from its source.
#[test]
fn every_code_of_a_problem_has_a_test() {
    let mut told: BTreeSet<String> = BTreeSet::new();
    let mut take = |problems: Vec<Problem>| {
        told.extend(problems.into_iter().map(|problem| problem.code.to_owned()));
    };
    for Case(path, old, new, _) in SLIPS {
        take(broken(path, old, new));
    }
    for (path, text, _) in ADDED {
        take(added(path, text));
    }
    let (_, problems) = read(vec![Source::new("parties.yaml", "parties: []\n")]);
    take(problems);
    take(added("phiward.yaml", "version: 1\n"));
    take(added("access/a.cedar", &many_rules(1_001)));
    let sources = [
        include_str!("../file/mod.rs"),
        include_str!("../file/tree.rs"),
        include_str!("../file/record.rs"),
        include_str!("../file/check.rs"),
        include_str!("../file/check/agreements.rs"),
        include_str!("../file/check/classification.rs"),
        include_str!("../file/check/flows.rs"),
        include_str!("../file/check/organisation.rs"),
        include_str!("../file/check/parties.rs"),
        include_str!("../rules/reading.rs"),
        include_str!("../rules/mod.rs"),
        include_str!("../period.rs"),
        include_str!("../address.rs"),
    ];
    // A code is a quoted word with a hyphen that stands as an argument.
    let is_code = |word: &&str| {
        word.contains('-') && word.len() > 6 && word.chars().all(|c| c.is_ascii_lowercase() || c == '-')
    };
    let mut untested = BTreeSet::new();
    for source in sources {
        for line in source.lines() {
            let before = line.split("\", message").next().unwrap_or_default();
            let argument = line.trim_start().starts_with('"') && line.trim_end().ends_with("\",");
            if before.len() == line.len() && !argument {
                continue;
            }
            let word = before.trim().trim_end_matches("\",").rsplit('"').next().unwrap_or_default();
            if is_code(&word) && !told.contains(word) {
                untested.insert(word.to_owned());
            }
        }
    }
    let known = ["file-too-large", "no-approvers", "rules-not-read"].map(str::to_owned);
    assert_eq!(
        untested.difference(&known.into()).collect::<Vec<_>>(),
        Vec::<&String>::new(),
        "told: {told:?}"
    );
}

#[test]
fn all_errors_are_told_at_once() {
    let text = "parties:\n  - {id: A, role: [nobody], regions: [XX], colour: red, agreements: [{kind: bba, effective: soon}]}\n";
    insta::assert_snapshot!(added("more.yaml", text).iter().map(ToString::to_string).collect::<Vec<_>>().join("
"), @r"
    more.yaml:2:10: `A` is not a valid id [bad-value]; ids are lower-case letters, digits and hyphens, 64 at most, and begin with a letter or digit
    more.yaml:2:20: `nobody` is not a role of a party [unknown-word]; one of: authority, business-associate, controller, covered-entity, processor, provider, researcher, subprocessor, vendor
    more.yaml:2:39: `XX` is not a valid region [bad-value]; write `us`, `eu` or a two-letter country code in lower case; parts after a hyphen are yours
    more.yaml:2:44: `colour` is not a key of a party [unknown-key]; one of: agreements, connected_apps, endpoints, id, name, packages, regions, role, subprocessors
    more.yaml:2:77: `bba` is not a kind of agreement [unknown-word]; did you mean `baa`?
    more.yaml:2:93: `soon` is not a date [bad-date]; write year-month-day, as 2026-01-31
    ");
}

#[test]
fn a_bundle_without_its_main_file_says_so() {
    let (policy, problems) = read(vec![Source::new("parties.yaml", "parties: []\n")]);
    assert!(policy.enforceable().is_none());
    insta::assert_snapshot!(problems[0], @"phiward.yaml: the bundle has no `phiward.yaml` [missing-file]; add it with `version: 1`, `organisation` and `regions`");
}

#[test]
fn no_bundle_is_no_error_and_permits_nothing() {
    let (policy, problems) = read(vec![Source::new("README.md", "not ours")]);
    assert_eq!(problems, []);
    assert!(!policy.is_present() && policy.enforceable().is_none());
    assert_eq!(policy.digest(), Policy::empty().digest());
}

#[test]
fn the_sample_has_no_error() {
    let (policy, problems) = read(sample::files(sample::FILES));
    let told: Vec<_> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(told, Vec::<String>::new());
    assert!(policy.enforceable().is_some());
}

#[test]
fn hostile_files_neither_hang_nor_panic() {
    let deep = "[".repeat(100_000);
    let nested = (0..2_000).map(|at| format!("{}a:\n", " ".repeat(at))).collect::<String>();
    let bomb = format!("a: &a [x,x]\n{}", "b: [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n".repeat(1_000));
    let long = format!("parties: [{{id: \"{}\"}}]", "x".repeat(1 << 20));
    let odd = "\u{feff}version: 1\r\n\0\u{1b}: \u{202e}\n";
    for text in [deep.as_str(), &nested, &bomb, &long, odd, "\t", "%YAML 1.2\n---\n", "a: |", "!!binary x"] {
        let (_, problems) = read(vec![Source::new("phiward.yaml", text)]);
        assert!(!problems.is_empty(), "{}", text.chars().take(20).collect::<String>());
        for problem in problems {
            assert!(problem.message.len() < 1_000, "{}", problem.message.len());
        }
    }
    let policy = format!(
        "@id(\"a\") forbid (principal, action, resource) when {{ {}true{} }};",
        "(".repeat(3_000),
        ")".repeat(3_000)
    );
    let (_, problems) = read(vec![Source::new("access/x.cedar", policy)]);
    assert!(!problems.is_empty());
}

/// At the limits of length and depth, on a thread with a stack of the usual size.
#[test]
fn rules_at_the_limits_are_read_without_running_out_of_stack() {
    let depth = 23;
    let bodies = [
        format!("{}true", "true && ".repeat(149)),
        format!("{}true", "false || ".repeat(149)),
        format!("{}true", "!".repeat(149)),
        format!("{}1 < 2", "-".repeat(149)),
        format!("{}true{}", "if true then ".repeat(149), " else false".repeat(149)),
        format!("1{} < 2", " + 1".repeat(149)),
        format!("context{}", ".a".repeat(149)),
        format!("{}true{}", "(".repeat(depth - 1), ")".repeat(depth - 1)),
        format!("[{}1{}].contains(1)", "[".repeat(depth - 2), "]".repeat(depth - 2)),
        format!("{}1{} == 1", "{a: ".repeat(depth - 1), "}".repeat(depth - 1)),
        format!("1{} == 1", " * 1".repeat(149)),
        format!("resource{}", " in resource".repeat(149)),
    ];
    for body in bodies {
        let text = format!("@id(\"a\") forbid (principal, action, resource) when {{ {body} }};");
        let read = std::thread::Builder::new().stack_size(2 << 20).spawn(move || {
            let mut files = sample::files(sample::FILES);
            files.push(Source::new("access/x.cedar", text));
            let (policy, problems) = read(files);
            let mut request = crate::Request::new(
                crate::vocabulary::Action::Read,
                vec![crate::AskedField::new("Account", "SSN__pc")],
                "2026-11-21T10:00:00Z".parse().unwrap(),
            );
            request.who = Some("nurse".to_owned());
            let answer = crate::decide(&policy, &crate::Standing::known(), &request);
            (problems.len(), answer.is_permit())
        });
        assert!(read.unwrap().join().is_ok());
    }
}

#[test]
fn a_rule_about_an_unnamed_field_needs_the_objects_default() {
    let object = "objects: {Case: {subject: ContactId, fields: {Notes__c: {class: phi}}}}\n";
    let rule = "@id(\"a\") forbid (principal, action, resource == Field::\"case.subject\");\n";
    let mut files = sample::files(sample::FILES);
    files.push(Source::new("classification/case.yaml", object));
    files.push(Source::new("access/a.cedar", rule));
    let (policy, problems) = read(files);
    assert!(policy.enforceable().is_none());
    assert!(problems.iter().any(|problem| problem.code == "unknown-reference"), "{problems:#?}");
}

/// Keys are looked up, not searched for among all before.
#[test]
fn a_mapping_of_many_keys_is_read_and_a_repeated_key_is_found() {
    let keys: String = (0..10_000).map(|at| format!("K{at}: v\n")).collect();
    let problems = added("more.yaml", &format!("organisation:\n  name: X\n{keys}K7: v\n"));
    let twice: Vec<_> = problems.iter().filter(|problem| problem.code == "duplicate-key").collect();
    assert!(
        twice.iter().any(|one| one.message.contains("`K7` stands twice in this mapping, first on line 10"))
    );
}
