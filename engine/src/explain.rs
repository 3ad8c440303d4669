//! Why: the spans of a text and their weights, and what each stage gave. Not the fast path: the general one, which
//! also knows where each piece came from.

use crate::config::{Analyzer, Method};
use crate::error::{Error, Result};
use crate::model::{Answers, Model};
use crate::murmur;
use crate::prelude::*;
use crate::table::NONE;
use crate::text::Place;

/// More than anyone can look at; keeps an explanation of a huge text from exhausting memory.
const MAX_SPANS: usize = 1 << 20;

/// The spans of one text, as they stand in the output of `wcw_explain`.
#[derive(Debug, Default, PartialEq)]
pub struct Explanation {
    /// One for each occurrence of a feature.
    pub spans: Vec<Span>,
    /// Spans × C.
    pub weights: Vec<f64>,
    /// C: what the spans leave of the scores.
    pub remainder: Vec<f64>,
    /// C decision scores (−s and s for one output).
    pub scores: Vec<f64>,
    /// The n-grams, one after another.
    pub ngrams: Vec<u8>,
}

/// An occurrence of a feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Code points of the original text.
    pub chars: (u32, u32),
    /// UTF-16 units of the original text.
    pub utf16: (u32, u32),
    /// Offset and length in `ngrams`.
    pub ngram: (u32, u32),
}

/// Strings that a stage gave.
#[derive(Debug, Default, PartialEq)]
pub struct Strings {
    /// Where each begins; one more at the end.
    pub offsets: Vec<u32>,
    /// UTF-8.
    pub bytes: Vec<u8>,
}

impl Strings {
    fn push(&mut self, string: &[u8]) {
        if self.offsets.is_empty() {
            self.offsets.push(0);
        }
        self.bytes.extend_from_slice(string);
        self.offsets.push(self.bytes.len() as u32);
    }

    fn finish(mut self) -> Self {
        if self.offsets.is_empty() {
            self.offsets.push(0);
        }
        self
    }
}

/// One occurrence: which feature, with which sign, from which n-gram.
struct Occurrence {
    feature: u32,
    positive: bool,
    first: usize,
    n: usize,
    ngram: (u32, u32),
}

impl Model {
    /// Stage 0.
    pub fn normalized(&mut self, text: &str) -> &[u8] {
        // Its tokens do not matter here, nor whether there are too many steps to them.
        let _ = self.cut(text, false);
        &self.pieces.normalized
    }

    /// Stage 1: words after stop words; the folded text; the padded words.
    pub fn tokens(&mut self, text: &str) -> Result<Strings> {
        self.cut(text, false)?;
        let pieces = &self.pieces;
        let mut strings = Strings::default();
        let bytes = |from: usize, to: usize| match pieces.ranges.get(from..to) {
            Some([first, .., last]) => &pieces.joined[first.0 as usize..last.1 as usize],
            Some([only]) => &pieces.joined[only.0 as usize..only.1 as usize],
            _ => &[],
        };
        if let Analyzer::Word { .. } = self.vectorizer.analyzer {
            (0..pieces.ranges.len()).for_each(|i| strings.push(bytes(i, i + 1)));
        } else {
            let mut begin = 0;
            for &end in &pieces.groups {
                strings.push(bytes(begin, end as usize));
                begin = end as usize;
            }
        }
        Ok(strings.finish())
    }

    /// Stage 2.
    pub fn ngrams(&mut self, text: &str) -> Result<Strings> {
        self.cut(text, false)?;
        let mut strings = Strings::default();
        self.pieces.ngrams(self.vectorizer.ngrams, self.short_words(), |_, _, ngram| strings.push(ngram));
        Ok(strings.finish())
    }

    /// Stage 3: indices and values in summation order.
    pub fn features(&mut self, text: &str) -> Result<(&[u32], &[f64])> {
        self.vectorize(text)?;
        Ok((&self.row.indices, &self.row.values))
    }

    /// Stage 4.
    pub fn scores(&mut self, text: &str) -> Result<Vec<f64>> {
        let mut scores = vec![0.0; self.outputs()];
        let mut answers = Answers { scores: &mut scores, probabilities: &mut [], labels: &mut [], known: &mut [] };
        self.classify(core::iter::once(text), &mut answers)?;
        Ok(scores)
    }

    /// The spans of `text` and their weights.
    pub fn explain(&mut self, text: &str) -> Result<Explanation> {
        // The values and scores as `classify` has them; what follows only shares them out.
        self.vectorize(text)?;
        let mut values = vec![0.0; self.vectorizer.n_features];
        for (&i, &value) in self.row.indices.iter().zip(&self.row.values) {
            values[i as usize] = value;
        }

        let mut scores = vec![0.0; self.outputs()];
        self.head.scores(&self.features, &self.row, &mut scores);
        if !scores.iter().all(|s| s.is_finite()) {
            return Err(Error::not_finite(0));
        }
        self.cut(text, true)?;
        let mut explanation = Explanation::default();
        let occurrences = self.occurrences(&mut explanation.ngrams)?;
        let signed = self.vectorizer.method == (Method::Hashing { alternate_sign: true });
        self.features.reserve(occurrences.len());
        for o in &occurrences {
            if signed { self.features.add_signed(o.feature, o.positive) } else { self.features.add(o.feature) }
        }
        let counts: Vec<(u32, f64)> = occurrences.iter().map(|o| self.features.counted(o.feature)).collect();
        self.features.finish(&mut self.row);
        let columns = |s: Vec<f64>| if let [s] = s[..] { vec![-s, s] } else { s };
        let classes = self.classes();
        explanation.scores = columns(scores);
        let mut sums = vec![0.0; classes];
        let utf16 = utf16_offsets(text);
        for (o, (seen, count)) in occurrences.iter().zip(counts) {
            let value = values[o.feature as usize];
            let share = match (signed && !self.vectorizer.binary, o.positive) {
                (true, positive) if count != 0.0 => {
                    if positive {
                        value / count
                    } else {
                        -value / count
                    }
                }
                _ => value / f64::from(seen),
            };
            let weights = (0..self.outputs()).map(|k| share * self.features.weight(o.feature, k)).collect();
            let weights = columns(weights);
            sums.iter_mut().zip(&weights).for_each(|(sum, w)| *sum += w);
            explanation.weights.extend(weights);
            let Place { start, end } = self.pieces.place(o.first, o.n);
            let units = |at: u32| utf16.get(at as usize).copied().unwrap_or(0);
            explanation.spans.push(Span { chars: (start, end), utf16: (units(start), units(end)), ngram: o.ngram });
        }
        explanation.remainder = explanation.scores.iter().zip(sums).map(|(s, sum)| s - sum).collect();
        Ok(explanation)
    }

    /// The occurrences of features in the pieces that were cut last.
    fn occurrences(&self, ngrams: &mut Vec<u8>) -> Result<Vec<Occurrence>> {
        let pieces = &self.pieces;
        let hashing = matches!(self.vectorizer.method, Method::Hashing { .. });
        let features = self.vectorizer.n_features as u32;
        let is_word = matches!(self.vectorizer.analyzer, Analyzer::Word { .. });
        // Of hashing there is nothing to look up.
        let joined = self.vectorizer.joined();
        let symbols: Vec<u32> = if hashing || joined {
            Vec::new()
        } else {
            let of = |&(start, end): &(u32, u32)| {
                if is_word {
                    self.features.word(&pieces.joined, start as usize, end as usize)
                } else {
                    crate::text::decode(&pieces.joined, start as usize).0.into()
                }
            };
            pieces.ranges.iter().map(of).collect()
        };
        let mut occurrences = Vec::new();
        let mut more = false;
        pieces.ngrams(self.vectorizer.ngrams, self.short_words(), |first, n, bytes| {
            let (feature, positive) = if hashing {
                let hash = murmur::murmur3(bytes);
                (murmur::column(hash, features), murmur::is_positive(hash))
            } else if joined {
                (self.features.whole(bytes), true)
            } else {
                let window = &symbols[first..first + n];
                (if is_word { self.features.word_sequence(window) } else { self.features.chars(window) }, true)
            };
            if feature != NONE && feature < features {
                more |= occurrences.len() == MAX_SPANS;
                if more {
                    return;
                }
                let at = ngrams.len() as u32;
                ngrams.extend_from_slice(bytes);
                occurrences.push(Occurrence { feature, positive, first, n, ngram: (at, bytes.len() as u32) });
            }
        });
        if more { Err(Error::too_long(MAX_SPANS)) } else { Ok(occurrences) }
    }
}

/// The UTF-16 offset of every character, and of the end.
fn utf16_offsets(text: &str) -> Vec<u32> {
    let mut at = 0;
    let mut offsets: Vec<u32> = text
        .chars()
        .map(|c| {
            let here = at;
            at += c.len_utf16() as u32;
            here
        })
        .collect();
    offsets.push(at);
    offsets
}
