//! The results as data: `results.csv`, `results.json` and a case's `run.json`. Their formats have their home here.

use std::fmt::Write as _;

use serde::Serialize;

use super::gallery::{Gallery, Trained};
use crate::attain::{Beyond, Method};
use crate::spec::{Experiment, ModelType, Optimizer, Schedule};
use crate::train::Outcome;

/// More losses than this are thinned out in `run.json`.
const MAX_LOSSES: usize = 100;

/// One row a case: `target,activation,model`, the experiment's further axes, the losses, how it ended, and the best values
/// of the parameters of a single neuron. All experiments have these columns, so that their rows can be put together. Numbers
/// are written so that they read back as the same; what there is not is left empty.
pub(super) fn csv(gallery: Gallery<'_>, experiment: &Experiment) -> String {
    let cases = gallery.cases_of(&experiment.id);
    let axes: Vec<&str> = cases.first().map_or_else(Vec::new, |trained| {
        trained.case.axes.iter().map(|(name, _)| name.as_str()).filter(|name| *name != "model").collect()
    });
    let parameters = ModelType::SingleNeuron.tensors();
    let mut header = vec!["target", "activation", "model"];
    header.extend(&axes);
    header.extend(["best_mse", "final_mse", "best_epoch", "epochs", "outcome"]);
    header.extend(parameters.iter().map(|parameter| parameter.name.as_str()));
    header.extend(ATTAINABLE);
    let mut text = row(header.iter().map(ToString::to_string));
    for trained in cases {
        let (case, run) = (trained.case, trained.run);
        let best = run.best.as_ref();
        let mut cells = vec![case.target.id.clone(), case.activation.id.clone(), case.model.id.clone()];
        cells.extend(axes.iter().map(|axis| {
            let value = case.axes.iter().find(|(name, _)| name == axis);
            value.map_or_else(String::new, |(_, value)| value.clone())
        }));
        cells.push(best.map_or_else(String::new, |best| number(best.mse)));
        cells.push(run.final_mse().map_or_else(String::new, number));
        cells.push(best.map_or_else(String::new, |best| best.epoch.to_string()));
        cells.push(run.losses.len().to_string());
        cells.push(outcome(run.outcome).to_owned());
        let values = best.map(|best| named(&case.model.model_type, &best.parameters)).unwrap_or_default();
        cells.extend(parameters.iter().map(|parameter| {
            let value = values.iter().find(|tensor| tensor.name == parameter.name);
            value.map_or_else(String::new, |tensor| number(tensor.values[0]))
        }));
        let attainable = attainable(trained);
        let optional = |value: Option<f64>| value.map_or_else(String::new, number);
        cells.push(optional(attainable.as_ref().map(|found| found.lower)));
        cells.push(optional(attainable.as_ref().map(|found| found.upper)));
        cells.push(optional(attainable.as_ref().map(|found| found.w)));
        cells.push(optional(attainable.as_ref().and_then(|found| found.b)));
        cells.push(optional(attainable.as_ref().and_then(|found| found.training_gap)));
        text.push_str(&row(cells));
    }
    text
}

/// The columns on what could have been reached.
const ATTAINABLE: [&str; 5] =
    ["attainable_lower", "attainable_upper", "attainable_w", "attainable_b", "training_gap"];

/// What could have been reached.
#[derive(Serialize)]
struct AttainableFile {
    /// No parameters in the box have a lower loss.
    lower: f64,
    /// These have this one.
    upper: f64,
    w: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    b: Option<f64>,
    parameters: Vec<NamedTensor>,
    /// Whether the bounds are as close as the experiment asks.
    is_closed: bool,
    /// The box.
    box_w: (f64, f64),
    #[serde(skip_serializing_if = "Option::is_none")]
    box_b: Option<(f64, f64)>,
    method: Method,
    /// What is lower outside of every box, or only approached.
    #[serde(skip_serializing_if = "Option::is_none")]
    beyond: Option<Beyond>,
    /// The best of training less what can be reached.
    training_gap: Option<f64>,
}

fn attainable(trained: Trained<'_>) -> Option<AttainableFile> {
    let attainable = trained.finding.attainable.as_ref()?;
    let (lower, upper) = trained.finding.bounds()?;
    let parameters = trained.finding.attained_parameters()?;
    let b = (parameters.len() > 1).then_some(());
    Some(AttainableFile {
        lower,
        upper,
        w: *parameters.first()?,
        b: parameters.get(1).copied(),
        parameters: named(&trained.case.model.model_type, parameters),
        is_closed: attainable.is_closed,
        box_w: attainable.w,
        box_b: b.map(|()| attainable.b),
        method: attainable.method,
        beyond: attainable.beyond,
        training_gap: trained.finding.training_gap(),
    })
}

/// The shortest decimal that reads back as the same number.
fn number(value: f64) -> String {
    format!("{value:?}")
}

fn row(cells: impl IntoIterator<Item = String>) -> String {
    let quoted = |cell: String| {
        if cell.contains([',', '"', '\n', '\r']) {
            format!("\"{}\"", cell.replace('"', "\"\""))
        } else {
            cell
        }
    };
    let cells: Vec<String> = cells.into_iter().map(quoted).collect();
    format!("{}\n", cells.join(","))
}

fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Finished => "finished",
        Outcome::Diverged { .. } => "diverged",
    }
}

#[derive(Serialize)]
struct Results<'g> {
    experiment: &'g str,
    title: &'g str,
    cases: Vec<Result<'g>>,
}

/// One case in `results.json`.
#[derive(Serialize)]
struct Result<'g> {
    target: &'g str,
    activation: &'g str,
    model: &'g str,
    /// The further axes.
    axes: Vec<Axis<'g>>,
    outcome: &'static str,
    /// The first epoch whose loss was not finite.
    #[serde(skip_serializing_if = "Option::is_none")]
    diverged_at: Option<usize>,
    best_mse: Option<f64>,
    best_epoch: Option<usize>,
    final_mse: Option<f64>,
    epochs: usize,
    best_parameters: Vec<NamedTensor>,
    /// `None` where it was not asked for, or is not known how to find.
    attainable: Option<AttainableFile>,
    /// The folder of the case, relative to this file.
    path: String,
}

#[derive(Serialize)]
struct Axis<'g> {
    name: &'g str,
    value: &'g str,
}

/// A parameter by name; the entries of a tensor row by row.
#[derive(Serialize)]
struct NamedTensor {
    name: String,
    shape: Vec<usize>,
    values: Vec<f64>,
}

fn named(model_type: &ModelType, parameters: &[f64]) -> Vec<NamedTensor> {
    let mut rest = parameters;
    let mut tensors = Vec::new();
    for tensor in model_type.tensors() {
        let Some((values, after)) = rest.split_at_checked(tensor.size()) else { break };
        rest = after;
        tensors.push(NamedTensor { name: tensor.name, shape: tensor.shape, values: values.to_vec() });
    }
    tensors
}

fn result(trained: Trained<'_>) -> Result<'_> {
    let (case, run) = (trained.case, trained.run);
    let best = run.best.as_ref();
    Result {
        target: &case.target.id,
        activation: &case.activation.id,
        model: &case.model.id,
        axes: case.axes.iter().map(|(name, value)| Axis { name, value }).collect(),
        outcome: outcome(run.outcome),
        diverged_at: match run.outcome {
            Outcome::Finished => None,
            Outcome::Diverged { epoch } => Some(epoch),
        },
        best_mse: best.map(|best| best.mse),
        best_epoch: best.map(|best| best.epoch),
        final_mse: run.final_mse(),
        epochs: run.losses.len(),
        best_parameters: best.map(|best| named(&case.model.model_type, &best.parameters)).unwrap_or_default(),
        attainable: attainable(trained),
        path: case.path(),
    }
}

/// All cases of an experiment.
pub(super) fn json(gallery: Gallery<'_>, experiment: &Experiment) -> String {
    let cases = gallery.cases_of(&experiment.id).into_iter().map(result).collect();
    pretty(&Results { experiment: &experiment.id, title: &experiment.title, cases })
}

/// `run.json`: a case's training from start to end.
#[derive(Serialize)]
struct RunFile<'g> {
    experiment: &'g str,
    #[serde(flatten)]
    result: Result<'g>,
    /// The cache key of the run: the hash of everything it depends on.
    key: String,
    data: DataFile,
    training: TrainingFile,
    initial_parameters: Vec<NamedTensor>,
    /// The epochs after which the learning rate was halved.
    halvings: &'g [usize],
    /// Pairs of epoch and loss: about a hundred, equally spaced, the lowest among them.
    losses: Vec<(usize, f64)>,
    /// Each with its epoch, its loss and the parameters in the order of `initial_parameters`.
    snapshots: Vec<SnapshotFile<'g>>,
}

#[derive(Serialize)]
struct DataFile {
    domain: (f64, f64),
    points: usize,
}

#[derive(Serialize)]
struct TrainingFile {
    optimizer: String,
    learning_rate: f64,
    epochs: usize,
    snapshot_every: usize,
    schedule: String,
}

#[derive(Serialize)]
struct SnapshotFile<'g> {
    epoch: usize,
    loss: f64,
    parameters: &'g [f64],
}

pub(super) fn run_json(trained: Trained<'_>) -> String {
    let (case, run) = (trained.case, trained.run);
    let every = run.losses.len().div_ceil(MAX_LOSSES).max(1);
    let best = run.best.as_ref().map(|best| best.epoch);
    let last = run.losses.len().saturating_sub(1);
    let is_kept = |epoch: usize| epoch.is_multiple_of(every) || Some(epoch) == best || epoch == last;
    let losses = run.losses.iter().copied().enumerate().filter(|&(epoch, _)| is_kept(epoch)).collect();
    let file = RunFile {
        experiment: &case.experiment,
        result: Result { path: ".".into(), ..result(trained) },
        key: case.key.to_string(),
        data: DataFile { domain: case.data.domain, points: case.data.points },
        training: TrainingFile {
            optimizer: optimizer_text(case.training.optimizer),
            learning_rate: case.training.learning_rate,
            epochs: case.training.epochs,
            snapshot_every: case.training.snapshot_every,
            schedule: schedule_text(case.training.schedule),
        },
        initial_parameters: named(&case.model.model_type, &case.initial),
        halvings: &run.halvings,
        losses,
        snapshots: run
            .snapshots
            .iter()
            .map(|snapshot| SnapshotFile {
                epoch: snapshot.epoch,
                loss: snapshot.loss,
                parameters: &snapshot.parameters,
            })
            .collect(),
    };
    let mut text = serde_json::to_string(&file).unwrap_or_default();
    text.push('\n');
    text
}

/// The optimizer in words.
pub(super) fn optimizer_text(optimizer: Optimizer) -> String {
    match optimizer {
        Optimizer::GradientDescent => "gradient descent".into(),
        Optimizer::Momentum { momentum } => format!("gradient descent with momentum {momentum}"),
        Optimizer::Adam { beta1, beta2, epsilon } => {
            format!("Adam (β₁ = {beta1}, β₂ = {beta2}, ε = {epsilon:e})")
        }
    }
}

/// The schedule in words.
pub(super) fn schedule_text(schedule: Schedule) -> String {
    match schedule {
        Schedule::Constant => "constant".into(),
        Schedule::HalveOnRise { every, window, minimum } => {
            let mut text = format!(
                "halved when the mean loss of {window} epochs has risen, checked every {every} epochs"
            );
            if minimum > 0.0 {
                // Writing to a string cannot fail.
                let _ = write!(text, ", not below {minimum:e}");
            }
            text
        }
    }
}

/// JSON with line breaks, since people read it too. Our numbers are finite, so that nothing can fail.
fn pretty(value: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(value).unwrap_or_default();
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        assert_eq!(row(["a".into(), "b,c".into(), "d\"e".into()]), "a,\"b,c\",\"d\"\"e\"\n");
    }

    proptest::proptest! {
        #[test]
        fn numbers_read_back_as_the_same(value in proptest::num::f64::NORMAL) {
            proptest::prop_assert_eq!(number(value).parse::<f64>().unwrap().to_bits(), value.to_bits());
        }
    }
}
