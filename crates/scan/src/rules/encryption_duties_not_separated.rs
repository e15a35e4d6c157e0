//! # Keys and data in one hand
//!
//! Somebody who manages the keys of the encryption also reads the data, or decides what is encrypted.
//!
//! ## Why it harms
//! Whoever rotates, imports or destroys keys and also reads patients' records, or changes which fields are encrypted, is controlled by
//! nobody. 45 CFR 164.312(a)(2)(iv) and 164.308(a)(4)(ii)(B); encrypted data is no breach only where the key was kept apart from it
//! (74 FR 19006); NIST SP 800-57 part 2 asks for separate roles; GDPR Art. 32(1)(b).
//!
//! ## What to change
//! Give `ManageEncryptionKeys` to one or two custodians in a permission set of its own, with *View Setup and Configuration* and nothing else. In
//! `settings/PlatformEncryption` set `isMEKForEncryptionRequired` to `true`, so that *Customize Application* alone does not switch a
//! field's encryption off.
//!
//! ## What is not found
//! The permission alone is the separation wanted; where no field of the source is encrypted, the finding is medium. Programs with it are `integration-over-privileged`. `BypassKeys` is in no public
//! reference. A group counts where its members have both together, less what it mutes, and none alone. Who holds a set is not in the source.
//!
//! ## Seen in the wild
//! `Gvkp38/Production-Gvkp`: three profiles of sales, marketing and support staff. `bcgov/MoH-SAT`: an administrators' permission set.

use std::collections::BTreeSet;

use access::{ObjectFlag, PrincipalKind};
use journal::{Confidence, Persona, Severity};

use crate::Context;
use crate::encryption;
use crate::grant::{self, Grant};
use crate::rule::{Draft, Meta, Outcome};
use crate::setting::{self, Switch};

pub(crate) const META: Meta = Meta {
    title: "Keys and data in one hand",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Security,
    controls: &["hipaa-sec-308a4iiB", "hipaa-sec-312a2iv", "gdpr-32-1b"],
    tags: &["phi", "access", "encryption"],
    replaces: &[],
    sbs: &["SBS-ACS-004"],
    needs: &["profiles, permission sets and groups", "settings/PlatformEncryption.settings-meta.xml"],
};

const KEYS: &str = "ManageEncryptionKeys";
const POWERS: [&str; 4] = ["ModifyAllData", "ViewAllData", "CustomizeApplication", "AuthorApex"];
const SETTING: &str = "isMEKForEncryptionRequired";

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    if cx.phi_objects().next().is_none() {
        return;
    }
    let grants = grant::all(cx);
    let mut alone: BTreeSet<String> = BTreeSet::new();
    let (groups, single): (Vec<&Grant<'_, '_>>, Vec<_>) = grants.iter().partition(|grant| grant.is_group());
    for grant in single {
        out.judged(1);
        if let Some(with) = together(cx, grant) {
            if grant.kind() == PrincipalKind::PermissionSet {
                alone.insert(grant.name().to_lowercase());
            }
            report(cx, grant, &with, out);
        }
    }
    for grant in groups {
        out.judged(1);
        if grant.containers.iter().any(|file| alone.contains(&file.name().to_lowercase())) {
            continue;
        }
        if let Some(with) = together(cx, grant) {
            report(cx, grant, &with, out);
        }
    }
    if let Some((missing, complete_with)) = grant::absent_of_groups(&grants) {
        out.unknown(missing, complete_with);
    }
    setting(cx, out);
}

/// What a grant gives beside the keys, in words.
fn together(cx: &Context<'_>, grant: &Grant<'_, '_>) -> Option<String> {
    if !grant.gives(KEYS) {
        return None;
    }
    let power = POWERS.iter().find(|power| grant.gives(power)).map(|power| format!("`{power}`"));
    power.or_else(|| {
        let phi = grant.phi_with(cx, ObjectFlag::Read)?;
        Some(format!("read of `{}`, which holds {}", phi.name, phi.holds()))
    })
}

fn report(cx: &Context<'_>, grant: &Grant<'_, '_>, with: &str, out: &mut Outcome) {
    if grant.is_salesforces_own() || grant.for_programs(cx) {
        return;
    }
    let is_administrators = grant.is_administrators() || grant.gives("ModifyAllData");
    // Keys that lock nothing open nothing; the duty has to be separated before they do.
    let locks = cx.project.objects().flat_map(|object| object.fields()).any(|field| encryption::scheme(field).is_some());
    let so = if locks { "" } else { "; no field of the source is encrypted yet" };
    let Some(place) = grant.place_of(cx, KEYS).or_else(|| grant.start()) else { return };
    out.found(
        Draft::new(
            grant.component(),
            place,
            format!("{} gives `{KEYS}` together with {with}{so}", grant.title()),
            format!("give `{KEYS}` in a permission set of its own to people who have none of the rest"),
        )
        .severity(if is_administrators || !locks { Severity::Medium } else { Severity::High })
        .detail("keys"),
    );
}

fn setting(cx: &Context<'_>, out: &mut Outcome) {
    let encrypted =
        encryption::phi_fields(cx).into_iter().find(|one| encryption::scheme(one.field).is_some());
    let Some(encrypted) = encrypted else { return };
    out.judged(1);
    let unknown = (
        format!("who may switch the encryption of fields off: `{SETTING}` of the PlatformEncryption settings"),
        "retrieve `Settings:PlatformEncryption`, or look at Setup > Encryption Settings",
    );
    if let Some(Switch::Off(value)) = setting::judge(cx, out, ("PlatformEncryption", &[SETTING]), unknown) {
        out.found(
            Draft::new(
                "PlatformEncryptionSettings:PlatformEncryption",
                cx.place(&value),
                format!(
                    "`{SETTING}` is off: whoever may customise the application may switch the encryption of `{}` off",
                    encrypted.field.full_name()
                ),
                format!("set `<{SETTING}>true</{SETTING}>`, so that it takes *Manage Encryption Keys* as well"),
            )
            .severity(Severity::Medium)
            .detail(SETTING)
            .field(encrypted.field.full_name()),
        );
    }
}
