//! The results as data: `results.csv`, `results.json` and a case's `run.json`. Their formats have their home here.

use serde::Serialize;

use super::diagnoses::kinds;
use super::gallery::{Gallery, Trained};
use super::wording::{optimizer_text, schedule_text};
use crate::attain::{self, Beyond};
use crate::finding::Diagnosis;
use crate::spec::{Experiment, Method, ModelType};
use crate::train::Outcome;
use crate::verdict::{self, Spread};

/// More losses than this are thinned out in `run.json`.
const MAX_LOSSES: usize = 100;

/// One row a case: `target,activation,model`, the experiment's further axes, the losses, how it ended, and the best values
/// of the parameters of a single neuron, what could have been reached, what many starts came to, and the kinds of the diagnoses,
/// with `;` between them. All experiments have these columns, so that their rows can be put together; where points are held out
/// there follow the loss of these with the best parameters, their lowest loss, and its epoch. Numbers
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
    header.extend(STARTS);
    header.push("diagnoses");
    let is_split = experiment.data.validation.is_some();
    if is_split {
        header.extend(["validation_mse", "best_validation_mse", "best_validation_epoch"]);
    }
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
        let spread = verdict::spread(case, trained.finding);
        let of = |value: fn(&Spread) -> f64| {
            let value = spread.as_ref().map(value).filter(|value| value.is_finite());
            value.map_or_else(String::new, number)
        };
        cells.push(spread.as_ref().map_or_else(String::new, |spread| spread.starts.to_string()));
        cells.extend([
            of(|spread| spread.median),
            of(|spread| spread.lower_quartile),
            of(|spread| spread.upper_quartile),
            of(|spread| spread.best),
        ]);
        let success = spread.as_ref().and_then(|spread| spread.success);
        cells.push(success.map_or_else(String::new, |success| success.starts.to_string()));
        cells.push(kinds(trained));
        if is_split {
            let best = run.best_validation();
            cells.push(run.validation_at_best().map_or_else(String::new, number));
            cells.push(best.map_or_else(String::new, |(_, mse)| number(mse)));
            cells.push(best.map_or_else(String::new, |(epoch, _)| epoch.to_string()));
        }
        text.push_str(&row(cells));
    }
    text
}

/// The columns on what could have been reached.
const ATTAINABLE: [&str; 5] =
    ["attainable_lower", "attainable_upper", "attainable_w", "attainable_b", "training_gap"];

/// The columns on many starts; empty where there is one. The lowest loss of each stands in `starts.csv`.
const STARTS: [&str; 6] =
    ["starts", "median_mse", "lower_quartile", "upper_quartile", "best_start_mse", "successes"];

/// `starts.csv`: one row a case and seed; `None` for an experiment without seeds.
pub(super) fn starts_csv(gallery: Gallery<'_>, experiment: &Experiment) -> Option<String> {
    if experiment.seeds.is_empty() {
        return None;
    }
    let cases = gallery.cases_of(&experiment.id);
    let axes: Vec<&str> = cases
        .first()
        .map_or_else(Vec::new, |trained| trained.case.axes.iter().map(|(name, _)| name.as_str()).collect());
    let mut header = vec!["target", "activation"];
    header.extend(&axes);
    header.extend(["seed", "best_mse", "final_mse", "outcome"]);
    let mut text = row(header.iter().map(ToString::to_string));
    for trained in cases {
        let Some(trials) = &trained.finding.trials else { continue };
        for trial in &trials.0 {
            let case = trained.case;
            let mut cells = vec![case.target.id.clone(), case.activation.id.clone()];
            cells.extend(case.axes.iter().map(|(_, value)| value.clone()));
            cells.push(trial.seed.to_string());
            cells.push(trial.best.as_ref().map_or_else(String::new, |best| number(best.mse)));
            cells.push(trial.final_mse.map_or_else(String::new, number));
            cells.push(outcome(trial.outcome).to_owned());
            text.push_str(&row(cells));
        }
    }
    Some(text)
}

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
    method: attain::Method,
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
        Outcome::Converged { .. } => "converged",
        Outcome::Diverged { .. } => "diverged",
    }
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
    /// The loss of the held-out points with the best parameters, their lowest loss, and its epoch; absent without such points.
    #[serde(skip_serializing_if = "Option::is_none")]
    validation_mse: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    best_validation_mse: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    best_validation_epoch: Option<usize>,
    /// Absent where there was one start.
    #[serde(skip_serializing_if = "Option::is_none")]
    restarts: Option<RestartsFile>,
    /// What the run says of itself, the gravest first: each with its kind, a sentence, and its numbers by name.
    diagnoses: &'g [Diagnosis],
    /// The folder of the case, relative to this file; `None` for a case without a page.
    path: Option<String>,
}

/// Of several starts, the one that was kept (the first is 1), and the lowest loss of each; `null` where it was never finite.
#[derive(Serialize)]
struct RestartsFile {
    kept: usize,
    best_mse: Vec<Option<f64>>,
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
            Outcome::Finished | Outcome::Converged { .. } => None,
            Outcome::Diverged { epoch } => Some(epoch),
        },
        best_mse: best.map(|best| best.mse),
        best_epoch: best.map(|best| best.epoch),
        final_mse: run.final_mse(),
        epochs: run.losses.len(),
        best_parameters: best.map(|best| named(&case.model.model_type, &best.parameters)).unwrap_or_default(),
        attainable: attainable(trained),
        validation_mse: run.validation_at_best(),
        best_validation_mse: run.best_validation().map(|(_, mse)| mse),
        best_validation_epoch: run.best_validation().map(|(epoch, _)| epoch),
        restarts: run.restarts.as_ref().map(|restarts| RestartsFile {
            kept: restarts.kept + 1,
            best_mse: restarts.lowest.iter().map(|&mse| mse.is_finite().then_some(mse)).collect(),
        }),
        diagnoses: &trained.finding.diagnoses,
        path: case.has_page.then(|| case.path()),
    }
}

/// All cases of an experiment.
/// A line each, so that people find them and thousands stay small.
pub(super) fn json(gallery: Gallery<'_>, experiment: &Experiment) -> String {
    let cases = gallery.cases_of(&experiment.id).into_iter();
    let cases: Vec<String> = cases.map(|trained| compact(&result(trained))).collect();
    let (id, title) = (compact(&experiment.id), compact(&experiment.title));
    format!("{{\"experiment\":{id},\"title\":{title},\"cases\":[\n{}\n]}}\n", cases.join(",\n"))
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
    /// The losses of the held-out points, at the same epochs; absent without such points.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    validation: Vec<(usize, f64)>,
    /// Each with its epoch, its loss and the parameters in the order of `initial_parameters`.
    snapshots: Vec<SnapshotFile<'g>>,
}

#[derive(Serialize)]
struct DataFile {
    domain: (f64, f64),
    points: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    noise: Option<NoiseFile>,
    /// The inputs of the held-out points.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    held_out: Vec<f64>,
}

#[derive(Serialize)]
struct NoiseFile {
    std: f64,
    seed: u64,
}

#[derive(Serialize)]
struct TrainingFile {
    optimizer: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    learning_rate: Option<f64>,
    epochs: usize,
    snapshot_every: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    schedule: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    batch_size: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shuffle_seed: Option<u64>,
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
    let kept = |losses: &[f64]| losses.iter().copied().enumerate().filter(|&(at, _)| is_kept(at)).collect();
    let descent = match case.training.method {
        Method::Descent(descent) => Some(descent),
        Method::Solver(_) => None,
    };
    let batches = descent.and_then(|descent| descent.batches);
    let file = RunFile {
        experiment: &case.experiment,
        result: Result { path: Some(".".into()), ..result(trained) },
        key: case.key.to_string(),
        data: DataFile {
            domain: case.data.domain,
            points: case.data.points,
            noise: case.data.noise.map(|noise| NoiseFile { std: noise.std, seed: noise.seed }),
            held_out: if case.data.validation.is_some() { case.samples().validation.x } else { Vec::new() },
        },
        training: TrainingFile {
            optimizer: optimizer_text(&case.training),
            learning_rate: descent.map(|descent| descent.learning_rate),
            epochs: case.training.epochs,
            snapshot_every: case.training.snapshot_every,
            schedule: schedule_text(&case.training),
            batch_size: batches.map(|batches| batches.size),
            shuffle_seed: batches.map(|batches| batches.seed),
        },
        initial_parameters: named(&case.model.model_type, case.start(run.start())),
        halvings: &run.halvings,
        losses: kept(&run.losses),
        validation: kept(&run.validation),
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

/// JSON on one line. Our numbers are finite, so that nothing can fail.
fn compact(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
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
