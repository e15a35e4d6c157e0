//! # A trigger copies a patient's field past field security
//!
//! A trigger, or a class that it calls, writes the value of a patient's field into a record of another object in system
//! mode.
//!
//! ## Why it harms
//! Whoever sets the trigger off fills a field that they may not edit, and those who may read the other object read what
//! the first one hides: 45 CFR 164.312(a)(1), 164.308(a)(4); GDPR Art. 25(2).
//!
//! ## What to change
//! Write the record's Id instead. Where the copy must be, write it `as user` or with `AccessLevel.USER_MODE`, or strip
//! with `Security.stripInaccessible` what the user may not write.
//!
//! ## What is not found
//! Changes of the trigger's own records before they are saved, values of fields that are no patient's, Ids and look-ups,
//! writes in user mode or behind a check of permissions for the other object, and writes that no trigger reaches. That
//! the other field is classified is `phi-copied-to-unclassified-field`'s to say.
//!
//! ## Seen in the wild
//! A public drug programme's trigger copies the dosage of a request into the case of the committee that decides on it.

use std::collections::BTreeSet;

use dataflow::Sink;
use apex::{MethodId, MethodKind};
use journal::{Confidence, Persona, Severity};

use crate::Context;
use crate::code;
use crate::rule::{Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "A trigger copies a patient's field past field security",
    severity: Severity::Low,
    confidence: Confidence::High,
    persona: Persona::Developer,
    controls: &["hipaa-sec-312a1", "hipaa-sec-308a4", "gdpr-25-2"],
    tags: &["phi", "access"],
    replaces: &[],
    sbs: &[],
    needs: &["the Apex triggers and classes with their `-meta.xml`"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    let code = code::followed(cx, out);
    let triggers: BTreeSet<MethodId> = code.methods_of(MethodKind::Trigger).collect();
    let reached: BTreeSet<MethodId> = triggers.iter().flat_map(|trigger| code.below(*trigger)).collect();
    let callers = code.callers_of(&reached);
    let open: Vec<code::Access> = code
        .system_operations()
        .into_iter()
        .filter(|operation| reached.contains(&operation.method))
        .filter(|operation| !code.is_asked(operation, &callers, &triggers))
        .collect();
    let mut told = BTreeSet::new();
    for leak in &code.leaks {
        let Sink::Record { object, .. } = leak.sink else { continue };
        let is_other = leak.data.keys().any(|own| *own != object);
        let is_open = || {
            open.iter().any(|operation| {
                operation.file == leak.at.file
                    && operation.span.start <= leak.at.span.end
                    && leak.at.span.start <= operation.span.end
            })
        };
        if code.is_answer(leak) || !is_other || !is_open() || !told.insert((leak.at, object)) {
            continue;
        }
        let written = code.program.names.written(object);
        let message = format!("{} written into `{written}` by a trigger in system mode", code.what(cx, leak));
        out.found(code::draft_at(
            cx,
            code,
            leak,
            leak.at,
            message,
            "write the record's Id instead; or write as the user (`as user`, `AccessLevel.USER_MODE`), so that field \
             security holds",
        ));
    }
}
