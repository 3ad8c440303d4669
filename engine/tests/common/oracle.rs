//! The naive oracle: scikit-learn's definitions with strings, windows and maps; slow and obviously right.
//! It shares nothing with the engine but what Unicode says of single characters (tested for every code point elsewhere).

use super::definitions::{fold_spaces, hashed, normalize};
use super::pattern;
use super::spec::{Spec, Step};
use std::collections::{BTreeMap, HashMap};
use wcw_engine::unicode::{is_space, is_word};

/// Of a token pattern on one text.
const STEPS: u32 = 100_000;

/// Whether a token pattern takes longer than the naive matcher may.
pub fn is_endless(spec: &Spec, text: &str) -> bool {
    spec.pattern.as_ref().is_some_and(|p| pattern::naive::tokens(p, &normalize(spec, text), STEPS).is_none())
}

pub fn tokens(spec: &Spec, text: &str) -> Vec<String> {
    let (v, text) = (spec.unicode, normalize(spec, text));
    if let Some(pattern) = &spec.pattern {
        let found = pattern::naive::tokens(pattern, &text, STEPS).unwrap_or_default();
        return found.into_iter().filter(|token| !spec.stop_words.contains(token)).collect();
    }
    let long = |w: &&str| w.chars().count() >= spec.min_chars && !spec.stop_words.iter().any(|s| s == w);
    match spec.analyzer {
        "word" => text.split(|c| !is_word(c, v)).filter(|w| !w.is_empty()).filter(long).map(String::from).collect(),
        "char_wb" => text.split(|c| is_space(c, v)).filter(|w| !w.is_empty()).map(|w| format!(" {w} ")).collect(),
        _ => vec![fold_spaces(&text, v)],
    }
}

pub fn ngrams(spec: &Spec, text: &str) -> Vec<String> {
    let (tokens, (min, max)) = (tokens(spec, text), spec.ngrams);
    if spec.analyzer == "word" {
        return (min..=max).flat_map(|n| tokens.windows(n).map(|w| w.join(" ")).collect::<Vec<_>>()).collect();
    }
    let within = |token: &String| {
        let chars: Vec<char> = token.chars().collect();
        let whole = (spec.analyzer == "char_wb" && chars.len() < min).then(|| token.clone());
        let parts = |n| chars.windows(n).map(String::from_iter).collect::<Vec<_>>();
        whole.into_iter().chain((min..=max).flat_map(parts)).collect::<Vec<_>>()
    };
    tokens.iter().flat_map(within).collect()
}

/// Feature and sign of an n-gram, for every occurrence of a feature.
pub fn occurrences(spec: &Spec, text: &str) -> Vec<(String, usize, f64)> {
    let index: Option<HashMap<_, _>> = spec.vocabulary.as_ref().map(|v| v.iter().zip(0..).collect());
    let look_up = |index: &HashMap<&String, usize>, ngram: &String| index.get(ngram).map(|&i| (i, 1.0));
    let of = |ngram: &String| index.as_ref().map_or_else(|| Some(hashed(spec, ngram)), |index| look_up(index, ngram));
    ngrams(spec, text).into_iter().filter_map(|ngram| of(&ngram).map(|(i, sign)| (ngram, i, sign))).collect()
}

/// Features after all transforms, ascending.
pub fn features(spec: &Spec, text: &str) -> BTreeMap<usize, f64> {
    let mut row = BTreeMap::new();
    occurrences(spec, text).into_iter().for_each(|(_, i, sign)| *row.entry(i).or_insert(0.0) += sign);
    if spec.binary {
        row.values_mut().for_each(|x| *x = 1.0);
    }
    for step in &spec.transforms {
        let size = match step {
            Step::Norm("l1") => row.values().fold(0.0, |sum, x| sum + x.abs()),
            Step::Norm("l2") => row.values().fold(0.0, |sum, x| sum + x * x).sqrt(),
            _ => row.values().fold(0.0, |max: f64, x| max.max(x.abs())),
        };
        for (&i, x) in &mut row {
            match step {
                Step::SublinearTf => *x = x.ln() + 1.0,
                Step::Idf(idf) => *x *= idf[i],
                Step::Norm(_) => *x /= if size == 0.0 { 1.0 } else { size },
            }
        }
    }
    row
}

/// For every output the score, and the sum of the magnitudes that went into it.
pub fn scores(spec: &Spec, text: &str) -> Vec<(f64, f64)> {
    let (row, outputs) = (features(spec, text), spec.outputs());
    let add = |k: usize, f: fn(f64) -> f64| row.iter().fold(0.0, |s, (&i, &x)| s + f(x * spec.coef[i * outputs + k]));
    (0..outputs).map(|k| (add(k, |wx| wx) + spec.intercept[k], add(k, f64::abs))).collect()
}
