use crate::{FolderLimits, Position, Source, Span, plain, read_folder};

#[test]
fn positions_count_lines_and_characters_from_one() {
    let source = Source::new("a.xml", "é<a>\n  <b/>\r\n");
    assert_eq!(source.position(0), Position::START);
    assert_eq!(source.position(2), Position { line: 1, column: 2 });
    assert_eq!(source.position(8), Position { line: 2, column: 3 });
    assert_eq!(source.line(2), "  <b/>");
    assert_eq!(source.line(9), "");
    assert_eq!(source.line_count(), 3);
}

#[test]
fn a_span_that_does_not_fit_yields_nothing() {
    let source = Source::new("a", "é");
    assert_eq!(source.slice(Span::new(1, 2)), "");
    assert_eq!(source.slice(Span::new(0, 99)), "");
    assert_eq!(source.position(99).line, 1);
}

#[test]
fn marked_encodings_are_read_and_bad_bytes_have_a_line() {
    let (source, problem) = Source::decode("u8", b"\xef\xbb\xbfhello".to_vec(), None);
    assert_eq!((source.text(), problem), ("hello", None));

    let utf16: Vec<u8> =
        [0xff, 0xfe].into_iter().chain("hé".encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let (source, problem) = Source::decode("u16", utf16, None);
    assert_eq!((source.text(), problem), ("hé", None));

    let (source, problem) = Source::decode("latin", b"caf\xe9".to_vec(), Some("ISO-8859-1"));
    assert_eq!((source.text(), problem), ("café", None));

    let (source, problem) = Source::decode("bad", b"ok\nb\xff\xfed".to_vec(), None);
    let problem = problem.unwrap();
    assert_eq!((problem.code, problem.position.unwrap().line), ("bad-encoding", 2));
    assert!(source.text().ends_with('d'));
}

#[test]
fn debug_output_holds_no_text() {
    assert!(!format!("{:?}", Source::new("a", "123-45-6789")).contains("6789"));
}

#[test]
fn a_folder_is_read_sorted_and_links_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("b")).unwrap();
    std::fs::write(dir.path().join("b/z.yaml"), "z").unwrap();
    std::fs::write(dir.path().join("a.yaml"), "a").unwrap();
    std::fs::write(dir.path().join("a.txt"), "no").unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink(dir.path(), dir.path().join("loop")).unwrap();
    let (sources, problems) = read_folder(dir.path(), &["yaml"], FolderLimits::default()).unwrap();
    let paths: Vec<_> = sources.iter().map(Source::path).collect();
    assert_eq!(paths, ["a.yaml", "b/z.yaml"]);
    #[cfg(unix)]
    assert_eq!(problems[0].code, "link-not-followed");
}

#[test]
fn a_folder_has_a_limit_as_a_whole() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["a.yaml", "b.yaml", "c.yaml"] {
        std::fs::write(dir.path().join(name), "12345").unwrap();
    }
    let limits = FolderLimits { bytes: 12, ..FolderLimits::default() };
    let (sources, problems) = read_folder(dir.path(), &["yaml"], limits).unwrap();
    assert_eq!(sources.len(), 2);
    assert_eq!((problems[0].code, problems[0].path.as_str()), ("folder-too-large", "c.yaml"));
}

#[test]
fn what_could_steer_a_terminal_is_replaced() {
    assert_eq!(plain("a\u{1b}[31mb\nc\u{202e}d"), "a\u{fffd}[31mb\u{fffd}c\u{fffd}d");
    assert_eq!(plain("Größe 12"), "Größe 12");
}
