use source::Span;

use super::{Bind, Call, Condition, Expression, Hole, Name, Path, Search, Unread, Value};

#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::large_enum_variant, reason = "nearly all are queries, and one is held at a time")]
pub enum Statement {
    Query(Query),
    Search(Search),
}

node! {
    /// A query. The clauses stand as they are printed; an absent one is `None` or empty.
    pub struct Query {
        pub select: Vec<SelectItem>,
        pub from: Vec<FromItem>,
        /// `USING SCOPE name`.
        pub scope: Option<Name>,
        pub lookup: Option<Lookup>,
        pub where_: Option<Condition>,
        pub with: Vec<With>,
        pub group_by: Option<GroupBy>,
        pub having: Option<Condition>,
        pub order_by: Vec<Order>,
        pub limit: Option<Value>,
        pub offset: Option<Value>,
        pub all_rows: bool,
        pub for_: Vec<For>,
        pub update: Vec<Update>,
        /// Holes of a template between the clauses: each may bring any clause that can follow.
        pub holes: Vec<Hole>,
        /// What stood between the clauses and was not understood.
        pub unread: Vec<Unread>,
    }
}

impl Query {
    /// Whether the select list says all that is selected: no hole, nothing unread.
    pub fn knows_select(&self) -> bool {
        !self.select.is_empty()
            && self.select.iter().all(|item| match item {
                SelectItem::Hole(_) | SelectItem::Unread(_) => false,
                SelectItem::Field(item) => item.path.is_known(),
                SelectItem::Call(call, _) => {
                    call.function.known().is_some() && call.arguments.iter().all(Expression::is_known)
                }
                SelectItem::Fields(_) => true,
                SelectItem::Query(inner) => inner.query.knows_select() && inner.query.knows_from(),
                SelectItem::TypeOf(item) => {
                    let branches = item.branches.iter().flat_map(|branch| &branch.fields);
                    item.path.is_known() && branches.chain(&item.otherwise).all(Path::is_known)
                }
            })
    }

    /// Whether every object that the query reads from is named.
    pub fn knows_from(&self) -> bool {
        !self.from.is_empty() && self.from.iter().all(|item| item.object.is_known())
    }

    /// Whether nothing else than what stands here can be in the query: no hole between clauses, nothing unread there.
    pub fn knows_clauses(&self) -> bool {
        self.holes.is_empty() && self.unread.is_empty()
    }

    /// Adds a condition that every row has to meet too. What stood in `WHERE` keeps its meaning, if it was read:
    /// whoever restricts a query that has errors restricts what he does not know.
    pub fn restrict(&mut self, condition: Condition) {
        self.where_ = Some(match self.where_.take() {
            None => condition,
            Some(Condition::And(mut all)) => {
                all.conditions.push(condition);
                Condition::And(all)
            }
            Some(old) => Condition::and(vec![old, condition]),
        });
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SelectItem {
    Field(FieldItem),
    /// A function with its alias.
    Call(Call, Option<Name>),
    /// `FIELDS(ALL)`.
    Fields(Fields),
    /// `(SELECT ... FROM Contacts)`.
    Query(Box<Subquery>),
    TypeOf(TypeOf),
    /// A template's hole: any number of items.
    Hole(Hole),
    Unread(Unread),
}

impl SelectItem {
    pub fn span(&self) -> Span {
        match self {
            SelectItem::Field(node) => node.span,
            SelectItem::Call(call, alias) => {
                alias.as_ref().map_or(call.span, |alias| call.span.to(alias.span))
            }
            SelectItem::Fields(node) => node.span,
            SelectItem::Query(node) => node.span,
            SelectItem::TypeOf(node) => node.span,
            SelectItem::Hole(node) => node.span,
            SelectItem::Unread(node) => node.span,
        }
    }
}

node! {
    pub struct FieldItem {
        pub path: Path,
        /// Only beside aggregates does an alias mean something to Salesforce.
        pub alias: Option<Name>,
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FieldGroup {
    #[default]
    All,
    Standard,
    Custom,
}

node! {
    pub struct Fields {
        pub group: FieldGroup,
    }
}

node! {
    /// A query in parentheses. The span has the parentheses, the query's own has not.
    pub struct Subquery {
        pub query: Query,
    }
}

node! {
    /// `TYPEOF What WHEN Account THEN Phone ELSE Name END`.
    pub struct TypeOf {
        pub path: Path,
        pub branches: Vec<TypeOfBranch>,
        pub otherwise: Vec<Path>,
    }
}

node! {
    pub struct TypeOfBranch {
        pub object: Name,
        pub fields: Vec<Path>,
    }
}

node! {
    /// `Account a`, or in a subquery a relationship: `Contacts`, `Account.Contacts`, `a.Contacts c`.
    pub struct FromItem {
        pub object: Path,
        pub alias: Option<Name>,
    }
}

node! {
    /// `USING LOOKUP Visit__c.Patient__c BIND Clinic__c = 'a'`: only what that lookup's filter lets through. The names
    /// start at the lookup's object, not at the query's.
    pub struct Lookup {
        /// The object and its field.
        pub path: Path,
        pub binds: Vec<LookupBind>,
    }
}

/// A value that the filter of a lookup takes for a field.
#[derive(Clone, Debug)]
pub struct LookupBind {
    pub field: Path,
    pub value: Value,
    pub span: Span,
}

impl PartialEq for LookupBind {
    fn eq(&self, other: &Self) -> bool {
        (&self.field, &self.value) == (&other.field, &other.value)
    }
}

impl Eq for LookupBind {}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum With {
    Mode(WithMode),
    DataCategory(DataCategory),
    /// `RecordVisibilityContext (maxDescriptorPerRecord = 100, ...)`.
    RecordVisibility(Parameters),
    /// `UserId = '005...'`, as feeds take it.
    Filter(Condition),
    Hole(Hole),
    Unread(Unread),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    #[default]
    SecurityEnforced,
    User,
    System,
}

node! {
    pub struct WithMode {
        pub mode: Mode,
    }
}

node! {
    pub struct DataCategory {
        pub filters: Vec<CategoryFilter>,
    }
}

node! {
    /// `Geography__c ABOVE (usa__c, uk__c)`.
    pub struct CategoryFilter {
        pub group: Name,
        pub selector: CategorySelector,
        pub categories: Vec<Name>,
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CategorySelector {
    #[default]
    At,
    Above,
    Below,
    AboveOrBelow,
}

node! {
    /// Settings in parentheses.
    pub struct Parameters {
        pub settings: Vec<Setting>,
    }
}

node! {
    /// `name = value`.
    pub struct Setting {
        pub name: Name,
        pub value: Option<Value>,
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GroupKind {
    #[default]
    Plain,
    Rollup,
    Cube,
}

node! {
    pub struct GroupBy {
        pub kind: GroupKind,
        pub expressions: Vec<Expression>,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    Ascending,
    Descending,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Nulls {
    First,
    Last,
}

/// One entry of `ORDER BY`.
#[derive(Clone, Debug)]
pub struct Order {
    pub expression: Expression,
    pub direction: Option<Direction>,
    pub nulls: Option<Nulls>,
    pub span: Span,
}

impl PartialEq for Order {
    fn eq(&self, other: &Self) -> bool {
        (&self.expression, self.direction, self.nulls) == (&other.expression, other.direction, other.nulls)
    }
}

impl Eq for Order {}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum For {
    View,
    Reference,
    Update,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Update {
    Tracking,
    Viewstat,
}

impl From<Bind> for Value {
    fn from(bind: Bind) -> Self {
        Value::Bind(bind)
    }
}
