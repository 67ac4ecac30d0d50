//! Pictures as SVG: shapes are written down as they are drawn, and letters as the outlines of the embedded fonts, so that
//! no font is needed to show them. The same shapes give the same bytes.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use tiny_skia::{Path, PathSegment};

use super::canvas::{Area, Ink, Pen};
use super::paper::Paper;
use super::text::{self, Font};

/// The parts of a picture, written down.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Vector {
    body: String,
    /// How the last part begins, if it is a line, so that others like it are added to it.
    line: String,
    /// The letters in use, each with the number of its outline.
    letters: BTreeMap<(Font, char), usize>,
}

/// What of a circle is drawn.
pub(super) enum Drawn<'p> {
    Filled(Ink),
    Edge(&'p Pen),
}

/// Outlines are written in whole units, so many to the em.
const EM: f64 = 1000.0;

impl Vector {
    pub(super) fn fill(&mut self, path: &Path, ink: Ink) {
        self.line.clear();
        let _ = writeln!(self.body, "<path d=\"{}\"{}/>", data(path), paint("fill", ink));
    }

    pub(super) fn stroke(&mut self, path: &Path, pen: &Pen) {
        const END: &str = "\"/>\n";
        let ends = match pen.dash {
            Some((dash, gap)) => format!(" stroke-dasharray=\"{} {}\"", Short(dash), Short(gap)),
            None => " stroke-linecap=\"round\"".to_owned(),
        };
        let line = format!(
            "<path fill=\"none\"{} stroke-width=\"{}\" stroke-linejoin=\"round\"{ends} d=\"",
            paint("stroke", pen.ink),
            Short(pen.width)
        );
        if line == self.line {
            self.body.truncate(self.body.len() - END.len());
        } else {
            self.body.push_str(&line);
            self.line = line;
        }
        self.body.push_str(&data(path));
        self.body.push_str(END);
    }

    /// A disc, or with a pen its edge.
    pub(super) fn circle(&mut self, (x, y): (f64, f64), radius: f64, drawn: Drawn<'_>) {
        self.line.clear();
        let look = match drawn {
            Drawn::Filled(ink) => paint("fill", ink),
            Drawn::Edge(pen) => {
                format!(" fill=\"none\"{} stroke-width=\"{}\"", paint("stroke", pen.ink), Short(pen.width))
            }
        };
        let (x, y, radius) = (Short(x), Short(y), Short(radius));
        let _ = writeln!(self.body, "<circle cx=\"{x}\" cy=\"{y}\" r=\"{radius}\"{look}/>");
    }

    pub(super) fn area(&mut self, area: Area, ink: Ink) {
        self.line.clear();
        let _ = writeln!(self.body, "<rect{}{}/>", place(area), paint("fill", ink));
    }

    /// A picture of pixels in a part of this one.
    pub(super) fn image(&mut self, area: Area, png: &[u8]) {
        self.line.clear();
        let (place, data) = (place(area), base64(png));
        let _ = writeln!(
            self.body,
            "<image{place} preserveAspectRatio=\"none\" href=\"data:image/png;base64,{data}\"/>"
        );
    }

    /// A line of text with its baseline's start at (x, y), running to the right or upwards.
    pub(super) fn text(
        &mut self,
        font: Font,
        text: &str,
        size: f64,
        (x, y): (f64, f64),
        is_upwards: bool,
        ink: Ink,
    ) {
        self.line.clear();
        let turn = if is_upwards { "rotate(-90)" } else { "" };
        let _ = write!(
            self.body,
            "<g transform=\"translate({} {}){turn}scale({})\"{}>",
            Short(x),
            Short(y),
            Exact(size / EM),
            paint("fill", ink)
        );
        let mut pen = 0.0;
        for character in text.chars() {
            let next = self.letters.len();
            let letter = *self.letters.entry((font, character)).or_insert(next);
            let _ = write!(self.body, "<use href=\"#l{letter}\" x=\"{}\"/>", Whole(pen));
            pen += EM * text::width(font, character.encode_utf8(&mut [0; 4]), 1.0);
        }
        self.body.push_str("</g>\n");
    }

    /// The bytes of the SVG file.
    pub(super) fn document(&self, (width, height): (u32, u32), paper: Paper) -> Vec<u8> {
        let mut letters: Vec<(usize, Font, char)> =
            self.letters.iter().map(|(&(font, character), &number)| (number, font, character)).collect();
        letters.sort_unstable();
        let mut document = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" role=\"img\">\n<defs>\n"
        );
        for (number, font, character) in letters {
            let outline = text::outline(font, character, EM);
            let _ = writeln!(document, "<path id=\"l{number}\" d=\"{outline}\"/>");
        }
        document.push_str("</defs>\n");
        let _ = writeln!(
            document,
            "<rect width=\"{width}\" height=\"{height}\"{}/>",
            paint("fill", paper.ground())
        );
        document.push_str(&self.body);
        document.push_str("</svg>\n");
        document.into_bytes()
    }
}

fn place(area: Area) -> String {
    format!(
        " x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"",
        Short(area.left),
        Short(area.top),
        Short(area.width()),
        Short(area.height())
    )
}

fn paint(name: &str, ink: Ink) -> String {
    let [red, green, blue] = ink.rgb;
    let opacity =
        if ink.opacity < 1.0 { format!(" {name}-opacity=\"{}\"", Short(ink.opacity)) } else { String::new() };
    format!(" {name}=\"#{red:02x}{green:02x}{blue:02x}\"{opacity}")
}

fn data(path: &Path) -> String {
    let mut data = String::new();
    for segment in path.segments() {
        let (letter, points) = match segment {
            PathSegment::MoveTo(a) => ('M', vec![a]),
            PathSegment::LineTo(a) => ('L', vec![a]),
            PathSegment::QuadTo(a, b) => ('Q', vec![a, b]),
            PathSegment::CubicTo(a, b, c) => ('C', vec![a, b, c]),
            PathSegment::Close => ('Z', Vec::new()),
        };
        data.push(letter);
        for (index, point) in points.iter().enumerate() {
            let gap = if index == 0 { "" } else { " " };
            let _ = write!(data, "{gap}{} {}", Short(point.x.into()), Short(point.y.into()));
        }
    }
    data
}

/// A number to a hundredth, as short as it can be written.
struct Short(f64);

impl std::fmt::Display for Short {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        shortest(f, self.0, 2)
    }
}

/// A number to the millionth part of one.
struct Exact(f64);

impl std::fmt::Display for Exact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        shortest(f, self.0, 6)
    }
}

/// A number rounded to a whole one.
pub(super) struct Whole(pub(super) f64);

impl std::fmt::Display for Whole {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        shortest(f, self.0, 0)
    }
}

fn shortest(f: &mut std::fmt::Formatter<'_>, value: f64, decimals: usize) -> std::fmt::Result {
    // What is drawn is finite; should it not be, the file must still be SVG.
    let value = if value.is_finite() { value.clamp(-1e7, 1e7) } else { 0.0 };
    let text = format!("{value:.decimals$}");
    let text = if decimals > 0 { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    f.write_str(if text == "-0" { "0" } else { text })
}

/// RFC 4648, section 4.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            let is_padding = digit > chunk.len();
            let index = (bits >> (18 - 6 * digit)) & 63;
            text.push(if is_padding { '=' } else { char::from(DIGITS[index as usize]) });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_become_base64() {
        // The test vectors of RFC 4648, section 10.
        for (bytes, expected) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(bytes.as_bytes()), expected);
        }
    }

    #[test]
    fn numbers_are_short_and_always_numbers() {
        let short = |value| Short(value).to_string();
        assert_eq!(
            [0.0, -0.001, 12.5, 100.0, -3.456, f64::NAN, f64::INFINITY].map(short),
            ["0", "0", "12.5", "100", "-3.46", "0", "0"]
        );
    }
}
