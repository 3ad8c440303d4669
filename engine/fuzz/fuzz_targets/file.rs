//! Any bytes as a model file. The first byte says how the rest is meant:
//! 0: a file as it is. 1: a file whose content hash is repaired, so that fuzzing gets past it. 2: two bytes of length, a
//! document of that length and a look-up table, for otherwise good tensors: the two parts where a crafted file has most
//! to say, without JSON's escapes and the header's offsets in the mutator's way. What loads must answer and explain.

#![no_main]

#[path = "../../tests/common/container.rs"]
#[allow(dead_code)]
mod container;
#[path = "../../tests/common/pattern/mod.rs"]
#[allow(dead_code)]
mod pattern;
#[path = "../../tests/common/spec.rs"]
#[allow(dead_code)]
mod spec;

use container::{Parts, Tensor};
use libfuzzer_sys::{Corpus, fuzz_target};
use spec::{Spec, Step};
use std::path::Path;
use wcw_engine::{Answers, Model, Shape};

/// Enough for every analyzer to find something in; short, so that a model with many outputs stays fast.
const TEXT: &str = "The not good film, ΑΣ İst don't 好不好 ab  abcdefghijklmnopqrst\0x";

fn try_out(file: &[u8]) {
    let Ok(mut model) = Model::load(file, false) else { return };
    let Shape { scores: k, probabilities: p, labels: l } = model.shape();
    let (mut scores, mut probabilities) = (vec![f64::NAN; 2 * k], vec![f64::NAN; 2 * p]);
    let (mut labels, mut known) = (vec![0; 2 * l], [0; 2]);
    let mut answers =
        Answers { scores: &mut scores, probabilities: &mut probabilities, labels: &mut labels, known: &mut known };
    let answered = model.classify([TEXT, ""].into_iter(), &mut answers);
    if answered.is_ok() {
        assert!(labels.iter().all(|&label| (label as usize) < k.max(p).max(2)));
        assert!(scores.iter().all(|s| s.is_finite()));
    }
    let explained = model.explain(TEXT);
    let finite = scores[..k].iter().all(|s| s.is_finite());
    match explained {
        Ok(explanation) => assert!(finite && explanation.scores.iter().all(|s| !s.is_nan())),
        Err(error) => assert_eq!(error.code(), if finite { -3 } else { -6 }),
    }
    // Its table, written and read again, is the same one.
    let Ok(table) = model.table_bytes(0) else { return };
    if let Some(mut parts) = Parts::read(file)
        && !parts.header.contains_key("vocabulary.table")
    {
        let begin = parts.data.len();
        parts.data.extend_from_slice(&table);
        let place =
            serde_json::json!({"dtype": "U8", "shape": [table.len()], "data_offsets": [begin, begin + table.len()]});
        parts.header.insert("vocabulary.table".into(), place);
        if let Ok(mut again) = Model::load(&parts.seal(), false) {
            assert_eq!(again.table_bytes(0).expect("a vectorizer"), table);
        }
    }
}

/// Good tensors under another document and table.
fn composed(input: &[u8]) -> Option<Vec<u8>> {
    let (size, rest) = input.split_at_checked(2)?;
    let (document, table) = rest.split_at_checked(usize::from(u16::from_le_bytes([size[0], size[1]])))?;
    let mut tensors = words().tensors();
    if !table.is_empty() {
        tensors.push(Tensor::bytes("vocabulary.table", table));
    }
    let mut parts = Parts::new(&serde_json::Value::Null, &tensors);
    parts.document = std::str::from_utf8(document).ok()?.to_owned();
    Some(parts.seal())
}

fn words() -> Spec {
    let mut spec = Spec::words(&["good", "not good", "不好", "abcdefghijklmnopqrst", "don"]);
    spec.ngrams = (1, 3);
    spec.stop_words = vec!["the".into()];
    spec.transforms = vec![Step::SublinearTf, Step::Idf(vec![1.5; 5]), Step::Norm("l2")];
    spec
}

/// Good inputs to begin from, one for each way to read them.
fn seeds() {
    let chars = Spec {
        analyzer: "char",
        ngrams: (1, 4),
        coef: vec![0.5; 15],
        intercept: vec![0.0; 3],
        classes: 3,
        link: "softmax",
        ..words()
    };
    let within = Spec { analyzer: "char_wb", ngrams: (2, 5), float32: true, accents: Some("unicode"), ..words() };
    let hashing = Spec { vocabulary: None, alternate_sign: true, link: "modified_huber", ..words() };
    for (name, spec) in [("words", words()), ("chars", chars), ("within", within), ("hashing", hashing)] {
        let parts = spec.parts_with_table();
        let table = spec.model().table_bytes(0).expect("a vectorizer");
        let document = parts.document.as_bytes();
        let size = (document.len() as u16).to_le_bytes();
        let inputs = [
            [&[0][..], &spec.parts().seal()].concat(),
            [&[1][..], &parts.seal()].concat(),
            [&[2][..], &size, document, &table].concat(),
        ];
        for (mode, input) in inputs.iter().enumerate() {
            // tools/fuzz.sh runs in engine/fuzz; elsewhere there is no such folder, and no seed.
            let _ = std::fs::write(Path::new("corpus/file").join(format!("{name}-{mode}")), input);
        }
    }
}

fuzz_target!(
    init: seeds(),
    |input: &[u8]| -> Corpus {
        let Some((mode, input)) = input.split_first() else { return Corpus::Reject };
        let file = match mode {
            0 => Some(input.to_vec()),
            1 => Parts::read(input).map(|parts| parts.seal()),
            2 => composed(input),
            _ => None,
        };
        let Some(file) = file else { return Corpus::Reject };
        try_out(&file);
        Corpus::Keep
    }
);
