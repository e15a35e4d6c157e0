//! What an expression is.

use std::sync::Arc;

use crate::name::Name;
use crate::program::ClassId;

#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub enum Ty {
    /// Not in the source, or not followed.
    #[default]
    Unknown,
    Void,
    Null,
    Boolean,
    Number,
    Text,
    Id,
    /// A date or a time.
    Date,
    Blob,
    /// `Object`
    Any,
    /// A record; of which object, where the type says it.
    Record(Option<Name>),
    Class(ClassId),
    List(Arc<Ty>),
    Set(Arc<Ty>),
    Map(Arc<(Ty, Ty)>),
    /// A class of Salesforce, by its name without `System.`
    Platform(Name),
}

impl Ty {
    pub fn list(of: Ty) -> Self {
        Self::List(Arc::new(of))
    }

    /// Whether its values have no parts that change: texts, numbers, dates.
    pub fn is_scalar(&self) -> bool {
        matches!(
            self,
            Self::Void
                | Self::Null
                | Self::Boolean
                | Self::Number
                | Self::Text
                | Self::Id
                | Self::Date
                | Self::Blob
        )
    }

    /// What is in a list, a set, or the values of a map.
    pub fn element(&self) -> Ty {
        match self {
            Self::List(of) | Self::Set(of) => of.as_ref().clone(),
            Self::Map(of) => of.1.clone(),
            // `for (X x : record)` does not occur; a query that was not followed gives records.
            _ => Self::Unknown,
        }
    }

    /// The object, of a record or a collection of records.
    pub fn object(&self) -> Option<Name> {
        match self {
            Self::Record(object) => *object,
            Self::List(of) | Self::Set(of) => of.object(),
            Self::Map(of) => of.1.object(),
            _ => None,
        }
    }

    /// Whether both may be one type: what is unknown may be any.
    pub(crate) fn is_same(&self, other: &Ty) -> bool {
        match (self, other) {
            (Self::Unknown, _) | (_, Self::Unknown) => true,
            (Self::List(a), Self::List(b)) | (Self::Set(a), Self::Set(b)) => a.is_same(b),
            (Self::Map(a), Self::Map(b)) => a.0.is_same(&b.0) && a.1.is_same(&b.1),
            _ => self == other,
        }
    }

    /// How well a value of this type fits a parameter; none where it does not.
    pub(crate) fn fits(&self, wanted: &Ty) -> Option<u32> {
        if self == wanted {
            return Some(4);
        }
        match (self, wanted) {
            (_, Self::Unknown) | (Self::Unknown, _) => Some(1),
            (Self::Null, other) if *other != Self::Void => Some(2),
            (_, Self::Any) => Some(1),
            (Self::Any, _) => Some(1),
            (Self::Id, Self::Text) | (Self::Text, Self::Id) => Some(2),
            (Self::Record(_), Self::Record(None)) | (Self::Record(None), Self::Record(_)) => Some(3),
            (Self::List(a), Self::List(b)) | (Self::Set(a), Self::Set(b)) => a.fits(b).map(|fit| fit.min(3)),
            (Self::Map(a), Self::Map(b)) => {
                let (key, value) = (a.0.fits(&b.0)?, a.1.fits(&b.1)?);
                Some(key.min(value).min(3))
            }
            // Whether a class is below another is judged where classes are known.
            (Self::Class(_), Self::Class(_)) => Some(2),
            (Self::Platform(_), Self::Platform(_)) => Some(1),
            (Self::Class(_), Self::Platform(_)) | (Self::Platform(_), Self::Class(_)) => Some(1),
            // A list with one record may stand for the record.
            (Self::List(of), Self::Record(_)) if matches!(of.as_ref(), Self::Record(_)) => Some(1),
            _ => None,
        }
    }
}
