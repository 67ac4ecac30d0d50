//! Text: the embedded fonts, measured and drawn. No font of the system is ever looked for.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use ab_glyph_rasterizer::{Point, Rasterizer, point};
use skrifa::instance::{LocationRef, Size};
use skrifa::outline::{DrawSettings, OutlinePen};
use skrifa::{FontRef, GlyphId, MetadataProvider};

use super::canvas::{Canvas, Ink};
use super::svg::Whole;

/// One of the embedded fonts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Font {
    Upright,
    Oblique,
}

impl Font {
    /// DejaVu Sans: see `fonts/LICENSE_DEJAVU`.
    fn load(self) -> FontRef<'static> {
        let bytes: &'static [u8] = match self {
            Self::Upright => include_bytes!("fonts/DejaVuSans.ttf"),
            Self::Oblique => include_bytes!("fonts/DejaVuSans-Oblique.ttf"),
        };
        FontRef::new(bytes).expect("the embedded fonts are sound")
    }
}

/// How far above the baseline capitals reach, as a share of the size.
pub(super) const CAP_HEIGHT: f64 = 0.729;

/// How many positions between two pixels a glyph can have.
const SUB_POSITIONS: f64 = 4.0;

/// The coverage of one glyph's pixels.
struct Mask {
    /// Of the first pixel, from the glyph's origin.
    left: i64,
    top: i64,
    width: usize,
    /// Of 255, row by row.
    coverage: Vec<u8>,
}

impl Mask {
    /// A quarter turn to the left.
    fn turned(&self) -> Self {
        let height = self.coverage.len() / self.width.max(1);
        let columns = (0..self.width).rev();
        let coverage = columns.flat_map(|column| (0..height).map(move |row| row * self.width + column));
        Self {
            left: self.top,
            top: 1 - self.left - i64::try_from(self.width).unwrap_or(0),
            width: height,
            coverage: coverage.map(|at| self.coverage[at]).collect(),
        }
    }
}

/// What one thread has rasterised, by font, character, size and position between pixels.
type Masks = BTreeMap<(Font, char, u64, u8), Rc<Mask>>;

thread_local! {
    static MASKS: RefCell<Masks> = const { RefCell::new(Masks::new()) };
    static ADVANCES: RefCell<BTreeMap<(Font, char), f64>> = const { RefCell::new(BTreeMap::new()) };
}

/// The width of a character at size 1.
fn advance(font: Font, character: char) -> f64 {
    ADVANCES.with_borrow_mut(|advances| {
        *advances.entry((font, character)).or_insert_with(|| {
            let loaded = font.load();
            let glyph = loaded.charmap().map(character).unwrap_or(GlyphId::NOTDEF);
            let metrics = loaded.glyph_metrics(Size::new(1000.0), LocationRef::default());
            f64::from(metrics.advance_width(glyph).unwrap_or(600.0)) / 1000.0
        })
    })
}

/// The width of a line of text in pixels; `size` is that of the em.
pub(super) fn width(font: Font, text: &str, size: f64) -> f64 {
    text.chars().map(|character| advance(font, character)).sum::<f64>() * size
}

/// A line of text, cut with an ellipsis where it is wider than what is available.
pub(super) fn shortened(font: Font, text: &str, size: f64, available: f64) -> String {
    if width(font, text, size) <= available {
        return text.to_owned();
    }
    let mut rest = available - width(font, "…", size);
    let fits = |&character: &char| {
        rest -= advance(font, character) * size;
        rest >= 0.0
    };
    let mut cut: String = text.chars().take_while(fits).collect();
    cut.truncate(cut.trim_end().len());
    cut.push('…');
    cut
}

/// Draws a line of text with its baseline's left end at (x, y); returns where it ends.
pub(super) fn draw(
    canvas: &mut Canvas,
    font: Font,
    text: &str,
    size: f64,
    (x, y): (f64, f64),
    ink: Ink,
) -> f64 {
    if let Some(vector) = canvas.as_vector() {
        vector.text(font, text, size, (x, y), false, ink);
        return x + width(font, text, size);
    }
    let mut pen = x;
    for character in text.chars() {
        let (whole, part) = split(pen);
        let mask = mask(font, character, size, part);
        canvas.stamp((whole + mask.left, round(y) + mask.top), mask.width, &mask.coverage, ink);
        pen += advance(font, character) * size;
    }
    pen
}

/// As [`draw`], a quarter turn to the left: the text runs upwards from (x, y), its baseline at the right.
pub(super) fn draw_upwards(
    canvas: &mut Canvas,
    font: Font,
    text: &str,
    size: f64,
    (x, y): (f64, f64),
    ink: Ink,
) {
    if let Some(vector) = canvas.as_vector() {
        return vector.text(font, text, size, (x, y), true, ink);
    }
    let mut pen = -y;
    for character in text.chars() {
        let (whole, part) = split(pen);
        let mask = mask(font, character, size, part);
        let turned = mask.turned();
        canvas.stamp((round(x) + turned.left, turned.top - whole), turned.width, &turned.coverage, ink);
        pen += advance(font, character) * size;
    }
}

/// The whole pixel and the position within it, in steps.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positions are small")]
fn split(x: f64) -> (i64, u8) {
    let steps = (x * SUB_POSITIONS).round();
    let whole = (steps / SUB_POSITIONS).floor();
    (whole as i64, (steps - whole * SUB_POSITIONS) as u8)
}

#[expect(clippy::cast_possible_truncation, reason = "positions are small")]
fn round(x: f64) -> i64 {
    x.round() as i64
}

fn mask(font: Font, character: char, size: f64, part: u8) -> Rc<Mask> {
    let key = (font, character, size.to_bits(), part);
    MASKS.with_borrow_mut(|masks| {
        let mask = masks.entry(key).or_insert_with(|| Rc::new(rasterise(font, character, size, part)));
        Rc::clone(mask)
    })
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "glyphs are a few hundred pixels at the most"
)]
fn rasterise(font: Font, character: char, size: f64, part: u8) -> Mask {
    let outline = outlined(font, character, size as f32);
    let offset = f32::from(part) / SUB_POSITIONS as f32;
    let points = || outline.segments.iter().flat_map(|segment| segment.points());
    let bounds = |pick: fn(&Point) -> f32| {
        points()
            .fold((f32::MAX, f32::MIN), |(low, high), point| (low.min(pick(&point)), high.max(pick(&point))))
    };
    if outline.segments.is_empty() {
        return Mask { left: 0, top: 0, width: 0, coverage: Vec::new() };
    }
    let ((left, right), (top, bottom)) = (bounds(|point| point.x), bounds(|point| point.y));
    let (left, top) = ((left + offset).floor(), top.floor());
    let width = (right + offset - left).ceil() as usize + 1;
    let height = (bottom - top).ceil() as usize + 1;
    let mut rasterizer = Rasterizer::new(width, height);
    let place = |at: Point| point(at.x + offset - left, at.y - top);
    for segment in &outline.segments {
        match *segment {
            Segment::Line(a, b) => rasterizer.draw_line(place(a), place(b)),
            Segment::Quadratic(a, b, c) => rasterizer.draw_quad(place(a), place(b), place(c)),
            Segment::Cubic(a, b, c, d) => rasterizer.draw_cubic(place(a), place(b), place(c), place(d)),
        }
    }
    let mut coverage = vec![0; width * height];
    rasterizer.for_each_pixel(|index, value| {
        if let Some(pixel) = coverage.get_mut(index) {
            *pixel = (255.0 * value.clamp(0.0, 1.0) + 0.5) as u8;
        }
    });
    Mask { left: left as i64, top: top as i64, width, coverage }
}

/// The outline of a character; that of a space is empty.
fn outlined(font: Font, character: char, size: f32) -> Outline {
    let loaded = font.load();
    let glyph = loaded.charmap().map(character).unwrap_or(GlyphId::NOTDEF);
    let mut outline = Outline::default();
    if let Some(source) = loaded.outline_glyphs().get(glyph) {
        let settings = DrawSettings::unhinted(Size::new(size), LocationRef::default());
        // A glyph without an outline is drawn as nothing.
        let _ = source.draw(settings, &mut outline);
    }
    outline
}

/// The outline of a character as the data of an SVG path, in whole units.
#[expect(clippy::cast_possible_truncation, reason = "a size")]
pub(super) fn outline(font: Font, character: char, size: f64) -> String {
    let mut data = String::new();
    let mut last = None;
    let shown = |at: Point| format!("{} {}", Whole(at.x.into()), Whole(at.y.into()));
    for segment in outlined(font, character, size as f32).segments {
        let points = segment.points();
        if let Some(&start) = points.first().filter(|&&start| last != Some(start)) {
            data.push_str(&format!("M{}", shown(start)));
        }
        data.push(match segment {
            Segment::Line(..) => 'L',
            Segment::Quadratic(..) => 'Q',
            Segment::Cubic(..) => 'C',
        });
        let rest: Vec<String> = points.iter().skip(1).map(|&at| shown(at)).collect();
        data.push_str(&rest.join(" "));
        last = points.last().copied();
    }
    data
}

/// A glyph's outline with y pointing down.
#[derive(Default)]
struct Outline {
    segments: Vec<Segment>,
    start: Option<Point>,
    at: Option<Point>,
}

#[derive(Clone, Copy)]
enum Segment {
    Line(Point, Point),
    Quadratic(Point, Point, Point),
    Cubic(Point, Point, Point, Point),
}

impl Segment {
    fn points(self) -> Vec<Point> {
        match self {
            Self::Line(a, b) => vec![a, b],
            Self::Quadratic(a, b, c) => vec![a, b, c],
            Self::Cubic(a, b, c, d) => vec![a, b, c, d],
        }
    }
}

impl OutlinePen for Outline {
    fn move_to(&mut self, x: f32, y: f32) {
        self.start = Some(point(x, -y));
        self.at = self.start;
    }

    fn line_to(&mut self, x: f32, y: f32) {
        let to = point(x, -y);
        self.segments.extend(self.at.map(|at| Segment::Line(at, to)));
        self.at = Some(to);
    }

    fn quad_to(&mut self, cx: f32, cy: f32, x: f32, y: f32) {
        let to = point(x, -y);
        self.segments.extend(self.at.map(|at| Segment::Quadratic(at, point(cx, -cy), to)));
        self.at = Some(to);
    }

    fn curve_to(&mut self, c1x: f32, c1y: f32, c2x: f32, c2y: f32, x: f32, y: f32) {
        let to = point(x, -y);
        self.segments.extend(self.at.map(|at| Segment::Cubic(at, point(c1x, -c1y), point(c2x, -c2y), to)));
        self.at = Some(to);
    }

    fn close(&mut self) {
        if let (Some(at), Some(start)) = (self.at, self.start) {
            self.segments.push(Segment::Line(at, start));
        }
        self.at = self.start;
    }
}

#[cfg(test)]
mod tests {
    use super::super::paper::Paper;
    use super::*;

    #[test]
    fn widths_are_the_fonts() {
        // DejaVu Sans has 2048 units to the em; its digits are 1303 wide, its `i` 569.
        assert!((width(Font::Upright, "0", 2048.0) - 1303.0).abs() < 1.0);
        assert!((width(Font::Upright, "i", 2048.0) - 569.0).abs() < 1.0);
        let sum = width(Font::Upright, "0", 10.0) + width(Font::Upright, "i", 10.0);
        assert!((width(Font::Upright, "0i", 10.0) - sum).abs() < 1e-9);
    }

    #[test]
    fn what_is_too_long_is_cut() {
        let font = Font::Upright;
        assert_eq!(shortened(font, "tanh, relu", 10.0, 1000.0), "tanh, relu");
        let cut = shortened(font, "tanh, relu", 10.0, 45.0);
        assert!(cut.ends_with('…') && "tanh, relu".starts_with(cut.trim_end_matches('…')), "{cut}");
        assert!(width(font, &cut, 10.0) <= 45.0);
        assert_eq!(shortened(font, "tanh", 10.0, 0.0), "…");
    }

    #[test]
    fn whatever_stands_in_a_text_can_be_drawn() {
        let mut canvas = Canvas::new((100, 30), Paper::LIGHT);
        let text = "ŷ∈[−1, 2] σ′ 😀 \u{202e}\u{0}";
        let end = draw(&mut canvas, Font::Upright, text, 12.0, (5.3, 20.0), Ink::BLACK);
        draw_upwards(&mut canvas, Font::Oblique, text, 12.0, (20.0, 1e4), Ink::BLACK);
        assert!((end - 5.3 - width(Font::Upright, text, 12.0)).abs() < 1e-9);
        assert_ne!(canvas, Canvas::new((100, 30), Paper::LIGHT));
    }
}
