//! # PHI copied to history or feed
//!
//! A PHI field has history tracking or feed tracking on: each change copies the old and the new value into rows that
//! live on without the field's protection.
//!
//! ## Why it harms
//! History rows keep values for 18 to 24 months and longer with Field Audit Trail; feed items are shown on the
//! record, searched and sent in Chatter e-mails. Erasing the value in the record (GDPR Art. 17, 45 CFR 164.526
//! amendments) leaves the copy; keys that protect the field are not rotated for its history unless the org asks for
//! it (*Metadata API Developer Guide*, `PlatformEncryptionSettings.enableEncryptFieldHistory`). GDPR Art. 5(1)(c) and
//! (e) ask that copies be few and end.
//!
//! ## What to change
//! Set `<trackHistory>false</trackHistory>` (`<trackFeedHistory>` for the feed). Rows that exist stay: deleting them
//! needs *Delete From Field History* in a permission set. Where the law or the organisation needs to know who changed
//! it, record that it changed and not the value: Event Monitoring, or the gateway's journal; or accept it in
//! `exceptions.yaml` with the reason.
//!
//! The Security Benchmark for Salesforce asks for the opposite of fields that an organisation lists as sensitive
//! (SBS-DATA-004: history shows who changed what). Where a field's history is wanted for that, write it down in
//! `exceptions.yaml` with who may read it.
//!
//! ## What is not found
//! Fields whose values Salesforce never copies are left out: long and rich text, multi-select picklists and classic
//! encrypted text are tracked as changed, without values (Salesforce Help, *Field History Tracking*). A flag on an
//! object whose own file turns history (`enableHistory`) or feeds (`enableFeeds`) off copies nothing. Triggers and
//! flows that copy values to objects of their own are other rules' matter. Existing rows are not in the source.
//!
//! ## Seen in the wild
//! `bcgov/MoH-SAT`: 4, among them `Contact.Birthdate` and `Contact.Patient_Identifier__c`. `Gvkp38/Production-Gvkp`
//! tracks the name and the day of admission of `Patient__c`; `jperram92/LifesciencesPOC` has 1.

use journal::{Confidence, Persona, Severity};
use sfdx::Value;
use sfdx::views::{Field, Object};

use crate::Context;
use crate::classification::Verdict;
use crate::rule::{Draft, Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "PHI copied to history or feed",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Developer,
    controls: &["gdpr-5-1c", "gdpr-17", "hipaa-sec-312a2iv", "hipaa-prv-530c"],
    tags: &["phi", "retention"],
    replaces: &[],
    sbs: &[],
    needs: &["the field's file"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    for object in cx.project.objects() {
        for field in object.fields() {
            let verdict = cx.classes.field(object.name(), field.name());
            if verdict.is_phi() {
                out.judged(1);
                judge_field(cx, out, object, field, &verdict);
            }
        }
        let name_field = object.name_field();
        let verdict = cx.classes.field(object.name(), "Name");
        if let Some(name_field) = name_field.filter(|_| verdict.is_phi()) {
            out.judged(1);
            let element = name_field.element();
            let component = format!("CustomObject:{}", object.name());
            let flags = Flags::of(object, element.value("trackHistory"), element.value("trackFeedHistory"));
            flags.report(cx, out, &component, &format!("{}.Name", object.name()), &verdict);
        }
    }
    fields_of_the_bundle(cx, out);
}

/// Whether history is on for a PHI field of the bundle that the source does not hold is unknown.
fn fields_of_the_bundle(cx: &Context<'_>, out: &mut Outcome) {
    for (object, rule) in cx.policy.objects() {
        let has_name = cx.project.object(&object.value).is_some_and(|object| object.name_field().is_some());
        for (field, rules) in &rule.fields.0 {
            let name = format!("{}.{}", object.value, field.value);
            let is_phi = rules.iter().any(|rule| rule.class.value.is_phi());
            let is_name = has_name && field.value.eq_ignore_ascii_case("Name");
            if is_phi && !is_name && cx.described(&object.value, &field.value).is_none() {
                out.unknown(
                    format!("the file of `{name}`: whether its history or feed is tracked"),
                    format!("retrieve `CustomField:{name}`"),
                );
            }
        }
    }
}

fn judge_field(
    cx: &Context<'_>,
    out: &mut Outcome,
    object: Object<'_>,
    field: Field<'_>,
    verdict: &Verdict,
) {
    let data_type = field.data_type();
    let copies = !matches!(
        data_type.as_deref(),
        Some("LongTextArea" | "Html" | "MultiselectPicklist" | "EncryptedText" | "Summary")
    );
    if copies && field.formula().is_none() {
        let flags = Flags::of(object, field.value("trackHistory"), field.value("trackFeedHistory"));
        flags.report(cx, out, &format!("CustomField:{}", field.full_name()), field.full_name(), verdict);
    }
}

/// The flags that are on, and not off for the whole object.
struct Flags<'p> {
    history: Option<Value<'p>>,
    feed: Option<Value<'p>>,
}

impl<'p> Flags<'p> {
    fn of(object: Object<'_>, history: Option<Value<'p>>, feed: Option<Value<'p>>) -> Self {
        let on = |value: &Value<'_>| value.flag() == Some(true);
        Self {
            history: history.filter(on).filter(|_| object.history() != Some(false)),
            feed: feed.filter(on).filter(|_| object.feeds() != Some(false)),
        }
    }

    /// One finding for a field: both flags copy the same value.
    fn report(&self, cx: &Context<'_>, out: &mut Outcome, component: &str, name: &str, verdict: &Verdict) {
        let (first, to, flags) = match (&self.history, &self.feed) {
            (Some(history), None) => (history, "field history", "`<trackHistory>false</trackHistory>`"),
            (None, Some(feed)) => (feed, "the record's feed", "`<trackFeedHistory>false</trackFeedHistory>`"),
            (Some(history), Some(feed)) => (
                if feed.span().start < history.span().start { feed } else { history },
                "field history and the record's feed",
                "`<trackHistory>false</trackHistory>` and `<trackFeedHistory>false</trackFeedHistory>`",
            ),
            (None, None) => return,
        };
        let message = format!("each change of `{name}` copies its old and new value to {to}");
        let fix = format!(
            "set {flags}; rows that exist stay until they are deleted with the permission Delete From Field History"
        );
        let mut draft = Draft::new(component, cx.place(first), message, fix)
            .confidence(verdict.confidence)
            .field(name)
            .detail(name);
        if let (Some(history), Some(feed)) = (&self.history, &self.feed) {
            let second = if feed.span().start < history.span().start { history } else { feed };
            draft = draft.related(cx.place(second), "and here");
        }
        out.found(draft);
    }
}
