//! Code that tests alone set off.

use std::collections::BTreeSet;

use apex::ast::{ExprId, Visibility};
use apex::{ClassId, MethodId, MethodKind};

use super::Code;
use crate::Context;
use crate::visualforce;

impl Code {
    /// Whether tests call a method, or what calls it, and nothing else leads to it: no component, page, service, flow, trigger or job,
    /// no code of a package that may call what is global, and nothing that names its class in a text, to make it by its name.
    pub(crate) fn is_for_tests(&self, cx: &Context<'_>, method: MethodId) -> bool {
        let controllers = visualforce::controllers(&self.program, cx.pages());
        let mut seen = BTreeSet::new();
        let mut todo = vec![method];
        while let Some(id) = todo.pop() {
            if !seen.insert(id) {
                continue;
            }
            let Some(own) = self.program.method(id) else { return false };
            let is_run = self.exposure(id).is_some()
                || !matches!(own.kind, MethodKind::Method | MethodKind::Constructor);
            let Some(class) = own.class.filter(|_| !is_run) else { return false };
            if controllers.contains(&class) || self.may_be_run(cx, class) {
                return false;
            }
            let callers = (0_u32..).map(MethodId).zip(&self.callees);
            todo.extend(callers.filter(|(_, callees)| callees.contains(&id)).map(|(caller, _)| caller));
        }
        seen.iter().any(|id| self.is_tested(*id))
    }

    /// Whether a test names the class of a method.
    fn is_tested(&self, method: MethodId) -> bool {
        let Some(class) = self.top_class(method) else { return false };
        let called = format!("{}.", class.to_lowercase());
        let names_it = |text: &str| {
            let text = text.to_lowercase();
            let mut found = text.match_indices(&called);
            found.any(|(at, _)| {
                text.get(..at)
                    .is_some_and(|before| !before.ends_with(|c: char| c.is_alphanumeric() || c == '_'))
            })
        };
        let of_class = self.program.files.iter().filter(|file| file.is_test()).map(|file| file.source.text());
        let alone = self.program.methods.iter().filter(|own| own.is_test).filter_map(|own| {
            let file = self.program.file(own.file)?;
            Some(file.source.slice(file.stmt(own.body?).span))
        });
        of_class.chain(alone).any(names_it)
    }

    /// Whether something else than a call in the source may run a class: Salesforce, a package, or what makes it by its name.
    fn may_be_run(&self, cx: &Context<'_>, class: ClassId) -> bool {
        let is_open = |id: &ClassId| {
            let Some(own) = self.program.class(*id) else { return true };
            let decl = self.program.decl_of(own);
            !own.platform.is_empty()
                || decl.is_none_or(|decl| decl.modifiers.visibility == Visibility::Global)
        };
        self.program.lineage(class).iter().any(is_open) || self.is_named_in_text(cx, class)
    }

    /// Whether a text of other code, or a record of custom metadata, is the name of a class.
    fn is_named_in_text(&self, cx: &Context<'_>, class: ClassId) -> bool {
        let name = self.program.class_name(class);
        let own = self.program.class(class).map(|class| class.file);
        let is_it = |text: &str| text.eq_ignore_ascii_case(&name);
        let in_code = self.files().filter(|(id, _)| Some(*id) != own).any(|(_, file)| {
            let all = (0_u32..).map(ExprId).take(file.exprs.len());
            all.filter_map(|id| file.literal_text(id)).any(|text| is_it(&text))
        });
        in_code
            || cx.project.of_type("CustomMetadata").any(|record| {
                let values = record.root().children_named("values");
                values.filter_map(|value| value.value("value")).any(|text| is_it(text.as_str()))
            })
    }
}
