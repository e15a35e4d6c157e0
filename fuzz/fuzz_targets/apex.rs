//! Any bytes: every span lies in the text, every part in its whole, and the program is linked and resolved.
#![no_main]

use apex::ast::{ExprId, StmtId};
use apex::{FileId, MethodId, NoSchema, link, parse, resolve};
use libfuzzer_sys::fuzz_target;
use source::{Source, Span};

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    // A zero byte parts the files of a project.
    let sources = text.split('\0').map(|text| Source::new("Any.cls", text)).collect();
    let (files, names) = parse(sources);
    for file in &files {
        let text = file.source.text();
        let fits = |span: Span| text.get(span.start as usize..span.end as usize).is_some();
        let inside = |inner: Span, outer: Span| outer.start <= inner.start && inner.end <= outer.end;
        for (id, own) in (0_u32..).map(ExprId).zip(&file.exprs) {
            assert!(fits(own.span));
            assert!(file.parts(id).iter().all(|part| inside(file.expr(*part).span, own.span)));
            let _ = file.literal_text(id);
        }
        for (id, own) in (0_u32..).map(StmtId).zip(&file.stmts) {
            assert!(fits(own.span));
            let (stmts, exprs) = file.below(id);
            assert!(stmts.iter().all(|part| inside(file.stmt(*part).span, own.span)));
            assert!(exprs.iter().all(|part| inside(file.expr(*part).span, own.span)));
        }
        assert!(file.types.iter().all(|own| fits(own.span)));
        assert!(file.decls.iter().all(|own| fits(own.span)));
        assert!(file.problems.iter().all(|(span, message)| fits(*span) && !message.is_empty()));
    }
    let program = link(files, names, &NoSchema);
    let resolution = resolve(&program, &NoSchema);
    for (id, file) in (0_u32..).map(FileId).zip(&program.files) {
        for at in 0..u32::try_from(file.exprs.len()).unwrap_or(0) {
            let _ = resolution.expr(id, ExprId(at));
        }
    }
    for id in (0..u32::try_from(program.methods.len()).unwrap_or(0)).map(MethodId) {
        let _ = (program.method_name(id), resolution.frame(id));
    }
});
