//! Functions of one variable: the expression language, its exact derivatives, and the catalogue of activations.

use std::ops::Range;

/// A compiled expression of one variable with its parameters filled in. Cheap to clone; values and derivatives are the
/// same bits on every machine.
#[derive(Debug, Clone)]
pub struct Function;

/// What is wrong with an expression, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpressionError {
    /// Bytes of the expression's text.
    pub span: Range<usize>,
    pub message: String,
    /// What was expected or the nearest valid name.
    pub help: Option<String>,
}

impl Function {
    /// Compiles an expression of `x` and the named parameters.
    pub fn parse(_text: &str, _parameters: &[(String, f64)]) -> Result<Self, ExpressionError> {
        unimplemented!()
    }

    /// c₀ + c₁ x + c₂ x² + …
    pub fn polynomial(_coefficients: &[f64]) -> Self {
        unimplemented!()
    }

    /// The value at one point.
    pub fn value(&self, _x: f64) -> f64 {
        unimplemented!()
    }

    /// The values at many points; both slices have the same length.
    pub fn values(&self, _x: &[f64], _y: &mut [f64]) {
        unimplemented!()
    }

    /// The values and the derivatives by `x` at many points; all three slices have the same length. The values are the
    /// same bits as those of [`Self::values`].
    pub fn values_and_derivatives(&self, _x: &[f64], _y: &mut [f64], _dy: &mut [f64]) {
        unimplemented!()
    }

    /// One text for all spellings that compile to the same operations, with the parameters' values in it: what a cache
    /// key takes of a function.
    pub fn canonical(&self) -> String {
        unimplemented!()
    }
}

pub struct Builtin {
    pub id: &'static str,
    pub title: &'static str,
    pub symbol: &'static str,
    pub expression: &'static str,
    pub parameters: &'static [(&'static str, f64)],
    pub color: (u8, u8, u8),
    pub description: &'static str,
    pub references: &'static [BuiltinReference],
}
pub struct BuiltinReference {
    pub title: &'static str,
    pub url: &'static str,
    pub year: Option<i32>,
}
pub fn builtin(_id: &str) -> Option<&'static Builtin> {
    None
}
pub fn builtins() -> &'static [Builtin] {
    &[]
}
pub fn latex(_text: &str, _parameters: &[(String, f64)], _variable: &str) -> Result<String, ExpressionError> {
    unimplemented!()
}
pub fn polynomial_latex(_coefficients: &[f64]) -> String {
    unimplemented!()
}
pub fn check_parameter_name(_name: &str) -> Result<(), String> {
    Ok(())
}
