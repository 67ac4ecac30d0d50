//! Convergence: the fit over the snapshots, with parameter trajectories beside it where asked, animated.

use super::annotation::{Extent, Legend, Mark, Spot, TextBox, place};
use super::axis::Axis;
use super::canvas::{Area, Canvas, Ink, Pen};
use super::chart::{Chart, Piece, Style, along};
use super::fit::{
    ALARM, Curve, FitPlot, bottom_room, draw_divergence, draw_formula, parameter_lines, prediction, subject,
    top_room,
};
use super::gif::Animation;
use super::paper::Paper;
use super::text::{self, Font};
use crate::plan::Case;
use crate::spec::{Panel, Tensor};
use crate::train::{Run, Snapshot};

const MARKER: Ink = Ink::solid(0xd6, 0x27, 0x28);

/// One panel: what does not change has been drawn already.
enum Plot {
    Fit(Box<Fit>),
    Trajectory { chart: Chart, points: Curve },
}

/// A curve, and boxes over it.
struct Fit {
    chart: Chart,
    /// The pieces of the curve, frame by frame.
    curves: Vec<Vec<Piece>>,
    boxes: Vec<TextBox>,
    box_area: Area,
    legend: Legend,
    legend_area: Area,
    /// What is below the boxes but for the curve, where one passes them.
    below: Option<Canvas>,
}

/// The bytes of the GIF file: one frame per snapshot.
pub(super) fn draw(size: (u32, u32), fps: f64, panels: &[Panel], case: &Case, run: &Run) -> Vec<u8> {
    let mut animation =
        Animation::new(size, Paper::LIGHT, &[Ink::from(case.activation.color).rgb, MARKER.rgb, ALARM.rgb]);
    draw_frames(size, panels, case, run, |frame| animation.push(frame, delay(fps)));
    animation.finish()
}

/// Hands over one picture per snapshot, or a single one without any.
pub(super) fn draw_frames(
    size: (u32, u32),
    panels: &[Panel],
    case: &Case,
    run: &Run,
    mut push: impl FnMut(&Canvas) + Send,
) {
    // Animations have no dark variant: no format of theirs can hold both.
    let mut base = Canvas::new(size, Paper::LIGHT);
    let style = Style::of(&base);
    // Specs are refused for naming a parameter that the model does not have; such a panel takes no room.
    let shown = panels.iter().filter_map(|panel| match panel {
        Panel::Fit => Some((panel, None)),
        Panel::Trajectory(name) => Some((panel, Some(index_of(case, name)?))),
    });
    let shown: Vec<(&Panel, Option<usize>)> = shown.collect();
    let areas = areas(size, &shown, style);
    let plots = shown.iter().zip(areas).map(|(&(panel, at), area)| match (panel, at) {
        (Panel::Trajectory(name), Some(at)) => trajectory(&mut base, area, name, at, case, run, style),
        _ => fit(&mut base, area, case, run, style),
    });
    let plots: Vec<Plot> = plots.collect();
    // The formula keeps clear of the epoch, which stands in the same row.
    let last = run.snapshots.last().map_or(0, |snapshot| snapshot.epoch).max(case.training.epochs);
    let counter = text::width(Font::Upright, &epoch_text(last, last), style.small_font());
    draw_formula(&mut base, case, style, counter + 3.0 * style.font());
    let ink = Ink::from(case.activation.color);
    let draw_frame = |canvas: &mut Canvas, index: usize, snapshot: &Snapshot| {
        canvas.restore(&base);
        for plot in &plots {
            plot.draw(canvas, index, ink, style);
        }
        draw_epoch(canvas, &plots, snapshot, case.training.epochs, style);
    };
    let (mut shown, mut next) = (base.untouched(), base.untouched());
    let mut snapshots = run.snapshots.iter().enumerate();
    if let Some((index, snapshot)) = snapshots.next() {
        draw_frame(&mut shown, index, snapshot);
    }
    for (index, snapshot) in snapshots {
        // While one frame is taken over, the next one is drawn.
        rayon::join(|| push(&shown), || draw_frame(&mut next, index, snapshot));
        std::mem::swap(&mut shown, &mut next);
    }
    push(&shown);
}

/// In hundredths of a second, as GIF counts.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 2 to 1000")]
fn delay(fps: f64) -> u16 {
    (100.0 / fps).round().clamp(2.0, 1000.0) as u16
}

/// The rooms of the panels, left to right; a fit is wider than a trajectory.
fn areas((width, height): (u32, u32), panels: &[(&Panel, Option<usize>)], style: Style) -> Vec<Area> {
    let weight = |(panel, _): &(&Panel, Option<usize>)| if **panel == Panel::Fit { 1.6 } else { 1.0 };
    let gap = 1.4 * style.font();
    let total: f64 = panels.iter().map(weight).sum();
    let available = f64::from(width) - 0.4 * style.font();
    let mut left = 0.4 * style.font();
    panels
        .iter()
        .map(|panel| {
            let share = available * weight(panel) / total;
            let area = Area {
                left,
                top: top_room(style, true),
                right: left + share - gap,
                bottom: f64::from(height) - bottom_room(style),
            };
            left += share;
            area
        })
        .collect()
}

fn fit(base: &mut Canvas, area: Area, case: &Case, run: &Run, style: Style) -> Plot {
    let curves: Vec<Curve> =
        run.snapshots.iter().map(|snapshot| prediction(case, &snapshot.parameters)).collect();
    let plot = FitPlot::new(case, area, style, &curves);
    plot.draw_base(base);
    plot.chart.draw_title(base, &subject(case));
    draw_divergence(base, &plot.chart, "x", run);
    let ink = Ink::from(case.activation.color);
    let boxes: Vec<TextBox> = run
        .snapshots
        .iter()
        .zip(&curves)
        .map(|(snapshot, curve)| TextBox {
            lines: parameter_lines(case, &snapshot.parameters, curve),
            frame: ink,
        })
        .collect();
    // The box keeps its size, that of the widest frame.
    let extent = boxes.iter().map(|text_box| text_box.extent(style)).fold(
        Extent { width: 0.0, height: 0.0 },
        |a, b| Extent { width: a.width.max(b.width), height: a.height.max(b.height) },
    );
    let mut entries = plot.legend();
    entries.push((Mark::Line(style.curve(ink)), case.activation.id.clone()));
    let legend = Legend(entries);
    // Nothing should be hidden at any time; the last curve matters most, as the one that is looked at longest.
    let pieces: Vec<Vec<Piece>> = curves.iter().map(|curve| plot.chart.pieces(curve)).collect();
    let lasting = pieces.iter().rev().take(1).cycle().take(pieces.len() / 2);
    let passed = pieces.iter().chain(lasting).flatten().flat_map(|piece| along(piece));
    let boxed = [(extent, Spot::TopLeft), (legend.extent(style), Spot::BottomRight)];
    let places = place(plot.chart.area, &boxed, plot.obstacles().into_iter().chain(passed), style);
    let [box_area, legend_area] = <[Area; 2]>::try_from(places).unwrap_or([plot.chart.area; 2]);
    let mut fit =
        Fit { chart: plot.chart, curves: pieces, boxes, box_area, legend, legend_area, below: None };
    let is_passed = (0..fit.curves.len()).any(|frame| fit.is_passed(frame, &style.curve(ink)));
    fit.below = is_passed.then(|| base.clone());
    // Few curves pass the boxes: they stand in all frames, and are drawn anew over a curve that does.
    fit.draw_boxes(base, style);
    Plot::Fit(Box::new(fit))
}

/// Where a scalar parameter stands in a vector of all of them.
fn index_of(case: &Case, name: &str) -> Option<usize> {
    let tensors = case.model.model_type.tensors();
    let position = tensors.iter().position(|tensor| tensor.name == name)?;
    Some(tensors[..position].iter().map(Tensor::size).sum())
}

fn trajectory(
    base: &mut Canvas,
    area: Area,
    name: &str,
    at: usize,
    case: &Case,
    run: &Run,
    style: Style,
) -> Plot {
    let value = |snapshot: &Snapshot| snapshot.parameters.get(at).copied().unwrap_or(f64::NAN);
    let points: Curve = run.snapshots.iter().map(|snapshot| (epoch(snapshot), value(snapshot))).collect();
    let (low, high) = super::fit::range([&points]);
    let y = Axis::padded(low, high, 0.05, style.ticks(area.height(), 3.6, 3));
    let left = (area.left + Chart::left_room(&y, style)).round();
    let area = Area { left, right: area.right.round(), top: area.top.round(), bottom: area.bottom.round() };
    let last = run.snapshots.last().map_or(0.0, epoch);
    let x = Axis::epochs(last, 0.05, style.ticks(area.width(), 6.5, 1));
    let chart = Chart { area, x, y, style };
    chart.draw_base(base, "epoch", name);
    chart.draw_title(base, &format!("Trajectory of {name}"));
    chart.draw_curve(base, &points, &style.curve(Ink::from(case.activation.color)));
    Plot::Trajectory { chart, points }
}

#[expect(clippy::cast_precision_loss, reason = "epochs are far below 2⁵³")]
fn epoch(snapshot: &Snapshot) -> f64 {
    snapshot.epoch as f64
}

impl Plot {
    fn chart(&self) -> &Chart {
        match self {
            Self::Fit(fit) => &fit.chart,
            Self::Trajectory { chart, .. } => chart,
        }
    }

    /// What is particular to one frame.
    fn draw(&self, canvas: &mut Canvas, frame: usize, ink: Ink, style: Style) {
        match self {
            Self::Fit(fit) => fit.draw(canvas, frame, ink, style),
            Self::Trajectory { chart, points } => {
                chart.draw_dots(canvas, &points[frame..=frame], 4.5 * style.unit, MARKER, MARKER);
            }
        }
    }
}

impl Fit {
    fn draw(&self, canvas: &mut Canvas, frame: usize, ink: Ink, style: Style) {
        let pen = style.curve(ink);
        let Some(curve) = self.curves.get(frame) else { return };
        let below = self.below.as_ref().filter(|_| self.is_passed(frame, &pen));
        if let Some(below) = below {
            self.areas().iter().for_each(|area| canvas.copy_area(area.grown(EDGE), below));
        }
        curve.iter().for_each(|piece| canvas.polyline(piece, &pen));
        if below.is_some() {
            self.draw_boxes(canvas, style);
        }
        if let Some(text_box) = self.boxes.get(frame) {
            text_box.draw_lines(canvas, self.box_area, style);
        }
    }

    fn areas(&self) -> [Area; 2] {
        [self.legend_area, self.box_area]
    }

    /// Whether a frame's curve comes near a box.
    fn is_passed(&self, frame: usize, pen: &Pen) -> bool {
        let areas = self.areas().map(|area| area.grown(pen.width + EDGE));
        let mut places = self.curves.get(frame).into_iter().flatten().flat_map(|piece| along(piece));
        places.any(|place| areas.iter().any(|area| area.contains(place)))
    }

    /// The legend, and the box without its lines.
    fn draw_boxes(&self, canvas: &mut Canvas, style: Style) {
        self.legend.draw(canvas, self.legend_area, style);
        if let Some(text_box) = self.boxes.first() {
            text_box.draw_frame(canvas, self.box_area, style);
        }
    }
}

/// How far the edge of a box reaches beyond its area, in pixels, and more than [`along`] steps.
const EDGE: f64 = 6.0;

fn epoch_text(epoch: usize, epochs: usize) -> String {
    format!("epoch {epoch} / {epochs}")
}

/// The epoch, at the right end of the top edge.
fn draw_epoch(canvas: &mut Canvas, plots: &[Plot], snapshot: &Snapshot, epochs: usize, style: Style) {
    let Some(area) = plots.last().map(|plot| plot.chart().area) else { return };
    let size = style.small_font();
    let text = epoch_text(snapshot.epoch, epochs);
    let x = area.right - text::width(Font::Upright, &text, size);
    text::draw(canvas, Font::Upright, &text, size, (x, 1.75 * style.title_font()), style.paper.ink());
}
