//! The document of a model file as types that cannot be wrong. Defaults do not exist: a missing key is an error.

use crate::error::{Error, Result};
use crate::file::File;
use crate::json::Json;
use crate::prelude::*;
use crate::say::{concat, int};
use crate::text::Pattern;
#[cfg(feature = "complete")]
use crate::text::{Found, read_pattern};
use crate::unicode::Version;
use core::cell::Cell;

const FORMAT: usize = 1;
/// C, or the columns of several outputs together.
pub const MAX_CLASSES: usize = 4096;
/// F, of a vectorizer and behind any stage.
pub const MAX_FEATURES: usize = 1 << 24;
const MAX_WEIGHTS: usize = 1 << 27;
const MAX_NGRAM: usize = 64;

/// How a text is cut.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Analyzer {
    /// Runs of at least this many word characters.
    Word {
        /// 2 for scikit-learn's default token pattern, 1 for `(?u)\b\w+\b`.
        min_chars: usize,
    },
    /// Characters, runs of white space folded.
    Char,
    /// Characters within words, each word padded with a space on both sides.
    CharWb,
}

/// What becomes of accents after lower-casing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Accents {
    /// They stay.
    Keep,
    /// NFKD, then only ASCII.
    #[cfg(feature = "complete")]
    Ascii,
    /// NFKD without characters of a combining class.
    #[cfg(feature = "complete")]
    Unicode,
}

/// How n-grams become features.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Method {
    /// A vocabulary of n-grams.
    Vocabulary,
    /// The hash's remainder, with a sign where `alternate_sign`.
    Hashing {
        /// Whether the hash's sign is the count's.
        alternate_sign: bool,
    },
}

/// The vectorizing stage.
#[derive(Clone, Debug)]
pub struct Vectorizer {
    /// How features are found.
    pub method: Method,
    /// How a text is cut.
    pub analyzer: Analyzer,
    /// The token pattern where it finds other words than those.
    pub pattern: Option<Pattern>,
    /// Shortest and longest n-gram.
    pub ngrams: (usize, usize),
    /// Whether `str.lower` comes first.
    pub lowercase: bool,
    /// What comes after it.
    pub accents: Accents,
    /// Counts become 1.
    pub binary: bool,
    /// F.
    pub n_features: usize,
    /// Whose properties of characters hold.
    pub unicode: Version,
}

impl Vectorizer {
    /// Whether tokens may be empty or hold spaces: n-grams are then looked up whole.
    pub fn joined(&self) -> bool {
        #[cfg(feature = "complete")]
        return self.pattern.as_ref().is_some_and(|pattern| pattern.joined);
        #[cfg(not(feature = "complete"))]
        false
    }
}

/// What a text is given.
pub enum Targets {
    /// One of so many classes.
    Single(usize),
    /// Any of so many classes.
    Multilabel(usize),
    /// One of so many classes for each output.
    Multioutput(Vec<usize>),
}

/// What all stages of a file share while they are read.
pub struct Reader<'a> {
    /// The tensors.
    pub file: &'a File<'a>,
    /// Whose properties of characters hold.
    pub unicode: Version,
    /// Coefficients of linear heads as float32, and sums in an order that the text fixes; else float64, ascending.
    pub float32: bool,
    /// How many vectorizers have been read.
    pub vectorizers: Cell<usize>,
}

impl<'a> Reader<'a> {
    /// Reads what the document says of the whole model.
    pub fn new(file: &'a File<'a>) -> Result<(Self, Targets)> {
        let document = &file.document;
        let format = document.int("format", MAX_WEIGHTS)?;
        if format != FORMAT {
            return Err(Error::unsupported(&[
                "format ",
                &int(format),
                ": this engine reads format ",
                &int(FORMAT),
                "; use a newer wasm_clf_widget",
            ]));
        }
        let version = document.str("unicode")?;
        let unicode = Version::parse(version).ok_or_else(|| {
            Error::unsupported(&["Unicode ", version, ": this engine knows 14.0.0, 15.0.0, 15.1.0 and 16.0.0"])
        })?;
        let float32 = choose(document, "weights", &[("float64", false), ("float32", true)])?;
        Ok((Self { file, unicode, float32, vectorizers: Cell::new(0) }, targets(document)?))
    }

    /// The name of a stage's tensor.
    pub fn name(stage: &Json, name: &str) -> Result<String> {
        Ok(concat(&[if stage.get("prefix").is_some() { stage.str("prefix")? } else { "" }, name]))
    }

    /// A stage's numbers.
    pub fn numbers(&self, stage: &Json, name: &str, rows: usize, columns: Option<usize>) -> Result<Vec<f64>> {
        if rows.saturating_mul(columns.unwrap_or(1)) > MAX_WEIGHTS {
            return Err(Error::file(&["more than ", &int(MAX_WEIGHTS), " numbers in '", name, "'"]));
        }
        self.file.numbers(&Self::name(stage, name)?, rows, columns)
    }

    /// A stage's integers.
    pub fn u32s(&self, stage: &Json, name: &str, rows: Option<usize>, columns: Option<usize>) -> Result<Vec<u32>> {
        self.file.u32s(&Self::name(stage, name)?, rows, columns)
    }
}

fn targets(document: &Json) -> Result<Targets> {
    let multi = [("single", 0), ("multilabel", 1), ("multioutput", 2)];
    let multi = if document.get("targets").is_some() { choose(document, "targets", &multi)? } else { 0 };
    let count = |classes: &Json| Ok(classes.array("values")?.len());
    let (targets, all) = if multi == 2 {
        let each = document.array("classes")?.iter().map(count).collect::<Result<Vec<usize>>>()?;
        let all = if each.contains(&0) { 0 } else { each.iter().sum() };
        (Targets::Multioutput(each), all)
    } else {
        let all = count(document.get("classes").ok_or_else(|| Error::file(&["'classes' is missing"]))?)?;
        (if multi == 1 { Targets::Multilabel(all) } else { Targets::Single(all) }, all)
    };
    if !(1..=MAX_CLASSES).contains(&all) {
        return Err(Error::file(&[&int(all), " classes; 1 to ", &int(MAX_CLASSES), " are allowed"]));
    }
    Ok(targets)
}

/// The value that the string member `key` stands for.
#[inline(always)]
pub fn choose<T: Copy>(object: &Json, key: &str, choices: &[(&'static str, T)]) -> Result<T> {
    Ok(choices[find(object, key, choices.len(), &|i| choices[i].0)?].1)
}

/// Which of `count` names the string member `key` is. One copy for all kinds of values.
#[inline(never)]
fn find(object: &Json, key: &str, count: usize, name: &dyn Fn(usize) -> &'static str) -> Result<usize> {
    let given = object.str(key)?;
    let mut allowed = String::new();
    for i in 0..count {
        if name(i) == given {
            return Ok(i);
        }
        allowed.push_str(if i == 0 { " " } else { ", " });
        allowed.push_str(name(i));
    }
    Err(Error::unsupported(&["'", key, "' is '", given, "'; this engine knows", &allowed]))
}

/// A `vectorize` stage.
pub fn vectorizer(reader: &Reader, stage: &Json) -> Result<Vectorizer> {
    let hashing = choose(stage, "method", &[("vocabulary", false), ("hashing", true)])?;
    let method =
        if hashing { Method::Hashing { alternate_sign: stage.bool("alternate_sign")? } } else { Method::Vocabulary };
    let mut pattern = None;
    let analyzer = match stage.str("analyzer")? {
        "word" => {
            let min_chars;
            (min_chars, pattern) = tokens(reader, stage)?;
            Analyzer::Word { min_chars }
        }
        "char" => Analyzer::Char,
        "char_wb" => Analyzer::CharWb,
        other => {
            return Err(Error::unsupported(&["analyzer '", other, "'; this engine knows word, char, char_wb"]));
        }
    };
    let accents = match stage.get("strip_accents") {
        None => Accents::Keep,
        #[cfg(not(feature = "complete"))]
        Some(_) => return Err(Error::edition("strip_accents")),
        #[cfg(feature = "complete")]
        Some(_) => choose(stage, "strip_accents", &[("ascii", Accents::Ascii), ("unicode", Accents::Unicode)])?,
    };
    let ngrams = match stage.array("ngram_range")? {
        [a, b] => a.as_int(MAX_NGRAM).zip(b.as_int(MAX_NGRAM)).filter(|(a, b)| (1..=*b).contains(a)),
        _ => None,
    };
    #[cfg(feature = "broken")]
    let ngrams = ngrams.map(crate::broken::ngrams);
    let n_features = stage.int("n_features", MAX_FEATURES)?;
    if n_features == 0 {
        return Err(Error::file(&["'n_features' is 0"]));
    }
    Ok(Vectorizer {
        method,
        analyzer,
        pattern,
        ngrams: ngrams
            .ok_or_else(|| Error::file(&["'ngram_range' must be [min, max], 1 ≤ min ≤ max ≤ ", &int(MAX_NGRAM)]))?,
        lowercase: stage.bool("lowercase")?,
        accents,
        binary: stage.bool("binary")?,
        n_features,
        unicode: reader.unicode,
    })
}

/// The least length of a word, and the program of a pattern that is none of the built-in ones.
fn tokens(reader: &Reader, stage: &Json) -> Result<(usize, Option<Pattern>)> {
    if stage.get("program").is_none() {
        let patterns = [(r"(?u)\b\w\w+\b", 2), (r"(?u)\b\w+\b", 1)];
        return Ok((choose(stage, "token_pattern", &patterns)?, None));
    }
    other_tokens(reader, stage)
}

#[cfg(not(feature = "complete"))]
fn other_tokens(_: &Reader, _: &Json) -> Result<(usize, Option<Pattern>)> {
    Err(Error::edition("token_pattern"))
}

#[cfg(feature = "complete")]
fn other_tokens(reader: &Reader, stage: &Json) -> Result<(usize, Option<Pattern>)> {
    let program = reader.file.bytes(&Reader::name(stage, stage.str("program")?)?)?;
    Ok(match read_pattern(program)? {
        Found::Words(min_chars) => (min_chars, None),
        Found::Matches(pattern) => (1, Some(*pattern)),
    })
}
