use super::{Check, names};
use crate::bundle::expectation::Question;
use crate::bundle::flow::{DeclaredFlow, RegionRule};
use crate::bundle::party::Party;
use crate::file::suggest;
use crate::place::At;
use crate::vocabulary::{AgreementKind, FieldPattern, Ground, PartyRole, Purpose, Regime};

pub(super) fn check(check: &mut Check<'_>) {
    let content = check.content;
    let mut receivers = names(&content.parties);
    receivers.extend(names(&content.models));
    receivers.extend(names(&content.orgs));
    let mut actors = names(&content.identities);
    actors.extend(names(&content.audiences));
    for flow in &content.flows {
        let id = &flow.id.value;
        check.reference(&flow.to, "party, model or org", &receivers);
        if let Some(by) = &flow.by
            && check.reference(by, "identity or audience", &actors)
        {
            let own = content.identities.iter().find(|identity| identity.id.value == by.value);
            if let Some(identity) = own
                && !identity.purposes.iter().any(|purpose| purpose.value == flow.purpose.value)
            {
                let message = format!(
                    "`{}` carries the flow `{id}` and is not declared for {}",
                    by.value, flow.purpose.value
                );
                let help = "add the purpose to the identity: until then the flow is always denied";
                check.warn(&by.place, "flow-never-permitted", message, help);
            }
        }
        if flow.from.is_empty() {
            let message = format!("the flow `{id}` carries nothing");
            check.error(&flow.id.place, "empty-rule", message, "name its fields in `from`");
        }
        for pattern in &flow.from {
            field(check, pattern);
        }
        if flow.ground.0.is_empty() {
            let message = format!("the flow `{id}` names no ground");
            check.error(&flow.id.place, "missing-key", message, "say in `ground` why it is lawful");
        }
        if let Some(At { value: RegionRule::In(regions), place }) = &flow.region {
            for region in regions {
                super::organisation::region(check, region);
            }
            if regions.is_empty() {
                let message = format!("the flow `{id}` may go nowhere");
                check.warn(place, "empty-coverage", message, "name regions, `same-as-subject` or `any`");
            }
        }
        let party = receiver(check, flow);
        grounds(check, flow, party);
    }
}

/// The party that receives: named, or who runs the model that is named.
fn receiver<'a>(check: &Check<'a>, flow: &DeclaredFlow) -> Option<&'a Party> {
    let content = check.content;
    let model = content.models.iter().find(|model| model.id.value == flow.to.value);
    let id = model.and_then(|model| model.provider.as_ref()).unwrap_or(&flow.to);
    content.parties.iter().find(|party| party.id.value == id.value)
}

/// A field of an object that the bundle does not classify is likely misspelt, or not yet thought about.
fn field(check: &mut Check<'_>, pattern: &At<FieldPattern>) {
    let content = check.content;
    let (object, name) = pattern.value.parts();
    let known = || content.objects.iter().map(|(name, _)| name.value.as_str());
    let found = content.objects.iter().find(|(own, _)| own.eq_ignore_ascii_case(object));
    let Some((_, rule)) = found else {
        let message = format!("the bundle does not classify the object `{object}`");
        let help = suggest::help(object, known().collect::<Vec<_>>());
        check.warn(&pattern.place, "unclassified-object", message, help);
        return;
    };
    let fields = || rule.fields.0.iter().map(|(name, _)| name.value.as_str());
    if name != "*" && rule.default.is_none() && !fields().any(|own| own.eq_ignore_ascii_case(name)) {
        let message = format!("the bundle does not classify the field `{object}.{name}`");
        let help = suggest::help(name, fields().collect::<Vec<_>>());
        check.warn(&pattern.place, "unclassified-field", message, help);
    }
}

/// Grounds that cannot hold as the bundle stands: told here, before a decision denies by them.
fn grounds(check: &mut Check<'_>, flow: &DeclaredFlow, party: Option<&Party>) {
    let content = check.content;
    let named = |ground: Ground| flow.ground.iter().find(|own| own.value == ground);
    let lacks_agreement =
        |party: &Party, kind: AgreementKind| !party.agreements.iter().any(|one| one.kind.value == kind);
    let mut bad: Vec<(&At<Ground>, String, &str)> = Vec::new();
    let id = &flow.id.value;
    for ground in flow.ground.iter() {
        let Some(party) = party else { continue };
        let to = &party.id.value;
        match ground.value {
            Ground::Baa if lacks_agreement(party, AgreementKind::Baa) => {
                let message = format!("the flow `{id}` rests on a baa with `{to}`, and there is none");
                bad.push((ground, message, "add the agreement to the party, or name another ground"));
            }
            Ground::LimitedDataSet if lacks_agreement(party, AgreementKind::Dua) => {
                let message = format!("the flow `{id}` rests on a dua with `{to}`, and there is none");
                bad.push((ground, message, "add the data use agreement to the party (45 CFR 164.514(e)(4))"));
            }
            Ground::TreatmentProvider
                if !party.has_role(PartyRole::Provider) && !party.has_role(PartyRole::CoveredEntity) =>
            {
                let message = format!("the flow `{id}` rests on treatment by `{to}`, which is no provider");
                bad.push((ground, message, "add the role `provider`, or name another ground"));
            }
            _ => {}
        }
    }
    let purpose = flow.purpose.value;
    if let Some(ground) = named(Ground::TreatmentProvider)
        && !matches!(purpose, Purpose::Treatment | Purpose::Payment)
    {
        let message = format!("the flow `{id}` rests on treatment and is for {purpose}");
        bad.push((ground, message, "45 CFR 164.506(c) allows treatment and payment: name another ground"));
    }
    if flow.law.is_none()
        && let Some(ground) = flow.ground.iter().find(|ground| ground.value.needs_law())
    {
        let message = format!("the flow `{id}` rests on law ({}) and does not name it", ground.value);
        bad.push((ground, message, "add `law`: the provision that asks for it or allows it"));
    }
    let gdpr = content.regions.iter().any(|region| region.value.regime() != Regime::Other);
    let basis = flow.ground.iter().any(|ground| ground.value.is_gdpr_basis());
    if let Some(ground) = flow.ground.iter().find(|ground| gdpr && ground.value.is_gdpr_exception())
        && !basis
    {
        let message =
            format!("the flow `{id}` names an exception of GDPR Art. 9(2) and no basis of Art. 6(1)");
        bad.push((ground, message, "name both: `ground: [gdpr-6-1-b, gdpr-9-2-h]`"));
    }
    for (ground, message, help) in bad {
        check.warn(&ground.place, "ground-cannot-hold", message, help);
    }
}

pub(super) fn expectations(check: &mut Check<'_>) {
    let content = check.content;
    let mut receivers = names(&content.parties);
    receivers.extend(names(&content.models));
    receivers.extend(names(&content.orgs));
    let mut actors = names(&content.identities);
    actors.extend(names(&content.audiences));
    for expectation in &content.expectations {
        let all = [&expectation.permit, &expectation.deny, &expectation.undetermined];
        let questions: Vec<&Question> = all.into_iter().flatten().collect();
        if questions.len() != 1 {
            let message = format!("an expectation with {} answers", questions.len());
            let help = "write one of `permit`, `deny` and `undetermined`";
            check.error(&expectation.place, "bad-expectation", message, help);
        }
        if let (Some(_), Some(because)) = (&expectation.permit, &expectation.because) {
            let message = "a permit has no reason".to_owned();
            check.error(&because.place, "bad-expectation", message, "leave `because` out");
        }
        let because = expectation.because.as_ref().map_or("", |code| code.as_str());
        for question in questions {
            let asked = question.asked();
            if asked.len() != 1 {
                let message = format!("a question with {} actions", asked.len());
                let help = "write one of `send`, `read`, `write`, `infer` and `export`";
                check.error(&question.place, "bad-expectation", message, help);
            }
            for (action, pattern) in asked {
                let needs = matches!(action.as_str(), "send" | "infer");
                if needs && question.to.is_none() {
                    let message = format!("a question to {action} that names no receiver");
                    check.error(&question.place, "bad-expectation", message, "add `to`");
                }
                if because != "unclassified-field" {
                    field(check, pattern);
                }
            }
            if because != "unknown-identity" {
                check.reference(&question.who, "identity or audience", &actors);
            }
            if let Some(to) = &question.to
                && !matches!(because, "unknown-party" | "unknown-model")
            {
                check.reference(to, "party, model or org", &receivers);
            }
        }
    }
}
