//! Several files as one program, and what its expressions mean as texts that tests compare.

use source::Source;

use crate::ast::ExprId;
use crate::{ClassId, FileId, MethodId, Program, Ref, Resolution, Schema, Ty, link, parse, resolve};

/// A clinic's objects: patients with visits, who have doctors; an `Account` with its `Contacts`.
pub(super) struct Clinic;

impl Schema for Clinic {
    fn names(&self) -> Vec<String> {
        ["Patient__c", "Visit__c", "Account", "Contact", "User", "Visits__r"].map(str::to_owned).to_vec()
    }

    fn is_object(&self, name: &str) -> bool {
        ["patient__c", "visit__c", "account", "contact", "user", "settings__c"]
            .contains(&name.to_ascii_lowercase().as_str())
    }

    fn parents(&self, object: &str, name: &str) -> Vec<String> {
        let found: &[&str] = match (object, name) {
            ("visit__c", "patient__c" | "patient__r") => &["Patient__c"],
            ("contact", "accountid" | "account") => &["Account"],
            (_, "ownerid" | "owner") => &["User", "Group"],
            _ => &[],
        };
        found.iter().map(|one| (*one).to_owned()).collect()
    }

    fn children(&self, object: &str, name: &str) -> Option<String> {
        match (object, name) {
            ("patient__c", "visits__r") => Some("Visit__c".to_owned()),
            ("account", "contacts") => Some("Contact".to_owned()),
            _ => None,
        }
    }

    fn field_type(&self, object: &str, field: &str) -> Option<String> {
        let found = match (object, field) {
            ("patient__c", "born__c") => "Date",
            ("patient__c", "weight__c") => "Number",
            ("patient__c", "is_well__c") => "Checkbox",
            ("visit__c", "patient__c") => "Lookup",
            ("patient__c", "note__c") => "LongTextArea",
            _ => return None,
        };
        Some(found.to_owned())
    }
}

pub(super) struct World {
    pub(super) program: Program,
    pub(super) resolution: Resolution,
}

/// Files by their names, without problems, linked and resolved with the objects of [`Clinic`].
pub(super) fn world(files: &[(&str, &str)]) -> World {
    let sources = files.iter().map(|(path, text)| Source::new(*path, *text)).collect();
    let (files, names) = parse(sources);
    for file in &files {
        assert_eq!(super::problems(file), Vec::<String>::new(), "{}", file.source.path());
    }
    let program = link(files, names, &Clinic);
    let resolution = resolve(&program, &Clinic);
    World { program, resolution }
}

/// A class `Test` with this in its method `run`, beside others.
pub(super) fn body(text: &str, others: &[(&str, &str)]) -> World {
    let test = format!("public class Test {{ public void run() {{ {text} }} }}");
    world(&[&[("Test.cls", test.as_str())], others].concat())
}

impl World {
    pub(super) fn class(&self, name: &str) -> ClassId {
        let mut parts = name.split('.');
        let top = self.program.top_class(parts.next().unwrap()).unwrap();
        parts.fold(top, |at, part| {
            let part = self.program.names.find(part).unwrap();
            self.program.class(at).unwrap().inner[&part]
        })
    }

    pub(super) fn method(&self, name: &str) -> MethodId {
        let at = self.program.methods.iter().enumerate();
        let mut found = at
            .filter(|(index, _)| self.program.method_name(MethodId(u32::try_from(*index).unwrap())) == name);
        let (index, _) = found.next().unwrap_or_else(|| panic!("no {name}"));
        MethodId(u32::try_from(index).unwrap())
    }

    /// The last expression that is written so.
    fn find(&self, written: &str) -> (FileId, ExprId) {
        for (index, file) in self.program.files.iter().enumerate() {
            let at = file.exprs.iter().rposition(|expr| file.source.slice(expr.span) == written);
            if let Some(at) = at {
                return (FileId(u32::try_from(index).unwrap()), ExprId(u32::try_from(at).unwrap()));
            }
        }
        panic!("no expression is written `{written}`");
    }

    pub(super) fn ty(&self, written: &str) -> String {
        let (file, expr) = self.find(written);
        self.say(&self.resolution.expr(file, expr).ty)
    }

    pub(super) fn say(&self, ty: &Ty) -> String {
        let name = |name: &crate::Name| self.program.names.folded(*name).to_owned();
        match ty {
            Ty::Record(object) => format!("Record({})", object.as_ref().map_or("any".to_owned(), name)),
            Ty::Class(class) => self.program.class_name(*class),
            Ty::List(of) => format!("List<{}>", self.say(of)),
            Ty::Set(of) => format!("Set<{}>", self.say(of)),
            Ty::Map(pair) => format!("Map<{}, {}>", self.say(&pair.0), self.say(&pair.1)),
            Ty::Platform(own) => format!("platform {}", name(own)),
            other => format!("{other:?}"),
        }
    }

    /// What it refers to: parameters of a method tell overloads apart.
    pub(super) fn to(&self, written: &str) -> String {
        let (file, expr) = self.find(written);
        let signature = |id: MethodId| {
            let method = self.program.method(id).unwrap();
            let parameters: Vec<String> = method.parameters.iter().map(|(_, ty)| self.say(ty)).collect();
            format!("{}({})", self.program.method_name(id), parameters.join(", "))
        };
        match self.resolution.expr(file, expr).to {
            Ref::Variable(id) => {
                let own = self.program.variable(id).unwrap();
                format!("{}.{}", self.program.class_name(own.class), self.program.names.written(own.name))
            }
            Ref::RecordField(name) => format!("field {}", self.program.names.folded(name)),
            Ref::Method { method, is_virtual } => {
                format!("{}{}", if is_virtual { "virtual " } else { "" }, signature(method))
            }
            Ref::New { class, constructor } => constructor
                .map_or(format!("new {}", self.program.class_name(class)), |id| {
                    format!("new {}", signature(id))
                }),
            Ref::Platform(name) => format!("platform {}", self.program.names.folded(name)),
            other => format!("{other:?}"),
        }
    }

    pub(super) fn assert_types(&self, cases: &[(&str, &str)]) {
        for (written, ty) in cases {
            assert_eq!(self.ty(written), *ty, "{written}");
        }
    }

    pub(super) fn assert_refs(&self, cases: &[(&str, &str)]) {
        for (written, to) in cases {
            assert_eq!(self.to(written), *to, "{written}");
        }
    }
}
