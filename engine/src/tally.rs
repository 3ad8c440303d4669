//! Scores as sums over words. What char_wb makes of a word depends on nothing but the word, so a word that was met before
//! brings its share of every score along; only the norm needs to know which features a text has, and how often.
//!
//! For sums in float32's order, which the text alone fixes: the scores word by word, the squares by a feature's first
//! occurrence. A word only counts; each feature is squared once, at the text's end.

use crate::features::{Features, divisor, get, put};
use crate::prelude::*;
use crate::table::NONE;
use crate::transform::Norm;

/// For more scores than these a word's share would need more room than its n-grams.
const MOST: usize = 64;

/// See the module.
#[derive(Debug, Default)]
pub struct Tally {
    /// By row of the features: its number here, or `NONE`.
    numbers: Vec<u32>,
    /// By number: occurrences in the text. Numbers are given as features are met, so that frequent ones lie together.
    seen: Vec<u32>,
    /// By number: which idf.
    which: Vec<u32>,
    /// Numbers in order of first occurrence; how many hold.
    touched: Vec<u32>,
    used: usize,
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

    /// What `add` needs of a word, in place of what `out` holds: its share of each score, and the numbers of its n-grams.
    pub fn share(&mut self, features: &Features, places: &[u32], out: &mut Vec<u32>) {
        let scores = 2 * self.sums.len();
        out.clear();
        out.resize(scores, 0);
        for &place in places {
            let Some((which, idf, weights)) = features.weights(place as usize) else { continue };
            let shares = out.get_mut(..scores).unwrap_or_default().as_chunks_mut::<2>().0;
            for (share, &weight) in shares.iter_mut().zip(weights) {
                let sum = get(share) + idf * f64::from(f32::from_bits(weight));
                put(share, sum);
            }
            if self.numbers.is_empty() {
                self.numbers.resize(features.rows(), NONE);
            }
            let Some(number) = self.numbers.get_mut(features.row_of(place as usize) as usize) else { continue };
            if *number == NONE {
                *number = self.seen.len() as u32;
                self.seen.push(0);
                self.which.push(which);
            }
            out.push(*number);
        }
    }

    /// One more word.
    #[inline(never)]
    pub fn add(&mut self, share: &[u32]) {
        let Some((scores, rows)) = share.split_at_checked(2 * self.sums.len()) else { return };
        self.sums.iter_mut().zip(scores.as_chunks::<2>().0).for_each(|(sum, score)| *sum += get(score));
        let most = self.used + rows.len();
        if self.touched.len() < most {
            self.touched.resize(most, 0);
        }
        let mut used = self.used;
        // As slices, which the compiler keeps in registers.
        let (all, touched) = (&mut self.seen[..], &mut self.touched[..]);
        for &row in rows {
            let Some(seen) = all.get_mut(row as usize) else { continue };
            let before = *seen;
            // No text is so long that this would begin anew.
            *seen = before.wrapping_add(1);
            if let Some(touched) = touched.get_mut(used) {
                *touched = row;
            }
            used += usize::from(before == 0);
        }
        self.used = used;
    }

    /// The scores, without intercept, of the words since the last time; `idfs` of the features. How many features they
    /// had.
    pub fn finish(&mut self, idfs: &[f64], out: &mut [f64]) -> usize {
        let (seen, which) = (&mut self.seen[..], &self.which[..]);
        let mut one = |&row: &u32| {
            let row = row as usize;
            let (Some(seen), Some(&which)) = (seen.get_mut(row), which.get(row)) else { return 0.0 };
            let value = f64::from(core::mem::take(seen).cast_signed());
            let value = idfs.get(which as usize).map_or(value, |idf| value * idf);
            value * value
        };
        // Every other by itself, so that they need not wait for each other.
        let (pairs, last) = self.touched.get(..self.used).unwrap_or_default().as_chunks::<2>();
        let [mut even, mut odd] = [0.0; 2];
        for [a, b] in pairs {
            even += one(a);
            odd += one(b);
        }
        even += last.iter().map(one).sum::<f64>();
        let size = divisor(Norm::L2.size(even + odd));
        for (out, sum) in out.iter_mut().zip(&mut self.sums) {
            *out = core::mem::take(sum) / size;
        }
        core::mem::take(&mut self.used)
    }
}
