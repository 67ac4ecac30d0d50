//! Training: a [`Case`] → its [`Run`]. Pure; the same case gives the same bits on every machine.

mod blocks;
mod derivatives;
mod descent;
mod lbfgs;
mod levenberg_marquardt;
mod loops;
mod model;
mod optimizer;
mod recorder;
mod run;
mod transpose;
mod trials;
mod units;

#[cfg(test)]
mod gradients;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;

use crate::plan::{Case, Points, Samples};
use crate::spec::{Method, Solver};
use descent::Descent;
use lbfgs::Lbfgs;
use levenberg_marquardt::LevenbergMarquardt;
use recorder::Recorder;

pub use model::{Loss, predict};
pub use run::{Best, Outcome, Restarts, Run, Snapshot};
pub use trials::{Trial, Trials, trials};
pub use units::{Unit, hidden_units};

/// Something that takes steps.
trait Stepper {
    /// The loss at the parameters, of all training data; what the next step needs of it is remembered.
    fn loss(&mut self, parameters: &[f64]) -> f64;

    /// Trains one epoch from where [`Self::loss`] looked last; `losses` are those of all epochs so far, this one included.
    fn step(&mut self, parameters: &mut [f64], losses: &[f64]) -> Step;
}

/// What a step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Taken,
    /// It was taken, and then the schedule halved the learning rate.
    Halved,
    /// There is nothing left to gain; the parameters are what they were.
    Converged,
}

/// Trains a case on the mean squared error, from each of its starts, and keeps the run that met the lowest loss.
pub fn train(case: &Case) -> Run {
    let samples = case.samples();
    let mut run = train_from(case, &samples, &case.initial);
    if case.restarts.is_empty() {
        return run;
    }
    let lowest_of = |run: &Run| run.best.as_ref().map_or(f64::INFINITY, |best| best.mse);
    let mut lowest = vec![lowest_of(&run)];
    let mut kept = 0;
    for (start, initial) in (1..).zip(&case.restarts) {
        let other = train_from(case, &samples, initial);
        lowest.push(lowest_of(&other));
        if lowest[start] < lowest[kept] {
            (run, kept) = (other, start);
        }
    }
    run.restarts = Some(Restarts { kept, lowest });
    run
}

/// The loss of a case's model on some points.
fn loss_of<'c>(case: &'c Case, points: &Points) -> Loss<'c> {
    Loss::new(&case.model.model_type, &case.activation.function, &points.x, &points.y)
}

fn train_from(case: &Case, samples: &Samples, initial: &[f64]) -> Run {
    let training = &case.training;
    let loss = loss_of(case, &samples.training);
    let mut recorder = Recorder::new(case, &samples.validation);
    let mut stepper: Box<dyn Stepper + '_> = match training.method {
        Method::Descent(descent) => {
            Box::new(Descent::new(descent, case, &samples.training, loss, initial.len()))
        }
        Method::Solver(Solver::Lbfgs { memory, tolerance }) => Box::new(Lbfgs::new(loss, memory, tolerance)),
        Method::Solver(Solver::LevenbergMarquardt { damping, tolerance }) => {
            Box::new(LevenbergMarquardt::new(loss, initial.len(), damping, tolerance))
        }
    };
    let mut parameters = initial.to_vec();
    for epoch in 0..training.epochs {
        let mse = stepper.loss(&parameters);
        if !recorder.note(epoch, mse, &parameters) {
            return recorder.diverged();
        }
        match stepper.step(&mut parameters, recorder.losses()) {
            Step::Taken => {}
            Step::Halved => recorder.halved(epoch + 1),
            Step::Converged => return recorder.converged(epoch, parameters),
        }
    }
    let mse = stepper.loss(&parameters);
    recorder.finished(training.epochs, mse, parameters)
}
