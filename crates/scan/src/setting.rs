//! Settings of the org as the source writes them: on, off, or not said.

use sfdx::Value;

use crate::Context;

/// What a settings file says of a flag.
pub(crate) enum Flag<'p> {
    On(Value<'p>),
    Off(Value<'p>),
    /// The file is there and does not say.
    Silent,
    /// The source has no such file.
    Absent,
}

/// A flag of a settings file, by the file's name and the spellings of the element.
pub(crate) fn flag<'p>(cx: &Context<'p>, file: &str, spellings: &[&str]) -> Flag<'p> {
    let Some(settings) = cx.project.settings(file) else { return Flag::Absent };
    let said = spellings.iter().find_map(|name| settings.value(name));
    match said.as_ref().and_then(Value::flag).zip(said) {
        Some((true, value)) => Flag::On(value),
        Some((false, value)) => Flag::Off(value),
        None => Flag::Silent,
    }
}
