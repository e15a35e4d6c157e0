//! What rules and guardrails cite exists, and every rule is whole.

use std::collections::BTreeSet;

use scan::RULES;

#[test]
fn rules_cite_controls_that_exist() {
    let catalogue = policy::controls::catalogue();
    for rule in RULES {
        assert!(!rule.meta.controls.is_empty(), "{} cites no control", rule.id);
        for control in rule.meta.controls {
            assert!(
                catalogue.control(control).is_some(),
                "{} cites `{control}`, which is not there",
                rule.id
            );
        }
        let cited: BTreeSet<_> = rule.meta.controls.iter().collect();
        assert_eq!(cited.len(), rule.meta.controls.len(), "{} cites a control twice", rule.id);
    }
}

#[test]
fn rules_name_controls_of_the_benchmark_that_exist() {
    for rule in RULES {
        for id in rule.meta.sbs {
            assert!(scan::benchmark::title(id).is_some(), "{} names `{id}`, which is not there", rule.id);
        }
        let named: BTreeSet<_> = rule.meta.sbs.iter().collect();
        assert_eq!(named.len(), rule.meta.sbs.len(), "{} names a control twice", rule.id);
    }
    let known: BTreeSet<_> = scan::benchmark::CONTROLS.iter().map(|(id, _)| id).collect();
    assert_eq!(known.len(), scan::benchmark::CONTROLS.len());
}

#[test]
fn every_rule_has_a_page_with_its_parts() {
    for rule in RULES {
        let page = rule.page();
        for part in
            ["# ", "## Why it harms", "## What to change", "## What is not found", "## Seen in the wild"]
        {
            assert!(page.contains(part), "the page of {} has no part `{part}`", rule.id);
        }
        let heading = page.lines().next().and_then(|line| line.strip_prefix("# "));
        assert_eq!(heading, Some(rule.meta.title), "the page of {} is headed otherwise", rule.id);
        assert!(rule.summary().len() > 40, "{} has no summary", rule.id);
        assert!(rule.meta.tags.len() <= 19, "{} has more tags than GitHub takes", rule.id);
    }
}

#[test]
fn ids_are_unique_and_name_the_harm() {
    let ids: BTreeSet<_> = RULES.iter().map(|rule| rule.id).collect();
    assert_eq!(ids.len(), RULES.len());
    for id in ids {
        let plain = id.chars().all(|c| c.is_ascii_lowercase() || c == '-');
        assert!(plain && !id.starts_with("no-") && !id.starts_with("require-"), "{id}");
    }
}
