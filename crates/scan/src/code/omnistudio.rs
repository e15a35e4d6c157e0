//! The methods that OmniStudio calls by the name of their class.

use std::collections::BTreeSet;

use apex::ast::ExprKind;
use apex::{ClassId, MethodId, Program};
use serde_json::Value;
use sfdx::Project;

/// The metadata in which OmniStudio names classes.
const KINDS: [&str; 5] =
    ["OmniIntegrationProcedure", "OmniProcess", "OmniScript", "OmniDataTransform", "OmniUiCard"];

/// JSON within JSON is opened so often.
const DEPTH: u8 = 8;

/// `invokeMethod` of classes that implement `VlocityOpenInterface`, which nothing else calls, and `call` of those that
/// implement `Callable` where OmniStudio is seen: of classes that it names, and that no code of the source makes or names.
pub(super) fn called(project: &Project, program: &Program) -> BTreeSet<MethodId> {
    let mut found = BTreeSet::new();
    let mut callable: Vec<(String, MethodId)> = Vec::new();
    for (index, class) in program.classes.iter().enumerate().filter(|(_, class)| !class.is_test) {
        let Ok(index) = u32::try_from(index) else { break };
        let id = ClassId(index);
        if implements(program, id, &["vlocityopeninterface", "vlocityopeninterface2"]) {
            found.extend(method(program, id, "invokemethod", 4));
        }
        if implements(program, id, &["callable"]) {
            let name = program.names.folded(class.full_name).to_owned();
            callable.extend(method(program, id, "call", 2).map(|call| (name, call)));
        }
    }
    if callable.is_empty() {
        return found;
    }
    let named = named(project);
    let is_seen = !found.is_empty() || KINDS.iter().any(|kind| project.of_type(kind).next().is_some());
    if !is_seen {
        return found;
    }
    let of_code = of_code(program);
    let calls = callable.into_iter().filter(|(name, _)| named.contains(name) || !of_code.contains(name));
    found.extend(calls.map(|(_, call)| call));
    found
}

/// Whether a class implements an interface of one of these names that no class of the source has.
fn implements(program: &Program, class: ClassId, wanted: &[&str]) -> bool {
    program.lineage(class).into_iter().any(|id| {
        let Some(own) = program.class(id) else { return false };
        let (Some(decl), Some(file)) = (program.decl_of(own), program.file(own.file)) else { return false };
        decl.implements.iter().chain(&decl.extends).any(|written| {
            let name = file.type_ref(*written).path.last();
            name.is_some_and(|name| {
                wanted.contains(&program.names.folded(*name))
                    && program.class_named(*name, Some(id)).is_none()
            })
        })
    })
}

fn method(program: &Program, class: ClassId, name: &str, parameters: usize) -> Option<MethodId> {
    let name = program.names.find(name)?;
    let all = program.lineage(class).into_iter().filter_map(|id| program.class(id));
    let mut named = all.filter_map(|class| class.methods.get(&name)).flatten().copied();
    named.find(|id| {
        program.method(*id).is_some_and(|own| own.body.is_some() && own.parameters.len() == parameters)
    })
}

/// The classes that code which is no test makes, or names in a text, in lower case.
fn of_code(program: &Program) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for file in program.files.iter().filter(|file| !file.is_test()) {
        for expr in &file.exprs {
            if let ExprKind::New { of, .. } = &expr.kind {
                let path: Vec<&str> =
                    file.type_ref(*of).path.iter().map(|name| program.names.folded(*name)).collect();
                found.insert(path.join("."));
            }
        }
        let texts = (0_u32..).map(apex::ast::ExprId).take(file.exprs.len());
        found.extend(texts.filter_map(|id| file.literal_text(id)).map(|text| text.to_lowercase()));
    }
    found
}

/// The classes that OmniStudio's metadata names for its remote actions, in lower case.
fn named(project: &Project) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for component in KINDS.iter().flat_map(|kind| project.of_type(kind)) {
        for element in component.root().descendants().filter(|element| element.is_leaf()) {
            in_text(&element.text(), DEPTH, &mut found);
        }
    }
    found
}

fn in_text(text: &str, depth: u8, found: &mut BTreeSet<String>) {
    let is_json = text.trim_start().starts_with(['{', '[']);
    if let Some(depth) = depth.checked_sub(1)
        && is_json
        && let Ok(value) = serde_json::from_str(text)
    {
        in_value(&value, depth, found);
    }
}

fn in_value(value: &Value, depth: u8, found: &mut BTreeSet<String>) {
    let mut todo = vec![value];
    while let Some(value) = todo.pop() {
        match value {
            Value::Array(all) => todo.extend(all),
            Value::Object(members) => {
                let class = members.get("remoteClass").and_then(Value::as_str);
                found.extend(class.filter(|class| !class.is_empty()).map(str::to_lowercase));
                todo.extend(members.values());
            }
            Value::String(text) => in_text(text, depth, found),
            _ => {}
        }
    }
}
