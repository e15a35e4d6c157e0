//! What to fetch from an org so that the source tells the rest: a manifest and a list of queries.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// A query or call whose output `facts` reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Query {
    /// The file's name without `.json`.
    pub name: &'static str,
    pub what: &'static str,
    pub how: How,
    /// What the running user needs to see all of it. Without, a short result looks like a complete one.
    pub permission: &'static str,
}

/// How the org is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// SOQL on the data API.
    Soql(&'static str),
    /// SOQL on the Tooling API.
    Tooling(&'static str),
    /// A resource below `/services/data/vXX.X/`.
    Rest(&'static str),
}

/// The queries, sorted by name. Each names only fields that hold no patient data and no secret.
///
/// Sources: Object Reference for the Salesforce Platform (`User`, `PermissionSetAssignment`, `OauthToken`, `Report`,
/// `LoginHistory`, `Organization`, `PermissionSetGroupComponent`, `GroupMember`), Tooling API
/// (`InstalledSubscriberPackage`, `EntityDefinition`), Reports and Dashboards REST API (Analytics
/// Notification List). `ConnectedApplication` is not in the public reference; its fields are those that
/// public audit tools query.
pub const QUERIES: [Query; 14] = [
    Query {
        name: "connected-apps",
        what: "connected apps that were used in the org, and whether administrators approve their users",
        how: How::Soql(
            "SELECT Id, Name, OptionsAllowAdminApprovedUsersOnly, OptionsRefreshTokenValidityMetric, \
             RefreshTokenValidityPeriod FROM ConnectedApplication ORDER BY Name",
        ),
        permission: "Customize Application",
    },
    Query {
        name: "dashboard-subscriptions",
        what: "dashboards that are mailed, by the running user's own subscriptions",
        how: How::Rest("analytics/notifications?source=lightningDashboardSubscribe"),
        permission: "Manage Analytics Notifications; repeat with &ownerId= for each other user",
    },
    Query {
        name: "group-members",
        what: "members of public groups and queues",
        how: How::Soql(
            "SELECT GroupId, Group.DeveloperName, Group.Type, UserOrGroupId FROM GroupMember ORDER BY Id",
        ),
        permission: "View Setup and Configuration",
    },
    Query {
        name: "logins",
        what: "logins of the last 30 days; the org keeps six months",
        how: How::Soql(
            "SELECT UserId, LoginTime, LoginType, SourceIp, CountryIso, Status, Application, ApiType, \
             TlsProtocol, CipherSuite, LoginUrl FROM LoginHistory WHERE LoginTime = LAST_N_DAYS:30 \
             ORDER BY LoginTime DESC",
        ),
        permission: "Manage Users",
    },
    Query {
        name: "organisation",
        what: "the instance, edition and defaults of the org",
        how: How::Soql(
            "SELECT Id, Name, InstanceName, IsSandbox, OrganizationType, NamespacePrefix, \
             DefaultAccountAccess, DefaultContactAccess, DefaultCaseAccess, DefaultLeadAccess, \
             DefaultOpportunityAccess, DefaultCampaignAccess FROM Organization",
        ),
        permission: "View Setup and Configuration",
    },
    Query {
        name: "packages",
        what: "installed packages, managed and unlocked",
        how: How::Tooling(
            "SELECT Id, SubscriberPackage.Name, SubscriberPackage.NamespacePrefix, \
             SubscriberPackageVersion.Name, SubscriberPackageVersion.MajorVersion, \
             SubscriberPackageVersion.MinorVersion, SubscriberPackageVersion.PatchVersion, \
             SubscriberPackageVersion.BuildNumber FROM InstalledSubscriberPackage ORDER BY Id",
        ),
        permission: "Download AppExchange Packages or View Setup and Configuration",
    },
    Query {
        name: "permission-set-assignments",
        what: "who has which permission set or group; of profiles too, through the sets that they own",
        how: How::Soql(
            "SELECT AssigneeId, Assignee.Username, PermissionSetId, PermissionSet.Name, \
             PermissionSet.NamespacePrefix, PermissionSet.IsOwnedByProfile, PermissionSet.Profile.Name, \
             PermissionSetGroupId, PermissionSetGroup.DeveloperName, ExpirationDate \
             FROM PermissionSetAssignment WHERE Assignee.IsActive = true ORDER BY Id",
        ),
        permission: "View Setup and Configuration",
    },
    Query {
        name: "permission-set-group-members",
        what: "the permission sets of each group",
        how: How::Soql(
            "SELECT PermissionSetGroup.DeveloperName, PermissionSet.Name, PermissionSet.NamespacePrefix \
             FROM PermissionSetGroupComponent ORDER BY Id",
        ),
        permission: "View Setup and Configuration",
    },
    Query {
        name: "report-subscriptions",
        what: "reports that are mailed, by the running user's own subscriptions",
        how: How::Rest("analytics/notifications?source=lightningReportSubscribe"),
        permission: "Manage Analytics Notifications; repeat with &ownerId= for each other user",
    },
    Query {
        name: "reports",
        what: "names of reports, to tell which ones subscriptions mail",
        how: How::Soql("SELECT Id, DeveloperName, FolderName FROM Report ORDER BY Id"),
        permission: "View Setup and Configuration; private reports of others are not returned",
    },
    Query {
        name: "sharing-models",
        // `EntityDefinition` answers one batch of at most 2,000 rows; these are fewer in any org seen.
        what: "organisation-wide defaults of all objects, standard ones as well",
        how: How::Tooling(
            "SELECT QualifiedApiName, InternalSharingModel, ExternalSharingModel FROM EntityDefinition \
             WHERE IsCustomizable = true",
        ),
        permission: "View Setup and Configuration",
    },
    Query {
        name: "token-count",
        what: "how many OAuth tokens there are: a query returns at most 2,500 of them",
        how: How::Soql("SELECT COUNT() FROM OauthToken"),
        permission: "Customize Application; else only one's own are counted",
    },
    Query {
        name: "tokens",
        what: "OAuth tokens that live, by app and user",
        how: How::Soql(
            "SELECT AppName, UserId, LastUsedDate, UseCount FROM OauthToken \
             ORDER BY LastUsedDate DESC NULLS LAST",
        ),
        permission: "Customize Application; else only one's own are returned",
    },
    Query {
        name: "users",
        what: "users that can log in, with profile, licence, role and last login",
        how: How::Soql(
            "SELECT Id, Username, IsActive, UserType, ProfileId, Profile.Name, Profile.UserLicense.Name, \
             UserRole.DeveloperName, LastLoginDate, CreatedDate FROM User ORDER BY Id",
        ),
        permission: "View Setup and Configuration",
    },
];

impl Query {
    pub fn named(name: &str) -> Option<&'static Query> {
        QUERIES.iter().find(|query| query.name == name)
    }

    /// The command of the Salesforce CLI that writes the file. `org` is an alias or user name.
    pub fn command(&self, org: &str, api_version: &str) -> String {
        let org = quoted(org);
        let name = self.name;
        match self.how {
            How::Soql(soql) => {
                format!(
                    "sf data query --target-org {org} --query {} --json > facts/{name}.json",
                    quoted(soql)
                )
            }
            How::Tooling(soql) => format!(
                "sf data query --target-org {org} --use-tooling-api --query {} --json > facts/{name}.json",
                quoted(soql)
            ),
            How::Rest(resource) => {
                let resource = quoted(&format!("/services/data/v{api_version}/{resource}"));
                format!("sf api request rest {resource} --target-org {org} > facts/{name}.json")
            }
        }
    }
}

/// As a POSIX shell reads one word.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// All commands, one a line.
pub fn commands(org: &str, api_version: &str) -> Vec<String> {
    QUERIES.iter().map(|query| query.command(org, api_version)).collect()
}

/// The API version that a manifest asks for when the project does not say.
pub const API_VERSION: &str = "66.0";

/// A `package.xml`: types and their members, each sorted and once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    types: BTreeMap<String, BTreeSet<String>>,
}

/// Types whose standard members `*` does not bring, with those that matter: a wildcard gives custom objects
/// and the profiles' frames, and each standard object must be named.
const MEMBERS: &[(&str, &[&str])] = &[
    ("AuthProvider", &["*"]),
    ("Bot", &["*"]),
    ("Certificate", &["*"]),
    ("ConnectedApp", &["*"]),
    ("CorsWhitelistOrigin", &["*"]),
    ("CspTrustedSite", &["*"]),
    (
        "CustomObject",
        &[
            "*",
            "Account",
            "Activity",
            "Asset",
            "Campaign",
            "Case",
            "Contact",
            "Event",
            "Lead",
            "Opportunity",
            "Task",
            "User",
        ],
    ),
    ("CustomPermission", &["*"]),
    ("CustomSite", &["*"]),
    ("DelegateGroup", &["*"]),
    ("DuplicateRule", &["*"]),
    ("ExternalClientApplication", &["*"]),
    ("ExternalCredential", &["*"]),
    ("ExternalDataSource", &["*"]),
    ("ExternalServiceRegistration", &["*"]),
    ("ExtlClntAppConfigurablePolicies", &["*"]),
    ("ExtlClntAppOauthConfigurablePolicies", &["*"]),
    ("ExtlClntAppOauthSettings", &["*"]),
    ("FieldRestrictionRule", &["*"]),
    ("Flow", &["*"]),
    ("GenAiFunction", &["*"]),
    ("GenAiPlannerBundle", &["*"]),
    ("GenAiPlugin", &["*"]),
    ("GenAiPromptTemplate", &["*"]),
    ("Group", &["*"]),
    ("InstalledPackage", &["*"]),
    ("MutingPermissionSet", &["*"]),
    ("NamedCredential", &["*"]),
    ("Network", &["*"]),
    ("PermissionSet", &["*"]),
    ("PermissionSetGroup", &["*"]),
    ("PlatformEventChannel", &["*"]),
    ("PlatformEventChannelMember", &["*"]),
    ("Profile", &["*", "Admin"]),
    ("ProfilePasswordPolicy", &["*"]),
    ("ProfileSessionSetting", &["*"]),
    ("Queue", &["*"]),
    ("RemoteSiteSetting", &["*"]),
    ("RestrictionRule", &["*"]),
    ("Role", &["*"]),
    ("SamlSsoConfig", &["*"]),
    ("Settings", &["*"]),
    ("SharingRules", &["*"]),
    ("SharingSet", &["*"]),
    ("TransactionSecurityPolicy", &["*"]),
    ("UserAccessPolicy", &["*"]),
    ("Workflow", &["*"]),
];

impl Manifest {
    pub fn new() -> Self {
        Self::default()
    }

    /// What an audit needs of any org.
    pub fn for_audit() -> Self {
        let mut manifest = Self::new();
        for (kind, members) in MEMBERS {
            for member in *members {
                manifest.add(*kind, *member);
            }
        }
        manifest
    }

    pub fn add(&mut self, kind: impl Into<String>, member: impl Into<String>) {
        self.types.entry(kind.into()).or_default().insert(member.into());
    }

    /// The types and members, sorted.
    pub fn types(&self) -> impl Iterator<Item = (&str, impl Iterator<Item = &str>)> {
        self.types.iter().map(|(kind, members)| (kind.as_str(), members.iter().map(String::as_str)))
    }

    pub fn is_empty(&self) -> bool {
        self.types.is_empty()
    }

    pub fn to_xml(&self, api_version: &str) -> String {
        let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        out.push_str("<Package xmlns=\"http://soap.sforce.com/2006/04/metadata\">\n");
        for (kind, members) in self.types() {
            out.push_str("    <types>\n");
            for member in members {
                let _ = writeln!(out, "        <members>{}</members>", escaped(member));
            }
            let _ = writeln!(out, "        <name>{}</name>\n    </types>", escaped(kind));
        }
        let _ = writeln!(out, "    <version>{}</version>\n</Package>", escaped(api_version));
        out
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests;
