//! How a bundle follows another: the enforced one names who approves the next.

use jiff::Timestamp;

use crate::digest::Digest;
use crate::model::Policy;
use crate::period::Period;
use crate::vocabulary::ApproverKey;

/// How long an approval holds where the bundle does not say, in days.
const VALID_DAYS: u32 = 30;

/// One person's signed word for one bundle after one other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// An approver of the enforced bundle.
    pub by: String,
    pub at: Timestamp,
    /// Over [`message`], with the approver's own key.
    pub signature: Vec<u8>,
}

/// Checks signatures: keys and algorithms live elsewhere.
pub trait Verifier {
    /// Whether `signature` over `message` was made with the private half of `key`.
    fn verify(&self, key: &ApproverKey, message: &[u8], signature: &[u8]) -> bool;
}

/// The bytes that an approver signs: format and version, the bundle in force, the bundle approved, who, and
/// when (RFC 3339, UTC), each on a line. It names both bundles, so that it is good for this step only.
pub fn message(enforced: &Digest, next: &Digest, by: &str, at: Timestamp) -> Vec<u8> {
    format!("phiward-policy-approval-v1\n{enforced}\n{next}\n{by}\n{at}\n").into_bytes()
}

/// A bundle that may take force. Only [`approve`] and [`pinned`] make one.
#[derive(Debug)]
#[must_use]
pub struct Approved {
    digest: Digest,
    after: Option<Digest>,
    by: Vec<String>,
}

impl Approved {
    pub const fn digest(&self) -> &Digest {
        &self.digest
    }

    /// The bundle that it follows; none for the first.
    pub const fn after(&self) -> Option<&Digest> {
        self.after.as_ref()
    }

    /// Who approved it; none for the first, which is pinned.
    pub fn by(&self) -> &[String] {
        &self.by
    }
}

/// Why a bundle may not take force, or why one approval does not count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the next bundle has errors, so it cannot be enforced")]
    NotEnforceable,
    #[error("the bundle is not the pinned one: it is {is}, and {pin} is pinned")]
    NotPinned { is: Digest, pin: Digest },
    #[error("the enforced bundle names no approvers")]
    NoApprovers,
    #[error("`{by}` is not an approver of the enforced bundle")]
    NotAnApprover { by: String },
    #[error("`{by}` has no key in the enforced bundle")]
    NoKey { by: String },
    #[error("`{by}` wrote the bundle, and nobody approves their own")]
    OwnWork { by: String },
    #[error("`{by}` has approved already: each person counts once")]
    Again { by: String },
    #[error("the approval by `{by}` is dated in the future")]
    Future { by: String },
    #[error("the approval by `{by}` has expired")]
    Expired { by: String },
    #[error("the signature of `{by}` is not good")]
    BadSignature { by: String },
    #[error("{good} of {required} approvals")]
    TooFew { good: u32, required: u32 },
}

/// Whether `next`, written by `author`, may follow the enforced bundle. All refusals at once; approvals that do
/// not count are named only where too few are left.
pub fn approve(
    enforced: &Policy,
    next: &Policy,
    author: &str,
    approvals: &[Approval],
    now: Timestamp,
    verifier: &dyn Verifier,
) -> Result<Approved, Vec<Refusal>> {
    let mut refusals = Vec::new();
    if next.enforceable().is_none() {
        refusals.push(Refusal::NotEnforceable);
    }
    let Some(approvers) = enforced.approvers() else {
        refusals.push(Refusal::NoApprovers);
        return Err(refusals);
    };
    let valid = approvers.valid.unwrap_or(Period::of_days(VALID_DAYS));
    let mut good: Vec<String> = Vec::new();
    let mut bad = Vec::new();
    for approval in approvals {
        let by = approval.by.clone();
        let Some(person) = approvers.people.iter().find(|person| person.id.as_str() == by) else {
            bad.push(Refusal::NotAnApprover { by });
            continue;
        };
        let Some(key) = &person.key else {
            bad.push(Refusal::NoKey { by });
            continue;
        };
        let age = now.as_second().saturating_sub(approval.at.as_second());
        let signed = message(enforced.digest(), next.digest(), &by, approval.at);
        if by == author {
            bad.push(Refusal::OwnWork { by });
        } else if good.contains(&by) {
            bad.push(Refusal::Again { by });
        } else if age < 0 {
            bad.push(Refusal::Future { by });
        } else if u64::try_from(age).is_ok_and(|age| age > valid.seconds()) {
            bad.push(Refusal::Expired { by });
        } else if !verifier.verify(key, &signed, &approval.signature) {
            bad.push(Refusal::BadSignature { by });
        } else {
            good.push(by);
        }
    }
    let required = approvers.required.value;
    let count = u32::try_from(good.len()).unwrap_or(u32::MAX);
    // A bundle that asks for nobody's approval is not enforceable; should it be enforced nonetheless, one
    // approval is the least.
    if count < required.max(1) {
        refusals.extend(bad);
        refusals.push(Refusal::TooFew { good: count, required: required.max(1) });
    }
    if !refusals.is_empty() {
        return Err(refusals);
    }
    good.sort_unstable();
    Ok(Approved { digest: *next.digest(), after: Some(*enforced.digest()), by: good })
}

/// The first bundle: whoever runs the gateway pins its digest in the gateway's own configuration.
pub fn pinned(first: &Policy, pin: &Digest) -> Result<Approved, Refusal> {
    if first.enforceable().is_none() {
        return Err(Refusal::NotEnforceable);
    }
    if first.digest() != pin {
        return Err(Refusal::NotPinned { is: *first.digest(), pin: *pin });
    }
    Ok(Approved { digest: *pin, after: None, by: Vec::new() })
}
