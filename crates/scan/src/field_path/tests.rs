use super::*;

const LOOKUP: &str = r#"<CustomField xmlns="http://soap.sforce.com/2006/04/metadata">
    <fullName>Carer__c</fullName>
    <referenceTo>Contact</referenceTo>
    <type>Lookup</type>
</CustomField>"#;

#[test]
fn a_path_ends_on_the_object_that_its_lookups_lead_to() {
    let folder = tempfile::tempdir().unwrap();
    let fields = folder.path().join("force-app/main/default/objects/Visit__c/fields");
    std::fs::create_dir_all(&fields).unwrap();
    std::fs::write(
        folder.path().join("sfdx-project.json"),
        r#"{"packageDirectories":[{"path":"force-app"}]}"#,
    )
    .unwrap();
    std::fs::write(fields.join("Carer__c.field-meta.xml"), LOOKUP).unwrap();
    let project = sfdx::read(folder.path(), &sfdx::Options::default()).unwrap();
    for (path, expected) in [
        ("SSN__c", "Visit__c.SSN__c"),
        ("carer__r.Birthdate", "Contact.Birthdate"),
        ("Carer__r.Account.Phone", "Account.Phone"),
        ("Patient__r.SSN__c", "Patient__c.SSN__c"),
        ("Patient.Name", "Account.Name"),
        ("Owner.Email", "User.Email"),
        ("Patient__r", "Visit__c.Patient__c"),
    ] {
        assert_eq!(follow(&project, "Visit__c", path).full_name(), expected, "{path}");
    }
}
