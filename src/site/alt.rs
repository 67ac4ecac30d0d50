//! What a figure shows, in words: for those who cannot see it, computed from the data behind it.

use super::gallery::{Gallery, Trained};
use crate::figure::{fan_label, fan_values};
use crate::number::{minus, significant};
use crate::plan::{MOST_PANELS, PlannedFigure, Subject};
use crate::spec::{Activation, FigureType, MatrixValue, Panel};
use crate::train::{Outcome, predict};

/// One or two sentences that state the result, on one line whatever the titles in them hold.
pub(super) fn text(gallery: Gallery<'_>, planned: &PlannedFigure) -> String {
    words(gallery, planned).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn words(gallery: Gallery<'_>, planned: &PlannedFigure) -> String {
    if let Subject::Activation(activation) = &planned.subject {
        return match planned.figure.figure_type {
            FigureType::ParameterFan { z } => fan(z, activation),
            _ => of_activation(&planned.figure.figure_type, activation),
        };
    }
    let subjects = gallery.subjects(planned);
    let Some(&first) = subjects.first() else { return planned.figure.title.clone() };
    match &planned.figure.figure_type {
        FigureType::Fit => format!("Fit of {}. {}", subject(first), fit(first)),
        FigureType::Convergence { panels, .. } => convergence(first, panels),
        FigureType::Activation { .. } => of_activation(&planned.figure.figure_type, &first.case.activation),
        FigureType::ParameterFan { z } => fan(*z, &first.case.activation),
        FigureType::Trajectories => trajectories(first),
        FigureType::LossLandscape { w, b, .. } => landscape(first, *w, *b),
        FigureType::Comparison => comparison(&subjects),
        FigureType::LossComparison { .. } => loss_comparison(&subjects),
        FigureType::LossCurve { .. } => loss_curve(first),
        FigureType::Attainable => attainable(&subjects),
        FigureType::LossBoxes => loss_boxes(&subjects),
        FigureType::Matrix { value } => matrix(&subjects, *value),
    }
}

fn subject(trained: Trained<'_>) -> String {
    let case = trained.case;
    let axes = trained.axes_text();
    let axes = if axes.is_empty() { String::new() } else { format!(", {axes}") };
    format!("{} ({}{axes}) to {}", case.activation.id, case.model.title, case.target.id)
}

/// How training ended, where it did not run for all of its epochs.
fn divergence(trained: Trained<'_>) -> String {
    match trained.run.outcome {
        Outcome::Finished => String::new(),
        Outcome::Converged { epoch } => format!(" Training converged after {epoch} epochs."),
        Outcome::Diverged { epoch } => format!(" Training diverged at epoch {epoch}."),
    }
}

fn fit(trained: Trained<'_>) -> String {
    let Some(best) = &trained.run.best else {
        return format!("There is no fitted curve.{}", divergence(trained));
    };
    let case = trained.case;
    let x = case.data.inputs();
    let (mut target, mut fitted) = (vec![0.0; x.len()], vec![0.0; x.len()]);
    case.target.function.values(&x, &mut target);
    predict(&case.model.model_type, &case.activation.function, &best.parameters, &x, &mut fitted);
    let mut sizes: Vec<f64> = target.iter().zip(&fitted).map(|(y, fitted)| (y - fitted).abs()).collect();
    let worst = (0..sizes.len()).max_by(|&a, &b| sizes[a].total_cmp(&sizes[b])).unwrap_or(0);
    let (worst_x, worst_size) = (x[worst], sizes[worst]);
    sizes.sort_by(f64::total_cmp);
    let middle = sizes[sizes.len() / 2];
    if worst_size == 0.0 {
        let mse = significant(best.mse, 4);
        return format!(
            "Lowest MSE {mse} at epoch {}: the curve lies on the target.{}",
            best.epoch,
            divergence(trained)
        );
    }
    format!(
        "Lowest MSE {} at epoch {}: the curve is within {} of the target at half of the points, and misses it most at x = {}, by {}.{}",
        significant(best.mse, 4),
        best.epoch,
        significant(middle, 2),
        minus(&format!("{worst_x:.2}")),
        significant(worst_size, 2),
        divergence(trained)
    )
}

fn convergence(trained: Trained<'_>, panels: &[Panel]) -> String {
    let frames = trained.run.snapshots.len();
    let (Some(first), Some(last)) = (trained.run.snapshots.first(), trained.run.snapshots.last()) else {
        return format!("Animated fit of {}, without a frame.{}", subject(trained), divergence(trained));
    };
    let trajectories: Vec<String> = panels
        .iter()
        .filter_map(|panel| match panel {
            Panel::Fit => None,
            Panel::Trajectory(name) => Some(format!(", with the trajectory of {name} beside it")),
        })
        .collect();
    format!(
        "Animation of {frames} frames: the fit of {} from epoch {} (MSE {}) to epoch {} (MSE {}){}.{}",
        subject(trained),
        first.epoch,
        significant(first.loss, 4),
        last.epoch,
        significant(last.loss, 4),
        trajectories.concat(),
        divergence(trained)
    )
}

fn fan((low, high): (f64, f64), activation: &Activation) -> String {
    let values = |own: f64| fan_values(own).into_iter().map(fan_label).collect::<Vec<_>>().join(", ");
    let parts: Vec<String> = activation
        .parameters
        .iter()
        .take(MOST_PANELS)
        .map(|(name, own)| format!("{name} = {} (its own value is {})", values(*own), fan_label(*own)))
        .collect();
    let parts = if parts.is_empty() { "it has no parameters".into() } else { parts.join("; ") };
    format!(
        "The activation {} for z from {} to {} with other values of its parameters: {parts}.",
        activation.id,
        significant(low, 3),
        significant(high, 3)
    )
}

fn of_activation(figure_type: &FigureType, activation: &Activation) -> String {
    let (low, high) = match figure_type {
        FigureType::Activation { z } => *z,
        _ => (-5.0, 5.0),
    };
    let at = |z: f64| match activation.function.value(z) {
        value if value.is_nan() => "undefined".into(),
        f64::INFINITY => "∞".into(),
        f64::NEG_INFINITY => "−∞".into(),
        value => significant(value, 3),
    };
    format!(
        "The activation {} and its first two derivatives for z from {} to {}: it is {} at the left end, {} at 0 and {} at the right end.",
        activation.id,
        significant(low, 3),
        significant(high, 3),
        at(low),
        at(0.0),
        at(high)
    )
}

fn trajectories(trained: Trained<'_>) -> String {
    let (Some(first), Some(last)) = (trained.run.snapshots.first(), trained.run.snapshots.last()) else {
        return format!("No parameters of {} to show.{}", subject(trained), divergence(trained));
    };
    let mut offset = 0;
    let mut changes = Vec::new();
    for tensor in trained.case.model.model_type.tensors() {
        let (from, to) = (&first.parameters[offset..], &last.parameters[offset..]);
        offset += tensor.size();
        if tensor.shape.is_empty() {
            let is_still = from[0].to_bits() == to[0].to_bits();
            let (from, to) = (significant(from[0], 3), significant(to[0], 3));
            changes.push(if is_still {
                format!("{} stays at {from}", tensor.name)
            } else {
                format!("{} goes from {from} to {to}", tensor.name)
            });
        } else {
            let pairs = from.iter().zip(to).take(tensor.size());
            let farthest = pairs.map(|(from, to)| (to - from).abs()).fold(0.0, f64::max);
            changes.push(format!(
                "the entries of {} move by up to {}",
                tensor.name,
                significant(farthest, 2)
            ));
        }
    }
    format!(
        "Parameters over {} epochs of {}: {}.{}",
        last.epoch,
        subject(trained),
        changes.join(", "),
        divergence(trained)
    )
}

fn landscape(trained: Trained<'_>, (w_low, w_high): (f64, f64), (b_low, b_high): (f64, f64)) -> String {
    let place = |parameters: &[f64]| match parameters {
        [w, b, ..] => format!("({}, {})", significant(*w, 3), significant(*b, 3)),
        _ => "nowhere".into(),
    };
    let path = match (trained.run.snapshots.first(), trained.run.snapshots.last()) {
        (Some(first), Some(last)) if first.parameters[..2] == last.parameters[..2] => {
            format!("Training stays at (w, b) = {} throughout", place(&first.parameters))
        }
        (Some(first), Some(last)) => {
            format!("Training goes from (w, b) = {} to {}", place(&first.parameters), place(&last.parameters))
        }
        _ => "Training left no trace".into(),
    };
    format!(
        "Map of the loss of {} over w from {} to {} and b from {} to {}, with the best v and c at each place. {path}; its lowest MSE is {}.{}",
        subject(trained),
        significant(w_low, 3),
        significant(w_high, 3),
        significant(b_low, 3),
        significant(b_high, 3),
        trained.best_text(),
        divergence(trained)
    )
}

/// More cases in one text would be a table.
const MAX_NAMED: usize = 12;

fn comparison(subjects: &[Trained<'_>]) -> String {
    let mut ranked = subjects.to_vec();
    super::gallery::sort_by_run(&mut ranked);
    let results: Vec<String> = ranked
        .iter()
        .take(MAX_NAMED)
        .map(|trained| format!("{} (MSE {})", trained.case.activation.id, trained.best_text()))
        .collect();
    let Some(first) = ranked.first() else { return String::new() };
    let axes = first.axes_text();
    let axes = if axes.is_empty() { axes } else { format!(" ({axes})") };
    let (results, others) = (results.join(", "), more(ranked.len() - results.len()));
    format!("Fits to {}{axes} in one plot, closest first: {results}{others}.", first.case.target.id)
}

/// What follows a list that names not all.
fn more(others: usize) -> String {
    if others == 0 { String::new() } else { format!(", and {others} more") }
}

fn loss_boxes(subjects: &[Trained<'_>]) -> String {
    const MAX_NAMED: usize = 6;
    let mut ranked = subjects.to_vec();
    super::gallery::sort_by_mse(&mut ranked);
    let spread = |trained: &Trained<'_>| {
        let spread = crate::verdict::spread(trained.case, trained.finding)?;
        let shown = |mse: f64| if mse.is_finite() { significant(mse, 3) } else { "none".into() };
        Some(format!(
            "{} (median {}, quartiles {} and {})",
            trained.case.activation.id,
            shown(spread.median),
            shown(spread.lower_quartile),
            shown(spread.upper_quartile)
        ))
    };
    let results: Vec<String> = ranked.iter().filter_map(spread).take(MAX_NAMED).collect();
    let (Some(first), false) = (ranked.first(), results.is_empty()) else {
        return "There are no losses of several starts.".into();
    };
    let others = more(ranked.len().saturating_sub(results.len()));
    format!(
        "Spread of the losses over many starts on {}, lowest median first: {}{others}.",
        first.case.target.id,
        results.join("; ")
    )
}

fn matrix(subjects: &[Trained<'_>], value: MatrixValue) -> String {
    let what = match value {
        MatrixValue::Loss => "Losses",
        MatrixValue::Attainable => "Attainable losses",
        MatrixValue::Gap => "Training gaps",
        MatrixValue::Success => "Shares of successful starts",
    };
    let mut best: Vec<(&str, String, f64)> = Vec::new();
    for trained in subjects {
        let number = match value {
            MatrixValue::Success => match crate::verdict::spread(trained.case, trained.finding) {
                #[expect(clippy::cast_precision_loss, reason = "counts are far below 2⁵³")]
                Some(spread) => {
                    spread.success.map_or(1.0, |success| 1.0 - success.starts as f64 / spread.starts as f64)
                }
                None => 1.0,
            },
            MatrixValue::Attainable => trained.finding.attained().unwrap_or(f64::INFINITY),
            MatrixValue::Gap => trained.typical_mse() - trained.finding.attained().unwrap_or(f64::INFINITY),
            MatrixValue::Loss => trained.typical_mse(),
        };
        let (target, name) = (trained.case.target.id.as_str(), trained.case.activation.id.clone());
        match best.iter_mut().find(|(other, ..)| *other == target) {
            Some(found) if number < found.2 => *found = (target, name, number),
            Some(_) => {}
            None => best.push((target, name, number)),
        }
    }
    let best: Vec<String> = best.into_iter().map(|(target, name, _)| format!("{name} on {target}")).collect();
    format!("{what} of {} cases by target and activation; best are {}.", subjects.len(), best.join(", "))
}

fn attainable(subjects: &[Trained<'_>]) -> String {
    let known: Vec<(Trained<'_>, f64, f64)> = subjects
        .iter()
        .filter_map(|trained| {
            let found = Some(trained.typical_mse()).filter(|mse| mse.is_finite())?;
            Some((*trained, found, trained.finding.attained()?))
        })
        .collect();
    let close = known.iter().filter(|(_, found, attained)| *found <= 1.01 * attained).count();
    let ratio = |(_, found, attained): &(Trained<'_>, f64, f64)| found / attained.max(1e-12);
    let widest = known.iter().max_by(|a, b| ratio(a).total_cmp(&ratio(b)));
    let Some((trained, found, attained)) = widest else {
        return "No attainable loss is known for these models.".into();
    };
    format!(
        "The loss that training found beside the least attainable one, for {} cases: training came within 1 % of it in {close}. \
         It fell furthest short for {}: {} where {} can be reached.",
        known.len(),
        subject(*trained),
        trained.loss_text(*found),
        trained.loss_text(*attained)
    )
}

fn loss_comparison(subjects: &[Trained<'_>]) -> String {
    let mut ranked = subjects.to_vec();
    super::gallery::sort_by_run(&mut ranked);
    let name = |trained: &Trained<'_>| {
        let axes = trained.axes_text();
        let axes = if axes.is_empty() { axes } else { format!(", {axes}") };
        format!("{}{axes} (MSE {}{})", trained.case.activation.id, trained.best_text(), ended(*trained))
    };
    let results: Vec<String> = ranked.iter().take(MAX_NAMED).map(name).collect();
    let Some(first) = ranked.first() else { return String::new() };
    let others = more(ranked.len() - results.len());
    format!(
        "Losses over the epochs of {} cases on {}, lowest first: {}{others}.",
        ranked.len(),
        first.case.target.id,
        results.join("; ")
    )
}

fn ended(trained: Trained<'_>) -> String {
    match trained.run.outcome {
        Outcome::Finished => String::new(),
        Outcome::Converged { epoch } => format!(", converged at epoch {epoch}"),
        Outcome::Diverged { epoch } => format!(", diverged at epoch {epoch}"),
    }
}

fn loss_curve(trained: Trained<'_>) -> String {
    let (Some(first), Some(last)) = (trained.run.losses.first(), trained.run.losses.last()) else {
        return format!("No loss of {} to show.{}", subject(trained), divergence(trained));
    };
    let validation = trained.run.best_validation().map_or_else(String::new, |(epoch, lowest)| {
        format!(" Beside it that of the held-out points, lowest {} at epoch {epoch}.", significant(lowest, 4))
    });
    format!(
        "Loss over {} epochs of {}: from {} to {}, lowest {}.{validation}{}",
        trained.run.losses.len(),
        subject(trained),
        significant(*first, 4),
        significant(*last, 4),
        trained.best_text(),
        divergence(trained)
    )
}
