//! The naive oracle: scikit-learn's definitions with strings, windows and maps; slow and obviously right.
//! It shares nothing with the engine but what Unicode says of single characters (tested for every code point elsewhere).

use super::spec::{Spec, Step};
use std::collections::{BTreeMap, HashMap};
use wcw_engine::unicode::{final_sigma, is_space, is_word, lower, strip_ascii, strip_unicode};

pub fn normalize(spec: &Spec, text: &str) -> String {
    let (v, chars) = (spec.unicode, text.chars().collect::<Vec<_>>());
    let lowered = |i: usize| match chars[i] {
        c if !spec.lowercase => vec![c],
        'Σ' if final_sigma(chars[..i].iter().rev().copied(), chars[i + 1..].iter().copied(), v) => vec!['ς'],
        c => lower(c, v).as_slice().to_vec(),
    };
    let accents = |c: char| match spec.accents {
        None => vec![c],
        Some("ascii") => strip_ascii(c, v).collect(),
        Some(_) => strip_unicode(c, v).collect(),
    };
    (0..chars.len()).flat_map(lowered).flat_map(accents).collect()
}

pub fn tokens(spec: &Spec, text: &str) -> Vec<String> {
    let (v, text) = (spec.unicode, normalize(spec, text));
    let long = |w: &&str| w.chars().count() >= spec.min_chars && !spec.stop_words.iter().any(|s| s == w);
    match spec.analyzer {
        "word" => text.split(|c| !is_word(c, v)).filter(|w| !w.is_empty()).filter(long).map(String::from).collect(),
        "char_wb" => text.split(|c| is_space(c, v)).filter(|w| !w.is_empty()).map(|w| format!(" {w} ")).collect(),
        _ => {
            let runs: Vec<char> = text.chars().collect();
            let runs = runs.chunk_by(|&a, &b| is_space(a, v) && is_space(b, v));
            vec![runs.map(|run| if run.len() > 1 { " ".into() } else { run[0].to_string() }).collect()]
        }
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
    let of = |ngram: &String| match &index {
        Some(index) => index.get(ngram).map(|&i| (i, 1.0)),
        None => {
            let hash = i64::from(murmur3(ngram.as_bytes()).cast_signed());
            let sign = if spec.alternate_sign && hash < 0 { -1.0 } else { 1.0 };
            Some((usize::try_from(hash.abs()).unwrap() % spec.n_features, sign))
        }
    };
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

/// MurmurHash3 x86_32 with seed 0, after its specification.
fn murmur3(bytes: &[u8]) -> u32 {
    let block = |b: &[u8]| b.iter().rev().fold(0u32, |k, &b| k << 8 | u32::from(b));
    let mixed = |k: u32| k.wrapping_mul(0xCC9E_2D51).rotate_left(15).wrapping_mul(0x1B87_3593);
    let mut h = bytes.chunks(4).fold(0u32, |h, b| match b.len() {
        4 => (h ^ mixed(block(b))).rotate_left(13).wrapping_mul(5).wrapping_add(0xE654_6B64),
        _ => h ^ mixed(block(b)),
    });
    h ^= u32::try_from(bytes.len()).unwrap();
    h = (h ^ h >> 16).wrapping_mul(0x85EB_CA6B);
    h = (h ^ h >> 13).wrapping_mul(0xC2B2_AE35);
    h ^ h >> 16
}
