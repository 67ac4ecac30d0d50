//! How cases were trained, in words.

use std::fmt::Write as _;

use crate::number::{minus, significant};
use crate::spec::{Data, Method, Optimizer, Schedule, Solver, Training};
use crate::train::Restarts;

/// The optimizer in words.
pub(super) fn optimizer_text(training: &Training) -> String {
    let descent = match training.method {
        Method::Descent(descent) => descent,
        Method::Solver(Solver::Lbfgs { memory, tolerance }) => {
            return format!("L-BFGS (memory {memory}, tolerance {tolerance:e})");
        }
        Method::Solver(Solver::LevenbergMarquardt { damping, tolerance }) => {
            return format!("Levenberg–Marquardt (damping {damping}, tolerance {tolerance:e})");
        }
    };
    match descent.optimizer {
        Optimizer::GradientDescent => "gradient descent".into(),
        Optimizer::Momentum { momentum } => format!("gradient descent with momentum {momentum}"),
        Optimizer::Nesterov { momentum } => format!("gradient descent with Nesterov’s momentum {momentum}"),
        Optimizer::Rmsprop { alpha, epsilon } => format!("RMSProp (α = {alpha}, ε = {epsilon:e})"),
        Optimizer::Adam { beta1, beta2, epsilon } => {
            format!("Adam (β₁ = {beta1}, β₂ = {beta2}, ε = {epsilon:e})")
        }
        Optimizer::Adamw { beta1, beta2, epsilon, weight_decay } => {
            format!("AdamW (β₁ = {beta1}, β₂ = {beta2}, ε = {epsilon:e}, weight decay {weight_decay})")
        }
    }
}

/// The learning rate in words; `None` where there is none.
pub(super) fn learning_rate_text(training: &Training) -> Option<String> {
    match training.method {
        Method::Descent(descent) => Some(descent.learning_rate.to_string()),
        Method::Solver(_) => None,
    }
}

/// The schedule in words; `None` where there is no learning rate.
pub(super) fn schedule_text(training: &Training) -> Option<String> {
    let Method::Descent(descent) = training.method else { return None };
    Some(match descent.schedule {
        Schedule::Constant => "constant".into(),
        Schedule::Step { every, factor } => format!("times {factor} every {every} epochs"),
        Schedule::Cosine { minimum: 0.0 } => "along a cosine down to 0".into(),
        Schedule::Cosine { minimum } => format!("along a cosine down to {minimum:e}"),
        Schedule::HalveOnRise { every, window, minimum } => {
            let mut text = format!(
                "halved when the mean loss of {window} epochs has risen, checked every {every} epochs"
            );
            if minimum > 0.0 {
                // Writing to a string cannot fail.
                let _ = write!(text, ", not below {minimum:e}");
            }
            text
        }
    })
}

/// The mini-batches in words; `None` where every step takes all data.
pub(super) fn batches_text(training: &Training) -> Option<String> {
    let Method::Descent(descent) = training.method else { return None };
    let batches = descent.batches?;
    Some(format!("batches of {}, shuffled by seed {}", batches.size, batches.seed))
}

/// Which of several starts a run is from, in a sentence.
pub(super) fn restarts_text(restarts: &Restarts) -> String {
    let highest = restarts.lowest.iter().copied().fold(0.0, f64::max);
    let highest = if highest.is_finite() { significant(highest, 4) } else { "no finite number".into() };
    format!(
        "This is start {} of {}, kept for its lowest MSE; from the worst of them, training found {highest}.",
        restarts.kept + 1,
        restarts.lowest.len()
    )
}

/// The data in words.
pub(super) fn data_text(data: Data) -> String {
    let (low, high) = data.domain;
    let mut text =
        format!("{} points on [{}, {}]", data.points, minus(&low.to_string()), minus(&high.to_string()));
    if let Some(noise) = data.noise {
        text.push_str(&format!(
            ", with normal noise of standard deviation {}, seed {}",
            noise.std, noise.seed
        ));
    }
    if let Some(validation) = data.validation {
        let chosen = match validation.seed {
            None => "evenly spread".into(),
            Some(seed) => format!("drawn by seed {seed}"),
        };
        text.push_str(&format!(", {} of them held out, {chosen}", data.held_out()));
    }
    text
}
