//! An entry: who did what to whose data, on what ground, and what came of it.

use policy::Policy;
use policy::vocabulary::{Ground, Mask, Purpose};

use crate::act::Act;
use crate::canonical;
use crate::clock::{Clock, Moment, Number, Rng};
use crate::form::{self, Fault, Form, Shape, Wrong, choice, one_of, record};
use crate::json::{self, Node};
use crate::names::{ApiName, Correlation, Digest, Flow, Identity, Org, Party, RecordId, Region, Salt, Uid};
use crate::subject::Pseudonym;

/// No entry has more bytes: what is larger goes in parts.
pub const LONGEST: usize = 16 * 1024;

/// No list of an entry has more items.
pub const MOST_ITEMS: usize = 1000;

/// The version that this release writes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Format;

impl serde::Serialize for Format {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(1)
    }
}

impl Form for Format {
    fn shape() -> Shape {
        Shape::Number { least: 1, most: 1 }
    }

    fn read(node: &Node<'_>) -> Result<Self, Fault> {
        match node.kind {
            json::Kind::Number(1) => Ok(Self),
            _ => Err(Fault::at(node.at, Wrong::Version)),
        }
    }
}

choice! {
    /// What came of it.
    pub enum Outcome = "an outcome" {
        Done = "done",
        /// Only some of what was asked for.
        Partly = "partly",
        /// The policy said no.
        Denied = "denied",
        /// The policy could not tell, so it was not done.
        Undetermined = "undetermined",
        /// It was tried and did not succeed.
        Failed = "failed",
        /// It is about to be tried: another entry of the same correlation says what came of it. Where none does, nobody
        /// came to say so.
        Intended = "intended",
    }
}

one_of! {
    /// For whom somebody acts.
    pub enum Behalf {
        Identity(Identity) = "identity",
        Party(Party) = "party",
        /// A user of Salesforce.
        User(RecordId) = "user",
        /// The person whose data it is.
        Subject(Pseudonym) = "subject",
    }
}

one_of! {
    /// A record.
    pub enum Record {
        /// By its id: for records that are not themselves a person.
        Id(RecordId) = "id",
        /// A record that is a person, an account or a contact: by the person's pseudonym.
        Person(Pseudonym) = "person",
    }
}

record! {
    /// One record and whose it is.
    pub struct Touched {
        record: Option<Record>,
        subject: Option<Pseudonym>,
    }
}

record! {
    /// What was touched of one object.
    pub struct Data {
        object: ApiName,
        /// Fields that were given or changed as they are.
        fields: Vec<ApiName>,
        /// Fields of which only a mask or a token was given.
        covered: Vec<Covered>,
        /// Fields that were asked for and left out.
        withheld: Vec<ApiName>,
        /// Names that were asked for and are no fields.
        unknown: Option<Number>,
        touched: Vec<Touched>,
    }
}

record! {
    /// A field that went out in another form.
    pub struct Covered {
        field: ApiName,
        mask: Option<Mask>,
    }
}

record! {
    /// One of the parts of what was too large for an entry.
    pub struct Part {
        /// The same in all parts.
        of: Uid,
        /// From 1.
        k: Number,
        n: Number,
    }
}

record! {
    /// An entry of the journal.
    pub struct Entry {
        /// The version of the format.
        v: Format,
        salt: Salt,
        /// When it happened, by the clock of whoever wrote it.
        at: Moment,
        act: Act,
        outcome: Outcome,
        /// Who did it.
        who: Option<Identity>,
        /// The user of Salesforce behind it.
        user: Option<RecordId>,
        /// On whose behalf.
        behalf: Option<Behalf>,
        /// Who received, where that is not the organisation itself.
        party: Option<Party>,
        org: Option<Org>,
        flow: Option<Flow>,
        purpose: Option<Purpose>,
        grounds: Vec<Ground>,
        /// Where the people concerned are, in law.
        region: Option<Region>,
        /// The bundle in force.
        policy: Option<Digest>,
        data: Vec<Data>,
        /// The same in all entries of one call.
        correlation: Option<Correlation>,
        part: Option<Part>,
    }
}

/// Why there are no bytes of an entry. It holds no value of the entry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EntryError {
    #[error("an entry has at most {LONGEST} bytes: write it in parts")]
    TooLong,
    #[error("a list of an entry has at most {MOST_ITEMS} items: write it in parts")]
    TooMany,
    #[error("not even one record fits into a part")]
    CannotBeParted,
    #[error("{0}")]
    Contradiction(&'static str),
}

impl Entry {
    /// An act of now of which nothing more is said yet.
    pub fn new(act: Act, outcome: Outcome, clock: &dyn Clock, rng: &mut dyn Rng) -> Self {
        Self {
            v: Format,
            salt: Salt::random(rng),
            at: Moment::of(clock.now()),
            act,
            outcome,
            who: None,
            user: None,
            behalf: None,
            party: None,
            org: None,
            flow: None,
            purpose: None,
            grounds: Vec::new(),
            region: None,
            policy: None,
            data: Vec::new(),
            correlation: None,
            part: None,
        }
    }

    /// The bytes that are hashed and kept.
    pub fn bytes(&self) -> Result<Vec<u8>, EntryError> {
        if let Some(what) = self.contradiction() {
            return Err(EntryError::Contradiction(what));
        }
        let lists = self.data.iter().flat_map(|data| {
            [data.fields.len(), data.covered.len(), data.withheld.len(), data.touched.len()]
        });
        if lists.chain([self.data.len()]).any(|length| length > MOST_ITEMS) {
            return Err(EntryError::TooMany);
        }
        // Every type of an entry serialises, to strings and to numbers that are whole and small enough.
        let bytes = canonical::bytes(self).map_err(|_| EntryError::TooLong)?;
        if bytes.len() > LONGEST { Err(EntryError::TooLong) } else { Ok(bytes) }
    }

    /// Reads what [`Entry::bytes`] writes and nothing else: a stranger's bytes, refused where they differ in
    /// anything.
    pub fn read(bytes: &[u8]) -> Result<Self, Fault> {
        if bytes.len() > LONGEST {
            return Err(Fault::at(LONGEST, Wrong::TooLong));
        }
        let node = json::read(bytes)?;
        check_version(&node)?;
        let entry = <Self as Form>::read(&node)?;
        if let Some(what) = entry.contradiction() {
            return Err(Fault::at(0, Wrong::Contradiction(what)));
        }
        // No other bytes read as the same entry: names stand in order, and each text and number has one spelling.
        debug_assert_eq!(canonical::bytes(&entry).ok().as_deref(), Some(bytes));
        Ok(entry)
    }

    fn contradiction(&self) -> Option<&'static str> {
        if let Some(part) = &self.part
            && !(part.k.get() >= 1 && part.k <= part.n && part.n.get() >= 2)
        {
            return Some("the part is none of the parts");
        }
        if self
            .data
            .iter()
            .any(|data| data.touched.iter().any(|one| one.record.is_none() && one.subject.is_none()))
        {
            return Some("a record is touched that has neither an id nor a person");
        }
        if matches!(self.act, Act::FieldAccess(_)) && self.data.is_empty() {
            return Some("fields were accessed and none is named");
        }
        if matches!(self.act, Act::PolicyChange(_)) && self.policy.is_none() {
            return Some("the policy changed and the new one is not named");
        }
        self.act.contradiction()
    }

    /// Everyone whose data the entry tells of, once each, in the order of their pseudonyms.
    pub fn subjects(&self) -> Vec<Pseudonym> {
        let mut all: Vec<Pseudonym> = self
            .data
            .iter()
            .flat_map(|data| &data.touched)
            .flat_map(|one| {
                let person = match one.record {
                    Some(Record::Person(person)) => Some(person),
                    _ => None,
                };
                [person, one.subject]
            })
            .flatten()
            .collect();
        match (&self.behalf, &self.act) {
            (Some(Behalf::Subject(person)), _) => all.push(*person),
            (_, Act::Grant(grant)) => all.extend(grant.subject),
            (_, Act::StandingFact(fact)) => all.push(fact.subject),
            _ => {}
        }
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Keys of the entry whose names the bundle does not give: what a stranger wrote can have the form of a name and
    /// be none.
    pub fn undeclared(&self, policy: &Policy) -> Vec<&'static str> {
        let mut all = Vec::new();
        let mut check = |key, given: bool| all.extend((!given).then_some(key));
        check("who", self.who.as_ref().is_none_or(|name| name.is_declared(policy)));
        check("party", self.party.as_ref().is_none_or(|name| name.is_declared(policy)));
        check("org", self.org.as_ref().is_none_or(|name| name.is_declared(policy)));
        check("flow", self.flow.as_ref().is_none_or(|name| name.is_declared(policy)));
        check(
            "behalf",
            match &self.behalf {
                Some(Behalf::Identity(name)) => name.is_declared(policy),
                Some(Behalf::Party(name)) => name.is_declared(policy),
                Some(Behalf::User(_) | Behalf::Subject(_)) | None => true,
            },
        );
        check("act", self.act.is_declared(policy));
        check("data", self.data.iter().all(|data| data.is_declared(policy)));
        let region = self.region.as_ref().and_then(|own| policy::vocabulary::Region::of(own.as_str()));
        // What follows the area is anybody's word: it stands in the bundle, or it is none.
        let known = |region: policy::vocabulary::Region| {
            let plain = region.as_str() == region.area();
            policy.regions().iter().any(|of| {
                of.value == region || (plain && (of.value.within(&region) || region.within(&of.value)))
            })
        };
        check("region", region.is_none_or(known));
        all
    }
}

impl Data {
    fn is_declared(&self, policy: &Policy) -> bool {
        let covered = self.covered.iter().map(|covered| &covered.field);
        let mut fields = self.fields.iter().chain(covered).chain(&self.withheld);
        policy.object(self.object.as_str()).is_some()
            && fields.all(|field| policy.class_of(self.object.as_str(), field.as_str()).is_some())
    }
}

/// Before anything else: an entry of a later version has keys that this release does not know.
fn check_version(node: &Node<'_>) -> Result<(), Fault> {
    let json::Kind::Map(members) = &node.kind else { return Err(Fault::at(node.at, Wrong::NotAnObject)) };
    match members.iter().find(|(_, key, _)| *key == "v") {
        Some((_, _, node)) => {
            form::number(node, 0, canonical::LARGEST).and_then(|_| Format::read(node)).map(|_| ())
        }
        None => Err(Fault::at(node.at, Wrong::MissingKey("v"))),
    }
    .map_err(|fault| if fault.key().is_empty() { fault.below("v") } else { fault })
}

/// The words of the policy, where entries use them.
macro_rules! words_of_policy {
    ($($type:ident, $what:literal;)*) => {$(
        impl Form for policy::vocabulary::$type {
            fn shape() -> Shape {
                let words = policy::vocabulary::$type::ALL.iter().map(|word| (word.as_str(), String::new()));
                Shape::Choice { doc: $what.to_owned(), words: words.collect() }
            }

            fn read(node: &Node<'_>) -> Result<Self, Fault> {
                Self::of(form::text(node)?).ok_or(Fault::at(node.at, Wrong::NotA($what)))
            }
        }
    )*};
}

words_of_policy! {
    Action, "an action";
    Class, "a class";
    Ground, "a ground";
    Mask, "a mask";
    Purpose, "a purpose";
}

impl Form for crate::Severity {
    fn shape() -> Shape {
        let words = crate::Severity::ALL.iter().map(|word| (word.as_str(), String::new()));
        Shape::Choice { doc: "a severity".to_owned(), words: words.collect() }
    }

    fn read(node: &Node<'_>) -> Result<Self, Fault> {
        let text = form::text(node)?;
        let found = crate::Severity::ALL.into_iter().find(|one| one.as_str() == text);
        found.ok_or(Fault::at(node.at, Wrong::NotA("a severity")))
    }
}
