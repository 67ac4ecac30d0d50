//! The kernels of training: `cargo bench --bench train`. Times are of 200 data points.

use actfn_site::function::{Function, builtin};
use actfn_site::spec::ModelType;
use actfn_site::train::Loss;
use divan::{Bencher, black_box};

const POINTS: u32 = 200;

fn main() {
    divan::main();
}

fn inputs() -> Vec<f64> {
    (0..POINTS).map(|index| f64::from(index) * 5.0 / f64::from(POINTS - 1) - 2.5).collect()
}

fn function(id: &str) -> Function {
    let builtin = builtin(id).unwrap();
    let parameters: Vec<(String, f64)> =
        builtin.parameters.iter().map(|&(name, value)| (name.to_owned(), value)).collect();
    Function::parse(builtin.expression, &parameters).unwrap()
}

/// An activation and its derivative.
#[divan::bench(args = ["relu", "tanh", "sigmoid", "softplus", "elu", "silu", "gelu", "mish", "sine", "arctan", "erf"])]
fn activation(bencher: Bencher, id: &str) {
    let (function, x) = (function(id), inputs());
    let (mut y, mut slope) = (x.clone(), x.clone());
    bencher.bench_local(|| {
        function.values_and_derivatives(black_box(&x), &mut y, &mut slope);
        black_box(y[0] + slope[0])
    });
}

/// One epoch: the loss and its gradient.
#[divan::bench(args = ["single_neuron", "scaled_input", "mlp_4_4", "mlp_64_64"])]
fn gradient(bencher: Bencher, model: &str) {
    let model_type = match model {
        "single_neuron" => ModelType::SingleNeuron,
        "scaled_input" => ModelType::ScaledInput,
        "mlp_4_4" => ModelType::Mlp { hidden_sizes: vec![4, 4] },
        _ => ModelType::Mlp { hidden_sizes: vec![64, 64] },
    };
    let (function, x) = (function("tanh"), inputs());
    let y: Vec<f64> = x.iter().map(|x| 0.4 * x * x * x).collect();
    let count = model_type.parameter_count();
    let mut at = 0.3;
    let parameters: Vec<f64> = (0..count)
        .map(|_| {
            at = 3.8 * at * (1.0 - at);
            (at - 0.5) * 0.5
        })
        .collect();
    let mut loss = Loss::new(&model_type, &function, &x, &y);
    let mut gradient = vec![0.0; count];
    bencher.bench_local(|| loss.gradient(black_box(&parameters), &mut gradient));
}
