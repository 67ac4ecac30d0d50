//! The fit: data, target and fitted curve of one case. The plot itself serves the animations and comparisons too.

use super::annotation::{DOT_RING, Extent, Legend, Mark, Spot, TextBox, dot_radius, place};
use super::axis::Axis;
use super::canvas::{Area, Canvas, Ink};
use super::chart::{Chart, DATA, Style};
use super::formula::Formula;
use super::series::distinct;
use super::text::{self, Font};
use crate::finding::Finding;
use crate::number::{minus, significant};
use crate::plan::{Case, Points};
use crate::spec::{ModelType, linspace};
use crate::train::{Outcome, Run, predict};

/// How many points a curve is drawn through.
const CURVE_POINTS: usize = 600;
/// How far beyond the target's range, as a share of it, a curve may stretch the y axis: a fit that runs away must not
/// flatten everything else.
const MAX_STRETCH: f64 = 0.6;
pub(super) const HELD_OUT: Ink = Ink::solid(0xc2, 0x5a, 0x00);
/// How much larger than the others the points are that training did not see.
const HELD_OUT_SIZE: f64 = 1.3;
pub(super) const ALARM: Ink = Ink::solid(0xb0, 0x1c, 0x1c);

/// A curve through points (x, y).
pub(super) type Curve = Vec<(f64, f64)>;

/// What a model with these parameters predicts over the data's domain.
pub(super) fn prediction(case: &Case, parameters: &[f64]) -> Curve {
    let x = linspace(case.data.domain, CURVE_POINTS);
    let mut y = vec![0.0; x.len()];
    predict(&case.model.model_type, &case.activation.function, parameters, &x, &mut y);
    x.into_iter().zip(y).collect()
}

/// The target over the data's domain.
pub(super) fn target(case: &Case) -> Curve {
    let x = linspace(case.data.domain, CURVE_POINTS);
    let mut y = vec![0.0; x.len()];
    case.target.function.values(&x, &mut y);
    x.into_iter().zip(y).collect()
}

fn curve(points: Points) -> Curve {
    points.x.into_iter().zip(points.y).collect()
}

/// The lowest and the highest finite value of some curves.
pub(super) fn range<'c>(curves: impl IntoIterator<Item = &'c Curve>) -> (f64, f64) {
    let values = curves.into_iter().flatten().map(|&(_, y)| y).filter(|y| y.is_finite());
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), y| (low.min(y), high.max(y)))
}

/// A plot with the data and the target of a case, on which curves can be drawn.
pub(super) struct FitPlot {
    pub(super) chart: Chart,
    data: Curve,
    /// The points that training did not see.
    held_out: Curve,
    target: Curve,
}

/// The room above the frame: for the title, and for a formula over it.
pub(super) fn top_room(style: Style, has_formula: bool) -> f64 {
    2.1 * style.title_font() + if has_formula { 2.2 * style.title_font() } else { 0.0 }
}

/// The room below the frame: for tick labels and the axis' name.
pub(super) fn bottom_room(style: Style) -> f64 {
    3.4 * style.font()
}

impl FitPlot {
    /// A plot that fits into `outer` and shows `curves` as far as they do not run away.
    pub(super) fn new<'c>(
        case: &Case,
        outer: Area,
        style: Style,
        curves: impl IntoIterator<Item = &'c Curve>,
    ) -> Self {
        let target = target(case);
        let samples = case.samples();
        let (data, held_out) = (curve(samples.training), curve(samples.validation));
        // Points without noise lie on the target.
        let blurred = case.data.noise.map(|_| [&data, &held_out]);
        let (target_low, target_high) = range([&target].into_iter().chain(blurred.into_iter().flatten()));
        let height = if target_high - target_low > 1e-9 { target_high - target_low } else { 1.0 };
        let (low, high) = range(curves);
        let low = low.min(target_low).max(target_low - MAX_STRETCH * height);
        let high = high.max(target_high).min(target_high + MAX_STRETCH * height);
        let y = Axis::padded(low, high, 0.05, style.ticks(outer.height(), 3.6, 3));
        let left = outer.left + Chart::left_room(&y, style);
        let area = Area {
            left: left.round(),
            top: outer.top.round(),
            right: outer.right.round(),
            bottom: outer.bottom.round(),
        };
        let (from, to) = case.data.domain;
        let x = Axis::padded(from, to, 0.04, style.ticks(area.width(), 6.5, 1));
        Self { chart: Chart { area, x, y, style }, data, held_out, target }
    }

    /// Everything but the fitted curves.
    pub(super) fn draw_base(&self, canvas: &mut Canvas) {
        self.chart.draw_base(canvas, "x", "y");
        let radius = dot_radius(self.chart.style);
        let paper = self.chart.style.paper;
        self.chart.draw_dots(canvas, &self.data, radius, paper.gray(DATA), paper.gray(DOT_RING));
        self.chart.draw_dots(
            canvas,
            &self.held_out,
            HELD_OUT_SIZE * radius,
            paper.line(HELD_OUT),
            paper.ink(),
        );
        self.chart.draw_curve(canvas, &self.target, &self.chart.style.dashes());
    }

    /// The places that boxes should not cover: the data and the target. Those of curves come beside them.
    pub(super) fn obstacles(&self) -> Vec<(f64, f64)> {
        [&self.data, &self.held_out, &self.target]
            .into_iter()
            .flat_map(|line| self.chart.trace(line))
            .collect()
    }

    /// The first lines of every legend.
    pub(super) fn legend(&self) -> Vec<(Mark, String)> {
        let mut entries = vec![(Mark::Dot, "data".into())];
        if !self.held_out.is_empty() {
            let radius = HELD_OUT_SIZE * dot_radius(self.chart.style);
            let paper = self.chart.style.paper;
            let (fill, ring) = (paper.line(HELD_OUT), paper.ink());
            entries.push((Mark::Ringed { fill, ring, radius }, "held out".into()));
        }
        entries.push((Mark::Line(self.chart.style.dashes()), "target".into()));
        entries
    }
}

/// `Single neuron: relu on cubic_s`.
pub(super) fn subject(case: &Case) -> String {
    let mut text = format!("{}: {} on {}", model_name(case), case.activation.id, case.target.id);
    for (name, value) in case.axes.iter().filter(|(name, _)| name != "model") {
        text.push_str(&format!(", {} {}", name.replace('_', " "), minus(value)));
    }
    text
}

/// What a picture calls a model: its structure says more than its id.
pub(super) fn model_name(case: &Case) -> String {
    match &case.model.model_type {
        ModelType::SingleNeuron => "Single neuron".into(),
        ModelType::ScaledInput => "Scaled input".into(),
        ModelType::Mlp { hidden_sizes } => {
            let sizes: Vec<String> = hidden_sizes.iter().map(usize::to_string).collect();
            format!("MLP [{}]", sizes.join(", "))
        }
    }
}

/// `Single neuron, MLP [4, 4]`, or how many there are.
pub(super) fn model_names(cases: &[(&Case, &Finding)]) -> String {
    listed(cases.iter().map(|(case, _)| model_name(case)), "models")
}

/// Names, each once, or how many there are.
pub(super) fn listed(names: impl Iterator<Item = String>, noun: &str) -> String {
    let names = distinct(names);
    if names.len() <= 4 { names.join(", ") } else { format!("{} {noun}", names.len()) }
}

/// The lines of a parameter box: the range of x, the parameters (of tensors their shape and range), and the range of ŷ.
pub(super) fn parameter_lines(case: &Case, parameters: &[f64], curve: &Curve) -> Vec<String> {
    let interval = |low: f64, high: f64, decimals: usize| {
        let text = |value: f64| {
            if value.abs() < 1e5 { minus(&format!("{value:.decimals$}")) } else { significant(value, 3) }
        };
        format!("∈ [{}, {}]", text(low), text(high))
    };
    let (from, to) = case.data.domain;
    let mut lines = vec![format!("x {}", interval(from, to, 2))];
    let mut rest = parameters;
    for tensor in case.model.model_type.tensors() {
        let Some((values, after)) = rest.split_at_checked(tensor.size()) else { break };
        rest = after;
        if let ([value], true) = (values, tensor.shape.is_empty()) {
            let text = if value.abs() < 1e5 { minus(&format!("{value:.4}")) } else { significant(*value, 5) };
            lines.push(format!("{} = {text}", tensor.name));
        } else {
            let (low, high) = values
                .iter()
                .fold((f64::MAX, f64::MIN), |(low, high), &value| (low.min(value), high.max(value)));
            let shape: Vec<String> = tensor.shape.iter().map(usize::to_string).collect();
            lines.push(format!("{} ({}) {}", tensor.name, shape.join("×"), interval(low, high, 3)));
        }
    }
    let (low, high) = range([curve]);
    lines.push(format!("ŷ {}", interval(low, high, 2)));
    lines
}

/// The model's formula, centred at the top of the picture. As much as `reserved` stays free at the right end of its row.
pub(super) fn draw_formula(canvas: &mut Canvas, case: &Case, style: Style, reserved: f64) {
    let latex = case.model.model_type.formula(&case.activation.symbol);
    let edge = 0.02 * f64::from(canvas.size().0);
    let right = f64::from(canvas.size().0) - edge - reserved;
    let wanted = 1.02 * style.title_font();
    let width = Formula::new(&latex, wanted).width;
    let size = wanted.min(wanted * (right - edge) / width).max(wanted * 0.5);
    let formula = Formula::new(&latex, size);
    let x = ((f64::from(canvas.size().0) - formula.width) / 2.0).min(right - formula.width).max(edge);
    formula.draw(canvas, (x, 1.75 * style.title_font()), style.paper.ink());
}

/// Says that a run diverged, below the frame's right corner, beside the name of the x axis.
pub(super) fn draw_divergence(canvas: &mut Canvas, chart: &Chart, x_name: &str, run: &Run) {
    let Outcome::Diverged { epoch } = run.outcome else { return };
    let alarm = chart.style.paper.words(ALARM);
    let wanted = chart.style.font();
    let available = (chart.area.width() - text::width(Font::Upright, x_name, wanted)) / 2.0 - wanted;
    let long = format!("diverged at epoch {epoch}: the loss is no longer finite");
    let short = format!("diverged at epoch {epoch}");
    let size_of = |text: &str| wanted * (available / text::width(Font::Upright, text, wanted)).min(1.0);
    // The reason is left out before the letters get too small.
    let text = if size_of(&long) >= 0.75 * wanted { long } else { short };
    let size = size_of(&text).max(0.5 * wanted);
    let x = chart.area.right - text::width(Font::Upright, &text, size);
    text::draw(canvas, Font::Upright, &text, size, (x, chart.area.bottom + 2.75 * wanted), alarm);
}

pub(super) fn draw(mut canvas: Canvas, case: &Case, run: &Run) -> Canvas {
    let (size, style) = (canvas.size(), Style::of(&canvas));
    let outer = Area {
        left: 0.4 * style.font(),
        top: top_room(style, true),
        right: f64::from(size.0) - 1.4 * style.font(),
        bottom: f64::from(size.1) - bottom_room(style),
    };
    let curve: Vec<Curve> = run.best.iter().map(|best| prediction(case, &best.parameters)).collect();
    let plot = FitPlot::new(case, outer, style, &curve);
    plot.draw_base(&mut canvas);
    let ink = Ink::from(case.activation.color);
    let pen = style.curve(ink);
    let mut entries = plot.legend();
    let mut boxes: Vec<(Extent, Spot)> = Vec::new();
    let mut text_box = None;
    if let (Some(best), Some(curve)) = (&run.best, curve.first()) {
        plot.chart.draw_curve(&mut canvas, curve, &pen);
        let mse = significant(best.mse, 4);
        entries.push((Mark::Line(pen), format!("{} (MSE = {mse})", case.activation.id)));
        let lines = parameter_lines(case, &best.parameters, curve);
        let parameters = TextBox { lines, frame: ink };
        boxes.push((parameters.extent(style), Spot::TopLeft));
        text_box = Some(parameters);
    }
    let legend = Legend(entries);
    boxes.push((legend.extent(style), Spot::BottomRight));
    let obstacles =
        plot.obstacles().into_iter().chain(curve.iter().flat_map(|curve| plot.chart.trace(curve)));
    let places = place(plot.chart.area, &boxes, obstacles, style);
    if let (Some(text_box), Some(&area)) = (&text_box, places.first()) {
        text_box.draw(&mut canvas, area, style);
    }
    if let Some(&area) = places.last() {
        legend.draw(&mut canvas, area, style);
    }
    draw_divergence(&mut canvas, &plot.chart, "x", run);
    plot.chart.draw_title(&mut canvas, &subject(case));
    draw_formula(&mut canvas, case, style, 0.0);
    canvas
}
