//! # Files of patients can leave by a public link
//!
//! Guests may upload files, portal users may deliver content, or people who read PHI may make public links to files
//! or content deliveries and the org allows it; or Apex makes such links (`ContentDistribution`).
//!
//! ## Why it harms
//! Whoever has such a link has the file: nobody is authenticated (45 CFR 164.312(d), 164.312(a)(1)), and who received
//! it is recorded by nobody (164.528; GDPR Art. 5(1)(f) and 32). Links are found in mail, chats and search engines
//! years later. Where guests upload, anybody puts files before the staff that open them.
//!
//! ## What to change
//! Take *Create Public Links* (`ChatterFileLink`) and *Create Content Deliveries* (`DistributeFromPersWksp`) from
//! those who read patients, or switch both off (*Setup > General Settings* of Files, *Setup > Content Deliveries and
//! Public Links*). Send files through the portal's log-in. Where links must be, require a password and an expiry. Let
//! guests upload through a form of your own that scans what comes in.
//!
//! ## What is not found
//! The org's switches are on by default and are no finding alone; who may use them is. Which links exist, when they
//! expire and whether they have a password is in the org (`ContentDistribution`). The elements for passwords of
//! deliveries are documented without saying which value means what, and are not judged. All profiles and permission
//! sets together are one finding, as one switch mends them; the system administrator's is left out. People who read
//! no object with PHI are left out: files of patients hang on their records. Links that Apex makes with a password, in
//! classes that work with other objects than patients' alone, and that nothing saves are none; one that has an end and no
//! password is medium.
//!
//! ## Seen in the wild
//! `vamsireddy2002/smartAgentsCrew` and `sivakumarSfdc/EntireDevOrgCode` let guests upload; in five projects profiles
//! other than the administrator's read PHI and may make public links, up to 15 in `Gvkp38/Production-Gvkp`. A job of
//! `bcgov/MoH-SAT` makes one, without a password or an end, for each file that is uploaded.

use journal::{Confidence, Persona, Severity};
use sfdx::Value;
use sfdx::views::{Container, ContainerKind};

use crate::Context;
use crate::code::PublicLink;
use crate::container;
use crate::disclosure::joined;
use crate::reach;
use crate::rule::{Draft, Meta, Outcome};
use crate::setting::{self, Switch};

pub(crate) const META: Meta = Meta {
    title: "Files of patients can leave by a public link",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Security,
    controls: &["hipaa-sec-312d", "hipaa-sec-312a1", "hipaa-prv-528", "gdpr-5-1f"],
    tags: &["phi", "files", "exposure"],
    replaces: &[],
    sbs: &["SBS-FILE-003"],
    needs: &["settings/Content.settings-meta.xml", "profiles and permission sets", "the Apex classes and triggers"],
};

/// A user permission, the org's switch without which it gives nothing, and what it is called.
const PERMISSIONS: [(&str, &str, &str); 2] = [
    ("ChatterFileLink", "enableChatterFileLink", "public links to files"),
    ("DistributeFromPersWksp", "enableContentDistribution", "content deliveries"),
];

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    if cx.phi_objects().next().is_none() {
        return;
    }
    for (name, severity, harm, fix) in [
        (
            "enableContentDistForPortalUsers",
            Severity::Medium,
            "portal users may make links to files that need no log-in",
            "set it to `false`: members get files behind their own log-in",
        ),
        (
            "enableSiteGuestUserToUploadFiles",
            Severity::High,
            "anybody on the internet may upload files",
            "set it to `false`, and take files through a form that knows who sends and scans what comes in",
        ),
    ] {
        let unknown = (
            format!("`ContentSettings`, `{name}`: whether {harm}"),
            "retrieve `Settings:Content`, or look in Setup > Content Deliveries and Public Links",
        );
        let Some(set) = setting::judge(cx, out, ("Content", &[name]), unknown) else { continue };
        out.judged(1);
        if let Switch::On(value) = set {
            let draft = Draft::new(
                format!("ContentSettings:{name}"),
                cx.place(&value),
                format!("`{name}` is on: {harm}"),
                fix,
            );
            out.found(draft.severity(severity).detail(name));
        }
    }
    let code = cx.code();
    out.judged(code.bodies);
    for link in code.public_links() {
        if let Some(draft) = by_code(cx, &link) {
            out.found(draft);
        }
    }
    let mut makers: Vec<Maker<'_>> = Vec::new();
    for container in cx.project.containers() {
        makers.extend(maker(cx, container, out));
    }
    let Some(first) = makers.first() else { return };
    let mut who: Vec<String> = makers.iter().map(|maker| container::title(maker.container)).collect();
    who.dedup();
    let shown = match who.len() {
        1 => who.join(""),
        2 => joined(&who),
        more => format!("{} and {} more profiles and permission sets", who.first().map_or("", String::as_str), more - 1),
    };
    let reads = if who.len() == 1 { "reads" } else { "read" };
    let draft = Draft::new(
        "ContentSettings:Content",
        cx.place(&first.permission),
        format!("{shown} {reads} objects with PHI (`{}`) and may make {}, which need no log-in", first.object, joined(&first.what)),
        "take the permission away from whoever reads patients, or switch such links off for the org",
    )
    .confidence(makers.iter().map(|maker| maker.confidence).max().unwrap_or(Confidence::Medium))
    .related(cx.place(&first.switch), "the org allows it")
    .detail("links");
    out.found(makers.iter().skip(1).fold(draft, |draft, maker| {
        draft.related(cx.place(&maker.permission), format!("{} may too", container::title(maker.container)))
    }));
}

/// A link that code makes to a file of patients, or to any file.
fn by_code(cx: &Context<'_>, link: &PublicLink) -> Option<Draft> {
    let code = cx.code();
    if link.has_password {
        return None;
    }
    let objects = code.objects_of(link.at.file);
    let of_patients = cx.telling_objects().iter().find(|one| objects.contains(&one.name.to_lowercase()));
    let whose = match of_patients {
        Some(one) => format!("its class works with `{}`", one.name),
        None if objects.is_empty() => "its class does not say whose files these are".to_owned(),
        None => return None,
    };
    let (lacks, severity) = match link.ends {
        true => ("without a log-in or a password", Severity::Medium),
        false => ("without a log-in, a password or an end", Severity::High),
    };
    let method = code.program.method_name(link.at.method);
    let draft = Draft::new(
        code.component(link.at),
        code.place(link.at),
        format!("`{method}` makes a link by which anybody who has it opens a file, {lacks}; {whose}"),
        "give the file to whoever is logged in; where a link must be, set `PreferencesPasswordRequired`, and \
         `PreferencesExpires` with a near `ExpiryDate`",
    )
    .severity(severity)
    .detail(method);
    Some(match of_patients {
        Some(one) => draft.confidence(one.confidence),
        None => draft.confidence(Confidence::Medium),
    })
}

/// A profile or permission set whose users read PHI and may make public links.
struct Maker<'p> {
    container: Container<'p>,
    permission: Value<'p>,
    switch: Value<'p>,
    what: Vec<String>,
    object: String,
    confidence: Confidence,
}

fn maker<'p>(cx: &Context<'p>, container: Container<'p>, out: &mut Outcome) -> Option<Maker<'p>> {
    let is_muting = container.kind() == ContainerKind::MutingPermissionSet;
    if is_muting || container::is_salesforces_own(container) || container::is_system_administrator(container) {
        return None;
    }
    let given: Vec<_> = PERMISSIONS
        .iter()
        .filter_map(|(permission, switch, what)| Some((reach::has(container, permission)?, *switch, *what)))
        .collect();
    if given.is_empty() {
        return None;
    }
    let opened = reach::opened(cx, container);
    let object = opened.first()?.phi.name.clone();
    out.judged(1);
    let mut allowed = Vec::new();
    for (name, switch, what) in given {
        let unknown = (
            format!("`ContentSettings`, `{switch}`: whether the org allows {what}, which readers of PHI may make"),
            "retrieve `Settings:Content` with the newest API version",
        );
        if let Some(Switch::On(at)) = setting::judge(cx, out, ("Content", &[switch]), unknown) {
            allowed.push((name, at, what.to_owned()));
        }
    }
    allowed.sort_by_key(|(name, _, _)| name.span().start);
    let what = allowed.iter().map(|(_, _, what)| what.clone()).collect();
    let (permission, switch, _) = allowed.into_iter().next()?;
    let confidence = opened.iter().map(|one| one.phi.confidence).max()?;
    Some(Maker { container, permission, switch, what, object, confidence })
}
