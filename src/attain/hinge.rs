//! Two lines joined at a place t: the best fit over all t, exactly.
//!
//! With a kink at k, φ(w x + b) is, up to scale and shift, a (x − t) below t = (k − b)/w and a′ (x − t) above it, with the slopes
//! exchanged where w < 0. Between two neighbouring inputs the fit is N(t)²/D(t) with N linear and D quadratic in t, which has one
//! flat point in closed form; the greatest value is there or at an input. Outside of the inputs it is a line.
//!
//! Sums over the inputs below and above t come from running ones, from the left and from the right, of distances to the nearest
//! input: Σ 1, Σ d and Σ d² only ever grow by positive terms, and so are off by a few units in the last place per term, however
//! few inputs there are on a side and wherever the data lie. N = Σ y h is then off by that share of |y| √Q with Q = Σ h², and
//! D = Q − (Σ h)²/n by that share of Q, which every cosine here is given on top. (An error of the flat point hardly counts:
//! nothing changes there to first order.)

use super::data::Data;
use super::table::Hinge;

/// The best fit of a hinge.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct HingeFit {
    /// No more than the angle between the centered y and the best centered hinge.
    pub(super) angle: f64,
    /// Where the lines meet; at an end of the data or outside, a line.
    pub(super) place: f64,
    /// Whether w < 0: the left slope stands on the right.
    pub(super) is_mirrored: bool,
    /// The greatest length of the error relative to the hinge's, if both slopes are off by so much (see [`best`]).
    pub(super) relative_error: f64,
}

/// A slope, and how far it can be off.
pub(super) type Slope = (f64, f64);

/// Over the inputs on one side of a pair: Σ 1, Σ d, Σ d², Σ y and Σ y d, with d the distance to the nearer input of the pair.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    count: f64,
    first: f64,
    second: f64,
    y: f64,
    yd: f64,
}

impl Sums {
    /// The same, as seen from further away.
    fn further_off(self, step: f64) -> Self {
        Self {
            second: self.second + 2.0 * step * self.first + step * step * self.count,
            first: self.first + step * self.count,
            yd: self.yd + step * self.y,
            ..self
        }
    }

    fn with(self, y: f64) -> Self {
        Self { count: self.count + 1.0, y: self.y + y, ..self }
    }
}

/// The inputs about one place.
pub(super) struct Pair {
    /// The place, and the distance to the next input.
    at: f64,
    step: f64,
    below: Sums,
    above: Sums,
}

/// The places between the inputs.
pub(super) fn pairs(data: &Data) -> Vec<Pair> {
    let last = data.x.len() - 1;
    let step = |index: usize| data.x[index + 1] - data.x[index];
    let mut above = vec![Sums::default(); last + 1];
    above[last] = Sums::default().with(data.centered[last]);
    for index in (0..last).rev() {
        above[index] = above[index + 1].further_off(step(index)).with(data.centered[index]);
    }
    let mut below = Sums::default();
    (0..last)
        .map(|index| {
            if index > 0 {
                below = below.further_off(step(index - 1));
            }
            below = below.with(data.centered[index]);
            Pair { at: data.x[index], step: step(index), below, above: above[index + 1] }
        })
        .collect()
}

/// A hinge between two inputs, as a function of the distance s of its kink from the lower one.
struct Quotient {
    n: [f64; 2],
    d: [f64; 3],
}

impl Quotient {
    fn new(pair: &Pair, a: f64, b: f64, count: f64) -> Self {
        let (below, far) = (pair.below, pair.above.further_off(pair.step));
        let (aa, bb) = (a * a, b * b);
        let sum = [b * far.first - a * below.first, -(a * below.count + b * far.count)];
        let square = [
            aa * below.second + bb * far.second,
            2.0 * (aa * below.first - bb * far.first),
            aa * below.count + bb * far.count,
        ];
        Self {
            n: [b * far.yd - a * below.yd, -(a * below.y + b * far.y)],
            d: [
                square[0] - sum[0] * sum[0] / count,
                square[1] - 2.0 * sum[0] * sum[1] / count,
                square[2] - sum[1] * sum[1] / count,
            ],
        }
    }

    /// The places at which it can be greatest.
    fn places(&self, step: f64) -> [f64; 3] {
        let ([n0, n1], [d0, d1, d2]) = (self.n, self.d);
        let flat = (n0 * d1 - 2.0 * n1 * d0) / (n1 * d1 - 2.0 * n0 * d2);
        [0.0, step, if (0.0..=step).contains(&flat) { flat } else { 0.0 }]
    }
}

/// Σ h² and D of one hinge.
fn lengths(pair: &Pair, a: f64, b: f64, s: f64, count: f64) -> (f64, f64) {
    let (below, above) = (pair.below.further_off(s), pair.above.further_off(pair.step - s));
    let square = a * a * below.second + b * b * above.second;
    let sum = b * above.first - a * below.first;
    (square, square - sum * sum / count)
}

/// The best fit of a hinge of these slopes, each of them known up to its error.
pub(super) fn best(data: &Data, pairs: &[Pair], left: Slope, right: Slope) -> HingeFit {
    let mut best = HingeFit { angle: f64::INFINITY, place: 0.0, is_mirrored: false, relative_error: 0.0 };
    let mut relative_error: f64 = 0.0;
    for (is_mirrored, left, right) in [(false, left, right), (true, right, left)] {
        let sign = if is_mirrored { -1.0 } else { 1.0 };
        let (left, right) = ((sign * left.0, left.1), (sign * right.0, right.1));
        relative_error = relative_error.max(relative_error_of(data, pairs, left, right));
        let inner = between(data, pairs, left.0, right.0, 0.0);
        for (angle, place) in [inner, outside(data, left.0, right.0)] {
            if angle < best.angle {
                best = HingeFit { angle, place, is_mirrored, relative_error };
            }
        }
    }
    HingeFit { relative_error, ..best }
}

/// The fit of a hinge that is known exactly.
pub(super) struct Exact {
    /// No more than the angle between y and the hinge, for a kink between the inputs: even if every h is off by so much of its
    /// scale |w| as was said.
    pub(super) between: f64,
    /// The same for a kink outside, where the hinge is a line, without that error.
    pub(super) outside: f64,
    /// The parameters that make the best hinge.
    pub(super) at: (f64, f64),
}

/// The fit of a hinge that is known exactly but for an error of every value of `error` |w|; the parameters (w, b) with
/// |w| = `scale` that make it.
pub(super) fn exact(data: &Data, hinge: Hinge, scale: f64, error: f64) -> Exact {
    let pairs = pairs(data);
    let fit = best(data, &pairs, (hinge.left, 0.0), (hinge.right, 0.0));
    let w = if fit.is_mirrored { -scale } else { scale };
    let sides = [(hinge.left, hinge.right), (-hinge.right, -hinge.left)];
    let length = error * data.count().sqrt();
    let within = sides.map(|(a, b)| between(data, &pairs, a, b, length).0);
    let beyond = sides.map(|(a, b)| outside(data, a, b).0);
    Exact {
        between: within[0].min(within[1]),
        outside: beyond[0].min(beyond[1]),
        at: (w, hinge.at - w * fit.place),
    }
}

/// The least angle of a hinge with its kink between two inputs, less what an error of some length turns it, and its place.
fn between(data: &Data, pairs: &[Pair], a: f64, b: f64, error: f64) -> (f64, f64) {
    let mut best = (f64::INFINITY, 0.0);
    let mut greatest = f64::NEG_INFINITY;
    let (count, rounding) = (data.count(), 8.0 * data.rounding);
    for pair in pairs {
        let quotient = Quotient::new(pair, a, b, count);
        for s in quotient.places(pair.step) {
            let (square, d) = lengths(pair, a, b, s, count);
            let n = (quotient.n[0] + quotient.n[1] * s).abs() + rounding * (data.square * square).sqrt();
            let length = d - rounding * square;
            // Without an error, the greatest cosine is enough.
            if error == 0.0 && length > 0.0 && n * n <= greatest * length {
                continue;
            }
            let angle = if square == 0.0 {
                std::f64::consts::FRAC_PI_2
            } else if length > 0.0 {
                greatest = n * n / length;
                let turn = if error > 0.0 { error / length.sqrt() } else { 0.0 };
                let turn = if turn < 1.0 { libm::asin(turn) } else { std::f64::consts::FRAC_PI_2 };
                (libm::acos((n / (data.square * length).sqrt()).min(1.0)) - turn).max(0.0)
            } else {
                0.0
            };
            if angle < best.0 {
                best = (angle, pair.at + s);
            }
        }
    }
    best
}

/// The angle of the line that a hinge is from outside the data, if it has a slope there, and a place for its kink.
fn outside(data: &Data, a: f64, b: f64) -> (f64, f64) {
    let ends = (data.x[0], data.x[data.x.len() - 1]);
    if a == 0.0 && b == 0.0 {
        return (std::f64::consts::FRAC_PI_2, ends.0);
    }
    let angle = data.line_angle() - 8.0 * data.rounding;
    (angle.max(0.0), if b == 0.0 { ends.1 } else { ends.0 })
}

/// How long the error of a hinge can be relative to the hinge, over all places of its kink.
///
/// The error is a function of x that is 0 at the kink and whose slope is bounded by the slopes' errors, so that
/// - its square is at most Σ of the slopes' errors times the distances from the kink, squared;
/// - centered, it is no longer than the greater error times the centered x (a function with a bounded slope brings no two values
///   further apart than the slope times their inputs);
/// - where one side is flat for sure, it is at most that share of h which the other slope's error is of that slope.
fn relative_error_of(data: &Data, pairs: &[Pair], (a, a_error): Slope, (b, b_error): Slope) -> f64 {
    let any_error = a_error.max(b_error);
    if any_error == 0.0 {
        return 0.0;
    }
    let (count, rounding) = (data.count(), 8.0 * data.rounding);
    // From outside the data, all of it lies on one side.
    let share = |slope: f64, error: f64| if error == 0.0 { 0.0 } else { error / slope.abs() };
    let mut greatest = share(a, a_error).max(share(b, b_error));
    let spread = {
        let pair = &pairs[0];
        // All of the inputs, from the first.
        let all = pair.above.further_off(pair.step);
        all.second - all.first * all.first / count
    };
    for pair in pairs {
        let quotient = Quotient::new(pair, a, b, count);
        let lowest = -quotient.d[1] / (2.0 * quotient.d[2]);
        let lowest = if (0.0..=pair.step).contains(&lowest) { lowest } else { 0.0 };
        let shortest = [0.0, pair.step, lowest].into_iter().fold(f64::INFINITY, |shortest, s| {
            let (square, d) = lengths(pair, a, b, s, count);
            shortest.min(d - rounding * square)
        });
        let longest = [0.0, pair.step]
            .into_iter()
            .map(|s| {
                let (below, above) = (pair.below.further_off(s), pair.above.further_off(pair.step - s));
                a_error * a_error * below.second + b_error * b_error * above.second
            })
            .fold(0.0, f64::max)
            .min(any_error * any_error * spread);
        let by_length = if shortest > 0.0 { longest / shortest } else { f64::INFINITY };
        let by_part =
            part_error((a, a_error), (b, b_error), pair.below.count / count, pair.above.count / count);
        greatest = greatest.max(by_length.min(by_part).sqrt());
    }
    greatest * (1.0 + rounding)
}

/// The square of the relative error of a hinge with one dead side: every value is off by the same share.
fn part_error((a, a_error): Slope, (b, b_error): Slope, below: f64, above: f64) -> f64 {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The angle between y and some values, both centered, by the definition.
    fn angle(h: &[f64], y: &[f64]) -> f64 {
        let data = Data::new(h, y);
        data.angle_to_span(&[h.to_vec()])
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]
        /// No hinge comes nearer than the best, wherever its kink, and slopes within their errors come hardly nearer.
        #[test]
        fn the_best_hinge_is_the_best(
            low in prop::sample::select(vec![-3.0, 0.0, 1e4]),
            steps in prop::collection::vec(0.0_f64..1.0, 2..12),
            values in prop::collection::vec(-1.0_f64..1.0, 13),
            (a, b) in (prop::sample::select(vec![0.0, 1.0, -0.5, 1e-3]), prop::sample::select(vec![1.0, 0.0, 0.3])),
            (a_error, b_error) in (0.0_f64..0.05, 0.0_f64..0.05),
            shares in prop::collection::vec((0.0_f64..1.0, -1.0_f64..1.0), 13),
        ) {
            let mut x = vec![low, low + 0.5];
            for step in steps {
                x.push(x[x.len() - 1] + if step < 0.1 { 0.0 } else { step });
            }
            let y = &values[..x.len()];
            let data = Data::new(&x, y);
            let (first, last) = (x[0], x[x.len() - 1]);
            prop_assume!(a != 0.0 || b != 0.0);
            let pairs = pairs(&data);
            let exact = best(&data, &pairs, (a, 0.0), (b, 0.0));
            let (a_error, b_error) = (if a == 0.0 { 0.0 } else { a_error }, if b == 0.0 { 0.0 } else { b_error });
            let inexact = best(&data, &pairs, (a, a_error), (b, b_error));
            prop_assert_eq!(exact.angle, inexact.angle);
            // The best is met where it is said to be.
            let sign = if exact.is_mirrored { -1.0 } else { 1.0 };
            let slopes = if exact.is_mirrored { (b, a) } else { (a, b) };
            let h: Vec<f64> = x
                .iter()
                .map(|x| sign * (x - exact.place) * if *x < exact.place { slopes.0 } else { slopes.1 })
                .collect();
            if h.iter().any(|value| (value - h[0]).abs() > 1e-3) {
                prop_assert!((angle(&h, y) - exact.angle).abs() < 1e-6, "{} {exact:?}", angle(&h, y));
            }
            for step in -20..=120 {
                let t = first + (last - first) * f64::from(step) / 100.0;
                for sign in [1.0, -1.0] {
                    let at = |x: f64| {
                        let d = sign * (x - t);
                        if d < 0.0 { a * d } else { b * d }
                    };
                    let h: Vec<f64> = x.iter().map(|x| at(*x)).collect();
                    if h.iter().all(|value| (value - h[0]).abs() < 1e-9) {
                        continue;
                    }
                    let found = angle(&h, y);
                    prop_assert!(found >= exact.angle - 1e-11, "{found} at {t}, {exact:?}");
                    // Slopes that vary from point to point, all of them within their errors.
                    let off: Vec<f64> = x
                        .iter()
                        .zip(&shares)
                        .map(|(x, (_, share))| {
                            let d = sign * (x - t);
                            let slope = if d < 0.0 { a + share * a_error } else { b + share * b_error };
                            slope * d
                        })
                        .collect();
                    let is_lipschitz = off.windows(2).zip(h.windows(2)).zip(x.windows(2)).all(|((off, h), x)| {
                        ((off[1] - h[1]) - (off[0] - h[0])).abs() <= a_error.max(b_error) * (x[1] - x[0])
                    });
                    if is_lipschitz && inexact.relative_error < 1.0 {
                        let turned = inexact.angle - libm::asin(inexact.relative_error);
                        prop_assert!(angle(&off, y) >= turned - 1e-9, "{} at {t}, {inexact:?}", angle(&off, y));
                    }
                }
            }
        }
    }
}
