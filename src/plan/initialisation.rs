//! Initial parameters, drawn when the plan is made: a case then depends on the numbers and not on how they came to be.

use super::numpy::Generator;
use crate::spec::{Distribution, Init, ModelType, Stream};

/// The source of an experiment's initial parameters, asked case after case.
pub(super) struct Initialisation<'e> {
    init: &'e Init,
    /// The generator of [`Stream::Shared`], as the cases so far left it; of the other streams it is not used.
    shared: Generator,
}

impl<'e> Initialisation<'e> {
    pub(super) fn new(init: &'e Init) -> Self {
        let seed = match init {
            Init::Random { seed, .. } => *seed,
            Init::Explicit(_) => 0,
        };
        Self { init, shared: Generator::new(&[seed]) }
    }

    /// The parameters from which the next case starts, `count` vectors drawn one after the other. `path` is the case's,
    /// [`super::Case::path`].
    ///
    /// The streams are those of `numpy.random.default_rng(seed)`, but a stream per case is that of `default_rng([seed, word])`,
    /// where the word is the first eight bytes, little-endian, of the BLAKE3 hash of the path:
    /// `int.from_bytes(blake3(path).digest()[:8], "little")` in Python.
    pub(super) fn starts(&mut self, model_type: &ModelType, path: &str, count: usize) -> Vec<Vec<f64>> {
        let (distribution, seed, stream) = match self.init {
            Init::Explicit(parameters) => return vec![parameters.clone()],
            Init::Random { distribution, seed, stream } => (*distribution, *seed, *stream),
        };
        let mut own = match stream {
            Stream::Shared => None,
            Stream::Common => Some(Generator::new(&[seed])),
            Stream::PerCase => Some(Generator::new(&[seed, word(path)])),
        };
        let generator = own.as_mut().unwrap_or(&mut self.shared);
        (0..count).map(|_| draw(generator, distribution, model_type)).collect()
    }
}

fn word(path: &str) -> u64 {
    let hash = blake3::hash(path.as_bytes());
    hash.as_bytes()[..8].iter().rev().fold(0, |word, &byte| (word << 8) | u64::from(byte))
}

/// One vector of parameters. The fan-based distributions draw weights only; a scalar weight (w, v) has fans of 1.
#[expect(clippy::cast_precision_loss, reason = "layer sizes are small")]
fn draw(generator: &mut Generator, distribution: Distribution, model_type: &ModelType) -> Vec<f64> {
    let mut parameters = Vec::with_capacity(model_type.parameter_count());
    for tensor in model_type.tensors() {
        let is_bias = tensor.name.starts_with(['b', 'c']);
        let (fan_in, fan_out) = match tensor.shape.as_slice() {
            [fan_in, fan_out] => (*fan_in as f64, *fan_out as f64),
            _ => (1.0, 1.0),
        };
        for _ in 0..tensor.size() {
            parameters.push(match distribution {
                Distribution::Normal { mean, std } => generator.normal(mean, std),
                _ if is_bias => 0.0,
                Distribution::GlorotNormal => generator.normal(0.0, (2.0 / (fan_in + fan_out)).sqrt()),
                Distribution::HeNormal => generator.normal(0.0, (2.0 / fan_in).sqrt()),
                Distribution::GlorotUniform => {
                    let bound = (6.0 / (fan_in + fan_out)).sqrt();
                    generator.uniform(-bound, bound)
                }
                Distribution::HeUniform => {
                    let bound = (6.0 / fan_in).sqrt();
                    generator.uniform(-bound, bound)
                }
            });
        }
    }
    parameters
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fans_set_the_spread_and_biases_are_zero() {
        let model_type = ModelType::Mlp { hidden_sizes: vec![400, 100] };
        for (distribution, expected) in [
            (Distribution::GlorotNormal, 2.0 / 500.0),
            (Distribution::GlorotUniform, 2.0 / 500.0),
            (Distribution::HeNormal, 2.0 / 400.0),
            (Distribution::HeUniform, 2.0 / 400.0),
        ] {
            let parameters = draw(&mut Generator::new(&[1]), distribution, &model_type);
            // W1 and b1 come before W2, whose 40,000 entries tell the variance to about a hundredth.
            let weights = &parameters[800..800 + 40_000];
            let variance = weights.iter().map(|w| w * w).sum::<f64>() / 40_000.0;
            assert!((variance / expected - 1.0).abs() < 0.03, "{distribution:?}: {variance} {expected}");
            assert!(parameters[400..800].iter().all(|&bias| bias == 0.0));
        }
    }
}
