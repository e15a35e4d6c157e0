//! JSON Schema of entries: made from the declarations that the reader reads by.

use serde_json::{Map, Value, json};

use crate::entry::Entry;
use crate::form::{Form as _, Shape};

/// The schema of an entry (JSON Schema 2020-12). It asks for the form; that the bytes are canonical, that lists are
/// not empty and that an entry does not contradict itself is checked by [`Entry::read`] alone.
pub fn schema() -> Value {
    let mut definitions = Map::new();
    let root = of(&Entry::shape(), &mut definitions);
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Phiward journal entry, version 1",
        "$ref": root.get("$ref").cloned().unwrap_or_default(),
        "$defs": definitions,
    })
}

fn of(shape: &Shape, definitions: &mut Map<String, Value>) -> Value {
    match shape {
        Shape::Record { name, doc, keys } | Shape::OneOf { name, doc, keys } => {
            let one_of = matches!(shape, Shape::OneOf { .. });
            if !definitions.contains_key(*name) {
                definitions.insert((*name).to_owned(), Value::Null);
                let mut properties = Map::new();
                for key in keys {
                    let mut value = of(&key.shape, definitions);
                    if let (Some(map), false) = (value.as_object_mut(), key.doc.is_empty()) {
                        map.insert("description".to_owned(), key.doc.clone().into());
                    }
                    properties.insert(key.key.to_owned(), value);
                }
                let required: Vec<&str> =
                    keys.iter().filter(|key| key.required && !one_of).map(|key| key.key).collect();
                let mut record = json!({
                    "type": "object",
                    "properties": properties,
                    "additionalProperties": false,
                });
                if let Some(map) = record.as_object_mut() {
                    if !doc.is_empty() {
                        map.insert("description".to_owned(), doc.clone().into());
                    }
                    if one_of {
                        map.insert("minProperties".to_owned(), 1.into());
                        map.insert("maxProperties".to_owned(), 1.into());
                    } else {
                        map.insert("required".to_owned(), required.into());
                    }
                }
                definitions.insert((*name).to_owned(), record);
            }
            json!({ "$ref": format!("#/$defs/{name}") })
        }
        Shape::Choice { doc, words } => {
            let only: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let mut choice = json!({ "enum": only });
            if let Some(map) = choice.as_object_mut() {
                if words.iter().any(|(_, doc)| !doc.is_empty()) {
                    let said = words.iter().map(|(word, doc)| if doc.is_empty() { *word } else { doc });
                    map.insert("enumDescriptions".to_owned(), said.collect::<Vec<_>>().into());
                }
                if !doc.is_empty() {
                    map.insert("description".to_owned(), doc.clone().into());
                }
            }
            choice
        }
        Shape::Text { doc, pattern } => json!({ "type": "string", "pattern": pattern, "description": doc }),
        Shape::Number { least, most } => json!({ "type": "integer", "minimum": least, "maximum": most }),
        Shape::List { of: item, most } => {
            json!({ "type": "array", "items": of(item, definitions), "minItems": 1, "maxItems": most })
        }
    }
}
