//! # Guests can call code that reads or writes patients' data
//!
//! A guest profile may run a class whose `@AuraEnabled`, `@RemoteAction`, REST or `webservice` method, or whose
//! method for OmniScripts, reads or writes fields of patients in system mode.
//!
//! ## Why it harms
//! Anybody on the internet calls the method without logging in, and neither object permissions nor field-level security
//! hold in system mode: 45 CFR 164.312(a)(1) and (d), 164.502(a); GDPR Art. 32(1)(b). Sharing decides which records are
//! found, not which of their fields are shown.
//!
//! ## What to change
//! Take the class away from the guest profile; or let its queries and writes run in user mode (`WITH USER_MODE`,
//! `as user`), so that the guest's own permissions hold, and ask for a proof of who calls before a record is looked up.
//!
//! ## What is not found
//! Methods of classes that no guest profile enables, invocable methods (flows call them: see
//! `guest-can-run-code-on-phi`), operations in user mode or behind a check of permissions, and fields that are no
//! patient's. A class that is not enabled is looked at where an enabled one calls it.
//!
//! ## Seen in the wild
//! An IVF clinic's public site lets guests run a look-up component that queries whatever it is asked for.

use std::collections::BTreeSet;

use dataflow::{Exposure, Spot};
use apex::MethodId;
use journal::{Confidence, Persona, Severity};

use crate::Context;
use crate::code::{self, Code};
use crate::container;
use crate::rule::{Draft, Meta, Outcome};
use crate::visualforce;

pub(crate) const META: Meta = Meta {
    title: "Guests can call code that reads or writes patients' data",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Developer,
    controls: &["hipaa-sec-312a1", "hipaa-sec-312d", "hipaa-prv-502a", "gdpr-32-1b", "API5"],
    tags: &["phi", "access", "guest"],
    replaces: &[],
    sbs: &["SBS-CPORTAL-003", "SBS-CPORTAL-004"],
    needs: &["the guest profile of each site", "the Apex classes with their `-meta.xml`"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    let mut profiles = Vec::new();
    for profile in cx.project.profiles() {
        let Some(meant) = container::for_guests(cx, profile) else { continue };
        let open = profile.class_accesses().filter(|access| access.enabled() == Some(true));
        let classes: BTreeSet<String> =
            open.filter_map(|access| access.class().map(|class| class.to_lowercase())).collect();
        profiles.push((profile, meant, classes));
    }
    if let Some((missing, complete_with)) = container::lacking_guest_profiles(cx) {
        out.unknown(missing, complete_with);
    }
    if profiles.is_empty() {
        return;
    }
    let code = cx.code();
    out.judged(code.bodies);
    let controllers = visualforce::controllers(&code.program, cx.pages());
    let reached = code.reached(&controllers);
    let callers = code.callers_of(&reached);
    let roots = code.roots(&controllers);
    let open: Vec<(MethodId, String, bool)> = code
        .system_operations()
        .into_iter()
        .filter(|operation| reached.contains(&operation.method) && !code.is_asked(operation, &callers, &roots))
        .filter_map(|operation| {
            let object = code.phi_of(cx, &operation)?;
            Some((operation.method, object, operation.needs == [code::Need::Read]))
        })
        .collect();
    for method in code.called_from_outside() {
        if code.exposure(method) == Some(Exposure::Flow) {
            continue;
        }
        let Some(class) = code.top_class(method) else { continue };
        let named = profiles.iter().find(|(_, _, classes)| classes.contains(&class.to_lowercase()));
        let Some((profile, meant, _)) = named else { continue };
        let below = code.below(method);
        let Some((_, object, reads)) = open.iter().find(|(own, ..)| below.contains(own)) else { continue };
        out.found(draft(code, method, &class, object, *reads).confidence(meant.confidence).related(
            crate::sharing::start(profile.element()),
            format!("{} may run it ({})", container::title(*profile), meant.because),
        ));
    }
}

fn draft(code: &Code, method: MethodId, class: &str, object: &str, reads: bool) -> Draft {
    let name = code.program.method_name(method);
    let does = if reads { "reads" } else { "writes" };
    let (file, span) = code.program.method(method).map_or((apex::FileId(0), source::Span::default()), |own| {
        (own.file, own.span)
    });
    Draft::new(
        format!("Apex:{class}"),
        code.place(Spot { file, span, method }),
        format!("guests may call `{name}`, which {does} `{object}` in system mode"),
        "take the class away from the guest profile, or let it run in user mode and prove who calls",
    )
    .detail(name)
}
