//! Counting features of one text: no list to clear, no sorting.
//!
//! A counter per feature; those that were touched are kept in order of first occurrence, and turned into ascending
//! order by a two-level bitmap (one bit a feature, one bit a word of 64 features), which is read and cleared in one go.

/// One row of features.
#[derive(Default, Debug)]
pub struct Row {
    /// Feature indices, in summation order, each below F.
    pub indices: Vec<u32>,
    /// Their values.
    pub values: Vec<f64>,
}

/// Counters of all features.
#[derive(Debug)]
pub struct Counter {
    seen: Vec<u32>,
    /// Sums of signs; empty where counts have none.
    sums: Vec<i32>,
    touched: Vec<u32>,
    bits: Vec<u64>,
    words: Vec<u64>,
    ascending: bool,
    binary: bool,
}

impl Counter {
    /// For `features` features. `signed` counts add up signs.
    pub fn new(features: usize, signed: bool, ascending: bool, binary: bool) -> Self {
        let words = if ascending { features.div_ceil(64) } else { 0 };
        Self {
            seen: vec![0; features],
            sums: vec![0; if signed { features } else { 0 }],
            touched: Vec::new(),
            bits: vec![0; words],
            words: vec![0; words.div_ceil(64)],
            ascending,
            binary,
        }
    }

    /// One more of feature `index`; nothing where it is no feature.
    #[inline(always)]
    pub fn add(&mut self, index: u32) {
        if let Some(seen) = self.seen.get_mut(index as usize) {
            if *seen == 0 {
                self.touched.push(index);
            }
            *seen += 1;
        }
    }

    /// One more, with a sign.
    #[inline(always)]
    pub fn add_signed(&mut self, index: u32, positive: bool) {
        self.add(index);
        if let Some(sum) = self.sums.get_mut(index as usize) {
            *sum += if positive { 1 } else { -1 };
        }
    }

    /// Occurrences and value of a feature, before `finish`.
    pub fn count(&self, index: u32) -> (u32, f64) {
        let seen = self.seen[index as usize];
        let value = if self.binary { 1.0 } else { self.sums.get(index as usize).map_or(f64::from(seen), |&s| f64::from(s)) };
        (seen, value)
    }

    /// Moves the counts into `row` and begins anew.
    pub fn finish(&mut self, row: &mut Row) {
        row.values.clear();
        if self.ascending {
            self.sort(&mut row.indices);
        } else {
            std::mem::swap(&mut row.indices, &mut self.touched);
        }
        self.touched.clear();
        for &i in &row.indices {
            let i = i as usize;
            let seen = std::mem::take(&mut self.seen[i]);
            let value = match self.sums.get_mut(i) {
                Some(sum) => f64::from(std::mem::take(sum)),
                None => f64::from(seen),
            };
            row.values.push(if self.binary { 1.0 } else { value });
        }
    }

    fn sort(&mut self, out: &mut Vec<u32>) {
        out.clear();
        for &i in &self.touched {
            let word = (i / 64) as usize;
            self.bits[word] |= 1 << (i % 64);
            self.words[word / 64] |= 1 << (word % 64);
        }
        for (high, words) in (0..).zip(&mut self.words) {
            let mut words = std::mem::take(words);
            while words != 0 {
                let word = high * 64 + words.trailing_zeros();
                words &= words - 1;
                let mut bits = std::mem::take(&mut self.bits[word as usize]);
                while bits != 0 {
                    out.push(word * 64 + bits.trailing_zeros());
                    bits &= bits - 1;
                }
            }
        }
    }
}
