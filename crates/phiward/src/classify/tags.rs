//! The org's own tags in the field files: `complianceGroup` and `securityClassification`, as Salesforce writes them.

use std::collections::{BTreeMap, BTreeSet};

use journal::Confidence;
use policy::vocabulary::Class;
use scan::{Classification, Evidence};
use sfdx::Project;
use sfdx::xml::edit;
use source::Edit;

use crate::{Verdict, files};

/// Tags the fields that hold personal data, at least as surely as asked, and say nothing of it themselves. What a file says
/// already stays: somebody wrote it.
pub(super) fn write(
    project: &Project,
    classes: &Classification<'_>,
    at_least: Confidence,
) -> Result<Verdict, String> {
    let mut edits: BTreeMap<String, Vec<Edit>> = BTreeMap::new();
    let mut tagged = BTreeSet::new();
    let mut left = 0_usize;
    for object in project.objects() {
        for field in object.fields() {
            let holds = classes.field(object.name(), field.name());
            let is_sure = holds.confidence >= at_least && holds.evidence != Evidence::Tag;
            let Some((group, sensitivity)) = tag_of(holds.class) else { continue };
            if !is_sure {
                left +=
                    usize::from(holds.evidence != Evidence::Tag && holds.confidence == Confidence::Medium);
                continue;
            }
            for component in field.components() {
                let root = component.root();
                let mut more = Vec::new();
                if field.compliance_group().is_none() {
                    more.extend(edit::set_child(root, "complianceGroup", group));
                }
                if field.security_classification().is_none() {
                    more.extend(edit::set_child(root, "securityClassification", sensitivity));
                }
                if !more.is_empty() {
                    tagged.insert(field.full_name().to_owned());
                    edits.entry(component.file().path.clone()).or_default().extend(more);
                }
            }
        }
    }
    let count = edits.len();
    for (path, edits) in edits {
        let tree = project.tree_at(&path).ok_or_else(|| format!("`{path}` is gone"))?;
        let text = tree.source().text();
        let full = project.root().join(&path);
        // Another encoding, or bytes that are none: written back as UTF-8 it would be another text.
        let is_same = std::fs::read(&full)
            .is_ok_and(|bytes| bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes) == text.as_bytes());
        if !is_same {
            eprintln!("`{}` is not in UTF-8 and stays as it is", source::plain(&path));
            continue;
        }
        files::write(&full, source::apply(text, edits).as_bytes())?;
    }
    println!(
        "tagged {} fields in {count} files; look at them with `git diff` before they are deployed: from then on a tag is the \
         org's own word and outranks what names tell",
        tagged.len()
    );
    if left > 0 {
        println!(
            "{left} fields that only likely hold personal data are left: decide with `--format csv`, or tag them with `--likely`"
        );
    }
    Ok(Verdict::InOrder)
}

/// Values of Salesforce's default lists: `Compliance Categorization` and `Data Sensitivity Level`.
fn tag_of(class: Class) -> Option<(&'static str, &'static str)> {
    match class {
        Class::Phi => Some(("HIPAA", "Restricted")),
        Class::PhiSensitive => Some(("HIPAA", "MissionCritical")),
        Class::Pii => Some(("PII", "Confidential")),
        Class::Internal | Class::Public => None,
    }
}
