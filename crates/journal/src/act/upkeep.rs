use crate::clock::Number;
use crate::form::{choice, record};
use crate::names::{Approver, Digest, KeyId, Region, Uid, Writer};

use super::Retained;
use super::governance::{Person, Statement};

choice! {
    /// What happened to a key.
    pub enum KeyStep = "a step in the life of a key" {
        Created = "created",
        /// It seals from now on.
        Activated = "activated",
        Rotated = "rotated",
        /// It opens what it sealed, and seals no more.
        Retired = "retired",
        /// It does nothing until it is enabled.
        Disabled = "disabled",
        /// It opens again.
        Enabled = "enabled",
        Destroyed = "destroyed",
        /// Destroyed so that nobody can tell any more who a person's entries are about.
        Shredded = "shredded",
        /// Keys were wrapped by a new key, and the one before was destroyed.
        Rewrapped = "rewrapped",
        /// A person who was shredded is back, as the identity that the entry names says: they get a new key.
        Readmitted = "readmitted",
        /// The person whose key it is became another.
        Merged = "merged",
        /// The key of a person who became another was destroyed once nothing needed it. Nobody was forgotten.
        HandleRetired = "handle-retired",
        BackedUp = "backed-up",
        /// Put into a sealed file whose key is split among people.
        Escrowed = "escrowed",
        /// An escrow was destroyed, as two people say.
        EscrowDestroyed = "escrow-destroyed",
        /// After a copy was put back: no escrow is left that the keys do not know of, as two people say.
        EscrowsSettled = "escrows-settled",
        /// After a copy was put back: whoever was shredded after it was made is shredded again, as the ledger names them.
        ShreddingsSettled = "shreddings-settled",
        /// After a copy was put back: whoever was shredded after it was made is not held against a ledger, for a reason that
        /// two people give.
        ShreddingsAccepted = "shreddings-accepted",
        /// Who may say so where two people have to: the approvers of the bundle that the entry names.
        ApproversPinned = "approvers-pinned",
        /// A backup or an escrow was opened and compared.
        Drilled = "drilled",
        Restored = "restored",
        /// Taken as they lay, though what was seen of them was lost or later.
        TakenUnseen = "taken-unseen",
        Compromised = "compromised",
    }
}

choice! {
    /// What a key is for.
    pub enum KeyKind = "a kind of key" {
        Data = "data",
        Trail = "trail",
        /// Of a blind index.
        Index = "index",
        Signing = "signing",
        Transport = "transport",
        /// It encrypts other keys.
        Wrapping = "wrapping",
        /// The salt from which the keys of one person's tokens come.
        Subject = "subject",
        /// All data keys and salts of a tenant.
        Tenant = "tenant",
    }
}

choice! {
    /// Why shreddings that came after a copy are not held against a ledger.
    pub enum KeyReason = "a reason for what was done to keys" {
        /// Nobody was shredded after the copy was made, as another record shows.
        NobodyShredded = "nobody-shredded",
        /// They were shredded again by another record than a ledger.
        ShreddedAgain = "shredded-again",
        /// No value of theirs is anywhere any more.
        ValuesGone = "values-gone",
        /// What was forgotten has to be kept by law.
        MustBeKept = "must-be-kept",
        /// The record is lost, and nobody can know.
        RecordLost = "record-lost",
    }
}

record! {
    pub struct KeyEvent {
        step: KeyStep,
        kind: KeyKind,
        key: KeyId,
        /// How many keys, where it is not one.
        keys: Option<Number>,
        /// Who says so, where two people have to.
        people: Vec<Person>,
        /// The approver who did it, where it is none of the bundle's identities.
        by: Option<Approver>,
        /// Why, where people have to say it.
        reason: Option<KeyReason>,
        statement: Option<Statement>,
    }
}

impl KeyEvent {
    /// A step of which nothing more is said yet.
    pub const fn new(step: KeyStep, kind: KeyKind, key: KeyId) -> Self {
        Self { step, kind, key, keys: None, people: Vec::new(), by: None, reason: None, statement: None }
    }
}

choice! {
    /// The part of Phiward concerned.
    pub enum Room = "a room" {
        Gateway = "gateway",
        Guard = "guard",
        Sync = "sync",
        Ledger = "ledger",
        Witness = "witness",
        Audit = "audit",
        Govern = "govern",
        Ai = "ai",
        Console = "console",
        Wire = "wire",
    }
}

choice! {
    /// What was set, or what was tended.
    pub enum Setting = "a setting" {
        Started = "started",
        Stopped = "stopped",
        Configured = "configured",
        Upgraded = "upgraded",
        LogOpened = "log-opened",
        LogSealed = "log-sealed",
        DirectoryChanged = "directory-changed",
        RetentionSet = "retention-set",
        HoldSet = "hold-set",
        HoldLifted = "hold-lifted",
        /// Entries of a log were deleted; the tree's hashes stay.
        EntriesDeleted = "entries-deleted",
        SpoolOpened = "spool-opened",
        SpoolReconciled = "spool-reconciled",
        /// The clock showed less than an entry that stood already.
        ClockWentBack = "clock-went-back",
        WitnessAdded = "witness-added",
        WitnessRemoved = "witness-removed",
        Restored = "restored",
    }
}

record! {
    /// Leaves of a log, from the first to before the end.
    pub struct LeafRange {
        first: Number,
        end: Number,
    }
}

record! {
    pub struct ConfigurationChange {
        room: Room,
        setting: Setting,
        /// Of the hold or the spool.
        id: Option<Uid>,
        /// The log concerned, by region, writer and class of retention.
        region: Option<Region>,
        writer: Option<Writer>,
        class: Option<Retained>,
        /// The first day of the log's period, as year times 100 and month.
        period: Option<Number>,
        leaves: Option<LeafRange>,
        before: Option<Digest>,
        after: Option<Digest>,
        /// For how many days entries are kept, from the day that they tell of.
        days: Option<Number>,
        /// By how many microseconds the clock went back.
        micros: Option<Number>,
        statement: Option<Statement>,
    }
}

impl ConfigurationChange {
    /// A change of which nothing more is said yet.
    pub const fn new(room: Room, setting: Setting) -> Self {
        Self {
            room,
            setting,
            id: None,
            region: None,
            writer: None,
            class: None,
            period: None,
            leaves: None,
            before: None,
            after: None,
            days: None,
            micros: None,
            statement: None,
        }
    }

    pub(super) fn contradiction(&self) -> Option<&'static str> {
        let empty = self.leaves.as_ref().is_some_and(|leaves| leaves.end <= leaves.first);
        empty.then_some("the range of leaves is empty")
    }
}
