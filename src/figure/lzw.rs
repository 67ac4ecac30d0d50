//! GIF's compression (Lempel, Ziv and Welch), with a shortcut for runs: frames are mostly runs of what has not changed, and a
//! run's codes can be looked up by its length instead of walking it pixel by pixel. The strings are those of the plain algorithm.

/// Codes have so many bits at the most.
const CODE_BITS: u32 = 12;
const MAX_CODES: u16 = 1 << CODE_BITS;
/// Slots of the dictionary: twice as many as codes, so that few are tried in vain.
const SLOTS: usize = 8192;
/// No code follows on the last one.
const EMPTY: u32 = u32::MAX;
/// So many codes are written with a full dictionary before it is given up: what it knows is worth more for a while than what it
/// would learn.
const WORTH_KEEPING: u32 = 500;

/// Compresses one frame after the other, in the same memory.
pub(super) struct Compressor {
    dictionary: Dictionary,
}

impl Compressor {
    pub(super) fn new() -> Self {
        Self { dictionary: Dictionary::new() }
    }

    /// Begins a frame whose palette entries are no larger than this.
    pub(super) fn begin(&mut self, largest: u8) -> Stream<'_> {
        let code_size = (u32::from(largest) + 1).next_power_of_two().trailing_zeros().max(2);
        let mut bits = Bits { bytes: vec![u8::try_from(code_size).unwrap_or(8)], pending: 0, count: 0 };
        let dictionary = &mut self.dictionary;
        dictionary.clear(code_size);
        bits.push(dictionary.clear_code(), dictionary.width);
        Stream { dictionary, bits, string: None, written_since_full: 0 }
    }
}

/// What a GIF frame holds, as far as its entries are known: the code size, then the codes.
pub(super) struct Stream<'d> {
    dictionary: &'d mut Dictionary,
    bits: Bits,
    /// The string that has not been written yet, since it may become longer.
    string: Option<Known>,
    written_since_full: u32,
}

/// A string that has a code.
#[derive(Clone, Copy)]
struct Known {
    code: u16,
    /// The symbol of which it is a run, if it is one.
    run_of: Option<u8>,
}

impl Stream<'_> {
    /// Takes entries.
    pub(super) fn take(&mut self, entries: &[u8]) {
        let mut rest = entries;
        while let [symbol, next, ..] = *rest {
            let length = if symbol == next { run_length(rest, symbol) } else { 1 };
            self.take_run(symbol, length);
            rest = &rest[length..];
        }
        rest.iter().for_each(|&symbol| self.take_run(symbol, 1));
    }

    /// Takes so many of one entry.
    pub(super) fn take_run(&mut self, symbol: u8, length: usize) {
        let mut left = length;
        // What was there goes on as far as the run lets it.
        if let Some(mut string) = self.string {
            while left > 0
                && let Some(longer) = self.dictionary.find(string.code, symbol)
            {
                string = Known { code: longer, run_of: string.run_of.filter(|of| *of == symbol) };
                left -= 1;
            }
            self.string = Some(string);
            if left == 0 {
                return;
            }
            self.write(string, symbol);
        }
        while left > 0 {
            // The longest run of this symbol that has a code; one more of it is sure not to have one.
            let runs = &self.dictionary.runs[usize::from(symbol)];
            let known = runs.len().min(left);
            let string = Known { code: runs[known - 1], run_of: Some(symbol) };
            left -= known;
            self.string = Some(string);
            if left > 0 {
                self.write(string, symbol);
            }
        }
    }

    /// Writes the code of a string that this symbol follows, with which it has none.
    fn write(&mut self, Known { code, run_of }: Known, next: u8) {
        let Self { dictionary, bits, .. } = self;
        bits.push(code, dictionary.width);
        dictionary.widen();
        if dictionary.next < MAX_CODES {
            dictionary.insert(code, next, run_of == Some(next));
        } else if self.written_since_full < WORTH_KEEPING {
            self.written_since_full += 1;
        } else {
            bits.push(dictionary.clear_code(), dictionary.width);
            dictionary.clear(dictionary.code_size);
            self.written_since_full = 0;
        }
    }

    /// What the frame holds.
    pub(super) fn finish(mut self) -> Vec<u8> {
        let Self { dictionary, bits, string, .. } = &mut self;
        if let Some(Known { code, .. }) = string {
            bits.push(*code, dictionary.width);
            dictionary.widen();
        }
        bits.push(dictionary.clear_code() + 1, dictionary.width);
        self.bits.finish()
    }
}

/// How many entries are this symbol before the first that is not.
fn run_length(entries: &[u8], symbol: u8) -> usize {
    // Frames are mostly one long run: many at once.
    let whole = 32 * entries.as_chunks::<32>().0.iter().take_while(|chunk| **chunk == [symbol; 32]).count();
    whole + entries[whole..].iter().take_while(|entry| **entry == symbol).count()
}

/// The strings that have codes.
struct Dictionary {
    code_size: u32,
    /// The bits of the codes that are written now.
    width: u32,
    /// The next code to be given.
    next: u16,
    /// From the upper bits down: a string's code, the symbol after it, and the code of both; open addressing by the first two.
    slots: Vec<u32>,
    /// Per symbol, the codes of its runs: of one, of two, of three and so on.
    runs: Vec<Vec<u16>>,
}

impl Dictionary {
    fn new() -> Self {
        Self {
            code_size: 8,
            width: 9,
            next: 0,
            slots: vec![EMPTY; SLOTS],
            runs: (0..=u8::MAX).map(|symbol| vec![symbol.into()]).collect(),
        }
    }

    /// Makes it one of single symbols of so many bits.
    fn clear(&mut self, code_size: u32) {
        self.code_size = code_size;
        self.width = code_size + 1;
        self.next = (1 << code_size) + 2;
        self.slots.fill(EMPTY);
        self.runs.iter_mut().for_each(|runs| runs.truncate(1));
    }

    fn clear_code(&self) -> u16 {
        1 << self.code_size
    }

    /// After a code has been written: the next ones are wider if the codes given so far need it.
    fn widen(&mut self) {
        if u32::from(self.next) == 1 << self.width && self.width < CODE_BITS {
            self.width += 1;
        }
    }

    /// The slot of a string's code and the symbol after it, or the empty one where they belong.
    fn slot(&self, key: u32) -> usize {
        let mut slot = (key.wrapping_mul(0x9e37_79b1) >> 19) as usize % SLOTS;
        while self.slots[slot] != EMPTY && self.slots[slot] >> CODE_BITS != key {
            slot = (slot + 1) % SLOTS;
        }
        slot
    }

    #[expect(clippy::cast_possible_truncation, reason = "the lowest bits are a code")]
    fn find(&self, code: u16, symbol: u8) -> Option<u16> {
        let found = self.slots[self.slot(key(code, symbol))];
        (found != EMPTY).then_some(found as u16 % MAX_CODES)
    }

    /// Gives the next code to a string and one more symbol; `is_run` says that it is a run of that symbol.
    fn insert(&mut self, code: u16, symbol: u8, is_run: bool) {
        let key = key(code, symbol);
        let slot = self.slot(key);
        self.slots[slot] = (key << CODE_BITS) | u32::from(self.next);
        if is_run {
            self.runs[usize::from(symbol)].push(self.next);
        }
        self.next += 1;
    }
}

fn key(code: u16, symbol: u8) -> u32 {
    (u32::from(code) << 8) | u32::from(symbol)
}

/// Codes of various widths, packed from the lowest bit.
struct Bits {
    bytes: Vec<u8>,
    pending: u32,
    count: u32,
}

impl Bits {
    #[expect(clippy::cast_possible_truncation, reason = "the lowest byte is meant")]
    fn push(&mut self, code: u16, width: u32) {
        self.pending |= u32::from(code) << self.count;
        self.count += width;
        while self.count >= 8 {
            self.bytes.push(self.pending as u8);
            self.pending >>= 8;
            self.count -= 8;
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "the lowest byte is meant")]
    fn finish(mut self) -> Vec<u8> {
        if self.count > 0 {
            self.bytes.push(self.pending as u8);
        }
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use proptest::prelude::*;

    use super::*;

    fn encode(entries: &[u8]) -> Vec<u8> {
        compressed(&mut Compressor::new(), entries)
    }

    fn compressed(compressor: &mut Compressor, entries: &[u8]) -> Vec<u8> {
        let mut stream = compressor.begin(*entries.iter().max().unwrap());
        stream.take(entries);
        stream.finish()
    }

    /// What the gif crate reads from a picture of one row.
    fn decoded(entries: &[u8], encoded: Vec<u8>) -> Vec<u8> {
        let width = u16::try_from(entries.len()).unwrap();
        let mut file = Vec::new();
        let mut encoder = gif::Encoder::new(&mut file, width, 1, &[0; 768]).unwrap();
        let frame = gif::Frame { width, height: 1, buffer: Cow::Owned(encoded), ..gif::Frame::default() };
        encoder.write_lzw_pre_encoded_frame(&frame).unwrap();
        drop(encoder);
        let mut decoder = gif::DecodeOptions::new().read_info(file.as_slice()).unwrap();
        decoder.read_next_frame().unwrap().unwrap().buffer.to_vec()
    }

    /// What the gif crate's own compression makes of it.
    fn plain(entries: &[u8]) -> Vec<u8> {
        let width = u16::try_from(entries.len()).unwrap();
        let mut frame =
            gif::Frame { width, height: 1, buffer: Cow::Borrowed(entries), ..gif::Frame::default() };
        frame.make_lzw_pre_encoded();
        frame.buffer.to_vec()
    }

    /// Runs of symbols, as frames have them.
    fn entries() -> impl Strategy<Value = Vec<u8>> {
        let run = (
            prop_oneof![4 => Just(0_u8), 1 => any::<u8>(), 2 => 0_u8..5],
            prop_oneof![1_usize..4, 1_usize..900],
        );
        prop::collection::vec(run, 1..60).prop_map(|runs| {
            runs.into_iter().flat_map(|(symbol, length)| std::iter::repeat_n(symbol, length)).collect()
        })
    }

    proptest! {
        #[test]
        fn what_is_compressed_is_read(entries in entries()) {
            prop_assert_eq!(decoded(&entries, encode(&entries)), entries);
        }

        #[test]
        fn what_was_compressed_before_leaves_nothing(first in entries(), second in entries()) {
            let mut compressor = Compressor::new();
            compressed(&mut compressor, &first);
            prop_assert_eq!(compressed(&mut compressor, &second), encode(&second));
        }

        #[test]
        fn noise_fills_the_dictionary(entries in prop::collection::vec(any::<u8>(), 6_000..20_000)) {
            prop_assert_eq!(decoded(&entries, encode(&entries)), entries);
        }

        #[test]
        fn it_is_no_longer_than_the_plain_algorithms(entries in entries()) {
            prop_assert!(encode(&entries).len() <= plain(&entries).len() + 2);
        }
    }

    #[test]
    fn the_shortest_frame() {
        assert_eq!(decoded(&[0], encode(&[0])), [0]);
        assert_eq!(decoded(&[255], encode(&[255])), [255]);
        let long = vec![7; 60_000];
        assert_eq!(decoded(&long, encode(&long)), long);
    }
}
