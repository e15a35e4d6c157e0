//! Records that are the running user's own, or that the same code has just made.

use apex::FileId;
use regex::Regex;
use soql::{Condition, Operator, Value};
use source::Span;

use super::Code;

/// How far a name is followed to where it gets its value.
const NAMES: u8 = 4;

impl Code {
    /// Whether a query wants nothing but records that the running user owns: an owner always has access, so that sharing
    /// would leave none of them out.
    pub(crate) fn is_owned_by_the_user(&self, file: FileId, span: Span) -> bool {
        let Some(source) = self.program.file(file).map(|file| &file.source) else { return false };
        let text = source.text().to_lowercase();
        wants(&source.slice(span).to_lowercase(), |field, bound| {
            matches!(field, "ownerid" | "owner.id") && is_user(&text, bound, NAMES)
        })
    }

    /// Whether a query wants records of the user who runs it: those that he owns or made, his own contact or account, and
    /// what hangs on these.
    pub(crate) fn is_of_the_user(&self, file: FileId, span: Span) -> bool {
        let Some(source) = self.program.file(file).map(|file| &file.source) else { return false };
        let text = source.text().to_lowercase();
        wants(&source.slice(span).to_lowercase(), |field, bound| is_own(&text, field, bound, NAMES))
    }

    /// Whether a query wants one record, by the id that it got when the file's code inserted it.
    pub(crate) fn is_of_one_just_made(&self, file: FileId, span: Span) -> bool {
        let Some(source) = self.program.file(file).map(|file| &file.source) else { return false };
        let text = source.text().to_lowercase();
        wants(&source.slice(span).to_lowercase(), |field, bound| {
            field == "id" && bound.strip_suffix(".id").is_some_and(|name| is_made(&text, name))
        })
    }
}

/// What a condition compares with.
enum Bound<'q> {
    /// An expression of Apex, without blanks.
    Text(String),
    Query(&'q soql::Query),
}

impl Bound<'_> {
    fn strip_suffix(&self, end: &str) -> Option<&str> {
        match self {
            Bound::Text(text) => text.strip_suffix(end),
            Bound::Query(_) => None,
        }
    }
}

/// Whether one of the conditions that all hold for what a query gives is such a one: its field, and what that is equal to.
fn wants(query: &str, is_such: impl Fn(&str, &Bound<'_>) -> bool) -> bool {
    let query = query.trim().trim_start_matches('[').trim_end_matches(']');
    if !query.trim_start().starts_with("select") {
        return false;
    }
    let parsed = soql::parse_query(query);
    parsed.value.where_.as_ref().is_some_and(|filter| has(filter, &is_such))
}

fn has(filter: &Condition, is_such: &impl Fn(&str, &Bound<'_>) -> bool) -> bool {
    match filter {
        Condition::And(all) => all.conditions.iter().any(|one| has(one, is_such)),
        // `or` lets others in.
        Condition::Or(all) => all.conditions.iter().all(|one| has(one, is_such)),
        Condition::Comparison(one) => {
            let soql::Expression::Field(path) = &one.left else { return false };
            let names: Option<Vec<&str>> = path.names.iter().map(|name| name.known()).collect();
            let Some(field) = names.map(|names| names.join(".")) else { return false };
            let bound = match (&one.value, one.operator) {
                (Value::Bind(bind), Operator::Equal | Operator::In) => {
                    Bound::Text(bind.text.split_whitespace().collect())
                }
                (Value::Query(inner), Operator::In) => Bound::Query(&inner.query),
                _ => return false,
            };
            is_such(&field, &bound)
        }
        _ => false,
    }
}

/// Whether records with this in a field are the user's own, in a file of this text.
fn is_own(text: &str, field: &str, bound: &Bound<'_>, depth: u8) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    let names_user = matches!(field, "ownerid" | "owner.id" | "createdbyid" | "createdby.id");
    match bound {
        Bound::Query(inner) => {
            // The contact or account of the user's own record.
            let of_user =
                inner.from.first().and_then(|from| from.object.last()).is_some_and(|name| name.is("user"));
            let filter = inner.where_.as_ref();
            of_user
                && filter.is_some_and(|filter| {
                    has(filter, &|field, bound| field == "id" && is_user(text, bound, depth))
                })
        }
        Bound::Text(_) if names_user => is_user(text, bound, depth),
        // What hangs on a record of his: of his list there the first, or the one.
        Bound::Text(written) => {
            let Some(name) = written.strip_suffix(".id").map(|name| name.trim_end_matches("[0]")) else {
                return false;
            };
            let values = assigned(text, name);
            let is_query = |value: &String| wants(value, |field, bound| is_own(text, field, bound, depth));
            !values.is_empty() && values.iter().all(is_query)
        }
    }
}

/// Whether an expression is the id of the user who runs the code.
fn is_user(text: &str, bound: &Bound<'_>, depth: u8) -> bool {
    let (Bound::Text(written), Some(depth)) = (bound, depth.checked_sub(1)) else { return false };
    if written == "userinfo.getuserid()" {
        return true;
    }
    // Of a user's record his id, and not his manager's.
    let name = written.strip_suffix(".id").unwrap_or(written);
    let values = assigned(text, name);
    let is_his = |value: &String| {
        let tight: String = value.split_whitespace().collect();
        let by_id = |field: &str, bound: &Bound<'_>| field == "id" && is_user(text, bound, depth);
        tight == "userinfo.getuserid()"
            || tight == "newuser()"
            || tight.contains("fromuserwhere") && wants(value, by_id)
    };
    !values.is_empty() && values.iter().all(is_his)
}

/// Whether all that a file assigns to a name is a new record, and the file inserts it.
fn is_made(text: &str, name: &str) -> bool {
    let values = assigned(text, name);
    let inserts = [format!("insert {name};"), format!("insert as user {name};"), format!("insert({name}")];
    let is_new = |value: &String| value.trim_start().starts_with("new ");
    !values.is_empty() && values.iter().all(is_new) && inserts.iter().any(|insert| text.contains(insert))
}

/// All that a file of this text assigns to a name.
fn assigned(text: &str, name: &str) -> Vec<String> {
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let Ok(assigned) = Regex::new(&format!(r"\b{}\s*=(?P<value>[^=;][^;]*);", regex::escape(name))) else {
        return Vec::new();
    };
    let values = assigned.captures_iter(text).filter_map(|found| found.name("value"));
    values.filter(|_| is_name).map(|value| value.as_str().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_users(query: &str, text: &str) -> bool {
        wants(query, |field, bound| is_own(text, field, bound, NAMES))
    }

    #[test]
    fn a_name_is_the_users_where_nothing_else_is_assigned_to_it() {
        let by = "[select id from visit__c where ownerid =: mine]";
        assert!(is_users(by, "id mine = userinfo.getuserid();"));
        assert!(!is_users(by, "id mine = userinfo.getuserid(); mine = other;"));
        assert!(!is_users(by, "id mine;"));
        let of = "[select id from visit__c where (ownerid = :me.id) and (a__c = 1 or b__c = 2)]";
        assert!(is_users(of, "me = [select id from user where id =: userinfo.getuserid()];"));
        assert!(!is_users(of, "me = [select id from user where name = 'x'];"));
        assert!(!is_users("[select id from visit__c where ownerid = :me.managerid]", "me = new user();"));
    }

    #[test]
    fn a_contact_is_the_users_and_so_is_what_hangs_on_it() {
        let text = "string userid = userinfo.getuserid();
            mine = [select id from contact where id in (select contactid from user where id = :userid) limit 1];
            all = [select id from contact];";
        let own = "[select age__c from contact where id in (select contactid from user where id = :userid)]";
        assert!(is_users(own, text));
        assert!(is_users(
            "[select id from visit__c where (contact__c =: mine[0].id) and (a__c = 1 or b__c = 2)]",
            text
        ));
        assert!(!is_users("[select id from visit__c where contact__c = :mine[0].id or a__c = 1]", text));
        assert!(!is_users("[select id from visit__c where contact__c = :all[0].id]", text));
        assert!(!is_users(
            "[select id from contact where id in (select contactid from user where isactive = true)]",
            text
        ));
    }

    #[test]
    fn what_was_just_inserted_is_known_by_its_id() {
        let by = |field: &str, bound: &Bound<'_>| {
            let text = "visit__c visit = new visit__c(a__c = 1); insert visit; other = new visit__c();";
            field == "id" && bound.strip_suffix(".id").is_some_and(|name| is_made(text, name))
        };
        assert!(wants("[select date__c from visit__c where id = :visit.id limit 1]", by));
        assert!(!wants("[select date__c from visit__c where id = :other.id]", by));
        assert!(!wants("[select date__c from visit__c where id = :visit.id or a__c = 1]", by));
    }
}
