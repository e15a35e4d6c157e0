//! The vocabulary of what happened: findings, evidence, canonical bytes.
