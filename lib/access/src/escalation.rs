//! Ways to give oneself or others more than one has: section 8 of `semantics.md`.

use sfdx::completeness::Remedy;

use crate::Answer;
use crate::granted::Access;
use crate::path::{Decision, Path, Step, retrieve};

/// One way to more.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Escalation {
    /// The user permission, or [`LOG_IN_AS`].
    pub name: &'static str,
    /// What it allows.
    pub allows: &'static str,
    pub decision: Decision,
}

/// What a setting and two permissions allow together.
pub const LOG_IN_AS: &str = "LogInAsAnyUser";

/// User permissions by which one can get more, and what they allow. "User Permissions and Access" in Salesforce Help.
const ESCALATING: [(&str, &str); 18] = [
    ("AssignPermissionSets", "gives permission sets to users"),
    ("ManageProfilesPermissionsets", "changes what profiles and permission sets give"),
    ("ManageUsers", "makes users and changes their profiles, roles and addresses"),
    ("ManageInternalUsers", "makes internal users and changes their profiles and roles"),
    ("ManageRoles", "moves roles in the hierarchy that opens records"),
    ("ManageSharing", "changes defaults and sharing rules"),
    ("AuthorApex", "writes code that runs without the limits of its user"),
    ("CustomizeApplication", "changes objects, flows and settings"),
    ("ModifyMetadata", "deploys metadata, permissions included"),
    ("ModifyAllData", "changes every record"),
    ("ManageRemoteAccess", "makes connected apps and changes their policies"),
    ("ManageAuthProviders", "changes how people from outside log in"),
    ("ResetPasswords", "resets passwords and unlocks users"),
    ("ManageLoginAccessPolicies", "changes whether administrators can log in as others"),
    ("InstallPackaging", "installs packages with code and permissions"),
    ("ManageUserAccessPolicies", "changes the policies that give permission sets"),
    ("ManageSessionPermissionSets", "activates permission sets in sessions"),
    ("ExternalClientAppAdmin", "changes the policies of external client apps"),
];

/// User permissions that the engine asks for: they have numbers even where no row names them.
pub(crate) const PERMISSIONS_ASKED: [&str; 8] = [
    "ModifyAllData",
    "ViewAllData",
    "ViewAllFieldsGlobal",
    "ApiEnabled",
    "ManageUsers",
    "ManageInternalUsers",
    "ViewAllUsers",
    "ActivitiesAccess",
];

impl Access<'_> {
    /// The ways to more that the principal has or may have.
    pub fn escalations(&self) -> Vec<Escalation> {
        let of_permission = ESCALATING.iter().map(|&(name, allows)| Escalation {
            name,
            allows,
            decision: self.permission(name),
        });
        let log_in_as = Escalation {
            name: LOG_IN_AS,
            allows: "logs in as any user without being let in",
            decision: self.log_in_as(),
        };
        let all = of_permission.chain(std::iter::once(log_in_as));
        all.filter(|way| way.decision.answer != Answer::No).collect()
    }

    fn log_in_as(&self) -> Decision {
        let (setting, place) = &self.model.log_in_as;
        let set = setting.map_or(Answer::Unknown, Answer::of);
        let (modify, manage) = (self.permission("ModifyAllData"), self.permission("ManageUsers"));
        let answer = set.and(modify.answer).and(manage.answer);
        let mut missing: Vec<Remedy> = modify.missing.into_iter().chain(manage.missing).collect();
        if setting.is_none() {
            missing.push(retrieve("Settings", "Security"));
        }
        let mut paths: Vec<Path> = modify.paths.into_iter().chain(manage.paths).collect();
        if let Some(place) = place {
            let step = Step::new("security setting `enableAdminLoginAsAnyUser`", Some(place.clone()));
            paths.push(Path::new(set, vec![step]));
        }
        Decision::new(answer, paths, missing)
    }
}
