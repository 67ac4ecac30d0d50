//! The hidden units of a model: what they see of the data, what they make of it, and how steep they are there.

use super::blocks::Blocks;
use super::model::affine;
use crate::function::Function;
use crate::spec::ModelType;

/// One unit at every point of some data; its three columns are as long as the data.
#[derive(Debug, Clone, PartialEq)]
pub struct Unit {
    /// The input of φ.
    pub z: Vec<f64>,
    /// φ(z).
    pub output: Vec<f64>,
    /// φ′(z).
    pub slope: Vec<f64>,
}

/// The units of every hidden layer, first to last, for one vector of parameters (in the order of [`ModelType::tensors`]). A
/// single neuron and a scaled input have one layer of one unit. None for parameters of another model.
pub fn hidden_units(
    model_type: &ModelType,
    function: &Function,
    parameters: &[f64],
    x: &[f64],
) -> Vec<Vec<Unit>> {
    if parameters.len() != model_type.parameter_count() {
        return Vec::new();
    }
    let unit = |z: Vec<f64>| {
        let (mut output, mut slope) = (vec![0.0; z.len()], vec![0.0; z.len()]);
        function.values_and_derivatives(&z, &mut output, &mut slope);
        Unit { z, output, slope }
    };
    match (model_type, parameters) {
        (ModelType::SingleNeuron, &[w, b, ..]) => {
            vec![vec![unit(x.iter().map(|x| w * x + b).collect())]]
        }
        (ModelType::ScaledInput, &[w]) => vec![vec![unit(x.iter().map(|x| w * x).collect())]],
        (ModelType::Mlp { hidden_sizes }, mut rest) => {
            let mut layers: Vec<Vec<Unit>> = Vec::new();
            let mut below = Blocks::of(x);
            for &units in hidden_sizes {
                let [mut z, mut h, mut slope] = [0; 3].map(|_| Blocks::zeros(units, x.len()));
                rest = affine(&below, rest, &mut z);
                let values = (h.as_flattened_mut(), slope.as_flattened_mut());
                function.values_and_derivatives(z.as_flattened(), values.0, values.1);
                let own = |at: usize| {
                    let column = |blocks: &Blocks| blocks.column(at).take(x.len()).collect();
                    Unit { z: column(&z), output: column(&h), slope: column(&slope) }
                };
                layers.push((0..units).map(own).collect());
                below = h;
            }
            layers
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_those_of_the_model() {
        let relu = Function::parse("max(0, x)", &[]).unwrap();
        let of = |model_type: ModelType, parameters: &[f64]| {
            hidden_units(&model_type, &relu, parameters, &[-1.0, 2.0])
        };
        let neuron = of(ModelType::SingleNeuron, &[2.0, 1.0, 5.0, 7.0]);
        assert_eq!(neuron, [[Unit { z: vec![-1.0, 5.0], output: vec![0.0, 5.0], slope: vec![0.0, 1.0] }]]);
        assert_eq!(of(ModelType::ScaledInput, &[3.0])[0][0].z, [-3.0, 6.0]);
        // Two units, then one: W1 = (1, −2), b1 = (0, 1), W2 = (3, 1), b2 = −4.
        let mlp =
            of(ModelType::Mlp { hidden_sizes: vec![2, 1] }, &[1.0, -2.0, 0.0, 1.0, 3.0, 1.0, -4.0, 9.0, 9.0]);
        assert_eq!(mlp[0][0].output, [0.0, 2.0]);
        assert_eq!(mlp[0][1].output, [3.0, 0.0]);
        assert_eq!(mlp[1][0].z, [-1.0, 2.0]);
        assert!(of(ModelType::ScaledInput, &[]).is_empty());
    }
}
