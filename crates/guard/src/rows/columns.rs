//! The columns of a table: what the bundle says of each, and which columns come of them.

use std::collections::BTreeSet;

use csv::Row;
use policy::bundle::classification::ObjectRule;
use policy::vocabulary::{FieldName, Mask, Protect};
use policy::{AskedField, ClassifiedBy, Enforceable, Policy};

use super::Duty;
use crate::error::GuardError;
use crate::field::{Owner, SealedField};

/// Why a table cannot be worked on. A column is named only where the bundle names it: without a header, the first row
/// stands in its place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ColumnsError {
    #[error("the bundle has no object `{0}`: name it with `--object` as `classification/` does")]
    UnknownObject(String),
    #[error(
        "column {0} has no API name of a field: is the header missing, or are cells separated by something else than commas?"
    )]
    NoName(usize),
    #[error("column {0} is there before, by the same name")]
    Twice(usize),
    #[error("column {0} is a field of another object: leave it out, or export that object by itself")]
    OtherObject(usize),
    #[error("column {0} is classified by no line of the bundle: classify it, or leave it out")]
    Unclassified(usize),
    #[error(
        "`{field}` is bound to whom `{column}` names, and the table has no such column: export it too, or bind the field to a `key` in the bundle"
    )]
    NoOwner { field: String, column: String },
    #[error(
        "`{field}` is bound by what stands in `{column}` (`seal: {{bind: key}}`), and the table has no such column: export it \
         too"
    )]
    NoKey { field: String, column: String },
    #[error(
        "whose a row is says `{0}`, and the table has no such column: nobody could be told whose data it was"
    )]
    NoPerson(String),
    #[error(
        "column {0} is a part of a compound field that is to be sealed, or has such parts: seal the parts by lines of their own in the bundle, or leave it out"
    )]
    OfCompound(usize),
    #[error("the table has no column that the gateway seals: nothing is to be done")]
    NothingSealed,
}

/// Whether columns have names, each once, of this object's fields or of the path to the person.
pub(crate) fn check_names(
    policy: &Policy,
    object: &str,
    names: &[String],
    person: &str,
) -> Result<(), ColumnsError> {
    let mut seen = BTreeSet::new();
    for (name, number) in names.iter().zip(1..) {
        if !name.split('.').all(|part| FieldName::of(part).is_some()) {
            return Err(ColumnsError::NoName(number));
        }
        if !seen.insert(name.to_ascii_lowercase()) {
            return Err(ColumnsError::Twice(number));
        }
        let is_person = name.eq_ignore_ascii_case(person);
        if name.contains('.') && !is_person {
            return Err(ColumnsError::OtherObject(number));
        }
        let is_known = is_person
            || name.eq_ignore_ascii_case("Id")
            || policy.unclassified().is_some()
            || policy.class_of(object, name).is_some()
            || is_companion(policy, object, name);
        if !is_known {
            return Err(ColumnsError::Unclassified(number));
        }
    }
    Ok(())
}

/// Whether a field holds what another one becomes.
fn is_companion(policy: &Policy, object: &str, name: &str) -> bool {
    let rules = policy.object(object).into_iter().flat_map(|rule| &rule.fields.0);
    rules
        .map(|(field, _)| field.value.as_str())
        .filter_map(|field| SealedField::of(policy, object, field))
        .any(|field| {
            field.holder().eq_ignore_ascii_case(name)
                || field.index.as_ref().is_some_and(|index| index.field.eq_ignore_ascii_case(name))
        })
}

/// The column that names whose a row is.
pub(crate) fn person_of(rule: &ObjectRule) -> Option<&str> {
    let subject = rule.subject.as_ref()?;
    Some(if subject.as_str() == "self" { "Id" } else { subject.as_str() })
}

/// A field that is sealed, and where its parts stand in the rows that come in.
#[derive(Clone, Debug)]
pub(crate) struct SealedAt {
    pub(crate) field: SealedField,
    pub(crate) value: Option<usize>,
    pub(crate) holder: Option<usize>,
    pub(crate) digest: Option<usize>,
    /// Place among the owners.
    pub(crate) owner: Option<usize>,
}

/// A column that names whose a row is.
#[derive(Clone, Debug)]
pub(crate) struct OwnerAt {
    pub(crate) owner: Owner,
    pub(crate) at: usize,
    /// Whether keys are made for whom it names.
    pub(crate) seals: bool,
}

/// Where a cell that goes out comes from; fields by their place among the sealed ones.
#[derive(Clone, Debug)]
pub(super) enum Out {
    Copy(usize),
    /// Whose the row is: an id.
    Owner(usize),
    Masked(usize, Option<Mask>),
    Value(usize),
    Token(usize),
    Digest(usize),
}

/// What is done with each column of a table.
#[derive(Clone, Debug)]
pub struct Columns {
    duty: Duty,
    object: String,
    names: Vec<String>,
    out: Vec<(String, Out)>,
    asked: Vec<AskedField>,
    sealed: Vec<SealedAt>,
    owners: Vec<OwnerAt>,
    person: Option<usize>,
}

impl Columns {
    pub fn of(
        policy: &Enforceable,
        duty: Duty,
        object: &str,
        names: &[String],
    ) -> Result<Self, ColumnsError> {
        let rule = policy.object(object).ok_or_else(|| ColumnsError::UnknownObject(object.to_owned()))?;
        let person = person_of(rule);
        check_names(policy, object, names, person.unwrap_or("Id"))?;
        let mut this = Self {
            duty,
            object: object.to_owned(),
            names: names.to_vec(),
            out: Vec::new(),
            asked: Vec::new(),
            sealed: Vec::new(),
            owners: Vec::new(),
            person: None,
        };
        for field in sealed_fields(policy, object, rule, names) {
            this.add(field)?;
        }
        let of_compound = |name: &String| {
            policy.class_of(object, name).is_some_and(|found| {
                found.by == ClassifiedBy::Compound
                    && matches!(found.protect, Protect::Gateway | Protect::Both)
            })
        };
        if duty == Duty::Seal
            && let Some(at) = this.names.iter().position(of_compound)
        {
            return Err(ColumnsError::OfCompound(at + 1));
        }
        if duty == Duty::Seal && !this.sealed.iter().any(|sealed| sealed.value.is_some()) {
            return Err(ColumnsError::NothingSealed);
        }
        if let Some(path) = person {
            match this.position(path) {
                Some(at) => this.person = Some(this.owner(Owner::Person(path.to_owned()), at, false)),
                None if duty != Duty::Seal && this.is_personal(policy) => {
                    return Err(ColumnsError::NoPerson(path.to_owned()));
                }
                None => {}
            }
        }
        // Where nothing else says whose a row is, the key does that its values are bound to.
        if this.person.is_none() {
            this.person = this.owners.iter().position(|own| matches!(own.owner, Owner::Key { .. }));
        }
        for at in 0..this.names.len() {
            this.column(policy, at, person);
        }
        for place in 0..this.sealed.len() {
            this.made(place);
        }
        Ok(this)
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|own| own.eq_ignore_ascii_case(name))
    }

    fn add(&mut self, field: SealedField) -> Result<(), ColumnsError> {
        let value = self.position(&field.name);
        let holder = self.position(field.holder());
        let digest = field.index.as_ref().and_then(|index| self.position(&index.field));
        let owner = match field.owner.column() {
            None => None,
            Some(column) => {
                let Some(at) = self.position(column) else {
                    let (is_key, column) = (matches!(field.owner, Owner::Key { .. }), column.to_owned());
                    let field = field.name;
                    return Err(match is_key {
                        true => ColumnsError::NoKey { field, column },
                        false => ColumnsError::NoOwner { field, column },
                    });
                };
                Some(self.owner(field.owner.clone(), at, true))
            }
        };
        self.sealed.push(SealedAt { field, value, holder, digest, owner });
        Ok(())
    }

    fn owner(&mut self, owner: Owner, at: usize, seals: bool) -> usize {
        match self.owners.iter().position(|own| own.at == at && own.owner == owner) {
            Some(place) => {
                if let Some(own) = self.owners.get_mut(place) {
                    own.seals |= seals;
                }
                place
            }
            None => {
                self.owners.push(OwnerAt { owner, at, seals });
                self.owners.len() - 1
            }
        }
    }

    fn is_personal(&self, policy: &Policy) -> bool {
        let personal = |name: &String| {
            policy.class_of(&self.object, name).is_some_and(|found| found.class.is_personal())
        };
        !self.sealed.is_empty() || self.names.iter().any(personal)
    }

    /// What becomes of a column that came in.
    fn column(&mut self, policy: &Policy, at: usize, person: Option<&str>) {
        let Some(name) = self.names.get(at).cloned() else { return };
        if let Some(place) = self.sealed.iter().position(|sealed| sealed.value == Some(at)) {
            self.asked.push(AskedField::new(&self.object, &name));
            self.out.push((name, Out::Value(place)));
            return;
        }
        let holds = |sealed: &SealedAt| sealed.holder == Some(at) || sealed.digest == Some(at);
        if let Some(place) = self.sealed.iter().position(holds) {
            // Opened and masked, a row has neither token nor digest; sealed, it has new ones.
            if self.duty == Duty::Seal {
                let is_holder = self.sealed.get(place).is_some_and(|sealed| sealed.holder == Some(at));
                self.out.push((name, if is_holder { Out::Token(place) } else { Out::Digest(place) }));
            }
            return;
        }
        let found = policy.class_of(&self.object, &name);
        if name.eq_ignore_ascii_case("Id") || person.is_some_and(|person| name.eq_ignore_ascii_case(person)) {
            if found.is_some() && !name.contains('.') && !name.eq_ignore_ascii_case("Id") {
                self.asked.push(AskedField::new(&self.object, &name));
            }
            self.out.push((name, Out::Owner(at)));
            return;
        }
        let out = match &found {
            Some(found) if self.duty == Duty::Mask && found.class.is_personal() => {
                Out::Masked(at, found.mask())
            }
            _ => Out::Copy(at),
        };
        self.asked.push(AskedField::new(&self.object, &name));
        self.out.push((name, out));
    }

    /// Columns that come of a sealed field and that the table does not have.
    fn made(&mut self, place: usize) {
        let Some(sealed) = self.sealed.get(place) else { return };
        let field = &sealed.field;
        match self.duty {
            Duty::Seal => {
                if let (Some(holder), None) = (&field.token_in, sealed.holder) {
                    self.out.push((holder.clone(), Out::Token(place)));
                }
                if let (Some(index), None) = (&field.index, sealed.digest) {
                    self.out.push((index.field.clone(), Out::Digest(place)));
                }
            }
            Duty::Open | Duty::Mask => {
                if sealed.value.is_none() {
                    self.asked.push(AskedField::new(&self.object, &field.name));
                    self.out.push((field.name.clone(), Out::Value(place)));
                }
            }
        }
    }

    pub const fn duty(&self) -> Duty {
        self.duty
    }

    pub fn object(&self) -> &str {
        &self.object
    }

    /// The columns that come in.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The columns that go out.
    pub fn names_out(&self) -> impl Iterator<Item = &str> {
        self.out.iter().map(|(name, _)| name.as_str())
    }

    /// The fields that a permit has to cover.
    pub fn asked(&self) -> &[AskedField] {
        &self.asked
    }

    /// Columns that no line of the bundle names, by their places from 1: they are what the object's default says.
    pub fn by_default(&self, policy: &Policy) -> Vec<usize> {
        let is_default = |name: &str| {
            let found = policy.class_of(&self.object, name);
            found.is_none_or(|found| found.by == ClassifiedBy::ObjectDefault)
        };
        let asked = |name: &str| self.asked.iter().any(|field| field.field.eq_ignore_ascii_case(name));
        let places = (1..).zip(&self.names).filter(|(_, name)| asked(name) && is_default(name));
        places.map(|(place, _)| place).collect()
    }

    /// Columns by their places from 1, as they may be told: by name where a line of the bundle has it.
    pub fn told(&self, policy: &Policy, places: impl Iterator<Item = usize>) -> Vec<String> {
        let known = |name: &&String| {
            let found = policy.class_of(&self.object, name);
            found.is_some_and(|found| found.by != ClassifiedBy::ObjectDefault)
                || is_companion(policy, &self.object, name)
        };
        let name = |place: usize| self.names.get(place.checked_sub(1)?).filter(known);
        places
            .map(|place| name(place).map_or_else(|| place.to_string(), |name| format!("`{name}`")))
            .collect()
    }

    /// The fields that are sealed.
    pub fn fields(&self) -> impl Iterator<Item = &SealedField> {
        self.sealed.iter().map(|sealed| &sealed.field)
    }

    pub(super) fn out(&self) -> impl Iterator<Item = &Out> {
        self.out.iter().map(|(_, out)| out)
    }

    pub(crate) fn sealed(&self) -> &[SealedAt] {
        &self.sealed
    }

    pub(crate) fn owners(&self) -> &[OwnerAt] {
        &self.owners
    }

    pub(crate) const fn person(&self) -> Option<usize> {
        self.person
    }

    /// Why nothing says whose a row's fields are.
    pub(super) fn nobody(&self, owner: usize, row: &Row) -> GuardError {
        let name = self.owner_name(owner).to_owned();
        let at = self.owners.get(owner).filter(|owner| matches!(owner.owner, Owner::Key { .. }));
        match at.and_then(|owner| row.get(owner.at)) {
            Some(key) if key.trim().is_empty() => GuardError::EmptyKey(name),
            Some(key) if !Owner::is_plain_key(key.trim()) => GuardError::UnplainKey(name),
            _ => GuardError::NoOwner(name),
        }
    }

    pub(super) fn owner_name(&self, owner: usize) -> &str {
        self.owners.get(owner).and_then(|owner| owner.owner.column()).unwrap_or_default()
    }
}

/// The fields of the table that the gateway seals: by their own columns, or by those that hold their tokens.
fn sealed_fields(policy: &Policy, object: &str, rule: &ObjectRule, names: &[String]) -> Vec<SealedField> {
    let has = |name: &str| names.iter().any(|own| own.eq_ignore_ascii_case(name));
    let named = rule.fields.0.iter().map(|(name, _)| name.value.as_str());
    let mut fields: Vec<SealedField> = named
        .filter_map(|name| SealedField::of(policy, object, name))
        .filter(|field| has(&field.name) || has(field.holder()))
        .collect();
    // By the object's default, or by the other name of a person account's field.
    for name in names {
        let known = |field: &SealedField| {
            field.name.eq_ignore_ascii_case(name)
                || field.holder().eq_ignore_ascii_case(name)
                || field.index.as_ref().is_some_and(|index| index.field.eq_ignore_ascii_case(name))
        };
        if !name.contains('.') && !name.eq_ignore_ascii_case("Id") && !fields.iter().any(known) {
            fields.extend(SealedField::of(policy, object, name));
        }
    }
    fields
}
