use super::*;

#[test]
fn addresses_are_grouped_by_who_owns_the_domain() {
    for (host, owner) in [
        ("api.eu.northlab.example", "northlab.example"),
        ("northlab.example", "northlab.example"),
        ("*.northlab.example", "northlab.example"),
        ("results.lab.co.uk", "lab.co.uk"),
        ("a.b.nhs.uk", "b.nhs.uk"),
        ("localhost", "localhost"),
    ] {
        assert_eq!(domain(host), owner, "{host}");
    }
}
