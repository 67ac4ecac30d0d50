//! What the specs mean: every value resolved and checked, nothing optional left that could change a result.
//!
//! The types here are the only form of a spec that the later stages see.

mod decode;
mod given;
mod load;
mod resolve;
mod schema;
mod standard;
mod typed;
mod yaml;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Severity};
use crate::fs::TextFile;
use crate::function::Function;

pub use given::{GivenField, given_fields};
pub use resolve::check_base_url;
pub use schema::schema;
pub use standard::standard_figure;

/// Reads the specs of some YAML files; `unreadable` says which others could not be read, and why.
///
/// # Errors
///
/// Every fault of every file, in the order of the files and of the places in them.
pub fn load(files: &[TextFile], unreadable: Vec<Diagnostic>) -> Result<Specs, Vec<Diagnostic>> {
    let (documents, declared, mut found) = load::documents(files, unreadable.is_empty());
    found.extend(unreadable);
    let (specs, resolving) = resolve::resolve(&documents, &declared);
    found.extend(resolving);
    if found.iter().all(|diagnostic| diagnostic.severity < Severity::Error) {
        return Ok(specs);
    }
    let position = |diagnostic: &Diagnostic| {
        diagnostic.place.as_ref().map(|place| {
            (
                files.iter().position(|text| Arc::ptr_eq(&text.file, &place.file)),
                place.span.start,
                place.span.end,
            )
        })
    };
    found.sort_by_key(position);
    found.dedup();
    Err(found)
}

/// Everything that the specs folder declares or uses, by id.
#[derive(Debug, Clone)]
pub struct Specs {
    pub site: Site,
    /// Every declared or used target.
    pub targets: BTreeMap<String, Arc<Target>>,
    /// Every declared or used activation.
    pub activations: BTreeMap<String, Arc<Activation>>,
    /// Every declared or used model.
    pub models: BTreeMap<String, Arc<Model>>,
    /// Every declared or used figure.
    pub figures: BTreeMap<String, Arc<Figure>>,
    /// In the order in which the site shows them: those that `home` names, then by id.
    pub experiments: Vec<Experiment>,
    /// By id.
    pub pages: Vec<Page>,
}

/// Where a spec was read from, for provenance links on pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The file, relative to the specs folder, with `/` between its parts.
    pub path: String,
    /// The 1-based line on which the document starts.
    pub line: usize,
    /// The document's own YAML text.
    pub text: String,
    /// The whole file and where the kind's Markdown (`body`, `explanation`, `description`) or, without one, the document
    /// starts in it, for diagnostics that only the site can find (a broken reference in a page's body).
    pub place: crate::diagnostic::Place,
}

/// The kind `site`.
#[derive(Debug, Clone, PartialEq)]
pub struct Site {
    pub title: String,
    pub description: String,
    /// Where the site will be published, with a trailing slash; only the sitemap, the feed and social cards use it.
    pub base_url: Option<String>,
    /// The experiments that the home page shows first.
    pub home: Vec<String>,
    /// `None` without a site spec.
    pub source: Option<Source>,
}

/// A function to learn: the kinds `polynomial` and `target`.
#[derive(Debug, Clone)]
pub struct Target {
    pub id: String,
    pub title: String,
    /// The author's Markdown, maybe empty.
    pub explanation: String,
    pub function: Function,
    /// LaTeX of y as a function of x, without `y =`.
    pub formula: String,
    pub source: Source,
}

/// An activation φ.
#[derive(Debug, Clone)]
pub struct Activation {
    pub id: String,
    pub title: String,
    /// The author's or the catalogue's Markdown, maybe empty.
    pub description: String,
    /// LaTeX of φ as it stands before an argument in parentheses (`\tanh`, `\mathrm{ReLU}`); empty for the identity.
    pub symbol: String,
    /// LaTeX of φ(z), without `φ(z) =`, with the parameters by name.
    pub formula: String,
    pub function: Function,
    /// The expression in the spec language that defines φ, of the variable `x`.
    pub expression: String,
    /// In the order of the spec or the catalogue.
    pub parameters: Vec<(String, f64)>,
    pub color: Color,
    pub references: Vec<Reference>,
    /// The built-in that this is, or that it overrides.
    pub builtin: Option<String>,
    /// `None` for a built-in that no spec declares.
    pub source: Option<Source>,
}

/// Where a formula comes from.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Reference {
    pub title: String,
    /// An `https` or `http` address.
    pub url: String,
    pub year: Option<i32>,
}

/// A parameterised predictor ŷ(x).
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    pub id: String,
    pub title: String,
    pub description: String,
    pub model_type: ModelType,
    /// `None` for a standard model that no spec declares.
    pub source: Option<Source>,
}

/// The structure of a [`Model`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ModelType {
    /// ŷ(x) = v φ(w x + b) + c, with the parameters w, b, v, c in this order.
    SingleNeuron,
    /// ŷ(x) = φ(w x), with the parameter w.
    ScaledInput,
    /// h₀ = x, hₖ = φ(hₖ₋₁ Wₖ + bₖ), ŷ = h W_o + b_o. The parameters are the tensors W1, b1, …, Wo, bo, each row by row.
    Mlp {
        /// At least one, each at least 1.
        hidden_sizes: Vec<usize>,
    },
}

/// One named parameter tensor of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tensor {
    /// `w`, `b`, `v`, `c`, or `W1`, `b1`, …, `Wo`, `bo`.
    pub name: String,
    /// Empty for a scalar; `[n]` for a bias, `[fan_in, fan_out]` for a weight matrix.
    pub shape: Vec<usize>,
}

impl Tensor {
    /// How many numbers it holds.
    pub fn size(&self) -> usize {
        self.shape.iter().product()
    }
}

impl ModelType {
    /// The spec language's name of the type.
    pub fn name(&self) -> &'static str {
        match self {
            Self::SingleNeuron => "single_neuron",
            Self::ScaledInput => "scaled_input",
            Self::Mlp { .. } => "mlp",
        }
    }

    /// The parameters, in the order in which every parameter vector lists them.
    pub fn tensors(&self) -> Vec<Tensor> {
        let scalar = |name: &str| Tensor { name: name.to_owned(), shape: Vec::new() };
        match self {
            Self::SingleNeuron => ["w", "b", "v", "c"].map(scalar).to_vec(),
            Self::ScaledInput => vec![scalar("w")],
            Self::Mlp { hidden_sizes } => {
                let mut tensors = Vec::new();
                let mut fan_in = 1;
                let layers = hidden_sizes.iter().enumerate().map(|(i, &size)| ((i + 1).to_string(), size));
                for (layer, fan_out) in layers.chain([("o".to_owned(), 1)]) {
                    tensors.push(Tensor { name: format!("W{layer}"), shape: vec![fan_in, fan_out] });
                    tensors.push(Tensor { name: format!("b{layer}"), shape: vec![fan_out] });
                    fan_in = fan_out;
                }
                tensors
            }
        }
    }

    /// The length of a parameter vector.
    pub fn parameter_count(&self) -> usize {
        self.tensors().iter().map(Tensor::size).sum()
    }

    /// LaTeX of the model, `\hat{y}(x) = …`, with the symbol of an activation in it (see [`Activation::symbol`]).
    pub fn formula(&self, symbol: &str) -> String {
        match self {
            Self::SingleNeuron => format!(r"\hat{{y}}(x) = v\,{symbol}(wx + b) + c"),
            Self::ScaledInput => format!(r"\hat{{y}}(x) = {symbol}(wx)"),
            Self::Mlp { hidden_sizes } => {
                let mut inner = "x".to_owned();
                for layer in 1..=hidden_sizes.len() {
                    inner = format!(r"{symbol}({inner}\,W_{{{layer}}} + b_{{{layer}}})");
                }
                format!(r"\hat{{y}}(x) = {inner}\,W_{{o}} + b_{{o}}")
            }
        }
    }
}

/// An opaque sRGB colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Color {
    pub red: u8,
    pub green: u8,
    pub blue: u8,
}

impl std::fmt::Display for Color {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.red, self.green, self.blue)
    }
}

/// A figure: what to draw and how. Which runs it shows is the plan's.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    pub id: String,
    pub title: String,
    /// Markdown shown under the figure on pages, maybe empty; never part of the picture.
    pub caption: String,
    /// Width and height in pixels.
    pub size: (u32, u32),
    pub figure_type: FigureType,
    /// `None` for a standard figure that no spec declares.
    pub source: Option<Source>,
}

/// What a [`Figure`] shows.
#[derive(Debug, Clone, PartialEq)]
pub enum FigureType {
    /// Data, target and fitted curve, with the best parameters of one case.
    Fit,
    /// The fit over the snapshots of one case, animated.
    Convergence {
        fps: f64,
        /// Left to right, at least one.
        panels: Vec<Panel>,
    },
    /// φ, φ′ and φ″ over an interval.
    Activation { z: (f64, f64) },
    /// φ over an interval for several values of each of its parameters, one panel each, one below the other.
    ParameterFan { z: (f64, f64) },
    /// Every parameter over the snapshots of one case, one panel each (tensors: their entries in one panel).
    Trajectories,
    /// MSE over (w, b) with the best (v, c) of each cell, and the training of one single-neuron case on it.
    LossLandscape { w: (f64, f64), b: (f64, f64), resolution: usize, colormap: Colormap },
    /// The fits of several activations on one target.
    Comparison,
    /// Loss over the epochs of one case.
    LossCurve { scale: Scale },
}

/// One panel of an animation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Panel {
    Fit,
    /// The trajectory of one scalar parameter, by name.
    Trajectory(String),
}

/// How values become colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colormap {
    Viridis,
    Magma,
    Gray,
}

/// The scale of a value axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    Linear,
    Log,
}

/// An experiment: a matrix of cases over its axes.
#[derive(Debug, Clone)]
pub struct Experiment {
    pub id: String,
    pub title: String,
    /// The author's Markdown, maybe empty.
    pub description: String,
    /// Outermost first.
    pub targets: Vec<Arc<Target>>,
    pub activations: Vec<Arc<Activation>>,
    pub models: Vec<Arc<Model>>,
    /// Whether `model` was written as a list, and so makes a level of the case paths.
    pub models_are_an_axis: bool,
    pub data: Data,
    pub init: Init,
    /// Every combination of the training axes, in order; one without axes.
    pub trainings: Vec<TrainingVariant>,
    pub figures: Vec<Arc<Figure>>,
    pub source: Source,
}

/// One combination of an experiment's training axes.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainingVariant {
    pub training: Training,
    /// The fields that are axes, with this combination's values as the page shows them: `("learning_rate", "0.001")`.
    pub axes: Vec<(String, String)>,
}

/// The noise-free data: equally spaced points.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Data {
    /// Both ends are points.
    pub domain: (f64, f64),
    /// At least 2.
    pub points: usize,
}

impl Data {
    /// The inputs x, spaced as numpy's `linspace` spaces them: both ends are met exactly.
    pub fn inputs(&self) -> Vec<f64> {
        linspace(self.domain, self.points)
    }
}

/// `points` equally spaced numbers, at least 2, from one end of an interval to the other, as numpy's `linspace` rounds them.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2⁵³")]
pub fn linspace((low, high): (f64, f64), points: usize) -> Vec<f64> {
    let step = (high - low) / (points - 1) as f64;
    let mut values: Vec<f64> = (0..points).map(|index| index as f64 * step + low).collect();
    if let Some(last) = values.last_mut() {
        *last = high;
    }
    values
}

/// Where the initial parameters come from.
#[derive(Debug, Clone, PartialEq)]
pub enum Init {
    /// One number per scalar parameter, in the order of [`ModelType::tensors`].
    Explicit(Vec<f64>),
    Random {
        distribution: Distribution,
        seed: u64,
        stream: Stream,
    },
}

/// What initial parameters are drawn from. Biases of the fan-based ones are 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Distribution {
    /// Every parameter, weights and biases alike.
    Normal { mean: f64, std: f64 },
    /// Standard deviation √(2 / (fan_in + fan_out)) (Glorot and Bengio, 2010).
    GlorotNormal,
    /// Uniform on ±√(6 / (fan_in + fan_out)) (Glorot and Bengio, 2010).
    GlorotUniform,
    /// Standard deviation √(2 / fan_in) (He et al., 2015).
    HeNormal,
    /// Uniform on ±√(6 / fan_in) (He et al., 2015).
    HeUniform,
}

/// How the cases of an experiment share a generator, numpy's `default_rng` (PCG64) in both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// One stream for the experiment, drawn from case after case: a case's draws depend on those before it.
    Shared,
    /// A stream per case, seeded by the seed and the case's path: no case depends on another.
    PerCase,
}

/// How a case is trained, by full-batch gradient steps.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Training {
    pub optimizer: Optimizer,
    pub learning_rate: f64,
    /// At least 1.
    pub epochs: usize,
    /// A snapshot before the step of epochs 0, n, 2n, …; at least 1.
    pub snapshot_every: usize,
    pub schedule: Schedule,
}

/// The update rule.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Optimizer {
    GradientDescent,
    /// u ← μ u + g; θ ← θ − η u.
    Momentum {
        momentum: f64,
    },
    /// Kingma and Ba, 2015, with bias correction.
    Adam {
        beta1: f64,
        beta2: f64,
        epsilon: f64,
    },
}

/// How the learning rate changes during training.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Schedule {
    Constant,
    /// After every `every` epochs: if the mean of the last `window` losses is above the mean of the `window` before
    /// (it has risen), the learning rate is halved, not below `minimum`.
    HalveOnRise {
        every: usize,
        window: usize,
        minimum: f64,
    },
}

/// The kind `page`.
#[derive(Debug, Clone)]
pub struct Page {
    pub id: String,
    pub title: String,
    /// Markdown.
    pub body: String,
    pub source: Source,
}
