//! One org in both formats gives the same views.

use std::fmt::Write;
use std::path::Path;

use crate::views::{ContainerKind, ObjectKind, SharingKind};
use crate::{Layout, Options, Project, read};

const NAMESPACE: &str = "xmlns=\"http://soap.sforce.com/2006/04/metadata\"";

fn write(root: &Path, path: &str, content: &str) {
    let path = root.join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}

fn document(root: &str, inner: &str) -> String {
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{root} {NAMESPACE}>\n{inner}\n</{root}>\n")
}

/// What an object's parts are called in both formats: element, folder, suffix, type, content.
const PARTS: [(&str, &str, &str, &str, &str); 5] = [
    (
        "fields",
        "fields",
        "field",
        "CustomField",
        "<fullName>SSN__c</fullName><label>SSN</label><type>Text</type><length>11</length>\
         <complianceGroup>HIPAA;PII</complianceGroup><securityClassification>Restricted</securityClassification>\
         <trackHistory>true</trackHistory>",
    ),
    (
        "fields",
        "fields",
        "field",
        "CustomField",
        "<fullName>Doctor__c</fullName><type>Lookup</type><referenceTo>Contact</referenceTo>\
         <relationshipName>Doctors</relationshipName>",
    ),
    (
        "listViews",
        "listViews",
        "listView",
        "ListView",
        "<fullName>All</fullName><columns>NAME</columns><columns>SSN__c</columns><filterScope>Everything</filterScope>\
         <sharedTo><allInternalUsers></allInternalUsers><group>Nurses</group></sharedTo>",
    ),
    (
        "recordTypes",
        "recordTypes",
        "recordType",
        "RecordType",
        "<fullName>In</fullName><active>true</active><label>In</label>",
    ),
    (
        "validationRules",
        "validationRules",
        "validationRule",
        "ValidationRule",
        "<fullName>Long</fullName><active>true</active><errorConditionFormula>LEN(SSN__c) &gt; 11</errorConditionFormula>",
    ),
];

const OBJECT: &str = "<label>Patient</label><enableHistory>true</enableHistory><sharingModel>Private</sharingModel>\
    <externalSharingModel>Private</externalSharingModel><nameField><label>Name</label><type>Text</type></nameField>";

/// Components of one file each: folder and name, suffix, root, content.
const WHOLES: [(&str, &str, &str, &str); 12] = [
    (
        "profiles/Admin",
        "profile",
        "Profile",
        "<custom>false</custom><userLicense>Salesforce</userLicense>\
         <fieldPermissions><editable>true</editable><field>Patient__c.SSN__c</field><readable>true</readable></fieldPermissions>\
         <objectPermissions><allowRead>true</allowRead><modifyAllRecords>false</modifyAllRecords><object>Patient__c</object></objectPermissions>\
         <userPermissions><enabled>true</enabled><name>ModifyAllData</name></userPermissions>\
         <loginIpRanges><endAddress>10.0.0.9</endAddress><startAddress>10.0.0.1</startAddress></loginIpRanges>",
    ),
    (
        "permissionsets/Nurse",
        "permissionset",
        "PermissionSet",
        "<label>Nurse</label><license>Salesforce</license><tabSettings><tab>Patient__c</tab><visibility>Visible</visibility></tabSettings>",
    ),
    (
        "sharingRules/Patient__c",
        "sharingRules",
        "SharingRules",
        "<sharingGuestRules><fullName>Open</fullName><accessLevel>Read</accessLevel><sharedTo><guestUser>Portal</guestUser></sharedTo>\
         <criteriaItems><field>Name</field><operation>equals</operation><value>x</value></criteriaItems></sharingGuestRules>\
         <sharingOwnerRules><fullName>Up</fullName><accessLevel>Edit</accessLevel><sharedTo><role>CEO</role></sharedTo>\
         <sharedFrom><group>Nurses</group></sharedFrom></sharingOwnerRules>",
    ),
    (
        "workflows/Patient__c",
        "workflow",
        "Workflow",
        "<alerts><fullName>Tell</fullName><ccEmails>a@b.example</ccEmails><template>F/T</template></alerts>\
         <outboundMessages><fullName>Send</fullName><endpointUrl>https://x.example/</endpointUrl><fields>Id</fields>\
         <fields>SSN__c</fields><includeSessionId>true</includeSessionId></outboundMessages>",
    ),
    (
        "settings/Security",
        "settings",
        "SecuritySettings",
        "<sessionSettings><sessionTimeout>TwelveHours</sessionTimeout></sessionSettings>",
    ),
    (
        "namedCredentials/New",
        "namedCredential",
        "NamedCredential",
        "<namedCredentialParameters><parameterName>Url</parameterName><parameterType>Url</parameterType>\
         <parameterValue>https://lab.example</parameterValue></namedCredentialParameters>\
         <namedCredentialParameters><externalCredential>Lab</externalCredential><parameterType>Authentication</parameterType></namedCredentialParameters>",
    ),
    (
        "flows/Visit",
        "flow",
        "Flow",
        "<processType>AutoLaunchedFlow</processType><runInMode>SystemModeWithoutSharing</runInMode>\
         <start><object>Patient__c</object><recordTriggerType>Create</recordTriggerType></start>\
         <recordLookups><name>Get</name><object>Patient__c</object><queriedFields>SSN__c</queriedFields></recordLookups>\
         <actionCalls><name>Mail</name><actionName>emailSimple</actionName><actionType>emailSimple</actionType>\
         <inputParameters><name>emailBody</name><value><elementReference>Get.SSN__c</elementReference></value></inputParameters></actionCalls>",
    ),
    (
        "reports/Clinic/Daily/Visits",
        "report",
        "Report",
        "<name>Visits</name><reportType>CustomEntity$Patient__c</reportType><columns><field>Patient__c.SSN__c</field></columns>\
         <filter><criteriaItems><column>Patient__c.Name</column><operator>equals</operator><value>Ann</value></criteriaItems></filter>",
    ),
    (
        "externalClientApps/Sync",
        "eca",
        "ExternalClientApplication",
        "<label>Sync</label><distributionState>Local</distributionState>",
    ),
    (
        "extlClntAppOauthSettings/Sync_oauth",
        "ecaOauth",
        "ExtlClntAppOauthSettings",
        "<commaSeparatedOauthScopes>Api, RefreshToken</commaSeparatedOauthScopes><externalClientApplication>Sync</externalClientApplication>",
    ),
    (
        "genAiPromptTemplates/Sum",
        "genAiPromptTemplate",
        "GenAiPromptTemplate",
        "<templateVersions><content>{!$Input:Patient.SSN__c}</content><primaryModel>m</primaryModel></templateVersions>",
    ),
    (
        "platformEventChannelMembers/ChangeEvents_Patient",
        "platformEventChannelMember",
        "PlatformEventChannelMember",
        "<eventChannel>ChangeEvents</eventChannel><selectedEntity>Patient__ChangeEvent</selectedEntity>\
         <enrichedFields><name>SSN__c</name></enrichedFields>",
    ),
];

const FOLDER: &str = "<name>Clinic</name><folderShares><accessLevel>View</accessLevel><sharedTo>Org</sharedTo>\
    <sharedToType>Organization</sharedToType></folderShares>";
const MAIL: &str = "<available>true</available><name>T</name><subject>Hello</subject><type>text</type>";

fn source_format(root: &Path) {
    write(
        root,
        "sfdx-project.json",
        r#"{"packageDirectories":[{"path":"force-app"}],"sourceApiVersion":"61.0"}"#,
    );
    let base = "force-app/main/default";
    let object = format!("{base}/objects/Patient__c");
    write(root, &format!("{object}/Patient__c.object-meta.xml"), &document("CustomObject", OBJECT));
    for (_, folder, suffix, kind, content) in PARTS {
        let name = content.split("fullName>").nth(1).unwrap().trim_end_matches("</");
        write(root, &format!("{object}/{folder}/{name}.{suffix}-meta.xml"), &document(kind, content));
    }
    for (path, suffix, kind, content) in WHOLES {
        write(root, &format!("{base}/{path}.{suffix}-meta.xml"), &document(kind, content));
    }
    write(root, &format!("{base}/reports/Clinic.reportFolder-meta.xml"), &document("ReportFolder", FOLDER));
    write(root, &format!("{base}/email/F/T.email-meta.xml"), &document("EmailTemplate", MAIL));
    write(root, &format!("{base}/email/F/T.email"), "Dear {!Patient__c.SSN__c}");
}

fn metadata_format(root: &Path) {
    let types = "<types><members>*</members><name>CustomObject</name></types><version>61.0</version>";
    write(root, "package.xml", &document("Package", types));
    let mut object = OBJECT.to_owned();
    for (element, _, _, _, content) in PARTS {
        write!(object, "<{element}>{content}</{element}>").unwrap();
    }
    write(root, "objects/Patient__c.object", &document("CustomObject", &object));
    for (path, suffix, kind, content) in WHOLES {
        write(root, &format!("{path}.{suffix}"), &document(kind, content));
    }
    write(root, "reports/Clinic-meta.xml", &document("ReportFolder", FOLDER));
    write(root, "email/F/T.email-meta.xml", &document("EmailTemplate", MAIL));
    write(root, "email/F/T.email", "Dear {!Patient__c.SSN__c}");
}

/// Everything that the views say, without where it stands.
fn told(project: &Project) -> String {
    let mut out = String::new();
    assert_eq!(project.problems(), []);
    for component in project.components() {
        writeln!(out, "{} {} {:?}", component.kind(), component.full_name(), component.parent()).unwrap();
    }
    for object in project.objects() {
        let model = object.sharing_model().map(|model| model.to_string());
        writeln!(out, "{} {:?} {model:?} {:?}", object.name(), object.kind(), object.history()).unwrap();
        for field in object.fields() {
            let of =
                (field.data_type().map(|value| value.to_string()), field.length(), field.compliance_groups());
            let to: Vec<_> = field.reference_to().map(|value| value.to_string()).collect();
            writeln!(out, "  {} {of:?} {to:?} {:?}", field.full_name(), field.track_history()).unwrap();
        }
        for view in object.list_views() {
            let columns: Vec<_> = view.columns().map(|column| column.to_string()).collect();
            let targets = view.shared_to().into_iter().flat_map(|to| to.targets());
            let targets: Vec<_> =
                targets.map(|(kind, name)| (kind, name.map(|name| name.to_string()))).collect();
            writeln!(out, "  {} {columns:?} {targets:?}", view.name()).unwrap();
        }
        for rule in object.validation_rules() {
            writeln!(out, "  {} {}", rule.name(), rule.formula().unwrap()).unwrap();
        }
        writeln!(out, "  {}", object.record_types().count()).unwrap();
    }
    out
}

fn both() -> (tempfile::TempDir, Project, Project) {
    let dir = tempfile::tempdir().unwrap();
    let (source, metadata) = (dir.path().join("source"), dir.path().join("metadata"));
    source_format(&source);
    metadata_format(&metadata);
    let open = |path: &Path| read(path, &Options::default()).unwrap();
    let (source, metadata) = (open(&source), open(&metadata));
    (dir, source, metadata)
}

#[test]
fn both_formats_tell_the_same() {
    let (_dir, source, metadata) = both();
    assert_eq!((source.layout(), metadata.layout()), (Layout::Source, Layout::Metadata));
    assert_eq!((source.api_version(), metadata.api_version()), (Some("61.0"), Some("61.0")));
    let told_by_source = told(&source);
    assert_eq!(told_by_source, told(&metadata));
    insta::assert_snapshot!(told_by_source);
}

#[test]
fn views_read_what_the_files_say_in_both_formats() {
    let (_dir, source, metadata) = both();
    for project in [&source, &metadata] {
        let object = project.object("PATIENT__C").unwrap();
        assert_eq!((object.name(), object.kind()), ("Patient__c", ObjectKind::Custom));
        let field = project.field("patient__c.ssn__c").unwrap();
        assert_eq!(field.compliance_groups(), ["HIPAA", "PII"]);
        assert_eq!(field.component().root().source().slice(field.label().unwrap().span()), "SSN");
        assert_eq!(object.field("SSN__C"), Some(field));

        let profile = project.profiles().next().unwrap();
        assert_eq!((profile.kind(), profile.name()), (ContainerKind::Profile, "Admin"));
        assert_eq!(profile.license().unwrap(), "Salesforce");
        assert_eq!(profile.user_permission("ModifyAllData").unwrap().enabled(), Some(true));
        assert!(profile.user_permission("ViewAllData").is_none());
        let permission = profile.field_permissions().next().unwrap();
        assert_eq!((permission.readable(), permission.editable()), (Some(true), Some(true)));
        assert_eq!(profile.login_ip_ranges().next().unwrap().end().unwrap(), "10.0.0.9");
        assert_eq!(project.permission_sets().next().unwrap().tabs().count(), 1);

        let rules: Vec<_> = project.sharing_rules().collect();
        assert_eq!(
            rules.iter().map(|rule| rule.kind()).collect::<Vec<_>>(),
            [SharingKind::Guest, SharingKind::Owner]
        );
        assert_eq!(rules[0].object_name(), "Patient__c");
        assert_eq!(rules[1].shared_from().unwrap().targets().next().unwrap().0, "group");
        assert_eq!(rules[0].conditions().next().unwrap().value().unwrap(), "x");

        let message = project.outbound_messages().next().unwrap();
        assert_eq!(message.fields().map(|field| field.to_string()).collect::<Vec<_>>(), ["Id", "SSN__c"]);
        assert_eq!((message.object_name(), message.includes_session_id()), ("Patient__c", Some(true)));
        assert_eq!(project.workflow_alerts().next().unwrap().cc_emails().count(), 1);

        let security = project.settings("Security").unwrap();
        assert_eq!(security.value("sessionSettings/sessionTimeout").unwrap(), "TwelveHours");
        let credential = project.named_credentials().next().unwrap();
        assert_eq!(credential.url().unwrap(), "https://lab.example");
        assert_eq!(credential.external_credential().unwrap(), "Lab");

        let flow = project.flows().next().unwrap();
        assert_eq!(flow.start().unwrap().object().unwrap(), "Patient__c");
        assert_eq!(flow.record_lookups().next().unwrap().queried_fields().count(), 1);
        let input = flow.action_calls().next().unwrap().inputs().next().unwrap();
        assert_eq!(input.value().unwrap().reference().unwrap(), "Get.SSN__c");
        assert_eq!(flow.named("Get").unwrap().name(), "recordLookups");

        let report = project.reports().next().unwrap();
        assert_eq!((report.name(), report.folder()), ("Clinic/Daily/Visits", Some("Clinic/Daily")));
        assert_eq!((report.all_columns().count(), report.filters().count()), (1, 1));
        let folder = project.folders().next().unwrap();
        assert_eq!((folder.name(), folder.shares().count()), ("Clinic", 1));

        let mail = project.email_templates().next().unwrap();
        assert_eq!(mail.name(), "F/T");
        let (body, _) = mail.body_text(project).unwrap().unwrap();
        assert_eq!(body.text(), "Dear {!Patient__c.SSN__c}");

        let scopes = project.external_client_app_oauth_settings().next().unwrap();
        assert_eq!(
            (scopes.app().unwrap().as_str(), scopes.scope_names()),
            ("Sync", vec!["Api".into(), "RefreshToken".into()])
        );
        let version = project.prompt_templates().next().unwrap().versions().next().unwrap();
        assert_eq!(version.content().unwrap(), "{!$Input:Patient.SSN__c}");
        assert_eq!(project.event_channel_members().next().unwrap().enriched_fields().count(), 1);
    }
}

#[test]
fn a_field_in_two_package_directories_is_one_field() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    write(root, "sfdx-project.json", r#"{"packageDirectories":[{"path":"a"},{"path":"b"}]}"#);
    let field = |inner: &str| document("CustomField", &format!("<fullName>Phone</fullName>{inner}"));
    write(root, "a/objects/Account/fields/Phone.field-meta.xml", &field("<trackHistory>true</trackHistory>"));
    write(
        root,
        "b/objects/Account/fields/Phone.field-meta.xml",
        &field("<securityClassification>Restricted</securityClassification>"),
    );
    let project = read(root, &Options::default()).unwrap();
    let account = project.object("Account").unwrap();
    assert_eq!((account.fields().count(), account.wholes().count()), (1, 0));
    assert!(account.sharing_model().is_none());
    let phone = account.field("phone").unwrap();
    assert_eq!(phone.track_history(), Some(true));
    assert_eq!(phone.security_classification().unwrap(), "Restricted");
    assert_eq!(phone.components().count(), 2);
}

#[test]
fn what_a_project_split_into_files_belongs_to_its_whole() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    write(root, "sfdx-project.json", r#"{"packageDirectories":[{"path":"a"}]}"#);
    write(
        root,
        "a/sharingRules/Case/sharingOwnerRules/Up.sharingOwnerRule-meta.xml",
        &document("SharingOwnerRule", "<fullName>Up</fullName><accessLevel>Edit</accessLevel>"),
    );
    write(
        root,
        "a/workflows/Case/workflowAlerts/Tell.workflowAlert-meta.xml",
        &document("WorkflowAlert", "<fullName>Tell</fullName><ccEmails>a@b.example</ccEmails>"),
    );
    write(
        root,
        "a/permissionsets/Nurse/objectSettings/Case.objectSettings-meta.xml",
        &document("PermissionSet", "<objectPermissions><object>Case</object></objectPermissions>"),
    );
    let project = read(root, &Options::default()).unwrap();
    let rule = project.sharing_rules().next().unwrap();
    assert_eq!((rule.object_name(), rule.kind()), ("Case", SharingKind::Owner));
    assert_eq!(project.workflow_alerts().next().unwrap().object_name(), "Case");
    let set = project.permission_sets().next().unwrap();
    assert_eq!((set.name(), set.object_permissions().count()), ("Nurse", 1));
}

#[test]
fn copies_that_contradict_each_other_come_one_by_one() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path();
    write(root, "sfdx-project.json", r#"{"packageDirectories":[{"path":"a"},{"path":"b"}]}"#);
    for (package, model, scheme) in [("a", "Private", "ProbabilisticEncryption"), ("b", "ReadWrite", "None")]
    {
        let object = |name: &str, inner: &str| {
            write(
                root,
                &format!("{package}/objects/{name}/{name}.object-meta.xml"),
                &document("CustomObject", inner),
            );
        };
        object("Visit__c", &format!("<label>{package}</label><sharingModel>{model}</sharingModel>"));
        object("Room__c", &format!("<label>{package}</label><sharingModel>Private</sharingModel>"));
        write(
            root,
            &format!("{package}/objects/Room__c/fields/Key__c.field-meta.xml"),
            &document(
                "CustomField",
                &format!("<fullName>Key__c</fullName><encryptionScheme>{scheme}</encryptionScheme>"),
            ),
        );
    }
    let project = read(root, &Options::default()).unwrap();
    let models: Vec<_> = project
        .objects()
        .map(|object| (object.name(), object.sharing_model().map(|model| model.to_string())))
        .collect();
    assert_eq!(
        models,
        [
            ("Room__c", Some("Private".to_owned())),
            ("Visit__c", Some("Private".to_owned())),
            ("Visit__c", Some("ReadWrite".to_owned())),
        ]
    );
    let room = project.object("Room__c").unwrap();
    assert_eq!(room.wholes().count(), 2, "labels are no contradiction");
    let schemes: Vec<_> =
        room.fields().map(|field| field.encryption_scheme().map(|scheme| scheme.to_string())).collect();
    assert_eq!(schemes, [Some("ProbabilisticEncryption".to_owned()), Some("None".to_owned())]);
    assert_eq!(project.field("Room__c.Key__c").unwrap().components().count(), 2);
}
