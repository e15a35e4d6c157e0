//! The example clinic, with findings of every kind written by hand: what the page shows is tested here, and what
//! the rules find in the room that finds it.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use dossier::{Audit, Document, audit};
use journal::{
    Confidence, Finding, Fingerprint, Gap, Persona, Place, Severity, Suppression, SuppressionKind,
};
use scan::{Destination, FoundFlow, Report};

pub(crate) struct Clinic {
    pub(crate) project: sfdx::Project,
    pub(crate) policy: policy::Policy,
    pub(crate) report: Report,
    pub(crate) name: String,
}

/// When every audit of these tests is read.
pub(crate) fn moment() -> jiff::Timestamp {
    "2026-11-21T10:20:00Z".parse().unwrap()
}

pub(crate) fn example(state: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/harbor-health").join(state)
}

pub(crate) fn read_policy(folder: &Path) -> policy::Policy {
    if !folder.is_dir() {
        return policy::Policy::empty();
    }
    let (sources, problems) =
        source::read_folder(folder, &["yaml", "yml", "cedar"], source::FolderLimits::default()).unwrap();
    assert_eq!(problems, []);
    policy::read(sources).0
}

impl Clinic {
    /// A project and the bundle in it, as a scan reads them.
    pub(crate) fn read(folder: &Path, name: &str) -> Self {
        Self::judged_by(folder, name, &[])
    }

    /// By some rules only, all where none is named.
    fn judged_by(folder: &Path, name: &str, rules: &[&str]) -> Self {
        let project = sfdx::read(folder, &sfdx::Options::default()).unwrap();
        let policy = read_policy(&folder.join("phiward"));
        let input = scan::Input {
            project: &project,
            policy: &policy,
            bundle: "phiward",
            facts: &sfdx::Facts::default(),
            today: "2026-11-21".parse().unwrap(),
        };
        let only = rules.iter().map(|rule| (*rule).to_owned()).collect();
        let config = scan::Config { only, ..scan::Config::default() };
        let report = scan::run(&input, &config);
        Self { project, policy, report, name: name.to_owned() }
    }

    pub(crate) fn documents(&self) -> Vec<Document> {
        audit(&Audit {
            report: &self.report,
            policy: &self.policy,
            project: &self.project,
            facts: &sfdx::Facts::default(),
            project_name: &self.name,
            generated_at: moment(),
            today: jiff::civil::date(2026, 11, 21),
            version: "0.1.0",
        })
        .unwrap()
    }

    pub(crate) fn text(&self, name: &str) -> String {
        let documents = self.documents();
        let found = documents.iter().find(|document| document.name == name);
        String::from_utf8(found.unwrap_or_else(|| panic!("no {name}")).bytes.clone()).unwrap()
    }
}

pub(crate) fn finding(
    rule: &'static str,
    severity: Severity,
    component: &str,
    cause: &str,
    controls: &'static [&'static str],
) -> Finding {
    Finding {
        rule,
        severity,
        confidence: Confidence::High,
        persona: Persona::Developer,
        message: format!("`{component}` opens what it should not"),
        fix: format!("take it out of `{cause}`"),
        place: Place::line(format!("force-app/main/default/{component}.xml"), 12),
        ways: Vec::new(),
        related: Vec::new(),
        component: component.to_owned(),
        cause: cause.to_owned(),
        fields: vec!["Account.SSN__c".to_owned(), "Lab_Result__c.Genetic_Marker__c".to_owned()],
        party: None,
        controls: Cow::Borrowed(controls),
        tags: Cow::Borrowed(&["phi"]),
        fingerprint: Fingerprint::new(rule, component, 0),
        suppressed: None,
    }
}

/// The clinic with much wrong.
pub(crate) fn flawed() -> Clinic {
    // One rule for all: their findings make way for those below.
    let mut clinic = Clinic::judged_by(&example("flawed"), "harbor-health", &["phi-field-unprotected"]);
    let report = &mut clinic.report;
    report.findings.clear();
    for at in 0..9 {
        report.findings.push(finding(
            "guest-can-read-phi",
            Severity::Critical,
            &format!("profiles/Harbor Portal Profile/{at}"),
            "Profile:Harbor Portal Profile",
            &["hipaa-sec-312a1", "hipaa-sec-308a4iiB", "gdpr-32-1b", "API1"],
        ));
    }
    for at in 0..20 {
        report.findings.push(finding(
            "phi-field-unprotected",
            Severity::Medium,
            &format!("objects/Account/fields/Field_{at}__c"),
            &format!("CustomField:Account.Field_{at}__c"),
            &["hipaa-sec-312a2iv", "gdpr-32-1a"],
        ));
    }
    report.findings.push(Finding {
        party: Some("northlab".into()),
        persona: Persona::Auditor,
        ..finding(
            "agreement-expired",
            Severity::High,
            "parties/northlab",
            "northlab",
            &["hipaa-sec-308b1", "gdpr-28-3"],
        )
    });
    report.findings.push(finding(
        "password-policy-weak",
        Severity::Low,
        "settings/Security",
        "Settings:Security",
        &["hipaa-sec-308a5iiD"],
    ));
    report.findings.push(finding(
        "endpoint-needs-declaration",
        Severity::Info,
        "remote/x",
        "x",
        &["hipaa-sec-308b1"],
    ));
    let set_aside = [
        (SuppressionKind::Exception, Some("mara-voss"), Some("2027-01-10"), "hipaa-sec-310d1"),
        (SuppressionKind::Inline, None, None, "hipaa-sec-312c1"),
    ];
    for (at, (kind, approver, expires, control)) in set_aside.into_iter().enumerate() {
        let mut aside =
            finding("phi-in-report", Severity::Medium, &format!("reports/R{at}"), &format!("R{at}"), &[]);
        aside.controls = Cow::Owned(vec![control]);
        aside.suppressed = Some(Suppression {
            kind,
            reason: "the folder is open to two people".into(),
            approver: approver.map(str::to_owned),
            expires: expires.map(|day| day.parse().unwrap()),
            place: None,
        });
        report.findings.push(aside);
    }
    report.gaps = (0..9)
        .map(|at| Gap {
            rule: "session-setting-weak",
            missing: format!("setting number {at} of the session settings"),
            complete_with: "retrieve Settings:Security".into(),
        })
        .collect();
    for (at, rule) in scan::RULES.iter().enumerate() {
        report.judged.insert(rule.id, at % 3 * 7);
    }
    let place = || Place::line("force-app/main/default/workflows/Lab_Result__c.workflow-meta.xml", 31);
    report.flows = vec![
        FoundFlow {
            fields: vec!["Lab_Result__c.Test_Code__c".into(), "Lab_Result__c.Result_Value__c".into()],
            to: Destination::Party("northlab".into()),
            by: "WorkflowOutboundMessage:Lab_Result__c.Send".into(),
            place: place(),
            confidence: Confidence::High,
        },
        FoundFlow {
            fields: vec!["Account.SSN__c".into()],
            to: Destination::Host("collect.stranger.example".into()),
            by: "Flow:Collect".into(),
            place: place(),
            confidence: Confidence::High,
        },
        FoundFlow {
            fields: Vec::new(),
            to: Destination::Email,
            by: "EmailTemplate:Results".into(),
            place: place(),
            confidence: Confidence::Medium,
        },
    ];
    clinic
}
