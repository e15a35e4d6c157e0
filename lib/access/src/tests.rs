use std::fs;

use sfdx::completeness::Remedy;
use sfdx::{Facts, Options};

use crate::{Access, Answer, Crowd, Model, ObjectFlag, Range, Reach};
use Answer::{No, Unknown, Yes};

/// Files by what they are: `profile Nurse`, `set Clinical`, `object Visit__c`, `field Visit__c.Note__c`, `facts users`.
fn model_of(api: &str, files: &[(&str, &str)]) -> Model {
    let folder = tempfile::tempdir().unwrap();
    let project = format!(r#"{{"packageDirectories":[{{"path":"force-app"}}],"sourceApiVersion":"{api}"}}"#);
    fs::write(folder.path().join("sfdx-project.json"), project).unwrap();
    let mut has_facts = false;
    for (what, body) in files {
        let (kind, name) = what.split_once(' ').unwrap();
        let (tag, path) = match kind {
            "profile" => ("Profile", format!("profiles/{name}.profile-meta.xml")),
            "set" => ("PermissionSet", format!("permissionsets/{name}.permissionset-meta.xml")),
            "group" => {
                ("PermissionSetGroup", format!("permissionsetgroups/{name}.permissionsetgroup-meta.xml"))
            }
            "muting" => {
                ("MutingPermissionSet", format!("mutingpermissionsets/{name}.mutingpermissionset-meta.xml"))
            }
            "object" => ("CustomObject", format!("objects/{name}/{name}.object-meta.xml")),
            "field" => {
                let (object, field) = name.split_once('.').unwrap();
                ("CustomField", format!("objects/{object}/fields/{field}.field-meta.xml"))
            }
            "rules" => ("SharingRules", format!("sharingRules/{name}.sharingRules-meta.xml")),
            "sharing-set" => ("SharingSet", format!("sharingSets/{name}.sharingSet-meta.xml")),
            "role" => ("Role", format!("roles/{name}.role-meta.xml")),
            "publicgroup" => ("Group", format!("groups/{name}.group-meta.xml")),
            "queue" => ("Queue", format!("queues/{name}.queue-meta.xml")),
            "site" => ("CustomSite", format!("sites/{name}.site-meta.xml")),
            "restriction" => ("RestrictionRule", format!("restrictionRules/{name}.rule-meta.xml")),
            "hiding" => ("FieldRestrictionRule", format!("fieldRestrictionRules/{name}.rule-meta.xml")),
            "settings" => {
                let tag = if *name == *"Security" { "SecuritySettings" } else { "SharingSettings" };
                (tag, format!("settings/{name}.settings-meta.xml"))
            }
            "facts" => {
                has_facts = true;
                let path = folder.path().join("facts").join(format!("{name}.json"));
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, body).unwrap();
                continue;
            }
            other => unreachable_kind(other),
        };
        let path = folder.path().join("force-app/main/default").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let name = if kind == "field" {
            format!("<fullName>{}</fullName>", name.split_once('.').unwrap().1)
        } else {
            String::new()
        };
        let text = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{tag} xmlns=\"http://soap.sforce.com/2006/04/metadata\">\n{name}{body}\n</{tag}>\n"
        );
        fs::write(path, text).unwrap();
    }
    let project = sfdx::read(folder.path(), &Options::default()).unwrap();
    let facts =
        if has_facts { sfdx::read_facts(&folder.path().join("facts")).unwrap() } else { Facts::default() };
    assert_eq!(facts.problems(), []);
    Model::of(&project, &facts)
}

fn unreachable_kind(kind: &str) -> (&'static str, String) {
    assert_eq!(kind, "", "no such kind of file");
    ("", String::new())
}

fn model(files: &[(&str, &str)]) -> Model {
    model_of("66.0", files)
}

fn access<'m>(model: &'m Model, principal: &str) -> Access<'m> {
    model.access(model.principal_named(principal).unwrap()).unwrap()
}

fn on(object: &str, flags: &str) -> String {
    let flags: String = flags.split_whitespace().map(|flag| format!("<{flag}>true</{flag}>")).collect();
    format!("<objectPermissions>{flags}<object>{object}</object></objectPermissions>")
}

fn of(field: &str, readable: bool, editable: bool) -> String {
    format!(
        "<fieldPermissions><editable>{editable}</editable><field>{field}</field><readable>{readable}</readable></fieldPermissions>"
    )
}

fn may(permission: &str) -> String {
    format!("<userPermissions><enabled>true</enabled><name>{permission}</name></userPermissions>")
}

const TEXT: &str = "<label>F</label><type>Text</type>";
const PRIVATE: &str = "<label>O</label><nameField><label>N</label><type>Text</type></nameField><sharingModel>Private</sharingModel>";

fn missing(decision: &[Remedy]) -> Vec<String> {
    let words = decision.iter().map(|remedy| match remedy {
        Remedy::Retrieve { kind, members } => format!("{kind} {}", members.join(" ")),
        Remedy::Query(name) => format!("query {name}"),
        Remedy::Do(words) => (*words).to_owned(),
    });
    words.collect()
}

#[test]
fn an_object_flag_brings_what_it_needs() {
    let model = model(&[("set S", &(on("A__c", "allowDelete") + &on("B__c", "modifyAllRecords")))]);
    let set = access(&model, "permission-set:S");
    let flags = |object| ObjectFlag::ALL.map(|flag| set.flag(object, flag).unwrap());
    assert_eq!(flags("A__c"), [No, Yes, Yes, Yes, No, No, No]);
    assert_eq!(flags("b__C"), [No, Yes, Yes, Yes, Yes, Yes, No]);
    assert_eq!(set.flag("C__c", ObjectFlag::Read), None);
}

#[test]
fn a_field_needs_object_and_row_from_anywhere_the_user_holds() {
    let fields = of("V__c.Note__c", true, true);
    let users = r#"[{"Id":"005A","Username":"a@x.example","IsActive":true,"UserType":"Standard","Profile":{"Name":"P"}},
        {"Id":"005B","Username":"b@x.example","IsActive":false,"Profile":{"Name":"P"}}]"#;
    let assignments = r#"[{"AssigneeId":"005A","PermissionSet":{"Name":"Objects"}},
        {"AssigneeId":"005A","PermissionSet":{"Name":"Fields","NamespacePrefix":null}},
        {"AssigneeId":"005A","PermissionSet":{"Name":"X00e1","IsOwnedByProfile":true}}]"#;
    let model = model(&[
        ("object V__c", PRIVATE),
        ("field V__c.Note__c", TEXT),
        ("set Objects", &on("V__c", "allowRead")),
        ("set Fields", &fields),
        ("profile P", &(on("V__c", "") + &may("RunReports") + "<userLicense>Salesforce</userLicense>")),
        ("facts users", users),
        ("facts permission-set-assignments", assignments),
    ]);
    let both = |principal: &str| access(&model, principal).reads_and_edits("V__c.Note__c").unwrap();
    assert_eq!(both("permission-set:Objects"), (No, No));
    assert_eq!(both("permission-set:Fields"), (No, No));
    // The profile has a row for the object that gives nothing: no, though its field rows are not known.
    assert_eq!(both("profile:P"), (No, No));
    assert_eq!(both("user:A@x.example"), (Yes, No));
    assert!(model.principal_named("user:b@x.example").is_none(), "inactive users reach nothing");

    let field = access(&model, "user:a@x.example").field("V__c.Note__c").unwrap();
    let path = |path: &crate::Path| path.to_string().replace("force-app/main/default/", "");
    assert_eq!(
        field.read.by_object.paths.iter().map(path).collect::<Vec<_>>(),
        [
            "permission set `Objects` (permissionsets/Objects.permissionset-meta.xml:1) > object permission on `V__c`: read (permissionsets/Objects.permissionset-meta.xml:3)"
        ]
    );
    assert_eq!(
        field.read.by_field.paths.iter().map(path).collect::<Vec<_>>(),
        [
            "permission set `Fields` (permissionsets/Fields.permissionset-meta.xml:1) > field permission on `V__c.Note__c`: read and edit (permissionsets/Fields.permissionset-meta.xml:3)"
        ]
    );
    assert!(field.read.is_complete() && field.read.missing.is_empty());
}

#[test]
fn muting_acts_in_its_group_only_and_takes_what_needs_it() {
    let rows = on("V__c", "allowRead allowEdit allowDelete") + &of("V__c.Note__c", true, true);
    let muted = on("V__c", "allowEdit") + &of("V__c.Note__c", true, false) + &may("ViewAllData");
    let group = "<permissionSets>S</permissionSets><mutingPermissionSets>M</mutingPermissionSets>";
    let model = model(&[
        ("object V__c", PRIVATE),
        ("field V__c.Note__c", TEXT),
        ("set S", &(rows + &may("ModifyAllData") + &may("ApiEnabled"))),
        ("muting M", &muted),
        ("group G", group),
        ("group Plain", "<permissionSets>S</permissionSets>"),
        (
            "group Half",
            "<permissionSets>S</permissionSets><permissionSets>Gone</permissionSets><mutingPermissionSets>Lost</mutingPermissionSets>",
        ),
    ]);
    let flags = |principal: &str| {
        let access = access(&model, principal);
        ObjectFlag::ALL.map(|flag| access.flag("V__c", flag).unwrap())
    };
    assert_eq!(flags("permission-set-group:G"), [No, Yes, No, No, No, No, No]);
    assert_eq!(flags("permission-set-group:Plain"), [Yes, Yes, Yes, Yes, Yes, Yes, No]);
    let muted = access(&model, "permission-set-group:G");
    assert_eq!((muted.has("ModifyAllData"), muted.has("ApiEnabled")), (No, Yes));
    let field = muted.field("V__c.Note__c").unwrap();
    assert_eq!((field.read.answer, field.edit.answer), (No, No));
    let told = field.read.by_field.paths[0].to_string();
    assert!(told.contains("group `G`") && told.contains("muted by muting permission set `M`"), "{told}");
    assert_eq!(field.read.by_field.paths[0].answer, No);

    // A set that is not there may give anything, one that mutes may take anything.
    assert_eq!(flags("permission-set-group:Half"), [Unknown; 7]);
    let half = access(&model, "permission-set-group:Half").object("V__c", ObjectFlag::Read).unwrap();
    assert_eq!(
        missing(&half.missing),
        ["CustomObject V__c", "MutingPermissionSet Lost", "PermissionSet Gone"]
    );
}

#[test]
fn what_a_profile_does_not_say_is_unknown() {
    let whole = may("RunReports") + "<userLicense>Salesforce</userLicense>";
    let model = model(&[
        ("object V__c", PRIVATE),
        ("field V__c.Note__c", TEXT),
        ("profile Thin", &on("V__c", "allowRead")),
        ("profile Whole", &(on("V__c", "allowRead") + &of("V__c.Note__c", false, false) + &whole)),
        ("set S", "<label>S</label>"),
    ]);
    let ask = |principal: &str| {
        let access = access(&model, principal);
        let (read, edit) = access.reads_and_edits("V__c.Note__c").unwrap();
        (access.has("ViewAllData"), access.has("NoSuchPermission"), read, edit)
    };
    // Without the org-wide permissions the row's refusal to edit is not final.
    assert_eq!(ask("profile:Thin"), (Unknown, Unknown, Unknown, Unknown));
    assert_eq!(ask("profile:Whole"), (No, No, No, No));
    assert_eq!(ask("permission-set:S"), (No, No, No, No));
    let thin = access(&model, "profile:Thin").field("V__c.Note__c").unwrap().read;
    assert_eq!(missing(&thin.missing), ["CustomObject V__c", "Profile Thin"]);
    assert_eq!(access(&model, "profile:Thin").permission("NoSuchPermission").missing.len(), 1);
}

#[test]
fn sets_of_old_versions_and_broken_files_are_not_whole() {
    let files = [("object V__c", PRIVATE), ("set S", "<label>S</label>")];
    let (old, new) = (model_of("39.0", &files), model_of("40.0", &files));
    let read = |model: &Model| access(model, "permission-set:S").flag("V__c", ObjectFlag::Read).unwrap();
    assert_eq!((read(&old), read(&new)), (Unknown, No));
    assert_eq!(access(&old, "permission-set:S").has("ViewAllData"), No);
    let broken = model(&[("object V__c", PRIVATE), ("set S", "<label>S</label><objectPermissions>")]);
    assert_eq!(read(&broken), Unknown);
    assert_eq!(access(&broken, "permission-set:S").has("ViewAllData"), Unknown);
}

#[test]
fn all_data_gives_records_and_no_field() {
    let model = model(&[
        ("object V__c", PRIVATE),
        ("field V__c.Note__c", TEXT),
        ("set Data", &may("ModifyAllData")),
        ("set Fields", &may("ViewAllFieldsGlobal")),
        ("set Both", &(on("V__c", "allowRead viewAllFields") + &may("ViewAllData"))),
    ]);
    let data = access(&model, "permission-set:Data");
    assert_eq!(data.reads_and_edits("V__c.Note__c"), Some((No, No)));
    assert_eq!(data.reach("V__c"), Some((Range::ALL, Range::ALL)));
    // Every field, but of an object that is not opened.
    assert_eq!(access(&model, "permission-set:Fields").reads_and_edits("V__c.Note__c"), Some((No, No)));
    let both = access(&model, "permission-set:Both");
    assert_eq!(both.reads_and_edits("V__c.Note__c"), Some((Yes, No)));
    assert_eq!(both.reach("V__c"), Some((Range::ALL, Range::NONE)));
}

#[test]
fn fields_without_field_level_security_follow_the_object() {
    let rows = on("V__c", "allowEdit") + &on("Contact", "allowEdit") + &on("Contract", "allowEdit");
    let master = "<type>MasterDetail</type><referenceTo>Contact</referenceTo>";
    let movable = "<type>MasterDetail</type><referenceTo>Contact</referenceTo><reparentableMasterDetail>true</reparentableMasterDetail>";
    let model = model(&[
        ("object V__c", PRIVATE),
        ("field V__c.Must__c", "<type>Text</type><required>true</required>"),
        ("field V__c.Free__c", TEXT),
        ("field V__c.Parent__c", master),
        ("field V__c.Moved__c", movable),
        ("field V__c.Sum__c", "<type>Number</type><formula>1 + 1</formula><required>true</required>"),
        ("field V__c.Name", "<type>Text</type>"),
        ("field V__c.CreatedDate", "<type>DateTime</type>"),
        ("field Contact.LastName", ""),
        ("field Contact.Birthdate", ""),
        ("field Contract.Name", ""),
        ("field Loose__c.Name", ""),
        ("set S", &(rows + &on("Loose__c", "allowEdit"))),
        ("set Named", &of("Contract.Name", true, false)),
    ]);
    let set = access(&model, "permission-set:S");
    let both = |field| set.reads_and_edits(field).unwrap();
    assert_eq!(both("V__c.Must__c"), (Yes, Yes));
    assert_eq!(both("V__c.Free__c"), (No, No));
    assert_eq!(both("V__c.Parent__c"), (Yes, No));
    assert_eq!(both("V__c.Moved__c"), (Yes, Yes));
    assert_eq!(both("V__c.Sum__c"), (Yes, No));
    assert_eq!(both("V__c.Name"), (Yes, Yes));
    assert_eq!(both("V__c.CreatedDate"), (Yes, No));
    assert_eq!(both("Contact.LastName"), (Yes, Yes));
    assert_eq!(both("Contact.Birthdate"), (No, No));
    assert_eq!(both("Contract.Name"), (No, No), "a row somewhere shows that it has field-level security");
    assert_eq!(both("Loose__c.Name"), (Yes, Unknown), "it may be an auto-number");
    let open = set.field("V__c.Must__c").unwrap().read.by_field;
    assert_eq!(open.paths[0].steps[0].words, "a required field has no field-level security");
}

#[test]
fn a_field_that_nothing_describes_may_be_required() {
    let rows = on("V__c", "allowEdit") + &of("V__c.Seen__c", false, false);
    let folder = tempfile::tempdir().unwrap();
    let sets = folder.path().join("permissionsets");
    fs::create_dir_all(&sets).unwrap();
    fs::write(sets.join("S.permissionset-meta.xml"), format!("<PermissionSet>{rows}</PermissionSet>"))
        .unwrap();
    let project = sfdx::read(folder.path(), &Options::default()).unwrap();
    let model =
        Model::with_fields(&project, &Facts::default(), ["V__c.Unseen__c", "V__c.Standard", "nonsense"]);
    let set = access(&model, "permission-set:S");
    assert_eq!(set.reads_and_edits("V__c.Seen__c"), Some((No, No)));
    assert_eq!(set.reads_and_edits("V__c.Unseen__c"), Some((Unknown, Unknown)));
    assert_eq!(set.reads_and_edits("V__c.Standard"), Some((No, No)));
    assert_eq!(set.reads_and_edits("nonsense"), None);
    let lacks = set.field("V__c.Unseen__c").unwrap().read.missing;
    assert_eq!(missing(&lacks), ["CustomField V__c.Unseen__c"]);
}

#[test]
fn parts_stand_under_their_whole() {
    let rows =
        ["Contact.MailingAddress", "Contact.Email", "Contact.Race__c", "Visit__c.Home__c", "Task.Sum__c"]
            .map(|field| of(field, true, false))
            .concat();
    let objects = ["Contact", "Account", "Visit__c"].map(|object| on(object, "allowRead")).concat();
    let folder = tempfile::tempdir().unwrap();
    let sets = folder.path().join("permissionsets");
    fs::create_dir_all(&sets).unwrap();
    let text = format!("<PermissionSet>{objects}{rows}{}</PermissionSet>", may("EditEvent"));
    fs::write(sets.join("S.permissionset-meta.xml"), text).unwrap();
    let project = sfdx::read(folder.path(), &Options::default()).unwrap();
    let asked = [
        ("Contact.MailingStreet", Yes),
        ("Contact.OtherStreet", No),
        ("Account.Race__pc", Yes),
        ("Account.PersonMailingCity", Yes),
        ("Account.PersonEmail", Yes),
        ("Account.Personality", No),
        ("Account.PersonContactId", Yes),
        ("Visit__c.Home__City__s", Yes),
        ("Activity.Sum__c", Yes),
        ("Contact.Capital", No),
    ];
    let model = Model::with_fields(&project, &Facts::default(), asked.map(|(field, _)| field));
    let set = access(&model, "permission-set:S");
    for (field, answer) in asked {
        assert_eq!(set.reads_and_edits(field).unwrap().0, answer, "{field}");
    }
}

#[test]
fn a_field_restriction_rule_makes_a_yes_unknown() {
    let model = model(&[
        ("object V__c", PRIVATE),
        ("field V__c.Note__c", TEXT),
        ("set S", &(on("V__c", "allowRead") + &of("V__c.Note__c", true, false))),
        ("hiding R", "<active>true</active><targetEntity>V__c</targetEntity>"),
    ]);
    let read = access(&model, "permission-set:S").field("V__c.Note__c").unwrap().read;
    assert_eq!(read.answer, Unknown);
    assert_eq!(missing(&read.missing), ["read whom the field restriction rule names"]);
}

fn reach_of(owd: &str, licence: &str, flags: &str) -> (Range, Range) {
    let object = format!("<label>O</label>{owd}");
    let profile = format!("{}{}<userLicense>{licence}</userLicense>", on("V__c", flags), may("RunReports"));
    let model = model(&[("object V__c", &object), ("profile P", &profile)]);
    access(&model, "profile:P").reach("V__c").unwrap()
}

#[test]
fn defaults_say_how_far() {
    let said = |inside: &str, outside: &str| {
        let outside = if outside.is_empty() {
            String::new()
        } else {
            format!("<externalSharingModel>{outside}</externalSharingModel>")
        };
        format!("<sharingModel>{inside}</sharingModel>{outside}")
    };
    let some = Range::SOME;
    assert_eq!(reach_of(&said("Private", ""), "Salesforce", "allowEdit"), (some, some));
    assert_eq!(reach_of(&said("Read", ""), "Salesforce", "allowEdit"), (Range::ALL, some));
    assert_eq!(reach_of(&said("ReadWrite", ""), "Salesforce", "allowRead"), (Range::ALL, Range::NONE));
    assert_eq!(reach_of("", "Salesforce", "allowEdit"), (Range::SOME_OR_ALL, Range::SOME_OR_ALL));
    assert_eq!(reach_of(&said("ReadWrite", "Private"), "Customer Community", "allowEdit"), (some, some));
    assert_eq!(reach_of(&said("ReadWrite", "Private"), "Salesforce", "allowEdit"), (Range::ALL, Range::ALL));
    assert_eq!(
        reach_of(&said("Read", ""), "Partner Community", "allowEdit"),
        (Range::SOME_OR_ALL, some),
        "how much narrower the default outside is, is not known"
    );
    assert_eq!(reach_of(&said("Private", ""), "Partner Community", "allowEdit"), (some, some));
    assert_eq!(
        reach_of(&said("ReadWrite", "ReadWrite"), "Guest User License", "allowRead"),
        (Range::NONE_OR_SOME, Range::NONE)
    );
    assert_eq!(reach_of(&said("Private", ""), "Salesforce", "viewAllRecords"), (Range::ALL, Range::NONE));
}

#[test]
fn the_org_outweighs_the_source_and_a_restriction_rule_narrows() {
    let models =
        r#"[{"QualifiedApiName":"V__c","InternalSharingModel":"ReadWrite","ExternalSharingModel":"Read"}]"#;
    let set = on("V__c", "allowEdit");
    let mut files = vec![("object V__c", PRIVATE), ("set S", &*set), ("facts sharing-models", models)];
    let reach = |files: &[(&str, &str)]| access(&model(files), "permission-set:S").reach("V__c").unwrap();
    assert_eq!(reach(&files), (Range::ALL, Range::ALL));
    files.push((
        "restriction R",
        "<active>true</active><enforcementType>Restrict</enforcementType><targetEntity>V__c</targetEntity>",
    ));
    assert_eq!(reach(&files), (Range::SOME_OR_ALL, Range::SOME_OR_ALL));
    let all = on("V__c", "allowEdit modifyAllRecords");
    files[1] = ("set S", &all);
    assert_eq!(reach(&files), (Range::ALL, Range::ALL), "it does not hold those who see all");
}

#[test]
fn details_follow_all_their_masters() {
    let master = |object: &str, more: &str| {
        format!("<type>MasterDetail</type><referenceTo>{object}</referenceTo>{more}")
    };
    let light = "<writeRequiresMasterRead>true</writeRequiresMasterRead>";
    let grants = on("D__c", "allowEdit") + &on("E__c", "allowEdit") + &on("Loop__c", "allowEdit");
    let model = model(&[
        ("object Open__c", "<sharingModel>Read</sharingModel>"),
        ("object Shut__c", PRIVATE),
        ("object D__c", "<sharingModel>ControlledByParent</sharingModel>"),
        ("field D__c.A__c", &master("Open__c", light)),
        ("field D__c.B__c", &master("Shut__c", "")),
        ("object E__c", "<label>E</label>"),
        ("field E__c.A__c", &master("Open__c", light)),
        ("object Loop__c", "<sharingModel>ControlledByParent</sharingModel>"),
        ("field Loop__c.Self__c", &master("Loop__c", "")),
        ("set S", &grants),
        ("set T", &(grants.clone() + &on("Shut__c", "viewAllRecords"))),
    ]);
    let reach = |principal: &str, object: &str| access(&model, principal).reach(object).unwrap();
    assert_eq!(reach("permission-set:S", "D__c"), (Range::SOME, Range::SOME));
    assert_eq!(reach("permission-set:T", "D__c"), (Range::ALL, Range::SOME));
    assert_eq!(reach("permission-set:S", "E__c"), (Range::ALL, Range::ALL), "reading the master is enough");
    assert_eq!(reach("permission-set:S", "Loop__c"), (Range::SOME_OR_ALL, Range::SOME_OR_ALL));
    assert!(!access(&model, "permission-set:S").records("Loop__c").unwrap().missing.is_empty());
}

#[test]
fn guests_reach_what_guest_rules_open() {
    let rule = |site: &str| {
        format!(
            "<sharingGuestRules><fullName>R</fullName><accessLevel>Read</accessLevel><sharedTo><guestUser>{site}</guestUser></sharedTo></sharingGuestRules>"
        )
    };
    let guest = on("V__c", "allowRead") + "<userLicense>Guest User License</userLicense>";
    let reach = |rules: Option<String>| {
        let mut files = vec![
            ("object V__c", PRIVATE),
            ("profile Clinic Profile", &*guest),
            ("site Clinic", "<masterLabel>Clinic</masterLabel>"),
            ("site Other", "<masterLabel>Other</masterLabel>"),
        ];
        let rules = rules.unwrap_or_default();
        if !rules.is_empty() {
            files.push(("rules V__c", &rules));
        }
        let model = model(&files);
        let access = access(&model, "profile:Clinic Profile");
        assert_eq!(access.principal().crowd(), Crowd::Guest);
        let records = access.records("V__c").unwrap();
        assert_eq!(records.read.is_complete(), records.missing.is_empty());
        records.read
    };
    assert_eq!(reach(None), Range::NONE_OR_SOME);
    assert_eq!(reach(Some(rule("clinic"))), Range::SOME);
    assert_eq!(reach(Some(rule("Other"))), Range::NONE);
    assert_eq!(reach(Some(rule("Elsewhere"))), Range::NONE_OR_SOME);
}

#[test]
fn ways_of_sharing_are_told_per_user() {
    let rules = "<sharingOwnerRules><fullName>ToNurses</fullName><accessLevel>Edit</accessLevel><sharedTo><roleAndSubordinates>Ward</roleAndSubordinates></sharedTo></sharingOwnerRules>
        <sharingCriteriaRules><fullName>ToGroup</fullName><accessLevel>Read</accessLevel><sharedTo><group>Night</group></sharedTo></sharingCriteriaRules>";
    let users = r#"[{"Id":"005000000000001AAA","Username":"nurse@x.example","UserType":"Standard","Profile":{"Name":"P"},"UserRole":{"DeveloperName":"Nurse"}},
        {"Id":"005000000000002AAA","Username":"clerk@x.example","UserType":"Standard","Profile":{"Name":"P"}},
        {"Id":"005000000000003AAA","Username":"patient@x.example","UserType":"CspLitePortal","Profile":{"Name":"P"}}]"#;
    let members = r#"[{"GroupId":"00G1","Group":{"DeveloperName":"Night","Type":"Regular"},"UserOrGroupId":"00G2"},
        {"GroupId":"00G2","Group":{"DeveloperName":"Inner","Type":"Regular"},"UserOrGroupId":"005000000000002"},
        {"GroupId":"00G3","Group":{"DeveloperName":"Intake","Type":"Queue"},"UserOrGroupId":"005000000000001"}]"#;
    let set = "<accessMappings><accessLevel>Read</accessLevel><object>V__c</object></accessMappings><profiles>P</profiles>";
    let model = model(&[
        ("object V__c", PRIVATE),
        ("profile P", &on("V__c", "allowRead")),
        ("rules V__c", rules),
        ("role Ward", "<name>Ward</name>"),
        ("role Nurse", "<name>Nurse</name><parentRole>Ward</parentRole>"),
        ("publicgroup Night", "<doesIncludeBosses>false</doesIncludeBosses><name>Night</name>"),
        ("queue Intake", "<queueSobject><sobjectType>V__c</sobjectType></queueSobject>"),
        ("sharing-set Patients", set),
        ("facts users", users),
        ("facts permission-set-assignments", "[]"),
        ("facts group-members", members),
    ]);
    let ways = |user: &str| {
        let records = access(&model, &format!("user:{user}@x.example")).records("V__c").unwrap();
        assert_eq!(records.read.low, Reach::Some);
        let told = records.paths.iter().map(|path| format!("{} {}", path.answer, path.steps[0].words));
        told.filter(|words| !words.contains("default of")).collect::<Vec<_>>()
    };
    assert_eq!(
        ways("nurse"),
        [
            "yes records that they own",
            "yes sharing rule `ToNurses`: Edit",
            "yes sharing set `Patients`: Read",
            "yes records in queue `Intake`",
            "unknown records of those below in the role hierarchy",
        ]
    );
    assert_eq!(
        ways("clerk"),
        ["yes records that they own", "yes sharing rule `ToGroup`: Read", "yes sharing set `Patients`: Read"]
    );
    assert_eq!(ways("patient"), ["yes records that they own", "yes sharing set `Patients`: Read"]);
}

#[test]
fn users_are_as_complete_as_their_assignments() {
    let users = r#"[{"Id":"005A","Username":"a","Profile":{"Name":"System Administrator"}},
        {"Id":"005B","Username":"b","Profile":{"Name":"Elsewhere"}}]"#;
    let admin = may("ManageUsers") + &may("ModifyAllData") + "<userLicense>Salesforce</userLicense>";
    let mut files = vec![
        ("profile Admin", &*admin),
        ("settings Security", "<enableAdminLoginAsAnyUser>true</enableAdminLoginAsAnyUser>"),
        ("facts users", users),
    ];
    let lone = model(&files);
    assert_eq!(access(&lone, "user:a").has("AuthorApex"), Unknown);
    assert_eq!(
        missing(&access(&lone, "user:a").permission("AuthorApex").missing),
        ["query permission-set-assignments"]
    );
    assert_eq!(access(&lone, "profile:Admin").has("AuthorApex"), No);

    files.push(("facts permission-set-assignments", r#"[{"AssigneeId":"005B","PermissionSet":{"Name":"Own"},"PermissionSetGroup":{"DeveloperName":"G"}}]"#));
    let model = model(&files);
    let names = |principal: &str| {
        let ways = access(&model, principal).escalations();
        ways.iter().map(|way| format!("{} {}", way.decision.answer, way.name)).collect::<Vec<_>>()
    };
    assert_eq!(names("user:a"), ["yes ManageUsers", "yes ModifyAllData", "yes LogInAsAnyUser"]);
    assert_eq!(names("user:b").len(), 19);
    let lacks = access(&model, "user:b").permission("AuthorApex").missing;
    assert_eq!(missing(&lacks), ["PermissionSetGroup G", "Profile Elsewhere"]);
}

#[test]
fn groups_that_only_the_org_names_may_be_muted() {
    let users = r#"[{"Id":"005A","Username":"a","Profile":{"Name":"P"}}]"#;
    let model = model(&[
        ("object V__c", PRIVATE),
        ("profile P", &(on("V__c", "") + &may("RunReports") + "<userLicense>Salesforce</userLicense>")),
        ("set n__S", &on("V__c", "allowRead")),
        ("group Known", "<permissionSets>Old</permissionSets>"),
        ("facts users", users),
        (
            "facts permission-set-assignments",
            r#"[{"AssigneeId":"005A","PermissionSetGroup":{"DeveloperName":"Told"}}]"#,
        ),
        (
            "facts permission-set-group-members",
            r#"[{"PermissionSetGroup":{"DeveloperName":"Told"},"PermissionSet":{"Name":"S","NamespacePrefix":"n"}}]"#,
        ),
    ]);
    let user = access(&model, "user:a");
    assert_eq!(user.flag("V__c", ObjectFlag::Read), Some(Unknown));
    assert_eq!(user.flag("V__c", ObjectFlag::Edit), Some(No));
    let read = user.object("V__c", ObjectFlag::Read).unwrap();
    assert!(missing(&read.missing).contains(&"PermissionSetGroup Told".to_owned()));
    // The facts are complete and name no member of the group in the source.
    assert_eq!(access(&model, "permission-set-group:Known").flag("V__c", ObjectFlag::Read), Some(No));
    assert!(model.principal_named("permission-set-group:Told").is_none());
}

#[test]
fn the_matrix_answers_as_each_access_does() {
    let model = model(&[
        ("object V__c", PRIVATE),
        ("field V__c.Note__c", TEXT),
        ("field V__c.Must__c", "<type>Text</type><required>true</required>"),
        ("profile P", &on("V__c", "allowEdit")),
        ("set S", &(on("V__c", "allowRead") + &of("V__c.Note__c", true, true))),
        ("set Empty", "<label>E</label>"),
        ("group G", "<permissionSets>S</permissionSets>"),
    ]);
    let fields: Vec<&str> = model.fields().collect();
    let matrix = model.matrix(fields.iter().copied());
    assert_eq!(matrix.fields().collect::<Vec<_>>(), fields);
    for (id, principal) in model.principals() {
        let access = model.access(id).unwrap();
        for (at, field) in fields.iter().enumerate() {
            let both = (matrix.read(id, at), matrix.edit(id, at));
            assert_eq!(Some(both), access.reads_and_edits(field), "{principal} {field}");
            let told = access.field(field).unwrap();
            assert_eq!(both, (told.read.answer, told.edit.answer), "{principal} {field}");
            assert_eq!(told.read.answer == Unknown, !told.read.missing.is_empty(), "{principal} {field}");
        }
    }
    assert_eq!(matrix.distinct(), 4);
}

#[test]
fn tasks_and_users_are_governed_otherwise() {
    let model = model(&[
        ("object Task", ""),
        ("object Event", ""),
        ("object Activity", "<sharingModel>Private</sharingModel>"),
        ("object User", ""),
        ("object Conf__mdt", ""),
        ("set S", &(may("EditTask") + &may("ManageInternalUsers"))),
    ]);
    let set = access(&model, "permission-set:S");
    let flag = |object, flag| set.flag(object, flag).unwrap();
    assert_eq!(flag("Task", ObjectFlag::Edit), Yes);
    assert_eq!(flag("Event", ObjectFlag::Edit), No);
    assert_eq!(flag("Event", ObjectFlag::Read), Yes);
    assert_eq!(flag("Activity", ObjectFlag::Delete), Yes);
    assert_eq!((flag("User", ObjectFlag::Read), flag("User", ObjectFlag::Edit)), (Yes, Yes));
    assert_eq!(flag("User", ObjectFlag::Delete), No);
    assert_eq!(flag("Conf__mdt", ObjectFlag::Read), Unknown);
    assert_eq!(set.reach("Task"), Some((Range::SOME, Range::SOME)), "as activities are");
}

/// Every yes has a path that gives it, every unknown names what would settle it, and cheap answers are the told ones.
fn holds_together(root: &std::path::Path) {
    let project = sfdx::read(root, &Options::default()).unwrap();
    let model = Model::of(&project, &Facts::default());
    let fields: Vec<&str> = model.fields().collect();
    let objects: Vec<&str> = model.objects().collect();
    let matrix = model.matrix(fields.iter().copied());
    assert!(model.principals().count() > 3 && fields.len() > 10);
    for (id, principal) in model.principals() {
        let access = model.access(id).unwrap();
        let mut any_unknown = false;
        for (at, field) in fields.iter().enumerate() {
            let told = access.field(field).unwrap();
            let what = format!("{principal} {field}");
            assert_eq!(
                (matrix.read(id, at), matrix.edit(id, at)),
                (told.read.answer, told.edit.answer),
                "{what}"
            );
            for decision in [&told.read, &told.edit] {
                assert_eq!(decision.answer == Unknown, !decision.missing.is_empty(), "{what}");
                any_unknown |= decision.by_field.answer == Unknown;
                for side in [&decision.by_object, &decision.by_field] {
                    let given = side.paths.iter().any(|path| path.answer == Yes);
                    assert_eq!(side.answer == Yes, given, "{what}: {side:?}");
                }
            }
        }
        for object in &objects {
            let records = access.records(object).unwrap();
            assert_eq!(records.is_complete(), records.missing.is_empty(), "{principal} {object}");
            assert_eq!(access.reach(object), Some((records.read, records.edit)), "{principal} {object}");
        }
        assert!(any_unknown || access.missing().is_empty(), "{principal}: {:?}", access.missing());
    }
}

#[test]
fn the_example_holds_together() {
    let examples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/harbor-health");
    holds_together(&examples.join("flawed"));
    holds_together(&examples.join("mended"));
}
