//! The page of a case: its figures, its numbers, how it ended, and where it came from.

use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::{Draft, Fact, FigureView, Layout, Link};
use crate::number::significant;
use crate::plan::{Case, PlannedFigure};
use crate::site::attained::{Attained, attained};
use crate::site::diagnoses::{Account, accounts};
use crate::site::gallery::Trained;
use crate::site::highlight;
use crate::site::judged::spread_view;
use crate::site::math;
use crate::site::player::{PlayerView, player};
use crate::site::wording::{
    batches_text, data_text, learning_rate_text, optimizer_text, restarts_text, schedule_text,
};
use crate::spec::Source;
use crate::train::{Outcome, Run};

#[derive(Serialize)]
pub(in crate::site) struct CasePage {
    #[serde(flatten)]
    layout: Layout,
    formula_html: String,
    experiment: Link,
    target: Link,
    activation: Link,
    model: Link,
    /// That this is the first of many starts, and what they found; empty of one.
    starts: String,
    facts: Vec<Fact>,
    /// How training ended, in a sentence or two; empty where a diagnosis says all of it.
    ending: String,
    /// The gravest first.
    diagnoses: Vec<Account>,
    /// The still picture of the fit.
    fit: Option<FigureView>,
    /// The training to play with; `None` where there are no two snapshots.
    #[serde(serialize_with = "shared")]
    player: Option<Arc<PlayerView>>,
    animations: Vec<FigureView>,
    /// The other figures.
    figures: Vec<FigureView>,
    /// What could have been reached; `None` where it is not known.
    attained: Option<Attained>,
    parameters: Vec<ParameterRow>,
    training: Vec<Fact>,
    /// What it was trained from: the experiment, and what is not built in of the others.
    specs: Vec<SpecView>,
    key: String,
    run_url: String,
    /// Along each axis; those of the activation first.
    neighbours: Vec<Neighbours>,
}

/// The cases that differ along one axis, just before and just after.
#[derive(Serialize)]
struct Neighbours {
    axis: String,
    /// The keys that lead there, as `aria-keyshortcuts` names them; empty from the third axis on.
    previous_key: &'static str,
    next_key: &'static str,
    previous: Option<Link>,
    next: Option<Link>,
}

/// The spec of one thing.
#[derive(Serialize)]
struct SpecView {
    /// What it declares.
    kind: &'static str,
    path: String,
    line: usize,
    /// Its text, with its parts marked.
    html: String,
}

impl SpecView {
    fn new(kind: &'static str, source: &Source) -> Self {
        let html = highlight::html(&source.text, "yaml");
        Self { kind, path: source.path.clone(), line: source.line, html }
    }
}

fn shared<S: Serializer>(player: &Option<Arc<PlayerView>>, serializer: S) -> Result<S::Ok, S::Error> {
    player.as_deref().serialize(serializer)
}

/// One number of the model at the start, at its best and at the end.
#[derive(Serialize)]
struct ParameterRow {
    name: String,
    initial: String,
    best: String,
    last: String,
}

pub(in crate::site) fn case(draft: &mut Draft<'_, '_>, trained: Trained<'_>) -> CasePage {
    let gallery = draft.gallery;
    let (case, run) = (trained.case, trained.run);
    let experiment = gallery.experiment(&case.experiment);
    let experiment_title = experiment.map_or("", |experiment| experiment.title.as_str());
    let experiment_link =
        draft.link(experiment_title, &format!("experiments/{}/index.html", case.experiment));
    let axes = trained.axes_text();
    let suffix = if axes.is_empty() { String::new() } else { format!(", {axes}") };
    let title = format!("{} on {}{suffix}", case.activation.title, case.target.title);
    let ending = trained.finding.ending(case).sentence(run);
    let restarts = run.restarts.as_ref();
    let restarts = restarts.map_or_else(String::new, |restarts| format!(" {}", restarts_text(restarts)));
    let starts = spread_view(trained).map_or_else(String::new, |spread| {
        format!(
            "What this page shows is the first of {} starts: the median of their lowest losses is {}, the lowest of all {}.",
            spread.starts, spread.median, spread.best
        )
    });
    let first = trained.finding.diagnoses.first();
    let description = format!(
        "{title}: lowest MSE {} in the experiment {experiment_title}. {}",
        trained.best_text(),
        first.map_or(&ending, |diagnosis| &diagnosis.sentence)
    );
    let breadcrumbs =
        vec![draft.home_link(), draft.link("Experiments", "experiments/index.html"), experiment_link.clone()];
    let preview = gallery.preview(trained);
    let is_fit = |planned: &&PlannedFigure| preview.is_some_and(|fit| fit.path == planned.path);
    let shown = gallery.figures_of_case(&format!("{}/", case.directory()));
    let others = shown.into_iter().filter(|planned| !is_fit(planned));
    let (animations, figures): (Vec<FigureView>, Vec<FigureView>) =
        others.map(|planned| draft.figure(planned)).partition(|figure| figure.is_animation);
    let specs = [
        ("experiment", experiment.map(|experiment| &experiment.source)),
        ("target", Some(&case.target.source)),
        ("activation", case.activation.source.as_ref()),
        ("model", case.model.source.as_ref()),
    ];
    let layout = draft.layout(&title, &description, breadcrumbs);
    CasePage {
        layout: draft.with_image(layout, gallery.preview(trained)),
        formula_html: math::formula(&case.model.model_type.formula(&case.activation.symbol), true),
        experiment: experiment_link,
        target: draft.link(&case.target.title, &format!("targets/{}/index.html", case.target.id)),
        activation: draft
            .link(&case.activation.title, &format!("activations/{}/index.html", case.activation.id)),
        model: draft.link(&case.model.title, &format!("models/{}/index.html", case.model.id)),
        starts,
        facts: facts(trained),
        diagnoses: accounts(trained),
        ending: format!("{ending}{restarts}"),
        fit: preview.map(|planned| draft.figure(planned)),
        player: player(gallery, trained),
        animations,
        figures,
        attained: attained(trained),
        parameters: parameters(case, run),
        training: training(case),
        specs: specs.into_iter().filter_map(|(kind, source)| Some(SpecView::new(kind, source?))).collect(),
        key: case.key.to_string(),
        run_url: draft.url(&format!("{}/run.json", case.directory())),
        neighbours: neighbours(draft, trained),
    }
}

/// The neighbours along the activation, the target and each further axis; the first two that there are have keys.
fn neighbours(draft: &Draft<'_, '_>, trained: Trained<'_>) -> Vec<Neighbours> {
    const KEYS: [(&str, &str); 2] = [("ArrowLeft", "ArrowRight"), ("Shift+ArrowLeft", "Shift+ArrowRight")];
    let cases = &draft.gallery.plan.cases;
    let case = trained.case;
    let Some(experiment) = draft.gallery.experiment(&case.experiment) else { return Vec::new() };
    // Cases stand target by target, then activation by activation, then all that the further axes span.
    let inner = experiment.models.len() * experiment.trainings.len();
    let is_alike = |index: usize, level: usize| {
        let Some(other) = cases.get(index).filter(|other| other.experiment == case.experiment) else {
            return false;
        };
        let mut levels = other.levels.iter().zip(&case.levels).enumerate();
        levels.all(|(at, (a, b))| (a == b) == (at != level))
    };
    let name = |other: &Case, level: usize| match level {
        0 => other.target.title.clone(),
        1 => other.activation.title.clone(),
        level => other.axes.get(level - 2).map_or_else(String::new, |(_, value)| value.clone()),
    };
    let link = |index: Option<usize>, level: usize| {
        let other = cases.get(index.filter(|&index| is_alike(index, level))?)?;
        Some(draft.link(&name(other, level), &format!("{}/index.html", other.directory())))
    };
    let of_level = |level: usize| {
        let axis = match level {
            0 => "target".to_owned(),
            1 => "activation".to_owned(),
            level => case.axes.get(level - 2).map_or_else(String::new, |(name, _)| name.replace('_', " ")),
        };
        let strides = match level {
            0 => {
                let stride = inner * experiment.activations.len();
                stride..=stride
            }
            1 => inner..=inner,
            _ => 1..=inner,
        };
        let before = strides.clone().filter_map(|stride| trained.index.checked_sub(stride));
        let after = strides.map(|stride| trained.index + stride);
        let (mut before, mut after) = (before, after);
        Neighbours {
            axis,
            previous_key: "",
            next_key: "",
            previous: link(before.find(|&index| is_alike(index, level)), level),
            next: link(after.find(|&index| is_alike(index, level)), level),
        }
    };
    let levels = [1, 0].into_iter().chain(2..case.levels.len());
    let mut neighbours: Vec<Neighbours> =
        levels.map(of_level).filter(|axis| axis.previous.is_some() || axis.next.is_some()).collect();
    for (axis, (previous, next)) in neighbours.iter_mut().zip(KEYS) {
        (axis.previous_key, axis.next_key) = (previous, next);
    }
    neighbours
}

fn facts(trained: Trained<'_>) -> Vec<Fact> {
    let run = trained.run;
    let mut facts = vec![Fact::new("lowest MSE", trained.best_text())];
    if let Some(best) = &run.best {
        facts.push(Fact::new("at epoch", best.epoch.to_string()));
    }
    facts.extend(
        run.validation_at_best().map(|mse| Fact::new("validation MSE there", trained.loss_text(mse))),
    );
    let last = run.final_mse().map_or_else(|| "–".to_owned(), |mse| trained.loss_text(mse));
    facts.push(Fact::new("final MSE", last));
    if let Some(attained) = attained(trained) {
        facts.push(Fact::new("attainable MSE", attained.bounds));
        facts.push(Fact::new("training gap", attained.gap));
    }
    if let Some((epoch, lowest)) = run.best_validation() {
        facts.push(Fact::new("lowest validation MSE", trained.loss_text(lowest)));
        facts.push(Fact::new("at epoch", epoch.to_string()));
    }
    let epochs = match run.outcome {
        Outcome::Finished => run.losses.len().to_string(),
        Outcome::Converged { epoch } => format!("{epoch} of {}", trained.case.training.epochs),
        Outcome::Diverged { .. } => format!("{} of {}", run.losses.len(), trained.case.training.epochs),
    };
    facts.push(Fact::new("epochs", epochs));
    facts.push(Fact::new("snapshots", run.snapshots.len().to_string()));
    facts
}

fn parameters(case: &Case, run: &Run) -> Vec<ParameterRow> {
    let best = run.best.as_ref().map(|best| best.parameters.as_slice());
    let last = run.snapshots.last().map(|snapshot| snapshot.parameters.as_slice());
    let mut offset = 0;
    let mut rows = Vec::new();
    for tensor in case.model.model_type.tensors() {
        let range = offset..offset + tensor.size();
        offset += tensor.size();
        let shown = |parameters: Option<&[f64]>| match parameters
            .and_then(|parameters| parameters.get(range.clone()))
        {
            None => "–".to_owned(),
            Some([value]) => significant(*value, 6),
            Some(values) => {
                let (low, high) = values
                    .iter()
                    .fold((f64::MAX, f64::MIN), |(low, high), &value| (low.min(value), high.max(value)));
                format!("{} … {}", significant(low, 3), significant(high, 3))
            }
        };
        let shape: Vec<String> = tensor.shape.iter().map(usize::to_string).collect();
        let name =
            if shape.is_empty() { tensor.name } else { format!("{} ({})", tensor.name, shape.join(" × ")) };
        rows.push(ParameterRow {
            name,
            initial: shown(Some(case.start(run.start()))),
            best: shown(best),
            last: shown(last),
        });
    }
    rows
}

fn training(case: &Case) -> Vec<Fact> {
    let training = &case.training;
    let fact = |name: &str, value: Option<String>| value.map(|value| Fact::new(name, value));
    let facts = [
        fact("optimizer", Some(optimizer_text(training))),
        fact("learning rate", learning_rate_text(training)),
        fact("schedule", schedule_text(training)),
        fact("batches", batches_text(training)),
        fact("epochs", Some(training.epochs.to_string())),
        fact("starts", (training.restarts > 1).then(|| training.restarts.to_string())),
        fact("snapshot every", Some(format!("{} epochs", training.snapshot_every))),
        fact("data", Some(data_text(case.data))),
    ];
    facts.into_iter().flatten().collect()
}
