//! What formulas and roll-ups show: a copy of what they read, under another name and without its protection.

use std::collections::BTreeSet;

use sfdx::Project;
use sfdx::views::Field;

use super::vocabulary::{Vocabulary, list};
use super::{Classification, Evidence, Verdict, words};
use crate::field_path;

/// Chains of formulas over formulas that are followed.
const DEPTH: usize = 4;

impl Classification<'_> {
    /// Gives computed fields the class of what they show, where their own words say less.
    pub(super) fn follow_formulas(&mut self, project: &Project) {
        let computed: Vec<(Field<'_>, Vec<String>)> = project
            .objects()
            .flat_map(|object| object.fields())
            .filter_map(|field| shown(field).map(|reads| (field, reads)))
            .collect();
        for _ in 0..DEPTH {
            let mut changed = false;
            for (field, reads) in &computed {
                let own = self.field(field.object_name(), field.name());
                if own.is_phi() || matches!(own.evidence, Evidence::Bundle | Evidence::Tag) {
                    continue;
                }
                let read = reads.iter().find_map(|path| {
                    let reached = field_path::follow(project, field.object_name(), path);
                    let verdict = self.field(&reached.object, &reached.field);
                    (verdict.is_phi() && reached.full_name() != field.full_name())
                        .then(|| (reached.full_name(), verdict))
                });
                let Some((name, verdict)) = read else { continue };
                let verdict = Verdict {
                    evidence: Evidence::Formula,
                    reason: format!("computed from `{name}`").into(),
                    ..verdict
                };
                let fields = self.fields.entry(field.object_name().to_lowercase()).or_default();
                fields.insert(field.name().to_lowercase(), (field.name().to_owned(), verdict));
                changed = true;
            }
            if !changed {
                break;
            }
        }
    }
}

/// The paths whose values a computed field shows; nothing for a field that shows none. A box or a number computed
/// from PHI tells too little: whether a birth date is given, how many there are. A formula that calls itself the
/// doctor's, or the state of a process, picks that out of the record.
fn shown(field: Field<'_>) -> Option<Vec<String>> {
    let kind = field.data_type().map(|kind| kind.to_string()).unwrap_or_default();
    if !matches!(kind.as_str(), "Text" | "LongTextArea" | "Date" | "DateTime" | "Email" | "Phone") {
        return None;
    }
    let formula = field.formula()?;
    let words = words(field.name());
    let vocabulary = Vocabulary::shipped();
    if vocabulary.has(list::OTHER_PERSON, &words) || vocabulary.has(list::PLUMBING, &words) {
        return None;
    }
    let paths: BTreeSet<String> = paths(&formula).map(str::to_owned).collect();
    Some(paths.into_iter().collect())
}

/// Field names and paths of a formula; what stands in quotes or comments is neither.
fn paths(formula: &str) -> impl Iterator<Item = &str> {
    let mut rest = formula;
    std::iter::from_fn(move || {
        loop {
            let first = rest.chars().next()?;
            if first == '"' || first == '\'' {
                let inside = rest.get(1..)?;
                let mut end = None;
                let mut escaped = false;
                for (at, c) in inside.char_indices() {
                    if c == first && !escaped {
                        end = Some(at);
                        break;
                    }
                    escaped = c == '\\' && !escaped;
                }
                rest = inside.get(end? + 1..)?;
            } else if let Some(comment) = rest.strip_prefix("/*") {
                rest = comment.get(comment.find("*/")? + 2..)?;
            } else if first.is_ascii_alphabetic() || first == '_' {
                let end = rest
                    .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '.'))
                    .unwrap_or(rest.len());
                let (word, after) = rest.split_at_checked(end)?;
                rest = after;
                if !after.trim_start().starts_with('(') {
                    return Some(word);
                }
            } else {
                rest = rest.get(first.len_utf8()..)?;
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::paths;

    #[test]
    fn names_are_found_and_texts_are_not() {
        let found: Vec<_> =
            paths("IF(ISBLANK( Patient__r.SSN__c ), \"SSN \\\"x\\\" Name\", 'Other__c' & Code__c) /* Gone__c */ + a")
                .collect();
        assert_eq!(found, ["Patient__r.SSN__c", "Code__c", "a"]);
        assert!(paths("\"open").next().is_none() && paths("/* open").next().is_none());
    }
}
