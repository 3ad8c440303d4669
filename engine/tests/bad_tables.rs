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
    match Model::load(&Parts::new(&spec.document(), &tensors).seal()) {
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
        [u32::MAX; 4],
        [1 << 31, 1 << 31, 0, 0],
        [0, 1 << 26, 0, 0],
        [1 << 29, 0, 0, 0],
        [0, 0, 0, u32::MAX],
        [0, 0, u32::MAX, 1],
        [1 << 30, 1 << 29, 1 << 31, 1 << 31],
    ] {
        let mut table = head.to_vec();
        sizes.iter().for_each(|n| table.extend_from_slice(&n.to_le_bytes()));
        assert_eq!(code(spec, &table), FILE, "{sizes:?}");
    }
}

/// Every entry for words taken: a look-up for what is not there would never end. (N-grams look at one entry only.)
#[test]
fn table_without_an_empty_entry() {
    for spec in models() {
        let table = spec.model().table_bytes(0).unwrap();
        if table[4..8] == [0; 4] {
            continue;
        }
        for byte in [0x01, 0x3F, 0x7F, 0xFE] {
            let mut full = table.clone();
            full[20..].fill(byte);
            assert_eq!(code(&spec, &full), FILE, "filled with {byte:#x}");
        }
    }
}

/// One entry free among very many: a look-up would end, but days later.
#[test]
fn table_with_hardly_an_empty_entry() {
    let spec = &models()[0];
    let head = spec.model().table_bytes(0).unwrap()[..4].to_vec();
    let entries = 1u32 << 16;
    let mut table = head;
    [entries, 0, 0, 0].iter().for_each(|n| table.extend_from_slice(&n.to_le_bytes()));
    for i in 0..entries {
        // Low, high, length, node of a word.
        let entry = [i, 7, 7, 7, u32::from(i > 0) * 8, 0];
        entry.iter().for_each(|n| table.extend_from_slice(&n.to_le_bytes()));
    }
    assert_eq!(code(spec, &table), FILE);
}

#[test]
fn empty_table() {
    for spec in models() {
        let mut table = spec.model().table_bytes(0).unwrap()[..4].to_vec();
        table.extend_from_slice(&[0; 16]);
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
