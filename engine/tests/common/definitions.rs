//! What the oracle takes from elsewhere, word for word from its definition: `str.lower` with `strip_accents`,
//! `re.sub(r"\s\s+", " ", text)`, and scikit-learn's hashing.

use super::spec::Spec;
use wcw_engine::unicode::{Version, final_sigma, is_space, lower, strip_ascii, strip_unicode};

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

/// A run of two or more spaces becomes one; a single one stays what it is.
pub fn fold_spaces(text: &str, v: Version) -> String {
    let chars: Vec<char> = text.chars().collect();
    let runs = chars.chunk_by(|&a, &b| is_space(a, v) && is_space(b, v));
    runs.map(|run| if run.len() > 1 { " ".into() } else { run[0].to_string() }).collect()
}

/// Column and sign of an n-gram.
pub fn hashed(spec: &Spec, ngram: &str) -> (usize, f64) {
    let hash = i64::from(murmur3(ngram.as_bytes()).cast_signed());
    let sign = if spec.alternate_sign && hash < 0 { -1.0 } else { 1.0 };
    (usize::try_from(hash.abs()).unwrap() % spec.n_features, sign)
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
