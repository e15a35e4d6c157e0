//! Who can open a folder of reports or dashboards.

use std::collections::BTreeMap;

use sfdx::Project;
use sfdx::views::FolderKind;

/// Who can open a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Audience {
    Everyone(&'static str),
    Some,
    Few,
    Unknown,
}

/// The folders of one kind that the source has, and who can open them.
#[derive(Debug)]
pub(crate) struct Folders(BTreeMap<String, Audience>);

impl Folders {
    pub(crate) fn of(project: &Project, kind: FolderKind) -> Self {
        let mut found = BTreeMap::new();
        for folder in project.folders().filter(|folder| folder.kind() == kind) {
            let mut audience = match folder.access_type().as_deref() {
                Some("Public" | "PublicInternal") => Audience::Everyone("everyone in the organisation"),
                Some("Shared") => Audience::Some,
                _ => Audience::Few,
            };
            for share in folder.shares() {
                let kind = share.kind();
                audience = match kind.as_deref().unwrap_or_default() {
                    "Organization" | "AllInternalUsers" => Audience::Everyone("everyone in the organisation"),
                    "AllPrmUsers" | "AllPartnerUsers" => Audience::Everyone("every partner user"),
                    "AllCspUsers" | "AllCustomerPortalUsers" => {
                        Audience::Everyone("every customer portal user")
                    }
                    "User" => audience,
                    _ if matches!(audience, Audience::Everyone(_)) => audience,
                    _ => Audience::Some,
                };
            }
            found.insert(folder.name().to_lowercase(), audience);
        }
        Self(found)
    }

    /// Who can open a folder, by its name with `/` between folders.
    pub(crate) fn audience(&self, folder: &str) -> Audience {
        let folder = folder.to_lowercase();
        if folder.split('/').next() == Some("unfiled$public") {
            return Audience::Everyone("everyone (it is public)");
        }
        // A folder inside another has its sharing from the outermost.
        let mut at = folder.as_str();
        let mut found = None;
        loop {
            found = self.0.get(at).or(found);
            match at.rsplit_once('/') {
                Some((outer, _)) => at = outer,
                None => return found.cloned().unwrap_or(Audience::Unknown),
            }
        }
    }
}
