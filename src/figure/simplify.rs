//! Lines with no more points than show: what is computed at hundreds of places is mostly straight between them.

/// A point that is no further than this from the line without it is left out, in pixels: half of what tells apart the
/// samples of which an edge's coverage is made.
const TOLERANCE: f64 = 1.0 / 16.0;

type Point = (f64, f64);

/// The same line with fewer points; its ends stay.
///
/// From a point that stays, the directions are kept in which a straight piece passes all points since then within the tolerance
/// (Williams, 1978; Sklansky and Gonzalez, 1980). The first point outside of them ends the piece at the one before.
pub(super) fn simplified(points: &[Point]) -> Vec<Point> {
    let (Some(&first), Some(&last)) = (points.first(), points.last()) else { return Vec::new() };
    let mut kept = vec![first];
    let mut sector = Sector::from(first);
    let mut before = first;
    for &point in &points[1..] {
        if !sector.reaches(point) {
            kept.push(before);
            sector = Sector::from(before);
        }
        sector.pass(point);
        before = point;
    }
    kept.push(last);
    kept
}

/// The directions in which a straight piece may leave a point.
struct Sector {
    origin: Point,
    /// The outermost directions, clockwise and counterclockwise; any before the first point that is far enough.
    edges: Option<(Point, Point)>,
    /// How far the furthest point was: a line that turns back is not passed by a straight piece.
    reached: f64,
}

impl Sector {
    fn from(origin: Point) -> Self {
        Self { origin, edges: None, reached: 0.0 }
    }

    fn reaches(&self, point: Point) -> bool {
        let to = (point.0 - self.origin.0, point.1 - self.origin.1);
        let is_within = self.edges.is_none_or(|(low, high)| cross(low, to) >= 0.0 && cross(to, high) >= 0.0);
        is_within && length(to) >= self.reached
    }

    fn pass(&mut self, point: Point) {
        let to = (point.0 - self.origin.0, point.1 - self.origin.1);
        let distance = length(to);
        self.reached = self.reached.max(distance);
        if distance <= TOLERANCE {
            return;
        }
        // The tangents from the origin to the circle around the point.
        let sine = TOLERANCE / distance;
        let cosine = (1.0 - sine * sine).sqrt();
        let low = (to.0 * cosine + to.1 * sine, to.1 * cosine - to.0 * sine);
        let high = (to.0 * cosine - to.1 * sine, to.1 * cosine + to.0 * sine);
        self.edges = Some(match self.edges {
            None => (low, high),
            Some((old_low, old_high)) => (
                if cross(old_low, low) > 0.0 { low } else { old_low },
                if cross(high, old_high) > 0.0 { high } else { old_high },
            ),
        });
    }
}

fn cross(a: Point, b: Point) -> f64 {
    a.0 * b.1 - a.1 * b.0
}

fn length((x, y): Point) -> f64 {
    (x * x + y * y).sqrt()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn distance(point: Point, (from, to): (Point, Point)) -> f64 {
        let along = (to.0 - from.0, to.1 - from.1);
        let offset = (point.0 - from.0, point.1 - from.1);
        let square = along.0 * along.0 + along.1 * along.1;
        let share = if square > 0.0 { (offset.0 * along.0 + offset.1 * along.1) / square } else { 0.0 };
        let share = share.clamp(0.0, 1.0);
        length((offset.0 - share * along.0, offset.1 - share * along.1))
    }

    /// Each point in its order lies near the piece of the simplified line that stands for it.
    fn is_near(points: &[Point], kept: &[Point]) -> bool {
        let mut piece = 0;
        points.iter().all(|&point| {
            let rest = kept.windows(2).skip(piece);
            let found = rest
                .map(|pair| (pair[0], pair[1]))
                .position(|pair| distance(point, pair) <= 1.01 * TOLERANCE);
            piece += found.unwrap_or(0);
            found.is_some()
        })
    }

    #[test]
    fn straight_pieces_have_two_ends() {
        let hinge: Vec<Point> = (0..600).map(|i| (f64::from(i), f64::from((i - 300).max(0)))).collect();
        assert_eq!(simplified(&hinge), [(0.0, 0.0), (300.0, 0.0), (599.0, 299.0)]);
    }

    #[test]
    fn a_line_that_turns_back_keeps_its_turn() {
        let there_and_back = [(0.0, 0.0), (5.0, 0.0), (9.0, 0.0), (4.0, 0.0), (1.0, 0.0)];
        assert_eq!(simplified(&there_and_back), [(0.0, 0.0), (9.0, 0.0), (1.0, 0.0)]);
    }

    #[test]
    fn a_circle_stays_one() {
        let circle: Vec<Point> = (0..=720)
            .map(|i| f64::from(i).to_radians() / 2.0)
            .map(|angle| (100.0 * libm::cos(angle), 100.0 * libm::sin(angle)))
            .collect();
        let kept = simplified(&circle);
        // A chord that is nowhere further than the tolerance on both sides spans 4·acos(1 − ε/r) at the most.
        assert!((45..180).contains(&kept.len()), "{}", kept.len());
        assert!(is_near(&circle, &kept));
    }

    proptest! {
        #[test]
        fn no_point_is_far_from_what_is_left(
            steps in prop::collection::vec((-3.0_f64..3.0, -3.0_f64..3.0), 1..80),
            scale in prop_oneof![Just(1.0), Just(0.01), Just(30.0)],
        ) {
            let mut at = (0.0, 0.0);
            let points: Vec<Point> = steps
                .iter()
                .map(|step| {
                    at = (at.0 + scale * step.0, at.1 + scale * step.1);
                    at
                })
                .collect();
            let kept = simplified(&points);
            prop_assert!(is_near(&points, &kept), "{kept:?}");
        }
    }
}
