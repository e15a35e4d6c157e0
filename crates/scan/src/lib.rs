//! Judges a Salesforce project by the policy.
