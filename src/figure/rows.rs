//! Charts whose rows are cases: what stands beside them.

use super::canvas::Canvas;
use super::chart::Chart;
use super::text::{self, Font};
use crate::number::minus;
use crate::plan::Case;

/// The name of a case in a row: its target if asked, its activation and its further axes.
pub(super) fn row_label(case: &Case, with_target: bool) -> String {
    let target = if with_target { format!("{} · ", case.target.id) } else { String::new() };
    let axes: Vec<String> = case.axes.iter().map(|(_, value)| format!(" · {}", minus(value))).collect();
    format!("{target}{}{}", case.activation.id, axes.concat())
}

/// A name beside the row at `y`, left of the frame.
pub(super) fn label(canvas: &mut Canvas, chart: &Chart, name: &str, y: f64) {
    let (size, font) = (chart.style.small_font(), chart.style.font());
    let (_, pixel) = chart.pixel((chart.x.low, y));
    let label = text::shortened(Font::Upright, name, size, chart.area.left - font);
    let start = chart.area.left - 0.6 * font - text::width(Font::Upright, &label, size);
    text::draw(
        canvas,
        Font::Upright,
        &label,
        size,
        (start, pixel + text::CAP_HEIGHT * size / 2.0),
        chart.style.paper.ink(),
    );
}
