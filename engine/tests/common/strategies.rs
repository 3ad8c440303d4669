//! Random models and texts. Texts are made of awkward pieces, and vocabularies of the n-grams of such texts, so that
//! most look-ups hit something; beside them stand entries that no text can reach.

use super::oracle;
use super::random_pattern::pattern;
use super::spec::{Spec, Step};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use std::collections::HashSet;
use wcw_engine::unicode::Version;

/// What texts are made of: few short words, so that they repeat, and all that is special to some rule.
const PIECES: &[&str] = &[
    "a",
    "b",
    "ab",
    "ba",
    "the",
    "The",
    "not",
    "NOT",
    "film",
    "x1",
    "_",
    "a_b",
    "42",
    "don't",
    "e-mail",
    "A.",
    "abcdefghijklmno",
    "abcdefghijklmnop",
    "abcdefghijklmnopq",
    "Incomprehensibilities",
    "incomprehensibilitiesx",
    "café",
    "CAFÉ",
    "cafe\u{301}",
    "e\u{301}\u{302}",
    "naïve",
    "straße",
    "STRASSE",
    "İstanbul",
    "ı",
    "ΑΣ",
    "ΣΑΣ",
    "ΑΣ'Α",
    "Σ",
    "ὈΔΥΣΣΕΎΣ",
    "Привет",
    "мир",
    "НЕ",
    "ё",
    "Ёлка",
    "продолжительность",
    "中文",
    "好",
    "不好",
    "我喜欢这个电影",
    "한국어",
    "각",
    "日本語テスト",
    "が",
    "\u{1F600}",
    "👨‍👩‍👧",
    "𝔘𝔫𝔦",
    "𐐀𐐨",
    "ﬁ",
    "ﬃx",
    "½",
    "Ⅷ",
    "①",
    "㎏",
    "ª",
    "ʼn",
    "\u{301}",
    "\u{903}",
    "ﷺ",
    "ǅ",
    "ẞ",
    "K",
    "Å",
    "\u{1E030}",
    "\u{10EFD}",
    "\u{0}",
    "\u{0}\u{0}",
    "\u{FFFD}",
    "\u{200D}",
    "\u{AD}",
    ".",
    "!",
    "'",
    "——",
    "\u{10FFFF}",
    "0123456789abcdef",
];

const GAPS: &[&str] = &[
    "",
    " ",
    " ",
    " ",
    "  ",
    " \t ",
    "\n",
    "\r\n",
    "\t",
    "\u{A0}",
    "\u{3000}",
    "\u{2028}",
    "\u{85}",
    "\u{1C}",
    "\u{1F}\u{1F}",
    "\u{B}",
    "\u{200B}",
    ", ",
];

/// A text of pieces, or of any characters.
pub fn text() -> impl Strategy<Value = String> {
    let pieces = vec((select(PIECES), select(GAPS)), 0..14);
    let pieces = pieces.prop_map(|pieces| pieces.iter().flat_map(|&(piece, gap)| [piece, gap]).collect::<String>());
    prop_oneof![
        8 => pieces.clone(),
        1 => any::<String>(),
        1 => (pieces, 2..40usize).prop_map(|(text, n)| text.repeat(n)),
        1 => vec(any::<char>(), 0..20).prop_map(String::from_iter),
    ]
}

/// All but the numbers and the vocabulary.
fn options() -> impl Strategy<Value = Spec> {
    let cut = (
        select(vec!["word", "char", "char_wb"]),
        1..=2usize,
        prop_oneof![(1..=4usize, 0..=2usize), (1..=6usize, 0..=5usize)],
    );
    let letters = (any::<bool>(), select(vec![None, Some("ascii"), Some("unicode")]), select(Version::ALL.to_vec()));
    let method =
        (any::<bool>(), any::<bool>(), any::<bool>(), prop_oneof![Just(1usize), 2..70usize, Just(1000), Just(4097)]);
    let head = prop_oneof![
        (Just(2usize), Just(1usize), select(vec!["none", "logistic", "softmax_pair", "modified_huber"])),
        (select(vec![2usize, 3, 4, 5, 6, 7, 9]), Just(0), select(vec!["none", "softmax", "ovr", "modified_huber"])),
    ];
    let stop_words = subsequence(&PIECES[..30], 0..6);
    (cut, letters, method, head, stop_words, any::<bool>()).prop_map(
        |(cut, letters, method, head, stop_words, float32)| {
            let (analyzer, min_chars, (min, more)) = cut;
            let (hashing, alternate_sign, binary, n_features) = method;
            let (classes, outputs, link) = head;
            Spec {
                vocabulary: (!hashing).then(Vec::new),
                n_features,
                alternate_sign: hashing && alternate_sign,
                analyzer,
                min_chars,
                pattern: None,
                ngrams: (min, min + more),
                lowercase: letters.0,
                accents: letters.1,
                binary,
                stop_words: stop_words.into_iter().map(String::from).collect(),
                transforms: Vec::new(),
                classes,
                link,
                float32,
                coef: Vec::new(),
                intercept: vec![0.0; if outputs == 1 { 1 } else { classes }],
                unicode: letters.2,
            }
        },
    )
}

/// Entries that the analyzer cannot give, or hardly: spaces in the wrong places, NULs, nothing at all, very long ones.
fn odd_entry() -> impl Strategy<Value = String> {
    prop_oneof![
        select(vec![
            "",
            " ",
            "  ",
            "a  b",
            " a",
            "a ",
            "a b c d e f g",
            "\u{0}",
            "a\u{0}b",
            "UPPER",
            "the the",
            "not the",
            "\u{301}",
            "\u{a0}x"
        ])
        .prop_map(String::from),
        (select(PIECES), 1..30usize).prop_map(|(piece, n)| piece.repeat(n)),
        vec(select(PIECES), 1..9).prop_map(|words| words.join(" ")),
        any::<String>(),
    ]
}

/// A number from a seed: round ones (so that ties and cancellation happen) or any.
pub fn number(seed: u64, i: usize) -> f64 {
    let mut x = seed ^ (i as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    x = (x ^ x >> 31).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    x ^= x >> 29;
    let signed = (x >> 11) as f64 / (1u64 << 52) as f64 - 1.0;
    match seed % 3 {
        0 => (signed * 4.0).round() / 4.0,
        1 => signed * 3.0,
        _ => signed * f64::from((x as u32) % 41).exp2() / 1e6,
    }
}

/// Stages between vectorizer and head.
fn transforms() -> impl Strategy<Value = Vec<Option<&'static str>>> {
    prop_oneof![
        Just(Vec::new()),
        select(vec!["l1", "l2", "max"]).prop_map(|norm| vec![None, Some(norm)]),
        vec(select(vec![None, Some("sublinear"), Some("l1"), Some("l2"), Some("max")]), 0..5),
    ]
}

/// A model.
pub fn spec() -> impl Strategy<Value = Spec> {
    whole(options())
}

/// A model, often with a token pattern of its own.
pub fn patterned() -> impl Strategy<Value = Spec> {
    let with = (options(), option::of(pattern())).prop_map(|(mut spec, pattern)| {
        if pattern.is_some() {
            (spec.analyzer, spec.pattern) = ("word", pattern);
        }
        spec
    });
    whole(with)
}

fn whole(options: impl Strategy<Value = Spec>) -> impl Strategy<Value = Spec> {
    let vocabulary = (vec(text(), 1..6), vec(odd_entry(), 0..8), any::<u64>());
    (options, vocabulary, transforms(), any::<u64>()).prop_map(|(mut spec, (texts, odd, keep), transforms, seed)| {
        if spec.vocabulary.is_some() {
            // Every other n-gram is left out, so that beginnings of n-grams are missing from the vocabulary.
            let found = texts.iter().flat_map(|text| oracle::ngrams(&spec, text)).enumerate();
            let kept = found.filter(|(i, _)| keep >> (i % 64) & 1 == 1).map(|(_, ngram)| ngram);
            let mut seen = HashSet::new();
            let mut vocabulary: Vec<String> =
                odd.into_iter().chain(kept).filter(|n| seen.insert(n.clone())).take(600).collect();
            if vocabulary.is_empty() {
                vocabulary.push("the".into());
            }
            // Not sorted, as scikit-learn's need not be either: an order that has nothing to do with the entries.
            vocabulary.sort_by_key(|entry| {
                number(seed, entry.len() * 31 + usize::from(entry.bytes().last().unwrap_or(0))).to_bits()
            });
            spec.n_features = vocabulary.len();
            spec.vocabulary = Some(vocabulary);
        }
        let numbers =
            |salt: u64, n: usize| (0..n).map(|i| number(seed.wrapping_add(3 * salt), i)).collect::<Vec<f64>>();
        let n = spec.n_features;
        let step = |(i, step): (u64, Option<&'static str>)| match step {
            None => Step::Idf(numbers(i + 9, n)),
            Some("sublinear") => Step::SublinearTf,
            Some(norm) => Step::Norm(norm),
        };
        spec.transforms = (0..).zip(transforms).map(step).collect();
        spec.coef = numbers(1, n * spec.outputs());
        spec.intercept = numbers(2, spec.outputs());
        spec
    })
}
