//! Which method a call reaches.

use super::{Ref, Resolved, Resolver};
use crate::ast::{ExprId, ExprKind};
use crate::name::Name;
use crate::platform;
use crate::program::{ClassId, MethodId};
use crate::ty::Ty;

impl Resolver<'_> {
    pub(super) fn call(&self, receiver: Option<ExprId>, of: Option<Ty>, name: Name, args: &[Ty]) -> Resolved {
        let Some(receiver) = receiver else {
            let found =
                self.class.map_or_else(Vec::new, |class| self.program.methods_named(class, name, true));
            return match self.best(&found, args) {
                Some(method) => self.to_method(method, !self.is_static),
                None => Resolved::default(),
            };
        };
        let of = of.unwrap_or_default();
        let of_type = self.is_type(receiver);
        let is_super = matches!(self.file.expr(receiver).kind, ExprKind::Super);
        if let Ty::Class(class) = of {
            let found = self.program.methods_named(class, name, false);
            if let Some(method) = self.best(&found, args) {
                return self.to_method(method, !is_super && !of_type);
            }
            return self.inherited(class, name);
        }
        self.platform_call(&of, of_type, name)
    }

    /// A method that a class of the source has from one of Salesforce: of exceptions, or of every object.
    fn inherited(&self, class: ClassId, name: Name) -> Resolved {
        let names = &self.program.names;
        let own = names.folded(name);
        let lineage = self.program.lineage(class);
        let is_exception = lineage.iter().any(|id| {
            self.program.class(*id).is_some_and(|class| {
                class.platform.iter().any(|name| names.folded(*name).ends_with("exception"))
            })
        });
        let of = if is_exception { "exceptionof" } else { "object" };
        let ty = platform::member(names, of, own).unwrap_or(match own {
            "tostring" | "name" => Ty::Text,
            "values" => Ty::list(Ty::Class(class)),
            "valueof" => Ty::Class(class),
            _ => Ty::Unknown,
        });
        Resolved { ty, to: names.find(of).map_or(Ref::None, Ref::Platform) }
    }

    fn to_method(&self, method: MethodId, is_virtual: bool) -> Resolved {
        let own = self.program.method(method);
        let ty = own.map_or(Ty::Unknown, |method| method.returns.clone());
        let is_virtual = is_virtual && own.is_some_and(|own| !own.is_static);
        Resolved { ty, to: Ref::Method { method, is_virtual } }
    }

    fn platform_call(&self, of: &Ty, of_type: bool, name: Name) -> Resolved {
        let names = &self.program.names;
        let method = names.folded(name);
        let known = |class: &str| names.find(class).map_or(Ref::None, Ref::Platform);
        let (class, ty) = match of {
            Ty::List(element) | Ty::Set(element) => {
                let class = if matches!(of, Ty::List(_)) { "list" } else { "set" };
                let ty = match method {
                    "get" | "remove" | "next" => element.as_ref().clone(),
                    "size" | "indexof" | "hashcode" => Ty::Number,
                    "isempty" | "contains" | "containsall" | "hasnext" | "equals" | "addall"
                    | "removeall" | "retainall" => Ty::Boolean,
                    "clone" | "deepclone" | "iterator" => of.clone(),
                    "getsobjecttype" => names.find("sobjecttype").map_or(Ty::Unknown, Ty::Platform),
                    // A query with one record may stand for it.
                    "adderror"
                    | "getpopulatedfieldsasmap"
                    | "getsobject"
                    | "getsobjects"
                    | "put"
                    | "putsobject"
                        if matches!(element.as_ref(), Ty::Record(_)) =>
                    {
                        return self.platform_call(element, false, name);
                    }
                    _ => Ty::Void,
                };
                (class, ty)
            }
            Ty::Map(pair) => {
                let ty = match method {
                    "get" | "put" | "remove" => pair.1.clone(),
                    "values" => Ty::list(pair.1.clone()),
                    "keyset" => Ty::Set(std::sync::Arc::new(pair.0.clone())),
                    "size" => Ty::Number,
                    "containskey" | "isempty" | "equals" => Ty::Boolean,
                    "clone" | "deepclone" => of.clone(),
                    _ => Ty::Void,
                };
                ("map", ty)
            }
            Ty::Text => (if of_type { "string" } else { "text" }, Ty::Unknown),
            Ty::Id => ("id", Ty::Unknown),
            Ty::Number => (if of_type { "decimal" } else { "number" }, Ty::Unknown),
            Ty::Boolean => ("boolean", Ty::Unknown),
            Ty::Date => (if of_type { "datetime" } else { "dateof" }, Ty::Unknown),
            Ty::Blob => (if of_type { "blob" } else { "blobof" }, Ty::Unknown),
            Ty::Record(_) => {
                if of_type && self.object_settings(method) {
                    let record = of.clone();
                    let ty = if method == "getall" {
                        Ty::Map(std::sync::Arc::new((Ty::Text, record)))
                    } else {
                        record
                    };
                    return Resolved { ty, to: known("record") };
                }
                ("record", if method == "clone" { of.clone() } else { Ty::Unknown })
            }
            Ty::Platform(class) => {
                let own = names.folded(*class);
                if !of_type && platform::member(names, own, method).is_none() {
                    let of_value = match own {
                        "url" => "urlof",
                        "type" => "typeof",
                        own if own.ends_with("exception") => "exceptionof",
                        own => own,
                    };
                    (of_value, Ty::Unknown)
                } else {
                    (own, Ty::Unknown)
                }
            }
            Ty::Any | Ty::Unknown | Ty::Class(_) | Ty::Void | Ty::Null => ("object", Ty::Unknown),
        };
        let ty = match ty {
            Ty::Unknown => platform::member(names, class, method).unwrap_or_default(),
            known => known,
        };
        Resolved { ty, to: known(class) }
    }

    /// Methods of custom settings and custom metadata types, on the object itself.
    fn object_settings(&self, method: &str) -> bool {
        matches!(method, "getinstance" | "getvalues" | "getorgdefaults" | "getall")
    }

    /// The overload that fits the arguments best.
    pub(super) fn best(&self, found: &[MethodId], args: &[Ty]) -> Option<MethodId> {
        let mut best: Option<(u32, MethodId)> = None;
        for &id in found {
            let Some(method) = self.program.method(id) else { continue };
            if method.parameters.len() != args.len() {
                continue;
            }
            let mut score = 0;
            let fits = method.parameters.iter().zip(args).all(|((_, wanted), arg)| {
                let fit = self.fits(arg, wanted);
                score += fit.unwrap_or(0);
                fit.is_some()
            });
            if fits && best.is_none_or(|(known, _)| score > known) {
                best = Some((score, id));
            }
        }
        let only = || {
            found
                .iter()
                .copied()
                .find(|id| self.program.method(*id).is_some_and(|m| m.parameters.len() == args.len()))
        };
        best.map(|(_, id)| id).or_else(only)
    }

    fn fits(&self, arg: &Ty, wanted: &Ty) -> Option<u32> {
        match (arg, wanted) {
            (Ty::Class(own), Ty::Class(above)) if own != above => {
                self.program.lineage(*own).contains(above).then_some(3).or(Some(0))
            }
            _ => arg.fits(wanted),
        }
    }
}
