//! Profiles and permission sets as findings speak of them: what they are called, and for whom they are.

use journal::Confidence;
use policy::bundle::identity::Identity;
use policy::vocabulary::{AudienceKind, IdentityKind};
use sfdx::completeness::State;
use sfdx::views::{Container, ContainerKind, Site};

use crate::Context;
use crate::classification::{occurs, words};

/// `Profile:Admin`, `PermissionSet:EHR_Sync`.
pub(crate) fn component(container: Container<'_>) -> String {
    format!("{}:{}", container.component().kind(), container.name())
}

/// ``profile `Admin` ``, without the blank.
pub(crate) fn title(container: Container<'_>) -> String {
    let kind = match container.kind() {
        ContainerKind::Profile => "profile",
        ContainerKind::PermissionSet => "permission set",
        ContainerKind::MutingPermissionSet => "muting permission set",
    };
    format!("{kind} `{}`", container.name())
}

/// The profile that Salesforce makes for administrators: `Admin` to the API, and what people see.
pub(crate) fn is_system_administrator(container: Container<'_>) -> bool {
    container.kind() == ContainerKind::Profile
        && container.is_custom() != Some(true)
        && ["Admin", "System Administrator"].iter().any(|name| container.name().eq_ignore_ascii_case(name))
}

/// A standard profile of the users by which Salesforce runs its own services (`Analytics Cloud Integration User`
/// and the like). Nobody logs in as them and their permissions cannot be edited.
pub(crate) fn is_salesforces_own(container: Container<'_>) -> bool {
    container.kind() == ContainerKind::Profile
        && container.is_custom() == Some(false)
        && container.license().is_some_and(|license| {
            let license = license.to_ascii_lowercase();
            license.ends_with("integration user") || license == "xorg proxy user"
        })
}

/// What is missing and what completes it, where standard profiles are not in the source. The system administrator's
/// is left out: it has everything.
pub(crate) fn lacking_standard_profiles(cx: &Context<'_>) -> Option<(String, String)> {
    let lacks = lacks(cx, "standard-profiles");
    let lacks: Vec<String> = lacks.into_iter().filter(|name| name != "Admin").collect();
    said(&lacks, "what the standard profiles give that are not in the source")
}

/// The same for profiles that were retrieved without their objects and fields.
pub(crate) fn without_contents(cx: &Context<'_>) -> Option<(String, String)> {
    said(&lacks(cx, "profile-contents"), "what profiles give on objects and fields")
}

fn lacks(cx: &Context<'_>, id: &str) -> Vec<String> {
    let item = cx.completeness().iter().find(|item| item.id == id && item.state != State::Present);
    item.map_or(Vec::new(), |item| item.lacks.clone())
}

fn said(lacks: &[String], what: &str) -> Option<(String, String)> {
    let named = |names: Vec<String>| names.join(", ");
    let shown = named(lacks.iter().take(3).map(|name| format!("`{name}`")).collect());
    let all = named(lacks.iter().take(3).map(|name| format!("`Profile:{name}`")).collect());
    let more = match lacks.len() {
        0 => return None,
        count if count <= 3 => String::new(),
        count => format!(" and {} more", count - 3),
    };
    Some((format!("{what}: {shown}{more}"), format!("retrieve {all}{more} together with `CustomObject:*`")))
}

/// Why a container is taken to be for somebody, and how sure that is.
#[derive(Debug, Clone)]
pub(crate) struct Meant {
    pub(crate) because: String,
    pub(crate) confidence: Confidence,
}

impl Meant {
    fn surely(because: impl Into<String>) -> Option<Self> {
        Some(Self { because: because.into(), confidence: Confidence::High })
    }

    fn likely(because: impl Into<String>) -> Option<Self> {
        Some(Self { because: because.into(), confidence: Confidence::Medium })
    }
}

/// Whether people use it who have not logged in.
pub(crate) fn for_guests(cx: &Context<'_>, container: Container<'_>) -> Option<Meant> {
    if container.kind() != ContainerKind::Profile {
        return None;
    }
    let name = container.name();
    if let Some(audience) = cx.policy.audience_of_profile(name) {
        let guests = audience.kind.value == AudienceKind::Guest;
        return if guests {
            Meant::surely(format!("the bundle's audience `{}`", audience.id.value))
        } else {
            None
        };
    }
    if let Some(license) = container.license() {
        let guests = license.to_ascii_lowercase().starts_with("guest");
        return if guests {
            Meant::surely(format!("it has the licence `{}`", license.as_str()))
        } else {
            None
        };
    }
    let site = cx
        .project
        .sites()
        .find(|site| site.guest_profile_name().is_some_and(|profile| profile.eq_ignore_ascii_case(name)));
    if let Some(site) = site {
        return Meant::likely(format!("it is named as the guest profile of site `{}`", site.name()));
    }
    let network = cx.project.networks().find(|network| {
        name.len() > network.name().len()
            && name.to_lowercase() == format!("{} profile", network.name().to_lowercase())
    });
    network.and_then(|network| {
        Meant::likely(format!("it is named as the guest profile of network `{}`", network.name()))
    })
}

/// Whether members of a portal use it: people from outside who have logged in.
pub(crate) fn for_members(cx: &Context<'_>, container: Container<'_>) -> Option<Meant> {
    let audience = match container.kind() {
        ContainerKind::Profile => cx.policy.audience_of_profile(container.name()),
        ContainerKind::PermissionSet => None,
        ContainerKind::MutingPermissionSet => return None,
    };
    if let Some(audience) = audience {
        let is_portal = audience.kind.value == AudienceKind::Portal;
        let because = || format!("the bundle's audience `{}`", audience.id.value);
        return is_portal.then(because).and_then(Meant::surely);
    }
    let license = container.license()?;
    let is_guests = license.to_ascii_lowercase().starts_with("guest");
    let is_members = !is_guests && is_external_license(&license);
    is_members.then(|| format!("it has the licence `{}`", license.as_str())).and_then(Meant::surely)
}

/// Whether people from outside have it: guests, members of a site, partners.
pub(crate) fn is_external_license(license: &str) -> bool {
    const OUTSIDE: [&str; 6] =
        ["community", "portal", "external", "guest", "partner", "authenticated website"];
    let license = license.to_ascii_lowercase();
    // Who has bought an app of a partner's works in the org.
    !license.contains("app subscription") && OUTSIDE.iter().any(|word| license.contains(word))
}

/// Sites whose guest profile is not in the source, with the name that it has unless it was renamed.
pub(crate) fn without_guest_profile<'p>(cx: &Context<'p>) -> Vec<(Site<'p>, String)> {
    let sites = cx.project.sites().filter(|site| site.active() != Some(false));
    let named = sites.filter_map(|site| Some((site, site.guest_profile_name()?)));
    let is_known =
        |name: &str| cx.project.profiles().any(|profile| profile.name().eq_ignore_ascii_case(name));
    named.filter(|(_, name)| !is_known(name)).collect()
}

/// The same for all sites together: what is missing, and what completes it.
pub(crate) fn lacking_guest_profiles(cx: &Context<'_>) -> Option<(String, String)> {
    let lacking: Vec<String> = without_guest_profile(cx).into_iter().map(|(_, name)| name).collect();
    said(&lacking, "what guests of sites may do, whose profiles are not in the source")
}

/// The identity of the bundle that uses it.
pub(crate) fn identity<'p>(cx: &Context<'p>, container: Container<'_>) -> Option<&'p Identity> {
    match container.kind() {
        ContainerKind::Profile => cx.policy.identity_of_profile(container.name()),
        ContainerKind::PermissionSet => cx.policy.identity_of_permission_set(container.name()),
        ContainerKind::MutingPermissionSet => None,
    }
}

/// Whether an identity of the bundle is a program.
pub(crate) fn is_program(identity: &Identity) -> bool {
    matches!(identity.kind.value, IdentityKind::Integration | IdentityKind::OauthClient)
}

/// Whether programs use it.
pub(crate) fn for_programs(cx: &Context<'_>, container: Container<'_>) -> Option<Meant> {
    if container.kind() == ContainerKind::MutingPermissionSet {
        return None;
    }
    let name = container.name();
    if let Some(identity) = identity(cx, container) {
        return if is_program(identity) {
            Meant::surely(format!("the bundle's identity `{}`", identity.id.value))
        } else {
            None
        };
    }
    if is_salesforces_own(container) || is_system_administrator(container) {
        return None;
    }
    if let Some(license) = container.license()
        && is_programs_license(&license)
    {
        return Meant::surely(format!("its licence is `{}`", license.as_str()));
    }
    let label = container.label();
    let spoken = [Some(name), label.as_deref()];
    spoken.into_iter().flatten().find_map(|text| {
        let word = program_word(&words(text))?;
        Meant::likely(format!("`{word}` in its name"))
    })
}

/// The user licence for programs, and the permission set licence that goes with it, by name and label.
pub(crate) fn is_programs_license(license: &str) -> bool {
    ["Salesforce Integration", "SalesforceAPIIntegrationPsl", "Salesforce API Integration"]
        .iter()
        .any(|name| license.eq_ignore_ascii_case(name))
}

/// The word of a name that speaks of a program. An administrator of integrations is a person.
fn program_word(words: &[String]) -> Option<&'static str> {
    const PROGRAM: [(&str, &[&str]); 14] = [
        ("integration", &["integration"]),
        ("API", &["api"]),
        ("sync", &["sync"]),
        ("ETL", &["etl"]),
        ("middleware", &["middleware"]),
        ("MuleSoft", &["mulesoft"]),
        ("Boomi", &["boomi"]),
        ("Informatica", &["informatica"]),
        ("Fivetran", &["fivetran"]),
        ("batch user", &["batch", "user"]),
        ("service account", &["service", "account"]),
        ("interface user", &["interface", "user"]),
        ("connector", &["connector"]),
        ("system user", &["system", "user"]),
    ];
    const PERSON: [&str; 4] = ["admin", "administrator", "developer", "support"];
    if PERSON.iter().any(|person| occurs(&[person], words)) {
        return None;
    }
    PROGRAM.iter().find(|(_, pattern)| occurs(pattern, words)).map(|(name, _)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_programs_are_told_from_those_of_people() {
        for (name, expected) in [
            ("EHR_Integration", Some("integration")),
            ("Lab API User", Some("API")),
            ("Care_Team", None),
            ("Integration Administrator", None),
            ("Capital_Planning", None),
            ("NightlySync", Some("sync")),
            ("EHR_Service_Account", Some("service account")),
        ] {
            assert_eq!(program_word(&words(name)), expected, "{name}");
        }
    }
}
