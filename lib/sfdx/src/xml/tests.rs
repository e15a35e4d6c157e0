use std::fmt::Write;

use proptest::prelude::*;
use source::{Position, Source};

use super::{DEPTH_LIMIT, ELEMENT_LIMIT, Tree};

fn parse(text: &str) -> (Tree, Vec<source::Problem>) {
    let (tree, problems) = Tree::parse(Source::new("a.xml", text));
    assert_eq!(tree.print(), text);
    (tree, problems)
}

fn clean(text: &str) -> Tree {
    let (tree, problems) = parse(text);
    assert_eq!(problems, []);
    tree
}

#[test]
fn a_cursor_walks_and_knows_its_places() {
    let text = "<?xml version=\"1.0\"?>\n<A xmlns=\"x\">\n  <b>one</b>\n  <c><d> two </d><d/></c>\n  <b>three</b>\n</A>\n";
    let tree = clean(text);
    let root = tree.root().unwrap();
    assert_eq!((root.name(), root.children().count(), tree.len()), ("A", 3, 6));
    assert_eq!(root.attribute("xmlns").as_deref(), Some("x"));
    assert_eq!(root.values("b").map(|value| value.to_string()).collect::<Vec<_>>(), ["one", "three"]);
    assert_eq!(
        root.descendants().map(|element| element.name()).collect::<Vec<_>>(),
        ["b", "c", "d", "d", "b"]
    );

    let d = root.path("c/d").unwrap();
    let slice = |span| tree.source().slice(span);
    assert_eq!(slice(d.span()), "<d> two </d>");
    assert_eq!(slice(d.start_tag_span()), "<d>");
    assert_eq!(slice(d.name_span()), "d");
    assert_eq!(slice(d.inner_span()), " two ");
    assert_eq!(slice(d.text_span()), "two");
    assert_eq!(d.text(), "two");
    assert_eq!(d.parent().unwrap().name(), "c");
    assert_eq!(d.ancestors().map(|element| element.name()).collect::<Vec<_>>(), ["c", "A"]);
    assert_eq!(root.parent(), None);
    assert_eq!(tree.source().position(d.span().start), Position { line: 4, column: 6 });
    assert_eq!(tree.element_at(d.text_span().start), Some(d));
    assert_eq!(tree.element(d.index()), Some(d));
    assert_eq!(root.path("c/x"), None);
}

#[test]
fn values_are_decoded_and_trimmed() {
    let tree = clean(
        "<A><t>\n a &lt;b&gt; &amp; &quot;&apos;&#65;&#x42; </t><c>x<![CDATA[ <&> ]]>y</c>\
         <m>before <n>in</n> after</m><e>  </e><k>1<!-- no -->2</k></A>",
    );
    let root = tree.root().unwrap();
    let text = |name| root.value(name).unwrap().to_string();
    assert_eq!(text("t"), "a <b> & \"'AB");
    assert_eq!(text("c"), "x <&> y");
    assert_eq!(text("m"), "before  after");
    assert_eq!(text("e"), "");
    assert_eq!(text("k"), "12");
    assert!(root.child("e").unwrap().text_span().is_empty());
}

#[test]
fn flags_and_numbers_are_read_strictly() {
    let tree = clean(
        "<A xmlns:xsi=\"i\"><t> true </t><f>false</f><o>yes</o><n>42</n><z xsi:nil=\"true\"/><q a='>'>1</q></A>",
    );
    let root = tree.root().unwrap();
    assert_eq!((root.flag("t"), root.flag("f")), (Some(true), Some(false)));
    assert_eq!((root.flag("o"), root.flag("missing")), (None, None));
    assert_eq!(root.value("n").unwrap().number(), Some(42));
    assert!(root.value("z").is_none());
    assert_eq!((root.flag("q"), root.child("q").unwrap().attribute("a").as_deref()), (Some(true), Some(">")));
}

#[test]
fn comments_are_reachable() {
    let tree = clean("<!-- head --><A><b/><!-- phiward: allow x --><c><!--in--></c></A>");
    let texts: Vec<_> = tree.comments().map(|comment| comment.text()).collect();
    assert_eq!(texts, ["head", "phiward: allow x", "in"]);
    let comment = tree.comments().nth(1).unwrap();
    assert_eq!(tree.source().slice(comment.span()), "<!-- phiward: allow x -->");
    assert_eq!(comment.next_element().unwrap().name(), "c");
    assert_eq!(comment.parent().unwrap().name(), "A");
    assert_eq!(tree.comments().next().unwrap().next_element().unwrap().name(), "A");
    let c = tree.root().unwrap().child("c").unwrap();
    assert_eq!(c.comments().map(|comment| comment.text()).collect::<Vec<_>>(), ["in"]);
}

#[test]
fn a_cut_file_keeps_what_came_before() {
    let (tree, problems) = parse("<A>\n<b>1</b>\n<c><d>2</d>\n");
    assert_eq!(tree.root().unwrap().value("c/d").unwrap(), "2");
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].code, "malformed-xml");
    assert_eq!(problems[0].position.unwrap().line, 4);
    assert!(problems[0].message.contains("`<c>` of line 3"), "{}", problems[0].message);

    let (tree, problems) = parse("<A><b>1</b><c att=\"");
    assert_eq!(tree.root().unwrap().value("b").unwrap(), "1");
    assert!(problems[0].message.contains("inside a tag"), "{}", problems[0].message);
    let (_, problems) = parse("<A><!-- never");
    assert!(problems[0].message.contains("inside a comment"), "{}", problems[0].message);
    let (_, problems) = parse("");
    assert_eq!(problems[0].message, "no element in the file");
}

#[test]
fn tags_that_do_not_match_are_told_with_their_line() {
    let (tree, problems) = parse("<A>\n<b>1</c>\n<d>2</d>\n</A>");
    assert_eq!(problems.len(), 2);
    assert_eq!(problems[0].message, "`</c>` closes nothing");
    assert_eq!(problems[1].message, "`<b>` is not closed before `</A>`");
    assert_eq!(problems.iter().map(|p| p.position.unwrap().line).collect::<Vec<_>>(), [2, 2]);
    assert_eq!(tree.root().unwrap().value("b/d").unwrap(), "2");

    let (tree, problems) = parse("<A/><B><c/></B>tail");
    assert_eq!((tree.len(), problems.len()), (1, 2));
    assert_eq!(problems[0].message, "a second outermost element");
    assert_eq!(problems[1].message, "text outside the outermost element");

    let (_, problems) = parse("<A>a & b</A>");
    assert_eq!(problems[0].message, "`&` must be written `&amp;`");
}

#[test]
fn no_entity_is_expanded() {
    let mut bomb = String::from("<!DOCTYPE A [<!ENTITY a0 \"ha\">");
    for level in 1..30 {
        let inner = format!("&a{};", level - 1).repeat(10);
        write!(bomb, "<!ENTITY a{level} \"{inner}\">").unwrap();
    }
    bomb.push_str("]><A><b>&a29;</b><c>&xxe;</c><d>1</d></A>");
    let (tree, problems) = parse(&bomb);
    assert_eq!(problems[0].code, "doctype-refused");
    assert!(problems[1..].iter().all(|problem| problem.code == "unknown-entity"));
    assert_eq!(tree.root().unwrap().value("b").unwrap(), "&a29;");
    assert_eq!(tree.root().unwrap().value("d").unwrap(), "1");
}

#[test]
fn depth_is_bounded_and_needs_no_stack() {
    let depth = 100_000;
    let text = format!("{}x{}", "<a>".repeat(depth), "</a>".repeat(depth));
    let (tree, problems) = parse(&text);
    assert_eq!(tree.len(), DEPTH_LIMIT);
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].code, "xml-too-deep");
    let (_, problems) = parse(&"<a>".repeat(depth));
    assert!(problems.len() < 20);
}

#[test]
fn the_number_of_elements_is_bounded() {
    let text = format!("<r>{}<b>x</b></r>", "<a/>".repeat(ELEMENT_LIMIT));
    let (tree, problems) = Tree::parse(Source::new("a.xml", text));
    assert_eq!(tree.len(), ELEMENT_LIMIT);
    assert!(problems.iter().all(|problem| problem.code == "xml-too-large") && !problems.is_empty());
}

#[test]
fn a_byte_order_mark_moves_no_place() {
    let text = "\u{feff}<A><b>é</b></A>";
    let tree = clean(text);
    let b = tree.root().unwrap().child("b").unwrap();
    assert_eq!(tree.source().slice(b.span()), "<b>é</b>");
}

#[test]
fn a_nul_is_told_and_a_name_of_any_length_is_cut_in_the_message() {
    let (_, problems) = parse("<A>\nx\0y</A>");
    assert_eq!((problems[0].code, problems[0].position.unwrap().line), ("bad-character", 2));
    let (_, problems) = parse("<A>\tx\u{b}</A>");
    assert_eq!((problems[0].code, problems[0].position.unwrap().column), ("bad-character", 6));
    let (tree, problems) = parse("<A>\n<b xsi:nil></b><c a='1' a='2'/><d e/></A>");
    assert_eq!((tree.len(), problems.len()), (4, 3));
    assert_eq!(problems[0].message, "an attribute of `<b>` is not well-formed");
    let (_, problems) = parse(&format!("<A></{}></A>", "n".repeat(5_000)));
    assert!(problems[0].message.len() < 100);
}

#[test]
fn debug_output_holds_no_text() {
    let tree = clean("<A><b>123-45-6789</b></A>");
    let root = tree.root().unwrap();
    let shown = format!("{tree:?} {root:?} {:?}", root.value("b"));
    assert!(!shown.contains("6789"));
}

fn check(text: &str) {
    let (tree, _) = Tree::parse(Source::new("any", text));
    assert_eq!(tree.print(), text);
    let mut before = 0;
    for element in tree.root().into_iter().flat_map(|root| std::iter::once(root).chain(root.descendants())) {
        let parts = [
            element.span(),
            element.name_span(),
            element.inner_span(),
            element.text_span(),
            element.start_tag_span(),
        ];
        for part in parts {
            assert!(part.start <= part.end, "{part:?}");
            assert!(text.get(part.start as usize..part.end as usize).is_some(), "{part:?}");
            assert!(element.span().start <= part.start && part.end <= element.span().end);
        }
        assert!(element.span().start >= before);
        before = element.span().start;
        if let Some(parent) = element.parent() {
            let (inner, own) = (parent.inner_span(), element.span());
            assert!(inner.start <= own.start && own.end <= inner.end);
        }
        let _ = (element.text(), element.attribute("a"), element.comments().count());
    }
    for comment in tree.comments() {
        let _ = (comment.text(), comment.next_element());
        assert!(text.get(comment.span().start as usize..comment.span().end as usize).is_some());
    }
}

/// Pieces that meet the reader's edges far more often than random bytes do.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "<a>",
        "</a>",
        "<b x='1'>",
        "</b>",
        "<c/>",
        "<",
        ">",
        "/",
        "&",
        "&amp;",
        "&#x;",
        "&#65;",
        "&z;",
        ";",
        "<!--",
        "-->",
        "<!-->",
        "<![CDATA[",
        "]]>",
        "<?",
        "?>",
        "<?xml ",
        "<!DOCTYPE a [",
        "]>",
        "<!ENTITY",
        "'",
        "\"",
        "=",
        " ",
        "\n",
        "é",
        "\u{feff}",
        "\0",
        "text",
        "<!",
        "</",
        "</>",
        "<>",
        "< a>",
        "<a/ >",
        "</ a>",
        "<a\n>",
    ]);
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_print_as_they_were(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let (source, _) = Source::decode("any", bytes, None);
        check(source.text());
    }

    #[test]
    fn any_markup_prints_as_it_was(text in pieces()) {
        check(&text);
    }
}
