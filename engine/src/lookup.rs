//! Looking up: keys, hashes, and the numbers of characters. What stands in a slot is the business of `table`, where it
//! stands in memory that of `features`.

use crate::prelude::*;
use crate::unicode::{SPACE, Version, class};

/// Bytes of a word that stand in its key.
pub const INLINE: usize = 16;
/// What a buffer must hold behind its last word, so that keys can always be read.
pub const SLACK: usize = 2 * INLINE;
/// How many keys are looked up at once.
pub const BLOCK: usize = 128;
/// Bits of a key for the slot of a beginning leave this many for the last piece.
const CHAIN: u32 = 32;

/// What makes a key of 16 bytes of which the first n are a word: what to keep, and what to set. Behind the word stands a
/// byte that UTF-8 never has, so that words with zeros and the empty one are keys of their own.
const MASKS: [Mask; INLINE + 1] = {
    let mut masks = [Mask { keep: u128::MAX, set: 0 }; INLINE + 1];
    let mut n = 0;
    while n < INLINE {
        masks[n] = Mask { keep: (1 << (8 * n)) - 1, set: 0xFF << (8 * n) };
        n += 1;
    }
    masks
};

#[derive(Clone, Copy)]
struct Mask {
    keep: u128,
    set: u128,
}

/// The hash of a key.
#[inline(always)]
pub fn mix(key: u64) -> u64 {
    let key = (key ^ key >> 32).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    key ^ key >> 29
}

/// A number below `size`, from the upper half of a hash.
#[inline(always)]
fn below(hash: u64, size: usize) -> usize {
    ((hash >> 32).wrapping_mul(size as u64) >> 32) as usize
}

/// Whose pilot a key asks, of `pilots`.
#[inline(always)]
pub fn group(hash: u64, pilots: usize) -> usize {
    below(hash, pilots)
}

/// The slot where a pilot sends a key, of `slots`.
#[inline(always)]
pub fn piloted(hash: u64, pilot: u8, slots: usize) -> usize {
    let turned = hash ^ u64::from(pilot).wrapping_mul(0x5851_F42D_4C95_7F2D);
    below(turned.wrapping_mul(0xD6E8_FEB8_6659_FD93), slots)
}

/// The slot of a key; 0 where there are none.
#[inline(always)]
pub fn slot(hash: u64, pilots: &[u8], slots: usize) -> usize {
    piloted(hash, pilots.get(group(hash, pilots.len())).copied().unwrap_or(0), slots)
}

// ---- words

/// The `high` of a long word's key while its place in the heap is not known. The last byte of other keys is never 0xFE.
pub const LONG: u64 = 0xFE << 56;

/// Whether the `high` of a key is that of a long word.
pub fn is_long(high: u64) -> bool {
    high >> 56 == LONG >> 56
}

/// The `high` of a long word in the table: where its bytes are.
pub fn heap_place(start: usize, length: usize) -> u64 {
    LONG | (length as u64) << 32 | start as u64
}

/// The bytes of the long word with this `high`.
pub fn in_heap(heap: &[u8], high: u64) -> Option<&[u8]> {
    let start = high as u32 as usize;
    let length = (high >> 32) as u16 as usize;
    is_long(high).then(|| heap.get(start..start.checked_add(length)?)).flatten()
}

/// The hash of a word's key.
#[inline(always)]
pub fn word_hash((low, high): (u64, u64)) -> u64 {
    mix(low ^ mix(high ^ 0x2545_F491_4F6C_DD1D))
}

/// What a word is looked up by: its bytes; of one that does not fit a hash and `LONG`. Never (0, 0).
#[inline(never)]
pub fn word_key(word: &[u8]) -> (u64, u64) {
    let key =
        MASKS.get(word.len()).map(|mask| u128::from(eight(word, 8)) << 64 | u128::from(eight(word, 0)) | mask.set);
    match key {
        // Sixteen zeros are the one word that would look like none at all.
        None | Some(0) => {
            let hash = (0..=word.len() / 8).fold(word.len() as u64, |hash, i| mix(hash ^ eight(word, 8 * i)));
            (hash, LONG)
        }
        Some(key) => (key as u64, (key >> 64) as u64),
    }
}

/// Eight bytes of a word, zeros behind its end.
#[inline(always)]
fn eight(word: &[u8], at: usize) -> u64 {
    let rest = word.get(at..).unwrap_or_default();
    match (rest.first_chunk(), word.last_chunk()) {
        (Some(eight), _) => u64::from_le_bytes(*eight),
        (None, Some(last)) => u64::from_le_bytes(*last).checked_shr(64 - 8 * rest.len() as u32).unwrap_or(0),
        (None, None) => rest.iter().rev().fold(0, |eight, &byte| eight << 8 | u64::from(byte)),
    }
}

/// The key of `text[start..end]` if it has up to 16 bytes, without a branch, where there are `SLACK` bytes behind it; of a
/// longer one, some key; where there are not as many bytes, and of sixteen zeros, (0, 0).
#[inline(always)]
pub fn short_key_at(text: &[u8], start: usize, end: usize) -> (u64, u64) {
    let mask = &MASKS[end.wrapping_sub(start).min(INLINE)];
    let Some(chunk) = text.get(start..).and_then(<[u8]>::first_chunk::<INLINE>) else { return (0, 0) };
    let key = u128::from_le_bytes(*chunk) & mask.keep | mask.set;
    (key as u64, (key >> 64) as u64)
}

/// The words of up to twice 16 bytes, `text[start..end]`, as two keys of 16, where there are as many bytes behind it.
#[inline(always)]
pub fn double_key(text: &[u8], start: usize, end: usize) -> Option<[u128; 2]> {
    let chunks = text.get(start..)?.first_chunk::<{ 2 * INLINE }>()?.as_chunks::<INLINE>().0;
    let length = end - start;
    let key = |chunk: &[u8; INLINE], length: usize| {
        MASKS.get(length).map(|mask| u128::from_le_bytes(*chunk) & mask.keep | mask.set)
    };
    Some([key(&chunks[0], length.min(INLINE))?, key(&chunks[1], length.saturating_sub(INLINE))?])
}

/// Whether two words are the same. Long ones by their first and last 16 bytes, which may overlap, before all others.
#[inline(always)]
pub fn is_same(a: &[u8], b: &[u8]) -> bool {
    let ends = |word: &[u8]| Some([*word.first_chunk::<INLINE>()?, *word.last_chunk::<INLINE>()?]);
    if a.len() != b.len() || ends(a) != ends(b) {
        return false;
    }
    (INLINE..=2 * INLINE).contains(&a.len()) || a == b
}

// ---- n-grams

/// The key of an n-gram by its beginning and its last piece, both as numbers from 1.
#[inline(always)]
pub fn chained_key(beginning: u64, last: u64) -> u64 {
    beginning << CHAIN | last
}

/// Bits for the numbers of an alphabet of `size` characters.
pub fn bits(size: usize) -> u32 {
    usize::BITS - size.leading_zeros()
}

/// How many characters of so many bits are a key of their own.
pub fn direct(bits: u32) -> usize {
    64usize.checked_div(bits as usize).unwrap_or(64)
}

/// What a character is to char and char_wb: its number, and whether it is white space.
#[derive(Debug, Default)]
pub struct Alphabet {
    /// Which page each 256 code points have.
    first: Vec<u16>,
    /// By code point within a page: number (0: in no n-gram of the vocabulary) and `WHITE`. The first page is empty.
    pages: Vec<[u32; 256]>,
    /// The number of ' '.
    pub space: u32,
    /// Of a number.
    pub bits: u32,
}

/// Marks white space.
pub const WHITE: u32 = 1 << 31;
/// No white space from here on, in any version (tests/test_unicode.py asks for every code point).
const LAST_WHITE: u32 = 0x3000;

impl Alphabet {
    /// Of ascending code points.
    pub fn new(codes: &[u32], version: Version) -> Self {
        let mut alphabet =
            Self { first: vec![0; 0x11_0000 >> 8], pages: vec![[0; 256]], space: 0, bits: bits(codes.len()) };
        for (number, &code) in (1..).zip(codes) {
            alphabet.set(code, number);
        }
        for code in 0..=LAST_WHITE {
            if char::from_u32(code).is_some_and(|c| class(c, version) & SPACE != 0) {
                alphabet.set(code, WHITE);
            }
        }
        alphabet.space = alphabet.get(' ') & !WHITE;
        alphabet
    }

    fn set(&mut self, code: u32, more: u32) {
        let Some(page) = self.first.get_mut(code as usize >> 8) else { return };
        if *page == 0 {
            *page = self.pages.len() as u16;
            self.pages.push([0; 256]);
        }
        self.pages[*page as usize][code as usize & 255] |= more;
    }

    /// Number and `WHITE` of a character.
    #[inline(always)]
    pub fn get(&self, c: char) -> u32 {
        let page = self.first.get(c as usize >> 8).copied().unwrap_or(0);
        self.pages.get(page as usize).map_or(0, |page| page[c as usize & 255])
    }

    /// What the ASCII characters are.
    #[inline(always)]
    pub fn ascii(&self) -> &[u32; 256] {
        let page = self.first.first().copied().unwrap_or(0);
        self.pages.get(page as usize).unwrap_or(&self.pages[0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_with_bytes_behind_are_those_of_words_alone() {
        let bytes: Vec<u8> = (0..100_u8).map(|i| i.wrapping_mul(37)).collect();
        let zeros = vec![0; 100];
        for text in [&bytes, &zeros] {
            for start in 0..4 {
                for end in start..=text.len() {
                    let key = word_key(&text[start..end]);
                    let short = short_key_at(text, start, end);
                    if end - start <= INLINE && key.1 == LONG {
                        assert_eq!(short, (0, 0), "{start}..{end}");
                    } else if end - start <= INLINE {
                        let there = start + INLINE <= text.len();
                        assert_eq!(short, if there { key } else { (0, 0) }, "{start}..{end}");
                    }
                }
            }
        }
    }

    /// Byte by byte, as the table's format has it.
    #[test]
    fn keys_of_words() {
        let bytes: Vec<u8> = (1..100).collect();
        for size in 0..bytes.len() {
            let word = &bytes[..size];
            let at =
                |i: usize| u64::from(word.get(i).copied().unwrap_or(if i == size && size < 16 { 0xFF } else { 0 }));
            let eight = |from: usize| (0..8).fold(0, |eight, i| eight | at(from + i) << (8 * i));
            let right = if size <= INLINE {
                (eight(0), eight(8))
            } else {
                ((0..=size / 8).fold(size as u64, |hash, i| mix(hash ^ eight(8 * i))), LONG)
            };
            assert_eq!(word_key(word), right, "{size}");
        }
        assert_eq!(word_key(&[0; 16]), (mix(mix(mix(16))), LONG));
    }

    #[test]
    fn words_that_differ_anywhere_are_not_the_same() {
        for size in 0..70 {
            let word = vec![b'a'; size];
            assert!(is_same(&word, &word.clone()));
            assert!(!is_same(&word, &vec![b'a'; size + 1]));
            for at in 0..size {
                let mut other = word.clone();
                other[at] = b'b';
                assert!(!is_same(&word, &other), "{at} of {size}");
            }
        }
    }
}
