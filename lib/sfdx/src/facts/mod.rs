//! What an org was asked: the outputs of the queries in [`need`](crate::need), from a folder.
//!
//! A file is named after its query: `users.json`, or `users.NOTE.json` where one query was put more than once
//! (subscriptions of each owner). JSON is the Salesforce CLI's envelope (`{status, result: {records}}`), the
//! REST API's (`{records, done}`) or a plain array; CSV has the fields' names in its first line.

mod json;
mod rows;
mod table;

use std::collections::BTreeMap;
use std::path::Path;

use source::{FolderLimits, Problem, Severity, Source};

pub use rows::{
    Assignment, GroupMember, Login, Organisation, Package, ReportName, Row, SharingModel, Subscription,
    Token, UsedApp, User,
};

use crate::need::Query;

/// Larger outputs are refused: split the query.
pub const FILE_LIMIT: u64 = 256 << 20;

/// Of values in all outputs of a folder together.
const VALUES_LIMIT: usize = 20_000_000;

/// All outputs of a folder. The default is no folder: everything unknown.
#[derive(Default)]
pub struct Facts {
    tables: BTreeMap<&'static str, Table>,
    problems: Vec<Problem>,
}

/// The rows of one query.
#[derive(Default)]
struct Table {
    rows: Vec<Row>,
    /// What the org says that it counted.
    total: Option<u64>,
    cut: bool,
    paths: Vec<String>,
}

/// Reads the outputs in `folder`, `*.json` and `*.csv`. Paths of problems are relative to it. The error is that
/// the folder cannot be listed.
pub fn read_facts(folder: &Path) -> std::io::Result<Facts> {
    let limits = FolderLimits { files: 10_000, bytes_per_file: FILE_LIMIT, bytes: 1 << 30, depth: 1 };
    let (sources, problems) = source::read_folder(folder, &["json", "csv"], limits)?;
    let mut facts = Facts::of(sources);
    facts.problems.extend(problems);
    facts.problems.sort();
    Ok(facts)
}

impl Facts {
    /// Outputs as files of a folder: `users.json`, `logins.csv`.
    pub fn of(sources: Vec<Source>) -> Self {
        let mut facts = Self::default();
        let mut cells = rows::Cells::new(VALUES_LIMIT);
        for source in sources {
            facts.add(&source, &mut cells);
        }
        facts.compare_token_count();
        facts.problems.sort();
        facts
    }

    /// What could not be read or is not complete, sorted.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Whether the folder has a query's output that could be read.
    pub fn has(&self, query: &str) -> bool {
        self.tables.contains_key(query)
    }

    /// Whether a query's output is there and not known to be cut.
    pub fn is_complete(&self, query: &str) -> bool {
        self.tables.get(query).is_some_and(|table| !table.cut)
    }

    /// The files that hold a query's output.
    pub fn paths(&self, query: &str) -> &[String] {
        self.tables.get(query).map(|table| table.paths.as_slice()).unwrap_or_default()
    }

    pub fn rows(&self, query: &str) -> &[Row] {
        self.tables.get(query).map(|table| table.rows.as_slice()).unwrap_or_default()
    }

    pub fn users(&self) -> impl Iterator<Item = User<'_>> {
        self.rows("users").iter().map(User)
    }

    pub fn assignments(&self) -> impl Iterator<Item = Assignment<'_>> {
        self.rows("permission-set-assignments").iter().map(Assignment)
    }

    /// Group and permission set, by API name.
    pub fn permission_set_group_members(&self) -> impl Iterator<Item = (&str, &str)> {
        self.rows("permission-set-group-members")
            .iter()
            .filter_map(|row| row.get("PermissionSetGroup.DeveloperName").zip(row.get("PermissionSet.Name")))
    }

    pub fn tokens(&self) -> impl Iterator<Item = Token<'_>> {
        self.rows("tokens").iter().map(Token)
    }

    pub fn used_apps(&self) -> impl Iterator<Item = UsedApp<'_>> {
        self.rows("connected-apps").iter().map(UsedApp)
    }

    pub fn packages(&self) -> impl Iterator<Item = Package<'_>> {
        self.rows("packages").iter().map(Package)
    }

    pub fn report_names(&self) -> impl Iterator<Item = ReportName<'_>> {
        self.rows("reports").iter().map(ReportName)
    }

    /// Of reports, then of dashboards.
    pub fn subscriptions(&self) -> impl Iterator<Item = Subscription<'_>> {
        self.rows("report-subscriptions").iter().chain(self.rows("dashboard-subscriptions")).map(Subscription)
    }

    pub fn logins(&self) -> impl Iterator<Item = Login<'_>> {
        self.rows("logins").iter().map(Login)
    }

    pub fn group_members(&self) -> impl Iterator<Item = GroupMember<'_>> {
        self.rows("group-members").iter().map(GroupMember)
    }

    pub fn sharing_models(&self) -> impl Iterator<Item = SharingModel<'_>> {
        self.rows("sharing-models").iter().map(SharingModel)
    }

    pub fn organisation(&self) -> Option<Organisation<'_>> {
        self.rows("organisation").first().map(Organisation)
    }

    fn add(&mut self, source: &Source, cells: &mut rows::Cells) {
        let file = source.path();
        let (stem, extension) = file.rsplit_once('.').unwrap_or((file, ""));
        let name = stem.split_once('.').map_or(stem, |(name, _)| name);
        let Some(query) = Query::named(name) else {
            let problem = Problem::new(Severity::Warning, "unknown-facts", file, "no query has this name");
            self.problems
                .push(problem.with_help("name the file as the list of queries does; it was not read"));
            return;
        };
        let read = if extension == "csv" { table::read(source, cells) } else { json::read(source, cells) };
        let output = match read {
            Ok(output) => output,
            Err(problem) => {
                self.problems.push(problem);
                return;
            }
        };
        let counts_only = query.name == "token-count";
        let known = output.total.filter(|_| !counts_only);
        let cut = !output.done || known.is_some_and(|total| total > output.rows.len() as u64);
        if cut {
            let problem = Problem::new(Severity::Error, "query-cut", file, "query result is cut");
            self.problems
                .push(problem.with_help("fetch all rows: raise SF_ORG_MAX_QUERY_LIMIT or split the query"));
        }
        let table = self.tables.entry(query.name).or_default();
        table.rows.extend(output.rows);
        table.total = output.total.or(table.total);
        table.cut |= cut;
        table.paths.push(file.to_owned());
    }

    /// The org returns at most 2,500 tokens and says that it is done.
    fn compare_token_count(&mut self) {
        let counted = self.tables.get("token-count").and_then(|table| {
            let row =
                table.rows.first().and_then(|row| row.get("expr0")).and_then(|count| count.parse().ok());
            row.or(table.total)
        });
        let Some(counted) = counted else {
            return;
        };
        if let Some(tokens) = self.tables.get_mut("tokens")
            && counted > tokens.rows.len() as u64
        {
            tokens.cut = true;
            let path = tokens.paths.first().cloned().unwrap_or_default();
            let message = format!("query result is cut: {} of {counted} tokens", tokens.rows.len());
            let problem = Problem::new(Severity::Error, "query-cut", path, message);
            self.problems.push(problem.with_help("split the query by `UserId` or `AppName`"));
        }
    }
}

impl std::fmt::Debug for Facts {
    /// Without the rows: they name people.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let counts = self.tables.iter().map(|(name, table)| (name, table.rows.len()));
        f.debug_map().entries(counts).finish()
    }
}

#[cfg(test)]
mod tests;
