//! Animations as GIF files: one palette, and of every frame only what changed.

use std::borrow::Cow;
use std::ops::Range;

use gif::{DisposalMethod, Encoder, Frame, Repeat};

use super::canvas::Canvas;
use super::lzw::Compressor;
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
    /// What changes from it to the next frame, from the top left.
    changes: Vec<Change>,
    /// What is drawn of the next frame's rectangle.
    strokes: Strokes,
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
            changes: Vec::new(),
            strokes: Strokes::default(),
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
            self.change(&mut last, canvas, &touched);
            self.last = Some(last);
            let rectangle = Rectangle::around(&self.changes);
            rectangle.set(&mut frame);
            self.draw(&rectangle);
            self.strokes.compressed(&mut self.compressor)
        } else {
            (frame.width, frame.height) = (self.width, self.height);
            for row in 0..usize::from(self.height) {
                self.palette.append_row(canvas.row_bytes(row).as_chunks::<4>().0, &mut self.current);
            }
            // The first entry is for what has not changed.
            self.current.iter_mut().for_each(|entry| *entry += 1);
            self.last = Some(canvas.clone());
            let mut stream = self.compressor.begin(largest(&self.current));
            stream.take(&self.current);
            stream.finish()
        });
        self.touched = canvas.touched().clone();
        self.frames.push(frame);
    }

    /// Takes over what differs from the last frame, which it only can in these tiles.
    fn change(&mut self, last: &mut Canvas, canvas: &Canvas, touched: &Tiles) {
        let width = usize::from(self.width);
        let Self { palette, current, changes, .. } = self;
        let mut before = None;
        changes.clear();
        for (rows, spans) in touched.touched() {
            for row in rows {
                for span in &spans {
                    let bytes = 4 * span.start..4 * span.end;
                    let (old, new) =
                        (&mut last.row_bytes_mut(row)[bytes.clone()], &canvas.row_bytes(row)[bytes]);
                    take_over(old, new, |at, color| {
                        let index = match before {
                            Some((other, index)) if other == color => index,
                            _ => palette.index([color[0], color[1], color[2]]).0 + 1,
                        };
                        before = Some((color, index));
                        let column = span.start + at;
                        let entry = &mut current[row * width + column];
                        // Another colour may still have the same entry.
                        if index != *entry {
                            *entry = index;
                            match changes.last_mut() {
                                Some(last) if last.row == row && last.columns.end == column => {
                                    last.columns.end += 1;
                                }
                                _ => changes.push(Change { row, columns: column..column + 1 }),
                            }
                        }
                    });
                }
            }
        }
    }

    /// Draws the changes, with the short runs between them, in the rectangle that holds them all.
    fn draw(&mut self, Rectangle { columns, rows }: &Rectangle) {
        let Self { changes, current, strokes, .. } = self;
        let (width, inner) = (usize::from(self.width), columns.len());
        strokes.clear();
        let mut end = 0;
        for change in changes {
            let start = (change.row - rows.start) * inner + change.columns.start - columns.start;
            // Where nothing changes, row by row.
            let between = (end..start)
                .map(|at| current[(rows.start + at / inner) * width + columns.start + at % inner]);
            let is_short =
                start - end <= SHORT_RUN || start - end <= SHORT_PLAIN_RUN && is_plain(between.clone());
            if is_short {
                strokes.go_on(between);
            } else {
                strokes.skip(start - end);
            }
            let row = change.row * width;
            strokes.go_on(current[row + change.columns.start..row + change.columns.end].iter().copied());
            end = start + change.columns.len();
        }
        strokes.skip(inner * rows.len() - end);
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

/// What is drawn of a rectangle, from its top left, and what is skipped between.
#[derive(Debug, Default)]
struct Strokes {
    /// How many pixels are skipped, and how many drawn then.
    lengths: Vec<(usize, usize)>,
    /// The entries of all that are drawn.
    entries: Vec<u8>,
}

impl Strokes {
    fn clear(&mut self) {
        self.lengths.clear();
        self.entries.clear();
    }

    fn skip(&mut self, count: usize) {
        self.lengths.push((count, 0));
    }

    fn go_on(&mut self, entries: impl Iterator<Item = u8>) {
        let before = self.entries.len();
        self.entries.extend(entries);
        let count = self.entries.len() - before;
        match self.lengths.last_mut() {
            Some((_, drawn)) => *drawn += count,
            None => self.lengths.push((0, count)),
        }
    }

    fn compressed(&self, compressor: &mut Compressor) -> Vec<u8> {
        let mut stream = compressor.begin(largest(&self.entries));
        let mut rest = self.entries.as_slice();
        for &(skipped, drawn) in &self.lengths {
            stream.take_run(UNCHANGED, skipped);
            let (now, later) = rest.split_at(drawn);
            stream.take(now);
            rest = later;
        }
        stream.finish()
    }
}

fn largest(entries: &[u8]) -> u8 {
    entries.iter().fold(0, |largest, &entry| entry.max(largest))
}

fn is_plain(mut entries: impl Iterator<Item = u8>) -> bool {
    entries.next().is_none_or(|first| entries.all(|entry| entry == first))
}

/// Pixels of a row that have changed.
struct Change {
    row: usize,
    columns: Range<usize>,
}

/// Looks for the pixels of four bytes in which a row differs from another, which it becomes.
fn take_over(old: &mut [u8], new: &[u8], mut differs: impl FnMut(usize, [u8; 4])) {
    const BLOCK: usize = 8;
    let mut look = |block: usize, old: &mut [u8], new: &[u8]| {
        let pixels = old.as_chunks::<4>().0.iter().zip(new.as_chunks::<4>().0).enumerate();
        for (at, (_, new)) in pixels.filter(|(_, (old, new))| old != new) {
            differs(BLOCK * block + at, *new);
        }
        old.copy_from_slice(new);
    };
    // Most are alike: many at once.
    let ((old_blocks, old_rest), (new_blocks, new_rest)) =
        (old.as_chunks_mut::<{ 4 * BLOCK }>(), new.as_chunks::<{ 4 * BLOCK }>());
    let rest = old_blocks.len();
    for (block, (old, new)) in old_blocks.iter_mut().zip(new_blocks).enumerate() {
        if old != new {
            look(block, old, new);
        }
    }
    look(rest, old_rest, new_rest);
}

/// A part of a picture, not empty.
struct Rectangle {
    columns: Range<usize>,
    rows: Range<usize>,
}

impl Rectangle {
    /// The smallest that holds these, which come from top to bottom. A frame needs a pixel even if nothing has changed.
    fn around(changes: &[Change]) -> Self {
        let [first, ..] = changes else { return Self { columns: 0..1, rows: 0..1 } };
        let columns = changes.iter().fold(first.columns.clone(), |all, Change { columns, .. }| {
            all.start.min(columns.start)..all.end.max(columns.end)
        });
        Self { columns, rows: first.row..changes.last().map_or(first.row, |last| last.row) + 1 }
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
