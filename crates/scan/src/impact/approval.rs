//! Who must approve a change. The bundle in force names who approves the next one, so it is the base's bundle that
//! speaks: a change cannot appoint its own approvers.

use policy::Policy;
use serde::Serialize;

use super::Side;

/// Whose word one change needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Needed {
    /// The change is one of the bundle: its approvers sign the next one.
    Bundle,
    /// The bundle asks for no signature, and somebody who answers for the policy should see it.
    Look,
    /// Nobody's.
    Nobody,
}

/// What became of the bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BundleChange {
    /// Neither side has one.
    Absent,
    Unchanged,
    /// The base has none.
    First,
    Changed,
    /// The head has none.
    Gone,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Approver {
    pub id: String,
    pub name: String,
    pub role: Option<String>,
}

/// Who approves by the base's bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Approval {
    pub bundle: BundleChange,
    /// How many different people must approve a change of the bundle; none where the base's bundle names nobody.
    pub required: Option<u32>,
    /// Those whom the base's bundle names.
    pub people: Vec<Approver>,
    /// Those whom only the head's bundle names: their word does not count for this change.
    pub not_yet: Vec<Approver>,
}

impl Approval {
    pub(super) fn of(base: Side<'_>, head: Side<'_>) -> Self {
        let bundle = match (base.policy.is_present(), head.policy.is_present()) {
            (false, false) => BundleChange::Absent,
            (false, true) => BundleChange::First,
            (true, false) => BundleChange::Gone,
            (true, true) if base.policy.digest() == head.policy.digest() => BundleChange::Unchanged,
            (true, true) => BundleChange::Changed,
        };
        let people: Vec<Approver> = named(base.policy).collect();
        let not_yet =
            named(head.policy).filter(|one| people.iter().all(|other| other.id != one.id)).collect();
        // At least one, as the gateway counts.
        let required = base.policy.approvers().map(|all| all.required.value.max(1));
        Self { bundle, required, people, not_yet }
    }

    pub(super) fn has(&self, id: &str) -> bool {
        self.people.iter().any(|person| person.id == id)
    }

    /// The rule that holds for this change, in sentences.
    pub fn sentences(&self) -> Vec<String> {
        let mut all = Vec::new();
        let names: Vec<String> = self.people.iter().map(Approver::words).collect();
        let names = names.join(", ");
        match (self.bundle, self.required) {
            (BundleChange::Absent, _) => {
                all.push("there is no policy bundle, so nothing says who approves".to_owned());
            }
            (BundleChange::First, _) => {
                all.push(
                    "the base has no policy bundle, so nobody is named who could approve this first one: whoever runs the gateway pins its digest"
                        .to_owned(),
                );
            }
            (BundleChange::Changed | BundleChange::Gone, Some(required)) => {
                let what = if self.bundle == BundleChange::Gone {
                    "the bundle is gone"
                } else {
                    "the bundle changes"
                };
                all.push(format!(
                    "{what}: by the base's bundle {required} of these must approve: {names}; nobody approves their own work"
                ));
            }
            (BundleChange::Changed | BundleChange::Gone, None) => {
                all.push(
                    "the bundle changes, and the base's bundle names no approvers: nobody can approve it"
                        .to_owned(),
                );
            }
            (BundleChange::Unchanged, Some(_)) => {
                all.push(format!(
                    "the bundle does not change, and it asks for no signature on a change of metadata or code; those who answer for it: {names}"
                ));
            }
            (BundleChange::Unchanged, None) => {
                all.push("the bundle does not change, and it names nobody who answers for it".to_owned());
            }
        }
        if !self.not_yet.is_empty() {
            let names: Vec<String> = self.not_yet.iter().map(Approver::words).collect();
            all.push(format!(
                "named by the head only, so that their word does not count here: {}",
                names.join(", ")
            ));
        }
        all
    }
}

impl Approver {
    fn words(&self) -> String {
        match &self.role {
            Some(role) => format!("{} (`{}`, {role})", self.name, self.id),
            None => format!("{} (`{}`)", self.name, self.id),
        }
    }
}

fn named(policy: &Policy) -> impl Iterator<Item = Approver> {
    policy.approvers().into_iter().flat_map(|all| &all.people).map(|person| Approver {
        id: person.id.to_string(),
        name: person.name.clone(),
        role: person.role.clone(),
    })
}
