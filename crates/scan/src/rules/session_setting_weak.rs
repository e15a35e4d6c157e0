//! # Session settings weak
//!
//! The org's or a profile's session settings leave sessions open for long, let them be taken over, or switch a
//! protection of the pages off.
//!
//! ## Why it harms
//! A session at an unwatched screen, or a session id that was caught, is its user's access to every patient. 45 CFR
//! 164.312(a)(2)(iii) asks for automatic logoff after a set time of inactivity (addressable: the time is the
//! organisation's to choose and to document; two hours is the line drawn here, which is Salesforce's default), 164.312(d)
//! that the one who acts be the one claimed. Framing (clickjacking) and forged requests (CSRF) make a user's browser act
//! for somebody else.
//!
//! ## What to change
//! *Setup > Session Settings*, or the element in `settings/Security.settings-meta.xml`; for a profile *Session Settings*
//! of the profile. `lockSessionsToIp` logs out people whose address changes, such as on mobile networks: try it with those
//! who work from the clinic first, or accept it in `exceptions.yaml`.
//!
//! ## What is not found
//! A setting that the file does not say is unknown, also where Salesforce has a default. Login hours and IP ranges of
//! profiles, high-assurance sessions and what an identity provider enforces are not weighed. Of a profile's settings only the
//! time is judged; 0 is the org's. Where neither source nor bundle knows PHI, nothing is said.
//!
//! ## Seen in the wild
//! Each of seven public projects with `Security.settings`, most often `lockSessionsToIp` and the clickjack protection of
//! Visualforce pages; `CityofToronto/EDC-Salesforce` has three profiles of 24 and one of 12 hours.

use journal::{Confidence, Persona, Severity};
use sfdx::Value;
use sfdx::views::ProfileSessionSetting;

use crate::Context;
use crate::rule::{Draft, Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "Session settings weak",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Security,
    controls: &["hipaa-sec-312a2iii", "hipaa-sec-312d", "gdpr-32-1b", "API8"],
    tags: &["phi", "session"],
    replaces: &[],
    sbs: &["SBS-SECCONF-002"],
    needs: &["settings/Security.settings-meta.xml", "profileSessionSettings"],
};

/// The longest inactivity that is let be, in minutes.
const LONGEST: u64 = 120;

/// A setting that is weak when it is off.
struct Protection {
    name: &'static str,
    harm: &'static str,
    severity: Severity,
}

const PROTECTIONS: [Protection; 10] = [
    Protection {
        name: "forceLogoutOnSessionTimeout",
        harm: "a page stays on the screen after its session has ended",
        severity: Severity::Medium,
    },
    Protection {
        name: "forceRelogin",
        harm: "an administrator who logged in as somebody returns to their own session without logging in",
        severity: Severity::Low,
    },
    Protection {
        name: "lockSessionsToDomain",
        harm: "a session id that was caught on one domain works on the others",
        severity: Severity::Medium,
    },
    Protection {
        name: "lockSessionsToIp",
        harm: "a session id that was caught works from any address",
        severity: Severity::Low,
    },
    Protection {
        name: "enableCSRFOnGet",
        harm: "other sites can make a user's browser send GET requests to pages that are not set up against it",
        severity: Severity::Medium,
    },
    Protection {
        name: "enableCSRFOnPost",
        harm: "other sites can make a user's browser send POST requests to pages that are not set up against it",
        severity: Severity::Medium,
    },
    Protection {
        name: "enableClickjackSetup",
        harm: "other sites can frame Setup pages",
        severity: Severity::Medium,
    },
    Protection {
        name: "enableClickjackNonsetupSFDC",
        harm: "other sites can frame Salesforce pages",
        severity: Severity::Medium,
    },
    Protection {
        name: "enableClickjackNonsetupUser",
        harm: "other sites can frame Visualforce pages with standard headers",
        severity: Severity::Medium,
    },
    Protection {
        name: "enableClickjackNonsetupUserHeaderless",
        harm: "other sites can frame Visualforce pages with headers turned off",
        severity: Severity::Medium,
    },
];

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    // The law speaks of sessions that reach ePHI.
    if cx.phi_objects().next().is_none() {
        return;
    }
    let mut is_said = false;
    for settings in cx.project.of_type("SecuritySettings") {
        let Some(session) = settings.root().child("sessionSettings") else { continue };
        is_said = true;
        let mut absent: Vec<&str> = Vec::new();
        let component = format!("SecuritySettings:{}", settings.full_name());
        match session.value("sessionTimeout") {
            Some(timeout) => {
                out.judged(1);
                let minutes = minutes(&timeout);
                if let Some(minutes) = minutes.filter(|minutes| *minutes > LONGEST) {
                    out.found(too_long(cx, &component, "sessions of the org", &timeout, minutes));
                }
            }
            None => absent.push("sessionTimeout"),
        }
        for protection in &PROTECTIONS {
            match session.value(protection.name) {
                Some(value) => {
                    out.judged(1);
                    if value.flag() == Some(false) {
                        out.found(off(cx, &component, protection, &value));
                    }
                }
                None => absent.push(protection.name),
            }
        }
        if !absent.is_empty() {
            out.unknown(
                format!("session settings that the file does not say: {}", absent.join(", ")),
                "retrieve `Settings:Security` with the newest API version, or look in Setup > Session Settings",
            );
        }
    }
    if !is_said {
        out.unknown("the org's session settings", "retrieve `Settings:Security`");
    }
    for setting in cx.project.profile_session_settings() {
        out.judged(1);
        of_profile(cx, out, setting);
    }
}

/// `TwoHours`, `FifteenMinutes` and the like, in minutes.
fn minutes(timeout: &str) -> Option<u64> {
    let number = |word: &str| -> Option<u64> {
        Some(match word {
            "two" => 2,
            "four" => 4,
            "eight" => 8,
            "twelve" => 12,
            "fifteen" => 15,
            "twentyfour" => 24,
            "thirty" => 30,
            "sixty" => 60,
            _ => return None,
        })
    };
    let timeout = timeout.to_ascii_lowercase();
    match (timeout.strip_suffix("hours"), timeout.strip_suffix("minutes")) {
        (Some(hours), _) => Some(number(hours)? * 60),
        (None, Some(minutes)) => number(minutes),
        (None, None) => None,
    }
}

fn too_long(cx: &Context<'_>, component: &str, whose: &str, at: &Value<'_>, minutes: u64) -> Draft {
    let message = format!(
        "{whose} end after {} hours of inactivity (`{}`), not after two or less",
        minutes / 60,
        at.as_str()
    );
    let fix = "set a session timeout of two hours or less, 15 or 30 minutes where screens are shared \
               (Setup > Session Settings > Timeout Value)";
    let severity = if minutes > 240 { Severity::High } else { Severity::Medium };
    // By setting, so that an exception for one does not take another out.
    let component = format!("{component}.sessionTimeout");
    Draft::new(component, cx.place(at), message, fix).severity(severity).detail("sessionTimeout")
}

fn off(cx: &Context<'_>, component: &str, protection: &Protection, at: &Value<'_>) -> Draft {
    let Protection { name, harm, severity } = protection;
    let message = format!("`{name}` is off: {harm}");
    let fix = format!("set `<{name}>true</{name}>` (Setup > Session Settings)");
    Draft::new(format!("{component}.{name}"), cx.place(at), message, fix).severity(*severity).detail(*name)
}

fn of_profile(cx: &Context<'_>, out: &mut Outcome, setting: ProfileSessionSetting<'_>) {
    let profile = setting.profile();
    let name = profile.as_deref().unwrap_or(setting.name());
    let component = format!("ProfileSessionSetting:{}", setting.name());
    // 0 is "as the org".
    let Some(timeout) = setting.element().value("sessionTimeout") else { return };
    let Some(minutes) = timeout.number().filter(|minutes| *minutes > 0) else { return };
    if minutes > LONGEST {
        out.found(too_long(cx, &component, &format!("sessions of profile `{name}`"), &timeout, minutes));
    }
}

#[cfg(test)]
mod tests {
    use super::minutes;

    #[test]
    fn timeouts_are_minutes() {
        for (text, expected) in [
            ("FifteenMinutes", Some(15)),
            ("SixtyMinutes", Some(60)),
            ("TwoHours", Some(120)),
            ("TwentyFourHours", Some(1440)),
            ("Never", None),
        ] {
            assert_eq!(minutes(text), expected, "{text}");
        }
    }
}
