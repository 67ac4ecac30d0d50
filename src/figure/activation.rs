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
    for (pen, curve) in pens.iter().zip(&curves).rev() {
        for piece in pieces(curve, &chart.y) {
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

/// A curve cut where it jumps, and where it leaves the heights that are seen, past a pole, to come back from the other side:
/// between neighbours it would then be drawn as a slope that is not there.
pub(super) fn pieces(curve: &Curve, seen: &Axis) -> Vec<Curve> {
    let step = |to: usize| Some(curve.get(to)?.1 - curve.get(to.checked_sub(1)?)?.1);
    let mut pieces = vec![Curve::new()];
    for (index, &point) in curve.iter().enumerate() {
        if let Some(here) = step(index) {
            let around = [step(index - 1), step(index + 1)];
            // A steep but continuous curve takes several samples for its rise; a jump takes one.
            let steepest = around.iter().flatten().fold(0.0, |most: f64, step| most.max(step.abs()));
            let is_jump = here.abs() > 0.02 * (seen.high - seen.low) && steepest < 0.2 * here.abs();
            let (low, high) = (point.1 - here.max(0.0), point.1 - here.min(0.0));
            let is_back = around.iter().flatten().all(|step| step * here < 0.0);
            if is_jump || (is_back && low < seen.low && high > seen.high) {
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
        let seen = |height: f64| Axis::linear(-height, height, 3);
        assert_eq!(pieces(&step, &seen(0.5)).len(), 2);
        let steep: Curve = (-100..=100).map(|index| at(index, |x| libm::tanh(20.0 * x))).collect();
        assert_eq!(pieces(&steep, &seen(1.0)).len(), 1);
        let corner: Curve = (-100..=100).map(|index| at(index, f64::abs)).collect();
        assert_eq!(pieces(&corner, &seen(0.5)).len(), 1);
    }

    #[test]
    fn a_curve_is_cut_at_poles_and_not_where_it_only_leaves_the_picture() {
        let seen = Axis::linear(-5.0, 5.0, 3);
        let sampled = |f: fn(f64) -> f64| -> Curve {
            (-600..=600).map(|index| f64::from(index) / 120.0).map(|z| (z, f(z))).collect()
        };
        // tan has poles at ±π/2 and ±3π/2.
        assert_eq!(pieces(&sampled(libm::tan), &seen).len(), 5);
        assert_eq!(pieces(&sampled(|z| -libm::tan(z)), &seen).len(), 5);
        assert_eq!(pieces(&sampled(|z| 1.0 / (z - 0.004)), &seen).len(), 2);
        // Where both ends are unseen, a cut is as good as none.
        for cut in pieces(&sampled(|z| libm::tan(z) * libm::tan(z)), &seen).windows(2) {
            assert!(cut[0].last().unwrap().1 > seen.high && cut[1][0].1 > seen.high);
        }
        for steep in [|z: f64| 2000.0 * z, |z: f64| z * z * z * 1e4, |z: f64| 1e4 * libm::sin(3.0 * z)] {
            assert_eq!(pieces(&sampled(steep), &seen).len(), 1);
        }
    }
}
