//! How well y can be fitted by a column that depends on two numbers from −1 to 1, with an error of known length.

use crate::lanes::{self, Loop, Pack, Packs, WIDTH};

/// The columns h + p δ₁ + q δ₂ + r₁ δ₁² + r₂ δ₁ δ₂ + r₃ δ₂² for δ in the square [−1, 1]², each of them up to a vector of a length
/// of at most `error`; all that is left of them is their products, all of them centered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Family {
    /// Of y with itself.
    yy: f64,
    /// Of y with h, p, q, r₁, r₂, r₃.
    y: [f64; 6],
    /// Of h with them.
    h: [f64; 6],
    pp: f64,
    pq: f64,
    qq: f64,
    /// Of p and of q with r₁, r₂, r₃.
    pr: [f64; 3],
    qr: [f64; 3],
    /// Of r₁ with r₁, r₂ and r₃, of r₂ with r₂ and r₃, and of r₃ with itself.
    rr: [f64; 6],
    /// |r₁| + |r₂| + |r₃|.
    bend: f64,
    error: f64,
    /// What a computed product can be off, as a share of the product of the lengths.
    rounding: f64,
}

/// A polynomial of second degree: constant, by δ₁, by δ₂, by δ₁², by δ₁ δ₂, by δ₂².
#[derive(Debug, Clone, Copy)]
struct Quadratic([f64; 6]);

impl Quadratic {
    fn at(&self, [a, b]: [f64; 2]) -> f64 {
        let [k, ka, kb, kaa, kab, kbb] = self.0;
        k + ka * a + kb * b + kaa * a * a + kab * a * b + kbb * b * b
    }

    /// Where it is greatest on the square: at a corner, on an edge, or, if the polynomial is concave, at its one flat point.
    ///
    /// The value there is the greatest but for some roundings of the coefficients' sizes: an edge's or the square's flat point
    /// is off by d only if the polynomial bends so little around it that d costs no more than its coefficients' roundings did,
    /// since the loss of value is half the bend times d², and d is at most 3 and at most a rounding over the bend.
    fn greatest(&self) -> (f64, [f64; 2]) {
        let [_, ka, kb, kaa, kab, kbb] = self.0;
        let mut best = (f64::NEG_INFINITY, [0.0; 2]);
        let mut look = |at: [f64; 2]| {
            let value = self.at(at);
            if value > best.0 {
                best = (value, at);
            }
        };
        for side in [-1.0, 1.0] {
            look([side, -1.0]);
            look([side, 1.0]);
            if kbb < 0.0 {
                look([side, (-(kb + kab * side) / (2.0 * kbb)).clamp(-1.0, 1.0)]);
            }
            if kaa < 0.0 {
                look([(-(ka + kab * side) / (2.0 * kaa)).clamp(-1.0, 1.0), side]);
            }
        }
        let determinant = 4.0 * kaa * kbb - kab * kab;
        if kaa < 0.0 && determinant > 0.0 {
            let a = (kab * kb - 2.0 * kbb * ka) / determinant;
            let b = (kab * ka - 2.0 * kaa * kb) / determinant;
            if a.abs() <= 1.0 && b.abs() <= 1.0 {
                look([a, b]);
            }
        }
        best
    }

    fn plus(&self, factor: f64, other: &Self) -> Self {
        Self(std::array::from_fn(|at| self.0[at] + factor * other.0[at]))
    }
}

/// Parts of the boundary between what is known to hold and what is not.
const BISECTIONS: usize = 30;
const NEWTON_STEPS: usize = 8;

/// y, and the entries of h, p, q, r₁, r₂, r₃, point by point.
pub(super) type Columns = [Vec<f64>; 7];

/// Takes the means of the columns off them; their products: of y with all, of h with all but y, and so on.
struct Products<'c>([&'c mut [f64]; 7]);

impl Loop for Products<'_> {
    type Output = ([f64; 7], [f64; 28]);

    /// All at once, since one sum alone waits for each of its additions.
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2⁵³")]
    #[inline(always)]
    fn run<P: Packs>(self, _: P) -> Self::Output {
        let mut columns = self.0;
        let count = columns[0].len();
        let blocks = count / WIDTH;
        let mut sums = [Pack::ZERO; 7];
        for block in 0..blocks {
            for (sum, column) in sums.iter_mut().zip(&columns) {
                *sum = *sum + Pack::of(&lanes::blocks(column).0[block]);
            }
        }
        let rest = blocks * WIDTH..count;
        let mut means = [0.0; 7];
        for ((mean, sum), column) in means.iter_mut().zip(sums).zip(&columns) {
            *mean = (sum + Pack::of_rest(&column[rest.clone()])).total() / count as f64;
        }
        let mut sums = [Pack::ZERO; 28];
        let add = |sums: &mut [Pack; 28], entries: [Pack; 7]| {
            let mut at = 0;
            for i in 0..7 {
                for j in i..7 {
                    sums[at] = sums[at] + entries[i] * entries[j];
                    at += 1;
                }
            }
        };
        for block in 0..blocks {
            let mut entries = [Pack::ZERO; 7];
            for ((entry, column), mean) in entries.iter_mut().zip(&mut columns).zip(means) {
                let place = &mut column.as_chunks_mut::<WIDTH>().0[block];
                *entry = Pack::of(place) - Pack::all(mean);
                *place = entry.numbers();
            }
            add(&mut sums, entries);
        }
        if !rest.is_empty() {
            let mut entries = [Pack::ZERO; 7];
            for ((entry, column), mean) in entries.iter_mut().zip(&mut columns).zip(means) {
                let place = &mut column[rest.clone()];
                place.iter_mut().for_each(|number| *number -= mean);
                *entry = Pack::of_rest(place);
            }
            add(&mut sums, entries);
        }
        let mut products = [0.0; 28];
        for (product, sum) in products.iter_mut().zip(sums) {
            *product = sum.total();
        }
        (means, products)
    }
}

/// Σ |n y − f h| e, from the centered y and h.
struct WeightedError<'c> {
    y: &'c [f64],
    h: &'c [f64],
    error: &'c [f64],
    n: f64,
    factor: f64,
}

impl Loop for WeightedError<'_> {
    type Output = f64;

    #[inline(always)]
    fn run<P: Packs>(self, _: P) -> f64 {
        let Self { y, h, error, n, factor } = self;
        let ((y, y_rest), (h, h_rest), (error, error_rest)) =
            (lanes::blocks(y), lanes::blocks(h), lanes::blocks(error));
        let (n, factor) = (Pack::all(n), Pack::all(factor));
        let weighted = |y: Pack, h: Pack, error: Pack| (n * y - factor * h).abs() * error;
        let mut sum = weighted(Pack::of_rest(y_rest), Pack::of_rest(h_rest), Pack::of_rest(error_rest));
        for ((y, h), error) in y.iter().zip(h).zip(error) {
            sum = sum + weighted(Pack::of(y), Pack::of(h), Pack::of(error));
        }
        sum.total()
    }
}

impl Family {
    /// From the columns, which are centered; `error` bounds the length of what they leave out, and `rounding` is what a sum over so
    /// many points can be off.
    ///
    /// Centering removes the mean, which is rounded by that share of the column's length. All entries of a column are then off
    /// by the same, which no product with a centered column feels; but the length of it is added to the error all the same.
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2⁵³")]
    pub(super) fn new(columns: &mut Columns, error: f64, rounding: f64) -> Self {
        let count = columns[0].len() as f64;
        let (means, products) = lanes::run(Products(columns.each_mut().map(Vec::as_mut_slice)));
        let [yy, y0, y1, y2, y3, y4, y5, products @ ..] = products;
        let [h0, h1, h2, h3, h4, h5, products @ ..] = products;
        let [pp, pq, pr1, pr2, pr3, qq, qr1, qr2, qr3, r11, r12, r13, r22, r23, r33] = products;
        let mut family = Self {
            yy,
            y: [y0, y1, y2, y3, y4, y5],
            h: [h0, h1, h2, h3, h4, h5],
            pp,
            pq,
            qq,
            pr: [pr1, pr2, pr3],
            qr: [qr1, qr2, qr3],
            rr: [r11, r12, r13, r22, r23, r33],
            bend: r11.sqrt() + r22.sqrt() + r33.sqrt(),
            error,
            rounding,
        };
        let mean_size: f64 = means[1..].iter().map(|mean| mean.abs()).sum();
        family.error += rounding * (family.size() + mean_size * count.sqrt());
        family
    }

    /// More than the length of any of the columns.
    fn size(&self) -> f64 {
        self.h[0].sqrt() + self.pp.sqrt() + self.qq.sqrt() + self.bend
    }

    /// What the best multiple of the column in the middle leaves of y; all of it, if that is nothing but error.
    pub(super) fn middle(&self) -> f64 {
        let hh = self.h[0];
        let explained = if hh > self.error * self.error * 1e-6 { self.y[0] * self.y[0] / hh } else { 0.0 };
        if explained.is_finite() { (self.yy - explained).max(0.0) } else { self.yy }
    }

    /// A lower bound of the sum of squares that the best v h + c leaves of y, over the family and |v| ≤ `max_output`. One of
    /// `enough` is as good as a greater one.
    ///
    /// With h and y centered, the best v leaves |y|² sin² of the angle between them. Without their errors, cos² is N²/(|y|² D)
    /// with N = y·h and D = |h|²; it stays below t where N² − t |y|² D stays below 0 on the square. Of that polynomial, the
    /// terms of second degree and below are looked at exactly, and those beyond are bounded by their sizes, after N² and t |y|² D
    /// have been put together: where φ is nearly exponential, another b makes h longer and leaves its direction, and most of them
    /// cancel.
    ///
    /// A product is off by `rounding` times the lengths, so that with S no less than the length of any column, N² is off by
    /// 2 |y|² S² of them and D by S²; the polynomial's own evaluation by a few units in the last place of the same.
    ///
    /// An error e turns a column by no more than asin(|e|/|h|). And whatever its direction, a column can take no more than
    /// `max_output` |h| off the length of y.
    pub(super) fn least_square(&self, max_output: f64, enough: f64) -> f64 {
        let size = self.size();
        if !(self.error.is_finite() && size.is_finite() && self.yy > 0.0) {
            return 0.0;
        }
        let longest = (size + self.error) * (1.0 + self.rounding);
        let length = self.yy.sqrt() * (1.0 - self.rounding);
        let by_length = if longest == 0.0 { length } else { (length - max_output * longest).max(0.0) };
        let by_length = by_length * by_length;
        if by_length >= enough {
            return by_length;
        }
        let polynomials = self.polynomials();
        // D is no less than this.
        // The terms of fourth degree are a square.
        let cubic = &polynomials.norm_beyond[..CUBIC];
        let below = cubic.iter().map(|term| term.abs()).sum::<f64>() + polynomials.norm_margin;
        let negated = Quadratic([0.0; 6]).plus(-1.0, &polynomials.norm);
        let shortest = (-negated.greatest().0 - below).max(0.0).sqrt();
        if !(self.h[0] > 0.0 && self.error < shortest) {
            return by_length;
        }
        let turn = libm::asin(self.error / shortest) * (1.0 + 8.0 * f64::EPSILON);
        let square_at = |angle: f64| {
            let sine = libm::sin(angle.max(0.0)) * (1.0 - 8.0 * f64::EPSILON);
            self.yy * (1.0 - self.rounding) * sine * sine
        };
        // The angle that is enough.
        let sine = (enough / self.yy * (1.0 + 4.0 * self.rounding)).sqrt();
        if sine < 1.0 {
            let angle = libm::asin(sine) + turn + 1e-15;
            let cosine = libm::cos(angle);
            if angle < std::f64::consts::FRAC_PI_2 && polynomials.excess(cosine * cosine).0 <= 0.0 {
                return enough.max(by_length);
            }
        }
        let greatest = polynomials.greatest_share();
        // acos of its root, without the cancellation near 1.
        let angle = libm::atan2((1.0 - greatest).max(0.0).sqrt(), greatest.sqrt());
        by_length.max(square_at(angle - turn - 1e-15))
    }

    /// Whether the best v h + c leaves at least `enough` of y, over the family of these columns, where the error of each entry is
    /// known.
    ///
    /// With an error e, N² − t |y|² D is the same without it, and 2 e·G with G = N y − t |y|² h, and (y·e)² − t |y|² |e|². It need
    /// not be positive anywhere for cos² to stay below t. The last is at most (1 − t) |y|² |e|². In the middle e·G is at most Σ
    /// |G_i| |e_i|: less than the product of the lengths where the errors are large at few points, or where y is met. Elsewhere
    /// G differs by its shares of p, q and r, each of which has the square of the length n² |y|² (1 − 2 t) + t² |y|⁴ |p|². (G is
    /// centered, so that e need not be.)
    pub(super) fn is_worse(&self, enough: f64, [y, h, ..]: &Columns, error: &[f64]) -> bool {
        let size = self.size();
        let share = enough / self.yy * (1.0 + 8.0 * self.rounding);
        if !(self.error.is_finite() && size.is_finite() && self.yy > 0.0 && share < 1.0) {
            return false;
        }
        let t = 1.0 - share - f64::EPSILON;
        let polynomials = self.polynomials();
        let excess = polynomials.excess(t).0;
        if excess > 0.0 {
            return false;
        }
        let factor = t * self.yy;
        let product = lanes::run(WeightedError { y, h, error, n: self.y[0], factor });
        let length = |n: f64, square: f64| {
            (n * n * self.yy * (1.0 - 2.0 * t) + factor * factor * square).max(0.0).sqrt()
        };
        let [_, n1, n2, m1, m2, m3] = self.y;
        let bend = (m1.abs() + m2.abs() + m3.abs()) * self.yy.sqrt() + factor * self.bend;
        let beyond = length(n1, self.pp) + length(n2, self.qq) + bend;
        // The root of what cancels is no better known than that of the rounding.
        let rounding = (8.0 * self.rounding).sqrt() * self.yy * (self.pp.sqrt() + self.qq.sqrt())
            + 16.0 * self.rounding * self.yy * size;
        let by_error =
            2.0 * (product + self.error * (beyond + rounding)) + share * self.yy * self.error * self.error;
        excess + by_error * (1.0 + 8.0 * self.rounding) <= 0.0
    }

    fn polynomials(&self) -> Polynomials {
        let [n, n1, n2, m1, m2, m3] = self.y;
        let square = Quadratic([
            n * n,
            2.0 * n * n1,
            2.0 * n * n2,
            n1 * n1 + 2.0 * n * m1,
            2.0 * (n1 * n2 + n * m2),
            n2 * n2 + 2.0 * n * m3,
        ]);
        let [hh, hp, hq, h1, h2, h3] = self.h;
        let norm =
            Quadratic([hh, 2.0 * hp, 2.0 * hq, self.pp + 2.0 * h1, 2.0 * (self.pq + h2), self.qq + 2.0 * h3]);
        let beyond =
            |[p1, p2, p3]: [f64; 3], [q1, q2, q3]: [f64; 3], [r11, r12, r13, r22, r23, r33]: [f64; 6]| {
                let cubic = [2.0 * p1, 2.0 * (p2 + q1), 2.0 * (p3 + q2), 2.0 * q3];
                let [a, b, c, d] = cubic;
                [a, b, c, d, r11, 2.0 * r12, r22 + 2.0 * r13, 2.0 * r23, r33]
            };
        let bends = [m1, m2, m3];
        let squares = [m1 * m1, m1 * m2, m1 * m3, m2 * m2, m2 * m3, m3 * m3];
        let size = self.size();
        let margin = 8.0 * self.rounding * size * size;
        Polynomials {
            square,
            norm,
            square_beyond: beyond(bends.map(|m| n1 * m), bends.map(|m| n2 * m), squares),
            norm_beyond: beyond(self.pr, self.qr, self.rr),
            square_margin: 2.0 * self.yy * margin,
            norm_margin: margin,
            yy: self.yy,
        }
    }
}

/// How many of the terms of higher degree are of third degree.
const CUBIC: usize = 4;
/// The terms of higher degree: by δ₁³, δ₁² δ₂, δ₁ δ₂², δ₂³; by δ₁⁴, δ₁³ δ₂, δ₁² δ₂², δ₁ δ₂³, δ₂⁴.
type Beyond = [f64; 9];
/// Which of them are nowhere negative.
const SQUARES: [usize; 3] = [4, 6, 8];

/// N² and D: their terms up to the second degree and beyond, and how much more N² can be and how much less D.
struct Polynomials {
    square: Quadratic,
    norm: Quadratic,
    square_beyond: Beyond,
    norm_beyond: Beyond,
    square_margin: f64,
    norm_margin: f64,
    yy: f64,
}

impl Polynomials {
    /// An upper bound of N² − t |y|² D on the square, and where it is about that.
    fn excess(&self, t: f64) -> (f64, [f64; 2]) {
        let factor = t * self.yy;
        let (greatest, at) = self.square.plus(-factor, &self.norm).greatest();
        let terms =
            self.square_beyond.iter().zip(&self.norm_beyond).map(|(square, norm)| square - factor * norm);
        let greatest_term =
            |(at, term): (usize, f64)| if SQUARES.contains(&at) { term.max(0.0) } else { term.abs() };
        let beyond: f64 = terms.enumerate().map(greatest_term).sum();
        (greatest + beyond + self.square_margin + factor * self.norm_margin, at)
    }

    /// A t that N²/(|y|² D) does not exceed, close to the least that can be shown; 1 where none can. The excess is convex in t
    /// and falls where it is not nearly all of higher degree, so that Newton's method comes from the left (Dinkelbach, 1967); what it comes to is moved up until it holds.
    fn greatest_share(&self) -> f64 {
        let mut t = self.square.0[0] / (self.yy * self.norm.0[0]);
        for _ in 0..NEWTON_STEPS {
            let (excess, at) = self.excess(t);
            let slope = self.yy * (self.norm.at(at) - self.norm_margin);
            let step = excess / slope;
            if !(slope > 0.0 && t + step < 1.0) {
                break;
            }
            t += step;
            if step <= 1e-4 * (1.0 - t) {
                break;
            }
        }
        let holds = |t: f64| self.excess(t).0 <= 0.0;
        let mut share = 1e-4;
        while share < 1.0 {
            let moved = t + share * (1.0 - t);
            if holds(moved) {
                return moved;
            }
            share *= 8.0;
        }
        if !holds(1.0) {
            return 1.0;
        }
        let (mut low, mut high) = (t.min(1.0), 1.0);
        for _ in 0..BISECTIONS {
            let middle = 0.5 * (low + high);
            if holds(middle) { high = middle } else { low = middle }
        }
        high
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::data::{Data, mean};
    use super::*;

    fn with(y: &[f64], [h, p, q, r1, r2, r3]: &[Vec<f64>; 6]) -> Columns {
        [y, h, p, q, r1, r2, r3].map(<[f64]>::to_vec)
    }

    fn columns() -> impl Strategy<Value = [Vec<f64>; 6]> {
        let of = |size: f64| prop::collection::vec(-size..size, 7);
        [of(1.0), of(0.3), of(0.3), of(0.05), of(0.05), of(0.05)]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]
        /// No column of a family comes nearer to y than the bound says, error and all.
        #[test]
        fn the_least_square_is_the_least(
            y in prop::collection::vec(-1.0_f64..1.0, 7),
            columns in columns(),
            errors in prop::collection::vec(-1.0_f64..1.0, 7),
            share in 0.0_f64..0.1,
            is_bounded in any::<bool>(),
        ) {
            let x: Vec<f64> = (0..7).map(f64::from).collect();
            let data = Data::new(&x, &y);
            let max_output = if is_bounded { 0.8 } else { 1e9 };
            let length = errors.iter().map(|error| error * error).sum::<f64>().sqrt();
            let family = Family::new(&mut with(&y, &columns), share, data.rounding);
            let bound = family.least_square(max_output, f64::INFINITY);
            let mut least = f64::INFINITY;
            for a in -12..=12 {
                for b in -12..=12 {
                    let (a, b) = (f64::from(a) / 12.0, f64::from(b) / 12.0);
                    let factors = [1.0, a, b, a * a, a * b, b * b];
                    let h: Vec<f64> = (0..7)
                        .map(|at| {
                            let affine: f64 = (0..6).map(|column| factors[column] * columns[column][at]).sum();
                            affine + if length > 0.0 { share * errors[at] / length } else { 0.0 }
                        })
                        .collect();
                    let (h_mean, y_mean) = (mean(&h), mean(&y));
                    let hh: f64 = h.iter().map(|h| (h - h_mean) * (h - h_mean)).sum();
                    let hy: f64 = h.iter().zip(&y).map(|(h, y)| (h - h_mean) * (y - y_mean)).sum();
                    let v = if hh > 0.0 { (hy / hh).clamp(-max_output, max_output) } else { 0.0 };
                    let left = h.iter().zip(&y).map(|(h, y)| v * (h - h_mean) - (y - y_mean)).map(|rest| rest * rest);
                    least = least.min(left.sum());
                }
            }
            prop_assert!(bound <= least + 1e-12, "{bound} {least}");
            for enough in [0.5 * least, 0.9 * least, 1.1 * least] {
                let quick = family.least_square(max_output, enough);
                prop_assert!(quick <= least + 1e-12 && quick >= enough.min(bound) - 1e-9, "{quick} {bound} {enough}");
            }
        }
    }

    proptest! {
        /// A small family is bounded about as closely as it can be: to first order exactly.
        #[test]
        fn the_bound_is_close(
            y in prop::collection::vec(-1.0_f64..1.0, 7),
            columns in columns(),
            scale in 1e-4_f64..1e-2,
        ) {
            let sizes = [1.0, scale, scale, scale * scale, scale * scale, scale * scale];
            let bound = |factors: [f64; 6]| {
                let scaled = |column: usize| columns[column].iter().map(|entry| factors[column] * entry).collect();
                let scaled: [Vec<f64>; 6] = std::array::from_fn(scaled);
                Family::new(&mut with(&y, &scaled), 0.0, 1e-15).least_square(1e9, f64::INFINITY)
            };
            let least = (-20..=20)
                .flat_map(|a| (-20..=20).map(move |b| (f64::from(a) / 20.0, f64::from(b) / 20.0)))
                .map(|(a, b)| {
                    let factors: [f64; 6] = [1.0, a, b, a * a, a * b, b * b];
                    let entry = |at: usize| (0..6).map(|column| factors[column] * sizes[column] * columns[column][at]).sum();
                    let h: Vec<f64> = (0..7).map(entry).collect();
                    7.0 * super::super::profile::least_error(&h, &y)
                })
                .fold(f64::INFINITY, f64::min);
            let h: Vec<f64> = columns[0].clone();
            let h_mean = mean(&h);
            let length: f64 = h.iter().map(|h| (h - h_mean) * (h - h_mean)).sum::<f64>().sqrt();
            prop_assume!(length > 0.5);
            prop_assert!(bound(sizes) <= least + 1e-9, "{} {least}", bound(sizes));
            prop_assert!(bound(sizes) >= least - 1e-3 - 40.0 * scale * scale, "{} {least}", bound(sizes));
        }
    }
}
