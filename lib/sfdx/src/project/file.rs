/// What a file holds, judged by its name and folder alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// XML that describes a component.
    Metadata,
    /// An Apex class.
    Apex,
    Trigger,
    /// A Visualforce page or component.
    Visualforce,
    /// A file of an Aura bundle.
    Aura,
    /// A file of a Lightning web component bundle.
    Lwc,
    /// The body of an e-mail template.
    Email,
    /// A static resource or a file of one. Listed, never read on its own account.
    StaticResource,
    /// The body of a document.
    Document,
    /// A file of an Experience Cloud site's bundle.
    Experience,
    /// Records: CSV, JSON of a data plan, spreadsheets.
    Data,
    /// Anonymous Apex, queries, shell and the like.
    Script,
    Other,
}

/// Where a file stands for a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// In a package directory: it is deployed.
    Package,
    /// In the project and outside its package directories.
    Outside,
}

/// A file of the project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// From the project's root, with forward slashes.
    pub path: String,
    pub bytes: u64,
    pub kind: Kind,
    pub standing: Standing,
}

impl File {
    /// The part after the last `/`.
    pub fn name(&self) -> &str {
        name(&self.path)
    }

    /// The part after the last `.` of the name.
    pub fn extension(&self) -> &str {
        extension(&self.path)
    }
}

pub(super) fn name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}

pub(super) fn extension(path: &str) -> &str {
    name(path).rsplit_once('.').map_or("", |(_, extension)| extension)
}

pub(super) const META: &str = "-meta.xml";

impl Kind {
    pub(crate) fn of(path: &str) -> Kind {
        let inside = |folder: &str| path.split('/').rev().skip(1).any(|part| part == folder);
        if inside("staticresources") {
            // An unpacked resource may hold anything, other people's metadata as well.
            return if path.ends_with(".resource-meta.xml") { Kind::Metadata } else { Kind::StaticResource };
        }
        if path.ends_with(META) {
            return Kind::Metadata;
        }
        if inside("lwc") {
            return Kind::Lwc;
        }
        if inside("aura") {
            return Kind::Aura;
        }
        if inside("documents") {
            return Kind::Document;
        }
        if inside("experiences") || inside("digitalExperiences") {
            return Kind::Experience;
        }
        // Spreadsheets are saved under any case; Salesforce's own suffixes have theirs.
        let lower = extension(path).to_ascii_lowercase();
        match if DATA.contains(&lower.as_str()) { lower.as_str() } else { extension(path) } {
            "cls" => Kind::Apex,
            "trigger" => Kind::Trigger,
            "page" | "component" => Kind::Visualforce,
            "email" => Kind::Email,
            "json" if is_settings(path) => Kind::Other,
            suffix if DATA.contains(&suffix) => Kind::Data,
            "apex" | "soql" | "sosl" | "sh" | "bash" | "ps1" | "bat" | "cmd" | "py" | "rb" | "pl" | "js"
            | "mjs" | "cjs" | "ts" | "robot" => Kind::Script,
            // Elsewhere it is Markdown.
            "md" if inside("customMetadata") => Kind::Metadata,
            suffix if METADATA_SUFFIXES.binary_search(&suffix).is_ok() => Kind::Metadata,
            _ => Kind::Other,
        }
    }
}

/// Suffixes of files that hold records.
const DATA: &[&str] =
    &["csv", "json", "jsonl", "ndjson", "ods", "parquet", "sql", "sqlite", "tsv", "xls", "xlsx"];

/// JSON that configures a tool and holds no records.
fn is_settings(path: &str) -> bool {
    let name = name(path);
    name.starts_with('.')
        || name == "schema.json"
        || path.starts_with('.')
        || path.contains("/.")
        || name.ends_with("-scratch-def.json")
        || matches!(
            name,
            "config.json"
                | "jsconfig.json"
                | "tsconfig.json"
                | "package.json"
                | "package-lock.json"
                | "sfdx-project.json"
        )
}

/// Suffixes that a Metadata API folder uses for XML without `-meta.xml`, sorted. A suffix that is not here is
/// found by the namespace in the file; these are XML even when the file is broken.
const METADATA_SUFFIXES: &[&str] = &[
    "animationRule",
    "app",
    "appMenu",
    "approvalProcess",
    "assignmentRules",
    "audience",
    "authprovider",
    "autoResponseRules",
    "bot",
    "botVersion",
    "community",
    "connectedApp",
    "corsWhitelistOrigin",
    "cspTrustedSite",
    "customPermission",
    "dashboard",
    "dataSource",
    "delegateGroup",
    "duplicateRule",
    "eca",
    "ecaGlblOauth",
    "ecaOauth",
    "ecaOauthPlcy",
    "ecaPlcy",
    "escalationRules",
    "externalCredential",
    "externalServiceRegistration",
    "flexipage",
    "flow",
    "flowDefinition",
    "genAiFunction",
    "genAiPlanner",
    "genAiPlannerBundle",
    "genAiPlugin",
    "genAiPromptTemplate",
    "globalValueSet",
    "group",
    "installedPackage",
    "labels",
    "layout",
    "matchingRule",
    "mutingpermissionset",
    "namedCredential",
    "network",
    "object",
    "objectTranslation",
    "permissionset",
    "permissionsetgroup",
    "platformEventChannel",
    "platformEventChannelMember",
    "profile",
    "profilePasswordPolicy",
    "profileSessionSetting",
    "queue",
    "quickAction",
    "remoteSite",
    "report",
    "reportType",
    "role",
    "rule",
    "samlssoconfig",
    "settings",
    "sharingRules",
    "sharingSet",
    "site",
    "standardValueSet",
    "standardValueSetTranslation",
    "tab",
    "topicsForObjects",
    "transactionSecurityPolicy",
    "useraccesspolicy",
    "workflow",
];

#[cfg(test)]
#[test]
fn the_suffixes_are_sorted() {
    assert!(METADATA_SUFFIXES.is_sorted());
}
