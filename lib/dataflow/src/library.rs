//! What Salesforce's own classes do with data.

use std::sync::Arc;

use apex::ast::{ExprId, ExprKind, File, Literal};
use apex::{MethodKind, Name, Ty};
use source::Span;

use crate::body::{Body, Site};
use crate::expr::with;
use crate::hit::{Hit, Sink};
use crate::value::{
    Did, FieldId, Harmless, Input, Key, Label, Labels, ObjId, Origin, Otherwise, Part, Path, Piece, Texts,
    Value, step,
};

impl Body<'_> {
    /// A member of a class of Salesforce that is no method.
    pub(crate) fn platform_member(
        &mut self,
        id: ExprId,
        class: Name,
        name: Name,
        of: Option<Value>,
        span: Span,
    ) -> Value {
        let ty = self.ty(id).clone();
        let of = of.unwrap_or_default();
        match (self.world.text(class), self.world.text(name)) {
            ("trigger", "new" | "old" | "newmap" | "oldmap") => {
                Value::obj(self.object(Site::Expr(id), Origin::Org, &ty))
            }
            ("accesslevel", "user_mode" | "system_mode") => Value::text(self.world.text(name)),
            ("label", _) => {
                Value { texts: self.world.label_text(self.file_id, id, class), ..Value::default() }
            }
            ("restrequest", "requestbody" | "params" | "requesturi" | "headers") => {
                self.input(Input::Argument, span)
            }
            ("restcontext", _) => Value::obj(self.object(Site::Expr(id), Origin::Org, &ty)),
            ("page", page) => {
                let address = Texts::of(&format!("/apex/{page}"));
                let obj = self.fresh(Site::Expr(id), &ty);
                self.write_part(
                    &[obj],
                    Key::Own(Part::Address),
                    Value { texts: address, ..Value::default() },
                );
                Value::obj(obj)
            }
            _ if of.objs.is_empty() && of.labels.is_empty() => Value::default(),
            (own, member) => {
                let part = own_part(own, member);
                let value = self.read_part(&of, Key::Own(part), &ty, span);
                if ty.is_scalar() { Value { objs: Vec::new(), ..value } } else { value }
            }
        }
    }

    pub(crate) fn set_platform_member(
        &mut self,
        class: Name,
        name: Name,
        of: &Value,
        value: Value,
        span: Span,
    ) {
        match (self.world.text(class), self.world.text(name)) {
            ("restresponse", "responsebody") => {
                let labels = self.collect(&value, span);
                self.emit(Sink::Result, &labels, span, &Texts::default());
            }
            (_, "toaddresses" | "ccaddresses" | "bccaddresses") => self.addressed(of, &value, span),
            (own, member) => {
                let part = own_part(own, member);
                self.put(of, part, value, span);
            }
        }
    }

    /// Puts something into a request, a message or an input of Salesforce's own, beside what is there.
    fn put(&mut self, of: &Value, part: Part, value: Value, span: Span) {
        let value = self.stored(value, span);
        if matches!(part, Part::Address | Part::Body) {
            self.write_part(&of.objs, Key::Own(part), value);
            return;
        }
        let mut known = self.read_part(of, Key::Own(part), &Ty::Text, span);
        known.join(&value, &mut self.cuts);
        self.write_part(&of.objs, Key::Own(part), known);
    }

    pub(crate) fn new_platform(&mut self, id: ExprId, class: Name, args: Vec<Value>, span: Span) -> Value {
        let ty = self.ty(id).clone();
        let obj = self.fresh(Site::Expr(id), &ty);
        let value = Value::obj(obj);
        match self.world.text(class) {
            "pagereference" => {
                for arg in &args {
                    let labels = self.collect(arg, span);
                    let to = arg.texts.clone();
                    self.emit(Sink::PageAddress, &labels, span, &to);
                    let address = Value { texts: to, ..Value::default() };
                    self.write_part(&[obj], Key::Own(Part::Address), address);
                }
            }
            name if name.ends_with("exception") || name == "apexpages.message" => {
                for arg in args {
                    self.says(obj, arg, span);
                }
            }
            _ => {
                for arg in args {
                    let kept = self.stepped(arg, span, Did::Stored);
                    self.write_anywhere(&[obj], &kept);
                }
            }
        }
        value
    }

    /// What the pages at these addresses print of records.
    fn rendered(&self, addresses: &Texts, span: Span) -> Value {
        let trace = step(None, self.file_id, span, Did::Rendered);
        let mut labels = Labels::default();
        for address in addresses.beginnings() {
            let address = address.to_lowercase();
            let Some((_, page)) = address.split_once("apex/") else { continue };
            let page = page.split(['?', '#', '&', '/']).next().unwrap_or_default();
            for &field in self.world.pages.get(page).into_iter().flatten() {
                labels.add(Label::Field(field), &trace);
            }
        }
        Value::of(labels)
    }

    /// What an exception or a message is made with, one beside the other.
    pub(crate) fn says(&mut self, obj: ObjId, arg: Value, span: Span) {
        let labels = self.collect(&arg, span);
        let mut known = self.state.obj(obj).and_then(|obj| obj.part(Key::Own(Part::Text))).cloned();
        let said = Value { labels, objs: Vec::new(), ..arg };
        match &mut known {
            Some(known) => drop(known.join(&said, &mut self.cuts)),
            None => known = Some(said),
        }
        self.write_part(&[obj], Key::Own(Part::Text), known.unwrap_or_default());
    }

    /// What a logging framework is handed.
    pub(crate) fn log(&mut self, args: &[Value], span: Span) {
        for arg in args {
            let labels = self.as_text(arg, span);
            self.emit(Sink::Log, &labels, span, &Texts::default());
        }
    }

    pub(crate) fn is_logger(&self, receiver: Option<ExprId>) -> bool {
        let last = receiver.and_then(|receiver| match &self.file.expr(receiver).kind {
            ExprKind::Name(name) => Some(*name),
            ExprKind::Field { name, .. } => Some(name.value),
            _ => None,
        });
        last.is_some_and(|name| self.world.text(name) == "logger")
    }

    /// A call of a method of Salesforce; `of` is none for static ones.
    #[expect(clippy::too_many_arguments, reason = "a call has that many parts")]
    pub(crate) fn platform_call(
        &mut self,
        id: ExprId,
        class: Name,
        name: Name,
        receiver: Option<ExprId>,
        of: Option<Value>,
        args: &[ExprId],
        span: Span,
    ) -> Value {
        let arg_ids = args;
        let args = self.all(arg_ids);
        let ty = self.ty(id).clone();
        let (class, method) = (self.world.text(class), self.world.text(name));
        let first = args.first().cloned().unwrap_or_default();
        if let Some(of) = &of {
            let methods = self.methods_of(of, &Ty::Unknown, method, args.len());
            if !methods.is_empty() {
                return self.apply(&methods, &with(of.clone(), args), span, id);
            }
        }
        let own = of.clone().unwrap_or_default();
        match class {
            "list" | "set" | "map" => return self.collection(id, class, method, &own, &args, &ty, span),
            "record" => return self.record(id, method, receiver, &own, &args, &ty, span),
            "logger" => {
                self.log(&args, span);
                return own;
            }
            _ if self.is_logger(receiver) => {
                self.log(&args, span);
                return own;
            }
            _ => {}
        }
        // A field or object that the org describes under a name is one of its own, whoever gave the name.
        let is_described = receiver.is_some_and(|receiver| match &self.file.expr(receiver).kind {
            ExprKind::Call { name, .. } => {
                matches!(self.world.text(name.value), "getmap" | "getglobaldescribe")
            }
            _ => false,
        });
        if is_described && method == "get" {
            return Value { texts: first.texts, ..Value::default() };
        }
        match (class, method) {
            // A constant of an enum is none else.
            ("object", "valueof") => Value::default(),
            ("system", "debug") => {
                self.log(&args, span);
                Value::default()
            }
            ("system", "enqueuejob") => self.start(&first, arg_ids, "execute", span, id),
            ("system", "schedule") => {
                let job = args.get(2).cloned().unwrap_or_default();
                self.start(&job, arg_ids, "execute", span, id)
            }
            ("database", "executebatch") => self.batch(&first, span, id),
            ("system", "currentpagereference") | ("apexpages", "currentpage") => {
                Value::obj(self.object(Site::Expr(id), Origin::Org, &ty))
            }
            ("apexpages", "addmessage" | "addmessages") => {
                self.shown(&args, span);
                if self.world.prints_messages {
                    for message in &args {
                        let labels = self.collect(message, span);
                        self.emit(Sink::PageMessage, &labels, span, &Texts::default());
                    }
                }
                Value::default()
            }
            ("id" | "text" | "number" | "boolean" | "dateof" | "object", "adderror") => {
                self.shown(&args, span);
                self.shown_as_html(id, &args, span);
                Value::default()
            }
            ("http", "send") | ("continuation", "addhttprequest") => {
                let answered = self.sent(&first, span);
                let answer = self.fresh(Site::Expr(id), &ty);
                self.write_anywhere(&[answer], &Value::of(answered));
                Value::obj(answer)
            }
            ("webservicecallout", "invoke" | "begininvoke") => {
                self.invoked(&args, span);
                Value::default()
            }
            ("httprequest", "setendpoint") => self.put_own(&own, Part::Address, first, span),
            ("httprequest", "setbody" | "setbodyasblob" | "setbodydocument") => {
                self.put_own(&own, Part::Body, first, span)
            }
            ("httprequest", "setheader") => {
                let value = args.get(1).cloned().unwrap_or_default();
                self.put_own(&own, Part::Header, value, span)
            }
            ("httprequest", "getbody" | "getbodyasblob") => {
                self.read_part(&own, Key::Own(Part::Body), &ty, span)
            }
            ("httprequest", "getendpoint") => self.read_part(&own, Key::Own(Part::Address), &ty, span),
            ("httprequest", _) => Value::default(),
            ("httpresponse", "getstatus" | "getstatuscode" | "getheader" | "getheaderkeys") => {
                Value::default()
            }
            ("messaging", "sendemail") => {
                let labels = self.collect(&first, span);
                self.emit(Sink::Mail, &labels, span, &Texts::default());
                self.mailed(&first, span);
                Value::default()
            }
            ("messaging.singleemailmessage", "settoaddresses" | "setccaddresses" | "setbccaddresses") => {
                self.addressed(&own, &first, span);
                Value::default()
            }
            (
                "messaging.singleemailmessage"
                | "messaging.massemailmessage"
                | "messaging.emailfileattachment",
                _,
            ) => {
                if matches!(
                    method,
                    "setplaintextbody"
                        | "sethtmlbody"
                        | "setsubject"
                        | "setbody"
                        | "setfilename"
                        | "setfileattachments"
                ) {
                    self.put_own(&own, Part::Text, first, span);
                }
                Value::default()
            }
            ("messaging.customnotification", "send") => {
                let labels = self.collect(&own, span);
                self.emit(Sink::Post, &labels, span, &Texts::default());
                Value::default()
            }
            ("messaging.customnotification", "settitle" | "setbody") => {
                self.put_own(&own, Part::Text, first, span)
            }
            ("messaging.customnotification", _) => Value::default(),
            ("eventbus", "publish") => {
                self.saved(&first, span);
                Value::default()
            }
            (
                "database",
                "insert" | "update" | "upsert" | "insertasync" | "updateasync" | "insertimmediate"
                | "updateimmediate",
            ) => {
                self.saved(&first, span);
                Value::default()
            }
            ("database", "query" | "querywithbinds" | "getquerylocator" | "getquerylocatorwithbinds") => {
                let is_text =
                    matches!(arg_ids.first().map(|id| self.ty(*id)), Some(Ty::Text | Ty::Any | Ty::Unknown));
                if !is_text {
                    return first;
                }
                self.asked(&first, span);
                let asked = self.asked_with(&first.texts, self.level(arg_ids, &args));
                let found = self.dynamic_query(&asked, id.into(), span);
                found.unwrap_or_else(|| self.any_records(asked, id))
            }
            ("database" | "search", "countquery" | "countquerywithbinds") => {
                self.asked(&first, span);
                Value::default()
            }
            ("search", "query" | "find") => {
                self.asked(&first, span);
                let asked = self.asked_with(&first.texts, self.level(arg_ids, &args));
                // `find` wraps its results, and what is read of them is not followed so far.
                let found = (method == "query").then(|| self.dynamic_query(&asked, id.into(), span));
                found.flatten().unwrap_or_else(|| Value::obj(self.object(Site::Expr(id), Origin::Org, &ty)))
            }
            ("database", _) => Value::default(),
            ("security", "stripinaccessible") => {
                let value = args.get(1).cloned().unwrap_or_default();
                let kind = arg_ids.first().map_or("", |id| self.file.source.slice(self.file.expr(*id).span));
                if !kind.to_ascii_lowercase().ends_with("readable") {
                    return value;
                }
                // The records that were given stay as they were.
                let copy = self.copied(&value, id, true);
                self.check_all(&copy, span);
                copy
            }
            ("sobjectaccessdecision", "getrecords") => own,
            (
                "cache.org"
                | "cache.session"
                | "cache.partition"
                | "cache.orgpartition"
                | "cache.sessionpartition",
                "put",
            ) => {
                let value = args.get(1).cloned().unwrap_or_default();
                let labels = self.collect(&value, span);
                self.emit(Sink::Cache, &labels, span, &Texts::default());
                Value::default()
            }
            ("json", "serialize" | "serializepretty") => {
                let copy = self.copied(&first, id, true);
                Value { texts: Texts::default(), ..self.stepped(copy, span, Did::Converted) }
            }
            ("json", "deserialize" | "deserializestrict" | "deserializeuntyped" | "createparser") => {
                if !first.objs.is_empty() {
                    return Value { texts: Texts::default(), ..self.stepped(first, span, Did::Converted) };
                }
                let asked = arg_ids.get(1).and_then(|id| match self.file.expr(*id).kind {
                    ExprKind::ClassOf(of) => Some(self.world.resolution.ty(self.file_id, of)),
                    _ => None,
                });
                let ty = asked.unwrap_or(ty);
                if let Some((index, path)) = whole_argument(&first).filter(|_| has_members(&ty)) {
                    let obj = self.object(Site::Expr(id), Origin::Parameter { index, path }, &ty);
                    self.named_members(obj, (index, path), span);
                    return Value::obj(obj);
                }
                let obj = self.fresh(Site::Expr(id), &ty);
                self.came_from_outside(obj);
                let value = Value::of(first.labels.stepped(self.file_id, span, Did::Converted));
                self.write_anywhere(&[obj], &value);
                Value::obj(obj)
            }
            ("type", "forname") => {
                Value { texts: args.last().cloned().unwrap_or_default().texts, ..Value::default() }
            }
            ("typeof" | "type", "newinstance") | ("sobjecttype" | "schema.sobjecttype", "newsobject") => {
                self.made_by_name(&own, id, span)
            }
            (
                "crypto",
                "generatemac" | "sign" | "signwithcertificate" | "encrypt" | "encryptwithmanagediv",
            ) => Value::default(),
            ("userinfo", "getsessionid") => {
                Value::of(Labels::one(Label::Session, step(None, self.file_id, span, Did::Read)))
            }
            ("userinfo" | "test" | "limits" | "schema" | "system" | "site" | "uuid", _) => {
                if ty.is_scalar() {
                    Value::default()
                } else {
                    self.unknown(&[], &ty, span, id)
                }
            }
            ("pagereference", "getparameters") => {
                let map = self.object(Site::Expr(id), Origin::Org, &ty);
                let mark = Value::text("parameters");
                self.write_part(&[map], Key::Own(Part::Parameters), mark);
                Value::obj(map)
            }
            ("pagereference", "getheaders" | "getcookies") => {
                let map = self.object(Site::Expr(id), Origin::Org, &ty);
                self.write_part(&[map], Key::Own(Part::Headers), Value::text("headers"));
                Value::obj(map)
            }
            ("pagereference", "geturl" | "getanchor") if self.came_with_request(&own) => {
                let path = Texts::of("/apex/").then(&Texts::default());
                Value { texts: path, ..self.input(Input::Page, span) }
            }
            ("pagereference", "getcontent" | "getcontentaspdf") => {
                let address = self.read_part(&own, Key::Own(Part::Address), &Ty::Text, span);
                self.rendered(&address.texts, span)
            }
            ("pagereference", _) => Value::obj(self.object(Site::Expr(id), Origin::Org, &ty)),
            ("exceptionof", "getmessage" | "getstacktracestring" | "getdmlmessage") => {
                let value = self.read_part(&own, Key::Own(Part::Text), &ty, span);
                Value { objs: Vec::new(), ..value }
            }
            ("exceptionof", "setmessage" | "initcause") => self.put_own(&own, Part::Text, first, span),
            ("exceptionof", _) => Value::default(),
            ("string", "escapesinglequotes") => {
                let labels = self.collect(&first, span);
                Value { labels: labels.escaped(), objs: Vec::new(), texts: Texts::default() }
            }
            ("string", "valueof") => {
                let labels = self.collect(&first, span);
                Value { labels, objs: Vec::new(), texts: first.texts }
            }
            ("aiplatform.modelsapi" | "connectapi.einsteinllm", _) => {
                self.prompted(method, &args, span);
                self.unknown(&[], &ty, span, id)
            }
            (class, _) if class.starts_with("connectapi.chatter") => {
                for arg in &args {
                    let labels = self.collect(arg, span);
                    self.emit(Sink::Post, &labels, span, &Texts::default());
                }
                Value::default()
            }
            ("url", "getorgdomainurl" | "getsalesforcebaseurl" | "getorgmydomainhostname") => {
                Value::text(crate::OWN_ORG)
            }
            ("url", "getcurrentrequesturl") => {
                Value { texts: Texts::of(crate::OWN_ORG), ..self.input(Input::Page, span) }
            }
            ("urlof", "getquery" | "getref" | "getfile" | "toexternalform") => {
                Value { texts: own.texts, ..Value::of(own.labels) }
            }
            ("urlof", _) => Value { texts: own.texts, ..Value::default() },
            ("text", "escapehtml3" | "escapehtml4" | "escapexml") => {
                self.encoded(&own, span, |known| known.and(Harmless::MARKUP))
            }
            ("text", "unescapehtml3" | "unescapehtml4" | "unescapexml") => {
                self.encoded(&own, span, |known| known.but(Harmless::MARKUP))
            }
            ("text", "escapeecmascript") => self.encoded(&own, span, |known| known.and(Harmless::SCRIPT)),
            ("encodingutil", "urlencode" | "base64encode" | "converttohex") => {
                self.encoded(&first, span, |_| Harmless::ANYWHERE)
            }
            ("encodingutil", "urldecode") => self.encoded(&first, span, |_| Harmless::NOWHERE),
            ("dom.xmlnode" | "dom.document", "addchildelement" | "createrootelement" | "getrootelement") => {
                for arg in &args {
                    self.write_anywhere(&own.objs, arg);
                }
                own
            }
            ("text", _) if matches!(ty, Ty::Number | Ty::Boolean) => Value::default(),
            // What a file's name ends in is no name.
            ("text", "substringafterlast") if first.texts.constants().eq([".".to_owned()]) => {
                Value::default()
            }
            ("text", "replace") => {
                let new = args.get(1).cloned().unwrap_or_default();
                let texts = own.texts.replaced(&first.texts, &new.texts);
                Value { texts, ..self.usual(&own, args, &ty, span, id) }
            }
            ("string", "join") => {
                let texts = self.joined(&first, args.get(1).unwrap_or(&first), span);
                Value { texts, ..self.usual(&own, args, &ty, span, id) }
            }
            ("blobof", "size") => Value::default(),
            _ => self.usual(&own, args, &ty, span, id),
        }
    }

    /// What is read from an argument's text under the name of a patient's field is that field, and what somebody put in.
    fn named_members(&mut self, obj: ObjId, (index, path): (u16, Path), span: Span) {
        let Some(Ty::Class(class)) = self.state.obj(obj).map(|obj| obj.ty.clone()) else { return };
        let Some(class) = self.world.program.class(class) else { return };
        let fields: Vec<FieldId> = self.world.fields.of(class.full_name).collect();
        for field in fields {
            let Some((_, name)) = self.world.fields.name(field) else { continue };
            let key = Key::Member(name);
            let mut labels = Labels::one(Label::Field(field), step(None, self.file_id, span, Did::Read));
            if let Some(path) = path.then(key) {
                let label = Label::Parameter { index, path, otherwise: Otherwise::Nothing };
                labels.add(label, &step(None, self.file_id, span, Did::Read));
            }
            self.write_part(&[obj], key, Value::of(labels));
        }
    }

    /// What nobody put in may be there all the same.
    fn came_from_outside(&mut self, id: ObjId) {
        if let Some(obj) = self.state.obj(id) {
            let outside = crate::value::Obj { origin: Origin::Org, ..obj.as_ref().clone() };
            self.state.set_obj(id, Arc::new(outside));
        }
    }

    /// What is known of no method: what goes in stays in the object, and comes out.
    fn usual(&mut self, of: &Value, args: Vec<Value>, ty: &Ty, span: Span, id: ExprId) -> Value {
        for arg in &args {
            if !arg.is_nothing() && !of.objs.is_empty() {
                let value = self.stored(arg.clone(), span);
                self.write_anywhere(&of.objs, &value);
            }
        }
        self.unknown(&with(of.clone(), args), ty, span, id)
    }

    fn put_own(&mut self, of: &Value, part: Part, value: Value, span: Span) -> Value {
        self.put(of, part, value, span);
        Value::default()
    }

    pub(crate) fn shown(&mut self, args: &[Value], span: Span) {
        for arg in args {
            let labels = self.collect(arg, span);
            self.emit(Sink::ErrorMessage, &labels, span, &Texts::default());
        }
    }

    /// To whom a message goes, beside those that it has already. A recipient is where data goes, and none of it.
    fn addressed(&mut self, message: &Value, addresses: &Value, span: Span) {
        let added = self.read_part(addresses, Key::Element, &Ty::Text, span).texts;
        let mut known = Vec::new();
        for id in &message.objs {
            let part = self.state.obj(*id).and_then(|obj| obj.part(Key::Own(Part::Address)));
            known.extend(part.into_iter().flat_map(|part| part.texts.all().iter().cloned()));
        }
        known.extend(added.all().iter().cloned());
        let texts = Texts::from_all(known);
        self.write_part(&message.objs, Key::Own(Part::Address), Value { texts, ..Value::default() });
    }

    /// What messages hold that go to addresses of the code.
    fn mailed(&mut self, messages: &Value, span: Span) {
        let mut each = self.read_part(messages, Key::Element, &Ty::Unknown, span);
        each.objs.extend(&messages.objs);
        for id in each.objs {
            let own = Value::obj(id);
            let to = self.read_part(&own, Key::Own(Part::Address), &Ty::Text, span).texts;
            if !to.all().is_empty() {
                let labels = self.collect(&own, span);
                self.emit(Sink::MailTo, &labels, span, &to);
            }
        }
    }

    /// A message after which `false` stands is HTML.
    pub(crate) fn shown_as_html(&mut self, id: ExprId, args: &[Value], span: Span) {
        let ExprKind::Call { args: written, .. } = &self.file.expr(id).kind else { return };
        let is_html = is_shown_as_html(self.file, written);
        if let Some(message) = args.len().checked_sub(2).filter(|_| is_html).and_then(|at| args.get(at)) {
            let labels = self.as_text(message, span);
            self.emit(Sink::Markup, &labels, span, &message.texts);
        }
    }

    fn encoded(&mut self, text: &Value, span: Span, change: impl Fn(Harmless) -> Harmless) -> Value {
        let labels = self.collect(text, span);
        Value::of(labels.stepped(self.file_id, span, Did::Converted).encoded(change))
    }

    /// Whether it is the page that was asked for, and none that is made here.
    fn came_with_request(&self, page: &Value) -> bool {
        page.objs.iter().any(|id| self.state.obj(*id).is_some_and(|obj| obj.origin == Origin::Org))
    }

    /// The answer to a question with somebody's data is data of the same.
    fn sent(&mut self, request: &Value, span: Span) -> Labels {
        let mut answered = Labels::default();
        let to = self.read_part(request, Key::Own(Part::Address), &Ty::Text, span);
        for (part, sink) in [
            (Part::Address, Sink::CalloutAddress),
            (Part::Body, Sink::CalloutBody),
            (Part::Header, Sink::CalloutHeader),
        ] {
            let value = self.read_part(request, Key::Own(part), &Ty::Text, span);
            let labels = self.collect(&value, span);
            self.emit(sink, &labels, span, &to.texts);
            answered.join(&labels);
        }
        // Whom the session let in is no part of the answer.
        answered.retain(|label| label != Label::Session);
        answered.stepped(self.file_id, span, Did::Answered)
    }

    /// What a model gets: the name of the model is in the request, or that of the template comes first.
    fn prompted(&mut self, method: &str, args: &[Value], span: Span) {
        let mut labels = Labels::default();
        let mut to = Texts::default();
        for arg in args {
            let own = self.collect(arg, span);
            labels.join(&own);
            for id in crate::value::reachable(&self.state, &arg.objs, &mut self.cuts) {
                let member = self.world.program.names.find("modelname").map(Key::Member);
                let named = self
                    .state
                    .obj(id)
                    .and_then(|obj| obj.part(Key::Own(Part::Address)).or_else(|| obj.part(member?)).cloned());
                if let Some(named) = named.filter(|named| named.texts.0.is_some()) {
                    to = named.texts;
                }
            }
        }
        if method == "generatemessagesforprompttemplate"
            && let Some(template) = args.first()
        {
            to = Texts::of(crate::TEMPLATE).then(&template.texts);
        }
        self.emit(Sink::Model, &labels, span, &to);
    }

    /// The text of a query: what is escaped does no harm between quotes.
    fn asked(&mut self, text: &Value, span: Span) {
        let mut labels = self.collect(text, span);
        let all = text.texts.all();
        if !all.is_empty() && all.iter().all(|text| holes_are_quoted(text)) {
            labels.retain(|label| {
                !matches!(
                    label,
                    Label::Input(Input::Escaped) | Label::Parameter { otherwise: Otherwise::Escaped, .. }
                )
            });
        }
        self.emit(Sink::Query, &labels, span, &text.texts);
    }

    /// A call of a generated stub: the stub, the request, a map for the answer, and where it goes.
    fn invoked(&mut self, args: &[Value], span: Span) {
        let stub = args.first().cloned().unwrap_or_default();
        let names = &self.world.program.names;
        let to =
            names.find("endpoint_x").map(|name| self.read_part(&stub, Key::Member(name), &Ty::Text, span));
        let request = args.get(1).cloned().unwrap_or_default();
        let labels = self.collect(&request, span);
        self.emit(Sink::CalloutBody, &labels, span, &to.unwrap_or_default().texts);
        let answers = args.get(2).map(|map| map.objs.clone()).unwrap_or_default();
        self.write_anywhere(&answers, &Value::of(labels.stepped(self.file_id, span, Did::Answered)));
    }

    /// A job that runs by itself.
    fn start(&mut self, job: &Value, args: &[ExprId], method: &str, span: Span, id: ExprId) -> Value {
        let ty = args.first().map_or(Ty::Unknown, |id| self.ty(*id).clone());
        let methods = self.methods_of(job, &ty, method, 1);
        // What it throws comes to nobody who called.
        let thrown = std::mem::take(&mut self.thrown);
        self.apply(&methods, &[job.clone(), Value::default()], span, id);
        self.thrown = thrown;
        Value::default()
    }

    pub(crate) fn batch(&mut self, job: &Value, span: Span, id: ExprId) -> Value {
        let thrown = std::mem::take(&mut self.thrown);
        let start = self.methods_of(job, &Ty::Unknown, "start", 1);
        let site = |at: u32| if id == ExprId(u32::MAX) { ExprId(u32::MAX - 1 - at) } else { id };
        let scope = self.apply(&start, &[job.clone(), Value::default()], span, site(0));
        let execute = self.methods_of(job, &Ty::Unknown, "execute", 2);
        let known = self.hits.len();
        let own = self.collect(&scope, span);
        self.apply(&execute, &[job.clone(), Value::default(), scope], span, site(1));
        // What becomes of the records of its own query is told of the batch, once: who starts it adds what he hands over.
        if self.method.kind != MethodKind::Job {
            let more = self.hits.split_off(known);
            let is_handed = |hit: &Hit| hit.label.is_symbolic() || !own.has(hit.label);
            self.hits.extend(more.into_iter().filter(is_handed));
        }
        let finish = self.methods_of(job, &Ty::Unknown, "finish", 1);
        self.apply(&finish, &[job.clone(), Value::default()], span, site(2));
        self.thrown = thrown;
        Value::default()
    }

    /// `Type.forName('X').newInstance()`, where the name is constant.
    fn made_by_name(&mut self, of: &Value, id: ExprId, span: Span) -> Value {
        let mut found = Value::default();
        let texts: Vec<String> = of.texts.constants().collect();
        for (index, text) in (0_u32..).zip(texts) {
            if let Some(object) =
                self.world.program.names.find(&text).filter(|name| self.world.program.is_object(*name))
            {
                let record = self.fresh(Site::Part(id, index), &Ty::Record(Some(object)));
                found.join(&Value::obj(record), &mut self.cuts);
                continue;
            }
            let Some(class) = self.world.program.top_class(&text) else { continue };
            let obj = self.fresh(Site::Part(id, index), &Ty::Class(class));
            let constructors = self.world.program.class(class).map_or(&[][..], |class| &class.constructors);
            let plain = constructors
                .iter()
                .copied()
                .find(|id| self.world.program.method(*id).is_some_and(|method| method.parameters.is_empty()));
            if let Some(constructor) = plain {
                self.apply_one(constructor, &[Value::obj(obj)], span, id, true);
            }
            found.join(&Value::obj(obj), &mut self.cuts);
        }
        if found.objs.is_empty() {
            let ty = self.ty(id).clone();
            return self.unknown(&[], &ty, span, id);
        }
        found
    }
}

/// The argument that a text is, whole and as it came: what is read from it has members of its own.
fn whole_argument(text: &Value) -> Option<(u16, Path)> {
    let [Piece::Parameter { index, path }] = text.texts.all().first()?.as_slice() else { return None };
    let mut labels = text.labels.iter();
    let is_it = |label: &Label| {
        *label == Label::Parameter { index: *index, path: *path, otherwise: Otherwise::Nothing }
    };
    let is_only = labels.next().is_some_and(|(label, _)| is_it(label)) && labels.next().is_none();
    (is_only && text.texts.all().len() == 1).then_some((*index, *path))
}

/// Whether members of what is read from a text are told apart; those of lists have names that only the class knows.
fn has_members(ty: &Ty) -> bool {
    matches!(ty, Ty::Class(_) | Ty::Map(_) | Ty::Any)
}

/// Whether everything that is not constant stands between single quotes.
fn holes_are_quoted(text: &[Piece]) -> bool {
    let shown: String = text
        .iter()
        .map(|piece| if let Piece::Text(text) = piece { text.as_ref() } else { crate::HOLE })
        .collect();
    crate::is_quoted(&shown)
}

/// Whether each of these texts ends behind a single quote that is not closed.
pub(crate) fn is_within_quotes(texts: &[Vec<Piece>]) -> bool {
    let is_open = |text: &Vec<Piece>| {
        let parts = text
            .iter()
            .filter_map(|piece| if let Piece::Text(text) = piece { Some(text.as_ref()) } else { None });
        let shown: String = parts.collect();
        crate::is_quoted(&format!("{shown}{}", crate::HOLE))
    };
    !texts.is_empty() && texts.iter().all(is_open)
}

/// `addError(message, false)`
pub fn is_shown_as_html(file: &File, args: &[ExprId]) -> bool {
    let last = args.last().filter(|_| args.len() > 1);
    last.is_some_and(|last| matches!(file.expr(*last).kind, ExprKind::Literal(Literal::False)))
}

/// Where a member of an input or message belongs.
fn own_part(class: &str, member: &str) -> Part {
    match (class, member) {
        ("httprequest", "endpoint") => Part::Address,
        ("httprequest", "body") => Part::Body,
        (_, "modelname" | "model") => Part::Address,
        _ => Part::Text,
    }
}
