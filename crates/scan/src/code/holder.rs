//! To whom the source gives the classes behind which something is done, and whether they may do that anyway.

use std::collections::{BTreeMap, BTreeSet};

use access::{ObjectFlag, PrincipalKind};
use apex::{ClassId, MethodId};
use dataflow::Exposure;

use super::{Access, Code, Leak, Need};
use crate::grant::{self, Grant};
use crate::{Context, container, visualforce};

/// What profiles, permission sets and groups of the source give.
pub(crate) struct Holders<'c, 'p> {
    grants: Vec<Grant<'c, 'p>>,
    /// Classes of pages: whoever may open the page runs them.
    controllers: BTreeSet<ClassId>,
}

impl<'c, 'p> Holders<'c, 'p> {
    pub(crate) fn of(cx: &'c Context<'p>, code: &Code) -> Self {
        let grants = if cx.project.containers().next().is_some() { grant::all(cx) } else { Vec::new() };
        Self { grants, controllers: visualforce::controllers(&code.program, cx.pages()) }
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
        let [object] = operation.objects.as_slice() else { return None };
        let (fields, is_whole) = if operation.needs == [Need::Read] {
            // Of what hangs on its records only the last name of a path is known.
            let text = code.text_of(operation).to_lowercase();
            let selected = super::selected(&text).trim_start_matches('[');
            (operation.fields.clone(), !selected.contains(['.', '(']) && !operation.fields.contains("*"))
        } else {
            let written = code.written_fields(operation);
            let is_whole = written.is_some();
            (written.unwrap_or_default(), is_whole)
        };
        let of_patients = fields.iter().filter(|field| cx.classes.is_phi(object, field));
        let fields: BTreeSet<String> = of_patients.map(|field| format!("{object}.{field}")).collect();
        let is_known = is_whole && code.shares(operation.method);
        self.why(cx, &entries, &operation.needs, if is_known { &fields } else { NONE })
    }

    /// Why nobody sees more in what a method returns than he may see anyway.
    pub(crate) fn nobody_sees_more(
        &self,
        cx: &Context<'_>,
        code: &Code,
        leak: &Leak,
    ) -> Option<&'static str> {
        let entries = self.entries(code, leak.at.method, &BTreeMap::new())?;
        let fields: BTreeSet<String> = leak.names(cx, code).into_iter().collect();
        // Without sharing one gets others' records too, whose fields he may read.
        let is_known = code.shares(leak.place.method);
        self.why(cx, &entries, &[Need::Read], if is_known { &fields } else { NONE })
    }

    /// The classes by which users set a method off; nothing where something else than the right to a class lets them.
    fn entries(
        &self,
        code: &Code,
        method: MethodId,
        callers: &BTreeMap<MethodId, Vec<MethodId>>,
    ) -> Option<BTreeSet<String>> {
        let (mut entries, mut seen, mut todo) = (BTreeSet::new(), BTreeSet::new(), vec![method]);
        while let Some(method) = todo.pop() {
            if !seen.insert(method) {
                continue;
            }
            let class = code.program.method(method).and_then(|method| method.class);
            if class.is_some_and(|class| self.controllers.contains(&class)) {
                return None;
            }
            match code.exposure(method) {
                Some(Exposure::Component | Exposure::Service) => entries.extend(code.top_class(method)),
                Some(Exposure::Flow) => return None,
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
        entries: &BTreeSet<String>,
        needs: &[Need],
        fields: &BTreeSet<String>,
    ) -> Option<&'static str> {
        let is_each = |holds: &dyn Fn(&str) -> bool| entries.iter().all(|class| holds(class));
        if is_each(&|class| self.is_for_administrators(class)) {
            return Some("; the source gives the class to administrators alone");
        }
        let is_for_programs = |class: &str| {
            let mut holders = self.holders(class).peekable();
            holders.peek().is_some() && holders.all(|holder| is_declared_program(cx, holder))
        };
        if is_each(&is_for_programs) {
            return Some(
                "; the source gives the class to a program that the bundle declares, and to nobody else",
            );
        }
        let have_all = |class: &str| {
            let mut holders = self.holders(class).peekable();
            holders.peek().is_some() && holders.all(|holder| has(holder, needs, fields))
        };
        (!fields.is_empty() && is_each(&have_all))
            .then_some("; each profile and permission set of the source that gives the class gives that, too")
    }

    fn holders(&self, class: &str) -> impl Iterator<Item = &Grant<'c, 'p>> {
        self.grants.iter().filter(move |grant| says(grant, class, true) && !may_all(grant))
    }

    /// Whether nobody else has the class, and other profiles of the source say that they do not.
    fn is_for_administrators(&self, class: &str) -> bool {
        let is_given = self.grants.iter().any(|grant| says(grant, class, true));
        let is_withheld = |grant: &&Grant<'_, '_>| {
            grant.kind() == PrincipalKind::Profile && !may_all(grant) && says(grant, class, false)
        };
        is_given
            && self.holders(class).next().is_none()
            && self.grants.iter().any(|grant| is_withheld(&grant))
    }
}

static NONE: &BTreeSet<String> = &BTreeSet::new();

fn says(grant: &Grant<'_, '_>, class: &str, enabled: bool) -> bool {
    grant.containers.iter().flat_map(|file| file.class_accesses()).any(|access| {
        access.enabled() == Some(enabled)
            && access.class().is_some_and(|name| name.eq_ignore_ascii_case(class))
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
        let Some((reads, edits)) = holder.access.reads_and_edits(field) else { return false };
        needs.iter().all(|need| match need {
            Need::Read => flag(ObjectFlag::Read) && reads.is_yes(),
            Need::Create => flag(ObjectFlag::Create) && edits.is_yes(),
            Need::Edit => flag(ObjectFlag::Edit) && edits.is_yes(),
            Need::Delete => flag(ObjectFlag::Delete),
        })
    })
}
