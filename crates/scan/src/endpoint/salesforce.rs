//! Salesforce's hosts: those of the platform, those of this org, and those of other orgs.

use std::collections::BTreeSet;

use sfdx::Project;

/// Hosts that lead to no org by themselves: *Salesforce Help, Allow the Required Domains*.
const PLATFORM: [&str; 14] = [
    "api.salesforce.com",
    "appexchange.salesforce.com",
    "developer.salesforce.com",
    "force.com",
    "help.salesforce.com",
    "login.salesforce.com",
    "salesforce.com",
    "salesforce.org",
    "status.salesforce.com",
    "test.salesforce.com",
    "trust.salesforce.com",
    "welcome.salesforce.com",
    "www.force.com",
    "www.salesforce.com",
];

/// Domains below which no customer has a name.
const SHARED: [&str; 2] = ["salesforceliveagent.com", "sfdcstatic.com"];

/// Domains of Salesforce, below which orgs have theirs.
const OWN: [&str; 11] = [
    "salesforce.com",
    "salesforce.org",
    "force.com",
    "my.site.com",
    "salesforce-sites.com",
    "salesforceliveagent.com",
    "salesforce-scrt.com",
    "documentforce.com",
    "visualforce.com",
    "sfdcstatic.com",
    "cloudforce.com",
];

/// The names by which the hosts of the source's own org are told.
#[derive(Debug)]
pub(crate) struct Home {
    /// `harbor` of `harbor.my.salesforce.com`.
    names: BTreeSet<String>,
    /// Domains of its sites.
    hosts: BTreeSet<String>,
}

impl Home {
    pub(crate) fn of(project: &Project) -> Self {
        let settings = project.of_type("MyDomainSettings").filter_map(|one| one.root().value("myDomainName"));
        let sites = project.sites().filter_map(|site| site.subdomain());
        let names = settings.chain(sites).map(|name| org_name(&name.to_lowercase()).to_owned());
        let addresses = project.sites().flat_map(|site| site.addresses().collect::<Vec<_>>());
        let hosts = addresses.filter_map(|address| address.domain()).map(|domain| domain.to_lowercase());
        Self { names: names.filter(|name| !name.is_empty()).collect(), hosts: hosts.collect() }
    }

    /// Whether the source says what the org is called.
    pub(crate) fn is_known(&self) -> bool {
        !self.names.is_empty()
    }

    /// Whether what goes to a host stays with Salesforce and in this org: a host of the platform, or the org's own.
    pub(crate) fn stays(&self, host: &str) -> bool {
        let is_platform = PLATFORM.contains(&host) || SHARED.iter().any(|domain| is_below(host, domain));
        // A package's pages stand one label further: `c.harbor--vf.force.com`.
        let of_org =
            is_salesforce(host) && host.split('.').take(2).any(|label| self.names.contains(org_name(label)));
        is_platform || of_org || self.hosts.contains(host)
    }
}

/// `harbor` of `harbor`, of the sandbox `harbor--uat` and of the package's pages at `harbor--c`.
fn org_name(label: &str) -> &str {
    label.split("--").next().unwrap_or(label)
}

fn is_below(host: &str, domain: &str) -> bool {
    host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
}

/// Whether Salesforce runs a host, for whatever org.
pub(crate) fn is_salesforce(host: &str) -> bool {
    OWN.iter().any(|own| is_below(host, own))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_org_is_told_from_others() {
        let home = Home {
            names: BTreeSet::from(["harbor".to_owned()]),
            hosts: BTreeSet::from(["portal.harbor.example".to_owned()]),
        };
        for (host, stays) in [
            ("login.salesforce.com", true),
            ("harbor.my.salesforce.com", true),
            ("harbor--uat.sandbox.my.salesforce.com", true),
            ("harbor--c.vf.force.com", true),
            ("c.harbor--vf.force.com", true),
            ("portal.harbor.example", true),
            ("lakeside.my.salesforce.com", false),
            ("lakeside.my.site.com", false),
            ("*.force.com", false),
            ("harbor.example", false),
        ] {
            assert_eq!(home.stays(host), stays, "{host}");
        }
    }
}
