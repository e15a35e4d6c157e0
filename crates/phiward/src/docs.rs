//! Pages that are generated from the code, for `docs/`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use clap::CommandFactory;
use journal::Severity;
use scan::RULES;

use crate::arguments::{Arguments, Page};
use crate::{Verdict, files};

pub(crate) fn run(page: Page) -> Result<Verdict, String> {
    let text = match page {
        Page::Rules => rules(),
        Page::Commands => commands(),
        Page::Controls => controls(),
    };
    files::print(text.map_err(|error| error.to_string())?.as_bytes())?;
    Ok(Verdict::InOrder)
}

const GENERATED: &str = "<!-- Written by `cargo xtask docs`; change the code, not this page. -->\n\n";

fn rules() -> Result<String, std::fmt::Error> {
    let mut page = format!("{GENERATED}# Rules\n\n## What a severity means\n\n");
    writeln!(
        page,
        "A severity says what is at stake if the finding is right, whatever the size of the org; how sure the rule is, is the confidence. The table below has the severity with which a rule begins. Each finding has its own, and says in its message why it is less.\n"
    )?;
    writeln!(page, "| severity | meaning |\n|---|---|")?;
    for severity in Severity::ALL {
        writeln!(page, "| {severity} | {} |", severity.meaning())?;
    }
    writeln!(page, "\n## All rules\n")?;
    writeln!(page, "| rule | severity | confidence | for | what it finds |\n|---|---|---|---|---|")?;
    for rule in RULES {
        let meta = rule.meta;
        let (id, title) = (rule.id, meta.title);
        writeln!(
            page,
            "| [{id}](#{id}) | {} | {} | {} | {title} |",
            meta.severity, meta.confidence, meta.persona
        )?;
    }
    let catalogue = policy::controls::catalogue();
    for rule in RULES {
        // The page's own headings stand one level below the rule's.
        let body: String = rule
            .page()
            .lines()
            .filter(|line| !line.starts_with("# "))
            .map(|line| if line.starts_with('#') { format!("#{line}\n") } else { format!("{line}\n") })
            .collect();
        writeln!(page, "\n## {}\n\n**{}.**\n\n{}", rule.id, rule.meta.title, body.trim())?;
        writeln!(page, "\n### Controls\n")?;
        for id in rule.meta.controls {
            let control = catalogue.control(id);
            let (citation, title) = control.map_or(("", ""), |c| (c.citation.as_str(), c.title.as_str()));
            writeln!(page, "- {citation} (`{id}`): {title}")?;
        }
        for id in rule.meta.sbs {
            let title = scan::benchmark::title(id).unwrap_or_default();
            writeln!(page, "- Security Benchmark for Salesforce (`{id}`): {title}")?;
        }
        if !rule.meta.replaces.is_empty() {
            writeln!(page, "\nTakes the place of `{}`.", rule.meta.replaces.join("`, `"))?;
        }
    }
    Ok(page)
}

fn commands() -> Result<String, std::fmt::Error> {
    let mut page = format!("{GENERATED}# Commands\n");
    let mut command = Arguments::command().term_width(100);
    command.build();
    help_of(&mut command, "phiward", &mut page)?;
    Ok(page)
}

fn help_of(command: &mut clap::Command, path: &str, page: &mut String) -> std::fmt::Result {
    writeln!(page, "\n## {path}\n\n```text\n{}\n```", command.render_long_help().to_string().trim_end())?;
    let names: Vec<String> = command
        .get_subcommands()
        .filter(|sub| !sub.is_hide_set() && sub.get_name() != "help")
        .map(|sub| sub.get_name().to_owned())
        .collect();
    for name in names {
        if let Some(sub) = command.find_subcommand_mut(&name) {
            help_of(sub, &format!("{path} {name}"), page)?;
        }
    }
    Ok(())
}

fn controls() -> Result<String, std::fmt::Error> {
    let mut served: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for rule in RULES {
        for id in rule.meta.controls {
            served.entry(id).or_default().push(rule.id);
        }
    }
    let catalogue = policy::controls::catalogue();
    let mut page = format!("{GENERATED}# Controls\n\n");
    writeln!(
        page,
        "Which items of the control catalogue the rules serve, and which nothing serves yet. *Checked* says how far\n\
         our wording was held against the law: text, secondary (a paraphrase was seen) or unchecked.\n"
    )?;
    writeln!(page, "| framework | status | items | served by a rule |\n|---|---|---|---|")?;
    for framework in &catalogue.frameworks {
        let count = framework.controls.iter().filter(|c| served.contains_key(c.id.as_str())).count();
        writeln!(
            page,
            "| {} | {:?} | {} | {count} |",
            framework.name,
            framework.status,
            framework.controls.len()
        )?;
    }
    for framework in &catalogue.frameworks {
        writeln!(page, "\n## {}\n\n{}\n", framework.name, framework.source)?;
        writeln!(page, "| control | asks | rules | or served by | checked |\n|---|---|---|---|---|")?;
        for control in &framework.controls {
            let rules = served
                .get(control.id.as_str())
                .map_or_else(|| "none yet".to_owned(), |rules| rules.join(", "));
            let requirement = control.requirement.as_deref().map(|r| format!(" ({r})")).unwrap_or_default();
            writeln!(
                page,
                "| {}<br>`{}` | {}{requirement} | {rules} | {} | {} |",
                control.citation,
                control.id,
                control.title.replace('|', "\\|"),
                control.rooms.join(", "),
                control.checked,
            )?;
        }
    }
    Ok(page)
}
