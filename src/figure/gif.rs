//! Animations as GIF files: one palette, and of every frame only what changed.

use std::borrow::Cow;
use std::ops::Range;

use gif::{DisposalMethod, Encoder, Frame, Repeat};

use super::canvas::Canvas;
use super::lzw::{Compressor, run_length};
use super::palette::Palette;
use super::paper::Paper;
use super::tiles::Tiles;

/// What is off by this are the edges of moving curves: nobody sees it, and it makes files a tenth smaller.
const TOLERANCE: u8 = 12;
/// How long the last frame stays, in hundredths of a second.
const FINAL_PAUSE: u16 = 250;
/// The palette's entry for what has not changed; the first, since small indices make small files.
const UNCHANGED: u8 = 0;

/// Runs of unchanged pixels up to this length are drawn all the same: to switch between a curve's colours and what is see-through
/// costs more than they do.
const SHORT_RUN: usize = 6;
/// As that, of runs that are of one colour.
const SHORT_PLAIN_RUN: usize = 24;

/// Takes frames one by one, so that only their changes are kept.
pub(super) struct Animation {
    palette: Palette,
    compressor: Compressor,
    width: u16,
    height: u16,
    /// The last frame, as it was drawn and as entries, row by row.
    last: Option<Canvas>,
    current: Vec<u8>,
    /// Where it may differ from what both it and the next frame were copies of.
    touched: Tiles,
    /// The entries of the next frame, all of them [`UNCHANGED`] in between.
    changed: Vec<u8>,
    frames: Vec<Frame<'static>>,
}

impl Animation {
    /// An animation of frames of one size. The `key` colours stay exact.
    pub(super) fn new((width, height): (u32, u32), paper: Paper, key: &[[u8; 3]]) -> Self {
        let reserved: Vec<[u8; 3]> = paper.colors().iter().chain(key).copied().collect();
        Self {
            palette: Palette::new(255, TOLERANCE, &reserved),
            compressor: Compressor::new(),
            // Sizes are checked where specs are resolved.
            width: u16::try_from(width).unwrap_or(u16::MAX),
            height: u16::try_from(height).unwrap_or(u16::MAX),
            last: None,
            current: Vec::new(),
            touched: Tiles::new((width, height)),
            changed: vec![UNCHANGED; width as usize * height as usize],
            frames: Vec::new(),
        }
    }

    /// Appends a frame that is shown for so many hundredths of a second. All frames have been copies of one picture before what has
    /// touched them.
    pub(super) fn push(&mut self, canvas: &Canvas, delay: u16) {
        let mut frame = Frame { delay, dispose: DisposalMethod::Keep, ..Frame::default() };
        frame.buffer = Cow::Owned(if let Some(mut last) = self.last.take() {
            frame.transparent = Some(UNCHANGED);
            let touched = self.touched.or(canvas.touched());
            let rectangle = self.change(&mut last, canvas, &touched);
            self.last = Some(last);
            let mut entries = self.take_changed(&rectangle, &touched);
            self.draw_short_runs(&mut entries, &rectangle);
            rectangle.set(&mut frame);
            self.compressor.compress(&entries)
        } else {
            (frame.width, frame.height) = (self.width, self.height);
            for row in 0..usize::from(self.height) {
                self.palette.append_row(canvas.row_bytes(row).as_chunks::<4>().0, &mut self.current);
            }
            // The first entry is for what has not changed.
            self.current.iter_mut().for_each(|entry| *entry += 1);
            self.last = Some(canvas.clone());
            self.compressor.compress(&self.current)
        });
        self.touched = canvas.touched().clone();
        self.frames.push(frame);
    }

    /// Draws short runs of unchanged pixels within a rectangle's entries.
    fn draw_short_runs(&self, entries: &mut [u8], Rectangle { columns, rows }: &Rectangle) {
        let width = usize::from(self.width);
        let current = |at: usize| {
            self.current[(rows.start + at / columns.len()) * width + columns.start + at % columns.len()]
        };
        let mut at = 0;
        while let Some(&entry) = entries.get(at) {
            let length = if entry == UNCHANGED { run_length(&entries[at..], UNCHANGED) } else { 0 };
            let run = at..at + length;
            let is_plain = || run.clone().all(|other| current(other) == current(at));
            if length <= SHORT_RUN || length <= SHORT_PLAIN_RUN && is_plain() {
                for place in run {
                    entries[place] = current(place);
                }
            }
            at += length.max(1);
        }
    }

    /// Takes over what differs from the last frame, which it only can in these tiles; returns the smallest rectangle that holds all of it.
    fn change(&mut self, last: &mut Canvas, canvas: &Canvas, touched: &Tiles) -> Rectangle {
        let width = usize::from(self.width);
        let mut rectangle: Option<Rectangle> = None;
        let mut before = None;
        for row in 0..usize::from(self.height) {
            for span in touched.touched_in(row) {
                let bytes = 4 * span.start..4 * span.end;
                let (old, new) = (&mut last.row_bytes_mut(row)[bytes.clone()], &canvas.row_bytes(row)[bytes]);
                if old == new {
                    continue;
                }
                let at = row * width + span.start;
                let (current, changed) = (&mut self.current[at..], &mut self.changed[at..]);
                let pixels = old.as_chunks::<4>().0.iter().zip(new.as_chunks::<4>().0);
                for (column, (old, new)) in pixels.enumerate() {
                    if old == new {
                        continue;
                    }
                    let index = match before {
                        Some((color, index)) if color == *new => index,
                        _ => self.palette.index([new[0], new[1], new[2]]).0 + 1,
                    };
                    before = Some((*new, index));
                    // Another colour may still have the same entry.
                    if index != current[column] {
                        (current[column], changed[column]) = (index, index);
                        rectangle
                            .get_or_insert(Rectangle::of(span.start + column, row))
                            .add(span.start + column, row);
                    }
                }
                old.copy_from_slice(new);
            }
        }
        // A frame needs a pixel even if nothing has changed.
        rectangle.unwrap_or(Rectangle::of(0, 0))
    }

    /// The entries of a rectangle outside of which nothing has changed.
    fn take_changed(&mut self, Rectangle { columns, rows }: &Rectangle, touched: &Tiles) -> Vec<u8> {
        let width = usize::from(self.width);
        let mut entries = Vec::with_capacity(columns.len() * rows.len());
        for row in rows.clone() {
            entries.extend_from_slice(&self.changed[row * width..][columns.clone()]);
            for span in touched.touched_in(row) {
                self.changed[row * width..][span].fill(UNCHANGED);
            }
        }
        entries
    }

    /// The bytes of a GIF file that repeats for ever, with a pause at its end.
    pub(super) fn finish(mut self) -> Vec<u8> {
        if let Some(last) = self.frames.last_mut() {
            last.delay = last.delay.max(FINAL_PAUSE);
        }
        let unchanged = [[255; 3]];
        let palette: Vec<u8> = unchanged.iter().chain(self.palette.colors()).flatten().copied().collect();
        let mut bytes = Vec::new();
        let written = Encoder::new(&mut bytes, self.width, self.height, &palette).and_then(|mut encoder| {
            encoder.set_repeat(Repeat::Infinite)?;
            self.frames.iter().try_for_each(|frame| encoder.write_lzw_pre_encoded_frame(frame))
        });
        // Writing to memory fails only if sizes and data disagree, which they cannot.
        debug_assert!(written.is_ok(), "{written:?}");
        bytes
    }
}

/// A part of a picture, not empty.
struct Rectangle {
    columns: Range<usize>,
    rows: Range<usize>,
}

impl Rectangle {
    fn of(column: usize, row: usize) -> Self {
        Self { columns: column..column + 1, rows: row..row + 1 }
    }

    fn add(&mut self, column: usize, row: usize) {
        self.columns = self.columns.start.min(column)..self.columns.end.max(column + 1);
        self.rows = self.rows.start.min(row)..self.rows.end.max(row + 1);
    }

    #[expect(clippy::cast_possible_truncation, reason = "places in a picture whose sides fit")]
    fn set(&self, frame: &mut Frame<'_>) {
        (frame.left, frame.top) = (self.columns.start as u16, self.rows.start as u16);
        (frame.width, frame.height) = (self.columns.len() as u16, self.rows.len() as u16);
    }
}

#[cfg(test)]
mod tests {
    use super::super::canvas::Ink;
    use super::super::palette::CELL_ERROR;
    use super::*;

    #[test]
    fn frames_add_up_to_the_pictures() {
        let mut canvas = Canvas::new((80, 50), Paper::LIGHT);
        let mut animation = Animation::new((80, 50), Paper::LIGHT, &[[31, 119, 180]]);
        let mut pictures: Vec<Vec<u8>> = Vec::new();
        for step in 0..6 {
            // The fourth frame shows nothing new.
            if step != 3 {
                canvas.disc((10.0 + 10.0 * f64::from(step), 25.0), 8.0, Ink::solid(31, 119, 180));
            }
            animation.push(&canvas, 8);
            pictures.push(canvas.rgb().flatten().collect());
        }
        let bytes = animation.finish();
        let mut options = gif::DecodeOptions::new();
        options.set_color_output(gif::ColorOutput::RGBA);
        let mut decoder = options.read_info(bytes.as_slice()).unwrap();
        assert_eq!(decoder.repeat(), Repeat::Infinite);
        let mut shown = vec![0_u8; 80 * 50 * 3];
        let mut delays = Vec::new();
        let mut index = 0;
        while let Some(frame) = decoder.read_next_frame().unwrap() {
            for (at, pixel) in frame.buffer.chunks(4).enumerate() {
                let (column, row) = (at % usize::from(frame.width), at / usize::from(frame.width));
                let place = (usize::from(frame.top) + row) * 80 + usize::from(frame.left) + column;
                if pixel[3] > 0 {
                    shown[3 * place..3 * place + 3].copy_from_slice(&pixel[..3]);
                }
            }
            assert!(
                shown.iter().zip(&pictures[index]).all(|(a, b)| a.abs_diff(*b) <= TOLERANCE + CELL_ERROR),
                "frame {index}"
            );
            delays.push(frame.delay);
            index += 1;
        }
        assert_eq!(delays, [8, 8, 8, 8, 8, FINAL_PAUSE]);
    }
}
