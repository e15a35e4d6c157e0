//! What a query selects, and on which objects that is.

use std::collections::{BTreeMap, BTreeSet};

use super::{Access, Code, Need, is_data};
use crate::Context;
use crate::classification::is_of_another_person;
use crate::field_path::{self, Reached};

/// The objects and fields that a query reads, those of its children too; all in lower case.
#[derive(Debug, Default)]
pub(super) struct Selected {
    pub(super) objects: Vec<String>,
    /// The last names of paths; `*` where something else than a field is selected.
    pub(super) fields: BTreeSet<String>,
    /// Paths from their object.
    pub(super) paths: BTreeSet<(String, String)>,
}

impl Selected {
    /// `children` gives objects by parent and name of the relationship to them.
    pub(super) fn add(
        &mut self,
        query: &soql::Query,
        parent: Option<&str>,
        children: &BTreeMap<(String, String), String>,
    ) {
        let from = query.from.first().and_then(|from| from.object.last()).and_then(|name| name.known());
        let from = from.map(str::to_lowercase);
        let object = match (parent, from) {
            (Some(parent), Some(relation)) => {
                let child = children.get(&(parent.to_owned(), relation.clone()));
                Some(child.map_or(relation, |child| child.to_lowercase()))
            }
            (_, from) => from,
        };
        self.objects.extend(object.clone());
        for item in &query.select {
            match item {
                soql::SelectItem::Field(item) => {
                    let names: Option<Vec<&str>> = item.path.names.iter().map(|name| name.known()).collect();
                    let path = names.map(|names| names.join(".").to_lowercase());
                    match (path, &object) {
                        (Some(path), Some(object)) => {
                            self.fields.extend(path.rsplit('.').next().map(str::to_owned));
                            // `Visit__c.Note__c`, or the name that `FROM Visit__c v` gives.
                            let alias = query.from.first().and_then(|from| from.alias.as_ref()?.known());
                            let own = [Some(object.clone()), alias.map(str::to_lowercase)];
                            let mut own = own.into_iter().flatten();
                            let start = own.find_map(|own| path.strip_prefix(&own)?.strip_prefix('.'));
                            self.paths.insert((object.clone(), start.unwrap_or(&path).to_owned()));
                        }
                        _ => drop(self.fields.insert("*".to_owned())),
                    }
                }
                soql::SelectItem::Query(inner) => self.add(&inner.query, object.as_deref(), children),
                soql::SelectItem::Call(call, _) if call.function.is("COUNT") => {}
                _ => drop(self.fields.insert("*".to_owned())),
            }
        }
    }
}

impl Code {
    /// The fields with patients' data that a query selects; none where it is not known what it selects.
    pub(crate) fn phi_selected(&self, cx: &Context<'_>, operation: &Access) -> Option<BTreeSet<Reached>> {
        let is_known =
            operation.needs == [Need::Read] && !operation.paths.is_empty() && !operation.fields.contains("*");
        // Of a child query whose object the source does not tell, nobody knows what its fields are.
        let is_known = is_known && !operation.paths.iter().any(|(object, _)| object.ends_with("__r"));
        let reached = operation.paths.iter().filter_map(|(object, path)| {
            let steps = path.rsplit_once('.').map_or("", |(steps, _)| steps);
            // Others, though they are kept in the same object as patients.
            let leads_to_others =
                is_of_another_person(steps) || steps.split('.').any(|step| self.organisations.contains(step));
            let reached = field_path::follow(cx.project, object, path);
            let is_phi = cx.classes.is_phi(&reached.object, &reached.field)
                && is_data(cx, &reached.object, &reached.field);
            (is_phi && !leads_to_others).then_some(reached)
        });
        is_known.then(|| reached.collect())
    }
}
