//! The loss over (w, b) behind the way that training took.

use std::fmt::Write as _;

use png::{BitDepth, ColorType, Encoder};

use super::map_figure;
use crate::attain::least_error;
use crate::plan::Case;
use crate::site::gallery::{Gallery, Trained};
use crate::site::plot::{Axis, Plot};

/// Columns and rows of the map; the browser smooths between them.
const COLUMNS: usize = 64;
const ROWS: usize = 42;
const HEIGHT: f64 = 600.0;

/// A map of the losses.
pub(super) struct Map {
    plot: Plot,
    /// A gray picture: white where the loss is lowest, black where it is highest.
    png: Vec<u8>,
}

/// `None` where the case has no such figure.
pub(super) fn map(gallery: Gallery<'_>, trained: Trained<'_>) -> Option<Map> {
    let (w, b) = map_figure(gallery, trained)?;
    let plot = Plot { x: Axis::linear(w.0, w.1), y: Axis::linear(b.0, b.1), height: HEIGHT };
    let losses = losses(trained.case, w, b);
    let finite = losses.iter().copied().filter(|loss| loss.is_finite());
    let (low, high) =
        finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), loss| (low.min(loss), high.max(loss)));
    let axis = Axis::of_losses(low, high, high);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a byte")]
    let gray = losses.iter().map(|&loss| (255.0 * (1.0 - axis.share(loss).clamp(0.0, 1.0)) + 0.5) as u8);
    Some(Map { plot, png: picture(&gray.collect::<Vec<u8>>())? })
}

/// Row by row from the highest b, in a row from the lowest w, at the middles of the cells.
fn losses(case: &Case, w: (f64, f64), b: (f64, f64)) -> Vec<f64> {
    let points = case.samples().training;
    let (mut z, mut h) = (vec![0.0; points.x.len()], vec![0.0; points.x.len()]);
    #[expect(clippy::cast_precision_loss, reason = "small counts")]
    let middle = |(low, high): (f64, f64), index: usize, count: usize| {
        low + (high - low) * (index as f64 + 0.5) / count as f64
    };
    let mut losses = Vec::with_capacity(COLUMNS * ROWS);
    for row in (0..ROWS).rev() {
        let b = middle(b, row, ROWS);
        for column in 0..COLUMNS {
            let w = middle(w, column, COLUMNS);
            z.iter_mut().zip(&points.x).for_each(|(z, x)| *z = w * x + b);
            case.activation.function.values(&z, &mut h);
            losses.push(least_error(&h, &points.y));
        }
    }
    losses
}

#[expect(clippy::cast_possible_truncation, reason = "small counts")]
fn picture(gray: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, COLUMNS as u32, ROWS as u32);
    encoder.set_color(ColorType::Grayscale);
    encoder.set_depth(BitDepth::Eight);
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(gray).ok()?;
    writer.finish().ok()?;
    Some(bytes)
}

impl Map {
    /// Where parameters lie on it; what is outside is moved to its edge.
    pub(super) fn place(&self, parameters: &[f64]) -> (f64, f64) {
        let [w, b, ..] = *parameters else { return (0.0, 0.0) };
        let (x, y) = self.plot.place((w, b));
        let (width, height) = self.plot.size();
        (x.clamp(0.0, width), y.clamp(0.0, height))
    }

    pub(super) fn svg(&self, title: &str, path: &[(f64, f64)]) -> String {
        let mut way = String::new();
        for (index, (x, y)) in path.iter().enumerate() {
            let _ = write!(way, "{}{x} {y}", if index == 0 { 'M' } else { 'L' });
        }
        let (x, y) = path.last().copied().unwrap_or_default();
        let (width, height) = self.plot.size();
        let inside = format!(
            r#"<mask id="part:losses"><image width="{width}" height="{height}" preserveAspectRatio="none" href="data:image/png;base64,{}"/></mask><rect class="losses" width="{width}" height="{height}" mask="url(#part:losses)"/><path class="way under" d="{way}"/><path class="way" d="{way}"/><circle class="mark" cx="{x}" cy="{y}" r="32"/>"#,
            base64(&self.png)
        );
        let title = format!(
            "The loss of {title} over (w, b), with the best v and c at each place; the stronger the colour, the lower"
        );
        self.plot.svg("map", &title, ("w", "b"), &inside)
    }
}

/// RFC 4648.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let packed =
            group.iter().chain([&0, &0]).take(3).fold(0_u32, |packed, &byte| packed << 8 | u32::from(byte));
        for digit in 0..4 {
            let index = (packed >> (18 - 6 * digit) & 63) as usize;
            text.push(if digit <= group.len() { char::from(DIGITS[index]) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    /// The vectors of RFC 4648, section 10.
    #[test]
    fn base64_is_that_of_the_standard() {
        let vectors = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("foobar", "Zm9vYmFy"),
        ];
        for (bytes, text) in vectors {
            assert_eq!(super::base64(bytes.as_bytes()), text);
        }
    }
}
