//! A chart: its frame, grid and axes, and the curves and dots in it, drawn by plotters.

use std::convert::Infallible;

use plotters::chart::{ChartBuilder, ChartContext, LabelAreaPosition};
use plotters::coord::cartesian::Cartesian2d;
use plotters::drawing::{DrawingAreaErrorKind, IntoDrawingArea};
use plotters::element::PathElement;
use plotters::style::{Color as _, IntoFont, RGBAColor, RGBColor, ShapeStyle, TextStyle};

use super::axis::Axis;
use super::backend::{Backend, scaled};
use super::canvas::{Area, Canvas, Ink, Pen};
use super::clip::visible;
use super::paper::Paper;
use super::simplify::simplified;
use super::text::{self, CAP_HEIGHT, Font};

/// The sizes that make a picture of any size look alike, in pixels.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style {
    /// 1 for a picture of 900 × 600.
    pub(super) unit: f64,
    pub(super) paper: Paper,
}

impl Style {
    pub(super) fn of(canvas: &Canvas) -> Self {
        Self::of_panel(canvas.size(), canvas.paper())
    }

    /// Of a part of a picture.
    pub(super) fn of_panel((width, height): (u32, u32), paper: Paper) -> Self {
        Self { unit: (f64::from(width) / 900.0).min(f64::from(height) / 600.0), paper }
    }

    pub(super) fn font(&self) -> f64 {
        (13.9 * self.unit).max(7.0)
    }

    pub(super) fn small_font(&self) -> f64 {
        (12.5 * self.unit).max(6.5)
    }

    pub(super) fn title_font(&self) -> f64 {
        (16.7 * self.unit).max(8.0)
    }

    /// The pen of a curve of some colour.
    pub(super) fn curve(&self, ink: Ink) -> Pen {
        Pen::new(self.paper.line(ink), (2.6 * self.unit).max(1.2))
    }

    pub(super) fn dashes(&self) -> Pen {
        let dash = Some((7.5 * self.unit, 3.6 * self.unit));
        Pen { dash, ..Pen::new(self.paper.ink(), (2.2 * self.unit).max(1.0)) }
    }

    /// Of frames and ticks.
    fn hairline(&self) -> f64 {
        self.unit.max(1.0)
    }

    /// How many intervals between ticks fit along a side, each as long as `space` times the letters' size, but at least so many.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a handful")]
    pub(super) fn ticks(&self, side: f64, space: f64, least: usize) -> usize {
        ((side / (space * self.font())) as usize).clamp(least, 12)
    }
}

/// Grays, as they are on white.
const GRID: u8 = 0xe9;
pub(super) const DATA: u8 = 0x80;

/// One plot within a picture.
#[derive(Debug, Clone)]
pub(super) struct Chart {
    /// The inside of the frame.
    pub(super) area: Area,
    pub(super) x: Axis,
    pub(super) y: Axis,
    pub(super) style: Style,
}

/// How near to the picture's edges a text may come, in font sizes.
const EDGE: f64 = 0.5;

type Context<'a> = ChartContext<'a, Backend<'a>, Cartesian2d<Axis, Axis>>;

fn color(ink: Ink) -> RGBAColor {
    let [red, green, blue] = ink.rgb;
    RGBColor(red, green, blue).mix(ink.opacity)
}

fn shape(pen: &Pen) -> ShapeStyle {
    ShapeStyle { color: color(pen.ink), filled: false, stroke_width: scaled(pen.width).unsigned_abs() }
}

/// Our backend cannot fail, and our ranges are never empty.
fn infallible<T>(result: Result<T, DrawingAreaErrorKind<Infallible>>) -> Option<T> {
    result.ok()
}

impl Chart {
    /// Lets plotters draw on this chart.
    fn with_context(&self, canvas: &mut Canvas, draw: impl FnOnce(&mut Context<'_>) -> Option<()>) {
        let (width, height) = canvas.size();
        let Area { left, top, right, bottom } = self.area;
        let root = Backend(canvas).into_drawing_area();
        let context = ChartBuilder::on(&root)
            .margin_top(scaled(top))
            .margin_right(scaled(f64::from(width) - right))
            .set_label_area_size(LabelAreaPosition::Left, scaled(left))
            .set_label_area_size(LabelAreaPosition::Bottom, scaled(f64::from(height) - bottom))
            .build_cartesian_2d(self.x.clone(), self.y.clone());
        // Whatever fails to be drawn is left out; nothing here can.
        let _ = infallible(context).and_then(|mut context| draw(&mut context));
    }

    /// Grid, frame, ticks and their labels, and the names of the axes.
    pub(super) fn draw_base(&self, canvas: &mut Canvas, x_name: &str, y_name: &str) {
        self.draw_mesh(canvas, self.style.paper.gray(GRID));
        self.draw_frame(canvas, x_name, y_name);
    }

    /// As [`Self::draw_base`], without a grid.
    pub(super) fn draw_axes(&self, canvas: &mut Canvas, x_name: &str, y_name: &str) {
        self.draw_mesh(canvas, Ink::WHITE.with_opacity(0.0));
        self.draw_frame(canvas, x_name, y_name);
    }

    fn draw_mesh(&self, canvas: &mut Canvas, grid: Ink) {
        let style = self.style;
        self.with_context(canvas, |context| {
            let font = ("sans-serif", f64::from(scaled(style.font()))).into_font();
            let ink = color(style.paper.ink());
            let label = TextStyle::from(font).color(&ink);
            let line = |ink| shape(&Pen::new(ink, style.hairline()));
            let drawn = context
                .configure_mesh()
                .bold_line_style(line(grid))
                .light_line_style(line(Ink::WHITE.with_opacity(0.0)))
                // The frame and the tick marks are drawn once, by us: plotters' axes would lie a pixel beside it.
                .axis_style(line(Ink::WHITE.with_opacity(0.0)))
                .label_style(label)
                .set_all_tick_mark_size(scaled(4.0 * style.unit))
                .x_label_formatter(&|value| self.x.label(*value))
                .y_label_formatter(&|value| self.y.label(*value))
                .draw();
            infallible(drawn)
        });
    }

    fn draw_frame(&self, canvas: &mut Canvas, x_name: &str, y_name: &str) {
        let style = self.style;
        let Area { left, top, right, bottom } = self.area;
        let ink = style.paper.ink();
        let pen = Pen::new(ink, style.hairline());
        for (from, to) in [
            ((left, top), (right, top)),
            ((left, bottom), (right, bottom)),
            ((left, top), (left, bottom)),
            ((right, top), (right, bottom)),
        ] {
            canvas.polyline(&[from, to], &pen);
        }
        let length = 4.0 * style.unit;
        for (at, _) in self.x.ticks() {
            let (x, _) = self.pixel((*at, self.y.low));
            canvas.polyline(&[(x, bottom), (x, bottom + length)], &pen);
        }
        for (at, _) in self.y.ticks() {
            let (_, y) = self.pixel((self.x.low, *at));
            canvas.polyline(&[(left - length, y), (left, y)], &pen);
        }
        let font = style.font();
        let x = f64::midpoint(left, right) - text::width(Font::Upright, x_name, font) / 2.0;
        text::draw(canvas, Font::Upright, x_name, font, (x, bottom + 2.75 * font), ink);
        let y = f64::midpoint(top, bottom) + text::width(Font::Upright, y_name, font) / 2.0;
        let x = left - self.y_label_width() - 1.15 * font;
        text::draw_upwards(canvas, Font::Upright, y_name, font, (x, y), ink);
    }

    /// The room that the labels of the y axis take, with their ticks.
    fn y_label_width(&self) -> f64 {
        let widest = |widest: f64, (_, label): &(f64, String)| {
            widest.max(text::width(Font::Upright, label, self.style.font()))
        };
        self.y.ticks().iter().fold(0.0, widest) + 9.0 * self.style.unit
    }

    /// The room that a y axis with its labels and name takes at the left of the frame.
    pub(super) fn left_room(y: &Axis, style: Style) -> f64 {
        let area = Area { left: 0.0, top: 0.0, right: 1.0, bottom: 1.0 };
        let chart = Self { area, x: y.clone(), y: y.clone(), style };
        chart.y_label_width() + 2.6 * style.font()
    }

    /// A title centred above the frame, or as near to that as the picture's edges let it be.
    pub(super) fn draw_title(&self, canvas: &mut Canvas, title: &str) {
        let room = f64::from(canvas.size().0) - 2.0 * EDGE * self.style.font();
        let available = (self.area.width() * 1.25).min(room);
        let wanted = self.style.title_font();
        // A title that is too long gets smaller letters, down to a limit, and then is cut.
        let size =
            wanted.min(wanted * available / text::width(Font::Upright, title, wanted)).max(wanted * 0.6);
        let title = text::shortened(Font::Upright, title, size, available);
        let width = text::width(Font::Upright, &title, size);
        let edge = EDGE * self.style.font();
        let right = f64::from(canvas.size().0) - edge - width;
        let x = (f64::midpoint(self.area.left, self.area.right) - width / 2.0).min(right).max(edge);
        let y = self.area.top - 0.55 * wanted;
        text::draw(canvas, Font::Upright, &title, size, (x, y), self.style.paper.ink());
    }

    /// A line through points of the chart, cut off at the frame; points that are not finite interrupt it.
    pub(super) fn draw_curve(&self, canvas: &mut Canvas, points: &[(f64, f64)], pen: &Pen) {
        // Not by plotters: it dashes in whole pixels of straight pieces, and every piece of a curve is a line of its own to it.
        for piece in self.pieces(points) {
            canvas.polyline(&piece, pen);
        }
    }

    /// The visible parts of a line in the picture, with no more points than show.
    pub(super) fn pieces(&self, points: &[(f64, f64)]) -> Vec<Piece> {
        let pixels = |piece: Piece| piece.into_iter().map(|point| self.pixel(point)).collect::<Piece>();
        visible(points, &self.x, &self.y).into_iter().map(|piece| simplified(&pixels(piece))).collect()
    }

    /// Round marks, each with a thin darker ring.
    pub(super) fn draw_dots(
        &self,
        canvas: &mut Canvas,
        points: &[(f64, f64)],
        radius: f64,
        fill: Ink,
        ring: Ink,
    ) {
        let inside = |&&(x, y): &&(f64, f64)| {
            (self.x.low..=self.x.high).contains(&x) && (self.y.low..=self.y.high).contains(&y)
        };
        let points: Vec<(f64, f64)> = points.iter().filter(inside).copied().collect();
        let pen = Pen::new(ring, (radius * 0.35).max(0.6));
        let centers: Vec<(f64, f64)> = points.iter().map(|&point| self.pixel(point)).collect();
        centers.iter().for_each(|&center| canvas.disc(center, radius, fill));
        centers.iter().for_each(|&center| canvas.circle(center, radius, &pen));
    }

    /// Separate straight lines.
    pub(super) fn draw_segments(&self, canvas: &mut Canvas, segments: &[[(f64, f64); 2]], pen: &Pen) {
        self.with_context(canvas, |context| {
            let paths = segments.iter().map(|segment| PathElement::new(segment.to_vec(), shape(pen)));
            infallible(context.draw_series(paths))?;
            Some(())
        });
    }

    /// Elements of plotters.
    pub(super) fn draw_elements<'e, E>(&self, canvas: &mut Canvas, elements: impl Iterator<Item = E>)
    where
        for<'b> &'b E: plotters::element::PointCollection<'b, (f64, f64)>,
        E: for<'b> plotters::element::Drawable<Backend<'b>> + 'e,
    {
        self.with_context(canvas, |context| {
            infallible(context.draw_series(elements))?;
            Some(())
        });
    }

    /// Where a point of the chart lies in the picture.
    pub(super) fn pixel(&self, (x, y): (f64, f64)) -> (f64, f64) {
        let Area { left, right, top, bottom } = self.area;
        (left + self.x.share(x) * (right - left), bottom - self.y.share(y) * (bottom - top))
    }

    /// Places in the picture along the visible parts of a line, close to one another.
    pub(super) fn trace(&self, points: &[(f64, f64)]) -> Vec<(f64, f64)> {
        self.pieces(points).iter().flat_map(|piece| along(piece)).collect()
    }
}

/// A line in the picture, point by point.
pub(super) type Piece = Vec<(f64, f64)>;

/// Places along a line, close to one another.
#[expect(clippy::cast_precision_loss, reason = "a few thousand")]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "lengths within a picture")]
pub(super) fn along(piece: &[(f64, f64)]) -> impl Iterator<Item = (f64, f64)> {
    const STEP: f64 = 4.0;
    piece.windows(2).flat_map(|pair| {
        let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
        let (dx, dy) = (x1 - x0, y1 - y0);
        let count = ((dx * dx + dy * dy).sqrt() / STEP).ceil() as usize;
        (0..count)
            .map(move |at| at as f64 / count as f64)
            .map(move |share| (x0 + share * dx, y0 + share * dy))
    })
}

/// A line of text centred at `x`, its capitals' middle at `y`.
pub(super) fn draw_centered(canvas: &mut Canvas, text: &str, size: f64, (x, y): (f64, f64), ink: Ink) {
    let left = x - text::width(Font::Upright, text, size) / 2.0;
    text::draw(canvas, Font::Upright, text, size, (left, y + CAP_HEIGHT * size / 2.0), ink);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart() -> Chart {
        let area = Area { left: 10.0, top: 10.0, right: 90.0, bottom: 90.0 };
        Chart {
            area,
            x: Axis::linear(0.0, 1.0, 5),
            y: Axis::linear(0.0, 1.0, 5),
            style: Style { unit: 0.1, paper: Paper::LIGHT },
        }
    }

    #[test]
    fn values_and_pixels_correspond() {
        let chart = chart();
        assert_eq!(chart.pixel((0.0, 0.0)), (10.0, 90.0));
        assert_eq!(chart.pixel((1.0, 1.0)), (90.0, 10.0));
    }
}
