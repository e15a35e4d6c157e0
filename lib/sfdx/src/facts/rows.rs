use std::collections::BTreeMap;

use serde_json::Value as Json;
use source::{Position, Problem, Severity, Source};

/// One record: its values by dotted path, such as `Profile.Name`. A null is no value.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Row(pub(super) BTreeMap<String, String>);

impl Row {
    pub fn get(&self, path: &str) -> Option<&str> {
        self.0.get(path).map(String::as_str)
    }

    pub fn flag(&self, path: &str) -> Option<bool> {
        match self.get(path)? {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        }
    }

    pub fn number(&self, path: &str) -> Option<u64> {
        self.get(path)?.parse().ok()
    }

    /// All paths and values, sorted by path.
    pub fn values(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(path, value)| (path.as_str(), value.as_str()))
    }
}

impl std::fmt::Debug for Row {
    /// Without the values: they name people.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.keys()).finish()
    }
}

pub(super) struct Output {
    pub(super) rows: Vec<Row>,
    pub(super) total: Option<u64>,
    pub(super) done: bool,
}

pub(super) fn from_json(source: &Source) -> Result<Output, Problem> {
    let bad = |message: &str| {
        Problem::new(Severity::Error, "bad-facts", source.path(), message).with_help("run the query again")
    };
    let json: Json = serde_json::from_str(source.text()).map_err(|error| {
        let position = Position {
            line: u32::try_from(error.line()).unwrap_or(u32::MAX).max(1),
            column: u32::try_from(error.column()).unwrap_or(u32::MAX).max(1),
        };
        bad("not JSON").at(position)
    })?;
    if json.get("status").and_then(Json::as_u64).is_some_and(|status| status != 0) {
        return Err(bad("the query failed in the org").with_help(
            "check the org's name, the user's permissions and the API version, and run it again",
        ));
    }
    let body = json.get("result").unwrap_or(&json);
    let records = match body {
        Json::Array(records) => records,
        _ => match body.get("records") {
            Some(Json::Array(records)) => records,
            _ => return Err(bad("no list of records")),
        },
    };
    let mut rows = Vec::with_capacity(records.len());
    for record in records {
        if !record.is_object() {
            return Err(bad("a record is not an object"));
        }
        let mut row = Row::default();
        flatten(record, &mut row);
        rows.push(row);
    }
    Ok(Output {
        rows,
        total: body.get("totalSize").and_then(Json::as_u64),
        done: body.get("done").and_then(Json::as_bool).unwrap_or(true),
    })
}

/// Iterative, although the parser has bounded the depth already.
fn flatten(record: &Json, row: &mut Row) {
    let mut open = vec![(String::new(), record)];
    while let Some((path, value)) = open.pop() {
        let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
        match value {
            Json::Null => {}
            Json::Bool(flag) => {
                row.0.insert(path, flag.to_string());
            }
            Json::Number(number) => {
                row.0.insert(path, number.to_string());
            }
            Json::String(text) => {
                row.0.insert(path, text.clone());
            }
            Json::Array(items) => {
                open.extend(items.iter().enumerate().map(|(at, item)| (below(&at.to_string()), item)));
            }
            Json::Object(fields) => {
                let fields = fields.iter().filter(|(key, _)| *key != "attributes");
                open.extend(fields.map(|(key, item)| (below(key), item)));
            }
        }
    }
}

/// A view of a row.
macro_rules! row {
    ($(#[$doc:meta])* $name:ident { $($(#[$at:meta])* $method:ident: $how:ident $path:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name<'f>(pub(super) &'f Row);

        impl<'f> $name<'f> {
            pub fn row(self) -> &'f Row {
                self.0
            }

            $(row! { @$how $(#[$at])* $method $path })*
        }
    };
    (@text $(#[$at:meta])* $method:ident $path:literal) => {
        $(#[$at])*
        pub fn $method(self) -> Option<&'f str> {
            self.0.get($path)
        }
    };
    (@flag $(#[$at:meta])* $method:ident $path:literal) => {
        $(#[$at])*
        pub fn $method(self) -> Option<bool> {
            self.0.flag($path)
        }
    };
    (@number $(#[$at:meta])* $method:ident $path:literal) => {
        $(#[$at])*
        pub fn $method(self) -> Option<u64> {
            self.0.number($path)
        }
    };
}

row! {
    User {
        id: text "Id";
        username: text "Username";
        active: flag "IsActive";
        /// `Standard`, `PowerPartner`, `CspLitePortal`, `CustomerSuccess`, `Guest`, `AutomatedProcess` ...
        kind: text "UserType";
        profile: text "Profile.Name";
        license: text "Profile.UserLicense.Name";
        role: text "UserRole.DeveloperName";
        last_login: text "LastLoginDate";
        created: text "CreatedDate";
    }
}

row! {
    /// That a user has a permission set, itself or through a group.
    Assignment {
        user_id: text "AssigneeId";
        username: text "Assignee.Username";
        permission_set: text "PermissionSet.Name";
        namespace: text "PermissionSet.NamespacePrefix";
        /// Whether the set is a profile's own.
        of_profile: flag "PermissionSet.IsOwnedByProfile";
        profile: text "PermissionSet.Profile.Name";
        group: text "PermissionSetGroup.DeveloperName";
        expires: text "ExpirationDate";
    }
}

row! {
    Token {
        app: text "AppName";
        user_id: text "UserId";
        last_used: text "LastUsedDate";
        uses: number "UseCount";
    }
}

row! {
    UsedApp {
        name: text "Name";
        /// Whether only users that administrators approve may use it.
        admin_approved_only: flag "OptionsAllowAdminApprovedUsersOnly";
        refresh_token_validity: number "RefreshTokenValidityPeriod";
    }
}

row! {
    Package {
        name: text "SubscriberPackage.Name";
        namespace: text "SubscriberPackage.NamespacePrefix";
        version_name: text "SubscriberPackageVersion.Name";
        major: number "SubscriberPackageVersion.MajorVersion";
        minor: number "SubscriberPackageVersion.MinorVersion";
        patch: number "SubscriberPackageVersion.PatchVersion";
    }
}

row! {
    /// A report or dashboard that is mailed.
    Subscription {
        id: text "id";
        name: text "name";
        active: flag "active";
        /// The report's or dashboard's id.
        record_id: text "recordId";
        /// `lightningReportSubscribe` or `lightningDashboardSubscribe`.
        source: text "source";
        frequency: text "schedule.frequency";
        run_as: text "runAs.id";
    }
}

impl<'f> Subscription<'f> {
    /// The ids of those who get it, other than the owner.
    pub fn recipient_ids(self) -> impl Iterator<Item = &'f str> {
        self.0
            .values()
            .filter(|(path, _)| path.contains(".recipients.") && path.ends_with(".id"))
            .map(|(_, id)| id)
    }
}

row! {
    Login {
        user_id: text "UserId";
        time: text "LoginTime";
        kind: text "LoginType";
        source_ip: text "SourceIp";
        country: text "CountryIso";
        status: text "Status";
        application: text "Application";
        api_type: text "ApiType";
        tls: text "TlsProtocol";
        cipher_suite: text "CipherSuite";
        url: text "LoginUrl";
    }
}

row! {
    GroupMember {
        group: text "Group.DeveloperName";
        /// `Regular`, `Queue`, `Role`, `RoleAndSubordinates` ...
        kind: text "Group.Type";
        member_id: text "UserOrGroupId";
    }
}

row! {
    SharingModel {
        object: text "QualifiedApiName";
        internal: text "InternalSharingModel";
        external: text "ExternalSharingModel";
    }
}

row! {
    Organisation {
        id: text "Id";
        name: text "Name";
        /// `USA652`, `EU17`, `CS42`.
        instance: text "InstanceName";
        sandbox: flag "IsSandbox";
        /// The edition.
        edition: text "OrganizationType";
        namespace: text "NamespacePrefix";
        default_account_access: text "DefaultAccountAccess";
        default_contact_access: text "DefaultContactAccess";
        default_case_access: text "DefaultCaseAccess";
        default_lead_access: text "DefaultLeadAccess";
    }
}
