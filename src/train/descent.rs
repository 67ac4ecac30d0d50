//! Steps that follow the gradient, of all data at a time or batch by batch.

use super::model::Loss;
use super::optimizer::{Update, scheduled};
use super::{Step, Stepper};
use crate::plan::{Case, Generator, Points};
use crate::spec::{self, Batches, Schedule};

pub(super) struct Descent<'c> {
    loss: Loss<'c>,
    gradient: Vec<f64>,
    update: Update,
    schedule: Schedule,
    first_rate: f64,
    learning_rate: f64,
    epochs: usize,
    batches: Option<Shuffled<'c>>,
}

/// The data in batches of a new order every epoch.
struct Shuffled<'c> {
    points: Points,
    size: usize,
    generator: Generator,
    batch: Loss<'c>,
    /// The last batch, where it is smaller than the others.
    rest: Option<Loss<'c>>,
}

impl<'c> Shuffled<'c> {
    fn new(batches: Batches, case: &'c Case, points: &Points) -> Self {
        let of_size = |size: usize| {
            let points = Points { x: points.x[..size].to_vec(), y: points.y[..size].to_vec() };
            super::loss_of(case, &points)
        };
        // The specs are checked: no batch is larger than the data.
        let size = batches.size.clamp(1, points.x.len());
        let rest = points.x.len() % size;
        Self {
            size,
            generator: Generator::new(&[batches.seed]),
            batch: of_size(size),
            rest: (rest > 0).then(|| of_size(rest)),
            points: points.clone(),
        }
    }
}

impl<'c> Descent<'c> {
    pub(super) fn new(
        descent: spec::Descent,
        case: &'c Case,
        points: &Points,
        loss: Loss<'c>,
        parameters: usize,
    ) -> Self {
        Self {
            loss,
            gradient: vec![0.0; parameters],
            update: Update::new(descent.optimizer, parameters),
            schedule: descent.schedule,
            first_rate: descent.learning_rate,
            learning_rate: descent.learning_rate,
            epochs: case.training.epochs,
            batches: descent.batches.map(|batches| Shuffled::new(batches, case, points)),
        }
    }
}

impl Stepper for Descent<'_> {
    fn loss(&mut self, parameters: &[f64]) -> f64 {
        match self.batches {
            None => self.loss.gradient(parameters, &mut self.gradient),
            Some(_) => self.loss.value(parameters),
        }
    }

    fn step(&mut self, parameters: &mut [f64], losses: &[f64]) -> Step {
        match &mut self.batches {
            None => self.update.step(parameters, &self.gradient, self.learning_rate),
            Some(Shuffled { points, size, generator, batch, rest }) => {
                let order = generator.permutation(points.x.len());
                for indices in order.chunks(*size) {
                    let loss = match rest {
                        Some(rest) if indices.len() < *size => rest,
                        _ => &mut *batch,
                    };
                    loss.refill(indices.iter().map(|&index| (points.x[index], points.y[index])));
                    loss.gradient(parameters, &mut self.gradient);
                    self.update.step(parameters, &self.gradient, self.learning_rate);
                }
            }
        }
        let next = scheduled(self.schedule, self.first_rate, self.learning_rate, losses, self.epochs);
        let is_halved = next < self.learning_rate && matches!(self.schedule, Schedule::HalveOnRise { .. });
        self.learning_rate = next;
        if is_halved { Step::Halved } else { Step::Taken }
    }
}
