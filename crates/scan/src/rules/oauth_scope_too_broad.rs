//! # OAuth scope broader than the task
//!
//! A connected app or external client app may ask for more than its task needs: full access, a browser session, tokens
//! that refresh for ever, or a scope that the bundle does not declare for its identity.
//!
//! ## Why it harms
//! A token carries its scopes wherever it is copied. `full` is all that the user can do, also what is added later; `web`
//! turns a token into a session in the browser; `refresh_token` without an end keeps a stolen token alive until somebody
//! notices. The minimum necessary standard (45 CFR 164.502(b)) and 164.312(a)(1) ask that a program be granted what it
//! needs; GDPR Art. 25(2) the same by default.
//!
//! ## What to change
//! Remove the `<scopes>` line (or the name in `<commaSeparatedOauthScopes>`): *Setup > App Manager > Edit*. `Api` is enough
//! for REST, Bulk and SOAP; a server that uses JWT bearer or client credentials needs no `RefreshToken`. For tokens that
//! must refresh set a lifetime or an inactivity in the app's policy. Users must authorise the app anew.
//!
//! ## What is not found
//! Scopes that tokens in use were issued with (`OauthToken`), apps that are installed and not in the source, and scopes
//! that an administrator restricted after installing. Without a bundle only `Full`, `Web` and refreshing for ever are
//! found. An app that the bundle names and the source does not hold is unknown.
//!
//! ## Seen in the wild
//! `GSA/SF_WorkSpace`: of 4 connected apps 3 ask for `Full`, the fourth for `RefreshToken` without an end. No public project
//! was found that has external client apps in its source.

use journal::{Confidence, Persona, Place, Severity};

use crate::Context;
use crate::oauth_app::{self, OauthApp, is_same_scope};
use crate::rule::{Draft, Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "OAuth scope broader than the task",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Security,
    controls: &["hipaa-prv-502b", "hipaa-sec-312a1", "gdpr-25-2", "API2"],
    tags: &["phi", "oauth", "integration"],
    replaces: &[],
    sbs: &[],
    needs: &["ConnectedApp and ExtlClntAppOauthSettings files", "OauthToken (SOQL)"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    let apps = oauth_app::of(cx);
    for app in &apps {
        match &app.scopes {
            Some(scopes) => {
                out.judged(1);
                for (scope, place) in scopes {
                    judge(cx, out, app, scope, place);
                }
                if app.issues_refresh_tokens() == Some(true) && app.refreshes_for_ever().is_none() {
                    out.unknown(
                        format!("how long refresh tokens of `{}` live", app.component),
                        format!("retrieve the OAuth policies of `{}`", app.component),
                    );
                }
            }
            None => out.unknown(
                format!("the OAuth scopes of `{}`", app.component),
                format!("retrieve `{}` with its OAuth settings", app.component),
            ),
        }
    }
    for identity in cx.policy.identities() {
        let Some(names) = identity.salesforce.as_ref().filter(|_| !identity.scopes.is_empty()) else { continue };
        for name in &names.connected_apps {
            if !apps.iter().any(|app| app.name.eq_ignore_ascii_case(&name.value)) {
                out.unknown(
                    format!("the app `{}` of identity `{}`", name.value, identity.id.value),
                    format!("retrieve `ConnectedApp:{}` or the external client app", name.value),
                );
            }
        }
    }
}

fn judge(cx: &Context<'_>, out: &mut Outcome, app: &OauthApp<'_>, scope: &str, place: &Place) {
    let identity = cx.policy.identity_of_connected_app(&app.name).filter(|identity| !identity.scopes.is_empty());
    let declared =
        identity.map(|identity| identity.scopes.iter().any(|said| is_same_scope(&said.value, scope)));
    let is = |name: &str| is_same_scope(scope, name);
    let (harm, severity) = if is("full") {
        ("all that the user can do, and whatever is added later", Severity::High)
    } else if declared == Some(false) {
        ("", Severity::High)
    } else if is("web") && declared.is_none() {
        ("a session in the browser made from the token", Severity::Medium)
    } else if is("refresh_token") && app.refreshes_for_ever() == Some(true) {
        ("tokens that refresh for ever, as its refresh token policy is infinite", Severity::Medium)
    } else {
        return;
    };
    let undeclared = identity
        .filter(|_| declared == Some(false))
        .map(|identity| format!("the bundle does not declare it for identity `{}`", identity.id.value));
    let why = [Some(harm).filter(|harm| !harm.is_empty()).map(str::to_owned), undeclared];
    let why: Vec<String> = why.into_iter().flatten().collect();
    let message = format!("`{}` may ask for scope `{scope}`: {}", app.name, why.join("; "));
    let fix = if is("full") {
        "replace it by the scopes that the task needs, `Api` for REST, Bulk and SOAP".to_owned()
    } else if declared == Some(false) {
        format!("remove scope `{scope}`, or declare it for the identity in the bundle and have that approved")
    } else if is("refresh_token") {
        format!("set the refresh token policy to a lifetime or an inactivity ({}), or remove the scope", app.lasting())
    } else {
        format!("remove scope `{scope}`")
    };
    let draft = Draft::new(app.component.clone(), place.clone(), message, fix).severity(severity).detail(scope);
    // The policy that makes tokens refresh for ever is one cause, here and in `oauth-policy-weak`.
    let for_ever = is("refresh_token") && declared != Some(false);
    out.found(if for_ever { draft.cause(format!("{} refresh token policy", app.component)) } else { draft });
}
