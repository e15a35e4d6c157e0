//! # Deterministic encryption of PHI with few values
//!
//! A PHI field that can only hold a few values (gender, date or year of birth, ZIP code, state, country, blood type,
//! marital status, yes or no) is encrypted by a deterministic scheme.
//!
//! ## Why it harms
//! Deterministic encryption gives the same value the same ciphertext, which is how it can be filtered on. Where there
//! are few values, whoever sees the ciphertexts counts them: the most frequent one of a column of genders or ZIP
//! codes is known from any census, and every record that shares it is told (Naveed, Kamara and Wright, *Inference
//! Attacks on Property-Preserving Encrypted Databases*, CCS 2015, which recovered such columns of hospital records).
//! One known patient gives away all who share the value. 45 CFR 164.312(a)(2)(iv) asks for encryption that renders
//! ePHI unreadable, GDPR Art. 32(1)(a) for encryption that fits the risk.
//!
//! ## What to change
//! `<encryptionScheme>ProbabilisticEncryption</encryptionScheme>`, and filter on something else: a region or age band
//! that is no PHI, or the patient's record. Where the filter must stay, accept it in `exceptions.yaml` with who can
//! see ciphertext.
//!
//! ## What is not found
//! Numbers that name one person (SSN, record number, e-mail, phone) and names are right for this scheme. Diagnosis
//! and procedure codes have a frequency too and are not reported: there are many of them and filters on them are why
//! they are deterministic. How the values are spread in this org is in no source.
//!
//! ## Seen in the wild
//! No public project has a PHI field with a deterministic scheme: of those that were looked at only
//! `SalesforceFoundation/NPSP` writes any scheme at all, and all of its are probabilistic.

use journal::{Confidence, Persona, Severity};

use crate::Context;
use crate::encryption::{self, PhiField, Scheme};
use crate::few_values;
use crate::rule::{Draft, Meta, Outcome};

pub(crate) const META: Meta = Meta {
    title: "Deterministic encryption of PHI with few values",
    severity: Severity::Medium,
    confidence: Confidence::High,
    persona: Persona::Developer,
    controls: &["hipaa-sec-312a2iv", "hipaa-brn-402c", "gdpr-32-1a"],
    tags: &["phi", "encryption"],
    replaces: &[],
    sbs: &[],
    needs: &["the field's file"],
};

pub(crate) fn check(cx: &Context<'_>, out: &mut Outcome) {
    for PhiField { field, verdict, .. } in encryption::phi_fields(cx) {
        let Some((scheme, written)) = encryption::scheme(field) else { continue };
        out.judged(1);
        if scheme != Scheme::Deterministic {
            continue;
        }
        let Some(few) = few_values::of(field, &verdict) else { continue };
        let name = field.full_name();
        out.found(
            Draft::new(
                format!("CustomField:{name}"),
                cx.place(&written),
                format!(
                    "`{name}` is encrypted deterministically and holds {few}: records with the same value have the same \
                     ciphertext, and the commonest can be told by counting"
                ),
                "set `<encryptionScheme>ProbabilisticEncryption</encryptionScheme>` and filter on something that is no PHI",
            )
            .confidence(verdict.confidence)
            .detail("scheme")
            .field(name),
        );
    }
    for absent in encryption::absent_fields(cx) {
        if absent.is_searched && few_values::by_name(absent.field).is_some() {
            let name = absent.full_name();
            out.unknown(
                format!("the scheme of `{name}`, which has few values and which the bundle wants to filter on"),
                format!("retrieve `CustomField:{name}`, or look at Setup > Encryption Policy > Encrypt Fields"),
            );
        }
    }
}
