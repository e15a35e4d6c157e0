//! The files of an audit, as a reader and a machine meet them.

use std::collections::BTreeSet;

use journal::Gap;
use serde_json::Value;

use crate::clinic::{Clinic, example, flawed};

#[test]
fn the_same_input_gives_the_same_bytes() {
    assert_eq!(flawed().documents(), flawed().documents());
}

#[test]
fn nothing_comes_from_elsewhere_and_every_link_leads_somewhere() {
    let clinic = flawed();
    let page = clinic.text("index.html");
    let names: BTreeSet<&str> = clinic.documents().iter().map(|document| document.name).collect();
    assert!(!page.contains("<script") && !page.contains(" style=\"") && !page.contains("<link"));
    assert!(!page.contains("src=\"") && !page.contains("url(") && !page.contains("@import"));
    assert!(page.contains("default-src 'none'; style-src 'sha256-"));
    for link in page.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        match link.strip_prefix('#') {
            Some(id) => assert_eq!(page.matches(&format!(" id=\"{id}\"")).count(), 1, "#{id}"),
            None => assert!(names.contains(link), "{link}"),
        }
    }
    let ids: Vec<&str> = page.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    assert_eq!(ids.len(), ids.iter().collect::<BTreeSet<_>>().len(), "ids are unique");
    for label in page.split("aria-labelledby=\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(label.split(' ').all(|id| ids.contains(&id)), "{label}");
    }
}

#[test]
fn headings_go_down_by_one() {
    let page = flawed().text("index.html");
    let levels: Vec<u32> =
        page.match_indices("<h").filter_map(|(at, _)| page[at + 2..].chars().next()?.to_digit(10)).collect();
    assert_eq!(levels.first(), Some(&1));
    assert_eq!(levels.iter().filter(|level| **level == 1).count(), 1);
    assert!(levels.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{levels:?}");
    assert!(levels.len() > 20);
}

#[test]
fn every_table_has_a_caption_and_its_headers_a_scope() {
    let page = flawed().text("index.html");
    assert!(page.matches("<table").count() > 8);
    assert_eq!(page.matches("<table").count(), page.matches("<caption").count());
    for header in page.split("<th").skip(1).filter(|rest| !rest.starts_with("ead")) {
        assert!(header.split('>').next().unwrap().contains("scope="), "{header:.60}");
    }
    assert_eq!(page.matches("class=\"scroll").count(), page.matches("tabindex=\"0\"").count());
}

#[test]
fn the_summary_says_what_was_read_and_what_to_do_first() {
    let page = flawed().text("index.html");
    let summary = page.split("id=\"summary\"").nth(1).unwrap().split("</section>").next().unwrap();
    assert!(summary.contains("<b>9</b>critical") && summary.contains("<b>20</b>medium"));
    assert!(summary.contains("32 findings in 24 causes count."));
    assert!(summary.contains("2 more are accepted or set aside."));
    assert_eq!(summary.matches("See this finding").count(), 3);
    let first = summary.find("#rule-guest-can-read-phi").unwrap();
    assert!(first < summary.find("#rule-agreement-expired").unwrap(), "the worst comes first");
    assert!(page.contains("2026-11-21, 10:20 UTC"));
}

#[test]
fn findings_stand_by_cause_and_accepted_ones_apart() {
    let page = flawed().text("index.html");
    let findings = page.split("id=\"findings\"").nth(1).unwrap().split("</section>").next().unwrap();
    let (counting, aside) = findings.split_once("id=\"accepted\"").unwrap();
    assert!(counting.contains("profiles/Harbor Portal Profile/0.xml:12"));
    assert!(counting.contains("and 3 more in <a href=\"findings.csv\">"), "nine places, six shown");
    assert!(counting.contains("45 CFR 164.312(a)(1)"));
    assert!(counting.contains("<code>Account.SSN__c</code>"));
    assert!(!counting.contains("reports/R0"));
    assert!(aside.contains("mara-voss") && aside.contains("2027-01-10"));
    assert!(aside.contains("nobody") && aside.contains("comment beside the line"));
    let table = flawed().text("findings.csv");
    assert_eq!(table.lines().count(), 1 + 34);
}

#[test]
fn statuses_follow_from_the_findings() {
    let controls: Value = serde_json::from_str(&flawed().text("controls.json")).unwrap();
    let of = |id: &str| {
        controls["controls"].as_array().unwrap().iter().find(|one| one["id"] == id).unwrap().clone()
    };
    let access = of("hipaa-sec-312a1");
    assert_eq!(access["state"], "not-met");
    assert_eq!(access["code"]["state"], "not-met");
    assert_eq!(access["findings"].as_array().unwrap().len(), 9);
    assert_eq!(access["people"]["state"], "unknown");
    assert_eq!(access["evidence"], "evidence.json");
    let accepted = of("hipaa-sec-310d1");
    assert_eq!(accepted["code"]["state"], "accepted");
    assert_eq!(accepted["people"]["reasons"][0], "accepted by mara-voss until 2027-01-10");
    assert_eq!(of("hipaa-sec-312c1")["code"]["state"], "unknown", "a comment is nobody's acceptance");
    assert_eq!(controls["controls"].as_array().unwrap().len(), 671);
    let met =
        controls["controls"].as_array().unwrap().iter().filter(|one| one["code"]["state"] == "met-in-source");
    assert!(met.clone().all(|one| one["judged"].as_u64().unwrap() > 0), "nothing is met without a judgement");
}

#[test]
fn the_evidence_is_canonical() {
    let text = flawed().text("evidence.json");
    let value: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(journal::canonical::bytes(&value).unwrap(), text.as_bytes());
    assert_eq!(value["outcome"], "findings");
    assert_eq!(value["kind"], "source-scan");
    assert_eq!(value["collected_at"], "2026-11-21T10:20:00Z");
    assert!(value["digest"].as_str().unwrap().starts_with("sha256:"));
}

#[test]
fn flows_are_held_against_the_bundle_field_by_field() {
    let table = flawed().text("flows.csv");
    let line = |start: &str| {
        table
            .lines()
            .find(|line| line.starts_with(start))
            .unwrap_or_else(|| panic!("{start}: {table}"))
            .to_owned()
    };
    let orders = line("\"lab-orders\"");
    assert!(orders.contains("\"declared and found\""), "{orders}");
    let extra = line("\"WorkflowOutboundMessage:Lab_Result__c.Send\"");
    assert!(
        extra.contains("\"found, not declared\"") && extra.contains("\"Lab_Result__c.Result_Value__c\""),
        "{extra}"
    );
    assert!(line("\"Flow:Collect\"").contains("undeclared host"));
    let svg = flawed().text("flows.svg");
    assert!(svg.contains("[found, not declared]") && svg.contains(">collect.stranger."), "wrapped");
    assert!(line("\"EmailTemplate:Results\"").contains("\"unknown\""), "which fields go is not told");
}

#[test]
fn the_record_of_processing_says_what_is_unknown() {
    let table = flawed().text("ropa.csv");
    let rows: Vec<&str> = table.lines().collect();
    assert!(rows[0].contains("(a) Controller") && rows[0].contains("(g) Security measures"));
    assert!(rows[1].contains("Keeping records in the Salesforce org"));
    let orders = rows.iter().find(|row| row.starts_with("\"lab-orders\"")).unwrap();
    assert!(orders.contains("\"treatment\"") && orders.contains("data concerning health, Art. 9"));
    assert!(table.contains("unknown: fill in when these records are erased"));
}

#[test]
fn who_sees_what_names_every_container() {
    let table = flawed().text("who-sees-what.csv");
    assert!(table.lines().count() > 40);
    let guests = table.lines().find(|row| row.contains("\"guests\"") && row.contains("\"yes\"")).unwrap();
    assert!(guests.contains("-meta.xml:"), "the row that gives it is named: {guests}");
    assert!(table.contains("\"unknown\""), "nobody asked the org who its users are");
    assert!(flawed().text("index.html").contains("From source only, without assignments."));
}

#[test]
fn the_plan_has_four_stages_with_dates() {
    let page = flawed().text("index.html");
    let plan = page.split("id=\"plan\"").nth(1).unwrap().split("</section>").next().unwrap();
    let at = |text: &str| plan.find(text).unwrap_or_else(|| panic!("{text}"));
    let stages = [
        "Within 30 days, by 2026-12-21",
        "Within 60 days, by 2027-01-20",
        "Within 90 days, by 2027-02-19",
        "Within 120 days, by 2027-03-21",
    ];
    assert!(stages.windows(2).all(|pair| at(pair[0]) < at(pair[1])));
    assert!(at("rule-guest-can-read-phi") < at(stages[1]), "critical within 30 days");
    assert!(at("Decide anew on what was accepted") > at(stages[1]), "accepted until January");
}

#[test]
fn a_mended_clinic_is_written_too() {
    let clinic = Clinic::read(&example("mended"), "harbor-health");
    assert_eq!(clinic.documents().len(), 9);
    let evidence = |clinic: &Clinic| serde_json::from_str::<Value>(&clinic.text("evidence.json")).unwrap();
    let findings = |evidence: &Value| {
        let counts = evidence["counts"].as_array().unwrap().iter();
        counts
            .filter(|count| count["of"] == "findings")
            .map(|count| count["number"].as_u64().unwrap())
            .sum::<u64>()
    };
    let flawed = Clinic::read(&example("flawed"), "harbor-health");
    assert!(findings(&evidence(&clinic)) < findings(&evidence(&flawed)), "what was mended is gone");
}

#[test]
fn without_a_bundle_nothing_is_called_undeclared_and_nothing_is_invented() {
    let mut clinic = Clinic::read(&example("flawed"), "harbor-health");
    clinic.policy = policy::Policy::empty();
    clinic.report.policy_digest = None;
    for flow in &mut clinic.report.flows {
        flow.to = scan::Destination::Host("collect.stranger.example".into());
    }
    let page = clinic.text("index.html");
    assert!(page.contains("There is no policy bundle yet"));
    assert!(!page.contains("found, not declared") && page.contains("found in the source"));
    let record = clinic.text("ropa.csv");
    assert!(record.contains("unknown: fill in name and contact of the controller"));
    assert!(!record.contains("Harbor Health"));
}

#[test]
fn a_file_that_could_not_be_read_leaves_no_control_met() {
    let mut clinic = Clinic::read(&example("mended"), "harbor-health");
    let met = |clinic: &Clinic| {
        let controls: Value = serde_json::from_str(&clinic.text("controls.json")).unwrap();
        let all = controls["controls"].as_array().unwrap().clone();
        all.into_iter().filter(|one| one["code"]["state"] == "met-in-source").collect::<Vec<_>>()
    };
    assert!(!met(&clinic).is_empty());
    let path = "force-app/main/default/objects/Account/Account.object-meta.xml";
    clinic.report.problems.push(source::Problem::new(
        source::Severity::Error,
        "malformed-xml",
        path,
        "the file ends inside `CustomObject`",
    ));
    assert_eq!(met(&clinic), [] as [Value; 0]);
    assert!(clinic.text("controls.json").contains(&format!("could not be read in full: `{path}`")));
    let page = clinic.text("index.html");
    assert!(page.contains("ends inside <code>CustomObject</code>"), "names show as code");
}

#[test]
fn access_is_not_met_while_profiles_of_the_org_are_not_in_the_source() {
    let clinic = Clinic::read(&example("mended"), "harbor-health");
    let controls: Value = serde_json::from_str(&clinic.text("controls.json")).unwrap();
    let on_access: BTreeSet<&str> =
        scan::RULES.iter().filter(|rule| rule.meta.tags.contains(&"access")).map(|rule| rule.id).collect();
    let about_access = controls["controls"].as_array().unwrap().iter().filter(|one| {
        one["rules"].as_array().unwrap().iter().any(|rule| on_access.contains(rule.as_str().unwrap()))
    });
    let reason = "profiles of the org that are not in the source: `Admin`";
    assert!(about_access.clone().count() >= 10);
    for one in about_access {
        assert_eq!(one["code"]["state"], "unknown", "{one}");
        assert!(one["code"]["reasons"].to_string().contains(reason), "{one}");
    }
    let page = clinic.text("index.html");
    let method = page.split("id=\"method\"").nth(1).unwrap();
    assert!(method.contains("standard profiles") && method.contains("<code>Admin</code>"));
    let summary = page.split("id=\"summary\"").nth(1).unwrap().split("</section>").next().unwrap();
    assert!(summary.contains("Profiles of the org that are not in the source"));
}

#[test]
fn backticks_are_for_the_page_alone() {
    let clinic = Clinic::read(&example("flawed"), "harbor-health");
    for name in ["flows.svg", "flows.csv", "findings.csv", "ropa.csv", "who-sees-what.csv"] {
        assert!(!clinic.text(name).contains('`'), "{name}");
    }
    let page = clinic.text("index.html");
    assert!(!page.contains('`'), "{}", &page[page.find('`').unwrap() - 200..][..300]);
}

#[test]
fn many_unknowns_and_many_fields_stay_readable() {
    let mut clinic = flawed();
    clinic.report.gaps = (0..400)
        .map(|at| Gap {
            rule: if at % 2 == 0 { "phi-in-email-template" } else { "endpoint-needs-declaration" },
            missing: format!("the text of `Template_{at:03}`"),
            complete_with: format!("retrieve `EmailTemplate:Template_{at:03}`"),
        })
        .collect();
    let some = clinic.report.fields.iter().find(|field| field.verdict.is_phi()).unwrap().clone();
    clinic.report.fields.extend((0..2000).map(|at| scan::ClassifiedField {
        object: format!("Object_{}__c", at / 20),
        field: format!("Field_{at}__c"),
        ..some.clone()
    }));
    let page = clinic.text("index.html");
    let section = |id: &str| {
        page.split(&format!("id=\"{id}\"")).nth(1).unwrap().split("</section>").next().unwrap().to_owned()
    };
    let summary = section("summary");
    assert!(summary.matches("<li").count() < 30, "{}", summary.matches("<li").count());
    assert!(summary.contains("200 unknown"));
    let method = section("method");
    assert!(method.contains("<details") && method.contains("200 unknown"));
    let data = section("data");
    assert!(data.matches("<details open").count() <= 3);
    assert!(data.matches("<tr>").count() < 1000, "{}", data.matches("<tr>").count());
    assert!(data.contains("who-sees-what.csv"), "the rest is in the table");
    let table = clinic.text("who-sees-what.csv");
    assert!((0..2000).all(|at| table.contains(&format!("\"Field_{at}__c\""))), "nothing is lost");
}
