use proptest::prelude::*;

use super::query;
use crate::{
    Bind, Call, CategoryFilter, CategorySelector, Comparison, Condition, Connected, DataCategory, Direction,
    Expression, FieldGroup, FieldItem, Fields, For, FromItem, GroupBy, GroupKind, Literal, LiteralKind,
    Lookup, LookupBind, Mode, Name, Negation, Nulls, Operator, Order, Parameters, Path, Query, Returning,
    Search, SearchGroup, SearchKind, SearchText, SearchWith, SelectItem, Setting, Statement, Subquery,
    TypeOf, TypeOfBranch, Update, Value, ValueList, With, WithMode, WithSetting, parse,
};

#[test]
fn print_is_in_one_form() {
    let text =
        "select Id,( select Id from Contacts )from Account where((A=1 and(B<>2)))order by Name asc limit 5";
    assert_eq!(
        query(text).to_string(),
        "SELECT Id, (SELECT Id FROM Contacts) FROM Account WHERE A = 1 AND B != 2 ORDER BY Name ASC LIMIT 5"
    );
}

#[test]
fn what_was_not_understood_is_printed_too() {
    let parsed = parse("SELECT Id FROM Contact WHERE A = 1 AND B ~ 2 LIMIT 1 whatever");
    assert!(!parsed.is_clean());
    let printed = parsed.value.to_string();
    assert_eq!(printed, "SELECT Id FROM Contact WHERE A = 1 AND B ~ 2 LIMIT 1 whatever");
    assert!(!parse(&printed).is_clean());
}

fn name() -> impl Strategy<Value = Name> {
    // No keyword ends so.
    "[A-Za-z][A-Za-z0-9_]{0,6}__[cr]".prop_map(|text| Name::new(&text))
}

fn path() -> impl Strategy<Value = Path> {
    prop::collection::vec(name(), 1..4).prop_map(|names| Path { names, span: Default::default() })
}

fn literal() -> impl Strategy<Value = Literal> {
    let written =
        |kind: LiteralKind| move |text: String| Literal { kind, text: text.into(), span: Default::default() };
    prop_oneof![
        ".{0,8}".prop_map(|text| Literal::string(&text)),
        "[-+]?[0-9]{1,5}(\\.[0-9]{1,3})?".prop_map(written(LiteralKind::Number)),
        "[A-Z]{3}-?[0-9]{1,5}(\\.[0-9]{1,3})?".prop_map(written(LiteralKind::Currency)),
        "20[0-9]{2}-0[1-9]-0[1-9]".prop_map(written(LiteralKind::Date)),
        "20[0-9]{2}-0[1-9]-0[1-9]T0[0-9]:00:00(Z|\\+01:00|-0800)".prop_map(written(LiteralKind::DateTime)),
        "(LAST|NEXT)_N_(DAY|WEEK|FISCAL_YEAR)S:[0-9]{1,3}".prop_map(written(LiteralKind::DateRange)),
        "(true|FALSE)".prop_map(written(LiteralKind::Boolean)),
        "(TODAY|THIS_QUARTER)".prop_map(written(LiteralKind::DateRange)),
        Just(written(LiteralKind::Null)("null".to_owned())),
    ]
}

fn bind() -> impl Strategy<Value = Bind> {
    prop::sample::select(vec![
        "x",
        "a.b[0].c('it\\'s')",
        "new Set<Id>{ a, b }",
        "(Id) y",
        "f(x) + 1",
        "a ? b : c",
    ])
    .prop_map(|text| Bind { text: text.into(), span: Default::default() })
}

fn expression() -> impl Strategy<Value = Expression> {
    path().prop_map(Expression::Field).prop_recursive(2, 6, 2, |inner| {
        let argument = prop_oneof![
            3 => inner,
            1 => literal_argument().prop_map(Expression::Literal),
            1 => bind().prop_map(Expression::Bind),
        ];
        (name(), prop::collection::vec(argument, 0..3)).prop_map(|(function, arguments)| {
            Expression::Call(Call { function, arguments, span: Default::default() })
        })
    })
}

/// Words are fields to a function.
fn literal_argument() -> impl Strategy<Value = Literal> {
    literal().prop_filter("a string or a number", |literal| {
        matches!(literal.kind, LiteralKind::String | LiteralKind::Number | LiteralKind::Date)
    })
}

fn condition(query: BoxedStrategy<Query>) -> impl Strategy<Value = Condition> {
    let one = prop_oneof![literal().prop_map(Value::Literal), bind().prop_map(Value::Bind)];
    let list = prop_oneof![
        prop::collection::vec(one.clone(), 1..4)
            .prop_map(|values| Value::List(ValueList { values, span: Default::default() })),
        bind().prop_map(Value::Bind),
        query.prop_map(|query| Value::Query(Box::new(Subquery { query, span: Default::default() }))),
    ];
    let compared = prop_oneof![
        (
            prop::sample::select(vec![
                Operator::Equal,
                Operator::NotEqual,
                Operator::Less,
                Operator::LessOrEqual,
                Operator::Greater,
                Operator::GreaterOrEqual,
                Operator::Like,
            ]),
            one
        ),
        (
            prop::sample::select(vec![Operator::In, Operator::NotIn, Operator::Includes, Operator::Excludes]),
            list
        ),
    ];
    let comparison = (expression(), compared).prop_map(|(left, (operator, value))| {
        let (operator_span, span) = Default::default();
        Condition::Comparison(Box::new(Comparison { left, operator, operator_span, value, span }))
    });
    comparison.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 2..4)
                .prop_map(|conditions| Condition::And(Connected { conditions, span: Default::default() })),
            prop::collection::vec(inner.clone(), 2..4)
                .prop_map(|conditions| Condition::Or(Connected { conditions, span: Default::default() })),
            inner.prop_map(|condition| {
                Condition::Not(Negation { condition: Box::new(condition), span: Default::default() })
            }),
        ]
    })
}

fn select_item(query: Option<BoxedStrategy<Query>>) -> BoxedStrategy<SelectItem> {
    let field = (path(), prop::option::of(name()))
        .prop_map(|(path, alias)| SelectItem::Field(FieldItem { path, alias, span: Default::default() }));
    let call = (expression(), prop::option::of(name())).prop_filter_map("a call", |(expression, alias)| {
        match expression {
            Expression::Call(call) => Some(SelectItem::Call(call, alias)),
            _ => None,
        }
    });
    let groups = vec![FieldGroup::All, FieldGroup::Standard, FieldGroup::Custom];
    let group = prop::sample::select(groups)
        .prop_map(|group| SelectItem::Fields(Fields { group, span: Default::default() }));
    let branch = (name(), prop::collection::vec(path(), 1..3)).prop_map(|(object, fields)| TypeOfBranch {
        object,
        fields,
        span: Default::default(),
    });
    let type_of = (path(), prop::collection::vec(branch, 1..3), prop::collection::vec(path(), 0..3))
        .prop_map(|(path, branches, otherwise)| {
            SelectItem::TypeOf(TypeOf { path, branches, otherwise, span: Default::default() })
        });
    match query {
        None => prop_oneof![5 => field, 2 => call, 1 => group, 1 => type_of].boxed(),
        Some(query) => {
            let inner = query
                .prop_map(|query| SelectItem::Query(Box::new(Subquery { query, span: Default::default() })));
            prop_oneof![5 => field, 2 => call, 1 => group, 1 => type_of, 1 => inner].boxed()
        }
    }
}

fn from_item() -> impl Strategy<Value = FromItem> {
    (path(), prop::option::of(name())).prop_map(|(object, alias)| FromItem {
        object,
        alias,
        span: Default::default(),
    })
}

fn simple() -> BoxedStrategy<Query> {
    (prop::collection::vec(select_item(None), 1..3), prop::collection::vec(from_item(), 1..2))
        .prop_map(|(select, from)| Query { select, from, ..Query::default() })
        .boxed()
}

fn order() -> impl Strategy<Value = Order> {
    let direction = prop::sample::select(vec![Direction::Ascending, Direction::Descending]);
    let nulls = prop::sample::select(vec![Nulls::First, Nulls::Last]);
    (expression(), prop::option::of(direction), prop::option::of(nulls)).prop_map(
        |(expression, direction, nulls)| Order { expression, direction, nulls, span: Default::default() },
    )
}

fn amount() -> impl Strategy<Value = Value> {
    prop_oneof![
        "[0-9]{1,4}".prop_map(|text| Value::Literal(Literal {
            kind: LiteralKind::Number,
            text: text.into(),
            span: Default::default()
        })),
        bind().prop_map(Value::Bind),
    ]
}

fn mode() -> impl Strategy<Value = WithMode> {
    prop::sample::select(vec![Mode::SecurityEnforced, Mode::User, Mode::System])
        .prop_map(|mode| WithMode { mode, span: Default::default() })
}

fn data_category() -> impl Strategy<Value = DataCategory> {
    let selectors = vec![
        CategorySelector::At,
        CategorySelector::Above,
        CategorySelector::Below,
        CategorySelector::AboveOrBelow,
    ];
    let filter = (name(), prop::sample::select(selectors), prop::collection::vec(name(), 1..3)).prop_map(
        |(group, selector, categories)| CategoryFilter {
            group,
            selector,
            categories,
            span: Default::default(),
        },
    );
    prop::collection::vec(filter, 1..3).prop_map(|filters| DataCategory { filters, span: Default::default() })
}

fn parameters() -> impl Strategy<Value = Parameters> {
    let setting = (name(), prop::option::of(literal().prop_map(Value::Literal)))
        .prop_map(|(name, value)| Setting { name, value, span: Default::default() });
    prop::collection::vec(setting, 1..3)
        .prop_map(|settings| Parameters { settings, span: Default::default() })
}

fn with() -> impl Strategy<Value = With> {
    prop_oneof![
        mode().prop_map(With::Mode),
        data_category().prop_map(With::DataCategory),
        parameters().prop_map(With::RecordVisibility),
        condition(simple())
            .prop_filter("written bare", |condition| !matches!(condition, Condition::Unread(_)))
            .prop_map(With::Filter),
    ]
}

fn lookup() -> impl Strategy<Value = Lookup> {
    let bind = (path(), literal().prop_map(Value::Literal)).prop_map(|(field, value)| LookupBind {
        field,
        value,
        span: Default::default(),
    });
    (path(), prop::collection::vec(bind, 0..3)).prop_map(|(path, binds)| Lookup {
        path,
        binds,
        span: Default::default(),
    })
}

fn updates() -> impl Strategy<Value = Vec<Update>> {
    prop::collection::vec(prop::sample::select(vec![Update::Tracking, Update::Viewstat]), 0..3)
}

fn whole() -> impl Strategy<Value = Query> {
    let head = (
        prop::collection::vec(select_item(Some(simple())), 1..4),
        prop::collection::vec(from_item(), 1..3),
        (prop::option::of(name()), prop::option::of(lookup())),
        prop::option::of(condition(simple())),
        prop::collection::vec(with(), 0..2),
    );
    let kinds = vec![GroupKind::Plain, GroupKind::Rollup, GroupKind::Cube];
    let group = (prop::sample::select(kinds), prop::collection::vec(expression(), 1..3))
        .prop_map(|(kind, expressions)| GroupBy { kind, expressions, span: Default::default() });
    let fors = prop::sample::select(vec![For::View, For::Reference, For::Update]);
    let tail = (
        prop::option::of(group),
        prop::option::of(condition(simple())),
        prop::collection::vec(order(), 0..3),
        prop::option::of(amount()),
        prop::option::of(amount()),
        any::<bool>(),
        prop::collection::vec(fors, 0..3),
        updates(),
    );
    (head, tail).prop_map(
        |(
            (select, from, (scope, lookup), where_, with),
            (group_by, having, order_by, limit, offset, all_rows, for_, update),
        )| Query {
            select,
            from,
            scope,
            lookup,
            where_,
            with,
            group_by,
            having,
            order_by,
            limit,
            offset,
            all_rows,
            for_,
            update,
            ..Query::default()
        },
    )
}

fn search() -> impl Strategy<Value = Search> {
    let braced = |text: String| Literal {
        kind: LiteralKind::String,
        text: format!("{{{text}}}").into(),
        span: Default::default(),
    };
    let find = prop_oneof![
        "([a-z*\" ]|\\\\\\}|\\\\\\{){0,8}".prop_map(move |text| SearchText::Braced(braced(text))),
        ".{0,8}".prop_map(|text| SearchText::Quoted(Literal::string(&text))),
        bind().prop_map(SearchText::Bind),
    ];
    let groups = vec![
        SearchGroup::All,
        SearchGroup::Name,
        SearchGroup::Email,
        SearchGroup::Phone,
        SearchGroup::Sidebar,
    ];
    let returning = (name(), whole(), prop::option::of(name()), any::<bool>()).prop_map(
        |(object, query, list_view, bare)| {
            let from = vec![FromItem {
                object: Path { names: vec![object], span: Default::default() },
                alias: None,
                span: Default::default(),
            }];
            if bare {
                let query = Query { from, ..Query::default() };
                return Returning { query, list_view: None, span: Default::default() };
            }
            let Query { select, where_, order_by, limit, offset, .. } = query;
            let query = Query { select, from, where_, order_by, limit, offset, ..Query::default() };
            Returning { query, list_view, span: Default::default() }
        },
    );
    let setting = (
        prop::sample::select(vec!["DIVISION", "METADATA", "PricebookId", "SPELL_CORRECTION", "NETWORK"]),
        literal().prop_map(Value::Literal),
    )
        .prop_map(|(name, value)| WithSetting {
            name: Name::new(name),
            operator: Operator::Equal,
            value,
            span: Default::default(),
        });
    let with = prop_oneof![
        mode().prop_map(SearchWith::Mode),
        data_category().prop_map(SearchWith::DataCategory),
        Just(SearchWith::Highlight),
        prop::option::of(parameters()).prop_map(SearchWith::Snippet),
        setting.prop_map(SearchWith::Setting),
    ];
    (
        find,
        prop::option::of(prop::sample::select(groups)),
        prop::collection::vec(returning, 0..3),
        prop::collection::vec(with, 0..3),
        prop::option::of(prop::sample::select(vec![SearchKind::Phrase, SearchKind::Advanced])),
        prop::option::of(amount()),
        updates(),
    )
        .prop_map(|(find, within, returning, with, kind, limit, update)| Search {
            find,
            within,
            returning,
            with,
            kind,
            limit,
            update,
            ..Search::default()
        })
}

fn reads_back(statement: &Statement) -> Result<(), TestCaseError> {
    let text = statement.to_string();
    let parsed = parse(&text);
    prop_assert!(parsed.is_clean(), "{text}\n{:?}", parsed.errors);
    prop_assert!(parsed.value == *statement, "{text}\n{}", parsed.value);
    prop_assert_eq!(parsed.value.to_string(), text);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_query_reads_back_from_its_print(query in whole()) {
        reads_back(&Statement::Query(query))?;
    }

    #[test]
    fn a_search_reads_back_from_its_print(search in search()) {
        reads_back(&Statement::Search(search))?;
    }
}
