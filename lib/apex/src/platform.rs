//! What methods of Salesforce's own classes return, as far as anybody needs to know.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use crate::name::Names;
use crate::ty::Ty;

const TABLE: &str = include_str!("platform.tsv");

type Table = BTreeMap<&'static str, BTreeMap<String, &'static str>>;

fn table() -> &'static Table {
    static READ: OnceLock<Table> = OnceLock::new();
    READ.get_or_init(|| {
        let lines = TABLE.lines().filter_map(|line| line.split_once('\t'));
        lines
            .map(|(class, methods)| {
                let pairs = methods.split(' ').filter_map(|pair| pair.split_once('='));
                (class, pairs.map(|(name, returns)| (name.to_ascii_lowercase(), returns)).collect())
            })
            .collect()
    })
}

/// Every class that the table names, on either side.
pub(crate) fn type_names() -> Vec<&'static str> {
    let returned = TABLE.lines().filter_map(|line| line.split_once('\t')).flat_map(|(class, methods)| {
        let returns = methods.split(' ').filter_map(|pair| pair.split_once('=')).map(|(_, returns)| returns);
        returns.flat_map(|text| text.split(['<', '>', ','])).chain(std::iter::once(class))
    });
    returned
        .filter(|name| !name.is_empty())
        .map(|name| name.strip_prefix("Schema.").unwrap_or(name))
        .collect()
}

/// The type of a member of a platform class; `class` is folded.
pub(crate) fn member(names: &Names, class: &str, member: &str) -> Option<Ty> {
    let class = table().get(class)?;
    let text = class.get(member).or_else(|| class.get("*"))?;
    Some(read(names, text))
}

fn read(names: &Names, text: &str) -> Ty {
    let inside = |prefix: &str| text.strip_prefix(prefix).and_then(|rest| rest.strip_suffix('>'));
    if let Some(of) = inside("List<") {
        return Ty::list(read(names, of));
    }
    if let Some(of) = inside("Set<") {
        return Ty::Set(Arc::new(read(names, of)));
    }
    if let Some((key, value)) = inside("Map<").and_then(|of| of.split_once(',')) {
        return Ty::Map(Arc::new((read(names, key), read(names, value))));
    }
    match text {
        "Text" => Ty::Text,
        "Boolean" => Ty::Boolean,
        "Number" => Ty::Number,
        "Date" => Ty::Date,
        "Blob" => Ty::Blob,
        "Id" => Ty::Id,
        "Any" => Ty::Any,
        "Void" => Ty::Void,
        "Record" => Ty::Record(None),
        name => names.find(name.strip_prefix("Schema.").unwrap_or(name)).map_or(Ty::Unknown, Ty::Platform),
    }
}
