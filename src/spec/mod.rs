//! What the specs mean: every value resolved and checked, nothing optional left that could change a result.
//!
//! The types here are the only form of a spec that the later stages see.

mod data;
mod date;
mod decode;
mod found;
mod given;
mod limits;
mod load;
mod palette;
mod resolve;
mod schema;
mod standard;
mod training;
mod typed;
mod unused;
mod yaml;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::fs::TextFile;
use crate::function::Function;
use found::Found;
use limits::Limits;

pub use data::{Data, Noise, Validation, linspace};
pub use date::Date;
pub use given::{GivenField, given_fields};
pub use palette::{ACCESSIBLE, Palette};
pub use resolve::check_base_url;
pub use schema::schema;
pub use standard::standard_figure;
pub use training::{Batches, Descent, Method, Optimizer, Schedule, Solver, Training, TrainingVariant};
pub use unused::unused;

/// Reads the specs of some YAML files; `unreadable` says which others could not be read, and why.
///
/// # Errors
///
/// Every fault of every file, in the order of the files and of the places in them.
pub fn load(files: &[TextFile], unreadable: Vec<Diagnostic>) -> Result<Specs, Vec<Diagnostic>> {
    let limits = Limits::of(files);
    let mut found = Found::new(files);
    let (documents, declared) = load::documents(files, unreadable.is_empty(), &limits, &mut found);
    found.add(unreadable);
    let specs = resolve::resolve(&documents, &declared, &limits, &mut found);
    if found.has_errors() { Err(found.told()) } else { Ok(specs) }
}

/// Whether a spec of a kind can have an id.
///
/// # Errors
///
/// What is wrong with it, as the end of a sentence.
pub fn check_id(kind: &str, id: &str) -> Result<(), String> {
    load::Namespace::of_kind(kind).map_or(Ok(()), |namespace| load::check_id(namespace, id))
}

/// The ids of the targets that some specs declare, sound or not.
pub fn target_ids(files: &[TextFile]) -> Vec<String> {
    let (_, declared) = load::documents(files, true, &Limits::of(files), &mut Found::new(files));
    declared.ids(load::Namespace::Target).map(str::to_owned).collect()
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
#[derive(Debug, Clone)]
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

/// Equal where they say the same of a document: what else stands in its file does not matter.
impl PartialEq for Source {
    fn eq(&self, other: &Self) -> bool {
        let Self { path, line, text, place: _ } = self;
        (path, line, text) == (&other.path, &other.line, &other.text)
    }
}

impl Eq for Source {}

/// The kind `site`.
#[derive(Debug, Clone, PartialEq)]
pub struct Site {
    pub title: String,
    pub description: String,
    /// Where the site will be published, with a trailing slash; only the sitemap, the feed and social cards use it.
    pub base_url: Option<String>,
    /// The experiments that the home page shows first.
    pub home: Vec<String>,
    /// Whether still figures have a variant on dark ground.
    pub has_dark_figures: bool,
    /// Whether HTML in Markdown is HTML, and not shown as it is written.
    pub allows_html: bool,
    pub look: Look,
    /// `None` without a site spec.
    pub source: Option<Source>,
}

/// How all pages look; `None` for what is as it is built in.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Look {
    pub accent: Option<Color>,
    /// As CSS lists them.
    pub font: Option<String>,
    pub code_font: Option<String>,
    pub logo: Option<Logo>,
}

/// A picture before the site's name.
#[derive(Debug, Clone, PartialEq)]
pub struct Logo {
    /// In the folder of static files, with `/` between its parts.
    pub path: String,
    /// Where the spec names it.
    pub place: crate::diagnostic::Place,
}

/// A function to learn: the kinds `polynomial` and `target`.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    pub id: String,
    pub title: String,
    /// The author's Markdown, maybe empty.
    pub explanation: String,
    pub function: Function,
    /// LaTeX of y as a function of x, without `y =`, with the parameters by name.
    pub formula: String,
    /// The expression in the spec language; `None` of a polynomial.
    pub expression: Option<String>,
    /// Those of the expression, in the order of the spec.
    pub parameters: Vec<(String, f64)>,
    pub source: Source,
}

/// An activation φ.
#[derive(Debug, Clone, PartialEq)]
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
    /// Whether it is drawn as SVG beside the PNG; never for an animation.
    pub has_svg: bool,
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
    /// Loss over the epochs of all cases on one target.
    LossComparison { scale: Scale },
    /// Loss over the epochs of one case.
    LossCurve { scale: Scale },
    /// The best of training beside the attainable loss, a row for every case of an experiment.
    Attainable,
    /// How the losses of many starts spread, a box for every case on one target.
    LossBoxes,
    /// A number for every target and activation of an experiment, as a colour and in digits.
    Matrix { value: MatrixValue },
}

impl FigureType {
    /// Whether it shows cases together, and so belongs to the experiment and not to one of them.
    pub fn spans_cases(&self) -> bool {
        matches!(
            self,
            Self::Comparison
                | Self::LossComparison { .. }
                | Self::Attainable
                | Self::LossBoxes
                | Self::Matrix { .. }
        )
    }
}

/// A file format that a spec can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Png,
    Svg,
}

/// The ground that a figure is drawn on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Theme {
    Light,
    Dark,
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

/// What a matrix shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MatrixValue {
    /// The loss that cases are ranked by: the median of many starts, or the lowest of one.
    Loss,
    /// The least loss that is known to be reached.
    Attainable,
    /// The loss less the attainable one.
    Gap,
    /// The share of the starts that succeeded.
    Success,
}

/// The scale of a value axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    Linear,
    Log,
}

/// An experiment: a matrix of cases over its axes.
#[derive(Debug, Clone, PartialEq)]
pub struct Experiment {
    pub id: String,
    pub title: String,
    /// The author's Markdown, maybe empty.
    pub description: String,
    /// When it was written, as its author says.
    pub date: Option<Date>,
    /// Outermost first.
    pub targets: Vec<Arc<Target>>,
    pub activations: Vec<Arc<Activation>>,
    pub models: Vec<Arc<Model>>,
    /// Whether `model` was written as a list, and so makes a level of the case paths.
    pub models_are_an_axis: bool,
    pub data: Data,
    pub init: Init,
    /// The seeds from which every case is trained besides, for statistics; none, or at least two. The first is that of `init`.
    pub seeds: Vec<u64>,
    /// A start succeeds if its loss exceeds the attainable one by no more than this share of it.
    pub success_within: f64,
    /// Whether every case has a page of its own.
    pub case_pages: bool,
    pub attainable: AttainableSearch,
    /// Every combination of the training axes, in order; one without axes.
    pub trainings: Vec<TrainingVariant>,
    pub figures: Vec<Arc<Figure>>,
    pub source: Source,
}

/// Where to look for the least loss that a model with one or two inner parameters can have, and how closely.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AttainableSearch {
    pub w: (f64, f64),
    /// Not used by a scaled input.
    pub b: (f64, f64),
    /// The gap between reached and certified at which to stop, as a share of the reached loss.
    pub gap: f64,
    /// The most boxes to bound; 0 for no search.
    pub budget: usize,
}

impl Init {
    /// The same with another seed; given parameters stay what they are.
    #[must_use]
    pub fn with_seed(&self, seed: u64) -> Self {
        match self {
            Self::Explicit(parameters) => Self::Explicit(parameters.clone()),
            Self::Random { distribution, stream, .. } => {
                Self::Random { distribution: *distribution, seed, stream: *stream }
            }
        }
    }
}

impl Default for AttainableSearch {
    fn default() -> Self {
        Self { w: (-8.0, 8.0), b: (-8.0, 8.0), gap: 1e-3, budget: 60_000 }
    }
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

/// How the cases of an experiment share a generator, numpy's `default_rng` (PCG64) in all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// One stream for the experiment, drawn from case after case: a case's draws depend on those before it.
    Shared,
    /// The stream of the seed, begun anew by every case: all start from the same draws (common random numbers), and differ
    /// by what is compared and not by where they start.
    Common,
    /// A stream per case, seeded by the seed and the case's path: no case depends on another.
    PerCase,
}

/// The kind `page`.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    pub id: String,
    pub title: String,
    /// Markdown.
    pub body: String,
    /// When it was written, as its author says.
    pub date: Option<Date>,
    pub source: Source,
}
