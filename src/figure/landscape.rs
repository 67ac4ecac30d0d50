//! The loss landscape of a single neuron: MSE over (w, b), with the best (v, c) of each cell by linear least squares.

use plotters::element::Rectangle;
use plotters::style::{RGBColor, ShapeStyle};

use super::annotation::{Legend, Mark, Spot, place};
use super::axis::Axis;
use super::canvas::{Area, Canvas, Ink, Pen};
use super::chart::{Chart, Style, draw_centered};
use super::colormap;
use super::fit::{bottom_room, draw_divergence, model_name, top_room};
use super::text::{self, CAP_HEIGHT, Font};
use crate::attain::least_error;
use crate::finding::Finding;
use crate::function::Function;
use crate::plan::Case;
use crate::spec::{Colormap, ModelType, linspace};

/// What a landscape shows.
pub(super) struct Landscape {
    pub(super) w: (f64, f64),
    pub(super) b: (f64, f64),
    pub(super) resolution: usize,
    pub(super) colormap: Colormap,
}

/// The losses on a grid: row by row from the lowest b, in a row from the lowest w. All finite.
struct Grid {
    w: Vec<f64>,
    b: Vec<f64>,
    losses: Vec<f64>,
}

const CONTOURS: usize = 9;
/// The least loss that can be reached.
const LEAST: Ink = Ink::solid(0x56, 0xb4, 0xe9);
const PATH: Ink = Ink::solid(0xff, 0x7f, 0x0e);

impl Grid {
    fn new(landscape: &Landscape, function: &Function, x: &[f64], y: &[f64]) -> Self {
        let (w, b) =
            (linspace(landscape.w, landscape.resolution), linspace(landscape.b, landscape.resolution));
        let (mut z, mut h) = (vec![0.0; x.len()], vec![0.0; x.len()]);
        let mut losses = Vec::with_capacity(w.len() * b.len());
        for b in &b {
            for w in &w {
                z.iter_mut().zip(x).for_each(|(z, x)| *z = w * x + b);
                function.values(&z, &mut h);
                losses.push(least_error(&h, y));
            }
        }
        Self { w, b, losses }
    }

    fn range(&self) -> (f64, f64) {
        self.losses.iter().fold((f64::MAX, f64::MIN), |(low, high), &loss| (low.min(loss), high.max(loss)))
    }
}

/// Losses as shares of the colour scale: linear, or by their logarithms where they span orders of magnitude.
struct ColorScale {
    axis: Axis,
    is_logarithmic: bool,
    /// Whether there are losses below the scale.
    is_cut: bool,
}

/// From this ratio of the highest loss to the lowest on, a linear scale would show the valleys in one colour.
const LOGARITHMIC_FROM: f64 = 50.0;
/// What is smaller than the highest loss by this factor has the lowest colour: where a neuron meets the target exactly,
/// the loss is nothing but rounding, and its logarithm says nothing.
const SPAN: f64 = 1e6;

impl ColorScale {
    fn new((low, high): (f64, f64), max_ticks: usize) -> Self {
        let is_cut = low < high / SPAN;
        let low = low.max(high / SPAN);
        let is_logarithmic = low > 0.0 && high / low > LOGARITHMIC_FROM;
        let axis = if is_logarithmic {
            Axis::logarithmic(libm::log10(low), libm::log10(high), max_ticks)
        } else {
            Axis::linear(low, high, max_ticks)
        };
        Self { axis, is_logarithmic, is_cut }
    }

    fn value(&self, loss: f64) -> f64 {
        if self.is_logarithmic { libm::log10(loss).max(self.axis.low) } else { loss }
    }

    fn share(&self, loss: f64) -> f64 {
        self.axis.share(self.value(loss))
    }
}

/// Says why there is no landscape.
fn draw_refusal(canvas: &mut Canvas, style: Style, case: &Case) {
    let (width, height) = canvas.size();
    let lines = [
        "A loss landscape over (w, b) needs a single neuron,".to_owned(),
        format!("but {} is of the type {}.", case.model.id, model_name(case)),
    ];
    let widest = lines.iter().map(|line| text::width(Font::Upright, line, 1.0)).fold(1.0, f64::max);
    let size = (1.4 * style.title_font()).min(0.92 * f64::from(width) / widest);
    for (line, row) in lines.iter().zip([-0.75, 0.75]) {
        let middle = (f64::from(width) / 2.0, f64::from(height) / 2.0 + row * size);
        draw_centered(canvas, line, size, middle, style.paper.ink());
    }
}

#[expect(clippy::cast_precision_loss, reason = "a handful of contours")]
pub(super) fn draw(mut canvas: Canvas, landscape: &Landscape, case: &Case, finding: &Finding) -> Canvas {
    let run = &*finding.run;
    let (size, style) = (canvas.size(), Style::of(&canvas));
    if case.model.model_type != ModelType::SingleNeuron {
        draw_refusal(&mut canvas, style, case);
        return canvas;
    }
    let points = case.samples().training;
    let grid = Grid::new(landscape, &case.activation.function, &points.x, &points.y);

    let top = top_room(style, false).round();
    let bottom = (f64::from(size.1) - bottom_room(style)).round();
    let b_axis = Axis::linear(landscape.b.0, landscape.b.1, style.ticks(bottom - top, 3.6, 3));
    let left = (0.4 * style.font() + Chart::left_room(&b_axis, style)).round();
    let scale = ColorScale::new(grid.range(), style.ticks(bottom - top, 3.6, 3));
    let label_width =
        scale.axis.ticks().iter().map(|(_, label)| text::width(Font::Upright, label, style.font()));
    let bar_room = 6.4 * style.font() + label_width.fold(0.0, f64::max);
    let area = Area { left, top, right: (f64::from(size.0) - bar_room).max(left + 10.0).round(), bottom };
    let w_axis = Axis::linear(landscape.w.0, landscape.w.1, style.ticks(area.width(), 4.0, 1));
    let chart = Chart { area, x: w_axis, y: b_axis, style };

    canvas.raster(area, |canvas| draw_cells(canvas, &chart, &grid, &scale, landscape.colormap));
    for level in 1..=CONTOURS {
        let share = level as f64 / (CONTOURS + 1) as f64;
        let level = scale.axis.low + share * (scale.axis.high - scale.axis.low);
        let pen = Pen::new(Ink::WHITE.with_opacity(0.45), (0.8 * style.unit).max(0.7));
        chart.draw_segments(&mut canvas, &contour(&grid, |loss| scale.value(loss), level), &pen);
    }
    draw_path(&mut canvas, &chart, finding);
    // After the cells, whose edges stand on the frame; the grid would hide the landscape.
    chart.draw_axes(&mut canvas, "w", "b");
    draw_divergence(&mut canvas, &chart, "w", run);
    draw_bar(&mut canvas, &chart, &scale, landscape.colormap);
    chart.draw_title(
        &mut canvas,
        &format!("Loss over (w, b) with the best (v, c): {} on {}", case.activation.id, case.target.id),
    );
    canvas
}

fn draw_cells(canvas: &mut Canvas, chart: &Chart, grid: &Grid, scale: &ColorScale, colormap: Colormap) {
    // Each value colours the cell around it; cells at the border are halved by it.
    let edges = |values: &[f64], low: f64, high: f64| -> Vec<f64> {
        let middles = values.windows(2).map(|pair| f64::midpoint(pair[0], pair[1]));
        [low].into_iter().chain(middles).chain([high]).collect()
    };
    let (w, b) = (edges(&grid.w, chart.x.low, chart.x.high), edges(&grid.b, chart.y.low, chart.y.high));
    chart.draw_elements(
        canvas,
        grid.losses.iter().enumerate().map(|(index, &loss)| {
            let (row, column) = (index / grid.w.len(), index % grid.w.len());
            let [red, green, blue] = colormap::color(colormap, scale.share(loss));
            let style = ShapeStyle {
                color: plotters::style::Color::to_rgba(&RGBColor(red, green, blue)),
                filled: true,
                stroke_width: 0,
            };
            Rectangle::new([(w[column], b[row + 1]), (w[column + 1], b[row])], style)
        }),
    );
}

/// The lines on which the losses have a level, by marching squares with linear interpolation.
fn contour(grid: &Grid, value: impl Fn(f64) -> f64, level: f64) -> Vec<[(f64, f64); 2]> {
    let width = grid.w.len();
    let values: Vec<f64> = grid.losses.iter().map(|&loss| value(loss)).collect();
    let mut segments = Vec::new();
    for row in 0..grid.b.len() - 1 {
        for column in 0..width - 1 {
            let corner = |dx: usize, dy: usize| {
                let place = (grid.w[column + dx], grid.b[row + dy]);
                (place, values[(row + dy) * width + column + dx])
            };
            let corners = [corner(0, 0), corner(1, 0), corner(1, 1), corner(0, 1)];
            let crossings: Vec<(f64, f64)> = (0..4)
                .filter_map(|side| {
                    let ((from, a), (to, b)) = (corners[side], corners[(side + 1) % 4]);
                    if (a < level) == (b < level) {
                        return None;
                    }
                    let share = (level - a) / (b - a);
                    Some((from.0 + share * (to.0 - from.0), from.1 + share * (to.1 - from.1)))
                })
                .collect();
            // Two crossings are a line; four, at a saddle, two lines that keep to their corners.
            segments.extend(crossings.chunks_exact(2).map(|pair| [pair[0], pair[1]]));
        }
    }
    segments
}

/// The training's way through the landscape, with its start and its end.
fn draw_path(canvas: &mut Canvas, chart: &Chart, finding: &Finding) {
    let (style, run) = (chart.style, &*finding.run);
    let path: Vec<(f64, f64)> = run
        .snapshots
        .iter()
        .filter_map(|snapshot| Some((*snapshot.parameters.first()?, *snapshot.parameters.get(1)?)))
        .collect();
    let (Some(&start), Some(&end)) = (path.first(), path.last()) else { return };
    let pen = Pen::new(PATH, 2.6 * style.unit);
    chart.draw_curve(canvas, &path, &Pen::new(Ink::WHITE.with_opacity(0.85), 4.6 * style.unit));
    chart.draw_curve(canvas, &path, &pen);
    // The start is larger, so that it shows around an end that is in the same place.
    let (start_radius, end_radius) = (6.4 * style.unit, 4.6 * style.unit);
    chart.draw_dots(canvas, &[start], start_radius, Ink::WHITE, Ink::BLACK);
    chart.draw_dots(canvas, &[end], end_radius, PATH, Ink::BLACK);

    let named = |name: &str, point| {
        let is_inside = chart.area.contains(chart.pixel(point));
        if is_inside { name.to_owned() } else { format!("{name} (outside)") }
    };
    // The map is the same on both papers, and so are the marks on it.
    let ringed = |fill, radius| Mark::Ringed { fill, ring: Ink::BLACK, radius };
    let mut entries = vec![
        (ringed(Ink::WHITE, start_radius), named("start of training", start)),
        (ringed(PATH, end_radius), named("end of training", end)),
    ];
    if path.iter().any(|point| *point != start) {
        entries.insert(1, (Mark::Line(pen), "path".into()));
    }
    let least = finding.attained_parameters().and_then(|parameters| match *parameters {
        [w, b, ..] => Some((w, b)),
        _ => None,
    });
    if let Some(least) = least {
        let radius = 5.4 * style.unit;
        chart.draw_dots(canvas, &[least], radius, LEAST, Ink::BLACK);
        entries.push((ringed(LEAST, radius), named("least attainable loss", least)));
    }
    let legend = Legend(entries);
    let mut obstacles = chart.trace(&path);
    obstacles.extend(least.map(|least| chart.pixel(least)));
    let boxed = [(legend.extent(style), Spot::TopRight)];
    if let Some(&area) = place(chart.area, &boxed, obstacles, style).first() {
        legend.draw(canvas, area, style);
    }
}

fn draw_bar(canvas: &mut Canvas, chart: &Chart, scale: &ColorScale, colormap: Colormap) {
    let style = chart.style;
    let size = style.font();
    let frame = chart.area;
    let bar =
        Area { left: (frame.right + 1.6 * size).round(), right: (frame.right + 3.2 * size).round(), ..frame };
    canvas.raster(bar, |canvas| {
        let mut y = bar.top;
        while y < bar.bottom {
            let share = 1.0 - (y + 0.5 - bar.top) / bar.height();
            let [red, green, blue] = colormap::color(colormap, share);
            canvas.fill_area(Area { top: y, bottom: y + 1.0, ..bar }, Ink::solid(red, green, blue));
            y += 1.0;
        }
    });
    let ink = style.paper.ink();
    let pen = Pen::new(ink, style.unit.max(1.0));
    let Area { left, right, top, bottom } = bar;
    for (from, to) in [
        ((left, top), (right, top)),
        ((left, bottom), (right, bottom)),
        ((left, top), (left, bottom)),
        ((right, top), (right, bottom)),
    ] {
        canvas.polyline(&[from, to], &pen);
    }
    let mut widest = 0.0_f64;
    for (at, label) in scale.axis.ticks() {
        let y = bottom - scale.axis.share(*at) * bar.height();
        canvas.polyline(&[(right, y), (right + 4.0 * style.unit, y)], &pen);
        let x = right + 8.0 * style.unit;
        text::draw(canvas, Font::Upright, label, size, (x, y + CAP_HEIGHT * size / 2.0), ink);
        widest = widest.max(text::width(Font::Upright, label, size));
    }
    let name = match (scale.is_logarithmic, scale.is_cut) {
        (true, true) => "MSE (v, c optimised; logarithmic, cut off below)",
        (true, false) => "MSE (v, c optimised; logarithmic)",
        (false, _) => "MSE (v, c optimised)",
    };
    let y = f64::midpoint(top, bottom) + text::width(Font::Upright, name, size) / 2.0;
    let x = right + 8.0 * style.unit + widest + 1.3 * size;
    text::draw_upwards(canvas, Font::Upright, name, size, (x, y), ink);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn least_squares_agree_with_the_closed_form() {
        // y = 2h + 1 is met exactly; y = h² on −1, 0, 1 leaves 2/9 (its variance, uncorrelated with h).
        let h = [-1.0, 0.0, 1.0];
        assert!(least_error(&h, &[-1.0, 1.0, 3.0]) < 1e-15);
        assert!((least_error(&h, &[1.0, 0.0, 1.0]) - 2.0 / 9.0).abs() < 1e-15);
        assert!((least_error(&[0.3; 3], &[1.0, 0.0, 1.0]) - 2.0 / 9.0).abs() < 1e-15);
    }

    #[test]
    fn a_contour_of_a_plane_is_a_line() {
        let w = vec![0.0, 1.0, 2.0];
        let losses = vec![0.0, 1.0, 2.0, 0.0, 1.0, 2.0, 0.0, 1.0, 2.0];
        let grid = Grid { b: w.clone(), w, losses };
        let segments = contour(&grid, |loss| loss, 0.25);
        assert_eq!(segments.len(), 2);
        assert!(segments.iter().flatten().all(|&(w, _)| (w - 0.25).abs() < 1e-15));
    }
}
