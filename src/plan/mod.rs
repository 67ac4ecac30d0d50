//! What has to be done: every case to train and every figure to draw, in a fixed order, each with its cache key and
//! its place in the site. Nothing here trains, draws or touches a disk.

use std::sync::Arc;

use crate::cache::CacheKey;
use crate::spec::{Activation, Data, Figure, Model, Target, Training};

/// The work that the specs ask for.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Experiment after experiment; within one, targets outermost, then activations, models and training axes.
    pub cases: Vec<Case>,
    /// Case after case, then those that span cases, then those of activations' pages. Paths are unique; keys need not be.
    pub figures: Vec<PlannedFigure>,
}

/// One fully resolved training.
#[derive(Debug, Clone)]
pub struct Case {
    /// The id of the experiment.
    pub experiment: String,
    /// The levels below the experiment: target, activation, then one per further axis (`learning_rate-0.001`).
    pub levels: Vec<String>,
    /// The further axes' names and values as shown: `("learning_rate", "0.001")`, `("model", "mlp_4_4")`.
    pub axes: Vec<(String, String)>,
    pub target: Arc<Target>,
    pub activation: Arc<Activation>,
    pub model: Arc<Model>,
    pub data: Data,
    /// The initial parameters, drawn already, so that the key depends on them and not on how they came to be.
    pub initial: Vec<f64>,
    pub training: Training,
    /// The key of its [`crate::train::Run`].
    pub key: CacheKey,
}

impl Case {
    /// Its path below the experiment, as pages name it: `cubic_s/leaky_relu`.
    pub fn path(&self) -> String {
        self.levels.join("/")
    }

    /// Its folder in the site: `experiments/benchmark/cubic_s/leaky_relu`.
    pub fn directory(&self) -> String {
        format!("experiments/{}/{}", self.experiment, self.path())
    }
}

/// One picture or animation to draw.
#[derive(Debug, Clone)]
pub struct PlannedFigure {
    pub figure: Arc<Figure>,
    pub subject: Subject,
    /// Its file in the site: `experiments/benchmark/cubic_s/leaky_relu/fit.png`.
    pub path: String,
    pub key: CacheKey,
}

/// What a figure shows.
#[derive(Debug, Clone)]
pub enum Subject {
    Activation(Arc<Activation>),
    /// Indices into [`Plan::cases`]; one but for figures that compare.
    Cases(Vec<usize>),
}
pub fn plan(_specs: &crate::spec::Specs) -> Plan {
    unimplemented!()
}
