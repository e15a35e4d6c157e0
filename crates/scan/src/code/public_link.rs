//! Links that Apex makes to files, which open without a log-in: `ContentDistribution`.

use std::collections::BTreeSet;

use apex::ast::{ExprId, ExprKind, File, Literal};
use apex::{FileId, MethodId, Ref, Ty};
use dataflow::Spot;

use super::Code;

const LINK: &str = "contentdistribution";

/// Objects of files, which say nothing of whose they are.
const FILES: [&str; 8] = [
    LINK,
    "contentdistributionview",
    "contentdocument",
    "contentdocumentlink",
    "contentversion",
    "contentworkspace",
    "contentworkspacedoc",
    "attachment",
];

/// A place that makes such a link.
pub(crate) struct PublicLink {
    pub(crate) at: Spot,
    /// Whoever opens it is asked for a password.
    pub(crate) has_password: bool,
    /// It opens no more after a day.
    pub(crate) ends: bool,
}

impl Code {
    /// Whether the class of a place makes links to files that anyone can open.
    pub(crate) fn makes_public_links(&self, spot: Spot) -> bool {
        let file = self.program.file(spot.file);
        file.is_some_and(|file| file.exprs.iter().any(|expr| self.is_link(file, &expr.kind)))
    }

    /// The links that code makes and saves, with what their method sets of them.
    pub(crate) fn public_links(&self) -> Vec<PublicLink> {
        let mut found = Vec::new();
        let mut is_saved = false;
        for (id, method) in (0_u32..).map(MethodId).zip(&self.program.methods) {
            if method.is_test {
                continue;
            }
            let (Some(file), Some(body)) = (self.program.file(method.file), method.body) else { continue };
            is_saved = is_saved
                || self
                    .operations(id)
                    .iter()
                    .any(|own| own.writes && !own.deletes && own.object.as_deref() == Some(LINK));
            let mut made = Vec::new();
            let mut set = BTreeSet::new();
            file.each_expr(body, |expr| {
                if self.is_link(file, &file.expr(expr).kind) {
                    made.push(expr);
                }
                set.extend(self.set(method.file, file, expr));
            });
            found.extend(made.into_iter().map(|expr| PublicLink {
                at: Spot { file: method.file, span: file.expr(expr).span, method: id },
                has_password: set.contains("preferencespasswordrequired"),
                ends: set.contains("preferencesexpires"),
            }));
        }
        if is_saved { found } else { Vec::new() }
    }

    /// The objects that the code of a file works with, other than those of files themselves; in lower case.
    pub(crate) fn objects_of(&self, id: FileId) -> BTreeSet<String> {
        let names = &self.program.names;
        let Some(file) = self.program.file(id) else { return BTreeSet::new() };
        let mut found: BTreeSet<String> = file
            .types
            .iter()
            .filter_map(|of| of.path.last())
            .filter(|name| self.program.is_object(**name))
            .map(|name| names.folded(*name).to_owned())
            .collect();
        for expr in (0_u32..).map(ExprId).take(file.exprs.len()) {
            if let Ty::Record(Some(object)) = self.resolution.expr(id, expr).ty {
                found.insert(names.folded(object).to_owned());
            }
            found.extend(self.operation(id, expr).and_then(|own| own.object));
        }
        found.retain(|object| !FILES.contains(&object.as_str()));
        found
    }

    fn is_link(&self, file: &File, kind: &ExprKind) -> bool {
        match kind {
            ExprKind::New { of, .. } => {
                let name = file.type_ref(*of).path.last();
                name.is_some_and(|name| self.program.names.folded(*name) == LINK)
            }
            _ => false,
        }
    }

    /// The fields of a link that an expression sets to something else than `false`, in lower case.
    fn set(&self, id: FileId, file: &File, expr: ExprId) -> Vec<String> {
        let names = &self.program.names;
        let is_off = |value: ExprId| {
            matches!(file.expr(value).kind, ExprKind::Literal(Literal::Null | Literal::False))
        };
        match &file.expr(expr).kind {
            ExprKind::Assign { target, value, .. } if !is_off(*value) => {
                let ExprKind::Field { object, .. } = file.expr(*target).kind else { return Vec::new() };
                let Ref::RecordField(field) = self.resolution.expr(id, *target).to else { return Vec::new() };
                let of = self.resolution.expr(id, object).ty.object();
                let is_link = of.is_some_and(|of| names.folded(of) == LINK);
                is_link.then(|| names.folded(field).to_owned()).into_iter().collect()
            }
            kind @ ExprKind::New { args, .. } if self.is_link(file, kind) => {
                let field = |arg: &ExprId| match &file.expr(*arg).kind {
                    ExprKind::Assign { target, value, .. } if !is_off(*value) => {
                        match file.expr(*target).kind {
                            ExprKind::Name(field) => Some(names.folded(field).to_owned()),
                            _ => None,
                        }
                    }
                    _ => None,
                };
                args.iter().filter_map(field).collect()
            }
            _ => Vec::new(),
        }
    }
}
