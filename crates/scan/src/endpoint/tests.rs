use super::*;

#[test]
fn hosts_are_found_in_urls_and_origins() {
    for (url, host) in [
        ("https://api.northlab.example/v1?key=1", Some("api.northlab.example")),
        ("https://user:secret@Host.Example:8443/x", Some("host.example")),
        ("*.vendor.example", Some("*.vendor.example")),
        ("http://ehr:8080/fhir", Some("ehr")),
        ("http://[2001:DB8::1]/fhir", Some("[2001:db8::1]")),
        ("https://good.example\\@bad.example", Some("good.example")),
        ("{!$Credential.Url}", None),
        ("https://{!host}/x", None),
        ("https://*", None),
        ("localhost", None),
        ("data:", None),
    ] {
        assert_eq!(host_of(url).as_deref(), host, "{url}");
    }
}

#[test]
fn plain_http_is_told_from_the_machine_itself() {
    for (url, expected) in [
        ("http://ehr:8080", true),
        ("http://[2001:db8::1]", true),
        ("HTTP://127.example.com", true),
        ("http://user@lab.example", true),
        ("http://*", true),
        ("http://localhost:1717/x", false),
        ("http://app.localhost", false),
        ("http://127.0.0.1:8080", false),
        ("http://[::1]:8080", false),
        ("https://ehr", false),
        ("lab.example", false),
    ] {
        assert_eq!(is_plain_http(url), expected, "{url}");
    }
}

#[test]
fn declarations_are_ones_that_a_bundle_takes() {
    let declared = |url: &str| {
        let place = Place::file("");
        let host = host_of(url).unwrap();
        let (kind, component) = (EndpointKind::RemoteSite, String::new());
        let url = without_user(url);
        Endpoint { kind, component, url, host, place, active: true, party: None, model: None }.declaration()
    };
    assert_eq!(declared("https://api.lab.example/v1"), "host: \"api.lab.example\"");
    assert_eq!(declared("http://me:pass@[2001:db8::1]:8080/x"), "url: \"http://[2001:db8::1]:8080/*\"");
    for url in ["https://[2001:db8::1]/x", "https://k\u{f6}ln.example/x"] {
        let text = declared(url);
        let text = text.trim_start_matches("url: ").trim_matches('"');
        let pattern = policy::address::UrlPattern::of(text).unwrap();
        assert!(pattern.matches(&address_of(url).unwrap()), "{text}");
    }
}

#[test]
fn salesforces_own_hosts_are_told_from_lookalikes() {
    assert!(is_salesforce("harbor.my.salesforce.com"));
    assert!(is_salesforce("force.com"));
    assert!(!is_salesforce("evilforce.com"));
}
