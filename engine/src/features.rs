//! What there is to know of each feature, side by side: its counter, its idf, its coefficients. And counting one text.
//!
//! A feature of a text costs one cache line here: counting touches it, and by the time the values are made and the scores
//! summed it is at hand. There is no list to clear and no sorting: features are kept in order of first occurrence, and
//! brought into ascending order by a two-level bitmap (a bit a feature, a bit a word of 64), read and cleared in one go.

use crate::prelude::*;
/// One row of features.
#[derive(Clone, Default, Debug)]
pub struct Row {
    /// Feature indices, in summation order, each below F.
    pub indices: Vec<u32>,
    /// Their values.
    pub values: Vec<f64>,
}

/// How features are counted and summed.
#[derive(Clone, Copy, Default, Debug)]
pub struct Options {
    /// Counts add up signs.
    pub signed: bool,
    /// Counts become 1.
    pub binary: bool,
    /// Coefficients rounded to float32 and summed in order of first occurrence; else float64, ascending.
    pub float32: bool,
}

/// See the module. A feature's cells: counter, sum of signs (signed only), idf (two), coefficients (one or two each).
#[derive(Default, Debug)]
pub struct Features {
    cells: Vec<u32>,
    /// Cells of a feature.
    stride: usize,
    /// Where in them the idf begins.
    idf: usize,
    /// Where in them the coefficients begin.
    coef: usize,
    count: u32,
    options: Options,
    touched: Vec<u32>,
    /// How many of `touched` hold.
    used: usize,
    bits: Vec<u64>,
    words: Vec<u64>,
}

impl Features {
    /// For `idf` (F, or empty) and `coef` (F × K, feature-major).
    pub fn new(features: usize, idf: &[f64], coef: &[f64], outputs: usize, options: Options) -> Self {
        let idf_at = 1 + usize::from(options.signed);
        let coef_at = idf_at + if idf.is_empty() { 0 } else { 2 };
        let used = coef_at + outputs * if options.float32 { 1 } else { 2 };
        // So that few features lie across two cache lines.
        let stride = if used <= 8 { used.next_power_of_two() } else { used.next_multiple_of(4) };
        // One more than there are features: what is no feature is counted there, without a branch.
        let mut cells = vec![0; (features + 1) * stride];
        for (i, feature) in cells.chunks_exact_mut(stride).take(features).enumerate() {
            if let Some(value) = idf.get(i) {
                put(&mut feature[idf_at..], *value);
            }
            for (k, w) in coef[i * outputs..(i + 1) * outputs].iter().enumerate() {
                #[expect(clippy::cast_possible_truncation, reason = "rounding is what float32 asks for")]
                if options.float32 {
                    feature[coef_at + k] = (*w as f32).to_bits();
                } else {
                    put(&mut feature[coef_at + 2 * k..], *w);
                }
            }
        }
        let words = if options.float32 { 0 } else { features.div_ceil(64) };
        Self {
            cells,
            stride,
            idf: idf_at,
            coef: coef_at,
            count: features as u32,
            options,
            touched: Vec::new(),
            used: 0,
            bits: vec![0; words],
            words: vec![0; words.div_ceil(64)],
        }
    }

    /// Makes room for `more` calls of `add`.
    #[inline(always)]
    pub fn reserve(&mut self, more: usize) {
        // No more than there are features: n-grams of a huge text may be many times its bytes.
        let most = self.used.saturating_add(more).min(self.count as usize);
        if self.touched.len() < most {
            self.touched.resize(most, 0);
        }
        // The counter of what is no feature must never be 0: it would look like a first occurrence.
        if let Some(none) = self.cells.get_mut(self.count as usize * self.stride) {
            *none = 1;
        }
    }

    /// One more of feature `index`; nothing where it is no feature. Needs `reserve`.
    #[inline(always)]
    pub fn add(&mut self, index: u32) {
        let cell = &mut self.cells[index.min(self.count) as usize * self.stride];
        let seen = *cell;
        *cell = seen.saturating_add(1);
        if let Some(touched) = self.touched.get_mut(self.used) {
            *touched = index;
        }
        self.used += usize::from(seen == 0);
    }

    /// One more, with a sign. Needs `reserve`.
    #[inline(always)]
    pub fn add_signed(&mut self, index: u32, positive: bool) {
        self.add(index);
        let sum = &mut self.cells[index.min(self.count) as usize * self.stride + 1];
        *sum = sum.wrapping_add(if positive { 1 } else { u32::MAX });
    }

    /// Occurrences and value of a feature, before `finish`.
    pub fn counted(&self, index: u32) -> (u32, f64) {
        let at = index as usize * self.stride;
        (self.cells[at], self.value(&self.cells[at..]))
    }

    #[inline(always)]
    fn value(&self, feature: &[u32]) -> f64 {
        match self.options {
            Options { binary: true, .. } => 1.0,
            Options { signed: true, .. } => f64::from(feature[1].cast_signed()),
            _ => f64::from(feature[0]),
        }
    }

    /// Moves the counts into `row` and begins anew.
    pub fn finish(&mut self, row: &mut Row) {
        row.indices.clear();
        row.values.clear();
        if self.options.float32 {
            row.indices.extend_from_slice(&self.touched[..self.used]);
        } else {
            self.sort(&mut row.indices);
        }
        self.used = 0;
        for &i in &row.indices {
            let at = i as usize * self.stride;
            let value = self.value(&self.cells[at..at + self.stride]);
            self.cells[at] = 0;
            if self.options.signed {
                self.cells[at + 1] = 0;
            }
            row.values.push(value);
        }
    }

    fn sort(&mut self, out: &mut Vec<u32>) {
        for &i in &self.touched[..self.used] {
            let word = (i / 64) as usize;
            self.bits[word] |= 1 << (i % 64);
            self.words[word / 64] |= 1 << (word % 64);
        }
        for (high, words) in (0..).zip(&mut self.words) {
            let mut words = core::mem::take(words);
            while words != 0 {
                let word = high * 64 + words.trailing_zeros();
                words &= words - 1;
                let mut bits = core::mem::take(&mut self.bits[word as usize]);
                while bits != 0 {
                    out.push(word * 64 + bits.trailing_zeros());
                    bits &= bits - 1;
                }
            }
        }
    }

    /// v ← v · idf for the row's values.
    #[inline(always)]
    pub fn scale(&self, row: &mut Row) {
        for (&i, v) in row.indices.iter().zip(&mut row.values) {
            *v *= get(&self.cells[i as usize * self.stride + self.idf..]);
        }
    }

    /// Σ x · coef of the row, without intercept, into one number per output.
    pub fn sum(&self, row: &Row, out: &mut [f64]) {
        // Fixed numbers of outputs so that the compiler keeps the sums in registers.
        match (out.len(), self.options.float32) {
            (1, true) => self.fixed::<1, 1>(row, out),
            (2, true) => self.fixed::<2, 1>(row, out),
            (3, true) => self.fixed::<3, 1>(row, out),
            (4, true) => self.fixed::<4, 1>(row, out),
            (1, false) => self.fixed::<1, 2>(row, out),
            (2, false) => self.fixed::<2, 2>(row, out),
            (3, false) => self.fixed::<3, 2>(row, out),
            (4, false) => self.fixed::<4, 2>(row, out),
            (k, _) => {
                out.fill(0.0);
                for (&i, &x) in row.indices.iter().zip(&row.values) {
                    let coef = &self.cells[i as usize * self.stride + self.coef..];
                    if self.options.float32 {
                        out.iter_mut().zip(coef).for_each(|(s, &w)| *s += x * f64::from(f32::from_bits(w)));
                    } else {
                        out.iter_mut().zip(coef[..2 * k].as_chunks::<2>().0).for_each(|(s, w)| *s += x * get(w));
                    }
                }
            }
        }
    }

    /// K outputs, each coefficient of W cells.
    #[inline(always)]
    fn fixed<const K: usize, const W: usize>(&self, row: &Row, out: &mut [f64]) {
        let mut sums = [0.0; K];
        for (&i, &x) in row.indices.iter().zip(&row.values) {
            let coef = &self.cells[i as usize * self.stride + self.coef..][..K * W];
            for k in 0..K {
                sums[k] += x * if W == 1 { f64::from(f32::from_bits(coef[k])) } else { get(&coef[2 * k..]) };
            }
        }
        out.copy_from_slice(&sums);
    }

    /// The coefficient of feature `index` for output `k`.
    pub fn weight(&self, index: u32, k: usize) -> f64 {
        let coef = &self.cells[index as usize * self.stride + self.coef..];
        if self.options.float32 { f64::from(f32::from_bits(coef[k])) } else { get(&coef[2 * k..]) }
    }
}

#[inline(always)]
fn get(cells: &[u32]) -> f64 {
    f64::from_bits(u64::from(cells[0]) | u64::from(cells[1]) << 32)
}

fn put(cells: &mut [u32], value: f64) {
    let bits = value.to_bits();
    cells[0] = bits as u32;
    cells[1] = (bits >> 32) as u32;
}
