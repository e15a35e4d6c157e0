//! The steps of the test, and what has to hold after each.

use std::path::{Path, PathBuf};

use guard::keeper::Declared;
use guard::stored::Census;
use guard::{KeyNumber, KeyState, Keys as _};
use jiff::Timestamp;

use super::{Acting, CITATIONS, Check, OfField, Plain, Report, Rotated, Step, check, file_digest, of};
use crate::ledger_command::text;
use crate::telling::counted;

/// The steps of the test, one after the other.
pub(super) struct Run<'a> {
    acting: &'a Acting<'a>,
    steps: Vec<Step>,
    /// Keys under which the records are sealed first, and those that replace them, in the order of the classes.
    before: Vec<KeyNumber>,
    after: Vec<KeyNumber>,
    sealed: PathBuf,
    resealed: PathBuf,
    plain: Plain,
}

impl<'a> Run<'a> {
    pub(super) fn begin(acting: &'a Acting<'a>) -> Result<Self, String> {
        for class in acting.classes() {
            acting.activate(acting.make(class)?)?;
        }
        let before = acting.active()?;
        let (sealed, plain) = acting.sealed()?;
        let (after, resealed) = (Vec::new(), acting.path("resealed.csv"));
        let mut run = Self { acting, steps: Vec::new(), before, after, sealed, resealed, plain };
        let checks = run.unchanged(&run.sealed)?;
        run.step(
            "A tenant for the test was made under the root, and the records sealed under its first keys.",
            checks,
        );
        Ok(run)
    }

    fn step(&mut self, done: &str, checks: Vec<Check>) {
        self.steps.push(Step { at: crate::now(), done: done.to_owned(), checks });
    }

    /// A table holds what the records held, and all of it is found.
    fn unchanged(&self, table: &Path) -> Result<Vec<Check>, String> {
        let seen = self.acting.seen(table)?;
        Ok(vec![
            of("records that open", self.plain.rows, seen.rows),
            of("records that do not open", 0, seen.refused),
            of("searches that miss a value", 0, seen.missed),
            check("every value is what it was", seen.digest == self.plain.digest),
        ])
    }

    /// Of the table under the old keys nothing opens but records without a sealed value.
    fn gone(&self) -> Result<Check, String> {
        let left = self.plain.rows - self.plain.sealed_rows;
        Ok(of("records under the old keys that open", left, self.acting.seen(&self.sealed)?.rows))
    }

    /// New keys are made, and then activated.
    pub(super) fn activate(&mut self) -> Result<(), String> {
        let acting = self.acting;
        let pending = acting.classes().into_iter().map(|class| acting.make(class));
        let pending = pending.collect::<Result<Vec<_>, _>>()?;
        let same = acting.active()? == self.before;
        self.step("New keys were made. They are pending.", vec![check("they seal nothing yet", same)]);
        for number in &pending {
            acting.activate(*number)?;
        }
        self.after = acting.active()?;
        let opens = self.before.iter().filter(|number| acting.keys.key(**number).is_ok()).count() as u64;
        let checks = vec![
            check("they seal from now on", self.after == pending),
            of("keys before them that still open", self.before.len() as u64, opens),
        ];
        self.step("The new keys were activated.", checks);
        Ok(())
    }

    /// Half of the records are sealed anew, then all.
    pub(super) fn reseal(&mut self) -> Result<(), String> {
        let Plain { rows, sealed_rows, .. } = self.plain;
        let counts = self.acting.reseal(&self.sealed, &self.resealed)?;
        let mixed = self.acting.mixed(&self.sealed, &self.resealed, rows / 2)?;
        let checks = self.unchanged(&mixed)?;
        self.step(
            &format!(
                "Half of the records were sealed anew ({} of {rows}); the others stood as they were.",
                rows / 2
            ),
            checks,
        );
        let mut checks = self.unchanged(&self.resealed)?;
        let left = counts.bare + counts.edited + counts.unreadable.values().sum::<u64>();
        checks.push(of("values that were left", 0, left));
        checks.push(of("records written", sealed_rows, counts.changed));
        let without = match rows - sealed_rows {
            0 => String::new(),
            without => format!(" {} no value to be sealed.", counted(without, "record has", "records have")),
        };
        let values = counted(counts.resealed, "value", "values");
        self.step(&format!("All records were sealed anew: {values}.{without}"), checks);
        Ok(())
    }

    pub(super) fn count(&mut self) -> Result<(), String> {
        let (old, new) =
            (self.acting.census(&self.sealed, "old")?, self.acting.census(&self.resealed, "new")?);
        let free =
            |census: &Census| self.before.iter().filter(|number| census.is_free_of(**number)).count() as u64;
        // Of a class without a value nothing needs a key.
        let idle = self.acting.classes().iter().filter(|class| self.plain.values_of(**class) == 0).count();
        let checks = vec![
            of("old keys that the first table does not need", idle as u64, free(&old)),
            of("old keys that the second table does not need", self.before.len() as u64, free(&new)),
            check("every value of the second table is sealed, opens and is found", new.is_in_order()),
        ];
        self.step("Both tables were counted by their keys.", checks);
        Ok(())
    }

    pub(super) fn disable(&mut self) -> Result<(), String> {
        let acting = self.acting;
        for number in &self.before {
            acting.runtime.block_on(acting.keys.keeper().set(*number, KeyState::Disabled)).map_err(text)?;
        }
        let mut checks = self.unchanged(&self.resealed)?;
        checks.push(self.gone()?);
        self.step("The old keys were disabled.", checks);
        Ok(())
    }

    pub(super) fn destroy(&mut self, [by, and]: &[Declared; 2]) -> Result<(), String> {
        let acting = self.acting;
        let copy = acting.copied()?;
        for number in &self.before {
            acting.runtime.block_on(acting.keys.keeper().destroy(*number, [by, and])).map_err(text)?;
        }
        let mut checks = self.unchanged(&self.resealed)?;
        checks.push(self.gone()?);
        let found = acting.opens_in(&copy, &self.before);
        checks.push(of("old keys that open in a copy that was made before", 0, found));
        self.step("Two people destroyed the old keys.", checks);
        Ok(())
    }

    pub(super) fn report(self, from: Timestamp) -> Result<Report, String> {
        let Self { acting, steps, before, after, sealed, plain, .. } = self;
        let in_order = steps.iter().flat_map(|step| &step.checks).all(|check| check.expected == check.found);
        let keys = acting.classes().into_iter().zip(before.iter().zip(&after));
        let keys = keys.map(|(class, (before, after))| Rotated {
            class,
            before: before.to_string(),
            after: after.to_string(),
            values: plain.values_of(class),
        });
        let (tested, untested): (Vec<_>, Vec<_>) = plain.fields.iter().partition(|field| field.values > 0);
        let names =
            |fields: Vec<&OfField>| fields.into_iter().map(|field| field.name.clone()).collect::<Vec<_>>();
        Ok(Report {
            format: 2,
            what: "test of key rotation",
            cites: CITATIONS,
            version: env!("CARGO_PKG_VERSION"),
            policy: acting.mandate.policy.digest().to_string(),
            object: acting.test.object.clone(),
            fields: names(tested),
            untested: names(untested),
            records: plain.rows,
            without_values: plain.rows - plain.sealed_rows,
            source: if acting.test.export.is_some() { "a copy of an export" } else { "made up" },
            source_digest: file_digest(&sealed)?,
            root: acting.test.root.clone(),
            by: [acting.test.people.by.clone(), acting.test.people.and.clone()],
            from,
            to: from,
            keys: keys.collect(),
            steps,
            in_order,
        })
    }
}
