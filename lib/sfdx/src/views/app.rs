use super::{part, whole};
use crate::{Component, Element, Project, Value};

whole! {
    /// A connected app. Who may use it and which tokens live is not in the source.
    ConnectedApp of "ConnectedApp" by connected_apps {
        label: text "label";
        description: text "description";
        contact_email: text "contactEmail";
        start_url: text "startUrl";
        oauth: one "oauthConfig" OauthConfig;
        policy: one "oauthPolicy" OauthPolicy;
        saml: one "samlConfig" SamlConfig;
        ip_ranges: each "ipRanges" AppIpRange;
        profiles: texts "profileName";
        permission_sets: texts "permissionSetName";
        plugin: text "plugin";
        plugin_user: text "pluginExecutionUser";
        session_level: text "sessionPolicy/policyAction";
        session_timeout: number "sessionPolicy/sessionTimeout";
    }
}

part! {
    OauthConfig {
        callback_url: text "callbackUrl";
        consumer_key: text "consumerKey";
        /// Absent in what Salesforce writes: a secret in the source.
        consumer_secret: text "consumerSecret";
        certificate: text "certificate";
        /// `Full`, `Api`, `RefreshToken`, `Web` ...
        scopes: texts "scopes";
        admin_approved: flag "isAdminApproved";
        client_credentials: flag "isClientCredentialEnabled";
        client_credentials_user: text "oauthClientCredentialUser";
        code_credentials: flag "isCodeCredentialEnabled";
        secret_optional: flag "isConsumerSecretOptional";
        introspects_all_tokens: flag "isIntrospectAllTokens";
        pkce_required: flag "isPkceRequired";
        secret_for_refresh: flag "isSecretRequiredForRefreshToken";
        refresh_rotation: flag "isRefreshTokenRotationEnabled";
        token_exchange: flag "isTokenExchangeEnabled";
        named_user_jwt: flag "isNamedUserJwtEnabled";
    }
}

part! {
    OauthPolicy {
        /// `ENFORCE`, `BYPASS`, `ENFORCE_ACTIVATED_USERS`, `ENFORCE_RELAXREFRESH`.
        ip_relaxation: text "ipRelaxation";
        /// `zero`, `infinite`, `specific_lifetime:1:DAYS`, `specific_inactivity:7:DAYS`.
        refresh_token: text "refreshTokenPolicy";
        single_logout_url: text "singleLogoutUrl";
    }
}

part! {
    SamlConfig {
        entity_url: text "entityUrl";
        acs_url: text "acsUrl";
        issuer: text "issuer";
        subject_type: text "samlSubjectType";
    }
}

part! {
    AppIpRange {
        start: text "start";
        end: text "end";
        description: text "description";
    }
}

whole! {
    /// The head of an external client app; its settings and policies name it.
    ExternalClientApp of "ExternalClientApplication" by external_client_apps {
        label: text "label";
        description: text "description";
        contact_email: text "contactEmail";
        /// `Local` or `Packaged`.
        distribution: text "distributionState";
        protected: flag "isProtected";
        org_scoped_name: text "orgScopedExternalApp";
    }
}

whole! {
    /// The scopes of an external client app.
    ExternalClientAppOauth of "ExtlClntAppOauthSettings" by external_client_app_oauth_settings {
        app: text "externalClientApplication";
        /// Joined by `,`.
        scopes: text "commaSeparatedOauthScopes";
        first_party: flag "isFirstPartyAppEnabled";
        single_logout_url: text "singleLogoutUrl";
    }
}

impl ExternalClientAppOauth<'_> {
    /// The names in [`ExternalClientAppOauth::scopes`].
    pub fn scope_names(self) -> Vec<String> {
        split_list(self.scopes())
    }
}

whole! {
    /// Keys and flows of an external client app. Salesforce says that it must not be in source control.
    ExternalClientAppGlobalOauth of "ExtlClntAppGlobalOauthSettings" by external_client_app_global_oauth_settings {
        app: text "externalClientApplication";
        callback_url: text "callbackUrl";
        certificate: text "certificate";
        consumer_key: text "consumerKey";
        consumer_secret: text "consumerSecret";
        pkce_required: flag "isPkceRequired";
        secret_optional: flag "isConsumerSecretOptional";
        introspects_all_tokens: flag "isIntrospectAllTokens";
        secret_for_refresh: flag "isSecretRequiredForRefreshToken";
        refresh_rotation: flag "isRefreshTokenRotationEnabled";
        client_credentials: flag "isClientCredentialsFlowEnabled";
        code_credentials: flag "isCodeCredFlowEnabled";
        device_flow: flag "isDeviceFlowEnabled";
        named_user_jwt: flag "isNamedUserJwtEnabled";
        token_exchange: flag "isTokenExchangeEnabled";
        rotates_key: flag "shouldRotateConsumerKey";
        rotates_secret: flag "shouldRotateConsumerSecret";
    }
}

whole! {
    /// What an administrator set for an external client app's OAuth.
    ExternalClientAppOauthPolicy of "ExtlClntAppOauthConfigurablePolicies" by external_client_app_oauth_policies {
        app: text "externalClientApplication";
        /// `AllSelfAuthorized` or `AdminApprovedPreAuthorized`.
        permitted_users: text "permittedUsersPolicyType";
        profiles: text "commaSeparatedProfile";
        permission_sets: text "commaSeparatedPermissionSet";
        /// `Enforce`, `Bypass`, ...
        ip_relaxation: text "ipRelaxationPolicyType";
        /// `Zero`, `Infinite`, `SpecificLifetime`, `SpecificInactivity`.
        refresh_token: text "refreshTokenPolicyType";
        refresh_token_period: number "refreshTokenValidityPeriod";
        refresh_token_unit: text "refreshTokenValidityUnit";
        required_session_level: text "requiredSessionLevel";
        session_timeout_minutes: number "sessionTimeoutInMinutes";
        client_credentials: flag "isClientCredentialsFlowEnabled";
        client_credentials_user: text "clientCredentialsFlowUser";
        guest_code_credentials: flag "isGuestCodeCredFlowEnabled";
        token_exchange: flag "isTokenExchangeFlowEnabled";
        apex_handler: text "apexHandler";
    }
}

impl ExternalClientAppOauthPolicy<'_> {
    pub fn profile_names(self) -> Vec<String> {
        split_list(self.profiles())
    }

    pub fn permission_set_names(self) -> Vec<String> {
        split_list(self.permission_sets())
    }
}

whole! {
    /// Which plug-ins of an external client app are on.
    ExternalClientAppPolicy of "ExtlClntAppConfigurablePolicies" by external_client_app_policies {
        app: text "externalClientApplication";
        enabled: flag "isEnabled";
        oauth: flag "isOauthPluginEnabled";
        saml: flag "isSamlPluginEnabled";
    }
}

fn split_list(list: Option<Value<'_>>) -> Vec<String> {
    let text = list.as_deref().unwrap_or_default();
    text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

whole! {
    /// Lets people log in with another party's account.
    AuthProvider of "AuthProvider" by auth_providers {
        label: text "friendlyName";
        provider: text "providerType";
        authorize_url: text "authorizeUrl";
        token_url: text "tokenUrl";
        user_info_url: text "userInfoUrl";
        default_scopes: text "defaultScopes";
        consumer_key: text "consumerKey";
        consumer_secret: text "consumerSecret";
        registration_handler: text "registrationHandler";
        execution_user: text "executionUser";
        pkce: flag "isPkceEnabled";
        requires_mfa: flag "requireMfa";
        sends_secret_in_apis: flag "sendSecretInApis";
    }
}

whole! {
    SamlSso of "SamlSsoConfig" by saml_sso_configs {
        label: text "name";
        issuer: text "issuer";
        login_url: text "loginUrl";
        logout_url: text "logoutUrl";
        entity_id: text "samlEntityId";
        validation_certificate: text "validationCert";
        user_provisioning: flag "userProvisioning";
    }
}

whole! {
    Certificate of "Certificate" by certificates {
        label: text "masterLabel";
        ca_signed: flag "caSigned";
        encrypted_with_platform_encryption: flag "encryptedWithPlatformEncryption";
        expires: text "expirationDate";
        key_size: number "keySize";
        exportable: flag "privateKeyExportable";
    }
}

whole! {
    /// A package that is installed. The full name is its namespace.
    InstalledPackage of "InstalledPackage" by installed_packages {
        version: text "versionNumber";
        activates_remote_sites: flag "activateRSS";
    }
}

/// What an Apex class or page says of itself beside its code.
#[derive(Clone, Copy, Debug)]
pub struct CodeMetadata<'p>(Component<'p>);

impl<'p> CodeMetadata<'p> {
    pub fn component(self) -> Component<'p> {
        self.0
    }

    pub fn name(self) -> &'p str {
        self.0.full_name()
    }

    pub fn element(self) -> Element<'p> {
        self.0.root()
    }

    /// The API version that the code runs at; it decides what the code's defaults mean.
    pub fn api_version(self) -> Option<Value<'p>> {
        self.element().value("apiVersion")
    }

    /// `Active`, `Inactive`, `Deleted`.
    pub fn status(self) -> Option<Value<'p>> {
        self.element().value("status")
    }

    /// Whether a Lightning web component can be placed by administrators.
    pub fn exposed(self) -> Option<bool> {
        self.element().flag("isExposed")
    }

    /// Where a Lightning web component can be placed: `lightning__RecordPage`.
    pub fn targets(self) -> impl Iterator<Item = Value<'p>> + use<'p> {
        self.element().child("targets").into_iter().flat_map(|targets| targets.values("target"))
    }
}

impl Project {
    /// Of classes, triggers, pages, Visualforce components, Aura and Lightning web components, by type and name.
    pub fn code_metadata(&self) -> impl Iterator<Item = CodeMetadata<'_>> {
        const KINDS: [&str; 6] = [
            "ApexClass",
            "ApexComponent",
            "ApexPage",
            "ApexTrigger",
            "AuraDefinitionBundle",
            "LightningComponentBundle",
        ];
        KINDS.into_iter().flat_map(|kind| self.of_type(kind)).map(CodeMetadata)
    }
}
