//! Plots that stand in a page as SVG and take its colours: a frame with round ticks, and curves within it.

use std::fmt::Write as _;

use super::sparkline::simplified;
use crate::number::{minus, significant};

/// The width of a frame, in units of which a pixel is one to three.
const WIDTH: f64 = 1000.0;
/// What is inside of a frame has finer units, to which it is rounded.
const FINE: f64 = 2.0;
/// How far off a curve may be, in the finer units.
const TOLERANCE: f64 = 0.7;
/// The room beside the frame (more if a label needs it) and below it, for the labels of ticks.
const LEFT: f64 = 150.0;
/// Between the frame and the labels beside it.
const GAP: f64 = 14.0;
const BOTTOM: f64 = 62.0;
const RIGHT: f64 = 44.0;
/// The room above it, for the name of what goes up.
const TOP: f64 = 52.0;
/// Twice as many units as this are between two ticks.
const TICK_ROOM: (f64, f64) = (150.0, 80.0);

/// One axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Axis {
    low: f64,
    high: f64,
    is_logarithmic: bool,
}

impl Axis {
    /// From the lower to the higher; what cannot be drawn becomes the interval from 0 to 1.
    pub(super) fn linear(low: f64, high: f64) -> Self {
        let is_drawable =
            low.is_finite() && high.is_finite() && high - low > 1e-12 * low.abs().max(high.abs());
        let (low, high) = if is_drawable {
            (low, high)
        } else if low.is_finite() && low == high {
            (low - 1.0, low + 1.0)
        } else {
            (0.0, 1.0)
        };
        Self { low, high, is_logarithmic: false }
    }

    /// By logarithms where the numbers, none negative, span orders of magnitude. What is below a millionth of a `usual` one, or of
    /// the highest if that is lower, is drawn there.
    pub(super) fn of_losses(low: f64, high: f64, usual: f64) -> Self {
        const LOGARITHMIC_FROM: f64 = 50.0;
        const SPAN: f64 = 1e6;
        if high.is_finite() && high > 0.0 && low < high / LOGARITHMIC_FROM {
            let least = if usual > 0.0 { high.min(usual) } else { high } / SPAN;
            let (low, high) = (libm::log10(low.max(least)), libm::log10(high));
            return Self {
                low: low - 0.04 * (high - low),
                high: high + 0.04 * (high - low),
                is_logarithmic: true,
            };
        }
        let axis = Self::linear(low, high);
        axis.padded(0.05)
    }

    pub(super) fn padded(self, share: f64) -> Self {
        let padding = (self.high - self.low) * share;
        Self { low: self.low - padding, high: self.high + padding, ..self }
    }

    /// Where a value lies between the ends, 0 to 1; beyond them outside of that.
    pub(super) fn share(&self, value: f64) -> f64 {
        let value = if self.is_logarithmic { libm::log10(value.max(1e-300)).max(self.low) } else { value };
        (value - self.low) / (self.high - self.low)
    }

    /// Round numbers with their labels, at most so many.
    fn ticks(&self, most: usize) -> Vec<(f64, String)> {
        if self.is_logarithmic {
            return self.powers(most);
        }
        #[expect(clippy::cast_precision_loss, reason = "a handful")]
        let rough = (self.high - self.low) / most as f64;
        let power = libm::exp10(libm::floor(libm::log10(rough)));
        let step = [1.0, 2.0, 5.0, 10.0].map(|times| times * power).into_iter().find(|step| *step >= rough);
        let step = step.unwrap_or(rough);
        let first = libm::ceil(self.low / step);
        let values = (0..=most).map(|index| {
            #[expect(clippy::cast_precision_loss, reason = "a handful")]
            let place = first + index as f64;
            place * step
        });
        let values = values.take_while(|value| *value <= self.high);
        // As many decimals as the step has.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small exponent")]
        let decimals = (-libm::floor(libm::log10(step * 1.000_001))).max(0.0) as usize;
        let label = |value: f64| {
            if decimals > 6 || value.abs() >= 1e6 {
                significant(value, 3)
            } else {
                minus(&format!("{:.decimals$}", value + 0.0))
            }
        };
        values.map(|value| (value, label(value))).collect()
    }

    /// Powers of ten, or where there are fewer than two the ends of the axis.
    fn powers(&self, most: usize) -> Vec<(f64, String)> {
        #[expect(clippy::cast_possible_truncation, reason = "exponents of doubles")]
        let (first, last) = (libm::ceil(self.low) as i32, libm::floor(self.high) as i32);
        let every = usize::try_from(last - first).unwrap_or(0) / most.max(1) + 1;
        let powers = (first..=last).step_by(every).map(|power| libm::exp10(f64::from(power)));
        let powers: Vec<f64> = powers.collect();
        let (values, digits) = if powers.len() > 1 {
            (powers, 1)
        } else {
            let low = self.low + 0.1 * (self.high - self.low);
            (vec![libm::exp10(low), libm::exp10(self.high)], 2)
        };
        let label = |value: f64| {
            let label = significant(value, digits);
            if digits == 1 { label.trim_start_matches("1×").to_owned() } else { label }
        };
        values.into_iter().map(|value| (value, label(value))).collect()
    }
}

/// How wide a label is at the most, in the largest letters that the style gives plots.
fn width(label: &str) -> f64 {
    label.chars().map(|c| if "⁻⁰¹²³⁴⁵⁶⁷⁸⁹".contains(c) { 16.0 } else { 25.0 }).sum()
}

/// A frame with its axes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plot {
    pub(super) x: Axis,
    pub(super) y: Axis,
    /// Of its frame, in thousandths of its width.
    pub(super) height: f64,
}

impl Plot {
    /// Where a point lies, in whole units from the upper left corner; what is far outside is moved near.
    pub(super) fn place(&self, (x, y): (f64, f64)) -> (f64, f64) {
        let (across, up) = self.exact((x, y));
        (across.round(), up.round())
    }

    fn exact(&self, (x, y): (f64, f64)) -> (f64, f64) {
        let across = self.x.share(x) * FINE * WIDTH;
        let down = (1.0 - self.y.share(y)) * FINE * self.height;
        let near = |place: f64, room: f64| {
            if place.is_nan() { 2.0 * room } else { place.clamp(-room, 2.0 * room) }
        };
        (near(across, FINE * WIDTH), near(down, FINE * self.height))
    }

    /// The width and the height in the units of [`Self::place`].
    pub(super) fn size(&self) -> (f64, f64) {
        (FINE * WIDTH, FINE * self.height)
    }

    /// The data of a path through points, with as few of them as show the same.
    pub(super) fn curve(&self, points: impl IntoIterator<Item = (f64, f64)>) -> String {
        let places: Vec<(f64, f64)> = points.into_iter().map(|point| self.exact(point)).collect();
        relative_path(simplified(&places, TOLERANCE))
    }

    /// The data of a path whose round ends are dots.
    pub(super) fn dots(&self, points: impl IntoIterator<Item = (f64, f64)>) -> String {
        let mut path = String::new();
        for (x, y) in points.into_iter().map(|point| self.place(point)) {
            let _ = write!(path, "M{x} {y}h0");
        }
        path
    }

    /// The whole picture around what is drawn inside of the frame, which is cut off at it.
    pub(super) fn svg(
        &self,
        class: &str,
        title: &str,
        (x_name, y_name): (&str, &str),
        inside: &str,
    ) -> String {
        let mut labels = String::new();
        let mut grid = String::new();
        let (across, up) = (WIDTH / TICK_ROOM.0, self.height / TICK_ROOM.1);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a handful")]
        let (across, up) = ((across as usize).max(2), (up as usize).max(2));
        // The name of what goes across stands left of the first label there.
        let mut name = -GAP;
        for (value, label) in self.x.ticks(across) {
            let x = (self.x.share(value) * WIDTH).round();
            let _ = write!(grid, "M{x} 0v{}", self.height);
            let y = self.height + 46.0;
            name = name.min(x - width(&label) / 2.0 - GAP).round();
            let _ = write!(labels, r#"<text x="{x}" y="{y}" text-anchor="middle">{label}</text>"#);
        }
        let mut left = -LEFT;
        for (value, label) in self.y.ticks(up) {
            left = left.min(-GAP - width(&label));
            let y = ((1.0 - self.y.share(value)) * self.height).round();
            let _ = write!(grid, "M0 {y}h{WIDTH}");
            let y = y + 12.0;
            let _ = write!(labels, r#"<text x="-{GAP}" y="{y}" text-anchor="end">{label}</text>"#);
        }
        let height = self.height;
        let (width, total) = (WIDTH - left + RIGHT, self.height + BOTTOM + TOP);
        let corner = -TOP;
        let (fine_width, fine_height) = self.size();
        let below = height + 46.0;
        let mut escaped = String::new();
        super::math::escape(&mut escaped, title);
        format!(
            r#"<svg class="plot {class}" viewBox="{left} {corner} {width} {total}" role="img"><title>{escaped}</title><path class="grid" d="{grid}"/>{labels}<text class="name" y="-{GAP}">{y_name}</text><svg width="{WIDTH}" height="{height}" viewBox="0 0 {fine_width} {fine_height}">{inside}</svg><text class="name" x="{name}" y="{below}" text-anchor="end">{x_name}</text><rect class="frame" width="{WIDTH}" height="{height}"/></svg>"#
        )
    }
}

/// The data of a path through points: the first place, then steps in whole units, which are short.
fn relative_path(points: Vec<(f64, f64)>) -> String {
    let mut path = String::new();
    let mut last: Option<(f64, f64)> = None;
    for (x, y) in points.into_iter().map(|(x, y)| (x.round(), y.round())) {
        match last {
            None => {
                let _ = write!(path, "M{x} {y}l");
            }
            Some((before_x, before_y)) => {
                let (dx, dy) = (x - before_x + 0.0, y - before_y + 0.0);
                if (dx, dy) == (0.0, 0.0) {
                    continue;
                }
                let separator = if path.ends_with('l') || dx < 0.0 { "" } else { " " };
                let between = if dy < 0.0 { "" } else { " " };
                let _ = write!(path, "{separator}{dx}{between}{dy}");
            }
        }
        last = Some((x, y));
    }
    if path.ends_with('l') {
        path.push_str("0 0");
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: Axis, most: usize) -> Vec<String> {
        axis.ticks(most).into_iter().map(|(_, label)| label).collect()
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(labels(Axis::linear(-2.5, 2.5), 6), ["−2", "−1", "0", "1", "2"]);
        assert_eq!(labels(Axis::linear(0.0, 0.35), 4), ["0.0", "0.1", "0.2", "0.3"]);
        assert_eq!(labels(Axis::linear(0.0, 1200.0), 6), ["0", "200", "400", "600", "800", "1000", "1200"]);
        assert_eq!(labels(Axis::of_losses(0.012, 80.0, 80.0), 4), ["0.01", "1", "100"]);
        assert_eq!(labels(Axis::linear(f64::NAN, 1.0), 2), ["0.0", "0.5", "1.0"]);
    }

    #[test]
    fn a_straight_line_takes_two_points() {
        let plot = Plot { x: Axis::linear(0.0, 1.0), y: Axis::linear(0.0, 1.0), height: 500.0 };
        assert_eq!(
            plot.curve((0..=10).map(|at| (f64::from(at) / 10.0, f64::from(at) / 10.0))),
            "M0 1000l2000-1000"
        );
        assert_eq!(plot.dots([(0.5, 0.5)]), "M1000 500h0");
        // What is not finite, or far off, is drawn outside of the frame.
        assert_eq!(plot.place((0.5, f64::NAN)), (1000.0, 2000.0));
        assert_eq!(plot.place((0.5, 1e300)), (1000.0, -1000.0));
    }

    #[test]
    fn names_and_labels_have_room() {
        // Losses that explode leave those before them in sight.
        assert_eq!(labels(Axis::of_losses(11.6, 6e259, 12.0), 3), ["10⁻⁹", "10⁸⁵", "10¹⁷⁹"]);
        let y = Axis::of_losses(11.6, 6e259, f64::INFINITY);
        assert_eq!(labels(y, 3), ["10²⁵⁴", "10²⁵⁷", "10²⁶⁰"]);
        let svg = |x, y| Plot { x, y, height: 500.0 }.svg("", "", ("w", "b"), "");
        // Left of −4, which stands below the corner of the frame.
        let corner = svg(Axis::linear(-4.0, 4.0), y);
        assert!(
            corner.contains(r#"class="name" x="-39""#) && corner.contains(r#"viewBox="-150 "#),
            "{corner}"
        );
        let huge = svg(Axis::linear(-5.0, 5.0), Axis::linear(-1e103, 1e103));
        assert!(huge.contains(r#"class="name" x="-14""#) && huge.contains(r#"viewBox="-262 "#), "{huge}");
    }

    proptest::proptest! {
        #[test]
        fn any_numbers_make_a_picture(low in proptest::num::f64::ANY, high in proptest::num::f64::ANY) {
            for axis in [Axis::linear(low, high), Axis::of_losses(low.abs(), high.abs(), low.abs())] {
                let plot = Plot { x: axis, y: axis, height: 500.0 };
                let svg = plot.svg("", "", ("x", "y"), &plot.curve([(low, high), (high, low)]));
                proptest::prop_assert!(!svg.contains("NaN") && !svg.contains("inf"), "{}", svg);
                proptest::prop_assert!(axis.ticks(6).len() <= 9);
            }
        }
    }
}
