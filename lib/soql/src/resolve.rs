use source::Span;

use crate::ast::{FieldGroup, FromItem, Name, Path, Query, Search, SelectItem};
use crate::fields::{Branch, Event, FieldUse, Level, Relation, UsePlace, Used, walk};

/// The objects that a relationship leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Targets {
    Unknown,
    One(String),
    /// A polymorphic relationship.
    Several(Vec<String>),
}

/// Where a relationship to children leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Child {
    pub object: String,
    /// The child's field that points to its parent.
    pub field: String,
}

/// What is known of an org. Names are given as the statement writes them: compare without regard to case.
pub trait Schema {
    /// The objects that the relationship `name` of `object` leads to: `Account`, `Owner`, `Clinic__r`.
    fn relationship(&self, object: &str, name: &str) -> Targets;

    /// The children that `object` calls `name`: `Contacts`, `Visits__r`.
    fn child_relationship(&self, object: &str, name: &str) -> Option<Child>;

    /// The fields of a group, or `None` when not all are known.
    fn fields(&self, object: &str, group: FieldGroup) -> Option<Vec<String>>;
}

/// A relationship that a path goes through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The objects that it starts from; empty when unknown.
    pub objects: Vec<String>,
    /// `None` when a hole is a part of its name.
    pub relationship: Option<String>,
    pub span: Span,
}

/// A field that a statement uses.
#[derive(Clone, Debug)]
pub struct FieldRead<'q> {
    /// The objects that the field may be of: several behind a polymorphic relationship; empty when unknown.
    pub objects: Vec<String>,
    /// Whether those are all.
    pub certain: bool,
    /// `None`: all fields of a group that the schema does not know, or a name with a hole in it.
    pub field: Option<String>,
    /// The relationships on the way.
    pub steps: Vec<Step>,
    /// Whether the name is an alias of the select list, and so of what is selected there.
    pub alias: bool,
    pub usage: FieldUse<'q>,
}

/// An object that a statement reads from.
#[derive(Clone, Debug)]
pub struct ObjectRead<'q> {
    /// Several where the outer object is one of several; empty when unknown.
    pub objects: Vec<String>,
    pub certain: bool,
    pub relation: Relation,
    /// The field that leads to the parent, where the object is found by a relationship to children.
    pub child_field: Option<String>,
    pub from: &'q FromItem,
}

#[derive(Clone, Debug, Default)]
pub struct Resolution<'q> {
    pub objects: Vec<ObjectRead<'q>>,
    pub fields: Vec<FieldRead<'q>>,
}

/// Which fields of which objects a query uses.
pub fn resolve<'q>(query: &'q Query, schema: &dyn Schema) -> Resolution<'q> {
    let mut resolver = Resolver { schema, levels: Vec::new(), found: Resolution::default() };
    walk(query, &mut |event| resolver.event(event));
    resolver.found
}

/// Which fields of which objects a search returns and filters by.
pub fn resolve_search<'q>(search: &'q Search, schema: &dyn Schema) -> Resolution<'q> {
    let mut all = Resolution::default();
    for returning in &search.returning {
        let one = resolve(&returning.query, schema);
        all.objects.extend(one.objects);
        all.fields.extend(one.fields);
    }
    all
}

/// The objects that something may be of.
#[derive(Clone, Debug, Default)]
struct Objects {
    names: Vec<String>,
    /// Whether those are all.
    certain: bool,
}

impl Objects {
    fn unknown() -> Self {
        Self::default()
    }

    fn one(name: &str) -> Self {
        Self { names: vec![name.to_owned()], certain: true }
    }

    fn add(&mut self, name: String) {
        if !self.names.iter().any(|known| known.eq_ignore_ascii_case(&name)) {
            self.names.push(name);
        }
    }
}

/// One entry of a query's `FROM`.
struct Bound<'q> {
    item: &'q FromItem,
    objects: Objects,
}

impl Bound<'_> {
    fn has_alias(&self, name: &Name) -> bool {
        self.item.alias.as_ref().is_some_and(|alias| name.is(&alias.text))
    }

    fn has_name(&self, name: &Name) -> bool {
        self.item.object.last().is_some_and(|object| name.is(&object.text))
    }
}

struct Resolver<'q, 's> {
    schema: &'s dyn Schema,
    /// What the queries around bind, the whole one first.
    levels: Vec<Vec<Bound<'q>>>,
    found: Resolution<'q>,
}

impl<'q> Resolver<'q, '_> {
    fn event(&mut self, event: Event<'q>) {
        match event {
            Event::Query(levels) => {
                self.levels.truncate(levels.len().saturating_sub(1));
                if let Some(level) = levels.last() {
                    self.enter(*level);
                }
            }
            Event::Use(usage) => {
                self.levels.truncate(usage.levels.len());
                match usage.used {
                    Used::Path(path) => self.path(path, usage),
                    Used::Group(fields) => self.group(fields.group, usage),
                }
            }
        }
    }

    fn enter(&mut self, level: Level<'q>) {
        self.levels.push(Vec::new());
        for item in &level.query.from {
            let (objects, child_field) = self.from(item, level.relation);
            self.found.objects.push(ObjectRead {
                objects: objects.names.clone(),
                certain: objects.certain,
                relation: level.relation,
                child_field,
                from: item,
            });
            if let Some(bound) = self.levels.last_mut() {
                bound.push(Bound { item, objects });
            }
        }
    }

    /// The objects of an entry of `FROM`, and the field that leads from them to their parent.
    fn from(&self, item: &FromItem, relation: Relation) -> (Objects, Option<String>) {
        let names = item.object.names.as_slice();
        let Some((first, rest)) = names.split_first() else { return (Objects::unknown(), None) };
        let Some(name) = first.known() else { return (Objects::unknown(), None) };
        let bound = |level: &Vec<Bound<'q>>| {
            let by_alias = level.iter().find(|bound| bound.has_alias(first));
            by_alias.or_else(|| level.iter().find(|bound| bound.has_name(first))).map(|b| b.objects.clone())
        };
        let outer = self.levels.len().checked_sub(2).and_then(|index| self.levels.get(index));
        let named = (!rest.is_empty())
            .then(|| {
                let here = self.levels.last().and_then(bound);
                here.or_else(|| outer.filter(|_| relation == Relation::Child).and_then(bound))
            })
            .flatten();
        match (named, relation) {
            (Some(objects), _) => self.descend(objects, rest),
            (None, Relation::Child) => {
                let main = outer.and_then(|level| level.first()).map(|bound| bound.objects.clone());
                self.descend(main.unwrap_or_default(), names)
            }
            (None, Relation::Root | Relation::SemiJoin) => self.descend(Objects::one(name), rest),
        }
    }

    /// Through relationships to children, or else to parents.
    fn descend(&self, mut objects: Objects, names: &[Name]) -> (Objects, Option<String>) {
        let mut child_field = None;
        for name in names {
            let Some(known) = name.known() else { return (Objects::unknown(), None) };
            let mut next = Objects { names: Vec::new(), certain: objects.certain };
            child_field = None;
            for object in &objects.names {
                match self.schema.child_relationship(object, known) {
                    Some(child) => {
                        next.add(child.object);
                        child_field = Some(child.field);
                    }
                    None => {
                        let parents = self.parents(object, known);
                        next.certain &= parents.certain;
                        parents.names.into_iter().for_each(|name| next.add(name));
                    }
                }
            }
            next.certain &= !next.names.is_empty();
            objects = next;
        }
        (objects, child_field)
    }

    fn parents(&self, object: &str, name: &str) -> Objects {
        match self.schema.relationship(object, name) {
            Targets::One(target) => Objects { names: vec![target], certain: true },
            Targets::Several(targets) => Objects { certain: !targets.is_empty(), names: targets },
            Targets::Unknown => everywhere(name),
        }
    }

    /// Through relationships to parents.
    fn ascend(&self, mut objects: Objects, names: &[Name], steps: &mut Vec<Step>) -> Objects {
        for name in names {
            let known = name.known();
            steps.push(Step {
                objects: objects.names.clone(),
                relationship: known.map(str::to_owned),
                span: name.span,
            });
            let Some(known) = known else {
                objects = Objects::unknown();
                continue;
            };
            if objects.names.is_empty() {
                objects = everywhere(known);
                continue;
            }
            let mut next = Objects { names: Vec::new(), certain: objects.certain };
            for object in &objects.names {
                let parents = self.parents(object, known);
                next.certain &= parents.certain;
                parents.names.into_iter().for_each(|name| next.add(name));
            }
            objects = next;
        }
        objects
    }

    /// Where a path of the innermost query starts, and what of it is left.
    fn start<'p>(&self, names: &'p [Name]) -> (Objects, &'p [Name]) {
        let Some(level) = self.levels.last() else { return (Objects::unknown(), names) };
        let main = level.first().map(|bound| bound.objects.clone()).unwrap_or_default();
        let Some((first, rest)) = names.split_first().filter(|(_, rest)| !rest.is_empty()) else {
            return (main, names);
        };
        if let Some(bound) = level.iter().find(|bound| bound.has_alias(first)) {
            return (bound.objects.clone(), rest);
        }
        // An object may be named before its fields, unless it has a relationship of that name.
        let known = first.known().unwrap_or_default();
        let relates =
            main.names.iter().any(|object| self.schema.relationship(object, known) != Targets::Unknown);
        match level.iter().find(|bound| bound.has_name(first)) {
            Some(bound) if !relates => (bound.objects.clone(), rest),
            _ => (main, names),
        }
    }

    fn path(&mut self, path: &'q Path, usage: FieldUse<'q>) {
        let mut steps = Vec::new();
        let (objects, names) = match usage.branch {
            Some(branch) => (self.branch(branch, &mut steps), path.names.as_slice()),
            None => self.start(&path.names),
        };
        let Some((field, relationships)) = names.split_last() else { return };
        let objects = self.ascend(objects, relationships, &mut steps);
        let alias = path.names.len() == 1
            && matches!(usage.place, UsePlace::OrderBy | UsePlace::Having | UsePlace::GroupBy)
            && usage.query().is_some_and(|query| is_alias(query, field));
        self.found.fields.push(FieldRead {
            objects: objects.names,
            certain: objects.certain,
            field: field.known().map(str::to_owned),
            steps,
            alias,
            usage,
        });
    }

    fn branch(&self, branch: Branch<'q>, steps: &mut Vec<Step>) -> Objects {
        let (objects, names) = self.start(&branch.relationship.names);
        let all = self.ascend(objects, names, steps);
        match branch.object {
            Some(object) => object.known().map_or_else(Objects::unknown, Objects::one),
            None => {
                let taken = |name: &String| branch.others.iter().any(|other| other.object.is(name));
                Objects { names: all.names.into_iter().filter(|name| !taken(name)).collect(), ..all }
            }
        }
    }

    fn group(&mut self, group: FieldGroup, usage: FieldUse<'q>) {
        let objects = self.start(&[]).0;
        for object in &objects.names {
            let read = |field| FieldRead {
                objects: vec![object.clone()],
                certain: objects.certain,
                field,
                steps: Vec::new(),
                alias: false,
                usage: usage.clone(),
            };
            match self.schema.fields(object, group) {
                Some(fields) => self.found.fields.extend(fields.into_iter().map(|field| read(Some(field)))),
                None => self.found.fields.push(read(None)),
            }
        }
        if objects.names.is_empty() {
            let (objects, steps) = (Vec::new(), Vec::new());
            let unknown = FieldRead { objects, certain: false, field: None, steps, alias: false, usage };
            self.found.fields.push(unknown);
        }
    }
}

fn is_alias(query: &Query, name: &Name) -> bool {
    query.select.iter().any(|item| {
        let alias = match item {
            SelectItem::Field(item) => item.alias.as_ref(),
            SelectItem::Call(_, alias) => alias.as_ref(),
            _ => None,
        };
        alias.is_some_and(|alias| name.is(&alias.text))
    })
}

/// Relationships that lead to the same objects wherever they are. An owner is a user or a queue, which is a group.
fn everywhere(name: &str) -> Objects {
    let is = |known: &str| name.eq_ignore_ascii_case(known);
    if is("CreatedBy") || is("LastModifiedBy") {
        Objects::one("User")
    } else if is("RecordType") {
        Objects::one("RecordType")
    } else if is("Owner") {
        Objects { names: vec!["User".to_owned(), "Group".to_owned()], certain: true }
    } else {
        Objects::unknown()
    }
}
