//! The controls of the Security Benchmark for Salesforce, by id and title, so that a rule's ids can be checked and
//! shown in words.
//!
//! Source: *Security Benchmark for Salesforce*, controls at a glance, as of 2026-02-23 (CC BY-SA 4.0,
//! github.com/scottbcovert/salesforce-security-benchmark-docs-site). That page counts 45 and lists these. The benchmark
//! is no law and stands beside the control catalogue.

/// Id and title, by id.
pub static CONTROLS: &[(&str, &str)] = &[
    ("SBS-ACS-001", "Enforce a Documented Permission Set Model"),
    ("SBS-ACS-002", "Documented Justification for All API-Enabled Authorizations"),
    ("SBS-ACS-003", "Documented Justification for Approve Uninstalled Connected Apps Permission"),
    ("SBS-ACS-004", "Documented Justification for All Super Admin–Equivalent Users"),
    ("SBS-ACS-005", "Only Use Custom Profiles for Active Users"),
    ("SBS-ACS-006", "Documented Justification for Use Any API Client Permission"),
    ("SBS-ACS-007", "Maintain Inventory of Non-Human Identities"),
    ("SBS-ACS-008", "Restrict Broad Privileges for Non-Human Identities"),
    ("SBS-ACS-009", "Implement Compensating Controls for Privileged Non-Human Identities"),
    ("SBS-ACS-010", "Enforce Periodic Access Review and Recertification"),
    ("SBS-ACS-011", "Enforce Governance of Access and Authorization Changes"),
    ("SBS-ACS-012", "Classify Users for Login Hours Restrictions"),
    ("SBS-AUTH-001", "Enable Organization-Wide SSO Enforcement Setting"),
    ("SBS-AUTH-002", "Govern and Document All Users Permitted to Bypass Single Sign-On"),
    ("SBS-AUTH-003", "Prohibit Broad or Unrestricted Profile Login IP Ranges"),
    (
        "SBS-AUTH-004",
        "Enforce Strong Multi-Factor Authentication for External Users with Substantial Access to Sensitive Data",
    ),
    ("SBS-CODE-001", "Mandatory Peer Review for Salesforce Code Changes"),
    ("SBS-CODE-002", "Pre-Merge Static Code Analysis for Apex and LWC"),
    ("SBS-CODE-003", "Implement Persistent Apex Application Logging"),
    ("SBS-CODE-004", "Prevent Sensitive Data in Application Logs"),
    ("SBS-CPORTAL-001", "Prevent Parameter-Based Record Access in Portal Apex"),
    ("SBS-CPORTAL-002", "Restrict Guest User Record Access"),
    ("SBS-CPORTAL-003", "Inventory Portal-Exposed Apex Classes and Flows"),
    ("SBS-CPORTAL-004", "Prevent Parameter-Based Record Access in Portal-Exposed Flows"),
    ("SBS-CPORTAL-005", "Conduct Penetration Testing for Portal Security"),
    ("SBS-DATA-001", "Implement Mechanisms to Detect Regulated Data in Long Text Area Fields"),
    ("SBS-DATA-002", "Maintain an Inventory of Long Text Area Fields Containing Regulated Data"),
    ("SBS-DATA-003", "Maintain Tested Backup and Recovery for Salesforce Data and Metadata"),
    ("SBS-DATA-004", "Require Field History Tracking for Sensitive Fields"),
    ("SBS-DEP-001", "Require a Designated Deployment Identity for Metadata Changes"),
    (
        "SBS-DEP-002",
        "Establish and Maintain a List of High-Risk Metadata Types Prohibited from Direct Production Editing",
    ),
    ("SBS-DEP-003", "Monitor and Alert on Unauthorized Modifications to High-Risk Metadata"),
    ("SBS-DEP-004", "Establish Source-Driven Development Process"),
    ("SBS-DEP-005", "Implement Secret Scanning for Salesforce Source Repositories"),
    ("SBS-DEP-006", "Configure Salesforce CLI Connected App with Token Expiration Policies"),
    ("SBS-FDNS-001", "Centralized Security System of Record"),
    ("SBS-FILE-001", "Require Expiry Dates on Public Content Links"),
    ("SBS-FILE-002", "Require Passwords on Public Content Links for Sensitive Content"),
    ("SBS-FILE-003", "Periodic Review and Cleanup of Public Content Links"),
    ("SBS-INT-001", "Enforce Governance of Browser Extensions Accessing Salesforce"),
    ("SBS-INT-002", "Inventory and Justification of Remote Site Settings"),
    ("SBS-INT-003", "Inventory and Justification of Named Credentials"),
    ("SBS-INT-004", "Retain API Total Usage Event Logs for 30 Days"),
    ("SBS-OAUTH-001", "Require Formal Installation and Access Governance for Connected Apps"),
    ("SBS-OAUTH-002", "Inventory and Criticality Classification of OAuth-Enabled Connected Apps"),
    ("SBS-OAUTH-003", "Due Diligence Documentation for High-Risk Connected App Vendors"),
    ("SBS-SECCONF-001", "Establish a Salesforce Health Check Baseline"),
    ("SBS-SECCONF-002", "Review and Remediate Salesforce Health Check Deviations"),
];

/// The title of a control.
pub fn title(id: &str) -> Option<&'static str> {
    CONTROLS.iter().find(|(known, _)| *known == id).map(|(_, title)| *title)
}
