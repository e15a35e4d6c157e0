//! What Cedar said, remembered per lane and field signature.
//!
//! A rule reads things of four kinds: who, what way and what purpose (the *lane*); what the field is (its
//! *signature*: class, identifier, protection, tags, whether the flow's set has it, and whether a rule names it
//! or its object); one of the twelve facts that change from call to call ([`Dimension`]); or more than that.
//! A row holds, for one lane and signature, the rules that speak whatever the facts are, and for every value
//! of every dimension the rules that speak at that value. A rule that reads two dimensions or facts beyond
//! them is in no row: while one could speak of the action, each decision asks Cedar.
//!
//! Rows and their cells fill on first use and never change, for a policy never changes.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock, RwLock};

use super::{Rules, Verdict, entities};
use crate::decide::facts::{Case, Declared, Dimension, Proof, Target, Who};
use crate::vocabulary::{Action, Class, Identifier, Protect, Purpose, Tag};

/// Everything that the fixed part of a row depends on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    action: Action,
    /// Audiences and identities may have the same id.
    audience: bool,
    who: String,
    target: Option<(u8, String)>,
    flow: Option<String>,
    purpose: Option<Purpose>,
    declared: Declared,
    in_minimum_set: bool,
    minimum_is_law: bool,
    purpose_allowed: bool,
    granted: bool,
    class: Class,
    identifier: Option<Identifier>,
    protect: Protect,
    tags: Vec<Tag>,
    /// The field's or object's name, where a rule of the bundle names it.
    named: Option<String>,
}

#[derive(Debug)]
struct Row {
    fixed: Verdict,
    /// By dimension, then by the position of the value.
    by_value: Vec<(Dimension, [OnceLock<Verdict>; VALUES])>,
}

/// As many as the dimension with the most values has.
const VALUES: usize = Proof::BasisMissing as usize + 1;

/// Rows, filled on first use.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    rows: RwLock<BTreeMap<Key, Arc<Row>>>,
}

/// A bundle with more lanes times signatures than this asks Cedar for the rest.
const ROWS: usize = 200_000;

impl Rules {
    /// What the rules say, from the tables where they can hold it.
    pub(crate) fn look_up(&self, case: &Case<'_>) -> Verdict {
        if self.beyond_tables.contains(&case.action) {
            return self.ask(case);
        }
        let Some(row) = self.row(case) else { return self.ask(case) };
        let mut verdict = row.fixed.clone();
        let mut asked = None;
        for (dimension, values) in &row.by_value {
            let Some(cell) = values.get(case.facts.position(*dimension)) else { return self.ask(case) };
            let said = match (cell.get(), self.by_dimension.get(dimension)) {
                (Some(said), _) => said,
                (None, Some(split)) => {
                    if asked.is_none() {
                        asked = entities::of(case);
                    }
                    let Some((request, entities)) = &asked else { return self.ask(case) };
                    // These rules read no other fact, so what they say now they say at this value always.
                    cell.get_or_init(|| self.ask_split(split, request, entities))
                }
                (None, None) => return self.ask(case),
            };
            verdict.forbids.extend(&said.forbids);
            verdict.permitted |= said.permitted;
            if verdict.failed.is_none() {
                verdict.failed.clone_from(&said.failed);
            }
        }
        verdict.forbids.sort_unstable();
        verdict
    }

    fn row(&self, case: &Case<'_>) -> Option<Arc<Row>> {
        let key = self.key(case);
        if let Some(row) = self.tables.rows.read().ok()?.get(&key) {
            return Some(Arc::clone(row));
        }
        let row = Arc::new(self.compile(case)?);
        let mut rows = self.tables.rows.write().ok()?;
        if rows.len() < ROWS {
            rows.insert(key, Arc::clone(&row));
        }
        Some(row)
    }

    fn compile(&self, case: &Case<'_>) -> Option<Row> {
        let (request, entities) = entities::of(case)?;
        let fixed = self.ask_split(&self.fixed, &request, &entities);
        let by_value = self.by_dimension.keys().map(|dimension| (*dimension, Default::default())).collect();
        Some(Row { fixed, by_value })
    }

    fn key(&self, case: &Case<'_>) -> Key {
        let field = case.field;
        let names = |kind: &str, id: &str| {
            !self.named.is_empty()
                && entities::uid(kind, id).is_some_and(|uid| self.named.contains(&uid.to_string()))
        };
        let named = match () {
            () if names("Field", &field.name) => Some(field.name.clone()),
            () if names("Object", &field.object) => Some(field.object.clone()),
            () => None,
        };
        Key {
            action: case.action,
            audience: matches!(case.who, Who::Audience(_)),
            who: case.who.id().to_owned(),
            target: case.target.as_ref().map(|target| {
                let kind = match target {
                    Target::Party(_) => 0,
                    Target::Model(..) => 1,
                    Target::Org(_) => 2,
                };
                (kind, target.id().to_owned())
            }),
            flow: case.flow.map(|flow| flow.id.to_string()),
            purpose: case.purpose,
            declared: case.declared,
            in_minimum_set: case.in_minimum_set,
            minimum_is_law: case.minimum_is_law,
            purpose_allowed: case.purpose_allowed,
            granted: case.granted,
            class: field.class,
            identifier: field.identifier,
            protect: field.protect,
            tags: field.tags.clone(),
            named,
        }
    }
}
