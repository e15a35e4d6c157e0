//! Entries of a clinic that does not exist, that of `examples/harbor-health`: for trying a ledger out, and for tests.
//! The same number and seed give the same entries.

use jiff::{SignedDuration, Timestamp};
use policy::vocabulary::{Action, Class, Ground, Mask, Purpose};

use crate::Severity;
use crate::act::{
    Act, ApiCall, Approval, ApprovalWord, Block, Blocked, Call, ConfigurationChange, Decision,
    EvidenceOutcome, EvidenceRecord, Examined, FieldAccess, FindingSnapshot, FlowSnapshot, Grant,
    IncidentAct, IncidentStep, Inference, Interface, KeyEvent, KeyKind, KeyStep, Oversight, Person,
    PolicyChange, ReviewDecision, ReviewWord, Room, Scope, Setting, StandingFact, StandingKind, StandingWord,
    Statement, Tally,
};
use crate::clock::{Clock, Day, Moment, Number, Rng};
use crate::entry::{Behalf, Covered, Data, Entry, Outcome, Record, Touched};
use crate::names::{
    ApiName, Approver, Blinded, Ceiling, Code, ControlId, Correlation, Digest, Flow, Identity, KeyId,
    Missing, Model, Org, Party, RecordId, Region, Uid, Unfit, Version,
};
use crate::subject::{Pseudonym, Subject, TrailKey};

/// Patients of the clinic.
const PATIENTS: u64 = 5000;

/// Draws that only look as if they were drawn: SplitMix64. Never for what is real.
#[derive(Clone, Debug)]
pub struct Drawn(u64);

impl Drawn {
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    fn one_of<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        let at = self.below(of.len() as u64);
        of.get(usize::try_from(at).unwrap_or_default())
    }
}

impl Rng for Drawn {
    fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let drawn = self.next().to_le_bytes();
            chunk.iter_mut().zip(drawn).for_each(|(to, from)| *to = from);
        }
    }
}

/// A clock that stands until it is moved.
struct Standing(Timestamp);

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        self.0
    }
}

/// The first `number` entries of the clinic's days, by this seed.
pub fn sample(number: u64, seed: u64) -> impl Iterator<Item = Entry> {
    let mut clinic = Clinic::new(seed);
    // The names below keep to their forms, which a test holds them to.
    (0..number).filter_map(move |_| clinic.next().ok())
}

struct Clinic {
    drawn: Drawn,
    now: Timestamp,
    key: TrailKey,
    bundle: Digest,
}

impl Clinic {
    fn new(seed: u64) -> Self {
        let mut drawn = Drawn::new(seed);
        let key = TrailKey::random(&mut drawn);
        // 2 November 2026, six in the morning.
        let now = Timestamp::from_second(1_793_599_200).unwrap_or(Timestamp::UNIX_EPOCH);
        Self { bundle: Digest::of(b"bundle of the sample"), drawn, now, key }
    }

    fn next(&mut self) -> Result<Entry, Unfit> {
        let pause = self.drawn.below(900_000) + 1;
        self.now += SignedDuration::from_micros(i64::try_from(pause).unwrap_or(1));
        match self.drawn.below(1000) {
            0..=329 => self.access(),
            330..=629 => self.call(),
            630..=819 => self.decision(),
            820..=919 => self.inference(),
            920..=929 => self.key_event(),
            930..=932 => self.policy_change(),
            933..=939 => self.approval(),
            940..=946 => self.grant(),
            947..=951 => self.block(),
            952..=961 => self.standing_fact(),
            962..=971 => self.review(),
            972..=976 => self.findings(),
            977..=981 => self.flows(),
            982..=988 => self.evidence(),
            989..=993 => self.incident(),
            _ => self.configuration(),
        }
    }

    fn entry(&mut self, act: Act, outcome: Outcome) -> Entry {
        let clock = Standing(self.now);
        Entry { policy: Some(self.bundle), ..Entry::new(act, outcome, &clock, &mut self.drawn) }
    }

    fn number(&mut self, end: u64) -> Number {
        Number::of(self.drawn.below(end))
    }

    fn digest(&mut self) -> Digest {
        Digest::of(&self.drawn.next().to_le_bytes())
    }

    fn blinded(&mut self) -> Blinded {
        let mut nonce = [0; 32];
        self.drawn.fill(&mut nonce);
        Blinded::of(&nonce, b"")
    }

    fn statement(&mut self) -> Statement {
        Statement { id: Uid::random(&mut self.drawn), text: self.blinded() }
    }

    fn moment(&self, hours: i64) -> Moment {
        Moment::of(self.now.saturating_add(SignedDuration::from_hours(hours)).unwrap_or(self.now))
    }

    fn day(&self, days: i64) -> Result<Day, Unfit> {
        let at = self.moment(days * 24).timestamp();
        Day::of(at.to_zoned(jiff::tz::TimeZone::UTC).date()).ok_or(Unfit::new("a day"))
    }

    /// A person, and one of their records.
    fn patient(&mut self) -> Result<(Pseudonym, u64), Unfit> {
        let number = self.drawn.below(PATIENTS);
        let record = record("001", number)?;
        Ok((self.key.pseudonym(&Subject::of_record(&Org::shaped("production")?, &record)), number))
    }

    fn touched(&mut self) -> Result<Touched, Unfit> {
        let (subject, number) = self.patient()?;
        let id = record("0bY", number * 10 + self.drawn.below(10))?;
        Ok(Touched { record: Some(Record::Id(id)), subject: Some(subject) })
    }

    fn data(&mut self) -> Result<Data, Unfit> {
        const OBJECTS: [(&str, &[&str], &[&str]); 3] = [
            ("HealthCondition", &["Code", "Severity", "OnsetStartDateTime"], &["Note__c"]),
            ("Account", &["PersonBirthdate", "PersonMailingPostalCode", "Data_Region__pc"], &["SSN__pc"]),
            ("ClinicalEncounter", &["Status", "StartDate", "ServiceType__c"], &["Reason__c"]),
        ];
        let at = usize::try_from(self.drawn.below(3)).unwrap_or_default();
        let Some((object, fields, hidden)) = OBJECTS.get(at) else { return Err(Unfit::new("an object")) };
        let names = |all: &[&str]| all.iter().map(|name| ApiName::of(name)).collect::<Result<Vec<_>, _>>();
        let hidden = names(hidden)?;
        let masked = self.drawn.below(3) == 0;
        let mask = |field| Covered { field, mask: Some(Mask::Last4) };
        let records = if self.drawn.below(8) == 0 { 1 + self.drawn.below(12) } else { 1 };
        Ok(Data {
            object: ApiName::of(object)?,
            fields: names(fields)?,
            covered: if masked { hidden.iter().cloned().map(mask).collect() } else { Vec::new() },
            withheld: if masked { Vec::new() } else { hidden },
            unknown: None,
            touched: (0..records).map(|_| self.touched()).collect::<Result<_, _>>()?,
        })
    }

    fn lane(&mut self, entry: Entry) -> Result<Entry, Unfit> {
        type Lane = (&'static str, Option<(&'static str, &'static str)>, Purpose, Ground, &'static str);
        const LANES: [Lane; 5] = [
            ("ehr-sync", Some(("coastline-ehr", "ehr-charts")), Purpose::Treatment, Ground::Baa, "us"),
            ("lab-orders", Some(("northlab", "lab-orders")), Purpose::Treatment, Ground::Baa, "eu"),
            ("claims-outbound", Some(("clearpath", "claims")), Purpose::Payment, Ground::Baa, "us"),
            ("check-in", Some(("pierhead", "check-in")), Purpose::Operations, Ground::Baa, "us"),
            ("clinicians", None, Purpose::Treatment, Ground::TreatmentProvider, "eu"),
        ];
        let Some(&(who, to, purpose, ground, region)) = self.drawn.one_of(&LANES) else {
            return Ok(entry);
        };
        let user = 5 + self.drawn.below(60);
        let behalf = if who == "check-in" { Some(Behalf::Subject(self.patient()?.0)) } else { None };
        Ok(Entry {
            who: Some(Identity::shaped(who)?),
            user: Some(record("005", user)?),
            behalf,
            party: to.map(|(party, _)| Party::shaped(party)).transpose()?,
            org: Some(Org::shaped("production")?),
            flow: to.map(|(_, flow)| Flow::shaped(flow)).transpose()?,
            purpose: Some(purpose),
            grounds: vec![ground],
            region: Some(Region::shaped(region)?),
            correlation: Some(Correlation::random(&mut self.drawn)),
            ..entry
        })
    }

    fn access(&mut self) -> Result<Entry, Unfit> {
        const ACTIONS: [Action; 4] = [Action::Read, Action::Read, Action::Send, Action::Write];
        let action = self.drawn.one_of(&ACTIONS).copied().unwrap_or(Action::Read);
        let data = vec![self.data()?];
        let entry = self.entry(Act::FieldAccess(FieldAccess { action, rows: None }), Outcome::Done);
        self.lane(Entry { data, ..entry })
    }

    fn call(&mut self) -> Result<Entry, Unfit> {
        const INTERFACES: [Interface; 4] =
            [Interface::Rest, Interface::Rest, Interface::Bulk, Interface::PubSub];
        let interface = self.drawn.one_of(&INTERFACES).copied().unwrap_or(Interface::Rest);
        let call = match interface {
            Interface::Bulk => Call::Extract,
            Interface::PubSub => Call::Subscribe,
            _ => Call::Query,
        };
        let act = ApiCall {
            interface,
            call,
            status: Some(Number::of(200)),
            rows: Some(self.number(200)),
            request: Some(self.number(900)),
            response: Some(self.number(90_000)),
            micros: Some(self.number(400_000)),
        };
        let entry = self.entry(Act::ApiCall(act), Outcome::Done);
        self.lane(entry)
    }

    fn decision(&mut self) -> Result<Entry, Unfit> {
        let (outcome, reasons, missing) = match self.drawn.below(10) {
            0 => (Outcome::Denied, vec![Code::shaped("agreement-expired")?], Vec::new()),
            1 => (Outcome::Undetermined, Vec::new(), vec![Missing::shaped("subject-region")?]),
            _ => (Outcome::Done, Vec::new(), Vec::new()),
        };
        let until = (outcome == Outcome::Done).then(|| self.moment(1));
        let data = vec![self.data()?];
        let act = Act::Decision(Decision { action: Action::Send, reasons, missing, until });
        let entry = self.entry(act, outcome);
        self.lane(Entry { data, ..entry })
    }

    fn inference(&mut self) -> Result<Entry, Unfit> {
        let act = Inference {
            model: Model::shaped("visit-summary")?,
            build: Some(Digest::of(b"model of the sample")),
            prompt: self.blinded(),
            output: Some(self.blinded()),
            given: Some(self.number(4000)),
            returned: Some(self.number(800)),
            micros: Some(self.number(4_000_000)),
            oversight: Oversight::Reviewed,
        };
        let data = vec![self.data()?];
        let entry = self.entry(Act::Inference(act), Outcome::Done);
        self.lane(Entry { data, ..entry })
    }

    fn key_event(&mut self) -> Result<Entry, Unfit> {
        const STEPS: [KeyStep; 3] = [KeyStep::Created, KeyStep::Rotated, KeyStep::Shredded];
        let step = self.drawn.one_of(&STEPS).copied().unwrap_or(KeyStep::Created);
        let key = KeyId::random(&mut self.drawn);
        Ok(self.entry(Act::KeyEvent(KeyEvent::new(step, KeyKind::Trail, key)), Outcome::Done))
    }

    fn policy_change(&mut self) -> Result<Entry, Unfit> {
        let before = Some(self.bundle);
        self.bundle = self.digest();
        let approvers = vec![Approver::shaped("mara-voss")?, Approver::shaped("idris-calloway")?];
        let act = PolicyChange { before, approvers, widens: Some(self.number(4)) };
        Ok(self.entry(Act::PolicyChange(act), Outcome::Done))
    }

    fn approval(&mut self) -> Result<Entry, Unfit> {
        let act = Approval {
            by: Approver::shaped("mara-voss")?,
            what: self.digest(),
            word: ApprovalWord::Approved,
            until: Some(self.moment(720)),
            statement: Some(self.statement()),
        };
        Ok(self.entry(Act::Approval(act), Outcome::Done))
    }

    fn grant(&mut self) -> Result<Entry, Unfit> {
        let act = Grant {
            id: Uid::random(&mut self.drawn),
            ceiling: Ceiling::shaped("emergency")?,
            to: Identity::shaped("clinicians")?,
            purpose: Purpose::Treatment,
            subject: Some(self.patient()?.0),
            from: self.moment(0),
            until: self.moment(4),
            approvers: vec![Approver::shaped("idris-calloway")?],
            revoked: None,
            statement: Some(self.statement()),
        };
        Ok(self.entry(Act::Grant(act), Outcome::Done))
    }

    fn block(&mut self) -> Result<Entry, Unfit> {
        let act = Block {
            id: Uid::random(&mut self.drawn),
            what: Blocked::Party(Party::shaped("sunbeam")?),
            from: self.day(0)?,
            until: None,
            by: Some(Person::Approver(Approver::shaped("mara-voss")?)),
            statement: Some(self.statement()),
        };
        Ok(self.entry(Act::Block(act), Outcome::Done))
    }

    fn standing_fact(&mut self) -> Result<Entry, Unfit> {
        let kind = self.drawn.one_of(StandingKind::ALL).copied().unwrap_or(StandingKind::Consent);
        let act = StandingFact {
            id: Uid::random(&mut self.drawn),
            kind,
            word: StandingWord::Given,
            subject: self.patient()?.0,
            scope: Some(Scope {
                parties: vec![Party::shaped("northlab")?],
                purposes: vec![Purpose::Research],
                classes: vec![Class::Phi],
            }),
            from: self.day(0)?,
            until: Some(self.day(365)?),
            document: Some(self.blinded()),
        };
        Ok(self.entry(Act::StandingFact(act), Outcome::Done))
    }

    fn review(&mut self) -> Result<Entry, Unfit> {
        const WORDS: [ReviewWord; 3] = [ReviewWord::Certify, ReviewWord::Reduce, ReviewWord::Revoke];
        let word = self.drawn.one_of(&WORDS).copied().unwrap_or(ReviewWord::Certify);
        let user = 5 + self.drawn.below(60);
        let act = ReviewDecision {
            campaign: Uid::random(&mut self.drawn),
            roster: self.digest(),
            of: Person::User(record("005", user)?),
            object: ApiName::of("HealthCondition")?,
            field: Some(ApiName::of("Note__c")?),
            by: Person::Approver(Approver::shaped("idris-calloway")?),
            word,
            until: None,
            statement: Some(self.statement()),
        };
        Ok(self.entry(Act::ReviewDecision(act), Outcome::Done))
    }

    fn findings(&mut self) -> Result<Entry, Unfit> {
        let mut tallies = Vec::new();
        for severity in Severity::ALL {
            tallies.push(Tally { severity, counted: self.number(30), accepted: self.number(4) });
        }
        let act = FindingSnapshot {
            report: self.digest(),
            source: self.digest(),
            version: Version::of("0.1.0")?,
            tallies,
            gaps: self.number(20),
        };
        Ok(self.entry(Act::FindingSnapshot(act), Outcome::Done))
    }

    fn flows(&mut self) -> Result<Entry, Unfit> {
        let act = FlowSnapshot {
            report: self.digest(),
            from: self.moment(-24),
            to: self.moment(0),
            declared: Number::of(12),
            found: Number::of(11),
            observed: Number::of(9),
            undeclared: self.number(2),
            unused: self.number(3),
        };
        Ok(self.entry(Act::FlowSnapshot(act), Outcome::Done))
    }

    fn evidence(&mut self) -> Result<Entry, Unfit> {
        let act = EvidenceRecord {
            of: Examined::LedgerCheck,
            controls: vec![ControlId::shaped("hipaa-sec-312b")?],
            collector: Room::Ledger,
            version: Version::of("0.1.0")?,
            source: self.digest(),
            document: self.digest(),
            from: self.moment(-24),
            to: self.moment(0),
            seen: self.number(1_000_000),
            result: EvidenceOutcome::InOrder,
        };
        Ok(self.entry(Act::Evidence(act), Outcome::Done))
    }

    fn incident(&mut self) -> Result<Entry, Unfit> {
        let step = self.drawn.one_of(IncidentStep::ALL).copied().unwrap_or(IncidentStep::Opened);
        let act = IncidentAct {
            id: Uid::random(&mut self.drawn),
            step,
            at: Some(self.moment(-2)),
            people: Some(self.number(600)),
            statement: Some(self.statement()),
        };
        Ok(self.entry(Act::IncidentAct(act), Outcome::Done))
    }

    fn configuration(&mut self) -> Result<Entry, Unfit> {
        let change = ConfigurationChange {
            before: Some(self.digest()),
            after: Some(self.digest()),
            ..ConfigurationChange::new(Room::Gateway, Setting::Configured)
        };
        Ok(self.entry(Act::ConfigurationChange(change), Outcome::Done))
    }
}

/// A record id of the clinic's org: the object's prefix, the instance, a zero and a number in base 62.
fn record(prefix: &str, number: u64) -> Result<RecordId, Unfit> {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut rest = number.wrapping_mul(2_654_435_761) % 62_u64.pow(8);
    let mut text = format!("{prefix}Hs0");
    for _ in 0..9 {
        let at = usize::try_from(rest % 62).unwrap_or_default();
        text.push(char::from(DIGITS.get(at).copied().unwrap_or(b'0')));
        rest /= 62;
    }
    RecordId::of(&text)
}
