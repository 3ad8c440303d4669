//! Scores as sums over words. What char_wb makes of a word depends on nothing but the word, so a word that was met before
//! brings its share of every score along; only the norm needs to know which features a text has, and how often.
//!
//! For sums in float32's order, which the text alone fixes: the scores word by word, the squares by a feature's first
//! occurrence. A word only counts; each feature is squared once, at the text's end.

use crate::features::{Features, divisor, get, put};
use crate::prelude::*;
use crate::transform::Norm;

/// For more scores than these a word's share would need more room than its n-grams.
const MOST: usize = 64;
/// So many features have a number at a time, so that a number needs no look whether it is one.
const NUMBERS: usize = 1 << 16;
/// The number of no feature.
const NOTHING: u16 = 0;

/// See the module.
#[derive(Debug, Default)]
pub struct Tally {
    /// By row of the features: its number here, or `NOTHING`.
    numbers: Vec<u16>,
    /// By number: occurrences in the text. Numbers are given as features are met, so that frequent ones lie together.
    seen: Vec<u32>,
    /// By number: which idf. How many numbers are given is how many it has.
    which: Vec<u32>,
    /// Numbers in order of first occurrence; how many hold.
    touched: Vec<u16>,
    used: u16,
    /// What the words so far brought, one a score.
    sums: Vec<f64>,
}

impl Tally {
    /// For so many scores, if they are not too many.
    pub fn prepare(&mut self, outputs: usize) {
        if outputs <= MOST {
            self.sums = vec![0.0; outputs];
        }
    }

    /// Whether it is.
    pub fn is_ready(&self) -> bool {
        !self.sums.is_empty()
    }

    /// Forgets all numbers, and the words since the last time.
    pub fn clear(&mut self, features: &Features) {
        self.numbers.clear();
        self.numbers.resize(features.rows(), NOTHING);
        self.seen.clear();
        // Never for the first time.
        self.seen.push(1);
        self.seen.resize(NUMBERS, 0);
        self.touched.resize(NUMBERS, 0);
        self.which.clear();
        self.which.push(0);
        self.used = 0;
        self.sums.fill(0.0);
    }

    /// What `add` needs of a word, in place of what `out` holds: its share of each score, and the numbers of its n-grams, two
    /// a cell. False, and nothing of use, where there are no more numbers: then all words are to be forgotten.
    pub fn share(&mut self, features: &Features, places: &[u32], out: &mut Vec<u32>) -> bool {
        if self.which.is_empty() {
            self.clear(features);
        }
        let scores = 2 * self.sums.len();
        out.clear();
        out.resize(scores, 0);
        let mut half = None;
        for &place in places {
            let Some((which, idf, weights)) = features.weights(place as usize) else { continue };
            let shares = out.get_mut(..scores).unwrap_or_default().as_chunks_mut::<2>().0;
            for (share, &weight) in shares.iter_mut().zip(weights) {
                let sum = get(share) + idf * f64::from(f32::from_bits(weight));
                put(share, sum);
            }
            let Some(number) = self.numbers.get_mut(features.row_of(place as usize) as usize) else { continue };
            if *number == NOTHING {
                if self.which.len() == NUMBERS {
                    return false;
                }
                *number = self.which.len() as u16;
                self.which.push(which);
            }
            let number = u32::from(*number);
            match half.take() {
                None => half = Some(number),
                Some(half) => out.push(half | number << 16),
            }
        }
        out.extend(half);
        true
    }

    /// One more word.
    #[inline(never)]
    pub fn add(&mut self, share: &[u32]) {
        let Some((scores, numbers)) = share.split_at_checked(2 * self.sums.len()) else { return };
        self.sums.iter_mut().zip(scores.as_chunks::<2>().0).for_each(|(sum, score)| *sum += get(score));
        // As arrays of all numbers, in which every number is.
        let Some(seen) = self.seen.first_chunk_mut::<NUMBERS>() else { return };
        let Some(touched) = self.touched.first_chunk_mut::<NUMBERS>() else { return };
        let mut used = self.used;
        for &both in numbers {
            for number in [both as u16, (both >> 16) as u16] {
                let seen = &mut seen[usize::from(number)];
                let before = *seen;
                // No text is so long that this would begin anew.
                *seen = before.wrapping_add(1);
                touched[usize::from(used)] = number;
                // Never more than there are features with a number.
                used = used.wrapping_add(u16::from(before == 0));
            }
        }
        self.used = used;
    }

    /// The scores, without intercept, of the words since the last time; `idfs` of the features. How many features they
    /// had.
    pub fn finish(&mut self, idfs: &[f64], out: &mut [f64]) -> usize {
        let used = usize::from(core::mem::take(&mut self.used));
        let mut sizes = [0.0; 2];
        if let Some(seen) = self.seen.first_chunk_mut::<NUMBERS>() {
            seen[usize::from(NOTHING)] = 1;
            let mut one = |&number: &u16| {
                let number = usize::from(number);
                let Some(&which) = self.which.get(number) else { return 0.0 };
                let value = f64::from(core::mem::take(&mut seen[number]).cast_signed());
                let value = idfs.get(which as usize).map_or(value, |idf| value * idf);
                value * value
            };
            // Every other by itself, so that they need not wait for each other.
            let (pairs, last) = self.touched.get(..used).unwrap_or_default().as_chunks::<2>();
            for [a, b] in pairs {
                sizes[0] += one(a);
                sizes[1] += one(b);
            }
            sizes[0] += last.iter().map(one).sum::<f64>();
        }
        let size = divisor(Norm::L2.size(sizes[0] + sizes[1]));
        for (out, sum) in out.iter_mut().zip(&mut self.sums) {
            *out = core::mem::take(sum) / size;
        }
        used
    }
}
