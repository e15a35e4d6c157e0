//! A placed chart as SVG: an image with a name and a description, text as text, no colour that carries meaning
//! alone, and nothing from elsewhere.

use std::fmt::Write;

use super::layout::{Block, Layout, Line, Rect, Text};
use super::{Chart, Side, Standing};
use crate::escape::xml;

/// Colours in light, dark and print. The page that holds the chart has it in its own sheet.
pub(crate) const STYLE: &str = include_str!("chart.css");

/// A file of its own.
pub(crate) fn standalone(chart: &Chart) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    write(chart, true, &mut out);
    out
}

/// For a page whose sheet holds [`STYLE`].
pub(crate) fn within_page(chart: &Chart) -> String {
    let mut out = String::new();
    write(chart, false, &mut out);
    out
}

// Writing to a `String` does not fail, so what `write!` returns is let go.
fn write(chart: &Chart, alone: bool, out: &mut String) {
    let layout = Layout::of(chart);
    let (width, height) = (layout.width, layout.height);
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" viewBox=\"0 0 {width} {height}\" \
         width=\"{width}\" height=\"{height}\" role=\"img\" aria-labelledby=\"chart-title chart-desc\">\n\
         <title id=\"chart-title\">{}</title>\n<desc id=\"chart-desc\">{}</desc>\n",
        xml(&chart.title),
        xml(&chart.description)
    );
    if alone {
        let _ = writeln!(out, "<style>\n{STYLE}</style>");
        let _ = writeln!(out, "<rect class=\"back\" width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>");
    }
    for zone in &layout.zones {
        let side = zone.side.map_or("", |side| match side {
            Side::Org => " org",
            Side::Unknown => " unknown",
            _ => "",
        });
        rect(zone, &format!("zone{side}"), 10, "stroke-dasharray=\"6 4\" ", out);
    }
    for line in &layout.lines {
        draw(line, out);
    }
    for node in &layout.nodes {
        rect(node, "node", 6, "", out);
    }
    for card in &layout.cards {
        let standing = card.standing.unwrap_or(Standing::Sees);
        let dashes = format!("stroke-dasharray=\"{}\" ", standing.dashes());
        rect(card, &format!("card {}", standing.class()), 12, &dashes, out);
    }
    for (standing, place) in &layout.legend {
        let y = place.y + place.height / 2;
        stroke(*standing, &format!("M{} {y}h44", place.x), out);
        text(
            &Text {
                x: place.x + 54,
                y: place.y + 13,
                text: standing.as_str().to_owned(),
                size: 13,
                bold: false,
                quiet: false,
            },
            out,
        );
    }
    out.push_str("</svg>\n");
}

fn rect(block: &Block, class: &str, radius: i32, more: &str, out: &mut String) {
    let Rect { x, y, width, height } = block.rect;
    let _ = writeln!(
        out,
        "<g><rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"{radius}\" \
         fill=\"#fff\" stroke=\"#33475b\" {more}/>"
    );
    for line in &block.text {
        text(line, out);
    }
    out.push_str("</g>\n");
}

fn text(line: &Text, out: &mut String) {
    let class = match (line.bold, line.quiet) {
        (true, _) => " class=\"bold\" font-weight=\"bold\"",
        (false, true) => " class=\"quiet\"",
        (false, false) => "",
    };
    let Text { x, y, size, .. } = line;
    let _ = writeln!(
        out,
        "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\" font-family=\"sans-serif\"{class}>{}</text>",
        xml(&line.text)
    );
}

fn draw(line: &Line, out: &mut String) {
    let ((x1, y1), (x2, y2)) = (line.from, line.to);
    let (b1, b2) = line.bend;
    let middle = b1.midpoint(b2);
    // The head ends where the line does, so the line stops short of it.
    let end = if line.arrow { x2 - 7 } else { x2 };
    stroke(line.standing, &format!("M{x1} {y1}H{b1}C{middle} {y1} {middle} {y2} {b2} {y2}H{end}"), out);
    if line.arrow {
        let _ = writeln!(
            out,
            "<path class=\"head {}\" d=\"M{x2} {y2}l-9 -5v10z\" fill=\"#33475b\"/>",
            line.standing.class()
        );
    }
}

fn stroke(standing: Standing, path: &str, out: &mut String) {
    let _ = writeln!(
        out,
        "<path class=\"flow {}\" d=\"{path}\" fill=\"none\" stroke=\"#33475b\" stroke-width=\"{}\" \
         stroke-dasharray=\"{}\"/>",
        standing.class(),
        standing.width(),
        standing.dashes()
    );
}
