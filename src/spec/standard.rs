//! What can be used by name without a spec: the standard models and figures, and the catalogue's activations.

use std::sync::Arc;

use super::{Activation, Colormap, Figure, FigureType, MatrixValue, Model, ModelType, Palette, Panel, Scale};
use crate::function::{Builtin, Function};

/// The standard models: each single-structured model type, named as its type.
pub(super) fn models() -> [Model; 2] {
    [
        Model {
            id: "single_neuron".into(),
            title: "Single neuron".into(),
            description:
                "One neuron with an affine output: the smallest model that can place, scale and shift an \
                          activation."
                    .into(),
            model_type: ModelType::SingleNeuron,
            source: None,
        },
        Model {
            id: "scaled_input".into(),
            title: "Scaled input".into(),
            description: "The activation itself with one parameter, the scale of its input.".into(),
            model_type: ModelType::ScaledInput,
            source: None,
        },
    ]
}

/// The title of a model that gives none.
pub(super) fn model_title(model_type: &ModelType) -> String {
    match model_type {
        ModelType::SingleNeuron => "Single neuron".into(),
        ModelType::ScaledInput => "Scaled input".into(),
        ModelType::Mlp { hidden_sizes } => {
            let sizes: Vec<String> = hidden_sizes.iter().map(usize::to_string).collect();
            format!("MLP [{}]", sizes.join(", "))
        }
    }
}

/// The standard figures: each figure type with its defaults, named as its type.
pub(super) fn figures() -> [Figure; 12] {
    let figure = |id: &str, title: &str, size, figure_type| Figure {
        id: id.into(),
        title: title.into(),
        caption: String::new(),
        size,
        has_svg: false,
        figure_type,
        source: None,
    };
    [
        figure("fit", "Fit", (1350, 900), FigureType::Fit),
        figure(
            "convergence",
            "Convergence",
            (900, 600),
            FigureType::Convergence { fps: 12.0, panels: vec![Panel::Fit] },
        ),
        figure(
            "activation",
            "Activation and derivatives",
            (900, 600),
            FigureType::Activation { z: (-5.0, 5.0) },
        ),
        figure("parameter_fan", "Parameter fan", (640, 400), FigureType::ParameterFan { z: (-5.0, 5.0) }),
        figure("trajectories", "Parameter trajectories", (1500, 900), FigureType::Trajectories),
        figure(
            "loss_landscape",
            "Loss landscape",
            (1200, 900),
            FigureType::LossLandscape {
                w: (-4.0, 4.0),
                b: (-4.0, 4.0),
                resolution: 151,
                colormap: Colormap::Viridis,
            },
        ),
        figure("comparison", "Comparison", (1350, 900), FigureType::Comparison),
        figure(
            "loss_comparison",
            "Losses compared",
            (900, 600),
            FigureType::LossComparison { scale: Scale::Log },
        ),
        figure("loss_curve", "Loss curve", (900, 600), FigureType::LossCurve { scale: Scale::Log }),
        figure("attainable", "Found and attainable", (1350, 900), FigureType::Attainable),
        figure("loss_boxes", "Losses over the starts", (1350, 900), FigureType::LossBoxes),
        figure(
            "matrix",
            "Losses by target and activation",
            (1350, 900),
            FigureType::Matrix { value: MatrixValue::Loss },
        ),
    ]
}

/// The standard figure of an id, if there is one.
pub fn standard_figure(id: &str) -> Option<Figure> {
    figures().into_iter().find(|figure| figure.id == id)
}

/// A built-in activation with these parameters, one for each of the catalogue's.
pub(super) fn activation(builtin: &Builtin, parameters: Vec<(String, f64)>, palette: Palette) -> Activation {
    let function =
        Function::parse(builtin.expression, &parameters).expect("the catalogue's expressions are tested");
    Activation {
        id: builtin.id.into(),
        title: builtin.title.into(),
        description: builtin.description.into(),
        symbol: builtin.symbol.into(),
        formula: crate::function::latex(builtin.expression, &parameters, "z")
            .expect("the catalogue's expressions are tested"),
        function,
        expression: builtin.expression.into(),
        parameters,
        color: palette.of_builtin(builtin),
        references: builtin
            .references
            .iter()
            .map(|reference| super::Reference {
                title: reference.title.into(),
                url: reference.url.into(),
                year: reference.year,
            })
            .collect(),
        builtin: Some(builtin.id.into()),
        source: None,
    }
}

/// Every activation of the catalogue with its default parameters.
pub(super) fn activations(palette: Palette) -> impl Iterator<Item = Arc<Activation>> {
    crate::function::builtins().iter().map(move |builtin| {
        let parameters = builtin.parameters.iter().map(|&(name, value)| (name.to_owned(), value)).collect();
        Arc::new(activation(builtin, parameters, palette))
    })
}
