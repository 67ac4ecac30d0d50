//! Gradients against an independent reference, and laws that hold whatever the numbers are: tests only.

use proptest::prelude::*;

use super::model::Loss;
use crate::function::{Builtin, Function, builtins};
use crate::spec::ModelType;

/// Written by `tests/fixtures/gradients.py` with mpmath.
const REFERENCE: &str = include_str!("../../tests/fixtures/gradients.csv");
const X: [f64; 5] = [-2.3, -1.1, -0.4, 0.7, 1.6];
const Y: [f64; 5] = [1.7, -0.6, 0.2, 0.9, -1.3];

fn model_type(name: &str) -> ModelType {
    let sizes = name.split(' ').skip(1).map(|size| size.parse().unwrap()).collect();
    match name.split(' ').next().unwrap() {
        "single_neuron" => ModelType::SingleNeuron,
        "scaled_input" => ModelType::ScaledInput,
        _ => ModelType::Mlp { hidden_sizes: sizes },
    }
}

fn function(builtin: &Builtin) -> Function {
    let parameters: Vec<(String, f64)> =
        builtin.parameters.iter().map(|&(name, value)| (name.to_owned(), value)).collect();
    Function::parse(builtin.expression, &parameters).unwrap()
}

fn numbers(text: &str) -> Vec<f64> {
    text.split(' ').map(|number| number.parse().unwrap()).collect()
}

/// The loss and the gradient on some points.
fn gradient(
    model_type: &ModelType,
    function: &Function,
    (x, y): (&[f64], &[f64]),
    parameters: &[f64],
) -> (f64, Vec<f64>) {
    let mut loss = Loss::new(model_type, function, x, y);
    let mut gradient = vec![0.0; parameters.len()];
    let value = loss.gradient(parameters, &mut gradient);
    (value, gradient)
}

/// Whether two numbers are equal but for rounding, as shares of `size`.
fn is_close(found: f64, expected: f64, size: f64) -> bool {
    (found - expected).abs() <= 1e-11 * (1.0 + expected.abs() + size)
}

#[test]
fn gradients_of_every_activation_in_every_model_are_those_of_mpmath() {
    let mut met = 0;
    for line in REFERENCE.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let [activation, model, parameters, loss, slopes] = cells[..] else { panic!("{line}") };
        let builtin = builtins().iter().find(|builtin| builtin.id == activation).unwrap();
        let (model_type, function) = (model_type(model), function(builtin));
        let (parameters, expected) = (numbers(parameters), numbers(slopes));
        assert_eq!(parameters.len(), model_type.parameter_count());
        let (value, found) = gradient(&model_type, &function, (&X, &Y), &parameters);
        assert!(is_close(value, loss.parse().unwrap(), 0.0), "{activation} {model}: {value} {loss}");
        for (found, expected) in found.iter().zip(&expected) {
            assert!(is_close(*found, *expected, 0.0), "{activation} {model}: {found} {expected}");
        }
        // Levenberg–Marquardt's way: 2 Jᵀ r / n is the gradient too.
        let mut loss = Loss::new(&model_type, &function, &X, &Y);
        let (mut residuals, mut jacobian) = (vec![0.0; 5], vec![0.0; 5 * parameters.len()]);
        assert!(is_close(loss.jacobian(&parameters, &mut residuals, &mut jacobian), value, 0.0));
        for (column, expected) in jacobian.chunks(5).zip(&expected) {
            let product: f64 = column.iter().zip(&residuals).map(|(by, residual)| by * residual).sum();
            assert!(
                is_close(2.0 * product / 5.0, *expected, 0.0),
                "{activation} {model}: {product} {expected}"
            );
        }
        met += 1;
    }
    let models = ["single_neuron", "scaled_input", "mlp 3", "mlp 2 2"];
    assert_eq!(met, models.len() * builtins().len(), "every activation, in every model");
}

/// Points, parameters and an activation of whatever kind.
fn situation() -> impl Strategy<Value = (usize, Vec<f64>, Vec<f64>, Vec<f64>)> {
    let number = || -2.0_f64..2.0;
    (2_usize..9).prop_flat_map(move |points| {
        (
            0..builtins().len(),
            prop::collection::vec(number(), points),
            prop::collection::vec(number(), points),
            prop::collection::vec(number(), 17),
        )
    })
}

fn single_neuron(builtin: usize, (x, y): (&[f64], &[f64]), parameters: &[f64]) -> (f64, Vec<f64>) {
    gradient(&ModelType::SingleNeuron, &function(&builtins()[builtin]), (x, y), parameters)
}

/// Two losses with their gradients, of which the second is the first times a factor for each number.
#[track_caller]
fn assert_alike(one: &(f64, Vec<f64>), other: &(f64, Vec<f64>), loss: f64, factors: &[f64]) {
    let size = one.1.iter().fold(one.0.abs(), |size, slope| size.max(slope.abs()));
    let pairs = one.1.iter().zip(&other.1).zip(factors).map(|((one, other), factor)| (one, other, *factor));
    for (one, other, factor) in pairs.chain([(&one.0, &other.0, loss)]) {
        let error = (one * factor - other).abs();
        assert!(error <= 1e-11 * factor.abs().max(1.0) * (1.0 + size), "{one} · {factor} is not {other}");
    }
}

proptest! {
    #[test]
    fn the_order_of_the_points_does_not_matter((builtin, x, y, parameters) in situation(), turn in 0_usize..8) {
        let sizes = ModelType::Mlp { hidden_sizes: vec![2, 2] };
        for (model_type, count) in [(ModelType::SingleNeuron, 4), (ModelType::ScaledInput, 1), (sizes, 13)] {
            let of = |x: &[f64], y: &[f64]| {
                gradient(&model_type, &function(&builtins()[builtin]), (x, y), &parameters[..count])
            };
            let turned = |values: &[f64]| {
                let mut values = values.to_vec();
                let by = turn % values.len();
                values.rotate_left(by);
                values.reverse();
                values
            };
            let plain = of(&x, &y);
            assert_alike(&plain, &of(&turned(&x), &turned(&y)), 1.0, &vec![1.0; count]);
            // And what stands twice counts as what stands once.
            assert_alike(&plain, &of(&[&*x, &x].concat(), &[&*y, &y].concat()), 1.0, &vec![1.0; count]);
        }
    }

    #[test]
    fn mirrored_points_are_met_by_a_mirrored_weight((builtin, x, y, parameters) in situation()) {
        let [w, b, v, c] = parameters[..4] else { unreachable!("there are 17") };
        let mirrored: Vec<f64> = x.iter().map(|x| -x).collect();
        let plain = single_neuron(builtin, (&x, &y), &[w, b, v, c]);
        let other = single_neuron(builtin, (&mirrored, &y), &[-w, b, v, c]);
        assert_alike(&plain, &other, 1.0, &[-1.0, 1.0, 1.0, 1.0]);
    }

    #[test]
    fn odd_and_even_activations_forgive_a_sign((_, x, y, parameters) in situation()) {
        let [w, b, v, c] = parameters[..4] else { unreachable!("there are 17") };
        let (mut odd, mut even) = (0, 0);
        for (index, builtin) in builtins().iter().enumerate() {
            let sign = match builtin.id {
                "tanh" | "sine" | "identity" | "softsign" | "arctan" | "erf" | "isru" | "hardtanh" | "tanhshrink"
                | "softshrink" | "hardshrink" | "lecun_tanh" | "gcu" => { odd += 1; -1.0 }
                "gaussian" | "absolute" | "lisht" => { even += 1; 1.0 }
                _ => continue,
            };
            let plain = single_neuron(index, (&x, &y), &[w, b, v, c]);
            let other = single_neuron(index, (&x, &y), &[-w, -b, sign * v, c]);
            assert_alike(&plain, &other, 1.0, &[-1.0, -1.0, sign, 1.0]);
        }
        prop_assert_eq!((odd, even), (13, 3));
    }

    #[test]
    fn scaled_and_shifted_targets_are_met_by_the_output((builtin, x, y, parameters) in situation(), scale in 0.1_f64..9.0, shift in -5.0_f64..5.0) {
        let [w, b, v, c] = parameters[..4] else { unreachable!("there are 17") };
        let plain = single_neuron(builtin, (&x, &y), &[w, b, v, c]);
        let scaled: Vec<f64> = y.iter().map(|y| scale * y).collect();
        let other = single_neuron(builtin, (&x, &scaled), &[w, b, scale * v, scale * c]);
        assert_alike(&plain, &other, scale * scale, &[scale * scale, scale * scale, scale, scale]);
        let shifted: Vec<f64> = y.iter().map(|y| y + shift).collect();
        let other = single_neuron(builtin, (&x, &shifted), &[w, b, v, c + shift]);
        assert_alike(&plain, &other, 1.0, &[1.0; 4]);
    }

    #[test]
    fn shifted_inputs_are_met_by_the_bias((_, x, y, parameters) in situation(), shift in -3.0_f64..3.0) {
        let [w, b, v, c] = parameters[..4] else { unreachable!("there are 17") };
        let moved: Vec<f64> = x.iter().map(|x| x + shift).collect();
        // A kink between the two roundings would tell them apart; these have none.
        for (index, _) in builtins().iter().enumerate().filter(|(_, it)| ["tanh", "sine", "gaussian", "silu", "erf"].contains(&it.id)) {
            let (loss, slopes) = single_neuron(index, (&x, &y), &[w, b, v, c]);
            let (other, moved_slopes) = single_neuron(index, (&moved, &y), &[w, b - w * shift, v, c]);
            // ∂/∂w of the moved one takes the bias along: Σ δ (x + s) = Σ δ x + s Σ δ.
            let expected = vec![slopes[0] + shift * slopes[1], slopes[1], slopes[2], slopes[3]];
            assert_alike(&(loss, expected), &(other, moved_slopes), 1.0, &[1.0; 4]);
        }
    }

    #[test]
    fn hidden_units_can_change_places((builtin, x, y, parameters) in situation()) {
        let model_type = ModelType::Mlp { hidden_sizes: vec![2, 2] };
        let function = function(&builtins()[builtin]);
        // W1 (1 × 2), b1, W2 (2 × 2), b2, Wo (2 × 1), bo: both layers with their units exchanged.
        let places = [1, 0, 3, 2, 7, 6, 5, 4, 9, 8, 11, 10, 12];
        let exchanged = |values: &[f64]| places.map(|place| values[place]).to_vec();
        let plain = gradient(&model_type, &function, (&x, &y), &parameters[..13]);
        let other = gradient(&model_type, &function, (&x, &y), &exchanged(&parameters[..13]));
        assert_alike(&(plain.0, exchanged(&plain.1)), &other, 1.0, &[1.0; 13]);
    }
}
