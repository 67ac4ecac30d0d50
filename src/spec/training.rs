//! How a case is trained: the optimizer with what belongs to it, and for how long.

/// One combination of an experiment's training axes.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainingVariant {
    pub training: Training,
    /// The fields that are axes, with this combination's values as the page shows them: `("learning_rate", "0.001")`.
    pub axes: Vec<(String, String)>,
}

/// How a case is trained.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Training {
    pub method: Method,
    /// The most; at least 1. An epoch is a pass over the data by gradient steps, or one iteration of the other methods.
    pub epochs: usize,
    /// A snapshot before the step of epochs 0, n, 2n, …; at least 1.
    pub snapshot_every: usize,
    /// How many starts are trained, of which the one with the lowest loss is kept; at least 1.
    pub restarts: usize,
}

/// What takes the steps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Method {
    Descent(Descent),
    Solver(Solver),
}

/// A method that finds the length of its steps itself, from all data, and ends by itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Solver {
    /// Limited-memory BFGS with a line search for the strong Wolfe conditions (Nocedal and Wright, 2006, chapters 3 and 7).
    Lbfgs {
        /// How many pairs of steps and changes of the gradient are remembered; at least 1.
        memory: usize,
        /// Training has converged where no entry of the gradient is larger.
        tolerance: f64,
    },
    /// Levenberg–Marquardt with Nielsen's damping (Madsen, Nielsen and Tingleff, 2004).
    LevenbergMarquardt {
        /// The first damping, as a share of the largest diagonal entry of JᵀJ.
        damping: f64,
        /// Training has converged where no entry of the gradient is larger.
        tolerance: f64,
    },
}

/// Steps that follow the gradient, all data at a time or batch by batch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Descent {
    pub optimizer: Optimizer,
    /// That of the first epoch.
    pub learning_rate: f64,
    pub schedule: Schedule,
    /// `None`: all data in every step.
    pub batches: Option<Batches>,
}

/// Mini-batches: every epoch the points are shuffled and cut into batches, the last of which may be smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Batches {
    /// From 1 to the number of points that are trained on.
    pub size: usize,
    /// The orders are those of `permutation(points)`, epoch after epoch, of numpy's `default_rng(seed)`.
    pub seed: u64,
}

/// The update rule, with θ the parameters, g the gradient and η the learning rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Optimizer {
    /// θ ← θ − η g.
    GradientDescent,
    /// u ← μ u + g; θ ← θ − η u.
    Momentum { momentum: f64 },
    /// u ← μ u + g; θ ← θ − η (g + μ u): Nesterov's momentum as PyTorch writes it, after Sutskever et al., 2013.
    Nesterov { momentum: f64 },
    /// s ← α s + (1 − α) g²; θ ← θ − η g / (√s + ε) (Hinton, 2012, as PyTorch writes it).
    Rmsprop { alpha: f64, epsilon: f64 },
    /// Kingma and Ba, 2015, with bias correction.
    Adam { beta1: f64, beta2: f64, epsilon: f64 },
    /// Adam after θ ← θ − η λ θ (Loshchilov and Hutter, 2019, as PyTorch writes it).
    Adamw { beta1: f64, beta2: f64, epsilon: f64, weight_decay: f64 },
}

/// How the learning rate changes during training.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Schedule {
    Constant,
    /// After every `every` epochs it is multiplied by `factor`, above 0 and below 1.
    Step {
        every: usize,
        factor: f64,
    },
    /// m + (η − m) (1 + cos(π t / T)) / 2 in epoch t of T, with m the minimum (Loshchilov and Hutter, 2017, without restarts).
    Cosine {
        minimum: f64,
    },
    /// After every `every` epochs: if the mean of the last `window` losses is above the mean of the `window` before
    /// (it has risen), the learning rate is halved, not below `minimum`.
    HalveOnRise {
        every: usize,
        window: usize,
        minimum: f64,
    },
}
