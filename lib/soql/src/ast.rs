//! The tree of a statement.

mod condition;
mod name;
mod query;
mod search;
mod value;

pub use condition::{Comparison, Condition, Connected, Negation, Operator};
pub use name::{Hole, Name, Path, Unread};
pub use query::{
    CategoryFilter, CategorySelector, DataCategory, Direction, FieldGroup, FieldItem, Fields, For, FromItem,
    GroupBy, GroupKind, Lookup, LookupBind, Mode, Nulls, Order, Parameters, Query, SelectItem, Setting,
    Statement, Subquery, TypeOf, TypeOfBranch, Update, With, WithMode,
};
pub use search::{Returning, Search, SearchGroup, SearchKind, SearchText, SearchWith, WithSetting};
pub use value::{Bind, Call, Expression, Literal, LiteralKind, Value, ValueList};
