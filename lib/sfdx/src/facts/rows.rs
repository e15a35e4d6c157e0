use std::collections::BTreeSet;
use std::sync::Arc;

/// One record: its values by dotted path, such as `Profile.Name`, sorted. A null is no value.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Row(Vec<(Arc<str>, Box<str>)>);

impl Row {
    pub fn get(&self, path: &str) -> Option<&str> {
        let at = self.0.binary_search_by(|(own, _)| (**own).cmp(path)).ok()?;
        self.0.get(at).map(|(_, value)| &**value)
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
        self.0.iter().map(|(path, value)| (&**path, &**value))
    }

    /// Ready to be asked. Of a path said twice, the last counts.
    pub(super) fn sorted(mut self) -> Self {
        self.0.sort_by(|(a, _), (b, _)| a.cmp(b));
        self.0.dedup_by(|later, earlier| {
            let same = later.0 == earlier.0;
            if same {
                std::mem::swap(later, earlier);
            }
            same
        });
        self.0.shrink_to_fit();
        self
    }
}

impl std::fmt::Debug for Row {
    /// Without the values: they name people.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(path, _)| path)).finish()
    }
}

/// Hands out what rows are made of: each path is kept once, and there is an end to values.
pub(super) struct Cells {
    paths: BTreeSet<Arc<str>>,
    left: usize,
}

impl Cells {
    pub(super) fn new(limit: usize) -> Self {
        Self { paths: BTreeSet::new(), left: limit }
    }

    /// Whether there was room.
    #[must_use]
    pub(super) fn put(&mut self, row: &mut Row, path: &str, value: &str) -> bool {
        let Some(left) = self.left.checked_sub(1) else { return false };
        self.left = left;
        let path = match self.paths.get(path) {
            Some(known) => Arc::clone(known),
            None => {
                let path: Arc<str> = path.into();
                self.paths.insert(Arc::clone(&path));
                path
            }
        };
        row.0.push((path, value.into()));
        true
    }
}

pub(super) struct Output {
    pub(super) rows: Vec<Row>,
    pub(super) total: Option<u64>,
    pub(super) done: bool,
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
    ReportName {
        id: text "Id";
        /// The API name, without the folder's.
        name: text "DeveloperName";
        /// The folder's label.
        folder: text "FolderName";
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
