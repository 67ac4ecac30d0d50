//! Parameter trajectories: a panel per parameter, or per tensor with a line per entry.

use super::axis::Axis;
use super::canvas::{Area, Canvas, Ink};
use super::chart::{Chart, Style};
use super::fit::{Curve, bottom_room, draw_divergence, range, subject};
use crate::plan::Case;
use crate::train::Run;

/// The lines' colours, by turns.
const COLORS: [Ink; 4] = [
    Ink::solid(0x1f, 0x77, 0xb4),
    Ink::solid(0xff, 0x7f, 0x0e),
    Ink::solid(0x2c, 0xa0, 0x2c),
    Ink::solid(0xd6, 0x27, 0x28),
];
/// More lines could not be told apart.
const MAX_LINES: usize = 64;

#[expect(clippy::cast_precision_loss, reason = "a handful of panels; epochs far below 2⁵³")]
pub(super) fn draw(size: (u32, u32), case: &Case, run: &Run) -> Canvas {
    let style = Style::of(size);
    let mut canvas = Canvas::new(size.0, size.1);
    let tensors = case.model.model_type.tensors();
    // As many columns as rows, or one more.
    let columns = (1..).find(|columns| columns * columns >= tensors.len()).unwrap_or(1);
    let rows = tensors.len().div_ceil(columns);
    let head = 2.6 * style.title_font();
    let (width, height) = (f64::from(size.0) / columns as f64, (f64::from(size.1) - head) / rows as f64);
    // Panels are smaller than pictures, and so are their letters.
    let inner = Style { unit: (style.unit * 0.92).min(height / 300.0).min(width / 450.0) };
    let mut offset = 0;
    let mut charts = Vec::new();
    for (index, tensor) in tensors.iter().enumerate() {
        let curves: Vec<Curve> = (offset..offset + tensor.size().min(MAX_LINES))
            .map(|at| {
                let values = run.snapshots.iter().map(|snapshot| {
                    (snapshot.epoch as f64, snapshot.parameters.get(at).copied().unwrap_or(f64::NAN))
                });
                values.collect()
            })
            .collect();
        offset += tensor.size();
        let (column, row) = ((index % columns) as f64, (index / columns) as f64);
        let top = head + row * height + 1.9 * inner.title_font();
        let bottom = head + (row + 1.0) * height - bottom_room(inner);
        let (low, high) = range(&curves);
        // A parameter that never moves gets a window as wide as it is large, so that nobody reads noise into it.
        let (low, high) =
            if high - low < 1e-12 * low.abs().max(1.0) { (low - 0.05, high + 0.05) } else { (low, high) };
        let y = Axis::padded(low, high, 0.06, inner.ticks(bottom - top, 3.2));
        let left = column * width + 0.4 * inner.font() + Chart::left_room(&y, inner);
        let area = Area {
            left: left.round(),
            top: top.round(),
            right: ((column + 1.0) * width - 1.4 * inner.font()).round(),
            bottom: bottom.max(top + 1.0).round(),
        };
        let last = run.snapshots.last().map_or(case.training.epochs, |snapshot| snapshot.epoch);
        let x = Axis::padded(0.0, last.max(1) as f64, 0.04, inner.ticks(area.width(), 6.5));
        let chart = Chart { area, x, y, style: inner };
        chart.draw_base(&mut canvas, "epoch", "");
        let shape: Vec<String> = tensor.shape.iter().map(usize::to_string).collect();
        let title = if shape.is_empty() {
            tensor.name.clone()
        } else {
            format!("{} ({})", tensor.name, shape.join("×"))
        };
        chart.draw_title(&mut canvas, &title);
        let is_single = curves.len() == 1;
        for (line, curve) in curves.iter().enumerate() {
            let ink = COLORS[if is_single { index } else { line } % COLORS.len()];
            let pen = inner.curve(if is_single { ink } else { ink.with_opacity(0.75) });
            chart.draw_curve(&mut canvas, curve, &pen);
            if let ([point], true) = (curve.as_slice(), is_single) {
                chart.draw_dots(&mut canvas, &[*point], 3.0 * inner.unit, ink, ink);
            }
        }
        charts.push(chart);
    }
    if let Some(chart) = charts.last() {
        draw_divergence(&mut canvas, chart, run);
    }
    let area = Area { left: 0.0, top: head, right: f64::from(size.0), bottom: f64::from(size.1) };
    let axis = Axis::linear(0.0, 1.0, 2);
    let whole = Chart { area, x: axis.clone(), y: axis, style };
    whole.draw_title(&mut canvas, &subject(case));
    canvas
}
