//! Section 6: how far into the records.

use super::{Crowd, Flag, No, Oracle, Range, Reach, Tri, Unknown, Who, Yes, flag, or, same};
use crate::orgs::RuleKind;

const NOTHING: Range = (Reach::None, Reach::None);
const SOME: Range = (Reach::Some, Reach::Some);
const ALL: Range = (Reach::All, Reach::All);
const SOME_OR_ALL: Range = (Reach::Some, Reach::All);

/// Read and edit.
pub(crate) type Both = (Range, Range);

/// 6.3, where neither parents nor the object's kind decide.
fn of_default(default: Option<&str>) -> Both {
    match default {
        Some("Private") => (SOME, SOME),
        Some("Read" | "ReadSelect") => (ALL, SOME),
        Some("ReadWrite" | "ReadWriteTransfer" | "FullAccess") => (ALL, ALL),
        _ => (SOME_OR_ALL, SOME_OR_ALL),
    }
}

pub(crate) fn is_controlled(default: Option<&str>) -> bool {
    matches!(default, Some("ControlledByParent" | "ControlledByCampaign" | "ControlledByLeadOrContact"))
}

fn smaller(one: Range, other: Range) -> Range {
    (one.0.min(other.0), one.1.min(other.1))
}

/// A detail's master, and whether reading it is enough to edit the detail.
struct Parent {
    object: String,
    reading_is_enough: bool,
}

impl Oracle<'_> {
    /// 6.1.
    pub(crate) fn reach(self, who: &Who, object: &str) -> Both {
        let sharing = self.sharing(who, object, &[]);
        let through = |answer: Tri, range: Range| match answer {
            No => NOTHING,
            Yes => range,
            Unknown => (Reach::None, range.1),
        };
        (
            through(self.object_flag(who, object, Flag::Read), sharing.0),
            through(self.object_flag(who, object, Flag::Edit), sharing.1),
        )
    }

    /// 6.2. `asked` are the objects that are being asked for.
    fn sharing(self, who: &Who, object: &str, asked: &[&str]) -> Both {
        let base = self.base(who, object, asked);
        let guest = self.crowd(who) == Crowd::Guest;
        let over = |answer: Tri, base: Range| match answer {
            Yes => ALL,
            // 6.8.
            Unknown if guest => base,
            Unknown => (base.0, Reach::All),
            No => base,
        };
        (
            over(self.object_flag(who, object, Flag::ViewAll), base.0),
            over(self.object_flag(who, object, Flag::ModifyAll), base.1),
        )
    }

    /// 6.3 to 6.8.
    pub(crate) fn base(self, who: &Who, object: &str, asked: &[&str]) -> Both {
        let guest = self.crowd(who) == Crowd::Guest;
        let open = if self.is_not_shared(object) {
            (ALL, ALL)
        } else if guest {
            return self.guest_base(who, object, asked);
        } else if matches!(self.crowd(who), Crowd::External | Crowd::HighVolume) {
            self.base_outside(who, object, asked)
        } else {
            self.base_by(self.default_inside(object), who, object, asked)
        };
        // 6.4.
        if !guest && self.has_restriction(object) {
            return (restricted(open.0), restricted(open.1));
        }
        open
    }

    fn base_by(self, default: Option<&str>, who: &Who, object: &str, asked: &[&str]) -> Both {
        if is_controlled(default) {
            self.base_by_parents(default, who, object, asked)
        } else {
            of_default(default)
        }
    }

    /// 6.6.
    fn base_outside(self, who: &Who, object: &str, asked: &[&str]) -> Both {
        if let Some(outside) = self.default_outside(object) {
            return self.base_by(Some(outside), who, object, asked);
        }
        let inside = self.default_inside(object);
        let stays = inside == Some("Private") || is_controlled(inside);
        if stays || flag(self.org.external_model) == Some(false) {
            return self.base_by(inside, who, object, asked);
        }
        let (read, edit) = of_default(inside);
        ((Reach::Some, read.1), (Reach::Some, edit.1))
    }

    /// 6.3, last sentence.
    pub(crate) fn is_not_shared(self, object: &str) -> bool {
        let name = object.to_lowercase();
        let endings = ["__e", "__b", "changeevent", "__dlm", "__dll"];
        endings.iter().any(|ending| name.ends_with(ending)) || self.is_metadata_or_setting(object)
    }

    pub(crate) fn has_restriction(self, object: &str) -> bool {
        self.org.restrictions.iter().any(|rule| {
            !rule.of_fields
                && same(&rule.object, object)
                && flag(rule.active) != Some(false)
                && rule.enforcement != Some("Scoping")
        })
    }

    /// 6.5.
    pub(crate) fn default_inside(self, object: &str) -> Option<&'static str> {
        let facts = self.org.sharing_models.iter().flat_map(|table| &table.rows);
        let by_facts = facts.filter(|row| same(&row.object, object)).find_map(|row| row.internal);
        let in_source = self.object(object).and_then(|object| object.sharing);
        let by_masters = self.has_master(object).then_some("ControlledByParent");
        let own = by_facts.or(in_source).or(by_masters);
        match own {
            None if same(object, "Task") || same(object, "Event") => self.default_inside("Activity"),
            own => own,
        }
    }

    /// 6.6, as far as something says it.
    fn default_outside(self, object: &str) -> Option<&'static str> {
        let facts = self.org.sharing_models.iter().flat_map(|table| &table.rows);
        let by_facts = facts.filter(|row| same(&row.object, object)).find_map(|row| row.external);
        let own = by_facts.or_else(|| self.object(object).and_then(|object| object.external));
        match own {
            None if same(object, "Task") || same(object, "Event") => self.default_outside("Activity"),
            own => own,
        }
    }

    fn has_master(self, object: &str) -> bool {
        let fields = self.object(object).map(|object| object.fields.as_slice()).unwrap_or_default();
        fields.iter().any(|field| field.kind == Some("MasterDetail"))
    }

    /// 6.7, by the default that holds for the principal.
    fn parents(self, object: &str, default: Option<&str>) -> Vec<Parent> {
        let fields = self.object(object).map(|object| object.fields.as_slice()).unwrap_or_default();
        let masters = fields.iter().filter(|field| field.kind == Some("MasterDetail"));
        let parents = masters.filter_map(|field| {
            let object = field.parent.clone()?;
            Some(Parent { object, reading_is_enough: flag(field.reads_master) == Some(true) })
        });
        let parents: Vec<Parent> = parents.collect();
        if !parents.is_empty() {
            return parents;
        }
        let named: &[&str] = match object.to_lowercase().as_str() {
            "contact" | "asset" => &["Account"],
            "opportunitylineitem" => &["Opportunity"],
            "campaignmember" if default == Some("ControlledByLeadOrContact") => &["Lead", "Contact"],
            "campaignmember" => &["Campaign"],
            _ => &[],
        };
        named.iter().map(|name| Parent { object: (*name).to_owned(), reading_is_enough: false }).collect()
    }

    /// 6.7.
    fn base_by_parents(self, default: Option<&str>, who: &Who, object: &str, asked: &[&str]) -> Both {
        let not_known = match self.crowd(who) {
            // 6.8.
            Crowd::Guest => ((Reach::None, Reach::Some), NOTHING),
            _ => (SOME_OR_ALL, SOME_OR_ALL),
        };
        let mut chain = asked.to_vec();
        chain.push(object);
        let shares = self.parents(object, default).into_iter().map(|parent| {
            let (read, edit) = if chain.iter().any(|asked| same(asked, &parent.object)) {
                not_known
            } else {
                self.sharing(who, &parent.object, &chain)
            };
            (read, if parent.reading_is_enough { read } else { edit })
        });
        shares.reduce(|one, other| (smaller(one.0, other.0), smaller(one.1, other.1))).unwrap_or(not_known)
    }

    /// 6.8.
    fn guest_base(self, who: &Who, object: &str, asked: &[&str]) -> Both {
        if is_controlled(self.default_inside(object)) {
            return self.base_by_parents(self.default_inside(object), who, object, asked);
        }
        let rules = self.org.rules.iter().filter(|rule| same(&rule.object, object));
        let has_rules =
            rules.clone().next().is_some() || self.org.rule_files.iter().any(|file| same(file, object));
        let guest_rules = rules.filter(|rule| rule.kind == RuleKind::Guest);
        let reached = or(guest_rules.map(|rule| self.guest_rule(who, rule)));
        let read = match reached {
            Yes => SOME,
            Unknown => (Reach::None, Reach::Some),
            No if !has_rules => (Reach::None, Reach::Some),
            No => NOTHING,
        };
        (read, NOTHING)
    }
}

/// 6.4.
fn restricted(range: Range) -> Range {
    (range.0.min(Reach::Some), range.1)
}
