//! # Members of a portal see each other
//!
//! Users of a portal are visible to each other, records with PHI are shared through an account that several people
//! share, or super users see what everybody in their account's role sees.
//!
//! ## Why it harms
//! The members of a patients' portal are patients and their relatives: that somebody is a patient of this clinic is
//! PHI by itself (45 CFR 160.103). A sharing set by account gives one household, employer or clinic account's members
//! each other's records. 45 CFR 164.502(a), 164.514(d)(2); GDPR Art. 9(1) and 25(2).
//!
//! ## What to change
//! *Setup > Sharing Settings > Portal User Visibility* and *Site User Visibility* off; the network's *See other
//! members of this site* off. Map sharing sets by the user's own contact. Take `PortalSuperUser` away where the
//! account is not one person's.
//!
//! ## What is not found
//! There is one finding for a sharing set. Sharing by account is right where each person is an account: the project
//! shows it by fields or layouts of person accounts, the bundle by `subject: self`. Whether super users share an
//! account there is unknown. Nicknames do not undo visibility. What is
//! not in the source is unknown. The rule speaks where the source has a network and PHI.
//!
//! ## Seen in the wild
//! `bcgov/MoH-SAT`: members of two portals see each other.

use journal::{Confidence, Persona, Severity};
use sfdx::Value;

use crate::Context;
use crate::container;
use crate::phi_object::PhiObject;
use crate::reach;
use crate::rule::{Draft, Meta, Outcome};
use crate::setting::{self, Switch};

pub(crate) const META: Meta = Meta {
    title: "Members of a portal see each other",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Security,
    controls: &["hipaa-prv-502a", "hipaa-prv-514d2", "gdpr-25-2", "gdpr-9-1"],
    tags: &["phi", "portal", "exposure"],
    replaces: &[],
    sbs: &[],
    needs: &["settings/Sharing.settings-meta.xml", "`networks/`, `sharingSets/`, profiles"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    let has_network = cx.project.networks().next().is_some();
    let has_sets = cx.project.sharing_sets().next().is_some();
    if cx.phi_objects().next().is_none() || !(has_network || has_sets) {
        return;
    }
    for network in cx.project.networks() {
        out.judged(1);
        let Some(visible) = network.element().value("enableMemberVisibility") else { continue };
        if visible.flag() == Some(true) {
            out.found(visibility(
                cx,
                format!("Network:{}", network.name()),
                &visible,
                format!("members of `{}` see who the other members are", network.name()),
            ));
        }
    }
    for (name, whom) in [
        ("enableCommunityUserVisibility", "users of a site see the other users of it"),
        ("enablePortalUserVisibility", "portal users of one account see each other"),
    ] {
        let unknown = (
            format!("`SharingSettings`, `{name}`: whether users of a portal see each other"),
            "retrieve `Settings:Sharing`, or look in Setup > Sharing Settings",
        );
        let Some(set) = setting::judge(cx, out, ("Sharing", &[name]), unknown) else { continue };
        out.judged(1);
        if let Switch::On(value) = set {
            out.found(visibility(cx, format!("SharingSettings:{name}"), &value, whom.to_owned()));
        }
    }
    sharing_sets(cx, out);
    super_users(cx, out);
}

fn visibility(cx: &Context<'_>, component: String, at: &Value<'_>, harm: String) -> Draft {
    let name = at.element().name();
    Draft::new(
        component,
        cx.place(at),
        format!("`{name}` is on: {harm}, and who is a member may be a patient"),
        format!("set `<{name}>false</{name}>`"),
    )
    .detail(name)
}

fn sharing_sets(cx: &Context<'_>, out: &mut Outcome) {
    for set in cx.project.sharing_sets() {
        let mut shared: Vec<(Value<'_>, PhiObject)> = Vec::new();
        for mapping in set.mappings() {
            let (Some(object), Some(user_field)) = (mapping.object(), mapping.user_field()) else { continue };
            out.judged(1);
            // An account by one's own account is that account and nobody's record.
            if reach::is_of_ones_own(cx, &user_field) || object.eq_ignore_ascii_case("Account") {
                continue;
            }
            shared.extend(PhiObject::of(cx, &object).map(|phi| (user_field, phi)));
        }
        let Some((first, _)) = shared.first() else { continue };
        let places: Vec<_> = shared.iter().skip(1).map(|(field, phi)| (cx.place(field), phi.name.clone())).collect();
        let at = cx.place(first);
        let by = first.as_str().to_owned();
        let Some(phi) = PhiObject::together(shared.into_iter().map(|(_, phi)| phi).collect()) else { continue };
        let draft = Draft::new(
            format!("SharingSet:{}", set.name()),
            at,
            format!(
                "the sharing set `{}` gives members `{}` of everybody in their account (`{by}`): it holds {}",
                set.name(),
                phi.name,
                phi.holds()
            ),
            "map it by the user's own contact (`<userField>Contact</userField>`), or make each person an account",
        )
        .severity(Severity::High)
        .confidence(phi.confidence)
        .detail("mappings");
        out.found(places.into_iter().fold(draft, |draft, (place, name)| {
            draft.related(place, format!("`{name}` is shared here"))
        }));
    }
}

fn super_users(cx: &Context<'_>, out: &mut Outcome) {
    for holder in cx.project.containers() {
        let Some(name) = reach::has(holder, "PortalSuperUser") else { continue };
        out.judged(1);
        let is_admins = container::is_system_administrator(holder);
        let opened = reach::opened(cx, holder);
        // Super users see others' cases, leads, opportunities and custom records, and no accounts or contacts.
        let widened = |name: &str| !["Account", "Contact"].iter().any(|own| name.eq_ignore_ascii_case(own));
        let Some(first) = opened.iter().find(|opened| widened(&opened.phi.name) && !is_admins) else { continue };
        if reach::persons_are_accounts(cx) {
            out.unknown(
                format!("whether super users by {} share an account with others", container::title(holder)),
                "query `SELECT AccountId, COUNT(Id) FROM Contact WHERE Id IN (SELECT ContactId FROM User) GROUP BY AccountId`: \
                 where each person is an account, a super user sees nobody else",
            );
            continue;
        }
        out.found(
            Draft::new(
                container::component(holder),
                cx.place(&name),
                format!(
                    "super users by {} see `{}` of everybody in their account",
                    container::title(holder),
                    first.phi.name
                ),
                "take `PortalSuperUser` away, unless each account is one person's",
            )
            .severity(Severity::High)
            .confidence(first.phi.confidence)
            .detail("super user"),
        );
    }
}
