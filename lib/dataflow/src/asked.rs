//! Queries whose text callers know: a helper that puts it together of what it is passed gives what the query of each
//! call gives.

use std::collections::BTreeSet;
use std::sync::Arc;

use apex::ast::ExprId;
use apex::{MethodId, Ty};
use soql::{Mode, Statement};
use source::Span;

use crate::body::{Body, Site};
use crate::value::{Key, Obj, ObjId, Origin, Part, Piece, Text, Texts, Value, concatenated};

/// A query that is put together at run time.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Asked {
    pub(crate) texts: Texts,
    /// The access level that the call names.
    pub(crate) asks: Texts,
    /// The mode where neither text nor call says one.
    pub(crate) otherwise: Mode,
    /// Whether it is one of several texts, not all of which ask for user mode: none counts as checked.
    pub(crate) is_mixed: bool,
    /// Whether the object is one of the records, and not the list of them.
    pub(crate) is_record: bool,
    /// What the query itself put into the record.
    pub(crate) made: Vec<(Key, Value)>,
}

/// Where in a body the records of a query are made: at an expression, or where a method is called that asks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At {
    pub(crate) expr: ExprId,
    pub(crate) called: Option<(MethodId, u32)>,
}

impl From<ExprId> for At {
    fn from(expr: ExprId) -> Self {
        Self { expr, called: None }
    }
}

impl At {
    pub(crate) fn part(self, count: u32) -> Site {
        match self.called {
            Some((method, index)) => Site::Answer(self.expr, method, index, count),
            None => Site::Part(self.expr, count),
        }
    }
}

impl Asked {
    /// With whose permissions it runs where its text says nothing.
    pub(crate) fn mode(&self) -> Option<Mode> {
        let all = self.asks.all();
        let is_user = |text: &String| text.eq_ignore_ascii_case("user_mode");
        let is_known = !all.is_empty() && self.asks.constants().count() == all.len();
        Some(match is_known {
            true if self.asks.constants().all(|text| is_user(&text)) => Mode::User,
            true => Mode::System,
            false => self.otherwise,
        })
    }

    /// Whether it runs with the user's permissions, whichever of its texts it is.
    pub(crate) fn is_of_user(&self) -> bool {
        let asks_user = |text: &Text| {
            text.iter().any(|piece| match piece {
                Piece::Text(text) => {
                    let text = text.to_ascii_lowercase();
                    text.contains("with security_enforced") || text.contains("with user_mode")
                }
                _ => false,
            })
        };
        let all = self.texts.all();
        !self.is_mixed && (self.mode() == Some(Mode::User) || !all.is_empty() && all.iter().all(asks_user))
    }

    fn is_symbolic(&self) -> bool {
        self.texts.is_symbolic() || self.asks.is_symbolic()
    }

    /// Whether all that it selects is known, and from where.
    pub(crate) fn is_known(&self) -> bool {
        let is_known = |text: &Text| match parsed(text) {
            Statement::Query(query) => query.knows_from() && query.knows_select(),
            _ => false,
        };
        !self.texts.all().is_empty() && self.texts.all().iter().all(is_known)
    }

    /// With one of its texts.
    pub(crate) fn alone(&self, text: &Text) -> Self {
        Self { texts: Texts(Some(Arc::new(vec![text.clone()]))), ..self.clone() }
    }

    /// As callers are told of it, when the body is through.
    pub(crate) fn of(self: &Arc<Self>, obj: &Obj) -> Arc<Self> {
        if self.made.is_empty() {
            return Arc::clone(self);
        }
        let is_left = |(key, value): &&(Key, Value)| obj.part(*key) == Some(value);
        Arc::new(Self { made: self.made.iter().filter(is_left).cloned().collect(), ..self.as_ref().clone() })
    }
}

impl Body<'_> {
    /// Remembers which query an object comes from, where callers know more of it.
    pub(crate) fn note(&mut self, id: ObjId, asked: Asked) {
        let asked = asked.is_symbolic().then(|| Arc::new(asked));
        if let Some(own) = self.state.obj_mut(id).filter(|own| own.asked != asked) {
            own.asked = asked;
        }
    }

    /// The same for the records of a list.
    pub(crate) fn note_rows(&mut self, list: ObjId, asked: &Asked) {
        let rows = self.state.obj(list).and_then(|list| list.part(Key::Element));
        for id in rows.map(|rows| rows.objs.clone()).unwrap_or_default() {
            let made = self.state.obj(id).map(|obj| obj.parts.clone()).unwrap_or_default();
            self.note(id, Asked { is_record: true, made, ..asked.clone() });
        }
    }

    /// The same for a record that is read from a list.
    pub(crate) fn note_below(&mut self, list: &Obj, key: Key, below: ObjId) {
        if let (Some(asked), Key::Element) = (list.asked.as_ref().filter(|asked| !asked.is_record), key) {
            self.note(below, Asked { is_record: true, ..asked.as_ref().clone() });
        }
    }

    /// The access level among the arguments of a call.
    pub(crate) fn level(&self, ids: &[ExprId], args: &[Value]) -> Texts {
        let is_level = |id: ExprId| matches!(self.ty(id), Ty::Platform(class) if self.world.text(*class) == "accesslevel");
        let named = ids.iter().zip(args).find(|(id, value)| is_level(**id) && value.texts.0.is_some());
        if let Some((_, value)) = named {
            return value.texts.clone();
        }
        let written = ids.iter().find_map(|id| {
            let written = self.file.source.slice(self.file.expr(*id).span).to_ascii_lowercase();
            let last = written.rsplit('.').next()?;
            matches!(last, "user_mode" | "system_mode").then(|| Texts::of(last))
        });
        written.unwrap_or_default()
    }

    /// A query of this text, as the body asks it.
    pub(crate) fn asked_with(&self, texts: &Texts, asks: Texts) -> Asked {
        let is_user = self.world.is_user_mode(self.file_id);
        Asked {
            texts: texts.clone(),
            asks,
            otherwise: if is_user { Mode::User } else { Mode::System },
            is_mixed: false,
            is_record: false,
            made: Vec::new(),
        }
    }
}

/// Lists of the names that a query selects.
impl Body<'_> {
    /// What a list of texts is, joined by commas, when one more was added; none for what is no such list.
    pub(crate) fn joined_with(&self, list: ObjId, key: Key, more: &Texts) -> Option<Texts> {
        let list = self.state.obj(list).filter(|list| key == Key::Element && is_of_texts(&list.ty))?;
        let known = match (list.part(Key::Own(Part::Joined)), &list.origin) {
            (Some(known), _) => known.texts.clone(),
            (None, Origin::Parameter { index, path }) => {
                let path = path.then(Key::Own(Part::Joined))?;
                Texts::parameter(*index, path)
            }
            // Nothing was in it.
            (None, Origin::New) if list.part(Key::Element).is_none() => Texts::of(""),
            _ => Texts::default(),
        };
        // What is not known makes all of it unknown, so that a loop does not make many texts of it.
        if more.0.is_none() {
            return Some(Texts::default());
        }
        let mut all = Vec::new();
        for text in known.all() {
            let is_first = text.as_slice() == [Piece::Text("".into())];
            let start = Texts(Some(Arc::new(vec![text.clone()])));
            let start = if is_first { start } else { start.then(&Texts::of(",")) };
            all.extend(start.then(more).all().iter().cloned());
        }
        Some(Texts::from_all(all))
    }

    /// A new list has nothing in it.
    pub(crate) fn empty(&mut self, list: ObjId) {
        if let Some(own) = self.state.obj_mut(list).filter(|own| is_of_texts(&own.ty)) {
            own.set(Key::Own(Part::Joined), Value::text(""));
        }
    }

    /// Adds all that is in a collection to others.
    pub(crate) fn add_all(&mut self, to: &[ObjId], from: &Value, elements: Value, span: Span) {
        let alone = Value { objs: from.objs.clone(), ..Value::default() };
        let more = self.read_part(&alone, Key::Own(Part::Joined), &Ty::Text, span).texts;
        let joined: Vec<_> = to.iter().map(|id| (*id, self.joined_with(*id, Key::Element, &more))).collect();
        self.write_part(to, Key::Element, elements);
        for (id, texts) in joined {
            if let (Some(texts), Some(own)) = (texts, self.state.obj_mut(id)) {
                own.set(Key::Own(Part::Joined), Value { texts, ..Value::default() });
            }
        }
    }

    /// `String.join(names, ', ')`
    pub(crate) fn joined(&mut self, list: &Value, by: &Value, span: Span) -> Texts {
        let is_comma = by.texts.all().len() == 1 && by.texts.constants().all(|text| text.trim() == ",");
        if !is_comma || by.texts.constants().count() != 1 {
            return Texts::default();
        }
        let alone = Value { objs: list.objs.clone(), ..Value::default() };
        self.read_part(&alone, Key::Own(Part::Joined), &Ty::Text, span).texts
    }
}

/// What many texts of one query have in common: how they begin, up to where they part between words, and whether they ask
/// for user mode behind it.
pub(crate) fn common(all: &[Text]) -> Option<Vec<Text>> {
    let (first, rest) = all.split_first()?;
    let is_query = matches!(first.first(), Some(Piece::Text(text)) if text.trim_start().get(..7).is_some_and(|start| start.eq_ignore_ascii_case("select ")));
    let same = |text: &Text| first.iter().zip(text).take_while(|(own, other)| own == other).count();
    let count = rest.iter().map(same).min().filter(|_| is_query)?;
    let mut start = first.get(..count)?.to_vec();
    let next = |text: &Text| match text.get(count) {
        Some(Piece::Text(text)) => Some(text.to_string()),
        None => Some(String::new()),
        Some(_) => None,
    };
    let nexts: Vec<String> = all.iter().map(next).collect::<Option<_>>()?;
    let same = |text: &String| {
        let own = nexts.first().into_iter().flat_map(|own| own.char_indices());
        own.zip(text.chars())
            .take_while(|((_, own), other)| own == other)
            .last()
            .map_or(0, |((at, own), _)| at + own.len_utf8())
    };
    let length = nexts.iter().map(same).min()?;
    let is_whole = nexts
        .iter()
        .all(|text| text.get(length..).is_some_and(|rest| rest.is_empty() || rest.starts_with(' ')));
    let known = nexts.first()?.get(..length)?;
    let known = if is_whole { known } else { known.get(..known.rfind(' ')?)? };
    if !known.is_empty() {
        start.push(Piece::Text(known.into()));
    }
    // Where they part before they say of what they ask, nothing is won.
    let says_from =
        |piece: &Piece| matches!(piece, Piece::Text(text) if text.to_ascii_lowercase().contains(" from "));
    if !start.iter().any(says_from) {
        return None;
    }
    // What parts between quotes has parts outside of them, too.
    if crate::library::is_within_quotes(std::slice::from_ref(&start)) {
        return None;
    }
    let mut found: BTreeSet<Text> = BTreeSet::new();
    for text in all {
        let behind: String = text
            .iter()
            .skip(count)
            .map(|piece| if let Piece::Text(text) = piece { text.as_ref() } else { crate::HOLE })
            .collect();
        let behind = behind.get(known.len()..)?.to_ascii_lowercase();
        if behind.contains("system_mode") {
            return None;
        }
        let is_of_user = crate::is_quoted(&behind.replace(crate::HOLE, ""))
            && (behind.contains(" with user_mode") || behind.contains(" with security_enforced"));
        let mut own = concatenated(&start, &[Piece::Text(" ".into()), Piece::Hole]);
        if is_of_user {
            own = concatenated(&own, &[Piece::Text(" WITH USER_MODE ".into()), Piece::Hole]);
        }
        found.insert(own);
    }
    Some(found.into_iter().collect())
}

/// Of two texts the one that begins as the other does.
pub(crate) fn longer(a: &Texts, b: &Texts) -> Option<Texts> {
    let ([one], [other]) = (a.all(), b.all()) else { return None };
    if begins_with(one, other) { Some(a.clone()) } else { begins_with(other, one).then(|| b.clone()) }
}

fn begins_with(text: &Text, start: &Text) -> bool {
    let Some((last, whole)) = start.split_last() else { return true };
    let (own, rest) = text.split_at(whole.len().min(text.len()));
    own == whole
        && match (rest.first(), last) {
            (Some(Piece::Text(own)), Piece::Text(last)) => own.starts_with(last.as_ref()),
            (own, last) => own == Some(last) || *last == Piece::Text("".into()),
        }
}

fn is_of_texts(ty: &Ty) -> bool {
    matches!(ty, Ty::List(of) | Ty::Set(of) if **of == Ty::Text)
}

/// A text with holes for what is not constant.
pub(crate) fn parsed(text: &Text) -> Statement {
    let mut template = soql::Template::default();
    for piece in text {
        template.pieces.push(match piece {
            Piece::Text(text) => soql::Piece::Text(text.as_ref().into()),
            _ => soql::Piece::Hole,
        });
    }
    soql::parse_template(&template).statement
}
