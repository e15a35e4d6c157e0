use policy::vocabulary::Action;

use crate::clock::{Moment, Number};
use crate::form::{choice, record};
use crate::names::{Blinded, Code, Digest, Missing, Model};

choice! {
    /// By which of a system's interfaces a call goes.
    pub enum Interface = "an interface" {
        Rest = "rest",
        Composite = "composite",
        GraphQl = "graphql",
        Soap = "soap",
        Bulk = "bulk",
        Streaming = "streaming",
        PubSub = "pubsub",
        ApexRest = "apex-rest",
        Tooling = "tooling",
        Metadata = "metadata",
        Reports = "reports",
        Files = "files",
        /// Through Salesforce's own pages.
        Pages = "pages",
        Fhir = "fhir",
        /// Out of Salesforce to a party.
        Callout = "callout",
        Mail = "mail",
        Sftp = "sftp",
    }
}

choice! {
    /// What a call asks for.
    pub enum Call = "a kind of call" {
        Query = "query",
        Search = "search",
        Retrieve = "retrieve",
        Create = "create",
        Update = "update",
        Upsert = "upsert",
        Delete = "delete",
        Undelete = "undelete",
        Merge = "merge",
        Describe = "describe",
        /// A job of bulk reading or its results.
        Extract = "extract",
        /// A job of bulk writing.
        Load = "load",
        Subscribe = "subscribe",
        Publish = "publish",
        Download = "download",
        Upload = "upload",
        Report = "report",
        Invoke = "invoke",
        Send = "send",
        Login = "login",
        Logout = "logout",
    }
}

record! {
    /// A call, whatever it touched.
    pub struct ApiCall {
        interface: Interface,
        call: Call,
        /// HTTP's or the peer's own.
        status: Option<Number>,
        rows: Option<Number>,
        /// Bytes that came in.
        request: Option<Number>,
        /// Bytes that went out.
        response: Option<Number>,
        /// Microseconds from the first byte in to the last byte out.
        micros: Option<Number>,
    }
}

record! {
    /// An answer of the policy.
    pub struct Decision {
        action: Action,
        /// Why not, by the codes of the reasons.
        reasons: Vec<Code>,
        /// What would settle an open question.
        missing: Vec<Missing>,
        /// Until when a permit is good.
        until: Option<Moment>,
    }
}

record! {
    /// Fields of people, given or changed.
    pub struct FieldAccess {
        action: Action,
        /// Records, where they are more than the entry can name.
        rows: Option<Number>,
    }
}

choice! {
    /// Whether a person stood between the model and what followed.
    pub enum Oversight = "a kind of oversight" {
        /// A person saw the output before anything followed.
        Reviewed = "reviewed",
        /// A person can take back what followed.
        Reversible = "reversible",
        None = "none",
    }
}

record! {
    /// A model was asked.
    pub struct Inference {
        model: Model,
        /// The model's own bytes, or what its provider calls them by.
        build: Option<Digest>,
        prompt: Blinded,
        output: Option<Blinded>,
        /// Tokens given.
        given: Option<Number>,
        /// Tokens returned.
        returned: Option<Number>,
        micros: Option<Number>,
        oversight: Oversight,
    }
}
