//! A bundle of a made-up clinic, in the shapes of real ones.

use source::Source;

use crate::{Policy, read};

pub(super) const PHIWARD: &str = "\
version: 1
organisation: {name: Harbor Health, roles: [covered-entity, controller]}
regions: [us, eu]
approvers:
  required: 2
  people:
    - {id: mara-voss, name: Mara Voss, role: privacy-officer}
    - {id: sam-ito, name: Sam Ito, role: security-officer}
    - {id: lena-roth, name: Lena Roth, role: compliance}
defaults: {unclassified: internal, exception_days: 180}
retention:
  - {what: policy-documents, floor: P6Y, source: {kind: statute, cite: \"45 CFR 164.316(b)(2)(i)\"}}
cryptoperiods:
  - {keys: data, ceiling: P1Y, source: {kind: choice, by: security-committee, on: 2026-01-12}}
ceilings:
  - id: emergency
    who: [nurse]
    actions: [read]
    classes: [phi, phi-sensitive]
    purposes: [treatment]
    lasting: PT4H
    approvals: 1
    emergency: true
";

pub(super) const CLASSIFICATION: &str = "\
objects:
  Account:
    when: IsPersonAccount
    subject: self
    region: Data_Region__pc
    default: {class: internal}
    fields:
      SSN__pc: {class: phi, identifier: ssn, protect: both, search: equality, mask: last4, index: {field: SSN_Digest__pc, values: 1000000}}
      PersonEmail: {class: pii, identifier: email}
      Website: {class: public}
  HealthCondition:
    subject: PatientId
    region: Patient.Data_Region__pc
    default: {class: phi, identifier: clinical}
    fields:
      Note__c: {class: phi-sensitive, tags: [psychotherapy], protect: platform}
      Substance__c: {class: phi-sensitive, tags: [part2]}
";

pub(super) const PARTIES: &str = "\
parties:
  - id: northlab
    name: North Lab GmbH
    role: [business-associate, processor]
    regions: [eu]
    endpoints:
      - {named_credential: NorthLab}
      - {url: \"https://api.northlab.example/v2/*\"}
      - {host: \"*.northlab.example\"}
    packages: [northlab_ns]
    connected_apps: [NorthLab_Connector]
    agreements:
      - {kind: baa, effective: 2025-03-01, expires: 2027-03-01, classes: [phi, phi-sensitive], purposes: [operations]}
      - {kind: dpa, effective: 2025-03-01, transfer: none-needed}
  - id: billco
    role: [business-associate]
    regions: [us]
    agreements:
      - {kind: baa, effective: 2024-01-01, expires: 2026-01-31, purposes: [payment]}
  - id: st-mary
    role: [provider, controller]
    regions: [us, eu]
  - id: cloudmind
    role: [business-associate]
    regions: [us]
    agreements: [{kind: baa, effective: 2025-01-01}]
";

pub(super) const IDENTITIES: &str = "\
identities:
  - id: ehr-sync
    kind: integration
    party: northlab
    salesforce: {users: [ehr.sync@harbor.example], profiles: [EHR Sync], permission_sets: [EHR_Sync]}
    networks: [10.2.0.0/16]
    purposes: [operations, treatment]
  - {id: billing, kind: integration, purposes: [payment]}
  - {id: nurse, kind: role, purposes: [treatment]}
audiences:
  - {id: guest, kind: guest, profiles: [Harbor Portal Profile]}
  - {id: patients, kind: portal}
";

pub(super) const FLOWS: &str = "\
flows:
  - {id: lab-quality, from: [HealthCondition.Code], to: northlab, by: ehr-sync, purpose: operations, ground: baa, region: same-as-subject}
  - {id: claims, from: [Account.SSN__pc, \"HealthCondition.*\"], to: billco, by: billing, purpose: payment, ground: baa, region: any}
  - {id: referral, from: [HealthCondition.Code], to: st-mary, purpose: treatment, ground: [treatment-provider, gdpr-6-1-b, gdpr-9-2-h], region: same-as-subject}
  - {id: summary, from: [HealthCondition.Code], to: visit-summary, by: nurse, purpose: treatment, ground: baa, region: [us]}
models:
  - {id: visit-summary, provider: cloudmind, region: us, purposes: [treatment], classes: [phi], approvals: [{by: mara-voss, on: 2026-02-01}]}
";

pub(super) fn files(files: &[(&str, &str)]) -> Vec<Source> {
    files.iter().map(|(path, text)| Source::new(*path, *text)).collect()
}

pub(super) const FILES: &[(&str, &str)] = &[
    ("classification/patients.yaml", CLASSIFICATION),
    ("flows.yaml", FLOWS),
    ("identities.yaml", IDENTITIES),
    ("parties.yaml", PARTIES),
    ("phiward.yaml", PHIWARD),
];

/// The sample, read without an error.
pub(super) fn policy() -> Policy {
    with(&[])
}

/// The sample with more files.
pub(super) fn with(more: &[(&str, &str)]) -> Policy {
    let mut all = files(FILES);
    all.extend(files(more));
    let (policy, problems) = read(all);
    let errors: Vec<_> = problems.iter().filter(|p| p.severity == source::Severity::Error).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    policy
}
