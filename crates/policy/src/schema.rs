//! JSON Schema of a bundle's files, for editors: made from the declarations that the reader reads by.

use serde_json::{Map, Value, json};

use crate::bundle::File;
use crate::file::record::{Shape, Value as _};

/// The schema of any YAML file of a bundle (JSON Schema 2020-12). One schema serves all files, for a key may
/// stand in any of them.
pub fn schema() -> Value {
    let mut definitions = Map::new();
    let root = of(&File::shape(), &mut definitions);
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Phiward policy bundle, version 1",
        "$ref": root.get("$ref").cloned().unwrap_or_default(),
        "$defs": definitions,
    })
}

fn of(shape: &Shape, definitions: &mut Map<String, Value>) -> Value {
    match shape {
        Shape::Record { name, doc, keys } => {
            if !definitions.contains_key(*name) {
                definitions.insert((*name).to_owned(), Value::Null);
                let mut properties = Map::new();
                for key in keys {
                    let mut value = of(&key.shape, definitions);
                    if let (Some(map), false) = (value.as_object_mut(), key.doc.is_empty()) {
                        map.insert("description".to_owned(), plain(&key.doc).into());
                    }
                    properties.insert(key.key.to_owned(), value);
                }
                let required: Vec<&str> = keys.iter().filter(|k| k.required).map(|k| k.key).collect();
                let record = json!({
                    "type": "object",
                    "description": plain(doc),
                    "properties": properties,
                    "required": required,
                    "additionalProperties": false,
                });
                definitions.insert((*name).to_owned(), record);
            }
            json!({ "$ref": format!("#/$defs/{name}") })
        }
        Shape::Choice { doc, words } => {
            let only: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let said: Vec<String> = words.iter().map(|(word, doc)| said(word, doc)).collect();
            let mut choice = json!({ "enum": only });
            if let Some(map) = choice.as_object_mut() {
                // Editors show these beside the words.
                map.insert("enumDescriptions".to_owned(), said.into());
                if !doc.is_empty() {
                    map.insert("description".to_owned(), plain(doc).into());
                }
            }
            choice
        }
        // A plain scalar of digits is a number to an editor and a text to the reader.
        Shape::Text { doc, pattern: None } => {
            json!({ "type": ["string", "number", "boolean"], "description": doc })
        }
        Shape::Text { doc, pattern: Some(pattern) } => {
            json!({ "type": ["string", "number"], "pattern": pattern, "description": doc })
        }
        Shape::Boolean => json!({ "type": "boolean" }),
        Shape::Count => json!({ "type": "integer", "minimum": 0 }),
        Shape::List(item) => json!({ "type": "array", "items": of(item, definitions) }),
        Shape::OneOrMany(item) => {
            let one = of(item, definitions);
            json!({ "anyOf": [one, { "type": "array", "items": one }] })
        }
        Shape::Named(value) => {
            json!({ "type": "object", "additionalProperties": of(value, definitions) })
        }
    }
}

fn said(word: &str, doc: &str) -> String {
    if doc.is_empty() { word.to_owned() } else { plain(doc) }
}

fn plain(doc: &str) -> String {
    doc.split_whitespace().collect::<Vec<_>>().join(" ")
}
