//! The specs as typed: every field of every kind, with the place of each value. What they mean is [`super::resolve`]'s.

mod experiment;
mod training;

use std::ops::Range;

use serde_json::json;

use super::decode::{Decode, Faults, Located, NamedNumbers, Schema, fields, listed, mismatch, names};
use super::yaml::{Entry, Node, Value};
use crate::diagnostic::{Diagnostic, nearest};
use crate::spec::{Color, Colormap, Format, MatrixValue, Palette, Scale};

pub(super) use experiment::{
    Attainable, Data, DistributionName, Experiment, Generator, GivenTensor, Init, RandomInit, Seeds,
    Validation,
};
pub(super) use training::{Optimizer, OptimizerName, OptimizerSettings, Schedule, Training};

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
    Site(Box<Site>),
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

/// The schemas of the kinds, in the order of [`KINDS`], without `kind` and `id`.
pub(super) fn schemas() -> [Schema; 8] {
    [
        Site::schema(),
        Polynomial::schema(),
        Target::schema(),
        Activation::schema(),
        Model::schema(),
        Figure::schema(),
        Experiment::schema(),
        Page::schema(),
    ]
}

/// Reads the `site` spec, without a word on what is wrong with it.
pub(super) fn site(node: &Node, file: &std::sync::Arc<crate::diagnostic::SourceFile>) -> Option<Kind> {
    document(node, &mut Faults { file, found: Vec::new() }).map(|document| document.kind)
}

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
        "site" => Kind::Site(Box::new(Site::decode(&body, faults)?)),
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
            title: String = "Activation functions",
            /// One sentence on what it is, for the home page and search engines.
            description: String,
            /// Where it will be published; only the sitemap and social cards use it.
            base_url: Located<String>,
            /// The experiments that the home page shows first, in this order; the others follow.
            home: Vec<Located<String>>,
            /// How all figures look.
            figures: SiteFigures,
            /// How all pages look.
            theme: SiteTheme,
            /// Whether HTML in Markdown is HTML; otherwise it is shown as it is written.
            raw_html: bool = false,
            /// How much the site may ask for, where it is more than usual.
            limits: Limits,
        }
    }
}

fields! {
    /// The most of everything that a site may ask for.
    Limits, "limits" {
        optional {
            /// The bytes of all specs together.
            bytes: Located<u64> = 4_000_000,
            /// The values in all specs together: names, texts, numbers, lists and mappings.
            values: Located<u64> = 100_000,
            /// The bytes of one text, such as the body of a page.
            text: Located<u64> = 100_000,
            /// The cases of all experiments together.
            cases: Located<u64> = 20_000,
            /// The figures of all experiments together.
            figures: Located<u64> = 200_000,
            /// The epochs of a training.
            epochs: Located<u64> = 10_000_000,
            /// The snapshots of a training, and so the frames of an animation.
            snapshots: Located<u64> = 10_000,
            /// The points of the data.
            points: Located<u64> = 100_000,
            /// The seeds of an experiment.
            seeds: Located<u64> = 10_000,
            /// The restarts of a training.
            restarts: Located<u64> = 1_000,
            /// The numbers, of 8 bytes each, that a training holds at a time, or that all starts of an experiment are made of.
            numbers: Located<u64> = 20_000_000,
            /// The hidden layers of an MLP.
            layers: Located<u64> = 16,
            /// The units of a hidden layer.
            units: Located<u64> = 1_024,
            /// The width and the height of a figure.
            pixels: Located<u64> = 4_000,
            /// The cells along each side of a loss landscape.
            resolution: Located<u64> = 1_000,
            /// The boxes that a search for the attainable loss may bound.
            boxes: Located<u64> = 10_000_000,
            /// The coefficients or roots of a polynomial.
            coefficients: Located<u64> = 64,
            /// The pages that authors write, each of which links to all others.
            pages: Located<u64> = 1_000,
            /// The activations that specs declare; each is compared with every other.
            activations: Located<u64> = 300,
        }
    }
}

names!(Palette, "a palette", ["accessible" => Self::Accessible, "original" => Self::Original]);

fields! {
    /// How all figures look.
    SiteFigures, "settings of figures" {
        optional {
            /// The colours of activations that give none: `accessible`, eight that people tell apart however they see colours,
            /// or `original`, those of the first script (#1f77b4, #ff7f0e, #2ca02c, #d62728, #9467bd, #8c564b for the classical
            /// six).
            palette: Palette = "accessible",
            /// Whether still figures are drawn on dark ground too, for readers whose pages are dark; `false` keeps the site
            /// smaller.
            dark: bool = true,
        }
    }
}

fields! {
    /// How all pages look.
    SiteTheme, "settings of pages" {
        optional {
            /// The colour of links and marks. On each ground it is made as dark, or as light, as text has to be to be read.
            accent: Color,
            /// The fonts of text as CSS lists them, the first that a reader has: `Georgia, serif`.
            font: Located<String>,
            /// The fonts of code.
            code_font: Located<String>,
            /// A picture before the site's name: its path in the folder of static files, such as `logo.svg`.
            logo: Located<String>,
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
            /// With `roots`: the factor before (x − r1)(x − r2)…
            leading: Located<f64> = 1.0,
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
            /// Its name on pages; the built-in's or the id without one.
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
            /// Its name on pages; what suits the type without one.
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
    ParameterFan,
    Trajectories,
    LossLandscape,
    Comparison,
    LossComparison,
    LossCurve,
    Attainable,
    LossBoxes,
    Matrix,
}

names!(FigureTypeName, "a figure type", [
    "fit" => Self::Fit,
    "convergence" => Self::Convergence,
    "activation" => Self::Activation,
    "parameter_fan" => Self::ParameterFan,
    "trajectories" => Self::Trajectories,
    "loss_landscape" => Self::LossLandscape,
    "comparison" => Self::Comparison,
    "loss_comparison" => Self::LossComparison,
    "loss_curve" => Self::LossCurve,
    "attainable" => Self::Attainable,
    "loss_boxes" => Self::LossBoxes,
    "matrix" => Self::Matrix,
]);

names!(Colormap, "a colour map", [
    "viridis" => Self::Viridis,
    "magma" => Self::Magma,
    "gray" => Self::Gray,
]);

names!(MatrixValue, "a value of a matrix", [
    "loss" => Self::Loss,
    "attainable" => Self::Attainable,
    "gap" => Self::Gap,
    "success" => Self::Success,
]);

names!(Format, "a format of figures", ["png" => Self::Png, "svg" => Self::Svg]);

names!(Scale, "a scale", ["linear" => Self::Linear, "log" => Self::Log]);

fields! {
    /// A figure: what to draw, and how.
    Figure, "a figure" {
        required {
            /// `fit`, `convergence`, `activation`, `trajectories`, `loss_landscape`, `comparison`, `loss_curve`,
            /// `loss_comparison`, `attainable`, `loss_boxes` or `matrix`.
            r#type: FigureTypeName,
        }
        optional {
            /// Width and height in pixels, 200 to 4000 each; without it, what suits the type.
            size: Located<(Located<u64>, Located<u64>)>,
            /// Its name on pages; what suits the type without one.
            title: String,
            /// Markdown under the figure on pages.
            caption: String,
            /// The files that it is drawn to: `png`, and `svg` beside it if asked. A convergence is an animation, and always a
            /// GIF.
            formats: Located<Vec<Located<Format>>> = ["png"],
            /// Frames per second of a convergence.
            fps: Located<f64> = 12.0,
            /// The panels of a convergence, left to right: `fit` and `{trajectory: NAME}`.
            panels: Located<Vec<Located<Panel>>> = ["fit"],
            /// The interval of an activation's figure or of a parameter fan.
            z: Located<(Located<f64>, Located<f64>)> = [-5.0, 5.0],
            /// The range of w in a loss landscape.
            w: Located<(Located<f64>, Located<f64>)> = [-4.0, 4.0],
            /// The range of b in a loss landscape.
            b: Located<(Located<f64>, Located<f64>)> = [-4.0, 4.0],
            /// The number of cells along each side of a loss landscape.
            resolution: Located<u64> = 151,
            /// The colours of a loss landscape: `viridis`, `magma` or `gray`.
            colormap: Colormap = "viridis",
            /// What a matrix shows: `loss`, `attainable`, `gap` or `success`.
            value: MatrixValue = "loss",
            /// The scale of the losses in a loss curve or a loss comparison: `log` or `linear`.
            scale: Scale = "log",
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

    fn schema() -> Schema {
        json!({ "anyOf": [{ "const": "fit" }, TrajectoryPanel::schema()] })
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
    /// A page of text.
    Page, "a page" {
        required {
            /// Markdown, with links such as `experiment:ID` and `figure:NAME`, and figures by `{{ figure(…) }}`.
            body: Located<String>,
        }
        optional {
            /// Its heading; the id without one.
            title: String,
            /// The day on which it was written, `2026-01-31`; those with one stand in the site's feed.
            date: Located<String>,
        }
    }
}
