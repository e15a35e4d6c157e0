//! Settings of the org as the source writes them: on, off, or not said.

use sfdx::Value;

use crate::Context;
use crate::rule::Outcome;

/// A setting that the source says.
pub(crate) enum Switch<'p> {
    On(Value<'p>),
    Off(Value<'p>),
}

/// What a settings file says of a flag, for a rule: where it says nothing, that is told as a gap, which names what is
/// not known and what would settle it.
pub(crate) fn judge<'p>(
    cx: &Context<'p>,
    out: &mut Outcome,
    (file, spellings): (&str, &[&str]),
    (missing, complete_with): (impl Into<String>, impl Into<String>),
) -> Option<Switch<'p>> {
    match flag(cx, file, spellings) {
        Flag::On(value) => Some(Switch::On(value)),
        Flag::Off(value) => Some(Switch::Off(value)),
        Flag::Silent | Flag::Absent => {
            out.unknown(missing, complete_with);
            None
        }
    }
}

/// What a settings file says of a flag.
pub(crate) enum Flag<'p> {
    On(Value<'p>),
    Off(Value<'p>),
    /// The file is there and does not say.
    Silent,
    /// The source has no such file.
    Absent,
}

/// A flag of a settings file, by the file's name and the spellings of the element. Rules ask [`judge`], so that what is
/// unknown is told.
pub(crate) fn flag<'p>(cx: &Context<'p>, file: &str, spellings: &[&str]) -> Flag<'p> {
    let Some(settings) = cx.project.settings(file) else { return Flag::Absent };
    let said = spellings.iter().find_map(|name| settings.value(name));
    match said.as_ref().and_then(Value::flag).zip(said) {
        Some((true, value)) => Flag::On(value),
        Some((false, value)) => Flag::Off(value),
        None => Flag::Silent,
    }
}
