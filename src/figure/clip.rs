//! What of a line lies within a chart's frame.

use super::axis::Axis;

/// The parts of a line that lie within the frame.
pub(super) fn visible(points: &[(f64, f64)], x: &Axis, y: &Axis) -> Vec<Vec<(f64, f64)>> {
    let mut runs: Vec<Vec<(f64, f64)>> = Vec::new();
    let mut run: Vec<(f64, f64)> = Vec::new();
    // A point very far off would leave no digits for where the line crosses the frame.
    let within = |value: f64, axis: &Axis| {
        let reach = 1e6 * (axis.high - axis.low);
        value.clamp(axis.low - reach, axis.high + reach)
    };
    let near = |point: (f64, f64)| (within(point.0, x), within(point.1, y));
    for pair in points.windows(2).map(|pair| [pair[0], pair[1]]) {
        let clipped = if is_finite(pair[0]) && is_finite(pair[1]) {
            clip(near(pair[0]), near(pair[1]), x, y)
        } else {
            None
        };
        match clipped {
            Some((from, to)) => {
                if run.last() != Some(&from) {
                    runs.push(std::mem::take(&mut run));
                    run.push(from);
                }
                run.push(to);
            }
            None => runs.push(std::mem::take(&mut run)),
        }
    }
    runs.push(run);
    runs.retain(|run| run.len() > 1);
    runs
}

/// The part of a segment within the ranges of both axes (Liang and Barsky, 1984).
fn clip((x0, y0): (f64, f64), (x1, y1): (f64, f64), x: &Axis, y: &Axis) -> Option<((f64, f64), (f64, f64))> {
    let (dx, dy) = (x1 - x0, y1 - y0);
    let (mut start, mut end) = (0.0_f64, 1.0_f64);
    let edges = [(-dx, x0 - x.low), (dx, x.high - x0), (-dy, y0 - y.low), (dy, y.high - y0)];
    for (direction, distance) in edges {
        if direction == 0.0 {
            if distance < 0.0 {
                return None;
            }
        } else if direction < 0.0 {
            start = start.max(distance / direction);
        } else {
            end = end.min(distance / direction);
        }
    }
    let at = |share: f64| match share {
        0.0 => (x0, y0),
        1.0 => (x1, y1),
        _ => (x0 + share * dx, y0 + share * dy),
    };
    (start <= end).then(|| (at(start), at(end)))
}

fn is_finite((x, y): (f64, f64)) -> bool {
    x.is_finite() && y.is_finite()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_are_cut_off_at_the_frame() {
        let axis = Axis::linear(0.0, 1.0, 5);
        let runs = visible(
            &[
                (0.0, 0.5),
                (0.5, 0.5),
                (0.5, 1.5),
                (0.7, 1e300),
                (0.8, 0.5),
                (f64::NAN, 0.5),
                (0.9, 0.1),
                (1.0, 0.1),
            ],
            &axis,
            &axis,
        );
        assert_eq!(runs.len(), 3, "{runs:?}");
        assert_eq!(runs[0], [(0.0, 0.5), (0.5, 0.5), (0.5, 1.0)]);
        assert!((runs[1][0].1 - 1.0).abs() < 1e-9 && runs[1][1] == (0.8, 0.5));
        assert_eq!(runs[2], [(0.9, 0.1), (1.0, 0.1)]);
    }
}
