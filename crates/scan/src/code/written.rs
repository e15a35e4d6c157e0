//! Which fields a change of records sets, where the code shows all of them.

use std::collections::BTreeSet;

use apex::ast::{ExprId, ExprKind, Literal};
use apex::{MethodId, Name, Ref, Ty};

use super::own::Asker;
use super::{Access, Code, Need};
use crate::Context;
use crate::classification::is_of_another_person;

/// From what is changed over names and methods to the records.
const STEPS: u8 = 8;

/// What is known of the records that a change takes.
pub(super) struct Written {
    object: Name,
    pub(super) values: Vec<Assigned>,
    /// The methods through which they come.
    methods: BTreeSet<MethodId>,
}

/// A field that is given a value.
pub(super) struct Assigned {
    pub(super) field: Name,
    pub(super) value: ExprId,
    pub(super) method: MethodId,
    /// Where the record is made.
    pub(super) is_new: bool,
    /// What stands for the record there.
    pub(super) record: Option<ExprId>,
}

impl Code {
    /// What a change of records sets, where all is seen: its records come from queries or are made in code that the project
    /// has, and each of their fields is set by its name.
    pub(super) fn all_written(&self, operation: &Access) -> Option<Written> {
        let [object] = operation.objects.as_slice() else { return None };
        let mut written = Written {
            object: self.program.names.find(object)?,
            values: Vec::new(),
            methods: BTreeSet::new(),
        };
        let is_change = operation.needs.iter().all(|need| matches!(need, Need::Create | Need::Edit));
        let asker = self.asker(operation.method).filter(|_| is_change)?;
        asker.records(operation.value, &mut written, STEPS).then_some(())?;
        let mut todo: Vec<MethodId> = written.methods.iter().copied().collect();
        todo.push(operation.method);
        for method in super::below(&self.callees, todo) {
            self.asker(method)?.assigned(&mut written).then_some(())?;
        }
        Some(written)
    }

    /// Whether neither the method of a change nor what it calls sets a field of such records by a name that is put together.
    pub(super) fn names_what_it_sets(&self, operation: &Access) -> bool {
        let object = match operation.objects.as_slice() {
            [object] => self.program.names.find(object),
            _ => None,
        };
        object.is_some_and(|object| {
            let mut written = Written { object, values: Vec::new(), methods: BTreeSet::new() };
            self.below(operation.method)
                .into_iter()
                .filter_map(|id| self.asker(id))
                .all(|asker| asker.assigned(&mut written))
        })
    }

    /// The fields that a change of records sets, in lower case, where all are seen.
    pub(crate) fn written_fields(&self, operation: &Access) -> Option<BTreeSet<String>> {
        let written = self.all_written(operation)?;
        let names = &self.program.names;
        let fields = written.values.iter().map(|value| names.folded(value.field).to_owned());
        Some(fields.filter(|field| field != "id").collect())
    }

    /// Whether a change of records sets fields of which none holds a patient's data or hangs the record on a patient.
    pub(crate) fn sets_nothing_of_patients(&self, cx: &Context<'_>, operation: &Access) -> bool {
        let [object] = operation.objects.as_slice() else { return false };
        let Some(written) = self.all_written(operation) else { return false };
        let names = &self.program.names;
        let mut all = written.values.iter().filter(|value| names.folded(value.field) != "id").peekable();
        let is_harmless = |value: &Assigned| {
            let field = names.folded(value.field);
            let for_a_queue = || {
                field == "ownerid"
                    && self
                        .asker(value.method)
                        .is_some_and(|asker| asker.is_owner_of_many(value.value, written.object, STEPS))
            };
            self.is_harmless_to_set(cx, object, field, operation.method) || for_a_queue()
        };
        all.peek().is_some() && all.all(is_harmless)
    }

    /// Whether a field, named in lower case, holds nothing of a patient and hangs the record on none.
    pub(super) fn is_harmless_to_set(
        &self,
        cx: &Context<'_>,
        object: &str,
        field: &str,
        method: MethodId,
    ) -> bool {
        let own = cx.project.field(&format!("{object}.{field}"));
        let mut leads_to = own.into_iter().flat_map(|field| field.reference_to());
        // Where sharing holds, whoever may not edit a record cannot take it.
        let is_owner = field == "ownerid" && self.shares(method);
        let is_standard_lookup = field.ends_with("id") && !field.ends_with("__c") && !is_owner;
        let is_person =
            |to: &str| matches!(to, "Contact" | "Account") || !cx.classes.phi_fields(to).is_empty();
        !is_standard_lookup
            && !cx.classes.is_phi(object, field)
            && (is_of_another_person(field) || !leads_to.any(|to| is_person(&to)))
    }
}

impl Asker<'_> {
    /// Adds the fields with which records are made; false where it is not known where they come from.
    fn records(&self, records: ExprId, written: &mut Written, steps: u8) -> bool {
        let Some(steps) = steps.checked_sub(1) else { return false };
        match &self.file.expr(records).kind {
            ExprKind::Query { .. } | ExprKind::Literal(Literal::Null) => true,
            ExprKind::Ternary { yes, no, .. } => {
                self.records(*yes, written, steps) && self.records(*no, written, steps)
            }
            ExprKind::Index { list, .. } => self.records(*list, written, steps),
            ExprKind::Cast { value, .. } => self.records(*value, written, steps),
            ExprKind::New { args, .. } => args.iter().all(|arg| match self.file.expr(*arg).kind {
                ExprKind::Assign { target, value, .. } => match self.file.expr(target).kind {
                    ExprKind::Name(field) => {
                        written.values.push(Assigned {
                            field,
                            value,
                            method: self.id,
                            is_new: true,
                            record: None,
                        });
                        true
                    }
                    _ => false,
                },
                _ => self.records(*arg, written, steps),
            }),
            ExprKind::NewList { elements, .. } => {
                elements.iter().all(|one| self.records(*one, written, steps))
            }
            ExprKind::NewMap { entries, .. } => {
                entries.iter().all(|(_, value)| self.records(*value, written, steps))
            }
            ExprKind::Call { receiver, name, .. } => match (self.to(records), receiver) {
                (Ref::Method { method, is_virtual: false }, _) => self.returned_by(method, written, steps),
                (Ref::Platform(_) | Ref::None, Some(of)) if self.is_clone(records) => {
                    self.records(*of, written, steps)
                }
                (_, Some(of)) if matches!(self.code.program.names.folded(name.value), "values" | "get") => {
                    let is_map =
                        matches!(self.code.resolution.expr(self.file_id, *of).ty, Ty::Map(_) | Ty::List(_));
                    is_map && self.records(*of, written, steps)
                }
                _ => false,
            },
            // What an object keeps, others change.
            ExprKind::Name(_) if matches!(self.to(records), Ref::Variable(_)) => false,
            ExprKind::Name(_) => {
                if let Some(over) = self.each_of(records) {
                    return self.records(over, written, steps);
                }
                if let Some(at) = self.parameter(records) {
                    return self.code.passed(self.id, at).is_some_and(|all| {
                        all.iter().all(|(caller, arg)| {
                            written.methods.insert(*caller);
                            self.code.asker(*caller).is_some_and(|asker| asker.records(*arg, written, steps))
                        })
                    });
                }
                // Whoever is handed a record sets its fields where that is seen; a list may be filled.
                let is_record = matches!(self.code.resolution.expr(self.file_id, records).ty, Ty::Record(_));
                let added = if is_record { Some(Vec::new()) } else { self.added(records) };
                let (Some(values), Some(added)) = (self.values(records), added) else {
                    return false;
                };
                values.iter().chain(&added).all(|value| self.records(*value, written, steps))
            }
            _ => false,
        }
    }

    /// Whether an owner is a queue, or whoever owns such a record already: nobody takes it for himself.
    fn is_owner_of_many(&self, value: ExprId, object: Name, steps: u8) -> bool {
        let Some(steps) = steps.checked_sub(1) else { return false };
        let names = &self.code.program.names;
        match &self.file.expr(value).kind {
            ExprKind::Ternary { yes, no, .. } => {
                [*yes, *no].into_iter().all(|one| self.is_owner_of_many(one, object, steps))
            }
            ExprKind::Field { object: of, name, .. } => {
                let of = self.code.resolution.expr(self.file_id, *of).ty.object();
                match names.folded(name.value) {
                    "id" => of.is_some_and(|of| names.folded(of) == "group"),
                    "ownerid" => of == Some(object),
                    _ => false,
                }
            }
            ExprKind::Name(_) => self.values(value).is_some_and(|all| {
                !all.is_empty() && all.into_iter().all(|one| self.is_owner_of_many(one, object, steps))
            }),
            _ => false,
        }
    }

    /// Whether a call copies a record.
    fn is_clone(&self, call: ExprId) -> bool {
        let ExprKind::Call { receiver: Some(of), name, .. } = &self.file.expr(call).kind else {
            return false;
        };
        self.code.program.names.folded(name.value) == "clone"
            && matches!(self.code.resolution.expr(self.file_id, *of).ty, Ty::Record(_))
    }

    /// Of a call that copies a record, whether code has read or made that one.
    pub(super) fn is_clone_of_known(&self, call: ExprId) -> bool {
        let ExprKind::Call { receiver: Some(of), .. } = self.file.expr(call).kind else { return false };
        let object = self.code.resolution.expr(self.file_id, of).ty.object();
        self.is_clone(call) && object.is_some_and(|object| self.are_read_or_made(object, of))
    }

    /// Whether records are such as code has read or made, and not handed in by a caller.
    fn are_read_or_made(&self, object: Name, records: ExprId) -> bool {
        let mut written = Written { object, values: Vec::new(), methods: BTreeSet::new() };
        self.records(records, &mut written, STEPS)
    }

    /// What a method returns.
    fn returned_by(&self, method: MethodId, written: &mut Written, steps: u8) -> bool {
        let Some(asker) = self.code.asker(method) else { return false };
        written.methods.insert(method);
        let all = asker.returns();
        !all.is_empty() && all.iter().all(|value| asker.records(*value, written, steps))
    }

    /// Adds the fields of such records to which the method gives a value; false where it sets one by a name that is put
    /// together, or of a record of which it is not known what it is.
    fn assigned(&self, written: &mut Written) -> bool {
        let Some(body) = self.method.body else { return true };
        let mut is_known = true;
        self.file.each_expr(body, |expr| match &self.file.expr(expr).kind {
            ExprKind::Assign { target, value, .. } => {
                let ExprKind::Field { object, name, .. } = self.file.expr(*target).kind else { return };
                let assigned = Assigned {
                    field: name.value,
                    value: *value,
                    method: self.id,
                    is_new: false,
                    record: Some(object),
                };
                match self.code.resolution.expr(self.file_id, object).ty {
                    Ty::Record(Some(of)) if of == written.object => written.values.push(assigned),
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
