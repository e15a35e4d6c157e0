//! The whole org at once: every principal by a list of fields.

use std::collections::BTreeMap;

use crate::Answer;
use crate::bits::Grant;
use crate::granted::{OfObject, field_of, union};
use crate::model::Model;
use crate::principal::{Part, PrincipalId};
use crate::universe::Use;

/// Read and edit of each listed field for each principal. Principals that hold the same share one row.
#[derive(Debug)]
pub struct Matrix {
    fields: Vec<String>,
    /// By principal.
    row_of: Vec<u32>,
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    read: Grant,
    edit: Grant,
}

impl Model {
    /// The matrix over `fields`, `Object.Field`; those that the model does not know are left out.
    pub fn matrix<'n>(&self, fields: impl IntoIterator<Item = &'n str>) -> Matrix {
        let numbers: Vec<u32> =
            fields.into_iter().filter_map(|field| self.universe.fields.find(field)).collect();
        let mut classes: BTreeMap<&[Part], u32> = BTreeMap::new();
        let mut rows: Vec<Row> = Vec::new();
        let mut row_of = Vec::new();
        for (principal, _) in self.principals() {
            let parts = self.parts_of(principal);
            let class = *classes.entry(parts).or_insert_with(|| {
                let grant = union(self, parts);
                rows.push(self.row(&grant, &numbers));
                u32::try_from(rows.len() - 1).unwrap_or(u32::MAX)
            });
            row_of.push(class);
        }
        let fields = numbers.iter().map(|&field| self.universe.fields.shown(field).to_owned()).collect();
        Matrix { fields, row_of, rows }
    }

    fn row(&self, grant: &Grant, fields: &[u32]) -> Row {
        let mut objects: BTreeMap<u32, OfObject> = BTreeMap::new();
        let mut row = Row { read: Grant::nothing(fields.len()), edit: Grant::nothing(fields.len()) };
        for (at, &field) in fields.iter().enumerate() {
            let object = self.universe.object_of(field);
            let of = *objects.entry(object).or_insert_with(|| OfObject::new(self, grant, object));
            for (what, column) in [(Use::Read, &mut row.read), (Use::Edit, &mut row.edit)] {
                let answer = field_of(self, grant, of, field, what);
                if answer != Answer::No {
                    column.maybe.add(at);
                }
                if answer == Answer::Yes {
                    column.yes.add(at);
                }
            }
        }
        row
    }
}

impl Matrix {
    /// The fields in the order asked for.
    pub fn fields(&self) -> impl ExactSizeIterator<Item = &str> {
        self.fields.iter().map(String::as_str)
    }

    /// How many different rows there are: principals of one row hold the same.
    pub fn distinct(&self) -> usize {
        self.rows.len()
    }

    /// Whether a principal reads the field at a place of the list.
    pub fn read(&self, principal: PrincipalId, field: usize) -> Answer {
        self.row(principal).map_or(Answer::Unknown, |row| row.read.at(field))
    }

    pub fn edit(&self, principal: PrincipalId, field: usize) -> Answer {
        self.row(principal).map_or(Answer::Unknown, |row| row.edit.at(field))
    }

    fn row(&self, principal: PrincipalId) -> Option<&Row> {
        self.rows.get(*self.row_of.get(principal.0 as usize)? as usize)
    }
}
