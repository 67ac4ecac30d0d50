//! LaTeX → MathML.

use math_core::{LatexToMathML, MathCoreConfig, MathDisplay};

/// Longer or deeper formulas could exhaust the converter's stack.
const MAX_LENGTH: usize = 4_000;
const MAX_DEPTH: usize = 60;

/// MathML of a formula, in a line of text or on a line of its own.
///
/// # Errors
///
/// What is wrong with it, as a sentence.
pub(super) fn mathml(latex: &str, is_block: bool) -> Result<String, String> {
    if latex.len() > MAX_LENGTH {
        return Err(format!("the formula is longer than {MAX_LENGTH} characters"));
    }
    let mut depth = 0_usize;
    for byte in latex.bytes() {
        match byte {
            b'{' | b'(' | b'[' => depth += 1,
            b'}' | b')' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return Err(format!("the formula is nested more than {MAX_DEPTH} deep"));
        }
    }
    // Commands without braces nest as well: \sqrt\sqrt\sqrt…
    if latex.matches('\\').count() > 500 || latex.matches(['^', '_']).count() > 500 {
        return Err("the formula has too many commands".into());
    }
    let converter =
        LatexToMathML::new(MathCoreConfig::default()).map_err(|_| "formulas cannot be converted")?;
    let display = if is_block { MathDisplay::Block } else { MathDisplay::Inline };
    let converted = converter.convert_with_local_state(latex, display);
    converted.map(|result| result.mathml).map_err(|error| error.error_message())
}

/// As [`mathml`], of a formula that our own code has written; one that fails is shown as it is.
pub(super) fn formula(latex: &str, is_block: bool) -> String {
    mathml(latex, is_block).unwrap_or_else(|_| {
        let mut escaped = String::from("<code>");
        escape(&mut escaped, latex);
        escaped.push_str("</code>");
        escaped
    })
}

/// Text for HTML.
pub(super) fn escape(out: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_become_mathml() {
        let mathml = mathml(r"\hat y = v\,\tanh(wx+b)+c", false).unwrap();
        assert!(mathml.starts_with("<math") && mathml.contains("tanh"), "{mathml}");
        assert!(super::mathml(r"\frac{", false).is_err());
        assert!(super::mathml(&"{".repeat(10_000), false).is_err());
        assert!(super::mathml(&r"\sqrt".repeat(700), false).is_err());
    }

    #[test]
    fn every_builtin_has_a_formula() {
        for builtin in crate::function::builtins() {
            let parameters: Vec<(String, f64)> =
                builtin.parameters.iter().map(|&(name, value)| (name.to_owned(), value)).collect();
            let latex = crate::function::latex(builtin.expression, &parameters, "z").unwrap();
            assert!(mathml(&latex, true).is_ok(), "{latex}: {:?}", mathml(&latex, true));
            let model = crate::spec::ModelType::SingleNeuron.formula(builtin.symbol);
            assert!(mathml(&model, true).is_ok(), "{model}: {:?}", mathml(&model, true));
        }
    }
}
