//! The losses of several cases on one target over their epochs.

use super::annotation::{Legend, Mark, Spot, place};
use super::axis::Axis;
use super::canvas::{Area, Canvas, Ink, Pen};
use super::chart::{Chart, Style};
use super::fit::{Curve, bottom_room, listed, model_names, range, top_room};
use super::loss_curve::SMALLEST;
use super::series::{MAX_ALIKE, MAX_NAMED, distinct, gray_pen, ranked_pens};
use crate::finding::Finding;
use crate::number::{minus, significant};
use crate::plan::Case;
use crate::spec::{ACCESSIBLE, Scale};
use crate::train::Outcome;

/// Over a logarithmic axis of losses, that of the epochs is logarithmic too: some methods are done before others begin.
#[expect(clippy::cast_precision_loss, reason = "epochs are far below 2⁵³")]
pub(super) fn draw(mut canvas: Canvas, scale: Scale, cases: &[(&Case, &Finding)]) -> Canvas {
    let (size, style) = (canvas.size(), Style::of(&canvas));
    let Some(&(first, _)) = cases.first() else { return canvas };
    let shown = |(epoch, &loss): (usize, &f64)| match scale {
        Scale::Linear => (epoch as f64, loss),
        Scale::Log => (libm::log10((epoch + 1) as f64), libm::log10(loss.max(SMALLEST))),
    };
    let curves: Vec<Curve> =
        cases.iter().map(|(_, finding)| finding.run.losses.iter().enumerate().map(shown).collect()).collect();
    let (low, high) = range(&curves);
    let (low, high) = if low.is_finite() { (low, high) } else { (0.0, 1.0) };
    // One run that explodes must not flatten the others: all begin where the highest of the first losses is.
    let begin = curves.iter().filter_map(|curve| curve.first()).map(|&(_, loss)| loss).fold(low, f64::max);
    let (top, bottom) = (top_room(style, false), f64::from(size.1) - bottom_room(style));
    let y = match scale {
        Scale::Linear => Axis::padded(low.min(0.0), high.min(begin), 0.05, style.ticks(bottom - top, 3.6, 3)),
        Scale::Log => {
            let high = high.min(begin + 1.0);
            let low = low.max(high - 40.0);
            let padding = 0.05 * (high - low).max(0.1);
            Axis::logarithmic(low - padding, high + padding, style.ticks(bottom - top, 2.8, 3))
        }
    };
    let left = (0.4 * style.font() + Chart::left_room(&y, style)).round();
    let right = (f64::from(size.0) - 1.4 * style.font()).round();
    let area = Area { left, top: top.round(), right, bottom: bottom.round() };
    let last = curves.iter().filter_map(|curve| curve.last()).map(|&(at, _)| at).fold(0.0, f64::max);
    let ticks = style.ticks(area.width(), 6.5, 1);
    let (x, x_name) = match scale {
        Scale::Linear => (Axis::epochs(last, 0.03, ticks), "epoch"),
        Scale::Log => (Axis::logarithmic(0.0, last.max(0.3), ticks), "epoch, counted from 1"),
    };
    let chart = Chart { area, x, y, style };
    chart.draw_base(&mut canvas, x_name, "loss (MSE)");

    // The lowest first; the order of the specs decides between equals.
    let lowest = |index: &usize| cases[*index].1.run.best.as_ref().map_or(f64::INFINITY, |best| best.mse);
    let mut ranked: Vec<usize> = (0..cases.len()).collect();
    ranked.sort_by(|a, b| lowest(a).total_cmp(&lowest(b)));
    let (named, others) = ranked.split_at(ranked.len().min(MAX_NAMED));
    let gray = gray_pen(style);
    for &index in others {
        chart.draw_curve(&mut canvas, &curves[index], &gray);
    }
    let mut entries = Vec::new();
    let pens = own_pens(cases, named, style);
    for (&index, pen) in named.iter().zip(&pens).rev() {
        chart.draw_curve(&mut canvas, &curves[index], pen);
    }
    for (&index, pen) in named.iter().zip(pens) {
        entries.push((Mark::Line(pen), label(cases, index)));
    }
    if !others.is_empty() {
        entries.push((Mark::Line(gray), format!("{} others", others.len())));
    }
    let legend = Legend(entries);
    let obstacles: Vec<(f64, f64)> = named.iter().flat_map(|&index| chart.trace(&curves[index])).collect();
    let boxed = [(legend.extent(style), Spot::TopRight)];
    if let Some(&area) = place(chart.area, &boxed, obstacles, style).first() {
        legend.draw(&mut canvas, area, style);
    }
    let activations = listed(cases.iter().map(|(case, _)| case.activation.id.clone()), "activations");
    let models = model_names(cases);
    chart.draw_title(&mut canvas, &format!("{models}: {activations} on {}", first.target.id));
    canvas
}

/// A pen for each: of the activation's colour, by which the same activation is known on all figures. Where all are of one
/// activation, or too many of one are to be told apart by their dashes, of a colour by the place among the cases.
fn own_pens(cases: &[(&Case, &Finding)], named: &[usize], style: Style) -> Vec<Pen> {
    let activation = |index: &usize| cases[*index].0.activation.id.as_str();
    let activations = distinct(named.iter().map(activation));
    let has_few = |id: &&str| named.iter().filter(|index| activation(index) == *id).count() <= MAX_ALIKE;
    let is_by_activation =
        activations.len() == named.len() || activations.len() > 1 && activations.iter().all(has_few);
    let color = |index: usize, place: usize| {
        if is_by_activation {
            Ink::from(cases[index].0.activation.color)
        } else {
            Ink::from(ACCESSIBLE[place % ACCESSIBLE.len()])
        }
    };
    ranked_pens(named, color, style)
}

/// What tells a case from the others, with its lowest loss.
fn label(cases: &[(&Case, &Finding)], index: usize) -> String {
    let (case, run) = (cases[index].0, &*cases[index].1.run);
    let mut parts = Vec::new();
    if cases.iter().any(|(other, _)| other.activation.id != case.activation.id) {
        parts.push(case.activation.id.clone());
    }
    let axes = case.axes.iter().filter(|axis| cases.iter().any(|(other, _)| !other.axes.contains(axis)));
    parts.extend(axes.map(|(name, value)| match name.as_str() {
        "optimizer" | "model" | "schedule" => value.clone(),
        name => format!("{} {}", name.replace('_', " "), minus(value)),
    }));
    if parts.is_empty() {
        parts.push(case.activation.id.clone());
    }
    let result = match (&run.best, run.outcome) {
        (None, _) => "diverged at once".into(),
        (Some(best), Outcome::Diverged { epoch }) => {
            format!("{}, diverged at epoch {epoch}", significant(best.mse, 4))
        }
        (Some(best), Outcome::Converged { epoch }) => {
            format!("{}, converged at epoch {epoch}", significant(best.mse, 4))
        }
        (Some(best), Outcome::Finished) => significant(best.mse, 4),
    };
    format!("{} ({result})", parts.join(", "))
}
