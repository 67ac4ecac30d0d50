//! Training: a [`Case`] → its [`Run`]. Pure; the same case gives the same bits on every machine.

mod model;
mod optimizer;
mod run;
mod units;

use crate::plan::Case;

pub use model::{Loss, predict};
pub use run::{Best, Outcome, Run, Snapshot};
pub use units::{Unit, hidden_units};

/// Trains a case by full-batch steps on the mean squared error.
pub fn train(case: &Case) -> Run {
    let training = &case.training;
    let x = case.data.inputs();
    let mut y = vec![0.0; x.len()];
    case.target.function.values(&x, &mut y);
    let mut loss = Loss::new(&case.model.model_type, &case.activation.function, x, y);
    let mut parameters = case.initial.clone();
    let mut gradient = vec![0.0; parameters.len()];
    let mut update = optimizer::Update::new(training.optimizer, parameters.len());
    let mut learning_rate = training.learning_rate;
    let mut run = Run {
        losses: Vec::with_capacity(training.epochs),
        snapshots: Vec::new(),
        best: None,
        outcome: Outcome::Finished,
        halvings: Vec::new(),
    };
    for epoch in 0..training.epochs {
        let mse = loss.gradient(&parameters, &mut gradient);
        if !mse.is_finite() {
            run.outcome = Outcome::Diverged { epoch };
            return run;
        }
        run.losses.push(mse);
        if run.best.as_ref().is_none_or(|best| mse < best.mse) {
            // The buffer is kept: in a good run almost every epoch is the best so far.
            let best = run.best.get_or_insert_with(|| Best { epoch, mse, parameters: parameters.clone() });
            best.epoch = epoch;
            best.mse = mse;
            best.parameters.copy_from_slice(&parameters);
        }
        if epoch.is_multiple_of(training.snapshot_every) {
            run.snapshots.push(Snapshot { epoch, parameters: parameters.clone(), loss: mse });
        }
        update.step(&mut parameters, &gradient, learning_rate);
        let next = optimizer::scheduled(training.schedule, learning_rate, &run.losses);
        if next < learning_rate {
            run.halvings.push(epoch + 1);
            learning_rate = next;
        }
    }
    let mse = loss.value(&parameters);
    if mse.is_finite() {
        run.snapshots.push(Snapshot { epoch: training.epochs, parameters, loss: mse });
    } else {
        run.outcome = Outcome::Diverged { epoch: training.epochs };
    }
    run
}
