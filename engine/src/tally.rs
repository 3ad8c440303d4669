//! Scores as sums over words. What char_wb makes of a word depends on nothing but the word, so a word that was met before
//! brings its share of every score along; only the norm needs to know which features a text has, and how often.
//!
//! For sums in float32's order, which the text alone fixes: word by word, and within a word n by n. Each occurrence adds
//! idf² · (2c + 1) to the squares, where c is how often the feature was there before: together that is idf² · c².

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
    /// By number: occurrences in the text, and which idf. Numbers are given as features are met, so that frequent ones lie
    /// together.
    rows: Vec<[u32; 2]>,
    /// Numbers in order of first occurrence; how many hold.
    touched: Vec<u32>,
    used: usize,
    /// What the words so far brought, one a score.
    sums: Vec<f64>,
    /// Of every other n-gram, so that they need not wait for each other.
    square: [f64; 2],
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
                *number = self.rows.len() as u32;
                self.rows.push([0, which]);
            }
            out.push(*number);
        }
    }

    /// One more word; `idfs` of the features.
    #[inline(never)]
    pub fn add(&mut self, share: &[u32], idfs: &[f64]) {
        let Some((scores, rows)) = share.split_at_checked(2 * self.sums.len()) else { return };
        self.sums.iter_mut().zip(scores.as_chunks::<2>().0).for_each(|(sum, score)| *sum += get(score));
        let most = self.used + rows.len();
        if self.touched.len() < most {
            self.touched.resize(most, 0);
        }
        let mut used = self.used;
        // As slices, which the compiler keeps in registers.
        let (all, touched) = (&mut self.rows[..], &mut self.touched[..]);
        let mut one = |&row: &u32| {
            let Some([seen, which]) = all.get_mut(row as usize) else { return 0.0 };
            let before = *seen;
            // No text is so long that this would begin anew.
            *seen = before.wrapping_add(1);
            if let Some(touched) = touched.get_mut(used) {
                *touched = row;
            }
            used += usize::from(before == 0);
            let times = 2.0 * f64::from(before.cast_signed()) + 1.0;
            idfs.get(*which as usize).map_or(times, |idf| times * (idf * idf))
        };
        let (pairs, last) = rows.as_chunks::<2>();
        let [mut even, mut odd] = self.square;
        for [a, b] in pairs {
            even += one(a);
            odd += one(b);
        }
        even += last.iter().map(one).sum::<f64>();
        self.square = [even, odd];
        self.used = used;
    }

    /// The scores, without intercept, of the words since the last time. How many features they had.
    pub fn finish(&mut self, out: &mut [f64]) -> usize {
        let size = divisor(Norm::L2.size(self.square[0] + self.square[1]));
        for (out, sum) in out.iter_mut().zip(&mut self.sums) {
            *out = core::mem::take(sum) / size;
        }
        for &row in self.touched.get(..self.used).unwrap_or_default() {
            if let Some([seen, _]) = self.rows.get_mut(row as usize) {
                *seen = 0;
            }
        }
        self.square = [0.0; 2];
        core::mem::take(&mut self.used)
    }
}
