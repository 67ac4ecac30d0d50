//! The memory of pictures, handed from one to the next on a thread: to get megabytes from the system, cleared, for each of hundreds
//! of pictures takes a tenth of the time in which they are drawn.

use std::cell::RefCell;

use tiny_skia::PixmapMut;

/// How many pictures' memory a thread keeps: as many as an animation needs at a time.
const KEPT: usize = 5;
/// Larger ones, in bytes, are given back.
const LARGEST_KEPT: usize = 16 << 20;

thread_local! {
    static SPARE: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// Empty memory, used before if there is some. (There is none while a thread ends.)
fn spare() -> Vec<u8> {
    let mut bytes = SPARE.try_with(|spare| spare.borrow_mut().pop()).ok().flatten().unwrap_or_default();
    bytes.clear();
    bytes
}

/// The pixels of a picture, row by row, each as red, green, blue, and an opacity that is always full.
#[derive(Debug, PartialEq)]
pub(super) struct Pixels {
    size: (u32, u32),
    bytes: Vec<u8>,
}

impl Pixels {
    /// All of one colour.
    pub(super) fn new(size: (u32, u32), [red, green, blue]: [u8; 3]) -> Self {
        let mut bytes = spare();
        bytes.resize(4 * size.0 as usize * size.1 as usize, 0);
        bytes.as_chunks_mut::<4>().0.fill([red, green, blue, 255]);
        Self { size, bytes }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    /// What shapes can be drawn on; `None` of a picture without pixels.
    pub(super) fn surface(&mut self) -> Option<PixmapMut<'_>> {
        PixmapMut::from_bytes(&mut self.bytes, self.size.0, self.size.1)
    }
}

impl Clone for Pixels {
    fn clone(&self) -> Self {
        let mut bytes = spare();
        bytes.extend_from_slice(&self.bytes);
        Self { size: self.size, bytes }
    }
}

impl Drop for Pixels {
    fn drop(&mut self) {
        let bytes = std::mem::take(&mut self.bytes);
        let _ = SPARE.try_with(|spare| {
            let mut spare = spare.borrow_mut();
            if spare.len() < KEPT && bytes.capacity() <= LARGEST_KEPT {
                spare.push(bytes);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_of_a_picture_in_the_next() {
        let mut first = Pixels::new((30, 20), [1, 2, 3]);
        first.bytes_mut().fill(77);
        let copy = first.clone();
        assert_eq!(copy, first);
        drop((first, copy));
        for size in [(30, 20), (10, 10), (50, 40)] {
            let next = Pixels::new(size, [9, 8, 7]);
            assert_eq!(next.bytes().len(), 4 * size.0 as usize * size.1 as usize);
            assert!(next.bytes().as_chunks::<4>().0.iter().all(|pixel| *pixel == [9, 8, 7, 255]));
        }
    }
}
