//! Models: what they predict, their loss, and its gradient.

use super::blocks::Blocks;
use super::derivatives::Derivatives;
use super::loops::{self, Neuron};
use super::transpose;
use crate::function::Function;
use crate::lanes::WIDTH;
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
            let mut below = Blocks::of(x);
            let mut rest = parameters;
            for &units in hidden_sizes {
                let mut z = Blocks::zeros(units, x.len());
                rest = affine(&below, rest, &mut z);
                below = Blocks::zeros(units, x.len());
                function.values(z.as_flattened(), below.as_flattened_mut());
            }
            let mut prediction = Blocks::zeros(1, x.len());
            affine(&below, rest, &mut prediction);
            y.copy_from_slice(&prediction.as_flattened()[..x.len()]);
        }
    }
}

/// z = h W + b for one layer; returns the parameters that follow the layer's.
pub(super) fn affine<'p>(h: &Blocks, parameters: &'p [f64], z: &mut Blocks) -> &'p [f64] {
    let (fan_in, fan_out) = (h.columns(), z.columns());
    let (weights, biases, rest) = split(parameters, fan_in, fan_out);
    loops::Layer { inputs: h, fan_in, weights, biases, scaled: false, outputs: z, fan_out }.compute();
    rest
}

/// The weights and the biases of the first layer of these parameters, and those of the others.
fn split(parameters: &[f64], fan_in: usize, fan_out: usize) -> (&[f64], &[f64], &[f64]) {
    let (weights, rest) = parameters.split_at(fan_in * fan_out);
    let (biases, rest) = rest.split_at(fan_out);
    (weights, biases, rest)
}

/// The mean squared error of a model on fixed data, with its gradient. Keeps its memory from epoch to epoch.
pub struct Loss<'c> {
    model_type: &'c ModelType,
    function: &'c Function,
    points: usize,
    x: Blocks,
    y: Blocks,
    layers: Vec<Layer>,
    /// Some blocks of the z of a layer.
    z: Blocks,
    prediction: Blocks,
    /// ∂loss/∂ŷ.
    delta: Blocks,
    /// For the weights of a layer, transposed.
    room: Vec<f64>,
}

/// The values of one layer of units.
struct Layer {
    /// φ(z).
    h: Blocks,
    /// φ′(z), and in its place, on the way back, ∂loss/∂z: less memory is nearer memory.
    slope: Blocks,
}

/// So many blocks of z are computed before φ is applied to them: 16 kB, which are then still in the nearest cache.
const BLOCKS_AT_ONCE: usize = 256;

impl Layer {
    /// z = h W + b, φ(z) and φ′(z), from the h of the layer below; returns the parameters that follow the layer's. Some blocks at a
    /// time, `z` is what is between.
    fn compute<'p>(
        &mut self,
        below: &Blocks,
        parameters: &'p [f64],
        function: &Function,
        z: &mut Blocks,
    ) -> &'p [f64] {
        let (fan_in, fan_out) = (below.columns(), self.h.columns());
        let (weights, biases, rest) = split(parameters, fan_in, fan_out);
        let at_once = (z.len() / fan_out).max(1);
        // Blocks that are left over from the tall tiles take twice as long each.
        let at_once = if at_once > loops::TALL { at_once - at_once % loops::TALL } else { at_once };
        let (h, slope) = (self.h.chunks_mut(at_once * fan_out), self.slope.chunks_mut(at_once * fan_out));
        for ((inputs, h), slope) in below.chunks(at_once * fan_in).zip(h).zip(slope) {
            let outputs = &mut z[..h.len()];
            loops::Layer { inputs, fan_in, weights, biases, scaled: false, outputs, fan_out }.compute();
            let (z, h, slope) = (outputs.as_flattened(), h.as_flattened_mut(), slope.as_flattened_mut());
            function.values_and_derivatives(z, h, slope);
        }
        rest
    }
}

impl<'c> Loss<'c> {
    /// `x` and `y` are as long as one another, and not empty.
    pub fn new(model_type: &'c ModelType, function: &'c Function, x: &[f64], y: &[f64]) -> Self {
        let units: &[usize] = match model_type {
            ModelType::SingleNeuron | ModelType::ScaledInput => &[1],
            ModelType::Mlp { hidden_sizes } => hidden_sizes,
        };
        let columns = |count: usize| Blocks::zeros(count, x.len());
        let layers = units.iter().map(|&units| Layer { h: columns(units), slope: columns(units) });
        let widest = units.iter().copied().max().unwrap_or(0);
        Self {
            model_type,
            function,
            points: x.len(),
            layers: layers.collect(),
            z: Blocks::zeros(BLOCKS_AT_ONCE.max(widest), WIDTH),
            prediction: columns(1),
            delta: columns(1),
            room: Vec::new(),
            x: Blocks::of(x),
            y: Blocks::of(y),
        }
    }

    /// The loss at `parameters`; the gradient by each of them is left in `gradient`.
    ///
    /// All sums run over the data in one order, so that the bits do not depend on the machine.
    pub fn gradient(&mut self, parameters: &[f64], gradient: &mut [f64]) -> f64 {
        if let ModelType::Mlp { .. } = self.model_type {
            return self.mlp(parameters, gradient);
        }
        let Some((v, c)) = self.neuron(parameters) else { return f64::NAN };
        let layer = &self.layers[0];
        let sums =
            Neuron { points: self.points, x: &self.x, y: &self.y, h: &layer.h, slope: &layer.slope, v, c }
                .sums();
        let factor = 2.0 / self.count();
        gradient.iter_mut().zip(sums).for_each(|(gradient, sum)| *gradient = factor * sum);
        sums[4] / self.count()
    }

    /// The loss at `parameters`.
    pub fn value(&mut self, parameters: &[f64]) -> f64 {
        let prediction = &mut self.prediction.as_flattened_mut()[..self.points];
        let x = &self.x.as_flattened()[..self.points];
        predict(self.model_type, self.function, parameters, x, prediction);
        self.squares(1.0) / self.count()
    }

    /// The sum of the squares of the residuals ŷ − y; leaves `factor` times each in `delta`.
    fn squares(&mut self, factor: f64) -> f64 {
        let (prediction, y) = (&self.prediction, &self.y);
        loops::Residuals { prediction, y, points: self.points, factor, delta: &mut self.delta }.compute()
    }

    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2⁵³")]
    fn count(&self) -> f64 {
        self.points as f64
    }

    /// The value of the one unit of a single neuron, or of a scaled input as one: φ(w x) is v φ(w x + b) + c with v = 1 and nothing
    /// added. Returns v and c, or nothing for parameters of another model.
    fn neuron(&mut self, parameters: &[f64]) -> Option<(f64, f64)> {
        // −0 is what changes no number that it is added to.
        let [w, b, v, c] = match (self.model_type, parameters) {
            (ModelType::SingleNeuron, &[w, b, v, c]) => [w, b, v, c],
            (ModelType::ScaledInput, &[w]) => [w, -0.0, 1.0, -0.0],
            _ => return None,
        };
        self.layers[0].compute(&self.x, &[w, b], self.function, &mut self.z);
        Some((v, c))
    }

    fn mlp(&mut self, parameters: &[f64], gradient: &mut [f64]) -> f64 {
        self.forward(parameters);
        let squares = self.squares(2.0 / self.count());
        self.backward(parameters, |first, deltas, inputs| {
            let (fan_in, fan_out) = (inputs.columns(), deltas.columns());
            let out = &mut gradient[first..][..(fan_in + 1) * fan_out];
            Derivatives { inputs, fan_in, deltas, fan_out, out }.compute();
        });
        squares / self.count()
    }

    /// The values of all layers, and the prediction, of an MLP.
    fn forward(&mut self, parameters: &[f64]) {
        let mut rest = parameters;
        let mut below = &self.x;
        for layer in &mut self.layers {
            rest = layer.compute(below, rest, self.function, &mut self.z);
            below = &layer.h;
        }
        affine(below, rest, &mut self.prediction);
    }

    /// Backwards through the layers of an MLP, from the derivatives by ŷ in `delta`. `each` is told of every layer: where its
    /// weights begin (its biases follow them), the derivatives by the z of its units, and what its weights multiply.
    fn backward(&mut self, parameters: &[f64], mut each: impl FnMut(usize, &Blocks, &Blocks)) {
        // Where the parameters of the layer at hand end.
        let mut end = parameters.len();
        for at in (0..=self.layers.len()).rev() {
            let (before, after) = self.layers.split_at_mut(at);
            let delta = after.first().map_or(&self.delta, |layer| &layer.slope);
            let input = before.last().map_or(&self.x, |layer| &layer.h);
            let (fan_in, fan_out) = (input.columns(), delta.columns());
            let weights = end - fan_out - fan_in * fan_out;
            each(weights, delta, input);
            let Some(below) = before.last_mut() else { break };
            let weights = &parameters[weights..][..fan_in * fan_out];
            loops::Layer {
                inputs: delta,
                fan_in: fan_out,
                weights: transpose::matrix(weights, fan_out, &mut self.room),
                biases: &[],
                scaled: true,
                outputs: &mut below.slope,
                fan_out: fan_in,
            }
            .compute();
            end -= (fan_in + 1) * fan_out;
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
        let points = self.points;
        if let ModelType::Mlp { .. } = self.model_type {
            self.forward(parameters);
            self.delta.as_flattened_mut().fill(1.0);
            self.backward(parameters, |weights, delta, input| {
                let fan_out = delta.columns();
                let columns = jacobian[weights * points..].chunks_exact_mut(points);
                for (at, column) in columns.take((input.columns() + 1) * fan_out).enumerate() {
                    let (i, o) = (at / fan_out, at % fan_out);
                    let by_output = column.iter_mut().zip(delta.column(o));
                    // The biases come after the weights, and multiply nothing.
                    if i < input.columns() {
                        by_output.zip(input.column(i)).for_each(|((by, delta), h)| *by = delta * h);
                    } else {
                        by_output.for_each(|(by, delta)| *by = delta);
                    }
                }
            });
        } else {
            let Some((v, c)) = self.neuron(parameters) else { return f64::NAN };
            let layer = &self.layers[0];
            let columns = self.x.column(0).zip(layer.h.column(0)).zip(layer.slope.column(0));
            for (at, ((x, h), slope)) in columns.take(points).enumerate() {
                let by_z = v * slope;
                let by_parameters = [by_z * x, by_z, h, 1.0];
                for (column, by) in jacobian.chunks_exact_mut(points).zip(by_parameters) {
                    column[at] = by;
                }
                self.prediction.as_flattened_mut()[at] = v * h + c;
            }
        }
        let squares = self.squares(1.0);
        residuals.copy_from_slice(&self.delta.as_flattened()[..points]);
        squares / self.count()
    }

    /// Other data in the place of those that there are, as many.
    pub(super) fn refill(&mut self, points: impl Iterator<Item = (f64, f64)> + Clone) {
        self.x.fill_with(points.clone().map(|(x, _)| x));
        self.y.fill_with(points.map(|(_, y)| y));
    }

    /// How many points there are.
    pub(super) fn points(&self) -> usize {
        self.points
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
        assert_eq!(cases.len(), 6);
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
            let mut loss = Loss::new(&model_type, &function, &numbers(&case["x"]), &numbers(&case["y"]));
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
            let (x, y) = ([-1.0, -0.2, 0.5, 1.5], [0.3, -1.0, 0.7, 0.1]);
            let mut loss = Loss::new(&model_type, &function, &x, &y);
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
