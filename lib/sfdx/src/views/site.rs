use super::{part, whole};
use crate::Value;

whole! {
    /// An Experience Cloud site's membership and features.
    Network of "Network" by networks {
        /// `Live`, `UnderConstruction`, `DownForMaintenance`.
        status: text "status";
        description: text "description";
        /// The `CustomSite` that serves it.
        site: text "site";
        /// The site of its pages and files.
        content_site: text "picassoSite";
        url_prefix: text "urlPathPrefix";
        self_registration: flag "selfRegistration";
        self_registration_profile: text "selfRegProfile";
        internal_login: flag "allowInternalUserLogin";
        guest_chatter: flag "enableGuestChatter";
        guest_file_access: flag "enableGuestFileAccess";
        guest_member_visibility: flag "enableGuestMemberVisibility";
        member_visibility: flag "enableMemberVisibility";
        direct_messages: flag "enableDirectMessages";
        nickname_display: flag "enableNicknameDisplay";
        sender_address: text "emailSenderAddress";
        login_api: one "networkAuthApiSettings" NetworkLoginApi;
        members: one "networkMemberGroups" NetworkMembers;
    }
}

part! {
    NetworkMembers {
        profiles: texts "profile";
        permission_sets: texts "permissionSet";
    }
}

part! {
    NetworkLoginApi {
        forgot_password_needs_login: flag "doesForgotPasswordRequireAuth";
        password_login_needs_login: flag "doesPasswordLoginRequireAuth";
        registration_needs_login: flag "doesRegistrationRequireAuth";
        headless_registration: flag "isHeadlessUserRegistrationAllowed";
        passwordless_login: flag "isPwdlessLoginAllowed";
        recaptcha_for_registration: flag "isRecaptchaRequiredRgstr";
        recaptcha_for_forgot_password: flag "isRecaptchaRequiredForgotPwd";
        max_reset_attempts: number "maxPasswordResetAttempts";
    }
}

whole! {
    /// A site that guests reach: Visualforce, portal or Experience Cloud.
    Site of "CustomSite" by sites {
        label: text "masterLabel";
        active: flag "active";
        /// `ChatterNetwork`, `ChatterNetworkPicasso`, `Visualforce`, `Siteforce`.
        kind: text "siteType";
        subdomain: text "subdomain";
        url_prefix: text "urlPathPrefix";
        index_page: text "indexPage";
        self_registration_page: text "selfRegPage";
        admin: text "siteAdmin";
        /// Who owns records that guests make.
        guest_record_owner: text "siteGuestRecordDefaultOwner";
        requires_https: flag "requireHttps";
        insecure_portal_access: flag "requireInsecurePortalAccess";
        upgrades_insecure_requests: flag "cspUpgradeInsecureRequests";
        /// `AllowAllFraming`, `SameOriginOnly`, `NoFraming`, `ExternalOrigin...`.
        clickjack_protection: text "clickjackProtectionLevel";
        xss_protection: flag "browserXssProtection";
        sniffing_protection: flag "contentSniffingProtection";
        referrer_policy: flag "referrerPolicyOriginWhenCrossOrigin";
        aura_requests: flag "enableAuraRequests";
        guest_payments: flag "allowGuestPaymentsApi";
        standard_search: flag "allowStandardSearch";
        standard_lookups: flag "allowStandardLookups";
        caches_public_pages: flag "cachePublicVisualforcePagesInProxyServers";
        frame_hosts: each "siteIframeWhiteListUrls" FrameHost;
        addresses: each "customWebAddresses" WebAddress;
    }
}

impl<'p> Site<'p> {
    /// The name of the profile that Salesforce makes for the site's guests: `<label> Profile`. An
    /// administrator can rename it, so that this is where to look, not proof.
    pub fn guest_profile_name(self) -> Option<String> {
        self.label().map(|label| format!("{} Profile", label.as_str()))
    }
}

part! {
    FrameHost {
        url: text "url";
    }
}

part! {
    WebAddress {
        domain: text "domainName";
        certificate: text "certificate";
        primary: flag "primary";
    }
}

impl<'p> Network<'p> {
    /// The profiles that may log in.
    pub fn member_profiles(self) -> impl Iterator<Item = Value<'p>> + use<'p> {
        self.members().into_iter().flat_map(NetworkMembers::profiles)
    }

    pub fn member_permission_sets(self) -> impl Iterator<Item = Value<'p>> + use<'p> {
        self.members().into_iter().flat_map(NetworkMembers::permission_sets)
    }
}

whole! {
    /// The pages of an Experience Cloud site.
    ExperienceBundle of "ExperienceBundle" by experience_bundles {
        label: text "label";
        kind: text "type";
        url_prefix: text "urlPathPrefix";
    }
}

whole! {
    ProfilePasswordPolicy of "ProfilePasswordPolicy" by profile_password_policies {
        profile: text "profile";
        max_login_attempts: number "maxLoginAttempts";
        min_length: number "minimumPasswordLength";
        lockout_minutes: number "lockoutInterval";
        expires_days: number "passwordExpiration";
        complexity: number "passwordComplexity";
        history: number "passwordHistory";
    }
}

whole! {
    ProfileSessionSetting of "ProfileSessionSetting" by profile_session_settings {
        profile: text "profile";
        timeout_minutes: number "sessionTimeout";
        force_logout: flag "forceLogout";
        /// `LOW`, `STANDARD`, `HIGH_ASSURANCE`.
        required_level: text "requiredSessionLevel";
        warns_of_timeout: flag "sessionTimeoutWarning";
        persistence: flag "sessionPersistence";
    }
}
