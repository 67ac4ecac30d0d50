//! Two lines joined at a place t: the best fit over all t, exactly.
//!
//! With a kink at k, φ(w x + b) is, up to scale and shift, a (x − t) below t = (k − b)/w and a′ (x − t) above it, with the slopes
//! exchanged where w < 0. Between two neighbouring inputs the fit is N(t)²/D(t) with N linear and D quadratic in t, which has one
//! flat point in closed form. All sums come from running ones, so that the whole takes time in proportion to the data.

use super::data::Data;
use super::table::Hinge;

/// The best fit of a hinge.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct HingeFit {
    /// Between the centered y and the best centered hinge.
    pub(super) angle: f64,
    /// Where the lines meet; at an end of the data or outside, a line.
    pub(super) place: f64,
    /// Whether w < 0: the left slope stands on the right.
    pub(super) is_mirrored: bool,
    /// The greatest length of the error relative to the hinge's, if both slopes are off by so much (see [`best`]).
    pub(super) relative_error: f64,
}

/// Sums over the inputs before some index: of 1, x, x², y and x y (y centered).
type Sums = [f64; 5];

/// The best fit of a hinge of these slopes, each of them known up to its error.
pub(super) fn best(data: &Data, left: (f64, f64), right: (f64, f64)) -> HingeFit {
    let mut best = HingeFit { angle: f64::INFINITY, place: 0.0, is_mirrored: false, relative_error: 0.0 };
    let mut relative_error: f64 = 0.0;
    for (is_mirrored, left, right) in [(false, left, right), (true, right, left)] {
        let sign = if is_mirrored { -1.0 } else { 1.0 };
        let found = best_of(data, (sign * left.0, left.1), (sign * right.0, right.1));
        relative_error = relative_error.max(found.relative_error);
        if found.angle < best.angle {
            best = HingeFit { is_mirrored, ..found };
        }
    }
    HingeFit { relative_error, ..best }
}

/// The fit of a hinge that is known exactly; the parameters (w, b) with |w| = `scale` that make it.
pub(super) fn exact(data: &Data, hinge: Hinge, scale: f64) -> (f64, (f64, f64)) {
    let fit = best(data, (hinge.left, 0.0), (hinge.right, 0.0));
    let w = if fit.is_mirrored { -scale } else { scale };
    (data.error_at(fit.angle), (w, hinge.at - w * fit.place))
}

fn best_of(data: &Data, (a, a_error): (f64, f64), (b, b_error): (f64, f64)) -> HingeFit {
    let all = data.x.iter().zip(&data.centered).fold([0.0; 5], add);
    let mut below: Sums = [0.0; 5];
    let mut found = HingeFit { angle: f64::INFINITY, place: 0.0, is_mirrored: false, relative_error: 0.0 };
    let count = data.count();
    let spread = centered_square(&all, &[0.0; 5]);
    let any_error = a_error.max(b_error);
    let (last, line) = (data.x.len() - 1, data.angle_to_span(std::slice::from_ref(&data.x)));
    if a != 0.0 || b != 0.0 {
        // From outside the data, a hinge with a slope on its side of the data is a line.
        let place = if b == 0.0 { data.x[last] } else { data.x[0] };
        found = HingeFit { angle: line, place, relative_error: error_of_line(a, b, any_error), ..found };
    }
    for (index, pair) in data.x.windows(2).enumerate() {
        below = add(below, (&data.x[index], &data.centered[index]));
        let above: Sums = std::array::from_fn(|at| all[at] - below[at]);
        // N(t) = n0 + n1 t; h = a (x − t) below and b (x − t) above.
        let n0 = a * below[4] + b * above[4];
        let n1 = -(a * below[3] + b * above[3]);
        // Σ h² and Σ h as polynomials in t; D = Σ h² − (Σ h)²/n.
        let (s0, s1) = (a * below[1] + b * above[1], -(a * below[0] + b * above[0]));
        let d0 = a * a * below[2] + b * b * above[2] - s0 * s0 / count;
        let d1 = -2.0 * (a * a * below[1] + b * b * above[1]) - 2.0 * s0 * s1 / count;
        let d2 = a * a * below[0] + b * b * above[0] - s1 * s1 / count;
        let length = |t: f64| d0 + t * (d1 + t * d2);
        let cosine = |t: f64| {
            let (n, d) = (n0 + n1 * t, length(t));
            // What is left of a hinge whose kink has reached the last slope is rounding.
            if d > 1e-12 * (a * a + b * b) * spread / (count * count) {
                n * n / (data.square * d)
            } else {
                0.0
            }
        };
        let flat = (n0 * d1 - 2.0 * n1 * d0) / (n1 * d1 - 2.0 * n0 * d2);
        for t in [pair[0], pair[1], flat] {
            if !(pair[0]..=pair[1]).contains(&t) {
                continue;
            }
            let angle = libm::acos(cosine(t).clamp(0.0, 1.0).sqrt());
            if angle < found.angle {
                found.angle = angle;
                found.place = t;
            }
        }
        if any_error > 0.0 {
            let lowest = (-d1 / (2.0 * d2)).clamp(pair[0], pair[1]);
            let shortest = length(pair[0]).min(length(pair[1])).min(length(lowest)).max(0.0);
            let longest = pair
                .iter()
                .map(|t| {
                    a_error * a_error * square_from(&below, *t) + b_error * b_error * square_from(&above, *t)
                })
                .fold(0.0, f64::max)
                .min(any_error * any_error * spread);
            let by_length = if shortest > 0.0 { longest / shortest } else { f64::INFINITY };
            let by_part = part_error((a, a_error), (b, b_error), below[0] / count, above[0] / count);
            found.relative_error = found.relative_error.max(by_length.min(by_part).sqrt());
        }
    }
    found
}

/// The square of the relative error of a hinge with one dead side: every value is off by the same share.
fn part_error((a, a_error): (f64, f64), (b, b_error): (f64, f64), below: f64, above: f64) -> f64 {
    let dead = |slope: f64, error: f64| slope == 0.0 && error == 0.0;
    let share = |slope: f64, error: f64, active: f64| {
        let share = error / slope;
        // Σh² of the active part over D is at most 1 / (1 − its share of the data).
        share * share / (1.0 - active)
    };
    if dead(a, a_error) && b != 0.0 {
        share(b, b_error, above)
    } else if dead(b, b_error) && a != 0.0 {
        share(a, a_error, below)
    } else {
        f64::INFINITY
    }
}

fn error_of_line(a: f64, b: f64, error: f64) -> f64 {
    let slopes = [a.abs(), b.abs()];
    let least = slopes.into_iter().filter(|slope| *slope > 0.0).fold(f64::INFINITY, f64::min);
    error / least
}

fn add(sums: Sums, (&x, &y): (&f64, &f64)) -> Sums {
    let terms = [1.0, x, x * x, y, x * y];
    std::array::from_fn(|at| sums[at] + terms[at])
}

/// Σ (x − t)² over the inputs of some sums.
fn square_from(sums: &Sums, t: f64) -> f64 {
    (sums[2] - 2.0 * t * sums[1] + t * t * sums[0]).max(0.0)
}

/// Σ (x − mean)².
fn centered_square(all: &Sums, none: &Sums) -> f64 {
    let [count, x, xx, ..]: Sums = std::array::from_fn(|at| all[at] - none[at]);
    xx - x * x / count
}
