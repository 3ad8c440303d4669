//! A look-up table comes ready from the file, and whoever makes a file makes its hash: a crafted table may cost answers
//! but never a panic, an endless look-up or memory. The tests know only the head of its layout (docs: "its layout is the
//! engine's own") and spoil the rest blindly: every word of it, with the values that indices and sizes go wrong at.

mod common;

use common::container::{Parts, Tensor};
use common::spec::Spec;
use proptest::collection::vec;
use proptest::prelude::*;
use wcw_engine::{Answers, Model};

const FILE: i32 = -2;
const UNSUPPORTED: i32 = -3;

/// Models whose tables hold all kinds of entries.
fn models() -> Vec<Spec> {
    let mut words = Spec::words(&["good", "not good", "incomprehensibilities", "very bad film", "bad"]);
    words.ngrams = (1, 3);
    words.stop_words = vec!["the".into(), "notwithstandingly".into()];
    let mut chars = Spec::words(&["a", "ab", "abc", "abcd", "bcdef", "好", "不好"]);
    chars.analyzer = "char";
    chars.ngrams = (1, 5);
    let mut within = Spec::words(&[" good", "od ", " a ", "ood ", " incompre"]);
    within.analyzer = "char_wb";
    within.ngrams = (3, 9);
    let mut hashing = Spec::words(&["x"; 8]);
    hashing.vocabulary = None;
    hashing.stop_words = vec!["the".into()];
    vec![words, chars, within, hashing]
}

const TEXT: &str = "The not good, very bad film notwithstandingly: incomprehensibilities! abcdefabcd 不好 a\0b";

/// Loads the model with another table; what loads must answer, whatever it says.
fn code(spec: &Spec, table: &[u8]) -> i32 {
    let mut tensors = spec.tensors();
    tensors.push(Tensor::bytes("vocabulary.table", table));
    match Model::load(&Parts::new(&spec.document(), &tensors).seal(), false) {
        Err(error) => error.code(),
        Ok(mut model) => {
            let mut answers =
                Answers { scores: &mut [0.0], probabilities: &mut [0.0; 2], labels: &mut [0], known: &mut [0] };
            for text in [TEXT, "", "good"] {
                model.classify(std::iter::once(text), &mut answers).unwrap();
                model.explain(text).unwrap();
                model.tokens(0, text).unwrap();
                model.ngrams(0, text).unwrap();
            }
            assert_eq!(model.table_bytes(0).unwrap(), table, "what was loaded is what is written again");
            0
        }
    }
}

#[test]
fn the_tables_without_a_fault_load() {
    for spec in models() {
        assert_eq!(code(&spec, &spec.model().table_bytes(0).unwrap()), 0);
    }
}

#[test]
fn every_word_of_a_table_spoilt() {
    for spec in models() {
        let table = spec.model().table_bytes(0).unwrap();
        let mut accepted = 0;
        for at in (0..table.len() - 3).step_by(4) {
            for value in [0, 1, 17, 1 << 24, (1 << 30) - 1, 1 << 30, i32::MAX as u32, u32::MAX - 1, u32::MAX] {
                let mut bad = table.clone();
                bad[at..at + 4].copy_from_slice(&u32::to_le_bytes(value));
                let found = code(&spec, &bad);
                assert!([0, FILE, UNSUPPORTED].contains(&found), "{value:#x} at {at}: {found}");
                accepted += usize::from(found == 0);
            }
        }
        assert!(accepted > 0, "the spoilt tables must get past the checks to test anything");
    }
}

#[test]
fn table_of_another_engine() {
    for spec in models() {
        let mut table = spec.model().table_bytes(0).unwrap();
        table[3] ^= 1;
        assert_eq!(code(&spec, &table), UNSUPPORTED);
    }
}

#[test]
fn truncated_or_longer_table() {
    let spec = &models()[0];
    let table = spec.model().table_bytes(0).unwrap();
    for end in 0..table.len() {
        assert_eq!(code(spec, &table[..end]), FILE, "cut at {end}");
    }
    assert_eq!(code(spec, &[&table[..], &[0]].concat()), FILE);
}

#[test]
fn table_whose_sizes_wrap() {
    let spec = &models()[0];
    let head = &spec.model().table_bytes(0).unwrap()[..4];
    for sizes in [
        [u32::MAX; 5],
        [1 << 31, 0, 0, 1 << 31, 0],
        [0, 0, 1 << 30, 0, 0],
        [1 << 29, 0, 0, 0, 0],
        [0, u32::MAX, 0, 1, 0],
        [0, 0, 0, u32::MAX, 0],
        [0, 0, 0, 0, 1 << 29],
        [0, 0, 0, 0, 1],
        [0, 0, 0, 0, 65],
    ] {
        let mut table = head.to_vec();
        sizes.iter().for_each(|n| table.extend_from_slice(&n.to_le_bytes()));
        assert_eq!(code(spec, &table), FILE, "{sizes:?}");
    }
}

/// Where each entry names its feature, by the sizes in the head.
fn features_of(table: &[u8]) -> Vec<usize> {
    let number = |at: usize| u32::from_le_bytes(table[at..at + 4].try_into().unwrap()) as usize;
    let (words, levels) = (number(4), number(20));
    let grams: usize = (0..levels).map(|level| number(24 + 8 * level)).sum();
    let begin = 24 + 8 * levels;
    (0..words)
        .map(|i| begin + 20 * i + 16)
        .chain((0..grams).map(|i| begin + 20 * words + 12 * i + 8))
        .filter(|&at| number(at) < usize::try_from(u32::MAX - 1).unwrap())
        .collect()
}

/// Counting one of them would leave the other's counter as it is, for the texts to come.
#[test]
fn feature_with_two_entries() {
    for spec in &models()[..3] {
        let table = spec.model().table_bytes(0).unwrap();
        let places = features_of(&table);
        assert_eq!(places.len(), spec.vocabulary.as_ref().unwrap().len());
        for pair in places.windows(2) {
            let mut bad = table.clone();
            bad.copy_within(pair[0]..pair[0] + 4, pair[1]);
            assert_eq!(code(spec, &bad), FILE);
        }
    }
}

#[test]
fn feature_that_the_model_has_not() {
    for spec in &models()[..3] {
        let table = spec.model().table_bytes(0).unwrap();
        let features = u32::try_from(spec.vocabulary.as_ref().unwrap().len()).unwrap();
        for at in features_of(&table) {
            for feature in [features, features + 1, u32::MAX - 2] {
                let mut bad = table.clone();
                bad[at..at + 4].copy_from_slice(&feature.to_le_bytes());
                assert_eq!(code(spec, &bad), FILE);
            }
        }
    }
}

#[test]
fn empty_table() {
    for spec in models() {
        let mut table = spec.model().table_bytes(0).unwrap()[..4].to_vec();
        table.extend_from_slice(&[0; 20]);
        assert_eq!(code(&spec, &table), 0, "it knows nothing, and says so");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn table_spoilt_at_random(which in 0..4usize, spoils in vec((any::<prop::sample::Index>(), any::<u8>()), 1..12)) {
        let spec = &models()[which];
        let mut table = spec.model().table_bytes(0).unwrap();
        for (at, byte) in spoils {
            let at = at.index(table.len());
            table[at] = byte;
        }
        let found = code(spec, &table);
        prop_assert!([0, FILE, UNSUPPORTED].contains(&found), "{}", found);
    }
}
