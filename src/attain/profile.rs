//! The loss of a single neuron as a function of (w, b) alone, with the best (v, c) for each.

use super::MAX_OUTPUT;
use super::data::{Data, dot, mean};
use crate::function::Function;
use crate::lanes;

/// The least mean squared error of v h + c against y over all v and c. Where h is constant, c alone is left.
pub fn least_error(h: &[f64], y: &[f64]) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2⁵³")]
    let count = h.len() as f64;
    let (h_mean, y_mean) = (h.iter().sum::<f64>() / count, y.iter().sum::<f64>() / count);
    let (mut hh, mut hy, mut yy) = (0.0, 0.0, 0.0);
    for (h, y) in h.iter().zip(y) {
        let (h, y) = (h - h_mean, y - y_mean);
        hh += h * h;
        hy += h * y;
        yy += y * y;
    }
    // Below this, what varies in h is its rounding.
    let rounding = count * (1e-14 * h_mean) * (1e-14 * h_mean);
    let explained = if hh > rounding && hh.is_finite() && hy.is_finite() { hy * hy / hh } else { 0.0 };
    ((yy - explained) / count).max(0.0)
}

/// A loss that is reached, and the parameters w, b, v, c that reach it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Reached {
    pub(super) mse: f64,
    pub(super) parameters: [f64; 4],
}

/// The loss at (w, b) with the best v and c, computed from the residuals, so that it is what the model has there.
pub(super) fn reached(data: &Data, function: &Function, [w, b]: [f64; 2]) -> Reached {
    let z: Vec<f64> = data.x.iter().map(|x| w * x + b).collect();
    let mut h = vec![0.0; z.len()];
    function.values(&z, &mut h);
    let (v, c) = best_output(&h, data);
    let residuals: Vec<f64> = h.iter().zip(&data.y).map(|(h, y)| v * h + c - y).collect();
    let mse = lanes::dot(&residuals, &residuals) / data.count();
    if mse.is_finite() {
        Reached { mse, parameters: [w, b, v, c] }
    } else {
        Reached { mse: f64::INFINITY, parameters: [w, b, 0.0, 0.0] }
    }
}

/// The best v and c of v h + c; v is 0 where what varies in h is its rounding.
fn best_output(h: &[f64], data: &Data) -> (f64, f64) {
    let (h_mean, y_mean) = (mean(h), mean(&data.y));
    let centered: Vec<f64> = h.iter().map(|h| h - h_mean).collect();
    let square = dot(&centered, &centered);
    let product = dot(&centered, &data.centered);
    let rounding = data.count() * (1e-14 * h_mean) * (1e-14 * h_mean);
    let v = product / square;
    if square > rounding && v.is_finite() {
        // What is left rises on both sides of the best v, so that the nearest one that is allowed is the best.
        let v = v.clamp(-MAX_OUTPUT, MAX_OUTPUT);
        (v, y_mean - v * h_mean)
    } else {
        (0.0, y_mean)
    }
}
