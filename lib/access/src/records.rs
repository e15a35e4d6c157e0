//! How far into the records of an object: sections 6 and 7 of `semantics.md`.

use sfdx::completeness::Remedy;
use sfdx::views::{ObjectKind, SharingKind};

use crate::granted::Access;
use crate::path::{Path, Step, retrieve};
use crate::principal::{Crowd, Principal};
use crate::sharing::{Default, Level, ObjectSharing, Rule, STANDARD_PARENTS};
use crate::universe::ObjectFlag;
use crate::{Answer, Range, Reach};

/// Salesforce allows three levels below a master, and a few of its own objects hang on others of its own.
const LEVELS: usize = 8;
/// An object has one master, or two where it joins them.
const MASTERS: usize = 2;

/// What one principal reaches of the records of one object.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Records {
    pub read: Range,
    pub edit: Range,
    /// What opens them: permissions that override sharing, the default, and the ways of sharing.
    pub paths: Vec<Path>,
    /// Sorted, each once; empty where both ranges are complete.
    pub missing: Vec<Remedy>,
}

impl Records {
    pub fn is_complete(&self) -> bool {
        self.read.is_complete() && self.edit.is_complete()
    }
}

/// Read and edit.
#[derive(Clone, Copy)]
struct Both {
    read: Range,
    edit: Range,
}

impl Both {
    const fn of(range: Range) -> Self {
        Both { read: range, edit: range }
    }
}

/// What would settle a range, where somebody asks.
struct Lacks {
    asked: bool,
    remedies: Vec<Remedy>,
}

impl Lacks {
    const fn asked() -> Self {
        Self { asked: true, remedies: Vec::new() }
    }

    const fn not_asked() -> Self {
        Self { asked: false, remedies: Vec::new() }
    }

    fn add(&mut self, remedy: Remedy) {
        if self.asked {
            self.remedies.push(remedy);
        }
    }
}

impl Access<'_> {
    /// The ranges alone; none where the model knows no such object.
    pub fn reach(&self, object: &str) -> Option<(Range, Range)> {
        let object = self.model.universe.objects.find(object)?;
        let both = self.reach_of(object, &mut Vec::new(), &mut Lacks::not_asked());
        Some((both.read, both.edit))
    }

    /// The ranges, how they come about, and what would settle them.
    pub fn records(&self, object: &str) -> Option<Records> {
        let number = self.model.universe.objects.find(object)?;
        let mut lacks = Lacks::asked();
        let both = self.reach_of(number, &mut Vec::new(), &mut lacks);
        let mut missing = lacks.remedies;
        let mut paths = Vec::new();
        for flag in [ObjectFlag::ViewAll, ObjectFlag::ModifyAll] {
            let decision = self.object_decision(number, flag);
            paths.extend(decision.paths);
            missing.extend(decision.missing);
        }
        for flag in [ObjectFlag::Read, ObjectFlag::Edit] {
            missing.extend(self.object_decision(number, flag).missing);
        }
        let complete = both.read.is_complete() && both.edit.is_complete();
        if both.read.high > Reach::None || both.edit.high > Reach::None {
            paths.extend(self.default_path(number));
            paths.extend(self.ways(number));
        }
        paths.sort_by_key(|path| std::cmp::Reverse(path.answer));
        paths.dedup();
        missing.sort();
        missing.dedup();
        if complete {
            missing.clear();
        }
        Some(Records { read: both.read, edit: both.edit, paths, missing })
    }

    fn reach_of(&self, object: u32, asked: &mut Vec<u32>, lacks: &mut Lacks) -> Both {
        let sharing = self.sharing_of(object, asked, lacks);
        Both {
            read: sharing.read.needing(self.flag_by_number(object, ObjectFlag::Read)),
            edit: sharing.edit.needing(self.flag_by_number(object, ObjectFlag::Edit)),
        }
    }

    /// Sharing alone, with the permissions that override it.
    fn sharing_of(&self, object: u32, asked: &mut Vec<u32>, lacks: &mut Lacks) -> Both {
        if asked.contains(&object) {
            lacks.add(Remedy::Do("mend the master-detail fields that run in a circle"));
            return self.no_parent();
        }
        if asked.len() > LEVELS {
            lacks.add(Remedy::Do(
                "mend the chain of master-detail fields: it is longer than Salesforce allows",
            ));
            return self.no_parent();
        }
        asked.push(object);
        let mut base = self.base_of(object, asked, lacks);
        asked.pop();
        let guest = self.principal.crowd == Crowd::Guest;
        if let Some(sharing) = self.model.sharing.object(object)
            && sharing.restriction.is_some()
            && !guest
        {
            for range in [&mut base.read, &mut base.edit] {
                range.low = range.low.min(Reach::Some);
            }
            lacks.add(Remedy::Do("read whom the restriction rule names"));
        }
        if lacks.asked {
            for (flag, range) in [(ObjectFlag::ViewAll, base.read), (ObjectFlag::ModifyAll, base.edit)] {
                if range.high < Reach::All || !range.is_complete() {
                    lacks.remedies.extend(self.object_decision(object, flag).missing);
                }
            }
        }
        // The guest licence has not held these since Spring '21: for guests only what a file gives counts.
        let all = |flag| match self.flag_by_number(object, flag) {
            Answer::Unknown if guest => Answer::No,
            answer => answer,
        };
        Both {
            read: base.read.overridden(all(ObjectFlag::ViewAll)),
            edit: base.edit.overridden(all(ObjectFlag::ModifyAll)),
        }
    }

    fn base_of(&self, object: u32, asked: &mut Vec<u32>, lacks: &mut Lacks) -> Both {
        let Some(sharing) = self.model.sharing.object(object) else { return Both::of(Range::SOME_OR_ALL) };
        if !is_shared(sharing.kind) {
            return Both::of(Range::ALL);
        }
        let name = self.model.universe.objects.shown(object);
        let inside = self.internal(object).map_or(Level::Unknown, |default| default.level);
        if self.principal.crowd == Crowd::Guest {
            return if inside.is_by_parent() {
                self.by_parents(object, sharing, inside, asked, lacks)
            } else {
                let read = self.guest_read(sharing);
                if !read.is_complete() {
                    lacks.add(retrieve("SharingRules", name));
                    lacks.add(retrieve("CustomSite", "*"));
                }
                Both { read, edit: Range::NONE }
            };
        }
        let external = matches!(self.principal.crowd, Crowd::External | Crowd::HighVolume);
        let own = if external { self.external(object) } else { None };
        let level = match (&own, external) {
            (Some(own), _) => own.level,
            (None, false) => inside,
            (None, true) => {
                let stays = inside == Level::Private || inside.is_by_parent();
                if !stays && self.model.sharing.external_model != Some(false) {
                    lacks.add(retrieve("CustomObject", name));
                    lacks.add(retrieve("Settings", "Sharing"));
                    lacks.add(Remedy::Query("sharing-models"));
                    let wide = of_level(inside);
                    return Both {
                        read: Range { low: Reach::Some, high: wide.read.high },
                        edit: Range { low: Reach::Some, high: wide.edit.high },
                    };
                }
                inside
            }
        };
        if level.is_by_parent() {
            return self.by_parents(object, sharing, level, asked, lacks);
        }
        if level == Level::Unknown {
            lacks.add(retrieve("CustomObject", name));
            lacks.add(Remedy::Query("sharing-models"));
        }
        of_level(level)
    }

    fn by_parents(
        &self,
        object: u32,
        sharing: &ObjectSharing,
        level: Level,
        asked: &mut Vec<u32>,
        lacks: &mut Lacks,
    ) -> Both {
        let name = self.model.universe.objects.shown(object);
        let find = |name: &str| self.model.universe.objects.find(name);
        let parents: Vec<(u32, bool)> = if !sharing.masters.is_empty() {
            sharing.masters.iter().map(|parent| (parent.object, parent.read_is_enough)).collect()
        } else if level == Level::ByLeadOrContact && name.eq_ignore_ascii_case("CampaignMember") {
            ["Lead", "Contact"].into_iter().filter_map(find).map(|parent| (parent, false)).collect()
        } else {
            let known = STANDARD_PARENTS.iter().find(|(child, _)| name.eq_ignore_ascii_case(child));
            known.and_then(|(_, parent)| find(parent)).map(|parent| (parent, false)).into_iter().collect()
        };
        if parents.is_empty() {
            lacks.add(Remedy::Do("find out by which object the records are controlled"));
            return self.no_parent();
        }
        if parents.len() > MASTERS {
            lacks.add(Remedy::Do("mend the object's master-detail fields: Salesforce allows two"));
            return self.no_parent();
        }
        let mut least = Both::of(Range::ALL);
        for (parent, read_is_enough) in parents {
            let of_parent = self.sharing_of(parent, asked, lacks);
            least.read = least.read.min(of_parent.read);
            least.edit = least.edit.min(if read_is_enough { of_parent.read } else { of_parent.edit });
        }
        least
    }

    /// What is left where nobody knows whose records decide.
    fn no_parent(&self) -> Both {
        match self.principal.crowd {
            Crowd::Guest => Both { read: Range::NONE_OR_SOME, edit: Range::NONE },
            _ => Both::of(Range::SOME_OR_ALL),
        }
    }

    /// The default for people inside.
    fn internal(&self, object: u32) -> Option<&Default> {
        let own = self.model.sharing.object(object)?.internal.as_ref();
        own.or_else(|| self.model.sharing.object(self.activity_of(object)?)?.internal.as_ref())
    }

    /// The default for people outside, where something says it.
    fn external(&self, object: u32) -> Option<&Default> {
        let own = self.model.sharing.object(object)?.external.as_ref();
        own.or_else(|| self.model.sharing.object(self.activity_of(object)?)?.external.as_ref())
    }

    /// Whose defaults tasks and events have.
    fn activity_of(&self, object: u32) -> Option<u32> {
        let name = self.model.universe.objects.shown(object);
        let is_activity = ["task", "event"].iter().any(|kind| name.eq_ignore_ascii_case(kind));
        is_activity.then(|| self.model.universe.objects.find("Activity")).flatten()
    }

    fn guest_read(&self, sharing: &ObjectSharing) -> Range {
        let rules = sharing.rules.iter().filter(|rule| rule.kind == SharingKind::Guest);
        let reached = rules.map(|rule| self.guest_rule(rule)).fold(Answer::No, Answer::or);
        match reached {
            Answer::Yes => Range::SOME,
            Answer::No if sharing.has_rules => Range::NONE,
            _ => Range::NONE_OR_SOME,
        }
    }

    fn guest_rule(&self, rule: &Rule) -> Answer {
        let own = self.principal.profile.as_ref().map(|profile| profile.to_lowercase());
        let guests = rule.targets.iter().filter(|(kind, _)| kind == "guestUser");
        let answers = guests.filter_map(|(_, name)| name.as_ref()).map(|site| {
            match (self.model.sharing.sites.get(site), &own) {
                (Some(Some(profile)), Some(own)) => Answer::of(profile == own),
                _ => Answer::Unknown,
            }
        });
        answers.fold(Answer::No, Answer::or)
    }

    fn default_path(&self, object: u32) -> Option<Path> {
        let guest = self.principal.crowd == Crowd::Guest;
        if guest {
            let step = Step::new("for guests the default is private", None);
            return Some(Path::new(Answer::Yes, vec![step]));
        }
        let external = matches!(self.principal.crowd, Crowd::External | Crowd::HighVolume);
        let default = match external {
            true => self.external(object).or_else(|| self.internal(object)),
            false => self.internal(object),
        }?;
        let side = if external { "external" } else { "internal" };
        let name = self.model.universe.objects.shown(object);
        let words = format!("organisation-wide default of `{name}`, {side}: {}", default.text);
        Some(Path::new(Answer::Yes, vec![Step::new(words, default.place.clone())]))
    }

    /// The ways by which records come to be shared.
    fn ways(&self, object: u32) -> Vec<Path> {
        let Some(sharing) = self.model.sharing.object(object).filter(|sharing| is_shared(sharing.kind))
        else {
            return Vec::new();
        };
        let crowd = self.principal.crowd;
        let custom = sharing.kind != ObjectKind::Standard;
        let mut ways = Vec::new();
        let mut way = |answer: Answer, words: String, place| {
            if answer != Answer::No {
                ways.push(Path::new(answer, vec![Step::new(words, place)]));
            }
        };
        way(Answer::of(crowd != Crowd::Guest), "records that they own".to_owned(), None);
        let above = "records of those below in the role hierarchy".to_owned();
        way(self.by_hierarchy(custom), above, None);
        for rule in &sharing.rules {
            let answer = match (rule.kind, crowd) {
                (SharingKind::Guest, Crowd::Guest) => self.guest_rule(rule),
                (SharingKind::Guest, _) | (_, Crowd::Guest) => Answer::No,
                _ => {
                    let targets = rule.targets.iter();
                    targets
                        .map(|(kind, name)| self.target(kind, name.as_deref(), custom))
                        .fold(Answer::No, Answer::or)
                }
            };
            let words = format!("sharing rule `{}`: {}", rule.name, rule.access);
            way(answer, words, Some(rule.place.clone()));
        }
        let profile = self.principal.profile.as_ref().map(|profile| profile.to_lowercase());
        for set in &sharing.sets {
            let reached = profile.as_ref().is_some_and(|profile| set.profiles.contains(profile));
            way(
                Answer::of(reached),
                format!("sharing set `{}`: {}", set.name, set.access),
                Some(set.place.clone()),
            );
        }
        for queue in &sharing.queues {
            let answer = match crowd {
                Crowd::Guest | Crowd::HighVolume => Answer::No,
                _ => {
                    let user = self.principal.user.as_ref();
                    let named = user.is_some() && queue.users.contains(&self.principal.name.to_lowercase());
                    let id = user.and_then(|user| user.id.as_deref());
                    let member = id.is_some_and(|id| self.model.sharing.is_in_queue(&queue.name, id));
                    match named || member {
                        true => Answer::Yes,
                        false if queue.has_others && crowd == Crowd::Internal => Answer::Unknown,
                        false => Answer::No,
                    }
                }
            };
            way(answer, format!("records in queue `{}`", queue.name), Some(queue.place.clone()));
        }
        ways
    }

    fn by_hierarchy(&self, custom: bool) -> Answer {
        match (self.principal.crowd, &self.principal.user) {
            (Crowd::Guest | Crowd::HighVolume, _) => Answer::No,
            (_, None) => Answer::Unknown,
            (_, Some(user)) if user.role.is_none() => Answer::No,
            _ if custom => Answer::Unknown,
            _ => Answer::Yes,
        }
    }

    /// Whether one target of a sharing rule holds the principal.
    fn target(&self, kind: &str, name: Option<&str>, custom: bool) -> Answer {
        let Principal { crowd, licence, user, .. } = self.principal;
        let licensed = |word: &str| match (crowd, licence) {
            (Crowd::External, Some(licence)) => Answer::of(licence.contains(word)),
            (Crowd::External, None) => Answer::Unknown,
            _ => Answer::No,
        };
        match kind {
            "allInternalUsers" => Answer::of(*crowd == Crowd::Internal),
            "allCustomerPortalUsers" => licensed("customer"),
            "allPartnerUsers" => licensed("partner"),
            _ if *crowd == Crowd::HighVolume => Answer::No,
            "roleAndSubordinatesInternal" if *crowd == Crowd::External => Answer::No,
            "role" | "roleAndSubordinates" | "roleAndSubordinatesInternal" => match (user, name) {
                (Some(user), Some(name)) if *crowd == Crowd::Internal => match &user.role {
                    None => Answer::No,
                    Some(role) => self.by_role(&role.to_lowercase(), name, kind != "role", custom),
                },
                _ => Answer::Unknown,
            },
            "group" => match (user, name) {
                (Some(user), Some(name)) if self.model.sharing.members_known => {
                    let member = match &user.id {
                        Some(id) => self.model.sharing.is_member(name, id),
                        None => Answer::Unknown,
                    };
                    let bosses = self.model.sharing.groups.get(name).copied().flatten() != Some(false);
                    if bosses && user.role.is_some() { member.or(Answer::Unknown) } else { member }
                }
                _ => Answer::Unknown,
            },
            _ => Answer::Unknown,
        }
    }

    fn by_role(&self, own: &str, named: &str, with_those_below: bool, custom: bool) -> Answer {
        if own == named {
            return Answer::Yes;
        }
        let above_named = self.is_below(named, own);
        let by_hierarchy = match (above_named, custom) {
            (Answer::Yes, true) => Answer::Unknown,
            (answer, _) => answer,
        };
        if with_those_below { self.is_below(own, named).or(by_hierarchy) } else { by_hierarchy }
    }

    /// Whether one role stands below another; unknown where the source does not hold the chain.
    fn is_below(&self, role: &str, other: &str) -> Answer {
        let roles = &self.model.sharing.roles;
        let mut at = role;
        // No chain is longer than there are roles, unless it runs in a circle.
        for _ in 0..=roles.len() {
            match roles.get(at) {
                None => return Answer::Unknown,
                Some(role) => match &role.parent {
                    None => return Answer::No,
                    Some(parent) if parent == other => return Answer::Yes,
                    Some(parent) => at = parent,
                },
            }
        }
        Answer::Unknown
    }
}

fn of_level(level: Level) -> Both {
    match level {
        Level::Private => Both::of(Range::SOME),
        Level::Read => Both { read: Range::ALL, edit: Range::SOME },
        Level::ReadWrite => Both::of(Range::ALL),
        Level::Unknown | Level::ByParent | Level::ByCampaign | Level::ByLeadOrContact => {
            Both::of(Range::SOME_OR_ALL)
        }
    }
}

/// Whether an owner or parent decides who sees a record.
fn is_shared(kind: ObjectKind) -> bool {
    kind.is_shared()
}
