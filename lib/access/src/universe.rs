//! All that can be asked about, numbered: objects, their fields, user permissions. A grant is a set of these numbers.

use std::collections::{BTreeMap, BTreeSet};

/// What an object permission allows; the number is its bit in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum ObjectFlag {
    Create,
    Read,
    Edit,
    Delete,
    ViewAll,
    ModifyAll,
    ViewAllFields,
}

impl ObjectFlag {
    pub const ALL: [ObjectFlag; 7] = [
        ObjectFlag::Create,
        ObjectFlag::Read,
        ObjectFlag::Edit,
        ObjectFlag::Delete,
        ObjectFlag::ViewAll,
        ObjectFlag::ModifyAll,
        ObjectFlag::ViewAllFields,
    ];

    /// As the Metadata API writes it.
    pub const fn element(self) -> &'static str {
        match self {
            ObjectFlag::Create => "allowCreate",
            ObjectFlag::Read => "allowRead",
            ObjectFlag::Edit => "allowEdit",
            ObjectFlag::Delete => "allowDelete",
            ObjectFlag::ViewAll => "viewAllRecords",
            ObjectFlag::ModifyAll => "modifyAllRecords",
            ObjectFlag::ViewAllFields => "viewAllFields",
        }
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            ObjectFlag::Create => "create",
            ObjectFlag::Read => "read",
            ObjectFlag::Edit => "edit",
            ObjectFlag::Delete => "delete",
            ObjectFlag::ViewAll => "view all",
            ObjectFlag::ModifyAll => "modify all",
            ObjectFlag::ViewAllFields => "view all fields",
        }
    }

    pub(crate) const fn bit(self) -> u8 {
        1 << self as u8
    }

    /// What a flag gives beside itself.
    const fn brings(self) -> u8 {
        use ObjectFlag::{Delete, Edit, Read, ViewAll};
        match self {
            ObjectFlag::Create | Edit | ViewAll => Read.bit(),
            Delete => Read.bit() | Edit.bit(),
            ObjectFlag::ModifyAll => Read.bit() | Edit.bit() | Delete.bit() | ViewAll.bit(),
            Read | ObjectFlag::ViewAllFields => 0,
        }
    }

    /// What falls where a flag falls.
    const fn carries(self) -> u8 {
        use ObjectFlag::{Create, Delete, Edit, ModifyAll, Read, ViewAll, ViewAllFields};
        match self {
            Read => {
                Create.bit()
                    | Edit.bit()
                    | Delete.bit()
                    | ViewAll.bit()
                    | ModifyAll.bit()
                    | ViewAllFields.bit()
            }
            Edit => Delete.bit() | ModifyAll.bit(),
            Delete | ViewAll => ModifyAll.bit(),
            Create | ModifyAll | ViewAllFields => 0,
        }
    }
}

/// All seven flags.
pub(crate) const ALL_FLAGS: u8 = 0x7f;

/// The flags of a row with all that they bring.
pub(crate) fn brought(flags: u8) -> u8 {
    with(flags, ObjectFlag::brings)
}

/// The flags that fall where these are muted.
pub(crate) fn carried(flags: u8) -> u8 {
    with(flags, ObjectFlag::carries)
}

fn with(flags: u8, more: impl Fn(ObjectFlag) -> u8) -> u8 {
    let set = ObjectFlag::ALL.into_iter().filter(|flag| flags & flag.bit() != 0);
    set.fold(flags, |all, flag| all | more(flag))
}

/// Of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Use {
    Read,
    Edit,
}

/// Names as they first came, and their numbers by the name in lower case.
#[derive(Debug, Default)]
pub(crate) struct Names {
    numbers: BTreeMap<String, u32>,
    shown: Vec<String>,
}

impl Names {
    pub(crate) fn add(&mut self, name: &str) -> u32 {
        let key = name.to_lowercase();
        if let Some(&number) = self.numbers.get(&key) {
            return number;
        }
        let number = u32::try_from(self.shown.len()).unwrap_or(u32::MAX);
        self.numbers.insert(key, number);
        self.shown.push(name.to_owned());
        number
    }

    pub(crate) fn find(&self, name: &str) -> Option<u32> {
        self.numbers.get(&name.to_lowercase()).copied()
    }

    pub(crate) fn shown(&self, number: u32) -> &str {
        self.shown.get(number as usize).map_or("", String::as_str)
    }

    pub(crate) fn len(&self) -> usize {
        self.shown.len()
    }

    /// By name in lower case.
    pub(crate) fn sorted(&self) -> impl Iterator<Item = (u32, &str)> {
        self.numbers.values().map(|&number| (number, self.shown(number)))
    }
}

/// Numbers of objects and fields come in the order of first sight; what is shown is sorted by name.
#[derive(Debug, Default)]
pub(crate) struct Universe {
    pub(crate) objects: Names,
    /// `Object.Field`.
    pub(crate) fields: Names,
    /// Of each field, its object.
    pub(crate) field_objects: Vec<u32>,
    permissions: BTreeMap<String, u32>,
    /// Fields for which a container has a row.
    pub(crate) with_row: BTreeSet<u32>,
}

impl Universe {
    /// A name without a dot is no field.
    pub(crate) fn add_field(&mut self, full_name: &str) -> Option<u32> {
        let (object, name) = full_name.split_once('.')?;
        if object.is_empty() || name.is_empty() {
            return None;
        }
        let object = self.objects.add(object);
        let field = self.fields.add(full_name);
        if field as usize == self.field_objects.len() {
            self.field_objects.push(object);
        }
        Some(field)
    }

    pub(crate) fn add_permission(&mut self, name: &str) -> u32 {
        let next = u32::try_from(self.permissions.len()).unwrap_or(u32::MAX);
        *self.permissions.entry(name.to_owned()).or_insert(next)
    }

    pub(crate) fn permission(&self, name: &str) -> Option<usize> {
        self.permissions.get(name).map(|&number| self.permission_item(number))
    }

    pub(crate) fn permission_number(&self, name: &str) -> Option<u32> {
        self.permissions.get(name).copied()
    }

    pub(crate) fn permission_shown(&self, number: u32) -> &str {
        let found = self.permissions.iter().find(|(_, at)| **at == number);
        found.map_or("", |(name, _)| name)
    }

    /// One that no row names shares an item with all such: the answer is that for any row that is not there.
    pub(crate) fn permission_or_unnamed(&self, name: &str) -> usize {
        self.permission(name).unwrap_or(self.len() - 1)
    }

    pub(crate) fn object_of(&self, field: u32) -> u32 {
        self.field_objects.get(field as usize).copied().unwrap_or(u32::MAX)
    }

    /// The first of an object's eight items.
    pub(crate) fn object_item(&self, object: u32) -> usize {
        object as usize * 8
    }

    pub(crate) fn flag_item(&self, object: u32, flag: ObjectFlag) -> usize {
        self.object_item(object) + flag as usize
    }

    pub(crate) fn field_item(&self, field: u32, what: Use) -> usize {
        let edits = if what == Use::Edit { self.fields.len() } else { 0 };
        self.objects.len() * 8 + edits + field as usize
    }

    pub(crate) fn permission_item(&self, permission: u32) -> usize {
        self.objects.len() * 8 + self.fields.len() * 2 + permission as usize
    }

    /// How many items there are, the one of no name included.
    pub(crate) fn len(&self) -> usize {
        self.permission_item(u32::try_from(self.permissions.len()).unwrap_or(u32::MAX)) + 1
    }
}
