//! A parameter fan: an activation for several values of each of its parameters, one panel for each.

use super::activation::{ZERO, chart, draw_legend, pieces};
use super::canvas::{Area, Canvas, Ink, Pen};
use super::chart::Style;
use super::colormap;
use super::fit::Curve;
use super::paper::Paper;
use crate::function::Function;
use crate::plan::MOST_PANELS;
use crate::spec::{Activation, Colormap, linspace};

const SAMPLES: usize = 601;
/// The values of a parameter that a fan shows, in order, its own among them: halved and doubled twice; of a small one, such
/// as a leak's slope, larger ones only, since smaller ones would look alike; of 0, ones around it.
pub fn fan_values(own: f64) -> Vec<f64> {
    let factors: [f64; 5] = match own.abs() {
        0.0 => return vec![-1.0, -0.5, 0.0, 0.5, 1.0],
        size if size < 0.1 => [1.0, 5.0, 10.0, 20.0, 40.0],
        _ => [0.25, 0.5, 1.0, 2.0, 4.0],
    };
    // As one would write it: 0.05 and not 0.05000000000000001.
    let short = |value: f64| format!("{value:.6e}").parse().unwrap_or(value);
    let mut values: Vec<f64> =
        factors.iter().map(|&factor| if factor == 1.0 { own } else { short(factor * own) }).collect();
    values.sort_by(f64::total_cmp);
    values
}

/// A number as short as it is known.
pub fn fan_label(value: f64) -> String {
    crate::number::minus(&format!("{value}"))
}

pub(super) fn draw(mut canvas: Canvas, z: (f64, f64), activation: &Activation) -> Canvas {
    let size = canvas.size();
    let names: Vec<&str> =
        activation.parameters.iter().map(|(name, _)| name.as_str()).take(MOST_PANELS).collect();
    let count = u32::try_from(names.len().max(1)).unwrap_or(1);
    let height = f64::from(size.1) / f64::from(count);
    let style = Style::of_panel((size.0, size.1 / count), canvas.paper());
    for row in 0..count {
        let top = f64::from(row) * height;
        let area = Area { left: 0.0, top, right: f64::from(size.0), bottom: top + height };
        draw_panel(&mut canvas, area, style, z, activation, names.get(row as usize).copied());
    }
    canvas
}

/// One panel; of an activation without parameters, the activation alone.
fn draw_panel(
    canvas: &mut Canvas,
    area: Area,
    style: Style,
    z: (f64, f64),
    activation: &Activation,
    name: Option<&str>,
) {
    let inputs = linspace(z, SAMPLES);
    let own = activation.parameters.iter().find(|(other, _)| Some(other.as_str()) == name);
    let values = own.map_or_else(|| vec![f64::NAN], |(_, own)| fan_values(*own));
    let mut curves: Vec<(f64, Curve)> = Vec::new();
    for &value in &values {
        let mut parameters = activation.parameters.clone();
        for (other, own) in &mut parameters {
            if Some(other.as_str()) == name {
                *own = value;
            }
        }
        // What one value makes of the expression, another does too.
        let Ok(function) = Function::parse(&activation.expression, &parameters) else { continue };
        let mut outputs = vec![0.0; SAMPLES];
        function.values(&inputs, &mut outputs);
        curves.push((value, inputs.iter().copied().zip(outputs).collect()));
    }
    let chart = chart(area, style, z, curves.iter().map(|(_, curve)| curve));
    chart.draw_base(canvas, "z", "");
    let zero = Pen::new(style.paper.gray(ZERO), style.unit.max(1.0));
    chart.draw_curve(canvas, &[(chart.x.low, 0.0), (chart.x.high, 0.0)], &zero);
    let is_own = |value: f64| own.is_some_and(|(_, own)| *own == value);
    let pen = |index: usize, value: f64| {
        #[expect(clippy::cast_precision_loss, reason = "a handful of values")]
        let share = index as f64 / (values.len().max(2) - 1) as f64;
        // The end of the map that is too near to the ground is left out.
        let share = if style.paper == Paper::LIGHT { 0.86 * share } else { 0.3 + 0.7 * share };
        let [red, green, blue] = colormap::color(Colormap::Viridis, share);
        let pen = style.curve(Ink::solid(red, green, blue));
        if is_own(value) || own.is_none() { Pen { width: 1.7 * pen.width, ..pen } } else { pen }
    };
    let mut entries = Vec::new();
    let mut obstacles = Vec::new();
    let letter = name.and_then(|name| crate::function::latex(name, &activation.parameters, "z").ok());
    for (index, (value, curve)) in curves.iter().enumerate() {
        let pen = pen(index, *value);
        for piece in pieces(curve, &chart.y) {
            chart.draw_curve(canvas, &piece, &pen);
        }
        obstacles.extend(chart.trace(curve));
        entries.extend(letter.as_ref().map(|letter| (pen, format!("{letter} = {}", fan_label(*value)))));
    }
    if !entries.is_empty() {
        draw_legend(canvas, &chart, &entries, &obstacles);
    }
    let title = match name {
        Some(name) => format!("{} for several values of {}", activation.id, name.replace('_', " ")),
        None => format!("{}, which has no parameters", activation.id),
    };
    chart.draw_title(canvas, &title);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fan_spreads_around_the_value_itself() {
        assert_eq!(fan_values(1.0), [0.25, 0.5, 1.0, 2.0, 4.0]);
        assert_eq!(fan_values(-2.0), [-8.0, -4.0, -2.0, -1.0, -0.5]);
        assert_eq!(fan_values(0.01), [0.01, 0.05, 0.1, 0.2, 0.4]);
        assert!(fan_values(0.0).contains(&0.0));
        // The value itself stays what it is, to the last bit.
        assert!(fan_values(1.0 / 3.0).contains(&(1.0 / 3.0)));
    }
}
