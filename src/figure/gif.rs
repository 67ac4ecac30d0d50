//! Animations as GIF files: one palette, and of every frame only what changed.

use std::borrow::Cow;
use std::ops::Range;

use gif::{DisposalMethod, Encoder, Frame, Repeat};

use super::canvas::Canvas;
use super::lzw;
use super::palette::Palette;
use super::paper::Paper;
use super::tiles::Tiles;

/// What is off by this are the edges of moving curves: nobody sees it, and it makes files a tenth smaller.
const TOLERANCE: u8 = 12;
/// How long the last frame stays, in hundredths of a second.
const FINAL_PAUSE: u16 = 250;
/// The palette's entry for what has not changed; the first, since small indices make small files.
const UNCHANGED: u8 = 0;

/// Runs of unchanged pixels up to these lengths are drawn all the same; the better of both ways is taken, frame by frame. (All
/// lengths up to 24 tried out make files smaller by another thousandth.)
const SHORT_RUNS: [usize; 2] = [6, 16];

/// Takes frames one by one, so that only their changes are kept.
pub(super) struct Animation {
    palette: Palette,
    width: u16,
    height: u16,
    /// The last frame, as it was drawn and as entries, row by row.
    last: Option<Canvas>,
    current: Vec<u8>,
    /// Where it may differ from what both it and the next frame were copies of.
    touched: Tiles,
    frames: Vec<Frame<'static>>,
}

impl Animation {
    /// An animation of frames of one size. The `key` colours stay exact.
    pub(super) fn new((width, height): (u32, u32), paper: Paper, key: &[[u8; 3]]) -> Self {
        let reserved: Vec<[u8; 3]> = paper.colors().iter().chain(key).copied().collect();
        Self {
            palette: Palette::new(255, TOLERANCE, &reserved),
            // Sizes are checked where specs are resolved.
            width: u16::try_from(width).unwrap_or(u16::MAX),
            height: u16::try_from(height).unwrap_or(u16::MAX),
            last: None,
            current: Vec::new(),
            touched: Tiles::new((width, height)),
            frames: Vec::new(),
        }
    }

    /// Appends a frame that is shown for so many hundredths of a second. All frames have been copies of one picture before what has
    /// touched them.
    pub(super) fn push(&mut self, canvas: &Canvas, delay: u16) {
        let mut frame = Frame { delay, dispose: DisposalMethod::Keep, ..Frame::default() };
        frame.buffer = if let Some(mut last) = self.last.take() {
            frame.transparent = Some(UNCHANGED);
            let changes = changes(&last, canvas, &self.touched.or(canvas.touched()));
            let entries = self.difference(&last, canvas, &changes, &mut frame);
            for (row, columns) in changes.into_iter().enumerate() {
                last.copy_row(row, columns, canvas);
            }
            self.last = Some(last);
            Cow::Owned(self.compressed(entries, &frame))
        } else {
            (frame.width, frame.height) = (self.width, self.height);
            let mut before = ([255; 3], self.palette.index([255; 3]).0);
            let entries = canvas.rgb().map(|color| {
                if color != before.0 {
                    before = (color, self.palette.index(color).0);
                }
                before.1 + 1
            });
            self.current = entries.collect();
            self.last = Some(canvas.clone());
            Cow::Owned(lzw::encode(&self.current))
        };
        self.touched = canvas.touched().clone();
        self.frames.push(frame);
    }

    /// A frame's entries compressed, where short runs of unchanged pixels may be drawn once more: to switch between a curve's colours
    /// and what is see-through costs more than they do.
    fn compressed(&self, mut entries: Vec<u8>, frame: &Frame<'_>) -> Vec<u8> {
        let (width, left, top) = (usize::from(frame.width), usize::from(frame.left), usize::from(frame.top));
        let shown =
            |at: usize| self.current[(top + at / width) * usize::from(self.width) + left + at % width];
        let runs = short_runs(&entries);
        let mut best: Option<Vec<u8>> = None;
        let mut done = 0;
        for longest in SHORT_RUNS {
            for run in runs.iter().filter(|run| (done + 1..=longest).contains(&run.len())) {
                run.clone().for_each(|at| entries[at] = shown(at));
            }
            done = longest;
            let compressed = lzw::encode(&entries);
            if best.as_ref().is_none_or(|best| compressed.len() < best.len()) {
                best = Some(compressed);
            }
        }
        best.unwrap_or_default()
    }

    /// The entries of the rectangle that holds all changes, see-through where nothing changed.
    #[expect(clippy::cast_possible_truncation, reason = "places in a picture whose sides fit")]
    fn difference(
        &mut self,
        last: &Canvas,
        canvas: &Canvas,
        changes: &[Range<usize>],
        frame: &mut Frame<'static>,
    ) -> Vec<u8> {
        let width = usize::from(self.width);
        let Rectangle { columns, rows } = rectangle(changes);
        let mut entries = vec![UNCHANGED; columns.len() * rows.len()];
        let lines = entries.chunks_exact_mut(columns.len());
        for (row, line) in rows.clone().zip(lines) {
            let changed = changes[row].clone();
            let bytes =
                |canvas| Canvas::row_bytes(canvas, row)[4 * changed.start..4 * changed.end].chunks_exact(4);
            let current = &mut self.current[row * width..][changed.clone()];
            let line = &mut line[changed.start.saturating_sub(columns.start)..];
            let pixels = bytes(last).zip(bytes(canvas));
            for ((current, entry), (old, new)) in current.iter_mut().zip(line).zip(pixels) {
                if old == new {
                    continue;
                }
                // Another colour may still have the same entry.
                let index = self.palette.index([new[0], new[1], new[2]]).0 + 1;
                if index != *current {
                    (*current, *entry) = (index, index);
                }
            }
        }
        (frame.left, frame.top) = (columns.start as u16, rows.start as u16);
        (frame.width, frame.height) = (columns.len() as u16, rows.len() as u16);
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

/// The runs of unchanged pixels that are no longer than the last of [`SHORT_RUNS`].
fn short_runs(entries: &[u8]) -> Vec<Range<usize>> {
    let mut runs = Vec::new();
    let mut at = 0;
    while let Some(&entry) = entries.get(at) {
        let length = if entry == UNCHANGED { lzw::run_length(&entries[at..], UNCHANGED) } else { 0 };
        if (1..=SHORT_RUNS[1]).contains(&length) {
            runs.push(at..at + length);
        }
        at += length.max(1);
    }
    runs
}

/// A part of a picture, not empty.
struct Rectangle {
    columns: Range<usize>,
    rows: Range<usize>,
}

/// The smallest rectangle that holds all changes. A frame needs a pixel even if nothing has changed.
fn rectangle(changes: &[Range<usize>]) -> Rectangle {
    let is_changed = |columns: &Range<usize>| !columns.is_empty();
    let Some(top) = changes.iter().position(is_changed) else {
        return Rectangle { columns: 0..1, rows: 0..1 };
    };
    let bottom = changes.iter().rposition(is_changed).unwrap_or(top);
    let changed = || changes.iter().filter(|columns| is_changed(columns));
    let left = changed().map(|columns| columns.start).min().unwrap_or(0);
    let right = changed().map(|columns| columns.end).max().unwrap_or(1);
    Rectangle { columns: left..right, rows: top..bottom + 1 }
}

/// Per row, from the first to after the last column in which a picture differs from another of the same size; it can only in these
/// tiles.
fn changes(before: &Canvas, after: &Canvas, touched: &Tiles) -> Vec<Range<usize>> {
    let rows = 0..after.size().1 as usize;
    let row = |row: usize| {
        let (old, new) = (before.row_bytes(row), after.row_bytes(row));
        let bytes = |columns: &Range<usize>| 4 * columns.start..4 * columns.end;
        let differ = |columns: &Range<usize>| old[bytes(columns)] != new[bytes(columns)];
        let Some(first) = touched.touched_in(row).find(differ) else { return 0..0 };
        let last = touched.touched_in(row).rfind(differ).unwrap_or_else(|| first.clone());
        let changed = |columns: &Range<usize>| {
            let pixels = old[bytes(columns)].chunks_exact(4).zip(new[bytes(columns)].chunks_exact(4));
            pixels.map(|(old, new)| old != new)
        };
        let start = changed(&first).position(|is_changed| is_changed).unwrap_or(0);
        let end = changed(&last).rposition(|is_changed| is_changed).unwrap_or(0);
        first.start + start..last.start + end + 1
    };
    rows.map(row).collect()
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
