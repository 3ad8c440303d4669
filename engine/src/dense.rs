//! Sums over rows with many outputs at once: each entry adds its multiple of a contiguous row of weights. The order of the
//! sums is the row's, whatever the processor does side by side.

use crate::features::Row;
use crate::prelude::*;

/// Numbers in rows of one length.
pub struct Matrix {
    numbers: Vec<f64>,
    columns: usize,
}

impl Matrix {
    /// `columns` ≥ 1 divides the number of `numbers`.
    pub fn new(numbers: Vec<f64>, columns: usize) -> Self {
        Self { numbers, columns }
    }

    /// Row `i`; empty beyond the last.
    #[inline(always)]
    pub fn row(&self, i: u32) -> &[f64] {
        let at = i as usize * self.columns;
        self.numbers.get(at..at + self.columns).unwrap_or_default()
    }

    /// How many numbers a row has.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// All rows.
    pub fn rows(&self) -> impl Iterator<Item = &[f64]> {
        self.numbers.chunks_exact(self.columns)
    }

    /// out ← Σ x · row(i), from 0.0 on.
    #[inline(never)]
    pub fn multiply(&self, row: &Row, out: &mut [f64]) {
        out.fill(0.0);
        for (&i, &x) in row.indices.iter().zip(&row.values) {
            out.iter_mut().zip(self.row(i)).for_each(|(sum, w)| *sum += x * w);
        }
    }
}
