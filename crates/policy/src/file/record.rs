//! One declaration per kind of value gives its Rust type, its reader and its JSON Schema, so that the three
//! cannot drift apart: [`record!`] for mappings, [`choice!`] for closed lists of words.

use std::sync::Arc;

use source::{Problem, Severity, Source, Span};

use super::suggest;
use super::tree::{Key, Kind, Node};
use crate::place::{At, Place};

/// What a value looks like in a file: read by the JSON Schema and by the tests that compare the two.
#[derive(Clone, Debug)]
pub(crate) enum Shape {
    Record {
        name: &'static str,
        doc: String,
        keys: Vec<KeyShape>,
    },
    Choice {
        doc: String,
        words: Vec<(&'static str, String)>,
    },
    /// Free text that keeps to a regular expression, where there is one.
    Text {
        doc: &'static str,
        pattern: Option<&'static str>,
    },
    Boolean,
    Count,
    List(Box<Shape>),
    OneOrMany(Box<Shape>),
    /// A mapping with free keys.
    Named(Box<Shape>),
}

#[derive(Clone, Debug)]
pub(crate) struct KeyShape {
    pub(crate) key: &'static str,
    pub(crate) doc: String,
    pub(crate) shape: Shape,
    pub(crate) required: bool,
}

/// A kind of value that a bundle can hold.
pub(crate) trait Value: Sized {
    fn shape() -> Shape;

    /// Reads all of `node`, reporting everything that is wrong in it, not only the first.
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self>;

    /// The value where the key is left out; nothing when it must not be.
    fn absent() -> Option<Self> {
        None
    }
}

/// Reads one file.
pub(crate) struct Reader<'a> {
    source: &'a Source,
    path: Arc<str>,
    problems: &'a mut Vec<Problem>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(source: &'a Source, problems: &'a mut Vec<Problem>) -> Self {
        Self { source, path: Arc::from(source.path()), problems }
    }

    pub(crate) fn place(&self, span: Span) -> Place {
        Place::new(self.source, &self.path, span)
    }

    pub(crate) fn error(&mut self, code: &'static str, span: Span, message: String, help: impl Into<String>) {
        self.problems.push(self.source.problem(Severity::Error, code, span, message).with_help(help));
    }

    /// The text of a single value; anything else is reported as not being `what`.
    pub(crate) fn text<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n str> {
        match &node.kind {
            Kind::Scalar { text, .. } if !text.trim().is_empty() => Some(text),
            _ => {
                let found = match &node.kind {
                    Kind::Scalar { .. } => "an empty text",
                    _ => node.what(),
                };
                self.error(
                    "wrong-kind",
                    node.span,
                    format!("{found} stands where {what} is needed"),
                    format!("write {what}"),
                );
                None
            }
        }
    }

    pub(crate) fn entries<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n [(Key, Node)]> {
        match &node.kind {
            Kind::Map(entries) => Some(entries),
            _ => {
                let message = format!("{} stands where {what} is needed", node.what());
                self.error("wrong-kind", node.span, message, format!("write {what} as `key: value` pairs"));
                None
            }
        }
    }

    /// The entries of a mapping whose keys are known; unknown ones are reported.
    pub(crate) fn record<'n>(
        &mut self,
        node: &'n Node,
        what: &'static str,
        keys: &[&'static str],
    ) -> Option<&'n [(Key, Node)]> {
        let entries = self.entries(node, &with_article(what))?;
        for (key, _) in entries {
            if !keys.contains(&key.text.as_str()) && !key.text.is_empty() {
                let message = format!("`{}` is not a key of {}", key.text, with_article(what));
                let help = suggest::help(&key.text, keys.iter().copied());
                self.error("unknown-key", key.span, message, help);
            }
        }
        Some(entries)
    }

    /// One key of a record: read, or its value where absent, or a problem that it is missing.
    pub(crate) fn key<T: Value>(
        &mut self,
        node: &Node,
        entries: &[(Key, Node)],
        what: &'static str,
        key: &'static str,
        default: Option<T>,
    ) -> Option<T> {
        match entries.iter().find(|(name, _)| name.text == key) {
            // What may be left out is left out where it cannot be read: so one slip hides nothing else. The
            // bundle has an error then, and is not enforced.
            Some((_, Node { kind: Kind::Refused, .. })) => T::absent(),
            Some((_, value)) => T::read(value, self).or_else(T::absent),
            None => match default.or_else(T::absent) {
                Some(value) => Some(value),
                None => {
                    let message = format!("{} needs the key `{key}`", with_article(what));
                    let at = Span::new(node.span.start, node.span.start);
                    self.error("missing-key", at, message, format!("add `{key}: ...`"));
                    None
                }
            },
        }
    }

    pub(crate) fn choice<T: Copy>(
        &mut self,
        node: &Node,
        what: &'static str,
        words: &[(&'static str, T)],
    ) -> Option<T> {
        let text = self.text(node, &with_article(what))?;
        let found = words.iter().find(|(word, _)| *word == text);
        if found.is_none() {
            let message = format!("`{}` is not {}", clipped(text), with_article(what));
            let help = suggest::help(text, words.iter().map(|(word, _)| *word));
            self.error("unknown-word", node.span, message, help);
        }
        found.map(|(_, value)| *value)
    }
}

/// The items that were not refused, and told, before.
fn readable(items: &[Node]) -> impl Iterator<Item = &Node> {
    items.iter().filter(|item| !matches!(item.kind, Kind::Refused))
}

/// As much of a stranger's text as a message can carry.
pub(crate) fn clipped(text: &str) -> String {
    let mut shown: String = text.chars().filter(|c| !c.is_control()).take(60).collect();
    if text.chars().count() > 60 {
        shown.push_str("...");
    }
    shown
}

pub(crate) fn with_article(what: &str) -> String {
    let article = if what.starts_with(['a', 'e', 'i', 'o']) { "an" } else { "a" };
    format!("{article} {what}")
}

impl<T: Value> Value for Option<T> {
    fn shape() -> Shape {
        T::shape()
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        T::read(node, reader).map(Some)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

impl<T: Value> Value for At<T> {
    fn shape() -> Shape {
        T::shape()
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let value = T::read(node, reader)?;
        Some(At { value, place: reader.place(node.span) })
    }
}

impl<T: Value> Value for Vec<T> {
    fn shape() -> Shape {
        Shape::List(Box::new(T::shape()))
    }

    /// What can be read of a list whose other items cannot: so one wrong item hides no other problem.
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        match &node.kind {
            Kind::List(items) => Some(readable(items).filter_map(|item| T::read(item, reader)).collect()),
            _ => {
                let message = format!("{} stands where a list is needed", node.what());
                reader.error("wrong-kind", node.span, message, "write `[..]`, or items that begin with `- `");
                None
            }
        }
    }

    fn absent() -> Option<Self> {
        Some(Vec::new())
    }
}

/// One value, or a list of them where there are several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneOrMany<T>(pub Vec<T>);

impl<T> OneOrMany<T> {
    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.0.iter()
    }
}

impl<T: Value> Value for OneOrMany<T> {
    fn shape() -> Shape {
        Shape::OneOrMany(Box::new(T::shape()))
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        match &node.kind {
            Kind::List(_) => Vec::read(node, reader).map(Self),
            _ => T::read(node, reader).map(|value| Self(vec![value])),
        }
    }
}

/// A mapping with free keys, in the order of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named<T>(pub Vec<(At<String>, T)>);

impl<T: Value> Value for Named<T> {
    fn shape() -> Shape {
        Shape::Named(Box::new(T::shape()))
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let entries = reader.entries(node, "a mapping from names")?;
        let mut named = Vec::new();
        for (key, value) in entries {
            let name = At { value: key.text.clone(), place: reader.place(key.span) };
            if let Some(value) = T::read(value, reader) {
                named.push((name, value));
            }
        }
        Some(Self(named))
    }

    fn absent() -> Option<Self> {
        Some(Self(Vec::new()))
    }
}

impl Value for String {
    fn shape() -> Shape {
        Shape::Text { doc: "text", pattern: None }
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        reader.text(node, "a text").map(str::to_owned)
    }
}

impl Value for bool {
    fn shape() -> Shape {
        Shape::Boolean
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        match &node.kind {
            Kind::Scalar { text, plain: true } if text == "true" => Some(true),
            Kind::Scalar { text, plain: true } if text == "false" => Some(false),
            _ => {
                let message = "neither `true` nor `false`".to_owned();
                reader.error("wrong-kind", node.span, message, "write `true` or `false`, without quotes");
                None
            }
        }
    }
}

impl Value for u32 {
    fn shape() -> Shape {
        Shape::Count
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let number = match &node.kind {
            Kind::Scalar { text, plain: true } if text.bytes().all(|b| b.is_ascii_digit()) => {
                text.parse().ok()
            }
            _ => None,
        };
        if number.is_none() {
            let message = "a whole number is needed".to_owned();
            reader.error("wrong-kind", node.span, message, "write digits only, without quotes");
        }
        number
    }
}

/// A mapping with known keys: declares the struct (with its `place`), how it is read and its schema.
macro_rules! record {
    (
        $(#[doc = $doc:literal])*
        pub struct $type:ident = $what:literal {
            $(
                $(#[doc = $key_doc:literal])*
                $key:ident $(as $name:literal)? : $value:ty $(= $default:expr)?
            ),* $(,)?
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug)]
        pub struct $type {
            /// Where the bundle says it.
            pub place: $crate::place::Place,
            $( $(#[doc = $key_doc])* pub $key: $value, )*
        }

        impl PartialEq for $type {
            /// By what is said, not by where.
            fn eq(&self, other: &Self) -> bool {
                true $( && self.$key == other.$key )*
            }
        }

        impl $crate::file::record::Value for $type {
            fn shape() -> $crate::file::record::Shape {
                $crate::file::record::Shape::Record {
                    name: stringify!($type),
                    doc: concat!($($doc, "\n",)*).trim().to_owned(),
                    keys: vec![$(
                        $crate::file::record::KeyShape {
                            key: record!(@name $key $($name)?),
                            doc: concat!($($key_doc, "\n",)*).trim().to_owned(),
                            shape: <$value as $crate::file::record::Value>::shape(),
                            required: record!(@default $value $(, $default)?).is_none()
                                && <$value as $crate::file::record::Value>::absent().is_none(),
                        }
                    ),*],
                }
            }

            fn read(
                node: &$crate::file::tree::Node,
                reader: &mut $crate::file::record::Reader<'_>,
            ) -> Option<Self> {
                let entries = reader.record(node, $what, &[$(record!(@name $key $($name)?)),*])?;
                $(
                    let $key: Option<$value> = reader.key(
                        node,
                        entries,
                        $what,
                        record!(@name $key $($name)?),
                        record!(@default $value $(, $default)?),
                    );
                )*
                Some(Self { place: reader.place(node.span), $( $key: $key?, )* })
            }
        }
    };
    (@name $key:ident $name:literal) => { $name };
    (@name $key:ident) => { stringify!($key) };
    (@default $value:ty, $default:expr) => { Some::<$value>($default) };
    (@default $value:ty) => { None::<$value> };
}

/// A closed list of words: declares the enum, its words, how it is read and its schema.
macro_rules! choice {
    (
        $(#[doc = $doc:literal])*
        $vis:vis enum $type:ident = $what:literal {
            $( $(#[doc = $word_doc:literal])* $variant:ident = $word:literal ),* $(,)?
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        $vis enum $type {
            $( $(#[doc = $word_doc])* $variant, )*
        }

        impl $type {
            /// Every one, in the order of declaration.
            $vis const ALL: &'static [$type] = &[$($type::$variant),*];

            /// The word that a bundle writes.
            $vis const fn as_str(self) -> &'static str {
                match self { $( $type::$variant => $word, )* }
            }

            /// The one that a bundle writes as `word`.
            $vis fn of(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.as_str() == word)
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl $crate::file::record::Value for $type {
            fn shape() -> $crate::file::record::Shape {
                $crate::file::record::Shape::Choice {
                    doc: concat!($($doc, "\n",)*).trim().to_owned(),
                    words: vec![$(($word, concat!($($word_doc, "\n",)* "").trim().to_owned())),*],
                }
            }

            fn read(
                node: &$crate::file::tree::Node,
                reader: &mut $crate::file::record::Reader<'_>,
            ) -> Option<Self> {
                reader.choice(node, $what, &[$(($word, $type::$variant)),*])
            }
        }
    };
}

/// Text that keeps to a form: declares the type, how it is read and its schema.
macro_rules! text {
    (
        $(#[doc = $doc:literal])*
        pub struct $type:ident = $what:literal, $help:literal, $pattern:expr, $valid:expr
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
        pub struct $type(String);

        impl $type {
            /// Nothing where the text does not keep to the form.
            pub fn of(text: &str) -> Option<Self> {
                let valid: fn(&str) -> bool = $valid;
                valid(text).then(|| Self(text.to_owned()))
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::borrow::Borrow<str> for $type {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl $crate::file::record::Value for $type {
            fn shape() -> $crate::file::record::Shape {
                $crate::file::record::Shape::Text { doc: $help, pattern: $pattern }
            }

            fn read(
                node: &$crate::file::tree::Node,
                reader: &mut $crate::file::record::Reader<'_>,
            ) -> Option<Self> {
                let text = reader.text(node, concat!("a ", $what))?;
                let value = Self::of(text);
                if value.is_none() {
                    let message = format!(
                        concat!("`{}` is not a ", $what),
                        $crate::file::record::clipped(text)
                    );
                    reader.error("bad-value", node.span, message, $help);
                }
                value
            }
        }
    };
}

pub(crate) use {choice, record, text};
