//! A vectorizer at work: from a text to a row of counts.

use crate::config::{self, Analyzer, Method, Reader, Vectorizer};
use crate::error::{Error, Result};
use crate::features::{Features, NEGATIVE, Options};
use crate::json::Json;
use crate::lookup::SLACK;
use crate::memo::{Key, Memo};
use crate::murmur;
use crate::ngrams::{self, Room};
use crate::prelude::*;
use crate::say::{concat, int};
use crate::table::{NONE, Table};
use crate::text::{Normalizer, Pieces, Tokenizer, next_zero};

/// More than any model has.
const MAX_VECTORIZERS: usize = 1024;

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
    memo: Memo,
}

/// How many words are looked up at once.
const WORDS: usize = 32;

/// A word on its way.
#[derive(Clone, Copy, Default)]
struct Word {
    start: usize,
    end: usize,
    /// None: too long to be kept.
    key: Option<Key>,
    /// Where what is kept of it begins, and how much that is; 0: nothing, or not at the first place.
    kept: (u32, u32),
}

/// Buffers of the fast path.
#[derive(Default)]
struct Scratch {
    normalized: Vec<u8>,
    tokenizer: Tokenizer,
    ranges: Vec<(u32, u32)>,
    /// Words' slots or hashed columns, or the numbers of characters.
    symbols: Vec<u32>,
    /// Words that are no stop words, or the places of one word's n-grams.
    kept: Vec<u32>,
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
        Ok(Self {
            by_words,
            normalizer: Normalizer::new(&vectorizer),
            vectorizer,
            table,
            features: Features::default(),
            pieces: Pieces::default(),
            scratch: Scratch::default(),
            memo: Memo::new(number),
        })
    }

    /// Puts `idf` (F, or empty) and `coef` (F × K) beside the counters.
    pub fn place(&mut self, reader: &Reader, idf: &[f64], coef: &[f64], outputs: usize) -> Result<()> {
        reader.file.spend(self.vectorizer.n_features)?;
        let signed = self.vectorizer.method == Method::Hashing { alternate_sign: true };
        let options = Options { signed, binary: self.vectorizer.binary, float32: reader.float32 };
        let rows = (self.vectorizer.n_features, self.vectorizer.method != Method::Vocabulary);
        let table = core::mem::take(&mut self.table);
        self.features = Features::new(table, self.vectorizer.unicode, rows, idf, coef, outputs, options)?;
        Ok(())
    }

    /// Counts the n-grams of `text`.
    #[inline(always)]
    pub fn count(&mut self, text: &str) -> Result<()> {
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
        let Scratch { normalized, ranges, symbols, tokenizer, .. } = &mut self.scratch;
        normalized.clear();
        self.normalizer.run(text, normalized, None);
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
        let Scratch { normalized, symbols, room, .. } = &mut self.scratch;
        normalized.clear();
        self.normalizer.run(text, normalized, None);
        if self.vectorizer.analyzer == Analyzer::CharWb {
            self.look_up_words();
            return Ok(());
        }
        ngrams::number_chars(normalized, &self.features, symbols);
        ngrams::count_chars(symbols, room, self.vectorizer.ngrams, &mut self.features, None);
        Ok(())
    }

    /// Each word of the normalized text between two spaces. In blocks: all words' keys, then where they may be kept, then
    /// what is kept there, so that many look-ups are under way at once.
    #[inline(never)]
    fn look_up_words(&mut self) {
        let size = self.scratch.normalized.len();
        self.scratch.normalized.extend_from_slice(&[0; SLACK]);
        let mut at = 0;
        let mut words = [Word::default(); WORDS];
        loop {
            let text = &self.scratch.normalized;
            let mut used = 0;
            for word in &mut words {
                let Some((start, end)) = ngrams::next_word(text, size, &self.features, at) else { break };
                let key = Memo::key(text, start, end);
                *word = Word { start, end, key, ..Word::default() };
                at = end;
                used += 1;
            }
            let words = words.get_mut(..used).unwrap_or_default();
            for word in words.iter_mut() {
                word.kept.0 = word.key.as_ref().map_or(0, |key| self.memo.first(key));
            }
            for word in words.iter_mut() {
                let kept = word.key.as_ref().and_then(|key| self.memo.kept_at(word.kept.0, key));
                word.kept = kept.unwrap_or_default();
            }
            let age = self.memo.age;
            for word in words.iter() {
                if word.kept.0 != 0 && self.memo.age == age {
                    let places = self.memo.kept(word.kept);
                    self.features.reserve(places.len());
                    self.features.add_all(places);
                } else {
                    self.look_up_word(word);
                }
            }
            if used < WORDS {
                return;
            }
        }
    }

    /// One that was not where it should be.
    #[inline(never)]
    fn look_up_word(&mut self, word: &Word) {
        let Scratch { normalized, symbols, room, kept, .. } = &mut self.scratch;
        let (features, (min, max)) = (&mut self.features, self.vectorizer.ngrams);
        if let Some(found) = word.key.as_ref().and_then(|key| self.memo.get(key)) {
            let places = self.memo.kept(found);
            features.reserve(places.len());
            return features.add_all(places);
        }
        ngrams::number_word(normalized.get(word.start..word.end).unwrap_or_default(), features, symbols);
        // A word that is shorter than every n is one n-gram.
        let size = symbols.len();
        kept.clear();
        ngrams::count_chars(symbols, room, (min.min(size), max), features, Some(kept));
        if let Some(key) = &word.key {
            self.memo.put(key, kept);
        }
    }
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
