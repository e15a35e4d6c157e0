//! # A secret stands in Apex
//!
//! A password, token, key or authorisation header stands in Apex as a literal.
//!
//! ## Why it harms
//! Everybody who may read the source, the package, a backup or the org's code (*Author Apex*, *View Setup*) has the
//! secret, its use cannot be told from that of the code, and nobody can change it without a deployment: 45 CFR
//! 164.312(d), 164.308(a)(5)(ii)(D); GDPR Art. 32(1)(b). Whoever has the key of a laboratory's service has the
//! laboratory's patients.
//!
//! ## What to change
//! Change the secret first: what stood in a repository is known. Then let a named credential with an external
//! credential log in (`callout:Name`, or `{!$Credential.Password}` in a header), or keep the value in a *protected*
//! custom setting or metadata type.
//!
//! ## What is not found
//! Placeholders, empty texts, names of credentials, settings, fields, headers and certificates, `callout:`
//! addresses, merge fields, messages, patterns, what WSDL2Apex wrote, and tests. A password that is made of plain
//! words alone is taken for a name, and so is what a variable holds that is called the key of anything (`DEEPGRAM_KEY`) and was not drawn by a
//! machine. Keys of `Crypto.encrypt` are `weak-crypto-in-code`, the password of
//! `System.setPassword` is `dangerous-method-in-code`. One finding stands for a secret, where it is declared or
//! else used; neither message nor excerpt shows it.
//!
//! PMD's AppExchange rules `AvoidHardcodedCredentialsIn...` go by the name of the variable, field or header alone;
//! here the value must look like a secret too, is found through variables and sums of literals, and by its own form
//! (`Basic`, `Bearer`, `client_secret=`, `https://user:password@host`) under any name. PMD's
//! `ApexSuggestUsingNamedCred` finds each `Authorization` header that is set without a merge field; a token that
//! was fetched, or is kept in a protected setting, is no secret in the code and is not found here.
//!
//! ## Seen in the wild
//! A clinic's public project keeps the client secret of a device maker's OAuth app in a page's controller.
//! `trailheadapps/apex-recipes` shows two keys for signing, with a comment that nobody should.
//! `SalesforceFoundation/NPSP`, `jongpie/NebulaLogger` and `bcgov/MoH-SAT` (1,531 classes) have none.

use std::collections::BTreeSet;

use apex::ast::{ExprId, ExprKind, Literal, Operator};
use apex::{FileId, Ref};
use journal::{Confidence, Persona, Place, Severity};
use source::Span;

use crate::Context;
use crate::code::{Constant, Look, Site};
use crate::rule::{Draft, Meta, Outcome};
use crate::secret;

pub(crate) const META: Meta = Meta {
    title: "A secret stands in Apex",
    severity: Severity::High,
    confidence: Confidence::High,
    persona: Persona::Developer,
    controls: &["hipaa-sec-312d", "hipaa-sec-308a5iiD", "gdpr-32-1b", "API2"],
    // `secret` keeps literals out of excerpts.
    tags: &["secret", "endpoint"],
    replaces: &[
        "pmd:AvoidHardcodedCredentialsInFieldDecls",
        "pmd:AvoidHardcodedCredentialsInHttpHeader",
        "pmd:AvoidHardcodedCredentialsInSetPassword",
        "pmd:AvoidHardcodedCredentialsInVarAssign",
        "pmd:AvoidHardcodedCredentialsInVarDecls",
        "pmd:ApexSuggestUsingNamedCred",
    ],
    sbs: &["SBS-DEP-005"],
    needs: &["the Apex classes and triggers"],
};

const FIX: &str = "change the secret, then let a named credential log in (`callout:Name`) or keep the value in a protected setting";

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    let look = Look::of(cx.code());
    out.judged(look.code.bodies);
    let mut told = Told { look: &look, literals: BTreeSet::new() };
    declarations(&mut told, out);
    for &site in &look.sites {
        uses(&mut told, site, out);
    }
    for &site in &look.sites {
        forms(&mut told, site, out);
    }
}

struct Told<'l, 'c> {
    look: &'l Look<'c>,
    /// The literals that are told of, or are somebody else's to tell.
    literals: BTreeSet<(FileId, ExprId)>,
}

impl Told<'_, '_> {
    /// Notes the literals of a constant; whether the longest, which is the secret, is new.
    fn note(&mut self, one: &Constant) -> bool {
        let mut longest = (0, false);
        for site in &one.literals {
            let is_new = self.literals.insert((site.file, site.expr));
            longest = longest.max((self.look.text(*site).len(), is_new));
        }
        longest.1
    }

    /// Leaves the literals of an expression to other rules.
    fn leave(&mut self, site: Site) {
        for one in self.look.constants(site) {
            self.note(&one);
        }
    }

    /// Tells of a constant where its variable is declared, or where it is used.
    fn tell(&mut self, one: &Constant, used: Site, what: &str, detail: &str, out: &mut Outcome) {
        if !self.note(one) {
            return;
        }
        let own = one.holder.as_ref();
        let place = own.and_then(|own| {
            let file = self.look.code.program.file(own.file)?;
            Some(Place::of(&file.source, own.span))
        });
        let what = own.map_or_else(|| what.to_owned(), |own| format!("`{}` is {what}", own.name));
        let declared = one.literals.last().copied().filter(|_| own.is_some());
        let place = place.unwrap_or_else(|| self.look.place(used));
        self.found(declared.unwrap_or(used), place, &what, detail, out);
    }

    fn found(&self, site: Site, place: Place, what: &str, detail: &str, out: &mut Outcome) {
        let title = self.look.title(site);
        let message = format!("in `{title}`, {what} that stands in the code");
        out.found(
            Draft::new(self.look.component(site), place, message, FIX).detail(format!("{title} {detail}")),
        );
    }

    fn place_of(&self, site: Site, span: Span) -> Place {
        self.look.file(site).map_or_else(|| self.look.place(site), |file| Place::of(&file.source, span))
    }
}

/// Variables and fields that are declared with a secret.
fn declarations(told: &mut Told<'_, '_>, out: &mut Outcome) {
    let look = told.look;
    for one in &look.declared {
        let (is_named, is_key) = (secret::is_named(&one.name), secret::is_named_as_key(&one.name));
        if !is_named && !is_key {
            continue;
        }
        for text in written(look, one.value) {
            let holds = is_named && is_secret(&text.text) || is_key && secret::is_drawn(&text.text);
            if holds && told.note(&text) {
                let place = told.place_of(one.value, one.span);
                told.found(one.value, place, &format!("`{}` is a secret", one.name), &one.name, out);
            }
        }
    }
}

fn is_secret(text: &str) -> bool {
    secret::is_value(text) || secret::within(text).is_some()
}

/// What an expression says itself, and not by variables, which are told of where they are declared.
fn written(look: &Look<'_>, site: Site) -> Vec<Constant> {
    look.constants(site).into_iter().filter(|one| one.holder.is_none()).collect()
}

/// Assignments, headers and arguments by name.
fn uses(told: &mut Told<'_, '_>, site: Site, out: &mut Outcome) {
    let look = told.look;
    let Some(file) = look.file(site) else { return };
    let at = |expr: ExprId| Site { expr, ..site };
    match &file.expr(site.expr).kind {
        ExprKind::Assign { target, value, operator: None | Some(Operator::Add) } => {
            let text = file.source.slice(file.expr(*target).span);
            let name = match &file.expr(*target).kind {
                ExprKind::Name(_) => text,
                ExprKind::Field { name, .. } => file.source.slice(name.span),
                _ => return,
            };
            if secret::is_named(name) {
                for one in written(look, at(*value)).into_iter().filter(|one| is_secret(&one.text)) {
                    told.tell(&one, site, &format!("`{name}` is set to a secret"), name, out);
                }
            }
        }
        ExprKind::NewMap { entries, .. } => {
            for (key, value) in entries {
                pair(told, at(*key), at(*value), out);
            }
        }
        ExprKind::Call { name, args, .. } => {
            let Some(call) = look.call(site) else { return };
            match (call.class, call.name, args.as_slice()) {
                ("system", "setpassword", _) => {
                    for &arg in args {
                        told.leave(at(arg));
                    }
                }
                ("crypto", "generatemac" | "verifyhmac" | "verifymac" | "sign", [_, _, key, ..]) => {
                    for one in look.constants(at(*key)).into_iter().filter(|one| !one.text.trim().is_empty())
                    {
                        told.tell(&one, at(*key), "a key for signing", call.name, out);
                    }
                }
                (
                    "crypto",
                    "encrypt" | "decrypt" | "encryptwithmanagediv" | "decryptwithmanagediv",
                    [_, key, ..],
                ) => {
                    told.leave(at(*key));
                }
                (_, _, [key, value]) if call.class != "string" && call.class != "text" => {
                    pair(told, at(*key), at(*value), out)
                }
                (_, setter, [value])
                    if setter.starts_with("set") && secret::is_named(file.source.slice(name.span)) =>
                {
                    for one in written(look, at(*value)).into_iter().filter(|one| is_secret(&one.text)) {
                        told.tell(&one, at(*value), "a secret is handed on", call.name, out);
                    }
                }
                _ => {}
            }
            arguments(told, site, args, out);
        }
        ExprKind::New { args, .. } => arguments(told, site, args, out),
        _ => {}
    }
}

/// A header, or a value by its name.
fn pair(told: &mut Told<'_, '_>, key: Site, value: Site, out: &mut Outcome) {
    let look = told.look;
    let Some(name) = look.constants(key).into_iter().next().map(|one| one.text) else { return };
    let is_header = secret::is_header(&name);
    if !is_header && !secret::is_named(&name) {
        return;
    }
    for one in look.constants(value) {
        if is_secret(&one.text) {
            told.tell(&one, value, &format!("the value of `{name}`"), &name, out);
        }
    }
}

/// Literals for parameters of the source's own methods that are named as secrets.
fn arguments(told: &mut Told<'_, '_>, site: Site, args: &[ExprId], out: &mut Outcome) {
    let look = told.look;
    let method = match look.code.resolution.expr(site.file, site.expr).to {
        Ref::Method { method, .. } => Some(method),
        Ref::New { constructor, .. } => constructor,
        _ => None,
    };
    let Some(method) = method.and_then(|method| look.code.program.method(method)) else { return };
    let Some(file) = look.code.program.file(method.file) else { return };
    for (&arg, (parameter, _)) in args.iter().zip(&method.parameters) {
        let name = file.source.slice(parameter.span);
        if secret::is_named(name) {
            let value = Site { expr: arg, ..site };
            for one in written(look, value).into_iter().filter(|one| is_secret(&one.text)) {
                told.tell(&one, value, &format!("a secret for `{name}`"), name, out);
            }
        }
    }
}

/// Secrets that are told by their own form, whatever they are called.
fn forms(told: &mut Told<'_, '_>, site: Site, out: &mut Outcome) {
    let look = told.look;
    let Some(file) = look.file(site) else { return };
    if !matches!(
        file.expr(site.expr).kind,
        ExprKind::Literal(Literal::Text | Literal::LongText) | ExprKind::Binary { .. }
    ) {
        return;
    }
    let Some(one) = look.constants(site).into_iter().next() else { return };
    let Some(what) = secret::within(&one.text) else { return };
    // The variable that is declared with it.
    let holder = look.declared.iter().find(|one| {
        one.value.file == site.file && {
            let (outer, inner) = (file.expr(one.value.expr).span, file.expr(site.expr).span);
            outer.start <= inner.start && inner.end <= outer.end
        }
    });
    if !told.note(&one) {
        return;
    }
    match holder {
        Some(one) => {
            let place = told.place_of(site, one.span);
            told.found(site, place, &format!("`{}` is {what}", one.name), &one.name, out);
        }
        None => told.found(site, look.place(site), what, "form", out),
    }
}
