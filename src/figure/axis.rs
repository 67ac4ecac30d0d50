//! Axes: a range that can be drawn whatever the data were, and round ticks on it.

use std::ops::Range;

use crate::number::{minus, superscript};
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
/// The logarithm of the largest number on a logarithmic axis: doubles end soon after it.
const LARGEST_POWER: f64 = 300.0;

/// What an axis counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Values {
    Real,
    Whole,
}

impl Axis {
    /// From `low` to `high`, with at most `max_ticks` intervals between round ticks. Any two numbers make an axis: what is
    /// not finite is ignored, and a range too narrow to be drawn is widened.
    pub(super) fn linear(low: f64, high: f64, max_ticks: usize) -> Self {
        let (low, high) = drawable(low, high);
        Self { low, high, ticks: linear_ticks(low, high, max_ticks, Values::Real) }
    }

    /// An axis of epochs from 0 to `last`, a little wider than that, with ticks at whole numbers only.
    pub(super) fn epochs(last: f64, share: f64, max_ticks: usize) -> Self {
        let last = last.max(1.0);
        let (low, high) = drawable(-share * last, last + share * last);
        Self { low, high, ticks: linear_ticks(low, high, max_ticks, Values::Whole) }
    }

    /// An axis of decimal logarithms. Its ticks are round numbers, not round logarithms: a few multiples of powers of ten
    /// where they fit, else the powers alone, and on short axes whatever a linear axis would have.
    pub(super) fn logarithmic(low: f64, high: f64, max_ticks: usize) -> Self {
        let bounded = |value: f64| value.clamp(-LARGEST_POWER, LARGEST_POWER);
        let (low, high) = drawable(bounded(low), bounded(high));
        let powers = whole_between(low, high);
        let multiples = [[10, 15, 20, 30, 50, 70].as_slice(), &[10, 20, 50]];
        let mut multiples = multiples.map(|tenths| multiples_between(low, high, tenths)).into_iter();
        let enough = 3..=max_ticks.max(3);
        let ticks = if let Some(ticks) = multiples.find(|ticks| enough.contains(&ticks.len())) {
            ticks
        } else if powers.len() >= 2 {
            let mut every = [1, 2, 5, 10, 20, 50, 100, 200].into_iter();
            let every = every.find(|every| powers.len().div_ceil(*every) <= max_ticks.max(2));
            let every = every.and_then(|every| i32::try_from(every).ok()).unwrap_or(500);
            let powers = powers.into_iter().filter(|power| power.rem_euclid(every) == 0);
            powers.map(|power| (f64::from(power), format!("10{}", superscript(power)))).collect()
        } else {
            let values =
                linear_ticks(libm::exp10(low), libm::exp10(high), max_ticks, Values::Real).into_iter();
            values.map(|(value, label)| (libm::log10(value), label)).collect()
        };
        Self { low, high, ticks }
    }

    /// The same axis with its range widened by a share of it on both sides.
    pub(super) fn padded(low: f64, high: f64, share: f64, max_ticks: usize) -> Self {
        let (low, high) = drawable(low, high);
        let padding = (high - low) * share;
        Self::linear(low - padding, high + padding, max_ticks)
    }

    /// An axis without ticks.
    pub(super) fn unmarked(low: f64, high: f64) -> Self {
        let (low, high) = drawable(low, high);
        Self { low, high, ticks: Vec::new() }
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
    // The range of no values at all.
    let is_empty = low == f64::INFINITY && high == f64::NEG_INFINITY;
    let (low, high) = match (bounded(low), bounded(high)) {
        _ if is_empty => (0.0, 1.0),
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
fn linear_ticks(low: f64, high: f64, max_ticks: usize, values: Values) -> Vec<(f64, String)> {
    let max_ticks = max_ticks.max(1);
    let rough = (high - low) / max_ticks as f64;
    let rough = if values == Values::Whole { rough.max(1.0) } else { rough };
    let magnitude = libm::exp10(libm::floor(libm::log10(rough)));
    let is_wanted = |step: &f64| {
        *step >= rough * (1.0 - 1e-9) && (values == Values::Real || (step - step.round()).abs() < 1e-9)
    };
    let steps = [1.0, 2.0, 2.5, 5.0, 10.0].map(|multiple| multiple * magnitude);
    let step = steps.into_iter().find(is_wanted).unwrap_or(10.0 * magnitude);
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
    let needed = (0..=12).find(|&decimals| {
        let scaled = step * libm::exp10(f64::from(decimals));
        scaled > 0.5 && (scaled - scaled.round()).abs() < 1e-6 * scaled
    });
    let decimals = needed.unwrap_or(12) as usize;
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

/// The logarithms of some tenths of the powers of ten between two logarithms, with what they are the logarithms of.
#[expect(clippy::cast_sign_loss, reason = "decimals of numbers below 1")]
fn multiples_between(low: f64, high: f64, tenths: &[u32]) -> Vec<(f64, String)> {
    // Of wider ranges there would be too many.
    if high - low > 8.0 {
        return Vec::new();
    }
    let powers = whole_between(low - 1.0, high);
    let multiples = powers.into_iter().flat_map(|power| tenths.iter().map(move |&tenths| (tenths, power)));
    let places = multiples.map(|(tenths, power)| {
        let multiple = f64::from(tenths) / 10.0;
        let label = if (-4..5).contains(&power) {
            let decimals = i32::from(tenths % 10 != 0) - power;
            format!("{:.*}", decimals.max(0) as usize, multiple * libm::exp10(f64::from(power)))
        } else {
            format!("{multiple}×10{}", superscript(power))
        };
        (libm::log10(multiple) + f64::from(power), label)
    });
    places.filter(|(at, _)| (low..=high).contains(at)).collect()
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

    #[test]
    fn logarithmic_ticks_are_round_numbers() {
        // A loss between 22.06 and 24.6; one between 3.2 and 25; one between 0.3 and 22; and one that exploded.
        assert_eq!(texts(&Axis::logarithmic(1.343_6, 1.391, 6)), ["22.5", "23.0", "23.5", "24.0", "24.5"]);
        assert_eq!(texts(&Axis::logarithmic(0.5, 1.4, 10)), ["5", "7", "10", "15", "20"]);
        assert_eq!(texts(&Axis::logarithmic(-0.52, 1.34, 8)), ["0.5", "1", "2", "5", "10", "20"]);
        assert_eq!(
            texts(&Axis::logarithmic(-1.0, 152.0, 9)),
            ["10⁰", "10²⁰", "10⁴⁰", "10⁶⁰", "10⁸⁰", "10¹⁰⁰", "10¹²⁰", "10¹⁴⁰"]
        );
    }

    #[test]
    fn epochs_are_whole() {
        assert_eq!(texts(&Axis::epochs(0.0, 0.04, 5)), ["0", "1"]);
        assert_eq!(texts(&Axis::epochs(7.0, 0.04, 4)), ["0", "2", "4", "6"]);
        assert_eq!(texts(&Axis::epochs(9.0, 0.0, 4)), ["0", "5"]);
        assert_eq!(texts(&Axis::epochs(1000.0, 0.04, 6)), ["0", "200", "400", "600", "800", "1000"]);
    }

    /// What a label says.
    fn number(label: &str) -> f64 {
        let digit = |c: char| "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().position(|raised| raised == c);
        let plain: String = label
            .replace('−', "-")
            .replace("×10", "e")
            .chars()
            .map(|c| match (c, digit(c)) {
                ('⁻', _) => '-',
                (_, Some(digit)) => char::from_digit(u32::try_from(digit).unwrap(), 10).unwrap(),
                (c, None) => c,
            })
            .collect();
        plain.parse().unwrap()
    }

    proptest::proptest! {
        #[test]
        fn a_label_says_where_its_tick_is(low in -1e7..1e7_f64, exponent in -7.0..7.0_f64, max_ticks in 1_usize..12) {
            let width = libm::exp10(exponent);
            let axis = Axis::linear(low, low + width, max_ticks);
            for (at, label) in axis.ticks() {
                proptest::prop_assert!((number(label) - at).abs() <= 1e-3 * (axis.high - axis.low), "{} {}", at, label);
            }
        }

        #[test]
        fn a_logarithmic_label_says_where_its_tick_is(low in -20.0..20.0_f64, width in 1e-3..8.0_f64, max_ticks in 1_usize..12) {
            let axis = Axis::logarithmic(low, low + width, max_ticks);
            for (at, label) in axis.ticks() {
                let (base, exponent) = label.strip_prefix("10").map_or((label.as_str(), None), |rest| {
                    if rest.starts_with(|c: char| "⁻⁰¹²³⁴⁵⁶⁷⁸⁹".contains(c)) { ("1", Some(rest)) } else { (label.as_str(), None) }
                });
                let value = exponent.map_or_else(|| number(base), |exponent| number(&format!("1×10{exponent}")));
                proptest::prop_assert!((libm::log10(value) - at).abs() < 1e-3 * width, "{} {}", at, label);
            }
        }

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
