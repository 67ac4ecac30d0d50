//! An activation that is straight in pieces: where they end, and which line each of them is.
//!
//! A piece holds all numbers (floats) from one to another, so that a computed argument lies on exactly one of them, and nothing
//! is between the last number of a piece and the first of the next. Interval arithmetic shows a piece to be straight: with an
//! interval, all that are within it, so that halving finds the end of a piece.

use crate::function::{Enclosure, Function, Interval};

/// φ(z) = `slope` z + `level` from `low` to `high`, as it is computed, up to `error`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Piece {
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) slope: f64,
    pub(super) level: f64,
    pub(super) error: f64,
}

/// A function with more pieces is left to others.
pub(super) const MAX_PIECES: usize = 5;
/// Bounds of a slope that are no further apart than this share of it are one number, rounded.
const ONE_SLOPE: f64 = 16.0 * f64::EPSILON;
/// A smaller jump is none: a value at a kink is one of the lines that meet there.
const NO_GAP: f64 = 1e-12;

impl Piece {
    fn at(&self, z: f64) -> f64 {
        self.slope * z + self.level
    }

    /// The line on a stretch, if interval arithmetic shows one there.
    fn new(function: &Function, low: f64, high: f64) -> Option<Self> {
        let slope = straight(function, low, high)?;
        let middle = 0.5 * low + 0.5 * high;
        let value = function.value(middle);
        let rounding = function.rounding(Interval::new(low, high)).value;
        let line = Interval::point(slope.middle()).times(Interval::point(middle));
        let level = Interval::point(value).minus(line);
        // The value in the middle and any other are off by the rounding, and the line by what its slope and level can be.
        let error = 2.0 * rounding + slope.width() * (high - low) + level.width();
        let piece = Self { low, high, slope: slope.middle(), level: level.middle(), error };
        (value.is_finite() && error.is_finite()).then_some(piece)
    }

    /// A single number, where nothing is known of the neighbourhood.
    fn single(function: &Function, at: f64) -> Option<Self> {
        let value = function.value(at);
        value.is_finite().then_some(Self { low: at, high: at, slope: 0.0, level: value, error: 0.0 })
    }

    /// The next piece, if it is nothing but the end of this one, or this the beginning of the next.
    fn joined(&self, next: &Self) -> Option<Self> {
        let (line, single) = match (self.low == self.high, next.low == next.high) {
            (_, true) => (self, next),
            (true, _) => (next, self),
            _ => return None,
        };
        let rounding = 2.0 * f64::EPSILON * ((line.slope * single.low).abs() + line.level.abs());
        let off = (line.at(single.low) - single.level).abs() + rounding;
        (off <= NO_GAP * (1.0 + single.level.abs())).then_some(Self {
            low: self.low,
            high: next.high,
            error: line.error.max(off),
            ..*line
        })
    }
}

/// The pieces of a function from −reach to reach, if it is straight in at most [`MAX_PIECES`] pieces.
pub(super) fn pieces(function: &Function, reach: f64) -> Option<Vec<Piece>> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut low = -reach;
    // Single numbers that join a piece count for none: some lie about a kink that is itself rounded.
    for _ in 0..32 * MAX_PIECES {
        let high = last(function, low, reach)?;
        let piece = match high {
            Some(high) => Piece::new(function, low, high)?,
            None => Piece::single(function, low)?,
        };
        let end = piece.high;
        match pieces.last_mut().and_then(|before| Some((before.joined(&piece)?, before))) {
            Some((joined, before)) => *before = joined,
            None => pieces.push(piece),
        }
        if end >= reach {
            return (pieces.len() <= MAX_PIECES).then_some(pieces);
        }
        low = end.next_up();
    }
    None
}

/// The slope, where a stretch is straight.
fn straight(function: &Function, low: f64, high: f64) -> Option<Interval> {
    let Enclosure { first, second, .. } = function.enclosure(Interval::new(low, high));
    let is_one = first.is_finite() && first.width() <= ONE_SLOPE * first.magnitude();
    (second == Interval::ZERO && is_one).then_some(first)
}

/// The last number up to which a function is straight from `low` on: `Some(None)` if it is not even there, `None` if it is bent.
fn last(function: &Function, low: f64, reach: f64) -> Option<Option<f64>> {
    if straight(function, low, reach).is_some() {
        return Some(Some(reach));
    }
    if straight(function, low, low).is_none() {
        let second = function.enclosure(Interval::point(low)).second;
        return if second == Interval::ENTIRE { Some(None) } else { None };
    }
    let (mut inside, mut outside) = (order(low), order(reach));
    while outside > inside + 1 {
        // Their difference can be too large for its type.
        let middle = (inside >> 1) + (outside >> 1) + (inside & outside & 1);
        if straight(function, low, number(middle)).is_some() { inside = middle } else { outside = middle }
    }
    Some(Some(number(inside)))
}

/// The place of a number among all numbers; both zeros have the same.
#[expect(clippy::cast_possible_wrap, reason = "the sign bit is what is looked at")]
fn order(value: f64) -> i64 {
    let bits = value.to_bits() as i64;
    if bits < 0 { i64::MIN.wrapping_sub(bits) } else { bits }
}

/// The number at a place.
#[expect(clippy::cast_sign_loss, reason = "the sign bit is what is made")]
fn number(order: i64) -> f64 {
    f64::from_bits(if order < 0 { i64::MIN.wrapping_sub(order) } else { order } as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::function::{builtin, builtins};

    fn of(text: &str) -> Option<Vec<Piece>> {
        pieces(&Function::parse(text, &[]).unwrap(), 28.0)
    }

    #[test]
    fn numbers_have_their_places() {
        let values = [-28.0, -1.0, -1e-300, -5e-324, 0.0, 5e-324, 0.1, 28.0];
        for pair in values.windows(2) {
            assert!(order(pair[0]) < order(pair[1]));
        }
        for value in values {
            assert_eq!(number(order(value)), value);
            assert_eq!(number(order(value) + 1), value.next_up());
        }
        assert_eq!(order(-0.0), order(0.0));
    }

    #[test]
    fn straight_pieces_are_found_with_their_ends() {
        let lines = |text: &str| -> Vec<(f64, f64, f64, f64)> {
            of(text).unwrap().iter().map(|piece| (piece.low, piece.high, piece.slope, piece.level)).collect()
        };
        let theta: f64 = 1.0;
        assert_eq!(lines("if(x > 1, x, 0)"), [(-28.0, theta, 0.0, 0.0), (theta.next_up(), 28.0, 1.0, 0.0)]);
        assert_eq!(
            lines("if(x >= 1, x, 0)"),
            [(-28.0, theta.next_down(), 0.0, 0.0), (theta, 28.0, 1.0, 0.0)]
        );
        let half: f64 = 0.5;
        assert_eq!(
            lines("if(abs(x) > 0.5, x, 0)"),
            [(-28.0, -half.next_up(), 1.0, 0.0), (-half, half, 0.0, 0.0), (half.next_up(), 28.0, 1.0, 0.0)]
        );
        // A value of its own is a piece.
        assert_eq!(lines("sign(x)").len(), 3);
        assert_eq!(lines("step(x)").len(), 2);
        assert_eq!(lines("abs(x)").len(), 2);
        assert_eq!(lines("clamp(x, -1, 1)").len(), 3);
        assert_eq!(lines("3 * x - 1").len(), 1);
        for text in ["tanh(x)", "floor(x)", "x^2", "log(x)", "if(x > 0, x^2, 0)", "1 / x"] {
            assert_eq!(of(text), None, "{text}");
        }
    }

    #[test]
    fn computed_values_are_on_their_piece() {
        let mut straight = Vec::new();
        for builtin in builtins() {
            let parameters: Vec<(String, f64)> =
                builtin.parameters.iter().map(|&(name, value)| (name.to_owned(), value)).collect();
            let function = Function::parse(builtin.expression, &parameters).unwrap();
            let Some(pieces) = pieces(&function, 28.0) else { continue };
            straight.push(builtin.id);
            for piece in &pieces {
                for share in [0.0, 1e-17, 0.1, 0.5, 0.77, 1.0] {
                    let z = (piece.low + share * (piece.high - piece.low)).clamp(piece.low, piece.high);
                    let off = (function.value(z) - piece.at(z)).abs();
                    // The line itself is rounded here.
                    let rounding = 2.0 * f64::EPSILON * (piece.slope * z).abs().max(piece.level.abs());
                    assert!(
                        off <= piece.error + rounding && piece.error < 1e-12,
                        "{} at {z}: {piece:?}",
                        builtin.id
                    );
                }
            }
            for pair in pieces.windows(2) {
                assert_eq!(pair[0].high.next_up(), pair[1].low, "{}", builtin.id);
            }
        }
        for id in ["relu", "hardshrink", "thresholded_relu", "heaviside", "hard_sigmoid", "relu6", "hardtanh"]
        {
            assert!(builtin(id).is_some() && straight.contains(&id), "{id} of {straight:?}");
        }
        assert!(!straight.contains(&"smelu") && !straight.contains(&"hardswish"));
    }
}
