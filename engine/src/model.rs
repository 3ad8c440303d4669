//! A loaded model: text in, scores out.

use crate::config::{Analyzer, Config, Method, Vectorizer};
use crate::counter::{Counter, Row};
use crate::error::{Error, Result};
use crate::file::File;
use crate::head::{Coef, Head};
use crate::murmur;
use crate::table::{self, NONE, STOP, Table};
use crate::text::{Cutter, Normalizer, Pieces, Sink, words};
use crate::transform::Transform;

/// Where the answers of a batch go; an empty slice is not written.
pub struct Answers<'a> {
    /// n × K decision scores.
    pub scores: &'a mut [f64],
    /// n × C probabilities.
    pub probabilities: &'a mut [f64],
    /// n class indices.
    pub labels: &'a mut [u32],
    /// n numbers of stored features.
    pub known: &'a mut [u32],
}

/// See the module.
pub struct Model {
    pub(crate) vectorizer: Vectorizer,
    pub(crate) transforms: Vec<Transform>,
    pub(crate) head: Head,
    pub(crate) normalizer: Normalizer,
    pub(crate) table: Table,
    pub(crate) counter: Counter,
    pub(crate) row: Row,
    pub(crate) pieces: Pieces,
    scratch: Scratch,
}

/// Buffers of the fast path.
#[derive(Default)]
struct Scratch {
    normalized: Vec<u8>,
    /// Words' nodes, or characters.
    symbols: Vec<u32>,
    /// The node of the n-gram that begins at each symbol, for the current n.
    nodes: Vec<u32>,
    scores: Vec<f64>,
}

impl Sink for Vec<u32> {
    #[inline(always)]
    fn char(&mut self, c: char, _: u32, _: u32) {
        self.push(c.into());
    }

    #[inline(always)]
    fn pad(&mut self, _: u32) {
        self.push(' '.into());
    }

    #[inline(always)]
    fn end_group(&mut self) {}
}

impl Model {
    /// Reads and checks a model file.
    pub fn load(bytes: &[u8]) -> Result<Self> {
        let file = File::parse(bytes)?;
        let Config { vectorizer, transforms, head, float32 } = Config::read(&file)?;
        let features = vectorizer.n_features;
        let coef = file.numbers("coef", features, Some(head.outputs))?;
        let intercept = file.numbers("intercept", head.outputs, None)?;
        let table = if file.has("vocabulary.table") {
            Table::from_bytes(file.bytes("vocabulary.table")?)?
        } else {
            build_table(&file, &vectorizer)?
        };
        #[expect(clippy::cast_possible_truncation, reason = "rounding is what float32 asks for")]
        let coef = if float32 { Coef::F32(coef.iter().map(|&w| w as f32).collect()) } else { Coef::F64(coef) };
        let signed = vectorizer.method == Method::Hashing { alternate_sign: true };
        Ok(Self {
            counter: Counter::new(features, signed, !float32, vectorizer.binary),
            normalizer: Normalizer::new(&vectorizer),
            head: Head { config: head, coef, intercept },
            vectorizer,
            transforms,
            table,
            row: Row::default(),
            pieces: Pieces::default(),
            scratch: Scratch::default(),
        })
    }

    /// The look-up table as the bytes of the tensor `vocabulary.table`.
    pub fn table_bytes(&self) -> Vec<u8> {
        self.table.to_bytes()
    }

    /// K.
    pub fn outputs(&self) -> usize {
        self.head.config.outputs
    }

    /// C.
    pub fn classes(&self) -> usize {
        self.head.config.classes
    }

    /// Classifies texts in order.
    pub fn classify<'t>(&mut self, texts: impl Iterator<Item = &'t str>, answers: &mut Answers) -> Result<()> {
        let (k, c) = (self.outputs(), self.classes());
        let mut scores = std::mem::take(&mut self.scratch.scores);
        scores.resize(k, 0.0);
        let mut result = Ok(());
        for (i, text) in texts.enumerate() {
            self.vectorize(text);
            self.head.scores(&self.row.indices, &self.row.values, &mut scores);
            if !scores.iter().all(|s| s.is_finite()) {
                result = Err(Error::not_finite(i));
                break;
            }
            if let Some(out) = answers.scores.get_mut(i * k..(i + 1) * k) {
                out.copy_from_slice(&scores);
            }
            if let Some(out) = answers.probabilities.get_mut(i * c..(i + 1) * c) {
                self.head.probabilities(&scores, out);
            }
            if let Some(out) = answers.labels.get_mut(i) {
                *out = Head::label(&scores);
            }
            if let Some(out) = answers.known.get_mut(i) {
                *out = self.row.indices.len() as u32;
            }
        }
        self.scratch.scores = scores;
        result
    }

    /// Fills `row` with the features of `text`, after all transforms.
    pub(crate) fn vectorize(&mut self, text: &str) {
        match self.vectorizer.method {
            Method::Vocabulary => self.look_up(text),
            Method::Hashing { .. } => self.hash(text),
        }
        self.counter.finish(&mut self.row);
        self.transform();
    }

    pub(crate) fn transform(&mut self) {
        for transform in &self.transforms {
            transform.apply(&self.row.indices, &mut self.row.values);
        }
    }

    /// Cuts `text` into `pieces`, the general way.
    pub(crate) fn cut(&mut self, text: &str, with_places: bool) {
        let table = &self.table;
        let stop = |text: &[u8], start, end| table.word(text, start, end) == STOP;
        self.pieces.cut(text, &self.vectorizer, &self.normalizer, with_places, stop);
    }

    /// Whether char_wb's rule for words shorter than n holds.
    pub(crate) fn short_words(&self) -> bool {
        self.vectorizer.analyzer == Analyzer::CharWb
    }

    fn hash(&mut self, text: &str) {
        self.cut(text, false);
        let features = self.vectorizer.n_features as u32;
        let counter = &mut self.counter;
        let signed = self.vectorizer.method == Method::Hashing { alternate_sign: true };
        self.pieces.ngrams(self.vectorizer.ngrams, self.vectorizer.analyzer == Analyzer::CharWb, |_, _, ngram| {
            let hash = murmur::murmur3(ngram);
            if signed {
                counter.add_signed(murmur::column(hash, features), murmur::is_positive(hash));
            } else {
                counter.add(murmur::column(hash, features));
            }
        });
    }

    fn look_up(&mut self, text: &str) {
        let Scratch { normalized, symbols, nodes, .. } = &mut self.scratch;
        normalized.clear();
        symbols.clear();
        self.normalizer.run(text, normalized, &mut ());
        let length = normalized.len();
        let version = self.vectorizer.unicode;
        match self.vectorizer.analyzer {
            Analyzer::Word { min_chars } => {
                // Room behind the text, so that the last words can be read 16 bytes at a time as well.
                normalized.resize(length + table::SLACK, 0);
                let table = &self.table;
                let text = &normalized[..];
                words_in(text, length, min_chars, version, |start, end| {
                    let node = table.word(text, start, end);
                    if node != STOP {
                        symbols.push(node);
                    }
                });
                count_words(table, symbols, nodes, self.vectorizer.ngrams, &mut self.counter);
            }
            Analyzer::Char => {
                Cutter { version, words: false }.run(normalized, symbols);
                count_chars(&self.table, symbols, nodes, self.vectorizer.ngrams, &mut self.counter);
            }
            Analyzer::CharWb => {
                Cutter { version, words: true }.run(normalized, symbols);
                count_chars(&self.table, symbols, nodes, self.vectorizer.ngrams, &mut self.counter);
                // A padded word has at least three characters: only a longer shortest n-gram meets shorter words.
                if self.vectorizer.ngrams.0 > 3 {
                    self.short_char_wb(text);
                }
            }
        }
    }

    /// char_wb takes a padded word that is shorter than every n as one n-gram.
    #[inline(never)]
    fn short_char_wb(&mut self, text: &str) {
        self.cut(text, false);
        let mut begin = 0;
        for &end in &self.pieces.groups {
            let end = end as usize;
            if end - begin < self.vectorizer.ngrams.0 {
                self.counter.add(self.table.chars(&self.scratch.symbols[begin..end]));
            }
            begin = end;
        }
    }
}

/// `words` over a text with slack behind its `length` bytes.
#[inline(always)]
fn words_in(text: &[u8], length: usize, min_chars: usize, version: crate::unicode::Version, f: impl FnMut(usize, usize)) {
    words(&text[..length], min_chars, version, f);
}

/// Counts n-grams of words: for every n, the node of each beginning and the word after it.
#[inline(always)]
fn count_words(table: &Table, words: &[u32], nodes: &mut Vec<u32>, (min, max): (usize, usize), counter: &mut Counter) {
    if min == 1 {
        words.iter().for_each(|&node| counter.add(node));
    }
    if max == 1 {
        return;
    }
    nodes.clear();
    nodes.extend_from_slice(words);
    for n in 2..=max.min(words.len()) {
        for (node, &last) in nodes.iter_mut().zip(&words[n - 1..]) {
            *node = if *node == NONE || last == NONE { NONE } else { table.gram(table::word_key(*node, last)) };
            if n >= min {
                counter.add(*node);
            }
        }
    }
}

/// Counts n-grams of characters: up to three at once, longer ones by the node of their beginning.
/// Across words (char_wb) there are windows with two spaces side by side, which the table never holds.
#[inline(always)]
fn count_chars(table: &Table, chars: &[u32], nodes: &mut Vec<u32>, (min, max): (usize, usize), counter: &mut Counter) {
    for n in min.min(3)..=max.min(3) {
        // Of n-grams that only begin longer ones, the nodes are enough; of those that nothing begins with, the counts.
        match n {
            1 => packed::<1>(table, chars, nodes, n >= min, max, counter),
            2 => packed::<2>(table, chars, nodes, n >= min, max, counter),
            _ => packed::<3>(table, chars, nodes, n >= min, max, counter),
        }
    }
    for n in 4..=max.min(chars.len()) {
        for (node, &last) in nodes.iter_mut().zip(&chars[n - 1..]) {
            *node = if *node == NONE { NONE } else { table.gram(table::chained_key(*node, last)) };
            if n >= min {
                counter.add(*node);
            }
        }
    }
}

#[inline(always)]
fn packed<const N: usize>(table: &Table, chars: &[u32], nodes: &mut Vec<u32>, counted: bool, max: usize, counter: &mut Counter) {
    if N == 3 && max > 3 {
        nodes.clear();
        nodes.extend(chars.array_windows::<N>().map(|window| table.gram(table::packed_key(window))));
        if counted {
            nodes.iter().for_each(|&node| counter.add(node));
        }
    } else {
        chars.array_windows::<N>().for_each(|window| counter.add(table.gram(table::packed_key(window))));
    }
}

fn build_table(file: &File, vectorizer: &Vectorizer) -> Result<Table> {
    let stop_words = if file.has("stop_words.bytes") { Some(file.texts("stop_words")?) } else { None };
    let stop_words = stop_words.iter().flat_map(|t| t.iter());
    if vectorizer.method != Method::Vocabulary {
        return Table::build(vectorizer, std::iter::empty(), stop_words);
    }
    let vocabulary = file.texts("vocabulary")?;
    if vocabulary.len() != vectorizer.n_features {
        return Err(Error::file(format!("{} vocabulary entries for {} features", vocabulary.len(), vectorizer.n_features)));
    }
    Table::build(vectorizer, vocabulary.iter(), stop_words)
}
