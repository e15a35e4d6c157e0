//! Trees as texts that tests compare.

use crate::ast::{ExprId, ExprKind, File, Labels, StmtId, StmtKind, TypeId};

pub(super) fn ty(file: &File, id: TypeId) -> String {
    let words: Vec<&str> = file.source.slice(file.type_ref(id).span).split_whitespace().collect();
    words.join(" ")
}

fn list(file: &File, all: &[ExprId]) -> String {
    let all: Vec<String> = all.iter().map(|id| expr(file, *id)).collect();
    all.join(", ")
}

pub(super) fn expr(file: &File, id: ExprId) -> String {
    let own = file.expr(id);
    let say = |id: &ExprId| expr(file, *id);
    let slice = |span| file.source.slice(span).to_owned();
    let dot = |is_safe: &bool| if *is_safe { "?." } else { "." };
    match &own.kind {
        ExprKind::Literal(kind) => format!("{kind:?}:{}", slice(own.span)),
        ExprKind::Name(_) => slice(own.span),
        ExprKind::This => "this".to_owned(),
        ExprKind::Super => "super".to_owned(),
        ExprKind::Field { object, name, is_safe } => {
            format!("{}{}{}", say(object), dot(is_safe), slice(name.span))
        }
        ExprKind::Index { list, index } => format!("{}[{}]", say(list), say(index)),
        ExprKind::Call { receiver, name, args, is_safe } => {
            let receiver = receiver.map_or(String::new(), |one| expr(file, one) + dot(is_safe));
            format!("{receiver}{}({})", slice(name.span), list(file, args))
        }
        ExprKind::Delegate { to_super, args } => {
            format!("{}({})", if *to_super { "super" } else { "this" }, list(file, args))
        }
        ExprKind::New { of, args } => format!("new {}({})", ty(file, *of), list(file, args)),
        ExprKind::NewList { of, size, elements } => {
            let size = size.map_or(String::new(), |size| expr(file, size));
            format!(
                "new {}<{}>{size}{{{}}}",
                ty(file, *of),
                file.type_ref(*of).dimensions,
                list(file, elements)
            )
        }
        ExprKind::NewMap { of, entries } => {
            let entries: Vec<String> =
                entries.iter().map(|(key, value)| format!("{} => {}", say(key), say(value))).collect();
            format!("new {}{{{}}}", ty(file, *of), entries.join(", "))
        }
        ExprKind::ClassOf(of) => format!("class({})", ty(file, *of)),
        ExprKind::Cast { to, value } => format!("cast({}, {})", ty(file, *to), say(value)),
        ExprKind::InstanceOf { value, of } => format!("is({}, {})", say(value), ty(file, *of)),
        ExprKind::Unary { value } => format!("{}({})", slice(own.span).chars().next().unwrap(), say(value)),
        ExprKind::Step { value } => format!("step({})", say(value)),
        ExprKind::Binary { first, rest } => {
            let rest: Vec<String> = rest.iter().map(|(op, value)| format!("{op:?} {}", say(value))).collect();
            format!("({} {})", say(first), rest.join(" "))
        }
        ExprKind::Ternary { condition, yes, no } => {
            format!("({} ? {} : {})", say(condition), say(yes), say(no))
        }
        ExprKind::Assign { target, operator, value } => {
            let operator = operator.map_or(String::new(), |operator| format!("{operator:?}"));
            format!("({} {operator}= {})", say(target), say(value))
        }
        ExprKind::Query { text, binds, is_search } => {
            let kind = if *is_search { "search" } else { "query" };
            format!("{kind}[{}]({})", slice(*text), list(file, binds))
        }
        ExprKind::Broken => "broken".to_owned(),
    }
}

pub(super) fn stmt(file: &File, id: StmtId) -> String {
    let say = |id: &StmtId| stmt(file, *id);
    let value = |id: &ExprId| expr(file, *id);
    let slice = |span| file.source.slice(span).to_owned();
    match &file.stmt(id).kind {
        StmtKind::Block(all) => {
            format!("{{ {} }}", all.iter().map(say).collect::<Vec<_>>().join(" ")).replace("{  }", "{}")
        }
        StmtKind::Local { of, variables } => {
            let variables: Vec<String> = variables
                .iter()
                .map(|(name, init)| {
                    slice(name.span) + &init.map_or(String::new(), |init| format!(" = {}", expr(file, init)))
                })
                .collect();
            format!("local {} {};", ty(file, *of), variables.join(", "))
        }
        StmtKind::Expr(one) => format!("{};", value(one)),
        StmtKind::If { condition, yes, no } => {
            let no = no.map_or(String::new(), |no| format!(" else {}", stmt(file, no)));
            format!("if {} {}{no}", value(condition), say(yes))
        }
        StmtKind::While { condition, body } => format!("while {} {}", value(condition), say(body)),
        StmtKind::DoWhile { body, condition } => format!("do {} while {}", say(body), value(condition)),
        StmtKind::For { init, condition, update, body } => {
            let init: Vec<String> = init.iter().map(say).collect();
            let condition = condition.map_or(String::new(), |one| expr(file, one));
            format!("for ({}; {condition}; {}) {}", init.join(" "), list(file, update), say(body))
        }
        StmtKind::ForEach { of, name, over, body } => {
            format!("for ({} {} : {}) {}", ty(file, *of), slice(name.span), value(over), say(body))
        }
        StmtKind::Return(one) => one.map_or("return;".to_owned(), |one| format!("return {};", value(&one))),
        StmtKind::Throw(one) => format!("throw {};", value(one)),
        StmtKind::Break => "break;".to_owned(),
        StmtKind::Continue => "continue;".to_owned(),
        StmtKind::Try { body, catches, finally } => {
            let catches: String = catches
                .iter()
                .map(|one| {
                    format!(" catch ({} {}) {}", ty(file, one.of), slice(one.name.span), say(&one.body))
                })
                .collect();
            let finally = finally.map_or(String::new(), |one| format!(" finally {}", stmt(file, one)));
            format!("try {}{catches}{finally}", say(body))
        }
        StmtKind::Switch { on, arms } => {
            let arms: Vec<String> = arms
                .iter()
                .map(|arm| {
                    let labels = match &arm.labels {
                        Labels::Values(values) => list(file, values),
                        Labels::Record { of, name } => {
                            format!("record {} {}", ty(file, *of), slice(name.span))
                        }
                        Labels::Else => "else".to_owned(),
                    };
                    format!("when {labels} {}", say(&arm.body))
                })
                .collect();
            format!("switch {} {{ {} }}", value(on), arms.join(" "))
        }
        StmtKind::Dml { operation, mode, target, with } => {
            let mode = mode.map_or(String::new(), |mode| format!(" as {mode:?}"));
            let with = with.map_or(String::new(), |with| format!(" with {}", expr(file, with)));
            format!("{operation:?}{mode} {}{with};", value(target))
        }
        StmtKind::RunAs { user, body } => format!("runAs {} {}", value(user), say(body)),
        StmtKind::Empty => ";".to_owned(),
    }
}
