//! Why: the spans of a text and their weights, and what each stage gave. Not the fast path: the general one, which
//! also knows where each piece came from.

use crate::config::{Analyzer, Method};
use crate::counter::Counter;
use crate::error::{Error, Result};
use crate::estimator::Kind;
use crate::features::Row;
use crate::model::Model;
use crate::murmur;
use crate::pipeline::{Front, Pipeline, Run};
use crate::prelude::*;
use crate::say::int;
use crate::sum::{self, Shares, Sum};
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
    /// Where its shares are.
    slot: u32,
    positive: bool,
    first: usize,
    n: usize,
    ngram: (u32, u32),
}

impl Model {
    /// A vectorizer, counted from 0 in the document's order.
    pub(crate) fn counter(&mut self, vectorizer: usize) -> Result<&mut Counter> {
        match &mut list(&mut self.pipeline, vectorizer)?.front {
            Front::Text { counter, .. } => Ok(counter),
            _ => Err(Error::argument(&["not a vectorizer"])),
        }
    }

    /// Stage 0.
    pub fn normalized(&mut self, vectorizer: usize, text: &str) -> Result<&[u8]> {
        let counter = self.counter(vectorizer)?;
        // Its tokens do not matter here, nor whether there are too many steps to them.
        let _ = counter.cut(text, false);
        Ok(&counter.pieces.normalized)
    }

    /// Stage 1: words after stop words; the folded text; the padded words.
    pub fn tokens(&mut self, vectorizer: usize, text: &str) -> Result<Strings> {
        let counter = self.counter(vectorizer)?;
        counter.cut(text, false)?;
        let pieces = &counter.pieces;
        let mut strings = Strings::default();
        let bytes = |from: usize, to: usize| match pieces.ranges.get(from..to) {
            Some([first, .., last]) => &pieces.joined[first.0 as usize..last.1 as usize],
            Some([only]) => &pieces.joined[only.0 as usize..only.1 as usize],
            _ => &[],
        };
        if let Analyzer::Word { .. } = counter.vectorizer.analyzer {
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
    pub fn ngrams(&mut self, vectorizer: usize, text: &str) -> Result<Strings> {
        let counter = self.counter(vectorizer)?;
        counter.cut(text, false)?;
        let mut strings = Strings::default();
        counter.pieces.ngrams(counter.vectorizer.ngrams, counter.short_words(), |_, _, ngram| strings.push(ngram));
        Ok(strings.finish())
    }

    /// Stage 3: the row at the end of the transforms behind a vectorizer, in summation order.
    pub fn features(&mut self, vectorizer: usize, text: &str) -> Result<&Row> {
        let pipeline = list(&mut self.pipeline, vectorizer)?;
        pipeline.fill(&mut Run { text, known: 0, rows: true }, &self.nothing)?;
        Ok(pipeline.row(&self.nothing))
    }

    /// Stage 4.
    #[inline(never)]
    pub fn scores(&mut self, text: &str) -> Result<&[f64]> {
        self.pipeline.answer(&mut Run { text, known: 0, rows: false }, &self.nothing, false)?;
        Ok(&self.pipeline.answer.scores)
    }

    /// The spans of `text` and their weights.
    pub fn explain(&mut self, text: &str) -> Result<Explanation> {
        // The values as `classify` has them; what follows only shares them out.
        let scored = self.pipeline.answer(&mut Run { text, known: 0, rows: true }, &self.nothing, false);
        scored.map_err(|error| error.at_text(0))?;
        if let Some(Kind::Constant(_)) = self.pipeline.head.as_ref().map(|head| &head.kind) {
            return Err(Error::unsupported(&["this model cannot be explained: it gives every text the same answer"]));
        }
        let mut sum = Sum::of(&self.pipeline, &self.nothing)?;
        if self.pipeline.is_direct() {
            // Without rows `classify` may sum in another order.
            let scores = self.scores(text)?;
            sum.scores =
                if let ([s], [_, _]) = (scores, sum.scores.as_slice()) { vec![-s, *s] } else { scores.to_vec() };
        }
        let columns = sum.scores.len();
        let mut explanation = Explanation::default();
        let utf16 = utf16_offsets(text);
        let numbers = sum.entries.iter().map(|entry| entry.0 as usize + 1).max().unwrap_or(0);
        for number in 0..numbers {
            if sum.entries.iter().any(|entry| entry.0 as usize == number) {
                let counter = self.counter(number)?;
                let shares = sum.of_vectorizer(number, counter.vectorizer.n_features);
                counter.explain(text, &shares, columns, &utf16, &mut explanation)?;
            }
        }
        let mut sums = vec![0.0; columns];
        for weights in explanation.weights.chunks_exact(columns) {
            sums.iter_mut().zip(weights).for_each(|(sum, w)| *sum += w);
        }
        explanation.remainder = sum.scores.iter().zip(sums).map(|(s, sum)| s - sum).collect();
        explanation.scores = sum.scores;
        Ok(explanation)
    }
}

/// The pipeline in whose list a vectorizer stands.
fn list(pipeline: &mut Pipeline, vectorizer: usize) -> Result<&mut Pipeline> {
    let found = pipeline.with_vectorizer(vectorizer);
    found.ok_or_else(|| Error::argument(&["the model has no vectorizer ", &int(vectorizer)]))
}

impl Counter {
    /// Appends the spans of the features that have shares.
    fn explain(
        &mut self,
        text: &str,
        shares: &Shares,
        columns: usize,
        utf16: &[u32],
        out: &mut Explanation,
    ) -> Result<()> {
        self.cut(text, true)?;
        let occurrences = self.occurrences(shares, MAX_SPANS - out.spans.len(), &mut out.ngrams)?;
        let signed = self.vectorizer.method == (Method::Hashing { alternate_sign: true });
        self.features.reserve(occurrences.len());
        for o in &occurrences {
            if signed { self.features.add_signed(o.feature, o.positive) } else { self.features.add(o.feature) }
        }
        let counts: Vec<(u32, f64)> = occurrences.iter().map(|o| self.features.counted(o.feature)).collect();
        self.features.finish(&mut Row::default());
        for (o, (seen, count)) in occurrences.iter().zip(counts) {
            let parts = match (signed && !self.vectorizer.binary, o.positive) {
                (true, positive) if count != 0.0 => {
                    if positive {
                        count
                    } else {
                        -count
                    }
                }
                _ => f64::from(seen),
            };
            let weights = shares.weights.iter().skip(o.slot as usize).take(columns);
            out.weights.extend(weights.map(|w| w / parts));
            let Place { start, end } = self.pieces.place(o.first, o.n);
            let units = |at: u32| utf16.get(at as usize).copied().unwrap_or(0);
            out.spans.push(Span { chars: (start, end), utf16: (units(start), units(end)), ngram: o.ngram });
        }
        Ok(())
    }

    /// The occurrences, `most` of them, of features with shares in the pieces that were cut last.
    fn occurrences(&self, shares: &Shares, most: usize, ngrams: &mut Vec<u8>) -> Result<Vec<Occurrence>> {
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
            let slot = shares.slots.get(feature as usize).copied().unwrap_or(sum::NONE);
            if slot != sum::NONE {
                more |= occurrences.len() == most;
                if more {
                    return;
                }
                let at = ngrams.len() as u32;
                ngrams.extend_from_slice(bytes);
                occurrences.push(Occurrence { feature, slot, positive, first, n, ngram: (at, bytes.len() as u32) });
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
