//! Words that tell what stands beside them.

/// Words of age, life and kinship.
#[rustfmt::skip]
pub(super) const AGED: &[&str] = &[
    "age", "aged", "ages", "alive", "aunt", "birth", "born", "boy", "brother", "brothers", "child",
    "children", "cousin", "dad", "daughter", "daughters", "dead", "death", "deceased", "died", "dies",
    "elderly", "father", "fathers", "female", "gentleman", "girl", "grandchild", "grandfather", "grandma",
    "grandmother", "grandpa", "grandparent", "grandparents", "husband", "lady", "life", "live", "lived",
    "lives", "living", "male", "man", "maternal", "mother", "mothers", "mum", "mom", "old", "older",
    "parent", "parents", "partner", "paternal", "person", "relative", "relatives", "sibling", "siblings",
    "sister", "sisters", "son", "sons", "spouse", "turned", "uncle", "widow", "widower", "wife", "woman",
    "year", "years", "yr", "yrs", "y/o", "yo",
];
/// Words beside which a number may be somebody's.
#[rustfmt::skip]
pub(super) const IDENTIFIERS: &[&str] = &[
    "account", "accounts", "address", "api", "authorisation", "authorization", "batch", "beneficiary",
    "card", "case", "cases", "chart", "claim", "claims", "contract", "dea", "deposit", "device", "dob",
    "document", "driver", "ended", "ending", "ends", "ext", "extension", "fax", "group", "hash", "hashed",
    "id", "identifier", "identifiers", "ids", "file", "files", "ref", "insurance", "invoice", "invoices",
    "key", "licence", "license", "login", "lot", "member", "members", "mobile", "mrn", "npi", "number",
    "numbers", "order", "orders", "password", "payment", "phone", "pin", "plate", "policies", "policy",
    "postal", "prescription", "record", "records", "reference", "referral", "registration", "room", "rx",
    "sample", "serial", "specimen", "ssn", "study", "subject", "subscriber", "template", "ticket", "token",
    "transaction", "user", "voucher", "zip",
];
/// Words that a value follows.
#[rustfmt::skip]
pub(super) const MEASURED: &[&str] = &[
    "acuity", "albumin", "amylase", "assessment", "bicarbonate", "bilirubin", "calcium", "chloride",
    "cholesterol", "circumference", "clearance", "concentration", "cortisol", "count", "creatinine",
    "density", "ferritin", "flow", "folate", "force", "fraction", "glucose", "grade", "height",
    "hemoglobin", "index", "insulin", "iron", "lactate", "length", "level", "lipase", "load", "magnesium",
    "output", "oxygen", "pain", "percentile", "phosphate", "platelets", "potassium", "power", "pressure",
    "protein", "pulse", "rate", "ratio", "respiration", "respirations", "sats", "saturation", "scale",
    "score", "sodium", "sputum", "strength", "temp", "temperature", "thickness", "titer", "titre",
    "triglycerides", "troponin", "urea", "volume", "weight", "width",
];
/// Signs that a value follows; those of diseases and examinations are not among them, for an age or a day follows these.
#[rustfmt::skip]
pub(super) const VALUES: &[&str] = &[
    "BP", "SBP", "DBP", "MAP", "HR", "RR", "SpO2", "FiO2", "O2", "CO2", "pCO2", "PaCO2", "pO2", "PaO2",
    "HCO3", "pH", "BE", "BMI", "BSA", "Wt", "Ht", "Temp", "GCS", "MMSE", "MoCA", "PHQ", "PHQ-9", "PHQ-2",
    "GAD", "GAD-7", "AUDIT-C", "EDSS", "NYHA", "IOP", "EF", "LVEF", "FEV", "FEV1", "FVC", "FEV1/FVC",
    "DLCO", "PEFR", "PVR", "JVP", "PSA", "AFP", "ALT", "AST", "ALP", "GGT", "LDH", "LDL", "HDL", "TSH",
    "FT3", "FT4", "T3", "T4", "PTH", "ACTH", "FSH", "LH", "HCG", "HbA1c", "HbA1C", "A1C", "A1c", "Hb",
    "Hgb", "HCT", "WBC", "RBC", "Plt", "MCV", "MCH", "MCHC", "ANC", "ESR", "CRP", "BNP", "INR", "PT", "PTT",
    "aPTT", "Na", "Cl", "Ca", "Mg", "Phos", "Cr", "BUN", "eGFR", "GFR", "CK", "IgA", "IgE", "IgG", "IgM",
    "ANA", "RF", "TIBC", "Alb", "Tbili", "FBS", "RBS", "OGTT", "Li", "Fe", "Zn", "Cu", "B12", "CA", "CA125",
    "CA19-9", "CA15-3", "FIGO", "Ki-67", "Ki67", "RNA", "AUC", "QT", "QTc", "PEEP",
];
/// Signs and words of scores, whose ratio may look like a day and month.
#[rustfmt::skip]
pub(super) const OUT_OF: &[&str] = &[
    "gcs", "mmse", "moca", "phq-9", "gad-7", "nyha", "edss", "pain", "strength", "power", "grade", "score",
    "scale", "acuity", "assessment", "apgar", "force", "visual",
];
/// Eponyms of scores, before their score.
#[rustfmt::skip]
pub(super) const SCORES: &[&str] = &[
    "apgar", "bishop", "braden", "gleason", "glasgow", "karnofsky", "norton", "rockall", "barthel",
    "waterlow",
];
/// After these a single capital is a kind.
#[rustfmt::skip]
pub(super) const KINDS: &[&str] = &[
    "category", "class", "factor", "grade", "group", "hemoglobin", "hepatitis", "immunoglobulin",
    "influenza", "level", "option", "part", "penicillin", "phase", "plan", "protein", "stage", "strep",
    "streptococcus", "tier", "type", "vitamin", "version", "appendix",
];
#[rustfmt::skip]
pub(super) const SMALL_NUMBERS: &[&str] = &[
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "double",
    "triple",
];
/// Before a month or season of an event.
#[rustfmt::skip]
pub(super) const SINCE: &[&str] = &[
    "since", "in", "of", "by", "until", "last", "next", "this", "early", "late", "mid", "during", "from",
    "end", "every", "before", "after", "to", "and", "or",
];
#[rustfmt::skip]
pub(super) const PARTS_OF_A_YEAR: &[&str] = &["early", "late", "mid", "beginning", "end", "fall"];
/// What people do: a word before it that may be a name is one.
#[rustfmt::skip]
pub(super) const ACTS: &[&str] = &[
    "agreed", "agrees", "arrived", "asked", "asks", "attended", "called", "calls", "came", "complained",
    "complains", "cried", "declined", "declines", "denied", "denies", "describes", "did", "does", "drinks",
    "drove", "eats", "fell", "feels", "felt", "gave", "goes", "had", "has", "is", "lives", "likes",
    "missed", "moved", "needs", "phoned", "prefers", "presented", "rang", "refused", "refuses",
    "rescheduled", "reports", "reported", "requested", "requests", "said", "says", "sleeps", "smokes",
    "stable", "states", "stopped", "takes", "thinks", "tolerated", "took", "tried", "visited", "walked",
    "walks", "wants", "was", "went", "works", "would", "seen", "better", "discharged", "admitted", "doing",
];
/// People who do it and are not named.
#[rustfmt::skip]
pub(super) const UNNAMED: &[&str] = &[
    "nurse", "doctor", "physician", "guest", "junior", "officer", "farmer", "carpenter", "driver", "human",
    "people", "persons", "newborn", "friend", "friends", "neighbors",
];
/// After these a capital begins the name of a place or of an employer.
#[rustfmt::skip]
pub(super) const WHERE: &[&str] = &["at", "in", "near", "from", "to", "for", "by", "with", "of"];
#[rustfmt::skip]
pub(super) const INSTITUTIONS: &[&str] = &[
    "hospital", "clinic", "center", "centre", "home", "hospice", "housing", "program", "services",
    "service", "organization", "organisation", "office", "store", "pharmacy", "company", "network", "unit",
    "health", "care", "medical", "group", "insurance",
];

/// Epithets of microbes, which follow a capital and a point.
pub(super) fn is_species(word: &str) -> bool {
    matches!(
        word,
        "coli"
            | "aureus"
            | "pneumoniae"
            | "pylori"
            | "difficile"
            | "albicans"
            | "aeruginosa"
            | "tuberculosis"
            | "influenzae"
            | "meningitidis"
            | "gonorrhoeae"
            | "pallidum"
            | "falciparum"
            | "vivax"
            | "pyogenes"
            | "agalactiae"
            | "faecalis"
            | "faecium"
            | "cerevisiae"
    )
}
