//! A set of characters: one look at a byte for most, two more for the rest.

use crate::prelude::*;
use crate::text::decode;

/// What a byte must be asked further about: some characters that begin with it are in the set, others are not.
const ASK: u8 = 5;
/// Code points of a block, as a power of two.
const SHIFT: u32 = 8;
const CODES: u32 = 0x11_0000;

/// See the module.
#[derive(Clone, Debug)]
pub struct Set {
    /// By first byte: 0 no character is in the set, 1 to 4 all are, and so long; or `ASK`.
    bytes: [u8; 256],
    /// Which of `bits` a block of code points has.
    blocks: Vec<u16>,
    /// Different blocks; the first is empty, the second full.
    bits: Vec<[u64; 4]>,
}

impl Set {
    /// Of ranges (first, last) in ascending order.
    pub fn new(ranges: &[(u32, u32)]) -> Self {
        let mut blocks = vec![0; (CODES >> SHIFT) as usize];
        let mut bits = vec![[0; 4], [u64::MAX; 4]];
        for &(low, high) in ranges {
            for block in low >> SHIFT..=high >> SHIFT {
                let begin = block << SHIFT;
                let (from, to) = (low.max(begin) - begin, high.min(begin | 0xFF) - begin);
                let Some(slot) = blocks.get_mut(block as usize) else { break };
                if (from, to) == (0, 0xFF) {
                    *slot = 1;
                    continue;
                }
                if *slot == 0 {
                    *slot = bits.len() as u16;
                    bits.push([0; 4]);
                }
                if let Some(own) = bits.get_mut(*slot as usize) {
                    (from..=to).for_each(|bit| own[bit as usize / 64] |= 1 << (bit % 64));
                }
            }
        }
        let mut set = Self { bytes: [0; 256], blocks, bits };
        for (first, byte) in (0..=u8::MAX).zip(0..256) {
            let lead = u32::from(first);
            let (low, high, length) = match lead {
                0..0x80 => (lead, lead, 1),
                0xC2..0xE0 => ((lead & 0x1F) << 6, (lead & 0x1F) << 6 | 0x3F, 2),
                0xE0..0xF0 => (((lead & 0x0F) << 12).max(0x800), (lead & 0x0F) << 12 | 0xFFF, 3),
                0xF0..0xF5 => (((lead & 0x07) << 18).max(0x1_0000), ((lead & 0x07) << 18 | 0x3_FFFF).min(CODES - 1), 4),
                _ => continue,
            };
            let is_surrogate = |code: &u32| (0xD800..0xE000).contains(code);
            let mut inside = (low..=high).filter(|code| !is_surrogate(code)).map(|code| set.has_code(code));
            let answer = inside.next().unwrap_or(false);
            set.bytes[byte] = match (inside.all(|other| other == answer), answer) {
                (true, true) => length,
                (true, false) => 0,
                (false, _) => ASK,
            };
        }
        set
    }

    #[inline]
    fn has_code(&self, code: u32) -> bool {
        let block = self.blocks.get((code >> SHIFT) as usize).copied().unwrap_or(0);
        self.bits.get(block as usize).is_some_and(|bits| bits[(code >> 6 & 3) as usize] >> (code & 63) & 1 != 0)
    }

    /// The length in bytes of the character at `at` where it is in the set; 0 where it is not, or the text has ended.
    #[inline(always)]
    pub fn step(&self, text: &[u8], at: usize) -> usize {
        match text.get(at).map_or(0, |&b| self.bytes[b as usize]) {
            ASK => self.ask(text, at),
            length => length as usize,
        }
    }

    #[inline]
    fn ask(&self, text: &[u8], at: usize) -> usize {
        let (c, length) = decode(text, at);
        if self.has_code(c.into()) { length } else { 0 }
    }

    /// Whether the character that ends before `at` is in the set.
    pub fn before(&self, text: &[u8], at: usize) -> bool {
        back(text, at).is_some_and(|start| self.step(text, start) > 0)
    }
}

/// Where the character before `at` begins; None at the beginning of the text.
#[inline]
pub fn back(text: &[u8], at: usize) -> Option<usize> {
    let mut at = at.checked_sub(1)?;
    while at > 0 && text.get(at).is_some_and(|b| b & 0xC0 == 0x80) {
        at -= 1;
    }
    Some(at)
}
