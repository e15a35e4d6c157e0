//! One way a question can go: a declared flow that it may use, or none.

use jiff::civil::Date;

use super::facts::{
    BlockState, Case, Consented, Declared, Facts, ModelState, NetworkState, Objected, Proof, RecordOf,
    RegionState, Restricted, Seen, Target, TlsState, TransferState, Who,
};
use super::proof;
use super::request::{Request, Tls};
use super::standing::{Blocked, Days, Grant, Scope, Standing};
use crate::bundle::flow::{DeclaredFlow, RegionRule};
use crate::bundle::party::Party;
use crate::model::Policy;
use crate::vocabulary::{Action, AudienceKind, Class, Ground, Purpose, Regime, Region, Tag, Transport};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Lane<'a> {
    pub(crate) policy: &'a Policy,
    pub(crate) standing: &'a Standing,
    pub(crate) request: &'a Request,
    pub(crate) who: Who<'a>,
    pub(crate) target: Option<Target<'a>>,
    /// Who receives, where that is not the organisation itself.
    pub(crate) party: Option<&'a Party>,
    pub(crate) flow: Option<&'a DeclaredFlow>,
    pub(crate) declared: Declared,
    pub(crate) purpose: Option<Purpose>,
    pub(crate) on: Date,
    /// Legal regions that the person can have, as far as known.
    pub(crate) subject_regions: &'a [Region],
}

impl<'a> Lane<'a> {
    /// The field in this lane, with every fact that a rule may read.
    pub(crate) fn case(&self, field: &'a Seen) -> Case<'a> {
        let personal = field.class.is_personal();
        let facts = Facts {
            proof: if personal {
                self.over_regions(|r| proof::of_ground(self, field, r))
            } else {
                Proof::NotNeeded
            },
            processor: self.over_regions(|r| proof::of_processor(self, field, r)),
            transfer: if personal { self.transfer() } else { TransferState::NotNeeded },
            region: if personal { self.region() } else { RegionState::Allowed },
            restriction: if personal { self.restriction(field) } else { Restricted::None },
            objection: if personal { self.objection(field) } else { Objected::None },
            consent: if personal { self.consent(field) } else { Consented::NotNeeded },
            block: self.block(personal),
            network: self.network(),
            tls: if personal { self.tls() } else { TlsState::NotApplicable },
            record_of: if personal { self.record_of() } else { RecordOf::NotApplicable },
            model_state: self.model_state(field),
        };
        let (object, name) = field.name.split_once('.').unwrap_or((&field.object, "*"));
        Case {
            who: self.who,
            action: self.request.action,
            field,
            target: self.target,
            party: self.party,
            flow: self.flow,
            purpose: self.purpose,
            declared: self.declared,
            in_minimum_set: self.flow.is_none_or(|flow| flow.carries(object, name)),
            minimum_is_law: self.flow.is_some_and(DeclaredFlow::minimum_is_law)
                && self.policy.under_hipaa()
                && field.class.is_phi(),
            purpose_allowed: self.purpose_allowed(),
            granted: self.grant(field).is_some(),
            facts,
            at: self.request.at,
            network: self.request.network,
            subject_region: match self.subject_regions {
                [only] => Some(only),
                _ => None,
            },
        }
    }

    /// The same in every region that the person can have, or unknown.
    fn over_regions(&self, of: impl Fn(&Region) -> Proof) -> Proof {
        let mut all = self.subject_regions.iter().map(of);
        let Some(first) = all.next() else { return Proof::Unknown };
        let mut failed = !first.holds() && first != Proof::Unknown;
        let mut worst = first;
        for next in all {
            failed &= !next.holds() && next != Proof::Unknown;
            worst = match (worst.holds(), next.holds()) {
                (true, true) => worst.max(next),
                (false, false) => proof::worst(worst, next),
                _ => Proof::Unknown,
            };
        }
        // It fails in each region, though in different ways: it fails.
        if failed || worst.holds() || self.subject_regions.len() == 1 { worst } else { Proof::Unknown }
    }

    fn purpose_allowed(&self) -> bool {
        match (self.who, self.purpose) {
            (Who::Identity(identity), Some(purpose)) => {
                identity.purposes.iter().any(|own| own.value == purpose)
            }
            (Who::Identity(identity), None) => !identity.purposes.is_empty(),
            (Who::Audience(_) | Who::Unknown, _) => true,
        }
    }

    /// The grant that covers this field, within its ceiling.
    pub(crate) fn grant(&self, field: &Seen) -> Option<&'a Grant> {
        let (purpose, at) = (self.purpose?, self.request.at);
        let subject = self.request.subject.pseudonym.as_deref();
        self.standing.grants.iter().find(|grant| {
            let Some(ceiling) = self.policy.ceiling(&grant.ceiling) else { return false };
            let seconds = grant.until.as_second().saturating_sub(grant.from.as_second());
            let mut people: Vec<&str> =
                grant.approved_by.iter().map(String::as_str).filter(|by| *by != grant.who).collect();
            people.sort_unstable();
            people.dedup();
            grant.who == self.who.id()
                && grant.purpose == purpose
                && grant.from <= at
                && at < grant.until
                && u64::try_from(seconds).is_ok_and(|seconds| seconds <= ceiling.lasting.seconds())
                && people.len() >= ceiling.approvals.value as usize
                && grant.subject.as_deref().is_none_or(|whose| subject == Some(whose))
                && ceiling.who.iter().any(|who| who.as_str() == grant.who)
                && ceiling.actions.iter().any(|action| action.value == self.request.action)
                && ceiling.classes.iter().any(|class| class.value == field.class)
                && ceiling.purposes.iter().any(|own| own.value == purpose)
        })
    }

    /// Regions where the receiver processes: as the bundle says, narrowed to the one asked for where that lies
    /// within them. One that does not lie there stands beside them, so that transfers are judged on all.
    pub(crate) fn receiver_regions(&self) -> Vec<&'a Region> {
        let mut declared = self.declared_regions();
        match &self.request.region {
            Some(_) if self.region_elsewhere().is_none() => self.request.region.iter().collect(),
            asked => {
                declared.extend(asked);
                declared
            }
        }
    }

    /// The region asked for, where the bundle says of the receiver that it processes in others only. A bundle
    /// that says nothing of it leaves it to the asker.
    pub(crate) fn region_elsewhere(&self) -> Option<&'a Region> {
        let declared = self.declared_regions();
        let asked = self.request.region.as_ref()?;
        let fits = declared.is_empty() || declared.iter().any(|own| asked.within(own));
        (!fits).then_some(asked)
    }

    fn declared_regions(&self) -> Vec<&'a Region> {
        match self.target {
            Some(Target::Model(model, _)) if model.region.is_some() => {
                model.region.iter().map(|region| &region.value).collect()
            }
            Some(Target::Org(org)) => org.region.iter().map(|region| &region.value).collect(),
            _ => self.party.iter().flat_map(|party| &party.regions).map(|region| &region.value).collect(),
        }
    }

    /// Whether data goes to someone or somewhere of which a region can be asked.
    fn goes_out(&self) -> bool {
        self.party.is_some() || matches!(self.target, Some(Target::Model(..) | Target::Org(_)))
    }

    fn transfer(&self) -> TransferState {
        if self.party.is_none() {
            return TransferState::NotNeeded;
        }
        let receivers = self.receiver_regions();
        let in_one = |subject: &Region| {
            let regime = subject.regime();
            if regime == Regime::Other {
                return TransferState::NotNeeded;
            }
            let covered = self.party.is_some_and(|party| party.transfer_instrument(self.on).is_some());
            let third = receivers.iter().any(|receiver| receiver.regime() != regime);
            match (receivers.is_empty(), third, covered) {
                (true, _, false) => TransferState::Unknown,
                (_, _, true) => TransferState::Covered,
                (_, false, false) => TransferState::NotNeeded,
                (_, true, false) => TransferState::Uncovered,
            }
        };
        let fine = |state: TransferState| matches!(state, TransferState::NotNeeded | TransferState::Covered);
        let mut states = self.subject_regions.iter().map(in_one);
        let Some(first) = states.next() else { return TransferState::Unknown };
        states.fold(first, |all, next| match (fine(all), fine(next)) {
            (true, true) => all,
            (false, false) if all == next => all,
            _ => TransferState::Unknown,
        })
    }

    fn region(&self) -> RegionState {
        let listed = self.policy.regions();
        let unlisted =
            |region: &Region| !listed.is_empty() && !listed.iter().any(|own| region.within(&own.value));
        if let Some(region) = &self.request.subject.region
            && unlisted(region)
        {
            return RegionState::Unlisted;
        }
        let Some(flow) = self.flow.filter(|_| self.goes_out()) else { return RegionState::Allowed };
        if self.region_elsewhere().is_some() {
            return RegionState::Wrong;
        }
        let receivers = self.receiver_regions();
        let judge = |allowed: &dyn Fn(&Region) -> bool| {
            let fitting = receivers.iter().filter(|region| allowed(region)).count();
            match (receivers.len(), fitting) {
                (0, _) => RegionState::Unknown,
                (all, fitting) if all == fitting => RegionState::Allowed,
                (_, 0) => RegionState::Wrong,
                _ => RegionState::Unknown,
            }
        };
        match flow.region.as_ref().map(|rule| &rule.value) {
            Some(RegionRule::Any) => RegionState::Allowed,
            Some(RegionRule::In(list)) => {
                judge(&|receiver| list.iter().any(|own| receiver.within(&own.value)))
            }
            Some(RegionRule::SameAsSubject) | None => {
                let mut states = self.subject_regions.iter().map(|s| judge(&|r: &Region| r.within(s)));
                let Some(first) = states.next() else { return RegionState::Unknown };
                states.fold(first, |all, next| if all == next { all } else { RegionState::Unknown })
            }
        }
    }

    /// Whether a standing fact about some subject concerns this one: yes, no, or not known.
    fn concerns<T>(
        &self,
        all: &[T],
        matches: impl Fn(&T) -> bool,
        subject: impl Fn(&T) -> &str,
    ) -> Option<bool> {
        let mut matching = all.iter().filter(|one| matches(one));
        match &self.request.subject.pseudonym {
            Some(own) if matching.any(|one| subject(one) == own) => Some(true),
            None if matching.next().is_some() => None,
            _ => self.standing.is_complete().then_some(false),
        }
    }

    fn in_scope(&self, scope: &Scope, days: Days, field: &Seen) -> bool {
        let party = self.party.map(|party| party.id.as_str());
        days.hold(self.on) && scope.may_hold(party, self.purpose, field.class)
    }

    fn restriction(&self, field: &Seen) -> Restricted {
        // 164.522(a)(1)(v): a restriction does not stop what 164.512 permits, law and public health among it;
        // and what a person restricts is treatment, payment and operations, never their own access
        // (164.522(a)(1)(i)), for whatever purpose they look.
        let purposes = [Purpose::RequiredByLaw, Purpose::PublicHealth, Purpose::IndividualAccess];
        let exempt = self.purpose.is_some_and(|purpose| purposes.contains(&purpose))
            || self.record_of() == RecordOf::Own;
        let emergency = self.grant(field).is_some_and(|grant| {
            self.policy.ceiling(&grant.ceiling).is_some_and(|ceiling| ceiling.emergency)
                && self.purpose == Some(Purpose::Treatment)
        });
        if exempt || emergency {
            return Restricted::None;
        }
        let matches = |one: &super::standing::Restriction| self.in_scope(&one.scope, one.days, field);
        match self.concerns(&self.standing.restrictions, matches, |one| &one.subject) {
            Some(true) => Restricted::InForce,
            Some(false) => Restricted::None,
            None => Restricted::Unknown,
        }
    }

    fn objection(&self, field: &Seen) -> Objected {
        // The right to object concerns these only: GDPR Art. 21(1) and (2).
        let by_right = self.purpose == Some(Purpose::Marketing)
            || self
                .flow
                .is_some_and(|flow| flow.has_ground(Ground::Gdpr6_1E) || flow.has_ground(Ground::Gdpr6_1F));
        // For the organisation's own use no ground is declared: it can be one of these, save where the purpose
        // itself says that it is not, or the persons look at their own record.
        let other_basis =
            [Purpose::Treatment, Purpose::Payment, Purpose::RequiredByLaw, Purpose::IndividualAccess];
        let can_be = by_right
            || (self.flow.is_none()
                && self.record_of() != RecordOf::Own
                && !self.purpose.is_some_and(|purpose| other_basis.contains(&purpose)));
        // Who wrote down an objection to named purposes has judged that it holds for these.
        let matches = |one: &super::standing::Objection| {
            (can_be || one.scope.purposes.is_some()) && self.in_scope(&one.scope, one.days, field)
        };
        match self.concerns(&self.standing.objections, matches, |one| &one.subject) {
            Some(true) => Objected::InForce,
            Some(false) => Objected::None,
            None if !by_right && self.standing.objections.is_empty() => Objected::None,
            None => Objected::Unknown,
        }
    }

    fn consent(&self, field: &Seen) -> Consented {
        let Some(flow) = self.flow.filter(|_| self.party.is_some()) else { return Consented::NotNeeded };
        let basis = flow.has_ground(Ground::Gdpr6_1A) || flow.has_ground(Ground::Gdpr9_2A);
        let in_gdpr = |region: &Region| region.regime() != Regime::Other;
        // 42 CFR 2.12(c)(4), 2.31, 2.33: a service organisation whose agreement holds, or the person, needs none.
        let serves = flow.has_ground(Ground::Baa)
            && self.party.is_some_and(|party| proof::of_associate(self, party, field) == Proof::Proved);
        let part2 = field.tags.contains(&Tag::Part2) && !serves && !flow.has_ground(Ground::Individual);
        let by_basis = basis && self.subject_regions.iter().any(in_gdpr);
        if !part2 && !by_basis {
            return Consented::NotNeeded;
        }
        let only_there = part2 || self.subject_regions.iter().all(in_gdpr);
        let party = self.party.map(|party| party.id.as_str());
        let holds = |one: &super::standing::Consent| {
            one.in_force(self.on) && one.scope.holds(party, self.purpose, field.class)
        };
        let consents = &self.standing.consents;
        let given = match &self.request.subject.pseudonym {
            Some(own) if consents.iter().any(|one| one.subject == *own && holds(one)) => Some(true),
            Some(_) => self.standing.is_complete().then_some(false),
            None if consents.iter().any(holds) => None,
            None => self.standing.is_complete().then_some(false),
        };
        match given {
            Some(true) => Consented::Given,
            Some(false) if only_there => Consented::Missing,
            _ => Consented::Unknown,
        }
    }

    fn block(&self, personal: bool) -> BlockState {
        let blocked = self.standing.blocks.iter().any(|block| {
            block.days.hold(self.on)
                && match &block.what {
                    Blocked::Who(id) => id == self.who.id(),
                    Blocked::Party(id) => self.party.is_some_and(|party| party.id.as_str() == id),
                    Blocked::Model(id) => {
                        matches!(self.target, Some(Target::Model(model, _)) if model.id.as_str() == id)
                    }
                    Blocked::Flow(id) => self.flow.is_some_and(|flow| flow.id.as_str() == id),
                }
        });
        match (blocked, self.standing.is_complete() || !personal) {
            (true, _) => BlockState::Blocked,
            (false, true) => BlockState::None,
            (false, false) => BlockState::Unknown,
        }
    }

    fn network(&self) -> NetworkState {
        let Who::Identity(identity) = self.who else { return NetworkState::NotApplicable };
        if identity.networks.is_empty() {
            return NetworkState::NotApplicable;
        }
        match self.request.network {
            None => NetworkState::Unknown,
            Some(address) if identity.networks.iter().any(|own| own.contains(address)) => {
                NetworkState::Allowed
            }
            Some(_) => NetworkState::Outside,
        }
    }

    fn tls(&self) -> TlsState {
        let transport = self.flow.and_then(|flow| flow.transport.as_ref()).map(|one| one.value);
        match transport {
            None | Some(Transport::Https | Transport::Mtls) => {}
            Some(_) => return TlsState::NotApplicable,
        }
        match self.request.tls {
            None => TlsState::Unknown,
            Some(Tls::Plain) => TlsState::None,
            Some(Tls::Old) => TlsState::Weak,
            Some(Tls::V1_2 | Tls::V1_3) => TlsState::Strong,
        }
    }

    fn record_of(&self) -> RecordOf {
        let portal = matches!(self.who, Who::Audience(one) if one.kind.value == AudienceKind::Portal);
        if !portal || !matches!(self.request.action, Action::Read | Action::Write) {
            return RecordOf::NotApplicable;
        }
        match self.request.subject.is_receiver {
            Some(true) => RecordOf::Own,
            Some(false) => RecordOf::Others,
            None => RecordOf::Unknown,
        }
    }

    fn model_state(&self, field: &Seen) -> ModelState {
        let Some(Target::Model(model, _)) = self.target else { return ModelState::NotApplicable };
        // Everyone may have what is public, a model too.
        if field.class == Class::Public {
            return ModelState::NotApplicable;
        }
        let withdrawn =
            self.standing.withdrawals.iter().any(|one| one.model == model.id.as_str() && one.from <= self.on);
        let approved = model.approvals.iter().any(|one| one.on.value <= self.on);
        let purpose = self.purpose.is_none_or(|p| model.purposes.iter().any(|own| own.value == p));
        if withdrawn || !approved {
            ModelState::Unapproved
        } else if !model.classes.iter().any(|class| class.value == field.class) {
            ModelState::ClassNotAllowed
        } else if !purpose {
            ModelState::PurposeNotAllowed
        } else {
            ModelState::Approved
        }
    }
}
