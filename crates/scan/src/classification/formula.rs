//! What formulas and roll-ups show: a copy of what they read, under another name and without its protection.

use std::collections::BTreeSet;

use sfdx::Project;
use sfdx::views::Field;

use super::vocabulary::{Vocabulary, list};
use super::{Classification, Evidence, Verdict, words};
use crate::field_path;
use crate::formula::piece::{Piece, pieces};

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
                if matches!(own.evidence, Evidence::Bundle | Evidence::Tag) {
                    continue;
                }
                let sources = reads.iter().filter_map(|path| {
                    let reached = field_path::follow(project, field.object_name(), path);
                    let verdict = self.field(&reached.object, &reached.field);
                    (verdict.is_phi() && reached.full_name() != field.full_name())
                        .then(|| (reached.full_name(), verdict))
                });
                // It shows the worst that it reads; of equals, the one named first in the alphabet.
                let read = sources.reduce(|worst, other| {
                    let weight = |verdict: &Verdict| (verdict.class, verdict.confidence);
                    if weight(&other.1) > weight(&worst.1) { other } else { worst }
                });
                let Some((name, verdict)) = read else { continue };
                if own.is_phi() && own.class >= verdict.class {
                    continue;
                }
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
    // What begins with a dollar is of the user, the org or the page.
    let paths: BTreeSet<&str> = pieces(&formula, 0, formula.len())
        .into_iter()
        .filter_map(|(_, piece)| match piece {
            Piece::Reference(path) if !path.starts_with('$') => Some(path),
            _ => None,
        })
        .collect();
    Some(paths.into_iter().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use policy::Policy;
    use policy::vocabulary::Class;

    use crate::Classification;

    #[test]
    fn a_formula_has_the_class_of_the_worst_that_it_shows() {
        let folder = tempfile::tempdir().unwrap();
        let field = |name: &str, more: &str| {
            format!(
                "<fields><fullName>{name}</fullName><label>{name}</label><type>Text</type>{more}</fields>"
            )
        };
        let fields = [
            field("A_Diagnosis__c", ""),
            field("HIV_Status__c", ""),
            field("Shown__c", "<formula>A_Diagnosis__c &amp; HIV_Status__c</formula>"),
            // Its source is a formula that is judged after it.
            field("Again__c", "<formula>A_Diagnosis__c &amp; Shown__c</formula>"),
            field("Mild__c", "<formula>A_Diagnosis__c</formula>"),
        ];
        let text = format!(
            "<CustomObject xmlns=\"http://soap.sforce.com/2006/04/metadata\">{}<label>Patient</label></CustomObject>",
            fields.concat()
        );
        std::fs::create_dir(folder.path().join("objects")).unwrap();
        std::fs::write(folder.path().join("objects/Patient__c.object"), text).unwrap();
        let project = sfdx::read(folder.path(), &sfdx::Options::default()).unwrap();
        let policy = Policy::empty();
        let classes = Classification::of(&project, &policy);
        for (name, class) in
            [("Mild__c", Class::Phi), ("Shown__c", Class::PhiSensitive), ("Again__c", Class::PhiSensitive)]
        {
            assert_eq!(classes.field("Patient__c", name).class, class, "{name}");
        }
    }
}
