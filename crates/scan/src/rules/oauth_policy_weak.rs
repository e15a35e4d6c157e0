//! # OAuth policy weak
//!
//! A connected app or external client app lets tokens be used from anywhere, live for ever, be caught on the way, or be
//! issued to whoever asks.
//!
//! ## Why it harms
//! A token stands for a user and needs no second factor. What limits its theft is where it works (IP policy), how long
//! (refresh token policy), how it is handed over (callback, PKCE: RFC 7636 and RFC 9700, *Best Current Practice for OAuth
//! 2.0 Security*) and who may have one (pre-authorised users). 45 CFR 164.312(d) asks to verify that the program or person
//! is the one claimed, 164.312(e)(1) to guard ePHI on networks, GDPR Art. 32(1)(b) for lasting confidentiality.
//!
//! ## What to change
//! In the app's file, or *Setup > Connected Apps > Manage > Edit Policies* (external client apps: *External Client App
//! Manager > Policies*): `ENFORCE` IP restrictions; an inactivity or lifetime for refresh tokens; `https` callbacks
//! without wildcard; `isPkceRequired`; a user for client credentials, with the least access; *Admin approved users are
//! pre-authorized* with the profiles and permission sets that need the app.
//!
//! ## What is not found
//! An infinite refresh token policy is left alone where the app's scopes give no refresh token. Callbacks to the same
//! machine (`http://localhost`) are allowed by RFC 8252 and left alone. Whether everybody may authorise an app is judged
//! where the bundle's identity of the app touches PHI; without a bundle it is not. Settings that the file does not say
//! are unknown, as are installed apps that are not in the source.
//!
//! ## Seen in the wild
//! `GSA/SF_WorkSpace`: 1 app with an infinite refresh token, 3 without PKCE. Three more have the infinite policy and no
//! scope for refresh tokens, and are let be.

use journal::{Confidence, Persona, Place, Severity};
use policy::bundle::identity::Identity;
use sfdx::Value;
use source::Span;

use crate::Context;
use crate::container;
use crate::endpoint::is_plain_http;
use crate::oauth_app::{self, OauthApp};
use crate::rule::{Draft, Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "OAuth policy weak",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Security,
    controls: &["hipaa-sec-312d", "hipaa-sec-312e1", "gdpr-32-1b", "API2"],
    tags: &["phi", "oauth", "integration"],
    replaces: &[],
    sbs: &["SBS-OAUTH-001"],
    needs: &["ConnectedApp, ExtlClntAppOauthConfigurablePolicies and ExtlClntAppGlobalOauthSettings files"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    for app in oauth_app::of(cx) {
        out.judged(1);
        ip_relaxation(cx, out, &app);
        refresh_token(cx, out, &app);
        callback(out, &app);
        pkce(cx, out, &app);
        client_credentials(cx, out, &app);
        self_authorisation(cx, out, &app);
        let settings = [
            (app.ip_relaxation.is_none(), "IP relaxation"),
            (app.refresh_token.is_none() && app.issues_refresh_tokens() != Some(false), "refresh token policy"),
            (app.pkce_required.is_none(), "PKCE"),
            (app.permitted_users.is_none(), "permitted users"),
        ];
        let absent: Vec<&str> = settings.into_iter().filter_map(|(is_absent, name)| is_absent.then_some(name)).collect();
        if !absent.is_empty() {
            out.unknown(
                format!("`{}`: {}", app.component, absent.join(", ")),
                format!("retrieve `{}` with its OAuth settings and policies", app.component),
            );
        }
    }
}

fn draft(cx: &Context<'_>, app: &OauthApp<'_>, at: &Value<'_>, what: &str, fix: &str, detail: &str) -> Draft {
    let message = format!("`{}` {what}", app.name);
    Draft::new(app.component.clone(), cx.place(at), message, fix).detail(detail)
}

fn ip_relaxation(cx: &Context<'_>, out: &mut Outcome, app: &OauthApp<'_>) {
    let Some(policy) = app.ip_relaxation.as_ref().filter(|policy| !policy.eq_ignore_ascii_case("ENFORCE")) else {
        return;
    };
    let bypasses = policy.eq_ignore_ascii_case("BYPASS");
    let what = if bypasses {
        format!("ignores IP restrictions (`{}`): its tokens work from anywhere", policy.as_str())
    } else {
        format!("relaxes IP restrictions (`{}`): some of its tokens work from anywhere", policy.as_str())
    };
    let fix = "enforce IP restrictions (`ENFORCE`) and list the networks of the app";
    let severity = if bypasses { Severity::Medium } else { Severity::Low };
    out.found(draft(cx, app, policy, &what, fix, "ip-relaxation").severity(severity));
}

fn refresh_token(cx: &Context<'_>, out: &mut Outcome, app: &OauthApp<'_>) {
    let Some(policy) = app.refresh_token.as_ref().filter(|_| app.refreshes_for_ever() == Some(true)) else { return };
    let confidence = match app.issues_refresh_tokens() {
        Some(false) => return,
        Some(true) => Confidence::High,
        None => Confidence::Medium,
    };
    let what = format!("has refresh tokens that are valid until they are revoked (`{}`)", policy.as_str());
    let fix = format!("set a lifetime or an inactivity, such as {}", app.lasting());
    let draft = draft(cx, app, policy, &what, &fix, "refresh-token").confidence(confidence);
    out.found(draft.cause(format!("{} refresh token policy", app.component)));
}

fn callback(out: &mut Outcome, app: &OauthApp<'_>) {
    let Some(list) = &app.callback else { return };
    let source = list.source();
    let raw = source.slice(list.span());
    let is_between = |c: char| c.is_whitespace() || c == ',';
    let mut at = 0_usize;
    for url in raw.split(is_between) {
        let start = at;
        at += url.len() + raw.get(start + url.len()..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        let what = match (is_plain_http(url), url.contains('*')) {
            (true, _) => format!("sends codes and tokens to `{url}`, readable on the way"),
            (false, true) => format!("sends codes and tokens to `{url}`, which more than one host answers"),
            (false, false) => continue,
        };
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX).saturating_add(list.span().start);
        let place = Place::of(source, Span::new(offset(start), offset(start + url.len())));
        let message = format!("`{}` {what}", app.name);
        let fix = "name each callback in full, with `https`";
        out.found(
            Draft::new(app.component.clone(), place, message, fix)
                .severity(Severity::High)
                .detail(format!("callback {url}")),
        );
    }
}

fn pkce(cx: &Context<'_>, out: &mut Outcome, app: &OauthApp<'_>) {
    let Some(required) = app.pkce_required.as_ref().filter(|required| required.flag() == Some(false)) else { return };
    let is_public = app.secret_optional.as_ref().and_then(Value::flag) == Some(true);
    let (what, severity) = if is_public {
        ("needs neither secret nor PKCE: who catches a code has the token", Severity::High)
    } else {
        ("does not require PKCE: a code that is caught or slipped in can be redeemed", Severity::Low)
    };
    let fix = "set `isPkceRequired` to `true` (Require Proof Key for Code Exchange) once the client sends a challenge";
    out.found(draft(cx, app, required, what, fix, "pkce").severity(severity));
}

fn client_credentials(cx: &Context<'_>, out: &mut Outcome, app: &OauthApp<'_>) {
    let Some(flow) = app.client_credentials.as_ref().filter(|flow| flow.flag() == Some(true)) else { return };
    if app.client_credentials_user.as_ref().is_none_or(|user| user.is_empty()) {
        let user = match app.component.starts_with("ConnectedApp:") {
            true => "oauthClientCredentialUser",
            false => "clientCredentialsFlowUser",
        };
        let what = format!("has the client credentials flow on and names no user to run as (`{user}`)");
        let fix = "name a user with the licence Salesforce Integration and the least access, or turn the flow off";
        out.found(draft(cx, app, flow, &what, fix, "client-credentials"));
    }
}

fn self_authorisation(cx: &Context<'_>, out: &mut Outcome, app: &OauthApp<'_>) {
    let Some(said) = app.permitted_users.as_ref().filter(|_| app.is_self_authorised() == Some(true)) else { return };
    let Some(identity) = cx.policy.identity_of_connected_app(&app.name) else { return };
    if !touches_phi(cx, identity) {
        return;
    }
    let what = format!(
        "lets every user authorise it, and identity `{}` of the bundle touches PHI through it",
        identity.id.value
    );
    let fix = "let only users that an administrator approved have it, by profile or permission set";
    out.found(draft(cx, app, said, &what, fix, "self-authorisation").severity(Severity::High));
}

/// Whether an identity has to do with PHI: by a declared flow that it carries, or by what its profiles and permission
/// sets of the source read.
fn touches_phi(cx: &Context<'_>, identity: &Identity) -> bool {
    let carries = |flow: &policy::bundle::flow::DeclaredFlow| {
        flow.by.as_ref().is_some_and(|by| by.value == identity.id.value)
            && cx.phi_objects().any(|object| {
                cx.classes.phi_fields(object).iter().any(|(field, _)| flow.carries(object, field))
            })
    };
    let reads = || {
        cx.project.containers().any(|container| {
            container::identity(cx, container).is_some_and(|own| own.id.value == identity.id.value)
                && container.object_permissions().any(|permission| {
                    permission.read() == Some(true)
                        && permission.object().is_some_and(|object| cx.is_phi_object(&object))
                })
        })
    };
    cx.policy.flows().iter().any(carries) || reads()
}
