use proptest::prelude::*;

use super::layout::{Block, Layout, Rect};
use super::measure::{width, wrap};
use super::*;

fn node(id: &str, title: &str) -> Node {
    Node {
        id: id.into(),
        title: title.into(),
        lines: vec!["3 PHI fields".into(), "encrypted: 1 of 3".into()],
    }
}

fn zone(side: Side, title: &str, nodes: Vec<Node>) -> Zone {
    Zone { side, title: title.into(), note: "region us".into(), nodes }
}

fn card(from: &[&str], to: &[&str], standing: Standing, title: &str) -> Card {
    Card {
        from: from.iter().map(|id| (*id).to_owned()).collect(),
        to: to.iter().map(|id| (*id).to_owned()).collect(),
        standing,
        title: title.into(),
        lines: vec!["PHI: name, date of birth".into(), "https, ground: baa".into()],
    }
}

fn small() -> Chart {
    Chart {
        title: "Where patient data goes".into(),
        description: "One org and two receivers.".into(),
        zones: vec![
            zone(Side::People, "People", vec![node("staff", "Staff"), node("guest", "Guests")]),
            zone(
                Side::Org,
                "Salesforce org production",
                vec![node("p", "Patient__c"), node("v", "Visit__c")],
            ),
            zone(Side::Party, "North Lab GmbH", vec![node("lab", "api.northlab.example")]),
            zone(Side::Unknown, "Undeclared", vec![node("x", "collect.stranger.example")]),
        ],
        cards: vec![
            card(&["staff"], &["p", "v"], Standing::Sees, "work with records"),
            card(&["guest"], &["v"], Standing::Sees, "see Visit__c"),
            card(&["p", "v"], &["lab"], Standing::Both, "lab-quality: operations"),
            card(&["v"], &["lab"], Standing::Declared, "lab-results: treatment"),
            card(&["p"], &["x"], Standing::Undeclared, "outbound message"),
        ],
    }
}

fn overlap(a: Rect, b: Rect) -> bool {
    a.x < b.right() && b.x < a.right() && a.y < b.bottom() && b.y < a.bottom()
}

fn within(inner: Rect, outer: Rect) -> bool {
    inner.x >= outer.x
        && inner.right() <= outer.right()
        && inner.y >= outer.y
        && inner.bottom() <= outer.bottom()
}

fn text_rects(block: &Block) -> impl Iterator<Item = Rect> {
    block.text.iter().map(|text| Rect {
        x: text.x,
        y: text.y - text.size,
        width: width(&text.text, text.size, text.bold),
        height: text.size + 3,
    })
}

/// What a reader must be able to rely on, whatever the chart.
fn check(chart: &Chart) {
    let layout = Layout::of(chart);
    let view = Rect { x: 0, y: 0, width: layout.width, height: layout.height };
    let boxes: Vec<&Block> = layout.nodes.iter().chain(&layout.cards).collect();
    for (at, one) in boxes.iter().enumerate() {
        assert!(within(one.rect, view), "{one:?} lies in the picture");
        for other in boxes.iter().skip(at + 1) {
            assert!(!overlap(one.rect, other.rect), "{one:?} lies on {other:?}");
        }
    }
    for (at, one) in layout.zones.iter().enumerate() {
        assert!(within(one.rect, view));
        for other in layout.zones.iter().skip(at + 1) {
            assert!(!overlap(one.rect, other.rect), "{one:?} lies on {other:?}");
        }
        for card in &layout.cards {
            assert!(!overlap(one.rect, card.rect), "{one:?} lies on {card:?}");
        }
        // A zone's heading is not written over what stands in it.
        for text in text_rects(one) {
            assert!(layout.nodes.iter().all(|node| !overlap(text, node.rect)), "{one:?}");
        }
    }
    for node in &layout.nodes {
        assert_eq!(layout.zones.iter().filter(|zone| within(node.rect, zone.rect)).count(), 1, "{node:?}");
    }
    for block in layout.zones.iter().chain(boxes.iter().copied()) {
        let texts: Vec<Rect> = text_rects(block).collect();
        for (at, text) in texts.iter().enumerate() {
            assert!(within(*text, block.rect), "{:?} sticks out of {:?}", block.text[at], block.rect);
            assert!(texts.iter().skip(at + 1).all(|other| !overlap(*text, *other)), "{block:?}");
        }
    }
    for line in &layout.lines {
        let (b1, b2) = line.bend;
        assert!(line.from.0 <= b1 && b1 < b2 && b2 <= line.to.0, "{line:?} runs from left to right");
        // Between the bends it may be anywhere in the gutter; outside them it is level.
        let gutter = Rect {
            x: b1,
            y: line.from.1.min(line.to.1),
            width: b2 - b1,
            height: (line.from.1 - line.to.1).abs().max(1),
        };
        let straight = [
            Rect { x: line.from.0, y: line.from.1, width: b1 - line.from.0, height: 1 },
            Rect { x: b2, y: line.to.1, width: line.to.0 - b2, height: 1 },
        ];
        for part in std::iter::once(gutter).chain(straight).filter(|part| part.width > 0) {
            assert!(boxes.iter().all(|block| !overlap(part, block.rect)), "{line:?} runs over a box");
        }
    }
    let legend = layout.legend.iter().map(|(_, rect)| *rect);
    for rect in legend {
        assert!(within(rect, view));
        assert!(layout.zones.iter().chain(&layout.cards).all(|block| !overlap(rect, block.rect)));
    }
    assert_eq!(layout, Layout::of(chart), "the same chart gives the same picture");
}

#[test]
fn boxes_and_labels_keep_apart() {
    check(&small());
    check(&Chart::default());
}

#[test]
fn sixty_receivers_are_still_readable() {
    let mut chart = small();
    for at in 0..60 {
        let id = format!("party-{at}");
        chart.zones.push(zone(Side::Party, &format!("Party number {at} of many"), vec![node(&id, &id)]));
        chart.cards.push(card(&[["p", "v"][at % 2]], &[&id], Standing::Declared, &format!("flow-{at}")));
    }
    check(&chart);
}

#[test]
fn every_flow_that_joins_two_boxes_is_drawn() {
    let layout = Layout::of(&small());
    assert_eq!(layout.lines.len(), 3 + 2 + 3 + 2 + 2);
    assert_eq!(layout.legend.len(), 4);
}

#[test]
fn names_wrap_and_never_vanish_silently() {
    let long = "VeryLongManagedPackage__ExtremelyDescriptiveObjectName__c";
    let lines = wrap(long, 150, 14, true, 9);
    assert_eq!(lines.concat(), long);
    assert!(lines.iter().all(|line| width(line, 14, true) <= 150));
    let cut = wrap(&"word ".repeat(200), 150, 14, false, 4);
    assert_eq!(cut.len(), 4);
    assert!(cut[3].ends_with('…'));
    assert_eq!(wrap("", 100, 13, false, 4), Vec::<String>::new());
}

#[test]
fn the_picture_has_a_name_and_holds_no_markup_of_strangers() {
    let mut chart = small();
    chart.zones[3].nodes[0].title = "</text><script>alert(1)</script>\"'&".into();
    chart.cards[4].title = "]]><img src=x onerror=alert(1)>".into();
    let svg = standalone(&chart);
    assert!(!svg.contains("<script") && !svg.contains("<img"));
    assert!(svg.contains("role=\"img\" aria-labelledby=\"chart-title chart-desc\""));
    assert!(svg.contains("<title id=\"chart-title\">Where patient data goes</title>"));
    assert!(svg.contains("[found, not declared]"), "in words, not by colour alone");
    for line in mermaid(&chart).lines() {
        assert!(!line.contains("<script") && !line.contains("<img"), "{line}");
        assert_eq!(line.matches('"').count() % 2, 0, "{line}");
    }
}

#[test]
fn mermaid_names_every_box_and_flow() {
    let text = mermaid(&small());
    assert!(text.starts_with("flowchart LR\n"));
    assert_eq!(text.matches("subgraph ").count(), 4);
    assert_eq!(text.matches("==>").count(), 1);
    assert_eq!(text.matches("-.->").count(), 1);
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-zA-Z_]{1,12}", "[A-Za-z_.]{30,120}", "\\PC{0,60}", "(\\PC| ){0,200}"]
}

fn any_chart() -> impl Strategy<Value = Chart> {
    let side = prop_oneof![
        Just(Side::People),
        Just(Side::Org),
        Just(Side::Party),
        Just(Side::Model),
        Just(Side::Unknown)
    ];
    let standing = prop_oneof![
        Just(Standing::Both),
        Just(Standing::Declared),
        Just(Standing::Undeclared),
        Just(Standing::Address)
    ];
    let zones = prop::collection::vec((side, any_text(), prop::collection::vec(any_text(), 0..6)), 0..9);
    let cards = prop::collection::vec((any_text(), standing, any::<[prop::sample::Index; 3]>()), 0..16);
    (zones, cards).prop_map(|(zones, cards)| {
        let mut chart = Chart { title: "t".into(), description: "d".into(), ..Chart::default() };
        let mut sides = Vec::new();
        for (side, title, nodes) in zones {
            let nodes: Vec<Node> = nodes
                .into_iter()
                .map(|title| {
                    sides.push((side, format!("n{}", sides.len())));
                    Node { id: format!("n{}", sides.len() - 1), title: title.clone(), lines: vec![title] }
                })
                .collect();
            chart.zones.push(Zone { side, title: title.clone(), note: title, nodes });
        }
        // Flows go from people to the org, and from the org outward.
        let people: Vec<_> = sides.iter().filter(|(side, _)| *side == Side::People).collect();
        let org: Vec<_> = sides.iter().filter(|(side, _)| *side == Side::Org).collect();
        let outside: Vec<_> = sides.iter().filter(|(side, _)| *side > Side::Org).collect();
        for (title, standing, [a, b, c]) in cards {
            let inward = a.index(2) == 0;
            let (from, to) = if inward { (&people, &org) } else { (&org, &outside) };
            if from.is_empty() || to.is_empty() {
                continue;
            }
            chart.cards.push(Card {
                from: vec![b.get(from).1.clone()],
                to: vec![c.get(to).1.clone()],
                standing,
                title: title.clone(),
                lines: vec![title],
            });
        }
        chart
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_overlaps_in_any_chart(chart in any_chart()) {
        check(&chart);
        let svg = standalone(&chart);
        prop_assert_eq!(svg.matches("<text").count(), svg.matches("</text>").count());
    }
}
