//! The model that everything reads: what a bundle says, with the look-ups that others need.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use source::{Problem, Severity, Source};

use crate::address::Called;
use crate::bundle::agreement::Agreement;
use crate::bundle::classification::{FieldRule, Index, ObjectRule, Seal, Unseen};
use crate::bundle::exception::Exception;
use crate::bundle::expectation::Expectation;
use crate::bundle::flow::DeclaredFlow;
use crate::bundle::identity::{Audience, Identity};
use crate::bundle::model::Model;
use crate::bundle::organisation::{
    Approvers, AuditMethod, Ceiling, Cryptoperiod, Defaults, Org, Organisation, Retention, Sanitiser,
};
use crate::bundle::party::{Fit, Party};
use crate::compound;
use crate::digest::{self, Digest};
use crate::place::{At, Place};
use crate::rules::Rules;
use crate::vocabulary::{Class, Identifier, Mask, OrganisationRole, Protect, Region, Tag};

/// Everything that the files of a bundle say.
#[derive(Clone, Debug, Default)]
pub(crate) struct Content {
    pub(crate) organisation: Option<Organisation>,
    pub(crate) regions: Vec<At<Region>>,
    pub(crate) approvers: Option<Approvers>,
    pub(crate) defaults: Option<Defaults>,
    pub(crate) retention: Vec<Retention>,
    pub(crate) cryptoperiods: Vec<Cryptoperiod>,
    pub(crate) sanitisers: Vec<Sanitiser>,
    pub(crate) audit: Vec<AuditMethod>,
    pub(crate) ceilings: Vec<Ceiling>,
    pub(crate) orgs: Vec<Org>,
    pub(crate) objects: Vec<(At<String>, ObjectRule)>,
    pub(crate) parties: Vec<Party>,
    pub(crate) identities: Vec<Identity>,
    pub(crate) audiences: Vec<Audience>,
    pub(crate) flows: Vec<DeclaredFlow>,
    pub(crate) models: Vec<Model>,
    pub(crate) exceptions: Vec<Exception>,
    pub(crate) expectations: Vec<Expectation>,
}

/// A bundle, read and checked. Cheap to clone.
#[derive(Clone)]
pub struct Policy {
    inner: Arc<Inner>,
}

struct Inner {
    content: Content,
    index: Lookup,
    present: bool,
    enforceable: bool,
    digest: Digest,
    rules: Rules,
}

/// Names, lower case where Salesforce takes any case, to positions in [`Content`].
#[derive(Default)]
struct Lookup {
    parties: BTreeMap<String, usize>,
    identities: BTreeMap<String, usize>,
    audiences: BTreeMap<String, usize>,
    flows: BTreeMap<String, usize>,
    flows_to: BTreeMap<String, Vec<usize>>,
    models: BTreeMap<String, usize>,
    orgs: BTreeMap<String, usize>,
    objects: BTreeMap<String, usize>,
    fields: BTreeMap<(String, String), (usize, usize)>,
    /// Whether a line names a part of a custom compound field.
    custom_parts: bool,
    party_of_package: BTreeMap<String, usize>,
    party_of_connected_app: BTreeMap<String, usize>,
    identity_of_permission_set: BTreeMap<String, usize>,
    identity_of_profile: BTreeMap<String, usize>,
    identity_of_connected_app: BTreeMap<String, usize>,
    identity_of_user: BTreeMap<String, usize>,
    audience_of_profile: BTreeMap<String, usize>,
}

impl Lookup {
    fn of(content: &Content) -> Self {
        let mut index = Self::default();
        for (at, party) in content.parties.iter().enumerate() {
            index.parties.insert(party.id.to_string(), at);
            for name in &party.packages {
                index.party_of_package.entry(lower(name)).or_insert(at);
            }
            for name in &party.connected_apps {
                index.party_of_connected_app.entry(lower(name)).or_insert(at);
            }
        }
        for (at, identity) in content.identities.iter().enumerate() {
            index.identities.insert(identity.id.to_string(), at);
            let Some(names) = &identity.salesforce else { continue };
            let lists = [
                (&names.permission_sets, &mut index.identity_of_permission_set),
                (&names.profiles, &mut index.identity_of_profile),
                (&names.connected_apps, &mut index.identity_of_connected_app),
                (&names.users, &mut index.identity_of_user),
            ];
            for (list, map) in lists {
                for name in list {
                    map.entry(lower(name)).or_insert(at);
                }
            }
        }
        for (at, audience) in content.audiences.iter().enumerate() {
            index.audiences.insert(audience.id.to_string(), at);
            for name in &audience.profiles {
                index.audience_of_profile.entry(lower(name)).or_insert(at);
            }
        }
        for (at, flow) in content.flows.iter().enumerate() {
            index.flows.insert(flow.id.to_string(), at);
            index.flows_to.entry(flow.to.to_string()).or_default().push(at);
        }
        for (at, model) in content.models.iter().enumerate() {
            index.models.insert(model.id.to_string(), at);
        }
        for (at, org) in content.orgs.iter().enumerate() {
            index.orgs.insert(org.id.to_string(), at);
        }
        for (at, (name, rule)) in content.objects.iter().enumerate() {
            index.objects.entry(lower(name)).or_insert(at);
            for (field_at, (field, _)) in rule.fields.0.iter().enumerate() {
                let field = lower(field);
                index.custom_parts |= field.ends_with("__s");
                index.fields.entry((lower(name), field)).or_insert((at, field_at));
            }
        }
        index
    }
}

fn lower(name: &str) -> String {
    name.to_ascii_lowercase()
}

/// What a bundle says of one field.
#[derive(Clone, Debug)]
pub struct Classified<'a> {
    /// The strongest class where the field differs by record type.
    pub class: Class,
    /// The most direct one where the field differs by record type.
    pub identifier: Option<Identifier>,
    /// What every rule asks for, together.
    pub protect: Protect,
    pub tags: Vec<Tag>,
    /// The line that says it: the field's own, the object's default, or the bundle's default.
    pub place: Option<Place>,
    pub by: ClassifiedBy,
    /// Every rule of the field, one unless it differs by record type.
    pub rules: Vec<&'a FieldRule>,
    pub object: Option<&'a ObjectRule>,
}

/// Who answers at an address.
#[derive(Clone, Copy, Debug)]
pub enum Owner<'a> {
    Party(&'a Party),
    Model(&'a Model),
}

impl<'a> Owner<'a> {
    /// Its id, by which flows name it.
    pub fn id(&self) -> &'a str {
        match self {
            Owner::Party(party) => party.id.as_str(),
            Owner::Model(model) => model.id.as_str(),
        }
    }
}

impl Classified<'_> {
    /// The mask that leaves least, where the field differs by record type.
    pub fn mask(&self) -> Option<Mask> {
        let masks = self.rules.iter().filter_map(|rule| rule.mask.as_ref()).map(|mask| mask.value);
        masks.max_by_key(|mask| mask.hides())
    }

    /// Who took a rule of it as it was proposed, unseen.
    pub fn unseen(&self) -> Option<&Unseen> {
        self.rules.iter().find_map(|rule| rule.unseen.as_ref()).map(|unseen| &unseen.value)
    }

    /// How the gateway seals it: the same by every rule.
    pub fn seal(&self) -> Option<&Seal> {
        self.rules.iter().find_map(|rule| rule.seal.as_ref())
    }

    /// The index by which the gateway finds it: the same by every rule.
    pub fn index(&self) -> Option<&Index> {
        self.rules.iter().find_map(|rule| rule.index.as_ref())
    }
}

/// Which line classifies a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ClassifiedBy {
    /// A line for the field.
    Field,
    /// A line for the same field of a person account: `Account.X__pc` is `Contact.X__c`, `Account.PersonEmail` is
    /// `Contact.Email`.
    PersonAccount,
    /// The line of the compound field that it is a part of, `MailingAddress` for `MailingStreet`, or of a compound field
    /// the lines of its parts: where these say more than the object's default.
    Compound,
    /// The object's default.
    ObjectDefault,
}

impl Policy {
    /// The policy where there is no bundle: nothing is declared, so nothing is permitted.
    pub fn empty() -> Self {
        Self::assemble(Content::default(), &[], false, &mut Vec::new())
    }

    pub(crate) fn assemble(
        content: Content,
        sources: &[Source],
        present: bool,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let rules = Rules::read(sources, &content, problems);
        rules.check_codes(&content.expectations, problems);
        let enforceable = present && !problems.iter().any(|p| p.severity == Severity::Error);
        let index = Lookup::of(&content);
        let digest = digest::of(sources);
        Self { inner: Arc::new(Inner { content, index, present, enforceable, digest, rules }) }
    }

    /// Whether there is a bundle at all.
    pub fn is_present(&self) -> bool {
        self.inner.present
    }

    /// The same policy as one that may be enforced: there is a bundle, and reading it found no error.
    pub fn enforceable(&self) -> Option<Enforceable> {
        self.inner.enforceable.then(|| Enforceable(self.clone()))
    }

    /// What names this bundle: see [`crate::digest`].
    pub fn digest(&self) -> &Digest {
        &self.inner.digest
    }

    pub(crate) fn content(&self) -> &Content {
        &self.inner.content
    }

    pub(crate) fn rules(&self) -> &Rules {
        &self.inner.rules
    }

    /// Whether a decision under this bundle can give a reason of this code.
    pub fn gives_reason(&self, code: &str) -> bool {
        self.rules().codes().contains(code)
    }

    /// Whether a decision under this bundle can name this as what it misses.
    pub fn can_miss(&self, fact: &str) -> bool {
        self.rules().missing().contains(fact)
    }

    pub fn organisation(&self) -> Option<&Organisation> {
        self.content().organisation.as_ref()
    }

    /// Whether HIPAA binds the organisation: it says so, or says nothing of its roles.
    pub fn under_hipaa(&self) -> bool {
        let roles = self.organisation().map(|o| o.roles.as_slice()).unwrap_or_default();
        let hipaa = [OrganisationRole::CoveredEntity, OrganisationRole::BusinessAssociate];
        roles.is_empty() || roles.iter().any(|role| hipaa.contains(&role.value))
    }

    /// Whether it may keep patients, as far as it says: objects of which nothing is said then keep none.
    pub fn may_keep_patients(&self) -> bool {
        let said = self.organisation().and_then(|organisation| organisation.patients.as_ref());
        said.is_none_or(|patients| patients.value)
    }

    /// Legal regions of the people whose data it is.
    pub fn regions(&self) -> &[At<Region>] {
        &self.content().regions
    }

    pub fn approvers(&self) -> Option<&Approvers> {
        self.content().approvers.as_ref()
    }

    pub fn defaults(&self) -> Option<&Defaults> {
        self.content().defaults.as_ref()
    }

    /// The class of a field that no line names, where the bundle gives one.
    pub fn unclassified(&self) -> Option<Class> {
        self.defaults().and_then(|d| d.unclassified.as_ref()).map(|class| class.value)
    }

    pub fn retention(&self) -> &[Retention] {
        &self.content().retention
    }

    pub fn retention_of(&self, what: &str) -> Option<&Retention> {
        self.retention().iter().find(|rule| rule.what.as_str() == what)
    }

    /// Methods of Apex after which data is no patient's any more.
    pub fn sanitisers(&self) -> &[Sanitiser] {
        &self.content().sanitisers
    }

    /// Methods of Apex that record who read what.
    pub fn audit_methods(&self) -> &[AuditMethod] {
        &self.content().audit
    }

    pub fn cryptoperiods(&self) -> &[Cryptoperiod] {
        &self.content().cryptoperiods
    }

    pub fn ceilings(&self) -> &[Ceiling] {
        &self.content().ceilings
    }

    pub fn ceiling(&self, id: &str) -> Option<&Ceiling> {
        self.ceilings().iter().find(|ceiling| ceiling.id.as_str() == id)
    }

    pub fn orgs(&self) -> &[Org] {
        &self.content().orgs
    }

    pub fn org(&self, id: &str) -> Option<&Org> {
        self.orgs().get(*self.inner.index.orgs.get(id)?)
    }

    /// The org that this source tree deploys to: the one marked so, or the only one.
    pub fn default_org(&self) -> Option<&Org> {
        match self.orgs() {
            [only] => Some(only),
            all => all.iter().find(|org| org.default),
        }
    }

    pub fn objects(&self) -> impl Iterator<Item = (&At<String>, &ObjectRule)> {
        self.content().objects.iter().map(|(name, rule)| (name, rule))
    }

    /// The rule of an object, by API name in any case.
    pub fn object(&self, name: &str) -> Option<&ObjectRule> {
        self.content().objects.get(*self.inner.index.objects.get(&lower(name))?).map(|(_, rule)| rule)
    }

    /// What the bundle says of a field, names in any case. Nothing where neither the field nor its object's
    /// default is in the bundle; see [`Policy::unclassified`] for what then holds.
    pub fn class_of(&self, object: &str, field: &str) -> Option<Classified<'_>> {
        let (own_object, own_field) = (lower(object), lower(field));
        if let Some(found) = self.classified(own_object.clone(), own_field.clone(), ClassifiedBy::Field) {
            return Some(found);
        }
        if let Some((object, field)) = twin(&own_object, &own_field)
            && let Some(found) = self.classified(object, field, ClassifiedBy::PersonAccount)
        {
            return Some(found);
        }
        let object = self.object(&own_object);
        let default = object.and_then(|object| Some((object, object.default.as_ref()?)));
        let default = default.map(|(object, rule)| {
            classified(vec![rule], &rule.place, Some(object), ClassifiedBy::ObjectDefault)
        });
        // What a line says of a part or of the whole makes this field no less than it is by itself.
        let least = default.as_ref().map_or(Class::Internal, |default| default.class);
        let compound = self.classified_as_compound(&own_object, &own_field);
        compound.filter(|compound| compound.class > least).or(default)
    }

    fn classified_as_compound(&self, object: &str, field: &str) -> Option<Classified<'_>> {
        let own = (object.to_owned(), field.to_owned());
        let names = twin(object, field).into_iter().chain([own]);
        // Any custom field may have parts, and most bundles name none.
        let may_have_parts = |field: &str| self.inner.index.custom_parts || !field.ends_with("__c");
        let related = names.flat_map(|(object, field)| {
            let related = compound::whole_of(&object, &field).into_iter();
            let parts = may_have_parts(&field).then(|| compound::parts_of(&object, &field));
            let related = related.chain(parts.into_iter().flatten());
            related.map(move |field| (object.clone(), field))
        });
        // A part by its other name, too.
        let lines = related.flat_map(|(object, field)| {
            let other = twin(&object, &field);
            [Some((object, field)), other].into_iter().flatten()
        });
        let lines: BTreeSet<(String, String)> = lines.collect();
        let mut found: Vec<_> = lines
            .into_iter()
            .filter_map(|(object, field)| self.classified(object, field, ClassifiedBy::Compound))
            .collect();
        // The strongest comes first, whose place is told.
        found.sort_by_key(|line| std::cmp::Reverse(line.class));
        let (place, of) = found.first().map(|line| (line.place.clone(), line.object))?;
        let rules = found.into_iter().flat_map(|line| line.rules).collect();
        Some(classified(rules, &place?, of, ClassifiedBy::Compound))
    }

    fn classified(&self, object: String, field: String, by: ClassifiedBy) -> Option<Classified<'_>> {
        let (object_at, field_at) = self.inner.index.fields.get(&(object, field))?;
        let (_, object) = self.content().objects.get(*object_at)?;
        let (name, rules) = object.fields.0.get(*field_at)?;
        let rules: Vec<_> = rules.iter().collect();
        (!rules.is_empty()).then(|| classified(rules, &name.place, Some(object), by))
    }

    pub fn parties(&self) -> &[Party] {
        &self.content().parties
    }

    pub fn party(&self, id: &str) -> Option<&Party> {
        self.parties().get(*self.inner.index.parties.get(id)?)
    }

    /// The party or model that answers at an address: the nearest match of all. A longer URL comes before a
    /// shorter one, a URL before a host, a host by its name before `*.` and its parent. Where a model and a party
    /// come equally near (a model answers at an address of whoever runs it), it is the model.
    pub fn owner_of(&self, called: Called<'_>) -> Option<Owner<'_>> {
        match (self.nearest_party(called), self.nearest_model(called)) {
            (Some((by_party, party)), Some((by_model, _))) if by_party > by_model => {
                Some(Owner::Party(party))
            }
            (_, Some((_, model))) => Some(Owner::Model(model)),
            (Some((_, party)), None) => Some(Owner::Party(party)),
            (None, None) => None,
        }
    }

    fn nearest_party(&self, called: Called<'_>) -> Option<(Fit, &Party)> {
        let fits = self.parties().iter().flat_map(|party| party.endpoints.iter().map(move |e| (party, e)));
        nearest(fits.filter_map(|(party, endpoint)| Some((endpoint.fit(called)?, party))))
    }

    fn nearest_model(&self, called: Called<'_>) -> Option<(Fit, &Model)> {
        let fits = self.models().iter().filter_map(|model| Some((model, model.endpoint.as_ref()?)));
        nearest(fits.filter_map(|(model, endpoint)| Some((endpoint.fit(called)?, model))))
    }

    /// The party nearest to an address, unless it is that of a model which another party runs.
    fn party_at(&self, called: Called<'_>) -> Option<&Party> {
        let (by_party, party) = self.nearest_party(called)?;
        let elsewhere = self.nearest_model(called).is_some_and(|(by_model, model)| {
            by_model > by_party && model.provider.as_ref().is_none_or(|own| own.value != party.id.value)
        });
        (!elsewhere).then_some(party)
    }

    fn model_at(&self, called: Called<'_>) -> Option<&Model> {
        match self.owner_of(called) {
            Some(Owner::Model(model)) => Some(model),
            _ => None,
        }
    }

    /// The party that has an endpoint where `url` goes, the nearest: see [`Policy::owner_of`].
    pub fn party_of_url(&self, url: &str) -> Option<&Party> {
        self.party_at(Called::Url(url))
    }

    /// The party that has `host` as an endpoint, or a URL on it, the nearest: see [`Policy::owner_of`].
    pub fn party_of_host(&self, host: &str) -> Option<&Party> {
        self.party_at(Called::Host(host))
    }

    pub fn party_of_named_credential(&self, name: &str) -> Option<&Party> {
        self.party_at(Called::NamedCredential(name))
    }

    /// The party whose installed package has this namespace.
    pub fn party_of_package(&self, namespace: &str) -> Option<&Party> {
        self.parties().get(*self.inner.index.party_of_package.get(&lower(namespace))?)
    }

    pub fn party_of_connected_app(&self, name: &str) -> Option<&Party> {
        self.parties().get(*self.inner.index.party_of_connected_app.get(&lower(name))?)
    }

    pub fn identities(&self) -> &[Identity] {
        &self.content().identities
    }

    pub fn identity(&self, id: &str) -> Option<&Identity> {
        self.identities().get(*self.inner.index.identities.get(id)?)
    }

    pub fn identity_of_permission_set(&self, name: &str) -> Option<&Identity> {
        self.identities().get(*self.inner.index.identity_of_permission_set.get(&lower(name))?)
    }

    pub fn identity_of_profile(&self, name: &str) -> Option<&Identity> {
        self.identities().get(*self.inner.index.identity_of_profile.get(&lower(name))?)
    }

    pub fn identity_of_connected_app(&self, name: &str) -> Option<&Identity> {
        self.identities().get(*self.inner.index.identity_of_connected_app.get(&lower(name))?)
    }

    /// The identity of a Salesforce user name.
    pub fn identity_of_user(&self, name: &str) -> Option<&Identity> {
        self.identities().get(*self.inner.index.identity_of_user.get(&lower(name))?)
    }

    pub fn audiences(&self) -> &[Audience] {
        &self.content().audiences
    }

    pub fn audience(&self, id: &str) -> Option<&Audience> {
        self.audiences().get(*self.inner.index.audiences.get(id)?)
    }

    pub fn audience_of_profile(&self, name: &str) -> Option<&Audience> {
        self.audiences().get(*self.inner.index.audience_of_profile.get(&lower(name))?)
    }

    pub fn flows(&self) -> &[DeclaredFlow] {
        &self.content().flows
    }

    pub fn flow(&self, id: &str) -> Option<&DeclaredFlow> {
        self.flows().get(*self.inner.index.flows.get(id)?)
    }

    /// Declared flows to a party, model or org, in the order of the bundle.
    pub fn flows_to(&self, id: &str) -> impl Iterator<Item = &DeclaredFlow> {
        let found = self.inner.index.flows_to.get(id).map(Vec::as_slice).unwrap_or_default();
        found.iter().filter_map(|at| self.flows().get(*at))
    }

    pub fn models(&self) -> &[Model] {
        &self.content().models
    }

    pub fn model(&self, id: &str) -> Option<&Model> {
        self.models().get(*self.inner.index.models.get(id)?)
    }

    pub fn model_of_named_credential(&self, name: &str) -> Option<&Model> {
        self.model_at(Called::NamedCredential(name))
    }

    /// The model that answers where `url` goes, unless a party's endpoint is nearer.
    pub fn model_of_url(&self, url: &str) -> Option<&Model> {
        self.model_at(Called::Url(url))
    }

    /// The model that has `host` as an endpoint, or a URL on it, unless a party's endpoint is nearer.
    pub fn model_of_host(&self, host: &str) -> Option<&Model> {
        self.model_at(Called::Host(host))
    }

    pub fn exceptions(&self) -> &[Exception] {
        &self.content().exceptions
    }

    pub fn expectations(&self) -> &[Expectation] {
        &self.content().expectations
    }

    /// Every agreement of every party, with its party.
    pub fn agreements(&self) -> impl Iterator<Item = (&Party, &Agreement)> {
        self.parties().iter().flat_map(|party| party.agreements.iter().map(move |a| (party, a)))
    }
}

/// The first of those that fit best.
fn nearest<T>(all: impl Iterator<Item = (Fit, T)>) -> Option<(Fit, T)> {
    all.reduce(|best, next| if next.0 > best.0 { next } else { best })
}

/// Standard fields of Contact that a person account has with `Person` before their names, in lower case.
const PERSON_FIELDS: [&str; 40] = [
    "assistantname",
    "assistantphone",
    "birthdate",
    "department",
    "donotcall",
    "email",
    "emailbounceddate",
    "emailbouncedreason",
    "genderidentity",
    "hasoptedoutofemail",
    "hasoptedoutoffax",
    "homephone",
    "individualid",
    "leadsource",
    "mailingaddress",
    "mailingcity",
    "mailingcountry",
    "mailingcountrycode",
    "mailinggeocodeaccuracy",
    "mailinglatitude",
    "mailinglongitude",
    "mailingpostalcode",
    "mailingstate",
    "mailingstatecode",
    "mailingstreet",
    "mobilephone",
    "otheraddress",
    "othercity",
    "othercountry",
    "othercountrycode",
    "othergeocodeaccuracy",
    "otherlatitude",
    "otherlongitude",
    "otherphone",
    "otherpostalcode",
    "otherstate",
    "otherstatecode",
    "otherstreet",
    "pronouns",
    "title",
];

/// And those that it has by the same names. `Phone` and `Fax` are not among them: a business has its own.
const PERSON_NAMES: [&str; 5] = ["firstname", "lastname", "middlename", "salutation", "suffix"];

/// The same field by its other name, in lower case: fields of Contact appear on person accounts, custom ones with the
/// suffix `__pc`, and are the same data.
pub fn twin(object: &str, field: &str) -> Option<(String, String)> {
    let field = lower(field);
    match lower(object).as_str() {
        "contact" => Some(("account".to_owned(), of_account(&field)?)),
        "account" => Some(("contact".to_owned(), of_contact(&field)?)),
        _ => None,
    }
}

/// [`twin`], with its letters as they are spelled in the name that is given: for columns that are made, and for people.
pub fn twin_as_spelled(object: &str, field: &str) -> Option<(&'static str, String)> {
    let (other, twin) = twin(object, field)?;
    let object = if other == "account" { "Account" } else { "Contact" };
    // A name is letters, digits and underscores. One of the two begins as the other with `Person` before it, or ends in
    // another suffix.
    let kept = |from: usize, less: usize| field.get(from..field.len().checked_sub(less)?);
    let spelled = match object {
        "Account" if twin.ends_with("__pc") => format!("{}__pc", kept(0, "__c".len())?),
        "Contact" if twin.ends_with("__c") => format!("{}__c", kept(0, "__pc".len())?),
        _ if twin.len() == field.len() => field.to_owned(),
        "Account" => format!("Person{field}"),
        _ => kept("person".len(), 0)?.to_owned(),
    };
    Some((object, spelled))
}

fn of_account(contact: &str) -> Option<String> {
    match contact.strip_suffix("__c") {
        Some(stem) => Some(format!("{stem}__pc")),
        None if PERSON_NAMES.contains(&contact) => Some(contact.to_owned()),
        None => PERSON_FIELDS.contains(&contact).then(|| format!("person{contact}")),
    }
}

fn of_contact(account: &str) -> Option<String> {
    match account.strip_suffix("__pc") {
        Some(stem) => Some(format!("{stem}__c")),
        None if PERSON_NAMES.contains(&account) => Some(account.to_owned()),
        None => account
            .strip_prefix("person")
            .filter(|contact| PERSON_FIELDS.contains(contact))
            .map(str::to_owned),
    }
}

fn classified<'a>(
    rules: Vec<&'a FieldRule>,
    place: &Place,
    object: Option<&'a ObjectRule>,
    by: ClassifiedBy,
) -> Classified<'a> {
    let protects = |one: Protect| {
        rules.iter().any(|rule| {
            rule.protect.as_ref().is_some_and(|own| own.value == one || own.value == Protect::Both)
        })
    };
    let mut tags: Vec<Tag> = rules.iter().flat_map(|r| r.tags.iter().map(|tag| tag.value)).collect();
    tags.sort_unstable();
    tags.dedup();
    Classified {
        class: rules.iter().map(|rule| rule.class.value).max().unwrap_or(Class::Internal),
        identifier: rules
            .iter()
            .filter_map(|rule| rule.identifier.as_ref())
            .map(|one| one.value)
            .max_by_key(|one| one.points()),
        protect: match (protects(Protect::Platform), protects(Protect::Gateway)) {
            (true, true) => Protect::Both,
            (true, false) => Protect::Platform,
            (false, true) => Protect::Gateway,
            (false, false) => Protect::None,
        },
        tags,
        place: Some(place.clone()),
        by,
        rules,
        object,
    }
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Policy")
            .field("digest", &self.digest())
            .field("enforceable", &self.inner.enforceable)
            .finish_non_exhaustive()
    }
}

/// A policy without an error in it, so that it may be enforced. Only reading gives one.
#[derive(Clone, Debug)]
pub struct Enforceable(Policy);

impl std::ops::Deref for Enforceable {
    type Target = Policy;

    fn deref(&self) -> &Policy {
        &self.0
    }
}
