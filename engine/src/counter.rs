//! A vectorizer at work: from a text to a row of counts.

use crate::config::{self, Analyzer, Method, Reader, Vectorizer};
use crate::error::{Error, Result};
use crate::features::{Features, Options};
use crate::json::Json;
use crate::lookup::SLACK;
use crate::murmur;
use crate::ngrams::{self, Room};
use crate::prelude::*;
use crate::table::Table;
use crate::text::{Normalizer, Pieces, Tokenizer, decode};

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
    scratch: Scratch,
}

/// Buffers of the fast path.
#[derive(Default)]
struct Scratch {
    normalized: Vec<u8>,
    tokenizer: Tokenizer,
    ranges: Vec<(u32, u32)>,
    /// Words' slots, or the numbers of characters.
    symbols: Vec<u32>,
    room: Room,
}

impl Counter {
    /// A `vectorize` stage; counts nothing yet: `place` gives it its counters.
    pub fn read(reader: &Reader, stage: &Json) -> Result<Self> {
        let vectorizer = config::vectorizer(reader, stage)?;
        let number = reader.vectorizers.get();
        if number == MAX_VECTORIZERS {
            return Err(Error::file(format_args!("more than {MAX_VECTORIZERS} vectorizers")));
        }
        reader.vectorizers.set(number + 1);
        let name = Reader::name(stage, "vocabulary.table")?;
        let table = if reader.file.has(&name) {
            Table::from_bytes(reader.file.bytes(&name)?)?
        } else {
            new_table(reader, stage, &vectorizer)?
        };
        Ok(Self {
            normalizer: Normalizer::new(&vectorizer),
            vectorizer,
            table,
            features: Features::default(),
            pieces: Pieces::default(),
            scratch: Scratch::default(),
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
        match self.vectorizer.method {
            Method::Vocabulary => self.look_up(text)?,
            Method::Hashing { .. } => self.hash(text)?,
        }
        Ok(())
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
        if let (Analyzer::Word { .. }, (1, 1)) = (self.vectorizer.analyzer, self.vectorizer.ngrams) {
            return self.hash_words(text);
        }
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

    /// Single words need not be joined to be hashed.
    fn hash_words(&mut self, text: &str) -> Result<()> {
        let Scratch { normalized, ranges, tokenizer, .. } = &mut self.scratch;
        normalized.clear();
        self.normalizer.run(text, normalized, None);
        cut_words(normalized, &self.vectorizer, tokenizer, ranges)?;
        let count = self.vectorizer.n_features as u32;
        let signed = self.vectorizer.method == Method::Hashing { alternate_sign: true };
        let stop_words = self.features.has_stop_words();
        self.features.reserve(ranges.len());
        for &(start, end) in ranges.iter() {
            let (start, end) = (start as usize, end as usize);
            if stop_words && self.features.is_stop_word(self.features.word(normalized, start, end)) {
                continue;
            }
            add_hashed(normalized.get(start..end).unwrap_or_default(), count, signed, &mut self.features);
        }
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
        if self.vectorizer.joined() && self.vectorizer.ngrams.1 > 1 {
            return self.look_up_joined(text);
        }
        let Scratch { normalized, ranges, symbols, room, tokenizer } = &mut self.scratch;
        normalized.clear();
        self.normalizer.run(text, normalized, None);
        let (features, ngrams) = (&mut self.features, self.vectorizer.ngrams);
        match self.vectorizer.analyzer {
            Analyzer::Word { .. } => {
                cut_words(normalized, &self.vectorizer, tokenizer, ranges)?;
                symbols.clear();
                symbols
                    .extend(ranges.iter().map(|&(start, end)| features.word(normalized, start as usize, end as usize)));
                if features.has_stop_words() {
                    symbols.retain(|&slot| !features.is_stop_word(slot));
                }
                ngrams::count_words(symbols, room, ngrams, features);
            }
            analyzer => {
                let within = analyzer == Analyzer::CharWb;
                ngrams::number_chars(normalized, within, features, symbols);
                ngrams::count_chars(symbols, within, room, ngrams, features);
                // A padded word has at least three characters: only a longer shortest n-gram meets shorter words.
                if within && ngrams.0 > 3 {
                    self.short_char_wb(text)?;
                }
            }
        }
        Ok(())
    }

    /// char_wb takes a padded word that is shorter than every n as one n-gram.
    #[inline(never)]
    fn short_char_wb(&mut self, text: &str) -> Result<()> {
        self.cut(text, false)?;
        let Pieces { joined, ranges, groups, .. } = &self.pieces;
        let mut begin = 0;
        for &end in groups {
            let end = end as usize;
            if end - begin < self.vectorizer.ngrams.0 {
                let chars: Vec<u32> =
                    ranges[begin..end].iter().map(|&(at, _)| decode(joined, at as usize).0.into()).collect();
                self.features.reserve(1);
                self.features.add(self.features.chars(&chars));
            }
            begin = end;
        }
        Ok(())
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

/// The words of a normalized text, which gets room behind it, so that the last ones can be read 16 bytes at a time as well.
#[inline(always)]
fn cut_words(
    text: &mut Vec<u8>,
    vectorizer: &Vectorizer,
    tokenizer: &mut Tokenizer,
    ranges: &mut Vec<(u32, u32)>,
) -> Result<()> {
    tokenizer.run(text, vectorizer, ranges)?;
    text.resize(text.len() + SLACK, 0);
    Ok(())
}

/// The table that is not in the file: made here, or empty where there are no words.
#[cfg(not(feature = "complete"))]
fn new_table(reader: &Reader, stage: &Json, vectorizer: &Vectorizer) -> Result<Table> {
    let stop_words = format!("{}.bytes", Reader::name(stage, "stop_words")?);
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
    let stop_words = if file.has(&format!("{stop_words}.bytes")) { Some(file.texts(&stop_words)?) } else { None };
    let stop_words = stop_words.iter().flat_map(|t| t.iter());
    if vectorizer.method != Method::Vocabulary {
        return Table::build(vectorizer, core::iter::empty(), stop_words);
    }
    let vocabulary = file.texts(&Reader::name(stage, "vocabulary")?)?;
    if vocabulary.len() != vectorizer.n_features {
        return Err(Error::file(format_args!(
            "{} vocabulary entries for {} features",
            vocabulary.len(),
            vectorizer.n_features
        )));
    }
    Table::build(vectorizer, vocabulary.iter(), stop_words)
}
