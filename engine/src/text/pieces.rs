//! The pieces of one text with their places, for n-grams as strings: hashing, explanations, comparison by stages.

use super::{Cutter, Normalizer, Sink, Tokenizer, normalize};
use crate::config::{Analyzer, Vectorizer};
use crate::error::Result;
use crate::prelude::*;

/// Where a piece came from: characters of the original text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// First character.
    pub start: u32,
    /// One past the last.
    pub end: u32,
}

/// Pieces (words or characters) in one buffer, so that every n-gram is a slice of it: words with one space between,
/// characters side by side. Used again from text to text.
#[derive(Default, Debug)]
pub struct Pieces {
    /// The normalized text.
    pub normalized: Vec<u8>,
    /// The joined pieces.
    pub joined: Vec<u8>,
    /// Bytes of piece i in `joined`.
    pub ranges: Vec<(u32, u32)>,
    /// Words, else characters: an empty piece is an empty token, not padding.
    are_words: bool,
    /// Pieces `groups[g - 1]..groups[g]` belong together: no n-gram reaches across.
    pub groups: Vec<u32>,
    /// Words in `normalized`, stop words included.
    words: Vec<(u32, u32)>,
    tokenizer: Tokenizer,
    /// The normalized characters of piece i; filled on demand.
    places: Vec<Place>,
    /// The source of each normalized character; filled on demand.
    origins: Vec<u32>,
}

/// Pushes characters into `Pieces`; `places` only where someone will ask.
struct CharSink<'a> {
    pieces: &'a mut Pieces,
    with_places: bool,
}

impl Sink for CharSink<'_> {
    #[inline]
    fn char(&mut self, c: char, from: u32, to: u32) {
        let start = self.pieces.joined.len() as u32;
        normalize::push(c, &mut self.pieces.joined);
        self.pieces.ranges.push((start, self.pieces.joined.len() as u32));
        if self.with_places {
            self.pieces.places.push(Place { start: from, end: to });
        }
    }

    fn pad(&mut self, at: u32) {
        self.char(' ', at, at);
    }

    fn end_group(&mut self) {
        self.pieces.groups.push(self.pieces.ranges.len() as u32);
    }
}

impl Pieces {
    /// Cuts `text`. `is_stop_word` is asked for each word. `with_places` makes `place` usable.
    pub fn cut(
        &mut self,
        text: &str,
        vectorizer: &Vectorizer,
        normalizer: &Normalizer,
        with_places: bool,
        is_stop_word: impl Fn(&[u8], usize, usize) -> bool,
    ) -> Result<()> {
        self.joined.clear();
        self.ranges.clear();
        self.groups.clear();
        self.places.clear();
        self.origins.clear();
        let mut normalized = core::mem::take(&mut self.normalized);
        normalized.clear();
        normalizer.run(text, &mut normalized, with_places.then_some(&mut self.origins));
        self.are_words = matches!(vectorizer.analyzer, Analyzer::Word { .. });
        let mut result = Ok(());
        match vectorizer.analyzer {
            Analyzer::Word { .. } => {
                let (mut counted, mut chars) = (0, 0);
                let mut ranges = core::mem::take(&mut self.words);
                let tokenized = self.tokenizer.run(&normalized, vectorizer, &mut ranges);
                for &(start, end) in &ranges {
                    let (start, end) = (start as usize, end as usize);
                    if is_stop_word(&normalized, start, end) {
                        continue;
                    }
                    if !self.ranges.is_empty() {
                        self.joined.push(b' ');
                    }
                    let from = self.joined.len() as u32;
                    self.joined.extend_from_slice(&normalized[start..end]);
                    self.ranges.push((from, self.joined.len() as u32));
                    if with_places {
                        // The tokens of a pattern that looks around need not stand in order.
                        if counted <= start {
                            chars += count_chars(&normalized[counted..start]);
                        } else {
                            chars -= count_chars(&normalized[start..counted]);
                        }
                        let length = count_chars(&normalized[start..end]);
                        self.places.push(Place { start: chars, end: chars + length });
                        chars += length;
                        counted = end;
                    }
                }
                self.words = ranges;
                self.groups.push(self.ranges.len() as u32);
                result = tokenized;
            }
            Analyzer::Char | Analyzer::CharWb => {
                let cutter = Cutter { version: vectorizer.unicode, words: vectorizer.analyzer == Analyzer::CharWb };
                cutter.run(&normalized, &mut CharSink { pieces: self, with_places });
            }
        }
        self.normalized = normalized;
        result
    }

    /// Calls `f(first, n, bytes)` for every n-gram of `n` pieces from piece `first` on, in scikit-learn's order.
    #[inline]
    pub fn ngrams(&self, (min, max): (usize, usize), short_words: bool, mut f: impl FnMut(usize, usize, &[u8])) {
        let mut begin = 0;
        for &end in &self.groups {
            let end = end as usize;
            let length = end - begin;
            // char_wb: a word that is no longer than n is taken whole, once, for the first such n.
            let (first, last) = if short_words && length < min { (length, length) } else { (min, max.min(length)) };
            for n in first..=last {
                for i in begin..=end - n {
                    f(i, n, self.bytes(i, n));
                }
            }
            begin = end;
        }
    }

    /// The n-gram of `n` ≥ 1 pieces from piece `first` on.
    #[inline(always)]
    fn bytes(&self, first: usize, n: usize) -> &[u8] {
        &self.joined[self.ranges[first].0 as usize..self.ranges[first + n - 1].1 as usize]
    }

    /// The characters of the original text that the n-gram came from; padding lies on no character.
    pub fn place(&self, first: usize, n: usize) -> Place {
        let (head, tail) = (self.places[first], self.places[first + n - 1]);
        // Tokens of a pattern that looks around need not stand in order.
        let place = Place { start: head.start.min(tail.start), end: head.end.max(tail.end) };
        let source = |at: u32| self.origins.get(at as usize).copied();
        let after_all = self.origins.last().map_or(0, |o| o + 1);
        if place.start == place.end && self.are_words {
            let at = source(place.start).unwrap_or(after_all);
            return Place { start: at, end: at };
        }
        if place.start == place.end {
            // Padding alone: at the beginning of the word after it, or right behind the word before it.
            let word_follows = self.places.get(first + 1).is_some_and(|p| p.start == place.start && p.end > p.start);
            let behind = || place.start.checked_sub(1).and_then(source).map_or(0, |o| o + 1);
            let at = if word_follows { source(place.start).unwrap_or(after_all) } else { behind() };
            return Place { start: at, end: at };
        }
        let start = source(place.start).unwrap_or(after_all);
        Place { start, end: source(place.end - 1).map_or(start, |o| o + 1) }
    }
}

fn count_chars(utf8: &[u8]) -> u32 {
    utf8.iter().filter(|&&b| b & 0xC0 != 0x80).count() as u32
}
