use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

fn properties(text: &str) -> Properties {
    Properties::of(&Function::parse(text, &[]).unwrap())
}

fn of_builtin(id: &str) -> Properties {
    let builtin = crate::function::builtin(id).unwrap();
    let parameters: Vec<(String, f64)> =
        builtin.parameters.iter().map(|&(name, value)| (name.to_owned(), value)).collect();
    Properties::of(&Function::parse(builtin.expression, &parameters).unwrap())
}

/// What is known of every built-in, written by `tests/fixtures/properties.py` with mpmath.
const REFERENCE: &str = include_str!("../../tests/fixtures/properties.csv");

/// A line of it, by column.
fn rows() -> impl Iterator<Item = BTreeMap<&'static str, &'static str>> {
    let names = REFERENCE.lines().next().unwrap();
    REFERENCE.lines().skip(1).map(move |line| names.split(',').zip(line.split(',')).collect())
}

#[track_caller]
fn assert_near(found: f64, expected: &str, tolerance: f64, what: &str) {
    let expected: f64 = expected.parse().unwrap();
    assert!(
        (found - expected).abs() <= tolerance * (1.0 + expected.abs()),
        "{what}: {found}, not {expected}"
    );
}

fn check_bound(bound: Bound, row: &BTreeMap<&str, &str>, name: &str) {
    let what = format!("{} {name}", row["activation"]);
    let (kind, value) = (row[name], row[format!("{name}_value").as_str()]);
    match bound {
        Bound::Attained { value: found, z } => {
            assert_eq!(kind, "attained", "{what}");
            assert_near(found, value, 1e-15, &what);
            assert_near(z, row[format!("{name}_z").as_str()], 1e-14, &format!("{what} z"));
        }
        Bound::Approached { value: found, .. } => {
            assert_eq!(kind, "approached", "{what}");
            assert_near(found, value, 1e-14, &what);
        }
        Bound::Unbounded => assert_eq!(kind, "none", "{what}"),
        other => panic!("{what}: {other:?}"),
    }
}

#[test]
fn every_builtin_is_as_it_is_known_to_be() {
    let mut seen = Vec::new();
    for row in rows() {
        let id = row["activation"];
        seen.push(id);
        let found = of_builtin(id);
        check_bound(found.range.0, &row, "lower");
        check_bound(found.range.1, &row, "upper");
        let steepest = match found.lipschitz {
            Lipschitz::Attained { value, z } => Bound::Attained { value, z },
            Lipschitz::Approached { value, towards } => Bound::Approached { value, towards },
            Lipschitz::Unbounded { .. } => Bound::Unbounded,
            Lipschitz::Unknown { seen } => Bound::Unknown { seen },
        };
        check_bound(steepest, &row, "lipschitz");
        let monotonicity = match found.monotonicity {
            Monotonicity::Increasing => "increasing",
            Monotonicity::NonDecreasing => "nondecreasing",
            Monotonicity::Neither { .. } => "neither",
            ref other => panic!("{id}: {other:?}"),
        };
        assert_eq!(monotonicity, row["monotonicity"], "{id}");
        assert_eq!(format!("{:?}", found.symmetry).to_lowercase(), row["symmetry"], "{id}");
        assert_eq!(format!("{:?}", found.smoothness).to_lowercase(), row["smoothness"], "{id}");
        let dead: Vec<String> = found
            .dead
            .iter()
            .flat_map(|interval| [interval.low, interval.high])
            .map(|end| end.to_string())
            .collect();
        assert_eq!(dead.join(" "), row["dead"], "{id}");
        let points: Vec<&str> = row["fixed_points"].split_whitespace().collect();
        assert_eq!(found.fixed_points.len(), points.len(), "{id}: {:?}", found.fixed_points);
        for (point, expected) in found.fixed_points.iter().zip(points) {
            assert_near(point.z, expected, 1e-9, &format!("{id} fixed point"));
        }
        assert!(found.undefined.is_empty(), "{id}");
    }
    seen.sort_unstable();
    let mut all: Vec<&str> = crate::function::builtins().iter().map(|builtin| builtin.id).collect();
    all.sort_unstable();
    assert_eq!(seen, all);
}

#[test]
fn kinks_have_their_two_slopes() {
    let found = of_builtin("hardswish").breaks;
    let expected = [(-3.0, 0.0, -0.5), (3.0, 1.5, 1.0)];
    assert_eq!(found.len(), 2);
    for (one, (z, left, right)) in found.iter().zip(expected) {
        assert_eq!((one.z, one.of), (z, Jump::Slope));
        assert!((one.left - left).abs() < 1e-12 && (one.right - right).abs() < 1e-12, "{one:?}");
    }
    // A kink too small to see, between points of the grid, and one without a branch in the expression.
    let small = properties("tanh(x) + 1e-6 * abs(x - 0.3)").breaks;
    assert_eq!((small.len(), small[0].z, small[0].of), (1, 0.3, Jump::Slope));
    let hidden = properties("sqrt((x - 0.3)^2)");
    assert_eq!(hidden.smoothness, Smoothness::Continuous);
    assert!((hidden.breaks[0].z - 0.3).abs() < 1e-9, "{hidden:?}");
    // A rise that is steep, but no jump.
    assert_eq!(properties("tanh(1000 * x)").smoothness, Smoothness::Smooth);
    assert_eq!(properties("tanh(1000 * x)").lipschitz, Lipschitz::Attained { value: 1000.0, z: 0.0 });
}

#[test]
fn saturation_has_its_limits_and_reach() {
    // 1 − tanh² = 0.01 where tanh = √0.99: z = artanh √0.99 = 2.993222846126381 (mpmath).
    let tanh = of_builtin("tanh").saturation;
    let (left, right) = (tanh.0.unwrap(), tanh.1.unwrap());
    assert!(
        (left.from + 2.993_222_846_126_381).abs() < 1e-12
            && (right.from - 2.993_222_846_126_381).abs() < 1e-12
    );
    assert_eq!((left.limit, right.limit), (-1.0, 1.0));
    let silu = of_builtin("silu");
    assert_eq!((silu.saturation.0.unwrap().limit, silu.saturation.1), (0.0, None));
    assert_eq!(silu.tails.1, Tail::Diverges { is_positive: true, slope: Some(1.0) });
    // Slow tails: 1/z, and none at all.
    assert!((of_builtin("arctan").saturation.1.unwrap().limit - std::f64::consts::FRAC_PI_2).abs() < 1e-15);
    assert!(matches!(of_builtin("sine").tails.0, Tail::Oscillates { is_growing: false, .. }));
    assert!(matches!(of_builtin("gcu").tails.0, Tail::Oscillates { is_growing: true, .. }));
    assert!(matches!(properties("log1p(abs(x))").tails.1, Tail::Diverges { is_positive: true, .. }));
    // What oscillates to a limit, and with a period that the grid could share.
    assert_eq!(properties("sin(x) / (1 + x^2)").tails.1, Tail::Limit(0.0));
    assert!(matches!(properties("sin(pi * x)").tails.1, Tail::Oscillates { .. }));
}

#[test]
fn rounding_is_not_taken_for_a_property() {
    for id in ["tanh", "gaussian", "erf", "elu", "silu", "mish", "gelu", "tanh_exp", "softplus"] {
        let found = of_builtin(id);
        // Their derivatives underflow far out, and some are the identity there but for rounding.
        assert!(found.dead.is_empty(), "{id}: {:?}", found.dead);
        assert!(!found.is_piecewise_linear());
    }
    assert!(of_builtin("silu").fixed_intervals.is_empty());
    assert_eq!(of_builtin("relu").fixed_intervals, [Interval { low: 0.0, high: f64::INFINITY }]);
    // A tanh of one's own that overflows beyond 710, where it is no number.
    let own = properties("(exp(x) - exp(-x)) / (exp(x) + exp(-x))");
    assert_eq!(own.range.1, Bound::Approached { value: 1.0, towards: End::Right });
    assert_eq!((own.symmetry, own.monotonicity), (Symmetry::Odd, Monotonicity::Increasing));
    for id in [
        "relu",
        "leaky_relu",
        "relu6",
        "hardtanh",
        "hard_sigmoid",
        "absolute",
        "softshrink",
        "heaviside",
        "identity",
    ] {
        assert!(of_builtin(id).is_piecewise_linear(), "{id}");
    }
    for id in ["relu_squared", "hardswish", "smelu", "elu"] {
        assert!(!of_builtin(id).is_piecewise_linear(), "{id}");
    }
}

#[test]
fn expressions_without_good_manners() {
    let pole = properties("1 / x");
    assert_eq!(
        (pole.range, pole.smoothness),
        ((Bound::Unbounded, Bound::Unbounded), Smoothness::Discontinuous)
    );
    assert!(matches!(pole.monotonicity, Monotonicity::Neither { .. }));
    let log = properties("log(x)");
    assert_eq!(log.undefined, [Interval { low: f64::NEG_INFINITY, high: 0.0 }]);
    assert_eq!((log.range.1, log.lipschitz), (Bound::Unbounded, Lipschitz::Unbounded { z: Some(0.0) }));
    let root = properties("x^0.5");
    assert_eq!(root.range.0, Bound::Attained { value: 0.0, z: 0.0 });
    for (text, z) in [("cbrt(x)", 0.0), ("cbrt(x - 0.3)", 0.3)] {
        let found = properties(text);
        assert_eq!(found.lipschitz, Lipschitz::Unbounded { z: Some(z) }, "{text}");
        assert_eq!(found.smoothness, Smoothness::Continuous, "{text}");
    }
    // A pole at the edge of the domain, however slow.
    assert_eq!(properties("log(log(x))").range.0, Bound::Unbounded);
    assert_eq!(log.range.0, Bound::Unbounded);
    let sawtooth = properties("x - floor(x)");
    assert_eq!(sawtooth.range.0, Bound::Attained { value: 0.0, z: 0.0 });
    assert!(
        matches!(sawtooth.range.1, Bound::AtJump { value, .. } if (value - 1.0).abs() < 1e-12),
        "{sawtooth:?}"
    );
    let constant = properties("5");
    assert_eq!(constant.monotonicity, Monotonicity::Constant);
    assert_eq!(constant.range.0, Bound::Attained { value: 5.0, z: 0.0 });
    assert_eq!(properties("floor(x)").monotonicity, Monotonicity::NonDecreasing);
    assert_eq!(properties("-tanh(x)").monotonicity, Monotonicity::Decreasing);
    assert_eq!(properties("x^3").lipschitz, Lipschitz::Unbounded { z: None });
    let nothing = properties("sqrt(-1 - x^2)");
    assert_eq!(nothing.undefined, [Interval { low: f64::NEG_INFINITY, high: f64::INFINITY }]);
    assert_eq!(nothing.tails, (Tail::Undefined, Tail::Undefined));
    for text in [
        "exp(exp(x))",
        "1e300 * x^3",
        "tan(x)",
        "x^x",
        "log(log(x))",
        "1 / (x - 0.3)",
        "floor(1000 * x)",
        "atanh(x)",
    ] {
        let found = format!("{:?}", properties(text));
        assert_eq!(found, format!("{:?}", properties(text)), "{text} is examined alike every time");
    }
}

/// The poles of φ: where, and what it goes to on the left and on the right.
fn poles(text: &str) -> Vec<(f64, f64, f64)> {
    let breaks = properties(text).breaks.into_iter();
    let breaks = breaks.filter(|one| one.of == Jump::Value && one.z.abs() < CORE);
    breaks.map(|one| (one.z, one.left, one.right)).collect()
}

#[test]
fn poles_are_found_wherever_they_are_and_what_is_only_large_is_none() {
    const UP: f64 = f64::INFINITY;
    let odd = |k: i32| (f64::from(k) + 0.5) * std::f64::consts::PI;
    for (text, left, right) in
        [("tan(x)", UP, -UP), ("-tan(x)", -UP, UP), ("abs(tan(x))", UP, UP), ("tan(x)^2", UP, UP)]
    {
        let found = poles(text);
        assert_eq!(found.len(), 10, "{text}: {found:?}");
        for (&(z, before, after), k) in found.iter().zip(-5..) {
            assert!((z - odd(k)).abs() < 1e-9 && (before, after) == (left, right), "{text}: {found:?}");
        }
    }
    for text in ["abs(tan(x))", "tan(x)^2"] {
        let (low, high) = properties(text).range;
        assert!(matches!(low, Bound::Attained { value, .. } if value.abs() < 1e-30), "{text}: {low:?}");
        assert_eq!(high, Bound::Unbounded, "{text}");
    }
    assert_eq!(poles("1 / (x - 0.3)"), [(0.3, -UP, UP)]);
    assert_eq!(poles("1 / x^2"), [(0.0, UP, UP)]);
    assert_eq!(poles("1e8 * sign(x)"), [(0.0, -1e8, 1e8)]);
    for text in ["1e9 + abs(x - 3)", "1e9 * sin(x)", "sin(2000 * x)", "1e12 * x^3", "exp(20 * x)"] {
        assert_eq!(poles(text), [], "{text}");
    }
    let root = properties("cbrt(x)");
    assert_eq!(root.breaks, [Break { z: 0.0, of: Jump::Slope, left: UP, right: UP }]);
}

#[test]
fn the_edge_of_a_domain_is_no_jump() {
    let circle = properties("sqrt(1 - x^2)");
    assert_eq!((circle.breaks.as_slice(), circle.smoothness), (&[][..], Smoothness::Smooth));
    assert_eq!(circle.range.1, Bound::Attained { value: 1.0, z: 0.0 });
    assert!(matches!(circle.range.0, Bound::Attained { value: 0.0, z } if z.abs() == 1.0));
    assert_eq!(properties("log(x)").monotonicity, Monotonicity::Increasing);
    assert_eq!(properties("-sqrt(-x)").monotonicity, Monotonicity::Increasing);
    assert_eq!(properties("sqrt(x^2 - 1)").monotonicity, Monotonicity::Neither { turns: Vec::new() });
    let places: Vec<f64> = properties("sqrt(x)").fixed_points.iter().map(|point| point.z).collect();
    assert_eq!(places, [0.0, 1.0]);
}

#[test]
fn relatives_are_those_that_one_neuron_can_imitate() {
    let texts =
        ["tanh(x)", "sigmoid(x)", "x", "relu(x)", "-3 * relu(-x) + 7", "exp(-x^2)", "2", "log(x)", "sin(x)"];
    let functions: Vec<Function> = texts.iter().map(|text| Function::parse(text, &[]).unwrap()).collect();
    let found = relatives(&functions.iter().collect::<Vec<_>>());
    // tanh z = 2 σ(2z) − 1.
    let nearest = found[0][0];
    assert_eq!((nearest.index, nearest.w), (1, 2.0));
    assert!(nearest.distance < 1e-14, "{nearest:?}");
    let back = found[1][0];
    assert_eq!((back.index, back.w), (0, 0.5));
    // A mirror image, scaled and shifted.
    assert_eq!((found[3][0].index, found[3][0].w), (4, -1.0));
    assert!(found[3][0].distance < 1e-14);
    // What is constant or undefined has no relatives, and is none.
    assert!(found[6].is_empty() && found[7].is_empty());
    assert!(found[0].iter().all(|relative| ![6, 7].contains(&relative.index)));
    // A scale of its input changes nothing of either.
    let identity = found[3].iter().find(|relative| relative.index == 2).unwrap();
    assert!((identity.distance - RELU_TO_IDENTITY).abs() < 1e-12, "{identity:?}");
    for list in &found {
        assert!(list.windows(2).all(|pair| pair[0].distance <= pair[1].distance));
    }
}

/// With mpmath: √(1 − r²) for the correlation r of max(z, 0) and z at 201 points on ±5.
const RELU_TO_IDENTITY: f64 = 0.447_226_878_348_781;

/// At ±16 it is so steep that around 0 only the far sides of its turn can be told from rounding.
#[test]
fn a_turn_is_narrowed_down_from_both_far_sides_of_0() {
    let Bound::Attained { value, z } = properties("exp(x^2)").range.0 else { panic!("attained at 0") };
    assert_eq!((value, z), (1.0, 0.0));
}

/// sin(40 z) turns where 40 z is an odd multiple of π/2: 204 times on either side of 0.
#[test]
fn of_many_turns_of_a_long_expression_the_nearest_are_narrowed_down() {
    let turns = |text: &str| match properties(text) {
        Properties { monotonicity: Monotonicity::Neither { turns }, range, lipschitz, .. } => {
            (turns, range, lipschitz)
        }
        other => panic!("{other:?}"),
    };
    let (all, range, _) = turns("sin(40 * x)");
    assert_eq!(all.len(), 408);
    for (index, turn) in all.iter().enumerate() {
        let expected = (f64::from(u32::try_from(index).unwrap()) - 203.5) * std::f64::consts::PI / 40.0;
        assert!((turn - expected).abs() < 1e-11, "{turn} {expected}");
    }
    assert!(matches!(range.1, Bound::Attained { value: 1.0, .. }), "{range:?}");
    // The same, four hundred times over.
    let (some, range, lipschitz) = turns(&format!("({}) / 400", vec!["sin(40 * x)"; 400].join(" + ")));
    assert_eq!(some.len(), 408);
    for (turn, expected) in some.iter().zip(&all) {
        let tolerance = if turn.abs() < 1.0 { 1e-11 } else { 1.0 / 64.0 };
        assert!((turn - expected).abs() < tolerance, "{turn} {expected}");
    }
    // What was not looked at may be higher: no bound is claimed.
    assert!(matches!(range.1, Bound::Unknown { seen } if (0.99..=1.0).contains(&seen)), "{range:?}");
    assert!(
        matches!(lipschitz, Lipschitz::Unknown { seen } if (39.0..=40.0).contains(&seen)),
        "{lipschitz:?}"
    );
}

proptest! {
    #[test]
    fn a_change_of_sign_is_narrowed_down_to_neighbouring_doubles(
        root in -20.0..20.0_f64,
        scale in prop_oneof![-30.0..-0.1_f64, 0.1..30.0_f64],
        below in 1e-6..30.0_f64,
        above in 1e-6..30.0_f64,
        form in 0..4_usize,
    ) {
        let text = ["a * (x - r)", "tanh(a * (x - r))", "a * (x - r)^3", "sign(x - r) * a"][form];
        let parameters = [("a".to_owned(), scale), ("r".to_owned(), root)];
        let function = Function::parse(text, &parameters).unwrap();
        let (low, high) = sample::sign_change(&function, (root - below, root + above), |point| point.y);
        prop_assert!(low < high && low.next_up() == high, "{} {}", low, high);
        prop_assert!(low <= root && root <= high, "{} {} {}", low, root, high);
    }
}
