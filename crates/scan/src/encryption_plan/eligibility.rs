//! Whether a field can be encrypted at all, how, and how long its values may then be.

use journal::Place;
use serde::Serialize;
use sfdx::views::ObjectKind;

use super::Mode;
use super::beside::{self, Said};
use super::subject::Known;
use super::token::{self, LONGEST_TEXT, NewField, TokenLength};
use crate::disclosure::shown;
use crate::setting::{self, Flag};
use crate::{Context, encryption, field_path, formula};

/// Whether it can be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Possible {
    No,
    Unknown,
    Yes,
}

/// One reason, and where the source says it.
#[derive(Debug, Clone, Serialize)]
pub struct Reason {
    pub text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// The page that says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<&'static str>,
}

/// How much a field holds once it is encrypted.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Limit {
    pub bytes: u64,
    pub ascii: u64,
    pub non_ascii: u64,
}

/// Whether one scheme can be set.
#[derive(Debug, Clone, Serialize)]
pub struct SchemeAnswer {
    pub mode: Mode,
    pub possible: Possible,
    pub reasons: Vec<Reason>,
}

/// What Shield can do.
#[derive(Debug, Clone, Serialize)]
pub struct Platform {
    pub possible: Possible,
    pub reasons: Vec<Reason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<Limit>,
    /// A field to take its place, where its type cannot be encrypted and its values can.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replacement: Option<NewField>,
    pub schemes: Vec<SchemeAnswer>,
}

impl Platform {
    /// Whether the scheme can be set, or nothing says that it cannot.
    pub fn allows(&self, mode: Mode) -> bool {
        self.schemes.iter().any(|scheme| scheme.mode == mode && scheme.possible != Possible::No)
    }
}

/// How the gateway's token is kept.
#[derive(Debug, Clone, Serialize)]
pub struct Gateway {
    pub possible: Possible,
    pub reasons: Vec<Reason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<TokenLength>,
    /// The longest value, in bytes, whose token the field itself can hold.
    #[serde(skip_serializing_if = "Option::is_none", rename = "inPlace")]
    pub in_place: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub companion: Option<NewField>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index: Option<NewField>,
    /// What the bundle would have to say of the field besides what it says, as YAML.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bundle: Option<String>,
}

const CUSTOM_FIELDS: &str = "Salesforce Help, Which Custom Fields Can I Encrypt?";
const LIMITS: &str = "Salesforce Help, Field Limits with Shield Platform Encryption";
const PERSONS: &str = "Salesforce Help 005316516, Shield Platform Encryption with Person Account Fields";
const DETERMINISTIC: &str = "Salesforce Help, Considerations for Using Deterministic Encryption";
const WITH_KEYS: &str = "Salesforce Help, Filter Encrypted Data with Deterministic Encryption";

/// Standard fields that Salesforce's pages name as encryptable, with their bytes, ASCII and other characters where its
/// table has them: object, field, limit.
const STANDARD: [(&str, &str, Option<[u64; 3]>); 43] = [
    ("Account", "Name", None),
    ("Account", "Description", None),
    ("Account", "Phone", Some([120, 40, 22])),
    ("Account", "Fax", Some([120, 40, 22])),
    ("Account", "Site", Some([240, 80, 70])),
    ("Account", "FirstName", Some([120, 40, 22])),
    ("Account", "MiddleName", Some([120, 40, 22])),
    ("Account", "LastName", Some([240, 80, 70])),
    ("Account", "BillingStreet", None),
    ("Account", "BillingCity", Some([120, 40, 22])),
    ("Account", "ShippingStreet", None),
    ("Account", "ShippingCity", Some([120, 40, 22])),
    ("Account", "PersonEmail", Some([240, 80, 70])),
    ("Account", "PersonMobilePhone", Some([120, 40, 22])),
    ("Account", "PersonHomePhone", Some([120, 40, 22])),
    ("Account", "PersonOtherPhone", Some([120, 40, 22])),
    ("Account", "PersonMailingStreet", None),
    ("Account", "PersonMailingCity", Some([120, 40, 22])),
    ("Contact", "Name", None),
    ("Contact", "FirstName", Some([120, 40, 22])),
    ("Contact", "MiddleName", Some([120, 40, 22])),
    ("Contact", "LastName", Some([240, 80, 70])),
    ("Contact", "Description", None),
    ("Contact", "Email", Some([240, 80, 70])),
    ("Contact", "Phone", Some([120, 40, 22])),
    ("Contact", "Fax", None),
    ("Contact", "MobilePhone", Some([120, 40, 22])),
    ("Contact", "HomePhone", Some([120, 40, 22])),
    ("Contact", "OtherPhone", Some([120, 40, 22])),
    ("Contact", "AssistantName", Some([120, 40, 22])),
    ("Contact", "Title", Some([384, 128, 126])),
    ("Contact", "MailingStreet", None),
    ("Contact", "MailingCity", Some([120, 40, 22])),
    ("Contact", "OtherCity", Some([120, 40, 22])),
    ("Lead", "FirstName", Some([120, 40, 22])),
    ("Lead", "MiddleName", Some([120, 40, 22])),
    ("Lead", "LastName", Some([240, 80, 70])),
    ("Lead", "Email", Some([240, 80, 70])),
    ("Lead", "City", Some([120, 40, 22])),
    ("Lead", "Title", Some([384, 128, 126])),
    ("Opportunity", "Name", Some([360, 120, 110])),
    ("EmailMessage", "Subject", Some([3000, 2207, 1000])),
    ("EmailMessage", "ToAddress", Some([4000, 2959, 1333])),
];

fn standard(known: &Known<'_>) -> Option<Option<Limit>> {
    let subject = &known.subject;
    let limit = |[bytes, ascii, non_ascii]: [u64; 3]| Limit { bytes, ascii, non_ascii };
    if known.kind == ObjectKind::Custom && subject.field.eq_ignore_ascii_case("Name") {
        return Some(Some(limit([240, 80, 70])));
    }
    let (_, _, found) = STANDARD.iter().find(|(object, field, _)| {
        object.eq_ignore_ascii_case(&subject.object) && field.eq_ignore_ascii_case(&subject.field)
    })?;
    Some(found.map(limit))
}

/// Reasons as they are collected, and the least of their answers.
struct Answer {
    possible: Possible,
    reasons: Vec<Reason>,
}

impl Answer {
    const fn yes() -> Self {
        Self { possible: Possible::Yes, reasons: Vec::new() }
    }

    fn say(
        &mut self,
        possible: Possible,
        text: impl Into<String>,
        place: Option<Place>,
        source: Option<&'static str>,
    ) {
        self.possible = self.possible.min(possible);
        self.reasons.push(Reason { text: text.into(), place, source });
    }
}

pub(super) fn platform(cx: &Context<'_>, known: &Known<'_>) -> Platform {
    let subject = &known.subject;
    let mut answer = Answer::yes();
    let place =
        || known.field.map(|field| encryption::place_of_type(cx, field)).or_else(|| subject.place.clone());
    match known.kind {
        ObjectKind::Standard | ObjectKind::Custom => {}
        ObjectKind::PlatformEvent | ObjectKind::ChangeEvent => answer.say(
            Possible::No,
            "events are encrypted as a whole on the event bus, not field by field",
            None,
            None,
        ),
        _ => answer.say(
            Possible::No,
            "field encryption reaches standard and custom objects only",
            None,
            Some(CUSTOM_FIELDS),
        ),
    }
    let kind = subject.data_type.as_deref();
    let listed = standard(known);
    match kind {
        _ if known.is_formula => {
            let text = format!("a formula is computed, not stored: plan the fields that it reads{}", read_by(cx, known));
            answer.say(Possible::No, text, place(), Some(CUSTOM_FIELDS));
        }
        Some("EncryptedText") => answer.say(
            Possible::No,
            "classic encryption (AES-128) has it already, and Salesforce cannot convert it; the mask of classic encryption goes \
             with it, as Shield masks nothing",
            place(),
            None,
        ),
        // What a file says of a standard field's type is often nothing or something of its own.
        Some(kind) if encryption::is_encryptable(kind) && (subject.custom || listed.is_some()) => {
            answer.say(Possible::Yes, format!("`{kind}` is a type that Shield encrypts"), place(), Some(CUSTOM_FIELDS));
        }
        Some(kind) if subject.custom || !encryption::is_encryptable(kind) => {
            answer.say(Possible::No, format!("`{kind}` is no type that Shield encrypts"), place(), Some(CUSTOM_FIELDS));
        }
        _ if listed.is_some() => answer.say(
            Possible::Yes,
            "Salesforce names it among the standard fields that can be encrypted",
            None,
            Some(if known.is_shared_with_account() { PERSONS } else { LIMITS }),
        ),
        _ if subject.custom => answer.say(
            Possible::Unknown,
            format!("the source does not say its type: retrieve `CustomField:{}.{}`", subject.object, subject.field),
            None,
            None,
        ),
        _ => answer.say(
            Possible::Unknown,
            "which standard fields can be encrypted differs by object: look at Setup > Encryption Settings > Select Fields",
            None,
            None,
        ),
    }
    if let Some(namespace) = &subject.namespace {
        let file = setting::flag(cx, "PlatformEncryption", &["canEncryptManagedPackageFields"]);
        match file {
            Flag::On(value) => answer.say(
                Possible::Yes,
                format!("it comes with the package `{namespace}`, and the org lets such fields be encrypted"),
                Some(cx.place(&value)),
                None,
            ),
            _ => answer.say(
                Possible::Unknown,
                format!(
                    "it comes with the package `{namespace}`: ask its publisher whether it works with encryption; \
                     `canEncryptManagedPackageFields` must be on"
                ),
                None,
                None,
            ),
        }
    }
    if answer.possible != Possible::No {
        answer.say(
            Possible::Yes,
            "its type cannot be changed any more once it is encrypted",
            None,
            Some(CUSTOM_FIELDS),
        );
        if known.is_shared_with_account() {
            answer.say(
                Possible::Yes,
                "accounts and contacts share it: select it under Contact, and both are encrypted",
                None,
                Some(PERSONS),
            );
        }
        if subject.custom && matches!(kind, Some("Text" | "TextArea" | "LongTextArea" | "Html" | "Url")) {
            answer.say(
                Possible::Yes,
                "ciphertext is longer than the value, and Salesforce gives no figure for custom fields: try the longest \
                 values in the sandbox, those beyond ASCII above all",
                None,
                Some(LIMITS),
            );
        }
    }
    let replacement = if answer.possible == Possible::No { replacement(known) } else { None };
    // Of a field that takes its place, the schemes are those of text.
    let field = if replacement.is_some() { Possible::Yes } else { answer.possible };
    let schemes = [Mode::Probabilistic, Mode::DeterministicCaseSensitive, Mode::DeterministicCaseInsensitive];
    let schemes =
        schemes.into_iter().map(|mode| scheme(cx, known, mode, field, replacement.as_ref())).collect();
    Platform {
        possible: answer.possible,
        reasons: answer.reasons,
        limit: listed.flatten(),
        replacement,
        schemes,
    }
}

/// The fields that a formula reads, as the end of a sentence.
fn read_by(cx: &Context<'_>, known: &Known<'_>) -> String {
    let Some(formula) = known.field.and_then(|field| field.formula()) else { return String::new() };
    let mut names: Vec<String> = Vec::new();
    for (reference, _) in formula::parts(&formula) {
        if reference.starts_with('$') {
            continue;
        }
        let name = field_path::follow(cx.project, &known.subject.object, reference).full_name();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if names.is_empty() { String::new() } else { format!(": {}", shown(&names)) }
}

/// A text field for the values of a field whose type cannot be encrypted.
fn replacement(known: &Known<'_>) -> Option<NewField> {
    let subject = &known.subject;
    let is_reached = encryption::reaches(known.kind) && !known.is_formula;
    let (value, _) = longest(known).filter(|_| is_reached && subject.custom)?;
    if matches!(subject.data_type.as_deref(), Some("Checkbox")) {
        return None;
    }
    let name = token::beside(&subject.field, "encrypted");
    Some(if value <= LONGEST_TEXT {
        NewField::new(name, "Text", value)
    } else {
        NewField::new(name, "LongTextArea", value)
    })
}

fn scheme(
    cx: &Context<'_>,
    known: &Known<'_>,
    mode: Mode,
    field: Possible,
    replacement: Option<&NewField>,
) -> SchemeAnswer {
    let subject = &known.subject;
    let mut answer = Answer { possible: field, reasons: Vec::new() };
    let flag = |name: &str| known.field.and_then(|field| field.value(name)).map(|value| cx.place(&value));
    if mode == Mode::Probabilistic {
        for (is_set, name, words) in
            [(subject.unique, "unique", "unique"), (subject.external_id, "externalId", "an external id")]
        {
            if is_set {
                answer.say(
                    Possible::No,
                    format!("the field is {words}, which probabilistic encryption does not allow"),
                    flag(name),
                    Some(WITH_KEYS),
                );
            }
        }
        return SchemeAnswer { mode, possible: answer.possible, reasons: answer.reasons };
    }
    match replacement.map(|new| new.data_type).or(subject.data_type.as_deref()) {
        Some("Url" | "Email" | "Phone" | "Text" | "TextArea") => {}
        Some(kind) if encryption::is_encryptable(kind) => answer.say(
            Possible::No,
            format!("`{kind}` cannot be encrypted deterministically"),
            known.field.map(|field| encryption::place_of_type(cx, field)),
            Some(DETERMINISTIC),
        ),
        None if !subject.custom && field == Possible::Yes => answer.say(
            Possible::Unknown,
            "not every standard field has a deterministic scheme: look at Setup > Encryption Settings > Select Fields",
            None,
            None,
        ),
        _ => {}
    }
    if subject.unique
        && let Some(sensitive) = known.case_sensitive
        && sensitive != (mode == Mode::DeterministicCaseSensitive)
    {
        let words = if sensitive {
            "tells upper and lower case apart"
        } else {
            "does not tell upper and lower case apart"
        };
        answer.say(
            Possible::Unknown,
            format!("uniqueness {words}, and this scheme does otherwise"),
            flag("caseSensitive"),
            None,
        );
    }
    if let Some(few) = subject.few_values {
        answer.say(
            Possible::Yes,
            format!("it holds {few}: the commonest ciphertext tells the commonest value, by counting"),
            None,
            None,
        );
    }
    if mode == Mode::DeterministicCaseInsensitive {
        answer.say(
            Possible::Yes,
            "Salesforce keeps a second copy of the values in lower case, in a field of its own",
            None,
            Some("Salesforce Help, Switch Between Probabilistic and Deterministic Encryption"),
        );
    }
    if let Flag::Off(value) = setting::flag(
        cx,
        "PlatformEncryption",
        &["enableDeterministicEncryption", "enableDeterministEncryption"],
    ) {
        answer.say(
            Possible::Yes,
            "deterministic encryption is switched off in the org: switch it on first",
            Some(cx.place(&value)),
            None,
        );
    }
    SchemeAnswer { mode, possible: answer.possible, reasons: answer.reasons }
}

/// The longest value of a type, and whether it is always ASCII; nothing where there is no value to seal.
fn longest(known: &Known<'_>) -> Option<(u64, bool)> {
    let subject = &known.subject;
    let limit = standard(known).flatten().map(|limit| (limit.ascii, false));
    Some(match subject.data_type.as_deref() {
        None => return limit,
        Some("Text" | "LongTextArea" | "Html" | "EncryptedText") => (subject.length?, false),
        Some("MultiselectPicklist") => (subject.length.unwrap_or(4099), false),
        Some("TextArea" | "Picklist" | "Url") => (subject.length.unwrap_or(LONGEST_TEXT), false),
        Some("Email") => (subject.length.unwrap_or(80), false),
        Some("Phone") => (subject.length.unwrap_or(40), false),
        // As the API writes them: 2026-11-21, 2026-11-21T10:00:00.000+0000, 10:00:00.000Z.
        Some("Date") => (10, true),
        Some("DateTime") => (28, true),
        Some("Time") => (13, true),
        Some("Checkbox") => (5, true),
        // Eighteen digits with a sign and a point.
        Some("Number" | "Currency" | "Percent") => (20, true),
        Some(_) => return None,
    })
}

pub(super) fn gateway(cx: &Context<'_>, known: &Known<'_>) -> Gateway {
    let subject = &known.subject;
    let mut answer = Answer::yes();
    let kind = subject.data_type.as_deref();
    let place =
        || known.field.map(|field| encryption::place_of_type(cx, field)).or_else(|| subject.place.clone());
    let computed = known.is_formula || matches!(kind, Some("Summary" | "AutoNumber"));
    let nothing = |answer: Answer| Gateway {
        possible: answer.possible,
        reasons: answer.reasons,
        token: None,
        in_place: None,
        companion: None,
        index: None,
        bundle: None,
    };
    if computed {
        answer.say(
            Possible::No,
            "Salesforce makes the value itself, so that nothing passes the gateway",
            place(),
            None,
        );
        return nothing(answer);
    }
    if matches!(
        kind,
        Some(
            "Lookup"
                | "MasterDetail"
                | "Hierarchy"
                | "ExternalLookup"
                | "IndirectLookup"
                | "MetadataRelationship"
        )
    ) {
        answer.say(Possible::No, "a lookup must hold the id of a record", place(), None);
        return nothing(answer);
    }
    if !matches!(known.kind, ObjectKind::Standard | ObjectKind::Custom | ObjectKind::PlatformEvent) {
        answer.say(Possible::No, "records of such objects do not pass the gateway", None, None);
        return nothing(answer);
    }
    let Some((value, is_ascii)) = longest(known) else {
        answer.say(
            Possible::Unknown,
            match kind {
                Some(kind) => format!("nothing is known of the longest value of a `{kind}` field"),
                None => "the source does not say the field's type and length".to_owned(),
            },
            place(),
            None,
        );
        return nothing(answer);
    };
    let token = if is_ascii { TokenLength::of_ascii(value) } else { TokenLength::of_text(value) };
    let is_text = matches!(kind, Some("Text" | "TextArea" | "LongTextArea"));
    let in_place = if is_text { token::capacity(value) } else { None };
    let said = Said::of(cx, subject);
    let companion = beside::companion(known, &said, token.any);
    let own = match (in_place, kind) {
        (Some(bytes), _) => format!("the field itself holds the tokens of values up to {bytes} bytes"),
        (None, Some(kind)) if !is_text => format!("a `{kind}` field cannot hold a token"),
        (None, _) => "the field is too short for any token".to_owned(),
    };
    match (&companion, in_place) {
        (Some(_), Some(_)) => {
            answer.say(Possible::Yes, format!("{own}; longer ones need a companion field"), place(), None);
        }
        (Some(_), None) => answer.say(Possible::Yes, format!("{own}: a companion field is needed"), place(), None),
        (None, Some(_)) => answer.say(
            Possible::Yes,
            format!("{own}, and no field of Salesforce those of longer ones: keep such texts outside, by reference"),
            place(),
            None,
        ),
        (None, None) => answer.say(
            Possible::No,
            "the token of its longest value is longer than any field of Salesforce: keep such texts outside, by reference",
            place(),
            None,
        ),
    }
    let index = match subject.few_values {
        Some(few) => {
            answer.say(
                Possible::Yes,
                format!("it holds {few}: it gets no blind index, which would tell them by counting"),
                None,
                None,
            );
            None
        }
        None => Some(beside::index(known, &said)),
    };
    let bundle = if answer.possible == Possible::No {
        None
    } else {
        beside::bundle(cx, subject, &said, (companion.as_ref(), index.as_ref()))
    };
    Gateway {
        possible: answer.possible,
        reasons: answer.reasons,
        token: Some(token),
        in_place,
        companion,
        index,
        bundle,
    }
}
