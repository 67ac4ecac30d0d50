//! Second derivatives, exact like the first: forward mode with a value, its derivative and its second derivative on the
//! stack (a jet of order two). Beside them goes which way every operation with a choice has chosen, which tells the pieces
//! of a function apart.

use super::elementary::{Unary, integer_power};
use super::expression::Binary;
use super::program::{LANES, Operation, Program, binary, binary_derivative, chain, clamp, times, truth};

/// Values, their first and second derivatives.
type Jet = [[f64; LANES]; 3];

/// Where the values and derivatives at many points go; all of one length.
#[derive(Debug)]
pub struct JetColumns<'c> {
    pub y: &'c mut [f64],
    pub dy: &'c mut [f64],
    pub d2y: &'c mut [f64],
    /// Equal at two points where all choices (of `if`, `max`, `abs` and their like) are.
    pub branch: &'c mut [u64],
}

impl Program {
    /// The values and both derivatives at `x`, of the length of all columns. Values and first derivatives are the same bits
    /// as those of [`Self::values_and_derivatives`].
    pub(super) fn jets(&self, x: &[f64], columns: &mut JetColumns<'_>) {
        let mut stack = vec![[[0.0; LANES]; 3]; self.depth];
        for (index, x) in x.chunks(LANES).enumerate() {
            let mut branch = [0_u64; LANES];
            let mut top = 0;
            for operation in &self.operations {
                top = jets(operation, x, &mut stack, &mut branch, top);
            }
            let range = index * LANES..index * LANES + x.len();
            columns.y[range.clone()].copy_from_slice(&stack[0][0][..x.len()]);
            columns.dy[range.clone()].copy_from_slice(&stack[0][1][..x.len()]);
            columns.d2y[range.clone()].copy_from_slice(&stack[0][2][..x.len()]);
            columns.branch[range].copy_from_slice(&branch[..x.len()]);
        }
    }
}

/// Adds one more choice to those made before (one step of the FNV hash).
fn choose(branch: &mut u64, choice: u64) {
    *branch = (*branch ^ (choice + 1)).wrapping_mul(0x0000_0100_0000_01b3).wrapping_add(1);
}

/// Applies an operation to the `top` jets on the stack; returns how many there are then.
fn jets(operation: &Operation, x: &[f64], stack: &mut [Jet], branch: &mut [u64; LANES], top: usize) -> usize {
    let lanes = x.len();
    match *operation {
        Operation::Variable => {
            stack[top][0][..lanes].copy_from_slice(x);
            stack[top][1][..lanes].fill(1.0);
            stack[top][2][..lanes].fill(0.0);
            top + 1
        }
        Operation::Constant(value) => {
            for (column, value) in stack[top].iter_mut().zip([value, 0.0, 0.0]) {
                column[..lanes].fill(value);
            }
            top + 1
        }
        Operation::Negate => map(&mut stack[top - 1], lanes, top, |a| (-a, -1.0, 0.0)),
        Operation::Not => map(&mut stack[top - 1], lanes, top, |a| (truth(a == 0.0), 0.0, 0.0)),
        Operation::Unary(function) => {
            if let Some(choice) = choice_of(function) {
                for (branch, &value) in branch.iter_mut().zip(&stack[top - 1][0][..lanes]) {
                    choose(branch, choice(value));
                }
            }
            map(&mut stack[top - 1], lanes, top, |a| {
                let (y, slope) = (function.value_and_derivative)(a);
                (y, slope, (function.second_derivative)(a, y))
            })
        }
        Operation::IntegerPower(exponent) => map(&mut stack[top - 1], lanes, top, |a| {
            let n = f64::from(exponent);
            let slope = if exponent == 0 { 0.0 } else { n * integer_power(a, exponent - 1) };
            let second = match exponent {
                0 | 1 => 0.0,
                _ => n * (n - 1.0) * integer_power(a, exponent - 2),
            };
            (integer_power(a, exponent), slope, second)
        }),
        Operation::Binary(operator) => {
            let (below, above) = stack.split_at_mut(top - 1);
            let (left, right) = (&mut below[top - 2], &above[0]);
            for (lane, branch) in branch.iter_mut().enumerate().take(lanes) {
                let (a, b) = (at(left, lane), at(right, lane));
                let value = binary(operator, a[0], b[0]);
                match operator {
                    Binary::Minimum => choose(branch, u64::from(a[0] <= b[0])),
                    Binary::Maximum => choose(branch, u64::from(a[0] >= b[0])),
                    _ if operator.is_comparison() => choose(branch, u64::from(value != 0.0)),
                    _ => {}
                }
                let slope = binary_derivative(operator, (a[0], a[1]), (b[0], b[1]));
                put(left, lane, [value, slope, binary_second(operator, a, b, slope)]);
            }
            top - 1
        }
        Operation::Clamp | Operation::If => {
            let (below, above) = stack.split_at_mut(top - 2);
            let first = &mut below[top - 3];
            for (lane, branch) in branch.iter_mut().enumerate().take(lanes) {
                let (a, b, c) = (at(first, lane), at(&above[0], lane), at(&above[1], lane));
                let (choice, jet) = match operation {
                    // At a bound the derivatives are the bound's, as in first order.
                    Operation::Clamp if a[0] <= b[0] => (0, [clamp(a[0], b[0], c[0]), b[1], b[2]]),
                    Operation::Clamp if a[0] >= c[0] => (2, [clamp(a[0], b[0], c[0]), c[1], c[2]]),
                    Operation::Clamp => (1, a),
                    _ if a[0] == 0.0 => (0, c),
                    _ => (1, b),
                };
                choose(branch, choice);
                put(first, lane, jet);
            }
            top - 2
        }
    }
}

fn at(jet: &Jet, lane: usize) -> [f64; 3] {
    [jet[0][lane], jet[1][lane], jet[2][lane]]
}

fn put(jet: &mut Jet, lane: usize, numbers: [f64; 3]) {
    for (column, number) in jet.iter_mut().zip(numbers) {
        column[lane] = number;
    }
}

/// Applies a function that gives its value and both derivatives: (f ∘ u)″ = f′(u) u″ + f″(u) u′².
fn map(jet: &mut Jet, lanes: usize, top: usize, function: impl Fn(f64) -> (f64, f64, f64)) -> usize {
    for lane in 0..lanes {
        let [u, du, d2u] = at(jet, lane);
        let (y, slope, second) = function(u);
        put(jet, lane, [y, chain(slope, du), chain(slope, d2u) + chain(chain(second, du), du)]);
    }
    top
}

/// The second derivative of an operator's value, from the operands' jets and the first derivative.
fn binary_second(operator: Binary, a: [f64; 3], b: [f64; 3], slope: f64) -> f64 {
    match operator {
        Binary::Add => a[2] + b[2],
        Binary::Subtract => a[2] - b[2],
        Binary::Multiply => times(b[0], a[2]) + 2.0 * chain(a[1], b[1]) + times(a[0], b[2]),
        // Of q b = a, twice: q″ b + 2 q′ b′ + q b″ = a″.
        Binary::Divide => {
            chain(1.0 / b[0], a[2]) - 2.0 * chain(slope / b[0], b[1]) - chain(a[0] / b[0] / b[0], b[2])
        }
        Binary::Power => power_second(a, b),
        Binary::Minimum if a[0] <= b[0] => a[2],
        Binary::Maximum if a[0] >= b[0] => a[2],
        Binary::Minimum | Binary::Maximum => b[2],
        _ => 0.0,
    }
}

/// The second derivative of uᵛ: v uᵛ⁻¹ u″ + v (v − 1) uᵛ⁻² u′² for the base, uᵛ ln u v″ + uᵛ ln² u v′² for the exponent, and
/// 2 uᵛ⁻¹ (1 + v ln u) u′ v′ for both.
fn power_second([u, du, d2u]: [f64; 3], [v, dv, d2v]: [f64; 3]) -> f64 {
    let mut sum = 0.0;
    if d2u != 0.0 {
        sum += times(v * libm::pow(u, v - 1.0), d2u);
    }
    if du != 0.0 {
        sum += chain(chain(v * (v - 1.0) * libm::pow(u, v - 2.0), du), du);
    }
    if dv != 0.0 || d2v != 0.0 {
        let (power, log) = (libm::pow(u, v), libm::log(u));
        sum += times(power * log, d2v) + chain(chain(power * log * log, dv), dv);
        if du != 0.0 {
            sum += 2.0 * chain(chain(libm::pow(u, v - 1.0) * (1.0 + v * log), du), dv);
        }
    }
    sum
}

/// How a function with pieces tells which of them its argument is in.
fn choice_of(function: &Unary) -> Option<fn(f64) -> u64> {
    Some(match function.name {
        "abs" | "sign" | "step" | "relu" => |x| u64::from(x > 0.0),
        "floor" => |x| x.floor().to_bits(),
        "ceil" => |x| x.ceil().to_bits(),
        "round" => |x| x.round().to_bits(),
        _ => return None,
    })
}
