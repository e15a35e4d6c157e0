//! What a query gives.

use soql::{Query, SelectItem};

use super::Resolver;
use crate::ty::Ty;

impl Resolver<'_> {
    pub(super) fn query(&self, text: &str, is_search: bool) -> Ty {
        if is_search {
            return Ty::list(Ty::list(Ty::Record(None)));
        }
        let query = soql::parse_query(text).value;
        if is_number(&query) {
            return Ty::Number;
        }
        let object = query.from.first().and_then(|from| match from.object.names.as_slice() {
            [only] => self.program.names.find(&only.text),
            _ => None,
        });
        Ty::list(Ty::Record(object.filter(|name| self.program.is_object(*name))))
    }
}

/// Whether it counts alone: `SELECT COUNT() FROM Contact`.
fn is_number(query: &Query) -> bool {
    matches!(query.select.as_slice(), [SelectItem::Call(call, _)] if call.function.is("COUNT") && call.arguments.is_empty())
}
