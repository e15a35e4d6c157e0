//! # Integration with an administrator's power
//!
//! A profile or permission set that a program uses gives permissions over all data, users, code or settings.
//!
//! ## Why it harms
//! The credentials of an integration lie in other systems, are seldom changed and are used by nobody in person. Whoever
//! takes them has what the integration has: with *Modify All Data* or *Author Apex* the whole org, with *Manage Users* new
//! accounts. 45 CFR 164.312(a)(1) allows access to programs *that have been granted access rights*, 164.308(a)(4)(ii)(C)
//! asks that the rights be reviewed and changed, and 164.502(b) that they be the least for the task.
//!
//! ## What to change
//! Set `<enabled>false</enabled>` for each permission that the finding lists. Give the integration read or edit on the
//! objects and fields that it exchanges, `ApiEnabled` and `ApiUserOnly`; start from the licence *Salesforce Integration*
//! with the profile *Minimum Access - API Only Integrations*. Deployments belong to a user of their own.
//!
//! ## What is not found
//! Which user holds the permission set, and what several sets add up to, is not in the source. A profile or set counts as
//! a program's by the bundle (identities of kind `integration` or `oauth-client`), by the licence *Salesforce Integration*,
//! or by a word of its name such as `integration`, `API`, `sync` (medium confidence, and medium where it has power over settings alone). Muting permission sets and
//! Salesforce's own service profiles, which cannot be edited, are left out.
//!
//! ## Seen in the wild
//! `bcgov/MoH-SAT`: a service account's profile with 18 such permissions, `ModifyAllData` among them. `GSA/SF_WorkSpace`: 3.

use journal::{Confidence, Persona, Severity};
use sfdx::Value;
use sfdx::views::Container;

use crate::Context;
use crate::container;
use crate::rule::{Draft, Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "Integration with an administrator's power",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Developer,
    controls: &["hipaa-sec-312a1", "hipaa-sec-308a4iiC", "hipaa-prv-502b", "API5"],
    tags: &["phi", "access", "integration"],
    replaces: &[],
    sbs: &["SBS-ACS-008"],
    needs: &["the integration's profile and permission sets", "PermissionSetAssignment (SOQL)"],
};

/// User permissions that no exchange of records needs.
const POWERS: [&str; 25] = [
    "AssignPermissionSets",
    "AuthorApex",
    "BulkApiHardDelete",
    "CustomizeApplication",
    "DataExport",
    "ManageAuthProviders",
    "ManageEncryptionKeys",
    "ManageInternalUsers",
    "ManageIpAddresses",
    "ManageLoginAccessPolicies",
    "ManageNamedCredentials",
    "ManagePasswordPolicies",
    "ManageProfilesPermissionsets",
    "ManageRemoteAccess",
    "ManageRoles",
    "ManageSessionPermissionSets",
    "ManageSharing",
    "ManageUsers",
    "ModifyAllData",
    "ModifyMetadata",
    "PasswordNeverExpires",
    "ResetPasswords",
    "ViewAllData",
    "ViewAllFieldsGlobal",
    "ViewEncryptedData",
];

/// Those of them that reach no record and make nobody more than he is.
const SETTINGS: [&str; 9] = [
    "ManageIpAddresses",
    "ManageLoginAccessPolicies",
    "ManageNamedCredentials",
    "ManagePasswordPolicies",
    "ManageRemoteAccess",
    "ManageRoles",
    "ManageSessionPermissionSets",
    "ModifyMetadata",
    "PasswordNeverExpires",
];

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    for container in cx.project.containers() {
        if let Some(meant) = container::for_programs(cx, container) {
            out.judged(1);
            let powers = powers(container);
            let Some(first) = powers.first() else { continue };
            let names: Vec<String> = powers.iter().map(|power| format!("`{}`", power.as_str())).collect();
            let names = names.join(", ");
            let message = format!(
                "{} is a program's ({}) and gives {names}",
                container::title(container),
                meant.because
            );
            // Somebody who is taken for a program by a word, and who may change settings alone, opens no record with that.
            let is_settings = |power: &Value<'_>| SETTINGS.iter().any(|name| power.eq_ignore_ascii_case(name));
            let is_likely = meant.confidence < Confidence::High;
            let severity =
                if is_likely && powers.iter().all(is_settings) { Severity::Medium } else { META.severity };
            let fix = format!("set {names} to `<enabled>false</enabled>`; give the objects and fields it exchanges");
            let component = container::component(container);
            out.found(
                Draft::new(component, cx.place(first), message, fix)
                    .severity(severity)
                    .confidence(meant.confidence)
                    .detail("powers"),
            );
        }
    }
    declared_and_absent(cx, out);
}

/// The powers that are on, in the order of the file.
fn powers(container: Container<'_>) -> Vec<Value<'_>> {
    container
        .user_permissions()
        .filter(|permission| permission.enabled() == Some(true))
        .filter_map(|permission| permission.name())
        .filter(|name| POWERS.iter().any(|power| name.eq_ignore_ascii_case(power)))
        .collect()
}

/// What the bundle says that a program uses and the source does not hold.
fn declared_and_absent(cx: &Context<'_>, out: &mut Outcome) {
    let programs = cx.policy.identities().iter().filter(|identity| {
        matches!(identity.kind.value, policy::vocabulary::IdentityKind::Integration | policy::vocabulary::IdentityKind::OauthClient)
    });
    for identity in programs {
        let Some(names) = &identity.salesforce else { continue };
        let kinds = [("Profile", &names.profiles), ("PermissionSet", &names.permission_sets)];
        for (kind, name) in kinds.into_iter().flat_map(|(kind, names)| names.iter().map(move |n| (kind, n))) {
            let known = cx.project.of_type(kind).any(|c| c.full_name().eq_ignore_ascii_case(&name.value));
            if !known {
                out.unknown(
                    format!("`{kind}:{}`, which identity `{}` uses", name.value, identity.id.value),
                    format!("retrieve `{kind}:{}`", name.value),
                );
            }
        }
    }
}
