//! The catalogue of activations. Each is defined by one expression of the spec language, so that its value, derivative,
//! formula and cache key have one source, in a form that stays accurate and finite far from zero.

mod classical;
mod other;
mod rectifier;
mod sigmoidal;
mod smooth;

use std::sync::LazyLock;

/// A work that defines an activation.
#[derive(Debug, Clone, Copy)]
pub struct BuiltinReference {
    pub title: &'static str,
    pub url: &'static str,
    /// `None` for documentation that is kept up to date.
    pub year: Option<i32>,
}

/// An activation that can be used by name.
#[derive(Debug, Clone, Copy)]
pub struct Builtin {
    pub id: &'static str,
    pub title: &'static str,
    /// LaTeX of φ before an argument in parentheses; empty for the identity.
    pub symbol: &'static str,
    /// φ, of the variable `x` and the parameters.
    pub expression: &'static str,
    /// With their usual values.
    pub parameters: &'static [(&'static str, f64)],
    /// Red, green and blue.
    pub color: (u8, u8, u8),
    /// Markdown.
    pub description: &'static str,
    pub references: &'static [BuiltinReference],
}

static BUILTINS: LazyLock<Vec<Builtin>> = LazyLock::new(|| {
    let families =
        [classical::CLASSICAL, rectifier::RECTIFIER, smooth::SMOOTH, sigmoidal::SIGMOIDAL, other::OTHER];
    families.concat()
});

/// Every built-in activation: the classical six first, then family after family.
pub fn builtins() -> &'static [Builtin] {
    &BUILTINS
}

/// The built-in of this id.
pub fn builtin(id: &str) -> Option<&'static Builtin> {
    builtins().iter().find(|builtin| builtin.id == id)
}
