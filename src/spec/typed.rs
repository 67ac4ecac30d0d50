//! The specs as typed: every field of every kind, with the place of each value. What they mean is [`super::resolve`]'s.

use std::ops::Range;

use super::decode::{
    Decode, Faults, Field, Located, NamedNumbers, OneOrMany, fields, listed, mismatch, names, unknown_key,
};
use super::yaml::{Entry, Node, Value};
use crate::diagnostic::{Diagnostic, nearest};
use crate::spec::{Color, Colormap, Scale, Stream};

/// One document of a file.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Document {
    /// Where `id` was given, if it was.
    pub(super) id: Option<Located<String>>,
    pub(super) kind_span: Range<usize>,
    pub(super) kind: Kind,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    Site(Site),
    Polynomial(Polynomial),
    Target(Target),
    Activation(Box<Activation>),
    Model(Model),
    Figure(Box<Figure>),
    Experiment(Box<Experiment>),
    Page(Page),
}

/// The names that `kind` may have.
pub(super) const KINDS: [&str; 8] =
    ["site", "polynomial", "target", "activation", "model", "figure", "experiment", "page"];

/// Reads one document; `None` after having reported why it cannot be used.
pub(super) fn document(node: &Node, faults: &mut Faults<'_>) -> Option<Document> {
    let Value::Mapping(entries) = &node.value else {
        let place = faults.place(&node.span, "expected a mapping");
        faults.push(Diagnostic::error(
            format!("a spec is a mapping that starts with `kind`, this is {}", node.value.describe()),
            place,
        ));
        return None;
    };
    let is_header = |entry: &Entry| entry.key == "kind" || entry.key == "id";
    let headers: Vec<Entry> = entries.iter().filter(|entry| is_header(entry)).cloned().collect();
    super::decode::report_duplicates(&headers, faults);
    let id = match headers.iter().find(|entry| entry.key == "id") {
        Some(entry) => Some(Located::<String>::decode(&entry.value, faults)?),
        None => None,
    };
    let Some(kind) = headers.iter().find(|entry| entry.key == "kind") else {
        let place = faults.place(&node.span, "`kind` is missing");
        let diagnostic = Diagnostic::error("every spec says its `kind`", place);
        faults.push(diagnostic.help(format!("the kinds are {}", listed(KINDS))));
        return None;
    };
    let name = String::decode(&kind.value, faults)?;
    let body = Node {
        value: Value::Mapping(entries.iter().filter(|entry| !is_header(entry)).cloned().collect()),
        span: node.span.clone(),
    };
    let decoded = match name.as_str() {
        "site" => Kind::Site(Site::decode(&body, faults)?),
        "polynomial" => Kind::Polynomial(Polynomial::decode(&body, faults)?),
        "target" => Kind::Target(Target::decode(&body, faults)?),
        "activation" => Kind::Activation(Box::new(Activation::decode(&body, faults)?)),
        "model" => Kind::Model(Model::decode(&body, faults)?),
        "figure" => Kind::Figure(Box::new(Figure::decode(&body, faults)?)),
        "experiment" => Kind::Experiment(Box::new(Experiment::decode(&body, faults)?)),
        "page" => Kind::Page(Page::decode(&body, faults)?),
        _ => {
            let place = faults.place(&kind.value.span, "unknown kind");
            let diagnostic = Diagnostic::error(format!("`{name}` is not a kind of spec"), place);
            faults.push(match nearest(&name, KINDS) {
                Some(nearest) => diagnostic.help(format!("did you mean `{nearest}`?")),
                None => diagnostic.help(format!("the kinds are {}", listed(KINDS))),
            });
            return None;
        }
    };
    Some(Document { id, kind_span: kind.value.span.clone(), kind: decoded })
}

fields! {
    /// The site as a whole; at most one.
    Site, "a site" {
        optional {
            /// Its name, in the header of every page.
            title: String,
            /// One sentence on what it is, for the home page and search engines.
            description: String,
            /// Where it will be published; only the sitemap and social cards use it.
            base_url: Located<String>,
            /// The experiments that the home page shows first, in this order; the others follow.
            home: Vec<Located<String>>,
        }
    }
}

fields! {
    /// A target that is a polynomial: by its coefficients, or by its roots.
    Polynomial, "a polynomial" {
        optional {
            /// Its name on pages; the id without one.
            title: String,
            /// Ascending powers: c0 + c1 x + c2 x² + …
            coefficients: Located<Vec<Located<f64>>>,
            /// The real roots, each as often as its multiplicity.
            roots: Located<Vec<Located<f64>>>,
            /// With `roots`: the factor before (x − r1)(x − r2)…; 1 without it.
            leading: Located<f64>,
            /// Markdown for its page: why the winners win.
            explanation: String,
        }
    }
}

fields! {
    /// A target by expression.
    Target, "a target" {
        required {
            /// y as an expression of `x` and the parameters.
            expression: Located<String>,
        }
        optional {
            /// Its name on pages; the id without one.
            title: String,
            /// Numbers that the expression uses by name.
            parameters: NamedNumbers,
            /// Markdown for its page: why the winners win.
            explanation: String,
        }
    }
}

fields! {
    /// An activation: a built-in with other parameters or another look, or one of one's own by expression.
    Activation, "an activation" {
        optional {
            /// The built-in that this varies; the id's own without it, if there is one.
            builtin: Located<String>,
            /// φ as an expression of `x` and the parameters; the derivative is worked out.
            expression: Located<String>,
            /// Numbers that the expression or the built-in uses by name.
            parameters: NamedNumbers,
            /// Its name on pages.
            title: String,
            /// LaTeX of φ as it stands before an argument, such as `\mathrm{ReLU}`.
            symbol: Located<String>,
            /// The colour of its curves, `"#rrggbb"`.
            color: Color,
            /// Markdown for its page.
            description: String,
            /// Where it comes from.
            references: Vec<Reference>,
        }
    }
}

fields! {
    /// A work to point to.
    Reference, "a reference" {
        required {
            /// The title of the work.
            title: String,
            /// Its address on the web.
            url: Located<String>,
        }
        optional {
            /// The year it appeared.
            year: i32,
        }
    }
}

/// The names of the model types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ModelTypeName {
    SingleNeuron,
    ScaledInput,
    Mlp,
}

names!(ModelTypeName, "a model type", [
    "single_neuron" => Self::SingleNeuron,
    "scaled_input" => Self::ScaledInput,
    "mlp" => Self::Mlp,
]);

fields! {
    /// A model.
    Model, "a model" {
        required {
            /// `single_neuron`, `scaled_input` or `mlp`.
            r#type: ModelTypeName,
        }
        optional {
            /// The sizes of an MLP's hidden layers, first to last.
            hidden_sizes: Located<Vec<Located<u64>>>,
            /// Its name on pages.
            title: String,
            /// Markdown for its page.
            description: String,
        }
    }
}

/// The names of the figure types.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FigureTypeName {
    Fit,
    Convergence,
    Activation,
    Trajectories,
    LossLandscape,
    Comparison,
    LossCurve,
}

names!(FigureTypeName, "a figure type", [
    "fit" => Self::Fit,
    "convergence" => Self::Convergence,
    "activation" => Self::Activation,
    "trajectories" => Self::Trajectories,
    "loss_landscape" => Self::LossLandscape,
    "comparison" => Self::Comparison,
    "loss_curve" => Self::LossCurve,
]);

names!(Colormap, "a colour map", [
    "viridis" => Self::Viridis,
    "magma" => Self::Magma,
    "gray" => Self::Gray,
]);

names!(Scale, "a scale", ["linear" => Self::Linear, "log" => Self::Log]);

names!(Stream, "a stream", ["shared" => Self::Shared, "per_case" => Self::PerCase]);

fields! {
    /// A figure: what to draw, and how.
    Figure, "a figure" {
        required {
            /// `fit`, `convergence`, `activation`, `trajectories`, `loss_landscape`, `comparison` or `loss_curve`.
            r#type: FigureTypeName,
        }
        optional {
            /// Width and height in pixels.
            size: Located<(Located<u64>, Located<u64>)>,
            /// Its name on pages.
            title: String,
            /// Markdown under the figure on pages.
            caption: String,
            /// Frames per second of a convergence; 12 without it.
            fps: Located<f64>,
            /// The panels of a convergence, left to right: `fit` and `{trajectory: NAME}`.
            panels: Located<Vec<Located<Panel>>>,
            /// The interval of an activation's figure.
            z: Located<(Located<f64>, Located<f64>)>,
            /// The range of w in a loss landscape.
            w: Located<(Located<f64>, Located<f64>)>,
            /// The range of b in a loss landscape.
            b: Located<(Located<f64>, Located<f64>)>,
            /// The number of cells along each side of a loss landscape.
            resolution: Located<u64>,
            /// The colours of a loss landscape: `viridis`, `magma` or `gray`.
            colormap: Colormap,
            /// The scale of a loss curve's losses: `log` or `linear`.
            scale: Scale,
        }
    }
}

/// One panel of a convergence.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Panel {
    Fit,
    Trajectory(String),
}

fields! {
    /// A panel with a parameter's trajectory.
    TrajectoryPanel, "a panel" {
        required {
            /// The parameter's name.
            trajectory: String,
        }
    }
}

impl Decode for Panel {
    fn expected() -> String {
        "a panel: `fit` or `{trajectory: NAME}`".into()
    }

    fn decode(node: &Node, faults: &mut Faults<'_>) -> Option<Self> {
        match &node.value {
            Value::Text(text) if text == "fit" => Some(Self::Fit),
            Value::Mapping(_) => Some(Self::Trajectory(TrajectoryPanel::decode(node, faults)?.trajectory)),
            _ => mismatch(node, faults),
        }
    }
}

fields! {
    /// An experiment: a matrix of cases.
    Experiment, "an experiment" {
        required {
            /// The target, or a list of them.
            target: OneOrMany<String>,
            /// The activation, or a list of them.
            activation: OneOrMany<String>,
            /// How to train; any field may be a list.
            training: Training,
        }
        optional {
            /// The model, or a list of them; a single neuron without it.
            model: OneOrMany<String>,
            /// Its name on pages.
            title: String,
            /// Markdown for its page.
            description: String,
            /// Where the data lie.
            data: Data,
            /// Where the initial parameters come from.
            init: Located<Init>,
            /// The figures to draw, by id.
            figures: Vec<Located<String>>,
        }
    }
}

fields! {
    /// Equally spaced, noise-free data.
    Data, "data" {
        optional {
            /// The first and the last point.
            domain: Located<(Located<f64>, Located<f64>)>,
            /// How many points.
            points: Located<u64>,
        }
    }
}

/// The names of the distributions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DistributionName {
    Normal,
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
}

names!(DistributionName, "a distribution", [
    "normal" => Self::Normal,
    "glorot_normal" => Self::GlorotNormal,
    "glorot_uniform" => Self::GlorotUniform,
    "he_normal" => Self::HeNormal,
    "he_uniform" => Self::HeUniform,
]);

/// The names of the generators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Generator {
    Numpy,
}

names!(Generator, "a generator", ["numpy" => Self::Numpy]);

/// A tensor's name and its entries, row by row.
pub(super) type GivenTensor = (Located<String>, Located<Vec<Located<f64>>>);

/// Initial parameters: drawn, or given one by one.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Init {
    Random(Box<RandomInit>),
    /// By the name of the parameter or tensor; a tensor's entries row by row.
    Explicit(Vec<GivenTensor>),
}

fields! {
    /// Initial parameters that are drawn.
    RandomInit, "an initialisation" {
        optional {
            /// `normal`, `glorot_normal`, `glorot_uniform`, `he_normal` or `he_uniform`.
            distribution: DistributionName,
            /// The mean of `normal`; 0 without it.
            mean: Located<f64>,
            /// The standard deviation of `normal`; 0.5 without it.
            std: Located<f64>,
            /// Of the generator; 0 without it.
            seed: u64,
            /// `numpy`: the draws of numpy's `default_rng`.
            generator: Generator,
            /// `shared`: one stream for all cases, in order; `per_case`: each case its own.
            stream: Stream,
        }
    }
}

const RANDOM_INIT_FIELDS: [&str; 6] = ["distribution", "mean", "std", "seed", "generator", "stream"];

impl Decode for Init {
    fn expected() -> String {
        "an initialisation: a distribution with a seed, or a value for every parameter".into()
    }

    fn decode(node: &Node, faults: &mut Faults<'_>) -> Option<Self> {
        let Value::Mapping(entries) = &node.value else { return mismatch(node, faults) };
        // One field that only a distribution has decides; a mapping with neither is taken as parameters only where every
        // name could be one, so that a mistyped `distribution` is reported as what it is.
        let is_random = |entry: &Entry| RANDOM_INIT_FIELDS.contains(&entry.key.as_str());
        let resembles_random =
            |entry: &Entry| entry.key.len() > 3 && nearest(&entry.key, RANDOM_INIT_FIELDS).is_some();
        if entries.is_empty() || entries.iter().any(|entry| is_random(entry) || resembles_random(entry)) {
            if let Some(stray) = entries.iter().find(|entry| is_parameter_name(&entry.key)) {
                let known = RANDOM_INIT_FIELDS;
                let diagnostic = unknown_key(stray, "a random initialisation", known, faults);
                faults.push(
                    diagnostic.help("either give every parameter its value, or a distribution to draw from"),
                );
                return None;
            }
            return Some(Self::Random(Box::new(RandomInit::decode(node, faults)?)));
        }
        super::decode::report_duplicates(entries, faults);
        let decoded: Vec<Option<_>> = entries
            .iter()
            .map(|entry| {
                let name = Located { value: entry.key.clone(), span: entry.key_span.clone() };
                let mut numbers = Vec::new();
                flatten(&entry.value, &mut numbers, faults)?;
                Some((name, Located { value: numbers, span: entry.value.span.clone() }))
            })
            .collect();
        decoded.into_iter().collect::<Option<Vec<_>>>().map(Self::Explicit)
    }
}

fn is_parameter_name(name: &str) -> bool {
    name.len() <= 3 && !RANDOM_INIT_FIELDS.contains(&name)
}

/// A number, or lists of them to any depth, row by row.
fn flatten(node: &Node, numbers: &mut Vec<Located<f64>>, faults: &mut Faults<'_>) -> Option<()> {
    match &node.value {
        Value::Sequence(items) => items.iter().try_for_each(|item| flatten(item, numbers, faults)),
        _ => {
            numbers.push(Located::decode(node, faults)?);
            Some(())
        }
    }
}

fields! {
    /// How to train: full-batch gradient steps on the mean squared error.
    Training, "a training" {
        required {
            /// The factor of every step.
            learning_rate: OneOrMany<f64>,
            /// How many steps.
            epochs: OneOrMany<u64>,
        }
        optional {
            /// `gradient_descent`, `momentum` or `adam`; gradient descent without it.
            optimizer: OneOrMany<Optimizer>,
            /// A snapshot (a frame of the animations) every so many epochs; a fortieth of the epochs without it.
            snapshot_every: OneOrMany<u64>,
            /// How the learning rate changes; `constant` without it.
            schedule: OneOrMany<Schedule>,
        }
    }
}

/// The update rule, with its numbers where they differ from the usual.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Optimizer {
    pub(super) name: OptimizerName,
    pub(super) settings: OptimizerSettings,
}

/// The names of the optimizers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OptimizerName {
    GradientDescent,
    Momentum,
    Adam,
}

names!(OptimizerName, "an optimizer", [
    "gradient_descent" => Self::GradientDescent,
    "momentum" => Self::Momentum,
    "adam" => Self::Adam,
]);

fields! {
    /// An optimizer written as a mapping.
    OptimizerSettings, "an optimizer" {
        required {
            r#type: OptimizerName,
        }
        optional {
            /// The share of the last step that `momentum` keeps; 0.9 without it.
            momentum: Located<f64>,
            /// Adam's decay of the mean gradient; 0.9 without it.
            beta1: Located<f64>,
            /// Adam's decay of the mean squared gradient; 0.999 without it.
            beta2: Located<f64>,
            /// Adam's guard against division by zero; 1e-8 without it.
            epsilon: Located<f64>,
        }
    }
}

impl Decode for Optimizer {
    fn expected() -> String {
        format!("{}, or a mapping with `type` and its settings", OptimizerName::expected())
    }

    fn decode(node: &Node, faults: &mut Faults<'_>) -> Option<Self> {
        if let Value::Mapping(_) = node.value {
            let settings = OptimizerSettings::decode(node, faults)?;
            return Some(Self { name: settings.r#type, settings });
        }
        let name = OptimizerName::decode(node, faults)?;
        let settings = OptimizerSettings {
            r#type: name,
            momentum: Field::Absent,
            beta1: Field::Absent,
            beta2: Field::Absent,
            epsilon: Field::Absent,
        };
        Some(Self { name, settings })
    }
}

/// How the learning rate changes.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Schedule {
    Constant,
    HalveOnRise(HalveOnRise),
}

/// The names of the schedules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ScheduleName {
    Constant,
    HalveOnRise,
}

names!(ScheduleName, "a schedule", [
    "constant" => Self::Constant,
    "halve_on_rise" => Self::HalveOnRise,
]);

fields! {
    /// The learning rate is halved when the mean loss has risen.
    HalveOnRise, "a halve_on_rise schedule" {
        required {
            r#type: ScheduleName,
            /// How many epochs between two looks at the losses.
            every: Located<u64>,
        }
        optional {
            /// How many losses make a mean; 50 without it.
            window: Located<u64>,
            /// The learning rate never falls below it; 0 without it.
            minimum: Located<f64>,
        }
    }
}

fields! {
    /// A schedule that has no settings.
    ConstantSchedule, "a constant schedule" {
        required {
            r#type: ScheduleName,
        }
    }
}

impl Decode for Schedule {
    fn expected() -> String {
        format!("{}, or a mapping with `type` and its settings", ScheduleName::expected())
    }

    fn decode(node: &Node, faults: &mut Faults<'_>) -> Option<Self> {
        let Value::Mapping(entries) = &node.value else {
            return match ScheduleName::decode(node, faults)? {
                ScheduleName::Constant => Some(Self::Constant),
                ScheduleName::HalveOnRise => {
                    let place = faults.place(&node.span, "needs its settings");
                    let diagnostic =
                        Diagnostic::error("`halve_on_rise` needs to know how often to look", place);
                    faults.push(
                        diagnostic
                            .help("write {type: halve_on_rise, every: 250, window: 50, minimum: 1.0e-5}"),
                    );
                    None
                }
            };
        };
        match entries.iter().find(|entry| entry.key == "type") {
            Some(entry) if ScheduleName::decode(&entry.value, faults)? == ScheduleName::HalveOnRise => {
                HalveOnRise::decode(node, faults).map(Self::HalveOnRise)
            }
            _ => ConstantSchedule::decode(node, faults).map(|_| Self::Constant),
        }
    }
}

fields! {
    /// A page of text.
    Page, "a page" {
        required {
            /// Markdown, with links such as `experiment:ID` and figures by `{{ figure(…) }}`.
            body: Located<String>,
        }
        optional {
            /// Its heading.
            title: String,
        }
    }
}
