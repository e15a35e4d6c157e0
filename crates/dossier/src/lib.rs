//! Evidence into pages, diagrams and tables.
//!
//! In comes what a scan said, as inert data; out come the files of an audit, as names and bytes. [`audit`] is a pure
//! function: it reads no file and no clock, and the same input gives the same bytes. What never happens here: no
//! control is called met without something judged behind it, no page fetches anything from elsewhere, and no name
//! of a stranger becomes markup, a formula or syntax.

mod absence;
mod cause;
mod diagram;
mod escape;
mod evidence;
mod exposure;
mod page;
mod picture;
mod plan;
mod record;
mod route;
mod rulebook;
mod status;
mod table;

use jiff::Timestamp;
use jiff::civil::Date;
use policy::Policy;
use scan::Report;
use sfdx::Project;

pub use route::{Place, ToldFlow, ToldReceiver};
use rulebook::Rulebook;

/// What an audit is made from.
#[derive(Debug, Clone, Copy)]
pub struct Audit<'a> {
    /// For the persona `auditor` and from the lowest confidence on: what a scan leaves out cannot be told from what
    /// was fine.
    pub report: &'a Report,
    /// [`Policy::empty`] where there is no bundle.
    pub policy: &'a Policy,
    /// The project that the report is of.
    pub project: &'a Project,
    /// What the org answered, the same as the scan's; the default where it was not asked.
    pub facts: &'a sfdx::Facts,
    /// As people call it.
    pub project_name: &'a str,
    /// The moment of the reading.
    pub generated_at: Timestamp,
    /// The day on which agreements and exceptions are judged, the same as the scan's.
    pub today: Date,
    /// Of Phiward.
    pub version: &'a str,
}

/// A file to be written into the folder of the audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// A plain file name, without folders.
    pub name: &'static str,
    pub bytes: Vec<u8>,
}

/// Why an audit cannot be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuditError {
    #[error("the page cannot be put together")]
    Page(#[from] askama::Error),
    #[error("the evidence has no canonical form")]
    Evidence(#[from] journal::canonical::CanonicalError),
}

/// The files of an audit: the page first, then what it refers to.
///
/// # Errors
///
/// If a count is beyond 2^53, which canonical JSON cannot hold.
pub fn audit(input: &Audit<'_>) -> Result<Vec<Document>, AuditError> {
    documents(input, &Rulebook::shipped(input.report))
}

/// The flows of data about patients, declared, found or both, in the order in which the audit tells them.
pub fn flows(report: &Report, policy: &Policy, today: Date) -> Vec<ToldFlow> {
    route::of(report, policy).iter().map(|route| ToldFlow::of(route, policy, today)).collect()
}

/// The same as a table.
pub fn flow_table(report: &Report, policy: &Policy, today: Date) -> Vec<u8> {
    let routes = route::of(report, policy);
    table::flows(&routes, |route| route::agreements(&route.receiver, policy, today))
}

fn documents(input: &Audit<'_>, rulebook: &Rulebook<'_>) -> Result<Vec<Document>, AuditError> {
    let Audit { report, policy, project, .. } = *input;
    let today = input.today;
    let catalogue = policy::controls::catalogue();

    let phi = scan::phi_fields(report, policy);
    let exposure = exposure::of(project, input.facts, policy, &phi);
    let completeness = absence::completeness(project, input.facts);
    let absences = absence::of(project, report, &completeness);
    let laws = status::Laws::of(policy);
    let standings = status::of(catalogue, &rulebook.facts(), &report.findings, &report.gaps, &absences, laws);
    let groups = cause::groups(report.counting());
    let routes = route::of(report, policy);
    let record = record::of(&routes, record::Facts { report, policy, phi: &phi, today });
    let chart = picture::chart(
        &routes,
        &picture::Facts {
            report,
            policy,
            phi: &phi,
            exposure: &exposure,
            today,
            project: input.project_name,
        },
    );
    let plan = plan::Facts {
        findings: &report.findings,
        gaps: &report.gaps,
        absences: &absences,
        today,
        open_cells: record.open,
    };
    let steps = plan::steps(catalogue, &groups, &plan);
    let page = page::render(&page::Content {
        audit: input,
        rulebook,
        groups: &groups,
        standings: &standings,
        completeness: &completeness,
        absences: &absences,
        exposure: &exposure,
        routes: &routes,
        chart: &chart,
        steps: &steps,
        open_cells: record.open,
    })?;
    let agreements = |route: &route::Route| route::agreements(&route.receiver, policy, today);
    Ok(vec![
        Document::new("index.html", page),
        Document::new("findings.csv", table::findings(&report.findings, catalogue)),
        Document::new("who-sees-what.csv", table::who_sees_what(&exposure)),
        Document::new("flows.svg", diagram::standalone(&chart)),
        Document::new("flows.mmd", diagram::mermaid(&chart)),
        Document::new("flows.csv", table::flows(&routes, agreements)),
        Document::new("ropa.csv", record.into_bytes()),
        Document::new("controls.json", evidence::controls(input, &standings)?),
        Document::new(evidence::EVIDENCE, evidence::statement(input, &standings, &absences)?),
    ])
}
