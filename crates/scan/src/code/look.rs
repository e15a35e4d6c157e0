//! Looks at code place by place, for rules that ask what is written and not where data goes.

use std::cell::Cell;
use std::collections::BTreeMap;

use apex::ast::{ExprId, ExprKind, File, Literal, Operator, StmtKind};
use apex::{ClassId, FileId, MethodId, Ref, VariableId};
use journal::Place;
use source::Span;

use super::Code;

/// How far a value is followed through variables.
const DEPTH: u8 = 8;
/// So many expressions are looked at for one answer.
const STEPS: u32 = 400;
/// Longer constants are nobody's secret and no name.
const TEXT: usize = 10_000;

/// An expression where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Site {
    pub(crate) file: FileId,
    pub(crate) class: Option<ClassId>,
    /// None of the initial value of a variable.
    pub(crate) method: Option<MethodId>,
    pub(crate) expr: ExprId,
}

/// A text that the code says itself.
#[derive(Debug, Clone)]
pub(crate) struct Constant {
    pub(crate) text: String,
    /// The literals that it is made of.
    pub(crate) literals: Vec<Site>,
    /// The variable that it was declared with, the first on its way.
    pub(crate) holder: Option<Holder>,
}

/// A variable or field where its name is declared.
#[derive(Debug, Clone)]
pub(crate) struct Holder {
    pub(crate) name: String,
    pub(crate) file: FileId,
    pub(crate) span: Span,
}

/// A call as it is written: of a method of Salesforce by its class in lower case.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call<'c> {
    /// Empty where the method is the source's own, or nobody's.
    pub(crate) class: &'c str,
    /// In lower case.
    pub(crate) name: &'c str,
    pub(crate) args: &'c [ExprId],
    pub(crate) receiver: Option<ExprId>,
}

/// A variable with what is put into it.
#[derive(Debug, Clone)]
pub(crate) struct Declared {
    pub(crate) name: String,
    pub(crate) span: Span,
    /// The first value, where its declaration has one.
    pub(crate) value: Site,
}

/// What is put into a variable, and the variable's name where its declaration does it.
type Put = (Site, Option<Span>);

/// The code of a project with what is assigned where.
#[derive(Debug)]
pub(crate) struct Look<'c> {
    left: Cell<u32>,
    pub(crate) code: &'c Code,
    pub(crate) sites: Vec<Site>,
    pub(crate) declared: Vec<Declared>,
    of_variables: BTreeMap<VariableId, Vec<Put>>,
    of_locals: BTreeMap<(MethodId, u32), Vec<Put>>,
}

impl<'c> Look<'c> {
    /// Every body and initial value but those of tests.
    pub(crate) fn of(code: &'c Code) -> Self {
        let mut look = Self {
            left: Cell::new(0),
            code,
            sites: Vec::new(),
            declared: Vec::new(),
            of_variables: BTreeMap::new(),
            of_locals: BTreeMap::new(),
        };
        let program = &code.program;
        for (index, variable) in program.variables.iter().enumerate() {
            let Some(class) = program.class(variable.class).filter(|class| !class.is_test) else { continue };
            let (Some(file), Some(value)) = (program.file(class.file), variable.value) else { continue };
            let site = Site { file: class.file, class: Some(variable.class), method: None, expr: value };
            let id = VariableId(u32::try_from(index).unwrap_or(u32::MAX));
            look.of_variables.entry(id).or_default().push((site, Some(variable.span)));
            let name = file.source.slice(variable.span).to_owned();
            look.declared.push(Declared { name, span: variable.span, value: site });
            look.add(file, site);
        }
        for (id, method) in (0_u32..).map(MethodId).zip(&program.methods) {
            let (Some(file), Some(body), false) = (program.file(method.file), method.body, method.is_test)
            else {
                continue;
            };
            let base = Site { file: method.file, class: method.class, method: Some(id), expr: ExprId(0) };
            file.each_stmt(body, |stmt| {
                if let StmtKind::Local { variables, .. } = &file.stmt(stmt).kind {
                    let first = code.resolution.slot(method.file, stmt);
                    for (slot, (name, value)) in (first.unwrap_or(u32::MAX)..).zip(variables) {
                        let Some(value) = *value else { continue };
                        let site = Site { expr: value, ..base };
                        look.of_locals.entry((id, slot)).or_default().push((site, Some(name.span)));
                        let name_text = file.source.slice(name.span).to_owned();
                        look.declared.push(Declared { name: name_text, span: name.span, value: site });
                    }
                }
            });
            file.each_expr(body, |expr| look.note(file, Site { expr, ..base }));
        }
        look
    }

    fn add(&mut self, file: &File, root: Site) {
        let mut todo = vec![root.expr];
        while let Some(expr) = todo.pop() {
            self.note(file, Site { expr, ..root });
            todo.extend(file.parts(expr));
        }
    }

    fn note(&mut self, file: &File, site: Site) {
        if let ExprKind::Assign { target, value, operator: None } = &file.expr(site.expr).kind {
            let own = Site { expr: *value, ..site };
            match (self.code.resolution.expr(site.file, *target).to, site.method) {
                (Ref::Variable(variable), _) => {
                    self.of_variables.entry(variable).or_default().push((own, None))
                }
                (Ref::Local(slot), Some(method)) => {
                    self.of_locals.entry((method, slot)).or_default().push((own, None));
                }
                _ => {}
            }
        }
        self.sites.push(site);
    }

    pub(crate) fn file(&self, site: Site) -> Option<&'c File> {
        self.code.program.file(site.file)
    }

    pub(crate) fn text(&self, site: Site) -> &'c str {
        self.file(site).map_or("", |file| file.source.slice(file.expr(site.expr).span))
    }

    pub(crate) fn place(&self, site: Site) -> Place {
        self.file(site).map_or_else(
            || Place::line(String::new(), 1),
            |file| Place::of(&file.source, file.expr(site.expr).span),
        )
    }

    pub(crate) fn call(&self, site: Site) -> Option<Call<'c>> {
        let program = &self.code.program;
        let ExprKind::Call { receiver, name, args, .. } = &self.file(site)?.expr(site.expr).kind else {
            return None;
        };
        let class = match self.code.resolution.expr(site.file, site.expr).to {
            Ref::Platform(class) => program.names.folded(class),
            _ => "",
        };
        Some(Call { class, name: program.names.folded(name.value), args, receiver: *receiver })
    }

    /// The class and method of a place as people write them.
    pub(crate) fn title(&self, site: Site) -> String {
        match (site.method, site.class) {
            (Some(method), _) => self.code.program.method_name(method),
            (None, Some(class)) => self.code.program.class_name(class),
            (None, None) => String::new(),
        }
    }

    /// `Apex:Name` of the class or trigger around it.
    pub(crate) fn component(&self, site: Site) -> String {
        let name = match (site.class, site.method) {
            (Some(class), _) => self.code.program.class_name(class),
            (None, Some(method)) => self.code.program.method_name(method),
            (None, None) => String::new(),
        };
        format!("Apex:{}", name.split('.').next().unwrap_or_default())
    }

    /// What may be in it, as far as the code says it: through variables, conversions and sums of literals.
    pub(crate) fn constants(&self, site: Site) -> Vec<Constant> {
        self.left.set(STEPS);
        self.constants_to(site, DEPTH)
    }

    fn constants_to(&self, site: Site, depth: u8) -> Vec<Constant> {
        // Variables that are put together of each other lead round: so many steps tell enough.
        let left = self.left.get();
        self.left.set(left.saturating_sub(1));
        let Some(file) = self.file(site).filter(|_| depth > 0 && left > 0) else { return Vec::new() };
        let below = |expr| self.constants_to(Site { expr, ..site }, depth - 1);
        match &file.expr(site.expr).kind {
            ExprKind::Literal(Literal::Text | Literal::LongText) => {
                let text = file.literal_text(site.expr).unwrap_or_default();
                vec![Constant { text, literals: vec![site], holder: None }]
            }
            ExprKind::Binary { first, rest }
                if rest.iter().all(|(operator, _)| *operator == Operator::Add) =>
            {
                let mut whole = Constant { text: String::new(), literals: Vec::new(), holder: None };
                let mut longest = 0;
                for part in std::iter::once(*first).chain(rest.iter().map(|(_, part)| *part)) {
                    let Some(part) = below(part).into_iter().next() else { return Vec::new() };
                    if whole.text.len() + part.text.len() > TEXT {
                        return Vec::new();
                    }
                    whole.text.push_str(&part.text);
                    whole.literals.extend(part.literals);
                    if part.text.len() > longest {
                        longest = part.text.len();
                        whole.holder = part.holder;
                    }
                }
                vec![whole]
            }
            ExprKind::Ternary { yes, no, .. } => [below(*yes), below(*no)].concat(),
            ExprKind::Cast { value, .. } => below(*value),
            ExprKind::Call { receiver, args, .. } => {
                let Some(call) = self.call(site) else { return Vec::new() };
                match (call.class, call.name, args.as_slice()) {
                    ("blob" | "string", "valueof", [only])
                    | (
                        "encodingutil",
                        "base64decode" | "base64encode" | "convertfromhex" | "converttohex",
                        [only],
                    )
                    | ("encodingutil", "urlencode" | "urldecode", [only, _]) => below(*only),
                    ("text" | "blobof", "trim" | "tostring" | "tolowercase" | "touppercase", []) => {
                        receiver.map(below).unwrap_or_default()
                    }
                    _ => Vec::new(),
                }
            }
            ExprKind::Name(_) | ExprKind::Field { .. } => {
                let found = match (self.code.resolution.expr(site.file, site.expr).to, site.method) {
                    (Ref::Variable(variable), _) => self.of_variables.get(&variable),
                    (Ref::Local(slot), Some(method)) => self.of_locals.get(&(method, slot)),
                    _ => None,
                };
                let mut all = Vec::new();
                for (value, declared) in found.into_iter().flatten() {
                    for mut one in self.constants_to(*value, depth - 1) {
                        if let (Some(span), Some(file)) = (declared, self.file(*value)) {
                            let name = file.source.slice(*span).to_owned();
                            one.holder.get_or_insert(Holder { name, file: value.file, span: *span });
                        }
                        all.push(one);
                    }
                }
                all
            }
            _ => Vec::new(),
        }
    }

    /// What is put into a variable in all, or the expression itself where it is none.
    pub(crate) fn values(&self, site: Site) -> Vec<Site> {
        let found = match (self.code.resolution.expr(site.file, site.expr).to, site.method) {
            (Ref::Variable(variable), _) => self.of_variables.get(&variable),
            (Ref::Local(slot), Some(method)) => self.of_locals.get(&(method, slot)),
            _ => None,
        };
        match found {
            Some(found) => found.iter().map(|(site, _)| *site).collect(),
            None => vec![site],
        }
    }
}
