use std::collections::BTreeMap;

use super::measure::wrap;
use super::{Chart, Node, Side, Standing, Zone};

/// Pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rect {
    pub(crate) x: i32,
    pub(crate) y: i32,
    pub(crate) width: i32,
    pub(crate) height: i32,
}

impl Rect {
    pub(crate) const fn right(self) -> i32 {
        self.x + self.width
    }

    pub(crate) const fn bottom(self) -> i32 {
        self.y + self.height
    }

    const fn middle(self) -> i32 {
        self.y + self.height / 2
    }
}

/// A chart, placed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) width: i32,
    pub(crate) height: i32,
    pub(crate) zones: Vec<Block>,
    pub(crate) nodes: Vec<Block>,
    pub(crate) cards: Vec<Block>,
    pub(crate) lines: Vec<Line>,
    /// The styles of line that occur, in the order of the legend.
    pub(crate) legend: Vec<(Standing, Rect)>,
}

/// A box with its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) rect: Rect,
    pub(crate) text: Vec<Text>,
    pub(crate) side: Option<Side>,
    pub(crate) standing: Option<Standing>,
}

/// A line of text, its base line at `y`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Text {
    pub(crate) x: i32,
    pub(crate) y: i32,
    pub(crate) text: String,
    pub(crate) size: i32,
    pub(crate) bold: bool,
    pub(crate) quiet: bool,
}

/// A line from the right side of one box to the left side of another: straight to `bend.0`, in a curve to
/// `bend.1`, straight to the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) from: (i32, i32),
    pub(crate) bend: (i32, i32),
    pub(crate) to: (i32, i32),
    pub(crate) standing: Standing,
    pub(crate) arrow: bool,
}

const MARGIN: i32 = 16;
const GUTTER: i32 = 46;
/// From a zone's border to the boxes in it.
const PADDING: i32 = 12;
/// From a box's border to its text.
const INSET: i32 = 10;
const GAP: i32 = 14;
const ZONE_GAP: i32 = 22;
const TITLE: i32 = 14;
const BODY: i32 = 13;
const LEADING: i32 = 18;
const MOST_LINES: usize = 4;

/// What stands in one column, from above to below. A column of cards has one entry a card, a column of zones one a
/// zone.
#[derive(Debug, Default)]
struct Column {
    x: i32,
    width: i32,
    items: Vec<Item>,
}

#[derive(Debug)]
struct Item {
    height: i32,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// Position in `Chart::cards`.
    Card(usize),
    /// Position in `Chart::zones`, and the order of its nodes.
    Zone(usize, Vec<usize>),
}

/// Where something stands in its column, as a rank of the whole column; and once placed, its middle.
type Places<K> = BTreeMap<K, i32>;

impl Layout {
    pub(crate) fn of(chart: &Chart) -> Self {
        let zone_of: BTreeMap<&str, Side> = chart
            .zones
            .iter()
            .flat_map(|zone| zone.nodes.iter().map(move |node| (node.id.as_str(), zone.side)))
            .collect();
        let into_org = |card: usize| {
            let to = chart.cards.get(card).and_then(|card| card.to.first());
            to.and_then(|id| zone_of.get(id.as_str())).is_some_and(|side| *side == Side::Org)
        };
        let cards = |inward: bool| (0..chart.cards.len()).filter(move |card| into_org(*card) == inward);
        let zones = |wanted: fn(Side) -> bool| {
            chart
                .zones
                .iter()
                .enumerate()
                .filter(move |(_, zone)| wanted(zone.side))
                .map(|(at, zone)| Kind::Zone(at, (0..zone.nodes.len()).collect()))
        };
        let mut columns: Vec<(i32, Vec<Kind>)> = vec![
            (150, zones(|side| side == Side::People).collect()),
            (160, cards(true).map(Kind::Card).collect()),
            (196, zones(|side| side == Side::Org).collect()),
            (210, cards(false).map(Kind::Card).collect()),
            (216, zones(|side| side > Side::Org).collect()),
        ];
        columns.retain(|(_, kinds)| !kinds.is_empty());

        let mut x = MARGIN;
        let mut placed = Vec::new();
        for (width, kinds) in columns {
            let items =
                kinds.into_iter().map(|kind| Item { height: height(chart, &kind, width), kind }).collect();
            placed.push(Column { x, width, items });
            x += width + GUTTER;
        }
        let width = (x - GUTTER + MARGIN).max(520);
        let mut this = Self {
            width,
            height: 0,
            zones: Vec::new(),
            nodes: Vec::new(),
            cards: Vec::new(),
            lines: Vec::new(),
            legend: Vec::new(),
        };
        order(chart, &mut placed);
        let tops = stack(chart, &placed);
        let mut boxes: BTreeMap<&str, (Rect, i32)> = BTreeMap::new();
        let mut card_boxes: BTreeMap<usize, Rect> = BTreeMap::new();
        for (column, tops) in placed.iter().zip(&tops) {
            for (item, top) in column.items.iter().zip(tops) {
                let rect = Rect { x: column.x, y: *top, width: column.width, height: item.height };
                match &item.kind {
                    Kind::Card(at) => {
                        card_boxes.insert(*at, rect);
                    }
                    Kind::Zone(at, nodes) => this.place_zone(chart, *at, nodes, rect, &mut boxes),
                }
            }
        }
        for (at, card) in chart.cards.iter().enumerate() {
            if let Some(rect) = card_boxes.get(&at) {
                let (text, _) = card_text(card, rect.x, rect.y, rect.width);
                this.cards.push(Block { rect: *rect, text, side: None, standing: Some(card.standing) });
            }
        }
        this.connect(chart, &boxes, &card_boxes);
        let all = this.zones.iter().chain(&this.cards);
        let bottom = all.map(|block| block.rect.bottom()).max().unwrap_or(MARGIN);
        this.height = this.place_legend(chart, bottom + ZONE_GAP) + MARGIN;
        this
    }

    fn place_zone<'c>(
        &mut self,
        chart: &'c Chart,
        at: usize,
        order: &[usize],
        rect: Rect,
        boxes: &mut BTreeMap<&'c str, (Rect, i32)>,
    ) {
        let Some(zone) = chart.zones.get(at) else { return };
        let (text, mut y) = zone_text(zone, rect.x, rect.y, rect.width);
        self.zones.push(Block { rect, text, side: Some(zone.side), standing: None });
        for node in order.iter().filter_map(|at| zone.nodes.get(*at)) {
            let (x, width) = (rect.x + PADDING, rect.width - 2 * PADDING);
            let (text, bottom) = node_text(node, x, y, width);
            let own = Rect { x, y, width, height: bottom - y };
            boxes.insert(&node.id, (own, rect.x));
            self.nodes.push(Block { rect: own, text, side: Some(zone.side), standing: None });
            y = bottom + GAP;
        }
    }

    /// Lines leave and reach a box at points of their own, in the order of what is at their other end.
    fn connect(&mut self, chart: &Chart, boxes: &BTreeMap<&str, (Rect, i32)>, cards: &BTreeMap<usize, Rect>) {
        let mut into_card: BTreeMap<usize, Vec<(i32, &str)>> = BTreeMap::new();
        let mut from_node: BTreeMap<&str, Vec<(i32, usize)>> = BTreeMap::new();
        let mut out_of_card: BTreeMap<usize, Vec<(i32, &str)>> = BTreeMap::new();
        let mut to_node: BTreeMap<&str, Vec<(i32, usize)>> = BTreeMap::new();
        for (at, card) in chart.cards.iter().enumerate() {
            let Some(own) = cards.get(&at) else { continue };
            for id in &card.from {
                if let Some((rect, _)) = boxes.get(id.as_str()) {
                    into_card.entry(at).or_default().push((rect.middle(), id));
                    from_node.entry(id).or_default().push((own.middle(), at));
                }
            }
            for id in &card.to {
                if let Some((rect, _)) = boxes.get(id.as_str()) {
                    out_of_card.entry(at).or_default().push((rect.middle(), id));
                    to_node.entry(id).or_default().push((own.middle(), at));
                }
            }
        }
        let zone_right = |x: i32, own: Rect| x + own.width + 2 * PADDING;
        for (at, card) in chart.cards.iter().enumerate() {
            let Some(own) = cards.get(&at) else { continue };
            let empty = Vec::new();
            let ins = into_card.get(&at).unwrap_or(&empty);
            for (_, id) in ins {
                let Some((rect, zone_x)) = boxes.get(id) else { continue };
                let leaves = port(*rect, from_node.get(id).map(Vec::as_slice).unwrap_or_default(), &at);
                let reaches = port(*own, ins, id);
                self.lines.push(Line {
                    from: (rect.right(), leaves),
                    bend: (zone_right(*zone_x, *rect), own.x),
                    to: (own.x, reaches),
                    standing: card.standing,
                    arrow: false,
                });
            }
            let outs = out_of_card.get(&at).unwrap_or(&empty);
            for (_, id) in outs {
                let Some((rect, zone_x)) = boxes.get(id) else { continue };
                let leaves = port(*own, outs, id);
                let reaches = port(*rect, to_node.get(id).map(Vec::as_slice).unwrap_or_default(), &at);
                self.lines.push(Line {
                    from: (own.right(), leaves),
                    bend: (own.right(), *zone_x),
                    to: (rect.x, reaches),
                    standing: card.standing,
                    arrow: true,
                });
            }
        }
    }

    /// Below everything, in rows; returns its lower end.
    fn place_legend(&mut self, chart: &Chart, top: i32) -> i32 {
        let mut used: Vec<Standing> = chart.cards.iter().map(|card| card.standing).collect();
        used.sort_unstable();
        used.dedup();
        let (mut x, mut y) = (MARGIN, top);
        for standing in used {
            let width = 56 + super::measure::width(standing.as_str(), BODY, false) + 24;
            if x > MARGIN && x + width > self.width - MARGIN {
                (x, y) = (MARGIN, y + LEADING + 6);
            }
            self.legend.push((standing, Rect { x, y, width, height: LEADING }));
            x += width;
        }
        if self.legend.is_empty() { top - ZONE_GAP } else { y + LEADING }
    }
}

/// Where along its side a box is met by the line of `key`, among all that meet it there.
fn port<K: Ord + Clone>(rect: Rect, lines: &[(i32, K)], key: &K) -> i32 {
    let mut sorted: Vec<&(i32, K)> = lines.iter().collect();
    sorted.sort();
    let at = sorted.iter().position(|(_, own)| own == key).unwrap_or_default();
    let (at, count) = (number(at), number(sorted.len()).max(1));
    // Not at the very corners.
    let usable = (rect.height - 12).max(0);
    rect.y + (rect.height - usable) / 2 + usable * (2 * at + 1) / (2 * count)
}

fn number(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX / 4)
}

fn lines(text: &mut Vec<Text>, x: i32, y: &mut i32, width: i32, what: &str, style: (i32, bool, bool)) {
    let (size, bold, quiet) = style;
    for line in wrap(what, width, size, bold, MOST_LINES) {
        *y += LEADING;
        text.push(Text { x, y: *y - 5, text: line, size, bold, quiet });
    }
}

fn node_text(node: &Node, x: i32, y: i32, width: i32) -> (Vec<Text>, i32) {
    let (mut text, mut at) = (Vec::new(), y + INSET / 2);
    let inner = width - 2 * INSET;
    lines(&mut text, x + INSET, &mut at, inner, &node.title, (TITLE, true, false));
    for line in &node.lines {
        lines(&mut text, x + INSET, &mut at, inner, line, (BODY, false, true));
    }
    (text, at + INSET / 2 + 2)
}

fn card_text(card: &super::Card, x: i32, y: i32, width: i32) -> (Vec<Text>, i32) {
    let (mut text, mut at) = (Vec::new(), y + INSET / 2);
    let inner = width - 2 * INSET;
    lines(&mut text, x + INSET, &mut at, inner, &card.title, (BODY, true, false));
    for line in &card.lines {
        lines(&mut text, x + INSET, &mut at, inner, line, (BODY, false, false));
    }
    if card.standing != Standing::Sees {
        lines(
            &mut text,
            x + INSET,
            &mut at,
            inner,
            &format!("[{}]", card.standing.as_str()),
            (BODY, false, true),
        );
    }
    (text, at + INSET / 2 + 2)
}

fn zone_text(zone: &Zone, x: i32, y: i32, width: i32) -> (Vec<Text>, i32) {
    let (mut text, mut at) = (Vec::new(), y + 4);
    let inner = width - 2 * PADDING;
    lines(&mut text, x + PADDING, &mut at, inner, &zone.title, (TITLE, true, false));
    lines(&mut text, x + PADDING, &mut at, inner, &zone.note, (BODY, false, true));
    (text, at + 8)
}

fn height(chart: &Chart, kind: &Kind, width: i32) -> i32 {
    match kind {
        Kind::Card(at) => chart.cards.get(*at).map_or(0, |card| card_text(card, 0, 0, width).1),
        Kind::Zone(at, _) => chart.zones.get(*at).map_or(0, |zone| {
            let (_, head) = zone_text(zone, 0, 0, width);
            let nodes = zone.nodes.iter().map(|node| node_text(node, 0, 0, width - 2 * PADDING).1 + GAP);
            let nodes: i32 = nodes.sum();
            head + if nodes == 0 { 0 } else { nodes - GAP + PADDING }
        }),
    }
}

/// Sorts each column by the mean rank of its neighbours, a few times to and fro (Sugiyama, Tagawa and Toda, 1981),
/// so that few lines cross. Equal means keep their order.
fn order(chart: &Chart, columns: &mut [Column]) {
    for _ in 0..6 {
        for forth in [true, false] {
            let count = columns.len();
            for step in 0..count {
                let at = if forth { step } else { count - 1 - step };
                let (nodes, cards) = ranks(chart, columns);
                let Some(column) = columns.get_mut(at) else { continue };
                for item in &mut column.items {
                    if let Kind::Zone(zone, order) = &mut item.kind {
                        let Some(zone) = chart.zones.get(*zone) else { continue };
                        order.sort_by_key(|node| {
                            zone.nodes
                                .get(*node)
                                .and_then(|node| pull(chart, &cards, &node.id))
                                .unwrap_or(i32::MAX)
                        });
                    }
                }
                column.items.sort_by_key(|item| match &item.kind {
                    Kind::Card(card) => pull_of_card(chart, &nodes, *card).unwrap_or(i32::MAX),
                    Kind::Zone(zone, _) => pull_of_zone(chart, &cards, *zone).unwrap_or(i32::MAX),
                });
            }
        }
    }
}

/// The rank of each node and card in its column, times 1,024 so that means keep a fraction.
fn ranks<'c>(chart: &'c Chart, columns: &[Column]) -> (Places<&'c str>, Places<usize>) {
    let (mut nodes, mut cards) = (Places::new(), Places::new());
    for column in columns {
        let mut rank = 0;
        for item in &column.items {
            match &item.kind {
                Kind::Card(card) => {
                    cards.insert(*card, rank * 1024);
                    rank += 1;
                }
                Kind::Zone(zone, order) => {
                    let Some(zone) = chart.zones.get(*zone) else { continue };
                    for node in order.iter().filter_map(|node| zone.nodes.get(*node)) {
                        nodes.insert(node.id.as_str(), rank * 1024);
                        rank += 1;
                    }
                }
            }
        }
    }
    (nodes, cards)
}

fn mean(values: impl Iterator<Item = i32>) -> Option<i32> {
    let (sum, count) = values.fold((0_i64, 0_i64), |(sum, count), value| (sum + i64::from(value), count + 1));
    (count > 0).then(|| i32::try_from(sum / count).unwrap_or(i32::MAX / 4))
}

fn pull(chart: &Chart, cards: &Places<usize>, node: &str) -> Option<i32> {
    let touches = chart
        .cards
        .iter()
        .enumerate()
        .filter(|(_, card)| card.from.iter().chain(&card.to).any(|id| id == node));
    mean(touches.filter_map(|(at, _)| cards.get(&at).copied()))
}

fn pull_of_card(chart: &Chart, nodes: &Places<&str>, card: usize) -> Option<i32> {
    let card = chart.cards.get(card)?;
    // Both ends pull alike, however many they are.
    let ends = [&card.from, &card.to];
    mean(ends.into_iter().filter_map(|ids| mean(ids.iter().filter_map(|id| nodes.get(id.as_str()).copied()))))
}

fn pull_of_zone(chart: &Chart, cards: &Places<usize>, zone: usize) -> Option<i32> {
    let zone = chart.zones.get(zone)?;
    mean(zone.nodes.iter().filter_map(|node| pull(chart, cards, &node.id)))
}

/// The upper end of every item. The tallest column is stacked tightly; the others, outward from it, stand as near
/// as they can to the middle of what they are joined to.
fn stack(chart: &Chart, columns: &[Column]) -> Vec<Vec<i32>> {
    let gap = |column: &Column| match column.items.first().map(|item| &item.kind) {
        Some(Kind::Zone(..)) => ZONE_GAP,
        _ => GAP,
    };
    let total = |column: &Column| {
        column.items.iter().map(|item| item.height + gap(column)).sum::<i32>() - gap(column)
    };
    let tallest = (0..columns.len())
        .max_by_key(|at| (columns.get(*at).map(total), std::cmp::Reverse(*at)))
        .unwrap_or_default();
    let outward: Vec<usize> = (0..=tallest).rev().chain(tallest + 1..columns.len()).collect();
    let mut tops: Vec<Vec<i32>> = columns.iter().map(|_| Vec::new()).collect();
    let (mut nodes, mut cards) = (Places::new(), Places::new());
    for at in outward {
        let Some(column) = columns.get(at) else { continue };
        let middle = mean(nodes.values().chain(cards.values()).copied());
        let wanted: Vec<(Option<i32>, i32)> = column
            .items
            .iter()
            .map(|item| {
                let pulled = match &item.kind {
                    Kind::Card(card) => pull_of_card(chart, &nodes, *card),
                    Kind::Zone(zone, _) => pull_of_zone(chart, &cards, *zone),
                };
                (pulled.or(middle), item.height)
            })
            .collect();
        let own = settle(&wanted, gap(column));
        for (item, top) in column.items.iter().zip(&own) {
            match &item.kind {
                Kind::Card(card) => {
                    cards.insert(*card, top + item.height / 2);
                }
                Kind::Zone(zone, order) => {
                    let Some(zone) = chart.zones.get(*zone) else { continue };
                    let mut y = top + zone_text(zone, 0, 0, column.width).1;
                    for node in order.iter().filter_map(|node| zone.nodes.get(*node)) {
                        let height = node_text(node, 0, 0, column.width - 2 * PADDING).1;
                        nodes.insert(node.id.as_str(), y + height / 2);
                        y += height + GAP;
                    }
                }
            }
        }
        if let Some(tops) = tops.get_mut(at) {
            *tops = own;
        }
    }
    let least = tops.iter().flatten().min().copied().unwrap_or_default();
    for top in tops.iter_mut().flatten() {
        *top += MARGIN - least;
    }
    tops
}

/// Upper ends as near as can be to the wanted middles, in the given order and without overlap: isotonic regression
/// by pooling adjacent violators (Barlow and others, 1972). `wanted` holds middles and heights.
fn settle(wanted: &[(Option<i32>, i32)], gap: i32) -> Vec<i32> {
    // Without the heights above, "no overlap" reads "does not decrease".
    let mut offset = 0;
    let mut pools: Vec<(i64, i64)> = Vec::new();
    for (middle, height) in wanted {
        let target = middle.map_or(0, |middle| middle - height / 2 - offset);
        offset += height + gap;
        pools.push((i64::from(target), 1));
        while let [.., (sum, count), (last_sum, last_count)] = pools.as_slice() {
            if sum * last_count <= last_sum * count {
                break;
            }
            let pooled = (sum + last_sum, count + last_count);
            pools.truncate(pools.len() - 2);
            pools.push(pooled);
        }
    }
    let levels = pools.iter().flat_map(|(sum, count)| {
        let level = i32::try_from(sum.div_euclid(*count)).unwrap_or_default();
        (0..*count).map(move |_| level)
    });
    let mut offset = 0;
    let mut tops = Vec::new();
    for (level, (_, height)) in levels.zip(wanted) {
        tops.push(level + offset);
        offset += height + gap;
    }
    tops
}
