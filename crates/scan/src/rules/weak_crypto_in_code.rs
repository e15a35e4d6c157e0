//! # Apex uses cryptography that does not hold
//!
//! A digest, MAC or signature by MD5 or SHA-1, AES with a key or initialisation vector that stands in the code, or
//! `Math.random` for a token, password or code.
//!
//! ## Why it harms
//! MD5 and SHA-1 are broken: two texts with one digest can be made (NIST SP 800-131A). A key that stands in the
//! code is known to everybody who may read the code, the package or a backup, and a vector that never changes shows
//! which patients have the same value. What `Math.random` gives can be guessed from what it gave before. Encryption
//! that does not hold is none before the law: 45 CFR 164.312(a)(2)(iv), (c)(1) and (e)(2)(ii), and the safe harbour
//! of 164.402; GDPR Art. 32(1)(a).
//!
//! ## What to change
//! `SHA-256` or `SHA-512`, `hmacSHA256`; `Crypto.encryptWithManagedIV` with a key from a protected custom metadata
//! type or setting, or better Shield or a named credential; `Crypto.generateAesKey` and `Crypto.getRandomInteger`
//! for what nobody may guess.
//!
//! ## What is not found
//! Keys that come through parameters, and numbers of `Math.random` that leave in a variable with a name that says
//! nothing of secrets. A digest that a protocol asks for (OAuth 1.0a signs by HMAC-SHA1) is found all the same: the
//! exception belongs in the bundle with a reason. Keys of `generateMac` and `sign` are `secret-in-code`. PMD's
//! `ApexBadCrypto` looks at key and vector of `Blob.valueOf` alone and within one file; here constants of other
//! classes, sums of literals, `base64Decode` and `convertFromHex` count too, with the algorithms and `Math.random`,
//! of which it has no rule; the call is found, once, and not each argument.
//!
//! ## Seen in the wild
//! `bcgov/MoH-SAT`: two integrations make the ids of requests by MD5. `SalesforceFoundation/NPSP`: MD5 tells
//! addresses apart.

use apex::ast::{ExprKind, Operator};
use apex::{MethodId, Ref};
use journal::{Confidence, Persona, Severity};

use crate::Context;
use crate::classification::words::words;
use crate::code::{Look, Site};
use crate::rule::{Draft, Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "Apex uses cryptography that does not hold",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Developer,
    controls: &["hipaa-sec-312a2iv", "hipaa-sec-312c1", "hipaa-sec-312e2ii", "gdpr-32-1a"],
    tags: &["secret", "encryption"],
    replaces: &["pmd:ApexBadCrypto"],
    sbs: &[],
    needs: &["the Apex classes and triggers"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    let look = Look::of(cx.code());
    out.judged(look.code.bodies);
    for &site in &look.sites {
        let Some(call) = look.call(site) else { continue };
        let arg = |index: usize| call.args.get(index).map(|expr| Site { expr: *expr, ..site });
        let found = match (call.class, call.name) {
            (
                "crypto",
                "generatedigest"
                | "generatemac"
                | "verifyhmac"
                | "verifymac"
                | "sign"
                | "signwithcertificate"
                | "verify",
            ) => {
                let is_name = call.name == "generatedigest" && arg(1).is_some_and(|of| is_of_the_clock(&look, of));
                arg(0).filter(|_| !is_name).and_then(|of| weak(&look, of)).map(algorithm)
            }
            ("crypto", "encrypt" | "decrypt") => literals(&look, arg(1), arg(2)),
            ("crypto", "encryptwithmanagediv" | "decryptwithmanagediv") => literals(&look, arg(1), None),
            ("math", "random") => secret_of(&look, site).map(|of| {
                let message = format!("`Math.random` makes {of}: what it gives can be guessed");
                (message, "take `Crypto.getRandomInteger` or `Crypto.generateAesKey`")
            }),
            _ => None,
        };
        let Some((message, fix)) = found else { continue };
        let title = look.title(site);
        out.found(
            Draft::new(look.component(site), look.place(site), format!("in `{title}`: {message}"), fix)
                .detail(format!("{title} {}", call.name)),
        );
    }
}

fn algorithm(name: &'static str) -> (String, &'static str) {
    (
        format!("{name} does not hold any more"),
        "take SHA-256 or stronger (`SHA-256`, `hmacSHA256`, `RSA-SHA256`)",
    )
}

/// A digest of the time of day names a request, and keeps nothing.
fn is_of_the_clock(look: &Look<'_>, of: Site) -> bool {
    let Some(file) = look.file(of) else { return false };
    let written = file.source.slice(file.expr(of.expr).span).to_ascii_lowercase();
    written.contains("now()") || written.contains("currenttimemillis()")
}

/// The weak algorithm that a name may say.
fn weak(look: &Look<'_>, of: Site) -> Option<&'static str> {
    look.constants(of).iter().find_map(|one| match one.text.trim().to_ascii_lowercase().as_str() {
        "md5" => Some("a digest by MD5"),
        "sha1" | "sha-1" => Some("a digest by SHA-1"),
        "hmacmd5" => Some("a MAC by HMAC-MD5"),
        "hmacsha1" => Some("a MAC by HMAC-SHA1"),
        "rsa" | "rsa-sha1" | "ecdsa-sha1" => Some("a signature by SHA-1"),
        _ => None,
    })
}

fn literals(look: &Look<'_>, key: Option<Site>, vector: Option<Site>) -> Option<(String, &'static str)> {
    let is_literal = |of: Option<Site>| of.is_some_and(|of| !look.constants(of).is_empty());
    let message = match (is_literal(key), is_literal(vector)) {
        (true, true) => "key and initialisation vector stand in the code",
        (true, false) => "the key stands in the code",
        (false, true) => "the initialisation vector stands in the code and never changes",
        (false, false) => return None,
    };
    let fix =
        "keep the key in a protected setting or in Shield, and let `encryptWithManagedIV` make the vector";
    Some((message.to_owned(), fix))
}

/// The secret that a random number becomes, by the names around it: of the variable, the method, its class and its callers.
fn secret_of(look: &Look<'_>, site: Site) -> Option<String> {
    let program = &look.code.program;
    let file = look.file(site)?;
    let span = file.expr(site.expr).span;
    let holds = |outer: source::Span| outer.start <= span.start && span.end <= outer.end;
    let mut names: Vec<String> = Vec::new();
    let same =
        |other: Site| other.file == site.file && other.method == site.method && other.class == site.class;
    for one in look.declared.iter().filter(|one| same(one.value)) {
        if holds(file.expr(one.value.expr).span) {
            names.push(one.name.clone());
        }
    }
    for other in look.sites.iter().filter(|other| same(**other)) {
        let ExprKind::Assign { target, value, operator: None | Some(Operator::Add) } =
            &file.expr(other.expr).kind
        else {
            continue;
        };
        if holds(file.expr(*value).span) {
            let written = file.source.slice(file.expr(*target).span);
            names.extend(written.rsplit('.').next().map(str::to_owned));
        }
    }
    let class = site.class.map(|class| program.class_name(class));
    let method_of = |id: MethodId| {
        let method = program.method(id);
        method.and_then(|method| {
            program.file(method.file).map(|file| file.source.slice(method.span).to_owned())
        })
    };
    names.extend(site.method.and_then(method_of));
    names.extend(class.and_then(|class| class.rsplit('.').next().map(str::to_owned)));
    // A helper that makes random texts is named after nothing: who calls it says what for.
    if let Some(method) = site.method {
        for caller in &look.sites {
            if let Ref::Method { method: called, .. } = look.code.resolution.expr(caller.file, caller.expr).to
                && called == method
            {
                names.extend(caller.method.and_then(method_of));
            }
        }
    }
    names.into_iter().find(|name| is_secret(name)).map(|name| format!("what `{name}` is for"))
}

/// Whether a name speaks of something that nobody may guess.
fn is_secret(name: &str) -> bool {
    const ALONE: [&str; 14] = [
        "token",
        "tokens",
        "password",
        "passwords",
        "passwd",
        "pwd",
        "passcode",
        "secret",
        "otp",
        "pin",
        "nonce",
        "salt",
        "captcha",
        "credential",
    ];
    const OF_CODE: [&str; 12] = [
        "time",
        "verification",
        "access",
        "invite",
        "invitation",
        "reset",
        "auth",
        "security",
        "confirmation",
        "activation",
        "login",
        "verify",
    ];
    let words = words(name);
    words.iter().any(|word| ALONE.contains(&word.as_str()))
        || words.windows(2).any(|pair| {
            matches!(pair, [of, code] if (code == "code" || code == "key") && OF_CODE.contains(&of.as_str()))
        })
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_of_secrets() {
        for (name, expected) in [
            ("newToken", true),
            ("oneTimeCode", true),
            ("PasswordGenerator", true),
            ("zipCode", false),
            ("colour", false),
            ("Shopping", false),
        ] {
            assert_eq!(super::is_secret(name), expected, "{name}");
        }
    }
}
