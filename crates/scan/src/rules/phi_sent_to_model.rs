//! # Apex sends data about patients to a language model
//!
//! A value of a PHI field is handed to a model: by `ConnectApi.EinsteinLLM`, by `aiplatform.ModelsAPI`, or by a callout to an endpoint that the bundle's `models.yaml` names. The bundle does not have the model, or does not let it have this data.
//!
//! ## Why it harms
//! A prompt is a disclosure to whoever runs the model, and often kept for abuse monitoring; masking in the trust layer is by pattern and does not know which field a value came from. Without an entry in the registry nobody has said what the model is for, where it runs and who approved it (45 CFR 164.502(e), 164.308(a)(1)(ii)(A); GDPR Art. 28(3), 35; NIST AI RMF GOVERN 1.6).
//!
//! ## What to change
//! Leave identifiers out of the prompt. Where the task needs them, enter the model in `models.yaml` with provider, region, classes, purposes and approvals, as far as these are really given.
//!
//! ## What is not found
//! A model that the registry approves for the data. Prompts in metadata are `phi-in-prompt-template`.
//!
//! ## Seen in the wild
//! None of the public projects that were looked at hands a patient's field to a model in Apex.

use dataflow::Sink;
use journal::{Confidence, Persona, Severity};

use crate::Context;
use crate::code::{self, Receiver};
use crate::disclosure::joined;
use crate::prompt;
use crate::rule::{Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "Apex sends data about patients to a language model",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Developer,
    controls: &["hipaa-prv-502e", "gdpr-28-3", "GV-1.6"],
    tags: &["phi", "ai"],
    replaces: &[],
    sbs: &[],
    needs: &["the models, in `models.yaml`"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    let wanted = |sink| matches!(sink, Sink::Model | Sink::CalloutBody | Sink::CalloutAddress | Sink::CalloutHeader);
    code::each(cx, out, wanted, |code, leak, out| {
        let fields = leak.names(cx, code);
        let (whom, facts) = if leak.sink == Sink::Model {
            let name = leak.to.iter().find_map(|text| named(cx, text));
            let whom = name.as_ref().map_or_else(|| "a model".to_owned(), |name| format!("the model `{name}`"));
            match name.and_then(|name| prompt::model_called(cx, &name)) {
                Some(model) => (whom, code::model_refusals(cx, model, &fields)),
                None => (whom, vec![NOBODY.to_owned()]),
            }
        } else {
            let model = code::receivers(cx, &leak.to).into_iter().find_map(|receiver| match receiver {
                Receiver::Model(model, address) => Some((model, address)),
                _ => None,
            });
            let Some((model, address)) = model else { return };
            (format!("the model `{}` (`{address}`)", model.id), code::model_refusals(cx, model, &fields))
        };
        if facts.is_empty() {
            return;
        }
        out.found(code::draft(
            cx,
            code,
            leak,
            format!("{} sent to {whom}: {}", code.what(cx, leak), joined(&facts)),
            "leave identifiers out of the prompt; or enter the model in `phiward/models.yaml` with provider, region, \
             classes, purposes and approvals, as far as these are really given",
        ));
    });
}

/// The model that the code names, or the prompt template that it names.
fn named(cx: &Context<'_>, text: &str) -> Option<String> {
    let Some(template) = text.strip_prefix(dataflow::TEMPLATE) else {
        return (!text.contains('\u{0}')).then(|| text.to_owned());
    };
    let template = cx.project.prompt_templates().find(|own| own.name().eq_ignore_ascii_case(template))?;
    let version = prompt::versions_in_use(template).into_iter().next()?;
    version.model().map(|name| name.into_text().into_owned())
}

const NOBODY: &str = "no model of the bundle is known to be it";
