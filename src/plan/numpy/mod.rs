//! numpy's `default_rng`: the same seeds give the same draws, bit for bit, so that results can be compared with programs
//! written in Python.
//!
//! numpy's `SeedSequence` spreads the seed over the state of PCG64 (O'Neill, 2014, the XSL-RR variant); normal draws come
//! from its ziggurat.

mod tables;

use rand_core::Rng as _;
use rand_pcg::Pcg64;

/// A generator in the state of `numpy.random.default_rng(seed)`.
#[derive(Debug, Clone)]
pub struct Generator {
    pcg: Pcg64,
    /// The upper half of a word of which the lower has been used.
    half: Option<u32>,
}

/// 2⁻⁵³, the spacing of the uniform draws.
const UNIFORM_STEP: f64 = 1.0 / 9_007_199_254_740_992.0;
/// Where the ziggurat's tail begins, and the inverse.
const TAIL: f64 = 3.654_152_885_361_009;
const TAIL_INVERSE: f64 = 0.273_661_237_329_758_3;

impl Generator {
    /// `default_rng(seed)` for one number, `default_rng([a, b, …])` for several.
    pub fn new(seed: &[u64]) -> Self {
        let words = SeedSequence::new(seed).words();
        let wide = |high: u64, low: u64| (u128::from(high) << 64) | u128::from(low);
        Self { pcg: Pcg64::new(wide(words[0], words[1]), wide(words[2], words[3])), half: None }
    }

    /// `permutation(count)`: the numbers below `count`, at most 2³², in a random order.
    pub fn permutation(&mut self, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..count).collect();
        for at in (1..count).rev() {
            let other = self.up_to(u32::try_from(at).unwrap_or(u32::MAX));
            order.swap(at, other as usize);
        }
        order
    }

    /// A whole number from 0 to `most`: halves of words, cut to as many bits, until one fits.
    fn up_to(&mut self, most: u32) -> u32 {
        let mask = u32::MAX.checked_shr(most.leading_zeros()).unwrap_or(0);
        loop {
            let value = self.next_half() & mask;
            if value <= most {
                return value;
            }
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "the halves are meant")]
    fn next_half(&mut self) -> u32 {
        self.half.take().unwrap_or_else(|| {
            let word = self.pcg.next_u64();
            self.half = Some((word >> 32) as u32);
            word as u32
        })
    }

    /// A draw from [0, 1).
    #[expect(clippy::cast_precision_loss, reason = "53 bits are exact")]
    fn uniform_01(&mut self) -> f64 {
        (self.pcg.next_u64() >> 11) as f64 * UNIFORM_STEP
    }

    /// `uniform(low, high)`.
    pub fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform_01()
    }

    /// `normal(mean, std)`.
    pub fn normal(&mut self, mean: f64, std: f64) -> f64 {
        mean + std * self.standard_normal()
    }

    #[expect(clippy::cast_precision_loss, reason = "52 bits are exact")]
    fn standard_normal(&mut self) -> f64 {
        loop {
            let bits = self.pcg.next_u64();
            let layer = (bits & 0xff) as usize;
            let is_negative = (bits >> 8) & 1 == 1;
            let magnitude = (bits >> 9) & 0x000f_ffff_ffff_ffff;
            let size = magnitude as f64 * tables::WIDTH[layer];
            let x = if is_negative { -size } else { size };
            if magnitude < tables::INSIDE[layer] {
                return x;
            }
            if layer == 0 {
                let x = self.tail();
                return if (magnitude >> 8) & 1 == 1 { -x } else { x };
            }
            let (above, here) = (tables::DENSITY[layer - 1], tables::DENSITY[layer]);
            if (above - here) * self.uniform_01() + here < libm::exp(-0.5 * x * x) {
                return x;
            }
        }
    }

    fn tail(&mut self) -> f64 {
        loop {
            let x = -TAIL_INVERSE * libm::log1p(-self.uniform_01());
            let y = -libm::log1p(-self.uniform_01());
            if y + y > x * x {
                return TAIL + x;
            }
        }
    }
}

/// numpy's `SeedSequence`: hashes entropy of any length into a pool of four words.
struct SeedSequence([u32; 4]);

/// A multiplicative hash whose constant changes with every use.
struct Hash {
    constant: u32,
    multiplier: u32,
}

impl Hash {
    fn hash(&mut self, value: u32) -> u32 {
        let value = value ^ self.constant;
        self.constant = self.constant.wrapping_mul(self.multiplier);
        let value = value.wrapping_mul(self.constant);
        value ^ (value >> 16)
    }
}

fn mix(x: u32, y: u32) -> u32 {
    let mixed = x.wrapping_mul(0xca01_f9dd).wrapping_sub(y.wrapping_mul(0x4973_f715));
    mixed ^ (mixed >> 16)
}

impl SeedSequence {
    fn new(seed: &[u64]) -> Self {
        let entropy: Vec<u32> = seed.iter().flat_map(|&number| halves(number)).collect();
        let mut hash = Hash { constant: 0x43b0_d7e5, multiplier: 0x931e_8875 };
        let mut pool = [0; 4];
        for (index, word) in pool.iter_mut().enumerate() {
            *word = hash.hash(entropy.get(index).copied().unwrap_or(0));
        }
        for source in 0..4 {
            for target in (0..4).filter(|&target| target != source) {
                pool[target] = mix(pool[target], hash.hash(pool[source]));
            }
        }
        for &word in entropy.iter().skip(4) {
            for target in &mut pool {
                *target = mix(*target, hash.hash(word));
            }
        }
        Self(pool)
    }

    /// `generate_state(4, uint64)`.
    fn words(&self) -> [u64; 4] {
        let mut hash = Hash { constant: 0x8b51_f9dd, multiplier: 0x58f3_8ded };
        let mut pool = self.0.iter().cycle();
        let mut next = || u64::from(hash.hash(*pool.next().unwrap_or(&0)));
        [(); 4].map(|()| next() | (next() << 32))
    }
}

/// A number as numpy takes it apart: 32 bits at a time from the lowest, without leading zeros, but at least one.
#[expect(clippy::cast_possible_truncation, reason = "the halves are meant")]
fn halves(number: u64) -> Vec<u32> {
    let (low, high) = (number as u32, (number >> 32) as u32);
    if high == 0 { vec![low] } else { vec![low, high] }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Written by `tests/fixtures/numpy_draws.py` with numpy 2.4.6: `kind,seed words,index,bits`.
    const DRAWS: &str = include_str!("../../../tests/fixtures/numpy_draws.csv");

    #[test]
    fn draws_are_numpys_to_the_bit() {
        let mut rows = 0;
        for row in DRAWS.lines().skip(1) {
            let cells: Vec<&str> = row.split(',').collect();
            let seed: Vec<u64> = cells[1].split(' ').map(|word| word.parse().unwrap()).collect();
            let index: usize = cells[2].parse().unwrap();
            let expected = u64::from_str_radix(cells[3], 16).unwrap();
            let mut generator = Generator::new(&seed);
            let draw = match cells[0] {
                "normal" => (0..=index).map(|_| generator.normal(0.0, 0.5)).last(),
                "uniform" => (0..=index).map(|_| generator.uniform(-1.5, 2.0)).last(),
                // The sum of all entries of the third permutation of so many, each times its place.
                "permutation" => {
                    let order = (0..3).map(|_| generator.permutation(index)).last().unwrap();
                    let sum =
                        order.iter().zip(1_u32..).map(|(&entry, place)| entry as f64 * f64::from(place));
                    Some(sum.sum())
                }
                // The exclusive or of the bits of all draws up to this one.
                "all" => {
                    let bits = (0..=index).fold(0, |bits, _| bits ^ generator.normal(0.0, 1.0).to_bits());
                    Some(f64::from_bits(bits))
                }
                other => panic!("{other}"),
            };
            assert_eq!(draw.map(f64::to_bits), Some(expected), "{row}");
            rows += 1;
        }
        assert!(rows > 20);
    }

    #[test]
    fn the_benchmark_starts_where_the_original_did() {
        // The first initial parameters of the original's benchmark: default_rng(42).normal(0, 0.5).
        let mut generator = Generator::new(&[42]);
        let draws = [(); 4].map(|()| generator.normal(0.0, 0.5));
        assert_eq!(
            draws,
            [0.15235853987721568, -0.5199920531202478, 0.3752255979032286, 0.47028235819560693]
        );
    }
}
