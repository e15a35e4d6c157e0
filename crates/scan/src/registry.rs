//! The one list of rules. A rule is `rules/<id>.rs` (its documentation is its page) and `rules/<id>.md` (its
//! specification and its test); the id is the file name with hyphens.

use crate::rule::Rule;

macro_rules! rules {
    ($($module:ident = $id:literal,)*) => {
        mod rules {
            $(pub(crate) mod $module;)*
        }

        /// Every rule, in the order in which they are listed to people.
        pub static RULES: &[Rule] = &[
            $(Rule {
                id: $id,
                meta: &rules::$module::META,
                check: rules::$module::check,
                source: include_str!(concat!("rules/", stringify!($module), ".rs")),
            },)*
        ];
    };
}
pub(crate) use rules;

/// The rule of that id.
pub fn rule(id: &str) -> Option<&'static Rule> {
    crate::RULES.iter().find(|rule| rule.id == id)
}
