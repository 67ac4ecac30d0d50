//! A picture in the making: anti-aliased shapes on an opaque ground, or the same shapes written down as SVG, in pixel
//! coordinates with the origin at the top left.

use std::ops::Range;

use tiny_skia::{FillRule, LineCap, LineJoin, Paint, Path, PathBuilder, Rect, Stroke, StrokeDash, Transform};

use super::paper::Paper;
use super::pixels::Pixels;
use super::svg::{Drawn, Vector};
use super::tiles::Tiles;

/// An sRGB colour with its opacity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Ink {
    pub(super) rgb: [u8; 3],
    /// 0 to 1.
    pub(super) opacity: f64,
}

impl Ink {
    pub(super) const BLACK: Self = Self::solid(0, 0, 0);
    pub(super) const WHITE: Self = Self::solid(255, 255, 255);

    pub(super) const fn solid(red: u8, green: u8, blue: u8) -> Self {
        Self { rgb: [red, green, blue], opacity: 1.0 }
    }

    pub(super) const fn with_opacity(self, opacity: f64) -> Self {
        Self { opacity, ..self }
    }

    /// The opacity as a byte.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an opacity of 0 to 1")]
    fn alpha(self) -> u8 {
        (self.opacity * 255.0 + 0.5) as u8
    }

    fn paint(self) -> Paint<'static> {
        let mut paint = Paint::default();
        let [red, green, blue] = self.rgb;
        paint.set_color_rgba8(red, green, blue, self.alpha());
        paint.anti_alias = true;
        paint
    }
}

impl From<crate::spec::Color> for Ink {
    fn from(color: crate::spec::Color) -> Self {
        Self::solid(color.red, color.green, color.blue)
    }
}

/// A rectangle in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Area {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

impl Area {
    pub(super) fn width(&self) -> f64 {
        self.right - self.left
    }

    pub(super) fn height(&self) -> f64 {
        self.bottom - self.top
    }

    pub(super) fn contains(&self, (x, y): (f64, f64)) -> bool {
        (self.left..=self.right).contains(&x) && (self.top..=self.bottom).contains(&y)
    }

    pub(super) fn overlaps(&self, other: &Self) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }

    pub(super) fn grown(&self, by: f64) -> Self {
        Self { left: self.left - by, top: self.top - by, right: self.right + by, bottom: self.bottom + by }
    }
}

/// How a line is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Pen {
    pub(super) ink: Ink,
    /// In pixels.
    pub(super) width: f64,
    /// The lengths of a dash and the gap after it, in pixels.
    pub(super) dash: Option<(f64, f64)>,
}

impl Pen {
    pub(super) const fn new(ink: Ink, width: f64) -> Self {
        Self { ink, width, dash: None }
    }
}

/// A picture in the making.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Canvas {
    size: (u32, u32),
    paper: Paper,
    surface: Surface,
    /// Where pixels may have changed since the picture was new or [restored](Self::restore).
    touched: Tiles,
}

#[derive(Debug, Clone, PartialEq)]
enum Surface {
    Pixels(Pixels),
    Vector(Vector),
}

impl Canvas {
    /// An empty picture; sides are at least 1.
    pub(super) fn new((width, height): (u32, u32), paper: Paper) -> Self {
        let size = (width.max(1), height.max(1));
        // Sizes are checked where specs are resolved; the largest of them fits into memory many times.
        let surface = Surface::Pixels(Pixels::new(size, paper.ground().rgb));
        Self { size, paper, surface, touched: Tiles::new(size) }
    }

    /// An empty picture whose shapes are written down.
    pub(super) fn vector((width, height): (u32, u32), paper: Paper) -> Self {
        let size = (width.max(1), height.max(1));
        Self { size, paper, surface: Surface::Vector(Vector::default()), touched: Tiles::new((1, 1)) }
    }

    pub(super) fn size(&self) -> (u32, u32) {
        self.size
    }

    pub(super) fn paper(&self) -> Paper {
        self.paper
    }

    /// What was written down; `None` of a picture of pixels.
    pub(super) fn as_vector(&mut self) -> Option<&mut Vector> {
        match &mut self.surface {
            Surface::Pixels(_) => None,
            Surface::Vector(vector) => Some(vector),
        }
    }

    fn data(&self) -> &[u8] {
        match &self.surface {
            Surface::Pixels(pixels) => pixels.bytes(),
            Surface::Vector(_) => &[],
        }
    }

    /// Makes it a copy of another picture of the same size, of which it was a copy before what has touched it since.
    pub(super) fn restore(&mut self, base: &Self) {
        let width = self.size.0 as usize;
        if let (Surface::Pixels(own), Surface::Pixels(base)) = (&mut self.surface, &base.surface) {
            let (own, base) = (own.bytes_mut(), base.bytes());
            for (rows, spans) in self.touched.touched() {
                for row in rows {
                    for columns in &spans {
                        let bytes = 4 * (row * width + columns.start)..4 * (row * width + columns.end);
                        own[bytes.clone()].copy_from_slice(&base[bytes]);
                    }
                }
            }
        }
        self.touched.clear();
    }

    /// A copy that nothing has touched.
    pub(super) fn untouched(&self) -> Self {
        let mut copy = self.clone();
        copy.touched.clear();
        copy
    }

    /// Where it may differ from what it was a copy of.
    pub(super) fn touched(&self) -> &Tiles {
        &self.touched
    }

    /// Takes over some columns of a row of another picture of the same size.
    pub(super) fn copy_row(&mut self, row: usize, columns: Range<usize>, other: &Self) {
        let width = self.size.0 as usize;
        let bytes = 4 * (row * width + columns.start)..4 * (row * width + columns.end);
        if let (Surface::Pixels(own), Surface::Pixels(other)) = (&mut self.surface, &other.surface) {
            own.bytes_mut()[bytes.clone()].copy_from_slice(&other.bytes()[bytes]);
        }
    }

    /// Takes over an area of another picture of the same size.
    pub(super) fn copy_area(&mut self, area: Area, other: &Self) {
        let columns = pixels_between(area.left, area.right, self.size.0);
        for row in pixels_between(area.top, area.bottom, self.size.1) {
            self.copy_row(row, columns.clone(), other);
        }
        self.touched.touch(area);
    }

    /// The colours of all pixels, row by row; none of a picture that is written down.
    pub(super) fn rgb(&self) -> impl Iterator<Item = [u8; 3]> {
        self.data().chunks_exact(4).map(|pixel| [pixel[0], pixel[1], pixel[2]])
    }

    /// One row's colours, four bytes a pixel: red, green, blue, and the opacity, which is always full.
    pub(super) fn row_bytes(&self, row: usize) -> &[u8] {
        let length = 4 * self.size.0 as usize;
        &self.data()[row * length..][..length]
    }

    pub(super) fn row_bytes_mut(&mut self, row: usize) -> &mut [u8] {
        let length = 4 * self.size.0 as usize;
        match &mut self.surface {
            Surface::Pixels(pixels) => &mut pixels.bytes_mut()[row * length..][..length],
            Surface::Vector(_) => &mut [],
        }
    }

    /// Draws what has too many parts to be written down one by one: in pixels, which then stand in a part of the picture.
    pub(super) fn raster(&mut self, area: Area, draw: impl FnOnce(&mut Self)) {
        let (size, paper) = (self.size, self.paper);
        match &mut self.surface {
            Surface::Pixels(_) => draw(self),
            Surface::Vector(vector) => {
                let mut pixels = Self::new(size, paper);
                draw(&mut pixels);
                let part = pixels.cropped(area);
                vector.image(area, &super::png::encode(&part));
            }
        }
    }

    /// Lays another picture of pixels over a part of this one; what does not fit is cut off.
    pub(super) fn paste(&mut self, other: &Self, (left, top): (u32, u32)) {
        let (width, height) = (self.size.0 as usize, self.size.1 as usize);
        let (left, top) = (left as usize, top as usize);
        let Surface::Pixels(pixels) = &mut self.surface else { return };
        let columns = (other.size.0 as usize).min(width.saturating_sub(left));
        let rows = (other.size.1 as usize).min(height.saturating_sub(top));
        for row in 0..rows {
            let at = 4 * ((top + row) * width + left);
            pixels.bytes_mut()[at..at + 4 * columns].copy_from_slice(&other.row_bytes(row)[..4 * columns]);
        }
        let area = [left, top, left + columns, top + rows].map(|at| at as f64);
        let [left, top, right, bottom] = area;
        self.touched.touch(Area { left, top, right, bottom });
    }

    /// The pixels of a part of the picture.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "places in the picture")]
    fn cropped(&self, area: Area) -> Self {
        let within = |at: f64, side: u32| at.clamp(0.0, f64::from(side)) as u32;
        let (left, right) = (within(area.left, self.size.0), within(area.right, self.size.0));
        let (top, bottom) = (within(area.top, self.size.1), within(area.bottom, self.size.1));
        let mut part = Self::new((right.saturating_sub(left), bottom.saturating_sub(top)), self.paper);
        let length = 4 * part.size.0 as usize;
        if let Surface::Pixels(pixels) = &mut part.surface {
            for (row, bytes) in (top as usize..).zip(pixels.bytes_mut().chunks_exact_mut(length)) {
                if let Some(source) =
                    self.row_bytes(row.min(self.size.1 as usize - 1)).get(4 * left as usize..)
                {
                    let length = bytes.len().min(source.len());
                    bytes[..length].copy_from_slice(&source[..length]);
                }
            }
        }
        part
    }

    pub(super) fn fill(&mut self, path: &Path, ink: Ink) {
        match &mut self.surface {
            Surface::Pixels(pixels) => {
                self.touched.touch(around(path.bounds(), 1.0));
                if let Some(mut surface) = pixels.surface() {
                    surface.fill_path(path, &ink.paint(), FillRule::Winding, Transform::identity(), None);
                }
            }
            Surface::Vector(vector) => vector.fill(path, ink),
        }
    }

    pub(super) fn stroke(&mut self, path: &Path, pen: &Pen) {
        self.touched.touch(around(path.bounds(), 0.5 * pen.width + 1.0));
        self.stroke_touched(path, pen);
    }

    /// A stroke of which it has been noted what it touches.
    fn stroke_touched(&mut self, path: &Path, pen: &Pen) {
        let pixels = match &mut self.surface {
            Surface::Pixels(pixels) => pixels,
            Surface::Vector(vector) => return vector.stroke(path, pen),
        };
        let stroke = Stroke {
            width: single(pen.width),
            line_cap: if pen.dash.is_some() { LineCap::Butt } else { LineCap::Round },
            line_join: LineJoin::Round,
            dash: pen.dash.and_then(|(dash, gap)| StrokeDash::new(vec![single(dash), single(gap)], 0.0)),
            ..Stroke::default()
        };
        if let Some(mut surface) = pixels.surface() {
            surface.stroke_path(path, &pen.ink.paint(), &stroke, Transform::identity(), None);
        }
    }

    /// A line through points; nothing for fewer than two.
    pub(super) fn polyline(&mut self, points: &[(f64, f64)], pen: &Pen) {
        if let ([(x0, y0), (x1, y1)], None) = (points, pen.dash)
            && (x0 - x1).abs().min((y0 - y1).abs()) < 1e-9
        {
            return self.straight((*x0, *y0), (*x1, *y1), pen);
        }
        let mut builder = PathBuilder::new();
        for (index, &(x, y)) in points.iter().enumerate() {
            if index == 0 {
                builder.move_to(single(x), single(y));
            } else {
                builder.line_to(single(x), single(y));
            }
        }
        let Some(path) = builder.finish() else { return };
        points.windows(2).for_each(|pair| self.touched.touch_line(pair[0], pair[1], 0.5 * pen.width + 1.0));
        self.stroke_touched(&path, pen);
    }

    /// A horizontal or vertical line, moved to whole pixels so that its edges are sharp.
    fn straight(&mut self, from: (f64, f64), to: (f64, f64), pen: &Pen) {
        let width = pen.width.max(1.0).round();
        let snapped = |at: f64| (at - width / 2.0).round();
        let (left, right) = (from.0.min(to.0), from.0.max(to.0));
        let (top, bottom) = (from.1.min(to.1), from.1.max(to.1));
        let area = if right - left > bottom - top {
            let y = snapped(top);
            Area { left: left.round(), right: right.round(), top: y, bottom: y + width }
        } else {
            let x = snapped(left);
            Area { left: x, right: x + width, top: top.round(), bottom: bottom.round() }
        };
        self.fill_area(area, pen.ink);
    }

    /// A filled rectangle.
    pub(super) fn fill_area(&mut self, area: Area, ink: Ink) {
        let corners = [area.left, area.top, area.right, area.bottom].map(single);
        let Some(rect) = Rect::from_ltrb(corners[0], corners[1], corners[2], corners[3]) else { return };
        match &mut self.surface {
            Surface::Pixels(pixels) => {
                self.touched.touch(around(rect, 1.0));
                if let Some(mut surface) = pixels.surface() {
                    surface.fill_rect(rect, &ink.paint(), Transform::identity(), None);
                }
            }
            Surface::Vector(vector) => vector.area(area, ink),
        }
    }

    /// A rectangle with rounded corners, filled and framed.
    pub(super) fn rounded_box(&mut self, area: Area, radius: f64, fill: Ink, frame: &Pen) {
        if let Some(path) = rounded(area, radius) {
            self.fill(&path, fill);
            self.stroke(&path, frame);
        }
    }

    /// A disc.
    pub(super) fn disc(&mut self, (x, y): (f64, f64), radius: f64, ink: Ink) {
        if let Surface::Vector(vector) = &mut self.surface {
            return vector.circle((x, y), radius, Drawn::Filled(ink));
        }
        self.around((x, y), radius, ink, |distance| radius + 0.5 - distance);
    }

    /// A circle's line.
    pub(super) fn circle(&mut self, (x, y): (f64, f64), radius: f64, pen: &Pen) {
        if let Surface::Vector(vector) = &mut self.surface {
            return vector.circle((x, y), radius, Drawn::Edge(pen));
        }
        let half = pen.width / 2.0;
        self.around((x, y), radius + half, pen.ink, |distance| half + 0.5 - (distance - radius).abs());
    }

    /// Lays ink over the pixels around a point, as much as their centres' distances from it say: a pixel that an edge passes is
    /// covered as far as the edge lies beyond its centre.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "limited to the picture's size"
    )]
    fn around(&mut self, (x, y): (f64, f64), reach: f64, ink: Ink, coverage: impl Fn(f64) -> f64) {
        let pixels = |at: f64, side: u32| pixels_between(at - reach - 1.0, at + reach + 1.0, side);
        let (columns, rows) = (pixels(x, self.size.0), pixels(y, self.size.1));
        let mut stamp = Vec::with_capacity(columns.len() * rows.len());
        for row in rows.clone() {
            let dy = row as f64 + 0.5 - y;
            stamp.extend(columns.clone().map(|column| {
                let dx = column as f64 + 0.5 - x;
                (255.0 * coverage((dx * dx + dy * dy).sqrt()).clamp(0.0, 1.0) + 0.5) as u8
            }));
        }
        self.stamp((columns.start as i64, rows.start as i64), columns.len(), &stamp, ink);
    }

    /// Lays ink over pixels, as much as the coverages say, row by row from the top left on; what is outside of the picture is ignored.
    pub(super) fn stamp(&mut self, (left, top): (i64, i64), width: usize, coverage: &[u8], ink: Ink) {
        let Surface::Pixels(pixels) = &mut self.surface else { return };
        if width == 0 {
            return;
        }
        let inside = |from: i64, length: usize, side: u32| {
            let after = from.saturating_add_unsigned(length as u64).clamp(0, side.into());
            let pixel = |at: i64| usize::try_from(at).unwrap_or(0);
            pixel(from.min(after))..pixel(after)
        };
        let columns = inside(left, width, self.size.0);
        let rows = inside(top, coverage.len() / width, self.size.1);
        if columns.is_empty() || rows.is_empty() {
            return;
        }
        self.touched.touch_pixels(columns.clone(), rows.clone());
        for y in rows {
            let row = usize::try_from(y as i64 - top).unwrap_or(0) * width;
            let covered =
                &coverage[row..row + width][usize::try_from(columns.start as i64 - left).unwrap_or(0)..];
            let bytes = pixels.bytes_mut().as_chunks_mut::<4>().0;
            let row = &mut bytes[y * self.size.0 as usize..][columns.clone()];
            for (pixel, &coverage) in row.iter_mut().zip(covered) {
                if coverage > 0 {
                    cover(pixel, coverage, ink);
                }
            }
        }
    }
}

/// The pixels along a side of a picture that lie between two places, if only in part.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "limited to the side")]
fn pixels_between(from: f64, to: f64, side: u32) -> Range<usize> {
    let within = |at: f64| at.clamp(0.0, f64::from(side)) as usize;
    within(from.floor())..within(to.ceil())
}

/// Lays ink over a share of an opaque pixel, of 255.
#[expect(clippy::cast_possible_truncation, reason = "a mixture of bytes is a byte")]
fn cover(pixel: &mut [u8; 4], coverage: u8, ink: Ink) {
    let share = (u32::from(coverage) * u32::from(ink.alpha()) + 127) / 255;
    for (below, above) in pixel.iter_mut().zip(ink.rgb) {
        *below = ((u32::from(*below) * (255 - share) + u32::from(above) * share + 127) / 255) as u8;
    }
}

fn around(rect: Rect, margin: f64) -> Area {
    let [left, top, right, bottom] = [rect.left(), rect.top(), rect.right(), rect.bottom()].map(f64::from);
    Area { left, top, right, bottom }.grown(margin)
}

fn rounded(area: Area, radius: f64) -> Option<Path> {
    let r = radius.min(area.width() / 2.0).min(area.height() / 2.0);
    // The distance of the control points that makes a cubic a quarter of a circle.
    let k = r * (1.0 - 0.552_284_75);
    let Area { left, top, right, bottom } = area;
    let mut path = PathBuilder::new();
    let mut curve = |c1: (f64, f64), c2: (f64, f64), to: (f64, f64), start: Option<(f64, f64)>| {
        if let Some(start) = start {
            path.line_to(single(start.0), single(start.1));
        } else {
            path.move_to(single(right - r), single(top));
        }
        path.cubic_to(single(c1.0), single(c1.1), single(c2.0), single(c2.1), single(to.0), single(to.1));
    };
    curve((right - k, top), (right, top + k), (right, top + r), None);
    curve((right, bottom - k), (right - k, bottom), (right - r, bottom), Some((right, bottom - r)));
    curve((left + k, bottom), (left, bottom - k), (left, bottom - r), Some((left + r, bottom)));
    curve((left, top + k), (left + k, top), (left + r, top), Some((left, top + r)));
    path.close();
    path.finish()
}

/// Pixel coordinates are small: single precision keeps them to a thousandth of a pixel.
#[expect(clippy::cast_possible_truncation, reason = "as said")]
fn single(value: f64) -> f32 {
    value as f32
}
