//! Reads a Salesforce project: every metadata type as one spanned tree.
