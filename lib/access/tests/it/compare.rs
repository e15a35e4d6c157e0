//! Puts every question to both, and counts what was answered.

use std::collections::BTreeMap;

use access::{Access, Answer, Crowd, Decision, Matrix, Model, ObjectFlag, Path, Range, Reach};

use crate::oracle::{self, FLAGS, Flag, Item, Oracle, Tri, Way, Who};
use crate::orgs::{Org, RuleKind};

/// A question that the two answer otherwise.
#[derive(Debug)]
pub(crate) struct Difference {
    /// What was asked, without names.
    pub(crate) kind: &'static str,
    pub(crate) question: String,
    pub(crate) engine: String,
    pub(crate) oracle: String,
}

/// How often each kind of answer occurred.
pub(crate) type Coverage = BTreeMap<String, usize>;

/// The user permissions that are asked for; one is named nowhere, and one is written in another case.
const ASKED: [&str; 9] = [
    "ActivitiesAccess",
    "ApiEnabled",
    "EditTask",
    "ManageUsers",
    "ModifyAllData",
    "NeverNamed",
    "ViewAllData",
    "ViewAllFieldsGlobal",
    "modifyalldata",
];

pub(crate) fn differences(org: &Org, coverage: &mut Coverage) -> Vec<Difference> {
    // Thousands of small files: in memory where the system has a folder for that.
    let memory = std::path::Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    let folder = folder.unwrap();
    crate::files::write(org, folder.path());
    let project = sfdx::read(&folder.path().join("project"), &sfdx::Options::default()).unwrap();
    let facts = sfdx::read_facts(&folder.path().join("facts")).unwrap();
    let model = Model::with_fields(&project, &facts, org.asked.iter().map(String::as_str));
    let mut comparison = Comparison { org, oracle: Oracle { org }, coverage, found: Vec::new() };
    comparison.model(&model);
    comparison.found
}

struct Comparison<'c> {
    org: &'c Org,
    oracle: Oracle<'c>,
    coverage: &'c mut Coverage,
    found: Vec<Difference>,
}

fn tri(answer: Answer) -> Tri {
    match answer {
        Answer::No => Tri::No,
        Answer::Unknown => Tri::Unknown,
        Answer::Yes => Tri::Yes,
    }
}

fn range(range: Range) -> oracle::Range {
    let reach = |reach| match reach {
        Reach::None => oracle::Reach::None,
        Reach::Some => oracle::Reach::Some,
        Reach::All => oracle::Reach::All,
    };
    (reach(range.low), reach(range.high))
}

fn crowd(crowd: Crowd) -> oracle::Crowd {
    match crowd {
        Crowd::Internal => oracle::Crowd::Internal,
        Crowd::External => oracle::Crowd::External,
        Crowd::HighVolume => oracle::Crowd::HighVolume,
        Crowd::Guest => oracle::Crowd::Guest,
    }
}

fn lower<'n>(names: impl Iterator<Item = &'n str>) -> Vec<String> {
    let mut names: Vec<String> = names.map(str::to_lowercase).collect();
    names.sort_unstable();
    names
}

/// The way that a path tells, if it tells one.
fn way(path: &Path) -> Option<Way> {
    let words = path.steps.first()?.words.as_str();
    let named = |before: &str| Some(words.strip_prefix(before)?.split('`').next()?.to_owned());
    if words == "records that they own" {
        return Some(Way::Owner);
    }
    if words == "records of those below in the role hierarchy" {
        return Some(Way::Hierarchy);
    }
    let rule = named("sharing rule `").or_else(|| named("guest sharing rule `")).map(Way::Rule);
    rule.or_else(|| named("sharing set `").map(Way::SharingSet))
        .or_else(|| named("records in queue `").map(Way::Queue))
}

impl Comparison<'_> {
    fn count(&mut self, what: String) {
        *self.coverage.entry(what).or_default() += 1;
    }

    fn same<T: PartialEq + std::fmt::Debug>(
        &mut self,
        kind: &'static str,
        question: &dyn Fn() -> String,
        engine: T,
        oracle: T,
    ) {
        if engine != oracle {
            self.found.push(Difference {
                kind,
                question: question(),
                engine: format!("{engine:?}"),
                oracle: format!("{oracle:?}"),
            });
        }
    }

    /// As `partly`; and a yes says how it comes about, and only a yes has a way that gives.
    fn decision(&mut self, kind: &'static str, question: &dyn Fn() -> String, answer: Answer, of: &Decision) {
        let gives = of.paths.iter().any(|path| path.answer == Answer::Yes);
        self.same("paths", question, gives, answer == Answer::Yes);
        self.partly(kind, question, answer, of);
    }

    /// 9.1: a partial answer names what would settle it, and only a partial one.
    fn partly(&mut self, kind: &'static str, question: &dyn Fn() -> String, answer: Answer, of: &Decision) {
        self.same(kind, question, of.answer, answer);
        self.same("missing", question, of.missing.is_empty(), answer != Answer::Unknown);
        self.same("complete", question, of.is_complete(), answer != Answer::Unknown);
        self.same("missing sorted", question, of.missing.is_sorted(), true);
    }

    fn model(&mut self, model: &Model) {
        let principals = self.oracle.principals();
        let found = lower(
            model
                .principals()
                .map(|(_, principal)| principal.to_string())
                .collect::<Vec<_>>()
                .iter()
                .map(String::as_str),
        );
        let wanted = principals.iter().map(|(name, _)| name.clone()).collect();
        self.same("principals", &|| "principals".to_owned(), found, wanted);
        let names = |all: Vec<String>, known: Vec<String>| -> Vec<String> {
            all.into_iter().filter(|name| !known.contains(name)).collect()
        };
        let objects = lower(model.objects());
        let fields = lower(model.fields());
        self.same(
            "objects",
            &|| "objects not known".to_owned(),
            names(self.oracle.objects(), objects.clone()),
            vec![],
        );
        self.same(
            "fields",
            &|| "fields not known".to_owned(),
            names(self.oracle.fields(), fields.clone()),
            vec![],
        );
        let written: Vec<&str> = model.fields().collect();
        let matrix = model.matrix(written.iter().copied());
        self.same("matrix", &|| "fields of the matrix".to_owned(), lower(matrix.fields()), fields.clone());
        for (name, who) in principals {
            let Some(id) = model.principal_named(&name) else {
                continue;
            };
            let access = model.access(id).unwrap();
            self.principal(&name, &who, &access);
            for object in &objects {
                self.object(&name, &who, &access, object);
            }
            for (at, field) in written.iter().enumerate() {
                self.field(&name, &who, &access, field);
                self.matrix(&name, &matrix, id, at, &access, field);
            }
        }
    }

    fn principal(&mut self, name: &str, who: &Who, access: &Access<'_>) {
        let wanted = self.oracle.crowd(who);
        self.same("crowd", &|| name.to_owned(), crowd(access.principal().crowd()), wanted);
        self.count(format!("crowd: {wanted:?}"));
        for permission in ASKED {
            let question = || format!("{name}: has {permission}");
            let wanted = self.oracle.permission(who, permission);
            let answer = access.has(permission);
            self.same("permission", &question, tri(answer), wanted);
            self.decision("permission told", &question, answer, &access.permission(permission));
            self.count(format!("permission: {wanted:?}"));
            if self.oracle.is_taken(who, &Item::Permission(permission)) {
                self.count("muted: permission".to_owned());
            }
        }
        let wanted = self.oracle.escalations(who);
        let told = access.escalations();
        let mut found: Vec<(&str, Tri)> =
            told.iter().map(|way| (way.name, tri(way.decision.answer))).collect();
        found.sort_unstable();
        for (_, answer) in &wanted {
            self.count(format!("escalation: {answer:?}"));
        }
        let log_in =
            wanted.iter().find(|(way, _)| *way == "LogInAsAnyUser").map_or(Tri::No, |(_, answer)| *answer);
        self.count(format!("log in as any user: {log_in:?}"));
        self.same("escalations", &|| format!("{name}: escalations"), found, wanted);
        for way in told {
            let answer = way.decision.answer;
            let question = || format!("{name}: {}", way.name);
            // What two permissions and a setting allow together has a path for each.
            if way.name == access::LOG_IN_AS {
                self.partly("escalation", &question, answer, &way.decision);
            } else {
                self.decision("escalation", &question, answer, &way.decision);
            }
        }
    }

    fn object(&mut self, name: &str, who: &Who, access: &Access<'_>, object: &str) {
        for (flag, asked) in ObjectFlag::ALL.into_iter().zip(FLAGS) {
            let question = || format!("{name}: {} {object}", flag.as_str());
            let wanted = self.oracle.object_flag(who, object, asked);
            let answer = access.flag(object, flag).unwrap();
            self.same("object", &question, tri(answer), wanted);
            self.decision("object told", &question, answer, &access.object(object, flag).unwrap());
            self.count(format!("object {asked:?}: {wanted:?}"));
            if self.oracle.is_taken(who, &Item::Object(object.to_owned(), asked)) {
                self.count("muted: object".to_owned());
            }
        }
        let question = || format!("{name}: records of {object}");
        let wanted = self.oracle.reach(who, object);
        let reach = access.reach(object).unwrap();
        self.same("records", &question, (range(reach.0), range(reach.1)), wanted);
        let told = access.records(object).unwrap();
        self.same("records told", &question, (told.read, told.edit), reach);
        let partial = !reach.0.is_complete() || !reach.1.is_complete();
        self.same("missing", &question, told.missing.is_empty(), !partial);
        self.same("complete", &question, told.is_complete(), !partial);
        self.same("missing sorted", &question, told.missing.is_sorted(), true);
        self.count_records(name, who, object, wanted);
        // Where nothing is reached, or nothing is shared, nobody asks how.
        let nothing = [wanted.0, wanted.1].iter().all(|range| range.1 == oracle::Reach::None);
        let ways = if nothing || self.oracle.is_not_shared(object) {
            Vec::new()
        } else {
            self.oracle.ways(who, object)
        };
        for (way, answer) in &ways {
            let kind = match way {
                Way::Rule(name) => {
                    let rule = self.org.rules.iter().find(|rule| rule.name == *name).unwrap();
                    let to = if rule.kind == RuleKind::Guest {
                        vec![]
                    } else {
                        rule.to.iter().map(|to| to.0).collect()
                    };
                    for to in to {
                        self.count(format!("shared to {to}: {answer:?}"));
                    }
                    format!("{:?} rule", rule.kind)
                }
                Way::SharingSet(_) => "SharingSet".to_owned(),
                Way::Queue(_) => "Queue".to_owned(),
                way => format!("{way:?}"),
            };
            self.count(format!("{kind}: {answer:?}"));
        }
        let mut found: Vec<(Way, Tri)> =
            told.paths.iter().filter_map(|path| Some((way(path)?, tri(path.answer)))).collect();
        // One set may map an object twice.
        found.sort();
        found.dedup();
        self.same("ways", &question, found, ways);
    }

    fn count_records(
        &mut self,
        name: &str,
        who: &Who,
        object: &str,
        (read, edit): (oracle::Range, oracle::Range),
    ) {
        let crowd = self.oracle.crowd(who);
        let kind = name.split(':').next().unwrap();
        self.count(format!("records read: {read:?}"));
        self.count(format!("records edit: {edit:?}"));
        self.count(format!("records, {crowd:?}: {read:?}"));
        self.count(format!("records, {kind}: {read:?}"));
        let whole = (oracle::Reach::All, oracle::Reach::All);
        let base = self.oracle.base(who, object, &[]);
        for (flag, range, base) in [(Flag::ViewAll, read, base.0), (Flag::ModifyAll, edit, base.1)] {
            if range == whole && base != whole && self.oracle.object_flag(who, object, flag) == Tri::Yes {
                self.count(format!("opened by {flag:?}"));
            }
        }
        if oracle::is_controlled(self.oracle.default_inside(object)) {
            self.count(format!("controlled by parent, {crowd:?}: {:?}", base.0));
        }
        if self.oracle.has_restriction(object) {
            self.count(format!("under a restriction rule: {:?}", base.0));
        }
    }

    fn field(&mut self, name: &str, who: &Who, access: &Access<'_>, field: &str) {
        let wanted = self.oracle.field(who, field);
        let question = || format!("{name}: field {field}");
        let (read, edit) = access.reads_and_edits(&field.to_lowercase()).unwrap();
        self.same("field", &question, (tri(read), tri(edit)), (wanted.read, wanted.edit));
        let told = access.field(field).unwrap();
        self.same("field told", &question, (told.read.answer, told.edit.answer), (read, edit));
        let level = (tri(told.read.by_field.answer), tri(told.edit.by_field.answer));
        self.same("field level", &question, level, (wanted.level_read, wanted.level_edit));
        let (object, _) = field.split_once('.').unwrap();
        for (flag, told) in [(ObjectFlag::Read, &told.read), (ObjectFlag::Edit, &told.edit)] {
            let answer = access.flag(object, flag).unwrap();
            self.decision("field by object", &question, answer, &told.by_object);
            self.decision("field by field", &question, told.by_field.answer, &told.by_field);
        }
        for (answer, told) in [(read, &told.read), (edit, &told.edit)] {
            self.same("missing", &question, told.missing.is_empty(), answer != Answer::Unknown);
            self.same("complete", &question, told.is_complete(), answer != Answer::Unknown);
            self.same("missing sorted", &question, told.missing.is_sorted(), true);
        }
        let kind = name.split(':').next().unwrap();
        self.count(format!("field read, {kind}: {:?}", wanted.read));
        self.count(format!("field edit, {kind}: {:?}", wanted.edit));
        self.count(format!("field-level security: {:?}", self.oracle.has_level(field)));
        if self.oracle.is_restricted(field) {
            self.count(format!("under a field restriction rule: {:?}", wanted.read));
        }
        if self.oracle.is_taken(who, &Item::FieldRead(field.to_owned())) {
            self.count("muted: field".to_owned());
        }
    }

    fn matrix(
        &mut self,
        name: &str,
        matrix: &Matrix,
        id: access::PrincipalId,
        at: usize,
        access: &Access<'_>,
        field: &str,
    ) {
        let cell = (matrix.read(id, at), matrix.edit(id, at));
        self.same("matrix", &|| format!("{name}: {field}"), cell, access.reads_and_edits(field).unwrap());
    }
}
