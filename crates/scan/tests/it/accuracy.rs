//! Measures the classification against labels that people gave who had not read it: see `tests/labels`.
//!
//! Each file of labels becomes a project of its objects and fields, by names, labels, types and lookups alone; with
//! `PHIWARD_PROJECTS`, a folder of the projects themselves as `owner+name`, they are read as they are.

use std::fmt::Write as _;
use std::path::Path;

use policy::bundle::classification::Keeps;
use policy::vocabulary::Class;
use scan::{Thresholds, WordTable};

use crate::labels;
use crate::training::{self, Judged, Labelled};

#[derive(Debug, Default, Clone, Copy)]
struct Count {
    fields: usize,
    /// Labelled PHI and told so, labelled and not told, told and not labelled.
    phi: [usize; 3],
    /// The same of whether it is about a person at all.
    personal: [usize; 3],
    sensitive: [usize; 3],
    /// Of PHI that was found: with the labelled identifier, and all.
    identifier: [usize; 2],
}

impl Count {
    fn add(&mut self, other: &Count) {
        self.fields += other.fields;
        for (own, more) in [
            (&mut self.phi, &other.phi),
            (&mut self.personal, &other.personal),
            (&mut self.sensitive, &other.sensitive),
        ] {
            own.iter_mut().zip(more).for_each(|(own, more)| *own += more);
        }
        self.identifier.iter_mut().zip(&other.identifier).for_each(|(own, more)| *own += more);
    }
}

fn recall([hit, missed, _]: [usize; 3]) -> f64 {
    ratio(hit, hit + missed)
}

fn precision([hit, _, extra]: [usize; 3]) -> f64 {
    ratio(hit, hit + extra)
}

#[expect(clippy::cast_precision_loss, reason = "counts are small")]
fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

fn tally(cell: &mut [usize; 3], labelled: bool, told: bool) {
    match (labelled, told) {
        (true, true) => cell[0] += 1,
        (true, false) => cell[1] += 1,
        (false, true) => cell[2] += 1,
        (false, false) => {}
    }
}

#[expect(clippy::disallowed_methods, reason = "`cargo xtask prove accuracy` measures on fetched projects")]
fn measure(path: &Path, answers: Option<policy::Policy>, mistakes: &mut String) -> Count {
    let labels = labels::of(path);
    let name = path.file_stem().unwrap().to_str().unwrap().replace("__", "+");
    let whole = std::env::var_os("PHIWARD_PROJECTS").map(|folder| Path::new(&folder).join(name));
    let is_whole = whole.is_some();
    let (_folder, project) = match whole {
        Some(path) => (None, sfdx::read(&path, &sfdx::Options::default()).unwrap()),
        None => {
            let (folder, project) = labels::project(&labels);
            (Some(folder), project)
        }
    };
    let policy = match (answers, std::env::var_os("PHIWARD_TOLD")) {
        (Some(answers), _) => answers,
        (None, None) => policy::Policy::empty(),
        (None, Some(_)) => {
            let said = "version: 1\norganisation: {name: X, roles: [covered-entity]}\nregions: [us]\n";
            policy::read(vec![source::Source::new("phiward.yaml", said)]).0
        }
    };
    let classes = scan::Classification::of(&project, &policy);
    let mut count = Count::default();
    for one in labels.iter().filter(|one| one.class != "unsure") {
        // Some were labelled outside the package directories.
        if is_whole && project.field(&format!("{}.{}", one.object, one.field)).is_none() {
            continue;
        }
        let verdict = classes.field(&one.object, &one.field);
        let labelled = one.class.starts_with("phi");
        let sure = verdict.confidence >= journal::Confidence::Medium;
        count.fields += 1;
        tally(&mut count.phi, labelled, verdict.is_phi());
        tally(&mut count.personal, labelled || one.class == "pii", sure && verdict.class.is_personal());
        tally(
            &mut count.sensitive,
            one.class == "phi-sensitive",
            sure && verdict.class == Class::PhiSensitive,
        );
        if labelled && verdict.is_phi() {
            count.identifier[1] += 1;
            let told = verdict.identifier.map(|identifier| identifier.as_str()).unwrap_or_default();
            count.identifier[0] += usize::from(told == one.identifier);
        }
        if labelled != verdict.is_phi() {
            let what = if labelled { "missed" } else { "false" };
            writeln!(
                mistakes,
                "{what} {}.{} `{}` {} {}: labelled {} {}, told {} {:?} ({})",
                one.object,
                one.field,
                one.label,
                one.kind,
                one.references,
                one.class,
                one.identifier,
                verdict.class,
                verdict.confidence,
                verdict.reason
            )
            .unwrap();
        }
    }
    count
}

fn row(table: &mut String, name: &str, count: &Count) {
    writeln!(
        table,
        "| {name} | {} | {} | {:.3} | {:.3} | {:.3} | {:.3} | {:.3} |",
        count.fields,
        count.phi[0] + count.phi[1],
        recall(count.phi),
        precision(count.phi),
        recall(count.personal),
        precision(count.personal),
        ratio(count.identifier[0], count.identifier[1]),
    )
    .unwrap();
}

/// One half of the labels: a table for `docs/accuracy.md`, and the sum. Mistakes of the half that nobody may look at
/// are not shown.
fn half(folder: &str, answered: bool, show: bool) -> Count {
    let mut table = String::from(
        "| project | fields | PHI | PHI recall | PHI precision | personal recall | personal precision | identifier right |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    let mut sum = Count::default();
    for path in labels::files(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)) {
        let mut mistakes = String::new();
        let count = measure(&path, answered.then(|| answers_to(&path)), &mut mistakes);
        let name = path.file_stem().unwrap().to_str().unwrap().replace("__", "/");
        if show {
            table.push_str(&mistakes);
        }
        row(&mut table, &name, &count);
        sum.add(&count);
    }
    row(&mut table, "**all**", &sum);
    #[expect(clippy::print_stdout, reason = "`cargo xtask prove accuracy` shows it")]
    {
        println!("{table}");
    }
    sum
}

/// What somebody answered of the project whose labels these are.
fn answers_to(labels: &Path) -> policy::Policy {
    let folder = labels.with_file_name("answers").join(labels.file_stem().unwrap());
    let files = ["phiward.yaml", "objects.yaml", "reviewed.yaml"].map(|name| (name, folder.join(name)));
    let sources = files
        .iter()
        .filter(|(_, path)| path.exists())
        .map(|(name, path)| source::Source::new(*name, std::fs::read_to_string(path).unwrap()))
        .collect();
    let (policy, problems) = policy::read(sources);
    let errors = problems.iter().filter(|problem| problem.severity == source::Severity::Error);
    assert_eq!(errors.map(ToString::to_string).collect::<Vec<_>>(), [""; 0], "{}", folder.display());
    policy
}

/// What is asked of projects that were never looked at, where one person labelled and another answered the questions:
/// see `tests/labels/fifth`.
#[test]
fn answers_of_a_person_are_enough() {
    let sum = half("tests/labels/fifth", true, true);
    assert!(sum.fields > 1000, "{sum:?}");
    assert!(recall(sum.phi) >= 0.95 && precision(sum.phi) >= 0.85, "{sum:?}");
}

/// What was reached: less is a step back. What is asked is 0.95 and 0.85, on labels never looked at: see
/// `docs/accuracy.md`.
#[test]
fn open_labels_are_met() {
    #[expect(clippy::disallowed_methods, reason = "shows the mistakes while the classification is written")]
    let show = std::env::var_os("PHIWARD_MISTAKES").is_some();
    let sum = half("tests/labels/open", false, show);
    assert!(sum.fields > 5000);
    assert!(recall(sum.phi) >= OPEN.0 && precision(sum.phi) >= OPEN.1, "{sum:?}");
}

/// Recall and precision of PHI.
const OPEN: (f64, f64) = (0.82, 0.86);

/// What somebody who knows the org adds: labelled and told, labelled and not told, told and not labelled.
#[derive(Debug, Default)]
struct Answered {
    fields: usize,
    /// Nobody answered anything.
    nothing: [usize; 3],
    /// Whose records each object keeps, for the rules alone.
    rules: [usize; 3],
    /// The same, with a table of words that the project did not teach.
    objects: [usize; 3],
    /// And what the fields between the thresholds hold.
    asked_too: [usize; 3],
    asked: usize,
    /// Of PHI that was told with answers about objects: with the labelled identifier, tagged sensitive as labelled, and all.
    right: [usize; 3],
}

impl Answered {
    fn add(&mut self, field: &Compared, thresholds: Thresholds) {
        let judged = field.by_table;
        let (told, is_asked) = (judged.is_told(thresholds), judged.is_asked(thresholds));
        self.fields += 1;
        self.asked += usize::from(is_asked);
        tally(&mut self.nothing, judged.holds, field.unanswered);
        tally(&mut self.rules, judged.holds, field.by_rules);
        tally(&mut self.objects, judged.holds, told);
        if judged.holds && told {
            let right = [field.has_identifier, field.has_class, true];
            self.right.iter_mut().zip(right).for_each(|(count, is)| *count += usize::from(is));
        }
        tally(&mut self.asked_too, judged.holds, if is_asked { judged.holds } else { told });
    }

    fn row(&self) -> String {
        let of = |cell| format!("{:.3} / {:.3}", recall(cell), precision(cell));
        format!(
            "{} | {} | {} | {} | {:.3} / {:.3} | {:.3} | {} |",
            self.fields,
            of(self.nothing),
            of(self.rules),
            of(self.objects),
            ratio(self.right[0], self.right[2]),
            ratio(self.right[1], self.right[2]),
            ratio(self.asked, self.fields),
            of(self.asked_too)
        )
    }
}

/// A field by all that is measured.
#[derive(Debug, Clone, Copy)]
struct Compared {
    unanswered: bool,
    by_rules: bool,
    by_table: Judged,
    has_identifier: bool,
    has_class: bool,
}

/// The fields of a project, with one in `wrong` of its objects answered wrongly.
fn compared(project: &Labelled, table: &WordTable, wrong: usize) -> Vec<Compared> {
    let (_folder, source) = labels::project(&project.labels);
    let mut answers = labels::answers(&project.labels);
    for (at, (keeps, _)) in answers.values_mut().enumerate() {
        if wrong > 0 && (at + project.name.len()).is_multiple_of(wrong) {
            *keeps = if *keeps == Keeps::NoPatients { Keeps::AboutPatients } else { Keeps::NoPatients };
        }
    }
    let (said, nothing, none) = (labels::bundle(&answers), policy::Policy::empty(), WordTable::default());
    let unanswered = scan::Classification::of(&source, &nothing);
    let by_rules = scan::Classification::by(&source, &said, &none);
    let by_table = scan::Classification::by(&source, &said, table);
    let labels = project.labels.iter().filter(|one| one.class != "unsure");
    labels
        .map(|one| (one, by_table.field(&one.object, &one.field)))
        .map(|(one, verdict)| Compared {
            has_identifier: verdict.identifier.is_some_and(|own| own.as_str() == one.identifier),
            has_class: (verdict.class == Class::PhiSensitive) == (one.class == "phi-sensitive"),
            unanswered: unanswered.is_phi(&one.object, &one.field),
            by_rules: by_rules.is_phi(&one.object, &one.field),
            by_table: Judged {
                holds: one.is_phi(),
                told: by_rules.is_phi(&one.object, &one.field),
                weight: by_table.weight(&one.object, &one.field),
            },
        })
        .collect()
}

/// Each project's fields, judged with a table that its own fold did not teach.
fn by_folds(projects: &[Labelled], tables: &[WordTable], wrong: usize) -> Vec<Vec<Compared>> {
    let folds = tables.iter().cycle();
    projects.iter().zip(folds).map(|(project, table)| compared(project, table, wrong)).collect()
}

/// Thresholds come from the sets that the rules were not written with.
fn thresholds_of<'j>(projects: impl Iterator<Item = (&'j Labelled, &'j Vec<Compared>)>) -> Thresholds {
    let unseen = projects.filter(|(project, _)| matches!(project.set, "second" | "third"));
    training::thresholds(
        &unseen.flat_map(|(_, fields)| fields.iter().map(|field| field.by_table)).collect::<Vec<_>>(),
    )
}

const FOLDS: usize = 22;

/// What answers about objects bring, and the table of words with them: `cargo xtask prove accuracy`. The answers are the
/// labels' own, so that nobody ever errs; the rules have seen the labels, the table has not.
#[test]
#[ignore = "trains a table for each fold: cargo xtask prove accuracy"]
#[expect(clippy::disallowed_methods, reason = "`cargo xtask words` says where the table goes")]
fn answers_are_worth_what_the_page_says() {
    let projects = training::projects();
    let tables: Vec<WordTable> = (0..FOLDS)
        .map(|fold| {
            let others = projects.iter().enumerate().filter(|(at, _)| at % FOLDS != fold);
            WordTable::parse(&training::table(others.map(|(_, project)| project))).unwrap()
        })
        .collect();
    let fields = by_folds(&projects, &tables, 0);
    let shipped = training::lines(thresholds_of(projects.iter().zip(&fields)));
    if let Some(path) = std::env::var_os("PHIWARD_WORDS") {
        std::fs::write(path, training::table(projects.iter()) + &shipped).unwrap();
        return;
    }
    let of_folds: Vec<Thresholds> = (0..FOLDS)
        .map(|fold| {
            let others = projects.iter().zip(&fields).enumerate().filter(|(at, _)| at % FOLDS != fold);
            thresholds_of(others.map(|(_, pair)| pair))
        })
        .collect();
    let mut is_met = false;
    println!(
        "| set | fields | nothing answered | objects answered, rules alone | objects answered | of these, right \
         identifier / right class | fields asked | these answered too |\n|---|---|---|---|---|---|---|---|"
    );
    for (what, fields) in
        [("", fields), (", one object in ten answered wrongly", by_folds(&projects, &tables, 10))]
    {
        for set in ["first", "second", "third", "second and third", "all"] {
            let mut sum = Answered::default();
            for (at, (project, fields)) in projects.iter().zip(&fields).enumerate() {
                let is_in = set == "all" || (!project.set.is_empty() && set.contains(project.set));
                fields.iter().filter(|_| is_in).for_each(|field| sum.add(field, of_folds[at % FOLDS]));
            }
            println!("| {set}{what} | {}", sum.row());
            if set == "second and third" && what.is_empty() {
                is_met = recall(sum.objects) >= 0.90
                    && precision(sum.objects) >= 0.77
                    && recall(sum.asked_too) >= 0.95
                    && precision(sum.asked_too) >= 0.85
                    && sum.asked * 100 < sum.fields * 15;
            }
        }
    }
    order(&projects, &tables);
    assert!(is_met, "recall or precision with answers is below what docs/accuracy.md says");
    let shown = include_str!("../../src/catalogue/words.tsv");
    assert!(shown.ends_with(&shipped), "`cargo xtask words` makes the table anew: {shipped}");
}

/// How many objects have to be answered, in the order of the questions, to have come by most of the PHI.
#[expect(clippy::print_stdout, reason = "`cargo xtask prove accuracy` shows it")]
fn order(projects: &[Labelled], tables: &[WordTable]) {
    println!(
        "| set | objects | with PHI | asked for 0.90 of the PHI | 0.95 | 0.99 |\n|---|---|---|---|---|---|"
    );
    for set in ["second and third", "all"] {
        let mut objects = Vec::new();
        for (project, table) in projects.iter().zip(tables.iter().cycle()) {
            if set != "all" && (project.set.is_empty() || !set.contains(project.set)) {
                continue;
            }
            for (object, clues) in training::objects(&project.labels) {
                let phi = project.labels.iter().filter(|one| one.object == object && one.is_phi()).count();
                objects.push((table.weigh_object(&clues), phi));
            }
        }
        objects.sort_by_key(|(weight, _)| -weight);
        let all: usize = objects.iter().map(|(_, phi)| phi).sum();
        let asked = |share: f64| {
            let mut found = 0;
            let is_short = |(_, phi): &&(i32, usize)| {
                let is_short = ratio(found, all) < share;
                found += phi;
                is_short
            };
            objects.iter().take_while(is_short).count()
        };
        let with_phi = objects.iter().filter(|(_, phi)| *phi > 0).count();
        println!(
            "| {set} | {} | {with_phi} | {} | {} | {} |",
            objects.len(),
            asked(0.9),
            asked(0.95),
            asked(0.99)
        );
    }
}

/// The fourth set taught nothing: see `tests/labels/fourth`.
#[test]
fn answers_help_where_nothing_was_learned() {
    let folder = training::folder().with_file_name("fourth");
    let projects = training::labelled(&folder, |_| "fourth");
    let table = WordTable::shipped();
    let mut sum = Answered::default();
    for project in &projects {
        let mut own = Answered::default();
        for field in compared(project, table, 0) {
            own.add(&field, table.thresholds);
            sum.add(&field, table.thresholds);
        }
        println!("| {} | {}", project.name, own.row());
    }
    println!("| fourth | {}", sum.row());
    assert_eq!(sum.fields, 250);
    assert!(recall(sum.objects) > recall(sum.nothing) && recall(sum.asked_too) >= 0.95, "{sum:?}");
}

/// The weights follow from the labels: nobody may have changed one or the other alone.
#[test]
fn the_table_of_words_is_fresh() {
    let projects = training::projects();
    let shipped = include_str!("../../src/catalogue/words.tsv");
    assert!(shipped.starts_with(&training::table(projects.iter())), "run `cargo xtask words`");
}
