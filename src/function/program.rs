//! Expressions compiled to operations on columns of numbers, with their exact derivatives by the chain rule (forward mode).

use super::elementary::{Column, Unary, integer_power};
use super::expression::{Binary, Expression};

/// How many numbers are computed at once: few enough for all columns to stay in the nearest cache.
pub(super) const LANES: usize = 64;
/// Whole powers up to this are repeated products, which is faster and exact where the result is.
const MAX_INTEGER_POWER: f64 = 64.0;

/// A stack program: each operation takes its operands from the top and leaves its result there.
#[derive(Debug, Clone)]
pub(super) struct Program {
    pub(super) operations: Vec<Operation>,
    /// The most columns that are on the stack at once.
    pub(super) depth: usize,
}

/// One step of a program.
#[derive(Debug, Clone, Copy)]
pub(super) enum Operation {
    Variable,
    Constant(f64),
    Negate,
    Not,
    Unary(&'static Unary),
    IntegerPower(i32),
    Binary(Binary),
    Clamp,
    If,
}

impl Program {
    pub(super) fn compile(expression: &Expression) -> Self {
        let mut program = Self { operations: Vec::new(), depth: 0 };
        program.push(expression, 0);
        program
    }

    /// Appends the operations that leave the expression's column above `below` others.
    fn push(&mut self, expression: &Expression, below: usize) {
        if let Some(value) = constant(expression) {
            self.operations.push(Operation::Constant(value));
            self.depth = self.depth.max(below + 1);
            return;
        }
        let operation = match expression {
            Expression::Number(value) | Expression::Named(_, value) => Operation::Constant(*value),
            Expression::Variable => Operation::Variable,
            Expression::Negate(inner) => {
                self.push(inner, below);
                Operation::Negate
            }
            Expression::Not(inner) => {
                self.push(inner, below);
                Operation::Not
            }
            Expression::Unary(call, inner) => {
                self.push(inner, below);
                Operation::Unary(call.0)
            }
            Expression::Binary(operator, left, right) => {
                self.push(left, below);
                match constant(right).and_then(whole_exponent) {
                    Some(exponent) if *operator == Binary::Power => Operation::IntegerPower(exponent),
                    _ => {
                        self.push(right, below + 1);
                        Operation::Binary(*operator)
                    }
                }
            }
            Expression::Clamp(arguments) => {
                self.push_all(arguments, below);
                Operation::Clamp
            }
            Expression::If(arguments) => {
                self.push_all(arguments, below);
                Operation::If
            }
        };
        self.operations.push(operation);
        self.depth = self.depth.max(below + 1);
    }

    fn push_all(&mut self, arguments: &[Expression; 3], below: usize) {
        for (index, argument) in arguments.iter().enumerate() {
            self.push(argument, below + index);
        }
    }

    /// The values at `x`; both slices have the same length.
    pub(super) fn values(&self, x: &[f64], y: &mut [f64]) {
        let mut stack = NUMBERS.take();
        if stack.len() < self.depth {
            stack.resize(self.depth, [0.0; LANES]);
        }
        for (x, y) in x.chunks(LANES).zip(y.chunks_mut(LANES)) {
            let mut top = 0;
            for operation in &self.operations {
                top = operation.values(x, &mut stack, top);
            }
            y.copy_from_slice(&stack[0][..x.len()]);
        }
        NUMBERS.set(stack);
    }

    /// The values and derivatives at `x`; all slices have the same length.
    pub(super) fn values_and_derivatives(&self, x: &[f64], y: &mut [f64], dy: &mut [f64]) {
        if let [Operation::Variable, Operation::Unary(function)] = &*self.operations {
            return (function.column)(Column::Variable { x, values: y, slopes: dy });
        }
        let mut stack = DUALS.take();
        if stack.len() < self.depth {
            stack.resize(self.depth, ([0.0; LANES], [0.0; LANES]));
        }
        for ((x, y), dy) in x.chunks(LANES).zip(y.chunks_mut(LANES)).zip(dy.chunks_mut(LANES)) {
            let mut top = 0;
            for operation in &self.operations {
                top = operation.duals(x, &mut stack, top);
            }
            y.copy_from_slice(&stack[0].0[..x.len()]);
            dy.copy_from_slice(&stack[0].1[..x.len()]);
        }
        DUALS.set(stack);
    }

    /// One text for all spellings that compile to the same operations.
    pub(super) fn canonical(&self) -> String {
        let words: Vec<String> = self.operations.iter().map(Operation::word).collect();
        words.join(" ")
    }
}

/// The value of an expression without the variable.
fn constant(expression: &Expression) -> Option<f64> {
    match expression {
        Expression::Number(value) | Expression::Named(_, value) => Some(*value),
        Expression::Variable => None,
        Expression::Negate(inner) => Some(-constant(inner)?),
        Expression::Not(inner) => Some(truth(constant(inner)? == 0.0)),
        Expression::Unary(call, inner) => Some((call.0.value)(constant(inner)?)),
        Expression::Binary(operator, left, right) => {
            let (left, right) = (constant(left)?, constant(right)?);
            Some(match whole_exponent(right) {
                Some(exponent) if *operator == Binary::Power => integer_power(left, exponent),
                _ => binary(*operator, left, right),
            })
        }
        Expression::Clamp(arguments) => {
            let [x, low, high] = &**arguments;
            Some(clamp(constant(x)?, constant(low)?, constant(high)?))
        }
        Expression::If(arguments) => {
            let [condition, then, otherwise] = &**arguments;
            let (then, otherwise) = (constant(then)?, constant(otherwise)?);
            Some(if constant(condition)? == 0.0 { otherwise } else { then })
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "checked to be a small whole number")]
fn whole_exponent(value: f64) -> Option<i32> {
    (value.abs() <= MAX_INTEGER_POWER && value.fract() == 0.0).then_some(value as i32)
}

pub(super) fn truth(holds: bool) -> f64 {
    f64::from(u8::from(holds))
}

pub(super) fn clamp(x: f64, low: f64, high: f64) -> f64 {
    if x < low {
        low
    } else if x > high {
        high
    } else {
        x
    }
}

#[expect(clippy::float_cmp, reason = "`==` of the language compares as it says")]
#[inline]
pub(super) fn binary(operator: Binary, left: f64, right: f64) -> f64 {
    match operator {
        Binary::Or => truth(left != 0.0 || right != 0.0),
        Binary::And => truth(left != 0.0 && right != 0.0),
        Binary::Less => truth(left < right),
        Binary::LessEqual => truth(left <= right),
        Binary::Greater => truth(left > right),
        Binary::GreaterEqual => truth(left >= right),
        Binary::Equal => truth(left == right),
        Binary::NotEqual => truth(left != right),
        Binary::Add => left + right,
        Binary::Subtract => left - right,
        Binary::Multiply => left * right,
        Binary::Divide => left / right,
        Binary::Power => libm::pow(left, right),
        Binary::Minimum => {
            if left <= right {
                left
            } else {
                right
            }
        }
        Binary::Maximum => {
            if left >= right {
                left
            } else {
                right
            }
        }
    }
}

/// A factor times a derivative. Where the derivative is 0 the product is, even if the factor has overflowed: the limit, not
/// the NaN of 0·∞.
#[inline(always)]
pub(super) fn times(factor: f64, derivative: f64) -> f64 {
    if derivative == 0.0 { 0.0 } else { factor * derivative }
}

/// A function's derivative times that of its argument.
#[inline(always)]
pub(super) fn chain(outer: f64, inner: f64) -> f64 {
    if outer == 0.0 { 0.0 } else { times(outer, inner) }
}

/// The derivative of an operator's value by x, from the operands and theirs.
#[inline]
pub(super) fn binary_derivative(operator: Binary, (a, da): (f64, f64), (b, db): (f64, f64)) -> f64 {
    match operator {
        Binary::Add => da + db,
        Binary::Subtract => da - db,
        Binary::Multiply => times(b, da) + times(a, db),
        Binary::Divide => times(1.0 / b, da) - times(a / b / b, db),
        Binary::Power => {
            let by_base = if da == 0.0 { 0.0 } else { times(b * libm::pow(a, b - 1.0), da) };
            let by_exponent = if db == 0.0 { 0.0 } else { times(libm::pow(a, b) * libm::log(a), db) };
            by_base + by_exponent
        }
        Binary::Minimum => {
            if a <= b {
                da
            } else {
                db
            }
        }
        Binary::Maximum => {
            if a >= b {
                da
            } else {
                db
            }
        }
        _ => 0.0,
    }
}

type Numbers = [f64; LANES];
type Dual = (Numbers, Numbers);

thread_local! {
    /// The stacks of [`Program::values`] and [`Program::values_and_derivatives`], which training asks for every epoch. What they
    /// hold is written before it is read.
    static NUMBERS: std::cell::Cell<Vec<Numbers>> = const { std::cell::Cell::new(Vec::new()) };
    static DUALS: std::cell::Cell<Vec<Dual>> = const { std::cell::Cell::new(Vec::new()) };
}

impl Operation {
    /// Applies the operation to the `top` columns on the stack; returns how many there are then.
    fn values(&self, x: &[f64], stack: &mut [Numbers], top: usize) -> usize {
        let lanes = x.len();
        match *self {
            Self::Variable => {
                stack[top][..lanes].copy_from_slice(x);
                top + 1
            }
            Self::Constant(value) => {
                stack[top][..lanes].fill(value);
                top + 1
            }
            Self::Negate => map(&mut stack[top - 1][..lanes], top, |a| -a),
            Self::Not => map(&mut stack[top - 1][..lanes], top, |a| truth(a == 0.0)),
            Self::Unary(function) => {
                (function.column)(Column::Values(&mut stack[top - 1][..lanes]));
                top
            }
            Self::IntegerPower(2) => map(&mut stack[top - 1][..lanes], top, |a| a * a),
            Self::IntegerPower(exponent) => {
                map(&mut stack[top - 1][..lanes], top, |a| integer_power(a, exponent))
            }
            Self::Binary(operator) => {
                let (below, above) = stack.split_at_mut(top - 1);
                let (left, right) = (&mut below[top - 2][..lanes], &above[0][..lanes]);
                // The common operators get loops of their own, which the compiler can vectorise.
                match operator {
                    Binary::Add => zip(left, right, |a, b| a + b),
                    Binary::Subtract => zip(left, right, |a, b| a - b),
                    Binary::Multiply => zip(left, right, |a, b| a * b),
                    Binary::Divide => zip(left, right, |a, b| a / b),
                    Binary::Minimum => zip(left, right, |a, b| binary(Binary::Minimum, a, b)),
                    Binary::Maximum => zip(left, right, |a, b| binary(Binary::Maximum, a, b)),
                    Binary::Less => zip(left, right, |a, b| binary(Binary::Less, a, b)),
                    Binary::Greater => zip(left, right, |a, b| binary(Binary::Greater, a, b)),
                    Binary::GreaterEqual => zip(left, right, |a, b| binary(Binary::GreaterEqual, a, b)),
                    _ => zip(left, right, |a, b| binary(operator, a, b)),
                }
                top - 1
            }
            Self::Clamp | Self::If => {
                let (below, above) = stack.split_at_mut(top - 2);
                let first = &mut below[top - 3];
                for lane in 0..lanes {
                    let (b, c) = (above[0][lane], above[1][lane]);
                    let a = first[lane];
                    first[lane] = match self {
                        Self::Clamp => clamp(a, b, c),
                        _ if a == 0.0 => c,
                        _ => b,
                    };
                }
                top - 2
            }
        }
    }

    /// As [`Self::values`], with the derivatives beside the values.
    fn duals(&self, x: &[f64], stack: &mut [Dual], top: usize) -> usize {
        let lanes = x.len();
        match *self {
            Self::Variable => {
                stack[top].0[..lanes].copy_from_slice(x);
                stack[top].1[..lanes].fill(1.0);
                top + 1
            }
            Self::Constant(value) => {
                stack[top].0[..lanes].fill(value);
                stack[top].1[..lanes].fill(0.0);
                top + 1
            }
            Self::Negate => map_dual(&mut stack[top - 1], lanes, top, |a| (-a, -1.0)),
            Self::Not => map_dual(&mut stack[top - 1], lanes, top, |a| (truth(a == 0.0), 0.0)),
            Self::Unary(function) => {
                let (values, slopes) = &mut stack[top - 1];
                (function.column)(Column::Duals(&mut values[..lanes], &mut slopes[..lanes]));
                top
            }
            Self::IntegerPower(2) => map_dual(&mut stack[top - 1], lanes, top, |a| (a * a, 2.0 * a)),
            Self::IntegerPower(3) => {
                map_dual(&mut stack[top - 1], lanes, top, |a| (a * (a * a), 3.0 * (a * a)))
            }
            Self::IntegerPower(exponent) => map_dual(&mut stack[top - 1], lanes, top, |a| {
                let slope = match exponent {
                    0 => 0.0,
                    _ => f64::from(exponent) * integer_power(a, exponent - 1),
                };
                (integer_power(a, exponent), slope)
            }),
            Self::Binary(operator) => {
                let (below, above) = stack.split_at_mut(top - 1);
                let (left, right) = (&mut below[top - 2], &above[0]);
                // The common operators get loops of their own here as well.
                match operator {
                    Binary::Add => zip_dual(left, right, lanes, |a, b| dual(Binary::Add, a, b)),
                    Binary::Subtract => zip_dual(left, right, lanes, |a, b| dual(Binary::Subtract, a, b)),
                    Binary::Multiply => zip_dual(left, right, lanes, |a, b| dual(Binary::Multiply, a, b)),
                    Binary::Divide => zip_dual(left, right, lanes, |a, b| dual(Binary::Divide, a, b)),
                    Binary::Minimum => zip_dual(left, right, lanes, |a, b| dual(Binary::Minimum, a, b)),
                    Binary::Maximum => zip_dual(left, right, lanes, |a, b| dual(Binary::Maximum, a, b)),
                    Binary::Less => zip_dual(left, right, lanes, |a, b| dual(Binary::Less, a, b)),
                    Binary::Greater => zip_dual(left, right, lanes, |a, b| dual(Binary::Greater, a, b)),
                    Binary::GreaterEqual => {
                        zip_dual(left, right, lanes, |a, b| dual(Binary::GreaterEqual, a, b))
                    }
                    _ => zip_dual(left, right, lanes, |a, b| dual(operator, a, b)),
                }
                top - 1
            }
            Self::Clamp => choose(stack, lanes, top, |(a, da), (b, db), (c, dc)| {
                // At a bound the derivative is the bound's, that of the flat side.
                if a < b || (a == b && a <= c) {
                    (clamp(a, b, c), db)
                } else if a >= c {
                    (clamp(a, b, c), dc)
                } else {
                    (a, da)
                }
            }),
            Self::If => {
                choose(stack, lanes, top, |(a, _), then, otherwise| if a == 0.0 { otherwise } else { then })
            }
        }
    }

    fn word(&self) -> String {
        match self {
            Self::Variable => "x".into(),
            // The shortest decimal that reads back as the same number.
            Self::Constant(value) => format!("{value:?}"),
            Self::Negate => "negate".into(),
            Self::Not => "not".into(),
            Self::Unary(function) => function.name.replace("ln", "log"),
            Self::IntegerPower(exponent) => format!("power:{exponent}"),
            Self::Binary(operator) => format!("{operator:?}").to_lowercase(),
            Self::Clamp => "clamp".into(),
            Self::If => "if".into(),
        }
    }
}

fn map(column: &mut [f64], top: usize, function: impl Fn(f64) -> f64) -> usize {
    for value in column {
        *value = function(*value);
    }
    top
}

fn zip(left: &mut [f64], right: &[f64], function: impl Fn(f64, f64) -> f64) {
    for (a, b) in left.iter_mut().zip(right) {
        *a = function(*a, *b);
    }
}

fn zip_dual(
    (left, dleft): &mut Dual,
    (right, dright): &Dual,
    lanes: usize,
    function: impl Fn((f64, f64), (f64, f64)) -> (f64, f64),
) {
    let left = left[..lanes].iter_mut().zip(&mut dleft[..lanes]);
    let right = right[..lanes].iter().zip(&dright[..lanes]);
    for ((a, da), (b, db)) in left.zip(right) {
        (*a, *da) = function((*a, *da), (*b, *db));
    }
}

/// Three columns become one.
fn choose(
    stack: &mut [Dual],
    lanes: usize,
    top: usize,
    function: impl Fn((f64, f64), (f64, f64), (f64, f64)) -> (f64, f64),
) -> usize {
    let (below, above) = stack.split_at_mut(top - 2);
    let [second, third, ..] = above else { return top };
    let (values, slopes) = &mut below[top - 3];
    let first = values[..lanes].iter_mut().zip(&mut slopes[..lanes]);
    let second = second.0[..lanes].iter().zip(&second.1[..lanes]);
    let third = third.0[..lanes].iter().zip(&third.1[..lanes]);
    for (((a, da), (b, db)), (c, dc)) in first.zip(second).zip(third) {
        (*a, *da) = function((*a, *da), (*b, *db), (*c, *dc));
    }
    top - 2
}

#[inline]
fn dual(operator: Binary, a: (f64, f64), b: (f64, f64)) -> (f64, f64) {
    (binary(operator, a.0, b.0), binary_derivative(operator, a, b))
}

/// Applies a function that gives its value and its derivative.
fn map_dual(column: &mut Dual, lanes: usize, top: usize, function: impl Fn(f64) -> (f64, f64)) -> usize {
    let (values, derivatives) = column;
    for (value, derivative) in values[..lanes].iter_mut().zip(&mut derivatives[..lanes]) {
        let (y, slope) = function(*value);
        *value = y;
        *derivative = chain(slope, *derivative);
    }
    top
}
