//! Cedar text to rules, every problem with its line.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use cedar_policy::{ActionConstraint, EntityUid, Policy, PolicyId, PolicySet, ValidationMode, Validator};
use miette::Diagnostic;
use source::{Problem, Severity, Source, Span};

use super::{Rule, SHIPPED, effect_permits, schema};
use crate::decide::facts::Dimension;
use crate::file::suggest;
use crate::model::Content;
use crate::place::Place;
use crate::vocabulary::Action;

/// Facts that a rule may read and the tables do not hold.
const EXTRA: &[&str] = &["ip", "subjectRegion", "day", "hour"];

/// The guardrails, read once.
pub(super) fn shipped() -> &'static [(Rule, Policy)] {
    static READ: OnceLock<Vec<(Rule, Policy)>> = OnceLock::new();
    READ.get_or_init(|| {
        let mut rules = Vec::new();
        for (path, text) in SHIPPED.iter().filter(|(path, _)| path.ends_with(".cedar")) {
            let Ok(set) = text.parse::<PolicySet>() else { continue };
            for policy in in_order(&set) {
                let id = policy.annotation("id").unwrap_or(path).to_owned();
                let rule = rule(&policy, id.clone(), None);
                rules.push((rule, policy.new_id(PolicyId::new(id))));
            }
        }
        rules
    })
}

/// Policies in the order of the text: Cedar numbers them as it reads.
fn in_order(set: &PolicySet) -> Vec<Policy> {
    let mut policies: Vec<Policy> = set.policies().cloned().collect();
    let number = |policy: &Policy| {
        policy.id().to_string().trim_start_matches("policy").parse::<usize>().unwrap_or(usize::MAX)
    };
    policies.sort_by_key(number);
    policies
}

/// Cedar's parser and validator take some ten kilobytes of stack for every operator of a rule.
const STACK: usize = 64 << 20;

/// The rules of a bundle that can be used; problems tell of the others. Read on a thread of its own, so that
/// the stack is enough whoever calls.
pub(super) fn own(sources: &[Source], content: &Content, problems: &mut Vec<Problem>) -> Vec<(Rule, Policy)> {
    let Some(first) = sources.iter().find(|source| source.path().ends_with(".cedar")) else {
        return Vec::new();
    };
    let read = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK);
        let read = thread.spawn_scoped(scope, || {
            let mut problems = Vec::new();
            (read_own(sources, content, &mut problems), problems)
        });
        read.ok().and_then(|read| read.join().ok())
    });
    match read {
        Some((rules, told)) => {
            problems.extend(told);
            rules
        }
        None => {
            let message = "the rules could not be read, for want of memory or a fault of the reader";
            let problem = first.problem(Severity::Error, "rules-not-read", Span::default(), message);
            problems.push(problem.with_help("read them again; report it if it stays"));
            Vec::new()
        }
    }
}

fn read_own(sources: &[Source], content: &Content, problems: &mut Vec<Problem>) -> Vec<(Rule, Policy)> {
    let mut rules: Vec<(Rule, Policy)> = Vec::new();
    let mut ids: BTreeMap<String, Option<Place>> =
        shipped().iter().map(|(rule, _)| (rule.id.clone(), None)).collect();
    let known = Known::of(content);
    let mut bytes = 0;
    for source in sources.iter().filter(|source| source.path().ends_with(".cedar")) {
        let path = std::sync::Arc::from(source.path());
        bytes += source.text().len();
        if bytes > BYTES {
            let message = format!("the rules of the bundle are longer than {BYTES} bytes together");
            let problem = source.problem(Severity::Error, "too-many-rules", Span::default(), message);
            problems.push(problem.with_help("this file was not read: say with lists what many rules say"));
            continue;
        }
        if let Some(at) = too_deep(source.text()) {
            problems.push(
                source
                    .problem(
                        Severity::Error,
                        "rule-too-large",
                        at,
                        "a rule nests deeper, or is longer, than any should",
                    )
                    .with_help(format!(
                        "at most {DEPTH} brackets deep and {OPERATORS} operators: split the rule"
                    )),
            );
            continue;
        }
        let set: PolicySet = match source.text().parse() {
            Ok(set) => set,
            Err(errors) => {
                let errors: cedar_policy::ParseErrors = errors;
                for error in errors.iter() {
                    let at = label(error).unwrap_or_default();
                    let help = error.help().map_or_else(
                        || "the rest of this file was not read".to_owned(),
                        |help| help.to_string(),
                    );
                    problems.push(
                        source
                            .problem(Severity::Error, "malformed-cedar", at, one_line(&error.to_string()))
                            .with_help(one_line(&help)),
                    );
                }
                continue;
            }
        };
        if set.templates().next().is_some() {
            problems.push(
                source
                    .problem(
                        Severity::Error,
                        "cedar-template",
                        Span::default(),
                        "a template is not read here",
                    )
                    .with_help("write the rule without ?principal and ?resource"),
            );
        }
        let mut from = 0;
        for policy in in_order(&set) {
            let span = place_of(source, &policy, &mut from);
            let place = Place::new(source, &path, span);
            let Some(id) = policy.annotation("id").filter(|id| !id.trim().is_empty()) else {
                problems.push(
                    place
                        .problem(Severity::Error, "rule-without-id", "the rule has no @id")
                        .with_help("write `@id(\"what-it-says\")` before it: reasons name the rule"),
                );
                continue;
            };
            if let Some(first) = ids.get(id) {
                let (first, also) = match first {
                    Some(first) => (first.to_string(), Some(first.clone())),
                    None => ("the shipped guardrails".to_owned(), None),
                };
                let message = format!("rule `{id}` stands twice, also in {first}");
                let help = "rename one";
                problems.push(place.problem(Severity::Error, "duplicate-id", message).with_help(help));
                if let Some(also) = also {
                    let message = format!("rule `{id}` stands twice, also in {place}");
                    problems.push(also.problem(Severity::Error, "duplicate-id", message).with_help(help));
                }
                continue;
            }
            if rules.len() == RULES {
                let message = format!("the bundle has more than {RULES} rules");
                let problem = place.problem(Severity::Error, "too-many-rules", message);
                problems.push(problem.with_help(
                    "this rule and those after it were not read: say with lists what many rules say",
                ));
                break;
            }
            ids.insert(id.to_owned(), Some(place.clone()));
            known.check(&policy, &place, problems);
            let own = rule(&policy, id.to_owned(), Some(place));
            let id = PolicyId::new(id);
            rules.push((own, policy.new_id(id)));
        }
    }
    validate(&mut rules, sources, problems);
    rules
}

/// Of all rules of a bundle together: validation and every decision cost by the rule.
const BYTES: usize = 1 << 20;
const RULES: usize = 1_000;

/// Cedar's parser, validator and evaluator go down the stack with every bracket and operator of a rule.
const DEPTH: usize = 24;
const OPERATORS: usize = 150;

/// Where a rule goes beyond what can be read safely; what stands in texts and comments does not count, nor
/// does the length of a list.
fn too_deep(text: &str) -> Option<Span> {
    let (mut depth, mut operators) = (0_usize, 0_usize);
    let mut word = String::new();
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if c.is_alphanumeric() || c == '_' {
            word.push(c);
            continue;
        }
        operators += usize::from(matches!(word.as_str(), "if" | "in" | "is" | "has" | "like"));
        word.clear();
        match c {
            '"' => {
                while let Some((_, inner)) = chars.next() {
                    match inner {
                        '"' => break,
                        '\\' => {
                            chars.next();
                        }
                        _ => {}
                    }
                }
            }
            '/' if chars.peek().is_some_and(|(_, next)| *next == '/') => {
                chars.by_ref().find(|(_, inner)| *inner == '\n');
            }
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            ';' => operators = 0,
            '&' | '|' if chars.next_if(|(_, next)| *next == c).is_some() => operators += 1,
            '=' | '<' | '>' | '!' if chars.next_if(|(_, next)| *next == '=').is_some() => operators += 1,
            '<' | '>' | '!' | '+' | '-' | '*' | '.' => operators += 1,
            _ => {}
        }
        if depth > DEPTH || operators > OPERATORS {
            let at = u32::try_from(at).unwrap_or(u32::MAX);
            return Some(Span::new(at, at));
        }
    }
    None
}

/// Strictly, against the schema; a rule that does not pass is left out.
fn validate(rules: &mut Vec<(Rule, Policy)>, sources: &[Source], problems: &mut Vec<Problem>) {
    let Some(schema) = schema() else { return };
    let mut set = PolicySet::new();
    for (_, policy) in rules.iter() {
        let _ = set.add(policy.clone());
    }
    let result = Validator::new(schema.clone()).validate(&set, ValidationMode::Strict);
    let mut bad = BTreeSet::new();
    for error in result.validation_errors() {
        // Its displayed form is escaped; the id itself is what the rule has.
        let id: &str = error.policy_id().as_ref();
        if let Some((Rule { place: Some(place), .. }, _)) = rules.iter().find(|(rule, _)| rule.id == id) {
            let mut problem = place.problem(Severity::Error, "invalid-rule", one_line(&error.to_string()));
            let source = sources.iter().find(|source| source.path() == &*place.path);
            if let (Some(source), Some(at)) = (source, label(error)) {
                problem = problem.at(source.position(at.start));
            }
            problem.help = Some(error.help().map_or_else(
                || "see the Cedar schema that `phiward policy schema` prints".to_owned(),
                |help| one_line(&help.to_string()),
            ));
            problems.push(problem);
        }
        bad.insert(id.to_owned());
    }
    rules.retain(|(rule, _)| !bad.contains(&rule.id));
}

fn label(diagnostic: &dyn Diagnostic) -> Option<Span> {
    let label = diagnostic.labels()?.next()?;
    let start = u32::try_from(label.offset()).ok()?;
    let length = u32::try_from(label.len()).ok()?;
    Some(Span::new(start, start.saturating_add(length)))
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").trim_end_matches('.').to_owned()
}

/// Where the policy's own text stands; `from` moves behind it.
fn place_of(source: &Source, policy: &Policy, from: &mut usize) -> Span {
    let text = policy.to_string();
    let found = source.text().get(*from..).and_then(|rest| rest.find(text.trim()));
    let start = *from + found.unwrap_or(0);
    let end = start + if found.is_some() { text.trim().len() } else { 0 };
    *from = end;
    let narrow = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Span::new(narrow(start), narrow(end))
}

fn rule(policy: &Policy, id: String, place: Option<Place>) -> Rule {
    let annotation = |key: &str| policy.annotation(key).map(str::to_owned);
    let controls = annotation("control")
        .map(|list| list.split(',').map(|one| one.trim().to_owned()).filter(|one| !one.is_empty()).collect());
    let (reads, extra) = reads(policy);
    Rule {
        code: annotation("code").filter(|_| place.is_none()).unwrap_or_else(|| id.clone()),
        id,
        controls: controls.unwrap_or_default(),
        missing: annotation("missing").filter(|_| place.is_none()),
        because: annotation("because"),
        permits: effect_permits(policy),
        place,
        reads,
        extra,
        actions: actions(policy),
    }
}

fn actions(policy: &Policy) -> Option<BTreeSet<Action>> {
    let named = |uid: &EntityUid| Action::of(uid.id().unescaped());
    match policy.action_constraint() {
        ActionConstraint::Any => None,
        ActionConstraint::Eq(uid) => named(&uid).map(|action| BTreeSet::from([action])),
        ActionConstraint::In(uids) => uids.iter().map(named).collect(),
    }
}

/// The facts of `context` that a policy reads. One that takes `context` whole reads all of them.
fn reads(policy: &Policy) -> (BTreeSet<Dimension>, BTreeSet<String>) {
    let mut attributes = BTreeSet::new();
    let whole = match policy.to_json() {
        Ok(json) => walk(&json, &mut attributes),
        Err(_) => true,
    };
    let mut dimensions: BTreeSet<Dimension> =
        Dimension::ALL.iter().copied().filter(|d| attributes.contains(d.as_str())).collect();
    let mut extra: BTreeSet<String> =
        EXTRA.iter().filter(|name| attributes.contains(**name)).map(|&name| name.to_owned()).collect();
    if whole {
        dimensions.extend(Dimension::ALL);
        extra.extend(EXTRA.iter().map(|&name| name.to_owned()));
    }
    (dimensions, extra)
}

/// True where `context` stands otherwise than before the name of one of its attributes.
fn walk(json: &serde_json::Value, attributes: &mut BTreeSet<String>) -> bool {
    use serde_json::Value;
    let is_context = |value: &Value| value.get("Var").and_then(Value::as_str) == Some("context");
    match json {
        Value::Object(map) => {
            if is_context(json) {
                return true;
            }
            let mut whole = false;
            for (key, value) in map {
                let attribute = value.get("attr").and_then(Value::as_str);
                let left = value.get("left");
                match (key.as_str(), left, attribute) {
                    ("." | "has", Some(left), Some(attribute)) if is_context(left) => {
                        attributes.insert(attribute.to_owned());
                    }
                    _ => whole |= walk(value, attributes),
                }
            }
            whole
        }
        Value::Array(items) => items.iter().fold(false, |whole, item| whole | walk(item, attributes)),
        _ => false,
    }
}

/// What the bundle names, so that a rule about something else is seen to be a slip of the pen.
struct Known {
    by_type: BTreeMap<&'static str, BTreeSet<String>>,
    /// Objects whose default classifies fields that the bundle does not name, lower case.
    with_default: BTreeSet<String>,
}

impl Known {
    fn of(content: &Content) -> Self {
        let ids = |all: Vec<String>| all.into_iter().collect::<BTreeSet<_>>();
        let fields = content.objects.iter().flat_map(|(object, rule)| {
            rule.fields.0.iter().map(move |(field, _)| format!("{object}.{field}").to_ascii_lowercase())
        });
        let by_type = BTreeMap::from([
            ("Party", ids(content.parties.iter().map(|p| p.id.to_string()).collect())),
            ("Identity", ids(content.identities.iter().map(|i| i.id.to_string()).collect())),
            ("Audience", ids(content.audiences.iter().map(|a| a.id.to_string()).collect())),
            ("Object", ids(content.objects.iter().map(|(o, _)| o.to_ascii_lowercase()).collect())),
            ("Field", ids(fields.collect())),
            ("Class", crate::vocabulary::Class::ALL.iter().map(|c| c.to_string()).collect()),
            ("Tag", crate::vocabulary::Tag::ALL.iter().map(|t| t.to_string()).collect()),
        ]);
        let with_default = content.objects.iter().filter(|(_, rule)| rule.default.is_some());
        let with_default = with_default.map(|(object, _)| object.to_ascii_lowercase()).collect();
        Self { by_type, with_default }
    }

    /// Whether a question can be about a field of this name: entities are named in lower case, and a field that
    /// the bundle does not name is one by its object's default, or as the same field of a person account.
    fn has_field(&self, id: &str, named: &BTreeSet<String>) -> bool {
        let Some((object, field)) = id.split_once('.') else { return false };
        let is_name = crate::vocabulary::FieldPattern::of(id).is_some() && field != "*";
        let twin = crate::model::twin(object, field).map(|(object, field)| format!("{object}.{field}"));
        let can_be = self.with_default.contains(object) || twin.is_some_and(|twin| named.contains(&twin));
        is_name && id.chars().all(|c| !c.is_ascii_uppercase()) && can_be
    }

    fn check(&self, policy: &Policy, place: &Place, problems: &mut Vec<Problem>) {
        for uid in policy.entity_literals() {
            let kind = uid.type_name().to_string();
            let id = uid.id().unescaped();
            let Some(known) = self.by_type.get(kind.as_str()) else { continue };
            if known.contains(id) {
                continue;
            }
            let message = format!("the rule names {kind} `{id}`, which the bundle does not have");
            let names = || known.iter().map(String::as_str);
            if kind == "Field" && self.has_field(id, known) {
                // It can be meant, but a name this near to one of the same object is more likely a slip.
                let object = id.split_once('.').map_or(id, |(object, _)| object);
                let own = names().filter(|name| name.split_once('.').is_some_and(|(own, _)| own == object));
                if let Some(near) = suggest::nearest(id, own) {
                    let help = format!(
                        "did you mean `{near}`? A field that is not named is of the object's default"
                    );
                    let problem = place.problem(Severity::Warning, "unknown-reference", message);
                    problems.push(problem.with_help(help));
                }
                continue;
            }
            let help = match id.strip_suffix(".*") {
                Some(object) if kind == "Field" => {
                    format!("for all fields of an object write `resource in Object::\"{object}\"`")
                }
                _ => suggest::help(id, names()),
            };
            problems.push(place.problem(Severity::Error, "unknown-reference", message).with_help(help));
        }
    }
}
