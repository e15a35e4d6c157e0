//! `phiward init`: a first bundle from what the source shows. It proposes what can be seen (classes, parties by
//! their addresses, identities by their names) and never what only people know: agreements, grounds, approvals
//! and regions are left as named questions.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use journal::{Confidence, Place};
use policy::bundle::classification::Keeps;

use crate::classification::{Catalogue, Classification, Evidence};
use crate::endpoint::{self, CalledCredential};
use crate::{Context, Endpoint, Input, Likelihood, NamedInCode, ObjectQuestion, Verdict};

/// A file of the proposed bundle, below its folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposed {
    pub name: &'static str,
    pub text: String,
}

/// Something that only people can answer.
struct Question {
    id: String,
    whom: &'static str,
    text: String,
}

/// Proposes a bundle. It reads without an error, permits nothing, and lists what to answer.
pub fn propose(input: &Input<'_>, project_name: &str) -> Vec<Proposed> {
    let context = Context::new(input);
    let mut questions = Vec::new();
    // Parties, identities and models are told apart by their ids.
    let mut ids = BTreeSet::from(["production".to_owned()]);
    let files = [
        ("phiward.yaml", organisation(project_name, &mut questions)),
        ("orgs.yaml", orgs(&context, &mut questions)),
        ("classification/objects.yaml", classification(&context, &mut questions)),
        ("parties.yaml", parties(&context, &mut ids, &mut questions)),
        ("identities.yaml", identities(&context, &mut ids, &mut questions)),
        ("models.yaml", models(&context, &mut ids, &mut questions)),
    ];
    let mut proposed: Vec<Proposed> =
        files.into_iter().filter_map(|(name, text)| text.map(|text| Proposed { name, text })).collect();
    proposed.push(Proposed { name: "questions.md", text: page(&questions) });
    proposed
}

/// What a line begins with that is a guess: a comment, since in the bundle it would count as the organisation's own word.
const MARK: &str = "# check: ";

/// A YAML scalar: JSON's strings are YAML's too.
fn quoted(text: &str) -> String {
    serde_json::Value::String(text.to_owned()).to_string()
}

/// What can stand in a comment, a page's line or a name: no character that ends the line or hides in it.
fn plain(text: &str) -> String {
    let hides = |c: char| {
        c.is_control()
            || matches!(c, '\u{2028}' | '\u{2029}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    text.chars().map(|c| if hides(c) { ' ' } else { c }).collect()
}

/// A key of YAML: as it is where it is an API name, else quoted.
fn key(name: &str) -> String {
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    // Words that YAML reads as something else than text.
    let is_word = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"];
    let is_word = is_word.iter().any(|word| name.eq_ignore_ascii_case(word));
    if is_name && !is_word { name.to_owned() } else { quoted(name) }
}

fn ask(questions: &mut Vec<Question>, whom: &'static str, text: impl Into<String>) -> String {
    let id = format!("Q{}", questions.len() + 1);
    questions.push(Question { id: id.clone(), whom, text: plain(&text.into()) });
    id
}

fn page(questions: &[Question]) -> String {
    let mut page = String::from(
        "# Questions\n\nWhat the source cannot tell and the bundle must say. Answer in the file that names the question, \
         then delete it here.\n",
    );
    let whom: BTreeSet<&str> = questions.iter().map(|question| question.whom).collect();
    for whom in whom {
        page += &format!("\n## For the {whom}\n\n");
        for question in questions.iter().filter(|question| question.whom == whom) {
            page += &format!("- **{}** {}\n", question.id, question.text);
        }
    }
    page
}

fn organisation(project_name: &str, questions: &mut Vec<Question>) -> Option<String> {
    let role = ask(
        questions,
        "privacy officer",
        "What is the organisation in law: covered entity, business associate, controller, processor? (`phiward.yaml`, `roles`)",
    );
    let regions = ask(
        questions,
        "privacy officer",
        "Where are the people whose data it is: us, eu, ...? (`phiward.yaml`, `regions`)",
    );
    let approvers = ask(
        questions,
        "privacy officer",
        "Who approves a change of this bundle, and how many must? (`phiward.yaml`, `approvers`)",
    );
    let retention = ask(
        questions,
        "privacy officer",
        "How long are access records kept, at least and at most, and by which law, contract or choice? (`phiward.yaml`, `retention`)",
    );
    Some(format!(
        "version: 1\norganisation:\n  name: {}\n  roles: []          # {role}\nregions: []          # {regions}\n\
         # approvers:         # {approvers}\n#   required: 2\n#   people:\n#     - {{id: ..., name: ..., role: privacy-officer}}\n\
         # retention:         # {retention}\n#   - {{what: access-log, floor: P6Y, source: {{kind: choice, by: ..., on: ...}}}}\n",
        quoted(project_name)
    ))
}

fn orgs(context: &Context<'_>, questions: &mut Vec<Question>) -> Option<String> {
    let region = ask(
        questions,
        "Salesforce administrator",
        "On which instance is the production org, where does it stand, and whose data does it hold? (`orgs.yaml`; Setup > Company Information)",
    );
    let agreement = ask(
        questions,
        "privacy officer",
        "Is there a business associate agreement (US) or data processing agreement (EU) with Salesforce, since when, and which services does it cover? (`orgs.yaml`, `agreements`)",
    );
    let mut text = format!(
        "orgs:\n  - id: production\n    kind: production\n    default: true\n    # instance: ...      # {region}\n    # region: us\n    # subjects: [us]\n    # agreements: [...]  # {agreement}\n"
    );
    let fields: BTreeSet<String> = region_fields(context);
    if !fields.is_empty() {
        text += "# fields that look like a person's region: ";
        text += &plain(&fields.into_iter().collect::<Vec<_>>().join(", "));
        text.push('\n');
    }
    Some(text)
}

fn region_fields(context: &Context<'_>) -> BTreeSet<String> {
    context
        .project
        .objects()
        .flat_map(|object| object.fields())
        .filter(|field| {
            let words = crate::classification::words(field.name());
            ["data region", "legal region", "residency"]
                .iter()
                .any(|pattern| crate::classification::occurs(&pattern.split(' ').collect::<Vec<_>>(), &words))
        })
        .map(|field| field.full_name().to_owned())
        .collect()
}

fn classification(context: &Context<'_>, questions: &mut Vec<Question>) -> Option<String> {
    let named = NamedInCode::in_context(context);
    let with_code = Classification::with_code(context.project, context.policy, &named);
    let mut objects: BTreeMap<&str, Vec<(&str, &Verdict)>> = BTreeMap::new();
    let in_code =
        with_code.all_in_code().map(|(object, field, verdict)| (&*object.name, &*field.name, verdict));
    for (object, field, verdict) in
        context.classes.all().chain(in_code).filter(|(_, _, verdict)| verdict.class.is_personal())
    {
        objects.entry(object).or_default().push((field, verdict));
    }
    let mut asked: BTreeMap<String, ObjectQuestion> = BTreeMap::new();
    let mut unlikely = 0_usize;
    for question in with_code.questions(context.project).objects {
        // Of an object that hardly keeps patients and has no field of theirs there is nothing to propose.
        if question.likelihood == Likelihood::Hardly && !objects.contains_key(question.object.as_str()) {
            unlikely += 1;
        } else {
            asked.insert(question.object.clone(), question);
        }
    }
    for name in asked.keys() {
        objects.entry(name).or_default();
    }
    if objects.is_empty() {
        return None;
    }
    let doubtful =
        objects.values().flatten().filter(|(_, verdict)| verdict.confidence < Confidence::High).count();
    let check = ask(
        questions,
        "data owner of each object",
        format!(
            "{doubtful} fields are classified with doubt: their lines begin with `# check:`. Which are right? (`classification/objects.yaml`)"
        ),
    );
    let more = match unlikely {
        0 => String::new(),
        1 => ", and one more object that hardly keeps any".to_owned(),
        more => format!(", and {more} more objects that hardly keep any"),
    };
    let whose = ask(
        questions,
        "data owner of each object",
        format!(
            "Whose records does each object keep: each a patient (`subject: self`), each about the patient at the end of a \
             path (`subject`) or by no field (`patients: true`), or nobody's (`patients: false`)? What we would say of {} \
             stands marked, or a question where their fields say otherwise; `phiward classify --questions` asks for the same, the likely ones first{more}. \
             (`classification/objects.yaml`)",
            asked.len()
        ),
    );
    let is_sure = |verdict: &Verdict| {
        matches!(verdict.evidence, Evidence::Bundle | Evidence::Tag) || verdict.confidence == Confidence::High
    };
    let mark = |sure: bool| if sure { "" } else { MARK };
    let mut text = format!(
        "# Proposed from names, tags and Salesforce's own objects. Lines that begin with `check` are guesses and do\n# not count until somebody takes the mark away: {check}\n"
    );
    // A key with nothing below it is no mapping.
    let any_sure = objects.values().flatten().any(|(_, verdict)| is_sure(verdict));
    let _ = writeln!(text, "{}objects:", mark(any_sure));
    for (object, fields) in objects {
        let some_sure = fields.iter().any(|(_, verdict)| is_sure(verdict));
        let head = mark(some_sure);
        let _ = writeln!(text, "  {head}{}:", key(object));
        let subject = Catalogue::shipped().object(object).map_or("", |known| known.subject);
        let _ = match asked.get(object) {
            // Salesforce made it for patients; of the others people say whether this org keeps them there.
            _ if !subject.is_empty() && !object.contains("__") && with_code.is_about_patients(object) => {
                writeln!(text, "    {head}subject: {subject}")
            }
            Some(question) => {
                let why = format!("{whose}; {}: {}", question.likelihood.as_str(), plain(&question.reason));
                // Of nobody and with fields that look like a patient's: either may be wrong, and people say which.
                if question.is_torn {
                    writeln!(text, "    # subject: ...    # {why}")
                } else {
                    writeln!(text, "    {MARK}{}    # {why}", said(question))
                }
            }
            None if subject.is_empty() => writeln!(text, "    # subject: ...    # {whose}"),
            None => writeln!(text, "    {MARK}subject: {subject}    # {whose}"),
        };
        if !fields.is_empty() {
            let _ = writeln!(text, "    {head}fields:");
        }
        for (field, verdict) in fields {
            let identifier =
                verdict.identifier.map(|kind| format!(", identifier: {}", kind.as_str())).unwrap_or_default();
            let _ = writeln!(
                text,
                "      {}{}: {{class: {}{identifier}}}    # {}",
                mark(is_sure(verdict)),
                key(field),
                verdict.class.as_str(),
                plain(&verdict.reason)
            );
        }
    }
    Some(text)
}

/// What we would say of an object, in the bundle's words.
fn said(question: &ObjectQuestion) -> String {
    match (question.keeps, &question.by) {
        (Keeps::Patients, _) => "subject: self".to_owned(),
        (Keeps::AboutPatients, Some(field)) => format!("subject: {}", key(field)),
        (Keeps::AboutPatients, None) => "patients: true".to_owned(),
        (Keeps::NoPatients, _) => "patients: false".to_owned(),
    }
}

fn parties(
    context: &Context<'_>,
    ids: &mut BTreeSet<String>,
    questions: &mut Vec<Question>,
) -> Option<String> {
    let mut hosts: BTreeMap<&str, Vec<&Endpoint>> = BTreeMap::new();
    for endpoint in context.endpoints().iter().filter(|e| e.party.is_none() && e.model.is_none()) {
        hosts.entry(&endpoint.host).or_default().push(endpoint);
    }
    let packages: BTreeMap<String, &str> = context
        .project
        .of_type("InstalledPackage")
        .map(|component| (component.full_name().to_lowercase(), component.full_name()))
        .collect();
    let called = endpoint::called_credentials(context.project);
    let called: Vec<&CalledCredential> = called
        .iter()
        .filter(|one| {
            context.policy.party_of_named_credential(&one.name).is_none()
                && context.policy.model_of_named_credential(&one.name).is_none()
        })
        .collect();
    if hosts.is_empty() && packages.is_empty() && called.is_empty() {
        return None;
    }
    let mut text = String::from(
        "# One party for each address, named credential and package that the source names. Who they are is a guess, and each line is marked:\n\
         # it does not count until somebody takes the mark away, and that of `parties` with the first. Join those that are\n\
         # one company; agreements are never proposed: see questions.md.\n",
    );
    let _ = writeln!(text, "{MARK}parties:");
    let mut named_credentials = BTreeSet::new();
    for (host, endpoints) in hosts {
        let id = fresh_id(host.trim_start_matches("*."), ids);
        let question = ask(
            questions,
            "privacy officer",
            format!(
                "Who is behind `{host}`, where do they process, and is there an agreement with them? (`parties.yaml`, `{id}`)"
            ),
        );
        let named: BTreeSet<String> = endpoints
            .iter()
            .filter_map(|endpoint| endpoint.component.strip_prefix("NamedCredential:"))
            // A credential may have several addresses, and is one party's.
            .filter(|name| named_credentials.insert(name.to_lowercase()))
            .map(|name| format!("{{named_credential: {}}}", quoted(name)))
            .collect();
        let mut reached: Vec<String> = named.into_iter().collect();
        reached.extend(endpoints.first().map(|endpoint| format!("{{{}}}", endpoint.declaration())));
        let _ = writeln!(
            text,
            "  {MARK}- id: {id}    # {question}; seen in {}\n    {MARK}role: [vendor]\n    {MARK}endpoints: [{}]",
            seen(endpoints.iter().map(|endpoint| &endpoint.place)),
            reached.join(", ")
        );
    }
    for CalledCredential { name, places } in called {
        let id = fresh_id(name, ids);
        let question = ask(
            questions,
            "privacy officer",
            format!(
                "Where does the named credential `{name}` lead, which only Apex names (retrieve `NamedCredential:{name}`), who is \
                 there, where do they process, and is there an agreement with them? (`parties.yaml`, `{id}`)"
            ),
        );
        let _ = writeln!(
            text,
            "  {MARK}- id: {id}    # {question}; seen in {}\n    {MARK}role: [vendor]\n    {MARK}endpoints: [{{named_credential: {}}}]",
            seen(places.iter().map(|(_, place)| place)),
            quoted(name)
        );
    }
    for package in packages.into_values() {
        let id = fresh_id(package, ids);
        let question = ask(
            questions,
            "privacy officer",
            format!(
                "Who makes the package `{package}`, can it reach patients' data, and is there an agreement? (`parties.yaml`, `{id}`)"
            ),
        );
        let _ = writeln!(
            text,
            "  {MARK}- id: {id}    # {question}\n    {MARK}role: [vendor]\n    {MARK}packages: [{}]",
            quoted(package)
        );
    }
    Some(text)
}

/// The first places of what the source names.
fn seen<'p>(places: impl Iterator<Item = &'p Place>) -> String {
    let seen: BTreeSet<String> =
        places.map(|place| format!("{}:{}", plain(&place.path), place.start.line)).collect();
    seen.into_iter().take(3).collect::<Vec<_>>().join(", ")
}

const GUESSES: &str = "# Guesses from what the source names: a marked line does not count until somebody takes the mark away, and that of\n# the list with the first.\n";

/// An id in the bundle's form that no other party has.
fn fresh_id(name: &str, taken: &mut BTreeSet<String>) -> String {
    let plain: String =
        name.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let plain = plain.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-");
    let plain = if plain.is_empty() { "party".to_owned() } else { plain };
    let mut id = plain.clone();
    let mut number = 1;
    while !taken.insert(id.clone()) {
        number += 1;
        id = format!("{plain}-{number}");
    }
    id
}

fn identities(
    context: &Context<'_>,
    ids: &mut BTreeSet<String>,
    questions: &mut Vec<Question>,
) -> Option<String> {
    let mut apps = BTreeSet::new();
    let mut text = String::new();
    for kind in ["ConnectedApp", "ExternalClientApplication"] {
        for app in context.project.of_type(kind) {
            if !apps.insert(app.full_name().to_lowercase()) {
                continue;
            }
            let id = fresh_id(app.full_name(), ids);
            let question = ask(
                questions,
                "security engineer",
                format!(
                    "Who uses the app `{}`, for what purpose, from which networks, with which scopes? (`identities.yaml`, `{id}`)",
                    app.full_name()
                ),
            );
            let _ = writeln!(
                text,
                "  {MARK}- id: {id}    # {question}\n    {MARK}kind: oauth-client\n    {MARK}salesforce: {{connected_apps: [{}]}}",
                quoted(app.full_name())
            );
        }
    }
    (!text.is_empty()).then(|| format!("{GUESSES}{MARK}identities:\n{text}"))
}

fn models(
    context: &Context<'_>,
    ids: &mut BTreeSet<String>,
    questions: &mut Vec<Question>,
) -> Option<String> {
    let named: BTreeSet<String> = context
        .project
        .of_type("GenAiPromptTemplate")
        .flat_map(|template| {
            let models = template
                .root()
                .descendants()
                .filter(|e| e.name() == "primaryModel")
                .map(|e| e.text().into_owned());
            models.collect::<Vec<_>>()
        })
        .filter(|model| !model.is_empty())
        .collect();
    if named.is_empty() {
        return None;
    }
    let mut text = format!("{GUESSES}{MARK}models:\n");
    for model in named {
        let id = fresh_id(&model, ids);
        let question = ask(
            questions,
            "privacy officer",
            format!(
                "Who runs the model `{model}`, in which region, who approved it for which purposes and classes? (`models.yaml`, `{id}`)"
            ),
        );
        let _ = writeln!(text, "  {MARK}- id: {id}    # {question}");
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_in_their_comment_and_key() {
        assert_eq!(plain("a\nparties: []\r\u{2028}b\u{85}c\u{202e}"), "a parties: []  b c ");
        for (name, expected) in [
            ("Patient__c", "Patient__c"),
            ("a: {}\nb", "\"a: {}\\nb\""),
            ("no", "\"no\""),
            ("1st", "\"1st\""),
        ] {
            assert_eq!(key(name), expected);
        }
        let mut questions = Vec::new();
        ask(&mut questions, "x", "a\n## For the owner");
        assert!(!questions[0].text.contains('\n'));
    }
}
