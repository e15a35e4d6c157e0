//! One declaration per kind of value gives its Rust type, its bytes, its reader and its JSON Schema, so that the
//! four cannot drift apart: [`record!`] for objects, [`choice!`] for closed lists of words, [`one_of!`] for an
//! object with exactly one of several keys.

use std::fmt;

use crate::json::{Kind, Node};

/// What a value looks like: for the JSON Schema.
#[derive(Clone, Debug)]
pub(crate) enum Shape {
    Record { name: &'static str, doc: String, keys: Vec<Key> },
    OneOf { name: &'static str, doc: String, keys: Vec<Key> },
    Choice { doc: String, words: Vec<(&'static str, String)> },
    Text { doc: &'static str, pattern: &'static str },
    Number { least: u64, most: u64 },
    List { of: Box<Shape>, most: usize },
}

#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) key: &'static str,
    pub(crate) doc: String,
    pub(crate) shape: Shape,
    pub(crate) required: bool,
}

/// A kind of value that an entry can hold.
pub(crate) trait Form: Sized {
    fn shape() -> Shape;

    /// Reads the one spelling of a value: what is written of it again is what was read.
    fn read(node: &Node<'_>) -> Result<Self, Fault>;

    /// The value where the key is left out; nothing when it must not be.
    fn absent() -> Option<Self> {
        None
    }

    /// Whether the key is left out for it.
    fn is_absent(&self) -> bool {
        false
    }
}

/// What is wrong with bytes that should be an entry, and where. It never holds what stood there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    offset: usize,
    /// Keys of the format, outermost first.
    path: Vec<Step>,
    wrong: Wrong,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Key(&'static str),
    Item(usize),
}

/// The ways in which bytes are no entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    #[error("the entry ends too soon")]
    Ends,
    #[error("something follows the end of the entry")]
    AfterTheEnd,
    #[error("not the JSON of an entry: no blanks, no `null`, no `true` or `false`, no signs or fractions")]
    NotJson,
    #[error("nested too deeply")]
    TooDeep,
    #[error("longer than {} bytes", crate::entry::LONGEST)]
    TooLong,
    #[error("a string of an entry has printable ASCII without quotes and backslashes only")]
    Character,
    #[error("a number of an entry is whole, below 2^53 and without leading zeros")]
    Number,
    #[error("keys stand once and in the order of their bytes (RFC 8785)")]
    Order,
    #[error("an object is needed here")]
    NotAnObject,
    #[error("a list is needed here")]
    NotAList,
    #[error("a string is needed here")]
    NotAText,
    #[error("a number is needed here")]
    NotANumber,
    #[error("entries of this version do not have this key")]
    UnknownKey,
    #[error("the key `{0}` is missing")]
    MissingKey(&'static str),
    #[error("exactly one kind is needed here")]
    NotOneKind,
    #[error("this is not {0}")]
    NotA(&'static str),
    #[error("the number is not between {0} and {1}")]
    Range(u64, u64),
    #[error("the list has more than {0} items")]
    TooMany(usize),
    #[error("an empty list is left out with its key")]
    EmptyList,
    #[error("the version of the entry is not 1: a newer release may know it")]
    Version,
    #[error("{0}")]
    Contradiction(&'static str),
}

impl Fault {
    pub(crate) const fn at(offset: usize, wrong: Wrong) -> Self {
        Self { offset, path: Vec::new(), wrong }
    }

    pub(crate) fn below(mut self, key: &'static str) -> Self {
        self.path.insert(0, Step::Key(key));
        self
    }

    fn item(mut self, index: usize) -> Self {
        self.path.insert(0, Step::Item(index));
        self
    }

    /// Bytes from the start of the entry.
    pub const fn offset(&self) -> usize {
        self.offset
    }

    pub const fn wrong(&self) -> Wrong {
        self.wrong
    }

    /// The key concerned, as `act/call/rows`; empty for the entry itself.
    pub fn key(&self) -> String {
        let steps = self.path.iter().map(|step| match step {
            Step::Key(key) => (*key).to_owned(),
            Step::Item(index) => index.to_string(),
        });
        steps.collect::<Vec<_>>().join("/")
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "byte {}", self.offset)?;
        if !self.path.is_empty() {
            write!(f, ", `{}`", self.key())?;
        }
        write!(f, ": {}", self.wrong)
    }
}

impl std::error::Error for Fault {}

pub(crate) fn text<'a>(node: &Node<'a>) -> Result<&'a str, Fault> {
    match node.kind {
        Kind::Text(text) => Ok(text),
        _ => Err(Fault::at(node.at, Wrong::NotAText)),
    }
}

pub(crate) fn number(node: &Node<'_>, least: u64, most: u64) -> Result<u64, Fault> {
    match node.kind {
        Kind::Number(number) if (least..=most).contains(&number) => Ok(number),
        Kind::Number(_) => Err(Fault::at(node.at, Wrong::Range(least, most))),
        _ => Err(Fault::at(node.at, Wrong::NotANumber)),
    }
}

/// The members of an object that has no keys but these.
pub(crate) fn members<'n, 'a>(
    node: &'n Node<'a>,
    known: &[&'static str],
) -> Result<&'n [(usize, &'a str, Node<'a>)], Fault> {
    let Kind::Map(members) = &node.kind else { return Err(Fault::at(node.at, Wrong::NotAnObject)) };
    match members.iter().find(|(_, key, _)| !known.contains(key)) {
        Some((at, _, _)) => Err(Fault::at(*at, Wrong::UnknownKey)),
        None => Ok(members),
    }
}

/// One key of a record.
pub(crate) fn key<T: Form>(
    node: &Node<'_>,
    members: &[(usize, &str, Node<'_>)],
    key: &'static str,
) -> Result<T, Fault> {
    match members.iter().find(|(_, name, _)| *name == key) {
        Some((_, _, value)) => T::read(value).map_err(|fault| fault.below(key)),
        None => T::absent().ok_or(Fault::at(node.at, Wrong::MissingKey(key))),
    }
}

impl<T: Form> Form for Option<T> {
    fn shape() -> Shape {
        T::shape()
    }

    fn read(node: &Node<'_>) -> Result<Self, Fault> {
        T::read(node).map(Some)
    }

    fn absent() -> Option<Self> {
        Some(None)
    }

    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

/// Lists are not empty where they are written: the key is left out instead. So one meaning has one form.
impl<T: Form> Form for Vec<T> {
    fn shape() -> Shape {
        Shape::List { of: Box::new(T::shape()), most: crate::entry::MOST_ITEMS }
    }

    fn read(node: &Node<'_>) -> Result<Self, Fault> {
        let Kind::List(items) = &node.kind else { return Err(Fault::at(node.at, Wrong::NotAList)) };
        match items.len() {
            0 => return Err(Fault::at(node.at, Wrong::EmptyList)),
            number if number > crate::entry::MOST_ITEMS => {
                return Err(Fault::at(node.at, Wrong::TooMany(crate::entry::MOST_ITEMS)));
            }
            _ => {}
        }
        items.iter().enumerate().map(|(at, item)| T::read(item).map_err(|fault| fault.item(at))).collect()
    }

    fn absent() -> Option<Self> {
        Some(Vec::new())
    }

    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

/// Runs of blanks and line ends of a documentation comment are one blank.
pub(crate) fn plain(doc: &str) -> String {
    doc.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// An object with these keys and no others.
macro_rules! record {
    (
        $(#[doc = $doc:literal])*
        pub struct $type:ident {
            $( $(#[doc = $key_doc:literal])* $key:ident: $value:ty ),* $(,)?
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $type {
            $( $(#[doc = $key_doc])* pub $key: $value, )*
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeMap as _;
                let mut map = serializer.serialize_map(None)?;
                $(
                    if !$crate::form::Form::is_absent(&self.$key) {
                        map.serialize_entry(stringify!($key), &self.$key)?;
                    }
                )*
                map.end()
            }
        }

        impl $crate::form::Form for $type {
            fn shape() -> $crate::form::Shape {
                $crate::form::Shape::Record {
                    name: stringify!($type),
                    doc: $crate::form::plain(concat!($($doc, "\n",)* "")),
                    keys: vec![$(
                        $crate::form::Key {
                            key: stringify!($key),
                            doc: $crate::form::plain(concat!($($key_doc, "\n",)* "")),
                            shape: <$value as $crate::form::Form>::shape(),
                            required: <$value as $crate::form::Form>::absent().is_none(),
                        },
                    )*],
                }
            }

            fn read(node: &$crate::json::Node<'_>) -> Result<Self, $crate::form::Fault> {
                let members = $crate::form::members(node, &[$(stringify!($key)),*])?;
                Ok(Self { $( $key: $crate::form::key(node, members, stringify!($key))?, )* })
            }
        }
    };
}

/// A closed list of words.
macro_rules! choice {
    (
        $(#[doc = $doc:literal])*
        pub enum $type:ident = $what:literal {
            $( $(#[doc = $word_doc:literal])* $variant:ident = $word:literal ),* $(,)?
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $type {
            $( $(#[doc = $word_doc])* $variant, )*
        }

        impl $type {
            /// Every one, in the order of declaration.
            pub const ALL: &'static [$type] = &[$($type::$variant),*];

            /// The word that entries write.
            pub const fn as_str(self) -> &'static str {
                match self { $( $type::$variant => $word, )* }
            }
        }

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl $crate::form::Form for $type {
            fn shape() -> $crate::form::Shape {
                $crate::form::Shape::Choice {
                    doc: $crate::form::plain(concat!($($doc, "\n",)* "")),
                    words: vec![$(($word, $crate::form::plain(concat!($($word_doc, "\n",)* "")))),*],
                }
            }

            fn read(node: &$crate::json::Node<'_>) -> Result<Self, $crate::form::Fault> {
                let text = $crate::form::text(node)?;
                Self::ALL.iter().copied().find(|one| one.as_str() == text).ok_or($crate::form::Fault::at(
                    node.at,
                    $crate::form::Wrong::NotA($what),
                ))
            }
        }
    };
}

/// An object with exactly one of these keys.
macro_rules! one_of {
    (
        $(#[doc = $doc:literal])*
        pub enum $type:ident {
            $( $(#[doc = $key_doc:literal])* $variant:ident($value:ty) = $key:literal ),* $(,)?
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum $type {
            $( $(#[doc = $key_doc])* $variant($value), )*
        }

        impl $type {
            /// The keys, in the order of declaration.
            pub const KEYS: &'static [&'static str] = &[$($key),*];

            /// The key that it is written under.
            pub const fn key(&self) -> &'static str {
                match self { $( Self::$variant(_) => $key, )* }
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeMap as _;
                let mut map = serializer.serialize_map(Some(1))?;
                match self { $( Self::$variant(value) => map.serialize_entry($key, value)?, )* }
                map.end()
            }
        }

        impl $crate::form::Form for $type {
            fn shape() -> $crate::form::Shape {
                $crate::form::Shape::OneOf {
                    name: stringify!($type),
                    doc: $crate::form::plain(concat!($($doc, "\n",)* "")),
                    keys: vec![$(
                        $crate::form::Key {
                            key: $key,
                            doc: $crate::form::plain(concat!($($key_doc, "\n",)* "")),
                            shape: <$value as $crate::form::Form>::shape(),
                            required: true,
                        },
                    )*],
                }
            }

            fn read(node: &$crate::json::Node<'_>) -> Result<Self, $crate::form::Fault> {
                let members = $crate::form::members(node, &[$($key),*])?;
                let [(_, key, value)] = members else {
                    return Err($crate::form::Fault::at(node.at, $crate::form::Wrong::NotOneKind));
                };
                match *key {
                    $(
                        $key => <$value as $crate::form::Form>::read(value)
                            .map(Self::$variant)
                            .map_err(|fault| fault.below($key)),
                    )*
                    _ => Err($crate::form::Fault::at(node.at, $crate::form::Wrong::UnknownKey)),
                }
            }
        }
    };
}

pub(crate) use {choice, one_of, record};
