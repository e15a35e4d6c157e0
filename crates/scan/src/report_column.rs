//! The columns, groupings and filters of reports, by the field that they are about.

use std::collections::BTreeMap;

use journal::Confidence;
use policy::vocabulary::Identifier;
use sfdx::views::Report;
use sfdx::{Project, Value};

use crate::Context;
use crate::classification::{Evidence, occurs, words};
use crate::field_path::{self, Reached};

/// Child relationships, which report columns are written with: `Patient__c.Visits__r$Reason__c`.
#[derive(Debug)]
pub(crate) struct ReportColumns {
    children: BTreeMap<(String, String), String>,
    bases: BTreeMap<String, String>,
}

impl ReportColumns {
    pub(crate) fn of(project: &Project) -> Self {
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
            .filter_map(|kind| {
                Some((
                    format!("{}__c", kind.name()).to_lowercase(),
                    kind.base_object()?.into_text().into_owned(),
                ))
            })
            .collect();
        Self { children, bases }
    }

    /// The field that a column shows. Nothing where the column's name does not say.
    pub(crate) fn column(&self, project: &Project, report: Report<'_>, column: &str) -> Option<Reached> {
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

    /// The field of a report type's column: its base object, and the relationships that lead to the field.
    pub(crate) fn of_type(&self, project: &Project, base: &str, path: &str) -> Option<Reached> {
        let mut segments: Vec<&str> = path.split('.').collect();
        let field = segments.pop()?;
        let mut object = base.to_owned();
        for segment in segments {
            object = self.child(project, &object, segment);
        }
        Some(field_path::follow(project, &object, field))
    }

    /// A column that is told beside its object.
    pub(crate) fn of_object(&self, project: &Project, object: &str, column: &str) -> Reached {
        let path =
            column.strip_prefix(object).and_then(|rest| rest.strip_prefix(['.', '$'])).unwrap_or(column);
        standard(object, path).unwrap_or_else(|| field_path::follow(project, object, path))
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

/// The PHI that a report's columns and groupings show.
#[derive(Debug)]
pub(crate) struct Shown<'p> {
    /// Each field once, at its first column.
    pub(crate) found: Vec<(Value<'p>, Reached, Confidence)>,
    /// Whether any column tells who it is about: a drug or a diagnosis alone is about nobody.
    pub(crate) of_people: bool,
}

impl<'p> Shown<'p> {
    /// What the rows of the report show.
    pub(crate) fn of(cx: &Context<'p>, report: Report<'p>, names: &ReportColumns) -> Self {
        Self::of_columns(cx, report, names, report.all_columns().filter_map(|column| column.field()))
    }

    /// What a chart of the report shows: by what it is grouped.
    pub(crate) fn of_groups(cx: &Context<'p>, report: Report<'p>, names: &ReportColumns) -> Self {
        Self::of_columns(cx, report, names, std::iter::empty())
    }

    fn of_columns(
        cx: &Context<'p>,
        report: Report<'p>,
        names: &ReportColumns,
        columns: impl Iterator<Item = Value<'p>>,
    ) -> Self {
        let grouped =
            report.groupings_down().chain(report.groupings_across()).filter_map(|group| group.field());
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
            let known =
                found.iter().any(|(_, own, _)| own.full_name().eq_ignore_ascii_case(&reached.full_name()));
            if verdict.is_phi() && !known {
                found.push((value, reached, verdict.confidence));
            }
        }
        Self { found, of_people }
    }
}

/// Whether a column tells who it is: an identifier, the name or number of a record with PHI, or a lookup to a person.
fn is_of_a_person(cx: &Context<'_>, reached: &Reached) -> bool {
    const PEOPLE: [&str; 5] = ["account", "contact", "individual", "lead", "patient"];
    let verdict = cx.classes.field(&reached.object, &reached.field);
    let identifies =
        verdict.class.is_personal() && verdict.identifier.is_some_and(|kind| kind != Identifier::Clinical);
    let numbers =
        matches!(reached.field.as_str(), "Name" | "Id" | "CaseNumber") && cx.is_phi_object(&reached.object);
    let leads = field_path::is_reference(cx.project, reached) && {
        let field = &reached.field;
        let lookup = match field.strip_suffix("__c") {
            Some(stem) => format!("{stem}__r"),
            None => field.strip_suffix("Id").unwrap_or(field).to_owned(),
        };
        let target = field_path::related(cx.project, &reached.object, &lookup);
        PEOPLE.iter().any(|person| target.eq_ignore_ascii_case(person))
            || cx.classes.is_about_patients(&target)
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
