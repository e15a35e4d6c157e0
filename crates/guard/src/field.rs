//! What the bundle says of sealing one field.

use journal::Subject;
use journal::names::{Org, RecordId};
use policy::bundle::classification::Index;
use policy::vocabulary::{Bound, Class, Identifier, IndexForm, Mask, Protect, Search, StandIn};
use policy::{ClassifiedBy, Policy};

use crate::error::GuardError;
use crate::index::{BlindIndex, Normaliser};
use crate::key::DataKey;

/// Bits of a digest where the bundle does not say.
const DIGEST_BITS: u16 = 128;

/// Where the key of a token's person stands in a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// A field, or a path of relationships, that holds the id of the person's record.
    Person(String),
    /// A field that names the record before it has an id.
    Key {
        column: String,
        /// The field of the rule, as `object.field`: whoever is named by it is one, whichever object of a person
        /// account the row is of.
        named_by: String,
    },
    /// Nobody knows whose value it is.
    Nobody,
}

impl Owner {
    /// The field or path that has to be there.
    pub fn column(&self) -> Option<&str> {
        match self {
            Owner::Person(column) | Owner::Key { column, .. } => Some(column),
            Owner::Nobody => None,
        }
    }

    /// Whom the text in that field names; nothing where it is empty or no id.
    pub fn subject(&self, org: &Org, text: &str) -> Option<Subject> {
        match self {
            Owner::Person(_) => RecordId::of(text.trim()).ok().map(|id| Subject::of_record(org, &id)),
            Owner::Key { named_by, .. } => {
                let text = text.trim();
                let names = !text.is_empty() && Self::is_plain_key(text);
                names.then(|| Subject::of_key(org, named_by, text))
            }
            Owner::Nobody => None,
        }
    }

    /// Whether a key is what it looks like: with characters that nobody sees, or signs apart that are written as one, it
    /// would name another person than its twin.
    pub fn is_plain_key(text: &str) -> bool {
        text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
            || (!text.chars().any(is_unseen) && unicode_normalization::is_nfc(text))
    }
}

/// Control characters, and what Unicode has shown as nothing (Default_Ignorable_Code_Point).
pub(crate) fn is_unseen(sign: char) -> bool {
    sign.is_control()
        || matches!(
            sign,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
        )
}

/// How the values of an index are found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexedIn {
    /// The field that holds the digest.
    pub field: String,
    pub normaliser: Normaliser,
    pub bits: u16,
    pub values: u64,
}

/// A field that the gateway seals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedField {
    pub object: String,
    pub name: String,
    /// What tokens call it by.
    pub id: String,
    pub class: Class,
    pub identifier: Option<Identifier>,
    pub mask: Option<Mask>,
    pub owner: Owner,
    /// The field that holds the token, where this one does not.
    pub token_in: Option<String>,
    pub leave: StandIn,
    pub index: Option<IndexedIn>,
}

impl SealedField {
    /// Nothing where the gateway does not seal the field.
    pub fn of(policy: &Policy, object: &str, field: &str) -> Option<Self> {
        let found = policy.class_of(object, field)?;
        // Of a compound field Salesforce keeps the parts: those that are sealed have lines of their own.
        if found.by == ClassifiedBy::Compound || !matches!(found.protect, Protect::Gateway | Protect::Both) {
            return None;
        }
        let seal = found.seal();
        let subject = found.object.and_then(|object| object.subject.as_ref());
        let bound = seal.and_then(|seal| seal.bind.as_ref()).map(|bind| bind.value);
        // A field of a person account by its other name is the same field, and so are those beside it.
        let is_twin = found.by == ClassifiedBy::PersonAccount;
        let other = is_twin.then(|| policy::twin(object, field)).flatten();
        let (own_object, own_field) = other.unwrap_or_else(|| (object.to_owned(), field.to_owned()));
        let here = |name: &str| match is_twin.then(|| policy::twin_as_spelled(&own_object, name)).flatten() {
            Some((_, name)) => name,
            None => name.to_owned(),
        };
        let owner = match bound {
            Some(Bound::Key) => {
                let key = seal.and_then(|seal| seal.key.as_ref())?.as_str();
                let named_by = format!("{own_object}.{key}").to_ascii_lowercase();
                Owner::Key { column: here(key), named_by }
            }
            Some(Bound::Field) => Owner::Nobody,
            Some(Bound::Subject) | None => match subject {
                // The person is the record of the rule's own object, or this one.
                Some(path) if is_twin && path.as_str() == "self" => {
                    Owner::Person(other_id(object).to_owned())
                }
                Some(path) if is_twin && path.as_str().eq_ignore_ascii_case(other_id(&own_object)) => {
                    Owner::Person("Id".to_owned())
                }
                Some(path) if path.as_str() == "self" => Owner::Person("Id".to_owned()),
                Some(path) => Owner::Person(path.to_string()),
                None => Owner::Nobody,
            },
        };
        let searched = found
            .rules
            .iter()
            .any(|rule| rule.search.as_ref().is_some_and(|search| search.value == Search::Equality));
        let index = found
            .index()
            .filter(|_| searched)
            .map(|index| indexed(index, here(index.field.as_str()), found.identifier));
        let id = seal.and_then(|seal| seal.id.as_ref());
        Some(Self {
            object: object.to_owned(),
            name: field.to_owned(),
            // Salesforce minds no case in names, and tokens do.
            id: id.map_or_else(
                || format!("{own_object}.{own_field}").to_ascii_lowercase(),
                ToString::to_string,
            ),
            class: found.class,
            identifier: found.identifier,
            mask: found.mask(),
            owner,
            token_in: seal.and_then(|seal| seal.field.as_ref()).map(|field| here(field.as_str())),
            leave: seal.and_then(|seal| seal.leave.as_ref()).map_or(StandIn::Nothing, |leave| leave.value),
            index,
        })
    }

    /// The field that holds the token.
    pub fn holder(&self) -> &str {
        self.token_in.as_deref().unwrap_or(&self.name)
    }

    /// What makes its digests under a key; nothing where it is not found by any.
    pub fn index_under(&self, key: &DataKey) -> Result<Option<BlindIndex>, GuardError> {
        let index = self
            .index
            .as_ref()
            .map(|index| BlindIndex::new(key, &self.id, index.normaliser.clone(), index.bits, index.values));
        index.transpose()
    }
}

/// The field of a person account's record that leads to its other one.
fn other_id(object: &str) -> &'static str {
    if object.eq_ignore_ascii_case("Contact") { "AccountId" } else { "PersonContactId" }
}

fn indexed(index: &Index, field: String, identifier: Option<Identifier>) -> IndexedIn {
    let form = index.form.as_ref().map_or_else(|| usual(identifier), |form| form.value);
    let normaliser = match form {
        IndexForm::Exact => Normaliser::Exact,
        IndexForm::Number => Normaliser::Number,
        IndexForm::Phone => {
            Normaliser::Phone { calling_code: index.country.as_ref().map(ToString::to_string) }
        }
        IndexForm::Email => Normaliser::Email,
        IndexForm::Name => Normaliser::Name,
        IndexForm::Date => Normaliser::Date,
    };
    let bits = index.bits.as_ref().and_then(|bits| u16::try_from(bits.value).ok());
    IndexedIn { field, normaliser, bits: bits.unwrap_or(DIGEST_BITS), values: u64::from(index.values.value) }
}

/// The form of a kind of identifier, where the bundle names none.
const fn usual(identifier: Option<Identifier>) -> IndexForm {
    match identifier {
        Some(Identifier::Name) => IndexForm::Name,
        Some(Identifier::Date) => IndexForm::Date,
        Some(Identifier::Phone | Identifier::Fax) => IndexForm::Phone,
        Some(Identifier::Email) => IndexForm::Email,
        Some(
            Identifier::Ssn
            | Identifier::Mrn
            | Identifier::HealthPlan
            | Identifier::Account
            | Identifier::Licence
            | Identifier::Vehicle
            | Identifier::Device,
        ) => IndexForm::Number,
        _ => IndexForm::Exact,
    }
}
