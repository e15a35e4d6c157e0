//! Section 6.9 and section 7: ways by which records come to be shared.

use super::grant::standard_file;
use super::{Crowd, No, Oracle, Tri, Unknown, Who, Yes, and, flag, known, or, same};
use crate::orgs::{GroupMember, Queue, Rule, RuleKind, User};

/// One way to records.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Way {
    Owner,
    Hierarchy,
    /// The rule's name.
    Rule(String),
    SharingSet(String),
    Queue(String),
}

fn is_custom(object: &str) -> bool {
    object.contains("__")
}

impl Oracle<'_> {
    /// All ways that are not no.
    pub(crate) fn ways(self, who: &Who, object: &str) -> Vec<(Way, Tri)> {
        let mut ways = vec![(Way::Owner, known(self.crowd(who) != Crowd::Guest))];
        ways.push((Way::Hierarchy, self.hierarchy(who, object)));
        for rule in self.org.rules.iter().filter(|rule| same(&rule.object, object)) {
            let answer = match rule.kind {
                RuleKind::Guest => self.guest_rule(who, rule),
                _ => or(rule.to.iter().map(|(element, name)| self.target(who, object, element, name))),
            };
            ways.push((Way::Rule(rule.name.clone()), answer));
        }
        for set in &self.org.sharing_sets {
            let maps = set.objects.iter().any(|mapped| same(mapped, object));
            let profile = self.profile_name(who);
            let holds = profile.is_some_and(|name| set.profiles.iter().any(|profile| same(profile, &name)));
            ways.push((Way::SharingSet(set.name.to_owned()), known(maps && holds)));
        }
        for queue in &self.org.queues {
            if queue.objects.iter().any(|queued| same(queued, object)) {
                ways.push((Way::Queue(queue.name.to_owned()), self.queue(who, queue)));
            }
        }
        ways.retain(|(_, answer)| *answer != No);
        ways.sort();
        ways
    }

    /// What a principal's profile is called: as its file, or as its file would be.
    fn profile_name(self, who: &Who) -> Option<String> {
        match who {
            Who::Profile(name) => Some(name.clone()),
            Who::User(at) => {
                let user = self.user(*at);
                self.profile_file(user).or_else(|| user.profile.map(|name| standard_file(name).to_owned()))
            }
            Who::Set(_) | Who::Group(_) => None,
        }
    }

    fn user_of(&self, who: &Who) -> Option<&User> {
        if let Who::User(at) = who { Some(self.user(*at)) } else { None }
    }

    /// 6.9.
    pub(super) fn guest_rule(self, who: &Who, rule: &Rule) -> Tri {
        if self.crowd(who) != Crowd::Guest {
            return No;
        }
        or(rule.to.iter().filter(|(element, _)| *element == "guestUser").map(|(_, name)| {
            let site = self.org.sites.iter().find(|site| same(site.name, name));
            match (site, self.profile_name(who)) {
                (Some(site), Some(profile)) => known(same(&profile, &format!("{} Profile", site.label))),
                _ => Unknown,
            }
        }))
    }

    /// 7.2.
    fn hierarchy(self, who: &Who, object: &str) -> Tri {
        if matches!(self.crowd(who), Crowd::Guest | Crowd::HighVolume) {
            return No;
        }
        match self.user_of(who) {
            None => Unknown,
            Some(user) if user.role.is_none() => No,
            Some(_) => self.by_hierarchy(object),
        }
    }

    fn by_hierarchy(self, object: &str) -> Tri {
        if is_custom(object) { Unknown } else { Yes }
    }

    /// 7.3.
    fn target(self, who: &Who, object: &str, element: &str, name: &str) -> Tri {
        let crowd = self.crowd(who);
        if crowd == Crowd::Guest {
            return No;
        }
        let by_license = |word: &str| match (crowd, self.license(who)) {
            (Crowd::External, None) => Unknown,
            (Crowd::External, Some(license)) => known(license.to_lowercase().contains(word)),
            _ => No,
        };
        match element {
            "allInternalUsers" => known(crowd == Crowd::Internal),
            "allCustomerPortalUsers" => by_license("customer"),
            "allPartnerUsers" => by_license("partner"),
            _ if crowd == Crowd::HighVolume => No,
            "role" | "roleAndSubordinates" | "roleAndSubordinatesInternal" => {
                if element == "roleAndSubordinatesInternal" && crowd == Crowd::External {
                    return No;
                }
                match self.user_of(who) {
                    Some(user) if crowd == Crowd::Internal => self.role(user, object, element, name),
                    _ => Unknown,
                }
            }
            "group" => match (self.user_of(who), &self.org.group_members) {
                (Some(user), Some(table)) if !table.cut => self.group(user, name, &table.rows),
                _ => Unknown,
            },
            _ => Unknown,
        }
    }

    /// 7.3, a role of an internal user.
    fn role(self, user: &User, object: &str, element: &str, name: &str) -> Tri {
        let Some(own) = user.role.as_deref() else {
            return No;
        };
        if same(own, name) {
            return Yes;
        }
        let below = if element == "role" { No } else { self.is_below(own, name) };
        let above = and([self.is_below(name, own), self.by_hierarchy(object)]);
        or([below, above])
    }

    /// Whether a role stands somewhere below another.
    fn is_below(self, role: &str, other: &str) -> Tri {
        let mut passed = Vec::new();
        let mut at = role.to_owned();
        loop {
            let Some(file) = self.org.roles.iter().find(|file| same(file.name, &at)) else {
                return Unknown;
            };
            let Some(parent) = file.parent else {
                return No;
            };
            if same(parent, other) {
                return Yes;
            }
            // A circle never ends.
            if passed.contains(&parent) {
                return Unknown;
            }
            passed.push(parent);
            at = parent.to_owned();
        }
    }

    /// 7.3, a public group.
    fn group(self, user: &User, name: &str, rows: &[GroupMember]) -> Tri {
        let rows: Vec<&GroupMember> = rows.iter().filter(|row| row.kind != "Queue").collect();
        let mut open: Vec<&GroupMember> = rows.iter().copied().filter(|row| same(&row.group, name)).collect();
        let mut seen: Vec<&str> = Vec::new();
        let mut holds_unknown = false;
        while let Some(row) = open.pop() {
            let member = &row.member[..15];
            if member == &user.id[..15] {
                return Yes;
            }
            if member.starts_with("005") || seen.contains(&member) {
                continue;
            }
            seen.push(member);
            let inner: Vec<&GroupMember> =
                rows.iter().copied().filter(|row| row.id[..15] == *member).collect();
            holds_unknown |= inner.is_empty();
            open.extend(inner);
        }
        let file = self.org.public_groups.iter().find(|group| same(group.name, name));
        let bosses = file.is_none_or(|group| flag(group.bosses) != Some(false)) && user.role.is_some();
        if holds_unknown || bosses { Unknown } else { No }
    }

    /// 7.5.
    fn queue(self, who: &Who, queue: &Queue) -> Tri {
        let crowd = self.crowd(who);
        if matches!(crowd, Crowd::Guest | Crowd::HighVolume) {
            return No;
        }
        if let Some(user) = self.user_of(who) {
            let rows = self.org.group_members.iter().flat_map(|table| &table.rows);
            let mut queued = rows.filter(|row| row.kind == "Queue" && same(&row.group, queue.name));
            if queue.users.iter().any(|name| same(name, &user.name))
                || queued.any(|row| row.member[..15] == user.id[..15])
            {
                return Yes;
            }
        }
        if queue.others.is_some() && crowd == Crowd::Internal { Unknown } else { No }
    }
}
