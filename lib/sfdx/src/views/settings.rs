use crate::{Component, Element, Project, Value};

/// One `*.settings` file. A setting that the file does not name is unknown.
#[derive(Clone, Copy, Debug)]
pub struct Settings<'p>(Component<'p>);

impl<'p> Settings<'p> {
    pub fn component(self) -> Component<'p> {
        self.0
    }

    /// The file's name: `Security`, `Event`, `PlatformEncryption`.
    pub fn name(self) -> &'p str {
        self.0.full_name()
    }

    pub fn element(self) -> Element<'p> {
        self.0.root()
    }

    /// Such as `sessionSettings/sessionTimeout`.
    pub fn value(self, path: &str) -> Option<Value<'p>> {
        self.element().value(path)
    }

    pub fn flag(self, path: &str) -> Option<bool> {
        self.element().flag(path)
    }
}

impl Project {
    /// All settings files, by type and path.
    pub fn all_settings(&self) -> impl Iterator<Item = Settings<'_>> {
        let in_folder =
            |component: &Component<'_>| component.file().path.rsplit('/').nth(1) == Some("settings");
        self.components().filter(in_folder).map(Settings)
    }

    /// The first settings file of that name, such as `Security`.
    pub fn settings(&self, name: &str) -> Option<Settings<'_>> {
        let of_type = self.of_type(&format!("{name}Settings")).map(Settings).next();
        of_type.or_else(|| self.all_settings().find(|settings| settings.name() == name))
    }
}
