//! How long what is kept: floors, ceilings and holds, each with where it comes from. Pure: nothing is read here.
//!
//! What law asks for at least is a floor. What law or the organisation allows at most is a ceiling. An entry may go
//! once every floor has passed and no hold covers it; past a ceiling it should. Where a floor reaches beyond a ceiling
//! nothing goes, and people must decide: that is a finding.

use std::fmt;

use jiff::civil::Date;
use journal::names::{Region, Uid};
use journal::{Entry, Retained};
use policy::vocabulary::SourceKind;
use policy::{Period, Policy};

/// Where a limit comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    pub kind: SourceKind,
    /// The provision, contract or decision.
    pub cite: String,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.kind, self.cite)
    }
}

/// A floor or a ceiling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    pub period: Period,
    /// The period as people wrote it.
    pub shown: String,
    pub origin: Origin,
}

/// What holds for one class of entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Bounds {
    floors: Vec<Limit>,
    ceilings: Vec<Limit>,
}

/// All floors and ceilings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    of: Vec<(Retained, Bounds)>,
}

/// A floor and a ceiling that cannot both be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    pub class: Retained,
    pub floor: Limit,
    pub ceiling: Limit,
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` must be kept for {} ({}) and must go after {} ({}): people must decide, and nothing is deleted",
            self.class, self.floor.shown, self.floor.origin, self.ceiling.shown, self.ceiling.origin
        )
    }
}

/// That entries are not to be deleted, whatever their age: for litigation, an investigation, an audit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    pub id: Uid,
    /// Every list that is left out means all.
    pub class: Option<Retained>,
    pub region: Option<Region>,
}

impl Hold {
    /// Whether it keeps an entry. A hold on an area keeps what lies within it, and one on a part keeps what is of the
    /// area and may be of the part.
    pub fn covers(&self, entry: &Entry) -> bool {
        let known = |region: &Region| policy::vocabulary::Region::of(region.as_str());
        let meets = |held: &Region, own: &Region| match (known(held), known(own)) {
            (Some(held), Some(own)) => held.within(&own) || own.within(&held),
            _ => true,
        };
        let (held, own) = (self.region.as_ref(), entry.region.as_ref());
        self.class.is_none_or(|class| class == entry.act.retained())
            && held.zip(own).is_none_or(|(held, own)| meets(held, own))
    }
}

/// Whether entries of a day may go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Not before this day.
    Keep { until: Date, because: Limit },
    /// Every floor has passed.
    May,
    /// A ceiling has passed too, on this day.
    Should { since: Date, because: Limit },
    /// A floor reaches beyond a ceiling that has passed.
    Torn(Conflict),
}

fn limit(kind: SourceKind, shown: &str, cite: &str) -> Option<Limit> {
    let origin = Origin { kind, cite: cite.to_owned() };
    Some(Limit { period: Period::of(shown)?, shown: shown.to_owned(), origin })
}

/// What holds without any bundle. 45 CFR 164.316(b)(2)(i) binds records of actions, activities and assessments that
/// the Security Rule asks to be kept; it does not name raw access logs, so their six years are a choice, the common
/// one. EU AI Act Art. 19 and 26(6) ask for six months of a model's log at least.
fn shipped(class: Retained) -> Option<Limit> {
    match class {
        Retained::PolicyDocuments => limit(SourceKind::Statute, "P6Y", "45 CFR 164.316(b)(2)(i)"),
        Retained::AccessLog => limit(SourceKind::Choice, "P6Y", "as for what 45 CFR 164.316(b)(2)(i) names"),
        Retained::InferenceLog => limit(SourceKind::Statute, "P6M", "EU AI Act Art. 19, 26(6)"),
    }
}

impl Rules {
    /// What is shipped, with what the bundle adds: a floor of statute stays whatever the bundle says, a floor that
    /// was the organisation's choice gives way to the bundle's.
    pub fn of(policy: Option<&Policy>) -> Self {
        let mut of = Vec::new();
        for class in Retained::ALL.iter().copied() {
            let mut bounds = Bounds::default();
            let own: Vec<_> = policy
                .map(Policy::retention)
                .unwrap_or_default()
                .iter()
                .filter(|rule| rule.what.as_str() == class.as_str())
                .collect();
            for rule in &own {
                let origin = || match &rule.source {
                    Some(source) => Origin {
                        kind: source.kind.value,
                        cite: match (&source.cite, &source.by) {
                            (Some(cite), _) => cite.clone(),
                            (None, Some(by)) => format!("decided by {by}"),
                            (None, None) => "no source given".to_owned(),
                        },
                    },
                    None => Origin { kind: SourceKind::Choice, cite: "no source given".to_owned() },
                };
                let shown = |period: Period| format!("{} days", period.seconds() / 86_400);
                let made = |period: Period| Limit { period, shown: shown(period), origin: origin() };
                bounds.floors.extend(rule.floor.as_ref().map(|floor| made(floor.value)));
                bounds.ceilings.extend(rule.ceiling.as_ref().map(|ceiling| made(ceiling.value)));
            }
            let hipaa = policy.is_none_or(Policy::under_hipaa);
            let applies = |limit: &Limit| {
                let binds = class != Retained::PolicyDocuments || hipaa;
                binds && (limit.origin.kind == SourceKind::Statute || bounds.floors.is_empty())
            };
            let own = shipped(class).filter(applies);
            bounds.floors.extend(own);
            of.push((class, bounds));
        }
        Self { of }
    }

    /// One more floor: what the ledger was set to keep.
    #[must_use]
    pub fn with_floor(mut self, class: Retained, days: u32, cite: &str) -> Self {
        if let Some((_, bounds)) = self.of.iter_mut().find(|(own, _)| *own == class) {
            let origin = Origin { kind: SourceKind::Choice, cite: cite.to_owned() };
            bounds.floors.push(Limit {
                period: Period::of_days(days),
                shown: format!("{days} days"),
                origin,
            });
        }
        self
    }

    fn bounds(&self, class: Retained) -> Option<&Bounds> {
        self.of.iter().find(|(own, _)| *own == class).map(|(_, bounds)| bounds)
    }

    /// The floor that reaches furthest.
    pub fn floor(&self, class: Retained) -> Option<&Limit> {
        self.bounds(class)?.floors.iter().max_by_key(|limit| limit.period.seconds())
    }

    /// The ceiling that comes first.
    pub fn ceiling(&self, class: Retained) -> Option<&Limit> {
        self.bounds(class)?.ceilings.iter().min_by_key(|limit| limit.period.seconds())
    }

    /// Floors that reach beyond a ceiling.
    pub fn conflicts(&self) -> Vec<Conflict> {
        let conflict = |class: &Retained| {
            let (floor, ceiling) = (self.floor(*class)?, self.ceiling(*class)?);
            (floor.period.seconds() > ceiling.period.seconds()).then(|| Conflict {
                class: *class,
                floor: floor.clone(),
                ceiling: ceiling.clone(),
            })
        };
        Retained::ALL.iter().filter_map(conflict).collect()
    }

    /// Refuses to keep a class for fewer days than a floor asks.
    pub fn may_be_set(&self, class: Retained, days: u32) -> Result<(), String> {
        match self.floor(class) {
            Some(floor) if Period::of_days(days).seconds() < floor.period.seconds() => Err(format!(
                "`{class}` cannot be kept for {days} days only: {} are the floor ({})",
                floor.shown, floor.origin
            )),
            _ => Ok(()),
        }
    }

    /// Whether what happened on a day may go today.
    pub fn answer(&self, class: Retained, day: Date, today: Date) -> Answer {
        // What cannot be reckoned is kept.
        let end = |limit: &Limit| limit.period.after(day).unwrap_or(Date::MAX);
        let Some(bounds) = self.bounds(class) else { return Answer::May };
        let floor = bounds.floors.iter().max_by_key(|limit| end(limit));
        let ceiling = bounds.ceilings.iter().min_by_key(|limit| end(limit));
        match (floor, ceiling) {
            (Some(floor), Some(ceiling)) if today < end(floor) && end(ceiling) <= today => {
                Answer::Torn(Conflict { class, floor: floor.clone(), ceiling: ceiling.clone() })
            }
            (Some(floor), _) if today < end(floor) => {
                Answer::Keep { until: end(floor), because: floor.clone() }
            }
            (_, Some(ceiling)) if end(ceiling) <= today => {
                Answer::Should { since: end(ceiling), because: ceiling.clone() }
            }
            _ => Answer::May,
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use source::Source;

    use super::*;

    fn rules(text: &str) -> Rules {
        let text = format!(
            "version: 1\norganisation: {{name: Clinic, roles: [covered-entity]}}\nretention:\n{text}"
        );
        let (policy, problems) = policy::read(vec![Source::new("phiward.yaml", text)]);
        assert!(problems.iter().all(|p| p.severity != source::Severity::Error), "{problems:?}");
        Rules::of(Some(&policy))
    }

    #[test]
    fn six_years_of_the_calendar_pass_to_the_day() {
        let rules = Rules::of(None);
        let day = date(2020, 2, 29);
        let answer = |today| rules.answer(Retained::PolicyDocuments, day, today);
        assert!(
            matches!(answer(date(2026, 2, 27)), Answer::Keep { until, .. } if until == date(2026, 2, 28))
        );
        assert_eq!(answer(date(2026, 2, 28)), Answer::May);
        assert_eq!(rules.answer(Retained::InferenceLog, day, date(2020, 8, 29)), Answer::May);
    }

    #[test]
    fn a_bundle_raises_what_was_chosen_and_cannot_lower_statute() {
        let rules = rules(
            "  - {what: inference-log, floor: P1M, source: {kind: choice, by: mara, on: 2026-01-01}}\n  \
             - {what: access-log, floor: P2Y, ceiling: P3Y, source: {kind: contract, cite: Northlab 7.2}}\n",
        );
        assert_eq!(rules.floor(Retained::InferenceLog).unwrap().origin.kind, SourceKind::Statute);
        let floor = rules.floor(Retained::AccessLog).unwrap();
        assert_eq!((floor.origin.kind, floor.origin.cite.as_str()), (SourceKind::Contract, "Northlab 7.2"));
        assert!(rules.conflicts().is_empty());
        let (day, class) = (date(2020, 1, 1), Retained::AccessLog);
        assert!(matches!(rules.answer(class, day, date(2021, 12, 31)), Answer::Keep { .. }));
        assert_eq!(rules.answer(class, day, date(2022, 1, 1)), Answer::May);
        assert!(
            matches!(rules.answer(class, day, date(2023, 1, 1)), Answer::Should { since, .. } if since == date(2023, 1, 1))
        );
    }

    #[test]
    fn a_floor_against_a_ceiling_is_told_and_nothing_goes() {
        let rules = rules(
            "  - {what: inference-log, ceiling: P3M, source: {kind: statute, cite: GDPR Art. 5(1)(e)}}\n",
        );
        let conflicts = rules.conflicts();
        assert_eq!(conflicts.len(), 1);
        assert!(conflicts[0].to_string().contains("GDPR Art. 5(1)(e)"));
        let answer = |day| rules.answer(Retained::InferenceLog, day, date(2024, 1, 1));
        assert!(matches!(answer(date(2023, 9, 1)), Answer::Torn(_)));
        let because = rules.ceiling(Retained::InferenceLog).unwrap().clone();
        assert_eq!(answer(date(2023, 1, 1)), Answer::Should { since: date(2023, 4, 1), because });
    }

    #[test]
    fn nothing_is_set_shorter_than_its_floor() {
        let rules = Rules::of(None);
        let refused = rules.may_be_set(Retained::PolicyDocuments, 365).unwrap_err();
        assert!(refused.contains("164.316"), "{refused}");
        assert!(rules.may_be_set(Retained::PolicyDocuments, 2200).is_ok());
        let longer = rules.with_floor(Retained::InferenceLog, 1000, "set");
        assert!(longer.may_be_set(Retained::InferenceLog, 999).is_err());
    }

    #[test]
    fn a_hold_on_an_area_keeps_what_lies_within_it() {
        let region = |word: &str| Region::of(&policy::vocabulary::Region::of(word).unwrap()).unwrap();
        let mut entry = journal::sample::sample(1, 1).next().unwrap();
        let mut covers = |held: &str, own: Option<&str>| {
            let id = Uid::random(&mut journal::sample::Drawn::new(1));
            entry.region = own.map(region);
            Hold { id, class: None, region: Some(region(held)) }.covers(&entry)
        };
        for (held, own) in [("us", "us-east"), ("us-east", "us"), ("eu", "de"), ("us", "us")] {
            assert!(covers(held, Some(own)), "{held} {own}");
        }
        assert!(covers("us", None));
        for (held, own) in [("us", "eu"), ("us-east", "us-west"), ("eu", "us-east")] {
            assert!(!covers(held, Some(own)), "{held} {own}");
        }
    }
}
