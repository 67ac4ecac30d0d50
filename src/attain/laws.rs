//! What must hold of attainable losses whatever they are: a certificate of one problem and what is reached in another that is
//! the same but for its units can never contradict each other. Tests only.

use proptest::prelude::*;

use super::{Form, attain};
use crate::function::Function;
use crate::spec::AttainableSearch;

/// The bounds of the least loss of a single neuron, or of a scaled input, over w and b within ±4.
fn bounds(form: Form, activation: &str, x: &[f64], y: &[f64]) -> (f64, f64) {
    let search = AttainableSearch { w: (-4.0, 4.0), b: (-4.0, 4.0), gap: 1e-2, budget: 1500 };
    let function = Function::parse(activation, &[]).unwrap();
    let found = attain(form, &function, x, y, &search);
    assert!(found.lower <= found.upper);
    (found.lower, found.upper)
}

/// That two pairs of bounds can be those of one number.
fn assert_agree(what: &str, (lower, upper): (f64, f64), factor: f64, other: (f64, f64)) {
    let slack = 1e-9 * (upper * factor + other.1) + 1e-12;
    assert!(
        lower * factor <= other.1 + slack,
        "{what}: {lower} · {factor} is certified, and {} reached",
        other.1
    );
    assert!(
        other.0 <= upper * factor + slack,
        "{what}: {} is certified, and {upper} · {factor} reached",
        other.0
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn units_do_not_matter(
        steps in prop::collection::vec(0.05_f64..0.6, 9),
        y in prop::collection::vec(-2.0_f64..2.0, 9),
        scale in 0.2_f64..5.0,
        shift in -3.0_f64..3.0,
    ) {
        let x: Vec<f64> = steps.iter().scan(-1.5, |x, step| { *x += step; Some(*x) }).collect();
        let each = |values: &[f64], change: &dyn Fn(f64) -> f64| values.iter().map(|&value| change(value)).collect::<Vec<_>>();
        let mirrored = |values: &[f64]| values.iter().rev().copied().collect::<Vec<_>>();
        for activation in ["tanh(x)", "relu(x)", "exp(-x^2 / 2)", "if(x > 0, x, 0.1 * x)", "abs(x)"] {
            let plain = bounds(Form::SingleNeuron, activation, &x, &y);
            let of = |x: &[f64], y: &[f64]| bounds(Form::SingleNeuron, activation, x, y);
            assert_agree("scaled", plain, scale * scale, of(&x, &each(&y, &|y| scale * y)));
            assert_agree("shifted", plain, 1.0, of(&x, &each(&y, &|y| y + shift)));
            assert_agree("turned over", plain, 1.0, of(&x, &each(&y, &|y| -y)));
            let back = each(&mirrored(&x), &|x| -x);
            assert_agree("mirrored", plain, 1.0, of(&back, &mirrored(&y)));
            let input = bounds(Form::ScaledInput, activation, &x, &y);
            assert_agree("mirrored input", input, 1.0, bounds(Form::ScaledInput, activation, &back, &mirrored(&y)));
            // A scaled input is a single neuron with b = 0, v = 1, c = 0, and so never better.
            prop_assert!(plain.0 <= input.1 * (1.0 + 1e-9));
        }
    }
}
