//! Which fields a change of records sets, where the code shows all of them.

use std::collections::BTreeSet;

use apex::ast::{ExprId, ExprKind, StmtKind};
use apex::{MethodId, Name, Ref, Ty};

use super::own::Asker;
use super::{Access, Code, Need};
use crate::Context;
use crate::classification::is_of_another_person;

/// From what is changed over names and methods to the records.
const STEPS: u8 = 8;

/// What is known of the records that a change takes.
struct Written {
    object: Name,
    fields: BTreeSet<Name>,
    /// The methods through which they come.
    methods: BTreeSet<MethodId>,
}

impl Code {
    /// The fields that a change of records sets, in lower case, where all are seen: its records come from queries or are made
    /// in code that the project has, and each of their fields is set by its name.
    pub(crate) fn written_fields(&self, operation: &Access) -> Option<BTreeSet<String>> {
        let [object] = operation.objects.as_slice() else { return None };
        let mut written = Written {
            object: self.program.names.find(object)?,
            fields: BTreeSet::new(),
            methods: BTreeSet::new(),
        };
        let is_change = operation.needs.iter().all(|need| matches!(need, Need::Create | Need::Edit));
        let asker = self.asker(operation.method).filter(|_| is_change)?;
        asker.written(operation.value, &mut written, STEPS).then_some(())?;
        let mut todo: Vec<MethodId> = written.methods.iter().copied().collect();
        todo.push(operation.method);
        for method in super::below(&self.callees, todo) {
            self.asker(method)?.assigned(&mut written).then_some(())?;
        }
        let names = &self.program.names;
        let fields = written.fields.iter().map(|field| names.folded(*field).to_owned());
        Some(fields.filter(|field| field != "id").collect())
    }

    /// Whether a change of records sets fields of which none holds a patient's data or hangs the record on a patient.
    pub(crate) fn sets_nothing_of_patients(&self, cx: &Context<'_>, operation: &Access) -> bool {
        let [object] = operation.objects.as_slice() else { return false };
        let is_harmless = |field: &String| {
            let own = cx.project.field(&format!("{object}.{field}"));
            let mut leads_to = own.into_iter().flat_map(|field| field.reference_to());
            let is_standard_lookup = field.ends_with("id") && !field.ends_with("__c") && field != "ownerid";
            let is_person =
                |to: &str| matches!(to, "Contact" | "Account") || !cx.classes.phi_fields(to).is_empty();
            !is_standard_lookup
                && !cx.classes.is_phi(object, field)
                && (is_of_another_person(field) || !leads_to.any(|to| is_person(&to)))
        };
        self.written_fields(operation)
            .is_some_and(|fields| !fields.is_empty() && fields.iter().all(is_harmless))
    }
}

impl Code {
    /// Whether all that a change of records sets comes from other records, and beside patients' data from constants and the
    /// clock: who runs it chooses none of it.
    pub(crate) fn sets_what_is_there(&self, cx: &Context<'_>, operation: &Access) -> bool {
        let names = |field: &str| self.program.names.find(field);
        let [object] = operation.objects.as_slice() else { return false };
        let (Some(asker), Some(object)) = (self.asker(operation.method), names(object)) else { return false };
        let is_change = operation.needs == [Need::Edit] && self.written_fields(operation).is_some();
        let (values, is_all) = asker.set_there(object);
        let of_patients = |field: &Name| {
            let (object, field) = (self.program.names.folded(object), self.program.names.folded(*field));
            cx.classes.is_phi(object, field)
        };
        // A constant wipes out what is there.
        let is_kept = |(field, value): &(Name, ExprId)| !of_patients(field) || asker.has_field(*value, STEPS);
        is_change
            && is_all
            && values.iter().any(|(field, _)| of_patients(field))
            && values.iter().all(|one| is_kept(one) && asker.is_there(one.1, STEPS))
    }
}

impl Asker<'_> {
    /// What the method itself gives to fields of such records but their Id, and whether nothing that it calls does so.
    fn set_there(&self, object: Name) -> (Vec<(Name, ExprId)>, bool) {
        let mut values = Vec::new();
        let Some(body) = self.method.body else { return (values, false) };
        let names = &self.code.program.names;
        self.file.each_expr(body, |expr| match &self.file.expr(expr).kind {
            ExprKind::Assign { target, value, .. } => {
                let ExprKind::Field { object: of, name, .. } = self.file.expr(*target).kind else { return };
                let ty = &self.code.resolution.expr(self.file_id, of).ty;
                if *ty == Ty::Record(Some(object)) && names.folded(name.value) != "id" {
                    values.push((name.value, *value));
                }
            }
            ExprKind::New { args, .. }
                if self.code.resolution.expr(self.file_id, expr).ty == Ty::Record(Some(object)) =>
            {
                values.extend(args.iter().filter_map(|arg| match self.file.expr(*arg).kind {
                    ExprKind::Assign { target, value, .. } => match self.file.expr(target).kind {
                        ExprKind::Name(field) => (names.folded(field) != "id").then_some((field, value)),
                        _ => None,
                    },
                    _ => None,
                }));
            }
            _ => {}
        });
        let called = self.code.callees.get(self.id.index()).cloned().unwrap_or_default();
        let mut below = Written { object, fields: BTreeSet::new(), methods: BTreeSet::new() };
        let is_read = super::below(&self.code.callees, called)
            .into_iter()
            .all(|id| self.code.asker(id).is_some_and(|own| own.assigned(&mut below)));
        (values, is_read && below.fields.is_empty())
    }

    /// Whether a value comes from records that the code reads, from constants or from the clock.
    fn is_there(&self, value: ExprId, steps: u8) -> bool {
        let Some(steps) = steps.checked_sub(1) else { return false };
        let is_there = |part: &ExprId| self.is_there(*part, steps);
        match &self.file.expr(value).kind {
            ExprKind::Literal(_) => true,
            ExprKind::Field { object, .. } => match self.code.resolution.expr(self.file_id, *object).ty {
                Ty::Record(_) => self.is_read(*object, steps),
                _ => false,
            },
            ExprKind::Binary { first, rest } => {
                is_there(first) && rest.iter().all(|(_, part)| is_there(part))
            }
            ExprKind::Ternary { yes, no, .. } => is_there(yes) && is_there(no),
            ExprKind::Unary { value } | ExprKind::Cast { value, .. } => is_there(value),
            ExprKind::Call { receiver, args, .. } => {
                let called = self.code.resolution.expr(self.file_id, value);
                let is_platform = matches!(called.to, Ref::Platform(_)) && called.ty.is_scalar();
                let is_class = |of: &ExprId| self.code.resolution.expr(self.file_id, *of).to == Ref::Type;
                is_platform
                    && args.iter().all(is_there)
                    && receiver.iter().all(|of| is_class(of) || is_there(of))
            }
            ExprKind::Name(_) => self.values(value).is_some_and(|all| all.iter().all(is_there)),
            _ => false,
        }
    }

    /// Whether a record's field is part of a value.
    fn has_field(&self, value: ExprId, steps: u8) -> bool {
        let Some(steps) = steps.checked_sub(1) else { return false };
        match &self.file.expr(value).kind {
            ExprKind::Field { object, .. } => {
                matches!(self.code.resolution.expr(self.file_id, *object).ty, Ty::Record(_))
            }
            ExprKind::Name(_) => {
                self.values(value).is_some_and(|all| all.iter().any(|one| self.has_field(*one, steps)))
            }
            _ => self.file.parts(value).into_iter().any(|part| self.has_field(part, steps)),
        }
    }

    /// Whether a record is one that the code reads.
    fn is_read(&self, record: ExprId, steps: u8) -> bool {
        let Some(steps) = steps.checked_sub(1) else { return false };
        match &self.file.expr(record).kind {
            ExprKind::Query { .. } => true,
            ExprKind::Index { list, .. } => self.is_read(*list, steps),
            ExprKind::Field { object, .. } => self.is_read(*object, steps),
            ExprKind::Call { receiver: Some(of), name, .. } => {
                matches!(self.code.program.names.folded(name.value), "get" | "values")
                    && self.is_read(*of, steps)
            }
            ExprKind::New { args, .. } => args.iter().all(|arg| self.is_read(*arg, steps)),
            ExprKind::NewList { elements, .. } => elements.iter().all(|one| self.is_read(*one, steps)),
            ExprKind::Name(_) => match self.each_of(record) {
                Some(over) => self.is_read(over, steps),
                None => match (self.values(record), self.added(record)) {
                    (Some(values), Some(added)) => {
                        values.iter().chain(&added).all(|value| self.is_read(*value, steps))
                    }
                    _ => false,
                },
            },
            _ => false,
        }
    }

    /// Adds the fields with which records are made; false where it is not known where they come from.
    fn written(&self, records: ExprId, written: &mut Written, steps: u8) -> bool {
        let Some(steps) = steps.checked_sub(1) else { return false };
        match &self.file.expr(records).kind {
            ExprKind::Query { .. } => true,
            ExprKind::Index { list, .. } => self.written(*list, written, steps),
            ExprKind::Cast { value, .. } => self.written(*value, written, steps),
            ExprKind::New { args, .. } => args.iter().all(|arg| match self.file.expr(*arg).kind {
                ExprKind::Assign { target, .. } => match self.file.expr(target).kind {
                    ExprKind::Name(field) => {
                        written.fields.insert(field);
                        true
                    }
                    _ => false,
                },
                _ => self.written(*arg, written, steps),
            }),
            ExprKind::NewList { elements, .. } => {
                elements.iter().all(|one| self.written(*one, written, steps))
            }
            ExprKind::NewMap { entries, .. } => {
                entries.iter().all(|(_, value)| self.written(*value, written, steps))
            }
            ExprKind::Call { receiver, name, .. } => match (self.to(records), receiver) {
                (Ref::Method { method, is_virtual: false }, _) => self.returned_by(method, written, steps),
                (_, Some(of)) if matches!(self.code.program.names.folded(name.value), "values" | "get") => {
                    let is_map =
                        matches!(self.code.resolution.expr(self.file_id, *of).ty, Ty::Map(_) | Ty::List(_));
                    is_map && self.written(*of, written, steps)
                }
                _ => false,
            },
            ExprKind::Name(_) => {
                if let Some(over) = self.each_of(records) {
                    return self.written(over, written, steps);
                }
                if let Some(at) = self.parameter(records) {
                    return self.code.passed(self.id, at).is_some_and(|all| {
                        all.iter().all(|(caller, arg)| {
                            written.methods.insert(*caller);
                            self.code.asker(*caller).is_some_and(|asker| asker.written(*arg, written, steps))
                        })
                    });
                }
                let (Some(values), Some(added)) = (self.values(records), self.added(records)) else {
                    return false;
                };
                values.iter().chain(&added).all(|value| self.written(*value, written, steps))
            }
            _ => false,
        }
    }

    /// What a method returns.
    fn returned_by(&self, method: MethodId, written: &mut Written, steps: u8) -> bool {
        let Some(asker) = self.code.asker(method) else { return false };
        let Some(body) = asker.method.body else { return false };
        written.methods.insert(method);
        let mut all = Vec::new();
        asker.file.each_stmt(body, |stmt| {
            if let StmtKind::Return(Some(value)) = asker.file.stmt(stmt).kind {
                all.push(value);
            }
        });
        !all.is_empty() && all.iter().all(|value| asker.written(*value, written, steps))
    }

    /// Adds the fields of such records to which the method gives a value; false where it sets one by a name that is put
    /// together, or of a record of which it is not known what it is.
    fn assigned(&self, written: &mut Written) -> bool {
        let Some(body) = self.method.body else { return true };
        let mut is_known = true;
        self.file.each_expr(body, |expr| match &self.file.expr(expr).kind {
            ExprKind::Assign { target, .. } => {
                let ExprKind::Field { object, name, .. } = self.file.expr(*target).kind else { return };
                match self.code.resolution.expr(self.file_id, object).ty {
                    Ty::Record(Some(of)) if of == written.object => drop(written.fields.insert(name.value)),
                    Ty::Record(Some(_)) => {}
                    Ty::Record(None) => is_known = false,
                    _ => {}
                }
            }
            ExprKind::Call { receiver: Some(of), name, .. }
                if self.code.program.names.folded(name.value) == "put" =>
            {
                let of = &self.code.resolution.expr(self.file_id, *of).ty;
                is_known &= !matches!(of, Ty::Record(None)) && *of != Ty::Record(Some(written.object));
            }
            _ => {}
        });
        is_known
    }
}
