//! What a guess weighs where people have said what their fields hold.

use journal::{Confidence, Finding, Severity};
use policy::bundle::classification::Keeps;

use crate::Context;
use crate::classification::Evidence;

/// Lowers a finding that rests on guesses alone, and says so: with a bundle that classifies objects, what it does not name
/// and names and relations merely suggest has to be declared before it is grave. What a name surely tells stays, unless the
/// bundle says that what it does not name is nobody's data.
pub(crate) fn weighed(cx: &Context<'_>, mut finding: Finding) -> Finding {
    let has_classes = cx.policy.objects().next().is_some();
    let says_nobodys = cx.policy.unclassified().is_some_and(|class| !class.is_personal());
    let is_guess = |field: &String| {
        let Some((object, _)) = field.rsplit_once('.') else { return false };
        // Of an object that keeps no patients as well, a field is theirs only where the bundle says so.
        cx.policy.object(object).is_none_or(|rule| rule.keeps() == Some(Keeps::NoPatients))
            && cx.verdict(field).is_some_and(|verdict| {
                (verdict.confidence < Confidence::High
                    || says_nobodys
                        && verdict.evidence == Evidence::Name
                        && cx.project.object(object).is_some())
                    && !matches!(verdict.evidence, Evidence::Bundle | Evidence::Tag)
            })
    };
    if has_classes
        && finding.severity > Severity::Medium
        && !finding.fields.is_empty()
        && finding.fields.iter().all(is_guess)
    {
        finding.severity = Severity::Medium;
        finding
            .message
            .push_str("; the bundle does not say that these fields hold patients' data, which is guessed");
    }
    finding
}
