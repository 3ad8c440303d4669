//! Which of many numbers are there, in ascending order: what float64's sums need, whose order is that of the features.

use crate::prelude::*;

/// See the module.
#[derive(Debug, Default)]
pub struct Ascending {
    /// A bit for each number, and one for each of these words that is not 0.
    bits: Vec<u64>,
    words: Vec<u64>,
}

impl Ascending {
    /// Of numbers below `count`, none of which is there.
    #[inline(never)]
    pub fn new(count: usize) -> Self {
        let words = count.div_ceil(64);
        Self { bits: vec![0; words], words: vec![0; words.div_ceil(64)] }
    }

    /// The number is there.
    #[inline(always)]
    pub fn add(&mut self, number: u32) {
        let word = number / 64;
        if let Some(bits) = self.bits.get_mut(word as usize)
            && let Some(words) = self.words.get_mut((word / 64) as usize)
        {
            *bits |= 1 << (number % 64);
            *words |= 1 << (word % 64);
        }
    }

    /// Moves the numbers into `out`, as far as there is room. How many there were.
    #[inline(never)]
    pub fn take(&mut self, out: &mut [u32]) -> usize {
        let bits = &mut self.bits[..];
        let mut used = 0;
        for (high, words) in (0..).zip(&mut self.words) {
            let mut words = core::mem::take(words);
            while words != 0 {
                let word = high * 64 + words.trailing_zeros();
                words &= words - 1;
                let mut bits = bits.get_mut(word as usize).map_or(0, core::mem::take);
                while bits != 0 {
                    if let Some(out) = out.get_mut(used) {
                        *out = word * 64 + bits.trailing_zeros();
                    }
                    bits &= bits - 1;
                    used += 1;
                }
            }
        }
        used.min(out.len())
    }
}
