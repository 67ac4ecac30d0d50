//! Parameter trajectories: a panel per parameter, or per tensor with a line per entry.

use super::axis::Axis;
use super::canvas::{Area, Canvas, Ink};
use super::chart::{Chart, Style};
use super::fit::{Curve, bottom_room, draw_divergence, range, subject};
use crate::plan::Case;
use crate::spec::{ACCESSIBLE, Tensor};
use crate::train::Run;

/// More lines could not be told apart.
const MAX_LINES: usize = 64;

/// One parameter or tensor over the epochs.
struct Panel {
    title: String,
    curves: Vec<Curve>,
    y: Axis,
}

#[expect(clippy::cast_precision_loss, reason = "epochs are far below 2⁵³")]
fn panels(case: &Case, run: &Run, height: f64, style: Style) -> Vec<Panel> {
    let mut offset = 0;
    let panel = |tensor: Tensor| {
        let curves: Vec<Curve> = (offset..offset + tensor.size().min(MAX_LINES))
            .map(|at| {
                let values = run.snapshots.iter().map(|snapshot| {
                    (snapshot.epoch as f64, snapshot.parameters.get(at).copied().unwrap_or(f64::NAN))
                });
                values.collect()
            })
            .collect();
        offset += tensor.size();
        let (low, high) = range(&curves);
        // A parameter that never moves gets a window around it, so that nobody reads noise into it.
        let size = low.abs().max(high.abs());
        let (low, high) = if high - low < 1e-12 * size.max(1.0) {
            let half = 0.05 * size.max(1.0);
            (low - half, high + half)
        } else {
            (low, high)
        };
        let shape: Vec<String> = tensor.shape.iter().map(usize::to_string).collect();
        let title =
            if shape.is_empty() { tensor.name } else { format!("{} ({})", tensor.name, shape.join("×")) };
        Panel { title, curves, y: Axis::padded(low, high, 0.06, style.ticks(height, 3.2, 3)) }
    };
    case.model.model_type.tensors().into_iter().map(panel).collect()
}

#[expect(clippy::cast_precision_loss, reason = "a handful of panels; epochs far below 2⁵³")]
pub(super) fn draw(mut canvas: Canvas, case: &Case, run: &Run) -> Canvas {
    let (size, style) = (canvas.size(), Style::of(&canvas));
    let count = case.model.model_type.tensors().len();
    // As many columns as rows, or one more.
    let columns = (1..).find(|columns| columns * columns >= count).unwrap_or(1);
    let rows = count.div_ceil(columns);
    let head = 2.6 * style.title_font();
    let (width, height) = (f64::from(size.0) / columns as f64, (f64::from(size.1) - head) / rows as f64);
    // Panels are smaller than pictures, and so are their letters.
    let unit = (style.unit * 0.92).min(height / 300.0).min(width / 450.0);
    let inner = Style { unit, ..style };
    let above = 1.9 * inner.title_font();
    let panels = panels(case, run, height - above - bottom_room(inner), inner);
    // The frames of a column stand above one another.
    let room = |column: usize| {
        let axes = panels.iter().skip(column).step_by(columns);
        axes.map(|panel| Chart::left_room(&panel.y, inner)).fold(0.0, f64::max)
    };
    let rooms: Vec<f64> = (0..columns).map(room).collect();
    let last = run.snapshots.last().map_or(case.training.epochs, |snapshot| snapshot.epoch) as f64;
    let mut bottom_right = None;
    for (index, panel) in panels.iter().enumerate() {
        let (column, row) = ((index % columns) as f64, (index / columns) as f64);
        let top = head + row * height + above;
        let left = column * width + 0.4 * inner.font() + rooms[index % columns];
        let area = Area {
            left: left.round(),
            top: top.round(),
            right: ((column + 1.0) * width - 1.4 * inner.font()).max(left + 1.0).round(),
            bottom: (head + (row + 1.0) * height - bottom_room(inner)).max(top + 1.0).round(),
        };
        let x = Axis::epochs(last, 0.04, inner.ticks(area.width(), 6.5, 1));
        let chart = Chart { area, x, y: panel.y.clone(), style: inner };
        chart.draw_base(&mut canvas, "epoch", "");
        chart.draw_title(&mut canvas, &panel.title);
        let is_single = panel.curves.len() == 1;
        for (line, curve) in panel.curves.iter().enumerate() {
            let ink = Ink::from(ACCESSIBLE[if is_single { index } else { line } % ACCESSIBLE.len()]);
            let pen = inner.curve(if is_single { ink } else { ink.with_opacity(0.75) });
            let ink = pen.ink;
            chart.draw_curve(&mut canvas, curve, &pen);
            // A line through one point cannot be seen.
            if let [point] = curve.as_slice() {
                chart.draw_dots(&mut canvas, &[*point], 3.0 * inner.unit, ink, ink);
            }
        }
        bottom_right = Some(chart);
    }
    if let Some(chart) = bottom_right {
        draw_divergence(&mut canvas, &chart, "epoch", run);
    }
    let area = Area { left: 0.0, top: head, right: f64::from(size.0), bottom: f64::from(size.1) };
    let axis = Axis::linear(0.0, 1.0, 2);
    let whole = Chart { area, x: axis.clone(), y: axis, style };
    whole.draw_title(&mut canvas, &subject(case));
    canvas
}
