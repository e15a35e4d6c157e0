//! OAuth clients of the org: connected apps, and external client apps put together from their files.

use std::collections::BTreeSet;

use journal::Place;
use sfdx::{Project, Value};

use crate::Context;

/// An OAuth client. A setting that the source does not hold is nothing.
#[derive(Debug)]
pub(crate) struct OauthApp<'p> {
    pub(crate) name: String,
    /// `ConnectedApp:X` or `ExternalClientApplication:X`.
    pub(crate) component: String,
    /// As written, each with its place. Nothing where the source does not say.
    pub(crate) scopes: Option<Vec<(String, Place)>>,
    pub(crate) ip_relaxation: Option<Value<'p>>,
    pub(crate) refresh_token: Option<Value<'p>>,
    pub(crate) callback: Option<Value<'p>>,
    pub(crate) pkce_required: Option<Value<'p>>,
    pub(crate) secret_optional: Option<Value<'p>>,
    /// Whether the client credentials flow is on where an administrator decides.
    pub(crate) client_credentials: Option<Value<'p>>,
    pub(crate) client_credentials_user: Option<Value<'p>>,
    /// What lets each user authorise the app: `isAdminApproved` or `permittedUsersPolicyType`.
    pub(crate) permitted_users: Option<Value<'p>>,
}

impl OauthApp<'_> {
    /// Whether refresh tokens are issued: unknown where the scopes are.
    pub(crate) fn issues_refresh_tokens(&self) -> Option<bool> {
        let scopes = self.scopes.as_ref()?;
        Some(scopes.iter().any(|(scope, _)| is_same_scope(scope, "refresh_token")))
    }

    pub(crate) fn refreshes_for_ever(&self) -> Option<bool> {
        self.refresh_token.as_ref().map(|policy| policy.eq_ignore_ascii_case("infinite"))
    }

    /// How a lifetime is written in the app's metadata.
    pub(crate) fn lasting(&self) -> &'static str {
        if self.component.starts_with("ConnectedApp:") {
            "`<refreshTokenPolicy>specific_inactivity:7:DAYS</refreshTokenPolicy>`"
        } else {
            "`<refreshTokenPolicyType>SpecificInactivity</refreshTokenPolicyType>` with \
             `<refreshTokenValidityPeriod>7</refreshTokenValidityPeriod>` and \
             `<refreshTokenValidityUnit>Days</refreshTokenValidityUnit>`"
        }
    }

    /// Whether each user may authorise the app without an administrator.
    pub(crate) fn is_self_authorised(&self) -> Option<bool> {
        self.permitted_users.as_ref().map(|said| match said.flag() {
            Some(approved) => !approved,
            None => said.eq_ignore_ascii_case("AllSelfAuthorized"),
        })
    }
}

/// All of the project, connected apps first, sorted by name.
pub(crate) fn of<'p>(cx: &Context<'p>) -> Vec<OauthApp<'p>> {
    let mut apps: Vec<OauthApp<'p>> = connected(cx).collect();
    apps.extend(external(cx, cx.project));
    apps
}

fn connected<'p>(cx: &Context<'p>) -> impl Iterator<Item = OauthApp<'p>> {
    cx.project.connected_apps().filter(|app| app.oauth().is_some() || app.policy().is_some()).map(|app| {
        let root = app.element();
        let at = |path: &str| root.value(path);
        let scopes = app
            .oauth()
            .map(|oauth| oauth.scopes().map(|scope| (scope.as_str().to_owned(), cx.place(&scope))).collect());
        OauthApp {
            name: app.name().to_owned(),
            component: format!("ConnectedApp:{}", app.name()),
            scopes,
            ip_relaxation: at("oauthPolicy/ipRelaxation"),
            refresh_token: at("oauthPolicy/refreshTokenPolicy"),
            callback: at("oauthConfig/callbackUrl"),
            pkce_required: at("oauthConfig/isPkceRequired"),
            secret_optional: at("oauthConfig/isConsumerSecretOptional"),
            client_credentials: at("oauthConfig/isClientCredentialEnabled"),
            client_credentials_user: at("oauthConfig/oauthClientCredentialUser"),
            permitted_users: at("oauthConfig/isAdminApproved"),
        }
    })
}

fn external<'p>(cx: &Context<'p>, project: &'p Project) -> Vec<OauthApp<'p>> {
    const PARTS: [&str; 3] = [
        "ExtlClntAppOauthSettings",
        "ExtlClntAppGlobalOauthSettings",
        "ExtlClntAppOauthConfigurablePolicies",
    ];
    let mut names: BTreeSet<String> = BTreeSet::new();
    for kind in PARTS {
        let of_kind = project.of_type(kind).filter_map(|part| part.root().value("externalClientApplication"));
        names.extend(of_kind.map(|name| name.into_text().into_owned()));
    }
    names
        .into_iter()
        .map(|name| {
            let part = |kind: &str, path: &str| {
                project
                    .of_type(kind)
                    .filter(|part| {
                        part.root().value("externalClientApplication").is_some_and(|app| *app == name)
                    })
                    .find_map(|part| part.root().value(path))
            };
            let [settings, global, policies] = PARTS;
            let scopes = part(settings, "commaSeparatedOauthScopes").map(|list| {
                let split = list.split(',').map(str::trim).filter(|scope| !scope.is_empty());
                split.map(|scope| (scope.to_owned(), cx.place(&list))).collect()
            });
            OauthApp {
                component: format!("ExternalClientApplication:{name}"),
                scopes,
                ip_relaxation: part(policies, "ipRelaxationPolicyType"),
                refresh_token: part(policies, "refreshTokenPolicyType"),
                callback: part(global, "callbackUrl"),
                pkce_required: part(global, "isPkceRequired"),
                secret_optional: part(global, "isConsumerSecretOptional"),
                client_credentials: part(policies, "isClientCredentialsFlowEnabled"),
                client_credentials_user: part(policies, "clientCredentialsFlowUser"),
                permitted_users: part(policies, "permittedUsersPolicyType"),
                name,
            }
        })
        .collect()
}

/// Whether two spellings mean one scope: metadata writes `RefreshToken` and `Chatter`, OAuth `refresh_token` or
/// `offline_access` and `chatter_api`.
pub(crate) fn is_same_scope(a: &str, b: &str) -> bool {
    plain_scope(a) == plain_scope(b)
}

fn plain_scope(scope: &str) -> String {
    let letters: String =
        scope.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    match letters.as_str() {
        "offlineaccess" => "refreshtoken".to_owned(),
        "id" => "basic".to_owned(),
        "api" => letters,
        _ => letters.strip_suffix("api").map(str::to_owned).unwrap_or(letters),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_one_in_either_spelling() {
        for (a, b) in [
            ("RefreshToken", "refresh_token"),
            ("OfflineAccess", "refresh_token"),
            ("Api", "api"),
            ("Basic", "id"),
            ("Chatter", "chatter_api"),
            ("CustomPermissions", "custom_permissions"),
            ("CDPQueryAPI", "cdp_query_api"),
        ] {
            assert!(is_same_scope(a, b), "{a} {b}");
        }
        assert!(!is_same_scope("Full", "api"));
    }
}
