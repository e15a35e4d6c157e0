//! The words of a bundle.

use crate::file::record::{choice, text};

choice! {
    /// How sensitive a field is.
    pub enum Class = "class" {
        /// Anyone may see it.
        Public = "public",
        /// Not about a person, and not for everyone.
        Internal = "internal",
        /// About a person, without a relation to health.
        Pii = "pii",
        /// Protected health information: 45 CFR 160.103; data concerning health: GDPR Art. 4(15).
        Phi = "phi",
        /// PHI with law of its own or harm beyond the usual: see the tags.
        PhiSensitive = "phi-sensitive",
    }
}

choice! {
    /// What a method makes of a patient's data, so that it is none any more.
    pub enum Sanitised = "kind of sanitiser" {
        /// A hint that tells no one who.
        Mask = "mask",
        /// A stand-in that another system can turn back.
        Token = "token",
        /// A keyed hash.
        Hash = "hash",
        /// Encrypted.
        Cipher = "cipher",
        /// A count or an average of many.
        Aggregate = "aggregate",
    }
}

impl Class {
    pub const fn is_phi(self) -> bool {
        matches!(self, Class::Phi | Class::PhiSensitive)
    }

    /// About a person.
    pub const fn is_personal(self) -> bool {
        matches!(self, Class::Phi | Class::PhiSensitive | Class::Pii)
    }
}

choice! {
    /// What kind of identifier a field is: 45 CFR 164.514(b)(2)(i)(A) to (R), and clinical content.
    pub enum Identifier = "kind of identifier" {
        Name = "name",
        /// Smaller than a state.
        Geographic = "geographic",
        Date = "date",
        Phone = "phone",
        Fax = "fax",
        Email = "email",
        Ssn = "ssn",
        /// Medical record number.
        Mrn = "mrn",
        /// Health plan beneficiary number.
        HealthPlan = "health-plan",
        Account = "account",
        /// Certificate or licence number.
        Licence = "licence",
        Vehicle = "vehicle",
        Device = "device",
        Url = "url",
        Ip = "ip",
        Biometric = "biometric",
        Photo = "photo",
        /// Any other unique number, characteristic or code.
        Other = "other",
        /// Says something of health and identifies nobody by itself.
        Clinical = "clinical",
    }
}

impl Identifier {
    /// Higher where it points to one person more surely: of several kinds, the highest is told.
    pub const fn points(self) -> u8 {
        match self {
            Identifier::Clinical => 0,
            Identifier::Other => 1,
            Identifier::Date => 2,
            Identifier::Geographic => 3,
            _ => 4,
        }
    }
}

choice! {
    /// How a field is encrypted.
    pub enum Protect = "protection" {
        None = "none",
        /// Shield Platform Encryption.
        Platform = "platform",
        /// A token in Salesforce, opened by the gateway.
        Gateway = "gateway",
        Both = "both",
    }
}

choice! {
    /// What can be asked of an encrypted field.
    pub enum Search = "kind of search" {
        None = "none",
        Equality = "equality",
    }
}

choice! {
    /// What the token of a field is bound to besides the tenant and the field: it opens with nothing else.
    pub enum Bound = "binding" {
        /// The person, by the path in the object's `subject`.
        Subject = "subject",
        /// A key of the record that is known before Salesforce gives it an id.
        Key = "key",
        /// Nothing more: where nobody knows whose value it is. Such a field cannot be shredded for one person.
        Field = "field",
    }
}

choice! {
    /// What stays in a field whose token stands in another.
    pub enum StandIn = "stand-in" {
        /// The field is left empty.
        Nothing = "nothing",
        /// What the field's mask leaves.
        Mask = "mask",
        /// Other digits and letters in the places of the value's own (FF1, NIST SP 800-38G).
        Digits = "digits",
        /// A date, moved by as many days for all dates of one person.
        Shifted = "shifted",
        /// A made-up value of the same kind, the same for one person's same value.
        Surrogate = "surrogate",
    }
}

choice! {
    /// What makes two ways to write a value one, before it is indexed.
    pub enum IndexForm = "form of an index" {
        /// As it stands, without blanks around it.
        Exact = "exact",
        /// Letters and digits alone, in upper case.
        Number = "number",
        Phone = "phone",
        Email = "email",
        Name = "name",
        Date = "date",
    }
}

choice! {
    /// What is left of a value where it is masked.
    pub enum Mask = "mask" {
        None = "none",
        Last4 = "last4",
        Initials = "initials",
        Year = "year",
        /// The first three digits of a postal code.
        Zip3 = "zip3",
        EmailDomain = "email-domain",
    }
}

impl Mask {
    /// Higher where less is left of the value.
    pub const fn hides(self) -> u8 {
        match self {
            Mask::None => 0,
            Mask::EmailDomain => 1,
            Mask::Last4 => 2,
            Mask::Zip3 => 3,
            Mask::Year => 4,
            Mask::Initials => 5,
        }
    }
}

choice! {
    /// What makes PHI sensitive beyond the usual.
    pub enum Tag = "tag" {
        /// Substance use disorder records: 42 CFR Part 2.
        Part2 = "part2",
        /// Psychotherapy notes: 45 CFR 164.508(a)(2).
        Psychotherapy = "psychotherapy",
        Genetic = "genetic",
        Reproductive = "reproductive",
        Hiv = "hiv",
        MentalHealth = "mental-health",
        Minor = "minor",
        SubstanceUse = "substance-use",
    }
}

choice! {
    /// What data is used for.
    pub enum Purpose = "purpose" {
        Treatment = "treatment",
        Payment = "payment",
        /// Health care operations: 45 CFR 164.501.
        Operations = "operations",
        Research = "research",
        PublicHealth = "public-health",
        Marketing = "marketing",
        RequiredByLaw = "required-by-law",
        /// The person asks for their own data: 45 CFR 164.524, GDPR Art. 15.
        IndividualAccess = "individual-access",
        Support = "support",
        Analytics = "analytics",
    }
}

choice! {
    /// Why a disclosure is lawful.
    pub enum Ground = "ground" {
        /// A business associate agreement: 45 CFR 164.502(e), 164.504(e).
        Baa = "baa",
        /// To a provider who treats the person: 45 CFR 164.506(c), no minimum set by 164.502(b)(2)(i).
        TreatmentProvider = "treatment-provider",
        /// The person signed an authorisation: 45 CFR 164.508.
        Authorisation = "authorisation",
        /// 45 CFR 164.512(a); for the purpose of public health, 164.512(b).
        RequiredByLaw = "required-by-law",
        /// To the person themself: 45 CFR 164.502(a)(1)(i), 164.524.
        Individual = "individual",
        /// With a data use agreement, direct identifiers out: 45 CFR 164.514(e).
        LimitedDataSet = "limited-data-set",
        /// Consent.
        Gdpr6_1A = "gdpr-6-1-a",
        /// Contract with the person.
        Gdpr6_1B = "gdpr-6-1-b",
        /// Legal obligation.
        Gdpr6_1C = "gdpr-6-1-c",
        /// Vital interests.
        Gdpr6_1D = "gdpr-6-1-d",
        /// Public task.
        Gdpr6_1E = "gdpr-6-1-e",
        /// Legitimate interests.
        Gdpr6_1F = "gdpr-6-1-f",
        /// Explicit consent.
        Gdpr9_2A = "gdpr-9-2-a",
        /// Employment and social protection law.
        Gdpr9_2B = "gdpr-9-2-b",
        /// Vital interests of a person who cannot consent.
        Gdpr9_2C = "gdpr-9-2-c",
        /// Members of a non-profit body.
        Gdpr9_2D = "gdpr-9-2-d",
        /// Made public by the person.
        Gdpr9_2E = "gdpr-9-2-e",
        /// Legal claims.
        Gdpr9_2F = "gdpr-9-2-f",
        /// Substantial public interest, by law.
        Gdpr9_2G = "gdpr-9-2-g",
        /// Health care and the management of its systems, by law or contract.
        Gdpr9_2H = "gdpr-9-2-h",
        /// Public health, by law.
        Gdpr9_2I = "gdpr-9-2-i",
        /// Archives, research and statistics, by law.
        Gdpr9_2J = "gdpr-9-2-j",
    }
}

impl Ground {
    /// A lawful basis of GDPR Art. 6(1).
    pub fn is_gdpr_basis(self) -> bool {
        self.as_str().starts_with("gdpr-6-")
    }

    /// An exception of GDPR Art. 9(2).
    pub fn is_gdpr_exception(self) -> bool {
        self.as_str().starts_with("gdpr-9-")
    }

    pub fn is_gdpr(self) -> bool {
        self.is_gdpr_basis() || self.is_gdpr_exception()
    }

    /// Whether 45 CFR 164.502(b) limits a disclosure on this ground to the minimum necessary: it does not for
    /// treatment by a provider, the person, an authorisation, or what law requires (164.502(b)(2)), nor can
    /// it for a ground of other law. Payment of a provider and public health (164.512(b)) are no such
    /// exception.
    pub const fn minimum_necessary(self, purpose: Purpose) -> bool {
        match self {
            Ground::Baa | Ground::LimitedDataSet => true,
            Ground::TreatmentProvider => !matches!(purpose, Purpose::Treatment),
            Ground::RequiredByLaw => !matches!(purpose, Purpose::RequiredByLaw),
            _ => false,
        }
    }

    /// Whether it rests on a provision that the flow must name: 45 CFR 164.512(a) and (b), GDPR
    /// Art. 6(3) for 6(1)(c) and (e), 9(2)(b), (g), (i) and (j).
    pub const fn needs_law(self) -> bool {
        matches!(
            self,
            Ground::RequiredByLaw
                | Ground::Gdpr6_1C
                | Ground::Gdpr6_1E
                | Ground::Gdpr9_2B
                | Ground::Gdpr9_2G
                | Ground::Gdpr9_2I
                | Ground::Gdpr9_2J
        )
    }

    /// The kind of agreement that proves it, where one does.
    pub const fn agreement(self) -> Option<AgreementKind> {
        match self {
            Ground::Baa => Some(AgreementKind::Baa),
            Ground::LimitedDataSet => Some(AgreementKind::Dua),
            _ => None,
        }
    }
}

choice! {
    /// What a party is to the organisation.
    pub enum PartyRole = "role of a party" {
        BusinessAssociate = "business-associate",
        Processor = "processor",
        Controller = "controller",
        CoveredEntity = "covered-entity",
        /// A health care provider.
        Provider = "provider",
        Researcher = "researcher",
        Subprocessor = "subprocessor",
        Authority = "authority",
        Vendor = "vendor",
    }
}

choice! {
    /// What the organisation itself is in law.
    pub enum OrganisationRole = "role of an organisation" {
        CoveredEntity = "covered-entity",
        BusinessAssociate = "business-associate",
        Controller = "controller",
        Processor = "processor",
    }
}

choice! {
    /// A kind of agreement with a party.
    pub enum AgreementKind = "kind of agreement" {
        /// Business associate agreement: 45 CFR 164.504(e).
        Baa = "baa",
        /// Data processing agreement: GDPR Art. 28(3).
        Dpa = "dpa",
        /// Data use agreement: 45 CFR 164.514(e)(4).
        Dua = "dua",
        /// Standard contractual clauses on their own: GDPR Art. 46(2)(c).
        Scc = "scc",
        Authorisation = "authorisation",
        Contract = "contract",
    }
}

choice! {
    /// On what personal data goes to a third country: GDPR Chapter V.
    pub enum Transfer = "transfer instrument" {
        /// The party stands where the same law holds.
        NoneNeeded = "none-needed",
        /// Adequacy decision: Art. 45.
        Adequacy = "adequacy",
        /// Standard contractual clauses: Art. 46(2)(c).
        Scc = "scc",
        /// Binding corporate rules: Art. 47.
        Bcr = "bcr",
        /// Art. 49, for single cases.
        Derogation = "derogation",
    }
}

choice! {
    /// How data travels.
    pub enum Transport = "transport" {
        Https = "https",
        Mtls = "mtls",
        Sftp = "sftp",
        Email = "email",
        Event = "event",
        Package = "package",
    }
}

choice! {
    pub enum IdentityKind = "kind of identity" {
        Integration = "integration",
        OauthClient = "oauth-client",
        Role = "role",
        Person = "person",
    }
}

choice! {
    /// Who looks through Salesforce's own pages.
    pub enum AudienceKind = "kind of audience" {
        /// Not logged in.
        Guest = "guest",
        /// A patient or partner, logged in.
        Portal = "portal",
        Internal = "internal",
    }
}

choice! {
    pub enum OrgKind = "kind of org" {
        Production = "production",
        Sandbox = "sandbox",
        Scratch = "scratch",
    }
}

choice! {
    /// Where a floor or a ceiling comes from.
    pub enum SourceKind = "kind of source" {
        Statute = "statute",
        Contract = "contract",
        /// The organisation's own.
        Choice = "choice",
    }
}

choice! {
    pub enum ExceptionKind = "kind of exception" {
        RiskAcceptance = "risk-acceptance",
        /// An addressable specification met otherwise: 45 CFR 164.306(d)(3)(ii)(B).
        AddressableAlternative = "addressable-alternative",
    }
}

choice! {
    pub enum RiskLevel = "level of risk" {
        Minimal = "minimal",
        Limited = "limited",
        High = "high",
    }
}

choice! {
    /// What is done with a field.
    pub enum Action = "action" {
        Read = "read",
        Write = "write",
        /// To another party.
        Send = "send",
        /// Given to a model.
        Infer = "infer",
        /// In bulk, out of the systems that the bundle knows.
        Export = "export",
    }
}

fn is_id(text: &str) -> bool {
    let body = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.len() <= 64 && text.starts_with(body) && text.chars().all(|c| body(c) || c == '-')
}

fn is_sha256(text: &str) -> bool {
    text.strip_prefix("sha256:").is_some_and(|hex| {
        hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    })
}

fn is_pin(text: &str) -> bool {
    let body = text.strip_prefix("sha256/").and_then(|b| b.strip_suffix('='));
    body.is_some_and(|b| {
        b.len() == 43 && b.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'+' || c == b'/')
    })
}

fn is_key(text: &str) -> bool {
    let body = text.strip_prefix("ed25519:").and_then(|b| b.strip_suffix('='));
    body.is_some_and(|b| {
        b.len() == 43 && b.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'+' || c == b'/')
    })
}

fn is_name(text: &str) -> bool {
    text.len() <= 80
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn is_field_pattern(text: &str) -> bool {
    text.split_once('.').is_some_and(|(object, field)| is_name(object) && (field == "*" || is_name(field)))
}

fn is_path(text: &str) -> bool {
    text.split('.').all(is_name)
}

text! {
    /// The name that the bundle gives to something.
    pub struct Id = "valid id",
    "ids are lower-case letters, digits and hyphens, 64 at most, and begin with a letter or digit",
    Some("^[a-z0-9][a-z0-9-]{0,63}$"), is_id
}

text! {
    /// Where data or people are, in law: `us`, `eu`, or a country as ISO 3166-1 alpha-2.
    pub struct Region = "valid region",
    "write `us`, `eu` or a two-letter country code in lower case; parts after a hyphen are yours",
    Some("^[a-z]{2,3}(-[a-z0-9-]+)?$"),
    |text| {
        let (area, rest) = text.split_once('-').map_or((text, None), |(area, rest)| (area, Some(rest)));
        (2..=3).contains(&area.len())
            && area.bytes().all(|b| b.is_ascii_lowercase())
            && rest.is_none_or(|rest| !rest.is_empty() && is_id(text))
    }
}

text! {
    /// A document, by its digest: the document itself lives elsewhere.
    pub struct DocumentDigest = "digest",
    "write `sha256:` and 64 lower-case hexadecimal digits, as `sha256sum` prints them",
    Some("^sha256:[0-9a-f]{64}$"), is_sha256
}

text! {
    /// A public key pin: RFC 7469.
    pub struct Pin = "pin",
    "write `sha256/` and the base64 of the SHA-256 of the public key",
    Some("^sha256/[A-Za-z0-9+/]{43}=$"), is_pin
}

text! {
    /// The public half of an approver's key.
    pub struct ApproverKey = "public key",
    "write `ed25519:` and the base64 of the 32 bytes of the key",
    Some("^ed25519:[A-Za-z0-9+/]{43}=$"), is_key
}

text! {
    /// `Object.Field` or `Object.*`, API names.
    pub struct FieldPattern = "field",
    "write `Object.Field` with API names, or `\"Object.*\"` for all fields of the object",
    Some("^[A-Za-z][A-Za-z0-9_]*\\.(\\*|[A-Za-z][A-Za-z0-9_]*)$"), is_field_pattern
}

text! {
    /// A field by its API name.
    pub struct FieldName = "field name",
    "write the field's API name: letters, digits and underscores, 80 at most, a letter first",
    Some("^[A-Za-z][A-Za-z0-9_]{0,79}$"), is_name
}

text! {
    /// What tokens call a field by. It stays when the field is renamed.
    pub struct SealedName = "name of a sealed field",
    "write letters, digits, `_` and `-`, 120 at most: a name with a dot is that of a field that has none of its own",
    Some("^[A-Za-z0-9][A-Za-z0-9_-]{0,119}$"), |text| {
        text.len() <= 120
            && text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
    }
}

text! {
    /// A country's calling code.
    pub struct CallingCode = "calling code",
    "write the digits of the country's calling code, as `1` or `49`",
    Some("^[1-9][0-9]{0,2}$"), |text| {
        (1..=3).contains(&text.len()) && !text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit())
    }
}

text! {
    /// A path from a record to a field: `PatientId`, `Patient.Data_Region__pc`, or `self`.
    pub struct FieldPath = "field path",
    "write API names joined by dots, or `self`",
    Some("^[A-Za-z][A-Za-z0-9_]*(\\.[A-Za-z][A-Za-z0-9_]*)*$"), is_path
}

impl FieldPattern {
    /// Object and field; the field is `*` for all.
    pub fn parts(&self) -> (&str, &str) {
        self.as_str().split_once('.').unwrap_or((self.as_str(), "*"))
    }

    pub fn matches(&self, object: &str, field: &str) -> bool {
        let (own_object, own_field) = self.parts();
        own_object.eq_ignore_ascii_case(object) && (own_field == "*" || own_field.eq_ignore_ascii_case(field))
    }
}

/// Countries where the GDPR applies: the European Union and, by the EEA agreement, three more.
const GDPR_AREA: &[&str] = &[
    "eu", "eea", "at", "be", "bg", "hr", "cy", "cz", "dk", "ee", "fi", "fr", "de", "gr", "hu", "ie", "it",
    "lv", "lt", "lu", "mt", "nl", "pl", "pt", "ro", "sk", "si", "es", "se", "is", "li", "no",
];

/// Whose data protection law holds somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Regime {
    /// Regulation (EU) 2016/679.
    Gdpr,
    /// The same text kept as law of the United Kingdom.
    UkGdpr,
    /// No transfer rules in the manner of GDPR Chapter V.
    Other,
}

impl Region {
    /// The part before the first hyphen: `us` of `us-east`.
    pub fn area(&self) -> &str {
        self.as_str().split('-').next().unwrap_or_default()
    }

    pub fn regime(&self) -> Regime {
        match self.area() {
            "uk" | "gb" => Regime::UkGdpr,
            area if GDPR_AREA.contains(&area) => Regime::Gdpr,
            _ => Regime::Other,
        }
    }

    /// Whether `self` lies within `other`: `us-east` in `us`, `de` in `eu`.
    pub fn within(&self, other: &Region) -> bool {
        self == other
            || (other.as_str() == other.area() && self.area() == other.as_str())
            || (matches!(other.as_str(), "eu" | "eea")
                && self.regime() == Regime::Gdpr
                && !(other.as_str() == "eu" && matches!(self.area(), "is" | "li" | "no" | "eea")))
    }
}
