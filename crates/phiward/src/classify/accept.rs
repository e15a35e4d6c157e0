//! Takes what is proposed as it is, for those who begin: each line says that nobody looked at it, who took it, and when.

use policy::Policy;
use policy::bundle::classification::Keeps;
use policy::reclassify::{Acceptance, Answered, Decided, DecidedIdentifier};
use scan::{Classification, Evidence, Likelihood, NamedInCode};
use sfdx::Project;

/// What is proposed of objects, and those that are left to people since their fields say otherwise.
pub(super) struct Objects {
    pub(super) answered: Vec<Answered>,
    pub(super) left: Vec<String>,
}

impl Objects {
    /// Leaves those open that would keep no patients and of which fields look like a patient's by now; whether there are any.
    pub(super) fn leave_contradicted(&mut self, fields: &[Decided]) -> bool {
        let before = self.answered.len();
        let Self { answered, left } = self;
        answered.retain(|one| {
            let is_contradicted = one.keeps == Keeps::NoPatients
                && fields
                    .iter()
                    .any(|field| field.class.is_phi() && field.object.eq_ignore_ascii_case(&one.object));
            if is_contradicted {
                left.push(one.object.clone());
            }
            !is_contradicted
        });
        answered.len() < before
    }
}

/// Takes the fields away that would be a patient's in objects of which the bundle says that they keep none.
pub(super) fn split_of_nobody(fields: &mut Vec<Decided>, policy: &Policy) -> Vec<String> {
    let mut left = Vec::new();
    fields.retain(|field| {
        let says = policy.object(&field.object).and_then(|rule| rule.patients.as_ref());
        let is_contradicted = field.class.is_phi() && says.is_some_and(|patients| !patients.value);
        if is_contradicted {
            left.push(format!("{}.{}", field.object, field.field));
        }
        !is_contradicted
    });
    left
}

/// What we would say, beside the bundle, of the objects that nobody has answered in the bundle or in `decided`: the sheet's
/// answers, which would change what is proposed of others, change nothing of what stood in the sheet.
pub(super) fn objects(
    project: &Project,
    bundle: &Policy,
    decided: &Policy,
    named: &NamedInCode,
    unseen: &Acceptance,
) -> Objects {
    let classes = Classification::with_code(project, bundle, named);
    let mut found = Objects { answered: Vec::new(), left: Vec::new() };
    for question in classes.questions(project).objects {
        let rule = decided.object(&question.object);
        if !decided.may_keep_patients() || rule.is_some_and(|rule| rule.keeps().is_some()) {
            continue;
        }
        let has_line = rule.is_some();
        // Of an object that hardly keeps patients and of which nothing else is said there is nothing to take.
        if question.likelihood == Likelihood::Hardly && !question.has_personal && !has_line {
            continue;
        }
        let says_phi = rule.is_some_and(|rule| {
            rule.fields.0.iter().flat_map(|(_, rules)| rules.iter()).any(|rule| rule.class.value.is_phi())
        });
        if question.is_torn || (question.keeps == Keeps::NoPatients && says_phi) {
            found.left.push(question.object);
            continue;
        }
        found.answered.push(Answered {
            object: question.object,
            keeps: question.keeps,
            subject: question.by,
            unseen: Some(unseen.clone()),
        });
    }
    found
}

/// What we would say of fields that look like somebody's data and of which the bundle says nothing.
pub(super) fn fields(
    project: &Project,
    policy: &Policy,
    named: &NamedInCode,
    unseen: &Acceptance,
) -> Vec<Decided> {
    let described = Classification::of(project, policy);
    let with_code = Classification::with_code(project, policy, named);
    let in_code = with_code
        .all_in_code()
        .map(|(object, field, verdict)| (object.name.as_str(), field.name.as_str(), verdict));
    described
        .all()
        .chain(in_code)
        .filter(|(_, _, verdict)| verdict.class.is_personal() && verdict.evidence != Evidence::Bundle)
        .map(|(object, field, verdict)| Decided {
            object: object.to_owned(),
            field: field.to_owned(),
            class: verdict.class,
            identifier: verdict.identifier.map_or(DecidedIdentifier::AsItStands, DecidedIdentifier::Is),
            unseen: Some(unseen.clone()),
        })
        .collect()
}
