//! Targets and activations: what is given by coefficients, roots, expression or built-in becomes a function.

use super::super::decode::{Field, Located, NamedNumbers, listed};
use super::super::limits::Limits;
use super::super::load::Document;
use super::super::typed;
use super::{Faults, require};
use crate::diagnostic::{Diagnostic, nearest};
use crate::function::{self, Builtin, Function};
use crate::spec::{Activation, Palette, Reference, Target, standard};

pub(super) fn polynomial(
    document: &Document,
    typed: &typed::Polynomial,
    limits: &Limits,
    faults: &mut Faults<'_>,
) -> Option<Target> {
    let coefficients = coefficients(document, typed, limits, faults)?;
    // What multiplying roots out leaves of a cancelled coefficient is rounding, which no reader should see.
    let largest = coefficients.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
    let is_rounding = |value: f64| typed.roots.value().is_some() && value.abs() < 1e-14 * largest;
    let shown: Vec<f64> =
        coefficients.iter().map(|&value| if is_rounding(value) { 0.0 } else { value }).collect();
    let formula = function::polynomial_latex(&shown);
    Some(Target {
        id: document.id.value.clone(),
        title: typed.title.or(document.id.value.clone())?,
        explanation: typed.explanation.or(String::new())?,
        function: Function::polynomial(&coefficients),
        formula,
        expression: None,
        parameters: Vec::new(),
        source: document.source.clone(),
    })
}

fn coefficients(
    document: &Document,
    typed: &typed::Polynomial,
    limits: &Limits,
    faults: &mut Faults<'_>,
) -> Option<Vec<f64>> {
    let limit = limits.coefficients;
    let values = |list: &Located<Vec<Located<f64>>>, name: &str, faults: &mut Faults<'_>| {
        let count = list.value.len();
        if count == 0 || limit.is_exceeded(count) {
            let place = faults.place(&list.span, format!("holds {count}"));
            let message = format!("`{name}` needs 1 to {} numbers", limit.most);
            let mut diagnostic = Diagnostic::error(message, place);
            diagnostic.help.extend((count > 0).then(|| limit.help(count as u64)));
            faults.push(diagnostic);
            return None;
        }
        let is_sane = |value: f64| value.abs() <= 1e15;
        let values: Vec<Option<f64>> = list
            .value
            .iter()
            .map(|value| require(value, is_sane, name, "numbers within ±1e15", faults))
            .collect();
        values.into_iter().collect::<Option<Vec<f64>>>()
    };
    match (&typed.coefficients, &typed.roots) {
        (Field::Faulty, _) | (_, Field::Faulty) => None,
        (Field::Present(list), Field::Absent) => {
            super::does_not_apply(&typed.leading, "leading", "a polynomial by its coefficients", faults);
            values(&list.value, "coefficients", faults)
        }
        (Field::Absent, Field::Present(list)) => {
            let roots = values(&list.value, "roots", faults)?;
            let leading = match &typed.leading {
                Field::Absent => 1.0,
                Field::Faulty => return None,
                Field::Present(field) => {
                    let is_usable = |value: f64| value != 0.0 && value.abs() <= 1e15;
                    require(&field.value, is_usable, "leading", "a number other than 0 within ±1e15", faults)?
                }
            };
            Some(expand(&roots, leading))
        }
        (Field::Present(list), Field::Present(roots)) => {
            let place = faults.place(&roots.span, "and by its roots");
            let related = faults.place(&list.span, "by its coefficients");
            let message = "a polynomial is given by `coefficients` or by `roots`, not both";
            faults.push(Diagnostic::error(message, place).related(related));
            None
        }
        (Field::Absent, Field::Absent) => {
            let place = faults.place(&document.id.span, "neither is given");
            faults.push(Diagnostic::error("a polynomial needs `coefficients` or `roots`", place));
            None
        }
    }
}

/// The coefficients, ascending, of `leading` (x − r₁)(x − r₂)…
fn expand(roots: &[f64], leading: f64) -> Vec<f64> {
    let mut coefficients = vec![leading];
    for root in roots {
        coefficients.insert(0, 0.0);
        for power in 0..coefficients.len() - 1 {
            coefficients[power] -= root * coefficients[power + 1];
        }
    }
    // 0 and −0 are one coefficient; a formula must not show the sign.
    coefficients.iter().map(|coefficient| coefficient + 0.0).collect()
}

pub(super) fn target(document: &Document, typed: &typed::Target, faults: &mut Faults<'_>) -> Option<Target> {
    let parameters = parameters(&typed.parameters, faults)?;
    let (function, formula) = compile(&typed.expression, &parameters, "x", faults)?;
    Some(Target {
        id: document.id.value.clone(),
        title: typed.title.or(document.id.value.clone())?,
        explanation: typed.explanation.or(String::new())?,
        function,
        formula,
        expression: Some(typed.expression.value.clone()),
        parameters,
        source: document.source.clone(),
    })
}

/// The parameters of an expression: finite, and named unlike anything that the language knows.
fn parameters(field: &Field<NamedNumbers>, faults: &mut Faults<'_>) -> Option<Vec<(String, f64)>> {
    let parameters = field.or(NamedNumbers::default())?;
    let checked: Vec<Option<(String, f64)>> = parameters
        .0
        .iter()
        .map(|(name, value)| {
            if let Err(reason) = function::check_parameter_name(&name.value) {
                let place = faults.place(&name.span, "not usable as a name");
                let message = format!("`{}` cannot be a parameter: {reason}", name.value);
                faults.push(Diagnostic::error(message, place));
                return None;
            }
            Some((name.value.clone(), value.value))
        })
        .collect();
    checked.into_iter().collect()
}

/// The function and its LaTeX, in terms of `variable`.
fn compile(
    expression: &Located<String>,
    parameters: &[(String, f64)],
    variable: &str,
    faults: &mut Faults<'_>,
) -> Option<(Function, String)> {
    let compiled = Function::parse(&expression.value, parameters)
        .and_then(|function| Ok((function, function::latex(&expression.value, parameters, variable)?)));
    match compiled {
        Ok(compiled) => Some(compiled),
        Err(error) => {
            // The expression stands in the file as it is, but for YAML's escapes and folded lines: then no part of it can be
            // pointed at, only the whole.
            let typed = &faults.file.text[expression.span.clone()];
            let span = match typed.find(&expression.value) {
                Some(offset) => {
                    let start = expression.span.start + offset;
                    start + error.span.start..start + error.span.end
                }
                None => expression.span.clone(),
            };
            let place = faults.place(&span, "");
            let mut diagnostic = Diagnostic::error(format!("in this expression, {}", error.message), place);
            diagnostic.help.extend(error.help);
            faults.push(diagnostic);
            None
        }
    }
}

pub(super) fn activation(
    document: &Document,
    typed: &typed::Activation,
    palette: Palette,
    faults: &mut Faults<'_>,
) -> Option<Activation> {
    let base = match (&typed.expression, &typed.builtin) {
        (Field::Faulty, _) | (_, Field::Faulty) => None,
        (Field::Present(expression), Field::Present(builtin)) => {
            let place = faults.place(&expression.span, "and by expression");
            let related = faults.place(&builtin.span, "as a built-in");
            let message = "an activation is a `builtin` or has an `expression`, not both";
            faults.push(Diagnostic::error(message, place).related(related));
            None
        }
        (Field::Present(expression), Field::Absent) => {
            by_expression(document, typed, &expression.value, palette, faults)
        }
        (Field::Absent, Field::Present(name)) => match function::builtin(&name.value.value) {
            Some(builtin) => varied(builtin, typed, palette, faults),
            None => {
                let name = &name.value;
                let place = faults.place(&name.span, "no built-in of this name");
                let diagnostic =
                    Diagnostic::error(format!("there is no built-in activation `{}`", name.value), place);
                faults.push(match nearest(&name.value, builtin_ids()) {
                    Some(nearest) => diagnostic.help(format!("did you mean `{nearest}`?")),
                    None => diagnostic.help(format!("the built-ins are {}", listed(builtin_ids()))),
                });
                None
            }
        },
        (Field::Absent, Field::Absent) => match function::builtin(&document.id.value) {
            Some(builtin) => varied(builtin, typed, palette, faults),
            None => {
                let place = faults.place(&document.id.span, "neither is given");
                let diagnostic =
                    Diagnostic::error("an activation needs a `builtin` or an `expression`", place);
                faults.push(match nearest(&document.id.value, builtin_ids()) {
                    Some(nearest) => diagnostic.help(format!("the nearest built-in is `{nearest}`")),
                    None => diagnostic,
                });
                None
            }
        },
    }?;
    let references = match &typed.references {
        Field::Absent => base.references.clone(),
        Field::Faulty => return None,
        Field::Present(list) => {
            let checked: Vec<Option<Reference>> =
                list.value.iter().map(|typed| reference(typed, faults)).collect();
            checked.into_iter().collect::<Option<_>>()?
        }
    };
    let is_renamed = base.id != document.id.value;
    let title = if is_renamed { document.id.value.clone() } else { base.title.clone() };
    Some(Activation {
        title: typed.title.or(title)?,
        description: typed.description.or(base.description.clone())?,
        symbol: typed.symbol.or(Located { value: base.symbol.clone(), span: 0..0 })?.value,
        color: typed.color.or(if is_renamed { palette.of_id(&document.id.value) } else { base.color })?,
        references,
        source: Some(document.source.clone()),
        id: document.id.value.clone(),
        ..base
    })
}

fn builtin_ids() -> impl Iterator<Item = &'static str> {
    function::builtins().iter().map(|builtin| builtin.id)
}

/// A built-in with the parameters that the spec gives.
fn varied(
    builtin: &Builtin,
    typed: &typed::Activation,
    palette: Palette,
    faults: &mut Faults<'_>,
) -> Option<Activation> {
    let mut values: Vec<(String, f64)> =
        builtin.parameters.iter().map(|&(name, value)| (name.to_owned(), value)).collect();
    let mut is_sound = true;
    for (name, value) in typed.parameters.or(NamedNumbers::default())?.0 {
        match values.iter_mut().find(|(known, _)| *known == name.value) {
            Some((_, known)) => *known = value.value,
            None => {
                let place = faults.place(&name.span, "not one of its parameters");
                let message = format!("the built-in `{}` has no parameter `{}`", builtin.id, name.value);
                let diagnostic = Diagnostic::error(message, place);
                let known = builtin.parameters.iter().map(|&(name, _)| name);
                faults.push(diagnostic.help(match builtin.parameters {
                    [] => "it has no parameters".to_owned(),
                    _ => format!("it has {}", listed(known)),
                }));
                is_sound = false;
            }
        }
    }
    is_sound.then(|| standard::activation(builtin, values, palette))
}

fn by_expression(
    document: &Document,
    typed: &typed::Activation,
    expression: &Located<String>,
    palette: Palette,
    faults: &mut Faults<'_>,
) -> Option<Activation> {
    let parameters = parameters(&typed.parameters, faults)?;
    let (function, formula) = compile(expression, &parameters, "z", faults)?;
    let id = &document.id.value;
    Some(Activation {
        id: id.clone(),
        title: id.clone(),
        description: String::new(),
        symbol: format!(r"\mathrm{{{}}}", id.replace('_', r"\_")),
        formula,
        function,
        expression: expression.value.clone(),
        parameters,
        color: palette.of_id(id),
        references: Vec::new(),
        builtin: None,
        source: None,
    })
}

fn reference(typed: &typed::Reference, faults: &mut Faults<'_>) -> Option<Reference> {
    let url = &typed.url;
    if !["https://", "http://"].iter().any(|scheme| url.value.starts_with(scheme)) {
        let place = faults.place(&url.span, "expected an address on the web");
        faults.push(Diagnostic::error("`url` must begin with https:// or http://", place));
        return None;
    }
    let year = match &typed.year {
        Field::Faulty => return None,
        Field::Absent => None,
        Field::Present(year) => Some(year.value),
    };
    Some(Reference { title: typed.title.clone(), url: url.value.clone(), year })
}

#[cfg(test)]
mod tests {
    use super::expand;

    #[test]
    fn roots_are_multiplied_out() {
        // 0.5 (x² − 4)(x² − 0.49) = 0.5 x⁴ − 2.245 x² + 0.98
        let coefficients = expand(&[-2.0, -0.7, 0.7, 2.0], 0.5);
        for (found, expected) in coefficients.iter().zip([0.98, 0.0, -2.245, 0.0, 0.5]) {
            assert!((found - expected).abs() < 1e-15, "{coefficients:?}");
        }
        assert_eq!(expand(&[], 2.0), [2.0]);
    }
}
