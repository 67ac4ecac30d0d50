//! Properties in words: for an activation's page with how each was found, and as the cells of the index.

use serde::Serialize;

use crate::number::significant;
use crate::property::{
    Bound, Break, CORE, End, FLAT, Interval, Jump, Lipschitz, Monotonicity, Properties, Saturation,
    Smoothness, Symmetry, Tail,
};

/// A property on an activation's page.
#[derive(Serialize)]
pub(super) struct PropertyRow {
    name: &'static str,
    value: String,
    /// How it was found, and what that cannot see.
    method: String,
}

/// The most places that are listed.
const MOST: usize = 4;

/// A number with up to six digits and no idle zeros.
pub(super) fn short(value: f64) -> String {
    if value.is_nan() {
        return "–".into();
    }
    if value.is_infinite() {
        return if value > 0.0 { "∞".into() } else { "−∞".into() };
    }
    let text = significant(value, 6);
    let (digits, exponent) = text.split_once('×').map_or((text.as_str(), None), |(a, b)| (a, Some(b)));
    let digits =
        if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits };
    match exponent {
        Some(exponent) => format!("{digits}×{exponent}"),
        None => digits.to_owned(),
    }
}

pub(super) fn rows(properties: &Properties) -> Vec<PropertyRow> {
    let row = |name, value: String, method: &str| PropertyRow { name, value, method: method.to_owned() };
    let mut rows = Vec::new();
    if !properties.undefined.is_empty() {
        let places = list(&properties.undefined, interval);
        rows.push(row(
            "not a number",
            places,
            "where the value is not finite, narrowed down from the samples",
        ));
    }
    if properties.is_nowhere_defined() {
        return rows;
    }
    rows.extend([
        row(
            "range",
            range_in_full(properties),
            "values where φ′ changes its sign, where φ is flat or jumps, and limits far out; [ or ] where a bound is attained, \
             ( or ) where it is not; { and } around all values where they are few",
        ),
        row("monotone", monotone_in_full(properties), "the signs of φ′ and of the steps between samples"),
        row(
            "Lipschitz constant",
            lipschitz_in_full(properties.lipschitz),
            "sup |φ′|: where φ″ changes its sign, on both sides of every kink, and far out",
        ),
        row("zero-centred", centred(properties), "φ(0), and the samples against their mirror images"),
        row("fixed points", fixed(properties), "where φ(z) − z changes its sign or touches 0"),
        row(
            "dead region",
            dead_in_full(properties),
            "where φ′ is exactly 0 between two switches of the expression; underflow does not count",
        ),
        row("smoothness", smooth_in_full(properties), smooth_method(properties.smoothness)),
        row(
            "saturation",
            saturation_in_full(properties),
            "what φ settles at up to 2⁴⁰, and from where on |φ′| < 0.01 at all samples",
        ),
    ]);
    rows
}

fn list<T>(items: &[T], show: impl Fn(&T) -> String) -> String {
    let mut shown: Vec<String> = items.iter().take(MOST).map(show).collect();
    if items.len() > MOST {
        shown.push(format!("and {} more", items.len() - MOST));
    }
    shown.join(", ")
}

/// Of two places that only their last digits and their sign tell apart, the left one is first.
fn nearer_to_0(a: f64, b: f64) -> std::cmp::Ordering {
    let distance = |z: f64| (z.abs() * 1e9).round();
    distance(a).total_cmp(&distance(b)).then(a.total_cmp(&b))
}

fn interval(interval: &Interval) -> String {
    match (interval.low.is_finite(), interval.high.is_finite()) {
        (false, false) => "everywhere".into(),
        (false, true) => format!("z ≤ {}", short(interval.high)),
        (true, false) => format!("z ≥ {}", short(interval.low)),
        (true, true) => format!("{} ≤ z ≤ {}", short(interval.low), short(interval.high)),
    }
}

fn end(towards: End) -> &'static str {
    match towards {
        End::Left => "−∞",
        End::Right => "∞",
        End::Both => "±∞",
    }
}

/// `[−0.278465, ∞)`.
pub(super) fn range(properties: &Properties) -> String {
    if properties.is_nowhere_defined() {
        return "–".into();
    }
    if !properties.levels.is_empty() {
        let levels: Vec<String> = properties.levels.iter().map(|level| short(*level)).collect();
        return format!("{{{}}}", levels.join(", "));
    }
    let (lower, upper) = properties.range;
    let about = |bound: Bound| if matches!(bound, Bound::Unknown { .. }) { "at least " } else { "" };
    let open = if matches!(lower, Bound::Attained { .. }) { "[" } else { "(" };
    let close = if matches!(upper, Bound::Attained { .. }) { "]" } else { ")" };
    let note = if about(lower).is_empty() { about(upper) } else { about(lower) };
    format!("{note}{open}{}, {}{close}", short(lower.value(false)), short(upper.value(true)))
}

fn range_in_full(properties: &Properties) -> String {
    let bound = |name: &str, bound: Bound| match bound {
        Bound::Attained { z, .. } => Some(format!("{name} at z = {}", short(z))),
        Bound::Approached { towards, .. } => Some(format!("{name} approached as z → {}", end(towards))),
        Bound::AtJump { z, .. } => Some(format!("{name} approached at the jump at z = {}", short(z))),
        Bound::Unbounded => None,
        Bound::Unknown { .. } => Some(format!("no {name} bound found, but the values seen reach so far")),
    };
    let (lower, upper) = properties.range;
    let parts: Vec<String> =
        [bound("lowest", lower), bound("highest", upper)].into_iter().flatten().collect();
    let range = range(properties);
    // All values are said; where they are taken is what the jumps say.
    if parts.is_empty() || !properties.levels.is_empty() {
        range
    } else {
        format!("{range}: {}", parts.join(", "))
    }
}

pub(super) fn monotone(properties: &Properties) -> &'static str {
    match properties.monotonicity {
        _ if properties.is_nowhere_defined() => "–",
        Monotonicity::Constant => "constant",
        Monotonicity::Increasing => "increasing",
        Monotonicity::NonDecreasing => "non-decreasing",
        Monotonicity::Decreasing => "decreasing",
        Monotonicity::NonIncreasing => "non-increasing",
        Monotonicity::Neither { .. } => "no",
    }
}

fn monotone_in_full(properties: &Properties) -> String {
    match &properties.monotonicity {
        Monotonicity::Neither { turns } if turns.is_empty() => "neither increasing nor decreasing".into(),
        Monotonicity::Neither { turns } => {
            let mut nearest = turns.clone();
            nearest.sort_by(|&a, &b| nearer_to_0(a, b));
            let more = if turns.len() > MOST { format!(" (within ±{CORE})") } else { String::new() };
            format!(
                "neither increasing nor decreasing: it turns at z = {}{more}",
                list(&nearest, |&z| short(z))
            )
        }
        Monotonicity::NonDecreasing => "non-decreasing: increasing, with flat parts".into(),
        Monotonicity::NonIncreasing => "non-increasing: decreasing, with flat parts".into(),
        _ => monotone(properties).into(),
    }
}

pub(super) fn lipschitz(properties: &Properties) -> String {
    match properties.lipschitz {
        Lipschitz::Unbounded { .. } => "none".into(),
        Lipschitz::Unknown { seen } => format!("≥ {}", short(seen)),
        known => short(known.value()),
    }
}

fn lipschitz_in_full(lipschitz: Lipschitz) -> String {
    match lipschitz {
        Lipschitz::Attained { value, z } => format!("{}, attained at z = {}", short(value), short(z)),
        Lipschitz::Approached { value, towards } => {
            format!("{}, approached as z → {}", short(value), end(towards))
        }
        Lipschitz::Unbounded { z: Some(z) } => format!("none: no slope bounds φ near z = {}", short(z)),
        Lipschitz::Unbounded { z: None } => "none: |φ′| grows without bound far out".into(),
        Lipschitz::Unknown { seen } => format!("at least {}; no bound found", short(seen)),
    }
}

/// In a word or two, for the index.
pub(super) fn symmetry(properties: &Properties) -> &'static str {
    match properties.symmetry {
        Symmetry::Odd => "odd",
        Symmetry::Even => "even",
        Symmetry::Point => "point",
        Symmetry::None => "–",
    }
}

fn centred(properties: &Properties) -> String {
    let origin = properties.at_zero;
    let start = if origin == 0.0 {
        "yes: φ(0) = 0".to_owned()
    } else if origin.is_nan() {
        "φ(0) is not a number".to_owned()
    } else {
        format!("no: φ(0) = {}", short(origin))
    };
    match properties.symmetry {
        Symmetry::Odd => format!("{start}, and φ is odd: φ(−z) = −φ(z)"),
        Symmetry::Even => format!("{start}; φ is even: φ(−z) = φ(z)"),
        Symmetry::Point => format!("{start}; φ is symmetric about the point (0, {})", short(origin)),
        Symmetry::None => start,
    }
}

fn fixed(properties: &Properties) -> String {
    let mut parts = Vec::new();
    if !properties.fixed_intervals.is_empty() {
        parts.push(list(&properties.fixed_intervals, |one| {
            format!("φ(z) = z for {}", interval(one)).replace("for everywhere", "everywhere")
        }));
    }
    let mut points = properties.fixed_points.clone();
    points.sort_by(|a, b| nearer_to_0(a.z, b.z));
    if !points.is_empty() {
        let point = |one: &crate::property::FixedPoint| {
            let kind = match one.slope.abs() {
                slope if (slope - 1.0).abs() < 1e-9 => "slope 1 in size: neutral at first order",
                slope if slope < 1.0 => "attracting",
                _ => "repelling",
            };
            format!("z = {} ({kind})", short(one.z))
        };
        parts.push(list(&points, point));
    }
    if parts.is_empty() { "none found".into() } else { parts.join("; ") }
}

/// For the index.
pub(super) fn dead(properties: &Properties) -> String {
    if properties.dead.is_empty() { "–".into() } else { list(&properties.dead, interval) }
}

fn dead_in_full(properties: &Properties) -> String {
    if properties.dead.is_empty() {
        "none".into()
    } else if properties.dead.first().is_some_and(|first| first.low == f64::NEG_INFINITY)
        && properties.dead.last().is_some_and(|last| last.high == f64::INFINITY)
        && properties.dead.windows(2).all(|pair| pair[0].high.total_cmp(&pair[1].low).is_eq())
    {
        "everywhere, but for the jumps".into()
    } else {
        list(&properties.dead, interval)
    }
}

/// For the index.
pub(super) fn smoothness(properties: &Properties) -> &'static str {
    match properties.smoothness {
        Smoothness::Discontinuous => "jumps",
        Smoothness::Continuous if properties.is_piecewise_linear() => "piecewise linear",
        Smoothness::Continuous => "kinks",
        Smoothness::Once => "C¹",
        Smoothness::Twice => "C² or more",
        Smoothness::Smooth => "C∞",
    }
}

fn smooth_in_full(properties: &Properties) -> String {
    let of = |of: Jump, is_pole: bool| {
        let breaks = properties.breaks.iter().filter(|one| one.of == of && one.is_pole() == is_pole);
        let mut breaks: Vec<Break> = breaks.copied().collect();
        breaks.sort_by(|a, b| nearer_to_0(a.z, b.z));
        breaks
    };
    let limits =
        |one: &Break| format!("z = {} (from {} to {})", short(one.z), short(one.left), short(one.right));
    let mut parts = vec![match properties.smoothness {
        Smoothness::Discontinuous => "discontinuous".to_owned(),
        Smoothness::Continuous if properties.is_piecewise_linear() => {
            "continuous and piecewise linear".into()
        }
        Smoothness::Continuous => "continuous, with kinks".into(),
        Smoothness::Once => "continuously differentiable once (C¹)".into(),
        Smoothness::Twice => "twice continuously differentiable (C²) or more".into(),
        Smoothness::Smooth if properties.is_piecewise_linear() => "smooth: a straight line".into(),
        Smoothness::Smooth => "smooth (C∞), as far as was found".into(),
    }];
    for (jump, name) in [(Jump::Value, "φ"), (Jump::Slope, "φ′"), (Jump::Curvature, "φ″")] {
        for (is_pole, does) in [(true, "grows without bound"), (false, "jumps")] {
            let places = of(jump, is_pole);
            if !places.is_empty() {
                parts.push(format!("{name} {does} at {}", list(&places, limits)));
            }
        }
    }
    parts.join("; ")
}

fn smooth_method(smoothness: Smoothness) -> &'static str {
    match smoothness {
        Smoothness::Smooth => {
            "one branch of the expression throughout, composed of functions with all derivatives, and no singularity found"
        }
        Smoothness::Twice => "φ, φ′ and φ″ agree on both sides of every switch of the expression",
        _ => "φ, φ′ and φ″ compared on both sides of every switch of the expression",
    }
}

/// For the index: the ends at which it settles.
pub(super) fn saturates(properties: &Properties) -> &'static str {
    match properties.saturation {
        (Some(_), Some(_)) => "both sides",
        (Some(_), None) => "left",
        (None, Some(_)) => "right",
        (None, None) => "–",
    }
}

fn saturation_in_full(properties: &Properties) -> String {
    let side =
        |name: &str, tail: &Tail, saturation: Option<Saturation>, is_left: bool| match (tail, saturation) {
            (_, Some(saturation)) => {
                let sign = if is_left { "<" } else { ">" };
                let reach = if saturation.from.is_finite() {
                    format!("|φ′| < {FLAT} for z {sign} {}", short(saturation.from))
                } else {
                    format!("|φ′| < {FLAT} everywhere")
                };
                format!("{name}: settles at {} ({reach})", short(saturation.limit))
            }
            (Tail::Diverges { slope: Some(slope), .. }, _) if slope.abs() > 1e-6 => {
                format!("{name}: no, φ goes on with slope {}", short(*slope))
            }
            (Tail::Diverges { is_positive, .. }, _) => {
                format!("{name}: no, φ goes to {}", if *is_positive { "∞" } else { "−∞" })
            }
            (Tail::Oscillates { is_growing: true, .. }, _) => format!("{name}: no, φ swings ever further"),
            (Tail::Oscillates { .. }, _) => format!("{name}: no, φ goes up and down without end"),
            (Tail::Undefined, _) => format!("{name}: φ is not a number"),
            _ => format!("{name}: no limit found"),
        };
    let (left, right) = (&properties.tails.0, &properties.tails.1);
    format!(
        "{}; {}",
        side("left", left, properties.saturation.0, true),
        side("right", right, properties.saturation.1, false)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::function::Function;

    fn of(text: &str) -> Properties {
        Properties::of(&Function::parse(text, &[]).unwrap())
    }

    #[test]
    fn properties_read_well() {
        let silu = of("x * sigmoid(x)");
        assert_eq!(range(&silu), "[−0.278465, ∞)");
        assert_eq!(range_in_full(&silu), "[−0.278465, ∞): lowest at z = −1.27846");
        assert_eq!(monotone_in_full(&silu), "neither increasing nor decreasing: it turns at z = −1.27846");
        assert_eq!(lipschitz_in_full(silu.lipschitz), "1.09984, attained at z = 2.39936");
        assert_eq!(centred(&silu), "yes: φ(0) = 0");
        assert_eq!(
            saturation_in_full(&silu),
            "left: settles at 0 (|φ′| < 0.01 for z < −6.26139); right: no, φ goes on with slope 1"
        );
        let relu = of("relu(x)");
        assert_eq!(dead_in_full(&relu), "z ≤ 0");
        assert_eq!(fixed(&relu), "φ(z) = z for z ≥ 0");
        assert_eq!(smooth_in_full(&relu), "continuous and piecewise linear; φ′ jumps at z = 0 (from 0 to 1)");
        assert_eq!(range(&of("sigmoid(x)")), "(0, 1)");
        assert_eq!(centred(&of("sigmoid(x)")), "no: φ(0) = 0.5; φ is symmetric about the point (0, 0.5)");
        assert_eq!(dead_in_full(&of("step(x)")), "everywhere, but for the jumps");
        assert_eq!(range(&of("5")), "{5}");
        assert_eq!(range(&of("step(x)")), "{0, 1}");
        assert_eq!(range(&of("sign(x)")), "{−1, 0, 1}");
        assert_eq!(range(&of("floor(clamp(x, 0, 3))")), "{0, 1, 2, 3}");
        // More waves than are looked at.
        let wavy = of(&format!("({}) / 400", vec!["sin(40 * x)"; 400].join(" + ")));
        assert!(range(&wavy).starts_with("at least ("), "{}", range(&wavy));
        assert_eq!(fixed(&of("x + 1")), "none found");
        assert_eq!(
            smooth_in_full(&of("1 / x")),
            "discontinuous; φ grows without bound at z = 0 (from −∞ to ∞)"
        );
        let nowhere = of("sqrt(-1 - x^2)");
        assert_eq!(
            (rows(&nowhere).len(), range(&nowhere).as_str(), short(nowhere.at_zero).as_str()),
            (1, "–", "–")
        );
        assert_eq!(rows(&nowhere)[0].value, "everywhere");
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!(short(1.0), "1");
        assert_eq!(short(-0.25), "−0.25");
        assert_eq!(short(1e-9), "1×10⁻⁹");
        assert_eq!(short(100.0), "100");
        assert_eq!(short(f64::NEG_INFINITY), "−∞");
    }
}
