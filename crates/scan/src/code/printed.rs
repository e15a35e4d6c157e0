//! What pages print of their controllers, and what somebody put into it or had stored.

use std::collections::{BTreeMap, BTreeSet};

use apex::ast::Visibility;
use apex::{ClassId, FileId, MethodId, Program, VariableId};
use dataflow::{
    Cap, Cuts, Did, Harmless, Input, Key, Label, Labels, Origin, Otherwise, Path, Sink, Spot, Summary, Trace,
    Value, World, step,
};
use source::Span;

use super::below;
use super::leak::{self, Held, Intake, Outside};
use super::stored;
use super::way::Way;
use crate::visualforce::{self, Around, ELEMENT, Page};

/// A part of a controller that a page prints.
#[derive(Debug)]
pub(crate) struct Print {
    of: Of,
    around: Around,
    harmless: Harmless,
    /// Whether it is shown as a text, escaped.
    is_text: bool,
    /// The page, and where on it.
    page: usize,
    span: Span,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Of {
    Variable(VariableId, Path),
    /// A part of what a method or the `get` of a property returns.
    Getter(MethodId, Path),
}

/// What somebody put into something that pages print.
#[derive(Debug)]
pub(crate) struct Printed {
    pub(crate) intake: Intake,
    pub(crate) around: Around,
    /// A page, as number of [`crate::Context::pages`], and where on it.
    pub(crate) page: usize,
    pub(crate) span: Span,
}

/// What pages print, as far as it is of the classes that they name.
pub(super) fn prints(program: &Program, pages: &[Page]) -> Vec<Print> {
    let mut found = Vec::new();
    for (page, own) in pages.iter().enumerate() {
        let classes = own.own_classes(program);
        let of = |names: &[String]| {
            let (head, rest) = names.split_first()?;
            classes.iter().find_map(|class| member(program, *class, head, rest))
        };
        for print in &own.prints {
            let (around, harmless, span) = (print.around, print.harmless, print.span);
            let on_page = |of| Print { of, around, harmless, is_text: false, page, span };
            found.extend(of(&print.names).map(on_page));
        }
        // Escaped, and of no known place.
        for names in &own.shown {
            let (around, harmless, span) = (Around::Markup, Harmless::NOWHERE, own.tag);
            found.extend(of(names).map(|of| Print { of, around, harmless, is_text: true, page, span }));
        }
    }
    found
}

/// The property, variable or `getX` that a page means, of a class or those above it.
fn member(program: &Program, class: ClassId, head: &str, rest: &[String]) -> Option<Of> {
    let mut path = Path::ROOT;
    for name in rest {
        let key = if name == ELEMENT { Key::Element } else { Key::Member(program.names.find(name)?) };
        path = path.then(key).unwrap_or(path);
    }
    let getter = program.names.find(&format!("get{head}")).and_then(|getter| {
        program.lineage(class).into_iter().find_map(|above| {
            let all = program.class(above)?.methods.get(&getter)?;
            all.iter().copied().find(|id| {
                program.method(*id).is_some_and(|own| own.parameters.is_empty() && own.body.is_some())
            })
        })
    });
    if let Some(getter) = getter {
        return Some(Of::Getter(getter, path));
    }
    let id = program.variable_of(class, program.names.find(head)?)?;
    let variable = program.variable(id)?;
    Some(match variable.getter {
        Some(getter) => Of::Getter(getter, path),
        None => Of::Variable(id, path),
    })
}

/// What Salesforce runs of a page's classes: constructors, and the methods of buttons.
pub(super) fn opened(program: &Program, pages: &[Page]) -> BTreeSet<MethodId> {
    let mut found = BTreeSet::new();
    for class in visualforce::controllers(program, pages).into_iter().flat_map(|class| program.lineage(class))
    {
        let Some(own) = program.class(class).filter(|own| !own.is_test) else { continue };
        found.extend(&own.constructors);
        let decl = program.decl_of(own);
        let is_open = |id: &MethodId| {
            program.method(*id).is_some_and(|method| {
                let modifiers = method.own.and_then(|at| Some(&decl?.methods.get(at)?.modifiers));
                method.parameters.is_empty()
                    && !method.is_static
                    && modifiers.is_some_and(|own| own.visibility >= Visibility::Public)
            })
        };
        found.extend(own.methods.values().flatten().copied().filter(is_open));
    }
    found
}

/// What somebody put into what pages print, by what each part of each variable holds.
pub(super) fn found(
    world: &World<'_>,
    prints: &[Print],
    held: &Held,
    cuts: &mut BTreeMap<MethodId, Cuts>,
) -> Vec<Printed> {
    let bodies = Bodies::of(world.program);
    // One part may be printed on many pages, and often.
    let mut brought: BTreeMap<Of, Vec<(Way, Spot, Outside)>> = BTreeMap::new();
    let mut found = Vec::new();
    for print in prints {
        let ways = brought.entry(print.of).or_insert_with(|| ways(world, &bodies, print.of, held, cuts));
        let mut told = BTreeSet::new();
        for (way, spot, from) in ways {
            // Who sees the id of a session has it, however it is encoded.
            let is_harmless = *from != Outside::Session
                && (print.is_text || way.harmless().and(print.harmless).covers(print.around.needs()));
            if is_harmless || !told.insert((*spot, *from)) {
                continue;
            }
            let intake = Intake {
                sink: Sink::Markup,
                place: *spot,
                at: *spot,
                from: *from,
                way: way.clone(),
                to: BTreeSet::new(),
            };
            found.push(Printed { intake, around: print.around, page: print.page, span: print.span });
        }
    }
    found.sort_by_key(|own| (own.intake.place, own.around, own.page, own.span));
    found
}

/// The ways by which parameters of pages, what is stored in fields, and the id of the session get into what is printed,
/// and where each is mended.
fn ways(
    world: &World<'_>,
    bodies: &Bodies,
    of: Of,
    held: &Held,
    cuts: &mut BTreeMap<MethodId, Cuts>,
) -> Vec<(Way, Spot, Outside)> {
    let mut found = Vec::new();
    let mut add = |way: Way, from: Outside, getter: Option<MethodId>| {
        let Some(last) = way.0.last() else { return };
        let Some(method) = getter.or_else(|| bodies.around(last)) else { return };
        let spot = Spot { file: last.file, span: last.span, method };
        found.push((way, spot, from));
    };
    match of {
        Of::Variable(variable, path) => {
            put_in(held, variable, &path).for_each(|(from, way)| add(way.clone(), from, None));
        }
        Of::Getter(getter, path) => {
            let Some(summary) = world.summary(getter) else { return found };
            let class = world.program.method(getter).and_then(|own| own.class);
            let cuts = cuts.entry(getter).or_default();
            for (label, trace) in returned(world, getter, summary, &path, cuts).iter() {
                let part = match *label {
                    Label::Input(Input::Page | Input::Escaped) => {
                        add(Way(vec![Trace::clone(trace)]), Outside::Input(Input::Page), Some(getter));
                        continue;
                    }
                    Label::Session => {
                        add(Way(vec![Trace::clone(trace)]), Outside::Session, Some(getter));
                        continue;
                    }
                    Label::Field(field) => {
                        let from = stored::stored_in(world, field);
                        from.into_iter()
                            .for_each(|from| add(Way(vec![Trace::clone(trace)]), from, Some(getter)));
                        continue;
                    }
                    Label::Variable(variable, path) => Some((variable, path)),
                    // A field of a record that the object holds, should nobody have changed it.
                    Label::Parameter { index: 0, path, otherwise: Otherwise::Field(field) } => {
                        let from = stored::stored_in(world, field);
                        from.into_iter()
                            .for_each(|from| add(Way(vec![Trace::clone(trace)]), from, Some(getter)));
                        class.and_then(|class| leak::own_part(world, class, &path))
                    }
                    Label::Parameter { index: 0, path, otherwise } if otherwise != Otherwise::Checked => {
                        class.and_then(|class| leak::own_part(world, class, &path))
                    }
                    _ => None,
                };
                let Some((variable, path)) = part else { continue };
                for (from, before) in put_in(held, variable, &path) {
                    let mut way = before.clone();
                    way.0.push(Trace::clone(trace));
                    add(way, from, Some(getter));
                }
            }
        }
    }
    found
}

/// What somebody put into messages that pages print as they are, by the code that runs for each page.
pub(super) fn messages(
    program: &Program,
    callees: &[Vec<MethodId>],
    pages: &[Page],
    intakes: &[Intake],
) -> Vec<Printed> {
    let intakes: Vec<&Intake> = intakes
        .iter()
        .filter(|intake| intake.sink == Sink::PageMessage && is_parameter(intake.from))
        .collect();
    let mut reached: BTreeMap<Vec<ClassId>, BTreeSet<MethodId>> = BTreeMap::new();
    let mut found = Vec::new();
    for (page, own) in pages.iter().enumerate().filter(|_| !intakes.is_empty()) {
        let Some(span) = own.messages else { continue };
        let runs = reached.entry(own.own_classes(program)).or_insert_with_key(|classes| {
            let lineage = classes.iter().flat_map(|class| program.lineage(*class));
            let of_class = lineage.filter_map(|class| program.class(class)).flat_map(|class| {
                let accessors = class.variables.values().filter_map(|id| program.variable(*id));
                let accessors = accessors.flat_map(|own| own.getter.into_iter().chain(own.setter));
                class.methods.values().flatten().chain(&class.constructors).copied().chain(accessors)
            });
            below(callees, of_class)
        });
        // A helper for messages is called by others, too.
        let is_run = |intake: &&&Intake| [intake.at, intake.place].iter().all(|at| runs.contains(&at.method));
        for intake in intakes.iter().filter(is_run) {
            found.push(Printed { intake: (*intake).clone(), around: Around::Markup, page, span });
        }
    }
    found
}

/// The ways by which a parameter of a page, what is stored in a field, or the id of the session gets into a part of a
/// variable.
fn put_in<'h>(held: &'h Held, variable: VariableId, path: &Path) -> impl Iterator<Item = (Outside, &'h Way)> {
    let all = held.of(variable, *path).flatten();
    all.filter_map(|(source, way)| match source.outside()? {
        from if is_parameter(from) => Some((Outside::Input(Input::Page), way)),
        from @ (Outside::Field(..) | Outside::Session) => Some((from, way)),
        _ => None,
    })
}

/// Whether it is a parameter of a page.
fn is_parameter(from: Outside) -> bool {
    matches!(from, Outside::Input(Input::Page | Input::Escaped))
}

/// What is in a part of what a method returns.
fn returned(world: &World<'_>, getter: MethodId, summary: &Summary, path: &Path, cuts: &mut Cuts) -> Labels {
    let mut value = summary.returned.clone();
    let mut rest = path.keys();
    while let Some((&key, below)) = rest.split_first() {
        let mut next = Value::of(std::mem::take(&mut value.labels));
        for id in &value.objs {
            let Some(obj) = summary.objs.get(id.index()) else { continue };
            next.join(&obj.anywhere, cuts);
            match (obj.part(key), &obj.origin) {
                (Some(part), _) => drop(next.join(part, cuts)),
                // As it is in the object whose method it is.
                (None, Origin::Parameter { index: 0, path }) => {
                    let path = rest.iter().try_fold(*path, |path, key| path.then(*key));
                    let method = world.program.method(getter);
                    if path.is_none() {
                        cuts.insert(Cap::Steps);
                    }
                    if let (Some(path), Some(method)) = (path, method) {
                        let label = Label::Parameter { index: 0, path, otherwise: Otherwise::Nothing };
                        next.labels.add(label, &step(None, method.file, method.span, Did::Returned));
                    }
                }
                _ => {}
            }
        }
        value = next;
        rest = below;
    }
    summary.collect(&value)
}

/// The methods of each file.
struct Bodies(BTreeMap<FileId, Vec<(Option<Span>, MethodId)>>);

impl Bodies {
    fn of(program: &Program) -> Self {
        let mut found: BTreeMap<FileId, Vec<_>> = BTreeMap::new();
        for (id, own) in (0_u32..).map(MethodId).zip(&program.methods) {
            let body = own.body.and_then(|body| Some(program.file(own.file)?.stmt(body).span));
            found.entry(own.file).or_default().push((body, id));
        }
        Self(found)
    }

    /// The method in which a step is taken; for the first value of a variable, any of its file.
    fn around(&self, taken: &Trace) -> Option<MethodId> {
        let all = self.0.get(&taken.file)?;
        let within = all.iter().filter_map(|(body, id)| {
            let body = body.filter(|body| body.start <= taken.span.start && taken.span.end <= body.end)?;
            Some((body.end - body.start, *id))
        });
        within.min().map(|(_, id)| id).or_else(|| all.first().map(|(_, id)| *id))
    }
}
