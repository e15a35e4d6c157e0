//! The names that orgs are made of. They are few, so that files speak of the same things.

pub(super) const VERSIONS: &[&str] = &["22.0", "39.0", "40.0", "58.0", "61.0", "66.0"];

/// Objects that have to do with each other.
pub(super) const FAMILIES: &[&[&str]] = &[
    &["Account", "Contact", "Asset"],
    &["Task", "Event", "Activity"],
    &["Campaign", "CampaignMember", "Lead", "Contact"],
    &["Opportunity", "OpportunityLineItem", "Account"],
    &["Visit__c", "Dose__c", "Clinic__c"],
    &["User", "Case", "Visit__c"],
    &["Contract", "Order", "Lead"],
];

pub(super) const OBJECTS: &[&str] = &[
    "Account",
    "AccountChangeEvent",
    "Activity",
    "Alert__e",
    "Archive__b",
    "Asset",
    "Campaign",
    "CampaignMember",
    "Case",
    "Clinic__c",
    "Contact",
    "Dose__c",
    "Event",
    "Faq__kav",
    "Kind__mdt",
    "Lead",
    "Opportunity",
    "Person__dlm",
    "Prefs__c",
    "Remote__x",
    "Task",
    "User",
    "Visit__ChangeEvent",
    "Visit__c",
    "ns__Plan__c",
];

pub(super) const ANY_FIELDS: &[&str] = &[
    "Id",
    "Name",
    "OwnerId",
    "CreatedDate",
    "RecordTypeId",
    "Description",
    "CurrencyIsoCode",
    "SystemModstamp",
];

pub(super) const STANDARD_FIELDS: &[(&str, &[&str])] = &[
    (
        "Account",
        &[
            "FirstName",
            "Salutation",
            "BillingStateCode",
            "BillingAddress",
            "BillingCity",
            "ShippingLatitude",
            "PersonMailingCity",
            "PersonMailingAddress",
            "MonthlyCountry",
            "IsPersonAccount",
            "PersonContactId",
            "PersonEmail",
            "PersonNote__c",
            "PersonOtherStreet",
            "Personality",
        ],
    ),
    ("Asset", &["Street", "Address", "Status"]),
    (
        "Contact",
        &[
            "LastName",
            "MiddleName",
            "MailingStreet",
            "MailingAddress",
            "OtherGeocodeAccuracy",
            "Email",
            "HomeCity",
        ],
    ),
    ("Lead", &["FirstName", "Company", "Status", "Street", "Address", "PostalCode", "Email"]),
    ("Case", &["Status", "CaseNumber", "Subject"]),
    ("Opportunity", &["StageName", "CloseDate", "Amount"]),
    ("Task", &["Status", "Priority", "Subject"]),
    ("Event", &["Status", "Subject"]),
    ("User", &["Username", "Email", "ProfileId", "Suffix", "City", "IsActive"]),
    ("Contract", &["PermanentPostalCode", "PermanentAddress", "BillingStreet"]),
];

pub(super) const CUSTOM_FIELDS: &[&str] = &[
    "Plain__c",
    "Plain__c",
    "Must__c",
    "Master__c",
    "Second__c",
    "Home__c",
    "Home__City__s",
    "Home__Latitude__s",
    "ns__Place__c",
    "ns__Place__Street__s",
];

/// Of person accounts; the last stands under a field of contacts that nothing speaks of.
pub(super) const PERSON_FIELDS: &[&str] = &["Plain__pc", "Must__pc", "Home__pc", "Other__pc"];

pub(super) const FIELD_TYPES: &[&str] =
    &["Text", "Text", "Text", "Lookup", "Location", "Summary", "AutoNumber", "MasterDetail", "MasterDetail"];

/// Organisation-wide defaults, one that nobody knows among them.
pub(super) const SHARING: &[&str] = &[
    "Private",
    "Private",
    "Read",
    "ReadSelect",
    "ReadWrite",
    "ReadWriteTransfer",
    "FullAccess",
    "ControlledByParent",
    "ControlledByParent",
    "ControlledByCampaign",
    "ControlledByLeadOrContact",
    "Whatever",
];

/// Profiles by their files.
pub(super) const PROFILES: &[&str] = &[
    "Admin",
    "Standard",
    "StandardAul",
    "SolutionManager",
    "HighVolumePortal",
    "PlatformPortal",
    "Care Team",
    "Partners",
    "Clinic Profile",
    "Help & Care Profile",
    "Portal Hub Profile",
    "Standard User",
];

/// Profiles as an org names them, one that has no file among them.
pub(super) const PROFILE_NAMES: &[&str] = &[
    "System Administrator",
    "Standard User",
    "Standard Platform User",
    "Solution Manager",
    "Marketing User",
    "High Volume Customer Portal",
    "Authenticated Website",
    "Absent",
    "clinic profile",
];

pub(super) const LICENSES: &[&str] = &[
    "Salesforce",
    "Salesforce",
    "Guest User License",
    "guest",
    "Customer Community",
    "Customer Community Login",
    "Customer Community Plus",
    "Partner Community",
    "Gold Partner",
    "High Volume Customer Portal",
    "Overage Customer Portal",
    "Authenticated Website",
    "External Identity",
    "Channel Account",
    "Identity",
];

pub(super) const USER_TYPES: &[&str] = &[
    "Standard",
    "Standard",
    "Guest",
    "CspLitePortal",
    "PowerPartner",
    "PowerCustomerSuccess",
    "CustomerSuccess",
    "AutomatedProcess",
];

pub(super) const SETS: &[&str] = &["Nurses", "Doctors", "Billing", "Audit", "ns__Vendor"];
pub(super) const MUTING: &[&str] = &["Mute_One", "Mute_Two", "Mute_Ghost"];
pub(super) const GROUPS: &[&str] = &["Ward_Staff", "Office_Staff"];
/// One of them has no file.
pub(super) const GROUP_NAMES: &[&str] = &["Ward_Staff", "Office_Staff", "Ghost_Staff"];

pub(super) const PERMISSIONS: &[&str] = &[
    "ViewAllData",
    "ViewAllData",
    "ModifyAllData",
    "ModifyAllData",
    "modifyalldata",
    "ViewAllFieldsGlobal",
    "ViewAllUsers",
    "ManageUsers",
    "ManageUsers",
    "ManageInternalUsers",
    "EditTask",
    "EditEvent",
    "ActivitiesAccess",
    "ApiEnabled",
    "AuthorApex",
    "CustomizeApplication",
    "AssignPermissionSets",
    "ManageProfilesPermissionsets",
    "ManageRoles",
    "ManageSharing",
    "ModifyMetadata",
    "ManageRemoteAccess",
    "ManageAuthProviders",
    "ResetPasswords",
    "ManageLoginAccessPolicies",
    "InstallPackaging",
    "ManageUserAccessPolicies",
    "ManageSessionPermissionSets",
    "ExternalClientAppAdmin",
    "RunReports",
];

/// One of them is called as a public group is.
pub(super) const QUEUES: &[&str] = &["Triage", "Ward"];
pub(super) const QUEUE_LISTS: &[(&str, &str)] = &[
    ("publicGroups", "Ward"),
    ("roles", "Head"),
    ("roleAndSubordinates", "Head"),
    ("roleAndSubordinatesInternal", "Head"),
];

/// The last has no file.
pub(super) const PUBLIC_GROUPS: &[&str] = &["Ward", "Lab", "Board", "Unseen"];
pub(super) const ROLES: &[&str] = &["Chief", "Head", "Doctor", "Nurse", "Stray"];

pub(super) const TARGETS: &[&str] = &[
    "allInternalUsers",
    "allCustomerPortalUsers",
    "allPartnerUsers",
    "role",
    "role",
    "roleAndSubordinates",
    "roleAndSubordinates",
    "roleAndSubordinatesInternal",
    "group",
    "group",
    "group",
    "portalRole",
    "managers",
];

/// Sites and their labels.
pub(super) const SITES: &[(&str, &str)] =
    &[("Clinic_Site", "Clinic"), ("Care", "Help & Care"), ("Shop", "Shop")];
/// Sites that guest rules name; the last has no file.
pub(super) const GUESTS: &[&str] = &["Clinic_Site", "Care", "Shop", "Gone_Site"];
pub(super) const NETWORKS: &[&str] = &["Portal Hub", "Clinic"];
