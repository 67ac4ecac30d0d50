//! Axes: a range that can be drawn whatever the data were, and round ticks on it.

use std::ops::Range;

use crate::number::{minus, significant, superscript};
use plotters::coord::ranged1d::{KeyPointHint, KeyPointWeight, NoDefaultFormatting, Ranged, ValueFormatter};

/// One axis, with its ticks.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Axis {
    pub(super) low: f64,
    pub(super) high: f64,
    ticks: Vec<(f64, String)>,
}

/// Nothing larger is ever drawn: beyond it pixels could not be told apart, and plotters would not end.
const LARGEST: f64 = 1e120;

impl Axis {
    /// From `low` to `high`, with at most `max_ticks` round ticks. Any two numbers make an axis: what is not finite is
    /// ignored, and a range too narrow to be drawn is widened.
    pub(super) fn linear(low: f64, high: f64, max_ticks: usize) -> Self {
        let (low, high) = drawable(low, high);
        Self { low, high, ticks: linear_ticks(low, high, max_ticks.max(2)) }
    }

    /// An axis of decimal logarithms, with ticks at whole powers of ten where there are at least two.
    pub(super) fn logarithmic(low: f64, high: f64, max_ticks: usize) -> Self {
        let (low, high) = drawable(low, high);
        let powers = whole_between(low, high);
        if powers.len() < 2 {
            let ticks = linear_ticks(low, high, max_ticks.max(2))
                .into_iter()
                .map(|(at, _)| (at, significant(libm::exp10(at), 3)))
                .collect();
            return Self { low, high, ticks };
        }
        let every = powers.len().div_ceil(max_ticks.max(2));
        let ticks = powers
            .into_iter()
            .filter(|power| power.rem_euclid(i32::try_from(every).unwrap_or(1)) == 0)
            .map(|power| (f64::from(power), format!("10{}", superscript(power))))
            .collect();
        Self { low, high, ticks }
    }

    /// The same axis with its range widened by a share of it on both sides.
    pub(super) fn padded(low: f64, high: f64, share: f64, max_ticks: usize) -> Self {
        let (low, high) = drawable(low, high);
        let padding = (high - low) * share;
        Self::linear(low - padding, high + padding, max_ticks)
    }

    pub(super) fn ticks(&self) -> &[(f64, String)] {
        &self.ticks
    }

    /// The label of the tick at a value.
    pub(super) fn label(&self, value: f64) -> String {
        let nearest = self.ticks.iter().min_by(|a, b| (a.0 - value).abs().total_cmp(&(b.0 - value).abs()));
        nearest.map_or_else(String::new, |(_, label)| label.clone())
    }

    /// Where a value lies between the ends, 0 to 1; beyond them outside of that.
    pub(super) fn share(&self, value: f64) -> f64 {
        (value - self.low) / (self.high - self.low)
    }
}

fn drawable(low: f64, high: f64) -> (f64, f64) {
    let bounded = |value: f64| if value.is_nan() { None } else { Some(value.clamp(-LARGEST, LARGEST)) };
    let (low, high) = match (bounded(low), bounded(high)) {
        (Some(low), Some(high)) => (low.min(high), low.max(high)),
        (Some(only), None) | (None, Some(only)) => (only, only),
        (None, None) => (0.0, 1.0),
    };
    let smallest = 1e-9 * low.abs().max(high.abs()).max(1e-6);
    if high - low >= smallest {
        return (low, high);
    }
    let middle = f64::midpoint(low, high);
    let half = (middle.abs() * 0.05).max(1e-3);
    (middle - half, middle + half)
}

/// Round numbers between two others, at the smallest of the steps 1, 2, 2.5 and 5 times a power of ten that gives few enough.
#[expect(clippy::cast_precision_loss, reason = "a handful of ticks")]
fn linear_ticks(low: f64, high: f64, max_ticks: usize) -> Vec<(f64, String)> {
    let rough = (high - low) / max_ticks as f64;
    let magnitude = libm::exp10(libm::floor(libm::log10(rough)));
    let multiple =
        [1.0, 2.0, 2.5, 5.0, 10.0].into_iter().find(|multiple| multiple * magnitude >= rough * (1.0 - 1e-9));
    let step = multiple.unwrap_or(10.0) * magnitude;
    let first = (low / step - 1e-9).ceil();
    let mut values = Vec::new();
    // The bound is only for safety: the step leaves at most `max_ticks` and one.
    for index in 0..=2 * max_ticks {
        let value = (first + index as f64) * step;
        if value > high + 1e-9 * step {
            break;
        }
        values.push(if value.abs() < step * 1e-6 { 0.0 } else { value });
    }
    let label = labels(&values, step);
    values.into_iter().map(|value| (value, label(value))).collect()
}

/// How all ticks of an axis are written: with the decimals that the step needs.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of decimals")]
fn labels(values: &[f64], step: f64) -> impl Fn(f64) -> String + use<> {
    let largest = values.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    let exponent = if largest > 0.0 { libm::floor(libm::log10(largest)) } else { 0.0 };
    let is_scientific = largest > 0.0 && !(-4.0..6.0).contains(&exponent);
    let unit = if is_scientific { libm::exp10(exponent) } else { 1.0 };
    let step = step / unit;
    // 2.5 needs a decimal more than its power of ten says.
    let needed = (0..=9).find(|&decimals| {
        let scaled = step * libm::exp10(f64::from(decimals));
        (scaled - scaled.round()).abs() < 1e-6 * scaled.max(1.0)
    });
    let decimals = needed.unwrap_or(9) as usize;
    move |value| {
        let number = minus(&format!("{:.decimals$}", value / unit + 0.0));
        if !is_scientific || value == 0.0 {
            number
        } else {
            format!("{number}×10{}", superscript(exponent as i32))
        }
    }
}

/// The whole numbers between two others.
#[expect(clippy::cast_possible_truncation, reason = "logarithms are small")]
fn whole_between(low: f64, high: f64) -> Vec<i32> {
    let (first, last) = (low.clamp(-400.0, 400.0).ceil() as i32, high.clamp(-400.0, 400.0).floor() as i32);
    (first..=last).collect()
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    #[expect(clippy::cast_possible_truncation, reason = "clamped to what a pixel can be")]
    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        let at = f64::from(limit.0) + self.share(*value) * f64::from(limit.1 - limit.0);
        // Curves are cut off at the frame before they come here; this only keeps the arithmetic of pixels from overflowing.
        at.clamp(-1e6, 1e6).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, hint: Hint) -> Vec<f64> {
        match hint.weight() {
            KeyPointWeight::Bold => self.ticks.iter().map(|(at, _)| *at).collect(),
            KeyPointWeight::Any => Vec::new(),
        }
    }

    fn range(&self) -> Range<f64> {
        self.low..self.high
    }
}

impl ValueFormatter<f64> for Axis {
    fn format_ext(&self, value: &f64) -> String {
        self.label(*value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|(_, label)| label.as_str()).collect()
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(texts(&Axis::linear(-2.75, 2.75, 8)), ["−2", "−1", "0", "1", "2"]);
        assert_eq!(
            texts(&Axis::linear(-15.5, 6.5, 9)),
            ["−15.0", "−12.5", "−10.0", "−7.5", "−5.0", "−2.5", "0.0", "2.5", "5.0"]
        );
        assert_eq!(texts(&Axis::linear(0.0, 1.0, 5)), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(texts(&Axis::linear(0.0, 4e-7, 3)), ["0", "2×10⁻⁷", "4×10⁻⁷"]);
        assert_eq!(texts(&Axis::linear(0.0, 3e8, 3)), ["0", "1×10⁸", "2×10⁸", "3×10⁸"]);
        assert_eq!(texts(&Axis::logarithmic(-3.5, 1.2, 8)), ["10⁻³", "10⁻²", "10⁻¹", "10⁰", "10¹"]);
    }

    proptest::proptest! {
        #[test]
        fn any_two_numbers_make_an_axis(low in proptest::num::f64::ANY, high in proptest::num::f64::ANY) {
            for axis in [Axis::linear(low, high, 8), Axis::logarithmic(low, high, 8), Axis::padded(low, high, 0.05, 8)] {
                proptest::prop_assert!(axis.low < axis.high && axis.low.is_finite() && axis.high.is_finite());
                proptest::prop_assert!(axis.ticks.len() <= 18);
                for (at, _) in axis.ticks() {
                    proptest::prop_assert!((-0.01..=1.01).contains(&axis.share(*at)));
                }
            }
        }
    }
}
