//! Numbers as people read them.

/// A number with the typographer's minus.
pub fn minus(text: &str) -> String {
    text.replace('-', "−")
}

/// A power's exponent, raised.
pub fn superscript(exponent: i32) -> String {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let digit = |c: char| c.to_digit(10).map_or('⁻', |digit| DIGITS[digit as usize]);
    exponent.to_string().chars().map(digit).collect()
}

/// A number with so many significant digits, in powers of ten only where it is very large or small.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "exponents of doubles")]
pub fn significant(value: f64, digits: usize) -> String {
    if value == 0.0 || !value.is_finite() {
        return format!("{}", value + 0.0);
    }
    let scientific = format!("{value:.*e}", digits.saturating_sub(1));
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if !(-4..6).contains(&exponent) {
        return minus(&format!("{mantissa}×10{}", superscript(exponent)));
    }
    let decimals = (digits as i32 - 1 - exponent).max(0) as usize;
    minus(&format!("{value:.decimals$}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_digits_asked_for() {
        assert_eq!(significant(1.416_260_952, 4), "1.416");
        assert_eq!(significant(0.000_123_456, 3), "0.000123");
        assert_eq!(significant(-1.15e-8, 3), "−1.15×10⁻⁸");
        assert_eq!(significant(123_456.7, 4), "123457");
        assert_eq!(significant(0.0, 4), "0");
    }
}
