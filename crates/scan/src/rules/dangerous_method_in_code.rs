//! # Apex switches a protection off
//!
//! Apex calls a method that turns the checks of fflib domains off, sets a password that stands in the code or is made
//! of what others know (a name, a birth date, a mail address), shows a protected permission to subscribers, raises a session to high assurance without a verification, or takes a
//! user's method of verification away because the caller names the user.
//!
//! ## Why it harms
//! These calls decide who somebody is and what holds for them. A first password that stands in the code is known to
//! everybody who reads it, and one that is made of a name and a birth date to everybody who knows the person: he logs in
//! as the patient; a session that is called verified is taken for verified by every policy that asks for
//! it; who may take another person's second factor away can become that person. 45 CFR 164.312(a)(1) and (d),
//! 164.308(a)(5)(ii)(D); GDPR Art. 32(1)(b).
//!
//! ## What to change
//! Let the platform mail a link (`System.resetPassword`) or take what the user types; verify
//! (`Auth.SessionManagement.validateTotpTokenForUser`) and act on the answer before a level is raised; take a
//! method of verification from `UserInfo.getUserId()` alone, or ask for a permission first.
//!
//! ## What is not found
//! `System.setPassword`, `Site.createExternalUser` and `Site.createPortalUser` with what a user types, what was drawn
//! (`Crypto`, `Math.random`) or what is not known to its end, and `System.resetPassword`, are the task of every portal; whom they
//! are done to is the sharing's and permissions' to say. PMD's `AvoidUnsafePasswordManagementUse` finds each of
//! these calls. PMD's `ApexDangerousMethods` also finds `System.debug` of variables whose name says password or
//! token: a name is no value; what goes into a log is followed by `phi-in-debug-log`, and a session's id by
//! `session-id-in-code`. Methods of the same name of other classes are none. Whether a verification was for this
//! user is not told.
//!
//! ## Seen in the wild
//! In none of the public projects that were looked at.

use std::collections::BTreeSet;

use apex::MethodId;
use apex::ast::{ExprId, ExprKind, StmtKind};
use journal::{Confidence, Persona, Severity};

use crate::Context;
use crate::code::{Call, Guesses, Look, Part, Site};
use crate::disclosure::joined;
use crate::rule::{Draft, Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "Apex switches a protection off",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Developer,
    controls: &["hipaa-sec-312d", "hipaa-sec-312a1", "hipaa-sec-308a5iiD", "gdpr-32-1b", "API2"],
    tags: &["secret", "access"],
    replaces: &[
        "pmd:ApexDangerousMethods",
        "pmd:AvoidUnsafePasswordManagementUse",
        "pmd:AvoidChangeProtectionUnprotected",
    ],
    sbs: &[],
    needs: &["the Apex classes and triggers"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    let look = Look::of(cx.code());
    out.judged(look.code.bodies);
    let mut guesses: Option<Guesses<'_, '_>> = None;
    for &site in &look.sites {
        let Some(call) = look.call(site) else { continue };
        let judged = judge(&look, site, call).map(|(message, fix)| (message, fix, META.severity)).or_else(|| {
            let password = Site { expr: password(&look, site, call)?, ..site };
            let guesses = guesses.get_or_insert_with(|| Guesses::of(cx, &look));
            let message = guessed(call, &guesses.parts(password)?)?;
            Some((message, PASSWORD_FIX, Severity::High))
        });
        let Some((message, fix, severity)) = judged else { continue };
        let title = look.title(site);
        out.found(
            Draft::new(look.component(site), look.place(site), format!("in `{title}`: {message}"), fix)
                .severity(severity)
                .detail(format!("{title} {}", call.name)),
        );
    }
}

const PASSWORD_FIX: &str =
    "let the platform mail a link (`System.resetPassword`; for a new user leave the password out), or draw one \
     (`Crypto.generateAesKey`)";

/// The password that a call gives to a user.
fn password(look: &Look<'_>, site: Site, call: Call<'_>) -> Option<ExprId> {
    // An object is called `Site`, too.
    let of = call.receiver.map_or("", |receiver| look.text(Site { expr: receiver, ..site }));
    let class = if of.eq_ignore_ascii_case("site") { "site" } else { call.class };
    let at = match (class, call.name) {
        ("system", "setpassword") => 1,
        ("site", "createexternaluser" | "createportaluser") => 2,
        ("site", "createpersonaccountportaluser") => call.args.len().saturating_sub(1).max(2),
        _ => return None,
    };
    call.args.get(at).copied()
}

/// What is said of a password that is made of what others know.
fn guessed(call: Call<'_>, parts: &BTreeSet<Part>) -> Option<String> {
    let mut named: Vec<String> = parts
        .iter()
        .filter_map(|part| match part {
            Part::OfPerson(name) => Some(format!("`{name}`")),
            _ => None,
        })
        .collect();
    if named.is_empty() {
        return None;
    }
    named.extend(parts.contains(&Part::Day).then(|| "the day".to_owned()));
    named.extend(parts.contains(&Part::Written).then(|| "what stands in the code".to_owned()));
    let method = match call.name {
        "setpassword" => "System.setPassword",
        "createexternaluser" => "Site.createExternalUser",
        "createportaluser" => "Site.createPortalUser",
        _ => "Site.createPersonAccountPortalUser",
    };
    let made = match named.as_slice() {
        [.., _] if named.len() > 1 => joined(&named),
        _ => named.join(""),
    };
    Some(format!("`{method}` sets a password that is made of {made}: who knows the person can log in as them"))
}

fn judge(look: &Look<'_>, site: Site, call: Call<'_>) -> Option<(String, &'static str)> {
    let arg = |index: usize| call.args.get(index).map(|expr| Site { expr: *expr, ..site });
    let say = |message: &str, fix| Some((message.to_owned(), fix));
    match (call.class, call.name) {
        (_, "disabletriggercrudsecurity") if call.args.is_empty() && call.receiver.is_some() => say(
            "`disableTriggerCRUDSecurity` lets a domain write objects that the user may not write",
            "leave the check on (`enforceTriggerCRUDSecurity`), or write in user mode",
        ),
        ("system", "setpassword") if !look.constants(arg(1)?).is_empty() => say(
            "`System.setPassword` sets a password that stands in the code",
            "let the platform mail a link (`System.resetPassword`) or make a random one",
        ),
        ("featuremanagement", "changeprotection") => {
            let level = look.constants(arg(2)?);
            if !level.iter().any(|one| one.text.eq_ignore_ascii_case("unprotected")) {
                return None;
            }
            say(
                "`changeProtection` to `Unprotected` shows a protected object or permission to every subscriber, for good",
                "keep it protected, and release what subscribers need under a name of its own",
            )
        }
        ("auth.sessionmanagement", "setsessionlevel") => {
            let is_high = look.values(arg(0)?).into_iter().any(|value| {
                look.text(value)
                    .rsplit('.')
                    .next()
                    .is_some_and(|last| last.eq_ignore_ascii_case("high_assurance"))
            });
            if !is_high || is_verified(look, site) {
                return None;
            }
            say(
                "`setSessionLevel` calls the session verified, and nobody was",
                "verify before (`Auth.SessionManagement.validateTotpTokenForUser`) and go on only where it succeeded",
            )
        }
        ("usermanagement", "deregisterverificationmethod") => {
            let own = |value: Site| {
                look.call(value).is_some_and(|call| call.class == "userinfo" && call.name == "getuserid")
            };
            let values = look.values(arg(0)?);
            if !values.is_empty() && values.into_iter().all(own) || asks_permission(look, site) {
                return None;
            }
            say(
                "`deregisterVerificationMethod` takes the second factor of a user whom the caller names",
                "take `UserInfo.getUserId()`, or ask for a permission first (`FeatureManagement.checkPermission`)",
            )
        }
        _ => None,
    }
}

/// Calls whose answer is the result of a verification.
fn verifies(call: Call<'_>) -> bool {
    matches!(
        (call.class, call.name),
        (
            "auth.sessionmanagement",
            "validatetotptokenforuser" | "validatetotptokenforkey" | "verifydeviceflow"
        ) | (
            "usermanagement",
            "verifyverificationmethod"
                | "verifypasswordlesslogin"
                | "verifyselfregistration"
                | "verifyregisterverificationmethod"
        )
    )
}

/// Whether the method verifies the user before a place, itself or by a method that it calls, and looks at the answer.
fn is_verified(look: &Look<'_>, site: Site) -> bool {
    let (Some(file), Some(id)) = (look.file(site), site.method) else { return false };
    let code = look.code;
    let before = file.expr(site.expr).span.start;
    // A call that stands alone throws its answer away.
    let mut dropped = Vec::new();
    if let Some(body) = code.program.method(id).and_then(|method| method.body) {
        file.each_stmt(body, |stmt| {
            if let StmtKind::Expr(value) = file.stmt(stmt).kind {
                dropped.push(value);
            }
        });
    }
    let in_method = |wanted: MethodId| {
        look.sites.iter().any(|other| other.method == Some(wanted) && look.call(*other).is_some_and(verifies))
    };
    look.sites
        .iter()
        .filter(|other| other.method == Some(id) && file.expr(other.expr).span.end <= before)
        .any(|other| {
            if look.call(*other).is_some_and(verifies) {
                return !dropped.contains(&other.expr);
            }
            match code.resolution.expr(other.file, other.expr).to {
                apex::Ref::Method { method, .. } => method != id && in_method(method),
                _ => false,
            }
        })
}

fn asks_permission(look: &Look<'_>, site: Site) -> bool {
    let Some(file) = look.file(site) else { return false };
    let before = file.expr(site.expr).span.start;
    look.sites.iter().any(|other| {
        other.method == site.method
            && other.file == site.file
            && file.expr(other.expr).span.end <= before
            && matches!(file.expr(other.expr).kind, ExprKind::Call { .. })
            && look
                .call(*other)
                .is_some_and(|call| (call.class, call.name) == ("featuremanagement", "checkpermission"))
    })
}
