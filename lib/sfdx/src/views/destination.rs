use super::{part, whole};
use crate::Value;

whole! {
    /// Where callouts go, under a name. The endpoint is `endpoint` in the old form and a `Url` parameter in
    /// the new one: [`NamedCredential::url`] gives either.
    NamedCredential of "NamedCredential" by named_credentials {
        label: text "label";
        endpoint: text "endpoint";
        /// `SecuredEndpoint`, `PrivateEndpoint`, `Legacy`.
        kind: text "namedCredentialType";
        principal: text "principalType";
        /// `NoAuthentication`, `Password`, `Oauth`, `Jwt`, `AwsSv4` ...; only in the old form.
        protocol: text "protocol";
        username: text "username";
        /// A secret in the source.
        password: text "password";
        certificate: text "certificate";
        callout_status: text "calloutStatus";
        generates_authorization: flag "generateAuthorizationHeader";
        merge_fields_in_body: flag "allowMergeFieldsInBody";
        merge_fields_in_header: flag "allowMergeFieldsInHeader";
        parameters: each "namedCredentialParameters" NamedCredentialParameter;
    }
}

part! {
    NamedCredentialParameter {
        name: text "parameterName";
        /// `Url`, `Authentication`, `ClientCertificate`, `HttpHeader`, `AllowedManagedPackageNamespaces` ...
        kind: text "parameterType";
        value: text "parameterValue";
        external_credential: text "externalCredential";
        certificate: text "certificate";
    }
}

impl<'p> NamedCredential<'p> {
    pub fn url(self) -> Option<Value<'p>> {
        self.endpoint().or_else(|| {
            self.parameters()
                .find(|parameter| parameter.kind().is_some_and(|kind| kind == "Url"))
                .and_then(NamedCredentialParameter::value)
        })
    }

    /// The external credential that authenticates the new form.
    pub fn external_credential(self) -> Option<Value<'p>> {
        self.parameters().find_map(NamedCredentialParameter::external_credential)
    }
}

whole! {
    ExternalCredential of "ExternalCredential" by external_credentials {
        label: text "label";
        /// `Oauth`, `Basic`, `Custom`, `AwsSv4`, `NoAuthentication`.
        protocol: text "authenticationProtocol";
        parameters: each "externalCredentialParameters" ExternalCredentialParameter;
    }
}

part! {
    ExternalCredentialParameter {
        name: text "parameterName";
        /// `NamedPrincipal`, `PerUserPrincipal`, `AuthHeader`, `AuthProviderUrl`, `AuthParameter` ...
        kind: text "parameterType";
        value: text "parameterValue";
        group: text "parameterGroup";
        auth_provider: text "authProvider";
        certificate: text "certificate";
    }
}

whole! {
    RemoteSite of "RemoteSiteSetting" by remote_sites {
        url: text "url";
        active: flag "isActive";
        /// Whether code on https may call this over http.
        disables_protocol_security: flag "disableProtocolSecurity";
        description: text "description";
    }
}

whole! {
    /// A host that pages may load from or connect to.
    CspSite of "CspTrustedSite" by csp_sites {
        url: text "endpointUrl";
        active: flag "isActive";
        /// `All`, `LEX`, `Communities`, `FieldServiceMobileExtension`, `VisualForce`.
        context: text "context";
        description: text "description";
        connect: flag "isApplicableToConnectSrc";
        frame: flag "isApplicableToFrameSrc";
        image: flag "isApplicableToImgSrc";
        style: flag "isApplicableToStyleSrc";
        font: flag "isApplicableToFontSrc";
        media: flag "isApplicableToMediaSrc";
        camera: flag "canAccessCamera";
        microphone: flag "canAccessMicrophone";
    }
}

whole! {
    /// An origin whose scripts may call Salesforce's APIs.
    CorsOrigin of "CorsWhitelistOrigin" by cors_origins {
        pattern: text "urlPattern";
    }
}

whole! {
    ExternalDataSource of "ExternalDataSource" by external_data_sources {
        label: text "label";
        endpoint: text "endpoint";
        kind: text "type";
        principal: text "principalType";
        protocol: text "protocol";
        writable: flag "isWritable";
        username: text "username";
        password: text "password";
    }
}

whole! {
    /// An OpenAPI service whose operations flows and agents can call.
    ExternalService of "ExternalServiceRegistration" by external_services {
        label: text "label";
        named_credential: text "namedCredential";
        named_credential_reference: text "namedCredentialReference";
        schema_url: text "schemaUrl";
        status: text "status";
    }
}
