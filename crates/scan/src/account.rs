//! Users of the org as queries tell them: what each may read, and when something last happened. Their names are not for
//! findings.

use std::collections::BTreeMap;

use access::{Answer, ObjectFlag, PrincipalKind};
use jiff::civil::Date;
use sfdx::facts::User;

use crate::Context;
use crate::grant;

/// The users of the facts by their id.
#[derive(Debug)]
pub(crate) struct Accounts<'p> {
    by_id: BTreeMap<String, User<'p>>,
    /// Whether each profile, set and group reads an object with PHI.
    readers: BTreeMap<(PrincipalKind, String), bool>,
}

impl<'p> Accounts<'p> {
    pub(crate) fn of(cx: &Context<'p>) -> Self {
        let by_id = cx.facts.users().filter_map(|user| Some((short(user.id()?).to_owned(), user))).collect();
        let reads = |grant: &grant::Grant<'_, '_>| grant.phi_with(cx, ObjectFlag::Read).is_some();
        let readers = grant::all(cx)
            .iter()
            .map(|grant| ((grant.kind(), grant.name().to_lowercase()), reads(grant)))
            .collect();
        Self { by_id, readers }
    }

    /// The user of an id of 15 or 18 characters.
    pub(crate) fn user(&self, id: &str) -> Option<User<'p>> {
        self.by_id.get(short(id)).copied()
    }

    /// Whether a user reads an object with PHI: no where the profile is in the source and neither it nor a known set does.
    pub(crate) fn reads_phi(&self, cx: &Context<'_>, user: User<'_>) -> Answer {
        if user.profile() == Some("System Administrator") {
            return Answer::Yes;
        }
        // What a part that is not in the source gives is not known, and no other part takes it away.
        let model = cx.access();
        let id = user.username().and_then(|name| model.find(PrincipalKind::User, name));
        let Some(access) = id.and_then(|id| model.access(id)) else { return Answer::Unknown };
        let mut has_profile = false;
        for (kind, name) in access.parts() {
            has_profile |= kind == PrincipalKind::Profile;
            if self.readers.get(&(kind, name.to_lowercase())) == Some(&true) {
                return Answer::Yes;
            }
        }
        let open = cx.phi_objects().any(|object| access.flag(object, ObjectFlag::Read) != Some(Answer::No));
        if has_profile && !open { Answer::No } else { Answer::Unknown }
    }
}

/// The 15 characters that tell records apart; the other three guard against case.
pub(crate) fn short(id: &str) -> &str {
    id.get(..15).unwrap_or(id)
}

/// The day of a time as Salesforce writes it: `2026-06-10T08:00:00.000+0000`.
pub(crate) fn day(time: &str) -> Option<Date> {
    time.get(..10)?.parse().ok()
}

/// How many days lie between a day and the day of judging.
pub(crate) fn days_since(cx: &Context<'_>, day: Date) -> i64 {
    let seconds = cx.today.duration_since(day).as_secs();
    seconds / 86_400
}
