//! Counts by the features' numbers, for float64's sums, whose order is that of the features. What char_wb makes of a word
//! is kept with the word as such numbers, so that counting and ordering touch nothing but small arrays: the rows of the
//! n-grams, which are large and lie far, are asked once for each word that is new.

use crate::ascending::Ascending;
use crate::features::{Plan, Row, distinct};
use crate::prelude::*;
use crate::transform::{normalize, sublinear};

/// See the module.
#[derive(Debug, Default)]
pub struct Ordered {
    /// Two cells a feature: occurrences in the text, and which idf it has.
    counts: Vec<u32>,
    /// The different idfs.
    idfs: Vec<f64>,
    /// Those in the text.
    there: Ascending,
    /// Occurrences of all features.
    total: usize,
}

impl Ordered {
    /// For so many features and their idfs, if there are any.
    pub fn prepare(&mut self, features: usize, idf: &[f64]) {
        let (idfs, which) = distinct(idf);
        self.idfs = idfs;
        self.counts.resize(2 * features, 0);
        self.counts.iter_mut().skip(1).step_by(2).zip(which).for_each(|(cell, which)| *cell = which);
        self.there = Ascending::new(features);
    }

    /// One more of each of these features.
    #[inline(never)]
    pub fn add(&mut self, features: &[u32]) {
        // As a slice, which the compiler keeps in registers.
        let counts = self.counts.as_chunks_mut::<2>().0;
        for &feature in features {
            if let Some([count, _]) = counts.get_mut(feature as usize) {
                // No text is so long that this would begin anew.
                *count = count.wrapping_add(1);
                self.there.add(feature);
            }
        }
        self.total += features.len();
    }

    /// Moves the counts, or ones if `binary`, into `row` in ascending order, as values by `plan`, and begins anew.
    #[inline(never)]
    pub fn finish(&mut self, plan: Plan, binary: bool, row: &mut Row) {
        row.indices.resize(core::mem::take(&mut self.total).min(self.counts.len() / 2), 0);
        let used = self.there.take(&mut row.indices);
        row.indices.truncate(used);
        row.values.resize(used, 0.0);
        let counts = self.counts.as_chunks_mut::<2>().0;
        for (&feature, value) in row.indices.iter().zip(&mut row.values) {
            let Some([count, which]) = counts.get_mut(feature as usize) else { continue };
            let mut v = f64::from(core::mem::take(count).cast_signed());
            if binary {
                v = 1.0;
            }
            if plan.sublinear {
                v = sublinear(v);
            }
            if plan.idf
                && let Some(idf) = self.idfs.get(*which as usize)
            {
                v *= idf;
            }
            *value = v;
        }
        if let Some(norm) = plan.norm {
            normalize(norm, 0.0, &mut row.values);
        }
    }

    /// v ← v · idf for the row's values.
    pub fn scale(&self, row: &mut Row) {
        for (&i, v) in row.indices.iter().zip(&mut row.values) {
            if let Some(idf) = self.counts.get(2 * i as usize + 1).and_then(|&which| self.idfs.get(which as usize)) {
                *v *= idf;
            }
        }
    }
}
