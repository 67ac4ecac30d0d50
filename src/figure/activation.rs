//! An activation and its derivative.

use super::annotation::{Spot, place};
use super::axis::Axis;
use super::canvas::{Area, Canvas, Ink, Pen};
use super::chart::{Chart, Style};
use super::fit::{Curve, bottom_room, range, top_room};
use super::formula::Formula;
use crate::spec::{Activation, linspace};

const SAMPLES: usize = 1201;
const DERIVATIVE: Ink = Ink::solid(0x55, 0x55, 0x55);

pub(super) fn draw(size: (u32, u32), z: (f64, f64), activation: &Activation) -> Canvas {
    let style = Style::of(size);
    let mut canvas = Canvas::new(size.0, size.1);
    let inputs = linspace(z, SAMPLES);
    let (mut values, mut slopes) = (vec![0.0; SAMPLES], vec![0.0; SAMPLES]);
    activation.function.values_and_derivatives(&inputs, &mut values, &mut slopes);
    let curve = |values: Vec<f64>| inputs.iter().copied().zip(values).collect::<Curve>();
    let (value, slope) = (curve(values), curve(slopes));
    let (low, high) = range([&value, &slope]);
    // An activation without bounds may leave the picture, but not flatten its middle.
    let width = z.1 - z.0;
    let (low, high) = (low.max(-width), high.min(width));
    let top = top_room(style, false);
    let bottom = f64::from(size.1) - bottom_room(style);
    let y = Axis::padded(low, high, 0.06, style.ticks(bottom - top, 3.6, 3));
    let left = (0.4 * style.font() + Chart::left_room(&y, style)).round();
    let area = Area {
        left,
        top: top.round(),
        right: (f64::from(size.0) - 1.4 * style.font()).round(),
        bottom: bottom.round(),
    };
    let x = Axis::padded(z.0, z.1, 0.03, style.ticks(area.width(), 6.5, 1));
    let chart = Chart { area, x, y, style };
    chart.draw_base(&mut canvas, "z", "");
    let zero = Pen::new(Ink::solid(0xb0, 0xb0, 0xb0), style.unit.max(1.0));
    chart.draw_curve(&mut canvas, &[(chart.x.low, 0.0), (chart.x.high, 0.0)], &zero);
    let pens = [
        style.curve(Ink::from(activation.color)),
        Pen { dash: Some((9.0 * style.unit, 4.0 * style.unit)), ..style.curve(DERIVATIVE) },
    ];
    let height = chart.y.high - chart.y.low;
    let pieces = [pieces(&value, height), pieces(&slope, height)];
    for (pen, pieces) in pens.iter().zip(&pieces).rev() {
        for piece in pieces {
            chart.draw_curve(&mut canvas, piece, pen);
        }
    }
    let obstacles: Vec<(f64, f64)> = [chart.trace(&value), chart.trace(&slope)].concat();
    draw_legend(&mut canvas, &chart, activation, &pens, &obstacles);
    chart.draw_title(&mut canvas, &format!("{} and its derivative", activation.id));
    canvas
}

/// A curve cut where it jumps: between neighbours it would then be drawn as a slope that is not there.
fn pieces(curve: &Curve, height: f64) -> Vec<Curve> {
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
fn draw_legend(
    canvas: &mut Canvas,
    chart: &Chart,
    activation: &Activation,
    pens: &[Pen; 2],
    obstacles: &[(f64, f64)],
) {
    let style = chart.style;
    let size = style.font();
    let symbol = if activation.symbol.is_empty() { r"\mathrm{id}" } else { activation.symbol.as_str() };
    let labels =
        [format!("{symbol}(z)"), format!(r"{symbol}\prime(z)")].map(|latex| Formula::new(&latex, size));
    let width = labels.iter().map(|label| label.width).fold(0.0, f64::max) + 3.7 * size;
    let extent = super::annotation::Extent { width, height: 3.6 * size };
    let Some(&area) = place(chart.area, &[(extent, Spot::TopLeft)], obstacles, style).first() else { return };
    let frame = Pen::new(Ink::solid(0xcc, 0xcc, 0xcc), style.unit.max(1.0));
    canvas.rounded_box(area, 3.0 * style.unit, Ink::WHITE.with_opacity(0.9), &frame);
    for ((pen, label), row) in pens.iter().zip(&labels).zip([0.5, 1.5]) {
        let y = (area.top + 0.3 * size + 1.5 * size * row).round();
        canvas.polyline(&[(area.left + 0.5 * size, y), (area.left + 2.6 * size, y)], pen);
        label.draw(canvas, (area.left + 3.1 * size, y + 0.36 * size), Ink::BLACK);
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
