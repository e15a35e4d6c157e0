//! What an agreement must say.
//!
//! The business associate contract: 45 CFR 164.504(e)(2) (as amended 2013), with 164.314(a)(2)(i) for
//! electronic PHI. The processor contract: GDPR Art. 28(3)(a) to (h).

use crate::vocabulary::AgreementKind;

/// A clause that law asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clause {
    /// As a bundle writes it.
    pub id: &'static str,
    pub citation: &'static str,
    /// In plain words.
    pub name: &'static str,
    /// Its item in the control catalogue.
    pub control: &'static str,
}

const fn clause(
    id: &'static str,
    citation: &'static str,
    name: &'static str,
    control: &'static str,
) -> Clause {
    Clause { id, citation, name, control }
}

/// The ten of a business associate agreement.
pub const BAA: &[Clause] = &[
    clause(
        "504.e.2.i",
        "45 CFR 164.504(e)(2)(i)",
        "permitted and required uses and disclosures",
        "hipaa-prv-504e2i",
    ),
    clause(
        "504.e.2.ii.A",
        "45 CFR 164.504(e)(2)(ii)(A)",
        "no use or disclosure beyond the contract or law",
        "hipaa-prv-504e2iiA",
    ),
    clause(
        "504.e.2.ii.B",
        "45 CFR 164.504(e)(2)(ii)(B), 164.314(a)(2)(i)(A)",
        "safeguards, and the Security Rule for electronic PHI",
        "hipaa-prv-504e2iiB",
    ),
    clause(
        "504.e.2.ii.C",
        "45 CFR 164.504(e)(2)(ii)(C), 164.314(a)(2)(i)(C)",
        "report of other uses, security incidents and breaches",
        "hipaa-prv-504e2iiC",
    ),
    clause(
        "504.e.2.ii.D",
        "45 CFR 164.504(e)(2)(ii)(D), 164.314(a)(2)(i)(B)",
        "the same limits for subcontractors",
        "hipaa-prv-504e2iiD",
    ),
    clause(
        "504.e.2.ii.E-G",
        "45 CFR 164.504(e)(2)(ii)(E) to (G)",
        "help with access, amendment and accounting",
        "hipaa-prv-504e2iiE",
    ),
    clause(
        "504.e.2.ii.H",
        "45 CFR 164.504(e)(2)(ii)(H)",
        "the Privacy Rule where the associate does the entity's duties",
        "hipaa-prv-504e2iiH",
    ),
    clause(
        "504.e.2.ii.I",
        "45 CFR 164.504(e)(2)(ii)(I)",
        "books and records open to HHS",
        "hipaa-prv-504e2iiI",
    ),
    clause(
        "504.e.2.ii.J",
        "45 CFR 164.504(e)(2)(ii)(J)",
        "return or destruction at the end",
        "hipaa-prv-504e2iiJ",
    ),
    clause(
        "504.e.2.iii",
        "45 CFR 164.504(e)(2)(iii)",
        "the entity may end the contract on a material violation",
        "hipaa-prv-504e2iii",
    ),
];

/// The eight of a data processing agreement.
pub const DPA: &[Clause] = &[
    clause("28.3.a", "GDPR Art. 28(3)(a)", "processing on documented instructions only", "gdpr-28-3a"),
    clause("28.3.b", "GDPR Art. 28(3)(b)", "confidentiality of the people who process", "gdpr-28-3b"),
    clause("28.3.c", "GDPR Art. 28(3)(c)", "security as Article 32 asks", "gdpr-28-3c"),
    clause("28.3.d", "GDPR Art. 28(3)(d)", "conditions for subprocessors", "gdpr-28-3d"),
    clause("28.3.e", "GDPR Art. 28(3)(e)", "help with the rights of the persons", "gdpr-28-3e"),
    clause("28.3.f", "GDPR Art. 28(3)(f)", "help with Articles 32 to 36", "gdpr-28-3f"),
    clause("28.3.g", "GDPR Art. 28(3)(g)", "deletion or return at the end", "gdpr-28-3g"),
    clause("28.3.h", "GDPR Art. 28(3)(h)", "proof of compliance, and audits", "gdpr-28-3h"),
];

/// Other names of a clause, or of its parts: 164.504(e)(2)(ii)(E), (F) and (G) are counted together and each
/// must be there, and 164.314 says again what 164.504(e)(2)(ii)(B) to (D) say.
const PARTS: &[(&str, &[&str])] = &[
    ("504.e.2.ii.E-G", &["504.e.2.ii.E", "504.e.2.ii.F", "504.e.2.ii.G"]),
    ("504.e.2.ii.B", &["314.a.2.i.A"]),
    ("504.e.2.ii.D", &["314.a.2.i.B"]),
    ("504.e.2.ii.C", &["314.a.2.i.C"]),
];

/// The clauses that law asks of a kind of agreement.
pub const fn required(kind: AgreementKind) -> &'static [Clause] {
    match kind {
        AgreementKind::Baa => BAA,
        AgreementKind::Dpa => DPA,
        _ => &[],
    }
}

/// Every name that a bundle may give to a clause of this kind of agreement.
pub fn names(kind: AgreementKind) -> impl Iterator<Item = &'static str> + Clone {
    let own = required(kind).iter().map(|clause| clause.id);
    let parts = PARTS.iter().filter(move |_| kind == AgreementKind::Baa);
    own.chain(parts.flat_map(|(_, parts)| parts.iter().copied()))
}

impl Clause {
    /// Whether the listed names say this clause, by its own name or all of its parts.
    pub fn is_said(&self, listed: &[&str]) -> bool {
        let parts = PARTS.iter().find(|(id, _)| *id == self.id);
        listed.contains(&self.id)
            || parts.is_some_and(|(_, parts)| parts.iter().all(|part| listed.contains(part)))
    }
}
