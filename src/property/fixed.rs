//! Fixed points: where φ(z) = z.

use super::breaks::{Found, Jump};
use super::flat::{self, Interval};
use super::sample::{CLOSE, Samples, at, most_places, place, sign_change};
use super::tail::Tail;
use crate::function::Function;

/// Where φ(z) = z.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FixedPoint {
    pub z: f64,
    /// φ′ there: iterating φ near it comes closer where |φ′| < 1.
    pub slope: f64,
}

/// The fixed points, and the intervals in which all points are. Of a function that is wavy far out, as the tails of its slope
/// tell, only those in the finely sampled part.
pub(super) fn find(
    function: &Function,
    samples: &Samples,
    found: &Found,
    slopes: (&Tail, &Tail),
) -> (Vec<FixedPoint>, Vec<Interval>) {
    let difference = |z: f64, y: f64| {
        let difference = y - z;
        if difference.abs() <= 1e-15 * z.abs() { 0.0 } else { difference }
    };
    let g: Vec<f64> = samples.z.iter().zip(&samples.y).map(|(&z, &y)| difference(z, y)).collect();
    let intervals = flat::intervals(samples, found, |i| g[i] == 0.0 && samples.d2y[i] == 0.0);
    let oscillates = |tail: &Tail| matches!(tail, Tail::Oscillates { .. });
    let searched =
        if oscillates(slopes.0) || oscillates(slopes.1) { samples.core() } else { 0..samples.z.len() };
    let jumps = |low: f64, high: f64| {
        found.breaks.iter().any(|one| one.of == Jump::Value && low <= one.z && one.z <= high)
    };
    // Beyond the edge of where φ is defined it is no number.
    let is_off = |g: f64| g.is_nan() || g.abs() > CLOSE;
    // From the middle outwards: the nearest to 0 are narrowed down.
    let mut order: Vec<usize> = (searched.start + 1..searched.end).collect();
    order.sort_by(|&a, &b| samples.z[a].abs().total_cmp(&samples.z[b].abs()).then(a.cmp(&b)));
    let mut left = most_places(function);
    let mut places = Vec::new();
    for i in order {
        let (low, high) = (samples.z[i - 1], samples.z[i]);
        if (g[i - 1] < 0.0 && g[i] > 0.0) || (g[i - 1] > 0.0 && g[i] < 0.0) {
            if jumps(low, high) {
                continue;
            }
            if left == 0 {
                places.push(f64::midpoint(low, high));
            } else {
                left -= 1;
                let pair = sign_change(function, (low, high), |point| point.y - point.z);
                let nearest = at(function, pair.0);
                // At a pole the sign changes without a zero.
                if (nearest.y - nearest.z).abs() <= 1e-6 * (1.0 + nearest.z.abs()) {
                    places.push(place(pair));
                }
            }
        } else if i + 1 < searched.end && g[i] == 0.0 && is_off(g[i - 1]) && is_off(g[i + 1]) {
            places.push(samples.z[i]);
        } else if left > 0
            && g[i - 1] != 0.0
            && g[i] != 0.0
            && (samples.dy[i - 1] - 1.0) * (samples.dy[i] - 1.0) < 0.0
        {
            left -= 1;
            // The curve may touch the line between two points without crossing it.
            let pair = sign_change(function, (low, high), |point| point.dy - 1.0);
            let nearest = at(function, pair.0);
            if (nearest.y - nearest.z).abs() <= 1e-13 * (1.0 + nearest.z.abs()) {
                places.push(place(pair));
            }
        }
    }
    places.sort_by(f64::total_cmp);
    places.retain(|&z| !intervals.iter().any(|interval| interval.contains(z)));
    let points = places.into_iter().map(|z| FixedPoint { z, slope: at(function, z).dy });
    (points.collect(), intervals)
}
