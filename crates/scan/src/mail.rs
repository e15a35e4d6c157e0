//! PHI that the source puts into mail: merge fields of templates, and what flows write.

use journal::Place;
use sfdx::views::EmailTemplate;
use source::{Source, Span};

use crate::Context;
use crate::classification::Verdict;
use crate::field_path::{self, Reached};
use crate::flow_data::FlowData;
use crate::flow_reach;
use crate::merge_field::merge_fields;

/// A field of PHI that a template merges, at its first place.
#[derive(Debug)]
pub(crate) struct Merged {
    pub(crate) field: String,
    pub(crate) verdict: Verdict,
    pub(crate) place: Place,
}

/// What a template merges, each field at its first place.
#[derive(Debug)]
pub(crate) struct Merges {
    pub(crate) fields: Vec<(Reached, Place)>,
    /// Whether the source has its body or plain text.
    pub(crate) is_whole: bool,
}

/// The fields that a template merges.
pub(crate) fn merges(cx: &Context<'_>, template: EmailTemplate<'_>) -> Merges {
    let mut fields: Vec<(Reached, Place)> = Vec::new();
    let body = template.body_text(cx.project).and_then(Result::ok).map(|(source, _)| source);
    let types = Types::of(template, body.as_ref());
    for value in [template.subject(), template.plain_text()].into_iter().flatten() {
        in_text(cx, &types, value.source(), value.span(), &mut fields);
    }
    if let Some(source) = &body {
        let end = u32::try_from(source.text().len()).unwrap_or(u32::MAX);
        in_text(cx, &types, source, Span::new(0, end), &mut fields);
    }
    Merges { fields, is_whole: body.is_some() || template.plain_text().is_some() }
}

/// The fields of PHI that a template merges. Nothing where the source has neither body nor plain text of it, and the subject
/// merges none.
pub(crate) fn merged_phi(cx: &Context<'_>, template: EmailTemplate<'_>) -> Option<Vec<Merged>> {
    let Merges { fields, is_whole } = merges(cx, template);
    let found: Vec<Merged> = fields
        .into_iter()
        .filter_map(|(reached, place)| {
            let verdict = cx.classes.field(&reached.object, &reached.field);
            // A custom lookup is merged as the name of its record, a standard one as an Id.
            let is_id = !reached.field.contains("__") && field_path::is_reference(cx.project, &reached);
            // `Link` is the record's address, which asks for a log-in.
            let is_link = reached.field.eq_ignore_ascii_case("Link");
            (verdict.is_phi() && !is_id && !is_link).then(|| Merged {
                field: reached.full_name(),
                verdict,
                place,
            })
        })
        .collect();
    (is_whole || !found.is_empty()).then_some(found)
}

/// The first message with PHI that the source sends, in words, and where; templates that nobody can choose are none.
pub(crate) fn first_with_phi(cx: &Context<'_>) -> Option<(String, Place)> {
    let templates = cx.project.email_templates().filter(|template| template.available() != Some(false));
    let of_template = templates.into_iter().find_map(|template| {
        let merged = merged_phi(cx, template)?.into_iter().next()?;
        Some((format!("the e-mail template `{}` merges `{}`", template.name(), merged.field), merged.place))
    });
    of_template.or_else(|| {
        cx.project.flows().find_map(|flow| {
            if !flow_reach::runs(cx, flow) {
                return None;
            }
            let data = FlowData::of(cx, flow);
            let mails = flow
                .action_calls()
                .filter(|call| call.action_type().is_some_and(|kind| kind == "emailSimple"));
            mails.flat_map(|call| call.inputs().collect::<Vec<_>>()).find_map(|input| {
                let value = input.value()?;
                let phi = |field: &String| cx.verdict(field).is_some_and(|verdict| verdict.is_phi());
                let field = data.of_value(cx, value).into_iter().find(phi)?;
                Some((format!("the flow `{}` mails `{field}`", flow.name()), cx.place(&value.any()?)))
            })
        })
    })
}

/// What the names that stand for records in a template are records of.
#[derive(Debug)]
struct Types {
    related: Option<String>,
    /// Only Visualforce templates say; of others it is whoever is chosen when the mail is sent.
    recipient: Option<String>,
}

impl Types {
    fn of(template: EmailTemplate<'_>, body: Option<&Source>) -> Self {
        let attribute = |name: &str| {
            let (_, after) = body?.text().split_once(name)?;
            let after = after.trim_start().strip_prefix('=')?.trim_start();
            let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''))?;
            Some(after.get(1..)?.split_once(quote)?.0.to_owned())
        };
        Self {
            related: template
                .related_object()
                .map(|value| value.into_text().into_owned())
                .or_else(|| attribute("relatedToType")),
            recipient: attribute("recipientType"),
        }
    }

    fn object<'a>(&'a self, head: &'a str) -> Option<&'a str> {
        match head.to_ascii_lowercase().as_str() {
            "relatedto" => self.related.as_deref(),
            "recipient" => self.recipient.as_deref(),
            "organization" | "sender" | "user" | "receiving_user" | "sending_user" | "community"
            | "template" => None,
            _ if head.starts_with('$') => None,
            _ => Some(head),
        }
    }
}

fn in_text(cx: &Context<'_>, types: &Types, source: &Source, span: Span, found: &mut Vec<(Reached, Place)>) {
    for merged in merge_fields(source.slice(span)) {
        let Some(object) = types.object(merged.head).filter(|_| !merged.path.is_empty()) else { continue };
        let reached = field_path::follow(cx.project, object, merged.path);
        let is_same = |(one, _): &(Reached, Place)| {
            one.object.eq_ignore_ascii_case(&reached.object) && one.field.eq_ignore_ascii_case(&reached.field)
        };
        if !found.iter().any(is_same) {
            found.push((reached, Place::of(source, merged.span_from(span.start))));
        }
    }
}
