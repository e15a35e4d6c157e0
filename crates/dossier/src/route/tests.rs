use scan::EndpointKind;
use source::Source;

use super::*;

fn endpoint(host: &str, party: Option<&str>, active: bool) -> Endpoint {
    Endpoint {
        kind: EndpointKind::RemoteSite,
        component: "RemoteSiteSetting:Lab".into(),
        url: format!("https://{host}"),
        host: host.into(),
        place: journal::Place::line("force-app/remoteSiteSettings/Lab.remoteSite-meta.xml", 4),
        active,
        party: party.map(str::to_owned),
        model: None,
    }
}

fn standings(active: bool) -> Vec<(String, Standing)> {
    let (policy, _) = policy::read(vec![Source::new(
        "phiward.yaml",
        "version: 1\nparties:\n  - {id: northlab, role: [processor]}\nflows:\n  \
         - {id: lab, from: [Patient__c.SSN__c], to: northlab, purpose: operations, ground: baa}\n",
    )]);
    let endpoints = vec![
        endpoint("api.northlab.example", Some("northlab"), active),
        endpoint("collect.stranger.example", None, active),
    ];
    let report = Report { endpoints, ..Report::default() };
    of(&report, &policy).into_iter().map(|route| (route.name, route.standing)).collect()
}

#[test]
fn an_address_that_is_switched_off_is_not_reached() {
    let lab = |standing| ("lab".to_owned(), standing);
    assert_eq!(standings(false), [lab(Standing::Declared)]);
    let stranger = ("collect.stranger.example".to_owned(), Standing::Address);
    assert_eq!(standings(true), [lab(Standing::Reached), stranger]);
}
