//! The training of a case to play with: what the page shows of its snapshots, and the data with which a script moves it.
//!
//! Everything is drawn here, at the last snapshot, so that without the script a picture of it stands there, and so that the
//! script needs to know neither models nor activations: of each snapshot it gets a path, a few texts and two places.

mod kept;
mod landscape;

use std::sync::Arc;

use serde::Serialize;

use super::gallery::{Gallery, Trained};
use super::plot::{Axis, Plot};
use crate::number::significant;
use crate::plan::Case;
use crate::spec::{FigureType, ModelType, linspace};
use crate::train::{Run, predict};

pub(super) use kept::Players;

/// How many points a curve is computed at.
const CURVE_POINTS: usize = 301;
/// More points than these are not told apart.
const MOST_DOTS: usize = 120;
/// More snapshots than these are thinned out.
const MOST_FRAMES: usize = 101;
/// How far beyond the target a curve may stretch the axis, as a share of the target's range.
const MAX_STRETCH: f64 = 0.6;
const FIT_HEIGHT: f64 = 600.0;
const LOSS_HEIGHT: f64 = 420.0;

/// What the component `player` shows.
#[derive(Serialize)]
pub(super) struct PlayerView {
    /// `#rrggbb`, of the activation.
    color: String,
    /// The data, the target and the fitted curve; a script changes the path of the class `now`.
    fit_svg: String,
    /// The losses over the epochs, with a mark.
    loss_svg: String,
    /// The loss over (w, b) with a mark; only where the case has such a figure.
    landscape_svg: Option<String>,
    /// Of the last snapshot, as all that follows.
    epoch: usize,
    /// The last epoch of all.
    epochs: usize,
    loss: String,
    /// The index of the last snapshot.
    last: usize,
    parameters: Vec<Parameter>,
    /// [`Frames`] as JSON without `<`.
    data_json: String,
}

/// A parameter, or of a tensor the lowest and the highest.
#[derive(Serialize)]
struct Parameter {
    name: String,
    value: String,
    /// Whether it is one of a tensor.
    is_range: bool,
}

/// What changes from snapshot to snapshot, list by list.
#[derive(Serialize)]
struct Frames {
    epochs: Vec<usize>,
    losses: Vec<String>,
    /// In the order of the parameters on the page.
    parameters: Vec<Vec<String>>,
    /// The data of paths.
    fits: Vec<String>,
    /// Places on the plot of losses.
    marks: Vec<(f64, f64)>,
    /// Places on the landscape; none without one.
    path: Vec<(f64, f64)>,
}

/// `None` where there is nothing to play.
pub(super) fn player(gallery: Gallery<'_>, trained: Trained<'_>) -> Option<Arc<PlayerView>> {
    let (case, finding) = (gallery.plan.cases.get(trained.index)?, gallery.findings.get(trained.index)?);
    let map = map_figure(gallery, trained);
    gallery.players.get(case, finding, map, || made(gallery, trained))
}

fn made(gallery: Gallery<'_>, trained: Trained<'_>) -> Option<PlayerView> {
    let (case, run) = (trained.case, trained.run);
    let every = run.snapshots.len().div_ceil(MOST_FRAMES).max(1);
    let final_index = run.snapshots.len().checked_sub(1)?;
    let snapshots: Vec<_> = run
        .snapshots
        .iter()
        .enumerate()
        .filter(|(index, _)| index.is_multiple_of(every) || *index == final_index)
        .map(|(_, snapshot)| snapshot)
        .collect();
    if snapshots.len() < 2 {
        return None;
    }
    let last = snapshots.last()?;
    let x = linspace(case.data.domain, CURVE_POINTS);
    let curve = |parameters: &[f64]| -> Vec<(f64, f64)> {
        let mut y = vec![0.0; x.len()];
        predict(&case.model.model_type, &case.activation.function, parameters, &x, &mut y);
        x.iter().copied().zip(y).collect()
    };
    let curves: Vec<Vec<(f64, f64)>> = snapshots.iter().map(|snapshot| curve(&snapshot.parameters)).collect();
    let fit = Fit::new(case, &x, curves.last()?);
    let fits: Vec<String> = curves.iter().map(|curve| fit.plot.curve(curve.iter().copied())).collect();
    let losses = losses_plot(run);
    #[expect(clippy::cast_precision_loss, reason = "epochs are far below 2⁵³")]
    let marks =
        snapshots.iter().map(|snapshot| losses.place((snapshot.epoch as f64, snapshot.loss))).collect();
    let map = landscape::map(gallery, trained);
    let path: Vec<(f64, f64)> = map.as_ref().map_or_else(Vec::new, |map| {
        snapshots.iter().map(|snapshot| map.place(&snapshot.parameters)).collect()
    });
    let frames = Frames {
        epochs: snapshots.iter().map(|snapshot| snapshot.epoch).collect(),
        losses: snapshots.iter().map(|snapshot| significant(snapshot.loss, 4)).collect(),
        parameters: snapshots
            .iter()
            .map(|snapshot| values(&case.model.model_type, &snapshot.parameters))
            .collect(),
        fits,
        marks,
        path,
    };
    let names = names(&case.model.model_type).into_iter();
    let parameters = names.zip(frames.parameters.last()?).map(|(name, value)| Parameter {
        is_range: name.contains('('),
        name,
        value: value.clone(),
    });
    let title = format!("{} on {}", case.activation.title, case.target.title);
    Some(PlayerView {
        color: case.activation.color.to_string(),
        fit_svg: fit.svg(&title, frames.fits.last()?),
        loss_svg: loss_svg(&losses, run, &title, *frames.marks.last()?),
        landscape_svg: map.map(|map| map.svg(&title, &frames.path)),
        epoch: last.epoch,
        epochs: run.losses.len().max(last.epoch),
        loss: significant(last.loss, 4),
        last: snapshots.len() - 1,
        parameters: parameters.collect(),
        data_json: serde_json::to_string(&frames).unwrap_or_default().replace('<', "\\u003c"),
    })
}

/// The plot of the fit without its curve.
struct Fit {
    plot: Plot,
    still: String,
}

impl Fit {
    /// It shows the target, the data and, as far as it does not run away, the last curve.
    fn new(case: &Case, x: &[f64], last: &[(f64, f64)]) -> Self {
        let mut y = vec![0.0; x.len()];
        case.target.function.values(x, &mut y);
        let samples = case.samples();
        let (training, held_out) = (samples.training, samples.validation);
        let (low, high) = range(y.iter().chain(&training.y).chain(&held_out.y).copied());
        let height = if high - low > 1e-9 { high - low } else { 1.0 };
        let (curve_low, curve_high) = range(last.iter().map(|&(_, y)| y));
        let low = low.min(curve_low).max(low - MAX_STRETCH * height);
        let high = high.max(curve_high).min(high + MAX_STRETCH * height);
        let (from, to) = case.data.domain;
        let plot = Plot {
            x: Axis::linear(from, to).padded(0.02),
            y: Axis::linear(low, high).padded(0.06),
            height: FIT_HEIGHT,
        };
        let target = plot.curve(x.iter().copied().zip(y));
        let thinned = |x: Vec<f64>, y: Vec<f64>| {
            let every = x.len().div_ceil(MOST_DOTS).max(1);
            plot.dots(x.into_iter().zip(y).step_by(every))
        };
        // Points without noise lie on the target.
        let data = if case.data.noise.is_some() { thinned(training.x, training.y) } else { String::new() };
        let held_out = thinned(held_out.x, held_out.y);
        let mut still = String::new();
        for (class, path) in [("data", data), ("held-out", held_out), ("target", target)] {
            if !path.is_empty() {
                still.push_str(&format!(r#"<path class="{class}" d="{path}"/>"#));
            }
        }
        Self { plot, still }
    }

    fn svg(&self, title: &str, curve: &str) -> String {
        let inside = format!(r#"{}<path class="curve now" d="{curve}"/>"#, self.still);
        self.plot.svg("fit", &format!("The fit of {title}, dashed the target"), ("x", "y"), &inside)
    }
}

fn range(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let finite = values.filter(|value| value.is_finite());
    finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)))
}

#[expect(clippy::cast_precision_loss, reason = "epochs are far below 2⁵³")]
fn losses_plot(run: &Run) -> Plot {
    let of_snapshots = run.snapshots.iter().map(|snapshot| snapshot.loss);
    let (low, high) = range(run.losses.iter().copied().chain(of_snapshots));
    let last = run.snapshots.last().map_or(0, |snapshot| snapshot.epoch).max(run.losses.len());
    Plot {
        x: Axis::linear(0.0, last as f64).padded(0.02),
        // A loss that explodes leaves those before it in sight.
        y: Axis::of_losses(low, high, run.losses.first().copied().unwrap_or(high)),
        height: LOSS_HEIGHT,
    }
}

#[expect(clippy::cast_precision_loss, reason = "epochs are far below 2⁵³")]
fn loss_svg(plot: &Plot, run: &Run, title: &str, (x, y): (f64, f64)) -> String {
    // Of the epochs that share a column of the picture, the lowest and the highest loss.
    let every = run.losses.len().div_ceil(300).max(1);
    let columns = run.losses.chunks(every).enumerate().flat_map(|(index, losses)| {
        let start = index * every;
        let at = |find: fn(&f64, &f64) -> std::cmp::Ordering| {
            losses.iter().enumerate().max_by(|a, b| find(a.1, b.1)).map(|(at, &loss)| (start + at, loss))
        };
        let mut both: Vec<(usize, f64)> =
            at(f64::total_cmp).into_iter().chain(at(|a, b| b.total_cmp(a))).collect();
        both.sort_by_key(|&(epoch, _)| epoch);
        both
    });
    let path = plot.curve(columns.map(|(epoch, loss)| (epoch as f64, loss)));
    let inside =
        format!(r#"<path class="curve" d="{path}"/><circle class="mark" cx="{x}" cy="{y}" r="32"/>"#);
    plot.svg("loss", &format!("The loss of {title} over the epochs"), ("epoch", "MSE"), &inside)
}

fn names(model: &ModelType) -> Vec<String> {
    let name = |tensor: crate::spec::Tensor| {
        let shape: Vec<String> = tensor.shape.iter().map(usize::to_string).collect();
        if shape.is_empty() { tensor.name } else { format!("{} ({})", tensor.name, shape.join(" × ")) }
    };
    model.tensors().into_iter().map(name).collect()
}

/// Of each tensor its number, or its lowest and its highest.
fn values(model: &ModelType, parameters: &[f64]) -> Vec<String> {
    let mut rest = parameters;
    let mut values = Vec::new();
    for tensor in model.tensors() {
        let Some((own, after)) = rest.split_at_checked(tensor.size()) else { break };
        rest = after;
        values.push(match own {
            [value] => significant(*value, 4),
            own => {
                let (low, high) = range(own.iter().copied());
                format!("{} … {}", significant(low, 3), significant(high, 3))
            }
        });
    }
    values
}

/// The figure of a case that maps its losses, if it has one.
fn map_figure(gallery: Gallery<'_>, trained: Trained<'_>) -> Option<((f64, f64), (f64, f64))> {
    if trained.case.model.model_type != ModelType::SingleNeuron {
        return None;
    }
    gallery.figures_of_case(&format!("{}/", trained.case.directory())).into_iter().find_map(|planned| {
        match planned.figure.figure_type {
            FigureType::LossLandscape { w, b, .. } => Some((w, b)),
            _ => None,
        }
    })
}
