//! A loaded model: text in, scores out.

use crate::config::{Analyzer, Config, Method, Vectorizer};
use crate::error::{Error, Result};
use crate::features::{Features, Options, Plan, Row};
use crate::file::File;
use crate::head::Head;
use crate::murmur;
use crate::lookup::SLACK;
use crate::ngrams::{self, Room};
use crate::prelude::*;
use crate::table::Table;
use crate::text::{Normalizer, Pieces, Tokenizer, decode};
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
    pub(crate) features: Features,
    /// Where the transforms are the usual ones.
    plan: Option<Plan>,
    pub(crate) row: Row,
    pub(crate) pieces: Pieces,
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
    scores: Vec<f64>,
}

impl Model {
    /// Reads and checks a model file.
    pub fn load(bytes: &[u8]) -> Result<Self> {
        let file = File::parse(bytes)?;
        let Config { vectorizer, mut transforms, head, float32 } = Config::read(&file)?;
        let coef = file.numbers("coef", vectorizer.n_features, Some(head.outputs))?;
        #[expect(clippy::cast_possible_truncation, reason = "rounding is what float32 asks for")]
        if float32 && !coef.iter().all(|&w| (w as f32).is_finite()) {
            return Err(Error::file("tensor 'coef' holds a number beyond float32, which 'weights' asks for"));
        }
        let intercept = file.numbers("intercept", head.outputs, None)?;
        let table = if file.has("vocabulary.table") {
            Table::from_bytes(file.bytes("vocabulary.table")?)?
        } else {
            build_table(&file, &vectorizer)?
        };
        let first = transforms.iter_mut().find(|t| matches!(t, Transform::Idf(_)));
        let idf = match first.map(|t| core::mem::replace(t, Transform::FeatureIdf)) {
            Some(Transform::Idf(idf)) => idf,
            _ => Vec::new(),
        };
        let signed = vectorizer.method == Method::Hashing { alternate_sign: true };
        let options = Options { signed, binary: vectorizer.binary, float32 };
        let rows = (vectorizer.n_features, vectorizer.method != Method::Vocabulary);
        Ok(Self {
            features: Features::new(table, vectorizer.unicode, rows, &idf, &coef, head.outputs, options)?,
            plan: plan(&transforms),
            normalizer: Normalizer::new(&vectorizer),
            head: Head { config: head, intercept },
            vectorizer,
            transforms,
            row: Row::default(),
            pieces: Pieces::default(),
            scratch: Scratch::default(),
        })
    }

    /// The look-up table as the bytes of the tensor `vocabulary.table`.
    pub fn table_bytes(&self) -> Vec<u8> {
        self.features.table().to_bytes()
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
        let mut texts = texts;
        self.classify_each(&mut texts, answers)
    }

    /// One copy of this for all kinds of iterators.
    fn classify_each(&mut self, texts: &mut dyn Iterator<Item = &str>, answers: &mut Answers) -> Result<()> {
        let (k, c) = (self.outputs(), self.classes());
        let mut scores = core::mem::take(&mut self.scratch.scores);
        scores.resize(k, 0.0);
        let mut result = Ok(());
        for (i, text) in texts.enumerate() {
            let found = match self.score(text, &mut scores) {
                Ok(found) => found,
                Err(error) => {
                    result = Err(error.at_text(i));
                    break;
                }
            };
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
                *out = found as u32;
            }
        }
        self.scratch.scores = scores;
        result
    }

    /// Writes the scores of `text`; how many features it has.
    #[inline(always)]
    fn score(&mut self, text: &str, scores: &mut [f64]) -> Result<usize> {
        if let Some(plan) = self.plan {
            self.count(text)?;
            let found = self.features.score(plan, scores);
            self.head.add_intercept(scores);
            return Ok(found);
        }
        self.vectorize(text)?;
        self.head.scores(&self.features, &self.row, scores);
        Ok(self.row.values.len())
    }

    #[inline(always)]
    fn count(&mut self, text: &str) -> Result<()> {
        match self.vectorizer.method {
            Method::Vocabulary => self.look_up(text)?,
            Method::Hashing { .. } => self.hash(text)?,
        }
        Ok(())
    }

    /// Fills `row` with the features of `text`, after all transforms.
    #[inline(never)]
    pub(crate) fn vectorize(&mut self, text: &str) -> Result<()> {
        self.count(text)?;
        self.features.finish(&mut self.row);
        for transform in &self.transforms {
            transform.apply(&self.features, &mut self.row);
        }
        #[cfg(feature = "broken")]
        crate::broken::features(&mut self.row.values);
        Ok(())
    }

    /// Cuts `text` into `pieces`, the general way.
    pub(crate) fn cut(&mut self, text: &str, with_places: bool) -> Result<()> {
        let features = &self.features;
        let stop = |text: &[u8], start, end| features.is_stop_word(features.word(text, start, end));
        self.pieces.cut(text, &self.vectorizer, &self.normalizer, with_places, stop)
    }

    /// Whether char_wb's rule for words shorter than n holds.
    pub(crate) fn short_words(&self) -> bool {
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
        if self.vectorizer.joined() {
            return self.look_up_joined(text);
        }
        let Scratch { normalized, ranges, symbols, room, tokenizer, .. } = &mut self.scratch;
        normalized.clear();
        self.normalizer.run(text, normalized, None);
        let (features, ngrams) = (&mut self.features, self.vectorizer.ngrams);
        match self.vectorizer.analyzer {
            Analyzer::Word { .. } => {
                cut_words(normalized, &self.vectorizer, tokenizer, ranges)?;
                symbols.clear();
                symbols.extend(ranges.iter().map(|&(start, end)| features.word(normalized, start as usize, end as usize)));
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

fn build_table(file: &File, vectorizer: &Vectorizer) -> Result<Table> {
    let stop_words = if file.has("stop_words.bytes") { Some(file.texts("stop_words")?) } else { None };
    let stop_words = stop_words.iter().flat_map(|t| t.iter());
    if vectorizer.method != Method::Vocabulary {
        return Table::build(vectorizer, core::iter::empty(), stop_words);
    }
    let vocabulary = file.texts("vocabulary")?;
    if vocabulary.len() != vectorizer.n_features {
        return Err(Error::file(format!(
            "{} vocabulary entries for {} features",
            vocabulary.len(),
            vectorizer.n_features
        )));
    }
    Table::build(vectorizer, vocabulary.iter(), stop_words)
}

/// The plan of transforms that are the usual ones, in the usual order.
fn plan(transforms: &[Transform]) -> Option<Plan> {
    if cfg!(feature = "broken") {
        return None; // so that stages can be broken one by one
    }
    let mut plan = Plan::default();
    for transform in transforms {
        match transform {
            Transform::SublinearTf if !plan.sublinear && !plan.idf && plan.norm.is_none() => plan.sublinear = true,
            Transform::FeatureIdf if !plan.idf && plan.norm.is_none() => plan.idf = true,
            Transform::Norm(norm) if plan.norm.is_none() => plan.norm = Some(*norm),
            _ => return None,
        }
    }
    Some(plan)
}
