//! # A web form or mail thread carries PHI of cases
//!
//! Cases hold PHI, and Web-to-Case lets anybody post them, or Email-to-Case sends the whole thread back with each
//! answer.
//!
//! ## Why it harms
//! Anybody on the internet can post to the form's address; it asks nobody who they are (45 CFR 164.312(d)). What is
//! posted also lies in the fields `SuppliedName`, `SuppliedEmail`, `SuppliedPhone` and `SuppliedCompany` (*Web Name*
//! and so on), which Shield does not encrypt at rest (Salesforce Help, *General Shield Platform Encryption
//! Considerations*; 164.312(a)(2)(iv)). An answer that quotes the thread mails symptoms and results back in plain
//! mail, more than the answer needs (164.502(b), 164.312(e)(1)). GDPR Art. 32(1).
//!
//! ## What to change
//! Take requests behind the log-in of the portal, or by a form of your own on a party with an agreement; keep
//! Web-to-Case for questions that are about no patient, with CAPTCHA (*Setup > Web-to-Case*). For Email-to-Case set
//! `<replyWithNewContentOnly>true`, or answer with a link.
//!
//! ## What is not found
//! Cases hold PHI where the bundle, the org's tags or the words of a custom field say so, or the bundle of a standard
//! one; not for being cases of a clinic. Whether Web-to-Lead is on is in no metadata: where leads hold PHI it is
//! unknown. Whether a form requires CAPTCHA is not looked at.
//!
//! ## Seen in the wild
//! `bcgov/MoH-SAT`: Web-to-Case is on, and cases hold diagnoses and approved doses. Three more projects have it on,
//! and no PHI in cases.

use journal::{Confidence, Persona, Severity};
use sfdx::Value;

use crate::Context;
use crate::classification::Evidence;
use crate::disclosure::shown;
use crate::rule::{Draft, Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "A web form or mail thread carries PHI of cases",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Security,
    controls: &["hipaa-sec-312d", "hipaa-sec-312a2iv", "hipaa-sec-312e1", "gdpr-32-1a"],
    tags: &["phi", "exposure"],
    replaces: &[],
    sbs: &[],
    needs: &["settings/Case.settings-meta.xml", "Setup > Web-to-Lead"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    if let Some(held) = Held::of(cx, "Lead") {
        out.unknown(
            format!("whether Web-to-Lead takes posts for leads, which hold {}", shown(&held.fields)),
            "look in Setup > Web-to-Lead; no metadata has it",
        );
    }
    let Some(held) = Held::of(cx, "Case") else { return };
    let settings = cx.project.settings("Case");
    let web = settings.and_then(|settings| settings.value("webToCase/enableWebToCase"));
    let mail = settings.and_then(|settings| settings.value("emailToCase/enableEmailToCase"));
    let new_only = settings.and_then(|settings| settings.value("emailToCase/replyWithNewContentOnly"));
    out.judged(usize::from(web.is_some()) + usize::from(mail.is_some()));
    let draft = |value: &Value<'_>, message: String, fix: &str| {
        let name = value.element().name();
        Draft::new(format!("CaseSettings:{name}"), cx.place(value), message, fix)
            .confidence(held.confidence)
            .detail(name)
            .fields(held.fields.clone())
    };
    match web.as_ref().and_then(Value::flag).zip(web.as_ref()) {
        Some((true, value)) => out.found(draft(
            value,
            format!("anybody can post cases by Web-to-Case, and cases hold {}", shown(&held.fields)),
            "set it to `false` and take requests behind a log-in; a form for questions about nobody needs no such fields",
        )),
        Some((false, _)) => {}
        None => out.unknown(
            format!("`CaseSettings`: whether Web-to-Case takes posts for cases, which hold {}", shown(&held.fields)),
            "retrieve `Settings:Case`",
        ),
    }
    if mail.as_ref().and_then(Value::flag) != Some(true) {
        return;
    }
    match new_only.as_ref().and_then(Value::flag).zip(new_only.as_ref()) {
        Some((false, value)) => out.found(draft(
            value,
            format!("answers by Email-to-Case quote the whole thread, and cases hold {}", shown(&held.fields)),
            "set `<replyWithNewContentOnly>true</replyWithNewContentOnly>`, or answer with a link behind the log-in",
        )),
        Some((true, _)) => {}
        None => out.unknown(
            "`replyWithNewContentOnly`: whether answers by Email-to-Case quote the whole thread",
            "retrieve `Settings:Case` with the newest API version, or look in Setup > Email-to-Case",
        ),
    }
}

/// The PHI that records of a standard object hold, beyond what they might hold in any clinic.
struct Held {
    fields: Vec<String>,
    confidence: Confidence,
}

impl Held {
    fn of(cx: &Context<'_>, object: &str) -> Option<Self> {
        let known = cx.classes.phi_fields(object);
        let own: Vec<_> = known
            .into_iter()
            .filter(|(field, verdict)| {
                let is_here = field.contains("__") && cx.project.field(&format!("{object}.{field}")).is_some();
                is_here || verdict.evidence == Evidence::Bundle
            })
            .collect();
        let confidence = own.iter().map(|(_, verdict)| verdict.confidence).max()?;
        Some(Self { fields: own.iter().map(|(field, _)| format!("{object}.{field}")).collect(), confidence })
    }
}
