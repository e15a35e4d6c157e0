//! What methods return to those who call them from outside, unasked, and what it weighs.

use dataflow::{Did, Sink};
use journal::Severity;
use source::Span;

use super::{Code, Holders, Leak, is_name_of_record};
use crate::Context;

/// Patients' data that a method returns without a check.
pub(crate) struct Returned {
    /// Without what the method asks about.
    pub(crate) leak: Leak,
    pub(crate) severity: Severity,
    /// Why it weighs less than it would.
    pub(crate) less: Option<&'static str>,
}

impl Code {
    /// All that is returned, each once.
    pub(crate) fn returned(&self, cx: &Context<'_>, holders: &Holders<'_, '_>) -> Vec<Returned> {
        let all = self.leaks.iter().filter(|leak| leak.sink == Sink::Result);
        // What is read again where it was read before is mended by the same words.
        let is_far = |leak: &Leak| leak.has_step(Did::Reread) || leak.has_step(Did::Forgotten);
        let is_nearer = |leak: &Leak| is_far(leak) && self.has_nearer(leak);
        let own = all.filter(|leak| !(self.is_checked(leak) || self.is_told_below(leak) || is_nearer(leak)));
        own.map(|leak| self.weighed(cx, holders, self.without_asked(leak))).collect()
    }

    fn weighed(&self, cx: &Context<'_>, holders: &Holders<'_, '_>, leak: Leak) -> Returned {
        let less = self.less(cx, &leak).or_else(|| holders.nobody_sees_more(cx, self, &leak));
        // Nobody's permissions say who may see an answer or an argument.
        let is_weaker = self.is_answer(&leak)
            || self.is_of_class(&leak)
            || fields_of_files(&leak.names(cx, self))
            || less.is_some();
        let severity = if is_weaker { Severity::Medium } else { Severity::High };
        Returned { leak, severity, less }
    }

    fn less(&self, cx: &Context<'_>, leak: &Leak) -> Option<&'static str> {
        let is_each = |holds: &dyn Fn(apex::MethodId, Span) -> bool| {
            leak.begins.as_ref().is_some_and(|all| {
                !all.is_empty()
                    && all.iter().all(|(file, span)| {
                        self.method_at(*file, *span).is_some_and(|method| holds(method, *span))
                    })
            })
        };
        if self.is_for_administrators(leak.place.method, leak.place.span) {
            Some(", in a branch for system administrators alone")
        } else if is_each(&|method, span| self.is_of_the_user(method, span)) {
            Some("; the records are the user's own")
        } else if is_each(&|method, span| self.is_of_one_just_made(method, span)) {
            Some("; the record is the one that the same call has just made")
        } else if is_each(&|method, span| self.is_narrowed_to_others(method, span)) {
            Some("; the query is narrowed to others than patients")
        } else if leak.has_step(Did::Reread) {
            Some(
                "; it was put into another record before, and whether just these records are read again is not known",
            )
        } else if leak.has_step(Did::Forgotten) {
            Some("; it stands in a static variable, which another call fills and each call begins anew")
        } else if self.shares(leak.place.method) && has_no_field_security(&leak.names(cx, self)) {
            Some(
                "; sharing holds, and field security keeps none of these fields from whoever may read the object",
            )
        } else {
            None
        }
    }
}

/// Files follow sharing, and have no field security of their own.
fn fields_of_files(fields: &[String]) -> bool {
    let is_file = |field: &String| {
        let object = field.split('.').next().unwrap_or_default().to_ascii_lowercase();
        matches!(object.as_str(), "contentversion" | "contentdocument" | "attachment")
    };
    !fields.is_empty() && fields.iter().all(is_file)
}

/// Names of records, which field security cannot hide.
fn has_no_field_security(fields: &[String]) -> bool {
    let (files, rest): (Vec<String>, Vec<String>) =
        fields.iter().cloned().partition(|field| fields_of_files(std::slice::from_ref(field)));
    (!files.is_empty() || !rest.is_empty()) && rest.iter().all(|field| is_name_of_record(field))
}
