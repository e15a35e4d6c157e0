//! Any bytes: the tree prints as it was read and every span lies in the text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use sfdx::xml::Tree;
use source::Source;

fuzz_target!(|bytes: &[u8]| {
    let (source, _) = Source::decode("any.xml", bytes.to_vec(), None);
    let (tree, _) = Tree::parse(source.clone());
    assert!(tree.print() == source.text());
    for element in tree.root().into_iter().flat_map(|root| std::iter::once(root).chain(root.descendants())) {
        let span = element.text_span();
        assert!(source.text().get(span.start as usize..span.end as usize).is_some());
        let _ = (element.text(), element.attribute("xsi:nil"));
    }
    for comment in tree.comments() {
        let _ = (comment.text(), comment.next_element());
    }
});
