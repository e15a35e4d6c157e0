//! Answers for one principal: sections 4 and 5 of `semantics.md`, and how they come about.

use std::borrow::Cow;

use sfdx::completeness::Remedy;
use sfdx::views::ContainerKind;

use crate::Answer;
use crate::bits::Grant;
use crate::container::{Container, EDIT, GIVEN, READ, Subject};
use crate::model::{Model, Special};
use crate::path::{Decision, Path, Step, retrieve};
use crate::principal::{Group, Member, Part, Principal, PrincipalKind};
use crate::universe::{ObjectFlag, Use, brought};

/// What one principal can do. Answers are cheap; the methods that give a [`Decision`] look for the paths as well.
#[derive(Debug)]
pub struct Access<'m> {
    pub(crate) model: &'m Model,
    pub(crate) principal: &'m Principal,
    grant: Cow<'m, Grant>,
}

/// What one principal can do with one field.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct FieldAccess {
    pub read: FieldDecision,
    pub edit: FieldDecision,
}

/// A field is reached where both the object and the field are.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct FieldDecision {
    pub answer: Answer,
    pub by_object: Decision,
    pub by_field: Decision,
    /// What bars it whatever is granted, or may: that it is computed, or that a restriction rule hides it.
    pub barred: Option<Step>,
    pub missing: Vec<Remedy>,
}

impl FieldDecision {
    pub fn is_complete(&self) -> bool {
        self.answer.is_complete()
    }
}

const UNGOVERNED: Remedy = Remedy::Do("look up who is given this custom setting or metadata type");

/// What a flag or a field may be given by: a row, or a user permission for all at once.
#[derive(Clone, Copy)]
enum Giver<'n> {
    Flag(u32, ObjectFlag),
    Field(u32, Use),
    Permission(&'n str),
}

impl<'m> Access<'m> {
    pub(crate) fn new(model: &'m Model, principal: &'m Principal, grant: Cow<'m, Grant>) -> Self {
        Self { model, principal, grant }
    }

    pub fn principal(&self) -> &'m Principal {
        self.principal
    }

    /// The answer for a user permission, by its name in the Metadata API.
    pub fn has(&self, permission: &str) -> Answer {
        has(self.model, &self.grant, permission)
    }

    /// The same, with its paths.
    pub fn permission(&self, permission: &str) -> Decision {
        self.decide(self.has(permission), &[Giver::Permission(permission)])
    }

    /// The answer for one flag of an object; none where the model knows no such object.
    pub fn flag(&self, object: &str, flag: ObjectFlag) -> Option<Answer> {
        let object = self.model.universe.objects.find(object)?;
        Some(flag_of(self.model, &self.grant, object, flag))
    }

    /// The same, with its paths.
    pub fn object(&self, object: &str, flag: ObjectFlag) -> Option<Decision> {
        let object = self.model.universe.objects.find(object)?;
        Some(self.object_decision(object, flag))
    }

    /// Read and edit of a field, `Object.Field`; none where the model knows no such field.
    pub fn reads_and_edits(&self, field: &str) -> Option<(Answer, Answer)> {
        let field = self.model.universe.fields.find(field)?;
        let of = self.of_object(self.model.universe.object_of(field));
        let answer = |what| field_of(self.model, &self.grant, of, field, what);
        Some((answer(Use::Read), answer(Use::Edit)))
    }

    /// The same, with their paths.
    pub fn field(&self, field: &str) -> Option<FieldAccess> {
        let field = self.model.universe.fields.find(field)?;
        Some(FieldAccess {
            read: self.field_decision(field, Use::Read),
            edit: self.field_decision(field, Use::Edit),
        })
    }

    /// What its grants are put together from, by name: profiles, permission sets and groups.
    pub fn parts(&self) -> impl Iterator<Item = (PrincipalKind, &'m str)> {
        let model = self.model;
        self.principal.parts.iter().filter_map(|part| match part {
            Part::Container(at) => {
                let container = model.containers.get(*at)?;
                let kind = match container.kind {
                    ContainerKind::Profile => PrincipalKind::Profile,
                    ContainerKind::PermissionSet => PrincipalKind::PermissionSet,
                    ContainerKind::MutingPermissionSet => return None,
                };
                Some((kind, container.name.as_str()))
            }
            Part::Group(at) => {
                model.groups.get(*at).map(|group| (PrincipalKind::PermissionSetGroup, group.name.as_str()))
            }
            Part::Lacking(_) => None,
        })
    }

    /// What is missing of the principal's own grants, whatever is asked: sorted, each once. Empty where its grants are
    /// complete. Defaults, parents and rules of an object may still be missing: see [`Access::records`].
    pub fn missing(&self) -> Vec<Remedy> {
        let mut missing = Vec::new();
        let container = |at: usize| self.model.containers.get(at);
        let own = |container: &Container, missing: &mut Vec<Remedy>| {
            if !container.is_whole() {
                missing.push(retrieve(container.type_name(), &container.name));
                if container.kind == ContainerKind::Profile {
                    missing.push(retrieve("CustomObject", "*"));
                }
            }
        };
        for part in &self.principal.parts {
            match part {
                Part::Lacking(remedy) => missing.push(remedy.clone()),
                Part::Container(at) => {
                    container(*at).into_iter().for_each(|container| own(container, &mut missing));
                }
                Part::Group(at) => {
                    let Some(group) = self.model.groups.get(*at) else { continue };
                    if group.place.is_none() {
                        missing.push(retrieve("PermissionSetGroup", &group.name));
                    }
                    let members = group.members.iter().map(|member| ("PermissionSet", member));
                    let mutings = group.mutings.iter().map(|member| ("MutingPermissionSet", member));
                    for (kind, member) in members.chain(mutings) {
                        match member.container.and_then(container) {
                            Some(set) => own(set, &mut missing),
                            None => missing.push(retrieve(kind, &member.name)),
                        }
                    }
                }
            }
        }
        missing.sort();
        missing.dedup();
        missing
    }

    pub(crate) fn flag_by_number(&self, object: u32, flag: ObjectFlag) -> Answer {
        flag_of(self.model, &self.grant, object, flag)
    }

    fn of_object(&self, object: u32) -> OfObject {
        OfObject::new(self.model, &self.grant, object)
    }

    pub(crate) fn object_decision(&self, object: u32, flag: ObjectFlag) -> Decision {
        let answer = self.flag_by_number(object, flag);
        let name = self.model.universe.objects.shown(object);
        let special = self.model.special.get(object as usize).copied().unwrap_or(Special::None);
        let mut givers: Vec<Giver<'_>> = Vec::new();
        match special {
            Special::None => givers.push(Giver::Flag(object, flag)),
            Special::Ungoverned => {
                return Decision::new(answer, Vec::new(), vec![UNGOVERNED]);
            }
            Special::User if flag == ObjectFlag::Read => {
                let step = Step::new("no object permission guards `User`", None);
                return Decision::new(answer, vec![Path::new(Answer::Yes, vec![step])], Vec::new());
            }
            _ => {}
        }
        givers.extend(permissions_for(special, flag).iter().map(|name| Giver::Permission(name)));
        let mut decision = self.decide(answer, &givers);
        if answer == Answer::Unknown && special == Special::None {
            decision.missing.push(retrieve("CustomObject", name));
            decision.missing.sort();
            decision.missing.dedup();
        }
        decision
    }

    fn field_decision(&self, field: u32, what: Use) -> FieldDecision {
        let universe = &self.model.universe;
        let object = universe.object_of(field);
        let flag = if what == Use::Read { ObjectFlag::Read } else { ObjectFlag::Edit };
        let of = self.of_object(object);
        let answer = field_of(self.model, &self.grant, of, field, what);
        let by_object = self.object_decision(object, flag);
        let Some(traits) = self.model.fields.get(field as usize) else {
            let by_field = Decision::new(Answer::Unknown, Vec::new(), Vec::new());
            return FieldDecision { answer, by_object, by_field, barred: None, missing: Vec::new() };
        };
        let level = level_of(self.model, &self.grant, of, field, what);
        let name = universe.fields.shown(field);
        let by_field = if traits.secured == Answer::No {
            let step = Step::new(traits.why_open, traits.place.clone());
            Decision::new(level, vec![Path::new(Answer::Yes, vec![step])], Vec::new())
        } else {
            let mut givers: Vec<Giver<'_>> = traits.rows.iter().map(|&row| Giver::Field(row, what)).collect();
            let special = self.model.special.get(object as usize).copied().unwrap_or(Special::None);
            if what == Use::Read && special == Special::None {
                givers.push(Giver::Flag(object, ObjectFlag::ViewAllFields));
            }
            if what == Use::Read && special != Special::Ungoverned {
                givers.push(Giver::Permission("ViewAllFieldsGlobal"));
            }
            let mut decision = self.decide(level, &givers);
            if level == Answer::Unknown && what == Use::Read && special == Special::Ungoverned {
                decision.missing.push(UNGOVERNED);
                decision.missing.sort();
                decision.missing.dedup();
            }
            if level == Answer::Unknown && traits.secured == Answer::Unknown {
                decision.missing.push(retrieve("CustomField", name));
                decision.missing.sort();
                decision.missing.dedup();
            }
            decision
        };
        let barred = if what == Use::Edit && traits.writable == Answer::No {
            Some(Step::new(format!("`{name}` cannot be written"), traits.place.clone()))
        } else if traits.restricted {
            Some(Step::new("a field restriction rule may hide it", None))
        } else {
            None
        };
        let mut missing = Vec::new();
        if answer == Answer::Unknown {
            missing.extend(by_object.missing.iter().chain(&by_field.missing).cloned());
            if what == Use::Edit && traits.writable == Answer::Unknown {
                missing.push(retrieve("CustomObject", universe.objects.shown(object)));
            }
            if traits.restricted {
                missing.push(Remedy::Do("read whom the field restriction rule names"));
            }
            missing.sort();
            missing.dedup();
        }
        FieldDecision { answer, by_object, by_field, barred, missing }
    }

    /// The ways to an answer over all parts and givers, and what the unknown ones lack.
    fn decide(&self, answer: Answer, givers: &[Giver<'_>]) -> Decision {
        let (mut paths, mut missing) = (Vec::new(), Vec::new());
        for part in &self.principal.parts {
            match part {
                Part::Lacking(remedy) => missing.push(remedy.clone()),
                Part::Container(at) => {
                    let Some(container) = self.model.containers.get(*at) else { continue };
                    for &giver in givers {
                        self.container_paths(container, giver, &[], &mut paths, &mut missing);
                    }
                }
                Part::Group(at) => {
                    let Some(group) = self.model.groups.get(*at) else { continue };
                    for &giver in givers {
                        self.group_paths(group, giver, &mut paths, &mut missing);
                    }
                }
            }
        }
        Decision::new(answer, paths, missing)
    }

    fn container_paths(
        &self,
        container: &Container,
        giver: Giver<'_>,
        before: &[Step],
        paths: &mut Vec<Path>,
        missing: &mut Vec<Remedy>,
    ) {
        let item = self.item(giver);
        match container.grant.at(item) {
            Answer::No => {}
            Answer::Unknown => {
                missing.push(retrieve(container.type_name(), &container.name));
                if container.kind == ContainerKind::Profile
                    && let Giver::Field(field, _) = giver
                {
                    let object = self.model.universe.object_of(field);
                    missing.push(retrieve("CustomObject", self.model.universe.objects.shown(object)));
                }
            }
            Answer::Yes => {
                let mut steps = before.to_vec();
                steps.push(Step::new(container.words(), container.place()));
                steps.extend(self.giving_row(container, giver));
                paths.push(Path::new(Answer::Yes, steps));
            }
        }
    }

    /// The row that gives, in words.
    fn giving_row(&self, container: &Container, giver: Giver<'_>) -> Option<Step> {
        let universe = &self.model.universe;
        let (subject, wanted): (Subject, u8) = match giver {
            Giver::Flag(object, flag) => (Subject::Object(object), flag.bit()),
            Giver::Field(field, Use::Read) => (Subject::Field(field), READ | EDIT),
            Giver::Field(field, Use::Edit) => (Subject::Field(field), EDIT),
            Giver::Permission(name) => {
                let number = |name| universe.permission_number(name).map(Subject::Permission);
                let gives =
                    |subject: &Subject| container.rows(*subject).iter().any(|row| row.flags & GIVEN != 0);
                let own = number(name).filter(gives);
                (own.or_else(|| number("ModifyAllData").filter(gives))?, GIVEN)
            }
        };
        let row = container.rows(subject).iter().find(|row| {
            let flags = if matches!(subject, Subject::Object(_)) { brought(row.flags) } else { row.flags };
            flags & wanted != 0
        })?;
        let words = match subject {
            Subject::Object(object) => {
                let flags = ObjectFlag::ALL.into_iter().filter(|flag| row.flags & flag.bit() != 0);
                let flags: Vec<&str> = flags.map(ObjectFlag::as_str).collect();
                format!("object permission on `{}`: {}", universe.objects.shown(object), flags.join(", "))
            }
            Subject::Field(field) => {
                let flags = if row.flags & EDIT != 0 { "read and edit" } else { "read" };
                format!("field permission on `{}`: {flags}", universe.fields.shown(field))
            }
            Subject::Permission(permission) => {
                format!("user permission `{}`", universe.permission_shown(permission))
            }
        };
        Some(Step::new(words, container.place_of(row)))
    }

    fn group_paths(&self, group: &Group, giver: Giver<'_>, paths: &mut Vec<Path>, missing: &mut Vec<Remedy>) {
        let item = self.item(giver);
        let whole = group.grant.at(item);
        let words = format!("permission set group `{}`", group.name);
        let head = Step::new(words, group.place.clone());
        if group.place.is_none() && whole == Answer::Unknown {
            missing.push(retrieve("PermissionSetGroup", &group.name));
        }
        let container = |member: &Member| member.container.and_then(|at| self.model.containers.get(at));
        let mut bar = Vec::new();
        let mut answer = if group.place.is_some() { Answer::Yes } else { Answer::Unknown };
        for muting in &group.mutings {
            let (muted, place) = match container(muting) {
                Some(set) => (set.grant.at(item), set.place()),
                None => (Answer::Unknown, muting.place.clone()),
            };
            let words = match muted {
                Answer::No => continue,
                Answer::Yes => format!("muted by muting permission set `{}`", muting.name),
                Answer::Unknown => {
                    format!("may be muted by muting permission set `{}`, which is not known", muting.name)
                }
            };
            answer = answer.and(if muted.is_yes() { Answer::No } else { Answer::Unknown });
            if muted == Answer::Unknown {
                missing.push(retrieve("MutingPermissionSet", &muting.name));
            }
            bar.push(Step::new(words, place));
        }
        for member in &group.members {
            match container(member) {
                None if answer != Answer::No => missing.push(retrieve("PermissionSet", &member.name)),
                None => {}
                Some(set) => {
                    let from = paths.len();
                    self.container_paths(set, giver, std::slice::from_ref(&head), paths, missing);
                    for path in paths.iter_mut().skip(from) {
                        path.answer = answer;
                        path.steps.extend(bar.iter().cloned());
                    }
                }
            }
        }
    }

    fn item(&self, giver: Giver<'_>) -> usize {
        let universe = &self.model.universe;
        match giver {
            Giver::Flag(object, flag) => universe.flag_item(object, flag),
            Giver::Field(field, what) => universe.field_item(field, what),
            Giver::Permission(name) => universe.permission_or_unnamed(name),
        }
    }
}

/// All grants of some parts together.
pub(crate) fn union(model: &Model, parts: &[Part]) -> Grant {
    let length = model.universe.len();
    let mut grant = Grant::nothing(length);
    for part in parts {
        match part {
            Part::Container(at) => {
                if let Some(container) = model.containers.get(*at) {
                    grant.or(&container.grant);
                }
            }
            Part::Group(at) => {
                if let Some(group) = model.groups.get(*at) {
                    grant.or(&group.grant);
                }
            }
            Part::Lacking(_) => grant.or(&Grant::unknown(length)),
        }
    }
    grant
}

fn has(model: &Model, grant: &Grant, permission: &str) -> Answer {
    grant.at(model.universe.permission_or_unnamed(permission))
}

/// The user permissions that give a flag of any object, or of one that object permissions do not govern.
fn permissions_for(special: Special, flag: ObjectFlag) -> &'static [&'static str] {
    use ObjectFlag::{Create, Delete, Edit, ModifyAll, Read, ViewAll, ViewAllFields};
    match (special, flag) {
        (_, ViewAllFields) => &["ViewAllFieldsGlobal"],
        (Special::None, Read | ViewAll) => &["ViewAllData", "ModifyAllData"],
        (Special::None, _) => &["ModifyAllData"],
        (Special::Task | Special::Event | Special::Activity, Read) => {
            &["ActivitiesAccess", "EditTask", "EditEvent", "ViewAllData"]
        }
        (Special::Task, Create | Edit | Delete) => &["EditTask", "ModifyAllData"],
        (Special::Event, Create | Edit | Delete) => &["EditEvent", "ModifyAllData"],
        (Special::Activity, Create | Edit | Delete) => &["EditTask", "EditEvent", "ModifyAllData"],
        (Special::Task | Special::Event | Special::Activity, ViewAll) => &["ViewAllData"],
        (Special::Task | Special::Event | Special::Activity, ModifyAll) => &["ModifyAllData"],
        (Special::User, Create | Edit) => &["ManageUsers", "ManageInternalUsers"],
        (Special::User, ViewAll) => &["ViewAllUsers", "ViewAllData"],
        (Special::User, ModifyAll) => &["ManageUsers"],
        (Special::User, Read | Delete) | (Special::Ungoverned, _) => &[],
    }
}

pub(crate) fn flag_of(model: &Model, grant: &Grant, object: u32, flag: ObjectFlag) -> Answer {
    let special = model.special.get(object as usize).copied().unwrap_or(Special::None);
    let own = match special {
        Special::None => grant.at(model.universe.flag_item(object, flag)),
        Special::Ungoverned => return Answer::Unknown,
        Special::User if flag == ObjectFlag::Read => return Answer::Yes,
        _ => Answer::No,
    };
    let permissions = permissions_for(special, flag).iter();
    permissions.fold(own, |answer, permission| answer.or(has(model, grant, permission)))
}

/// What the fields of an object ask of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OfObject {
    read: Answer,
    edit: Answer,
    all_fields: Answer,
}

impl OfObject {
    pub(crate) fn new(model: &Model, grant: &Grant, object: u32) -> Self {
        let flag = |flag| flag_of(model, grant, object, flag);
        Self {
            read: flag(ObjectFlag::Read),
            edit: flag(ObjectFlag::Edit),
            all_fields: flag(ObjectFlag::ViewAllFields),
        }
    }

    fn needed(self, what: Use) -> Answer {
        match what {
            Use::Read => self.read,
            Use::Edit => self.edit,
        }
    }
}

/// Field-level security alone.
fn level_of(model: &Model, grant: &Grant, of: OfObject, field: u32, what: Use) -> Answer {
    let Some(traits) = model.fields.get(field as usize) else { return Answer::Unknown };
    if traits.secured == Answer::No {
        return Answer::Yes;
    }
    let rows = traits.rows.iter().map(|&row| grant.at(model.universe.field_item(row, what)));
    let mut answer = rows.fold(Answer::No, Answer::or);
    if what == Use::Read {
        answer = answer.or(of.all_fields);
    }
    if traits.secured == Answer::Unknown { answer.or(Answer::Unknown) } else { answer }
}

pub(crate) fn field_of(model: &Model, grant: &Grant, of: OfObject, field: u32, what: Use) -> Answer {
    let Some(traits) = model.fields.get(field as usize) else { return Answer::Unknown };
    let mut answer = of.needed(what).and(level_of(model, grant, of, field, what));
    if what == Use::Edit {
        answer = answer.and(traits.writable);
    }
    if traits.restricted { answer.and(Answer::Unknown) } else { answer }
}
