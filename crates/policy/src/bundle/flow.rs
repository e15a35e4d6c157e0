use super::Identified;
use crate::file::record::{OneOrMany, Reader, Shape, Value, record};
use crate::file::tree::{Kind, Node};
use crate::place::At;
use crate::vocabulary::{FieldPattern, Ground, Id, Purpose, Region, Transport};

record! {
    /// A flow of data that the organisation declares.
    pub struct DeclaredFlow = "flow" {
        id: At<Id>,
        /// The minimum fields: `Object.Field`, or `"Object.*"`.
        from: Vec<At<FieldPattern>>,
        /// A party, a model or an org.
        to: At<Id>,
        /// The identity that carries it; any where left out.
        by: Option<At<Id>>,
        purpose: At<Purpose>,
        /// Why it is lawful; a list where two laws ask (GDPR Art. 6 and 9).
        ground: OneOrMany<At<Ground>>,
        /// Where the receiver may be; `same-as-subject` where left out.
        region: Option<At<RegionRule>>,
        transport: Option<At<Transport>>,
        /// Whether people are treated by it.
        clinical: bool = false,
        /// The law that asks for it: for `required-by-law`, GDPR Art. 6(1)(c) and (e), 9(2)(b), (g), (i) and (j).
        law: Option<At<String>>,
    }
}

impl DeclaredFlow {
    pub fn has_ground(&self, ground: Ground) -> bool {
        self.ground.iter().any(|own| own.value == ground)
    }

    /// Whether the flow's minimum set has the field.
    pub fn carries(&self, object: &str, field: &str) -> bool {
        self.from.iter().any(|pattern| pattern.value.matches(object, field))
    }

    /// Whether 45 CFR 164.502(b) makes the minimum set law, and not only the organisation's own rule.
    pub fn minimum_is_law(&self) -> bool {
        self.ground.iter().any(|ground| ground.value.minimum_necessary(self.purpose.value))
    }
}

/// Where the receiver of a flow may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegionRule {
    /// In the legal region of the person whose data it is.
    SameAsSubject,
    /// Anywhere; the law on transfers still holds.
    Any,
    In(Vec<At<Region>>),
}

impl Value for RegionRule {
    fn shape() -> Shape {
        Shape::OneOrMany(Box::new(Shape::Text {
            doc: "`same-as-subject`, `any`, or a list of regions",
            pattern: Some("^(same-as-subject|any|[a-z]{2,3}(-[a-z0-9-]+)?)$"),
        }))
    }

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        match &node.kind {
            Kind::Scalar { text, .. } if text == "same-as-subject" => Some(Self::SameAsSubject),
            Kind::Scalar { text, .. } if text == "any" => Some(Self::Any),
            _ => OneOrMany::<At<Region>>::read(node, reader).map(|regions| Self::In(regions.0)),
        }
    }
}

impl Identified for DeclaredFlow {
    fn id(&self) -> &At<Id> {
        &self.id
    }
}
