//! How an author wants all pages to look, as CSS behind the style sheet.

use std::fmt::Write as _;

use crate::color::{darkened, lightened, mixed};
use crate::spec::Look;

/// The least contrast of text (WCAG 2.2, success criterion 1.4.3).
const TEXT_CONTRAST: f64 = 4.5;
/// What accents lie on, light and dark: the ground behind the lightest text, and the surface in `style.css`.
const LIGHT: [u8; 3] = [0xe8, 0xec, 0xf0];
const DARK: [u8; 3] = [0x2a, 0x30, 0x3a];

/// Rules that change what the style sheet before them says; empty where nothing is to be changed.
pub(super) fn css(look: &Look) -> String {
    let mut css = String::new();
    if let Some(accent) = look.accent {
        let accent = [accent.red, accent.green, accent.blue];
        let light = darkened(accent, LIGHT, TEXT_CONTRAST).unwrap_or([0; 3]);
        let dark = lightened(accent, 0.0, DARK, TEXT_CONTRAST).unwrap_or([255; 3]);
        let variables = |accent: [u8; 3], soft: [u8; 3]| {
            format!(
                ":root {{ --accent: {}; --accent-soft: {}; --shade: {}, {}, {}; }}",
                hex(accent),
                hex(soft),
                accent[0],
                accent[1],
                accent[2]
            )
        };
        let light = variables(light, mixed(light, [255; 3], 0.08));
        let dark = variables(dark, mixed(dark, [0x1c, 0x20, 0x27], 0.08));
        let _ = write!(css, "\n{light}\n@media (prefers-color-scheme: dark) {{\n  {dark}\n}}\n");
    }
    if let Some(font) = &look.font {
        let _ = write!(css, "\nbody {{ font-family: {font}; }}\n");
    }
    if let Some(font) = &look.code_font {
        let _ = write!(css, "\ncode, pre {{ font-family: {font}; }}\n");
    }
    css
}

fn hex([red, green, blue]: [u8; 3]) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::color::contrast;
    use crate::spec::Color;

    fn accents(css: &str) -> Vec<[u8; 3]> {
        let values = css.split("--accent: #").skip(1).map(|rest| &rest[..6]);
        values
            .map(|hex| std::array::from_fn(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap()))
            .collect()
    }

    proptest::proptest! {
        #[test]
        fn any_accent_can_be_read(color in proptest::array::uniform3(0..=255_u8)) {
            let [red, green, blue] = color;
            let look = Look { accent: Some(Color { red, green, blue }), ..Look::default() };
            let found = accents(&css(&look));
            proptest::prop_assert!(contrast(found[0], [0xfb, 0xfb, 0xfa]) >= TEXT_CONTRAST);
            proptest::prop_assert!(contrast(found[1], [0x1c, 0x20, 0x27]) >= TEXT_CONTRAST);
        }
    }

    #[test]
    fn nothing_is_said_of_what_is_as_it_is() {
        assert_eq!(css(&Look::default()), "");
    }
}
