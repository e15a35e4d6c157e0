//! What methods let out, told through the front door: no rule and no project is needed to ask.

use std::collections::{BTreeMap, BTreeSet};

use apex::{NoSchema, Program, Resolution};
use source::Source;

use crate::{Cap, Exposure, Fields, Given, Graph, Label, Sink, World, follow};

struct Code {
    program: Program,
    resolution: Resolution,
}

/// Classes by name, linked and resolved.
fn code(classes: &[(&str, &str)]) -> Code {
    let sources =
        classes.iter().map(|(name, text)| Source::new(format!("{name}.cls"), (*text).to_owned())).collect();
    let (files, names) = apex::parse(sources);
    let program = apex::link(files, names, &NoSchema);
    let resolution = apex::resolve(&program, &NoSchema);
    Code { program, resolution }
}

impl Code {
    /// Followed with these fields, by their objects, and all classes of one API version.
    fn follow(&self, fields: &[(&str, &str)], version: u32) -> World<'_> {
        let mut followed = Fields::default();
        for (object, field) in fields {
            let name = |text: &str| self.program.names.find(text).unwrap();
            followed.add(name(object), name(field), true);
        }
        let given = Given {
            program: &self.program,
            resolution: &self.resolution,
            schema: &NoSchema,
            fields: followed,
            versions: vec![version; self.program.files.len()],
            metadata: BTreeMap::new(),
            pages: BTreeMap::new(),
            labels: BTreeMap::new(),
            prints_messages: false,
            sanitisers: BTreeSet::from(["clean.masked".to_owned()]),
            leads_to_others: &|name| name.to_lowercase().starts_with("doctor"),
            by_omnistudio: BTreeSet::new(),
        };
        follow(given, &Graph::of(&self.program, &self.resolution))
    }
}

/// What is known to the end: way out, method that lets it out, field.
fn closed(world: &World<'_>) -> Vec<(Sink, String, String)> {
    let mut found = Vec::new();
    for index in 0..world.program.methods.len() {
        let Some(summary) = world.summary(apex::MethodId(u32::try_from(index).unwrap())) else { continue };
        for hit in &summary.closed {
            let Label::Field(field) = hit.label else { continue };
            let (_, field) = world.fields.name(field).unwrap();
            let field = world.program.names.written(field).to_owned();
            found.push((hit.sink, world.program.method_name(hit.at.method), field));
        }
    }
    found
}

const PATIENT: &[(&str, &str)] = &[("Patient__c", "SSN__c")];

#[test]
fn a_callee_is_known_by_its_summary() {
    let code = code(&[
        (
            "Page",
            "public class Page { public void show(Id one) {
                Patient__c p = [SELECT SSN__c FROM Patient__c WHERE Id = :one];
                Log.write('about ' + p.SSN__c);
                Log.write('nothing');
            } }",
        ),
        ("Log", "public class Log { public static void write(String text) { System.debug(text); } }"),
    ]);
    let world = code.follow(PATIENT, 62);
    assert_eq!(closed(&world), [(Sink::Log, "Log.write".to_owned(), "SSN__c".to_owned())]);
    let write = (0..).map(apex::MethodId).find(|id| world.program.method_name(*id) == "Log.write").unwrap();
    let summary = world.summary(write).unwrap();
    assert!(summary.closed.is_empty(), "what a caller passes is the caller's");
    assert!(
        summary.open.iter().any(|hit| matches!(hit.label, Label::Parameter { index: 1, .. })),
        "the text is let out, whatever it is"
    );
}

#[test]
fn what_is_given_decides_what_is_followed() {
    let code = code(&[
        (
            "Page",
            "public class Page { public void show() {
                for (Patient__c p : [SELECT SSN__c, City__c FROM Patient__c]) {
                    System.debug(p.City__c);
                    System.debug(Clean.masked(p.SSN__c));
                }
            } }",
        ),
        ("Clean", "public class Clean { public static String masked(String text) { return text; } }"),
    ]);
    assert_eq!(closed(&code.follow(PATIENT, 62)), [], "what was masked is followed no more");
    let both = [("Patient__c", "SSN__c"), ("Patient__c", "City__c")];
    assert_eq!(closed(&code.follow(&both, 62)), [(Sink::Log, "Page.show".to_owned(), "City__c".to_owned())]);
}

#[test]
fn a_relationship_to_others_is_not_followed() {
    let of = |relation: &str| {
        let text = format!(
            "public class Page {{ public void show(Visit__c v) {{ System.debug(v.{relation}.SSN__c); }} }}"
        );
        let code = code(&[("Page", &text), ("Names", "class Names { Patient__c p; Object o = p.SSN__c; }")]);
        let world = code.follow(PATIENT, 62);
        let show = (0..).map(apex::MethodId).find(|id| world.program.method_name(*id) == "Page.show");
        world.summary(show.unwrap()).unwrap().open.len()
    };
    assert_eq!(of("Patient__r"), 1);
    assert_eq!(of("Doctor__r"), 0);
}

#[test]
fn a_mail_says_to_whom_it_goes_where_the_code_does() {
    let text = |to: &str| {
        format!(
            "public class Page {{ public void tell(Id one) {{
                Patient__c p = [SELECT SSN__c FROM Patient__c WHERE Id = :one];
                Messaging.SingleEmailMessage mail = new Messaging.SingleEmailMessage();
                {to}
                mail.setSubject(p.SSN__c);
                Messaging.sendEmail(new List<Messaging.SingleEmailMessage>{{ mail }});
            }} }}"
        )
    };
    let told = |to: &str| {
        let text = text(to);
        let code = code(&[("Page", &text)]);
        let world = code.follow(PATIENT, 62);
        let summaries = (0..world.program.methods.len()).map(|at| apex::MethodId(u32::try_from(at).unwrap()));
        let hits = summaries.filter_map(|id| world.summary(id)).flat_map(|own| &own.closed);
        let to = hits.filter(|hit| hit.sink == Sink::MailTo).flat_map(|hit| hit.to.constants());
        to.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>()
    };
    assert_eq!(told(""), Vec::<String>::new());
    assert_eq!(
        told("mail.setToAddresses(new List<String>{ UserInfo.getUserEmail() });"),
        Vec::<String>::new()
    );
    assert_eq!(
        told(
            "mail.setToAddresses(new List<String>{ 'a@b.c' }); mail.setCcAddresses(new String[] { 'd@e.f' });"
        ),
        ["a@b.c", "d@e.f"]
    );
    assert_eq!(told("mail.bccAddresses = new String[] { 'a@b.c' };"), ["a@b.c"]);
}

#[test]
fn classes_of_a_late_version_run_as_the_user() {
    let text = "public class Page { @AuraEnabled public static void show() {
        Patient__c p = [SELECT SSN__c FROM Patient__c LIMIT 1];
        System.debug(p.SSN__c);
    } }";
    let code = code(&[("Page", text)]);
    let is_checked = |version: u32| {
        let world = code.follow(PATIENT, version);
        let show =
            (0..).map(apex::MethodId).find(|id| world.program.method_name(*id) == "Page.show").unwrap();
        assert_eq!(world.exposure(show), Some(Exposure::Component));
        let summary = world.summary(show).unwrap();
        summary.closed.iter().any(|hit| crate::has_step(&hit.trace, crate::Did::Checked))
    };
    assert!(!is_checked(66));
    assert!(is_checked(67));
}

/// What `show` lets out of patients that it gets by a helper, and whether that was checked.
fn told_by_helper(helper: &str, show: &str) -> Vec<(String, bool)> {
    let page = format!("public class Page {{ public void show(String id, Boolean any) {{ {show} }} }}");
    let helper = format!("public class Helper {{ {helper} }}");
    let names = "class Names { Patient__c p; Object o = p.SSN__c; Object c = p.City__c; }";
    let code = code(&[("Page", &page), ("Helper", &helper), ("Names", names)]);
    let world = code.follow(&[("Patient__c", "SSN__c"), ("Patient__c", "City__c")], 62);
    let show = (0..).map(apex::MethodId).find(|id| world.program.method_name(*id) == "Page.show").unwrap();
    let hits = world.summary(show).unwrap().closed.iter().filter(|hit| hit.sink == Sink::Log);
    let told = hits.map(|hit| {
        let field = match hit.label {
            Label::Field(field) => world.program.names.written(world.fields.name(field).unwrap().1),
            Label::Record(_) => "all",
            _ => "other",
        };
        (field.to_owned(), crate::has_step(&hit.trace, crate::Did::Checked))
    });
    told.collect::<BTreeSet<_>>().into_iter().collect()
}

fn all_told(fields: &[&str], is_checked: bool) -> Vec<(String, bool)> {
    fields.iter().map(|field| ((*field).to_owned(), is_checked)).collect()
}

/// Puts a query together of what it is passed.
const HELPER: &str = "
    public static List<SObject> ask(String fields, String of, String filter, Boolean asUser) {
        String query = 'SELECT ' + fields + ' FROM ' + of;
        if (!String.isBlank(filter)) { query += ' WHERE ' + filter; }
        if (asUser) { query += ' WITH USER_MODE'; }
        return Database.query(query);
    }
    public static List<SObject> asked(String query, Boolean asUser) {
        if (asUser == true) { query += ' WITH USER_MODE'; }
        return Database.query(query);
    }
    public static List<SObject> select(List<String> fields, String filter) {
        return ask(String.join(fields, ', '), 'Patient__c', filter, false);
    }
    public static List<SObject> ordered(String fields, String filter, String by, Integer many, Boolean asUser) {
        String query = 'SELECT ' + fields + ' FROM Patient__c';
        if (filter != null) { query += ' WHERE ' + filter; }
        if (asUser) { query += ' WITH USER_MODE'; }
        if (by != null) { query += ' ORDER BY ' + by; }
        if (many > 0) { query += ' LIMIT ' + many; }
        return Database.query(query);
    }
    public static SObject one(String fields, Boolean asUser) {
        List<SObject> all = ask(fields, 'Patient__c', 'Name != null', asUser);
        return all.isEmpty() ? null : all[0];
    }
    public static List<SObject> cleaned(String fields) {
        List<SObject> all = ask(fields, 'Patient__c', null, false);
        return Security.stripInaccessible(AccessType.READABLE, all).getRecords();
    }
    public static List<SObject> at(String query, AccessLevel level) { return Database.query(query, level); }
    public static List<SObject> byLevel(String fields, Boolean asSystem) {
        return at('SELECT ' + fields + ' FROM Patient__c', asSystem ? AccessLevel.SYSTEM_MODE : AccessLevel.USER_MODE);
    }
    public static List<Patient__c> more(String fields) {
        List<Patient__c> all = Database.query('SELECT City__c, ' + fields + ' FROM Patient__c');
        all[0].City__c = 'none';
        return all;
    }
";

#[test]
fn a_helper_asks_for_what_its_caller_names() {
    let told = |call: &str| {
        let show = format!("List<Patient__c> all = (List<Patient__c>) {call}; System.debug(all);");
        told_by_helper(HELPER, &show)
    };
    assert_eq!(told("Helper.ask('Id, SSN__c', 'Patient__c', null, false)"), all_told(&["SSN__c"], false));
    assert_eq!(told("Helper.ask('Id', 'Patient__c', 'SSN__c = :id', false)"), []);
    assert_eq!(
        told("Helper.asked('SELECT City__c FROM Patient__c WHERE Id = ' + id, any)"),
        all_told(&["City__c"], false)
    );
    assert_eq!(told("Helper.select(new List<String>{'Id', 'City__c'}, null)"), all_told(&["City__c"], false));
    assert_eq!(told("Helper.select(new List<String>{'Id', id}, null)"), all_told(&["all"], false));
    let ordered = |flag: &str| told(&format!("Helper.ordered('SSN__c, Id', id, id, 5, {flag})"));
    assert_eq!(ordered("true"), all_told(&["SSN__c"], true), "of many texts what they have in common");
    assert_eq!(ordered("false"), all_told(&["SSN__c"], false));
    assert_eq!(ordered("any"), all_told(&["SSN__c"], false));
    let put_together = "List<String> own = new List<String>{'Id'}; own.add('Name');
        Set<String> more = new Set<String>(); if (any) { more.add('SSN__c'); } own.addAll(more);
        System.debug((List<Patient__c>) Helper.select(own, id));";
    assert_eq!(told_by_helper(HELPER, put_together), all_told(&["SSN__c"], false));
    let unknown = "List<String> own = new List<String>{'Id'}; for (String a : id.split(';')) { own.add(a); }
        System.debug((List<Patient__c>) Helper.select(own, id));";
    assert_eq!(told_by_helper(HELPER, unknown), all_told(&["all"], false));
    assert_eq!(told("Helper.one('SSN__c', false)"), all_told(&["SSN__c"], false), "a helper of a helper");
    assert_eq!(
        told("Helper.ask(id, 'Patient__c', null, false)"),
        all_told(&["all"], false),
        "nobody says which"
    );
    assert_eq!(told("Helper.ask('Id', id, null, false)"), all_told(&["all"], false), "nobody says of what");
    // What the helper does to the records stays done.
    assert_eq!(told("Helper.more('SSN__c')"), all_told(&["SSN__c"], false));
    let both = "SObject one = any ? Helper.one('SSN__c', false) : Helper.one('City__c', false);
        System.debug(one);";
    assert_eq!(told_by_helper(HELPER, both), all_told(&["City__c", "SSN__c"], false), "each call by itself");
}

#[test]
fn a_flag_says_with_whose_permissions_a_helper_asks() {
    let told = |call: &str| {
        let show = format!("List<Patient__c> all = (List<Patient__c>) {call}; System.debug(all);");
        told_by_helper(HELPER, &show)
    };
    let of = |flag: &str| told(&format!("Helper.ask('SSN__c', 'Patient__c', id, {flag})"));
    assert_eq!(of("true"), all_told(&["SSN__c"], true));
    assert_eq!(of("false"), all_told(&["SSN__c"], false));
    assert_eq!(of("any"), all_told(&["SSN__c"], false));
    assert_eq!(told("Helper.one('SSN__c', true)"), all_told(&["SSN__c"], true));
    assert_eq!(told("Helper.ask(id, 'Patient__c', null, true)"), all_told(&["all"], true));
    assert_eq!(told("Helper.asked(id, false)"), all_told(&["all"], false));
    let in_text = "Helper.asked('SELECT SSN__c FROM Patient__c WITH USER_MODE LIMIT 1', any)";
    assert_eq!(told(in_text), all_told(&["SSN__c"], true));
    assert_eq!(told("Helper.cleaned('SSN__c')"), all_told(&["SSN__c"], true));
    assert_eq!(
        told("Helper.at('SELECT SSN__c FROM Patient__c', AccessLevel.USER_MODE)"),
        all_told(&["SSN__c"], true)
    );
    assert_eq!(told("Helper.byLevel('SSN__c', false)"), all_told(&["SSN__c"], true));
    assert_eq!(told("Helper.byLevel('SSN__c', true)"), all_told(&["SSN__c"], false));
}

#[test]
fn what_is_cut_is_said() {
    let text = |count: usize| {
        let made: String = (0..count).map(|index| format!("all.add(new Box({index}));\n")).collect();
        format!(
            "public class Many {{ class Box {{ Integer i; Box(Integer i) {{ this.i = i; }} }}
            public List<Box> make() {{ List<Box> all = new List<Box>(); {made} return all; }} }}"
        )
    };
    let cuts = |count: usize| -> BTreeSet<Cap> {
        let own = text(count);
        let code = code(&[("Many", &own)]);
        let world = code.follow(&[], 62);
        world.cuts().into_values().flatten().collect()
    };
    assert_eq!(cuts(20), BTreeSet::new());
    assert!(cuts(Cap::Given.limit() + 100).contains(&Cap::Given));
}

#[test]
fn circles_end_and_tell_the_same_each_time() {
    let code = code(&[(
        "Ring",
        "public class Ring {
            public void even(Patient__c p, Integer n) { if (n > 0) { odd(p, n - 1); } }
            public void odd(Patient__c p, Integer n) { System.debug(p.SSN__c); even(p, n - 1); }
        }",
    )]);
    let told = || {
        let world = code.follow(PATIENT, 62);
        let all = (0..u32::try_from(world.program.methods.len()).unwrap()).map(apex::MethodId);
        all.filter_map(|id| world.summary(id)).map(|own| own.open.len()).collect::<Vec<_>>()
    };
    assert_eq!(told().iter().filter(|open| **open > 0).count(), 2);
    assert_eq!(told(), told());
}
