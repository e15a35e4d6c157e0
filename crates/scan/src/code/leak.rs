//! From ways out of single bodies to flows: through variables of classes and fields of records, from the field where
//! a patient's data is kept.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use apex::{ClassId, FileId, Method, MethodId, MethodKind, Name, Ty, VariableId};
use dataflow::{
    Cap, Cuts, Did, FieldId, Graph, Harmless, Hit, Input, Key, Label, Labels, Origin, Otherwise, Path, Piece,
    Sink, Spot, Summary, Texts, Trace, World, has_step,
};

use source::Span;

use super::once;
use super::printed::{self, Print, Printed};
use super::request::Requests;
use super::stored;
use super::way::{Standing, Way, beginning};

/// Patients' data that gets out at one place.
#[derive(Debug, Clone)]
pub(crate) struct Leak {
    pub(crate) sink: Sink,
    /// What has to be mended: where data and way out come together.
    pub(crate) place: Spot,
    /// The call that lets it out.
    pub(crate) at: Spot,
    /// What goes: fields by their object; without fields the whole record.
    pub(crate) data: BTreeMap<Name, BTreeSet<Name>>,
    /// A way for each object.
    pub(crate) ways: Vec<Way>,
    /// Where it goes: texts with `\u{0}` for what is not constant.
    pub(crate) to: BTreeSet<String>,
    /// The queries that read it; none where something else than a query begins its way.
    pub(crate) begins: Option<BTreeSet<(FileId, Span)>>,
    /// All of it is what a caller from outside handed in.
    pub(crate) is_handed_in: bool,
}

/// One object's data on its way.
#[derive(Debug, Clone)]
pub(super) struct Flow {
    pub(super) sink: Sink,
    pub(super) place: Spot,
    pub(super) at: Spot,
    /// What has to be mended where the body that lets it out decides what goes.
    pub(super) put: Spot,
    pub(super) is_own: bool,
    pub(super) object: Name,
    pub(super) fields: BTreeSet<Name>,
    pub(super) way: Way,
    pub(super) to: BTreeSet<String>,
    pub(super) begins: Option<BTreeSet<(FileId, Span)>>,
    pub(super) is_handed_in: bool,
}

impl Leak {
    /// Takes in what goes out by the same call; the place is the nearest to it.
    pub(crate) fn join(&mut self, other: &Leak) {
        let is_near = |place: Spot| place.file == self.at.file;
        if (!is_near(self.place), self.place) > (!is_near(other.place), other.place) {
            self.place = other.place;
        }
        for (object, fields) in &other.data {
            self.data.entry(*object).or_default().extend(fields);
        }
        self.ways.extend(other.ways.iter().cloned());
        self.to.extend(other.to.iter().cloned());
        self.begins = self.begins.take().zip(other.begins.clone()).map(|(all, more)| &all | &more);
        self.is_handed_in &= other.is_handed_in;
    }

    /// The queries that read it, as far as they are known.
    pub(crate) fn queries(&self) -> BTreeSet<(FileId, Span)> {
        let of_ways = self.ways.iter().filter_map(Way::begin);
        self.begins.iter().flatten().copied().chain(of_ways).collect()
    }
}

/// What stands between bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Node {
    Field(FieldId),
    /// A part of what a variable holds; all below it, where nobody knows what that is.
    Variable(VariableId, Path, bool),
}

/// A part of an object that is read, where it goes if that is no way out, and the way out.
type Reader<'h> = (Path, Option<Node>, &'h Hit);

/// Whether what is written there is read here.
fn meets(written: &Path, is_deep: bool, read: &Path) -> bool {
    written.keys().starts_with(read.keys()) || is_deep && read.keys().starts_with(written.keys())
}

/// Where what flows begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source {
    /// A patient's field, or a record.
    Data(Name, Option<Name>),
    /// And where it does no harm by now.
    Outside(Outside, Harmless),
}

impl Source {
    pub(super) fn outside(self) -> Option<Outside> {
        match self {
            Source::Outside(from, _) => Some(from),
            Source::Data(..) => None,
        }
    }

    fn after(self, trace: &Trace) -> Self {
        match self {
            Source::Outside(from, harmless) => Source::Outside(from, harmless.and(trace.harmless)),
            data => data,
        }
    }
}

/// What each node holds, by source, with one way.
#[derive(Debug, Default)]
pub(super) struct Held {
    nodes: BTreeMap<Node, BTreeMap<Source, Way>>,
    /// Who puts it into a static variable.
    keepers: BTreeMap<(Node, Source), BTreeSet<MethodId>>,
}

impl Held {
    /// Whether it was new.
    fn add(&mut self, node: Node, source: Source, way: &Way) -> bool {
        let known = self.nodes.entry(node).or_default();
        let is_new = !known.contains_key(&source);
        if is_new {
            known.insert(source, way.clone());
        }
        is_new
    }

    fn way(&self, node: Node, source: Source) -> Option<&Way> {
        self.nodes.get(&node)?.get(&source)
    }

    fn keepers(&self, node: Node, source: Source) -> Option<&BTreeSet<MethodId>> {
        self.keepers.get(&(node, source))
    }

    /// What was put into a part of a variable.
    pub(super) fn of(
        &self,
        variable: VariableId,
        read: Path,
    ) -> impl Iterator<Item = &BTreeMap<Source, Way>> {
        let from = Node::Variable(variable, Path::ROOT, false);
        let all = self.nodes.range(from..).map_while(move |(node, held)| match node {
            Node::Variable(own, path, is_deep) if *own == variable => Some((path, *is_deep, held)),
            _ => None,
        });
        all.filter(move |(path, is_deep, _)| meets(path, *is_deep, &read)).map(|(.., held)| held)
    }
}

/// What is no patient's data, and should not get everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outside {
    /// What somebody put in.
    Input(Input),
    /// The id of the user's session.
    Session,
    /// What somebody wrote into a field, or any of a record, before.
    Field(Name, Option<Name>),
}

/// A flow of what is no patient's data.
#[derive(Debug, Clone)]
pub(crate) struct Intake {
    pub(crate) sink: Sink,
    pub(crate) place: Spot,
    pub(crate) at: Spot,
    pub(crate) from: Outside,
    pub(crate) way: Way,
    pub(crate) to: BTreeSet<String>,
}

/// Everything that gets out.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) leaks: Vec<Leak>,
    pub(crate) intakes: Vec<Intake>,
    pub(crate) printed: Vec<Printed>,
    /// What was left out, by the method in which.
    pub(crate) cuts: BTreeMap<MethodId, Cuts>,
}

/// What pages do with classes.
#[derive(Debug, Default)]
pub(super) struct OfPages {
    /// Texts that a page can set.
    pub(super) settable: Vec<VariableId>,
    pub(super) prints: Vec<Print>,
    /// Classes of which pages print texts.
    pub(super) with_texts: BTreeSet<ClassId>,
    /// Classes that pages name.
    pub(super) controllers: BTreeSet<ClassId>,
    /// Constructors and methods that a page runs.
    pub(super) opened: BTreeSet<MethodId>,
}

/// What goes out as one: place, where it is put in, way out, object and where to.
type FlowKey = (Spot, Spot, Sink, Name, Vec<String>, Standing);

/// Objects and their fields.
type FieldNames = BTreeSet<(Name, Name)>;

/// Of the fields with PHI, `names` are those whose values say whose they are.
pub(super) fn of(
    world: &World<'_>,
    graph: &Graph,
    (phi, names): (&FieldNames, &FieldNames),
    pages: &OfPages,
) -> Found {
    let mut hits = Vec::new();
    let mut cuts: BTreeMap<MethodId, Cuts> = BTreeMap::new();
    // What methods that the platform calls leave in their objects.
    let mut left: Vec<(Node, Hit)> = Vec::new();
    for index in 0..world.program.methods.len() {
        let id = MethodId(u32::try_from(index).unwrap_or(u32::MAX));
        let Some(summary) = world.summary(id) else { continue };
        hits.extend(summary.closed.iter().cloned());
        let Some(method) = world.program.method(id) else { continue };
        if is_root(world, graph, id, method) {
            let is_exposed = world.exposure(id).is_some();
            left.extend(kept(world, summary, id, method, &mut cuts));
            hits.extend(summary.open.iter().filter_map(|hit| closed(world, hit, is_exposed, method)));
            if is_exposed {
                hits.extend(arrived(world, phi, summary));
                // Who calls may pass any of the constants that it asks about.
                for variant in world.variants(id) {
                    let open = variant.open.iter().filter_map(|hit| closed(world, hit, true, method));
                    let all = variant.closed.iter().cloned().chain(open);
                    hits.extend(all.filter(|hit| hit.sink == Sink::Result));
                }
            }
        } else if pages.opened.contains(&id) {
            left.extend(kept(world, summary, id, method, &mut cuts));
        }
    }
    let source = |hit: &Hit| -> Option<Source> {
        let outside = |from| Some(Source::Outside(from, hit.trace.harmless));
        match hit.label {
            Label::Field(field) => {
                let (object, field) = world.fields.name(field)?;
                // What a group has in common tells of one of them only where it names them.
                let is_of_many = has_step(&hit.trace, Did::Grouped) && !names.contains(&(object, field));
                let is_data = phi.contains(&(object, field)) && !is_of_many;
                is_data.then_some(Source::Data(object, Some(field)))
            }
            Label::Record(object) => Some(Source::Data(object, None)),
            Label::Input(input) => outside(Outside::Input(input)),
            Label::Session => outside(Outside::Session),
            _ => None,
        }
    };
    // What is in any field is followed only where something shows it as HTML: a message, or a page its controller.
    let shows_html = hits.iter().any(|hit| hit.sink == Sink::Markup);
    let is_of_page = |variable: VariableId| {
        world.program.variable(variable).is_some_and(|own| pages.with_texts.contains(&own.class))
    };
    let stored = |hit: &Hit| -> Option<Source> {
        let from = match hit.label {
            Label::Field(field) => stored::stored_in(world, field)?,
            Label::Record(object) => Outside::Field(object, None),
            _ => return None,
        };
        let is_wanted = match hit.sink {
            Sink::Markup => true,
            Sink::Variable(variable, ..) => shows_html || is_of_page(variable),
            _ => false,
        };
        is_wanted.then_some(Source::Outside(from, hit.trace.harmless))
    };
    let node = |label: Label| match label {
        Label::Field(field) => Some(Node::Field(field)),
        Label::Variable(variable, path) => Some(Node::Variable(variable, path, false)),
        _ => None,
    };
    let target = |sink: Sink| match sink {
        Sink::Variable(variable, path, is_deep) => Some(Node::Variable(variable, path, is_deep)),
        Sink::Record { object, field } | Sink::Event { object, field } => {
            world.fields.find(object, field).filter(|_| !phi.contains(&(object, field))).map(Node::Field)
        }
        _ => None,
    };
    let is_static = |node: &Node| match node {
        Node::Variable(variable, ..) => world.program.variable(*variable).is_some_and(|own| own.is_static),
        Node::Field(_) => false,
    };
    let requests = Requests::of(world, graph, &pages.opened);
    let mut held = Held::default();
    let mut by_node: BTreeMap<Node, Vec<(Option<Node>, &Hit)>> = BTreeMap::new();
    let mut todo: VecDeque<(Node, Source)> = VecDeque::new();
    let mut flows: BTreeMap<FlowKey, Flow> = BTreeMap::new();
    let mut intakes: BTreeMap<(Spot, Sink, Outside), Intake> = BTreeMap::new();
    let mut reach = |hit: &Hit, into: Option<Node>, source: Source, way: Way, held: &mut Held| {
        // What somebody answers is neither the input nor the session with which he was asked.
        if source.outside().is_some() && has_step(&hit.trace, Did::Answered) {
            return None;
        }
        // What somebody put in is followed within the object that has it: what is kept for all, or in the org, has been
        // looked at by others.
        let stays = |node: &Node| match (source, node) {
            (Source::Data(..), _) => true,
            (Source::Outside(..), Node::Variable(variable, ..)) => world
                .program
                .variable(*variable)
                .is_some_and(|own| !own.is_static || pages.controllers.contains(&own.class)),
            (Source::Outside(..), Node::Field(_)) => false,
        };
        let new = into.or_else(|| target(hit.sink)).filter(stays);
        // Another who puts it there may be one whom its readers run with.
        let keeps = new
            .filter(is_static)
            .filter(|node| held.keepers.entry((*node, source)).or_default().insert(hit.at.method));
        let new = new.filter(|node| held.add(*node, source, &way)).or(keeps);
        if !matches!(hit.sink, Sink::Variable(..)) {
            tell(&mut flows, &mut intakes, hit, source, way);
        }
        // What is kept for a whole request is no longer followed than to the pages that print it.
        new.filter(|node| source.outside().is_none() || !is_static(node)).map(|node| (node, source))
    };
    let mut members: BTreeMap<VariableId, Vec<Reader<'_>>> = BTreeMap::new();
    let all = hits.iter().map(|hit| (None, hit)).chain(left.iter().map(|(node, hit)| (Some(*node), hit)));
    for (into, hit) in all {
        if let Some(source) = stored(hit) {
            todo.extend(reach(hit, into, source, Way(vec![hit.trace.clone()]), &mut held));
        }
        match (source(hit), node(hit.label)) {
            (Some(source), _) => {
                todo.extend(reach(hit, into, source, Way(vec![hit.trace.clone()]), &mut held))
            }
            (None, Some(Node::Variable(variable, path, _))) => {
                members.entry(variable).or_default().push((path, into, hit));
            }
            (None, Some(node)) => by_node.entry(node).or_default().push((into, hit)),
            _ => {}
        }
    }
    // What a page sets.
    for &variable in &pages.settable {
        let node = Node::Variable(variable, Path::ROOT, true);
        let source = Source::Outside(Outside::Input(Input::Form), Harmless::NOWHERE);
        held.add(node, source, &Way(Vec::new()));
        todo.push_back((node, source));
    }
    // The nearest first: of ways to the same place the shortest is told.
    while let Some((node, source)) = todo.pop_front() {
        let mut readers: Vec<(Option<Node>, &Hit)> = by_node.get(&node).cloned().unwrap_or_default();
        if let Node::Variable(variable, written, is_deep) = node {
            let all = members.get(&variable).into_iter().flatten();
            let met = all.filter(|(read, _, _)| meets(&written, is_deep, read));
            readers.extend(met.map(|(_, into, hit)| (*into, *hit)));
        }
        for (into, hit) in readers {
            let Some(before) = held.way(node, source).cloned() else { continue };
            let is_hop = |trace: &&Trace| !matches!(trace.did, Did::Reread | Did::Forgotten);
            if before.0.iter().filter(is_hop).count() > Cap::Hops.limit() {
                let is_known = match into.or_else(|| target(hit.sink)) {
                    Some(node) => held.way(node, source.after(&hit.trace)).is_some(),
                    None => false,
                };
                if !is_known {
                    cuts.entry(hit.at.method).or_default().insert(Cap::Hops);
                }
                continue;
            }
            // What goes out later was put in before it was kept.
            let is_variable = matches!(node, Node::Variable(..));
            let put =
                before.0.last().filter(|last| is_variable && last.did == Did::Stored && is_message(hit.sink));
            let place = put.map(|last| Spot { file: last.file, span: last.span, ..hit.at });
            let moved = Hit { place: place.or(hit.place), ..hit.clone() };
            let mut way = before;
            let first = beginning(&hit.trace);
            if !is_variable {
                way.0.push(dataflow::step(None, first.file, first.span, Did::Reread));
            }
            let is_met = |keeper: &MethodId| requests.meet(*keeper, hit.at.method);
            if held.keepers(node, source).is_some_and(|all| !all.iter().any(is_met)) {
                way.0.push(dataflow::step(None, first.file, first.span, Did::Forgotten));
            }
            way.0.push(hit.trace.clone());
            todo.extend(reach(&moved, into, source.after(&hit.trace), way, &mut held));
        }
    }
    let mut flows: Vec<Flow> = flows.into_values().collect();
    // A record whose fields are told apart is not told as a whole, too.
    let told = |flow: &Flow| (flow.place, flow.sink, flow.object, Standing::of(flow.sink, &flow.way));
    let named: BTreeSet<(Spot, Sink, Name, Standing)> =
        flows.iter().filter(|flow| !flow.fields.is_empty()).map(told).collect();
    flows.retain(|flow| !flow.fields.is_empty() || !named.contains(&told(flow)));
    let carriers = once::carriers(world, hits.iter());
    let printed = printed::found(world, &pages.prints, &held, &mut cuts);
    Found {
        leaks: once::told_once(flows, &carriers),
        intakes: intakes.into_values().collect(),
        printed,
        cuts,
    }
}

/// What a method that the platform calls leaves in its object, for its other methods.
fn kept(
    world: &World<'_>,
    summary: &Summary,
    id: MethodId,
    method: &Method,
    cuts: &mut BTreeMap<MethodId, Cuts>,
) -> Vec<(Node, Hit)> {
    let Some(class) = method.class else { return Vec::new() };
    let is_exposed = world.exposure(id).is_some();
    let spot = Spot { file: method.file, span: method.span, method: id };
    let mut found = Vec::new();
    let mut leave = |path: Path, is_deep: bool, labels: &Labels| {
        let Some(Key::Member(name)) = path.keys().first().copied() else { return };
        let Some(variable) = world.program.variable_of(class, name) else { return };
        let node = Node::Variable(variable, path.tail(), is_deep);
        for (label, trace) in labels.iter() {
            let hit = Hit {
                sink: Sink::Variable(variable, path.tail(), is_deep),
                at: spot,
                label: *label,
                trace: trace.clone(),
                to: Texts::default(),
                put: spot,
                is_own: false,
                place: None,
                read: None,
                is_handed_in: false,
            };
            found.extend(closed(world, &hit, is_exposed, method).map(|hit| (node, hit)));
        }
    };
    let mut seen = BTreeSet::new();
    let mut todo: Vec<(Path, usize)> = Vec::new();
    for (index, obj) in summary.objs.iter().enumerate() {
        if let Origin::Parameter { index: 0, path } = obj.origin {
            todo.push((path, index));
        }
    }
    while let Some((path, index)) = todo.pop() {
        if !seen.insert((path, index)) {
            continue;
        }
        // Objects that hold each other have ways without end.
        if seen.len() > Cap::Kept.limit() {
            cuts.entry(id).or_default().insert(Cap::Kept);
            break;
        }
        let Some(obj) = summary.objs.get(index) else { continue };
        leave(path, true, &obj.anywhere.labels);
        for (key, part) in &obj.parts {
            let Some(below) = path.then(*key) else {
                leave(path, true, &summary.collect(part));
                continue;
            };
            leave(below, part.objs.is_empty() && !part.labels.is_empty() && is_vague(*key), &part.labels);
            todo.extend(part.objs.iter().map(|id| (below, id.index())));
        }
    }
    found
}

/// Whether what stands there may be any of several.
fn is_vague(key: Key) -> bool {
    matches!(key, Key::Element)
}

fn tell(
    flows: &mut BTreeMap<FlowKey, Flow>,
    intakes: &mut BTreeMap<(Spot, Sink, Outside), Intake>,
    hit: &Hit,
    source: Source,
    way: Way,
) {
    let to: BTreeSet<String> = shown(&hit.to);
    let place = hit.place.unwrap_or(hit.at);
    let (object, field) = match source {
        // What patients' data does in a message is told of the message as such.
        Source::Data(..) if matches!(hit.sink, Sink::Markup | Sink::PageMessage) => return,
        Source::Data(object, field) => (object, field),
        Source::Outside(from, harmless) => {
            let is_of_field = matches!(from, Outside::Field(..));
            let is_html = hit.sink == Sink::Markup;
            // What somebody put into a mail is told of the mail as such.
            if hit.sink == Sink::MailTo {
                return;
            }
            let is_shown = is_html || hit.sink == Sink::PageMessage;
            if is_shown && harmless.covers(Harmless::MARKUP) || is_of_field && !is_html {
                return;
            }
            let key = (place, hit.sink, from);
            let intake = Intake { sink: hit.sink, place, at: hit.at, from, way, to };
            let known = intakes.entry(key).or_insert_with(|| intake.clone());
            known.to.extend(intake.to);
            return;
        }
    };
    let standing = Standing::of(hit.sink, &way);
    let key = (place, hit.put, hit.sink, object, to.iter().cloned().collect(), standing);
    let begin = way.begin();
    let flow = flows.entry(key).or_insert_with(|| Flow {
        sink: hit.sink,
        place,
        at: hit.at,
        put: hit.put,
        is_own: hit.is_own,
        object,
        fields: BTreeSet::new(),
        way,
        to,
        begins: Some(BTreeSet::new()),
        is_handed_in: true,
    });
    flow.is_handed_in &= hit.is_handed_in;
    flow.begins = flow.begins.take().zip(begin).map(|(mut all, one)| {
        all.insert(one);
        all
    });
    flow.fields.extend(field);
}

fn shown(texts: &Texts) -> BTreeSet<String> {
    let text = |pieces: &Vec<Piece>| -> String {
        pieces
            .iter()
            .map(|piece| if let Piece::Text(text) = piece { text.as_ref() } else { "\u{0}" })
            .collect()
    };
    texts.all().iter().map(text).collect()
}

/// Whether something else than code of the source can call a method.
pub(super) fn is_root(world: &World<'_>, graph: &Graph, id: MethodId, method: &Method) -> bool {
    let is_called = graph.is_called.get(id.index()).copied().unwrap_or_default();
    !is_called || matches!(method.kind, MethodKind::Trigger) || world.exposure(id).is_some()
}

/// Numbers, dates and Ids are what they say, and so are lists of them.
fn is_safe(ty: &Ty) -> bool {
    match ty {
        Ty::Number | Ty::Boolean | Ty::Date | Ty::Id => true,
        Ty::List(of) | Ty::Set(of) => is_safe(of),
        _ => false,
    }
}

/// The variable of a class that a part of its object is, and the part of that.
pub(super) fn own_part(world: &World<'_>, class: ClassId, path: &Path) -> Option<(VariableId, Path)> {
    let name = path.keys().iter().find_map(|key| match key {
        Key::Member(name) => Some(*name),
        _ => None,
    })?;
    Some((world.program.variable_of(class, name)?, path.tail()))
}

/// A way out that depends on the caller, where the caller is the platform.
fn closed(world: &World<'_>, hit: &Hit, is_exposed: bool, method: &Method) -> Option<Hit> {
    let label = match hit.label {
        Label::Parameter { otherwise: Otherwise::Field(field), .. } => Label::Field(field),
        Label::Parameter { otherwise: Otherwise::Record(object), .. } => Label::Record(object),
        // A part of the object itself: what any method puts there.
        Label::Parameter { index: 0, path, .. } => {
            let (variable, path) = own_part(world, method.class?, &path)?;
            Label::Variable(variable, path)
        }
        Label::Parameter { index, path, .. } if is_exposed && path.keys().is_empty() => {
            let class = world.program.class(method.class?)?;
            let (name, ty) = method.parameters.get(usize::from(index).checked_sub(1)?)?;
            match world.fields.find(class.full_name, name.value) {
                Some(field) => Label::Field(field),
                // Numbers, dates and Ids are what they say.
                None if is_safe(ty) => return None,
                None if matches!(hit.label, Label::Parameter { otherwise: Otherwise::Checked, .. }) => {
                    return None;
                }
                None if matches!(hit.label, Label::Parameter { otherwise: Otherwise::Escaped, .. }) => {
                    Label::Input(Input::Escaped)
                }
                None => Label::Input(Input::Argument),
            }
        }
        Label::Parameter { otherwise: Otherwise::Checked, .. } => return None,
        Label::Parameter { .. } if is_exposed => Label::Input(Input::Argument),
        Label::Parameter { .. } => return None,
        known => known,
    };
    // Who gets back what he has just handed in learns nothing of it; an answer to it is more.
    let is_handed_in = is_exposed && matches!(hit.label, Label::Parameter { index: 1.., .. });
    let is_data = matches!(label, Label::Field(_) | Label::Record(_));
    if is_handed_in && is_data && hit.sink == Sink::Result && !has_step(&hit.trace, Did::Answered) {
        return None;
    }
    let place = hit.place.or(hit.read).or(Some(hit.put));
    Some(Hit { label, place, is_handed_in, ..hit.clone() })
}

/// What of an argument is kept in a patient's field is that field's data on its way in, and gets out elsewhere.
fn arrived(world: &World<'_>, phi: &BTreeSet<(Name, Name)>, summary: &Summary) -> Vec<Hit> {
    let of_argument = |label: Label| match label {
        Label::Parameter { index, path, .. } if index > 0 => Some((index, path)),
        _ => None,
    };
    let stored = summary.open.iter().filter_map(|hit| {
        let Sink::Record { object, field } = hit.sink else { return None };
        let (index, path) = of_argument(hit.label)?;
        let field = world.fields.find(object, field).filter(|_| phi.contains(&(object, field)))?;
        Some((index, path, field))
    });
    let stored: BTreeSet<(u16, Path, FieldId)> = stored.collect();
    let mut found = Vec::new();
    for hit in &summary.open {
        let (Some((index, path)), true) = (of_argument(hit.label), is_away(hit.sink)) else { continue };
        let from = stored.range((index, Path::ROOT, FieldId(0))..).take_while(|(own, ..)| *own == index);
        for (_, _, field) in from.filter(|(_, at, _)| at.keys().starts_with(path.keys())) {
            let label = Label::Field(*field);
            let place = hit.place.or(hit.read).or(Some(hit.put));
            found.push(Hit { label, place, is_handed_in: true, ..hit.clone() });
        }
    }
    found
}

/// Whether it takes data to where neither the caller nor the record is.
fn is_away(sink: Sink) -> bool {
    is_message(sink) || matches!(sink, Sink::Log | Sink::File | Sink::Cache | Sink::Event { .. })
}

fn is_message(sink: Sink) -> bool {
    matches!(
        sink,
        Sink::Mail
            | Sink::MailTo
            | Sink::Post
            | Sink::CalloutBody
            | Sink::CalloutHeader
            | Sink::CalloutAddress
            | Sink::Model
    )
}
