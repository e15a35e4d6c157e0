//! # Password policy weak
//!
//! The org's or a profile's password policy allows short or simple passwords, endless guessing, or the same password
//! again.
//!
//! ## Why it harms
//! Where people log in with a password, what keeps it from being guessed is its length and that guessing ends. 45 CFR
//! 164.308(a)(5)(ii)(D) asks for procedures to create, change and safeguard passwords (addressable), 164.312(d) to verify
//! who seeks access. NIST SP 800-63B asks for eight characters at the least and 15 where a password is the only factor;
//! here fewer than 8 is high and fewer than 12 medium.
//!
//! ## What to change
//! *Setup > Password Policies* (a profile's *Password Policies* overrides them), or the element in
//! `settings/Security.settings-meta.xml` or the profile's file in `profilePasswordPolicies`. Passwords that exist are not
//! checked anew until they change. Multi-factor authentication, which Salesforce requires by contract, does not make it
//! idle: API logins with a password have no second factor.
//!
//! ## What is not found
//! Whether people log in by single sign-on, where the identity provider's policy counts, and who has *Password Never
//! Expires*. A setting that no file says is unknown. How often passwords expire is not judged: NIST advises against it.
//!
//! ## Seen in the wild
//! Each of seven public projects with `Security.settings` asks for eight characters; five show the secret answer. No public
//! project without lock-out or complexity was found.

use journal::{Confidence, Persona, Severity};
use sfdx::{Element, Value};

use crate::Context;
use crate::rule::{Draft, Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "Password policy weak",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Security,
    controls: &["hipaa-sec-308a5iiD", "hipaa-sec-312d", "gdpr-32-1b", "API2"],
    tags: &["phi", "password"],
    replaces: &[],
    sbs: &["SBS-SECCONF-002"],
    needs: &["settings/Security.settings-meta.xml", "profilePasswordPolicies"],
};

/// Shorter is high.
const SHORT: u64 = 8;
/// Shorter is medium.
const LONG: u64 = 12;

/// Where a setting is and what it says when it is weak: the org's file writes words, a profile's numbers.
struct Names {
    complexity: &'static str,
    attempts: &'static str,
    history: &'static str,
    obscure: &'static str,
}

const ORG: Names = Names {
    complexity: "complexity",
    attempts: "maxLoginAttempts",
    history: "historyRestriction",
    obscure: "obscureSecretAnswer",
};

const PROFILE: Names = Names {
    complexity: "passwordComplexity",
    attempts: "maxLoginAttempts",
    history: "passwordHistory",
    obscure: "obscure",
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    let mut is_said = false;
    for settings in cx.project.of_type("SecuritySettings") {
        if let Some(policies) = settings.root().child("passwordPolicies") {
            is_said = true;
            let component = format!("SecuritySettings:{}", settings.full_name());
            let absent = judge(cx, out, policies, &ORG, &component, "the org's password policy");
            if !absent.is_empty() {
                out.unknown(
                    format!("password settings that the file does not say: {}", absent.join(", ")),
                    "retrieve `Settings:Security`, or look in Setup > Password Policies",
                );
            }
        }
    }
    if !is_said {
        out.unknown("the org's password policy (`passwordPolicies` of the security settings)", "retrieve `Settings:Security`");
    }
    for policy in cx.project.profile_password_policies() {
        let profile = policy.profile();
        let name = profile.as_deref().unwrap_or(policy.name());
        let component = format!("ProfilePasswordPolicy:{}", policy.name());
        let whose = format!("the password policy of profile `{name}`");
        judge(cx, out, policy.element(), &PROFILE, &component, &whose);
    }
}

/// Judges each setting and gives the names of those that are not said.
fn judge(
    cx: &Context<'_>,
    out: &mut Outcome,
    policy: Element<'_>,
    names: &Names,
    component: &str,
    whose: &str,
) -> Vec<&'static str> {
    let mut absent = Vec::new();
    let mut found = |name: &'static str, weak: &dyn Fn(&Value<'_>) -> Option<Weak>| {
        let Some(value) = policy.value(name) else {
            absent.push(name);
            return;
        };
        out.judged(1);
        if let Some(Weak { allows, fix, severity }) = weak(&value) {
            let message = format!("{whose} {allows} (`{name}`)");
            out.found(Draft::new(component, cx.place(&value), message, fix).severity(severity).detail(name));
        }
    };
    found("minimumPasswordLength", &|value| {
        let length = value.number().filter(|length| *length < LONG)?;
        let severity = if length < SHORT { Severity::High } else { Severity::Medium };
        Some(Weak {
            allows: format!("allows passwords of {length} characters"),
            fix: "set `<minimumPasswordLength>12</minimumPasswordLength>` or more",
            severity,
        })
    });
    found(names.complexity, &|value| {
        is_any(value, &["NoRestriction", "0"]).then(|| Weak {
            allows: "allows any characters, `12345678` among them".to_owned(),
            fix: "ask for upper and lower case, numbers and special characters",
            severity: Severity::Medium,
        })
    });
    found(names.attempts, &|value| {
        is_any(value, &["NoLimit", "0"]).then(|| Weak {
            allows: "never locks an account, however often a password is guessed".to_owned(),
            fix: "lock after at most ten attempts (`TenAttempts`, for a profile `10`)",
            severity: Severity::High,
        })
    });
    found(names.history, &|value| {
        is_any(value, &["0"]).then(|| Weak {
            allows: "lets the same password be set again".to_owned(),
            fix: "remember at least the last 3 passwords",
            severity: Severity::Medium,
        })
    });
    found(names.obscure, &|value| {
        (value.flag() == Some(false)).then(|| Weak {
            allows: "shows the answer to the security question while it is typed".to_owned(),
            fix: "obscure the secret answer (Setup > Password Policies)",
            severity: Severity::Low,
        })
    });
    absent
}

/// What a weak setting allows, and what to set instead.
struct Weak {
    allows: String,
    fix: &'static str,
    severity: Severity,
}

fn is_any(value: &Value<'_>, weak: &[&str]) -> bool {
    weak.iter().any(|weak| value.eq_ignore_ascii_case(weak))
}
