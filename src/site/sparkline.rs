//! A function as a small line in a page, without a file of its own.

use std::fmt::Write as _;

use crate::function::Function;
use crate::plan::Case;
use crate::property::{Jump, Properties};
use crate::spec::{Color, linspace};
use crate::train::predict;

/// The picture's size in its own units, of which a pixel is about two.
const WIDTH: f64 = 192.0;
const HEIGHT: f64 = 96.0;
const MARGIN: f64 = 6.0;
/// The interval that it shows, as figures of activations do.
const Z: (f64, f64) = (-5.0, 5.0);
const SAMPLES: usize = 241;
const FIT_SAMPLES: usize = 121;
/// How many units of a picture of a fit are one of the others.
const FINE: f64 = 2.0;
/// How far off the line may be, in units.
const TOLERANCE: f64 = 0.5;

/// SVG of φ over ±5 with its two axes; nothing in it speaks to who cannot see it, since the properties beside it do.
pub(super) fn svg(function: &Function, properties: &Properties, color: Color) -> String {
    let z = linspace(Z, SAMPLES);
    let mut y = vec![0.0; SAMPLES];
    function.values(&z, &mut y);
    let span = Z.1 - Z.0;
    let bounded = y.iter().filter(|y| y.is_finite()).map(|y| y.clamp(-span / 2.0, span / 2.0));
    let (low, high) = bounded.fold((0.0_f64, 0.0_f64), |(low, high), y| (low.min(y), high.max(y)));
    // A constant 0 lies in the middle.
    let (low, high) = if high - low < 1e-9 { (-1.0, 1.0) } else { (low, high) };
    let across = |z: f64| (z - Z.0) / span * WIDTH;
    let up = |y: f64| HEIGHT - MARGIN - (y - low) / (high - low) * (HEIGHT - 2.0 * MARGIN);
    let mut runs: Vec<Vec<(f64, f64)>> = vec![Vec::new()];
    let jumps: Vec<f64> =
        properties.breaks.iter().filter(|one| one.of == Jump::Value).map(|one| one.z).collect();
    for (index, (&z_here, &y_here)) in z.iter().zip(&y).enumerate() {
        let before = index.checked_sub(1).map_or(f64::NEG_INFINITY, |before| z[before]);
        // On the jump itself φ has the value of one side, mostly the left.
        let is_cut = jumps.iter().any(|&jump| before <= jump && jump < z_here) && index > 0;
        let place = (across(z_here), up(y_here));
        if !place.1.is_finite() || is_cut {
            runs.push(Vec::new());
        }
        if place.1.is_finite()
            && let Some(run) = runs.last_mut()
        {
            run.push((place.0, place.1.clamp(-HEIGHT, 2.0 * HEIGHT)));
        }
    }
    let mut path = String::new();
    for run in runs.iter().filter(|run| run.len() > 1) {
        let mut last = (f64::NAN, f64::NAN);
        for (index, (x, y)) in
            simplified(run, TOLERANCE).into_iter().map(|(x, y)| (x.round(), y.round())).enumerate()
        {
            if index == 0 {
                let _ = write!(path, "M{x} {y}");
            } else if (x, y) != last {
                let _ = write!(path, "L{x} {y}");
            }
            last = (x, y);
        }
    }
    let (zero_x, zero_y) = (across(0.0).round(), up(0.0).round());
    format!(
        r#"<svg class="spark" viewBox="0 0 {WIDTH} {HEIGHT}" aria-hidden="true"><path class="axes" d="M0 {zero_y}H{WIDTH}M{zero_x} 0V{HEIGHT}"/><path d="{path}" stroke="{color}"/></svg>"#
    )
}

/// SVG of a target, dashed, and the curve that was fitted to it; what they show is said beside it.
pub(super) fn fit_svg(case: &Case, parameters: Option<&[f64]>) -> String {
    let x = linspace(case.data.domain, FIT_SAMPLES);
    let mut target = vec![0.0; x.len()];
    case.target.function.values(&x, &mut target);
    let fitted = parameters.map(|parameters| {
        let mut y = vec![0.0; x.len()];
        predict(&case.model.model_type, &case.activation.function, parameters, &x, &mut y);
        y
    });
    let finite = target.iter().filter(|y| y.is_finite());
    let (low, high) = finite.fold((f64::MAX, f64::MIN), |(low, high), &y| (low.min(y), high.max(y)));
    let (low, high) = if high - low < 1e-9 { (low - 1.0, high + 1.0) } else { (low, high) };
    let (width, height, margin) = (FINE * WIDTH, FINE * HEIGHT, FINE * MARGIN);
    let path = |y: &[f64]| {
        let places = y.iter().enumerate().map(|(index, &y)| {
            #[expect(clippy::cast_precision_loss, reason = "a handful of samples")]
            let across = index as f64 / (FIT_SAMPLES - 1) as f64 * width;
            let up = height - margin - (y - low) / (high - low) * (height - 2.0 * margin);
            (across, if up.is_finite() { up.clamp(-height, 2.0 * height) } else { 2.0 * height })
        });
        let mut path = String::new();
        for (index, (x, y)) in simplified(&places.collect::<Vec<_>>(), TOLERANCE).into_iter().enumerate() {
            let _ = write!(path, "{}{} {}", if index == 0 { 'M' } else { 'L' }, x.round(), y.round());
        }
        path
    };
    let target = path(&target);
    let fit = fitted.map_or_else(String::new, |fitted| {
        format!(r#"<path d="{}" stroke="{}"/>"#, path(&fitted), case.activation.color)
    });
    format!(
        r#"<svg class="spark" viewBox="0 0 {width} {height}" aria-hidden="true"><path class="target" d="{target}"/>{fit}</svg>"#
    )
}

/// As few of the points as keep the line within a tolerance (Douglas and Peucker, 1973).
pub(super) fn simplified(points: &[(f64, f64)], tolerance: f64) -> Vec<(f64, f64)> {
    let [first, .., last] = *points else { return points.to_vec() };
    let length = libm::hypot(last.0 - first.0, last.1 - first.1);
    let distance = |&(x, y): &(f64, f64)| {
        ((last.0 - first.0) * (first.1 - y) - (first.0 - x) * (last.1 - first.1)).abs() / length
    };
    // The last of several that are as far.
    let mut farthest = (0, f64::NEG_INFINITY);
    for (index, point) in points.iter().enumerate().take(points.len() - 1).skip(1) {
        let distance = distance(point);
        if distance.total_cmp(&farthest.1).is_ge() {
            farthest = (index, distance);
        }
    }
    let (farthest, distance) = farthest;
    if farthest == 0 || distance <= tolerance {
        return vec![first, last];
    }
    let mut kept = simplified(&points[..=farthest], tolerance);
    kept.pop();
    kept.extend(simplified(&points[farthest..], tolerance));
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> String {
        let function = Function::parse(text, &[]).unwrap();
        svg(&function, &Properties::of(&function), Color { red: 1, green: 2, blue: 3 })
    }

    #[test]
    fn straight_pieces_take_few_points_and_jumps_none() {
        // From the corner of the picture through the origin to the other: z and 0 are both up to 5.
        assert!(of("max(x, 0)").contains(r#"d="M0 90L96 90L192 6""#), "{}", of("max(x, 0)"));
        let step = of("step(x)");
        assert_eq!(step.matches('M').count(), 4, "{step}");
        assert!(of("tanh(x)").len() < 420);
        // What is not finite is left out.
        assert!(!of("1 / x").contains("NaN") && !of("log(x)").contains("inf"));
        assert!(of("sqrt(-1 - x^2)").contains(r#"d="""#));
    }
}
