//! A comparison: the fits of several activations on one target, the best of them in colour.

use super::annotation::{Extent, Legend, Mark, Spot, TextBox, place};
use super::canvas::{Area, Canvas, Ink};
use super::chart::{DATA, Style};
use super::fit::{Curve, FitPlot, bottom_room, model_name, parameter_lines, prediction, top_room};
use super::series::{MAX_NAMED, gray_pen, ranked_pens};
use crate::finding::Finding;
use crate::number::significant;
use crate::plan::Case;
use crate::train::{Best, Outcome, Run};

/// More boxes than this would hide the plot; the legend says the most important in any case.
const MAX_BOXES: usize = 4;
/// More lines than this would make too large a box.
const MAX_LINES: usize = 10;

struct Member<'c> {
    /// Its place among the cases.
    place: usize,
    case: &'c Case,
    run: &'c Run,
    /// `None` where not even the first loss was finite.
    best: Option<(&'c Best, Curve)>,
}

pub(super) fn draw(mut canvas: Canvas, cases: &[(&Case, &Finding)]) -> Canvas {
    let (size, style) = (canvas.size(), Style::of(&canvas));
    let Some(&(first, _)) = cases.first() else { return canvas };
    let mut members: Vec<Member<'_>> = cases
        .iter()
        .enumerate()
        .map(|(place, &(case, finding))| {
            let run = &*finding.run;
            let best = run.best.as_ref().map(|best| (best, prediction(case, &best.parameters)));
            Member { place, case, run, best }
        })
        .collect();
    // The best first; the order of the specs decides between equals.
    let mse = |member: &Member<'_>| member.best.as_ref().map_or(f64::INFINITY, |(best, _)| best.mse);
    members.sort_by(|a, b| mse(a).total_cmp(&mse(b)));
    let (named, others) = members.split_at(members.len().min(MAX_NAMED));
    let places: Vec<usize> = named.iter().map(|member| member.place).collect();
    let pens = ranked_pens(&places, |place, _| Ink::from(cases[place].0.activation.color), style);

    let outer = Area {
        left: 0.4 * style.font(),
        top: top_room(style, false),
        right: f64::from(size.0) - 1.4 * style.font(),
        bottom: f64::from(size.1) - bottom_room(style),
    };
    let curves = || members.iter().filter_map(|member| member.best.as_ref().map(|(_, curve)| curve));
    let plot = FitPlot::new(first, outer, style, curves());
    plot.draw_base(&mut canvas);
    let gray = gray_pen(style);
    let drawn = others.iter().map(|member| (member, &gray)).chain(named.iter().zip(&pens).rev());
    for (member, pen) in drawn {
        if let Some((_, curve)) = &member.best {
            plot.chart.draw_curve(&mut canvas, curve, pen);
        }
    }
    let mut entries = plot.legend();
    entries.extend(named.iter().zip(&pens).map(|(member, pen)| {
        let result = match (&member.best, member.run.outcome) {
            (Some((best, _)), Outcome::Diverged { epoch }) => {
                format!("MSE = {}, diverged at epoch {epoch}", significant(best.mse, 4))
            }
            (Some((best, _)), _) => format!("MSE = {}", significant(best.mse, 4)),
            (None, _) => "diverged at once".into(),
        };
        (Mark::Line(*pen), format!("{} ({result})", member.case.activation.id))
    }));
    if !others.is_empty() {
        entries.push((Mark::Line(gray), format!("{} others", others.len())));
    }
    let legend = Legend(entries);
    let mut obstacles = plot.obstacles();
    let named_curves = named.iter().filter_map(|member| member.best.as_ref().map(|(_, curve)| curve));
    obstacles.extend(named_curves.flat_map(|curve| plot.chart.trace(curve)));
    let place_all = |text_boxes: &[TextBox]| {
        let spots = [Spot::TopLeft, Spot::TopRight, Spot::BottomLeft, Spot::Right];
        let mut boxes: Vec<(Extent, Spot)> = vec![(legend.extent(style), Spot::BottomRight)];
        boxes.extend(text_boxes.iter().zip(spots).map(|(text_box, spot)| (text_box.extent(style), spot)));
        place(plot.chart.area, &boxes, obstacles.iter().copied(), style)
    };
    let is_free = |places: &[Area]| {
        places.iter().enumerate().all(|(index, area)| {
            !obstacles.iter().any(|&point| area.contains(point))
                && !places[..index].iter().any(|other| other.overlaps(area))
        })
    };
    let mut text_boxes =
        if members.len() <= MAX_BOXES { own_boxes(&members) } else { common_box(&members, style) };
    let mut places = place_all(&text_boxes);
    // The box of all is only worth its room where it hides nothing: the legend says the most important.
    if members.len() > MAX_BOXES && !is_free(&places) {
        text_boxes.clear();
        places = place_all(&text_boxes);
    }
    if let Some((&legend_area, box_areas)) = places.split_first() {
        for (text_box, &area) in text_boxes.iter().zip(box_areas) {
            text_box.draw(&mut canvas, area, style);
        }
        legend.draw(&mut canvas, legend_area, style);
    }
    plot.chart.draw_title(&mut canvas, &title(first, &members));
    canvas
}

/// A box for each.
fn own_boxes(members: &[Member<'_>]) -> Vec<TextBox> {
    let text_box = |member: &Member<'_>| {
        let (best, curve) = member.best.as_ref()?;
        let mut lines = vec![member.case.activation.id.clone()];
        lines.extend(parameter_lines(member.case, &best.parameters, curve));
        Some(TextBox { lines, frame: Ink::from(member.case.activation.color) })
    };
    members.iter().filter_map(text_box).collect()
}

/// One box with a line for each, where all parameters are numbers and so fit on one.
fn common_box(members: &[Member<'_>], style: Style) -> Vec<TextBox> {
    let line = |member: &Member<'_>| {
        let (best, curve) = member.best.as_ref()?;
        let lines = parameter_lines(member.case, &best.parameters, curve);
        // Without the ranges of x and ŷ, the first and the last.
        let parameters = lines.get(1..lines.len().saturating_sub(1)).unwrap_or_default().join(", ");
        Some(format!("{}: {parameters}", member.case.activation.id))
    };
    let is_scalar = |member: &Member<'_>| {
        member.case.model.model_type.tensors().iter().all(|tensor| tensor.shape.is_empty())
    };
    if members.len() > MAX_LINES || !members.iter().all(is_scalar) {
        return Vec::new();
    }
    vec![TextBox { lines: members.iter().filter_map(line).collect(), frame: style.paper.gray(DATA) }]
}

/// `Single neuron: tanh, relu on cubic_s`, with what the cases share of the further axes.
fn title(first: &Case, members: &[Member<'_>]) -> String {
    let names: Vec<&str> = members.iter().map(|member| member.case.activation.id.as_str()).collect();
    let names = if names.len() <= 6 { names.join(", ") } else { format!("{} activations", names.len()) };
    let axes = first.axes.iter().filter(|(name, _)| name != "model");
    let axes: Vec<String> =
        axes.map(|(name, value)| format!(", {} {value}", name.replace('_', " "))).collect();
    format!("{}: {names} on {}{}", model_name(first), first.target.id, axes.concat())
}
