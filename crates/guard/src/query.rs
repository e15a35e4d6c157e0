//! A query of Salesforce led from what people ask for to what stands there: tokens and digests.
//!
//! Pure: a query without errors, what is known of the org, the bundle's sealed fields and the digests of a value go in;
//! out comes the query to send, or why it cannot be asked. Equality is asked of the digests, under every version of the
//! key that something may stand under, so that nothing is missed while keys are rotated.

use std::collections::{BTreeMap, BTreeSet};

use policy::Enforceable;
use policy::vocabulary::Class;

use soql::{
    Comparison, Condition, Expression, FieldItem, FieldRead, Literal, LiteralKind, Operator, Path, Query,
    Relation, Schema, SelectItem, UsePlace, Used, Value, ValueList,
};
use source::Span;
use zeroize::Zeroizing;

use crate::data_keys::KeysError;
use crate::error::GuardError;
use crate::field::{IndexedIn, Owner, SealedField};
use crate::key::KeyState;
use crate::keys::Keys;

/// With fewer bits, other values than the one that is asked for are found beside it.
const EXACT_BITS: u16 = 64;

/// Why a query cannot be asked of sealed fields. It names the place, and no value.
#[derive(Debug, thiserror::Error)]
#[error("`{field}` is sealed: {because}")]
pub struct NotAskable {
    pub field: String,
    pub span: Span,
    pub because: Because,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Because {
    #[error("it can be compared by `=`, `!=`, `IN` and `NOT IN` alone, and with nothing else")]
    Comparison,
    #[error(
        "a sealed value has no order: leave it out of `ORDER BY` and `GROUP BY`, or order what was opened"
    )]
    Order,
    #[error("no function is computed of what is sealed")]
    Function,
    #[error("it has no index: the bundle gives it none, or does not let it be searched")]
    NoIndex,
    #[error("it is compared with what the query does not say")]
    Value,
    #[error("{0}")]
    Form(GuardError),
    #[error("its keys cannot be used: {0}")]
    Keys(String),
    #[error("its index has too few bits to tell that a value is not there")]
    FewBits,
    #[error("nobody knows of which object it is, and a sealed field has its name")]
    Unknown,
    #[error("it may be of several objects that seal it differently")]
    Several,
    #[error("it hangs on `USING LOOKUP ... BIND`, which is not followed")]
    Lookup,
}

/// What a query needs to know of sealed fields.
pub trait Sealing {
    fn field(&self, object: &str, field: &str) -> Option<SealedField>;

    /// Whether any object has a sealed field of that name.
    fn is_name_of_one(&self, field: &str) -> bool;

    /// The digests of a value under every key that a digest may stand under.
    fn digests(&self, field: &SealedField, value: &str) -> Result<Vec<String>, KeysError>;
}

/// What the bundle seals, and the keys that it is sealed by.
pub struct Sealed<'k> {
    policy: Enforceable,
    names: BTreeSet<String>,
    keys: &'k dyn Keys,
}

impl<'k> Sealed<'k> {
    pub fn of(policy: Enforceable, keys: &'k dyn Keys) -> Self {
        let mut names = BTreeSet::new();
        for (object, rule) in policy.objects() {
            for (field, _) in &rule.fields.0 {
                if SealedField::of(&policy, object, field).is_some() {
                    names.insert(field.to_ascii_lowercase());
                    names.extend(policy::twin(object, field).map(|(_, twin)| twin));
                }
            }
        }
        Self { policy, names, keys }
    }
}

impl std::fmt::Debug for Sealed<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sealed").field("names", &self.names).finish_non_exhaustive()
    }
}

impl Sealing for Sealed<'_> {
    fn field(&self, object: &str, field: &str) -> Option<SealedField> {
        SealedField::of(&self.policy, object, field)
    }

    fn is_name_of_one(&self, field: &str) -> bool {
        self.names.contains(&field.to_ascii_lowercase())
    }

    fn digests(&self, field: &SealedField, value: &str) -> Result<Vec<String>, KeysError> {
        if field.index.is_none() {
            return Ok(Vec::new());
        }
        // Of every class: a field that was classified anew has digests of its class before.
        let mut digests = Vec::new();
        for class in Class::ALL.iter().filter(|class| class.is_personal()) {
            let keys = self.keys.all(*class)?;
            // What stands under it would be missed in silence. Asked last: one may be disabled meanwhile.
            if let Some(key) = self.keys.disabled(*class)? {
                return Err(GuardError::DoesNotOpen(key, KeyState::Disabled).into());
            }
            for key in keys {
                digests.extend(field.index_under(&key)?.map(|index| index.digest(value)).transpose()?);
            }
        }
        if digests.is_empty() { Err(GuardError::NoActiveKey(field.class).into()) } else { Ok(digests) }
    }
}

/// What rows have to be checked for once they are opened: the index finds others too.
pub struct Recheck {
    /// As the query names it.
    pub path: String,
    wanted: Vec<Zeroizing<String>>,
    index: IndexedIn,
}

impl Recheck {
    /// Whether an opened value is one that was asked for.
    pub fn holds(&self, value: &str) -> bool {
        let normal = self.index.normaliser.apply(value).map(Zeroizing::new);
        normal.is_ok_and(|normal| self.wanted.iter().any(|wanted| **wanted == *normal))
    }
}

impl std::fmt::Debug for Recheck {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recheck").field("path", &self.path).finish_non_exhaustive()
    }
}

/// The query to send.
#[derive(Debug)]
pub struct Rewritten {
    pub query: Query,
    /// Paths that the query did not select and that rows need to be opened: to be taken out of the answer.
    pub added: Vec<String>,
    pub rechecks: Vec<Recheck>,
}

/// A sealed field where the query uses it.
struct Use {
    field: SealedField,
    place: UsePlace,
    in_count: bool,
}

/// Leads a query to what stands in the org. It must have been read without an error.
pub fn rewritten(query: &Query, schema: &dyn Schema, sealing: &dyn Sealing) -> Result<Rewritten, NotAskable> {
    let resolution = soql::resolve(query, schema);
    let mut uses: BTreeMap<Span, Use> = BTreeMap::new();
    for read in &resolution.fields {
        let Some(found) = found(read, sealing)? else { continue };
        uses.insert(read.usage.span(), found);
    }
    let mut writer = Writer { uses, sealing, rechecks: Vec::new(), added: Vec::new(), needed: Vec::new() };
    let mut query = query.clone();
    writer.query(&mut query, Relation::Root)?;
    if !writer.rechecks.is_empty() && !can_be_rechecked(&query) {
        let first = writer.rechecks.first().map(|recheck| recheck.path.clone()).unwrap_or_default();
        return refuse(&first, query.span, Because::FewBits);
    }
    Ok(Rewritten { query, added: writer.added, rechecks: writer.rechecks })
}

/// Whether rows come back one by one, all of them: what is counted or cut off cannot be looked at.
fn can_be_rechecked(query: &Query) -> bool {
    query.limit.is_none()
        && query.offset.is_none()
        && query.group_by.is_none()
        && !query.select.iter().any(|item| matches!(item, SelectItem::Call(..)))
}

fn refuse<T>(field: &str, span: Span, because: Because) -> Result<T, NotAskable> {
    Err(NotAskable { field: field.to_owned(), span, because })
}

/// The sealed field that is used, if it is one, in a place where it can be.
fn found(read: &FieldRead<'_>, sealing: &dyn Sealing) -> Result<Option<Use>, NotAskable> {
    let usage = &read.usage;
    // `FIELDS(ALL)` brings tokens and digests as they stand.
    let (Some(name), Used::Path(_)) = (&read.field, usage.used) else { return Ok(None) };
    if read.alias {
        return Ok(None);
    }
    let span = usage.span();
    let all: Vec<Option<SealedField>> =
        read.objects.iter().map(|object| sealing.field(object, name)).collect();
    let mut sealed = all.iter().flatten();
    let Some(first) = sealed.next() else {
        let may_be = !read.certain && sealing.is_name_of_one(name);
        return if may_be { refuse(name, span, Because::Unknown) } else { Ok(None) };
    };
    if !read.certain {
        return refuse(name, span, Because::Unknown);
    }
    let is_same = |other: &SealedField| {
        (other.holder(), other.index.as_ref(), &other.owner)
            == (first.holder(), first.index.as_ref(), &first.owner)
    };
    if all.iter().any(|other| !other.as_ref().is_some_and(is_same)) {
        return refuse(name, span, Because::Several);
    }
    let in_count = usage.function.is_some_and(|call| call.function.is("COUNT"));
    if usage.function.is_some() && !in_count {
        return refuse(name, span, Because::Function);
    }
    let filters_by_what_it_selects =
        usage.levels.last().is_some_and(|level| level.relation == Relation::SemiJoin);
    match usage.place {
        UsePlace::Select if filters_by_what_it_selects => refuse(name, span, Because::Comparison),
        UsePlace::Select | UsePlace::Where => {
            Ok(Some(Use { field: first.clone(), place: usage.place, in_count }))
        }
        UsePlace::OrderBy | UsePlace::GroupBy => refuse(name, span, Because::Order),
        UsePlace::Having | UsePlace::With => refuse(name, span, Because::Comparison),
    }
}

struct Writer<'s> {
    uses: BTreeMap<Span, Use>,
    sealing: &'s dyn Sealing,
    rechecks: Vec<Recheck>,
    added: Vec<String>,
    /// Tokens that rows are rechecked by, and whose they are.
    needed: Vec<(Path, Option<Path>)>,
}

/// Where a condition stands.
#[derive(Clone, Copy)]
struct Stands {
    /// Every row of the whole query has to meet it.
    for_all: bool,
    negated: bool,
}

impl Writer<'_> {
    fn query(&mut self, query: &mut Query, relation: Relation) -> Result<(), NotAskable> {
        // The names of binds start at another object, and what they are compared with is sent as it stands.
        let binds = query.lookup.iter().flat_map(|lookup| &lookup.binds);
        for bind in binds {
            if bind.field.last().is_some_and(|name| self.sealing.is_name_of_one(&name.text)) {
                return refuse(&soql_text(&bind.field), bind.span, Because::Lookup);
            }
        }
        let mut owners: Vec<Path> = Vec::new();
        for item in &mut query.select {
            match item {
                SelectItem::Field(field) => owners.extend(self.selected(field)),
                SelectItem::Call(call, _) => {
                    for argument in &mut call.arguments {
                        if let Expression::Field(path) = argument
                            && let Some(used) = self.uses.get(&path.span).filter(|used| used.in_count)
                        {
                            rename(path, used.field.holder());
                        }
                    }
                }
                SelectItem::Query(inner) => self.query(&mut inner.query, Relation::Child)?,
                // Its branches name fields by themselves: a sealed one whose token stands elsewhere is not reached.
                SelectItem::TypeOf(of) => {
                    let branches = of.branches.iter_mut().flat_map(|branch| &mut branch.fields);
                    for path in branches.chain(&mut of.otherwise) {
                        if let Some(used) = self.uses.get(&path.span) {
                            rename(path, used.field.holder());
                        }
                    }
                }
                SelectItem::Fields(_) | SelectItem::Hole(_) | SelectItem::Unread(_) => {}
            }
        }
        if let Some(condition) = query.where_.take() {
            let stands = Stands { for_all: relation == Relation::Root, negated: false };
            query.where_ = Some(self.condition(condition, stands)?);
        }
        if relation == Relation::Root {
            for (token, owner) in std::mem::take(&mut self.needed) {
                owners.push(token);
                owners.extend(owner);
            }
        }
        for owner in owners {
            let text = soql_text(&owner);
            let is_there = query.select.iter().any(|item| match item {
                SelectItem::Field(field) => field.path.is(&text),
                SelectItem::Fields(_) => owner.names.len() == 1,
                _ => false,
            });
            if !is_there {
                query.select.push(SelectItem::Field(FieldItem { path: owner, ..FieldItem::default() }));
                self.added.push(text);
            }
        }
        Ok(())
    }

    /// A field of the select list becomes the one that holds its token. Gives the path to whose it is.
    fn selected(&self, item: &mut FieldItem) -> Option<Path> {
        let used = self.uses.get(&item.path.span).filter(|used| used.place == UsePlace::Select)?;
        let owner = owner_of(&item.path, &used.field.owner);
        rename(&mut item.path, used.field.holder());
        owner
    }

    fn condition(&mut self, condition: Condition, stands: Stands) -> Result<Condition, NotAskable> {
        Ok(match condition {
            Condition::And(mut all) => {
                let each = all.conditions.into_iter().map(|one| self.condition(one, stands));
                all.conditions = each.collect::<Result<_, _>>()?;
                Condition::And(all)
            }
            Condition::Or(mut any) => {
                let inside = Stands { for_all: false, ..stands };
                let each = any.conditions.into_iter().map(|one| self.condition(one, inside));
                any.conditions = each.collect::<Result<_, _>>()?;
                Condition::Or(any)
            }
            Condition::Not(mut not) => {
                let inside = Stands { for_all: false, negated: !stands.negated };
                let inner = std::mem::replace(&mut *not.condition, Condition::and(Vec::new()));
                *not.condition = self.condition(inner, inside)?;
                Condition::Not(not)
            }
            Condition::Comparison(mut comparison) => {
                if let Value::Query(inner) = &mut comparison.value {
                    self.query(&mut inner.query, Relation::SemiJoin)?;
                }
                match &comparison.left {
                    Expression::Field(path) if self.uses.contains_key(&path.span) => {
                        self.comparison(&comparison, path, stands)?
                    }
                    _ => Condition::Comparison(comparison),
                }
            }
            other @ (Condition::Hole(_) | Condition::Unread(_)) => other,
        })
    }

    fn comparison(
        &mut self,
        comparison: &Comparison,
        path: &Path,
        stands: Stands,
    ) -> Result<Condition, NotAskable> {
        let shown = soql_text(path);
        let fail = |because| refuse(&shown, comparison.span, because);
        let Some(used) = self.uses.get(&path.span) else { return fail(Because::Unknown) };
        let field = &used.field;
        let values: Vec<&Literal> = match (&comparison.value, comparison.operator) {
            (Value::Literal(literal), Operator::Equal | Operator::NotEqual) => vec![literal],
            (Value::List(list), Operator::In | Operator::NotIn) => {
                let literals = list.values.iter().map(|value| match value {
                    Value::Literal(literal) => Some(literal),
                    _ => None,
                });
                match literals.collect() {
                    Some(literals) => literals,
                    None => return fail(Because::Value),
                }
            }
            (Value::Bind(_) | Value::Hole(_) | Value::Unread(_), _) => return fail(Because::Value),
            _ => return fail(Because::Comparison),
        };
        let (nulls, values): (Vec<&Literal>, Vec<&Literal>) =
            values.into_iter().partition(|literal| literal.kind == LiteralKind::Null);
        if values.is_empty() {
            // Whether there is anything can be asked of the token.
            return Ok(with(comparison, path, field.holder(), comparison.operator, comparison.value.clone()));
        }
        let Some(index) = &field.index else { return fail(Because::NoIndex) };
        let is_negative =
            matches!(comparison.operator, Operator::NotEqual | Operator::NotIn) != stands.negated;
        if index.bits < EXACT_BITS && (is_negative || !stands.for_all) {
            return fail(Because::FewBits);
        }
        let mut digests: Vec<String> = Vec::new();
        let mut wanted = Vec::new();
        for literal in values {
            let fits = matches!(
                literal.kind,
                LiteralKind::String | LiteralKind::Number | LiteralKind::Date | LiteralKind::DateTime
            );
            if !fits {
                return fail(Because::Value);
            }
            let value = Zeroizing::new(literal.value().into_owned());
            match self.sealing.digests(field, &value) {
                Ok(found) => digests.extend(found),
                Err(KeysError::Guard(error)) => return fail(Because::Form(error)),
                Err(error) => return fail(Because::Keys(error.to_string())),
            }
            wanted.extend(index.normaliser.apply(&value).map(Zeroizing::new));
        }
        digests.sort_unstable();
        digests.dedup();
        let literal = |digest: &String| Value::Literal(Literal::string(digest));
        let to = |operator, value| with(comparison, path, &index.field, operator, value);
        let condition = match comparison.operator {
            // Each by itself: so rows in which nothing stands are found as they were.
            Operator::NotEqual if digests.len() > 1 => {
                Condition::and(digests.iter().map(|digest| to(Operator::NotEqual, literal(digest))).collect())
            }
            Operator::Equal | Operator::NotEqual if digests.len() == 1 => {
                let first = digests.first().map(literal).unwrap_or_else(|| comparison.value.clone());
                to(comparison.operator, first)
            }
            operator => {
                let values = digests.iter().map(literal).collect();
                let operator = if operator == Operator::Equal { Operator::In } else { operator };
                let listed = to(operator, Value::List(ValueList { values, span: Span::default() }));
                // Whether there is anything says the token; a digest can be missing for other reasons.
                let null = nulls.first().map(|null| Value::Literal((*null).clone()));
                let token = |operator, null| with(comparison, path, field.holder(), operator, null);
                match null {
                    None => listed,
                    Some(null) if operator == Operator::NotIn => {
                        Condition::and(vec![listed, token(Operator::NotEqual, null)])
                    }
                    Some(null) => Condition::or(vec![listed, token(Operator::Equal, null)]),
                }
            }
        };
        if index.bits < EXACT_BITS {
            let mut token = path.clone();
            rename(&mut token, field.holder());
            self.needed.push((token, owner_of(path, &field.owner)));
            self.rechecks.push(Recheck { path: shown, wanted, index: index.clone() });
        }
        Ok(condition)
    }
}

/// The path to whose the field at a path is.
fn owner_of(path: &Path, owner: &Owner) -> Option<Path> {
    let mut to = Path::new(owner.column()?);
    let before = path.names.len().saturating_sub(1);
    to.names.splice(0..0, path.names.iter().take(before).cloned());
    Some(to)
}

/// The comparison, asked of another field of the same record.
fn with(comparison: &Comparison, path: &Path, field: &str, operator: Operator, value: Value) -> Condition {
    let mut path = path.clone();
    rename(&mut path, field);
    Condition::Comparison(Box::new(Comparison {
        left: Expression::Field(path),
        operator,
        value,
        ..comparison.clone()
    }))
}

fn rename(path: &mut Path, field: &str) {
    if let Some(last) = path.names.last_mut()
        && !last.is(field)
    {
        last.text = field.into();
    }
}

fn soql_text(path: &Path) -> String {
    path.names.iter().map(|name| &*name.text).collect::<Vec<_>>().join(".")
}
