//! Convex polygons in the (w, b) plane: their corners in turn, against the clock.

/// w and b.
pub(super) type Point = [f64; 2];

/// A point amid the corners.
#[expect(clippy::cast_precision_loss, reason = "a few corners")]
pub(super) fn middle(corners: &[Point]) -> Point {
    std::array::from_fn(|axis| corners.iter().map(|corner| corner[axis]).sum::<f64>() / corners.len() as f64)
}

/// The part of a polygon where a·(w, b) + offset is not negative.
pub(super) fn cut(corners: &[Point], a: Point, offset: f64) -> Vec<Point> {
    let side = |corner: &Point| a[0] * corner[0] + a[1] * corner[1] + offset;
    let mut part = Vec::with_capacity(corners.len() + 1);
    for (at, corner) in corners.iter().enumerate() {
        let next = &corners[(at + 1) % corners.len()];
        let (here, there) = (side(corner), side(next));
        if here >= 0.0 {
            part.push(*corner);
        }
        if (here >= 0.0) != (there >= 0.0) {
            // From the nearer end, so that what is off is a share of a short way.
            let between = |from: &Point, to: &Point, share: f64| -> Point {
                std::array::from_fn(|axis| from[axis] + share * (to[axis] - from[axis]))
            };
            part.push(if here.abs() <= there.abs() {
                between(corner, next, here / (here - there))
            } else {
                between(next, corner, there / (there - here))
            });
        }
    }
    part
}

/// Whether a point lies in a polygon whose corners go round against the clock.
pub(super) fn holds(corners: &[Point], at: Point) -> bool {
    corners.iter().enumerate().all(|(index, from)| {
        let to = corners[(index + 1) % corners.len()];
        (to[0] - from[0]) * (at[1] - from[1]) >= (to[1] - from[1]) * (at[0] - from[0])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_square_is_cut_along_a_line() {
        let square = [[0.0, 0.0], [2.0, 0.0], [2.0, 2.0], [0.0, 2.0]];
        // w + b ≤ 1 leaves a corner, w + b ≥ −1 all, w + b ≥ 5 nothing.
        assert_eq!(cut(&square, [-1.0, -1.0], 1.0), [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]);
        assert_eq!(cut(&square, [1.0, 1.0], 1.0), square);
        assert_eq!(cut(&square, [1.0, 1.0], -5.0), [[0.0; 2]; 0]);
        assert_eq!(cut(&[], [1.0, 1.0], 1.0), [[0.0; 2]; 0]);
        assert_eq!(middle(&square), [1.0, 1.0]);
        assert!(holds(&square, [0.5, 2.0]) && !holds(&square, [0.5, 2.1]) && !holds(&square, [-0.1, 1.0]));
    }
}
