//! A vectorizer at work: from a text to a row of counts.

use core::ops::Range;

use crate::config::{self, Analyzer, Method, Reader, Vectorizer};
use crate::error::{Error, Result};
use crate::features::{Features, NEGATIVE, Options, Plan, Row};
use crate::json::Json;
use crate::lookup::SLACK;
use crate::memo::{Key, Memo};
use crate::murmur;
use crate::ngrams::{self, Room};
use crate::ordered::Ordered;
use crate::prelude::*;
use crate::say::{concat, int};
use crate::table::{NONE, Table};
use crate::tally::Tally;
use crate::text::{Normalizer, Pieces, Tokenizer, next_zero, split};

/// More than any model has.
const MAX_VECTORIZERS: usize = 1024;

/// How many words are looked for at once.
const WORDS: usize = 16;

/// See the module. `features` also holds what stands beside the counters: the first idf, and the coefficients of a linear
/// head that comes straight behind.
pub struct Counter {
    pub vectorizer: Vectorizer,
    /// Until `place` lays it out.
    table: Table,
    pub features: Features,
    pub pieces: Pieces,
    normalizer: Normalizer,
    /// Words are looked up one by one, or hashed one by one.
    by_words: bool,
    scratch: Scratch,
    /// Of words: where their n-grams are; with `tally` or `ordered`, what those want to know of them.
    memo: Memo,
    /// Where scores can be summed word by word.
    tally: Tally,
    /// Where they have to be summed in the order of the features.
    ordered: Option<Ordered>,
}

/// Buffers of the fast path.
#[derive(Default)]
struct Scratch {
    normalized: Vec<u8>,
    tokenizer: Tokenizer,
    ranges: Vec<(u32, u32)>,
    /// Words' slots or hashed columns, or the numbers of characters.
    symbols: Vec<u32>,
    /// Words that are no stop words, or what is to be kept of one word.
    kept: Vec<u32>,
    /// The places of one word's n-grams.
    places: Vec<u32>,
    room: Room,
}

impl Counter {
    /// A `vectorize` stage; counts nothing yet: `place` gives it its counters.
    pub fn read(reader: &Reader, stage: &Json) -> Result<Self> {
        let vectorizer = config::vectorizer(reader, stage)?;
        let number = reader.vectorizers.get();
        if number == MAX_VECTORIZERS {
            return Err(Error::file(&["more than ", &int(MAX_VECTORIZERS), " vectorizers"]));
        }
        reader.vectorizers.set(number + 1);
        let name = Reader::name(stage, "vocabulary.table")?;
        let table = if reader.file.has(&name) {
            Table::from_bytes(reader.file.bytes(&name)?)?
        } else {
            new_table(reader, stage, &vectorizer)?
        };
        let by_words = match vectorizer.analyzer {
            Analyzer::Word { .. } if vectorizer.ngrams.1 == 1 => true,
            Analyzer::Word { .. } => vectorizer.method == Method::Vocabulary && !vectorizer.joined(),
            _ => false,
        };
        let ordered = within_words(&vectorizer) && !reader.float32;
        Ok(Self {
            by_words,
            normalizer: Normalizer::new(&vectorizer),
            vectorizer,
            table,
            features: Features::default(),
            pieces: Pieces::default(),
            scratch: Scratch::default(),
            memo: Memo::new(number),
            tally: Tally::default(),
            ordered: ordered.then(Ordered::default),
        })
    }

    /// Whether it counts by the features' numbers: it wants no coefficients beside the counters, and makes all of a plan at
    /// once.
    pub fn is_ordered(&self) -> bool {
        self.ordered.is_some()
    }

    /// Puts `idf` (F, or empty) and `coef` (F × K) beside the counters.
    pub fn place(&mut self, reader: &Reader, idf: &[f64], coef: &[f64], outputs: usize) -> Result<()> {
        reader.file.spend(self.vectorizer.n_features)?;
        let signed = self.vectorizer.method == Method::Hashing { alternate_sign: true };
        let options = Options { signed, binary: self.vectorizer.binary, bare: false, float32: reader.float32 };
        let rows = (self.vectorizer.n_features, self.vectorizer.method != Method::Vocabulary);
        let table = core::mem::take(&mut self.table);
        let beside = if let Some(ordered) = &mut self.ordered {
            ordered.prepare(self.vectorizer.n_features, idf);
            &[]
        } else {
            idf
        };
        self.features = Features::new(table, self.vectorizer.unicode, rows, beside, coef, outputs, options)?;
        Ok(())
    }

    /// Gets ready for `score`, by `plan` and so many scores.
    pub fn prepare(&mut self, plan: Plan, outputs: usize) {
        if within_words(&self.vectorizer) && self.features.any_order && self.features.is_usual(plan) {
            self.tally.prepare(outputs);
        }
    }

    /// The scores of a text, without intercept, by `plan`. How many features it has.
    #[inline(always)]
    pub fn score(&mut self, text: &str, plan: Plan, out: &mut [f64]) -> Result<usize> {
        if self.tally.is_ready() {
            // Twice, as numbers may be spent on words of earlier texts. A text that alone has too many features is counted.
            for _ in 0..2 {
                self.normalize(text);
                if self.look_up_words(true) {
                    return Ok(self.tally.finish(&self.features.idfs, out));
                }
                self.memo.clear();
                self.tally.clear(&self.features);
            }
        }
        self.count(text)?;
        Ok(self.features.score(plan, out))
    }

    /// The values of `text` by `plan`; counts, where it is not ordered.
    pub fn fill(&mut self, text: &str, plan: Plan, row: &mut Row) -> Result<()> {
        self.count(text)?;
        match &mut self.ordered {
            Some(ordered) => ordered.finish(plan, self.vectorizer.binary, row),
            None => self.features.finish(row),
        }
        Ok(())
    }

    /// v ← v · idf for the row's values, by the idf that `place` got.
    pub fn scale(&self, row: &mut Row) {
        match &self.ordered {
            Some(ordered) => ordered.scale(row),
            None => self.features.scale(row),
        }
    }

    /// Counts the n-grams of `text`.
    #[inline(always)]
    fn count(&mut self, text: &str) -> Result<()> {
        if self.by_words {
            self.read_words(text)?;
            self.count_words(0, self.scratch.symbols.len());
            return Ok(());
        }
        match self.vectorizer.method {
            Method::Vocabulary => self.look_up(text),
            Method::Hashing { .. } => self.hash(text),
        }
    }

    /// Whether words are found before they are counted, so that many texts can be read at once: no n-gram is put together
    /// from the text, and no pattern looks beyond a text's end.
    pub fn reads_many(&self) -> bool {
        self.by_words && self.vectorizer.pattern.is_none()
    }

    /// Normalizes, cuts into words and looks them up, or hashes them. Zeros in `text` may stand between texts.
    /// How many bytes there are then.
    #[inline(never)]
    pub fn read_words(&mut self, text: &str) -> Result<usize> {
        self.normalize(text);
        let Scratch { normalized, ranges, symbols, tokenizer, .. } = &mut self.scratch;
        tokenizer.run(normalized, &self.vectorizer, ranges)?;
        let size = normalized.len();
        // The last words, too, are read 16 bytes at a time.
        normalized.extend_from_slice(&[0; SLACK]);
        let features = &self.features;
        let stop = features.has_stop_words();
        let Method::Hashing { .. } = self.vectorizer.method else {
            features.words(normalized, ranges, symbols);
            return Ok(size);
        };
        let count = self.vectorizer.n_features as u32;
        symbols.clear();
        symbols.extend(ranges.iter().map(|&(start, end)| {
            let hash = murmur::murmur3_at(normalized, start as usize, end as usize);
            murmur::column(hash, count) | if murmur::is_positive(hash) { 0 } else { NEGATIVE }
        }));
        if stop {
            for (symbol, &(start, end)) in symbols.iter_mut().zip(ranges.iter()) {
                if features.is_stop_word(features.word(normalized, start as usize, end as usize)) {
                    *symbol = NONE;
                }
            }
        }
        features.touch(symbols);
        Ok(size)
    }

    /// Of what `read_words` read: where the text ends that begins at byte `at` and with word `first`, and its last word
    /// + 1.
    #[inline(always)]
    pub fn end_of_text(&self, at: usize, first: usize) -> (usize, usize) {
        let Scratch { normalized, ranges, .. } = &self.scratch;
        let end = next_zero(normalized, at);
        let words = ranges.get(first..).unwrap_or_default().iter().take_while(|word| (word.0 as usize) < end).count();
        (end, first + words)
    }

    /// Counts the words `first..last` of what `read_words` read as one text.
    #[inline(never)]
    pub fn count_words(&mut self, first: usize, last: usize) {
        let Scratch { symbols, kept, room, .. } = &mut self.scratch;
        let symbols = symbols.get(first..last).unwrap_or_default();
        let features = &mut self.features;
        if let Method::Hashing { .. } = self.vectorizer.method {
            features.reserve(symbols.len());
            return features.add_hashed(symbols);
        }
        let ngrams = self.vectorizer.ngrams;
        if !features.has_stop_words() {
            return ngrams::count_words(symbols, room, ngrams, features);
        }
        kept.clear();
        kept.extend(symbols.iter().filter(|&&slot| !features.is_stop_word(slot)));
        ngrams::count_words(kept, room, ngrams, features);
    }

    /// Cuts `text` into `pieces`, the general way.
    pub fn cut(&mut self, text: &str, with_places: bool) -> Result<()> {
        let features = &self.features;
        let stop = |text: &[u8], start, end| features.is_stop_word(features.word(text, start, end));
        self.pieces.cut(text, &self.vectorizer, &self.normalizer, with_places, stop)
    }

    /// Whether char_wb's rule for words shorter than n holds.
    pub fn short_words(&self) -> bool {
        self.vectorizer.analyzer == Analyzer::CharWb
    }

    fn hash(&mut self, text: &str) -> Result<()> {
        self.cut(text, false)?;
        let short_words = self.short_words();
        let count = self.vectorizer.n_features as u32;
        let features = &mut self.features;
        let (min, max) = self.vectorizer.ngrams;
        features.reserve(self.pieces.ranges.len().saturating_mul(max - min + 1));
        let signed = self.vectorizer.method == Method::Hashing { alternate_sign: true };
        self.pieces.ngrams(self.vectorizer.ngrams, short_words, |_, _, ngram| {
            add_hashed(ngram, count, signed, features);
        });
        Ok(())
    }

    /// N-grams whose tokens may be empty or hold spaces: each is looked up whole, as scikit-learn does.
    #[inline(never)]
    fn look_up_joined(&mut self, text: &str) -> Result<()> {
        self.cut(text, false)?;
        let (min, max) = self.vectorizer.ngrams;
        let features = &mut self.features;
        features.reserve(self.pieces.ranges.len().saturating_mul(max - min + 1));
        self.pieces.ngrams((min, max), false, |_, _, ngram| features.add(features.whole(ngram)));
        Ok(())
    }

    fn look_up(&mut self, text: &str) -> Result<()> {
        if let Analyzer::Word { .. } = self.vectorizer.analyzer {
            return self.look_up_joined(text);
        }
        self.normalize(text);
        if self.vectorizer.analyzer == Analyzer::CharWb {
            let _ = self.look_up_words(false);
            return Ok(());
        }
        let Scratch { normalized, symbols, room, .. } = &mut self.scratch;
        symbols.clear();
        ngrams::number_chars(normalized, &self.features, symbols);
        ngrams::count_chars(symbols, room, self.vectorizer.ngrams, &mut self.features, None);
        Ok(())
    }

    fn normalize(&mut self, text: &str) {
        self.scratch.normalized.clear();
        self.normalizer.run(text, &mut self.scratch.normalized, None);
    }

    /// Each word of the normalized text between two spaces, counted, or to the `tally`. False where that has no more numbers.
    #[inline(never)]
    fn look_up_words(&mut self, tally: bool) -> bool {
        // What is kept of a word is of one kind.
        let keeps = tally == self.tally.is_ready();
        let mut ranges = core::mem::take(&mut self.scratch.ranges);
        ranges.clear();
        split(&self.scratch.normalized, self.vectorizer.unicode, &mut ranges);
        self.scratch.normalized.extend_from_slice(&[0; SLACK]);
        let mut keys = [const { None }; WORDS];
        let mut done = true;
        for block in ranges.chunks(WORDS) {
            if keeps {
                Memo::keys(&self.scratch.normalized, block, &mut keys);
                self.memo.touch(&keys[..block.len()]);
            }
            for (key, &(start, end)) in keys.iter().zip(block) {
                match (key.as_ref().and_then(|key| self.memo.get(key)), &mut self.ordered) {
                    (None, _) => done &= self.look_up_word(start as usize..end as usize, key.as_ref(), tally),
                    (Some(kept), None) if tally => self.tally.add(kept),
                    (Some(kept), None) => self.features.add_all(kept),
                    (Some(kept), Some(ordered)) => ordered.add(kept),
                }
            }
        }
        self.scratch.ranges = ranges;
        done
    }

    /// One of which nothing is kept. False where the tally has no more numbers.
    #[inline(never)]
    fn look_up_word(&mut self, range: Range<usize>, key: Option<&Key>, tally: bool) -> bool {
        let Scratch { normalized, symbols, room, kept, places, .. } = &mut self.scratch;
        let features = &mut self.features;
        let space = features.alphabet.space;
        symbols.clear();
        symbols.push(space);
        ngrams::number_chars(normalized.get(range).unwrap_or_default(), features, symbols);
        symbols.push(space);
        // A word that is shorter than every n is one n-gram.
        let (size, (min, max)) = (symbols.len(), self.vectorizer.ngrams);
        places.clear();
        ngrams::count_chars(symbols, room, (min.min(size), max), features, Some(places));
        let keep = if tally {
            if !self.tally.share(features, places, kept) {
                return false;
            }
            self.tally.add(kept);
            kept
        } else if let Some(ordered) = &mut self.ordered {
            places.iter_mut().for_each(|place| *place = features.feature_of(*place as usize));
            places.retain(|&feature| feature != NONE);
            ordered.add(places);
            places
        } else {
            features.add_all(places);
            places
        };
        if let Some(key) = key {
            self.memo.put(key, keep);
        }
        true
    }
}

/// Whether n-grams lie within words, of which what was found can be kept.
fn within_words(vectorizer: &Vectorizer) -> bool {
    vectorizer.analyzer == Analyzer::CharWb && vectorizer.method == Method::Vocabulary
}

/// Counts an n-gram under its hash, among `count` features. Needs `reserve`.
#[inline(always)]
fn add_hashed(ngram: &[u8], count: u32, signed: bool, features: &mut Features) {
    let hash = murmur::murmur3(ngram);
    if signed {
        features.add_signed(murmur::column(hash, count), murmur::is_positive(hash));
    } else {
        features.add(murmur::column(hash, count));
    }
}

/// The table that is not in the file: made here, or empty where there are no words.
#[cfg(not(feature = "complete"))]
fn new_table(reader: &Reader, stage: &Json, vectorizer: &Vectorizer) -> Result<Table> {
    let stop_words = Reader::name(stage, "stop_words")?;
    if vectorizer.method == Method::Vocabulary || reader.file.has(&stop_words) {
        return Err(Error::edition("words without a look-up table"));
    }
    Ok(Table::default())
}

/// The table that is not in the file: made here, or empty where there are no words.
#[cfg(feature = "complete")]
fn new_table(reader: &Reader, stage: &Json, vectorizer: &Vectorizer) -> Result<Table> {
    let file = reader.file;
    let stop_words = Reader::name(stage, "stop_words")?;
    let stop_words = if file.has(&concat(&[&stop_words, ".bytes"])) { Some(file.texts(&stop_words)?) } else { None };
    let stop_words = stop_words.iter().flat_map(|t| t.iter());
    if vectorizer.method != Method::Vocabulary {
        return Table::build(vectorizer, core::iter::empty(), stop_words);
    }
    let vocabulary = file.texts(&Reader::name(stage, "vocabulary")?)?;
    if vocabulary.len() != vectorizer.n_features {
        return Err(Error::file(&[
            &int(vocabulary.len()),
            " vocabulary entries for ",
            &int(vectorizer.n_features),
            " features",
        ]));
    }
    Table::build(vectorizer, vocabulary.iter(), stop_words)
}
