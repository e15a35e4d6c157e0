//! Queries for records that the running user owns.

use apex::FileId;
use regex::Regex;
use source::Span;

use super::Code;

impl Code {
    /// Whether a query asks for nothing but records that the running user owns: an owner always has access, so that sharing
    /// would leave none of them out.
    pub(crate) fn is_of_the_user(&self, file: FileId, span: Span) -> bool {
        let Some(source) = self.program.file(file).map(|file| &file.source) else { return false };
        let query: String =
            source.slice(span).to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
        let Some((_, wanted)) = query.split_once(" where ") else { return false };
        let ends = [" order by ", " group by ", " limit ", " offset ", " with ", " for "];
        let end = ends.iter().filter_map(|end| wanted.find(end)).min().unwrap_or(wanted.len());
        let wanted = wanted.get(..end).unwrap_or(wanted);
        // `or` lets others in, and a query within has an owner of its own.
        if wanted.contains(" or ") || wanted.contains("select ") {
            return false;
        }
        let bound = wanted.split(" and ").find_map(|condition| {
            let tight: String = condition.chars().filter(|c| !c.is_whitespace() && *c != '(').collect();
            ["ownerid=:", "owner.id=:"].iter().find_map(|owner| tight.strip_prefix(owner).map(str::to_owned))
        });
        let Some(bound) = bound else { return false };
        if bound.starts_with("userinfo.getuserid") {
            return true;
        }
        let name: String = bound.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        // Of a user's record his id, and not his manager's.
        let field: Option<String> = bound
            .strip_prefix(&name)
            .and_then(|rest| rest.strip_prefix('.'))
            .map(|rest| rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect());
        let is_id = field.is_none_or(|field| field == "id");
        !name.is_empty() && is_id && is_the_user(&source.text().to_lowercase(), &name)
    }
}

/// Whether all that a file assigns to a name is the running user, or his id.
fn is_the_user(text: &str, name: &str) -> bool {
    let Ok(assigned) = Regex::new(&format!(r"\b{}\s*=(?P<value>[^=;][^;]*);", regex::escape(name))) else {
        return false;
    };
    let mut values = assigned.captures_iter(text).filter_map(|found| found.name("value")).peekable();
    let is_user = |value: regex::Match<'_>| {
        let tight: String = value.as_str().chars().filter(|c| !c.is_whitespace()).collect();
        tight == "userinfo.getuserid()"
            || tight.contains("fromuserwhereid=:userinfo.getuserid()")
            || tight == "newuser()"
    };
    values.peek().is_some() && values.all(is_user)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_users_where_nothing_else_is_assigned_to_it() {
        let own = "me = [select id from user where id =: userinfo.getuserid()];";
        assert!(is_the_user(own, "me"));
        assert!(is_the_user("id mine = userinfo.getuserid();", "mine"));
        assert!(!is_the_user("id mine = userinfo.getuserid(); mine = other;", "mine"));
        assert!(!is_the_user("id mine;", "mine"));
    }
}
