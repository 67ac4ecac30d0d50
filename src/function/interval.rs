//! Closed intervals of numbers, with every operation rounded outward: the result holds whatever the real operation gives for
//! any numbers of the operands.
//!
//! Sums, products and quotients are correctly rounded by IEEE 754, so that one step outward is enough, and none where the
//! result is exact. It holds the computed results, too: rounding keeps order, so that what is computed from numbers of the
//! operands lies between what is computed from their ends. The elementary functions of `libm` err by less than an ulp or two,
//! and those that `elementary` makes of them by less than four; their results are widened by at least [`ULPS`]. An interval
//! that nothing is known of is [`Interval::ENTIRE`].

/// How far the results of elementary functions are widened, in units in the last place: twice what `libm` claims at worst.
const ULPS: u32 = 4;
/// The same as a share of the result: 2⁻⁵² of a number is at least one unit in its last place.
pub(super) const ELEMENTARY_ERROR: f64 = ULPS as f64 * f64::EPSILON;

/// All numbers from `low` to `high`; never empty, and without NaN.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
}

fn down(value: f64) -> f64 {
    value.next_down()
}

fn up(value: f64) -> f64 {
    value.next_up()
}

/// The sum, and whether it is exact (Knuth's two-sum).
pub(super) fn sum(a: f64, b: f64) -> (f64, bool) {
    let sum = a + b;
    let virtual_b = sum - a;
    (sum, (a - (sum - virtual_b)) + (b - virtual_b) == 0.0)
}

/// The product, and whether it is known to be exact; 0·∞ is 0, as bounds of products want it.
fn product(a: f64, b: f64) -> (f64, bool) {
    if a == 0.0 || b == 0.0 {
        return (0.0, true);
    }
    (a * b, a.abs() == 1.0 || b.abs() == 1.0)
}

impl Interval {
    /// All numbers.
    pub const ENTIRE: Self = Self { low: f64::NEG_INFINITY, high: f64::INFINITY };
    pub const ZERO: Self = Self { low: 0.0, high: 0.0 };
    pub const ONE: Self = Self { low: 1.0, high: 1.0 };

    /// From the lower to the higher of two numbers; everything, if one is NaN.
    pub fn new(a: f64, b: f64) -> Self {
        if a.is_nan() || b.is_nan() {
            return Self::ENTIRE;
        }
        Self { low: a.min(b), high: a.max(b) }
    }

    pub fn point(value: f64) -> Self {
        Self::new(value, value)
    }

    pub fn contains(self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }

    pub fn is_finite(self) -> bool {
        self.low.is_finite() && self.high.is_finite()
    }

    pub fn width(self) -> f64 {
        self.high - self.low
    }

    pub fn middle(self) -> f64 {
        0.5 * self.low + 0.5 * self.high
    }

    /// The largest absolute value.
    pub fn magnitude(self) -> f64 {
        self.low.abs().max(self.high.abs())
    }

    /// The least interval that holds both.
    #[must_use]
    #[inline(always)]
    pub fn hull(self, other: Self) -> Self {
        // Comparisons, since there is no NaN that `min` would have to look out for.
        Self {
            low: if other.low < self.low { other.low } else { self.low },
            high: if other.high > self.high { other.high } else { self.high },
        }
    }

    /// Bounds that were computed with correct rounding but for one step.
    fn rounded((low, is_low_exact): (f64, bool), (high, is_high_exact): (f64, bool)) -> Self {
        let low = if is_low_exact { low } else { down(low) };
        let high = if is_high_exact { high } else { up(high) };
        if low.is_nan() || high.is_nan() { Self::ENTIRE } else { Self { low, high } }
    }

    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self::rounded(sum(self.low, other.low), sum(self.high, other.high))
    }

    #[must_use]
    pub fn negated(self) -> Self {
        Self { low: -self.high, high: -self.low }
    }

    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        self.plus(other.negated())
    }

    #[must_use]
    pub fn times(self, other: Self) -> Self {
        let products = [
            product(self.low, other.low),
            product(self.low, other.high),
            product(self.high, other.low),
            product(self.high, other.high),
        ];
        // Of products that look alike, the one that was rounded may be beyond the exact one: 0 and what underflows to it.
        let first = |is_nearer: fn(f64, f64) -> bool| {
            products[1..].iter().fold(products[0], |best, &next| {
                if is_nearer(next.0, best.0) || (next.0 == best.0 && !next.1) { next } else { best }
            })
        };
        Self::rounded(first(|next, best| next < best), first(|next, best| next > best))
    }

    #[must_use]
    pub fn scaled(self, factor: f64) -> Self {
        self.times(Self::point(factor))
    }

    /// Everything, where the divisor can be 0.
    #[must_use]
    pub fn over(self, other: Self) -> Self {
        if other.contains(0.0) {
            return Self::ENTIRE;
        }
        let reciprocal = if other.low == other.high && other.low.abs() == 1.0 {
            other
        } else {
            Self { low: down(1.0 / other.high), high: up(1.0 / other.low) }
        };
        self.times(reciprocal)
    }

    #[must_use]
    pub fn square(self) -> Self {
        let (a, b) = (self.low.abs(), self.high.abs());
        let least = if self.contains(0.0) { 0.0 } else { a.min(b) };
        let most = a.max(b);
        Self::rounded(product(least, least), product(most, most))
    }

    /// A whole power, by the steps in which it is computed for numbers.
    #[must_use]
    pub fn power(self, exponent: i32) -> Self {
        let mut remaining = exponent.unsigned_abs();
        let (mut result, mut square) = (Self::ONE, self);
        while remaining > 0 {
            if remaining & 1 == 1 {
                result = result.times(square);
            }
            square = square.square();
            remaining >>= 1;
        }
        if exponent < 0 { Self::ONE.over(result) } else { result }
    }

    /// The values of a function that never falls on the interval.
    #[must_use]
    pub fn rising(self, function: impl Fn(f64) -> f64) -> Self {
        Self::widened(function(self.low), function(self.high))
    }

    /// The values of a function that never rises on the interval.
    #[must_use]
    pub fn falling(self, function: impl Fn(f64) -> f64) -> Self {
        Self::widened(function(self.high), function(self.low))
    }

    /// The values of a function that rises up to 0 and falls from there, or the other way about.
    #[must_use]
    pub fn peaking(self, function: impl Fn(f64) -> f64) -> Self {
        let ends = Self::widened(function(self.low), function(self.low))
            .hull(Self::widened(function(self.high), function(self.high)));
        if self.contains(0.0) { ends.hull(Self::widened(function(0.0), function(0.0))) } else { ends }
    }

    /// Computed values of an elementary function, with its possible errors. A computed 0 is exact or a positive value too small
    /// for a number, since no function here is negative so close to 0. A computed ∞ may be a number too large for one.
    fn widened(low: f64, high: f64) -> Self {
        if low.is_nan() || high.is_nan() {
            return Self::ENTIRE;
        }
        let margin = |value: f64| ELEMENTARY_ERROR * value.abs().min(f64::MAX);
        Self { low: if low == 0.0 { 0.0 } else { down(low - margin(low)) }, high: up(high + margin(high)) }
    }

    /// The values of the sine of an interval in quarters of a turn, shifted: `shift` 0 for the sine, 1 for the cosine.
    #[must_use]
    pub fn sine(self, shift: f64) -> Self {
        use std::f64::consts::FRAC_PI_2;
        let function = if shift == 0.0 { libm::sin } else { libm::cos };
        if !self.is_finite() || self.width() >= 4.0 * FRAC_PI_2 || self.magnitude() > 1e9 {
            return Self { low: -1.0, high: 1.0 };
        }
        // Peaks lie at the odd quarters 1, 5, …; pits at 3, 7, …; a margin covers the rounding of the division.
        let margin = 1e-6;
        let quarters = (self.low / FRAC_PI_2 + shift - margin, self.high / FRAC_PI_2 + shift + margin);
        let holds = |offset: f64| ((quarters.0 - offset) / 4.0).ceil() * 4.0 + offset <= quarters.1;
        let (first, last) = (function(self.low), function(self.high));
        let ends = Self::widened(first.min(last), first.max(last));
        Self {
            low: if holds(3.0) { -1.0 } else { ends.low.max(-1.0) },
            high: if holds(1.0) { 1.0 } else { ends.high.min(1.0) },
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_overflows_or_underflows_stays_within_its_bounds() {
        let large = Interval::point(1e4);
        let power = large.rising(libm::exp);
        assert!(power.low <= f64::MAX && power.low > 1e308 && power.high == f64::INFINITY, "{power:?}");
        let power = large.negated().rising(libm::sinh);
        assert!(power.low == f64::NEG_INFINITY && power.high < -1e308, "{power:?}");
        // −10⁻²⁰⁰ · 10⁻²⁰⁰ is not 0, though it is computed so.
        let product = Interval::new(0.0, 1e-200).times(Interval::new(-1e-200, 1.0));
        assert!(product.low < 0.0, "{product:?}");
        assert_eq!(Interval::new(0.0, 2.0).times(Interval::new(0.0, 3.0)).low, 0.0);
    }

    /// Numbers of every size, and those at which rounding is at its worst.
    fn number() -> impl Strategy<Value = f64> {
        prop_oneof![
            any::<f64>().prop_filter("no NaN", |value| !value.is_nan()),
            -3.0_f64..3.0,
            prop::sample::select(vec![0.0, 1.0, -1.0, 1e-200, -1e-200, 1e200, f64::INFINITY, 5e-324]),
        ]
    }

    fn interval() -> impl Strategy<Value = (Interval, f64)> {
        (number(), number(), 0.0_f64..=1.0).prop_map(|(a, b, share)| {
            let interval = Interval::new(a, b);
            let within = interval.low * (1.0 - share) + interval.high * share;
            let within =
                if within.is_nan() { interval.low } else { within.clamp(interval.low, interval.high) };
            (interval, within)
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3000))]
        /// What is computed from numbers of the operands lies in the result, which has no NaN.
        #[test]
        fn results_hold_what_they_should((a, x) in interval(), (b, y) in interval(), power in -4_i32..5) {
            let check = |result: Interval, value: f64| {
                assert!(result.low <= result.high, "{result:?}");
                value.is_nan() || result.contains(value)
            };
            prop_assert!(check(a.plus(b), x + y));
            prop_assert!(check(a.minus(b), x - y));
            prop_assert!(check(a.times(b), x * y));
            prop_assert!(check(a.over(b), x / y));
            prop_assert!(check(a.square(), x * x));
            prop_assert!(check(a.hull(b), x) && check(a.hull(b), y));
            prop_assert!(check(a.rising(libm::exp), libm::exp(x)));
            prop_assert!(check(a.rising(libm::atan), libm::atan(x)));
            prop_assert!(check(a.peaking(libm::cosh), libm::cosh(x)));
            if x.is_finite() {
                prop_assert!(check(a.sine(0.0), libm::sin(x)));
                prop_assert!(check(a.sine(1.0), libm::cos(x)));
            }
            if x.abs() < 1e50 && x.abs() > 1e-50 {
                prop_assert!(check(a.power(power), super::super::elementary::integer_power(x, power)));
            }
        }
    }
}
