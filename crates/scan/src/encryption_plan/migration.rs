//! The way there: who does what, and how one sees that it is done.

use policy::vocabulary::Protect;
use serde::Serialize;

use super::eligibility::Possible;
use super::judgement::Outcome;
use super::subject::Known;
use super::token::NewField;
use super::{Mode, Plan};
use crate::Context;
use crate::field_use::How;
use crate::setting::{self, Flag};

/// The ordered steps of one way.
#[derive(Debug, Clone, Serialize)]
pub struct Way {
    pub protect: Protect,
    pub steps: Vec<Step>,
}

/// One step.
#[derive(Debug, Clone, Serialize)]
pub struct Step {
    pub what: String,
    pub who: &'static str,
    pub check: String,
}

const ADMIN: &str = "Salesforce administrator";
const DEVELOPER: &str = "Salesforce developer";
const CUSTODIAN: &str = "key custodian";
const INTEGRATION: &str = "integration developer";
const PRIVACY: &str = "privacy officer";

/// Steps as they are added.
#[derive(Default)]
struct Steps(Vec<Step>);

impl Steps {
    fn add(&mut self, who: &'static str, what: impl Into<String>, check: impl Into<String>) {
        self.0.push(Step { what: what.into(), who, check: check.into() });
    }
}

pub(super) fn ways(cx: &Context<'_>, known: &Known<'_>, plan: &Plan) -> Vec<Way> {
    let mut ways = Vec::new();
    let is_possible = |possible: Possible| possible != Possible::No;
    if plan.platform.as_ref().is_some_and(|one| is_possible(one.possible) || one.replacement.is_some())
        && let Some(scheme) = plan.choice.scheme
    {
        ways.push(Way { protect: Protect::Platform, steps: platform(cx, known, plan, scheme) });
    }
    if plan.gateway.as_ref().is_some_and(|gateway| is_possible(gateway.possible)) {
        ways.push(Way { protect: Protect::Gateway, steps: gateway(plan) });
    }
    ways
}

fn uses(plan: &Plan, how: &[How]) -> bool {
    plan.uses.iter().any(|used| used.active && used.through.is_none() && how.contains(&used.how))
}

/// Uses to mend before, in words.
fn to_mend(plan: &Plan, mode: Mode) -> (usize, String) {
    let breaks = plan.count(mode, Outcome::Breaks);
    let unknown = plan.count(mode, Outcome::Unknown);
    let uses = |count: usize| if count == 1 { "1 use".to_owned() } else { format!("{count} uses") };
    let words = match (breaks, unknown) {
        (0, 0) => "no use in the metadata breaks".to_owned(),
        (breaks, 0) => format!("mend {} that would break", uses(breaks)),
        (0, unknown) => format!("try {} that only the org can tell of", uses(unknown)),
        (breaks, unknown) => {
            format!(
                "mend {} that would break, and try {} that only the org can tell of",
                uses(breaks),
                uses(unknown)
            )
        }
    };
    (breaks + unknown, words)
}

fn code(plan: &Plan) -> (usize, usize) {
    let files = plan.code.kinds.values();
    files.fold((0, 0), |(named, all), files| (named + files.naming.len(), all + files.all))
}

fn mend(steps: &mut Steps, plan: &Plan, mode: Mode, rest: &str) {
    let field = format!("{}.{}", plan.subject.object, plan.subject.field);
    let (count, words) = to_mend(plan, mode);
    if count > 0 {
        let shown = if mode == Mode::Gateway {
            "--for gateway".to_owned()
        } else {
            format!("--mode {}", mode.as_str())
        };
        steps.add(
            DEVELOPER,
            words,
            format!("`phiward guard plan {field} {shown}` tells of no use that breaks"),
        );
    }
    let (named, all) = code(plan);
    if named > 0 {
        steps.add(
            DEVELOPER,
            format!(
                "read the {named} of {all} files of code that hold the name `{}`: {rest}",
                plan.subject.field
            ),
            "all tests of the org pass in the sandbox with the field encrypted",
        );
    }
}

fn platform(cx: &Context<'_>, known: &Known<'_>, plan: &Plan, mode: Mode) -> Vec<Step> {
    let subject = &plan.subject;
    let field = format!("{}.{}", subject.object, subject.field);
    let is_exact = mode != Mode::Probabilistic;
    let mut steps = Steps::default();
    steps.add(
        ADMIN,
        "do all of this in a full sandbox first, with copies of real lengths and characters",
        "every later check passes there",
    );
    mend(&mut steps, plan, mode, "WHERE, ORDER BY, GROUP BY and aggregates on an encrypted field fail");
    let secret = if is_exact { "Fields (Deterministic)" } else { "Fields and Files (Probabilistic)" };
    steps.add(
        CUSTODIAN,
        format!(
            "create a tenant secret of the type {secret} (permission Manage Encryption Keys), and keep a copy of it outside the \
             org"
        ),
        "`SELECT Type, Status, Version FROM TenantSecret` has one of this type that is ACTIVE; the copy is imported once in the \
         sandbox",
    );
    if is_exact {
        let set = setting::flag(
            cx,
            "PlatformEncryption",
            &["enableDeterministicEncryption", "enableDeterministEncryption"],
        );
        if !matches!(set, Flag::On(_)) {
            let now = if matches!(set, Flag::Off(_)) {
                "it is off in the source"
            } else {
                "the source does not say"
            };
            steps.add(
                ADMIN,
                format!("switch deterministic encryption on in Setup > Encryption Settings ({now})"),
                "`enableDeterministicEncryption` is true in a fresh `Settings:PlatformEncryption`",
            );
        }
    }
    if uses(plan, &[How::History, How::FeedHistory])
        && !matches!(setting::flag(cx, "PlatformEncryption", &["enableEncryptFieldHistory"]), Flag::On(_))
    {
        steps.add(
            ADMIN,
            "switch the encryption of field history and feed tracking on, so that history follows a new key; or stop tracking \
             the field",
            "`enableEncryptFieldHistory` is true in a fresh `Settings:PlatformEncryption`, or `trackHistory` is false",
        );
    }
    if uses(plan, &[How::ChangeEvent, How::EnrichedField]) {
        steps.add(
            CUSTODIAN,
            "create a tenant secret of the type Event Bus and switch the encryption of change events on",
            "`SELECT Type, Status FROM TenantSecret` has an ACTIVE one of the type Event Bus",
        );
    }
    steps.add(
        ADMIN,
        format!("export the values of `{field}` with their record ids to a protected place, and count them"),
        "the export has as many rows as the query `SELECT COUNT() ... != null` before encryption",
    );
    if uses(plan, &[How::MatchingRule]) {
        steps.add(
            ADMIN,
            "switch the duplicate rules off, then the matching rules that compare the field",
            "both are inactive in Setup",
        );
    }
    let scheme = mode.scheme().unwrap_or_default();
    let replacement = plan.platform.as_ref().and_then(|platform| platform.replacement.as_ref());
    if let Some(new) = replacement {
        replace(&mut steps, plan, new, scheme);
        return steps.0;
    }
    let select = if known.is_shared_with_account() { " (select it under Contact, not Account)" } else { "" };
    let deploy = if subject.custom {
        format!(
            "deploy `<encryptionScheme>{scheme}</encryptionScheme>` in the field's file, by itself and before code that relies on it"
        )
    } else {
        format!(
            "choose {} for the field in Setup > Encryption Settings > Select Fields{select}",
            mode.as_str()
        )
    };
    let from = subject.scheme.as_deref().map_or_else(String::new, |old| {
        format!("; it has {old} now: synchronise first, as Salesforce decrypts and encrypts again")
    });
    steps.add(
        ADMIN,
        format!("{deploy}{from}"),
        "Salesforce checks in the background and sends an e-mail: encryption is on, or what stands in its way",
    );
    steps.add(
        ADMIN,
        "start the synchronisation of the object in Setup > Encryption Statistics: only new values are encrypted by themselves; \
         what is stored is encrypted in the background, for hours on large objects",
        "Encryption Statistics shows all data of the object encrypted, and under the active key",
    );
    if uses(plan, &[How::MatchingRule]) {
        steps.add(
            ADMIN,
            "switch the matching rules on again, then the duplicate rules",
            "a known duplicate is found",
        );
    }
    steps.add(
        DEVELOPER,
        "try each use that is told here as working by equality or as unknown",
        "the export of before, filtered by hand, and the org give the same records",
    );
    steps.add(
        CUSTODIAN,
        "keep a second person's hand on the keys: no one has Manage Encryption Keys and Customize Application alone",
        "`SELECT Name FROM PermissionSet WHERE PermissionsManageEncryptionKeys = true AND PermissionsCustomizeApplication = true` gives \
         none",
    );
    back(&mut steps);
    steps.0
}

fn back(steps: &mut Steps) {
    steps.add(
        ADMIN,
        "the way back: set the scheme to None and synchronise; ask Salesforce Support where filters stay refused afterwards. \
         Never destroy a tenant secret while any value is under it",
        "Encryption Statistics shows the field as not encrypted, and the count of values is that of the export",
    );
}

/// Another field takes the place of one whose type cannot be encrypted.
fn replace(steps: &mut Steps, plan: &Plan, new: &NewField, scheme: &str) {
    let subject = &plan.subject;
    let (object, field) = (&subject.object, &subject.field);
    steps.add(
        DEVELOPER,
        format!(
            "create `{}` ({}, {} characters) on {object} with `<encryptionScheme>{scheme}</encryptionScheme>`, and give it the \
             field-level security of `{field}`",
            new.name, new.data_type, new.length
        ),
        "Salesforce sends an e-mail that encryption is on; `phiward access` tells of the same readers for both fields",
    );
    steps.add(
        DEVELOPER,
        format!("copy every value of `{field}` into `{}`, in batches, and compare", new.name),
        "no record differs between the two fields",
    );
    steps.add(
        DEVELOPER,
        format!("let every use that is told here, and all code, look at `{}`", new.name),
        format!("`phiward guard plan {object}.{field}` tells of no use"),
    );
    steps.add(
        ADMIN,
        format!(
            "after a time that was agreed, delete `{field}`, and erase it from the list of deleted fields"
        ),
        "the field is gone from the object and from its deleted fields; backups that hold it have an end",
    );
    steps.add(
        ADMIN,
        format!("the way back: until `{field}` is deleted, point the uses at it again. Never destroy a tenant secret while any value is under it"),
        "rehearsed in the sandbox",
    );
}

fn gateway(plan: &Plan) -> Vec<Step> {
    let subject = &plan.subject;
    let field = format!("{}.{}", subject.object, subject.field);
    let mut steps = Steps::default();
    let companion = plan.gateway.as_ref().and_then(|gateway| gateway.companion.as_ref());
    let index = plan.gateway.as_ref().and_then(|gateway| gateway.index.as_ref());
    let object_of = |new: &NewField| new.object.as_ref().unwrap_or(&subject.object).clone();
    let column = |new: &NewField| new.column.as_ref().unwrap_or(&new.name).clone();
    let holds = companion.map_or(field.clone(), |new| format!("{}.{}", subject.object, column(new)));
    let is_asked =
        subject.asked.as_ref().is_some_and(|asked| matches!(asked.protect, Protect::Gateway | Protect::Both));
    if !is_asked {
        let search = match subject.few_values {
            Some(_) => "",
            None => ", with `search: equality` where it must be found by its value",
        };
        steps.add(
            PRIVACY,
            format!("decide it, and write `protect: gateway` for `{field}` into the bundle{search}"),
            "`phiward policy check` has no error, and the bundle's approvers have signed it",
        );
    }
    let new: Vec<String> = companion
        .iter()
        .chain(&index)
        .map(|new| format!("`{}` ({}, {} characters)", new.name, new.data_type, new.length))
        .collect();
    if !new.is_empty() {
        let twice = if index.is_some() {
            "; while the index key is rotated, a second index field stands beside the first"
        } else {
            ""
        };
        // Both stand beside the field, and so on one object.
        let object = companion.into_iter().chain(index).map(object_of).next().unwrap_or_default();
        let own = companion.into_iter().chain(index).filter(|new| new.column.is_some()).map(column);
        let own: Vec<String> = own.map(|name| format!("`{name}`")).collect();
        let called = match own.as_slice() {
            [] => String::new(),
            own => format!(" ({} of {})", own.join(" and "), subject.object),
        };
        steps.add(
            DEVELOPER,
            format!(
                "create {} on {object}{called}, where they are missing, readable by the integration alone{twice}",
                new.join(" and ")
            ),
            format!("`phiward access --field {holds}` tells of the integration's principals only"),
        );
    }
    mend(&mut steps, plan, Mode::Gateway, "all of it will read and write tokens");
    if uses(
        plan,
        &[
            How::FlowWrite,
            How::FieldUpdate,
            How::PredefinedValue,
            How::DataIntegrationRule,
            How::Layout,
            How::QuickAction,
            How::FlowScreen,
            How::LightningPage,
        ],
    ) {
        steps.add(
            ADMIN,
            "stop what writes plain values past the gateway: pages, flows, field updates, data loads",
            "the gateway's count of writes and the org's count of changed records agree for a week",
        );
    }
    steps.add(
        CUSTODIAN,
        "create the data key of this field's class outside Salesforce, with its backup, and rehearse opening a token from the \
         backup",
        "a token of a test value is opened with the restored key",
    );
    let written = if index.is_some() { "plain value, token and index" } else { "plain value and token" };
    steps.add(
        INTEGRATION,
        format!("let every integration that reads or writes `{field}` go through the gateway, which writes {written} side by side at first"),
        "no API login of these integrations reaches Salesforce from another address",
    );
    steps.add(
        INTEGRATION,
        format!("fill `{holds}` for the records of before: a job that can be stopped and taken up again, in batches, and that opens each token after it was written"),
        format!("records with a value in `{field}` and without a token: none; every token opens to the value beside it"),
    );
    steps.add(
        DEVELOPER,
        if index.is_some() {
            "cut over: let readers use the token through the gateway and filters use the index"
        } else {
            "cut over: let readers use the token through the gateway"
        },
        "the integrations' tests pass while the plain field is hidden from them",
    );
    steps.add(
        ADMIN,
        "empty the plain values after a time that was agreed, and with them field history, feeds, recycle bin, sandboxes, \
         exports and backups",
        if companion.is_some() {
            format!("a report or export of `{field}` has no value in any record; the history of the field is gone")
        } else {
            format!("an export of `{field}` has tokens and nothing else; the history of the field is gone")
        },
    );
    steps.add(
        INTEGRATION,
        "the way back: until the plain values are emptied, point readers at them again; afterwards a job opens every token and \
         writes the value back. Never destroy the key while any token is under it",
        "rehearsed in the sandbox: every value is back and equal",
    );
    steps.0
}
