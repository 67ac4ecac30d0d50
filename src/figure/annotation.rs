//! Boxes of text in a chart, and legends: where they hide the least, and how they look.

use super::canvas::{Area, Canvas, Ink, Pen};
use super::chart::{DATA, Style};
use super::text::{self, CAP_HEIGHT, Font};

/// A size in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Extent {
    pub(super) width: f64,
    pub(super) height: f64,
}

/// Lines of text in a rounded frame.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct TextBox {
    pub(super) lines: Vec<String>,
    pub(super) frame: Ink,
}

impl TextBox {
    pub(super) fn extent(&self, style: Style) -> Extent {
        let size = style.small_font();
        let widest = self.lines.iter().map(|line| text::width(Font::Upright, line, size)).fold(0.0, f64::max);
        let padding = 0.45 * size;
        Extent {
            width: widest + 2.0 * padding,
            height: line_height(size) * count(self.lines.len()) + 1.2 * padding,
        }
    }

    pub(super) fn draw(&self, canvas: &mut Canvas, area: Area, style: Style) {
        self.draw_frame(canvas, area, style);
        self.draw_lines(canvas, area, style);
    }

    pub(super) fn draw_frame(&self, canvas: &mut Canvas, area: Area, style: Style) {
        let pen = Pen::new(style.paper.line(self.frame), (1.8 * style.unit).max(1.0));
        canvas.rounded_box(area, 3.5 * style.unit, style.paper.ground().with_opacity(0.92), &pen);
    }

    pub(super) fn draw_lines(&self, canvas: &mut Canvas, area: Area, style: Style) {
        let size = style.small_font();
        for (index, line) in self.lines.iter().enumerate() {
            let y = area.top
                + 0.6 * 0.45 * size
                + line_height(size) * (count(index) + 0.5)
                + CAP_HEIGHT * size / 2.0;
            text::draw(canvas, Font::Upright, line, size, (area.left + 0.45 * size, y), style.paper.ink());
        }
    }
}

/// What stands before a legend's text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Mark {
    Dot,
    /// A single point that is marked.
    Point(Ink),
    /// As that, with a ring, and with its radius in pixels.
    Ringed {
        fill: Ink,
        ring: Ink,
        radius: f64,
    },
    Line(Pen),
}

/// The marks and their meanings.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Legend(pub(super) Vec<(Mark, String)>);

impl Legend {
    pub(super) fn extent(&self, style: Style) -> Extent {
        let size = style.font();
        let widest =
            self.0.iter().map(|(_, label)| text::width(Font::Upright, label, size)).fold(0.0, f64::max);
        Extent { width: widest + 3.6 * size, height: 1.45 * size * count(self.0.len()) + 0.5 * size }
    }

    pub(super) fn draw(&self, canvas: &mut Canvas, area: Area, style: Style) {
        let size = style.font();
        let frame = Pen::new(style.paper.gray(0xcc), style.unit.max(1.0));
        canvas.rounded_box(area, 3.0 * style.unit, style.paper.ground().with_opacity(0.9), &frame);
        for (index, (mark, label)) in self.0.iter().enumerate() {
            let y = (area.top + 0.25 * size + 1.45 * size * (count(index) + 0.5)).round();
            let (left, right) = (area.left + 0.5 * size, area.left + 2.6 * size);
            match mark {
                Mark::Dot => {
                    let radius = dot_radius(style);
                    let center = (f64::midpoint(left, right), y);
                    canvas.disc(center, radius, style.paper.gray(DATA));
                    canvas.circle(center, radius, &Pen::new(style.paper.gray(DOT_RING), radius * 0.35));
                }
                Mark::Point(ink) => canvas.disc((f64::midpoint(left, right), y), 4.2 * style.unit, *ink),
                Mark::Ringed { fill, ring, radius } => {
                    let center = (f64::midpoint(left, right), y);
                    canvas.disc(center, *radius, *fill);
                    canvas.circle(center, *radius, &Pen::new(*ring, (radius * 0.35).max(0.6)));
                }
                Mark::Line(pen) => canvas.polyline(&[(left, y), (right, y)], pen),
            }
            text::draw(
                canvas,
                Font::Upright,
                label,
                size,
                (area.left + 3.1 * size, y + CAP_HEIGHT * size / 2.0),
                style.paper.ink(),
            );
        }
    }
}

/// A gray, as it is on white.
pub(super) const DOT_RING: u8 = 0x40;

/// The radius of a data point.
pub(super) fn dot_radius(style: Style) -> f64 {
    (2.4 * style.unit).max(1.0)
}

fn line_height(size: f64) -> f64 {
    1.18 * size
}

#[expect(clippy::cast_precision_loss, reason = "a few lines")]
fn count(lines: usize) -> f64 {
    lines as f64
}

/// Where in the frame a box would like to stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spot {
    TopLeft,
    TopRight,
    BottomLeft,
    BottomRight,
    Right,
}

/// A place in the frame, in quarters of the room that is left beside a box: (0, 0) is the top left, (4, 4) the bottom right.
type Quarters = (u8, u8);

impl Spot {
    fn quarters(self) -> Quarters {
        match self {
            Self::TopLeft => (0, 0),
            Self::TopRight => (4, 0),
            Self::BottomLeft => (0, 4),
            Self::BottomRight => (4, 4),
            Self::Right => (4, 2),
        }
    }
}

/// How much a place is to be avoided while others hide as little: corners look tidier than edges, edges than the middle.
fn distaste((x, y): Quarters, preferred: Quarters) -> usize {
    if (x, y) == preferred {
        return 0;
    }
    let from_edges = usize::from(x.min(4 - x)) + usize::from(y.min(4 - y));
    let from_preferred = usize::from(x.abs_diff(preferred.0)) + usize::from(y.abs_diff(preferred.1));
    1 + 10 * from_edges + from_preferred
}

fn area_at((x, y): Quarters, frame: Area, extent: Extent, margin: f64) -> Area {
    let Extent { width, height } = extent;
    let between = |low: f64, high: f64, quarters: u8| low + (high - low) * f64::from(quarters) / 4.0;
    let left = between(frame.left + margin, frame.right - margin - width, x).round();
    let top = between(frame.top + margin, frame.bottom - margin - height, y).round();
    Area { left, top, right: left + width.round(), bottom: top + height.round() }
}

/// How many obstacles lie where in a frame, counted in squares: there are thousands of obstacles, and many places to look at.
struct Crowd {
    frame: Area,
    columns: usize,
    /// How many lie above and to the left of each corner between squares.
    sums: Vec<usize>,
}

/// The side of a square in pixels.
const SQUARE: f64 = 4.0;

impl Crowd {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "sides of a picture")]
    fn new(frame: Area, obstacles: impl IntoIterator<Item = (f64, f64)>) -> Self {
        let squares = |side: f64| (side.max(0.0) / SQUARE).ceil() as usize;
        let (columns, rows) = (squares(frame.width()) + 1, squares(frame.height()) + 1);
        let mut crowd = Self { frame, columns, sums: vec![0; columns * rows] };
        for (x, y) in obstacles.into_iter().filter(|&place| frame.contains(place)) {
            let (column, row) = (squares(x - frame.left).max(1), squares(y - frame.top).max(1));
            crowd.sums[row * columns + column] += 1;
        }
        for row in 1..rows {
            let mut in_row = 0;
            for column in 1..columns {
                in_row += crowd.sums[row * columns + column];
                crowd.sums[row * columns + column] = in_row + crowd.sums[(row - 1) * columns + column];
            }
        }
        crowd
    }

    /// How many lie within an area, to the nearest squares.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "limited to the frame")]
    fn within(&self, area: Area) -> usize {
        let rows = self.sums.len() / self.columns;
        let corner = |at: f64, count: usize| ((at.max(0.0) / SQUARE).round() as usize).min(count - 1);
        let across = |x: f64| corner(x - self.frame.left, self.columns);
        let down = |y: f64| corner(y - self.frame.top, rows) * self.columns;
        let (left, right) = (across(area.left), across(area.right));
        let (top, bottom) = (down(area.top), down(area.bottom));
        self.sums[bottom + right] + self.sums[top + left] - self.sums[top + right] - self.sums[bottom + left]
    }
}

/// Places boxes in a frame so that together they hide as few of the `obstacles` (places in the picture) as can be, and
/// never one another where there is a way; each comes with the spot it would like best.
pub(super) fn place(
    frame: Area,
    boxes: &[(Extent, Spot)],
    obstacles: impl IntoIterator<Item = (f64, f64)>,
    style: Style,
) -> Vec<Area> {
    let margin = 8.0 * style.unit;
    let crowd = Crowd::new(frame, obstacles);
    let candidates: Vec<Vec<(Area, usize)>> = boxes
        .iter()
        .map(|&(extent, preferred)| {
            let places = (0..=4).flat_map(|x| (0..=4).map(move |y| (x, y)));
            let candidate = |place: Quarters| {
                let area = area_at(place, frame, extent, margin);
                let around = area.grown(4.0 * style.unit);
                (area, crowd.within(around) * 100 + distaste(place, preferred.quarters()))
            };
            let mut candidates: Vec<(Area, usize)> = places.map(candidate).collect();
            candidates.sort_by_key(|&(_, cost)| cost);
            candidates
        })
        .collect();
    let mut search = Search { candidates: &candidates, best: None, budget: 200_000 };
    search.run(&mut Vec::new(), 0);
    search.best.map_or_else(Vec::new, |(areas, _)| areas)
}

/// Tries all combinations, cheapest first, leaving out what cannot be better than the best found.
struct Search<'c> {
    candidates: &'c [Vec<(Area, usize)>],
    best: Option<(Vec<Area>, usize)>,
    /// How many combinations may still be looked at: many boxes are placed well enough before all are tried.
    budget: usize,
}

/// What it costs to lay one box over another.
const OVERLAP: usize = 1_000_000;

impl Search<'_> {
    fn run(&mut self, chosen: &mut Vec<Area>, cost: usize) {
        let is_worse = self.best.as_ref().is_some_and(|&(_, best)| cost >= best);
        if is_worse || self.budget == 0 {
            return;
        }
        self.budget -= 1;
        let Some(candidates) = self.candidates.get(chosen.len()) else {
            self.best = Some((chosen.clone(), cost));
            return;
        };
        for &(area, own) in candidates {
            let overlaps = chosen.iter().filter(|other| other.overlaps(&area)).count();
            chosen.push(area);
            self.run(chosen, cost + own + overlaps * OVERLAP);
            chosen.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::paper::Paper;
    use super::*;

    const FRAME: Area = Area { left: 0.0, top: 0.0, right: 100.0, bottom: 100.0 };
    const EXTENT: Extent = Extent { width: 30.0, height: 20.0 };

    #[test]
    fn a_free_corner_is_found() {
        let style = Style { unit: 0.1, paper: Paper::LIGHT };
        // Everything is full but the bottom left.
        let obstacles: Vec<(f64, f64)> = (0..100)
            .flat_map(|x| (0..100).map(move |y| (f64::from(x), f64::from(y))))
            .filter(|&(x, y)| x > 40.0 || y < 70.0)
            .collect();
        let placed = place(FRAME, &[(EXTENT, Spot::TopRight)], obstacles.iter().copied(), style);
        assert!(!obstacles.iter().any(|&point| placed[0].contains(point)), "{placed:?}");
    }

    #[test]
    fn a_crowd_is_counted() {
        let places = [
            (0.0, 0.0),
            (2.0, 2.0),
            (50.0, 50.0),
            (99.0, 3.0),
            (100.0, 100.0),
            (101.0, 50.0),
            (f64::NAN, 1.0),
        ];
        let crowd = Crowd::new(FRAME, places);
        let area = |left, top, right, bottom| Area { left, top, right, bottom };
        assert_eq!(crowd.within(FRAME.grown(10.0)), 5);
        assert_eq!(crowd.within(area(0.0, 0.0, 8.0, 8.0)), 2);
        assert_eq!(crowd.within(area(-20.0, -20.0, 52.0, 52.0)), 3);
        assert_eq!(crowd.within(area(96.0, 0.0, 100.0, 100.0)), 2);
        assert_eq!(crowd.within(area(8.0, 8.0, 40.0, 96.0)), 0);
        assert_eq!(crowd.within(area(120.0, 120.0, 140.0, 140.0)), 0);
    }

    #[test]
    fn boxes_do_not_overlap_and_keep_to_their_spots() {
        let style = Style { unit: 1.0, paper: Paper::LIGHT };
        let boxes = [(EXTENT, Spot::TopLeft), (EXTENT, Spot::TopLeft), (EXTENT, Spot::BottomRight)];
        let placed = place(FRAME, &boxes, [], style);
        assert_eq!((placed[0].left, placed[0].top), (8.0, 8.0));
        assert!(
            placed.iter().enumerate().all(|(i, a)| placed[..i].iter().all(|b| !a.overlaps(b))),
            "{placed:?}"
        );
        assert_eq!((placed[2].right, placed[2].bottom), (92.0, 92.0));
    }

    #[test]
    fn many_boxes_in_little_room_still_end() {
        let boxes = [(Extent { width: 90.0, height: 60.0 }, Spot::TopLeft); 9];
        assert_eq!(place(FRAME, &boxes, [], Style { unit: 1.0, paper: Paper::LIGHT }).len(), 9);
        assert!(place(FRAME, &[], [], Style { unit: 1.0, paper: Paper::LIGHT }).is_empty());
    }
}
