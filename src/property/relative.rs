//! Which activations are alike: how well one neuron with another activation imitates a function.

use crate::function::Function;

/// How near another function comes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Relative {
    /// Which of the functions it is.
    pub index: usize,
    /// What v ψ(w z) + c leaves of φ(z) for the best v and c, and the best of the w tried: the root mean square of the
    /// rest, in standard deviations of φ, over z equally spaced on ±[`REACH`]. From 0, a perfect match, to 1, none at all.
    pub distance: f64,
    pub w: f64,
}

/// Functions are compared over ±this.
pub const REACH: f64 = 5.0;
const POINTS: i32 = 100;
/// The scales tried, 2^(k/8), go from ½ to 2, either way round: at most as far in as out, so that no function passes for
/// another by a part of it that is too small to show its shape.
const STEPS: i32 = 8;

/// For each function the others by their distance, nearest first. A function that is constant or not finite there has no
/// relatives, and is none.
pub fn relatives(functions: &[&Function]) -> Vec<Vec<Relative>> {
    let z: Vec<f64> = (-POINTS..=POINTS).map(|index| REACH * f64::from(index) / f64::from(POINTS)).collect();
    let scales = scales();
    let shapes: Vec<Vec<Option<Vec<f64>>>> =
        functions.iter().map(|function| scales.iter().map(|&w| shape(function, &z, w)).collect()).collect();
    let of = |own: usize| {
        let Some(shape) = &shapes[own][0] else { return Vec::new() };
        let others = (0..functions.len()).filter(|&other| other != own);
        let mut found: Vec<Relative> = others
            .filter_map(|index| {
                let mut best: Option<(f64, f64)> = None;
                for (other, &w) in shapes[index].iter().zip(&scales) {
                    let Some(other) = other else { continue };
                    let likeness = dot(shape, other).abs();
                    // Of equal ones the first, which is the simplest.
                    if best.is_none_or(|(most, _)| likeness > most + 1e-12) {
                        best = Some((likeness, w));
                    }
                }
                let (_, w) = best?;
                let at = scales.iter().position(|&scale| scale.total_cmp(&w).is_eq())?;
                Some(Relative { index, distance: rest(shape, shapes[index][at].as_ref()?), w })
            })
            .collect();
        found.sort_by(|a, b| a.distance.total_cmp(&b.distance).then(a.index.cmp(&b.index)));
        found
    };
    (0..functions.len()).map(of).collect()
}

/// 1 first, then away from it, each before its mirror image.
fn scales() -> Vec<f64> {
    let mut scales = vec![1.0, -1.0];
    for step in 1..=STEPS {
        let scale = libm::exp2(f64::from(step) / f64::from(STEPS));
        scales.extend([scale, -scale, 1.0 / scale, -1.0 / scale]);
    }
    scales
}

/// The values at w z, shifted to mean 0 and scaled to length 1.
fn shape(function: &Function, z: &[f64], w: f64) -> Option<Vec<f64>> {
    let inputs: Vec<f64> = z.iter().map(|z| w * z).collect();
    let mut values = vec![0.0; inputs.len()];
    function.values(&inputs, &mut values);
    let count = f64::from(2 * POINTS + 1);
    let mean = values.iter().sum::<f64>() / count;
    for value in &mut values {
        *value -= mean;
    }
    let length = dot(&values, &values).sqrt();
    let is_varied = length.is_finite() && length > 1e-9 * (1.0 + mean.abs());
    for value in &mut values {
        *value /= length;
    }
    is_varied.then_some(values)
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The length of what the projection of one unit vector on another leaves; without the cancellation of 1 − r².
fn rest(a: &[f64], b: &[f64]) -> f64 {
    let r = dot(a, b);
    let rest: f64 = a.iter().zip(b).map(|(a, b)| (a - r * b) * (a - r * b)).sum();
    rest.sqrt()
}
