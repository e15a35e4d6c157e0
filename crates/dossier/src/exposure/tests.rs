use super::*;

const SITE: &str = "<CustomSite xmlns=\"http://soap.sforce.com/2006/04/metadata\"><active>true</active>\
                    <masterLabel>Harbor Portal</masterLabel></CustomSite>";
const NETWORK: &str =
    "<Network xmlns=\"http://soap.sforce.com/2006/04/metadata\"><status>Live</status></Network>";

fn profile(licence: &str) -> String {
    let licence =
        if licence.is_empty() { String::new() } else { format!("<userLicense>{licence}</userLicense>") };
    format!(
        "<Profile xmlns=\"http://soap.sforce.com/2006/04/metadata\"><fieldPermissions><editable>false</editable>\
         <field>Patient__c.SSN__c</field><readable>true</readable></fieldPermissions>{licence}</Profile>"
    )
}

/// For whom a profile of this name and licence counts.
fn crowd(name: &str, licence: &str) -> Crowd {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = folder.path().join("force-app").join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    std::fs::write(
        folder.path().join("sfdx-project.json"),
        "{\"packageDirectories\": [{\"path\": \"force-app\"}]}",
    )
    .unwrap();
    write("sites/Harbor.site-meta.xml", SITE);
    write("networks/Care Circle.network-meta.xml", NETWORK);
    write(&format!("profiles/{name}.profile-meta.xml"), &profile(licence));
    let project = sfdx::read(folder.path(), &sfdx::Options::default()).unwrap();
    let (policy, _) = policy::read(vec![source::Source::new(
        "phiward.yaml",
        "version: 1\nobjects:\n  Patient__c: {fields: {SSN__c: {class: phi, identifier: ssn}}}\n",
    )]);
    let exposure =
        of(&project, &Facts::default(), &policy, &scan::phi_fields(&scan::Report::default(), &policy));
    exposure.fields[0].by[0].crowd
}

#[test]
fn the_guest_profile_of_a_site_or_network_is_known_by_its_name() {
    assert_eq!(crowd("Harbor Portal Profile", ""), Crowd::Guests);
    assert_eq!(crowd("harbor portal profile", ""), Crowd::Guests);
    assert_eq!(crowd("Care Circle Profile", ""), Crowd::Guests);
    assert_eq!(crowd("Nurse Profile", ""), Crowd::Staff);
}

#[test]
fn a_licence_says_more_than_a_name() {
    assert_eq!(crowd("Harbor Portal Profile", "Salesforce"), Crowd::Staff);
    assert_eq!(crowd("Nurse Profile", "Guest User License"), Crowd::Guests);
    assert_eq!(crowd("Patients", "Customer Community"), Crowd::Portal);
}
