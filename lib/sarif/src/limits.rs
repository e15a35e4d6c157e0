use crate::Log;

/// What GitHub's code scanning accepts of one upload ("SARIF results exceed one or more limits", GitHub Docs):
/// more than these is refused, or cut to the most severe.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub runs: usize,
    pub results_per_run: usize,
    pub results_shown: usize,
    pub rules_per_run: usize,
    pub locations_per_result: usize,
    pub tags_per_rule: usize,
    pub gzipped_bytes: usize,
}

impl Limits {
    pub const GITHUB: Limits = Limits {
        runs: 20,
        results_per_run: 25_000,
        results_shown: 5_000,
        rules_per_run: 25_000,
        locations_per_result: 1_000,
        tags_per_rule: 20,
        gzipped_bytes: 10_000_000,
    };
}

/// A limit that a log is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Over {
    pub what: &'static str,
    pub limit: usize,
    pub found: usize,
}

impl Log {
    /// Every limit that this log is over. The gzipped size is not judged here: it needs the written bytes.
    pub fn limits(&self, limits: Limits) -> Vec<Over> {
        let mut over = Vec::new();
        let mut judge = |what, limit, found| {
            if found > limit {
                over.push(Over { what, limit, found });
            }
        };
        judge("runs", limits.runs, self.runs.len());
        for run in &self.runs {
            judge("results", limits.results_per_run, run.results.len());
            judge("rules", limits.rules_per_run, run.tool.driver.rules.len());
            for rule in &run.tool.driver.rules {
                let tags = rule.properties.get("tags").and_then(|tags| tags.as_array()).map_or(0, Vec::len);
                judge("tags of a rule", limits.tags_per_rule, tags);
            }
            let locations = run.results.iter().map(|result| result.locations.len()).max().unwrap_or(0);
            judge("locations of a result", limits.locations_per_result, locations);
        }
        over
    }
}
