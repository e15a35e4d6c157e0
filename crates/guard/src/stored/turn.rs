//! What a record becomes: tokens, digests and what is left beside them, made anew where they are not as they are to be.

use std::collections::BTreeMap;

use csv::Row;
use journal::Subject;

use super::job::{Counts, Task};
use super::look::{Bound, Digested, Left, Looked, LookedAt, Looker, Opened, Ready, Reason, Stands};
use crate::binding::Binding;
use crate::data_keys::KeysError;
use crate::error::GuardError;
use crate::rows::left;
use crate::seal::{FieldCipher, SubjectSalt};
use crate::token::Token;

/// What is to be done with a field.
#[derive(Clone, Copy, Default)]
struct Wanted {
    token: bool,
    digest: bool,
    left: bool,
}

impl Wanted {
    const fn anything(self) -> bool {
        self.token || self.digest || self.left
    }
}

/// A record that was worked on.
pub(super) struct Turned {
    /// What it is to be, where that is not what it is.
    pub(super) now: Option<Row>,
    /// What is counted once it is so.
    pub(super) counts: Counts,
}

impl Looker<'_> {
    /// What is to be done with a field that stands so.
    fn wanted(task: &Task, looked: &Looked, ready: &Ready, class: policy::vocabulary::Class) -> Wanted {
        let all = Wanted { token: true, digest: true, left: true };
        match (task, &looked.stands) {
            (Task::Reseal { bare: true }, Stands::Bare(_)) => all,
            (Task::Reseal { .. } | Task::Rebind { .. }, Stands::Sealed(opened)) => {
                if opened.left == Left::Edited {
                    // Nobody knows which of the two is right.
                    return Wanted::default();
                }
                let active = ready.sealing.get(&class).copied();
                let is_bound = opened.bound == Bound::Right;
                if matches!(task, Task::Rebind { .. }) {
                    return if is_bound { Wanted::default() } else { all };
                }
                if !is_bound || Some(opened.key) != active {
                    return all;
                }
                let digest = match opened.digested {
                    Digested::No => false,
                    Digested::Under(number) => Some(number) != active,
                    Digested::Missing | Digested::Stale => true,
                };
                Wanted { token: false, digest, left: opened.left == Left::Old }
            }
            _ => Wanted::default(),
        }
    }

    /// What records become. Who has to have a salt for it has one now. Nothing where somebody was merged away since the
    /// records were looked at: then they are looked at again.
    pub(super) fn turn(
        &mut self,
        task: &Task,
        looked: &[LookedAt],
        ready: &Ready,
    ) -> Result<Option<Vec<Turned>>, KeysError> {
        let wanted = |one: &LookedAt| -> Vec<Wanted> {
            let fields = one.fields.iter().zip(self.columns.sealed());
            fields.map(|(field, sealed)| Self::wanted(task, field, ready, sealed.field.class)).collect()
        };
        let wanted: Vec<Vec<Wanted>> = looked.iter().map(wanted).collect();
        let mut people: Vec<&Subject> = Vec::new();
        let mut places: Vec<Vec<Option<usize>>> = Vec::with_capacity(looked.len());
        for (one, wanted) in looked.iter().zip(&wanted) {
            let mut of_owners = vec![None; one.people.len()];
            for (sealed, wanted) in self.columns.sealed().iter().zip(wanted) {
                let Some(owner) = sealed.owner.filter(|_| wanted.anything()) else { continue };
                let Some(subject) = one.people.get(owner).and_then(Option::as_ref) else { continue };
                if let Some(place @ None) = of_owners.get_mut(owner) {
                    *place = Some(people.len());
                    people.push(subject);
                }
            }
            places.push(of_owners);
        }
        // Nobody who was shredded gets a new salt here.
        let forgotten = self.keys.forgotten(&people);
        let kept = (0..people.len()).filter(|at| !forgotten.contains(at));
        let among: BTreeMap<usize, usize> = kept.zip(0..).collect();
        let people: Vec<&Subject> = among.keys().filter_map(|at| people.get(*at).copied()).collect();
        let salts = match self.keys.salts(&people) {
            Ok(salts) => salts,
            Err(error) => {
                for person in people {
                    if self.keys.survivor(person)?.is_some() {
                        return Ok(None);
                    }
                }
                return Err(error);
            }
        };
        let mut turned = Vec::with_capacity(looked.len());
        for ((one, wanted), places) in looked.iter().zip(&wanted).zip(&places) {
            let salt = |owner: usize| salts.get(*among.get(&(*places.get(owner)?)?)?);
            turned.push(self.turned(task, one, wanted, salt, ready)?);
        }
        Ok(Some(turned))
    }

    fn turned<'s>(
        &mut self,
        task: &Task,
        one: &LookedAt,
        wanted: &[Wanted],
        salt: impl Fn(usize) -> Option<&'s SubjectSalt>,
        ready: &Ready,
    ) -> Result<Turned, KeysError> {
        let mut cells: Vec<(Option<usize>, String)> = Vec::new();
        let mut counts = Counts { rows: 1, ..Counts::default() };
        for (place, (looked, wanted)) in one.fields.iter().zip(wanted).enumerate() {
            let Some(sealed) = self.columns.sealed().get(place).cloned() else { continue };
            match (&looked.stands, task) {
                (Stands::Nothing, Task::Reseal { .. }) if looked.beside => {
                    // A digest of nothing finds what is not there.
                    cells.push((sealed.digest, String::new()));
                    counts.digests += 1;
                }
                (Stands::Nothing, _) => {}
                (Stands::Unreadable(reason), _) => {
                    *counts.unreadable.entry(*reason).or_default() += 1;
                    if *reason == Reason::Shredded && matches!(task, Task::Forget) && looked.beside {
                        cells.push((sealed.digest, String::new()));
                        if sealed.field.token_in.is_some() {
                            cells.push((sealed.value, String::new()));
                        }
                        counts.forgotten += 1;
                    }
                }
                (Stands::Bare(_), _) if !wanted.anything() => counts.bare += 1,
                (Stands::Sealed(opened), Task::Reseal { .. } | Task::Rebind { .. })
                    if opened.left == Left::Edited =>
                {
                    counts.edited += 1;
                }
                (Stands::Sealed(_), _) if !wanted.anything() => counts.as_it_was += 1,
                (Stands::Bare(value), _) => {
                    let salt = match sealed.owner {
                        None => Some(None),
                        Some(owner) => salt(owner).map(Some),
                    };
                    let Some(salt) = salt else {
                        let is_named =
                            sealed.owner.and_then(|owner| one.people.get(owner)?.as_ref()).is_some();
                        let reason = if is_named { Reason::Forgotten } else { Reason::NoOwner };
                        *counts.unreadable.entry(reason).or_default() += 1;
                        continue;
                    };
                    match self.made(place, value, *wanted, (one, salt), ready) {
                        Ok(made) => {
                            cells.extend(made);
                            counts.sealed += 1;
                        }
                        Err(KeysError::Guard(GuardError::NotNormal(_))) => {
                            *counts.unreadable.entry(Reason::NoForm).or_default() += 1;
                        }
                        Err(error) => return Err(error),
                    }
                }
                (Stands::Sealed(opened), _) => {
                    let salt = sealed.owner.and_then(&salt);
                    if (wanted.token || wanted.left) && sealed.owner.is_some() && salt.is_none() {
                        *counts.unreadable.entry(Reason::Forgotten).or_default() += 1;
                        continue;
                    }
                    cells.extend(self.made(place, &opened.value, *wanted, (one, salt), ready)?);
                    Self::count(&mut counts, opened, *wanted);
                }
            }
        }
        let row = &one.record.row;
        cells.retain(|(at, cell)| at.is_some_and(|at| row.get(at).is_some_and(|own| own != cell)));
        if cells.is_empty() {
            return Ok(Turned { now: None, counts });
        }
        counts.changed = 1;
        let mut now = Row::default();
        for (at, own) in row.cells().enumerate() {
            let made = cells.iter().find(|(place, _)| *place == Some(at));
            now.push(made.map_or(own, |(_, cell)| cell));
        }
        Ok(Turned { now: Some(now), counts })
    }

    fn count(counts: &mut Counts, opened: &Opened, wanted: Wanted) {
        match (wanted.token, opened.bound) {
            (true, Bound::Before) => counts.rebound += 1,
            (true, Bound::Right | Bound::Field) => counts.resealed += 1,
            (false, _) => {
                counts.digests += u64::from(wanted.digest);
                counts.left += u64::from(wanted.left);
            }
        }
    }

    /// The cells of a field, made of its value under the active key. What does not open again is an error.
    fn made(
        &mut self,
        place: usize,
        value: &str,
        wanted: Wanted,
        (one, salt): (&LookedAt, Option<&SubjectSalt>),
        ready: &Ready,
    ) -> Result<Vec<(Option<usize>, String)>, KeysError> {
        let Some(sealed) = self.columns.sealed().get(place) else { return Ok(Vec::new()) };
        let field = &sealed.field;
        let key = ready.active.get(&field.class).ok_or(GuardError::NoActiveKey(field.class))?;
        let mut cells = Vec::with_capacity(3);
        if wanted.digest
            && let Some(index) = ready.indexes.get(place).and_then(|indexes| indexes.first())
        {
            cells.push((sealed.digest, index.digest(value)?));
        }
        if wanted.token {
            let subject = sealed.owner.and_then(|owner| one.people.get(owner)).and_then(Option::as_ref);
            let cipher = match (salt, sealed.owner) {
                (Some(salt), _) => FieldCipher::of_subject(key, salt)?,
                (None, None) => FieldCipher::of_field(key, &field.id)?,
                (None, Some(_)) => return Err(GuardError::NoSubject.into()),
            };
            let binding = Binding { tenant: self.keys.tenant(), field: &field.id, subject };
            let mut token = String::new();
            self.sealer.seal(&cipher, &binding, value, &mut token)?;
            let again = self.sealer.open(&cipher, &binding, &Token::parse(&token)?)?;
            if *again != value {
                return Err(GuardError::Module.into());
            }
            cells.push((sealed.holder, token));
        }
        if wanted.left && field.token_in.is_some() {
            let mut made = String::new();
            left(field, key, salt, value, ready.today, &mut made)?;
            cells.push((sealed.value, made));
        }
        Ok(cells)
    }
}
