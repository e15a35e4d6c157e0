//! How the table of words is made: logistic regression over the labelled fields, by whole projects. The same labels
//! give the same table to the last digit, on any machine: no library of mathematics is asked.

#![expect(clippy::indexing_slicing, reason = "rows and weights are counted here")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use policy::bundle::classification::Keeps;
use scan::{Classification, Clue, Thresholds, WordTable};

use crate::labels::{self, Label};

/// A labelled project.
pub(crate) struct Labelled {
    pub(crate) name: String,
    /// `first`, `second`, `third`, or nothing for what the rules were written with.
    pub(crate) set: &'static str,
    pub(crate) labels: Vec<Label>,
}

/// One answer to learn from: what can be read, what it is, and in which project.
struct Example<'p> {
    clues: BTreeSet<Clue>,
    holds: bool,
    project: &'p str,
}

/// How much large weights cost, beside what is got wrong.
const RESTRAINT: f64 = 1.0 / 0.3;
/// A word of fewer projects is a house name.
const PROJECTS: usize = 3;
/// Weights of one question at most.
const WORDS: usize = 1000;
/// See `WordTable`: as many make e times as likely.
const UNIT: f64 = 40.0;

pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/labels/open")
}

/// The projects that teach.
pub(crate) fn projects() -> Vec<Labelled> {
    let sets = ["first", "second", "third"]
        .map(|set| (set, std::fs::read_to_string(folder().join(format!("{set}.md"))).unwrap()));
    labelled(&folder(), |name| {
        sets.iter().find(|(_, text)| text.contains(&format!("| {name} |"))).map_or("", |(set, _)| *set)
    })
}

/// The labels of a folder, with the set that each project belongs to.
pub(crate) fn labelled(folder: &Path, set: impl Fn(&str) -> &'static str) -> Vec<Labelled> {
    labels::files(folder)
        .iter()
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().replace("__", "/");
            Labelled { set: set(&name), labels: labels::of(path), name }
        })
        .collect()
}

/// Clues of the labelled projects that would mislead in others.
fn left_out(question: &str) -> BTreeSet<Clue> {
    let text = std::fs::read_to_string(folder().with_file_name("words-left-out.tsv")).unwrap();
    let of_question =
        text.lines().filter_map(|line| line.split_once('\t').filter(|(own, _)| *own == question));
    of_question.map(|(_, line)| line.rsplit_once('\t').unwrap().0.to_owned()).collect()
}

/// The table that the projects teach, without thresholds.
pub(crate) fn table<'p>(projects: impl Iterator<Item = &'p Labelled> + Clone) -> String {
    let fields = projects.clone().flat_map(|project| {
        let keeps = labels::answers(&project.labels);
        let is_of_patients = move |one: &&Label| {
            one.class != "unsure"
                && keeps.get(&one.object).is_some_and(|(keeps, _)| *keeps != Keeps::NoPatients)
        };
        project.labels.iter().filter(is_of_patients).map(|one| Example {
            clues: WordTable::clues_of_field(
                &one.field,
                &one.label,
                &one.kind,
                &one.object,
                &one.object_label,
            ),
            holds: one.is_phi(),
            project: &project.name,
        })
    });
    let objects = projects.flat_map(|project| {
        let keeps = labels::answers(&project.labels);
        objects(&project.labels).into_iter().map(move |(object, clues)| Example {
            clues,
            holds: keeps.get(&object).is_some_and(|(keeps, _)| *keeps != Keeps::NoPatients),
            project: &project.name,
        })
    });
    let mut text = String::from("question\tkind\tword\tweight\n");
    for (question, examples) in [("field", fields.collect::<Vec<_>>()), ("object", objects.collect())] {
        let (bias, weights) = learn(&examples, &left_out(question));
        writeln!(text, "{question}\tany\t\t{bias}").unwrap();
        for (clue, weight) in weights {
            writeln!(text, "{question}\t{clue}\t{weight}").unwrap();
        }
    }
    text
}

/// The lines of thresholds.
pub(crate) fn lines(Thresholds { ask, phi, sure }: Thresholds) -> String {
    format!("field\tfrom\task\t{ask}\nfield\tfrom\tphi\t{phi}\nfield\tfrom\tsure\t{sure}\n")
}

/// What can be read of each labelled object, where nobody has answered anything.
pub(crate) fn objects(labels: &[Label]) -> BTreeMap<String, BTreeSet<Clue>> {
    let (_folder, project) = labels::project(labels);
    let policy = policy::Policy::empty();
    let classes = Classification::of(&project, &policy);
    let mut objects: BTreeMap<String, Vec<&Label>> = BTreeMap::new();
    for label in labels {
        objects.entry(label.object.clone()).or_default().push(label);
    }
    objects
        .into_iter()
        .map(|(object, fields)| {
            let phi = fields.iter().filter(|one| classes.is_phi(&object, &one.field)).count();
            let label = fields.first().map(|one| one.object_label.as_str()).unwrap_or_default();
            let targets = fields.iter().flat_map(|one| one.targets());
            let clues = WordTable::clues_of_object(&object, label, targets, (phi, fields.len()));
            (object, clues)
        })
        .collect()
}

/// The bias, and the weights of the clues that weigh most.
fn learn(examples: &[Example<'_>], left_out: &BTreeSet<Clue>) -> (i32, Vec<(Clue, i32)>) {
    let mut seen: BTreeMap<&Clue, (BTreeSet<&str>, Vec<usize>)> = BTreeMap::new();
    for (at, example) in examples.iter().enumerate() {
        for clue in &example.clues {
            let (projects, examples) = seen.entry(clue).or_default();
            projects.insert(example.project);
            examples.push(at);
        }
    }
    seen.retain(|clue, (projects, _)| projects.len() >= PROJECTS && !left_out.contains(*clue));
    let holds: Vec<bool> = examples.iter().map(|example| example.holds).collect();
    let mut columns: Vec<(&Clue, Vec<usize>)> =
        seen.into_iter().map(|(clue, (_, rows))| (clue, rows)).collect();
    let (_, weights) = fit(&columns, &holds);
    let mut heaviest: Vec<(f64, (&Clue, Vec<usize>))> = weights
        .iter()
        .zip(columns)
        .map(|(weight, column)| (weight.abs() * float(column.1.len()).sqrt(), column))
        .collect();
    heaviest.sort_by(|one, other| other.0.total_cmp(&one.0).then(one.1.0.cmp(other.1.0)));
    heaviest.truncate(WORDS);
    columns = heaviest.into_iter().map(|(_, column)| column).collect();
    columns.sort();
    let (bias, weights) = fit(&columns, &holds);
    let weights = columns.iter().zip(weights).map(|((clue, _), weight)| ((*clue).clone(), whole(weight)));
    (whole(bias), weights.filter(|(_, weight)| *weight != 0).collect())
}

/// Logistic regression, a weight at a time: each step goes no further than the steepest that the curve can be, so that
/// none overshoots.
fn fit(columns: &[(&Clue, Vec<usize>)], holds: &[bool]) -> (f64, Vec<f64>) {
    const ROUNDS: usize = 120;
    let all: Vec<usize> = (0..holds.len()).collect();
    let mut sums = vec![0.0; holds.len()];
    let mut likely = vec![0.5; holds.len()];
    let mut weights = vec![0.0; columns.len() + 1];
    for _ in 0..ROUNDS {
        for (at, weight) in weights.iter_mut().enumerate() {
            let rows = at.checked_sub(1).map_or(&all, |at| &columns[at].1);
            let wrong: f64 = rows.iter().map(|&row| f64::from(u8::from(holds[row])) - likely[row]).sum();
            let step = (wrong - RESTRAINT * *weight) / (float(rows.len()) / 4.0 + RESTRAINT);
            if step.abs() < 1e-4 {
                continue;
            }
            *weight += step;
            for &row in rows {
                sums[row] += step;
                likely[row] = 1.0 / (1.0 + power_of_e(-sums[row]));
            }
        }
    }
    (weights[0], weights[1..].to_vec())
}

/// By additions and multiplications alone, which every machine rounds alike.
fn power_of_e(x: f64) -> f64 {
    let part = x.clamp(-30.0, 30.0) / 64.0;
    let mut sum = 1.0;
    for n in (1..=10).rev() {
        sum = 1.0 + sum * part / float(n);
    }
    for _ in 0..6 {
        sum *= sum;
    }
    sum
}

#[expect(clippy::cast_precision_loss, reason = "counts are small")]
fn float(count: usize) -> f64 {
    count as f64
}

#[expect(clippy::cast_possible_truncation, reason = "within a byte")]
fn whole(weight: f64) -> i32 {
    (weight * UNIT).round().clamp(-127.0, 127.0) as i32
}

/// A labelled field, as rules and table judge it where its object is answered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Judged {
    pub(crate) holds: bool,
    /// Whatever words weigh: the table raises and never lowers.
    pub(crate) told: bool,
    pub(crate) weight: Option<i32>,
}

impl Judged {
    pub(crate) fn is_told(self, thresholds: Thresholds) -> bool {
        self.told || self.weight.is_some_and(|weight| weight >= thresholds.phi)
    }

    pub(crate) fn is_asked(self, thresholds: Thresholds) -> bool {
        self.weight.is_some_and(|weight| weight >= thresholds.ask && weight < thresholds.sure)
    }
}

/// The thresholds that serve these fields best: `phi` finds most with the fewest false ones, and between `ask` and
/// `sure` the fewest have to be asked for so that recall and precision come to what is aimed at.
pub(crate) fn thresholds(fields: &[Judged]) -> Thresholds {
    const RECALL: f64 = 0.955;
    const PRECISION: f64 = 0.86;
    const FROM: i32 = -160;
    const TO: i32 = 160;
    let place = |weight: i32| usize::try_from(weight.clamp(FROM, TO) - FROM).unwrap();
    // By weight from `FROM` on, and from there to the end: all PHI, PHI that is told anyway, all that is none, and what of
    // that is told anyway.
    let mut above = vec![[0_usize; 4]; place(TO) + 2];
    let (mut phi, mut told) = (0, [0, 0]);
    for field in fields {
        phi += usize::from(field.holds);
        told[usize::from(!field.holds)] += usize::from(field.told);
        if let Some(weight) = field.weight {
            let at = if field.holds { 0 } else { 2 };
            let counts = &mut above[place(weight)];
            counts[at] += 1;
            counts[at + 1] += usize::from(field.told);
        }
    }
    for index in (0..above.len() - 1).rev() {
        let beyond = above[index + 1];
        above[index].iter_mut().zip(beyond).for_each(|(own, more)| *own += more);
    }
    let raised = |index: usize| {
        let [own, own_told, other, other_told] = above[index];
        (told[0] + own - own_told, told[1] + other - other_told)
    };
    let quality = |index: usize| {
        let (hits, wrong) = raised(index);
        2.0 * float(hits) / float(phi + hits + wrong)
    };
    let ends = above.len() - 1;
    let best = (0..ends).rev().max_by(|one, other| quality(*one).total_cmp(&quality(*other))).unwrap();
    let mut asked = (usize::MAX, best, best);
    for low in 0..=best {
        for high in best..ends {
            let (hits, wrong) = raised(high);
            // What is asked is told if it is PHI, and only then.
            let between = |at: usize| above[low][at] - above[high][at];
            let hits = hits + between(0) - between(1);
            let wrong = wrong - between(3);
            let count = between(0) + between(2);
            let is_met = float(hits) >= RECALL * float(phi) && float(hits) >= PRECISION * float(hits + wrong);
            if is_met && count < asked.0 {
                asked = (count, low, high);
            }
        }
    }
    let weight = |index: usize| i32::try_from(index).unwrap() + FROM;
    Thresholds { ask: weight(asked.1), phi: weight(best), sure: weight(asked.2) }
}
