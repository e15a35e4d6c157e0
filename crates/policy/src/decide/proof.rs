//! Whether a ground holds: its conditions, one by one, as the law has them.

use jiff::civil::Date;

use super::facts::{Proof, Seen};
use super::lane::Lane;
use super::standing::Standing;
use crate::bundle::agreement::{AgreementState, Coverage};
use crate::bundle::party::Party;
use crate::vocabulary::{AgreementKind, Ground, Identifier, Mask, PartyRole, Purpose, Regime, Region, Tag};

/// The best of several: any one proves.
fn best(all: impl Iterator<Item = Proof>) -> Option<Proof> {
    all.min()
}

/// The worst of several: each must prove. What is known to fail comes before what is not known.
pub(super) fn worst(a: Proof, b: Proof) -> Proof {
    match (a.holds(), b.holds()) {
        (true, _) => b,
        (_, true) => a,
        _ if a == Proof::Unknown => b,
        _ if b == Proof::Unknown => a,
        // Both fail: what can be mended by an agreement is told first.
        _ => a.min(b),
    }
}

/// How the ground of a disclosure stands, for a person of `region`.
pub(super) fn of_ground(lane: &Lane<'_>, field: &Seen, region: &Region) -> Proof {
    let (Some(party), Some(flow)) = (lane.party, lane.flow) else { return Proof::NotNeeded };
    if !field.class.is_personal() {
        return Proof::NotNeeded;
    }
    let named = || flow.ground.iter().map(|ground| ground.value);
    let prove = |ground: Ground| by_hipaa(ground, lane, party, field);
    if by_authorisation_only(lane, field, region) {
        let special = named().filter(|ground| without_agreement(*ground, lane)).map(prove);
        return best(special).unwrap_or(Proof::AuthorisationMissing);
    }
    let by_hipaa = best(named().filter(|g| !g.is_gdpr()).map(prove));
    if region.regime() == Regime::Other {
        let hipaa_asks = field.class.is_phi() && lane.policy.under_hipaa();
        return match by_hipaa {
            Some(proof) if field.class.is_phi() => proof,
            Some(_) => Proof::NotNeeded,
            None if hipaa_asks => Proof::Unproved,
            None => by_gdpr(lane, field),
        };
    }
    let for_the_controller = party.has_role(PartyRole::Processor) || party.has_role(PartyRole::Subprocessor);
    let gdpr = match named().any(Ground::is_gdpr) {
        true => by_gdpr(lane, field),
        // What a processor does is the controller's own processing, on the controller's basis: what the
        // disclosure needs is the agreement of Art. 28(3), judged apart.
        false if for_the_controller => Proof::NotNeeded,
        false => Proof::BasisMissing,
    };
    worst(by_hipaa.filter(|_| field.class.is_phi()).unwrap_or(Proof::NotNeeded), gdpr)
}

/// Psychotherapy notes (45 CFR 164.508(a)(2)) and marketing (164.508(a)(3)) go out by authorisation only.
fn by_authorisation_only(lane: &Lane<'_>, field: &Seen, region: &Region) -> bool {
    let hipaa = lane.policy.under_hipaa() && region.regime() == Regime::Other && field.class.is_phi();
    let notes = field.tags.contains(&Tag::Psychotherapy);
    hipaa && (notes || lane.purpose == Some(Purpose::Marketing))
}

/// The grounds that count for them: the authorisation, the person themself, and for notes what law requires
/// (164.508(a)(2)(ii) with 164.512(a); public health, 164.512(b), is not among its exceptions). No agreement
/// stands in for these.
fn without_agreement(ground: Ground, lane: &Lane<'_>) -> bool {
    match ground {
        Ground::Authorisation | Ground::Individual => true,
        Ground::RequiredByLaw => lane.purpose == Some(Purpose::RequiredByLaw),
        _ => false,
    }
}

fn by_hipaa(ground: Ground, lane: &Lane<'_>, party: &Party, field: &Seen) -> Proof {
    match ground {
        Ground::Baa => of_associate(lane, party, field),
        // 164.506(c)(2): treatment by a provider; (c)(3): payment of a provider or covered entity.
        Ground::TreatmentProvider => {
            let treats = lane.purpose == Some(Purpose::Treatment) && party.has_role(PartyRole::Provider);
            let is_paid = lane.purpose == Some(Purpose::Payment)
                && (party.has_role(PartyRole::Provider) || party.has_role(PartyRole::CoveredEntity));
            if treats || is_paid { Proof::Proved } else { Proof::Unproved }
        }
        Ground::Authorisation => authorised(lane, party, field),
        Ground::RequiredByLaw => {
            let purpose = matches!(lane.purpose, Some(Purpose::RequiredByLaw | Purpose::PublicHealth));
            let cited = lane.flow.is_some_and(|flow| flow.law.is_some());
            if purpose && cited { Proof::Proved } else { Proof::Unproved }
        }
        // 164.502(a)(1)(i), 164.524; or to whom the person directs in writing: 164.524(c)(3)(ii).
        Ground::Individual => match lane.request.subject.is_receiver {
            Some(true) => Proof::Proved,
            known => match authorised(lane, party, field) {
                Proof::Proved => Proof::Proved,
                Proof::Unknown => Proof::Unknown,
                _ if known.is_none() => Proof::Unknown,
                _ => Proof::Unproved,
            },
        },
        Ground::LimitedDataSet => limited_data_set(lane, party, field),
        _ => Proof::Unproved,
    }
}

/// The business associate agreement of 45 CFR 164.504(e).
pub(super) fn of_associate(lane: &Lane<'_>, party: &Party, field: &Seen) -> Proof {
    agreement(party, AgreementKind::Baa, field, lane.purpose, lane.on)
}

fn authorised(lane: &Lane<'_>, party: &Party, field: &Seen) -> Proof {
    let standing: &Standing = lane.standing;
    let holds = |subject: &str| {
        standing.authorisations.iter().any(|one| {
            one.subject == subject
                && one.in_force(lane.on)
                && one.scope.holds(Some(party.id.as_str()), lane.purpose, field.class)
        })
    };
    match &lane.request.subject.pseudonym {
        Some(subject) if holds(subject) => Proof::Proved,
        Some(_) if standing.is_complete() => Proof::AuthorisationMissing,
        None if standing.is_complete() && standing.authorisations.is_empty() => Proof::AuthorisationMissing,
        _ => Proof::Unknown,
    }
}

/// 45 CFR 164.514(e): for research, public health or operations, the direct identifiers of (e)(2) removed,
/// under a data use agreement.
fn limited_data_set(lane: &Lane<'_>, party: &Party, field: &Seen) -> Proof {
    let purposes = [Purpose::Research, Purpose::PublicHealth, Purpose::Operations];
    if !lane.purpose.is_some_and(|purpose| purposes.contains(&purpose)) {
        return Proof::Unproved;
    }
    if kept_out(field).is_some() {
        return Proof::DirectIdentifier;
    }
    agreement(party, AgreementKind::Dua, field, lane.purpose, lane.on)
}

/// What the field may hold, in some record, that a limited data set may not: nothing where all may stay.
pub(super) fn kept_out(field: &Seen) -> Option<Option<Identifier>> {
    let may_stay = |kind: &Option<Identifier>| match kind {
        // Town, state and postal code may stay, the street not; only a postal code's mask says which it is.
        Some(Identifier::Geographic) => field.mask == Some(Mask::Zip3),
        Some(Identifier::Date | Identifier::Clinical | Identifier::Other) => true,
        Some(_) => false,
        // Nobody has said what the field holds.
        None => false,
    };
    let mut out = field.kinds.iter().copied().filter(|kind| !may_stay(kind));
    let first = out.next()?;
    Some(first.or_else(|| out.flatten().next()))
}

/// The GDPR grounds that the flow names: a basis of Art. 6(1), and for data concerning health an exception of
/// Art. 9(2) too, the conditions of each met. Consent is judged apart.
fn by_gdpr(lane: &Lane<'_>, field: &Seen) -> Proof {
    let Some(flow) = lane.flow else { return Proof::BasisMissing };
    let named = || flow.ground.iter().map(|ground| ground.value);
    let basis = named().any(Ground::is_gdpr_basis);
    let exception = named().any(Ground::is_gdpr_exception) || !field.class.is_phi();
    if !basis || !exception {
        return Proof::BasisMissing;
    }
    let law = flow.law.is_some();
    let fits = |ground: Ground| match ground {
        Ground::Gdpr9_2H => {
            matches!(lane.purpose, Some(Purpose::Treatment | Purpose::Operations | Purpose::Payment))
        }
        Ground::Gdpr9_2I => lane.purpose == Some(Purpose::PublicHealth),
        Ground::Gdpr9_2J => matches!(lane.purpose, Some(Purpose::Research | Purpose::Analytics)),
        _ => true,
    };
    let proved = named().all(|ground| fits(ground) && (law || !(ground.is_gdpr() && ground.needs_law())));
    if proved { Proof::Proved } else { Proof::Unproved }
}

/// The data processing agreement of GDPR Art. 28(3), where a processor receives data of a person there.
pub(super) fn of_processor(lane: &Lane<'_>, field: &Seen, region: &Region) -> Proof {
    let Some(party) = lane.party else { return Proof::NotNeeded };
    let processor = party.has_role(PartyRole::Processor) || party.has_role(PartyRole::Subprocessor);
    if region.regime() == Regime::Other || !processor || !field.class.is_personal() {
        return Proof::NotNeeded;
    }
    agreement(party, AgreementKind::Dpa, field, lane.purpose, lane.on)
}

/// How agreements of one kind stand for a field and purpose on a day.
fn agreement(party: &Party, kind: AgreementKind, field: &Seen, purpose: Option<Purpose>, on: Date) -> Proof {
    match state(party, kind, field, purpose, on) {
        AgreementState::Live(_) => Proof::Proved,
        AgreementState::Expired(_) => Proof::Expired,
        AgreementState::NotYet(_) => Proof::NotYet,
        AgreementState::NotCovering(_) => Proof::NotCovering,
        AgreementState::None => Proof::Missing,
    }
}

/// As [`agreement`], with the agreement that decides.
pub(super) fn state<'a>(
    party: &'a Party,
    kind: AgreementKind,
    field: &Seen,
    purpose: Option<Purpose>,
    on: Date,
) -> AgreementState<'a> {
    let name = field.name.split_once('.').unwrap_or((&field.object, "*"));
    let asked = Coverage { class: Some(field.class), purpose, field: Some(name) };
    party.agreement_state(kind, &asked, on)
}
