//! The law: bundle to validated model, decisions, flows and their reconciliation.
