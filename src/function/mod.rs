//! Functions of one variable: the expression language, its exact derivatives, and the catalogue of activations.

mod catalogue;
mod elementary;
mod enclosure;
mod expression;
mod interval;
mod latex;
mod program;
mod rounding;
mod second_order;
mod symmetry;

use std::sync::Arc;

use expression::{Binary, Expression};
use program::Program;

pub use catalogue::{Builtin, BuiltinReference, builtin, builtins};
pub use enclosure::Enclosure;
pub use expression::{ExpressionError, check_parameter_name, functions};
pub use interval::Interval;
pub use rounding::Rounding;
pub use second_order::JetColumns;

/// A compiled expression of one variable with its parameters filled in. Cheap to clone; values and derivatives are the
/// same bits on every machine.
#[derive(Debug, Clone)]
pub struct Function(Arc<Program>);

/// Functions are equal if they are written alike, with the same constants.
impl PartialEq for Function {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.canonical() == other.canonical()
    }
}

impl Function {
    /// Compiles an expression of `x` and the named parameters.
    ///
    /// # Errors
    ///
    /// The first place where the text is not an expression.
    pub fn parse(text: &str, parameters: &[(String, f64)]) -> Result<Self, ExpressionError> {
        Ok(Self(Arc::new(Program::compile(&expression::parse(text, parameters)?))))
    }

    /// c₀ + c₁ x + c₂ x² + …, by Horner's rule.
    pub fn polynomial(coefficients: &[f64]) -> Self {
        let mut terms = coefficients.iter().rev();
        let mut sum = Expression::Number(terms.next().copied().unwrap_or(0.0));
        for &coefficient in terms {
            let product = Expression::Binary(Binary::Multiply, Box::new(sum), Box::new(Expression::Variable));
            let term = Expression::Number(coefficient);
            sum = Expression::Binary(Binary::Add, Box::new(product), Box::new(term));
        }
        Self(Arc::new(Program::compile(&sum)))
    }

    /// The value at one point.
    pub fn value(&self, x: f64) -> f64 {
        let mut y = [0.0];
        self.values(&[x], &mut y);
        y[0]
    }

    /// The values at many points; both slices have the same length.
    pub fn values(&self, x: &[f64], y: &mut [f64]) {
        self.0.values(x, y);
    }

    /// The values and the derivatives by `x` at many points; all three slices have the same length. The values are the
    /// same bits as those of [`Self::values`].
    pub fn values_and_derivatives(&self, x: &[f64], y: &mut [f64], dy: &mut [f64]) {
        self.0.values_and_derivatives(x, y, dy);
    }

    /// What the function and its first two derivatives can be on an interval.
    pub fn enclosure(&self, x: Interval) -> Enclosure {
        self.0.enclosure(x)
    }

    /// The values and the first two derivatives by `x` at many points, and on which piece of the function each lies; all
    /// slices have the same length. Values and first derivatives are the same bits as those of
    /// [`Self::values_and_derivatives`], and the second derivatives are as exact.
    pub fn values_and_two_derivatives(&self, x: &[f64], columns: &mut JetColumns<'_>) {
        self.0.jets(x, columns);
    }

    /// How far a computed value and derivative can be from the true ones, anywhere on an interval.
    pub fn rounding(&self, x: Interval) -> Rounding {
        self.0.rounding(x)
    }

    /// How many operations one value takes: what it costs to examine the function.
    pub fn operations(&self) -> usize {
        self.0.operations.len()
    }

    /// Whether it follows from the expression that φ(−x) is φ(x), or s − φ(x) for some number s.
    pub fn is_symmetric(&self) -> bool {
        self.0.is_symmetric()
    }

    /// Whether it follows from the expression that φ(λ x) is λᵏ φ(x) for all λ > 0 and some k ≥ 0.
    pub fn is_homogeneous(&self) -> bool {
        self.0.is_homogeneous()
    }

    /// One text for all spellings that compile to the same operations, with the parameters' values in it: what a cache
    /// key takes of a function.
    pub fn canonical(&self) -> String {
        self.0.canonical()
    }
}

/// LaTeX of an expression, with `variable` in the place of `x` and the parameters by name.
///
/// # Errors
///
/// The first place where the text is not an expression.
pub fn latex(text: &str, parameters: &[(String, f64)], variable: &str) -> Result<String, ExpressionError> {
    Ok(latex::latex(&expression::parse(text, parameters)?, variable))
}

/// LaTeX of the polynomial c₀ + c₁ x + c₂ x² + …, highest power first.
pub fn polynomial_latex(coefficients: &[f64]) -> String {
    latex::polynomial(coefficients)
}

#[cfg(test)]
mod tests;
