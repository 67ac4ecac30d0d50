//! Models: what they predict, their loss, and its gradient.

use super::loops::{self, Neuron};
use crate::function::Function;
use crate::lanes;
use crate::spec::ModelType;

/// ŷ at `x` for one vector of parameters (in the order of [`ModelType::tensors`]); `y` is as long as `x`.
pub fn predict(model_type: &ModelType, function: &Function, parameters: &[f64], x: &[f64], y: &mut [f64]) {
    match model_type {
        ModelType::SingleNeuron => {
            let &[w, b, v, c] = parameters else { return y.fill(f64::NAN) };
            let mut z = vec![0.0; x.len()];
            loops::line(x, w, b, &mut z);
            function.values(&z, y);
            y.iter_mut().for_each(|y| *y = v * *y + c);
        }
        ModelType::ScaledInput => {
            let &[w] = parameters else { return y.fill(f64::NAN) };
            let z: Vec<f64> = x.iter().map(|x| w * x).collect();
            function.values(&z, y);
        }
        ModelType::Mlp { hidden_sizes } => {
            let mut below = x.to_vec();
            let mut fan_in = 1;
            let mut rest = parameters;
            for &fan_out in hidden_sizes {
                let mut z = vec![0.0; fan_out * x.len()];
                rest = affine(&below, fan_in, fan_out, rest, &mut z);
                below.resize(z.len(), 0.0);
                function.values(&z, &mut below);
                fan_in = fan_out;
            }
            affine(&below, fan_in, 1, rest, y);
        }
    }
}

/// z = h W + b for one layer, units as columns of equal length; returns the parameters that follow the layer's.
pub(super) fn affine<'p>(
    h: &[f64],
    fan_in: usize,
    fan_out: usize,
    parameters: &'p [f64],
    z: &mut [f64],
) -> &'p [f64] {
    let (weights, rest) = parameters.split_at(fan_in * fan_out);
    let (biases, rest) = rest.split_at(fan_out);
    let points = h.len() / fan_in;
    if points > 0 {
        let (by_input, by_output) = (fan_out, 1);
        loops::Layer { inputs: h, points, weights, by_input, by_output, biases, outputs: z }.compute();
    }
    rest
}

/// The mean squared error of a model on fixed data, with its gradient. Keeps its memory from epoch to epoch.
pub struct Loss<'c> {
    model_type: &'c ModelType,
    function: &'c Function,
    x: Vec<f64>,
    y: Vec<f64>,
    layers: Vec<Layer>,
    prediction: Vec<f64>,
    /// ∂loss/∂ŷ, then ∂loss/∂z layer by layer, last to first.
    delta: Vec<f64>,
    below: Vec<f64>,
}

/// The values of one layer of units, a column of data points each.
struct Layer {
    units: usize,
    z: Vec<f64>,
    /// φ(z).
    h: Vec<f64>,
    /// φ′(z).
    slope: Vec<f64>,
}

impl<'c> Loss<'c> {
    /// `x` and `y` are as long as one another, and not empty.
    pub fn new(model_type: &'c ModelType, function: &'c Function, x: Vec<f64>, y: Vec<f64>) -> Self {
        let sizes: &[usize] = match model_type {
            ModelType::SingleNeuron | ModelType::ScaledInput => &[1],
            ModelType::Mlp { hidden_sizes } => hidden_sizes,
        };
        let points = x.len();
        let column = |units: usize| vec![0.0; units * points];
        let layers = sizes.iter().map(|&units| Layer {
            units,
            z: column(units),
            h: column(units),
            slope: column(units),
        });
        let widest = sizes.iter().copied().max().unwrap_or(1);
        Self {
            model_type,
            function,
            layers: layers.collect(),
            prediction: column(1),
            delta: column(widest),
            below: column(widest),
            x,
            y,
        }
    }

    /// The loss at `parameters`; the gradient by each of them is left in `gradient`.
    ///
    /// All sums run over the data in one order, so that the bits do not depend on the machine.
    pub fn gradient(&mut self, parameters: &[f64], gradient: &mut [f64]) -> f64 {
        match self.model_type {
            ModelType::SingleNeuron => self.single_neuron(parameters, gradient),
            ModelType::ScaledInput => self.scaled_input(parameters, gradient),
            ModelType::Mlp { .. } => self.mlp(parameters, gradient),
        }
    }

    /// The loss at `parameters`.
    pub fn value(&mut self, parameters: &[f64]) -> f64 {
        predict(self.model_type, self.function, parameters, &self.x, &mut self.prediction);
        for (prediction, y) in self.prediction.iter_mut().zip(&self.y) {
            *prediction -= y;
        }
        lanes::dot(&self.prediction, &self.prediction) / self.count()
    }

    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2⁵³")]
    fn count(&self) -> f64 {
        self.x.len() as f64
    }

    fn single_neuron(&mut self, parameters: &[f64], gradient: &mut [f64]) -> f64 {
        let &[w, b, v, c] = parameters else { return f64::NAN };
        let Layer { z, h, slope, .. } = &mut self.layers[0];
        loops::line(&self.x, w, b, z);
        self.function.values_and_derivatives(z, h, slope);
        let sums = Neuron { x: &self.x, y: &self.y, h, slope, v, c }.sums();
        let factor = 2.0 / self.count();
        gradient.iter_mut().zip(sums).for_each(|(gradient, sum)| *gradient = factor * sum);
        sums[4] / self.count()
    }

    fn scaled_input(&mut self, parameters: &[f64], gradient: &mut [f64]) -> f64 {
        let &[w] = parameters else { return f64::NAN };
        let Layer { z, h, slope, .. } = &mut self.layers[0];
        z.iter_mut().zip(&self.x).for_each(|(z, x)| *z = w * x);
        self.function.values_and_derivatives(z, h, slope);
        // As a neuron with v = 1 and c = 0, of which only the first sum is asked for.
        let sums = Neuron { x: &self.x, y: &self.y, h, slope, v: 1.0, c: 0.0 }.sums();
        gradient[0] = 2.0 / self.count() * sums[0];
        sums[4] / self.count()
    }

    fn mlp(&mut self, parameters: &[f64], gradient: &mut [f64]) -> f64 {
        self.forward(parameters);
        let factor = 2.0 / self.count();
        for (prediction, y) in self.prediction.iter_mut().zip(&self.y) {
            *prediction -= y;
        }
        let squares = lanes::dot(&self.prediction, &self.prediction);
        for (delta, residual) in self.delta.iter_mut().zip(&self.prediction) {
            *delta = factor * residual;
        }
        let points = self.x.len();
        self.backward(parameters, |weights, delta, input| {
            let (fan_in, fan_out) = (input.len() / points, delta.len() / points);
            let (by_weight, by_bias) =
                gradient[weights..][..(fan_in + 1) * fan_out].split_at_mut(fan_in * fan_out);
            loops::all_products(input, delta, points, by_weight);
            loops::sums(delta, points, by_bias);
        });
        squares / self.count()
    }

    /// The values of all layers, and the prediction, of an MLP.
    fn forward(&mut self, parameters: &[f64]) {
        let mut rest = parameters;
        for at in 0..self.layers.len() {
            let (before, after) = self.layers.split_at_mut(at);
            let (input, fan_in) = before.last().map_or((&self.x, 1), |layer| (&layer.h, layer.units));
            let layer = &mut after[0];
            rest = affine(input, fan_in, layer.units, rest, &mut layer.z);
            self.function.values_and_derivatives(&layer.z, &mut layer.h, &mut layer.slope);
        }
        let last = &self.layers[self.layers.len() - 1];
        affine(&last.h, last.units, 1, rest, &mut self.prediction);
    }

    /// Backwards through the layers of an MLP, from the derivatives by ŷ in the first column of `delta`. `each` is told of every
    /// layer: where its weights begin (its biases follow them), the columns of derivatives by the z of its units, and the columns
    /// of what its weights multiply.
    fn backward(&mut self, parameters: &[f64], mut each: impl FnMut(usize, &[f64], &[f64])) {
        let points = self.x.len();
        // `end` is where the parameters of the layer at hand end.
        let (mut end, mut fan_out) = (parameters.len(), 1);
        for at in (0..=self.layers.len()).rev() {
            let (input, fan_in) = match at.checked_sub(1) {
                Some(below) => (&self.layers[below].h, self.layers[below].units),
                None => (&self.x, 1),
            };
            let weights = end - fan_out - fan_in * fan_out;
            let delta = &self.delta[..fan_out * points];
            each(weights, delta, input);
            let Some(below) = at.checked_sub(1) else { break };
            let outputs = &mut self.below[..fan_in * points];
            loops::Layer {
                inputs: delta,
                points,
                weights: &parameters[weights..][..fan_in * fan_out],
                by_input: 1,
                by_output: fan_out,
                biases: &[],
                outputs,
            }
            .compute();
            loops::multiply(&mut self.below[..fan_in * points], &self.layers[below].slope);
            std::mem::swap(&mut self.delta, &mut self.below);
            (end, fan_out) = (weights, fan_in);
        }
    }

    /// The residuals ŷ − y at `parameters`, and the loss; ∂ŷ/∂θ is left in `jacobian`, a column of data points for each
    /// parameter, one after the other.
    pub(super) fn jacobian(
        &mut self,
        parameters: &[f64],
        residuals: &mut [f64],
        jacobian: &mut [f64],
    ) -> f64 {
        let points = self.x.len();
        match self.model_type {
            ModelType::SingleNeuron => {
                let &[w, b, v, c] = parameters else { return f64::NAN };
                let Layer { z, h, slope, .. } = &mut self.layers[0];
                z.iter_mut().zip(&self.x).for_each(|(z, x)| *z = w * x + b);
                self.function.values_and_derivatives(z, h, slope);
                for (at, ((x, h), slope)) in self.x.iter().zip(&*h).zip(&*slope).enumerate() {
                    let by_z = v * slope;
                    for (parameter, by) in [by_z * x, by_z, *h, 1.0].into_iter().enumerate() {
                        jacobian[parameter * points + at] = by;
                    }
                    self.prediction[at] = v * h + c;
                }
            }
            ModelType::ScaledInput => {
                let &[w] = parameters else { return f64::NAN };
                let Layer { z, h, slope, .. } = &mut self.layers[0];
                z.iter_mut().zip(&self.x).for_each(|(z, x)| *z = w * x);
                self.function.values_and_derivatives(z, h, slope);
                for (at, ((x, h), slope)) in self.x.iter().zip(&*h).zip(&*slope).enumerate() {
                    jacobian[at] = slope * x;
                    self.prediction[at] = *h;
                }
            }
            ModelType::Mlp { .. } => {
                self.forward(parameters);
                self.delta[..points].fill(1.0);
                self.backward(parameters, |weights, delta, input| {
                    let (fan_in, fan_out) = (input.len() / points, delta.len() / points);
                    let columns = jacobian[weights * points..].chunks_exact_mut(points);
                    for (at, column) in columns.take((fan_in + 1) * fan_out).enumerate() {
                        column.copy_from_slice(&delta[at % fan_out * points..][..points]);
                        // The biases come after the weights, and multiply nothing.
                        if let Some(h) = input.chunks_exact(points).nth(at / fan_out) {
                            loops::multiply(column, h);
                        }
                    }
                });
            }
        }
        for ((residual, prediction), y) in residuals.iter_mut().zip(&self.prediction).zip(&self.y) {
            *residual = prediction - y;
        }
        lanes::dot(residuals, residuals) / self.count()
    }

    /// Other data in the place of those that there are, as many.
    pub(super) fn refill(&mut self, points: impl Iterator<Item = (f64, f64)>) {
        for ((x, y), point) in self.x.iter_mut().zip(&mut self.y).zip(points) {
            (*x, *y) = point;
        }
    }

    /// How many points there are.
    pub(super) fn points(&self) -> usize {
        self.x.len()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Written by `tests/fixtures/mlp_gradients.py` with autograd.
    const GRADIENTS: &str = include_str!("../../tests/fixtures/mlp_gradients.json");

    #[test]
    fn gradients_and_jacobians_are_those_of_autograd() {
        let cases: serde_json::Value = serde_json::from_str(GRADIENTS).unwrap();
        let numbers =
            |value: &serde_json::Value| -> Vec<f64> { serde_json::from_value(value.clone()).unwrap() };
        let cases = cases.as_array().unwrap();
        assert_eq!(cases.len(), 5);
        for case in cases {
            let hidden_sizes: Vec<usize> = serde_json::from_value(case["hidden_sizes"].clone()).unwrap();
            let model_type = match hidden_sizes.as_slice() {
                [] if case["parameters"].as_array().unwrap().len() == 1 => ModelType::ScaledInput,
                [] => ModelType::SingleNeuron,
                _ => ModelType::Mlp { hidden_sizes },
            };
            let function = Function::parse(case["activation"].as_str().unwrap(), &[]).unwrap();
            let parameters = numbers(&case["parameters"]);
            assert_eq!(parameters.len(), model_type.parameter_count());
            let mut loss = Loss::new(&model_type, &function, numbers(&case["x"]), numbers(&case["y"]));
            let mut gradient = vec![0.0; parameters.len()];
            let value = loss.gradient(&parameters, &mut gradient);
            let close =
                |found: f64, expected: f64| (found - expected).abs() <= 1e-12 * (1.0 + expected.abs());
            assert!(close(value, case["loss"].as_f64().unwrap()));
            assert!(close(loss.value(&parameters), value));
            for (found, expected) in gradient.iter().zip(numbers(&case["gradient"])) {
                assert!(close(*found, expected), "{}: {found} {expected}", case["activation"]);
            }
            let points = loss.points();
            let mut residuals = vec![0.0; points];
            let mut jacobian = vec![0.0; points * parameters.len()];
            assert!(close(loss.jacobian(&parameters, &mut residuals, &mut jacobian), value));
            // The gradient of the mean of r² is 2 Jᵀ r / n.
            for (column, expected) in jacobian.chunks(points).zip(numbers(&case["gradient"])) {
                let product: f64 = column.iter().zip(&residuals).map(|(by, residual)| by * residual).sum();
                let found = 2.0 * product / f64::from(u32::try_from(points).unwrap());
                assert!(close(found, expected), "{}: {found} {expected}", case["activation"]);
            }
        }
    }

    proptest! {
        #[test]
        fn gradients_match_differences(
            hidden_sizes in prop::collection::vec(1_usize..4, 1..4),
            seed in prop::collection::vec(-1.0_f64..1.0, 60),
        ) {
            let model_type = ModelType::Mlp { hidden_sizes };
            let function = Function::parse("tanh(x)", &[]).unwrap();
            let x = vec![-1.0, -0.2, 0.5, 1.5];
            let y = vec![0.3, -1.0, 0.7, 0.1];
            let mut loss = Loss::new(&model_type, &function, x, y);
            let parameters = &seed[..model_type.parameter_count()];
            let mut gradient = vec![0.0; parameters.len()];
            loss.gradient(parameters, &mut gradient);
            for at in 0..parameters.len() {
                let mut moved = parameters.to_vec();
                moved[at] += 1e-6;
                let above = loss.value(&moved);
                moved[at] -= 2e-6;
                let difference = (above - loss.value(&moved)) / 2e-6;
                prop_assert!((gradient[at] - difference).abs() < 1e-6, "{}: {} {}", at, gradient[at], difference);
            }
        }
    }
}
