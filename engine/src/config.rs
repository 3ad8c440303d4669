//! The document of a model file as types that cannot be wrong. Defaults do not exist: a missing key is an error.

use crate::error::{Error, Result};
use crate::file::File;
use crate::head::Link;
use crate::json::Json;
use crate::prelude::*;
use crate::text::{Found, Pattern, read_pattern};
use crate::transform::{Norm, Transform};
use crate::unicode::Version;

const FORMAT: usize = 1;
const MAX_CLASSES: usize = 4096;
const MAX_FEATURES: usize = 1 << 24;
const MAX_WEIGHTS: usize = 1 << 27;
const MAX_NGRAM: usize = 64;
/// More than any pipeline has; without a limit a small header could name one idf so often that its copies exhaust memory.
const MAX_TRANSFORMS: usize = 64;

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
    Ascii,
    /// NFKD without characters of a combining class.
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
        self.pattern.as_ref().is_some_and(|pattern| pattern.joined)
    }
}

/// The head's parameters; its numbers are tensors.
#[derive(Clone, Copy, Debug)]
pub struct HeadConfig {
    /// K, the decision scores.
    pub outputs: usize,
    /// C.
    pub classes: usize,
    /// From scores to probabilities.
    pub link: Link,
}

/// The whole document, as far as it concerns the engine.
pub struct Config {
    /// Text to counts.
    pub vectorizer: Vectorizer,
    /// Counts to feature values.
    pub transforms: Vec<Transform>,
    /// Feature values to scores.
    pub head: HeadConfig,
    /// Coefficients as float32, summed in order of first occurrence; else float64, ascending.
    pub float32: bool,
}

impl Config {
    /// Reads the document of `file`, and the tensors that transforms name.
    pub fn read(file: &File) -> Result<Self> {
        let document = &file.document;
        let format = document.int("format", MAX_WEIGHTS)?;
        if format != FORMAT {
            return Err(Error::unsupported(format!(
                "format {format}: this engine reads format {FORMAT}; use a newer wasm_clf_widget"
            )));
        }
        let version = document.str("unicode")?;
        let unicode = Version::parse(version).ok_or_else(|| {
            Error::unsupported(format!("Unicode {version}: this engine knows 14.0.0, 15.0.0, 15.1.0 and 16.0.0"))
        })?;
        let classes =
            document.get("classes").ok_or_else(|| Error::file("'classes' is missing"))?.array("values")?.len();
        if !(2..=MAX_CLASSES).contains(&classes) {
            return Err(Error::file(format!("{classes} classes; 2 to {MAX_CLASSES} are allowed")));
        }
        let float32 = choose(document, "weights", &[("float64", false), ("float32", true)])?;
        let [first, transforms @ .., last] = document.array("pipeline")? else {
            return Err(Error::file("the pipeline needs a vectorize stage and a head"));
        };
        if transforms.len() > MAX_TRANSFORMS {
            return Err(Error::file(format!(
                "{} stages between vectorizer and head; at most {MAX_TRANSFORMS} are allowed",
                transforms.len()
            )));
        }
        let vectorizer = vectorizer(first, file, unicode)?;
        let features = vectorizer.n_features;
        let idfs = transforms.iter().filter(|t| t.str("stage") == Ok("idf")).count();
        if features.saturating_mul(idfs) > MAX_WEIGHTS {
            return Err(Error::file(format!(
                "{idfs} idf stages of {features} features; at most {MAX_WEIGHTS} numbers are allowed"
            )));
        }
        let transforms = transforms.iter().map(|t| transform(t, file, features)).collect::<Result<Vec<_>>>()?;
        let head = head(last, classes)?;
        if features.saturating_mul(head.outputs) > MAX_WEIGHTS {
            return Err(Error::file(format!(
                "{features} features × {} outputs; at most {MAX_WEIGHTS} weights are allowed",
                head.outputs
            )));
        }
        Ok(Self { vectorizer, transforms, head, float32 })
    }
}

/// The value that the string member `key` stands for.
fn choose<T: Copy>(object: &Json, key: &str, choices: &[(&str, T)]) -> Result<T> {
    let given = object.str(key)?;
    choices.iter().find(|(name, _)| *name == given).map(|(_, value)| *value).ok_or_else(|| {
        let allowed: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        Error::unsupported(format!("'{key}' is '{given}'; this engine knows {}", allowed.join(", ")))
    })
}

fn vectorizer(stage: &Json, file: &File, unicode: Version) -> Result<Vectorizer> {
    choose(stage, "stage", &[("vectorize", ())])?;
    let hashing = choose(stage, "method", &[("vocabulary", false), ("hashing", true)])?;
    let method =
        if hashing { Method::Hashing { alternate_sign: stage.bool("alternate_sign")? } } else { Method::Vocabulary };
    let mut pattern = None;
    let analyzer = match stage.str("analyzer")? {
        "word" => {
            let min_chars;
            (min_chars, pattern) = tokens(stage, file)?;
            Analyzer::Word { min_chars }
        }
        "char" => Analyzer::Char,
        "char_wb" => Analyzer::CharWb,
        other => return Err(Error::unsupported(format!("analyzer '{other}'; this engine knows word, char, char_wb"))),
    };
    let accents = match stage.get("strip_accents") {
        None => Accents::Keep,
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
        return Err(Error::file("'n_features' is 0"));
    }
    Ok(Vectorizer {
        method,
        analyzer,
        pattern,
        ngrams: ngrams
            .ok_or_else(|| Error::file(format!("'ngram_range' must be [min, max], 1 ≤ min ≤ max ≤ {MAX_NGRAM}")))?,
        lowercase: stage.bool("lowercase")?,
        accents,
        binary: stage.bool("binary")?,
        n_features,
        unicode,
    })
}

/// The least length of a word, and the program of a pattern that is none of the built-in ones.
fn tokens(stage: &Json, file: &File) -> Result<(usize, Option<Pattern>)> {
    if stage.get("program").is_none() {
        let patterns = [(r"(?u)\b\w\w+\b", 2), (r"(?u)\b\w+\b", 1)];
        return Ok((choose(stage, "token_pattern", &patterns)?, None));
    }
    Ok(match read_pattern(file.bytes(stage.str("program")?)?)? {
        Found::Words(min_chars) => (min_chars, None),
        Found::Matches(pattern) => (1, Some(*pattern)),
    })
}

fn transform(stage: &Json, file: &File, features: usize) -> Result<Transform> {
    Ok(match stage.str("stage")? {
        "sublinear_tf" => Transform::SublinearTf,
        "idf" => Transform::Idf(file.numbers(stage.str("tensor")?, features, None)?),
        "norm" => Transform::Norm(choose(stage, "norm", &[("l1", Norm::L1), ("l2", Norm::L2), ("max", Norm::Max)])?),
        other => {
            return Err(Error::unsupported(format!(
                "stage '{other}' between vectorizer and head; this engine knows sublinear_tf, idf, norm"
            )));
        }
    })
}

fn head(stage: &Json, classes: usize) -> Result<HeadConfig> {
    choose(stage, "stage", &[("linear", ())])?;
    choose(stage, "kind", &[("linear", ()), ("naive_bayes", ())])?;
    let outputs = stage.int("outputs", MAX_CLASSES)?;
    let single = outputs == 1;
    if !(outputs == classes || single && classes == 2) {
        return Err(Error::file(format!("{outputs} outputs for {classes} classes")));
    }
    let links = [
        ("none", Link::None),
        ("logistic", Link::Logistic),
        ("softmax", Link::Softmax),
        ("softmax_pair", Link::SoftmaxPair),
        ("ovr", Link::Ovr),
        ("modified_huber", Link::ModifiedHuber),
    ];
    let link = choose(stage, "link", &links)?;
    let sign = choose(stage, "label", &[("sign", true), ("argmax", false)])?;
    let fits = match link {
        Link::None | Link::ModifiedHuber => true,
        Link::Logistic | Link::SoftmaxPair => single,
        Link::Softmax | Link::Ovr => !single,
    };
    if sign != single || !fits {
        return Err(Error::file(format!("label rule or link do not fit {outputs} outputs")));
    }
    Ok(HeadConfig { outputs, classes, link })
}
