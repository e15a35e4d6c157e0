use std::collections::BTreeMap;

use scan::Report;

use crate::status::RuleFacts;

/// What the page says of a rule.
#[derive(Debug, Clone)]
pub(crate) struct RuleWords<'a> {
    pub(crate) id: &'a str,
    pub(crate) title: &'a str,
    /// The first paragraph of its page.
    pub(crate) summary: String,
    pub(crate) controls: &'a [&'a str],
    pub(crate) tags: &'a [&'a str],
    /// How many things it looked at; nothing where it did not run.
    pub(crate) judged: Option<usize>,
}

/// The rules that there are, by id.
#[derive(Debug, Default)]
pub(crate) struct Rulebook<'a> {
    rules: BTreeMap<&'a str, RuleWords<'a>>,
    order: Vec<&'a str>,
}

impl<'a> Rulebook<'a> {
    pub(crate) fn new(rules: impl Iterator<Item = RuleWords<'a>>) -> Self {
        let mut this = Self::default();
        for rule in rules {
            this.order.push(rule.id);
            this.rules.insert(rule.id, rule);
        }
        this
    }

    /// The shipped rules, as far as they ran.
    pub(crate) fn shipped(report: &Report) -> Self {
        Self::new(scan::RULES.iter().map(|rule| RuleWords {
            id: rule.id,
            title: rule.meta.title,
            summary: rule.summary(),
            controls: rule.meta.controls,
            tags: rule.meta.tags,
            judged: report.judged.get(rule.id).copied(),
        }))
    }

    /// In the order in which they are listed to people.
    pub(crate) fn rules(&self) -> impl Iterator<Item = &RuleWords<'a>> {
        self.order.iter().filter_map(|id| self.rules.get(id))
    }

    pub(crate) fn title<'b>(&'b self, id: &'b str) -> &'b str {
        self.rules.get(id).map_or(id, |rule| rule.title)
    }

    pub(crate) fn summary(&self, id: &str) -> &str {
        self.rules.get(id).map_or("", |rule| rule.summary.as_str())
    }

    pub(crate) fn facts(&self) -> Vec<RuleFacts<'a>> {
        self.rules()
            .map(|rule| RuleFacts {
                id: rule.id,
                controls: rule.controls,
                tags: rule.tags,
                judged: rule.judged,
            })
            .collect()
    }
}
