//! Animations as GIF files: one palette, and of every frame only what changed.

use std::borrow::Cow;

use gif::{DisposalMethod, Encoder, Frame, Repeat};

use super::canvas::{Canvas, GRAYS};
use super::palette::Palette;

/// What is off by this are the edges of moving curves: nobody sees it, and it makes files a tenth smaller.
const TOLERANCE: u8 = 12;
/// How long the last frame stays, in hundredths of a second.
const FINAL_PAUSE: u16 = 250;
/// The palette's entry for what has not changed; the first, since small indices make small files.
const UNCHANGED: u8 = 0;

/// Takes frames one by one, so that only their changes are kept.
pub(super) struct Animation {
    palette: Palette,
    width: u16,
    height: u16,
    /// The last frame's entries, row by row.
    current: Vec<u8>,
    frames: Vec<Frame<'static>>,
}

impl Animation {
    /// An animation of frames of one size. The `key` colours stay exact.
    pub(super) fn new((width, height): (u32, u32), key: &[[u8; 3]]) -> Self {
        let reserved: Vec<[u8; 3]> = GRAYS.iter().chain(key).copied().collect();
        Self {
            palette: Palette::new(255, TOLERANCE, &reserved),
            // Sizes are checked where specs are resolved.
            width: u16::try_from(width).unwrap_or(u16::MAX),
            height: u16::try_from(height).unwrap_or(u16::MAX),
            current: Vec::new(),
            frames: Vec::new(),
        }
    }

    /// Appends a frame that is shown for so many hundredths of a second.
    pub(super) fn push(&mut self, canvas: &Canvas, delay: u16) {
        let mut last = ([255; 3], self.palette.index([255; 3]).0);
        let entries = canvas.rgb().map(|color| {
            if color != last.0 {
                last = (color, self.palette.index(color).0);
            }
            last.1 + 1
        });
        let entries: Vec<u8> = entries.collect();
        let mut frame = Frame { delay, dispose: DisposalMethod::Keep, ..Frame::default() };
        if self.current.is_empty() {
            (frame.width, frame.height) = (self.width, self.height);
            frame.buffer = Cow::Owned(entries.clone());
        } else {
            self.difference(&entries, &mut frame);
        }
        self.frames.push(frame);
        self.current = entries;
    }

    /// Fills a frame with what differs from the last: the smallest rectangle, see-through where nothing changed.
    #[expect(clippy::cast_possible_truncation, reason = "places in a picture whose sides fit")]
    fn difference(&self, entries: &[u8], frame: &mut Frame<'static>) {
        let width = usize::from(self.width);
        let rows = || self.current.chunks(width).zip(entries.chunks(width));
        let is_changed = |(old, new): &(&[u8], &[u8])| old != new;
        let top = rows().position(|row| is_changed(&row)).unwrap_or(0);
        let bottom = rows().rposition(|row| is_changed(&row)).unwrap_or(0);
        let columns = rows().filter(is_changed).map(|(old, new)| {
            let differs = |at: &usize| old[*at] != new[*at];
            let left = (0..width).find(differs).unwrap_or(0);
            (left, (0..width).rfind(differs).unwrap_or(0))
        });
        // A frame without changes still takes its time; it needs a pixel all the same.
        let (left, right) = columns.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))).unwrap_or((0, 0));
        let mut buffer = Vec::with_capacity((right - left + 1) * (bottom - top + 1));
        for (old, new) in rows().skip(top).take(bottom - top + 1) {
            let pairs = old[left..=right].iter().zip(&new[left..=right]);
            buffer.extend(pairs.map(|(old, new)| if old == new { UNCHANGED } else { *new }));
        }
        (frame.left, frame.top) = (left as u16, top as u16);
        (frame.width, frame.height) = ((right - left + 1) as u16, (bottom - top + 1) as u16);
        frame.transparent = Some(UNCHANGED);
        frame.buffer = Cow::Owned(buffer);
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
            self.frames.iter().try_for_each(|frame| encoder.write_frame(frame))
        });
        // Writing to memory fails only if sizes and data disagree, which they cannot.
        debug_assert!(written.is_ok(), "{written:?}");
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::super::canvas::Ink;
    use super::super::palette::CELL_ERROR;
    use super::*;

    #[test]
    fn frames_add_up_to_the_pictures() {
        let mut canvas = Canvas::new(80, 50);
        let mut animation = Animation::new((80, 50), &[[31, 119, 180]]);
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
