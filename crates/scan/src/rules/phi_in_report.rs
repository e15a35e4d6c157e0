//! # A report shows data about patients
//!
//! A report has columns or groupings on fields of PHI. In a folder that everybody of a kind can open it counts more, and
//! so does a filter that names a patient's value: that value stands in the source.
//!
//! ## Why it harms
//! A report turns single records into a list that is exported in one click, e-mailed on a schedule (*Subscribe to
//! Reports*) and shown on dashboards with the eyes of their running user. Field-level security still holds for the
//! viewer, the folder does not narrow it: 45 CFR 164.502(b) and GDPR Art. 5(1)(c) ask for no more than a purpose
//! needs. A value in a filter is copied to every sandbox and repository.
//!
//! ## What to change
//! Take the columns out that the report's question does not need; move it from *Public Reports* to a folder shared
//! with those who treat or bill these patients; take export from the profiles that do not need it (*Export Reports*).
//! Ask for a filter's value when the report is run, instead of saving it.
//!
//! ## What is not found
//! A report that shows a drug, a diagnosis or another field that only its words make clinical, and no name, number, contact or
//! lookup to a person in any column, is not about anybody by itself: it is for information. Who is subscribed to a report, and who has exported it, is in the org (`EventLogFile` of type ReportExport).
//! Standard columns of report types other than accounts, contacts, leads and cases have names of their own that do
//! not say their field, and are not judged. A folder that the source does not have is reported as unknown.
//!
//! ## Seen in the wild
//! bcgov/MoH-SAT: 14 reports, one of them with patients' numbers and dates of birth, all in folders shared with chosen groups.
//! GSA/SF_WorkSpace: one, with a birth date and the last digits of a social security number.

use std::collections::BTreeMap;

use journal::{Confidence, Persona, Severity};
use policy::vocabulary::Identifier;
use sfdx::views::{FolderKind, Report};
use sfdx::{Project, Value};

use crate::Context;
use crate::classification::{Evidence, occurs, words};
use crate::disclosure::shown;
use crate::field_path::{self, Reached};
use crate::patient_value;
use crate::rule::{Draft, Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "A report shows data about patients",
    severity: Severity::Low,
    confidence: Confidence::High,
    persona: Persona::Developer,
    controls: &["hipaa-prv-502b", "hipaa-prv-514d2", "gdpr-5-1c"],
    tags: &["phi", "exposure"],
    replaces: &[],
    sbs: &[],
    needs: &["the sharing of report folders (`*.reportFolder-meta.xml`)"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    let names = Relationships::of(cx.project);
    let folders = folders(cx.project);
    for report in cx.project.reports() {
        out.judged(1);
        columns(cx, report, &names, &folders, out);
        filters(cx, report, &names, out);
    }
}

fn columns(
    cx: &Context<'_>,
    report: Report<'_>,
    names: &Relationships,
    folders: &BTreeMap<String, Audience>,
    out: &mut Outcome,
) {
    let columns = report.all_columns().filter_map(|column| column.field());
    let grouped = report.groupings_down().chain(report.groupings_across()).filter_map(|group| group.field());
    let mut found: Vec<(Value<'_>, Reached, Confidence)> = Vec::new();
    let mut of_people = false;
    for value in columns.chain(grouped) {
        let Some(reached) = names.column(cx.project, report, value.as_str()) else {
            of_people |= speaks_of_a_person(value.as_str());
            continue;
        };
        let verdict = cx.classes.field(&reached.object, &reached.field);
        // What the bundle, the org's own tag or Salesforce's catalogue call PHI is so; a guess by words needs a person.
        let is_known = verdict.is_phi() && verdict.evidence != Evidence::Name;
        of_people |= is_known || is_of_a_person(cx, &reached);
        let known = found.iter().any(|(_, own, _)| own.full_name().eq_ignore_ascii_case(&reached.full_name()));
        if verdict.is_phi() && !known {
            found.push((value, reached, verdict.confidence));
        }
    }
    let Some((first, _, _)) = found.first() else { return };
    let folder = report.folder().unwrap_or_default();
    let (severity, where_) = match audience(folder, folders) {
        Audience::Everyone(whom) => (Severity::Medium, format!(", in a folder that {whom} can open")),
        Audience::Some => (Severity::Low, format!(", in the shared folder `{folder}`")),
        Audience::Few => (Severity::Low, String::new()),
        Audience::Unknown => {
            let top = folder.split('/').next().unwrap_or(folder);
            out.unknown(
                format!("who can open the report folder `{top}`, which has reports on PHI"),
                format!("retrieve `Report:{top}` (the folder with its `folderShares`)"),
            );
            (Severity::Low, String::new())
        }
    };
    let confidence = found.iter().map(|(_, _, confidence)| *confidence).max().unwrap_or(Confidence::Medium);
    let (severity, confidence) = if of_people { (severity, confidence) } else { (Severity::Info, Confidence::Low) };
    let fields: Vec<String> = found.iter().map(|(_, reached, _)| reached.full_name()).collect();
    let what = if of_people { "PHI" } else { "clinical fields and no column that says whose" };
    let many = if folder.is_empty() { "" } else { ", or move the report to a folder shared with those alone who need it" };
    let mut draft = Draft::new(
        format!("Report:{}", report.name()),
        cx.place(first),
        format!("the report `{}` shows {what}, {}{where_}", report.name(), shown(&fields)),
        format!("remove the columns that its question does not need{many}"),
    )
    .severity(severity)
    .confidence(confidence)
    .detail("columns");
    for (value, reached, _) in found.iter().skip(1).take(9) {
        draft = draft.related(cx.place(value), format!("`{}`", reached.full_name()));
    }
    out.found(draft.fields(fields));
}

/// Whether a column tells who it is: an identifier, the name or number of a record with PHI, or a lookup to a person.
fn is_of_a_person(cx: &Context<'_>, reached: &Reached) -> bool {
    const PEOPLE: [&str; 5] = ["account", "contact", "individual", "lead", "patient"];
    let verdict = cx.classes.field(&reached.object, &reached.field);
    let identifies = verdict.class.is_personal() && verdict.identifier.is_some_and(|kind| kind != Identifier::Clinical);
    let numbers = matches!(reached.field.as_str(), "Name" | "Id" | "CaseNumber") && cx.is_phi_object(&reached.object);
    let leads = field_path::is_reference(cx.project, reached) && {
        let field = &reached.field;
        let lookup = match field.strip_suffix("__c") {
            Some(stem) => format!("{stem}__r"),
            None => field.strip_suffix("Id").unwrap_or(field).to_owned(),
        };
        let target = field_path::related(cx.project, &reached.object, &lookup);
        PEOPLE.iter().any(|person| target.eq_ignore_ascii_case(person)) || cx.classes.is_about_patients(&target)
    };
    identifies || numbers || leads
}

/// A column of Salesforce's own whose field is not known, by its words.
fn speaks_of_a_person(column: &str) -> bool {
    const WORDS: [&str; 10] =
        ["name", "contact", "account", "patient", "member", "person", "phone", "email", "birth*", "number"];
    let own = words(column);
    WORDS.iter().any(|word| occurs(&[word], &own))
}

fn filters(cx: &Context<'_>, report: Report<'_>, names: &Relationships, out: &mut Outcome) {
    for filter in report.filters() {
        let (Some(column), Some(value)) = (filter.column(), filter.value()) else { continue };
        if filter.column_to_column() == Some(true) || value.trim().is_empty() {
            continue;
        }
        let Some(reached) = names.column(cx.project, report, column.as_str()) else { continue };
        let verdict = cx.classes.field(&reached.object, &reached.field);
        let is_birth = ["birth", "dob"].iter().any(|word| reached.field.to_lowercase().contains(word));
        let by_field = verdict.is_phi()
            && (verdict.identifier.is_some_and(|kind| is_value(kind, value.as_str()))
                || (is_birth && patient_value::is_birth_date(value.trim())));
        let by_shape = patient_value::is_social_security_number(value.trim())
            || (value.contains('-') && patient_value::is_medicare_beneficiary_identifier(value.trim()));
        if !by_field && !by_shape {
            continue;
        }
        let full_name = reached.full_name();
        out.found(
            Draft::new(
                format!("Report:{}", report.name()),
                cx.place(&value),
                format!("a filter of the report `{}` holds what looks like a patient's `{full_name}`", report.name()),
                "empty the filter's value and let whoever runs the report enter it; the history of the repository \
                 keeps the old one: see that it is removed there too",
            )
            .severity(Severity::Medium)
            .confidence(if by_field { verdict.confidence } else { Confidence::Medium })
            .field(full_name)
            .detail(format!("filter {}", column.as_str())),
        );
    }
}

/// Whether a filter's text is a value of one person, and no range, keyword or list of choices.
fn is_value(kind: Identifier, value: &str) -> bool {
    let value = value.trim();
    let digits = value.chars().filter(char::is_ascii_digit).count();
    match kind {
        Identifier::Name => {
            // A name has a letter that is no code: `Smith`, `Ana Lee`; `TEST`, `%` and flags are none.
            let letters = value.chars().filter(|c| c.is_alphabetic()).count();
            letters >= 4
                && digits == 0
                && value.chars().any(char::is_uppercase)
                && value.chars().any(char::is_lowercase)
                && !["test", "demo", "sample", "unknown", "anonymous", "none", "null"]
                    .iter()
                    .any(|word| value.to_lowercase().contains(word))
        }
        Identifier::Email => value.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && domain.contains('.')),
        Identifier::Ssn | Identifier::Mrn | Identifier::HealthPlan | Identifier::Account | Identifier::Phone | Identifier::Fax => {
            digits >= 6
        }
        Identifier::Date => false,
        Identifier::Geographic => digits >= 1 && value.chars().filter(|c| c.is_alphabetic()).count() >= 5,
        _ => false,
    }
}

/// Who can open a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Audience {
    Everyone(&'static str),
    Some,
    Few,
    Unknown,
}

fn folders(project: &Project) -> BTreeMap<String, Audience> {
    let mut found = BTreeMap::new();
    for folder in project.folders().filter(|folder| folder.kind() == FolderKind::Reports) {
        let mut audience = match folder.access_type().as_deref() {
            Some("Public" | "PublicInternal") => Audience::Everyone("everyone in the organisation"),
            Some("Shared") => Audience::Some,
            _ => Audience::Few,
        };
        for share in folder.shares() {
            let kind = share.kind();
            audience = match kind.as_deref().unwrap_or_default() {
                "Organization" | "AllInternalUsers" => Audience::Everyone("everyone in the organisation"),
                "AllPrmUsers" | "AllPartnerUsers" => Audience::Everyone("every partner user"),
                "AllCspUsers" | "AllCustomerPortalUsers" => Audience::Everyone("every customer portal user"),
                "User" => audience,
                _ if matches!(audience, Audience::Everyone(_)) => audience,
                _ => Audience::Some,
            };
        }
        found.insert(folder.name().to_lowercase(), audience);
    }
    found
}

fn audience(folder: &str, folders: &BTreeMap<String, Audience>) -> Audience {
    let folder = folder.to_lowercase();
    if folder.split('/').next() == Some("unfiled$public") {
        return Audience::Everyone("everyone (Public Reports)");
    }
    // A folder inside another has its sharing from the outermost.
    let mut at = folder.as_str();
    let mut found = None;
    loop {
        found = folders.get(at).or(found);
        match at.rsplit_once('/') {
            Some((outer, _)) => at = outer,
            None => return found.cloned().unwrap_or(Audience::Unknown),
        }
    }
}

/// Child relationships, which report columns are written with: `Patient__c.Visits__r$Reason__c`.
#[derive(Debug)]
struct Relationships {
    children: BTreeMap<(String, String), String>,
    bases: BTreeMap<String, String>,
}

impl Relationships {
    fn of(project: &Project) -> Self {
        let mut children = BTreeMap::new();
        for object in project.objects() {
            for field in object.fields() {
                let Some(name) = field.relationship_name() else { continue };
                for target in field.reference_to() {
                    let key = (target.to_lowercase(), name.to_lowercase());
                    children.insert(key, object.name().to_owned());
                }
            }
        }
        let bases = project
            .report_types()
            .filter_map(|kind| Some((format!("{}__c", kind.name()).to_lowercase(), kind.base_object()?.into_text().into_owned())))
            .collect();
        Self { children, bases }
    }

    /// The field that a column shows. Nothing where the column's name does not say.
    fn column(&self, project: &Project, report: Report<'_>, column: &str) -> Option<Reached> {
        let column = column.replace("%%%NAMESPACE%%%", "");
        let column = column.strip_prefix("FK_$").unwrap_or(&column);
        let base = || self.base(report.report_type()?.as_str());
        if let Some((left, right)) = column.rsplit_once('$') {
            let mut segments = left.split(['.', '$']);
            let mut object = segments.next()?.to_owned();
            for segment in segments {
                object = self.child(project, &object, segment);
            }
            return Some(field_path::follow(project, &object, right));
        }
        if let Some((object, path)) = column.split_once('.') {
            let object = match object {
                "ACCOUNT" => "Account",
                "CONTACT" => "Contact",
                "USERS" => "User",
                "PersonContact" => "Contact",
                other => other,
            };
            let path = if path == "NAME" { "Name" } else { path };
            return Some(field_path::follow(project, object, path));
        }
        if column.to_ascii_lowercase().ends_with("__c") {
            return Some(Reached { object: base()?, field: column.to_owned() });
        }
        standard(&base()?, column)
    }

    fn child(&self, project: &Project, object: &str, relationship: &str) -> String {
        let bare = relationship.strip_suffix("__r").unwrap_or(relationship);
        let key = (object.to_lowercase(), bare.to_lowercase());
        if let Some(child) = self.children.get(&key) {
            return child.clone();
        }
        match relationship {
            "Cases" => "Case".to_owned(),
            "Contacts" => "Contact".to_owned(),
            "Opportunities" => "Opportunity".to_owned(),
            _ => field_path::related(project, object, relationship),
        }
    }

    /// The object whose records a report type lists.
    fn base(&self, report_type: &str) -> Option<String> {
        let report_type = report_type.replace("%%%NAMESPACE%%%", "");
        if let Some(base) = self.bases.get(&report_type.to_lowercase()) {
            return Some(base.clone());
        }
        if let Some((_, objects)) = report_type.split_once('$') {
            return objects.split(['$', '@']).next().map(str::to_owned);
        }
        let standard = match report_type.as_str() {
            "AccountList" => "Account",
            "ContactList" | "AccountContact" => "Contact",
            "LeadList" => "Lead",
            "CaseList" | "CaseHistory" | "CaseComments" => "Case",
            _ => return None,
        };
        Some(standard.to_owned())
    }
}

/// The columns of Salesforce's own report types that are about a person.
fn standard(base: &str, column: &str) -> Option<Reached> {
    const COLUMNS: [(&str, &str, &str); 22] = [
        ("Contact", "FIRST_NAME", "FirstName"),
        ("Contact", "LAST_NAME", "LastName"),
        ("Contact", "FULL_NAME", "Name"),
        ("Contact", "EMAIL", "Email"),
        ("Contact", "PHONE1", "Phone"),
        ("Contact", "BIRTHDATE", "Birthdate"),
        ("Contact", "ADDRESS1_STREET", "MailingStreet"),
        ("Contact", "ADDRESS1_CITY", "MailingCity"),
        ("Contact", "ADDRESS1_ZIP", "MailingPostalCode"),
        ("Lead", "FIRST_NAME", "FirstName"),
        ("Lead", "LAST_NAME", "LastName"),
        ("Lead", "EMAIL", "Email"),
        ("Lead", "PHONE", "Phone"),
        ("Account", "ACCOUNT_NAME", "Name"),
        ("Account", "ACCOUNT.NAME", "Name"),
        ("Account", "PHONE1", "Phone"),
        ("Account", "ADDRESS1_STREET", "BillingStreet"),
        ("Account", "PERSON_BIRTHDATE", "PersonBirthdate"),
        ("Account", "PERSON_EMAIL", "PersonEmail"),
        ("Case", "SUBJECT", "Subject"),
        ("Case", "DESCRIPTION", "Description"),
        ("Case", "CONTACT_NAME", "ContactId"),
    ];
    let found = COLUMNS.iter().find(|(object, name, _)| *object == base && *name == column);
    if let Some((object, _, field)) = found {
        return Some(Reached { object: (*object).to_owned(), field: (*field).to_owned() });
    }
    // The name of a custom object's record.
    let is_name = column == "CUST_NAME" && base.ends_with("__c");
    is_name.then(|| Reached { object: base.to_owned(), field: "Name".to_owned() })
}
