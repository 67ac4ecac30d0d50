//! Canvases as PNG files: with a palette where one suffices, else with all colours.

use std::io::{self, Write};

use flate2::Compression;
use flate2::write::ZlibEncoder;
use png::chunk::IDAT;
use png::{BitDepth, ColorType, DeflateCompression, Encoder, EncodingError, Filter};

use super::canvas::Canvas;
use super::palette::Palette;

/// How far a colour may be off, for a palette to suffice. Small, since a landscape's colours mean something.
const TOLERANCE: u8 = 5;
/// As that, one after the other, of what lines and letters alone are drawn on: only the edges of lines that cross are ever
/// that far off.
const LINE_TOLERANCES: [u8; 4] = [TOLERANCE, 8, 12, 16];

/// Of 9 levels: higher ones take twice to four times as long for files smaller by half a hundredth, lower ones make them larger.
const LEVEL: u8 = 4;

/// The bytes of a PNG file of a picture with areas of many colours.
pub(super) fn encode(canvas: &Canvas) -> Vec<u8> {
    indexed(canvas, TOLERANCE).unwrap_or_else(|| {
        let all: Vec<u8> = canvas.rgb().flatten().collect();
        write(canvas, ColorType::Rgb, |mut encoder| {
            encoder.set_deflate_compression(DeflateCompression::Level(LEVEL));
            encoder.set_filter(Filter::Adaptive);
            encoder.write_header()?.write_image_data(&all)
        })
    })
}

/// The bytes of a PNG file of a picture of lines, half as large where many of them cross.
pub(super) fn encode_lines(canvas: &Canvas) -> Vec<u8> {
    LINE_TOLERANCES
        .into_iter()
        .find_map(|tolerance| indexed(canvas, tolerance))
        .unwrap_or_else(|| encode(canvas))
}

/// `None` where a palette does not suffice.
fn indexed(canvas: &Canvas, tolerance: u8) -> Option<Vec<u8>> {
    let colors = canvas.paper().colors();
    let mut palette = Palette::new(256, tolerance, &colors);
    let (width, height) = canvas.size();
    // Neighbouring entries of a palette say nothing about one another: rows are not filtered, which a byte before each says.
    let mut filtered = Vec::with_capacity((width as usize + 1) * height as usize);
    for row in 0..height as usize {
        filtered.push(Filter::NoFilter as u8);
        if !palette.append_row(canvas.row_bytes(row).as_chunks::<4>().0, &mut filtered) {
            return None;
        }
    }
    Some(write(canvas, ColorType::Indexed, |mut encoder| {
        encoder.set_palette(palette.colors().concat());
        // The encoder compresses row by row, and sweeps its memory for each.
        encoder.write_header()?.write_chunk(IDAT, &compressed(&filtered)?)
    }))
}

fn compressed(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::new(LEVEL.into()));
    encoder.write_all(bytes)?;
    encoder.finish()
}

fn write(
    canvas: &Canvas,
    color: ColorType,
    rest: impl FnOnce(Encoder<'_, &mut Vec<u8>>) -> Result<(), EncodingError>,
) -> Vec<u8> {
    let (width, height) = canvas.size();
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, width, height);
    encoder.set_color(color);
    encoder.set_depth(BitDepth::Eight);
    let written = rest(encoder);
    // Writing to memory fails only if header and data disagree, which they cannot.
    debug_assert!(written.is_ok(), "{written:?}");
    bytes
}

#[cfg(test)]
mod tests {
    use super::super::canvas::{Area, Ink};
    use super::super::palette::CELL_ERROR;
    use super::super::paper::Paper;
    use super::*;

    fn decode(bytes: &[u8]) -> Vec<u8> {
        let mut decoder = png::Decoder::new(std::io::Cursor::new(bytes));
        decoder.set_transformations(png::Transformations::EXPAND);
        let mut reader = decoder.read_info().unwrap();
        let mut data = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut data).unwrap();
        data.truncate(info.buffer_size());
        data
    }

    #[test]
    fn a_picture_survives() {
        let mut canvas = Canvas::new((60, 40), Paper::LIGHT);
        canvas.disc((30.0, 20.0), 15.0, Ink::solid(200, 30, 60));
        let decoded = decode(&encode(&canvas));
        let expected: Vec<u8> = canvas.rgb().flatten().collect();
        assert_eq!(decoded.len(), expected.len());
        assert!(decoded.iter().zip(&expected).all(|(a, b)| a.abs_diff(*b) <= TOLERANCE + CELL_ERROR));
    }

    #[test]
    fn many_colors_are_kept_exactly() {
        let mut canvas = Canvas::new((64, 64), Paper::LIGHT);
        for x in 0..64_u8 {
            for y in 0..64_u8 {
                let (left, top) = (f64::from(x), f64::from(y));
                let ink = Ink::solid(4 * x, 4 * y, 128);
                canvas.fill_area(Area { left, top, right: left + 1.0, bottom: top + 1.0 }, ink);
            }
        }
        assert_eq!(decode(&encode(&canvas)), canvas.rgb().flatten().collect::<Vec<u8>>());
    }
}
