//! What pages print of their controllers, and what somebody put into it.

use std::collections::{BTreeMap, BTreeSet};

use apex::ast::Visibility;
use apex::{ClassId, MethodId, Program, VariableId};

use super::engine::{
    Did, Harmless, Input, Key, Label, Labels, Origin, Otherwise, Path, Sink, Spot, Summary, Trace, Value,
    World, step,
};
use super::leak::{self, Held, Intake, Outside, Way};
use crate::visualforce::{Around, ELEMENT, Page};

/// A part of a controller that a page prints as it is.
#[derive(Debug)]
pub(crate) struct Print {
    of: Of,
    around: Around,
    harmless: Harmless,
    /// The page, and where on it.
    page: usize,
    at: usize,
}

#[derive(Debug)]
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
    /// A page and a place on it, as numbers of [`crate::Context::pages`] and of its prints.
    pub(crate) page: usize,
    pub(crate) at: usize,
}

/// What pages print, as far as it is of the classes that they name.
pub(super) fn prints(program: &Program, pages: &[Page]) -> Vec<Print> {
    let mut found = Vec::new();
    for (page, own) in pages.iter().enumerate() {
        let classes = own.own_classes(program);
        for (at, print) in own.prints.iter().enumerate().filter(|(_, print)| !print.is_harmless()) {
            let Some((head, rest)) = print.names.split_first() else { continue };
            let of = classes.iter().find_map(|class| member(program, *class, head, rest));
            found.extend(of.map(|of| Print { of, around: print.around, harmless: print.harmless, page, at }));
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
    let variable = program.variable(id).filter(|own| !own.is_static)?;
    Some(match variable.getter {
        Some(getter) => Of::Getter(getter, path),
        None => Of::Variable(id, path),
    })
}

/// What Salesforce runs of a page's classes: constructors, and the methods of buttons.
pub(super) fn opened(program: &Program, pages: &[Page]) -> BTreeSet<MethodId> {
    let mut found = BTreeSet::new();
    let classes: BTreeSet<ClassId> = pages.iter().flat_map(|page| page.own_classes(program)).collect();
    for class in classes.into_iter().flat_map(|class| program.lineage(class)) {
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
pub(super) fn found(world: &World<'_>, prints: &[Print], held: &Held) -> Vec<Printed> {
    let mut found: BTreeMap<(Spot, Around, usize, usize), Printed> = BTreeMap::new();
    for print in prints {
        let mut ways: Vec<(Way, Option<MethodId>)> = Vec::new();
        match print.of {
            Of::Variable(variable, path) => {
                ways.extend(put_in(held, variable, &path).map(|way| (way.clone(), None)));
            }
            Of::Getter(getter, path) => {
                let Some(summary) = world.summary(getter) else { continue };
                let class = world.program.method(getter).and_then(|own| own.class);
                for (label, trace) in returned(world, getter, summary, &path).iter() {
                    match *label {
                        Label::Input(Input::Page | Input::Escaped) => {
                            ways.push((Way(vec![Trace::clone(trace)]), Some(getter)));
                        }
                        Label::Parameter { index: 0, path, otherwise } if otherwise != Otherwise::Checked => {
                            let own = class.and_then(|class| leak::own_part(world, class, &path));
                            let Some((variable, path)) = own else { continue };
                            for before in put_in(held, variable, &path) {
                                let mut way = before.clone();
                                way.0.push(Trace::clone(trace));
                                ways.push((way, Some(getter)));
                            }
                        }
                        _ => {}
                    }
                }
            }
        }
        for (way, getter) in ways {
            if way.harmless().and(print.harmless).covers(print.around.needs()) {
                continue;
            }
            let Some(last) = way.0.last() else { continue };
            let Some(method) = getter.or_else(|| enclosing(world, last)) else { continue };
            let spot = Spot { file: last.file, span: last.span, method };
            let intake = Intake {
                sink: Sink::Markup,
                place: spot,
                at: spot,
                from: Outside::Input(Input::Page),
                way,
                to: BTreeSet::new(),
            };
            let key = (spot, print.around, print.page, print.at);
            let own = Printed { intake, around: print.around, page: print.page, at: print.at };
            found.entry(key).or_insert(own);
        }
    }
    found.into_values().collect()
}

/// The ways by which a parameter of a page gets into a part of a variable.
fn put_in<'h>(held: &'h Held, variable: VariableId, path: &Path) -> impl Iterator<Item = &'h Way> {
    let all = held.of(variable, *path).flatten();
    let is_parameter = |from: Outside| matches!(from, Outside::Input(Input::Page | Input::Escaped));
    all.filter(move |(source, _)| source.outside().is_some_and(is_parameter)).map(|(_, way)| way)
}

/// What is in a part of what a method returns.
fn returned(world: &World<'_>, getter: MethodId, summary: &Summary, path: &Path) -> Labels {
    let mut value = summary.returned.clone();
    let mut rest = path.keys();
    while let Some((&key, below)) = rest.split_first() {
        let mut next = Value::of(std::mem::take(&mut value.labels));
        for id in &value.objs {
            let Some(obj) = summary.objs.get(id.0 as usize) else { continue };
            next.join(&obj.anywhere);
            match (obj.part(key), &obj.origin) {
                (Some(part), _) => drop(next.join(part)),
                // As it is in the object whose method it is.
                (None, Origin::Parameter { index: 0, path }) => {
                    let path = rest.iter().try_fold(*path, |path, key| path.then(*key));
                    let method = world.program.method(getter);
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

/// The method in which a step is taken; for the first value of a variable, any of its file.
fn enclosing(world: &World<'_>, taken: &Trace) -> Option<MethodId> {
    let program = world.program;
    let file = program.file(taken.file)?;
    let all = || (0_u32..).map(MethodId).zip(&program.methods).filter(|(_, own)| own.file == taken.file);
    let within = all().filter_map(|(id, own)| {
        let body = file.stmt(own.body?).span;
        let is_within = body.start <= taken.span.start && taken.span.end <= body.end;
        is_within.then_some((body.end - body.start, id))
    });
    within.min().map(|(_, id)| id).or_else(|| all().next().map(|(id, _)| id))
}
