//! # People can give themselves access to PHI
//!
//! A profile or permission set that reads no object with PHI has a permission by which its holder can take that access.
//!
//! ## Why it harms
//! The access that was authorised is then not the access that is: 45 CFR 164.308(a)(4)(ii)(B) and (C), 164.308(a)(3)(ii)(B) and
//! 164.312(a)(1); GDPR Art. 32(1)(b). *Assign Permission Sets* gives a set that reads patients, *Manage Profiles and Permission Sets*
//! changes one's own, *Manage Users* gives another profile, *Author Apex* and *Customize Application* write code and metadata that read
//! past permissions, *Manage Connected Apps* and the administration of external client apps make an app act as another user.
//!
//! ## What to change
//! Set the permission to `<enabled>false</enabled>` and leave it with administrators whose work is watched; for a help desk delegated
//! administration (`DelegateGroup`) limits which users and which sets. Let releases go through a deployment user and a review.
//!
//! ## What is not found
//! Whoever reads an object with PHI already, administrators (`broad-permission-on-phi` has those with all data), and programs
//! (`integration-over-privileged`). *Manage Sharing* and *Manage Roles* open records only to whoever may read the object. What profile the
//! holder of a permission set has is not in the source: the set is judged by itself. *Assign Permission Sets* needs a set or group of the source that reads PHI; where
//! there is none, it is unknown. A profile that was retrieved without objects and fields is unknown.
//!
//! ## Seen in the wild
//! `Gvkp38/Production-Gvkp`: two permission sets with *Customize Application*, one of them of a package for releases.
//! `sivakumarSfdc/EntireDevOrgCode`: a set with *Manage Connected Apps*.

use access::{ObjectFlag, PrincipalKind};
use journal::{Confidence, Persona, Severity};
use sfdx::Value;

use crate::disclosure::joined;
use crate::grant::{self, Grant};
use crate::phi_object::PhiObject;
use crate::rule::{Draft, Meta, Outcome};
use crate::{Context, container};

pub(crate) const META: Meta = Meta {
    title: "People can give themselves access to PHI",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Security,
    controls: &["hipaa-sec-308a4iiB", "hipaa-sec-308a4iiC", "hipaa-sec-312a1", "gdpr-32-1b", "API5"],
    tags: &["phi", "access"],
    replaces: &[],
    sbs: &["SBS-ACS-004", "SBS-ACS-011"],
    needs: &["profiles and permission sets, retrieved with the objects"],
};

const ASSIGN: &str = "AssignPermissionSets";

/// Other ways, and what each allows.
const WAYS: [(&str, &str); 7] = [
    ("ManageProfilesPermissionsets", "changes what its own profile and sets give"),
    ("ManageUsers", "gives another profile"),
    ("ManageInternalUsers", "gives another profile"),
    ("CustomizeApplication", "writes flows and formulas that read past permissions"),
    ("AuthorApex", "writes code that reads past permissions"),
    ("ManageRemoteAccess", "makes an app that acts as another user"),
    ("ExternalClientAppAdmin", "makes an app that acts as another user"),
];

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    let Some(first_phi) = cx.telling_objects().first() else { return };
    let grants = grant::all(cx);
    let readers: Vec<(&Grant<'_, '_>, &PhiObject)> = grants
        .iter()
        .filter(|grant| grant.kind() != PrincipalKind::Profile)
        .filter_map(|grant| Some((grant, grant.phi_with(cx, ObjectFlag::Read)?)))
        .collect();
    let mut lacks_a_set = false;
    for grant in grants.iter().filter(|grant| !grant.is_group()) {
        if grant.is_administrators() || grant.is_salesforces_own() || grant.for_programs(cx) {
            continue;
        }
        // What a profile without a single row reads is not known.
        let says_objects = grant.containers.iter().any(|file| file.object_permissions().next().is_some());
        if grant.kind() == PrincipalKind::Profile && !says_objects {
            continue;
        }
        out.judged(1);
        // Who sees everything has nothing left to take.
        if grant.views_all_data() {
            continue;
        }
        lacks_a_set |= judge(cx, grant, &readers, first_phi, out);
    }
    if lacks_a_set {
        out.unknown(
            "whether there is a permission set that reads PHI, for those who may assign any",
            "retrieve `PermissionSet:*` and `PermissionSetGroup:*`",
        );
    }
    for (missing, complete_with) in
        [container::lacking_standard_profiles(cx), container::without_contents(cx)].into_iter().flatten()
    {
        out.unknown(missing, complete_with);
    }
}

/// Says whether only a set that is not in the source could open a way.
fn judge(
    cx: &Context<'_>,
    grant: &Grant<'_, '_>,
    readers: &[(&Grant<'_, '_>, &PhiObject)],
    first_phi: &PhiObject,
    out: &mut Outcome,
) -> bool {
    let mut lacks_a_set = false;
    let mut ways: Vec<(Value<'_>, String)> = Vec::new();
    let mut phi: Option<&PhiObject> = None;
    let on = grant.containers.iter().flat_map(|file| file.user_permissions());
    for name in on.filter(|one| one.enabled() == Some(true)).filter_map(|one| one.name()) {
        if name == ASSIGN && grant.phi_with(cx, ObjectFlag::Read).is_some() {
            continue;
        }
        if name == ASSIGN {
            match readers.first() {
                Some((set, object)) => {
                    phi = Some(object);
                    let how = format!("`{ASSIGN}` (the {} reads `{}`)", set.title(), object.name);
                    ways.push((name, how));
                }
                None => lacks_a_set = true,
            }
        } else if let Some((_, allows)) = WAYS.iter().find(|(way, _)| name == *way) {
            let how = format!("`{}` ({allows})", name.as_str());
            ways.push((name, how));
        }
    }
    let Some((first, _)) = ways.first() else { return lacks_a_set };
    let how: Vec<String> = ways.iter().map(|(_, how)| how.clone()).collect();
    let object = &phi.unwrap_or(first_phi).name;
    let (reads, more) = match grant.phi_with(cx, ObjectFlag::Read) {
        None => ("reads no object with PHI".to_owned(), format!("it (`{object}`)")),
        Some(own) => (format!("reads `{}`", own.name), "what it does not give".to_owned()),
    };
    // A set comes on top of a profile, which may read it.
    let confidence = match grant.kind() {
        PrincipalKind::Profile => Confidence::High,
        _ => Confidence::Medium,
    };
    let names: Vec<String> = ways.iter().map(|(name, _)| format!("`{}`", name.as_str())).collect();
    let draft = Draft::new(
        grant.component(),
        cx.place(first),
        format!("{} {reads} and lets its holder take {more}: {}", grant.title(), joined(&how)),
        format!("set {} to `<enabled>false</enabled>`, or leave it with administrators whose work is watched", joined(&names)),
    )
    .confidence(confidence)
    .detail("ways");
    let related = ways.iter().skip(1).take(9);
    out.found(related.fold(draft, |draft, (name, how)| draft.related(cx.place(name), format!("{how} is on too"))));
    false
}
