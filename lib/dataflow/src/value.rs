//! What the engine knows of a value: whose data is in it, which objects it may be, and its text as far as it is
//! constant.

use std::collections::BTreeSet;
use std::sync::Arc;

use apex::{FileId, Name, Ty, VariableId};
use source::Span;

use crate::asked::Asked;
use crate::cap::{Cap, Cuts};

/// A part of an object: a member, an element, the entry of a map under a constant key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    Member(Name),
    Element,
    /// By the hash of its text.
    Entry(u64),
    /// The part of a request, a message or a page that Salesforce's own class keeps.
    Own(Part),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    Address,
    Body,
    Header,
    Text,
    Parameters,
    Headers,
    Keys,
    /// Of a list of texts: all of them, with commas between.
    Joined,
}

/// Steps from a parameter into what it is made of. Longer ones end where the limit is, and mean all below.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path {
    length: u8,
    keys: [Key; Path::LIMIT],
}

impl Path {
    pub(crate) const LIMIT: usize = 6;
    pub const ROOT: Path = Path { length: 0, keys: [Key::Element; Path::LIMIT] };

    /// Without its first step.
    pub fn tail(&self) -> Path {
        let mut rest = Path::ROOT;
        for &key in self.keys().iter().skip(1) {
            rest = rest.then(key).unwrap_or(rest);
        }
        rest
    }

    /// None where it would be too long: the object itself stands for all of it.
    pub fn then(mut self, key: Key) -> Option<Path> {
        // Lists of lists of lists: one element tells as much.
        if key == Key::Element && self.keys().last() == Some(&Key::Element) && self.keys().len() > 1 {
            return None;
        }
        *self.keys.get_mut(usize::from(self.length))? = key;
        self.length += 1;
        Some(self)
    }

    pub fn keys(&self) -> &[Key] {
        self.keys.get(..usize::from(self.length)).unwrap_or_default()
    }
}

/// An entry of the table of fields that are followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldId(pub u32);

/// What a user or caller can put in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Input {
    /// The address of a page.
    Page,
    /// An argument of what components, other systems or agents call.
    Argument,
    /// Either, with its quotes escaped.
    Escaped,
    /// A property that a page sets when its form is sent.
    Form,
}

/// Around what a text does no harm, whoever wrote it: it was encoded on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Harmless(u8);

impl Harmless {
    pub const NOWHERE: Self = Self(0);
    /// Between the tags of a page.
    pub const MARKUP: Self = Self(1);
    /// In the text of a script.
    pub const SCRIPT: Self = Self(2);
    /// At the beginning of an address.
    pub const ADDRESS: Self = Self(4);
    pub const ANYWHERE: Self = Self(7);

    pub fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) fn but(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Of two ways, what holds for both.
    fn of_both(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub fn covers(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// Where data comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Label {
    Field(FieldId),
    /// All fields of a record that nobody listed.
    Record(Name),
    /// A part of what a variable of a class, or of any object of it, holds: what is written there anywhere.
    Variable(VariableId, Path),
    Input(Input),
    Session,
    /// A parameter, 0 for `this`; callers know more. Of a record's field that nobody changed, the field.
    Parameter {
        index: u16,
        path: Path,
        otherwise: Otherwise,
    },
}

/// What a parameter's part holds where no caller says anything else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Otherwise {
    Nothing,
    Field(FieldId),
    Record(Name),
    /// Nobody's input any more: converted, or compared with what is allowed.
    Checked,
    /// With its quotes escaped.
    Escaped,
}

impl Label {
    pub(crate) fn is_symbolic(self) -> bool {
        matches!(self, Label::Parameter { .. })
    }
}

/// What happened to the data at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Did {
    Queried,
    /// With the permissions of the user who runs it.
    Checked,
    /// What the records of a group have in common.
    Grouped,
    Read,
    Kept,
    Stored,
    Passed,
    Returned,
    Thrown,
    Converted,
    /// By somebody who was asked about it.
    Answered,
    /// A number of an answer, or what is counted from such: it stands alone.
    Counted,
    /// Put into a record before, and read again where such records are.
    Reread,
    /// Put into a static variable by a call from outside, and read by another, for which the variable is new.
    Forgotten,
    /// Printed by a page that code renders.
    Rendered,
}

impl Did {
    /// Of what every way is asked for; 0 of the rest.
    const fn bit(self) -> u8 {
        match self {
            Did::Checked => 1,
            Did::Grouped => 2,
            Did::Answered => 4,
            Did::Counted => 8,
            Did::Reread => 16,
            Did::Forgotten => 32,
            _ => 0,
        }
    }

    /// Whether data is something else after it: a way that is told in short keeps it.
    pub(crate) fn is_change(self) -> bool {
        matches!(self, Did::Checked | Did::Grouped | Did::Answered | Did::Counted)
    }
}

/// The way of data so far, the last step first.
#[derive(Debug)]
pub struct Step {
    pub file: FileId,
    pub span: Span,
    pub did: Did,
    pub before: Option<Trace>,
    pub(crate) length: u8,
    /// What of that was done to here that is asked for most, a bit each.
    done: u8,
    pub harmless: Harmless,
}

pub type Trace = Arc<Step>;

/// Longer ways are told by their ends.
const STEPS: u8 = 40;

pub fn step(before: Option<&Trace>, file: FileId, span: Span, did: Did) -> Trace {
    let length = before.map_or(0, |step| step.length);
    // The same place again, or a way that is too long: no step, but once what changes what the data is.
    if let Some(last) = before
        && (last.file == file && last.span == span && last.did == did
            || length >= STEPS && (!did.is_change() || has_step(last, did)))
    {
        return Arc::clone(last);
    }
    let harmless = before.map_or(Harmless::NOWHERE, |step| step.harmless);
    let done = before.map_or(0, |step| step.done) | did.bit();
    Arc::new(Step { file, span, did, before: before.cloned(), length: length + 1, done, harmless })
}

/// The same way, harmless elsewhere.
pub(crate) fn encoded(way: &Trace, harmless: Harmless) -> Trace {
    if way.harmless == harmless {
        return Arc::clone(way);
    }
    let Step { file, span, did, length, done, .. } = **way;
    Arc::new(Step { file, span, did, before: way.before.clone(), length, done, harmless })
}

/// Whether something was done with the data on its way.
pub fn has_step(way: &Trace, wanted: Did) -> bool {
    if wanted.bit() != 0 {
        return way.done & wanted.bit() != 0;
    }
    let mut at = Some(way);
    while let Some(one) = at.filter(|one| one.did != wanted) {
        at = one.before.as_ref();
    }
    at.is_some()
}

/// A label and its way. Of two ways the nearer stays, else the first known, and is harmless where both are.
#[derive(Debug, Clone, Default)]
pub struct Labels(Vec<(Label, Trace)>);

impl Labels {
    pub(crate) fn one(label: Label, trace: Trace) -> Self {
        Self(vec![(label, trace)])
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = &(Label, Trace)> {
        self.0.iter()
    }

    pub(crate) fn has(&self, label: Label) -> bool {
        self.0.binary_search_by(|(known, _)| known.cmp(&label)).is_ok()
    }

    pub fn add(&mut self, label: Label, trace: &Trace) -> bool {
        match self.0.binary_search_by(|(known, _)| known.cmp(&label)) {
            Ok(at) => {
                if let Some((_, known)) =
                    self.0.get_mut(at).filter(|(_, known)| known.harmless != trace.harmless)
                {
                    *known = encoded(known, known.harmless.of_both(trace.harmless));
                }
                // What nobody asked for goes before what was checked, what is read before what is answered about it, and what is
                // one person's before what a group has in common.
                let far: &[Did] = match label {
                    Label::Input(_) | Label::Session => &[Did::Answered],
                    _ => &[Did::Checked, Did::Answered, Did::Grouped],
                };
                let distance =
                    |way: &Trace| -> Vec<bool> { far.iter().map(|did| has_step(way, *did)).collect() };
                match self.0.get_mut(at) {
                    Some((_, known)) if distance(trace) < distance(known) => {
                        *known = encoded(trace, known.harmless);
                        true
                    }
                    _ => false,
                }
            }
            Err(at) => {
                self.0.insert(at, (label, Arc::clone(trace)));
                true
            }
        }
    }

    /// Whether anything was new.
    pub(crate) fn join(&mut self, other: &Labels) -> bool {
        if self.0.is_empty() {
            self.0.clone_from(&other.0);
            return !self.0.is_empty();
        }
        let mut changed = false;
        for (label, trace) in &other.0 {
            changed |= self.add(*label, trace);
        }
        changed
    }

    /// Without what somebody could have put in.
    pub(crate) fn checked(mut self) -> Self {
        self.0.retain(|(label, _)| !matches!(label, Label::Input(_)));
        for (label, _) in &mut self.0 {
            if let Label::Parameter {
                otherwise: otherwise @ (Otherwise::Nothing | Otherwise::Escaped), ..
            } = label
            {
                *otherwise = Otherwise::Checked;
            }
        }
        self.0.sort_by_key(|(label, _)| *label);
        self.0.dedup_by(|a, b| a.0 == b.0);
        self
    }

    /// What is escaped stands between its quotes now, whatever comes around them.
    pub(crate) fn quoted(mut self) -> Self {
        self.0.retain(|(label, _)| *label != Label::Input(Input::Escaped));
        for (label, _) in &mut self.0 {
            if let Label::Parameter { otherwise: otherwise @ Otherwise::Escaped, .. } = label {
                *otherwise = Otherwise::Checked;
            }
        }
        self.0.sort_by_key(|(label, _)| *label);
        self.0.dedup_by(|a, b| a.0 == b.0);
        self
    }

    /// With quotes escaped.
    pub(crate) fn escaped(mut self) -> Self {
        for (label, _) in &mut self.0 {
            match label {
                Label::Input(input) => *input = Input::Escaped,
                Label::Parameter { otherwise: otherwise @ Otherwise::Nothing, .. } => {
                    *otherwise = Otherwise::Escaped
                }
                _ => {}
            }
        }
        self.0.sort_by_key(|(label, _)| *label);
        self.0.dedup_by(|a, b| a.0 == b.0);
        self
    }

    pub(crate) fn retain(&mut self, keep: impl Fn(Label) -> bool) {
        self.0.retain(|(label, _)| keep(*label));
    }

    pub(crate) fn retain_ways(&mut self, keep: impl Fn(&Trace) -> bool) {
        self.0.retain(|(_, way)| keep(way));
    }

    /// Says of what comes from an answer that it is no more than a number.
    pub(crate) fn counted(mut self, file: FileId, span: Span) -> Self {
        for (_, trace) in &mut self.0 {
            if has_step(trace, Did::Answered) {
                *trace = step(Some(trace), file, span, Did::Counted);
            }
        }
        self
    }

    /// Encoded, so that it does no harm there; or decoded, so that it does harm again.
    pub(crate) fn encoded(mut self, change: impl Fn(Harmless) -> Harmless) -> Self {
        for (_, trace) in &mut self.0 {
            *trace = encoded(trace, change(trace.harmless));
        }
        self
    }

    /// Input that comes behind a constant text begins no address.
    pub(crate) fn behind_text(mut self) -> Self {
        for (label, trace) in &mut self.0 {
            if matches!(label, Label::Input(_) | Label::Parameter { .. }) {
                *trace = encoded(trace, trace.harmless.and(Harmless::ADDRESS));
            }
        }
        self
    }

    /// With one step more on each way.
    pub(crate) fn stepped(mut self, file: FileId, span: Span, did: Did) -> Self {
        for (_, trace) in &mut self.0 {
            *trace = step(Some(trace), file, span, did);
        }
        self
    }
}

impl PartialEq for Labels {
    fn eq(&self, other: &Self) -> bool {
        self.0.len() == other.0.len() && self.0.iter().zip(&other.0).all(|(a, b)| a.0 == b.0)
    }
}

/// A part of a text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Piece {
    Text(Arc<str>),
    /// What a caller passes.
    Parameter {
        index: u16,
        path: Path,
    },
    Hole,
}

pub type Text = Vec<Piece>;

/// The texts that a value may be: a few, or unknown.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Texts(pub(crate) Option<Arc<Vec<Text>>>);

impl Texts {
    const LIMIT: usize = 6;
    const PIECES: usize = 24;
    /// Longer texts are constant as far as this.
    const LENGTH: usize = 8_192;

    pub(crate) fn of(text: &str) -> Self {
        Self(Some(Arc::new(vec![vec![Piece::Text(text.into())]])))
    }

    /// Of `null`: whatever else it may be counts.
    pub(crate) fn none() -> Self {
        Self(Some(Arc::new(Vec::new())))
    }

    pub(crate) fn parameter(index: u16, path: Path) -> Self {
        Self(Some(Arc::new(vec![vec![Piece::Parameter { index, path }]])))
    }

    pub(crate) fn from_all(mut all: Vec<Text>) -> Self {
        all.sort();
        all.dedup();
        if all.len() > Self::LIMIT
            && let Some(queries) = crate::asked::common(&all)
        {
            all = queries;
        }
        if all.len() > Self::LIMIT {
            // Of many addresses their hosts tell enough.
            let known = all.iter().filter(|text| text.as_slice() != [Piece::Text("".into())]);
            all = known.map(host).collect::<Option<_>>().unwrap_or_default();
            all.dedup();
        }
        if all.is_empty() || all.len() > Self::LIMIT {
            return Self(None);
        }
        Self(Some(Arc::new(all)))
    }

    pub fn all(&self) -> &[Text] {
        self.0.as_ref().map_or(&[], |all| all.as_slice())
    }

    /// The texts that are known to their end.
    pub(crate) fn constants(&self) -> impl Iterator<Item = String> {
        self.all().iter().filter_map(|text| {
            text.iter()
                .map(|piece| if let Piece::Text(text) = piece { Some(text.as_ref()) } else { None })
                .collect()
        })
    }

    /// How each of them begins, as far as it is constant.
    pub(crate) fn beginnings(&self) -> impl Iterator<Item = &str> {
        self.all().iter().filter_map(|text| match text.first() {
            Some(Piece::Text(begin)) => Some(begin.as_ref()),
            _ => None,
        })
    }

    pub(crate) fn is_symbolic(&self) -> bool {
        self.all().iter().flatten().any(|piece| matches!(piece, Piece::Parameter { .. }))
    }

    /// Whether each of them begins with something constant.
    pub(crate) fn begin_with_text(&self) -> bool {
        let begins = |text: &Text| matches!(text.first(), Some(Piece::Text(known)) if !known.is_empty());
        !self.all().is_empty() && self.all().iter().all(begins)
    }

    /// Either of both; unknown where one is.
    pub(crate) fn or(&self, other: &Texts) -> Self {
        match (&self.0, &other.0) {
            (Some(a), _) if a.is_empty() => other.clone(),
            (Some(a), Some(b)) if a == b || b.is_empty() => self.clone(),
            (Some(a), Some(b)) => Self::from_all([a.as_slice(), b.as_slice()].concat()),
            _ => Self(None),
        }
    }

    /// One after the other; what is unknown becomes a hole.
    pub(crate) fn then(&self, other: &Texts) -> Self {
        let hole = [vec![Piece::Hole]];
        let known = |texts: &'_ Texts| texts.0.clone().filter(|all| !all.is_empty());
        let (left, right) = (known(self), known(other));
        let left = left.as_ref().map_or(&hole[..], |all| all.as_slice());
        let right = right.as_ref().map_or(&hole[..], |all| all.as_slice());
        let mut all = Vec::new();
        for a in left {
            all.extend(right.iter().map(|b| concatenated(a, b)));
        }
        Self::from_all(all)
    }
}

impl Texts {
    /// With another text in the place of a constant one.
    pub(crate) fn replaced(&self, old: &Texts, new: &Texts) -> Self {
        let mut constants = old.constants();
        let (Some(old), None) = (constants.next().filter(|old| !old.is_empty()), constants.next()) else {
            return Self(None);
        };
        let mut found = Vec::new();
        for text in self.all() {
            let mut built = Texts::of("");
            for piece in text {
                let Piece::Text(known) = piece else {
                    built = built.then(&Self(Some(Arc::new(vec![vec![piece.clone()]]))));
                    continue;
                };
                for (at, part) in known.split(old.as_str()).enumerate() {
                    if at > 0 {
                        built = built.then(new);
                    }
                    built = built.then(&Texts::of(part));
                }
            }
            found.extend(built.all().iter().cloned());
        }
        if found.is_empty() { Self(None) } else { Self::from_all(found) }
    }
}

/// An address as far as its host or its named credential.
fn host(text: &Text) -> Option<Text> {
    let Some(Piece::Text(begin)) = text.first() else { return None };
    let start = begin.find("://").map(|at| at + 3).or_else(|| begin.starts_with("callout:").then_some(8))?;
    let rest = begin.get(start..)?;
    let end = rest.find(['/', '?']).map(|at| start + at)?;
    Some(vec![Piece::Text(begin.get(..=end)?.into()), Piece::Hole])
}

pub(crate) fn concatenated(a: &[Piece], b: &[Piece]) -> Text {
    let mut text = a.to_vec();
    for piece in b {
        let is_full = text.len() >= Texts::PIECES;
        match (text.last_mut(), piece) {
            (Some(Piece::Hole), Piece::Hole) => {}
            (Some(Piece::Text(known)), Piece::Text(more)) if known.len() + more.len() > Texts::LENGTH => {
                text.push(Piece::Hole);
                break;
            }
            (Some(Piece::Text(known)), Piece::Text(more)) => *known = format!("{known}{more}").into(),
            _ if is_full => {
                text.push(Piece::Hole);
                break;
            }
            _ => text.push(piece.clone()),
        }
    }
    text
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjId(pub(crate) u32);

impl ObjId {
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

#[derive(Debug, Clone, Default, PartialEq)]
pub struct Value {
    pub labels: Labels,
    /// The objects that it may be, sorted.
    pub objs: Vec<ObjId>,
    pub(crate) texts: Texts,
}

impl Value {
    pub fn of(labels: Labels) -> Self {
        Self { labels, ..Self::default() }
    }

    pub(crate) fn text(text: &str) -> Self {
        Self { texts: Texts::of(text), ..Self::default() }
    }

    pub(crate) fn obj(id: ObjId) -> Self {
        Self { objs: vec![id], ..Self::default() }
    }

    pub(crate) fn is_nothing(&self) -> bool {
        self.labels.is_empty() && self.objs.is_empty() && self.texts.0.is_none()
    }

    /// Whether anything was new.
    pub fn join(&mut self, other: &Value, cuts: &mut Cuts) -> bool {
        let mut changed = self.labels.join(&other.labels);
        for id in &other.objs {
            if let Err(at) = self.objs.binary_search(id) {
                if self.objs.len() < Cap::Objects.limit() {
                    self.objs.insert(at, *id);
                    changed = true;
                } else {
                    cuts.insert(Cap::Objects);
                }
            }
        }
        let texts = self.texts.or(&other.texts);
        changed |= texts != self.texts;
        self.texts = texts;
        changed
    }
}

/// Where an object comes from.
#[derive(Debug, Clone, PartialEq)]
pub enum Origin {
    /// Made here: what was not put in is not there.
    New,
    /// A parameter or a part of one.
    Parameter { index: u16, path: Path },
    /// A class's variable or a part of one.
    Variable(VariableId, Path),
    /// From somewhere that was not followed: its fields are as the org has them.
    Org,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Obj {
    pub origin: Origin,
    pub(crate) ty: Ty,
    /// What was put in, by key.
    pub parts: Vec<(Key, Value)>,
    /// What was put in at a place that is not known.
    pub anywhere: Value,
    /// Whether what it holds was checked against the user's permissions.
    pub(crate) is_checked: bool,
    /// The query that gives it, where callers know more of its text.
    pub(crate) asked: Option<Arc<Asked>>,
}

impl Obj {
    pub(crate) fn new(origin: Origin, ty: Ty) -> Self {
        Self { origin, ty, parts: Vec::new(), anywhere: Value::default(), is_checked: false, asked: None }
    }

    pub fn part(&self, key: Key) -> Option<&Value> {
        let at = self.parts.binary_search_by(|(known, _)| known.cmp(&key)).ok()?;
        self.parts.get(at).map(|(_, value)| value)
    }

    pub(crate) fn set(&mut self, key: Key, value: Value) {
        match self.parts.binary_search_by(|(known, _)| known.cmp(&key)) {
            Ok(at) => {
                if let Some((_, known)) = self.parts.get_mut(at) {
                    *known = value;
                }
            }
            Err(at) => self.parts.insert(at, (key, value)),
        }
    }

    pub(crate) fn is_touched(&self) -> bool {
        !self.parts.is_empty() || !self.anywhere.is_nothing()
    }
}

/// What is known at one point of a body.
#[derive(Debug, Clone, Default)]
pub(crate) struct State {
    pub(crate) locals: Vec<Value>,
    /// By [`ObjId`]; none where nobody has touched it.
    pub(crate) heap: Vec<Option<Arc<Obj>>>,
}

impl State {
    pub(crate) fn obj(&self, id: ObjId) -> Option<&Arc<Obj>> {
        self.heap.get(id.0 as usize)?.as_ref()
    }

    /// To change it here alone: other states keep theirs.
    pub(crate) fn obj_mut(&mut self, id: ObjId) -> Option<&mut Obj> {
        self.heap.get_mut(id.index())?.as_mut().map(Arc::make_mut)
    }

    pub(crate) fn set_obj(&mut self, id: ObjId, obj: Arc<Obj>) {
        let at = id.0 as usize;
        if self.heap.len() <= at {
            self.heap.resize(at + 1, None);
        }
        if let Some(own) = self.heap.get_mut(at) {
            *own = Some(obj);
        }
    }

    pub(crate) fn local(&self, slot: u32) -> Value {
        self.locals.get(slot as usize).cloned().unwrap_or_default()
    }

    pub(crate) fn set_local(&mut self, slot: u32, value: Value) {
        if let Some(own) = self.locals.get_mut(slot as usize) {
            *own = value;
        }
    }
}

/// Everything that can be reached from a value, each object once.
pub(crate) fn reachable(state: &State, from: &[ObjId], cuts: &mut Cuts) -> Vec<ObjId> {
    let mut seen: BTreeSet<ObjId> = BTreeSet::new();
    let mut todo: Vec<ObjId> = from.to_vec();
    let mut found = Vec::new();
    while let Some(id) = todo.pop() {
        if !seen.insert(id) {
            continue;
        }
        if seen.len() > Cap::Below.limit() {
            cuts.insert(Cap::Below);
            break;
        }
        found.push(id);
        if let Some(obj) = state.obj(id) {
            for (_, value) in &obj.parts {
                todo.extend(value.objs.iter().copied());
            }
            todo.extend(obj.anywhere.objs.iter().copied());
        }
    }
    found
}
