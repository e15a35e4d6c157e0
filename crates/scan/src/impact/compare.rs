//! The comparison: one function a kind of difference.

use std::collections::{BTreeMap, BTreeSet};

use access::{Answer, Model};
use journal::{Severity, SuppressionKind};
use policy::diff;
use policy::vocabulary::Class;

use super::approval::{Approval, BundleChange, Needed};
use super::shown::{listed, principal_words};
use super::snapshot::{Accepted, SeenField, SeenFinding, SeenGap, SeenProblem, Snapshot};
use super::whose::Whose;
use super::{Change, Effect, Files, Impact, Kind, Side, State, Where, access_change, flow_change};

/// The controls that a kind of change touches where no rule says which.
pub(super) mod controls {
    pub(in super::super) const ACCESS: [&str; 4] =
        ["hipaa-sec-308a4", "hipaa-sec-312a1", "hipaa-prv-514d2", "gdpr-25-2"];
    pub(in super::super) const DISCLOSURE: [&str; 4] =
        ["hipaa-prv-502e", "hipaa-sec-308b1", "gdpr-28-3", "gdpr-30-1"];
    pub(in super::super) const ADDRESS: [&str; 3] = ["hipaa-sec-308a1iiA", "hipaa-sec-312e1", "gdpr-30-1"];
    pub(in super::super) const INVENTORY: [&str; 3] = ["hipaa-sec-308a1iiA", "gdpr-5-1c", "gdpr-30-1"];
    pub(in super::super) const ENCRYPTION: [&str; 2] = ["hipaa-sec-312a2iv", "gdpr-32-1a"];
    pub(in super::super) const RISK: [&str; 1] = ["hipaa-sec-308a1iiB"];
    pub(in super::super) const TRANSFER: [&str; 3] = ["hipaa-sec-308b1", "gdpr-28-3", "gdpr-44"];
    pub(in super::super) const RESPONSIBILITY: [&str; 2] = ["hipaa-sec-308a2", "gdpr-5-2"];
    pub(in super::super) const RETENTION: [&str; 2] = ["hipaa-sec-316b2i", "gdpr-5-1e"];
}

/// Every difference from `base` to `head`.
pub fn compare(base: Side<'_>, head: Side<'_>) -> Impact {
    let approval = Approval::of(base, head);
    let mut changes = findings(base, head, &approval);
    let mut of_policy = policy_changes(base, head, &approval);
    changes.append(&mut fields(base, head, &of_policy));
    changes.append(&mut of_policy);
    changes.append(&mut access_change::fields(base, head));
    changes.append(&mut access_change::records(base, head));
    changes.append(&mut flow_change::flows(base, head));
    changes.append(&mut flow_change::endpoints(base, head));
    changes.append(&mut gaps(base, head));
    changes.append(&mut unread(base, head));
    for change in &mut changes {
        change.approval = match (change.kind, change.effect) {
            (Kind::Policy, _) => Needed::Bundle,
            (_, Effect::Widens | Effect::Unknown) => Needed::Look,
            _ => Needed::Nobody,
        };
    }
    changes.sort_by(|a, b| {
        let key =
            |c: &Change| (c.effect, std::cmp::Reverse(c.severity), c.kind, c.what.clone(), c.how.clone());
        key(a).cmp(&key(b)).then_with(|| a.fingerprint.cmp(&b.fingerprint))
    });
    let (files, not_judged) = files(base.snapshot, head.snapshot);
    Impact { changes, approval, files, not_judged, base: state(base.snapshot), head: state(head.snapshot) }
}

/// Adds the chains of files by which the head's principals come to what they can now do. `model` is the head's.
pub fn tell_paths(impact: &mut Impact, model: &Model) {
    /// Paths told of one change.
    const SHOWN: usize = 3;
    for change in &mut impact.changes {
        if change.kind != Kind::Access || change.effect != Effect::Widens {
            continue;
        }
        let first = change
            .data
            .first()
            .and_then(|data| Some(format!("{}.{}", data.object, data.fields.first()?.field)));
        let principal = change.principal.as_deref().and_then(|name| model.principal_named(name));
        let access = principal.and_then(|id| model.access(id));
        let Some((access, field)) = access.zip(first) else { continue };
        let Some(decided) = access.field(&field) else { continue };
        let decided = if decided.read.answer.is_yes() { decided.read } else { decided.edit };
        let paths = decided.by_field.paths.iter().chain(&decided.by_object.paths);
        let gives = paths.filter(|path| path.answer == Answer::Yes);
        let mut told: Vec<String> = gives.map(ToString::to_string).collect();
        told.dedup();
        told.truncate(SHOWN);
        change.by = told;
    }
}

fn state(snapshot: &Snapshot) -> State {
    State {
        source_digest: snapshot.source_digest.clone(),
        policy_digest: snapshot.policy_digest.clone(),
        files: snapshot.totals.files,
        fields: snapshot.totals.fields,
        phi_fields: snapshot.totals.phi_fields,
    }
}

fn findings(base: Side<'_>, head: Side<'_>, approval: &Approval) -> Vec<Change> {
    let by_print = |snapshot: &Snapshot| -> BTreeMap<String, SeenFinding> {
        snapshot.findings.iter().map(|f| (f.fingerprint.to_string(), f.clone())).collect()
    };
    let (before, after) = (by_print(base.snapshot), by_print(head.snapshot));
    let new = Whose { first: head, second: base };
    let old = Whose { first: base, second: head };
    let mut changes = Vec::new();
    for (print, finding) in &after {
        let was = before.get(print);
        let counted = was.filter(|was| was.accepted.is_none());
        match (counted, &finding.accepted) {
            (None, None) => {
                let how = match was {
                    Some(_) => "is not accepted any more and counts again",
                    None => "is new",
                };
                changes.push(of_finding(finding, Kind::Finding, Effect::Widens, how, Where::Head, &new));
            }
            (Some(was), None) if was.severity != finding.severity => {
                let worse = finding.severity > was.severity;
                let how = format!("{} becomes {}", was.severity, finding.severity);
                let effect = if worse { Effect::Widens } else { Effect::Narrows };
                let mut change = of_finding(finding, Kind::Finding, effect, &how, Where::Head, &new);
                change.fails = worse;
                changes.push(change);
            }
            (_, Some(accepted)) if was.is_none_or(|was| was.accepted.as_ref() != Some(accepted)) => {
                let how = acceptance(accepted, was, approval);
                let mut change =
                    of_finding(finding, Kind::Acceptance, Effect::Widens, &how, Where::Head, &new);
                change.fails = false;
                change.controls = [controls::RISK.map(str::to_owned).to_vec(), change.controls].concat();
                changes.push(change);
            }
            _ => {}
        }
    }
    for (print, finding) in &before {
        if after.contains_key(print) {
            continue;
        }
        let (kind, how) = match finding.accepted {
            None => (Kind::Finding, "is gone"),
            Some(_) => (Kind::Acceptance, "was accepted and is gone"),
        };
        changes.push(of_finding(finding, kind, Effect::Narrows, how, Where::Base, &old));
    }
    changes
}

fn of_finding(
    finding: &SeenFinding,
    kind: Kind,
    effect: Effect,
    how: &str,
    side: Where,
    whose: &Whose<'_>,
) -> Change {
    let named: Vec<&str> = if finding.fields.is_empty() {
        // A finding about an object or a field names it as its component.
        let (kind, name) = finding.component.split_once(':').unwrap_or_default();
        matches!(kind, "CustomObject" | "CustomField").then_some(name).into_iter().collect()
    } else {
        finding.fields.iter().map(String::as_str).collect()
    };
    let mut change = Change::new(kind, effect, finding.message.clone(), how).at(side, &finding.site);
    change.severity = Some(finding.severity);
    change.fails = effect == Effect::Widens;
    change.fix = (side == Where::Head).then(|| finding.fix.clone());
    change.rule = Some(finding.rule.clone());
    change.fingerprint = Some(finding.fingerprint.to_string());
    change.party = finding.party.clone();
    change.controls = finding.controls.clone();
    change.data = whose.of(named);
    change
}

/// An acceptance in a comment is written by whoever writes the change: whether the base knows the approver is told.
fn acceptance(accepted: &Accepted, was: Option<&SeenFinding>, approval: &Approval) -> String {
    let by_what = match accepted.kind {
        SuppressionKind::Inline => "a comment beside the line",
        SuppressionKind::Exception => "an exception of the bundle",
        SuppressionKind::Baseline => "a baseline",
    };
    let start = match was {
        None => "is new and accepted at once",
        Some(was) if was.accepted.is_some() => "is accepted in another way",
        Some(_) => "is now accepted",
    };
    let mut how = format!("{start} by {by_what}");
    if let Some(expires) = accepted.expires {
        how += &format!(" until {expires}");
    }
    if let Some(approver) = &accepted.approver {
        let known = match (approval.bundle, approval.has(approver)) {
            (BundleChange::Absent | BundleChange::First, _) => "no bundle of the base says whether they may",
            (_, true) => "an approver of the base's bundle",
            (_, false) => "not an approver of the base's bundle",
        };
        how += &format!("; approver `{approver}`, {known}");
    }
    how + &format!("; reason: {}", accepted.reason)
}

fn fields(base: Side<'_>, head: Side<'_>, of_policy: &[Change]) -> Vec<Change> {
    let told: BTreeSet<String> = of_policy.iter().map(|change| change.what.to_lowercase()).collect();
    let new = Whose { first: head, second: base };
    let old = Whose { first: base, second: head };
    let mut changes = Vec::new();
    let mut say = |effect, field: &SeenField, how: String, side: Where, controls: &[&str]| {
        let name = field.name();
        let whose = if side == Where::Head { &new } else { &old };
        let mut change = Change::new(Kind::Field, effect, format!("field `{name}`"), how).touching(controls);
        change.data = whose.of([name.as_str()]);
        change.side = Some(side);
        changes.push(change);
    };
    let (before, after) = (&base.snapshot.fields, &head.snapshot.fields);
    for (key, field) in after {
        let was = before.get(key);
        // What the bundle says is told as a change of the bundle.
        let by_bundle = told.contains(&format!("field {key}"));
        match was {
            None if field.phi && field.in_source => {
                let how = format!("is new and holds {}; {}", holds(field), readers(head.snapshot, field));
                say(Effect::Widens, field, how, Where::Head, &controls::INVENTORY);
            }
            // The bundle's line stood before the field came: now there is something to protect.
            Some(was) if !was.in_source && field.in_source && field.phi => {
                let how = format!(
                    "came into the source; it holds {}; {}",
                    holds(field),
                    readers(head.snapshot, field)
                );
                say(Effect::Widens, field, how, Where::Head, &controls::INVENTORY);
            }
            Some(was) if was.in_source && !field.in_source && was.phi => {
                say(
                    Effect::Narrows,
                    field,
                    "is gone from the source".to_owned(),
                    Where::Base,
                    &controls::INVENTORY,
                );
            }
            Some(was)
                if !by_bundle
                    && (was.phi || field.phi)
                    && (was.phi, &was.class) != (field.phi, &field.class) =>
            {
                let (effect, how) = reclassified(was, field, head.snapshot);
                say(effect, field, how, Where::Head, &controls::INVENTORY);
            }
            _ => {}
        }
        if let Some(was) = was.filter(|was| was.phi && field.phi && was.in_source && field.in_source) {
            match (was.encrypted, field.encrypted) {
                (true, false) => {
                    let how = "is no longer encrypted by Shield Platform Encryption".to_owned();
                    say(Effect::Widens, field, how, Where::Head, &controls::ENCRYPTION);
                }
                (false, true) => {
                    let how = "is now encrypted by Shield Platform Encryption".to_owned();
                    say(Effect::Narrows, field, how, Where::Head, &controls::ENCRYPTION);
                }
                _ => {}
            }
        }
    }
    for (key, field) in before {
        if !after.contains_key(key) && field.phi && field.in_source {
            let how = format!("is gone; it held {}", holds(field));
            say(Effect::Narrows, field, how, Where::Base, &controls::INVENTORY);
        }
    }
    changes
}

/// A lower class lets more through; a higher one that the source tells means that more is held. What the bundle
/// raises is protected better.
fn reclassified(was: &SeenField, field: &SeenField, head: &Snapshot) -> (Effect, String) {
    let class =
        |field: &SeenField| Class::of(&field.class).filter(|_| field.phi || !field.class.starts_with("phi"));
    let who = if field.by_bundle { "by the bundle" } else { "by what the source says of it" };
    if was.phi && !field.phi {
        return (
            Effect::Widens,
            format!(
                "is no longer taken for patient data, {who}: no rule guards it as such; it was {}",
                was.class
            ),
        );
    }
    if !was.phi && field.phi {
        let effect = if field.by_bundle { Effect::Narrows } else { Effect::Widens };
        return (effect, format!("is now taken for {}, {who}; {}", holds(field), readers(head, field)));
    }
    let effect = if field.by_bundle && class(field) > class(was) { Effect::Narrows } else { Effect::Widens };
    (effect, format!("class: {} becomes {}, {who}", was.class, field.class))
}

fn holds(field: &SeenField) -> String {
    match &field.identifier {
        Some(identifier) => format!("{} ({identifier})", field.class),
        None => field.class.clone(),
    }
}

fn readers(snapshot: &Snapshot, field: &SeenField) -> String {
    let (readers, unknown) = snapshot.reach.readers(&field.name());
    let read = match readers.as_slice() {
        [] => "nobody in the source surely reads it".to_owned(),
        some => format!("read by {}", listed(some.iter().map(|name| principal_words(name)), 5)),
    };
    match unknown {
        0 => read,
        1 => format!("{read}; of 1 profile or permission set that is unknown"),
        more => format!("{read}; of {more} profiles and permission sets that is unknown"),
    }
}

fn policy_changes(base: Side<'_>, head: Side<'_>, approval: &Approval) -> Vec<Change> {
    let whole = |effect, how: &str| {
        Change::new(Kind::Policy, effect, "policy bundle", how).touching(&controls::RESPONSIBILITY)
    };
    let differences = match approval.bundle {
        BundleChange::Absent | BundleChange::Unchanged => return Vec::new(),
        BundleChange::First => {
            // Line by line it is the file itself.
            let how = "is new: what is judged by it was not judged before";
            return vec![whole(Effect::Neutral, how)];
        }
        BundleChange::Gone => {
            return vec![whole(Effect::Widens, "is gone: nothing is held against a policy any more")];
        }
        BundleChange::Changed => diff::diff(base.policy, head.policy),
    };
    if differences.is_empty() {
        let how = "is another text with the same meaning; approvals are of the text, so it needs new ones";
        return vec![whole(Effect::Neutral, how)];
    }
    differences
        .into_iter()
        .map(|difference| {
            let effect = match difference.effect {
                diff::Effect::Widens => Effect::Widens,
                diff::Effect::Narrows => Effect::Narrows,
                diff::Effect::Neutral => Effect::Neutral,
            };
            let (kind, name) = difference.what.split_once(' ').unwrap_or((difference.what.as_str(), ""));
            let mut change =
                Change::new(Kind::Policy, effect, difference.what.clone(), difference.how.clone())
                    .touching(controls_of(kind))
                    .about(data_of(base, head, kind, name));
            // Of what is gone, the difference names the line of the old bundle.
            let gone = difference.how == "is gone";
            let (side, bundle) = if gone { (Where::Base, base.bundle) } else { (Where::Head, head.bundle) };
            change.side = Some(side);
            change.place = difference.place.map(|place| super::Site {
                path: if bundle.is_empty() {
                    place.path.to_string()
                } else {
                    format!("{bundle}/{}", place.path)
                },
                line: place.position.line,
            });
            change
        })
        .collect()
}

fn controls_of(kind: &str) -> &'static [&'static str] {
    match kind {
        "party" | "flow" | "model" => &controls::DISCLOSURE,
        "identity" | "audience" | "ceiling" | "rule" => &controls::ACCESS,
        "org" => &controls::TRANSFER,
        "field" | "object" => &controls::INVENTORY,
        "exception" => &controls::RISK,
        "retention" => &controls::RETENTION,
        "cryptoperiod" => &controls::ENCRYPTION,
        _ => &controls::RESPONSIBILITY,
    }
}

/// Whose data an entry of the bundle is about: a flow's fields, and of a receiver those of every flow to it.
fn data_of(base: Side<'_>, head: Side<'_>, kind: &str, name: &str) -> Vec<super::Data> {
    let whose = Whose { first: head, second: base };
    let mut names: BTreeSet<String> = BTreeSet::new();
    for side in [base, head] {
        match kind {
            "field" | "object" => {
                names.insert(name.to_owned());
            }
            "flow" => {
                let from = side.policy.flow(name).into_iter().flat_map(|flow| &flow.from);
                names.extend(from.map(|field| field.to_string()));
            }
            "party" | "model" | "org" => {
                let from = side.policy.flows_to(name).flat_map(|flow| &flow.from);
                names.extend(from.map(|field| field.to_string()));
            }
            _ => {}
        }
    }
    whose.of(names.iter().map(String::as_str))
}

fn gaps(base: Side<'_>, head: Side<'_>) -> Vec<Change> {
    let (before, after): (BTreeSet<_>, BTreeSet<_>) =
        (base.snapshot.gaps.iter().collect(), head.snapshot.gaps.iter().collect());
    let change = |gap: &SeenGap, effect, how: String| {
        let mut change = Change::new(Kind::Gap, effect, gap.missing.clone(), how);
        change.rule = Some(gap.rule.clone());
        let rule = crate::rule(&gap.rule);
        change.touching(rule.map(|rule| rule.meta.controls).unwrap_or_default())
    };
    let mut gone: Vec<&SeenGap> = before.difference(&after).copied().collect();
    let mut changes = Vec::new();
    for gap in after.difference(&before) {
        // One gap can name many things, and only which they are has changed.
        let was =
            gone.iter().position(|was| (&was.rule, &was.complete_with) == (&gap.rule, &gap.complete_with));
        let was = was.map(|at| gone.remove(at));
        let known: BTreeSet<&str> = was.map(|was| names_in(&was.missing)).unwrap_or_default();
        let more: Vec<&str> = names_in(&gap.missing).difference(&known).copied().collect();
        let settled = &gap.complete_with;
        changes.push(match was {
            None => change(gap, Effect::Unknown, format!("is now unknown; settled by: {settled}")),
            Some(_) if more.is_empty() => {
                change(gap, Effect::Neutral, "is unknown, and of less than before".to_owned())
            }
            Some(_) => {
                let more = listed(more.into_iter().map(|name| format!("`{name}`")), 8);
                change(
                    gap,
                    Effect::Unknown,
                    format!("is unknown; new among them: {more}; settled by: {settled}"),
                )
            }
        });
    }
    changes.extend(gone.into_iter().map(|gap| change(gap, Effect::Neutral, "is no longer open".to_owned())));
    changes
}

/// What a sentence names in backticks.
fn names_in(text: &str) -> BTreeSet<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

fn unread(base: Side<'_>, head: Side<'_>) -> Vec<Change> {
    // Lines move; what is wrong with a file stays.
    let key = |one: &SeenProblem| (one.path.clone(), one.code.clone(), one.message.clone());
    let of = |snapshot: &Snapshot| snapshot.problems.iter().map(key).collect::<BTreeSet<_>>();
    let (before, after) = (of(base.snapshot), of(head.snapshot));
    let change = |problem: &SeenProblem, effect, side| {
        let how = format!("{} [{}]", problem.message, problem.code);
        let site = super::Site { path: problem.path.clone(), line: problem.line };
        Change::new(Kind::Unread, effect, format!("`{}`", problem.path), how).at(side, &site)
    };
    let mut changes = Vec::new();
    for problem in head.snapshot.problems.iter().filter(|problem| !before.contains(&key(problem))) {
        let effect = if problem.unread { Effect::Unknown } else { Effect::Neutral };
        let mut change = change(problem, effect, Where::Head);
        // It may hold a high finding.
        change.severity = problem.unread.then_some(Severity::High);
        change.fails = problem.unread;
        changes.push(change);
    }
    for problem in
        base.snapshot.problems.iter().filter(|problem| problem.unread && !after.contains(&key(problem)))
    {
        let mut change = change(problem, Effect::Neutral, Where::Base);
        change.how = format!("no longer: {}", change.how);
        changes.push(change);
    }
    changes
}

fn files(base: &Snapshot, head: &Snapshot) -> (Files, BTreeMap<String, Vec<String>>) {
    let mut files = Files::default();
    let mut not_judged: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let paths: BTreeSet<&String> = base.files.keys().chain(head.files.keys()).collect();
    for path in paths {
        match (base.files.get(path), head.files.get(path)) {
            (None, _) => files.added += 1,
            (_, None) => files.removed += 1,
            (was, is) if was != is => files.changed += 1,
            _ => continue,
        }
        if let Some(kind) = head.unjudged.get(path).or_else(|| base.unjudged.get(path)) {
            not_judged.entry(kind.clone()).or_default().push(path.clone());
        }
    }
    (files, not_judged)
}
