//! To whom the source gives the classes behind which something is done, and whether they may do that anyway.

use std::collections::{BTreeMap, BTreeSet};

use access::{ObjectFlag, PrincipalKind};
use apex::{ClassId, MethodId};
use dataflow::Exposure;

use super::{Access, Code, Leak, Need};
use crate::field_path::Reached;
use crate::grant::{self, Grant};
use crate::{Context, container, flow_reach};

/// What profiles, permission sets and groups of the source give.
pub(crate) struct Holders<'c, 'p> {
    grants: Vec<Grant<'c, 'p>>,
    /// The pages of classes, by name: whoever may open one runs them. None is known of what is part of other pages.
    pages: BTreeMap<ClassId, Option<BTreeSet<String>>>,
    /// The classes that flows call, in lower case, and whether none of these flows waits for somebody to start it.
    of_flows: BTreeMap<String, bool>,
}

/// What lets a user set code off.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Entry {
    Class(String),
    Page(String),
    /// Flows that start by themselves: when a record is saved, or at a time.
    OwnFlow,
}

impl<'c, 'p> Holders<'c, 'p> {
    pub(crate) fn of(cx: &'c Context<'p>, code: &Code) -> Self {
        let grants = if cx.project.containers().next().is_some() { grant::all(cx) } else { Vec::new() };
        let mut pages: BTreeMap<ClassId, Option<BTreeSet<String>>> = BTreeMap::new();
        for page in cx.pages() {
            for class in page.own_classes(&code.program) {
                let own = pages.entry(class).or_insert_with(|| Some(BTreeSet::new()));
                match own {
                    Some(names) if !page.is_component => drop(names.insert(page.name.clone())),
                    _ => *own = None,
                }
            }
        }
        Self { grants, pages, of_flows: of_flows(cx) }
    }

    /// Why nobody gets more by an operation than he may do anyway.
    pub(crate) fn nobody_does_more(
        &self,
        cx: &Context<'_>,
        code: &Code,
        operation: &Access,
        callers: &BTreeMap<MethodId, Vec<MethodId>>,
    ) -> Option<&'static str> {
        let entries = self.entries(code, operation.method, callers)?;
        let fields: Option<BTreeSet<String>> = if operation.needs == [Need::Delete] {
            // Who deletes a record asks for none of its fields.
            let [object] = operation.objects.as_slice() else { return None };
            Some(BTreeSet::from([format!("{object}.Id")]))
        } else if operation.needs == [Need::Read] {
            code.phi_selected(cx, operation).map(|all| all.iter().map(Reached::full_name).collect())
        } else if let ([object], Some(written)) =
            (operation.objects.as_slice(), code.written_fields(operation))
        {
            let of_patients = written.iter().filter(|field| cx.classes.is_phi(object, field));
            Some(of_patients.map(|field| format!("{object}.{field}")).collect())
        } else {
            None
        };
        self.why(cx, &entries, &operation.needs, &fields.unwrap_or_default())
    }

    /// Why nobody sees more in what a method returns than he may see anyway.
    pub(crate) fn nobody_sees_more(
        &self,
        cx: &Context<'_>,
        code: &Code,
        leak: &Leak,
    ) -> Option<&'static str> {
        let entries = self.entries(code, leak.at.method, &BTreeMap::new())?;
        // Of which records, `apex-ignores-sharing` asks.
        let fields: BTreeSet<String> = leak.names(cx, code).into_iter().collect();
        self.why(cx, &entries, &[Need::Read], &fields)
    }

    /// By what users set a method off; nothing where something else than the right to a class or page lets them.
    fn entries(
        &self,
        code: &Code,
        method: MethodId,
        callers: &BTreeMap<MethodId, Vec<MethodId>>,
    ) -> Option<BTreeSet<Entry>> {
        let (mut entries, mut seen, mut todo) = (BTreeSet::new(), BTreeSet::new(), vec![method]);
        while let Some(method) = todo.pop() {
            if !seen.insert(method) {
                continue;
            }
            let class = code.program.method(method).and_then(|method| method.class);
            if let Some(pages) = class.and_then(|class| self.pages.get(&class)) {
                entries.extend(pages.clone()?.into_iter().map(Entry::Page));
            }
            match code.exposure(method) {
                Some(Exposure::Component | Exposure::Service) => {
                    entries.extend(code.top_class(method).map(Entry::Class))
                }
                Some(Exposure::Flow) if self.is_of_own_flows(code, method) => {
                    entries.insert(Entry::OwnFlow);
                }
                // OmniStudio asks for the right to a class only where its settings tell it to, which are records.
                Some(Exposure::Flow | Exposure::OmniStudio) => return None,
                None => {}
            }
            todo.extend(callers.get(&method).into_iter().flatten());
        }
        (!entries.is_empty()).then_some(entries)
    }

    /// Without fields it is not known what is seen or changed.
    fn why(
        &self,
        cx: &Context<'_>,
        entries: &BTreeSet<Entry>,
        needs: &[Need],
        fields: &BTreeSet<String>,
    ) -> Option<&'static str> {
        let is_each = |holds: &dyn Fn(&Entry) -> bool| entries.iter().all(holds);
        if is_each(&|entry| self.is_for_administrators(entry)) {
            return Some("; the source gives it to administrators alone");
        }
        if is_each(&|entry| *entry == Entry::OwnFlow) {
            return Some("; only flows that start by themselves reach it");
        }
        let is_for_programs = |entry: &Entry| {
            let mut holders = self.holders(entry).peekable();
            holders.peek().is_some() && holders.all(|holder| is_declared_program(cx, holder))
        };
        if is_each(&is_for_programs) {
            return Some("; the source gives it to a program that the bundle declares, and to nobody else");
        }
        let have_all = |entry: &Entry| {
            let mut holders = self.holders(entry).peekable();
            holders.peek().is_some()
                && holders
                    .all(|holder| has(holder, needs, fields) || self.has_in_groups(holder, needs, fields))
        };
        (!fields.is_empty() && is_each(&have_all)).then_some(
            "; each profile and permission set of the source that gives the right to it gives that, too",
        )
    }

    fn is_of_own_flows(&self, code: &Code, method: MethodId) -> bool {
        let class = code.top_class(method).map(|class| class.to_lowercase());
        class.is_some_and(|class| self.of_flows.get(&class) == Some(&true))
    }

    /// Whether a permission set is in groups, and each of them has that: sets that are made to be parts of groups are given
    /// with the rest.
    fn has_in_groups(&self, holder: &Grant<'c, 'p>, needs: &[Need], fields: &BTreeSet<String>) -> bool {
        let is_member = |group: &&Grant<'c, 'p>| {
            let mut members = group.groups.iter().flat_map(|group| group.permission_sets());
            group.is_group() && members.any(|member| member.eq_ignore_ascii_case(holder.name()))
        };
        let mut groups = self.grants.iter().filter(is_member).peekable();
        holder.kind() == PrincipalKind::PermissionSet
            && groups.peek().is_some()
            && groups.all(|group| has(group, needs, fields))
    }

    fn holders(&self, entry: &Entry) -> impl Iterator<Item = &Grant<'c, 'p>> {
        self.grants.iter().filter(move |grant| says(grant, entry, true) && !may_all(grant))
    }

    /// Whether nobody else has the class, and other profiles of the source say that they do not.
    fn is_for_administrators(&self, entry: &Entry) -> bool {
        let is_given = self.grants.iter().any(|grant| says(grant, entry, true));
        let is_withheld = |grant: &&Grant<'_, '_>| {
            grant.kind() == PrincipalKind::Profile && !may_all(grant) && says(grant, entry, false)
        };
        is_given
            && self.holders(entry).next().is_none()
            && self.grants.iter().any(|grant| is_withheld(&grant))
    }
}

/// The classes that flows call, and whether each of these flows starts by itself. What agents call starts with somebody.
fn of_flows(cx: &Context<'_>) -> BTreeMap<String, bool> {
    let mut found: BTreeMap<String, bool> = BTreeMap::new();
    for flow in cx.project.flows().filter(|flow| flow_reach::runs(cx, *flow)) {
        let starts_itself = flow.start().is_some_and(|start| start.trigger().is_some());
        for class in flow.action_calls().filter_map(|call| call.action_name()) {
            *found.entry(class.to_lowercase()).or_insert(true) &= starts_itself;
        }
    }
    for function in cx.project.of_type("GenAiFunction") {
        let target = function.root().value("invocationTarget").map(|target| target.to_lowercase());
        found.extend(target.map(|target| (target, false)));
    }
    found
}

fn says(grant: &Grant<'_, '_>, entry: &Entry, enabled: bool) -> bool {
    grant.containers.iter().any(|file| match entry {
        Entry::Class(class) => file.class_accesses().any(|access| {
            access.enabled() == Some(enabled)
                && access.class().is_some_and(|name| name.eq_ignore_ascii_case(class))
        }),
        Entry::Page(page) => file.page_accesses().any(|access| {
            access.enabled() == Some(enabled)
                && access.page().is_some_and(|name| name.eq_ignore_ascii_case(page))
        }),
        Entry::OwnFlow => false,
    })
}

/// Whether it is for a program of the bundle's identities: who that is, and for what, was looked at there.
fn is_declared_program(cx: &Context<'_>, grant: &Grant<'_, '_>) -> bool {
    let mut identities = grant.containers.iter().map(|file| container::identity(cx, *file)).peekable();
    identities.peek().is_some() && identities.all(|one| one.is_some()) && grant.for_programs(cx)
}

fn may_all(grant: &Grant<'_, '_>) -> bool {
    grant.is_administrators() || grant.gives("ModifyAllData")
}

/// Whether its holder may do that by himself, with each of the fields.
fn has(holder: &Grant<'_, '_>, needs: &[Need], fields: &BTreeSet<String>) -> bool {
    fields.iter().all(|field| {
        let Some((object, _)) = field.split_once('.') else { return false };
        let flag = |flag| holder.access.flag(object, flag).is_some_and(|answer| answer.is_yes());
        let reads = || holder.access.reads_and_edits(field).is_some_and(|(reads, _)| reads.is_yes());
        let edits = || holder.access.reads_and_edits(field).is_some_and(|(_, edits)| edits.is_yes());
        needs.iter().all(|need| match need {
            Need::Read => flag(ObjectFlag::Read) && reads(),
            Need::Create => flag(ObjectFlag::Create) && edits(),
            Need::Edit => flag(ObjectFlag::Edit) && edits(),
            Need::Delete => flag(ObjectFlag::Delete),
        })
    })
}

impl Code {
    /// Whether a flow or a function of an agent in the source calls an action.
    pub(crate) fn is_invoked(&self, cx: &Context<'_>, action: MethodId) -> bool {
        let Some(class) = self.top_class(action).map(|class| class.to_lowercase()) else { return true };
        let names =
            |element: &str| [format!("<{element}>{class}</{element}>"), format!(".{class}</{element}>")];
        let called = [names("actionname"), names("invocationtarget")].concat();
        ["Flow", "GenAiFunction"].iter().flat_map(|kind| cx.project.of_type(kind)).any(|component| {
            let text = component.root().source().text().to_lowercase();
            called.iter().any(|name| text.contains(name))
        })
    }
}
