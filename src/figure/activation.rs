//! An activation with its first and second derivative.

use super::annotation::{Extent, Spot, place};
use super::axis::Axis;
use super::canvas::{Area, Canvas, Ink, Pen};
use super::chart::{Chart, Style};
use super::fit::{Curve, bottom_room, range, top_room};
use super::formula::Formula;
use crate::function::JetColumns;
use crate::spec::{Activation, linspace};

const SAMPLES: usize = 1201;
/// Grays, as they are on white.
const DERIVATIVE: u8 = 0x3d;
const SECOND_DERIVATIVE: u8 = 0x8c;
pub(super) const ZERO: u8 = 0xb0;

pub(super) fn draw(mut canvas: Canvas, z: (f64, f64), activation: &Activation) -> Canvas {
    let (size, style) = (canvas.size(), Style::of(&canvas));
    let inputs = linspace(z, SAMPLES);
    let mut columns = [(); 3].map(|()| vec![0.0; SAMPLES]);
    let [y, dy, d2y] = &mut columns;
    let mut jets = JetColumns { y, dy, d2y, branch: &mut vec![0; SAMPLES] };
    activation.function.values_and_two_derivatives(&inputs, &mut jets);
    let curves = columns.map(|values| inputs.iter().copied().zip(values).collect::<Curve>());
    let whole = Area { left: 0.0, top: 0.0, right: f64::from(size.0), bottom: f64::from(size.1) };
    let chart = chart(whole, style, z, curves.iter());
    chart.draw_base(&mut canvas, "z", "");
    let zero = Pen::new(style.paper.gray(ZERO), style.unit.max(1.0));
    chart.draw_curve(&mut canvas, &[(chart.x.low, 0.0), (chart.x.high, 0.0)], &zero);
    let dashed = |level, on, off| Pen {
        dash: Some((on * style.unit, off * style.unit)),
        ..style.curve(style.paper.gray(level))
    };
    let pens = [
        style.curve(Ink::from(activation.color)),
        dashed(DERIVATIVE, 9.0, 4.0),
        dashed(SECOND_DERIVATIVE, 2.6, 3.4),
    ];
    let height = chart.y.high - chart.y.low;
    for (pen, curve) in pens.iter().zip(&curves).rev() {
        for piece in pieces(curve, height) {
            chart.draw_curve(&mut canvas, &piece, pen);
        }
    }
    let obstacles: Vec<(f64, f64)> = curves.iter().flat_map(|curve| chart.trace(curve)).collect();
    let symbol = if activation.symbol.is_empty() { r"\mathrm{id}" } else { activation.symbol.as_str() };
    let labels = ["", r"\prime", r"\prime\prime"].map(|primes| format!("{symbol}{primes}(z)"));
    let entries: Vec<(Pen, String)> = pens.into_iter().zip(labels).collect();
    draw_legend(&mut canvas, &chart, &entries, &obstacles);
    chart.draw_title(&mut canvas, &format!("{} and its derivatives", activation.id));
    canvas
}

/// The chart of functions of z in a part of the picture.
pub(super) fn chart<'c>(
    whole: Area,
    style: Style,
    z: (f64, f64),
    curves: impl IntoIterator<Item = &'c Curve>,
) -> Chart {
    let (low, high) = range(curves);
    // An activation without bounds may leave the picture, but not flatten its middle.
    let width = z.1 - z.0;
    let (low, high) = (low.max(-width), high.min(width));
    let top = whole.top + top_room(style, false);
    let bottom = whole.bottom - bottom_room(style);
    let y = Axis::padded(low, high, 0.06, style.ticks(bottom - top, 3.6, 3));
    let left = whole.left + (0.4 * style.font() + Chart::left_room(&y, style)).round();
    let area = Area {
        left,
        top: top.round(),
        right: (whole.right - 1.4 * style.font()).round(),
        bottom: bottom.round(),
    };
    let x = Axis::padded(z.0, z.1, 0.03, style.ticks(area.width(), 6.5, 1));
    Chart { area, x, y, style }
}

/// A curve cut where it jumps: between neighbours it would then be drawn as a slope that is not there.
pub(super) fn pieces(curve: &Curve, height: f64) -> Vec<Curve> {
    let mut pieces = vec![Curve::new()];
    for (index, &point) in curve.iter().enumerate() {
        if let Some(&(_, before)) = index.checked_sub(1).and_then(|before| curve.get(before)) {
            let step = (point.1 - before).abs();
            // A steep but continuous curve takes several samples for its rise; a jump takes one.
            let neighbours = [index.checked_sub(2).map(|at| (at, at + 1)), Some((index, index + 1))];
            let around = neighbours
                .into_iter()
                .flatten()
                .filter_map(|(a, b)| Some((curve.get(b)?.1 - curve.get(a)?.1).abs()));
            if step > 0.02 * height && around.fold(0.0, f64::max) < 0.2 * step {
                pieces.push(Curve::new());
            }
        }
        if let Some(piece) = pieces.last_mut() {
            piece.push(point);
        }
    }
    pieces
}

/// A legend whose labels are typeset.
pub(super) fn draw_legend(
    canvas: &mut Canvas,
    chart: &Chart,
    entries: &[(Pen, String)],
    obstacles: &[(f64, f64)],
) {
    let style = chart.style;
    let size = style.font();
    let labels: Vec<Formula> = entries.iter().map(|(_, latex)| Formula::new(latex, size)).collect();
    let width = labels.iter().map(|label| label.width).fold(0.0, f64::max) + 3.7 * size;
    #[expect(clippy::cast_precision_loss, reason = "a handful of lines")]
    let height = (1.5 * entries.len() as f64 + 0.6) * size;
    let extent = Extent { width, height };
    let Some(&area) = place(chart.area, &[(extent, Spot::TopLeft)], obstacles.iter().copied(), style).first()
    else {
        return;
    };
    let frame = Pen::new(style.paper.gray(0xcc), style.unit.max(1.0));
    canvas.rounded_box(area, 3.0 * style.unit, style.paper.ground().with_opacity(0.9), &frame);
    let mut y = area.top + 1.05 * size;
    for ((pen, _), label) in entries.iter().zip(&labels) {
        let middle = y.round();
        canvas.polyline(&[(area.left + 0.5 * size, middle), (area.left + 2.6 * size, middle)], pen);
        label.draw(canvas, (area.left + 3.1 * size, middle + 0.36 * size), style.paper.ink());
        y += 1.5 * size;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jump_is_cut_and_a_slope_is_not() {
        let at = |index: i32, f: fn(f64) -> f64| (f64::from(index) / 100.0, f(f64::from(index) / 100.0));
        let step: Curve = (-100..=100).map(|index| at(index, |x| if x > 0.0 { 1.0 } else { 0.0 })).collect();
        assert_eq!(pieces(&step, 1.0).len(), 2);
        let steep: Curve = (-100..=100).map(|index| at(index, |x| libm::tanh(20.0 * x))).collect();
        assert_eq!(pieces(&steep, 2.0).len(), 1);
        let corner: Curve = (-100..=100).map(|index| at(index, f64::abs)).collect();
        assert_eq!(pieces(&corner, 1.0).len(), 1);
    }
}
